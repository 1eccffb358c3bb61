(** * The operations of binary32 and binary64, and the numbers they compute

    Flocq's IEEE 754 operations, rounding to nearest, ties to even, under short names, with a conversion each way. Each computes the number of the
    models of float/ (rounding without upper limit) if that number is below 2^128 or 2^1024 ([.._fits]); and whenever its result is finite ([.._finite]),
    which is how a run checks that nothing overflowed. *)
From Coq Require Import ZArith Reals List Lia Lra.
From Flocq Require Import Core Core.Raux IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import Defs FloatTree FloatTransform FloatCode FloatNorm.
Import ListNotations.

(** ** Operations *)

Definition zero32 : binary32 := Binary.B754_zero 24 128 false.
Definition plus32 : binary32 -> binary32 -> binary32 := b32_plus mode_NE.
Definition minus32 : binary32 -> binary32 -> binary32 := b32_minus mode_NE.
Definition mult32 : binary32 -> binary32 -> binary32 := b32_mult mode_NE.

Definition zero64 : binary64 := Binary.B754_zero 53 1024 false.
Definition plus64 : binary64 -> binary64 -> binary64 := b64_plus mode_NE.
Definition minus64 : binary64 -> binary64 -> binary64 := b64_minus mode_NE.
Definition mult64 : binary64 -> binary64 -> binary64 := b64_mult mode_NE.
Definition div64 : binary64 -> binary64 -> binary64 := b64_div mode_NE.
Definition sqrt64 : binary64 -> binary64 := b64_sqrt mode_NE.
(** a b + c, one rounding. *)
Definition fma64 : binary64 -> binary64 -> binary64 -> binary64 := b64_fma mode_NE.

Definition fma32 : binary32 -> binary32 -> binary32 -> binary32 := b32_fma mode_NE.

(** m 2^e, rounded; [negative] is the sign of a zero. *)
Definition number32 (m e : Z) (negative : bool) : binary32 :=
  Binary.binary_normalize 24 128 eq_refl eq_refl mode_NE m e negative.
Definition number64 (m e : Z) (negative : bool) : binary64 :=
  Binary.binary_normalize 53 1024 eq_refl eq_refl mode_NE m e negative.

Definition nan32 : binary32 := proj1_sig default_nan_pl32.
Definition nan64 : binary64 := proj1_sig default_nan_pl64.

(** binary32 to binary64, exactly. *)
Definition widen (x : binary32) : binary64 :=
  match x with
  | Binary.B754_zero s => Binary.B754_zero 53 1024 s
  | Binary.B754_infinity s => Binary.B754_infinity 53 1024 s
  | Binary.B754_nan _ _ _ => nan64
  | Binary.B754_finite s m e _ => number64 (cond_Zopp s (Zpos m)) e s
  end.

(** binary64 to binary32, rounded. *)
Definition narrow (x : binary64) : binary32 :=
  match x with
  | Binary.B754_zero s => Binary.B754_zero 24 128 s
  | Binary.B754_infinity s => Binary.B754_infinity 24 128 s
  | Binary.B754_nan _ _ _ => nan32
  | Binary.B754_finite s m e _ => number32 (cond_Zopp s (Zpos m)) e s
  end.

(** a < b, a <= b; false where one is NaN. *)
Definition less32 (a b : binary32) : bool :=
  match b32_compare a b with Some Lt => true | _ => false end.
Definition at_most32 (a b : binary32) : bool :=
  match b32_compare a b with Some Lt | Some Eq => true | _ => false end.

Definition is_zero32 (x : binary32) : bool :=
  match x with Binary.B754_zero _ => true | _ => false end.

Notation is_finite32 := (Binary.is_finite 24 128).
Notation is_finite64 := (Binary.is_finite 53 1024).

(** ** Their values *)

Definition value32 (x : binary32) : R := Binary.B2R 24 128 x.
Definition value64 (x : binary64) : R := Binary.B2R 53 1024 x.

Open Scope R_scope.

