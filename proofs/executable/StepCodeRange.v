(** * The codes of a row fit their width (SPEC §7)

    For every row of finite floats whose norm float32 can hold, and is not subnormal: the encoder's codes are of 16 bits where d <= ((32767 - 2^h) step)^2,
    of 32 bits otherwise, so that StepRoundTrip.v and StepFileRoundTrip.v are about them. *)
From Coq Require Import ZArith NArith Reals List Arith Bool Lia Lra.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core Core.Raux IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import Defs EntropyDefs Sums Paley Constants FloatStages FloatTree FloatTransform FloatCode FloatNorm FloatScore StoredNorm.
From Hdq Require Import FrequencyTables Philox FloatOperations TransformList NormList NormModel FixedRateCodec EncoderModel RowError.
From Hdq Require Import FrequencyList StepCodec FrequencyModel StepRoundTrip.
Import ListNotations.
Open Scope R_scope.

(** ** Numbers *)

Lemma floor32_spec x : is_finite32 x = true -> floor32 x = Zfloor (value32 x).
Proof.
  destruct x as [s|s|s pl Hpl|s m e He]; intros Hf; try discriminate Hf.
  - unfold value32. cbn [floor32 Binary.B2R]. now rewrite (Zfloor_IZR 0).
  - unfold floor32, value32, Binary.B2R, F2R. cbn [Fnum Fexp]. set (v := cond_Zopp s (Z.pos m)). destruct (Z_le_gt_dec 0 e) as [H | H].
    + rewrite Z.shiftl_mul_pow2, <- IZR_Zpower, <- mult_IZR, Zfloor_IZR by easy. reflexivity.
    + rewrite <- (Z.opp_involutive e), bpow_opp, Z.shiftl_opp_r, Z.shiftr_div_pow2, <- IZR_Zpower by lia.
      symmetry. apply Zfloor_div. change (Zpower radix2 (- e)) with (2 ^ (- e))%Z. apply Z.pow_nonzero; lia.
Qed.

(** 2^h V. *)
Lemma offset32_spec h w : (h <= 8)%nat -> (0 <= w < 2 ^ 32)%Z ->
  is_finite32 (offset32 h w) = true /\ 0 <= value32 (offset32 h w) <= bpow radix2 (Z.of_nat h).
Proof.
  intros Hh Hw. unfold offset32. change offset_shift with 9%Z. change offset_exponent with 23%Z. set (q := (w / 2 ^ 9)%Z).
  assert (Hq : (0 <= q < 2 ^ 23)%Z) by (split; [apply Z.div_pos; lia|apply Z.div_lt_upper_bound; lia]).
  set (m := (2 * q + 1)%Z). set (e := (Z.of_nat h - 23 - 1)%Z).
  pose proof (Binary.binary_normalize_correct 24 128 eq_refl eq_refl mode_NE m e false) as H.
  change (F2R (Float radix2 m e)) with (IZR m * bpow radix2 e) in H.
  change (round radix2 (SpecFloat.fexp 24 128) (round_mode mode_NE) (IZR m * bpow radix2 e)) with (round32 (IZR m * bpow radix2 e)) in H.
  assert (Hm : 0 <= IZR m <= bpow radix2 24).
  { split; [apply IZR_le; unfold m; lia|]. rewrite <- IZR_Zpower by lia. apply IZR_le. change (Zpower radix2 24) with (2 ^ 24)%Z. unfold m. lia. }
  assert (Hr : 0 <= IZR m * bpow radix2 e <= bpow radix2 (Z.of_nat h)).
  { pose proof (bpow_ge_0 radix2 e). split; [apply Rmult_le_pos; lra|]. replace (Z.of_nat h) with (24 + e)%Z by (unfold e; ring).
    rewrite bpow_plus. apply Rmult_le_compat_r; lra. }
  assert (Hfmt : is_binary32 (IZR m * bpow radix2 e)).
  { apply generic_format_FLT. exists (Float radix2 m e); [easy| |cbn; unfold e; lia]. cbn [Fnum]. change (Zpower radix2 24) with (2 ^ 24)%Z. unfold m. lia. }
  rewrite round32_number, Rlt_bool_true in H; [|rewrite Rabs_pos_eq by apply Hr; apply Rle_lt_trans with (1 := proj2 Hr); apply bpow_lt; lia|exact Hfmt].
  split; [apply H|]. unfold value32, number32. rewrite (proj1 H). exact Hr.
Qed.

