(** * Scores as programs (SPEC §4) *)
From Coq Require Import ZArith NArith List Bool Arith.
From Flocq Require Import IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import FloatNorm Philox Packing FloatOperations TransformList NormList Codebook64 FixedRateCodec.
Import ListNotations.

(** ** The query *)

(** ⌊log2 x⌋ of a positive number. *)
Definition exponent64 (x : binary64) : Z :=
  match x with Binary.B754_finite _ m e _ => Z.log2 (Zpos m) + e | _ => 0 end.

(** e of q' = 2^-e q: ‖q'‖ in [1, 2), |e| <= 126; 0 for q = 0. *)
Definition query_exponent (square : binary64) : Z :=
  match square with
  | Binary.B754_finite _ _ _ _ => Z.max (-126) (Z.min 126 (exponent64 (sqrt64 square)))
  | _ => 0
  end.

Record query : Type := {
  query_square : binary64;   (** ‖q‖^2 *)
  query_scale : Z;           (** e *)
  query_rotated : list binary32   (** w = H D q' *)
}.

Definition query_of (s : shape) (signs : list bool) (q : list binary32) : query :=
  let square := sum_of_squares_list64 q in
  let e := query_exponent square in
  {| query_square := square; query_scale := e; query_rotated := rotate_list32 s signs (scale_list32 (- e) q) |}.

(** ** The sum: product j in sum (j div 8) mod 16, in order of j *)

Section Sums.
Context {T : Type} (fma : T -> T -> T -> T) (add : T -> T -> T) (zero : T).

(** sum + Σ w_j r_j, from the left. *)
Fixpoint fused_sum (w r : list T) (sum : T) : T :=
  match w, r with
  | a :: w', b :: r' => fused_sum w' r' (fma a b sum)
  | _, _ => sum
  end.

(** Runs of 8 products, to the sixteen sums in turn. *)
Fixpoint lane_runs (sums : list T) (w r : list T) : list T :=
  match sums with
  | [] => []
  | s :: sums' => fused_sum (firstn 8 w) (firstn 8 r) s :: lane_runs sums' (skipn 8 w) (skipn 8 r)
  end.

(** Groups of 128 products. *)
Fixpoint group_runs (count : nat) (w r : list T) (sums : list T) : list T :=
  match count with
  | O => sums
  | S count' => group_runs count' (skipn 128 w) (skipn 128 r) (lane_runs sums w r)
  end.

Definition score_sum (w r : list T) : T :=
  let lanes := group_runs ((length w + 127) / 128) w r (repeat zero 16) in
  hd zero (halve_list add 1 (halve_list add 2 (halve_list add 4 (halve_list add 8 lanes)))).
End Sums.

Definition score_sum32 : list binary32 -> list binary32 -> binary32 := score_sum fma32 plus32 zero32.

(** ** Metrics *)

Definition power64 (e : Z) : binary64 := number64 1 e false.
Definition order64 (s : shape) : binary64 := number64 (Z.of_nat (order_of s)) 0 false.

(** p = (S (rho / d)) 2^e *)
Definition product64 (s : shape) (q : query) (norm sum : binary32) : binary64 :=
  mult64 (mult64 (widen sum) (div64 (widen norm) (order64 s))) (power64 (query_scale q)).

Definition inner_product32 (s : shape) (q : query) (norm sum : binary32) : binary32 := narrow (product64 s q norm sum).

(** (‖q‖^2 + rho^2) - 2 p *)
Definition squared_distance32 (s : shape) (q : query) (norm sum : binary32) : binary32 :=
  narrow (minus64 (plus64 (query_square q) (square64 norm)) (mult64 (power64 1) (product64 s q norm sum))).

(** S (2^e / (d ‖q‖)), 0 where q or x is zero. *)
Definition cosine32 (s : shape) (q : query) (norm sum : binary32) : binary32 :=
  if is_zero32 norm then zero32
  else
    let factor := match query_square q with
                  | Binary.B754_zero _ => zero64
                  | square => div64 (power64 (query_scale q)) (mult64 (order64 s) (sqrt64 square))
                  end in
    narrow (mult64 (widen sum) factor).

(** ** A row: its norm and packed codes *)

Definition row_sum_with (s : shape) (codewords : N -> list binary64) (b seed row : N) (q : query) (bytes : list N) : binary32 :=
  score_sum32 (query_rotated q)
    (codewords_of_codes (codewords (dither_word seed row)) (unpack_bytes b (order_of s) bytes)).

Definition dot_row_with (s : shape) (codewords : N -> list binary64) (b seed row : N) (q : query) (norm : binary32) (bytes : list N) : binary32 :=
  inner_product32 s q norm (row_sum_with s codewords b seed row q bytes).
