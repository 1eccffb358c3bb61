(** * Certified constants for b = 1..4 (SPEC §3, §5.5)

    For every dimension, every Hadamard matrix and every unit vector, the mean squared error
    of the shipped quantizer times 4^b is at most 6.52, 3.97, 3.26, 2.98 for b = 1, 2, 3, 4:
    within 1.2% of the limit of flat vectors, 6.44358, 3.92762, 3.22750, 2.95413, so no
    constant could be much smaller. The certificates come from find_majorant.cpp
    (arguments b 256 128 8192); [certifies] checks them with primitive floats. *)
From Coq Require Import Reals ZArith QArith Qreals List Lia Lra.
From Hdq Require Import Defs CertificateMajorant CertificateChecker.
Import ListNotations.

(** ** The certificates *)

Open Scope Q_scope.

Definition certificate_b1 : certificate := {|
  constant := -0.101483; square := 0; fourth := 0;
  coshes := [(0.0337145, 1.75); (0.0415742, 2)];
  gaussians := [(0.127743, 0.28); (0.696608, 0.29)] |}.
Definition grid_b1 : grid := {| first := 256; growth := 128; step := 8192 |}.

Definition certificate_b2 : certificate := {|
  constant := -0.0250866; square := 0; fourth := 0.000683254;
  coshes := [(0.000525406, 2.5); (0.0000403688, 2.75)];
  gaussians := [(0.0677370, 0.3); (0.0923617, 0.31)] |}.
Definition grid_b2 : grid := {| first := 256; growth := 128; step := 8192 |}.

Definition certificate_b3 : certificate := {|
  constant := 0.00201422; square := 0.0000632682; fourth := 0;
  coshes := [(0.000751511, 1.75); (0.000135361, 2); (0.000000725842, 3.5); (0.00000000403624, 3.75)];
  gaussians := [(0.0255986, 0.33)] |}.
Definition grid_b3 : grid := {| first := 256; growth := 128; step := 8192 |}.

Definition certificate_b4 : certificate := {|
  constant := 0.00207292; square := 0.000395454; fourth := 0;
  coshes := [(0.000161717, 2); (0.0000182162, 2.25); (0.00000000366206, 4); (0.00000000119408, 4.25)];
  gaussians := [(0.00361569, 0.34); (0.000710682, 0.35)] |}.
Definition grid_b4 : grid := {| first := 256; growth := 128; step := 8192 |}.

(** ** Their checks *)

Lemma certified_b1 :
  certifies 1 (93 # 64) (32 # 64) certificate_b1 grid_b1 6.52 = true.
Proof. compute_check. Qed.

Lemma certified_b2 :
  certifies 2 (109 # 64) (24 # 64) certificate_b2 grid_b2 3.97 = true.
Proof. compute_check. Qed.

Lemma certified_b3 :
  certifies 3 (111 # 64) (20 # 64) certificate_b3 grid_b3 3.26 = true.
Proof. compute_check. Qed.

Lemma certified_b4 :
  certifies 4 (111 # 64) (18 # 64) certificate_b4 grid_b4 2.98 = true.
Proof. compute_check. Qed.

Close Scope Q_scope.
Open Scope R_scope.

(** ** The bounds *)

Theorem finite_bound_b1 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 2 (shipped 2 (93/64) (32/64)) d H 1 x * 4 ^ 1 <= 652 / 100.
Proof.
  exact (certified_bound 1 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b1 d H x).
Qed.

Theorem finite_bound_b2 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 4 (shipped 4 (109/64) (24/64)) d H 1 x * 4 ^ 2 <= 397 / 100.
Proof.
  exact (certified_bound 2 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b2 d H x).
Qed.

Theorem finite_bound_b3 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 8 (shipped 8 (111/64) (20/64)) d H 1 x * 4 ^ 3 <= 326 / 100.
Proof.
  exact (certified_bound 3 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b3 d H x).
Qed.

Theorem finite_bound_b4 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 16 (shipped 16 (111/64) (18/64)) d H 1 x * 4 ^ 4 <= 298 / 100.
Proof.
  exact (certified_bound 4 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b4 d H x).
Qed.
