(** * What any unbiased rule with N levels must err (SPEC §5.10)

    A rule sees z and randomness that encoder and decoder share; for each value of the randomness it has N levels. If it is unbiased, then for
    every zeta that depends on z alone
      E (q - z)^2 = E (q - zeta)^2 - E (zeta - z)^2,
    and the first is at least the least distortion of the law of zeta with N levels. z is a Rademacher sum, as every coordinate of H D x is. *)
From Coq Require Import Reals Arith Lia Lra FunctionalExtensionality.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Sums Rademacher Hadamard DitheredQuantizer VectorQuantizer.
Open Scope R_scope.

(** A mean over randomness of any kind: linear and monotone on the variables that have one. *)
Record is_mean {T : Type} (has_mean : (T -> R) -> Prop) (E : (T -> R) -> R) : Prop := {
  mean_const : forall a, has_mean (fun _ => a) /\ E (fun _ => a) = a;
  mean_plus : forall f g, has_mean f -> has_mean g ->
    has_mean (fun u => f u + g u) /\ E (fun u => f u + g u) = E f + E g;
  mean_scal : forall a f, has_mean f -> has_mean (fun u => a * f u) /\ E (fun u => a * f u) = a * E f;
  mean_at_least : forall a f, has_mean f -> (forall u, a <= f u) -> a <= E f }.

(** At most N values. *)
Definition has_levels (N : nat) (q : R -> R) : Prop :=
  exists C : nat -> R, forall z, exists k, (k < N)%nat /\ q z = C k.

(** q u z: what z decodes to when the randomness is u. The encoder may do as it likes; what it alone draws is part of u, which helps the decoder.
    The rule need be unbiased only at the z that occur. *)
Record unbiased_rule {T : Type} (has_mean : (T -> R) -> Prop) (E : (T -> R) -> R) (N : nat) (occurs : R -> Prop) (q : T -> R -> R) : Prop := {
  rule_levels : forall u, has_levels N (q u);
  rule_has_mean : forall z, occurs z -> has_mean (fun u => q u z) /\ has_mean (fun u => q u z ^ 2);
  rule_unbiased : forall z, occurs z -> E (fun u => q u z) = z }.

(** The values of Sigma eps_i x_i. *)
Definition attained (d : nat) (x : vec) (z : R) : Prop := exists eps, signs d eps /\ z = rademacher d x eps.

(** No function of N levels is nearer to zeta (S) than D in mean square, S = Sigma eps_i x_i. *)
Definition distortion_at_least (N d : nat) (x : vec) (zeta : R -> R) (D : R) : Prop :=
  forall q, has_levels N q -> D <= Esign d (fun e => (q (rademacher d x e) - zeta (rademacher d x e)) ^ 2).

(** The vector quantizer of SPEC §4 with the rule q j for coordinate j, and its error. *)
Definition rule_reconstruct {T : Type} (q : nat -> T -> R -> R) (d : nat) (H : mat) (rho : R) (x eps : vec) (u : T) : vec :=
  decode d H eps rho (fun j => q j u (rotate d H eps x j / rho)).

Definition rule_mse {T : Type} (E : (T -> R) -> R) (q : nat -> T -> R -> R) (d : nat) (H : mat) (rho : R) (x : vec) : R :=
  Esign d (fun eps => E (fun u => norm2 d (fun i => rule_reconstruct q d H rho x eps u i - x i))).

(** ** Means *)

Section Mean.

Variables (T : Type) (has_mean : (T -> R) -> Prop) (E : (T -> R) -> R).
Hypothesis HE : is_mean has_mean E.

Lemma mean_ext (f g : T -> R) : (forall u, f u = g u) -> E f = E g.
Proof. intros H. f_equal. extensionality u. apply H. Qed.

Lemma has_mean_ext (f g : T -> R) : (forall u, f u = g u) -> has_mean f -> has_mean g.
Proof. intros H. now replace g with f by (extensionality u; apply H). Qed.

Lemma mean_sum n (f : nat -> T -> R) : (forall i, (i < n)%nat -> has_mean (f i)) ->
  has_mean (fun u => sum n (fun i => f i u)) /\ E (fun u => sum n (fun i => f i u)) = sum n (fun i => E (f i)).
Proof.
  induction n as [|n IH]; intros H; simpl; [apply (mean_const _ _ HE)|].
  destruct IH as [I J]; [intros i Hi; apply H; lia|].
  rewrite <- J. apply (mean_plus _ _ HE); [exact I | apply H; lia].
Qed.

Lemma mean_Esign d (f : vec -> T -> R) : (forall e, is_sign e -> has_mean (f e)) ->
  has_mean (fun u => Esign d (fun e => f e u)) /\ E (fun u => Esign d (fun e => f e u)) = Esign d (fun e => E (f e)).
