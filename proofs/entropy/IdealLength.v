(** * The ideal length: every vector costs the same (SPEC §7)

    At offset V the coarse code c has the probability p_c(V) = W phi_s(W (c + 1/2 - V))/S(V), s^2 = 1 + W^2/12, phi_s the normal density of
    variance s^2 and S(V) the sum that makes the probabilities sum to 1. The ideal length, h - log2 p_c(V), is a quadratic of the coarse
    decoded value, whose mean squares sum to d (1 + W^2/12) for every vector. *)
From Coq Require Import ZArith Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.Raux.
From Hdq Require Import Defs EntropyDefs Sums Rademacher Hadamard DitheredQuantizer VectorQuantizer Shrink Gaussian StepQuantizer.
Open Scope R_scope.

(** ** The model *)

(** s^2, and W times the density of N(0, s^2) at the decoded value of c. *)
Definition model_variance (W : R) : R := 1 + W ^ 2 / 12.
Definition cell_weight (W : R) (c : Z) (V : R) : R := W / sqrt (model_variance W) * phi (step_value W 0 V c / sqrt (model_variance W)).

(** S(V): the weights of all integers c, paired n, -1-n. *)
Definition weight_pair (W V : R) (n : nat) : R := cell_weight W (Z.of_nat n) V + cell_weight W (- 1 - Z.of_nat n) V.
Definition normalizer (W V : R) : R := Series (weight_pair W V).

Definition cell_probability (W : R) (c : Z) (V : R) : R := cell_weight W c V / normalizer W V.

Definition log2 (x : R) : R := ln x / ln 2.

(** Bits of a coordinate: h raw ones and the ideal length of the coarse code. *)
Definition ideal_length (step : R) (h : nat) (V z : R) : R :=
  let W := coarse_step step h in INR h - log2 (cell_probability W (step_code W 0 V z) V).

(** R(D) = 1/2 log2 ((pi e/6)(1 + 1/D)). *)
Definition rate_of_error (D : R) : R := log2 (PI * exp 1 / 6 * (1 + / D)) / 2.

Lemma Series_nonneg (a : nat -> R) : (forall n, 0 <= a n) -> ex_series a -> 0 <= Series a.
Proof.
  intros Ha He. assert (Hz : Series (fun _ => 0 * 0) = 0) by (rewrite Series_scal_l; ring). rewrite <- Hz.
  apply Series_le; [|exact He]. intros n. rewrite Rmult_0_l. split; [apply Rle_refl|apply Ha].
Qed.

Section Model.

Variable W : R.
Hypothesis HW : 0 < W.

Let s : R := sqrt (model_variance W).

Lemma model_variance_pos : 1 <= model_variance W.
Proof. unfold model_variance. pose proof (pow2_ge_0 W). lra. Qed.

Lemma s_ge_1 : 1 <= s.
Proof. unfold s. rewrite <- sqrt_1 at 1. apply sqrt_le_1_alt, model_variance_pos. Qed.

Lemma cell_weight_pos c V : 0 < cell_weight W c V.
Proof. pose proof s_ge_1. unfold cell_weight. fold s. apply Rmult_lt_0_compat; [apply Rdiv_lt_0_compat; lra|apply phi_pos]. Qed.

(** ** The sum S *)

(** Weights fall geometrically, uniformly in V: exp(-y^2/2) <= exp(1/2 - |y|). *)
Let ratio : R := exp (- (W / s)).

Lemma ratio_bounds : 0 < ratio < 1.
Proof.
  pose proof s_ge_1. split; [apply exp_pos|]. unfold ratio. rewrite <- exp_0. apply exp_increasing.
  assert (0 < W / s) by (apply Rdiv_lt_0_compat; lra). lra.
Qed.

Definition weight_bound (n : nat) : R := 2 * (W / s / sqrt (2 * PI) * exp (1/2 + W / s)) * ratio ^ n.

Lemma phi_le_geometric y : phi y <= exp (1/2 - Rabs y) / sqrt (2 * PI).
Proof.
  unfold phi. apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, sqrt_2PI_pos|].
  assert (H : - y ^ 2 / 2 <= 1/2 - Rabs y).
  { pose proof (pow2_ge_0 (Rabs y - 1)) as Hp. rewrite <- (pow2_abs y). nra. }
  destruct H as [H | ->]; [left; now apply exp_increasing|apply Rle_refl].
