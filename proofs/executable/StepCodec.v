(** * The entropy-coded quantizer as programs (SPEC §7)

    Encoder, decoder and score of a row, its raw bits and its stream. The coder is that of StreamCoder.v. *)
From Coq Require Import ZArith NArith List Bool.
From Flocq Require Import Core.Zaux IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import EntropyDefs Constants StreamCoder Philox Packing FloatOperations NormList FixedRateCodec ScoreList FrequencyList.
Import ListNotations.
Open Scope Z_scope.

(** ** Offsets *)

(** w_j *)
Definition weyl_word_of (w : N) (j : nat) : Z := (Z.of_N w + Z.of_nat j * Z.of_N weyl_constant) mod 2 ^ 32.
Definition bucket_of (w_j : Z) : Z := w_j / 2 ^ bucket_shift.
(** 2^h V_j: exact. *)
Definition offset32 (h : nat) (w_j : Z) : binary32 := number32 (2 * (w_j / 2 ^ offset_shift) + 1) (Z.of_nat h - offset_exponent - 1) false.
Definition offsets32 (h : nat) (w : N) (count : nat) : list binary32 := map (fun j => offset32 h (weyl_word_of w j)) (seq 0 count).

(** ** Codes *)

Definition floor32 (x : binary32) : Z :=
  match x with Binary.B754_finite s m e _ => Z.shiftl (cond_Zopp s (Zpos m)) e | _ => 0 end.

(** fl32(fl64(1/(step rho))) *)
Definition codes_per_unit (step rho : binary32) : binary32 := narrow (div64 (integer64 1) (mult64 (widen step) (widen rho))).

Definition step_code (sigma offset y : binary32) : Z := floor32 (plus32 (mult32 y sigma) offset).

Definition step_codes_of_row (s : shape) (signs : list bool) (step : binary32) (word : N) (norm : binary32) (x : list binary32) : list Z :=
  let e := scale_exponent norm in
  let sigma := codes_per_unit step (scale32 e norm) in
  map (fun p => step_code sigma (fst p) (snd p))
    (combine (offsets32 (raw_bits_of step) word (order_of s)) (rotate_list32 s signs (scale_list32 e x))).

Inductive step_encoded : Type :=
| StepEncoded (norm : binary32) (codes : list Z)
| StepNotFinite (column : nat)
| StepNormTooLarge.

Definition step_encode_row (s : shape) (signs : list bool) (step : binary32) (seed row : N) (x : list binary32) : step_encoded :=
  match first_not_finite x with
  | Some column => StepNotFinite column
  | None =>
    let norm := norm_list32 x in
    if is_zero32 norm then StepEncoded norm (repeat 0 (order_of s))
    else if is_finite32 norm then StepEncoded norm (step_codes_of_row s signs step (dither_word seed row) norm x)
    else StepNormTooLarge
  end.

(** ẑ_j *)
Definition step_value32 (step offset : binary32) (code : Z) : binary32 :=
  mult32 step (plus32 (number32 code 0 false) (minus32 (number32 1 (-1) false) offset)).

Definition step_values (step : binary32) (word : N) (codes : list Z) : list binary32 :=
  map (fun p => step_value32 step (fst p) (snd p)) (combine (offsets32 (raw_bits_of step) word (length codes)) codes).

Definition step_decode_row (s : shape) (signs : list bool) (n : nat) (step : binary32) (seed row : N) (norm : binary32) (codes : list Z) : list binary32 :=
  values_of_row s signs n norm (step_values step (dither_word seed row) codes).

Definition step_dot_row (s : shape) (step : binary32) (seed row : N) (q : query) (norm : binary32) (codes : list Z) : binary32 :=
  inner_product32 s q norm (score_sum32 (query_rotated q) (step_values step (dither_word seed row) codes)).

(** ** Codes in memory: signed numbers of two or four bytes *)

