(** * Thresholds and codewords of a dither word as programs (SPEC §3; §4, 4)

    In binary64, by a fixed sequence of fused multiply-adds from the shipped polynomials: E(x^2) + x O(x^2), both by Horner's rule side by side. *)
From Coq Require Import ZArith NArith List Bool Ascii String.
From Flocq Require Import IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import FloatOperations TransformList CodebookTables.
Import ListNotations.
Open Scope Z_scope.

(** ** Tables *)

(** Pairs of coefficients, of E and of O, the highest degree first. *)
Definition polynomial : Type := list (binary64 * binary64).

Record codebook_table : Type := {
  ends : list polynomial;   (** of the binades of U, from [1/2, 1) down *)
  cells : list polynomial   (** 1, 2, ..., 2^(b-1) - 1 *)
}.

Definition hex_digit (c : ascii) : Z :=
  let n := Z.of_N (N_of_ascii c) in if n <? 58 then n - 48 else n - 87.

Definition number_of_hex (digits : list ascii) : Z := fold_left (fun v c => 16 * v + hex_digit c) digits 0.

Fixpoint numbers_of_hex (count : nat) (digits : list ascii) : list binary64 :=
  match count with
  | O => []
  | S count' => b64_of_bits (number_of_hex (firstn 16 digits)) :: numbers_of_hex count' (skipn 16 digits)
  end.

Fixpoint pairs_of {T : Type} (v : list T) : list (T * T) :=
  match v with a :: b :: v' => (a, b) :: pairs_of v' | _ => [] end.

Definition polynomial_of_text (text : string) : polynomial :=
  let digits := list_ascii_of_string text in pairs_of (numbers_of_hex (List.length digits / 16) digits).

Definition table_of_texts (e c : list string) : codebook_table :=
  {| ends := map polynomial_of_text e; cells := map polynomial_of_text c |}.

Definition threshold_texts (b : nat) : list string * list string :=
  match b with
  | 1%nat => (threshold_ends_1, [])
  | 2%nat => (threshold_ends_2, threshold_cells_2)
  | 3%nat => (threshold_ends_3, threshold_cells_3)
  | 4%nat => (threshold_ends_4, threshold_cells_4)
  | 5%nat => (threshold_ends_5, threshold_cells_5)
  | 6%nat => (threshold_ends_6, threshold_cells_6)
  | 7%nat => (threshold_ends_7, threshold_cells_7)
  | 8%nat => (threshold_ends_8, threshold_cells_8)
  | _ => ([], [])
  end.
Definition codeword_texts (b : nat) : list string * list string :=
  match b with
  | 1%nat => (codeword_ends_1, [])
  | 2%nat => (codeword_ends_2, codeword_cells_2)
  | 3%nat => (codeword_ends_3, codeword_cells_3)
  | 4%nat => (codeword_ends_4, codeword_cells_4)
  | 5%nat => (codeword_ends_5, codeword_cells_5)
  | 6%nat => (codeword_ends_6, codeword_cells_6)
  | 7%nat => (codeword_ends_7, codeword_cells_7)
  | 8%nat => (codeword_ends_8, codeword_cells_8)
  | _ => ([], [])
  end.

Definition threshold_table (b : nat) : codebook_table := let (e, c) := threshold_texts b in table_of_texts e c.
Definition codeword_table (b : nat) : codebook_table := let (e, c) := codeword_texts b in table_of_texts e c.

(** ** Evaluation *)

(** E and O at x^2 = s. *)
Definition horner64 (p : polynomial) (s : binary64) : binary64 * binary64 :=
  match p with
  | [] => (zero64, zero64)
  | c :: p' => fold_left (fun acc next => (fma64 (fst acc) s (fst next), fma64 (snd acc) s (snd next))) p' c
  end.

(** E(x^2) + x O(x^2), and x O(x^2) - E(x^2): the mirror cell. *)
Definition both_cells64 (p : polynomial) (x : binary64) : binary64 * binary64 :=
  let (e, o) := horner64 p (mult64 x x) in (fma64 x o e, fma64 x o (b64_opp e)).

(** U = v / 2^33 with the odd number v = 2 w + 1: its binade, 0 for [1/2, 1), and its significand less 3/2. *)
Definition binade_of_word (w : N) : nat := (32 - N.to_nat (N.log2 (2 * w + 1)))%nat.
Definition significand_of_word (w : N) : binary64 :=
  let v := Z.of_N (2 * w + 1) in let e := Z.log2 v in number64 (2 * v - 3 * 2 ^ e) (- (e + 1)) false.

(** U - 1/2. *)
Definition centred_dither (w : N) : binary64 := number64 (Z.of_N (2 * w + 1) - 2 ^ 32) (-33) false.

Definition end_cell64 (t : codebook_table) (w : N) : binary64 :=
  fst (both_cells64 (nth (binade_of_word w) (ends t) []) (significand_of_word w)).

(** The word of 1 - U. *)
Definition last_word : N := (2 ^ 32 - 1)%N.
Definition complement_word (w : N) : N := (last_word - w)%N.

(** The first end, the cells, their mirror images, the last end. Where the number of cells is odd, the one in the middle is its own mirror image: [own]. *)
Definition all_cells64 (t : codebook_table) (own : bool) (w : N) : list binary64 :=
  let values := map (fun p => both_cells64 p (centred_dither w)) (cells t) in
  let mirrored := rev (map snd values) in
  end_cell64 t w :: map fst values ++ (if own then tl mirrored else mirrored) ++ [b64_opp (end_cell64 t (complement_word w))].

(** theta_1, ..., theta_(N-1). *)
Definition thresholds_with (t : codebook_table) (w : N) : list binary64 :=
  match cells t with
  | [] => [minus64 (end_cell64 t w) (end_cell64 t (complement_word w))]
  | _ => all_cells64 t true w
  end.

(** r_0, ..., r_(N-1). *)
Definition codewords_with (t : codebook_table) (w : N) : list binary64 := all_cells64 t false w.

Definition thresholds64 (b : nat) : N -> list binary64 := thresholds_with (threshold_table b).
Definition codewords64 (b : nat) : N -> list binary64 := codewords_with (codeword_table b).
