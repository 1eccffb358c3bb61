(** * The numbers that both sides must agree on

    Constants of the specification (SPEC 1, 2, 3, 5.6) as integers, and their printed
    form, one [name value...] per line, which the C++ program prints too. The theorems
    of this directory are about the definitions here or, where a definition lives
    elsewhere (stage counts, B_m), this file proves or imports the equality. *)
From Coq Require Import ZArith Reals List String DecimalString Lra.
From Hdq Require Import Defs FloatStages.
Import ListNotations.

(** ** SPEC 3: 64 sigma and 64 kappa of the shipped generator, b = 1..8 *)

Definition shipped_sigma_times_64 : list Z := [93; 109; 111; 111; 111; 111; 111; 111]%Z.
Definition shipped_kappa_times_64 : list Z := [32; 24; 20; 18; 16; 15; 14; 13]%Z.

Definition shipped_sigma (b : nat) : R := (IZR (nth (b - 1) shipped_sigma_times_64 0%Z) / 64)%R.
Definition shipped_kappa (b : nat) : R := (IZR (nth (b - 1) shipped_kappa_times_64 0%Z) / 64)%R.

(** ** SPEC 2: counter words that separate the two Philox streams; the dither *)

Definition philox_domain_signs : Z := 0x5349474E.
Definition philox_domain_dither : Z := 0x44495448.

(** U = (2 w + 1) / 2^33. *)
Definition dither_scale_exponent : Z := 33.

Lemma dither_of_word_fraction (w : nat) :
  dither_of_word w = ((2 * INR w + 1) / 2 ^ Z.to_nat dither_scale_exponent)%R.
Proof. unfold dither_of_word; simpl; field. Qed.

(** ** SPEC 5.6: binary32 *)

(** u = 2^-24; the smallest positive binary32 number is 2^-149. *)
Definition unit_roundoff_exponent : Z := -24.
Definition min_subnormal_exponent : Z := -149.

(** ** SPEC 1: the cores B_m *)

(** The quadratic character mod q. *)
Definition quadratic_character (q r : Z) : Z :=
  if (r mod q =? 0)%Z then 0%Z
  else if existsb (fun t => (Z.of_nat t * Z.of_nat t mod q =? r mod q)%Z) (seq 1 (Z.to_nat q - 1))
       then 1%Z else (-1)%Z.

Definition conference_border (corner : Z) (q : Z) (i j : nat) : Z :=
  match i, j with
  | O, O => 0
  | O, S _ => 1
  | S _, O => corner
  | S r, S s => quadratic_character q (Z.of_nat r - Z.of_nat s)
  end%Z.

Definition paley_one (q : Z) (i j : nat) : Z :=
  ((if Nat.eqb i j then 1 else 0) + conference_border (-1) q i j)%Z.

Definition paley_two (q : Z) (i j : nat) : Z :=
  let odd_i := Nat.odd i in
  let odd_j := Nat.odd j in
  let symmetric := (if andb odd_i odd_j then -1 else 1)%Z in
  let diagonal := (if orb odd_i odd_j then -1 else 1)%Z in
  (conference_border 1 q (i / 2) (j / 2) * symmetric
   + (if Nat.eqb (i / 2) (j / 2) then diagonal else 0))%Z.

Definition hadamard_core (m i j : nat) : Z :=
  match m with
  | 12%nat => paley_one 11 i j
  | 20%nat => paley_one 19 i j
  | 28%nat => paley_two 13 i j
  | _ => 1%Z
  end.

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
    line "min_subnormal_exponent" [min_subnormal_exponent] ]
  ++ map (fun mk => line "transform_addition_stages"
            (map Z.of_nat [fst mk; snd mk; transform_addition_stages (fst mk) (snd mk)]))
         supported_orders
  ++ flat_map (fun m => map (fun i => line "hadamard_core"
            (Z.of_nat m :: Z.of_nat i :: map (hadamard_core m i) (seq 0 m))) (seq 0 m))
       [1; 12; 20; 28]%nat.
