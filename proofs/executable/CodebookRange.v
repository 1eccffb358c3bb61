(** * How large thresholds and codewords of the shipped generators can be: far below the limits of binary32 *)
From Coq Require Import ZArith Reals List Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.Raux Core.Zaux.
From Hdq Require Import Defs DitheredQuantizer Gaussian ShippedGenerator Constants.
From Hdq Require Import FloatTree FloatTransform FloatCode FloatCodebook.
Open Scope R_scope.

(** g grows no faster than its mean on half the way to the end. *)
Lemma generator_size N sigma kappa v : (2 <= N)%nat -> 0 < sigma -> 0 < kappa -> / 2 ^ 33 <= v -> v <= INR N - / 2 ^ 33 ->
  Rabs (shipped N sigma kappa v) <= (sigma * INR N + kappa * (34 + INR N ^ 2)) * 2 ^ 35.
Proof.
  intros HN Hsigma Hkappa Hlo Hhi. pose proof (levels_two N HN) as Hn.
  pose proof (shipped_generator N sigma kappa HN Hsigma Hkappa) as Hg.
  set (M := sigma * INR N + kappa * (34 + INR N ^ 2)).
  assert (HM : 0 <= M).
  { unfold M. apply Rplus_le_le_0_compat; apply Rmult_le_pos; try lra. pose proof (pow2_ge_0 (INR N)). lra. }
  assert (H34 : / 2 ^ 34 = / 2 ^ 33 / 2) by (simpl; lra). assert (Hh : 0 < / 2 ^ 33) by (apply Rinv_0_lt_compat, pow_lt; lra).
  assert (Hlow : forall u, / 2 ^ 33 <= u -> u <= INR N - / 2 ^ 33 -> - (M * 2 ^ 35) <= shipped N sigma kappa u).
  { intros u Hu1 Hu2.
    pose proof (RInt_g_lt N (shipped N sigma kappa) Hg (u / 2) u ltac:(lra) ltac:(lra) ltac:(lra)) as H.
    rewrite RInt_shipped in H by (easy || lra).
    pose proof (antiderivative_abs_le N sigma kappa HN Hsigma Hkappa 34 u ltac:(lia) ltac:(lra) ltac:(lra)) as H1.
    pose proof (antiderivative_abs_le N sigma kappa HN Hsigma Hkappa 34 (u / 2) ltac:(lia) ltac:(lra) ltac:(lra)) as H2.
    replace (INR 34) with 34 in H1, H2 by (simpl; lra). fold M in H1, H2.
    apply Rabs_le_inv in H1, H2.
    assert (Hmean : - (2 * M) < shipped N sigma kappa u * (u / 2)) by lra.
    destruct (Rle_or_lt 0 (shipped N sigma kappa u)) as [Hp | Hneg].
    - apply Rle_trans with 0; [|exact Hp]. assert (0 <= M * 2 ^ 35) by (apply Rmult_le_pos; [easy|apply pow_le; lra]). lra.
    - assert (Hstep : shipped N sigma kappa u * (u / 2) <= shipped N sigma kappa u * / 2 ^ 34).
      { apply Rmult_le_compat_neg_l; lra. }
      apply Rmult_le_reg_r with (/ 2 ^ 34); [apply Rinv_0_lt_compat, pow_lt; lra|].
      replace (- (M * 2 ^ 35) * / 2 ^ 34) with (- (2 * M)) by (simpl; field). lra. }
  apply Rabs_le. split; [now apply Hlow|].
  pose proof (gen_odd N _ Hg v ltac:(lra)) as Hodd. pose proof (Hlow (INR N - v) ltac:(lra) ltac:(lra)). lra.
Qed.

Section Shipped.
Variables (b : nat) (w : nat).
Hypothesis Hb : (1 <= b <= 8)%nat.
Hypothesis Hw : INR w + 1 <= 2 ^ 32.
Let g := shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b).
Let U := dither_of_word w.

Lemma word_range : / 2 ^ 33 <= U /\ U <= 1 - / 2 ^ 33.
Proof. unfold U, dither_of_word. pose proof (pos_INR w). simpl in *. lra. Qed.

Lemma shipped_sizes : (2 <= 2 ^ b)%nat /\ 0 < shipped_sigma b /\ 0 < shipped_kappa b /\
  shipped_sigma b * INR (2 ^ b) + shipped_kappa b * (34 + INR (2 ^ b) ^ 2) <= 2 ^ 14.
Proof.
  split; [apply (Nat.pow_le_mono_r 2 1 b); lia|]. rewrite pow_INR.
  destruct b as [|[|[|[|[|[|[|[|[|c]]]]]]]]]; try lia;
    unfold shipped_sigma, shipped_kappa, shipped_sigma_times_64, shipped_kappa_times_64; simpl; lra.
Qed.

Lemma shipped_threshold_size k : (1 <= k <= 2 ^ b - 1)%nat -> Rabs (threshold g k U) <= bpow radix2 16.
Proof.
  intros Hk. destruct shipped_sizes as (HN & Hs & Hkp & Hsize). destruct word_range as [Hlo Hhi].
  eapply Rle_trans; [apply threshold_abs_le; easy|].
  replace (bpow radix2 16) with (2 ^ 16) by (simpl; lra).
  assert (0 <= shipped_sigma b * INR (2 ^ b)) by (apply Rmult_le_pos; [lra|apply pos_INR]). simpl in *. lra.
Qed.

Lemma shipped_codeword_size k : (k < 2 ^ b)%nat -> Rabs (codeword g k U) <= bpow radix2 49.
Proof.
  intros Hk. destruct shipped_sizes as (HN & Hs & Hkp & Hsize). destruct word_range as [Hlo Hhi].
  assert (HkN : INR k + 1 <= INR (2 ^ b)) by (rewrite <- S_INR; apply le_INR; lia). pose proof (pos_INR k).
  eapply Rle_trans; [apply generator_size; try easy; lra|].
  replace (bpow radix2 49) with (2 ^ 14 * 2 ^ 35) by (simpl; lra). apply Rmult_le_compat_r; [apply pow_le; lra|exact Hsize].
Qed.
End Shipped.

(** What is within the codebook's error of such a number is hardly larger. *)
Lemma codebook_size exact computed e : (0 <= e)%Z -> Rabs exact <= bpow radix2 e ->
  Rabs (computed - exact) <= codebook_error exact -> Rabs computed <= bpow radix2 (e + 1).
Proof.
  intros He Hexact Herr. unfold codebook_error in Herr.
  replace computed with (exact + (computed - exact)) by ring. eapply Rle_trans; [apply Rabs_triang|].
  assert (H1 : 1 <= bpow radix2 e) by (now apply (bpow_le radix2 0)).
  assert (H2 : bpow radix2 (-40) <= / 2) by (apply (bpow_le radix2 (-40) (-1)); lia).
  assert (H3 : (1 + Rabs exact) * bpow radix2 (-40) <= (1 + Rabs exact) * / 2).
  { apply Rmult_le_compat_l; [|exact H2]. pose proof (Rabs_pos exact). lra. }
  rewrite bpow_plus. simpl (bpow radix2 1). lra.
Qed.
