(** * Each headline theorem on concrete data

    So that no statement is vacuous: the shipped g at 2 bits, H = B_12, the vector
    x = (3, 4, 0, ...) of norm 5, alternating signs; for float32 the same numbers. *)
From Coq Require Import ZArith List Reals Arith Lia Lra FunctionalExtensionality.
From Coq Require Permutation.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.
From Flocq Require IEEE754.Binary IEEE754.Bits.
From Hdq Require Import Defs Sums Hadamard Paley Rademacher DitheredQuantizer VectorQuantizer.
From Hdq Require Import Estimates Gaussian ShippedGenerator FiniteBound Asymptotics Necessity DiscreteDither
  DiscreteShipped.
From Hdq Require Import FloatStages FloatTree FloatTransform FloatCode FloatNorm FloatBias FloatCodebook Constants.
From Hdq Require Import ThresholdSearch CompanderCode FloatScore StoredNorm.
From Hdq Require Import CompanderBounds CompanderPosition CompanderBits.
From Hdq Require Import EntropyDefs Shrink StepQuantizer StepWords IdealLength.
From Hdq Require StreamCoder FrequencyTables.
From Hdq Require Philox Packing FloatOperations TransformList Codebook64 NormList FixedRateCodec CertificateNormal CodebookRange EncoderModel RowError.
From Hdq Require ByteFilter ScoreList FilteredSearch FileFormat FrequencyList StepCodec StepFile FrequencyModel StepRoundTrip.
From Interval Require Tactic.
From Hdq Require Import UnbiasedRule FlatVector SurrogateCertificate OptimalityCertificates MeanOfRows.
From Hdq Require Statements.
Open Scope R_scope.

(** ** The data *)

Definition g2 : R -> R := shipped 4 (shipped_sigma 2) (shipped_kappa 2).
Definition H12 : mat := supported_matrix 12 0.
Definition x34 : vec := fun i => match i with 0%nat => 3 | 1%nat => 4 | _ => 0 end.
Definition x_unit : vec := fun i => match i with 0%nat => 3/5 | 1%nat => 4/5 | _ => 0 end.
Definition alternating : vec := fun i => if Nat.even i then 1 else -1.

Lemma base_order_12 : base_order 12.
Proof. right; now left. Qed.

Lemma alternating_sign : is_sign alternating.
Proof. intros i. unfold alternating. destruct (Nat.even i); [now left|now right]. Qed.

Lemma alternating_signs d : signs d alternating.
Proof. intros i _. apply alternating_sign. Qed.

Lemma x_unit_norm : norm2 12 x_unit = 1.
Proof. unfold norm2, dot, x_unit. simpl. field. Qed.

Lemma x34_norm : norm2 12 x34 = 25.
Proof. unfold norm2, dot, x34. simpl. ring. Qed.

Lemma scale_5 : scale_for 12 5 x34.
Proof. left. lra. Qed.

(** ** SPEC §1, §5.1 *)

Example entry_of_order_24 : supported_matrix 12 1 3%nat 5%nat = 1.
Proof.
  pose proof (Statements.supported_matrix_entry 12 1 1 1 2 1 ltac:(simpl; lia) ltac:(simpl; lia)) as H.
  change (1 * 2 ^ 1 + 1)%nat with 3%nat in H. change (2 * 2 ^ 1 + 1)%nat with 5%nat in H.
  rewrite H. unfold base_matrix. replace (base_matrix_Z 12 1 2) with (-1)%Z by reflexivity.
  simpl. ring.
Qed.

Example order_12 : hadamard 12 H12.
Proof. exact (Statements.supported_hadamard 12 0 base_order_12). Qed.

Example order_384 : hadamard (12 * 2 ^ 5) (supported_matrix 12 5).
Proof. exact (Statements.supported_hadamard 12 5 base_order_12). Qed.

Example inverse_of_order_12 : / INR 12 * mulv 12 (transpose H12) (mulv 12 H12 x34) 1%nat = 4.
Proof. exact (proj1 (Statements.hadamard_inverse 12 H12 x34 1 order_12 ltac:(lia))). Qed.

Example fast_transform_of_order_24 :
  network Rplus Rminus Ropp 12 1 (base_matrix_Z 12) x34 23%nat = mulv 24 (supported_matrix 12 1) x34 23%nat.
Proof. exact (proj1 (Statements.transform_exact 12 1 x34 23 base_order_12 ltac:(simpl; lia))). Qed.

(** ** SPEC §5.2 *)

Example flip_by_a_row : exists e',
  (forall i, (i < 12)%nat -> e' i = 1 \/ e' i = -1) /\
  forall i, (i < 12)%nat -> H12 3%nat i * e' i = alternating i.
Proof.
  destruct (Statements.flip_permutes_signs 12 (H12 3%nat)
    (fun i Hi => proj1 order_12 3%nat i ltac:(lia) Hi)
    alternating (fun i _ => alternating_sign i)) as (_ & e' & He' & Hflip & _).
  exists e'. now split.
Qed.

Example second_moment_of_a_coordinate :
  Esign 12 (fun e => rotate 12 H12 e x34 7%nat ^ 2) = Esign 12 (fun e => rademacher 12 x34 e ^ 2).
Proof. exact (Statements.rotated_coordinate_law 12 H12 x34 7 (fun y => y ^ 2) order_12 ltac:(lia)). Qed.

(** ** SPEC §3, §5.3 *)

Lemma shipped_2 : 0 < shipped_sigma 2 /\ 0 < shipped_kappa 2.
Proof. unfold shipped_sigma, shipped_kappa. simpl. lra. Qed.

Example g2_generator : generator 4 g2.
Proof. exact (Statements.shipped_generator 4 _ _ ltac:(lia) (proj1 shipped_2) (proj2 shipped_2)). Qed.

Lemma shipped_positive b : (1 <= b <= 8)%nat -> 0 < shipped_sigma b /\ 0 < shipped_kappa b.
Proof.
  intros Hb. destruct b as [|[|[|[|[|[|[|[|[|b]]]]]]]]]; try lia;
    unfold shipped_sigma, shipped_kappa; simpl; lra.
Qed.

(** The shipped generator of every bit count. *)
Example shipped_of_bits b :
  (1 <= b <= 8)%nat -> generator (2 ^ b) (shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b)).
Proof.
  intros Hb. destruct (shipped_positive b Hb) as [Hs Hk].
  apply (Statements.shipped_generator (2 ^ b)); [|exact Hs|exact Hk].
  apply (Nat.pow_le_mono_r 2 1 b); lia.
Qed.

Example threshold_in_closed_form :
  threshold g2 1 (1/4)
  = shipped_antiderivative 4 (shipped_sigma 2) (shipped_kappa 2) (INR 1 + 1/4)
    - shipped_antiderivative 4 (shipped_sigma 2) (shipped_kappa 2) (INR 1 - 1 + 1/4).
Proof. exact (Statements.threshold_shipped 4 _ _ 1 (1/4) ltac:(lia) ltac:(lra)). Qed.

Example every_real_is_companded : exists t, inside 4 t /\ compand g2 t = 1000.
Proof.
  destruct (Statements.compand_bijective 4 g2 g2_generator 1000) as (t & Ht & _). now exists t.
Qed.

Lemma middle_inside : inside 4 2.
Proof. unfold inside. simpl. lra. Qed.

Example code_at_the_middle : encode 4 g2 (1/2) (compand g2 2) = 2%nat.
Proof.
  destruct (Statements.encode_rounds 4 g2 g2_generator 2 (1/2) middle_inside ltac:(lra)) as [_ H].
  set (c := encode 4 g2 (1/2) (compand g2 2)) in *.
  assert (H1 : (c < 3)%nat) by (apply INR_lt; simpl; lra).
  assert (H2 : (1 < c)%nat) by (apply INR_lt; simpl; lra). lia.
Qed.

Example integrals_exist : ex_RInt (fun U => quantize 4 g2 U 1) 0 1 /\
                          ex_RInt (fun U => (quantize 4 g2 U 1 - 1) ^ 2) 0 1.
Proof.
  split; [exact (Statements.ex_Edither_quantize 4 g2 g2_generator 1)
         |exact (Statements.ex_Edither_square_error 4 g2 g2_generator 1 1)].
Qed.

Example unbiased_at_1 : Edither (fun U => quantize 4 g2 U 1) = 1.
Proof. exact (Statements.quantize_unbiased 4 g2 g2_generator 1). Qed.

Example error_at_0 : scalar_mse 4 g2 (compand g2 2) = window_mse g2 2.
Proof. exact (Statements.scalar_mse_window 4 g2 g2_generator 2 middle_inside). Qed.

(** ** SPEC §4, §5.3 *)

Example reconstruction_is_unbiased :
  Edither (fun U => reconstruct 4 g2 12 H12 5 x34 alternating U 0%nat) = 3.
Proof.
  exact (Statements.reconstruct_unbiased 4 g2 g2_generator 12 H12 order_12 5 x34 alternating 0
           (alternating_signs 12) scale_5 ltac:(lia)).
Qed.

Example inner_product_is_unbiased :
  Edither (fun U => 5 / INR 12 *
    dot 12 (rotate 12 H12 alternating x34)
           (fun j => quantize 4 g2 U (rotate 12 H12 alternating x34 j / 5))) = 25.
Proof.
  rewrite (Statements.rotated_inner_product_unbiased 4 g2 g2_generator 12 H12 order_12 5 x34 x34
             alternating (alternating_signs 12) scale_5).
  exact x34_norm.
Qed.

Example error_of_a_vector :
  mse 4 g2 12 H12 5 x34 = 5 ^ 2 * Esign 12 (fun e => scalar_mse 4 g2 (rademacher 12 x34 e / 5)).
Proof. exact (Statements.mse_identity 4 g2 g2_generator 12 H12 order_12 5 x34 ltac:(lia) ltac:(lra)). Qed.

Example quantized_twice :
  Edither (fun U1 => Edither (fun U2 =>
    let y := reconstruct 4 g2 12 H12 5 x34 alternating U1 in
    reconstruct 4 g2 12 H12 7 (truncate 2 y) alternating U2 1%nat)) = 4.
Proof.
  apply (Statements.requantization_unbiased 4 g2 12 H12 4 g2 12 H12 2 x34 5 alternating
           (fun _ => 7) (fun _ => alternating) 1 g2_generator g2_generator order_12 order_12);
    try lia; try (intros; apply alternating_signs); try (apply alternating_signs).
  - exact scale_5.
  - intros y. left. lra.
Qed.

(** x34 has two numbers, padded to 12; one that is cut has the mean 0, which it is. *)
Lemma x34_padded : padded_from 2 x34.
Proof. intros i Hi. destruct i as [|[|i]]; [lia|lia|easy]. Qed.

Example cut_to_two_numbers :
  Edither (fun U => truncate 2 (reconstruct 4 g2 12 H12 5 x34 alternating U) 1%nat) = 4 /\
  Edither (fun U => truncate 2 (reconstruct 4 g2 12 H12 5 x34 alternating U) 7%nat) = 0.
Proof.
  split; exact (Statements.truncated_unbiased 4 g2 g2_generator 12 H12 order_12 2 5 x34 alternating _
    ltac:(lia) x34_padded (alternating_signs 12) scale_5).
Qed.

Example error_after_the_cut :
  Esign 12 (fun eps => Edither (fun U => norm2 12 (fun i => truncate 2 (reconstruct 4 g2 12 H12 5 x34 eps U) i - x34 i)))
  <= mse 4 g2 12 H12 5 x34.
Proof.
  exact (Statements.truncated_mse 4 g2 g2_generator 12 H12 order_12 2 5 x34 ltac:(lia) x34_padded ltac:(lra)).
Qed.

(** (3, 4, 5) is at distance 5 from (3, 4, 0), and at 0 when cut to two numbers. *)
Example bias_after_the_cut : norm2 12 (fun i => truncate 2 (fun i => match i with 2%nat => 5 | _ => x34 i end) i - x34 i) <= 25.
Proof.
  eapply Rle_trans; [exact (Statements.truncated_error 2 12 _ x34 ltac:(lia) x34_padded)|].
  unfold norm2, dot, x34. simpl. lra.
Qed.

(** Of q = x = (3, 4), with the exact norm: squared distance 0 and cosine 1 in the mean. *)
Example squared_distance_and_cosine_are_unbiased :
  Edither (fun U => 25 + 5 ^ 2 - 2 * dot 12 x34 (reconstruct 4 g2 12 H12 5 x34 alternating U)) = 0 /\
  Edither (fun U => dot 12 x34 (reconstruct 4 g2 12 H12 5 x34 alternating U) / (sqrt 25 * 5)) = 1.
Proof.
  pose proof (Statements.squared_distance_unbiased 4 g2 g2_generator 12 H12 order_12 5 x34 x34 alternating
    (alternating_signs 12) scale_5) as Hd.
  pose proof (Statements.cosine_unbiased 4 g2 g2_generator 12 H12 order_12 5 x34 x34 alternating
    (alternating_signs 12) scale_5) as Hc.
  change (dot 12 x34 x34) with (norm2 12 x34) in Hc. rewrite x34_norm in Hd, Hc. split.
  - rewrite Hd. unfold norm2, dot. rewrite sum_zero by (intros; ring). ring.
  - rewrite Hc. replace (sqrt 25) with 5; [field|]. replace 25 with (5 * 5) by ring. rewrite sqrt_square; lra.
Qed.

(** ** SPEC §5.4 *)

Example moments : Esign 12 (fun e => rademacher 12 x_unit e ^ 2) = 1 /\
                  Esign 12 (fun e => rademacher 12 x_unit e ^ 4) <= 3.
Proof.
  destruct (Statements.rademacher_unit_moments 12 x_unit x_unit_norm) as (_ & H2 & _ & H4). now split.
Qed.

Example gaussian_moment : Esign 12 (fun e => exp (rademacher 12 x_unit e ^ 2 / 3)) <= sqrt 3.
Proof.
  destruct (Statements.rademacher_unit_exp_moments 12 x_unit x_unit_norm) as (_ & _ & _ & H). exact H.
Qed.

(** ** SPEC §5.5 *)

(** The majorant A exp(z^2/3) + B exp(11 z^2/24) of the asymptotic theorem. *)
Example bound_from_a_majorant : exists N A B, (2 <= N)%nat /\ INR N ^ 2 * A <= PI / 2 + 1 /\
  mse N (shipped N (sqrt 3) (1/8)) 12 H12 (sqrt (norm2 12 x34)) x34
  <= norm2 12 x34 * (A / sqrt (1 - 2 * (1/3)) + B / sqrt (1 - 2 * (11/24))).
Proof.
  destruct (Asymptotics.scalar_mse_asymptotic_majorant (1/8) 1 ltac:(lra) ltac:(lra)) as (N0 & H).
  set (N := Nat.max 2 N0).
  destruct (H N ltac:(lia)) as (A & B & HA & HB & HA2 & _ & Hmaj). exists N, A, B.
  assert (HN : (2 <= N)%nat) by lia. split; [exact HN|]. split; [exact HA2|].
  assert (Hg : generator N (shipped N (sqrt 3) (1/8))).
  { apply Statements.shipped_generator; [exact HN| |lra]. apply sqrt_lt_R0. lra. }
  set (m := {| maj_one := 0; maj_z2 := 0; maj_z4 := 0;
               maj_coshes := 0; maj_c := fun _ => 0; maj_s := fun _ => 0;
               maj_exps := 2; maj_e := fun l => match l with O => A | _ => B end;
               maj_lambda := fun l => match l with O => 1/3 | _ => 11/24 end |}).
  assert (Hvalid : majorant_valid m).
  { repeat split; simpl; try lra; try lia; destruct l; lra. }
  eapply Rle_trans.
  - apply (Statements.finite_bound N _ Hg m Hvalid); [|exact order_12|rewrite x34_norm; lra].
    intros z. eapply Rle_trans; [apply Hmaj|]. unfold majorant_at. simpl. right.
    replace (1 / 3 * (z * (z * 1))) with (z * (z * 1) / 3) by field. ring.
  - apply Rmult_le_compat_l; [rewrite x34_norm; lra|]. right. unfold majorant_bound. simpl.
    unfold Rdiv. ring.
Qed.

(** The certified constants at order 12. *)
Example error_at_1_bit :
  mse 2 (shipped 2 (shipped_sigma 1) (shipped_kappa 1)) 12 H12 1 x_unit * 4 ^ 1 <= 6485 / 1000.
