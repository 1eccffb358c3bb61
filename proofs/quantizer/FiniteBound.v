(** * A majorant of M bounds the error of every vector (SPEC §5.5)

    If M(z) <= a0 + a2 z^2 + a4 z^4 + sum c_k cosh(s_k z) + sum e_l exp(lambda_l z^2) for all
    real z, with a4, c_k, e_l >= 0 and 0 <= lambda_l < 1/2, then for every dimension, every
    Hadamard matrix and every x the relative mean squared error is at most
    a0 + a2 + 3 a4 + sum c_k exp(s_k^2/2) + sum e_l (1 - 2 lambda_l)^(-1/2). *)
From Coq Require Import Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Sums Rademacher DitheredQuantizer VectorQuantizer.
Open Scope R_scope.

Record majorant := {
  maj_one : R;                          (* coefficient of 1, any sign *)
  maj_z2 : R;                           (* of z^2, any sign *)
  maj_z4 : R;                           (* of z^4 *)
  maj_coshes : nat;  maj_c : vec;  maj_s : vec;       (* c_k cosh (s_k z) *)
  maj_exps : nat;    maj_e : vec;  maj_lambda : vec   (* e_l exp (lambda_l z^2) *)
}.

Definition majorant_at (m : majorant) (z : R) : R :=
  maj_one m + maj_z2 m * z ^ 2 + maj_z4 m * z ^ 4 +
  sum (maj_coshes m) (fun k => maj_c m k * cosh (maj_s m k * z)) +
  sum (maj_exps m) (fun l => maj_e m l * exp (maj_lambda m l * z ^ 2)).

Definition majorant_valid (m : majorant) : Prop :=
  0 <= maj_z4 m /\
  (forall k, (k < maj_coshes m)%nat -> 0 <= maj_c m k) /\
  (forall l, (l < maj_exps m)%nat -> 0 <= maj_e m l /\ 0 <= maj_lambda m l < 1/2).

(** Its mean over a Rademacher sum of variance v, at most. *)
Definition majorant_bound_var (m : majorant) (v : R) : R :=
  maj_one m + maj_z2 m * v + 3 * maj_z4 m * v ^ 2 +
  sum (maj_coshes m) (fun k => maj_c m k * exp (maj_s m k ^ 2 * v / 2)) +
  sum (maj_exps m) (fun l => maj_e m l * / sqrt (1 - 2 * maj_lambda m l * v)).

Definition majorant_bound (m : majorant) : R :=
  maj_one m + maj_z2 m + 3 * maj_z4 m +
  sum (maj_coshes m) (fun k => maj_c m k * exp (maj_s m k ^ 2 / 2)) +
  sum (maj_exps m) (fun l => maj_e m l * / sqrt (1 - 2 * maj_lambda m l)).

Lemma majorant_bound_var_1 m : majorant_bound_var m 1 = majorant_bound m.
Proof.
  unfold majorant_bound_var, majorant_bound. f_equal; [f_equal|].
  - ring.
  - apply sum_ext. intros k _. do 2 f_equal. field.
  - apply sum_ext. intros l _. do 3 f_equal. ring.
Qed.

Theorem majorant_mean m d x :
  majorant_valid m ->
  (forall l, (l < maj_exps m)%nat -> 2 * maj_lambda m l * norm2 d x < 1) ->
  Esign d (fun e => majorant_at m (rademacher d x e)) <= majorant_bound_var m (norm2 d x).
Proof.
  intros (Hz4 & Hc & He) Hvar. unfold majorant_at, majorant_bound_var.
  rewrite !Esign_plus, Esign_const, !Esign_scal_l, rademacher_second_moment, !Esign_sum.
  repeat apply Rplus_le_compat; try lra.
  - replace (3 * maj_z4 m * norm2 d x ^ 2) with (maj_z4 m * (3 * norm2 d x ^ 2)) by ring.
    apply Rmult_le_compat_l; [easy|]. apply rademacher_fourth_moment_le.
  - apply sum_le. intros k Hk. rewrite Esign_scal_l.
    apply Rmult_le_compat_l; [now apply Hc|]. apply rademacher_cosh_moment.
  - apply sum_le. intros l Hl. rewrite Esign_scal_l. destruct (He l Hl) as [Hel Hlam].
    apply Rmult_le_compat_l; [easy|].
    apply rademacher_exp_square_moment; [lra|]. now apply Hvar.
