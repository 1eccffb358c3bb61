(** * The norm of a list is the norm of FloatNorm.v (SPEC §4) *)
From Coq Require Import ZArith Reals List Arith Lia Lra.
From Flocq Require Import Core Core.Raux IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import Defs Sums FloatTree FloatTransform FloatCode FloatNorm FloatOperations TransformList NormList.
Import ListNotations.

(** ** The sum of a list in 16 lanes is the sum of FloatNorm.v, in any arithmetic *)

Section Lanes.
Context {T : Type} (add : T -> T -> T) (zero : T).

Lemma groups_of_nth width count (v : list T) p l :
  length v = (width * count)%nat -> (p < count)%nat -> (l < width)%nat ->
  length (groups_of width count v) = count /\
  length (nth p (groups_of width count v) []) = width /\
  nth l (nth p (groups_of width count v) []) zero = nth (width * p + l) v zero.
Proof.
  revert v p. induction count as [|count IH]; intros v p Hv Hp Hl; [lia|].
  rewrite Nat.mul_succ_r in Hv. cbn [groups_of length nth].
  assert (Hs : length (skipn width v) = (width * count)%nat) by (rewrite skipn_length; lia).
  destruct p as [|p].
  - split; [|split].
    + f_equal. destruct count as [|count]; [easy|]. apply (IH (skipn width v) 0%nat Hs); lia.
    + rewrite firstn_length. lia.
    + rewrite nth_firstn_lt by easy. now rewrite Nat.mul_0_r.
  - destruct (IH (skipn width v) p Hs) as (H1 & H2 & H3); try lia.
    split; [now rewrite H1|]. split; [exact H2|]. rewrite H3, nth_skipn_add. f_equal. lia.
Qed.

Lemma lane_sum_fold (v : nat -> T) l q :
  lane_sum add v l q = fold_left add (map (fun p => v (16 * p + l)%nat) (seq 1 q)) (v l).
Proof.
  induction q as [|q IH]; [easy|]. cbn [lane_sum]. rewrite IH, (seq_S q 1), map_app, fold_left_app. reflexivity.
Qed.

Lemma halve_list_nth h (s : list T) l :
  length s = (2 * h)%nat -> (l < h)%nat ->
  length (halve_list add h s) = h /\
  nth l (halve_list add h s) zero = halve add h (fun i => nth i s zero) l.
Proof.
  intros Hs Hl. unfold halve_list, halve.
  assert (H1 : length (firstn h s) = h) by (rewrite firstn_length; lia).
  assert (H2 : length (skipn h s) = h) by (rewrite skipn_length; lia).
  split; [rewrite map2_length; lia|].
  rewrite (map2_nth zero) by lia. rewrite nth_firstn_lt, nth_skipn_add by easy. do 2 f_equal. lia.
Qed.

Lemma sixteen_lane_list_sum (v : list T) :
  v <> [] -> sixteen_lane_list add zero v = sixteen_lane_sum add (fun i => nth i v zero) (last_of_lane (length v)).
