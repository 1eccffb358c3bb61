(** * The scores of a list are those of FloatScore.v (SPEC §4)

    Whenever the executable sum is finite, it is the number that [score_sum_error_bound_correct] is about: so nothing
    overflowed on the way, and the bound holds of it. *)
From Coq Require Import ZArith Reals List Arith Lia Lra.
From Flocq Require Import Core Core.Raux IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import Defs Sums FloatTransform FloatCode FloatScore FloatOperations TransformList NormList ScoreList.
Import ListNotations.
Open Scope R_scope.

(** ** What is finite was finite before *)

Lemma plus32_finite x y : is_finite32 (plus32 x y) = true -> is_finite32 x = true /\ is_finite32 y = true.
Proof.
  destruct x as [s|s|s pl Hpl|s m e He], y as [s'|s'|s' pl' Hpl'|s' m' e' He']; intros H; split; try reflexivity; exfalso;
    try (destruct s, s'; cbn in H; discriminate H); try (cbn in H; discriminate H).
Qed.

Lemma fma32_finite x y z : is_finite32 x = true -> is_finite32 y = true -> is_finite32 (fma32 x y z) = true -> is_finite32 z = true.
Proof.
  destruct z as [s|s|s pl Hpl|s m e He]; try reflexivity; intros Hx Hy H; exfalso;
    destruct x as [sx|sx|sx plx Hplx|sx mx ex Hex], y as [sy|sy|sy ply Hply|sy my ey Hey]; try easy; cbn in H; discriminate H.
Qed.

Lemma fma32_value x y z : is_finite32 x = true -> is_finite32 y = true -> is_finite32 (fma32 x y z) = true ->
  value32 (fma32 x y z) = round32 (value32 x * value32 y + value32 z).
Proof.
  intros Hx Hy H. pose proof (fma32_finite x y z Hx Hy H) as Hz.
  pose proof (Binary.Bfma_correct 24 128 eq_refl eq_refl ternop_nan_pl32 mode_NE x y z Hx Hy Hz) as E.
  cbv zeta in E. set (r := value32 x * value32 y + value32 z).
  assert (F : (fits32 r -> is_finite32 (fma32 x y z) = true /\ value32 (fma32 x y z) = round32 r) /\
              (is_finite32 (fma32 x y z) = true -> value32 (fma32 x y z) = round32 r)).
  { apply fits_or_not. destruct (Rlt_bool _ _); [now split|exact (overflow_infinite _ _ _ _ E)]. }
  now apply F.
Qed.

Lemma plus32_value x y : is_finite32 (plus32 x y) = true ->
  value32 (plus32 x y) = round32 (value32 x + value32 y).
Proof. intros H. destruct (plus32_finite x y H) as [Hx Hy]. now apply (plus32_spec x y Hx Hy). Qed.

(** ** The program over real numbers *)

Definition fused (a b c : R) : R := round32 (a * b + c).
Definition plus (a b : R) : R := round32 (a + b).

Lemma fused_sum_value w r s : finite32 w -> finite32 r -> is_finite32 (fused_sum fma32 w r s) = true ->
  is_finite32 s = true /\
  value32 (fused_sum fma32 w r s) = fused_sum fused (map value32 w) (map value32 r) (value32 s).
Proof.
  revert r s. induction w as [|a w IH]; intros r s Hw Hr H; [easy|]. destruct r as [|b r]; [easy|].
  cbn [fused_sum map] in *. inversion Hw as [|? ? Ha Hw']. inversion Hr as [|? ? Hb Hr']. subst.
  destruct (IH r (fma32 a b s) Hw' Hr' H) as [Hf Hv]. split; [now apply (fma32_finite a b s)|].
  rewrite Hv. unfold fused at 2. now rewrite fma32_value.
Qed.

Lemma finite32_firstn n l : finite32 l -> finite32 (firstn n l).
Proof. unfold finite32. rewrite !Forall_forall. intros H a Ha. apply H. rewrite <- (firstn_skipn n l). apply in_or_app. now left. Qed.

Lemma finite32_skipn n l : finite32 l -> finite32 (skipn n l).
Proof. unfold finite32. rewrite !Forall_forall. intros H a Ha. apply H. rewrite <- (firstn_skipn n l). apply in_or_app. now right. Qed.

Lemma lane_runs_value sums w r : finite32 w -> finite32 r -> finite32 (lane_runs fma32 sums w r) ->
  finite32 sums /\
  map value32 (lane_runs fma32 sums w r) = lane_runs fused (map value32 sums) (map value32 w) (map value32 r).
Proof.
  revert w r. induction sums as [|s sums IH]; intros w r Hw Hr H; [now split|]. cbn [lane_runs map] in *.
  inversion H as [|? ? H1 H2]. subst.
  destruct (fused_sum_value _ _ _ (finite32_firstn 8 w Hw) (finite32_firstn 8 r Hr) H1) as [Hs Hv].
  destruct (IH _ _ (finite32_skipn 8 w Hw) (finite32_skipn 8 r Hr) H2) as [Hs' Hv'].
  split; [now constructor|]. rewrite Hv, Hv'. now rewrite !firstn_map, !skipn_map.
Qed.

Lemma group_runs_value count sums w r : finite32 w -> finite32 r -> finite32 (group_runs fma32 count w r sums) ->
  finite32 sums /\
  map value32 (group_runs fma32 count w r sums) = group_runs fused count (map value32 w) (map value32 r) (map value32 sums).
Proof.
  revert sums w r. induction count as [|c IH]; intros sums w r Hw Hr H; [now split|]. cbn [group_runs] in *.
  destruct (IH _ _ _ (finite32_skipn 128 w Hw) (finite32_skipn 128 r Hr) H) as [Hs Hv].
  destruct (lane_runs_value sums w r Hw Hr Hs) as [Hs' Hv']. split; [exact Hs'|].
  rewrite Hv, Hv'. now rewrite !skipn_map.
Qed.

Lemma lane_runs_length {T : Type} (fma : T -> T -> T -> T) sums w r : length (lane_runs fma sums w r) = length sums.
Proof. revert w r. induction sums as [|s sums IH]; intros w r; [easy|]. cbn [lane_runs length]. now rewrite IH. Qed.

Lemma group_runs_length {T : Type} (fma : T -> T -> T -> T) count sums w r : length (group_runs fma count w r sums) = length sums.
Proof.
  revert sums w r. induction count as [|c IH]; intros sums w r; [easy|]. cbn [group_runs].
  now rewrite IH, lane_runs_length.
Qed.

(** ** ... is that of FloatScore.v *)

(** k products, the first of them at i. *)
Fixpoint run (w r : vec) (i k : nat) (s : R) : R :=
  match k with
  | O => s
  | S k' => round32 (w (i + k')%nat * r (i + k')%nat + run w r i k' s)
  end.

Lemma run_first w r i k s : run w r i (S k) s = run w r (S i) k (fused (w i) (r i) s).
Proof.
  induction k as [|k IH]; [cbn [run]; now rewrite Nat.add_0_r|].
  change (run w r i (S (S k)) s) with (round32 (w (i + S k)%nat * r (i + S k)%nat + run w r i (S k) s)).
  rewrite IH. cbn [run]. now replace (S i + k)%nat with (i + S k)%nat by lia.
Qed.

Lemma run_number w r i k s : is_binary32 s -> is_binary32 (run w r i k s).
Proof. intros Hs. destruct k; [exact Hs|apply is_binary32_round]. Qed.

Lemma run_ext w w' r r' i i' k s :
  (forall j, (j < k)%nat -> w (i + j)%nat = w' (i' + j)%nat /\ r (i + j)%nat = r' (i' + j)%nat) ->
  run w r i k s = run w' r' i' k s.
