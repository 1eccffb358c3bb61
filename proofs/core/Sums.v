(** * Finite sums and expectations over signs

    The elementary calculus of [sum], [dot], [Esign] and [Edither] (Defs.v) that the other
    files share: congruence, linearity, order, exchange, reindexing; Cauchy-Schwarz;
    integrability of finite sums. *)
From Coq Require Import Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs.
Open Scope R_scope.

(** ** Sums *)

Lemma sum_ext d f g : (forall i, (i < d)%nat -> f i = g i) -> sum d f = sum d g.
Proof.
  induction d as [|d IH]; intros Hfg; simpl; [easy|].
  rewrite IH by (intros i Hi; apply Hfg; lia).
  rewrite Hfg by lia; easy.
Qed.

Lemma sum_plus d f g : sum d (fun i => f i + g i) = sum d f + sum d g.
Proof. induction d as [|d IH]; simpl; [ring|rewrite IH; ring]. Qed.

Lemma sum_opp d f : sum d (fun i => - f i) = - sum d f.
Proof. induction d as [|d IH]; simpl; [ring|rewrite IH; ring]. Qed.

Lemma sum_minus d f g : sum d (fun i => f i - g i) = sum d f - sum d g.
Proof. induction d as [|d IH]; simpl; [ring|rewrite IH; ring]. Qed.

Lemma sum_scal_l d a f : sum d (fun i => a * f i) = a * sum d f.
Proof. induction d as [|d IH]; simpl; [ring|rewrite IH; ring]. Qed.

Lemma sum_scal_r d a f : sum d (fun i => f i * a) = sum d f * a.
Proof. induction d as [|d IH]; simpl; [ring|rewrite IH; ring]. Qed.

Lemma sum_const d a : sum d (fun _ => a) = INR d * a.
Proof. induction d as [|d IH]; [simpl; ring|]. cbn [sum]. rewrite S_INR, IH. ring. Qed.

Lemma sum_zero d f : (forall i, (i < d)%nat -> f i = 0) -> sum d f = 0.
Proof. intros Hf. rewrite (sum_ext d f (fun _ => 0) Hf), sum_const. ring. Qed.

Lemma sum_le d f g : (forall i, (i < d)%nat -> f i <= g i) -> sum d f <= sum d g.
Proof.
  induction d as [|d IH]; intros Hfg; simpl; [lra|].
  apply Rplus_le_compat; [apply IH; intros i Hi|]; apply Hfg; lia.
Qed.

Lemma sum_nonneg d f : (forall i, (i < d)%nat -> 0 <= f i) -> 0 <= sum d f.
Proof.
  intros Hf. rewrite <- (sum_zero d (fun _ => 0)) by easy. apply sum_le; easy.
Qed.

Lemma sum_term_le d f j :
  (forall i, (i < d)%nat -> 0 <= f i) -> (j < d)%nat -> f j <= sum d f.
Proof.
  induction d as [|d IH]; intros Hf Hj; [lia|]. simpl.
  destruct (Nat.eq_dec j d) as [->|Hne].
  - assert (0 <= sum d f) by (apply sum_nonneg; intros i Hi; apply Hf; lia). lra.
  - assert (f j <= sum d f) by (apply IH; [intros i Hi; apply Hf|]; lia).
    assert (0 <= f d) by (apply Hf; lia). lra.
Qed.

Lemma sum_eq_0_inv d f :
  (forall i, (i < d)%nat -> 0 <= f i) -> sum d f = 0 -> forall i, (i < d)%nat -> f i = 0.
Proof.
  intros Hf H0 i Hi. apply Rle_antisym; [|apply Hf, Hi].
  rewrite <- H0. apply sum_term_le; easy.
Qed.

Lemma sum_Rabs_le d f : Rabs (sum d f) <= sum d (fun i => Rabs (f i)).
Proof.
  induction d as [|d IH]; simpl; [rewrite Rabs_R0; lra|].
  eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.

Lemma sum_swap m n f :
  sum m (fun i => sum n (fun j => f i j)) = sum n (fun j => sum m (fun i => f i j)).
Proof.
  induction m as [|m IH]; simpl.
  - symmetry; apply sum_zero; easy.
  - rewrite IH, <- sum_plus; easy.
Qed.

