(** * The coder of a row: what the encoder put, the decoder gets (SPEC §7)

    Integers only. A symbol is a frequency f and a cumulative frequency F; the state is x in [2^31, 2^63) and the words
    that have left it, the last one first: the order in which the stream has them. A row of codes, each with the table of
    its own bucket, is put from the last to the first, escapes in Elias's gamma code; the decoder starts from what the encoder
    ended with, returns the codes, and ends with what the encoder began with. *)
From Coq Require Import ZArith List Lia Bool.
From Hdq Require Import Constants.
Import ListNotations.
Open Scope Z_scope.

(** ** States and symbols *)

Definition state : Type := Z * list Z.
Definition symbol : Type := Z * Z.

(** Frequencies sum to 2^16. *)
Definition symbol_ok (s : symbol) : Prop := 1 <= fst s /\ 0 <= snd s /\ fst s + snd s <= 2 ^ 16.
Definition state_ok (st : state) : Prop := 2 ^ 31 <= fst st < 2 ^ 63.

Definition put (s : symbol) (st : state) : state :=
  let (f, F) := s in
  let (x, words) := st in
  let (x, words) := if f * 2 ^ 47 <=? x then (x / 2 ^ 32, x mod 2 ^ 32 :: words) else (x, words) in
  (x / f * 2 ^ 16 + x mod f + F, words).

(** The 16 bits that name the next symbol. *)
Definition peek (st : state) : Z := fst st mod 2 ^ 16.

(** Removes it; None where a word is wanted and there is none. *)
Definition get (s : symbol) (st : state) : option state :=
  let (f, F) := s in
  let (x, words) := st in
  let x := f * (x / 2 ^ 16) + x mod 2 ^ 16 - F in
  if 2 ^ 31 <=? x then Some (x, words)
  else match words with
       | word :: words => Some (2 ^ 32 * x + word, words)
       | [] => None
       end.

(** These numbers are those of Constants.v, which C++ shares. *)
Lemma symbol_constants s : symbol_ok s = (1 <= fst s /\ 0 <= snd s /\ fst s + snd s <= 2 ^ frequency_exponent).
Proof. reflexivity. Qed.

Lemma state_constants st : state_ok st = (2 ^ state_least_exponent <= fst st < 2 ^ state_end_exponent).
Proof. reflexivity. Qed.

Lemma put_constants f F x words :
  put (f, F) (x, words)
  = let (x, words) := if f * 2 ^ (state_end_exponent - frequency_exponent) <=? x
      then (x / 2 ^ stream_word_bits, x mod 2 ^ stream_word_bits :: words) else (x, words) in
    (x / f * 2 ^ frequency_exponent + x mod f + F, words).
Proof. reflexivity. Qed.

Lemma put_state_ok s st : symbol_ok s -> state_ok st -> state_ok (put s st).
Proof.
  destruct s as [f F], st as [x words]. unfold symbol_ok, state_ok, put; cbn [fst snd]. intros Hs Hx.
  destruct (Z.leb_spec (f * 2 ^ 47) x) as [Hle | Hlt]; cbn [fst].
  - set (y := x / 2 ^ 32).
    assert (Hy1 : f * 2 ^ 15 <= y) by (apply Z.div_le_lower_bound; lia).
    assert (Hy2 : y < 2 ^ 31) by (apply Z.div_lt_upper_bound; lia).
    assert (2 ^ 15 <= y / f) by (apply Z.div_le_lower_bound; lia).
    assert (y / f <= y) by (apply Z.div_le_upper_bound; nia).
    pose proof (Z.mod_pos_bound y f ltac:(lia)). lia.
  - assert (x / f < 2 ^ 47) by (apply Z.div_lt_upper_bound; lia).
    pose proof (Z.mod_pos_bound x f ltac:(lia)). pose proof (Z.div_mod x f ltac:(lia)) as Hx'.
    assert (0 <= x / f) by (apply Z.div_pos; lia). nia.