Proof.
  induction k as [|k IH]; intros H; [easy|]. cbn [run]. destruct (H k ltac:(lia)) as [-> ->]. rewrite IH; [easy|].
  intros j Hj. apply H. lia.
Qed.

(** Beyond the end w is 0, and adds nothing. *)
Lemma run_of_list w r i k s : length w = length r -> (length w <= k)%nat -> is_binary32 s ->
  run (fun j => nth (j - i) w 0) (fun j => nth (j - i) r 0) i k s = fused_sum fused w r s.
Proof.
  revert r i k s. induction w as [|a w IH]; intros r i k s Hl Hk Hs.
  - cbn [fused_sum]. induction k as [|k IHk]; [easy|]. cbn [run]. rewrite IHk by (simpl; lia).
    replace (nth (i + k - i) [] 0) with 0 by (now destruct (i + k - i)%nat).
    rewrite Rmult_0_l, Rplus_0_l. now apply round32_number.
  - destruct r as [|b r]; [discriminate Hl|]. destruct k as [|k]; [simpl in Hk; lia|]. cbn [length fused_sum] in *.
    rewrite run_first, Nat.sub_diag. cbn [nth]. rewrite <- (IH r (S i) k) by (try lia; apply is_binary32_round).
    apply run_ext. intros j Hj. replace (S i + j - i)%nat with (S j) by lia. replace (S i + j - S i)%nat with j by lia.
    easy.
