(** * Double thresholds of the shipped codebook are sorted (SPEC §3, §4)

    Neighbouring thresholds are at least sigma sqrt(2 pi)/N apart and none exceeds 2^20 in
    size, whatever the dither word; a codebook within [codebook_error] of them is sorted
    therefore. Counting T_k <= y, binary search, and the sorted-threshold hypothesis of
    FloatCode.v rest on this. *)
From Coq Require Import ZArith Reals List Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.Raux Core.Zaux.
From Hdq Require Import Defs DitheredQuantizer Gaussian NormalQuantile ShippedGenerator Constants.
From Hdq Require Import FloatTree FloatTransform FloatCode.
Open Scope R_scope.

Lemma sqrt_two_pi_ge_2 : 2 <= sqrt (2 * PI).
Proof.
  replace 2 with (sqrt (2 * 2)) at 1 by (apply sqrt_square; lra). apply sqrt_le_1_alt.
  pose proof PI2_1 as H. unfold PI2 in H. lra.
Qed.

Section Shipped.
Variables (N : nat) (sigma kappa : R).
Hypothesis HN : (2 <= N)%nat.
Hypothesis Hsigma : 0 < sigma.
Hypothesis Hkappa : 0 < kappa.
Let g := shipped N sigma kappa.

Lemma levels_two : 2 <= INR N.
Proof. exact (le_INR 2 N HN). Qed.

Lemma shipped_derivative_ge v : 0 < v < INR N -> 2 * sigma / INR N <= shipped_derivative N sigma kappa v.
Proof.
  intros Hv. pose proof levels_two as Hn. unfold shipped_derivative.
  assert (H1 : 1 <= exp (Phi_inv (v / INR N) ^ 2 / 2)).
  { rewrite <- exp_0. apply Raux.exp_le. pose proof (pow2_ge_0 (Phi_inv (v / INR N))). lra. }
  assert (H2 : 0 <= kappa * (1 / (INR N - v) ^ 2 + 1 / v ^ 2)).
  { apply Rmult_le_pos; [lra|].
    apply Rplus_le_le_0_compat; apply Rdiv_le_0_compat; try lra; apply pow_lt; lra. }
  assert (H3 : sigma / INR N * 2 <= sigma / INR N * (sqrt (2 * PI) * exp (Phi_inv (v / INR N) ^ 2 / 2))).
  { apply Rmult_le_compat_l; [apply Rdiv_le_0_compat; lra|]. pose proof sqrt_two_pi_ge_2. nra. }
  replace (2 * sigma / INR N) with (sigma / INR N * 2) by (field; lra). lra.
Qed.

Lemma shipped_step v : 0 < v -> v + 1 < INR N -> 2 * sigma / INR N <= g (v + 1) - g v.
Proof.
  intros Hv0 Hv1.
  destruct (MVT_gen g v (v + 1) (shipped_derivative N sigma kappa)) as (r & Hr & Heq).
  - intros r Hr. rewrite Rmin_left, Rmax_right in Hr by lra. apply is_derive_shipped. lra.
  - intros r Hr. rewrite Rmin_left, Rmax_right in Hr by lra.
    apply continuity_pt_filterlim, (ex_derive_continuous g).
    eexists. apply is_derive_shipped. lra.
  - rewrite Rmin_left, Rmax_right in Hr by lra. rewrite Heq.
    replace (v + 1 - v) with 1 by ring. rewrite Rmult_1_r. apply shipped_derivative_ge. lra.
Qed.

Lemma threshold_gap k U : 0 < U < 1 -> (1 <= k)%nat -> (k < N - 1)%nat ->
  2 * sigma / INR N <= threshold g (S k) U - threshold g k U.
