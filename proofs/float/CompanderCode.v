(** * The compander's code is the count (SPEC §3, §4)

    For more bits than thresholds are searched for, the encoder computes the position X = c^-1(y/rho) + 1/2 - U by a polynomial, as
    x = base + X + eps with an error below eps, and takes the whole part (fast/src/quantizer/compander.hpp). Where the
    fraction of x is at least 2 eps, that is the code; where it is less, one threshold is compared. What is needed of
    the polynomial, of the thresholds and of the slope of c is in the hypotheses; that the shipped polynomials have it is
    certified in C++ (fast_compand_test), not here. *)
From Coq Require Import ZArith Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.Raux.
From Hdq Require Import Defs NormalQuantile DitheredQuantizer ShippedGenerator CertificateConcave FloatCode.
Open Scope R_scope.

(** k the whole part of x - base; [T] the thresholds that y is compared with. *)
Definition compander_code (T : nat -> R) (y x base eps : R) : nat :=
  let k := Z.to_nat (Zfloor (x - base)) in
  if Rle_dec (2 * eps) (x - base - IZR (Zfloor (x - base))) then k
  else match k with
       | O => O
       | S k' => if Rle_dec (T k) y then k else k'
       end.

Section Compander.
Variables (N : nat) (g : R -> R).
Hypothesis Hg : generator N g.
Variables (U rho y t : R) (T : nat -> R).
Hypothesis HU : 0 < U < 1.
Hypothesis Hrho : 0 < rho.
Hypothesis Ht : inside N t.
Hypothesis Hz : compand g t = y / rho.
Hypothesis Hsorted : nondecreasing (N - 1) T.

(** The position, the slope of its threshold, and what an error of the threshold moves. *)
Let X := t + 1/2 - U.
Variables (slope eta delta : R).
Hypothesis Hslope : forall k, (1 <= k <= N - 1)%nat -> Rabs (INR k - X) <= 2 ->
  slope * Rabs (INR k - X) <= Rabs (threshold g k U - y / rho).
Hypothesis Heta : forall k, (1 <= k <= N - 1)%nat -> Rabs (INR k - X) <= 2 -> Rabs (T k - threshold g k U * rho) <= eta * rho.
Hypothesis Hdelta : eta < slope * delta.
Hypothesis Hpositive : 0 < slope.

Lemma levels_at_least_2 : (2 <= N)%nat.
Proof. apply (gen_levels N g Hg). Qed.

Lemma threshold_order k : (1 <= k <= N - 1)%nat ->
  (INR k <= X -> threshold g k U <= y / rho) /\ (X <= INR k -> y / rho <= threshold g k U).
Proof.
  intros Hk. rewrite threshold_compand, <- Hz.
  assert (Hin : inside N (INR k + U - 1/2)).
  { pose proof levels_at_least_2. destruct Hk as [Hk1 Hk2]. apply le_INR in Hk1, Hk2. rewrite minus_INR in Hk2 by lia.
    simpl in *. unfold inside. lra. }
  unfold X; split; intros H; apply (compand_le N g Hg); first [exact Hin | exact Ht | lra].
Qed.

Lemma delta_positive k : (1 <= k <= N - 1)%nat -> Rabs (INR k - X) <= 2 -> 0 < delta.
Proof.
  intros Hk Hnear. pose proof (Rle_trans _ _ _ (Rabs_pos _) (Heta k Hk Hnear)) as H0.
  assert (He : 0 <= eta).
  { apply Rmult_le_reg_r with rho; [exact Hrho|]. lra. }
  apply Rmult_lt_reg_l with slope; [exact Hpositive|]. lra.
Qed.