Qed.

Lemma exp_INR a n : exp a ^ n = exp (INR n * a).
Proof.
  induction n as [|n IH]; [simpl; now rewrite Rmult_0_l, exp_0|]. rewrite <- tech_pow_Rmult, IH, <- exp_plus, S_INR. f_equal. ring.
Qed.

Lemma cell_weight_le c n V :
  INR n - 1 <= Rabs (IZR c + 1/2 - V) -> cell_weight W c V <= W / s / sqrt (2 * PI) * exp (1/2 + W / s) * ratio ^ n.
Proof.
  intros Hn. pose proof s_ge_1 as Hs. pose proof sqrt_2PI_pos as Hp. unfold cell_weight. fold s.
  assert (Hu : 0 < W / s) by (apply Rdiv_lt_0_compat; lra).
  apply Rle_trans with (W / s * (exp (1/2 - Rabs (step_value W 0 V c / s)) / sqrt (2 * PI))).
  { apply Rmult_le_compat_l; [lra|]. apply phi_le_geometric. }
  replace (step_value W 0 V c / s) with (W / s * (IZR c + 1/2 - V)) by (unfold step_value; simpl; field; lra).
  rewrite Rabs_mult, (Rabs_pos_eq (W / s)) by lra.
  assert (He : exp (1/2 - W / s * Rabs (IZR c + 1/2 - V)) <= exp (1/2 + W / s) * ratio ^ n).
  { unfold ratio. rewrite exp_INR, <- exp_plus.
    assert (Hle : 1/2 - W / s * Rabs (IZR c + 1/2 - V) <= 1/2 + W / s + INR n * - (W / s)).
    { apply (Rmult_le_compat_l (W / s)) in Hn; lra. }
    destruct Hle as [Hle | ->]; [left; now apply exp_increasing|apply Rle_refl]. }
  replace (W / s / sqrt (2 * PI) * exp (1/2 + W / s) * ratio ^ n) with (W / s * (exp (1/2 + W / s) * ratio ^ n / sqrt (2 * PI)))
    by (field; lra).
  apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_r; [left; now apply Rinv_0_lt_compat|exact He].
Qed.

Lemma weight_pair_pos V n : 0 < weight_pair W V n.
Proof. unfold weight_pair. pose proof (cell_weight_pos (Z.of_nat n) V). pose proof (cell_weight_pos (- 1 - Z.of_nat n) V). lra. Qed.

Lemma weight_pair_le V n : -1/4 < V < 5/4 -> weight_pair W V n <= weight_bound n.
Proof.
  intros HV. unfold weight_pair, weight_bound.
  pose proof (pos_INR n).
  pose proof (cell_weight_le (Z.of_nat n) n V) as H1. pose proof (cell_weight_le (- 1 - Z.of_nat n) n V) as H2.
  rewrite <- INR_IZR_INZ in H1. rewrite minus_IZR, <- INR_IZR_INZ in H2.
  specialize (H1 ltac:(apply Rle_trans with (2 := Rle_abs _); lra)).
  specialize (H2 ltac:(rewrite <- Rabs_Ropp; apply Rle_trans with (2 := Rle_abs _); lra)). lra.
Qed.

Lemma ex_series_weight_bound : ex_series weight_bound.
Proof.
  pose proof ratio_bounds as Hr. unfold weight_bound.
  apply (ex_series_scal (V := R_NormedModule) (2 * (W / s / sqrt (2 * PI) * exp (1/2 + W / s)))).
  apply ex_series_geom. rewrite Rabs_pos_eq; lra.
Qed.

Lemma ex_series_weight_pair V : -1/4 < V < 5/4 -> ex_series (weight_pair W V).
Proof.
  intros HV. apply (ex_series_le (V := R_CompleteNormedModule) _ weight_bound); [|apply ex_series_weight_bound].
  intros n. change (Rabs (weight_pair W V n) <= weight_bound n).
  rewrite Rabs_pos_eq; [now apply weight_pair_le|left; apply weight_pair_pos].
Qed.