Proof. exact (Statements.finite_bound_b1 12 H12 x_unit order_12 x_unit_norm). Qed.

Example error_at_2_bits :
  mse 4 g2 12 H12 1 x_unit * 4 ^ 2 <= 3955 / 1000.
Proof. exact (Statements.finite_bound_b2 12 H12 x_unit order_12 x_unit_norm). Qed.

Example error_at_3_bits :
  mse 8 (shipped 8 (shipped_sigma 3) (shipped_kappa 3)) 12 H12 1 x_unit * 4 ^ 3 <= 3250 / 1000.
Proof. exact (Statements.finite_bound_b3 12 H12 x_unit order_12 x_unit_norm). Qed.

Example error_at_4_bits :
  mse 16 (shipped 16 (shipped_sigma 4) (shipped_kappa 4)) 12 H12 1 x_unit * 4 ^ 4 <= 2974 / 1000.
Proof. exact (Statements.finite_bound_b4 12 H12 x_unit order_12 x_unit_norm). Qed.

Example error_at_5_bits :
  mse 32 (shipped 32 (shipped_sigma 5) (shipped_kappa 5)) 12 H12 1 x_unit * 4 ^ 5 <= 2852 / 1000.
Proof. exact (Statements.finite_bound_b5 12 H12 x_unit order_12 x_unit_norm). Qed.

Example error_at_6_bits :
  mse 64 (shipped 64 (shipped_sigma 6) (shipped_kappa 6)) 12 H12 1 x_unit * 4 ^ 6 <= 2794 / 1000.
Proof. exact (Statements.finite_bound_b6 12 H12 x_unit order_12 x_unit_norm). Qed.

Example error_at_7_bits :
  mse 128 (shipped 128 (shipped_sigma 7) (shipped_kappa 7)) 12 H12 1 x_unit * 4 ^ 7 <= 2766 / 1000.
Proof. exact (Statements.finite_bound_b7 12 H12 x_unit order_12 x_unit_norm). Qed.

Example error_at_8_bits :
  mse 256 (shipped 256 (shipped_sigma 8) (shipped_kappa 8)) 12 H12 1 x_unit * 4 ^ 8 <= 2753 / 1000.
Proof. exact (Statements.finite_bound_b8 12 H12 x_unit order_12 x_unit_norm). Qed.

(** x34, of norm 5, stored with the scale 6: in units of 36. *)
Example error_with_another_scale : mse 4 g2 12 H12 6 x34 * 4 ^ 2 <= 3955 / 1000 * 6 ^ 2.
Proof.
  apply (Statements.stored_scale_bound 2 12 H12 x34 6); [lia|exact order_12|lia|lra|]. rewrite x34_norm. simpl. lra.
Qed.

(** ** SPEC §5.6 *)

Lemma is_binary32_IZR n : (Z.abs n < 2 ^ 24)%Z -> is_binary32 (IZR n).
Proof.
  intros Hn. apply generic_format_FLT. exists (Float radix2 n 0).
  - unfold F2R. simpl. ring.
  - exact Hn.
  - easy.
Qed.

Lemma x34_binary32 i : is_binary32 (x34 i).
Proof. destruct i as [|[|i]]; [apply (is_binary32_IZR 3)|apply (is_binary32_IZR 4)|apply (is_binary32_IZR 0)]; easy. Qed.

Example transform_bound_of_order_12 :
  Rabs (transform32 12 0 (fun i => alternating i * x34 i) 5%nat - rotate 12 H12 alternating x34 5%nat)
  <= 7 * ((1 + / 2 ^ 24) ^ 4 - 1).
Proof.
  eapply Rle_trans.
  - exact (Statements.transform_error_bound_correct 12 0 alternating x34 5 base_order_12
             ltac:(simpl; lia) alternating_sign x34_binary32).
  - unfold transform_error_bound, unit_roundoff.
    change (transform_addition_stages 12 0) with 4%nat. change (12 * 2 ^ 0)%nat with 12%nat.
    unfold x34. simpl sum. rewrite !(Rabs_pos_eq 3), !(Rabs_pos_eq 4), !Rabs_R0 by lra. lra.
Qed.

Example transposed_transform_bound :
  Rabs (transform32_transposed 12 1 x34 23%nat - mulv 24 (transpose (supported_matrix 12 1)) x34 23%nat)
  <= transform_error_bound 12 1 x34.
Proof.
  exact (Statements.transform_transposed_error_bound_correct 12 1 x34 23 base_order_12
           ltac:(simpl; lia) x34_binary32).
Qed.

(** Two entries, scaled by 2^-100 on the way. *)
Lemma x34_beyond i : (2 <= i)%nat -> x34 i = 0.
Proof. intros Hi. destruct i as [|[|i]]; [lia|lia|easy]. Qed.

Example scaled_rotation_bound :
  Rabs (transform32 12 0 (fun i => alternating i * prescale (-100) x34 i) 5%nat * bpow radix2 100
        - rotate 12 H12 alternating x34 5%nat)
  <= rotation_error_bound 12 0 2 (-100) x34.
Proof.
  exact (Statements.rotation_error_bound_correct 12 0 2 alternating x34 (-100) 5 base_order_12
           ltac:(simpl; lia) ltac:(simpl; lia) alternating_sign x34_binary32 x34_beyond).
Qed.

(** Two floats, 1 and 1: the butterfly gives 2 and 0. *)
Definition nan32 : {x : IEEE754.Binary.binary_float 24 128 | IEEE754.Binary.is_nan 24 128 x = true} :=
  exist _ (IEEE754.Binary.B754_nan 24 128 false 1 eq_refl) eq_refl.
Definition one32 : IEEE754.Binary.binary_float 24 128 :=
  IEEE754.Binary.B754_finite 24 128 false 8388608 (-23) eq_refl.

Lemma one32_value : IEEE754.Binary.B2R 24 128 one32 = 1.
Proof. change (8388608 * / 8388608 = 1). field. Qed.

Example ieee_butterfly :
  IEEE754.Binary.is_finite 24 128
    (network_ieee (fun _ _ => nan32) (fun _ => nan32) 1 1 (base_matrix_Z 1) (fun _ => one32) 0%nat) = true /\
  IEEE754.Binary.B2R 24 128
    (network_ieee (fun _ _ => nan32) (fun _ => nan32) 1 1 (base_matrix_Z 1) (fun _ => one32) 0%nat)
  = transform32 1 1 (fun _ => 1) 0%nat.
Proof.
  destruct (Statements.transform_binary32 (fun _ _ => nan32) (fun _ => nan32) 1 1 (fun _ => one32) 0)
    as [Hf Hv].
  - now left.
  - simpl; lia.
  - easy.
  - change (transform_addition_stages 1 1) with 1%nat. change (1 * 2 ^ 1)%nat with 2%nat.
    cbn [sum]. rewrite one32_value, Rabs_R1. unfold unit_roundoff.
    apply Rlt_le_trans with (bpow radix2 2); [simpl; lra|]. now apply bpow_le.
  - split; [exact Hf|]. rewrite Hv. now rewrite one32_value.
Qed.

Example scaled_threshold : Rabs (scaled_threshold32 1 5 - 1 * 5) <= threshold_error_bound 1 5 0.
Proof.
  apply (Statements.threshold_error_bound_correct 1 1 5 0); [lra|].
  rewrite Rminus_diag_eq, Rabs_R0; lra.
Qed.

(** Thresholds off by 2^-41, within the promise, are sorted. *)
Example coarse_thresholds_are_sorted :
  nondecreasing 255
    (fun k => threshold (shipped 256 (shipped_sigma 8) (shipped_kappa 8)) k (dither_of_word 7) - / 2 ^ 41).
Proof.
  apply (Statements.shipped_codebook_sorted 8 7); [lia|simpl; lra|].
  intros k _. set (theta := threshold _ k _). unfold codebook_error.
  replace (bpow radix2 (-40)) with (/ 2 ^ 40) by (simpl; lra).
  replace (theta - / 2 ^ 41 - theta) with (- / 2 ^ 41) by ring.
  rewrite Rabs_Ropp, Rabs_pos_eq by (simpl; lra).
  apply Rle_trans with (1 * / 2 ^ 40); [simpl; lra|].
  apply Rmult_le_compat_r; [simpl; lra|]. pose proof (Rabs_pos theta). lra.
Qed.

(** The fast encoder with double thresholds that are correctly rounded. *)
Definition theta64 (U : R) (i : nat) : R := round64 (threshold g2 i U).
Definition error64 (U : R) (i : nat) : R := / 2 ^ 53 * Rabs (threshold g2 i U) + underflow64.

Lemma theta64_sorted U : 0 < U < 1 -> nondecreasing 3 (theta64 U).
Proof.
  intros HU k Hk1 Hk2. apply round64_le. left.
  now apply (threshold_increasing 4 g2 U k g2_generator HU).
Qed.

Definition fast_code (U : R) : nat :=
  encode32 4 (theta64 U) 5 0 (transform32 12 0 (fun i => alternating i * prescale 0 x34 i) 5%nat).

Example fast_code_is_acceptable U : 0 < U < 1 ->
  acceptable 3 (fun i => threshold g2 i U * 5)
    (fun i => scaled_threshold_error_bound (threshold g2 i U) 5 0 (error64 U i))
    (rotation_error_bound 12 0 2 0 x34) (rotate 12 H12 alternating x34 5%nat) (fast_code U).
Proof.
  intros HU.
  exact (Statements.encode32_acceptable 4 g2 U 5 12 0 2 alternating x34 0 (theta64 U) (error64 U) 5
    g2_generator HU ltac:(lra) base_order_12 ltac:(simpl; lia) ltac:(simpl; lia) alternating_sign
    x34_binary32 x34_beyond (theta64_sorted U HU) (fun i _ => round64_error (threshold g2 i U))).
Qed.

Example wrong_fast_code_is_near_a_threshold U : 0 < U < 1 ->
  let y := rotate 12 H12 alternating x34 5%nat in
  fast_code U <> encode 4 g2 U (y / 5) -> exists i, Rabs (y - threshold g2 i U * 5)
    <= rotation_error_bound 12 0 2 0 x34
       + scaled_threshold_error_bound (threshold g2 i U) 5 0 (error64 U i).
Proof.
  intros HU y Hne. exists (Nat.max (encode 4 g2 U (y / 5)) (fast_code U)).
  apply (Statements.encode32_mismatch 4 g2 U 5 12 0 2 alternating x34 0 (theta64 U) (error64 U) 5
    g2_generator HU ltac:(lra) base_order_12 ltac:(simpl; lia) ltac:(simpl; lia) alternating_sign
    x34_binary32 x34_beyond (theta64_sorted U HU) (fun i _ => round64_error (threshold g2 i U))).
  fold (fast_code U).
  change (rotate (12 * 2 ^ 0) (supported_matrix 12 0) alternating x34 5%nat) with y. lia.
Qed.

(** y = 1, one threshold 0, errors 1 and 1/2: the exact code is 1, and 0 is acceptable. *)
Lemma zero_acceptable : acceptable 1 (fun _ => 0) (fun _ => 1/2) 1 1 0.
Proof. split; [lia|]. split; intros k Hk; [lia|lra]. Qed.

Example zero_attained : exists y' T, Rabs (y' - 1) <= 1 /\ nondecreasing 1 T /\
  (forall k, (1 <= k <= 1)%nat -> Rabs (T k - 0) <= 1/2) /\ count_passed 1 T y' = 0%nat.
Proof.
  apply (Statements.acceptable_attained 1 (fun _ => 0) (fun _ => 1/2) 1 1 0);
    try lra; try (intros k Hk; cbv beta; lra); try (intros k Hk1 Hk2; lia); try exact zero_acceptable.
Qed.

Example two_is_not_acceptable : ~ acceptable 2 (fun k => INR k) (fun _ => 1/4) (1/4) 1 2.
Proof.
  intros H. apply (Statements.acceptable_adjacent 2 (fun k => INR k) (fun _ => 1/4) (1/4) 1 2) in H.
  - destruct H as (_ & H & _). specialize (H ltac:(lia)). simpl in H. lra.
  - intros k _ _. cbv beta. rewrite S_INR. lra.
  - intros k _ _. cbv beta. rewrite S_INR. lra.
Qed.

Example judged_against_the_exact_code : acceptable 1 (fun _ => 0) (fun _ => 1/2) 1 1 1.
Proof.
  apply (Statements.acceptable_between 1 (fun _ => 0) (fun _ => 1/2) 1 1 1).
  - intros k Hk1 Hk2. lia.
  - lra.
  - intros k _. lra.
  - assert (Hc : count_passed 1 (fun _ => 0) 1 = 1%nat).
    { cbn [count_passed]. destruct (Rle_dec 0 1); [easy|lra]. }
    rewrite Hc. split; [lia|]. split; intros k Hk; lia.
Qed.

(** Thresholds 1 ... 7, of three bits: 5.5 passes five, down the heap and by bisection. *)
Lemma whole_thresholds_sorted n : nondecreasing n INR.
Proof. intros k _ _. rewrite S_INR. lra. Qed.

Lemma count_of_five_and_a_half : count_passed 7 INR (11/2) = 5%nat.
Proof.
  apply count_passed_unique; [apply whole_thresholds_sorted|lia| |]; intros k Hk.
  - assert (INR k <= INR 5) by (apply le_INR; lia). simpl in *. lra.
  - assert (INR 6 <= INR k) by (apply le_INR; lia). simpl in *. lra.
Qed.

Example five_down_the_heap : heap_search 3 INR (fun _ => 0) (11/2) = 5%nat.
Proof.
  rewrite (Statements.heap_search_counts 3 INR (fun _ => 0) (11/2) (whole_thresholds_sorted 7)).
  exact count_of_five_and_a_half.
Qed.

Example five_by_bisection : bisection 8 INR (11/2) = 5%nat.
Proof.
  rewrite (Statements.bisection_counts 8 INR (11/2) ltac:(lia) (whole_thresholds_sorted 7)).
  exact count_of_five_and_a_half.
Qed.

Example fast_code_down_the_heap U : 0 < U < 1 ->
  heap_search 2 (fun k => scaled_threshold32 (theta64 U k) (5 * bpow radix2 0)) (fun _ => 0)
    (transform32 12 0 (fun i => alternating i * prescale 0 x34 i) 5%nat) = fast_code U.
Proof.
  intros HU. exact (Statements.heap_search_encodes 2 (theta64 U) 5 0 (fun _ => 0) _ ltac:(lra) (theta64_sorted U HU)).
Qed.

(** Two levels and one threshold, 0 at U = 1/2; y = 0 is at the position X = 1, computed exactly with base 0 and eps 1/8: the
    fraction 1/8 is below 1/4, so y is compared with the threshold, passes, and the code is 1. *)
Definition g1 : R -> R := shipped 2 (shipped_sigma 1) (shipped_kappa 1).

Lemma g1_generator : generator 2 g1.
Proof. exact (shipped_of_bits 1 ltac:(lia)). Qed.

Lemma g1_threshold : threshold g1 1 (1/2) = 0.
Proof.
  rewrite (threshold_compand g1 1 (1/2)).
  pose proof (compand_odd 2 g1 g1_generator 1 ltac:(unfold inside; simpl; lra)) as H.
  replace (INR 1 + 1/2 - 1/2) with 1 by (simpl; lra). replace (INR 2 - 1) with 1 in H by (simpl; ring). lra.
Qed.

Lemma g1_middle : compand g1 1 = 0.
Proof.
  pose proof g1_threshold as H. rewrite (threshold_compand g1 1 (1/2)) in H.
  replace (INR 1 + 1/2 - 1/2) with 1 in H by (simpl; lra). exact H.
Qed.

Lemma only_threshold k : (1 <= k <= 2 - 1)%nat -> k = 1%nat.
Proof. lia. Qed.

Example companded : compander_code (fun _ => 0) 0 (0 + 1 + 1/8) 0 (1/8) = 1%nat.
Proof.
  rewrite (Statements.compander_counts 2 g1 g1_generator (1/2) 0 0 (fun _ => 0) ltac:(lra) ltac:(intros k Hk1 Hk2; lra) 0).
  - simpl. destruct (Rle_dec 0 0); [easy|lra].
  - lra.
  - intros k Hk _. rewrite (only_threshold k Hk), g1_threshold. lra.
  - intros k Hk _. rewrite (only_threshold k Hk), g1_threshold. lra.
  - intros t It Ht. apply Rabs_le_inv in Ht.
    assert (E : t = 1) by (apply (compand_injective 2 g1 g1_generator); [exact It|unfold inside; simpl; lra|rewrite g1_middle; lra]).
    rewrite E. replace (0 + 1 + 1/8 - (0 + (1 + 1/2 - 1/2) + 1/8)) with 0 by field. rewrite Rabs_R0. lra.
  - lra.
  - simpl. lra.