(** d <= ((32767 - 2^h) step)^2: exactly. *)
Definition narrow_codes (d : nat) (step : binary32) : bool :=
  match step with
  | Binary.B754_finite _ m e _ => let v := (32767 - 2 ^ Z.of_nat (raw_bits_of step)) * Zpos m in
    if 0 <=? e then Z.of_nat d <=? (v * 2 ^ e) * (v * 2 ^ e) else Z.of_nat d * 2 ^ (- 2 * e) <=? v * v
  | _ => false
  end.
Definition code_width (d : nat) (step : binary32) : nat := if narrow_codes d step then 2%nat else 4%nat.

Definition code_of_bytes (width : nat) (bytes : list Z) : Z :=
  let v := of_bytes bytes in if v <? 2 ^ (8 * Z.of_nat width - 1) then v else v - 2 ^ (8 * Z.of_nat width).
Definition codes_of_bytes (width : nat) (bytes : list Z) : list Z :=
  map (code_of_bytes width) (groups_of width (length bytes / width) bytes).
Definition bytes_of_codes (width : nat) (codes : list Z) : list Z := flat_map (to_bytes width) codes.

Definition code_fits (width : nat) (c : Z) : bool := let most := 2 ^ (8 * Z.of_nat width - 1) in (- most <=? c) && (c <? most).

(** ** Raw bits and stream of a row *)

Definition raw_bits_bytes (h : nat) (codes : list Z) : list N := pack_bytes (N.of_nat h) (map (fun k => Z.to_N (k mod 2 ^ Z.of_nat h)) codes).
Definition coarse_codes (h : nat) (codes : list Z) : list Z := map (fun k => k / 2 ^ Z.of_nat h) codes.

(** Of each coordinate, the table of its bucket. *)
Definition tables_of_row (tables : Z -> table) (word : N) (count : nat) : list table :=
  map (fun j => tables (bucket_of (weyl_word_of word j))) (seq 0 count).

Definition put_row (tables : Z -> table) (h : nat) (word : N) (norm : binary32) (codes : list Z) : list N * list Z :=
  if is_zero32 norm then (raw_bits_bytes h (map (fun _ => 0) codes), [])
  else
    (raw_bits_bytes h codes,
     row_stream (bits_of_b32 norm) (combine (tables_of_row tables word (length codes)) (coarse_codes h codes))).

(** A state that an encoder leaves, in the fewest bytes. *)
Definition first_state_ok (length_of_stream : nat) (x : Z) : bool :=
  (2 ^ 31 <=? x) && (x <? 2 ^ 63) && Nat.eqb (state_bytes x) (5 + (length_of_stream - 5) mod 4).

(** The norm and the coarse codes of a stream. *)
Definition coarse_of_stream (tables : Z -> table) (word : N) (d : nat) (stream : list Z) : option (binary32 * list Z) :=
  if Nat.ltb (length stream) 5 then None
  else
    let st := of_stream stream in
    if first_state_ok (length stream) (fst st) then
      match StreamCoder.decode_row (tables_of_row tables word d) st with
      | Some (codes, (x, [])) =>
        let norm := x - 2 ^ 31 in
        if (1 <=? norm) && (norm <? 0x7F800000) then Some (b32_of_bits norm, codes) else None
      | _ => None
      end
    else None.

Definition zero_bytes (bytes : list N) : bool := forallb (fun b => N.eqb b 0) bytes.

Definition get_row (tables : Z -> table) (h width : nat) (word : N) (d : nat) (raw : list N) (stream : list Z) : option (binary32 * list Z) :=
  match stream with
  | [] => if zero_bytes raw then Some (zero32, repeat 0 d) else None
  | _ =>
    match coarse_of_stream tables word d stream with
    | None => None
    | Some (norm, coarse) =>
      let low := unpack_bytes (N.of_nat h) d raw in
      let codes := map (fun p => 2 ^ Z.of_nat h * fst p + Z.of_N (snd p)) (combine coarse low) in
      (* Unused bits are zero: the raw bits are those of the codes. *)
      if forallb (code_fits width) codes && forallb (fun p => N.eqb (fst p) (snd p)) (combine (pack_bytes (N.of_nat h) low) raw)
      then Some (norm, codes) else None
    end
  end.
