(** * Discrete dither with the shipped generator, for all vectors (SPEC §3, §5.9)

    The range of g on the window of z is at most 2 g(N - 1/16) unless the window comes within 1/16 of
    an end; there z grows like kappa ln(1/s) in the distance s, so the range grows at most like
    exp(|z|/kappa), which Rademacher sums tame. Hence explicit bounds, uniform over dimension and
    vector, of what 32 bits of dither cost; for the eight shipped pairs (sigma, kappa) they are
    numbers below. *)
From Coq Require Import Reals ZArith List Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
From Hdq Require Import Defs Sums Rademacher DitheredQuantizer VectorQuantizer FiniteBound
  DiscreteDither Gaussian NormalQuantile ShippedGenerator Constants.
Import ListNotations.
Open Scope R_scope.

(** ** Elementary inequalities *)

Lemma ln_le_half y : 0 < y -> ln y <= y / 2.
Proof.
  intros Hy. rewrite <- (ln_exp (y / 2)). apply ln_le; [easy|].
  replace (y / 2) with (y / 4 + y / 4) by field. rewrite exp_plus.
  pose proof (exp_ineq1_le (y / 4)) as He.
  assert ((1 + y / 4) * (1 + y / 4) <= exp (y / 4) * exp (y / 4))
    by (apply Rmult_le_compat; lra).
  pose proof (pow2_ge_0 (1 - y / 4)). lra.
Qed.

Lemma sqrt_plus_le a b : 0 <= a -> 0 <= b -> sqrt (a + b) <= sqrt a + sqrt b.
Proof.
  intros Ha Hb. pose proof (sqrt_pos a). pose proof (sqrt_pos b).
  rewrite <- (sqrt_square (sqrt a + sqrt b)) by lra. apply sqrt_le_1_alt.
  pose proof (sqrt_sqrt a Ha). pose proof (sqrt_sqrt b Hb). nra.
Qed.

(** The quantile at 1 - p, p <= 1/2, is at most sqrt(2 ln(1/(2p))). *)
Lemma Phi_inv_upper p : 0 < p <= 1/2 -> Phi_inv (1 - p) <= sqrt (2 * ln (/ (2 * p))).
Proof.
  intros Hp. rewrite Phi_inv_odd by lra. pose proof (Phi_inv_nonpos p Hp).
  rewrite <- (sqrt_square (- Phi_inv p)) by lra. apply sqrt_le_1_alt.
  pose proof (Phi_inv_sqr_upper p Hp). nra.
Qed.

(** ** The range of the shipped generator on a window *)

Section Shipped.

Variable N : nat.
Variables sigma kappa q : R.
Hypothesis HN : (2 <= N)%nat.
Hypothesis Hsigma : 0 < sigma.
Hypothesis Hkappa : 0 < kappa.
(** q bounds the quantile one cell and 1/16 below the top. *)
Hypothesis Hq : q <= Phi_inv (1 - 17/16 / INR N).

Let g := shipped N sigma kappa.
Let Hg : generator N g := shipped_generator N sigma kappa HN Hsigma Hkappa.

Lemma N_ge_2 : 2 <= INR N.
Proof. apply (levels_ge_2 N g Hg). Qed.

(** g(N - s), s the distance to the top. *)
Lemma shipped_top s :
  0 < s <= 1 -> g (INR N - s) <= sigma * sqrt (2 * ln (INR N / (2 * s))) + kappa / s.
Proof.
  intros Hs. pose proof N_ge_2 as Hn. unfold g, shipped.
  replace ((INR N - s) / INR N) with (1 - s / INR N) by (field; lra).
  assert (Hp : 0 < s / INR N <= 1/2).
  { split; [apply Rdiv_lt_0_compat; lra|]. apply Rmult_le_reg_r with (INR N); [lra|].
    unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l; lra. }
  pose proof (Phi_inv_upper (s / INR N) Hp) as Hup.
  replace (/ (2 * (s / INR N))) with (INR N / (2 * s)) in Hup by (field; lra).
  replace (INR N - (INR N - s)) with s by ring.
  assert (H1 : 0 < 1 / (INR N - s)) by (apply Rdiv_lt_0_compat; lra).
  apply Rplus_le_compat; [apply Rmult_le_compat_l; lra|].
  unfold Rdiv at 1 3. rewrite Rmult_1_l. apply Rmult_le_compat_l; [lra|].
  unfold Rdiv in H1. lra.