Lemma normalizer_pos V : -1/4 < V < 5/4 -> 0 < normalizer W V.
Proof.
  intros HV. unfold normalizer. rewrite Series_incr_1 by now apply ex_series_weight_pair.
  pose proof (weight_pair_pos V 0). assert (0 <= Series (fun k => weight_pair W V (S k))); [|lra].
  apply Series_nonneg; [intros n; left; apply weight_pair_pos|].
  apply (ex_series_incr_1 (weight_pair W V)). now apply ex_series_weight_pair.
Qed.

(** The probabilities of all cells sum to 1. *)
Theorem cell_probabilities_sum V :
  -1/4 < V < 5/4 -> is_series (fun n => cell_probability W (Z.of_nat n) V + cell_probability W (- 1 - Z.of_nat n) V) 1.
Proof.
  intros HV. pose proof (normalizer_pos V HV) as HS.
  replace 1 with (scal (/ normalizer W V) (normalizer W V)) by (change (/ normalizer W V * normalizer W V = 1); field; lra).
  apply (is_series_ext (fun n => scal (/ normalizer W V) (weight_pair W V n))).
  - intros n. unfold cell_probability, weight_pair.
    change (/ normalizer W V * (cell_weight W (Z.of_nat n) V + cell_weight W (- 1 - Z.of_nat n) V)
      = cell_weight W (Z.of_nat n) V / normalizer W V + cell_weight W (- 1 - Z.of_nat n) V / normalizer W V). field. lra.
  - apply (is_series_scal (V := R_NormedModule)), Series_correct. now apply ex_series_weight_pair.
Qed.

(** ** S is continuous, and its mean is at most 1 *)

Let partial (n : nat) (V : R) : R := sum_n (weight_pair W V) n.

Lemma tail_le V n :
  -1/4 < V < 5/4 -> 0 <= normalizer W V - partial n V <= Series weight_bound - sum_n weight_bound n.
Proof.
  intros HV. unfold normalizer, partial. rewrite !sum_n_Reals.
  rewrite (Series_incr_n (weight_pair W V) (S n)) by (lia || now apply ex_series_weight_pair).
  rewrite (Series_incr_n weight_bound (S n)) by (lia || apply ex_series_weight_bound). cbn [Nat.pred].
  assert (Hb : ex_series (fun k => weight_bound (S n + k)%nat)) by (apply (ex_series_incr_n weight_bound (S n)), ex_series_weight_bound).
  assert (Ha : forall k, 0 <= weight_pair W V (S n + k)%nat <= weight_bound (S n + k)%nat).
  { intros k. split; [left; apply weight_pair_pos|now apply weight_pair_le]. }
  pose proof (Series_le _ _ Ha Hb) as H.
  assert (H0 : 0 <= Series (fun k => weight_pair W V (S n + k)%nat)).
  { apply Series_nonneg; [intros k; apply Ha|]. apply (ex_series_incr_n (weight_pair W V) (S n)). now apply ex_series_weight_pair. }
  lra.
Qed.

Lemma tail_small (e : posreal) : eventually (fun n => Series weight_bound - sum_n weight_bound n < e).
Proof.
  pose proof (Series_correct _ ex_series_weight_bound) as H.
  destruct (proj1 (filterlim_locally _ _) H e) as [N HN]. exists N. intros n Hn. specialize (HN n Hn).
  change (Rabs (sum_n weight_bound n - Series weight_bound) < e) in HN. apply Rabs_lt_between in HN. lra.
Qed.

Lemma continuous_cell_weight c V : continuous (cell_weight W c) V.
Proof.
  unfold cell_weight. fold s. pose proof s_ge_1.
  apply (continuous_mult (K := R_AbsRing) (fun _ => W / s)); [apply continuous_const|].
  apply (continuous_comp (fun V => step_value W 0 V c / s) phi); [|apply continuous_phi].
  apply (ex_derive_continuous (fun V : R => step_value W 0 V c / s)). unfold step_value. auto_derive. lra.
Qed.

Lemma continuous_partial n V : continuous (partial n) V.
Proof.
  unfold partial. induction n as [|n IH].
  - apply (continuous_ext (fun V => weight_pair W V 0)); [intros; now rewrite sum_O|].
    apply (continuous_plus (V := R_NormedModule)); apply continuous_cell_weight.
  - apply (continuous_ext (fun V => plus (sum_n (weight_pair W V) n) (weight_pair W V (S n)))); [intros; now rewrite sum_Sn|].
    apply (continuous_plus (V := R_NormedModule)); [exact IH|].
    apply (continuous_plus (V := R_NormedModule)); apply continuous_cell_weight.