Qed.

Lemma skipn_twice {T : Type} a b (v : list T) : skipn a (skipn b v) = skipn (b + a) v.
Proof. revert v. induction b as [|b IH]; intros v; [easy|]. destruct v as [|x v]; [now rewrite !skipn_nil|]. apply IH. Qed.

Lemma lane_runs_nth sums w r l : (l < length sums)%nat ->
  nth l (lane_runs fused sums w r) 0
  = fused_sum fused (firstn 8 (skipn (8 * l) w)) (firstn 8 (skipn (8 * l) r)) (nth l sums 0).
Proof.
  revert w r l. induction sums as [|s sums IH]; intros w r l Hl; [simpl in Hl; lia|].
  cbn [lane_runs]. destruct l as [|l]; [now rewrite Nat.mul_0_r|]. cbn [nth]. rewrite IH by (simpl in Hl; lia).
  rewrite !skipn_twice. now replace (8 + 8 * l)%nat with (8 * S l)%nat by lia.
Qed.

Lemma lane_runs_run sums w r l : (l < length sums)%nat -> length w = length r -> is_binary32 (nth l sums 0) ->
  nth l (lane_runs fused sums w r) 0 = run (fun j => nth j w 0) (fun j => nth j r 0) (8 * l) 8 (nth l sums 0).
Proof.
  intros Hl Hlen Hs. rewrite lane_runs_nth by easy.
  rewrite <- (run_of_list _ _ (8 * l) 8) by (easy || rewrite !firstn_length, ?skipn_length; lia).
  apply run_ext. intros j Hj. replace (8 * l + j - 8 * l)%nat with j by lia.
  rewrite !nth_firstn_lt, !nth_skipn_add by easy. now split.
Qed.

Lemma group_runs_lane c G sums wl rl : length wl = length rl -> length sums = 16%nat ->
  let W := fun j => nth j wl 0 in
  let R := fun j => nth j rl 0 in
  (forall l, (l < 16)%nat -> nth l sums 0 = sums32 W R (lane l G)) ->
  forall l, (l < 16)%nat ->
  nth l (group_runs fused c (skipn (128 * G) wl) (skipn (128 * G) rl) sums) 0 = sums32 W R (lane l (G + c)).
Proof.
  intros Hlen H16 W R. revert G sums H16. induction c as [|c IH]; intros G sums H16 Hsums l Hl.
  - rewrite Nat.add_0_r. now apply Hsums.
  - cbn [group_runs]. rewrite !skipn_twice. replace (128 * G + 128)%nat with (128 * S G)%nat by lia.
    replace (G + S c)%nat with (S G + c)%nat by lia. apply IH; [now rewrite lane_runs_length| |exact Hl].
    clear l Hl. intros l Hl. rewrite lane_runs_run; [|now rewrite H16|now rewrite !skipn_length, Hlen|].
    + rewrite (Hsums l Hl). transitivity (run W R (128 * G + 8 * l) 8 (sums32 W R (lane l G))); [|reflexivity].
      apply run_ext. intros j Hj. rewrite !nth_skipn_add. unfold W, R. split; f_equal; lia.
    + rewrite (Hsums l Hl). apply sums32_number.
