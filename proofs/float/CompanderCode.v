(** * The compander's code is the count (SPEC §3, §4)

    For more bits than thresholds are searched for, the encoder computes the position X = c^-1(y/rho) + 1/2 - U by a polynomial, as
    x = base + X + eps with an error below eps, and takes the whole part (fast/src/quantizer/compander.hpp). Where the
    fraction of x is at least 2 eps, that is the code; where it is less, one threshold is compared. This is the count if x is as
    close to the position of every z from which the rounded thresholds cannot tell y/rho; CompanderPosition.v has that of the
    shipped polynomials, CompanderBits.v how the library reads whole part and fraction. *)
From Coq Require Import ZArith Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.Raux.
From Hdq Require Import Defs DitheredQuantizer FloatCode.
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
Variables (U z y : R) (T : nat -> R).
Hypothesis HU : 0 < U < 1.
Hypothesis Hsorted : nondecreasing (N - 1) T.

(** What the thresholds say of z; x is near the position of every number of which they may say the same. *)
Variables (eta x base eps : R).
Hypothesis Heta : 0 <= eta.
Hypothesis Hpassed : forall k, (1 <= k <= N - 1)%nat -> T k <= y -> threshold g k U <= z + eta.
Hypothesis Hfailed : forall k, (1 <= k <= N - 1)%nat -> y < T k -> z - eta <= threshold g k U.
Hypothesis Hposition : forall t, inside N t -> Rabs (compand g t - z) <= eta -> Rabs (x - (base + (t + 1/2 - U) + eps)) < eps.

Lemma threshold_place k : (1 <= k <= N - 1)%nat -> inside N (INR k + U - 1/2).
Proof.
  intros [Hk1 Hk2]. pose proof (gen_levels N g Hg). apply le_INR in Hk1, Hk2. rewrite minus_INR in Hk2 by lia.
  simpl in *. unfold inside. lra.
Qed.

Lemma exact_place : exists t, inside N t /\ compand g t = z /\ t + 1/2 - U < x - base < t + 1/2 - U + 2 * eps.
Proof.
  destruct (compand_bijective N g Hg z) as (t & (It & Et) & _). exists t. split; [exact It|]. split; [exact Et|].
  pose proof (Hposition t It ltac:(rewrite Et, Rminus_diag_eq, Rabs_R0; lra)) as H. apply Rabs_def2 in H. lra.
Qed.

Lemma threshold_near k : (1 <= k <= N - 1)%nat -> Rabs (threshold g k U - z) <= eta -> INR k < x - base < INR k + 2 * eps.
Proof.
  intros Hk Hnear. rewrite threshold_compand in Hnear.
  pose proof (Hposition _ (threshold_place k Hk) Hnear) as H. apply Rabs_def2 in H. lra.
Qed.

Lemma passed_below k : (1 <= k <= N - 1)%nat -> T k <= y -> INR k < x - base.
Proof.
  intros Hk Hle. pose proof (Hpassed k Hk Hle) as Hup. pose proof (threshold_place k Hk) as Ik.
  destruct (Rle_dec (z - eta) (threshold g k U)) as [Near | Far].
  - apply threshold_near; [exact Hk|]. apply Rabs_le. lra.
  - destruct exact_place as (t & It & Et & Hx). rewrite threshold_compand in Far.
    assert (INR k + U - 1/2 <= t); [|lra]. apply Rnot_lt_le. intros H.
    pose proof (compand_increasing N g Hg _ _ It Ik H). lra.
Qed.

Lemma failed_above k : (1 <= k <= N - 1)%nat -> y < T k -> x - base < INR k + 2 * eps.
Proof.
  intros Hk Hlt. pose proof (Hfailed k Hk Hlt) as Hlow. pose proof (threshold_place k Hk) as Ik.
  destruct (Rle_dec (threshold g k U) (z + eta)) as [Near | Far].
  - apply threshold_near; [exact Hk|]. apply Rabs_le. lra.
  - destruct exact_place as (t & It & Et & Hx). rewrite threshold_compand in Far.
    assert (t <= INR k + U - 1/2); [|lra]. apply Rnot_lt_le. intros H.
    pose proof (compand_increasing N g Hg _ _ Ik It H). lra.
Qed.

(** The count is k if threshold k is passed and the next one is not. *)
Lemma count_between k : (k <= N - 1)%nat -> ((1 <= k)%nat -> T k <= y) -> ((k < N - 1)%nat -> y < T (S k)) ->
  count_passed (N - 1) T y = k.
Proof.
  intros Hk Hlow Hhigh. apply count_passed_unique; [exact Hsorted|exact Hk| |]; intros i Hi.
  - apply Rle_trans with (T k); [apply nondecreasing_le with (N - 1)%nat; (easy || lia)|apply Hlow; lia].
  - apply Rlt_le_trans with (T (S k)); [apply Hhigh; lia|apply nondecreasing_le with (N - 1)%nat; (easy || lia)].
Qed.

Theorem compander_counts : eps <= 1/2 -> x - base < INR N ->
  compander_code T y x base eps = count_passed (N - 1) T y.
Proof.
  intros Heps Htop. destruct exact_place as (t & It & _ & Hx). unfold inside in It.
  set (p := x - base) in *. assert (Hp : 0 < p) by lra.
  pose proof (Zfloor_lb p) as Hlb. pose proof (Zfloor_ub p) as Hub.
  assert (Hz0 : (0 <= Zfloor p)%Z) by (apply Zfloor_lub; simpl; lra).
  unfold compander_code. fold p. set (k := Z.to_nat (Zfloor p)).
  assert (Hk : IZR (Zfloor p) = INR k) by (unfold k; rewrite INR_IZR_INZ, Z2Nat.id; easy).
  rewrite Hk in *.
  assert (HkN : (k <= N - 1)%nat).
  { assert (k < N)%nat by (apply INR_lt; lra). lia. }
  assert (Hnext : (k < N - 1)%nat -> y < T (S k)).
  { intros Hkn. apply Rnot_le_lt. intros Hle. pose proof (passed_below (S k) ltac:(lia) Hle) as H. rewrite S_INR in H. fold p in H. lra. }
  destruct (Rle_dec (2 * eps) (p - INR k)) as [Hcertain | Huncertain].
  - symmetry. apply count_between; [exact HkN| |exact Hnext]. intros Hk1. apply Rnot_lt_le. intros Hlt.
    pose proof (failed_above k ltac:(lia) Hlt) as H. fold p in H. lra.
  - destruct k as [|k'] eqn:Ek.
    + symmetry. apply count_between; [lia|lia|exact Hnext].
    + destruct (Rle_dec (T (S k')) y) as [Hpass | Hfail]; symmetry.
      * apply count_between; [exact HkN|easy|exact Hnext].
      * apply count_between; [lia| |intros _; lra]. intros Hk1. apply Rnot_lt_le. intros Hlt.
        pose proof (failed_above k' ltac:(lia) Hlt) as H. rewrite S_INR in Hlb. fold p in H. lra.
Qed.
End Compander.
