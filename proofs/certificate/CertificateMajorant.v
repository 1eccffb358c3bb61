(** * Majorants of M and their means (SPEC §5.5)

    a0 + a2 z^2 + a4 z^4 + sum c cosh(s z) + sum e exp(lambda z^2) with rational
    coefficients, all but a0 nonnegative, so that it grows with |z|: a majorant of
    FiniteBound as data that can be computed with, and its interval version. *)
From Coq Require Import Reals ZArith QArith Qreals List Lra Lia Psatz Bool.
From Hdq Require Import Defs Sums FiniteBound CertificateInterval.
Import ListNotations.
Open Scope R_scope.

Record certificate := {
  constant : Q;
  square : Q;
  fourth : Q;
  coshes : list (Q * Q);       (** (c, s): c cosh(s z) *)
  gaussians : list (Q * Q) }.  (** (e, lambda): e exp(lambda z^2) *)

Definition sum_list {A} (f : A -> R) (l : list A) : R := fold_right (fun a r => f a + r) 0 l.

Definition cosh_part (m : certificate) (z : R) : R :=
  sum_list (fun cs => Q2R (fst cs) * cosh (Q2R (snd cs) * z)) (coshes m).
Definition gaussian_part (m : certificate) (z : R) : R :=
  sum_list (fun el => Q2R (fst el) * exp (Q2R (snd el) * z ^ 2)) (gaussians m).
Definition certificate_value (m : certificate) (z : R) : R :=
  Q2R (constant m) + Q2R (square m) * z ^ 2 + Q2R (fourth m) * z ^ 4
  + cosh_part m z + gaussian_part m z.

(** The same as a majorant of FiniteBound. *)
Definition real_majorant (m : certificate) : majorant := {|
  maj_one := Q2R (constant m); maj_z2 := Q2R (square m); maj_z4 := Q2R (fourth m);
  maj_coshes := length (coshes m);
  maj_c := fun k => Q2R (fst (nth k (coshes m) (0, 0)%Q));
  maj_s := fun k => Q2R (snd (nth k (coshes m) (0, 0)%Q));
  maj_exps := length (gaussians m);
  maj_e := fun l => Q2R (fst (nth l (gaussians m) (0, 0)%Q));
  maj_lambda := fun l => Q2R (snd (nth l (gaussians m) (0, 0)%Q)) |}.

Lemma sum_nth {A} (f : A -> R) l a : sum (length l) (fun k => f (nth k l a)) = sum_list f l.
Proof. induction l as [|b l IH]; [reflexivity|]; cbn [length]; rewrite sum_head; simpl; now rewrite IH. Qed.

Lemma real_majorant_at m z : majorant_at (real_majorant m) z = certificate_value m z.
Proof.
  unfold majorant_at, certificate_value; simpl; f_equal; [f_equal|].
  - exact (sum_nth (fun cs => Q2R (fst cs) * cosh (Q2R (snd cs) * z)) (coshes m) _).
  - exact (sum_nth (fun el => Q2R (fst el) * exp (Q2R (snd el) * z ^ 2)) (gaussians m) _).
Qed.

(** At most its mean over a Rademacher sum of variance v. *)
Definition certificate_mean (m : certificate) (v : R) : R :=
  Q2R (constant m) + Q2R (square m) * v + 3 * Q2R (fourth m) * v ^ 2
  + sum_list (fun cs => Q2R (fst cs) * exp (Q2R (snd cs) ^ 2 * v / 2)) (coshes m)
  + sum_list (fun el => Q2R (fst el) * / sqrt (1 - 2 * Q2R (snd el) * v)) (gaussians m).

Lemma real_majorant_bound_var m v : majorant_bound_var (real_majorant m) v = certificate_mean m v.
Proof.
  unfold majorant_bound_var, certificate_mean; simpl; f_equal; [f_equal|].
  - exact (sum_nth (fun cs => Q2R (fst cs) * exp (Q2R (snd cs) ^ 2 * v / 2)) (coshes m) _).
  - exact (sum_nth (fun el => Q2R (fst el) * / sqrt (1 - 2 * Q2R (snd el) * v)) (gaussians m) _).
Qed.

Definition Qnonneg (q : Q) : bool := (0 <=? Qnum q)%Z.
Definition certificate_ok (m : certificate) : bool :=
  (Qnonneg (square m) && Qnonneg (fourth m)
   && forallb (fun cs => Qnonneg (fst cs)) (coshes m)
   && forallb (fun el => Qnonneg (fst el) && Qnonneg (snd el)
                         && (2 * Qnum (snd el) <? Zpos (Qden (snd el)))%Z) (gaussians m))%bool.