(** A number that rounding keeps below the limit. *)
Definition fits32 (r : R) : Prop := Rabs (round32 r) < bpow radix2 128.
Definition fits64 (r : R) : Prop := Rabs (round64 r) < bpow radix2 1024.

Lemma overflow_infinite prec emax (r : Binary.binary_float prec emax) s :
  Binary.B2FF prec emax r = Binary.binary_overflow prec emax mode_NE s -> Binary.is_finite prec emax r = false.
Proof. destruct r; easy. Qed.

(** The two readings of a theorem of Flocq. *)
Lemma fits_or_not prec emax (r : Binary.binary_float prec emax) v :
  (if Rlt_bool (Rabs v) (bpow radix2 emax) then Binary.B2R prec emax r = v /\ Binary.is_finite prec emax r = true
   else Binary.is_finite prec emax r = false) ->
  (Rabs v < bpow radix2 emax -> Binary.is_finite prec emax r = true /\ Binary.B2R prec emax r = v) /\
  (Binary.is_finite prec emax r = true -> Binary.B2R prec emax r = v).
Proof.
  destruct (Rlt_bool_spec (Rabs v) (bpow radix2 emax)) as [Hlt | Hge].
  - intros [Hv Hf]. now split.
  - intros Hf. split; [intros; lra|congruence].
Qed.

Lemma plus32_spec x y : is_finite32 x = true -> is_finite32 y = true ->
  let r := value32 x + value32 y in
  (fits32 r -> is_finite32 (plus32 x y) = true /\ value32 (plus32 x y) = round32 r) /\
  (is_finite32 (plus32 x y) = true -> value32 (plus32 x y) = round32 r).
Proof.
  intros Hx Hy r. pose proof (Binary.Bplus_correct 24 128 eq_refl eq_refl binop_nan_pl32 mode_NE x y Hx Hy) as H.
  apply fits_or_not. destruct (Rlt_bool _ _); [now split|exact (overflow_infinite _ _ _ _ (proj1 H))].
Qed.

Lemma minus32_spec x y : is_finite32 x = true -> is_finite32 y = true ->
  let r := value32 x - value32 y in
  (fits32 r -> is_finite32 (minus32 x y) = true /\ value32 (minus32 x y) = round32 r) /\
  (is_finite32 (minus32 x y) = true -> value32 (minus32 x y) = round32 r).
Proof.
  intros Hx Hy r. pose proof (Binary.Bminus_correct 24 128 eq_refl eq_refl binop_nan_pl32 mode_NE x y Hx Hy) as H.
  apply fits_or_not. destruct (Rlt_bool _ _); [now split|exact (overflow_infinite _ _ _ _ (proj1 H))].
Qed.

Lemma mult32_spec x y : is_finite32 x = true -> is_finite32 y = true ->
  let r := value32 x * value32 y in
  (fits32 r -> is_finite32 (mult32 x y) = true /\ value32 (mult32 x y) = round32 r) /\
  (is_finite32 (mult32 x y) = true -> value32 (mult32 x y) = round32 r).
Proof.
  intros Hx Hy r. pose proof (Binary.Bmult_correct 24 128 eq_refl eq_refl binop_nan_pl32 mode_NE x y) as H.
  apply fits_or_not. destruct (Rlt_bool _ _); [|exact (overflow_infinite _ _ _ _ H)].
  destruct H as (Hv & Hf & _). rewrite Hx, Hy in Hf. now split.
Qed.

Lemma plus64_spec x y : is_finite64 x = true -> is_finite64 y = true ->
  let r := value64 x + value64 y in
  (fits64 r -> is_finite64 (plus64 x y) = true /\ value64 (plus64 x y) = round64 r) /\
  (is_finite64 (plus64 x y) = true -> value64 (plus64 x y) = round64 r).
Proof.
  intros Hx Hy r. pose proof (Binary.Bplus_correct 53 1024 eq_refl eq_refl binop_nan_pl64 mode_NE x y Hx Hy) as H.
  apply fits_or_not. destruct (Rlt_bool _ _); [now split|exact (overflow_infinite _ _ _ _ (proj1 H))].