Proof.
  intros Hv. unfold sixteen_lane_list, sixteen_lane_sum. set (q := last_of_lane (length v)).
  assert (Hcover : (length v <= 16 * S q)%nat).
  { unfold q, last_of_lane. pose proof (Nat.div_mod (length v + 15) 16 ltac:(lia)).
    pose proof (Nat.mod_upper_bound (length v + 15) 16 ltac:(lia)). lia. }
  set (w := v ++ repeat zero (16 * S q - length v)).
  assert (Hw : length w = (16 * S q)%nat) by (unfold w; rewrite app_length, repeat_length; lia).
  assert (Hwv : forall i, nth i w zero = nth i v zero).
  { intros i. unfold w. destruct (Nat.lt_ge_cases i (length v)) as [Hi | Hi]; [now apply app_nth1|].
    rewrite app_nth2, (nth_overflow v) by easy.
    generalize (16 * S q - length v)%nat (i - length v)%nat. clear. intros c i. revert i.
    induction c as [|c IH]; intros [|i]; cbn [repeat nth]; easy || apply IH. }
  set (lanes := accumulate add (groups_of 16 (S q) w)).
  assert (Hlanes : forall l, (l < 16)%nat -> length lanes = 16%nat /\ nth l lanes zero = lane_sum add (fun i => nth i v zero) l q).
  { intros l Hl. destruct (groups_of_nth 16 (S q) w 0 l Hw ltac:(lia) Hl) as (Hlen & _ & _).
    destruct (accumulate_nth add zero (fun p => nth (16 * p + l) v zero) 16 l (groups_of 16 (S q) w) Hl) as [HL HN].
    - intros p Hp. rewrite Hlen in Hp. destruct (groups_of_nth 16 (S q) w p l Hw Hp Hl) as (_ & H2 & H3).
      split; [exact H2|]. now rewrite H3, Hwv.
    - rewrite Hlen. lia.
    - split; [exact HL|]. fold lanes in HN. rewrite HN, Hlen, lane_sum_fold.
      replace (S q - 1)%nat with q by lia. reflexivity. }
  assert (L16 : length lanes = 16%nat) by (apply (Hlanes 0%nat); lia).
  set (s8 := halve_list add 8 lanes). set (s4 := halve_list add 4 s8). set (s2 := halve_list add 2 s4).
  assert (L8 : length s8 = 8%nat) by (apply (halve_list_nth 8 lanes 0); lia).
  assert (L4 : length s4 = 4%nat) by (apply (halve_list_nth 4 s8 0); lia).
  assert (L2 : length s2 = 2%nat) by (apply (halve_list_nth 2 s4 0); lia).
  assert (N8 : forall l, (l < 8)%nat -> nth l s8 zero = halve add 8 (fun i => lane_sum add (fun i => nth i v zero) i q) l).
  { intros l Hl. unfold s8. rewrite (proj2 (halve_list_nth 8 lanes l ltac:(lia) Hl)). unfold halve.
    now rewrite !(fun i H => proj2 (Hlanes i H)) by lia. }
  assert (N4 : forall l, (l < 4)%nat -> nth l s4 zero = halve add 4 (halve add 8 (fun i => lane_sum add (fun i => nth i v zero) i q)) l).
  { intros l Hl. unfold s4. rewrite (proj2 (halve_list_nth 4 s8 l ltac:(lia) Hl)). unfold halve at 1 2. now rewrite !N8 by lia. }
  assert (N2 : forall l, (l < 2)%nat -> nth l s2 zero = halve add 2 (halve add 4 (halve add 8 (fun i => lane_sum add (fun i => nth i v zero) i q))) l).
  { intros l Hl. unfold s2. rewrite (proj2 (halve_list_nth 2 s4 l ltac:(lia) Hl)). unfold halve at 1 2. now rewrite !N4 by lia. }
  assert (Hhd : forall s : list T, hd zero s = nth 0 s zero) by now intros [|].
  rewrite Hhd, (proj2 (halve_list_nth 1 s2 0 ltac:(lia) ltac:(lia))). unfold halve at 1 2. now rewrite !N2 by lia.
Qed.
End Lanes.

(** ** binary64 *)

Open Scope R_scope.

(** (1 + u)^s <= 3 for any number of additions that is met in practice. *)
Lemma growth_le_3 u s : 0 <= u -> INR s * u <= 1 -> (1 + u) ^ s <= 3.
Proof.
  intros Hu Hs. apply Rle_trans with (exp u ^ s).
  - apply pow_incr. split; [lra|]. apply exp_ineq1_le.
  - replace (exp u ^ s) with (exp (INR s * u)).
    + apply Rle_trans with (2 := exp_le_3). now apply Raux.exp_le.
    + clear. induction s as [|s IH]; [simpl; now rewrite Rmult_0_l, exp_0|].
      rewrite S_INR, Rmult_plus_distr_r, exp_plus, IH, Rmult_1_l. simpl. ring.
Qed.

(** A tree of binary64 additions, as [tree_ieee] of FloatTransform.v. *)
Lemma tree_ieee64 (x : nat -> binary64) t s M :
  (forall i, is_finite64 (x i) = true) -> (tree_depth t <= s)%nat ->
  tree_mass (fun i => value64 (x i)) t <= M -> (1 + unit_roundoff64) ^ s * M < bpow radix2 1024 ->
  is_finite64 (tree_value plus64 minus64 b64_opp x t) = true /\
  value64 (tree_value plus64 minus64 b64_opp x t) = rounded_value round64 (fun i => value64 (x i)) t.
