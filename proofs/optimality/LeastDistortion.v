(** * The least distortion of a finite law, from below (SPEC §5.10)

    Atoms s_1 <= ... <= s_n of weights w_i > 0, all integers; a codebook is any finite list of real levels. Levels served in order serve runs of
    atoms, so that for any price of a level
      Sigma w_i (nearest level - s_i)^2 + price * levels
    is at least the cheapest cut of s_1..s_n into runs, of any number, each at the cost of its second moment about its mean plus the price:
    [cheapest], a recursion over suffixes. *)
From Coq Require Import ZArith Reals List Lia Lra Psatz.
Import ListNotations.
Open Scope R_scope.

(** (weight, place) *)
Definition atoms := list (Z * Z).

(** [c; C] is a codebook of 1 + length C levels. *)
Fixpoint nearest (c : R) (C : list R) (y : R) : R :=
  match C with
  | [] => (c - y) ^ 2
  | c' :: C' => Rmin ((c - y) ^ 2) (nearest c' C' y)
  end.

Fixpoint atom_sum (f : R -> R) (l : atoms) : R :=
  match l with
  | [] => 0
  | (w, s) :: l' => IZR w * f (IZR s) + atom_sum f l'
  end.

Fixpoint ascending (l : atoms) : bool :=
  match l with
  | [] => true
  | (w, s) :: l' => ((0 <? w) && match l' with [] => true | (_, s') :: _ => s <=? s' end && ascending l')%Z%bool
  end.

(** What atoms of total weight m0, first moment m1 and second m2 cost, rounded down. *)
Definition run_cost (m0 m1 m2 : Z) : Z := Z.max 0 (m2 + - (m1 * m1) / m0).

(** The cheapest way to go on, [best] or a longer run; [values] are the cheapest cuts of the suffixes of l after each of its atoms. A run only
    grows dearer: no longer one is asked when one costs more than the best. *)
Fixpoint scan (price m0 m1 m2 : Z) (l : atoms) (values : list Z) (best : Z) : Z :=
  match l, values with
  | (w, s) :: l', v :: values' =>
      let m0' := (m0 + w)%Z in
      let m1' := (m1 + w * s)%Z in
      let m2' := (m2 + w * s * s)%Z in
      let cost := run_cost m0' m1' m2' in
      if (best <=? cost)%Z then best
      else scan price m0' m1' m2' l' values' (Z.min best (cost + price + v))
  | _, _ => best
  end.

(** The cheapest cuts of l and of its suffixes. *)
Fixpoint cheapest_cuts (price : Z) (l : atoms) : list Z :=
  match l with
  | [] => [0%Z]
  | _ :: l' => let values := cheapest_cuts price l' in
               scan price 0 0 0 l values (price + hd 0%Z values) :: values
  end.

Definition cheapest (price : Z) (l : atoms) : Z := hd 0%Z (cheapest_cuts price l).

(** ** The recursion *)

Definition moment (m0 m1 m2 : Z) (c : R) : R := IZR m0 * c ^ 2 - 2 * IZR m1 * c + IZR m2.

Lemma run_cost_le m0 m1 m2 c : (0 < m0)%Z -> 0 <= moment m0 m1 m2 c -> IZR (run_cost m0 m1 m2) <= moment m0 m1 m2 c.
Proof.
  intros H P. unfold run_cost. set (k := (- (m1 * m1) / m0)%Z).
  destruct (Z.max_spec 0 (m2 + k)) as [[_ ->] | [_ ->]]; [|exact P]. clear P.
  assert (K : (m0 * k <= - (m1 * m1))%Z) by (apply Z.mul_div_le; exact H).
  apply IZR_le in K. rewrite opp_IZR, !mult_IZR in K. apply IZR_lt in H. rewrite plus_IZR. unfold moment.
  apply Rmult_le_reg_l with (IZR m0); [exact H|].
  pose proof (pow2_ge_0 (IZR m0 * c - IZR m1)). nra.
Qed.

Lemma cheapest_cuts_cons price l : cheapest_cuts price l = cheapest price l :: tl (cheapest_cuts price l).
Proof. destruct l; reflexivity. Qed.

Lemma ascending_cons w s l : ascending ((w, s) :: l) = true -> (0 < w)%Z /\ ascending l = true.
Proof. simpl. intros H. apply andb_prop in H. destruct H as [H Hl]. apply andb_prop in H. now rewrite <- Z.ltb_lt. Qed.

Lemma ascending_app head tail : ascending (head ++ tail) = true -> ascending tail = true.
Proof. induction head as [|[w s] head IH]; [easy|]. intros H. apply IH. now apply (ascending_cons w s). Qed.

Lemma ascending_ge w s l : ascending ((w, s) :: l) = true -> Forall (fun a => (s <= snd a)%Z) l.
Proof.
  revert w s. induction l as [|[w' s'] l IH]; intros w s H; constructor.
  - simpl in H. apply andb_prop in H. destruct H as [H _]. apply andb_prop in H. now apply Z.leb_le.
  - pose proof (proj2 (ascending_cons _ _ _ H)) as H'. apply IH in H'.
    assert (s <= s')%Z.
    { simpl in H. apply andb_prop in H. destruct H as [H _]. apply andb_prop in H. now apply Z.leb_le. }
    revert H'. apply Forall_impl. intros a. lia.
Qed.

Lemma scan_nonneg price l : (0 <= price)%Z -> forall values m0 m1 m2 best, Forall (Z.le 0) values -> (0 <= best)%Z ->
  (0 <= scan price m0 m1 m2 l values best)%Z.
Proof.
  intros Hp. induction l as [|[w s] l IH]; intros values m0 m1 m2 best V B; destruct values as [|v values]; try exact B.
  cbn [scan]. destruct (_ <=? _)%Z; [exact B|]. inversion V. subst.
  apply IH; [assumption|]. unfold run_cost. lia.
Qed.

Lemma cheapest_cuts_nonneg price l : (0 <= price)%Z -> Forall (Z.le 0) (cheapest_cuts price l).
Proof.
  intros Hp. induction l as [|a l IH]; [repeat constructor; lia|].
  cbn [cheapest_cuts]. constructor; [|exact IH].
  apply scan_nonneg; [exact Hp | exact IH |]. rewrite cheapest_cuts_cons in *. inversion IH. subst. simpl. lia.
Qed.

Lemma cheapest_nonneg price l : (0 <= price)%Z -> (0 <= cheapest price l)%Z.
Proof. intros Hp. pose proof (cheapest_cuts_nonneg price l Hp) as H. rewrite cheapest_cuts_cons in H. now inversion H. Qed.

Lemma atom_sum_nonneg f l : ascending l = true -> (forall y, 0 <= f y) -> 0 <= atom_sum f l.
Proof.
  intros H Hf. induction l as [|[w s] l IH]; cbn [atom_sum]; [lra|].
  destruct (ascending_cons _ _ _ H) as [Hw Hl]. apply IZR_lt in Hw. specialize (IH Hl). pose proof (Hf (IZR s)). nra.
Qed.

Lemma atom_sum_app f head tail : atom_sum f (head ++ tail) = atom_sum f head + atom_sum f tail.
Proof. induction head as [|[w s] head IH]; cbn [app atom_sum]; [ring|]. rewrite IH. ring. Qed.

Lemma scan_correct price c l : (0 <= price)%Z -> forall m0 m1 m2 best, (0 <= m0)%Z -> 0 <= moment m0 m1 m2 c ->
  ascending l = true ->
  let r := scan price m0 m1 m2 l (tl (cheapest_cuts price l)) best in
  (r <= best)%Z /\
  forall head tail, l = head ++ tail -> head <> [] ->
    IZR r <= moment m0 m1 m2 c + atom_sum (fun y => (c - y) ^ 2) head + IZR price + IZR (cheapest price tail).
Proof.
  intros Hp. induction l as [|[w s] l IH]; intros m0 m1 m2 best M0 M A r.
  { split; [apply Z.le_refl|]. intros head tail E Hh. symmetry in E. apply app_eq_nil in E. now destruct E. }
  destruct (ascending_cons _ _ _ A) as [Hw Al].
  unfold r. cbn [cheapest_cuts tl]. rewrite cheapest_cuts_cons. cbn [scan].
  set (m0' := (m0 + w)%Z). set (m1' := (m1 + w * s)%Z). set (m2' := (m2 + w * s * s)%Z). set (cost := run_cost m0' m1' m2').
  assert (Step : moment m0' m1' m2' c = moment m0 m1 m2 c + IZR w * (c - IZR s) ^ 2).
  { unfold moment, m0', m1', m2'. rewrite !plus_IZR, !mult_IZR. ring. }
  assert (Hw' : 0 <= IZR w * (c - IZR s) ^ 2) by (apply IZR_lt in Hw; pose proof (pow2_ge_0 (c - IZR s)); nra).
  assert (Cost : IZR cost <= moment m0' m1' m2' c) by (apply run_cost_le; unfold m0' in *; [lia | lra]).
  assert (Hp' : 0 <= IZR price) by now apply IZR_le.
  destruct (best <=? cost)%Z eqn:E.
  - split; [apply Z.le_refl|]. apply Z.leb_le, IZR_le in E. intros head tail El Hh.
    destruct head as [|a head]; [easy|]. injection El as <- ->. cbn [atom_sum].
    assert (Ah : 0 <= atom_sum (fun y => (c - y) ^ 2) head).
    { clear - Al. induction head as [|[w s] head IH]; cbn [atom_sum app] in *; [lra|].
      destruct (ascending_cons _ _ _ Al) as [Hw Al']. apply IZR_lt in Hw. specialize (IH Al').
      pose proof (pow2_ge_0 (c - IZR s)). nra. }
    pose proof (IZR_le _ _ (cheapest_nonneg price tail Hp)). lra.
  - destruct (IH m0' m1' m2' (Z.min best (cost + price + cheapest price l)) ltac:(unfold m0'; lia) ltac:(lra) Al) as [R1 R2].
    split; [lia|]. intros head tail El Hh. destruct head as [|a head]; [easy|]. injection El as <- ->. cbn [atom_sum].
    destruct head as [|a head].
    + simpl app in *. assert (R3 := Z.le_trans _ _ _ R1 (Z.le_min_r _ _)). apply IZR_le in R3. rewrite !plus_IZR in R3. cbn [atom_sum]. lra.
    + specialize (R2 (a :: head) tail eq_refl ltac:(discriminate)). lra.
Qed.

(** A first run of any length, served by any level. *)
Lemma cheapest_step price c head tail : (0 <= price)%Z -> ascending (head ++ tail) = true -> head <> [] ->
  IZR (cheapest price (head ++ tail)) <= atom_sum (fun y => (c - y) ^ 2) head + IZR price + IZR (cheapest price tail).
Proof.
  intros Hp A Hh. destruct head as [|a head]; [easy|].
  destruct (scan_correct price c ((a :: head) ++ tail) Hp 0 0 0 (price + hd 0%Z (cheapest_cuts price (head ++ tail))) ltac:(lia)
              ltac:(unfold moment; lra) A) as [_ R].
  specialize (R (a :: head) tail eq_refl Hh). unfold moment in R. change (cheapest price ((a :: head) ++ tail))
    with (scan price 0 0 0 ((a :: head) ++ tail) (tl (cheapest_cuts price ((a :: head) ++ tail)))
            (price + hd 0%Z (cheapest_cuts price (head ++ tail)))). lra.
Qed.

(** ** Levels serve runs *)

(** The least level first. *)
Lemma least_level_first C : forall c, exists c0 C0, length C0 = length C /\ Forall (fun c' => c0 <= c') C0 /\
  forall y, nearest c C y = nearest c0 C0 y.
Proof.
  induction C as [|c' C IH]; intros c; [exists c, []; repeat split; constructor|].
  destruct (IH c') as (m & M & L & F & E).
  destruct (Rle_dec c m) as [H | H].
  - exists c, (m :: M). repeat split; [simpl; lia | |].
    + constructor; [exact H|]. revert F. apply Forall_impl. intros a. lra.
    + intros y. cbn [nearest]. now rewrite E.
  - exists m, (c :: M). repeat split; [simpl; lia | |].
    + constructor; [lra | exact F].
    + intros y. cbn [nearest]. rewrite E. destruct M as [|m' M]; cbn [nearest]; [apply Rmin_comm|].
      rewrite !Rmin_assoc. now rewrite (Rmin_comm ((c - y) ^ 2)).
Qed.

Lemma nearest_attained C : forall c y, exists c', In c' (c :: C) /\ nearest c C y = (c' - y) ^ 2.
Proof.
  induction C as [|c1 C IH]; intros c y; [exists c; simpl; auto|].
  cbn [nearest]. unfold Rmin. destruct (Rle_dec _ _); [exists c; simpl; auto|].
  destruct (IH c1 y) as (c' & I & E). exists c'. split; [now right | exact E].
Qed.

Lemma nearest_le C : forall c y c', In c' (c :: C) -> nearest c C y <= (c' - y) ^ 2.
Proof.
  induction C as [|c1 C IH]; intros c y c' I; cbn [nearest].
  - destruct I as [-> | []]. apply Rle_refl.
  - destruct I as [-> | I]; [apply Rmin_l|]. eapply Rle_trans; [apply Rmin_r | now apply IH].
Qed.

(** The least level serves a first run, the others the rest. *)
Lemma served c0 c1 C l : Forall (fun c' => c0 <= c') (c1 :: C) -> ascending l = true ->
  exists head tail, l = head ++ tail /\
    atom_sum (nearest c0 (c1 :: C)) l = atom_sum (fun y => (c0 - y) ^ 2) head + atom_sum (nearest c1 C) tail.
Proof.
  intros F. induction l as [|[w s] l IH]; intros A; [exists [], []; split; [reflexivity | cbn [atom_sum]; ring]|].
  destruct (ascending_cons _ _ _ A) as [Hw Al].
  destruct (Rle_dec ((c0 - IZR s) ^ 2) (nearest c1 C (IZR s))) as [H | H].
  - destruct (IH Al) as (head & tail & -> & E). exists ((w, s) :: head), tail. split; [reflexivity|].
    cbn [atom_sum app]. rewrite E. cbn [nearest]. rewrite Rmin_left by exact H. ring.
  - exists [], ((w, s) :: l). split; [reflexivity|]. cbn [atom_sum].
    destruct (nearest_attained C c1 (IZR s)) as (c' & I & E). rewrite E in H.
    rewrite Forall_forall in F. pose proof (F c' I) as Hc.
    assert (Right : forall y, IZR s <= y -> nearest c0 (c1 :: C) y = nearest c1 C y).
    { intros y Hy. cbn [nearest]. apply Rmin_right. eapply Rle_trans; [apply (nearest_le C c1 y c' I)|]. nra. }
    rewrite (Right (IZR s)) by lra. pose proof (ascending_ge _ _ _ A) as G.
    enough (X : forall l, Forall (fun a => (s <= snd a)%Z) l -> atom_sum (nearest c0 (c1 :: C)) l = atom_sum (nearest c1 C) l)
      by (rewrite X by exact G; ring).
    clear - Right. induction l as [|[w' s'] l IH]; intros G; [reflexivity|]. inversion G. subst.
    cbn [atom_sum]. rewrite IH by assumption. rewrite Right; [reflexivity | now apply IZR_le].
Qed.

(** With N levels, the sum is at least cheapest - N price. *)
Theorem cheapest_correct price l : (0 <= price)%Z -> ascending l = true -> forall C c,
  IZR (cheapest price l) <= atom_sum (nearest c C) l + IZR price * INR (S (length C)).
Proof.
  intros Hp A C. remember (length C) as n eqn:En. revert C En l A.
  assert (Hp' : 0 <= IZR price) by now apply IZR_le.
  induction n as [|n IH]; intros C En l A c.
  - destruct C; [|discriminate]. change (INR 1) with 1.
    destruct l as [|a l]; [unfold cheapest; simpl; lra|].
    pose proof (cheapest_step price c (a :: l) [] Hp) as K. rewrite app_nil_r in K.
    specialize (K A ltac:(discriminate)). change (cheapest price []) with 0%Z in K.
    change (nearest c []) with (fun y => (c - y) ^ 2). lra.
  - destruct (least_level_first C c) as (c0 & C0 & L & F & E). rewrite <- En in L.
    destruct C0 as [|c1 C0]; [discriminate|]. injection L as L.
    destruct (served c0 c1 C0 l F A) as (head & tail & -> & S).
    replace (atom_sum (nearest c C) (head ++ tail)) with (atom_sum (nearest c0 (c1 :: C0)) (head ++ tail)).
    2:{ clear - E. induction (head ++ tail) as [|[w s] l IH]; [reflexivity|]. cbn [atom_sum]. now rewrite IH, E. }
    rewrite S. specialize (IH C0 (eq_sym L) tail (ascending_app head tail A) c1).
    rewrite S_INR. destruct head as [|a head].
    + cbn [atom_sum app]. lra.
    + pose proof (cheapest_step price c0 (a :: head) tail Hp A ltac:(discriminate)). lra.
Qed.
