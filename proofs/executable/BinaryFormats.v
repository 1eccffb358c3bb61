(** * Operations of binary32 and binary64 as programs (SPEC §4)

    Each rounds once, to nearest, ties to even. *)
From Coq Require Import ZArith NArith List Bool.
From Flocq Require Import Core.Zaux IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import TransformList.
Import ListNotations.
Open Scope Z_scope.

Definition zero64 : binary64 := Binary.B754_zero 53 1024 false.
Definition plus64 : binary64 -> binary64 -> binary64 := b64_plus mode_NE.
Definition minus64 : binary64 -> binary64 -> binary64 := b64_minus mode_NE.
Definition mult64 : binary64 -> binary64 -> binary64 := b64_mult mode_NE.
Definition div64 : binary64 -> binary64 -> binary64 := b64_div mode_NE.
Definition sqrt64 : binary64 -> binary64 := b64_sqrt mode_NE.
(** a b + c, one rounding. *)
Definition fma64 : binary64 -> binary64 -> binary64 -> binary64 := b64_fma mode_NE.
Definition mult32 : binary32 -> binary32 -> binary32 := b32_mult mode_NE.
Definition fma32 : binary32 -> binary32 -> binary32 -> binary32 := b32_fma mode_NE.

(** m 2^e, rounded; [negative] is the sign of a zero. *)
Definition number32 (m e : Z) (negative : bool) : binary32 :=
  Binary.binary_normalize 24 128 eq_refl eq_refl mode_NE m e negative.
Definition number64 (m e : Z) (negative : bool) : binary64 :=
  Binary.binary_normalize 53 1024 eq_refl eq_refl mode_NE m e negative.

Definition nan32 : binary32 := proj1_sig default_nan_pl32.
Definition nan64 : binary64 := proj1_sig default_nan_pl64.

(** A binary32 number in binary64: exact. *)
Definition widen (x : binary32) : binary64 :=
  match x with
  | Binary.B754_zero s => Binary.B754_zero 53 1024 s
  | Binary.B754_infinity s => Binary.B754_infinity 53 1024 s
  | Binary.B754_nan _ _ _ => nan64
  | Binary.B754_finite s m e _ => number64 (cond_Zopp s (Zpos m)) e s
  end.

(** A binary64 number rounded to binary32. *)
Definition narrow (x : binary64) : binary32 :=
  match x with
  | Binary.B754_zero s => Binary.B754_zero 24 128 s
  | Binary.B754_infinity s => Binary.B754_infinity 24 128 s
  | Binary.B754_nan _ _ _ => nan32
  | Binary.B754_finite s m e _ => number32 (cond_Zopp s (Zpos m)) e s
  end.

(** a < b, a <= b; false where one is not a number. *)
Definition less32 (a b : binary32) : bool :=
  match b32_compare a b with Some Lt => true | _ => false end.
Definition at_most32 (a b : binary32) : bool :=
  match b32_compare a b with Some Lt | Some Eq => true | _ => false end.

Definition is_finite32 : binary32 -> bool := Binary.is_finite 24 128.
Definition is_zero32 (x : binary32) : bool :=
  match x with Binary.B754_zero _ => true | _ => false end.

(** Bytes, the lowest first: the float32 numbers of a row as they lie in memory and in files. *)
Definition word_of_bytes (bytes : list N) : N := fold_right (fun b w => (N.shiftl w 8 + b)%N) 0%N bytes.
Fixpoint bytes_of_word (count : nat) (w : N) : list N :=
  match count with
  | O => []
  | S count' => N.land w 255 :: bytes_of_word count' (N.shiftr w 8)
  end.

Fixpoint floats_of_bytes (bytes : list N) : list binary32 :=
  match bytes with
  | a :: b :: c :: d :: bytes' => b32_of_bits (Z.of_N (word_of_bytes [a; b; c; d])) :: floats_of_bytes bytes'
  | _ => []
  end.
Definition bytes_of_float (x : binary32) : list N := bytes_of_word 4 (Z.to_N (bits_of_b32 x)).
Definition bytes_of_floats (x : list binary32) : list N := flat_map bytes_of_float x.
