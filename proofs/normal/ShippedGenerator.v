(** * The shipped generator (SPEC §3)

    [shipped N sigma kappa] is a [generator] in the sense of Defs.v for all N >= 2,
    sigma > 0, kappa > 0. It has a closed antiderivative, so that thresholds and the
    compander c(t) are differences of that antiderivative; the pieces of its square that
    have closed antiderivatives (for M(z)) are listed at the end. *)
From Coq Require Import Reals Lra Arith Lia.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Gaussian NormalQuantile.
Open Scope R_scope.

(** G(v) = - sigma N phi(Phi_inv(v/N)) - kappa ln(v (N - v)). *)
Definition shipped_antiderivative (N : nat) (sigma kappa v : R) : R :=
  - sigma * INR N * phi (Phi_inv (v / INR N)) - kappa * ln (v * (INR N - v)).

Definition shipped_derivative (N : nat) (sigma kappa v : R) : R :=
  sigma / INR N * (sqrt (2 * PI) * exp (Phi_inv (v / INR N) ^ 2 / 2))
  + kappa * (1 / (INR N - v) ^ 2 + 1 / v ^ 2).

Lemma level_fraction N v : 0 < v < INR N -> 0 < v / INR N < 1.
Proof.
  intros hv. split; [apply Rdiv_lt_0_compat; lra|].
  apply Rmult_lt_reg_r with (INR N); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra.
Qed.

Lemma is_derive_quantile_term N v :
  0 < v < INR N ->
  is_derive (fun v => Phi_inv (v / INR N)) v (/ phi (Phi_inv (v / INR N)) / INR N).
Proof.
  intro hv. generalize (level_fraction N v hv). intro hp. auto_derive.
  - apply ex_derive_Phi_inv, hp.
  - change (v * / INR N) with (v / INR N).
    rewrite Derive_Phi_inv by exact hp. unfold Rdiv. ring.
Qed.

Lemma is_derive_tail_term n v :
  0 < v < n -> is_derive (fun v => 1 / (n - v) - 1 / v) v (1 / (n - v) ^ 2 + 1 / v ^ 2).
Proof.
  intro hv. auto_derive.
  - repeat split; lra.
  - field. lra.
Qed.

Theorem is_derive_shipped N sigma kappa v :
  0 < v < INR N -> is_derive (shipped N sigma kappa) v (shipped_derivative N sigma kappa v).
Proof.
  intro hv. unfold shipped, shipped_derivative.
  evar_last.
  - apply (is_derive_plus (fun v => sigma * Phi_inv (v / INR N))
      (fun v => kappa * (1 / (INR N - v) - 1 / v))).
    + apply (is_derive_scal (fun v => Phi_inv (v / INR N))), is_derive_quantile_term, hv.
    + apply (is_derive_scal (fun v => 1 / (INR N - v) - 1 / v)), is_derive_tail_term, hv.
  - rewrite <- inv_phi. unfold plus, scal; simpl; unfold mult; simpl. field.
    generalize (phi_pos (Phi_inv (v / INR N))). lra.
Qed.

Lemma continuous_shipped N sigma kappa v : 0 < v < INR N -> continuous (shipped N sigma kappa) v.
Proof.
  intro hv. apply (ex_derive_continuous (shipped N sigma kappa)).
  eexists. apply is_derive_shipped, hv.
Qed.

Theorem is_derive_shipped_antiderivative N sigma kappa v :
  0 < v < INR N ->
  is_derive (shipped_antiderivative N sigma kappa) v (shipped N sigma kappa v).
Proof.
  intro hv. generalize (level_fraction N v hv). intro hp. unfold shipped, shipped_antiderivative.
  assert (is_derive (fun v => ln (v * (INR N - v))) v (1 / v - 1 / (INR N - v))) as dl.
  { auto_derive; [apply Rmult_lt_0_compat; lra | field; lra]. }
  assert (is_derive (fun v => phi (Phi_inv (v / INR N))) v (- Phi_inv (v / INR N) / INR N)) as dq.
  { evar_last.
    - apply (is_derive_comp (fun p => phi (Phi_inv p)) (fun v => v / INR N)).
      + apply is_derive_phi_Phi_inv, hp.
      + auto_derive; [exact I | reflexivity].
    - unfold scal; simpl; unfold mult; simpl. field. lra. }
  evar_last.
  - apply (is_derive_minus (fun v => - sigma * INR N * phi (Phi_inv (v / INR N)))
      (fun v => kappa * ln (v * (INR N - v)))).
    + apply (is_derive_scal (fun v => phi (Phi_inv (v / INR N)))), dq.
    + apply (is_derive_scal (fun v => ln (v * (INR N - v)))), dl.
  - unfold minus, plus, opp, scal; simpl; unfold mult; simpl. field. lra.