Qed.

Lemma minus64_spec x y : is_finite64 x = true -> is_finite64 y = true ->
  let r := value64 x - value64 y in
  (fits64 r -> is_finite64 (minus64 x y) = true /\ value64 (minus64 x y) = round64 r) /\
  (is_finite64 (minus64 x y) = true -> value64 (minus64 x y) = round64 r).
Proof.
  intros Hx Hy r. pose proof (Binary.Bminus_correct 53 1024 eq_refl eq_refl binop_nan_pl64 mode_NE x y Hx Hy) as H.
  apply fits_or_not. destruct (Rlt_bool _ _); [now split|exact (overflow_infinite _ _ _ _ (proj1 H))].
Qed.

Lemma mult64_spec x y : is_finite64 x = true -> is_finite64 y = true ->
  let r := value64 x * value64 y in
  (fits64 r -> is_finite64 (mult64 x y) = true /\ value64 (mult64 x y) = round64 r) /\
  (is_finite64 (mult64 x y) = true -> value64 (mult64 x y) = round64 r).
Proof.
  intros Hx Hy r. pose proof (Binary.Bmult_correct 53 1024 eq_refl eq_refl binop_nan_pl64 mode_NE x y) as H.
  apply fits_or_not. destruct (Rlt_bool _ _); [|exact (overflow_infinite _ _ _ _ H)].
  destruct H as (Hv & Hf & _). rewrite Hx, Hy in Hf. now split.
Qed.

Lemma div64_spec x y : is_finite64 x = true -> value64 y <> 0 ->
  let r := value64 x / value64 y in
  (fits64 r -> is_finite64 (div64 x y) = true /\ value64 (div64 x y) = round64 r) /\
  (is_finite64 (div64 x y) = true -> value64 (div64 x y) = round64 r).
Proof.
  intros Hx Hy r. pose proof (Binary.Bdiv_correct 53 1024 eq_refl eq_refl binop_nan_pl64 mode_NE x y Hy) as H.
  apply fits_or_not. destruct (Rlt_bool _ _); [|exact (overflow_infinite _ _ _ _ H)].
  destruct H as (Hv & Hf & _). rewrite Hx in Hf. now split.
Qed.

Lemma fma64_spec x y z : is_finite64 x = true -> is_finite64 y = true -> is_finite64 z = true ->
  let r := value64 x * value64 y + value64 z in
  (fits64 r -> is_finite64 (fma64 x y z) = true /\ value64 (fma64 x y z) = round64 r) /\
  (is_finite64 (fma64 x y z) = true -> value64 (fma64 x y z) = round64 r).
Proof.
  intros Hx Hy Hz r. pose proof (Binary.Bfma_correct 53 1024 eq_refl eq_refl ternop_nan_pl64 mode_NE x y z Hx Hy Hz) as H.
  cbv zeta in H. apply fits_or_not. destruct (Rlt_bool _ _); [now split|exact (overflow_infinite _ _ _ _ H)].
Qed.

(** No square root overflows. *)
Lemma sqrt64_value x : value64 (sqrt64 x) = round64 (sqrt (value64 x)).
Proof. exact (proj1 (Binary.Bsqrt_correct 53 1024 eq_refl eq_refl unop_nan_pl64 mode_NE x)). Qed.

Lemma sqrt64_finite x : is_finite64 x = true -> 0 <= value64 x -> is_finite64 (sqrt64 x) = true.
Proof.
  intros Hx Hpos. etransitivity; [exact (proj1 (proj2 (Binary.Bsqrt_correct 53 1024 eq_refl eq_refl unop_nan_pl64 mode_NE x)))|].
  destruct x as [s|s|s pl Hpl|[|] m e He]; try easy. exfalso.
  unfold value64, Binary.B2R in Hpos. cbn [cond_Zopp] in Hpos.
  pose proof (F2R_lt_0 radix2 (Float radix2 (Z.neg m) e) ltac:(easy)) as H. cbn in *. lra.
Qed.

