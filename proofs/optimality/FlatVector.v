(** * Flat vectors (SPEC §5.10)

    The rotated coordinates of a unit vector whose entries are 0 and +-1/sqrt n have the binomial law: (2k - n)/sqrt n with probability
    choose n k / 2^n, in any dimension. *)
From Coq Require Import ZArith Reals Arith Lia Lra.
From Hdq Require Import Defs Sums Rademacher.
Open Scope R_scope.

Definition flat (n d : nat) (x : vec) : Prop :=
  norm2 d x = 1 /\ forall i, (i < d)%nat -> x i = 0 \/ Rabs (x i) = / sqrt (INR n).

Fixpoint choose (n k : nat) : Z :=
  match k, n with
  | O, _ => 1
  | S _, O => 0
  | S k', S n' => choose n' k' + choose n' k
  end.

Lemma choose_0 n : choose n 0 = 1%Z.
Proof. destruct n; reflexivity. Qed.

Lemma choose_above n : forall k, (n < k)%nat -> choose n k = 0%Z.
Proof.
  induction n as [|n IH]; intros [|k] H; try lia; [reflexivity|].
  cbn [choose]. rewrite !IH by lia. reflexivity.
Qed.

Lemma choose_nonneg n : forall k, (0 <= choose n k)%Z.
Proof.
  induction n as [|n IH]; intros [|k]; cbn [choose]; try lia. pose proof (IH k). pose proof (IH (S k)). lia.
Qed.

(** The next entry of a row of Pascal's triangle. *)
Lemma choose_next n : forall k, (Z.of_nat (S k) * choose n (S k) = (Z.of_nat n - Z.of_nat k) * choose n k)%Z.
Proof.
  induction n as [|n IH]; intros k.
  - destruct k; cbn [choose]; lia.
  - destruct k as [|k].
    + cbn [choose]. pose proof (IH O) as I. rewrite choose_0 in *. lia.
    + cbn [choose]. pose proof (IH k) as I1. pose proof (IH (S k)) as I2.
      rewrite !Nat2Z.inj_succ in *. nia.
Qed.

Section Law.

Variable a : R.
Hypothesis Ha : a <> 0.

Definition place (n k : nat) : R := (2 * INR k - INR n) * a.

Lemma binomial_step n (F : R -> R) :
  sum (S n) (fun k => IZR (choose n k) / 2 ^ n * ((F (a + place n k) + F (- a + place n k)) * / 2))
  = sum (S (S n)) (fun k => IZR (choose (S n) k) / 2 ^ S n * F (place (S n) k)).
Proof.
  assert (P : 2 ^ n <> 0) by (apply pow_nonzero; lra).
  rewrite (sum_ext _ _ (fun k => IZR (choose n k) / 2 ^ S n * F (place (S n) (S k)) + IZR (choose n k) / 2 ^ S n * F (place (S n) k))).
  2:{ intros k _. unfold place. rewrite !S_INR.
      replace (a + (2 * INR k - INR n) * a) with ((2 * (INR k + 1) - (INR n + 1)) * a) by ring.
      replace (- a + (2 * INR k - INR n) * a) with ((2 * INR k - (INR n + 1)) * a) by ring.
      simpl pow. field. exact P. }
  rewrite sum_plus, (sum_head (S n)), choose_0.
  rewrite (sum_ext (S n) (fun i => IZR (choose (S n) (S i)) / 2 ^ S n * F (place (S n) (S i)))
             (fun i => IZR (choose n i) / 2 ^ S n * F (place (S n) (S i)) + IZR (choose n (S i)) / 2 ^ S n * F (place (S n) (S i)))).
  2:{ intros i _. cbn [choose]. rewrite plus_IZR. simpl pow. field. exact P. }
  rewrite sum_plus, (sum_head n (fun k => IZR (choose n k) / 2 ^ S n * F (place (S n) k))). cbn [sum].
  rewrite !choose_0, (choose_above n (S n)) by lia. unfold Rdiv. ring.
Qed.

Theorem binomial_law d : forall x n (F : R -> R),
  (forall i, (i < d)%nat -> x i = 0 \/ Rabs (x i) = Rabs a) -> norm2 d x = INR n * a ^ 2 ->
  Esign d (fun e => F (rademacher d x e)) = sum (S n) (fun k => IZR (choose n k) / 2 ^ n * F (place n k)).
Proof.
  assert (A : 0 < a ^ 2) by (rewrite <- Rsqr_pow2; now apply Rlt_0_sqr).
  induction d as [|d IH]; intros x n F Hx Hn.
  - unfold norm2, dot in Hn. cbn [sum] in Hn.
    assert (n = 0%nat) as ->.
    { destruct n; [reflexivity|]. pose proof (pos_INR n). rewrite S_INR in Hn. nra. }
    unfold place, rademacher. cbn. replace ((2 * 0 - 0) * a) with 0 by ring. field.
  - rewrite Esign_rademacher_S. rewrite norm2_head in Hn.
    assert (Ht : forall i, (i < d)%nat -> x (S i) = 0 \/ Rabs (x (S i)) = Rabs a) by (intros i Hi; apply Hx; lia).
    destruct (Hx O ltac:(lia)) as [H0 | H0].
    + rewrite H0 in *. rewrite <- (IH (fun i => x (S i)) n F Ht ltac:(lra)).
      apply Esign_ext. intros e _. rewrite Ropp_0, !Rplus_0_l. field.
    + assert (X2 : x O ^ 2 = a ^ 2) by (now rewrite <- (pow2_abs (x O)), H0, pow2_abs).
      rewrite X2 in Hn. pose proof (norm2_nonneg d (fun i => x (S i))).
      destruct n as [|n]; [simpl INR in Hn; lra|]. rewrite S_INR in Hn.
      rewrite <- binomial_step, <- (IH (fun i => x (S i)) n (fun s => (F (a + s) + F (- a + s)) * / 2) Ht ltac:(lra)).
      apply Esign_ext. intros e _.
      assert (x O = a \/ x O = - a) as [-> | ->].
      { revert H0. unfold Rabs. destruct (Rcase_abs (x O)), (Rcase_abs a); lra. }
      * reflexivity.
      * rewrite Ropp_involutive. ring.
Qed.

End Law.

(** n = r^2. *)
Theorem flat_law r n d x (F : R -> R) : (0 < r)%nat -> n = (r * r)%nat -> flat n d x ->
  Esign d (fun e => F (rademacher d x e)) = sum (S n) (fun k => IZR (choose n k) / 2 ^ n * F (place (/ INR r) n k)).
Proof.
  intros Hr -> [Hx Hf]. apply lt_0_INR in Hr.
  rewrite mult_INR, sqrt_square in Hf by lra.
  apply binomial_law.
  - apply Rinv_neq_0_compat. lra.
  - intros i Hi. rewrite (Rabs_pos_eq (/ INR r)) by (left; now apply Rinv_0_lt_compat). now apply Hf.
  - rewrite Hx, mult_INR. field. lra.
Qed.
