(** * The numbers and tables of a step as programs (SPEC §7, "The rule" and "Tables")

    In binary64, every operation rounded once, in the order of FrequencyTables.v, which has the same over real numbers. *)
From Coq Require Import ZArith NArith List Bool.
From Flocq Require Import Core.Zaux IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import FloatOperations NormList StreamCoder.
Import ListNotations.
Open Scope Z_scope.

(** ⌊x⌋ and ⌈x⌉ of a finite number: a shift to the right rounds down. *)
Definition floor64 (x : binary64) : Z :=
  match x with Binary.B754_finite s m e _ => Z.shiftl (cond_Zopp s (Zpos m)) e | _ => 0 end.
Definition ceiling64 (x : binary64) : Z := - floor64 (b64_opp x).

Definition integer64 (v : Z) : binary64 := number64 v 0 false.

(** h, the least with 2^h step > 1/8, and W. *)
Fixpoint raw_bits_from (more : nat) (coarse : binary32) : nat :=
  match more with
  | O => O
  | S more' => if less32 (power32 (-3)) coarse then O else S (raw_bits_from more' (scale32 1 coarse))
  end.
Definition raw_bits_of (step : binary32) : nat := raw_bits_from 8 step.
Definition coarse64 (step : binary32) : binary64 := widen (scale32 (Z.of_nat (raw_bits_of step)) step).

(** 1. *)
Definition largest_symbol64 (W : binary64) : Z :=
  ceiling64 (div64 (mult64 (number64 9 (-1) false) (sqrt64 (plus64 (integer64 1) (div64 (mult64 W W) (integer64 12))))) W).

(** 2. *)
Definition middle_of_cell64 (W : binary64) (u c : Z) : binary64 := mult64 W (number64 (128 * c + 63 - 2 * u) (-7) false).

Fixpoint squared64 (times : nat) (r : binary64) : binary64 :=
  match times with O => r | S times' => squared64 times' (mult64 r r) end.

Definition table_exponential64 (q : binary64) : binary64 :=
  let a := mult64 q (number64 1 (-10) false) in
  squared64 10 (plus64 (minus64 (integer64 1) a) (mult64 (mult64 a a) (number64 1 (-1) false))).

Definition weight64 (W : binary64) (u c : Z) : binary64 :=
  let tau := middle_of_cell64 W u c in
  table_exponential64 (div64 (mult64 tau tau) (plus64 (integer64 2) (div64 (mult64 W W) (integer64 6)))).

(** first, first + 1, ..., of [count] numbers. *)
Definition integers_from (first : Z) (count : nat) : list Z := map (fun i => first + Z.of_nat i) (seq 0 count).

(** 3., 4. The frequencies of c = -K ... K. *)
Definition side_frequency64 (sum e : binary64) : Z :=
  Z.max 1 (floor64 (plus64 (div64 (mult64 (integer64 65535) e) sum) (number64 1 (-1) false))).

Definition bucket_frequencies (W : binary64) (u : Z) : list Z :=
  let K := largest_symbol64 W in
  let weights := map (weight64 W u) (integers_from (- K) (Z.to_nat (2 * K + 1))) in
  let sum := match weights with [] => zero64 | e :: weights' => fold_left plus64 weights' e end in
  let sides := map (side_frequency64 sum) weights in
  let below := firstn (Z.to_nat K) sides in
  let above := skipn (Z.to_nat K + 1) sides in
  below ++ [65535 - (fold_left Z.add below 0 + fold_left Z.add above 0)] ++ above.

(** The coder's table. *)
Definition table_of_frequencies (K : Z) (frequencies : list Z) : table :=
  {| bound := K; frequency := fun c => nth (Z.to_nat (c + K)) frequencies 0 |}.
Definition bucket_table (W : binary64) (u : Z) : table := table_of_frequencies (largest_symbol64 W) (bucket_frequencies W u).

(** What a kernel says of a step: h and K; the frequencies of every bucket, the escape's last. *)
Definition coding_of_step (step : binary32) : Z * Z := (Z.of_nat (raw_bits_of step), largest_symbol64 (coarse64 step)).
Definition frequencies_of_step (step : binary32) : list Z :=
  let W := coarse64 step in flat_map (fun u => bucket_frequencies W u ++ [1]) (integers_from 0 64).
