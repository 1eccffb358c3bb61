(** * Philox4x32-10, signs and dither as programs (SPEC §2)

    Numbers of 32 and 64 bits are binary naturals. Examples.v has the known answers of the Random123 library. *)
From Coq Require Import NArith ZArith Lia List.
From Hdq Require Import Constants.
Import ListNotations.
Open Scope N_scope.

(** Constants have names, so that OCaml makes each once. *)
Definition mask32 : N := 0xFFFFFFFF.
Definition multiplier0 : N := 0xD2511F53.
Definition multiplier1 : N := 0xCD9E8D57.
Definition key_step0 : N := 0x9E3779B9.
Definition key_step1 : N := 0xBB67AE85.

Definition low32 (x : N) : N := N.land x mask32.
Definition high32 (x : N) : N := low32 (N.shiftr x 32).

Definition counter : Type := (N * N * N * N)%type.

Definition philox_round (c : counter) (k0 k1 : N) : counter :=
  let '(c0, c1, c2, c3) := c in
  let p0 := multiplier0 * c0 in
  let p1 := multiplier1 * c2 in
  (N.lxor (N.lxor (high32 p1) c1) k0, low32 p1, N.lxor (N.lxor (high32 p0) c3) k1, low32 p0).

Fixpoint philox_rounds (n : nat) (c : counter) (k0 k1 : N) : counter :=
  match n with
  | O => c
  | S n' => philox_rounds n' (philox_round c k0 k1) (low32 (k0 + key_step0)) (low32 (k1 + key_step1))
  end.

(** Four words of 32 bits, of a counter of four words and a seed of 64 bits. *)
Definition philox (c : counter) (seed : N) : counter := philox_rounds 10 c (low32 seed) (high32 seed).

Definition dither_domain : N := Z.to_N philox_domain_dither.
Definition signs_domain : N := Z.to_N philox_domain_signs.

(** w of a row; U = (w + 1/2)/2^32. *)
Definition dither_word (seed row : N) : N :=
  let '(w, _, _, _) := philox (low32 row, high32 row, 0, dither_domain) seed in w.

Definition bits_of_word (w : N) : list bool := map (fun i => N.testbit w (N.of_nat i)) (seq 0 32).

(** The signs of columns 128 q .. 128 q + 127; true is -1. *)
Definition sign_block (seed q : N) : list bool :=
  let '(a, b, c, d) := philox (low32 q, 0, 0, signs_domain) seed in
  bits_of_word a ++ bits_of_word b ++ bits_of_word c ++ bits_of_word d.

(** The signs of columns 0 .. n - 1. *)
Definition sign_bits (seed : N) (n : nat) : list bool :=
  firstn n (flat_map (fun q => sign_block seed (N.of_nat q)) (seq 0 ((n + 127) / 128))).

Lemma sign_block_length seed q : length (sign_block seed q) = 128%nat.
Proof.
  unfold sign_block. destruct (philox _ seed) as [[[a b] c] d]. unfold bits_of_word.
  now rewrite !app_length, !map_length, !seq_length.
Qed.

Lemma sign_bits_length seed n : length (sign_bits seed n) = n.
Proof.
  unfold sign_bits. apply firstn_length_le.
  assert (H : forall o m, length (flat_map (fun q => sign_block seed (N.of_nat q)) (seq o m)) = (128 * m)%nat).
  { intros o m. revert o. induction m as [|m IH]; intros o; [easy|]. cbn [seq flat_map].
    rewrite app_length, sign_block_length, IH. lia. }
  rewrite H. pose proof (Nat.div_mod (n + 127) 128 ltac:(lia)).
  pose proof (Nat.mod_upper_bound (n + 127) 128 ltac:(lia)). lia.
Qed.

(** Words of the stream are words. *)
Lemma low32_lt x : low32 x < 2 ^ 32.
Proof. unfold low32. change mask32 with (N.ones 32). rewrite N.land_ones. now apply N.mod_lt. Qed.

Lemma low32_mod x : low32 x = x mod 2 ^ 32.
Proof. unfold low32. change mask32 with (N.ones 32). apply N.land_ones. Qed.

Lemma lxor_lt a b : a < 2 ^ 32 -> b < 2 ^ 32 -> N.lxor a b < 2 ^ 32.
Proof.
  intros Ha Hb. destruct (N.eq_dec (N.lxor a b) 0) as [-> | H]; [easy|]. apply N.log2_lt_pow2; [now apply N.neq_0_lt_0|].
  eapply N.le_lt_trans; [apply N.log2_lxor|].
  assert (Hlog : forall c, c < 2 ^ 32 -> N.log2 c < 32).
  { intros c Hc. destruct (N.eq_dec c 0) as [-> | H0]; [easy|]. apply N.log2_lt_pow2; [now apply N.neq_0_lt_0|easy]. }
  apply N.max_lub_lt; now apply Hlog.
Qed.

Lemma philox_rounds_word n c k0 k1 :
  let words c := let '(a, b, x, y) := c in a < 2 ^ 32 /\ b < 2 ^ 32 /\ x < 2 ^ 32 /\ y < 2 ^ 32 in
  words c -> k0 < 2 ^ 32 -> k1 < 2 ^ 32 -> words (philox_rounds n c k0 k1).
Proof.
  intros words. revert c k0 k1. induction n as [|n IH]; intros c k0 k1 Hc H0 H1; [exact Hc|].
  cbn [philox_rounds]. apply IH; try apply low32_lt. destruct c as [[[a b] x] y]. destruct Hc as (Ha & Hb & Hx & Hy).
  repeat split; repeat apply lxor_lt; try easy; apply low32_lt.
Qed.

Lemma dither_word_lt seed row : dither_word seed row < 2 ^ 32.
Proof.
  unfold dither_word, philox.
  assert (H := philox_rounds_word 10 (low32 row, high32 row, 0, dither_domain) (low32 seed) (high32 seed)).
  destruct (philox_rounds 10 _ _ _) as [[[a b] c] d]. apply H; [|apply low32_lt..].
  repeat split; apply low32_lt.
Qed.
