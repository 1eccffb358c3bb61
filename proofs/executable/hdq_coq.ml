(* hdq-coq: the programs of this room, extracted from Coq, behind the pipe of docs/pipe-protocol.md. This file reads calls and writes answers,
   splits them into rows, and keeps what the last calls computed; what hdq computes is in `Specification`. *)
module S = Specification

let max_dimension = 4096

let operations =
  [| "info"; "signs"; "dither"; "thresholds"; "codewords"; "transform"; "transform-transposed"; "code-bytes"; "encode"; "decode"; "pack"; "unpack";
     "dot"; "reconstruct"; "save"; "load"; "error-constant"; "data"; "coding"; "frequencies"; "put-row"; "get-row" |]
let offered =
  [ "signs"; "dither"; "thresholds"; "codewords"; "transform"; "transform-transposed"; "encode"; "decode"; "pack"; "unpack"; "dot"; "save"; "load"; "coding";
    "frequencies"; "put-row"; "get-row" ]

let info =
  Printf.sprintf {|{"name": "hdq-coq", "version": "1", "promise": "bit-exact", "schemes": ["fixed-rate", "entropy-coded"], "max_dimension": %d, "operations": [%s]}|} max_dimension
    (String.concat ", " (List.map (Printf.sprintf "%S") offered))

(* ---- bytes and numbers ---- *)

let byte = Array.init 256 Z.of_int
let bytes_of s = List.init (String.length s) (fun i -> byte.(Char.code s.[i]))
let string_of bytes =
  let out = Buffer.create 4096 in
  List.iter (fun b -> Buffer.add_char out (Char.chr (Z.to_int b))) bytes;
  Buffer.contents out
let word s at = Z.of_bits (String.sub s (8 * at) 8)
let string_of_word count w = string_of (S.bytes_of_word count w)
let floats s = S.floats_of_bytes (bytes_of s)
let string_of_floats x = string_of (S.bytes_of_floats x)

(* Consecutive parts of `length` bytes. *)
let part s length row = String.sub s (length * row) length
let each_row rows f = String.concat "" (List.init rows f)

(* ---- what calls share: the last answers of a function ---- *)

let remembering count f =
  let last = Hashtbl.create count in
  fun key ->
    match Hashtbl.find_opt last key with
    | Some answer -> answer
    | None ->
      if Hashtbl.length last >= count then Hashtbl.reset last;
      let answer = f key in
      Hashtbl.add last key answer;
      answer

let shape_of = remembering 64 S.shape_of
let signs_of = remembering 16 (fun (seed, count) -> S.sign_bits seed count)
let threshold_table = remembering 8 S.threshold_table
let codeword_table = remembering 8 S.codeword_table
let thresholds_of = remembering 64 (fun (bits, word) -> S.thresholds_with (threshold_table bits) word)
let codewords_of = remembering 64 (fun (bits, word) -> S.codewords_with (codeword_table bits) word)

(* ---- calls ---- *)

type call = { operation : int; n : int; seed : Z.t; bits : int; first_row : Z.t; rows : int; count : int; word : Z.t; capacity : int * int; step : string; body : string }

exception Unsupported of string
exception Failed of string
exception Bad_input of int * Z.t

let columns_end = Z.pred (Z.shift_left Z.one 64)

(* Codes of a stream are integers of either sign there, bytes too. *)
let step_of = remembering 64 (fun bytes -> List.hd (floats bytes))
let coarse_of = remembering 64 (fun step -> S.coarse64 (step_of step))
let bucket_table = remembering 128 (fun (step, bucket) -> S.bucket_table (coarse_of step) bucket)

