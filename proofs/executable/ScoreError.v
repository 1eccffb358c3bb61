(** * The scores that the programs compute are within their bounds (SPEC §4)

    From the floats of a query, a stored norm and the codewords of a row to a float32 score. Whenever a score is finite nothing overflowed on the
    way, and it is the number of FloatScore.v; so the bounds proved there hold of it. *)
From Coq Require Import ZArith NArith Reals List Arith Lia Lra FunctionalExtensionality.
From Flocq Require Import Core Core.Raux IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import Defs Sums Paley FloatStages FloatTree FloatTransform FloatCode FloatNorm FloatScore.
From Hdq Require Import ShippedGenerator Constants FrequencyTables.
From Hdq Require Import Philox Packing FloatOperations TransformList NormList NormModel FixedRateCodec EncoderModel DecoderModel RowError ScoreList ScoreModel.
Import ListNotations.
Open Scope R_scope.

(** ** What is finite was finite before *)

Lemma mult64_finite x y : is_finite64 (mult64 x y) = true -> is_finite64 x = true /\ is_finite64 y = true.
Proof. destruct x as [sx|sx|sx px Hx|sx mx ex Hx], y as [sy|sy|sy py Hy|sy my ey Hy]; easy. Qed.

Lemma minus64_finite x y : is_finite64 (minus64 x y) = true -> is_finite64 x = true /\ is_finite64 y = true.
Proof.
  destruct x as [s|s|s pl Hpl|s m e He], y as [s'|s'|s' pl' Hpl'|s' m' e' He']; intros H; split; try reflexivity; exfalso;
    try (destruct s, s'; cbn in H; discriminate H); try (cbn in H; discriminate H).
Qed.

Lemma widen_finite x : is_finite64 (widen x) = true -> is_finite32 x = true.
Proof. now destruct x. Qed.

Lemma narrow_finite x : is_finite32 (narrow x) = true -> is_finite64 x = true.
Proof. now destruct x. Qed.

(** ** Powers of two in binary64 *)

Lemma power64_spec e : (-1000 <= e <= 1000)%Z -> is_finite64 (power64 e) = true /\ value64 (power64 e) = bpow radix2 e.
Proof.
  intros He. pose proof (Binary.binary_normalize_correct 53 1024 eq_refl eq_refl mode_NE 1 e false) as H.
  assert (Hv : F2R (Float radix2 1 e) = bpow radix2 e) by (unfold F2R; simpl; ring). rewrite Hv in H.
  change (round radix2 (SpecFloat.fexp 53 1024) (round_mode mode_NE) (bpow radix2 e)) with (round64 (bpow radix2 e)) in H.
  rewrite round64_number in H by (apply bpow_binary64; lia).
  rewrite Rlt_bool_true in H; [split; apply H|].
  rewrite Rabs_pos_eq by apply bpow_ge_0. apply bpow_lt. lia.
Qed.

(** ⌊log2⌋ of a positive number. *)
Lemma exponent64_spec x : is_finite64 x = true -> 0 < value64 x -> value64 x < bpow radix2 (exponent64 x + 1).
Proof.
  destruct x as [s|s|s pl Hpl|[|] m e He]; intros Hf Hx; try discriminate Hf; unfold value64, Binary.B2R in *; cbn [cond_Zopp] in *.
  - exfalso. lra.
  - exfalso. exact (Rlt_asym _ _ Hx (F2R_lt_0 radix2 (Float radix2 (Z.neg m) e) ltac:(easy))).
  - cbn [exponent64]. unfold F2R. cbn [Fnum Fexp]. replace (Z.log2 (Z.pos m) + e + 1)%Z with (Z.log2 (Z.pos m) + 1 + e)%Z by ring.
    rewrite bpow_plus. apply Rmult_lt_compat_r; [apply bpow_gt_0|]. pose proof (Z.log2_nonneg (Z.pos m)).
    rewrite <- IZR_Zpower by lia. apply IZR_lt. now apply Z.log2_spec.
Qed.

(** ** The query *)

Lemma query_exponent_range x : (-126 <= query_exponent x <= 126)%Z.
Proof. unfold query_exponent. destruct x; lia. Qed.

Section Query.
Variables (s : shape) (bits : list bool) (q : list binary32).
Let m := base s.
Let k := stages s.
Let d := order_of s.
Let n := length q.
Hypothesis Hm : base_order m.
Hypothesis Hd : (Z.of_nat d <= 2 ^ 24)%Z.
Hypothesis Hn : (0 < n <= d)%nat.
Hypothesis Hbits : (d <= length bits)%nat.
Hypothesis Hq : finite32 q.
Let e := query_scale (query_of s bits q).
Let square := query_square (query_of s bits q).

Lemma query_square_model : is_finite64 square = true /\ value64 square = sum_of_squares64 n (vec32 q).
Proof.
  apply sum_of_squares_list_binary64; [|exact Hq|fold n; lia]. intros H. unfold n in Hn. rewrite H in Hn. cbn in Hn. lia.
Qed.

Lemma query_range : (-126 <= e <= 126)%Z.
Proof. apply query_exponent_range. Qed.

Lemma entry_square i : vec32 q i * vec32 q i <= 2 * value64 square.
Proof.
  destruct query_square_model as [_ ->].
  destruct (Nat.lt_ge_cases i n) as [Hi | Hi].
  - destruct (sum_of_squares64_error n (vec32 q) ltac:(lia) (vec32_binary32 q) (vec32_beyond q)) as [_ Herr].
    assert (Hg : (1 + unit_roundoff64) ^ norm_additions n <= 8 / 7).
    { apply growth_bernoulli; [left; apply unit_roundoff64_pos|].
      assert (Ha : (Z.of_nat (norm_additions n) <= 2 ^ 32)%Z).
      { unfold norm_additions. pose proof (Nat.div_mod (n + 15) 16 ltac:(lia)). lia. }
      rewrite INR_IZR_INZ. apply Rle_trans with (IZR (2 ^ 32) * unit_roundoff64).
      - apply Rmult_le_compat_r; [left; apply unit_roundoff64_pos|]. now apply IZR_le.
      - unfold unit_roundoff64. simpl. lra. }
    assert (Hterm : vec32 q i * vec32 q i <= norm2 n (vec32 q)).
    { apply (sum_term_le n (fun i => vec32 q i * vec32 q i)); [intros; nra|easy]. }
    pose proof (norm2_nonneg n (vec32 q)). apply Rabs_le_inv in Herr. nra.
  - rewrite vec32_beyond by exact Hi. pose proof (sum_of_squares64_nonneg n (vec32 q)). lra.
Qed.

(** No entry of the scaled query is large. *)
Lemma query_entry_scaled i : Rabs (vec32 q i * bpow radix2 (- e)) <= bpow radix2 102.
Proof.
  destruct query_square_model as [Hf Hv]. pose proof (entry_square i) as Hi. pose proof query_range as Hrange.
  rewrite Rabs_mult, (Rabs_pos_eq (bpow radix2 (- e))) by apply bpow_ge_0. set (a := vec32 q i) in *.
  assert (Hpos : 0 <= value64 square) by (rewrite Hv; apply sum_of_squares64_nonneg).
  destruct (Req_dec (value64 square) 0) as [H0 | Hne].
  { assert (Ha : a = 0) by nra. rewrite Ha, Rabs_R0, Rmult_0_l. apply bpow_ge_0. }
  pose proof (sqrt64_finite square Hf Hpos) as Hrf. pose proof (sqrt64_value square) as Hrv.
  assert (Hlarge : bpow radix2 (-537) <= sqrt (value64 square)) by (apply sqrt64_large; [apply value64_binary64|lra]).
  assert (Hr : 0 < value64 (sqrt64 square)).
  { rewrite Hrv. apply Rlt_le_trans with (bpow radix2 (-537)); [apply bpow_gt_0|].
    apply number_le_round; [apply bpow_binary64; lia|exact Hlarge]. }
  pose proof (exponent64_spec _ Hrf Hr) as Hexp. set (t := exponent64 (sqrt64 square)) in *.
  assert (He : e = Z.max (-126) (Z.min 126 t)).
  { unfold e, query_of, t. cbn [query_scale]. fold square. change (sum_of_squares_list64 q) with square. unfold query_exponent.
    destruct square as [s0|s0|s0 pl Hpl|s0 m0 e0 He0]; try discriminate Hf; [|reflexivity]. exfalso. now apply Hne. }
  apply Rle_trans with (bpow radix2 2); [|now apply bpow_le].
  destruct (Z_le_gt_dec t e) as [Hte | Hte].
  - assert (Hroot : sqrt (value64 square) <= bpow radix2 (e + 1)).
    { apply Rnot_lt_le. intros Hlt. rewrite Hrv in Hexp. apply (Rlt_not_le _ _ Hexp).
      apply Rle_trans with (bpow radix2 (e + 1)); [apply bpow_le; lia|].
      apply number_le_round; [apply bpow_binary64; lia|lra]. }
    assert (Hsq : value64 square <= bpow radix2 (e + 1) * bpow radix2 (e + 1)).
    { rewrite <- (sqrt_sqrt (value64 square)) by easy. pose proof (sqrt_pos (value64 square)). now apply Rmult_le_compat. }
    assert (Ha : Rabs a <= bpow radix2 (e + 2)).
    { apply Rsqr_incr_0; [|apply Rabs_pos|apply bpow_ge_0]. rewrite <- Rsqr_abs. unfold Rsqr.
      replace (e + 2)%Z with (1 + (e + 1))%Z by ring. rewrite bpow_plus. change (bpow radix2 1) with 2. lra. }
    apply Rle_trans with (bpow radix2 (e + 2) * bpow radix2 (- e)); [apply Rmult_le_compat_r; [apply bpow_ge_0|exact Ha]|].
    rewrite <- bpow_plus. apply bpow_le. lia.
  - assert (E : e = 126%Z) by lia. rewrite E. pose proof (value32_lt (nth i q zero32)) as Hlt. fold (vec32 q i) in Hlt. fold a in Hlt.
    apply Rle_trans with (bpow radix2 128 * bpow radix2 (- (126))); [apply Rmult_le_compat_r; [apply bpow_ge_0|lra]|].
    rewrite <- bpow_plus. now apply bpow_le.
Qed.

(** w = H D q', in binary32. *)
Lemma query_rotated_model :
  length (query_rotated (query_of s bits q)) = d /\ finite32 (query_rotated (query_of s bits q)) /\
  forall j, (j < d)%nat -> vec32 (query_rotated (query_of s bits q)) j = rotated_query32 m k (sign_vec bits) e (vec32 q) j.
Proof.
  pose proof query_range as Hrange.
  assert (Hl : length (query_rotated (query_of s bits q)) = d).
  { exact (rotate_list32_length s bits q (- e) Hm (proj2 Hn) Hbits). }
  pose proof (fun j Hj => rotate_scaled_model s bits q (- e) Hm Hd (proj2 Hn) Hbits Hq ltac:(lia) query_entry_scaled j Hj) as Hj.
  split; [exact Hl|]. split; [|intros j H; now apply Hj].
  apply finite32_of_nth. intros j H. rewrite Hl in H. now apply Hj.
Qed.
End Query.

(** ** The sum and the formulas after it *)

Lemma score_sum32_ext d w w' r : (forall j, (j < d)%nat -> w j = w' j) -> FloatScore.score_sum32 d w r = FloatScore.score_sum32 d w' r.
Proof.
  intros H. unfold FloatScore.score_sum32. apply sums32_ext; [|easy]. intros i. unfold padded. destruct (Nat.ltb_spec i d); [now apply H|easy].
Qed.

Section Scores.
Variables (s : shape) (bits : list bool) (q : list binary32) (norm : binary32) (z : list binary32).
Let m := base s.
Let k := stages s.
Let d := order_of s.
Let n := length q.
Hypothesis Hm : base_order m.
Hypothesis Hd : (Z.of_nat d <= 2 ^ 24)%Z.
Hypothesis Hn : (0 < n <= d)%nat.
Hypothesis Hbits : (d <= length bits)%nat.
Hypothesis Hq : finite32 q.
Hypothesis Hnorm : is_finite32 norm = true.
Hypothesis Hz : finite32 z.
Hypothesis Hlen : length z = d.
Let query := query_of s bits q.
Let e := query_scale query.
Let rho := value32 norm.
Let sum32 := ScoreList.score_sum32 (query_rotated query) z.
Let S := FloatScore.score_sum32 d (rotated_query32 m k (sign_vec bits) e (vec32 q)) (vec32 z).
Let Q := sum_of_squares64 n (vec32 q).

Lemma sum_model : is_finite32 sum32 = true -> value32 sum32 = S.
Proof.
  destruct (query_rotated_model s bits q Hm Hd Hn Hbits Hq) as (Hl & Hf & Hv). intros Hs.
  unfold sum32, query in *. rewrite (score_sum_value _ _ Hf Hz), Hl by (exact Hs || now rewrite Hl, Hlen). apply score_sum32_ext. exact Hv.
Qed.

Lemma order64_spec : is_finite64 (order64 s) = true /\ value64 (order64 s) = INR d /\ 1 <= INR d.
Proof.
  destruct (whole64_spec d Hd) as [Hf Hv]. split; [exact Hf|]. split; [exact Hv|]. apply (le_INR 1). exact (order_positive m k Hm).
Qed.

Lemma product64_model : is_finite64 (product64 s query norm sum32) = true ->
  value64 (product64 s query norm sum32) = inner_product64 d S rho e.
Proof.
  intros Hp. pose proof (query_range s bits q) as Hrange. fold query e in Hrange. unfold product64 in *. fold e in Hp |- *.
  destruct (power64_spec e ltac:(lia)) as [Hpf Hpv]. destruct order64_spec as (Hof & Hov & Hd1).
  destruct (mult64_finite _ _ Hp) as [H1 _]. destruct (mult64_finite _ _ H1) as [H2 H3].
  pose proof (widen_finite _ H2) as Hs. destruct (widen_spec _ Hs) as [_ Hsv]. destruct (widen_spec _ Hnorm) as [Hnf Hnv].
  rewrite (proj2 (mult64_spec _ _ H1 Hpf) Hp), (proj2 (mult64_spec _ _ H2 H3) H1), Hpv, Hsv, (sum_model Hs).
  rewrite (proj2 (div64_spec _ _ Hnf ltac:(rewrite Hov; lra)) H3), Hnv, Hov. reflexivity.
Qed.

Theorem inner_product_model : is_finite32 (ScoreList.inner_product32 s query norm sum32) = true ->
  value32 (ScoreList.inner_product32 s query norm sum32) = FloatScore.inner_product32 d S rho e.
Proof.
  intros H. pose proof (narrow_finite _ H) as Hp. unfold ScoreList.inner_product32, FloatScore.inner_product32 in *.
  now rewrite (proj2 (narrow_spec _ Hp) H), product64_model.
Qed.

Theorem squared_distance_model : is_finite32 (ScoreList.squared_distance32 s query norm sum32) = true ->
  value32 (ScoreList.squared_distance32 s query norm sum32) = FloatScore.squared_distance32 d Q S rho e.
Proof.
  intros H. pose proof (narrow_finite _ H) as Hf. unfold ScoreList.squared_distance32, FloatScore.squared_distance32 in *.
  destruct (minus64_finite _ _ Hf) as [H1 H2]. destruct (mult64_finite _ _ H2) as [H3 H4].
  destruct (query_square_model s bits q Hd Hn Hbits Hq) as [Hqf Hqv]. fold query n Q in Hqf, Hqv. destruct (square64_spec norm Hnorm) as [Hnf Hnv].
  destruct (power64_spec 1 ltac:(lia)) as [_ Hpv].
  rewrite (proj2 (narrow_spec _ Hf) H), (proj2 (minus64_spec _ _ H1 H2) Hf), (proj2 (plus64_spec _ _ Hqf Hnf) H1), (proj2 (mult64_spec _ _ H3 H4) H2).
  rewrite Hqv, Hnv, Hpv, product64_model by exact H4. fold rho. replace (round64 (rho * rho)) with (rho * rho); [reflexivity|].
  symmetry. apply round64_number, square_binary64, value32_binary32.
Qed.

(** The factor of the cosine, q not 0. *)
Lemma length64_model : value64 (query_square query) <> 0 ->
  let l := mult64 (order64 s) (sqrt64 (query_square query)) in
  is_finite64 l = true /\ value64 l = round64 (INR d * round64 (sqrt Q)) /\ value64 l <> 0.
Proof.
  intros Hne l. destruct (query_square_model s bits q Hd Hn Hbits Hq) as [Hqf Hqv]. fold query n Q in Hqf, Hqv. destruct order64_spec as (Hof & Hov & Hd1).
  assert (HQ : 0 < Q) by (rewrite Hqv in Hne; pose proof (sum_of_squares64_nonneg n (vec32 q)) as H; fold Q in H; lra).
  pose proof (sqrt64_finite (query_square query) Hqf ltac:(lra)) as Hrf. pose proof (sqrt64_value (query_square query)) as Hrv. rewrite Hqv in Hrv.
  assert (Hlarge : bpow radix2 (-537) <= sqrt Q) by (apply sqrt64_large; [rewrite <- Hqv; apply value64_binary64|exact HQ]).
  assert (Hr : bpow radix2 (-537) <= round64 (sqrt Q)).
  { apply number_le_round; [apply bpow_binary64; lia|exact Hlarge]. }
  pose proof (bpow_gt_0 radix2 (-537)) as H0.
  assert (HQmax : sqrt Q <= bpow radix2 512).
  { rewrite <- (sqrt_square (bpow radix2 512)) by apply bpow_ge_0. apply sqrt_le_1_alt. rewrite <- bpow_plus.
    pose proof (value64_lt (query_square query)) as H. rewrite Hqv, Rabs_pos_eq in H by lra. change (512 + 512)%Z with 1024%Z. lra. }
  assert (Hrmax : round64 (sqrt Q) <= bpow radix2 512).
  { apply round_le_number; [apply bpow_binary64; lia|exact HQmax]. }
  destruct (mult64_spec _ _ Hof Hrf) as [H _]. cbv zeta in H. rewrite Hov, Hrv in H. fold l in H.
  assert (Hdmax : INR d <= bpow radix2 24) by (rewrite INR_IZR_INZ; now apply (IZR_le _ (2 ^ 24))).
  destruct H as [Hlf Hlv].
  { apply fits64_bounded with (24 + 512)%Z; [lia|]. rewrite Rabs_pos_eq by (apply Rmult_le_pos; lra).
    rewrite bpow_plus. apply Rmult_le_compat; lra. }
  split; [exact Hlf|]. split; [exact Hlv|]. rewrite Hlv.
  assert (Hlow : bpow radix2 (-537) <= round64 (INR d * round64 (sqrt Q))); [|lra].
  apply number_le_round; [apply bpow_binary64; lia|]. nra.
Qed.

Theorem cosine_model : is_finite32 (ScoreList.cosine32 s query norm sum32) = true ->
  value32 (ScoreList.cosine32 s query norm sum32) = FloatScore.cosine32 d Q S rho e.
Proof.
  intros H. unfold ScoreList.cosine32, FloatScore.cosine32 in *. pose proof (is_zero32_spec norm Hnorm) as Hzero. fold rho in Hzero.
  destruct (is_zero32 norm); [destruct (Req_EM_T rho 0) as [|Hne]; [easy|now destruct Hne; apply Hzero]|].
  destruct (Req_EM_T rho 0) as [H0|_]; [now apply Hzero in H0|].
  destruct (query_square_model s bits q Hd Hn Hbits Hq) as [Hqf Hqv]. fold query n Q in Hqf, Hqv.
  pose proof (query_range s bits q) as Hrange. fold query e in Hrange. destruct (power64_spec e ltac:(lia)) as [Hpf Hpv]. pose proof length64_model as Hlength.
  fold e in H |- *. destruct (query_square query) as [s0|s0|s0 pl Hpl|s0 m0 e0 He0] eqn:Esq; try discriminate Hqf.
  - pose proof (narrow_finite _ H) as Hf. destruct (mult64_finite _ _ Hf) as [H1 H2].
    rewrite (proj2 (narrow_spec _ Hf) H), (proj2 (mult64_spec _ _ H1 H2) Hf). change (value64 zero64) with 0.
    change (0 = Q) in Hqv. destruct (Req_EM_T Q 0) as [|Hne]; [|now destruct Hne].
    rewrite Rmult_0_r. assert (Z64 : round64 0 = 0) by (apply round_0, valid_rnd_N). rewrite Z64. apply round_0, valid_rnd_N.
  - set (sq := Binary.B754_finite 53 1024 s0 m0 e0 He0) in *.
    assert (Hne : value64 sq <> 0) by (intros H0; apply eq_0_F2R in H0; now destruct s0).
    destruct (Hlength Hne) as (Hlf & Hlv & Hl0). rewrite Hqv in Hne. destruct (Req_EM_T Q 0) as [|_]; [easy|].
    pose proof (narrow_finite _ H) as Hf. destruct (mult64_finite _ _ Hf) as [H1 H2].
    pose proof (widen_finite _ H1) as Hs. destruct (widen_spec _ Hs) as [_ Hsv].
    rewrite (proj2 (narrow_spec _ Hf) H), (proj2 (mult64_spec _ _ H1 H2) Hf), Hsv, (sum_model Hs).
    rewrite (proj2 (div64_spec _ _ Hpf Hl0) H2), Hpv, Hlv. reflexivity.
Qed.

(** ** The bounds, of the programs *)

Variables (c r : vec).
Hypothesis Hc : forall j, (j < d)%nat -> Rabs (vec32 z j - r j) <= c j.

Theorem scores_error :
  let eps := sign_vec bits in
  let xhat := decode d (supported_matrix m k) eps rho r in
  let T := query_sum m k eps (vec32 q) r in
  let B := query_sum_error_bound m k n eps e (vec32 q) c r (vec32 z) in
  let product := ScoreList.inner_product32 s query norm sum32 in
  let distance := ScoreList.squared_distance32 s query norm sum32 in
  let cosine := ScoreList.cosine32 s query norm sum32 in
  (is_finite32 product = true -> Rabs (value32 product - dot n (vec32 q) xhat) <= inner_product_error_bound d T B rho e) /\
  (is_finite32 distance = true ->
    Rabs (value32 distance - (norm2 n (vec32 q) + rho ^ 2 - 2 * dot n (vec32 q) xhat))
    <= squared_distance_error_bound n d (norm2 n (vec32 q)) T B rho e) /\
  (is_finite32 cosine = true -> norm2 n (vec32 q) <> 0 -> rho <> 0 ->
    Rabs (value32 cosine - dot n (vec32 q) xhat / (sqrt (norm2 n (vec32 q)) * rho))
    <= cosine_error_bound n d (sqrt (norm2 n (vec32 q))) T B e).
Proof.
  intros eps xhat T B product distance cosine.
  assert (Hsmall : INR n <= 2 ^ 24).
  { rewrite INR_IZR_INZ. apply Rle_trans with (IZR (2 ^ 24)); [apply IZR_le; lia|simpl; lra]. }
  split; [|split].
  - intros H. unfold product. rewrite inner_product_model by exact H.
    exact (inner_product_error_bound_correct m k n eps e (vec32 q) c r (vec32 z) rho Hm (proj2 Hn) (sign_vec_sign bits)
      (vec32_binary32 q) (vec32_beyond q) Hc).
  - intros H. unfold distance. rewrite squared_distance_model by exact H.
    exact (squared_distance_error_bound_correct m k n eps e (vec32 q) c r (vec32 z) rho Hm (proj2 Hn) (sign_vec_sign bits)
      (vec32_binary32 q) (vec32_beyond q) Hc (proj1 Hn) (value32_binary32 norm)).
  - intros H Hne Hrho. unfold cosine. rewrite cosine_model by exact H.
    exact (cosine_error_bound_correct m k n eps e (vec32 q) c r (vec32 z) rho Hm (proj2 Hn) (sign_vec_sign bits)
      (vec32_binary32 q) (vec32_beyond q) Hc (proj1 Hn) Hsmall Hne Hrho).
Qed.
End Scores.

(** ** A row of the fixed-rate quantizer: its norm and its bytes *)

Lemma fixed_rate_values b w thetas codewords codes :
  (1 <= b <= 8)%nat -> (w < 2 ^ 32)%N -> codebook_within b w thetas codewords -> Forall (fun c => (c < 2 ^ N.of_nat b)%N) codes ->
  let z := codewords_of_codes codewords codes in
  let exact j := codeword (shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b)) (N.to_nat (nth j codes 0%N)) (dither_of_word (N.to_nat w)) in
  length z = length codes /\ finite32 z /\
  forall j, (j < length codes)%nat -> Rabs (vec32 z j - exact j) <= codeword_error_bound (exact j) (codebook_error (exact j)).
Proof.
  intros Hb Hw Hbook Hcodes z exact. pose proof Hbook as (_ & Hl & _ & Hfin & _ & Hword).
  assert (Hlength : length z = length codes) by apply map_length.
  assert (Hz : forall j, (j < length codes)%nat ->
    is_finite32 (nth j z zero32) = true /\ Rabs (vec32 z j - exact j) <= codeword_error_bound (exact j) (codebook_error (exact j))).
  { intros j Hj. set (c := N.to_nat (nth j codes 0%N)).
    assert (Hc : (c < 2 ^ b)%nat).
    { rewrite Forall_forall in Hcodes. specialize (Hcodes _ (nth_In codes 0%N Hj)). unfold c.
      replace (2 ^ b)%nat with (N.to_nat (2 ^ N.of_nat b)); [lia|]. now rewrite N2Nat.inj_pow, Nat2N.id. }
    assert (E : nth j z zero32 = narrow (nth c codewords zero64)).
    { unfold z, codewords_of_codes. set (f := fun c => nth (N.to_nat c) (map narrow codewords) zero32).
      rewrite (nth_indep _ zero32 (f 0%N)) by (rewrite map_length; exact Hj). rewrite map_nth. unfold f. fold c.
      rewrite (nth_indep _ zero32 (narrow zero64)) by (rewrite map_length, Hl; exact Hc). apply map_nth. }
    destruct (narrow_spec (nth c codewords zero64) (finite64_nth _ _ Hfin)) as [Hn _].
    pose proof (codewords_small b w thetas codewords c Hb Hw Hbook Hc) as Hsmall.
    destruct (Hn (fits32_bounded _ 50 ltac:(lia) Hsmall)) as [Hf Hv]. unfold vec32. rewrite E, Hv. split; [exact Hf|].
    apply codeword_error_bound_correct. exact (Hword c Hc). }
  split; [exact Hlength|]. split; [|intros j Hj; now apply Hz].
  apply finite32_of_nth. intros j Hj. rewrite Hlength in Hj. now apply Hz.
Qed.

Theorem row_score_error b seed row q norm codes thetas (codewords : N -> list binary64) :
  (1 <= b <= 8)%nat -> (0 < length q)%nat -> (Z.of_nat (length q) <= 2 ^ 24)%Z -> finite32 q -> is_finite32 norm = true ->
  let w := dither_word seed row in
  codebook_within b w thetas (codewords w) ->
  let s := shape_of (length q) in
  let d := order_of s in
  length codes = d -> Forall (fun c => (c < 2 ^ N.of_nat b)%N) codes ->
  let bits := sign_bits seed d in
  let query := query_of s bits q in
  let sum32 := row_sum_with s codewords (N.of_nat b) seed row query (pack_bytes (N.of_nat b) codes) in
  let n := length q in
  let rho := value32 norm in
  let e := query_scale query in
  let exact j := codeword (shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b)) (N.to_nat (nth j codes 0%N)) (dither_of_word (N.to_nat w)) in
  let xhat := decode d (supported_matrix (base s) (stages s)) (sign_vec bits) rho exact in
  let T := query_sum (base s) (stages s) (sign_vec bits) (vec32 q) exact in
  let B := query_sum_error_bound (base s) (stages s) n (sign_vec bits) e (vec32 q)
    (fun j => codeword_error_bound (exact j) (codebook_error (exact j))) exact (vec32 (codewords_of_codes (codewords w) codes)) in
  let product := ScoreList.inner_product32 s query norm sum32 in
  let distance := ScoreList.squared_distance32 s query norm sum32 in
  let cosine := ScoreList.cosine32 s query norm sum32 in
  (is_finite32 product = true -> Rabs (value32 product - dot n (vec32 q) xhat) <= inner_product_error_bound d T B rho e) /\
  (is_finite32 distance = true ->
    Rabs (value32 distance - (norm2 n (vec32 q) + rho ^ 2 - 2 * dot n (vec32 q) xhat))
    <= squared_distance_error_bound n d (norm2 n (vec32 q)) T B rho e) /\
  (is_finite32 cosine = true -> norm2 n (vec32 q) <> 0 -> rho <> 0 ->
    Rabs (value32 cosine - dot n (vec32 q) xhat / (sqrt (norm2 n (vec32 q)) * rho))
    <= cosine_error_bound n d (sqrt (norm2 n (vec32 q))) T B e).
Proof.
  intros Hb Hn Hlimit Hq Hnorm w Hbook s d Hlen Hcodes bits query sum32 n rho e exact.
  destruct (shape_of_spec (length q) Hn Hlimit) as (Hm & Hcover & Hd). fold s in Hm, Hcover, Hd.
  assert (Hbits : (order_of s <= length bits)%nat) by (unfold bits; rewrite sign_bits_length; apply Nat.le_refl).
  destruct (fixed_rate_values b w thetas (codewords w) codes Hb (dither_word_lt seed row) Hbook Hcodes) as (Hl & Hf & Hz). fold exact in Hz.
  assert (Hsum : sum32 = ScoreList.score_sum32 (query_rotated query) (codewords_of_codes (codewords w) codes)).
  { unfold sum32, row_sum_with. fold w d. rewrite <- Hlen, unpack_pack; [reflexivity|]. now rewrite Forall_forall in Hcodes. }
  rewrite Hsum. rewrite Hlen in Hl, Hz.
  exact (scores_error s bits q norm (codewords_of_codes (codewords w) codes) Hm Hd (conj Hn Hcover) Hbits Hq Hnorm Hf Hl
    (fun j => codeword_error_bound (exact j) (codebook_error (exact j))) exact Hz).
Qed.
