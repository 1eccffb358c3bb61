(** * Rounding error of the norm (SPEC §4)

    rho = fl32(fl64(sqrt S)), S the sum of the squares of n binary32 numbers in binary64: 16
    lanes (lane = i mod 16) in index order from 0, then lanes halved 8, 4, 2, 1. Squares are
    exact, a lane's first addition is exact, so each square meets at most ceil(n/16) + 3
    roundings: [norm_error_bound_correct]. *)
From Coq Require Import ZArith Reals Arith Lia Lra.
From Flocq Require Import Core Relative.
From Hdq Require Import Defs Sums FloatTree FloatTransform FloatCode.
Open Scope R_scope.

Definition unit_roundoff64 : R := / 2 ^ 53.
Definition is_binary64 : R -> Prop := in_format (-1074) 53.

(** ** The sum, over any arithmetic *)

Section Lanes.
Context {T : Type} (add : T -> T -> T).

(** Entries l, 16 + l, ..., 16 q + l. *)
Fixpoint lane_sum (v : nat -> T) (l q : nat) : T :=
  match q with
  | O => v l
  | S q' => add (lane_sum v l q') (v (16 * q + l)%nat)
  end.

Definition halve (h : nat) (s : nat -> T) (l : nat) : T := add (s l) (s (l + h)%nat).

Definition sixteen_lane_sum (v : nat -> T) (q : nat) : T :=
  halve 1 (halve 2 (halve 4 (halve 8 (fun l => lane_sum v l q)))) 0.
End Lanes.

Lemma sixteen_lane_sum_exact v q :
  sixteen_lane_sum Rplus v q = sum (16 * S q) v.
Proof.
  assert (Hlane : forall l, lane_sum Rplus v l q = sum (S q) (fun p => v (p * 16 + l)%nat)).
  { intros l. induction q as [|q IH]; [cbn [lane_sum sum]; simpl; ring|].
    cbn [lane_sum]. rewrite IH. cbn [sum]. do 2 f_equal. lia. }
  rewrite Nat.mul_comm, sum_mul, sum_swap. unfold sixteen_lane_sum, halve. rewrite !Hlane.
  generalize (S q). intros Q. simpl. ring.
Qed.

(** As trees: depth, and no term is counted twice. *)
Definition norm_tree (q : nat) : tree := sixteen_lane_sum Add Leaf q.

Lemma norm_tree_value {T : Type} (add sub : T -> T -> T) (opp : T -> T) v q :
  tree_value add sub opp v (norm_tree q) = sixteen_lane_sum add v q.
Proof.
  assert (Hlane : forall l, tree_value add sub opp v (lane_sum Add Leaf l q) = lane_sum add v l q).
  { intros l. induction q as [|q IH]; [easy|]. cbn [lane_sum tree_value]. now rewrite IH. }
  unfold norm_tree, sixteen_lane_sum, halve. cbn [tree_value]. now rewrite !Hlane.
Qed.

Lemma norm_tree_depth q : tree_depth (norm_tree q) = (q + 4)%nat.
Proof.
  assert (Hlane : forall l, tree_depth (lane_sum Add Leaf l q) = q).
  { intros l. induction q as [|q IH]; [easy|]. cbn [lane_sum tree_depth]. rewrite IH. lia. }
  unfold norm_tree, sixteen_lane_sum, halve. cbn [tree_depth]. rewrite !Hlane. lia.
Qed.

Lemma norm_tree_mass v q : tree_mass v (norm_tree q) = sum (16 * S q) (fun i => Rabs (v i)).
Proof.
  rewrite <- sixteen_lane_sum_exact.
  assert (Hlane : forall l, tree_mass v (lane_sum Add Leaf l q) = lane_sum Rplus (fun i => Rabs (v i)) l q).
  { intros l. induction q as [|q IH]; [easy|]. cbn [lane_sum tree_mass]. now rewrite IH. }
  unfold norm_tree, sixteen_lane_sum, halve. cbn [tree_mass]. now rewrite !Hlane.
Qed.

(** ** Squares are exact *)

