(** * The vector quantizer: unbiased, with its exact error (SPEC §4, §5.3)

    For every Hadamard matrix, every sign pattern, every x and every stored scale rho that
    encoder and decoder share (the norm, or any rounding of it): the reconstruction is unbiased
    over the dither, so are inner products, and the mean squared error is
    rho^2 E_eps M(sum eps_i x_i / rho). *)
From Coq Require Import Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Sums Piecewise Rademacher Hadamard DitheredQuantizer.
Open Scope R_scope.

Definition signs (d : nat) (eps : vec) : Prop := forall i, (i < d)%nat -> eps i = 1 \/ eps i = -1.

Lemma signs_sq d eps i : signs d eps -> (i < d)%nat -> eps i * eps i = 1.
Proof. intros Hs Hi. destruct (Hs i Hi) as [-> | ->]; ring. Qed.

(** The stored scale fits x: any nonzero number does, and 0 does for the zero vector. *)
Definition scale_for (d : nat) (rho : R) (x : vec) : Prop :=
  rho <> 0 \/ (rho = 0 /\ forall i, (i < d)%nat -> x i = 0).

(** The first n coordinates, the rest zero. *)
Definition truncate (n : nat) (x : vec) : vec := fun i => if Nat.ltb i n then x i else 0.

(** ** Algebra of the decoder *)

(** Decoding the exact rotated vector returns x. *)
Lemma decode_exact d H eps rho x i :
  hadamard d H -> signs d eps -> rho <> 0 -> (i < d)%nat ->
  decode d H eps rho (fun j => rotate d H eps x j / rho) i = x i.
Proof.
  intros HH Hs Hrho Hi. assert (Hd : 0 < INR d) by (apply lt_0_INR; lia).
  unfold decode.
  rewrite (sum_ext d _ (fun j => / rho * (H j i * mulv d H (fun i => eps i * x i) j))).
  - rewrite sum_scal_l.
    change (sum d (fun j => H j i * mulv d H (fun i => eps i * x i) j))
      with (mulv d (transpose H) (mulv d H (fun i => eps i * x i)) i).
    rewrite mulv_transpose_mulv by easy.
    transitivity (eps i * eps i * x i); [field; lra|]. rewrite (signs_sq d) by easy. ring.
  - intros j _. unfold rotate. field. easy.
Qed.

Lemma decode_minus d H eps rho a b i :
  decode d H eps rho a i - decode d H eps rho b i =
  decode d H eps rho (fun j => a j - b j) i.
Proof.
  unfold decode. rewrite (sum_ext d (fun j => H j i * (a j - b j))
    (fun j => H j i * a j - H j i * b j)) by (intros; ring).
  rewrite sum_minus. ring.
Qed.

Lemma decode_norm2 d H eps rho w :
  hadamard d H -> signs d eps ->
  norm2 d (decode d H eps rho w) = rho ^ 2 / INR d * norm2 d w.
Proof.
  intros HH Hs. destruct (Nat.eq_dec d 0) as [-> | Hd0]; [unfold norm2, dot; simpl; ring|].
  assert (Hd : 0 < INR d) by (apply lt_0_INR; lia).
  transitivity ((rho / INR d) ^ 2 * norm2 d (mulv d (transpose H) w)).
  - rewrite <- norm2_scal. apply sum_ext. intros i Hi. unfold decode, mulv, transpose.
    transitivity ((eps i * eps i) * (rho / INR d * sum d (fun j => H j i * w j) *
                                     (rho / INR d * sum d (fun j => H j i * w j)))); [ring|].
    rewrite (signs_sq d) by easy. ring.
  - rewrite hadamard_norm2 by now apply hadamard_transpose. field. lra.
Qed.

(** Inner products need no inverse transform: <q, x^> = (rho/d) <H D q, z^>. *)
Theorem dot_without_inverse d H eps rho q zhat :
  dot d q (decode d H eps rho zhat) = rho / INR d * dot d (rotate d H eps q) zhat.
Proof.
  unfold dot, decode, rotate, mulv. rewrite <- sum_scal_l.
  rewrite (sum_ext d _ (fun i => sum d (fun j =>
             rho / INR d * (H j i * (eps i * q i) * zhat j)))).
  - rewrite sum_swap. apply sum_ext. intros j _. rewrite sum_scal_l. f_equal.
    now rewrite sum_scal_r.
  - intros i _. rewrite sum_scal_l.
    rewrite (sum_ext d (fun j => H j i * (eps i * q i) * zhat j)
      (fun j => eps i * q i * (H j i * zhat j))) by (intros; ring).
    rewrite sum_scal_l. ring.
