(** * Rounding error of a tree of additions (SPEC §5.6)

    A computation by additions, subtractions and sign changes is a tree over its inputs. If
    every addition has relative error at most u, a tree of depth s has error at most
    ((1+u)^s - 1) times the sum of the |leaves|: [tree_error_bound]. Any arithmetic with
    such an addition will do; binary32 and binary64 are instances, with underflow and
    without an underflow term, since float addition is exact below the normal range. *)
From Coq Require Import ZArith Reals Arith Lia Lra.
From Flocq Require Import Core Plus_error Relative.
Open Scope R_scope.

Inductive tree : Type :=
  | Leaf (i : nat)
  | Opp (t : tree)
  | Add (l r : tree)
  | Sub (l r : tree).

(** Evaluation in any arithmetic. *)
Fixpoint tree_value {T : Type} (add sub : T -> T -> T) (opp : T -> T) (x : nat -> T) (t : tree) : T :=
  match t with
  | Leaf i => x i
  | Opp t => opp (tree_value add sub opp x t)
  | Add l r => add (tree_value add sub opp x l) (tree_value add sub opp x r)
  | Sub l r => sub (tree_value add sub opp x l) (tree_value add sub opp x r)
  end.

(** The longest path, in additions and subtractions. *)
Fixpoint tree_depth (t : tree) : nat :=
  match t with
  | Leaf _ => 0
  | Opp t => tree_depth t
  | Add l r | Sub l r => S (Nat.max (tree_depth l) (tree_depth r))
  end.

(** Sum of |leaf|. *)
Fixpoint tree_mass (x : nat -> R) (t : tree) : R :=
  match t with
  | Leaf i => Rabs (x i)
  | Opp t => tree_mass x t
  | Add l r | Sub l r => tree_mass x l + tree_mass x r
  end.

Definition exact_value : (nat -> R) -> tree -> R := tree_value Rplus Rminus Ropp.

Lemma tree_mass_nonneg x t : 0 <= tree_mass x t.
Proof. induction t; cbn [tree_mass]; try lra. apply Rabs_pos. Qed.

Lemma Rabs_minus_le a b : Rabs (a - b) <= Rabs a + Rabs b.
Proof. unfold Rminus. rewrite <- (Rabs_Ropp b). apply Rabs_triang. Qed.

Lemma exact_value_le_mass x t : Rabs (exact_value x t) <= tree_mass x t.
Proof.
  induction t as [i|t IH|l IHl r IHr|l IHl r IHr]; unfold exact_value in *; cbn [tree_value tree_mass].
  - lra.
  - now rewrite Rabs_Ropp.
  - eapply Rle_trans; [apply Rabs_triang|]. lra.
  - eapply Rle_trans; [apply Rabs_minus_le|]. lra.
Qed.

(** ** A rounded arithmetic *)

Section Rounded.
Variable u : R.
Variable is_number : R -> Prop.
Variable rounded : R -> R.
Hypothesis u_nonneg : 0 <= u.
Hypothesis rounded_number : forall x, is_number (rounded x).
Hypothesis opp_number : forall x, is_number x -> is_number (- x).
Hypothesis addition_error : forall a b, is_number a -> is_number b ->
  Rabs (rounded (a + b) - (a + b)) <= u * Rabs (a + b).

Definition rounded_add (a b : R) : R := rounded (a + b).
Definition rounded_sub (a b : R) : R := rounded (a - b).
Definition rounded_value : (nat -> R) -> tree -> R := tree_value rounded_add rounded_sub Ropp.

Lemma rounded_value_number x t : (forall i, is_number (x i)) -> is_number (rounded_value x t).
Proof.
  intros Hx. induction t as [i|t IH|l _ r _|l _ r _]; [apply Hx| | |]; try apply rounded_number.
  now apply opp_number.
Qed.

Lemma growth_ge_1 n : 1 <= (1 + u) ^ n.
Proof. apply pow_R1_Rle. lra. Qed.