Qed.

(** The 16 bits that a symbol leaves lie in its own interval: its table finds it. *)
Lemma peek_put s st : symbol_ok s -> state_ok st -> snd s <= peek (put s st) < snd s + fst s.
Proof.
  destruct s as [f F], st as [x words]. unfold symbol_ok, state_ok, put, peek; cbn [fst snd]. intros Hs Hx.
  destruct (Z.leb_spec (f * 2 ^ 47) x) as [Hle | Hlt]; cbn [fst].
  - set (y := x / 2 ^ 32). pose proof (Z.mod_pos_bound y f ltac:(lia)).
    replace (y / f * 2 ^ 16 + y mod f + F) with (y mod f + F + y / f * 2 ^ 16) by ring.
    rewrite Z.mod_add, Z.mod_small by lia. lia.
  - pose proof (Z.mod_pos_bound x f ltac:(lia)).
    replace (x / f * 2 ^ 16 + x mod f + F) with (x mod f + F + x / f * 2 ^ 16) by ring.
    rewrite Z.mod_add, Z.mod_small by lia. lia.
Qed.

Theorem get_put s st : symbol_ok s -> state_ok st -> get s (put s st) = Some st.
Proof.
  destruct s as [f F], st as [x words]. unfold symbol_ok, state_ok, put, get; cbn [fst snd]. intros Hs Hx.
  assert (Hundo : forall y, 0 <= y -> f * ((y / f * 2 ^ 16 + y mod f + F) / 2 ^ 16) + (y / f * 2 ^ 16 + y mod f + F) mod 2 ^ 16 - F = y).
  { intros y Hy. pose proof (Z.mod_pos_bound y f ltac:(lia)). pose proof (Z.div_mod y f ltac:(lia)).
    replace (y / f * 2 ^ 16 + y mod f + F) with (y mod f + F + y / f * 2 ^ 16) by ring.
    rewrite Z.div_add, Z.mod_add, Z.div_small, Z.mod_small by lia. lia. }
  destruct (Z.leb_spec (f * 2 ^ 47) x) as [Hle | Hlt].
  - rewrite Hundo by (apply Z.div_pos; lia).
    assert (x / 2 ^ 32 < 2 ^ 31) by (apply Z.div_lt_upper_bound; lia).
    destruct (Z.leb_spec (2 ^ 31) (x / 2 ^ 32)); [lia|]. rewrite <- Z.div_mod by lia. easy.
  - rewrite Hundo by lia. destruct (Z.leb_spec (2 ^ 31) x); [easy|lia].
Qed.

(** ** A coordinate *)

