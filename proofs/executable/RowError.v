(** * What encoder and decoder compute is within the stated distance of the real scheme (SPEC §4, §5.6)

    The programs of FixedRateCodec.v on any row of finite floats whose norm float32 can hold, from the bits of the row to the bits that come back. Of the
    codebook only this is assumed: the double thresholds and codewords of the row's word are within [codebook_error] of the real ones. *)
From Coq Require Import ZArith NArith Reals List Arith Lia Lra.
From Flocq Require Import Core.Zaux Core.Raux IEEE754.Binary IEEE754.Bits.
From Hdq Require Import Defs Sums Paley ShippedGenerator Constants.
From Hdq Require Import FloatStages FloatTree FloatTransform FloatCode FloatNorm FloatCodebook.
From Hdq Require Import Philox Packing FloatOperations TransformList NormList Codebook64 FixedRateCodec.
From Hdq Require Import NormModel EncoderModel CodebookRange DecoderModel.
Import ListNotations.
Open Scope R_scope.

(** ** The order of a row *)

Lemma order_with_covers n m : (0 < m)%N -> (0 < n)%N -> (n <= order_with n m)%N.
Proof.
  intros Hm Hn. unfold order_with, exponent_of. set (a := ((n + m - 1) / m)%N).
  assert (Ha : (n <= m * a)%N).
  { unfold a. pose proof (N.div_mod (n + m - 1) m ltac:(lia)). pose proof (N.mod_lt (n + m - 1) m ltac:(lia)). lia. }
  assert (Hlog : (a <= 2 ^ N.log2_up a)%N) by (destruct (N.le_gt_cases a 1) as [H1 | H1]; [destruct (N.eq_dec a 0); [lia|now replace a with 1%N by lia]|now apply N.log2_up_spec]).
  nia.
Qed.

Lemma base_of_spec n : (0 < n)%N ->
  (base_of n = 1 \/ base_of n = 12 \/ base_of n = 20 \/ base_of n = 28)%N /\ (order_with n (base_of n) <= order_with n 1)%N.
Proof.
  intros Hn. unfold base_of. cbn [fold_left].
  assert (Hstep : forall best m, (order_with n best <= order_with n 1)%N ->
    (smaller_base n best m = best \/ smaller_base n best m = m) /\ (order_with n (smaller_base n best m) <= order_with n 1)%N).
  { intros best m Hb. unfold smaller_base. destruct (N.ltb_spec (order_with n m) (order_with n best)); split; auto. lia. }
  destruct (Hstep 1%N 12%N (N.le_refl _)) as [H1 L1]. set (b1 := smaller_base n 1 12) in *.
  destruct (Hstep b1 20%N L1) as [H2 L2]. set (b2 := smaller_base n b1 20) in *.
  destruct (Hstep b2 28%N L2) as [H3 L3]. set (b3 := smaller_base n b2 28) in *.
  split; [|exact L3]. destruct H3 as [-> | ->], H2 as [-> | ->], H1 as [-> | ->]; auto.
Qed.

(** Of n numbers, 0 < n <= 2^24. *)
Lemma shape_of_spec n : (0 < n)%nat -> (Z.of_nat n <= 2 ^ 24)%Z ->
  base_order (base (shape_of n)) /\ (n <= order_of (shape_of n))%nat /\ (Z.of_nat (order_of (shape_of n)) <= 2 ^ 24)%Z.
Proof.
  intros Hn Hlimit. set (c := N.of_nat n). destruct (base_of_spec c ltac:(lia)) as [Hbase Hleast].
  assert (Horder : order_of (shape_of n) = N.to_nat (order_with c (base_of c))).
  { unfold order_of, shape_of, order_with. fold c. cbn [base stages]. rewrite N2Nat.inj_mul, N2Nat.inj_pow. reflexivity. }
  assert (Hm : (0 < base_of c)%N) by (destruct Hbase as [-> | [-> | [-> | ->]]]; easy).
  pose proof (order_with_covers c (base_of c) Hm ltac:(lia)) as Hcover.
  assert (Hone : (order_with c 1 <= 2 ^ 24)%N).
  { unfold order_with, exponent_of. rewrite N.mul_1_l, N.div_1_r. apply N.pow_le_mono_r; [easy|].
    apply N.le_trans with (N.log2_up (2 ^ 24)); [apply N.log2_up_le_mono; lia|easy]. }
  split; [|split].
  - unfold shape_of. fold c. cbn [base]. unfold base_order. destruct Hbase as [-> | [-> | [-> | ->]]]; cbn; tauto.
  - rewrite Horder. lia.
  - rewrite Horder. lia.
Qed.

(** ** The codebook of a word *)

Definition codebook_within (b : nat) (w : N) (thetas codewords : list binary64) : Prop :=
  let g := shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b) in
  let U := dither_of_word (N.to_nat w) in
  length thetas = (2 ^ b - 1)%nat /\ length codewords = (2 ^ b)%nat /\ finite64 thetas /\ finite64 codewords /\
  (forall k, (1 <= k <= 2 ^ b - 1)%nat -> Rabs (vec64 thetas (k - 1)%nat - threshold g k U) <= codebook_error (threshold g k U)) /\
  (forall k, (k < 2 ^ b)%nat -> Rabs (vec64 codewords k - codeword g k U) <= codebook_error (codeword g k U)).

