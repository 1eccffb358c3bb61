(** * The tables of a step, as programs, are those of FrequencyTables.v (SPEC §7)

    For every step of SPEC §7 nothing overflows on the way to the frequencies, so that every operation of FrequencyList.v gives the
    rounded number that FrequencyTables.v has in its place; and so K, the frequencies, the raw bits and the buckets are the same. *)
From Coq Require Import ZArith NArith Reals List Lia Lra.
From Flocq Require Import Core Core.Raux IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import Defs EntropyDefs Sums Constants FloatTree FloatTransform FloatCode FloatNorm StreamCoder FrequencyTables.
From Hdq Require Import FloatOperations NormList EncoderModel FrequencyList StepCodec.
Import ListNotations.
Open Scope R_scope.

(** ** Operations on numbers of known size *)

(** x is the number r, at most 2^e. *)
Definition holds (x : binary64) (r : R) (e : Z) : Prop :=
  is_finite64 x = true /\ value64 x = r /\ Rabs r <= bpow radix2 e.

Lemma holds_le x r e e' : holds x r e -> (e <= e')%Z -> holds x r e'.
Proof. intros (Hf & Hv & Hr) He. split; [easy|]. split; [easy|]. eapply Rle_trans; [exact Hr|now apply bpow_le]. Qed.

Lemma holds_of e x r : is_finite64 x = true -> value64 x = r -> Rabs r <= bpow radix2 e -> holds x r e.
Proof. now repeat split. Qed.

Lemma number64_holds m e k : (Z.abs m <= 2 ^ k)%Z -> (0 <= k < 53)%Z -> (-1000 <= e <= 0)%Z ->
  holds (number64 m e false) (IZR m * bpow radix2 e) (k + e).
Proof.
  intros Hm Hk He. assert (Hr : Rabs (IZR m * bpow radix2 e) <= bpow radix2 (k + e)).
  { rewrite Rabs_mult, <- abs_IZR, (Rabs_pos_eq (bpow radix2 e)), bpow_plus by apply bpow_ge_0.
    apply Rmult_le_compat_r; [apply bpow_ge_0|]. rewrite <- IZR_Zpower by lia. now apply IZR_le. }
  pose proof (Binary.binary_normalize_correct 53 1024 eq_refl eq_refl mode_NE m e false) as H.
  change (F2R (Float radix2 m e)) with (IZR m * bpow radix2 e) in H.
  change (round radix2 (SpecFloat.fexp 53 1024) (round_mode mode_NE) (IZR m * bpow radix2 e)) with (round64 (IZR m * bpow radix2 e)) in H.
  assert (Hfmt : is_binary64 (IZR m * bpow radix2 e)).
  { apply generic_format_FLT. exists (Float radix2 m e); [easy| |cbn; lia]. cbn [Fnum].
    apply Z.le_lt_trans with (1 := Hm). change (Zpower radix2 53) with (2 ^ 53)%Z. now apply Z.pow_lt_mono_r. }
  rewrite round64_number, Rlt_bool_true in H by (easy || (eapply Rle_lt_trans; [exact Hr|]; apply bpow_lt; lia)).
  split; [apply H|]. split; [apply H|exact Hr].
Qed.

Section Operations.
Variables (x y : binary64) (a b : R) (ea eb : Z).
Hypothesis (Hx : holds x a ea) (Hy : holds y b eb).

Lemma plus64_holds : (-1074 <= Z.max ea eb + 1 < 1024)%Z -> holds (plus64 x y) (round64 (a + b)) (Z.max ea eb + 1).
Proof.
  destruct Hx as (Hxf & Hxv & Hxr), Hy as (Hyf & Hyv & Hyr). intros He.
  assert (Hr : Rabs (a + b) <= bpow radix2 (Z.max ea eb + 1)).
  { eapply Rle_trans; [apply Rabs_triang|]. rewrite bpow_plus. change (bpow radix2 1) with 2.
    pose proof (bpow_le radix2 ea (Z.max ea eb) ltac:(lia)). pose proof (bpow_le radix2 eb (Z.max ea eb) ltac:(lia)). lra. }
  destruct (plus64_spec x y Hxf Hyf) as [H _]. rewrite Hxv, Hyv in H. cbv zeta in H.
  destruct (H (fits64_bounded _ _ He Hr)) as [Hf Hv]. apply holds_of; [easy|easy|now apply round64_bounded].
Qed.

