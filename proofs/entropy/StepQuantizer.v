(** * The entropy-coded quantizer: unbiased, with an error that knows no vector (SPEC §7)

    The error of a coordinate is step (1/2 - fractional(z/step + 2^h V)). For V uniform on (0,1), shifted by any
    amount modulo 1, the fractional part is uniform on (0,1): so the error is uniform on (-step/2, step/2], whatever z and h.
    Hence for every vector, every Hadamard matrix and every sign pattern E x^ = x and E ||x^ - x||^2 = D ||x||^2. *)
From Coq Require Import ZArith Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.Raux.
From Hdq Require Import Defs EntropyDefs Sums Piecewise Rademacher Hadamard DitheredQuantizer VectorQuantizer Shrink.
Open Scope R_scope.

(** ** Fractional parts *)

Lemma fractional_bounds x : 0 <= fractional x < 1.
Proof. unfold fractional. pose proof (Zfloor_lb x). pose proof (Zfloor_ub x). lra. Qed.

Lemma fractional_eq x n : IZR n <= x < IZR n + 1 -> fractional x = x - IZR n.
Proof. intros Hx. unfold fractional. rewrite (Zfloor_imp n); [easy|]. now rewrite plus_IZR. Qed.

Lemma fractional_shift x n : fractional (x + IZR n) = fractional x.
Proof.
  pose proof (fractional_bounds x) as Hx. rewrite (fractional_eq (x + IZR n) (Zfloor x + n)).
  - unfold fractional. rewrite plus_IZR. ring.
  - unfold fractional in Hx. rewrite plus_IZR. lra.
Qed.

Lemma fractional_congr x y n : x = y + IZR n -> fractional x = fractional y.
Proof. intros ->. apply fractional_shift. Qed.

Lemma fractional_id x : 0 <= x < 1 -> fractional x = x.
Proof. intros Hx. rewrite (fractional_eq x 0) by (simpl; lra). simpl. ring. Qed.

Lemma pc_fractional_units c n : piecewise_continuous fractional c (c + INR n).
Proof.
  assert (Hpiece : forall m u v, u <= v -> IZR m <= u -> v <= IZR m + 1 -> piecewise_continuous fractional u v).
  { intros m u v Huv Hu Hv. apply (pc_piece _ (fun y => y - IZR m)); [easy| |].
    - intros y _. apply (continuous_minus (V := R_NormedModule) (fun y => y)); [apply continuous_id|apply continuous_const].
    - intros y Hy. apply fractional_eq. lra. }
  induction n as [|n IH].
  - simpl. rewrite Rplus_0_r. apply (Hpiece (Zfloor c)); [lra|apply Zfloor_lb|left; apply Zfloor_ub].
  - rewrite S_INR. apply pc_glue with (c + INR n); [exact IH|]. set (b := c + INR n). set (m := Zfloor b).
    pose proof (Zfloor_lb b) as Hlb. pose proof (Zfloor_ub b) as Hub. fold m in Hlb, Hub.
    replace (c + (INR n + 1)) with (b + 1) by (unfold b; ring).
    apply pc_glue with (IZR m + 1); [apply (Hpiece m)|apply (Hpiece (m + 1)%Z)]; rewrite ?plus_IZR; lra.
Qed.

Lemma pc_comp_affine f s c u v :
  0 < s -> piecewise_continuous f (s * u + c) (s * v + c) -> piecewise_continuous (fun y => f (s * y + c)) u v.
Proof.
  intros Hs Hf. remember (s * u + c) as a eqn:Ea. remember (s * v + c) as b eqn:Eb. revert u v Ea Eb.
  induction Hf as [F a b Hab HF Hf | a m b H1 IH1 H2 IH2]; intros u v Ea Eb.
  - apply (pc_piece _ (fun y => F (s * y + c))).
    + nra.
    + intros y Hy. apply (continuous_comp (fun y => s * y + c) F); [|apply HF; nra].
      apply (ex_derive_continuous (fun y : R => s * y + c)). auto_derive. easy.
    + intros y Hy. apply Hf. nra.
  - apply pc_glue with ((m - c) / s); [apply IH1|apply IH2]; try easy; field; lra.