(** The symbols -K … K of a bucket's table: the frequency of c is at c + K; the escape has the last of the 2^16. *)
Record table : Type := { bound : Z; frequency : Z -> Z }.

Fixpoint cumulative (f : Z -> Z) (first : Z) (n : nat) : Z :=
  match n with O => 0 | S n => cumulative f first n + f (first + Z.of_nat n) end.

Definition symbol_of (t : table) (c : Z) : symbol :=
  (frequency t c, cumulative (frequency t) (- bound t) (Z.to_nat (c + bound t))).
Definition escape : symbol := (1, 2 ^ 16 - 1).
Definition bit_symbol (b : bool) : symbol := (2 ^ 15, if b then 2 ^ 15 else 0).

Definition table_ok (t : table) : Prop :=
  0 <= bound t /\ (forall c, - bound t <= c <= bound t -> 1 <= frequency t c) /\
  cumulative (frequency t) (- bound t) (Z.to_nat (2 * bound t + 1)) = 2 ^ 16 - 1.

(** Search among n symbols from the last down; None is the escape. *)
Fixpoint find_symbol (t : table) (m : Z) (n : nat) : option Z :=
  match n with
  | O => None
  | S n => if cumulative (frequency t) (- bound t) n <=? m then Some (Z.of_nat n - bound t) else find_symbol t m n
  end.
Definition named (t : table) (m : Z) : option Z :=
  if m <? 2 ^ 16 - 1 then find_symbol t m (Z.to_nat (2 * bound t + 1)) else None.

(** The low n bits of v, from the highest down. *)
Fixpoint low_bits (n : nat) (v : Z) : list bool :=
  match n with O => [] | S n => Z.testbit v (Z.of_nat n) :: low_bits n v end.

(** Elias's gamma code of v >= 1: e bits 1, a bit 0, the e bits below the leading one. *)
Definition gamma (v : Z) : list bool :=
  let e := Z.to_nat (Z.log2 v) in repeat true e ++ false :: low_bits e v.

(** In the order of getting. *)
Definition symbols (t : table) (c : Z) : list symbol :=
  if Z.abs c <=? bound t then [symbol_of t c]
  else escape :: map bit_symbol ((c <? 0) :: gamma (Z.abs c - bound t)).

Definition put_all (s : list symbol) (st : state) : state := fold_right put st s.

(** ** The row: encoder and decoder *)

Definition encode_row (row : list (table * Z)) (st : state) : state :=
  fold_right (fun tc st => put_all (symbols (fst tc) (snd tc)) st) st row.

Definition get_bit (st : state) : option (bool * state) :=
  let b := 2 ^ 15 <=? peek st in
  match get (bit_symbol b) st with Some st => Some (b, st) | None => None end.

(** e: bits 1 before the 0, no more than [most]. *)
Fixpoint get_exponent (most : nat) (st : state) : option (nat * state) :=
  match get_bit st with
  | Some (false, st) => Some (O, st)
  | Some (true, st) =>
      match most with
      | O => None
      | S most => match get_exponent most st with Some (e, st) => Some (S e, st) | None => None end
      end
  | None => None
  end.

Fixpoint get_low_bits (n : nat) (v : Z) (st : state) : option (Z * state) :=
  match n with
  | O => Some (v, st)
  | S n => match get_bit st with Some (b, st) => get_low_bits n (2 * v + Z.b2z b) st | None => None end
  end.

Definition get_code (t : table) (st : state) : option (Z * state) :=
  match named t (peek st) with
  | Some c => match get (symbol_of t c) st with Some st => Some (c, st) | None => None end
  | None =>
      match get escape st with
      | Some st =>
          match get_bit st with
          | Some (negative, st) =>
              match get_exponent 30 st with
              | Some (e, st) =>
                  match get_low_bits e 1 st with
                  | Some (v, st) => Some ((if negative then -1 else 1) * (bound t + v), st)
                  | None => None
                  end
              | None => None
              end
          | None => None
          end
      | None => None
      end
  end.

Fixpoint decode_row (tables : list table) (st : state) : option (list Z * state) :=
  match tables with
  | [] => Some ([], st)
  | t :: tables =>
      match get_code t st with
      | Some (c, st) => match decode_row tables st with Some (codes, st) => Some (c :: codes, st) | None => None end
      | None => None
      end
  end.

(** Escapes reach as far as e = 30. *)
Definition code_ok (t : table) (c : Z) : Prop := Z.abs c - bound t < 2 ^ 31.

(** ** Proofs *)

Lemma cumulative_mono f first n n' :
  (forall i, (i < n')%nat -> 1 <= f (first + Z.of_nat i)) -> (n <= n')%nat ->
  0 <= cumulative f first n /\ cumulative f first n <= cumulative f first n'.
Proof.
  intros Hf Hn. split.
  - induction n as [|n IH]; cbn [cumulative]; [lia|]. specialize (Hf n ltac:(lia)).
    specialize (IH ltac:(lia)). lia.
  - induction n' as [|n' IH]; [assert (n = 0)%nat as -> by lia; lia|].
    destruct (Nat.eq_dec n (S n')) as [-> | Hne]; [lia|]. cbn [cumulative].
    pose proof (Hf n' ltac:(lia)). assert (cumulative f first n <= cumulative f first n').
    { apply IH; [intros i Hi; apply Hf|]; lia. } lia.
Qed.

Section Table.

Variable t : table.
Hypothesis Ht : table_ok t.

Let F n := cumulative (frequency t) (- bound t) n.
Let count := Z.to_nat (2 * bound t + 1).

Lemma frequency_pos i : (i < count)%nat -> 1 <= frequency t (- bound t + Z.of_nat i).
Proof. destruct Ht as (Hb & Hf & _). intros Hi. apply Hf. unfold count in Hi. lia. Qed.

Lemma F_le n n' : (n <= n')%nat -> (n' <= count)%nat -> 0 <= F n <= F n'.
Proof.
  intros Hn Hn'. destruct (cumulative_mono (frequency t) (- bound t) n n'); [|easy|unfold F; lia].
  intros i Hi. apply frequency_pos. lia.
Qed.

Lemma F_count : F count = 2 ^ 16 - 1.
Proof. apply Ht. Qed.

Lemma symbol_of_ok c : Z.abs c <= bound t -> symbol_ok (symbol_of t c) /\ fst (symbol_of t c) + snd (symbol_of t c) <= 2 ^ 16 - 1.
Proof.
  intros Hc. destruct Ht as (Hb & Hf & _). unfold symbol_ok, symbol_of; cbn [fst snd].
  pose proof (Hf c ltac:(lia)). set (n := Z.to_nat (c + bound t)).
  pose proof (F_le n (S n) ltac:(lia) ltac:(unfold n, count; lia)) as H1.
  pose proof (F_le (S n) count ltac:(unfold n, count; lia) ltac:(lia)) as H2. rewrite F_count in H2.
  unfold F in H1, H2. cbn [cumulative] in H1, H2.
  replace (- bound t + Z.of_nat n) with c in * by (unfold n; lia). lia.
Qed.

(** The interval of c names c. *)
Lemma find_symbol_correct c m n :
  Z.abs c <= bound t -> (n <= count)%nat -> (Z.to_nat (c + bound t) < n)%nat ->
  snd (symbol_of t c) <= m < snd (symbol_of t c) + fst (symbol_of t c) -> find_symbol t m n = Some c.
Proof.
  intros Hc Hn Hlt Hm. set (i := Z.to_nat (c + bound t)) in *. unfold symbol_of in Hm; cbn [fst snd] in Hm. fold i in Hm.
  induction n as [|n IH]; [lia|]. cbn [find_symbol]. destruct (Nat.eq_dec i n) as [<- | Hne].
  - destruct (Z.leb_spec (cumulative (frequency t) (- bound t) i) m); [|lia]. f_equal. unfold i. lia.
  - destruct (Z.leb_spec (cumulative (frequency t) (- bound t) n) m) as [Hle | _]; [|apply IH; lia].
    pose proof (F_le (S i) n ltac:(lia) ltac:(lia)) as H. unfold F in H. cbn [cumulative] in H.
    replace (- bound t + Z.of_nat i) with c in H by (unfold i; lia). lia.
Qed.

Lemma named_symbol c m :
  Z.abs c <= bound t -> snd (symbol_of t c) <= m < snd (symbol_of t c) + fst (symbol_of t c) -> named t m = Some c.
Proof.
  intros Hc Hm. pose proof (symbol_of_ok c Hc) as [_ Hs]. unfold named. destruct (Z.ltb_spec m (2 ^ 16 - 1)); [|lia].
  apply find_symbol_correct; try easy. unfold count. lia.
Qed.

End Table.

Lemma bit_symbol_ok b : symbol_ok (bit_symbol b).
Proof. destruct b; unfold symbol_ok, bit_symbol; cbn [fst snd]; lia. Qed.

Lemma escape_ok : symbol_ok escape.
Proof. unfold symbol_ok, escape; cbn [fst snd]; lia. Qed.

Lemma put_all_state_ok s st : Forall symbol_ok s -> state_ok st -> state_ok (put_all s st).
Proof. intros Hs Hst. induction Hs as [|a s Ha _ IH]; [easy|]. now apply put_state_ok. Qed.

Definition bits (b : list bool) : list symbol := map bit_symbol b.

Lemma bits_ok b : Forall symbol_ok (bits b).
Proof. apply Forall_map, Forall_forall. intros; apply bit_symbol_ok. Qed.

Lemma get_bit_put b st : state_ok st -> get_bit (put (bit_symbol b) st) = Some (b, st).
Proof.
  intros Hst. unfold get_bit. pose proof (peek_put _ _ (bit_symbol_ok b) Hst) as Hp.
  assert (Hb : (2 ^ 15 <=? peek (put (bit_symbol b) st)) = b).
  { destruct b; cbn [bit_symbol fst snd] in Hp; [apply Z.leb_le|apply Z.leb_gt]; lia. }
  now rewrite Hb, (get_put _ _ (bit_symbol_ok b) Hst).
Qed.

Lemma get_exponent_put e most st :
  (e <= most)%nat -> state_ok st ->
  get_exponent most (put_all (bits (repeat true e ++ [false])) st) = Some (e, st).
Proof.
  revert most. induction e as [|e IH]; intros most He Hst.
  - destruct most; cbn [repeat app bits map put_all fold_right get_exponent]; now rewrite get_bit_put.
  - destruct most as [|most]; [lia|].
    change (put_all (bits (repeat true (S e) ++ [false])) st)
      with (put (bit_symbol true) (put_all (bits (repeat true e ++ [false])) st)).
    cbn [get_exponent]. rewrite get_bit_put by (apply put_all_state_ok; [apply bits_ok|easy]).
    rewrite IH by (easy || lia). easy.
Qed.

Lemma get_low_bits_put n a v st :
  state_ok st -> 0 <= v ->
  get_low_bits n a (put_all (bits (low_bits n v)) st) = Some (a * 2 ^ Z.of_nat n + v mod 2 ^ Z.of_nat n, st).
Proof.
  intros Hst Hv. revert a. induction n as [|n IH]; intros a.
  - cbn. now rewrite Z.mod_1_r, Z.mul_1_r, Z.add_0_r.
  - change (put_all (bits (low_bits (S n) v)) st)
      with (put (bit_symbol (Z.testbit v (Z.of_nat n))) (put_all (bits (low_bits n v)) st)).
    cbn [get_low_bits]. rewrite get_bit_put by (apply put_all_state_ok; [apply bits_ok|easy]).
    rewrite IH. do 2 f_equal. rewrite Z.testbit_spec' by lia.
    rewrite Nat2Z.inj_succ, Z.pow_succ_r by lia. set (p := 2 ^ Z.of_nat n).
    assert (Hp : 0 < p) by (apply Z.pow_pos_nonneg; lia).
    rewrite (Z.mul_comm 2 p), Z.rem_mul_r by lia. lia.
Qed.

Lemma put_all_app s s' st : put_all (s ++ s') st = put_all s (put_all s' st).
Proof. apply fold_right_app. Qed.

Lemma symbols_ok t c : table_ok t -> Forall symbol_ok (symbols t c).
Proof.
  intros Ht. unfold symbols. destruct (Z.leb_spec (Z.abs c) (bound t)).
  - constructor; [now apply symbol_of_ok|constructor].
  - constructor; [apply escape_ok|apply bits_ok].
Qed.

Theorem get_code_put t c st :
  table_ok t -> code_ok t c -> state_ok st -> get_code t (put_all (symbols t c) st) = Some (c, st).
Proof.
  intros Ht Hc Hst. unfold symbols, get_code. destruct (Z.leb_spec (Z.abs c) (bound t)) as [Hle | Hgt].
  - cbn [put_all fold_right]. pose proof (symbol_of_ok t Ht c Hle) as [Hs _].
    rewrite (named_symbol t Ht c _ Hle (peek_put _ _ Hs Hst)).
    now rewrite (get_put _ _ Hs Hst).
  - set (v := Z.abs c - bound t). set (e := Z.to_nat (Z.log2 v)).
    assert (Hv : 0 < v) by (unfold v; lia).
    pose proof (Z.log2_nonneg v) as He0. pose proof (Z.log2_spec v Hv) as Hlog.
    assert (He : (e <= 30)%nat).
    { unfold code_ok in Hc. fold v in Hc. apply Z.log2_lt_pow2 in Hc; [unfold e|]; lia. }
    set (st2 := put_all (bits (low_bits e v)) st).
    set (st1 := put_all (bits (repeat true e ++ [false])) st2).
    assert (Hst2 : state_ok st2) by (apply put_all_state_ok; [apply bits_ok|easy]).
    assert (Hst1 : state_ok st1) by (apply put_all_state_ok; [apply bits_ok|easy]).
    replace (put_all (escape :: map bit_symbol ((c <? 0) :: gamma v)) st)
      with (put escape (put (bit_symbol (c <? 0)) st1)).
    2:{ unfold st1, st2. rewrite <- put_all_app. unfold gamma. fold e. unfold bits. rewrite <- map_app, <- app_assoc. easy. }
    assert (Hst0 : state_ok (put (bit_symbol (c <? 0)) st1)) by (apply put_state_ok; [apply bit_symbol_ok|easy]).
    assert (Hn : named t (peek (put escape (put (bit_symbol (c <? 0)) st1))) = None).
    { pose proof (peek_put _ _ escape_ok Hst0) as Hp. cbn [escape fst snd] in Hp. unfold named.
      destruct (Z.ltb_spec (peek (put escape (put (bit_symbol (c <? 0)) st1))) (2 ^ 16 - 1)); [|easy]. unfold escape in *. lia. }
    rewrite Hn, (get_put _ _ escape_ok Hst0), (get_bit_put _ _ Hst1).
    unfold st1. rewrite get_exponent_put by easy. unfold st2. rewrite get_low_bits_put by (easy || lia).
    do 2 f_equal. unfold e. rewrite Z2Nat.id by easy. rewrite Z.pow_succ_r in Hlog by easy.
    rewrite (Z.mod_eq v (2 ^ Z.log2 v)) by lia.
    replace (v / 2 ^ Z.log2 v) with 1 by (apply Z.div_unique with (v - 2 ^ Z.log2 v); lia).
    unfold v at 2. destruct (Z.ltb_spec c 0); unfold v; lia.
Qed.

Definition row_ok (row : list (table * Z)) : Prop := Forall (fun tc => table_ok (fst tc) /\ code_ok (fst tc) (snd tc)) row.

Lemma encode_row_state_ok row st : row_ok row -> state_ok st -> state_ok (encode_row row st).
Proof.
  intros Hrow Hst. induction Hrow as [|[t c] row [Ht _] _ IH]; [easy|]. cbn [encode_row fold_right fst snd].
  apply put_all_state_ok; [now apply symbols_ok|exact IH].
Qed.

(** A whole row, from any state: the codes come back, and the state that the encoder began with. *)
Theorem decode_encode_row row st :
  row_ok row -> state_ok st -> decode_row (map fst row) (encode_row row st) = Some (map snd row, st).
Proof.
  intros Hrow Hst. induction Hrow as [|[t c] row [Ht Hc] Hrow IH]; [easy|].
  cbn [encode_row fold_right map decode_row fst snd].
  fold (encode_row row st). rewrite get_code_put; [|easy|easy|now apply encode_row_state_ok]. now rewrite IH.
Qed.

(** ** The stream: the state in the fewest bytes (5 at least), then the words, little-endian *)

Fixpoint to_bytes (n : nat) (v : Z) : list Z :=
  match n with O => [] | S n => v mod 2 ^ 8 :: to_bytes n (v / 2 ^ 8) end.
Fixpoint of_bytes (b : list Z) : Z := match b with [] => 0 | a :: b => a + 2 ^ 8 * of_bytes b end.

Definition state_bytes (x : Z) : nat :=
  if x <? 2 ^ 40 then 5%nat else if x <? 2 ^ 48 then 6%nat else if x <? 2 ^ 56 then 7%nat else 8%nat.

Definition to_stream (st : state) : list Z :=
  to_bytes (state_bytes (fst st)) (fst st) ++ flat_map (to_bytes 4) (snd st).

Fixpoint words_of (n : nat) (b : list Z) : list Z :=
  match n with O => [] | S n => of_bytes (firstn 4 b) :: words_of n (skipn 4 b) end.

(** Of L bytes the first 5 + (L - 5) mod 4 are the state. *)
Definition of_stream (b : list Z) : state :=
  let n := (5 + (length b - 5) mod 4)%nat in
  (of_bytes (firstn n b), words_of ((length b - n) / 4) (skipn n b)).

Definition words_ok (words : list Z) : Prop := Forall (fun w => 0 <= w < 2 ^ 32) words.

Lemma to_bytes_length n v : length (to_bytes n v) = n.
Proof. revert v. induction n as [|n IH]; intros v; cbn [to_bytes length]; [easy|]. now rewrite IH. Qed.

Lemma of_to_bytes n v : 0 <= v < 2 ^ (8 * Z.of_nat n) -> of_bytes (to_bytes n v) = v.
Proof.
  revert v. induction n as [|n IH]; intros v Hv.
  - replace (8 * Z.of_nat 0) with 0 in Hv by lia. cbn in *. lia.
  - cbn [to_bytes of_bytes]. rewrite IH.
    + pose proof (Z.div_mod v (2 ^ 8) ltac:(lia)). lia.
    + replace (8 * Z.of_nat (S n)) with (8 + 8 * Z.of_nat n) in Hv by lia.
      rewrite Z.pow_add_r in Hv by lia. split; [apply Z.div_pos; lia|apply Z.div_lt_upper_bound; lia].
Qed.

Lemma words_of_to_bytes words : words_ok words -> words_of (length words) (flat_map (to_bytes 4) words) = words.
Proof.
  intros H. induction H as [|w words Hw _ IH]; [easy|]. cbn [length words_of flat_map].
  rewrite firstn_app, skipn_app, to_bytes_length. replace (4 - 4)%nat with 0%nat by lia. rewrite firstn_O, skipn_O.
  rewrite app_nil_r, firstn_all2, skipn_all2, app_nil_l by (rewrite to_bytes_length; lia).
  now rewrite IH, of_to_bytes.
Qed.

Lemma words_bytes_length words : length (flat_map (to_bytes 4) words) = (length words * 4)%nat.
Proof. induction words as [|w words IH]; [easy|]. cbn [flat_map length]. rewrite app_length, to_bytes_length, IH. lia. Qed.

Lemma to_stream_length st : length (to_stream st) = (state_bytes (fst st) + length (snd st) * 4)%nat.
Proof. unfold to_stream. now rewrite app_length, to_bytes_length, words_bytes_length. Qed.

Lemma state_bytes_range x : x < 2 ^ 63 -> (5 <= state_bytes x <= 8)%nat /\ x < 2 ^ (8 * Z.of_nat (state_bytes x)).
Proof.
  intros Hx. unfold state_bytes. destruct (Z.ltb_spec x (2 ^ 40)); [split; [lia|exact H]|].
  destruct (Z.ltb_spec x (2 ^ 48)); [split; [lia|assumption]|]. destruct (Z.ltb_spec x (2 ^ 56)); [split; [lia|assumption]|].
  split; [lia|]. change (2 ^ (8 * Z.of_nat 8)) with (2 * 2 ^ 63). lia.
Qed.

(** The length of a stream tells that of its state. *)
Lemma state_bytes_of_length st : state_ok st -> (5 + (length (to_stream st) - 5) mod 4)%nat = state_bytes (fst st).
Proof.
  intros [_ Hx]. destruct (state_bytes_range (fst st) Hx) as [Hk _]. rewrite to_stream_length.
  replace (state_bytes (fst st) + length (snd st) * 4 - 5)%nat with (state_bytes (fst st) - 5 + length (snd st) * 4)%nat by lia.
  rewrite Nat.mod_add, Nat.mod_small by lia. lia.
Qed.

Theorem of_to_stream st : state_ok st -> words_ok (snd st) -> of_stream (to_stream st) = st.
Proof.
  intros Hst Hw. unfold of_stream. rewrite (state_bytes_of_length st Hst), to_stream_length. unfold to_stream.
  destruct st as [x words]. unfold state_ok in Hst. cbn [fst snd] in *. destruct (state_bytes_range x ltac:(lia)) as [Hk Hx].
  set (k := state_bytes x) in *. replace ((k + length words * 4 - k) / 4)%nat with (length words).
  2:{ replace (k + length words * 4 - k)%nat with (length words * 4)%nat by lia. now rewrite Nat.div_mul. }
  rewrite firstn_app, skipn_app, to_bytes_length. replace (k - k)%nat with 0%nat by lia. rewrite firstn_O, skipn_O.
  rewrite app_nil_r, firstn_all2, skipn_all2, app_nil_l by (rewrite to_bytes_length; lia).
  rewrite words_of_to_bytes, of_to_bytes by (easy || lia). easy.
Qed.

(** Words leave the state in 32 bits. *)
Lemma put_words_ok s st : symbol_ok s -> state_ok st -> words_ok (snd st) -> words_ok (snd (put s st)).
Proof.
  destruct s as [f F], st as [x words]. unfold put. intros _ _ Hw. cbn [snd] in Hw.
  destruct (f * 2 ^ 47 <=? x); cbn [snd]; [|easy]. constructor; [|easy]. apply Z.mod_pos_bound. lia.
Qed.

Lemma put_all_words_ok s st :
  Forall symbol_ok s -> state_ok st -> words_ok (snd st) -> words_ok (snd (put_all s st)).
Proof.
  intros Hs Hst Hw. induction Hs as [|a s Ha Hs IH]; [easy|].
  apply put_words_ok; [easy|now apply put_all_state_ok|exact IH].
Qed.

Lemma encode_row_words_ok row st : row_ok row -> state_ok st -> words_ok (snd st) -> words_ok (snd (encode_row row st)).
Proof.
  intros Hrow Hst Hw. induction Hrow as [|[t c] row [Ht _] Hrow IH]; [easy|]. cbn [encode_row fold_right fst snd].
  apply put_all_words_ok; [now apply symbols_ok|now apply encode_row_state_ok|exact IH].
Qed.

(** From the 32 bits of the norm to the bytes of the stream and back. *)
Definition row_stream (norm_bits : Z) (row : list (table * Z)) : list Z := to_stream (encode_row row (2 ^ 31 + norm_bits, [])).

Theorem row_stream_decodes norm_bits row :
  0 <= norm_bits < 2 ^ 32 -> row_ok row ->
  decode_row (map fst row) (of_stream (row_stream norm_bits row)) = Some (map snd row, (2 ^ 31 + norm_bits, [])).
Proof.
  intros Hn Hrow. assert (Hst : state_ok (2 ^ 31 + norm_bits, [])) by (unfold state_ok; cbn [fst]; lia).
  unfold row_stream. rewrite of_to_stream.
  - now apply decode_encode_row.
  - now apply encode_row_state_ok.
  - apply encode_row_words_ok; try easy. constructor.
Qed.
