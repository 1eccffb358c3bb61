(** * The encoder of a list is the encoder that the theorems are about (SPEC §4)

    For x of finite floats whose norm float32 can hold nothing overflows on the way to the codes: every number is the model's. *)
From Coq Require Import ZArith Reals List Arith Lia Lra FunctionalExtensionality.
From Flocq Require Import Core Core.Raux Mult_error IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import Defs Sums Paley FloatStages FloatTree FloatTransform FloatCode FloatNorm.
From Hdq Require Import Philox FloatOperations TransformList NormList NormModel FixedRateCodec.
Import ListNotations.
Open Scope R_scope.

(** ** Growth *)

Lemma growth_bernoulli u s : 0 <= u -> INR s * u <= 1 / 8 -> (1 + u) ^ s <= 8 / 7.
Proof.
  intros Hu Hs. assert (H : (1 + u) ^ s * (1 - INR s * u) <= 1 /\ 1 <= (1 + u) ^ s).
  { clear Hs. induction s as [|s [IH1 IH2]]; [simpl; lra|].
    rewrite S_INR. cbn [pow]. split; [|nra].
    apply Rle_trans with ((1 + u) ^ s * (1 - INR s * u)); [|exact IH1].
    replace ((1 + u) * (1 + u) ^ s * (1 - (INR s + 1) * u))
      with ((1 + u) ^ s * ((1 + u) * (1 - (INR s + 1) * u))) by ring.
    apply Rmult_le_compat_l; [lra|]. pose proof (pos_INR s). nra. }
  nra.
Qed.

(** ** The norm against the numbers of the row *)

(** rho is at least a third of the norm, unless it is zero; then so is the row. *)
Lemma norm_at_most n x :
  (0 < n)%nat -> (Z.of_nat n <= 2 ^ 32)%Z -> (forall i, is_binary32 (x i)) -> (forall i, (n <= i)%nat -> x i = 0) ->
  sqrt (norm2 n x) <= 3 / 2 * norm32 n x + 3 / 2 * bpow radix2 (-150).
Proof.
  intros Hn Hlen Hx Hzero. pose proof (norm_error_bound_correct n x Hn Hx Hzero) as H. unfold norm_error_bound in H.
  set (v := sqrt (norm2 n x)) in *. assert (Hv : 0 <= v) by apply sqrt_pos.
  assert (Hg : (1 + unit_roundoff64) ^ norm_additions n <= 8 / 7).
  { apply growth_bernoulli; [left; apply unit_roundoff64_pos|].
    assert (Ha : (Z.of_nat (norm_additions n) <= 2 ^ 32)%Z).
    { unfold norm_additions. pose proof (Nat.div_mod (n + 15) 16 ltac:(lia)). lia. }
    rewrite INR_IZR_INZ. apply Rle_trans with (IZR (2 ^ 32) * unit_roundoff64).
    - apply Rmult_le_compat_r; [left; apply unit_roundoff64_pos|]. now apply IZR_le.
    - unfold unit_roundoff64. simpl. lra. }
  assert (Hc : (1 + ((1 + unit_roundoff64) ^ norm_additions n - 1)) * (1 + unit_roundoff64) * (1 + unit_roundoff) - 1 <= 1 / 3).
  { set (a := (1 + unit_roundoff64) ^ norm_additions n) in *.
    assert (Hb : (1 + unit_roundoff64) * (1 + unit_roundoff) <= 7 / 6) by (unfold unit_roundoff64, unit_roundoff; simpl; lra).
    assert (0 <= (1 + unit_roundoff64) * (1 + unit_roundoff)) by (unfold unit_roundoff64, unit_roundoff; simpl; lra).
    replace ((1 + (a - 1)) * (1 + unit_roundoff64) * (1 + unit_roundoff) - 1)
      with (a * ((1 + unit_roundoff64) * (1 + unit_roundoff)) - 1) by ring. nra. }
  apply Rabs_le_inv in H. unfold underflow32 in H. nra.
Qed.

Lemma entry_at_most_norm n (x : vec) i : (i < n)%nat -> Rabs (x i) <= sqrt (norm2 n x).
Proof.
  intros Hi. rewrite <- sqrt_Rsqr_abs. apply sqrt_le_1_alt.
  apply (sum_term_le n (fun i => x i * x i)); [intros; nra|easy].
Qed.

(** A positive float is at least 2^-149. *)
Lemma binary32_positive r : is_binary32 r -> 0 < r -> bpow radix2 (-149) <= r.
Proof.
  intros Hr Hpos. apply FLT_format_generic in Hr; [|easy]. destruct Hr as [f Hf Hm He].
  assert (Hp : (0 < Fnum f)%Z) by (apply (gt_0_F2R radix2 _ (Fexp f)); change (0 < F2R f); now rewrite <- Hf).
  rewrite Hf. apply Rle_trans with (bpow radix2 (Fexp f)); [now apply bpow_le|].
  unfold F2R. rewrite <- (Rmult_1_l (bpow radix2 (Fexp f))) at 1. apply Rmult_le_compat_r; [apply bpow_ge_0|].
  apply IZR_le. lia.
Qed.

Lemma entry_at_most n x i :
  (0 < n)%nat -> (Z.of_nat n <= 2 ^ 32)%Z -> (forall i, is_binary32 (x i)) -> (forall i, (n <= i)%nat -> x i = 0) ->
  is_binary32 (norm32 n x) -> 0 < norm32 n x -> Rabs (x i) <= 3 * norm32 n x.
Proof.
  intros Hn Hlen Hx Hzero Hfmt Hpos. destruct (Nat.lt_ge_cases i n) as [Hi | Hi].
  - pose proof (entry_at_most_norm n x i Hi). pose proof (norm_at_most n x Hn Hlen Hx Hzero).
    pose proof (binary32_positive _ Hfmt Hpos) as Hmin. change (-149)%Z with (1 + -150)%Z in Hmin. rewrite bpow_plus in Hmin.
    simpl (bpow radix2 1) in Hmin. pose proof (bpow_gt_0 radix2 (-150)). lra.
  - rewrite Hzero, Rabs_R0 by easy. lra.
Qed.

(** A row whose norm rounds to zero is zero. *)
Lemma zero_norm_zero n x i :
  (0 < n)%nat -> (Z.of_nat n <= 2 ^ 32)%Z -> (forall i, is_binary32 (x i)) -> (forall i, (n <= i)%nat -> x i = 0) ->
  norm32 n x = 0 -> x i = 0.
Proof.
  intros Hn Hlen Hx Hzero H0. destruct (Nat.lt_ge_cases i n) as [Hi | Hi]; [|now apply Hzero].
  pose proof (entry_at_most_norm n x i Hi). pose proof (norm_at_most n x Hn Hlen Hx Hzero) as H1. rewrite H0 in H1.
  assert (Hsmall : Rabs (x i) < bpow radix2 (-149)).
  { change (-149)%Z with (1 + -150)%Z. rewrite bpow_plus. simpl (bpow radix2 1). pose proof (bpow_gt_0 radix2 (-150)). lra. }
  assert (Habs : is_binary32 (Rabs (x i))) by (unfold is_binary32, in_format; apply generic_format_abs, Hx).
  destruct (Rle_lt_or_eq_dec 0 (Rabs (x i)) (Rabs_pos _)) as [Hp | Hz].
  - pose proof (binary32_positive _ Habs Hp). lra.
  - destruct (Req_dec (x i) 0) as [|Hne]; [easy|]. apply Rabs_no_R0 in Hne. congruence.
Qed.

(** ** Scaling by 2^e *)

Lemma power32_spec e : (-126 <= e <= 127)%Z -> is_finite32 (power32 e) = true /\ value32 (power32 e) = bpow radix2 e.
Proof.
  intros He. pose proof (Binary.binary_normalize_correct 24 128 eq_refl eq_refl mode_NE 1 e false) as H.
  assert (Hv : F2R (Float radix2 1 e) = bpow radix2 e) by (unfold F2R; simpl; ring). rewrite Hv in H.
  change (round radix2 (SpecFloat.fexp 24 128) (round_mode mode_NE) (bpow radix2 e)) with (round32 (bpow radix2 e)) in H.
  rewrite round32_number in H by (apply bpow_binary32; lia).
  rewrite Rlt_bool_true in H; [split; apply H|].
  rewrite Rabs_pos_eq by apply bpow_ge_0. apply bpow_lt. lia.
Qed.

Lemma scale32_spec e x : (-126 <= e <= 127)%Z -> is_finite32 x = true ->
  let r := value32 x * bpow radix2 e in
  (fits32 r -> is_finite32 (scale32 e x) = true /\ value32 (scale32 e x) = round32 r) /\
  (is_finite32 (scale32 e x) = true -> value32 (scale32 e x) = round32 r).
Proof.
  intros He Hx. destruct (power32_spec e He) as [Hf Hv]. unfold scale32. rewrite <- Hv. now apply mult32_spec.
Qed.

(** The exponent that a stored norm calls for. *)
Lemma scale_exponent_spec rho : is_finite32 rho = true -> 0 <= value32 rho ->
  let e := scale_exponent rho in
  (e = 0%Z /\ (value32 rho = 0 \/ bpow radix2 (-100) <= value32 rho <= bpow radix2 100)) \/
  (e = 100%Z /\ 0 < value32 rho < bpow radix2 (-100)) \/
  (e = (-100)%Z /\ bpow radix2 100 < value32 rho).
Proof.
  intros Hf Hpos. unfold scale_exponent.
  destruct (power32_spec (-100) ltac:(lia)) as [Hf1 Hv1]. destruct (power32_spec 100 ltac:(lia)) as [Hf2 Hv2].
  pose proof (is_zero32_spec rho Hf) as Hz. destruct (is_zero32 rho).
  - left. split; [easy|]. left. now apply Hz.
  - assert (Hne : value32 rho <> 0) by (intros H; apply Hz in H; easy).
    rewrite !less32_spec, Hv1, Hv2 by easy.
    destruct (Rlt_dec (value32 rho) (bpow radix2 (-100))); [right; left; split; [easy|lra]|].
    destruct (Rlt_dec (bpow radix2 100) (value32 rho)); [right; right; split; easy|].
    left. split; [easy|]. right. lra.
Qed.

Lemma scale_exponent_range rho : (-100 <= scale_exponent rho <= 100)%Z.
Proof.
  unfold scale_exponent. destruct (is_zero32 rho); [lia|]. destruct (less32 rho _); [lia|]. destruct (less32 _ rho); lia.
Qed.

(** The scaled norm is exact, and between 2^-100 and 2^100 unless zero. *)
Lemma scaled_norm rho : is_finite32 rho = true -> 0 <= value32 rho ->
  let e := scale_exponent rho in
  is_finite32 (scale32 e rho) = true /\ value32 (scale32 e rho) = value32 rho * bpow radix2 e /\
  value32 rho * bpow radix2 e <= bpow radix2 100.
Proof.
  intros Hf Hpos e. pose proof (scale_exponent_range rho) as Hrange. fold e in Hrange.
  destruct (scale32_spec e rho ltac:(lia) Hf) as [Hspec _]. cbv zeta in Hspec.
  assert (Hle : value32 rho * bpow radix2 e <= bpow radix2 100).
  { destruct (scale_exponent_spec rho Hf Hpos) as [[He H] | [[He H] | [He H]]]; fold e in He; rewrite He.
    - rewrite Rmult_1_r. destruct H as [-> | H]; [apply bpow_ge_0|lra].
    - apply Rle_trans with (bpow radix2 (-100) * bpow radix2 100).
      + apply Rmult_le_compat_r; [apply bpow_ge_0|lra].
      + rewrite <- bpow_plus. now apply bpow_le.
    - apply Rle_trans with (bpow radix2 128 * bpow radix2 (-100)).
      + apply Rmult_le_compat_r; [apply bpow_ge_0|]. pose proof (value32_lt rho) as H1. rewrite Rabs_pos_eq in H1 by easy. lra.
      + rewrite <- bpow_plus. now apply bpow_le. }
  assert (H0 : 0 <= value32 rho * bpow radix2 e) by (apply Rmult_le_pos; [easy|apply bpow_ge_0]).
  assert (Hfit : fits32 (value32 rho * bpow radix2 e)).
  { apply fits32_bounded with 100%Z; [lia|]. now rewrite Rabs_pos_eq. }
  destruct (Hspec Hfit) as [Hf' Hv']. split; [exact Hf'|]. split; [|exact Hle]. rewrite Hv'.
  apply round32_number. destruct (Z_le_gt_dec 0 e) as [Hup | Hdown].
  - pose proof (prescale_exact e (fun _ => value32 rho) 0 Hup (value32_binary32 rho)) as H. unfold prescale in H.
    rewrite <- H. apply is_binary32_round.
  - destruct (scale_exponent_spec rho Hf Hpos) as [[He H] | [[He H] | [He H]]]; fold e in He; try lia.
    rewrite He. apply mult_bpow_exact_FLT; [apply value32_binary32|].
    assert (Hm : (101 <= mag radix2 (value32 rho))%Z).
    { apply mag_ge_bpow. rewrite Rabs_pos_eq by easy. apply Rlt_le. exact H. }
    lia.
Qed.

(** ** Signs, zeros to the end *)

Definition sign_vec (bits : list bool) : vec := fun i => if nth i bits false then -1 else 1.

Lemma sign_vec_sign bits : is_sign (sign_vec bits).
Proof. intros i. unfold sign_vec. destruct (nth i bits false); [now right|now left]. Qed.

Lemma flip_list32_length bits x : (length x <= length bits)%nat -> length (flip_list32 bits x) = length x.
Proof. intros H. unfold flip_list32. rewrite map_length, combine_length. lia. Qed.

Lemma flip_list32_nth bits x i : (length x <= length bits)%nat -> (i < length x)%nat ->
  nth i (flip_list32 bits x) zero32 = if nth i bits false then b32_opp (nth i x zero32) else nth i x zero32.
Proof.
  revert bits i. induction x as [|a x IH]; intros [|b bits] i Hlen Hi; cbn [length] in *; try lia.
  destruct i as [|i]; [easy|]. cbn [flip_list32 combine map nth]. apply IH; lia.
Qed.

Lemma flip_list32_spec bits x i : (length x <= length bits)%nat -> (i < length x)%nat ->
  is_finite32 (nth i (flip_list32 bits x) zero32) = is_finite32 (nth i x zero32) /\
  vec32 (flip_list32 bits x) i = sign_vec bits i * vec32 x i.
Proof.
  intros Hlen Hi. unfold vec32, sign_vec. rewrite flip_list32_nth by easy.
  destruct (negate32_spec (nth i x zero32)) as [Hf Hv]. destruct (nth i bits false).
  - split; [exact Hf|]. rewrite Hv. ring.
  - split; [easy|]. ring.
Qed.

Lemma pad_list32_nth d x i : nth i (pad_list32 d x) zero32 = nth i x zero32.
Proof.
  unfold pad_list32. destruct (Nat.lt_ge_cases i (length x)) as [Hi | Hi]; [now apply app_nth1|].
  rewrite app_nth2, (nth_overflow x) by easy. generalize (d - length x)%nat (i - length x)%nat. clear.
  intros c i. revert i. induction c as [|c IH]; intros [|i]; cbn [repeat nth]; easy || apply IH.
Qed.

Lemma pad_list32_length d x : (length x <= d)%nat -> length (pad_list32 d x) = d.
Proof. intros H. unfold pad_list32. rewrite app_length, repeat_length. lia. Qed.

Lemma finite32_of_nth x : (forall i, (i < length x)%nat -> is_finite32 (nth i x zero32) = true) -> finite32 x.
Proof.
  intros H. apply Forall_forall. intros a Ha. destruct (In_nth x a zero32 Ha) as (i & Hi & <-). now apply H.
Qed.

(** ** The transform of small numbers fits *)

Lemma addition_stages_le m k : base_order m -> (Z.of_nat (m * 2 ^ k) <= 2 ^ 24)%Z -> (transform_addition_stages m k <= 32)%nat.
Proof.
  intros Hm Hd. assert (Hk : (k <= 24)%nat).
  { apply Nat2Z.inj_le. apply (Z.pow_le_mono_r_iff 2); [lia|lia|].
    apply Z.le_trans with (2 := Hd). rewrite Nat2Z.inj_mul, Nat2Z.inj_pow.
    assert (1 <= Z.of_nat m)%Z by (destruct Hm as [-> | [-> | [-> | ->]]]; lia).
    assert (0 < 2 ^ Z.of_nat k)%Z by (apply Z.pow_pos_nonneg; lia). change (Z.of_nat 2) with 2%Z. nia. }
  unfold transform_addition_stages, base_addition_stages. destruct Hm as [-> | [-> | [-> | ->]]]; cbn; lia.
Qed.

Lemma stages_small m k : base_order m -> (Z.of_nat (m * 2 ^ k) <= 2 ^ 24)%Z ->
  (1 + unit_roundoff) ^ transform_addition_stages m k <= 8 / 7.
Proof.
  intros Hm Hd. apply growth_bernoulli; [unfold unit_roundoff; simpl; lra|].
  pose proof (addition_stages_le m k Hm Hd) as Hs.
  apply le_INR in Hs. simpl (INR 32) in Hs. unfold unit_roundoff. simpl. lra.
Qed.

Lemma transform_fits m k (v : vec) : base_order m -> (Z.of_nat (m * 2 ^ k) <= 2 ^ 24)%Z ->
  (forall i, Rabs (v i) <= bpow radix2 102) ->
  (1 + unit_roundoff) ^ transform_addition_stages m k * sum (m * 2 ^ k) (fun i => Rabs (v i)) < bpow radix2 128.
Proof.
  intros Hm Hd Hv. apply Rle_lt_trans with (8 / 7 * (bpow radix2 24 * bpow radix2 102)).
  - apply Rmult_le_compat.
    + apply growth32_nonneg.
    + apply sum_nonneg. intros; apply Rabs_pos.
    + now apply stages_small.
    + apply Rle_trans with (sum (m * 2 ^ k) (fun _ => bpow radix2 102)); [now apply sum_le|].
      rewrite sum_const. apply Rmult_le_compat_r; [apply bpow_ge_0|].
      rewrite INR_IZR_INZ. now apply (IZR_le _ (2 ^ 24)).
  - rewrite <- bpow_plus. change (24 + 102)%Z with 126%Z.
    apply Rlt_trans with (bpow radix2 1 * bpow radix2 126).
    + apply Rmult_lt_compat_r; [apply bpow_gt_0|simpl; lra].
    + rewrite <- bpow_plus. now apply bpow_lt.
Qed.

(** ** Counting *)

Lemma count_passed_head n T y :
  count_passed (S n) T y = ((if Rle_dec (T 1%nat) y then 1 else 0) + count_passed n (fun k => T (S k)) y)%nat.
Proof.
  induction n as [|n IH]; [cbn; lia|]. cbn [count_passed] in *. rewrite IH. lia.
Qed.

Lemma count_passed_ext n T T' y : (forall k, (1 <= k <= n)%nat -> T k = T' k) -> count_passed n T y = count_passed n T' y.
Proof.
  induction n as [|n IH]; intros H; [easy|]. cbn [count_passed]. rewrite H by lia. rewrite IH; [easy|]. intros; apply H; lia.
Qed.

Lemma count_list_model T y : finite32 T -> is_finite32 y = true ->
  N.to_nat (count_list T y) = count_passed (length T) (fun k => vec32 T (k - 1)%nat) (value32 y).
Proof.
  intros HT Hy. induction HT as [|t T Ht HT IH]; [easy|]. cbn [length]. rewrite count_passed_head.
  cbn [count_list]. rewrite at_most32_spec by easy. change (vec32 (t :: T) (1 - 1)%nat) with (value32 t).
  rewrite (count_passed_ext _ (fun k => vec32 (t :: T) (S k - 1)%nat) (fun k => vec32 T (k - 1)%nat)), <- IH.
  - destruct (Rle_dec (value32 t) (value32 y)); lia.
  - intros k Hk. unfold vec32. replace (S k - 1)%nat with (S (k - 1)) by lia. reflexivity.
Qed.

(** ** Thresholds *)

Lemma scaled_threshold_model theta rho :
  is_finite64 theta = true -> is_finite32 rho = true ->
  Rabs (value64 theta) <= bpow radix2 20 -> 0 <= value32 rho <= bpow radix2 100 ->
  is_finite32 (scaled_threshold rho theta) = true /\
  value32 (scaled_threshold rho theta) = scaled_threshold32 (value64 theta) (value32 rho).
Proof.
  intros Ht Hr Hbt Hbr. destruct (widen_spec rho Hr) as [Hwf Hwv].
  destruct (mult64_spec theta (widen rho) Ht Hwf) as [Hm _]. rewrite Hwv in Hm.
  assert (Hp : Rabs (value64 theta * value32 rho) <= bpow radix2 120).
  { rewrite Rabs_mult, (Rabs_pos_eq (value32 rho)) by easy. change 120%Z with (20 + 100)%Z. rewrite bpow_plus.
    apply Rmult_le_compat; easy || apply Rabs_pos. }
  destruct Hm as [Hmf Hmv]; [apply fits64_bounded with 120%Z; easy|].
  destruct (narrow_spec _ Hmf) as [Hn _]. rewrite Hmv in Hn. apply Hn.
  apply fits32_bounded with 120%Z; [lia|]. now apply round64_bounded.
Qed.

(** ** The rotation of a scaled list *)

Section Rotation.
Variables (s : shape) (bits : list bool) (x : list binary32) (e : Z).
Let m := base s.
Let k := stages s.
Let d := order_of s.
Let n := length x.
Hypothesis Hm : base_order m.
Hypothesis Hd : (Z.of_nat d <= 2 ^ 24)%Z.
Hypothesis Hn : (n <= d)%nat.
Hypothesis Hbits : (d <= length bits)%nat.
Hypothesis Hx : finite32 x.
Hypothesis He : (-126 <= e <= 127)%Z.
Hypothesis entry_scaled : forall i, Rabs (vec32 x i * bpow radix2 e) <= bpow radix2 102.

Lemma entry_scaled_fits i : Rabs (prescale e (vec32 x) i) <= bpow radix2 102.
Proof. apply round32_bounded; [lia|apply entry_scaled]. Qed.

Let input := pad_list32 d (flip_list32 bits (scale_list32 e x)).

Lemma scale_list32_nth i : (i < n)%nat ->
  is_finite32 (nth i (scale_list32 e x) zero32) = true /\ vec32 (scale_list32 e x) i = prescale e (vec32 x) i.
Proof.
  intros Hi. unfold vec32, scale_list32. rewrite (nth_indep _ zero32 (scale32 e zero32)) by (now rewrite map_length).
  rewrite map_nth. apply (scale32_spec e (nth i x zero32)); [lia|now apply finite32_nth|].
  apply fits32_bounded with 102%Z; [lia|]. apply entry_scaled.
Qed.

Lemma input_spec i : is_finite32 (nth i input zero32) = true /\ vec32 input i = sign_vec bits i * prescale e (vec32 x) i.
Proof.
  unfold input, vec32 at 1. rewrite pad_list32_nth.
  assert (Hl : length (scale_list32 e x) = n) by (unfold scale_list32; now rewrite map_length).
  destruct (Nat.lt_ge_cases i n) as [Hi | Hi].
  - destruct (flip_list32_spec bits (scale_list32 e x) i ltac:(lia) ltac:(lia)) as [Hf Hv].
    destruct (scale_list32_nth i Hi) as [Hf' Hv']. rewrite Hf, <- Hv'. now split.
  - rewrite nth_overflow by (rewrite flip_list32_length; lia). split; [easy|].
    unfold prescale. rewrite vec32_beyond, Rmult_0_l by exact Hi. unfold round32, round_format.
    rewrite round_0 by apply valid_rnd_N. cbn. ring.
Qed.

Lemma input_length : length input = d.
Proof. unfold input. apply pad_list32_length. rewrite flip_list32_length; unfold scale_list32; rewrite map_length; fold n; lia. Qed.

Lemma rotate_list32_length : length (rotate_list32 s bits (scale_list32 e x)) = d.
Proof. exact (proj1 (transform_list32_length m k input Hm input_length)). Qed.

Theorem rotate_scaled_model j : (j < d)%nat ->
  is_finite32 (nth j (rotate_list32 s bits (scale_list32 e x)) zero32) = true /\
  vec32 (rotate_list32 s bits (scale_list32 e x)) j
  = transform32 m k (fun i => sign_vec bits i * prescale e (vec32 x) i) j.
Proof.
  intros Hj. replace (fun i => sign_vec bits i * prescale e (vec32 x) i) with (vec32 input).
  2: { apply functional_extensionality. intros i. apply input_spec. }
  assert (Hfin : finite32 input) by (apply finite32_of_nth; intros; apply input_spec).
  assert (Hfit : (1 + unit_roundoff) ^ transform_addition_stages m k * sum (m * 2 ^ k) (fun i => Rabs (vec32 input i)) < bpow radix2 128).
  { apply transform_fits; [easy|exact Hd|]. intros i. rewrite (proj2 (input_spec i)), Rabs_mult.
    assert (H1 : Rabs (sign_vec bits i) = 1).
    { destruct (sign_vec_sign bits i) as [-> | ->]; [apply Rabs_R1|]. rewrite Rabs_left; lra. }
    rewrite H1, Rmult_1_l. apply entry_scaled_fits. }
  exact (proj1 (transform_list_binary32 m k input j Hm input_length Hj Hfin Hfit)).
Qed.
End Rotation.

(** ** The encoder *)

Section Encoder.
Variables (s : shape) (bits : list bool) (x : list binary32).
Let m := base s.
Let k := stages s.
Let d := order_of s.
Let n := length x.
Let norm := norm_list32 x.
Let rho := value32 norm.
Let e := scale_exponent norm.
Hypothesis Hm : base_order m.
Hypothesis Hd : (Z.of_nat d <= 2 ^ 24)%Z.
Hypothesis Hn : (0 < n <= d)%nat.
Hypothesis Hbits : (d <= length bits)%nat.
Hypothesis Hx : finite32 x.
Hypothesis Hnorm : is_finite32 norm = true.

Lemma norm_model : rho = norm32 n (vec32 x).
Proof. apply norm_list_binary32; [|exact Hx|fold n; lia|exact Hnorm]. intros H. unfold n in Hn. rewrite H in Hn. cbn in Hn. lia. Qed.

Lemma norm_nonneg : 0 <= rho.
Proof.
  rewrite norm_model. unfold norm32. rewrite <- (round_0 radix2 (FLT_exp (-149) 24) ZnearestE). apply round32_le.
  rewrite <- (round_0 radix2 (FLT_exp (-1074) 53) ZnearestE). apply round64_le, sqrt_pos.
Qed.

Lemma entries_of_zero_norm i : rho = 0 -> vec32 x i = 0.
Proof.
  intros H0. apply (zero_norm_zero n); [lia|lia|apply vec32_binary32|apply vec32_beyond|now rewrite <- norm_model].
Qed.

Lemma entry_scaled i : Rabs (vec32 x i * bpow radix2 e) <= bpow radix2 102.
Proof.
  pose proof norm_nonneg as H0. destruct (scaled_norm norm Hnorm H0) as (_ & _ & Hle). fold e rho in Hle.
  destruct (Req_dec rho 0) as [Hz | Hne].
  - rewrite entries_of_zero_norm, Rmult_0_l, Rabs_R0 by easy. apply bpow_ge_0.
  - rewrite Rabs_mult, (Rabs_pos_eq (bpow radix2 e)) by apply bpow_ge_0.
    assert (H3 : Rabs (vec32 x i) <= 3 * rho).
    { rewrite norm_model. apply entry_at_most; try lia.
      - apply vec32_binary32.
      - apply vec32_beyond.
      - rewrite <- norm_model. apply value32_binary32.
      - rewrite <- norm_model. lra. }
    apply Rle_trans with (3 * rho * bpow radix2 e); [apply Rmult_le_compat_r; [apply bpow_ge_0|exact H3]|].
    change 102%Z with (2 + 100)%Z. rewrite bpow_plus. simpl (bpow radix2 2). pose proof (bpow_gt_0 radix2 100). lra.
Qed.

(** What the thresholds are compared with. *)
Theorem rotate_list32_model j : (j < d)%nat ->
  is_finite32 (nth j (rotate_list32 s bits (scale_list32 e x)) zero32) = true /\
  vec32 (rotate_list32 s bits (scale_list32 e x)) j
  = transform32 m k (fun i => sign_vec bits i * prescale e (vec32 x) i) j.
Proof.
  pose proof (scale_exponent_range norm) as Hrange. fold e in Hrange.
  apply (rotate_scaled_model s bits x e Hm Hd (proj2 Hn) Hbits Hx ltac:(lia) entry_scaled).
Qed.

Variable thetas : list binary64.
Hypothesis Hthetas : finite64 thetas.
Hypothesis Hsmall : forall i, (i < length thetas)%nat -> Rabs (vec64 thetas i) <= bpow radix2 20.

(** The codes are those of FloatCode.v. *)
Theorem codes_of_row_model j : (j < d)%nat ->
  N.to_nat (nth j (codes_of_row s bits thetas norm x) 0%N)
  = encode32 (S (length thetas)) (fun i => vec64 thetas (i - 1)%nat) rho e
      (transform32 m k (fun i => sign_vec bits i * prescale e (vec32 x) i) j).
Proof.
  intros Hj. destruct (rotate_list32_model j Hj) as [Hyf Hyv]. pose proof norm_nonneg as H0.
  destruct (scaled_norm norm Hnorm H0) as (Hrf & Hrv & Hrle). fold e rho in Hrf, Hrv, Hrle.
  unfold codes_of_row. fold e. set (scaled := map (scaled_threshold (scale32 e norm)) thetas).
  assert (Hlen : (j < length (rotate_list32 s bits (scale_list32 e x)))%nat) by (now rewrite (rotate_list32_length s bits x e Hm (proj2 Hn) Hbits)).
  rewrite (nth_indep _ 0%N (count_list scaled zero32)) by (now rewrite map_length). rewrite map_nth.
  assert (Hscaled : forall i, (i < length thetas)%nat ->
    is_finite32 (nth i scaled zero32) = true /\ vec32 scaled i = scaled_threshold32 (vec64 thetas i) (rho * bpow radix2 e)).
  { intros i Hi. unfold vec32, scaled. rewrite (nth_indep _ zero32 (scaled_threshold (scale32 e norm) zero64)) by (now rewrite map_length).
    rewrite map_nth, <- Hrv. apply scaled_threshold_model; [now apply finite64_nth|exact Hrf|now apply Hsmall|].
    rewrite Hrv. split; [apply Rmult_le_pos; [exact H0|apply bpow_ge_0]|exact Hrle]. }
  assert (Hls : length scaled = length thetas) by apply map_length.
  rewrite count_list_model; [|apply finite32_of_nth; rewrite Hls; intros; now apply Hscaled|exact Hyf].
  change (value32 (nth j (rotate_list32 s bits (scale_list32 e x)) zero32)) with (vec32 (rotate_list32 s bits (scale_list32 e x)) j).
  rewrite Hyv, Hls. unfold encode32. replace (S (length thetas) - 1)%nat with (length thetas) by lia.
  apply count_passed_ext. intros i Hi. apply Hscaled. lia.
Qed.
End Encoder.
