(** * The theorems

    For a reader who knows the paper and the specification but not the proofs. The
    vocabulary is Defs.v (and EntropyDefs.v for SPEC §7): vectors and matrices are functions read below d; [Esign] is the
    mean over all sign vectors, [Edither] the mean over U uniform on (0,1); H is any
    Hadamard matrix; g is any generator, [shipped] the one the library uses. Every proof
    is a reference. headlines.txt lists these theorems, Examples.v uses each on concrete
    data, and check_proofs.sh compares the axioms they rest on with the allowed ones. *)
From Coq Require Import ZArith List Reals Arith.
From Coq Require Permutation.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.Zaux Core.Raux.
From Flocq Require IEEE754.Binary IEEE754.Bits.
From Hdq Require Import Defs Sums Hadamard Paley Rademacher DitheredQuantizer VectorQuantizer.
From Hdq Require Import Estimates Gaussian ShippedGenerator FiniteBound Asymptotics Necessity DiscreteDither
  DiscreteShipped.
From Hdq Require Import FloatStages FloatTree FloatTransform FloatCode FloatNorm FloatBias FloatCodebook Constants.
From Hdq Require Import ThresholdSearch CompanderCode FloatScore StoredNorm.
From Hdq Require Import CompanderBounds CompanderPosition CompanderBits.
From Hdq Require Import EntropyDefs Shrink StepQuantizer StepWords IdealLength.
From Hdq Require StreamCoder FrequencyTables.
From Hdq Require Philox Packing FloatOperations TransformList NormList FixedRateCodec NormModel EncoderModel DecoderModel RowError.
From Hdq Require ByteFilter ScoreList ScoreModel ScoreError FilteredSearch FileFormat FrequencyList StepCodec StepFile FrequencyModel StepRoundTrip StepCodeRange FileRoundTrip StepFileRoundTrip.
From Hdq Require Import UnbiasedRule FlatVector MeanOfRows.
From Hdq Require CertificateBounds CertificateBoundsFine Optimality.
Open Scope R_scope.

(** ** SPEC §1, §5.1: the matrices *)

