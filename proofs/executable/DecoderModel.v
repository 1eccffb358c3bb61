(** * The decoder of a list is the decoder that the theorems are about (SPEC §4)

    Only the last product can overflow. *)
From Coq Require Import ZArith Reals List Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core Core.Raux IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import Defs Sums Paley FloatStages FloatTree FloatTransform FloatCode FloatNorm.
From Hdq Require Import FloatOperations TransformList NormList FixedRateCodec EncoderModel.
Import ListNotations.
Open Scope R_scope.

Lemma mult32_finite x y : is_finite32 (mult32 x y) = true -> is_finite32 x = true /\ is_finite32 y = true.
Proof. destruct x as [sx|sx|sx px Hx|sx mx ex Hx], y as [sy|sy|sy py Hy|sy my ey Hy]; easy. Qed.

Lemma whole64_spec d : (Z.of_nat d <= 2 ^ 24)%Z ->
  is_finite64 (number64 (Z.of_nat d) 0 false) = true /\ value64 (number64 (Z.of_nat d) 0 false) = INR d.
Proof.
  intros Hd. pose proof (Binary.binary_normalize_correct 53 1024 eq_refl eq_refl mode_NE (Z.of_nat d) 0 false) as H.
  assert (Hv : F2R (Float radix2 (Z.of_nat d) 0) = INR d) by (unfold F2R; simpl; rewrite Rmult_1_r; now rewrite <- INR_IZR_INZ).
  rewrite Hv in H. change (round radix2 (SpecFloat.fexp 53 1024) (round_mode mode_NE) (INR d)) with (round64 (INR d)) in H.
  assert (Hfmt : is_binary64 (INR d)).
  { apply generic_format_FLT. exists (Float radix2 (Z.of_nat d) 0); [now rewrite Hv| |cbn; lia].
    cbn [Fnum]. change (Zpower radix2 53) with (2 ^ 53)%Z. lia. }
  rewrite round64_number, Rlt_bool_true in H by (easy || (rewrite Rabs_pos_eq by apply pos_INR;
    apply Rle_lt_trans with (bpow radix2 24); [rewrite INR_IZR_INZ; now apply (IZR_le _ (2 ^ 24))|now apply bpow_lt])).
  split; apply H.
Qed.

Section Decoder.
Variables (s : shape) (bits : list bool) (n : nat) (norm : binary32) (z : list binary32).
Let m := base s.
Let k := stages s.
Let d := order_of s.
Let rho := value32 norm.
Let e := scale_exponent norm.
Hypothesis Hm : base_order m.
Hypothesis Hd : (Z.of_nat d <= 2 ^ 24)%Z.
Hypothesis Hn : (n <= d)%nat.
Hypothesis Hbits : (d <= length bits)%nat.
Hypothesis Hnorm : is_finite32 norm = true.
Hypothesis Hrho : 0 < rho.
Hypothesis Hz : finite32 z.
Hypothesis Hlen : length z = d.
Hypothesis Hsmall : forall j, Rabs (vec32 z j) <= bpow radix2 60.

Lemma order_one : 1 <= INR d.
Proof. apply (le_INR 1). exact (order_positive m k Hm). Qed.

Lemma decode_scale_spec :
  is_finite32 (decode_scale d (scale32 e norm)) = true /\
  value32 (decode_scale d (scale32 e norm)) = decode_scale32 (rho * bpow radix2 e) d /\
  Rabs (value32 (decode_scale d (scale32 e norm))) <= bpow radix2 100 /\
  (e <> 0%Z -> Rabs (value32 (decode_scale d (scale32 e norm))) <= bpow radix2 28).
