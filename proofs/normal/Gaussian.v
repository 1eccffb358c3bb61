(** * The Gaussian integral, and the normal distribution function (SPEC §3)

    [phi] and [Phi] of Defs.v: the integral of exp(-x^2/2) over R is sqrt(2 PI);
    [Phi] is differentiable with derivative [phi], increases strictly from 0 to 1, and
    satisfies [Phi (-x) = 1 - Phi x]; its upper tail obeys Mills' inequalities, which
    are all that the asymptotic theorem (SPEC §5.7) needs of it. *)
From Coq Require Import Reals Lra.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs.
Open Scope R_scope.

(** ** The density *)

Lemma sqrt_2PI_pos : 0 < sqrt (2 * PI).
Proof. apply sqrt_lt_R0. generalize PI_RGT_0. lra. Qed.

Lemma sqr_sqrt_2PI : sqrt (2 * PI) * sqrt (2 * PI) = 2 * PI.
Proof. apply sqrt_sqrt. generalize PI_RGT_0. lra. Qed.

Lemma phi_pos x : 0 < phi x.
Proof. apply Rdiv_lt_0_compat; [apply exp_pos | apply sqrt_2PI_pos]. Qed.

Lemma phi_even x : phi (- x) = phi x.
Proof. unfold phi. replace (- (- x) ^ 2 / 2) with (- x ^ 2 / 2) by field. reflexivity. Qed.

Lemma is_derive_phi x : is_derive phi x (- x * phi x).
Proof.
  unfold phi. auto_derive.
  - exact I.
  - unfold Rdiv. simpl. field. apply Rgt_not_eq, sqrt_2PI_pos.
Qed.

Lemma continuous_phi x : continuous phi x.
Proof. apply (ex_derive_continuous phi). eexists. apply is_derive_phi. Qed.

Lemma ex_RInt_phi a b : ex_RInt phi a b.
Proof. apply (ex_RInt_continuous phi). intros; apply continuous_phi. Qed.

Lemma phi_le_of_sqr_le x y : x ^ 2 <= y ^ 2 -> phi y <= phi x.
Proof.
  intro h. unfold phi. apply Rmult_le_compat_r.
  - left. apply Rinv_0_lt_compat, sqrt_2PI_pos.
  - destruct h as [h | h].
    + left. apply exp_increasing. lra.
    + right. f_equal. lra.
Qed.

Lemma phi_le_1 x : phi x <= 1.
Proof.
  apply Rle_trans with (phi 0).
  - apply phi_le_of_sqr_le. nra.
  - unfold phi. replace (- 0 ^ 2 / 2) with 0 by field. rewrite exp_0.
    apply Rmult_le_reg_r with (sqrt (2 * PI)); [apply sqrt_2PI_pos|].
    unfold Rdiv. rewrite Rmult_assoc, Rinv_l by (apply Rgt_not_eq, sqrt_2PI_pos).
    rewrite Rmult_1_r, Rmult_1_l. rewrite <- sqrt_1. apply sqrt_le_1; generalize PI2_1; lra.
Qed.

(** ** The distribution function: derivative, monotonicity, symmetry *)

Lemma is_derive_Phi x : is_derive Phi x (phi x).
Proof.
  unfold Phi. replace (phi x) with (plus 0 (phi x)) by (unfold plus; simpl; ring).
  apply (is_derive_plus (fun _ => 1 / 2) (fun y => RInt phi 0 y)).
  - apply is_derive_Reals, derivable_pt_lim_const.
  - apply (is_derive_RInt phi (fun y => RInt phi 0 y) 0).
    + apply filter_forall. intro y. apply (RInt_correct phi), ex_RInt_phi.
    + apply continuous_phi.
Qed.

Lemma ex_derive_Phi x : ex_derive Phi x.
Proof. exists (phi x). apply is_derive_Phi. Qed.

Lemma Derive_Phi x : Derive Phi x = phi x.
Proof. apply is_derive_unique, is_derive_Phi. Qed.

Lemma continuous_Phi x : continuous Phi x.
Proof. apply (ex_derive_continuous Phi). eexists. apply is_derive_Phi. Qed.

Lemma Phi_increasing x y : x < y -> Phi x < Phi y.
Proof.
  intro h. apply (incr_function Phi m_infty p_infty phi); simpl; auto.
  - intros; apply is_derive_Phi.
  - intros; apply phi_pos.
