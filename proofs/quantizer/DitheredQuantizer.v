(** * The dithered scalar quantizer is exactly unbiased (SPEC §3)

    For every generator g with N levels: companding is a bijection (1/2, N-1/2) -> R; the
    encoder that counts thresholds computes floor (compand^-1 z + 1/2 - U); hence, as U runs
    over (0,1), the decoded value runs once over g on the unit window around
    t = compand^-1 z, its mean is z and its mean squared error is the variance of g on that
    window. All of it for every real z. *)
From Coq Require Import Reals Ranalysis5 Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Sums Piecewise.
Open Scope R_scope.

(** ** Integrals of shifted and reflected functions *)

Lemma is_RInt_shift (f : R -> R) h a b l :
  is_RInt f (a + h) (b + h) l -> is_RInt (fun v => f (v + h)) a b l.
Proof.
  intros Hf.
  assert (H : is_RInt f (1 * a + h) (1 * b + h) l) by (now rewrite !Rmult_1_l).
  apply (is_RInt_comp_lin f 1 h a b l) in H.
  apply (is_RInt_ext (fun y => scal 1 (f (1 * y + h)))); [|exact H].
  intros x _. change (1 * f (1 * x + h) = f (x + h)). now rewrite !Rmult_1_l.
Qed.

Lemma RInt_shift (f : R -> R) h a b :
  ex_RInt f (a + h) (b + h) -> RInt (fun v => f (v + h)) a b = RInt f (a + h) (b + h).
Proof.
  intros Hf. apply is_RInt_unique, is_RInt_shift, (RInt_correct f), Hf.
Qed.

Lemma is_RInt_reflect (f : R -> R) c a b l :
  is_RInt f (c - b) (c - a) l -> is_RInt (fun v => f (c - v)) a b l.
Proof.
  intros Hf. apply is_RInt_swap in Hf.
  assert (H : is_RInt f (-1 * a + c) (-1 * b + c) (opp l)).
  { replace (-1 * a + c) with (c - a) by ring. replace (-1 * b + c) with (c - b) by ring.
    exact Hf. }
  apply (is_RInt_comp_lin f (-1) c a b (opp l)) in H.
  apply (is_RInt_opp _ a b) in H. rewrite opp_opp in H.
  apply (is_RInt_ext (fun y => opp (scal (-1) (f (-1 * y + c))))); [|exact H].
  intros x _. replace (-1 * x + c) with (c - x) by ring.
  change (- (-1 * f (c - x)) = f (c - x)). ring.
Qed.

Section Generator.

Variable N : nat.
Variable g : R -> R.
Hypothesis Hg : generator N g.

(** [inside t]: the unit window around t lies in the domain of g. *)
Definition inside (t : R) : Prop := 1/2 < t < INR N - 1/2.

(** ** g on its domain *)

Lemma levels_ge_2 : 2 <= INR N.
Proof. replace 2 with (INR 2) by (simpl; ring). apply le_INR, (gen_levels _ _ Hg). Qed.

Lemma g_le u v : 0 < u -> u <= v -> v < INR N -> g u <= g v.
Proof.
  intros Hu Huv Hv. destruct (Req_dec u v) as [-> | Hne]; [lra|].
  left. apply (gen_increasing _ _ Hg); lra.
Qed.

Lemma g_continuous v : 0 < v < INR N -> continuous g v.
Proof. apply (gen_continuous _ _ Hg). Qed.

Lemma g_continuous_on a b :
  0 < a < INR N -> 0 < b < INR N ->
  forall v, Rmin a b <= v <= Rmax a b -> continuous g v.
Proof.
  intros Ha Hb v Hv. apply g_continuous. revert Hv.
  unfold Rmin, Rmax. destruct (Rle_dec a b); lra.
Qed.

Lemma ex_RInt_g a b : 0 < a < INR N -> 0 < b < INR N -> ex_RInt g a b.
Proof.
  intros Ha Hb. apply (ex_RInt_continuous g). now apply g_continuous_on.
