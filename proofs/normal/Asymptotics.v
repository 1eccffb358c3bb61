(** * The asymptotic constant PI sqrt 3 / 2 (SPEC §5.7)

    For sigma = sqrt 3 and any fixed kappa > 0, N^2 times the mean squared error is at most
    PI sqrt 3 / 2 + o(1) as the number N of levels grows, uniformly over all dimensions,
    Hadamard matrices and unit vectors.

    The scalar majorant comes first: with z = c(t), for all t and all large N,
      M(z) <= (1 + o(1)) (PI/2)/N^2 exp(z^2/3) + O(N^(-5/2)) exp(11/24 z^2).
    On the window [a, a+1], a = t - 1/2 >= 1/eps (the bulk), M is at most L^2/12 where L
    bounds g' there; g' is sigma/N Phi_inv'(v/N) but for the tail, which the second term
    absorbs, and z is at least sigma Phi_inv in size. On the last cells (a < 1/eps) the
    pole gives M = O(1/a), but also z^2 >= 3 q^2 + (a term growing like q ln(1/a)), where
    q^2 is nearly 2 ln N: then the second term suffices, since 6 * 11/24 > 2. *)
From Coq Require Import Reals Lra Arith Lia.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Sums Gaussian NormalQuantile ShippedGenerator.
From Hdq Require Import DitheredQuantizer Rademacher VectorQuantizer.
Open Scope R_scope.

Local Notation Q N v := (Phi_inv (v / INR N)).

(** ** The power 5/2 *)

Definition pow52 (y : R) : R := y ^ 2 * sqrt y.

Lemma pow52_pos y : 0 < y -> 0 < pow52 y.
Proof. intro hy. apply Rmult_lt_0_compat; [nra | apply sqrt_lt_R0, hy]. Qed.

Lemma pow52_le x y : 0 <= x -> x <= y -> pow52 x <= pow52 y.
Proof.
  intros hx xy. apply Rmult_le_compat.
  - nra.
  - apply sqrt_pos.
  - apply pow_incr. lra.
  - apply sqrt_le_1; lra.
Qed.

Lemma pow52_mult x y : 0 <= x -> 0 <= y -> pow52 (x * y) = pow52 x * pow52 y.
Proof. intros hx hy. unfold pow52. rewrite sqrt_mult by assumption. ring. Qed.

Lemma pow52_exp s : pow52 (exp (11 / 20 * s)) = exp (11 / 8 * s).
Proof.
  unfold pow52. rewrite (exp_half (11 / 20 * s)) at 2.
  rewrite sqrt_pow2 by (left; apply exp_pos).
  cbn [pow]. rewrite Rmult_1_r, <- !exp_plus. f_equal. field.
Qed.

Lemma pow52_le_pow4 a : 1 <= a -> pow52 a <= a ^ 4.
Proof.
  intro ha. unfold pow52. replace (a ^ 4) with (a ^ 2 * a ^ 2) by ring.
  apply Rmult_le_compat_l; [nra|].
  assert (a <= a ^ 2) as a1 by nra. assert (a ^ 2 <= (a ^ 2) ^ 2) as a2 by nra.
  rewrite <- (sqrt_pow2 (a ^ 2)) by lra. apply sqrt_le_1; lra.
Qed.

Lemma exp_le_compat x y : x <= y -> exp x <= exp y.
Proof. intros [h | ->]; [left; apply exp_increasing, h | apply Rle_refl]. Qed.

(** exp(11/8 Phi_inv(p)^2) is at least of order p^(-5/2). *)
Lemma exp_quantile_lower p :
  0 < p <= 1 / 2 -> pow52 (tail_constant / p) <= exp (11 / 8 * Phi_inv p ^ 2).
Proof.
  intro hp. rewrite <- pow52_exp. apply pow52_le; [|apply Phi_inv_exp_lower, hp].
  left. apply Rdiv_lt_0_compat; [apply tail_constant_pos | lra].
Qed.

(** ** Two bounds on the variance of g on a window *)

Lemma window_mse_le_deviation N g c t f l :
  generator N g -> inside N t ->
  (forall v, t - 1 / 2 < v < t + 1 / 2 -> (g v - c) ^ 2 <= f v) ->
  is_RInt f (t - 1 / 2) (t + 1 / 2) l -> window_mse g t <= l.
Proof.
  intros hg [ht1 ht2] hf hl.
  assert (is_RInt g (t - 1 / 2) (t + 1 / 2) (compand g t)) as i1.
  { apply (RInt_correct g), (ex_RInt_g N g hg); lra. }
  assert (ex_RInt (fun v => g v ^ 2) (t - 1 / 2) (t + 1 / 2)) as e2.
  { apply (ex_RInt_comp_g N g hg (fun y => y ^ 2)); try lra. intro x.
    apply (ex_derive_continuous (fun y : R => y ^ 2)). auto_derive. exact I. }
  apply (RInt_correct (fun v => g v ^ 2)) in e2.
  assert (window_mse g t <= l - (compand g t - c) ^ 2); [|generalize (pow2_ge_0 (compand g t - c)); lra].
  apply Rle_trans with (RInt (fun v => g v ^ 2) (t - 1 / 2) (t + 1 / 2) - 2 * c * compand g t + c ^ 2
    - (compand g t - c) ^ 2); [right; unfold window_mse; ring|].
  apply Rplus_le_compat_r.
  apply (is_RInt_le (fun v => (g v - c) ^ 2) f (t - 1 / 2) (t + 1 / 2)); [lra | | exact hl | exact hf].
  generalize (is_RInt_plus (V := R_NormedModule) _ _ _ _ _ _
    (is_RInt_minus (V := R_NormedModule) _ _ _ _ _ _ e2
      (is_RInt_scal (V := R_NormedModule) _ _ _ (2 * c) _ i1))
    (is_RInt_const (V := R_NormedModule) (t - 1 / 2) (t + 1 / 2) (c ^ 2))).
  unfold plus, minus, opp, plus, scal; simpl; unfold mult; simpl. intro i.
  evar_last; [apply (is_RInt_ext (V := R_NormedModule)) with (2 := i)|].
  - intros v _. simpl. ring.
  - simpl. field.
Qed.

(** Variance on a unit window of a function of slope at most L. *)
Lemma window_mse_le_slope N g dg L t :
  generator N g -> inside N t ->
  (forall v, t - 1 / 2 <= v <= t + 1 / 2 -> is_derive g v (dg v)) ->
  (forall v, t - 1 / 2 <= v <= t + 1 / 2 -> 0 <= dg v <= L) ->
  window_mse g t <= L ^ 2 / 12.