Qed.

Lemma Phi_le_compat x y : x <= y -> Phi x <= Phi y.
Proof. intros [h | ->]; [left; apply Phi_increasing, h | apply Rle_refl]. Qed.

Lemma Phi_le_cancel x y : Phi x <= Phi y -> x <= y.
Proof.
  intro h. apply Rnot_lt_le. intro k. apply Phi_increasing in k. lra.
Qed.

Lemma Phi_injective x y : Phi x = Phi y -> x = y.
Proof. intro h. apply Rle_antisym; apply Phi_le_cancel; lra. Qed.

Lemma Phi_0 : Phi 0 = 1 / 2.
Proof. unfold Phi. rewrite RInt_point. unfold zero; simpl. ring. Qed.

Lemma is_derive_zero_const (f : R -> R) :
  (forall x, is_derive f x 0) -> forall x y, f x = f y.
Proof.
  intros h.
  assert (forall x y, x < y -> f x = f y) as lt.
  { intros x y xy. apply (eq_is_derive f x y); [intros; apply h | exact xy]. }
  intros x y. destruct (Rtotal_order x y) as [k | [-> | k]]; auto.
  symmetry. auto.
Qed.

(** The monotonicity criterion used throughout. *)
Lemma le_of_derive_nonneg (f df : R -> R) a b :
  a <= b -> (forall x, a <= x <= b -> is_derive f x (df x)) ->
  (forall x, a <= x <= b -> 0 <= df x) -> f a <= f b.
Proof.
  intros ab hd hs.
  assert (forall x, Rmin a b <= x <= Rmax a b -> a <= x <= b) as hx.
  { intros x. now rewrite Rmin_left, Rmax_right. }
  destruct (MVT_gen f a b df) as (c & hc & e).
  - intros x k. apply hd, hx. lra.
  - intros x k. apply continuity_pt_filterlim, (ex_derive_continuous f).
    exists (df x). apply hd, hx, k.
  - apply hx in hc. assert (0 <= df c * (b - a)); [|lra].
    apply Rmult_le_pos; [apply hs, hc | lra].
Qed.

Lemma Phi_opp x : Phi (- x) = 1 - Phi x.
Proof.
  enough (Phi x + Phi (- x) = 1) by lra.
  replace 1 with (Phi 0 + Phi (- 0)) by (rewrite Ropp_0, Phi_0; field).
  apply (is_derive_zero_const (fun y => Phi y + Phi (- y))). intro y.
  auto_derive; repeat split; try apply ex_derive_Phi.
  rewrite !Derive_Phi, phi_even. ring.
Qed.

(** ** The Gaussian integral

    With q(x) = int_0^1 exp(-x^2 (1 + t^2)/2) / (1 + t^2) dt, the derivative of
    (Phi x - 1/2)^2 + q(x)/PI is 0, and q(0) = PI/4. *)

Definition quarter (x : R) : R := RInt (fun t => exp (- x ^ 2 * (1 + t ^ 2) / 2) / (1 + t ^ 2)) 0 1.

Lemma one_add_sqr_pos t : 0 < 1 + t ^ 2.
Proof. nra. Qed.

Lemma continuous_quarter_integrand x t :
  continuous (fun t => exp (- x ^ 2 * (1 + t ^ 2) / 2) / (1 + t ^ 2)) t.
Proof.
  apply (ex_derive_continuous (fun t => exp (- x ^ 2 * (1 + t ^ 2) / 2) / (1 + t ^ 2))).
  auto_derive. generalize (one_add_sqr_pos t). simpl. lra.
Qed.

Lemma is_derive_quarter_integrand x t :
  is_derive (fun u => exp (- u ^ 2 * (1 + t ^ 2) / 2) / (1 + t ^ 2)) x
    (- x * exp (- x ^ 2 * (1 + t ^ 2) / 2)).
Proof.
  auto_derive; [exact I|]. generalize (one_add_sqr_pos t). intro. unfold Rdiv. simpl in *. field. lra.
Qed.

Lemma continuity_2d_quarter_derivative x t :
  continuity_2d_pt (fun u v => - u * exp (- u ^ 2 * (1 + v ^ 2) / 2)) x t.