Lemma minus64_holds : (-1074 <= Z.max ea eb + 1 < 1024)%Z -> holds (minus64 x y) (round64 (a - b)) (Z.max ea eb + 1).
Proof.
  destruct Hx as (Hxf & Hxv & Hxr), Hy as (Hyf & Hyv & Hyr). intros He.
  assert (Hr : Rabs (a - b) <= bpow radix2 (Z.max ea eb + 1)).
  { eapply Rle_trans; [apply Rabs_minus_le|]. rewrite bpow_plus. change (bpow radix2 1) with 2.
    pose proof (bpow_le radix2 ea (Z.max ea eb) ltac:(lia)). pose proof (bpow_le radix2 eb (Z.max ea eb) ltac:(lia)). lra. }
  destruct (minus64_spec x y Hxf Hyf) as [H _]. rewrite Hxv, Hyv in H. cbv zeta in H.
  destruct (H (fits64_bounded _ _ He Hr)) as [Hf Hv]. apply holds_of; [easy|easy|now apply round64_bounded].
Qed.

Lemma mult64_holds : (-1074 <= ea + eb < 1024)%Z -> holds (mult64 x y) (round64 (a * b)) (ea + eb).
Proof.
  destruct Hx as (Hxf & Hxv & Hxr), Hy as (Hyf & Hyv & Hyr). intros He.
  assert (Hr : Rabs (a * b) <= bpow radix2 (ea + eb)).
  { rewrite Rabs_mult, bpow_plus. apply Rmult_le_compat; (apply Rabs_pos || easy). }
  destruct (mult64_spec x y Hxf Hyf) as [H _]. rewrite Hxv, Hyv in H. cbv zeta in H.
  destruct (H (fits64_bounded _ _ He Hr)) as [Hf Hv]. apply holds_of; [easy|easy|now apply round64_bounded].
Qed.

(** b is at least 2^f. *)
Lemma div64_holds f : bpow radix2 f <= b -> (-1074 <= ea - f < 1024)%Z -> holds (div64 x y) (round64 (a / b)) (ea - f).
Proof.
  destruct Hx as (Hxf & Hxv & Hxr), Hy as (Hyf & Hyv & Hyr). intros Hb He. pose proof (bpow_gt_0 radix2 f) as Hf0.
  assert (Hr : Rabs (a / b) <= bpow radix2 (ea - f)).
  { unfold Rdiv, Z.sub. rewrite Rabs_mult, bpow_plus, (Rabs_pos_eq (/ b)) by (left; apply Rinv_0_lt_compat; lra).
    apply Rmult_le_compat; [apply Rabs_pos|left; apply Rinv_0_lt_compat; lra|easy|].
    rewrite bpow_opp. apply Rinv_le_contravar; easy || lra. }
  destruct (div64_spec x y Hxf ltac:(rewrite Hyv; lra)) as [H _]. rewrite Hxv, Hyv in H. cbv zeta in H.
  destruct (H (fits64_bounded _ _ He Hr)) as [Hf Hv]. apply holds_of; [easy|easy|now apply round64_bounded].
Qed.
End Operations.

Lemma integer64_holds v k : (Z.abs v <= 2 ^ k)%Z -> (0 <= k < 53)%Z -> holds (integer64 v) (IZR v) k.
Proof.
  intros Hv Hk. pose proof (number64_holds v 0 k Hv Hk ltac:(lia)) as H. simpl (bpow radix2 0) in H.
  now rewrite Rmult_1_r, Z.add_0_r in H.
Qed.

Lemma half_holds : holds (number64 1 (-1) false) (1/2) (-1).
Proof. pose proof (number64_holds 1 (-1) 0 ltac:(easy) ltac:(lia) ltac:(lia)) as H. now replace (IZR 1 * bpow radix2 (-1)) with (1/2) in H by (simpl; lra). Qed.

(** The root of a number of at most 2^(2 e). *)
Lemma sqrt64_holds x a e : holds x a (2 * e) -> 0 <= a -> (-1000 <= e)%Z -> holds (sqrt64 x) (round64 (sqrt a)) e.
Proof.
  intros (Hf & Hv & Hr) Ha He. rewrite Rabs_pos_eq in Hr by easy. apply holds_of.
  - apply sqrt64_finite; [easy|now rewrite Hv].
  - now rewrite sqrt64_value, Hv.
  - apply round64_bounded; [lia|]. rewrite Rabs_pos_eq by apply sqrt_pos.
    rewrite <- (sqrt_square (bpow radix2 e)) by apply bpow_ge_0. apply sqrt_le_1_alt.
    rewrite <- bpow_plus. now replace (e + e)%Z with (2 * e)%Z by ring.