Lemma square_binary64 x : is_binary32 x -> is_binary64 (x * x).
Proof.
  intros Hx. apply FLT_format_generic in Hx; [|easy]. destruct Hx as [f Hf Hm He].
  apply generic_format_FLT. exists (Float radix2 (Fnum f * Fnum f) (Fexp f + Fexp f)).
  - rewrite Hf. unfold F2R. cbn [Fnum Fexp]. rewrite mult_IZR, bpow_plus. ring.
  - cbn [Fnum]. change (Zpower radix2 24) with 16777216%Z in Hm.
    change (Zpower radix2 53) with 9007199254740992%Z. rewrite Z.abs_mul. nia.
  - cbn [Fexp]. lia.
Qed.

(** ** The norm *)

(** n entries, zero beyond; q + 1 = ceil(n / 16) entries per lane. *)
Definition last_of_lane (n : nat) : nat := ((n + 15) / 16 - 1)%nat.
Definition norm_additions (n : nat) : nat := ((n + 15) / 16 + 3)%nat.

Definition sum_of_squares64 (n : nat) (x : vec) : R :=
  sixteen_lane_sum (fun a b => round64 (a + b)) (fun i => x i * x i) (last_of_lane n).

Definition norm32 (n : nat) (x : vec) : R := round32 (round64 (sqrt (sum_of_squares64 n x))).

Definition norm_error_bound (n : nat) (norm : R) : R :=
  ((1 + ((1 + unit_roundoff64) ^ norm_additions n - 1)) * (1 + unit_roundoff64) * (1 + unit_roundoff) - 1)
  * norm + underflow32.

Lemma unit_roundoff64_bpow : unit_roundoff64 = bpow radix2 (-53).
Proof. unfold unit_roundoff64. simpl. lra. Qed.

Lemma unit_roundoff64_pos : 0 < unit_roundoff64.
Proof. rewrite unit_roundoff64_bpow. apply bpow_gt_0. Qed.

Lemma sum_of_squares64_error n x :
  (0 < n)%nat -> (forall i, is_binary32 (x i)) -> (forall i, (n <= i)%nat -> x i = 0) ->
  is_binary64 (sum_of_squares64 n x) /\
  Rabs (sum_of_squares64 n x - norm2 n x)
  <= ((1 + unit_roundoff64) ^ norm_additions n - 1) * norm2 n x.
Proof.
  intros Hn Hx Hzero. set (q := last_of_lane n). set (v := fun i => x i * x i).
  assert (Hq : ((n + 15) / 16 = S q)%nat).
  { unfold q, last_of_lane. assert (1 <= (n + 15) / 16)%nat by (apply Nat.div_le_lower_bound; lia). lia. }
  assert (Hcover : (n <= 16 * S q)%nat).
  { rewrite <- Hq. pose proof (Nat.div_mod (n + 15) 16 ltac:(lia)).
    pose proof (Nat.mod_upper_bound (n + 15) 16 ltac:(lia)). lia. }
  assert (Hv : forall i, is_binary64 (v i)) by (intros i; apply square_binary64, Hx).
  assert (Hsum : norm2 n x = sum (16 * S q) v).
  { symmetry. apply (sum_truncate n (16 * S q) v Hcover).
    intros i [Hi _]. unfold v. rewrite (Hzero i Hi). ring. }
  assert (Hmass : tree_mass v (norm_tree q) = norm2 n x).
  { rewrite norm_tree_mass, Hsum. apply sum_ext. intros i _. apply Rabs_pos_eq. unfold v. nra. }
  assert (Hval : rounded_value round64 v (norm_tree q) = sum_of_squares64 n x).
  { unfold rounded_value. now rewrite norm_tree_value. }
  assert (Hexact : exact_value v (norm_tree q) = norm2 n x).
  { unfold exact_value. now rewrite norm_tree_value, sixteen_lane_sum_exact, Hsum. }
  assert (Hround : forall y, is_binary64 (round64 y)) by (intros; now apply in_format_round).
  assert (Hopp : forall y, is_binary64 y -> is_binary64 (- y)) by apply in_format_opp.
  split.
  - rewrite <- Hval. now apply (rounded_value_number is_binary64).
  - rewrite <- Hval, <- Hexact at 1. rewrite <- Hmass.
    apply (tree_error_bound unit_roundoff64 is_binary64); try easy.
    + left. apply unit_roundoff64_pos.
    + intros a b Ha Hb. rewrite unit_roundoff64_bpow. now apply (addition_error_format (-1074) 53).
    + rewrite norm_tree_depth. unfold norm_additions. lia.