Lemma weyl_word_of_range w j : (0 <= weyl_word_of w j < 2 ^ 32)%Z.
Proof. apply Z.mod_pos_bound. lia. Qed.

(** A row of numbers within a factor of their sum of squares. *)
Lemma sum_abs_le d (x : vec) : sum d (fun i => Rabs (x i)) <= sqrt (INR d) * sqrt (norm2 d x).
Proof.
  assert (H0 : 0 <= sum d (fun i => Rabs (x i))) by (apply sum_nonneg; intros; apply Rabs_pos).
  rewrite <- sqrt_mult by (apply pos_INR || apply norm2_nonneg). rewrite <- (sqrt_Rsqr _ H0). apply sqrt_le_1_alt.
  pose proof (cauchy_schwarz d (fun _ => 1) (fun i => Rabs (x i))) as H. unfold Rsqr.
  replace (dot d (fun _ => 1) (fun i => Rabs (x i))) with (sum d (fun i => Rabs (x i))) in H by (apply sum_ext; intros; ring).
  replace (norm2 d (fun _ => 1)) with (INR d) in H by (unfold norm2, dot; rewrite (sum_ext d _ (fun _ => 1)) by (intros; ring); rewrite sum_const; ring).
  replace (norm2 d (fun i => Rabs (x i))) with (norm2 d x) in H; [lra|]. apply sum_ext. intros i _. rewrite <- Rabs_mult, Rabs_pos_eq; [easy|nra].
Qed.

Lemma p10 : / 2 ^ 10 = / 1024. Proof. simpl. lra. Qed.
Lemma p22 : / 2 ^ 22 = / 4194304. Proof. simpl. lra. Qed.
Lemma u24 : unit_roundoff = / 16777216. Proof. unfold unit_roundoff. simpl. lra. Qed.

Section Codes.
Variables (s : shape) (bits : list bool) (x : list binary32).
Let m := base s.
Let k := stages s.
Let d := order_of s.
Let n := length x.
Let norm := norm_list32 x.
Let rho := value32 norm.
Let e := scale_exponent norm.
Let scaled := rho * bpow radix2 e.
Hypothesis Hm : base_order m.
Hypothesis Hd : (Z.of_nat d <= 2 ^ 24)%Z.
Hypothesis Hn : (0 < n <= d)%nat.
Hypothesis Hbits : (d <= length bits)%nat.
Hypothesis Hx : finite32 x.
Hypothesis Hnorm : is_finite32 norm = true.
Hypothesis Hlow : bpow radix2 (-126) <= sqrt (norm2 n (vec32 x)).

Lemma root_range : 1 <= sqrt (INR d) <= 4096.
Proof.
  pose proof (le_INR 1 d (order_positive m k Hm)) as H1. simpl (INR 1) in H1. split.
  - rewrite <- sqrt_1. now apply sqrt_le_1_alt.
  - replace 4096 with (sqrt (4096 * 4096)) by (apply sqrt_square; lra). apply sqrt_le_1_alt.
    rewrite INR_IZR_INZ. apply Rle_trans with (IZR (2 ^ 24)); [now apply IZR_le|simpl; lra].
Qed.

Lemma rho_near : sqrt (norm2 n (vec32 x)) <= (1 + / 2097152) * rho /\ bpow radix2 (-127) <= rho.
Proof.
  assert (Hsmall : INR n <= 2 ^ 24).
  { rewrite INR_IZR_INZ. apply Rle_trans with (IZR (2 ^ 24)); [apply IZR_le; lia|simpl; lra]. }
  pose proof (stored_norm_close n (vec32 x) ltac:(lia) Hsmall (vec32_binary32 x) (fun i Hi => vec32_beyond x i Hi) Hlow) as H.
  pose proof (norm_model s bits x Hd Hn Hbits Hx Hnorm) as Hmodel. fold norm rho in Hmodel. unfold n in H. rewrite <- Hmodel in H. fold n in H.
  set (l := sqrt (norm2 n (vec32 x))) in *. pose proof (bpow_gt_0 radix2 (-126)) as H0. apply Rabs_le_inv in H.
  rewrite p22 in H.
  change (-127)%Z with (-1 + -126)%Z. rewrite bpow_plus. change (bpow radix2 (-1)) with (/ 2). split; lra.
Qed.

