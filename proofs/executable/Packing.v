(** * Packing of codes as programs (SPEC §4)

    A little-endian bit string is a number: code j of b bits is digit j to base 2^b, byte i is digit i to base 2^8. *)
From Coq Require Import NArith Lia List.
Import ListNotations.
Open Scope N_scope.

(** Digits to base 2^b, the lowest first. *)
Definition pack_number (b : N) (codes : list N) : N := fold_right (fun c n => N.shiftl n b + c) 0 codes.
Fixpoint unpack_number (count : nat) (b n : N) : list N :=
  match count with
  | O => []
  | S count' => N.land n (N.ones b) :: unpack_number count' b (N.shiftr n b)
  end.

Definition packed_length (b : N) (count : nat) : nat := N.to_nat ((N.of_nat count * b + 7) / 8).
Definition pack_bytes (b : N) (codes : list N) : list N :=
  unpack_number (packed_length b (length codes)) 8 (pack_number b codes).
Definition unpack_bytes (b : N) (count : nat) (bytes : list N) : list N :=
  unpack_number count b (pack_number 8 bytes).

Lemma unpack_pack_number b codes :
  (forall c, In c codes -> c < 2 ^ b) -> unpack_number (length codes) b (pack_number b codes) = codes.
Proof.
  induction codes as [|c codes IH]; intros H; [easy|]. cbn [length unpack_number pack_number fold_right].
  assert (Hc : c < 2 ^ b) by (apply H; now left).
  fold (pack_number b codes). rewrite N.land_ones, N.shiftr_div_pow2, N.shiftl_mul_pow2.
  rewrite N.add_comm, N.mod_add, N.mod_small by (easy || now apply N.pow_nonzero).
  rewrite N.div_add, N.div_small, N.add_0_l by (easy || now apply N.pow_nonzero).
  f_equal. apply IH. intros; apply H; now right.
Qed.

Lemma pack_number_lt b codes :
  (forall c, In c codes -> c < 2 ^ b) -> pack_number b codes < 2 ^ (b * N.of_nat (length codes)).
Proof.
  induction codes as [|c codes IH]; intros H; [now rewrite N.mul_0_r|].
  cbn [pack_number fold_right length]. fold (pack_number b codes).
  assert (Hc : c < 2 ^ b) by (apply H; now left).
  specialize (IH (fun c Hc => H c (or_intror Hc))).
  rewrite Nat2N.inj_succ, N.mul_succ_r, N.pow_add_r, N.shiftl_mul_pow2. nia.
Qed.

Lemma pack_unpack_number count b n :
  pack_number b (unpack_number count b n) = n mod 2 ^ (b * N.of_nat count).
Proof.
  revert n; induction count as [|count IH]; intros n.
  - cbn. now rewrite N.mul_0_r, N.mod_1_r.
  - cbn [unpack_number pack_number fold_right]. fold (pack_number b (unpack_number count b (N.shiftr n b))).
    rewrite IH, N.land_ones, N.shiftr_div_pow2, N.shiftl_mul_pow2, Nat2N.inj_succ, N.mul_succ_r.
    rewrite N.add_comm with (m := b), N.pow_add_r.
    rewrite N.mod_mul_r by (now apply N.pow_nonzero). lia.
Qed.

Lemma unpack_number_length count b n : length (unpack_number count b n) = count.
Proof. revert n; induction count as [|count IH]; intros n; cbn; [easy|now rewrite IH]. Qed.

Theorem unpack_pack b codes :
  (forall c, In c codes -> c < 2 ^ b) ->
  unpack_bytes b (length codes) (pack_bytes b codes) = codes.
Proof.
  intros H. unfold unpack_bytes, pack_bytes, packed_length. rewrite pack_unpack_number, N2Nat.id, N.mod_small.
  - now apply unpack_pack_number.
  - apply N.lt_le_trans with (1 := pack_number_lt b codes H). apply N.pow_le_mono_r; [easy|].
    pose proof (N.div_mod (N.of_nat (length codes) * b + 7) 8 ltac:(easy)).
    pose proof (N.mod_lt (N.of_nat (length codes) * b + 7) 8 ltac:(easy)). lia.
Qed.
