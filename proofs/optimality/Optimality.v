(** * The best possible, b = 1..4 (SPEC §5.10)

    For a unit vector whose entries are 0 and +-1/32, in any dimension, by the certificates of OptimalityCertificates.v: what any unbiased rule of
    2^b levels errs at least, and the shipped quantizer at most. *)
From Coq Require Import Reals ZArith QArith Qreals List Bool Lra Lia FunctionalExtensionality.
From Hdq Require Import Defs Sums Rademacher UnbiasedRule FlatVector FlatError.
From Hdq Require Import CertificateMajorant CertificateChecker CertificateBounds SurrogateCertificate OptimalityCertificates.
Open Scope R_scope.

Lemma flat_dimension n d x : flat n d x -> (0 < d)%nat.
Proof. intros [H _]. destruct d; [unfold norm2, dot in H; simpl in H; lra | lia]. Qed.

(** Any unbiased rule errs at least what a checked certificate says. *)
Theorem flat_lower_bound {T} has_mean (E : (T -> R) -> R) levels q d H x m bound :
  is_mean has_mean E -> (forall j, (j < d)%nat -> unbiased_rule has_mean E levels (attained d x) (q j)) -> hadamard d H ->
  certifies levels m bound = true -> flat (root m * root m) d x -> Q2R bound <= rule_mse E q d H 1 x.
Proof.
  intros HE Hq HH Hm Hx.
  assert (E1 : (fun i => x i / 1) = x) by (extensionality i; field).
  destruct (certified_distortion levels m bound d x Hm Hx) as (zeta & D & HD & HB).
  apply Rle_trans with (1 := HB).
  pose proof (optimality T has_mean E HE levels q d H HH 1 x ltac:(lra)) as B. rewrite E1 in B.
  specialize (B Hq zeta D (flat_dimension _ _ _ Hx) HD).
  rewrite pow1, Rmult_1_l in B. apply Rle_trans with (2 := B). right. f_equal. apply Esign_ext. intros e _.
  now replace (rademacher d x e / 1) with (rademacher d x e) by field.
Qed.

(** What the shipped quantizer errs at most, there. *)
Lemma flat_upper_bound bits sigma kappa m gr C v bound d H x : (1 <= bits)%nat -> 0 < Q2R sigma -> 0 < Q2R kappa ->
  CertificateChecker.certifies bits sigma kappa m gr C = true -> flat_error_at_most (2 ^ bits) sigma kappa m 32 v bound = true ->
  hadamard d H -> flat 1024 d x -> mse (2 ^ bits) (shipped (2 ^ bits) (Q2R sigma) (Q2R kappa)) d H 1 x <= Q2R bound.
Proof.
  intros Hb Hs Hk Hm Hv HH Hx.
  unfold CertificateChecker.certifies in Hm. rewrite !andb_true_iff in Hm. destruct Hm as [[[E1 _] E3] _].
  apply certificate_ok_correct in E1.
  apply (flat_error_correct (2 ^ bits) sigma kappa (levels_of_bits bits Hb) Hs Hk m) with (r := 32%nat) (v := v); try assumption.
  - exact (check_correct (2 ^ bits) sigma kappa (levels_of_bits bits Hb) Hs Hk m E1 _ _ E3).
  - lia.
  - exact (flat_dimension _ _ _ Hx).
Qed.

Theorem optimality_flat_b1 {T} has_mean (E : (T -> R) -> R) q d H x :
  is_mean has_mean E -> (forall j, (j < d)%nat -> unbiased_rule has_mean E 2 (attained d x) (q j)) -> hadamard d H -> flat 1024 d x ->
  160552 / 100000 <= rule_mse E q d H 1 x /\
  mse 2 (shipped 2 (93/64) (32/64)) d H 1 x <= 10033 / 10000 * rule_mse E q d H 1 x /\
  forall d' H' y, hadamard d' H' -> norm2 d' y = 1 ->
    mse 2 (shipped 2 (93/64) (32/64)) d' H' 1 y <= 10098 / 10000 * rule_mse E q d H 1 x.
