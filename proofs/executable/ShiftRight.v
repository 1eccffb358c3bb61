(** * Flocq's shift to the right at once

    Every rounding of Flocq shifts a mantissa bit by bit and notes what falls out. This does it in one step; OCaml runs it in place of [shr] (Extract.v). *)
From Coq Require Import ZArith Lia Bool Floats.SpecFloat.
From Flocq Require Import Core.Zaux.
Open Scope Z_scope.

Definition shr_at_once (mrs : shr_record) (e n : Z) : shr_record * Z :=
  match shr_m mrs, n with
  | Zneg _, _ | _, Z0 | _, Zneg _ => shr mrs e n
  | m, Zpos p =>
    let below := Z.land m (Z.ones (n - 1)) in
    ({| shr_m := Z.shiftr m n; shr_r := Z.testbit m (n - 1); shr_s := shr_s mrs || shr_r mrs || negb (below =? 0) |}, e + n)
  end.

Lemma shr_1_nonneg m r s :
  0 <= m -> shr_1 (Build_shr_record m r s) = Build_shr_record (Z.div2 m) (Z.odd m) (r || s).
Proof. destruct m as [|[p|p|]|p]; easy. Qed.

Lemma shr_1_iterated n m r s :
  0 <= m ->
  iter_nat shr_1 (S n) (Build_shr_record m r s)
  = Build_shr_record (Z.shiftr m (Z.of_nat (S n))) (Z.testbit m (Z.of_nat n)) (s || r || negb (Z.land m (Z.ones (Z.of_nat n)) =? 0)).
Proof.
  intros Hm. induction n as [|n IH].
  - cbn [iter_nat]. rewrite shr_1_nonneg by easy. change (Z.of_nat 1) with 1. change (Z.of_nat 0) with 0. cbn [Z.ones Z.shiftl Z.pred].
    rewrite Z.land_0_r, Z.bit0_odd, <- Z.div2_spec, orb_false_r, orb_comm. reflexivity.
  - rewrite iter_nat_S, IH, shr_1_nonneg by now apply Z.shiftr_nonneg. f_equal.
    + rewrite Z.div2_spec, Z.shiftr_shiftr by lia. f_equal. lia.
    + rewrite <- Z.bit0_odd, Z.shiftr_spec by lia. f_equal.
    + rewrite <- !orb_assoc, orb_comm, <- !orb_assoc. do 2 f_equal.
      rewrite !Z.land_ones by lia.
      assert (Hsplit : m mod 2 ^ Z.of_nat (S n) = m mod 2 ^ Z.of_nat n + 2 ^ Z.of_nat n * Z.b2z (Z.testbit m (Z.of_nat n))).
      { rewrite Z.testbit_spec' by lia. rewrite Nat2Z.inj_succ, Z.pow_succ_r, Z.mul_comm by lia.
        now rewrite Z.rem_mul_r by (try lia; apply Z.pow_nonzero; lia). }
      rewrite Hsplit. pose proof (Z.mod_pos_bound m (2 ^ Z.of_nat n) ltac:(apply Z.pow_pos_nonneg; lia)).
      destruct (Z.testbit m (Z.of_nat n)); cbn [Z.b2z].
      * rewrite orb_true_r. destruct (Z.eqb_spec (m mod 2 ^ Z.of_nat n + 2 ^ Z.of_nat n * 1) 0); [lia|easy].
      * now rewrite Z.mul_0_r, Z.add_0_r, orb_false_r.
Qed.

Lemma shr_at_once_shr mrs e n : shr_at_once mrs e n = shr mrs e n.
Proof.
  destruct mrs as [m r s]. unfold shr_at_once, shr. cbn [shr_m shr_r shr_s].
  destruct n as [|p|p]; destruct m as [|m|m]; try reflexivity.
  all: rewrite iter_pos_nat; destruct (Pos2Nat.is_succ p) as [n Hn]; rewrite Hn, shr_1_iterated by easy;
    replace (Zpos p) with (Z.of_nat (S n)) by lia; replace (Z.of_nat (S n) - 1) with (Z.of_nat n) by lia; reflexivity.
Qed.