Lemma sum_head d f : sum (S d) f = f O + sum d (fun i => f (S i)).
Proof.
  induction d as [|d IH]; [simpl; ring|].
  change (sum (S (S d)) f) with (sum (S d) f + f (S d)). rewrite IH. simpl; ring.
Qed.

Lemma sum_app m n f : sum (m + n) f = sum m f + sum n (fun i => f (m + i)%nat).
Proof.
  induction n as [|n IH].
  - rewrite Nat.add_0_r; simpl; ring.
  - rewrite Nat.add_succ_r; simpl; rewrite IH; ring.
Qed.

(** A sum over an index i = a*n + c, a < m, c < n. *)
Lemma sum_mul m n f :
  sum (m * n) f = sum m (fun a => sum n (fun c => f (a * n + c)%nat)).
Proof.
  induction m as [|m IH]; [easy|].
  replace (S m * n)%nat with (m * n + n)%nat by lia.
  rewrite sum_app, IH; easy.
Qed.

Lemma sum_rev d f : sum d f = sum d (fun i => f (d - 1 - i)%nat).
Proof.
  induction d as [|d IH]; [easy|].
  rewrite sum_head with (f := fun i => f (S d - 1 - i)%nat). cbn [sum]. rewrite IH.
  rewrite (sum_ext d (fun i => f (d - 1 - i)%nat) (fun i => f (S d - 1 - S i)%nat)).
  - replace (S d - 1 - 0)%nat with d by lia. ring.
  - intros i Hi. f_equal. lia.
Qed.

Lemma sum_delta d j f :
  (j < d)%nat -> sum d (fun i => if Nat.eqb i j then f i else 0) = f j.
Proof.
  induction d as [|d IH]; intros Hj; [lia|]. simpl.
  destruct (Nat.eq_dec j d) as [->|Hne].
  - rewrite Nat.eqb_refl, sum_zero; [ring|].
    intros i Hi. destruct (Nat.eqb_spec i d); [lia|easy].
  - rewrite IH by lia. destruct (Nat.eqb_spec d j); [lia|ring].
Qed.

Lemma sum_delta_sym d j f :
  (j < d)%nat -> sum d (fun i => if Nat.eqb j i then f i else 0) = f j.
Proof.
  intros Hj. rewrite <- (sum_delta d j f Hj). apply sum_ext.
  intros i _. rewrite Nat.eqb_sym. easy.
Qed.

(** Terms beyond [n] that vanish may be dropped: zero padding. *)
Lemma sum_truncate n d f :
  (n <= d)%nat -> (forall i, (n <= i < d)%nat -> f i = 0) -> sum d f = sum n f.
Proof.
  intros Hn Hf. replace d with (n + (d - n))%nat by lia.
  rewrite sum_app, (sum_zero (d - n)); [ring|]. intros i Hi. apply Hf. lia.
Qed.

Lemma sum_le_truncate n d f :
  (n <= d)%nat -> (forall i, (n <= i < d)%nat -> 0 <= f i) -> sum n f <= sum d f.
Proof.
  intros Hn Hf. replace d with (n + (d - n))%nat by lia. rewrite sum_app.
  assert (0 <= sum (d - n) (fun i => f (n + i)%nat)); [|lra].
  apply sum_nonneg. intros i Hi. apply Hf. lia.
Qed.

Lemma sum_mult m n f g :
  sum m f * sum n g = sum m (fun i => sum n (fun j => f i * g j)).
Proof.
  rewrite <- sum_scal_r. apply sum_ext. intros i _. now rewrite sum_scal_l.
Qed.

(** ** Inner products *)

Lemma dot_ext d x y x' y' :
  (forall i, (i < d)%nat -> x i = x' i) -> (forall i, (i < d)%nat -> y i = y' i) ->
  dot d x y = dot d x' y'.
Proof. intros Hx Hy. apply sum_ext. intros i Hi. now rewrite Hx, Hy. Qed.

Lemma norm2_ext d x y : (forall i, (i < d)%nat -> x i = y i) -> norm2 d x = norm2 d y.
Proof. intros H. now apply dot_ext. Qed.

Lemma norm2_nonneg d x : 0 <= norm2 d x.
Proof. apply sum_nonneg. intros i _. nra. Qed.