Lemma word_limit w : (w < 2 ^ 32)%N -> INR (N.to_nat w) + 1 <= 2 ^ 32.
Proof.
  intros Hw. rewrite INR_IZR_INZ, N_nat_Z. apply Rle_trans with (IZR (2 ^ 32)).
  - rewrite <- plus_IZR. apply IZR_le. lia.
  - simpl. lra.
Qed.

Lemma codewords_small b w thetas codewords c : (1 <= b <= 8)%nat -> (w < 2 ^ 32)%N -> codebook_within b w thetas codewords ->
  (c < 2 ^ b)%nat -> Rabs (vec64 codewords c) <= bpow radix2 50.
Proof.
  intros Hb Hw (_ & _ & _ & _ & _ & Hword) Hc. change 50%Z with (49 + 1)%Z.
  apply codebook_size with (codeword (shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b)) c (dither_of_word (N.to_nat w))); [lia| |now apply Hword].
  now apply (shipped_codeword_size b (N.to_nat w) Hb (word_limit w Hw)).
Qed.

(** ** Rows and codes *)

Lemma first_not_finite_spec x : finite32 x <-> first_not_finite x = None.
Proof.
  induction x as [|a x IH]; cbn [first_not_finite]; [split; [easy|constructor]|]. destruct (is_finite32 a) eqn:E.
  - split.
    + intros H. inversion H as [|a' x' _ Hx]. apply IH in Hx. now rewrite Hx.
    + intros H. constructor; [easy|]. apply IH. now destruct (first_not_finite x).
  - split; [|easy]. intros H. inversion H. congruence.
Qed.

Lemma count_list_at_most T y : (count_list T y <= N.of_nat (length T))%N.
Proof. induction T as [|t T IH]; cbn [count_list length]; [lia|]. destruct (at_most32 t y); lia. Qed.

(** The float32 codeword of a code. *)
Definition float_codeword (codewords : list binary64) (c : nat) : R := round32 (vec64 codewords c).

Section Row.
Variables (b : nat) (s : shape) (bits : list bool) (w : N) (x : list binary32) (thetas codewords : list binary64).
Hypothesis Hb : (1 <= b <= 8)%nat.
Hypothesis Hm : base_order (base s).
Hypothesis Hd : (Z.of_nat (order_of s) <= 2 ^ 24)%Z.
Hypothesis Hn : (0 < length x <= order_of s)%nat.
Hypothesis Hbits : (order_of s <= length bits)%nat.
Hypothesis Hw : (w < 2 ^ 32)%N.
Hypothesis Hbook : codebook_within b w thetas codewords.
Hypothesis Hx : finite32 x.
Let norm := norm_list32 x.
Hypothesis Hnorm : is_finite32 norm = true.