Proof.
  intros hg ht hd hL.
  apply (window_mse_le_deviation N g (g t) t (fun v => L ^ 2 * (v - t) ^ 2)); [exact hg | exact ht | |].
  - intros v hv.
    assert (forall x, Rmin t v <= x <= Rmax t v -> t - 1 / 2 <= x <= t + 1 / 2) as hx.
    { intro x. unfold Rmin, Rmax. destruct (Rle_dec t v); lra. }
    destruct (MVT_gen g t v dg) as (x & kx & e).
    + intros x k. apply hd, hx. lra.
    + intros x k. apply continuity_pt_filterlim, (ex_derive_continuous g).
      exists (dg x). apply hd, hx, k.
    + rewrite e, <- !Rpow_mult_distr. specialize (hL x (hx x kx)).
      rewrite !Rpow_mult_distr. apply Rmult_le_compat_r; [apply pow2_ge_0 | apply pow_incr, hL].
  - replace (L ^ 2 / 12) with (L ^ 2 / 3 * (t + 1 / 2 - t) ^ 3 - L ^ 2 / 3 * (t - 1 / 2 - t) ^ 3) by field.
    apply (is_RInt_derive (fun v => L ^ 2 / 3 * (v - t) ^ 3)).
    + intros v _. auto_derive; [exact I | field].
    + intros v _. apply (ex_derive_continuous (fun v => L ^ 2 * (v - t) ^ 2)). auto_derive. exact I.
Qed.

(** ** The shipped generator on the lower half, 1/2 < t <= N/2 *)

Lemma sqr_sqrt_3 : sqrt 3 * sqrt 3 = 3.
Proof. apply sqrt_sqrt. lra. Qed.

Lemma sqrt_3_pos : 0 < sqrt 3.
Proof. apply sqrt_lt_R0. lra. Qed.

Lemma lower_half_fraction N v : 0 < v <= INR N / 2 -> 0 < v / INR N <= 1 / 2.
Proof.
  intro hv. split; [apply Rdiv_lt_0_compat; lra|].
  apply Rmult_le_reg_r with (INR N); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra.
Qed.

Lemma fraction_le N u v : 0 < INR N -> u <= v -> u / INR N <= v / INR N.
Proof. intros hN uv. apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat|]; assumption. Qed.

(** The window around t reaches at most to N - a. *)
Lemma quantile_sqr_le N a v :
  0 < a -> a <= v -> v <= INR N - a -> Q N v ^ 2 <= Q N a ^ 2.
Proof.
  intros ha av vn. assert (0 < INR N) as hN by lra.
  generalize (level_fraction N a ltac:(lra)) (level_fraction N (INR N - a) ltac:(lra)). intros fa fn.
  assert (Q N a <= Q N v) as lo by (apply Phi_inv_le_compat; try apply fraction_le; try apply level_fraction; lra).
  assert (Q N v <= Q N (INR N - a)) as hi
    by (apply Phi_inv_le_compat; try apply fraction_le; try apply level_fraction; lra).
  replace ((INR N - a) / INR N) with (1 - a / INR N) in hi by (field; lra).
  rewrite Phi_inv_odd in hi by exact fa. nra.
Qed.

Lemma shipped_slope_le N kappa a v :
  0 < kappa -> 0 < a -> a <= v -> v <= INR N - a ->
  0 <= shipped_derivative N (sqrt 3) kappa v
    <= sqrt 3 / INR N * (sqrt (2 * PI) * exp (Q N a ^ 2 / 2)) + 2 * kappa / a ^ 2.
Proof.
  intros hk ha av vn. unfold shipped_derivative.
  assert (0 < sqrt 3 / INR N) as s by (apply Rdiv_lt_0_compat; [apply sqrt_3_pos | lra]).
  generalize sqrt_2PI_pos (exp_pos (Q N v ^ 2 / 2)). intros s2 ep.
  assert (forall w, a <= w -> 0 < 1 / w ^ 2 <= 1 / a ^ 2) as inv.
  { intros w hw. split; [apply Rdiv_lt_0_compat; nra|]. unfold Rdiv. rewrite !Rmult_1_l.
    apply Rinv_le_contravar; [nra | apply pow_incr; lra]. }
  generalize (inv v av) (inv (INR N - v) ltac:(lra)). intros iv inv'.
  split.
  - apply Rplus_le_le_0_compat; apply Rmult_le_pos; try lra. apply Rmult_le_pos; lra.
  - apply Rplus_le_compat.
    + apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_l; [lra|]. apply exp_le_compat.
      generalize (quantile_sqr_le N a v ha av vn). lra.
    + replace (2 * kappa / a ^ 2) with (kappa * (1 / a ^ 2 + 1 / a ^ 2)) by (field; lra).
      apply Rmult_le_compat_l; lra.
Qed.

Lemma tail_nonpos n v : 0 < v <= n / 2 -> 1 / (n - v) - 1 / v <= 0.
Proof.
  intro hv. unfold Rdiv. rewrite !Rmult_1_l.
  enough (/ (n - v) <= / v) by lra. apply Rinv_le_contravar; lra.
Qed.

(** z lies below g at the right end of the window. *)
Lemma compand_sqr_lower N kappa t :
  (2 <= N)%nat -> 0 < kappa -> 1 / 2 < t <= INR N / 2 ->
  3 * Q N (Rmin (t + 1 / 2) (INR N / 2)) ^ 2 <= compand (shipped N (sqrt 3) kappa) t ^ 2.
Proof.
  intros hN hk ht. generalize (le_INR 2 N hN). simpl INR. intro hN'.
  unfold Rmin. destruct (Rle_dec (t + 1 / 2) (INR N / 2)) as [h | h].
  - generalize (compand_between N _ (shipped_generator N (sqrt 3) kappa hN sqrt_3_pos hk) t).
    unfold inside. intro b. specialize (b ltac:(lra)). destruct b as [_ b]. unfold shipped at 2 in b.
    generalize (tail_nonpos (INR N) (t + 1 / 2) ltac:(lra)). intro tn.
    generalize (Phi_inv_nonpos _ (lower_half_fraction N (t + 1 / 2) ltac:(lra))). intro qn.
    generalize sqr_sqrt_3 sqrt_3_pos. intros s3 s0.
    set (q := Q N (t + 1 / 2)) in *. set (z := compand (shipped N (sqrt 3) kappa) t) in *.
    assert (z <= sqrt 3 * q) as zq.
    { apply Rmult_le_compat_l with (r := kappa) in tn; lra. }
    assert (sqrt 3 * q <= 0) as q0 by nra.
    replace (3 * q ^ 2) with ((sqrt 3 * q) ^ 2); [nra|].
    replace ((sqrt 3 * q) ^ 2) with ((sqrt 3 * sqrt 3) * q ^ 2) by ring. now rewrite s3.
  - replace (INR N / 2 / INR N) with (1 / 2) by (field; lra). rewrite Phi_inv_half.
    generalize (pow2_ge_0 (compand (shipped N (sqrt 3) kappa) t)). lra.
Qed.

(** ** The bulk: a = t - 1/2 >= 1/eps *)

(** (x + y)^2 <= (1 + eps) x^2 + (1 + 1/eps) y^2. *)
Lemma sqr_plus_le eps x y : 0 < eps -> (x + y) ^ 2 <= (1 + eps) * x ^ 2 + (1 + / eps) * y ^ 2.
Proof.
  intro he. enough (0 <= eps * x ^ 2 - 2 * x * y + / eps * y ^ 2) by lra.
  replace (eps * x ^ 2 - 2 * x * y + / eps * y ^ 2) with (/ eps * (eps * x - y) ^ 2) by (field; lra).
  apply Rmult_le_pos; [left; apply Rinv_0_lt_compat, he | apply pow2_ge_0].
