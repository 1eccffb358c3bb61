(** * A search that skips rows finds the nearest all the same

    A search keeps the k nearest of the rows it has met, sorted. Threads take rows by tiles, each thread with a list of its own. Before a tile a
    row may be skipped if the list has k rows and the last of them is before the skipped one; the rows left are offered one after another; in
    the end the threads' lists are merged. Whatever is skipped by this rule, and however rows are dealt to threads and tiles, the result is the
    first k of all rows sorted: what the search without a filter finds. The order is strict and total (scores, then row numbers), so that ties
    are settled by it too. *)
From Coq Require Import List Permutation Lia.
Import ListNotations.

Section Search.
Variables (A : Type) (before : A -> A -> bool).

Fixpoint insert (x : A) (l : list A) : list A :=
  match l with
  | [] => [x]
  | y :: rest => if before x y then x :: l else y :: insert x rest
  end.
Definition insert_all (xs l : list A) : list A := fold_right insert l xs.

(** The k nearest rows. *)
Definition nearest (k : nat) (rows : list A) : list A := firstn k (insert_all rows []).

(** One list: a row is offered; a tile of rows, some of them skipped; tiles. [skip kept x] may use the list as it was before the tile. *)
Definition offer (k : nat) (kept : list A) (x : A) : list A := firstn k (insert x kept).
Definition search_tile (k : nat) (skip : list A -> A -> bool) (kept tile : list A) : list A :=
  fold_left (offer k) (filter (fun x => negb (skip kept x)) tile) kept.
Definition search_tiles (k : nat) (skip : list A -> A -> bool) (tiles : list (list A)) : list A :=
  fold_left (search_tile k skip) tiles [].

(** Threads, their lists then merged. *)
Definition merge (k : nat) (kept more : list A) : list A := fold_left (offer k) more kept.
Definition filtered_search (k : nat) (skip : list A -> A -> bool) (threads : list (list (list A))) : list A :=
  fold_left (merge k) (map (search_tiles k skip) threads) [].

(** What is skipped is behind k rows that are kept. *)
Definition skips_worse (k : nat) (skip : list A -> A -> bool) : Prop :=
  forall kept x, skip kept x = true -> length kept = k /\ exists rest kth, kept = rest ++ [kth] /\ before kth x = true.

Definition strict_total_order : Prop :=
  (forall x, before x x = false) /\
  (forall x y z, before x y = true -> before y z = true -> before x z = true) /\
  (forall x y, before x y = true \/ before y x = true \/ x = y).

Hypothesis order : strict_total_order.

Lemma before_asymmetric x y : before x y = true -> before y x = false.
Proof.
  destruct order as (Hirr & Htrans & _). intros H. destruct (before y x) eqn:E; [|easy]. pose proof (Htrans _ _ _ H E). now rewrite Hirr in *.
Qed.

(** ** Insertion *)

Lemma insert_commutes x y l : insert x (insert y l) = insert y (insert x l).
Proof.
  destruct order as (Hirr & Htrans & Htotal).
  assert (Heq : forall a b, before a b = false -> before b a = false -> a = b).
  { intros a b Ha Hb. destruct (Htotal a b) as [H|[H|H]]; [congruence|congruence|easy]. }
  induction l as [|z l IH]; cbn [insert].
  - destruct (before x y) eqn:Exy, (before y x) eqn:Eyx; try easy; [now rewrite (before_asymmetric _ _ Exy) in Eyx|now rewrite (Heq x y)].
  - destruct (before y z) eqn:Eyz, (before x z) eqn:Exz; cbn [insert]; rewrite ?Eyz, ?Exz.
    + destruct (before x y) eqn:Exy, (before y x) eqn:Eyx; try easy; [now rewrite (before_asymmetric _ _ Exy) in Eyx|now rewrite (Heq x y)].
    + destruct (before x y) eqn:Exy; [now rewrite (Htrans _ _ _ Exy Eyz) in Exz|easy].
    + destruct (before y x) eqn:Eyx; [now rewrite (Htrans _ _ _ Eyx Exz) in Eyz|easy].
    + now rewrite IH.
Qed.

Lemma insert_all_permutation xs ys l : Permutation xs ys -> insert_all xs l = insert_all ys l.
Proof.
  induction 1 as [|x xs ys _ IH|x y xs|xs ys zs _ IH1 _ IH2]; [easy|exact (f_equal (insert x) IH)|apply insert_commutes|congruence].
Qed.

Lemma insert_all_app xs ys l : insert_all (xs ++ ys) l = insert_all xs (insert_all ys l).
Proof. apply fold_right_app. Qed.

Lemma insert_length x l : length (insert x l) = S (length l).
Proof. induction l as [|y l IH]; cbn [insert]; [easy|]. destruct (before x y); cbn [length]; now rewrite ?IH. Qed.