Proof.
  apply continuity_2d_pt_mult.
  - apply continuity_2d_pt_opp, continuity_2d_pt_id1.
  - apply (continuity_1d_2d_pt_comp exp (fun u v => - u ^ 2 * (1 + v ^ 2) / 2)).
    + apply derivable_continuous_pt, derivable_pt_exp.
    + apply (continuity_2d_pt_ext (fun u v => (- (u * u)) * ((1 + v * v) * / 2))).
      { intros. simpl. field. }
      repeat first [ apply continuity_2d_pt_mult | apply continuity_2d_pt_plus
        | apply continuity_2d_pt_opp | apply continuity_2d_pt_id1
        | apply continuity_2d_pt_id2 | apply continuity_2d_pt_const ].
Qed.

(** The substitution s = x t. *)
Lemma RInt_phi_rescaled x : RInt (fun t => x * phi (x * t)) 0 1 = RInt phi 0 x.
Proof.
  transitivity (RInt phi (x * 0 + 0) (x * 1 + 0)).
  - rewrite <- (RInt_comp_lin phi) by apply ex_RInt_phi.
    apply RInt_ext. intros t _. now rewrite Rplus_0_r.
  - f_equal; ring.
Qed.

Lemma is_derive_quarter x : is_derive quarter x (- (2 * PI) * (phi x * RInt phi 0 x)).
Proof.
  evar_last.
  - apply (is_derive_RInt_param (fun x t => exp (- x ^ 2 * (1 + t ^ 2) / 2) / (1 + t ^ 2)) 0 1 x).
    + apply filter_forall. intros y t _. eexists. apply is_derive_quarter_integrand.
    + intros t _.
      apply (continuity_2d_pt_ext (fun u v => - u * exp (- u ^ 2 * (1 + v ^ 2) / 2))).
      { intros u v. symmetry. apply is_derive_unique, is_derive_quarter_integrand. }
      apply continuity_2d_quarter_derivative.
    + apply filter_forall. intros y.
      apply (ex_RInt_continuous (fun t => exp (- y ^ 2 * (1 + t ^ 2) / 2) / (1 + t ^ 2))).
      intros; apply continuous_quarter_integrand.
  - simpl. rewrite <- (RInt_phi_rescaled x).
    transitivity (RInt (fun t => scal (- (2 * PI) * phi x) (x * phi (x * t))) 0 1).
    + apply RInt_ext. intros t _. etransitivity.
      { apply is_derive_unique, is_derive_quarter_integrand. }
      unfold scal; simpl; unfold mult; simpl. unfold phi.
      replace (- (x * (x * 1)) * (1 + t * (t * 1)) / 2)
        with (- x ^ 2 / 2 + - (x * t) ^ 2 / 2) by field.
      rewrite exp_plus. generalize sqr_sqrt_2PI sqrt_2PI_pos.
      generalize (sqrt (2 * PI)). intros s <- hs. field. lra.
    + rewrite (RInt_scal (fun t => x * phi (x * t))).
      * unfold scal; simpl; unfold mult; simpl. ring.
      * apply (ex_RInt_continuous (fun t => x * phi (x * t))). intros t _.
        apply (ex_derive_continuous (fun t => x * phi (x * t))).
        unfold phi. auto_derive. exact I.
Qed.

Lemma quarter_0 : quarter 0 = PI / 4.
Proof.
  unfold quarter. rewrite <- atan_1. replace (atan 1) with (minus (atan 1) (atan 0)).
  - apply is_RInt_unique.
    apply (is_RInt_ext (fun t => / (1 + t ^ 2))).
    { intros t _. replace (- 0 ^ 2 * (1 + t ^ 2) / 2) with 0 by field. rewrite exp_0.
      unfold Rdiv. symmetry. apply Rmult_1_l. }
    apply (is_RInt_derive atan).
    + intros t _. generalize (is_derive_atan t). unfold Rsqr. simpl.
      now rewrite Rmult_1_r.
    + intros t _. apply (ex_derive_continuous (fun t => / (1 + t ^ 2))). auto_derive.
      generalize (one_add_sqr_pos t). simpl. lra.
  - rewrite atan_0. unfold minus, plus, opp; simpl. ring.
Qed.