Lemma negate32_spec x : is_finite32 (b32_opp x) = is_finite32 x /\ value32 (b32_opp x) = - value32 x.
Proof. split; [apply Binary.is_finite_Bopp|apply Binary.B2R_Bopp]. Qed.

Lemma at_most32_spec a b : is_finite32 a = true -> is_finite32 b = true ->
  at_most32 a b = if Rle_dec (value32 a) (value32 b) then true else false.
Proof.
  intros Ha Hb. unfold at_most32, b32_compare. rewrite Binary.Bcompare_correct by easy.
  fold (value32 a) (value32 b). destruct (Rcompare_spec (value32 a) (value32 b)), (Rle_dec (value32 a) (value32 b)); easy || lra.
Qed.

Lemma less32_spec a b : is_finite32 a = true -> is_finite32 b = true ->
  less32 a b = if Rlt_dec (value32 a) (value32 b) then true else false.
Proof.
  intros Ha Hb. unfold less32, b32_compare. rewrite Binary.Bcompare_correct by easy.
  fold (value32 a) (value32 b). destruct (Rcompare_spec (value32 a) (value32 b)), (Rlt_dec (value32 a) (value32 b)); easy || lra.
Qed.

Lemma is_zero32_spec x : is_finite32 x = true -> is_zero32 x = true <-> value32 x = 0.
Proof.
  destruct x as [s|s|s pl Hpl|s m e He]; try easy. intros _. split; [easy|]. intros H. exfalso.
  apply eq_0_F2R in H. destruct s; easy.
Qed.

(** Floats of the formats. *)
Lemma value32_binary32 x : is_binary32 (value32 x).
Proof. apply Binary.generic_format_B2R. Qed.

Lemma value64_binary64 x : is_binary64 (value64 x).
Proof. apply Binary.generic_format_B2R. Qed.

Lemma binary32_binary64 r : is_binary32 r -> is_binary64 r.
Proof.
  apply generic_inclusion_mag. intros _. unfold FLT_exp. lia.
Qed.

Lemma value32_lt x : Rabs (value32 x) < bpow radix2 128.
Proof. apply Binary.abs_B2R_lt_emax. Qed.

Lemma value64_lt x : Rabs (value64 x) < bpow radix2 1024.
Proof. apply Binary.abs_B2R_lt_emax. Qed.

Lemma round64_number r : is_binary64 r -> round64 r = r.
Proof. intros H. apply round_format_id. exact H. Qed.

Lemma round32_number r : is_binary32 r -> round32 r = r.
Proof. intros H. apply round_format_id. exact H. Qed.

(** ** Conversions *)

Lemma widen_spec x : is_finite32 x = true -> is_finite64 (widen x) = true /\ value64 (widen x) = value32 x.
Proof.
  destruct x as [s|s|s pl Hpl|s m e He]; try easy. intros _. unfold widen.
  pose proof (Binary.binary_normalize_correct 53 1024 eq_refl eq_refl mode_NE (cond_Zopp s (Zpos m)) e s) as H.
  set (x := Binary.B754_finite 24 128 s m e He) in *.
  change (F2R (Float radix2 (cond_Zopp s (Z.pos m)) e)) with (value32 x) in H.
  assert (Hr : round64 (value32 x) = value32 x) by (apply round64_number, binary32_binary64, value32_binary32).
  change (round radix2 (SpecFloat.fexp 53 1024) (round_mode mode_NE) (value32 x)) with (round64 (value32 x)) in H.
  rewrite Hr, Rlt_bool_true in H; [split; apply H|].
  apply Rlt_trans with (1 := value32_lt x). now apply bpow_lt.
Qed.

Lemma narrow_spec x : is_finite64 x = true ->
  (fits32 (value64 x) -> is_finite32 (narrow x) = true /\ value32 (narrow x) = round32 (value64 x)) /\
  (is_finite32 (narrow x) = true -> value32 (narrow x) = round32 (value64 x)).
