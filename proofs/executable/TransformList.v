(** * The transform of a list as a program (SPEC §4, "Bit-exactness", 3)

    On lists, each block and each row once, over any arithmetic; it is the [network] of FloatTransform.v, which recomputes what it needs
    for every output ([transform_list_network]). In binary32 it is within [transform_error_bound] of the matrix ([transform_list_binary32]). *)
From Coq Require Import ZArith Lia List Arith Reals.
From Flocq Require Import Core.Zaux Core.Raux IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import Defs Sums Paley FloatStages FloatTransform FloatOperations.
Import ListNotations.
Open Scope nat_scope.

Section Lists.
Context {T : Type} (add sub : T -> T -> T) (opp : T -> T) (zero : T).

Fixpoint map2 (f : T -> T -> T) (a b : list T) : list T :=
  match a, b with x :: a', y :: b' => f x y :: map2 f a' b' | _, _ => [] end.

Fixpoint butterflies (k : nat) (v : list T) : list T :=
  match k with
  | O => v
  | S q => let a := butterflies q (firstn (2 ^ q) v) in
           let b := butterflies q (skipn (2 ^ q) v) in
           map2 add a b ++ map2 sub a b
  end.

Lemma map2_length f a b : length a = length b -> length (map2 f a b) = length a.
Proof. revert b; induction a; intros [|y b]; cbn; try easy. intros [= H]. now rewrite IHa. Qed.

Lemma map2_nth f a b i :
  length a = length b -> i < length a -> nth i (map2 f a b) zero = f (nth i a zero) (nth i b zero).
Proof.
  revert b i; induction a; intros [|y b] i; cbn; try easy; try lia.
  intros [= H] Hi. destruct i; [easy|]. apply IHa; [easy|lia].
Qed.

Lemma butterflies_length k v : length v = 2 ^ k -> length (butterflies k v) = 2 ^ k.
Proof.
  revert v; induction k as [|q IH]; intros v Hv; [exact Hv|]. cbn [butterflies]. cbn [Nat.pow] in Hv |- *.
  assert (H1 : length (firstn (2 ^ q) v) = 2 ^ q) by (rewrite firstn_length; lia).
  assert (H2 : length (skipn (2 ^ q) v) = 2 ^ q) by (rewrite skipn_length; lia).
  rewrite app_length, !map2_length; rewrite !IH by easy; lia.
Qed.

(** The stages below q do not mix blocks of 2^q. *)
Lemma network_stages_shift q (v : nat -> T) a i :
  network_stages add sub q v (a * 2 ^ q + i) = network_stages add sub q (fun j => v (a * 2 ^ q + j)) i.
Proof.
  revert v a i; induction q as [|q IH]; intros v a i; [easy|].
  cbn [network_stages]. unfold network_stage.
  replace (a * 2 ^ S q + i) with (2 * a * 2 ^ q + i) by (cbn [Nat.pow]; lia).
  assert (Hbit : Nat.testbit (2 * a * 2 ^ q + i) q = Nat.testbit i q).
  { rewrite !Nat.testbit_odd, !Nat.shiftr_div_pow2, Nat.div_add_l by (apply Nat.pow_nonzero; lia).
    now rewrite Nat.add_comm, Nat.odd_add_mul_2. }
  rewrite Hbit. replace (a * 2 ^ S q) with (2 * a * 2 ^ q) by (cbn [Nat.pow]; lia).
  destruct (Nat.testbit i q) eqn:E.
  - assert (2 ^ q <= i).
    { destruct (Nat.le_gt_cases (2 ^ q) i); [easy|].
      rewrite Nat.testbit_odd, Nat.shiftr_div_pow2, Nat.div_small in E; easy. }
    replace (2 * a * 2 ^ q + i - 2 ^ q) with (2 * a * 2 ^ q + (i - 2 ^ q)) by lia. now rewrite !IH.
  - replace (2 * a * 2 ^ q + i + 2 ^ q) with (2 * a * 2 ^ q + (i + 2 ^ q)) by lia. now rewrite !IH.