Proof.
  intros Hx Hs HM Hmax.
  assert (Hfmt : forall i, is_binary64 (value64 (x i))) by (intros; apply value64_binary64).
  assert (Hround : forall y, is_binary64 (round64 y)) by (intros; now apply in_format_round).
  assert (Hopp : forall y, is_binary64 y -> is_binary64 (- y)) by apply in_format_opp.
  assert (Herr : forall a b, is_binary64 a -> is_binary64 b -> Rabs (round64 (a + b) - (a + b)) <= unit_roundoff64 * Rabs (a + b)).
  { intros a b Ha Hb. rewrite unit_roundoff64_bpow. now apply (addition_error_format (-1074) 53). }
  assert (Hle : forall t, (tree_depth t <= s)%nat -> tree_mass (fun i => value64 (x i)) t <= M ->
    Rabs (rounded_value round64 (fun i => value64 (x i)) t) < bpow radix2 1024).
  { intros t' Hd Hm. eapply Rle_lt_trans; [|exact Hmax]. eapply Rle_trans.
    - apply (rounded_value_le unit_roundoff64 is_binary64) with (s := s); try easy. left. apply unit_roundoff64_pos.
    - apply Rmult_le_compat_l; [|exact Hm]. apply pow_le. pose proof unit_roundoff64_pos. lra. }
  revert Hs HM. induction t as [i|t IH|l IHl r IHr|l IHl r IHr]; intros Hs HM; cbn [tree_value].
  - split; [apply Hx|reflexivity].
  - destruct (IH Hs HM) as [Hf Hv]. split; [unfold b64_opp; now rewrite Binary.is_finite_Bopp|].
    unfold value64, b64_opp in *. now rewrite Binary.B2R_Bopp, Hv.
  - pose proof (Hle (Add l r) Hs HM) as Hfit.
    pose proof (tree_mass_nonneg (fun i => value64 (x i)) l). pose proof (tree_mass_nonneg (fun i => value64 (x i)) r).
    cbn [tree_depth tree_mass] in Hs, HM.
    destruct IHl as [Hfl Hvl]; [lia|lra|]. destruct IHr as [Hfr Hvr]; [lia|lra|].
    destruct (plus64_spec _ _ Hfl Hfr) as [Hspec _]. rewrite Hvl, Hvr in Hspec. apply Hspec. exact Hfit.
  - pose proof (Hle (Sub l r) Hs HM) as Hfit.
    pose proof (tree_mass_nonneg (fun i => value64 (x i)) l). pose proof (tree_mass_nonneg (fun i => value64 (x i)) r).
    cbn [tree_depth tree_mass] in Hs, HM.
    destruct IHl as [Hfl Hvl]; [lia|lra|]. destruct IHr as [Hfr Hvr]; [lia|lra|].
    destruct (minus64_spec _ _ Hfl Hfr) as [Hspec _]. rewrite Hvl, Hvr in Hspec. apply Hspec. exact Hfit.
Qed.

(** ** The squares *)

Lemma square64_spec x : is_finite32 x = true ->
  is_finite64 (square64 x) = true /\ value64 (square64 x) = value32 x * value32 x.
Proof.
  intros Hx. destruct (widen_spec x Hx) as [Hf Hv]. unfold square64.
  destruct (mult64_spec _ _ Hf Hf) as [H _]. rewrite Hv in H.
  assert (Hs : round64 (value32 x * value32 x) = value32 x * value32 x).
  { apply round64_number, square_binary64, value32_binary32. }
  rewrite Hs in H. apply H. unfold fits64. rewrite Hs, Rabs_mult.
  pose proof (value32_lt x). pose proof (Rabs_pos (value32 x)).
  apply Rle_lt_trans with (bpow radix2 128 * bpow radix2 128); [apply Rmult_le_compat; lra|].
  rewrite <- bpow_plus. now apply bpow_lt.
Qed.

(** ** The sum of squares and the norm *)

(** The sum of a list of finite numbers is that of FloatNorm.v: it cannot overflow. *)
Theorem sum_of_squares_list_binary64 x :
  x <> [] -> finite32 x -> (Z.of_nat (length x) <= 2 ^ 32)%Z ->
  is_finite64 (sum_of_squares_list64 x) = true /\ value64 (sum_of_squares_list64 x) = sum_of_squares64 (length x) (vec32 x).
