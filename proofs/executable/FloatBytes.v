(** * float32 numbers as bytes, as they lie in memory and in files *)
From Coq Require Import ZArith NArith List.
From Flocq Require Import IEEE754.Bits.
Import ListNotations.

(** The lowest byte first. *)
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
(** A binary64 number. *)
Definition bytes_of_double (x : binary64) : list N := bytes_of_word 8 (Z.to_N (bits_of_b64 x)).
Definition bytes_of_floats (x : list binary32) : list N := flat_map bytes_of_float x.
