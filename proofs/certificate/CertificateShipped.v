(** * The end cell of the shipped generator (SPEC §3, §5.5)

    For windows [a, a + 1] with a <= a1 the bounds of CertificateWindow need two
    inequalities between g at both ends of the window; here they follow from four
    numbers: z at a1 + 1/2, g(1), g(a1 + 1), and the quantile at a1/N. *)
From Coq Require Import Reals Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Gaussian NormalQuantile DitheredQuantizer ShippedGenerator CertificateWindow.
Open Scope R_scope.

(** s (1 - Phi s) falls for s >= 1, by Mills' inequality. *)
Lemma tail_product_decreasing s1 s : 1 <= s1 <= s -> s * (1 - Phi s) <= s1 * (1 - Phi s1).
Proof.
  intros H.
  enough (- (s1 * (1 - Phi s1)) <= - (s * (1 - Phi s))) by lra.
  apply (le_of_derive_nonneg (fun y => - (y * (1 - Phi y))) (fun y => y * phi y - (1 - Phi y))); [lra | |].
  - intros y Hy; auto_derive; [repeat split; apply ex_derive_Phi|].
    rewrite (is_derive_unique (fun x : R => Phi x) _ _ (is_derive_Phi y)); ring.
  - intros y Hy; pose proof (mills_upper y ltac:(lra)) as M; pose proof (phi_pos y) as P.
    assert (phi y / y <= y * phi y); [|lra].
    apply Rmult_le_reg_r with y; [lra|]; unfold Rdiv; rewrite Rmult_assoc, Rinv_l by lra.
    replace (y * phi y * y) with (phi y * (y * y)) by ring.
    apply Rmult_le_compat_l; nra.
Qed.

(** p |Phi_inv p| grows up to the point where Phi_inv reaches -1. *)
Lemma quantile_product_increasing p q : 0 < p -> p <= q -> q < 1 -> Phi_inv q <= -1 ->
  p * - Phi_inv p <= q * - Phi_inv q.
Proof.
  intros Hp Hpq Hq H.
  pose proof (Phi_inv_le_compat p q Hp Hpq Hq).
  pose proof (tail_product_decreasing (- Phi_inv q) (- Phi_inv p) ltac:(lra)) as T.
  rewrite !Phi_inv_tail in T by lra; lra.
Qed.

Section Shipped.

Variables (N : nat) (sigma kappa : R).
Hypothesis HN : (2 <= N)%nat.
Hypothesis Hsigma : 0 < sigma.
Hypothesis Hkappa : 0 < kappa.
Let g := shipped N sigma kappa.

Lemma levels_at_least_two : 2 <= INR N.
Proof. exact (le_INR 2 N HN). Qed.

Section End.

Variables a1 reach : R.
Let q1 := Phi_inv (a1 / INR N).
Let z1 := compand g (a1 + 1/2).
Hypothesis a1_range : 0 < a1 < 1.
Hypothesis quantile_low : q1 <= -1.
Hypothesis quantile_rise : kappa <= sigma * (Phi_inv (1 / INR N) - q1).
Hypothesis mean_low : 2 * z1 <= g 1.
Hypothesis reach_tail : kappa - sigma * a1 * q1 <= reach.
Hypothesis reach_all : kappa - sigma * a1 * q1 + a1 * g (a1 + 1) <= reach.

Lemma fraction_le u v : u <= v -> u / INR N <= v / INR N.
Proof.
  intro H; pose proof levels_at_least_two.
  apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; lra | exact H].
Qed.

Lemma quantile_term_le u v : 0 < u -> u <= v -> v < INR N -> Phi_inv (u / INR N) <= Phi_inv (v / INR N).
Proof.
  intros Hu Huv Hv; apply Phi_inv_le_compat; [|now apply fraction_le|]; now apply level_fraction; try lra.
Qed.

