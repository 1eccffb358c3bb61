(** * The normal quantile function (SPEC §3)

    [Phi_inv], defined in Defs.v as a least upper bound, is the inverse of [Phi] on (0,1):
    strictly increasing, odd about 1/2, differentiable, with closed antiderivatives of
    itself and of its square; and bounded on both sides by what Mills' inequalities say of
    the tail of [Phi]. *)
From Coq Require Import Reals Lra Ranalysis5.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Gaussian.
Open Scope R_scope.

(** ** The inverse of [Phi] *)

Lemma Phi_surjective p : 0 < p < 1 -> exists x, Phi x = p.
Proof.
  intro hp.
  destruct (IVT_Rbar_incr Phi m_infty p_infty 0 1 p) as (x & _ & _ & hx); simpl; try tauto.
  - apply is_lim_Phi_m.
  - apply is_lim_Phi_p.
  - intros x _ _. apply continuity_pt_filterlim, continuous_Phi.
  - exists x. exact hx.
Qed.

Theorem Phi_inv_Phi x : Phi_inv (Phi x) = x.
Proof.
  unfold Phi_inv. rewrite (is_lub_Rbar_unique _ (Finite x)); [reflexivity|]. split.
  - intros y hy. simpl. apply Phi_le_cancel, hy.
  - intros b hb. apply (hb x), Rle_refl.
Qed.

Theorem Phi_Phi_inv p : 0 < p < 1 -> Phi (Phi_inv p) = p.
Proof. intro hp. destruct (Phi_surjective p hp) as [x <-]. now rewrite Phi_inv_Phi. Qed.

Theorem Phi_inv_increasing p q : 0 < p -> p < q -> q < 1 -> Phi_inv p < Phi_inv q.
Proof.
  intros hp pq hq. apply Rnot_le_lt. intro h. apply Phi_le_compat in h.
  rewrite !Phi_Phi_inv in h by lra. lra.
Qed.

Lemma Phi_inv_le_compat p q : 0 < p -> p <= q -> q < 1 -> Phi_inv p <= Phi_inv q.
Proof.
  intros hp [h | ->] hq; [left; now apply Phi_inv_increasing | apply Rle_refl].
Qed.

Theorem Phi_inv_odd p : 0 < p < 1 -> Phi_inv (1 - p) = - Phi_inv p.
Proof.
  intro hp. apply Phi_injective. rewrite Phi_opp, !Phi_Phi_inv; lra.
Qed.

Lemma Phi_inv_half : Phi_inv (1 / 2) = 0.
Proof. rewrite <- Phi_0. apply Phi_inv_Phi. Qed.

Lemma Phi_inv_nonpos p : 0 < p <= 1 / 2 -> Phi_inv p <= 0.
Proof. intro hp. rewrite <- Phi_inv_half. apply Phi_inv_le_compat; lra. Qed.

(** ** Continuity and derivative *)

Lemma continuity_pt_Phi_inv p : 0 < p < 1 -> continuity_pt Phi_inv p.
Proof.
  intros hp eps heps.
  set (x := Phi_inv p). assert (Phi x = p) as hx by (apply Phi_Phi_inv, hp).
  assert (Phi (x - eps) < p) as lo by (rewrite <- hx; apply Phi_increasing; lra).
  assert (p < Phi (x + eps)) as hi by (rewrite <- hx; apply Phi_increasing; lra).
  generalize (Phi_pos (x - eps)) (Phi_lt_1 (x + eps)). intros lo0 hi1.
  exists (Rmin (p - Phi (x - eps)) (Phi (x + eps) - p)). split; [apply Rmin_Rgt_r; lra|].
  intros q [_ hq]. simpl in *. unfold R_dist in *.
  assert (Rabs (q - p) < p - Phi (x - eps)) as q1 by (eapply Rlt_le_trans; [exact hq | apply Rmin_l]).
  assert (Rabs (q - p) < Phi (x + eps) - p) as q2 by (eapply Rlt_le_trans; [exact hq | apply Rmin_r]).
  apply Rabs_def2 in q1. apply Rabs_def2 in q2.
  assert (Phi_inv (Phi (x - eps)) < Phi_inv q) as k1 by (apply Phi_inv_increasing; lra).
  assert (Phi_inv q < Phi_inv (Phi (x + eps))) as k2 by (apply Phi_inv_increasing; lra).
  rewrite Phi_inv_Phi in k1, k2. fold x. apply Rabs_def1; lra.
