(** * Rounding error of the fast transform (SPEC §5.6)

    The fast transform: sign flips, butterflies h = 1, 2, 4, ..., 2^(k-1), then the B_m
    stage in groups of four columns, left to right; every addition and subtraction
    rounded to binary32 (nearest even, gradual underflow). Proved here:
    - [network_matrix]: over exact arithmetic it is the matrix of SPEC §1, [hadamard_matrix];
    - [transform_error_bound_correct]: |fl(y_j) - y_j| <= ((1+u)^s - 1) Sigma|x_i|, with
      s = [transform_addition_stages m k] and u = 2^-24, no underflow term;
    - [transform_binary32]: the IEEE network computes these numbers, nothing overflowing,
      if (1+u)^s Sigma|x_i| < 2^128.
    The network is written once, over any arithmetic; the proofs run it on trees. *)
From Coq Require Import ZArith Reals Arith Lia Lra.
From Flocq Require Import Core Mult_error Relative.
From Flocq Require IEEE754.Binary.
From Hdq Require Import Defs Sums Hadamard Paley FloatStages FloatTree.
Open Scope R_scope.

(** ** binary32 *)

Definition unit_roundoff : R := / 2 ^ 24.
Definition round32 : R -> R := round_format (-149) 24.
Definition is_binary32 : R -> Prop := in_format (-149) 24.

#[local] Instance prec_gt_0_24 : Prec_gt_0 24 := eq_refl.

(** ** The network, over any arithmetic *)

Section Network.
Context {T : Type} (add sub : T -> T -> T) (opp : T -> T).

(** Stage h = 2^q: (a, b) -> (a + b, a - b) on indices that differ in bit q. *)
Definition network_stage (q : nat) (v : nat -> T) (i : nat) : T :=
  if Nat.testbit i q then sub (v (i - 2 ^ q)%nat) (v i) else add (v i) (v (i + 2 ^ q)%nat).

Fixpoint network_stages (k : nat) (v : nat -> T) : nat -> T :=
  match k with
  | O => v
  | S q => network_stage q (network_stages q v)
  end.

Definition signed (s : Z) (x : T) : T := if (s <? 0)%Z then opp x else x.

(** (s0 x0 + s1 x1) + (s2 x2 + s3 x3), columns 4q .. 4q+3. *)
Definition column_group (s : nat -> Z) (v : nat -> T) (q : nat) : T :=
  let x i := signed (s (4 * q + i)%nat) (v (4 * q + i)%nat) in
  add (add (x 0%nat) (x 1%nat)) (add (x 2%nat) (x 3%nat)).

(** Groups 0 .. n, left to right. *)
Fixpoint accumulate_groups (s : nat -> Z) (v : nat -> T) (n : nat) : T :=
  match n with
  | O => column_group s v 0
  | S n' => add (accumulate_groups s v n') (column_group s v n)
  end.

Definition base_columns_stage (m k : nat) (B : nat -> nat -> Z) (v : nat -> T) (i : nat) : T :=
  if Nat.eqb m 1 then v i
  else accumulate_groups (B (i / 2 ^ k)%nat)
         (fun b => v (b * 2 ^ k + i mod 2 ^ k)%nat) (m / 4 - 1).

Definition network (m k : nat) (B : nat -> nat -> Z) (v : nat -> T) : nat -> T :=
  base_columns_stage m k B (network_stages k v).
End Network.

(** A map that respects the operations respects the network. *)
Section Morphism.
Context {S T : Type} (addS subS : S -> S -> S) (oppS : S -> S)
  (addT subT : T -> T -> T) (oppT : T -> T) (f : S -> T).
Hypothesis f_add : forall a b, f (addS a b) = addT (f a) (f b).
Hypothesis f_sub : forall a b, f (subS a b) = subT (f a) (f b).
Hypothesis f_opp : forall a, f (oppS a) = oppT (f a).

Lemma network_stages_morphism k v i :
  f (network_stages addS subS k v i) = network_stages addT subT k (fun j => f (v j)) i.
Proof.
  revert i. induction k as [|q IH]; intros i; [easy|].
  simpl; unfold network_stage. destruct (Nat.testbit i q).
  - now rewrite f_sub, !IH.
  - now rewrite f_add, !IH.
Qed.

Lemma accumulate_groups_morphism s v w n :
  (forall j, f (v j) = w j) ->
  f (accumulate_groups addS oppS s v n) = accumulate_groups addT oppT s w n.
Proof.
  intros Hvw.
  assert (Hs : forall z j, f (signed oppS z (v j)) = signed oppT z (w j)).
  { intros z j. unfold signed. rewrite <- Hvw. destruct (z <? 0)%Z; [apply f_opp|easy]. }
  assert (Hg : forall q, f (column_group addS oppS s v q) = column_group addT oppT s w q).
  { intros q. unfold column_group. now rewrite !f_add, !Hs. }
  induction n as [|n IH]; [apply Hg|].
  cbn [accumulate_groups]. now rewrite f_add, IH, Hg.
Qed.

Lemma network_morphism m k B v i :
  f (network addS subS oppS m k B v i)
  = network addT subT oppT m k B (fun j => f (v j)) i.
Proof.
  unfold network, base_columns_stage. destruct (Nat.eqb m 1).
  - apply network_stages_morphism.
  - apply accumulate_groups_morphism. intros j. apply network_stages_morphism.
Qed.
End Morphism.

(** ** Over exact arithmetic: the matrix of SPEC §1

    With a parameter [sigma] for -1: sigma = -1 gives H, sigma = 1 gives the matrix of
    ones, by which each |x_i| is counted once. *)