(** The step of the induction: two operands with errors g - 1 relative to their masses,
    one rounding, error (1+u) g - 1 relative to the sum of the masses. *)
Lemma addition_step g a b a' b' ma mb c :
  1 <= g -> Rabs (a' - a) <= (g - 1) * ma -> Rabs (b' - b) <= (g - 1) * mb ->
  Rabs a <= ma -> Rabs b <= mb ->
  Rabs (c - (a' + b')) <= u * Rabs (a' + b') ->
  Rabs (c - (a + b)) <= ((1 + u) * g - 1) * (ma + mb).
Proof.
  intros Hg Ha Hb Hma Hmb Hc. pose proof u_nonneg as Hu.
  assert (Hin : Rabs ((a' + b') - (a + b)) <= (g - 1) * (ma + mb)).
  { replace ((a' + b') - (a + b)) with ((a' - a) + (b' - b)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]. lra. }
  assert (Hval : Rabs (a' + b') <= g * (ma + mb)).
  { replace (a' + b') with (((a' + b') - (a + b)) + (a + b)) by ring.
    eapply Rle_trans; [apply Rabs_triang|].
    assert (Rabs (a + b) <= ma + mb) by (eapply Rle_trans; [apply Rabs_triang|]; lra).
    lra. }
  replace (c - (a + b)) with ((c - (a' + b')) + ((a' + b') - (a + b))) by ring.
  eapply Rle_trans; [apply Rabs_triang|].
  assert (u * Rabs (a' + b') <= u * (g * (ma + mb)))
    by (apply Rmult_le_compat_l; lra).
  lra.
Qed.

Theorem tree_error_bound x t s :
  (forall i, is_number (x i)) -> (tree_depth t <= s)%nat ->
  Rabs (rounded_value x t - exact_value x t) <= ((1 + u) ^ s - 1) * tree_mass x t.
Proof.
  intros Hx. revert s.
  induction t as [i|t IH|l IHl r IHr|l IHl r IHr]; intros s Hs;
    unfold rounded_value, exact_value in *; cbn [tree_value tree_mass tree_depth] in *.
  - rewrite Rminus_diag_eq, Rabs_R0 by easy. apply Rmult_le_pos; [|apply Rabs_pos].
    pose proof (growth_ge_1 s). lra.
  - replace (- tree_value rounded_add rounded_sub Ropp x t - - tree_value Rplus Rminus Ropp x t)
      with (- (tree_value rounded_add rounded_sub Ropp x t - tree_value Rplus Rminus Ropp x t)) by ring.
    rewrite Rabs_Ropp. now apply IH.
  - destruct s as [|s]; [lia|]. cbn [pow].
    apply addition_step with (a' := rounded_value x l) (b' := rounded_value x r).
    + apply growth_ge_1.
    + apply IHl. lia.
    + apply IHr. lia.
    + apply exact_value_le_mass.
    + apply exact_value_le_mass.
    + apply addition_error; now apply rounded_value_number.
  - destruct s as [|s]; [lia|]. cbn [pow].
    change (tree_value Rplus Rminus Ropp x l - tree_value Rplus Rminus Ropp x r)
      with (tree_value Rplus Rminus Ropp x l + - tree_value Rplus Rminus Ropp x r).
    apply addition_step with (a' := rounded_value x l) (b' := - rounded_value x r).
    + apply growth_ge_1.
    + apply IHl. lia.
    + replace (- rounded_value x r - - tree_value Rplus Rminus Ropp x r)
        with (- (rounded_value x r - tree_value Rplus Rminus Ropp x r)) by ring.
      rewrite Rabs_Ropp. apply IHr. lia.
    + apply exact_value_le_mass.
    + rewrite Rabs_Ropp. apply exact_value_le_mass.
    + apply addition_error; [|apply opp_number]; now apply rounded_value_number.
Qed.

