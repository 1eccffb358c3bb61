(** * Certificates of lower bounds for flat vectors (SPEC §5.10)

    A certificate is a surrogate: for each place z_k = (2k - n)/r of the binomial law, n = r^2, from k = first on, an integer s_k; zeta takes z_k to
    s_k/(r unit), other numbers to themselves. [certifies] computes the least distortion of the law of zeta from below (weights cut to
    multiples of 2^-64), its penalty E (zeta - z)^2 exactly, and compares. All in integers. *)
From Coq Require Import ZArith QArith Qreals Reals Arith List Bool Lia Lra Psatz.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Sums Rademacher UnbiasedRule LeastDistortion LeastDistortionBig FlatVector.
Import ListNotations.
Open Scope R_scope.

Record certificate := { root : nat; unit_parts : Z; first : nat; places : list Z; price : Z }.

Definition weight_bits : Z := 64.

(** Rows of Pascal's triangle, an entry at a time. *)
Definition next_choice (n k c : Z) : Z := (c * (n - k) / (k + 1))%Z.

Fixpoint choose_from (count : nat) (n k c : Z) : Z :=
  match count with
  | O => c
  | S count' => choose_from count' n (k + 1) (next_choice n k c)
  end.

Fixpoint law_atoms (n k c : Z) (l : list Z) : atoms :=
  match l with
  | [] => []
  | s :: l' => (Z.shiftr c (n - weight_bits), s) :: law_atoms n (k + 1) (next_choice n k c) l'
  end.

Fixpoint penalty (parts n k c : Z) (l : list Z) : Z :=
  match l with
  | [] => 0
  | s :: l' => let t := (s - parts * (2 * k - n))%Z in (c * (t * t) + penalty parts n (k + 1) (next_choice n k c) l')%Z
  end.

Definition certifies (levels : nat) (m : certificate) (bound : Q) : bool :=
  let r := Z.of_nat (root m) in
  let n := (r * r)%Z in
  let k := Z.of_nat (first m) in
  let c := choose_from (first m) n 0 1 in
  let l := law_atoms n k c (places m) in
  let scale := (r * unit_parts m)%Z in
  ((0 <? r) && (0 <? unit_parts m) && (0 <=? price m) && (weight_bits <=? n)
   && (k + Z.of_nat (length (places m)) <=? n + 1)
   && ascending l
   && (Qnum bound * (scale * scale) * 2 ^ n
       <=? Zpos (Qden bound) * ((big_cheapest (price m) l - Z.of_nat levels * price m) * 2 ^ (n - weight_bits)
                                - penalty (unit_parts m) n k c (places m))))%Z%bool.

(** ** Binomials *)

Lemma next_choice_correct n k : next_choice (Z.of_nat n) (Z.of_nat k) (choose n k) = choose n (S k).
Proof.
  unfold next_choice. replace (choose n k * (Z.of_nat n - Z.of_nat k))%Z with (choose n (S k) * (Z.of_nat k + 1))%Z.
  - apply Z.div_mul. lia.
  - pose proof (choose_next n k) as H. rewrite Nat2Z.inj_succ in H. lia.
Qed.

Lemma choose_from_correct n count : forall k,
  choose_from count (Z.of_nat n) (Z.of_nat k) (choose n k) = choose n (k + count).
Proof.
  induction count as [|count IH]; intros k; cbn [choose_from]; [f_equal; lia|].
  rewrite next_choice_correct. replace (Z.of_nat k + 1)%Z with (Z.of_nat (S k)) by lia. rewrite IH. f_equal. lia.
Qed.

(** ** The surrogate *)

Section Certificate.

Variables (r : nat) (parts : Z).
Let n := (r * r)%nat.
Hypothesis Hr : (0 < r)%nat.
Hypothesis Hparts : (0 < parts)%Z.
Let z k := place (/ INR r) n k.
Let scale := INR r * IZR parts.

Fixpoint surrogate (k : nat) (l : list Z) (y : R) : R :=
  match l with
  | [] => y
  | s :: l' => if Req_EM_T y (z k) then IZR s / scale else surrogate (S k) l' y
  end.

Lemma root_pos : 0 < INR r.
Proof. now apply lt_0_INR. Qed.

Lemma scale_pos : 0 < scale.
Proof. apply Rmult_lt_0_compat; [exact root_pos | now apply IZR_lt]. Qed.

Lemma place_injective k k' : z k = z k' -> k = k'.
Proof.
  unfold z, place. intros H. pose proof root_pos. apply Rmult_eq_reg_r in H; [apply INR_eq; lra | now apply Rinv_neq_0_compat, Rgt_not_eq].
