(** * Searching thresholds is counting them (SPEC §4)

    The library does not count #{k : T_k <= y}; it searches. In the stage of that name, and in the encoder where the
    bits are few, the thresholds lie in a heap: node 1 is the middle one, node i has the children 2i and 2i + 1, and after b steps from
    node 1 the node's number less 2^b is the code (fast/src/quantizer/quantize.cpp). Where the compander is out of its
    range, it bisects (CountReached, compander.hpp). Both give the count, if the thresholds are sorted. *)
From Coq Require Import Reals Arith Lia Lra.
From Hdq Require Import Defs FloatCode.
Open Scope R_scope.

(** ** The heap as an array that loops fill *)

Definition store (array : nat -> R) (i : nat) (v : R) : nat -> R := fun j => if Nat.eqb j i then v else array j.

(** for i < count: heap[nodes + i] = scaled[first + i step] *)
Fixpoint build_level (scaled heap : nat -> R) (nodes first step count : nat) : nat -> R :=
  match count with
  | O => heap
  | S i => store (build_level scaled heap nodes first step i) (nodes + i) (scaled (first + i * step)%nat)
  end.

(** for level < levels: nodes = 2^level, step = 2^(bits - level), first = step / 2 - 1 *)
Fixpoint build_heap (bits : nat) (scaled heap : nat -> R) (levels : nat) : nat -> R :=
  match levels with
  | O => heap
  | S level =>
      let nodes := (2 ^ level)%nat in
      let step := (2 ^ (bits - level))%nat in
      build_level scaled (build_heap bits scaled heap level) nodes (step / 2 - 1) step nodes
  end.

(** node = 2 node + (y >= heap[node]), so many times *)
Fixpoint walk_heap (heap : nat -> R) (y : R) (steps node : nat) : nat :=
  match steps with
  | O => node
  | S s => walk_heap heap y s (node + node + if Rle_dec (heap node) y then 1 else 0)
  end.

(** [scaled] begins with T_1; what the array holds before does not matter. *)
Definition heap_search (bits : nat) (T initial : nat -> R) (y : R) : nat :=
  (walk_heap (build_heap bits (fun i => T (i + 1)%nat) initial bits) y bits 1 - 2 ^ bits)%nat.

Lemma build_level_inside scaled heap nodes first step count i :
  (i < count)%nat -> build_level scaled heap nodes first step count (nodes + i) = scaled (first + i * step)%nat.
Proof.
  intros Hi. induction count as [|c IH]; [lia|]. cbn [build_level]. unfold store.
  destruct (Nat.eqb_spec (nodes + i) (nodes + c)) as [E | E].
  - now replace c with i by lia.
  - apply IH. lia.
Qed.

Lemma build_level_outside scaled heap nodes first step count j :
  (j < nodes)%nat -> build_level scaled heap nodes first step count j = heap j.
Proof.
  intros Hj. induction count as [|c IH]; [easy|]. cbn [build_level]. unfold store.
  destruct (Nat.eqb_spec j (nodes + c)); [lia|apply IH].
Qed.

Lemma build_heap_node bits scaled heap levels level i :
  (level < levels)%nat -> (i < 2 ^ level)%nat ->
  build_heap bits scaled heap levels (2 ^ level + i)
  = scaled (2 ^ (bits - level) / 2 - 1 + i * 2 ^ (bits - level))%nat.
Proof.
  intros Hl Hi. induction levels as [|l IH]; [lia|]. cbn [build_heap].
  destruct (Nat.eq_dec level l) as [-> | Hne].
  - now apply build_level_inside.
  - rewrite build_level_outside; [apply IH; lia|].
    apply Nat.lt_le_trans with (2 ^ S level)%nat; [simpl; lia|]. apply Nat.pow_le_mono_r; lia.
Qed.