Proof.
  intros HE Hq HH Hx.
  assert (L : 160552 / 100000 <= rule_mse E q d H 1 x)
    by exact (flat_lower_bound has_mean E 2 q d H x _ _ HE Hq HH surrogate_certified_b1 Hx).
  assert (U : mse 2 (shipped 2 (93/64) (32/64)) d H 1 x <= 161081 / 100000)
    by exact (flat_upper_bound 1 _ _ _ _ _ _ _ d H x ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b1 error_certified_b1 HH Hx).
  split; [exact L|]. split; [lra|]. intros d' H' y HH' Hy.
  pose proof (finite_bound_b1 d' H' y HH' Hy). lra.
Qed.

Theorem optimality_flat_b2 {T} has_mean (E : (T -> R) -> R) q d H x :
  is_mean has_mean E -> (forall j, (j < d)%nat -> unbiased_rule has_mean E 4 (attained d x) (q j)) -> hadamard d H -> flat 1024 d x ->
  24357 / 100000 <= rule_mse E q d H 1 x /\
  mse 4 (shipped 4 (109/64) (24/64)) d H 1 x <= 10077 / 10000 * rule_mse E q d H 1 x /\
  forall d' H' y, hadamard d' H' -> norm2 d' y = 1 ->
    mse 4 (shipped 4 (109/64) (24/64)) d' H' 1 y <= 10149 / 10000 * rule_mse E q d H 1 x.
Proof.
  intros HE Hq HH Hx.
  assert (L : 24357 / 100000 <= rule_mse E q d H 1 x)
    by exact (flat_lower_bound has_mean E 4 q d H x _ _ HE Hq HH surrogate_certified_b2 Hx).
  assert (U : mse 4 (shipped 4 (109/64) (24/64)) d H 1 x <= 2454411 / 10000000)
    by exact (flat_upper_bound 2 _ _ _ _ _ _ _ d H x ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b2 error_certified_b2 HH Hx).
  split; [exact L|]. split; [lra|]. intros d' H' y HH' Hy.
  pose proof (finite_bound_b2 d' H' y HH' Hy). lra.
Qed.

Theorem optimality_flat_b3 {T} has_mean (E : (T -> R) -> R) q d H x :
  is_mean has_mean E -> (forall j, (j < d)%nat -> unbiased_rule has_mean E 8 (attained d x) (q j)) -> hadamard d H -> flat 1024 d x ->
  50016 / 1000000 <= rule_mse E q d H 1 x /\
  mse 8 (shipped 8 (111/64) (20/64)) d H 1 x <= 10082 / 10000 * rule_mse E q d H 1 x /\
  forall d' H' y, hadamard d' H' -> norm2 d' y = 1 ->
    mse 8 (shipped 8 (111/64) (20/64)) d' H' 1 y <= 10154 / 10000 * rule_mse E q d H 1 x.
Proof.
  intros HE Hq HH Hx.
  assert (L : 50016 / 1000000 <= rule_mse E q d H 1 x)
    by exact (flat_lower_bound has_mean E 8 q d H x _ _ HE Hq HH surrogate_certified_b3 Hx).
  assert (U : mse 8 (shipped 8 (111/64) (20/64)) d H 1 x <= 504227 / 10000000)
    by exact (flat_upper_bound 3 _ _ _ _ _ _ _ d H x ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b3 error_certified_b3 HH Hx).
  split; [exact L|]. split; [lra|]. intros d' H' y HH' Hy.
  pose proof (finite_bound_b3 d' H' y HH' Hy). lra.
Qed.

Theorem optimality_flat_b4 {T} has_mean (E : (T -> R) -> R) q d H x :
  is_mean has_mean E -> (forall j, (j < d)%nat -> unbiased_rule has_mean E 16 (attained d x) (q j)) -> hadamard d H -> flat 1024 d x ->
  11320 / 1000000 <= rule_mse E q d H 1 x /\
  mse 16 (shipped 16 (111/64) (18/64)) d H 1 x <= 10192 / 10000 * rule_mse E q d H 1 x /\
  forall d' H' y, hadamard d' H' -> norm2 d' y = 1 ->
    mse 16 (shipped 16 (111/64) (18/64)) d' H' 1 y <= 10263 / 10000 * rule_mse E q d H 1 x.
Proof.
  intros HE Hq HH Hx.
  assert (L : 11320 / 1000000 <= rule_mse E q d H 1 x)
    by exact (flat_lower_bound has_mean E 16 q d H x _ _ HE Hq HH surrogate_certified_b4 Hx).
  assert (U : mse 16 (shipped 16 (111/64) (18/64)) d H 1 x <= 115364 / 10000000)
    by exact (flat_upper_bound 4 _ _ _ _ _ _ _ d H x ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b4 error_certified_b4 HH Hx).
  split; [exact L|]. split; [lra|]. intros d' H' y HH' Hy.
  pose proof (finite_bound_b4 d' H' y HH' Hy). lra.
Qed.
