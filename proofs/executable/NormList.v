(** * The norm and the scaling of a row as programs (SPEC §4) *)
From Coq Require Import ZArith NArith List Bool Arith.
From Flocq Require Import IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import FloatNorm FloatOperations TransformList.
Import ListNotations.

(** ** The sum in 16 lanes, any arithmetic *)

Section Lanes.
Context {T : Type} (add : T -> T -> T) (zero : T).

(** The first [count] groups of [width] entries. *)
Fixpoint groups_of (width count : nat) (v : list T) : list (list T) :=
  match count with
  | O => []
  | S count' => firstn width v :: groups_of width count' (skipn width v)
  end.

(** Entry l takes entry l + h, l < h. *)
Definition halve_list (h : nat) (s : list T) : list T := map2 add (firstn h s) (skipn h s).

(** Entry i into lane i mod 16, in order; then lanes are halved. Zeros fill up the last group. *)
Definition sixteen_lane_list (v : list T) : T :=
  let groups := S (last_of_lane (length v)) in
  let lanes := accumulate add (groups_of 16 groups (v ++ repeat zero (16 * groups - length v))) in
  hd zero (halve_list 1 (halve_list 2 (halve_list 4 (halve_list 8 lanes)))).
End Lanes.

(** ** binary32 rows *)

Definition square64 (x : binary32) : binary64 := mult64 (widen x) (widen x).
Definition sum_of_squares_list64 (x : list binary32) : binary64 := sixteen_lane_list plus64 zero64 (map square64 x).
Definition norm_list32 (x : list binary32) : binary32 := narrow (sqrt64 (sum_of_squares_list64 x)).

(** 2^e, -126 <= e <= 127. *)
Definition power32 (e : Z) : binary32 := number32 1 e false.

(** The exponent e of the factor 2^e that x and rho are multiplied by. *)
Definition scale_exponent (rho : binary32) : Z :=
  if is_zero32 rho then 0
  else if less32 rho (power32 (-100)) then 100
  else if less32 (power32 100) rho then -100
  else 0.

Definition scale32 (e : Z) (x : binary32) : binary32 := mult32 x (power32 e).
Definition scale_list32 (e : Z) (x : list binary32) : list binary32 := map (scale32 e) x.

(** The position of the first entry that is NaN or infinite. *)
Fixpoint first_not_finite (x : list binary32) : option nat :=
  match x with
  | [] => None
  | a :: x' => if is_finite32 a then option_map S (first_not_finite x') else Some O
  end.