Let n := length x.
Let d := order_of s.
Let m := base s.
Let k := stages s.
Let N := (2 ^ b)%nat.
Let g := shipped N (shipped_sigma b) (shipped_kappa b).
Let U := dither_of_word (N.to_nat w).
Let rho := value32 norm.
Let e := scale_exponent norm.
Let eps := sign_vec bits.
Let H := supported_matrix m k.
Let codes := codes_of_row s bits thetas norm x.
Let code j := N.to_nat (nth j codes 0%N).
Let bytes := pack_bytes (N.of_nat b) codes.

Lemma levels_positive : (2 <= N)%nat.
Proof. apply (Nat.pow_le_mono_r 2 1 b); lia. Qed.

Lemma codes_length : length codes = d.
Proof.
  unfold codes, codes_of_row. rewrite map_length. unfold rotate_list32.
  refine (proj1 (transform_list32_length _ _ _ Hm _)). apply pad_list32_length.
  rewrite flip_list32_length; unfold scale_list32; rewrite map_length; [exact (proj2 Hn)|lia].
Qed.

Lemma code_below j : (code j < N)%nat.
Proof.
  pose proof levels_positive. unfold code. destruct (Nat.lt_ge_cases j d) as [Hj | Hj].
  - unfold codes, codes_of_row. set (scaled := map _ thetas).
    rewrite (nth_indep _ 0%N (count_list scaled zero32)).
    2: { rewrite map_length. rewrite <- codes_length in Hj. unfold codes, codes_of_row in Hj. now rewrite map_length in Hj. }
    rewrite map_nth. pose proof (count_list_at_most scaled (nth j (rotate_list32 s bits (scale_list32 (scale_exponent norm) x)) zero32)) as Hc.
    assert (Hl : length scaled = (N - 1)%nat) by (unfold scaled; rewrite map_length; apply Hbook). rewrite Hl in Hc. lia.
  - rewrite nth_overflow by (now rewrite codes_length). cbn. lia.
Qed.