Qed.

Definition bulk_constant (kappa eps : R) : R :=
  (1 + / eps) * kappa ^ 2 / 3 / pow52 (tail_constant / 2).

Lemma bulk_slope_term N kappa eps t :
  (2 <= N)%nat -> 0 < kappa -> 0 < eps <= 1 -> / eps <= t - 1 / 2 -> t <= INR N / 2 ->
  exp (Q N (t - 1 / 2) ^ 2)
    <= (1 + eps) ^ 2 * exp (compand (shipped N (sqrt 3) kappa) t ^ 2 / 3).
Proof.
  intros hN hk he ha ht. set (a := t - 1 / 2) in *. set (r := Rmin (t + 1 / 2) (INR N / 2)).
  assert (1 <= / eps) as e1 by (rewrite <- Rinv_1; apply Rinv_le_contravar; lra).
  assert (a <= r <= a + 1) as hr.
  { unfold r. generalize (Rmin_l (t + 1 / 2) (INR N / 2)). intro.
    split; [apply Rmin_glb|]; unfold a in *; lra. }
  assert (r <= INR N / 2) as hr' by apply Rmin_r.
  generalize (compand_sqr_lower N kappa t hN hk ltac:(unfold a in *; lra)). fold r. intro zr.
  assert (0 < INR N) as hN' by lra.
  apply Rle_trans with ((r / INR N / (a / INR N)) ^ 2 * exp (Q N r ^ 2)).
  - apply Phi_inv_exp_sqr_ratio; [apply Rdiv_lt_0_compat | apply fraction_le | apply lower_half_fraction]; lra.
  - apply Rmult_le_compat; [apply pow2_ge_0 | left; apply exp_pos | | apply exp_le_compat; lra].
    replace (r / INR N / (a / INR N)) with (r / a) by (field; lra).
    apply pow_incr. split; [apply Rdiv_le_0_compat; lra|].
    apply Rmult_le_reg_r with a; [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
    enough (1 <= eps * a) by lra. rewrite <- (Rinv_r eps) by lra. apply Rmult_le_compat_l; lra.
Qed.

Lemma bulk_tail_term N kappa t :
  (2 <= N)%nat -> 0 < kappa -> 1 <= t - 1 / 2 -> t <= INR N / 2 ->
  1 / (t - 1 / 2) ^ 4 <= / (pow52 (tail_constant / 2) * pow52 (INR N))
    * exp (11 / 24 * compand (shipped N (sqrt 3) kappa) t ^ 2).
Proof.
  intros hN hk ha ht. set (a := t - 1 / 2) in *. set (r := Rmin (t + 1 / 2) (INR N / 2)).
  assert (0 < r <= 2 * a) as hr.
  { unfold r. generalize (Rmin_l (t + 1 / 2) (INR N / 2)). intro.
    split; [apply Rmin_glb_lt|]; unfold a in *; lra. }
  assert (r <= INR N / 2) as hr' by apply Rmin_r.
  generalize (compand_sqr_lower N kappa t hN hk ltac:(unfold a in *; lra)). fold r. intro zr.
  generalize tail_constant_pos. intro tc.
  assert (pow52 (tail_constant / 2) * pow52 (INR N) <= pow52 a
    * exp (11 / 24 * compand (shipped N (sqrt 3) kappa) t ^ 2)) as k.
  { apply Rle_trans with (pow52 a * exp (11 / 8 * Q N r ^ 2)).
    - apply Rle_trans with (pow52 a * pow52 (tail_constant / (r / INR N))).
      + rewrite <- !pow52_mult; try lra; [|apply Rlt_le, Rdiv_lt_0_compat; [exact tc|apply Rdiv_lt_0_compat; lra]].
        apply pow52_le; [apply Rmult_le_pos; lra|].
        replace (a * (tail_constant / (r / INR N))) with (tail_constant * INR N * (a / r)) by (field; lra).
        replace (tail_constant / 2 * INR N) with (tail_constant * INR N * (1 / 2)) by field.
        apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|].
        apply Rmult_le_reg_r with r; [lra|]. unfold Rdiv. rewrite (Rmult_assoc a), Rinv_l; lra.
      + apply Rmult_le_compat_l; [left; apply pow52_pos; lra|].
        apply exp_quantile_lower, lower_half_fraction; lra.
    - apply Rmult_le_compat_l; [left; apply pow52_pos; lra | apply exp_le_compat; lra]. }
  revert k.
  generalize (exp_pos (11 / 24 * compand (shipped N (sqrt 3) kappa) t ^ 2)) (pow52_pos a ltac:(lra))
    (pow52_pos (tail_constant / 2) ltac:(lra)) (pow52_pos (INR N) ltac:(lra)) (pow52_le_pow4 a ha).
  generalize (exp (11 / 24 * compand (shipped N (sqrt 3) kappa) t ^ 2)). intros E hE pa p1 p2 a4 k.
  assert (0 < pow52 (tail_constant / 2) * pow52 (INR N)) as p12 by (apply Rmult_lt_0_compat; assumption).
  apply Rle_trans with (1 / pow52 a).
  - unfold Rdiv. rewrite !Rmult_1_l. apply Rinv_le_contravar; assumption.
  - apply Rmult_le_reg_r with (pow52 a * (pow52 (tail_constant / 2) * pow52 (INR N)));
      [apply Rmult_lt_0_compat; assumption|].
    revert k p12. generalize (pow52 (tail_constant / 2) * pow52 (INR N)). intros c k hc.
    replace (1 / pow52 a * (pow52 a * c)) with c by (field; lra).
    replace (/ c * E * (pow52 a * c)) with (pow52 a * E) by (field; lra). exact k.
Qed.

Lemma bulk_majorant N kappa eps t :
  (2 <= N)%nat -> 0 < kappa -> 0 < eps <= 1 -> / eps <= t - 1 / 2 -> t <= INR N / 2 ->
  window_mse (shipped N (sqrt 3) kappa) t
    <= (1 + eps) ^ 3 * (PI / 2) / INR N ^ 2 * exp (compand (shipped N (sqrt 3) kappa) t ^ 2 / 3)
      + bulk_constant kappa eps / pow52 (INR N)
        * exp (11 / 24 * compand (shipped N (sqrt 3) kappa) t ^ 2).