Qed.

Lemma is_RInt_shipped N sigma kappa a b :
  0 < a < INR N -> 0 < b < INR N ->
  is_RInt (shipped N sigma kappa) a b
    (shipped_antiderivative N sigma kappa b - shipped_antiderivative N sigma kappa a).
Proof.
  intros ha hb.
  assert (forall x, Rmin a b <= x <= Rmax a b -> 0 < x < INR N) as hx.
  { intros x hx. generalize (Rmin_glb_lt a b 0) (Rmax_lub_lt a b (INR N)). lra. }
  apply (is_RInt_derive (shipped_antiderivative N sigma kappa)).
  - intros x k. apply is_derive_shipped_antiderivative, hx, k.
  - intros x k. apply continuous_shipped, hx, k.
Qed.

Theorem RInt_shipped N sigma kappa a b :
  0 < a < INR N -> 0 < b < INR N ->
  RInt (shipped N sigma kappa) a b
    = shipped_antiderivative N sigma kappa b - shipped_antiderivative N sigma kappa a.
Proof. intros ha hb. apply is_RInt_unique, is_RInt_shipped; assumption. Qed.

(** Every threshold is a difference of the closed antiderivative. *)
Theorem threshold_shipped N sigma kappa k U :
  (1 <= k <= N - 1)%nat -> 0 < U < 1 ->
  threshold (shipped N sigma kappa) k U
    = shipped_antiderivative N sigma kappa (INR k + U)
      - shipped_antiderivative N sigma kappa (INR k - 1 + U).
Proof.
  intros hk hU.
  assert (1 <= INR k) by (apply (le_INR 1); lia).
  assert (INR k + 1 <= INR N) by (rewrite <- S_INR; apply le_INR; lia).
  apply RInt_shipped; lra.
Qed.

Theorem compand_shipped N sigma kappa t :
  1 / 2 < t < INR N - 1 / 2 ->
  compand (shipped N sigma kappa) t
    = shipped_antiderivative N sigma kappa (t + 1 / 2)
      - shipped_antiderivative N sigma kappa (t - 1 / 2).
Proof. intro ht. apply RInt_shipped; lra. Qed.

(** ** It is a generator *)

Theorem shipped_increasing N sigma kappa u v :
  0 < sigma -> 0 < kappa -> 0 < u -> u < v -> v < INR N ->
  shipped N sigma kappa u < shipped N sigma kappa v.
Proof.
  intros hs hk hu uv hv. unfold shipped.
  assert (Phi_inv (u / INR N) < Phi_inv (v / INR N)) as q.
  { apply Phi_inv_increasing; try apply level_fraction; try lra.
    apply Rmult_lt_compat_r; [apply Rinv_0_lt_compat; lra | exact uv]. }
  assert (1 / (INR N - u) < 1 / (INR N - v)) as t1.
  { apply Rmult_lt_compat_l; [lra|]. apply Rinv_lt_contravar; [apply Rmult_lt_0_compat|]; lra. }
  assert (1 / v < 1 / u) as t2.
  { apply Rmult_lt_compat_l; [lra|]. apply Rinv_lt_contravar; [apply Rmult_lt_0_compat|]; lra. }
  apply Rplus_lt_compat; apply Rmult_lt_compat_l; lra.
Qed.

Theorem shipped_odd N sigma kappa v :
  0 < v < INR N -> shipped N sigma kappa (INR N - v) = - shipped N sigma kappa v.
Proof.
  intro hv. unfold shipped.
  replace ((INR N - v) / INR N) with (1 - v / INR N) by (field; lra).
  rewrite Phi_inv_odd by (apply level_fraction, hv).
  replace (INR N - (INR N - v)) with v by ring. ring.
Qed.