Qed.

(** ** The law of a shifted offset *)

(** Over any interval of length 1. *)
Lemma is_RInt_fractional_unit (f : R -> R) c (l : R) :
  is_RInt f 0 1 l -> is_RInt (fun v => f (fractional v)) c (c + 1) l.
Proof.
  intros Hf. set (n := Zfloor c). set (u := fractional c). pose proof (fractional_bounds c) as Hu. fold u in Hu.
  assert (Hc : c = IZR n + u) by (unfold u, fractional, n; ring).
  assert (Hex : ex_RInt f 0 1) by now exists l.
  assert (E1 : ex_RInt f 0 u) by (apply (ex_RInt_Chasles_1 f 0 u 1); [lra|easy]).
  assert (E2 : ex_RInt f u 1) by (apply (ex_RInt_Chasles_2 f 0 u 1); [lra|easy]).
  replace l with (plus (RInt f u 1) (RInt f 0 u)).
  2:{ rewrite plus_comm, (RInt_Chasles (V := R_CompleteNormedModule)) by easy. now apply is_RInt_unique. }
  apply (is_RInt_Chasles (V := R_NormedModule)) with (IZR n + 1).
  - apply (is_RInt_ext (fun v => f (v + - IZR n))).
    + intros v. rewrite Rmin_left, Rmax_right by lra. intros Hv. rewrite (fractional_eq v n) by lra. easy.
    + apply is_RInt_shift. replace (c + - IZR n) with u by lra. replace (IZR n + 1 + - IZR n) with 1 by ring.
      now apply (RInt_correct f).
  - apply (is_RInt_ext (fun v => f (v + - (IZR n + 1)))).
    + intros v. rewrite Rmin_left, Rmax_right by lra. intros Hv.
      rewrite (fractional_eq v (n + 1)) by (rewrite plus_IZR; lra). rewrite plus_IZR. easy.
    + apply is_RInt_shift. replace (IZR n + 1 + - (IZR n + 1)) with 0 by ring.
      replace (c + 1 + - (IZR n + 1)) with u by lra. now apply (RInt_correct f).
Qed.

(** Over an interval of n. *)
Lemma is_RInt_fractional_units (f : R -> R) c n (l : R) :
  is_RInt f 0 1 l -> is_RInt (fun v => f (fractional v)) c (c + INR n) (INR n * l).
Proof.
  intros Hf. induction n as [|n IH].
  - simpl. rewrite Rplus_0_r, Rmult_0_l. apply (is_RInt_point (V := R_NormedModule)).
  - rewrite S_INR. replace ((INR n + 1) * l) with (plus (INR n * l) l) by (change (INR n * l + l = (INR n + 1) * l); ring).
    apply (is_RInt_Chasles (V := R_NormedModule)) with (c + INR n); [exact IH|].
    replace (c + (INR n + 1)) with (c + INR n + 1) by ring. now apply is_RInt_fractional_unit.
Qed.

(** fractional(c + n V) is uniform if V is, for n >= 1. *)
Lemma is_Edither_fractional (f : R -> R) c n (l : R) :
  (0 < n)%nat -> is_RInt f 0 1 l -> is_RInt (fun v => f (fractional (c + INR n * v))) 0 1 l.
Proof.
  intros Hn Hf. assert (HN : 0 < INR n) by now apply lt_0_INR.
  pose proof (is_RInt_fractional_units f c n l Hf) as H.
  replace c with (INR n * 0 + c) in H at 1 by ring. replace (c + INR n) with (INR n * 1 + c) in H by ring.
  apply (is_RInt_comp_lin (fun v => f (fractional v)) (INR n) c 0 1) in H.
  apply (is_RInt_scal (V := R_NormedModule) _ 0 1 (/ INR n)) in H.
  replace l with (scal (/ INR n) (INR n * l)).
  2:{ change (/ INR n * (INR n * l) = l). field. lra. }
  revert H. apply is_RInt_ext. intros v _.
  change (/ INR n * (INR n * f (fractional (INR n * v + c))) = f (fractional (c + INR n * v))).
  rewrite (Rplus_comm c). field. lra.