Qed.

(** ** ⌊x⌋ and ⌈x⌉ *)

Lemma floor64_spec x : is_finite64 x = true -> floor64 x = Zfloor (value64 x).
Proof.
  destruct x as [s|s|s pl Hpl|s m e He]; try easy; intros _.
  - unfold value64. cbn [floor64 Binary.B2R]. now rewrite (Zfloor_IZR 0).
  - unfold floor64, value64, Binary.B2R, F2R. cbn [Fnum Fexp]. set (v := cond_Zopp s (Z.pos m)). destruct (Z_le_gt_dec 0 e) as [H | H].
    + rewrite Z.shiftl_mul_pow2, <- IZR_Zpower, <- mult_IZR, Zfloor_IZR by easy. reflexivity.
    + rewrite <- (Z.opp_involutive e), bpow_opp, Z.shiftl_opp_r, Z.shiftr_div_pow2, <- IZR_Zpower by lia.
      symmetry. apply Zfloor_div. change (Zpower radix2 (- e)) with (2 ^ (- e))%Z. apply Z.pow_nonzero; lia.
Qed.

Lemma ceiling64_spec x : is_finite64 x = true -> ceiling64 x = Zceil (value64 x).
Proof.
  intros Hf. unfold ceiling64, Zceil. rewrite floor64_spec by (unfold b64_opp; now rewrite Binary.is_finite_Bopp).
  unfold value64, b64_opp. now rewrite Binary.B2R_Bopp.
Qed.

(** ** Lists of numbers *)

Lemma integers_from_app first a b : integers_from first (a + b) = integers_from first a ++ integers_from (first + Z.of_nat a) b.
Proof.
  revert first. induction a as [|a IH]; intros first; [cbn; now rewrite Z.add_0_r|].
  unfold integers_from in *. cbn [Nat.add seq map app]. rewrite <- !seq_shift, !map_map. f_equal.
  rewrite !(map_ext (fun i => first + Z.of_nat (S i))%Z (fun i => first + 1 + Z.of_nat i)%Z) by (intros; lia). rewrite IH. f_equal.
  apply map_ext. intros i. lia.
Qed.

Lemma integers_from_length first n : length (integers_from first n) = n.
Proof. unfold integers_from. now rewrite map_length, seq_length. Qed.

Lemma integers_from_nth first n i d : (i < n)%nat -> nth i (integers_from first n) d = (first + Z.of_nat i)%Z.
Proof.
  intros Hi. unfold integers_from. rewrite (nth_indep _ d (first + Z.of_nat 0)%Z) by (now rewrite map_length, seq_length).
  now rewrite (map_nth (fun i => (first + Z.of_nat i)%Z)), seq_nth.
Qed.

Lemma integers_from_in first n c : In c (integers_from first n) -> (first <= c < first + Z.of_nat n)%Z.
Proof. unfold integers_from. rewrite in_map_iff. intros (i & <- & Hi). apply in_seq in Hi. lia. Qed.

Lemma fold_cumulative f first n : fold_left Z.add (map f (integers_from first n)) 0%Z = cumulative f first n.
Proof.
  induction n as [|n IH]; [easy|]. replace (S n) with (n + 1)%nat by lia.
  rewrite integers_from_app, map_app, fold_left_app, IH, Nat.add_1_r.
  change (integers_from (first + Z.of_nat n) 1) with [(first + Z.of_nat n + 0)%Z]. now rewrite Z.add_0_r.
Qed.

(** ** The frequencies *)

Section Step.
Variable W : binary64.
Hypothesis HWf : is_finite64 W = true.
Hypothesis HW : 1/8 <= value64 W <= 16.
Let w := value64 W.
Let K := largest_symbol w.

Lemma W_holds : holds W w 4.
Proof. apply holds_of; [easy|easy|]. fold w in HW. rewrite Rabs_pos_eq by lra. simpl. lra. Qed.

Lemma square_holds : holds (mult64 W W) (round64 (w * w)) 8.
Proof. exact (mult64_holds _ _ _ _ _ _ W_holds W_holds ltac:(lia)). Qed.

Lemma square_nonneg : 0 <= round64 (w * w).
Proof. apply round_nonneg. fold w in HW. nra. Qed.

Lemma bpow_3 : bpow radix2 3 = 8. Proof. simpl. lra. Qed.