Lemma codes_unpacked : unpack_bytes (N.of_nat b) d bytes = codes.
Proof.
  unfold bytes. rewrite <- codes_length. apply unpack_pack. intros c Hc.
  destruct (In_nth codes c 0%N Hc) as (j & Hj & <-). pose proof (code_below j) as Hlt. unfold code, N in Hlt.
  apply N.lt_nge. intros Hle. assert (Hle' : (2 ^ b <= N.to_nat (nth j codes 0%N))%nat); [|lia].
  replace (2 ^ b)%nat with (N.to_nat (2 ^ N.of_nat b)); [lia|]. now rewrite N2Nat.inj_pow, Nat2N.id.
Qed.

Lemma thetas_small i : (i < length thetas)%nat -> Rabs (vec64 thetas i) <= bpow radix2 20.
Proof.
  destruct Hbook as (Hl & _ & _ & _ & Htheta & _). intros Hi. rewrite Hl in Hi.
  apply Rle_trans with (bpow radix2 (16 + 1)); [|now apply bpow_le].
  apply codebook_size with (threshold g (S i) U); [lia| |].
  - apply (shipped_threshold_size b (N.to_nat w) Hb (word_limit w Hw)). lia.
  - pose proof (Htheta (S i) ltac:(lia)) as Ht. replace (S i - 1)%nat with i in Ht by lia. exact Ht.
Qed.

(** *** The norm *)

Lemma row_norm : Rabs (rho - sqrt (norm2 n (vec32 x))) <= norm_error_bound n (sqrt (norm2 n (vec32 x))).
Proof.
  unfold rho, norm. rewrite (norm_model s bits x) by easy.
  apply norm_error_bound_correct; [lia|apply vec32_binary32|apply vec32_beyond].
Qed.

Lemma rho_nonneg : 0 <= rho.
Proof. exact (norm_nonneg s bits x Hd Hn Hbits Hx Hnorm). Qed.

(** *** The codes *)

Lemma row_codes : 0 < rho -> forall j, (j < d)%nat ->
  acceptable (N - 1) (fun i => threshold g i U * rho)
    (fun i => scaled_threshold_error_bound (threshold g i U) rho e (codebook_error (threshold g i U)))
    (rotation_error_bound m k n e (vec32 x)) (rotate d H eps (vec32 x) j) (code j).
Proof.
  intros Hrho j Hj. pose proof levels_positive as HN. destruct (word_range (N.to_nat w) (word_limit w Hw)) as [HU1 HU2].
  assert (Hh : 0 < / 2 ^ 33) by (apply Rinv_0_lt_compat, pow_lt; lra).
  destruct Hbook as (Hl & _ & Hfin & _ & Htheta & _). destruct (shipped_sizes b Hb) as (_ & Hs & Hkp & _).
  unfold code, codes, norm. rewrite (codes_of_row_model s bits x Hm Hd Hn Hbits Hx Hnorm thetas Hfin thetas_small j Hj).
  rewrite Hl. replace (S (2 ^ b - 1)) with N by (unfold N in *; lia).
  apply (encode32_acceptable N g U rho m k n eps (vec32 x) e (fun i => vec64 thetas (i - 1)%nat)
    (fun i => codebook_error (threshold g i U)) j).
  - now apply shipped_generator.
  - unfold U. lra.
  - exact Hrho.
  - exact Hm.
  - exact Hj.
  - apply Hn.
  - apply sign_vec_sign.
  - apply vec32_binary32.
  - apply vec32_beyond.
  - apply (shipped_codebook_sorted b (N.to_nat w) _ Hb (word_limit w Hw)). exact Htheta.
  - exact Htheta.
Qed.

(** *** The decoded values *)

Let z := codewords_of_codes codewords codes.

Lemma decoded_codeword j : (j < d)%nat ->
  is_finite32 (nth j z zero32) = true /\ vec32 z j = float_codeword codewords (code j).
Proof.
  intros Hj. destruct Hbook as (_ & Hl & _ & Hfin & _ & _). unfold vec32, z, codewords_of_codes.
  set (f := fun c => nth (N.to_nat c) (map narrow codewords) zero32).
  rewrite (nth_indep _ zero32 (f 0%N)) by (rewrite map_length, codes_length; exact Hj). rewrite map_nth. unfold f. fold (code j).
  pose proof (code_below j) as Hc. rewrite (nth_indep _ zero32 (narrow zero64)) by (rewrite map_length, Hl; exact Hc). rewrite map_nth.
  apply (narrow_spec (nth (code j) codewords zero64)); [now apply finite64_nth|].
  apply fits32_bounded with 50%Z; [lia|]. now apply (codewords_small b w thetas codewords).
Qed.

Lemma z_length : length z = d.
Proof. unfold z, codewords_of_codes. now rewrite map_length, codes_length. Qed.

Lemma z_small j : Rabs (vec32 z j) <= bpow radix2 60.
Proof.
  destruct (Nat.lt_ge_cases j d) as [Hj | Hj].
  - rewrite (proj2 (decoded_codeword j Hj)). apply Rle_trans with (bpow radix2 50); [|now apply bpow_le].
    apply round32_bounded; [lia|]. apply (codewords_small b w thetas codewords); try assumption. apply code_below.
  - rewrite vec32_beyond, Rabs_R0 by (now rewrite z_length). apply bpow_ge_0.
Qed.

Lemma z_finite : finite32 z.
Proof. apply finite32_of_nth. intros i Hi. rewrite z_length in Hi. now apply decoded_codeword. Qed.

Definition row_decode_bound : R :=
  scaled_decode_error_bound m k rho e
    (fun j => codeword_error_bound (codeword g (code j) U) (codebook_error (codeword g (code j) U)))
    (fun j => codeword g (code j) U) (fun j => float_codeword codewords (code j)).

Let out := values_of_row s bits n norm z.
Let exact := decode d H eps rho (fun j => codeword g (code j) U).

Lemma row_decoded : 0 < rho -> forall i, (i < n)%nat ->
  (is_finite32 (nth i out zero32) = true -> Rabs (vec32 out i - exact i) <= row_decode_bound) /\
  (Rabs (exact i) + row_decode_bound < bpow radix2 128 -> is_finite32 (nth i out zero32) = true).
Proof.
  intros Hrho i Hi.
  destruct (values_of_row_model s bits n norm z Hm Hd (proj2 Hn) Hbits Hnorm Hrho z_finite z_length z_small i Hi) as [Hval Hfin].
  cbv zeta in Hval, Hfin. fold m k rho e eps out in Hval, Hfin.
  destruct (scaled_norm norm Hnorm (Rlt_le _ _ Hrho)) as (_ & Hrv & _). fold rho e in Hrv.
  assert (Herr : Rabs (decode32 m k eps (rho * bpow radix2 e) e (vec32 z) i - exact i) <= row_decode_bound).
  { pose proof (decode_error_bound_correct m k eps rho e
      (fun j => codeword_error_bound (codeword g (code j) U) (codebook_error (codeword g (code j) U)))
      (fun j => codeword g (code j) U) (vec32 z) i Hm) as Hc. fold d in Hc. fold H in Hc. fold exact in Hc.
    assert (Hbound : scaled_decode_error_bound m k rho e
      (fun j => codeword_error_bound (codeword g (code j) U) (codebook_error (codeword g (code j) U)))
      (fun j => codeword g (code j) U) (vec32 z) = row_decode_bound).
    { unfold row_decode_bound, scaled_decode_error_bound, decode_error_bound, transform_error_bound.
      rewrite (sum_ext (m * 2 ^ k) (fun i => Rabs (vec32 z i)) (fun i => Rabs (float_codeword codewords (code i)))); [reflexivity|].
      intros j Hj. now rewrite (proj2 (decoded_codeword j Hj)). }
    rewrite <- Hbound. apply Hc.
    - apply Nat.lt_le_trans with n; [exact Hi|apply Hn].
    - apply sign_vec_sign.
    - exact (Rlt_le _ _ Hrho).
    - rewrite <- Hrv. apply value32_binary32.
    - apply vec32_binary32.
    - intros j Hj. rewrite (proj2 (decoded_codeword j Hj)). apply codeword_error_bound_correct.
      destruct Hbook as (_ & _ & _ & _ & _ & Hword). apply Hword, code_below. }
  split.
  - intros Hf. now rewrite (Hval Hf).
  - intros Hlt. apply Hfin. eapply Rle_lt_trans; [|exact Hlt].
    set (y := decode32 _ _ _ _ _ _ _) in *. replace y with (exact i + (y - exact i)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.

(** A row of zeros comes back as zeros. *)
Lemma row_of_zeros : rho = 0 -> forall i, vec32 x i = 0 /\ vec32 out i = 0.
Proof.
  intros H0 i. split; [exact (entries_of_zero_norm s bits x Hd Hn Hbits Hx Hnorm i H0)|].
  unfold out, values_of_row. rewrite (proj2 (is_zero32_spec norm Hnorm) H0).
  unfold vec32. replace (nth i (repeat zero32 n) zero32) with zero32; [reflexivity|].
  clear. generalize n as c. intros c. revert i. induction c as [|c IH]; intros [|i]; cbn [repeat nth]; easy || apply IH.
Qed.
End Row.

(** ** Encoder and decoder as they are called *)

(** |x^_i - x^_i of the real scheme|, for the codes of a row. *)
Definition decoded_error_bound (b : nat) (s : shape) (w : N) (norm : binary32) (codewords : list binary64) (code : nat -> nat) : R :=
  let g := shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b) in
  let exact j := codeword g (code j) (dither_of_word (N.to_nat w)) in
  scaled_decode_error_bound (base s) (stages s) (value32 norm) (scale_exponent norm)
    (fun j => codeword_error_bound (exact j) (codebook_error (exact j))) exact (fun j => float_codeword codewords (code j)).

Theorem row_error b seed row x (thetas codewords : N -> list binary64) :
  (1 <= b <= 8)%nat -> (0 < length x)%nat -> (Z.of_nat (length x) <= 2 ^ 24)%Z ->
  finite32 x -> is_finite32 (norm_list32 x) = true ->
  let w := dither_word seed row in
  codebook_within b w (thetas w) (codewords w) ->
  let s := shape_of (length x) in
  let d := order_of s in
  let bits := sign_bits seed d in
  let norm := norm_list32 x in
  let rho := value32 norm in
  let e := scale_exponent norm in
  let g := shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b) in
  let U := dither_of_word (N.to_nat w) in
  let H := supported_matrix (base s) (stages s) in
  exists bytes,
    encode_row_with s bits thetas (N.of_nat b) seed row x = Encoded norm bytes /\
    let code j := N.to_nat (nth j (unpack_bytes (N.of_nat b) d bytes) 0%N) in
    let out := decode_row_with s bits (length x) codewords (N.of_nat b) seed row norm bytes in
    let exact := decode d H (sign_vec bits) rho (fun j => codeword g (code j) U) in
    let bound := decoded_error_bound b s w norm (codewords w) code in
    Rabs (rho - sqrt (norm2 (length x) (vec32 x))) <= norm_error_bound (length x) (sqrt (norm2 (length x) (vec32 x))) /\
    (0 < rho -> forall j, (j < d)%nat ->
      acceptable (2 ^ b - 1) (fun i => threshold g i U * rho)
        (fun i => scaled_threshold_error_bound (threshold g i U) rho e (codebook_error (threshold g i U)))
        (rotation_error_bound (base s) (stages s) (length x) e (vec32 x)) (rotate d H (sign_vec bits) (vec32 x) j) (code j)) /\
    (0 < rho -> forall i, (i < length x)%nat ->
      (is_finite32 (nth i out zero32) = true -> Rabs (vec32 out i - exact i) <= bound) /\
      (Rabs (exact i) + bound < bpow radix2 128 -> is_finite32 (nth i out zero32) = true)) /\
    (rho = 0 -> forall i, vec32 x i = 0 /\ vec32 out i = 0).
