(** * The file of the fixed-rate quantizer as programs (docs/format.md, scheme 0 without a mean) *)
From Coq Require Import ZArith NArith List Bool Arith.
From Flocq Require Import IEEE754.Bits.
From Hdq Require Import Packing NormList FixedRateCodec FloatBytes.
Import ListNotations.
Open Scope N_scope.

(** ** CRC-32C: the Castagnoli polynomial, reflected *)

Definition castagnoli : N := 0x82F63B78.
Definition crc32c_bit (crc : N) : N := if N.odd crc then N.lxor (N.shiftr crc 1) castagnoli else N.shiftr crc 1.
Definition crc32c_byte (crc byte : N) : N := Nat.iter 8 crc32c_bit (N.lxor crc byte).
Definition crc32c (bytes : list N) : N := N.lxor (fold_left crc32c_byte bytes 0xFFFFFFFF) 0xFFFFFFFF.

(** ** The header *)

Record file_header : Type := {
  file_rows : N;
  file_dimension : N;
  file_bits : N;
  rows_per_block : N;
  file_seed : N;
  file_first_row : N;
  file_dither : N (** 0: each row takes the word of its number; 1: all take that of 2^64 - 1 *)
}.

Definition file_order (h : file_header) : N := let m := base_of (file_dimension h) in m * 2 ^ exponent_of m (file_dimension h).
(** C *)
Definition file_code_bytes (h : file_header) : N := (file_order h * file_bits h + 7) / 8.

Definition magic : list N := [0x89; 0x48; 0x44; 0x51; 0x0D; 0x0A; 0x1A; 0x0A].

Definition header_body (h : file_header) : list N :=
  magic ++ bytes_of_word 4 1 ++ bytes_of_word 4 128 ++ bytes_of_word 8 (file_rows h) ++ bytes_of_word 8 (file_dimension h)
  ++ bytes_of_word 8 (file_order h) ++ bytes_of_word 4 (file_bits h) ++ bytes_of_word 4 (rows_per_block h)
  ++ bytes_of_word 8 (file_seed h) ++ bytes_of_word 8 (file_first_row h)
  ++ repeat 0 12 ++ bytes_of_word 4 (file_dither h) ++ repeat 0 44.
Definition header_bytes (h : file_header) : list N := header_body h ++ bytes_of_word 4 (crc32c (header_body h)).

(** What writers choose for B. *)
Definition usual_rows_per_block (code_bytes : N) : N := 2 ^ N.log2 (262144 / (4 + code_bytes)).

(** ** Blocks: rows are norms and packed codes *)

Definition stored_row : Type := (binary32 * list N)%type.

(** Zeros up to a multiple of 64, checksum included. *)
Definition padding (content : N) : N := (64 - (content + 4) mod 64) mod 64.

Definition block_bytes (number : N) (rows : list stored_row) : list N :=
  let content := bytes_of_floats (map fst rows) ++ flat_map snd rows in
  let padded := content ++ repeat 0 (N.to_nat (padding (N.of_nat (length content)))) in
  padded ++ bytes_of_word 4 (crc32c (bytes_of_word 8 number ++ padded)).

Fixpoint blocks_bytes (number : N) (blocks : list (list stored_row)) : list N :=
  match blocks with
  | [] => []
  | rows :: blocks' => block_bytes number rows ++ blocks_bytes (number + 1) blocks'
  end.

Definition block_count (h : file_header) : N := (file_rows h + rows_per_block h - 1) / rows_per_block h.

Definition file_bytes (h : file_header) (rows : list stored_row) : list N :=
  header_bytes h ++ blocks_bytes 0 (groups_of (N.to_nat (rows_per_block h)) (N.to_nat (block_count h)) rows).

(** ** Reading *)

Definition field (offset count : nat) (bytes : list N) : N := word_of_bytes (firstn count (skipn offset bytes)).

Definition header_of_bytes (bytes : list N) : file_header := {|
  file_rows := field 16 8 bytes;
  file_dimension := field 24 8 bytes;
  file_bits := field 40 4 bytes;
  rows_per_block := field 44 4 bytes;
  file_seed := field 48 8 bytes;
  file_first_row := field 56 8 bytes;
  file_dither := field 76 4 bytes
|}.

