(** * How the window variance moves with the window (SPEC §3, §5.5)

    M at z = compand t is the variance of g on a unit window. Here: a quadrature bound
    for its second moment that uses only the monotonicity of g, the difference of M between
    two windows, and a bound for all windows that begin left of a point close to 0, where M
    and z are unbounded. *)
From Coq Require Import Reals Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs DitheredQuantizer.
Open Scope R_scope.

Section Window.

Variable N : nat.
Variable g : R -> R.
Hypothesis Hg : generator N g.

Lemma ex_RInt_g_square u v : 0 < u < INR N -> 0 < v < INR N -> ex_RInt (fun x => g x ^ 2) u v.
Proof.
  intros Hu Hv; apply (ex_RInt_comp_g N g Hg (fun y => y ^ 2)); try assumption.
  intro x; apply (ex_derive_continuous (fun y : R => y ^ 2)); auto_derive; trivial.
Qed.

(** (g - g u) (g v - g) >= 0 on [u, v], integrated. *)
Lemma second_moment_le u v : 0 < u -> u <= v -> v < INR N ->
  RInt (fun x => g x ^ 2) u v <= RInt g u v * (g u + g v) - (v - u) * (g u * g v).
Proof.
  intros Hu Huv Hv.
  assert (E : ex_RInt g u v) by (apply (ex_RInt_g N g Hg); lra).
  assert (P : is_RInt (fun x => minus (scal (g u + g v) (g x)) (g u * g v)) u v
                (minus (scal (g u + g v) (RInt g u v)) (scal (v - u) (g u * g v)))).
  { apply (is_RInt_minus (V := R_NormedModule)).
    - apply (is_RInt_scal (V := R_NormedModule)), (RInt_correct g), E.
    - apply (is_RInt_const (V := R_NormedModule)). }
  replace (RInt g u v * (g u + g v) - (v - u) * (g u * g v))
    with (minus (scal (g u + g v) (RInt g u v)) (scal (v - u) (g u * g v)))
    by (unfold minus, plus, opp, scal; simpl; unfold mult; simpl; ring).
  rewrite <- (is_RInt_unique _ _ _ _ P).
  apply RInt_le; [exact Huv | apply ex_RInt_g_square; lra | eexists; exact P |].
  intros x Hx; unfold minus, plus, opp, scal; simpl; unfold mult; simpl.
  pose proof (g_le N g Hg u x); pose proof (g_le N g Hg x v); nra.
Qed.

(** ** Moving the window *)

