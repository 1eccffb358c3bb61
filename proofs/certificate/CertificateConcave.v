(** * M falls up to the middle (SPEC §3, §5.5)

    The shipped g is concave on (0, N/2] and odd about N/2. So the trapezoid rule on a window whose middle is at most N/2 is at
    most the integral, g(x) + g(x + 1) <= 2 c(x + 1/2); and since M'(x) = (g(x + 1) - g(x)) (g(x) + g(x + 1) - 2 c(x + 1/2)), the
    variance on a window is at most that on any further left. *)
From Coq Require Import Reals Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Gaussian NormalQuantile DitheredQuantizer ShippedGenerator CertificateWindow.
Open Scope R_scope.

(** ** Any generator *)

Section Falling.

Variable N : nat.
Variable g : R -> R.
Hypothesis Hg : generator N g.

Theorem window_mse_falling a0 a :
  0 < a0 -> a0 <= a -> a + 1 < INR N ->
  (forall x, a0 <= x <= a -> g x + g (x + 1) <= 2 * compand g (x + 1/2)) ->
  window_mse g (a + 1/2) <= window_mse g (a0 + 1/2).
Proof.
  intros H0 Ha HN Htrap.
  set (z0 := compand g (a0 + 1/2)); set (z := compand g (a + 1/2)).
  pose proof (window_mse_difference N g Hg a0 a H0 Ha HN) as D; fold z0 z in D.
  pose proof (compand_difference N g Hg a0 a H0 Ha HN) as C; fold z0 z in C.
  (* the integral of the derivative of c(x + 1/2)^2 *)
  assert (S : is_RInt (fun x => 2 * compand g (x + 1/2) * (g (x + 1) - g x)) a0 a (minus (z ^ 2) (z0 ^ 2))).
  { assert (Hr : forall x, Rmin a0 a <= x <= Rmax a0 a -> 0 < x /\ x + 1 < INR N).
    { intros x Hx; rewrite Rmin_left, Rmax_right in Hx by lra; lra. }
    assert (Hd : forall x, 0 < x -> x + 1 < INR N ->
              is_derive (fun x => compand g (x + 1/2)) x (g (x + 1) - g x)).
    { intros x Hx Hx1.
      pose proof (compand_derivative N g Hg (x + 1/2) ltac:(unfold inside; lra)) as K.
      replace (x + 1/2 + 1/2) with (x + 1) in K by field; replace (x + 1/2 - 1/2) with x in K by field.
      replace (g (x + 1) - g x) with (1 * (g (x + 1) - g x)) by ring.
      apply (is_derive_comp (compand g) (fun x => x + 1/2)); [exact K|].
      auto_derive; [trivial | ring]. }
    assert (Hcont : forall x, 0 < x -> x + 1 < INR N -> continuous (fun x => compand g (x + 1/2)) x).
    { intros x Hx Hx1; apply (ex_derive_continuous (fun x => compand g (x + 1/2))); eexists; now apply Hd. }
    apply (is_RInt_derive (V := R_CompleteNormedModule) (fun x => compand g (x + 1/2) ^ 2)).
    - intros x Hx; destruct (Hr x Hx) as [P Q]; pose proof (Hd x P Q) as K.
      replace (2 * compand g (x + 1/2) * (g (x + 1) - g x))
        with (INR 2 * (g (x + 1) - g x) * compand g (x + 1/2) ^ Nat.pred 2) by (simpl; ring).
      exact (is_derive_pow (fun x => compand g (x + 1/2)) 2 x _ K).
    - intros x Hx; destruct (Hr x Hx) as [P Q].
      apply (continuous_mult (fun x => 2 * compand g (x + 1/2)) (fun x => g (x + 1) - g x)).
      + apply (continuous_scal_r 2 (fun x => compand g (x + 1/2))), Hcont; assumption.
      + apply (continuous_minus (V := R_NormedModule) (fun x => g (x + 1)) g).
        * apply (continuous_comp (fun x => x + 1) g).
          -- apply (ex_derive_continuous (fun x : R => x + 1)); auto_derive; trivial.
          -- apply (gen_continuous N g Hg); lra.
        * apply (gen_continuous N g Hg); lra. }
  assert (E : is_RInt (fun x => (g (x + 1) - g x) * (g x + g (x + 1) - 2 * compand g (x + 1/2))) a0 a
                (window_mse g (a + 1/2) - window_mse g (a0 + 1/2))).
  { pose proof (is_RInt_scal (V := R_NormedModule) _ _ _ (z0 + z) _ C) as C'.
    pose proof (is_RInt_minus (V := R_NormedModule) _ _ _ _ _ _
                  (is_RInt_plus (V := R_NormedModule) _ _ _ _ _ _ D C') S) as T.
    replace (window_mse g (a + 1/2) - window_mse g (a0 + 1/2))
      with (minus (plus (window_mse g (a + 1/2) - window_mse g (a0 + 1/2)) (scal (z0 + z) (z - z0)))
                  (minus (z ^ 2) (z0 ^ 2)))
      by (unfold minus, plus, opp, scal; simpl; unfold mult; simpl; ring).
    apply (is_RInt_ext (V := R_NormedModule)) with (2 := T); intros x _.
    unfold minus, plus, opp, scal; simpl; unfold mult; simpl; ring. }
  enough (window_mse g (a + 1/2) - window_mse g (a0 + 1/2) <= 0) by lra.
  rewrite <- (is_RInt_unique _ _ _ _ E).
  replace 0 with (RInt (fun _ : R => 0) a0 a).
  - apply RInt_le; [exact Ha | eexists; exact E | apply ex_RInt_const |].
    intros x Hx; specialize (Htrap x ltac:(lra)).
    pose proof (g_le N g Hg x (x + 1) ltac:(lra) ltac:(lra) ltac:(lra)); nra.
  - rewrite RInt_const; unfold scal; simpl; unfold mult; simpl; ring.
Qed.

End Falling.

(** ** The shipped generator *)

Section Shipped.

Variables (N : nat) (sigma kappa : R).
Hypothesis HN : (2 <= N)%nat.
Hypothesis Hsigma : 0 < sigma.
Hypothesis Hkappa : 0 < kappa.
Let g := shipped N sigma kappa.

Lemma tail_derivative_falling n u v : 0 < u -> u <= v -> v <= n / 2 ->
  1 / (n - v) ^ 2 + 1 / v ^ 2 <= 1 / (n - u) ^ 2 + 1 / u ^ 2.
Proof.
  intros Hu Huv Hv.
  assert (I : forall x y, 0 < x -> x <= y -> / y <= / x) by (intros; apply Rinv_le_contravar; assumption).
  assert (Pu : 0 < / u) by (apply Rinv_0_lt_compat; lra); assert (Pv : 0 < / v) by (apply Rinv_0_lt_compat; lra).
  assert (Pu' : 0 < / (n - u)) by (apply Rinv_0_lt_compat; lra).
  assert (Pv' : 0 < / (n - v)) by (apply Rinv_0_lt_compat; lra).
  pose proof (I u v Hu Huv) as K1; pose proof (I v (n - v) ltac:(lra) ltac:(lra)) as K2.
  pose proof (I (n - v) (n - u) ltac:(lra) ltac:(lra)) as K3.
  assert (D : / u - / v = (v - u) * (/ u * / v)) by (field; lra).
  assert (D' : / (n - v) - / (n - u) = (v - u) * (/ (n - u) * / (n - v))) by (field; lra).
  assert (L : (v - u) * (/ (n - u) * / (n - v)) <= (v - u) * (/ u * / v)).
  { apply Rmult_le_compat_l; [lra|]; apply Rmult_le_compat; lra. }
  replace (1 / (n - v) ^ 2) with (/ (n - v) * / (n - v)) by (field; lra).
  replace (1 / (n - u) ^ 2) with (/ (n - u) * / (n - u)) by (field; lra).
  replace (1 / v ^ 2) with (/ v * / v) by (field; lra); replace (1 / u ^ 2) with (/ u * / u) by (field; lra).
  set (A := / u) in *; set (B := / v) in *; set (A' := / (n - v)) in *; set (B' := / (n - u)) in *.
  assert ((A' - B') * (A' + B') <= (A - B) * (A + B)).
  { apply Rmult_le_compat; lra. }
  lra.
Qed.

Lemma shipped_derivative_falling u v : 0 < u -> u <= v -> v <= INR N / 2 ->
  shipped_derivative N sigma kappa v <= shipped_derivative N sigma kappa u.
Proof.
  intros Hu Huv Hv; pose proof (le_INR 2 N HN) as N2; simpl in N2; unfold shipped_derivative.
  apply Rplus_le_compat.
  - apply Rmult_le_compat_l; [left; apply Rdiv_lt_0_compat; lra|].
    apply Rmult_le_compat_l; [left; apply sqrt_2PI_pos|].
    assert (F : forall w, 0 < w -> w <= INR N / 2 -> 0 < w / INR N <= 1 / 2).
    { intros w Hw Hw2; split; [apply Rdiv_lt_0_compat; lra|].
      apply Rmult_le_reg_r with (INR N); [lra|]; unfold Rdiv at 1; rewrite Rmult_assoc, Rinv_l; lra. }
    pose proof (F u Hu ltac:(lra)) as Fu; pose proof (F v ltac:(lra) Hv) as Fv.
    pose proof (Phi_inv_nonpos _ Fv) as Q.
    assert (U : Phi_inv (u / INR N) <= Phi_inv (v / INR N)).
    { apply Phi_inv_le_compat; try lra. apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; lra | lra]. }
    set (p := Phi_inv (u / INR N)) in *; set (q := Phi_inv (v / INR N)) in *.
    destruct (Req_dec p q) as [-> | Ne]; [lra|].
    left; apply exp_increasing; nra.
  - apply Rmult_le_compat_l; [lra | now apply tail_derivative_falling].
Qed.

(** Above its chords. *)
Lemma shipped_chord u w s : 0 < u -> u < w -> w <= INR N / 2 -> 0 < s < 1 ->
  (1 - s) * g u + s * g w <= g (u + s * (w - u)).
Proof.
  intros Hu Huw Hw Hs; pose proof (le_INR 2 N HN) as N2; simpl in N2.
  assert (M : forall u v, 0 < u -> u < v -> v < INR N ->
            exists c, u <= c <= v /\ g v - g u = shipped_derivative N sigma kappa c * (v - u)).
  { clear u w Hu Huw Hw; intros u v Hu Huv Hv.
    destruct (MVT_gen g u v (shipped_derivative N sigma kappa)) as (c & Hc & E).
    - intros w Hw; rewrite Rmin_left, Rmax_right in Hw by lra; apply is_derive_shipped; lra.
    - intros w Hw; rewrite Rmin_left, Rmax_right in Hw by lra; apply continuity_pt_filterlim.
      apply (continuous_shipped N sigma kappa w); lra.
    - rewrite Rmin_left, Rmax_right in Hc by lra; exists c; split; [exact Hc | exact E]. }
  set (l := w - u); assert (Hl : 0 < l) by (unfold l; lra).
  assert (Hsl : 0 < s * l < l) by (split; nra).
  destruct (M u (u + s * l)) as (c & Hc & E); try (unfold l in *; lra).
  destruct (M (u + s * l) w) as (c' & Hc' & E'); try (unfold l in *; lra).
  pose proof (shipped_derivative_falling c c' ltac:(lra) ltac:(lra) ltac:(lra)) as F.
  set (D := shipped_derivative N sigma kappa c) in *; set (D' := shipped_derivative N sigma kappa c') in *.
  replace (w - (u + s * l)) with ((1 - s) * l) in E' by (unfold l; ring).
  replace (u + s * l - u) with (s * l) in E by ring.
  assert (K : (s * (1 - s) * l) * D' <= (s * (1 - s) * l) * D).
  { apply Rmult_le_compat_l; [|exact F]. apply Rmult_le_pos; [apply Rmult_le_pos|]; lra. }
  fold l; nra.
Qed.

Lemma shipped_chord_integral u w : 0 < u -> u <= w -> w <= INR N / 2 ->
  (w - u) * (g u + g w) / 2 <= RInt g u w.
Proof.
  intros Hu [Huw | <-] Hw; pose proof (le_INR 2 N HN) as N2; simpl in N2.
  2:{ rewrite RInt_point; unfold zero; simpl; lra. }
  pose proof (shipped_generator N sigma kappa HN Hsigma Hkappa) as Hg; fold g in Hg.
  set (slope := (g w - g u) / (w - u)).
  assert (I : is_RInt (fun v => g u + (v - u) * slope) u w ((w - u) * (g u + g w) / 2)).
  { replace ((w - u) * (g u + g w) / 2)
      with (minus (g u * w + (w - u) ^ 2 / 2 * slope) (g u * u + (u - u) ^ 2 / 2 * slope))
      by (unfold minus, plus, opp, slope; simpl; field; lra).
    apply (is_RInt_derive (V := R_CompleteNormedModule) (fun v => g u * v + (v - u) ^ 2 / 2 * slope)).
    - intros v _; auto_derive; [trivial | field].
    - intros v _; apply (ex_derive_continuous (fun v : R => g u + (v - u) * slope)); auto_derive; trivial. }
  rewrite <- (is_RInt_unique _ _ _ _ I).
  apply RInt_le; [lra | eexists; exact I | apply (ex_RInt_g N g Hg); lra |].
  intros v Hv; set (s := (v - u) / (w - u)).
  assert (Hs : 0 < s < 1).
  { unfold s; split; [apply Rdiv_lt_0_compat; lra|]; apply Rmult_lt_reg_r with (w - u); [lra|].
    unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra. }
  pose proof (shipped_chord u w s Hu Huw Hw Hs) as K.
  replace (u + s * (w - u)) with v in K by (unfold s; field; lra).
  replace (g u + (v - u) * slope) with ((1 - s) * g u + s * g w); [exact K|].
  unfold s, slope; field; lra.
Qed.

(** The trapezoid rule for the window at x: in the left half by concavity; where it reaches beyond, its part beyond the mirror
    image x' of its right end integrates to 0, and g falls from 0 at N/2 at least in proportion to the distance. *)
Lemma shipped_trapezoid x : 0 < x -> x + 1/2 <= INR N / 2 -> g x + g (x + 1) <= 2 * compand g (x + 1/2).
Proof.
  intros Hx Hx1; pose proof (le_INR 2 N HN) as N2; simpl in N2.
  pose proof (shipped_generator N sigma kappa HN Hsigma Hkappa) as Hg; fold g in Hg.
  unfold compand; replace (x + 1/2 - 1/2) with x by ring; replace (x + 1/2 + 1/2) with (x + 1) by field.
  destruct (Rle_dec (x + 1) (INR N / 2)) as [In | Out].
  - pose proof (shipped_chord_integral x (x + 1) Hx ltac:(lra) In) as K; lra.
  - set (x' := INR N - (x + 1)).
    assert (Mirror : g (x + 1) = - g x').
    { replace (x + 1) with (INR N - x') by (unfold x'; ring); apply (gen_odd N g Hg); unfold x'; lra. }
    assert (Int : RInt g x (x + 1) = RInt g x x').
    { rewrite !(RInt_shipped N sigma kappa) by (unfold x'; lra).
      replace (shipped_antiderivative N sigma kappa (x + 1)) with (shipped_antiderivative N sigma kappa x'); [reflexivity|].
      unfold shipped_antiderivative, x'; f_equal.
      - f_equal. replace ((INR N - (x + 1)) / INR N) with (1 - (x + 1) / INR N) by (field; lra).
        rewrite Phi_inv_odd by (apply level_fraction; lra); unfold phi; do 2 f_equal; field.
      - do 2 f_equal; ring. }
    assert (Centre : g (INR N / 2) = 0).
    { pose proof (gen_odd N g Hg (INR N / 2) ltac:(lra)) as O; replace (INR N - INR N / 2) with (INR N / 2) in O by field; lra. }
    rewrite Int, Mirror; pose proof (shipped_chord_integral x x' Hx ltac:(unfold x'; lra) ltac:(unfold x'; lra)) as K.
    set (r := INR N / 2 - x); set (r' := INR N / 2 - x').
    assert (P : r' * g x <= r * g x').
    { destruct (Req_dec x x') as [E | Ne]; [unfold r, r'; rewrite <- E; lra|].
      pose proof (shipped_chord x (INR N / 2) ((x' - x) / r) Hx ltac:(lra) ltac:(lra)) as C.
      assert (Hr : 0 < r) by (unfold r; lra).
      assert (Q : 0 < (x' - x) / r < 1).
      { split; [apply Rdiv_lt_0_compat; unfold x', r in *; lra|]; apply Rmult_lt_reg_r with r; [lra|].
        unfold Rdiv; rewrite Rmult_assoc, Rinv_l; unfold x', r in *; lra. }
      specialize (C Q); rewrite Centre, Rmult_0_r, Rplus_0_r in C; fold r in C.
      replace (x + (x' - x) / r * r) with x' in C by (field; lra).
      apply (Rmult_le_compat_l r) in C; [|lra].
      replace (r * ((1 - (x' - x) / r) * g x)) with ((r - (x' - x)) * g x) in C by (field; lra).
      replace (r - (x' - x)) with r' in C by (unfold r, r'; ring); exact C. }
    unfold r, r', x' in *; nra.
Qed.

(** All windows from the first one to the middle. *)
Theorem window_mse_left_half a0 a : 0 < a0 -> a0 <= a -> a + 1/2 <= INR N / 2 ->
  window_mse g (a + 1/2) <= window_mse g (a0 + 1/2).
Proof.
  intros H0 Ha Ha1; pose proof (le_INR 2 N HN) as N2; simpl in N2.
  apply (window_mse_falling N g (shipped_generator N sigma kappa HN Hsigma Hkappa)); try lra.
  intros x Hx; apply shipped_trapezoid; lra.
Qed.

End Shipped.