Lemma scaled_range : bpow radix2 (-100) <= scaled <= bpow radix2 100.
Proof.
  destruct rho_near as [_ Hr]. pose proof (bpow_gt_0 radix2 (-127)) as H0. assert (Hpos : 0 <= rho) by lra.
  destruct (scaled_norm norm Hnorm Hpos) as (_ & _ & Hle). fold rho e scaled in Hle. split; [|exact Hle].
  unfold scaled. destruct (scale_exponent_spec norm Hnorm Hpos) as [[He H] | [[He H] | [He H]]]; fold e in He; fold rho in H; rewrite He.
  - change (bpow radix2 0) with 1. destruct H; lra.
  - apply Rle_trans with (bpow radix2 (-127) * bpow radix2 100); [rewrite <- bpow_plus; apply bpow_le; lia|].
    apply Rmult_le_compat_r; [apply bpow_ge_0|exact Hr].
  - apply Rle_trans with (bpow radix2 100 * bpow radix2 (-100)); [rewrite <- bpow_plus; apply bpow_le; lia|].
    apply Rmult_le_compat_r; [apply bpow_ge_0|lra].
Qed.

Lemma scaled_sum : sum d (fun i => Rabs (prescale e (vec32 x) i)) <= (1 + / 1048576) * (sqrt (INR d) * scaled).
Proof.
  destruct scaled_range as [Hs _]. destruct root_range as [Hroot _]. destruct rho_near as [Hr _]. pose proof (bpow_gt_0 radix2 e) as He.
  assert (Hnd : norm2 d (vec32 x) = norm2 n (vec32 x)).
  { apply sum_truncate; [apply Hn|]. intros i [Hi _]. rewrite vec32_beyond by exact Hi. ring. }
  pose proof (sum_abs_le d (vec32 x)) as Hsum. rewrite Hnd in Hsum. set (S := sum d (fun i => Rabs (vec32 x i))) in *.
  assert (HS : S * bpow radix2 e <= (1 + / 2097152) * (sqrt (INR d) * scaled)).
  { unfold scaled. apply Rle_trans with (sqrt (INR d) * ((1 + / 2097152) * rho) * bpow radix2 e); [|right; ring].
    apply Rmult_le_compat_r; [lra|]. eapply Rle_trans; [exact Hsum|]. apply Rmult_le_compat_l; lra. }
  apply Rle_trans with (sum d (fun i => (1 + unit_roundoff) * bpow radix2 e * Rabs (vec32 x i) + underflow32)).
  { apply sum_le. intros i _. unfold prescale. pose proof (round32_error (vec32 x i * bpow radix2 e)) as H.
    rewrite Rabs_mult, (Rabs_pos_eq (bpow radix2 e)) in H by lra.
    pose proof (Rabs_triang_inv (round32 (vec32 x i * bpow radix2 e)) (vec32 x i * bpow radix2 e)) as Ht.
    rewrite Rabs_mult, (Rabs_pos_eq (bpow radix2 e)) in Ht by lra. lra. }
  rewrite sum_plus, sum_scal_l, sum_const. fold S.
  assert (Hu : INR d * underflow32 <= / 67108864 * scaled).
  { apply Rle_trans with (bpow radix2 24 * bpow radix2 (-150)).
    - apply Rmult_le_compat_r; [apply bpow_ge_0|]. rewrite INR_IZR_INZ. now apply (IZR_le _ (2 ^ 24)).
    - rewrite <- bpow_plus. apply Rle_trans with (bpow radix2 (-26) * bpow radix2 (-100)); [rewrite <- bpow_plus; apply bpow_le; lia|].
      replace (/ 67108864) with (bpow radix2 (-26)) by (simpl; lra). apply Rmult_le_compat_l; [apply bpow_ge_0|exact Hs]. }
  assert (Hpos : 0 < scaled) by (pose proof (bpow_gt_0 radix2 (-100)); lra).
  assert (Hscaled : scaled <= sqrt (INR d) * scaled) by (rewrite <- (Rmult_1_l scaled) at 1; apply Rmult_le_compat_r; lra).
  set (A := sqrt (INR d) * scaled) in *. rewrite u24. clearbody A S scaled.
  replace ((1 + / 16777216) * bpow radix2 e * S) with ((1 + / 16777216) * (S * bpow radix2 e)) by ring.
  assert ((1 + / 16777216) * (S * bpow radix2 e) <= (1 + / 16777216) * ((1 + / 2097152) * A)) by (apply Rmult_le_compat_l; [lra|exact HS]).
  lra.
Qed.

(** ** y, sigma and t *)

Lemma rotated_bound j : (j < d)%nat ->
  let y := nth j (rotate_list32 s bits (scale_list32 e x)) zero32 in
  is_finite32 y = true /\ Rabs (value32 y) <= (1 + / 131072) * (sqrt (INR d) * scaled).