Qed.

(** Farther than 1/16 from the top ... *)
Definition bulk_range : R := 2 * (sigma * sqrt (2 * ln (8 * INR N)) + 16 * kappa).

Lemma shipped_bulk s : 1/16 <= s < INR N -> 2 * g (INR N - s) <= bulk_range.
Proof.
  intros Hs. pose proof N_ge_2 as Hn. unfold bulk_range. apply Rmult_le_compat_l; [lra|].
  apply Rle_trans with (g (INR N - 1/16)); [apply (g_le N g Hg); lra|].
  eapply Rle_trans; [apply shipped_top; lra|]. right.
  replace (INR N / (2 * (1/16))) with (8 * INR N) by field. field.
Qed.

(** ... and nearer. *)
Definition tail_factor : R :=
  2 * (sigma * (sqrt (2 * ln (INR N / 2)) / 16 + 1/4) + kappa) * (INR N / (INR N - 1)).

Lemma shipped_tail s :
  0 < s <= 1/16 ->
  g (INR N - s) <= (sigma * (sqrt (2 * ln (INR N / 2)) / 16 + 1/4) + kappa) / s.
Proof.
  intros Hs. pose proof N_ge_2 as Hn. eapply Rle_trans; [apply shipped_top; lra|].
  assert (Hlnn : 0 <= ln (INR N / 2)) by (rewrite <- ln_1; apply ln_le; lra).
  assert (Hinv : 16 <= / s).
  { rewrite <- (Rinv_inv 16). apply Rinv_le_contravar; lra. }
  assert (Hlns : 0 <= ln (/ s)) by (rewrite <- ln_1; apply ln_le; lra).
  set (L := sqrt (2 * ln (INR N / 2))). assert (HL : 0 <= L) by apply sqrt_pos.
  assert (Hsq : sqrt (2 * ln (INR N / (2 * s))) <= L + sqrt (/ s)).
  { replace (INR N / (2 * s)) with (INR N / 2 * / s) by (field; lra).
    rewrite ln_mult by lra. rewrite Rmult_plus_distr_l.
    eapply Rle_trans; [apply sqrt_plus_le; lra|]. apply Rplus_le_compat_l, sqrt_le_1_alt.
    pose proof (ln_le_half (/ s)). lra. }
  assert (Hr : sqrt (/ s) <= / s / 4).
  { (* sqrt(1/s) = (1/s) sqrt s <= (1/s) / 4 *)
    rewrite <- (sqrt_square (/ s / 4)) by lra. apply sqrt_le_1_alt. nra. }
  unfold Rdiv. rewrite (Rmult_plus_distr_r _ kappa). apply Rplus_le_compat_r.
  rewrite Rmult_assoc. apply Rmult_le_compat_l; [lra|].
  eapply Rle_trans; [exact Hsq|]. nra.
Qed.

(** z is large near the top: 1/s <= N/(N-1) exp((z - sigma q)/kappa). *)
Lemma compand_tail s :
  0 < s <= 1/16 ->
  / s <= INR N / (INR N - 1) * exp ((compand g (INR N - s - 1/2) - sigma * q) / kappa).