(* The entropy-coded scheme. *)
let step_answer c =
  if c.n > max_dimension then raise (Unsupported "this dimension is not offered");
  let shape = shape_of c.n and step = step_of c.step in
  let d = S.order_of shape in
  let signs = signs_of (c.seed, d) and width = S.code_width d step and h = S.raw_bits_of step in
  let code_bytes = width * d in
  let row i = Z.add c.first_row (Z.of_int i) in
  let norm_of i = List.hd (floats (part c.body 4 i)) in
  let codes_of i = S.codes_of_bytes width (bytes_of (String.sub c.body ((4 * c.rows) + (code_bytes * i)) code_bytes)) in
  let tables bucket = bucket_table (c.step, bucket) in
  let file = S.{ step_dimension = c.n; step_seed = c.seed; step_size = step; step_tables = tables } in
  let words numbers = String.concat "" (List.map (string_of_word 4) numbers) in
  match operations.(c.operation) with
  | "encode" ->
    let encoded =
      List.init c.rows (fun i ->
        match S.step_encode_row shape signs step c.seed (row i) (floats (part c.body (4 * c.n) i)) with
        | S.StepEncoded (norm, codes) -> (string_of_floats [ norm ], string_of (S.bytes_of_codes width codes))
        | S.StepNotFinite column -> raise (Bad_input (i, Z.of_int column))
        | S.StepNormTooLarge -> raise (Bad_input (i, columns_end)))
    in
    String.concat "" (List.map fst encoded @ List.map snd encoded)
  | "decode" -> each_row c.rows (fun i -> string_of_floats (S.step_decode_row shape signs c.n step c.seed (row i) (norm_of i) (codes_of i)))
  | "dot" ->
    let query = S.query_of shape signs (floats (String.sub c.body ((4 + code_bytes) * c.rows) (4 * c.n))) in
    each_row c.rows (fun i -> string_of_floats [ S.step_dot_row shape step c.seed (row i) query (norm_of i) (codes_of i) ])
  | "coding" -> let h, largest = S.coding_of_step step in words [ h; largest ]
  | "frequencies" -> words (S.frequencies_of_step step)
  | "put-row" ->
    let raw, stream = S.put_row tables h (S.dither_word c.seed c.first_row) (norm_of 0) (codes_of 0) in
    if List.length stream > snd c.capacity then raise (Failed "the stream is longer than what it may fill") else string_of raw ^ string_of stream
  | "get-row" -> (
    let raw_bytes = S.packed_length (Z.of_int h) d in
    let raw = bytes_of (String.sub c.body 0 raw_bytes) and stream = bytes_of (String.sub c.body raw_bytes (String.length c.body - raw_bytes)) in
    match S.get_row tables h width (S.dither_word c.seed c.first_row) d raw stream with
    | Some (norm, codes) -> string_of_floats [ norm ] ^ string_of (S.bytes_of_codes width codes)
    | None -> raise (Bad_input (0, Z.zero)))
  | "save" ->
    let file = string_of (S.save_step_rows file (List.init c.rows (fun i -> (norm_of i, codes_of i)))) in
    if String.length file > fst c.capacity then raise (Failed "the file is longer than what it may fill") else file
  | "load" -> (
    match S.load_step_rows file (Z.of_int c.rows) (bytes_of c.body) with
    | Some rows ->
      String.concat "" (List.map (fun (norm, _) -> string_of_floats [ norm ]) rows @ List.map (fun (_, codes) -> string_of (S.bytes_of_codes width codes)) rows)
    | None -> raise (Bad_input (0, Z.zero)))
  | name -> raise (Unsupported (name ^ " is not offered of the entropy-coded scheme"))