Qed.

Lemma sums32_ext w w' r r' t : (forall i, w i = w' i) -> (forall i, r i = r' i) -> sums32 w r t = sums32 w' r' t.
Proof.
  intros Hw Hr. induction t as [|i t IH|a IHa b IHb]; cbn [sums32]; [easy| |now rewrite IHa, IHb].
  now rewrite Hw, Hr, IH.
Qed.

Definition sixteen (f : nat -> R) : list R := map f (seq 0 16).

Lemma score_lanes (w r : list R) : length w = length r ->
  group_runs fused ((length w + 127) / 128) w r (repeat 0 16)
  = sixteen (fun l => sums32 (fun j => nth j w 0) (fun j => nth j r 0) (lane l (score_groups (length w)))).
Proof.
  intros Hlen. apply (nth_ext _ _ 0 0); [now rewrite group_runs_length|].
  intros l Hl. rewrite group_runs_length, repeat_length in Hl.
  rewrite (group_runs_lane ((length w + 127) / 128) 0 (repeat 0 16) w r Hlen eq_refl); [|clear l Hl; intros l Hl|exact Hl].
  - do 16 (destruct l as [|l]; [reflexivity|]). lia.
  - do 16 (destruct l as [|l]; [reflexivity|]). lia.
Qed.

(** ** Binary32 *)

Theorem score_sum_value w r : finite32 w -> finite32 r -> length w = length r ->
  is_finite32 (ScoreList.score_sum32 w r) = true ->
  value32 (ScoreList.score_sum32 w r)
  = FloatScore.score_sum32 (length w) (fun j => value32 (nth j w zero32)) (fun j => value32 (nth j r zero32)).
Proof.
  intros Hw Hr Hlen H. unfold ScoreList.score_sum32, score_sum in *.
  assert (L : length (group_runs fma32 ((length w + 127) / 128) w r (repeat zero32 16)) = 16%nat)
    by (now rewrite group_runs_length).
  pose proof (group_runs_value ((length w + 127) / 128) (repeat zero32 16) w r Hw Hr) as HV.
  pose proof (score_lanes (map value32 w) (map value32 r) ltac:(now rewrite !map_length)) as HS.
  rewrite !map_length in HS. change (map value32 (repeat zero32 16)) with (repeat 0 16) in HV.
  destruct (group_runs fma32 ((length w + 127) / 128) w r (repeat zero32 16)) as [|a0 l]; [discriminate L|].
  do 15 (destruct l as [|? l]; [discriminate L|]). destruct l as [|? l]; [|discriminate L].
  cbn [halve_list firstn skipn map2 hd] in H |- *.
  repeat match goal with K : is_finite32 (plus32 ?x ?y) = true |- _ =>
    rewrite (plus32_value x y K); destruct (plus32_finite x y K) as [? ?]; clear K end.
  assert (HF : finite32 [a0; b; b0; b1; b2; b3; b4; b5; b6; b7; b8; b9; b10; b11; b12; b13]).
  { repeat (constructor; [assumption|]). constructor. }
  destruct (HV HF) as [_ E]. rewrite HS in E. cbn [map sixteen seq] in E.
  unfold FloatScore.score_sum32, score_tree, halved. cbn [sums32 Nat.add].
  injection E as E0 E1 E2 E3 E4 E5 E6 E7 E8 E9 E10 E11 E12 E13 E14 E15.
  rewrite E0, E1, E2, E3, E4, E5, E6, E7, E8, E9, E10, E11, E12, E13, E14, E15.
  assert (HE : forall t,
    sums32 (padded (length w) (fun j => value32 (nth j w zero32))) (fun j => value32 (nth j r zero32)) t
    = sums32 (fun j => nth j (map value32 w) 0) (fun j => nth j (map value32 r) 0) t).
  { intros t. change 0 with (value32 zero32). apply sums32_ext; intros i; rewrite map_nth; [|easy]. unfold padded.
    destruct (Nat.ltb_spec i (length w)) as [|Hi]; [easy|]. now rewrite nth_overflow. }
  now rewrite !HE.
Qed.