Qed.

Section FiniteBound.

Variables (N : nat) (g : R -> R).
Hypothesis Hg : generator N g.
Variable m : majorant.
Hypothesis Hvalid : majorant_valid m.
Hypothesis Hmaj : forall z, scalar_mse N g z <= majorant_at m z.

(** Any stored scale: with v = |x|^2/rho^2 the variance of a coordinate of H D x / rho. *)
Theorem finite_bound_any_scale d H x rho :
  hadamard d H -> (0 < d)%nat -> rho <> 0 ->
  (forall l, (l < maj_exps m)%nat -> 2 * maj_lambda m l * (norm2 d x / rho ^ 2) < 1) ->
  mse N g d H rho x <= rho ^ 2 * majorant_bound_var m (norm2 d x / rho ^ 2).
Proof.
  intros HH Hd Hrho Hvar. rewrite (mse_identity N g Hg d H HH) by easy.
  apply Rmult_le_compat_l; [apply pow2_ge_0|].
  assert (Hv : norm2 d (fun i => x i / rho) = norm2 d x / rho ^ 2).
  { rewrite (norm2_ext d _ (fun i => / rho * x i)) by (intros; field; easy).
    rewrite norm2_scal. field. easy. }
  rewrite <- Hv in *. eapply Rle_trans; [|apply majorant_mean; easy].
  apply Esign_le. intros e _. rewrite rademacher_div. apply Hmaj.
Qed.

(** Unit vectors. *)
Theorem finite_bound_unit d H x :
  hadamard d H -> norm2 d x = 1 -> mse N g d H 1 x <= majorant_bound m.
Proof.
  intros HH Hx.
  assert (Hd : (0 < d)%nat).
  { destruct d as [|d]; [|lia]. unfold norm2, dot in Hx. simpl in Hx. lra. }
  assert (H1 : norm2 d x / 1 ^ 2 = 1) by (rewrite Hx; field).
  pose proof (finite_bound_any_scale d H x 1 HH Hd R1_neq_R0) as Hf.
  rewrite H1, majorant_bound_var_1, pow1, Rmult_1_l in Hf. apply Hf.
  intros l Hl. destruct Hvalid as (_ & _ & He). destruct (He l Hl). lra.
Qed.

(** Every nonzero vector, scaled by its norm. *)
Theorem finite_bound d H x :
  hadamard d H -> norm2 d x <> 0 ->
  mse N g d H (sqrt (norm2 d x)) x <= norm2 d x * majorant_bound m.
Proof.
  intros HH Hx. pose proof (norm2_nonneg d x) as Hnn.
  assert (Hd : (0 < d)%nat).
  { destruct d as [|d]; [|lia]. unfold norm2, dot in Hx. simpl in Hx. lra. }
  assert (Hsq : sqrt (norm2 d x) ^ 2 = norm2 d x) by (rewrite <- Rsqr_pow2; now apply Rsqr_sqrt).
  assert (Hs : sqrt (norm2 d x) <> 0) by (apply Rgt_not_eq, sqrt_lt_R0; lra).
  assert (H1 : norm2 d x / sqrt (norm2 d x) ^ 2 = 1) by (rewrite Hsq; field; easy).
  pose proof (finite_bound_any_scale d H x _ HH Hd Hs) as Hf.
  rewrite H1, majorant_bound_var_1, Hsq in Hf. apply Hf.
  intros l Hl. destruct Hvalid as (_ & _ & He). destruct (He l Hl). lra.
Qed.

(** Padded vectors: the n coordinates that are kept err no more. *)
Corollary finite_bound_truncated n d H x :
  hadamard d H -> norm2 d x <> 0 -> (n <= d)%nat ->
  Esign d (fun eps => Edither (fun U =>
    norm2 n (fun i => reconstruct N g d H (sqrt (norm2 d x)) x eps U i - x i)))
  <= norm2 d x * majorant_bound m.
Proof.
  intros HH Hx Hn. eapply Rle_trans; [|now apply (finite_bound d H)].
  apply truncated_mse_le; try easy.
  apply Rgt_not_eq, sqrt_lt_R0. pose proof (norm2_nonneg d x). lra.
Qed.

End FiniteBound.