Proof.
  intros hN hk he ha ht. generalize (le_INR 2 N hN). simpl INR. intro hN'.
  assert (1 <= / eps) as e1 by (rewrite <- Rinv_1; apply Rinv_le_contravar; lra).
  generalize (bulk_slope_term N kappa eps t hN hk he ha ht)
    (bulk_tail_term N kappa t hN hk ltac:(lra) ht).
  assert (window_mse (shipped N (sqrt 3) kappa) t
    <= (sqrt 3 / INR N * (sqrt (2 * PI) * exp (Q N (t - 1 / 2) ^ 2 / 2))
        + 2 * kappa / (t - 1 / 2) ^ 2) ^ 2 / 12) as m.
  { apply (window_mse_le_slope N _ (shipped_derivative N (sqrt 3) kappa)).
    - apply shipped_generator; [exact hN | apply sqrt_3_pos | exact hk].
    - unfold inside. lra.
    - intros v hv. apply is_derive_shipped. lra.
    - intros v hv. apply shipped_slope_le; lra. }
  revert m. set (a := t - 1 / 2) in *. set (z := compand (shipped N (sqrt 3) kappa) t).
  set (E := exp (Q N a ^ 2 / 2)). intros m s1 s2.
  eapply Rle_trans; [exact m|].
  apply Rle_trans with (((1 + eps) * (sqrt 3 / INR N * (sqrt (2 * PI) * E)) ^ 2
    + (1 + / eps) * (2 * kappa / a ^ 2) ^ 2) / 12).
  { apply Rmult_le_compat_r; [lra | apply sqr_plus_le; lra]. }
  replace ((sqrt 3 / INR N * (sqrt (2 * PI) * E)) ^ 2)
    with ((sqrt 3 * sqrt 3) * (sqrt (2 * PI) * sqrt (2 * PI)) / INR N ^ 2 * E ^ 2) by (field; lra).
  rewrite sqr_sqrt_3, sqr_sqrt_2PI.
  replace (E ^ 2) with (exp (Q N a ^ 2)) by apply exp_half.
  apply Rle_trans with ((1 + eps) * (PI / 2) / INR N ^ 2 * exp (Q N a ^ 2)
    + (1 + / eps) * kappa ^ 2 / 3 * (1 / a ^ 4)); [right; field; lra|].
  generalize PI_RGT_0 tail_constant_pos. intros pi0 tc.
  assert (0 < INR N ^ 2) by (apply pow_lt; lra).
  apply Rplus_le_compat.
  - replace ((1 + eps) ^ 3 * (PI / 2) / INR N ^ 2 * exp (z ^ 2 / 3))
      with ((1 + eps) * (PI / 2) / INR N ^ 2 * ((1 + eps) ^ 2 * exp (z ^ 2 / 3))) by (field; lra).
    apply Rmult_le_compat_l; [|exact s1]. apply Rdiv_le_0_compat; [|assumption].
    apply Rmult_le_pos; lra.
  - unfold bulk_constant.
    replace ((1 + / eps) * kappa ^ 2 / 3 / pow52 (tail_constant / 2) / pow52 (INR N) * exp (11 / 24 * z ^ 2))
      with ((1 + / eps) * kappa ^ 2 / 3 * (/ (pow52 (tail_constant / 2) * pow52 (INR N)) * exp (11 / 24 * z ^ 2))).
    + apply Rmult_le_compat_l; [|exact s2]. apply Rmult_le_pos; [|lra].
      apply Rmult_le_pos; [lra | apply pow2_ge_0].
    + field. generalize (pow52_pos (tail_constant / 2) ltac:(lra)) (pow52_pos (INR N) ltac:(lra)). lra.
Qed.

(** ** The last cells: a = t - 1/2 < 1/eps *)

(** Phi_inv^2 drops by at most 2/a over the window. *)
Lemma quantile_sqr_drop N a v r :
  0 < a -> a <= v -> v <= r -> r <= a + 1 -> r <= INR N / 2 ->
  Q N v ^ 2 - Q N r ^ 2 <= 2 / a.
Proof.
  intros ha av vr ra rn. assert (0 < INR N) as hN by lra.
  generalize (Phi_inv_mills_monotone (v / INR N) (r / INR N)
    ltac:(apply Rdiv_lt_0_compat; lra) ltac:(apply fraction_le; lra)
    ltac:(apply lower_half_fraction; lra)). intro mono.
  generalize (exp_ineq1_le (Q N v ^ 2 / 2 - Q N r ^ 2 / 2)). intro e1.
  assert (exp (Q N v ^ 2 / 2 - Q N r ^ 2 / 2) <= r / v) as e2.
  { unfold Rminus. rewrite exp_plus, exp_Ropp. generalize (exp_pos (Q N r ^ 2 / 2)). intro ep.
    apply Rmult_le_reg_r with (v / INR N * exp (Q N r ^ 2 / 2));
      [apply Rmult_lt_0_compat; [apply Rdiv_lt_0_compat|]; lra|].
    replace (r / v * (v / INR N * exp (Q N r ^ 2 / 2))) with (r / INR N * exp (Q N r ^ 2 / 2))
      by (field; lra).
    replace (exp (Q N v ^ 2 / 2) * / exp (Q N r ^ 2 / 2) * (v / INR N * exp (Q N r ^ 2 / 2)))
      with (v / INR N * exp (Q N v ^ 2 / 2)) by (field; lra). exact mono. }
  assert (r / v - 1 <= 1 / a) as e3; [|lra].
  replace (r / v - 1) with ((r - v) / v) by (field; lra).
  apply Rmult_le_compat; [lra | left; apply Rinv_0_lt_compat; lra | lra |].
  apply Rinv_le_contravar; lra.
Qed.

Lemma edge_deviation N kappa a v r :
  0 < a -> a <= v -> v <= r -> r <= a + 1 -> r <= INR N / 2 ->
  (shipped N (sqrt 3) kappa v - sqrt 3 * Q N r) ^ 2 <= 12 / a + 2 * kappa ^ 2 * (1 / v ^ 2).
Proof.
  intros ha av vr ra rn. generalize (quantile_sqr_drop N a v r ha av vr ra rn). intro dq.
  assert (0 < INR N) as hN by lra.
  generalize (Phi_inv_nonpos _ (lower_half_fraction N v ltac:(lra)))
    (Phi_inv_nonpos _ (lower_half_fraction N r ltac:(lra)))
    (tail_nonpos (INR N) v ltac:(lra)). intros qv qr tn.
  assert (0 < / (INR N - v)) as tp by (apply Rinv_0_lt_compat; lra).
  unfold shipped. set (T := 1 / (INR N - v) - 1 / v) in *.
  assert (T ^ 2 <= 1 / v ^ 2) as tt.
  { replace (1 / v ^ 2) with ((1 / v) ^ 2) by (field; lra).
    assert (- (1 / v) <= T) by (unfold T, Rdiv; lra). nra. }
  assert (Q N v <= Q N r) as qvr
    by (apply Phi_inv_le_compat; try apply fraction_le; try apply level_fraction; lra).
  assert ((Q N v - Q N r) ^ 2 <= Q N v ^ 2 - Q N r ^ 2) as sq by nra.
  replace (sqrt 3 * Q N v + kappa * T - sqrt 3 * Q N r)
    with (sqrt 3 * (Q N v - Q N r) + kappa * T) by ring.
  eapply Rle_trans; [apply (sqr_plus_le 1); lra|].
  replace ((sqrt 3 * (Q N v - Q N r)) ^ 2) with ((sqrt 3 * sqrt 3) * (Q N v - Q N r) ^ 2) by ring.
  rewrite sqr_sqrt_3, Rpow_mult_distr, Rinv_1.
  assert (kappa ^ 2 * T ^ 2 <= kappa ^ 2 * (1 / v ^ 2))
    by (apply Rmult_le_compat_l; [apply pow2_ge_0 | exact tt]).
  replace (12 / a) with (6 * (2 / a)) by (field; lra). lra.
Qed.

