(** * The compander's position, with every rounding (SPEC §3, §4; fast/src/quantizer/compand_tables.hpp)

    The encoder computes x in float32: the scale once for a row, the segment i and the rest r of y, the polynomial by Horner's rule
    with one rounding a step. Where the sign of y chooses among sixteen polynomials, the origin is added to the constant term; where
    eight serve |y|, last. Either way x is within eps of base + X + eps, X the position of any number that the rounded
    thresholds cannot tell from y/rho. *)
From Coq Require Import ZArith QArith Qreals Reals List Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.
From Hdq Require Import Defs DitheredQuantizer ShippedGenerator CertificateChecker CompanderChecker CompanderBounds Constants.
From Hdq Require Import FloatTree FloatTransform FloatCode FloatCodebook CompanderCode.
Import ListNotations.
Open Scope R_scope.

(** ** What the code computes *)

Definition compander_eps (b : nat) : R := compander_epsilon (compander_error_exponent b).

Definition compander_scale (rho : R) : R := round32 (round64 (/ round64 (segment_width * rho))).

(** i and r: in [2^23, 2^24) a binary32 number is an integer. *)
Definition compander_index (rho y : R) : R := round32 (y * compander_scale rho + 12582912) - 12582912.
Definition compander_rest (rho y : R) : R := round32 (y * compander_scale rho - compander_index rho y).

(** base + N/2 + 1/2 + eps - U *)
Definition compander_origin (b w : nat) : R :=
  round64 (IZR (compander_base b) + INR (2 ^ b) / 2 + 1/2 + compander_eps b - dither_of_word w).

(** Horner's rule: each step one fused multiplication and addition. *)
Fixpoint horner32 (p : list Z) (r : R) : R :=
  match p with
  | [] => 0
  | a :: p' => match p' with [] => coefficient a | _ => round32 (horner32 p' r * r + coefficient a) end
  end.

(** The coefficients of sign P(-r). *)
Fixpoint mirrored (sign : Z) (p : list Z) : list Z :=
  match p with [] => [] | a :: p' => (sign * a)%Z :: mirrored (- sign) p' end.

Definition segment_polynomial (b : nat) (s : Z) : list Z :=
  let p := nth (Z.abs_nat s) (compander_table b) [] in if (s <? 0)%Z then mirrored (-1) p else p.

(** Sixteen polynomials (AVX-512). *)
Definition compander_position_of_sixteen (b w : nat) (rho y : R) : R :=
  let p := segment_polynomial b (Zfloor (compander_index rho y)) in
  let r := compander_rest rho y in
  round32 (horner32 (tl p) r * r + round32 (round64 (coefficient (hd 0%Z p) + compander_origin b w))).

(** Eight (the other instruction sets). *)
Definition compander_position_of_eight (b w : nat) (rho y : R) : R :=
  let p := segment_polynomial b (Zfloor (compander_index rho (Rabs y))) in
  let q := horner32 p (compander_rest rho (Rabs y)) in
  round32 (round32 (compander_origin b w) + (if Rlt_dec y 0 then - q else q)).

(** |y| below it has a segment. *)
Definition compander_range_limit (rho : R) : R := round32 (round64 (15/2 * (1 - / 2 ^ 20) * segment_width * rho)).

(** x is what an instruction set computes where y is in its range; with sixteen polynomials that is where i is not +-8. *)
Definition compander_computes (b w : nat) (rho y x : R) : Prop :=
  (Rabs (y * compander_scale rho) < 15/2 /\ x = compander_position_of_sixteen b w rho y)
  \/ (Rabs y < compander_range_limit rho /\ x = compander_position_of_eight b w rho y).

(** Thresholds in float32 may move z by so much. *)
Definition threshold_reach (z : R) : R := (/ 2 ^ 24 + / 2 ^ 38) * Rabs z + / 2 ^ 38.

(** ** Roundings *)

Lemma round32_below e x : (-125 <= e)%Z -> Rabs x < bpow radix2 e -> Rabs (round32 x - x) <= bpow radix2 (e - 25).
Proof.
  intros He Hx. unfold round32, round_format. eapply Rle_trans; [apply error_le_half_ulp; now apply FLT_exp_valid|].
  assert (U : ulp radix2 (FLT_exp (-149) 24) x <= bpow radix2 (e - 24)).
  { destruct (Req_dec x 0) as [-> | Hne].
    - rewrite ulp_FLT_small; [apply bpow_le; lia|easy|rewrite Rabs_R0; apply bpow_gt_0].
    - rewrite ulp_neq_0 by exact Hne. apply bpow_le. unfold cexp, FLT_exp. pose proof (mag_le_bpow radix2 x e Hne Hx). lia. }
  replace (e - 25)%Z with (-1 + (e - 24))%Z by ring. rewrite bpow_plus. change (bpow radix2 (-1)) with (/ 2). lra.
Qed.

Lemma relative_factor x y d : x <> 0 -> Rabs (y - x) <= d * Rabs x -> exists k, Rabs k <= d /\ y = x * (1 + k).
Proof.
  intros Hx H. exists ((y - x) / x). split; [|field; exact Hx]. unfold Rdiv. rewrite Rabs_mult, Rabs_inv.
  apply Rle_div_l; [now apply Rabs_pos_lt|exact H].
Qed.

Lemma round32_factor x : / 2 ^ 105 <= x -> exists k, Rabs k <= / 2 ^ 24 + / 2 ^ 45 /\ round32 x = x * (1 + k).
Proof.
  intros Hx. assert (0 < / 2 ^ 105) by (apply Rinv_0_lt_compat, pow_lt; lra).
  apply relative_factor; [lra|]. eapply Rle_trans; [apply round32_error|]. rewrite Rabs_pos_eq by lra.
  unfold unit_roundoff. assert (underflow32 <= / 2 ^ 45 * / 2 ^ 105).
  { unfold underflow32. right. rewrite <- Rinv_mult, <- pow_add. change (bpow radix2 (-150)) with (/ IZR (2 ^ 150)).
    rewrite (pow_IZR 2). reflexivity. }
  assert (/ 2 ^ 45 * / 2 ^ 105 <= / 2 ^ 45 * x) by (apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat, pow_lt; lra|lra]).
  lra.
Qed.

Lemma round64_factor x : / 2 ^ 105 <= x -> exists k, Rabs k <= / 2 ^ 52 /\ round64 x = x * (1 + k).
Proof.
  intros Hx. assert (0 < / 2 ^ 105) by (apply Rinv_0_lt_compat, pow_lt; lra).
  apply relative_factor; [lra|]. eapply Rle_trans; [apply round64_error|]. rewrite Rabs_pos_eq by lra.
  assert (underflow64 <= / 2 ^ 53 * / 2 ^ 105).
  { unfold underflow64. apply Rle_trans with (bpow radix2 (-158)); [apply bpow_le; lia|]. right.
    rewrite <- Rinv_mult, <- pow_add. change (bpow radix2 (-158)) with (/ IZR (2 ^ 158)). rewrite (pow_IZR 2). reflexivity. }
  assert (/ 2 ^ 53 * / 2 ^ 105 <= / 2 ^ 53 * x) by (apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat, pow_lt; lra|lra]).
  assert (/ 2 ^ 52 = 2 * / 2 ^ 53) by (simpl; lra). lra.