Qed.

Theorem is_derive_Phi_inv p : 0 < p < 1 -> is_derive Phi_inv p (/ phi (Phi_inv p)).
Proof.
  intro hp. apply is_derive_Reals.
  set (lb := p / 2). set (ub := (1 + p) / 2).
  assert (forall a, Phi_inv lb <= a <= Phi_inv ub -> derivable_pt Phi a) as prf.
  { intros a _. exists (phi a). apply is_derive_Reals, is_derive_Phi. }
  assert (Phi_inv lb <= Phi_inv p <= Phi_inv ub) as incr.
  { split; apply Phi_inv_le_compat; unfold lb, ub; lra. }
  assert (derive_pt Phi (Phi_inv p) (prf _ incr) = phi (Phi_inv p)) as e.
  { rewrite Derive_Reals. apply Derive_Phi. }
  generalize (derivable_pt_lim_recip_interv Phi Phi_inv lb ub p prf (continuity_pt_Phi_inv p hp)).
  intro d. replace (/ phi (Phi_inv p)) with (1 / derive_pt Phi (Phi_inv p) (prf _ incr)).
  - apply d; unfold lb, ub; try lra.
    + intros q hq. unfold comp, id. apply Phi_Phi_inv. lra.
    + fold lb ub. rewrite e. apply Rgt_not_eq, phi_pos.
  - rewrite e. unfold Rdiv. apply Rmult_1_l.
Qed.

Lemma ex_derive_Phi_inv p : 0 < p < 1 -> ex_derive Phi_inv p.
Proof. intro hp. eexists. apply is_derive_Phi_inv, hp. Qed.

Lemma Derive_Phi_inv p : 0 < p < 1 -> Derive Phi_inv p = / phi (Phi_inv p).
Proof. intro hp. apply is_derive_unique, is_derive_Phi_inv, hp. Qed.

Lemma continuous_Phi_inv p : 0 < p < 1 -> continuous Phi_inv p.
Proof. intro hp. apply (ex_derive_continuous Phi_inv), ex_derive_Phi_inv, hp. Qed.

Lemma inv_phi x : / phi x = sqrt (2 * PI) * exp (x ^ 2 / 2).
Proof.
  unfold phi. replace (- x ^ 2 / 2) with (- (x ^ 2 / 2)) by field. rewrite exp_Ropp.
  field. split; apply Rgt_not_eq; [apply exp_pos | apply sqrt_2PI_pos].
Qed.