Theorem largest_symbol64_model : largest_symbol64 W = K.
Proof.
  pose proof W_holds as HWh. pose proof square_nonneg as H0. fold w in HW.
  pose proof (div64_holds _ _ _ _ _ _ square_holds (integer64_holds 12 4 ltac:(easy) ltac:(lia)) 3
    ltac:(rewrite bpow_3; lra) ltac:(lia)) as H1.
  pose proof (plus64_holds _ _ _ _ _ _ (integer64_holds 1 0 ltac:(easy) ltac:(lia)) H1 ltac:(lia)) as H2.
  assert (Hpos : 0 <= round64 (1 + round64 (round64 (w * w) / 12))).
  { apply round_nonneg. assert (0 <= round64 (round64 (w * w) / 12)) by (apply round_nonneg; lra). lra. }
  pose proof (sqrt64_holds _ _ 3 ltac:(apply holds_le with (1 := H2); lia) Hpos ltac:(lia)) as H3.
  assert (H9 : holds (number64 9 (-1) false) (9/2) 3).
  { pose proof (number64_holds 9 (-1) 4 ltac:(easy) ltac:(lia) ltac:(lia)) as H. now replace (IZR 9 * bpow radix2 (-1)) with (9/2) in H by (simpl; lra). }
  pose proof (mult64_holds _ _ _ _ _ _ H9 H3 ltac:(lia)) as H4.
  pose proof (div64_holds _ _ _ _ _ _ H4 HWh (-3) ltac:(simpl; lra) ltac:(lia)) as (Hf & Hv & _).
  unfold largest_symbol64, K, largest_symbol. now rewrite ceiling64_spec, Hv.
Qed.

Lemma squared64_holds n j x r : (2 * n + j <= 52)%nat -> holds x r 1 -> 0 <= r <= 1 + / 2 ^ (2 * n + j) ->
  holds (squared64 n x) (squared n r) 1.
Proof.
  revert x r. induction n as [|n IH]; intros x r Hn Hx Hr; [easy|]. cbn [squared64 squared].
  pose proof (squared_le 1 (2 * n + j) r ltac:(lia)) as Hs. replace (2 * 1 + (2 * n + j))%nat with (2 * S n + j)%nat in Hs by lia.
  specialize (Hs Hr). cbn [squared] in Hs. apply IH; [lia| |exact Hs].
  destruct (mult64_holds _ _ _ _ _ _ Hx Hx ltac:(lia)) as (Hf & Hv & _). apply holds_of; [easy|easy|].
  assert (H1 : / 2 ^ (2 * n + j) <= 1) by (rewrite <- Rinv_1; apply Rinv_le_contravar; [lra|apply pow_R1_Rle; lra]).
  rewrite Rabs_pos_eq by lra. simpl. lra.
Qed.

Lemma table_exponential64_holds x q : holds x q 10 -> 0 <= q <= 1024 -> holds (table_exponential64 x) (table_exponential q) 1.
Proof.
  intros Hx Hq. pose proof (exponential_start q Hq) as [Hr _]. unfold table_exponential64, table_exponential.
  assert (H10 : holds (number64 1 (-10) false) (/ 2 ^ 10) (-10)).
  { pose proof (number64_holds 1 (-10) 0 ltac:(easy) ltac:(lia) ltac:(lia)) as H. now replace (IZR 1 * bpow radix2 (-10)) with (/ 2 ^ 10) in H by (simpl; lra). }
  pose proof (mult64_holds _ _ _ _ _ _ Hx H10 ltac:(lia)) as Ha. change (q * / 2 ^ 10) with (q / 2 ^ 10) in Ha.
  set (a := round64 (q / 2 ^ 10)) in *. cbv zeta in Hr |- *.
  pose proof (minus64_holds _ _ _ _ _ _ (integer64_holds 1 0 ltac:(easy) ltac:(lia)) Ha ltac:(lia)) as H1.
  pose proof (mult64_holds _ _ _ _ _ _ (mult64_holds _ _ _ _ _ _ Ha Ha ltac:(lia)) half_holds ltac:(lia)) as H2.
  pose proof (plus64_holds _ _ _ _ _ _ H1 H2 ltac:(lia)) as (Hf & Hv & _).
  apply (squared64_holds 10 2); [lia| |exact Hr]. apply holds_of; [easy|easy|].
  assert (/ 2 ^ 22 <= 1) by (simpl; lra). rewrite Rabs_pos_eq by lra. simpl (bpow radix2 1). lra.
Qed.

