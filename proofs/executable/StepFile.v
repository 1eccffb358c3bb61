(** * The file of the entropy-coded quantizer as programs (docs/format.md, scheme 1 without a mean)

    As kernels save and load it: rows are numbered from 0, and blocks have the usual number of rows. *)
From Coq Require Import ZArith NArith List Bool Arith.
From Flocq Require Import IEEE754.Bits.
From Hdq Require Import StreamCoder Philox Packing NormList FixedRateCodec FloatBytes FileFormat FrequencyList StepCodec.
Import ListNotations.
Open Scope N_scope.

(** What a file's rows share, and a step's tables. *)
Record step_file : Type := {
  step_dimension : nat;
  step_seed : N;
  step_size : binary32;
  step_tables : Z -> table
}.

Definition step_order (f : step_file) : nat := order_of (shape_of (step_dimension f)).
Definition step_rows_per_block (f : step_file) : N := 2 ^ N.log2 (262144 / N.of_nat (step_order f)).
Definition step_raw_length (f : step_file) : nat := packed_length (N.of_nat (raw_bits_of (step_size f))) (step_order f).

Definition step_header_body (f : step_file) (rows : N) : list N :=
  magic ++ bytes_of_word 4 1 ++ bytes_of_word 4 128 ++ bytes_of_word 8 rows ++ bytes_of_word 8 (N.of_nat (step_dimension f))
  ++ bytes_of_word 8 (N.of_nat (step_order f)) ++ bytes_of_word 4 0 ++ bytes_of_word 4 (step_rows_per_block f)
  ++ bytes_of_word 8 (step_seed f) ++ bytes_of_word 8 0 ++ bytes_of_word 4 1 ++ bytes_of_word 4 0 ++ bytes_of_float (step_size f) ++ repeat 0 48.
Definition step_header_bytes (f : step_file) (rows : N) : list N :=
  step_header_body f rows ++ bytes_of_word 4 (crc32c (step_header_body f rows)).

(** ** Blocks *)

Definition step_row : Type := (binary32 * list Z)%type.

(** The raw bits and the stream of row [number] of the file. *)
Definition packed_row (f : step_file) (number : N) (row : step_row) : list N * list N :=
  let (raw, stream) := put_row (step_tables f) (raw_bits_of (step_size f)) (dither_word (step_seed f) number) (fst row) (snd row) in
  (raw, map Z.to_N stream).

Fixpoint packed_rows (f : step_file) (number : N) (rows : list step_row) : list (list N * list N) :=
  match rows with
  | [] => []
  | row :: rows' => packed_row f number row :: packed_rows f (number + 1) rows'
  end.

Definition width_of (largest : N) : nat := if largest <? 2 ^ 8 then 1%nat else if largest <? 2 ^ 16 then 2%nat else 4%nat.

Definition step_block_bytes (f : step_file) (number : N) (rows : list step_row) : list N :=
  let packed := packed_rows f (number * step_rows_per_block f) rows in
  let lengths := map (fun p => N.of_nat (length (snd p))) packed in
  let least := fold_left N.min (filter (fun l => 0 <? l) lengths) (2 ^ 32) in
  let most := fold_left N.max lengths 0 in
  let base := if most =? 0 then 0 else least in
  let stored l := if l =? 0 then 0 else l - base + 1 in
  let width := width_of (stored most) in
  let content := bytes_of_word 4 base ++ bytes_of_word 4 (N.of_nat width) ++ flat_map (fun l => bytes_of_word width (stored l)) lengths
                 ++ flat_map fst packed ++ flat_map snd packed in
  let padded := content ++ repeat 0 ((4 - length content mod 4) mod 4)%nat in
  padded ++ bytes_of_word 4 (crc32c (bytes_of_word 8 number ++ padded)).

Fixpoint step_blocks (f : step_file) (number : N) (blocks : list (list step_row)) : list (list N) :=
  match blocks with
  | [] => []
  | rows :: blocks' => step_block_bytes f number rows :: step_blocks f (number + 1) blocks'
  end.

(** Where each block ends. *)
Fixpoint ends_of (start : N) (blocks : list (list N)) : list N :=
  match blocks with
  | [] => []
  | b :: blocks' => let e := start + N.of_nat (length b) in e :: ends_of e blocks'
  end.

