(** * Means of rows (SPEC §9)

    Rows are estimated each by a rule of its own, with draws that are independent. Of their weighted mean, errors of distinct rows have no
    product on average, so that
      E ||mean x^ - mean x||^2 = ||mean (E x^) - mean x||^2 + sum w_i^2 E||x^_i - E x^_i||^2 / W^2:
    for unbiased rules the first term is 0 and the second falls as the number of rows grows; a bias that rows have in common stays.
    A mean over a draw is any that is linear (is_mean of optimality/UnbiasedRule.v): over a real U, over 32-bit words, over signs. *)
From Coq Require Import Reals Arith Lia Lra FunctionalExtensionality.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs EntropyDefs Sums Piecewise DitheredQuantizer VectorQuantizer Estimates UnbiasedRule StepQuantizer StepWords.
Open Scope R_scope.

Definition weighted_mean (m : nat) (w : nat -> R) (y : nat -> vec) : vec :=
  fun j => sum m (fun i => w i * y i j) / sum m w.

(** The draws t, u 0, u 1, ... *)
Definition draw_first {T : Type} (t : T) (u : nat -> T) : nat -> T :=
  fun i => match i with O => t | S i' => u i' end.

(** Expectation over m independent draws, each with the mean E (t0 stands for those that are not made), and that it exists. *)
Fixpoint Edraws {T : Type} (t0 : T) (E : (T -> R) -> R) (m : nat) (f : (nat -> T) -> R) : R :=
  match m with
  | O => f (fun _ => t0)
  | S m' => E (fun t => Edraws t0 E m' (fun u => f (draw_first t u)))
  end.