Qed.

Lemma pow2_INR h : 2 ^ h = INR (2 ^ h).
Proof. rewrite pow_INR. easy. Qed.

(** Each offset is uniform on (0,1) if V is, for any shift: whatever is integrable has the same mean. *)
Theorem offsets_uniform a j (f : R -> R) (l : R) :
  is_RInt f 0 1 l -> is_RInt (fun V => f (offsets a V j)) 0 1 l.
Proof.
  intros Hf. generalize (is_Edither_fractional f (a j) 1 l ltac:(lia) Hf). apply is_RInt_ext.
  intros V _. unfold offsets. do 2 f_equal. simpl. ring.
Qed.

(** ** One coordinate *)

Lemma step_quantize_error step h V z :
  0 < step -> step_quantize step h V z - z = step * (1/2 - fractional (z / step + 2 ^ h * V)).
Proof. intros Hs. unfold step_quantize, step_value, step_code, fractional. field. lra. Qed.

(** With the offset: modulo 1 the shift is of z. *)
Lemma step_quantize_offset_error step h a V j z :
  0 < step ->
  step_quantize step h (offsets a V j) z - z
  = step * (1/2 - fractional (z / step + 2 ^ h * a j + INR (2 ^ h) * V)).
Proof.
  intros Hs. rewrite step_quantize_error by easy. do 2 f_equal.
  apply (fractional_congr _ _ (- (2 ^ Z.of_nat h * Zfloor (V + a j)))).
  rewrite opp_IZR, mult_IZR, <- pow_IZR, <- pow2_INR. unfold offsets, fractional. ring.
Qed.

(** The error is uniform on (-step/2, step/2]: E f(z^ - z) is the mean of f there. *)
Theorem step_error_uniform step h a j z (f : R -> R) (l : R) :
  0 < step -> is_RInt f (- step / 2) (step / 2) l ->
  is_RInt (fun V => f (step_quantize step h (offsets a V j) z - z)) 0 1 (l / step).
