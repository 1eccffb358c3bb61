(** * The numbers that both sides must agree on

    Constants of the specification (SPEC §1, §2, §3, §4, §5.6, §7) as integers, and their printed
    form, one [name value...] per line, which the C++ program prints too. The theorems
    of this directory are about these definitions: sigma and kappa enter Statements.v by
    [shipped_sigma], stage counts come from FloatStages.v, B_m from Paley.v. Where a definition has a number and
    not its name, a lemma next to one of the two says that they agree. *)
From Coq Require Import ZArith Reals List String DecimalString Lra.
From Hdq Require Import Defs EntropyDefs Paley FloatStages.
Import ListNotations.

(** ** SPEC §3: 64 sigma and 64 kappa of the shipped generator, b = 1..8 *)

Definition shipped_sigma_times_64 : list Z := [93; 109; 111; 111; 111; 111; 111; 111]%Z.
Definition shipped_kappa_times_64 : list Z := [32; 24; 20; 18; 16; 15; 14; 13]%Z.

Definition shipped_sigma (b : nat) : R := (IZR (nth (b - 1) shipped_sigma_times_64 0%Z) / 64)%R.
Definition shipped_kappa (b : nat) : R := (IZR (nth (b - 1) shipped_kappa_times_64 0%Z) / 64)%R.

(** ** SPEC §2: counter words that separate the two Philox streams; the dither *)

Definition philox_domain_signs : Z := 0x5349474E.
Definition philox_domain_dither : Z := 0x44495448.

(** U = (2 w + 1) / 2^33. *)
Definition dither_scale_exponent : Z := 33.

Lemma dither_of_word_fraction (w : nat) :
  dither_of_word w = ((2 * INR w + 1) / 2 ^ Z.to_nat dither_scale_exponent)%R.
Proof. unfold dither_of_word; simpl; field. Qed.

(** ** SPEC §5.6: binary32 *)

(** u = 2^-24; the smallest positive binary32 number is 2^-149. *)
Definition unit_roundoff_exponent : Z := -24.
Definition min_subnormal_exponent : Z := -149.

(** ** SPEC §4, 7: code j enters sum (j div 8) mod 16. FloatScore.v has the lemma. *)

Definition score_sums : Z := 16.
Definition score_run : Z := 8.

(** ** SPEC §7: offsets, buckets, and the coder *)

(** V = (floor(w/2^9) + 1/2)/2^23. *)
Definition offset_shift : Z := 9.
Definition offset_exponent : Z := 23.

Lemma offset_constants (w : nat) :
  offset_of_word w = ((INR (w / 2 ^ Z.to_nat offset_shift) + 1/2) / 2 ^ Z.to_nat offset_exponent)%R.
Proof. reflexivity. Qed.

(** The bucket of w is floor(w/2^26); frequencies sum to 2^16; the state is in [2^31, 2^63), and words have 32 bits.
    FrequencyTables.v and StreamCoder.v have the lemmas. *)
Definition bucket_shift : Z := 26.
Definition bucket_count : Z := 64.
Definition frequency_exponent : Z := 16.
Definition state_least_exponent : Z := 31.
Definition state_end_exponent : Z := 63.
Definition stream_word_bits : Z := 32.

(** ** Printed form *)

Definition decimal (z : Z) : string := NilZero.string_of_int (Z.to_int z).
Definition line (name : string) (values : list Z) : string :=
  fold_left (fun s z => s ++ " " ++ decimal z)%string values name.

Definition max_printed_log_dimension : nat := 13.

Definition supported_orders : list (nat * nat) :=
  flat_map (fun m => map (fun k => (m, k))
    (filter (fun k => Nat.leb (m * 2 ^ k) (2 ^ max_printed_log_dimension)) (seq 0 (S max_printed_log_dimension))))
    [1; 12; 20; 28]%nat.

Definition constants_lines : list string :=
  [ line "shipped_sigma_times_64" shipped_sigma_times_64;
    line "shipped_kappa_times_64" shipped_kappa_times_64;
    line "philox_domain_signs" [philox_domain_signs];
    line "philox_domain_dither" [philox_domain_dither];
    line "dither_scale_exponent" [dither_scale_exponent];
    line "unit_roundoff_exponent" [unit_roundoff_exponent];
    line "min_subnormal_exponent" [min_subnormal_exponent];
    line "score_sums" [score_sums];
    line "score_run" [score_run];
    line "weyl_increment" [Z.of_N weyl_constant];
    line "offset_shift" [offset_shift];
    line "offset_exponent" [offset_exponent];
    line "bucket_shift" [bucket_shift];
    line "bucket_count" [bucket_count];
    line "frequency_exponent" [frequency_exponent];
    line "state_least_exponent" [state_least_exponent];
    line "state_end_exponent" [state_end_exponent];
    line "stream_word_bits" [stream_word_bits] ]
  ++ map (fun mk => line "transform_addition_stages"
            (map Z.of_nat [fst mk; snd mk; transform_addition_stages (fst mk) (snd mk)]))
         supported_orders
  ++ flat_map (fun m => map (fun i => line "base_matrix"
            (Z.of_nat m :: Z.of_nat i :: map (base_matrix_Z m i) (seq 0 m))) (seq 0 m))
       [1; 12; 20; 28]%nat.
