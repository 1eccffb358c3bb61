(** * What is read off a code: the cut vector, the squared distance, the cosine (SPEC §4)

    x has n numbers and is padded with zeros to d; x^ is cut to n again. The cut keeps the mean, and loses error only. The
    three scores are affine in <q, x^>, hence unbiased with it, the stored scale given. *)
From Coq Require Import Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Sums DitheredQuantizer VectorQuantizer.
Open Scope R_scope.

Definition padded_from (n : nat) (x : vec) : Prop := forall i, (n <= i)%nat -> x i = 0.

Lemma truncate_inside n y i : (i < n)%nat -> truncate n y i = y i.
Proof. intros Hi. unfold truncate. now destruct (Nat.ltb_spec i n); [|lia]. Qed.

Lemma truncate_outside n y i : (n <= i)%nat -> truncate n y i = 0.
Proof. intros Hi. unfold truncate. now destruct (Nat.ltb_spec i n); [lia|]. Qed.

Lemma truncated_norm2 n d y x :
  (n <= d)%nat -> padded_from n x ->
  norm2 d (fun i => truncate n y i - x i) = norm2 n (fun i => y i - x i).
Proof.
  intros Hn Hx. unfold norm2, dot. rewrite (sum_truncate n d); [|easy|].
  - apply sum_ext. intros i Hi. now rewrite truncate_inside.
  - intros i [Hi _]. rewrite truncate_outside, Hx by easy. ring.
Qed.

(** Of one outcome or of a mean: whatever y is. *)
Theorem truncated_error n d y x :
  (n <= d)%nat -> padded_from n x ->
  norm2 d (fun i => truncate n y i - x i) <= norm2 d (fun i => y i - x i).
Proof. intros Hn Hx. rewrite truncated_norm2 by easy. now apply truncated_error_le. Qed.

Section Estimates.
Variables (N : nat) (g : R -> R).
Hypothesis Hg : generator N g.
Variables (d : nat) (H : mat).
Hypothesis HH : hadamard d H.

Theorem truncated_unbiased n rho x eps i :
  (n <= d)%nat -> padded_from n x -> signs d eps -> scale_for d rho x ->
  Edither (fun U => truncate n (reconstruct N g d H rho x eps U) i) = x i.
Proof.
  intros Hn Hx Hs Hrho. destruct (Nat.lt_ge_cases i n) as [Hi | Hi].
  - rewrite <- (reconstruct_unbiased N g Hg d H HH rho x eps i Hs Hrho) by lia.
    apply Edither_ext. intros U _. now apply truncate_inside.
  - rewrite Hx by easy. rewrite <- (Edither_const 0).
    apply Edither_ext. intros U _. now apply truncate_outside.
Qed.

Theorem truncated_mse n rho x :
  (n <= d)%nat -> padded_from n x -> rho <> 0 ->
  Esign d (fun eps => Edither (fun U => norm2 d (fun i => truncate n (reconstruct N g d H rho x eps U) i - x i)))
  <= mse N g d H rho x.
Proof.
  intros Hn Hx Hrho. eapply Rle_trans; [right|now apply (truncated_mse_le N g Hg d H HH n rho x)].
  apply Esign_ext. intros eps _. apply Edither_ext. intros U _. now apply truncated_norm2.
Qed.

(** |q|^2 + rho^2 - 2 <q, x^> estimates |q|^2 + rho^2 - 2 <q, x>, which is |q - x|^2 if rho is |x|. *)
Theorem squared_distance_unbiased rho x q eps :
  signs d eps -> scale_for d rho x ->
  Edither (fun U => norm2 d q + rho ^ 2 - 2 * dot d q (reconstruct N g d H rho x eps U))
  = norm2 d (fun i => q i - x i) + (rho ^ 2 - norm2 d x).
Proof.
  intros Hs Hrho.
  pose proof (ex_Edither_dot_reconstruct N g Hg d H rho x q eps) as Hex.
  rewrite (Edither_ext _ (fun U => (norm2 d q + rho ^ 2) + (-2) * dot d q (reconstruct N g d H rho x eps U)))
    by (intros; ring).
  rewrite Edither_plus; [|apply ex_RInt_const|now apply ex_RInt_scal_R].
  rewrite Edither_const, Edither_scal_l by easy. rewrite (inner_product_unbiased N g Hg d H HH) by easy.
  unfold norm2, dot.
  rewrite (sum_ext d (fun i => (q i - x i) * (q i - x i)) (fun i => q i * q i + ((-2) * (q i * x i) + x i * x i)))
    by (intros; ring).
  rewrite !sum_plus, sum_scal_l. ring.
Qed.

(** <q, x^> / (|q| rho) estimates <q, x> / (|q| rho). *)
Theorem cosine_unbiased rho x q eps :
  signs d eps -> scale_for d rho x ->
  Edither (fun U => dot d q (reconstruct N g d H rho x eps U) / (sqrt (norm2 d q) * rho))
  = dot d q x / (sqrt (norm2 d q) * rho).
Proof.
  intros Hs Hrho.
  rewrite (Edither_ext _ (fun U => / (sqrt (norm2 d q) * rho) * dot d q (reconstruct N g d H rho x eps U)))
    by (intros; unfold Rdiv; ring).
  rewrite Edither_scal_l by (now apply ex_Edither_dot_reconstruct).
  rewrite (inner_product_unbiased N g Hg d H HH) by easy. unfold Rdiv. ring.
Qed.

End Estimates.