Lemma passed_below k : (1 <= k <= N - 1)%nat -> Rabs (INR k - X) <= 2 -> T k <= y -> INR k < X + delta.
Proof.
  intros Hk Hnear Hle. destruct (Rlt_dec (INR k) (X + delta)) as [|Hge]; [easy|exfalso].
  pose proof (Heta k Hk Hnear) as He. apply Rabs_le_inv in He.
  destruct (Rle_dec X (INR k)) as [HX | HX].
  - pose proof (proj2 (threshold_order k Hk) HX) as Hth. pose proof (Hslope k Hk Hnear) as Hs.
    rewrite Rabs_pos_eq in Hs by lra. rewrite Rabs_pos_eq in Hs by lra.
    assert (Hy : y = y / rho * rho) by (field; lra).
    assert (slope * delta <= slope * (INR k - X)) by (apply Rmult_le_compat_l; lra).
    assert (Hgap : eta < threshold g k U - y / rho) by lra.
    apply (Rmult_lt_compat_r rho _ _ Hrho) in Hgap. lra.
  - pose proof (delta_positive k Hk Hnear). lra.
Qed.

Lemma failed_above k : (1 <= k <= N - 1)%nat -> Rabs (INR k - X) <= 2 -> y < T k -> X < INR k + delta.
Proof.
  intros Hk Hnear Hlt. destruct (Rlt_dec X (INR k + delta)) as [|Hge]; [easy|exfalso].
  pose proof (Heta k Hk Hnear) as He. apply Rabs_le_inv in He.
  destruct (Rle_dec (INR k) X) as [HX | HX].
  - pose proof (proj1 (threshold_order k Hk) HX) as Hth. pose proof (Hslope k Hk Hnear) as Hs.
    rewrite Rabs_left1 in Hs by lra. rewrite Rabs_left1 in Hs by lra.
    assert (Hy : y = y / rho * rho) by (field; lra).
    assert (slope * delta <= slope * - (INR k - X)) by (apply Rmult_le_compat_l; lra).
    assert (Hgap : eta < - (threshold g k U - y / rho)) by lra.
    apply (Rmult_lt_compat_r rho _ _ Hrho) in Hgap. lra.
  - pose proof (delta_positive k Hk Hnear). lra.
Qed.

(** The count is k if threshold k is passed and the next one is not. *)
Lemma count_between k : (k <= N - 1)%nat -> ((1 <= k)%nat -> T k <= y) -> ((k < N - 1)%nat -> y < T (S k)) ->
  count_passed (N - 1) T y = k.
Proof.
  intros Hk Hlow Hhigh. apply count_passed_unique; [exact Hsorted|exact Hk| |]; intros i Hi.
  - apply Rle_trans with (T k); [apply nondecreasing_le with (N - 1)%nat; (easy || lia)|apply Hlow; lia].
  - apply Rlt_le_trans with (T (S k)); [apply Hhigh; lia|apply nondecreasing_le with (N - 1)%nat; (easy || lia)].
Qed.

Theorem compander_counts x base eps :
  0 <= delta <= eps -> eps <= 1/4 -> X + 2 * eps < INR N ->
  Rabs (x - (base + X + eps)) <= eps - delta ->
  compander_code T y x base eps = count_passed (N - 1) T y.