Lemma window_split_difference (f : R -> R) a a' :
  0 < a -> a <= a' -> a' + 1 < INR N ->
  (forall u v, 0 < u < INR N -> 0 < v < INR N -> ex_RInt f u v) ->
  is_RInt (fun x => f (x + 1) - f x) a a' (RInt f a' (a' + 1) - RInt f a (a + 1)).
Proof.
  intros Ha Haa Ha' E.
  replace (RInt f a' (a' + 1) - RInt f a (a + 1))
    with (RInt f (a + 1) (a' + 1) - RInt f a a').
  - apply (is_RInt_minus (V := R_NormedModule)).
    + apply is_RInt_shift, (RInt_correct f), E; lra.
    + apply (RInt_correct f), E; lra.
  - assert (E1 : ex_RInt f a (a + 1)) by (apply E; lra).
    assert (E2 : ex_RInt f (a + 1) (a' + 1)) by (apply E; lra).
    assert (E3 : ex_RInt f a a') by (apply E; lra).
    assert (E4 : ex_RInt f a' (a' + 1)) by (apply E; lra).
    pose proof (RInt_Chasles f a (a + 1) (a' + 1) E1 E2) as C1.
    pose proof (RInt_Chasles f a a' (a' + 1) E3 E4) as C2.
    unfold plus in *; simpl in *; lra.
Qed.

Lemma compand_difference a a' : 0 < a -> a <= a' -> a' + 1 < INR N ->
  is_RInt (fun x => g (x + 1) - g x) a a' (compand g (a' + 1/2) - compand g (a + 1/2)).
Proof.
  intros Ha Haa Ha'; unfold compand.
  replace (a' + 1/2 - 1/2) with a' by ring; replace (a' + 1/2 + 1/2) with (a' + 1) by field.
  replace (a + 1/2 - 1/2) with a by ring; replace (a + 1/2 + 1/2) with (a + 1) by field.
  apply window_split_difference; try assumption; intros; now apply (ex_RInt_g N g Hg).
Qed.

Lemma window_mse_difference a a' : 0 < a -> a <= a' -> a' + 1 < INR N ->
  is_RInt (fun x => (g (x + 1) - g x)
                    * (g (x + 1) + g x - compand g (a + 1/2) - compand g (a' + 1/2)))
    a a' (window_mse g (a' + 1/2) - window_mse g (a + 1/2)).
Proof.
  intros Ha Haa Ha'.
  set (z := compand g (a + 1/2)); set (z' := compand g (a' + 1/2)).
  assert (S : is_RInt (fun x => g (x + 1) ^ 2 - g x ^ 2) a a'
                (RInt (fun x => g x ^ 2) a' (a' + 1) - RInt (fun x => g x ^ 2) a (a + 1))).
  { apply (window_split_difference (fun x => g x ^ 2)); try assumption; intros; now apply ex_RInt_g_square. }
  assert (D : is_RInt (fun x => (g (x + 1) ^ 2 - g x ^ 2) - (z + z') * (g (x + 1) - g x)) a a'
                (RInt (fun x => g x ^ 2) a' (a' + 1) - RInt (fun x => g x ^ 2) a (a + 1)
                 - (z + z') * (z' - z))).
  { exact (is_RInt_minus (V := R_NormedModule) _ _ _ _ _ _ S
      (is_RInt_scal (V := R_NormedModule) _ _ _ (z + z') _ (compand_difference a a' Ha Haa Ha'))). }
  unfold window_mse; fold z z'.
  replace (a' + 1/2 - 1/2) with a' by ring; replace (a' + 1/2 + 1/2) with (a' + 1) by field.
  replace (a + 1/2 - 1/2) with a by ring; replace (a + 1/2 + 1/2) with (a + 1) by field.
  replace (RInt (fun v => g v ^ 2) a' (a' + 1) - z' ^ 2 - (RInt (fun v => g v ^ 2) a (a + 1) - z ^ 2))
    with (RInt (fun x => g x ^ 2) a' (a' + 1) - RInt (fun x => g x ^ 2) a (a + 1)
                 - (z + z') * (z' - z)) by ring.
  apply (is_RInt_ext (V := R_NormedModule)) with (2 := D); intros x _; simpl; ring.
Qed.

(** ** The end cell *)

Lemma is_RInt_inverse a b : 0 < a -> a <= b -> is_RInt (fun x => / x) a b (ln (b / a)).
Proof.
  intros Ha Hab; rewrite ln_div by lra.
  apply (is_RInt_derive (V := R_CompleteNormedModule) ln).
  - intros x Hx; rewrite Rmin_left, Rmax_right in Hx by lra; apply is_derive_Reals, derivable_pt_lim_ln; lra.
  - intros x Hx; rewrite Rmin_left, Rmax_right in Hx by lra.
    apply (ex_derive_continuous (fun x => / x)); auto_derive; lra.
Qed.

Lemma is_RInt_inverse_square a b : 0 < a -> a <= b -> is_RInt (fun x => / x ^ 2) a b (/ a - / b).
Proof.
  intros Ha Hab; replace (/ a - / b) with (minus (- / b) (- / a)) by (unfold minus, plus, opp; simpl; ring).
  apply (is_RInt_derive (V := R_CompleteNormedModule) (fun x => - / x)).
  - intros x Hx; rewrite Rmin_left, Rmax_right in Hx by lra; auto_derive; [lra | field; lra].
  - intros x Hx; rewrite Rmin_left, Rmax_right in Hx by lra.
    apply (ex_derive_continuous (fun x => / x ^ 2)); auto_derive; nra.
Qed.

Section End.

Variables a1 kappa reach : R.
Hypothesis a1_pos : 0 < a1.
Hypothesis a1_small : a1 + 1 < INR N.
Let z1 := compand g (a1 + 1/2).
Hypothesis rise : forall x, 0 < x <= a1 -> kappa / x <= g (x + 1) - g x.
Hypothesis reached : forall x, 0 < x <= a1 ->
  (g (x + 1) - g x) * (2 * z1 - g (x + 1) - g x) <= (reach / x) ^ 2.

Lemma compand_end a : 0 < a <= a1 -> compand g (a + 1/2) <= z1 - kappa * ln (a1 / a).
Proof.
  intros Ha; pose proof (compand_difference a a1 ltac:(lra) ltac:(lra) a1_small) as D; fold z1 in D.
  assert (L : is_RInt (fun x => kappa * / x) a a1 (kappa * ln (a1 / a))).
  { apply (is_RInt_scal (V := R_NormedModule)), is_RInt_inverse; lra. }
  enough (kappa * ln (a1 / a) <= z1 - compand g (a + 1/2)) by lra.
  apply (is_RInt_le _ _ _ _ _ _ (proj2 Ha) L D).
  intros x Hx; apply (rise x); lra.
Qed.

Lemma window_mse_end a : 0 < a <= a1 ->
  window_mse g (a + 1/2) <= window_mse g (a1 + 1/2) + reach ^ 2 * (/ a - / a1).
Proof.
  intros Ha; pose proof (window_mse_difference a a1 ltac:(lra) ltac:(lra) a1_small) as D; fold z1 in D.
  assert (L : is_RInt (fun x => - reach ^ 2 * / x ^ 2) a a1 (- reach ^ 2 * (/ a - / a1))).
  { apply (is_RInt_scal (V := R_NormedModule)), is_RInt_inverse_square; lra. }
  enough (- reach ^ 2 * (/ a - / a1) <= window_mse g (a1 + 1/2) - window_mse g (a + 1/2)) by lra.
  apply (is_RInt_le _ _ _ _ _ _ (proj2 Ha) L D); intros x Hx.
  assert (Hz : compand g (a + 1/2) <= z1) by (apply (compand_le N g Hg); unfold inside; lra).
  pose proof (g_le N g Hg x (x + 1) ltac:(lra) ltac:(lra) ltac:(lra)).
  assert (R := reached x ltac:(lra)).
  replace ((reach / x) ^ 2) with (reach ^ 2 * / x ^ 2) in R by (field; lra).
  assert ((g (x + 1) - g x) * (compand g (a + 1/2) + z1 - g (x + 1) - g x)
          <= (g (x + 1) - g x) * (2 * z1 - g (x + 1) - g x)) by (apply Rmult_le_compat_l; lra).
  lra.
Qed.

End End.

End Window.