(** [Phi_inv]' in the form that SPEC §5.7 uses. *)
Theorem Derive_Phi_inv_exp p :
  0 < p < 1 -> Derive Phi_inv p = sqrt (2 * PI) * exp (Phi_inv p ^ 2 / 2).
Proof. intro hp. rewrite Derive_Phi_inv by exact hp. apply inv_phi. Qed.

(** ** Antiderivatives *)

Theorem is_derive_phi_Phi_inv p : 0 < p < 1 -> is_derive (fun q => phi (Phi_inv q)) p (- Phi_inv p).
Proof.
  intro hp. auto_derive.
  - repeat split; [eexists; apply is_derive_phi | apply ex_derive_Phi_inv, hp].
  - rewrite Derive_Phi_inv by exact hp.
    rewrite (is_derive_unique (fun y : R => phi y) _ _ (is_derive_phi (Phi_inv p))).
    field. apply Rgt_not_eq, phi_pos.
Qed.

Theorem is_derive_Phi_inv_sqr_antiderivative p :
  0 < p < 1 -> is_derive (fun q => q - Phi_inv q * phi (Phi_inv q)) p (Phi_inv p ^ 2).
Proof.
  intro hp. auto_derive.
  - repeat split; [apply ex_derive_Phi_inv, hp | eexists; apply is_derive_phi |
      apply ex_derive_Phi_inv, hp].
  - rewrite Derive_Phi_inv by exact hp.
    rewrite (is_derive_unique (fun y : R => phi y) _ _ (is_derive_phi (Phi_inv p))).
    field. apply Rgt_not_eq, phi_pos.
Qed.

(** ** Bounds near 0 *)

Lemma Phi_inv_tail p : 0 < p < 1 -> 1 - Phi (- Phi_inv p) = p.
Proof. intro hp. rewrite Phi_opp, Phi_Phi_inv by exact hp. ring. Qed.

Theorem Phi_inv_exp_upper p : 0 < p <= 1 / 2 -> exp (Phi_inv p ^ 2 / 2) <= / (2 * p).
Proof.
  intro hp. generalize (Phi_tail_exp (- Phi_inv p)). rewrite Phi_inv_tail by lra. intro h.
  generalize (Phi_inv_nonpos p hp). intro h0. specialize (h ltac:(lra)).
  replace (- (- Phi_inv p) ^ 2 / 2) with (- (Phi_inv p ^ 2 / 2)) in h by field.
  rewrite exp_Ropp in h.
  rewrite <- (Rinv_inv (exp (Phi_inv p ^ 2 / 2))). apply Rinv_le_contravar; lra.
Qed.

Theorem Phi_inv_sqr_upper p : 0 < p <= 1 / 2 -> Phi_inv p ^ 2 <= 2 * ln (/ (2 * p)).
Proof.
  intro hp. generalize (Phi_inv_exp_upper p hp). intro h.
  enough (Phi_inv p ^ 2 / 2 <= ln (/ (2 * p))) by lra.
  rewrite <- (ln_exp (Phi_inv p ^ 2 / 2)).
  destruct h as [h | h]; [left; apply ln_increasing; [apply exp_pos | exact h] | right; congruence].
Qed.

(** The constant of the lower bound: (x + 1)^2 <= 11/10 x^2 + 11. *)
Definition tail_constant : R := exp (- 11 / 2) / sqrt (2 * PI).

Lemma tail_constant_pos : 0 < tail_constant.
Proof. apply Rdiv_lt_0_compat; [apply exp_pos | apply sqrt_2PI_pos]. Qed.

(** [exp (Phi_inv p ^ 2)] is of order 1/p^2 up to a power as small as we like; the exponent
    11/20 in place of 1/2 is what the asymptotic theorem can afford. *)
Theorem Phi_inv_exp_lower p :
  0 < p <= 1 / 2 -> tail_constant / p <= exp (11 / 20 * Phi_inv p ^ 2).
Proof.
  intro hp. generalize (Phi_inv_nonpos p hp). intro h0.
  generalize (Phi_tail_shift (- Phi_inv p)). rewrite Phi_inv_tail by lra. intro h.
  specialize (h ltac:(lra)). set (x := - Phi_inv p) in *.
  replace (Phi_inv p ^ 2) with (x ^ 2) by (unfold x; ring).
  assert (tail_constant * exp (- (11 / 20 * x ^ 2)) <= phi (x + 1)) as k.
  { unfold tail_constant, phi. replace (exp (- 11 / 2) / sqrt (2 * PI) * exp (- (11 / 20 * x ^ 2)))
      with (exp (- 11 / 2) * exp (- (11 / 20 * x ^ 2)) / sqrt (2 * PI)) by (unfold Rdiv; ring).
    apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, sqrt_2PI_pos|].
    rewrite <- exp_plus.
    destruct (Req_dec (- 11 / 2 + - (11 / 20 * x ^ 2)) (- (x + 1) ^ 2 / 2)) as [-> | ne];
      [apply Rle_refl|].
    left. apply exp_increasing. assert (0 <= (x - 10) ^ 2) by apply pow2_ge_0. nra. }
  rewrite exp_Ropp in k. generalize (exp_pos (11 / 20 * x ^ 2)). intro ep.
  apply Rmult_le_reg_r with (p * / exp (11 / 20 * x ^ 2)).
  - apply Rmult_lt_0_compat; [lra | apply Rinv_0_lt_compat, ep].
  - replace (tail_constant / p * (p * / exp (11 / 20 * x ^ 2)))
      with (tail_constant * / exp (11 / 20 * x ^ 2)) by (field; lra).
    replace (exp (11 / 20 * x ^ 2) * (p * / exp (11 / 20 * x ^ 2))) with p by (field; lra).
    lra.
