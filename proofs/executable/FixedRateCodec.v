(** * Encoder and decoder of a row as programs (SPEC §4) *)
From Coq Require Import ZArith NArith List Bool Arith.
From Flocq Require Import IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import Philox Packing FloatOperations TransformList NormList Codebook64.
Import ListNotations.

(** ** The order d = m 2^k of n coordinates (SPEC §1): the least that is at least n *)

Definition exponent_of (m n : N) : N := N.log2_up ((n + m - 1) / m).
Definition order_with (n m : N) : N := (m * 2 ^ exponent_of m n)%N.
Definition smaller_base (n best m : N) : N := if (order_with n m <? order_with n best)%N then m else best.
Definition base_of (n : N) : N := fold_left (smaller_base n) [12; 20; 28]%N 1%N.

Record shape : Type := { base : nat; stages : nat }.
Definition shape_of (n : nat) : shape :=
  let m := base_of (N.of_nat n) in {| base := N.to_nat m; stages := N.to_nat (exponent_of m (N.of_nat n)) |}.
Definition order_of (s : shape) : nat := base s * 2 ^ stages s.

(** ** Rotation *)

Definition pad_list32 (d : nat) (x : list binary32) : list binary32 := x ++ repeat zero32 (d - length x).

(** H D x for the signs of the columns; and the first n coordinates of D H^T y. *)
Definition rotate_list32 (s : shape) (signs : list bool) (x : list binary32) : list binary32 :=
  transform_list32 (base s) (stages s) (pad_list32 (order_of s) (flip_list32 signs x)).
Definition rotate_back_list32 (s : shape) (signs : list bool) (n : nat) (y : list binary32) : list binary32 :=
  flip_list32 signs (firstn n (transform_transposed_list32 (base s) (stages s) y)).

(** ** Codes *)

(** fl32(fl64(theta rho)) *)
Definition scaled_threshold (rho : binary32) (theta : binary64) : binary32 := narrow (mult64 theta (widen rho)).

(** #{k : T_k <= y} *)
Fixpoint count_list (thresholds : list binary32) (y : binary32) : N :=
  match thresholds with
  | [] => 0
  | t :: thresholds' => if at_most32 t y then N.succ (count_list thresholds' y) else count_list thresholds' y
  end%N.

(** ** The encoder *)

Inductive encoded : Type :=
| Encoded (norm : binary32) (codes : list N)
| NotFinite (column : nat)
| NormTooLarge.

(** Codes, unpacked, of a row with this norm, given the double thresholds. *)
Definition codes_of_row (s : shape) (signs : list bool) (thresholds : list binary64) (norm : binary32) (x : list binary32) : list N :=
  let e := scale_exponent norm in
  let scaled := map (scaled_threshold (scale32 e norm)) thresholds in
  map (count_list scaled) (rotate_list32 s signs (scale_list32 e x)).

Definition encode_row_with (s : shape) (signs : list bool) (thresholds : N -> list binary64) (b seed row : N) (x : list binary32) : encoded :=
  match first_not_finite x with
  | Some column => NotFinite column
  | None =>
    let norm := norm_list32 x in
    if is_finite32 norm
    then Encoded norm (pack_bytes b (codes_of_row s signs (thresholds (dither_word seed row)) norm x))
    else NormTooLarge
  end.

(** ** The decoder *)

(** fl32(fl64(rho / d)), rho the scaled norm. *)
Definition decode_scale (d : nat) (rho : binary32) : binary32 := narrow (div64 (widen rho) (number64 (Z.of_nat d) 0 false)).

Definition codewords_of_codes (codewords : list binary64) (codes : list N) : list binary32 :=
  let narrowed := map narrow codewords in map (fun c => nth (N.to_nat c) narrowed zero32) codes.

Definition values_of_row (s : shape) (signs : list bool) (n : nat) (norm : binary32) (z : list binary32) : list binary32 :=
  if is_zero32 norm then repeat zero32 n
  else
    let e := scale_exponent norm in
    let scale := decode_scale (order_of s) (scale32 e norm) in
    let sums := firstn n (transform_transposed_list32 (base s) (stages s) z) in
    flip_list32 signs (map (fun v => scale32 (- e) (mult32 v scale)) sums).

Definition decode_row_with (s : shape) (signs : list bool) (n : nat) (codewords : N -> list binary64) (b seed row : N)
    (norm : binary32) (bytes : list N) : list binary32 :=
  values_of_row s signs n norm (codewords_of_codes (codewords (dither_word seed row)) (unpack_bytes b (order_of s) bytes)).

(** ** With the shipped codebook *)

Definition encode_row (b : nat) (seed row : N) (x : list binary32) : encoded :=
  let s := shape_of (length x) in
  encode_row_with s (sign_bits seed (order_of s)) (thresholds64 b) (N.of_nat b) seed row x.

Definition decode_row (n b : nat) (seed row : N) (norm : binary32) (bytes : list N) : list binary32 :=
  let s := shape_of n in
  decode_row_with s (sign_bits seed (order_of s)) n (codewords64 b) (N.of_nat b) seed row norm bytes.
