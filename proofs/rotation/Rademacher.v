(** * Rotated coordinates are Rademacher sums, and how those concentrate

    SPEC §5.2: for a fixed row of H, multiplying the signs by the row permutes {-1,1}^d, so
    every coordinate of H D x has the law of sum eps_i x_i.
    SPEC §5.4: moments and exponential moments of that sum, all by induction over the
    coordinates; the only analytic input is cosh y <= exp (y^2/2). *)
From Coq Require Import Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Sums.
Open Scope R_scope.

(** ** The permutation of the sign vectors *)

(** [f] reads only the first [d] coordinates of its argument. *)
Definition reads (d : nat) (f : vec -> R) : Prop :=
  forall e e' : vec, (forall i, (i < d)%nat -> e i = e' i) -> f e = f e'.

Definition flip (s e : vec) : vec := fun i => s i * e i.

Lemma flip_is_sign s e : is_sign s -> is_sign e -> is_sign (flip s e).
Proof.
  intros Hs He i. unfold flip.
  destruct (Hs i) as [-> | ->], (He i) as [-> | ->]; lra.
Qed.

Lemma flip_involutive s e : is_sign s -> forall i, flip s (flip s e) i = e i.
Proof.
  intros Hs i. unfold flip. rewrite <- Rmult_assoc, is_sign_sq by easy. ring.
Qed.

(** eps |-> s o eps is a bijection of {-1,1}^d onto itself. *)
Theorem flip_permutes_signs d s :
  (forall i, (i < d)%nat -> s i = 1 \/ s i = -1) ->
  forall e, (forall i, (i < d)%nat -> e i = 1 \/ e i = -1) ->
  (forall i, (i < d)%nat -> flip s e i = 1 \/ flip s e i = -1) /\
  exists e', (forall i, (i < d)%nat -> e' i = 1 \/ e' i = -1) /\
    (forall i, (i < d)%nat -> flip s e' i = e i) /\
    (forall e'', (forall i, (i < d)%nat -> flip s e'' i = e i) ->
       forall i, (i < d)%nat -> e'' i = e' i).
Proof.
  intros Hs e He.
  assert (Hsign : forall i, (i < d)%nat -> flip s e i = 1 \/ flip s e i = -1).
  { intros i Hi. unfold flip. destruct (Hs i Hi) as [-> | ->], (He i Hi) as [-> | ->]; lra. }
  split; [exact Hsign|]. exists (flip s e). split; [exact Hsign|]. split.
  - intros i Hi. unfold flip. destruct (Hs i Hi) as [-> | ->]; ring.
  - intros e'' H'' i Hi. specialize (H'' i Hi). unfold flip in *.
    destruct (Hs i Hi) as [Hsi | Hsi]; rewrite Hsi in *; lra.
Qed.

Lemma Esign_flip d s f :
  (forall i, (i < d)%nat -> s i = 1 \/ s i = -1) -> reads d f ->
  Esign d (fun e => f (flip s e)) = Esign d f.
Proof.
  revert s f. induction d as [|d IH]; intros s f Hs Hf; simpl.
  - apply Hf. intros i Hi; lia.
  - assert (Hstep : forall a, Esign d (fun e => f (flip s (scons a e))) =
                              Esign d (fun e => f (scons (s O * a) e))).
    { intros a.
      rewrite <- (IH (fun i => s (S i)) (fun e => f (scons (s O * a) e))).
      - apply Esign_ext. intros e _. apply Hf. intros [|i] _; easy.
      - intros i Hi. apply Hs. lia.
      - intros e e' He. apply Hf. intros [|i] Hi; [easy|]. apply He. lia. }
    rewrite !Hstep. destruct (Hs O) as [-> | ->]; [lia| |].
    + rewrite !Rmult_1_l. easy.
    + replace (-1 * 1) with (-1) by ring. replace (-1 * -1) with 1 by ring. lra.
Qed.

Lemma Esign_neg d f : reads d f -> Esign d (fun e => f (fun i => - e i)) = Esign d f.
Proof.
  intros Hf. rewrite <- (Esign_flip d (fun _ => -1) f); [|auto|easy].
  apply Esign_ext. intros e _. apply Hf. intros i _. unfold flip. ring.
Qed.

Lemma rademacher_reads d x : reads d (rademacher d x).
Proof. intros e e' He. apply sum_ext. intros i Hi. now rewrite He. Qed.

Lemma rotate_is_rademacher d H eps x i :
  rotate d H eps x i = rademacher d x (flip (H i) eps).
Proof. apply sum_ext. intros j _. unfold flip. ring. Qed.

(** Every coordinate of H D x is distributed as sum eps_i x_i. *)
Theorem rotated_coordinate_law d H x i (F : R -> R) :
  hadamard d H -> (i < d)%nat ->
  Esign d (fun e => F (rotate d H e x i)) = Esign d (fun e => F (rademacher d x e)).
Proof.
  intros [Hpm _] Hi.
  rewrite <- (Esign_flip d (H i) (fun e => F (rademacher d x e))).
  - apply Esign_ext. intros e _. now rewrite rotate_is_rademacher.
  - intros j Hj. now apply Hpm.
  - intros e e' He. now rewrite (rademacher_reads d x e e').
Qed.

(** ** Conditioning on the first sign *)

Lemma rademacher_scons d x a e :
  rademacher (S d) x (scons a e) = a * x O + rademacher d (fun i => x (S i)) e.
Proof. unfold rademacher. rewrite sum_head. easy. Qed.

Lemma norm2_head d x : norm2 (S d) x = (x O) ^ 2 + norm2 d (fun i => x (S i)).
Proof. unfold norm2, dot. rewrite sum_head. ring. Qed.

Lemma Esign_rademacher_S d x (F : R -> R) :
  Esign (S d) (fun e => F (rademacher (S d) x e)) =
  Esign d (fun e => (F (x O + rademacher d (fun i => x (S i)) e) +
                     F (- x O + rademacher d (fun i => x (S i)) e)) * / 2).
Proof.
  rewrite Esign_scal_r, Esign_plus. cbn [Esign]. unfold Rdiv. f_equal. f_equal;
  apply Esign_ext; intros e _; rewrite rademacher_scons; f_equal; ring.
Qed.

Lemma rademacher_scal d a x e : rademacher d (fun i => a * x i) e = a * rademacher d x e.
Proof. unfold rademacher. rewrite <- sum_scal_l. apply sum_ext. intros; ring. Qed.

Lemma rademacher_div d x rho e : rademacher d (fun i => x i / rho) e = rademacher d x e / rho.
Proof. unfold rademacher, Rdiv. rewrite <- sum_scal_r. apply sum_ext. intros; ring. Qed.

Lemma rademacher_symmetric d x (F : R -> R) :
  Esign d (fun e => F (- rademacher d x e)) = Esign d (fun e => F (rademacher d x e)).
Proof.
  rewrite <- (Esign_neg d (fun e => F (rademacher d x e))).
  - apply Esign_ext. intros e _. f_equal. unfold rademacher. rewrite <- sum_opp.
    apply sum_ext. intros; ring.
  - intros e e' He. now rewrite (rademacher_reads d x e e').
