(** * The least error by a multiple of the estimate (SPEC §7, --shrink)

    For an unbiased estimate X of x and any s,
    E ||s X - x||^2 = s^2 E ||X - x||^2 + (1 - s)^2 ||x||^2. With E ||X - x||^2 <= C ||x||^2 and
    s = 1/(1 + C) this is at most C/(1 + C) ||x||^2, and equality remains equality. *)
From Coq Require Import Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Sums Piecewise DitheredQuantizer VectorQuantizer.
Open Scope R_scope.

Definition shrink (C : R) (y : vec) : vec := fun i => y i / (1 + C).

Lemma shrink_error d C y x :
  0 <= C ->
  norm2 d (fun i => shrink C y i - x i)
  = (norm2 d (fun i => y i - x i) + (C ^ 2 * norm2 d x - 2 * C * sum d (fun i => x i * (y i - x i)))) / (1 + C) ^ 2.
Proof.
  intros HC. unfold norm2, dot, shrink. rewrite <- !sum_scal_l, <- sum_minus, <- sum_plus. unfold Rdiv at 3.
  rewrite <- sum_scal_r. apply sum_ext. intros i _. set (y_i := y i). set (x_i := x i). field. lra.
Qed.

Lemma is_RInt_sum n (f : nat -> R -> R) (l : nat -> R) a b :
  (forall i, (i < n)%nat -> is_RInt (f i) a b (l i)) -> is_RInt (fun u => sum n (fun i => f i u)) a b (sum n l).
Proof.
  intros Hf. rewrite (sum_ext n l (fun i => RInt (f i) a b)).
  - rewrite <- (RInt_sum n f) by (intros i Hi; eexists; now apply Hf).
    apply (RInt_correct (V := R_CompleteNormedModule)), (ex_RInt_sum n f). intros i Hi. eexists. now apply Hf.
  - intros i Hi. symmetry. now apply is_RInt_unique, Hf.
Qed.

Lemma is_Edither_const (c : R) : is_RInt (fun _ => c) 0 1 c.
Proof.
  pose proof (is_RInt_const (V := R_NormedModule) 0 1 c) as H. unfold scal in H; simpl in H; unfold mult in H; simpl in H.
  now replace ((1 - 0) * c) with c in H by ring.
Qed.

(** For an estimate X of x that the dither V makes. *)
Lemma is_Edither_shrink d C (X : R -> vec) (x : vec) (e : R) :
  0 <= C -> (forall i, (i < d)%nat -> is_RInt (fun V => X V i) 0 1 (x i)) ->
  is_RInt (fun V => norm2 d (fun i => X V i - x i)) 0 1 e ->
  is_RInt (fun V => norm2 d (fun i => shrink C (X V) i - x i)) 0 1 ((e + C ^ 2 * norm2 d x) / (1 + C) ^ 2).
Proof.
  intros HC HX He.
  assert (Hcross : is_RInt (fun V => sum d (fun i => x i * (X V i - x i))) 0 1 0).
  { assert (Hc : forall i, (i < d)%nat -> is_RInt (fun V => x i * (X V i - x i)) 0 1 0).
    { intros i Hi. replace 0 with (scal (x i) (minus (x i) (x i))) at 2 by (change (x i * (x i - x i) = 0); ring).
      apply (is_RInt_scal (V := R_NormedModule) (fun V => X V i - x i)).
      apply (is_RInt_minus (V := R_NormedModule)); [now apply HX|apply is_Edither_const]. }
    pose proof (is_RInt_sum d (fun i V => x i * (X V i - x i)) (fun _ => 0) 0 1 Hc) as Hsum.
    now rewrite sum_zero in Hsum. }
  replace ((e + C ^ 2 * norm2 d x) / (1 + C) ^ 2)
    with (scal (/ (1 + C) ^ 2) (plus e (minus (C ^ 2 * norm2 d x) (scal (2 * C) 0)))).
  - apply (is_RInt_ext (fun V => scal (/ (1 + C) ^ 2) (plus (norm2 d (fun i => X V i - x i))
      (minus (C ^ 2 * norm2 d x) (scal (2 * C) (sum d (fun i => x i * (X V i - x i)))))))).
    { intros V _. rewrite shrink_error by easy. unfold Rdiv. rewrite Rmult_comm. easy. }
    apply (is_RInt_scal (V := R_NormedModule)), (is_RInt_plus (V := R_NormedModule)); [exact He|].
    apply (is_RInt_minus (V := R_NormedModule)); [apply is_Edither_const|].
    now apply (is_RInt_scal (V := R_NormedModule)).
  - change (/ (1 + C) ^ 2 * (e + (C ^ 2 * norm2 d x - 2 * C * 0)) = (e + C ^ 2 * norm2 d x) / (1 + C) ^ 2).
    field. lra.
Qed.

(** The fixed-rate quantizer: any C that bounds its error (SPEC §5.5). *)
Theorem shrink_mse N g d H rho x C :
  generator N g -> hadamard d H -> rho <> 0 -> 0 <= C ->
  mse N g d H rho x <= C * norm2 d x ->
  Esign d (fun eps => Edither (fun U => norm2 d (fun i => shrink C (reconstruct N g d H rho x eps U) i - x i)))
  <= C / (1 + C) * norm2 d x.
Proof.
  intros Hg HH Hrho HC Hmse.
  rewrite (Esign_ext d _ (fun eps => / (1 + C) ^ 2 * (Edither (fun U =>
      norm2 d (fun i => reconstruct N g d H rho x eps U i - x i)) + C ^ 2 * norm2 d x))).
  - rewrite Esign_scal_l, Esign_plus, Esign_const. fold (mse N g d H rho x).
    apply Rle_trans with (/ (1 + C) ^ 2 * (C * norm2 d x + C ^ 2 * norm2 d x)).
    + apply Rmult_le_compat_l; [|lra]. left. apply Rinv_0_lt_compat, pow_lt. lra.
    + right. field. lra.
  - intros eps Heps. assert (Hs : signs d eps) by (intros i _; apply Heps).
    rewrite Rmult_comm. apply is_RInt_unique, is_Edither_shrink; [easy| |].
    + intros i Hi. rewrite <- (reconstruct_unbiased N g Hg d H HH rho x eps i) at 1; [|easy|now left|easy].
      now apply (RInt_correct (V := R_CompleteNormedModule)), ex_Edither_reconstruct.
    + now apply (RInt_correct (V := R_CompleteNormedModule)), ex_Edither_error.
Qed.