Fixpoint has_Edraws {T : Type} (t0 : T) (has_mean : (T -> R) -> Prop) (E : (T -> R) -> R) (m : nat) (f : (nat -> T) -> R) : Prop :=
  match m with
  | O => True
  | S m' => (forall t, has_Edraws t0 has_mean E m' (fun u => f (draw_first t u))) /\
            has_mean (fun t => Edraws t0 E m' (fun u => f (draw_first t u)))
  end.

(** X i t estimates row i from the draw t: each of its n numbers has the mean y i, and the distance to that has the mean square v i. *)
Record row_rules {T : Type} (has_mean : (T -> R) -> Prop) (E : (T -> R) -> R) (m n : nat) (X : nat -> T -> vec) (y : nat -> vec) (v : nat -> R) : Prop := {
  row_mean : forall i j, (i < m)%nat -> (j < n)%nat -> has_mean (fun t => X i t j) /\ E (fun t => X i t j) = y i j;
  row_variance : forall i, (i < m)%nat ->
    has_mean (fun t => norm2 n (fun j => X i t j - y i j)) /\ E (fun t => norm2 n (fun j => X i t j - y i j)) = v i }.

(** ** Any rules *)

Section Rules.

Variables (T : Type) (t0 : T) (has_mean : (T -> R) -> Prop) (E : (T -> R) -> R).
Hypothesis HE : is_mean has_mean E.

Lemma mean_of f g l : (forall t, f t = g t) -> has_mean f /\ E f = l -> has_mean g /\ E g = l.
Proof. intros H. now replace g with f by (extensionality t; apply H). Qed.

Lemma draws_of m f g l : (forall u, f u = g u) ->
  has_Edraws t0 has_mean E m f /\ Edraws t0 E m f = l -> has_Edraws t0 has_mean E m g /\ Edraws t0 E m g = l.
Proof. intros H. now replace g with f by (extensionality u; apply H). Qed.

Lemma draws_const m a : has_Edraws t0 has_mean E m (fun _ => a) /\ Edraws t0 E m (fun _ => a) = a.
Proof.
  induction m as [|m [IH1 IH2]]; simpl; [easy|]. destruct (mean_const _ _ HE a) as [C1 C2].
  destruct (mean_of (fun _ => a) (fun _ => Edraws t0 E m (fun _ => a)) a (fun _ => eq_sym IH2) (conj C1 C2)) as [D1 D2].
  repeat split; easy.
Qed.

(** By the first draw: if the others give F t and F has the mean l. *)
Lemma draws_S m f (F : T -> R) l :
  (forall t, has_Edraws t0 has_mean E m (fun u => f (draw_first t u)) /\ Edraws t0 E m (fun u => f (draw_first t u)) = F t) ->
  has_mean F /\ E F = l -> has_Edraws t0 has_mean E (S m) f /\ Edraws t0 E (S m) f = l.
Proof.
  intros Hf HF. destruct (mean_of F (fun t => Edraws t0 E m (fun u => f (draw_first t u))) l (fun t => eq_sym (proj2 (Hf t))) HF) as [M1 M2].
  simpl. repeat split; try easy. intros t. apply Hf.
Qed.

(** E |c + a (X - y)|^2 = |c|^2 + a^2 E |X - y|^2. *)
Lemma mean_of_shifted n c a X y v :
  (forall j, (j < n)%nat -> has_mean (fun t => X t j) /\ E (fun t => X t j) = y j) ->
  has_mean (fun t => norm2 n (fun j => X t j - y j)) /\ E (fun t => norm2 n (fun j => X t j - y j)) = v ->
  has_mean (fun t => norm2 n (fun j => c j + a * (X t j - y j))) /\
  E (fun t => norm2 n (fun j => c j + a * (X t j - y j))) = norm2 n c + a ^ 2 * v.
Proof.
  intros HX [V1 V2].
  assert (Hc : forall j, (j < n)%nat -> has_mean (fun t => 2 * a * c j * X t j) /\ E (fun t => 2 * a * c j * X t j) = 2 * a * c j * y j).
  { intros j Hj. destruct (HX j Hj) as [M1 M2]. destruct (mean_scal _ _ HE (2 * a * c j) _ M1) as [S1 S2]. now rewrite M2 in S2. }
  destruct (mean_sum _ _ _ HE n (fun j t => 2 * a * c j * X t j) (fun j Hj => proj1 (Hc j Hj))) as [L1 L2].
  rewrite (sum_ext n _ (fun j => 2 * a * c j * y j)) in L2 by (intros j Hj; apply (Hc j Hj)).
  destruct (mean_scal _ _ HE (a ^ 2) _ V1) as [Q1 Q2]. rewrite V2 in Q2.
  destruct (mean_const _ _ HE (norm2 n c - sum n (fun j => 2 * a * c j * y j))) as [K1 K2].
  destruct (mean_plus _ _ HE _ _ L1 Q1) as [P1 P2]. destruct (mean_plus _ _ HE _ _ P1 K1) as [R1 R2].
  apply (mean_of (fun t => sum n (fun j => 2 * a * c j * X t j) + a ^ 2 * norm2 n (fun j => X t j - y j)
                           + (norm2 n c - sum n (fun j => 2 * a * c j * y j)))).
  - intros t. unfold norm2, dot. rewrite <- sum_scal_l, <- sum_minus, <- !sum_plus. apply sum_ext. intros j _. ring.
  - split; [exact R1|]. rewrite R2, P2, L2, Q2, K2. ring.
Qed.

(** E |c + sum a_i (X_i - y_i)|^2 = |c|^2 + sum a_i^2 v_i: the rows' draws are independent. *)
Lemma sum_of_independent_errors n m : forall c a X y v, row_rules has_mean E m n X y v ->
  has_Edraws t0 has_mean E m (fun u => norm2 n (fun j => c j + sum m (fun i => a i * (X i (u i) j - y i j)))) /\
  Edraws t0 E m (fun u => norm2 n (fun j => c j + sum m (fun i => a i * (X i (u i) j - y i j)))) = norm2 n c + sum m (fun i => a i ^ 2 * v i).
Proof.
  induction m as [|m IH]; intros c a X y v HX.
  - simpl. split; [easy|]. rewrite Rplus_0_r. apply norm2_ext. intros; ring.
  - apply (draws_S m _ (fun t => norm2 n (fun j => c j + a O * (X O t j - y O j)) + sum m (fun i => a (S i) ^ 2 * v (S i)))).
    + intros t.
      apply (draws_of m (fun u => norm2 n (fun j => (c j + a O * (X O t j - y O j))
                                    + sum m (fun i => a (S i) * (X (S i) (u i) j - y (S i) j))))).
      * intros u. apply norm2_ext. intros j _. rewrite sum_head. simpl. ring.
      * apply (IH _ (fun i => a (S i)) (fun i => X (S i)) (fun i => y (S i)) (fun i => v (S i))). constructor.
        -- intros i j Hi Hj. apply (row_mean _ _ _ _ _ _ _ HX); lia.
        -- intros i Hi. apply (row_variance _ _ _ _ _ _ _ HX); lia.
    + rewrite sum_head, <- Rplus_assoc.
      destruct (mean_of_shifted n c (a O) (X O) (y O) (v O)) as [M1 M2].
      * intros j Hj. apply (row_mean _ _ _ _ _ _ _ HX); lia.
      * apply (row_variance _ _ _ _ _ _ _ HX); lia.
      * destruct (mean_const _ _ HE (sum m (fun i => a (S i) ^ 2 * v (S i)))) as [K1 K2].
        destruct (mean_plus _ _ HE _ _ M1 K1) as [P1 P2]. split; [exact P1|]. now rewrite P2, M2, K2.
Qed.

Lemma weighted_mean_minus m w y x j :
  weighted_mean m w y j - weighted_mean m w x j = sum m (fun i => w i / sum m w * (y i j - x i j)).
Proof.
  unfold weighted_mean, Rdiv. rewrite <- Rmult_minus_distr_r, <- sum_minus, <- sum_scal_r. apply sum_ext. intros; ring.
Qed.

(** The error of the mean: the bias of the mean, and the rows' variances. *)
Theorem mean_of_rows_error m n w X y v x :
  row_rules has_mean E m n X y v -> 0 < sum m w ->
  has_Edraws t0 has_mean E m (fun u => norm2 n (fun j => weighted_mean m w (fun i => X i (u i)) j - weighted_mean m w x j)) /\
  Edraws t0 E m (fun u => norm2 n (fun j => weighted_mean m w (fun i => X i (u i)) j - weighted_mean m w x j))
  = norm2 n (fun j => weighted_mean m w y j - weighted_mean m w x j) + sum m (fun i => w i ^ 2 * v i) / sum m w ^ 2.
Proof.
  intros HX Hw.
  replace (sum m (fun i => w i ^ 2 * v i) / sum m w ^ 2) with (sum m (fun i => (w i / sum m w) ^ 2 * v i)).
  - apply (draws_of m (fun u => norm2 n (fun j => (weighted_mean m w y j - weighted_mean m w x j)
             + sum m (fun i => w i / sum m w * (X i (u i) j - y i j))))).
    + intros u. apply norm2_ext. intros j _. pose proof (weighted_mean_minus m w (fun i => X i (u i)) y j) as Hd. cbv beta in Hd. lra.
    + now apply sum_of_independent_errors.
  - unfold Rdiv at 2. rewrite <- sum_scal_r. apply sum_ext. intros i _. field. lra.
Qed.

(** E [mean x^] = mean (E x^). *)
Theorem mean_of_rows_mean m n w X y v j :
  row_rules has_mean E m n X y v -> (j < n)%nat ->
  has_Edraws t0 has_mean E m (fun u => weighted_mean m w (fun i => X i (u i)) j) /\
  Edraws t0 E m (fun u => weighted_mean m w (fun i => X i (u i)) j) = weighted_mean m w y j.
Proof.
  intros HX Hj. unfold weighted_mean. set (W := sum m w). clearbody W.
  assert (Hsum : forall m a X y, (forall i, (i < m)%nat -> has_mean (fun t => X i t j) /\ E (fun t => X i t j) = y i j) -> forall c,
    has_Edraws t0 has_mean E m (fun u => c + sum m (fun i => a i * X i (u i) j) / W) /\
    Edraws t0 E m (fun u => c + sum m (fun i => a i * X i (u i) j) / W) = c + sum m (fun i => a i * y i j) / W).
  { clear - HE t0 W j. induction m as [|m IH]; intros a X y HX c; [easy|].
    apply (draws_S m _ (fun t => c + (a O * X O t j + sum m (fun i => a (S i) * y (S i) j)) / W)).
    - intros t. apply (draws_of m (fun u => (c + a O * X O t j / W) + sum m (fun i => a (S i) * X (S i) (u i) j) / W)).
      + intros u. rewrite sum_head. simpl. unfold Rdiv. ring.
      + destruct (IH (fun i => a (S i)) (fun i => X (S i)) (fun i => y (S i)) (fun i Hi => HX (S i) ltac:(lia)) (c + a O * X O t j / W)) as [I1 I2].
        split; [exact I1|]. rewrite I2. unfold Rdiv. ring.
    - rewrite sum_head. set (s := sum m _). clearbody s. destruct (HX O ltac:(lia)) as [M1 M2].
      destruct (mean_scal _ _ HE (a O / W) _ M1) as [S1 S2]. destruct (mean_const _ _ HE (c + s / W)) as [K1 K2].
      destruct (mean_plus _ _ HE _ _ S1 K1) as [P1 P2].
      apply (mean_of (fun t => a O / W * X O t j + (c + s / W))).
      + intros t. unfold Rdiv. ring.
      + split; [exact P1|]. rewrite P2, S2, M2, K2. unfold Rdiv. ring. }
  destruct (Hsum m w X y (fun i Hi => row_mean _ _ _ _ _ _ _ HX i j Hi Hj) 0) as [H1 H2]. rewrite Rplus_0_l in H2.
  apply (draws_of m (fun u => 0 + sum m (fun i => w i * X i (u i) j) / W)); [intros; ring|easy].
Qed.

(** m equal rows with equal weights and one rule: the bias stays, the variance is divided by m. *)
Theorem equal_rows_error m n X y v x :
  row_rules has_mean E m n (fun _ => X) (fun _ => y) (fun _ => v) -> (0 < m)%nat ->
  Edraws t0 E m (fun u => norm2 n (fun j => weighted_mean m (fun _ => 1) (fun i => X (u i)) j - x j))
  = norm2 n (fun j => y j - x j) + v / INR m.
Proof.
  intros HX Hm. assert (Hm' : 0 < INR m) by now apply lt_0_INR.
  assert (Hw : forall z j, weighted_mean m (fun _ => 1) (fun _ => z) j = z j).
  { intros z j. unfold weighted_mean. rewrite !sum_const. field. lra. }
  destruct (mean_of_rows_error m n (fun _ => 1) (fun _ => X) (fun _ => y) (fun _ => v) (fun _ => x) HX) as [_ H].
  - rewrite sum_const. lra.
  - rewrite !sum_const in H. rewrite (norm2_ext n (fun j => weighted_mean m (fun _ => 1) (fun _ => y) j - _) (fun j => y j - x j)) in H
      by (intros; now rewrite !Hw).
    replace (fun u : nat -> T => norm2 n (fun j => weighted_mean m (fun _ => 1) (fun i => X (u i)) j - x j))
      with (fun u : nat -> T => norm2 n (fun j => weighted_mean m (fun _ => 1) (fun i => X (u i)) j - weighted_mean m (fun _ => 1) (fun _ => x) j)).
    + rewrite H. f_equal. field. lra.
    + extensionality u. apply norm2_ext. intros j _. now rewrite (Hw x).
Qed.

Lemma draws_plus m : forall f g, has_Edraws t0 has_mean E m f -> has_Edraws t0 has_mean E m g ->
  has_Edraws t0 has_mean E m (fun u => f u + g u) /\
  Edraws t0 E m (fun u => f u + g u) = Edraws t0 E m f + Edraws t0 E m g.
Proof.
  induction m as [|m IH]; intros f g Hf Hg; [easy|]. destruct Hf as [Hf1 Hf2], Hg as [Hg1 Hg2].
  apply (draws_S m _ (fun t => Edraws t0 E m (fun u => f (draw_first t u)) + Edraws t0 E m (fun u => g (draw_first t u)))).
  - intros t. exact (IH _ _ (Hf1 t) (Hg1 t)).
  - exact (mean_plus _ _ HE _ _ Hf2 Hg2).
Qed.

Lemma draws_scal m a : forall f, has_Edraws t0 has_mean E m f ->
  has_Edraws t0 has_mean E m (fun u => a * f u) /\ Edraws t0 E m (fun u => a * f u) = a * Edraws t0 E m f.
Proof.
  induction m as [|m IH]; intros f Hf; [easy|]. destruct Hf as [Hf1 Hf2].
  apply (draws_S m _ (fun t => a * Edraws t0 E m (fun u => f (draw_first t u)))).
  - intros t. exact (IH _ (Hf1 t)).
  - exact (mean_scal _ _ HE a _ Hf2).
Qed.

Lemma draws_at_least m : forall a f, has_Edraws t0 has_mean E m f -> (forall u, a <= f u) -> a <= Edraws t0 E m f.
Proof.
  induction m as [|m IH]; intros a f Hf Ha; [apply Ha|]. destruct Hf as [Hf1 Hf2].
  apply (mean_at_least _ _ HE); [exact Hf2|]. intros t. apply (IH _ _ (Hf1 t)). intros u. apply Ha.
Qed.

(** m independent draws are a draw. *)
Lemma draws_is_mean m : is_mean (has_Edraws t0 has_mean E m) (Edraws t0 E m).
Proof.
  constructor; [apply draws_const|apply draws_plus|intros a f; apply draws_scal|apply draws_at_least].
Qed.

End Rules.

(** ** Two stages: what a mean becomes that is encoded anew *)

(** Y u estimates x without bias, and errs V1; the second rule is unbiased at each y that it may meet, with an error of at most
    C |y|^2 on average over the first draws (in the hypothesis: e2 y, its own error at y). *)
Theorem two_stage_error {T1 T2} has_mean1 (E1 : (T1 -> R) -> R) has_mean2 (E2 : (T2 -> R) -> R) n
    (Y : T1 -> vec) (Z : vec -> T2 -> vec) (x : vec) (e2 : vec -> R) V1 C :
  is_mean has_mean1 E1 -> is_mean has_mean2 E2 -> 0 <= C ->
  (forall j, (j < n)%nat -> has_mean1 (fun u => Y u j) /\ E1 (fun u => Y u j) = x j) ->
  has_mean1 (fun u => norm2 n (fun j => Y u j - x j)) /\ E1 (fun u => norm2 n (fun j => Y u j - x j)) = V1 ->
  (forall u j, (j < n)%nat -> has_mean2 (fun t => Z (Y u) t j) /\ E2 (fun t => Z (Y u) t j) = Y u j) ->
  (forall u, has_mean2 (fun t => norm2 n (fun j => Z (Y u) t j - Y u j)) /\
             E2 (fun t => norm2 n (fun j => Z (Y u) t j - Y u j)) = e2 (Y u)) ->
  has_mean1 (fun u => e2 (Y u)) -> (forall u, e2 (Y u) <= C * norm2 n (Y u)) ->
  (forall j, (j < n)%nat -> E1 (fun u => E2 (fun t => Z (Y u) t j)) = x j) /\
  E1 (fun u => E2 (fun t => norm2 n (fun j => Z (Y u) t j - x j))) = V1 + E1 (fun u => e2 (Y u)) /\
  V1 + E1 (fun u => e2 (Y u)) <= V1 + C * (norm2 n x + V1).
Proof.
  intros HE1 HE2 HC HY [V V'] HZ He Hm Hle. split; [|split].
  - intros j Hj. rewrite <- (proj2 (HY j Hj)). apply mean_ext. intros u. now apply HZ.
  - rewrite <- V'.
    rewrite <- (proj2 (mean_plus _ _ HE1 _ _ V Hm)). apply mean_ext. intros u.
    destruct (mean_of_shifted T2 has_mean2 E2 HE2 n (fun j => Y u j - x j) 1 (Z (Y u)) (Y u) (e2 (Y u)) (fun j Hj => HZ u j Hj) (He u)) as [_ M].
    rewrite pow1, Rmult_1_l in M. rewrite <- M. apply mean_ext. intros t. apply norm2_ext. intros; ring.
  - apply Rplus_le_compat_l.
    destruct (mean_of_shifted T1 has_mean1 E1 HE1 n x 1 Y x V1 HY (conj V V')) as [N1 N2].
    assert (N : has_mean1 (fun u => norm2 n (Y u)) /\ E1 (fun u => norm2 n (Y u)) = norm2 n x + V1).
    { apply (mean_of T1 has_mean1 E1 (fun u => norm2 n (fun j => x j + 1 * (Y u j - x j)))).
      - intros u. apply norm2_ext. intros; ring.
      - split; [exact N1|]. rewrite N2. ring. }
    destruct N as [N3 N4]. destruct (mean_scal _ _ HE1 C _ N3) as [S1 S2]. destruct (mean_scal _ _ HE1 (-1) _ Hm) as [M1 M2].
    destruct (mean_plus _ _ HE1 _ _ S1 M1) as [P1 P2].
    pose proof (mean_at_least _ _ HE1 0 _ P1) as L. rewrite P2, S2, M2, N4 in L.
    assert (0 <= C * (norm2 n x + V1) + -1 * E1 (fun u => e2 (Y u))) by (apply L; intros u; specialize (Hle u); lra). lra.
Qed.

(** ** The rules of hdq *)

Lemma norm2_zero d y : (forall i, (i < d)%nat -> y i = 0) -> norm2 d y = 0.
Proof. intros Hy. apply sum_zero. intros i Hi. rewrite Hy by easy. ring. Qed.

Lemma decode_scale_zero d H eps z i : decode d H eps 0 z i = 0.
Proof. unfold decode, Rdiv. ring. Qed.

Lemma ex_Edither_error_of n (X : R -> vec) x :
  (forall i, piecewise_continuous (fun U => X U i) 0 1) -> ex_RInt (fun U => norm2 n (fun i => X U i - x i)) 0 1.
Proof.
  intros HX. apply pc_ex_RInt. apply (pc_sum n (fun i U => (X U i - x i) * (X U i - x i))); [lra|].
  intros i _. apply pc_mult; apply pc_minus; try apply HX; apply pc_const; lra.
Qed.

(** SPEC §4, every row with levels, generator and stored scale of its own; the signs are common. *)
Theorem reconstruct_mean_error m (N : nat -> nat) (g : nat -> R -> R) d H n w (rho : nat -> R) (x : nat -> vec) :
  (forall i, (i < m)%nat -> generator (N i) (g i)) -> hadamard d H -> (n <= d)%nat -> 0 < sum m w ->
  (forall i, (i < m)%nat -> scale_for d (rho i) (x i)) ->
  let row := fun eps i U => reconstruct (N i) (g i) d H (rho i) (x i) eps U in
  (forall eps j, signs d eps -> (j < n)%nat ->
     Edraws 0 Edither m (fun U => weighted_mean m w (fun i => row eps i (U i)) j) = weighted_mean m w x j) /\
  Esign d (fun eps => Edraws 0 Edither m (fun U =>
    norm2 n (fun j => weighted_mean m w (fun i => row eps i (U i)) j - weighted_mean m w x j)))
  <= sum m (fun i => w i ^ 2 * mse (N i) (g i) d H (rho i) (x i)) / sum m w ^ 2.
Proof.
  intros Hg HH Hn Hw Hrho row.
  assert (HX : forall eps, signs d eps -> row_rules (fun f => ex_RInt f 0 1) Edither m n (row eps) x
                 (fun i => Edither (fun U => norm2 n (fun j => row eps i U j - x i j)))).
  { intros eps Hs. constructor.
    - intros i j Hi Hj. split; [now apply ex_Edither_reconstruct, Hg|]. apply reconstruct_unbiased; try easy; [now apply Hg|now apply Hrho|lia].
    - intros i Hi. split; [|easy]. apply ex_Edither_error_of. intros j. now apply pc_reconstruct, Hg. }
  split.
  - intros eps j Hs Hj. apply (mean_of_rows_mean R 0 _ _ Edither_is_mean m n w _ _ _ j (HX eps Hs) Hj).
  - rewrite (Esign_ext d _ (fun eps => / sum m w ^ 2 * sum m (fun i => w i ^ 2 * Edither (fun U => norm2 n (fun j => row eps i U j - x i j))))).
    + rewrite Esign_scal_l, Esign_sum. unfold Rdiv. rewrite Rmult_comm.
      apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, pow_lt; lra|]. apply sum_le. intros i Hi. rewrite Esign_scal_l.
      apply Rmult_le_compat_l; [apply pow2_ge_0|]. unfold mse. apply Esign_le. intros eps _. apply Edither_le.
      * apply ex_Edither_error_of. intros j. now apply pc_reconstruct, Hg.
      * apply ex_Edither_error_of. intros j. now apply pc_reconstruct, Hg.
      * intros U _. now apply truncated_error_le.
    + intros eps He. destruct (mean_of_rows_error R 0 _ _ Edither_is_mean m n w _ _ _ x (HX eps (fun i _ => He i)) Hw) as [_ M].
      rewrite M, (norm2_zero n) by (intros; ring). unfold Rdiv. ring.
Qed.

(** SPEC §7, every row with a step, raw bits and stored scale of its own, and an offset V of its own. *)
Section Steps.

Variables (m : nat) (step : nat -> R) (h : nat -> nat) (d : nat) (H : mat) (w rho : nat -> R) (x : nat -> vec) (eps : vec).
Hypothesis Hstep : forall i, (i < m)%nat -> 0 < step i.
Hypothesis HH : hadamard d H.
Hypothesis Hsigns : signs d eps.
Hypothesis Hw : 0 < sum m w.

Lemma is_Edither_step_error a i :
  (0 < d)%nat -> scale_for d (rho i) (x i) -> (i < m)%nat ->
  is_RInt (fun V => norm2 d (fun j => step_reconstruct d H (step i) (h i) (rho i) (x i) eps (offsets a V) j - x i j)) 0 1
    (step_error (step i) * rho i ^ 2).
Proof.
  intros Hd [Hrho | [Hrho Hx]] Hi; [now apply is_Edither_step_mse; [apply Hstep|..]|].
  rewrite Hrho, pow_i, Rmult_0_r by lia. apply (is_RInt_ext (fun _ => 0)); [|apply Shrink.is_Edither_const].
  intros V _. symmetry. apply norm2_zero. intros j Hj. unfold step_reconstruct. rewrite decode_scale_zero, Hx by easy. ring.
Qed.

Theorem step_mean_error a n :
  (n <= d)%nat -> (0 < d)%nat -> (forall i, (i < m)%nat -> scale_for d (rho i) (x i)) ->
  let row := fun i V => step_reconstruct d H (step i) (h i) (rho i) (x i) eps (offsets a V) in
  let error := fun k => Edraws 0 Edither m (fun V =>
    norm2 k (fun j => weighted_mean m w (fun i => row i (V i)) j - weighted_mean m w x j)) in
  (forall j, (j < d)%nat -> Edraws 0 Edither m (fun V => weighted_mean m w (fun i => row i (V i)) j) = weighted_mean m w x j) /\
  error d = sum m (fun i => w i ^ 2 * (step_error (step i) * rho i ^ 2)) / sum m w ^ 2 /\
  error n <= sum m (fun i => w i ^ 2 * (step_error (step i) * rho i ^ 2)) / sum m w ^ 2.
Proof.
  intros Hn Hd Hrho row error.
  assert (HX : forall k, (k <= d)%nat -> row_rules (fun f => ex_RInt f 0 1) Edither m k row x
                 (fun i => Edither (fun V => norm2 k (fun j => row i V j - x i j)))).
  { intros k Hk. constructor.
    - intros i j Hi Hj.
      pose proof (is_Edither_step_reconstruct (step i) (h i) a (Hstep i Hi) d H (rho i) (x i) eps HH Hsigns j ltac:(lia) (Hrho i Hi)) as Hr.
      split; [now exists (x i j)|now apply is_RInt_unique].
    - intros i Hi. split; [|easy]. apply (ex_Edither_truncated (step i) (h i) a (Hstep i Hi)). }
  assert (HE : forall k, (k <= d)%nat ->
    error k = sum m (fun i => w i ^ 2 * Edither (fun V => norm2 k (fun j => row i V j - x i j))) / sum m w ^ 2).
  { intros k Hk. destruct (mean_of_rows_error R 0 _ _ Edither_is_mean m k w _ _ _ x (HX k Hk) Hw) as [_ M].
    unfold error. rewrite M, (norm2_zero k) by (intros; ring). ring. }
  assert (Hfull : error d = sum m (fun i => w i ^ 2 * (step_error (step i) * rho i ^ 2)) / sum m w ^ 2).
  { rewrite HE by lia. f_equal. apply sum_ext. intros i Hi. f_equal. apply is_RInt_unique, is_Edither_step_error; auto. }
  split; [|split; [exact Hfull|]].
  - intros j Hj. apply (mean_of_rows_mean R 0 _ _ Edither_is_mean m d w _ _ _ j (HX d ltac:(lia)) Hj).
  - rewrite HE by easy. apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, pow_lt; lra|]. apply sum_le. intros i Hi.
    apply Rmult_le_compat_l; [apply pow2_ge_0|]. rewrite <- (is_RInt_unique _ _ _ _ (is_Edither_step_error a i Hd (Hrho i Hi) Hi)). apply Edither_le.
    + apply (ex_Edither_truncated (step i) (h i) a (Hstep i Hi)).
    + apply (ex_Edither_truncated (step i) (h i) a (Hstep i Hi)).
    + intros V _. now apply truncated_error_le.
Qed.

End Steps.

(** A mean that is encoded anew by the step rule, signs given, any raw bits: Y is any unbiased estimate of x, of d numbers (padded with zeros). *)
Theorem step_two_stage_error {T} has_mean (E : (T -> R) -> R) d H (Y : T -> vec) x V1 step h a eps :
  is_mean has_mean E -> 0 < step -> hadamard d H -> signs d eps -> (0 < d)%nat ->
  (forall j, (j < d)%nat -> has_mean (fun u => Y u j) /\ E (fun u => Y u j) = x j) ->
  has_mean (fun u => norm2 d (fun j => Y u j - x j)) /\ E (fun u => norm2 d (fun j => Y u j - x j)) = V1 ->
  let again := fun u V => step_reconstruct d H step h (sqrt (norm2 d (Y u))) (Y u) eps (offsets a V) in
  (forall j, (j < d)%nat -> E (fun u => Edither (fun V => again u V j)) = x j) /\
  E (fun u => Edither (fun V => norm2 d (fun j => again u V j - x j))) = V1 + step_error step * (norm2 d x + V1).
Proof.
  intros HE Hs HH He Hd HY HV again.
  set (Z := fun y V => step_reconstruct d H step h (sqrt (norm2 d y)) y eps (offsets a V)).
  assert (HD : 0 <= step_error step) by (unfold step_error; pose proof (pow2_ge_0 step); lra).
  assert (HN : has_mean (fun u => norm2 d (Y u)) /\ E (fun u => norm2 d (Y u)) = norm2 d x + V1).
  { destruct (mean_of_shifted T has_mean E HE d x 1 Y x V1 HY HV) as [N1 N2].
    apply (mean_of T has_mean E (fun u => norm2 d (fun j => x j + 1 * (Y u j - x j)))).
    - intros u. apply norm2_ext. intros; ring.
    - split; [exact N1|]. rewrite N2. ring. }
  destruct (mean_scal _ _ HE (step_error step) _ (proj1 HN)) as [S1 S2]. rewrite (proj2 HN) in S2.
  destruct (two_stage_error has_mean E (fun f => ex_RInt f 0 1) Edither d Y Z x (fun y => step_error step * norm2 d y) V1 (step_error step)
    HE Edither_is_mean HD HY HV) as (A & B & _).
  - intros u j Hj. assert (Hr : is_RInt (fun V => Z (Y u) V j) 0 1 (Y u j)) by now apply is_Edither_step_reconstruct; try apply norm_scale_for.
    split; [now exists (Y u j)|now apply is_RInt_unique].
  - intros u. assert (Hr : is_RInt (fun V => norm2 d (fun j => Z (Y u) V j - Y u j)) 0 1 (step_error step * norm2 d (Y u))).
    { replace (step_error step * norm2 d (Y u)) with (step_error step * sqrt (norm2 d (Y u)) ^ 2) by (rewrite pow2_sqrt; [easy|apply norm2_nonneg]).
      apply (is_Edither_step_error 1 (fun _ => step) (fun _ => h) d H (fun _ => sqrt (norm2 d (Y u))) (fun _ => Y u) eps (fun _ _ => Hs) HH He a 0%nat Hd);
        [apply norm_scale_for|lia]. }
    split; [now exists (step_error step * norm2 d (Y u))|now apply is_RInt_unique].
  - exact S1.
  - intros u. apply Rle_refl.
  - split; [exact A|]. unfold again, Z in *. rewrite B, S2. reflexivity.
Qed.

(** Signs and a dither: the randomness of a row of SPEC §4 with a seed of its own. *)
Definition Esigns_dither (d : nat) (f : vec * R -> R) : R := Esign d (fun eps => Edither (fun U => f (eps, U))).
Definition has_signs_dither (f : vec * R -> R) : Prop := forall eps, is_sign eps -> ex_RInt (fun U => f (eps, U)) 0 1.

Lemma signs_dither_is_mean d : is_mean has_signs_dither (Esigns_dither d).
Proof.
  unfold has_signs_dither, Esigns_dither. constructor.
  - intros a. split; [intros eps _; apply ex_RInt_const|]. rewrite (Esign_ext d _ (fun _ => a)) by (intros; apply Edither_const). apply Esign_const.
  - intros f g Hf Hg. split; [intros eps He; apply (ex_RInt_plus (V := R_NormedModule)); auto|].
    rewrite <- Esign_plus. apply Esign_ext. intros eps He. apply Edither_plus; auto.
  - intros a f Hf. split; [intros eps He; apply ex_RInt_scal_R; auto|].
    rewrite <- Esign_scal_l. apply Esign_ext. intros eps He. apply Edither_scal_l; auto.
  - intros a f Hf Ha. rewrite <- (Esign_const d a). apply Esign_le. intros eps He. rewrite <- (Edither_const a).
    apply Edither_le; [apply ex_RInt_const|auto|auto].
Qed.

(** A mean that is encoded anew by the rule of SPEC §4, with signs and dither independent of the first; C bounds its error at every vector. *)
Theorem reconstruct_two_stage_error {T} has_mean (E : (T -> R) -> R) N g d H (Y : T -> vec) x V1 C :
  is_mean has_mean E -> generator N g -> hadamard d H -> 0 <= C ->
  (forall y, norm2 d y <> 0 -> mse N g d H (sqrt (norm2 d y)) y <= C * norm2 d y) ->
  (forall j, (j < d)%nat -> has_mean (fun u => Y u j) /\ E (fun u => Y u j) = x j) ->
  has_mean (fun u => norm2 d (fun j => Y u j - x j)) /\ E (fun u => norm2 d (fun j => Y u j - x j)) = V1 ->
  has_mean (fun u => mse N g d H (sqrt (norm2 d (Y u))) (Y u)) ->
  let again := fun u (t : vec * R) => reconstruct N g d H (sqrt (norm2 d (Y u))) (Y u) (fst t) (snd t) in
  (forall j, (j < d)%nat -> E (fun u => Esigns_dither d (fun t => again u t j)) = x j) /\
  E (fun u => Esigns_dither d (fun t => norm2 d (fun j => again u t j - x j))) <= V1 + C * (norm2 d x + V1).
Proof.
  intros HE Hg HH HC Hbound HY HV Hm again.
  set (Z := fun y (t : vec * R) => reconstruct N g d H (sqrt (norm2 d y)) y (fst t) (snd t)).
  destruct (two_stage_error has_mean E has_signs_dither (Esigns_dither d) d Y Z x (fun y => mse N g d H (sqrt (norm2 d y)) y) V1 C
    HE (signs_dither_is_mean d) HC HY HV) as (A & B & B').
  - intros u j Hj. split; [intros eps _; exact (ex_Edither_reconstruct N g Hg d H (sqrt (norm2 d (Y u))) (Y u) eps j)|].
    unfold Esigns_dither. rewrite (Esign_ext d _ (fun _ => Y u j)); [apply Esign_const|]. intros eps He.
    exact (reconstruct_unbiased N g Hg d H HH (sqrt (norm2 d (Y u))) (Y u) eps j (fun i _ => He i) (norm_scale_for d (Y u)) Hj).
  - intros u. split; [|reflexivity]. intros eps _.
    exact (ex_Edither_error_of d (fun U => reconstruct N g d H (sqrt (norm2 d (Y u))) (Y u) eps U) (Y u)
      (fun i => pc_reconstruct N g Hg d H (sqrt (norm2 d (Y u))) (Y u) eps i)).
  - exact Hm.
  - intros u. destruct (Req_dec (norm2 d (Y u)) 0) as [H0 | H0]; [|now apply Hbound].
    assert (Hy : forall i, (i < d)%nat -> Y u i = 0).
    { intros i Hi. pose proof (sum_eq_0_inv d (fun i => Y u i * Y u i) ltac:(intros; nra) H0 i Hi) as Hi0. cbv beta in Hi0. nra. }
    cbv beta. rewrite H0, sqrt_0, Rmult_0_r. right. unfold mse. rewrite (Esign_ext d _ (fun _ => 0)); [apply Esign_const|]. intros eps _.
    rewrite (Edither_ext _ (fun _ => 0)); [apply Edither_const|]. intros U _. apply norm2_zero. intros i Hi.
    unfold reconstruct. rewrite decode_scale_zero, Hy by easy. ring.
  - split; [exact A|]. rewrite <- B in B'. exact B'.
Qed.

(** ** Words of 32 bits *)

(** Of any number of words: Coq must not unfold 2^32. *)
Lemma scaled_sum_is_mean n p : 0 <= p -> p * INR n = 1 -> is_mean (fun _ => True) (fun f : nat -> R => p * sum n f).
Proof.
  intros Hp Hn. constructor.
  - intros a. split; [easy|]. rewrite sum_const, <- Rmult_assoc, Hn. ring.
  - intros f g _ _. split; [easy|]. rewrite sum_plus. ring.
  - intros a f _. split; [easy|]. rewrite sum_scal_l. ring.
  - intros a f _ Ha. apply Rle_trans with (p * sum n (fun _ => a)).
    + right. rewrite sum_const, <- Rmult_assoc, Hn. ring.
    + apply Rmult_le_compat_l; [easy|]. now apply sum_le.
Qed.

Lemma word_is_mean : is_mean (fun _ => True) mean_word.
Proof.
  assert (H : 0 < 2 ^ 32) by (apply pow_lt; lra). apply (scaled_sum_is_mean (2 ^ 32) (/ 2 ^ 32)).
  - left. now apply Rinv_0_lt_compat.
  - rewrite <- pow2_INR. apply Rinv_l. now apply Rgt_not_eq.
Qed.

(** |mean y - mean x|^2 is at most the mean of |y - x|^2. *)
Lemma weighted_mean_convex m n w y x :
  (forall i, (i < m)%nat -> 0 <= w i) -> 0 < sum m w ->
  norm2 n (fun j => weighted_mean m w y j - weighted_mean m w x j) <= sum m (fun i => w i * norm2 n (fun j => y i j - x i j)) / sum m w.
Proof.
  intros Hw HW. set (W := sum m w) in *.
  apply Rle_trans with (sum n (fun j => sum m (fun i => w i * ((y i j - x i j) * (y i j - x i j))) / W)).
  - apply sum_le. intros j _. set (s := weighted_mean m w y j - weighted_mean m w x j). set (q := sum m _).
    assert (Hs : sum m (fun i => w i * (y i j - x i j)) = W * s).
    { unfold s, weighted_mean. fold W. rewrite (sum_ext m _ (fun i => w i * y i j - w i * x i j)) by (intros; ring).
      rewrite sum_minus. field. lra. }
    assert (H0 : 0 <= sum m (fun i => w i * ((y i j - x i j) - s) ^ 2)).
    { apply sum_nonneg. intros i Hi. apply Rmult_le_pos; [now apply Hw|apply pow2_ge_0]. }
    rewrite (sum_ext m _ (fun i => w i * ((y i j - x i j) * (y i j - x i j)) + ((-2 * s) * (w i * (y i j - x i j)) + s ^ 2 * w i))) in H0
      by (intros; ring).
    rewrite !sum_plus, !sum_scal_l, Hs in H0. fold q W in H0.
    apply (Rmult_le_reg_r W); [easy|]. unfold Rdiv. rewrite (Rmult_assoc q), Rinv_l, Rmult_1_r by lra. nra.
  - right. unfold Rdiv. rewrite sum_scal_r, (sum_swap n m (fun j i => w i * ((y i j - x i j) * (y i j - x i j)))). f_equal.
    apply sum_ext. intros i _. now rewrite sum_scal_l.
Qed.

(** What the 2^23 values of the offsets add: a bias of at most 2^-24 W_i rho_i in row i, and a little variance. *)
Theorem word_mean_error m step h d H w rho x eps :
  (forall i, (i < m)%nat -> 0 < step i /\ (h i <= 23)%nat /\ 0 <= w i /\ rho i <> 0) ->
  hadamard d H -> signs d eps -> (0 < d)%nat -> 0 < sum m w ->
  let row := fun i v => step_reconstruct d H (step i) (h i) (rho i) (x i) eps (word_offsets v) in
  Edraws 0%nat mean_word m (fun v => norm2 d (fun j => weighted_mean m w (fun i => row i (v i)) j - weighted_mean m w x j))
  <= sum m (fun i => w i * (rho i * (coarse_step (step i) (h i) / 2 ^ 24)) ^ 2) / sum m w
     + sum m (fun i => w i ^ 2 * ((step_error (step i) + (coarse_step (step i) (h i) / 2 ^ 23) ^ 2 / 6) * rho i ^ 2)) / sum m w ^ 2.
Proof.
  intros Hi HH Hs Hd HW row.
  set (y := fun i j => mean_word (fun v => row i v j)). set (var := fun i => mean_word (fun v => norm2 d (fun j => row i v j - y i j))).
  assert (HX : row_rules (fun _ => True) mean_word m d row y var) by (constructor; now intros).
  destruct (mean_of_rows_error nat 0%nat _ _ word_is_mean m d w row y var x HX HW) as [_ ->].
  assert (Hb : forall i, (i < m)%nat -> norm2 d (fun j => y i j - x i j) <= (rho i * (coarse_step (step i) (h i) / 2 ^ 24)) ^ 2).
  { intros i Him. destruct (Hi i Him) as (Hst & Hh & _ & Hr).
    rewrite <- (norm2_ext d (fun j => mean_word (fun v => row i v j - x i j))); [now apply word_reconstruct_bias|].
    intros j _. destruct (mean_plus _ _ word_is_mean (fun v => row i v j) (fun _ => - x i j) I I) as [_ E].
    unfold y, Rminus. rewrite E. f_equal. apply mean_word_const. }
  apply Rplus_le_compat.
  - eapply Rle_trans; [apply weighted_mean_convex; [intros i Him; apply (Hi i Him)|easy]|].
    apply Rmult_le_compat_r; [left; now apply Rinv_0_lt_compat|]. apply sum_le. intros i Him. apply Rmult_le_compat_l; [apply (Hi i Him)|now apply Hb].
  - apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, pow_lt; lra|]. apply sum_le. intros i Him. apply Rmult_le_compat_l; [apply pow2_ge_0|].
    destruct (Hi i Him) as (Hst & Hh & _ & Hr).
    destruct (mean_of_shifted nat _ _ word_is_mean d (fun j => y i j - x i j) 1 (row i) (y i) (var i)
      (fun j Hj => row_mean _ _ _ _ _ _ _ HX i j Him Hj) (row_variance _ _ _ _ _ _ _ HX i Him)) as [_ E].
    pose proof (norm2_nonneg d (fun j => y i j - x i j)) as H0.
    destruct (word_mse (step i) (h i) Hst Hh d H (rho i) (x i) eps HH Hs Hd Hr) as [_ Hmse].
    rewrite (mean_word_ext _ (fun v => norm2 d (fun j => y i j - x i j + 1 * (row i v j - y i j)))) in Hmse
      by (intros v; apply norm2_ext; intros; unfold row; ring).
    rewrite E in Hmse. lra.
Qed.
