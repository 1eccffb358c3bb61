(** * What rounding does to unbiasedness (SPEC §5.6)

    The bias of the fast encoder and decoder, in three parts that add up:
    - the transform: encoding fl(y) with exact thresholds is unbiased for fl(y), so the
      decoded vector is off by at most the transform's own error bound
      ([transform_bias_bound_correct], U uniform);
    - the thresholds: over the words w = 0..W-1 of the dither, rounded thresholds move the
      mean of a decoded value by at most J (2 eta + 1/W), where eta is the rounding error
      over the smallest and J the largest cell width near y
      ([threshold_bias_bound_correct]);
    - the decoder: its rounding error bound ([fast_bias_bound_correct] adds all three, and
      the bias of finitely many words). *)
From Coq Require Import Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.Raux.
From Hdq Require Import Defs Sums Hadamard Paley DitheredQuantizer VectorQuantizer
  DiscreteDither.
From Hdq Require Import FloatStages FloatTree FloatTransform FloatCode.
Open Scope R_scope.

(** ** Decoding is linear and does not amplify *)

Lemma decode_abs_le d H eps rho (v b : vec) i :
  hadamard d H -> signs d eps -> 0 <= rho -> (i < d)%nat ->
  (forall j, (j < d)%nat -> Rabs (v j) <= b j) ->
  Rabs (decode d H eps rho v i) <= rho / INR d * sum d b.
Proof.
  intros HH Hs Hrho Hi Hb. unfold decode.
  assert (Hd : 0 < INR d) by (apply lt_0_INR; lia).
  assert (Habs : forall s, s = 1 \/ s = -1 -> Rabs s = 1).
  { intros s [-> | ->]; [apply Rabs_R1|]. rewrite Rabs_left; lra. }
  rewrite !Rabs_mult, (Habs (eps i) (Hs i Hi)), Rmult_1_l.
  rewrite Rabs_pos_eq by (now apply Rdiv_le_0_compat).
  apply Rmult_le_compat_l; [now apply Rdiv_le_0_compat|].
  eapply Rle_trans; [apply sum_Rabs_le|]. apply sum_le. intros j Hj.
  rewrite Rabs_mult, (Habs (H j i)) by (now apply HH). rewrite Rmult_1_l. now apply Hb.
Qed.

(** ** The transform *)