Proof.
  destruct (scaled_norm norm Hnorm ltac:(fold rho; lra)) as (Hrf & Hrv & Hrle). fold e rho in Hrf, Hrv, Hrle.
  destruct (whole64_spec d Hd) as [Hdf Hdv]. destruct (widen_spec _ Hrf) as [Hwf Hwv]. rewrite Hrv in Hwv.
  pose proof order_one as H1. pose proof (bpow_gt_0 radix2 e) as He0.
  assert (Hq : forall c, rho * bpow radix2 e <= bpow radix2 c -> Rabs (rho * bpow radix2 e / INR d) <= bpow radix2 c).
  { intros c Hc. assert (0 < rho * bpow radix2 e) by (now apply Rmult_lt_0_compat).
    rewrite Rabs_pos_eq by (apply Rdiv_le_0_compat; lra). apply Rle_div_l; [lra|]. nra. }
  pose proof (Hq 100%Z Hrle) as H100.
  destruct (div64_spec (widen (scale32 e norm)) (number64 (Z.of_nat d) 0 false) Hwf ltac:(lra)) as [Hdiv _].
  rewrite Hwv, Hdv in Hdiv. destruct Hdiv as [Hqf Hqv]; [now apply fits64_bounded with 100%Z|].
  destruct (narrow_spec _ Hqf) as [Hn32 _]. rewrite Hqv in Hn32.
  destruct Hn32 as [Hf Hv]; [apply fits32_bounded with 100%Z; [lia|now apply round64_bounded]|].
  unfold decode_scale. split; [exact Hf|]. rewrite Hv. split; [reflexivity|]. split.
  - apply round32_bounded; [lia|]. now apply round64_bounded.
  - intros Hne. apply round32_bounded; [lia|]. apply round64_bounded; [lia|]. apply Hq.
    destruct (scale_exponent_spec norm Hnorm ltac:(fold rho; lra)) as [[He _] | [[He H] | [He H]]]; fold e in He; [easy| |]; rewrite He.
    + apply Rle_trans with (bpow radix2 (-100) * bpow radix2 100).
      * apply Rmult_le_compat_r; [apply bpow_ge_0|fold rho in H; lra].
      * rewrite <- bpow_plus. now apply bpow_le.
    + apply Rle_trans with (bpow radix2 128 * bpow radix2 (-100)).
      * apply Rmult_le_compat_r; [apply bpow_ge_0|]. pose proof (value32_lt norm) as Hlt. fold rho in Hlt. rewrite Rabs_pos_eq in Hlt; lra.
      * rewrite <- bpow_plus. now apply bpow_le.
Qed.

Let sums := transform_transposed_list32 m k z.

Lemma sums_spec i : (i < d)%nat ->
  is_finite32 (nth i sums zero32) = true /\ vec32 sums i = transform32_transposed m k (vec32 z) i /\
  Rabs (vec32 sums i) <= bpow radix2 86.
Proof.
  intros Hi.
  assert (Hfit : (1 + unit_roundoff) ^ transform_addition_stages m k * sum (m * 2 ^ k) (fun i => Rabs (vec32 z i)) < bpow radix2 128).
  { apply transform_fits; [easy|exact Hd|]. intros j. eapply Rle_trans; [apply Hsmall|]. now apply bpow_le. }
  destruct (transform_list_binary32 m k z i Hm Hlen Hi Hz Hfit) as (_ & Hf & Hv).
  split; [exact Hf|]. split; [exact Hv|]. fold (vec32 sums i). change (value32 (nth i (transform_transposed_list32 m k z) zero32)) with (vec32 sums i) in Hv.
  rewrite Hv. unfold transform32_transposed, network32. rewrite network_tree.
  eapply Rle_trans; [apply (rounded32_value_le (vec32 z) _ (transform_addition_stages m k)); [apply vec32_binary32|]|].
  - apply transform_tree_depth. now apply base_order_shape.
  - rewrite transform_tree_mass by (easy || now apply base_order_shape).
    apply Rle_trans with (2 * (bpow radix2 24 * bpow radix2 60)).
    + apply Rmult_le_compat; [apply growth32_nonneg|apply sum_nonneg; intros; apply Rabs_pos| |].
      * eapply Rle_trans; [now apply stages_small|lra].
      * apply Rle_trans with (sum (m * 2 ^ k) (fun _ => bpow radix2 60)); [now apply sum_le|].
        rewrite sum_const. apply Rmult_le_compat_r; [apply bpow_ge_0|]. rewrite INR_IZR_INZ. now apply (IZR_le _ (2 ^ 24)).
    + change 2 with (bpow radix2 1). rewrite <- !bpow_plus. now apply bpow_le.
Qed.

Let out := values_of_row s bits n norm z.

(** Entry i, before its sign: two products. *)
Let entry i := scale32 (- e) (mult32 (nth i sums zero32) (decode_scale d (scale32 e norm))).