Qed.

Lemma surrogate_other l : forall k y, (forall j, (j < length l)%nat -> y <> z (k + j)) -> surrogate k l y = y.
Proof.
  induction l as [|s l IH]; intros k y H; cbn [surrogate]; [reflexivity|].
  destruct (Req_EM_T y (z k)) as [E | E].
  - exfalso. apply (H O); [simpl; lia|]. now rewrite Nat.add_0_r.
  - apply IH. intros j Hj. replace (S k + j)%nat with (k + S j)%nat by lia. apply H. simpl. lia.
Qed.

(** A sum over the places of the table. *)
Fixpoint table_sum (f : nat -> Z -> R) (k : nat) (l : list Z) : R :=
  match l with
  | [] => 0
  | s :: l' => f k s + table_sum f (S k) l'
  end.

Lemma surrogate_sum (F : nat -> R -> R) l : forall k,
  sum (length l) (fun j => F (k + j)%nat (surrogate k l (z (k + j)))) = table_sum (fun i s => F i (IZR s / scale)) k l.
Proof.
  induction l as [|s l IH]; intros k; [reflexivity|].
  cbn [length table_sum]. rewrite sum_head. rewrite Nat.add_0_r. f_equal.
  - cbn [surrogate]. destruct (Req_EM_T (z k) (z k)); congruence.
  - rewrite <- IH. apply sum_ext. intros j _. replace (k + S j)%nat with (S k + j)%nat by lia. f_equal.
    cbn [surrogate]. destruct (Req_EM_T _ _) as [E | E]; [|reflexivity]. apply place_injective in E. lia.
Qed.