(** What is beyond the k-th place does not come back. *)
Lemma firstn_insert k x l : firstn k (insert x (firstn k l)) = firstn k (insert x l).
Proof.
  revert k. induction l as [|y l IH]; intros [|k]; try easy. cbn [firstn insert]. destruct (before x y); cbn [firstn].
  - f_equal. destruct k as [|k]; [easy|]. rewrite !firstn_cons. f_equal. rewrite firstn_firstn. f_equal. lia.
  - now rewrite IH.
Qed.

Lemma firstn_insert_all k xs l : firstn k (insert_all xs (firstn k l)) = firstn k (insert_all xs l).
Proof.
  induction xs as [|x xs IH]; cbn [insert_all fold_right]; [rewrite firstn_firstn; f_equal; lia|].
  change (fold_right insert ?a xs) with (insert_all xs a). now rewrite <- firstn_insert, IH, firstn_insert.
Qed.

(** ** Offers *)

Lemma offers_nearest k xs rows : fold_left (offer k) xs (nearest k rows) = nearest k (xs ++ rows).
Proof.
  revert rows. induction xs as [|x xs IH]; intros rows; [easy|]. cbn [fold_left].
  assert (H : offer k (nearest k rows) x = nearest k (x :: rows)) by apply firstn_insert.
  rewrite H, IH. unfold nearest. f_equal. apply insert_all_permutation. symmetry. apply Permutation_middle.
Qed.

(** ** Skipped rows *)

Lemma insert_behind_last x rest kth : Forall (fun y => y = kth \/ before y kth = true) rest -> before kth x = true ->
  insert x (rest ++ [kth]) = (rest ++ [kth]) ++ [x].
Proof.
  destruct order as (_ & Htrans & _). intros Hall Hx. induction rest as [|y rest IH]; cbn [app insert].
  - now rewrite (before_asymmetric _ _ Hx).
  - inversion Hall as [|? ? Hy Hrest]. subst. rewrite IH by easy.
    assert (Hyx : before y x = true) by (destruct Hy as [->|Hy]; [easy|now apply Htrans with kth]).
    now rewrite (before_asymmetric _ _ Hyx).
Qed.

Fixpoint sorted (l : list A) : Prop :=
  match l with
  | [] => True
  | x :: rest => Forall (fun y => y = x \/ before x y = true) rest /\ sorted rest
  end.

Lemma insert_sorted x l : sorted l -> sorted (insert x l).
Proof.
  destruct order as (_ & Htrans & Htotal). induction l as [|y l IH]; intros H; cbn [insert]; [easy|]. destruct H as [Hy Hl].
  destruct (before x y) eqn:E; cbn [sorted].
  - split; [|easy]. constructor; [now right|]. rewrite Forall_forall in *. intros z Hz. right. destruct (Hy z Hz) as [->|H]; [easy|].
    now apply Htrans with y.
  - split; [|now apply IH]. assert (Hyx : x = y \/ before y x = true) by (destruct (Htotal x y) as [H|[H|H]]; [congruence|now right|now left]).
    clear IH Hl E. induction l as [|z l IH]; cbn [insert]; [now constructor|]. inversion Hy. subst.
    destruct (before x z); constructor; try easy. now apply IH.
Qed.

Lemma firstn_sorted k l : sorted l -> sorted (firstn k l).
Proof.
  revert k. induction l as [|x l IH]; intros [|k] H; try easy. destruct H as [Hx Hl]. split; [|now apply IH].
  rewrite Forall_forall in *. intros y Hy. apply Hx. rewrite <- (firstn_skipn k l). apply in_or_app. now left.
Qed.

Lemma nearest_sorted k rows : sorted (nearest k rows).
Proof. apply firstn_sorted. induction rows as [|x rows IH]; [easy|]. now apply insert_sorted. Qed.

Lemma sorted_last rest kth : sorted (rest ++ [kth]) -> Forall (fun y => y = kth \/ before y kth = true) rest.
Proof.
  induction rest as [|y rest IH]; intros H; [easy|]. destruct H as [Hy Hrest]. constructor; [|now apply IH].
  rewrite Forall_forall in Hy. destruct (Hy kth) as [->|H]; [apply in_or_app; right; now left|now left|now right].
Qed.

Lemma insert_all_sorted l : sorted l -> insert_all l [] = l.
Proof.
  destruct order as (Hirr & _). induction l as [|x l IH]; intros H; [easy|]. destruct H as [Hx Hl].
  transitivity (insert x l); [exact (f_equal (insert x) (IH Hl))|]. clear IH Hl.
  induction l as [|y l IH]; cbn [insert]; [easy|]. inversion Hx as [|? ? Hy Hrest]. subst. destruct Hy as [->|Hy]; [|now rewrite Hy].
  rewrite Hirr. f_equal. now apply IH.