Lemma Qnonneg_correct q : Qnonneg q = true -> 0 <= Q2R q.
Proof.
  intro H; apply Z.leb_le, IZR_le in H; unfold Q2R.
  apply Rmult_le_pos; [exact H | left; apply Rinv_0_lt_compat, IZR_lt; reflexivity].
Qed.

Lemma Q_below_half q : (2 * Qnum q <? Zpos (Qden q))%Z = true -> Q2R q < 1 / 2.
Proof.
  intro H; apply Z.ltb_lt, IZR_lt in H; rewrite mult_IZR in H; unfold Q2R.
  assert (0 < IZR (Zpos (Qden q))) by (apply IZR_lt; reflexivity).
  apply Rmult_lt_reg_r with (IZR (Zpos (Qden q))); [assumption|].
  rewrite Rmult_assoc, Rinv_l by lra; lra.
Qed.

Record certificate_conditions (m : certificate) : Prop := {
  square_nonneg : 0 <= Q2R (square m);
  fourth_nonneg : 0 <= Q2R (fourth m);
  coshes_nonneg : forall cs, In cs (coshes m) -> 0 <= Q2R (fst cs);
  gaussians_nonneg : forall el, In el (gaussians m) -> 0 <= Q2R (fst el);
  exponents_range : forall el, In el (gaussians m) -> 0 <= Q2R (snd el) < 1 / 2 }.

Lemma certificate_ok_correct m : certificate_ok m = true -> certificate_conditions m.
Proof.
  unfold certificate_ok; rewrite !andb_true_iff; intros [[[H1 H2] H3] H4].
  rewrite forallb_forall in H3, H4; constructor.
  - now apply Qnonneg_correct.
  - now apply Qnonneg_correct.
  - intros cs I; now apply Qnonneg_correct, H3.
  - intros el I; apply H4 in I; rewrite !andb_true_iff in I; now apply Qnonneg_correct.
  - intros el I; apply H4 in I; rewrite !andb_true_iff in I; destruct I as [[_ I1] I2].
    split; [now apply Qnonneg_correct | now apply Q_below_half].
Qed.

Lemma real_majorant_valid m : certificate_conditions m -> majorant_valid (real_majorant m).
Proof.
  intro C; repeat split; simpl.
  - apply (fourth_nonneg m C).
  - intros k Hk; apply (coshes_nonneg m C), nth_In, Hk.
  - apply (gaussians_nonneg m C), nth_In; assumption.
  - apply (exponents_range m C), nth_In; assumption.
  - apply (exponents_range m C), nth_In; assumption.
Qed.

(** ** Growth in |z| *)

