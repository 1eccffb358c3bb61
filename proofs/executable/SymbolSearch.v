(** * The coder's search for a symbol in one pass

    [find_symbol] of StreamCoder.v adds frequencies up anew for each symbol that it tries. This adds them once; OCaml runs it in its place (Extract.v). *)
From Coq Require Import ZArith List Lia.
From Hdq Require Import StreamCoder.
Open Scope Z_scope.

(** The last of the sums before i, i + 1, ... that m reaches; [below] of them all if none. *)
Fixpoint last_reached (frequency : Z -> Z) (bound m i sum : Z) (n : nat) (below : option Z) : option Z :=
  match n with
  | O => below
  | S n' => last_reached frequency bound m (i + 1) (sum + frequency (i - bound)) n' (if sum <=? m then Some (i - bound) else below)
  end.

Definition find_symbol_once (frequency : Z -> Z) (bound m : Z) (n : nat) : option Z := last_reached frequency bound m 0 0 n None.

Lemma last_reached_app frequency bound m i sum n n' below :
  last_reached frequency bound m i sum (n + n') below
  = last_reached frequency bound m (i + Z.of_nat n) (sum + cumulative frequency (i - bound) n) n'
      (last_reached frequency bound m i sum n below).
Proof.
  revert i sum below. induction n as [|n IH]; intros i sum below.
  - cbn [Nat.add cumulative last_reached]. now rewrite !Z.add_0_r.
  - cbn [Nat.add last_reached]. rewrite IH. f_equal; [lia|].
    assert (Hstep : forall f first k, cumulative f first (S k) = f first + cumulative f (first + 1) k).
    { intros f first k. induction k as [|k IHk]; [cbn [cumulative]; rewrite Z.add_0_r; lia|].
      change (cumulative f first (S (S k))) with (cumulative f first (S k) + f (first + Z.of_nat (S k))).
      rewrite IHk. cbn [cumulative]. replace (first + Z.of_nat (S k)) with (first + 1 + Z.of_nat k) by lia. lia. }
    rewrite Hstep. replace (i - bound + 1) with (i + 1 - bound) by lia. lia.
Qed.

Lemma find_symbol_once_correct t m n : find_symbol_once (frequency t) (bound t) m n = find_symbol t m n.
Proof.
  unfold find_symbol_once. induction n as [|n IH]; [easy|].
  replace (S n) with (n + 1)%nat by lia. rewrite last_reached_app, IH. cbn [last_reached]. rewrite Nat.add_1_r. cbn [find_symbol].
  rewrite !Z.add_0_l, Z.sub_0_l. reflexivity.
Qed.