Qed.

Lemma ex_RInt_comp_g (h : R -> R) a b :
  (forall x, continuous h x) -> 0 < a < INR N -> 0 < b < INR N ->
  ex_RInt (fun v => h (g v)) a b.
Proof.
  intros Hh Ha Hb. apply (ex_RInt_continuous (fun v => h (g v))). intros v Hv.
  apply (continuous_comp g h); [|apply Hh]. now apply (g_continuous_on a b).
Qed.

Lemma RInt_g_gt a b : 0 < a -> a < b -> b < INR N -> g a * (b - a) < RInt g a b.
Proof.
  intros Ha Hab Hb. replace (g a * (b - a)) with (RInt (fun _ => g a) a b).
  2:{ rewrite RInt_const. unfold scal; simpl; unfold mult; simpl. ring. }
  apply RInt_lt; [easy| | |].
  - intros x Hx. apply g_continuous. lra.
  - intros x Hx. apply continuous_const.
  - intros x Hx. apply (gen_increasing _ _ Hg); lra.
Qed.

Lemma RInt_g_lt a b : 0 < a -> a < b -> b < INR N -> RInt g a b < g b * (b - a).
Proof.
  intros Ha Hab Hb. replace (g b * (b - a)) with (RInt (fun _ => g b) a b).
  2:{ rewrite RInt_const. unfold scal; simpl; unfold mult; simpl. ring. }
  apply RInt_lt; [easy| | |].
  - intros x Hx. apply continuous_const.
  - intros x Hx. apply g_continuous. lra.
  - intros x Hx. apply (gen_increasing _ _ Hg); lra.
Qed.

Lemma g_middle : g (INR N / 2) = 0.
Proof.
  pose proof levels_ge_2. pose proof (gen_odd _ _ Hg (INR N / 2)) as Hodd.
  replace (INR N - INR N / 2) with (INR N / 2) in Hodd by field. lra.
Qed.

(** ** Companding *)

Lemma compand_between t : inside t -> g (t - 1/2) < compand g t < g (t + 1/2).
Proof.
  intros [Ht1 Ht2]. unfold compand.
  pose proof (RInt_g_gt (t - 1/2) (t + 1/2)). pose proof (RInt_g_lt (t - 1/2) (t + 1/2)).
  replace (t + 1/2 - (t - 1/2)) with 1 in * by field. lra.
Qed.

Theorem compand_increasing t t' :
  inside t -> inside t' -> t < t' -> compand g t < compand g t'.