(** H[i][i'] = B_m[a][a'] (-1)^popcount(c & c'), i = a 2^k + c. *)
Theorem supported_matrix_entry m k a c a' c' :
  (c < 2 ^ k)%nat -> (c' < 2 ^ k)%nat ->
  supported_matrix m k (a * 2 ^ k + c)%nat (a' * 2 ^ k + c')%nat =
  base_matrix m a a' * (-1) ^ popcount (N.land (N.of_nat c) (N.of_nat c')).
Proof. exact (Paley.supported_matrix_entry m k a c a' c'). Qed.

(** Every supported order m 2^k, m in {1, 12, 20, 28}, has H H^T = d I. *)
Theorem supported_hadamard m k :
  base_order m -> hadamard (m * 2 ^ k) (supported_matrix m k).
Proof. exact (Paley.supported_hadamard m k). Qed.

(** The inverse is H^T / d, on either side, symmetric or not. *)
Theorem hadamard_inverse d H x i :
  hadamard d H -> (i < d)%nat ->
  / INR d * mulv d (transpose H) (mulv d H x) i = x i /\
  / INR d * mulv d H (mulv d (transpose H) x) i = x i.
Proof. exact (Hadamard.hadamard_inverse d H x i). Qed.

(** The fast transform (butterflies, then B_m in groups of four columns) is the matrix;
    with B_m transposed, the transposed matrix. *)
Theorem transform_exact m k x j :
  base_order m -> (j < m * 2 ^ k)%nat ->
  network Rplus Rminus Ropp m k (base_matrix_Z m) x j = mulv (m * 2 ^ k) (supported_matrix m k) x j /\
  network Rplus Rminus Ropp m k (fun a b => base_matrix_Z m b a) x j
  = mulv (m * 2 ^ k) (transpose (supported_matrix m k)) x j.
Proof. exact (FloatTransform.transform_exact m k x j). Qed.

(** ** SPEC §5.2: the law of a rotated coordinate *)

(** Multiplying by a row of signs permutes the sign vectors. *)
Theorem flip_permutes_signs d s :
  (forall i, (i < d)%nat -> s i = 1 \/ s i = -1) ->
  forall e, (forall i, (i < d)%nat -> e i = 1 \/ e i = -1) ->
  (forall i, (i < d)%nat -> flip s e i = 1 \/ flip s e i = -1) /\
  exists e', (forall i, (i < d)%nat -> e' i = 1 \/ e' i = -1) /\
    (forall i, (i < d)%nat -> flip s e' i = e i) /\
    (forall e'', (forall i, (i < d)%nat -> flip s e'' i = e i) ->
       forall i, (i < d)%nat -> e'' i = e' i).
Proof. exact (Rademacher.flip_permutes_signs d s). Qed.

(** Each coordinate of H D x has the law of Sigma eps_i x_i. *)
Theorem rotated_coordinate_law d H x i (F : R -> R) :
  hadamard d H -> (i < d)%nat ->
  Esign d (fun e => F (rotate d H e x i)) = Esign d (fun e => F (rademacher d x e)).
Proof. exact (Rademacher.rotated_coordinate_law d H x i F). Qed.

(** ** SPEC §3, §5.3: the dithered scalar quantizer *)

(** c is a strictly increasing bijection from (1/2, N - 1/2) to R. *)
Theorem compand_bijective N g : generator N g -> forall z,
  exists t, (inside N t /\ compand g t = z) /\
            forall t', inside N t' -> compand g t' = z -> t' = t.
Proof. exact (DitheredQuantizer.compand_bijective N g). Qed.

(** Counting thresholds is companding, subtracting the offset U, and rounding:
    code = floor(c^-1(z) + 1/2 - U). *)
Theorem encode_rounds N g : generator N g -> forall t U,
  inside N t -> 0 < U < 1 ->
  (encode N g U (compand g t) < N)%nat /\
  INR (encode N g U (compand g t)) <= t + 1/2 - U < INR (encode N g U (compand g t)) + 1.
Proof. exact (DitheredQuantizer.encode_rounds N g). Qed.

(** The integrals over U below exist. *)
Theorem ex_Edither_quantize N g : generator N g -> forall z,
  ex_RInt (fun U => quantize N g U z) 0 1.
Proof. exact (DitheredQuantizer.ex_Edither_quantize N g). Qed.

Theorem ex_Edither_square_error N g : generator N g -> forall z z',
  ex_RInt (fun U => (quantize N g U z - z') ^ 2) 0 1.
Proof. exact (DitheredQuantizer.ex_Edither_square_error N g). Qed.

(** E_U[decoded] = z, for every real z. *)
Theorem quantize_unbiased N g : generator N g -> forall z,
  Edither (fun U => quantize N g U z) = z.
Proof. exact (DitheredQuantizer.quantize_unbiased N g). Qed.

(** M(z) = int_{t-1/2}^{t+1/2} g^2 - z^2 at z = c(t). *)
Theorem scalar_mse_window N g : generator N g -> forall t,
  inside N t -> scalar_mse N g (compand g t) = window_mse g t.
Proof. exact (DitheredQuantizer.scalar_mse_window N g). Qed.

(** The shipped g is a generator, for every N >= 2, sigma > 0, kappa > 0. *)
Theorem shipped_generator N sigma kappa :
  (2 <= N)%nat -> 0 < sigma -> 0 < kappa -> generator N (shipped N sigma kappa).
Proof. exact (ShippedGenerator.shipped_generator N sigma kappa). Qed.

(** theta_k(U) = G(k + U) - G(k - 1 + U), G in closed form. *)
Theorem threshold_shipped N sigma kappa k U :
  (1 <= k <= N - 1)%nat -> 0 < U < 1 ->
  threshold (shipped N sigma kappa) k U
    = shipped_antiderivative N sigma kappa (INR k + U)
      - shipped_antiderivative N sigma kappa (INR k - 1 + U).
Proof. exact (ShippedGenerator.threshold_shipped N sigma kappa k U). Qed.

(** ** SPEC §4, §5.3: the vector quantizer *)

(** E_U[x^] = x, for every sign vector and every stored scale. *)
Theorem reconstruct_unbiased N g : generator N g -> forall d H, hadamard d H -> forall rho x eps i,
  signs d eps -> scale_for d rho x -> (i < d)%nat ->
  Edither (fun U => reconstruct N g d H rho x eps U i) = x i.
Proof. exact (VectorQuantizer.reconstruct_unbiased N g). Qed.

(** E_U<q, x^> = <q, x>, computed without the inverse transform. *)
Theorem rotated_inner_product_unbiased N g : generator N g ->
  forall d H, hadamard d H -> forall rho x q eps,
  signs d eps -> scale_for d rho x ->
  Edither (fun U => rho / INR d *
    dot d (rotate d H eps q) (fun j => quantize N g U (rotate d H eps x j / rho))) = dot d q x.
Proof. exact (VectorQuantizer.rotated_inner_product_unbiased N g). Qed.

(** E ||x^ - x||^2 = rho^2 E_eps[M(Sigma eps_i x_i / rho)]. *)
Theorem mse_identity N g : generator N g -> forall d H, hadamard d H -> forall rho x,
  (0 < d)%nat -> rho <> 0 ->
  mse N g d H rho x = rho ^ 2 * Esign d (fun e => scalar_mse N g (rademacher d x e / rho)).
Proof. exact (VectorQuantizer.mse_identity N g). Qed.

(** Quantizing twice with independent dithers is unbiased too. *)
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
Proof. exact (VectorQuantizer.requantization_unbiased N1 g1 d1 H1 N2 g2 d2 H2 n x rho1 eps1 rho2 eps2 i). Qed.

(** x of n numbers is padded with zeros to d, and x^ is cut to n again: unbiased still, with at most the error of all d
    numbers; and so any mean's distance to x, a bias, is at most that before the cut. *)
Theorem truncated_unbiased N g : generator N g -> forall d H, hadamard d H -> forall n rho x eps i,
  (n <= d)%nat -> padded_from n x -> signs d eps -> scale_for d rho x ->
  Edither (fun U => truncate n (reconstruct N g d H rho x eps U) i) = x i.
Proof. exact (Estimates.truncated_unbiased N g). Qed.

Theorem truncated_mse N g : generator N g -> forall d H, hadamard d H -> forall n rho x,
  (n <= d)%nat -> padded_from n x -> rho <> 0 ->
  Esign d (fun eps => Edither (fun U => norm2 d (fun i => truncate n (reconstruct N g d H rho x eps U) i - x i)))
  <= mse N g d H rho x.
Proof. exact (Estimates.truncated_mse N g). Qed.

Theorem truncated_error n d y x :
  (n <= d)%nat -> padded_from n x ->
  norm2 d (fun i => truncate n y i - x i) <= norm2 d (fun i => y i - x i).
Proof. exact (Estimates.truncated_error n d y x). Qed.

(** The squared distance and the cosine, as the library estimates them from <q, x^> and the stored scale. *)
Theorem squared_distance_unbiased N g : generator N g -> forall d H, hadamard d H -> forall rho x q eps,
  signs d eps -> scale_for d rho x ->
  Edither (fun U => norm2 d q + rho ^ 2 - 2 * dot d q (reconstruct N g d H rho x eps U))
  = norm2 d (fun i => q i - x i) + (rho ^ 2 - norm2 d x).
Proof. exact (Estimates.squared_distance_unbiased N g). Qed.

Theorem cosine_unbiased N g : generator N g -> forall d H, hadamard d H -> forall rho x q eps,
  signs d eps -> scale_for d rho x ->
  Edither (fun U => dot d q (reconstruct N g d H rho x eps U) / (sqrt (norm2 d q) * rho))
  = dot d q x / (sqrt (norm2 d q) * rho).
Proof. exact (Estimates.cosine_unbiased N g). Qed.

(** ** SPEC §5.4: Rademacher sums of unit variance *)

Theorem rademacher_unit_moments d x :
  norm2 d x = 1 ->
  Esign d (rademacher d x) = 0 /\
  Esign d (fun e => rademacher d x e ^ 2) = 1 /\
  Esign d (fun e => rademacher d x e ^ 4) = 3 - 2 * sum d (fun i => x i ^ 4) /\
  Esign d (fun e => rademacher d x e ^ 4) <= 3.
Proof. exact (Rademacher.rademacher_unit_moments d x). Qed.

Theorem rademacher_unit_exp_moments d x :
  norm2 d x = 1 ->
  (forall t, Esign d (fun e => exp (t * rademacher d x e)) <= exp (t ^ 2 / 2)) /\
  (forall s, Esign d (fun e => cosh (s * rademacher d x e)) <= exp (s ^ 2 / 2)) /\
  (forall lambda, 0 <= lambda < 1/2 ->
    Esign d (fun e => exp (lambda * rademacher d x e ^ 2)) <= / sqrt (1 - 2 * lambda)) /\
  Esign d (fun e => exp (rademacher d x e ^ 2 / 3)) <= sqrt 3.
Proof. exact (Rademacher.rademacher_unit_exp_moments d x). Qed.

(** ** SPEC §5.5: finite b, every d, every x *)

(** A majorant of M by nonnegative multiples of z^4, cosh(sz), exp(lambda z^2) and any
    multiples of 1 and z^2 bounds the error of every vector in every dimension. *)
Theorem finite_bound N g : generator N g -> forall m, majorant_valid m ->
  (forall z, scalar_mse N g z <= majorant_at m z) -> forall d H x,
  hadamard d H -> norm2 d x <> 0 ->
  mse N g d H (sqrt (norm2 d x)) x <= norm2 d x * majorant_bound m.
Proof. exact (FiniteBound.finite_bound N g). Qed.

(** The shipped quantizer at b = 1..8 bits: MSE 4^b, against the limits 6.44358, 3.92762,
    3.22750, 2.95413, 2.83284, 2.77548, 2.74776, 2.73416 of flat vectors (certified in C++, not in Coq). The
    bounds are checked by interval arithmetic inside Coq. *)
Theorem finite_bound_b1 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 2 (shipped 2 (shipped_sigma 1) (shipped_kappa 1)) d H 1 x * 4 ^ 1 <= 6485 / 1000.
Proof. exact (CertificateBounds.finite_bound_b1 d H x). Qed.

Theorem finite_bound_b2 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 4 (shipped 4 (shipped_sigma 2) (shipped_kappa 2)) d H 1 x * 4 ^ 2 <= 3955 / 1000.
Proof. exact (CertificateBounds.finite_bound_b2 d H x). Qed.

Theorem finite_bound_b3 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 8 (shipped 8 (shipped_sigma 3) (shipped_kappa 3)) d H 1 x * 4 ^ 3 <= 3250 / 1000.
Proof. exact (CertificateBounds.finite_bound_b3 d H x). Qed.

Theorem finite_bound_b4 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 16 (shipped 16 (shipped_sigma 4) (shipped_kappa 4)) d H 1 x * 4 ^ 4 <= 2974 / 1000.
Proof. exact (CertificateBounds.finite_bound_b4 d H x). Qed.

Theorem finite_bound_b5 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 32 (shipped 32 (shipped_sigma 5) (shipped_kappa 5)) d H 1 x * 4 ^ 5 <= 2852 / 1000.
Proof. exact (CertificateBoundsFine.finite_bound_b5 d H x). Qed.

Theorem finite_bound_b6 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 64 (shipped 64 (shipped_sigma 6) (shipped_kappa 6)) d H 1 x * 4 ^ 6 <= 2794 / 1000.
Proof. exact (CertificateBoundsFine.finite_bound_b6 d H x). Qed.

Theorem finite_bound_b7 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 128 (shipped 128 (shipped_sigma 7) (shipped_kappa 7)) d H 1 x * 4 ^ 7 <= 2766 / 1000.
Proof. exact (CertificateBoundsFine.finite_bound_b7 d H x). Qed.

Theorem finite_bound_b8 d H x : hadamard d H -> norm2 d x = 1 ->
  mse 256 (shipped 256 (shipped_sigma 8) (shipped_kappa 8)) d H 1 x * 4 ^ 8 <= 2753 / 1000.
Proof. exact (CertificateBoundsFine.finite_bound_b8 d H x). Qed.

(** The same with any stored scale rho that is at most 2^-21 less than |x|, in units of rho^2; [certified_constant b] is
    the number above. *)
Theorem stored_scale_bound b d H x rho :
  (1 <= b <= 8)%nat -> hadamard d H -> (0 < d)%nat -> rho <> 0 -> norm2 d x <= (1 + / 2 ^ 20) * rho ^ 2 ->
  mse (2 ^ b) (shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b)) d H rho x * 4 ^ b <= certified_constant b * rho ^ 2.
Proof. exact (StoredNorm.stored_scale_bound b d H x rho). Qed.

(** ** SPEC §5.6: float32 *)

(** |fl(y_j) - y_j| <= ((1+u)^s - 1) Sigma|x_i|, y = H D x. *)
Theorem transform_error_bound_correct m k eps x j :
  base_order m -> (j < m * 2 ^ k)%nat -> is_sign eps -> (forall i, is_binary32 (x i)) ->
  Rabs (transform32 m k (fun i => eps i * x i) j - rotate (m * 2 ^ k) (supported_matrix m k) eps x j)
  <= transform_error_bound m k x.
Proof. exact (FloatTransform.transform_error_bound_correct m k eps x j). Qed.

Theorem transform_transposed_error_bound_correct m k x j :
  base_order m -> (j < m * 2 ^ k)%nat -> (forall i, is_binary32 (x i)) ->
  Rabs (transform32_transposed m k x j - mulv (m * 2 ^ k) (transpose (supported_matrix m k)) x j)
  <= transform_error_bound m k x.
Proof. exact (FloatTransform.transform_transposed_error_bound_correct m k x j). Qed.

(** In the units of x, for x of n entries zero-padded to d; e is 0 unless the norm is
    extreme, when x is scaled by 2^e first. *)
Theorem rotation_error_bound_correct m k n eps x e j :
  base_order m -> (j < m * 2 ^ k)%nat -> (n <= m * 2 ^ k)%nat -> is_sign eps ->
  (forall i, is_binary32 (x i)) -> (forall i, (n <= i)%nat -> x i = 0) ->
  Rabs (transform32 m k (fun i => eps i * prescale e x i) j * bpow radix2 (- e)
        - rotate (m * 2 ^ k) (supported_matrix m k) eps x j)
  <= rotation_error_bound m k n e x.
Proof. exact (FloatTransform.rotation_error_bound_correct m k n eps x e j). Qed.

(** IEEE 754 arithmetic computes these numbers unless it overflows. *)
Theorem transform_binary32 nan nan1 m k (x : nat -> IEEE754.Binary.binary_float 24 128) j :
  base_order m -> (j < m * 2 ^ k)%nat ->
  (forall i, IEEE754.Binary.is_finite 24 128 (x i) = true) ->
  (1 + unit_roundoff) ^ transform_addition_stages m k
    * sum (m * 2 ^ k) (fun i => Rabs (IEEE754.Binary.B2R 24 128 (x i))) < bpow radix2 128 ->
  IEEE754.Binary.is_finite 24 128 (network_ieee nan nan1 m k (base_matrix_Z m) x j) = true /\
  IEEE754.Binary.B2R 24 128 (network_ieee nan nan1 m k (base_matrix_Z m) x j)
  = transform32 m k (fun i => IEEE754.Binary.B2R 24 128 (x i)) j.
Proof. exact (FloatTransform.transform_binary32 nan nan1 m k x j). Qed.

(** fl32(theta rho), theta in double within e of the real threshold. *)
Theorem threshold_error_bound_correct theta theta' rho e :
  0 <= rho -> Rabs (theta' - theta) <= e ->
  Rabs (scaled_threshold32 theta' rho - theta * rho) <= threshold_error_bound theta rho e.
Proof. exact (FloatCode.threshold_error_bound_correct theta theta' rho e). Qed.

(** Double thresholds within the codebook's promised error are sorted, for every shipped
    generator and dither word: the hypothesis of the next theorems. *)
Theorem shipped_codebook_sorted b w theta' :
  (1 <= b <= 8)%nat -> INR w + 1 <= 2 ^ 32 ->
  let g := shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b) in
  let U := dither_of_word w in
  (forall k, (1 <= k <= 2 ^ b - 1)%nat ->
     Rabs (theta' k - threshold g k U) <= codebook_error (threshold g k U)) ->
  nondecreasing (2 ^ b - 1) theta'.
Proof. exact (FloatCodebook.shipped_codebook_sorted b w theta'). Qed.

(** The code of the fast encoder passes the reference's judgement. *)
Theorem encode32_acceptable N g U rho m k n eps x e theta' error j :
  generator N g -> 0 < U < 1 -> 0 < rho ->
  base_order m -> (j < m * 2 ^ k)%nat -> (n <= m * 2 ^ k)%nat -> is_sign eps ->
  (forall i, is_binary32 (x i)) -> (forall i, (n <= i)%nat -> x i = 0) ->
  nondecreasing (N - 1) theta' ->
  (forall i, (1 <= i <= N - 1)%nat -> Rabs (theta' i - threshold g i U) <= error i) ->
  acceptable (N - 1) (fun i => threshold g i U * rho)
    (fun i => scaled_threshold_error_bound (threshold g i U) rho e (error i))
    (rotation_error_bound m k n e x)
    (rotate (m * 2 ^ k) (supported_matrix m k) eps x j)
    (encode32 N theta' rho e (transform32 m k (fun i => eps i * prescale e x i) j)).
Proof. exact (FloatCode.encode32_acceptable N g U rho m k n eps x e theta' error j). Qed.

(** It differs from the exact code only where y_j is within the bound of a threshold: of
    every threshold between the two codes. *)
Theorem encode32_mismatch N g U rho m k n eps x e theta' error j :
  generator N g -> 0 < U < 1 -> 0 < rho ->
  base_order m -> (j < m * 2 ^ k)%nat -> (n <= m * 2 ^ k)%nat -> is_sign eps ->
  (forall i, is_binary32 (x i)) -> (forall i, (n <= i)%nat -> x i = 0) ->
  nondecreasing (N - 1) theta' ->
  (forall i, (1 <= i <= N - 1)%nat -> Rabs (theta' i - threshold g i U) <= error i) ->
  let y := rotate (m * 2 ^ k) (supported_matrix m k) eps x j in
  let c := encode N g U (y / rho) in
  let f := encode32 N theta' rho e (transform32 m k (fun i => eps i * prescale e x i) j) in
  forall i, (Nat.min c f < i <= Nat.max c f)%nat ->
    Rabs (y - threshold g i U * rho)
    <= rotation_error_bound m k n e x
       + scaled_threshold_error_bound (threshold g i U) rho e (error i).
Proof. exact (FloatCode.encode32_mismatch N g U rho m k n eps x e theta' error j). Qed.

(** The judgement is exact: every acceptable code comes from errors within the bounds. *)
Theorem acceptable_attained n theta tau E y f :
  0 <= E -> (forall k, (1 <= k <= n)%nat -> 0 <= tau k) ->
  (forall k, (1 <= k)%nat -> (k < n)%nat -> theta k < theta (S k)) ->
  nondecreasing n (fun k => theta k - tau k) -> nondecreasing n (fun k => theta k + tau k) ->
  acceptable n theta tau E y f ->
  exists y' T, Rabs (y' - y) <= E /\ nondecreasing n T /\
    (forall k, (1 <= k <= n)%nat -> Rabs (T k - theta k) <= tau k) /\ count_passed n T y' = f.
Proof. exact (FloatCode.acceptable_attained n theta tau E y f). Qed.

(** It needs only the two thresholds next to the code ... *)
Theorem acceptable_adjacent n theta tau E y f :
  nondecreasing n (fun k => theta k - tau k) -> nondecreasing n (fun k => theta k + tau k) ->
  acceptable n theta tau E y f <->
  (f <= n)%nat /\ ((1 <= f)%nat -> theta f - tau f <= y + E) /\
  ((f < n)%nat -> y - E < theta (S f) + tau (S f)).
Proof. exact (FloatCode.acceptable_adjacent n theta tau E y f). Qed.

(** ... or those between it and the exact code. *)
Theorem acceptable_between n theta tau E y f :
  nondecreasing n theta -> 0 <= E -> (forall k, (1 <= k <= n)%nat -> 0 <= tau k) ->
  let c := count_passed n theta y in
  acceptable n theta tau E y f <->
  (f <= n)%nat /\ (forall k, (c < k <= f)%nat -> Rabs (y - theta k) <= E + tau k)
              /\ (forall k, (f < k <= c)%nat -> Rabs (y - theta k) < E + tau k).
Proof. exact (FloatCode.acceptable_between n theta tau E y f). Qed.

(** Searching is counting, if the thresholds are sorted: down the heap of 2^b - 1 thresholds, which loops fill, whatever
    it held before ... *)
Theorem heap_search_counts bits T initial y :
  nondecreasing (2 ^ bits - 1) T -> heap_search bits T initial y = count_passed (2 ^ bits - 1) T y.
Proof. exact (ThresholdSearch.heap_search_counts bits T initial y). Qed.

(** ... and by bisection. *)
Theorem bisection_counts levels T y :
  (0 < levels)%nat -> nondecreasing (levels - 1) T -> bisection levels T y = count_passed (levels - 1) T y.
Proof. exact (ThresholdSearch.bisection_counts levels T y). Qed.

(** So the heap search over the scaled thresholds is the encoder that encode32_acceptable is about. *)
Theorem heap_search_encodes bits theta' rho e initial y :
  0 <= rho -> nondecreasing (2 ^ bits - 1) theta' ->
  heap_search bits (fun k => scaled_threshold32 (theta' k) (rho * bpow radix2 e)) initial y
  = encode32 (2 ^ bits) theta' rho e y.
Proof. exact (ThresholdSearch.heap_search_encodes bits theta' rho e initial y). Qed.

(** The compander: thresholds T_k that err by no more than eta of z, in the sense that what they say of y is true of z +- eta; x within
    eps of base + X + eps for the position X = t + 1/2 - U of every c(t) that near z. The whole part of x - base, or after one
    comparison where its fraction is below 2 eps the number before it, is the count. *)
Theorem compander_counts N g : generator N g -> forall U z y T,
  0 < U < 1 -> nondecreasing (N - 1) T ->
  forall eta x base eps, 0 <= eta ->
  (forall k, (1 <= k <= N - 1)%nat -> T k <= y -> threshold g k U <= z + eta) ->
  (forall k, (1 <= k <= N - 1)%nat -> y < T k -> z - eta <= threshold g k U) ->
  (forall t, inside N t -> Rabs (compand g t - z) <= eta -> Rabs (x - (base + (t + 1/2 - U) + eps)) < eps) ->
  eps <= 1/2 -> x - base < INR N ->
  compander_code T y x base eps = count_passed (N - 1) T y.
Proof. exact (CompanderCode.compander_counts N g). Qed.

(** The shipped polynomials, b = 3..8, every rounding of float32 included, in either order of the last sums: for every word of the
    dither, every norm that the encoder scales to and every y in range, x is that near, and in the binade of base. *)
Theorem compander_position b w rho y x :
  (3 <= b <= 8)%nat -> INR w + 1 <= 2 ^ 32 -> / 2 ^ 100 <= rho <= 2 ^ 100 -> compander_computes b w rho y x ->
  let base := IZR (compander_base b) in
  let eps := compander_eps b in
  (forall t, inside (2 ^ b) t -> Rabs (compand (compander_generator b) t - y / rho) <= threshold_reach (y / rho) ->
     Rabs (x - (base + (t + 1/2 - dither_of_word w) + eps)) < eps)
  /\ base < x < base + INR (2 ^ b).
Proof. exact (CompanderPosition.compander_position b w rho y x). Qed.

(** So with a codebook within its promise the code of any y, read off the bits of x or searched for out of its range, is that of the
    definition, #{k : y >= fl32(fl64(theta'_k rho))}. *)
Theorem shipped_compander_counts b w rho y theta' bits :
  (3 <= b <= 8)%nat -> INR w + 1 <= 2 ^ 32 -> / 2 ^ 100 <= rho <= 2 ^ 100 ->
  let U := dither_of_word w in
  (forall k, (1 <= k <= 2 ^ b - 1)%nat ->
     Rabs (theta' k - threshold (compander_generator b) k U) <= codebook_error (threshold (compander_generator b) k U)) ->
  compander_lane_bits b w rho y bits ->
  let T k := scaled_threshold32 (theta' k) rho in
  compander_lane b T rho y bits = count_passed (2 ^ b - 1) T y.
Proof. exact (CompanderBits.shipped_compander_counts b w rho y theta' bits). Qed.

(** fl32(r'), r' in double within e of the real codeword. *)
Theorem codeword_error_bound_correct r r' e :
  Rabs (r' - r) <= e -> Rabs (round32 r' - r) <= codeword_error_bound r e.
Proof. exact (FloatCode.codeword_error_bound_correct r r' e). Qed.

(** The fast decoder against the real decoder on the same codes. *)
Theorem decode_error_bound_correct m k eps rho e c (r r32 : vec) i :
  base_order m -> (i < m * 2 ^ k)%nat -> is_sign eps ->
  0 <= rho -> is_binary32 (rho * bpow radix2 e) ->
  (forall j, is_binary32 (r32 j)) ->
  (forall j, (j < m * 2 ^ k)%nat -> Rabs (r32 j - r j) <= c j) ->
  Rabs (decode32 m k eps (rho * bpow radix2 e) e r32 i
        - decode (m * 2 ^ k) (supported_matrix m k) eps rho r i)
  <= scaled_decode_error_bound m k rho e c r r32.
Proof. exact (FloatCode.decode_error_bound_correct m k eps rho e c r r32 i). Qed.

(** The stored norm. *)
Theorem norm_error_bound_correct n x :
  (0 < n)%nat -> (forall i, is_binary32 (x i)) -> (forall i, (n <= i)%nat -> x i = 0) ->
  Rabs (norm32 n x - sqrt (norm2 n x)) <= norm_error_bound n (sqrt (norm2 n x)).
Proof. exact (FloatNorm.norm_error_bound_correct n x). Qed.

(** The scheme as it is stored, with the float32 norm for a scale: unbiased, the cut included ... *)
Theorem stored_norm_unbiased n x :
  (0 < n)%nat -> INR n <= 2 ^ 24 -> (forall i, is_binary32 (x i)) -> padded_from n x ->
  forall N g, generator N g -> forall d H, hadamard d H -> forall eps i, (n <= d)%nat -> signs d eps ->
  Edither (fun U => truncate n (reconstruct N g d H (norm32 n x) x eps U) i) = x i.
Proof. exact (StoredNorm.stored_norm_unbiased n x). Qed.

(** ... and, where |x| is at least the least normal number, with the certified error, in units of the stored norm or of |x|. *)
Theorem stored_norm_bound n x :
  (0 < n)%nat -> INR n <= 2 ^ 24 -> (forall i, is_binary32 (x i)) -> padded_from n x ->
  forall b d H, (1 <= b <= 8)%nat -> hadamard d H -> (n <= d)%nat -> bpow radix2 (-126) <= sqrt (norm2 n x) ->
  let rho := norm32 n x in
  let error := mse (2 ^ b) (shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b)) d H rho x in
  error * 4 ^ b <= certified_constant b * rho ^ 2 /\
  error * 4 ^ b <= certified_constant b * ((1 + / 2 ^ 22) ^ 2 * norm2 n x).
Proof. exact (StoredNorm.stored_norm_bound n x). Qed.

(** Scores: the sum S over d coordinates in its order, for any w and r. *)
Theorem score_sum_error_bound_correct d w r32 :
  Rabs (score_sum32 d w r32 - sum d (fun j => w j * r32 j)) <= score_sum_error_bound d w r32.
Proof. exact (FloatScore.score_sum_error_bound_correct d w r32). Qed.

(** The three metrics, for a query q that is scaled by 2^-e and rotated, and codewords r32 within c of r: what is computed
    against its value at x^ = decode d H eps rho r in real arithmetic. *)
Theorem inner_product_error_bound_correct m k n eps e q c r r32 rho :
  base_order m -> (n <= m * 2 ^ k)%nat -> is_sign eps ->
  (forall i, is_binary32 (q i)) -> (forall i, (n <= i)%nat -> q i = 0) ->
  (forall j, (j < m * 2 ^ k)%nat -> Rabs (r32 j - r j) <= c j) ->
  let d := (m * 2 ^ k)%nat in
  Rabs (inner_product32 d (score_sum32 d (rotated_query32 m k eps e q) r32) rho e
        - dot n q (decode d (supported_matrix m k) eps rho r))
  <= inner_product_error_bound d (query_sum m k eps q r) (query_sum_error_bound m k n eps e q c r r32) rho e.
Proof. exact (FloatScore.inner_product_error_bound_correct m k n eps e q c r r32 rho). Qed.

Theorem squared_distance_error_bound_correct m k n eps e q c r r32 rho :
  base_order m -> (n <= m * 2 ^ k)%nat -> is_sign eps ->
  (forall i, is_binary32 (q i)) -> (forall i, (n <= i)%nat -> q i = 0) ->
  (forall j, (j < m * 2 ^ k)%nat -> Rabs (r32 j - r j) <= c j) ->
  (0 < n)%nat -> is_binary32 rho ->
  let d := (m * 2 ^ k)%nat in
  Rabs (squared_distance32 d (sum_of_squares64 n q) (score_sum32 d (rotated_query32 m k eps e q) r32) rho e
        - (norm2 n q + rho ^ 2 - 2 * dot n q (decode d (supported_matrix m k) eps rho r)))
  <= squared_distance_error_bound n d (norm2 n q) (query_sum m k eps q r)
       (query_sum_error_bound m k n eps e q c r r32) rho e.
Proof. exact (FloatScore.squared_distance_error_bound_correct m k n eps e q c r r32 rho). Qed.

Theorem cosine_error_bound_correct m k n eps e q c r r32 rho :
  base_order m -> (n <= m * 2 ^ k)%nat -> is_sign eps ->
  (forall i, is_binary32 (q i)) -> (forall i, (n <= i)%nat -> q i = 0) ->
  (forall j, (j < m * 2 ^ k)%nat -> Rabs (r32 j - r j) <= c j) ->
  (0 < n)%nat -> INR n <= 2 ^ 24 -> norm2 n q <> 0 -> rho <> 0 ->
  let d := (m * 2 ^ k)%nat in
  Rabs (cosine32 d (sum_of_squares64 n q) (score_sum32 d (rotated_query32 m k eps e q) r32) rho e
        - dot n q (decode d (supported_matrix m k) eps rho r) / (sqrt (norm2 n q) * rho))
  <= cosine_error_bound n d (sqrt (norm2 n q)) (query_sum m k eps q r)
       (query_sum_error_bound m k n eps e q c r r32) e.
Proof. exact (FloatScore.cosine_error_bound_correct m k n eps e q c r r32 rho). Qed.

(** A search bounds a row from sums of bytes before it scores it. Steps p_j = 128 high_j + low_j of at most Q, bytes m_j: the planes are summed
    apart, all modulo 2^32, and what is made of them is 2 sum p_j m_j - 255 sum p_j. *)
Theorem plane_sums_correct d high low m Q :
  (forall j, (j < d)%nat -> (Z.abs (128 * high j + low j) <= Q)%Z /\ (0 <= m j <= 255)%Z) -> (255 * (Z.of_nat d * Q) < 2 ^ 31)%Z ->
  let p j := (128 * high j + low j)%Z in
  ByteFilter.twice_of_sums (ByteFilter.plane_sums d high low m) (255 * Paley.sum_Z d p) = ByteFilter.twice_byte_sum d p m.
Proof. exact (ByteFilter.plane_sums_correct d high low m Q). Qed.

(** A row whose bound, computed in float32, is below the threshold has a worse score than T: a lower inner product or cosine, a larger squared
    distance, as they are computed. The query q, 2^e about |q|, is rotated: w, near t p_j; the row's codewords c_j are within err of
    a + s (m_j - 127.5), m_j the [bytes], and like |a| + 127.5 s at most A; the errors that are added, [ce], [magnitude] and [res], cover all
    roundings; theta is any number up to the threshold in binary64. *)
Theorem filter_bound_correct m k n eps e q c bytes p a s t err A ce total magnitude res rho T theta :
  base_order m -> (0 < n <= m * 2 ^ k)%nat -> (Z.of_nat (m * 2 ^ k) <= 2 ^ 16)%Z -> is_sign eps ->
  (forall i, is_binary32 (q i)) -> (forall i, (n <= i)%nat -> q i = 0) ->
  (-40 <= e <= 40)%Z -> 0.99 * bpow radix2 e <= sqrt (norm2 n q) <= 2.02 * bpow radix2 e ->
  let d := (m * 2 ^ k)%nat in
  let w := rotated_query32 m k eps e q in
  ByteFilter.in_bucket d c bytes a s err A -> / 2 <= A <= 256 -> err + ByteFilter.filter_rounding d * A <= ce ->
  ByteFilter.filter_steps d w p t total magnitude res -> / 2 ^ 50 <= rho ->
  let S := score_sum32 d w c in
  let Q := sum_of_squares64 n q in
  let upper := ByteFilter.filter_bound32 d p bytes a s ce t total magnitude res in
  let gain := round32 (round64 (2 * bpow radix2 e / INR d)) in
  (theta <= ByteFilter.scaled_least64 T (round64 (INR d / bpow radix2 e)) -> upper rho 1 0 < theta -> inner_product32 d S rho e < T) /\
  (theta <= ByteFilter.distance_least64 T Q -> upper rho gain (1 - / 2 ^ 20) < theta -> T < squared_distance32 d Q S rho e) /\
  (theta <= ByteFilter.scaled_least64 T (round64 (/ cosine_factor64 d Q e)) -> upper 1 1 0 < theta -> cosine32 d Q S rho e < T).
Proof. exact (ByteFilter.filter_bound_correct m k n eps e q c bytes p a s t err A ce total magnitude res rho T theta). Qed.

(** So rows may be skipped: threads take rows by tiles, in any order; a row may be skipped if k are kept before its tile and it is behind the last
    of them in the strict order of scores, then row numbers. The k nearest that are found are those of all rows. *)
Theorem filtered_search_correct (A : Type) before k skip (threads : list (list (list A))) rows :
  FilteredSearch.strict_total_order A before -> FilteredSearch.skips_worse A before k skip ->
  Permutation.Permutation rows (List.concat (List.map (@List.concat A) threads)) ->
  FilteredSearch.filtered_search A before k skip threads = FilteredSearch.nearest A before k rows.
Proof. exact (fun order => FilteredSearch.filtered_search_correct A before order k skip threads rows). Qed.

(** Bias of the float32 transform, thresholds and codewords exact. *)
Theorem transform_bias_bound_correct N g m k eps rho x i :
  generator N g -> base_order m -> is_sign eps ->
  0 < rho -> (i < m * 2 ^ k)%nat -> (forall j, is_binary32 (x j)) ->
  let d := (m * 2 ^ k)%nat in
  let y' := transform32 m k (fun j => eps j * x j) in
  Rabs (Edither (fun U => decode d (supported_matrix m k) eps rho
                            (fun j => quantize N g U (y' j / rho)) i) - x i)
  <= transform_error_bound m k x.
Proof. exact (FloatBias.transform_bias_bound_correct N g m k eps rho x i). Qed.

(** Bias of rounded thresholds, over the words w = 0..W-1 of the dither. *)
Theorem threshold_bias_bound_correct N g W t eps delta J alpha beta (f : nat -> nat) :
  generator N g -> (0 < W)%nat ->
  0 < eps < 1/2 -> inside N (t - eps) -> inside N (t + eps) ->
  (forall r, t - eps <= r <= t + eps -> delta <= g (r + 1/2) - g (r - 1/2) <= J) ->
  0 < delta -> 0 <= alpha < 1 -> 0 <= beta ->
  let z := compand g t in
  let a := (alpha * Rabs z + beta) / (1 - alpha) in
  a < delta * eps ->
  (forall w, (w < W)%nat ->
     acceptable (N - 1) (fun k => threshold g k (word_dither W w))
       (fun k => alpha * Rabs (threshold g k (word_dither W w)) + beta) 0 z (f w)) ->
  mean_words W (fun w => Rabs (codeword g (f w) (word_dither W w)
                               - quantize N g (word_dither W w) z))
  <= J * (2 * (a / delta) + / INR W).
Proof. exact (FloatBias.threshold_bias_bound_correct N g W t eps delta J alpha beta f). Qed.

(** All rounding together: E for the transform, D for the decoder; for the finite dither
    the cell width over W, and the mismatch of thresholds, both averaged. *)
Theorem fast_bias_bound_correct N g d H eps rho x W (y' : vec) E D
    (f : nat -> nat -> nat) (fast : nat -> vec) (t mismatch : vec) i :
  generator N g -> hadamard d H -> signs d eps -> 0 < rho -> (i < d)%nat -> (0 < W)%nat ->
  (forall j, (j < d)%nat -> Rabs (y' j - rotate d H eps x j) <= E) ->
  (forall j, (j < d)%nat -> inside N (t j) /\ compand g (t j) = y' j / rho) ->
  (forall j, (j < d)%nat ->
     mean_words W (fun w => Rabs (codeword g (f w j) (word_dither W w)
                                  - quantize N g (word_dither W w) (y' j / rho))) <= mismatch j) ->
  (forall w, (w < W)%nat ->
     Rabs (fast w i - decode d H eps rho (fun j => codeword g (f w j) (word_dither W w)) i) <= D) ->
  Rabs (mean_words W (fun w => fast w i) - x i)
  <= D + E + rho / INR d
      * sum d (fun j => (g (t j + 1/2) - g (t j - 1/2)) / INR W + mismatch j).
Proof. exact (FloatBias.fast_bias_bound_correct N g d H eps rho x W y' E D f fast t mismatch i). Qed.

(** ** SPEC §5.7: the constant of the paper *)

(** The Gaussian integral that the constant contains. *)
Theorem gaussian_integral :
  is_RInt_gen (fun x => exp (- x ^ 2 / 2)) (Rbar_locally m_infty) (Rbar_locally p_infty) (sqrt (2 * PI)).
Proof. exact Gaussian.gaussian_integral. Qed.

(** The paper's theorem: with sigma = sqrt 3 and any fixed kappa > 0, N^2 times the mean
    squared error is at most pi sqrt 3 / 2 + o(1), o(1) uniform over all dimensions, all
    Hadamard matrices and all unit vectors. *)
Theorem asymptotic_mse kappa delta :
  0 < kappa -> 0 < delta ->
  exists N0, forall N, (N0 <= N)%nat ->
  forall d H x, (1 <= d)%nat -> hadamard d H -> norm2 d x = 1 ->
  INR N ^ 2 * mse N (shipped N (sqrt 3) kappa) d H 1 x <= PI * sqrt 3 / 2 + delta.
Proof. exact (Asymptotics.asymptotic_mse kappa delta). Qed.

(** At b bits: (pi sqrt 3 / 2 + o(1)) 4^-b. *)
Theorem asymptotic_mse_bits kappa delta :
  0 < kappa -> 0 < delta ->
  exists b0, forall b, (b0 <= b)%nat ->
  forall d H x, (1 <= d)%nat -> hadamard d H -> norm2 d x = 1 ->
  mse (2 ^ b) (shipped (2 ^ b) (sqrt 3) kappa) d H 1 x <= (PI * sqrt 3 / 2 + delta) / 4 ^ b.
Proof. exact (Asymptotics.asymptotic_mse_bits kappa delta). Qed.

(** ** SPEC §5.8: necessity *)

(** A rule with an odd mean error, one H D and no scale that depends on the data: unbiased
    for every unit vector in every dimension only if unbiased for every real z. *)
Theorem necessity_dithered (Hs : nat -> mat) (Q : R -> R -> R) :
  (forall k, hadamard (2 ^ k) (Hs k)) ->
  (forall z, ex_RInt (fun U => Q U z) 0 1) ->
  (forall z, Edither (fun U => Q U (- z)) = - Edither (fun U => Q U z)) ->
  (forall k x, norm2 (2 ^ k) x = 1 -> forall i, (i < 2 ^ k)%nat ->
     Esign (2 ^ k) (fun e => Edither (fun U =>
       decode (2 ^ k) (Hs k) e 1 (fun j => Q U (rotate (2 ^ k) (Hs k) e x j)) i)) = x i) ->
  forall z, Edither (fun U => Q U z) = z.
Proof. exact (Necessity.necessity_dithered Hs Q). Qed.

(** Without oddness it is not necessary: a rule may be biased at every z and its x^ unbiased for every x, in every dimension. *)
Theorem oddness_is_needed : exists Q : R -> R -> R,
  (forall z, ex_RInt (fun U => Q U z) 0 1) /\
  (forall d H x, hadamard d H -> forall i, (i < d)%nat ->
     Esign d (fun e => Edither (fun U => decode d H e 1 (fun j => Q U (rotate d H e x j)) i)) = x i) /\
  (forall z, Edither (fun U => Q U z) <> z).
Proof. exact Necessity.oddness_is_needed. Qed.

(** So a rule with finitely many fixed levels is biased for some unit vector. *)
Theorem bounded_rule_is_biased (Hs : nat -> mat) q B :
  (forall k, hadamard (2 ^ k) (Hs k)) -> (forall z, q (- z) = - q z) ->
  (forall z, Rabs (q z) <= B) -> ~ (forall k, unbiased_in (2 ^ k) (Hs k) q).
Proof. exact (Necessity.bounded_rule_is_biased Hs q B). Qed.

(** ** SPEC §5.9: 32 bits of dither *)

(** Bias at z = c(t): at most the cell width over 2^32. *)
Theorem word_bias N g : generator N g -> forall z,
  exists t, inside N t /\ compand g t = z /\
    Rabs (Eword (fun U => quantize N g U z) - z) <= (g (t + 1/2) - g (t - 1/2)) / 2 ^ 32.
Proof. exact (DiscreteDither.word_bias N g). Qed.

(** Change of M at z. *)
Theorem word_square_error N g : generator N g -> forall z,
  exists t, inside N t /\ compand g t = z /\
    Rabs (Eword (fun U => (quantize N g U z - z) ^ 2) - scalar_mse N g z)
    <= ((g (t + 1/2) - z) ^ 2 + (z - g (t - 1/2)) ^ 2) / 2 ^ 32.
Proof. exact (DiscreteDither.word_square_error N g). Qed.

(** The shipped generators, b = 1..8, any vector: what 32 bits change in the mean squared
    error, and the mean square of the bias that they leave. *)
Theorem shipped_discrete_dither b d H x :
  (1 <= b <= 8)%nat -> hadamard d H -> norm2 d x <> 0 ->
  let g := shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b) in
  let rho := sqrt (norm2 d x) in
  Rabs (mse_words (2 ^ b) g d H rho x - mse (2 ^ b) g d H rho x)
    <= norm2 d x * (dither_cost b / 2 ^ 32) /\
  Esign d (fun eps => norm2 d (fun i =>
      Eword (fun U => reconstruct (2 ^ b) g d H rho x eps U i) - x i))
    <= norm2 d x * (dither_cost b / (2 ^ 32) ^ 2).
Proof. exact (DiscreteShipped.shipped_discrete_dither b d H x). Qed.

(** ** SPEC §5.10: the best possible *)

(** One coordinate. [is_mean]: any mean over any randomness that encoder and decoder share; [unbiased_rule]: for each value of that at most N
    levels, and E[q | z] = z wherever z occurs. zeta is any function of z; [distortion_at_least]: no function of N levels comes nearer to
    zeta in mean square than D. *)
Theorem unbiased_rule_lower_bound {T} has_mean (E : (T -> R) -> R) N q d x zeta D :
  is_mean has_mean E -> unbiased_rule has_mean E N (attained d x) q -> distortion_at_least N d x zeta D ->
  D - Esign d (fun e => (zeta (rademacher d x e) - rademacher d x e) ^ 2)
  <= Esign d (fun e => E (fun u => (q u (rademacher d x e) - rademacher d x e) ^ 2)).
Proof. exact (UnbiasedRule.unbiased_rule_lower_bound has_mean E N q d x zeta D). Qed.

(** Vectors: one HD, then any such rule for each coordinate. The rules may know x and differ, and share their randomness. *)
Theorem optimality {T} has_mean (E : (T -> R) -> R) : is_mean has_mean E -> forall N q d H, hadamard d H -> forall rho x, rho <> 0 ->
  (forall j, (j < d)%nat -> unbiased_rule has_mean E N (attained d (fun i => x i / rho)) (q j)) ->
  forall zeta D, (0 < d)%nat -> distortion_at_least N d (fun i => x i / rho) zeta D ->
  rho ^ 2 * (D - Esign d (fun e => (zeta (rademacher d x e / rho) - rademacher d x e / rho) ^ 2)) <= rule_mse E q d H rho x.
Proof. exact (UnbiasedRule.optimality T has_mean E). Qed.

(** hdq is one of them: its [mse] is [rule_mse Edither] of this rule for every coordinate. *)
Theorem quantize_is_unbiased_rule N g occurs : generator N g ->
  unbiased_rule (fun f => ex_RInt f 0 1) Edither N occurs (fun U z => quantize N g U z).
Proof. exact (UnbiasedRule.quantize_is_unbiased_rule N g occurs). Qed.

(** x of norm 1 with entries 0 and +-1/sqrt 1024 (1024 of them), in any dimension. What every rule of 2^b levels errs there at least; the
    shipped quantizer errs at most 0.33 %, 0.77 %, 0.82 %, 1.92 % more there, for b = 1, 2, 3, 4, and on no vector in any dimension
    0.98 %, 1.49 %, 1.54 %, 2.63 % more. Certificates checked in integers and by interval arithmetic inside Coq. *)
Theorem optimality_flat_b1 {T} has_mean (E : (T -> R) -> R) q d H x :
  is_mean has_mean E -> (forall j, (j < d)%nat -> unbiased_rule has_mean E 2 (attained d x) (q j)) -> hadamard d H -> flat (32 * 32) d x ->
  160552 / 100000 <= rule_mse E q d H 1 x /\
  mse 2 (shipped 2 (shipped_sigma 1) (shipped_kappa 1)) d H 1 x <= 10033 / 10000 * rule_mse E q d H 1 x /\
  forall d' H' y, hadamard d' H' -> norm2 d' y = 1 ->
    mse 2 (shipped 2 (shipped_sigma 1) (shipped_kappa 1)) d' H' 1 y <= 10098 / 10000 * rule_mse E q d H 1 x.
Proof. exact (Optimality.optimality_flat_b1 has_mean E q d H x). Qed.

Theorem optimality_flat_b2 {T} has_mean (E : (T -> R) -> R) q d H x :
  is_mean has_mean E -> (forall j, (j < d)%nat -> unbiased_rule has_mean E 4 (attained d x) (q j)) -> hadamard d H -> flat (32 * 32) d x ->
  24357 / 100000 <= rule_mse E q d H 1 x /\
  mse 4 (shipped 4 (shipped_sigma 2) (shipped_kappa 2)) d H 1 x <= 10077 / 10000 * rule_mse E q d H 1 x /\
  forall d' H' y, hadamard d' H' -> norm2 d' y = 1 ->
    mse 4 (shipped 4 (shipped_sigma 2) (shipped_kappa 2)) d' H' 1 y <= 10149 / 10000 * rule_mse E q d H 1 x.
Proof. exact (Optimality.optimality_flat_b2 has_mean E q d H x). Qed.

Theorem optimality_flat_b3 {T} has_mean (E : (T -> R) -> R) q d H x :
  is_mean has_mean E -> (forall j, (j < d)%nat -> unbiased_rule has_mean E 8 (attained d x) (q j)) -> hadamard d H -> flat (32 * 32) d x ->
  50016 / 1000000 <= rule_mse E q d H 1 x /\
  mse 8 (shipped 8 (shipped_sigma 3) (shipped_kappa 3)) d H 1 x <= 10082 / 10000 * rule_mse E q d H 1 x /\
  forall d' H' y, hadamard d' H' -> norm2 d' y = 1 ->
    mse 8 (shipped 8 (shipped_sigma 3) (shipped_kappa 3)) d' H' 1 y <= 10154 / 10000 * rule_mse E q d H 1 x.
Proof. exact (Optimality.optimality_flat_b3 has_mean E q d H x). Qed.

Theorem optimality_flat_b4 {T} has_mean (E : (T -> R) -> R) q d H x :
  is_mean has_mean E -> (forall j, (j < d)%nat -> unbiased_rule has_mean E 16 (attained d x) (q j)) -> hadamard d H -> flat (32 * 32) d x ->
  11320 / 1000000 <= rule_mse E q d H 1 x /\
  mse 16 (shipped 16 (shipped_sigma 4) (shipped_kappa 4)) d H 1 x <= 10192 / 10000 * rule_mse E q d H 1 x /\
  forall d' H' y, hadamard d' H' -> norm2 d' y = 1 ->
    mse 16 (shipped 16 (shipped_sigma 4) (shipped_kappa 4)) d' H' 1 y <= 10263 / 10000 * rule_mse E q d H 1 x.
Proof. exact (Optimality.optimality_flat_b4 has_mean E q d H x). Qed.

(** ** SPEC §7: the entropy-coded quantizer, V uniform on (0,1) *)

(** The offset of each coordinate, V shifted by a_j modulo 1, is uniform on (0,1): whatever is
    integrable has the same mean. The Weyl sequence has a_j = j 0x9E3779B9 / 2^32. *)
Theorem offsets_uniform a j (f : R -> R) (l : R) :
  is_RInt f 0 1 l -> is_RInt (fun V => f (offsets a V j)) 0 1 l.
Proof. exact (StepQuantizer.offsets_uniform a j f l). Qed.

(** z^ - z is uniform on (-step/2, step/2], for every z and any raw bits h: the mean of f of it is
    the mean of f there. *)
Theorem step_error_uniform step h a j z (f : R -> R) (l : R) :
  0 < step -> is_RInt f (- step / 2) (step / 2) l ->
  is_RInt (fun V => f (step_quantize step h (offsets a V j) z - z)) 0 1 (l / step).
Proof. exact (StepQuantizer.step_error_uniform step h a j z f l). Qed.

(** E[x^] = x, for every H, sign vector, x and stored scale. *)
Theorem step_reconstruct_unbiased step h a : 0 < step -> forall d H rho x eps,
  hadamard d H -> signs d eps -> forall i, (i < d)%nat -> scale_for d rho x ->
  Edither (fun V => step_reconstruct d H step h rho x eps (offsets a V) i) = x i.
Proof. exact (StepQuantizer.step_reconstruct_unbiased step h a). Qed.

(** E ||x^ - x||^2 = D rho^2, for every H, sign vector and x. *)
Theorem step_mse step h a : 0 < step -> forall d H rho x eps,
  hadamard d H -> signs d eps -> (0 < d)%nat -> rho <> 0 ->
  Edither (fun V => norm2 d (fun i => step_reconstruct d H step h rho x eps (offsets a V) i - x i))
  = step_error step * rho ^ 2.
Proof. exact (StepQuantizer.step_mse step h a). Qed.

(** At most that after the cut to n coordinates. *)
Theorem step_truncated_mse step h a : 0 < step -> forall d H rho x eps,
  hadamard d H -> signs d eps -> forall n, (n <= d)%nat -> (0 < d)%nat -> rho <> 0 ->
  Edither (fun V => norm2 n (fun i => step_reconstruct d H step h rho x eps (offsets a V) i - x i))
  <= step_error step * rho ^ 2.
Proof. exact (StepQuantizer.step_truncated_mse step h a). Qed.

(** Sigma_j E z^_j^2 = d (1 + D). *)
Theorem step_energy step h a : 0 < step -> forall d H rho x eps,
  hadamard d H -> signs d eps -> (0 < d)%nat -> rho <> 0 -> rho ^ 2 = norm2 d x ->
  sum d (fun j => Edither (fun V => step_quantize step h (offsets a V j) (rotate d H eps x j / rho) ^ 2))
  = INR d * (1 + step_error step).
Proof. exact (StepQuantizer.step_energy step h a). Qed.

(** Any cost of a coordinate below a quadratic costs every vector at most its value at 1, d times. *)
Theorem quadratic_cost d H rho x eps :
  hadamard d H -> signs d eps -> forall (cost : R -> R) b0 b2,
  (0 < d)%nat -> rho <> 0 -> rho ^ 2 = norm2 d x ->
  (forall z, cost z <= b0 + b2 * z ^ 2) ->
  sum d (fun j => cost (rotate d H eps x j / rho)) <= (b0 + b2) * INR d.
Proof. exact (StepQuantizer.quadratic_cost d H rho x eps). Qed.

(** k = 2^h c + l, 0 <= l < 2^h, splits into the code c of the step W and raw bits, and joins. *)
Theorem raw_bits step h V z :
  0 < step ->
  let k := step_code step h V z in
  let c := step_code (coarse_step step h) 0 V z in
  let n := (2 ^ Z.of_nat h)%Z in
  (k = n * c + k mod n /\ 0 <= k mod n < n)%Z /\
  (forall l, 0 <= l < n -> (n * c + l) / n = c /\ (n * c + l) mod n = l)%Z.
Proof. exact (StepQuantizer.raw_bits step h V z). Qed.

(** ** SPEC §7: the 2^23 offsets that words have *)

(** Over the words each coordinate of the Weyl sequence has every offset (i + 1/2)/2^23 equally often. *)
Theorem mean_word_offsets j (f : R -> R) :
  mean_word (fun w => f (word_offsets w j)) = / 2 ^ 23 * sum (2 ^ 23) (fun i => f ((INR i + 1/2) / 2 ^ 23)).
Proof. exact (StepWords.mean_word_offsets j f). Qed.

(** Bias of a coordinate: at most 2^-24 W. *)
Theorem word_step_bias step h : 0 < step -> (h <= 23)%nat -> forall j z,
  Rabs (mean_word (fun w => step_quantize step h (word_offsets w j) z - z)) <= coarse_step step h / 2 ^ 24.
Proof. exact (StepWords.word_step_bias step h). Qed.

(** Its mean square error: D, to (W/2^23)^2/6. *)
Theorem word_step_square_error step h : 0 < step -> (h <= 23)%nat -> forall j z,
  step_error step - (coarse_step step h / 2 ^ 23) ^ 2 / 12
  <= mean_word (fun w => (step_quantize step h (word_offsets w j) z - z) ^ 2)
  <= step_error step + (coarse_step step h / 2 ^ 23) ^ 2 / 6.
Proof. exact (StepWords.word_step_square_error step h). Qed.

(** Norm of the bias of a vector, and its mean squared error. *)
Theorem word_reconstruct_bias step h : 0 < step -> (h <= 23)%nat -> forall d H rho x eps,
  hadamard d H -> signs d eps -> (0 < d)%nat -> rho <> 0 ->
  norm2 d (fun i => mean_word (fun w => step_reconstruct d H step h rho x eps (word_offsets w) i - x i))
  <= (rho * (coarse_step step h / 2 ^ 24)) ^ 2.
Proof. exact (StepWords.word_reconstruct_bias step h). Qed.

Theorem word_mse step h : 0 < step -> (h <= 23)%nat -> forall d H rho x eps,
  hadamard d H -> signs d eps -> (0 < d)%nat -> rho <> 0 ->
  (step_error step - (coarse_step step h / 2 ^ 23) ^ 2 / 12) * rho ^ 2
  <= mean_word (fun w => norm2 d (fun i => step_reconstruct d H step h rho x eps (word_offsets w) i - x i))
  <= (step_error step + (coarse_step step h / 2 ^ 23) ^ 2 / 6) * rho ^ 2.
Proof. exact (StepWords.word_mse step h). Qed.

(** Length of a row: where the mean over the words of a coordinate's length is below b0 + b2 z^2, the mean
    length of every row is at most (b0 + b2) d. *)
Theorem word_row_length d H rho x eps (length : nat -> R -> R) b0 b2 :
  hadamard d H -> signs d eps -> (0 < d)%nat -> rho <> 0 -> rho ^ 2 = norm2 d x ->
  (forall z, mean_word (fun w => length w z) <= b0 + b2 * z ^ 2) ->
  mean_word (fun w => sum d (fun j => length (weyl_word w j) (rotate d H eps x j / rho))) <= (b0 + b2) * INR d.
Proof. exact (StepWords.word_row_length d H rho x eps length b0 b2). Qed.

(** ** SPEC §7: the ideal length *)

(** The probabilities of all codes c sum to 1 (c = n and -1-n, n = 0, 1, ...). *)
Theorem cell_probabilities_sum W : 0 < W -> forall V, -1/4 < V < 5/4 ->
  is_series (fun n => cell_probability W (Z.of_nat n) V + cell_probability W (- 1 - Z.of_nat n) V) 1.
Proof. exact (IdealLength.cell_probabilities_sum W). Qed.

(** E log2 S <= 0. *)
Theorem normalizer_log_mean W : 0 < W -> Edither (fun V => log2 (normalizer W V)) <= 0.
Proof. exact (IdealLength.normalizer_log_mean W). Qed.

(** Every vector has the same mean ideal length. *)
Theorem ideal_length_of_vector step h a : 0 < step -> forall d H rho x eps,
  hadamard d H -> signs d eps -> (0 < d)%nat -> rho <> 0 -> rho ^ 2 = norm2 d x ->
  sum d (fun j => Edither (fun V => ideal_length step h (offsets a V j) (rotate d H eps x j / rho)))
  = INR d * (INR h + rate_of_error (step_error (coarse_step step h))
             + Edither (fun V => log2 (normalizer (coarse_step step h) V))).
Proof. exact (IdealLength.ideal_length_of_vector step h a). Qed.

(** D <= (pi e/6)(1 + W^2/12) 4^-R, R the mean ideal length per coordinate; W^2/12 = D for h = 0. *)
Theorem rate_distortion step h a : 0 < step -> forall d H rho x eps,
  hadamard d H -> signs d eps -> (0 < d)%nat -> rho <> 0 -> rho ^ 2 = norm2 d x ->
  let R := sum d (fun j => Edither (fun V =>
    ideal_length step h (offsets a V j) (rotate d H eps x j / rho))) / INR d in
  step_error step <= PI * exp 1 / 6 * (1 + step_error (coarse_step step h)) * Rpower 4 (- R).
Proof. exact (IdealLength.rate_distortion step h a). Qed.

(** ** Least error: x^ / (1 + C) *)

(** The fixed-rate quantizer: C/(1 + C) where C bounds its error (SPEC §5.5). *)
Theorem shrink_mse N g d H rho x C :
  generator N g -> hadamard d H -> rho <> 0 -> 0 <= C ->
  mse N g d H rho x <= C * norm2 d x ->
  Esign d (fun eps => Edither (fun U => norm2 d (fun i => shrink C (reconstruct N g d H rho x eps U) i - x i)))
  <= C / (1 + C) * norm2 d x.
Proof. exact (Shrink.shrink_mse N g d H rho x C). Qed.

(** The entropy-coded quantizer: D/(1 + D), an equality. *)
Theorem step_shrink_mse step h a : 0 < step -> forall d H rho x eps,
  hadamard d H -> signs d eps -> (0 < d)%nat -> rho <> 0 -> rho ^ 2 = norm2 d x ->
  Edither (fun V => norm2 d (fun i =>
    shrink (step_error step) (step_reconstruct d H step h rho x eps (offsets a V)) i - x i))
  = step_error step / (1 + step_error step) * norm2 d x.
Proof. exact (StepQuantizer.step_shrink_mse step h a). Qed.

(** ** SPEC §7: the coder (entropy/StreamCoder.v has the encoder, the decoder and their tables) *)

(** Getting undoes putting, and the state stays in [2^31, 2^63). *)
Theorem get_put s st :
  StreamCoder.symbol_ok s -> StreamCoder.state_ok st ->
  StreamCoder.get s (StreamCoder.put s st) = Some st.
Proof. exact (StreamCoder.get_put s st). Qed.

Theorem put_state_ok s st :
  StreamCoder.symbol_ok s -> StreamCoder.state_ok st -> StreamCoder.state_ok (StreamCoder.put s st).
Proof. exact (StreamCoder.put_state_ok s st). Qed.

(** A row of codes, escapes among them, each with its own table, from any state: the decoder returns
    the codes and the state that the encoder began with. *)
Theorem decode_encode_row row st :
  StreamCoder.row_ok row -> StreamCoder.state_ok st ->
  StreamCoder.decode_row (map fst row) (StreamCoder.encode_row row st) = Some (map snd row, st).
Proof. exact (StreamCoder.decode_encode_row row st). Qed.

(** The same from the bytes of the row's stream, which begins with the 32 bits of the norm. *)
Theorem row_stream_decodes norm_bits row :
  (0 <= norm_bits < 2 ^ 32)%Z -> StreamCoder.row_ok row ->
  StreamCoder.decode_row (map fst row) (StreamCoder.of_stream (StreamCoder.row_stream norm_bits row))
  = Some (map snd row, ((2 ^ 31 + norm_bits)%Z, nil)).
Proof. exact (StreamCoder.row_stream_decodes norm_bits row). Qed.

(** The tables of SPEC §7 in binary64 (entropy/FrequencyTables.v has their definition), of every step and every
    bucket: frequencies at least 1, that of 0 included, which sum to 2^16 with the escape's. So the two theorems above are about them. *)
Theorem step_table_ok step h u :
  0 < step <= 16 -> FrequencyTables.raw_bits_of_step step h -> (0 <= u < 64)%Z ->
  StreamCoder.table_ok (FrequencyTables.step_table (coarse_step step h) u).
Proof. exact (FrequencyTables.step_table_ok step h u). Qed.

(** So a row coded with them decodes, whatever its word w, for |c| < 2^31. *)
Theorem step_row_decodes step h w norm_bits codes :
  0 < step <= 16 -> FrequencyTables.raw_bits_of_step step h -> (0 <= norm_bits < 2 ^ 32)%Z ->
  List.Forall (fun c => (Z.abs c < 2 ^ 31)%Z) codes ->
  let tables := FrequencyTables.row_tables step h w (length codes) in
  StreamCoder.decode_row tables (StreamCoder.of_stream (StreamCoder.row_stream norm_bits (combine tables codes)))
  = Some (codes, ((2 ^ 31 + norm_bits)%Z, nil)).
Proof. exact (FrequencyTables.step_row_decodes step h w norm_bits codes). Qed.

(** ** SPEC §9: means of rows *)

(** Row i is estimated by a rule X i from a draw of its own: of mean y i in each of n numbers, and v i is E |X i - y i|^2 ([row_rules]). [is_mean]:
    any mean over a draw; [Edraws]: over m independent ones. [weighted_mean m w x] = sum w_i x_i / W. The mean has the mean of the y_i ... *)
Theorem mean_of_rows_mean {T} (t0 : T) has_mean (E : (T -> R) -> R) : is_mean has_mean E -> forall m n w X y v j,
  row_rules has_mean E m n X y v -> (j < n)%nat ->
  has_Edraws t0 has_mean E m (fun u => weighted_mean m w (fun i => X i (u i)) j) /\
  Edraws t0 E m (fun u => weighted_mean m w (fun i => X i (u i)) j) = weighted_mean m w y j.
Proof. exact (MeanOfRows.mean_of_rows_mean T t0 has_mean E). Qed.

(** ... and errs its bias and the variances, w_i^2/W^2 times each. Unbiased rules have y = x: no bias. *)
Theorem mean_of_rows_error {T} (t0 : T) has_mean (E : (T -> R) -> R) : is_mean has_mean E -> forall m n w X y v x,
  row_rules has_mean E m n X y v -> 0 < sum m w ->
  has_Edraws t0 has_mean E m (fun u => norm2 n (fun j => weighted_mean m w (fun i => X i (u i)) j - weighted_mean m w x j)) /\
  Edraws t0 E m (fun u => norm2 n (fun j => weighted_mean m w (fun i => X i (u i)) j - weighted_mean m w x j))
  = norm2 n (fun j => weighted_mean m w y j - weighted_mean m w x j) + sum m (fun i => w i ^ 2 * v i) / sum m w ^ 2.
Proof. exact (MeanOfRows.mean_of_rows_error T t0 has_mean E). Qed.

(** m equal rows, equal weights: a bias stays, whatever m is; the variance is divided by m. *)
Theorem equal_rows_error {T} (t0 : T) has_mean (E : (T -> R) -> R) : is_mean has_mean E -> forall m n X y v x,
  row_rules has_mean E m n (fun _ => X) (fun _ => y) (fun _ => v) -> (0 < m)%nat ->
  Edraws t0 E m (fun u => norm2 n (fun j => weighted_mean m (fun _ => 1) (fun i => X (u i)) j - x j))
  = norm2 n (fun j => y j - x j) + v / INR m.
Proof. exact (MeanOfRows.equal_rows_error T t0 has_mean E). Qed.

(** The quantizer of SPEC §4: each row with levels, generator, stored scale and dither of its own, the signs in common; x^ is cut to n. *)
Theorem reconstruct_mean_error m (N : nat -> nat) (g : nat -> R -> R) d H n w (rho : nat -> R) (x : nat -> vec) :
  (forall i, (i < m)%nat -> generator (N i) (g i)) -> hadamard d H -> (n <= d)%nat -> 0 < sum m w ->
  (forall i, (i < m)%nat -> scale_for d (rho i) (x i)) ->
  let row := fun eps i U => reconstruct (N i) (g i) d H (rho i) (x i) eps U in
  (forall eps j, signs d eps -> (j < n)%nat ->
     Edraws 0 Edither m (fun U => weighted_mean m w (fun i => row eps i (U i)) j) = weighted_mean m w x j) /\
  Esign d (fun eps => Edraws 0 Edither m (fun U =>
    norm2 n (fun j => weighted_mean m w (fun i => row eps i (U i)) j - weighted_mean m w x j)))
  <= sum m (fun i => w i ^ 2 * mse (N i) (g i) d H (rho i) (x i)) / sum m w ^ 2.
Proof. exact (MeanOfRows.reconstruct_mean_error m N g d H n w rho x). Qed.

(** That of SPEC §7: each row with step, raw bits, stored scale and V of its own. For all d numbers an equality, for every sign vector. *)
Theorem step_mean_error m step h d H w rho x eps :
  (forall i, (i < m)%nat -> 0 < step i) -> hadamard d H -> signs d eps -> 0 < sum m w -> forall a n,
  (n <= d)%nat -> (0 < d)%nat -> (forall i, (i < m)%nat -> scale_for d (rho i) (x i)) ->
  let row := fun i V => step_reconstruct d H (step i) (h i) (rho i) (x i) eps (offsets a V) in
  let error := fun k => Edraws 0 Edither m (fun V =>
    norm2 k (fun j => weighted_mean m w (fun i => row i (V i)) j - weighted_mean m w x j)) in
  (forall j, (j < d)%nat -> Edraws 0 Edither m (fun V => weighted_mean m w (fun i => row i (V i)) j) = weighted_mean m w x j) /\
  error d = sum m (fun i => w i ^ 2 * (step_error (step i) * rho i ^ 2)) / sum m w ^ 2 /\
  error n <= sum m (fun i => w i ^ 2 * (step_error (step i) * rho i ^ 2)) / sum m w ^ 2.
Proof. exact (MeanOfRows.step_mean_error m step h d H w rho x eps). Qed.

(** With words, uniform on 0 .. 2^32-1 and independent, in place of V: the biases of the rows remain, at most 2^-24 W_i rho_i each. *)
Theorem word_mean_error m step h d H w rho x eps :
  (forall i, (i < m)%nat -> 0 < step i /\ (h i <= 23)%nat /\ 0 <= w i /\ rho i <> 0) ->
  hadamard d H -> signs d eps -> (0 < d)%nat -> 0 < sum m w ->
  let row := fun i v => step_reconstruct d H (step i) (h i) (rho i) (x i) eps (word_offsets v) in
  Edraws 0%nat mean_word m (fun v => norm2 d (fun j => weighted_mean m w (fun i => row i (v i)) j - weighted_mean m w x j))
  <= sum m (fun i => w i * (rho i * (coarse_step (step i) (h i) / 2 ^ 24)) ^ 2) / sum m w
     + sum m (fun i => w i ^ 2 * ((step_error (step i) + (coarse_step (step i) (h i) / 2 ^ 23) ^ 2 / 6) * rho i ^ 2)) / sum m w ^ 2.
Proof. exact (MeanOfRows.word_mean_error m step h d H w rho x eps). Qed.

(** Two stages: Y, an unbiased estimate of x with error V1 (a mean of rows, say), is encoded anew with an independent dither. With the rule of
    SPEC §7, whatever the signs: *)
Theorem step_two_stage_error {T} has_mean (E : (T -> R) -> R) d H (Y : T -> vec) x V1 step h a eps :
  is_mean has_mean E -> 0 < step -> hadamard d H -> signs d eps -> (0 < d)%nat ->
  (forall j, (j < d)%nat -> has_mean (fun u => Y u j) /\ E (fun u => Y u j) = x j) ->
  has_mean (fun u => norm2 d (fun j => Y u j - x j)) /\ E (fun u => norm2 d (fun j => Y u j - x j)) = V1 ->
  let again := fun u V => step_reconstruct d H step h (sqrt (norm2 d (Y u))) (Y u) eps (offsets a V) in
  (forall j, (j < d)%nat -> E (fun u => Edither (fun V => again u V j)) = x j) /\
  E (fun u => Edither (fun V => norm2 d (fun j => again u V j - x j))) = V1 + step_error step * (norm2 d x + V1).
Proof. exact (MeanOfRows.step_two_stage_error has_mean E d H Y x V1 step h a eps). Qed.

(** With that of SPEC §4, C a bound of its error at every vector (§5.5), and signs that are independent too. *)
Theorem reconstruct_two_stage_error {T} has_mean (E : (T -> R) -> R) N g d H (Y : T -> vec) x V1 C :
  is_mean has_mean E -> generator N g -> hadamard d H -> 0 <= C ->
  (forall y, norm2 d y <> 0 -> mse N g d H (sqrt (norm2 d y)) y <= C * norm2 d y) ->
  (forall j, (j < d)%nat -> has_mean (fun u => Y u j) /\ E (fun u => Y u j) = x j) ->
  has_mean (fun u => norm2 d (fun j => Y u j - x j)) /\ E (fun u => norm2 d (fun j => Y u j - x j)) = V1 ->
  has_mean (fun u => mse N g d H (sqrt (norm2 d (Y u))) (Y u)) ->
  let again := fun u (t : vec * R) => reconstruct N g d H (sqrt (norm2 d (Y u))) (Y u) (fst t) (snd t) in
  (forall j, (j < d)%nat -> E (fun u => Esigns_dither d (fun t => again u t j)) = x j) /\
  E (fun u => Esigns_dither d (fun t => norm2 d (fun j => again u t j - x j))) <= V1 + C * (norm2 d x + V1).
Proof. exact (MeanOfRows.reconstruct_two_stage_error has_mean E N g d H Y x V1 C). Qed.

(** ** SPEC §2, §4: programs

    Functions that run, on Flocq's binary32 numbers and on binary naturals (room executable/): they compute what the models above are about. *)

(** Unpacking undoes packing, for every number of bits. *)
Theorem unpack_pack b codes :
  (forall c, In c codes -> (c < 2 ^ b)%N) ->
  Packing.unpack_bytes b (length codes) (Packing.pack_bytes b codes) = codes.
Proof. exact (Packing.unpack_pack b codes). Qed.

(** The transform of a list, block by block and row by row, is the network of [transform_exact] and [transform_binary32], in any arithmetic. *)
Theorem transform_list_network (T : Type) (add sub : T -> T -> T) (opp : T -> T) (zero : T) m k B v i :
  order_shape m -> length v = (m * 2 ^ k)%nat -> (i < m * 2 ^ k)%nat ->
  nth i (TransformList.transform_list add sub opp m k B v) zero
  = network add sub opp m k B (fun j => nth j v zero) i.
Proof. exact (TransformList.transform_list_network add sub opp zero m k B v i). Qed.

(** In binary32, H x and H^T x are the numbers of the models unless something overflows. *)
Theorem transform_list_binary32 m k x j :
  base_order m -> length x = (m * 2 ^ k)%nat -> (j < m * 2 ^ k)%nat -> FloatOperations.finite32 x ->
  (1 + unit_roundoff) ^ transform_addition_stages m k
    * sum (m * 2 ^ k) (fun i => Rabs (FloatOperations.vec32 x i)) < bpow radix2 128 ->
  let y := nth j (TransformList.transform_list32 m k x) FloatOperations.zero32 in
  let y' := nth j (TransformList.transform_transposed_list32 m k x) FloatOperations.zero32 in
  (IEEE754.Binary.is_finite 24 128 y = true /\ FloatOperations.value32 y = transform32 m k (FloatOperations.vec32 x) j) /\
  (IEEE754.Binary.is_finite 24 128 y' = true /\ FloatOperations.value32 y' = transform32_transposed m k (FloatOperations.vec32 x) j).
Proof. exact (TransformList.transform_list_binary32 m k x j). Qed.

(** The norm of a list of finite floats, if float32 can hold it. *)
Theorem norm_list_binary32 x :
  x <> nil -> FloatOperations.finite32 x -> (Z.of_nat (length x) <= 2 ^ 32)%Z ->
  IEEE754.Binary.is_finite 24 128 (NormList.norm_list32 x) = true ->
  FloatOperations.value32 (NormList.norm_list32 x) = norm32 (length x) (FloatOperations.vec32 x).
Proof. exact (NormModel.norm_list_binary32 x). Qed.

(** From floats to floats: what the encoder and the decoder of a row compute, for every row of finite floats whose norm float32 can hold, against the real
    scheme with the stored norm. Of the double thresholds and codewords of the row's word it is assumed that they are within [codebook_error] of the real
    ones ([codebook_within]). Then the encoder has a code; the stored norm is within [norm_error_bound] of the norm; every code is one that the errors allow;
    and every value that comes back is within [decoded_error_bound] of the real decoder's for these codes, or that is beyond float32. Zeros come back as zeros. *)
Theorem row_error b seed row x (thetas codewords : N -> list IEEE754.Bits.binary64) :
  (1 <= b <= 8)%nat -> (0 < length x)%nat -> (Z.of_nat (length x) <= 2 ^ 24)%Z ->
  FloatOperations.finite32 x -> IEEE754.Binary.is_finite 24 128 (NormList.norm_list32 x) = true ->
  let w := Philox.dither_word seed row in
  RowError.codebook_within b w (thetas w) (codewords w) ->
  let s := FixedRateCodec.shape_of (length x) in
  let d := FixedRateCodec.order_of s in
  let bits := Philox.sign_bits seed d in
  let norm := NormList.norm_list32 x in
  let rho := FloatOperations.value32 norm in
  let e := NormList.scale_exponent norm in
  let g := shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b) in
  let U := dither_of_word (N.to_nat w) in
  let H := supported_matrix (FixedRateCodec.base s) (FixedRateCodec.stages s) in
  exists bytes,
    FixedRateCodec.encode_row_with s bits thetas (N.of_nat b) seed row x = FixedRateCodec.Encoded norm bytes /\
    let code j := N.to_nat (nth j (Packing.unpack_bytes (N.of_nat b) d bytes) 0%N) in
    let out := FixedRateCodec.decode_row_with s bits (length x) codewords (N.of_nat b) seed row norm bytes in
    let exact := decode d H (EncoderModel.sign_vec bits) rho (fun j => codeword g (code j) U) in
    let bound := RowError.decoded_error_bound b s w norm (codewords w) code in
    Rabs (rho - sqrt (norm2 (length x) (FloatOperations.vec32 x))) <= norm_error_bound (length x) (sqrt (norm2 (length x) (FloatOperations.vec32 x))) /\
    (0 < rho -> forall j, (j < d)%nat ->
      acceptable (2 ^ b - 1) (fun i => threshold g i U * rho)
        (fun i => scaled_threshold_error_bound (threshold g i U) rho e (codebook_error (threshold g i U)))
        (rotation_error_bound (FixedRateCodec.base s) (FixedRateCodec.stages s) (length x) e (FloatOperations.vec32 x)) (rotate d H (EncoderModel.sign_vec bits) (FloatOperations.vec32 x) j) (code j)) /\
    (0 < rho -> forall i, (i < length x)%nat ->
      (IEEE754.Binary.is_finite 24 128 (nth i out FloatOperations.zero32) = true -> Rabs (FloatOperations.vec32 out i - exact i) <= bound) /\
      (Rabs (exact i) + bound < bpow radix2 128 -> IEEE754.Binary.is_finite 24 128 (nth i out FloatOperations.zero32) = true)) /\
    (rho = 0 -> forall i, FloatOperations.vec32 x i = 0 /\ FloatOperations.vec32 out i = 0).
Proof. exact (RowError.row_error b seed row x thetas codewords). Qed.

(** If no coordinate is within the bounds of a threshold, the values that come back are those of the real scheme, to the bound. *)
Theorem row_error_away b seed row x (thetas codewords : N -> list IEEE754.Bits.binary64) :
  (1 <= b <= 8)%nat -> (0 < length x)%nat -> (Z.of_nat (length x) <= 2 ^ 24)%Z ->
  FloatOperations.finite32 x -> IEEE754.Binary.is_finite 24 128 (NormList.norm_list32 x) = true ->
  let w := Philox.dither_word seed row in
  RowError.codebook_within b w (thetas w) (codewords w) ->
  let s := FixedRateCodec.shape_of (length x) in
  let d := FixedRateCodec.order_of s in
  let bits := Philox.sign_bits seed d in
  let norm := NormList.norm_list32 x in
  let rho := FloatOperations.value32 norm in
  let e := NormList.scale_exponent norm in
  let g := shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b) in
  let U := dither_of_word (N.to_nat w) in
  let H := supported_matrix (FixedRateCodec.base s) (FixedRateCodec.stages s) in
  0 < rho ->
  (forall j i, (j < d)%nat -> (1 <= i <= 2 ^ b - 1)%nat ->
    rotation_error_bound (FixedRateCodec.base s) (FixedRateCodec.stages s) (length x) e (FloatOperations.vec32 x)
    + scaled_threshold_error_bound (threshold g i U) rho e (codebook_error (threshold g i U))
    < Rabs (rotate d H (EncoderModel.sign_vec bits) (FloatOperations.vec32 x) j - threshold g i U * rho)) ->
  exists bytes,
    FixedRateCodec.encode_row_with s bits thetas (N.of_nat b) seed row x = FixedRateCodec.Encoded norm bytes /\
    let code j := N.to_nat (nth j (Packing.unpack_bytes (N.of_nat b) d bytes) 0%N) in
    let out := FixedRateCodec.decode_row_with s bits (length x) codewords (N.of_nat b) seed row norm bytes in
    forall i, (i < length x)%nat -> IEEE754.Binary.is_finite 24 128 (nth i out FloatOperations.zero32) = true ->
    Rabs (FloatOperations.vec32 out i - reconstruct (2 ^ b) g d H rho (FloatOperations.vec32 x) (EncoderModel.sign_vec bits) U i)
    <= RowError.decoded_error_bound b s w norm (codewords w) code.
Proof. exact (RowError.row_error_away b seed row x thetas codewords). Qed.

(** *** Scores *)

(** What is computed from the floats of a query, a stored norm and the float32 codewords z of a row, each within c of a real one r: every score that is finite
    is within its bound of the score of x^, which r decodes to. (With c = 0 and r = z this is about the float32 codewords of either scheme.) *)
Theorem scores_error s bits q norm z (c r : vec) :
  base_order (FixedRateCodec.base s) -> (Z.of_nat (FixedRateCodec.order_of s) <= 2 ^ 24)%Z ->
  (0 < length q <= FixedRateCodec.order_of s)%nat -> (FixedRateCodec.order_of s <= length bits)%nat ->
  FloatOperations.finite32 q -> IEEE754.Binary.is_finite 24 128 norm = true -> FloatOperations.finite32 z ->
  length z = FixedRateCodec.order_of s ->
  (forall j, (j < FixedRateCodec.order_of s)%nat -> Rabs (FloatOperations.vec32 z j - r j) <= c j) ->
  let m := FixedRateCodec.base s in
  let k := FixedRateCodec.stages s in
  let d := FixedRateCodec.order_of s in
  let n := length q in
  let query := ScoreList.query_of s bits q in
  let e := ScoreList.query_scale query in
  let sum32 := ScoreList.score_sum32 (ScoreList.query_rotated query) z in
  let x := FloatOperations.vec32 q in
  let rho := FloatOperations.value32 norm in
  let eps := EncoderModel.sign_vec bits in
  let xhat := decode d (supported_matrix m k) eps rho r in
  let T := query_sum m k eps x r in
  let B := query_sum_error_bound m k n eps e x c r (FloatOperations.vec32 z) in
  let product := ScoreList.inner_product32 s query norm sum32 in
  let distance := ScoreList.squared_distance32 s query norm sum32 in
  let cosine := ScoreList.cosine32 s query norm sum32 in
  (IEEE754.Binary.is_finite 24 128 product = true ->
    Rabs (FloatOperations.value32 product - dot n x xhat) <= inner_product_error_bound d T B rho e) /\
  (IEEE754.Binary.is_finite 24 128 distance = true ->
    Rabs (FloatOperations.value32 distance - (norm2 n x + rho ^ 2 - 2 * dot n x xhat))
    <= squared_distance_error_bound n d (norm2 n x) T B rho e) /\
  (IEEE754.Binary.is_finite 24 128 cosine = true -> norm2 n x <> 0 -> rho <> 0 ->
    Rabs (FloatOperations.value32 cosine - dot n x xhat / (sqrt (norm2 n x) * rho)) <= cosine_error_bound n d (sqrt (norm2 n x)) T B e).
Proof. exact (fun Hm Hd Hn Hbits Hq Hnorm Hz Hlen => ScoreError.scores_error s bits q norm z Hm Hd Hn Hbits Hq Hnorm Hz Hlen c r). Qed.

(** Of a row of the fixed-rate quantizer, from its norm and its bytes, if the codebook of its word is within [codebook_error]. *)
Theorem row_score_error b seed row q norm codes thetas (codewords : N -> list IEEE754.Bits.binary64) :
  (1 <= b <= 8)%nat -> (0 < length q)%nat -> (Z.of_nat (length q) <= 2 ^ 24)%Z ->
  FloatOperations.finite32 q -> IEEE754.Binary.is_finite 24 128 norm = true ->
  let w := Philox.dither_word seed row in
  RowError.codebook_within b w thetas (codewords w) ->
  let s := FixedRateCodec.shape_of (length q) in
  let d := FixedRateCodec.order_of s in
  length codes = d -> List.Forall (fun c => (c < 2 ^ N.of_nat b)%N) codes ->
  let m := FixedRateCodec.base s in
  let k := FixedRateCodec.stages s in
  let n := length q in
  let bits := Philox.sign_bits seed d in
  let query := ScoreList.query_of s bits q in
  let e := ScoreList.query_scale query in
  let sum32 := ScoreList.row_sum_with s codewords (N.of_nat b) seed row query (Packing.pack_bytes (N.of_nat b) codes) in
  let x := FloatOperations.vec32 q in
  let rho := FloatOperations.value32 norm in
  let eps := EncoderModel.sign_vec bits in
  let exact j := codeword (shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b)) (N.to_nat (nth j codes 0%N)) (dither_of_word (N.to_nat w)) in
  let xhat := decode d (supported_matrix m k) eps rho exact in
  let T := query_sum m k eps x exact in
  let B := query_sum_error_bound m k n eps e x (fun j => codeword_error_bound (exact j) (codebook_error (exact j))) exact
    (FloatOperations.vec32 (FixedRateCodec.codewords_of_codes (codewords w) codes)) in
  let product := ScoreList.inner_product32 s query norm sum32 in
  let distance := ScoreList.squared_distance32 s query norm sum32 in
  let cosine := ScoreList.cosine32 s query norm sum32 in
  (IEEE754.Binary.is_finite 24 128 product = true ->
    Rabs (FloatOperations.value32 product - dot n x xhat) <= inner_product_error_bound d T B rho e) /\
  (IEEE754.Binary.is_finite 24 128 distance = true ->
    Rabs (FloatOperations.value32 distance - (norm2 n x + rho ^ 2 - 2 * dot n x xhat))
    <= squared_distance_error_bound n d (norm2 n x) T B rho e) /\
  (IEEE754.Binary.is_finite 24 128 cosine = true -> norm2 n x <> 0 -> rho <> 0 ->
    Rabs (FloatOperations.value32 cosine - dot n x xhat / (sqrt (norm2 n x) * rho)) <= cosine_error_bound n d (sqrt (norm2 n x)) T B e).
Proof. exact (ScoreError.row_score_error b seed row q norm codes thetas codewords). Qed.

(** *** Files of the fixed-rate quantizer *)

(** A header whose fields are in their ranges, and as many rows of as many bytes as it says: the bytes that the writer makes of them are read back as them,
    and no other bytes are. *)
Theorem read_file_iff h rows bytes :
  FileFormat.header_ok h = true -> FileRoundTrip.header_fields_ok h -> N.of_nat (length rows) = FileFormat.file_rows h ->
  List.Forall (FileRoundTrip.row_length_ok h) rows ->
  FileFormat.read_file bytes = Some (h, rows) <-> bytes = FileFormat.file_bytes h rows.
Proof. exact (FileRoundTrip.read_file_iff h rows bytes). Qed.

(** So what a kernel saves it loads, of every dimension and b. *)
Theorem load_saved_rows n b seed rows :
  (1 <= n <= 2 ^ 24)%N -> (1 <= b <= 8)%N -> (seed < 2 ^ 64)%N -> (N.of_nat (length rows) < 2 ^ 64)%N ->
  List.Forall (fun row => length (snd row) = Packing.packed_length b (FixedRateCodec.order_of (FixedRateCodec.shape_of (N.to_nat n)))) rows ->
  FileFormat.load_rows (N.of_nat (length rows)) n b seed (FileFormat.save_rows n b seed rows) = Some rows.
Proof. exact (FileRoundTrip.load_saved_rows n b seed rows). Qed.

(** ** SPEC §7: programs *)

(** For every step from 2^-10 to 16: the raw bits, K and the frequencies that the programs compute in binary64 are those of the tables of [step_table_ok]. *)
Theorem step_table_model step u : FrequencyModel.step_ok step -> (0 <= u < 64)%Z ->
  let h := FrequencyList.raw_bits_of step in
  FrequencyTables.raw_bits_of_step (FloatOperations.value32 step) h /\
  FrequencyModel.tables_agree (FrequencyList.bucket_table (FrequencyList.coarse64 step) u)
    (FrequencyTables.step_table (coarse_step (FloatOperations.value32 step) h) u).
Proof. exact (FrequencyModel.step_table_model step u). Qed.

(** The stream of a row whose norm is not 0, byte for byte, is that of [step_row_decodes]. *)
Theorem put_row_model step word norm codes : FrequencyModel.step_ok step -> FloatOperations.is_zero32 norm = false ->
  let h := FrequencyList.raw_bits_of step in
  snd (StepCodec.put_row (FrequencyList.bucket_table (FrequencyList.coarse64 step)) h word norm codes)
  = StreamCoder.row_stream (IEEE754.Bits.bits_of_b32 norm)
      (combine (FrequencyTables.row_tables (FloatOperations.value32 step) h (N.to_nat word) (length codes)) (StepCodec.coarse_codes h codes)).
Proof. exact (StepRoundTrip.put_row_model step word norm codes). Qed.

(** Raw bits and stream of a row, of a positive norm and codes of at most 4 bytes, or of zeros: what was put is got back. *)
Theorem get_put_row step word width norm codes :
  FrequencyModel.step_ok step -> (width <= 4)%nat -> StepRoundTrip.row_fits width norm codes ->
  let h := FrequencyList.raw_bits_of step in
  let tables := FrequencyList.bucket_table (FrequencyList.coarse64 step) in
  let (raw, stream) := StepCodec.put_row tables h word norm codes in
  StepCodec.get_row tables h width word (length codes) raw stream = Some (norm, codes).
Proof. exact (StepRoundTrip.get_put_row step word width norm codes). Qed.

(** What the encoder makes of a row of finite floats, of a norm that float32 can hold and that is not subnormal, is such a row: codes fit their width,
    16 bits or 32. *)
Theorem step_encode_row_fits seed row step x :
  FrequencyModel.step_ok step -> (0 < length x)%nat -> (Z.of_nat (length x) <= 2 ^ 24)%Z ->
  FloatOperations.finite32 x -> IEEE754.Binary.is_finite 24 128 (NormList.norm_list32 x) = true ->
  bpow radix2 (-126) <= sqrt (norm2 (length x) (FloatOperations.vec32 x)) ->
  let s := FixedRateCodec.shape_of (length x) in
  let d := FixedRateCodec.order_of s in
  let norm := NormList.norm_list32 x in
  exists codes, StepCodec.step_encode_row s (Philox.sign_bits seed d) step seed row x = StepCodec.StepEncoded norm codes /\
    length codes = d /\ StepRoundTrip.row_fits (StepCodec.code_width d step) norm codes.
Proof. exact (StepCodeRange.step_encode_row_fits seed row step x). Qed.

(** The file of such rows, of any dimension and step: its bytes are read back as them, and no other bytes are. *)
Theorem load_step_rows_iff f rows bytes :
  StepFileRoundTrip.step_file_ok f -> List.Forall (StepFileRoundTrip.step_row_ok f) rows ->
  (N.of_nat (length (StepFile.save_step_rows f rows)) < 2 ^ 64)%N ->
  StepFile.load_step_rows f (N.of_nat (length rows)) bytes = Some rows <-> bytes = StepFile.save_step_rows f rows.
Proof. exact (fun Hf => StepFileRoundTrip.load_step_rows_iff f Hf rows bytes). Qed.
