(** * Certified constants for b = 5, 6 (SPEC §3, §5.5)

    As CertificateBounds.v, with the constants 2.86 and 2.80: within 1% of the limit
    of flat vectors, 2.83284 and 2.77548. The certificates come from
    find_majorant.cpp (arguments 5 256 128 16384 and 6 256 64 16384). *)
From Coq Require Import Reals ZArith QArith Qreals List Lia Lra.
From Hdq Require Import Defs CertificateMajorant CertificateChecker.
Import ListNotations.

(** ** The certificates *)

Open Scope Q_scope.

Definition certificate_b5 : certificate := {|
  constant := 0.00108988; square := 0.000281280; fourth := 0.0000234401;
  coshes := [(0.0000274291, 2.25); (0.00000322950, 2.5); (0.0000000000738625, 4.5)];
  gaussians := [(0.000472968, 0.37)] |}.
Definition grid_b5 : grid := {| first := 256; growth := 128; step := 16384 |}.

Definition certificate_b6 : certificate := {|
  constant := 0.000190026; square := 0; fourth := 0.00000163656;
  coshes := [(0.0000633431, 1); (0.0000924249, 1.25); (0.00000185205, 2.5); (0.00000106357, 2.75); (0.000000000000785682, 5)];
  gaussians := [(0.0000436718, 0.39)] |}.
Definition grid_b6 : grid := {| first := 256; growth := 64; step := 16384 |}.

(** ** Their checks *)

Lemma certified_b5 :
  certifies 5 (111 # 64) (16 # 64) certificate_b5 grid_b5 2.86 = true.
Proof. compute_check. Qed.

Lemma certified_b6 :
  certifies 6 (111 # 64) (15 # 64) certificate_b6 grid_b6 2.80 = true.
Proof. compute_check. Qed.

Close Scope Q_scope.
Open Scope R_scope.

(** ** The bounds *)

Theorem finite_bound_b5 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 32 (shipped 32 (111/64) (16/64)) d H 1 x * 4 ^ 5 <= 286 / 100.
Proof.
  exact (certified_bound 5 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b5 d H x).
Qed.

Theorem finite_bound_b6 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 64 (shipped 64 (111/64) (15/64)) d H 1 x * 4 ^ 6 <= 280 / 100.
Proof.
  exact (certified_bound 6 _ _ _ _ _ ltac:(lia) (positive_ratio _ _) (positive_ratio _ _) certified_b6 d H x).
Qed.
