(** * The dither has 32 bits: what that costs (SPEC §2, §5.9)

    The implementation draws U from the 2^32 midpoints (w + 1/2)/2^32. As a function of U, a
    monotone function of the decoded value is a cyclic shift of a monotone function, so the midpoint
    rule with n nodes errs by at most its range on the window, over n. Hence bounds on the bias of
    the decoded value and on the change of M, for every generator and every real z, and what
    they mean for inner products. *)
From Coq Require Import Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Sums Piecewise Rademacher Hadamard DitheredQuantizer VectorQuantizer
  FiniteBound.
Open Scope R_scope.

(** ** The midpoint rule on monotone functions *)

Definition midpoint_mean (n : nat) (f : R -> R) : R :=
  / INR n * sum n (fun w => f ((INR w + 1/2) / INR n)).

Definition nondecreasing_on (a b : R) (f : R -> R) : Prop :=
  forall u v, a <= u -> u <= v -> v <= b -> f u <= f v.

Lemma RInt_nondecreasing_bounds f a b :
  a <= b -> nondecreasing_on a b f -> ex_RInt f a b ->
  f a * (b - a) <= RInt f a b <= f b * (b - a).
Proof.
  intros Hab Hf Hex.
  assert (Hc : forall c, RInt (fun _ => c) a b = c * (b - a)).
  { intros c. rewrite RInt_const. unfold scal; simpl; unfold mult; simpl. ring. }
  rewrite <- !Hc. split; (apply RInt_le; [easy| | |]); try easy; try apply ex_RInt_const;
    intros x Hx; apply Hf; lra.
Qed.

(** One cell: |f(mid) (b-a) - int f| <= (f b - f a) (b-a)/2. *)
Lemma midpoint_cell f a b :
  a <= b -> nondecreasing_on a b f -> ex_RInt f a b ->
  Rabs (f ((a + b) / 2) * (b - a) - RInt f a b) <= (f b - f a) * ((b - a) / 2).
Proof.
  intros Hab Hf Hex. set (c := (a + b) / 2). assert (Hc : a <= c <= b) by (unfold c; lra).
  assert (Hex1 : ex_RInt f a c) by now apply (ex_RInt_Chasles_1 f a c b).
  assert (Hex2 : ex_RInt f c b) by now apply (ex_RInt_Chasles_2 f a c b).
  pose proof (RInt_Chasles f a c b Hex1 Hex2) as Hch. unfold plus in Hch; simpl in Hch.
  pose proof (RInt_nondecreasing_bounds f a c) as B1.
  pose proof (RInt_nondecreasing_bounds f c b) as B2.
  destruct B1 as [B1l B1u]; [lra| |easy|]. { intros u v ? ? ?. apply Hf; lra. }
  destruct B2 as [B2l B2u]; [lra| |easy|]. { intros u v ? ? ?. apply Hf; lra. }
  assert (f a <= f c) by (apply Hf; lra). assert (f c <= f b) by (apply Hf; lra).
  replace (c - a) with ((b - a) / 2) in * by (unfold c; field).
  replace (b - c) with ((b - a) / 2) in * by (unfold c; field).
  rewrite <- Hch. apply Rabs_le.
  assert (0 <= (b - a) / 2) by lra. set (h := (b - a) / 2) in *.
  replace (b - a) with (h + h) by (unfold h; field).
  assert ((f c - f a) * h <= (f b - f a) * h) by (apply Rmult_le_compat_r; lra).
  assert ((f b - f c) * h <= (f b - f a) * h) by (apply Rmult_le_compat_r; lra).
  lra.
Qed.

Theorem midpoint_monotone n f :
  (0 < n)%nat -> nondecreasing_on 0 1 f -> ex_RInt f 0 1 ->
  Rabs (midpoint_mean n f - RInt f 0 1) <= (f 1 - f 0) / (2 * INR n).