Lemma norm2_pos d x : (exists i, (i < d)%nat /\ x i <> 0) -> 0 < norm2 d x.
Proof.
  intros (i & Hi & Hx). apply Rlt_le_trans with (x i * x i).
  - destruct (Rdichotomy _ _ Hx); nra.
  - apply (sum_term_le d (fun i => x i * x i)); [intros; nra|easy].
Qed.

Lemma norm2_scal d a x : norm2 d (fun i => a * x i) = a ^ 2 * norm2 d x.
Proof.
  unfold norm2, dot. rewrite <- sum_scal_l. apply sum_ext. intros; ring.
Qed.

Lemma dot_comm d x y : dot d x y = dot d y x.
Proof. apply sum_ext. intros; ring. Qed.

Lemma cauchy_schwarz d x y : (dot d x y) ^ 2 <= norm2 d x * norm2 d y.
Proof.
  induction d as [|d IH]; unfold norm2, dot in *; simpl sum; [lra|].
  set (s := sum d (fun i => x i * y i)) in *.
  set (p := sum d (fun i => x i * x i)) in *.
  set (q := sum d (fun i => y i * y i)) in *.
  assert (Hp : 0 <= p) by (apply (norm2_nonneg d x)).
  assert (Hq : 0 <= q) by (apply (norm2_nonneg d y)).
  set (a := x d); set (b := y d).
  (* 2 s a b <= p b^2 + q a^2, because s^2 <= p q *)
  assert (Hcross : 2 * s * (a * b) <= p * b ^ 2 + q * a ^ 2).
  { assert (H4 : (2 * s * (a * b)) ^ 2 <= (p * b ^ 2 + q * a ^ 2) ^ 2).
    { replace ((2 * s * (a * b)) ^ 2) with (4 * a ^ 2 * b ^ 2 * s ^ 2) by ring.
      apply Rle_trans with (4 * a ^ 2 * b ^ 2 * (p * q)).
      - apply Rmult_le_compat_l; [|easy].
        replace (4 * a ^ 2 * b ^ 2) with ((2 * a * b) ^ 2) by ring. apply pow2_ge_0.
      - assert (0 <= (p * b ^ 2 - q * a ^ 2) ^ 2) by apply pow2_ge_0. nra. }
    assert (0 <= p * b ^ 2 + q * a ^ 2).
    { apply Rplus_le_le_0_compat; apply Rmult_le_pos; try easy; apply pow2_ge_0. }
    apply Rsqr_incr_0_var; [|easy]. unfold Rsqr. nra. }
  nra.
Qed.

(** ** Expectation over signs *)

(** A vector of signs. [Esign d f] only ever evaluates [f] at such vectors. *)
Definition is_sign (e : vec) : Prop := forall i, e i = 1 \/ e i = -1.

Lemma is_sign_sq e i : is_sign e -> e i * e i = 1.
Proof. intros H. destruct (H i) as [-> | ->]; ring. Qed.

Lemma is_sign_one : is_sign (fun _ => 1).
Proof. intros i; now left. Qed.

Lemma is_sign_scons a e : a = 1 \/ a = -1 -> is_sign e -> is_sign (scons a e).
Proof. intros Ha He [|i]; [exact Ha|apply He]. Qed.

Lemma Esign_ext d f g : (forall e, is_sign e -> f e = g e) -> Esign d f = Esign d g.
Proof.
  revert f g. induction d as [|d IH]; intros f g Hfg; simpl.
  - apply Hfg, is_sign_one.
  - rewrite (IH (fun e => f (scons 1 e)) (fun e => g (scons 1 e))),
      (IH (fun e => f (scons (-1) e)) (fun e => g (scons (-1) e))); [easy| |];
      intros e He; apply Hfg, is_sign_scons; auto.
Qed.

Lemma Esign_le d f g : (forall e, is_sign e -> f e <= g e) -> Esign d f <= Esign d g.
Proof.
  revert f g. induction d as [|d IH]; intros f g Hfg; simpl.
  - apply Hfg, is_sign_one.
  - assert (Esign d (fun e => f (scons 1 e)) <= Esign d (fun e => g (scons 1 e)))
      by (apply IH; intros e He; apply Hfg, is_sign_scons; auto).
    assert (Esign d (fun e => f (scons (-1) e)) <= Esign d (fun e => g (scons (-1) e)))
      by (apply IH; intros e He; apply Hfg, is_sign_scons; auto).
    lra.