Lemma window_rise x : 0 < x <= a1 -> kappa / x <= g (x + 1) - g x.
Proof.
  intro Hx; pose proof levels_at_least_two; unfold g, shipped.
  pose proof (quantile_term_le 1 (x + 1) ltac:(lra) ltac:(lra) ltac:(lra)) as Q1.
  pose proof (quantile_term_le x a1 ltac:(lra) ltac:(lra) ltac:(lra)) as Q2; fold q1 in Q2.
  assert (T1 : / (INR N - x) <= / (INR N - (x + 1))) by (apply Rinv_le_contravar; lra).
  assert (T2 : / (x + 1) <= / 1) by (apply Rinv_le_contravar; lra).
  rewrite Rinv_1 in T2; unfold Rdiv at 4 5 6 7 2; rewrite !Rmult_1_l.
  assert (sigma * (Phi_inv (1 / INR N) - q1)
          <= sigma * (Phi_inv ((x + 1) / INR N) - Phi_inv (x / INR N))).
  { apply Rmult_le_compat_l; lra. }
  unfold Rdiv in *; nra.
Qed.

Lemma window_reached x : 0 < x <= a1 ->
  (g (x + 1) - g x) * (2 * z1 - g (x + 1) - g x) <= (reach / x) ^ 2.
Proof.
  intro Hx; pose proof levels_at_least_two.
  pose proof (shipped_generator N sigma kappa HN Hsigma Hkappa) as Hg; fold g in Hg.
  assert (M1 : g 1 <= g (x + 1)) by (apply (g_le N g Hg); lra).
  assert (M2 : g (x + 1) <= g (a1 + 1)) by (apply (g_le N g Hg); lra).
  assert (M3 : g x <= g (x + 1)) by (apply (g_le N g Hg); lra).
  set (c := Rmax 0 (g (a1 + 1))).
  assert (C : 0 <= c /\ g (a1 + 1) <= c) by (split; [apply Rmax_l | apply Rmax_r]).
  assert (X : x * - g x <= kappa - sigma * a1 * q1).
  { unfold g, shipped.
    assert (P : x / INR N * - Phi_inv (x / INR N) <= a1 / INR N * - q1).
    { pose proof (level_fraction N x ltac:(lra)); pose proof (level_fraction N a1 ltac:(lra)).
      apply quantile_product_increasing; try lra; [apply fraction_le; lra | exact quantile_low]. }
    assert (P' : x * - Phi_inv (x / INR N) <= a1 * - q1).
    { apply Rmult_le_reg_r with (/ INR N); [apply Rinv_0_lt_compat; lra|]; unfold Rdiv in *; lra. }
    assert (0 < / (INR N - x)) by (apply Rinv_0_lt_compat; lra).
    replace (x * - (sigma * Phi_inv (x / INR N) + kappa * (1 / (INR N - x) - 1 / x)))
      with (sigma * (x * - Phi_inv (x / INR N)) + kappa - kappa * x * / (INR N - x)) by (field; lra).
    assert (0 <= kappa * x * / (INR N - x)) by (repeat apply Rmult_le_pos; lra).
    assert (sigma * (x * - Phi_inv (x / INR N)) <= sigma * (a1 * - q1)) by (apply Rmult_le_compat_l; lra).
    lra. }
  assert (G0 : g x <= 0).
  { rewrite <- (g_middle N g Hg); apply (g_le N g Hg); lra. }
  assert (R : c - g x <= reach / x).
  { apply Rmult_le_reg_l with x; [lra|]; replace (x * (reach / x)) with reach by (field; lra).
    assert (x * c <= a1 * c) by (apply Rmult_le_compat_r; lra).
    assert (kappa - sigma * a1 * q1 + a1 * c <= reach).
    { unfold c, Rmax; destruct (Rle_dec 0 (g (a1 + 1))); lra. }
    lra. }
  apply Rle_trans with ((c - g x) * (c - g x)).
  - apply Rle_trans with ((g (x + 1) - g x) * (c - g x)).
    + apply Rmult_le_compat_l; lra.
    + apply Rmult_le_compat_r; lra.
  - simpl; rewrite Rmult_1_r; apply Rmult_le_compat; lra.
Qed.

End End.

End Shipped.