Proof.
  intros Hn Hf Hex. assert (HN : 0 < INR n) by now apply lt_0_INR.
  set (p := fun k : nat => INR k / INR n).
  assert (Hp : forall k, p (S k) = p k + / INR n) by (intros; unfold p; rewrite S_INR; field; lra).
  assert (Hp0 : p 0%nat = 0) by (unfold p; simpl; field; lra).
  assert (Hpn : p n = 1) by (unfold p; field; lra).
  assert (Hinv : 0 < / INR n) by now apply Rinv_0_lt_compat.
  assert (Hrange : forall k, (k <= n)%nat -> 0 <= p k <= 1).
  { intros k Hk. apply le_INR in Hk. pose proof (pos_INR k). unfold p. split.
    - apply Rdiv_le_0_compat; lra.
    - apply Rmult_le_reg_r with (INR n); [easy|]. unfold Rdiv.
      rewrite Rmult_assoc, Rinv_l; lra. }
  assert (Hind : forall k, (k <= n)%nat ->
    Rabs (/ INR n * sum k (fun w => f ((INR w + 1/2) / INR n)) - RInt f 0 (p k))
      <= (f (p k) - f 0) / (2 * INR n)).
  { induction k as [|k IH]; intros Hk.
    - rewrite Hp0, RInt_point. unfold zero; simpl. rewrite Rmult_0_r, Rminus_0_r, Rabs_R0.
      right. field. lra.
    - specialize (IH ltac:(lia)). pose proof (Hrange k ltac:(lia)) as Hk0.
      pose proof (Hrange (S k) Hk) as Hk1. pose proof (Hp k) as Hstep.
      assert (Hex1 : ex_RInt f 0 (p (S k))).
      { apply (ex_RInt_Chasles_1 f 0 (p (S k)) 1); [lra|easy]. }
      assert (Hexa : ex_RInt f 0 (p k)) by (apply (ex_RInt_Chasles_1 f 0 (p k) 1); [lra|easy]).
      assert (Hexb : ex_RInt f (p k) (p (S k))).
      { apply (ex_RInt_Chasles_2 f 0 (p k) (p (S k))); [lra|easy]. }
      pose proof (midpoint_cell f (p k) (p (S k))) as Hcell.
      replace ((p k + p (S k)) / 2) with ((INR k + 1/2) / INR n) in Hcell
        by (unfold p; rewrite S_INR; field; lra).
      replace (p (S k) - p k) with (/ INR n) in Hcell by lra.
      specialize (Hcell ltac:(lra)).
      assert (Hmono : nondecreasing_on (p k) (p (S k)) f) by (intros u v ? ? ?; apply Hf; lra).
      specialize (Hcell Hmono Hexb).
      pose proof (RInt_Chasles f 0 (p k) (p (S k)) Hexa Hexb) as Hch.
      unfold plus in Hch; simpl in Hch. rewrite <- Hch. cbn [sum].
      replace (/ INR n * (sum k (fun w => f ((INR w + 1/2) / INR n)) + f ((INR k + 1/2) / INR n)) -
               (RInt f 0 (p k) + RInt f (p k) (p (S k))))
        with ((/ INR n * sum k (fun w => f ((INR w + 1/2) / INR n)) - RInt f 0 (p k)) +
              (f ((INR k + 1/2) / INR n) * / INR n - RInt f (p k) (p (S k)))) by ring.
      eapply Rle_trans; [apply Rabs_triang|].
      eapply Rle_trans; [apply Rplus_le_compat; [exact IH|exact Hcell]|].
      right. field. lra. }
  specialize (Hind n (le_n n)). rewrite Hpn in Hind. exact Hind.
Qed.