Proof.
  intros HU Hk1 Hk2. pose proof (shipped_generator N sigma kappa HN Hsigma Hkappa) as Hg.
  assert (HkN : INR k + 1 <= INR N - 1).
  { replace (INR N - 1) with (INR (N - 1)) by (rewrite minus_INR by lia; simpl; ring).
    rewrite <- S_INR. apply le_INR. lia. }
  apply le_INR in Hk1. simpl in Hk1. rewrite !threshold_compand, S_INR.
  set (t := INR k + U - 1/2). replace (INR k + 1 + U - 1/2) with (t + 1) by (unfold t; ring).
  destruct (MVT_gen (compand g) t (t + 1) (fun r => g (r + 1/2) - g (r - 1/2))) as (r & Hr & Heq).
  - intros r Hr. rewrite Rmin_left, Rmax_right in Hr by lra.
    apply (compand_derivative N g Hg). unfold inside, t in *. lra.
  - intros r Hr. rewrite Rmin_left, Rmax_right in Hr by lra.
    apply continuity_pt_filterlim, (compand_continuous N g Hg). unfold inside, t in *. lra.
  - rewrite Rmin_left, Rmax_right in Hr by lra. rewrite Heq.
    replace (t + 1 - t) with 1 by ring. rewrite Rmult_1_r.
    replace (r + 1/2) with (r - 1/2 + 1) by field. apply shipped_step; unfold t in *; lra.
Qed.

Lemma phi_le_1 x : 0 <= phi x <= 1.
Proof.
  pose proof sqrt_two_pi_ge_2 as H2. pose proof (exp_pos (- x ^ 2 / 2)) as H0.
  assert (H1 : exp (- x ^ 2 / 2) <= 1).
  { rewrite <- exp_0. apply Raux.exp_le. pose proof (pow2_ge_0 x). lra. }
  unfold phi. split; [apply Rdiv_le_0_compat; lra|].
  apply Rle_div_l; lra.
Qed.

Lemma antiderivative_abs_le m v : (1 <= m)%nat -> / 2 ^ m <= v -> v <= INR N - / 2 ^ m ->
  Rabs (shipped_antiderivative N sigma kappa v) <= sigma * INR N + kappa * (INR m + INR N ^ 2).
Proof.
  intros Hm Hlo Hhi. pose proof levels_two as Hn. set (h := / 2 ^ m) in *.
  assert (Hh : 0 < h <= 1/2).
  { unfold h. split; [apply Rinv_0_lt_compat, pow_lt; lra|]. replace (1/2) with (/ 2) by lra.
    apply Rinv_le_contravar; [lra|]. rewrite <- (pow_1 2) at 1. apply Rle_pow; [lra|easy]. }
  unfold shipped_antiderivative.
  replace (- sigma * INR N * phi (Phi_inv (v / INR N)) - kappa * ln (v * (INR N - v)))
    with (- (sigma * INR N * phi (Phi_inv (v / INR N)) + kappa * ln (v * (INR N - v)))) by ring.
  rewrite Rabs_Ropp. eapply Rle_trans; [apply Rabs_triang|]. apply Rplus_le_compat.
  - assert (0 <= sigma * INR N) by (apply Rmult_le_pos; lra).
    pose proof (phi_le_1 (Phi_inv (v / INR N))). rewrite Rabs_pos_eq by (apply Rmult_le_pos; lra).
    rewrite <- (Rmult_1_r (sigma * INR N)) at 2. apply Rmult_le_compat_l; lra.
  - rewrite Rabs_mult, (Rabs_pos_eq kappa) by lra. apply Rmult_le_compat_l; [lra|].
    assert (Hp : h <= v * (INR N - v)) by nra.
    assert (Hq : v * (INR N - v) <= INR N ^ 2) by nra.
    assert (Hln : - ln h <= INR m).
    { unfold h. rewrite ln_Rinv by (apply pow_lt; lra). rewrite Ropp_involutive, ln_pow by lra.
      assert (ln 2 <= 1).
      { rewrite <- (ln_exp 1). apply ln_le; [lra|]. pose proof (exp_ineq1_le 1). lra. }
      rewrite <- (Rmult_1_r (INR m)) at 2. apply Rmult_le_compat_l; [apply pos_INR|easy]. }
    pose proof (pos_INR m). apply Rabs_le. split.
    + assert (ln h <= ln (v * (INR N - v))) by (apply ln_le; lra).
      pose proof (pow2_ge_0 (INR N)). lra.
    + assert (ln (v * (INR N - v)) <= ln (exp (INR N ^ 2))).
      { apply ln_le; [lra|]. pose proof (exp_ineq1_le (INR N ^ 2)). lra. }
      rewrite ln_exp in *. lra.
Qed.

Lemma threshold_abs_le k U : (1 <= k <= N - 1)%nat -> / 2 ^ 33 <= U -> U <= 1 - / 2 ^ 33 ->
  Rabs (threshold g k U) <= 2 * (sigma * INR N + kappa * (33 + INR N ^ 2)).