Proof.
  intros Hs Hf.
  apply (is_RInt_ext (fun V => (fun u => f (step * (1/2 - u)))
           (fractional (z / step + 2 ^ h * a j + INR (2 ^ h) * V)))).
  { intros V _. now rewrite step_quantize_offset_error. }
  apply (is_Edither_fractional (fun u => f (step * (1/2 - u)))); [apply pow2_pos|].
  assert (Hm : is_RInt (fun v => f (step * v + - step / 2)) 0 1 (l / step)).
  { assert (H : is_RInt f (step * 0 + - step / 2) (step * 1 + - step / 2) l).
    { replace (step * 0 + - step / 2) with (- step / 2) by ring.
      replace (step * 1 + - step / 2) with (step / 2) by field. exact Hf. }
    apply (is_RInt_comp_lin f step (- step / 2) 0 1) in H.
    apply (is_RInt_scal (V := R_NormedModule) _ 0 1 (/ step)) in H.
    replace (l / step) with (scal (/ step) l) by (change (/ step * l = l / step); field; lra).
    revert H. apply is_RInt_ext. intros v _.
    change (/ step * (step * f (step * v + - step / 2)) = f (step * v + - step / 2)). field. lra. }
  assert (Hm' : is_RInt (fun v => f (step * v + - step / 2)) (1 - 1) (1 - 0) (l / step)).
  { replace (1 - 1) with 0 by ring. replace (1 - 0) with 1 by ring. exact Hm. }
  apply (is_RInt_reflect _ 1 0 1) in Hm'. revert Hm'. apply is_RInt_ext.
  intros u _. f_equal. field.
Qed.

Lemma pc_step_quantize step h a j z :
  0 < step -> piecewise_continuous (fun V => step_quantize step h (offsets a V j) z) 0 1.
Proof.
  intros Hs. set (c := z / step + 2 ^ h * a j).
  apply (pc_ext (fun V => z + (step * / 2 - step * fractional (INR (2 ^ h) * V + c)))).
  { intros V _. rewrite (Rplus_comm _ c). pose proof (step_quantize_offset_error step h a V j z Hs) as E. fold c in E. lra. }
  assert (Hn : 0 < INR (2 ^ h)) by apply lt_0_INR, pow2_pos.
  apply pc_plus; [apply pc_const; lra|]. apply pc_minus; [apply pc_const; lra|]. apply pc_scal.
  apply (pc_comp_affine fractional); [easy|]. rewrite Rmult_0_r, Rplus_0_l, Rmult_1_r, Rplus_comm. apply pc_fractional_units.
Qed.

(** ** Raw bits *)

(** k = 2^h c + l, c the code of the step W: the low bits l know nothing of c, and any l joins. *)
Theorem raw_bits step h V z :
  0 < step ->
  let k := step_code step h V z in
  let c := step_code (coarse_step step h) 0 V z in
  let n := (2 ^ Z.of_nat h)%Z in
  (k = n * c + k mod n /\ 0 <= k mod n < n)%Z /\
  (forall l, 0 <= l < n -> (n * c + l) / n = c /\ (n * c + l) mod n = l)%Z.
Proof.
  intros Hs k c n. assert (Hn : (0 < n)%Z) by (apply Z.pow_pos_nonneg; lia).
  assert (Hc : (k / n = c)%Z).
  { symmetry. unfold c, step_code. apply Zfloor_imp. rewrite plus_IZR.
    assert (Hn' : 0 < IZR n) by now apply IZR_lt.
    set (y := z / step + 2 ^ h * V).
    replace (z / coarse_step step h + 2 ^ 0 * V) with (y / IZR n).
    2:{ unfold y, coarse_step, n. rewrite <- pow_IZR. simpl (2 ^ 0). assert (0 < 2 ^ h) by (apply pow_lt; lra). field. lra. }
    pose proof (Zfloor_lb y) as Hlb. pose proof (Zfloor_ub y) as Hub. change (Zfloor y) with k in Hlb, Hub.
    pose proof (Z.div_mod k n ltac:(lia)) as Hk. pose proof (Z.mod_pos_bound k n Hn) as Hm.
    set (q := (k / n)%Z) in *. set (l := (k mod n)%Z) in *.
    assert (H1 : IZR n * IZR q <= IZR k) by (rewrite <- mult_IZR; apply IZR_le; lia).
    assert (H2 : IZR k + 1 <= IZR n * IZR q + IZR n) by (rewrite <- mult_IZR, <- !plus_IZR; apply IZR_le; lia).
    split.
    - apply Rmult_le_reg_r with (IZR n); [easy|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra.
    - apply Rmult_lt_reg_r with (IZR n); [easy|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra. }
  split.
  - rewrite <- Hc. split; [apply Z.div_mod; lia|now apply Z.mod_pos_bound].
  - intros l Hl. rewrite Z.mul_comm, Z.add_comm, Z.div_add, Z.mod_add, Z.div_small, Z.mod_small by lia. lia.
Qed.

(** ** Moments *)

Lemma is_RInt_quadratic a b p q r :
  is_RInt (fun v => p + q * v + r * v ^ 2) a b
    (p * (b - a) + q * (b ^ 2 - a ^ 2) / 2 + r * (b ^ 3 - a ^ 3) / 3).
Proof.
  set (F := fun v => p * v + q * v ^ 2 / 2 + r * v ^ 3 / 3).
  replace (p * (b - a) + q * (b ^ 2 - a ^ 2) / 2 + r * (b ^ 3 - a ^ 3) / 3) with (F b - F a) by (unfold F; field).
  apply (is_RInt_derive (V := R_CompleteNormedModule) F).
  - intros v _. unfold F. auto_derive; [easy|]. field.
  - intros v _. apply (ex_derive_continuous (fun v => p + q * v + r * v ^ 2)). auto_derive. easy.
Qed.

Section Offset.

Variables (step : R) (h : nat) (a : vec).
Hypothesis Hstep : 0 < step.

(** A quadratic of the error. *)
Lemma is_Edither_quadratic_error j z p q r :
  is_RInt (fun V => p + q * (step_quantize step h (offsets a V j) z - z)
                    + r * (step_quantize step h (offsets a V j) z - z) ^ 2) 0 1 (p + r * step_error step).
Proof.
  pose proof (step_error_uniform step h a j z (fun e => p + q * e + r * e ^ 2) _ Hstep
    (is_RInt_quadratic (- step / 2) (step / 2) p q r)) as H.
  match type of H with is_RInt _ _ _ ?l => replace (p + r * step_error step) with l end; [exact H|].
  unfold step_error. field. lra.
Qed.

Lemma is_Edither_step_quantize j z : is_RInt (fun V => step_quantize step h (offsets a V j) z) 0 1 z.
Proof.
  pose proof (is_Edither_quadratic_error j z z 1 0) as H. rewrite Rmult_0_l, Rplus_0_r in H.
  revert H. apply is_RInt_ext. intros V _.
  match goal with |- ?l = ?r => change (@eq R l r) end. ring.
Qed.

Theorem step_unbiased j z : Edither (fun V => step_quantize step h (offsets a V j) z) = z.
Proof. apply is_RInt_unique, is_Edither_step_quantize. Qed.

Lemma is_Edither_step_square_error j z :
  is_RInt (fun V => (step_quantize step h (offsets a V j) z - z) ^ 2) 0 1 (step_error step).
Proof.
  pose proof (is_Edither_quadratic_error j z 0 0 1) as H. rewrite Rmult_1_l, Rplus_0_l in H.
  revert H. apply is_RInt_ext. intros V _.
  match goal with |- ?l = ?r => change (@eq R l r) end. ring.
Qed.

(** E z^_j^2 = z_j^2 + D. *)
Lemma is_Edither_step_square j z :
  is_RInt (fun V => step_quantize step h (offsets a V j) z ^ 2) 0 1 (z ^ 2 + step_error step).
Proof.
  pose proof (is_Edither_quadratic_error j z (z ^ 2) (2 * z) 1) as H. rewrite Rmult_1_l in H.
  revert H. apply is_RInt_ext. intros V _.
  match goal with |- ?l = ?r => change (@eq R l r) end. ring.
Qed.

(** ** The vector *)

Variables (d : nat) (H : mat) (rho : R) (x eps : vec).
Hypothesis HH : hadamard d H.
Hypothesis Hsigns : signs d eps.

Lemma is_Edither_step_reconstruct i :
  (i < d)%nat -> scale_for d rho x ->
  is_RInt (fun V => step_reconstruct d H step h rho x eps (offsets a V) i) 0 1 (x i).
Proof.
  intros Hi Hrho. unfold step_reconstruct, decode.
  replace (x i) with (scal (rho / INR d) (scal (eps i) (sum d (fun j => H j i * (rotate d H eps x j / rho))))).
  - apply (is_RInt_scal (V := R_NormedModule) (fun V => eps i * sum d (fun j =>
      H j i * step_quantize step h (offsets a V j) (rotate d H eps x j / rho)))).
    apply (is_RInt_scal (V := R_NormedModule) (fun V => sum d (fun j =>
      H j i * step_quantize step h (offsets a V j) (rotate d H eps x j / rho)))).
    rewrite (sum_ext d _ (fun j => RInt (fun V =>
      H j i * step_quantize step h (offsets a V j) (rotate d H eps x j / rho)) 0 1)).
    + rewrite <- (RInt_sum d (fun j V => H j i * step_quantize step h (offsets a V j) (rotate d H eps x j / rho))).
      * apply (RInt_correct (V := R_CompleteNormedModule)).
        apply (ex_RInt_sum d (fun j V => H j i * step_quantize step h (offsets a V j) (rotate d H eps x j / rho))).
        intros j _. apply ex_RInt_scal_R. eexists. apply is_Edither_step_quantize.
      * intros j _. apply ex_RInt_scal_R. eexists. apply is_Edither_step_quantize.
    + intros j _. symmetry. rewrite RInt_scal_R; [|eexists; apply is_Edither_step_quantize].
      f_equal. apply is_RInt_unique, is_Edither_step_quantize.
  - destruct Hrho as [Hrho | [-> Hx]].
    + exact (decode_exact d H eps rho x i HH Hsigns Hrho Hi).
    + rewrite Hx by easy. change (0 / INR d * (eps i * sum d (fun j => H j i * (rotate d H eps x j / 0))) = 0).
      unfold Rdiv at 1. ring.
Qed.

(** E x^ = x, for every stored scale. *)
Theorem step_reconstruct_unbiased i :
  (i < d)%nat -> scale_for d rho x ->
  Edither (fun V => step_reconstruct d H step h rho x eps (offsets a V) i) = x i.
Proof. intros Hi Hrho. now apply is_RInt_unique, is_Edither_step_reconstruct. Qed.

Lemma step_reconstruct_error V :
  rho <> 0 ->
  norm2 d (fun i => step_reconstruct d H step h rho x eps V i - x i) =
  rho ^ 2 / INR d * sum d (fun j =>
    (step_quantize step h (V j) (rotate d H eps x j / rho) - rotate d H eps x j / rho) ^ 2).
Proof.
  intros Hrho.
  rewrite (norm2_ext d _ (decode d H eps rho (fun j =>
    step_quantize step h (V j) (rotate d H eps x j / rho) - rotate d H eps x j / rho))).
  - rewrite decode_norm2 by easy. f_equal. apply sum_ext. intros; ring.
  - intros i Hi. rewrite <- decode_minus, decode_exact by easy. easy.
Qed.

(** E ||x^ - x||^2 = D rho^2: an equality, for every vector. *)
Lemma is_Edither_step_mse :
  (0 < d)%nat -> rho <> 0 ->
  is_RInt (fun V => norm2 d (fun i => step_reconstruct d H step h rho x eps (offsets a V) i - x i)) 0 1
    (step_error step * rho ^ 2).
Proof.
  intros Hd Hrho. assert (Hd' : 0 < INR d) by now apply lt_0_INR.
  apply (is_RInt_ext (fun V => rho ^ 2 / INR d * sum d (fun j =>
    (step_quantize step h (offsets a V j) (rotate d H eps x j / rho) - rotate d H eps x j / rho) ^ 2))).
  { intros V _. now rewrite step_reconstruct_error. }
  replace (step_error step * rho ^ 2) with (scal (rho ^ 2 / INR d) (sum d (fun _ => step_error step))).
  - apply (is_RInt_scal (V := R_NormedModule) (fun V => sum d (fun j =>
      (step_quantize step h (offsets a V j) (rotate d H eps x j / rho) - rotate d H eps x j / rho) ^ 2))).
    apply (is_RInt_sum d (fun j V =>
      (step_quantize step h (offsets a V j) (rotate d H eps x j / rho) - rotate d H eps x j / rho) ^ 2)).
    intros j _. apply is_Edither_step_square_error.
  - rewrite sum_const. change (rho ^ 2 / INR d * (INR d * step_error step) = step_error step * rho ^ 2). field. lra.
Qed.

Theorem step_mse :
  (0 < d)%nat -> rho <> 0 ->
  Edither (fun V => norm2 d (fun i => step_reconstruct d H step h rho x eps (offsets a V) i - x i))
  = step_error step * rho ^ 2.
Proof. intros Hd Hrho. now apply is_RInt_unique, is_Edither_step_mse. Qed.

Lemma ex_Edither_truncated n :
  ex_RInt (fun V => norm2 n (fun i => step_reconstruct d H step h rho x eps (offsets a V) i - x i)) 0 1.
Proof.
  assert (Hpc : forall i, piecewise_continuous (fun V => step_reconstruct d H step h rho x eps (offsets a V) i - x i) 0 1).
  { intros i. apply pc_minus; [|apply pc_const; lra]. unfold step_reconstruct, decode. apply pc_scal, pc_scal.
    apply (pc_sum d (fun j V => H j i * step_quantize step h (offsets a V j) (rotate d H eps x j / rho))); [lra|].
    intros j _. now apply pc_scal, pc_step_quantize. }
  apply pc_ex_RInt. apply (pc_sum n (fun i V => (step_reconstruct d H step h rho x eps (offsets a V) i - x i) *
    (step_reconstruct d H step h rho x eps (offsets a V) i - x i))); [lra|].
  intros i _. now apply pc_mult.
Qed.

(** Cut to n coordinates it errs no more. *)
Theorem step_truncated_mse n :
  (n <= d)%nat -> (0 < d)%nat -> rho <> 0 ->
  Edither (fun V => norm2 n (fun i => step_reconstruct d H step h rho x eps (offsets a V) i - x i))
  <= step_error step * rho ^ 2.
Proof.
  intros Hn Hd Hrho. rewrite <- (step_mse Hd Hrho). apply Edither_le.
  - apply ex_Edither_truncated.
  - eexists. now apply is_Edither_step_mse.
  - intros V _. now apply truncated_error_le.
Qed.

(** ** Energy: what the decoder sees *)

Lemma rotated_energy :
  (0 < d)%nat -> rho <> 0 -> sum d (fun j => (rotate d H eps x j / rho) ^ 2) = INR d * (norm2 d x / rho ^ 2).
Proof.
  intros Hd Hrho. assert (Hd' : 0 < INR d) by now apply lt_0_INR.
  pose proof (decode_norm2 d H eps rho (fun j => rotate d H eps x j / rho) HH Hsigns) as Hn.
  rewrite (norm2_ext d _ x) in Hn by (intros; now apply decode_exact).
  rewrite Hn. unfold norm2, dot. rewrite (sum_ext d _ (fun j => rotate d H eps x j / rho * (rotate d H eps x j / rho)))
    by (intros; ring). field. split; lra.
Qed.

(** sum_j E z^_j^2 = d (1 + D). *)
Theorem step_energy :
  (0 < d)%nat -> rho <> 0 -> rho ^ 2 = norm2 d x ->
  sum d (fun j => Edither (fun V => step_quantize step h (offsets a V j) (rotate d H eps x j / rho) ^ 2))
  = INR d * (1 + step_error step).
Proof.
  intros Hd Hrho Hnorm.
  rewrite (sum_ext d _ (fun j => (rotate d H eps x j / rho) ^ 2 + step_error step))
    by (intros j _; apply is_RInt_unique, is_Edither_step_square).
  rewrite sum_plus, rotated_energy, sum_const, <- Hnorm by easy. field. easy.
Qed.

(** A quadratic majorant of any cost bounds the cost of every vector. *)
Theorem quadratic_cost (cost : R -> R) b0 b2 :
  (0 < d)%nat -> rho <> 0 -> rho ^ 2 = norm2 d x ->
  (forall z, cost z <= b0 + b2 * z ^ 2) ->
  sum d (fun j => cost (rotate d H eps x j / rho)) <= (b0 + b2) * INR d.
Proof.
  intros Hd Hrho Hnorm Hcost.
  apply Rle_trans with (sum d (fun j => b0 + b2 * (rotate d H eps x j / rho) ^ 2)).
  - apply sum_le. intros; apply Hcost.
  - rewrite sum_plus, sum_const, sum_scal_l, rotated_energy, <- Hnorm by easy. right. field. easy.
Qed.

(** ** Least error (--shrink): an equality here *)

Theorem step_shrink_mse :
  (0 < d)%nat -> rho <> 0 -> rho ^ 2 = norm2 d x ->
  Edither (fun V => norm2 d (fun i =>
    shrink (step_error step) (step_reconstruct d H step h rho x eps (offsets a V)) i - x i))
  = step_error step / (1 + step_error step) * norm2 d x.
Proof.
  intros Hd Hrho Hnorm. assert (HD : 0 < step_error step).
  { unfold step_error. apply Rdiv_lt_0_compat; [now apply pow_lt|lra]. }
  transitivity ((step_error step * rho ^ 2 + step_error step ^ 2 * norm2 d x) / (1 + step_error step) ^ 2).
  - apply is_RInt_unique, is_Edither_shrink; [lra| |now apply is_Edither_step_mse].
    intros i Hi. apply is_Edither_step_reconstruct; [easy|now left].
  - rewrite Hnorm. field. lra.
Qed.

End Offset.