Lemma rounded_value_le x t s :
  (forall i, is_number (x i)) -> (tree_depth t <= s)%nat ->
  Rabs (rounded_value x t) <= (1 + u) ^ s * tree_mass x t.
Proof.
  intros Hx Hs. pose proof (tree_error_bound x t s Hx Hs). pose proof (exact_value_le_mass x t).
  replace (rounded_value x t) with ((rounded_value x t - exact_value x t) + exact_value x t) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.
End Rounded.

(** ** IEEE formats *)

(** Rounding to nearest, ties to even, unbounded above: FLT_exp(emin, prec). *)
Section Format.
Variables emin prec : Z.
Hypothesis prec_positive : (0 < prec)%Z.

Definition round_format (x : R) : R := round radix2 (FLT_exp emin prec) ZnearestE x.
Definition in_format (x : R) : Prop := generic_format radix2 (FLT_exp emin prec) x.

#[local] Instance prec_gt_0_prec : Prec_gt_0 prec := prec_positive.

Lemma in_format_round x : in_format (round_format x).
Proof. apply generic_format_round; [apply FLT_exp_valid; easy|apply valid_rnd_N]. Qed.

Lemma in_format_opp x : in_format x -> in_format (- x).
Proof. apply generic_format_opp. Qed.

Lemma round_format_opp x : round_format (- x) = - round_format x.
Proof. unfold round_format. apply round_NE_opp. Qed.

Lemma round_format_le x y : x <= y -> round_format x <= round_format y.
Proof. apply round_le; [apply FLT_exp_valid; easy|apply valid_rnd_N]. Qed.

Lemma round_format_id x : in_format x -> round_format x = x.
Proof. intros Hx. apply round_generic; [apply valid_rnd_N|exact Hx]. Qed.

(** One addition: relative error u = 2^-prec, underflow or not. *)
Lemma addition_error_format a b :
  in_format a -> in_format b ->
  Rabs (round_format (a + b) - (a + b)) <= bpow radix2 (- prec) * Rabs (a + b).
Proof.
  intros Ha Hb.
  destruct (FLT_plus_error_N_ex radix2 emin prec (fun z => negb (Z.even z)) a b Ha Hb)
    as (eps & Heps & Hround).
  unfold round_format. change ZnearestE with (Znearest (fun z => negb (Z.even z))). rewrite Hround.
  replace ((a + b) * (1 + eps) - (a + b)) with (eps * (a + b)) by ring.
  rewrite Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos|].
  pose proof (bpow_gt_0 radix2 (- prec)) as Hb0.
  assert (Hu : u_ro radix2 prec = bpow radix2 (- prec)).
  { unfold u_ro. rewrite bpow_plus. replace (bpow radix2 1) with 2 by easy. field. }
  eapply Rle_trans; [exact Heps|]. rewrite Hu. apply Rmult_le_reg_r with (1 + bpow radix2 (- prec)); [lra|].
  unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra.
Qed.

(** One operation on any real: relative error u and half of the smallest positive number. *)
Lemma round_format_error x :
  Rabs (round_format x - x) <= bpow radix2 (- prec) * Rabs x + bpow radix2 (emin - 1).
Proof.
  destruct (error_N_FLT radix2 emin prec prec_positive (fun z => negb (Z.even z)) x)
    as (eps & eta & Heps & Heta & _ & Hr).
  unfold round_format. change ZnearestE with (Znearest (fun z => negb (Z.even z))).
  rewrite Hr. replace (x * (1 + eps) + eta - x) with (eps * x + eta) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_mult.
  apply Rplus_le_compat.
  - apply Rmult_le_compat_r; [apply Rabs_pos|]. eapply Rle_trans; [exact Heps|].
    rewrite bpow_plus. change (bpow radix2 1) with 2. lra.
  - eapply Rle_trans; [exact Heta|]. right. replace (emin - 1)%Z with (-1 + emin)%Z by ring. rewrite bpow_plus.
    change (bpow radix2 (-1)) with (/ 2). lra.
Qed.
End Format.