Qed.

(** Eight bits, word 0, norm 1: zero is in the middle, 128; and 1, by the other order of sums, within the codes. *)
Lemma first_word : INR 0 + 1 <= 2 ^ 32.
Proof. simpl. lra. Qed.

Lemma norm_one : / 2 ^ 100 <= 1 <= 2 ^ 100.
Proof.
  assert (1 <= 2 ^ 100) by (apply pow_R1_Rle; lra). split; [|easy]. rewrite <- Rinv_1. apply Rinv_le_contravar; lra.
Qed.

Lemma scale_of_one : 0 < compander_scale 1 < 2.
Proof.
  destruct (compander_scale_error 1 norm_one) as (k & K & E). apply Rabs_le_inv in K. rewrite E.
  unfold CompanderChecker.segment_width. simpl in K. lra.
Qed.

Lemma zero_companded : compander_computes 8 0 1 0 (compander_position_of_eight 8 0 1 0).
Proof.
  right. split; [|reflexivity]. rewrite Rabs_R0. unfold compander_range_limit, CompanderChecker.segment_width.
  assert (L : 1 <= 15/2 * (1 - / 2 ^ 20) * (17/32) * 1) by (simpl; lra).
  apply Rlt_le_trans with (round32 (round64 1)); [|apply round32_le, round64_le, L].
  assert (E : forall emin prec, (0 < prec)%Z -> (emin <= 0)%Z -> round_format emin prec 1 = 1).
  { intros emin prec Hp He. apply round_format_id. unfold in_format. apply Generic_fmt.generic_format_bpow with (e := 0%Z).
    unfold FLT.FLT_exp. lia. }
  unfold round64. rewrite E by easy. unfold round32. rewrite E by easy. lra.
Qed.

Example zero_is_in_the_middle :
  Rabs (compander_position_of_eight 8 0 1 0 - (256 + (INR (2 ^ 8) / 2 + 1/2 - dither_of_word 0) + / IZR (2 ^ 14))) < / IZR (2 ^ 14).
Proof.
  destruct (Statements.compander_position 8 0 1 0 _ ltac:(lia) first_word norm_one zero_companded) as [Near _].
  apply Near.
  - unfold inside. replace (INR (2 ^ 8)) with 256 by (rewrite pow_INR; simpl; lra). lra.
  - pose proof (shipped_of_bits 8 ltac:(lia)) as G. change (shipped (2 ^ 8) (shipped_sigma 8) (shipped_kappa 8)) with (compander_generator 8) in G.
    assert (I : inside (2 ^ 8) (INR (2 ^ 8) / 2)) by (unfold inside; replace (INR (2 ^ 8)) with 256 by (rewrite pow_INR; simpl; lra); lra).
    pose proof (compand_odd _ _ G _ I) as O. replace (INR (2 ^ 8) - INR (2 ^ 8) / 2) with (INR (2 ^ 8) / 2) in O by field.
    replace (compand (compander_generator 8) (INR (2 ^ 8) / 2) - 0 / 1) with 0 by lra. rewrite Rabs_R0. apply threshold_reach_nonneg.
Qed.

Lemma one_companded : compander_computes 8 0 1 1 (compander_position_of_sixteen 8 0 1 1).
Proof. left. split; [|reflexivity]. pose proof scale_of_one. rewrite Rmult_1_l, Rabs_pos_eq; lra. Qed.

Example one_is_a_code : 256 < compander_position_of_sixteen 8 0 1 1 < 256 + INR (2 ^ 8).
Proof. exact (proj2 (Statements.compander_position 8 0 1 1 _ ltac:(lia) first_word norm_one one_companded)). Qed.

Definition thresholds_of_eight_bits (k : nat) : R := scaled_threshold32 (threshold (compander_generator 8) k (dither_of_word 0)) 1.

Lemma exact_codebook k : (1 <= k <= 2 ^ 8 - 1)%nat -> let theta := threshold (compander_generator 8) k (dither_of_word 0) in
  Rabs (theta - theta) <= codebook_error theta.
Proof.
  intros _ theta. rewrite Rminus_diag_eq, Rabs_R0 by easy. unfold codebook_error.
  apply Rmult_le_pos; [pose proof (Rabs_pos theta); lra|apply bpow_ge_0].
Qed.

Example code_of_one : exists x : IEEE754.Bits.binary32,
  IEEE754.Binary.B2R 24 128 x = compander_position_of_sixteen 8 0 1 1 /\
  compander_lane 8 thresholds_of_eight_bits 1 1 (IEEE754.Bits.bits_of_b32 x) = count_passed (2 ^ 8 - 1) thresholds_of_eight_bits 1.
Proof.
  destruct (position_binary32 8 0 1 1 _ ltac:(lia) first_word norm_one one_companded) as [x E].
  exists x. split; [exact E|]. apply (Statements.shipped_compander_counts 8 0 1 1 _ _ ltac:(lia) first_word norm_one exact_codebook).
  left. exists x. split; [reflexivity|]. rewrite E. exact one_companded.
Qed.

Example rounded_codeword : Rabs (round32 (1/3) - 1/3) <= codeword_error_bound (1/3) 0.
Proof. apply (Statements.codeword_error_bound_correct (1/3) (1/3) 0). rewrite Rminus_diag_eq, Rabs_R0; lra. Qed.

Example decoder_bound :
  Rabs (decode32 12 0 alternating (5 * bpow radix2 0) 0 x34 2%nat - decode 12 H12 alternating 5 x34 2%nat)
  <= scaled_decode_error_bound 12 0 5 0 (fun _ => 0) x34 x34.
Proof.
  apply (Statements.decode_error_bound_correct 12 0 alternating 5 0 (fun _ => 0) x34 x34 2 base_order_12);
    [simpl; lia|exact alternating_sign|lra| |exact x34_binary32|].
  - simpl. rewrite Rmult_1_r. now apply (is_binary32_IZR 5).
  - intros j _. rewrite Rminus_diag_eq, Rabs_R0; lra.
Qed.

Example stored_norm : Rabs (norm32 12 x34 - 5) <= norm_error_bound 12 5.
Proof.
  pose proof (Statements.norm_error_bound_correct 12 x34 ltac:(lia) x34_binary32
    (fun i Hi => x34_beyond i ltac:(lia))) as H.
  rewrite x34_norm in H. replace (sqrt 25) with 5 in H; [exact H|].
  replace 25 with (5 * 5) by ring. rewrite sqrt_square; lra.
Qed.

(** x34 with its norm as float32 computes it. *)
Example unbiased_with_the_stored_norm :
  Edither (fun U => truncate 2 (reconstruct 4 g2 12 H12 (norm32 2 x34) x34 alternating U) 1%nat) = 4.
Proof.
  exact (Statements.stored_norm_unbiased 2 x34 ltac:(lia) ltac:(simpl; lra) x34_binary32 x34_padded 4 g2 g2_generator 12 H12
    order_12 alternating 1 ltac:(lia) (alternating_signs 12)).
Qed.

Example error_with_the_stored_norm :
  mse 4 g2 12 H12 (norm32 2 x34) x34 * 4 ^ 2 <= 3955 / 1000 * ((1 + / 2 ^ 22) ^ 2 * 25).
Proof.
  assert (Hnorm : norm2 2 x34 = 25) by (unfold norm2, dot, x34; simpl; ring).
  destruct (Statements.stored_norm_bound 2 x34 ltac:(lia) ltac:(simpl; lra) x34_binary32 x34_padded 2 12 H12 ltac:(lia)
    order_12 ltac:(lia)) as [_ H].
  - rewrite Hnorm. replace 25 with (5 * 5) by ring. rewrite sqrt_square by lra.
    apply Rle_trans with (bpow radix2 0); [now apply bpow_le|simpl; lra].
  - rewrite Hnorm in H. exact H.
Qed.

(** Two products, 3 3 + 4 4: at most 12 roundings on the way. *)
Example sum_of_two_products :
  Rabs (score_sum32 12 x34 x34 - 25)
  <= ((1 + / 2 ^ 24) ^ 12 - 1) * 25 + (1 + / 2 ^ 24) ^ 12 * (INR 128 * underflow32).
Proof.
  pose proof (Statements.score_sum_error_bound_correct 12 x34 x34) as H. unfold score_sum_error_bound in H.
  change (score_roundings 12) with 12%nat in H. change (128 * score_groups 12)%nat with 128%nat in H.
  replace (sum 12 (fun j => x34 j * x34 j)) with 25 in H by (unfold x34; simpl; ring).
  replace (sum 12 (fun j => Rabs (x34 j * x34 j))) with 25 in H; [exact H|].
  unfold x34. simpl sum. rewrite !Rabs_mult, (Rabs_pos_eq 3), (Rabs_pos_eq 4), !Rabs_R0 by lra. ring.
Qed.

(** The query (3, 4), scaled by 2^-2, against the codewords (3, 4, 0 ...), each its own float32, of a row of norm 5. *)
Lemma exact_codewords j : (j < 12 * 2 ^ 0)%nat -> Rabs (x34 j - x34 j) <= 0.
Proof. intros _. rewrite Rminus_diag_eq, Rabs_R0; lra. Qed.

Lemma five_binary32 : is_binary32 5.
Proof. now apply (is_binary32_IZR 5). Qed.

Definition query_error : R := query_sum_error_bound 12 0 2 alternating 2 x34 (fun _ => 0) x34 x34.
Definition fast_sum : R := score_sum32 12 (rotated_query32 12 0 alternating 2 x34) x34.
Definition decoded : vec := decode 12 H12 alternating 5 x34.

Example inner_product_of_a_query :
  Rabs (inner_product32 12 fast_sum 5 2 - dot 2 x34 decoded)
  <= inner_product_error_bound 12 (query_sum 12 0 alternating x34 x34) query_error 5 2.
Proof.
  exact (Statements.inner_product_error_bound_correct 12 0 2 alternating 2 x34 (fun _ => 0) x34 x34 5 base_order_12
    ltac:(simpl; lia) alternating_sign x34_binary32 x34_beyond exact_codewords).
Qed.

Example squared_distance_of_a_query :
  Rabs (squared_distance32 12 (sum_of_squares64 2 x34) fast_sum 5 2 - (norm2 2 x34 + 5 ^ 2 - 2 * dot 2 x34 decoded))
  <= squared_distance_error_bound 2 12 (norm2 2 x34) (query_sum 12 0 alternating x34 x34) query_error 5 2.
Proof.
  exact (Statements.squared_distance_error_bound_correct 12 0 2 alternating 2 x34 (fun _ => 0) x34 x34 5 base_order_12
    ltac:(simpl; lia) alternating_sign x34_binary32 x34_beyond exact_codewords ltac:(lia) five_binary32).
Qed.

Example cosine_of_a_query :
  Rabs (cosine32 12 (sum_of_squares64 2 x34) fast_sum 5 2 - dot 2 x34 decoded / (sqrt (norm2 2 x34) * 5))
  <= cosine_error_bound 2 12 (sqrt (norm2 2 x34)) (query_sum 12 0 alternating x34 x34) query_error 2.
Proof.
  assert (Hne : norm2 2 x34 <> 0) by (unfold norm2, dot, x34; simpl; lra).
  exact (Statements.cosine_error_bound_correct 12 0 2 alternating 2 x34 (fun _ => 0) x34 x34 5 base_order_12
    ltac:(simpl; lia) alternating_sign x34_binary32 x34_beyond exact_codewords ltac:(lia) ltac:(simpl; lra) Hne ltac:(lra)).
Qed.

Example bias_of_the_transform :
  Rabs (Edither (fun U => decode 12 H12 alternating 5
          (fun j => quantize 4 g2 U (transform32 12 0 (fun j => alternating j * x34 j) j / 5)) 0%nat) - 3)
  <= transform_error_bound 12 0 x34.
Proof.
  exact (Statements.transform_bias_bound_correct 4 g2 12 0 alternating 5 x34 0 g2_generator
    base_order_12 alternating_sign ltac:(lra) ltac:(simpl; lia) x34_binary32).
Qed.

(** Thresholds off by an eighth of the smallest cell near the middle. *)
Example bias_of_the_thresholds (W : nat) : (0 < W)%nat ->
  let delta := g2 (9/4) - g2 (7/4) in
  let J := g2 (11/4) - g2 (5/4) in
  let f w := count_passed 3 (fun k => threshold g2 k (word_dither W w)) (compand g2 2) in
  mean_words W (fun w => Rabs (codeword g2 (f w) (word_dither W w)
                               - quantize 4 g2 (word_dither W w) (compand g2 2)))
  <= J * (2 * ((0 * Rabs (compand g2 2) + delta / 8) / (1 - 0) / delta) + / INR W).
Proof.
  intros HW delta J f.
  assert (H4 : INR 4 = 4) by (simpl; ring).
  assert (Hdelta : 0 < delta).
  { unfold delta. pose proof (gen_increasing _ _ g2_generator (7/4) (9/4)). rewrite H4 in *. lra. }
  apply (Statements.threshold_bias_bound_correct 4 g2 W 2 (1/4) delta J 0 (delta / 8) f g2_generator HW);
    try lra.
  - unfold inside. rewrite H4. lra.
  - unfold inside. rewrite H4. lra.
  - intros r Hr. unfold delta, J. split.
    + assert (g2 (9/4) <= g2 (r + 1/2)) by (apply (g_le 4 g2 g2_generator); rewrite ?H4; lra).
      assert (g2 (r - 1/2) <= g2 (7/4)) by (apply (g_le 4 g2 g2_generator); rewrite ?H4; lra). lra.
    + assert (g2 (r + 1/2) <= g2 (11/4)) by (apply (g_le 4 g2 g2_generator); rewrite ?H4; lra).
      assert (g2 (5/4) <= g2 (r - 1/2)) by (apply (g_le 4 g2 g2_generator); rewrite ?H4; lra). lra.
  - intros w Hw. apply exact_code_acceptable; [|lra|].
    + intros k Hk1 Hk2. left.
      apply (threshold_increasing 4 g2 _ k g2_generator (word_dither_unit W w Hw) Hk1 Hk2).
    + intros k _. lra.
Qed.

Example bias_of_everything (W : nat) : (0 < W)%nat ->
  let z j := rotate 12 H12 alternating x34 j / 5 in
  let exact w := decode 12 H12 alternating 5 (fun j => quantize 4 g2 (word_dither W w) (z j)) in
  exists t, Rabs (mean_words W (fun w => exact w 0%nat) - 3)
    <= 0 + 0 + 5 / INR 12 * sum 12 (fun j => (g2 (t j + 1/2) - g2 (t j - 1/2)) / INR W + 0).
Proof.
  intros HW z exact.
  assert (Ht : exists t : vec, forall j, (j < 12)%nat -> inside 4 (t j) /\ compand g2 (t j) = z j).
  { assert (Hfrom : forall n, exists t : vec, forall j, (j < n)%nat -> inside 4 (t j) /\ compand g2 (t j) = z j).
    { intros n. induction n as [|n [t IH]]; [exists (fun _ => 0); intros j Hj; lia|].
      destruct (Statements.compand_bijective 4 g2 g2_generator (z n)) as (s & Hs & _).
      exists (fun j => if Nat.eqb j n then s else t j). intros j Hj.
      destruct (Nat.eqb_spec j n) as [-> | Hne]; [exact Hs|]. apply IH. lia. }
    exact (Hfrom 12%nat). }
  destruct Ht as [t Ht]. exists t.
  apply (Statements.fast_bias_bound_correct 4 g2 12 H12 alternating 5 x34 W
    (rotate 12 H12 alternating x34) 0 0 (fun w j => encode 4 g2 (word_dither W w) (z j)) exact
    t (fun _ => 0) 0 g2_generator order_12 (alternating_signs 12)); try lra; try lia; try easy.
  - intros j _. rewrite Rminus_diag_eq, Rabs_R0; lra.
  - intros j _. apply Rle_trans with (mean_words W (fun _ => 0)).
    + apply mean_words_le; [easy|]. intros w _. unfold quantize, z. rewrite Rminus_diag_eq, Rabs_R0; lra.
    + rewrite mean_words_const by easy. lra.
  - intros w _. unfold exact, quantize. rewrite Rminus_diag_eq, Rabs_R0; lra.