Qed.

Lemma network_stages_ext q (v w : nat -> T) :
  (forall i, i < 2 ^ q -> v i = w i) -> forall i, i < 2 ^ q -> network_stages add sub q v i = network_stages add sub q w i.
Proof.
  revert v w; induction q as [|q IH]; intros v w H i Hi; [now apply H|].
  cbn [network_stages]. unfold network_stage. cbn [Nat.pow] in Hi, H.
  assert (Hlow : forall j, j < 2 ^ q -> network_stages add sub q v j = network_stages add sub q w j).
  { apply IH. intros j Hj. apply H. lia. }
  assert (Hhigh : forall j, 2 ^ q <= j < 2 * 2 ^ q -> network_stages add sub q v j = network_stages add sub q w j).
  { intros j Hj. replace j with (1 * 2 ^ q + (j - 2 ^ q)) by lia. rewrite !network_stages_shift.
    apply IH; [|lia]. intros l Hl. apply H. lia. }
  destruct (Nat.testbit i q) eqn:E.
  - assert (2 ^ q <= i).
    { destruct (Nat.le_gt_cases (2 ^ q) i); [easy|].
      rewrite Nat.testbit_odd, Nat.shiftr_div_pow2, Nat.div_small in E; easy. }
    rewrite Hlow, Hhigh by lia. reflexivity.
  - assert (i < 2 ^ q).
    { destruct (Nat.le_gt_cases (2 ^ q) i); [|easy]. exfalso.
      rewrite Nat.testbit_odd, Nat.shiftr_div_pow2 in E.
      replace (i / 2 ^ q) with 1 in E; [easy|]. apply Nat.div_unique with (i - 2 ^ q); lia. }
    rewrite Hlow, Hhigh by lia. reflexivity.
Qed.

Lemma butterflies_network k v i :
  length v = 2 ^ k -> i < 2 ^ k ->
  nth i (butterflies k v) zero = network_stages add sub k (fun j => nth j v zero) i.
Proof.
  revert v i; induction k as [|q IH]; intros v i Hv Hi; [easy|].
  cbn [butterflies network_stages]. unfold network_stage. cbn [Nat.pow] in Hv, Hi.
  assert (H1 : length (firstn (2 ^ q) v) = 2 ^ q) by (rewrite firstn_length; lia).
  assert (H2 : length (skipn (2 ^ q) v) = 2 ^ q) by (rewrite skipn_length; lia).
  assert (Hlow : forall j, j < 2 ^ q -> nth j (butterflies q (firstn (2 ^ q) v)) zero
                 = network_stages add sub q (fun j => nth j v zero) j).
  { intros j Hj. rewrite IH by easy. apply network_stages_ext; [|easy]. intros l Hl.
    rewrite <- (firstn_skipn (2 ^ q) v) at 2. rewrite app_nth1; [easy|lia]. }
  assert (Hhigh : forall j, j < 2 ^ q -> nth j (butterflies q (skipn (2 ^ q) v)) zero
                 = network_stages add sub q (fun j => nth j v zero) (2 ^ q + j)).
  { intros j Hj. rewrite IH by easy. replace (2 ^ q + j) with (1 * 2 ^ q + j) by lia.
    rewrite network_stages_shift. apply network_stages_ext; [|easy]. intros l Hl.
    rewrite <- (firstn_skipn (2 ^ q) v) at 2. rewrite app_nth2 by lia. f_equal. lia. }
  assert (Hla : length (butterflies q (firstn (2 ^ q) v)) = 2 ^ q) by now apply butterflies_length.
  assert (Hlb : length (butterflies q (skipn (2 ^ q) v)) = 2 ^ q) by now apply butterflies_length.
  destruct (Nat.lt_ge_cases i (2 ^ q)) as [H|H].
  - assert (E : Nat.testbit i q = false).
    { now rewrite Nat.testbit_odd, Nat.shiftr_div_pow2, Nat.div_small. }
    rewrite E, app_nth1 by (rewrite map2_length; lia). rewrite map2_nth by lia.
    rewrite Hlow, Hhigh by easy. now rewrite Nat.add_comm.
  - assert (E : Nat.testbit i q = true).
    { rewrite Nat.testbit_odd, Nat.shiftr_div_pow2.
      replace (i / 2 ^ q) with 1; [easy|]. apply Nat.div_unique with (i - 2 ^ q); lia. }
    rewrite E, app_nth2 by (rewrite map2_length; lia). rewrite map2_length by lia. rewrite Hla, map2_nth by lia.
    rewrite Hlow, Hhigh by lia. do 2 f_equal. lia.