Qed.

(** ** Zero padding *)

Theorem padded_dot_truncates n d q y :
  (n <= d)%nat -> (forall i, (n <= i < d)%nat -> q i = 0) -> dot d q y = dot n q y.
Proof.
  intros Hn Hq. apply sum_truncate; [easy|]. intros i Hi. rewrite Hq by easy. ring.
Qed.

Theorem truncated_error_le n d y x :
  (n <= d)%nat -> norm2 n (fun i => y i - x i) <= norm2 d (fun i => y i - x i).
Proof. intros Hn. apply sum_le_truncate; [easy|]. intros i _. apply Rle_0_sqr. Qed.

Section Vector.

Variables (N : nat) (g : R -> R).
Hypothesis Hg : generator N g.
Variables (d : nat) (H : mat).
Hypothesis HH : hadamard d H.

(** ** Unbiasedness, for each sign pattern *)

Lemma ex_Edither_reconstruct rho x eps i :
  ex_RInt (fun U => reconstruct N g d H rho x eps U i) 0 1.
Proof.
  unfold reconstruct, decode. apply ex_RInt_scal_R, ex_RInt_scal_R.
  apply (ex_RInt_sum d (fun j U => H j i * quantize N g U (rotate d H eps x j / rho))).
  intros j _. now apply ex_RInt_scal_R, ex_Edither_quantize.
Qed.

Lemma pc_reconstruct rho x eps i :
  piecewise_continuous (fun U => reconstruct N g d H rho x eps U i) 0 1.
Proof.
  unfold reconstruct, decode. apply pc_scal, pc_scal.
  apply (pc_sum d (fun j U => H j i * quantize N g U (rotate d H eps x j / rho))); [lra|].
  intros j _. now apply pc_scal, pc_quantize.
Qed.

(** E_U x^ = x for every D and every scale. *)
Theorem reconstruct_unbiased rho x eps i :
  signs d eps -> scale_for d rho x -> (i < d)%nat ->
  Edither (fun U => reconstruct N g d H rho x eps U i) = x i.
Proof.
  intros Hs Hrho Hi. unfold reconstruct, decode.
  rewrite Edither_scal_l, Edither_scal_l, Edither_sum.
  - rewrite (sum_ext d _ (fun j => H j i * (rotate d H eps x j / rho))).
    + destruct Hrho as [Hrho | [-> Hx]].
      * now apply decode_exact.
      * rewrite Hx by easy. unfold Rdiv at 1. ring.
    + intros j _. rewrite Edither_scal_l by now apply ex_Edither_quantize.
      now rewrite quantize_unbiased.
  - intros j _. now apply ex_RInt_scal_R, ex_Edither_quantize.
  - apply (ex_RInt_sum d (fun j U => H j i * quantize N g U (rotate d H eps x j / rho))).
    intros j _. now apply ex_RInt_scal_R, ex_Edither_quantize.
  - apply ex_RInt_scal_R.
    apply (ex_RInt_sum d (fun j U => H j i * quantize N g U (rotate d H eps x j / rho))).
    intros j _. now apply ex_RInt_scal_R, ex_Edither_quantize.
Qed.

Lemma ex_Edither_dot_reconstruct rho x q eps :
  ex_RInt (fun U => dot d q (reconstruct N g d H rho x eps U)) 0 1.
Proof.
  apply (ex_RInt_sum d (fun i U => q i * reconstruct N g d H rho x eps U i)).
  intros i _. apply ex_RInt_scal_R, ex_Edither_reconstruct.
Qed.

(** E <q, x^> = <q, x>. *)
Theorem inner_product_unbiased rho x q eps :
  signs d eps -> scale_for d rho x ->
  Edither (fun U => dot d q (reconstruct N g d H rho x eps U)) = dot d q x.
Proof.
  intros Hs Hrho. unfold dot.
  rewrite (Edither_sum d (fun i U => q i * reconstruct N g d H rho x eps U i)).
  - apply sum_ext. intros i Hi. rewrite Edither_scal_l by apply ex_Edither_reconstruct.
    now rewrite reconstruct_unbiased.
  - intros i _. apply ex_RInt_scal_R, ex_Edither_reconstruct.