Qed.

(** ** SPEC §5.7 *)

Example the_gaussian_integral :
  is_RInt_gen (fun x => exp (- x ^ 2 / 2)) (Rbar_locally m_infty) (Rbar_locally p_infty) (sqrt (2 * PI)).
Proof. exact Statements.gaussian_integral. Qed.

(** Uniform over dimensions: one N0 for the 2 x 2 matrix and for order 384. *)
Example paper_bound_at_two_orders : exists N0, forall N, (N0 <= N)%nat ->
  INR N ^ 2 * mse N (shipped N (sqrt 3) (1/8)) 2 sylvester 1 x_unit <= PI * sqrt 3 / 2 + 1/100 /\
  INR N ^ 2 * mse N (shipped N (sqrt 3) (1/8)) (12 * 2 ^ 5) (supported_matrix 12 5) 1 x_unit
    <= PI * sqrt 3 / 2 + 1/100.
Proof.
  destruct (Statements.asymptotic_mse (1/8) (1/100) ltac:(lra) ltac:(lra)) as (N0 & H).
  exists N0. intros N HN. split; apply (H N HN); try exact order_384; try exact sylvester_order_2;
    try (simpl; lia).
  - unfold norm2, dot, x_unit. simpl. field.
  - unfold norm2, dot. rewrite (sum_truncate 2); [unfold x_unit; simpl; field|simpl; lia|].
    intros i Hi. destruct i as [|[|i]]; [lia|lia|]. unfold x_unit. ring.
Qed.

Example paper_bound_in_bits : exists b0, forall b, (b0 <= b)%nat ->
  mse (2 ^ b) (shipped (2 ^ b) (sqrt 3) (1/8)) 12 H12 1 x_unit <= (PI * sqrt 3 / 2 + 1/100) / 4 ^ b.
Proof.
  destruct (Statements.asymptotic_mse_bits (1/8) (1/100) ltac:(lra) ltac:(lra)) as (b0 & H).
  exists b0. intros b Hb. apply (H b Hb); [lia|exact order_12|exact x_unit_norm].
Qed.

(** ** SPEC §5.8 *)

(** A rule that is biased at 0, though its x^ has the mean x34 with H12. *)
Example oddness : exists Q : R -> R -> R, Edither (fun U => Q U 0) <> 0 /\
  Esign 12 (fun e => Edither (fun U => decode 12 H12 e 1 (fun j => Q U (rotate 12 H12 e x34 j)) 1%nat)) = 4.
Proof.
  destruct Statements.oddness_is_needed as (Q & _ & Hmean & Hbias). exists Q. split; [apply Hbias|].
  exact (Hmean 12%nat H12 x34 order_12 1%nat ltac:(lia)).
Qed.

(** The shipped quantizer satisfies the hypotheses of necessity. *)
Example necessity_of_g2 z : Edither (fun U => quantize 4 g2 U z) = z.
Proof.
  apply (Statements.necessity_dithered (fun _ => sylvester) (quantize 4 g2)).
  - apply sylvester_hadamard.
  - apply (ex_Edither_quantize 4 g2 g2_generator).
  - intros y. now rewrite !(quantize_unbiased 4 g2 g2_generator).
  - intros k x Hx i Hi. rewrite <- (Esign_const (2 ^ k) (x i)). apply Esign_ext. intros e He.
    rewrite <- (Statements.reconstruct_unbiased 4 g2 g2_generator (2 ^ k) sylvester (sylvester_hadamard k)
                  1 x e i).
    + unfold reconstruct. apply Edither_ext. intros U _. unfold decode. do 2 f_equal.
      apply sum_ext. intros j _. do 2 f_equal. field.
    + intros j _. apply He.
    + left. lra.
    + exact Hi.
Qed.

(** Clipping to [-1, 1] is biased, whatever the dimension of the counterexample. *)
Example clipping_is_biased :
  ~ (forall k, unbiased_in (2 ^ k) sylvester (fun z => Rmax (-1) (Rmin 1 z))).
Proof.
  apply (Statements.bounded_rule_is_biased (fun _ => sylvester) _ 1).
  - apply sylvester_hadamard.
  - intros z. unfold Rmax, Rmin. repeat destruct (Rle_dec _ _); lra.
  - intros z. apply Rabs_le. unfold Rmax, Rmin. repeat destruct (Rle_dec _ _); lra.
Qed.

(** ** SPEC §5.9 *)

Example bias_of_32_bits : exists t, inside 4 t /\ compand g2 t = 1 /\
  Rabs (Eword (fun U => quantize 4 g2 U 1) - 1) <= (g2 (t + 1/2) - g2 (t - 1/2)) / 2 ^ 32.
Proof. exact (Statements.word_bias 4 g2 g2_generator 1). Qed.

Example square_error_of_32_bits : exists t, inside 4 t /\ compand g2 t = 1 /\
  Rabs (Eword (fun U => (quantize 4 g2 U 1 - 1) ^ 2) - scalar_mse 4 g2 1)
  <= ((g2 (t + 1/2) - 1) ^ 2 + (1 - g2 (t - 1/2)) ^ 2) / 2 ^ 32.
Proof. exact (Statements.word_square_error 4 g2 g2_generator 1). Qed.

Example cost_of_32_bits :
  Rabs (mse_words 4 g2 12 H12 (sqrt (norm2 12 x34)) x34 - mse 4 g2 12 H12 (sqrt (norm2 12 x34)) x34)
  <= norm2 12 x34 * (dither_cost 2 / 2 ^ 32).
Proof.
  refine (proj1 (Statements.shipped_discrete_dither 2 12 H12 x34 _ order_12 _)); [lia|].
  rewrite x34_norm. lra.
Qed.

(** ** SPEC §5.10: the flat vector of dimension 1024 *)

Definition H1024 : mat := supported_matrix 1 10.
Definition x_flat : vec := fun _ => 1/32.

Lemma order_1024 : hadamard 1024 H1024.
Proof. exact (Statements.supported_hadamard 1 10 ltac:(now left)). Qed.

Lemma x_flat_is_flat : flat 1024 1024 x_flat.
Proof.
  split.
  - unfold norm2, dot, x_flat. rewrite sum_const. replace (INR 1024) with 1024 by (rewrite INR_IZR_INZ; reflexivity). field.
  - intros i _. right. unfold x_flat. rewrite INR_IZR_INZ. change (IZR (Z.of_nat 1024)) with 1024.
    replace 1024 with (32 * 32) by ring. rewrite sqrt_square, Rabs_pos_eq by lra. field.
Qed.