Qed.

(** A row behind k that are kept does not change the k nearest. *)
Lemma skipped_row k skip rows x : skips_worse k skip -> skip (nearest k rows) x = true -> nearest k (x :: rows) = nearest k rows.
Proof.
  intros Hskip Hx. destruct (Hskip _ _ Hx) as (Hlen & rest & kth & Hkept & Hbefore).
  pose proof (nearest_sorted k rows) as Hsorted. rewrite Hkept in Hsorted. apply sorted_last in Hsorted.
  unfold nearest at 1. cbn [insert_all fold_right]. change (fold_right insert [] rows) with (insert_all rows []).
  rewrite <- firstn_insert. fold (nearest k rows). rewrite Hkept, insert_behind_last by easy. rewrite <- Hkept.
  rewrite firstn_app, Hlen, PeanoNat.Nat.sub_diag. cbn [firstn]. rewrite app_nil_r. apply firstn_all2. lia.
Qed.

Lemma nearest_app k xs rows rows' : nearest k rows = nearest k rows' -> nearest k (xs ++ rows) = nearest k (xs ++ rows').
Proof. intros H. unfold nearest in *. rewrite !insert_all_app, <- firstn_insert_all, H. apply firstn_insert_all. Qed.

Lemma search_tile_nearest k skip tile rows : skips_worse k skip ->
  search_tile k skip (nearest k rows) tile = nearest k (tile ++ rows).
Proof.
  intros Hskip. unfold search_tile. rewrite offers_nearest. set (keep := fun x => negb (skip (nearest k rows) x)).
  induction tile as [|x tile IH]; [easy|]. cbn [filter].
  assert (Hx : nearest k ([x] ++ (tile ++ rows)) = nearest k ((x :: tile) ++ rows)) by easy.
  destruct (keep x) eqn:E; [rewrite <- Hx; now apply (nearest_app k [x])|]. rewrite IH. clear IH. rewrite <- Hx. clear Hx.
  transitivity (nearest k (tile ++ (x :: rows))).
  - apply (nearest_app k tile). symmetry. apply skipped_row with skip; [easy|]. unfold keep in E. now destruct (skip _ x).
  - unfold nearest. f_equal. apply insert_all_permutation. symmetry. exact (Permutation_middle tile rows x).
Qed.

Lemma search_tiles_nearest k skip tiles : skips_worse k skip -> search_tiles k skip tiles = nearest k (concat tiles).
Proof.
  intros Hskip. unfold search_tiles.
  assert (H : forall rows, fold_left (search_tile k skip) tiles (nearest k rows) = nearest k (concat tiles ++ rows)).
  { induction tiles as [|tile tiles IH]; intros rows; [easy|]. cbn [fold_left concat]. rewrite search_tile_nearest, IH by easy.
    unfold nearest. f_equal. apply insert_all_permutation. rewrite <- app_assoc. rewrite !app_assoc. apply Permutation_app_tail, Permutation_app_comm. }
  specialize (H []). unfold nearest in H at 1. cbn in H. rewrite firstn_nil, app_nil_r in H. exact H.
Qed.

Theorem filtered_search_correct k skip threads rows :
  skips_worse k skip -> Permutation rows (concat (map (@concat A) threads)) -> filtered_search k skip threads = nearest k rows.
Proof.
  intros Hskip Hrows. unfold filtered_search.
  assert (H : forall more, fold_left (merge k) (map (search_tiles k skip) threads) (nearest k more)
              = nearest k (concat (map (@concat A) threads) ++ more)).
  { clear Hrows. induction threads as [|tiles threads IH]; intros more; [easy|]. cbn [map fold_left concat].
    unfold merge at 2. rewrite search_tiles_nearest, offers_nearest, IH by easy. unfold nearest at 1.
    rewrite (insert_all_permutation _ ((concat (map (@concat A) threads) ++ more) ++ nearest k (concat tiles))).
    - fold (nearest k ((concat (map (@concat A) threads) ++ more) ++ nearest k (concat tiles))). rewrite (nearest_app k _ _ (concat tiles)).
      + unfold nearest. f_equal. apply insert_all_permutation. rewrite <- (app_assoc (concat tiles)). apply Permutation_app_comm.
      + unfold nearest at 1. rewrite insert_all_sorted by apply nearest_sorted. unfold nearest. rewrite firstn_firstn. f_equal. lia.
    - rewrite <- (app_assoc (concat (map (@concat A) threads))). apply Permutation_app_head, Permutation_app_comm. }
  specialize (H []). unfold nearest in H at 1. cbn in H. rewrite firstn_nil, app_nil_r in H. rewrite H.
  unfold nearest. f_equal. apply insert_all_permutation. now symmetry.
Qed.
End Search.