Proof.
  intros Hj y. destruct (rotate_list32_model s bits x Hm Hd Hn Hbits Hx Hnorm j Hj) as [Hf Hv]. fold norm e in Hf, Hv. split; [exact Hf|].
  change (value32 y) with (vec32 (rotate_list32 s bits (scale_list32 e x)) j). rewrite Hv. unfold transform32, network32. rewrite network_tree.
  assert (Hshape : order_shape m) by now apply base_order_shape.
  assert (Hsign : forall i, Rabs (sign_vec bits i) = 1).
  { intros i. destruct (sign_vec_sign bits i) as [-> | ->]; [apply Rabs_R1|rewrite Rabs_left; lra]. }
  eapply Rle_trans; [apply (rounded32_value_le _ _ (transform_addition_stages m k))|].
  - intros i. unfold prescale. destruct (sign_vec_sign bits i) as [-> | ->].
    + rewrite Rmult_1_l. apply is_binary32_round.
    + replace (-1 * round32 (vec32 x i * bpow radix2 e)) with (- round32 (vec32 x i * bpow radix2 e)) by ring.
      apply generic_format_opp, is_binary32_round.
  - now apply transform_tree_depth.
  - rewrite transform_tree_mass by easy. change (m * 2 ^ k)%nat with d.
    rewrite (sum_ext d _ (fun i => Rabs (prescale e (vec32 x) i))) by (intros i _; now rewrite Rabs_mult, Hsign, Rmult_1_l).
    pose proof scaled_sum as Hs. pose proof (addition_stages_le m k Hm Hd) as Hstages. apply le_INR in Hstages. replace (INR 32) with 32 in Hstages by (simpl; lra).
    pose proof (small_power unit_roundoff (transform_addition_stages m k) ltac:(rewrite u24; lra)) as Hp.
    assert (Hg : (1 + unit_roundoff) ^ transform_addition_stages m k <= 1 + / 262144).
    { set (g := (1 + unit_roundoff) ^ transform_addition_stages m k) in *. assert (0 < g) by (apply pow_lt; rewrite u24; lra).
      assert (Ht : INR (transform_addition_stages m k) * unit_roundoff <= / 524288) by (rewrite u24; lra).
      clear - Hp Ht H. nra. }
    assert (H0 : 0 <= sum d (fun i => Rabs (prescale e (vec32 x) i))) by (apply sum_nonneg; intros; apply Rabs_pos).
    apply Rle_trans with ((1 + / 262144) * ((1 + / 1048576) * (sqrt (INR d) * scaled))).
    + apply Rmult_le_compat; [apply growth32_nonneg|exact H0|exact Hg|exact Hs].
    + assert (0 <= sqrt (INR d) * scaled).
      { apply Rmult_le_pos; [apply sqrt_pos|]. destruct scaled_range. pose proof (bpow_gt_0 radix2 (-100)). lra. }
      lra.
Qed.

Variable step : binary32.
Hypothesis Hstep : step_ok step.
Let h := raw_bits_of step.
Let span := sqrt (INR d) / value32 step.
Let sigma := codes_per_unit step (scale32 e norm).