Lemma Phi_quarter x : (Phi x - 1 / 2) ^ 2 + quarter x / PI = 1 / 4.
Proof.
  assert (PI <> 0) as pi0 by apply PI_neq0.
  replace (1 / 4) with ((Phi 0 - 1 / 2) ^ 2 + quarter 0 / PI)
    by (rewrite Phi_0, quarter_0; field; exact pi0).
  apply (is_derive_zero_const (fun x => (Phi x - 1 / 2) ^ 2 + quarter x / PI)). intro y.
  auto_derive.
  - repeat split; [apply ex_derive_Phi | eexists; apply is_derive_quarter].
  - rewrite Derive_Phi. replace (Derive (fun x => quarter x) y)
      with (- (2 * PI) * (phi y * RInt phi 0 y))
      by (symmetry; apply is_derive_unique, is_derive_quarter).
    unfold Phi. field. exact pi0.
Qed.

(** Since 1 <= 1 + t^2, the integral is at most exp(-x^2/2) PI/4. *)
Lemma quarter_le x : quarter x <= exp (- x ^ 2 / 2) * (PI / 4).
Proof.
  rewrite <- quarter_0. unfold quarter.
  assert (forall y, ex_RInt (fun t => exp (- y ^ 2 * (1 + t ^ 2) / 2) / (1 + t ^ 2)) 0 1) as ex.
  { intro y. apply (ex_RInt_continuous (fun t => exp (- y ^ 2 * (1 + t ^ 2) / 2) / (1 + t ^ 2))).
    intros; apply continuous_quarter_integrand. }
  rewrite <- (RInt_scal (V := R_CompleteNormedModule)) by apply ex.
  apply RInt_le; [lra | apply ex | apply (ex_RInt_scal (V := R_NormedModule)), ex |].
  intros t _. unfold scal; simpl; unfold mult; simpl.
  change (t * (t * 1)) with (t ^ 2). change (x * (x * 1)) with (x ^ 2).
  generalize (one_add_sqr_pos t). intro. unfold Rdiv. rewrite <- Rmult_assoc.
  apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; lra|].
  replace (- (0 * (0 * 1)) * (1 + t ^ 2) * / 2) with 0 by field. rewrite exp_0, Rmult_1_r.
  destruct (Req_dec (x ^ 2 * t ^ 2) 0) as [e | e].
  - right. f_equal. lra.
  - left. apply exp_increasing. assert (0 <= x ^ 2 * t ^ 2) by (apply Rmult_le_pos; nra). lra.
Qed.

Lemma quarter_pos x : 0 <= quarter x.
Proof.
  unfold quarter. apply RInt_ge_0; [lra | |].
  - apply (ex_RInt_continuous (fun t => exp (- x ^ 2 * (1 + t ^ 2) / 2) / (1 + t ^ 2))).
    intros; apply continuous_quarter_integrand.
  - intros t _. left. apply Rdiv_lt_0_compat; [apply exp_pos | apply one_add_sqr_pos].
Qed.

(** ** Tails *)

Lemma Phi_ge_half x : 0 <= x -> 1 / 2 <= Phi x.
Proof. intro h. rewrite <- Phi_0. apply Phi_le_compat, h. Qed.

(** The exponential tail bound: Phi x - 1/2 >= sqrt (1 - exp(-x^2/2))/2. *)
Theorem Phi_tail_exp x : 0 <= x -> 1 - Phi x <= exp (- x ^ 2 / 2) / 2.
Proof.
  intro h. generalize (Phi_quarter x) (quarter_le x) (Phi_ge_half x h) (exp_pos (- x ^ 2 / 2)).
  intros e q p ep.
  assert (quarter x / PI <= exp (- x ^ 2 / 2) / 4) as q'.
  { apply Rmult_le_reg_r with PI; [apply PI_RGT_0|]. unfold Rdiv at 1.
    rewrite Rmult_assoc, Rinv_l by apply PI_neq0. lra. }
  destruct (Rle_dec 1 (exp (- x ^ 2 / 2))) as [k | k]; nra.
Qed.

Theorem Phi_lt_1 x : Phi x < 1.
Proof.
  apply Rlt_le_trans with (Phi (x + 1)); [apply Phi_increasing; lra|].
  generalize (Phi_quarter (x + 1)) (quarter_pos (x + 1)). intros e q.
  assert (0 <= quarter (x + 1) / PI) by (apply Rdiv_le_0_compat; [exact q | apply PI_RGT_0]).
  nra.
Qed.

Theorem Phi_pos x : 0 < Phi x.
Proof. generalize (Phi_lt_1 (- x)). rewrite Phi_opp. lra. Qed.