Qed.

(** ** The scale, the segment and the rest *)

Section Row.
Variable rho : R.
Hypothesis Hrho : / 2 ^ 100 <= rho <= 2 ^ 100.

Lemma norm_positive : 0 < rho.
Proof. assert (0 < / 2 ^ 100) by (apply Rinv_0_lt_compat, pow_lt; lra). lra. Qed.

Lemma compander_scale_error : exists k, Rabs k <= / 2 ^ 24 + / 2 ^ 40 /\ compander_scale rho = (1 + k) / (segment_width * rho).
Proof.
  pose proof norm_positive as H0. set (v := segment_width * rho).
  assert (P100 : 0 < / 2 ^ 100) by (apply Rinv_0_lt_compat, pow_lt; lra).
  assert (P101 : / 2 ^ 102 = / 2 ^ 100 / 4) by (rewrite <- (pow_add 2 100 2) || (simpl; field)).
  assert (P105 : / 2 ^ 105 <= / 2 ^ 102) by (apply Rinv_le_contravar; [apply pow_lt; lra|apply Rle_pow; [lra|lia]]).
  assert (Hv : / 2 ^ 102 <= v) by (unfold v, segment_width; lra).
  destruct (round64_factor v ltac:(lra)) as (k1 & K1 & E1).
  assert (S52 : / 2 ^ 52 <= / 1000) by (simpl; lra). assert (S45 : / 2 ^ 24 + / 2 ^ 45 <= / 1000) by (simpl; lra).
  apply Rabs_le_inv in K1.
  assert (Hi : / 2 ^ 102 <= / (v * (1 + k1))).
  { apply Rinv_le_contravar; [apply Rmult_lt_0_compat; lra|].
    apply Rle_trans with (2 ^ 100 * 2); [|simpl; lra]. apply Rmult_le_compat; unfold v, segment_width; lra. }
  destruct (round64_factor (/ (v * (1 + k1))) ltac:(lra)) as (k2 & K2 & E2). apply Rabs_le_inv in K2.
  assert (Hj : / 2 ^ 105 <= / (v * (1 + k1)) * (1 + k2)).
  { apply Rle_trans with (/ 2 ^ 102 * (1 / 2)); [rewrite P101; simpl; lra|]. apply Rmult_le_compat; lra. }
  destruct (round32_factor _ Hj) as (k3 & K3 & E3). apply Rabs_le_inv in K3.
  exists ((1 + k2) * (1 + k3) / (1 + k1) - 1). split.
  - assert (D : (1 + k2) * (1 + k3) / (1 + k1) - 1 = (k2 + k3 + k2 * k3 - k1) / (1 + k1)) by (field; lra).
    rewrite D. assert (M : Rabs (k2 * k3) <= / 2 ^ 52 * 1).
    { rewrite Rabs_mult. apply Rmult_le_compat; try apply Rabs_pos; apply Rabs_le; lra. }
    apply Rabs_le_inv in M. unfold Rdiv. rewrite Rabs_mult, Rabs_inv, (Rabs_pos_eq (1 + k1)) by lra.
    apply Rle_div_l; [lra|]. apply Rle_trans with ((/ 2 ^ 24 + / 2 ^ 40) * (1 - / 2 ^ 52)).
    + apply Rabs_le. simpl in *; lra.
    + apply Rmult_le_compat_l; [simpl; lra|lra].
  - unfold compander_scale. fold v. rewrite E1, E2, E3. field. split; [|unfold v, segment_width]; lra.
Qed.

Lemma integer_round v : 8388608 < round32 v < 16777216 -> (exists n, round32 v = IZR n) /\ Rabs (round32 v - v) <= 1/2.
Proof.
  intros Hv.
  assert (Hf : forall n : Z, (0 < n <= 2 ^ 24)%Z -> round32 (IZR n) = IZR n).
  { intros n Hn. apply round_format_id. unfold in_format. apply generic_format_FLT.
    destruct (Z.eq_dec n (2 ^ 24)) as [-> | Hne].
    - exists (Float radix2 1 24); [unfold F2R; simpl; ring|simpl; lia|simpl; lia].
    - exists (Float radix2 n 0); [unfold F2R; simpl; ring|simpl; lia|simpl; lia]. }
  assert (Low : 8388608 <= v).
  { apply Rnot_lt_le. intros L. pose proof (round32_le v 8388608 ltac:(lra)) as K. rewrite (Hf 8388608%Z) in K by lia. lra. }
  assert (High : v < 16777216).
  { apply Rnot_le_lt. intros L. pose proof (round32_le 16777216 v L) as K. rewrite (Hf 16777216%Z) in K by lia. lra. }
  split.
  - assert (C : cexp radix2 (FLT_exp (-149) 24) v = 0%Z).
    { unfold cexp, FLT_exp. rewrite (mag_unique radix2 v 24); [reflexivity|]. rewrite Rabs_pos_eq by lra. simpl. lra. }
    unfold round32, round_format, round, F2R. rewrite C. eexists. simpl. rewrite Rmult_1_r. reflexivity.
  - pose proof (round32_below 24 v ltac:(lia) ltac:(rewrite Rabs_pos_eq by lra; simpl; lra)) as K. simpl in K. lra.
Qed.

Variable y : R.
Hypothesis Hy : Rabs (y * compander_scale rho) < 15/2.

Lemma compander_index_integer : exists i, compander_index rho y = IZR i /\ Rabs (y * compander_scale rho - IZR i) <= 1/2.
Proof.
  unfold compander_index. set (v := y * compander_scale rho) in *. apply Rabs_def2 in Hy.
  assert (B : 8388608 < round32 (v + 12582912) < 16777216).
  { pose proof (round32_below 24 (v + 12582912) ltac:(lia) ltac:(rewrite Rabs_pos_eq by lra; simpl; lra)) as K.
    simpl in K. apply Rabs_le_inv in K. lra. }
  destruct (integer_round _ B) as ((n & E) & K). exists (n - 12582912)%Z. rewrite minus_IZR, <- E. split; [reflexivity|].
  rewrite <- Rabs_Ropp. replace (- (v - (round32 (v + 12582912) - 12582912))) with (round32 (v + 12582912) - (v + 12582912)) by ring.
  exact K.
Qed.

Lemma compander_rest_error i : compander_index rho y = IZR i -> Rabs (y * compander_scale rho - IZR i) <= 1/2 ->
  Rabs (compander_rest rho y) <= 1/2 /\ Rabs (compander_rest rho y - (y * compander_scale rho - IZR i)) <= / 2 ^ 26.