Qed.

(** m blocks of 2^k. *)
Fixpoint blocks (m k : nat) (v : list T) : list (list T) :=
  match m with O => [] | S m' => butterflies k (firstn (2 ^ k) v) :: blocks m' k (skipn (2 ^ k) v) end.

(** Output row a: B_m row a over the columns of the blocks, in groups of four. *)
Fixpoint groups (s : list Z) (cols : list (list T)) : list (list T) :=
  match s, cols with
  | s0 :: s1 :: s2 :: s3 :: s', x0 :: x1 :: x2 :: x3 :: cols' =>
    let sg z x := if (z <? 0)%Z then map opp x else x in
    map2 add (map2 add (sg s0 x0) (sg s1 x1)) (map2 add (sg s2 x2) (sg s3 x3)) :: groups s' cols'
  | _, _ => []
  end.
Definition accumulate (gs : list (list T)) : list T :=
  match gs with [] => [] | g :: gs' => fold_left (map2 add) gs' g end.
Definition transform_list (m k : nat) (B : nat -> nat -> Z) (v : list T) : list T :=
  let cols := blocks m k v in
  if Nat.eqb m 1 then concat cols
  else flat_map (fun a => accumulate (groups (map (B a) (seq 0 m)) cols)) (seq 0 m).
End Lists.

(** ** The list transform is the network *)

Section ListNetwork.
Context {T : Type} (add sub : T -> T -> T) (opp : T -> T) (zero : T).

Lemma nth_skipn_add (A : Type) n i (l : list A) (z : A) : nth i (skipn n l) z = nth (n + i) l z.
Proof.
  revert l; induction n as [|n IH]; intros l; [easy|]. destruct l as [|a l]; [destruct i; easy|]. apply IH.
Qed.

Lemma nth_firstn_lt (A : Type) n i (l : list A) (z : A) : i < n -> nth i (firstn n l) z = nth i l z.
Proof.
  revert i l; induction n as [|n IH]; intros i l Hi; [lia|]. destruct l as [|a l]; [easy|]. destruct i; [easy|]. cbn [firstn nth]. apply IH. lia.
Qed.

Lemma blocks_length m k v : length (blocks add sub m k v) = m.
Proof. revert v; induction m; intros v; cbn; [easy|now rewrite IHm]. Qed.

Lemma blocks_block m k v b :
  length v = m * 2 ^ k -> b < m -> length (nth b (blocks add sub m k v) []) = 2 ^ k.
Proof.
  revert v b; induction m as [|m IH]; intros v b Hv Hb; [lia|]. cbn [Nat.mul] in Hv. destruct b as [|b]; cbn [blocks nth].
  - apply butterflies_length. rewrite firstn_length. lia.
  - apply IH; [rewrite skipn_length; lia|lia].
Qed.

Lemma blocks_nth m k v b c :
  length v = m * 2 ^ k -> b < m -> c < 2 ^ k ->
  nth c (nth b (blocks add sub m k v) []) zero = network_stages add sub k (fun j => nth j v zero) (b * 2 ^ k + c).
Proof.
  revert v b; induction m as [|m IH]; intros v b Hv Hb Hc; [lia|]. cbn [Nat.mul] in Hv. destruct b as [|b]; cbn [blocks nth].
  - rewrite (butterflies_network add sub zero) by (rewrite ?firstn_length; lia).
    apply network_stages_ext; [|lia]. intros i Hi. now apply nth_firstn_lt.
  - rewrite IH by (rewrite ?skipn_length; lia). rewrite !network_stages_shift.
    apply network_stages_ext; [|lia]. intros i Hi. rewrite nth_skipn_add. f_equal. cbn [Nat.mul]. lia.