Qed.

(** ** Moments *)

Theorem rademacher_mean d x : Esign d (rademacher d x) = 0.
Proof.
  revert x. induction d as [|d IH]; intros x; [easy|].
  eapply eq_trans; [apply (Esign_rademacher_S d x (fun s => s))|].
  rewrite <- (IH (fun i => x (S i))). apply Esign_ext. intros; field.
Qed.

Theorem rademacher_second_moment d x : Esign d (fun e => rademacher d x e ^ 2) = norm2 d x.
Proof.
  revert x. induction d as [|d IH]; intros x; [unfold norm2, dot, rademacher; simpl; ring|].
  rewrite (Esign_rademacher_S d x (fun s => s ^ 2)), norm2_head, <- IH.
  rewrite <- (Esign_const d (x O ^ 2)) at 1. rewrite <- Esign_plus.
  apply Esign_ext. intros; field.
Qed.

(** E S^4 = 3 |x|^4 - 2 sum x_i^4. *)
Theorem rademacher_fourth_moment d x :
  Esign d (fun e => rademacher d x e ^ 4) = 3 * norm2 d x ^ 2 - 2 * sum d (fun i => x i ^ 4).
Proof.
  revert x. induction d as [|d IH]; intros x; [unfold norm2, dot, rademacher; simpl; ring|].
  rewrite (Esign_rademacher_S d x (fun s => s ^ 4)), norm2_head, sum_head.
  set (x' := fun i => x (S i)).
  rewrite (Esign_ext d _ (fun e => (rademacher d x' e ^ 4 +
            6 * x O ^ 2 * rademacher d x' e ^ 2) + x O ^ 4)) by (intros; field).
  rewrite !Esign_plus, Esign_const, Esign_scal_l, IH, rademacher_second_moment.
  unfold x'. ring.
Qed.

Lemma rademacher_fourth_moment_le d x :
  Esign d (fun e => rademacher d x e ^ 4) <= 3 * norm2 d x ^ 2.
Proof.
  rewrite rademacher_fourth_moment.
  assert (0 <= sum d (fun i => x i ^ 4)); [|lra].
  apply sum_nonneg. intros i _. replace (x i ^ 4) with ((x i ^ 2) ^ 2) by ring.
  apply pow2_ge_0.
Qed.

(** ** cosh y <= exp (y^2/2) *)

Lemma nonneg_derivative_le (f f' : R -> R) y :
  (forall t, is_derive f t (f' t)) -> (forall t, 0 <= t -> 0 <= f' t) -> 0 <= y -> f 0 <= f y.
Proof.
  intros Hd Hpos Hy.
  destruct (MVT_gen f 0 y f') as (c & Hc & Heq).
  - intros t _. apply Hd.
  - intros t _. apply continuity_pt_filterlim.
    apply (ex_derive_continuous f). exists (f' t). apply Hd.
  - rewrite Rmin_left in Hc by easy. assert (0 <= f' c * (y - 0)); [|lra].
    apply Rmult_le_pos; [apply Hpos|]; lra.
Qed.

Lemma cosh_le_exp_sq y : cosh y <= exp (y ^ 2 / 2).
Proof.
  (* For y >= 0: y cosh y - sinh y increases from 0, so exp(-y^2/2) cosh y decreases from 1. *)
  assert (Hsinh : forall t, 0 <= t -> 0 <= exp t - exp (- t)).
  { intros t Ht. destruct (Req_dec t 0) as [-> | Hne].
    - rewrite Ropp_0. lra.
    - assert (exp (- t) < exp t) by (apply exp_increasing; lra). lra. }
  assert (Hm : forall t, 0 <= t ->
            0 <= t * ((exp t + exp (- t)) / 2) - (exp t - exp (- t)) / 2).
  { intros t Ht.
    pose proof (nonneg_derivative_le
      (fun t => t * ((exp t + exp (- t)) / 2) - (exp t - exp (- t)) / 2)
      (fun t => t * ((exp t - exp (- t)) / 2)) t) as Hmono. cbv beta in Hmono.
    rewrite Ropp_0, exp_0 in Hmono.
    assert (0 * ((1 + 1) / 2) - (1 - 1) / 2 <=
      t * ((exp t + exp (- t)) / 2) - (exp t - exp (- t)) / 2); [|lra].
    apply Hmono; [| |easy].
    - intros u. auto_derive; [easy|field].
    - intros u Hu. apply Rmult_le_pos; [easy|]. specialize (Hsinh u Hu). lra. }
  assert (Hpos : forall t, 0 <= t -> (exp t + exp (- t)) / 2 <= exp (t ^ 2 / 2)).
  { intros t Ht.
    pose proof (nonneg_derivative_le
      (fun t => - (exp (- (t ^ 2 / 2)) * ((exp t + exp (- t)) / 2)))
      (fun t => exp (- (t ^ 2 / 2)) *
        (t * ((exp t + exp (- t)) / 2) - (exp t - exp (- t)) / 2)) t) as Hmono.
    cbv beta in Hmono.
    replace (- (0 ^ 2 / 2)) with 0 in Hmono by field. rewrite Ropp_0, exp_0 in Hmono.
    assert (Hle : exp (- (t ^ 2 / 2)) * ((exp t + exp (- t)) / 2) <= 1).
    { assert (- (1 * ((1 + 1) / 2)) <= - (exp (- (t ^ 2 / 2)) * ((exp t + exp (- t)) / 2)));
        [|lra].
      apply Hmono; [| |easy].
      - intros u. auto_derive; [easy|]. unfold Rdiv. simpl. rewrite !Rmult_1_r. field.
      - intros u Hu. apply Rmult_le_pos; [left; apply exp_pos|]. now apply Hm. }
    rewrite exp_Ropp in Hle. pose proof (exp_pos (t ^ 2 / 2)) as He.
    apply Rmult_le_reg_l with (/ exp (t ^ 2 / 2)); [now apply Rinv_0_lt_compat|].
    rewrite Rinv_l by lra. easy. }
  unfold cosh. destruct (Rle_dec 0 y) as [Hy | Hy]; [now apply Hpos|].
  specialize (Hpos (- y)). rewrite Ropp_involutive in Hpos.
  replace ((- y) ^ 2) with (y ^ 2) in Hpos by ring. lra.
Qed.

(** ** Exponential moments *)

(** E exp(tS) <= exp(t^2 |x|^2 / 2). *)
Theorem rademacher_exp_moment d x t :
  Esign d (fun e => exp (t * rademacher d x e)) <= exp (t ^ 2 * norm2 d x / 2).
Proof.
  revert x. induction d as [|d IH]; intros x.
  - unfold norm2, dot, rademacher. simpl.
    replace (t * (t * 1) * 0 / 2) with (t * 0) by field. lra.
  - rewrite (Esign_rademacher_S d x (fun s => exp (t * s))), norm2_head.
    set (x' := fun i => x (S i)).
    rewrite (Esign_ext d _ (fun e => cosh (t * x O) * exp (t * rademacher d x' e))).
    + rewrite Esign_scal_l.
      replace (t ^ 2 * (x O ^ 2 + norm2 d x') / 2)
        with ((t * x O) ^ 2 / 2 + t ^ 2 * norm2 d x' / 2) by field.
      rewrite exp_plus. apply Rmult_le_compat; [| |apply cosh_le_exp_sq|apply IH].
      * unfold cosh. pose proof (exp_pos (t * x O)). pose proof (exp_pos (- (t * x O))). lra.
      * apply Esign_nonneg. intros e _. left. apply exp_pos.
    + intros e _. unfold cosh. rewrite !Rmult_plus_distr_l, !exp_plus.
      replace (t * - x O) with (- (t * x O)) by ring. field.
Qed.

(** E cosh(sS) <= exp(s^2 |x|^2 / 2). *)
Theorem rademacher_cosh_moment d x s :
  Esign d (fun e => cosh (s * rademacher d x e)) <= exp (s ^ 2 * norm2 d x / 2).
Proof.
  rewrite (Esign_ext d _ (fun e => (exp (s * rademacher d x e) +
                                    exp (- s * rademacher d x e)) * / 2)).
  - rewrite Esign_scal_r, Esign_plus.
    pose proof (rademacher_exp_moment d x s) as Hp.
    pose proof (rademacher_exp_moment d x (- s)) as Hm.
    replace ((- s) ^ 2) with (s ^ 2) in Hm by ring. lra.
  - intros e _. unfold cosh, Rdiv. f_equal. f_equal. f_equal. ring.
Qed.

(** One coordinate of the induction below: with w = 2 mu a^2 < 1,
    (exp(mu (c+a)^2) + exp(mu (c-a)^2)) / 2 <= (1-w)^(-1/2) exp(mu c^2 / (1-w)). *)
Lemma exp_square_one_sign mu c a :
  0 <= mu -> 2 * mu * a ^ 2 < 1 ->
  (exp (mu * (c + a) ^ 2) + exp (mu * (c - a) ^ 2)) / 2 <=
  / sqrt (1 - 2 * mu * a ^ 2) * exp (mu * c ^ 2 / (1 - 2 * mu * a ^ 2)).
Proof.
  intros Hmu Hw. set (w := 2 * mu * a ^ 2) in *.
  assert (Hw0 : 0 <= w).
  { unfold w. apply Rmult_le_pos; [lra|apply pow2_ge_0]. }
  replace ((exp (mu * (c + a) ^ 2) + exp (mu * (c - a) ^ 2)) / 2)
    with (exp (mu * c ^ 2 + w / 2) * cosh (2 * mu * c * a)).
  2:{ unfold cosh, Rdiv. rewrite <- Rmult_assoc, Rmult_plus_distr_l, <- !exp_plus.
      unfold w. f_equal. f_equal; f_equal; field. }
  assert (Hsqrt : 0 < sqrt (1 - w)) by (apply sqrt_lt_R0; lra).
  assert (Hexp : exp (w / 2) <= / sqrt (1 - w)).
  { assert (Hle : sqrt (1 - w) <= exp (- (w / 2))).
    { rewrite <- (sqrt_square (exp (- (w / 2)))) by (left; apply exp_pos).
      apply sqrt_le_1_alt. rewrite <- exp_plus.
      replace (- (w / 2) + - (w / 2)) with (- w) by field.
      generalize (exp_ineq1_le (- w)). lra. }
    rewrite exp_Ropp in Hle. rewrite <- (Rinv_inv (exp (w / 2))).
    now apply Rinv_le_contravar. }
  apply Rle_trans with (exp (mu * c ^ 2 + w / 2) * exp (mu * c ^ 2 * w)).
  - apply Rmult_le_compat_l; [left; apply exp_pos|].
    eapply Rle_trans; [apply cosh_le_exp_sq|].
    right. f_equal. unfold w. field.
  - replace (exp (mu * c ^ 2 + w / 2) * exp (mu * c ^ 2 * w))
      with (exp (w / 2) * exp (mu * c ^ 2 * (1 + w)))
      by (rewrite <- !exp_plus; f_equal; ring).
    apply Rmult_le_compat; [left; apply exp_pos|left; apply exp_pos|exact Hexp|].
    assert (Hinv : 1 + w <= / (1 - w)).
    { apply Rmult_le_reg_r with (1 - w); [lra|]. rewrite Rinv_l by lra. nra. }
    assert (Harg : mu * c ^ 2 * (1 + w) <= mu * c ^ 2 / (1 - w)).
    { apply Rmult_le_compat_l; [|exact Hinv].
      apply Rmult_le_pos; [lra|apply pow2_ge_0]. }
    destruct (Rle_lt_or_eq_dec _ _ Harg) as [Hlt | ->]; [|lra].
    left. now apply exp_increasing.
Qed.

(** E exp(lambda (c+S)^2) <= (1 - 2 lambda |x|^2)^(-1/2) exp(lambda c^2 / (1 - 2 lambda |x|^2)):
    the shift c is what the induction needs. *)
Lemma rademacher_exp_square_shifted d x lambda c :
  0 <= lambda -> 2 * lambda * norm2 d x < 1 ->
  Esign d (fun e => exp (lambda * (c + rademacher d x e) ^ 2)) <=
  / sqrt (1 - 2 * lambda * norm2 d x) * exp (lambda * c ^ 2 / (1 - 2 * lambda * norm2 d x)).
Proof.
  intros Hl. revert x c. induction d as [|d IH]; intros x c Hv.
  - unfold norm2, dot, rademacher. simpl sum.
    replace (1 - 2 * lambda * 0) with 1 by ring. rewrite sqrt_1, Rinv_1, Rmult_1_l.
    cbn [Esign]. right. f_equal. field.
  - rewrite norm2_head in *. set (x' := fun i => x (S i)) in *.
    set (v := norm2 d x') in *. set (a := x O) in *.
    assert (Hv0 : 0 <= v) by apply norm2_nonneg.
    assert (Ha0 : 0 <= a ^ 2) by apply pow2_ge_0.
    assert (Hr : 0 < 1 - 2 * lambda * v)
      by (pose proof (Rmult_le_pos _ _ Hl Ha0); lra).
    set (r := 1 - 2 * lambda * v) in *. set (mu := lambda / r).
    assert (Hmu : 0 <= mu) by (apply Rdiv_le_0_compat; easy).
    assert (Hfac : 1 - 2 * lambda * (a ^ 2 + v) = r * (1 - 2 * mu * a ^ 2)).
    { unfold mu, r. field. fold r. lra. }
    assert (Hw : 2 * mu * a ^ 2 < 1).
    { assert (0 < r * (1 - 2 * mu * a ^ 2)) by lra.
      assert (0 < 1 - 2 * mu * a ^ 2) by (apply Rmult_lt_reg_l with r; lra). lra. }
    rewrite (Esign_rademacher_S d x (fun s => exp (lambda * (c + s) ^ 2))).
    fold x' a. rewrite Esign_scal_r, Esign_plus.
    rewrite (Esign_ext d (fun e => exp (lambda * (c + (a + rademacher d x' e)) ^ 2))
      (fun e => exp (lambda * (c + a + rademacher d x' e) ^ 2)))
      by (intros; do 2 f_equal; ring).
    rewrite (Esign_ext d (fun e => exp (lambda * (c + (- a + rademacher d x' e)) ^ 2))
      (fun e => exp (lambda * (c - a + rademacher d x' e) ^ 2)))
      by (intros; do 2 f_equal; ring).
    assert (Hv' : 2 * lambda * v < 1) by (unfold r in Hr; lra).
    pose proof (IH x' (c + a) Hv') as Hp. pose proof (IH x' (c - a) Hv') as Hm.
    fold v r in Hp, Hm.
    replace (lambda * (c + a) ^ 2 / r) with (mu * (c + a) ^ 2) in Hp
      by (unfold mu; field; lra).
    replace (lambda * (c - a) ^ 2 / r) with (mu * (c - a) ^ 2) in Hm
      by (unfold mu; field; lra).
    pose proof (exp_square_one_sign mu c a Hmu Hw) as Hone.
    assert (Hsr : 0 < / sqrt r) by (apply Rinv_0_lt_compat, sqrt_lt_R0, Hr).
    rewrite Hfac, sqrt_mult by lra.
    replace (lambda * c ^ 2 / (r * (1 - 2 * mu * a ^ 2)))
      with (mu * c ^ 2 / (1 - 2 * mu * a ^ 2))
      by (unfold mu at 1; unfold Rdiv; rewrite Rinv_mult; ring).
    rewrite Rinv_mult, Rmult_assoc.
    eapply Rle_trans; [|apply Rmult_le_compat_l; [left; exact Hsr|exact Hone]].
    lra.
Qed.

(** E exp(lambda S^2) <= (1 - 2 lambda |x|^2)^(-1/2). *)
Theorem rademacher_exp_square_moment d x lambda :
  0 <= lambda -> 2 * lambda * norm2 d x < 1 ->
  Esign d (fun e => exp (lambda * rademacher d x e ^ 2)) <= / sqrt (1 - 2 * lambda * norm2 d x).
Proof.
  intros Hl Hv. pose proof (rademacher_exp_square_shifted d x lambda 0 Hl Hv) as H.
  replace (lambda * 0 ^ 2 / (1 - 2 * lambda * norm2 d x)) with 0 in H.
  - rewrite exp_0, Rmult_1_r in H.
    rewrite (Esign_ext d _ (fun e => exp (lambda * (0 + rademacher d x e) ^ 2)))
      by (intros; now rewrite Rplus_0_l).
    exact H.
  - unfold Rdiv. ring.
Qed.

(** ** The same for unit vectors *)

Theorem rademacher_unit_moments d x :
  norm2 d x = 1 ->
  Esign d (rademacher d x) = 0 /\
  Esign d (fun e => rademacher d x e ^ 2) = 1 /\
  Esign d (fun e => rademacher d x e ^ 4) = 3 - 2 * sum d (fun i => x i ^ 4) /\
  Esign d (fun e => rademacher d x e ^ 4) <= 3.
Proof.
  intros H1. pose proof (rademacher_fourth_moment_le d x) as H4.
  rewrite rademacher_mean, rademacher_second_moment, rademacher_fourth_moment in *.
  rewrite H1 in *. repeat split; lra.
Qed.

Theorem rademacher_unit_exp_moments d x :
  norm2 d x = 1 ->
  (forall t, Esign d (fun e => exp (t * rademacher d x e)) <= exp (t ^ 2 / 2)) /\
  (forall s, Esign d (fun e => cosh (s * rademacher d x e)) <= exp (s ^ 2 / 2)) /\
  (forall lambda, 0 <= lambda < 1/2 ->
    Esign d (fun e => exp (lambda * rademacher d x e ^ 2)) <= / sqrt (1 - 2 * lambda)) /\
  Esign d (fun e => exp (rademacher d x e ^ 2 / 3)) <= sqrt 3.
Proof.
  intros H1.
  assert (Hsq : forall lambda, 0 <= lambda < 1/2 ->
    Esign d (fun e => exp (lambda * rademacher d x e ^ 2)) <= / sqrt (1 - 2 * lambda)).
  { intros lambda Hl. pose proof (rademacher_exp_square_moment d x lambda) as H.
    rewrite H1, Rmult_1_r in H. apply H; lra. }
  split; [|split; [|split; [exact Hsq|]]].
  - intros t. pose proof (rademacher_exp_moment d x t) as H. rewrite H1, Rmult_1_r in H. easy.
  - intros s. pose proof (rademacher_cosh_moment d x s) as H. rewrite H1, Rmult_1_r in H. easy.
  - replace (sqrt 3) with (/ sqrt (1 - 2 * (1 / 3))).
    + eapply Rle_trans; [|apply Hsq; lra]. right. apply Esign_ext.
      intros e _. f_equal. field.
    + replace (1 - 2 * (1 / 3)) with (/ 3) by field. rewrite sqrt_inv, Rinv_inv. easy.
Qed.