Definition step_block_count (f : step_file) (rows : N) : nat := N.to_nat ((rows + step_rows_per_block f - 1) / step_rows_per_block f).

Definition save_step_rows (f : step_file) (rows : list step_row) : list N :=
  let count := N.of_nat (length rows) in
  let blocks := step_blocks f 0 (groups_of (N.to_nat (step_rows_per_block f)) (step_block_count f count) rows) in
  let index := flat_map (bytes_of_word 8) (ends_of 128 blocks) in
  step_header_bytes f count ++ concat blocks ++ index ++ bytes_of_word 4 (crc32c (bytes_of_word 8 (2 ^ 64 - 2) ++ index)).

(** ** Reading *)

(** Rows from their lengths, their raw bits and their streams. *)
Fixpoint rows_of_streams (f : step_file) (number : N) (lengths : list N) (raw streams : list N) : option (list step_row) :=
  match lengths with
  | [] => Some []
  | l :: lengths' =>
    let n := N.to_nat l in
    let d := step_order f in
    let bytes := step_raw_length f in
    match get_row (step_tables f) (raw_bits_of (step_size f)) (code_width d (step_size f)) (dither_word (step_seed f) number) d
            (firstn bytes raw) (map Z.of_N (firstn n streams)) with
    | None => None
    | Some row =>
      option_map (cons row) (rows_of_streams f (number + 1) lengths' (skipn bytes raw) (skipn n streams))
    end
  end.

(** The sum of a block's bytes is what its last four bytes say: most files that are damaged end here. *)
Definition block_intact (number : N) (bytes : list N) : bool :=
  let content := (length bytes - 4)%nat in
  crc32c (bytes_of_word 8 number ++ firstn content bytes) =? word_of_bytes (skipn content bytes).

Definition rows_of_step_block (f : step_file) (number : N) (rows : nat) (bytes : list N) : option (list step_row) :=
  let base := field 0 4 bytes in
  let width := N.to_nat (field 4 4 bytes) in
  let stored := map word_of_bytes (groups_of width rows (skipn 8 bytes)) in
  let lengths := map (fun l => if l =? 0 then 0 else base + l - 1) stored in
  if block_intact number bytes && forallb (fun l => l <=? N.of_nat (length bytes)) lengths then
    let rest := skipn (8 + width * rows) bytes in
    rows_of_streams f (number * step_rows_per_block f) lengths rest (skipn (step_raw_length f * rows) rest)
  else None.

Fixpoint rows_of_step_blocks (f : step_file) (number left_rows start : N) (ends : list N) (bytes : list N) : option (list step_row) :=
  match ends with
  | [] => Some []
  | e :: ends' =>
    let rows := N.min (step_rows_per_block f) left_rows in
    let size := N.to_nat (e - start) in
    match rows_of_step_block f number (N.to_nat rows) (firstn size bytes) with
    | None => None
    | Some read => option_map (app read) (rows_of_step_blocks f (number + 1) (left_rows - rows) e ends' (skipn size bytes))
    end
  end.

(** Accepted is, byte for byte, the file of what it holds. *)
Definition load_step_rows (f : step_file) (rows : N) (bytes : list N) : option (list step_row) :=
  let blocks := step_block_count f rows in
  let index := (8 * blocks + 4)%nat in
  if Nat.leb (128 + index) (length bytes) && same_bytes (firstn 128 bytes) (step_header_bytes f rows) then
    let ends := map word_of_bytes (groups_of 8 blocks (skipn (length bytes - index) bytes)) in
    if forallb (fun e => e <=? N.of_nat (length bytes)) ends then
      match rows_of_step_blocks f 0 rows 128 ends (skipn 128 bytes) with
      | Some read => if same_bytes bytes (save_step_rows f read) then Some read else None
      | None => None
      end
    else None
  else None.

Lemma load_step_rows_exact f rows bytes read : load_step_rows f rows bytes = Some read -> bytes = save_step_rows f read.
Proof.
  unfold load_step_rows. destruct (Nat.leb _ _ && _); [|easy]. destruct (forallb _ _); [|easy].
  destruct (rows_of_step_blocks _ _ _ _ _ _) as [read'|]; [|easy].
  destruct (same_bytes bytes _) eqn:Hsame; [|easy]. intros [= <-]. now apply same_bytes_eq.
Qed.