Qed.

(** The same inner product as computed from the codes and the rotated query. *)
Theorem rotated_inner_product_unbiased rho x q eps :
  signs d eps -> scale_for d rho x ->
  Edither (fun U => rho / INR d *
    dot d (rotate d H eps q) (fun j => quantize N g U (rotate d H eps x j / rho))) = dot d q x.
Proof.
  intros Hs Hrho. rewrite <- (inner_product_unbiased rho x q eps Hs Hrho).
  apply Edither_ext. intros U _. symmetry. apply dot_without_inverse.
Qed.

(** E <x, x^> = |x|^2. *)
Corollary self_inner_product_unbiased rho x eps :
  signs d eps -> scale_for d rho x ->
  Edither (fun U => dot d x (reconstruct N g d H rho x eps U)) = norm2 d x.
Proof. apply inner_product_unbiased. Qed.

(** Inner products of padded vectors read the first n coordinates only. *)
Corollary padded_inner_product_unbiased n rho x q eps :
  (n <= d)%nat -> (forall i, (n <= i < d)%nat -> q i = 0) ->
  signs d eps -> scale_for d rho x ->
  Edither (fun U => dot n q (reconstruct N g d H rho x eps U)) = dot n q x.
Proof.
  intros Hn Hq Hs Hrho. rewrite <- (padded_dot_truncates n d q x) by easy.
  rewrite <- (inner_product_unbiased rho x q eps) by easy.
  apply Edither_ext. intros U _. symmetry. now apply padded_dot_truncates.
Qed.

(** ** The mean squared error *)

Lemma reconstruct_error rho x eps U :
  signs d eps -> rho <> 0 ->
  norm2 d (fun i => reconstruct N g d H rho x eps U i - x i) =
  rho ^ 2 / INR d * sum d (fun j =>
    (quantize N g U (rotate d H eps x j / rho) - rotate d H eps x j / rho) ^ 2).
Proof.
  intros Hs Hrho.
  rewrite (norm2_ext d _ (decode d H eps rho (fun j =>
    quantize N g U (rotate d H eps x j / rho) - rotate d H eps x j / rho))).
  - rewrite decode_norm2 by easy. f_equal. apply sum_ext. intros; ring.
  - intros i Hi. rewrite <- decode_minus, decode_exact by easy. easy.
Qed.

Lemma ex_Edither_error rho x eps :
  signs d eps -> rho <> 0 ->
  ex_RInt (fun U => norm2 d (fun i => reconstruct N g d H rho x eps U i - x i)) 0 1.
Proof.
  intros Hs Hrho.
  apply (ex_Edither_ext (fun U => rho ^ 2 / INR d * sum d (fun j =>
    (quantize N g U (rotate d H eps x j / rho) - rotate d H eps x j / rho) ^ 2))).
  - intros U _. now rewrite reconstruct_error.
  - apply ex_RInt_scal_R.
    apply (ex_RInt_sum d (fun j U =>
      (quantize N g U (rotate d H eps x j / rho) - rotate d H eps x j / rho) ^ 2)).
    intros j _. now apply ex_Edither_square_error.
Qed.

(** For one sign pattern: E_U |x^ - x|^2 = (rho^2/d) sum_j M(z_j). *)
Theorem pattern_mse rho x eps :
  signs d eps -> rho <> 0 ->
  Edither (fun U => norm2 d (fun i => reconstruct N g d H rho x eps U i - x i)) =
  rho ^ 2 / INR d * sum d (fun j => scalar_mse N g (rotate d H eps x j / rho)).
Proof.
  intros Hs Hrho.
  rewrite (Edither_ext _ (fun U => rho ^ 2 / INR d * sum d (fun j =>
    (quantize N g U (rotate d H eps x j / rho) - rotate d H eps x j / rho) ^ 2))).
  - rewrite Edither_scal_l.
    + f_equal. apply (Edither_sum d (fun j U =>
        (quantize N g U (rotate d H eps x j / rho) - rotate d H eps x j / rho) ^ 2)).
      intros j _. now apply ex_Edither_square_error.
    + apply (ex_RInt_sum d (fun j U =>
        (quantize N g U (rotate d H eps x j / rho) - rotate d H eps x j / rho) ^ 2)).
      intros j _. now apply ex_Edither_square_error.
  - intros U _. now apply reconstruct_error.
