(** * Certified constants for b = 1..4 (SPEC §3, §5.5)

    For every dimension, every Hadamard matrix and every unit vector, the mean squared error of the shipped quantizer times 4^b is
    at most 6.485, 3.955, 3.25, 2.974 for b = 1, 2, 3, 4: within 0.7% of the limit of flat vectors, 6.44358, 3.92762, 3.22750,
    2.95413, so no constant could be much smaller. A stored scale rho that is up to 2^-21 less than the norm changes
    nothing but the unit, rho^2. The certificates and grids are what find_majorant prints; [certifies] checks them
    with primitive floats. *)
From Coq Require Import Reals ZArith QArith Qreals List Lia Lra.
From Hdq Require Import Defs CertificateMajorant CertificateChecker.
Import ListNotations.

(** ** The certificates *)

Open Scope Q_scope.

Definition certificate_b1 : certificate := {|
  constant := 0.697139; square := 0.183382; fourth := 0.00891902;
  coshes := [(0.0942187, 2); (0.000439281, 2.25)];
  gaussians := [(0.00417751, 0.43)] |}.
Definition grid_b1 : grid := {| first := 1024; growth := 190; step := 262144; mesh := 262144 |}.

Definition certificate_b2 : certificate := {|
  constant := -0.0242004; square := 0; fourth := 0.000726817;
  coshes := [(0.000525222, 2.5); (0.0000398267, 2.75)];
  gaussians := [(0.0633716, 0.3); (0.0957015, 0.31)] |}.
Definition grid_b2 : grid := {| first := 4096; growth := 184; step := 262144; mesh := 262144 |}.

Definition certificate_b3 : certificate := {|
  constant := 0.00644296; square := 0.00115326; fourth := 0;
  coshes := [(0.000457910, 1.75); (0.000478702, 2); (0.000000122323, 3.75)];
  gaussians := [(0.0211465, 0.34)] |}.
Definition grid_b3 : grid := {| first := 8192; growth := 196; step := 262144; mesh := 262144 |}.

Definition certificate_b4 : certificate := {|
  constant := 0.00194824; square := 0.000426475; fourth := 0.0000177039;
  coshes := [(0.000114252, 2); (0.0000269924, 2.25); (0.000000000565248, 4.25)];
  gaussians := [(0.00323588, 0.34); (0.00124877, 0.35)] |}.
Definition grid_b4 : grid := {| first := 8192; growth := 148; step := 262144; mesh := 262144 |}.

(** ** Their checks *)

Lemma certified_b1 : certifies 1 (93 # 64) (32 # 64) certificate_b1 grid_b1 6.485 = true.
Proof. compute_check. Qed.

Lemma certified_b2 : certifies 2 (109 # 64) (24 # 64) certificate_b2 grid_b2 3.955 = true.
Proof. compute_check. Qed.

Lemma certified_b3 : certifies 3 (111 # 64) (20 # 64) certificate_b3 grid_b3 3.250 = true.
Proof. compute_check. Qed.

Lemma certified_b4 : certifies 4 (111 # 64) (18 # 64) certificate_b4 grid_b4 2.974 = true.
Proof. compute_check. Qed.

Close Scope Q_scope.
Open Scope R_scope.

(** ** The bounds, with any stored scale and with the exact one *)

Theorem stored_bound_b1 d H x rho : hadamard d H -> (0 < d)%nat -> rho <> 0 ->
  norm2 d x <= Q2R variance_allowance * rho ^ 2 ->
  mse 2 (shipped 2 (93/64) (32/64)) d H rho x * 4 ^ 1 <= 6485 / 1000 * rho ^ 2.
Proof. exact (certified_bound_stored 1 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b1 d H x rho). Qed.

Theorem finite_bound_b1 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 2 (shipped 2 (93/64) (32/64)) d H 1 x * 4 ^ 1 <= 6485 / 1000.
Proof. exact (certified_bound 1 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b1 d H x). Qed.

Theorem stored_bound_b2 d H x rho : hadamard d H -> (0 < d)%nat -> rho <> 0 ->
  norm2 d x <= Q2R variance_allowance * rho ^ 2 ->
  mse 4 (shipped 4 (109/64) (24/64)) d H rho x * 4 ^ 2 <= 3955 / 1000 * rho ^ 2.
Proof. exact (certified_bound_stored 2 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b2 d H x rho). Qed.

Theorem finite_bound_b2 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 4 (shipped 4 (109/64) (24/64)) d H 1 x * 4 ^ 2 <= 3955 / 1000.
Proof. exact (certified_bound 2 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b2 d H x). Qed.

Theorem stored_bound_b3 d H x rho : hadamard d H -> (0 < d)%nat -> rho <> 0 ->
  norm2 d x <= Q2R variance_allowance * rho ^ 2 ->
  mse 8 (shipped 8 (111/64) (20/64)) d H rho x * 4 ^ 3 <= 3250 / 1000 * rho ^ 2.
Proof. exact (certified_bound_stored 3 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b3 d H x rho). Qed.

Theorem finite_bound_b3 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 8 (shipped 8 (111/64) (20/64)) d H 1 x * 4 ^ 3 <= 3250 / 1000.
Proof. exact (certified_bound 3 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b3 d H x). Qed.

Theorem stored_bound_b4 d H x rho : hadamard d H -> (0 < d)%nat -> rho <> 0 ->
  norm2 d x <= Q2R variance_allowance * rho ^ 2 ->
  mse 16 (shipped 16 (111/64) (18/64)) d H rho x * 4 ^ 4 <= 2974 / 1000 * rho ^ 2.
Proof. exact (certified_bound_stored 4 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b4 d H x rho). Qed.

Theorem finite_bound_b4 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 16 (shipped 16 (111/64) (18/64)) d H 1 x * 4 ^ 4 <= 2974 / 1000.
Proof. exact (certified_bound 4 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b4 d H x). Qed.