Proof.
  intros Hs. pose proof N_ge_2 as Hn. set (n := INR N) in *. set (t := n - s - 1/2).
  set (z := compand g t).
  (* integrate g >= sigma q + kappa (1/(n-v) - 1/v) over the window *)
  assert (Hlow : sigma * q + kappa * (ln (s + 1) - ln s - (ln (n - s) - ln (n - s - 1))) <= z).
  { set (F := fun v => sigma * q * v - kappa * ln (n - v) - kappa * ln v).
    set (f := fun v => sigma * q + kappa * (1 / (n - v) - 1 / v)).
    assert (HF : is_RInt f (t - 1/2) (t + 1/2) (minus (F (t + 1/2)) (F (t - 1/2)))).
    { apply (is_RInt_derive F f); intros v; rewrite Rmin_left, Rmax_right by lra;
        unfold t; intros Hv.
      - unfold F, f. auto_derive; [repeat split; lra|]. field. lra.
      - apply (ex_derive_continuous f). unfold f. auto_derive. repeat split; lra. }
    replace (sigma * q + kappa * (ln (s + 1) - ln s - (ln (n - s) - ln (n - s - 1))))
      with (minus (F (t + 1/2)) (F (t - 1/2))).
    2:{ unfold minus, plus, opp; simpl. unfold F, t.
        replace (n - (n - s - 1/2 + 1/2)) with s by field.
        replace (n - (n - s - 1/2 - 1/2)) with (s + 1) by field.
        replace (n - s - 1/2 + 1/2) with (n - s) by field.
        replace (n - s - 1/2 - 1/2) with (n - s - 1) by field. ring. }
    apply (is_RInt_le f g (t - 1/2) (t + 1/2)); [lra|exact HF| |].
    - apply (RInt_correct g). apply (ex_RInt_g N g Hg); unfold t; fold n; lra.
    - intros v Hv. unfold t in Hv. unfold f, g, shipped. fold n.
      apply Rplus_le_compat_r, Rmult_le_compat_l; [lra|].
      eapply Rle_trans; [exact Hq|]. fold n.
      assert (Hfrac : 1 - 17/16 / n <= v / n < 1).
      { split.
        - apply Rmult_le_reg_r with n; [lra|]. unfold Rdiv.
          rewrite Rmult_minus_distr_r, !Rmult_assoc, Rinv_l by lra. lra.
        - apply Rmult_lt_reg_r with n; [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
      apply Phi_inv_le_compat; [|easy|easy].
      assert (0 < (n - 17/16) / n) by (apply Rdiv_lt_0_compat; lra).
      replace (1 - 17/16 / n) with ((n - 17/16) / n) by (field; lra). easy. }
  assert (Hexp : (s + 1) * (n - s - 1) / (s * (n - s)) <= exp ((z - sigma * q) / kappa)).
  { rewrite <- (exp_ln ((s + 1) * (n - s - 1) / (s * (n - s)))).
    2:{ apply Rdiv_lt_0_compat; apply Rmult_lt_0_compat; lra. }
    assert (Hle : ln ((s + 1) * (n - s - 1) / (s * (n - s))) <= (z - sigma * q) / kappa).
    { unfold Rdiv at 1. rewrite ln_mult, ln_Rinv, !ln_mult by
        (try apply Rinv_0_lt_compat; repeat apply Rmult_lt_0_compat; lra).
      apply Rmult_le_reg_r with kappa; [easy|].
      replace ((z - sigma * q) / kappa * kappa) with (z - sigma * q) by (field; lra). lra. }
    destruct Hle as [Hlt | ->]; [left; now apply exp_increasing|lra]. }
  apply Rle_trans with (n / (n - 1) * ((s + 1) * (n - s - 1) / (s * (n - s)))).
  - apply Rmult_le_reg_r with (s * (n - s) * (n - 1)).
    { repeat apply Rmult_lt_0_compat; lra. }
    replace (/ s * (s * (n - s) * (n - 1))) with ((n - s) * (n - 1)) by (field; lra).
    replace (n / (n - 1) * ((s + 1) * (n - s - 1) / (s * (n - s))) * (s * (n - s) * (n - 1)))
      with (n * ((s + 1) * (n - s - 1))) by (field; lra).
    assert (0 <= s * (n * (n - 1 - s) - 1)) by (apply Rmult_le_pos; nra). lra.
  - apply Rmult_le_compat_l; [|exact Hexp].
    apply Rlt_le, Rdiv_lt_0_compat; lra.
Qed.

Definition tail_range : R := tail_factor * exp (- (sigma * q / kappa)).

(** range of g on the window of z <= max(bulk_range, tail_range exp(|z|/kappa)), smoothed so that
    its square is a majorant. *)
Definition shipped_width (z : R) : R :=
  sqrt (bulk_range ^ 2 + 2 * tail_range ^ 2 * cosh (2 / kappa * z)).

Lemma exp_le_2_cosh y : exp y <= 2 * cosh y.
Proof. unfold cosh. pose proof (exp_pos (- y)). lra. Qed.

Lemma cosh_pos y : 0 < cosh y.
Proof. unfold cosh. pose proof (exp_pos y). pose proof (exp_pos (- y)). lra. Qed.

Lemma le_sqrt_of_sq a b : 0 <= a -> a ^ 2 <= b -> a <= sqrt b.
Proof.
  intros Ha Hab. rewrite <- (sqrt_square a) by easy. apply sqrt_le_1_alt. nra.
Qed.

Lemma bulk_range_nonneg : 0 <= bulk_range.
Proof.
  unfold bulk_range. pose proof (sqrt_pos (2 * ln (8 * INR N))).
  pose proof (Rmult_le_pos sigma _ (Rlt_le _ _ Hsigma) H). lra.
Qed.

Lemma tail_factor_nonneg : 0 <= tail_factor.
Proof.
  pose proof N_ge_2 as Hn. unfold tail_factor.
  pose proof (sqrt_pos (2 * ln (INR N / 2))) as Hs.
  apply Rmult_le_pos; [|apply Rlt_le, Rdiv_lt_0_compat; lra].
  assert (0 <= sigma * (sqrt (2 * ln (INR N / 2)) / 16 + 1 / 4)) by (apply Rmult_le_pos; lra).
  lra.
Qed.

Lemma shipped_width_upper_half t :
  inside N t -> INR N / 2 <= t -> g (t + 1/2) - g (t - 1/2) <= shipped_width (compand g t).
Proof.
  intros Ht Hhalf. pose proof Ht as [Ht1 Ht2]. set (z := compand g t).
  assert (Hin : inside N (INR N / 2)) by (unfold inside; pose proof N_ge_2; lra).
  assert (Hmid : compand g (INR N / 2) = 0).
  { pose proof (compand_odd N g Hg (INR N / 2) Hin) as Ho.
    replace (INR N - INR N / 2) with (INR N / 2) in Ho by field. lra. }
  assert (Hz : 0 <= z) by (rewrite <- Hmid; now apply (compand_le N g Hg)).
  assert (HW2 : g (t + 1/2) - g (t - 1/2) <= 2 * g (t + 1/2)).
  { apply (window_range_le N g Hg t t Ht Ht). fold z. rewrite Rabs_pos_eq; lra. }
  assert (HW0 : 0 <= g (t + 1/2) - g (t - 1/2)).
  { pose proof (compand_between N g Hg t Ht). lra. }
  pose proof (cosh_pos (2 / kappa * z)) as Hcosh.
  pose proof (pow2_ge_0 tail_range) as Htr.
  unfold shipped_width. apply le_sqrt_of_sq; [easy|].
  set (s := INR N - t - 1/2). assert (Hts : t + 1/2 = INR N - s) by (unfold s; ring).
  destruct (Rle_dec (1/16) s) as [Hbulk | Htail].
  - apply Rle_trans with (bulk_range ^ 2).
    + apply pow_incr. split; [easy|]. eapply Rle_trans; [exact HW2|]. rewrite Hts.
      apply shipped_bulk. unfold s. lra.
    + assert (0 <= 2 * tail_range ^ 2 * cosh (2 / kappa * z)) by (apply Rmult_le_pos; lra). lra.
  - assert (Hs : 0 < s <= 1/16) by (unfold s in *; lra).
    assert (HW : g (t + 1/2) - g (t - 1/2) <= tail_range * exp (z / kappa)).
    { eapply Rle_trans; [exact HW2|]. rewrite Hts.
      pose proof (shipped_tail s Hs) as Htl. pose proof (compand_tail s Hs) as Hct.
      replace (INR N - s - 1/2) with t in Hct by (unfold s; field). fold z in Hct.
      replace ((z - sigma * q) / kappa) with (- (sigma * q / kappa) + z / kappa) in Hct
        by (field; lra).
      rewrite exp_plus in Hct.
      set (C := sigma * (sqrt (2 * ln (INR N / 2)) / 16 + 1/4) + kappa) in *.
      assert (HC : 0 <= C).
      { unfold C. pose proof (sqrt_pos (2 * ln (INR N / 2))).
        assert (0 <= sigma * (sqrt (2 * ln (INR N / 2)) / 16 + 1/4)) by (apply Rmult_le_pos; lra).
        lra. }
      unfold tail_range, tail_factor. fold C.
      replace (2 * C * (INR N / (INR N - 1)) * exp (- (sigma * q / kappa)) * exp (z / kappa))
        with (2 * (C * (INR N / (INR N - 1) * (exp (- (sigma * q / kappa)) * exp (z / kappa)))))
        by ring.
      apply Rmult_le_compat_l; [lra|]. eapply Rle_trans; [exact Htl|].
      now apply Rmult_le_compat_l. }
    apply Rle_trans with ((tail_range * exp (z / kappa)) ^ 2).
    + apply pow_incr. split; easy.
    + rewrite Rpow_mult_distr.
      replace (exp (z / kappa) ^ 2) with (exp (2 / kappa * z)).
      2:{ simpl. rewrite Rmult_1_r, <- exp_plus. f_equal. field. lra. }
      pose proof (exp_le_2_cosh (2 / kappa * z)) as He.
      pose proof (pow2_ge_0 bulk_range) as Hb.
      assert (tail_range ^ 2 * exp (2 / kappa * z) <= tail_range ^ 2 * (2 * cosh (2 / kappa * z)))
        by (apply Rmult_le_compat_l; easy). lra.
Qed.

Theorem shipped_width_correct t :
  inside N t -> g (t + 1/2) - g (t - 1/2) <= shipped_width (compand g t).
Proof.
  intros Ht. destruct (Rle_dec (INR N / 2) t) as [Hup | Hlow].
  - now apply shipped_width_upper_half.
  - pose proof (inside_reflect N t Ht) as Hr. pose proof Ht as [Ht1 Ht2].
    pose proof (shipped_width_upper_half (INR N - t) Hr ltac:(lra)) as H.
    rewrite (compand_odd N g Hg t Ht) in H.
    replace (INR N - t + 1/2) with (INR N - (t - 1/2)) in H by field.
    replace (INR N - t - 1/2) with (INR N - (t + 1/2)) in H by field.
    rewrite !(gen_odd _ _ Hg) in H by lra.
    replace (shipped_width (- compand g t)) with (shipped_width (compand g t)) in H; [lra|].
    unfold shipped_width. do 3 f_equal. unfold cosh.
    rewrite <- Ropp_mult_distr_r, Ropp_involutive. f_equal. apply Rplus_comm.
Qed.

Definition shipped_width_majorant : majorant :=
  {| maj_one := bulk_range ^ 2; maj_z2 := 0; maj_z4 := 0;
     maj_coshes := 1; maj_c := fun _ => 2 * tail_range ^ 2; maj_s := fun _ => 2 / kappa;
     maj_exps := 0; maj_e := fun _ => 0; maj_lambda := fun _ => 0 |}.

Definition shipped_dither_cost : R :=
  bulk_range ^ 2 + 2 * tail_factor ^ 2 * exp (2 / kappa ^ 2 - 2 * (sigma * q / kappa)).

Lemma shipped_width_majorant_valid : majorant_valid shipped_width_majorant.
Proof.
  repeat split; simpl; intros; try lia; try lra.
  pose proof (pow2_ge_0 tail_range). simpl in H0. lra.
Qed.

Lemma shipped_width_majorant_at z : shipped_width z ^ 2 <= majorant_at shipped_width_majorant z.
Proof.
  unfold shipped_width, majorant_at. simpl maj_one. simpl maj_z2. simpl maj_z4.
  simpl maj_coshes. simpl maj_exps. cbn [sum maj_c maj_s shipped_width_majorant].
  assert (0 <= bulk_range ^ 2 + 2 * tail_range ^ 2 * cosh (2 / kappa * z)).
  { pose proof (pow2_ge_0 bulk_range). pose proof (pow2_ge_0 tail_range).
    pose proof (cosh_pos (2 / kappa * z)).
    apply Rplus_le_le_0_compat; [easy|]. apply Rmult_le_pos; lra. }
  rewrite <- Rsqr_pow2, Rsqr_sqrt by easy. lra.
Qed.

Lemma shipped_width_majorant_bound : majorant_bound shipped_width_majorant = shipped_dither_cost.
Proof.
  unfold majorant_bound, shipped_dither_cost. cbn [sum maj_one maj_z2 maj_z4 maj_coshes maj_exps
    maj_c maj_s shipped_width_majorant].
  replace (2 / kappa ^ 2 - 2 * (sigma * q / kappa))
    with ((2 / kappa) ^ 2 / 2 + (- (sigma * q / kappa) + - (sigma * q / kappa))) by (field; lra).
  rewrite !exp_plus. unfold tail_range. ring.
Qed.

(** The bias at any real z, in closed form. *)
Theorem shipped_word_bias z :
  Rabs (Eword (fun U => quantize N g U z) - z) <= shipped_width z / 2 ^ 32.
Proof. apply (word_bias_width N g Hg shipped_width shipped_width_correct). Qed.

(** All vectors: what the 32-bit dither changes in the mean squared error, and the mean square
    over the signs of the bias vector. *)
Theorem shipped_discrete_dither_bound d H x :
  hadamard d H -> norm2 d x <> 0 ->
  let rho := sqrt (norm2 d x) in
  Rabs (mse_words N g d H rho x - mse N g d H rho x)
    <= norm2 d x * (shipped_dither_cost / 2 ^ 32) /\
  Esign d (fun eps => norm2 d (fun i => Eword (fun U => reconstruct N g d H rho x eps U i) - x i))
    <= norm2 d x * (shipped_dither_cost / (2 ^ 32) ^ 2).
Proof.
  intros HH Hx. rewrite <- shipped_width_majorant_bound.
  apply (discrete_dither_bound N g Hg shipped_width shipped_width_correct); try easy.
  - apply shipped_width_majorant_valid.
  - apply shipped_width_majorant_at.
Qed.

End Shipped.

(** ** The shipped pairs (sigma, kappa), b = 1 .. 8 *)

(** Lower bounds, in thousandths, of the quantile 17/16 of a cell below the top. *)
Definition dither_quantile_times_1000 : list Z := [-79; 626; 1113; 1503; 1835; 2129; 2395; 2639]%Z.
Definition dither_quantile (b : nat) : R := IZR (nth (b - 1) dither_quantile_times_1000 0%Z) / 1000.

(** Upper bounds of [shipped_dither_cost]. *)
Definition dither_cost_cap : list Z := [116000; 64000; 31000; 7300; 5700; 1450; 750; 650]%Z.
Definition dither_cost (b : nat) : R := IZR (nth (b - 1) dither_cost_cap 0%Z).

Lemma levels_INR b : INR (2 ^ b) = 2 ^ b.
Proof. rewrite pow_INR. now f_equal. Qed.

Lemma Phi_inv_lower q p : Phi q <= p -> p < 1 -> q <= Phi_inv p.
Proof.
  intros Hq Hp. pose proof (Phi_pos q). rewrite <- (Phi_inv_Phi q).
  apply Phi_inv_le_compat; lra.
Qed.

Lemma dither_quantile_correct b :
  (1 <= b <= 8)%nat -> dither_quantile b <= Phi_inv (1 - 17/16 / INR (2 ^ b)).
Proof.
  intros Hb. rewrite levels_INR.
  assert (Hcases : (b = 1 \/ b = 2 \/ b = 3 \/ b = 4 \/ b = 5 \/ b = 6 \/ b = 7 \/ b = 8)%nat) by lia.
  destruct Hcases as [-> | Hcases].
  - (* below the median: by symmetry *)
    apply Phi_inv_lower; [|lra]. unfold dither_quantile. simpl nth.
    replace (IZR (-79) / 1000) with (- (79 / 1000)) by field. rewrite Phi_opp. unfold Phi, phi.
    assert (H : 1/32 <= RInt (fun x => exp (- x ^ 2 / 2) / sqrt (2 * PI)) 0 (79 / 1000))
      by integral with (i_fuel 200). lra.
  - destruct Hcases as [-> | [-> | [-> | [-> | [-> | [-> | ->]]]]]];
      (apply Phi_inv_lower; [|lra]); unfold dither_quantile; simpl nth; unfold Phi, phi;
      match goal with |- _ + ?i <= 1 - ?p => assert (H : i <= 1/2 - p); [|lra] end;
      integral with (i_fuel 200).
Qed.

Lemma dither_cost_correct b :
  (1 <= b <= 8)%nat ->
  shipped_dither_cost (2 ^ b) (shipped_sigma b) (shipped_kappa b) (dither_quantile b)
    <= dither_cost b.
Proof.
  intros Hb. unfold shipped_dither_cost, bulk_range, tail_factor. rewrite levels_INR.
  assert (Hcases : (b = 1 \/ b = 2 \/ b = 3 \/ b = 4 \/ b = 5 \/ b = 6 \/ b = 7 \/ b = 8)%nat) by lia.
  destruct Hcases as [-> | Hcases].
  - (* ln 1 = 0 needs to be exact *)
    replace (2 ^ 1 / 2) with 1 by field. rewrite ln_1, Rmult_0_r, sqrt_0.
    unfold shipped_sigma, shipped_kappa, dither_quantile, dither_cost. simpl nth. interval.
  - destruct Hcases as [-> | [-> | [-> | [-> | [-> | [-> | ->]]]]]];
      unfold shipped_sigma, shipped_kappa, dither_quantile, dither_cost; simpl nth; interval.
Qed.

(** For b = 1 .. 8 bits, every dimension, Hadamard matrix and vector: with 32-bit dither the mean
    squared error is within |x|^2 C/2^32 of that with continuous dither, and the bias has root mean
    square at most |x| sqrt C / 2^32 over the signs, C = [dither_cost b]: at most 3e-5 |x|^2 and
    8e-8 |x|, at b = 8 at most 1.6e-7 |x|^2 and 6e-9 |x|. *)
Theorem shipped_discrete_dither b d H x :
  (1 <= b <= 8)%nat -> hadamard d H -> norm2 d x <> 0 ->
  let g := shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b) in
  let rho := sqrt (norm2 d x) in
  Rabs (mse_words (2 ^ b) g d H rho x - mse (2 ^ b) g d H rho x)
    <= norm2 d x * (dither_cost b / 2 ^ 32) /\
  Esign d (fun eps => norm2 d (fun i =>
      Eword (fun U => reconstruct (2 ^ b) g d H rho x eps U i) - x i))
    <= norm2 d x * (dither_cost b / (2 ^ 32) ^ 2).
Proof.
  intros Hb HH Hx g rho.
  assert (HN : (2 <= 2 ^ b)%nat).
  { change 2%nat with (2 ^ 1)%nat at 1. apply Nat.pow_le_mono_r; lia. }
  assert (Hpos : 0 < shipped_sigma b /\ 0 < shipped_kappa b).
  { unfold shipped_sigma, shipped_kappa.
    do 9 (destruct b as [|b]; [first [lia | simpl nth; lra]|]). lia. }
  destruct Hpos as [Hs Hk].
  destruct (shipped_discrete_dither_bound (2 ^ b) _ _ _ HN Hs Hk (dither_quantile_correct b Hb)
              d H x HH Hx) as [B1 B2].
  pose proof (dither_cost_correct b Hb) as Hcost. pose proof (norm2_nonneg d x) as Hnn.
  split; [eapply Rle_trans; [exact B1|] | eapply Rle_trans; [exact B2|]];
    (apply Rmult_le_compat_l; [easy|]); (apply Rmult_le_compat_r; [|exact Hcost]);
    left; apply Rinv_0_lt_compat; repeat apply pow_lt; lra.
Qed.