Qed.

Lemma Esign_const d a : Esign d (fun _ => a) = a.
Proof. induction d as [|d IH]; simpl; [easy|rewrite IH; field]. Qed.

Lemma Esign_plus d f g : Esign d (fun e => f e + g e) = Esign d f + Esign d g.
Proof.
  revert f g. induction d as [|d IH]; intros f g; simpl; [easy|].
  rewrite (IH (fun e => f (scons 1 e))), (IH (fun e => f (scons (-1) e))). field.
Qed.

Lemma Esign_scal_l d a f : Esign d (fun e => a * f e) = a * Esign d f.
Proof.
  revert f. induction d as [|d IH]; intros f; simpl; [easy|].
  rewrite (IH (fun e => f (scons 1 e))), (IH (fun e => f (scons (-1) e))). field.
Qed.

Lemma Esign_scal_r d a f : Esign d (fun e => f e * a) = Esign d f * a.
Proof.
  rewrite Rmult_comm, <- Esign_scal_l. apply Esign_ext. intros; ring.
Qed.

Lemma Esign_opp d f : Esign d (fun e => - f e) = - Esign d f.
Proof.
  replace (- Esign d f) with (-1 * Esign d f) by ring. rewrite <- Esign_scal_l.
  apply Esign_ext. intros; ring.
Qed.

Lemma Esign_minus d f g : Esign d (fun e => f e - g e) = Esign d f - Esign d g.
Proof.
  unfold Rminus. rewrite <- Esign_opp, <- Esign_plus. easy.
Qed.

Lemma Esign_nonneg d f : (forall e, is_sign e -> 0 <= f e) -> 0 <= Esign d f.
Proof. intros H. rewrite <- (Esign_const d 0). now apply Esign_le. Qed.

Lemma Esign_Rabs_le d f : Rabs (Esign d f) <= Esign d (fun e => Rabs (f e)).
Proof.
  apply Rabs_le. split.
  - rewrite <- Esign_opp. apply Esign_le. intros e _.
    generalize (Rle_abs (- f e)). rewrite Rabs_Ropp. lra.
  - apply Esign_le. intros e _. apply Rle_abs.
Qed.

Lemma Esign_sum d n f :
  Esign d (fun e => sum n (fun i => f i e)) = sum n (fun i => Esign d (f i)).
Proof.
  induction n as [|n IH]; simpl; [apply Esign_const|].
  rewrite Esign_plus, IH. easy.
Qed.

(** A nonnegative function whose mean is 0 vanishes at every sign vector's first d
    coordinates; more generally one pattern weighs 2^-d. *)
Lemma Esign_ge_term d f e :
  (forall e', is_sign e' -> 0 <= f e') ->
  (forall e1 e2 : vec, (forall i, (i < d)%nat -> e1 i = e2 i) -> f e1 = f e2) ->
  is_sign e -> f e / 2 ^ d <= Esign d f.
Proof.
  revert f e. induction d as [|d IH]; intros f e Hpos Hdep He; simpl.
  - rewrite (Hdep e (fun _ => 1)) by (intros; lia). lra.
  - assert (Hstep : forall a, a = 1 \/ a = -1 ->
      f (scons a (fun i => e (S i))) / 2 ^ d <= Esign d (fun e' => f (scons a e'))).
    { intros a Ha. apply (IH (fun e' => f (scons a e'))).
      - intros e' He'. apply Hpos, is_sign_scons; easy.
      - intros e1 e2 He12. apply Hdep. intros [|i] Hi; [easy|]. apply He12. lia.
      - intros i. apply He. }
    assert (Hnn : forall a, a = 1 \/ a = -1 -> 0 <= Esign d (fun e' => f (scons a e'))).
    { intros a Ha. apply Esign_nonneg. intros e' He'. apply Hpos, is_sign_scons; easy. }
    assert (Heq : f e = f (scons (e O) (fun i => e (S i)))).
    { apply Hdep. intros [|i] _; easy. }
    pose proof (Hnn 1 (or_introl eq_refl)). pose proof (Hnn (-1) (or_intror eq_refl)).
    assert (Hd : 0 < 2 ^ d) by (apply pow_lt; lra).
    replace (f e / (2 * 2 ^ d)) with (f e / 2 ^ d / 2) by (field; lra).
    rewrite Heq. destruct (He O) as [H1 | H1]; rewrite H1.
    + pose proof (Hstep 1 (or_introl eq_refl)). lra.
    + pose proof (Hstep (-1) (or_intror eq_refl)). lra.