Proof.
  destruct x as [s|s|s pl Hpl|s m e He]; try easy; intros _.
  - assert (H0 : value32 (narrow (Binary.B754_zero 53 1024 s)) = round32 (value64 (Binary.B754_zero 53 1024 s))).
    { cbn. unfold round32, round_format. now rewrite round_0 by apply valid_rnd_N. }
    split; [split; easy|easy].
  - pose proof (Binary.binary_normalize_correct 24 128 eq_refl eq_refl mode_NE (cond_Zopp s (Zpos m)) e s) as H.
    set (x := Binary.B754_finite 53 1024 s m e He) in *.
    change (F2R (Float radix2 (cond_Zopp s (Z.pos m)) e)) with (value64 x) in H.
    change (Binary.binary_normalize 24 128 eq_refl eq_refl mode_NE (cond_Zopp s (Z.pos m)) e s) with (narrow x) in H.
    apply fits_or_not. destruct (Rlt_bool _ _); [now split|exact (overflow_infinite _ _ _ _ H)].
Qed.

(** ** Enough below the limit *)

Lemma bpow_binary32 e : (-149 <= e)%Z -> is_binary32 (bpow radix2 e).
Proof. intros He. apply generic_format_bpow. unfold FLT_exp. lia. Qed.

Lemma bpow_binary64 e : (-1074 <= e)%Z -> is_binary64 (bpow radix2 e).
Proof. intros He. apply generic_format_bpow. unfold FLT_exp. lia. Qed.

(** A power of two below the limit bounds what is rounded too. *)
Lemma round32_bounded r e : (-149 <= e)%Z -> Rabs r <= bpow radix2 e -> Rabs (round32 r) <= bpow radix2 e.
Proof.
  intros He Hr. apply abs_round_le_generic; [now apply FLT_exp_valid|apply valid_rnd_N|now apply bpow_binary32|exact Hr].
Qed.

Lemma round64_bounded r e : (-1074 <= e)%Z -> Rabs r <= bpow radix2 e -> Rabs (round64 r) <= bpow radix2 e.
Proof.
  intros He Hr. apply abs_round_le_generic; [now apply FLT_exp_valid|apply valid_rnd_N|now apply bpow_binary64|exact Hr].
Qed.

Lemma fits32_bounded r e : (-149 <= e < 128)%Z -> Rabs r <= bpow radix2 e -> fits32 r.
Proof.
  intros He Hr. eapply Rle_lt_trans; [apply (round32_bounded r e); [lia|exact Hr]|]. now apply bpow_lt.
Qed.

Lemma fits64_bounded r e : (-1074 <= e < 1024)%Z -> Rabs r <= bpow radix2 e -> fits64 r.
Proof.
  intros He Hr. eapply Rle_lt_trans; [apply (round64_bounded r e); [lia|exact Hr]|]. now apply bpow_lt.
Qed.

(** ** Lists of floats *)

(** The vector of a list, zero beyond its end. *)
Definition vec32 (x : list binary32) : vec := fun i => value32 (nth i x zero32).
Definition vec64 (x : list binary64) : vec := fun i => value64 (nth i x zero64).
Definition finite32 (x : list binary32) : Prop := Forall (fun a => is_finite32 a = true) x.
Definition finite64 (x : list binary64) : Prop := Forall (fun a => is_finite64 a = true) x.

Lemma finite32_nth x i : finite32 x -> is_finite32 (nth i x zero32) = true.
Proof.
  intros H. destruct (Nat.lt_ge_cases i (length x)) as [Hi | Hi]; [|now rewrite nth_overflow].
  now apply Forall_nth.
Qed.

Lemma finite64_nth x i : finite64 x -> is_finite64 (nth i x zero64) = true.
Proof.
  intros H. destruct (Nat.lt_ge_cases i (length x)) as [Hi | Hi]; [|now rewrite nth_overflow].
  now apply Forall_nth.
Qed.

Lemma vec32_binary32 x i : is_binary32 (vec32 x i).
Proof. apply value32_binary32. Qed.

Lemma vec32_beyond x i : (length x <= i)%nat -> vec32 x i = 0.
Proof. intros Hi. unfold vec32. now rewrite nth_overflow. Qed.