Lemma sigma_bound : is_finite32 sigma = true /\ Rabs (value32 sigma) <= (1 + / 4194304) * / (value32 step * scaled).
Proof.
  destruct rho_near as [_ Hr]. pose proof (bpow_gt_0 radix2 (-127)) as H0. destruct scaled_range as [Hs1 Hs2]. destruct Hstep as [Hsf Hs].
  destruct (scaled_norm norm Hnorm ltac:(fold rho; lra)) as (Hnf & Hnv & _). fold rho e scaled in Hnf, Hnv.
  destruct (widen_spec step Hsf) as [Hwf Hwv]. destruct (widen_spec _ Hnf) as [Hnwf Hnwv]. rewrite Hnv in Hnwv.
  assert (Hs0 : bpow radix2 (-10) <= value32 step <= bpow radix2 4) by (rewrite p10 in Hs; split; simpl; lra).
  pose proof (bpow_gt_0 radix2 (-10)) as Hp1. pose proof (bpow_gt_0 radix2 (-100)) as Hp2.
  set (q := value32 step * scaled) in *.
  assert (Hq : bpow radix2 (-110) <= q <= bpow radix2 104).
  { unfold q. change (-110)%Z with (-10 + -100)%Z. change 104%Z with (4 + 100)%Z. rewrite !bpow_plus. split; apply Rmult_le_compat; lra. }
  pose proof (bpow_gt_0 radix2 (-110)) as Hp3.
  destruct (mult64_spec _ _ Hwf Hnwf) as [Hmul _]. rewrite Hwv, Hnwv in Hmul. cbv zeta in Hmul. fold q in Hmul.
  destruct Hmul as [Hmf Hmv]; [apply fits64_bounded with 104%Z; [lia|rewrite Rabs_pos_eq; lra]|].
  pose proof (round64_relative_error q ltac:(apply Rle_trans with (2 := proj1 Hq); apply bpow_le; lia)) as Herr.
  set (p := round64 q) in *. assert (Hv64 : unit_roundoff64 = / 9007199254740992) by (unfold unit_roundoff64; simpl; lra). rewrite Hv64 in Herr.
  apply Rabs_le_inv in Herr.
  assert (Hpq : / p <= (1 + / 1099511627776) * / q).
  { apply Rmult_le_reg_r with (p * q); [nra|]. replace (/ p * (p * q)) with q by (field; lra). replace ((1 + / 1099511627776) * / q * (p * q)) with ((1 + / 1099511627776) * p) by (field; lra).
    lra. }
  assert (Hp0 : 0 < / p) by (apply Rinv_0_lt_compat; lra).
  assert (Hplow : bpow radix2 (-105) <= / p).
  { change (-105)%Z with (- (105))%Z. rewrite bpow_opp. apply Rinv_le_contravar; [lra|]. replace (bpow radix2 105) with (2 * bpow radix2 104) by (change 105%Z with (1 + 104)%Z; now rewrite bpow_plus). lra. }
  assert (Hqinv : / q <= bpow radix2 110) by (change 110%Z with (- (-110))%Z; rewrite bpow_opp; apply Rinv_le_contravar; lra).
  assert (Hpmax : / p <= bpow radix2 111) by (change 111%Z with (1 + 110)%Z; rewrite bpow_plus; change (bpow radix2 1) with 2; assert (0 < / q) by (apply Rinv_0_lt_compat; lra); lra).
  destruct (integer64_holds 1 0 ltac:(easy) ltac:(lia)) as (H1f & H1v & _).
  destruct (div64_spec (integer64 1) (mult64 (widen step) (widen (scale32 e norm))) H1f ltac:(rewrite Hmv; lra)) as [Hdiv _].
  rewrite H1v, Hmv in Hdiv. cbv zeta in Hdiv. replace (1 / p) with (/ p) in Hdiv by (field; lra).
  assert (Hpabs : Rabs (/ p) <= bpow radix2 111) by (rewrite Rabs_pos_eq; lra).
  destruct Hdiv as [Hdf Hdv]; [apply fits64_bounded with 111%Z; [lia|exact Hpabs]|].
  pose proof (round64_relative_error (/ p) ltac:(apply Rle_trans with (2 := Hplow); apply bpow_le; lia)) as Herr2. rewrite Hv64 in Herr2.
  destruct (narrow_spec _ Hdf) as [Hnar _]. rewrite Hdv in Hnar.
  destruct Hnar as [Hff Hfv]; [apply fits32_bounded with 111%Z; [lia|apply round64_bounded; [lia|exact Hpabs]]|].
  fold sigma in Hff, Hfv. change (narrow (div64 (integer64 1) (mult64 (widen step) (widen (scale32 e norm))))) with sigma in Hff, Hfv.
  split; [exact Hff|]. rewrite Hfv. set (r := round64 (/ p)) in *. pose proof (round32_error r) as Herr3.
  assert (Hu32 : underflow32 <= / 1099511627776 * / p).
  { unfold underflow32. apply Rle_trans with (bpow radix2 (-40) * bpow radix2 (-105)); [rewrite <- bpow_plus; apply bpow_le; lia|].
    replace (/ 1099511627776) with (bpow radix2 (-40)) by (simpl; lra). apply Rmult_le_compat_l; [apply bpow_ge_0|exact Hplow]. }
  apply Rabs_le_inv in Herr2. rewrite (Rabs_pos_eq r) in Herr3 by lra. apply Rabs_le_inv in Herr3. rewrite u24 in Herr3.
  assert (0 < / q) by (apply Rinv_0_lt_compat; lra). apply Rabs_le. lra.
Qed.

Lemma span_range : 0 < span <= 4194304.
Proof.
  destruct Hstep as [_ Hs]. destruct root_range as [Hr1 Hr2]. rewrite p10 in Hs.
  unfold span. split; [apply Rdiv_lt_0_compat; lra|]. apply Rle_div_l; [lra|]. nra.