Lemma edge_variance N kappa t :
  (2 <= N)%nat -> 0 < kappa -> 1 / 2 < t -> t + 1 / 2 <= INR N / 2 ->
  window_mse (shipped N (sqrt 3) kappa) t <= (12 + 2 * kappa ^ 2) / (t - 1 / 2).
Proof.
  intros hN hk ht hr. set (a := t - 1 / 2). set (r := t + 1 / 2) in *.
  assert (r = a + 1) as ra by (unfold r, a; field). assert (0 < a) as ha by (unfold a; lra).
  apply Rle_trans with (12 / a + 2 * kappa ^ 2 * (1 / a - 1 / r)).
  2: { apply Rle_trans with (12 / a + 2 * kappa ^ 2 * (1 / a)); [|right; field; lra].
    apply Rplus_le_compat_l, Rmult_le_compat_l; [generalize (pow2_ge_0 kappa); lra|].
    assert (0 < 1 / r) by (apply Rdiv_lt_0_compat; lra). lra. }
  apply (window_mse_le_deviation N _ (sqrt 3 * Q N r) t (fun v => 12 / a + 2 * kappa ^ 2 * (1 / v ^ 2))).
  - apply shipped_generator; [exact hN | apply sqrt_3_pos | exact hk].
  - unfold inside, r in *. lra.
  - fold a r. intros v hv. apply edge_deviation; lra.
  - fold a r.
    replace (12 / a + 2 * kappa ^ 2 * (1 / a - 1 / r))
      with ((12 / a * r - 2 * kappa ^ 2 / r) - (12 / a * a - 2 * kappa ^ 2 / a))
      by (rewrite ra; field; lra).
    apply (is_RInt_derive (fun v => 12 / a * v - 2 * kappa ^ 2 / v)).
    + rewrite Rmin_left, Rmax_right by lra. intros v hv. auto_derive; [lra | field; lra].
    + rewrite Rmin_left, Rmax_right by lra. intros v hv.
      apply (ex_derive_continuous (fun v => 12 / a + 2 * kappa ^ 2 * (1 / v ^ 2))).
      auto_derive. repeat apply Rmult_integral_contrapositive_currified; lra.
Qed.

(** In the lower third the tail is at least kappa/(2 v) in size. *)
Lemma edge_compand N kappa t :
  (2 <= N)%nat -> 0 < kappa -> 1 / 2 < t -> t + 1 / 2 <= INR N / 3 ->
  compand (shipped N (sqrt 3) kappa) t
    <= sqrt 3 * Q N (t + 1 / 2) - kappa / 2 * ln ((t + 1 / 2) / (t - 1 / 2)).
Proof.
  intros hN hk ht hr. set (a := t - 1 / 2). set (r := t + 1 / 2) in *.
  assert (r = a + 1) as ra by (unfold r, a; field). assert (0 < a) as ha by (unfold a; lra).
  assert (is_RInt (fun v => sqrt 3 * Q N r - kappa / 2 * (1 / v)) a r
    (sqrt 3 * Q N r - kappa / 2 * ln (r / a))) as i.
  { replace (sqrt 3 * Q N r - kappa / 2 * ln (r / a))
      with ((sqrt 3 * Q N r * r - kappa / 2 * ln r) - (sqrt 3 * Q N r * a - kappa / 2 * ln a))
      by (rewrite ln_div by lra; rewrite ra; ring).
    apply (is_RInt_derive (fun v => sqrt 3 * Q N r * v - kappa / 2 * ln v)).
    - rewrite Rmin_left, Rmax_right by lra. intros v hv. auto_derive; [lra | field; lra].
    - rewrite Rmin_left, Rmax_right by lra. intros v hv.
      apply (ex_derive_continuous (fun v => sqrt 3 * Q N r - kappa / 2 * (1 / v))).
      auto_derive. lra. }
  generalize (RInt_correct _ _ _ (ex_RInt_g N _ (shipped_generator N (sqrt 3) kappa hN sqrt_3_pos hk)
    a r ltac:(lra) ltac:(lra))). intro ig.
  refine (is_RInt_le _ _ a r _ _ _ ig i _); [lra|].
  intros v hv. unfold shipped.
  replace (sqrt 3 * Q N r - kappa / 2 * (1 / v))
    with (sqrt 3 * Q N r + kappa * (- (1 / 2 * (1 / v)))) by (field; lra).
  apply Rplus_le_compat.
  - apply Rmult_le_compat_l; [left; apply sqrt_3_pos|].
    apply Phi_inv_le_compat; try apply fraction_le; try apply level_fraction; lra.
  - assert (1 / (INR N - v) <= 1 / 2 * (1 / v)) as k; [|apply Rmult_le_compat_l; lra].
    replace (1 / 2 * (1 / v)) with (1 / (2 * v)) by (field; lra).
    unfold Rdiv. rewrite !Rmult_1_l. apply Rinv_le_contravar; lra.
Qed.

Definition edge_constant (kappa V : R) : R :=
  (12 + 2 * kappa ^ 2) / pow52 (tail_constant / V).

(** What the pole adds to z^2, once q is large enough in size. *)
Lemma edge_exponent kappa q l z :
  0 < kappa -> q <= 0 -> 0 < l -> 1 <= - (11 / 24 * sqrt 3 * kappa * q) ->
  z <= sqrt 3 * q - kappa / 2 * l -> 11 / 8 * q ^ 2 + l <= 11 / 24 * z ^ 2.
Proof.
  intros hk q0 l0 hq zq. generalize sqr_sqrt_3 sqrt_3_pos. intros s3 s0.
  assert (sqrt 3 * q <= 0) as q1 by (generalize (Rmult_le_compat_l (sqrt 3) q 0 ltac:(lra) q0); lra).
  assert (0 < kappa / 2 * l) as kl by (apply Rmult_lt_0_compat; lra).
  assert ((sqrt 3 * q - kappa / 2 * l) ^ 2 <= z ^ 2) as zz by nra.
  assert (3 * q ^ 2 - sqrt 3 * kappa * q * l <= (sqrt 3 * q - kappa / 2 * l) ^ 2) as ex.
  { replace (3 * q ^ 2) with ((sqrt 3 * sqrt 3) * q ^ 2) by (rewrite s3; ring).
    generalize (pow2_ge_0 (kappa / 2 * l)). lra. }
  assert (l <= - (11 / 24 * sqrt 3 * kappa * q) * l) as ll.
  { rewrite <- (Rmult_1_l l) at 1. apply Rmult_le_compat_r; lra. }
  lra.
Qed.

Lemma edge_majorant N kappa V t :
  (2 <= N)%nat -> 0 < kappa -> 1 / 2 < t -> t + 1 / 2 <= V -> V <= INR N / 3 ->
  1 <= - (11 / 24 * sqrt 3 * kappa * Q N V) ->
  window_mse (shipped N (sqrt 3) kappa) t
    <= edge_constant kappa V / pow52 (INR N)
      * exp (11 / 24 * compand (shipped N (sqrt 3) kappa) t ^ 2).