let answer c =
  let b = Z.of_int c.bits in
  let shape () = if c.n > max_dimension then raise (Unsupported "this dimension is not offered") else shape_of c.n in
  let signs shape = signs_of (c.seed, S.order_of shape) in
  let code_bytes shape = S.packed_length b (S.order_of shape) in
  let row i = Z.add c.first_row (Z.of_int i) in
  let thresholds word = thresholds_of (c.bits, word) and codewords word = codewords_of (c.bits, word) in
  (* The norms and the codes of a body, and what follows. *)
  let norm_of = part c.body 4 in
  let codes_of length i = String.sub c.body (4 * c.rows + length * i) length in
  match operations.(c.operation) with
  | "signs" -> string_of (List.map (fun negative -> byte.(if negative then 255 else 1)) (S.sign_bits c.seed c.count))
  | "dither" -> each_row c.rows (fun i -> string_of_word 4 (S.dither_word c.seed (row i)))
  | "thresholds" -> String.concat "" (List.map (fun t -> string_of (S.bytes_of_double t)) (thresholds c.word))
  | "codewords" -> String.concat "" (List.map (fun r -> string_of (S.bytes_of_double r)) (codewords c.word))
  | "transform" ->
    let shape = shape () in
    each_row c.rows (fun i -> string_of_floats (S.rotate_list32 shape (signs shape) (floats (part c.body (4 * c.n) i))))
  | "transform-transposed" ->
    let shape = shape () in
    each_row c.rows (fun i -> string_of_floats (S.rotate_back_list32 shape (signs shape) c.n (floats (part c.body (4 * S.order_of shape) i))))
  | "encode" ->
    let shape = shape () in
    let encoded =
      List.init c.rows (fun i ->
        match S.encode_row_with shape (signs shape) thresholds b c.seed (row i) (floats (part c.body (4 * c.n) i)) with
        | S.Encoded (norm, codes) -> (string_of_floats [ norm ], string_of codes)
        | S.NotFinite column -> raise (Bad_input (i, Z.of_int column))
        | S.NormTooLarge -> raise (Bad_input (i, columns_end)))
    in
    String.concat "" (List.map fst encoded @ List.map snd encoded)
  | "decode" ->
    let shape = shape () in
    each_row c.rows (fun i ->
      string_of_floats
        (S.decode_row_with shape (signs shape) c.n codewords b c.seed (row i)
           (List.hd (floats (norm_of i))) (bytes_of (codes_of (code_bytes shape) i))))
  | "pack" -> string_of (S.pack_bytes b (bytes_of c.body))
  | "unpack" -> string_of (S.unpack_bytes b c.count (bytes_of c.body))
  | "dot" ->
    let shape = shape () in
    let length = code_bytes shape in
    let query = S.query_of shape (signs shape) (floats (String.sub c.body ((4 + length) * c.rows) (4 * c.n))) in
    each_row c.rows (fun i ->
      string_of_floats
        [ S.dot_row_with shape codewords b c.seed (row i) query (List.hd (floats (norm_of i))) (bytes_of (codes_of length i)) ])
  | "save" ->
    let length = code_bytes (shape ()) in
    let rows = List.init c.rows (fun i -> (List.hd (floats (norm_of i)), bytes_of (codes_of length i))) in
    let file = string_of (S.save_rows (Z.of_int c.n) b c.seed rows) in
    if String.length file > fst c.capacity then raise (Failed "the file is longer than what it may fill") else file
  | "load" -> (
    match S.load_rows (Z.of_int c.rows) (Z.of_int c.n) b c.seed (bytes_of c.body) with
    | Some rows -> String.concat "" (List.map (fun (norm, _) -> string_of_floats [ norm ]) rows @ List.map (fun (_, codes) -> string_of codes) rows)
    | None -> raise (Bad_input (0, Z.zero)))
  | name -> raise (Unsupported (name ^ " is not offered"))

let no_step = String.make 4 '\000'
let both_schemes = [ "signs"; "dither"; "transform"; "transform-transposed" ]

let answer_of c =
  if c.operation = 0 then info
  else if c.step = no_step || List.mem operations.(c.operation) both_schemes then answer c
  else step_answer c

(* ---- the pipe ---- *)

let write_answer status (row, column) text =
  output_string stdout "HDQREPLY";
  List.iter (fun w -> output_string stdout (string_of_word 8 w)) [ Z.of_int status; row; column; Z.of_int (String.length text) ];
  output_string stdout text;
  flush stdout

let read_call () =
  let head = really_input_string stdin 128 in
  let small at = Z.to_int (word head at) in
  { operation = small 1; n = small 2; seed = word head 4; bits = small 5; first_row = word head 8; rows = small 9; count = small 10;
    word = word head 11; capacity = (small 12, small 13); step = String.sub head 120 4; body = really_input_string stdin (small 14) }

let () =
  Gc.set { (Gc.get ()) with minor_heap_size = 1 lsl 20; space_overhead = 400; custom_minor_ratio = 1000 };  (* numbers live briefly *)
  set_binary_mode_in stdin true;
  set_binary_mode_out stdout true;
  try
    while true do
      let call = read_call () in
      match answer_of call with
      | text -> write_answer 0 (Z.zero, Z.zero) text
      | exception Unsupported why -> write_answer 1 (Z.zero, Z.zero) why
      | exception Failed why -> write_answer 3 (Z.zero, Z.zero) why
      | exception Bad_input (row, column) -> write_answer 2 (Z.of_int row, column) ""
    done
  with End_of_file -> ()