Proof.
  intros Hde Heps Htop Hx. apply Rabs_le_inv in Hx. pose proof levels_at_least_2 as HN.
  assert (HX : 0 < X) by (destruct Ht; unfold X; lra).
  set (p := x - base) in *. assert (Hp : X + delta <= p <= X + 2 * eps - delta) by (unfold p; lra).
  pose proof (Zfloor_lb p) as Hlb. pose proof (Zfloor_ub p) as Hub.
  assert (Hz0 : (0 <= Zfloor p)%Z) by (apply Zfloor_lub; simpl; lra).
  unfold compander_code. fold p. set (k := Z.to_nat (Zfloor p)).
  assert (Hk : IZR (Zfloor p) = INR k) by (unfold k; rewrite INR_IZR_INZ, Z2Nat.id; easy).
  rewrite Hk in *.
  assert (HkN : (k <= N - 1)%nat).
  { assert (k < N)%nat by (apply INR_lt; lra). lia. }
  assert (Hnext : (k < N - 1)%nat -> y < T (S k)).
  { intros Hkn. apply Rnot_le_lt. intros Hle. pose proof (S_INR k) as HS.
    assert (Hnear : Rabs (INR (S k) - X) <= 2) by (apply Rabs_le; rewrite HS; lra).
    pose proof (passed_below (S k) ltac:(lia) Hnear Hle) as H. rewrite HS in H. lra. }
  destruct (Rle_dec (2 * eps) (p - INR k)) as [Hcertain | Huncertain].
  - symmetry. apply count_between; [exact HkN| |exact Hnext]. intros Hk1. apply Rnot_lt_le. intros Hlt.
    assert (Hnear : Rabs (INR k - X) <= 2) by (apply Rabs_le; lra).
    pose proof (failed_above k ltac:(lia) Hnear Hlt). lra.
  - destruct k as [|k'] eqn:Ek.
    + symmetry. apply count_between; [lia|lia|exact Hnext].
    + destruct (Rle_dec (T (S k')) y) as [Hpass | Hfail]; symmetry.
      * apply count_between; [exact HkN|easy|exact Hnext].
      * apply count_between; [lia| |intros _; lra]. intros Hk1. apply Rnot_lt_le. intros Hlt.
        pose proof (S_INR k') as HS. rewrite HS in *.
        assert (Hnear : Rabs (INR k' - X) <= 2) by (apply Rabs_le; lra).
        pose proof (failed_above k' ltac:(lia) Hnear Hlt). lra.
Qed.
End Compander.

(** ** The shipped generator: c is flattest at N/2 *)

Definition shipped_slope (N : nat) (sigma kappa : R) : R := sigma * sqrt (2 * PI) / INR N + 8 * kappa / INR N ^ 2.

Section Shipped.
Variables (N : nat) (sigma kappa : R).
Hypothesis HN : (2 <= N)%nat.
Hypothesis Hsigma : 0 < sigma.
Hypothesis Hkappa : 0 < kappa.
Let g := shipped N sigma kappa.
Let Hg : generator N g := shipped_generator N sigma kappa HN Hsigma Hkappa.

Lemma shipped_slope_middle : shipped_derivative N sigma kappa (INR N / 2) = shipped_slope N sigma kappa.
Proof.
  pose proof (le_INR 2 N HN) as N2. simpl in N2. unfold shipped_derivative, shipped_slope.
  replace (INR N / 2 / INR N) with (1 / 2) by (field; lra). rewrite Phi_inv_half.
  replace (0 ^ 2 / 2) with 0 by field. rewrite exp_0. field. lra.
Qed.

Lemma shipped_slope_positive : 0 < shipped_slope N sigma kappa.
Proof.
  pose proof (le_INR 2 N HN) as N2. simpl in N2. unfold shipped_slope.
  apply Rplus_lt_0_compat; apply Rdiv_lt_0_compat; try lra.
  - apply Rmult_lt_0_compat; [lra|apply Gaussian.sqrt_2PI_pos].
  - apply pow_lt. lra.
Qed.

Lemma shipped_slope_least v : 0 < v < INR N -> shipped_slope N sigma kappa <= shipped_derivative N sigma kappa v.
Proof.
  intros Hv. rewrite <- shipped_slope_middle. destruct (Rle_dec v (INR N / 2)) as [Hle | Hgt].
  - apply shipped_derivative_falling; (easy || lra).
  - replace (shipped_derivative N sigma kappa v) with (shipped_derivative N sigma kappa (INR N - v)).
    + apply shipped_derivative_falling; (easy || lra).
    + unfold shipped_derivative. f_equal.
      * do 3 f_equal. replace ((INR N - v) / INR N) with (1 - v / INR N) by (field; lra).
        rewrite Phi_inv_odd by (now apply level_fraction). f_equal. ring.
      * f_equal. replace (INR N - (INR N - v)) with v by ring. ring.
Qed.

Lemma compand_slope t t' : inside N t -> inside N t' -> t <= t' ->
  shipped_slope N sigma kappa * (t' - t) <= compand g t' - compand g t.
Proof.
  intros Ht Ht' Hle. pose proof (le_INR 2 N HN) as N2. simpl in N2. unfold inside in *.
  destruct (MVT_gen (compand g) t t' (fun s => g (s + 1/2) - g (s - 1/2))) as (s & Hs & E).
  - intros s Hs. rewrite Rmin_left, Rmax_right in Hs by lra. apply (compand_derivative N g Hg). unfold inside. lra.
  - intros s Hs. rewrite Rmin_left, Rmax_right in Hs by lra. apply continuity_pt_filterlim.
    apply (ex_derive_continuous (compand g) s). eexists. apply (compand_derivative N g Hg). unfold inside. lra.
  - rewrite Rmin_left, Rmax_right in Hs by lra. rewrite E. apply Rmult_le_compat_r; [lra|].
    destruct (MVT_gen g (s - 1/2) (s + 1/2) (shipped_derivative N sigma kappa)) as (v & Hv & F).
    + intros v Hv. rewrite Rmin_left, Rmax_right in Hv by lra. apply is_derive_shipped. lra.
    + intros v Hv. rewrite Rmin_left, Rmax_right in Hv by lra. apply continuity_pt_filterlim.
      apply (continuous_shipped N sigma kappa v). lra.
    + rewrite Rmin_left, Rmax_right in Hv by lra. rewrite F.
      pose proof (shipped_slope_least v ltac:(lra)). lra.
Qed.

(** Whose hypotheses are about x and the thresholds alone. *)
Theorem shipped_compander_counts U rho y t T :
  0 < U < 1 -> 0 < rho -> inside N t -> compand g t = y / rho -> nondecreasing (N - 1) T ->
  let X := t + 1/2 - U in
  forall eta delta,
  (forall k, (1 <= k <= N - 1)%nat -> Rabs (INR k - X) <= 2 -> Rabs (T k - threshold g k U * rho) <= eta * rho) ->
  eta < shipped_slope N sigma kappa * delta ->
  forall x base eps,
  0 <= delta <= eps -> eps <= 1/4 -> X + 2 * eps < INR N -> Rabs (x - (base + X + eps)) <= eps - delta ->
  compander_code T y x base eps = count_passed (N - 1) T y.
Proof.
  intros HU Hrho Ht Hz Hsorted X eta delta Heta Hdelta.
  apply (compander_counts N g Hg U rho y t T HU Hrho Ht Hz Hsorted (shipped_slope N sigma kappa) eta delta); try easy.
  - intros k Hk _. rewrite threshold_compand, <- Hz.
    assert (Hin : inside N (INR k + U - 1/2)).
    { destruct Hk as [Hk1 Hk2]. apply le_INR in Hk1, Hk2. rewrite minus_INR in Hk2 by lia.
      simpl in *. unfold inside. lra. }
    unfold X. destruct (Rle_dec t (INR k + U - 1/2)) as [Hle | Hgt].
    + pose proof (compand_slope t (INR k + U - 1/2) Ht Hin Hle) as S.
      rewrite !Rabs_pos_eq; try lra. apply Rle_trans with (2 := S).
      apply Rmult_le_pos; [left; apply shipped_slope_positive|lra].
    + pose proof (compand_slope (INR k + U - 1/2) t Hin Ht ltac:(lra)) as S.
      assert (0 <= shipped_slope N sigma kappa * (t - (INR k + U - 1/2)))
        by (apply Rmult_le_pos; [left; apply shipped_slope_positive|lra]).
      rewrite !Rabs_left1; try lra.
  - apply shipped_slope_positive.
Qed.
End Shipped.