Lemma cut_weight c : (weight_bits <= Z.of_nat n)%Z -> (0 <= c)%Z -> IZR (Z.shiftr c (Z.of_nat n - weight_bits)) / 2 ^ 64 <= IZR c / 2 ^ n.
Proof.
  intros Hbits Hc. rewrite Z.shiftr_div_pow2 by lia. set (e := (Z.of_nat n - weight_bits)%Z).
  assert (D : (2 ^ e * (c / 2 ^ e) <= c)%Z) by (apply Z.mul_div_le, Z.pow_pos_nonneg; unfold e; lia).
  apply IZR_le in D. rewrite mult_IZR in D.
  assert (X : 2 ^ n = IZR (2 ^ e) * 2 ^ 64).
  { rewrite (pow_IZR 2 n), (pow_IZR 2 64), <- mult_IZR. f_equal. change (Z.of_nat 64) with weight_bits.
    rewrite <- Z.pow_add_r by (unfold e, weight_bits in *; lia). f_equal. unfold e. lia. }
  assert (P : 0 < IZR (2 ^ e)) by (apply IZR_lt, Z.pow_pos_nonneg; unfold e; lia).
  assert (P' : 0 < 2 ^ 64) by (apply pow_lt; lra).
  rewrite X. apply Rmult_le_reg_r with (IZR (2 ^ e) * 2 ^ 64); [now apply Rmult_lt_0_compat|].
  set (w := (c / 2 ^ e)%Z) in *. set (b := 2 ^ 64) in *. set (t := IZR (2 ^ e)) in *.
  replace (IZR w / b * (t * b)) with (t * IZR w) by (field; lra). replace (IZR c / (t * b) * (t * b)) with (IZR c) by (field; lra).
  exact D.
Qed.

Variables (k : nat) (l : list Z).
Hypothesis Hl : (k + length l <= n + 1)%nat.
Let zeta := surrogate k l.
Let p i := IZR (choose n i) / 2 ^ n.

Lemma probability_nonneg i : 0 <= p i.
Proof. unfold p. apply Rdiv_le_0_compat; [apply IZR_le, choose_nonneg | apply pow_lt; lra]. Qed.

Lemma law_split (G : nat -> R) :
  sum (S n) G = sum k G + sum (length l) (fun j => G (k + j)%nat) + sum (S n - (k + length l)) (fun i => G (k + length l + i)%nat).
Proof.
  replace (S n) with (k + length l + (S n - (k + length l)))%nat at 1 by lia. rewrite !sum_app. reflexivity.
Qed.

Lemma penalty_correct :
  sum (S n) (fun i => p i * (zeta (z i) - z i) ^ 2)
  = IZR (penalty parts (Z.of_nat n) (Z.of_nat k) (choose n k) l) / (2 ^ n * scale ^ 2).
Proof.
  pose proof scale_pos as HS. assert (P : 0 < 2 ^ n) by (apply pow_lt; lra).
  rewrite law_split, (sum_zero k), (sum_zero (S n - _)).
  - rewrite Rplus_0_l, Rplus_0_r. unfold zeta.
    rewrite (surrogate_sum (fun i v => p i * (v - z i) ^ 2)). clear Hl zeta.
    revert k. induction l as [|s l' IH]; intros i; cbn [table_sum penalty]; [unfold Rdiv; ring|].
    rewrite next_choice_correct, IH. replace (Z.of_nat i + 1)%Z with (Z.of_nat (S i)) by lia.
    rewrite plus_IZR, !mult_IZR, minus_IZR, mult_IZR, minus_IZR, mult_IZR, <- !INR_IZR_INZ.
    unfold p, z, place, scale in *. pose proof root_pos. assert (0 < IZR parts) by now apply IZR_lt.
    field. split; [lra|]. split; lra.
  - intros i Hi. unfold zeta. rewrite surrogate_other; [ring|]. intros j Hj E. apply place_injective in E. lia.
  - intros i Hi. unfold zeta. rewrite surrogate_other; [ring|]. intros j Hj E. apply place_injective in E. lia.
Qed.

Lemma cheapest_distortion levels price d x : (weight_bits <= Z.of_nat n)%Z -> (0 <= price)%Z -> flat n d x ->
  let a := law_atoms (Z.of_nat n) (Z.of_nat k) (choose n k) l in
  ascending a = true ->
  distortion_at_least levels d x zeta (IZR (cheapest price a - Z.of_nat levels * price) / (2 ^ 64 * scale ^ 2)).
Proof.
  intros Hbits Hp Hx a A q Hq. pose proof scale_pos as HS. assert (P' : 0 < 2 ^ 64) by (apply pow_lt; lra).
  rewrite (flat_law r n d x (fun s => (q s - zeta s) ^ 2) Hr eq_refl Hx).
  destruct Hq as [C HC].
  destruct levels as [|N]; [destruct (HC 0) as (i & Hi & _); lia|].
  set (C1 := map (fun i => scale * C i) (seq 1 N)).
  assert (Near : forall y s, nearest (scale * C O) C1 s / scale ^ 2 <= (q y - s / scale) ^ 2).
  { intros y s. destruct (HC y) as (i & Hi & ->).
    replace ((C i - s / scale) ^ 2) with ((scale * C i - s) ^ 2 / scale ^ 2) by (field; lra).
    apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; apply pow_lt; exact HS|].
    apply nearest_le. destruct i as [|i]; [now left|]. right. apply (in_map (fun i => scale * C i)). apply in_seq. lia. }
  pose proof (cheapest_correct price a Hp A C1 (scale * C O)) as B.
  replace (length C1) with N in B by (unfold C1; rewrite map_length, seq_length; reflexivity).
  rewrite minus_IZR, mult_IZR, <- INR_IZR_INZ.
  apply Rle_trans with (atom_sum (nearest (scale * C O) C1) a / (2 ^ 64 * scale ^ 2)).
  { apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, Rmult_lt_0_compat; [exact P' | now apply pow_lt] | lra]. }
  apply Rle_trans with (sum (length l) (fun j => p (k + j) * (q (z (k + j)) - zeta (z (k + j))) ^ 2)).
  - unfold zeta. rewrite (surrogate_sum (fun i v => p i * (q (z i) - v) ^ 2)).
    unfold a. clear B A a zeta Hl. revert k. induction l as [|s l' IH]; intros i; cbn [law_atoms table_sum atom_sum]; [unfold Rdiv; lra|].
    rewrite next_choice_correct. replace (Z.of_nat i + 1)%Z with (Z.of_nat (S i)) by lia. specialize (IH (S i)).
    pose proof (cut_weight (choose n i) Hbits (choose_nonneg n i)) as W. fold (p i) in W.
    pose proof (Near (z i) (IZR s)) as Ns. set (v := nearest _ _ _) in *. set (w := IZR (Z.shiftr _ _)) in *.
    assert (Nv : 0 <= v / scale ^ 2).
    { unfold v. destruct (nearest_attained C1 (scale * C O) (IZR s)) as (c' & _ & ->).
      apply Rdiv_le_0_compat; [apply pow2_ge_0 | now apply pow_lt]. }
    apply Rle_trans with (w / 2 ^ 64 * (v / scale ^ 2) + atom_sum (nearest (scale * C O) C1)
      (law_atoms (Z.of_nat n) (Z.of_nat (S i)) (choose n (S i)) l') / (2 ^ 64 * scale ^ 2)).
    { right. field. lra. }
    apply Rplus_le_compat; [|exact IH]. pose proof (probability_nonneg i).
    apply Rle_trans with (p i * (v / scale ^ 2)); [now apply Rmult_le_compat_r | now apply Rmult_le_compat_l].
  - rewrite (law_split (fun i => _)).
    assert (forall m f, (forall i, 0 <= f i) -> 0 <= sum m f) as Pos by (intros; now apply sum_nonneg).
    assert (T : forall i, 0 <= IZR (choose n i) / 2 ^ n * (q (place (/ INR r) n i) - zeta (place (/ INR r) n i)) ^ 2).
    { intros i. apply Rmult_le_pos; [apply probability_nonneg | apply pow2_ge_0]. }
    pose proof (Pos k _ T). pose proof (Pos (S n - (k + length l))%nat _ (fun i => T (k + length l + i)%nat)).
    unfold p, z. lra.
Qed.

End Certificate.

(** ** A checked certificate *)

Theorem certified_distortion levels m bound d x :
  certifies levels m bound = true -> flat (root m * root m) d x ->
  exists zeta D, distortion_at_least levels d x zeta D /\
    Q2R bound <= D - Esign d (fun e => (zeta (rademacher d x e) - rademacher d x e) ^ 2).
Proof.
  intros E Hx. unfold certifies in E. cbv zeta in E. rewrite big_cheapest_correct, <- Nat2Z.inj_mul in E. set (r := root m) in *. set (n := (r * r)%nat) in *.
  rewrite !andb_true_iff in E. destruct E as [[[[[[E1 E2] E3] E4] E5] E6] E7].
  apply Z.ltb_lt in E1, E2. apply Z.leb_le in E3, E4, E5, E7.
  assert (C : choose_from (first m) (Z.of_nat n) 0 1 = choose n (first m)).
  { change 0%Z with (Z.of_nat 0). rewrite <- (choose_0 n). rewrite choose_from_correct. reflexivity. }
  rewrite C in *. clear C.
  assert (Hr : (0 < r)%nat) by lia.
  set (zeta := surrogate r (unit_parts m) (first m) (places m)).
  set (scale := INR r * IZR (unit_parts m)).
  exists zeta, (IZR (cheapest (price m) (law_atoms (Z.of_nat n) (Z.of_nat (first m)) (choose n (first m)) (places m))
                     - Z.of_nat levels * price m) / (2 ^ 64 * scale ^ 2)).
  split; [apply cheapest_distortion; try assumption; fold r; fold n; lia|].
  rewrite (flat_law r n d x (fun s => (zeta s - s) ^ 2) Hr eq_refl Hx).
  pose proof (penalty_correct r (unit_parts m) Hr E2 (first m) (places m) ltac:(fold n; lia)) as Penalty.
  fold n scale zeta in Penalty. rewrite Penalty. clear Penalty.
  assert (HS : 0 < scale) by (apply scale_pos; assumption).
  set (F := (cheapest _ _ - _)%Z) in *. set (pen := penalty _ _ _ _ _) in *.
  apply IZR_le in E7. rewrite !mult_IZR, minus_IZR, mult_IZR, <- INR_IZR_INZ in E7. fold scale in E7.
  assert (X : 2 ^ n = IZR (2 ^ (Z.of_nat n - weight_bits)) * 2 ^ 64).
  { rewrite (pow_IZR 2 n), (pow_IZR 2 64), <- mult_IZR. f_equal. change (Z.of_nat 64) with weight_bits.
    rewrite <- Z.pow_add_r by (unfold weight_bits in *; lia). f_equal. lia. }
  replace (IZR (2 ^ Z.of_nat n)) with (2 ^ n) in E7 by (now rewrite pow_IZR).
  assert (P : 0 < IZR (2 ^ (Z.of_nat n - weight_bits))) by (apply IZR_lt, Z.pow_pos_nonneg; lia).
  assert (P' : 0 < 2 ^ 64) by (apply pow_lt; lra).
  assert (Dn : 0 < IZR (Zpos (Qden bound))) by now apply IZR_lt.
  rewrite X in *. set (e := IZR (2 ^ _)) in *. set (b := 2 ^ 64) in *. unfold Q2R.
  apply Rmult_le_reg_r with (IZR (Zpos (Qden bound)) * (e * b * scale ^ 2)).
  { apply Rmult_lt_0_compat; [exact Dn|]. apply Rmult_lt_0_compat; [now apply Rmult_lt_0_compat | now apply pow_lt]. }
  apply Rle_trans with (IZR (Qnum bound) * (scale * scale) * (e * b)); [right; field; lra|].
  eapply Rle_trans; [exact E7|]. right. field. repeat split; lra.
Qed.