Qed.

(** One group of four columns. *)
Lemma groups_nth (s : list Z) (cols : list (list T)) L n q c :
  length s = 4 * n -> length cols = 4 * n -> (forall b, b < 4 * n -> length (nth b cols []) = L) -> q < n -> c < L ->
  length (nth q (groups add opp s cols) []) = L /\
  nth c (nth q (groups add opp s cols) []) zero = column_group add opp (fun i => nth i s 0%Z) (fun b => nth c (nth b cols []) zero) q.
Proof.
  revert s cols q; induction n as [|n IH]; intros s cols q Hs Hcols Hlen Hq Hc; [lia|].
  destruct s as [|s0 [|s1 [|s2 [|s3 s]]]]; cbn [length] in Hs; try lia.
  destruct cols as [|x0 [|x1 [|x2 [|x3 cols]]]]; cbn [length] in Hcols; try lia.
  pose proof (Hlen 0 ltac:(lia)) as L0. pose proof (Hlen 1 ltac:(lia)) as L1.
  pose proof (Hlen 2 ltac:(lia)) as L2. pose proof (Hlen 3 ltac:(lia)) as L3. cbn [nth] in L0, L1, L2, L3.
  cbn [groups].
  assert (Hsg : forall z x, length x = L -> length (if (z <? 0)%Z then map opp x else x) = L /\
                 nth c (if (z <? 0)%Z then map opp x else x) zero = signed opp z (nth c x zero)).
  { intros z x Hx. unfold signed. destruct (z <? 0)%Z; [|easy]. rewrite map_length. split; [easy|].
    rewrite (nth_indep (map opp x) zero (opp zero)) by (rewrite map_length; lia). apply map_nth. }
  destruct (Hsg s0 x0 L0) as [A0 B0]. destruct (Hsg s1 x1 L1) as [A1 B1].
  destruct (Hsg s2 x2 L2) as [A2 B2]. destruct (Hsg s3 x3 L3) as [A3 B3].
  destruct q as [|q]; cbn [nth].
  - split; [rewrite !map2_length; rewrite ?map2_length; congruence|].
    rewrite !(map2_nth zero) by (rewrite ?map2_length; lia). rewrite B0, B1, B2, B3. reflexivity.
  - destruct (IH s cols q ltac:(lia) ltac:(lia)) as [HL HN]; try lia.
    { intros b Hb. apply (Hlen (S (S (S (S b))))). lia. }
    split; [exact HL|]. rewrite HN. unfold column_group.
    replace (4 * S q + 0) with (S (S (S (S (4 * q + 0))))) by lia. replace (4 * S q + 1) with (S (S (S (S (4 * q + 1))))) by lia.
    replace (4 * S q + 2) with (S (S (S (S (4 * q + 2))))) by lia. replace (4 * S q + 3) with (S (S (S (S (4 * q + 3))))) by lia.
    reflexivity.
Qed.

Lemma groups_length (s : list Z) (cols : list (list T)) n :
  length s = 4 * n -> length cols = 4 * n -> length (groups add opp s cols) = n.
Proof.
  revert s cols; induction n as [|n IH]; intros s cols Hs Hcols.
  - destruct s; [easy|cbn in Hs; lia].
  - destruct s as [|s0 [|s1 [|s2 [|s3 s]]]]; cbn [length] in Hs; try lia.
    destruct cols as [|x0 [|x1 [|x2 [|x3 cols]]]]; cbn [length] in Hcols; try lia.
    cbn [groups length]. rewrite IH; lia.
Qed.

Lemma accumulate_nth (G : nat -> T) L c (gs : list (list T)) :
  c < L -> (forall q, q < length gs -> length (nth q gs []) = L /\ nth c (nth q gs []) zero = G q) ->
  0 < length gs ->
  length (accumulate add gs) = L /\
  nth c (accumulate add gs) zero = fold_left add (map G (seq 1 (length gs - 1))) (G 0).