Proof.
  intros Ei Hi. unfold compander_rest. rewrite Ei. set (v := y * compander_scale rho - IZR i) in *.
  assert (Half : round32 (1/2) = 1/2).
  { apply round_format_id. unfold in_format. apply generic_format_FLT.
    exists (Float radix2 1 (-1)); [unfold F2R; simpl; lra|simpl; lia|simpl; lia]. }
  assert (Half' : round32 (- (1/2)) = - (1/2)) by (rewrite round32_opp, Half; reflexivity).
  apply Rabs_le_inv in Hi. split.
  - pose proof (round32_le _ _ (proj1 Hi)) as L. pose proof (round32_le _ _ (proj2 Hi)) as U. rewrite Half in U. rewrite Half' in L.
    apply Rabs_le. lra.
  - destruct (Req_dec v (1/2)) as [-> | N1]; [rewrite Half, Rminus_diag_eq, Rabs_R0 by easy; simpl; lra|].
    destruct (Req_dec v (- (1/2))) as [-> | N2]; [rewrite Half', Rminus_diag_eq, Rabs_R0 by easy; simpl; lra|].
    assert (L : Rabs v < bpow radix2 (-1)) by (change (bpow radix2 (-1)) with (/ 2); apply Rabs_def1; lra).
    pose proof (round32_below (-1) v ltac:(lia) L) as K. simpl in *. lra.
Qed.

(** All that moves z, together. *)
Lemma segment_reached i z' : Rabs (y * compander_scale rho - IZR i) <= 1/2 -> compander_index rho y = IZR i ->
  Rabs (z' - y / rho) <= threshold_reach (y / rho) ->
  Rabs (z' - segment_width * (IZR i + compander_rest rho y)) <= segment_reach (Z.abs i).
Proof.
  intros Hi Ei Hz. pose proof norm_positive as H0. destruct (compander_rest_error i Ei Hi) as [_ Hr].
  destruct compander_scale_error as (k & K & E). set (z := y / rho) in *.
  set (r := compander_rest rho y) in *. set (v := y * compander_scale rho) in *.
  assert (V : segment_width * v = z * (1 + k)).
  { unfold v, z. rewrite E. unfold segment_width. field. lra. }
  assert (A : Rabs v <= IZR (Z.abs i) + 1/2).
  { rewrite abs_IZR. replace v with (IZR i + (v - IZR i)) by ring. eapply Rle_trans; [apply Rabs_triang|]. lra. }
  assert (W : segment_width * Rabs v = Rabs z * (1 + k)).
  { apply Rabs_le_inv in K. transitivity (Rabs (segment_width * v)).
    - rewrite Rabs_mult, (Rabs_pos_eq segment_width) by (unfold segment_width; lra). reflexivity.
    - rewrite V, Rabs_mult, (Rabs_pos_eq (1 + k)) by (simpl in K; lra). reflexivity. }
  assert (P : 0 <= IZR (Z.abs i)) by (apply IZR_le; lia).
  pose proof (Rabs_pos z) as Z0. pose proof (Rabs_pos k) as K0.
  assert (Zk : Rabs (z * k) <= Rabs z * (/ 2 ^ 24 + / 2 ^ 40)) by (rewrite Rabs_mult; apply Rmult_le_compat_l; easy).
  assert (Zk' : - (Rabs z * (/ 2 ^ 24 + / 2 ^ 40)) <= Rabs z * k).
  { apply Rabs_le_inv in K. replace (- (Rabs z * (/ 2 ^ 24 + / 2 ^ 40))) with (Rabs z * - (/ 2 ^ 24 + / 2 ^ 40)) by ring.
    apply Rmult_le_compat_l; lra. }
  assert (Wr : Rabs (segment_width * (r - (v - IZR i))) <= segment_width * / 2 ^ 26).
  { rewrite Rabs_mult, (Rabs_pos_eq segment_width) by (unfold segment_width; lra).
    apply Rmult_le_compat_l; [unfold segment_width; lra|exact Hr]. }
  assert (D : z' - segment_width * (IZR i + r) = (z' - z) - (z * k + segment_width * (r - (v - IZR i)))).
  { replace (z * k) with (segment_width * v - z) by (rewrite V; ring). ring. }
  rewrite D. unfold threshold_reach in Hz. unfold segment_reach.
  change (IZR (2 ^ 12)) with 4096. change (IZR (2 ^ 10)) with 1024. change (IZR (2 ^ 24)) with 16777216.
  set (q := IZR (Z.abs i)) in *. unfold segment_width in *. apply Rabs_le_inv in Hz, Zk, Wr. apply Rabs_le. simpl pow in *. lra.
Qed.
End Row.

(** ** The polynomial *)

Lemma half_product a m r : Rabs a <= m -> Rabs r <= 1/2 -> Rabs (a * r) <= m * (1/2).
Proof. intros Ha Hr. rewrite Rabs_mult. apply Rmult_le_compat; try apply Rabs_pos; easy. Qed.

Lemma horner32_step a p r : p <> [] -> horner32 (a :: p) r = round32 (horner32 p r * r + coefficient a).
Proof. destruct p; [congruence|reflexivity]. Qed.

Lemma horner32_error p r : Rabs r <= 1/2 ->
  Rabs (horner32 p r - polynomial p r) <= horner_error p /\ Rabs (horner32 p r) <= polynomial_size p + horner_error p.
Proof.
  intros Hr. enough (E : Rabs (horner32 p r - polynomial p r) <= horner_error p).
  { split; [exact E|]. pose proof (polynomial_le_size p r Hr).
    replace (horner32 p r) with (polynomial p r + (horner32 p r - polynomial p r)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]. lra. }
  induction p as [|a p IH]; [simpl; rewrite Rminus_diag_eq, Rabs_R0 by easy; lra|].
  pose proof (horner_error_nonneg (a :: p)) as E0. pose proof (horner_error_nonneg p) as E1.
  destruct p as [|b p]; [cbn [horner32 polynomial]; rewrite Rmult_0_r, Rplus_0_r, Rminus_diag_eq, Rabs_R0 by easy; exact E0|].
  set (p' := b :: p) in *. rewrite horner32_step by discriminate. cbn [polynomial horner_error].
  set (q := horner32 p' r) in *. set (v := q * r + coefficient a).
  pose proof (polynomial_le_size p' r Hr) as S. pose proof (half_product _ _ r IH Hr) as D.
  assert (Q : Rabs q <= polynomial_size p' + horner_error p').
  { replace q with (polynomial p' r + (q - polynomial p' r)) by ring. eapply Rle_trans; [apply Rabs_triang|]. lra. }
  assert (V : Rabs v <= Rabs (coefficient a) + (polynomial_size p' + horner_error p') / 2).
  { unfold v. eapply Rle_trans; [apply Rabs_triang|]. pose proof (half_product _ _ r Q Hr). lra. }
  pose proof (round32_error v) as K.
  assert (U : underflow32 <= / IZR (2 ^ 60)).
  { unfold underflow32. change (/ IZR (2 ^ 60)) with (bpow radix2 (-60)). apply bpow_le. lia. }
  replace (round32 v - (coefficient a + r * polynomial p' r)) with ((round32 v - v) + (q - polynomial p' r) * r) by (unfold v; ring).
  eapply Rle_trans; [apply Rabs_triang|]. unfold unit_roundoff in K. change (IZR (2 ^ 24)) with 16777216 in *. simpl pow in K. lra.
Qed.

Lemma polynomial_mirrored p : forall sign r, polynomial (mirrored sign p) r = IZR sign * polynomial p (- r).
Proof.
  induction p as [|a p IH]; intros sign r; cbn [mirrored polynomial]; [ring|].
  rewrite IH, opp_IZR. unfold coefficient. rewrite mult_IZR. unfold Rdiv. ring.
Qed.

Lemma coefficient_mirrored a sign : (sign = 1 \/ sign = -1)%Z -> Rabs (coefficient (sign * a)) = Rabs (coefficient a).
Proof.
  intros H. unfold coefficient, Rdiv. rewrite mult_IZR, !Rabs_mult.
  replace (Rabs (IZR sign)) with 1; [ring|]. destruct H as [-> | ->]; [rewrite Rabs_pos_eq|rewrite Rabs_left]; lra.
Qed.

Lemma mirrored_size p : forall sign, (sign = 1 \/ sign = -1)%Z ->
  polynomial_size (mirrored sign p) = polynomial_size p /\ horner_error (mirrored sign p) = horner_error p.
Proof.
  induction p as [|a p IH]; intros sign H; cbn [mirrored polynomial_size horner_error]; [easy|].
  destruct (IH (- sign)%Z ltac:(lia)) as [-> ->]. rewrite coefficient_mirrored by exact H. easy.
Qed.

(** ** The last sums *)

Section Sums.
Variables (b w e : nat) (p : list Z) (r : R).
Let eps := compander_eps b.
Let base := IZR (compander_base b).
Let N := INR (2 ^ b).
Let origin := base + N / 2 + 1/2 + eps - dither_of_word w.
Hypothesis Hb : (3 <= b)%nat.
Hypothesis He : (e <= 8)%nat.
Hypothesis Hbase : base = bpow radix2 (Z.of_nat e).
Hypothesis Hlevels : N <= base.
Hypothesis Heps : 0 < eps <= / 2 ^ 13.
Hypothesis Hw : 0 < dither_of_word w < 1.
Hypothesis Hr : Rabs r <= 1/2.
Hypothesis Hsize : polynomial_size p + 1/2 + 4 * eps <= N / 2.
Hypothesis Hrounding : position_rounding (2 ^ b) (compander_base b) p <= eps.
Hypothesis Hdegree : tl p <> [].

Lemma levels_power : N = bpow radix2 (Z.of_nat b).
Proof. unfold N. rewrite INR_IZR_INZ, Nat2Z.inj_pow, <- IZR_Zpower by lia. reflexivity. Qed.

Lemma base_power : base <= 256 /\ 2 * base = bpow radix2 (Z.of_nat e + 1).
Proof.
  split; [|rewrite Hbase, bpow_plus; change (bpow radix2 1) with 2; ring].
  rewrite Hbase. change 256 with (bpow radix2 8). apply bpow_le. lia.
Qed.

Lemma eight_levels : 8 <= N.
Proof. unfold N. replace 8 with (INR (2 ^ 3)) by (simpl; lra). apply le_INR, Nat.pow_le_mono_r; lia. Qed.

(** (horner_error (tl p) / 2 + (N / 4 + 2 base) / 2^24) (1 + 2^-10) *)
Lemma rounding_split : horner_error (tl p) / 2 + (N / 4 + 2 * base) / 16777216 + / 2 ^ 30 < position_rounding (2 ^ b) (compander_base b) p.
Proof.
  pose proof (horner_error_nonneg (tl p)) as E0. pose proof eight_levels as N8.
  unfold position_rounding. fold N base. change (IZR (2 ^ 24)) with 16777216. change (IZR (2 ^ 10)) with 1024.
  simpl pow. lra.
Qed.

Lemma origin_error : Rabs (compander_origin b w - origin) <= / 2 ^ 40.
Proof.
  destruct base_power as [B _]. unfold compander_origin. fold base N eps origin. pose proof (round64_error origin) as K.
  pose proof eight_levels as N8. assert (/ 2 ^ 13 <= 1) by (simpl; lra).
  rewrite (Rabs_pos_eq origin) in K by (unfold origin; lra).
  assert (underflow64 <= / 2 ^ 53).
  { unfold underflow64. replace (/ 2 ^ 53) with (bpow radix2 (-53)) by (simpl; lra). apply bpow_le. lia. }
  unfold origin in *. simpl pow in *. lra.
Qed.

Lemma round32_position v : Rabs v < 2 * base -> Rabs (round32 v - v) <= base / 16777216.
Proof.
  intros H. destruct base_power as [_ B]. rewrite B in H. pose proof (round32_below (Z.of_nat e + 1) v ltac:(lia) H) as K.
  replace (Z.of_nat e + 1 - 25)%Z with (Z.of_nat e + -24)%Z in K by ring. rewrite bpow_plus, <- Hbase in K.
  replace (base / 16777216) with (base * bpow radix2 (-24)); [exact K|reflexivity].
Qed.

Lemma sum_of_sixteen :
  Rabs (round32 (horner32 (tl p) r * r + round32 (round64 (coefficient (hd 0%Z p) + compander_origin b w))) - (origin + polynomial p r))
  < position_rounding (2 ^ b) (compander_base b) p.
Proof.
  pose proof rounding_split as R0. pose proof origin_error as O. destruct base_power as [B _].
  destruct p as [|a p']; [simpl in Hdegree; congruence|]. cbn [tl hd polynomial polynomial_size] in *.
  destruct (horner32_error p' r Hr) as [E Q]. pose proof (horner_error_nonneg p') as E0. pose proof (Rabs_pos (coefficient a)) as A0.
  pose proof (polynomial_size_nonneg p') as S0. pose proof eight_levels as N0.
  set (q := horner32 p' r) in *. set (o := compander_origin b w) in *.
  pose proof (half_product _ _ r Q Hr) as Qr. pose proof (half_product _ _ r E Hr) as Er.
  set (c := coefficient a) in *. pose proof (Rabs_le_inv _ _ (Rle_refl (Rabs c))) as A1.
  assert (T13 : / 2 ^ 13 <= / 8192) by (simpl; lra). assert (T40 : / 2 ^ 40 = / 1099511627776) by (simpl; lra).
  assert (T30 : / 2 ^ 30 = / 1073741824) by (simpl; lra). rewrite T40 in O. rewrite T30 in R0. apply Rabs_le_inv in O, Qr, Er.
  unfold origin in *. set (d := dither_of_word w) in *.
  pose proof (round64_error (c + o)) as K64.
  assert (U64 : underflow64 <= / 2 ^ 53).
  { unfold underflow64. replace (/ 2 ^ 53) with (bpow radix2 (-53)) by (simpl; lra). apply bpow_le. lia. }
  assert (C64 : Rabs (c + o) <= 512) by (apply Rabs_le; lra).
  assert (T53 : / 2 ^ 53 = / 9007199254740992) by (simpl; lra). rewrite T53 in *.
  assert (D64 : Rabs (round64 (c + o) - (c + o)) <= / 1099511627776) by lra. apply Rabs_le_inv in D64.
  set (c64 := round64 (c + o)) in *.
  pose proof (round32_position c64 ltac:(apply Rabs_def1; lra)) as K1. apply Rabs_le_inv in K1. set (c32 := round32 c64) in *.
  pose proof (round32_position (q * r + c32) ltac:(apply Rabs_def1; lra)) as K2. apply Rabs_le_inv in K2.
  apply Rabs_def1; lra.
Qed.

Lemma sum_of_eight (negative : bool) :
  Rabs (round32 (round32 (compander_origin b w) + (if negative then - horner32 p r else horner32 p r))
        - (origin + (if negative then - polynomial p r else polynomial p r)))
  < position_rounding (2 ^ b) (compander_base b) p.
Proof.
  pose proof rounding_split as R0. pose proof origin_error as O. destruct base_power as [B _].
  destruct p as [|a p']; [simpl in Hdegree; congruence|]. cbn [tl] in *. rewrite horner32_step by exact Hdegree.
  cbn [polynomial polynomial_size] in *.
  destruct (horner32_error p' r Hr) as [E Q]. pose proof (horner_error_nonneg p') as E0. pose proof (Rabs_pos (coefficient a)) as A0.
  pose proof (polynomial_size_nonneg p') as S0. pose proof eight_levels as N0.
  set (q := horner32 p' r) in *. set (o := compander_origin b w) in *.
  pose proof (half_product _ _ r Q Hr) as Qr. pose proof (half_product _ _ r E Hr) as Er.
  set (c := coefficient a) in *. pose proof (Rabs_le_inv _ _ (Rle_refl (Rabs c))) as A1.
  assert (T13 : / 2 ^ 13 <= / 8192) by (simpl; lra). assert (T40 : / 2 ^ 40 = / 1099511627776) by (simpl; lra).
  assert (T30 : / 2 ^ 30 = / 1073741824) by (simpl; lra). rewrite T40 in O. rewrite T30 in R0. apply Rabs_le_inv in O, Qr, Er.
  unfold origin in *. set (d := dither_of_word w) in *.
  assert (Kq : Rabs (round32 (q * r + c) - (q * r + c)) <= N / 4 / 16777216).
  { pose proof (round32_below (Z.of_nat b - 1) (q * r + c) ltac:(lia)) as K.
    replace (bpow radix2 (Z.of_nat b - 1)) with (N / 2) in K.
    - replace (Z.of_nat b - 1 - 25)%Z with (Z.of_nat b + -26)%Z in K by ring. rewrite bpow_plus, <- levels_power in K.
      change (bpow radix2 (-26)) with (/ 67108864) in K.
      replace (N / 4 / 16777216) with (N * / 67108864) by lra. apply K. apply Rabs_def1; lra.
    - replace (Z.of_nat b - 1)%Z with (Z.of_nat b + -1)%Z by ring. rewrite bpow_plus, <- levels_power.
      change (bpow radix2 (-1)) with (/ 2). lra. }
  apply Rabs_le_inv in Kq. set (h := round32 (q * r + c)) in *.
  pose proof (round32_position o ltac:(apply Rabs_def1; lra)) as K1. apply Rabs_le_inv in K1. set (o32 := round32 o) in *.
  destruct negative.
  - pose proof (round32_position (o32 + - h) ltac:(apply Rabs_def1; lra)) as K2. apply Rabs_le_inv in K2. apply Rabs_def1; lra.
  - pose proof (round32_position (o32 + h) ltac:(apply Rabs_def1; lra)) as K2. apply Rabs_le_inv in K2. apply Rabs_def1; lra.
Qed.
End Sums.

(** ** The shipped polynomials *)

Definition compander_generator (b : nat) : R -> R := shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b).

Record compander_shape (b e : nat) : Prop := {
  shape_bits : (3 <= b)%nat;
  shape_base : IZR (compander_base b) = bpow radix2 (Z.of_nat e);
  shape_exponent : (e <= 8)%nat;
  shape_levels : INR (2 ^ b) <= IZR (compander_base b);
  shape_eps : 0 < compander_eps b <= / 2 ^ 13;
  shape_generator : generator (2 ^ b) (compander_generator b);
  shape_segments : length (compander_table b) = 8%nat;
  shape_degree : forallb (fun p => match tl p with [] => false | _ => true end) (compander_table b) = true;
  shape_certified : exists sigma kappa steps, 0 < Q2R sigma /\ 0 < Q2R kappa /\
    shipped_sigma b = Q2R sigma /\ shipped_kappa b = Q2R kappa /\ certified b sigma kappa steps = true }.

Lemma shape_of_bits b : (3 <= b <= 8)%nat -> exists e, compander_shape b e.
Proof.
  intros Hb. exists (if (b <? 8)%nat then 7%nat else 8%nat).
  assert (S : exists sigma kappa steps, 0 < Q2R sigma /\ 0 < Q2R kappa /\
    shipped_sigma b = Q2R sigma /\ shipped_kappa b = Q2R kappa /\ certified b sigma kappa steps = true).
  { destruct b as [|[|[|[|[|[|[|[|[|b]]]]]]]]]; try lia; unfold shipped_sigma, shipped_kappa;
      cbn [Nat.sub nth shipped_sigma_times_64 shipped_kappa_times_64];
      do 3 eexists; (split; [apply positive_ratio|]); (split; [apply positive_ratio|]); (split; [|split]);
      [| |exact certified_b3| | |exact certified_b4| | |exact certified_b5| | |exact certified_b6| | |exact certified_b7| | |exact certified_b8];
      reflexivity. }
  assert (G : generator (2 ^ b) (compander_generator b)).
  { destruct S as (sigma & kappa & steps & Hs & Hk & Es & Ek & _). unfold compander_generator. rewrite Es, Ek.
    apply shipped_generator; [apply (Nat.pow_le_mono_r 2 1 b); lia|exact Hs|exact Hk]. }
  destruct b as [|[|[|[|[|[|[|[|[|b]]]]]]]]]; try lia;
    (split; [lia|reflexivity|simpl; lia|rewrite INR_IZR_INZ; apply IZR_le; vm_compute; discriminate| |exact G|reflexivity|reflexivity|exact S]);
    unfold compander_eps, compander_epsilon, compander_error_exponent; cbn [Nat.sub nth CompanderTables.compander_error_exponents Z.opp];
    simpl; lra.
Qed.

(** Of a segment and its mirror image. *)
Lemma segment_close b e i r t : compander_shape b e -> (Z.abs i <= 7)%Z -> Rabs r <= 1/2 -> inside (2 ^ b) t ->
  Rabs (compand (compander_generator b) t - segment_width * (IZR i + r)) <= segment_reach (Z.abs i) ->
  let p := segment_polynomial b i in
  Rabs (INR (2 ^ b) / 2 + polynomial p r - t) <= compander_eps b - position_rounding (2 ^ b) (compander_base b) p
  /\ polynomial_size p + 1/2 + 4 * compander_eps b <= INR (2 ^ b) / 2 /\ tl p <> [].
Proof.
  intros Hshape Hi Hr It Hz. destruct (shape_certified b e Hshape) as (sigma & kappa & steps & Hs & Hk & Es & Ek & C).
  pose proof (shape_generator b e Hshape) as G. pose proof (gen_levels _ _ G) as HN.
  pose proof (shape_segments b e Hshape) as Len. pose proof (shape_degree b e Hshape) as Deg. rewrite forallb_forall in Deg.
  assert (Hn : (Z.abs_nat i < length (compander_table b))%nat) by lia.
  destruct (segments_ok_nth _ _ _ _ _ _ _ _ _ C Hn) as [step Ok]. rewrite Z.add_0_l, Zabs2Nat.id_abs in Ok.
  specialize (Deg _ (nth_In _ [] Hn)). set (p0 := nth (Z.abs_nat i) (compander_table b) []) in *.
  assert (Claim : forall r t, Rabs r <= 1/2 -> inside (2 ^ b) t ->
    Rabs (compand (compander_generator b) t - segment_width * (IZR (Z.abs i) + r)) <= segment_reach (Z.abs i) ->
    Rabs (INR (2 ^ b) / 2 + polynomial p0 r - t) <= compander_eps b - position_rounding (2 ^ b) (compander_base b) p0).
  { clear r t Hr It Hz. intros r t Hr It Hz. unfold compander_generator in Hz. rewrite Es, Ek in Hz.
    exact (segment_ok_correct (2 ^ b) sigma kappa HN Hs Hk (Z.abs i) p0 _ _ _ step r t (Z.abs_nonneg i) Ok Hr It Hz). }
  assert (Size : polynomial_size p0 + 1/2 + 4 * compander_eps b <= INR (2 ^ b) / 2).
  { unfold segment_ok in Ok. destruct (_ && _ && _)%bool eqn:First in Ok; [|discriminate].
    rewrite !Bool.andb_true_iff in First. destruct First as [[_ S] _]. exact (size_ok_correct _ _ _ S). }
  intros p. unfold p, segment_polynomial. fold p0. destruct (i <? 0)%Z eqn:Neg.
  - apply Z.ltb_lt in Neg. destruct (mirrored_size p0 (-1) ltac:(lia)) as [Sp _].
    assert (Pr : position_rounding (2 ^ b) (compander_base b) (mirrored (-1) p0) = position_rounding (2 ^ b) (compander_base b) p0).
    { unfold position_rounding. destruct p0 as [|a q]; [reflexivity|]. cbn [mirrored tl].
      destruct (mirrored_size q (- -1) ltac:(lia)) as [_ E]. rewrite E. reflexivity. }
    rewrite polynomial_mirrored, Pr, Sp. split; [|split; [exact Size|]].
    + rewrite <- Rabs_Ropp. replace (- (INR (2 ^ b) / 2 + -1 * polynomial p0 (- r) - t))
        with (INR (2 ^ b) / 2 + polynomial p0 (- r) - (INR (2 ^ b) - t)) by field.
      apply Claim; [now rewrite Rabs_Ropp|now apply inside_reflect|].
      rewrite (compand_odd _ _ G t It), <- Rabs_Ropp. rewrite Z.abs_neq in * by lia. rewrite opp_IZR in *.
      replace (- (- compand (compander_generator b) t - segment_width * (- IZR i + - r)))
        with (compand (compander_generator b) t - segment_width * (IZR i + r)) by ring. exact Hz.
    + destruct p0 as [|a [|a' q]]; [discriminate|discriminate|]. cbn. discriminate.
  - apply Z.ltb_ge in Neg. rewrite Z.abs_eq in * by exact Neg. split; [now apply Claim|]. split; [exact Size|].
    destruct p0 as [|a [|a' q]]; discriminate.
Qed.

(** The segments of the range. *)
Lemma index_in_range rho y i : Rabs (y * compander_scale rho) < 15/2 -> Rabs (y * compander_scale rho - IZR i) <= 1/2 -> (Z.abs i <= 7)%Z.
Proof.
  intros Hy Hi. apply Rabs_def2 in Hy. apply Rabs_le_inv in Hi.
  assert (IZR i < IZR 8) by (simpl; lra). assert (IZR (-8) < IZR i) by (simpl; lra). apply lt_IZR in H, H0. lia.
Qed.

Section Position.
Variables (b w : nat) (rho y : R).
Hypothesis Hb : (3 <= b <= 8)%nat.
Hypothesis Hw : INR w + 1 <= 2 ^ 32.
Hypothesis Hrho : / 2 ^ 100 <= rho <= 2 ^ 100.
Hypothesis Hy : Rabs (y * compander_scale rho) < 15/2.
Let base := IZR (compander_base b).
Let eps := compander_eps b.
Let U := dither_of_word w.
Let g := compander_generator b.

Lemma word_dither_inside : 0 < U < 1.
Proof. unfold U, dither_of_word. pose proof (pos_INR w). simpl pow in *. lra. Qed.

Lemma scale_positive : 0 < compander_scale rho.
Proof.
  destruct (compander_scale_error rho Hrho) as (k & K & ->). apply Rabs_le_inv in K. pose proof (norm_positive rho Hrho).
  apply Rdiv_lt_0_compat; [simpl in K; lra|unfold segment_width; lra].
Qed.

Definition position_near (x : R) : Prop :=
  forall t, inside (2 ^ b) t -> Rabs (compand g t - y / rho) <= threshold_reach (y / rho) ->
    Rabs (x - (base + (t + 1/2 - U) + eps)) < eps.

Definition position_inside (x : R) : Prop := base < x < base + INR (2 ^ b).

Lemma threshold_reach_nonneg z : 0 <= threshold_reach z.
Proof. unfold threshold_reach. pose proof (Rabs_pos z). simpl pow. lra. Qed.

Lemma position_of_sum x i r (p := segment_polynomial b i) (sigma : R) (z := y / rho) : (sigma = 1 \/ sigma = -1) ->
  (Z.abs i <= 7)%Z -> Rabs r <= 1/2 ->
  (forall z', Rabs (z' - sigma * z) <= threshold_reach z -> Rabs (z' - segment_width * (IZR i + r)) <= segment_reach (Z.abs i)) ->
  (polynomial_size p + 1/2 + 4 * eps <= INR (2 ^ b) / 2 -> position_rounding (2 ^ b) (compander_base b) p <= eps -> tl p <> [] ->
   Rabs (x - (base + INR (2 ^ b) / 2 + 1/2 + eps - U + sigma * polynomial p r)) < position_rounding (2 ^ b) (compander_base b) p) ->
  position_near x /\ position_inside x.
Proof.
  intros Hsigma Hi Hr Hreach Hx. destruct (shape_of_bits b Hb) as [e Hshape]. pose proof (shape_generator b e Hshape) as G.
  pose proof word_dither_inside as HU. pose proof (shape_eps b e Hshape) as He. fold eps in He.
  assert (Near : forall t, inside (2 ^ b) t -> Rabs (compand g t - z) <= threshold_reach z ->
    (Rabs (sigma * (t - INR (2 ^ b) / 2) - polynomial p r) <= eps - position_rounding (2 ^ b) (compander_base b) p
     /\ polynomial_size p + 1/2 + 4 * eps <= INR (2 ^ b) / 2 /\ tl p <> [])).
  { intros t It Ht. destruct Hsigma as [-> | ->].
    - destruct (segment_close b e i r t Hshape Hi Hr It) as (K & S & D); [apply Hreach; rewrite Rmult_1_l; exact Ht|].
      split; [|easy]. rewrite <- Rabs_Ropp. fold p eps in K.
      replace (- (1 * (t - INR (2 ^ b) / 2) - polynomial p r)) with (INR (2 ^ b) / 2 + polynomial p r - t) by ring. exact K.
    - destruct (segment_close b e i r (INR (2 ^ b) - t) Hshape Hi Hr ltac:(now apply inside_reflect)) as (K & S & D).
      { apply Hreach. rewrite (compand_odd _ _ G t It), <- Rabs_Ropp.
        replace (- (- compand (compander_generator b) t - -1 * z)) with (compand g t - z) by (unfold g; ring). exact Ht. }
      split; [|easy]. rewrite <- Rabs_Ropp. fold p eps in K.
      replace (- (-1 * (t - INR (2 ^ b) / 2) - polynomial p r)) with (INR (2 ^ b) / 2 + polynomial p r - (INR (2 ^ b) - t)) by field.
      exact K. }
  destruct (compand_bijective _ _ G z) as (t0 & (It0 & Et0) & _).
  assert (Ht0 : Rabs (compand g t0 - z) <= threshold_reach z).
  { unfold g. rewrite Et0, Rminus_diag_eq, Rabs_R0 by reflexivity. apply threshold_reach_nonneg. }
  destruct (Near t0 It0 Ht0) as (K0 & S & D). pose proof (Rle_trans _ _ _ (Rabs_pos _) K0) as P0.
  specialize (Hx S ltac:(lra) D). apply Rabs_def2 in Hx.
  assert (All : position_near x).
  { intros t It Ht. destruct (Near t It Ht) as (K & _ & _). apply Rabs_le_inv in K. apply Rabs_def1; destruct Hsigma as [-> | ->]; lra. }
  split; [exact All|]. pose proof (All t0 It0 Ht0) as A. apply Rabs_def2 in A. pose proof (polynomial_le_size p r Hr) as L.
  apply Rabs_le_inv in L. unfold inside in It0. unfold position_inside. split; [lra|]. destruct Hsigma as [-> | ->]; lra.
Qed.

Theorem position_of_sixteen (x := compander_position_of_sixteen b w rho y) : position_near x /\ position_inside x.
Proof.
  destruct (shape_of_bits b Hb) as [e Hshape].
  destruct (compander_index_integer rho y Hy) as (i & Ei & Hi). destruct (compander_rest_error rho y i Ei Hi) as [Hr _].
  unfold x, compander_position_of_sixteen. rewrite Ei, Zfloor_IZR.
  apply (position_of_sum _ i (compander_rest rho y) 1); [now left|exact (index_in_range rho y i Hy Hi)|exact Hr| |].
  - intros z' Hz. rewrite Rmult_1_l in Hz. exact (segment_reached rho Hrho y i z' Hi Ei Hz).
  - intros S P D. rewrite Rmult_1_l. destruct Hshape.
    apply (sum_of_sixteen b w e _ _); try assumption; [exact word_dither_inside].
Qed.

Theorem position_of_eight (x := compander_position_of_eight b w rho y) : position_near x /\ position_inside x.
Proof.
  destruct (shape_of_bits b Hb) as [e Hshape]. pose proof scale_positive as Hs. pose proof (norm_positive rho Hrho) as H0.
  assert (Ha : Rabs (Rabs y * compander_scale rho) < 15/2).
  { rewrite <- (Rabs_pos_eq (compander_scale rho)), <- Rabs_mult, Rabs_Rabsolu by lra. exact Hy. }
  destruct (compander_index_integer rho (Rabs y) Ha) as (i & Ei & Hi). destruct (compander_rest_error rho (Rabs y) i Ei Hi) as [Hr _].
  unfold x, compander_position_of_eight. rewrite Ei, Zfloor_IZR.
  assert (Reach : forall z', Rabs (z' - Rabs y / rho) <= threshold_reach (y / rho) ->
    Rabs (z' - segment_width * (IZR i + compander_rest rho (Rabs y))) <= segment_reach (Z.abs i)).
  { intros z' Hz. apply (segment_reached rho Hrho (Rabs y) i z' Hi Ei).
    replace (threshold_reach (Rabs y / rho)) with (threshold_reach (y / rho)); [exact Hz|]. unfold threshold_reach. do 2 f_equal.
    unfold Rdiv. rewrite !Rabs_mult, Rabs_Rabsolu. reflexivity. }
  destruct (Rlt_dec y 0) as [Neg | Pos].
  - apply (position_of_sum _ i (compander_rest rho (Rabs y)) (-1)); [now right|exact (index_in_range rho (Rabs y) i Ha Hi)|exact Hr| |].
    + intros z' Hz. apply Reach. rewrite (Rabs_left y Neg). replace (- y / rho) with (-1 * (y / rho)) by (field; lra). exact Hz.
    + intros S P D. destruct Hshape. replace (-1 * polynomial (segment_polynomial b i) (compander_rest rho (Rabs y)))
        with (- polynomial (segment_polynomial b i) (compander_rest rho (Rabs y))) by ring.
      apply (sum_of_eight b w e _ _ shape_bits0 shape_exponent0 shape_base0 shape_levels0 shape_eps0 word_dither_inside Hr S P D true).
  - apply (position_of_sum _ i (compander_rest rho (Rabs y)) 1); [now left|exact (index_in_range rho (Rabs y) i Ha Hi)|exact Hr| |].
    + intros z' Hz. apply Reach. rewrite (Rabs_pos_eq y) by lra. rewrite Rmult_1_l in Hz. exact Hz.
    + intros S P D. destruct Hshape. rewrite Rmult_1_l.
      apply (sum_of_eight b w e _ _ shape_bits0 shape_exponent0 shape_base0 shape_levels0 shape_eps0 word_dither_inside Hr S P D false).
Qed.
End Position.

(** ** The code *)

Lemma range_limit_correct rho y : / 2 ^ 100 <= rho <= 2 ^ 100 -> Rabs y < compander_range_limit rho ->
  Rabs (y * compander_scale rho) < 15/2.
Proof.
  intros Hrho Hy. pose proof (norm_positive rho Hrho) as H0. destruct (compander_scale_error rho Hrho) as (k & K & E).
  set (v := 15/2 * (1 - / 2 ^ 20) * segment_width * rho).
  assert (P : 0 < / 2 ^ 100) by (apply Rinv_0_lt_compat, pow_lt; lra).
  assert (P105 : / 2 ^ 105 <= / 2 ^ 100) by (apply Rinv_le_contravar; [apply pow_lt; lra|apply Rle_pow; [lra|lia]]).
  assert (Hv : rho <= v) by (unfold v, segment_width; simpl pow; lra).
  destruct (round64_factor v ltac:(lra)) as (k1 & K1 & E1).
  assert (Hv1 : / 2 ^ 105 <= v * (1 + k1)).
  { apply Rabs_le_inv in K1. assert (P1 : / 2 ^ 105 = / 2 ^ 100 / 32) by (simpl; lra). rewrite P1.
    apply Rle_trans with (rho * (1/2)); [lra|]. apply Rmult_le_compat; simpl in K1; lra. }
  destruct (round32_factor _ Hv1) as (k2 & K2 & E2).
  assert (L : compander_range_limit rho = v * (1 + k1) * (1 + k2)) by (unfold compander_range_limit; fold v; rewrite E1, E2; reflexivity).
  rewrite L in Hy. apply Rabs_le_inv in K, K1, K2. rewrite E, Rabs_mult, (Rabs_pos_eq (_ / _)).
  2:{ apply Rdiv_le_0_compat; [simpl in K; lra|unfold segment_width; lra]. }
  assert (B : 0 < (1 + k) / (segment_width * rho)).
  { apply Rdiv_lt_0_compat; [simpl in K; lra|unfold segment_width; lra]. }
  apply Rlt_le_trans with (v * (1 + k1) * (1 + k2) * ((1 + k) / (segment_width * rho))); [apply Rmult_lt_compat_r; easy|].
  replace (v * (1 + k1) * (1 + k2) * ((1 + k) / (segment_width * rho))) with (15/2 * (1 - / 2 ^ 20) * ((1 + k1) * (1 + k2) * (1 + k)))
    by (unfold v, segment_width; generalize (/ 2 ^ 20); intros q; field; lra).
  assert (F : (1 + k1) * (1 + k2) * (1 + k) <= (1 + / 2 ^ 52) * (1 + / 2 ^ 23) * (1 + / 2 ^ 23)).
  { simpl pow in *. apply Rmult_le_compat; [apply Rmult_le_pos; lra|lra| |lra]. apply Rmult_le_compat; lra. }
  apply Rle_trans with (15/2 * (1 - / 2 ^ 20) * ((1 + / 2 ^ 52) * (1 + / 2 ^ 23) * (1 + / 2 ^ 23))).
  - apply Rmult_le_compat_l; [simpl; lra|exact F].
  - simpl pow. lra.
Qed.

(** What a comparison with a rounded threshold says of z. *)
Lemma threshold_says rho theta theta' y : / 2 ^ 100 <= rho -> Rabs (theta' - theta) <= codebook_error theta ->
  let T := scaled_threshold32 theta' rho in let z := y / rho in
  (T <= y -> theta <= z + threshold_reach z) /\ (y < T -> z - threshold_reach z <= theta).
Proof.
  intros Hrho He T z. assert (P : 0 < / 2 ^ 100) by (apply Rinv_0_lt_compat, pow_lt; lra).
  pose proof (threshold_error_bound_correct theta theta' rho _ ltac:(lra) He) as B. fold T in B.
  assert (Bound : threshold_error_bound theta rho (codebook_error theta)
                  <= rho * ((/ 2 ^ 24 + / 2 ^ 39) * Rabs theta + / 2 ^ 39)).
  { unfold threshold_error_bound, codebook_error. replace (bpow radix2 (-40)) with (/ 2 ^ 40) by (simpl; lra).
    assert (Tiny : (1 + unit_roundoff) * underflow64 + underflow32 <= rho * / 2 ^ 48).
    { apply Rle_trans with (/ 2 ^ 100 * / 2 ^ 48); [|apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, pow_lt; lra|lra]].
      assert (A32 : underflow32 <= / 2 ^ 100 * / 2 ^ 50).
      { unfold underflow32. right. rewrite <- Rinv_mult, <- pow_add. change (bpow radix2 (-150)) with (/ IZR (2 ^ 150)).
        rewrite (pow_IZR 2). reflexivity. }
      assert (A64 : underflow64 <= underflow32) by (apply bpow_le; lia).
      assert (A0 : 0 < underflow64) by apply bpow_gt_0.
      assert (Q : / 2 ^ 100 * / 2 ^ 48 = 4 * (/ 2 ^ 100 * / 2 ^ 50)) by (set (q := / 2 ^ 100); simpl pow; lra).
      unfold unit_roundoff. assert (/ 2 ^ 24 * underflow64 <= 1 * underflow64) by (apply Rmult_le_compat_r; [lra|simpl; lra]). lra. }
    pose proof (Rabs_pos theta) as A. set (a := Rabs theta) in *.
    set (c := (1 + a) * / 2 ^ 40). set (m := (1 + unit_roundoff) * (1 + / 2 ^ 53) - 1).
    apply Rle_trans with (rho * (c + (a + c) * m + / 2 ^ 48)); [lra|].
    apply Rmult_le_compat_l; [lra|]. unfold c, m, unit_roundoff. simpl pow. lra. }
  apply (Rle_trans _ _ _ B) in Bound. clear B. apply Rabs_le_inv in Bound. fold T in Bound.
  assert (Hy : y = z * rho) by (unfold z; field; lra).
  set (c := (/ 2 ^ 24 + / 2 ^ 39) * Rabs theta + / 2 ^ 39) in *.
  assert (Tri : Rabs theta <= Rabs z + Rabs (theta - z)).
  { replace theta with (z + (theta - z)) at 1 by ring. apply Rabs_triang. }
  pose proof (threshold_reach_nonneg z) as R0. unfold threshold_reach in *. split; intros H.
  - destruct (Rle_dec theta z) as [Le | Gt]; [lra|].
    rewrite (Rabs_pos_eq (theta - z)) in Tri by lra.
    assert (theta - z <= c); [|unfold c in *; simpl pow in *; lra].
    apply Rmult_le_reg_l with rho; lra.
  - destruct (Rle_dec z theta) as [Le | Gt]; [lra|].
    rewrite (Rabs_left1 (theta - z)) in Tri by lra.
    assert (z - theta <= c); [|unfold c in *; simpl pow in *; lra].
    apply Rmult_le_reg_l with rho; lra.
Qed.

(** x is within eps of the position of every number that the thresholds cannot tell from y/rho, and in the binade of base. *)
Theorem compander_position b w rho y x : (3 <= b <= 8)%nat -> INR w + 1 <= 2 ^ 32 -> / 2 ^ 100 <= rho <= 2 ^ 100 ->
  compander_computes b w rho y x -> position_near b w rho y x /\ position_inside b x.
Proof.
  intros Hb Hw Hrho [[Hy ->] | [Hy ->]]; [now apply position_of_sixteen|].
  apply position_of_eight; try assumption. now apply range_limit_correct.
Qed.

Theorem position_counts b w rho y theta' x :
  (3 <= b <= 8)%nat -> INR w + 1 <= 2 ^ 32 -> / 2 ^ 100 <= rho <= 2 ^ 100 ->
  let U := dither_of_word w in
  (forall k, (1 <= k <= 2 ^ b - 1)%nat ->
     Rabs (theta' k - threshold (compander_generator b) k U) <= codebook_error (threshold (compander_generator b) k U)) ->
  compander_computes b w rho y x ->
  let T k := scaled_threshold32 (theta' k) rho in
  compander_code T y x (IZR (compander_base b)) (compander_eps b) = count_passed (2 ^ b - 1) T y.
Proof.
  intros Hb Hw Hrho U Hcode Hx T. destruct (shape_of_bits b Hb) as [e Hshape]. pose proof (shape_generator b e Hshape) as G.
  destruct (compander_position b w rho y x Hb Hw Hrho Hx) as [Near [_ Inside]].
  pose proof (shape_eps b e Hshape) as He. assert (/ 2 ^ 13 <= 1/2) by (simpl; lra).
  apply (compander_counts (2 ^ b) (compander_generator b) G U (y / rho) y T (word_dither_inside w Hw))
    with (eta := threshold_reach (y / rho)).
  - apply scaled_threshold32_nondecreasing; [pose proof (norm_positive rho Hrho); lra|].
    exact (shipped_codebook_sorted b w theta' ltac:(lia) Hw Hcode).
  - apply threshold_reach_nonneg.
  - intros k Hk. exact (proj1 (threshold_says rho _ _ y (proj1 Hrho) (Hcode k Hk))).
  - intros k Hk. exact (proj2 (threshold_says rho _ _ y (proj1 Hrho) (Hcode k Hk))).
  - exact Near.
  - lra.
  - lra.
Qed.