Qed.

(** E |x^ - x|^2 = rho^2 E_eps M(sum eps_i x_i / rho). *)
Theorem mse_identity rho x :
  (0 < d)%nat -> rho <> 0 ->
  mse N g d H rho x = rho ^ 2 * Esign d (fun e => scalar_mse N g (rademacher d x e / rho)).
Proof.
  intros Hd Hrho. unfold mse. assert (Hd' : 0 < INR d) by now apply lt_0_INR.
  rewrite (Esign_ext d _ (fun e => rho ^ 2 / INR d *
    sum d (fun j => scalar_mse N g (rotate d H e x j / rho)))).
  - rewrite Esign_scal_l, Esign_sum.
    rewrite (sum_ext d _ (fun _ => Esign d (fun e => scalar_mse N g (rademacher d x e / rho)))).
    + rewrite sum_const. field. lra.
    + intros j Hj. now apply (rotated_coordinate_law d H x j (fun y => scalar_mse N g (y / rho))).
  - intros e He. apply pattern_mse; [|easy]. intros i _. apply He.
Qed.

(** The truncated reconstruction errs no more. *)
Theorem truncated_mse_le n rho x :
  (n <= d)%nat -> rho <> 0 ->
  Esign d (fun eps => Edither (fun U =>
    norm2 n (fun i => reconstruct N g d H rho x eps U i - x i))) <= mse N g d H rho x.
Proof.
  intros Hn Hrho. apply Esign_le. intros eps Heps. apply Edither_le.
  - apply pc_ex_RInt.
    apply (pc_sum n (fun i U => (reconstruct N g d H rho x eps U i - x i) *
                                (reconstruct N g d H rho x eps U i - x i))); [lra|].
    intros i _. apply pc_mult; apply pc_minus; try apply pc_reconstruct; apply pc_const; lra.
  - apply ex_Edither_error; [|easy]. intros i _. apply Heps.
  - intros U _. now apply truncated_error_le.
Qed.

End Vector.

(** ** Chains of requantization *)

(** A second quantizer, of any generator, dimension, matrix, signs and scale (the scale and even
    the signs may depend on what it is given), applied to the output of the first: unbiased over
    both dithers. [n] is the dimension of the data, d1 and d2 the padded ones. *)
Theorem requantization_unbiased N1 g1 d1 H1 N2 g2 d2 H2 n x rho1 eps1 (rho2 : vec -> R)
    (eps2 : vec -> vec) i :
  generator N1 g1 -> generator N2 g2 -> hadamard d1 H1 -> hadamard d2 H2 ->
  (n <= d1)%nat -> (n <= d2)%nat ->
  signs d1 eps1 -> (forall y, signs d2 (eps2 y)) ->
  scale_for d1 rho1 x -> (forall y, scale_for d2 (rho2 y) (truncate n y)) ->
  (i < n)%nat ->
  Edither (fun U1 => Edither (fun U2 =>
    let y := reconstruct N1 g1 d1 H1 rho1 x eps1 U1 in
    reconstruct N2 g2 d2 H2 (rho2 y) (truncate n y) (eps2 y) U2 i)) = x i.
Proof.
  intros Hg1 Hg2 HH1 HH2 Hn1 Hn2 Hs1 Hs2 Hr1 Hr2 Hi.
  rewrite <- (reconstruct_unbiased N1 g1 Hg1 d1 H1 HH1 rho1 x eps1 i) by (easy || lia).
  apply Edither_ext. intros U1 _. cbv zeta.
  rewrite (reconstruct_unbiased N2 g2 Hg2 d2 H2 HH2) by (easy || lia).
  unfold truncate. destruct (Nat.ltb_spec i n); [easy|lia].
Qed.

(** The norm is a scale for every vector. *)
Lemma norm_scale_for d x : scale_for d (sqrt (norm2 d x)) x.
Proof.
  unfold scale_for. destruct (Req_dec (norm2 d x) 0) as [H0 | H0].
  - right. rewrite H0. split; [apply sqrt_0|]. intros i Hi.
    assert (Hxi : x i * x i = 0).
    { apply (sum_eq_0_inv d (fun i => x i * x i)); try easy. intros; nra. }
    nra.
  - left. pose proof (norm2_nonneg d x). apply Rgt_not_eq, sqrt_lt_R0. lra.
Qed.