Qed.

(** t, y sigma first. *)
Lemma step_code_bound j w : (j < d)%nat -> (0 <= w < 2 ^ 32)%Z ->
  let t := plus32 (mult32 (nth j (rotate_list32 s bits (scale_list32 e x)) zero32) sigma) (offset32 h w) in
  is_finite32 t = true /\
  - (span * (1 + / 65536) * (1 + / 16777216) + / 100) <= value32 t <= (span * (1 + / 65536) + bpow radix2 (Z.of_nat h)) * (1 + / 16777216) + / 100.
Proof.
  intros Hj Hw t. destruct (rotated_bound j Hj) as [Hyf Hy]. destruct sigma_bound as [Hsf Hs]. destruct span_range as [Hsp0 Hsp].
  destruct (raw_bits_model step Hstep) as (_ & Hh & _). fold h in Hh. destruct (offset32_spec h w Hh Hw) as [Hof Ho].
  set (y := nth j (rotate_list32 s bits (scale_list32 e x)) zero32) in *.
  destruct scaled_range as [Hs1 _]. pose proof (bpow_gt_0 radix2 (-100)) as H0. destruct Hstep as [_ Hst].
  rewrite p10 in Hst. assert (Hst0 : 0 < value32 step) by lra.
  assert (Hprod : Rabs (value32 y * value32 sigma) <= span * (1 + / 65536 - / 262144)).
  { rewrite Rabs_mult. apply Rle_trans with ((1 + / 131072) * (sqrt (INR d) * scaled) * ((1 + / 4194304) * / (value32 step * scaled))).
    - apply Rmult_le_compat; (apply Rabs_pos || easy).
    - replace ((1 + / 131072) * (sqrt (INR d) * scaled) * ((1 + / 4194304) * / (value32 step * scaled))) with ((1 + / 131072) * (1 + / 4194304) * span)
        by (unfold span; field; lra).
      rewrite Rmult_comm. apply Rmult_le_compat_l; [lra|]. lra. }
  assert (Hbig : span * (1 + / 65536 - / 262144) <= bpow radix2 23) by (simpl; lra).
  destruct (mult32_spec y sigma Hyf Hsf) as [Hmul _]. cbv zeta in Hmul.
  destruct Hmul as [Hmf Hmv]; [apply fits32_bounded with 23%Z; [lia|lra]|].
  pose proof (round32_error (value32 y * value32 sigma)) as Herr. rewrite <- Hmv in Herr. set (p := mult32 y sigma) in *.
  assert (Hu : underflow32 <= / 1000000) by (unfold underflow32; apply Rle_trans with (bpow radix2 (-40)); [apply bpow_le; lia|simpl; lra]).
  assert (Hp : Rabs (value32 p) <= span * (1 + / 65536) + / 1000000).
  { pose proof (Rabs_triang_inv (value32 p) (value32 y * value32 sigma)) as Ht. rewrite u24 in Herr.
    set (a := Rabs (value32 y * value32 sigma)) in *. assert (/ 16777216 * a <= / 16777216 * (span * (1 + / 65536 - / 262144))) by (apply Rmult_le_compat_l; [lra|exact Hprod]).
    lra. }
  assert (Hh8 : 1 <= bpow radix2 (Z.of_nat h) <= 256).
  { split; [apply (bpow_le radix2 0); lia|]. apply Rle_trans with (bpow radix2 8); [apply bpow_le; lia|simpl; lra]. }
  destruct (plus32_spec p (offset32 h w) Hmf Hof) as [Hplus _]. cbv zeta in Hplus. set (o := value32 (offset32 h w)) in *.
  apply Rabs_le_inv in Hp.
  destruct Hplus as [Htf Htv].
  { apply fits32_bounded with 24%Z; [lia|]. apply Rabs_le. change (bpow radix2 24) with 16777216. lra. }
  fold t in Htf, Htv. split; [exact Htf|]. rewrite Htv. pose proof (round32_error (value32 p + o)) as Hterr. rewrite u24 in Hterr.
  assert (Hsum : - (span * (1 + / 65536) + / 1000000) <= value32 p + o <= span * (1 + / 65536) + / 1000000 + bpow radix2 (Z.of_nat h)) by lra.
  set (v := value32 p + o) in *. apply Rabs_le_inv in Hterr. destruct (Rle_or_lt 0 v) as [Hv | Hv].
  - rewrite Rabs_pos_eq in Hterr by exact Hv. split; lra.
  - rewrite Rabs_left in Hterr by exact Hv. split; lra.