(** hdq's own rule is one of those that the bounds are about. *)
Definition dithered (N b j : nat) (U z : R) : R := quantize N (shipped N (shipped_sigma b) (shipped_kappa b)) U z.

Lemma dithered_mse N b d H rho x :
  rule_mse Edither (dithered N b) d H rho x = mse N (shipped N (shipped_sigma b) (shipped_kappa b)) d H rho x.
Proof. exact (rule_mse_quantize _ _ d H rho x). Qed.

Lemma dithered_unbiased N b occurs j : (2 <= N)%nat -> (1 <= b <= 4)%nat ->
  unbiased_rule (fun f => ex_RInt f 0 1) Edither N occurs (dithered N b j).
Proof.
  intros HN Hb. apply (Statements.quantize_is_unbiased_rule N), Statements.shipped_generator; [exact HN | |];
    destruct b as [|[|[|[|[|b]]]]]; unfold shipped_sigma, shipped_kappa; simpl; (lra || lia).
Qed.

Example best_at_1_bit : 160552 / 100000 <= mse 2 (shipped 2 (shipped_sigma 1) (shipped_kappa 1)) 1024 H1024 1 x_flat.
Proof.
  rewrite <- (dithered_mse 2 1 1024 H1024 1 x_flat).
  exact (proj1 (Statements.optimality_flat_b1 _ _ (dithered 2 1) 1024 H1024 x_flat Edither_is_mean
    (fun j _ => dithered_unbiased 2 1 _ j ltac:(lia) ltac:(lia)) order_1024 x_flat_is_flat)).
Qed.

Example best_at_2_bits : 24357 / 100000 <= mse 4 g2 1024 H1024 1 x_flat.
Proof.
  unfold g2. rewrite <- (dithered_mse 4 2 1024 H1024 1 x_flat).
  exact (proj1 (Statements.optimality_flat_b2 _ _ (dithered 4 2) 1024 H1024 x_flat Edither_is_mean
    (fun j _ => dithered_unbiased 4 2 _ j ltac:(lia) ltac:(lia)) order_1024 x_flat_is_flat)).
Qed.

Example best_at_3_bits : 50016 / 1000000 <= mse 8 (shipped 8 (shipped_sigma 3) (shipped_kappa 3)) 1024 H1024 1 x_flat.
Proof.
  rewrite <- (dithered_mse 8 3 1024 H1024 1 x_flat).
  exact (proj1 (Statements.optimality_flat_b3 _ _ (dithered 8 3) 1024 H1024 x_flat Edither_is_mean
    (fun j _ => dithered_unbiased 8 3 _ j ltac:(lia) ltac:(lia)) order_1024 x_flat_is_flat)).
Qed.

Example best_at_4_bits : 11320 / 1000000 <= mse 16 (shipped 16 (shipped_sigma 4) (shipped_kappa 4)) 1024 H1024 1 x_flat.
Proof.
  rewrite <- (dithered_mse 16 4 1024 H1024 1 x_flat).
  exact (proj1 (Statements.optimality_flat_b4 _ _ (dithered 16 4) 1024 H1024 x_flat Edither_is_mean
    (fun j _ => dithered_unbiased 16 4 _ j ltac:(lia) ltac:(lia)) order_1024 x_flat_is_flat)).
Qed.

(** No vector errs much more than the flat one. *)
Example worst_at_1_bit : mse 2 (shipped 2 (shipped_sigma 1) (shipped_kappa 1)) 12 H12 1 x_unit
  <= 10098 / 10000 * mse 2 (shipped 2 (shipped_sigma 1) (shipped_kappa 1)) 1024 H1024 1 x_flat.
Proof.
  rewrite <- (dithered_mse 2 1 1024 H1024 1 x_flat).
  destruct (Statements.optimality_flat_b1 _ _ (dithered 2 1) 1024 H1024 x_flat Edither_is_mean
    (fun j _ => dithered_unbiased 2 1 _ j ltac:(lia) ltac:(lia)) order_1024 x_flat_is_flat) as (_ & _ & B).
  exact (B 12%nat H12 x_unit order_12 x_unit_norm).
Qed.

(** The vector of ones, of norm 32: 32^2 times as much. *)
Example ones_at_1_bit : 1644 <= mse 2 (shipped 2 (shipped_sigma 1) (shipped_kappa 1)) 1024 H1024 32 (fun _ => 1).
Proof.
  rewrite <- (dithered_mse 2 1 1024 H1024 32 (fun _ => 1)).
  destruct (certified_distortion 2 surrogate_b1 _ 1024 x_flat surrogate_certified_b1 x_flat_is_flat) as (zeta & D & HD & HB).
  pose proof (Statements.optimality _ Edither Edither_is_mean 2 (dithered 2 1) 1024 H1024 order_1024 32 (fun _ => 1) ltac:(lra)
    (fun j _ => dithered_unbiased 2 1 _ j ltac:(lia) ltac:(lia)) zeta D ltac:(lia) HD) as B.
  rewrite (Sums.Esign_ext 1024 _ (fun e => (zeta (rademacher 1024 x_flat e) - rademacher 1024 x_flat e) ^ 2)) in B.
  - assert (HB' : 160552 / 100000 <= D - Esign 1024 (fun e => (zeta (rademacher 1024 x_flat e) - rademacher 1024 x_flat e) ^ 2)) by exact HB. lra.
  - intros e _. now rewrite <- (rademacher_div 1024 (fun _ => 1) 32 e).
Qed.

(** One level cannot be unbiased at z = 1 and z = -1, whatever the randomness: zeta = a z has D_1 = a^2, so that 2 a - 1 is below the error, for every a. *)
Example one_level_is_biased {T} has_mean (E : (T -> R) -> R) q :
  is_mean has_mean E -> ~ unbiased_rule has_mean E 1 (attained 1 (fun _ => 1)) q.
Proof.
  intros HE Hq. set (err := Esign 1 (fun e => E (fun u => (q u (rademacher 1 (fun _ => 1) e) - rademacher 1 (fun _ => 1) e) ^ 2))).
  set (a := Rabs err + 1).
  pose proof (Statements.unbiased_rule_lower_bound has_mean E 1 q 1 (fun _ => 1) (fun z => a * z) (a ^ 2) HE Hq) as B.
  fold err in B. pose proof (Rle_abs err). pose proof (Rabs_pos err). enough (2 * a - 1 <= err) by (unfold a in *; lra).
  assert (D : distortion_at_least 1 1 (fun _ => 1) (fun z => a * z) (a ^ 2)).
  { intros p (C & HC). unfold Esign, rademacher, scons. simpl sum.
    destruct (HC (0 + 1 * 1)) as (k & Hk & ->). destruct (HC (0 + -1 * 1)) as (k' & Hk' & ->).
    replace k with 0%nat by lia. replace k' with 0%nat by lia. pose proof (pow2_ge_0 (C 0%nat)). nra. }
  specialize (B D). unfold Esign, rademacher, scons in B. simpl in B. lra.
Qed.

(** A rule that decodes to 0 is biased, and no bound is about it. *)
Example zero_is_biased : ~ unbiased_rule (fun f => ex_RInt f 0 1) Edither 2 (attained 1024 x_flat) (fun _ _ => 0).
Proof.
  intros Hq. assert (A : attained 1024 x_flat (rademacher 1024 x_flat (fun _ => 1))) by (exists (fun _ => 1); split; [intros i _; now left | reflexivity]).
  pose proof (eq_trans (eq_sym (Edither_const 0)) (rule_unbiased _ _ _ _ _ Hq _ A)) as B.
  unfold rademacher, x_flat in B. rewrite sum_const in B. pose proof (lt_0_INR 1024 ltac:(lia)). lra.
Qed.

(** Any randomness: a fair coin. *)
Example coin_is_mean : is_mean (fun _ => True) (fun f : bool -> R => (f true + f false) / 2).
Proof.
  constructor.
  - intros a. split; [exact I | field].
  - intros f g _ _. split; [exact I | field].
  - intros a f _. split; [exact I | field].
  - intros a f _ H. pose proof (H true). pose proof (H false). lra.
Qed.

(** ** SPEC §7: step 1/2 with two raw bits, offsets that advance by 3/8 *)

Definition eighths : vec := fun j => INR j * (3/8).

Example offset_is_uniform : Edither (fun V => offsets eighths V 5%nat) = 1/2.
Proof.
  apply is_RInt_unique, (Statements.offsets_uniform eighths 5%nat (fun v => v)).
  pose proof (is_RInt_quadratic 0 1 0 1 0) as H. replace (1/2) with (0 * (1 - 0) + 1 * (1 ^ 2 - 0 ^ 2) / 2 + 0 * (1 ^ 3 - 0 ^ 3) / 3) by field.
  revert H. apply is_RInt_ext. intros v _. match goal with |- ?l = ?r => change (@eq R l r) end. ring.
Qed.

Example fourth_moment_of_the_error :
  Edither (fun V => (step_quantize (1/2) 2 (offsets eighths V 5%nat) 7 - 7) ^ 4) = 1/1280.
Proof.
  apply is_RInt_unique. replace (1/1280) with (1/2560 / (1/2)) by field.
  apply (Statements.step_error_uniform (1/2) 2 eighths 5%nat 7 (fun e => e ^ 4)); [lra|].
  replace (1/2560) with (minus ((1/2 / 2) ^ 5 / 5) ((- (1/2) / 2) ^ 5 / 5)).
  - apply (is_RInt_derive (V := R_CompleteNormedModule) (fun e => e ^ 5 / 5)).
    + intros e _. auto_derive; [easy|]. field.
    + intros e _. apply (ex_derive_continuous (fun e => e ^ 4)). auto_derive. easy.
  - change ((1/2 / 2) ^ 5 / 5 - (- (1/2) / 2) ^ 5 / 5 = 1/2560). field.
Qed.

Example step_reconstruction_is_unbiased :
  Edither (fun V => step_reconstruct 12 H12 (1/2) 2 5 x34 alternating (offsets eighths V) 1%nat) = 4.
Proof.
  exact (Statements.step_reconstruct_unbiased (1/2) 2 eighths ltac:(lra) 12 H12 5 x34 alternating order_12
    (alternating_signs 12) 1%nat ltac:(lia) scale_5).
Qed.

Example step_error_of_a_vector :
  Edither (fun V => norm2 12 (fun i => step_reconstruct 12 H12 (1/2) 2 5 x34 alternating (offsets eighths V) i - x34 i))
  = 25/48.
Proof.
  rewrite (Statements.step_mse (1/2) 2 eighths ltac:(lra) 12 H12 5 x34 alternating order_12 (alternating_signs 12))
    by (lia || lra). unfold step_error. field.
Qed.

Example step_error_after_the_cut :
  Edither (fun V => norm2 2 (fun i => step_reconstruct 12 H12 (1/2) 2 5 x34 alternating (offsets eighths V) i - x34 i))
  <= 25/48.
Proof.
  replace (25/48) with (step_error (1/2) * 5 ^ 2) by (unfold step_error; field).
  apply (Statements.step_truncated_mse (1/2) 2 eighths ltac:(lra) 12 H12 5 x34 alternating order_12
    (alternating_signs 12) 2%nat); (lia || lra).
Qed.

Lemma x34_square_norm : 5 ^ 2 = norm2 12 x34.
Proof. rewrite x34_norm. ring. Qed.

Example energy_of_the_codes :
  sum 12 (fun j => Edither (fun V =>
    step_quantize (1/2) 2 (offsets eighths V j) (rotate 12 H12 alternating x34 j / 5) ^ 2)) = 49/4.
Proof.
  rewrite (Statements.step_energy (1/2) 2 eighths ltac:(lra) 12 H12 5 x34 alternating order_12 (alternating_signs 12)
    ltac:(lia) ltac:(lra) x34_square_norm). unfold step_error. simpl. field.
Qed.

(** At most 1 + 2 z^2 bits, hence at most 3 per coordinate. *)
Example cost_of_a_vector :
  sum 12 (fun j => Rabs (2 * (rotate 12 H12 alternating x34 j / 5))) <= (1 + 2) * INR 12.
Proof.
  apply (Statements.quadratic_cost 12 H12 5 x34 alternating order_12 (alternating_signs 12) (fun z => Rabs (2 * z)) 1 2);
    [lia|lra|exact x34_square_norm|]. intros z. apply Rabs_le. nra.
Qed.

(** At 2 bits (§5.5). *)
Example shrunk_at_2_bits :
  Esign 12 (fun eps => Edither (fun U =>
    norm2 12 (fun i => shrink (397/1600) (reconstruct 4 g2 12 H12 1 x_unit eps U) i - x_unit i))) <= 397/1997.
Proof.
  replace (397/1997) with (397/1600 / (1 + 397/1600) * norm2 12 x_unit) by (rewrite x_unit_norm; field).
  apply (Statements.shrink_mse 4 g2 12 H12 1 x_unit (397/1600) g2_generator order_12); try lra.
  rewrite x_unit_norm. pose proof (Statements.finite_bound_b2 12 H12 x_unit order_12 x_unit_norm) as H. fold g2 in H. lra.
Qed.

Example shrunk_step :
  Edither (fun V => norm2 12 (fun i =>
    shrink (step_error (1/2)) (step_reconstruct 12 H12 (1/2) 2 5 x34 alternating (offsets eighths V)) i - x34 i)) = 25/49.
Proof.
  rewrite (Statements.step_shrink_mse (1/2) 2 eighths ltac:(lra) 12 H12 5 x34 alternating order_12 (alternating_signs 12)
    ltac:(lia) ltac:(lra) x34_square_norm), x34_norm. unfold step_error. field.
Qed.

(** z = 7: k = 14 = 4·3 + 2. *)
Example raw_bits_of_7 : (step_code (1/2) 2 (1/8) 7 = 4 * step_code 2 0 (1/8) 7 + 2)%Z.
Proof.
  destruct (Statements.raw_bits (1/2) 2 (1/8) 7 ltac:(lra)) as [[H _] _].
  replace (coarse_step (1/2) 2) with 2 in H by (unfold coarse_step; field). change (2 ^ Z.of_nat 2)%Z with 4%Z in H.
  rewrite H at 1. f_equal. unfold step_code. rewrite (Zfloor_imp 14) by (simpl; lra). reflexivity.
Qed.

(** *** The coder *)

(** Two symbols on either side of a wide one; codes 5 and -1000 escape. *)
Definition table3 : StreamCoder.table :=
  {| StreamCoder.bound := 1; StreamCoder.frequency := fun c => if (c =? 0)%Z then 65335%Z else 100%Z |}.
Definition row5 : list (StreamCoder.table * Z) := map (fun c => (table3, c)) (0 :: 5 :: -1 :: -1000 :: 1 :: nil)%Z.
(** The norm is 5, 0x40A00000. *)
Definition state5 : StreamCoder.state := ((2 ^ 31 + 0x40A00000)%Z, nil).

Lemma table3_ok : StreamCoder.table_ok table3.
Proof.
  split; [simpl; lia|]. split; [|reflexivity]. intros c _. simpl. destruct (Z.eqb_spec c 0); lia.
Qed.

Lemma row5_ok : StreamCoder.row_ok row5.
Proof.
  repeat apply Forall_cons; try apply Forall_nil; cbn [fst snd]; (split; [exact table3_ok|unfold StreamCoder.code_ok; simpl; lia]).
Qed.

Lemma state5_ok : StreamCoder.state_ok state5.
Proof. unfold StreamCoder.state_ok, state5; cbn [fst]. lia. Qed.

Example escape_undone :
  StreamCoder.get StreamCoder.escape (StreamCoder.put StreamCoder.escape state5) = Some state5.
Proof. exact (Statements.get_put _ _ StreamCoder.escape_ok state5_ok). Qed.

Example escape_keeps_the_range : StreamCoder.state_ok (StreamCoder.put StreamCoder.escape state5).
Proof. exact (Statements.put_state_ok _ _ StreamCoder.escape_ok state5_ok). Qed.

Example row_undone :
  StreamCoder.decode_row (repeat table3 5) (StreamCoder.encode_row row5 state5)
  = Some ((0 :: 5 :: -1 :: -1000 :: 1 :: nil)%Z, state5).
Proof. exact (Statements.decode_encode_row row5 state5 row5_ok state5_ok). Qed.

Example row_from_its_bytes :
  StreamCoder.decode_row (repeat table3 5) (StreamCoder.of_stream (StreamCoder.row_stream 0x40A00000 row5))
  = Some ((0 :: 5 :: -1 :: -1000 :: 1 :: nil)%Z, state5).
Proof. exact (Statements.row_stream_decodes 0x40A00000 row5 ltac:(lia) row5_ok). Qed.

(** Step 3/32: one raw bit, W = 3/16. The last code escapes. *)
Lemma raw_bits_of_3_32 : FrequencyTables.raw_bits_of_step (3/32) 1.
Proof.
  unfold FrequencyTables.raw_bits_of_step, coarse_step. split; [simpl; lra|].
  intros i Hi. assert (i = 0)%nat as -> by lia. simpl. lra.
Qed.

Example table_of_the_middle_bucket : StreamCoder.table_ok (FrequencyTables.step_table (coarse_step (3/32) 1) 31).
Proof. apply Statements.step_table_ok; [lra|exact raw_bits_of_3_32|lia]. Qed.

Example row_of_the_tables_of_the_specification :
  let tables := FrequencyTables.row_tables (3/32) 1 7 3 in
  StreamCoder.decode_row tables (StreamCoder.of_stream (StreamCoder.row_stream 0x40A00000 (combine tables (7 :: -2 :: 1000 :: nil)%Z)))
  = Some ((7 :: -2 :: 1000 :: nil)%Z, state5).
Proof.
  apply (Statements.step_row_decodes (3/32) 1 7 0x40A00000 (7 :: -2 :: 1000 :: nil)%Z ltac:(lra) raw_bits_of_3_32); [lia|].
  repeat constructor; reflexivity.
Qed.

(** The coder, run: eight codes of step 16 under the word 7, norm 5, two of them escapes. RowStream.AreTheBytesThatCoqComputes of
    tests/reference/entropy_coded_test.cpp has the same bytes from the same row: by tables that C++ computed, here written out. *)
Definition table_of (f : list Z) : StreamCoder.table :=
  {| StreamCoder.bound := 2; StreamCoder.frequency := fun c => nth (Z.to_nat (c + 2)) f 1%Z |}.

Example bytes_of_a_row :
  StreamCoder.row_stream 0x40A00000 (List.combine
    (map table_of ((1 :: 31301 :: 34231 :: 1 :: 1 :: nil) :: (1 :: 55 :: 64674 :: 804 :: 1 :: nil) ::
      (1 :: 3842 :: 61681 :: 10 :: 1 :: nil) :: (1 :: 3 :: 55420 :: 10110 :: 1 :: nil) ::
      (1 :: 276 :: 65096 :: 161 :: 1 :: nil) :: (1 :: 17818 :: 47714 :: 1 :: 1 :: nil) ::
      (1 :: 18 :: 63214 :: 2301 :: 1 :: nil) :: (1 :: 1625 :: 63882 :: 26 :: 1 :: nil) :: nil)%Z)
    (0 :: -1 :: 2 :: -3 :: 1 :: 0 :: 1000 :: -2 :: nil)%Z)
  = (65 :: 204 :: 45 :: 59 :: 169 :: 3 :: 254 :: 255 :: 255 :: 255 :: 197 :: 255 :: 178 :: 203 :: 0 :: 128 :: 239 :: 25 :: nil)%Z.
Proof. vm_compute. reflexivity. Qed.

(** *** Words *)

Example offsets_of_words_in_square :
  mean_word (fun w => word_offsets w 7%nat ^ 2) = / 2 ^ 23 * sum (2 ^ 23) (fun i => ((INR i + 1/2) / 2 ^ 23) ^ 2).
Proof. exact (Statements.mean_word_offsets 7%nat (fun V => V ^ 2)). Qed.

Example bias_of_words : Rabs (mean_word (fun w => step_quantize (1/8) 1 (word_offsets w 7%nat) 3 - 3)) <= coarse_step (1/8) 1 / 2 ^ 24.
Proof. exact (Statements.word_step_bias (1/8) 1 ltac:(lra) ltac:(lia) 7%nat 3). Qed.

Example square_error_of_words :
  step_error (1/8) - (coarse_step (1/8) 1 / 2 ^ 23) ^ 2 / 12
  <= mean_word (fun w => (step_quantize (1/8) 1 (word_offsets w 7%nat) 3 - 3) ^ 2).
Proof. exact (proj1 (Statements.word_step_square_error (1/8) 1 ltac:(lra) ltac:(lia) 7%nat 3)). Qed.

Example bias_of_a_row :
  norm2 12 (fun i => mean_word (fun w => step_reconstruct 12 H12 (1/8) 1 5 x34 alternating (word_offsets w) i - x34 i))
  <= (5 * (coarse_step (1/8) 1 / 2 ^ 24)) ^ 2.
Proof.
  exact (Statements.word_reconstruct_bias (1/8) 1 ltac:(lra) ltac:(lia) 12 H12 5 x34 alternating order_12
    (alternating_signs 12) ltac:(lia) ltac:(lra)).
Qed.

Example square_error_of_a_row :
  mean_word (fun w => norm2 12 (fun i => step_reconstruct 12 H12 (1/8) 1 5 x34 alternating (word_offsets w) i - x34 i))
  <= (step_error (1/8) + (coarse_step (1/8) 1 / 2 ^ 23) ^ 2 / 6) * 5 ^ 2.
Proof.
  exact (proj2 (Statements.word_mse (1/8) 1 ltac:(lra) ltac:(lia) 12 H12 5 x34 alternating order_12
    (alternating_signs 12) ltac:(lia) ltac:(lra))).
Qed.

(** A length that no word changes: |2 z| bits. *)
Example length_of_a_row :
  mean_word (fun w => sum 12 (fun j => Rabs (2 * (rotate 12 H12 alternating x34 j / 5)))) <= (1 + 2) * INR 12.
Proof.
  apply (Statements.word_row_length 12 H12 5 x34 alternating (fun _ z => Rabs (2 * z)) 1 2 order_12
    (alternating_signs 12)); [lia|lra|exact x34_square_norm|].
  intros z. rewrite (mean_word_const (Rabs (2 * z))). apply Rabs_le. nra.
Qed.

(** *** The ideal length *)

Example probabilities_at_the_middle :
  is_series (fun n => cell_probability 2 (Z.of_nat n) (1/2) + cell_probability 2 (- 1 - Z.of_nat n) (1/2)) 1.
Proof. apply (Statements.cell_probabilities_sum 2); lra. Qed.

Example normalizer_of_step_2 : Edither (fun V => log2 (normalizer 2 V)) <= 0.
Proof. apply (Statements.normalizer_log_mean 2). lra. Qed.

Example ideal_length_of_x34 :
  sum 12 (fun j => Edither (fun V => ideal_length (1/2) 2 (offsets eighths V j) (rotate 12 H12 alternating x34 j / 5)))
  = INR 12 * (INR 2 + rate_of_error (step_error (coarse_step (1/2) 2))
              + Edither (fun V => log2 (normalizer (coarse_step (1/2) 2) V))).
Proof.
  exact (Statements.ideal_length_of_vector (1/2) 2 eighths ltac:(lra) 12 H12 5 x34 alternating order_12
    (alternating_signs 12) ltac:(lia) ltac:(lra) x34_square_norm).
Qed.

Example rate_distortion_of_x34 :
  let R := sum 12 (fun j => Edither (fun V =>
    ideal_length (1/2) 0 (offsets eighths V j) (rotate 12 H12 alternating x34 j / 5))) / INR 12 in
  step_error (1/2) <= PI * exp 1 / 6 * (1 + step_error (coarse_step (1/2) 0)) * Rpower 4 (- R).
Proof.
  exact (Statements.rate_distortion (1/2) 0 eighths ltac:(lra) 12 H12 5 x34 alternating order_12
    (alternating_signs 12) ltac:(lia) ltac:(lra) x34_square_norm).
Qed.

(** ** SPEC §9 *)

Definition coin : (bool -> R) -> R := fun f => (f true + f false) / 2.

Lemma coin_mean : is_mean (fun _ => True) coin.
Proof. exact coin_is_mean. Qed.

(** A rule that decodes 1 to 0 or 3, by a coin: the mean 3/2, the variance 9/4. *)
Definition zero_or_three : bool -> vec := fun t _ => if t then 0 else 3.

Lemma zero_or_three_rules m : row_rules (fun _ => True) coin m 1 (fun _ => zero_or_three) (fun _ _ => 3/2) (fun _ => 9/4).
Proof.
  constructor.
  - intros i j _ _. split; [exact I|]. unfold coin, zero_or_three. field.
  - intros i _. split; [exact I|]. unfold coin, zero_or_three, norm2, dot. simpl. field.
Qed.

(** Of any number of rows the mean has the mean 3/2; of four, the bias 1/2 stays, and a quarter of the variance. *)
Example biased_mean : Edraws true coin 2 (fun u => weighted_mean 2 INR (fun i => zero_or_three (u i)) 0%nat) = 3/2.
Proof.
  rewrite (proj2 (Statements.mean_of_rows_mean true _ coin coin_mean 2 1 INR _ _ _ 0%nat (zero_or_three_rules 2) ltac:(lia))).
  unfold weighted_mean. simpl. field.
Qed.

Example biased_rows : Edraws true coin 4 (fun u =>
  norm2 1 (fun j => weighted_mean 4 (fun _ => 1) (fun i => zero_or_three (u i)) j - 1)) = 1/4 + 9/16.
Proof.
  rewrite (Statements.equal_rows_error true _ coin coin_mean 4 1 zero_or_three (fun _ => 3/2) (9/4) (fun _ => 1) (zero_or_three_rules 4) ltac:(lia)).
  unfold norm2, dot. simpl. field.
Qed.

(** Rows 1 and 2, weights 1 and 3, both decoded so: means 3/2 and 7/4, variances 9/4 with the factors 1/16 and 9/16. *)
Example weighted_rows : Edraws true coin 2 (fun u => norm2 1 (fun j =>
  weighted_mean 2 (fun i => 1 + 2 * INR i) (fun i => zero_or_three (u i)) j - weighted_mean 2 (fun i => 1 + 2 * INR i) (fun i _ => 1 + INR i) j))
  = 1/16 + 10/16 * (9/4).
Proof.
  rewrite (proj2 (Statements.mean_of_rows_error true _ coin coin_mean 2 1 (fun i => 1 + 2 * INR i) _ _ _ (fun i _ => 1 + INR i)
    (zero_or_three_rules 2) ltac:(simpl; lra))).
  unfold norm2, dot, weighted_mean. simpl. field.
Qed.

(** Five rows x34, equal weights, 2 bits: a fifth of the error, cut to the two numbers of x34. *)
Example mean_at_2_bits :
  Esign 12 (fun eps => Edraws 0 Edither 5 (fun U => norm2 2 (fun j =>
    weighted_mean 5 (fun _ => 1) (fun i => reconstruct 4 g2 12 H12 5 x34 eps (U i)) j - weighted_mean 5 (fun _ => 1) (fun _ => x34) j)))
  <= mse 4 g2 12 H12 5 x34 / 5.
Proof.
  destruct (Statements.reconstruct_mean_error 5 (fun _ => 4%nat) (fun _ => g2) 12 H12 2 (fun _ => 1) (fun _ => 5) (fun _ => x34)
    (fun _ _ => g2_generator) order_12 ltac:(lia) ltac:(simpl; lra) (fun _ _ => scale_5)) as [_ B].
  eapply Rle_trans; [exact B|]. right. simpl. field.
Qed.

(** Ten rows x34, step 1/2: D 25/10. *)
Definition mean_of_ten (V : nat -> R) : vec :=
  weighted_mean 10 (fun _ => 1) (fun i => step_reconstruct 12 H12 (1/2) 2 5 x34 alternating (offsets eighths (V i))).

Lemma mean_of_x34 j : weighted_mean 10 (fun _ => 1) (fun _ => x34) j = x34 j.
Proof. unfold weighted_mean. simpl. field. Qed.

Lemma ten_rows :
  row_rules (fun f => ex_RInt f 0 1) Edither 10 12 (fun _ V => step_reconstruct 12 H12 (1/2) 2 5 x34 alternating (offsets eighths V)) (fun _ => x34)
    (fun _ => 25/48).
Proof.
  constructor.
  - intros i j _ Hj. pose proof (is_Edither_step_reconstruct (1/2) 2 eighths ltac:(lra) 12 H12 5 x34 alternating order_12 (alternating_signs 12) j Hj scale_5) as B.
    split; [now exists (x34 j)|now apply is_RInt_unique].
  - intros i _. split; [|exact step_error_of_a_vector]. eexists.
    apply (is_Edither_step_mse (1/2) 2 eighths ltac:(lra) 12 H12 5 x34 alternating order_12 (alternating_signs 12)); [lia|lra].
Qed.

Example mean_of_ten_errs : Edraws 0 Edither 10 (fun V => norm2 12 (fun j => mean_of_ten V j - x34 j)) = 5/96.
Proof.
  destruct (Statements.step_mean_error 10 (fun _ => 1/2) (fun _ => 2%nat) 12 H12 (fun _ => 1) (fun _ => 5) (fun _ => x34) alternating ltac:(intros; lra) order_12
    (alternating_signs 12) ltac:(simpl; lra) eighths 12%nat ltac:(lia) ltac:(lia) (fun _ _ => scale_5)) as (_ & B & _).
  transitivity (sum 10 (fun _ => 1 ^ 2 * (step_error (1/2) * 5 ^ 2)) / sum 10 (fun _ => 1) ^ 2).
  - rewrite <- B. f_equal. apply functional_extensionality. intros V. apply norm2_ext. intros j _. now rewrite mean_of_x34.
  - unfold step_error. simpl. field.
Qed.

(** With words: the bias of the rows, 2^-24 times 2 times 5, and a tenth of their error. *)
Example mean_with_words :
  Edraws 0%nat mean_word 10 (fun v => norm2 12 (fun j =>
    weighted_mean 10 (fun _ => 1) (fun i => step_reconstruct 12 H12 (1/2) 2 5 x34 alternating (word_offsets (v i))) j
    - weighted_mean 10 (fun _ => 1) (fun _ => x34) j))
  <= (5 * (coarse_step (1/2) 2 / 2 ^ 24)) ^ 2 + (step_error (1/2) + (coarse_step (1/2) 2 / 2 ^ 23) ^ 2 / 6) * 5 ^ 2 / 10.
Proof.
  eapply Rle_trans; [apply (Statements.word_mean_error 10 (fun _ => 1/2) (fun _ => 2%nat) 12 H12 (fun _ => 1) (fun _ => 5) (fun _ => x34) alternating);
    [intros; repeat split; lra || lia|exact order_12|apply alternating_signs|lia|rewrite sum_const; simpl; lra]|].
  right. rewrite !sum_const. replace (INR 10) with 10 by (simpl; ring). set (e := coarse_step _ _ / 2 ^ 24). set (f := coarse_step _ _ / 2 ^ 23). field.
Qed.

(** The mean of ten, encoded anew with the step 1: D = 1/12 of x34 and of the error so far is added. *)
Example mean_of_ten_encoded_anew :
  Edraws 0 Edither 10 (fun u => Edither (fun V => norm2 12 (fun j =>
    step_reconstruct 12 H12 1 0 (sqrt (norm2 12 (mean_of_ten u))) (mean_of_ten u) (fun _ => 1) (offsets eighths V) j - x34 j)))
  = 5/96 + 1/12 * (25 + 5/96).
Proof.
  destruct (Statements.step_two_stage_error _ (Edraws 0 Edither 10) 12 H12 mean_of_ten x34 (5/96) 1 0 eighths (fun _ => 1)
    (draws_is_mean R 0 _ _ Edither_is_mean 10) ltac:(lra) order_12 ltac:(intros i _; now left) ltac:(lia)) as [_ B].
  - intros j Hj. rewrite <- (mean_of_x34 j). exact (mean_of_rows_mean R 0 _ _ Edither_is_mean 10 12 (fun _ => 1) _ _ _ j ten_rows Hj).
  - split; [|exact mean_of_ten_errs].
    destruct (mean_of_rows_error R 0 _ _ Edither_is_mean 10 12 (fun _ => 1) _ _ _ (fun _ => x34) ten_rows ltac:(simpl; lra)) as [B _].
    revert B. apply (has_mean_ext _ (has_Edraws 0 (fun f => ex_RInt f 0 1) Edither 10)). intros V. apply norm2_ext. intros j _. now rewrite mean_of_x34.
  - rewrite B, x34_norm. unfold step_error. field.
Qed.

(** x_unit estimated by a coin as 0 or twice itself (V1 = 1), and encoded at 2 bits with signs and dither of its own. *)
Example coin_encoded_anew :
  coin (fun u => Esigns_dither 12 (fun t => norm2 12 (fun j =>
    let y := fun i => if u : bool then 0 else 2 * x_unit i in
    reconstruct 4 g2 12 H12 (sqrt (norm2 12 y)) y (fst t) (snd t) j - x_unit j))) <= 1 + 3955/16000 * (1 + 1).
Proof.
  rewrite <- x_unit_norm at 2.
  apply (Statements.reconstruct_two_stage_error _ coin 4 g2 12 H12 (fun (u : bool) i => if u then 0 else 2 * x_unit i) x_unit 1 (3955/16000) coin_mean
    g2_generator order_12); [lra| | | |exact I].
  - intros y Hy. pose proof (norm2_nonneg 12 y) as H0. set (q := norm2 12 y) in *.
    assert (Hq : sqrt q ^ 2 = q) by now apply pow2_sqrt.
    pose proof (Statements.stored_scale_bound 2 12 H12 y (sqrt q) ltac:(lia) order_12 ltac:(lia)
      ltac:(apply Rgt_not_eq, sqrt_lt_R0; lra) ltac:(fold q; rewrite Hq; nra)) as B. rewrite Hq in B.
    change (certified_constant 2) with (3955 / 1000) in B. change (2 ^ 2)%nat with 4%nat in B. fold g2 in B. lra.
  - intros j _. split; [exact I|]. unfold coin. field.
  - split; [exact I|]. unfold coin. pose proof x_unit_norm as Hx. unfold norm2, dot in *. simpl in *. lra.
Qed.

(** ** SPEC §2, §4: programs *)

Import ListNotations.

(** Known answers of the Random123 library. *)
Example philox_of_zeros : Philox.philox (0, 0, 0, 0)%N 0 = (0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8)%N.
Proof. vm_compute. reflexivity. Qed.

Example philox_of_ones :
  Philox.philox (0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff)%N 0xffffffffffffffff
  = (0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd)%N.
Proof. vm_compute. reflexivity. Qed.

Example philox_of_pi :
  Philox.philox (0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344)%N 0x299f31d0a4093822
  = (0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1)%N.
Proof. vm_compute. reflexivity. Qed.

Example three_codes_packed : Packing.pack_bytes 3 [5; 0; 7]%N = [0xc5; 0x01]%N.
Proof. vm_compute. reflexivity. Qed.

Example three_codes_unpacked : Packing.unpack_bytes 3 3 (Packing.pack_bytes 3 [5; 0; 7]%N) = [5; 0; 7]%N.
Proof.
  apply (Statements.unpack_pack 3 [5; 0; 7]%N). intros c [<- | [<- | [<- | []]]]; reflexivity.
Qed.

(** Integers: each entry is that of the network, here H_4 (1, 2, 3, 4). *)
Example list_of_four : TransformList.transform_list Z.add Z.sub Z.opp 1 2 (base_matrix_Z 1) [1; 2; 3; 4]%Z = [10; -2; -4; 0]%Z.
Proof. vm_compute. reflexivity. Qed.

Example third_of_four :
  (-4)%Z = network Z.add Z.sub Z.opp 1 2 (base_matrix_Z 1) (fun j => nth j [1; 2; 3; 4]%Z 0%Z) 2.
Proof.
  exact (Statements.transform_list_network Z Z.add Z.sub Z.opp 0%Z 1 2 (base_matrix_Z 1) [1; 2; 3; 4]%Z 2
    (or_introl eq_refl) eq_refl ltac:(simpl; lia)).
Qed.

(** (3, 4, 0, ..., 0) as binary32 numbers. *)
Definition list34 : list IEEE754.Bits.binary32 := map IEEE754.Bits.b32_of_bits ([0x40400000; 0x40800000] ++ repeat 0 10)%Z.

Lemma value64_of_parts x s m e : IEEE754.Binary.B2FF 53 1024 x = IEEE754.Binary.F754_finite s m e ->
  FloatOperations.value64 x = F2R (Float radix2 (cond_Zopp s (Zpos m)) e).
Proof. intros H. unfold FloatOperations.value64. now rewrite <- IEEE754.Binary.FF2R_B2FF, H. Qed.

Lemma value32_of_parts x s m e : IEEE754.Binary.B2FF 24 128 x = IEEE754.Binary.F754_finite s m e ->
  FloatOperations.value32 x = F2R (Float radix2 (cond_Zopp s (Zpos m)) e).
Proof. intros H. unfold FloatOperations.value32. now rewrite <- IEEE754.Binary.FF2R_B2FF, H. Qed.

Lemma list34_vec i : FloatOperations.vec32 list34 i = x34 i.
Proof.
  unfold FloatOperations.vec32, list34. destruct i as [|[|i]]; cbn [app map nth x34].
  - rewrite (value32_of_parts _ false 12582912 (-22)) by (vm_compute; reflexivity). unfold F2R. simpl. lra.
  - rewrite (value32_of_parts _ false 8388608 (-21)) by (vm_compute; reflexivity). unfold F2R. simpl. lra.
  - replace (nth i (map IEEE754.Bits.b32_of_bits (repeat 0%Z 10)) FloatOperations.zero32) with FloatOperations.zero32; [reflexivity|].
    do 11 (destruct i as [|i]; [reflexivity|]). reflexivity.
Qed.

Lemma list34_entry i : Rabs (FloatOperations.vec32 list34 i) <= 4.
Proof.
  rewrite list34_vec. destruct i as [|[|i]]; cbn; rewrite Rabs_pos_eq; lra.
Qed.

Lemma list34_sum : sum 12 (fun i => Rabs (FloatOperations.vec32 list34 i)) = 7.
Proof.
  rewrite (sum_ext 12 _ (fun i => x34 i)).
  - cbn. ring.
  - intros i _. rewrite list34_vec. destruct i as [|[|i]]; cbn; apply Rabs_pos_eq; lra.
Qed.

Example transform_of_list34 j : (j < 12 * 2 ^ 0)%nat ->
  let y := nth j (TransformList.transform_list32 12 0 list34) FloatOperations.zero32 in
  FloatOperations.value32 y = transform32 12 0 (FloatOperations.vec32 list34) j.
Proof.
  intros Hj. apply (Statements.transform_list_binary32 12 0 list34 j base_order_12 eq_refl Hj).
  - repeat constructor.
  - change (transform_addition_stages 12 0) with 4%nat. apply Rle_lt_trans with (2 ^ 4 * (12 * 4)); [|simpl; lra]. apply Rmult_le_compat.
    + apply pow_le. unfold unit_roundoff. lra.
    + apply sum_nonneg. intros; apply Rabs_pos.
    + apply pow_incr. unfold unit_roundoff. lra.
    + replace (12 * 4) with (sum (12 * 2 ^ 0) (fun _ => 4)) by (rewrite sum_const; simpl; ring).
      apply sum_le. intros i _. apply list34_entry.
Qed.

Example bits_of_transform_of_list34 :
  map IEEE754.Bits.bits_of_b32 (firstn 3 (TransformList.transform_list32 12 0 list34)) = [0x40e00000; 0x3f800000; 0x3f800000]%Z.
Proof. vm_compute. reflexivity. Qed.

(** *** From floats to floats

    The row (3, 4, 0, ...) at 1 bit, seed 1, row number 0: its word, its codebook from the shipped tables, and that this is within its promise, by interval
    arithmetic on the real thresholds. *)

Example word_of_row_0 : Philox.dither_word 1 0 = 3855657407%N.
Proof. vm_compute. reflexivity. Qed.

Lemma dither_of_row_0 : dither_of_word (N.to_nat 3855657407) = 7711314815 / 8589934592.
Proof. unfold dither_of_word. rewrite INR_IZR_INZ, N_nat_Z. simpl. lra. Qed.

Module CodebookOfRow0.
Import Interval.Tactic.

Lemma low_quantile : -9045771898140 / 70368744177664 <= Phi_inv (7711314815 / 8589934592 / INR 2) <= -9045771898134 / 70368744177664.
Proof.
  replace (INR 2) with 2 by (simpl; ring). apply CertificateNormal.Phi_inv_between; unfold Phi, phi; integral with (i_prec 70, i_fuel 100, i_degree 20).
Qed.

Lemma high_quantile :
  114973831065619 / 70368744177664 <= Phi_inv ((7711314815 / 8589934592 + 1) / INR 2) <= 114973831065624 / 70368744177664.
Proof.
  replace (INR 2) with 2 by (simpl; ring). apply CertificateNormal.Phi_inv_between; unfold Phi, phi; integral with (i_prec 70, i_fuel 200, i_degree 30).
Qed.

Lemma within : RowError.codebook_within 1 3855657407 (Codebook64.thresholds64 1 3855657407) (Codebook64.codewords64 1 3855657407).
Proof.
  unfold RowError.codebook_within. rewrite dither_of_row_0.
  pose proof low_quantile as Hlow. pose proof high_quantile as Hhigh.
  set (U := 7711314815 / 8589934592) in *. set (q0 := Phi_inv (U / INR 2)) in *. set (q1 := Phi_inv ((U + 1) / INR 2)) in *.
  assert (HU : 0 < U < 1) by (unfold U; lra).
  assert (Hs : shipped_sigma 1 = 93 / 64) by reflexivity. assert (Hk : shipped_kappa 1 = 1 / 2) by (unfold shipped_kappa; simpl; lra).
  split; [vm_compute; reflexivity|]. split; [vm_compute; reflexivity|].
  split; [repeat constructor|]. split; [repeat constructor|]. split.
  - intros k Hk'. change (2 ^ 1 - 1)%nat with 1%nat in Hk'. assert (k = 1%nat) as -> by lia. change (2 ^ 1)%nat with 2%nat.
    rewrite (Statements.threshold_shipped 2 (shipped_sigma 1) (shipped_kappa 1) 1 U ltac:(lia) HU).
    unfold shipped_antiderivative. rewrite Hs, Hk. replace (INR 1 + U) with (U + 1) by (simpl; ring). replace (INR 1 - 1 + U) with U by (simpl; ring).
    fold q0 q1. unfold FloatOperations.vec64.
    rewrite (value64_of_parts (nth (1 - 1) (Codebook64.thresholds64 1 3855657407) FloatOperations.zero64) false 7472004453558931 (-52))
      by (vm_compute; reflexivity).
    unfold F2R, codebook_error, phi, cond_Zopp, Fnum, Fexp. simpl INR. simpl bpow. clearbody q0 q1. unfold U. apply Rminus_le. interval with (i_prec 70).
  - intros k Hk'. change (2 ^ 1)%nat with 2%nat in *. unfold codeword, shipped, FloatOperations.vec64. rewrite Hs, Hk.
    assert (k = 0%nat \/ k = 1%nat) as [-> | ->] by lia.
    + replace (INR 0 + U) with U by (simpl; ring). fold q0.
      rewrite (value64_of_parts (nth 0 (Codebook64.codewords64 1 3855657407) FloatOperations.zero64) true 5227107793734305 (-54))
        by (vm_compute; reflexivity).
      unfold F2R, codebook_error, cond_Zopp, Fnum, Fexp. simpl INR. simpl bpow. clearbody q0 q1. unfold U. apply Rminus_le. interval with (i_prec 70).
    + replace (INR 1 + U) with (U + 1) by (simpl; ring). fold q1.
      rewrite (value64_of_parts (nth 1 (Codebook64.codewords64 1 3855657407) FloatOperations.zero64) false 7880245034331567 (-50))
        by (vm_compute; reflexivity).
      unfold F2R, codebook_error, cond_Zopp, Fnum, Fexp. simpl INR. simpl bpow. clearbody q0 q1. unfold U. apply Rminus_le. interval with (i_prec 70).
Qed.
End CodebookOfRow0.

Lemma norm_of_list34 : FloatOperations.value32 (NormList.norm_list32 list34) = 5.
Proof. rewrite (value32_of_parts _ false 10485760 (-21)) by (vm_compute; reflexivity). unfold F2R. simpl. lra. Qed.

Example norm_of_list34_binary32 : norm32 12 (FloatOperations.vec32 list34) = 5.
Proof.
  rewrite <- norm_of_list34. symmetry. apply (Statements.norm_list_binary32 list34); [easy|repeat constructor|cbn; lia|vm_compute; reflexivity].
Qed.

Notation shape34 := {| FixedRateCodec.base := 12; FixedRateCodec.stages := 0 |}.
Notation bits34 := (Philox.sign_bits 1 12).

(** What is stored, the norm 5 and twelve codes 0, and the bits of the first two values that come back. *)
Example bytes_of_list34 :
  match FixedRateCodec.encode_row 1 1 0 list34 with
  | FixedRateCodec.Encoded norm bytes =>
    (IEEE754.Bits.bits_of_b32 norm, bytes, firstn 2 (map IEEE754.Bits.bits_of_b32 (FixedRateCodec.decode_row 12 1 1 0 norm bytes)))
  | _ => (0%Z, [], [])
  end = (0x40a00000%Z, [0; 0]%N, [0x3f9ac0e3; 0x3e779b06]%Z).
Proof. vm_compute. reflexivity. Qed.

Example values_of_list34 : exists bytes,
  FixedRateCodec.encode_row 1 1 0 list34 = FixedRateCodec.Encoded (NormList.norm_list32 list34) bytes /\
  let out := FixedRateCodec.decode_row 12 1 1 0 (NormList.norm_list32 list34) bytes in
  let code j := N.to_nat (nth j (Packing.unpack_bytes 1 12 bytes) 0%N) in
  forall i, (i < 12)%nat -> IEEE754.Binary.is_finite 24 128 (nth i out FloatOperations.zero32) = true ->
  Rabs (FloatOperations.vec32 out i
    - decode 12 H12 (EncoderModel.sign_vec bits34) 5
        (fun j => codeword (shipped 2 (shipped_sigma 1) (shipped_kappa 1)) (code j) (dither_of_word (N.to_nat 3855657407))) i)
  <= RowError.decoded_error_bound 1 shape34 3855657407 (NormList.norm_list32 list34) (Codebook64.codewords64 1 3855657407) code.
Proof.
  pose proof (Statements.row_error 1 1 0 list34 (Codebook64.thresholds64 1) (Codebook64.codewords64 1) ltac:(lia) ltac:(cbn; lia) ltac:(cbn; lia)
    ltac:(repeat constructor) ltac:(vm_compute; reflexivity)) as H. cbv zeta in H. rewrite word_of_row_0 in H.
  specialize (H CodebookOfRow0.within). change (length list34) with 12%nat in H. change (FixedRateCodec.shape_of 12) with shape34 in H.
  change (FixedRateCodec.order_of shape34) with 12%nat in H. rewrite norm_of_list34 in H. destruct H as (bytes & Henc & _ & _ & Hout & _).
  exists bytes. split; [exact Henc|]. intros out code i Hi Hfin. exact (proj1 (Hout ltac:(lra) i Hi) Hfin).
Qed.

(** No coordinate, +-3 +-4, comes near the threshold, more than 8. *)
Example row_of_list34_is_the_real_one : exists bytes,
  FixedRateCodec.encode_row 1 1 0 list34 = FixedRateCodec.Encoded (NormList.norm_list32 list34) bytes /\
  let out := FixedRateCodec.decode_row 12 1 1 0 (NormList.norm_list32 list34) bytes in
  let code j := N.to_nat (nth j (Packing.unpack_bytes 1 12 bytes) 0%N) in
  forall i, (i < 12)%nat -> IEEE754.Binary.is_finite 24 128 (nth i out FloatOperations.zero32) = true ->
  Rabs (FloatOperations.vec32 out i
    - reconstruct 2 (shipped 2 (shipped_sigma 1) (shipped_kappa 1)) 12 H12 5 (FloatOperations.vec32 list34) (EncoderModel.sign_vec bits34)
        (dither_of_word (N.to_nat 3855657407)) i)
  <= RowError.decoded_error_bound 1 shape34 3855657407 (NormList.norm_list32 list34) (Codebook64.codewords64 1 3855657407) code.
Proof.
  pose proof (Statements.row_error_away 1 1 0 list34 (Codebook64.thresholds64 1) (Codebook64.codewords64 1) ltac:(lia) ltac:(cbn; lia) ltac:(cbn; lia)
    ltac:(repeat constructor) ltac:(vm_compute; reflexivity)) as H. cbv zeta in H. rewrite word_of_row_0 in H.
  specialize (H CodebookOfRow0.within). change (length list34) with 12%nat in H. change (FixedRateCodec.shape_of 12) with shape34 in H.
  change (FixedRateCodec.order_of shape34) with 12%nat in H. cbn [FixedRateCodec.base FixedRateCodec.stages] in H.
  replace (NormList.scale_exponent (NormList.norm_list32 list34)) with 0%Z in H by (vm_compute; reflexivity).
  rewrite norm_of_list34 in H. destruct H as (bytes & Henc & Hout).
  - lra.
  - intros j i Hj Hi. change (2 ^ 1 - 1)%nat with 1%nat in Hi. assert (i = 1%nat) as -> by lia. change (2 ^ 1)%nat with 2%nat.
    set (g := shipped 2 (shipped_sigma 1) (shipped_kappa 1)). set (U := dither_of_word (N.to_nat 3855657407)).
    destruct CodebookOfRow0.within as (_ & _ & _ & _ & Htheta & _). specialize (Htheta 1%nat ltac:(cbn; lia)). change (2 ^ 1)%nat with 2%nat in Htheta. fold g U in Htheta.
    assert (Hvalue : FloatOperations.vec64 (Codebook64.thresholds64 1 3855657407) (1 - 1)%nat = 7472004453558931 / 4503599627370496).
    { unfold FloatOperations.vec64. rewrite (value64_of_parts _ false 7472004453558931 (-52)) by (vm_compute; reflexivity). unfold F2R. simpl. lra. }
    rewrite Hvalue in Htheta. set (theta := threshold g 1 U) in *. unfold codebook_error in *.
    assert (H40 : bpow radix2 (-40) = / 1099511627776) by reflexivity. rewrite H40 in Htheta |- *.
    assert (Ht : 3 / 2 + / 10 < theta < 2).
    { apply Rabs_le_inv in Htheta. pose proof (Rabs_pos theta). destruct (Rle_or_lt 0 theta); [rewrite Rabs_pos_eq in * by easy|rewrite Rabs_left in * by easy]; lra. }
    assert (Hy : Rabs (rotate 12 H12 (EncoderModel.sign_vec bits34) (FloatOperations.vec32 list34) j) <= 7).
    { unfold rotate. eapply Rle_trans; [apply mulv_sign_matrix_le|].
      - intros i Hi'. exact (supported_entry_abs 12 0 j i base_order_12 Hj Hi').
      - rewrite <- list34_sum. right. apply sum_ext. intros i _. rewrite Rabs_mult.
        destruct (EncoderModel.sign_vec_sign bits34 i) as [-> | ->]; [rewrite Rabs_R1; ring|rewrite (Rabs_left (-1)) by lra; ring]. }
    fold H12. apply Rlt_le_trans with 1.
    + unfold rotation_error_bound, scaled_threshold_error_bound, threshold_error_bound, unit_roundoff, underflow64, underflow32.
      change (scaling_loss 12 0) with 0. change (transform_addition_stages 12 0) with 4%nat. change (12 * 2 ^ 0)%nat with 12%nat.
      rewrite list34_sum, (Rabs_pos_eq theta) by lra. change (bpow radix2 (- 0)) with 1. change (bpow radix2 0) with 1.
      assert (H1 : 0 < bpow radix2 (-1075) <= / 8) by (split; [apply bpow_gt_0|apply (bpow_le radix2 (-1075) (-3)); lia]).
      assert (H2 : 0 < bpow radix2 (-150) <= / 8) by (split; [apply bpow_gt_0|apply (bpow_le radix2 (-150) (-3)); lia]).
      revert H1 H2. generalize (bpow radix2 (-1075)), (bpow radix2 (-150)). intros t s H1 H2.
      assert (H3 : (1 + / 2 ^ 24) ^ 4 - 1 <= / 1000) by (simpl; lra). assert (H4 : (1 + / 2 ^ 24) * (1 + / 2 ^ 53) - 1 <= / 1000) by (simpl; lra).
      assert (H5 : 0 <= (1 + / 2 ^ 24) * (1 + / 2 ^ 53) - 1) by (simpl; lra). assert (H6 : 0 < / 2 ^ 24 <= / 1000) by (simpl; lra).
      revert H3 H4 H5 H6. generalize ((1 + / 2 ^ 24) ^ 4 - 1) as A. generalize ((1 + / 2 ^ 24) * (1 + / 2 ^ 53) - 1) as B.
      generalize (/ 2 ^ 24) as u. intros u B A H3 H4 H5 H6.
      assert (H7 : 0 <= (1 + theta) * / 1099511627776 <= / 1000) by lra. revert H7. generalize ((1 + theta) * / 1099511627776). intros E H7.
      assert (H8 : (theta + E) * B <= 3 * / 1000) by (apply Rmult_le_compat; lra). assert (H9 : (1 + u) * t <= 2 * / 8) by (apply Rmult_le_compat; lra).
      lra.
    + apply Rabs_le_inv in Hy. rewrite Rabs_left by lra. lra.
  - exists bytes. split; [exact Henc|]. exact Hout.
Qed.

(** *** Scores *)

(** The query (3, 4) against the codewords (3, 4, 0 ...) of a row of norm 5, as in [inner_product_of_a_query]; three floats. *)
Example scores_of_list34 :
  let query := ScoreList.query_of shape34 bits34 list34 in
  let sum32 := ScoreList.score_sum32 (ScoreList.query_rotated query) list34 in
  let norm := NormList.norm_list32 list34 in
  let x := FloatOperations.vec32 list34 in
  let eps := EncoderModel.sign_vec bits34 in
  let xhat := decode 12 H12 eps 5 x in
  let T := query_sum 12 0 eps x x in
  let B := query_sum_error_bound 12 0 12 eps 2 x (fun _ => 0) x x in
  Rabs (FloatOperations.value32 (ScoreList.inner_product32 shape34 query norm sum32) - dot 12 x xhat) <= inner_product_error_bound 12 T B 5 2 /\
  Rabs (FloatOperations.value32 (ScoreList.squared_distance32 shape34 query norm sum32) - (norm2 12 x + 5 ^ 2 - 2 * dot 12 x xhat))
  <= squared_distance_error_bound 12 12 (norm2 12 x) T B 5 2 /\
  Rabs (FloatOperations.value32 (ScoreList.cosine32 shape34 query norm sum32) - dot 12 x xhat / (sqrt (norm2 12 x) * 5))
  <= cosine_error_bound 12 12 (sqrt (norm2 12 x)) T B 2.
Proof.
  intros query sum32 norm x eps xhat T B.
  pose proof (Statements.scores_error shape34 bits34 list34 norm list34 (fun _ => 0) x base_order_12 ltac:(cbn; lia) ltac:(cbn; lia) ltac:(cbn; lia)
    ltac:(repeat constructor) ltac:(vm_compute; reflexivity) ltac:(repeat constructor) eq_refl) as H.
  destruct H as (H1 & H2 & H3); [intros j _; fold x; rewrite Rminus_diag_eq, Rabs_R0 by easy; lra|].
  fold query sum32 x in H1, H2, H3. change (length list34) with 12%nat in H1, H2, H3. change (FixedRateCodec.order_of shape34) with 12%nat in H1, H2, H3.
  cbn [FixedRateCodec.base FixedRateCodec.stages] in H1, H2, H3. fold H12 eps in H1, H2, H3.
  replace (ScoreList.query_scale query) with 2%Z in H1, H2, H3 by (vm_compute; reflexivity).
  unfold norm in H1, H2, H3. rewrite norm_of_list34 in H1, H2, H3. fold norm xhat T B in H1, H2, H3.
  assert (Hsquare : norm2 12 x <> 0).
  { unfold norm2, dot, x. rewrite (sum_ext 12 _ (fun i => x34 i * x34 i)) by (intros; now rewrite list34_vec). unfold x34. simpl. lra. }
  split; [|split]; [apply H1|apply H2|apply H3]; try (vm_compute; reflexivity); [exact Hsquare|lra].
Qed.

(** By the bytes of [bytes_of_list34]: all codes are 0. *)
Example inner_product_with_list34 :
  let query := ScoreList.query_of shape34 bits34 list34 in
  let norm := NormList.norm_list32 list34 in
  let sum32 := ScoreList.row_sum_with shape34 (Codebook64.codewords64 1) 1 1 0 query [0; 0]%N in
  let x := FloatOperations.vec32 list34 in
  let exact j := codeword (shipped 2 (shipped_sigma 1) (shipped_kappa 1)) (N.to_nat (nth j (repeat 0%N 12) 0%N)) (dither_of_word (N.to_nat 3855657407)) in
  Rabs (FloatOperations.value32 (ScoreList.inner_product32 shape34 query norm sum32) - dot 12 x (decode 12 H12 (EncoderModel.sign_vec bits34) 5 exact))
  <= inner_product_error_bound 12 (query_sum 12 0 (EncoderModel.sign_vec bits34) x exact)
       (query_sum_error_bound 12 0 12 (EncoderModel.sign_vec bits34) 2 x (fun j => codeword_error_bound (exact j) (codebook_error (exact j))) exact
         (FloatOperations.vec32 (FixedRateCodec.codewords_of_codes (Codebook64.codewords64 1 3855657407) (repeat 0%N 12)))) 5 2.
Proof.
  intros query norm sum32 x exact.
  pose proof (Statements.row_score_error 1 1 0 list34 norm (repeat 0%N 12) (Codebook64.thresholds64 1 3855657407) (Codebook64.codewords64 1) ltac:(lia) ltac:(cbn; lia)
    ltac:(cbn; lia) ltac:(repeat constructor) ltac:(vm_compute; reflexivity)) as H. cbv zeta in H. rewrite word_of_row_0 in H.
  specialize (H CodebookOfRow0.within). change (length list34) with 12%nat in H. change (FixedRateCodec.shape_of 12) with shape34 in H.
  change (FixedRateCodec.order_of shape34) with 12%nat in H. destruct H as (H & _); [reflexivity|repeat constructor|].
  cbn [FixedRateCodec.base FixedRateCodec.stages] in H. change (Packing.pack_bytes (N.of_nat 1) (repeat 0%N 12)) with [0; 0]%N in H. fold query x sum32 in H.
  replace (ScoreList.query_scale query) with 2%Z in H by (vm_compute; reflexivity). unfold norm in H. rewrite norm_of_list34 in H.
  apply H. vm_compute. reflexivity.
Qed.

(** *** The filter of a search *)

(** Two steps, 300 = 128 2 + 44 and -125 = 128 (-1) + 3, and the bytes 200 and 7: 2 59125 - 255 175. *)
Example planes_of_two_steps :
  ByteFilter.twice_of_sums
    (ByteFilter.plane_sums 2 (fun j => nth j [2; -1] 0)%Z (fun j => nth j [44; 3] 0)%Z (fun j => nth j [200; 7] 0)%Z) (255 * 175) = 73625%Z.
Proof.
  change 175%Z with (Paley.sum_Z 2 (fun j => 128 * nth j [2; -1] 0 + nth j [44; 3] 0)%Z).
  rewrite (Statements.plane_sums_correct 2 _ _ _ 300); [reflexivity| |reflexivity].
  intros [|[|j]] H; cbn; lia.
Qed.

(** One coordinate, q = w = c = 1, norm 5: the bound is 10, with an error of 1. It is below 16, and 16 below what is asked for 100; so the
    score, which is 5, is below 100. *)
Lemma round32_whole z : (Z.abs z < 2 ^ 24)%Z -> round32 (IZR z) = IZR z.
Proof. intros H. apply round_format_id. now apply is_binary32_IZR. Qed.

Lemma bound_of_one :
  ByteFilter.filter_bound32 1 (fun _ => 127%Z) (fun _ => 0%Z) 1 0 1 (/ 127) 1 1 0 5 1 0 = 10.
Proof.
  unfold ByteFilter.filter_bound32, ByteFilter.upper32, ByteFilter.estimate32, ByteFilter.error32.
  repeat (rewrite ?Rmult_0_l, ?Rmult_0_r, ?Rmult_1_l, ?Rplus_0_l, ?Rplus_0_r, ?Rminus_0_r, ?(round32_whole 0), ?(round32_whole 1) by (cbn; lia)).
  replace (1 + 1) with (IZR 2) by (simpl; lra). rewrite !(round32_whole 2) by (cbn; lia).
  replace (5 * 2) with (IZR 10) by (simpl; lra). rewrite (round32_whole 10) by (cbn; lia). easy.
Qed.

Lemma asked_for_100 : 16 <= ByteFilter.scaled_least64 100 (round64 (INR 1 / bpow radix2 0)).
Proof.
  replace (INR 1 / bpow radix2 0) with 1 by (simpl; lra). unfold ByteFilter.scaled_least64.
  pose proof (ByteFilter.margin64_error 100) as Hm. unfold ByteFilter.margin in Hm. rewrite (Rabs_pos_eq 100) in Hm by lra.
  pose proof (ByteFilter.round64_within 1 1 ltac:(rewrite Rabs_pos_eq; lra)) as H1. apply Rabs_le_inv in Hm, H1.
  pose proof (ByteFilter.round64_within (100 - ByteFilter.margin64 100) 101 ltac:(apply Rabs_le; lra)) as H2. apply Rabs_le_inv in H2.
  set (y := round64 (100 - ByteFilter.margin64 100)) in *. set (one := round64 1) in *.
  assert (H3 : 90 * (1 / 2) <= y * one <= 110 * 2) by (split; apply Rmult_le_compat; lra).
  pose proof (ByteFilter.round64_within (y * one) 220 ltac:(apply Rabs_le; lra)) as H4. apply Rabs_le_inv in H4. lra.
Qed.

Definition q_one : vec := fun i => match i with O => 1 | _ => 0 end.
Definition w_one : vec := rotated_query32 1 0 (fun _ => 1) 0 q_one.

Lemma w_one_first : w_one 0%nat = 1.
Proof.
  change (w_one 0%nat) with (1 * prescale 0 q_one 0%nat). unfold prescale, q_one. change (bpow radix2 0) with 1.
  rewrite !Rmult_1_l. exact (round32_whole 1 ltac:(cbn; lia)).
Qed.

Example a_row_below_100 : inner_product32 1 (score_sum32 1 w_one (fun _ => 1)) 5 0 < 100.
Proof.
  pose proof (Statements.filter_bound_correct 1 0 1 (fun _ => 1) 0 q_one (fun _ => 1) (fun _ => 0%Z) (fun _ => 127%Z) 1 0 (/ 127) 0 1 1 1 1 0 5 100 16)
    as H. cbv zeta in H. change (1 * 2 ^ 0)%nat with 1%nat in H. change (rotated_query32 1 0 (fun _ => 1) 0 q_one) with w_one in H.
  destruct H as (H & _); [now left|lia|cbn; lia|exact is_sign_one| | |lia| | |lra| | |lra|].
  - intros [|i]; [apply (is_binary32_IZR 1); cbn; lia|apply generic_format_0].
  - intros [|i] Hi; [lia|easy].
  - assert (Hn : norm2 1 q_one = 1) by (unfold norm2, dot, q_one; simpl; ring). rewrite Hn, sqrt_1. simpl. lra.
  - unfold ByteFilter.in_bucket. rewrite Rabs_R1. repeat split; try lra; try lia; rewrite ?Rabs_R1; try lra.
    replace (1 - (1 + 0 * (0 - 127.5))) with 0 by ring. rewrite Rabs_R0. lra.
  - unfold ByteFilter.filter_rounding. change (score_roundings 1) with 12%nat. simpl INR. lra.
  - assert (Hw : ByteFilter.total_abs 1 w_one = 1) by (unfold ByteFilter.total_abs; cbn [sum]; rewrite w_one_first, Rabs_R1; lra).
    assert (Hf : ByteFilter.total_abs 1 (ByteFilter.residue w_one (/ 127) (fun _ => 127%Z)) = 0).
    { unfold ByteFilter.total_abs, ByteFilter.residue. cbn [sum]. rewrite w_one_first. replace (1 - / 127 * 127) with 0 by field. rewrite Rabs_R0. lra. }
    unfold ByteFilter.filter_steps. rewrite Hw, Hf. repeat split; try lra.
    + exists 127%Z. split; [intros; cbn; lia|cbn; lia].
    + cbn [sum]. rewrite w_one_first. replace (1 - (0 + 1)) with 0 by ring. rewrite Rabs_R0. lra.
  - apply H; [exact asked_for_100|]. rewrite bound_of_one. lra.
Qed.

(** Rows as pairs of a distance and a number, two threads, ties: the two nearest of five; a row is skipped if its distance is above that of the
    second found. *)
Definition row_before (x y : nat * nat) : bool :=
  (Nat.ltb (fst x) (fst y) || (Nat.eqb (fst x) (fst y) && Nat.ltb (snd x) (snd y)))%bool.
Definition skip_farther (kept : list (nat * nat)) (x : nat * nat) : bool :=
  (Nat.eqb (length kept) 2 && match rev kept with kth :: _ => Nat.ltb (fst kth) (fst x) | [] => false end)%bool.

Lemma row_before_order : FilteredSearch.strict_total_order (nat * nat) row_before.
Proof.
  unfold FilteredSearch.strict_total_order, row_before.
  assert (H : forall x y : nat * nat, (Nat.ltb (fst x) (fst y) || (Nat.eqb (fst x) (fst y) && Nat.ltb (snd x) (snd y)))%bool = true <->
    (fst x < fst y)%nat \/ fst x = fst y /\ (snd x < snd y)%nat).
  { intros x y. rewrite Bool.orb_true_iff, Bool.andb_true_iff, !Nat.ltb_lt, Nat.eqb_eq. easy. }
  split; [|split].
  - intros x. apply Bool.not_true_is_false. rewrite H. lia.
  - intros x y z. rewrite !H. lia.
  - intros [a i] [b j]. rewrite !H. cbn. destruct (Nat.eq_dec a b) as [->|], (Nat.eq_dec i j) as [->|]; try lia. now right; right.
Qed.

Lemma skip_farther_worse : FilteredSearch.skips_worse (nat * nat) row_before 2 skip_farther.
Proof.
  intros kept x H. unfold skip_farther in H. apply andb_prop in H. destruct H as [Hlen H]. apply Nat.eqb_eq in Hlen. split; [exact Hlen|].
  destruct (rev kept) as [|kth others] eqn:E; [easy|]. exists (rev others), kth. split; [|unfold row_before; now rewrite H].
  rewrite <- (rev_involutive kept), E. easy.
Qed.

Example two_nearest :
  FilteredSearch.filtered_search (nat * nat) row_before 2 skip_farther [[[(3, 4); (1, 3)]; [(7, 0)]]; [[(1, 1)]; [(1, 2)]]]%nat = [(1, 1); (1, 2)]%nat.
Proof.
  rewrite (Statements.filtered_search_correct (nat * nat) row_before 2 skip_farther _ _ row_before_order skip_farther_worse (Permutation.Permutation_refl _)).
  reflexivity.
Qed.

(** *** Files *)

Definition norm5 : IEEE754.Bits.binary32 := IEEE754.Bits.b32_of_bits 0x40A00000.

(** Three rows of 12 coordinates and 1 bit, two in a block, that share their dither. *)
Definition header3 : FileFormat.file_header :=
  {| FileFormat.file_rows := 3; FileFormat.file_dimension := 12; FileFormat.file_bits := 1; FileFormat.rows_per_block := 2;
     FileFormat.file_seed := 7; FileFormat.file_first_row := 40; FileFormat.file_dither := 1 |}.
Definition rows3 : list FileFormat.stored_row := [(norm5, [255; 15]%N); (FloatOperations.zero32, [0; 0]%N); (norm5, [1; 2]%N)].

Example file_of_three_rows : FileFormat.read_file (FileFormat.file_bytes header3 rows3) = Some (header3, rows3).
Proof.
  apply (Statements.read_file_iff header3 rows3); try reflexivity; [repeat split|repeat constructor].
Qed.

Example three_rows_saved : FileFormat.load_rows 3 12 1 7 (FileFormat.save_rows 12 1 7 rows3) = Some rows3.
Proof. apply (Statements.load_saved_rows 12 1 7 rows3); try easy. repeat constructor. Qed.

(** *** SPEC §7: programs *)

Definition step_3_32 : IEEE754.Bits.binary32 := FloatOperations.number32 3 (-5) false.

Lemma step_3_32_ok : FrequencyModel.step_ok step_3_32.
Proof.
  split; [vm_compute; reflexivity|]. rewrite (value32_of_parts _ false 12582912 (-27)) by (vm_compute; reflexivity).
  unfold F2R. simpl. lra.
Qed.

Lemma norm5_value : FloatOperations.value32 norm5 = 5.
Proof. rewrite (value32_of_parts _ false 10485760 (-21)) by (vm_compute; reflexivity). unfold F2R. simpl. lra. Qed.

Example table_of_the_program :
  FrequencyModel.tables_agree (FrequencyList.bucket_table (FrequencyList.coarse64 step_3_32) 31)
    (FrequencyTables.step_table (coarse_step (FloatOperations.value32 step_3_32) (FrequencyList.raw_bits_of step_3_32)) 31).
Proof. apply (Statements.step_table_model step_3_32 31 step_3_32_ok). lia. Qed.

Example stream_of_the_program :
  let h := FrequencyList.raw_bits_of step_3_32 in
  snd (StepCodec.put_row (FrequencyList.bucket_table (FrequencyList.coarse64 step_3_32)) h 7 norm5 (7 :: -2 :: 1000 :: nil)%Z)
  = StreamCoder.row_stream (IEEE754.Bits.bits_of_b32 norm5)
      (combine (FrequencyTables.row_tables (FloatOperations.value32 step_3_32) h (N.to_nat 7) 3) (StepCodec.coarse_codes h (7 :: -2 :: 1000 :: nil)%Z)).
Proof. apply (Statements.put_row_model step_3_32 7 norm5 (7 :: -2 :: 1000 :: nil)%Z step_3_32_ok). reflexivity. Qed.

(** The program, run: the bytes of [bytes_of_a_row], by tables that it computed. *)
Example bytes_of_the_program :
  StepCodec.put_row (FrequencyList.bucket_table (FrequencyList.coarse64 (FloatOperations.number32 16 0 false))) 0 7 norm5
    (0 :: -1 :: 2 :: -3 :: 1 :: 0 :: 1000 :: -2 :: nil)%Z
  = ([], (65 :: 204 :: 45 :: 59 :: 169 :: 3 :: 254 :: 255 :: 255 :: 255 :: 197 :: 255 :: 178 :: 203 :: 0 :: 128 :: 239 :: 25 :: nil)%Z).
Proof. vm_compute. reflexivity. Qed.

Lemma row_fits_5 codes : forallb (StepCodec.code_fits 2) codes = true -> StepRoundTrip.row_fits 2 norm5 codes.
Proof. intros H. left. split; [reflexivity|]. split; [rewrite norm5_value; lra|exact H]. Qed.

Example row_of_the_program :
  let tables := FrequencyList.bucket_table (FrequencyList.coarse64 step_3_32) in
  let h := FrequencyList.raw_bits_of step_3_32 in
  let (raw, stream) := StepCodec.put_row tables h 7 norm5 (7 :: -2 :: 1000 :: nil)%Z in
  StepCodec.get_row tables h 2 7 3 raw stream = Some (norm5, (7 :: -2 :: 1000 :: nil)%Z).
Proof. apply (Statements.get_put_row step_3_32 7 2 norm5 (7 :: -2 :: 1000 :: nil)%Z step_3_32_ok); [lia|now apply row_fits_5]. Qed.

Example codes_of_list34_fit : exists codes,
  StepCodec.step_encode_row shape34 bits34 step_3_32 1 0 list34 = StepCodec.StepEncoded (NormList.norm_list32 list34) codes /\
  length codes = 12%nat /\ StepRoundTrip.row_fits 2 (NormList.norm_list32 list34) codes.
Proof.
  apply (Statements.step_encode_row_fits 1 0 step_3_32 list34 step_3_32_ok); [cbn; lia|cbn; lia|repeat constructor|vm_compute; reflexivity|].
  replace (norm2 (length list34) (FloatOperations.vec32 list34)) with 25.
  - replace 25 with (5 * 5) by ring. rewrite sqrt_square by lra. apply Rle_trans with (bpow radix2 0); [apply bpow_le; lia|simpl; lra].
  - change (length list34) with 12%nat. unfold norm2, dot. rewrite (sum_ext 12 _ (fun i => x34 i * x34 i)) by (intros; now rewrite list34_vec). unfold x34. simpl. lra.
Qed.

(** Three coordinates, four after padding; a row, and a row of zeros. *)
Definition file_3_32 : StepFile.step_file :=
  {| StepFile.step_dimension := 3; StepFile.step_seed := 7; StepFile.step_size := step_3_32;
     StepFile.step_tables := FrequencyList.bucket_table (FrequencyList.coarse64 step_3_32) |}.
Definition rows_3_32 : list StepFile.step_row := [(norm5, (7 :: -2 :: 1000 :: 0 :: nil)%Z); (FloatOperations.zero32, repeat 0%Z 4)].

Example file_of_the_program : StepFile.load_step_rows file_3_32 2 (StepFile.save_step_rows file_3_32 rows_3_32) = Some rows_3_32.
Proof.
  apply (Statements.load_step_rows_iff file_3_32 rows_3_32).
  - split; [cbn; lia|]. split; [cbn; lia|]. split; [exact step_3_32_ok|reflexivity].
  - constructor; [|constructor; [|constructor]]; (split; [reflexivity|]).
    + exact (row_fits_5 (7 :: -2 :: 1000 :: 0 :: nil)%Z eq_refl).
    + right. split; [reflexivity|repeat constructor].
  - vm_compute. reflexivity.
  - reflexivity.
Qed.