Proof.
  revert f. induction d as [|d IH]; intros f H; simpl.
  - split; [apply H, is_sign_one | reflexivity].
  - destruct (IH (fun e => f (scons 1 e))) as [I1 J1]; [intros e He; apply H, is_sign_scons; auto|].
    destruct (IH (fun e => f (scons (-1) e))) as [I2 J2]; [intros e He; apply H, is_sign_scons; auto|].
    rewrite <- J1, <- J2.
    destruct (mean_plus _ _ HE _ _ I1 I2) as [I J]. destruct (mean_scal _ _ HE (/ 2) _ I) as [I' J'].
    rewrite <- J. unfold Rdiv. rewrite Rmult_comm, <- J'. split; [eapply has_mean_ext; [|exact I'] | apply mean_ext];
      intros u; simpl; ring.
Qed.

(** ** The bound, for one coordinate *)

Variables (N : nat) (occurs : R -> Prop) (q : T -> R -> R).
Hypothesis Hq : unbiased_rule has_mean E N occurs q.

Lemma rule_square z a : occurs z ->
  has_mean (fun u => (q u z - a) ^ 2) /\ E (fun u => (q u z - a) ^ 2) = E (fun u => q u z ^ 2) - 2 * a * z + a ^ 2.
Proof.
  intros Hz. destruct (rule_has_mean _ _ _ _ _ Hq z Hz) as [M1 M2].
  destruct (mean_scal _ _ HE (- (2 * a)) _ M1) as [I1 J1].
  destruct (mean_plus _ _ HE _ _ M2 I1) as [I2 J2].
  destruct (mean_const _ _ HE (a ^ 2)) as [I3 J3].
  destruct (mean_plus _ _ HE _ _ I2 I3) as [I4 J4].
  assert (X : forall u, q u z ^ 2 + - (2 * a) * q u z + a ^ 2 = (q u z - a) ^ 2) by (intros; ring).
  split; [exact (has_mean_ext _ _ X I4)|].
  rewrite <- (mean_ext _ _ X), J4, J2, J1, J3, (rule_unbiased _ _ _ _ _ Hq z Hz). ring.
Qed.

End Mean.

Lemma attained_sign d x e : is_sign e -> attained d x (rademacher d x e).
Proof. intros He. exists e. split; [|reflexivity]. intros i _. apply He. Qed.

Theorem unbiased_rule_lower_bound {T} has_mean (E : (T -> R) -> R) N q d x zeta D :
  is_mean has_mean E -> unbiased_rule has_mean E N (attained d x) q ->
  distortion_at_least N d x zeta D ->
  D - Esign d (fun e => (zeta (rademacher d x e) - rademacher d x e) ^ 2)
  <= Esign d (fun e => E (fun u => (q u (rademacher d x e) - rademacher d x e) ^ 2)).
Proof.
  intros HE Hq HD. set (S := rademacher d x).
  destruct (mean_Esign T has_mean E HE d (fun e u => (q u (S e) - zeta (S e)) ^ 2)) as [I J].
  { intros e He. apply (rule_square T has_mean E HE N _ q Hq). now apply attained_sign. }
  pose proof (mean_at_least _ _ HE D _ I (fun u => HD (q u) (rule_levels _ _ _ _ _ Hq u))) as B.
  rewrite J in B. rewrite (Esign_ext d _ (fun e => E (fun u => (q u (S e) - S e) ^ 2) + (zeta (S e) - S e) ^ 2)) in B.
  - rewrite Esign_plus in B. lra.
  - intros e He. pose proof (attained_sign d x e He) as A.
    rewrite (proj2 (rule_square T has_mean E HE N _ q Hq (S e) (zeta (S e)) A)), (proj2 (rule_square T has_mean E HE N _ q Hq (S e) (S e) A)). ring.
Qed.

(** ** Vectors *)

Section Vector.

Variables (T : Type) (has_mean : (T -> R) -> Prop) (E : (T -> R) -> R).
Hypothesis HE : is_mean has_mean E.
Variables (N : nat) (q : nat -> T -> R -> R).
Variables (d : nat) (H : mat).
Hypothesis HH : hadamard d H.
Variables (rho : R) (x : vec).
Hypothesis Hrho : rho <> 0.
Hypothesis Hq : forall j, (j < d)%nat -> unbiased_rule has_mean E N (attained d (fun i => x i / rho)) (q j).

Lemma rule_error eps u : signs d eps ->
  norm2 d (fun i => rule_reconstruct q d H rho x eps u i - x i) =
  rho ^ 2 / INR d * sum d (fun j => (q j u (rotate d H eps x j / rho) - rotate d H eps x j / rho) ^ 2).
Proof.
  intros Hs. unfold rule_reconstruct.
  rewrite (norm2_ext d _ (decode d H eps rho (fun j => q j u (rotate d H eps x j / rho) - rotate d H eps x j / rho))).
  - rewrite decode_norm2 by easy. f_equal. apply sum_ext. intros; ring.
  - intros i Hi. rewrite <- decode_minus, decode_exact by easy. easy.
Qed.