Proof.
  intros hN hk ht hr hV hq.
  generalize (edge_variance N kappa t hN hk ht ltac:(lra)) (edge_compand N kappa t hN hk ht ltac:(lra)).
  set (a := t - 1 / 2). set (r := t + 1 / 2) in *. set (z := compand (shipped N (sqrt 3) kappa) t).
  intros m hz. assert (r = a + 1) as ra by (unfold r, a; field). assert (0 < a) as ha by (unfold a; lra).
  assert (0 < ln (r / a)) as l0.
  { rewrite <- ln_1. apply ln_increasing; [lra|]. apply Rmult_lt_reg_r with a; [exact ha|].
    unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra. }
  assert (Q N r <= Q N V) as qV
    by (apply Phi_inv_le_compat; try apply fraction_le; try apply level_fraction; lra).
  generalize (Phi_inv_nonpos _ (lower_half_fraction N V ltac:(lra))). intro q0.
  assert (11 / 8 * Q N V ^ 2 + ln (r / a) <= 11 / 24 * z ^ 2) as big.
  { apply (edge_exponent kappa (Q N V)); try lra.
    generalize (Rmult_le_compat_l (sqrt 3) _ _ (Rlt_le _ _ sqrt_3_pos) qV). lra. }
  generalize tail_constant_pos. intro tc.
  assert (pow52 (tail_constant / V) * pow52 (INR N) / a <= exp (11 / 24 * z ^ 2)) as k.
  { eapply Rle_trans; [|apply exp_le_compat, big]. rewrite exp_plus, exp_ln by (apply Rdiv_lt_0_compat; lra).
    unfold Rdiv at 1. apply Rmult_le_compat.
    - apply Rmult_le_pos; left; apply pow52_pos; [apply Rdiv_lt_0_compat|]; lra.
    - left. apply Rinv_0_lt_compat, ha.
    - rewrite <- pow52_mult; [|left; apply Rdiv_lt_0_compat; lra | lra].
      replace (tail_constant / V * INR N) with (tail_constant / (V / INR N)) by (field; lra).
      apply exp_quantile_lower, lower_half_fraction. lra.
    - unfold Rdiv. rewrite <- (Rmult_1_l (/ a)) at 1.
      apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, ha | lra]. }
  eapply Rle_trans; [exact m|]. unfold edge_constant.
  generalize (pow52_pos (tail_constant / V) ltac:(apply Rdiv_lt_0_compat; lra)) (pow52_pos (INR N) ltac:(lra)).
  intros p1 p2.
  replace ((12 + 2 * kappa ^ 2) / a) with ((12 + 2 * kappa ^ 2) / pow52 (tail_constant / V) / pow52 (INR N)
    * (pow52 (tail_constant / V) * pow52 (INR N) / a)) by (field; lra).
  apply Rmult_le_compat_l; [|exact k].
  apply Rdiv_le_0_compat; [|exact p2]. apply Rdiv_le_0_compat; [|exact p1].
  generalize (pow2_ge_0 kappa). lra.
Qed.

(** ** All windows *)

Definition majorant_constant (kappa eps : R) : R :=
  bulk_constant kappa eps + edge_constant kappa (/ eps + 1).

Lemma bulk_constant_nonneg kappa eps : 0 < eps -> 0 <= bulk_constant kappa eps.
Proof.
  intro he. generalize tail_constant_pos (Rinv_0_lt_compat eps he). intros tc ie.
  apply Rdiv_le_0_compat; [|apply pow52_pos; lra].
  apply Rdiv_le_0_compat; [|lra]. apply Rmult_le_pos; [lra | apply pow2_ge_0].
Qed.

Lemma edge_constant_nonneg kappa V : 0 < V -> 0 <= edge_constant kappa V.
Proof.
  intro hV. generalize tail_constant_pos (pow2_ge_0 kappa). intros tc k2.
  apply Rdiv_le_0_compat; [lra | apply pow52_pos, Rdiv_lt_0_compat; assumption].
Qed.

Lemma nat_above x : exists n, x < INR n.
Proof.
  destruct (nfloor_ex (Rmax 0 x) (Rmax_l 0 x)) as (n & _ & hn). exists (S n).
  rewrite S_INR. generalize (Rmax_r 0 x). lra.
Qed.

(** Phi_inv(V/N) tends to minus infinity. *)
Lemma quantile_unbounded V M :
  0 < V -> 0 < M -> exists N0, forall N, (N0 <= N)%nat -> V <= INR N / 3 /\ Q N V <= - M.
Proof.
  intros hV hM. generalize tail_constant_pos. intro tc.
  destruct (nat_above (3 * V + V / tail_constant * exp (11 / 20 * M ^ 2))) as [N0 h0].
  assert (0 < V / tail_constant * exp (11 / 20 * M ^ 2)) as pos
    by (apply Rmult_lt_0_compat; [apply Rdiv_lt_0_compat; assumption | apply exp_pos]).
  exists N0. intros N hN. apply le_INR in hN. split; [lra|].
  apply Rnot_lt_le. intro k.
  generalize (lower_half_fraction N V ltac:(lra)). intro hf.
  generalize (Phi_inv_nonpos _ hf) (Phi_inv_exp_lower _ hf). intros q0 lo.
  assert (exp (11 / 20 * Q N V ^ 2) <= exp (11 / 20 * M ^ 2)) as up by (apply exp_le_compat; nra).
  assert (tail_constant / (V / INR N) <= exp (11 / 20 * M ^ 2)) as le by lra.
  apply Rmult_le_compat_l with (r := V / tail_constant) in le;
    [|left; apply Rdiv_lt_0_compat; assumption].
  replace (V / tail_constant * (tail_constant / (V / INR N))) with (INR N) in le by (field; lra). lra.
Qed.

Lemma lower_half_majorant N kappa eps t :
  (2 <= N)%nat -> 0 < kappa -> 0 < eps <= 1 -> / eps + 1 <= INR N / 3 ->
  1 <= - (11 / 24 * sqrt 3 * kappa * Q N (/ eps + 1)) -> 1 / 2 < t <= INR N / 2 ->
  window_mse (shipped N (sqrt 3) kappa) t
    <= (1 + eps) ^ 3 * (PI / 2) / INR N ^ 2 * exp (compand (shipped N (sqrt 3) kappa) t ^ 2 / 3)
      + majorant_constant kappa eps / pow52 (INR N)
        * exp (11 / 24 * compand (shipped N (sqrt 3) kappa) t ^ 2).
