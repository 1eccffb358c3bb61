(** * The code from the bits of the position (SPEC §3, §4; fast/src/quantizer/compander.hpp)

    x lies in the binade [base, 2 base) of a power of 2: below the exponent, which is a multiple of 256 there, its bits are the whole
    part of x - base and then the fraction. The library shifts for the one and masks the fraction's bits of weight 2 eps and more
    for the other. Out of range the mask gives 0, and all thresholds are searched. *)
From Coq Require Import ZArith Reals List Bool Lia Lra.
From Flocq Require Import Core IEEE754.Binary IEEE754.Bits.
From Flocq Require IEEE754.BinarySingleNaN.
From Hdq Require Import Defs CompanderTables CompanderChecker CompanderBounds.
From Hdq Require Import FloatTree FloatTransform FloatCode FloatCodebook ThresholdSearch CompanderCode CompanderPosition.
Open Scope R_scope.

(** Bits of the fraction; those of weight 2 eps and more. *)
Definition compander_fraction_bits (b : nat) : Z := 23 - nth (b - 3) compander_base_exponents 0%Z.
Definition compander_certain_bits (b : nat) : Z :=
  2 ^ compander_fraction_bits b - 2 ^ (compander_fraction_bits b + compander_error_exponent b + 1).

(** The low byte; or k, or the number before it, where one threshold is compared. *)
Definition compander_code_of_bits (b : nat) (T : nat -> R) (y : R) (bits : Z) : nat :=
  let position := Z.shiftr bits (compander_fraction_bits b) in
  if (Z.land bits (compander_certain_bits b) =? 0)%Z then
    let k := Z.to_nat (Z.land position (2 ^ Z.of_nat b - 1)) in
    if (0 <? k)%nat then if Rle_dec (T k) y then k else (k - 1)%nat else k
  else Z.to_nat (Z.land position 255).

(** The code of any y. *)
Definition compander_lane (b : nat) (T : nat -> R) (rho y : R) (bits : Z) : nat :=
  if (Z.land bits (compander_certain_bits b) =? 0)%Z then
    if Rlt_dec (Rabs y) (compander_range_limit rho) then compander_code_of_bits b T y bits else bisection (2 ^ b) T y
  else compander_code_of_bits b T y bits.

(** What it has: the bits of x, y in range; or bits that the mask makes 0. (Of x and a mask of the range, or of the NaN with which
    segment 8 answers.) *)
Definition compander_lane_bits (b w : nat) (rho y : R) (bits : Z) : Prop :=
  (exists x : binary32, bits = bits_of_b32 x /\ compander_computes b w rho y (B2R 24 128 x))
  \/ (compander_range_limit rho <= Rabs y /\ Z.land bits (compander_certain_bits b) = 0%Z).

Lemma land_ones_above a low high : (0 <= low <= high)%Z ->
  (Z.land a (2 ^ high - 2 ^ low) =? 0)%Z = (a mod 2 ^ high <? 2 ^ low)%Z.
Proof.
  intros H.
  assert (E : (2 ^ high - 2 ^ low)%Z = Z.shiftl (Z.ones (high - low)) low).
  { rewrite Z.shiftl_mul_pow2, Z.ones_equiv by lia. unfold Z.pred. rewrite Z.mul_add_distr_r, <- Z.pow_add_r by lia.
    replace (high - low + low)%Z with high by ring. ring. }
  assert (L : Z.land a (2 ^ high - 2 ^ low) = ((a mod 2 ^ high) / 2 ^ low * 2 ^ low)%Z).
  { rewrite E. rewrite <- Z.land_ones, <- Z.shiftr_div_pow2, <- Z.shiftl_mul_pow2 by lia. apply Z.bits_inj'. intros n Hn.
    rewrite Z.land_spec. destruct (Z.lt_ge_cases n low) as [Lt | Ge].
    - rewrite !Z.shiftl_spec_low by lia. apply andb_false_r.
    - rewrite !Z.shiftl_spec by lia. rewrite Z.shiftr_spec, Z.land_spec by lia. replace (n - low + low)%Z with n by ring.
      f_equal. destruct (Z.lt_ge_cases n high).
      + rewrite !Z.ones_spec_low by lia. reflexivity.
      + rewrite !Z.ones_spec_high by lia. reflexivity. }
  rewrite L. pose proof (Z.pow_pos_nonneg 2 low ltac:(lia) ltac:(lia)) as P.
  pose proof (Z.mod_pos_bound a (2 ^ high) (Z.pow_pos_nonneg 2 high ltac:(lia) ltac:(lia))) as B.
  destruct (Z.ltb_spec (a mod 2 ^ high) (2 ^ low)) as [Lt | Ge].
  - rewrite Z.div_small by lia. reflexivity.
  - apply Z.eqb_neq. assert (1 <= a mod 2 ^ high / 2 ^ low)%Z by (apply Z.div_le_lower_bound; lia). nia.