Lemma rotated_attained eps j : signs d eps -> (j < d)%nat -> attained d (fun i => x i / rho) (rotate d H eps x j / rho).
Proof.
  intros Hs Hj. exists (flip (H j) eps). split.
  - intros i Hi. unfold flip. destruct HH as [HS _]. destruct (HS j i Hj Hi) as [-> | ->], (Hs i Hi) as [-> | ->]; lra.
  - now rewrite rademacher_div, rotate_is_rademacher.
Qed.

(** E ||x^ - x||^2 = (rho^2/d) sum_j E (q_j - z)^2, z = Sigma eps_i x_i / rho. *)
Theorem rule_mse_identity :
  rule_mse E q d H rho x = rho ^ 2 / INR d * sum d (fun j =>
    Esign d (fun e => E (fun u => (q j u (rademacher d x e / rho) - rademacher d x e / rho) ^ 2))).
Proof.
  unfold rule_mse.
  rewrite (Esign_ext d _ (fun e => rho ^ 2 / INR d *
    sum d (fun j => E (fun u => (q j u (rotate d H e x j / rho) - rotate d H e x j / rho) ^ 2)))).
  - rewrite Esign_scal_l, Esign_sum. f_equal. apply sum_ext. intros j Hj.
    exact (rotated_coordinate_law d H x j (fun y => E (fun u => (q j u (y / rho) - y / rho) ^ 2)) HH Hj).
  - intros e He.
    assert (Hs : signs d e) by (intros i _; apply He).
    destruct (mean_sum T has_mean E HE d (fun j u => (q j u (rotate d H e x j / rho) - rotate d H e x j / rho) ^ 2)) as [I J].
    + intros j Hj. apply (rule_square T has_mean E HE N _ (q j) (Hq j Hj)). now apply rotated_attained.
    + rewrite <- J, <- (proj2 (mean_scal _ _ HE _ _ I)). apply mean_ext. intros u. now apply rule_error.
Qed.

(** No scheme "one rotation, then an unbiased rule of N levels for each coordinate" errs less. *)
Theorem optimality zeta D : (0 < d)%nat -> distortion_at_least N d (fun i => x i / rho) zeta D ->
  rho ^ 2 * (D - Esign d (fun e => (zeta (rademacher d x e / rho) - rademacher d x e / rho) ^ 2)) <= rule_mse E q d H rho x.
Proof.
  intros Hd HD. rewrite rule_mse_identity.
  assert (Hd' : 0 < INR d) by now apply lt_0_INR.
  set (B := D - _).
  replace (rho ^ 2 * B) with (rho ^ 2 / INR d * sum d (fun _ => B)) by (rewrite sum_const; field; lra).
  apply Rmult_le_compat_l.
  - apply Rmult_le_pos; [apply pow2_ge_0 | left; now apply Rinv_0_lt_compat].
  - apply sum_le. intros j Hj.
    pose proof (unbiased_rule_lower_bound has_mean E N (q j) d _ zeta D HE (Hq j Hj) HD) as L.
    unfold B. eapply Rle_trans; [|eapply Rle_trans; [exact L|]]; right; [f_equal|]; apply Esign_ext; intros e _;
      now rewrite ?rademacher_div.
Qed.

End Vector.

(** ** hdq is such a rule *)

Lemma Edither_is_mean : is_mean (fun f => ex_RInt f 0 1) Edither.
Proof.
  constructor.
  - intros a. split; [apply ex_RInt_const | apply Edither_const].
  - intros f g Hf Hg. split; [now apply (ex_RInt_plus (V := R_NormedModule)) | now apply Edither_plus].
  - intros a f Hf. split; [now apply ex_RInt_scal_R | now apply Edither_scal_l].
  - intros a f Hf Ha. rewrite <- (Edither_const a). apply Edither_le; [apply ex_RInt_const | exact Hf | intros; apply Ha].
Qed.

Lemma count_thresholds_le n g U z : (count_thresholds n g U z <= n)%nat.
Proof. induction n as [|n IH]; simpl; [lia|]. destruct (Rle_dec _ _); lia. Qed.

Theorem quantize_is_unbiased_rule N g occurs : generator N g ->
  unbiased_rule (fun f => ex_RInt f 0 1) Edither N occurs (fun U z => quantize N g U z).
Proof.
  intros Hg. constructor.
  - intros U. exists (fun k => codeword g k U). intros z. exists (encode N g U z). split; [|reflexivity].
    pose proof (gen_levels _ _ Hg). pose proof (count_thresholds_le (N - 1) g U z). unfold encode. lia.
  - intros z _. split; [now apply ex_Edither_quantize|].
    apply (ex_Edither_ext (fun U => (quantize N g U z - 0) ^ 2)); [intros; ring | now apply ex_Edither_square_error].
  - intros z _. now apply quantize_unbiased.
Qed.

(** Its error is that of SPEC §5.3. *)
Lemma rule_mse_quantize N g d H rho x : rule_mse Edither (fun _ U z => quantize N g U z) d H rho x = mse N g d H rho x.
Proof. reflexivity. Qed.