Qed.

Lemma sum_of_squares64_nonneg n x : 0 <= sum_of_squares64 n x.
Proof.
  unfold sum_of_squares64, sixteen_lane_sum, halve.
  assert (Hlane : forall l q, 0 <= lane_sum (fun a b => round64 (a + b)) (fun i => x i * x i) l q).
  { intros l q. induction q as [|q IH]; cbn [lane_sum]; [nra|].
    rewrite <- (round_0 radix2 (FLT_exp (-1074) 53) ZnearestE). apply round64_le. nra. }
  assert (Hadd : forall a b, 0 <= a -> 0 <= b -> 0 <= round64 (a + b)).
  { intros a b Ha Hb. rewrite <- (round_0 radix2 (FLT_exp (-1074) 53) ZnearestE).
    apply round64_le. lra. }
  repeat apply Hadd; apply Hlane.
Qed.

(** The square root of a binary64 number is far from underflow. *)
Lemma sqrt64_large s : is_binary64 s -> 0 < s -> bpow radix2 (-537) <= sqrt s.
Proof.
  intros Hs Hs0.
  assert (Hsmall : bpow radix2 (-1074) <= s).
  { apply FLT_format_generic in Hs; [|easy]. destruct Hs as [f Hf Hm He].
    assert (Hpos : (0 < Fnum f)%Z).
    { apply (gt_0_F2R radix2 _ (Fexp f)). change (0 < F2R f). rewrite <- Hf. lra. }
    rewrite Hf. apply Rle_trans with (bpow radix2 (Fexp f)); [now apply bpow_le|].
    unfold F2R. rewrite <- (Rmult_1_l (bpow radix2 (Fexp f))) at 1.
    apply Rmult_le_compat_r; [apply bpow_ge_0|]. apply IZR_le. lia. }
  replace (bpow radix2 (-537)) with (sqrt (bpow radix2 (-1074))).
  - now apply sqrt_le_1_alt.
  - change (-1074)%Z with (-537 + -537)%Z. rewrite bpow_plus. apply sqrt_square, bpow_ge_0.
Qed.