Qed.

(** ** Codes *)

Lemma narrow_span : narrow_codes d step = true -> span <= 32767 - bpow radix2 (Z.of_nat h).
Proof.
  intros H. destruct Hstep as [Hf Hs]. rewrite p10 in Hs. destruct (raw_bits_model step Hstep) as (_ & Hh & _). fold h in Hh.
  assert (Hp : bpow radix2 (Z.of_nat h) = IZR (2 ^ Z.of_nat h)) by (now rewrite <- (IZR_Zpower radix2) by lia).
  assert (Hpow : (1 <= 2 ^ Z.of_nat h <= 256)%Z).
  { split; [apply (Z.pow_le_mono_r 2 0); lia|]. change 256%Z with (2 ^ 8)%Z. apply Z.pow_le_mono_r; lia. }
  set (r := (32767 - 2 ^ Z.of_nat h)%Z) in *. assert (Hr : 32767 - bpow radix2 (Z.of_nat h) = IZR r) by (unfold r; now rewrite minus_IZR, Hp).
  rewrite Hr. assert (Hr0 : (0 <= r)%Z) by (unfold r; lia).
  assert (Hsquare : INR d <= (IZR r * value32 step) * (IZR r * value32 step)).
  { unfold narrow_codes in H. fold h r in H. clear Hr Hp.
    destruct step as [s0|s0|s0 pl Hpl|s0 m0 e0 He0]; try discriminate H.
    assert (Es : s0 = false).
    { destruct s0; [|easy]. exfalso. assert (value32 (Binary.B754_finite 24 128 true m0 e0 He0) < 0); [|lra].
      exact (F2R_lt_0 radix2 (Float radix2 (Z.neg m0) e0) ltac:(easy)). }
    assert (Ev : value32 (Binary.B754_finite 24 128 s0 m0 e0 He0) = IZR (Z.pos m0) * bpow radix2 e0) by (rewrite Es; reflexivity).
    rewrite Ev, INR_IZR_INZ. cbv zeta in H. set (v := (r * Z.pos m0)%Z) in H.
    replace (IZR r * (IZR (Z.pos m0) * bpow radix2 e0)) with (IZR v * bpow radix2 e0) by (unfold v; rewrite mult_IZR; ring).
    destruct (Z.leb_spec 0 e0) as [He | He]; apply Z.leb_le, IZR_le in H.
    - rewrite !mult_IZR in H. change (2 ^ e0)%Z with (Zpower radix2 e0) in H. now rewrite IZR_Zpower in H.
    - rewrite !mult_IZR in H. change (2 ^ (-2 * e0))%Z with (Zpower radix2 (-2 * e0)) in H. rewrite IZR_Zpower in H by lia.
      apply Rmult_le_reg_r with (bpow radix2 (-2 * e0)); [apply bpow_gt_0|]. eapply Rle_trans; [exact H|]. right.
      replace (IZR v * bpow radix2 e0 * (IZR v * bpow radix2 e0) * bpow radix2 (-2 * e0))
        with (IZR v * IZR v * (bpow radix2 e0 * bpow radix2 e0 * bpow radix2 (-2 * e0))) by ring.
      rewrite <- !bpow_plus. replace (e0 + e0 + -2 * e0)%Z with 0%Z by ring. simpl (bpow radix2 0). ring. }
  unfold span. apply Rle_div_l; [lra|]. apply IZR_le in Hr0. rewrite <- (sqrt_square (IZR r * value32 step)) by (apply Rmult_le_pos; lra).
  now apply sqrt_le_1_alt.
Qed.

Lemma code_in_width j w : (j < d)%nat -> (0 <= w < 2 ^ 32)%Z ->
  code_fits (code_width d step) (step_code sigma (offset32 h w) (nth j (rotate_list32 s bits (scale_list32 e x)) zero32)) = true.