Fixpoint sylvester_sign (sigma : R) (k c c' : nat) : R :=
  match k with
  | O => 1
  | S q => (if andb (Nat.testbit c q) (Nat.testbit c' q) then sigma else 1)
           * sylvester_sign sigma q c c'
  end.

Definition entry_sign (sigma : R) (s : Z) : R := if (s <? 0)%Z then sigma else 1.

Definition order_shape (m : nat) : Prop := m = 1%nat \/ (0 < m /\ m mod 4 = 0)%nat.

Definition sigma_add (a b : R) : R := a + b.
Definition sigma_sub (sigma a b : R) : R := a + sigma * b.
Definition sigma_opp (sigma a : R) : R := sigma * a.

Lemma testbit_top a q c : (c < 2 ^ q)%nat -> Nat.testbit (a * 2 ^ q + c) q = Nat.odd a.
Proof.
  intros Hc. rewrite Nat.testbit_odd, Nat.shiftr_div_pow2.
  rewrite Nat.div_add_l by (apply Nat.pow_nonzero; lia).
  now rewrite Nat.div_small, Nat.add_0_r.
Qed.

Lemma testbit_low a p q c :
  (q < p)%nat -> (c < 2 ^ p)%nat -> Nat.testbit (a * 2 ^ p + c) q = Nat.testbit c q.
Proof.
  intros Hq Hc. rewrite <- (Nat.mod_pow2_bits_low _ p q Hq), Nat.add_comm.
  rewrite Nat.mod_add, Nat.mod_small by (try apply Nat.pow_nonzero; lia). easy.
Qed.

Lemma sylvester_sign_low sigma k a a' p c c' :
  (k <= p)%nat -> (c < 2 ^ p)%nat -> (c' < 2 ^ p)%nat ->
  sylvester_sign sigma k (a * 2 ^ p + c) (a' * 2 ^ p + c') = sylvester_sign sigma k c c'.
Proof.
  intros Hk Hc Hc'. induction k as [|k IH]; [easy|]. cbn [sylvester_sign].
  rewrite IH, !testbit_low by lia. easy.
Qed.

Lemma network_stages_matrix sigma k v a c :
  (c < 2 ^ k)%nat ->
  network_stages sigma_add (sigma_sub sigma) k v (a * 2 ^ k + c)
  = sum (2 ^ k) (fun c' => sylvester_sign sigma k c c' * v (a * 2 ^ k + c')%nat).
Proof.
  revert a c. induction k as [|q IH]; intros a c Hc.
  - assert (c = 0)%nat as -> by (simpl in Hc; lia). cbn [network_stages sylvester_sign Nat.pow sum].
    ring.
  - set (p := (2 ^ q)%nat) in *.
    assert (Hp : (2 ^ S q = p + p)%nat) by (unfold p; simpl; lia).
    rewrite Hp in *. cbn [network_stages]. unfold network_stage, sigma_add, sigma_sub. fold p.
    rewrite sum_app.
    assert (Htop : forall b e, (e < p)%nat -> Nat.testbit (b * p + e) q = Nat.odd b)
      by (intros; now apply testbit_top).
    (* the two halves of block a *)
    assert (Hlo : forall c', (a * (p + p) + c' = (2 * a) * p + c')%nat) by (intros; lia).
    assert (Hhi : forall c', (a * (p + p) + (p + c') = (2 * a + 1) * p + c')%nat) by (intros; lia).
    assert (Hbit0 : forall c', (c' < p)%nat -> Nat.testbit c' q = false).
    { intros c' H. pose proof (testbit_top 0 q c' H) as E. now rewrite Nat.mul_0_l in E. }
    assert (Hbit1 : forall c', (c' < p)%nat -> Nat.testbit (p + c') q = true).
    { intros c' H. pose proof (testbit_top 1 q c' H) as E. now rewrite Nat.mul_1_l in E. }
    assert (Hsyl : forall x c c', (c < p)%nat -> (c' < p)%nat ->
              sylvester_sign x q c (p + c') = sylvester_sign x q c c').
    { intros x d d' H H'. pose proof (sylvester_sign_low x q 0 1 q d d' (le_n q) H H') as E.
      fold p in E. now rewrite Nat.mul_0_l, Nat.mul_1_l in E. }
    assert (Hsyl' : forall x c c', (c < p)%nat -> (c' < p)%nat ->
              sylvester_sign x q (p + c) c' = sylvester_sign x q c c').
    { intros x d d' H H'. pose proof (sylvester_sign_low x q 1 0 q d d' (le_n q) H H') as E.
      fold p in E. now rewrite Nat.mul_0_l, Nat.mul_1_l in E. }
    assert (Hsyl2 : forall x c c', (c < p)%nat -> (c' < p)%nat ->
              sylvester_sign x q (p + c) (p + c') = sylvester_sign x q c c').
    { intros x d d' H H'. pose proof (sylvester_sign_low x q 1 1 q d d' (le_n q) H H') as E.
      fold p in E. now rewrite Nat.mul_1_l in E. }
    destruct (Nat.lt_ge_cases c p) as [Hcp | Hcp].
    + rewrite Hlo, Htop by easy. rewrite Nat.odd_mul. cbn [Nat.odd Nat.even negb andb].
      replace (2 * a * p + c + p)%nat with ((2 * a + 1) * p + c)%nat by lia.
      rewrite !IH by easy. f_equal; apply sum_ext; intros c' Hc'; cbn [sylvester_sign].
      * rewrite Hbit0 with (c' := c) by easy. cbn [andb]. rewrite Hlo. ring.
      * rewrite Hbit0 with (c' := c) by easy. cbn [andb]. rewrite Hhi, Hsyl by easy. ring.
    + assert (exists e, c = p + e)%nat as [e ->] by (exists (c - p)%nat; lia).
      assert (He : (e < p)%nat) by lia.
      rewrite Hhi, Htop by easy.
      replace (Nat.odd (2 * a + 1)) with true by (rewrite Nat.odd_add, Nat.odd_mul; easy).
      replace ((2 * a + 1) * p + e - p)%nat with (2 * a * p + e)%nat by lia.
      rewrite !IH by easy. rewrite <- sum_scal_l.
      f_equal; apply sum_ext; intros c' Hc'; cbn [sylvester_sign].
      * rewrite Hbit1, Hbit0 by easy. cbn [andb]. rewrite Hlo, Hsyl' by easy. ring.
      * rewrite !Hbit1 by easy. cbn [andb]. rewrite Hhi, Hsyl2 by easy. ring.
Qed.

Lemma accumulate_groups_matrix sigma s v n :
  accumulate_groups sigma_add (sigma_opp sigma) s v n
  = sum (4 * (n + 1)) (fun b => entry_sign sigma (s b) * v b).
Proof.
  assert (Hs : forall z x, signed (sigma_opp sigma) z x = entry_sign sigma z * x).
  { intros z x. unfold signed, sigma_opp, entry_sign. destruct (z <? 0)%Z; ring. }
  induction n as [|n IH].
  - cbn [accumulate_groups]. unfold column_group, sigma_add. rewrite !Hs. cbn -[entry_sign]. ring.
  - cbn [accumulate_groups]. rewrite IH. unfold sigma_add at 1.
    replace (4 * (S n + 1))%nat with (4 * (n + 1) + 4)%nat by lia. rewrite sum_app. f_equal.
    unfold column_group, sigma_add. rewrite !Hs. replace (4 * S n)%nat with (4 * (n + 1))%nat by lia.
    cbn [sum]. ring.
Qed.

(** The matrix with entries entry_sign (B a b) * (-1)^popcount(c & c'). *)
Definition sigma_matrix (sigma : R) (m k : nat) (B : nat -> nat -> Z) : mat :=
  fun i j => (if Nat.eqb m 1 then 1 else entry_sign sigma (B (i / 2 ^ k) (j / 2 ^ k))%nat)
             * sylvester_sign sigma k (i mod 2 ^ k) (j mod 2 ^ k).

(** The signs of B as a real matrix: B itself where its entries are +-1; B_1 = [1]. *)
Definition sign_matrix (m : nat) (B : nat -> nat -> Z) : mat :=
  fun a b => if Nat.eqb m 1 then 1 else entry_sign (-1) (B a b).

Lemma sylvester_sign_correct k c c' :
  (c < 2 ^ k)%nat -> (c' < 2 ^ k)%nat -> sylvester_sign (-1) k c c' = sylvester c c'.
Proof.
  revert c c'. induction k as [|q IH]; intros c c' Hc Hc'.
  - simpl in Hc, Hc'. assert (c = 0)%nat as -> by lia. assert (c' = 0)%nat as -> by lia. easy.
  - assert (Hsplit : forall n, (n < 2 ^ S q)%nat -> exists b e, (e < 2 ^ q)%nat /\ (n = bit b * 2 ^ q + e)%nat).
    { intros n Hn. rewrite Nat.pow_succ_r' in Hn. destruct (Nat.lt_ge_cases n (2 ^ q)).
      - exists false, n. split; [easy|]. simpl. lia.
      - exists true, (n - 2 ^ q)%nat. simpl bit. lia. }
    destruct (Hsplit c Hc) as (b & e & He & ->). destruct (Hsplit c' Hc') as (b' & e' & He' & ->).
    cbn [sylvester_sign]. rewrite sylvester_sign_low, !testbit_top, sylvester_high, IH by easy.
    now destruct b, b'.
Qed.

Lemma sigma_matrix_correct m k B i j :
  sigma_matrix (-1) m k B i j = hadamard_matrix (sign_matrix m B) k i j.
Proof.
  pose proof (Nat.pow_nonzero 2 k ltac:(lia)).
  unfold sigma_matrix, hadamard_matrix, kronecker, sign_matrix.
  now rewrite sylvester_sign_correct by (now apply Nat.mod_upper_bound).
Qed.

Lemma sigma_transform_matrix sigma m k B v i :
  order_shape m -> (i < m * 2 ^ k)%nat ->
  network sigma_add (sigma_sub sigma) (sigma_opp sigma) m k B v i
  = mulv (m * 2 ^ k) (sigma_matrix sigma m k B) v i.
Proof.
  intros Hm Hi. set (p := (2 ^ k)%nat).
  assert (Hp : p <> 0%nat) by (apply Nat.pow_nonzero; lia).
  assert (Hdiv : forall a c, (c < p)%nat -> ((a * p + c) / p = a)%nat).
  { intros a c Hc. now rewrite Nat.div_add_l, Nat.div_small, Nat.add_0_r. }
  assert (Hmod : forall a c, (c < p)%nat -> ((a * p + c) mod p = c)%nat).
  { intros a c Hc. now rewrite Nat.add_comm, Nat.mod_add, Nat.mod_small. }
  assert (Hrow : (i mod p < p)%nat) by now apply Nat.mod_upper_bound.
  unfold mulv. rewrite sum_mul. unfold network, base_columns_stage, sigma_matrix. fold p.
  assert (Hbf : forall a c, (c < p)%nat ->
    network_stages sigma_add (sigma_sub sigma) k v (a * p + c)
    = sum p (fun c' => sylvester_sign sigma k c c' * v (a * p + c')%nat))
    by (intros; now apply network_stages_matrix).
  destruct Hm as [-> | [Hm0 Hm4]].
  - cbn [Nat.eqb sum]. rewrite Rplus_0_l.
    assert (i / p = 0)%nat by (apply Nat.div_small; fold p in Hi; lia).
    rewrite (Nat.div_mod i p) at 1 by easy. rewrite (Nat.mul_comm p), H, Hbf by easy.
    apply sum_ext. intros c Hc. rewrite Hmod by easy. ring.
  - assert (Hm1 : Nat.eqb m 1 = false).
    { apply Nat.eqb_neq. intros ->. discriminate Hm4. }
    rewrite Hm1. rewrite accumulate_groups_matrix.
    replace (4 * (m / 4 - 1 + 1))%nat with m.
    2:{ pose proof (Nat.div_mod m 4 ltac:(lia)). lia. }
    apply sum_ext. intros b _. rewrite Hbf by easy. rewrite <- sum_scal_l.
    apply sum_ext. intros c Hc. rewrite Hmod, Hdiv by easy. ring.
Qed.

Lemma sum_ext_matrix d (A A' : mat) x i :
  (forall j, A i j = A' i j) -> mulv d A x i = mulv d A' x i.
Proof. intros H. apply sum_ext. intros j _. now rewrite H. Qed.

(** The exact network is the matrix. *)
Theorem network_matrix m k B v i :
  order_shape m -> (i < m * 2 ^ k)%nat ->
  network Rplus Rminus Ropp m k B v i = mulv (m * 2 ^ k) (hadamard_matrix (sign_matrix m B) k) v i.
Proof.
  intros Hm Hi. rewrite (sum_ext_matrix _ _ (sigma_matrix (-1) m k B)) by (intros; symmetry; apply sigma_matrix_correct).
  rewrite <- sigma_transform_matrix by easy.
  symmetry. apply (network_morphism _ _ _ _ _ _ (fun x : R => x)).
  - easy.
  - intros a b. unfold sigma_sub. ring.
  - intros a. unfold sigma_opp. ring.
Qed.

Lemma sylvester_sign_one k c c' : sylvester_sign 1 k c c' = 1.
Proof.
  induction k as [|k IH]; [easy|]. cbn [sylvester_sign]. rewrite IH.
  destruct (_ && _)%bool; ring.
Qed.

Lemma sigma_transform_ones m k B v i :
  order_shape m -> (i < m * 2 ^ k)%nat ->
  network sigma_add (sigma_sub 1) (sigma_opp 1) m k B v i = sum (m * 2 ^ k) v.
Proof.
  intros Hm Hi. rewrite sigma_transform_matrix by easy. apply sum_ext. intros j _.
  unfold sigma_matrix, entry_sign. rewrite sylvester_sign_one.
  destruct (Nat.eqb m 1); [ring|]. destruct (_ <? 0)%Z; ring.
Qed.

(** ** Rounded additions of binary32 *)

Definition add32 (a b : R) : R := round32 (a + b).
Definition sub32 (a b : R) : R := round32 (a - b).

Lemma unit_roundoff_pos : 0 < unit_roundoff.
Proof. unfold unit_roundoff. apply Rinv_0_lt_compat, pow_lt. lra. Qed.

Lemma unit_roundoff_bpow : unit_roundoff = bpow radix2 (-24).
Proof. unfold unit_roundoff. simpl. lra. Qed.

Lemma is_binary32_round x : is_binary32 (round32 x).
Proof. now apply in_format_round. Qed.

Lemma is_binary32_opp x : is_binary32 x -> is_binary32 (- x).
Proof. apply in_format_opp. Qed.

Lemma add32_error a b :
  is_binary32 a -> is_binary32 b -> Rabs (round32 (a + b) - (a + b)) <= unit_roundoff * Rabs (a + b).
Proof. rewrite unit_roundoff_bpow. now apply (addition_error_format (-149) 24). Qed.

(** Rounding is symmetric, so a sign may be moved through an addition: the fast code does. *)
Lemma round32_opp x : round32 (- x) = - round32 x.
Proof. apply round_format_opp. Qed.

Lemma add32_opp a b : add32 (- a) (- b) = - add32 a b.
Proof. unfold add32. rewrite <- round32_opp. f_equal. ring. Qed.

Lemma sub32_add32 a b : sub32 a b = add32 a (- b).
Proof. easy. Qed.

Definition rounded32_value : vec -> tree -> R := rounded_value round32.

Lemma tree32_error_bound x t s :
  (forall i, is_binary32 (x i)) -> (tree_depth t <= s)%nat ->
  Rabs (rounded32_value x t - exact_value x t) <= ((1 + unit_roundoff) ^ s - 1) * tree_mass x t.
Proof.
  apply (tree_error_bound unit_roundoff is_binary32).
  - left. apply unit_roundoff_pos.
  - apply is_binary32_round.
  - apply is_binary32_opp.
  - apply add32_error.
Qed.

Lemma rounded32_value_le x t s :
  (forall i, is_binary32 (x i)) -> (tree_depth t <= s)%nat ->
  Rabs (rounded32_value x t) <= (1 + unit_roundoff) ^ s * tree_mass x t.
Proof.
  apply (rounded_value_le unit_roundoff is_binary32).
  - left. apply unit_roundoff_pos.
  - apply is_binary32_round.
  - apply is_binary32_opp.
  - apply add32_error.
Qed.

Lemma growth32_nonneg s : 0 <= (1 + unit_roundoff) ^ s.
Proof. apply pow_le. pose proof unit_roundoff_pos. lra. Qed.

(** ** The network as trees *)

Definition transform_tree (m k : nat) (B : nat -> nat -> Z) (i : nat) : tree :=
  network Add Sub Opp m k B Leaf i.

(** Whatever the arithmetic, the network evaluates its trees. *)
Lemma network_tree {T : Type} (add sub : T -> T -> T) (opp : T -> T) m k B v i :
  network add sub opp m k B v i = tree_value add sub opp v (transform_tree m k B i).
Proof.
  symmetry. apply (network_morphism _ _ _ _ _ _ (tree_value add sub opp v)); easy.
Qed.

Lemma transform_tree_depth m k B i :
  order_shape m -> (tree_depth (transform_tree m k B i) <= transform_addition_stages m k)%nat.
Proof.
  intros Hm. unfold transform_tree, network, base_columns_stage.
  assert (Hb : forall j, tree_depth (network_stages Add Sub k Leaf j) = k).
  { clear. induction k as [|q IH]; intros j; [easy|]. cbn [network_stages]. unfold network_stage.
    destruct (Nat.testbit j q); cbn [tree_depth]; rewrite !IH; lia. }
  unfold transform_addition_stages, base_addition_stages. destruct (Nat.eqb m 1).
  - rewrite Hb. lia.
  - set (v := fun b => _). assert (Hv : forall j, tree_depth (v j) = k) by (intros; apply Hb).
    assert (Hs : forall s j, tree_depth (signed Opp s (v j)) = k).
    { intros s j. unfold signed. destruct (s <? 0)%Z; cbn [tree_depth]; apply Hv. }
    assert (Hg : forall s q, tree_depth (column_group Add Opp s v q) = (k + 2)%nat).
    { intros s q. unfold column_group. cbn [tree_depth]. rewrite !Hs. lia. }
    assert (Ha : forall s n, tree_depth (accumulate_groups Add Opp s v n) = (k + 2 + n)%nat).
    { intros s n. induction n as [|n IH]; cbn [accumulate_groups]; [rewrite Hg; lia|].
      cbn [tree_depth]. rewrite IH, Hg. lia. }
    rewrite Ha. lia.
Qed.

(** Each |x_i| counts once. *)
Lemma transform_tree_mass m k B x i :
  order_shape m -> (i < m * 2 ^ k)%nat ->
  tree_mass x (transform_tree m k B i) = sum (m * 2 ^ k) (fun j => Rabs (x j)).
Proof.
  intros Hm Hi. rewrite <- (sigma_transform_ones m k B _ i Hm Hi).
  assert (Hmass : forall t, tree_mass x t
            = tree_value sigma_add (sigma_sub 1) (sigma_opp 1) (fun j => Rabs (x j)) t).
  { induction t as [j|t IH|l IHl r IHr|l IHl r IHr]; cbn [tree_mass tree_value]; [easy| | |];
      unfold sigma_add, sigma_sub, sigma_opp in *; try rewrite IH; try rewrite IHl, IHr; ring. }
  rewrite Hmass. symmetry. apply network_tree.
Qed.

(** ** The theorem *)

(** The float32 network, as numbers. *)
Definition network32 (m k : nat) (B : nat -> nat -> Z) (x : vec) : vec :=
  network add32 sub32 Ropp m k B x.

Definition transform_error_bound (m k : nat) (x : vec) : R :=
  ((1 + unit_roundoff) ^ transform_addition_stages m k - 1)
  * sum (m * 2 ^ k) (fun i => Rabs (x i)).

(** The network alone, on any binary32 input: also the decoder's, with B transposed. *)
Theorem network_error_bound_correct m k B x j :
  order_shape m -> (j < m * 2 ^ k)%nat -> (forall i, is_binary32 (x i)) ->
  Rabs (network32 m k B x j - mulv (m * 2 ^ k) (hadamard_matrix (sign_matrix m B) k) x j)
  <= transform_error_bound m k x.
Proof.
  intros Hm Hj Hx. unfold network32. rewrite <- network_matrix by easy.
  rewrite !network_tree. unfold transform_error_bound.
  rewrite <- (transform_tree_mass m k B x j Hm Hj).
  apply tree32_error_bound; [easy|]. now apply transform_tree_depth.
Qed.

(** ** The supported orders: B_1, B_12, B_20, B_28 *)

(** y -> H y and, for the decoder, y -> H^T y: the same network with B_m transposed. *)
Definition transform32 (m k : nat) : vec -> vec := network32 m k (base_matrix_Z m).
Definition transform32_transposed (m k : nat) : vec -> vec :=
  network32 m k (fun a b => base_matrix_Z m b a).

Lemma base_order_shape m : base_order m -> order_shape m.
Proof. intros [-> | [-> | [-> | ->]]]; [now left|right|right|right]; split; (lia || reflexivity). Qed.

Lemma base_matrix_entry m a b :
  base_order m -> (a < m)%nat -> (b < m)%nat -> sign_matrix m (base_matrix_Z m) a b = base_matrix m a b.
Proof.
  intros Hm Ha Hb. destruct (base_matrix_hadamard m Hm) as [Hpm _]. specialize (Hpm a b Ha Hb).
  unfold sign_matrix, entry_sign. destruct (Nat.eqb_spec m 1) as [-> | Hm1].
  - unfold base_matrix, base_matrix_Z. easy.
  - unfold base_matrix in *. destruct (Z.ltb_spec (base_matrix_Z m a b) 0) as [Hneg | Hpos].
    + apply IZR_lt in Hneg. lra.
    + apply IZR_le in Hpos. lra.
Qed.

Lemma network_supported m k i j :
  base_order m -> (i < m * 2 ^ k)%nat -> (j < m * 2 ^ k)%nat ->
  hadamard_matrix (sign_matrix m (base_matrix_Z m)) k i j = supported_matrix m k i j.
Proof.
  intros Hm Hi Hj. unfold supported_matrix, hadamard_matrix, kronecker. f_equal.
  apply base_matrix_entry; [easy| |]; apply Nat.div_lt_upper_bound; try (apply Nat.pow_nonzero); lia.
Qed.

Lemma network_supported_transposed m k i j :
  base_order m -> (i < m * 2 ^ k)%nat -> (j < m * 2 ^ k)%nat ->
  hadamard_matrix (sign_matrix m (fun a b => base_matrix_Z m b a)) k i j
  = transpose (supported_matrix m k) i j.
Proof.
  intros Hm Hi Hj. unfold transpose. rewrite <- network_supported by easy.
  change (sign_matrix m (fun a b => base_matrix_Z m b a)) with (transpose (sign_matrix m (base_matrix_Z m))).
  now rewrite <- hadamard_matrix_transpose.
Qed.

Lemma supported_entry_abs m k i j :
  base_order m -> (i < m * 2 ^ k)%nat -> (j < m * 2 ^ k)%nat -> Rabs (supported_matrix m k i j) = 1.
Proof.
  intros Hm Hi Hj. destruct (supported_hadamard m k Hm) as [Hpm _].
  destruct (Hpm i j Hi Hj) as [-> | ->]; [apply Rabs_R1|rewrite Rabs_left; lra].
Qed.

Lemma mulv_ext_matrix d (A A' : mat) x i :
  (forall j, (j < d)%nat -> A i j = A' i j) -> mulv d A x i = mulv d A' x i.
Proof. intros H. apply sum_ext. intros j Hj. now rewrite H. Qed.

(** Over exact arithmetic both networks are their matrices. *)
Theorem transform_exact m k x j :
  base_order m -> (j < m * 2 ^ k)%nat ->
  network Rplus Rminus Ropp m k (base_matrix_Z m) x j = mulv (m * 2 ^ k) (supported_matrix m k) x j /\
  network Rplus Rminus Ropp m k (fun a b => base_matrix_Z m b a) x j
  = mulv (m * 2 ^ k) (transpose (supported_matrix m k)) x j.
Proof.
  intros Hm Hj. rewrite !network_matrix by (easy || now apply base_order_shape).
  split; apply mulv_ext_matrix; intros i Hi.
  - now apply network_supported.
  - now apply network_supported_transposed.
Qed.

Lemma is_binary32_flip (eps x : vec) i :
  is_sign eps -> is_binary32 (x i) -> is_binary32 (eps i * x i).
Proof.
  intros He Hx. destruct (He i) as [-> | ->].
  - now rewrite Rmult_1_l.
  - replace (-1 * x i) with (- x i) by ring. now apply is_binary32_opp.
Qed.

(** SPEC §5.6: y = H D x. *)
Theorem transform_error_bound_correct m k eps x j :
  base_order m -> (j < m * 2 ^ k)%nat -> is_sign eps -> (forall i, is_binary32 (x i)) ->
  Rabs (transform32 m k (fun i => eps i * x i) j - rotate (m * 2 ^ k) (supported_matrix m k) eps x j)
  <= transform_error_bound m k x.
Proof.
  intros Hm Hj He Hx.
  replace (transform_error_bound m k x) with (transform_error_bound m k (fun i => eps i * x i)).
  - unfold rotate. rewrite (mulv_ext_matrix _ _ (hadamard_matrix (sign_matrix m (base_matrix_Z m)) k)).
    + apply network_error_bound_correct; [now apply base_order_shape|easy|].
      intros i. now apply is_binary32_flip.
    + intros i Hi. symmetry. now apply network_supported.
  - unfold transform_error_bound. f_equal. apply sum_ext. intros i _.
    rewrite Rabs_mult. destruct (He i) as [-> | ->].
    + rewrite Rabs_R1; ring.
    + rewrite Rabs_left by lra. ring.
Qed.

(** The decoder's transform. *)
Theorem transform_transposed_error_bound_correct m k x j :
  base_order m -> (j < m * 2 ^ k)%nat -> (forall i, is_binary32 (x i)) ->
  Rabs (transform32_transposed m k x j - mulv (m * 2 ^ k) (transpose (supported_matrix m k)) x j)
  <= transform_error_bound m k x.
Proof.
  intros Hm Hj Hx.
  rewrite (mulv_ext_matrix _ _ (hadamard_matrix (sign_matrix m (fun a b => base_matrix_Z m b a)) k)).
  - apply network_error_bound_correct; [now apply base_order_shape|easy|easy].
  - intros i Hi. symmetry. now apply network_supported_transposed.
Qed.

(** ** IEEE 754 binary32 *)

Section Ieee.
Import IEEE754.Binary.

Notation float32 := (binary_float 24 128).
Variable nan : float32 -> float32 -> {x : float32 | is_nan 24 128 x = true}.
Variable nan1 : float32 -> {x : float32 | is_nan 24 128 x = true}.

Let add754 : float32 -> float32 -> float32 := Bplus 24 128 eq_refl eq_refl nan BinarySingleNaN.mode_NE.
Let sub754 : float32 -> float32 -> float32 := Bminus 24 128 eq_refl eq_refl nan BinarySingleNaN.mode_NE.
Let opp754 : float32 -> float32 := Bopp 24 128 nan1.

Definition network_ieee (m k : nat) (B : nat -> nat -> Z) (x : nat -> float32) : nat -> float32 :=
  network add754 sub754 opp754 m k B x.

Lemma tree_ieee (x : nat -> float32) t s M :
  (forall i, is_finite 24 128 (x i) = true) -> (tree_depth t <= s)%nat ->
  tree_mass (fun i => B2R 24 128 (x i)) t <= M -> (1 + unit_roundoff) ^ s * M < bpow radix2 128 ->
  is_finite 24 128 (tree_value add754 sub754 opp754 x t) = true /\
  B2R 24 128 (tree_value add754 sub754 opp754 x t) = rounded32_value (fun i => B2R 24 128 (x i)) t.
Proof.
  intros Hx Hs HM Hmax.
  assert (Hfmt : forall i, is_binary32 (B2R 24 128 (x i))) by (intros; apply generic_format_B2R).
  revert Hs HM.
  induction t as [i|t IH|l IHl r IHr|l IHl r IHr]; intros Hs HM.
  - split; [apply Hx|reflexivity].
  - destruct (IH Hs HM) as [Hf Hv]. unfold rounded32_value, rounded_value in *. cbn [tree_value].
    unfold opp754 at 1 3. split; [now rewrite is_finite_Bopp|]. now rewrite B2R_Bopp, Hv.
  - pose proof (tree_mass_nonneg (fun i => B2R 24 128 (x i)) l) as Hl0.
    pose proof (tree_mass_nonneg (fun i => B2R 24 128 (x i)) r) as Hr0.
    pose proof (rounded32_value_le _ (Add l r) s Hfmt Hs) as Hle.
    cbn [tree_depth tree_mass] in *.
    destruct IHl as [Hfl Hvl]; [lia|lra|]. destruct IHr as [Hfr Hvr]; [lia|lra|].
    unfold rounded32_value, rounded_value in *. cbn [tree_value] in *.
    assert (Hov : Rabs (add32 (tree_value add32 sub32 Ropp (fun i => B2R 24 128 (x i)) l)
                     (tree_value add32 sub32 Ropp (fun i => B2R 24 128 (x i)) r)) < bpow radix2 128).
    { eapply Rle_lt_trans; [exact Hle|]. eapply Rle_lt_trans; [|exact Hmax].
      apply Rmult_le_compat_l; [apply growth32_nonneg|easy]. }
    pose proof (Bplus_correct 24 128 eq_refl eq_refl nan BinarySingleNaN.mode_NE _ _ Hfl Hfr) as H.
    rewrite Hvl, Hvr in H. rewrite Rlt_bool_true in H by exact Hov.
    destruct H as (Hv & Hf & _). split; [exact Hf|]. exact Hv.
  - pose proof (tree_mass_nonneg (fun i => B2R 24 128 (x i)) l) as Hl0.
    pose proof (tree_mass_nonneg (fun i => B2R 24 128 (x i)) r) as Hr0.
    pose proof (rounded32_value_le _ (Sub l r) s Hfmt Hs) as Hle.
    cbn [tree_depth tree_mass] in *.
    destruct IHl as [Hfl Hvl]; [lia|lra|]. destruct IHr as [Hfr Hvr]; [lia|lra|].
    unfold rounded32_value, rounded_value in *. cbn [tree_value] in *.
    assert (Hov : Rabs (sub32 (tree_value add32 sub32 Ropp (fun i => B2R 24 128 (x i)) l)
                     (tree_value add32 sub32 Ropp (fun i => B2R 24 128 (x i)) r)) < bpow radix2 128).
    { eapply Rle_lt_trans; [exact Hle|]. eapply Rle_lt_trans; [|exact Hmax].
      apply Rmult_le_compat_l; [apply growth32_nonneg|easy]. }
    pose proof (Bminus_correct 24 128 eq_refl eq_refl nan BinarySingleNaN.mode_NE _ _ Hfl Hfr) as H.
    rewrite Hvl, Hvr in H. rewrite Rlt_bool_true in H by exact Hov.
    destruct H as (Hv & Hf & _). split; [exact Hf|]. exact Hv.
Qed.

(** No overflow if (1+u)^s Sigma|x_i| < 2^128; then the IEEE network computes the numbers
    of [network32]. *)
Theorem network_binary32 m k B (x : nat -> float32) j :
  order_shape m -> (j < m * 2 ^ k)%nat -> (forall i, is_finite 24 128 (x i) = true) ->
  (1 + unit_roundoff) ^ transform_addition_stages m k
    * sum (m * 2 ^ k) (fun i => Rabs (B2R 24 128 (x i))) < bpow radix2 128 ->
  is_finite 24 128 (network_ieee m k B x j) = true /\
  B2R 24 128 (network_ieee m k B x j) = network32 m k B (fun i => B2R 24 128 (x i)) j.
Proof.
  intros Hm Hj Hx Hmax. unfold network_ieee, network32. rewrite !network_tree.
  apply tree_ieee with (s := transform_addition_stages m k)
    (M := sum (m * 2 ^ k) (fun i => Rabs (B2R 24 128 (x i)))); try easy.
  - now apply transform_tree_depth.
  - rewrite transform_tree_mass by easy. lra.
Qed.

(** For the supported orders: the transform that [transform_error_bound_correct] is about. *)
Theorem transform_binary32 m k (x : nat -> float32) j :
  base_order m -> (j < m * 2 ^ k)%nat -> (forall i, is_finite 24 128 (x i) = true) ->
  (1 + unit_roundoff) ^ transform_addition_stages m k
    * sum (m * 2 ^ k) (fun i => Rabs (B2R 24 128 (x i))) < bpow radix2 128 ->
  is_finite 24 128 (network_ieee m k (base_matrix_Z m) x j) = true /\
  B2R 24 128 (network_ieee m k (base_matrix_Z m) x j) = transform32 m k (fun i => B2R 24 128 (x i)) j.
Proof. intros Hm. now apply network_binary32, base_order_shape. Qed.
End Ieee.

(** ** Exact powers of two (SPEC §4)

    Scaling by 2^e commutes with rounding wherever neither side is subnormal. *)
Theorem round32_scale x e :
  bpow radix2 (-126) <= Rabs x -> bpow radix2 (-126) <= Rabs (x * bpow radix2 e) ->
  round32 (x * bpow radix2 e) = round32 x * bpow radix2 e.
Proof.
  intros Hx Hy.
  assert (Hx0 : x <> 0).
  { intros ->. rewrite Rabs_R0 in Hx. pose proof (bpow_gt_0 radix2 (-126)). lra. }
  assert (Hmx : (-125 <= mag radix2 x)%Z) by (now apply mag_ge_bpow).
  assert (Hmy : (-125 <= mag radix2 x + e)%Z).
  { rewrite <- mag_mult_bpow by easy. now apply mag_ge_bpow. }
  assert (Hc : cexp radix2 (FLT_exp (-149) 24) (x * bpow radix2 e) = (cexp radix2 (FLT_exp (-149) 24) x + e)%Z).
  { unfold cexp, FLT_exp. rewrite mag_mult_bpow by easy. lia. }
  unfold round32, round_format, round, scaled_mantissa. rewrite Hc.
  replace (x * bpow radix2 e * bpow radix2 (- (cexp radix2 (FLT_exp (-149) 24) x + e)))
    with (x * bpow radix2 (- cexp radix2 (FLT_exp (-149) 24) x)).
  - unfold F2R. cbn [Fnum Fexp]. rewrite bpow_plus. ring.
  - rewrite Rmult_assoc, <- bpow_plus. do 2 f_equal. ring.
Qed.

(** A vector whose norm is extreme is scaled by 2^e first. What falls below the normal range
    is rounded: at most 2^-150 each. *)
Definition prescale (e : Z) (x : vec) : vec := fun i => round32 (x i * bpow radix2 e).

Lemma prescale_error e x i :
  is_binary32 (x i) -> Rabs (prescale e x i - x i * bpow radix2 e) <= bpow radix2 (-150).
Proof.
  intros Hx. unfold prescale. set (v := x i * bpow radix2 e).
  pose proof (bpow_gt_0 radix2 (-150)) as H150.
  destruct (Rle_or_lt (bpow radix2 (-126)) (Rabs v)) as [Hbig | Hsmall].
  - (* normal: the scaled number is a binary32 number *)
    assert (Hv : is_binary32 v).
    { apply mult_bpow_exact_FLT; [exact Hx|].
      assert (Hx0 : x i <> 0).
      { intros H0. unfold v in Hbig. rewrite H0, Rmult_0_l, Rabs_R0 in Hbig.
        pose proof (bpow_gt_0 radix2 (-126)). lra. }
      pose proof (mag_ge_bpow radix2 v (-125) Hbig) as Hm. unfold v in Hm.
      rewrite mag_mult_bpow in Hm by easy. lia. }
    unfold round32. rewrite round_format_id by exact Hv.
    rewrite Rminus_diag_eq, Rabs_R0 by easy. lra.
  - eapply Rle_trans.
    + apply (error_le_half_ulp radix2 (FLT_exp (-149) 24) (fun z => negb (Z.even z))).
    + rewrite ulp_FLT_small.
      2: exact prec_gt_0_24.
      2: { apply Rlt_trans with (1 := Hsmall). now apply bpow_lt. }
      change (-150)%Z with (-1 + -149)%Z. rewrite bpow_plus. simpl (bpow radix2 (-1)). lra.
Qed.

(** Scaling up is exact. *)
Lemma prescale_exact e x i : (0 <= e)%Z -> is_binary32 (x i) -> prescale e x i = x i * bpow radix2 e.
Proof.
  intros He Hx. unfold prescale, round32. apply round_format_id.
  unfold is_binary32, in_format in *. apply FLT_format_generic in Hx; [|easy].
  destruct Hx as [f Hf Hm Hemin]. apply generic_format_FLT.
  exists (Float radix2 (Fnum f) (Fexp f + e)).
  - rewrite Hf. unfold F2R. cbn [Fnum Fexp]. rewrite bpow_plus. ring.
  - exact Hm.
  - cbn [Fexp]. lia.
Qed.

(** What scaling down may lose, each of the n entries at most 2^-150. *)
Definition scaling_loss (n : nat) (e : Z) : R :=
  if (e <? 0)%Z then INR n * bpow radix2 (-150) else 0.

Lemma prescale_loss n d e x :
  (n <= d)%nat -> (forall i, (n <= i)%nat -> x i = 0) -> (forall i, is_binary32 (x i)) ->
  sum d (fun i => Rabs (prescale e x i - x i * bpow radix2 e)) <= scaling_loss n e.
Proof.
  intros Hn Hzero Hx. unfold scaling_loss.
  assert (Hout : forall i, (n <= i)%nat -> Rabs (prescale e x i - x i * bpow radix2 e) = 0).
  { intros i Hi. unfold prescale. rewrite (Hzero i Hi), Rmult_0_l.
    unfold round32, round_format. rewrite round_0 by apply valid_rnd_N.
    rewrite Rminus_diag_eq, Rabs_R0; easy. }
  rewrite (sum_truncate n d) by (easy || intros i [Hi _]; now apply Hout).
  destruct (Z.ltb_spec e 0) as [Hneg | Hpos].
  - rewrite <- sum_const. apply sum_le. intros i _. now apply prescale_error.
  - rewrite <- (Rmult_0_r (INR n)), <- sum_const. apply sum_le. intros i _.
    rewrite prescale_exact, Rminus_diag_eq, Rabs_R0 by easy. lra.
Qed.

(** In the units of x: x of n entries, zero-padded, scaled by 2^e before and 2^-e after. *)
Definition rotation_error_bound (m k n : nat) (e : Z) (x : vec) : R :=
  (((1 + unit_roundoff) ^ transform_addition_stages m k - 1)
     * (sum (m * 2 ^ k) (fun i => Rabs (x i)) * bpow radix2 e + scaling_loss n e)
   + scaling_loss n e) * bpow radix2 (- e).

Theorem rotation_error_bound_correct m k n eps x e j :
  base_order m -> (j < m * 2 ^ k)%nat -> (n <= m * 2 ^ k)%nat -> is_sign eps ->
  (forall i, is_binary32 (x i)) -> (forall i, (n <= i)%nat -> x i = 0) ->
  Rabs (transform32 m k (fun i => eps i * prescale e x i) j * bpow radix2 (- e)
        - rotate (m * 2 ^ k) (supported_matrix m k) eps x j)
  <= rotation_error_bound m k n e x.
Proof.
  intros Hm Hj Hn He Hx Hzero. unfold rotation_error_bound.
  set (d := (m * 2 ^ k)%nat) in *. set (H := supported_matrix m k).
  set (loss := scaling_loss n e). set (G := (1 + unit_roundoff) ^ transform_addition_stages m k).
  pose proof (bpow_gt_0 radix2 e) as He0. pose proof (bpow_gt_0 radix2 (- e)) as He1.
  assert (Hinv : bpow radix2 e * bpow radix2 (- e) = 1).
  { rewrite <- bpow_plus. now replace (e + - e)%Z with 0%Z by ring. }
  assert (HG : 1 <= G) by (apply pow_R1_Rle; pose proof unit_roundoff_pos; lra).
  pose proof (prescale_loss n d e x Hn Hzero Hx) as Hloss. fold loss in Hloss.
  set (y32 := transform32 m k (fun i => eps i * prescale e x i) j).
  replace (y32 * bpow radix2 (- e) - rotate d H eps x j)
    with ((y32 - rotate d H eps x j * bpow radix2 e) * bpow radix2 (- e))
    by (rewrite Rmult_minus_distr_r, Rmult_assoc, Hinv; ring).
  rewrite Rabs_mult, (Rabs_pos_eq (bpow radix2 (- e))) by lra.
  apply Rmult_le_compat_r; [lra|].
  replace (y32 - rotate d H eps x j * bpow radix2 e)
    with ((y32 - rotate d H eps (prescale e x) j)
          + (rotate d H eps (prescale e x) j - rotate d H eps x j * bpow radix2 e)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. apply Rplus_le_compat.
  - eapply Rle_trans.
    + apply transform_error_bound_correct; try easy. intros i. apply is_binary32_round.
    + unfold transform_error_bound. fold G d. apply Rmult_le_compat_l; [lra|].
      apply Rle_trans with (sum d (fun i => Rabs (x i) * bpow radix2 e
                                      + Rabs (prescale e x i - x i * bpow radix2 e))).
      * apply sum_le. intros i _.
        replace (prescale e x i) with (x i * bpow radix2 e + (prescale e x i - x i * bpow radix2 e)) at 1
          by ring.
        eapply Rle_trans; [apply Rabs_triang|].
        rewrite Rabs_mult, (Rabs_pos_eq (bpow radix2 e)) by lra. lra.
      * rewrite sum_plus, sum_scal_r. lra.
  - apply Rle_trans with (2 := Hloss). unfold rotate, mulv. rewrite <- sum_scal_r, <- sum_minus.
    eapply Rle_trans; [apply sum_Rabs_le|]. apply sum_le. intros i Hi.
    replace (H j i * (eps i * prescale e x i) - H j i * (eps i * x i) * bpow radix2 e)
      with (H j i * (eps i * (prescale e x i - x i * bpow radix2 e))) by ring.
    rewrite !Rabs_mult. unfold H. rewrite supported_entry_abs, Rmult_1_l by easy.
    assert (Heps : Rabs (eps i) = 1)
      by (destruct (He i) as [-> | ->]; [apply Rabs_R1|rewrite Rabs_left; lra]).
    rewrite Heps, Rmult_1_l. lra.
Qed.
