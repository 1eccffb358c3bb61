(** * The cheapest cut by machine words (SPEC §5.10)

    The recursion of LeastDistortion.v with Coq's big integers (lists of 63-bit words), some thirty times faster; what they compute is proved the same. *)
From Coq Require Import ZArith List Lia.
From Bignums Require Import BigZ.
From Hdq Require Import LeastDistortion.
Import ListNotations.

Definition to_Z : bigZ -> Z := BigZ.to_Z.
Definition big_run_cost (m0 m1 m2 : bigZ) : bigZ := BigZ.max 0%bigZ (m2 + - (m1 * m1) / m0)%bigZ.

Fixpoint big_scan (price m0 m1 m2 : bigZ) (l : list (bigZ * bigZ)) (values : list bigZ) (best : bigZ) : bigZ :=
  match l, values with
  | (w, s) :: l', v :: values' =>
      let m0' := (m0 + w)%bigZ in
      let ws := (w * s)%bigZ in
      let m1' := (m1 + ws)%bigZ in
      let m2' := (m2 + ws * s)%bigZ in
      let cost := big_run_cost m0' m1' m2' in
      if (best <=? cost)%bigZ then best
      else big_scan price m0' m1' m2' l' values' (BigZ.min best (cost + price + v)%bigZ)
  | _, _ => best
  end.

Fixpoint big_cuts (price : bigZ) (l : list (bigZ * bigZ)) : list bigZ :=
  match l with
  | [] => [0%bigZ]
  | _ :: l' => let values := big_cuts price l' in
               big_scan price 0%bigZ 0%bigZ 0%bigZ l values (price + hd 0%bigZ values)%bigZ :: values
  end.

Definition big_cheapest (price : Z) (l : atoms) : Z :=
  to_Z (hd 0%bigZ (big_cuts (BigZ.of_Z price) (map (fun a => (BigZ.of_Z (fst a), BigZ.of_Z (snd a))) l))).

Definition both (a : bigZ * bigZ) : Z * Z := (to_Z (fst a), to_Z (snd a)).

Lemma big_run_cost_correct m0 m1 m2 : to_Z (big_run_cost m0 m1 m2) = run_cost (to_Z m0) (to_Z m1) (to_Z m2).
Proof.
  unfold to_Z, big_run_cost, run_cost.
  now rewrite BigZ.spec_max, BigZ.spec_add, BigZ.spec_div, BigZ.spec_opp, BigZ.spec_mul.
Qed.

Lemma big_scan_correct price l : forall values m0 m1 m2 best,
  to_Z (big_scan price m0 m1 m2 l values best)
  = scan (to_Z price) (to_Z m0) (to_Z m1) (to_Z m2) (map both l) (map to_Z values) (to_Z best).
Proof.
  induction l as [|[w s] l IH]; intros [|v values] m0 m1 m2 best; try reflexivity.
  cbn [big_scan map both fst snd scan].
  assert (A : to_Z (m0 + w)%bigZ = (to_Z m0 + to_Z w)%Z) by apply BigZ.spec_add.
  assert (B : to_Z (m1 + w * s)%bigZ = (to_Z m1 + to_Z w * to_Z s)%Z) by (unfold to_Z; now rewrite BigZ.spec_add, BigZ.spec_mul).
  assert (C : to_Z (m2 + w * s * s)%bigZ = (to_Z m2 + to_Z w * to_Z s * to_Z s)%Z)
    by (unfold to_Z; now rewrite BigZ.spec_add, !BigZ.spec_mul).
  rewrite <- A, <- B, <- C, <- big_run_cost_correct, BigZ.spec_leb. fold to_Z.
  destruct (_ <=? _)%Z; [reflexivity|]. rewrite IH. f_equal.
  unfold to_Z. now rewrite BigZ.spec_min, !BigZ.spec_add.
Qed.

Lemma big_cuts_correct price l : map to_Z (big_cuts price l) = cheapest_cuts (to_Z price) (map both l).
Proof.
  induction l as [|a l IH]; [reflexivity|]. cbn [big_cuts map cheapest_cuts]. rewrite <- IH, big_scan_correct. f_equal. f_equal.
  unfold to_Z. rewrite BigZ.spec_add. destruct (big_cuts price l); reflexivity.
Qed.

Theorem big_cheapest_correct price l : big_cheapest price l = cheapest price l.
Proof.
  unfold big_cheapest, cheapest. set (b := map _ l).
  assert (E : map both b = l).
  { unfold b. rewrite map_map. rewrite <- (map_id l) at 2. apply map_ext. intros [w s]. unfold both, to_Z. cbn [fst snd]. now rewrite !BigZ.spec_of_Z. }
  pose proof (big_cuts_correct (BigZ.of_Z price) b) as K. rewrite E in K.
  replace (to_Z (BigZ.of_Z price)) with price in K by (symmetry; apply BigZ.spec_of_Z).
  rewrite <- K. destruct (big_cuts (BigZ.of_Z price) b); reflexivity.
Qed.
