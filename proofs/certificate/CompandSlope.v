(** * The slope of c, for the shipped generator (SPEC §3)

    c'(t) = g(t + 1/2) - g(t - 1/2) rises from N/2 to the right, since g' falls up to N/2 and is even about it. So to the right of a
    place t0 >= N/2, and everywhere if t0 = N/2, c rises at least as steeply as there. *)
From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs NormalQuantile DitheredQuantizer ShippedGenerator CertificateConcave.
Open Scope R_scope.

Definition compand_slope (g : R -> R) (t : R) : R := g (t + 1/2) - g (t - 1/2).

Section Shipped.

Variables (N : nat) (sigma kappa : R).
Hypothesis HN : (2 <= N)%nat.
Hypothesis Hsigma : 0 < sigma.
Hypothesis Hkappa : 0 < kappa.
Let g := shipped N sigma kappa.
Let Hg : generator N g := shipped_generator N sigma kappa HN Hsigma Hkappa.

Lemma at_least_two_levels : 2 <= INR N.
Proof. exact (le_INR 2 N HN). Qed.

Lemma shipped_derivative_even v : 0 < v < INR N ->
  shipped_derivative N sigma kappa (INR N - v) = shipped_derivative N sigma kappa v.
Proof.
  intros Hv. pose proof at_least_two_levels. unfold shipped_derivative. f_equal.
  - do 3 f_equal. replace ((INR N - v) / INR N) with (1 - v / INR N) by (field; lra).
    rewrite Phi_inv_odd by (now apply level_fraction). f_equal. ring.
  - f_equal. replace (INR N - (INR N - v)) with v by ring. ring.
Qed.

Lemma compand_slope_derivative t : inside N t ->
  is_derive (compand_slope g) t (shipped_derivative N sigma kappa (t + 1/2) - shipped_derivative N sigma kappa (t - 1/2)).
Proof.
  unfold inside; intros Ht. unfold compand_slope.
  apply (is_derive_minus (V := R_NormedModule) (fun t => g (t + 1/2)) (fun t => g (t - 1/2))).
  - replace (shipped_derivative N sigma kappa (t + 1/2)) with (scal 1 (shipped_derivative N sigma kappa (t + 1/2)))
      by (unfold scal; simpl; unfold mult; simpl; ring).
    apply (is_derive_comp g (fun t => t + 1/2)); [apply is_derive_shipped; lra|auto_derive; [easy|ring]].
  - replace (shipped_derivative N sigma kappa (t - 1/2)) with (scal 1 (shipped_derivative N sigma kappa (t - 1/2)))
      by (unfold scal; simpl; unfold mult; simpl; ring).
    apply (is_derive_comp g (fun t => t - 1/2)); [apply is_derive_shipped; lra|auto_derive; [easy|ring]].
Qed.

Lemma compand_slope_rising t t' : INR N / 2 <= t -> t <= t' -> inside N t' -> compand_slope g t <= compand_slope g t'.
Proof.
  unfold inside; intros Ht Hle Ht'. pose proof at_least_two_levels.
  destruct (MVT_gen (compand_slope g) t t'
    (fun s => shipped_derivative N sigma kappa (s + 1/2) - shipped_derivative N sigma kappa (s - 1/2))) as (s & Hs & E).
  - intros s Hs. rewrite Rmin_left, Rmax_right in Hs by lra. apply compand_slope_derivative. unfold inside. lra.
  - intros s Hs. rewrite Rmin_left, Rmax_right in Hs by lra. apply continuity_pt_filterlim.
    apply (ex_derive_continuous (compand_slope g) s). eexists. apply compand_slope_derivative. unfold inside. lra.
  - rewrite Rmin_left, Rmax_right in Hs by lra.
    assert (F : shipped_derivative N sigma kappa (s - 1/2) <= shipped_derivative N sigma kappa (s + 1/2)).
    { rewrite <- (shipped_derivative_even (s + 1/2)) by lra.
      destruct (Rle_dec (s - 1/2) (INR N / 2)) as [Left | Right].
      - apply shipped_derivative_falling; (easy || lra).
      - rewrite <- (shipped_derivative_even (s - 1/2)) by lra. apply shipped_derivative_falling; (easy || lra). }
    assert (0 <= (shipped_derivative N sigma kappa (s + 1/2) - shipped_derivative N sigma kappa (s - 1/2)) * (t' - t))
      by (apply Rmult_le_pos; lra).
    lra.
Qed.

Lemma compand_slope_positive t : inside N t -> 0 < compand_slope g t.
Proof.
  unfold inside, compand_slope; intros Ht.
  pose proof (shipped_increasing N sigma kappa (t - 1/2) (t + 1/2) Hsigma Hkappa ltac:(lra) ltac:(lra) ltac:(lra)) as K.
  unfold g; lra.
Qed.

Lemma compand_rise t0 t t' : INR N / 2 <= t0 -> t0 <= t -> t <= t' -> inside N t' ->
  compand_slope g t0 * (t' - t) <= compand g t' - compand g t.
Proof.
  unfold inside; intros H0 Ht Hle Ht'. pose proof at_least_two_levels.
  destruct (MVT_gen (compand g) t t' (compand_slope g)) as (s & Hs & E).
  - intros s Hs. rewrite Rmin_left, Rmax_right in Hs by lra. apply (compand_derivative N g Hg). unfold inside. lra.
  - intros s Hs. rewrite Rmin_left, Rmax_right in Hs by lra. apply continuity_pt_filterlim.
    apply (ex_derive_continuous (compand g) s). eexists. apply (compand_derivative N g Hg). unfold inside. lra.
  - rewrite Rmin_left, Rmax_right in Hs by lra. rewrite E. apply Rmult_le_compat_r; [lra|].
    apply compand_slope_rising; unfold inside; lra.
Qed.

Lemma compand_rise_anywhere t t' : inside N t -> inside N t' -> t <= t' ->
  compand_slope g (INR N / 2) * (t' - t) <= compand g t' - compand g t.
Proof.
  intros Ht Ht' Hle. pose proof at_least_two_levels.
  pose proof (compand_odd N g Hg t Ht) as M. pose proof (compand_odd N g Hg t' Ht') as M'. unfold inside in *.
  destruct (Rle_dec (INR N / 2) t) as [R | L]; [apply compand_rise; unfold inside; lra|].
  destruct (Rle_dec (INR N / 2) t') as [R' | L'].
  - pose proof (compand_rise (INR N / 2) (INR N / 2) t' ltac:(lra) ltac:(lra) ltac:(lra) ltac:(unfold inside; lra)) as K'.
    pose proof (compand_rise (INR N / 2) (INR N / 2) (INR N - t) ltac:(lra) ltac:(lra) ltac:(lra) ltac:(unfold inside; lra)) as K.
    assert (Z : compand g (INR N / 2) = 0).
    { pose proof (compand_odd N g Hg (INR N / 2) ltac:(unfold inside; lra)) as O.
      replace (INR N - INR N / 2) with (INR N / 2) in O by field. lra. }
    rewrite Z, M in *. lra.
  - pose proof (compand_rise (INR N / 2) (INR N - t') (INR N - t) ltac:(lra) ltac:(lra) ltac:(lra) ltac:(unfold inside; lra)) as K.
    rewrite M, M' in K. lra.
Qed.

End Shipped.
