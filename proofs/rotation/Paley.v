(** * The base matrices B_1, B_12, B_20, B_28 and every supported order (SPEC §1, §5.1)

    Paley's constructions from the quadratic character, over Z; orthogonality by computation,
    carried over to R; then m 2^k for m in {1, 12, 20, 28} and every k. *)
From Coq Require Import Reals Bool Arith ZArith List Lia Lra.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Sums Hadamard.
Import ListNotations.
Open Scope R_scope.

(** The quadratic character mod q: 0 at multiples of q, 1 at squares, -1 elsewhere. *)
Definition chi (q : nat) (a : Z) : Z :=
  let r := Z.modulo a (Z.of_nat q) in
  if Z.eqb r 0 then 0%Z
  else if existsb (fun s => Z.eqb (Z.modulo (Z.of_nat s * Z.of_nat s) (Z.of_nat q)) r) (seq 1 (q - 1))
  then 1%Z else (-1)%Z.

Definition paley_Q (q : nat) (r s : nat) : Z := chi q (Z.of_nat r - Z.of_nat s).

Definition identity_Z (i j : nat) : Z := if Nat.eqb i j then 1%Z else 0%Z.

(** B = I + [[0, 1^T], [-1, Q]], order q + 1, q = 3 mod 4. *)
Definition paley_I (q i j : nat) : Z :=
  (identity_Z i j +
   match i, j with
   | O, O => 0
   | O, S _ => 1
   | S _, O => -1
   | S r, S s => paley_Q q r s
   end)%Z.

(** C = [[0, 1^T], [1, Q]]. *)
Definition paley_conference (q i j : nat) : Z :=
  match i, j with
  | O, O => 0%Z
  | O, S _ => 1%Z
  | S _, O => 1%Z
  | S r, S s => paley_Q q r s
  end.

(** [[1, 1], [1, -1]] and [[1, -1], [-1, -1]]. *)
Definition two_by_two_K (i j : nat) : Z := match i, j with S _, S _ => (-1)%Z | _, _ => 1%Z end.
Definition two_by_two_L (i j : nat) : Z := match i, j with O, O => 1%Z | _, _ => (-1)%Z end.

(** B = C (x) [[1, 1], [1, -1]] + I (x) [[1, -1], [-1, -1]], order 2 (q + 1), q = 1 mod 4;
    index i = 2 a + c. *)
Definition paley_II (q i j : nat) : Z :=
  let a := Nat.div i 2 in let c := Nat.modulo i 2 in
  let a' := Nat.div j 2 in let c' := Nat.modulo j 2 in
  (paley_conference q a a' * two_by_two_K c c' + identity_Z a a' * two_by_two_L c c')%Z.

Definition base_matrix_Z (m : nat) : nat -> nat -> Z :=
  match m with
  | 12 => paley_I 11
  | 20 => paley_I 19
  | 28 => paley_II 13
  | _ => fun _ _ => 1%Z
  end.

Definition base_matrix (m : nat) : mat := fun i j => IZR (base_matrix_Z m i j).

Definition base_order (m : nat) : Prop := (m = 1 \/ m = 12 \/ m = 20 \/ m = 28)%nat.

(** The rows of B_m for comparison with the implementation's tables: 1 for an entry +1,
    0 for an entry -1. *)
Definition base_rows (m : nat) : list (list nat) :=
  map (fun i => map (fun j => if Z.eqb (base_matrix_Z m i j) 1 then 1%nat else 0%nat) (seq 0 m))
      (seq 0 m).

(** ** Orthogonality by computation *)

Fixpoint sum_Z (d : nat) (f : nat -> Z) : Z :=
  match d with
  | O => 0%Z
  | S d' => (sum_Z d' f + f d')%Z
  end.

Lemma sum_Z_correct d f : IZR (sum_Z d f) = sum d (fun i => IZR (f i)).
Proof. induction d as [|d IH]; simpl; [easy|]. now rewrite plus_IZR, IH. Qed.

Definition check_hadamard (m : nat) (B : nat -> nat -> Z) : bool :=
  forallb (fun i => forallb (fun j =>
    (Z.eqb (B i j) 1 || Z.eqb (B i j) (-1)) &&
    Z.eqb (sum_Z m (fun k => B i k * B j k)%Z) (if Nat.eqb i j then Z.of_nat m else 0%Z))
    (seq 0 m)) (seq 0 m).

Lemma check_hadamard_correct m B :
  check_hadamard m B = true -> hadamard m (fun i j => IZR (B i j)).