Definition block_length (h : file_header) (rows : N) : N :=
  let content := rows * (4 + file_code_bytes h) in content + padding content + 4.

Definition within (least most v : N) : bool := (least <=? v) && (v <=? most).

(** Fields in their ranges, blocks that a reader holds in memory. *)
Definition header_ok (h : file_header) : bool :=
  within 1 (2 ^ 24) (file_dimension h) && within 1 8 (file_bits h) && within 1 (2 ^ 32 - 1) (rows_per_block h)
  && within 0 1 (file_dither h) && (block_length h (N.min (rows_per_block h) (file_rows h)) <=? 2 ^ 26).

Definition file_length (h : file_header) : N :=
  if file_rows h =? 0 then 128
  else
    let full := (file_rows h - 1) / rows_per_block h in
    128 + full * block_length h (rows_per_block h) + block_length h (file_rows h - full * rows_per_block h).

(** Rows of blocks that follow each other. *)
Fixpoint rows_of_blocks (h : file_header) (count : nat) (left_rows : N) (bytes : list N) : list stored_row :=
  match count with
  | O => []
  | S count' =>
    let rows := N.min (rows_per_block h) left_rows in
    let codes := skipn (N.to_nat (4 * rows)) bytes in
    combine (floats_of_bytes (firstn (N.to_nat (4 * rows)) bytes))
      (groups_of (N.to_nat (file_code_bytes h)) (N.to_nat rows) codes)
    ++ rows_of_blocks h count' (left_rows - rows) (skipn (N.to_nat (block_length h rows)) bytes)
  end.

Fixpoint same_bytes (a b : list N) : bool :=
  match a, b with
  | [], [] => true
  | x :: a', y :: b' => (x =? y) && same_bytes a' b'
  | _, _ => false
  end.

(** A file is accepted if it is, byte for byte, the file of what it holds: magic, order, reserved bytes, zeros and checksums at once. *)
Definition read_file (bytes : list N) : option (file_header * list stored_row) :=
  let h := header_of_bytes bytes in
  if header_ok h && (N.of_nat (length bytes) =? file_length h) then
    let rows := rows_of_blocks h (N.to_nat (block_count h)) (file_rows h) (skipn 128 bytes) in
    if same_bytes bytes (file_bytes h rows) then Some (h, rows) else None
  else None.

Lemma same_bytes_eq a b : same_bytes a b = true -> a = b.
Proof.
  revert b. induction a as [|x a IH]; intros [|y b] H; cbn [same_bytes] in H; try easy.
  apply andb_prop in H. destruct H as [Hxy H]. apply N.eqb_eq in Hxy. now rewrite Hxy, (IH b H).
Qed.

Lemma read_file_exact bytes h rows : read_file bytes = Some (h, rows) -> bytes = file_bytes h rows.
Proof.
  unfold read_file. destruct (header_ok (header_of_bytes bytes) && _); [|easy].
  destruct (same_bytes bytes _) eqn:Hsame; [|easy]. intros [= <- <-]. now apply same_bytes_eq.
Qed.

(** ** What a kernel saves and loads: rows numbered from 0, a dither word for each *)

Definition usual_header (rows n b seed : N) : file_header :=
  let h B := {| file_rows := rows; file_dimension := n; file_bits := b; rows_per_block := B; file_seed := seed; file_first_row := 0; file_dither := 0 |} in
  h (usual_rows_per_block (file_code_bytes (h 1))).

Definition save_rows (n b seed : N) (rows : list stored_row) : list N :=
  file_bytes (usual_header (N.of_nat (length rows)) n b seed) rows.

Definition load_rows (rows n b seed : N) (bytes : list N) : option (list stored_row) :=
  match read_file bytes with
  | Some (h, stored) =>
    if (file_rows h =? rows) && (file_dimension h =? n) && (file_bits h =? b) && (file_seed h =? seed) && (file_dither h =? 0) then Some stored else None
  | None => None
  end.