Qed.

(** A number of the binade of 2^e, 0 <= e <= 23. *)
Lemma binade_bits (x : binary32) e : (0 <= e <= 23)%Z -> bpow radix2 e <= B2R 24 128 x < bpow radix2 (e + 1) ->
  exists m, (0 <= m < 2 ^ 23)%Z /\ bits_of_b32 x = ((127 + e) * 2 ^ 23 + m)%Z /\ B2R 24 128 x = IZR (2 ^ 23 + m) / IZR (2 ^ (23 - e)).
Proof.
  intros He Hx. pose proof (bpow_gt_0 radix2 e) as P.
  destruct x as [s | s | s pl Hpl | s m ex Hb]; try (simpl in Hx; lra).
  destruct s; [exfalso; simpl in Hx; pose proof (F2R_lt_0 radix2 (Float radix2 (Zneg m) ex) eq_refl); lra|].
  assert (C : ex = (e - 23)%Z /\ (2 ^ 23 <= Zpos m < 2 ^ 24)%Z).
  { assert (Hc : canonical radix2 (FLT_exp (-149) 24) (Float radix2 (Zpos m) ex)).
    { exact (BinarySingleNaN.canonical_bounded 24 128 false m ex Hb). }
    unfold canonical, cexp in Hc. cbn [Fexp] in Hc.
    rewrite (mag_unique_pos radix2 _ (e + 1)) in Hc; [|rewrite Z.add_simpl_r; exact Hx].
    unfold FLT_exp in Hc. assert (Ex : ex = (e - 23)%Z) by lia. split; [exact Ex|].
    unfold B2R, F2R in Hx. cbn [Fnum Fexp cond_Zopp] in Hx. rewrite Ex in Hx.
    assert (Lo : bpow radix2 e = IZR (2 ^ 23) * bpow radix2 (e - 23)).
    { change (IZR (2 ^ 23)) with (bpow radix2 23). rewrite <- bpow_plus. f_equal. ring. }
    assert (Hi : bpow radix2 (e + 1) = IZR (2 ^ 24) * bpow radix2 (e - 23)).
    { change (IZR (2 ^ 24)) with (bpow radix2 24). rewrite <- bpow_plus. f_equal. ring. }
    rewrite Lo, Hi in Hx. pose proof (bpow_gt_0 radix2 (e - 23)) as P'. destruct Hx as [H1 H2]. split.
    - apply le_IZR, Rmult_le_reg_r with (1 := P'). exact H1.
    - apply lt_IZR, Rmult_lt_reg_r with (1 := P'). exact H2. }
  destruct C as [-> C]. exists (Zpos m - 2 ^ 23)%Z. split; [lia|]. split.
  - unfold bits_of_b32, bits_of_binary_float. rewrite (Zle_imp_le_bool 0 (Zpos m - 2 ^ 23)) by lia. unfold join_bits.
    rewrite Z.shiftl_mul_pow2 by lia. change (SpecFloat.emin (23 + 1) (2 ^ (8 - 1))) with (-149)%Z. lia.
  - unfold B2R, F2R. cbn [Fnum Fexp cond_Zopp]. replace (2 ^ 23 + (Zpos m - 2 ^ 23))%Z with (Zpos m) by ring.
    replace (e - 23)%Z with (- (23 - e))%Z by ring. rewrite bpow_opp, <- IZR_Zpower by lia. reflexivity.
Qed.

Theorem compander_bits b T y (x : binary32) : (3 <= b <= 8)%nat ->
  IZR (compander_base b) < B2R 24 128 x < IZR (compander_base b) + INR (2 ^ b) ->
  compander_code_of_bits b T y (bits_of_b32 x) = compander_code T y (B2R 24 128 x) (IZR (compander_base b)) (compander_eps b).
Proof.
  intros Hb Hx. set (e := nth (b - 3) compander_base_exponents 0%Z). set (f := (23 - e)%Z).
  set (err := compander_error_exponent b).
  assert (Shape : (e = 7 \/ e = 8)%Z /\ (Z.of_nat b <= e)%Z /\ (- 15 <= err <= - 13)%Z /\ (f + err + 1 >= 0)%Z).
  { destruct b as [|[|[|[|[|[|[|[|[|b]]]]]]]]]; try lia; unfold f, e, err; cbn; lia. }
  destruct Shape as (He & Hbe & Herr & Hf).
  assert (Base : IZR (compander_base b) = bpow radix2 e).
  { unfold compander_base. fold e. rewrite <- IZR_Zpower by lia. reflexivity. }
  assert (Levels : INR (2 ^ b) = IZR (2 ^ Z.of_nat b)) by (rewrite INR_IZR_INZ, Nat2Z.inj_pow; reflexivity).
  assert (Pb : (2 ^ Z.of_nat b <= 2 ^ e)%Z) by (apply Z.pow_le_mono_r; lia).
  assert (Top : bpow radix2 e + INR (2 ^ b) <= bpow radix2 (e + 1)).
  { rewrite Levels, bpow_plus. apply IZR_le in Pb. change (2 ^ e)%Z with (Zpower radix2 e) in Pb. rewrite IZR_Zpower in Pb by lia.
    change (bpow radix2 1) with 2. lra. }
  rewrite Base in Hx. destruct (binade_bits x e ltac:(lia) ltac:(lra)) as (m & Hm & Bits & Value).
  fold f in Value. pose proof (Z.pow_pos_nonneg 2 f ltac:(lia) ltac:(lia)) as Pf. pose proof (IZR_lt _ _ Pf) as PfR. simpl (IZR 0) in PfR.
  assert (Split : (2 ^ 23 = 2 ^ e * 2 ^ f)%Z) by (unfold f; rewrite <- Z.pow_add_r by lia; f_equal; ring).
  assert (Rest : B2R 24 128 x - bpow radix2 e = IZR m / IZR (2 ^ f)).
  { rewrite Value, plus_IZR, Split, mult_IZR. rewrite <- Base. change (compander_base b) with (2 ^ e)%Z. field. lra. }
  set (k := (m / 2 ^ f)%Z). set (rest := (m mod 2 ^ f)%Z).
  assert (Dm : m = (k * 2 ^ f + rest)%Z) by (unfold k, rest; rewrite Z.mul_comm; apply Z.div_mod; lia).
  assert (Br : (0 <= rest < 2 ^ f)%Z) by (apply Z.mod_pos_bound; lia).
  assert (DR : B2R 24 128 x - bpow radix2 e = IZR k + IZR rest / IZR (2 ^ f)).
  { rewrite Rest, Dm, plus_IZR, mult_IZR. field. lra. }
  assert (FR : 0 <= IZR rest / IZR (2 ^ f) < 1).
  { destruct Br as [B0 B1]. apply IZR_le in B0. apply IZR_lt in B1. split; [apply Rmult_le_pos; [lra|left; now apply Rinv_0_lt_compat]|].
    apply Rmult_lt_reg_r with (1 := PfR). unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra. }
  assert (Hk0 : (0 <= k)%Z) by (apply Z.div_pos; lia).
  assert (Hk : (k < 2 ^ Z.of_nat b)%Z) by (apply lt_IZR; rewrite <- Levels; lra).
  assert (Floor : Zfloor (B2R 24 128 x - bpow radix2 e) = k).
  { apply Zfloor_imp. rewrite DR, plus_IZR. lra. }
  assert (P8 : (2 ^ e <= 256)%Z) by (destruct He as [-> | ->]; lia).
  assert (Shift : Z.shiftr (bits_of_b32 x) f = ((127 + e) * 2 ^ e + k)%Z).
  { rewrite Z.shiftr_div_pow2, Bits, Split by lia.
    replace ((127 + e) * (2 ^ e * 2 ^ f) + m)%Z with (m + (127 + e) * 2 ^ e * 2 ^ f)%Z by ring. rewrite Z.div_add by lia. fold k. ring. }
  assert (Low : Z.land (Z.shiftr (bits_of_b32 x) f) 255 = k).
  { rewrite Shift. change 255%Z with (Z.ones 8). rewrite Z.land_ones by lia. change (2 ^ 8)%Z with 256%Z.
    destruct He as [-> | ->].
    - replace ((127 + 7) * 2 ^ 7 + k)%Z with (k + 67 * 256)%Z by ring. rewrite Z.mod_add by lia. apply Z.mod_small. lia.
    - replace ((127 + 8) * 2 ^ 8 + k)%Z with (k + 135 * 256)%Z by ring. rewrite Z.mod_add by lia. apply Z.mod_small. lia. }
  assert (Masked : Z.land (Z.shiftr (bits_of_b32 x) f) (2 ^ Z.of_nat b - 1) = k).
  { rewrite Shift. replace (2 ^ Z.of_nat b - 1)%Z with (Z.ones (Z.of_nat b)) by (rewrite Z.ones_equiv; lia).
    rewrite Z.land_ones by lia. replace e with (e - Z.of_nat b + Z.of_nat b)%Z at 2 by ring. rewrite Z.pow_add_r by lia.
    replace ((127 + e) * (2 ^ (e - Z.of_nat b) * 2 ^ Z.of_nat b) + k)%Z
      with (k + (127 + e) * 2 ^ (e - Z.of_nat b) * 2 ^ Z.of_nat b)%Z by ring.
    rewrite Z.mod_add by lia. apply Z.mod_small. lia. }
  assert (Certain : (Z.land (bits_of_b32 x) (compander_certain_bits b) =? 0)%Z = (rest <? 2 ^ (f + err + 1))%Z).
  { unfold compander_certain_bits, compander_fraction_bits. fold e err f. rewrite land_ones_above by lia. f_equal.
    rewrite Bits, Split. replace ((127 + e) * (2 ^ e * 2 ^ f) + m)%Z with (m + (127 + e) * 2 ^ e * 2 ^ f)%Z by ring.
    apply Z.mod_add. lia. }
  assert (Weight : 2 * compander_eps b = IZR (2 ^ (f + err + 1)) / IZR (2 ^ f)).
  { unfold compander_eps, compander_epsilon. fold err.
    replace (IZR (2 ^ f)) with (IZR (2 ^ (f + err + 1)) * IZR (2 ^ - err) / 2).
    - field. split; apply not_0_IZR; apply Z.pow_nonzero; lia.
    - rewrite <- mult_IZR, <- Z.pow_add_r by lia. replace (f + err + 1 + - err)%Z with (f + 1)%Z by ring.
      rewrite Z.pow_add_r, mult_IZR by lia. change (IZR (2 ^ 1)) with 2. field. }
  assert (Fraction : (rest <? 2 ^ (f + err + 1))%Z = false <-> 2 * compander_eps b <= IZR rest / IZR (2 ^ f)).
  { rewrite Z.ltb_ge, Weight. split; intros H.
    - apply Rmult_le_compat_r; [left; now apply Rinv_0_lt_compat|]. now apply IZR_le.
    - apply le_IZR. apply Rmult_le_reg_r with (/ IZR (2 ^ f)); [now apply Rinv_0_lt_compat|exact H]. }
  unfold compander_code_of_bits, compander_code. change (compander_fraction_bits b) with f. cbv zeta.
  rewrite Base, Certain, Low, Masked, Floor, DR. replace (IZR k + IZR rest / IZR (2 ^ f) - IZR k) with (IZR rest / IZR (2 ^ f)) by ring.
  destruct (rest <? 2 ^ (f + err + 1))%Z eqn:Small.
  - destruct (Rle_dec (2 * compander_eps b) _) as [Le | _]; [apply Fraction in Le; discriminate|].
    destruct (Z.to_nat k) as [|k']; [reflexivity|]. cbn [Nat.ltb Nat.leb]. rewrite Nat.sub_succ, Nat.sub_0_r. reflexivity.
  - destruct (Rle_dec (2 * compander_eps b) _) as [_ | Nle]; [reflexivity|]. exfalso. apply Nle. now apply Fraction.
Qed.

(** From y to the code: the definition's. *)
Theorem shipped_compander_counts b w rho y theta' bits :
  (3 <= b <= 8)%nat -> INR w + 1 <= 2 ^ 32 -> / 2 ^ 100 <= rho <= 2 ^ 100 ->
  let U := dither_of_word w in
  (forall k, (1 <= k <= 2 ^ b - 1)%nat ->
     Rabs (theta' k - threshold (compander_generator b) k U) <= codebook_error (threshold (compander_generator b) k U)) ->
  compander_lane_bits b w rho y bits ->
  let T k := scaled_threshold32 (theta' k) rho in
  compander_lane b T rho y bits = count_passed (2 ^ b - 1) T y.
Proof.
  intros Hb Hw Hrho U Hcode Hbits T.
  assert (Search : bisection (2 ^ b) T y = count_passed (2 ^ b - 1) T y).
  { apply bisection_counts; [apply Nat.neq_0_lt_0, Nat.pow_nonzero; discriminate|].
    apply scaled_threshold32_nondecreasing; [pose proof (norm_positive rho Hrho); lra|].
    exact (shipped_codebook_sorted b w theta' ltac:(lia) Hw Hcode). }
  unfold compander_lane. destruct Hbits as [(x & -> & Hx) | [Out Zero]].
  - assert (Read : compander_code_of_bits b T y (bits_of_b32 x) = count_passed (2 ^ b - 1) T y).
    { destruct (compander_position b w rho y _ Hb Hw Hrho Hx) as [_ Inside].
      rewrite (compander_bits b T y x Hb Inside). exact (position_counts b w rho y theta' _ Hb Hw Hrho Hcode Hx). }
    destruct (_ =? 0)%Z; [destruct (Rlt_dec _ _)|]; assumption.
  - rewrite Zero. cbn [Z.eqb]. destruct (Rlt_dec (Rabs y) (compander_range_limit rho)); [lra|exact Search].
Qed.

(** There is such an x. *)
Lemma position_binary32 b w rho y v : (3 <= b <= 8)%nat -> INR w + 1 <= 2 ^ 32 -> / 2 ^ 100 <= rho <= 2 ^ 100 ->
  compander_computes b w rho y v -> exists x : binary32, B2R 24 128 x = v.
Proof.
  intros Hb Hw Hrho Hv. destruct (compander_position b w rho y v Hb Hw Hrho Hv) as [_ Inside]. unfold position_inside in Inside.
  destruct (shape_of_bits b Hb) as [e Hshape]. pose proof (shape_levels b e Hshape) as L. pose proof (shape_base b e Hshape) as B.
  assert (Small : IZR (compander_base b) <= bpow radix2 8).
  { rewrite B. apply bpow_le. pose proof (shape_exponent b e Hshape). lia. }
  assert (F : is_binary32 v) by (destruct Hv as [[_ ->] | [_ ->]]; apply is_binary32_round).
  pose proof (bpow_gt_0 radix2 (Z.of_nat e)) as P.
  set (m := Ztrunc (scaled_mantissa radix2 (FLT_exp (-149) 24) v)). set (ex := cexp radix2 (FLT_exp (-149) 24) v).
  assert (E : F2R (Float radix2 m ex) = v) by (symmetry; exact F).
  pose proof (binary_normalize_correct 24 128 eq_refl eq_refl BinarySingleNaN.mode_NE m ex false) as K. cbv zeta in K.
  rewrite E, (round_generic radix2 _ _ v F), Rlt_bool_true in K.
  - eexists. apply K.
  - rewrite Rabs_pos_eq by lra. apply Rle_lt_trans with (bpow radix2 9); [|apply bpow_lt; lia].
    change (bpow radix2 9) with 512. change (bpow radix2 8) with 256 in Small. lra.
Qed.