Qed.

Lemma continuous_normalizer V : -1/4 < V < 5/4 -> continuous (normalizer W) V.
Proof.
  intros HV. apply continuity_pt_filterlim. apply (CVU_cont_open partial (fun V => -1/4 < V < 5/4)); [| | |exact HV].
  - apply open_and; [apply open_gt|apply open_lt].
  - intros e. destruct (tail_small e) as [N HN]. exists N. intros n Hn y Hy.
    change (Rabs (partial n y - normalizer W y) < e). pose proof (tail_le y n Hy). specialize (HN n Hn).
    apply Rabs_lt_between. destruct e as [e He]; simpl in *. lra.
  - intros n y _. apply continuity_pt_filterlim, continuous_partial.
Qed.

(** A cell's weight, averaged over V, is a normal probability. *)
Let G (y : R) : R := Phi (W / s * (y + 1/2)).

Lemma is_Edither_cell_weight c : is_RInt (cell_weight W c) 0 1 (G (IZR c) - G (IZR c - 1)).
Proof.
  pose proof s_ge_1 as Hs.
  set (F := fun V => - Phi (W / s * (IZR c + 1/2 - V))).
  replace (G (IZR c) - G (IZR c - 1)) with (minus (F 1) (F 0)).
  - apply (is_RInt_derive (V := R_CompleteNormedModule) F).
    + intros V _. unfold F, cell_weight, step_value. fold s. auto_derive; [apply ex_derive_Phi|].
      rewrite Derive_Phi. simpl. replace (W * (IZR c + 1/2 - 1 * V) / s) with (W / s * (IZR c + 1/2 + - V)) by (field; lra).
      field. lra.
    + intros V _. apply continuous_cell_weight.
  - unfold F, G. change (minus (- Phi (W / s * (IZR c + 1/2 - 1))) (- Phi (W / s * (IZR c + 1/2 - 0))))
      with (- Phi (W / s * (IZR c + 1/2 - 1)) - - Phi (W / s * (IZR c + 1/2 - 0))).
    replace (IZR c - 1 + 1/2) with (IZR c + 1/2 - 1) by ring. replace (IZR c + 1/2 - 0) with (IZR c + 1/2) by ring. match goal with |- ?l = ?r => change (@eq R l r) end. ring.
Qed.

Lemma is_Edither_partial n : is_RInt (partial n) 0 1 (G (INR n) - G (- INR n - 2)).
Proof.
  assert (Hpair : forall n, is_RInt (fun V => weight_pair W V n) 0 1 (plus (G (INR n) - G (INR n - 1)) (G (-1 - INR n) - G (-1 - INR n - 1)))).
  { intros k. apply (is_RInt_plus (V := R_NormedModule)).
    - pose proof (is_Edither_cell_weight (Z.of_nat k)) as H. now rewrite <- INR_IZR_INZ in H.
    - pose proof (is_Edither_cell_weight (- 1 - Z.of_nat k)) as H. now rewrite minus_IZR, <- INR_IZR_INZ in H. }
  unfold partial. induction n as [|n IH].
  - apply (is_RInt_ext (fun V => weight_pair W V 0)); [intros; now rewrite sum_O|].
    pose proof (Hpair 0%nat) as H. simpl INR in *.
    replace (G 0 - G (- 0 - 2)) with (plus (G 0 - G (0 - 1)) (G (-1 - 0) - G (-1 - 0 - 1))); [exact H|].
    change (G 0 - G (0 - 1) + (G (-1 - 0) - G (-1 - 0 - 1)) = G 0 - G (- 0 - 2)).
    replace (-1 - 0) with (0 - 1) by ring. replace (0 - 1 - 1) with (- 0 - 2) by ring. match goal with |- ?l = ?r => change (@eq R l r) end. ring.
  - apply (is_RInt_ext (fun V => plus (sum_n (weight_pair W V) n) (weight_pair W V (S n)))); [intros; now rewrite sum_Sn|].
    pose proof (is_RInt_plus (V := R_NormedModule) _ _ _ _ _ _ IH (Hpair (S n))) as H. rewrite S_INR in *.
    replace (G (INR n + 1) - G (- (INR n + 1) - 2))
      with (plus (G (INR n) - G (- INR n - 2)) (plus (G (INR n + 1) - G (INR n + 1 - 1)) (G (-1 - (INR n + 1)) - G (-1 - (INR n + 1) - 1))));
      [exact H|].
    change (G (INR n) - G (- INR n - 2) + (G (INR n + 1) - G (INR n + 1 - 1) + (G (-1 - (INR n + 1)) - G (-1 - (INR n + 1) - 1)))
      = G (INR n + 1) - G (- (INR n + 1) - 2)).
    replace (INR n + 1 - 1) with (INR n) by ring. replace (-1 - (INR n + 1)) with (- INR n - 2) by ring.
    replace (- INR n - 2 - 1) with (- (INR n + 1) - 2) by ring. match goal with |- ?l = ?r => change (@eq R l r) end. ring.
Qed.

Lemma ex_Edither_normalizer : ex_RInt (normalizer W) 0 1.
Proof.
  apply (ex_RInt_continuous (normalizer W)). rewrite Rmin_left, Rmax_right by lra. intros V HV. apply continuous_normalizer. lra.
Qed.

Lemma Edither_normalizer : Edither (normalizer W) <= 1.
Proof.
  apply le_epsilon. intros e He. destruct (tail_small (mkposreal e He)) as [N HN]. specialize (HN N (le_n N)). simpl in HN.
  apply Rle_trans with (Edither (fun V => partial N V + e)).
  - apply Edither_le; [apply ex_Edither_normalizer| |].
    + apply (ex_RInt_plus (V := R_NormedModule) (partial N) (fun _ => e)); [eexists; apply is_Edither_partial|apply ex_RInt_const].
    + intros V HV. pose proof (tail_le V N ltac:(lra)). lra.
  - rewrite Edither_plus, Edither_const; [|eexists; apply is_Edither_partial|apply ex_RInt_const].
    assert (E : Edither (fun V => partial N V) = G (INR N) - G (- INR N - 2)) by apply is_RInt_unique, is_Edither_partial.
    match goal with |- ?e + _ <= _ => replace e with (G (INR N) - G (- INR N - 2)) by (symmetry; exact E) end.
    unfold G. pose proof (Phi_lt_1 (W / s * (INR N + 1/2))). pose proof (Phi_pos (W / s * (- INR N - 2 + 1/2))). lra.
Qed.

Lemma ex_Edither_ln_normalizer : ex_RInt (fun V => ln (normalizer W V)) 0 1.
Proof.
  apply (ex_RInt_continuous (fun V => ln (normalizer W V))). rewrite Rmin_left, Rmax_right by lra. intros V HV.
  apply (continuous_comp (normalizer W) ln); [apply continuous_normalizer; lra|].
  apply (ex_derive_continuous ln). auto_derive. apply normalizer_pos. lra.
Qed.

(** Jensen: E ln S <= E S - 1 <= 0. *)
Lemma Edither_ln_normalizer : Edither (fun V => ln (normalizer W V)) <= 0.
Proof.
  apply Rle_trans with (Edither (fun V => normalizer W V - 1)).
  - apply Edither_le; [apply ex_Edither_ln_normalizer| |].
    + apply (ex_RInt_minus (V := R_NormedModule) (normalizer W) (fun _ => 1)); [apply ex_Edither_normalizer|apply ex_RInt_const].
    + intros V HV. pose proof (normalizer_pos V ltac:(lra)) as Hp.
      pose proof (exp_ineq1_le (ln (normalizer W V))) as H. rewrite exp_ln in H by easy. lra.
  - rewrite Edither_minus, Edither_const; [|apply ex_Edither_normalizer|apply ex_RInt_const].
    change (Edither (fun V => normalizer W V)) with (Edither (normalizer W)). pose proof Edither_normalizer. lra.
Qed.

End Model.

Lemma ln_2_pos : 0 < ln 2.
Proof. rewrite <- ln_1. apply ln_increasing; lra. Qed.

(** E log2 S <= 0. *)
Theorem normalizer_log_mean W : 0 < W -> Edither (fun V => log2 (normalizer W V)) <= 0.
Proof.
  intros HW. pose proof ln_2_pos as H2. pose proof (Edither_ln_normalizer W HW) as H.
  rewrite (Edither_ext _ (fun V => / ln 2 * ln (normalizer W V))) by (intros; unfold log2; field; lra).
  rewrite Edither_scal_l by now apply ex_Edither_ln_normalizer.
  assert (0 < / ln 2) by now apply Rinv_0_lt_compat. nra.
Qed.

(** ** The length *)

Lemma ln_cell_weight W c V :
  0 < W -> ln (cell_weight W c V)
  = ln W - ln (model_variance W) / 2 - ln (2 * PI) / 2 - step_value W 0 V c ^ 2 / (2 * model_variance W).
Proof.
  intros HW. pose proof (s_ge_1 W) as Hs. pose proof (model_variance_pos W) as Hm. pose proof sqrt_2PI_pos as Hp.
  unfold cell_weight, phi. set (y := step_value W 0 V c).
  assert (Hhalf : forall u, 0 < u -> ln (sqrt u) = ln u / 2).
  { intros u Hu. assert (H : ln u = ln (sqrt u) + ln (sqrt u)) by (rewrite <- ln_mult, sqrt_sqrt by (lra || now apply sqrt_lt_R0); easy). lra. }
  pose proof PI_RGT_0 as Hpi. set (e := - (y / sqrt (model_variance W)) ^ 2 / 2).
  assert (Hi : 0 < / sqrt (model_variance W)) by (apply Rinv_0_lt_compat; lra).
  assert (Hj : 0 < / sqrt (2 * PI)) by now apply Rinv_0_lt_compat.
  assert (He : 0 < exp e) by apply exp_pos.
  replace (W / sqrt (model_variance W) * (exp e / sqrt (2 * PI))) with (W * / sqrt (model_variance W) * (exp e * / sqrt (2 * PI)))
    by (unfold Rdiv; ring).
  rewrite ln_mult by (now apply Rmult_lt_0_compat). rewrite (ln_mult W) by easy. rewrite (ln_mult (exp e)) by easy.
  rewrite ln_exp, !ln_Rinv by lra. rewrite !Hhalf by lra.
  replace e with (- (y ^ 2 / (2 * (sqrt (model_variance W) * sqrt (model_variance W))))) by (unfold e; field; lra).
  rewrite sqrt_sqrt by lra. field. lra.
Qed.

Section Length.

Variables (step : R) (h : nat) (a : vec).
Hypothesis Hstep : 0 < step.

Let W : R := coarse_step step h.

Lemma W_pos : 0 < W.
Proof. apply Rmult_lt_0_compat; [apply pow_lt; lra|easy]. Qed.

(** A coordinate: a quadratic of z. *)
Lemma is_Edither_ideal_length j z :
  is_RInt (fun V => ideal_length step h (offsets a V j) z) 0 1
    (INR h + (Edither (fun V => ln (normalizer W V)) + (ln (2 * PI) / 2 + ln (model_variance W) / 2 - ln W
      + (z ^ 2 + step_error W) / (2 * model_variance W))) / ln 2).
Proof.
  pose proof W_pos as HW. pose proof ln_2_pos as H2. pose proof (model_variance_pos W) as Hm.
  set (S := Edither (fun V => ln (normalizer W V))). set (k := ln (2 * PI) / 2 + ln (model_variance W) / 2 - ln W).
  apply (is_RInt_ext (fun V => plus (INR h + k / ln 2) (plus (scal (/ ln 2) (ln (normalizer W (offsets a V j))))
    (scal (/ (2 * model_variance W * ln 2)) (step_quantize W 0 (offsets a V j) z ^ 2))))).
  - intros V _. unfold ideal_length, cell_probability, log2. fold W. set (v := offsets a V j).
    pose proof (fractional_bounds (V + a j)) as Hv. fold (offsets a V j) in Hv. fold v in Hv.
    rewrite ln_div by (now apply cell_weight_pos || (apply normalizer_pos; [easy|lra])).
    rewrite ln_cell_weight by easy. unfold step_quantize, k.
    set (y := step_value W 0 v (step_code W 0 v z)).
    change (INR h + (ln (2 * PI) / 2 + ln (model_variance W) / 2 - ln W) / ln 2 +
      (/ ln 2 * ln (normalizer W v) + / (2 * model_variance W * ln 2) * y ^ 2) =
      INR h - (ln W - ln (model_variance W) / 2 - ln (2 * PI) / 2 - y ^ 2 / (2 * model_variance W) - ln (normalizer W v)) / ln 2).
    field. lra.
  - replace (INR h + (S + (k + (z ^ 2 + step_error W) / (2 * model_variance W))) / ln 2)
      with (plus (INR h + k / ln 2) (plus (scal (/ ln 2) S) (scal (/ (2 * model_variance W * ln 2)) (z ^ 2 + step_error W)))).
    + apply (is_RInt_plus (V := R_NormedModule)); [apply is_Edither_const|].
      apply (is_RInt_plus (V := R_NormedModule)); apply (is_RInt_scal (V := R_NormedModule)).
      * apply (offsets_uniform a j (fun V => ln (normalizer W V))).
        apply (RInt_correct (V := R_CompleteNormedModule)), ex_Edither_ln_normalizer, HW.
      * now apply is_Edither_step_square.
    + change (INR h + k / ln 2 + (/ ln 2 * S + / (2 * model_variance W * ln 2) * (z ^ 2 + step_error W))
        = INR h + (S + (k + (z ^ 2 + step_error W) / (2 * model_variance W))) / ln 2). field. lra.
Qed.

(** Every vector has the same mean ideal length. *)
Theorem ideal_length_of_vector d H rho x eps :
  hadamard d H -> signs d eps -> (0 < d)%nat -> rho <> 0 -> rho ^ 2 = norm2 d x ->
  sum d (fun j => Edither (fun V => ideal_length step h (offsets a V j) (rotate d H eps x j / rho)))
  = INR d * (INR h + rate_of_error (step_error W) + Edither (fun V => log2 (normalizer W V))).
Proof.
  intros HH Hs Hd Hrho Hnorm. pose proof W_pos as HW. pose proof ln_2_pos as H2. pose proof (model_variance_pos W) as Hm.
  assert (Hlog : Edither (fun V => log2 (normalizer W V)) = Edither (fun V => ln (normalizer W V)) / ln 2).
  { rewrite (Edither_ext _ (fun V => / ln 2 * ln (normalizer W V))) by (intros; unfold log2; field; lra).
    rewrite Edither_scal_l by (apply ex_Edither_ln_normalizer, HW). field. lra. }
  rewrite Hlog. set (S := Edither (fun V => ln (normalizer W V))).
  set (b := INR h + (S + (ln (2 * PI) / 2 + ln (model_variance W) / 2 - ln W + step_error W / (2 * model_variance W))) / ln 2).
  rewrite (sum_ext d _ (fun j => b + / (2 * model_variance W * ln 2) * (rotate d H eps x j / rho) ^ 2)).
  2:{ intros j _. transitivity (INR h + (S + (ln (2 * PI) / 2 + ln (model_variance W) / 2 - ln W
        + ((rotate d H eps x j / rho) ^ 2 + step_error W) / (2 * model_variance W))) / ln 2).
      - apply is_RInt_unique, is_Edither_ideal_length.
      - unfold b. field. lra. }
  rewrite sum_plus, sum_const, sum_scal_l, (rotated_energy d H rho x eps HH Hs Hd Hrho), <- Hnorm.
  unfold rate_of_error, log2, b. pose proof PI_RGT_0 as Hpi. pose proof (exp_pos 1) as He.
  assert (HD : 0 < step_error W) by (unfold step_error; apply Rdiv_lt_0_compat; [now apply pow_lt|lra]).
  assert (Hrate : ln (PI * exp 1 / 6 * (1 + / step_error W)) = ln (2 * PI) + 1 + ln (model_variance W) - 2 * ln W).
  { replace (PI * exp 1 / 6 * (1 + / step_error W)) with (2 * PI * exp 1 * model_variance W * / (W * W)).
    - rewrite ln_mult, ln_Rinv, (ln_mult (2 * PI * exp 1)), (ln_mult (2 * PI) (exp 1)), ln_exp, (ln_mult W W); try lra; try nra.
      + apply Rmult_lt_0_compat; [|lra]. apply Rmult_lt_0_compat; lra.
      + apply Rinv_0_lt_compat. nra.
    - unfold model_variance, step_error. field. lra. }
  rewrite Hrate. replace (step_error W) with (model_variance W - 1) by (unfold model_variance, step_error; field). field.
  repeat split; lra.
Qed.

(** Hence at most d (h + R(W^2/12)) bits, and D <= (pi e/6)(1 + W^2/12) 4^-R at R bits per coordinate. *)
Theorem ideal_length_bound d H rho x eps :
  hadamard d H -> signs d eps -> (0 < d)%nat -> rho <> 0 -> rho ^ 2 = norm2 d x ->
  sum d (fun j => Edither (fun V => ideal_length step h (offsets a V j) (rotate d H eps x j / rho)))
  <= INR d * (INR h + rate_of_error (step_error W)).
Proof.
  intros HH Hs Hd Hrho Hnorm. rewrite (ideal_length_of_vector d H rho x eps) by easy.
  pose proof (normalizer_log_mean W W_pos). assert (0 < INR d) by now apply lt_0_INR. apply Rmult_le_compat_l; lra.
Qed.

Theorem rate_distortion d H rho x eps :
  hadamard d H -> signs d eps -> (0 < d)%nat -> rho <> 0 -> rho ^ 2 = norm2 d x ->
  let R := sum d (fun j => Edither (fun V => ideal_length step h (offsets a V j) (rotate d H eps x j / rho))) / INR d in
  step_error step <= PI * exp 1 / 6 * (1 + step_error W) * Rpower 4 (- R).
Proof.
  intros HH Hs Hd Hrho Hnorm R. pose proof W_pos as HW. pose proof ln_2_pos as H2. assert (Hd' : 0 < INR d) by now apply lt_0_INR.
  assert (HR : R <= INR h + rate_of_error (step_error W)).
  { unfold R. apply Rle_div_l; [easy|]. rewrite Rmult_comm. now apply ideal_length_bound. }
  pose proof PI_RGT_0 as Hpi. pose proof (exp_pos 1) as He.
  assert (HD : 0 < step_error W) by (unfold step_error; apply Rdiv_lt_0_compat; [now apply pow_lt|lra]).
  assert (Hinv : 0 < / step_error W) by now apply Rinv_0_lt_compat.
  set (q := PI * exp 1 / 6 * (1 + / step_error W)).
  assert (Hq : 0 < q) by (apply Rmult_lt_0_compat; [apply Rdiv_lt_0_compat; [now apply Rmult_lt_0_compat|lra]|lra]).
  assert (H4 : ln 4 = 2 * ln 2) by (replace 4 with (2 * 2) by ring; rewrite ln_mult by lra; ring).
  apply Rle_trans with (PI * exp 1 / 6 * (1 + step_error W) * Rpower 4 (- (INR h + rate_of_error (step_error W)))).
  - right. unfold Rpower. rewrite H4.
    replace (- (INR h + rate_of_error (step_error W)) * (2 * ln 2)) with (- (INR h * ln 2) + - (INR h * ln 2) + - ln q)
      by (unfold rate_of_error, log2; fold q; field; lra).
    assert (Eh : exp (INR h * ln 2) = 2 ^ h) by (rewrite <- Rpower_pow by lra; easy).
    rewrite !exp_plus, !exp_Ropp, Eh, exp_ln by easy. unfold q.
    assert (E : step_error W = 2 ^ h * 2 ^ h * step_error step) by (unfold W, coarse_step, step_error; field).
    assert (0 < 2 ^ h) by (apply pow_lt; lra).
    assert (HD0 : 0 < step_error step) by (unfold step_error; apply Rdiv_lt_0_compat; [now apply pow_lt|lra]).
    set (D0 := step_error step) in *. set (p := 2 ^ h) in *. rewrite E. clearbody D0 p. field. repeat split; apply Rgt_not_eq; lra.
  - apply Rmult_le_compat_l.
    + apply Rmult_le_pos; [|lra]. left. apply Rdiv_lt_0_compat; [now apply Rmult_lt_0_compat|lra].
    + apply Rle_Rpower; lra.
Qed.

End Length.