Lemma K_le : (0 <= K <= 39)%Z.
Proof. pose proof (largest_nonneg w HW) as H0. destruct (largest_cases w HW) as [[_ H1] | [_ H1]]; fold K in H0, H1; lia. Qed.

Variable u : Z.
Hypothesis Hu : (0 <= u < 64)%Z.

Lemma weight64_holds c : (- K <= c <= K)%Z -> holds (weight64 W u c) (weight w u c) 1.
Proof.
  intros Hc. pose proof K_le as HK. pose proof (weight_quotient_range w u HW Hu c Hc) as Hq. cbv zeta in Hq.
  pose proof (number64_holds (128 * c + 63 - 2 * u) (-7) 13 ltac:(lia) ltac:(lia) ltac:(lia)) as Hx.
  replace (IZR (128 * c + 63 - 2 * u) * bpow radix2 (-7)) with (IZR (128 * c + 63 - 2 * u) / 128) in Hx by (simpl; lra).
  pose proof (mult64_holds _ _ _ _ _ _ W_holds Hx ltac:(lia)) as Htau. fold (middle_of_cell w u c) in Htau.
  pose proof (mult64_holds _ _ _ _ _ _ Htau Htau ltac:(lia)) as H1.
  assert (H6 : bpow radix2 2 <= 6) by (simpl; lra).
  pose proof (div64_holds _ _ _ _ _ _ square_holds (integer64_holds 6 3 ltac:(easy) ltac:(lia)) 2 H6 ltac:(lia)) as H2.
  pose proof (plus64_holds _ _ _ _ _ _ (integer64_holds 2 1 ltac:(easy) ltac:(lia)) H2 ltac:(lia)) as H3.
  assert (Hden : bpow radix2 1 <= round64 (2 + round64 (round64 (w * w) / 6))).
  { apply number_le_round; [now apply bpow_binary64|]. pose proof square_nonneg.
    assert (0 <= round64 (round64 (w * w) / 6)) by (apply round_nonneg; lra). simpl. lra. }
  destruct (div64_holds _ _ _ _ _ _ H1 H3 1 Hden ltac:(lia)) as (Hf & Hv & _).
  unfold weight64, weight. apply table_exponential64_holds; [|exact Hq]. apply holds_of; [exact Hf|exact Hv|].
  rewrite Rabs_pos_eq by apply Hq. simpl. lra.
Qed.

Lemma sum64_holds (weights : Z -> binary64) e first n : (n <= 78)%nat ->
  (forall i, (i <= n)%nat -> holds (weights (first + Z.of_nat i)%Z) (e (first + Z.of_nat i)%Z) 1 /\ 0 <= e (first + Z.of_nat i)%Z <= 5/4) ->
  holds (fold_left plus64 (map weights (integers_from (first + 1) n)) (weights first)) (rounded_sum e first n) 7.
Proof.
  intros Hn He. induction n as [|n IH].
  - destruct (He 0%nat (Nat.le_refl 0)) as [H _]. rewrite Z.add_0_r in H. apply (holds_le _ _ 1); [exact H|lia].
  - replace (S n) with (n + 1)%nat by lia. rewrite integers_from_app, map_app, fold_left_app, Nat.add_1_r.
    change (integers_from (first + 1 + Z.of_nat n) 1) with [(first + 1 + Z.of_nat n + Z.of_nat 0)%Z]. cbn [map fold_left rounded_sum].
    replace (first + 1 + Z.of_nat n + Z.of_nat 0)%Z with (first + Z.of_nat (S n))%Z by lia.
    destruct (He (S n) ltac:(lia)) as [Hlast _].
    destruct (plus64_holds _ _ _ _ _ _ (IH ltac:(lia) (fun i Hi => He i ltac:(lia))) Hlast ltac:(lia)) as (Hf & Hv & _).
    apply holds_of; [exact Hf|exact Hv|].
    destruct (rounded_sum_near w e first (S n)) as (_ & Hs & _ & _).
    { intros i Hi. destruct (He i Hi) as [(_ & Hvi & _) Hri]. split; [rewrite <- Hvi; apply value64_binary64|exact Hri]. }
    { exact Hn. }
    cbn [rounded_sum] in Hs. rewrite Rabs_pos_eq by apply Hs.
    assert (INR (S n) + 1 <= 79) by (rewrite <- S_INR; replace 79 with (INR 79) by (simpl; lra); apply le_INR; lia).
    simpl (bpow radix2 7). lra.
Qed.