Lemma midpoint_mean_ext n f f' :
  (forall U, 0 < U < 1 -> f U = f' U) -> midpoint_mean n f = midpoint_mean n f'.
Proof.
  intros Heq. unfold midpoint_mean. f_equal. apply sum_ext. intros w Hw. apply Heq.
  pose proof (pos_INR w). assert (Hn : INR w + 1 <= INR n) by (rewrite <- S_INR; apply le_INR; lia).
  split.
  - apply Rdiv_lt_0_compat; lra.
  - apply Rmult_lt_reg_r with (INR n); [lra|]. unfold Rdiv.
    rewrite Rmult_assoc, Rinv_l; lra.
Qed.

Lemma midpoint_mean_scal n c f : midpoint_mean n (fun U => c * f U) = c * midpoint_mean n f.
Proof. unfold midpoint_mean. rewrite sum_scal_l. ring. Qed.

Lemma midpoint_mean_minus n f f' :
  midpoint_mean n (fun U => f U - f' U) = midpoint_mean n f - midpoint_mean n f'.
Proof. unfold midpoint_mean. rewrite sum_minus. ring. Qed.

Lemma midpoint_mean_sum n m (f : nat -> R -> R) :
  midpoint_mean n (fun U => sum m (fun j => f j U)) = sum m (fun j => midpoint_mean n (f j)).
Proof.
  unfold midpoint_mean. rewrite sum_swap, <- sum_scal_l. easy.
Qed.

(** ** Decoded values *)

Section Generator.

Variables (N : nat) (g : R -> R).
Hypothesis Hg : generator N g.
Variable n : nat.
Hypothesis Hn : (0 < n)%nat.

Lemma window_domain t v : inside N t -> t - 1/2 <= v <= t + 1/2 -> 0 < v < INR N.
Proof. unfold inside. lra. Qed.

(** h nondecreasing: the midpoint mean of h(decoded) is within the range of h over the
    window, over n, of its mean. *)
Theorem midpoint_quantize (h : R -> R) t :
  (forall x, continuous h x) -> (forall x y, x <= y -> h x <= h y) -> inside N t ->
  Rabs (midpoint_mean n (fun U => h (quantize N g U (compand g t))) -
        Edither (fun U => h (quantize N g U (compand g t))))
  <= (h (g (t + 1/2)) - h (g (t - 1/2))) / INR n.
Proof.
  intros Hh Hmono Ht. destruct (window_split N g Hg t Ht) as (m & Hm & [Hm1 Hm2]).
  assert (Hm1' := le_INR _ _ Hm1). assert (Hm2' := le_INR _ _ Hm2).
  rewrite minus_INR in Hm2' by lia. simpl in Hm1', Hm2'. pose proof Ht as [Ht1 Ht2].
  assert (HN : 0 < INR n) by now apply lt_0_INR.
  set (f0 := t + 1/2 - INR m). set (W := h (g (t + 1/2)) - h (g (t - 1/2))).
  assert (Hgh : forall u v, 0 < u -> u <= v -> v < INR N -> h (g u) <= h (g v)).
  { intros u v Hu Huv Hv. apply Hmono. now apply (g_le N). }
  assert (HW : 0 <= W) by (unfold W; pose proof (Hgh (t - 1/2) (t + 1/2)); lra).
  (* decoded = rise - jump, both nondecreasing *)
  set (rise := fun U => if Rle_dec U f0 then h (g (INR m + U)) else h (g (INR m - 1 + U)) + W).
  set (jump := fun U => if Rle_dec U f0 then 0 else W).
  assert (Hsplit : forall U, 0 < U < 1 -> h (quantize N g U (compand g t)) = rise U - jump U).
  { intros U HU. unfold rise, jump, quantize, codeword. destruct (Rle_dec U f0) as [Hle | Hgt].
    - rewrite (encode_eq N g Hg t U m); [ring|easy|easy|]. unfold f0 in Hle. lra.
    - unfold f0 in Hgt. rewrite (encode_eq N g Hg t U (m - 1)); try easy.
      + rewrite minus_INR by lia. simpl. ring.
      + rewrite minus_INR by lia. simpl. lra. }
  assert (Hrise : nondecreasing_on 0 1 rise).
  { intros u v Hu Huv Hv. unfold rise.
    destruct (Rle_dec u f0) as [Hu0 | Hu0], (Rle_dec v f0) as [Hv0 | Hv0];
      unfold f0 in Hu0, Hv0; try lra.
    - apply Hgh; lra.
    - apply Rle_trans with (h (g (t + 1/2))); [apply Hgh; lra|].
      assert (h (g (t - 1/2)) <= h (g (INR m - 1 + v))) by (apply Hgh; lra). unfold W. lra.
    - apply Rplus_le_compat_r, Hgh; lra. }
  assert (Hjump : nondecreasing_on 0 1 jump).
  { intros u v Hu Huv Hv. unfold jump.
    destruct (Rle_dec u f0), (Rle_dec v f0); lra. }
  assert (Hcont : forall c U, 0 < c + U < INR N -> continuous (fun U => h (g (c + U))) U).
  { intros c U HU. apply (continuous_comp (fun U => g (c + U)) h); [|apply Hh].
    apply (continuous_comp (fun U => c + U) g); [|now apply (g_continuous N g Hg)].
    apply (continuous_plus (V := R_NormedModule)); [apply continuous_const|apply continuous_id]. }
  assert (Hpr : piecewise_continuous rise 0 1).
  { apply pc_glue with f0.
    - apply (pc_piece _ (fun U => h (g (INR m + U)))); [unfold f0; lra| |].
      + intros U HU. unfold f0 in HU. apply Hcont. lra.
      + intros U HU. unfold rise. destruct (Rle_dec U f0); [easy|lra].
    - apply (pc_piece _ (fun U => h (g (INR m - 1 + U)) + W)); [unfold f0; lra| |].
      + intros U HU. unfold f0 in HU.
        apply (continuous_plus (V := R_NormedModule)); [apply Hcont; lra|apply continuous_const].
      + intros U HU. unfold rise. destruct (Rle_dec U f0); [lra|easy]. }
  assert (Hpj : piecewise_continuous jump 0 1).
  { apply pc_glue with f0.
    - apply (pc_piece _ (fun _ => 0)); [unfold f0; lra|intros; apply continuous_const|].
      intros U HU. unfold jump. destruct (Rle_dec U f0); [easy|lra].
    - apply (pc_piece _ (fun _ => W)); [unfold f0; lra|intros; apply continuous_const|].
      intros U HU. unfold jump. destruct (Rle_dec U f0); [lra|easy]. }
  apply pc_ex_RInt in Hpr, Hpj.
  rewrite (midpoint_mean_ext n _ (fun U => rise U - jump U)) by easy.
  rewrite (Edither_ext _ (fun U => rise U - jump U)) by easy.
  rewrite midpoint_mean_minus, Edither_minus by easy. unfold Edither.
  pose proof (midpoint_monotone n rise Hn Hrise Hpr) as Br.
  pose proof (midpoint_monotone n jump Hn Hjump Hpj) as Bj.
  assert (Er : rise 1 - rise 0 = W).
  { unfold rise. destruct (Rle_dec 1 f0), (Rle_dec 0 f0); unfold f0 in *; try lra.
    replace (INR m - 1 + 1) with (INR m + 0) by ring. ring. }
  assert (Ej : jump 1 - jump 0 = W).
  { unfold jump. destruct (Rle_dec 1 f0), (Rle_dec 0 f0); unfold f0 in *; lra. }
  rewrite Er in Br. rewrite Ej in Bj.
  replace (midpoint_mean n rise - midpoint_mean n jump - (RInt rise 0 1 - RInt jump 0 1))
    with ((midpoint_mean n rise - RInt rise 0 1) + - (midpoint_mean n jump - RInt jump 0 1)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_Ropp.
  eapply Rle_trans; [apply Rplus_le_compat; [exact Br|exact Bj]|].
  right. field. lra.
Qed.

(** Bias: the range of g on the window, over n. *)
Theorem midpoint_bias t :
  inside N t ->
  Rabs (midpoint_mean n (fun U => quantize N g U (compand g t)) - compand g t)
  <= (g (t + 1/2) - g (t - 1/2)) / INR n.
Proof.
  intros Ht. pose proof (midpoint_quantize (fun y => y) t) as B. cbv beta in B.
  rewrite (quantize_unbiased N g Hg) in B. now apply B.
Qed.

(** The mean squared error, through (y - z)^2 = max(y-z,0)^2 + max(z-y,0)^2. *)
Theorem midpoint_square_error t :
  inside N t ->
  Rabs (midpoint_mean n (fun U => (quantize N g U (compand g t) - compand g t) ^ 2) -
        scalar_mse N g (compand g t))
  <= ((g (t + 1/2) - compand g t) ^ 2 + (compand g t - g (t - 1/2)) ^ 2) / INR n.
Proof.
  intros Ht. set (z := compand g t). assert (HN : 0 < INR n) by now apply lt_0_INR.
  pose proof (compand_between N g Hg t Ht) as Hz. fold z in Hz.
  set (up := fun y => Rmax (y - z) 0 * Rmax (y - z) 0).
  set (down := fun y => - (Rmax (z - y) 0 * Rmax (z - y) 0)).
  assert (Hmax : forall (f : R -> R) x, continuous f x -> continuous (fun y => Rmax (f y) 0) x).
  { intros f x Hf. apply (continuous_ext (fun y => (f y + Rabs (f y)) * / 2)).
    - intros y. unfold Rmax, Rabs. destruct (Rle_dec (f y) 0), (Rcase_abs (f y)); lra.
    - apply (continuous_mult (K := R_AbsRing)); [|apply continuous_const].
      apply (continuous_plus (V := R_NormedModule)); [easy|].
      apply (continuous_comp f Rabs); [easy|apply continuous_Rabs]. }
  assert (Cup : forall x, continuous up x).
  { intros x. assert (C : continuous (fun y => Rmax (y - z) 0) x).
    { apply Hmax, (continuous_minus (V := R_NormedModule));
        [apply continuous_id|apply continuous_const]. }
    now apply (continuous_mult (K := R_AbsRing)). }
  assert (Cdown : forall x, continuous down x).
  { intros x. assert (C : continuous (fun y => Rmax (z - y) 0) x).
    { apply Hmax, (continuous_minus (V := R_NormedModule));
        [apply continuous_const|apply continuous_id]. }
    apply (continuous_opp (V := R_NormedModule)). now apply (continuous_mult (K := R_AbsRing)). }
  assert (Mup : forall x y, x <= y -> up x <= up y).
  { intros x y Hxy. unfold up. apply Rmult_le_compat; try apply Rmax_r;
      apply Rle_max_compat_r; lra. }
  assert (Mdown : forall x y, x <= y -> down x <= down y).
  { intros x y Hxy. unfold down. apply Ropp_le_contravar.
    apply Rmult_le_compat; try apply Rmax_r; apply Rle_max_compat_r; lra. }
  assert (Hsq : forall y, (y - z) ^ 2 = up y - down y).
  { intros y. unfold up, down, Rmax. destruct (Rle_dec (y - z) 0), (Rle_dec (z - y) 0); nra. }
  pose proof (midpoint_quantize up t Cup Mup Ht) as Bup.
  pose proof (midpoint_quantize down t Cdown Mdown Ht) as Bdown. fold z in Bup, Bdown.
  unfold scalar_mse.
  rewrite (midpoint_mean_ext n _ (fun U => up (quantize N g U z) - down (quantize N g U z))) by easy.
  rewrite (Edither_ext _ (fun U => up (quantize N g U z) - down (quantize N g U z))) by easy.
  rewrite midpoint_mean_minus, Edither_minus by now apply (ex_Edither_comp_quantize N g Hg).
  assert (Eup : up (g (t + 1/2)) - up (g (t - 1/2)) = (g (t + 1/2) - z) ^ 2).
  { unfold up. rewrite (Rmax_left (g (t + 1/2) - z)), (Rmax_right (g (t - 1/2) - z)) by lra. ring. }
  assert (Edown : down (g (t + 1/2)) - down (g (t - 1/2)) = (z - g (t - 1/2)) ^ 2).
  { unfold down. rewrite (Rmax_right (z - g (t + 1/2))), (Rmax_left (z - g (t - 1/2))) by lra. ring. }
  rewrite Eup in Bup. rewrite Edown in Bdown.
  match goal with |- Rabs (?a - ?b - (?c - ?e)) <= _ =>
    replace (a - b - (c - e)) with ((a - c) + - (b - e)) by ring end.
  eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_Ropp.
  eapply Rle_trans; [apply Rplus_le_compat; [exact Bup|exact Bdown]|].
  right. field. lra.
Qed.

(** Explicit over a range: if |z| <= compand t0 then the window's range is at most 2 g(t0 + 1/2). *)
Lemma window_range_le t t0 :
  inside N t -> inside N t0 -> Rabs (compand g t) <= compand g t0 ->
  g (t + 1/2) - g (t - 1/2) <= 2 * g (t0 + 1/2).
Proof.
  intros Ht Ht0 Habs. apply Rabs_le_between in Habs.
  assert (Hle1 : t <= t0).
  { apply Rnot_lt_le. intros Hlt. pose proof (compand_increasing N g Hg t0 t Ht0 Ht Hlt). lra. }
  assert (Hle2 : INR N - t0 <= t).
  { apply Rnot_lt_le. intros Hlt.
    pose proof (compand_increasing N g Hg t _ Ht (inside_reflect N t0 Ht0) Hlt) as Hc.
    rewrite (compand_odd N g Hg) in Hc by easy. lra. }
  unfold inside in *.
  assert (H1 : g (t + 1/2) <= g (t0 + 1/2)) by (apply (g_le N g Hg); lra).
  assert (H2 : g (INR N - (t0 + 1/2)) <= g (t - 1/2)) by (apply (g_le N g Hg); lra).
  rewrite (gen_odd _ _ Hg) in H2 by lra. lra.
Qed.

End Generator.

(** ** The words of SPEC §2 *)

(** Expectation over the dither words w in 0 .. 2^32 - 1. *)
Definition Eword (f : R -> R) : R := / 2 ^ 32 * sum (2 ^ 32) (fun w => f (dither_of_word w)).

Lemma words_INR : INR (2 ^ 32) = 2 ^ 32.
Proof. rewrite pow_INR. now f_equal. Qed.

Lemma words_pos : (0 < 2 ^ 32)%nat.
Proof. apply pow2_pos. Qed.

Lemma Eword_midpoint f : Eword f = midpoint_mean (2 ^ 32) f.
Proof. unfold Eword, midpoint_mean, dither_of_word. now rewrite words_INR. Qed.

Section Words.

Variables (N : nat) (g : R -> R).
Hypothesis Hg : generator N g.

(** The bias of the implemented scalar quantizer at any real z. *)
Theorem word_bias z :
  exists t, inside N t /\ compand g t = z /\
    Rabs (Eword (fun U => quantize N g U z) - z) <= (g (t + 1/2) - g (t - 1/2)) / 2 ^ 32.
Proof.
  destruct (compand_bijective N g Hg z) as (t & [Ht <-] & _). exists t. split; [easy|split; [easy|]].
  rewrite Eword_midpoint, <- words_INR. apply midpoint_bias; [easy|apply words_pos|easy].
Qed.

(** Its mean squared error against M(z). *)
Theorem word_square_error z :
  exists t, inside N t /\ compand g t = z /\
    Rabs (Eword (fun U => (quantize N g U z - z) ^ 2) - scalar_mse N g z)
    <= ((g (t + 1/2) - z) ^ 2 + (z - g (t - 1/2)) ^ 2) / 2 ^ 32.
Proof.
  destruct (compand_bijective N g Hg z) as (t & [Ht <-] & _). exists t. split; [easy|split; [easy|]].
  rewrite Eword_midpoint, <- words_INR. apply midpoint_square_error; [easy|apply words_pos|easy].
Qed.

(** Uniformly over |z| <= compand t0: one number. *)
Theorem word_bias_range z t0 :
  inside N t0 -> Rabs z <= compand g t0 ->
  Rabs (Eword (fun U => quantize N g U z) - z) <= 2 * g (t0 + 1/2) / 2 ^ 32.
Proof.
  intros Ht0 Hz. destruct (word_bias z) as (t & Ht & Hc & Hb).
  eapply Rle_trans; [exact Hb|]. apply Rmult_le_compat_r.
  - left. apply Rinv_0_lt_compat, pow_lt. lra.
  - apply (window_range_le N); try easy. now rewrite Hc.
Qed.

Theorem word_square_error_range z t0 :
  inside N t0 -> Rabs z <= compand g t0 ->
  Rabs (Eword (fun U => (quantize N g U z - z) ^ 2) - scalar_mse N g z)
  <= (2 * g (t0 + 1/2)) ^ 2 / 2 ^ 32.
Proof.
  intros Ht0 Hz. destruct (word_square_error z) as (t & Ht & Hc & Hb).
  eapply Rle_trans; [exact Hb|]. apply Rmult_le_compat_r.
  - left. apply Rinv_0_lt_compat, pow_lt. lra.
  - pose proof (window_range_le N g Hg t t0 Ht Ht0) as Hr. rewrite Hc in Hr. specialize (Hr Hz).
    pose proof (compand_between N g Hg t Ht) as Hbt. rewrite Hc in Hbt. nra.
Qed.

(** What it means for inner products: if every coordinate of H D x / rho is within compand t0,
    |E <q, x^> - <q, x>| <= |rho|/d sum_j |(H D q)_j| 2 g(t0 + 1/2) / 2^32. *)
Theorem word_inner_product_bias d H rho x q eps t0 :
  hadamard d H -> signs d eps -> rho <> 0 -> inside N t0 ->
  (forall j, (j < d)%nat -> Rabs (rotate d H eps x j / rho) <= compand g t0) ->
  Rabs (Eword (fun U => dot d q (reconstruct N g d H rho x eps U)) - dot d q x)
  <= Rabs rho / INR d * sum d (fun j => Rabs (rotate d H eps q j)) * (2 * g (t0 + 1/2) / 2 ^ 32).
Proof.
  intros HH Hs Hrho Ht0 Hrange.
  destruct (Nat.eq_dec d 0) as [-> | Hd0].
  { rewrite Eword_midpoint. unfold midpoint_mean, dot. rewrite (sum_zero (2 ^ 32)) by easy.
    simpl (sum 0 _). rewrite !Rmult_0_r, Rminus_0_r, Rabs_R0. lra. }
  assert (Hd : 0 < INR d) by (apply lt_0_INR; lia).
  set (z := fun j => rotate d H eps x j / rho).
  assert (Hq : dot d q x = rho / INR d * sum d (fun j => rotate d H eps q j * z j)).
  { change (sum d (fun j => rotate d H eps q j * z j)) with (dot d (rotate d H eps q) z).
    rewrite <- dot_without_inverse. apply sum_ext. intros i Hi.
    unfold z. now rewrite decode_exact. }
  assert (Hx : Eword (fun U => dot d q (reconstruct N g d H rho x eps U)) =
    rho / INR d * sum d (fun j => rotate d H eps q j * Eword (fun U => quantize N g U (z j)))).
  { rewrite Eword_midpoint.
    rewrite (midpoint_mean_ext _ _ (fun U => rho / INR d *
      sum d (fun j => rotate d H eps q j * quantize N g U (z j)))).
    - rewrite midpoint_mean_scal, (midpoint_mean_sum _ d
        (fun j U => rotate d H eps q j * quantize N g U (z j))). f_equal. apply sum_ext.
      intros j _. rewrite midpoint_mean_scal, Eword_midpoint. easy.
    - intros U _. apply dot_without_inverse. }
  rewrite Hx, Hq, <- Rmult_minus_distr_l, <- sum_minus, Rabs_mult.
  rewrite Rmult_assoc. unfold Rdiv at 1. rewrite Rabs_mult, (Rabs_pos_eq (/ INR d))
    by (left; now apply Rinv_0_lt_compat).
  apply Rmult_le_compat_l.
  { apply Rmult_le_pos; [apply Rabs_pos|left; now apply Rinv_0_lt_compat]. }
  eapply Rle_trans; [apply sum_Rabs_le|]. rewrite <- sum_scal_r. apply sum_le. intros j Hj.
  rewrite <- Rmult_minus_distr_l, Rabs_mult. apply Rmult_le_compat_l; [apply Rabs_pos|].
  apply word_bias_range; [easy|]. now apply Hrange.
Qed.

(** ** All vectors: the cost averaged over the signs

    [width z] bounds the range of g on the window of z. Where it grows no faster than a majorant of
    SPEC §5.5 allows, the averages below are finite uniformly over dimension and vector. *)
Variable width : R -> R.
Hypothesis Hwidth : forall t, inside N t -> g (t + 1/2) - g (t - 1/2) <= width (compand g t).

(** E |x^ - x|^2 over signs and dither words. *)
Definition mse_words (d : nat) (H : mat) (rho : R) (x : vec) : R :=
  Esign d (fun eps => Eword (fun U => norm2 d (fun i => reconstruct N g d H rho x eps U i - x i))).

Lemma width_nonneg z : 0 <= width z.
Proof.
  destruct (compand_bijective N g Hg z) as (t & [Ht <-] & _).
  pose proof (compand_between N g Hg t Ht). pose proof (Hwidth t Ht). lra.
Qed.

Lemma word_bias_width z : Rabs (Eword (fun U => quantize N g U z) - z) <= width z / 2 ^ 32.
Proof.
  destruct (word_bias z) as (t & Ht & Hc & Hb). eapply Rle_trans; [exact Hb|].
  apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, pow_lt; lra|].
  rewrite <- Hc. now apply Hwidth.
Qed.

Lemma word_square_error_width z :
  Rabs (Eword (fun U => (quantize N g U z - z) ^ 2) - scalar_mse N g z) <= width z ^ 2 / 2 ^ 32.
Proof.
  destruct (word_square_error z) as (t & Ht & Hc & Hb). eapply Rle_trans; [exact Hb|].
  apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, pow_lt; lra|].
  pose proof (Hwidth t Ht) as Hw. pose proof (compand_between N g Hg t Ht) as Hbt.
  rewrite Hc in *. nra.
Qed.

(** The error for one sign pattern, and the bias vector, in terms of the coordinates. *)
Lemma pattern_mse_words d H rho x eps :
  hadamard d H -> signs d eps -> rho <> 0 ->
  Eword (fun U => norm2 d (fun i => reconstruct N g d H rho x eps U i - x i)) =
  rho ^ 2 / INR d * sum d (fun j => Eword (fun U =>
    (quantize N g U (rotate d H eps x j / rho) - rotate d H eps x j / rho) ^ 2)).
Proof.
  intros HH Hs Hrho. rewrite Eword_midpoint.
  rewrite (midpoint_mean_ext _ _ (fun U => rho ^ 2 / INR d * sum d (fun j =>
    (quantize N g U (rotate d H eps x j / rho) - rotate d H eps x j / rho) ^ 2)))
    by (intros; now apply reconstruct_error).
  rewrite midpoint_mean_scal, (midpoint_mean_sum _ d (fun j U =>
    (quantize N g U (rotate d H eps x j / rho) - rotate d H eps x j / rho) ^ 2)).
  f_equal. apply sum_ext. intros j _. now rewrite Eword_midpoint.
Qed.

Lemma pattern_bias_words d H rho x eps :
  hadamard d H -> signs d eps -> rho <> 0 ->
  norm2 d (fun i => Eword (fun U => reconstruct N g d H rho x eps U i) - x i) =
  rho ^ 2 / INR d * sum d (fun j =>
    (Eword (fun U => quantize N g U (rotate d H eps x j / rho)) - rotate d H eps x j / rho) ^ 2).
Proof.
  intros HH Hs Hrho.
  set (z := fun j => rotate d H eps x j / rho).
  rewrite (norm2_ext d _ (decode d H eps rho (fun j =>
    Eword (fun U => quantize N g U (z j)) - z j))).
  - rewrite decode_norm2 by easy. f_equal. apply sum_ext. intros j _. cbv beta. fold (z j). ring.
  - intros i Hi. rewrite <- decode_minus. f_equal; [|unfold z; now rewrite decode_exact].
    unfold reconstruct, decode. rewrite Eword_midpoint, !midpoint_mean_scal. do 2 f_equal.
    rewrite (midpoint_mean_sum _ d (fun j U => H j i * quantize N g U (z j))).
    apply sum_ext. intros j _. now rewrite midpoint_mean_scal, Eword_midpoint.
Qed.

(** Mean over the signs of a sum over coordinates: all have the same law. *)
Lemma Esign_coordinates d H rho x (F : R -> R) :
  hadamard d H -> (0 < d)%nat ->
  Esign d (fun e => rho ^ 2 / INR d * sum d (fun j => F (rotate d H e x j / rho))) =
  rho ^ 2 * Esign d (fun e => F (rademacher d x e / rho)).
Proof.
  intros HH Hd. assert (Hd' : 0 < INR d) by now apply lt_0_INR.
  rewrite Esign_scal_l, Esign_sum.
  rewrite (sum_ext d _ (fun _ => Esign d (fun e => F (rademacher d x e / rho)))).
  - rewrite sum_const. field. lra.
  - intros j Hj. now apply (rotated_coordinate_law d H x j (fun y => F (y / rho))).
Qed.

Theorem mse_words_close d H rho x :
  hadamard d H -> (0 < d)%nat -> rho <> 0 ->
  Rabs (mse_words d H rho x - mse N g d H rho x) <=
  rho ^ 2 * Esign d (fun e => width (rademacher d x e / rho) ^ 2) / 2 ^ 32.
Proof.
  intros HH Hd Hrho. unfold mse_words, mse. rewrite <- Esign_minus.
  eapply Rle_trans; [apply Esign_Rabs_le|].
  assert (Hd' : 0 < INR d) by now apply lt_0_INR.
  rewrite <- (Esign_coordinates d H rho x (fun z => width z ^ 2)) by easy.
  match goal with |- _ <= ?a / ?b => change (a / b) with (a * / b) end.
  rewrite <- Esign_scal_r. apply Esign_le. intros e He.
  assert (Hs : signs d e) by (intros i _; apply He).
  rewrite pattern_mse_words, (pattern_mse N g Hg d H HH), <- Rmult_minus_distr_l, <- sum_minus
    by easy.
  assert (Hnn : 0 <= rho ^ 2 / INR d) by (apply Rdiv_le_0_compat; [apply pow2_ge_0|easy]).
  rewrite Rabs_mult, (Rabs_pos_eq _ Hnn), Rmult_assoc. apply Rmult_le_compat_l; [easy|].
  eapply Rle_trans; [apply sum_Rabs_le|]. rewrite <- sum_scal_r. apply sum_le.
  intros j Hj. apply word_square_error_width.
Qed.

(** The root mean square over signs of the whole bias vector. *)
Theorem bias_words_small d H rho x :
  hadamard d H -> (0 < d)%nat -> rho <> 0 ->
  Esign d (fun eps => norm2 d (fun i => Eword (fun U => reconstruct N g d H rho x eps U i) - x i)) <=
  rho ^ 2 * Esign d (fun e => width (rademacher d x e / rho) ^ 2) / (2 ^ 32) ^ 2.
Proof.
  intros HH Hd Hrho. assert (Hd' : 0 < INR d) by now apply lt_0_INR.
  rewrite <- (Esign_coordinates d H rho x (fun z => width z ^ 2)) by easy.
  match goal with |- _ <= ?a / ?b => change (a / b) with (a * / b) end.
  rewrite <- Esign_scal_r. apply Esign_le. intros e He.
  assert (Hs : signs d e) by (intros i _; apply He).
  rewrite pattern_bias_words, Rmult_assoc by easy.
  apply Rmult_le_compat_l; [apply Rdiv_le_0_compat; [apply pow2_ge_0|easy]|].
  rewrite <- sum_scal_r. apply sum_le. intros j _.
  pose proof (word_bias_width (rotate d H e x j / rho)) as Hb.
  assert (Hp : 0 < 2 ^ 32) by (apply pow_lt; lra).
  rewrite <- pow_inv, <- Rpow_mult_distr. fold (width (rotate d H e x j / rho) / 2 ^ 32).
  apply pow_maj_Rabs. exact Hb.
Qed.

(** One number for all dimensions and vectors, from a majorant of width^2. *)
Theorem discrete_dither_bound m d H x :
  majorant_valid m -> (forall z, width z ^ 2 <= majorant_at m z) ->
  hadamard d H -> norm2 d x <> 0 ->
  let rho := sqrt (norm2 d x) in
  Rabs (mse_words d H rho x - mse N g d H rho x) <= norm2 d x * (majorant_bound m / 2 ^ 32) /\
  Esign d (fun eps => norm2 d (fun i => Eword (fun U => reconstruct N g d H rho x eps U i) - x i))
    <= norm2 d x * (majorant_bound m / (2 ^ 32) ^ 2).
Proof.
  intros Hm Hmaj HH Hx rho. pose proof (norm2_nonneg d x) as Hnn.
  assert (Hd : (0 < d)%nat).
  { destruct d as [|d]; [|lia]. unfold norm2, dot in Hx. simpl in Hx. lra. }
  assert (Hsq : rho ^ 2 = norm2 d x) by (unfold rho; rewrite <- Rsqr_pow2; now apply Rsqr_sqrt).
  assert (Hrho : rho <> 0) by (apply Rgt_not_eq, sqrt_lt_R0; lra).
  assert (H1 : norm2 d (fun i => x i / rho) = 1).
  { rewrite (norm2_ext d _ (fun i => / rho * x i)) by (intros; field; easy).
    rewrite norm2_scal, pow_inv, Hsq. field. easy. }
  assert (HE : rho ^ 2 * Esign d (fun e => width (rademacher d x e / rho) ^ 2) <=
               norm2 d x * majorant_bound m).
  { rewrite Hsq. apply Rmult_le_compat_l; [easy|].
    pose proof (majorant_mean m d (fun i => x i / rho) Hm) as Hmean.
    rewrite H1, majorant_bound_var_1 in Hmean. eapply Rle_trans; [|apply Hmean].
    - apply Esign_le. intros e _. rewrite rademacher_div. apply Hmaj.
    - intros l Hl. destruct Hm as (_ & _ & He). destruct (He l Hl). lra. }
  assert (Hp : 0 < 2 ^ 32) by (apply pow_lt; lra).
  split.
  - eapply Rle_trans; [apply mse_words_close; easy|]. unfold Rdiv. rewrite <- Rmult_assoc.
    apply Rmult_le_compat_r; [left; now apply Rinv_0_lt_compat|exact HE].
  - eapply Rle_trans; [apply bias_words_small; easy|]. unfold Rdiv. rewrite <- Rmult_assoc.
    apply Rmult_le_compat_r; [left; now apply Rinv_0_lt_compat, pow_lt|exact HE].
Qed.

End Words.