Proof.
  intros Hk Hlo Hhi. assert (Hh : 0 < / 2 ^ 33) by (apply Rinv_0_lt_compat, pow_lt; lra).
  unfold g. rewrite threshold_shipped by (easy || lra).
  assert (H1 : 1 <= INR k) by (apply (le_INR 1); lia).
  assert (H2 : INR k <= INR N - 1).
  { replace (INR N - 1) with (INR (N - 1)) by (rewrite minus_INR by lia; simpl; ring). apply le_INR. lia. }
  eapply Rle_trans; [apply FloatTree.Rabs_minus_le|].
  pose proof (antiderivative_abs_le 33 (INR k + U) ltac:(lia) ltac:(lra) ltac:(lra)).
  pose proof (antiderivative_abs_le 33 (INR k - 1 + U) ltac:(lia) ltac:(lra) ltac:(lra)).
  replace (INR 33) with 33 in * by (simpl; lra). lra.
Qed.

Lemma codebook_sorted U theta' :
  / 2 ^ 33 <= U -> U <= 1 - / 2 ^ 33 ->
  (1 + 2 * (sigma * INR N + kappa * (33 + INR N ^ 2))) / 2 ^ 39 <= 2 * sigma / INR N ->
  (forall k, (1 <= k <= N - 1)%nat -> Rabs (theta' k - threshold g k U) <= codebook_error (threshold g k U)) ->
  nondecreasing (N - 1) theta'.
Proof.
  intros Hlo Hhi Hfine Herr k Hk1 Hk2.
  assert (Hh : 0 < / 2 ^ 33) by (apply Rinv_0_lt_compat, pow_lt; lra).
  pose proof (threshold_gap k U ltac:(lra) Hk1 Hk2) as Hgap.
  assert (He : forall i, (1 <= i <= N - 1)%nat ->
    Rabs (theta' i - threshold g i U) <= (1 + 2 * (sigma * INR N + kappa * (33 + INR N ^ 2))) / 2 ^ 40).
  { intros i Hi. eapply Rle_trans; [now apply Herr|]. unfold codebook_error.
    replace (bpow radix2 (-40)) with (/ 2 ^ 40) by (simpl; lra).
    apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, pow_lt; lra|].
    pose proof (threshold_abs_le i U Hi Hlo Hhi). lra. }
  pose proof (He k ltac:(lia)) as H1. pose proof (He (S k) ltac:(lia)) as H2.
  apply Rabs_le_inv in H1, H2.
  set (m := 1 + 2 * (sigma * INR N + kappa * (33 + INR N ^ 2))) in *.
  replace (m / 2 ^ 39) with (m / 2 ^ 40 + m / 2 ^ 40) in Hfine by (simpl; field).
  lra.
Qed.
End Shipped.

(** Every shipped codebook, every dither word. *)
Theorem shipped_codebook_sorted b w theta' :
  (1 <= b <= 8)%nat -> INR w + 1 <= 2 ^ 32 ->
  let g := shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b) in
  let U := dither_of_word w in
  (forall k, (1 <= k <= 2 ^ b - 1)%nat -> Rabs (theta' k - threshold g k U) <= codebook_error (threshold g k U)) ->
  nondecreasing (2 ^ b - 1) theta'.
Proof.
  intros Hb Hw g U Herr.
  assert (HN : (2 <= 2 ^ b)%nat) by (apply (Nat.pow_le_mono_r 2 1 b); lia).
  assert (HU : / 2 ^ 33 <= U /\ U <= 1 - / 2 ^ 33).
  { unfold U, dither_of_word. pose proof (pos_INR w). simpl in *. lra. }
  assert (Hnum : 0 < shipped_sigma b /\ 0 < shipped_kappa b /\
    (1 + 2 * (shipped_sigma b * INR (2 ^ b) + shipped_kappa b * (33 + INR (2 ^ b) ^ 2))) / 2 ^ 39
    <= 2 * shipped_sigma b / INR (2 ^ b)).
  { rewrite pow_INR.
    destruct b as [|[|[|[|[|[|[|[|[|b]]]]]]]]]; try lia;
      unfold shipped_sigma, shipped_kappa, shipped_sigma_times_64, shipped_kappa_times_64; simpl; lra. }
  destruct Hnum as (Hs & Hk & Hfine).
  now apply (codebook_sorted (2 ^ b) (shipped_sigma b) (shipped_kappa b) HN Hs Hk U theta').
Qed.