Proof.
  intros Hb Hn Hlimit Hx Hnorm w Hbook s d bits norm rho e g U H.
  destruct (shape_of_spec (length x) Hn Hlimit) as (Hm & Hcover & Hd). fold s in Hm, Hcover, Hd.
  assert (Hbits : (order_of s <= length bits)%nat) by (unfold bits; rewrite sign_bits_length; apply Nat.le_refl).
  assert (Hw : (w < 2 ^ 32)%N) by apply dither_word_lt.
  set (codes := codes_of_row s bits (thetas w) norm x).
  exists (pack_bytes (N.of_nat b) codes). split.
  - unfold encode_row_with. rewrite (proj1 (first_not_finite_spec x) Hx). fold norm w. unfold norm at 1. now rewrite Hnorm.
  - pose proof (conj Hn Hcover) as Hlen.
    assert (Hun : unpack_bytes (N.of_nat b) d (pack_bytes (N.of_nat b) codes) = codes)
      by (apply (codes_unpacked b s bits w x (thetas w) (codewords w)); assumption).
    unfold decode_row_with. fold d w. rewrite Hun.
    split; [|split; [|split]].
    + eapply row_norm; eassumption.
    + apply (row_codes b s bits w x (thetas w) (codewords w)); assumption.
    + apply (row_decoded b s bits w x (thetas w) (codewords w)); assumption.
    + eapply row_of_zeros; eassumption.