Proof.
  intros hN hk he hV hq ht.
  generalize PI_RGT_0 (Rinv_0_lt_compat eps (proj1 he)). intros pi0 ie.
  assert (0 < INR N ^ 2) as nn by (apply pow_lt; lra).
  generalize (bulk_majorant N kappa eps t hN hk he) (edge_majorant N kappa (/ eps + 1) t hN hk).
  set (z := compand (shipped N (sqrt 3) kappa) t). intros bulk edge.
  unfold majorant_constant. rewrite Rdiv_plus_distr, Rmult_plus_distr_r.
  set (tb := bulk_constant kappa eps / pow52 (INR N) * exp (11 / 24 * z ^ 2)) in *.
  set (te := edge_constant kappa (/ eps + 1) / pow52 (INR N) * exp (11 / 24 * z ^ 2)) in *.
  set (ta := (1 + eps) ^ 3 * (PI / 2) / INR N ^ 2 * exp (z ^ 2 / 3)) in *.
  assert (0 <= tb) as tb0.
  { apply Rmult_le_pos; [apply Rdiv_le_0_compat | left; apply exp_pos].
    - apply bulk_constant_nonneg, he.
    - apply pow52_pos. lra. }
  assert (0 <= te) as te0.
  { apply Rmult_le_pos; [apply Rdiv_le_0_compat | left; apply exp_pos].
    - apply edge_constant_nonneg. lra.
    - apply pow52_pos. lra. }
  assert (0 <= ta) as ta0.
  { apply Rmult_le_pos; [apply Rdiv_le_0_compat; [|exact nn] | left; apply exp_pos].
    apply Rmult_le_pos; [apply pow_le|]; lra. }
  destruct (Rle_dec (/ eps) (t - 1 / 2)) as [h | h].
  - specialize (bulk h ltac:(lra)). lra.
  - specialize (edge ltac:(lra) ltac:(lra) hV hq). lra.
Qed.

(** The scalar majorant, for every window. *)
Theorem window_mse_majorant kappa eps :
  0 < kappa -> 0 < eps <= 1 ->
  exists N0, forall N, (N0 <= N)%nat -> forall t, 1 / 2 < t < INR N - 1 / 2 ->
  window_mse (shipped N (sqrt 3) kappa) t
    <= (1 + eps) ^ 3 * (PI / 2) / INR N ^ 2 * exp (compand (shipped N (sqrt 3) kappa) t ^ 2 / 3)
      + majorant_constant kappa eps / pow52 (INR N)
        * exp (11 / 24 * compand (shipped N (sqrt 3) kappa) t ^ 2).
Proof.
  intros hk he. generalize sqrt_3_pos (Rinv_0_lt_compat eps (proj1 he)). intros s0 ie.
  destruct (quantile_unbounded (/ eps + 1) (24 / (11 * sqrt 3 * kappa))) as [N1 h1].
  { lra. }
  { apply Rdiv_lt_0_compat; [lra|]. repeat apply Rmult_lt_0_compat; lra. }
  exists (max 2 N1). intros N hN. assert (2 <= N)%nat as hN2 by lia.
  destruct (h1 N ltac:(lia)) as [hV hq].
  assert (1 <= - (11 / 24 * sqrt 3 * kappa * Q N (/ eps + 1))) as hq'.
  { apply Rmult_le_compat_l with (r := 11 / 24 * sqrt 3 * kappa) in hq;
      [|repeat apply Rmult_le_pos; lra].
    replace (11 / 24 * sqrt 3 * kappa * - (24 / (11 * sqrt 3 * kappa))) with (-1) in hq by (field; lra).
    lra. }
  intros t ht. destruct (Rle_dec t (INR N / 2)) as [h | h]; [apply lower_half_majorant; try assumption; lra|].
  generalize (shipped_generator N (sqrt 3) kappa hN2 s0 hk). intro hg.
  assert (inside N (INR N - t)) as hi by (unfold inside; lra).
  replace t with (INR N - (INR N - t)) by ring.
  rewrite (window_mse_even N _ hg _ hi), (compand_odd N _ hg _ hi).
  replace ((- compand (shipped N (sqrt 3) kappa) (INR N - t)) ^ 2)
    with (compand (shipped N (sqrt 3) kappa) (INR N - t) ^ 2) by ring.
  apply lower_half_majorant; try assumption; lra.
Qed.

(** The same over all real z, as two coefficients: N^2 A -> PI/2 and N^2 B -> 0. *)
Theorem scalar_mse_asymptotic_majorant kappa delta :
  0 < kappa -> 0 < delta ->
  exists N0, forall N, (N0 <= N)%nat -> exists A B,
    0 <= A /\ 0 <= B /\ INR N ^ 2 * A <= PI / 2 + delta /\ INR N ^ 2 * B <= delta /\
    forall z, scalar_mse N (shipped N (sqrt 3) kappa) z
      <= A * exp (z ^ 2 / 3) + B * exp (11 / 24 * z ^ 2).
Proof.
  intros hk hd. generalize PI_RGT_0. intro pi0.
  set (eps := Rmin 1 (delta / (4 * PI))).
  assert (0 < eps <= 1) as he.
  { split; [apply Rmin_glb_lt; [lra | apply Rdiv_lt_0_compat; lra] | apply Rmin_l]. }
  assert (4 * PI * eps <= delta) as he'.
  { apply Rle_trans with (4 * PI * (delta / (4 * PI))); [|right; field; lra].
    apply Rmult_le_compat_l; [lra | apply Rmin_r]. }
  destruct (window_mse_majorant kappa eps hk he) as [N1 h1].
  set (C := majorant_constant kappa eps) in *.
  assert (0 <= C) as hC.
  { generalize (Rinv_0_lt_compat eps (proj1 he)). intro ie. apply Rplus_le_le_0_compat.
    - apply bulk_constant_nonneg, he.
    - apply edge_constant_nonneg. lra. }
  destruct (nat_above ((C / delta) ^ 2)) as [N2 h2].
  exists (max 2 (max N1 N2)). intros N hN. assert (2 <= N)%nat as hN2 by lia.
  generalize (le_INR 2 N hN2) (le_INR N2 N ltac:(lia)). simpl INR. intros hN' h2'.
  assert (0 < INR N ^ 2) as nn by (apply pow_lt; lra).
  assert (0 < sqrt (INR N)) as sn by (apply sqrt_lt_R0; lra).
  exists ((1 + eps) ^ 3 * (PI / 2) / INR N ^ 2), (C / pow52 (INR N)).
  split; [|split; [|split; [|split]]].
  - apply Rdiv_le_0_compat; [|exact nn]. apply Rmult_le_pos; [apply pow_le|]; lra.
  - apply Rdiv_le_0_compat; [exact hC | apply pow52_pos; lra].
  - replace (INR N ^ 2 * ((1 + eps) ^ 3 * (PI / 2) / INR N ^ 2)) with ((1 + eps) ^ 3 * (PI / 2)) by (field; lra).
    assert ((1 + eps) ^ 3 <= 1 + 7 * eps) as cube by nra.
    apply Rmult_le_compat_r with (r := PI / 2) in cube; lra.
  - replace (INR N ^ 2 * (C / pow52 (INR N))) with (C / sqrt (INR N)) by (unfold pow52; field; lra).
    apply Rmult_le_reg_r with (sqrt (INR N) / delta); [apply Rdiv_lt_0_compat; lra|].
    replace (C / sqrt (INR N) * (sqrt (INR N) / delta)) with (C / delta) by (field; lra).
    replace (delta * (sqrt (INR N) / delta)) with (sqrt (INR N)) by (field; lra).
    rewrite <- (sqrt_pow2 (C / delta)) by (apply Rdiv_le_0_compat; lra).
    apply sqrt_le_1; [apply pow2_ge_0 | lra | lra].
  - intro z.
    destruct (quantizer_at N _ (shipped_generator N (sqrt 3) kappa hN2 sqrt_3_pos hk) z)
      as (t & ht & hz & _ & hm).
    rewrite hm, <- hz. apply h1; [lia | exact ht].