Lemma sum_list_le {A} (f f' : A -> R) l :
  (forall a, In a l -> f a <= f' a) -> sum_list f l <= sum_list f' l.
Proof.
  induction l as [|a l IH]; intro H; simpl; [lra|].
  pose proof (H a (or_introl eq_refl)); pose proof (IH (fun b I => H b (or_intror I))); lra.
Qed.

Lemma sum_list_scal {A} (f : A -> R) k l : sum_list (fun a => k * f a) l = k * sum_list f l.
Proof. induction l; simpl; [ring | rewrite IHl; ring]. Qed.

Lemma exp_le x y : x <= y -> exp x <= exp y.
Proof. intros [H | ->]; [left; now apply exp_increasing | lra]. Qed.

Lemma cosh_opp x : cosh (- x) = cosh x.
Proof. unfold cosh; rewrite Ropp_involutive, Rplus_comm; reflexivity. Qed.

Lemma cosh_le_nonneg x y : 0 <= x <= y -> cosh x <= cosh y.
Proof.
  intro H; unfold cosh.
  pose proof (exp_le x y ltac:(lra)) as E.
  assert (E' : exp (- x) * exp (- y) <= 1).
  { rewrite <- exp_plus, <- exp_0; apply exp_le; lra. }
  assert (X : exp x * exp (- x) = 1) by (rewrite <- exp_plus, Rplus_opp_r; apply exp_0).
  assert (Y : exp y * exp (- y) = 1) by (rewrite <- exp_plus, Rplus_opp_r; apply exp_0).
  assert (0 <= (exp y - exp x) * (1 - exp (- x) * exp (- y))) by (apply Rmult_le_pos; lra).
  nra.
Qed.

Lemma cosh_le_abs x y : Rabs x <= Rabs y -> cosh x <= cosh y.
Proof.
  intro H.
  assert (A : forall x, cosh (Rabs x) = cosh x).
  { intro w; unfold Rabs; destruct (Rcase_abs w); [apply cosh_opp | reflexivity]. }
  rewrite <- (A x), <- (A y); apply cosh_le_nonneg; split; [apply Rabs_pos | exact H].
Qed.

Lemma cosh_part_le m z z' : certificate_conditions m -> z' <= z <= 0 -> cosh_part m z <= cosh_part m z'.
Proof.
  intros C Hz; apply sum_list_le; intros cs I.
  apply Rmult_le_compat_l; [now apply (coshes_nonneg m C)|].
  apply cosh_le_abs; rewrite !Rabs_mult; apply Rmult_le_compat_l; [apply Rabs_pos|].
  rewrite !Rabs_left1; lra.
Qed.

Lemma gaussian_part_le m z z' : certificate_conditions m -> z' <= z <= 0 -> gaussian_part m z <= gaussian_part m z'.
Proof.
  intros C Hz; apply sum_list_le; intros el I.
  apply Rmult_le_compat_l; [now apply (gaussians_nonneg m C)|].
  apply exp_le, Rmult_le_compat_l; [now apply (exponents_range m C) | nra].
Qed.

Lemma certificate_value_le m z z' :
  certificate_conditions m -> z' <= z <= 0 -> certificate_value m z <= certificate_value m z'.
Proof.
  intros C Hz; unfold certificate_value.
  pose proof (cosh_part_le m z z' C Hz); pose proof (gaussian_part_le m z z' C Hz).
  assert (S : z ^ 2 <= z' ^ 2) by nra.
  assert (F : z ^ 4 <= z' ^ 4).
  { replace (z ^ 4) with ((z ^ 2) ^ 2) by ring; replace (z' ^ 4) with ((z' ^ 2) ^ 2) by ring.
    apply pow_incr; split; [apply pow2_ge_0 | exact S]. }
  pose proof (Rmult_le_compat_l _ _ _ (square_nonneg m C) S).
  pose proof (Rmult_le_compat_l _ _ _ (fourth_nonneg m C) F); lra.
Qed.

(** ** Growth of the mean in the variance *)

Lemma certificate_mean_le m v v' : certificate_conditions m -> 0 <= v <= v' ->
  (forall el, In el (gaussians m) -> 2 * Q2R (snd el) * v' < 1) -> certificate_mean m v <= certificate_mean m v'.
Proof.
  intros C Hv Hl; unfold certificate_mean.
  assert (V2 : v ^ 2 <= v' ^ 2) by nra.
  pose proof (Rmult_le_compat_l _ _ _ (square_nonneg m C) (proj2 Hv)).
  pose proof (Rmult_le_compat_l _ _ _ (fourth_nonneg m C) V2).
  assert (sum_list (fun cs => Q2R (fst cs) * exp (Q2R (snd cs) ^ 2 * v / 2)) (coshes m)
          <= sum_list (fun cs => Q2R (fst cs) * exp (Q2R (snd cs) ^ 2 * v' / 2)) (coshes m)).
  { apply sum_list_le; intros cs I; apply Rmult_le_compat_l; [now apply (coshes_nonneg m C)|].
    apply exp_le; pose proof (pow2_ge_0 (Q2R (snd cs))); nra. }
  assert (sum_list (fun el => Q2R (fst el) * / sqrt (1 - 2 * Q2R (snd el) * v)) (gaussians m)
          <= sum_list (fun el => Q2R (fst el) * / sqrt (1 - 2 * Q2R (snd el) * v')) (gaussians m)).
  { apply sum_list_le; intros el I; apply Rmult_le_compat_l; [now apply (gaussians_nonneg m C)|].
    pose proof (exponents_range m C el I); specialize (Hl el I).
    apply Rinv_le_contravar; [apply sqrt_lt_R0; lra|]; apply sqrt_le_1_alt; nra. }
  lra.
Qed.

Lemma certificate_value_even m z : certificate_value m (- z) = certificate_value m z.
Proof.
  unfold certificate_value, cosh_part, gaussian_part.
  replace ((- z) ^ 2) with (z ^ 2) by ring; replace ((- z) ^ 4) with (z ^ 4) by ring.
  f_equal; f_equal; induction (coshes m) as [|cs l IH]; simpl; [reflexivity|].
  rewrite IH; f_equal; f_equal.
  replace (Q2R (snd cs) * - z) with (- (Q2R (snd cs) * z)) by ring; apply cosh_opp.
Qed.

(** Where the derivative of lambda z^2 has reached 1/kappa, exp(lambda z^2) grows at least
    as fast as exp(|z|/kappa). *)
Lemma gaussian_part_growth m z1 z kappa r :
  certificate_conditions m -> 0 < r -> z1 <= 0 -> 0 < kappa -> z <= z1 - kappa * ln r -> 1 <= r ->
  (forall el, In el (gaussians m) -> 1 <= 2 * Q2R (snd el) * - z1 * kappa) ->
  r * gaussian_part m z1 <= gaussian_part m z.
Proof.
  intros C Hr Hz1 Hk Hz Hr1 Slope; unfold gaussian_part; rewrite <- sum_list_scal.
  apply sum_list_le; intros el I.
  pose proof (gaussians_nonneg m C el I); pose proof (exponents_range m C el I).
  specialize (Slope el I); set (l := Q2R (snd el)) in *.
  replace (r * (Q2R (fst el) * exp (l * z1 ^ 2))) with (Q2R (fst el) * (r * exp (l * z1 ^ 2))) by ring.
  apply Rmult_le_compat_l; [assumption|].
  rewrite <- (exp_ln r Hr) at 1; rewrite <- exp_plus; apply exp_le.
  assert (L : 0 <= ln r) by (destruct Hr1 as [Hr1 | <-]; [left; rewrite <- ln_1; apply ln_increasing; lra | rewrite ln_1; lra]).
  set (d := ln r) in *; clearbody d.
  assert ((z1 - kappa * d) ^ 2 <= z ^ 2).
  { assert (0 <= kappa * d) by (apply Rmult_le_pos; lra). nra. }
  assert (l * (z1 - kappa * d) ^ 2 <= l * z ^ 2) by (apply Rmult_le_compat_l; lra).
  assert (d * 1 <= d * (2 * l * - z1 * kappa)) by (apply Rmult_le_compat_l; lra).
  assert (0 <= l * (kappa * d) ^ 2) by (apply Rmult_le_pos; [lra | apply pow2_ge_0]).
  nra.
Qed.

(** ** Interval versions *)

Definition isum {A} (f : A -> interval) (l : list A) : interval :=
  fold_right (fun a r => iadd (f a) r) (ifromZ 0) l.

Lemma isum_correct {A} (F : A -> interval) (f : A -> R) l :
  (forall a, encloses (F a) (f a)) -> encloses (isum F l) (sum_list f l).
Proof.
  intro H; induction l; simpl; [apply ifromZ_correct | now apply iadd_correct].
Qed.

Definition igaussian_part (m : certificate) (Z2 : interval) : interval :=
  isum (fun el => imul (ifromQ (fst el)) (iexp (imul (ifromQ (snd el)) Z2))) (gaussians m).
Definition icertificate_value (m : certificate) (Z : interval) : interval :=
  let Z2 := isqr Z in
  iadd (iadd (iadd (iadd (ifromQ (constant m)) (imul (ifromQ (square m)) Z2))
                   (imul (ifromQ (fourth m)) (isqr Z2)))
             (isum (fun cs => imul (ifromQ (fst cs)) (icosh (imul (ifromQ (snd cs)) Z))) (coshes m)))
       (igaussian_part m Z2).
Definition icertificate_mean (m : certificate) (V : interval) : interval :=
  iadd (iadd (iadd (iadd (ifromQ (constant m)) (imul (ifromQ (square m)) V))
                   (imul (imul (ifromZ 3) (ifromQ (fourth m))) (isqr V)))
             (isum (fun cs => imul (ifromQ (fst cs)) (iexp (idiv (imul (isqr (ifromQ (snd cs))) V) (ifromZ 2)))) (coshes m)))
       (isum (fun el => idiv (ifromQ (fst el))
                          (isqrt (isub (ifromZ 1) (imul (imul (ifromZ 2) (ifromQ (snd el))) V)))) (gaussians m)).

Create HintDb enclose.
Hint Resolve iadd_correct isub_correct imul_correct idiv_correct isqr_correct ineg_correct
  iexp_correct iln_correct isqrt_correct icosh_correct ifromZ_correct ifromQ_correct isum_correct : enclose.

Lemma igaussian_part_correct m Z2 z : encloses Z2 (z ^ 2) -> encloses (igaussian_part m Z2) (gaussian_part m z).
Proof. intro H; apply isum_correct; intro el; auto with enclose. Qed.

Lemma icertificate_value_correct m Z z : encloses Z z -> encloses (icertificate_value m Z) (certificate_value m z).
Proof.
  intro H; unfold icertificate_value, certificate_value.
  replace (z ^ 4) with ((z ^ 2) ^ 2) by ring.
  repeat apply iadd_correct; auto with enclose.
  - apply isum_correct; auto with enclose.
  - apply igaussian_part_correct; auto with enclose.
Qed.

Lemma icertificate_mean_correct m V v : encloses V v -> encloses (icertificate_mean m V) (certificate_mean m v).
Proof.
  intro H; unfold icertificate_mean, certificate_mean.
  repeat apply iadd_correct; auto with enclose; apply isum_correct.
  - auto 10 with enclose.
  - intro el; change (?e * / ?r) with (e / r); auto 10 with enclose.
Qed.