Qed.

(** Where no coordinate lies at a threshold the codes are the real scheme's, and so is the row, to the bound. *)
Theorem row_error_away b seed row x (thetas codewords : N -> list binary64) :
  (1 <= b <= 8)%nat -> (0 < length x)%nat -> (Z.of_nat (length x) <= 2 ^ 24)%Z ->
  finite32 x -> is_finite32 (norm_list32 x) = true ->
  let w := dither_word seed row in
  codebook_within b w (thetas w) (codewords w) ->
  let s := shape_of (length x) in
  let d := order_of s in
  let bits := sign_bits seed d in
  let norm := norm_list32 x in
  let rho := value32 norm in
  let e := scale_exponent norm in
  let g := shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b) in
  let U := dither_of_word (N.to_nat w) in
  let H := supported_matrix (base s) (stages s) in
  0 < rho ->
  (forall j i, (j < d)%nat -> (1 <= i <= 2 ^ b - 1)%nat ->
    rotation_error_bound (base s) (stages s) (length x) e (vec32 x)
    + scaled_threshold_error_bound (threshold g i U) rho e (codebook_error (threshold g i U))
    < Rabs (rotate d H (sign_vec bits) (vec32 x) j - threshold g i U * rho)) ->
  exists bytes,
    encode_row_with s bits thetas (N.of_nat b) seed row x = Encoded norm bytes /\
    let code j := N.to_nat (nth j (unpack_bytes (N.of_nat b) d bytes) 0%N) in
    let out := decode_row_with s bits (length x) codewords (N.of_nat b) seed row norm bytes in
    forall i, (i < length x)%nat -> is_finite32 (nth i out zero32) = true ->
    Rabs (vec32 out i - reconstruct (2 ^ b) g d H rho (vec32 x) (sign_vec bits) U i)
    <= decoded_error_bound b s w norm (codewords w) code.
