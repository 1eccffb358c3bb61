(** * The programs in OCaml: specification.ml, for hdq_coq.ml

    What is trusted besides Coq's extraction is what this file says, and the files of Coq's library that it loads: binary numbers are Zarith's,
    and the functions below Zarith's of the same meaning; naturals, which count entries of lists, are OCaml's integers of 63 bits; texts are
    OCaml's. ([Extract Constant] for a number's function says how it runs, not what it is: in Coq nothing changes.) *)
From Coq Require Extraction.
From Coq Require Import ExtrOcamlBasic ExtrOcamlNatInt ExtrOcamlZBigInt ExtrOcamlNativeString.
From Coq Require Import ZArith NArith Zbool Zpower Floats.SpecFloat.
From Flocq Require Import Core.Digits.
From Hdq Require Import StreamCoder Philox Packing ShiftRight SymbolSearch FloatBytes Codebook64 FixedRateCodec ScoreList FileFormat FrequencyList StepCodec StepFile.

(** ** Comparisons *)
Extract Constant Pos.eqb => "Big_int_Z.eq_big_int".
Extract Constant N.eqb => "Big_int_Z.eq_big_int".
Extract Constant N.leb => "Big_int_Z.le_big_int".
Extract Constant N.ltb => "Big_int_Z.lt_big_int".
Extract Constant Z.leb => "Big_int_Z.le_big_int".
Extract Constant Z.ltb => "Big_int_Z.lt_big_int".
Extract Constant Zeq_bool => "Big_int_Z.eq_big_int".
Extract Constant Zle_bool => "Big_int_Z.le_big_int".

(** ** Bits, of numbers that are not negative. *)
Extract Constant N.land => "Big_int_Z.and_big_int".
Extract Constant N.lxor => "Big_int_Z.xor_big_int".
Extract Constant N.ones => "(fun n -> Big_int_Z.(pred_big_int (shift_left_big_int unit_big_int (int_of_big_int n))))".
Extract Constant N.testbit => "Bits.test".
Extract Constant N.odd => "(fun a -> Bits.test a Big_int_Z.zero_big_int)".
(** Zarith's are those of two's complement without end, as Coq's. *)
Extract Constant Z.land => "Big_int_Z.and_big_int".
Extract Constant Z.ones => "(fun n -> Big_int_Z.(pred_big_int (shift_left_big_int unit_big_int (int_of_big_int n))))".
Extract Constant Z.testbit => "(fun a n -> Big_int_Z.sign_big_int n >= 0 && Bits.test a n)".
Extract Constant Z.even => "(fun a -> not (Bits.test a Big_int_Z.zero_big_int))".
Extract Constant Z.shiftr =>
 "(fun a n -> Big_int_Z.(let n = int_of_big_int n in if n >= 0 then shift_right_big_int a n else shift_left_big_int a (- n)))".
Extract Constant Z.shiftl =>
 "(fun a n -> Big_int_Z.(let n = int_of_big_int n in if n >= 0 then shift_left_big_int a n else shift_right_big_int a (- n)))".

(** ** Powers of two, digits *)
Extract Constant Z.pow_pos => "Bits.power".
Extract Constant Pos.pow => "Bits.power".
Extract Constant Zpower.shift_pos => "(fun n a -> Big_int_Z.(shift_left_big_int a (int_of_big_int n)))".
Extract Constant SpecFloat.digits2_pos => "Bits.number".
Extract Constant Pos.size => "Bits.number".

Extract Constant Z.sqrtrem => "Bits.root".

(** ** To OCaml's integers and back *)
Extract Constant N.of_nat => "Big_int_Z.big_int_of_int".
Extract Constant N.to_nat => "Big_int_Z.int_of_big_int".
Extract Constant Z.of_nat => "Big_int_Z.big_int_of_int".

(** ** Flocq's shift: what [shr_at_once_shr] says is equal to it, extracted first. *)
Extraction "shift_right.ml" shr_at_once.
Extract Inductive shr_record => "Shift_right.shr_record"
  [ "(fun (m, r, s) -> Shift_right.{ shr_m = m; shr_r = r; shr_s = s })" ]
  "(fun f a -> Shift_right.(f a.shr_m a.shr_r a.shr_s))".
Extract Constant SpecFloat.shr => "Shift_right.shr_at_once".

(** The coder's search: [find_symbol_once_correct]. *)
Extraction "symbol_search.ml" find_symbol_once.
Extract Constant StreamCoder.find_symbol => "(fun t m n -> Symbol_search.find_symbol_once t.frequency t.bound m n)".

Extraction "specification.ml"
  sign_bits dither_word threshold_table thresholds_with codeword_table codewords_with shape_of order_of rotate_list32 rotate_back_list32
  packed_length pack_bytes unpack_bytes encode_row_with decode_row_with query_of dot_row_with save_rows load_rows
  step_encode_row step_decode_row step_dot_row raw_bits_of coarse64 bucket_table coding_of_step frequencies_of_step
  code_width codes_of_bytes bytes_of_codes put_row get_row save_step_rows load_step_rows
  bytes_of_word floats_of_bytes bytes_of_floats bytes_of_double.