Proof.
  intros [Ht1 Ht2] [Ht1' Ht2'] Hlt. unfold compand.
  replace (t' - 1/2) with (t - 1/2 + (t' - t)) by ring.
  replace (t' + 1/2) with (t + 1/2 + (t' - t)) by ring.
  rewrite <- RInt_shift by (apply ex_RInt_g; lra).
  apply RInt_lt; [lra| | |].
  - intros x Hx. apply (continuous_comp (fun v => v + (t' - t)) g).
    + apply (continuous_plus (V := R_NormedModule)); [apply continuous_id|apply continuous_const].
    + apply g_continuous. lra.
  - intros x Hx. apply g_continuous. lra.
  - intros x Hx. apply (gen_increasing _ _ Hg); lra.
Qed.

Lemma compand_le t t' : inside t -> inside t' -> t <= t' -> compand g t <= compand g t'.
Proof.
  intros Ht Ht' Hle. destruct (Req_dec t t') as [-> | Hne]; [lra|].
  left. apply compand_increasing; try easy; lra.
Qed.

Theorem compand_injective t t' :
  inside t -> inside t' -> compand g t = compand g t' -> t = t'.
Proof.
  intros Ht Ht' Heq. destruct (Rtotal_order t t') as [Hlt | [Heq' | Hgt]]; [|easy|].
  - pose proof (compand_increasing _ _ Ht Ht' Hlt). lra.
  - pose proof (compand_increasing _ _ Ht' Ht Hgt). lra.
Qed.

Theorem compand_derivative t :
  inside t -> is_derive (compand g) t (g (t + 1/2) - g (t - 1/2)).
Proof.
  intros [Ht1 Ht2]. pose proof levels_ge_2.
  apply (is_derive_ext_loc (fun s => RInt g 1 (s + 1/2) - RInt g 1 (s - 1/2))).
  - assert (Hr : 0 < Rmin (t - 1/2) (INR N - 1/2 - t)) by (apply Rmin_pos; lra).
    exists (mkposreal _ Hr). intros s Hs.
    unfold ball, Hierarchy.ball in Hs; simpl in Hs; unfold AbsRing_ball, abs, minus, plus, opp in Hs;
      simpl in Hs.
    apply Rabs_def2 in Hs.
    pose proof (Rmin_l (t - 1/2) (INR N - 1/2 - t)).
    pose proof (Rmin_r (t - 1/2) (INR N - 1/2 - t)).
    unfold compand.
    rewrite <- (RInt_Chasles g 1 (s - 1/2) (s + 1/2)) by (apply ex_RInt_g; lra).
    unfold plus; simpl. ring.
  - assert (Hd : forall v, 0 < v < INR N -> is_derive (fun w => RInt g 1 w) v (g v)).
    { intros v Hv. apply (is_derive_RInt g _ 1); [|now apply g_continuous].
      assert (Hr : 0 < Rmin v (INR N - v)) by (apply Rmin_pos; lra).
      exists (mkposreal _ Hr). intros w Hw.
      unfold ball, Hierarchy.ball in Hw; simpl in Hw;
        unfold AbsRing_ball, abs, minus, plus, opp in Hw; simpl in Hw.
      apply Rabs_def2 in Hw.
      pose proof (Rmin_l v (INR N - v)). pose proof (Rmin_r v (INR N - v)).
      apply (RInt_correct g), ex_RInt_g; lra. }
    apply (is_derive_minus (V := R_NormedModule)
             (fun s => RInt g 1 (s + 1/2)) (fun s => RInt g 1 (s - 1/2))).
    + replace (g (t + 1/2)) with (1 * g (t + 1/2)) by ring.
      apply (is_derive_comp (fun w => RInt g 1 w) (fun s => s + 1/2)); [apply Hd; lra|].
      auto_derive; [easy|ring].
    + replace (g (t - 1/2)) with (1 * g (t - 1/2)) by ring.
      apply (is_derive_comp (fun w => RInt g 1 w) (fun s => s - 1/2)); [apply Hd; lra|].
      auto_derive; [easy|ring].
Qed.

Theorem compand_continuous t : inside t -> continuous (compand g) t.
Proof.
  intros Ht. apply (ex_derive_continuous (compand g)).
  eexists. apply (compand_derivative t Ht).
Qed.

Lemma inside_reflect t : inside t -> inside (INR N - t).
Proof. unfold inside. lra. Qed.

Theorem compand_odd t : inside t -> compand g (INR N - t) = - compand g t.
Proof.
  intros [Ht1 Ht2]. unfold compand.
  rewrite <- (RInt_opp (V := R_CompleteNormedModule)) by (apply ex_RInt_g; lra).
  symmetry. apply is_RInt_unique.
  apply (is_RInt_ext (fun v => g (INR N - v))).
  - intros v. rewrite Rmin_left, Rmax_right by lra. intros Hv.
    rewrite (gen_odd _ _ Hg); [easy|lra].
  - apply is_RInt_reflect.
    replace (INR N - (t + 1/2)) with (INR N - t - 1/2) by ring.
    replace (INR N - (t - 1/2)) with (INR N - t + 1/2) by ring.
    apply (RInt_correct g), ex_RInt_g; lra.
Qed.

(** Divergence at 0: companding takes arbitrarily low values... *)
Lemma compand_unbounded_below z : exists t, inside t /\ compand g t < z.
Proof.
  pose proof levels_ge_2 as HN.
  destruct (gen_diverges _ _ Hg (Rmin (RInt g (1/2) 1) (z - Rabs (g (3/2)))))
    as (a & Ha & Hlow).
  pose proof (Rmin_l (RInt g (1/2) 1) (z - Rabs (g (3/2)))).
  pose proof (Rmin_r (RInt g (1/2) 1) (z - Rabs (g (3/2)))).
  assert (Ha2 : a < 1/2).
  { apply Rnot_le_lt. intros Hle.
    assert (Hneg : RInt g (1/2) a <= 0).
    { destruct (Req_dec (1/2) a) as [<- | Hne].
      - rewrite RInt_point. unfold zero; simpl. lra.
      - apply Rle_trans with (g a * (a - 1/2)); [left; apply RInt_g_lt; lra|].
        assert (g a <= 0) by (rewrite <- g_middle; apply g_le; lra). nra. }
    pose proof (RInt_Chasles g (1/2) a 1) as Hch. unfold plus in Hch; simpl in Hch.
    rewrite <- Hch in * by (apply ex_RInt_g; lra). lra. }
  exists (1/2 + a). split; [unfold inside; lra|].
  unfold compand. replace (1/2 + a - 1/2) with a by ring.
  replace (1/2 + a + 1/2) with (1 + a) by field.
  rewrite <- (RInt_Chasles g a 1 (1 + a)) by (apply ex_RInt_g; lra).
  unfold plus; simpl.
  assert (RInt g 1 (1 + a) <= Rabs (g (3/2))); [|lra].
  apply Rle_trans with (g (1 + a) * (1 + a - 1)); [left; apply RInt_g_lt; lra|].
  assert (g (1 + a) <= g (3/2)) by (apply g_le; lra).
  pose proof (Rle_abs (g (3/2))). pose proof (Rabs_pos (g (3/2))). nra.
Qed.

Lemma compand_unbounded_above z : exists t, inside t /\ z < compand g t.
Proof.
  destruct (compand_unbounded_below (- z)) as (t & Ht & Hlow).
  exists (INR N - t). split; [now apply inside_reflect|].
  rewrite compand_odd by easy. lra.
Qed.

(** ... so every real z is compand t for exactly one t. *)
Theorem compand_bijective z :
  exists t, (inside t /\ compand g t = z) /\
            forall t', inside t' -> compand g t' = z -> t' = t.
Proof.
  destruct (compand_unbounded_below z) as (a & Ha & Hza).
  destruct (compand_unbounded_above z) as (b & Hb & Hzb).
  assert (Hab : a < b).
  { apply Rnot_le_lt. intros Hle. pose proof (compand_le _ _ Hb Ha Hle). lra. }
  assert (Hcont : forall s, a <= s <= b -> continuity_pt (fun s => compand g s - z) s).
  { intros s Hs. apply continuity_pt_minus.
    - apply continuity_pt_filterlim, compand_continuous. unfold inside in *. lra.
    - apply continuity_pt_const. intros ? ?; easy. }
  destruct (IVT_interv (fun s => compand g s - z) a b Hcont Hab) as (t & Htab & Ht); [lra|lra|].
  assert (Hin : inside t) by (unfold inside in *; lra).
  exists t. split; [split; [easy|lra]|].
  intros t' Ht' Heq. apply compand_injective; try easy. lra.
Qed.

(** ** The encoder: compand, subtract the offset, round *)

Lemma threshold_compand k U : threshold g k U = compand g (INR k + U - 1/2).
Proof. unfold threshold, compand. f_equal; field. Qed.

Lemma threshold_le_iff k U t :
  inside t -> 0 < U < 1 -> (1 <= k <= N - 1)%nat ->
  threshold g k U <= compand g t <-> INR k <= t + 1/2 - U.
Proof.
  intros Ht HU [Hk1 Hk2]. apply le_INR in Hk1, Hk2.
  pose proof (gen_levels _ _ Hg) as HN. rewrite minus_INR in Hk2 by lia. simpl in Hk1, Hk2.
  assert (Hin : inside (INR k + U - 1/2)) by (unfold inside; lra).
  rewrite threshold_compand. split; intros H.
  - apply Rnot_lt_le. intros Hlt.
    assert (compand g t < compand g (INR k + U - 1/2)); [|lra].
    apply compand_increasing; try easy. lra.
  - apply compand_le; try easy. lra.
Qed.

Lemma count_thresholds_floor n U t :
  inside t -> 0 < U < 1 -> (n <= N - 1)%nat ->
  let c := count_thresholds n g U (compand g t) in
  (c <= n)%nat /\ INR c <= t + 1/2 - U /\ (c = n \/ t + 1/2 - U < INR c + 1).
Proof.
  intros Ht HU. induction n as [|n IH]; intros Hn; cbn [count_thresholds].
  - simpl. unfold inside in Ht. split; [lia|split; [lra|now left]].
  - destruct IH as (Hc & Hle & Hor); [lia|].
    set (c := count_thresholds n g U (compand g t)) in *.
    pose proof (threshold_le_iff (S n) U t Ht HU ltac:(lia)) as Hiff.
    destruct (Rle_dec (threshold g (S n) U) (compand g t)) as [Hth | Hth].
    + apply Hiff in Hth. rewrite S_INR in Hth.
      assert (c = n) as ->.
      { destruct Hor as [Heq | Hlt]; [easy|]. exfalso. apply le_INR in Hc. lra. }
      rewrite Nat.add_1_r, S_INR. split; [lia|split; [lra|now left]].
    + assert (Hlt : t + 1/2 - U < INR n + 1).
      { apply Rnot_le_lt. intros H. apply Hth, Hiff. rewrite S_INR. easy. }
      rewrite Nat.add_0_r. split; [lia|split; [lra|right]].
      destruct Hor as [-> | H]; easy.
Qed.

(** code = floor (compand^-1 z + 1/2 - U), a valid code. *)
Theorem encode_rounds t U :
  inside t -> 0 < U < 1 ->
  (encode N g U (compand g t) < N)%nat /\
  INR (encode N g U (compand g t)) <= t + 1/2 - U < INR (encode N g U (compand g t)) + 1.
Proof.
  intros Ht HU. pose proof (gen_levels _ _ Hg) as HN.
  destruct (count_thresholds_floor (N - 1) U t Ht HU) as (Hc & Hle & Hor); [lia|].
  fold (encode N g U (compand g t)) in Hc, Hle, Hor.
  split; [lia|split; [easy|]]. destruct Hor as [Heq | Hlt]; [|easy].
  rewrite Heq, minus_INR by lia. unfold inside in Ht. simpl. lra.
Qed.

Lemma nat_floor_unique k s c : INR k <= s < INR k + 1 -> INR c <= s < INR c + 1 -> c = k.
Proof.
  intros Hk Hc. assert (Hck : (c < S k)%nat) by (apply INR_lt; rewrite S_INR; lra).
  assert (Hkc : (k < S c)%nat) by (apply INR_lt; rewrite S_INR; lra). lia.
Qed.

Lemma encode_eq t U k :
  inside t -> 0 < U < 1 -> INR k <= t + 1/2 - U < INR k + 1 ->
  encode N g U (compand g t) = k.
Proof.
  intros Ht HU Hk. apply nat_floor_unique with (t + 1/2 - U); [easy|].
  now apply encode_rounds.
Qed.

Theorem encode_lt_levels z U : 0 < U < 1 -> (encode N g U z < N)%nat.
Proof.
  intros HU. destruct (compand_bijective z) as (t & [Ht <-] & _). now apply encode_rounds.
Qed.

(** The decoded value is g at a point of the unit window around t. *)
Theorem quantize_in_window t U :
  inside t -> 0 < U < 1 ->
  exists v, t - 1/2 < v <= t + 1/2 /\ quantize N g U (compand g t) = g v.
Proof.
  intros Ht HU. destruct (encode_rounds t U Ht HU) as [_ Hr].
  exists (INR (encode N g U (compand g t)) + U). split; [lra|easy].
Qed.

Lemma quantize_error_le t U :
  inside t -> 0 < U < 1 ->
  Rabs (quantize N g U (compand g t) - compand g t) <= g (t + 1/2) - g (t - 1/2).
Proof.
  intros Ht HU. destruct (quantize_in_window t U Ht HU) as (v & Hv & ->).
  pose proof (compand_between t Ht) as Hb. unfold inside in Ht.
  assert (g (t - 1/2) <= g v) by (apply g_le; lra).
  assert (g v <= g (t + 1/2)) by (apply g_le; lra).
  apply Rabs_le. lra.
Qed.

(** ** The law of the decoded value *)

Lemma window_split t :
  inside t -> exists m, INR m <= t + 1/2 < INR m + 1 /\ (1 <= m <= N - 1)%nat.
Proof.
  intros Ht. pose proof (gen_levels _ _ Hg) as HN. unfold inside in Ht.
  destruct (nfloor_ex (t + 1/2)) as (m & Hm); [lra|].
  exists m. split; [easy|].
  assert (0 < m)%nat by (apply INR_lt; simpl; lra).
  assert (m < N)%nat by (apply INR_lt; lra). lia.
Qed.

Lemma pc_quantize z : piecewise_continuous (fun U => quantize N g U z) 0 1.
Proof.
  destruct (compand_bijective z) as (t & [Ht <-] & _).
  destruct (window_split t Ht) as (m & Hm & [Hm1 Hm2]). pose proof (gen_levels _ _ Hg) as HN.
  apply le_INR in Hm1. pose proof Ht as [Ht1 Ht2]. simpl in Hm1.
  assert (Hshift : forall k U, 0 < INR k + U < INR N -> continuous (codeword g k) U).
  { intros k U HU. apply (continuous_comp (fun U => INR k + U) g); [|now apply g_continuous].
    apply (continuous_plus (V := R_NormedModule)); [apply continuous_const|apply continuous_id]. }
  assert (Hm' : INR (m - 1) = INR m - 1).
  { rewrite minus_INR; [easy|]. apply INR_le. easy. }
  apply pc_glue with (t + 1/2 - INR m).
  - apply (pc_piece _ (codeword g m)); [lra| |].
    + intros U HU. apply Hshift. lra.
    + intros U HU. unfold quantize. now rewrite (encode_eq t U m) by (easy || lra).
  - apply (pc_piece _ (codeword g (m - 1))); [lra| |].
    + intros U HU. apply Hshift. lra.
    + intros U HU. unfold quantize. now rewrite (encode_eq t U (m - 1)) by (easy || lra).
Qed.

(** As U runs over (0,1), the decoded value runs once over g on [t-1/2, t+1/2]. *)
Theorem is_Edither_quantize (h : R -> R) t :
  (forall x, continuous h x) -> inside t ->
  is_RInt (fun U => h (quantize N g U (compand g t))) 0 1
    (RInt (fun v => h (g v)) (t - 1/2) (t + 1/2)).
Proof.
  intros Hh Ht. destruct (window_split t Ht) as (m & Hm & [Hm1 Hm2]).
  pose proof (gen_levels _ _ Hg) as HN.
  assert (Hm1' := le_INR _ _ Hm1). assert (Hm2' := le_INR _ _ Hm2).
  rewrite minus_INR in Hm2' by lia. simpl in Hm1', Hm2'.
  pose proof Ht as [Ht1 Ht2].
  assert (Hex : forall a b, 0 < a < INR N -> 0 < b < INR N ->
            ex_RInt (fun v => h (g v)) a b) by (intros; now apply ex_RInt_comp_g).
  (* U <= f decodes to g (m + U), U > f to g (m - 1 + U) *)
  set (f := t + 1/2 - INR m).
  rewrite <- (RInt_Chasles (fun v => h (g v)) (t - 1/2) (INR m) (t + 1/2)) by (apply Hex; lra).
  rewrite plus_comm.
  apply (is_RInt_Chasles (V := R_NormedModule) (fun U => h (quantize N g U (compand g t))) 0 f 1).
  - apply (is_RInt_ext (fun U => h (g (U + INR m)))).
    + intros U. rewrite Rmin_left, Rmax_right by (unfold f; lra). intros HU. unfold f in HU.
      unfold quantize, codeword. rewrite (encode_eq t U m) by (easy || lra).
      now rewrite Rplus_comm.
    + apply (is_RInt_shift (fun v => h (g v))).
      replace (0 + INR m) with (INR m) by ring.
      replace (f + INR m) with (t + 1/2) by (unfold f; ring).
      apply (RInt_correct (fun v => h (g v))), Hex; lra.
  - apply (is_RInt_ext (fun U => h (g (U + (INR m - 1))))).
    + intros U. rewrite Rmin_left, Rmax_right by (unfold f; lra). intros HU. unfold f in HU.
      unfold quantize, codeword. rewrite (encode_eq t U (m - 1)).
      * rewrite minus_INR by lia. simpl. now rewrite Rplus_comm.
      * easy.
      * lra.
      * rewrite minus_INR by lia. simpl. lra.
    + apply (is_RInt_shift (fun v => h (g v))).
      replace (f + (INR m - 1)) with (t - 1/2) by (unfold f; field).
      replace (1 + (INR m - 1)) with (INR m) by ring.
      apply (RInt_correct (fun v => h (g v))), Hex; lra.
Qed.

Lemma ex_Edither_comp_quantize (h : R -> R) z :
  (forall x, continuous h x) -> ex_RInt (fun U => h (quantize N g U z)) 0 1.
Proof.
  intros Hh. destruct (compand_bijective z) as (t & [Ht <-] & _).
  eexists. now apply is_Edither_quantize.
Qed.

Theorem ex_Edither_quantize z : ex_RInt (fun U => quantize N g U z) 0 1.
Proof. apply (ex_Edither_comp_quantize (fun x => x)). intros x. apply continuous_id. Qed.

(** Exact unbiasedness. *)
Theorem quantize_unbiased z : Edither (fun U => quantize N g U z) = z.
Proof.
  destruct (compand_bijective z) as (t & [Ht <-] & _).
  apply is_RInt_unique.
  apply (is_Edither_quantize (fun x => x)); [|easy]. intros x. apply continuous_id.
Qed.

Lemma continuous_square_error z x : continuous (fun y : R => (y - z) ^ 2) x.
Proof. apply (ex_derive_continuous (fun y : R => (y - z) ^ 2)). auto_derive. easy. Qed.

Theorem ex_Edither_square_error z z' : ex_RInt (fun U => (quantize N g U z - z') ^ 2) 0 1.
Proof.
  apply (ex_Edither_comp_quantize (fun y => (y - z') ^ 2)). apply continuous_square_error.
Qed.

(** M(z) is the variance of g on the window. *)
Theorem scalar_mse_window t : inside t -> scalar_mse N g (compand g t) = window_mse g t.
Proof.
  intros Ht. set (z := compand g t).
  transitivity (RInt (fun v => (g v - z) ^ 2) (t - 1/2) (t + 1/2)).
  - apply is_RInt_unique. apply (is_Edither_quantize (fun y => (y - z) ^ 2)); [|easy].
    apply continuous_square_error.
  - pose proof Ht as [Ht1 Ht2].
    assert (Hex1 : ex_RInt g (t - 1/2) (t + 1/2)) by (apply ex_RInt_g; lra).
    assert (Hex2 : ex_RInt (fun v => g v ^ 2) (t - 1/2) (t + 1/2)).
    { apply (ex_RInt_comp_g (fun y => y ^ 2)); try lra. intros x.
      apply (ex_derive_continuous (fun y : R => y ^ 2)). auto_derive. easy. }
    assert (Hc : RInt g (t - 1/2) (t + 1/2) = z) by easy.
    rewrite (RInt_ext _ (fun v => (g v ^ 2 - 2 * z * g v) + z ^ 2)) by (intros; simpl; ring).
    rewrite (RInt_plus (V := R_CompleteNormedModule)
              (fun v => g v ^ 2 - 2 * z * g v) (fun _ => z ^ 2)).
    + rewrite (RInt_minus (V := R_CompleteNormedModule)
                (fun v => g v ^ 2) (fun v => 2 * z * g v)).
      * rewrite RInt_scal_R by easy. rewrite RInt_const, Hc.
        unfold window_mse. fold z. unfold plus, minus, opp, scal; simpl; unfold mult, plus; simpl.
        field.
      * easy.
      * now apply ex_RInt_scal_R.
    + apply (ex_RInt_minus (V := R_NormedModule)
               (fun v => g v ^ 2) (fun v => 2 * z * g v)); [easy|]. now apply ex_RInt_scal_R.
    + apply ex_RInt_const.
Qed.

Lemma scalar_mse_nonneg z : 0 <= scalar_mse N g z.
Proof.
  rewrite <- (Edither_const 0). apply Edither_le.
  - apply ex_RInt_const.
  - apply ex_Edither_square_error.
  - intros U _. apply pow2_ge_0.
Qed.

(** ** Symmetry *)

Lemma window_mse_even t : inside t -> window_mse g (INR N - t) = window_mse g t.
Proof.
  intros Ht. unfold window_mse. rewrite compand_odd by easy. pose proof Ht as [Ht1 Ht2].
  replace ((- compand g t) ^ 2) with (compand g t ^ 2) by ring. f_equal.
  symmetry. apply is_RInt_unique.
  apply (is_RInt_ext (fun v => g (INR N - v) ^ 2)).
  - intros v. rewrite Rmin_left, Rmax_right by lra. intros Hv.
    rewrite (gen_odd _ _ Hg) by lra. change ((- g v) ^ 2 = g v ^ 2). ring.
  - apply (is_RInt_reflect (fun v => g v ^ 2)).
    replace (INR N - (t + 1/2)) with (INR N - t - 1/2) by ring.
    replace (INR N - (t - 1/2)) with (INR N - t + 1/2) by ring.
    apply (RInt_correct (fun v => g v ^ 2)).
    apply (ex_RInt_comp_g (fun y => y ^ 2)); try lra. intros x.
    apply (ex_derive_continuous (fun y : R => y ^ 2)). auto_derive. easy.
Qed.

Theorem scalar_mse_even z : scalar_mse N g (- z) = scalar_mse N g z.
Proof.
  destruct (compand_bijective z) as (t & [Ht <-] & _).
  rewrite <- compand_odd by easy.
  rewrite !scalar_mse_window by (easy || now apply inside_reflect).
  now apply window_mse_even.
Qed.

(** Everything at once, for a real z: the point t and what the quantizer does there. *)
Theorem quantizer_at z :
  exists t, inside t /\ compand g t = z /\
    Edither (fun U => quantize N g U z) = z /\
    scalar_mse N g z = window_mse g t.
Proof.
  destruct (compand_bijective z) as (t & [Ht Hz] & _). exists t. repeat split; try easy.
  - apply Ht.
  - apply Ht.
  - apply quantize_unbiased.
  - subst z. now apply scalar_mse_window.
Qed.

End Generator.