Lemma is_lim_exp_tail : is_lim (fun x => exp (- x ^ 2 / 2)) p_infty 0.
Proof.
  apply (is_lim_le_le_loc (fun _ => 0) (fun x => exp (- x))).
  - exists 2. intros y hy. split; [left; apply exp_pos|]. left. apply exp_increasing. nra.
  - apply is_lim_const.
  - apply (is_lim_comp exp Ropp p_infty 0 m_infty).
    + apply is_lim_exp_m.
    + apply (is_lim_opp (fun x => x) p_infty p_infty), is_lim_id.
    + exists 0. intros. discriminate.
Qed.

Theorem is_lim_Phi_p : is_lim Phi p_infty 1.
Proof.
  apply (is_lim_le_le_loc (fun x => 1 - exp (- x ^ 2 / 2)) (fun _ => 1)).
  - exists 0. intros y hy. generalize (Phi_tail_exp y) (Phi_lt_1 y) (exp_pos (- y ^ 2 / 2)). lra.
  - replace (Finite 1) with (Rbar_minus 1 0) by (simpl; f_equal; ring).
    apply (is_lim_minus' (fun _ => 1) (fun x => exp (- x ^ 2 / 2)) p_infty 1 0).
    + apply is_lim_const.
    + apply is_lim_exp_tail.
  - apply is_lim_const.
Qed.

Theorem is_lim_Phi_m : is_lim Phi m_infty 0.
Proof.
  apply (is_lim_ext (fun x => 1 - Phi (- x))).
  { intro y. rewrite Phi_opp. ring. }
  replace (Finite 0) with (Rbar_minus 1 1) by (simpl; f_equal; ring).
  apply (is_lim_minus' (fun _ => 1) (fun x => Phi (- x)) m_infty 1 1).
  - apply is_lim_const.
  - apply (is_lim_comp Phi Ropp m_infty 1 p_infty).
    + apply is_lim_Phi_p.
    + apply (is_lim_opp (fun x => x) m_infty m_infty), is_lim_id.
    + exists 0. intros. discriminate.
Qed.

(** The Gaussian integral. *)
Theorem gaussian_integral :
  is_RInt_gen (fun x => exp (- x ^ 2 / 2)) (Rbar_locally m_infty) (Rbar_locally p_infty)
    (sqrt (2 * PI)).
Proof.
  apply (is_RInt_gen_ext (fun x => scal (sqrt (2 * PI)) (Derive Phi x))).
  { apply filter_forall. intros [a b] x _. rewrite Derive_Phi. unfold scal, phi; simpl.
    unfold mult; simpl. field. apply Rgt_not_eq, sqrt_2PI_pos. }
  assert (sqrt (2 * PI) = scal (sqrt (2 * PI)) (1 - 0)) as e.
  { unfold scal; simpl; unfold mult; simpl. ring. }
  refine (eq_ind_r (fun l => is_RInt_gen _ _ _ l) _ e).
  apply (is_RInt_gen_scal (V := R_NormedModule) (Derive Phi) (sqrt (2 * PI)) (1 - 0)).
  apply is_RInt_gen_Derive.
  - apply filter_forall. intros ab x _. apply ex_derive_Phi.
  - apply filter_forall. intros ab x _. apply (continuous_ext phi).
    + intro. symmetry. apply Derive_Phi.
    + apply continuous_phi.
  - apply is_lim_Phi_m.
  - apply is_lim_Phi_p.
Qed.

(** A function that decreases to 0 is nonnegative; Mills' inequalities follow. *)
Lemma nonneg_of_decreasing_to_0 (h dh : R -> R) x :
  (forall y, x <= y -> is_derive h y (dh y)) -> (forall y, x <= y -> dh y <= 0) ->
  is_lim h p_infty 0 -> 0 <= h x.
Proof.
  intros hd hs hl.
  apply (is_lim_le_loc h (fun _ => h x) p_infty 0 (h x)); [| exact hl | apply is_lim_const].
  exists x. intros y hy.
  enough (- h x <= - h y) by lra.
  apply (le_of_derive_nonneg (fun y => - h y) (fun y => - dh y)); [lra | |].
  - intros z hz. apply (is_derive_opp h), hd, hz.
  - intros z hz. generalize (hs z (proj1 hz)). lra.
Qed.

Lemma is_lim_tail (r : R -> R) :
  (forall y, 1 < y -> 0 <= r y <= 1) ->
  is_lim (fun y => 1 - Phi y - phi y * r y) p_infty 0.
Proof.
  intro hr.
  assert (is_lim (fun y => 1 - Phi y) p_infty 0) as lT.
  { replace (Finite 0) with (Finite (1 - 1)) by (f_equal; ring).
    apply (is_lim_minus' (fun _ => 1) Phi p_infty 1 1); [apply is_lim_const | apply is_lim_Phi_p]. }
  replace (Finite 0) with (Finite (0 - 0)) by (f_equal; ring).
  apply (is_lim_minus' (fun y => 1 - Phi y) (fun y => phi y * r y) p_infty 0 0); [exact lT|].
  apply (is_lim_le_le_loc (fun _ => 0) (fun x => exp (- x ^ 2 / 2)));
    [| apply is_lim_const | apply is_lim_exp_tail].
  exists 1. intros y hy. specialize (hr y hy). generalize (phi_pos y). intro.
  assert (phi y <= exp (- y ^ 2 / 2)).
  { unfold phi, Rdiv. rewrite <- (Rmult_1_r (exp _)) at 2.
    apply Rmult_le_compat_l; [left; apply exp_pos|]. rewrite <- Rinv_1.
    apply Rinv_le_contravar; [lra|]. rewrite <- sqrt_1. apply sqrt_le_1; generalize PI2_1; lra. }
  split; nra.
Qed.

Theorem mills_upper x : 0 < x -> 1 - Phi x <= phi x / x.
Proof.
  intro hx.
  enough (0 <= phi x / x - (1 - Phi x)) by lra.
  apply (nonneg_of_decreasing_to_0 (fun y => phi y / y - (1 - Phi y)) (fun y => - (phi y / y ^ 2))).
  - intros y hy. auto_derive.
    + repeat split; try apply ex_derive_Phi; [eexists; apply is_derive_phi | lra].
    + rewrite Derive_Phi. replace (Derive (fun x => phi x) y) with (- y * phi y)
        by (symmetry; apply is_derive_unique, is_derive_phi).
      field. lra.
  - intros y hy. assert (0 < phi y / y ^ 2); [|lra].
    apply Rdiv_lt_0_compat; [apply phi_pos | nra].
  - apply (is_lim_ext_loc (fun y => - (1 - Phi y - phi y * / y))).
    { exists 0. intros y hy. unfold Rdiv. ring. }
    replace (Finite 0) with (Rbar_opp 0) by (simpl; f_equal; ring).
    apply is_lim_opp, is_lim_tail. intros y hy. split.
    + left. apply Rinv_0_lt_compat. lra.
    + rewrite <- Rinv_1. apply Rinv_le_contravar; lra.
Qed.

Theorem mills_lower x : 0 < x -> phi x * (x / (1 + x ^ 2)) <= 1 - Phi x.
Proof.
  intro hx.
  enough (0 <= 1 - Phi x - phi x * (x / (1 + x ^ 2))) by lra.
  apply (nonneg_of_decreasing_to_0 (fun y => 1 - Phi y - phi y * (y / (1 + y ^ 2)))
    (fun y => - (2 * phi y / (1 + y ^ 2) ^ 2))).
  - intros y hy. generalize (one_add_sqr_pos y). intro. auto_derive.
    + repeat split; try apply ex_derive_Phi; [eexists; apply is_derive_phi | simpl in *; lra].
    + rewrite Derive_Phi. replace (Derive (fun x => phi x) y) with (- y * phi y)
        by (symmetry; apply is_derive_unique, is_derive_phi).
      simpl in *. field. lra.
  - intros y hy. assert (0 < 2 * phi y / (1 + y ^ 2) ^ 2); [|lra].
    generalize (phi_pos y) (one_add_sqr_pos y). intros.
    apply Rdiv_lt_0_compat; [lra | apply pow_lt; lra].
  - apply is_lim_tail. intros y hy. generalize (one_add_sqr_pos y). intro. split.
    + left. apply Rdiv_lt_0_compat; lra.
    + apply Rmult_le_reg_r with (1 + y ^ 2); [lra|]. unfold Rdiv.
      rewrite Rmult_assoc, Rinv_l; nra.
Qed.

(** A cruder lower bound, without the factor of Mills. *)
Theorem Phi_tail_shift x : 0 <= x -> phi (x + 1) <= 1 - Phi x.
Proof.
  intro hx. apply Rle_trans with (Phi (x + 1) - Phi x); [|generalize (Phi_lt_1 (x + 1)); lra].
  enough (Phi x - phi (x + 1) * x <= Phi (x + 1) - phi (x + 1) * (x + 1)) by lra.
  apply (le_of_derive_nonneg (fun y => Phi y - phi (x + 1) * y) (fun y => phi y - phi (x + 1))).
  - lra.
  - intros y hy. auto_derive; [apply ex_derive_Phi|]. rewrite Derive_Phi. ring.
  - intros y hy. enough (phi (x + 1) <= phi y) by lra. apply phi_le_of_sqr_le. nra.
Qed.

(** ** Smoothness: the derivatives of [phi] are its products with Hermite polynomials *)

Fixpoint hermite (n : nat) (x : R) : R :=
  match n with
  | O => 1
  | S m => x * hermite m x - match m with O => 0 | S k => INR m * hermite k x end
  end.

Lemma is_derive_three_term (f g : R -> R) (c x df dg : R) :
  is_derive f x df -> is_derive g x dg ->
  is_derive (fun y => y * f y - c * g y) x (f x + x * df - c * dg).
Proof.
  intros hf hg. auto_derive.
  - repeat split; eexists; eassumption.
  - rewrite (is_derive_unique (fun y : R => f y) x df hf), (is_derive_unique (fun y : R => g y) x dg hg).
    ring.
Qed.

Lemma is_derive_mult_phi (f : R -> R) (c x df : R) :
  is_derive f x df -> is_derive (fun y => c * (f y * phi y)) x (- c * ((x * f x - df) * phi x)).
Proof.
  intros hf. auto_derive.
  - repeat split; eexists; [exact hf | apply is_derive_phi].
  - rewrite (is_derive_unique (fun y : R => f y) x df hf).
    rewrite (is_derive_unique (fun y : R => phi y) x _ (is_derive_phi x)). ring.
Qed.

Lemma is_derive_hermite n x : is_derive (hermite (S n)) x (INR (S n) * hermite n x).
Proof.
  enough (is_derive (hermite (S n)) x (INR (S n) * hermite n x) /\
    is_derive (hermite (S (S n))) x (INR (S (S n)) * hermite (S n) x)) as [h _] by exact h.
  induction n as [|n [IH0 IH1]].
  - split; simpl; auto_derive; trivial; ring.
  - split; [exact IH1|].
    evar_last; [exact (is_derive_three_term _ _ (INR (S (S n))) x _ _ IH1 IH0)|].
    rewrite (S_INR (S (S n))).
    change (hermite (S (S n)) x) with (x * hermite (S n) x - INR (S n) * hermite n x). ring.
Qed.

Theorem Derive_n_phi n x :
  Derive_n phi n x = (-1) ^ n * (hermite n x * phi x) /\ ex_derive_n phi n x.
Proof.
  revert x. induction n as [|n IH]; intro x; [split; [simpl; ring | exact I]|].
  assert (is_derive (fun y => (-1) ^ n * (hermite n y * phi y)) x
    ((-1) ^ S n * (hermite (S n) x * phi x))) as d.
  { replace ((-1) ^ S n) with (- (-1) ^ n) by (simpl; ring).
    destruct n as [|m].
    - evar_last; [exact (is_derive_mult_phi (fun _ => 1) 1 x 0 (is_derive_const 1 x))|].
      simpl. ring.
    - apply (is_derive_mult_phi (hermite (S m)) ((-1) ^ S m) x), is_derive_hermite. }
  assert (is_derive (Derive_n phi n) x ((-1) ^ S n * (hermite (S n) x * phi x))) as d'.
  { eapply is_derive_ext; [|exact d]. intro t. symmetry. apply IH. }
  split; [apply is_derive_unique, d' | eexists; exact d'].
Qed.

Theorem Phi_smooth n x : ex_derive_n Phi n x.
Proof.
  destruct n as [|n]; [exact I|].
  assert (forall m y, Derive_n Phi (S m) y = Derive_n phi m y) as e.
  { induction m as [|m IHm]; intro y; [apply Derive_Phi|].
    apply Derive_ext, IHm. }
  destruct n as [|n]; [apply ex_derive_Phi|].
  apply (ex_derive_ext (Derive_n phi n)); [intro; symmetry; apply e|].
  apply (Derive_n_phi (S n) x).
Qed.