(** |E_U x^ - x| when y is replaced by a y' within E of it. *)
Theorem transform_bias_bound N g d H eps rho x (y' : vec) E i :
  generator N g -> hadamard d H -> signs d eps -> 0 < rho -> (i < d)%nat ->
  (forall j, (j < d)%nat -> Rabs (y' j - rotate d H eps x j) <= E) ->
  Rabs (Edither (fun U => decode d H eps rho (fun j => quantize N g U (y' j / rho)) i) - x i) <= E.
Proof.
  intros Hg HH Hs Hrho Hi HE. assert (Hd : 0 < INR d) by (apply lt_0_INR; lia).
  assert (Hmean : Edither (fun U => decode d H eps rho (fun j => quantize N g U (y' j / rho)) i)
                  = decode d H eps rho (fun j => y' j / rho) i).
  { unfold decode. rewrite Edither_scal_l, Edither_scal_l, Edither_sum.
    - do 2 f_equal. apply sum_ext. intros j _. rewrite Edither_scal_l.
      + now rewrite (quantize_unbiased N g Hg).
      + now apply (ex_Edither_quantize N g Hg).
    - intros j _. apply ex_RInt_scal_R. now apply (ex_Edither_quantize N g Hg).
    - apply (ex_RInt_sum d (fun j U => H j i * quantize N g U (y' j / rho))).
      intros j _. apply ex_RInt_scal_R. now apply (ex_Edither_quantize N g Hg).
    - apply ex_RInt_scal_R.
      apply (ex_RInt_sum d (fun j U => H j i * quantize N g U (y' j / rho))).
      intros j _. apply ex_RInt_scal_R. now apply (ex_Edither_quantize N g Hg). }
  rewrite Hmean. rewrite <- (decode_exact d H eps rho x i HH Hs) at 1 by (lra || easy).
  rewrite decode_minus.
  apply Rle_trans with (rho / INR d * sum d (fun _ => E / rho)).
  - apply decode_abs_le; try easy; [lra|]. intros j Hj.
    replace (y' j / rho - rotate d H eps x j / rho) with ((y' j - rotate d H eps x j) / rho)
      by (field; lra).
    unfold Rdiv. rewrite Rabs_mult, (Rabs_pos_eq (/ rho)) by (left; now apply Rinv_0_lt_compat).
    apply Rmult_le_compat_r; [left; now apply Rinv_0_lt_compat|]. now apply HE.
  - rewrite sum_const. right. field. lra.
Qed.

Theorem transform_bias_bound_correct N g m k eps rho x i :
  generator N g -> base_order m -> is_sign eps ->
  0 < rho -> (i < m * 2 ^ k)%nat -> (forall j, is_binary32 (x j)) ->
  let d := (m * 2 ^ k)%nat in
  let y' := transform32 m k (fun j => eps j * x j) in
  Rabs (Edither (fun U => decode d (supported_matrix m k) eps rho
                            (fun j => quantize N g U (y' j / rho)) i) - x i)
  <= transform_error_bound m k x.
Proof.
  intros Hg Hm He Hrho Hi Hx d y'. apply transform_bias_bound; try easy.
  - now apply supported_hadamard.
  - intros j Hj. now apply transform_error_bound_correct.
Qed.

(** ** The thresholds: where a code can be wrong *)

(** c grows at least at the rate delta near t, so c(s) near c(t) means s near t. *)
Lemma compand_separation N g t s eps delta a :
  generator N g -> 0 < eps -> inside N (t - eps) -> inside N (t + eps) -> inside N s ->
  (forall r, t - eps <= r <= t + eps -> delta <= g (r + 1/2) - g (r - 1/2)) ->
  0 < delta -> a < delta * eps -> Rabs (compand g s - compand g t) <= a ->
  Rabs (s - t) <= a / delta.
Proof.
  intros Hg Heps Hlo Hhi Hs Hrate Hdelta Ha Hc. apply Rabs_le_inv in Hc.
  unfold inside in *.
  assert (Hgrow : forall p q, t - eps <= p -> p < q -> q <= t + eps ->
            delta * (q - p) <= compand g q - compand g p).
  { intros p q Hp Hpq Hq.
    destruct (MVT_gen (compand g) p q (fun r => g (r + 1/2) - g (r - 1/2))) as (r & Hr & Heq).
    - intros r Hr. rewrite Rmin_left, Rmax_right in Hr by lra.
      apply (compand_derivative N g Hg). unfold inside. lra.
    - intros r Hr. rewrite Rmin_left, Rmax_right in Hr by lra.
      apply continuity_pt_filterlim, (compand_continuous N g Hg). unfold inside. lra.
    - rewrite Rmin_left, Rmax_right in Hr by lra. rewrite Heq.
      apply Rmult_le_compat_r; [lra|]. apply Hrate. lra. }
  assert (Hs_hi : s <= t + eps).
  { apply Rnot_lt_le. intros Hgt. pose proof (Hgrow t (t + eps) ltac:(lra) ltac:(lra) ltac:(lra)).
    assert (compand g (t + eps) < compand g s)
      by (apply (compand_increasing N g Hg); unfold inside; lra).
    lra. }
  assert (Hs_lo : t - eps <= s).
  { apply Rnot_lt_le. intros Hlt. pose proof (Hgrow (t - eps) t ltac:(lra) ltac:(lra) ltac:(lra)).
    assert (compand g s < compand g (t - eps))
      by (apply (compand_increasing N g Hg); unfold inside; lra).
    lra. }
  apply Rle_div_r; [easy|].
  destruct (Rtotal_order s t) as [Hlt | [-> | Hgt]].
  - rewrite Rabs_left by lra. pose proof (Hgrow s t Hs_lo Hlt ltac:(lra)). lra.
  - replace (t - t) with 0 by ring. rewrite Rabs_R0. lra.
  - rewrite Rabs_right by lra. pose proof (Hgrow t s ltac:(lra) Hgt Hs_hi). lra.
Qed.

(** A wrong code f at dither U is next to the right one, with its threshold within eta of
    t; so the decoded value is off by one cell. *)
Lemma mismatch_jump N g t U f eps delta J a (tau : nat -> R) :
  generator N g -> 0 < U < 1 ->
  0 < eps < 1/2 -> inside N (t - eps) -> inside N (t + eps) ->
  (forall r, t - eps <= r <= t + eps -> delta <= g (r + 1/2) - g (r - 1/2) <= J) ->
  0 < delta -> 0 <= a < delta * eps ->
  acceptable (N - 1) (fun k => threshold g k U) tau 0 (compand g t) f ->
  (forall k, (1 <= k <= N - 1)%nat ->
     Rabs (compand g t - threshold g k U) <= tau k -> Rabs (compand g t - threshold g k U) <= a) ->
  let c := encode N g U (compand g t) in
  f <> c ->
  Rabs (codeword g f U - codeword g c U) <= J /\
  exists k, (1 <= k <= N - 1)%nat /\ Rabs (INR k + U - 1/2 - t) <= a / delta.
Proof.
  intros Hg HU Heps Hlo Hhi Hcell Hdelta Ha Hacc Htau c Hne.
  pose proof (gen_levels _ _ Hg) as HN.
  assert (Hc : c = count_passed (N - 1) (fun k => threshold g k U) (compand g t)).
  { unfold c. replace (compand g t) with (compand g t / 1) at 1 by field.
    rewrite encode_count_passed by lra. generalize (N - 1)%nat. intros n.
    induction n as [|n IH]; [easy|]. cbn [count_passed]. now rewrite IH, Rmult_1_r. }
  assert (Hcn : (c <= N - 1)%nat) by (rewrite Hc; apply count_passed_le).
  assert (Hsorted : nondecreasing (N - 1) (fun k => threshold g k U)).
  { intros k Hk1 Hk2. left. now apply threshold_increasing with N. }
  pose proof (proj1 Hacc) as Hfn.
  assert (Hnear : forall k, (Nat.min c f < k <= Nat.max c f)%nat ->
            Rabs (INR k + U - 1/2 - t) <= a / delta).
  { intros k Hk.
    assert (Hin : inside N (INR k + U - 1/2)).
    { unfold inside. assert (H1 : INR 1 <= INR k) by (apply le_INR; lia).
      assert (H2 : INR k <= INR (N - 1)) by (apply le_INR; lia).
      rewrite minus_INR in H2 by lia. simpl in H1, H2. lra. }
    apply (compand_separation N g t _ eps delta a); try easy; try lra.
    - intros r Hr. apply Hcell, Hr.
    - rewrite <- threshold_compand, Rabs_minus_sym. apply Htau; [lia|].
      rewrite <- (Rplus_0_l (tau k)).
      apply (acceptable_mismatch (N - 1) (fun k => threshold g k U) tau 0 (compand g t) f);
        try easy. now rewrite <- Hc. }
  assert (Heta : a / delta < eps) by (apply Rlt_div_l; lra).
  set (lo := Nat.min c f) in *.
  (* only one threshold lies between *)
  assert (Hone : Nat.max c f = S lo).
  { destruct (Nat.eq_dec (Nat.max c f) (S lo)) as [|Hmore]; [easy|]. exfalso.
    pose proof (Hnear (S lo) ltac:(lia)) as H1. pose proof (Hnear (S (S lo)) ltac:(lia)) as H2.
    apply Rabs_le_inv in H1, H2. rewrite !S_INR in *. lra. }
  pose proof (Hnear (S lo) ltac:(lia)) as Hk. split.
  - assert (Hjump : Rabs (codeword g (S lo) U - codeword g lo U) <= J).
    { apply Rabs_le_inv in Hk. rewrite S_INR in Hk.
      specialize (Hcell (INR lo + U + 1/2) ltac:(lra)). unfold codeword. rewrite S_INR.
      replace (INR lo + U + 1/2 + 1/2) with (INR lo + 1 + U) in Hcell by field.
      replace (INR lo + U + 1/2 - 1/2) with (INR lo + U) in Hcell by field.
      rewrite Rabs_pos_eq; lra. }
    destruct (Nat.le_ge_cases c f) as [Hle | Hge].
    + replace f with (S lo) by lia. replace c with lo by lia. exact Hjump.
    + replace c with (S lo) by lia. replace f with lo by lia.
      rewrite Rabs_minus_sym. exact Hjump.
  - exists (S lo). split; [lia|exact Hk].
Qed.

(** ** The thresholds: how many words can be wrong *)

Definition in_interval (a b x : R) : R := if Rle_dec a x then if Rle_dec x b then 1 else 0 else 0.

Lemma in_interval_nonneg a b x : 0 <= in_interval a b x.
Proof. unfold in_interval. destruct (Rle_dec a x), (Rle_dec x b); lra. Qed.

(** At most b - a + 1 integers lie in [a, b]. *)
Lemma integers_in_interval M a b :
  a <= b -> sum M (fun n => in_interval a b (INR n)) <= b - a + 1.
Proof.
  intros Hab.
  enough (H : sum M (fun n => in_interval a b (INR n)) <= Rmax 0 (Rmin b (INR M - 1) - a + 1)).
  { eapply Rle_trans; [exact H|]. apply Rmax_lub; [lra|]. pose proof (Rmin_l b (INR M - 1)). lra. }
  induction M as [|M IH]; [simpl; apply Rmax_l|]. cbn [sum]. rewrite S_INR.
  unfold in_interval at 2. unfold Rmax, Rmin in *.
  repeat match goal with
         | |- context [Rle_dec ?p ?q] => destruct (Rle_dec p q)
         | H : context [Rle_dec ?p ?q] |- _ => destruct (Rle_dec p q)
         end; lra.
Qed.

Definition mean_words (W : nat) (f : nat -> R) : R := sum W f / INR W.
(** U = (w + 1/2) / W; at W = 2^32 this is [dither_of_word]. *)
Definition word_dither (W w : nat) : R := (INR w + 1/2) / INR W.

Lemma word_dither_of_word W w : INR W = 2 ^ 32 -> word_dither W w = dither_of_word w.
Proof. intros HW. unfold word_dither, dither_of_word. now rewrite HW. Qed.

Lemma word_dither_unit W w : (w < W)%nat -> 0 < word_dither W w < 1.
Proof.
  intros Hw. unfold word_dither. pose proof (pos_INR w).
  assert (HwW : INR w + 1 <= INR W) by (rewrite <- S_INR; now apply le_INR).
  split; [apply Rdiv_lt_0_compat; lra|]. apply Rlt_div_l; lra.
Qed.

Lemma mean_words_le W f h :
  (0 < W)%nat -> (forall w, (w < W)%nat -> f w <= h w) -> mean_words W f <= mean_words W h.
Proof.
  intros HW Hle. unfold mean_words, Rdiv. apply Rmult_le_compat_r.
  - left. apply Rinv_0_lt_compat. now apply lt_0_INR.
  - now apply sum_le.
Qed.

(** Words for which some k + U lies within eta of t + 1/2: a fraction of at most
    2 eta + 1/W, since the k + U of all k and w are a grid of step 1/W. *)
Lemma words_near W N t eta (h : nat -> R) J :
  (0 < W)%nat -> 0 <= eta -> 0 <= J ->
  (forall w, (w < W)%nat -> h w <= J) ->
  (forall w, (w < W)%nat -> 0 < h w ->
     exists k, (k < N)%nat /\ Rabs (INR k + word_dither W w - 1/2 - t) <= eta) ->
  mean_words W h <= J * (2 * eta + / INR W).
Proof.
  intros HW Heta HJ Hle Hnear. assert (HW0 : 0 < INR W) by now apply lt_0_INR.
  set (a := INR W * (t + 1/2 - eta) - 1/2). set (b := INR W * (t + 1/2 + eta) - 1/2).
  assert (Hab : b - a = 2 * eta * INR W) by (unfold a, b; ring).
  set (ind := fun n : nat => in_interval a b (INR n)).
  assert (Hpoint : forall w, (w < W)%nat -> h w <= J * sum N (fun k => ind (k * W + w)%nat)).
  { intros w Hw.
    assert (Hsum : 0 <= sum N (fun k => ind (k * W + w)%nat))
      by (apply sum_nonneg; intros; apply in_interval_nonneg).
    destruct (Rle_dec (h w) 0) as [Hneg | Hpos].
    - apply Rle_trans with 0; [easy|]. now apply Rmult_le_pos.
    - destruct (Hnear w Hw ltac:(lra)) as (k & Hk & Hdist). apply Rabs_le_inv in Hdist.
      apply Rle_trans with (J * 1); [rewrite Rmult_1_r; now apply Hle|].
      apply Rmult_le_compat_l; [easy|].
      apply Rle_trans with (ind (k * W + w)%nat).
      2:{ apply (sum_term_le N (fun k => ind (k * W + w)%nat)); [|easy].
          intros; apply in_interval_nonneg. }
      assert (Hgrid : INR (k * W + w) = INR W * (INR k + word_dither W w) - 1/2).
      { rewrite plus_INR, mult_INR. unfold word_dither. field. lra. }
      unfold ind, in_interval. rewrite Hgrid.
      destruct (Rle_dec a _) as [|Hout]; [|elim Hout].
      + destruct (Rle_dec _ b) as [|Hout]; [lra|elim Hout]. unfold b.
        apply Rplus_le_compat_r, Rmult_le_compat_l; lra.
      + unfold a. apply Rplus_le_compat_r, Rmult_le_compat_l; lra. }
  unfold mean_words. apply Rle_div_l; [easy|].
  apply Rle_trans with (sum W (fun w => J * sum N (fun k => ind (k * W + w)%nat))).
  { now apply sum_le. }
  rewrite sum_scal_l, sum_swap, <- sum_mul.
  pose proof (integers_in_interval (N * W) a b) as Hcount.
  replace (J * (2 * eta + / INR W) * INR W) with (J * (2 * eta * INR W + 1)) by (field; lra).
  apply Rmult_le_compat_l; [easy|]. rewrite <- Hab. apply Hcount.
  assert (0 <= 2 * eta * INR W) by (apply Rmult_le_pos; lra). lra.
Qed.

(** The mean change of a decoded value, over all words, when thresholds are off by
    alpha |theta_k| + beta in units of rho (as [threshold_error_bound] is) and y is exact. *)
Theorem threshold_bias_bound_correct N g W t eps delta J alpha beta (f : nat -> nat) :
  generator N g -> (0 < W)%nat ->
  0 < eps < 1/2 -> inside N (t - eps) -> inside N (t + eps) ->
  (forall r, t - eps <= r <= t + eps -> delta <= g (r + 1/2) - g (r - 1/2) <= J) ->
  0 < delta -> 0 <= alpha < 1 -> 0 <= beta ->
  let z := compand g t in
  let a := (alpha * Rabs z + beta) / (1 - alpha) in
  a < delta * eps ->
  (forall w, (w < W)%nat ->
     acceptable (N - 1) (fun k => threshold g k (word_dither W w))
       (fun k => alpha * Rabs (threshold g k (word_dither W w)) + beta) 0 z (f w)) ->
  mean_words W (fun w => Rabs (codeword g (f w) (word_dither W w)
                               - quantize N g (word_dither W w) z))
  <= J * (2 * (a / delta) + / INR W).
Proof.
  intros Hg HW Heps Hlo Hhi Hcell Hdelta Halpha Hbeta z a Ha Hacc.
  assert (Ha0 : 0 <= a).
  { apply Rdiv_le_0_compat; [|lra]. pose proof (Rabs_pos z). nra. }
  assert (HJ : 0 <= J) by (specialize (Hcell t ltac:(lra)); lra).
  assert (Htau : forall theta, Rabs (z - theta) <= alpha * Rabs theta + beta -> Rabs (z - theta) <= a).
  { intros theta Hth. unfold a. apply Rle_div_r; [lra|].
    assert (Rabs theta <= Rabs z + Rabs (z - theta)).
    { replace theta with (z - (z - theta)) at 1 by ring. apply Rabs_minus_le. }
    assert (alpha * Rabs theta <= alpha * (Rabs z + Rabs (z - theta)))
      by (apply Rmult_le_compat_l; lra).
    lra. }
  assert (Hword : forall w, (w < W)%nat ->
    Rabs (codeword g (f w) (word_dither W w) - quantize N g (word_dither W w) z) = 0 \/
    (Rabs (codeword g (f w) (word_dither W w) - quantize N g (word_dither W w) z) <= J /\
     exists k, (1 <= k <= N - 1)%nat /\ Rabs (INR k + word_dither W w - 1/2 - t) <= a / delta)).
  { intros w Hw. destruct (Nat.eq_dec (f w) (encode N g (word_dither W w) z)) as [Heq | Hne].
    - left. unfold quantize. rewrite Heq, Rminus_diag_eq, Rabs_R0; easy.
    - right. unfold quantize.
      apply (mismatch_jump N g t (word_dither W w) (f w) eps delta J a _ Hg
               (word_dither_unit W w Hw) Heps Hlo Hhi Hcell Hdelta (conj Ha0 Ha) (Hacc w Hw));
        [|exact Hne].
      intros k _. apply Htau. }
  apply words_near with (N := N) (t := t); try easy.
  - now apply Rdiv_le_0_compat.
  - intros w Hw. destruct (Hword w Hw) as [-> | [H _]]; easy.
  - intros w Hw Hpos. destruct (Hword w Hw) as [H | [_ (k & Hk & Hdist)]]; [lra|].
    exists k. split; [lia|exact Hdist].
Qed.

(** ** All together *)

Lemma mean_words_const W a : (0 < W)%nat -> mean_words W (fun _ => a) = a.
Proof.
  intros HW. unfold mean_words. rewrite sum_const. field.
  apply not_eq_sym, Rlt_not_eq. now apply lt_0_INR.
Qed.

Lemma mean_words_minus W f h : mean_words W (fun w => f w - h w) = mean_words W f - mean_words W h.
Proof. unfold mean_words. rewrite sum_minus. unfold Rdiv. ring. Qed.

Lemma mean_words_Rabs_le W f : Rabs (mean_words W f) <= mean_words W (fun w => Rabs (f w)).
Proof.
  unfold mean_words. unfold Rdiv. rewrite Rabs_mult.
  destruct (Nat.eq_dec W 0) as [-> | HW].
  - simpl. rewrite Rabs_R0. lra.
  - assert (0 < INR W) by (apply lt_0_INR; lia).
    rewrite (Rabs_pos_eq (/ INR W)) by (left; now apply Rinv_0_lt_compat).
    apply Rmult_le_compat_r; [left; now apply Rinv_0_lt_compat|]. apply sum_Rabs_le.
Qed.

Lemma mean_words_decode d H eps rho W (v : nat -> vec) i :
  mean_words W (fun w => decode d H eps rho (v w) i)
  = decode d H eps rho (fun j => mean_words W (fun w => v w j)) i.
Proof.
  unfold mean_words, decode. rewrite !sum_scal_l, sum_swap.
  unfold Rdiv. rewrite (sum_ext d (fun j => sum W (fun w => H j i * v w j))
    (fun j => H j i * sum W (fun w => v w j))) by (intros; now rewrite sum_scal_l).
  rewrite (sum_ext d (fun j => H j i * (sum W (fun w => v w j) * / INR W))
    (fun j => (H j i * sum W (fun w => v w j)) * / INR W)) by (intros; ring).
  rewrite sum_scal_r. ring.
Qed.

Lemma mean_words_midpoint W h : mean_words W (fun w => h (word_dither W w)) = midpoint_mean W h.
Proof. unfold mean_words, midpoint_mean, word_dither. apply Rmult_comm. Qed.

(** x^ of the fast decoder (within [D] of the exact decoding of the fast codes), in the mean
    over all words: off by E for the transform, D for the decoder and, averaged over the
    coordinates, the cell width at y'_j/rho = c(t_j) over W for finitely many words, and
    [mismatch] for the thresholds ([threshold_bias_bound_correct]). *)
Theorem fast_bias_bound_correct N g d H eps rho x W (y' : vec) E D
    (f : nat -> nat -> nat) (fast : nat -> vec) (t mismatch : vec) i :
  generator N g -> hadamard d H -> signs d eps -> 0 < rho -> (i < d)%nat -> (0 < W)%nat ->
  (forall j, (j < d)%nat -> Rabs (y' j - rotate d H eps x j) <= E) ->
  (forall j, (j < d)%nat -> inside N (t j) /\ compand g (t j) = y' j / rho) ->
  (forall j, (j < d)%nat ->
     mean_words W (fun w => Rabs (codeword g (f w j) (word_dither W w)
                                  - quantize N g (word_dither W w) (y' j / rho))) <= mismatch j) ->
  (forall w, (w < W)%nat ->
     Rabs (fast w i - decode d H eps rho (fun j => codeword g (f w j) (word_dither W w)) i) <= D) ->
  Rabs (mean_words W (fun w => fast w i) - x i)
  <= D + E + rho / INR d
      * sum d (fun j => (g (t j + 1/2) - g (t j - 1/2)) / INR W + mismatch j).
Proof.
  intros Hg HH Hs Hrho Hi HW HE Ht Hmis HD.
  set (discrete := fun j => (g (t j + 1/2) - g (t j - 1/2)) / INR W).
  assert (Hdisc : forall j, (j < d)%nat ->
    Rabs (mean_words W (fun w => quantize N g (word_dither W w) (y' j / rho)) - y' j / rho) <= discrete j).
  { intros j Hj. destruct (Ht j Hj) as [Hin <-].
    rewrite (mean_words_midpoint W (fun U => quantize N g U (compand g (t j)))).
    now apply midpoint_bias. }
  change (Rabs (mean_words W (fun w => fast w i) - x i)
          <= D + E + rho / INR d * sum d (fun j => discrete j + mismatch j)).
  assert (Hd : 0 < INR d) by (apply lt_0_INR; lia).
  set (exact := fun w => decode d H eps rho (fun j => codeword g (f w j) (word_dither W w)) i).
  assert (H1 : Rabs (mean_words W (fun w => fast w i) - mean_words W exact) <= D).
  { rewrite <- mean_words_minus. eapply Rle_trans; [apply mean_words_Rabs_le|].
    rewrite <- (mean_words_const W D HW). now apply mean_words_le. }
  assert (H2 : Rabs (mean_words W exact - x i)
               <= rho / INR d * sum d (fun j => E / rho + (discrete j + mismatch j))).
  { unfold exact.
    rewrite (mean_words_decode d H eps rho W (fun w j => codeword g (f w j) (word_dither W w)) i).
    rewrite <- (decode_exact d H eps rho x i HH Hs) at 1 by (lra || easy).
    rewrite decode_minus. apply decode_abs_le; try easy; [lra|]. intros j Hj.
    set (q := fun w => quantize N g (word_dither W w) (y' j / rho)).
    replace (mean_words W (fun w => codeword g (f w j) (word_dither W w)) - rotate d H eps x j / rho)
      with ((y' j - rotate d H eps x j) / rho
            + ((mean_words W q - y' j / rho)
               + (mean_words W (fun w => codeword g (f w j) (word_dither W w)) - mean_words W q)))
      by (field; lra).
    eapply Rle_trans; [apply Rabs_triang|]. apply Rplus_le_compat.
    - unfold Rdiv. rewrite Rabs_mult, (Rabs_pos_eq (/ rho)) by (left; now apply Rinv_0_lt_compat).
      apply Rmult_le_compat_r; [left; now apply Rinv_0_lt_compat|]. now apply HE.
    - eapply Rle_trans; [apply Rabs_triang|]. apply Rplus_le_compat; [now apply Hdisc|].
      rewrite <- mean_words_minus. eapply Rle_trans; [apply mean_words_Rabs_le|]. now apply Hmis. }
  rewrite sum_plus, sum_const, Rmult_plus_distr_l in H2.
  replace (rho / INR d * (INR d * (E / rho))) with E in H2 by (field; lra).
  replace (mean_words W (fun w => fast w i) - x i)
    with ((mean_words W (fun w => fast w i) - mean_words W exact) + (mean_words W exact - x i)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.