Qed.

(** ** Expectation over the dither *)

Lemma ex_RInt_sum n (f : nat -> R -> R) a b :
  (forall i, (i < n)%nat -> ex_RInt (V := R_NormedModule) (f i) a b) ->
  ex_RInt (V := R_NormedModule) (fun u => sum n (fun i => f i u)) a b.
Proof.
  induction n as [|n IH]; intros Hf; simpl.
  - apply (ex_RInt_const (V := R_NormedModule)).
  - apply (ex_RInt_plus (V := R_NormedModule)); [apply IH; intros i Hi|]; apply Hf; lia.
Qed.

Lemma RInt_sum n (f : nat -> R -> R) a b :
  (forall i, (i < n)%nat -> ex_RInt (V := R_NormedModule) (f i) a b) ->
  RInt (fun u => sum n (fun i => f i u)) a b = sum n (fun i => RInt (f i) a b).
Proof.
  induction n as [|n IH]; intros Hf; simpl.
  - rewrite RInt_const. unfold scal; simpl; unfold mult; simpl. ring.
  - rewrite (RInt_plus (V := R_CompleteNormedModule)).
    + rewrite IH by (intros i Hi; apply Hf; lia). easy.
    + apply ex_RInt_sum. intros i Hi; apply Hf; lia.
    + apply Hf; lia.
Qed.

Lemma ex_RInt_scal_R (f : R -> R) a b c :
  ex_RInt f a b -> ex_RInt (fun u => c * f u) a b.
Proof. apply (ex_RInt_scal (V := R_NormedModule)). Qed.

Lemma RInt_scal_R (f : R -> R) a b c :
  ex_RInt f a b -> RInt (fun u => c * f u) a b = c * RInt f a b.
Proof. apply (RInt_scal (V := R_CompleteNormedModule)). Qed.

Lemma Edither_const a : Edither (fun _ => a) = a.
Proof.
  unfold Edither. rewrite RInt_const. unfold scal; simpl; unfold mult; simpl. ring.
Qed.

Lemma Edither_ext (f g : R -> R) : (forall U, 0 < U < 1 -> f U = g U) -> Edither f = Edither g.
Proof.
  intros H. apply RInt_ext. rewrite Rmin_left, Rmax_right by lra. easy.
Qed.

Lemma ex_Edither_ext (f g : R -> R) :
  (forall U, 0 < U < 1 -> f U = g U) -> ex_RInt f 0 1 -> ex_RInt g 0 1.
Proof.
  intros H. apply ex_RInt_ext. rewrite Rmin_left, Rmax_right by lra. easy.
Qed.

Lemma Edither_scal_l a (f : R -> R) : ex_RInt f 0 1 -> Edither (fun U => a * f U) = a * Edither f.
Proof. intros H. now apply RInt_scal_R. Qed.

Lemma Edither_plus (f g : R -> R) :
  ex_RInt f 0 1 -> ex_RInt g 0 1 -> Edither (fun U => f U + g U) = Edither f + Edither g.
Proof. intros Hf Hg. now apply (RInt_plus (V := R_CompleteNormedModule)). Qed.

Lemma Edither_minus (f g : R -> R) :
  ex_RInt f 0 1 -> ex_RInt g 0 1 -> Edither (fun U => f U - g U) = Edither f - Edither g.
Proof. intros Hf Hg. now apply (RInt_minus (V := R_CompleteNormedModule)). Qed.

Lemma Edither_sum n (f : nat -> R -> R) :
  (forall i, (i < n)%nat -> ex_RInt (f i) 0 1) ->
  Edither (fun U => sum n (fun i => f i U)) = sum n (fun i => Edither (f i)).
Proof. intros H. now apply RInt_sum. Qed.

Lemma Edither_le (f g : R -> R) :
  ex_RInt f 0 1 -> ex_RInt g 0 1 -> (forall U, 0 < U < 1 -> f U <= g U) ->
  Edither f <= Edither g.
Proof. intros Hf Hg H. apply RInt_le; try easy; lra. Qed.