Lemma out_entry i : (i < n)%nat -> nth i out zero32 = if nth i bits false then b32_opp (entry i) else entry i.
Proof.
  intros Hi. assert (Hne : is_zero32 norm = false).
  { destruct (is_zero32 norm) eqn:E; [|easy]. apply (is_zero32_spec norm Hnorm) in E. fold rho in E. lra. }
  unfold out, values_of_row. rewrite Hne. fold e d m k sums.
  assert (Hsl : length sums = d) by (exact (proj2 (transform_list32_length m k z Hm Hlen))).
  assert (Hfl : length (firstn n sums) = n) by (rewrite firstn_length; lia).
  set (f := fun v => scale32 (- e) (mult32 v (decode_scale d (scale32 e norm)))).
  rewrite flip_list32_nth by (rewrite map_length; lia).
  rewrite (nth_indep (map f _) zero32 (f zero32)) by (rewrite map_length; lia).
  rewrite map_nth, nth_firstn_lt by easy. reflexivity.
Qed.

(** Every value that is finite is the model's; and it is finite if the model's is below 2^128. *)
Theorem values_of_row_model i : (i < n)%nat ->
  let y := decode32 m k (sign_vec bits) (rho * bpow radix2 e) e (vec32 z) i in
  (is_finite32 (nth i out zero32) = true -> vec32 out i = y) /\
  (Rabs y < bpow radix2 128 -> is_finite32 (nth i out zero32) = true).
Proof.
  intros Hi y. destruct (sums_spec i ltac:(lia)) as (Hsf & Hsv & Hsb). destruct decode_scale_spec as (Hcf & Hcv & Hc100 & Hc28).
  set (c := decode_scale d (scale32 e norm)) in *. set (v := nth i sums zero32) in *.
  pose proof (scale_exponent_range norm) as Hrange. fold e in Hrange.
  destruct (mult32_spec v c Hsf Hcf) as [Hmfit Hmfin]. change (value32 v) with (vec32 sums i) in Hmfit, Hmfin.
  set (p := vec32 sums i * value32 c) in *.
  assert (Hy : y = sign_vec bits i * round32 (round32 p * bpow radix2 (- e))).
  { unfold y, decode32, p. rewrite Hcv, Hsv. do 4 f_equal. apply Rmult_comm. }
  assert (Hsign : forall r, Rabs (sign_vec bits i * r) = Rabs r).
  { intros r. rewrite Rabs_mult. destruct (sign_vec_sign bits i) as [-> | ->].
    - rewrite Rabs_R1. ring.
    - rewrite (Rabs_left (-1)) by lra. ring. }
  assert (Hentry : is_finite32 (nth i out zero32) = is_finite32 (entry i) /\ vec32 out i = sign_vec bits i * value32 (entry i)).
  { unfold vec32, sign_vec. rewrite out_entry by easy. destruct (negate32_spec (entry i)) as [Hf Hv].
    destruct (nth i bits false); split; try easy; [rewrite Hv|]; ring. }
  destruct Hentry as [Hef Hev]. rewrite Hef, Hev, Hy. unfold entry. fold v c. split.
  - intros Hfin. destruct (mult32_finite _ _ Hfin) as [Hpf _]. specialize (Hmfin Hpf).
    destruct (scale32_spec (- e) (mult32 v c) ltac:(lia) Hpf) as [_ Hs]. rewrite (Hs Hfin), Hmfin. reflexivity.
  - intros Hlt. rewrite Hsign in Hlt.
    assert (Hpfit : fits32 p).
    { destruct (Z.eq_dec e 0) as [E | Hne].
      - rewrite E in Hlt. simpl (bpow radix2 (- 0)) in Hlt. rewrite Rmult_1_r, round32_number in Hlt; [exact Hlt|apply is_binary32_round].
      - apply fits32_bounded with 114%Z; [lia|]. unfold p. rewrite Rabs_mult. change 114%Z with (86 + 28)%Z. rewrite bpow_plus.
        apply Rmult_le_compat; try apply Rabs_pos; [exact Hsb|now apply Hc28]. }
    destruct (Hmfit Hpfit) as [Hpf Hpv].
    destruct (scale32_spec (- e) (mult32 v c) ltac:(lia) Hpf) as [Hs _]. rewrite Hpv in Hs. apply Hs. exact Hlt.
Qed.
End Decoder.