Lemma round64_relative_error x : bpow radix2 (-1022) <= x -> Rabs (round64 x - x) <= unit_roundoff64 * x.
Proof.
  intros Hx. pose proof (bpow_ge_0 radix2 (-1022)).
  pose proof (relative_error_N_FLT radix2 (-1074) 53 eq_refl (fun z => negb (Z.even z)) x) as H'.
  rewrite (Rabs_pos_eq x) in H' by lra.
  eapply Rle_trans; [apply H'; exact Hx|]. right. change (/ 2 * bpow radix2 (-52) * x = unit_roundoff64 * x).
  f_equal. unfold unit_roundoff64. simpl. lra.
Qed.

Lemma sqrt64_error s :
  is_binary64 s -> 0 <= s -> Rabs (round64 (sqrt s) - sqrt s) <= unit_roundoff64 * sqrt s.
Proof.
  intros Hs Hs0. destruct (Req_dec s 0) as [-> | Hne].
  - rewrite sqrt_0. unfold round64, round_format. rewrite round_0 by apply valid_rnd_N.
    rewrite Rminus_diag_eq, Rabs_R0 by easy. lra.
  - apply round64_relative_error. apply Rle_trans with (bpow radix2 (-537)); [now apply bpow_le|].
    apply sqrt64_large; [easy|lra].
Qed.

(** |sqrt(S') - sqrt(S)| <= delta sqrt(S) if |S' - S| <= delta S, delta <= 1 or not. *)
Lemma sqrt_relative_error s s' delta :
  0 <= s -> 0 <= s' -> Rabs (s' - s) <= delta * s -> Rabs (sqrt s' - sqrt s) <= delta * sqrt s.
Proof.
  intros Hs Hs' H. destruct (Req_dec s 0) as [-> | Hne].
  - rewrite Rmult_0_r, Rminus_0_r in H. rewrite (Rabs_pos_eq s' Hs') in H.
    replace s' with 0 by lra. rewrite sqrt_0, Rminus_diag_eq, Rabs_R0 by easy. lra.
  - assert (Hr : 0 < sqrt s) by (apply sqrt_lt_R0; lra).
    pose proof (sqrt_pos s') as Hr'.
    apply Rmult_le_reg_r with (sqrt s); [easy|].
    replace (delta * sqrt s * sqrt s) with (delta * s) by (rewrite Rmult_assoc, sqrt_sqrt; easy).
    apply Rle_trans with (2 := H).
    replace (s' - s) with ((sqrt s' - sqrt s) * (sqrt s' + sqrt s)).
    + rewrite Rabs_mult, (Rabs_pos_eq (sqrt s' + sqrt s)) by lra.
      apply Rmult_le_compat_l; [apply Rabs_pos|lra].
    + transitivity (sqrt s' * sqrt s' - sqrt s * sqrt s); [ring|]. now rewrite !sqrt_sqrt.
Qed.

Theorem norm_error_bound_correct n x :
  (0 < n)%nat -> (forall i, is_binary32 (x i)) -> (forall i, (n <= i)%nat -> x i = 0) ->
  Rabs (norm32 n x - sqrt (norm2 n x)) <= norm_error_bound n (sqrt (norm2 n x)).
Proof.
  intros Hn Hx Hzero. destruct (sum_of_squares64_error n x Hn Hx Hzero) as [Hfmt Herr].
  unfold norm32, norm_error_bound. set (s := norm2 n x) in *. set (s' := sum_of_squares64 n x) in *.
  set (delta := (1 + unit_roundoff64) ^ norm_additions n - 1) in *.
  assert (Hs : 0 <= s) by apply norm2_nonneg.
  assert (Hs' : 0 <= s') by apply sum_of_squares64_nonneg.
  pose proof (sqrt_relative_error s s' delta Hs Hs' Herr) as Hroot.
  pose proof (sqrt64_error s' Hfmt Hs') as H64. pose proof (round32_error (round64 (sqrt s'))) as H32.
  pose proof unit_roundoff64_pos as Hv. pose proof unit_roundoff_pos as Hu.
  set (r := sqrt s) in *. set (r' := sqrt s') in *. set (w := round64 r') in *.
  assert (Hr : 0 <= r) by apply sqrt_pos. assert (Hr' : 0 <= r') by apply sqrt_pos.
  assert (Hd : 0 <= delta).
  { unfold delta. assert (1 <= (1 + unit_roundoff64) ^ norm_additions n) by (apply pow_R1_Rle; lra). lra. }
  assert (Hr'_le : r' <= (1 + delta) * r) by (apply Rabs_le_inv in Hroot; lra).
  assert (Hw : Rabs (w - r) <= ((1 + delta) * (1 + unit_roundoff64) - 1) * r).
  { replace (w - r) with ((w - r') + (r' - r)) by ring. eapply Rle_trans; [apply Rabs_triang|].
    assert (unit_roundoff64 * r' <= unit_roundoff64 * ((1 + delta) * r)) by (apply Rmult_le_compat_l; lra).
    lra. }
  assert (Hw_le : Rabs w <= (1 + delta) * (1 + unit_roundoff64) * r).
  { replace w with (r + (w - r)) by ring. eapply Rle_trans; [apply Rabs_triang|].
    rewrite (Rabs_pos_eq r Hr). lra. }
  replace (round32 w - r) with ((w - r) + (round32 w - w)) by ring.
  eapply Rle_trans; [apply Rabs_triang|].
  assert (unit_roundoff * Rabs w <= unit_roundoff * ((1 + delta) * (1 + unit_roundoff64) * r))
    by (apply Rmult_le_compat_l; lra).
  lra.
Qed.