Proof.
  intros Hb Hn Hlimit Hx Hnorm w Hbook s d bits norm rho e g U H Hrho Haway.
  destruct (row_error b seed row x thetas codewords Hb Hn Hlimit Hx Hnorm Hbook) as (bytes & Henc & Hrest).
  exists bytes. split; [exact Henc|]. intros code out i Hi Hfin. cbv zeta in Hrest. fold w s d bits norm rho e g U H code out in Hrest.
  destruct Hrest as (_ & Hcodes & Hout & _). specialize (Hcodes Hrho). destruct (Hout Hrho i Hi) as [Herr _]. specialize (Herr Hfin).
  destruct (word_range (N.to_nat w) (word_limit w (dither_word_lt seed row))) as [HU1 HU2]. fold U in HU1, HU2.
  assert (Hh : 0 < / 2 ^ 33) by (apply Rinv_0_lt_compat, pow_lt; lra).
  destruct (shipped_sizes b Hb) as (HN & Hs & Hkp & _).
  assert (Hg : generator (2 ^ b) g) by now apply shipped_generator.
  assert (Hsame : forall j, (j < d)%nat -> code j = encode (2 ^ b) g U (rotate d H (sign_vec bits) (vec32 x) j / rho)).
  { intros j Hj. rewrite encode_count_passed by exact Hrho. specialize (Hcodes j Hj).
    assert (Hinc : nondecreasing (2 ^ b - 1) (fun i => threshold g i U * rho)).
    { intros i' H1 H2. left. apply scaled_threshold_increasing with (2 ^ b)%nat; easy || lra. }
    pose proof (acceptable_mismatch _ _ _ _ _ _ Hinc Hcodes) as Hnear. cbv zeta in Hnear. cbv beta in Hnear.
    pose proof (count_passed_le (2 ^ b - 1) (fun i => threshold g i U * rho) (rotate d H (sign_vec bits) (vec32 x) j)) as Hc.
    set (c := count_passed _ _ _) in *. destruct (Nat.eq_dec (code j) c) as [|Hne]; [easy|]. exfalso.
    pose proof (proj1 Hcodes) as Hf.
    set (i0 := Nat.max c (code j)). specialize (Hnear i0 ltac:(unfold i0; lia)).
    specialize (Haway j i0 Hj ltac:(unfold i0; lia)). lra. }
  replace (reconstruct (2 ^ b) g d H rho (vec32 x) (sign_vec bits) U i)
    with (decode d H (sign_vec bits) rho (fun j => codeword g (code j) U) i); [exact Herr|].
  unfold reconstruct, decode. do 2 f_equal. apply sum_ext. intros j Hj. unfold quantize. now rewrite Hsame.
Qed.