Proof.
  intros Hc. destruct gs as [|g gs]; cbn [length accumulate]; [lia|]. intros H _.
  destruct (H 0 ltac:(lia)) as [Lg Ng]. cbn [nth] in Lg, Ng. rewrite <- Ng. replace (S (length gs) - 1) with (length gs) by lia.
  assert (H' : forall q, q < length gs -> length (nth q gs []) = L /\ nth c (nth q gs []) zero = G (1 + q)) by (intros q Hq; apply (H (S q)); lia).
  clear H Ng. revert g Lg H'. generalize 1 as o. induction gs as [|h gs IH]; intros o g Lg H'; cbn [fold_left length seq map]; [easy|].
  destruct (H' 0 ltac:(cbn; lia)) as [Lh Nh]. cbn [nth] in Lh, Nh. rewrite Nat.add_0_r in Nh.
  destruct (IH (S o) (map2 add g h)) as [A B].
  - rewrite map2_length; congruence.
  - intros q Hq. rewrite Nat.add_succ_l, <- Nat.add_succ_r. apply (H' (S q)). cbn. lia.
  - split; [exact A|]. rewrite B, (map2_nth zero) by lia. now rewrite Nh.
Qed.

Lemma accumulate_groups_fold s v n :
  accumulate_groups add opp s v n = fold_left add (map (column_group add opp s v) (seq 1 n)) (column_group add opp s v 0).
Proof.
  induction n as [|n IH]; [easy|]. cbn [accumulate_groups]. rewrite IH.
  rewrite (seq_S n 1), map_app, fold_left_app. reflexivity.
Qed.

Lemma flat_map_nth (A : Type) (f : nat -> list A) (z : A) L o m a c :
  (forall i, length (f i) = L) -> a < m -> c < L -> nth (a * L + c) (flat_map f (seq o m)) z = nth c (f (o + a)) z.
Proof.
  intros Hf. revert o a; induction m as [|m IH]; intros o a Ha Hc; [lia|]. cbn [seq flat_map].
  destruct a as [|a].
  - rewrite app_nth1 by (rewrite Hf; lia). now rewrite Nat.add_0_r.
  - rewrite app_nth2 by (rewrite Hf; cbn; lia). rewrite Hf. replace (S a * L + c - L) with (a * L + c) by (cbn; lia).
    rewrite IH by lia. now rewrite Nat.add_succ_r.
Qed.

Theorem transform_list_network m k B v i :
  order_shape m -> length v = m * 2 ^ k -> i < m * 2 ^ k ->
  nth i (transform_list add sub opp m k B v) zero = network add sub opp m k B (fun j => nth j v zero) i.
Proof.
  intros Hm Hv Hi. assert (Hk : 2 ^ k <> 0) by (apply Nat.pow_nonzero; lia).
  unfold transform_list, network, base_columns_stage. destruct (Nat.eqb_spec m 1) as [-> | Hne].
  - cbn [blocks concat]. rewrite app_nil_r.
    assert (Hi1 : i < 2 ^ k) by lia. exact (blocks_nth 1 k v 0 i Hv (le_n 1) Hi1).
  - destruct Hm as [|[Hpos Hmod]]; [easy|]. assert (Hm4 : m = 4 * (m / 4)) by (apply Nat.div_exact; easy || lia).
    set (n := m / 4) in *. set (cols := blocks add sub m k v).
    assert (Hdiv : i / 2 ^ k < m) by (apply Nat.div_lt_upper_bound; [easy|]; lia).
    pose proof (Nat.mod_upper_bound i (2 ^ k) Hk) as Hmodi.
    pose proof (Nat.div_mod i (2 ^ k) Hk) as Hdm.
    assert (Hrow : forall a c, c < 2 ^ k ->
      length (accumulate add (groups add opp (map (B a) (seq 0 m)) cols)) = 2 ^ k /\
      nth c (accumulate add (groups add opp (map (B a) (seq 0 m)) cols)) zero
      = accumulate_groups add opp (B a) (fun b => network_stages add sub k (fun j => nth j v zero) (b * 2 ^ k + c)) (n - 1)).
    { intros a c Hc.
      assert (Hs : length (map (B a) (seq 0 m)) = 4 * n) by (rewrite map_length, seq_length; exact Hm4).
      assert (Hcols : length cols = 4 * n) by (unfold cols; rewrite blocks_length; exact Hm4).
      assert (Hl : length (groups add opp (map (B a) (seq 0 m)) cols) = n) by now apply groups_length.
      assert (HG : forall q, q < n ->
        length (nth q (groups add opp (map (B a) (seq 0 m)) cols) []) = 2 ^ k /\
        nth c (nth q (groups add opp (map (B a) (seq 0 m)) cols) []) zero
        = column_group add opp (B a) (fun b => network_stages add sub k (fun j => nth j v zero) (b * 2 ^ k + c)) q).
      { intros q Hq. destruct (groups_nth (map (B a) (seq 0 m)) cols (2 ^ k) n q c Hs Hcols) as [HL HN]; try easy.
        - intros b Hb. unfold cols. apply blocks_block; [easy|lia].
        - split; [exact HL|]. rewrite HN. unfold column_group.
          assert (Hn : forall b, b < 4 * n -> signed opp (nth b (map (B a) (seq 0 m)) 0%Z) (nth c (nth b cols []) zero)
                       = signed opp (B a b) (network_stages add sub k (fun j => nth j v zero) (b * 2 ^ k + c))).
          { intros b Hb. unfold cols. rewrite blocks_nth by lia. f_equal.
            rewrite (nth_indep _ 0%Z (B a 0)) by lia. rewrite map_nth, seq_nth by lia. reflexivity. }
          rewrite !Hn by lia. reflexivity. }
      destruct (accumulate_nth (column_group add opp (B a) (fun b => network_stages add sub k (fun j => nth j v zero) (b * 2 ^ k + c)))
                  (2 ^ k) c (groups add opp (map (B a) (seq 0 m)) cols) Hc) as [HA HB].
      - intros q Hq. apply HG. lia.
      - lia.
      - split; [exact HA|]. rewrite HB, Hl. symmetry. apply accumulate_groups_fold. }
    rewrite Hdm at 1. rewrite (Nat.mul_comm (2 ^ k)), flat_map_nth with (L := 2 ^ k); try easy.
    + rewrite Nat.add_0_l. apply Hrow. exact Hmodi.
    + intros a. apply (Hrow a 0). lia.
Qed.
End ListNetwork.


Lemma transform_list_length {T : Type} (add sub : T -> T -> T) (opp : T -> T) m k B (v : list T) :
  order_shape m -> length v = m * 2 ^ k -> length (transform_list add sub opp m k B v) = m * 2 ^ k.
Proof.
  intros Hm Hv. unfold transform_list. destruct (Nat.eqb_spec m 1) as [-> | Hne].
  - cbn [blocks concat]. rewrite app_nil_r, butterflies_length; [lia|]. rewrite firstn_length. lia.
  - destruct Hm as [|[Hpos Hmod]]; [easy|]. assert (Hm4 : m = 4 * (m / 4)) by (apply Nat.div_exact; easy || lia).
    set (n := m / 4) in *. destruct v as [|zero v']; [cbn in Hv; pose proof (Nat.pow_nonzero 2 k ltac:(lia)); nia|].
    set (v := zero :: v') in *. set (cols := blocks add sub m k v).
    assert (Hrow : forall a, length (accumulate add (groups add opp (map (B a) (seq 0 m)) cols)) = 2 ^ k).
    { intros a. assert (Hs : length (map (B a) (seq 0 m)) = 4 * n) by (rewrite map_length, seq_length; exact Hm4).
      assert (Hcols : length cols = 4 * n) by (unfold cols; rewrite blocks_length; exact Hm4).
      assert (Hl : length (groups add opp (map (B a) (seq 0 m)) cols) = n) by now apply groups_length.
      assert (H0 : 0 < 2 ^ k) by (pose proof (Nat.pow_nonzero 2 k ltac:(lia)); lia).
      apply (accumulate_nth add zero (fun q => nth 0 (nth q (groups add opp (map (B a) (seq 0 m)) cols) []) zero) (2 ^ k) 0); [exact H0| |lia].
      intros q Hq. split; [|easy].
      apply (groups_nth add opp zero (map (B a) (seq 0 m)) cols (2 ^ k) n q 0 Hs Hcols); [|lia|exact H0].
      intros b Hb. unfold cols. apply blocks_block; [exact Hv|lia]. }
    clear -Hrow. assert (H : forall o c, length (flat_map (fun a => accumulate add (groups add opp (map (B a) (seq 0 m)) cols)) (seq o c)) = c * 2 ^ k).
    { intros o c. revert o. induction c as [|c IH]; intros o; [easy|]. cbn [seq flat_map]. rewrite app_length, Hrow, IH. easy. }
    apply H.
Qed.

(** ** binary32 *)

(** H x and H^T x, d = m 2^k entries. *)
Definition transform_list32 (m k : nat) : list binary32 -> list binary32 :=
  transform_list plus32 minus32 b32_opp m k (base_matrix_Z m).
Definition transform_transposed_list32 (m k : nat) : list binary32 -> list binary32 :=
  transform_list plus32 minus32 b32_opp m k (fun a b => base_matrix_Z m b a).

(** x_i with its sign changed where the bit is 1. *)
Definition flip_list32 (bits : list bool) (x : list binary32) : list binary32 :=
  map (fun p : bool * binary32 => if fst p then b32_opp (snd p) else snd p) (combine bits x).

Open Scope R_scope.

(** Numbers of the model, if nothing can overflow. *)
Lemma transform_list32_model m k B x j :
  base_order m -> length x = (m * 2 ^ k)%nat -> (j < m * 2 ^ k)%nat -> finite32 x ->
  (1 + unit_roundoff) ^ transform_addition_stages m k * sum (m * 2 ^ k) (fun i => Rabs (vec32 x i)) < bpow radix2 128 ->
  let y := nth j (transform_list plus32 minus32 b32_opp m k B x) zero32 in
  is_finite32 y = true /\ value32 y = network32 m k B (vec32 x) j.
Proof.
  intros Hm Hx Hj Hfin Hsum y. unfold y.
  rewrite (transform_list_network plus32 minus32 b32_opp zero32) by (easy || now apply base_order_shape).
  apply (FloatTransform.network_binary32 binop_nan_pl32 unop_nan_pl32 m k B (fun i => nth i x zero32) j); try easy.
  - now apply base_order_shape.
  - intros i. now apply finite32_nth.
Qed.

Lemma transform_list32_length m k x : base_order m -> length x = (m * 2 ^ k)%nat ->
  length (transform_list32 m k x) = (m * 2 ^ k)%nat /\ length (transform_transposed_list32 m k x) = (m * 2 ^ k)%nat.
Proof. intros Hm Hx. split; apply transform_list_length; try easy; now apply base_order_shape. Qed.

Theorem transform_list_binary32 m k x j :
  base_order m -> length x = (m * 2 ^ k)%nat -> (j < m * 2 ^ k)%nat -> finite32 x ->
  (1 + unit_roundoff) ^ transform_addition_stages m k * sum (m * 2 ^ k) (fun i => Rabs (vec32 x i)) < bpow radix2 128 ->
  let y := nth j (transform_list32 m k x) zero32 in
  let y' := nth j (transform_transposed_list32 m k x) zero32 in
  (is_finite32 y = true /\ value32 y = transform32 m k (vec32 x) j) /\
  (is_finite32 y' = true /\ value32 y' = transform32_transposed m k (vec32 x) j).
Proof. intros Hm Hx Hj Hfin Hsum. split; now apply transform_list32_model. Qed.