Proof.
  intros Hc. unfold check_hadamard in Hc. rewrite forallb_forall in Hc.
  assert (H : forall i j, (i < m)%nat -> (j < m)%nat ->
    (B i j = 1%Z \/ B i j = (-1)%Z) /\
    sum_Z m (fun k => B i k * B j k)%Z = if Nat.eqb i j then Z.of_nat m else 0%Z).
  { intros i j Hi Hj. specialize (Hc i). rewrite forallb_forall in Hc.
    specialize (Hc ltac:(apply in_seq; lia) j ltac:(apply in_seq; lia)).
    apply andb_prop in Hc. destruct Hc as [Hpm Hs]. apply orb_prop in Hpm.
    split; [destruct Hpm as [Hp | Hp]; apply Z.eqb_eq in Hp; auto|]. now apply Z.eqb_eq. }
  split; intros i j Hi Hj; destruct (H i j Hi Hj) as [Hpm Hs].
  - destruct Hpm as [-> | ->]; auto.
  - rewrite (sum_ext m _ (fun k => IZR (B i k * B j k))) by (intros; now rewrite mult_IZR).
    rewrite <- sum_Z_correct, Hs. destruct (Nat.eqb i j); [|easy]. now rewrite <- INR_IZR_INZ.
Qed.

Theorem base_matrix_hadamard m : base_order m -> hadamard m (base_matrix m).
Proof.
  (* Computed once, by Qed. *)
  intros [-> | [-> | [-> | ->]]]; apply check_hadamard_correct; vm_cast_no_check (eq_refl true).
Qed.

(** B_28 is symmetric: its inverse stage is the stage itself. *)
Theorem base_matrix_28_symmetric i j :
  (i < 28)%nat -> (j < 28)%nat -> transpose (base_matrix 28) i j = base_matrix 28 i j.
Proof.
  intros Hi Hj. unfold transpose, base_matrix. f_equal.
  assert (Hc : forallb (fun i => forallb (fun j =>
            Z.eqb (base_matrix_Z 28 j i) (base_matrix_Z 28 i j)) (seq 0 28)) (seq 0 28) = true)
    by (vm_compute; reflexivity).
  rewrite forallb_forall in Hc. specialize (Hc i ltac:(apply in_seq; lia)).
  rewrite forallb_forall in Hc. specialize (Hc j ltac:(apply in_seq; lia)).
  now apply Z.eqb_eq in Hc.
Qed.

(** ** Every supported order *)

(** The matrix of SPEC §1 of order m 2^k. *)
Definition supported_matrix (m k : nat) : mat := hadamard_matrix (base_matrix m) k.

Theorem supported_matrix_entry m k a c a' c' :
  (c < 2 ^ k)%nat -> (c' < 2 ^ k)%nat ->
  supported_matrix m k (a * 2 ^ k + c)%nat (a' * 2 ^ k + c')%nat =
  base_matrix m a a' * (-1) ^ popcount (N.land (N.of_nat c) (N.of_nat c')).
Proof. intros Hc Hc'. now apply kronecker_index. Qed.

Theorem supported_hadamard m k :
  base_order m -> hadamard (m * 2 ^ k) (supported_matrix m k).
Proof. intros Hm. now apply hadamard_matrix_hadamard, base_matrix_hadamard. Qed.

(** The transform as implemented, base stage in groups of four columns, is this matrix, and
    with B^T it is the transposed matrix. For m = 1 there is no base stage. *)
Theorem supported_fast_transform q k x i :
  (i < 4 * q * 2 ^ k)%nat ->
  base_stage_grouped q (2 ^ k) (base_matrix (4 * q)) (butterflies k x) i =
    mulv (4 * q * 2 ^ k) (supported_matrix (4 * q) k) x i /\
  base_stage_grouped q (2 ^ k) (transpose (base_matrix (4 * q))) (butterflies k x) i =
    mulv (4 * q * 2 ^ k) (transpose (supported_matrix (4 * q) k)) x i.
Proof.
  intros Hi. rewrite !base_stage_grouped_correct. split.
  - now apply fast_transform_correct.
  - now apply fast_transform_transpose.
Qed.

Theorem supported_fast_transform_sylvester k x i :
  (i < 2 ^ k)%nat ->
  butterflies k x i = mulv (1 * 2 ^ k) (supported_matrix 1 k) x i.
Proof.
  intros Hi. pose proof (fast_transform_correct 1 k (base_matrix 1) x i) as Hf.
  unfold supported_matrix. rewrite <- Hf by lia.
  unfold fast_transform, base_stage. simpl sum. unfold base_matrix. simpl.
  rewrite Nat.mod_small by easy. simpl. ring.
Qed.

(** Every dimension has a supported order above it. *)
Theorem supported_order_exists n :
  exists m k, base_order m /\ (n <= m * 2 ^ k)%nat.
Proof.
  exists 1%nat, n. split; [now left|]. rewrite Nat.mul_1_l.
  pose proof (Nat.pow_gt_lin_r 2 n). lia.
Qed.
