(** * Certified constants for b = 5..8 (SPEC §3, §5.5)

    As CertificateBounds.v, with the constants 2.852, 2.794, 2.766 and 2.753: within 0.7% of the limit of flat vectors, 2.83284,
    2.77548, 2.74776 and 2.73416. *)
From Coq Require Import Reals ZArith QArith Qreals List Lia Lra.
From Hdq Require Import Defs CertificateMajorant CertificateChecker.
Import ListNotations.

(** ** The certificates *)

Open Scope Q_scope.

Definition certificate_b5 : certificate := {|
  constant := 0.00113221; square := 0.000293239; fourth := 0.0000231456;
  coshes := [(0.0000301050, 2.25); (0.00000300931, 2.5); (0.00000000000860296, 4.5)];
  gaussians := [(0.000186792, 0.37); (0.000232374, 0.38)] |}.
Definition grid_b5 : grid := {| first := 8192; growth := 84; step := 262144; mesh := 262144 |}.

Definition certificate_b6 : certificate := {|
  constant := 0.00000195783; square := 0; fourth := 0.00000488662;
  coshes := [(0.000281785, 0.75); (0.00000151848, 2.25); (0.00000322835, 2.5)];
  gaussians := [(0.0000716700, 0.36); (0.0000300342, 0.39)] |}.
Definition grid_b6 : grid := {| first := 16384; growth := 64; step := 524288; mesh := 262144 |}.

Definition certificate_b7 : certificate := {|
  constant := 0.0000724398; square := 0.00000625941; fourth := 0;
  coshes := [(0.0000208384, 1.5); (0.000000191750, 2.75); (0.0000000999726, 3)];
  gaussians := [(0.00000340665, 0.42)] |}.
Definition grid_b7 : grid := {| first := 16384; growth := 44; step := 524288; mesh := 524288 |}.

Definition certificate_b8 : certificate := {|
  constant := 0.0000204853; square := 0.00000296766; fourth := 0;
  coshes := [(0.000000272450, 1.5); (0.00000294385, 1.75); (0.00000000989036, 3); (0.0000000103942, 3.25)];
  gaussians := [(0.000000433811, 0.43)] |}.
Definition grid_b8 : grid := {| first := 16384; growth := 32; step := 1048576; mesh := 524288 |}.

(** ** Their checks *)

Lemma certified_b5 : certifies 5 (111 # 64) (16 # 64) certificate_b5 grid_b5 2.852 = true.
Proof. compute_check. Qed.

Lemma certified_b6 : certifies 6 (111 # 64) (15 # 64) certificate_b6 grid_b6 2.794 = true.
Proof. compute_check. Qed.

Lemma certified_b7 : certifies 7 (111 # 64) (14 # 64) certificate_b7 grid_b7 2.766 = true.
Proof. compute_check. Qed.

Lemma certified_b8 : certifies 8 (111 # 64) (13 # 64) certificate_b8 grid_b8 2.753 = true.
Proof. compute_check. Qed.

Close Scope Q_scope.
Open Scope R_scope.

(** ** The bounds, with any stored scale and with the exact one *)

Theorem stored_bound_b5 d H x rho : hadamard d H -> (0 < d)%nat -> rho <> 0 ->
  norm2 d x <= Q2R variance_allowance * rho ^ 2 ->
  mse 32 (shipped 32 (111/64) (16/64)) d H rho x * 4 ^ 5 <= 2852 / 1000 * rho ^ 2.
Proof. exact (certified_bound_stored 5 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b5 d H x rho). Qed.

Theorem finite_bound_b5 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 32 (shipped 32 (111/64) (16/64)) d H 1 x * 4 ^ 5 <= 2852 / 1000.
Proof. exact (certified_bound 5 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b5 d H x). Qed.

Theorem stored_bound_b6 d H x rho : hadamard d H -> (0 < d)%nat -> rho <> 0 ->
  norm2 d x <= Q2R variance_allowance * rho ^ 2 ->
  mse 64 (shipped 64 (111/64) (15/64)) d H rho x * 4 ^ 6 <= 2794 / 1000 * rho ^ 2.
Proof. exact (certified_bound_stored 6 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b6 d H x rho). Qed.

Theorem finite_bound_b6 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 64 (shipped 64 (111/64) (15/64)) d H 1 x * 4 ^ 6 <= 2794 / 1000.
Proof. exact (certified_bound 6 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b6 d H x). Qed.

Theorem stored_bound_b7 d H x rho : hadamard d H -> (0 < d)%nat -> rho <> 0 ->
  norm2 d x <= Q2R variance_allowance * rho ^ 2 ->
  mse 128 (shipped 128 (111/64) (14/64)) d H rho x * 4 ^ 7 <= 2766 / 1000 * rho ^ 2.
Proof. exact (certified_bound_stored 7 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b7 d H x rho). Qed.

Theorem finite_bound_b7 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 128 (shipped 128 (111/64) (14/64)) d H 1 x * 4 ^ 7 <= 2766 / 1000.
Proof. exact (certified_bound 7 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b7 d H x). Qed.

Theorem stored_bound_b8 d H x rho : hadamard d H -> (0 < d)%nat -> rho <> 0 ->
  norm2 d x <= Q2R variance_allowance * rho ^ 2 ->
  mse 256 (shipped 256 (111/64) (13/64)) d H rho x * 4 ^ 8 <= 2753 / 1000 * rho ^ 2.
Proof. exact (certified_bound_stored 8 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b8 d H x rho). Qed.

Theorem finite_bound_b8 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 256 (shipped 256 (111/64) (13/64)) d H 1 x * 4 ^ 8 <= 2753 / 1000.
Proof. exact (certified_bound 8 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b8 d H x). Qed.