Proof.
  intros Hj Hw. destruct (step_code_bound j w Hj Hw) as (Hf & Hlow' & Hup). unfold step_code. rewrite floor32_spec by exact Hf.
  set (t := value32 (plus32 _ _)) in *. pose proof span_range as Hsp. destruct (raw_bits_model step Hstep) as (_ & Hh & _). fold h in Hh.
  assert (Hh8 : 1 <= bpow radix2 (Z.of_nat h) <= 256).
  { split; [apply (bpow_le radix2 0); lia|]. apply Rle_trans with (bpow radix2 8); [apply bpow_le; lia|simpl; lra]. }
  assert (Hfit : forall most, (0 <= most)%Z -> - IZR most <= t -> t < IZR most -> (- most <= Zfloor t < most)%Z).
  { intros most H0 H1 H2. split; [|apply lt_IZR; apply Rle_lt_trans with (2 := H2); apply Zfloor_lb].
    apply Zfloor_lub. now rewrite opp_IZR. }
  unfold code_fits, code_width. destruct (narrow_codes d step) eqn:E.
  - pose proof (narrow_span E) as Hn16. destruct (Hfit 32768%Z ltac:(lia)) as [H1 H2]; [lra|lra|].
    apply andb_true_intro. split; [apply Z.leb_le|apply Z.ltb_lt]; exact H1 || exact H2.
  - destruct (Hfit 2147483648%Z ltac:(lia)) as [H1 H2]; [lra|lra|].
    apply andb_true_intro. split; [apply Z.leb_le|apply Z.ltb_lt]; exact H1 || exact H2.
Qed.
End Codes.

(** What the encoder makes of a row is a row that streams and files hold. *)
Theorem step_encode_row_fits seed row step x :
  step_ok step -> (0 < length x)%nat -> (Z.of_nat (length x) <= 2 ^ 24)%Z -> finite32 x -> is_finite32 (norm_list32 x) = true ->
  bpow radix2 (-126) <= sqrt (norm2 (length x) (vec32 x)) ->
  let s := shape_of (length x) in
  let d := order_of s in
  exists codes, step_encode_row s (sign_bits seed d) step seed row x = StepEncoded (norm_list32 x) codes /\
    length codes = d /\ row_fits (code_width d step) (norm_list32 x) codes.
Proof.
  intros Hstep Hn Hlimit Hx Hnorm Hlow s d. destruct (shape_of_spec (length x) Hn Hlimit) as (Hm & Hcover & Hd). fold s d in Hm, Hcover, Hd.
  assert (Hbits : (d <= length (sign_bits seed d))%nat) by (rewrite sign_bits_length; apply Nat.le_refl).
  destruct (rho_near s (sign_bits seed d) x Hd (conj Hn Hcover) Hbits Hx Hnorm Hlow) as [_ Hrho].
  assert (Hpos : 0 < value32 (norm_list32 x)) by (apply Rlt_le_trans with (2 := Hrho); apply bpow_gt_0).
  assert (Hne : is_zero32 (norm_list32 x) = false).
  { destruct (is_zero32 (norm_list32 x)) eqn:E; [|easy]. apply (is_zero32_spec _ Hnorm) in E. lra. }
  exists (step_codes_of_row s (sign_bits seed d) step (dither_word seed row) (norm_list32 x) x).
  split; [unfold step_encode_row; now rewrite (proj1 (first_not_finite_spec x) Hx), Hne, Hnorm|].
  pose proof (rotate_list32_length s (sign_bits seed d) x (scale_exponent (norm_list32 x)) Hm Hcover Hbits) as Hl.
  unfold step_codes_of_row. cbv zeta. set (y := rotate_list32 _ _ _) in *. set (w := dither_word seed row).
  assert (Ho : length (offsets32 (raw_bits_of step) w (order_of s)) = d) by (unfold offsets32; now rewrite map_length, seq_length).
  split; [rewrite map_length, combine_length, Ho; fold d in Hl; rewrite Hl; apply Nat.min_id|]. left. split; [exact Hnorm|]. split; [exact Hpos|].
  apply forallb_forall. intros c Hc. apply in_map_iff in Hc as ([o a] & <- & Hin). cbn [fst snd].
  destruct (In_nth _ _ (zero32, zero32) Hin) as (j & Hj & Ej). rewrite combine_length, Ho in Hj. fold d in Hl. rewrite Hl, Nat.min_id in Hj.
  rewrite combine_nth in Ej by (rewrite Ho, Hl; easy). injection Ej as Eo Ea. rewrite <- Ea, <- Eo.
  unfold offsets32. rewrite (nth_indep _ zero32 (offset32 (raw_bits_of step) (weyl_word_of w 0))) by (now rewrite map_length, seq_length).
  rewrite (map_nth (fun j => offset32 (raw_bits_of step) (weyl_word_of w j))), seq_nth by exact Hj.
  exact (code_in_width s (sign_bits seed d) x Hm Hd (conj Hn Hcover) Hbits Hx Hnorm Hlow step Hstep j _ Hj (weyl_word_of_range w (0 + j))).
Qed.