(** ** The walk: after some steps the count lies in the node's interval *)

Lemma walk_heap_counts bits T initial y steps level i :
  nondecreasing (2 ^ bits - 1) T -> (level + steps = bits)%nat -> (i < 2 ^ level)%nat ->
  let c := count_passed (2 ^ bits - 1) T y in
  (i * 2 ^ steps <= c < (i + 1) * 2 ^ steps)%nat ->
  walk_heap (build_heap bits (fun i => T (i + 1)%nat) initial bits) y steps (2 ^ level + i) = (2 ^ bits + c)%nat.
Proof.
  intros HT. revert level i. induction steps as [|s IH]; intros level i Hl Hi c Hc; cbn [walk_heap].
  - rewrite Nat.add_0_r in Hl. subst level. simpl in Hc. lia.
  - rewrite build_heap_node by lia.
    assert (Hstep : (2 ^ (bits - level) = 2 * 2 ^ s)%nat).
    { replace (bits - level)%nat with (S s) by lia. now rewrite Nat.pow_succ_r'. }
    assert (Hhalf : (2 * 2 ^ s / 2 = 2 ^ s)%nat) by (rewrite Nat.mul_comm; now apply Nat.div_mul).
    rewrite Hstep, Hhalf.
    rewrite Nat.pow_succ_r' in Hc.
    assert (Hbits : (2 ^ bits = 2 ^ level * (2 * 2 ^ s))%nat).
    { rewrite <- Hl, Nat.pow_add_r. now rewrite Nat.pow_succ_r'. }
    pose proof (Nat.neq_0_lt_0 (2 ^ s)) as Hs. pose proof (Nat.pow_nonzero 2 s ltac:(lia)) as Hs0.
    set (p := (2 ^ s)%nat) in *.
    replace (p - 1 + i * (2 * p) + 1)%nat with (p + i * (2 * p))%nat by lia.
    assert (Hk : (1 <= p + i * (2 * p) <= 2 ^ bits - 1)%nat) by nia.
    pose proof (count_passed_spec (2 ^ bits - 1) T y _ HT Hk) as Hspec. fold c in Hspec.
    assert (Hpow : (2 ^ S level = 2 * 2 ^ level)%nat) by apply Nat.pow_succ_r'.
    destruct (Rle_dec (T (p + i * (2 * p))%nat) y) as [Hle | Hgt].
    + apply Hspec in Hle.
      replace (2 ^ level + i + (2 ^ level + i) + 1)%nat with (2 ^ S level + (2 * i + 1))%nat by lia.
      apply IH; [lia|lia|]. fold c. lia.
    + assert (Hlt : (c < p + i * (2 * p))%nat).
      { destruct (Nat.lt_ge_cases c (p + i * (2 * p))) as [|Hge]; [easy|]. now apply Hspec in Hge. }
      replace (2 ^ level + i + (2 ^ level + i) + 0)%nat with (2 ^ S level + 2 * i)%nat by lia.
      apply IH; [lia|lia|]. fold c. lia.
Qed.

Theorem heap_search_counts bits T initial y :
  nondecreasing (2 ^ bits - 1) T -> heap_search bits T initial y = count_passed (2 ^ bits - 1) T y.
Proof.
  intros HT. unfold heap_search. change 1%nat with (2 ^ 0 + 0)%nat at 2.
  rewrite (walk_heap_counts bits T initial y bits 0 0 HT); [lia|lia|simpl; lia|].
  pose proof (count_passed_le (2 ^ bits - 1) T y). pose proof (Nat.pow_nonzero 2 bits ltac:(lia)). lia.
Qed.

(** ** Bisection *)

(** while high - low > 1: middle = (low + high) / 2, which becomes low if y >= T middle, else high *)
Fixpoint bisect (fuel : nat) (T : nat -> R) (y : R) (low high : nat) : nat :=
  match fuel with
  | O => low
  | S f =>
      if Nat.ltb 1 (high - low) then
        let middle := ((low + high) / 2)%nat in
        if Rle_dec (T middle) y then bisect f T y middle high else bisect f T y low middle
      else low
  end.

(** The loop ends before its fuel does: the interval shrinks each time. *)
Definition bisection (levels : nat) (T : nat -> R) (y : R) : nat := bisect levels T y 0 levels.

Lemma bisect_counts fuel n T y low high :
  nondecreasing n T -> let c := count_passed n T y in
  (low <= c < high)%nat -> (high <= n + 1)%nat -> (high - low <= fuel + 1)%nat -> bisect fuel T y low high = c.
Proof.
  intros HT c. revert low high. induction fuel as [|f IH]; intros low high Hc Hhigh Hfuel; cbn [bisect]; [lia|].
  destruct (Nat.ltb_spec 1 (high - low)) as [Hgap | Hgap]; [|lia].
  set (middle := ((low + high) / 2)%nat).
  assert (Hm : (low < middle < high)%nat).
  { unfold middle. pose proof (Nat.div_mod (low + high) 2 ltac:(lia)).
    pose proof (Nat.mod_upper_bound (low + high) 2 ltac:(lia)). lia. }
  pose proof (count_passed_spec n T y middle HT ltac:(lia)) as Hspec. fold c in Hspec.
  destruct (Rle_dec (T middle) y) as [Hle | Hgt].
  - apply Hspec in Hle. apply IH; lia.
  - assert (c < middle)%nat.
    { destruct (Nat.lt_ge_cases c middle) as [|Hge]; [easy|]. now apply Hspec in Hge. }
    apply IH; lia.
Qed.

Theorem bisection_counts levels T y :
  (0 < levels)%nat -> nondecreasing (levels - 1) T -> bisection levels T y = count_passed (levels - 1) T y.
Proof.
  intros Hn HT. pose proof (count_passed_le (levels - 1) T y).
  unfold bisection. apply (bisect_counts levels (levels - 1)); (easy || lia).
Qed.

(** ** The encoder's thresholds *)

(** On sorted double thresholds the heap search is the encoder of FloatCode.v. *)
Theorem heap_search_encodes bits theta' rho e initial y :
  0 <= rho -> nondecreasing (2 ^ bits - 1) theta' ->
  heap_search bits (fun k => scaled_threshold32 (theta' k) (rho * Flocq.Core.Raux.bpow Flocq.Core.Zaux.radix2 e)) initial y
  = encode32 (2 ^ bits) theta' rho e y.
Proof.
  intros Hrho HT. unfold encode32. apply heap_search_counts, scaled_threshold32_nondecreasing; [|exact HT].
  apply Rmult_le_pos; [exact Hrho|apply Flocq.Core.Raux.bpow_ge_0].
Qed.