Proof.
  intros Hne Hfin Hlen. set (n := length x) in *.
  assert (Hn : (0 < n)%nat) by (unfold n; destruct x; [easy|cbn; lia]).
  set (q := last_of_lane n). set (v := fun i => nth i (map square64 x) zero64).
  assert (Hv : forall i, is_finite64 (v i) = true /\ value64 (v i) = vec32 x i * vec32 x i).
  { intros i. unfold v, vec32. destruct (Nat.lt_ge_cases i n) as [Hi | Hi].
    - rewrite (nth_indep _ zero64 (square64 zero32)) by (now rewrite map_length). rewrite map_nth.
      apply square64_spec. now apply finite32_nth.
    - rewrite !nth_overflow by (rewrite ?map_length; exact Hi). split; [easy|]. unfold value32, value64. cbn. ring. }
  unfold sum_of_squares_list64. rewrite sixteen_lane_list_sum by (destruct x; easy). rewrite map_length. fold n q v.
  rewrite <- (norm_tree_value plus64 minus64 b64_opp v q).
  assert (Hmass : tree_mass (fun i => value64 (v i)) (norm_tree q) <= INR (16 * S q) * bpow radix2 256).
  { rewrite norm_tree_mass, <- sum_const. apply sum_le. intros i _. rewrite (proj2 (Hv i)), Rabs_mult.
    pose proof (value32_lt (nth i x zero32)) as H. fold (vec32 x i) in H. pose proof (Rabs_pos (vec32 x i)).
    replace (bpow radix2 256) with (bpow radix2 128 * bpow radix2 128) by (now rewrite <- bpow_plus).
    apply Rmult_le_compat; lra. }
  assert (Hq : INR (16 * S q) <= bpow radix2 33 /\ INR (q + 4) * unit_roundoff64 <= 1).
  { assert (Hq : (Z.of_nat (16 * S q) <= 2 ^ 32 + 16)%Z).
    { unfold q, last_of_lane. pose proof (Nat.div_mod (n + 15) 16 ltac:(lia)).
      pose proof (Nat.mod_upper_bound (n + 15) 16 ltac:(lia)). lia. }
    rewrite !INR_IZR_INZ. split.
    - apply (IZR_le _ (2 ^ 33)). lia.
    - apply Rle_trans with (IZR (2 ^ 33) * unit_roundoff64).
      + apply Rmult_le_compat_r; [left; apply unit_roundoff64_pos|]. apply IZR_le. lia.
      + unfold unit_roundoff64. simpl. lra. }
  destruct (tree_ieee64 v (norm_tree q) (q + 4) (INR (16 * S q) * bpow radix2 256)) as [Hf Hval].
  - intros i. apply Hv.
  - rewrite norm_tree_depth. lia.
  - exact Hmass.
  - apply Rle_lt_trans with (3 * (bpow radix2 33 * bpow radix2 256)).
    + apply Rmult_le_compat.
      * apply pow_le. pose proof unit_roundoff64_pos. lra.
      * apply Rmult_le_pos; [apply pos_INR|apply bpow_ge_0].
      * apply growth_le_3; [left; apply unit_roundoff64_pos|apply Hq].
      * apply Rmult_le_compat_r; [apply bpow_ge_0|apply Hq].
    + rewrite <- bpow_plus. apply Rlt_le_trans with (bpow radix2 2 * bpow radix2 (33 + 256)).
      * apply Rmult_lt_compat_r; [apply bpow_gt_0|simpl; lra].
      * rewrite <- bpow_plus. now apply bpow_le.
  - split; [exact Hf|]. rewrite Hval. unfold rounded_value, sum_of_squares64. rewrite norm_tree_value. fold q.
    unfold sixteen_lane_sum, halve, rounded_add.
    assert (Hlane : forall l, lane_sum (fun a b => round64 (a + b)) (fun i => value64 (v i)) l q
      = lane_sum (fun a b => round64 (a + b)) (fun i => vec32 x i * vec32 x i) l q).
    { intros l. clear - Hv. induction q as [|p IH]; cbn [lane_sum]; [apply Hv|]. now rewrite IH, (proj2 (Hv _)). }
    now rewrite !Hlane. 
Qed.

(** The norm of a list of finite numbers is that of FloatNorm.v if float32 can hold it. *)
Theorem norm_list_binary32 x :
  x <> [] -> finite32 x -> (Z.of_nat (length x) <= 2 ^ 32)%Z ->
  is_finite32 (norm_list32 x) = true -> value32 (norm_list32 x) = norm32 (length x) (vec32 x).
Proof.
  intros Hne Hfin Hlen Hnorm. destruct (sum_of_squares_list_binary64 x Hne Hfin Hlen) as [Hsf Hsv].
  unfold norm_list32 in *. pose proof (sum_of_squares64_nonneg (length x) (vec32 x)) as Hpos.
  assert (Hrf : is_finite64 (sqrt64 (sum_of_squares_list64 x)) = true) by (apply sqrt64_finite; [exact Hsf|now rewrite Hsv]).
  rewrite (proj2 (narrow_spec _ Hrf) Hnorm), sqrt64_value, Hsv. reflexivity.
Qed.