Let weights := map (weight64 W u) (integers_from (- K) (Z.to_nat (2 * K + 1))).
Let sum64 := match weights with [] => zero64 | e :: weights' => fold_left plus64 weights' e end.

Lemma weight_sum_holds : holds sum64 (weight_sum w u) 7.
Proof.
  pose proof K_le as HK. unfold sum64, weights, weight_sum. fold K.
  replace (Z.to_nat (2 * K + 1)) with (1 + Z.to_nat (2 * K))%nat by lia. rewrite integers_from_app.
  change (integers_from (- K) 1) with [(- K + Z.of_nat 0)%Z]. rewrite Z.add_0_r. cbn [app map]. apply sum64_holds; [lia|].
  intros i Hi. split; [apply weight64_holds; lia|apply (weight_range w u HW Hu); fold K; lia].
Qed.

Lemma side_frequency64_model c : (- K <= c <= K)%Z -> side_frequency64 sum64 (weight64 W u c) = side_frequency w u c.
Proof.
  intros Hc. destruct (weight_sum_near w u HW Hu) as [Hs _].
  pose proof (mult64_holds _ _ _ _ _ _ (integer64_holds 65535 16 ltac:(easy) ltac:(lia)) (weight64_holds c Hc) ltac:(lia)) as H1.
  pose proof (div64_holds _ _ _ _ _ _ H1 weight_sum_holds (-3) ltac:(simpl; lra) ltac:(lia)) as H2.
  destruct (plus64_holds _ _ _ _ _ _ H2 half_holds ltac:(lia)) as (Hf & Hv & _).
  unfold side_frequency64, side_frequency. now rewrite floor64_spec, Hv.
Qed.

Theorem bucket_frequencies_model :
  bucket_frequencies W u = map (frequency (step_table w u)) (integers_from (- K) (Z.to_nat (2 * K + 1))).
Proof.
  pose proof K_le as HK. unfold bucket_frequencies. rewrite largest_symbol64_model. fold weights. fold sum64.
  set (n := Z.to_nat K). set (f := side_frequency w u).
  assert (Hsplit : integers_from (- K) (Z.to_nat (2 * K + 1)) = integers_from (- K) n ++ [0%Z] ++ integers_from 1 n).
  { replace (Z.to_nat (2 * K + 1)) with (n + (1 + n))%nat by (unfold n; lia). rewrite integers_from_app, (integers_from_app _ 1).
    replace (- K + Z.of_nat n)%Z with 0%Z by (unfold n; lia). reflexivity. }
  assert (Hsides : map (side_frequency64 sum64) weights = map f (integers_from (- K) n) ++ [f 0%Z] ++ map f (integers_from 1 n)).
  { change [f 0%Z] with (map f [0%Z]). rewrite <- !map_app, <- Hsplit. unfold weights. rewrite map_map. apply map_ext_in.
    intros c Hc. apply integers_from_in in Hc. apply side_frequency64_model. lia. }
  rewrite Hsides. assert (Hl : length (map f (integers_from (- K) n)) = n) by (now rewrite map_length, integers_from_length).
  assert (Hbelow : firstn n (map f (integers_from (- K) n) ++ [f 0%Z] ++ map f (integers_from 1 n)) = map f (integers_from (- K) n)).
  { rewrite firstn_app, Hl, Nat.sub_diag, firstn_O, app_nil_r. now apply firstn_all2, Nat.eq_le_incl. }
  assert (Habove : skipn (n + 1) (map f (integers_from (- K) n) ++ [f 0%Z] ++ map f (integers_from 1 n)) = map f (integers_from 1 n)).
  { rewrite skipn_app, Hl. replace (n + 1 - n)%nat with 1%nat by lia. rewrite skipn_all2 by lia. reflexivity. }
  rewrite Hbelow, Habove, !fold_cumulative, Hsplit, !map_app. unfold step_table, frequency. fold K n f. cbn [map].
  f_equal; [|f_equal]; apply map_ext_in; intros c Hc; apply integers_from_in in Hc; (destruct (Z.eqb_spec c 0); [unfold n in Hc; lia|easy]).
Qed.
End Step.

(** ** Tables that agree code alike *)