(** The pole of the tail makes the integral diverge at 0. *)
Theorem shipped_diverges N sigma kappa A :
  (2 <= N)%nat -> 0 < sigma -> 0 < kappa ->
  exists a, 0 < a < 1 /\ RInt (shipped N sigma kappa) a 1 < A.
Proof.
  intros hN hs hk. apply (le_INR 2) in hN. simpl in hN.
  set (n := INR N) in *. set (G1 := shipped_antiderivative N sigma kappa 1).
  set (b := (sigma * n + G1 - A + 1) / kappa).
  exists (/ 2 * Rmin 1 (exp (- b) / n)).
  generalize (exp_pos (- b)) (Rmin_l 1 (exp (- b) / n)) (Rmin_r 1 (exp (- b) / n)). intros ep m1 m2.
  assert (0 < exp (- b) / n) as q by (apply Rdiv_lt_0_compat; lra).
  assert (0 < Rmin 1 (exp (- b) / n)) as m0 by (apply Rmin_glb_lt; lra).
  set (a := / 2 * Rmin 1 (exp (- b) / n)) in *.
  assert (0 < a < 1) as ha by (unfold a; lra). split; [exact ha|].
  rewrite RInt_shipped by (fold n; lra). fold G1. unfold shipped_antiderivative. fold n.
  assert (ln (a * (n - a)) <= - b) as l.
  { rewrite <- (ln_exp (- b)). left. apply ln_increasing; [apply Rmult_lt_0_compat; lra|].
    apply Rlt_le_trans with (exp (- b) / n * n); [|right; field; lra].
    apply Rlt_trans with (a * n); [apply Rmult_lt_compat_l; lra|].
    apply Rmult_lt_compat_r; unfold a; lra. }
  apply Rmult_le_compat_l with (r := kappa) in l; [|lra].
  replace (kappa * - b) with (- (sigma * n + G1 - A + 1)) in l by (unfold b; field; lra).
  generalize (phi_le_1 (Phi_inv (a / n))). intro p.
  apply Rmult_le_compat_l with (r := sigma * n) in p; [|apply Rmult_le_pos; lra]. lra.
Qed.

Theorem shipped_generator N sigma kappa :
  (2 <= N)%nat -> 0 < sigma -> 0 < kappa -> generator N (shipped N sigma kappa).
Proof.
  intros hN hs hk. constructor.
  - exact hN.
  - intros v hv. apply continuous_shipped, hv.
  - intros u v. apply shipped_increasing; assumption.
  - intros v. apply shipped_odd.
  - intro A. now apply shipped_diverges.
Qed.

(** ** The square of the generator

    M(z) needs int g^2 = sigma^2 int Phi_inv^2 + 2 sigma kappa int (cross term)
    + kappa^2 int (tail^2): the first and the last have closed antiderivatives. *)

Theorem is_derive_quantile_sqr_antiderivative N v :
  0 < v < INR N ->
  is_derive (fun v => v - INR N * (Phi_inv (v / INR N) * phi (Phi_inv (v / INR N)))) v
    (Phi_inv (v / INR N) ^ 2).
Proof.
  intro hv. generalize (level_fraction N v hv). intro hp.
  apply (is_derive_ext
    (fun v => INR N * (v / INR N - Phi_inv (v / INR N) * phi (Phi_inv (v / INR N))))).
  { intro t. simpl. field. lra. }
  evar_last.
  - apply (is_derive_scal (fun v => v / INR N - Phi_inv (v / INR N) * phi (Phi_inv (v / INR N)))).
    apply (is_derive_comp (fun q => q - Phi_inv q * phi (Phi_inv q)) (fun v => v / INR N)).
    + apply is_derive_Phi_inv_sqr_antiderivative, hp.
    + auto_derive; [exact I | reflexivity].
  - unfold scal; simpl; unfold mult; simpl. field. lra.
Qed.

Theorem is_derive_tail_sqr_antiderivative n v :
  0 < v < n ->
  is_derive (fun v => 1 / (n - v) - 1 / v - 2 / n * ln (v / (n - v))) v
    ((1 / (n - v) - 1 / v) ^ 2).
Proof.
  intro hv. auto_derive.
  - repeat split; try lra. apply Rdiv_lt_0_compat; lra.
  - field. lra.
Qed.
