(** * The shipped compander passes the check, b = 3..8 (SPEC §3)

    48 segments, checked with primitive floats. Any steps of the grid would be right: finer ones cost more time, coarser ones leave
    too little of eps between grid points. *)
From Coq Require Import ZArith QArith Reals List Sint63.
From Hdq Require Import CertificateChecker CompanderTables CompanderChecker.
Import ListNotations.
Open Scope Z_scope.

Definition compander_table (b : nat) : list (list Z) :=
  map (map Sint63.to_Z)
    (nth (b - 3) [compander_table_3; compander_table_4; compander_table_5; compander_table_6; compander_table_7; compander_table_8] []).

Definition compander_base (b : nat) : Z := 2 ^ nth (b - 3) compander_base_exponents 0.
Definition compander_error_exponent (b : nat) : Z := nth (b - 3) compander_error_exponents 0.

Lemma segment_width_shipped : segment_width = (IZR compander_width_times_32 / 32)%R.
Proof. reflexivity. Qed.

(** Steps in units of 2^-14, a segment each. *)
Definition certified (b : nat) (sigma kappa : Q) (steps : list Z) : bool :=
  segments_ok (2 ^ b) sigma kappa (compander_base b) (compander_error_exponent b) 0 (compander_table b) (map (Z.mul (2 ^ 10)) steps).

Lemma certified_b3 : certified 3 (111 # 64) (20 # 64) [320; 120; 50; 40; 44; 36; 20; 10] = true.
Proof. compute_check. Qed.

Lemma certified_b4 : certified 4 (111 # 64) (18 # 64) [800; 360; 210; 155; 130; 105; 70; 38] = true.
Proof. compute_check. Qed.

Lemma certified_b5 : certified 5 (111 # 64) (16 # 64) [1800; 830; 510; 375; 300; 240; 170; 100] = true.
Proof. compute_check. Qed.

Lemma certified_b6 : certified 6 (111 # 64) (15 # 64) [2500; 870; 140; 180; 320; 320; 240; 140] = true.
Proof. compute_check. Qed.

Lemma certified_b7 : certified 7 (111 # 64) (14 # 64) [800; 400; 360; 230; 140; 110; 90; 70] = true.
Proof. compute_check. Qed.

Lemma certified_b8 : certified 8 (111 # 64) (13 # 64) [1500; 800; 700; 450; 300; 200; 200; 150] = true.
Proof. compute_check. Qed.

(** The check can fail: one bit of a coefficient, its 12th, or half the eps. *)
Definition altered_segment : list Z := match nth 0 (compander_table 8) [] with a :: c :: p => a :: c + 2 ^ 33 :: p | p => p end.

Lemma altered_coefficient_refused :
  segment_ok (2 ^ 8) (111 # 64) (13 # 64) 0 altered_segment (compander_base 8) (compander_error_exponent 8) 2000 (1500 * 2 ^ 10) = false.
Proof. vm_cast_no_check (eq_refl false). Qed.

Lemma smaller_epsilon_refused :
  segment_ok (2 ^ 6) (111 # 64) (15 # 64) 2 (nth 2 (compander_table 6) []) (compander_base 6) (compander_error_exponent 6 - 1)
    2000 (140 * 2 ^ 10) = false.
Proof. vm_cast_no_check (eq_refl false). Qed.