Definition tables_agree (t t' : table) : Prop :=
  bound t = bound t' /\ forall c, (- bound t <= c <= bound t)%Z -> frequency t c = frequency t' c.

Theorem bucket_table_model W u : is_finite64 W = true -> 1/8 <= value64 W <= 16 -> (0 <= u < 64)%Z ->
  tables_agree (bucket_table W u) (step_table (value64 W) u).
Proof.
  intros Hf HW Hu. unfold tables_agree, bucket_table, table_of_frequencies. cbn [bound frequency].
  rewrite (largest_symbol64_model W Hf HW), (bucket_frequencies_model W Hf HW u Hu). split; [reflexivity|].
  intros c Hc. set (K := largest_symbol (value64 W)) in *.
  rewrite (nth_indep _ 0%Z (frequency (step_table (value64 W) u) 0%Z)) by (rewrite map_length, integers_from_length; lia).
  rewrite map_nth, integers_from_nth by lia. f_equal. lia.
Qed.

Section Agree.
Variables t t' : table.
Hypothesis Hagree : tables_agree t t'.

Lemma agree_cumulative n : (Z.of_nat n <= 2 * bound t + 1)%Z ->
  cumulative (frequency t) (- bound t) n = cumulative (frequency t') (- bound t') n.
Proof. destruct Hagree as [<- Hf]. intros Hn. apply cumulative_ext. intros i Hi. apply Hf. lia. Qed.

Lemma agree_ok : table_ok t' -> table_ok t.
Proof.
  destruct Hagree as [Hb Hf]. intros (H0 & Hpos & Hsum). rewrite <- Hb in *. split; [easy|]. split.
  - intros c Hc. rewrite Hf by easy. now apply Hpos.
  - rewrite agree_cumulative, <- Hb by lia. exact Hsum.
Qed.

Lemma agree_symbol_of c : (Z.abs c <= bound t)%Z -> symbol_of t c = symbol_of t' c.
Proof.
  intros Hc. destruct Hagree as [Hb Hf]. unfold symbol_of. rewrite Hf by lia. f_equal.
  rewrite agree_cumulative by lia. now rewrite Hb.
Qed.

Lemma agree_symbols c : symbols t c = symbols t' c.
Proof.
  destruct Hagree as [Hb _]. unfold symbols. rewrite Hb. destruct (Z.leb_spec (Z.abs c) (bound t')); [|easy].
  now rewrite agree_symbol_of by (now rewrite Hb).
Qed.
End Agree.

Lemma agree_encode_row tables tables' codes st :
  Forall2 tables_agree tables tables' -> encode_row (combine tables codes) st = encode_row (combine tables' codes) st.
Proof.
  intros H. revert codes. induction H as [|t t' tables tables' Ht _ IH]; intros [|c codes]; try easy.
  cbn [combine encode_row fold_right fst snd]. fold (encode_row (combine tables codes) st). fold (encode_row (combine tables' codes) st).
  now rewrite IH, (agree_symbols t t' Ht).
Qed.

(** ** Raw bits *)

(** A step of SPEC §7. *)
Definition step_ok (step : binary32) : Prop := is_finite32 step = true /\ / 2 ^ 10 <= value32 step <= 16.

Lemma scale32_up e x : (0 <= e <= 10)%Z -> is_finite32 x = true -> Rabs (value32 x) <= bpow radix2 10 ->
  is_finite32 (scale32 e x) = true /\ value32 (scale32 e x) = value32 x * bpow radix2 e.
Proof.
  intros He Hf Hx. destruct (scale32_spec e x ltac:(lia) Hf) as [H _]. cbv zeta in H.
  assert (Hr : round32 (value32 x * bpow radix2 e) = value32 x * bpow radix2 e).
  { exact (prescale_exact e (fun _ => value32 x) 0 ltac:(lia) (value32_binary32 x)). }
  rewrite Hr in H. apply H. apply fits32_bounded with (10 + e)%Z; [lia|].
  rewrite Rabs_mult, (Rabs_pos_eq (bpow radix2 e)), bpow_plus by apply bpow_ge_0. apply Rmult_le_compat_r; [apply bpow_ge_0|easy].
Qed.

Lemma raw_bits_from_spec more x : is_finite32 x = true -> 0 < value32 x <= 16 -> 1/8 < 2 ^ more * value32 x ->
  raw_bits_of_step (value32 x) (raw_bits_from more x) /\ (raw_bits_from more x <= more)%nat.
Proof.
  destruct (power32_spec (-3) ltac:(lia)) as [Hf8 Hv8]. replace (bpow radix2 (-3)) with (1/8) in Hv8 by (simpl; lra).
  revert x. induction more as [|more IH]; intros x Hf Hx Hmore.
  - cbn [raw_bits_from]. split; [|lia]. split; [exact Hmore|]. intros i Hi. lia.
  - cbn [raw_bits_from]. rewrite less32_spec, Hv8 by easy. destruct (Rlt_dec (1/8) (value32 x)) as [Hlt | Hge].
    + split; [|lia]. split; [unfold coarse_step; simpl; lra|]. intros i Hi. lia.
    + destruct (scale32_up 1 x ltac:(lia) Hf) as [Hf2 Hv2]; [rewrite Rabs_pos_eq; simpl; lra|].
      change (bpow radix2 1) with 2 in Hv2. destruct (IH (scale32 1 x) Hf2) as [[Hlow Hleast] Hle].
      * rewrite Hv2. lra.
      * rewrite Hv2. rewrite <- tech_pow_Rmult in Hmore. lra.
      * rewrite Hv2 in Hlow, Hleast. split; [|lia]. split.
        -- unfold coarse_step in *. rewrite <- tech_pow_Rmult. lra.
        -- intros [|i] Hi; unfold coarse_step in *; [simpl; lra|]. specialize (Hleast i ltac:(lia)). rewrite <- tech_pow_Rmult. lra.
Qed.

Theorem raw_bits_model step : step_ok step ->
  let h := raw_bits_of step in
  raw_bits_of_step (value32 step) h /\ (h <= 8)%nat /\
  is_finite64 (coarse64 step) = true /\ value64 (coarse64 step) = coarse_step (value32 step) h.
Proof.
  intros [Hf Hs] h. assert (H10 : 0 < / 2 ^ 10) by (apply Rinv_0_lt_compat, pow_lt; lra).
  destruct (raw_bits_from_spec 8 step Hf ltac:(lra)) as [Hh Hle]; [simpl in *; lra|]. fold (raw_bits_of step) in Hh, Hle. fold h in Hh, Hle.
  split; [exact Hh|]. split; [exact Hle|].
  destruct (scale32_up (Z.of_nat h) step ltac:(lia) Hf) as [Hf2 Hv2]; [rewrite Rabs_pos_eq; simpl; lra|].
  destruct (widen_spec _ Hf2) as [Hwf Hwv]. unfold coarse64. fold h. split; [exact Hwf|]. rewrite Hwv, Hv2.
  unfold coarse_step. rewrite bpow_powerRZ, <- pow_powerRZ. apply Rmult_comm.
Qed.

(** So what a kernel says of a step is what FrequencyTables.v says of it. *)
Theorem step_table_model step u : step_ok step -> (0 <= u < 64)%Z ->
  let h := raw_bits_of step in
  raw_bits_of_step (value32 step) h /\
  tables_agree (bucket_table (coarse64 step) u) (step_table (coarse_step (value32 step) h) u).
Proof.
  intros Hstep Hu h. destruct (raw_bits_model step Hstep) as (Hh & _ & Hf & Hv). fold h in Hh, Hv. split; [exact Hh|].
  rewrite <- Hv. apply bucket_table_model; [easy| |easy]. rewrite Hv.
  destruct Hstep as [_ Hs]. assert (0 < / 2 ^ 10) by (apply Rinv_0_lt_compat, pow_lt; lra).
  now apply coarse_step_range; [lra|].
Qed.

(** ** Words *)

Lemma weyl_word_of_model w j : weyl_word_of w j = Z.of_nat (weyl_word (N.to_nat w) j).
Proof.
  unfold weyl_word_of, weyl_word. rewrite Nat2Z.inj_mod, Nat2Z.inj_add, Nat2Z.inj_mul, Nat2Z.inj_pow, N_nat_Z.
  unfold weyl_increment. now rewrite N_nat_Z.
Qed.

Lemma bucket_of_model w j : bucket_of (weyl_word_of w j) = bucket_of_word (weyl_word (N.to_nat w) j).
Proof. rewrite weyl_word_of_model. unfold bucket_of, bucket_of_word. now rewrite Nat2Z.inj_div, Nat2Z.inj_pow. Qed.

Theorem tables_of_row_model step word d : step_ok step ->
  Forall2 tables_agree (tables_of_row (bucket_table (coarse64 step)) word d) (row_tables (value32 step) (raw_bits_of step) (N.to_nat word) d).
Proof.
  intros Hstep. unfold tables_of_row, row_tables. induction (seq 0 d) as [|j l IH]; [constructor|]. cbn [map]. constructor; [|exact IH].
  rewrite bucket_of_model. apply (step_table_model step _ Hstep). apply bucket_range.
Qed.