Qed.

(** Mills' ratio decreases: p exp (Phi_inv p ^ 2 / 2) increases on (0, 1/2]. *)
Theorem Phi_inv_mills_monotone p q :
  0 < p -> p <= q -> q <= 1 / 2 ->
  p * exp (Phi_inv p ^ 2 / 2) <= q * exp (Phi_inv q ^ 2 / 2).
Proof.
  intros hp pq hq.
  apply (le_of_derive_nonneg (fun r => r * exp (Phi_inv r ^ 2 / 2))
    (fun r => exp (Phi_inv r ^ 2 / 2) * (1 + r * (Phi_inv r * / phi (Phi_inv r)))) p q pq).
  - intros r hr. auto_derive.
    + apply ex_derive_Phi_inv; lra.
    + rewrite Derive_Phi_inv by lra. unfold Rdiv. simpl. field. apply Rgt_not_eq, phi_pos.
  - intros r hr. apply Rmult_le_pos; [left; apply exp_pos|].
    generalize (Phi_inv_nonpos r ltac:(lra)). intros [neg | ->]; [|lra].
    generalize (mills_upper (- Phi_inv r) ltac:(lra)) (phi_pos (Phi_inv r)).
    rewrite Phi_inv_tail, phi_even by lra. intros m pp.
    assert (r * (- Phi_inv r) <= phi (Phi_inv r)) as k.
    { apply Rmult_le_reg_r with (/ - Phi_inv r); [apply Rinv_0_lt_compat; lra|].
      rewrite Rmult_assoc, Rinv_r, Rmult_1_r by lra. exact m. }
    apply Rmult_le_reg_r with (phi (Phi_inv r)); [exact pp|].
    replace ((1 + r * (Phi_inv r * / phi (Phi_inv r))) * phi (Phi_inv r))
      with (phi (Phi_inv r) + r * Phi_inv r) by (field; lra). lra.
Qed.

Lemma exp_half a : exp a = exp (a / 2) ^ 2.
Proof. cbn [pow]. rewrite Rmult_1_r, <- exp_plus. f_equal. field. Qed.

(** Hence [Phi_inv]^2 varies little where p does not change by much. *)
Corollary Phi_inv_exp_sqr_ratio p q :
  0 < p -> p <= q -> q <= 1 / 2 -> exp (Phi_inv p ^ 2) <= (q / p) ^ 2 * exp (Phi_inv q ^ 2).
Proof.
  intros hp pq hq. generalize (Phi_inv_mills_monotone p q hp pq hq).
  rewrite (exp_half (Phi_inv p ^ 2)), (exp_half (Phi_inv q ^ 2)).
  generalize (exp_pos (Phi_inv p ^ 2 / 2)) (exp_pos (Phi_inv q ^ 2 / 2)).
  generalize (exp (Phi_inv p ^ 2 / 2)) (exp (Phi_inv q ^ 2 / 2)). intros a b ha hb h.
  rewrite <- Rpow_mult_distr. apply pow_incr. split; [lra|].
  apply Rmult_le_reg_l with p; [exact hp|].
  replace (p * (q / p * b)) with (q * b) by (field; lra). exact h.
Qed.