Qed.

(** ** The vector quantizer *)

(** E exp(11/24 S^2) <= sqrt 12 <= 4. *)
Lemma rademacher_exp_11_24 d x :
  norm2 d x = 1 -> Esign d (fun e => exp (11 / 24 * rademacher d x e ^ 2)) <= 4.
Proof.
  intro hx. destruct (rademacher_unit_exp_moments d x hx) as (_ & _ & h & _).
  eapply Rle_trans; [apply h; lra|].
  rewrite <- (Rinv_inv 4). apply Rinv_le_contravar; [lra|].
  rewrite <- (sqrt_pow2 (/ 4)) by lra. apply sqrt_le_1; lra.
Qed.

(** The theorem of the paper, SPEC §5.7. *)
Theorem asymptotic_mse kappa delta :
  0 < kappa -> 0 < delta ->
  exists N0, forall N, (N0 <= N)%nat ->
  forall d H x, (1 <= d)%nat -> hadamard d H -> norm2 d x = 1 ->
  INR N ^ 2 * mse N (shipped N (sqrt 3) kappa) d H 1 x <= PI * sqrt 3 / 2 + delta.
Proof.
  intros hk hd.
  destruct (scalar_mse_asymptotic_majorant kappa (delta / 6) hk ltac:(lra)) as [N0 h0].
  exists (max 2 N0). intros N hN d H x h1 hH hx. assert (2 <= N)%nat as hN2 by lia.
  destruct (h0 N ltac:(lia)) as (A & B & hA & hB & nA & nB & hM).
  set (g := shipped N (sqrt 3) kappa) in *.
  rewrite (mse_identity N g (shipped_generator N (sqrt 3) kappa hN2 sqrt_3_pos hk) d H hH 1 x)
    by (lia || lra).
  destruct (rademacher_unit_exp_moments d x hx) as (_ & _ & _ & h3).
  generalize (rademacher_exp_11_24 d x hx). intro h4.
  assert (Esign d (fun e => scalar_mse N g (rademacher d x e / 1)) <= A * sqrt 3 + B * 4) as hE.
  { eapply Rle_trans.
    - apply (Esign_le d _ (fun e => A * exp (rademacher d x e ^ 2 / 3)
        + B * exp (11 / 24 * rademacher d x e ^ 2))).
      intros e _. unfold Rdiv at 1. rewrite Rinv_1, Rmult_1_r. apply hM.
    - rewrite Esign_plus, !Esign_scal_l.
      apply Rplus_le_compat; apply Rmult_le_compat_l; assumption. }
  assert (0 <= INR N ^ 2) as nn by apply pow2_ge_0.
  apply Rmult_le_compat_l with (r := INR N ^ 2) in hE; [|exact nn].
  assert (sqrt 3 <= 2) as s2.
  { rewrite <- (sqrt_pow2 2) by lra. apply sqrt_le_1; lra. }
  generalize (Rmult_le_compat_r (sqrt 3) _ _ (Rlt_le _ _ sqrt_3_pos) nA). intro nA3.
  assert (delta / 6 * sqrt 3 <= delta / 6 * 2) by (apply Rmult_le_compat_l; lra).
  replace (INR N ^ 2 * (1 ^ 2 * Esign d (fun e => scalar_mse N g (rademacher d x e / 1))))
    with (INR N ^ 2 * Esign d (fun e => scalar_mse N g (rademacher d x e / 1))) by ring.
  lra.
Qed.

(** For a vector of any norm, restored to the n <= d coordinates it had before padding. *)
Corollary asymptotic_mse_padded kappa delta :
  0 < kappa -> 0 < delta ->
  exists N0, forall N, (N0 <= N)%nat ->
  forall n d H x rho, (n <= d)%nat -> (1 <= d)%nat -> hadamard d H ->
  0 < rho -> norm2 d x = rho ^ 2 ->
  INR N ^ 2 * Esign d (fun eps => Edither (fun U => norm2 n (fun i =>
      reconstruct N (shipped N (sqrt 3) kappa) d H rho x eps U i - x i)))
    <= (PI * sqrt 3 / 2 + delta) * rho ^ 2.
Proof.
  intros hk hd. destruct (asymptotic_mse kappa delta hk hd) as [N0 h0].
  exists (max 2 N0). intros N hN n d H x rho hn h1 hH hrho hx.
  generalize (shipped_generator N (sqrt 3) kappa ltac:(lia) sqrt_3_pos hk). intro hg.
  assert (norm2 d (fun i => x i / rho) = 1) as hu.
  { unfold norm2, dot in *. rewrite (sum_ext d _ (fun i => x i * x i * / rho ^ 2)).
    - rewrite sum_scal_r, hx. field. lra.
    - intros i _. field. lra. }
  generalize (h0 N ltac:(lia) d H (fun i => x i / rho) h1 hH hu).
  rewrite (mse_identity N _ hg d H hH 1) by (lia || lra).
  rewrite (Esign_ext d _ (fun e => scalar_mse N (shipped N (sqrt 3) kappa) (rademacher d x e / rho)))
    by (intros e _; rewrite rademacher_div; f_equal; field; lra).
  generalize (truncated_mse_le N _ hg d H hH n rho x hn ltac:(lra)).
  rewrite (mse_identity N _ hg d H hH rho) by (lia || lra).
  generalize (Esign d (fun e => scalar_mse N (shipped N (sqrt 3) kappa) (rademacher d x e / rho))).
  intros M ht hM.
  apply Rmult_le_compat_l with (r := INR N ^ 2) in ht; [|apply pow2_ge_0].
  apply Rmult_le_compat_r with (r := rho ^ 2) in hM; [lra | apply pow2_ge_0].
Qed.

(** At b bits per coordinate, as the paper states it. *)
Corollary asymptotic_mse_bits kappa delta :
  0 < kappa -> 0 < delta ->
  exists b0, forall b, (b0 <= b)%nat ->
  forall d H x, (1 <= d)%nat -> hadamard d H -> norm2 d x = 1 ->
  mse (2 ^ b) (shipped (2 ^ b) (sqrt 3) kappa) d H 1 x <= (PI * sqrt 3 / 2 + delta) / 4 ^ b.
Proof.
  intros hk hd. destruct (asymptotic_mse kappa delta hk hd) as [N0 h0].
  exists N0. intros b hb d H x h1 hH hx.
  assert (b < 2 ^ b)%nat as hlt by (apply Nat.pow_gt_lin_r; lia).
  generalize (h0 (2 ^ b)%nat ltac:(lia) d H x h1 hH hx).
  replace (INR (2 ^ b) ^ 2) with (4 ^ b)
    by (rewrite pow_INR, <- pow_mult, Nat.mul_comm, pow_mult; f_equal; simpl; ring).
  assert (0 < 4 ^ b) by (apply pow_lt; lra). intro h.
  apply Rmult_le_reg_l with (4 ^ b); [assumption|].
  replace (4 ^ b * ((PI * sqrt 3 / 2 + delta) / 4 ^ b)) with (PI * sqrt 3 / 2 + delta) by (field; lra).
  exact h.
Qed.
