(** * A file of entropy-coded rows that was written is read back (docs/format.md, scheme 1) *)
From Coq Require Import ZArith NArith List Bool Arith Lia.
From Flocq Require Import IEEE754.Bits.
From Hdq Require Import StreamCoder Philox Packing FloatOperations NormList FixedRateCodec FloatBytes FileFormat FrequencyList StepCodec StepFile.
From Hdq Require Import FrequencyModel StepRoundTrip RowError FileRoundTrip.
Import ListNotations.
Open Scope N_scope.

(** ** Bytes and their checksum *)

Definition bytes_ok (b : list N) : Prop := Forall (fun x => x < 2 ^ 8) b.

Lemma bytes_of_word_ok count w : bytes_ok (bytes_of_word count w).
Proof.
  revert w. induction count as [|c IH]; intros w; [constructor|]. cbn [bytes_of_word]. constructor; [|apply IH].
  change 255 with (N.ones 8). rewrite N.land_ones. now apply N.mod_lt.
Qed.

Lemma unpack_number_ok count n : bytes_ok (unpack_number count 8 n).
Proof.
  revert n. induction count as [|c IH]; intros n; [constructor|]. cbn [unpack_number]. constructor; [|apply IH].
  rewrite N.land_ones. now apply N.mod_lt.
Qed.

Lemma zeros_ok count : bytes_ok (repeat 0 count).
Proof. apply Forall_forall. intros x Hx. apply repeat_spec in Hx. now subst. Qed.

Lemma lxor_lt a b n : a < 2 ^ n -> b < 2 ^ n -> N.lxor a b < 2 ^ n.
Proof.
  intros Ha Hb. destruct (N.eq_dec a 0) as [-> | Ha0]; [now rewrite N.lxor_0_l|]. destruct (N.eq_dec b 0) as [-> | Hb0]; [now rewrite N.lxor_0_r|].
  destruct (N.eq_dec (N.lxor a b) 0) as [-> | H0]; [apply N.le_lt_trans with a; lia|]. apply N.log2_lt_pow2; [lia|].
  apply N.le_lt_trans with (1 := N.log2_lxor a b). apply N.max_lub_lt; apply N.log2_lt_pow2; lia.
Qed.

Lemma crc32c_lt bytes : bytes_ok bytes -> crc32c bytes < 2 ^ 32.
Proof.
  intros H. unfold crc32c. apply lxor_lt; [|easy]. generalize 0xFFFFFFFF (eq_refl : 0xFFFFFFFF < 2 ^ 32). intros crc Hcrc.
  revert crc Hcrc. induction H as [|b bytes Hb _ IH]; intros crc Hcrc; [exact Hcrc|]. cbn [fold_left]. apply IH. unfold crc32c_byte.
  assert (Hstart : N.lxor crc b < 2 ^ 32) by (apply lxor_lt; [exact Hcrc|now apply N.lt_trans with (1 := Hb)]). revert Hstart.
  generalize (N.lxor crc b). intros c Hc. assert (Hbit : forall c, c < 2 ^ 32 -> crc32c_bit c < 2 ^ 32).
  { clear. intros c Hc. unfold crc32c_bit. assert (N.shiftr c 1 < 2 ^ 32).
    { rewrite N.shiftr_div_pow2. apply N.le_lt_trans with (2 := Hc). now apply N.div_le_upper_bound; [|lia]. }
    destruct (N.odd c); [now apply lxor_lt|easy]. }
  unfold Nat.iter. cbn [nat_rect]. now repeat apply Hbit.
Qed.

(** ** The stream of a row: bytes, not too many *)

Lemma to_bytes_range n v : Forall (fun b => 0 <= b < 2 ^ 8)%Z (to_bytes n v).
Proof. revert v. induction n as [|n IH]; intros v; [constructor|]. cbn [to_bytes]. constructor; [now apply Z.mod_pos_bound|apply IH]. Qed.

Lemma to_stream_range st : Forall (fun b => 0 <= b < 2 ^ 8)%Z (to_stream st).
Proof.
  unfold to_stream. apply Forall_app. split; [apply to_bytes_range|]. apply Forall_flat_map, Forall_forall. intros w _. apply to_bytes_range.
Qed.

Lemma put_words s st : (length (snd (put s st)) <= 1 + length (snd st))%nat.
Proof. destruct s as [f F], st as [x words]. unfold put. destruct (f * 2 ^ 47 <=? x)%Z; cbn [snd length]; lia. Qed.

Lemma put_all_words s st : (length (snd (put_all s st)) <= length s + length (snd st))%nat.
Proof.
  induction s as [|a s IH]; [cbn; lia|]. cbn [put_all fold_right length]. fold (put_all s st).
  pose proof (put_words a (put_all s st)). lia.
Qed.

Lemma low_bits_length n v : length (low_bits n v) = n.
Proof. induction n as [|n IH]; [easy|]. cbn [low_bits length]. now rewrite IH. Qed.

(** An escape, a sign, and twice at most 30 bits with the 0 between them. *)
Lemma symbols_length t c : code_ok t c -> (length (symbols t c) <= 63)%nat.
Proof.
  intros Hc. unfold symbols, code_ok in *. destruct (Z.leb_spec (Z.abs c) (bound t)); [cbn; lia|].
  cbn [length]. rewrite map_length. cbn [length]. unfold gamma. rewrite app_length, repeat_length. cbn [length]. rewrite low_bits_length.
  assert (Z.log2 (Z.abs c - bound t) < 31)%Z by (apply Z.log2_lt_pow2; lia). lia.
Qed.

Lemma encode_row_words row st : row_ok row -> (length (snd (StreamCoder.encode_row row st)) <= 63 * length row + length (snd st))%nat.
Proof.
  intros H. induction H as [|[t c] row [_ Hc] _ IH]; [cbn; lia|]. cbn [StreamCoder.encode_row fold_right length fst snd]. fold (StreamCoder.encode_row row st).
  pose proof (put_all_words (symbols t c) (StreamCoder.encode_row row st)). pose proof (symbols_length t c Hc). cbn [fst snd] in *. lia.
Qed.

(** ** A row in the file *)

Definition step_file_ok (f : step_file) : Prop :=
  (0 < step_dimension f)%nat /\ (Z.of_nat (step_dimension f) <= 2 ^ 24)%Z /\ step_ok (step_size f) /\
  step_tables f = bucket_table (coarse64 (step_size f)).

Definition step_row_ok (f : step_file) (row : step_row) : Prop :=
  length (snd row) = step_order f /\ row_fits (code_width (step_order f) (step_size f)) (fst row) (snd row).

Section File.
Variable f : step_file.
Hypothesis Hf : step_file_ok f.
Let d := step_order f.
Let h := raw_bits_of (step_size f).
Let width := code_width d (step_size f).

Lemma width_le : (width <= 4)%nat.
Proof. unfold width, code_width. destruct (narrow_codes d (step_size f)); lia. Qed.

Lemma order_small : (Z.of_nat d <= 2 ^ 24)%Z.
Proof. destruct Hf as (H1 & H2 & _). now destruct (shape_of_spec (step_dimension f) ltac:(lia) ltac:(lia)) as (_ & _ & H). Qed.

Lemma packed_row_spec number row : step_row_ok f row ->
  let p := packed_row f number row in
  length (fst p) = step_raw_length f /\ bytes_ok (fst p) /\ bytes_ok (snd p) /\ (N.of_nat (length (snd p)) < 2 ^ 32 - 1) /\
  get_row (step_tables f) h width (dither_word (step_seed f) number) d (fst p) (map Z.of_N (snd p)) = Some row.
Proof.
  intros [Hlen Hfits]. destruct Hf as (_ & _ & Hstep & Htables). destruct row as [norm codes]. cbn [fst snd] in *. fold d in Hlen, Hfits. fold width in Hfits.
  unfold packed_row. rewrite Htables. cbn [fst snd]. fold h. set (word := dither_word (step_seed f) number).
  pose proof (get_put_row (step_size f) word width norm codes Hstep width_le Hfits) as Hget. fold h in Hget. rewrite Hlen in Hget.
  set (p := put_row (bucket_table (coarse64 (step_size f))) h word norm codes) in *.
  rewrite (surjective_pairing p) in Hget |- *. cbn [fst snd].
  assert (Hraw : exists l, fst p = raw_bits_bytes h l /\ length l = d).
  { unfold p, put_row. destruct (is_zero32 norm); cbn [fst]; eexists; (split; [reflexivity|]); now rewrite ?map_length. }
  assert (Hstream : Forall (fun b => 0 <= b < 2 ^ 8)%Z (snd p) /\ (length (snd p) <= 8 + 252 * d)%nat).
  { unfold p, put_row. destruct (is_zero32 norm) eqn:Ez; cbn [snd]; [split; [constructor|apply Nat.le_0_l]|].
    destruct Hfits as [(Hfin & Hpos & Hfit) | [-> _]]; [|discriminate Ez]. unfold row_stream. split; [apply to_stream_range|].
    pose proof (coarse_row_ok (step_size f) word width codes Hstep width_le Hfit) as Hrow. fold h in Hrow.
    rewrite to_stream_length. set (row := combine _ _) in *. pose proof (positive_bits norm Hfin Hpos) as Hbits.
    pose proof (encode_row_words row (2 ^ 31 + bits_of_b32 norm, [])%Z Hrow) as Hwords. cbn [snd length] in Hwords.
    pose proof (encode_row_state_ok row (2 ^ 31 + bits_of_b32 norm, [])%Z Hrow) as Hst. unfold state_ok in Hst. cbn [fst] in Hst.
    specialize (Hst ltac:(lia)). destruct (state_bytes_range _ (proj2 Hst)) as [Hbytes _].
    assert (Hl : (length row <= d)%nat).
    { unfold row. rewrite combine_length, tables_of_row_length, Hlen. apply Nat.le_min_l. }
    clear - Hwords Hbytes Hl. lia. }
  clearbody p. destruct p as [raw stream]. cbn [fst snd] in *.
  destruct Hraw as (l & -> & Hl), Hstream as [Hrange Hsize]. unfold raw_bits_bytes, pack_bytes. rewrite unpack_number_length, map_length, Hl.
  assert (Hback : map Z.of_N (map Z.to_N stream) = stream).
  { rewrite map_map. clear - Hrange. induction Hrange as [|b s Hb _ IH]; [easy|]. cbn [map]. rewrite IH, Z2N.id by lia. reflexivity. }
  split; [reflexivity|]. split; [apply unpack_number_ok|]. split; [|split].
  - apply Forall_map. apply Forall_impl with (2 := Hrange). intros b Hb. lia.
  - rewrite map_length. pose proof order_small. lia.
  - rewrite Hback. unfold raw_bits_bytes, pack_bytes in Hget. rewrite map_length, Hl in Hget. exact Hget.
Qed.

Lemma packed_rows_length number rows : length (packed_rows f number rows) = length rows.
Proof. revert number. induction rows as [|row rows IH]; intros number; [easy|]. cbn [packed_rows length]. now rewrite IH. Qed.

Definition packed_ok (p : list N * list N) : Prop :=
  length (fst p) = step_raw_length f /\ bytes_ok (fst p) /\ bytes_ok (snd p) /\ N.of_nat (length (snd p)) < 2 ^ 32 - 1.

Lemma packed_rows_ok number rows : Forall (step_row_ok f) rows -> Forall packed_ok (packed_rows f number rows).
Proof.
  intros H. revert number. induction H as [|row rows Hrow _ IH]; intros number; [constructor|]. cbn [packed_rows]. constructor; [|apply IH].
  destruct (packed_row_spec number row Hrow) as (H1 & H2 & H3 & H4 & _). now repeat split.
Qed.

Lemma rows_of_streams_packed rows : Forall (step_row_ok f) rows -> forall number X Y,
  let packed := packed_rows f number rows in
  rows_of_streams f number (map (fun p => N.of_nat (length (snd p))) packed) (flat_map fst packed ++ X) (flat_map snd packed ++ Y) = Some rows.
Proof.
  intros H. induction H as [|row rows Hrow _ IH]; intros number X Y packed; [easy|]. unfold packed. cbn [packed_rows map flat_map rows_of_streams].
  destruct (packed_row_spec number row Hrow) as (Hraw & _ & _ & _ & Hget). cbv zeta in Hraw, Hget.
  rewrite <- !app_assoc, Nat2N.id. rewrite firstn_exact, skipn_exact by exact Hraw. rewrite firstn_exact, skipn_exact by reflexivity.
  fold d h width. fold h width d in Hget. rewrite Hget, IH. reflexivity.
Qed.

(** ** Lengths *)

Lemma fold_max lengths : forall a, a <= fold_left N.max lengths a /\ Forall (fun l => l <= fold_left N.max lengths a) lengths /\
  (fold_left N.max lengths a = a \/ In (fold_left N.max lengths a) lengths).
Proof.
  induction lengths as [|l lengths IH]; intros a; [split; [cbn; lia|split; [constructor|now left]]|]. cbn [fold_left].
  destruct (IH (N.max a l)) as (H1 & H2 & H3). split; [lia|]. split; [constructor; [lia|exact H2]|].
  destruct H3 as [-> | H3]; [|right; now right]. destruct (N.max_spec a l) as [[_ ->] | [_ ->]]; [right; now left|now left].
Qed.

Lemma fold_min lengths : forall a, fold_left N.min lengths a <= a /\ Forall (fun l => fold_left N.min lengths a <= l) lengths.
Proof.
  induction lengths as [|l lengths IH]; intros a; [split; [cbn; lia|constructor]|]. cbn [fold_left].
  destruct (IH (N.min a l)) as [H1 H2]. split; [lia|constructor; [lia|exact H2]].
Qed.

Lemma width_of_fits v : v < 2 ^ 32 -> v < 2 ^ (8 * N.of_nat (width_of v)).
Proof.
  intros Hv. unfold width_of. destruct (N.ltb_spec v (2 ^ 8)) as [H | _]; [exact H|]. now destruct (N.ltb_spec v (2 ^ 16)) as [H | _].
Qed.

Section Lengths.
Variable lengths : list N.
Hypothesis Hlengths : Forall (fun l => l < 2 ^ 32 - 1) lengths.
Let least := fold_left N.min (filter (fun l => 0 <? l) lengths) (2 ^ 32).
Let most := fold_left N.max lengths 0.
Let base := if most =? 0 then 0 else least.
Let stored l := if l =? 0 then 0 else l - base + 1.

Lemma base_le l : In l lengths -> l <> 0 -> base <= l <= most.
Proof.
  intros Hl Hne. destruct (fold_max lengths 0) as (_ & Hmost & _). fold most in Hmost. rewrite Forall_forall in Hmost. pose proof (Hmost l Hl) as Hle.
  destruct (fold_min (filter (fun l => 0 <? l) lengths) (2 ^ 32)) as [_ Hmin]. fold least in Hmin. rewrite Forall_forall in Hmin.
  unfold base. destruct (N.eqb_spec most 0); [lia|]. split; [|exact Hle]. apply Hmin, filter_In. split; [exact Hl|]. apply N.ltb_lt. lia.
Qed.

Lemma most_lt : most < 2 ^ 32 - 1.
Proof.
  destruct (fold_max lengths 0) as (_ & _ & [H | H]); fold most in H; [now rewrite H|]. rewrite Forall_forall in Hlengths. now apply Hlengths.
Qed.

Lemma base_lt : base < 2 ^ 32.
Proof.
  pose proof most_lt. destruct (N.eq_dec most 0) as [H0 | Hne]; [unfold base; now rewrite H0|].
  destruct (fold_max lengths 0) as (_ & _ & [E | E]); fold most in E; [lia|]. pose proof (base_le most E Hne). lia.
Qed.

Lemma stored_fits l : In l lengths -> stored l < 2 ^ (8 * N.of_nat (width_of (stored most))).
Proof.
  intros Hl. pose proof most_lt. apply N.le_lt_trans with (stored most).
  - unfold stored. destruct (N.eqb_spec l 0) as [|Hne]; [lia|]. pose proof (base_le l Hl Hne). destruct (N.eqb_spec most 0); lia.
  - apply width_of_fits. unfold stored. destruct (N.eqb_spec most 0); lia.
Qed.

Lemma stored_back l : In l lengths -> (if stored l =? 0 then 0 else base + stored l - 1) = l.
Proof.
  intros Hl. unfold stored. destruct (N.eqb_spec l 0) as [-> | Hne]; [easy|]. pose proof (base_le l Hl Hne).
  destruct (N.eqb_spec (l - base + 1) 0); lia.
Qed.

Lemma lengths_read w rest : w = width_of (stored most) ->
  map (fun l => if l =? 0 then 0 else base + l - 1)
    (map word_of_bytes (groups_of w (length lengths) (flat_map (fun l => bytes_of_word w (stored l)) lengths ++ rest))) = lengths.
Proof.
  intros ->. rewrite groups_of_pieces by (apply Forall_forall; intros; apply bytes_of_word_length). rewrite !map_map.
  rewrite (map_ext_in _ (fun l => l)); [apply map_id|]. intros l Hl. rewrite word_of_bytes_of_word by now apply stored_fits. now apply stored_back.
Qed.
End Lengths.

(** ** A block *)

Lemma flat_map_ok {A : Type} (g : A -> list N) l : (forall x, In x l -> bytes_ok (g x)) -> bytes_ok (flat_map g l).
Proof. intros H. apply Forall_flat_map, Forall_forall. exact H. Qed.

Lemma in_flat_map_length {A B : Type} (g : A -> list B) x l : In x l -> (length (g x) <= length (flat_map g l))%nat.
Proof. intros Hx. induction l as [|y l IH]; [easy|]. cbn [flat_map]. rewrite app_length. destruct Hx as [-> | Hx]; [lia|]. specialize (IH Hx). lia. Qed.

Theorem rows_of_step_block_bytes number rows : Forall (step_row_ok f) rows ->
  rows_of_step_block f number (length rows) (step_block_bytes f number rows) = Some rows.
Proof.
  intros Hrows. set (block := step_block_bytes f number rows). pose proof (eq_refl : block = step_block_bytes f number rows) as Eb.
  unfold step_block_bytes in Eb. cbv zeta in Eb. set (first := number * step_rows_per_block f) in *. set (packed := packed_rows f first rows) in *.
  pose proof (packed_rows_ok first rows Hrows) as Hok. fold packed in Hok. pose proof (packed_rows_length first rows) as Hcount. fold packed in Hcount.
  set (lengths := map (fun p => N.of_nat (length (snd p))) packed) in *.
  assert (Hlengths : Forall (fun l => l < 2 ^ 32 - 1) lengths) by (apply Forall_map; apply Forall_impl with (2 := Hok); intros p (_ & _ & _ & H); exact H).
  set (least := fold_left N.min (filter (fun l => 0 <? l) lengths) (2 ^ 32)) in *. set (most := fold_left N.max lengths 0) in *.
  set (base := if most =? 0 then 0 else least) in *. set (stored := fun l => if l =? 0 then 0 else l - base + 1) in *.
  change (if most =? 0 then 0 else most - base + 1) with (stored most) in Eb.
  set (w := width_of (stored most)) in *. set (table := flat_map _ lengths) in Eb.
  set (raws := flat_map fst packed) in *. set (streams := flat_map snd packed) in *.
  set (content := bytes_of_word 4 base ++ bytes_of_word 4 (N.of_nat w) ++ table ++ raws ++ streams) in *.
  set (zeros := repeat 0 ((4 - length content mod 4) mod 4)) in *. set (crc := crc32c (bytes_of_word 8 number ++ content ++ zeros)) in *.
  assert (Hbytes : bytes_ok (bytes_of_word 8 number ++ content ++ zeros)).
  { unfold content. repeat (apply Forall_app; split); try apply bytes_of_word_ok; try apply zeros_ok; apply flat_map_ok; intros x Hx.
    - apply bytes_of_word_ok.
    - rewrite Forall_forall in Hok. apply (Hok x Hx).
    - rewrite Forall_forall in Hok. apply (Hok x Hx). }
  pose proof (crc32c_lt _ Hbytes) as Hcrc. fold crc in Hcrc.
  assert (Hw : N.of_nat w < 2 ^ 32) by (unfold w, width_of; destruct (stored most <? 2 ^ 8), (stored most <? 2 ^ 16); easy).
  assert (Hlength : (length block - 4 = length (content ++ zeros))%nat) by (rewrite Eb, app_length, bytes_of_word_length; lia).
  unfold rows_of_step_block. cbv zeta.
  assert (Hintact : block_intact number block = true).
  { unfold block_intact. rewrite Hlength. rewrite Eb. rewrite firstn_exact, skipn_exact by reflexivity.
    rewrite word_of_bytes_of_word by exact Hcrc. apply N.eqb_refl. }
  assert (Hbase : field 0 4 block = base).
  { rewrite Eb. unfold content. rewrite <- !app_assoc. change (field 0 4 ([] ++ bytes_of_word 4 base ++ bytes_of_word 4 (N.of_nat w) ++ table ++ raws ++ streams ++ zeros ++ bytes_of_word 4 crc) = base).
    rewrite field_at by (easy || apply bytes_of_word_length). apply word_of_bytes_of_word. exact (base_lt lengths Hlengths). }
  assert (Hwidth : field 4 4 block = N.of_nat w).
  { rewrite Eb. unfold content. rewrite <- !app_assoc. rewrite field_at by apply bytes_of_word_length. now apply word_of_bytes_of_word. }
  assert (Hrest : block = (bytes_of_word 4 base ++ bytes_of_word 4 (N.of_nat w)) ++ table ++ raws ++ streams ++ zeros ++ bytes_of_word 4 crc).
  { rewrite Eb. unfold content. now rewrite <- !app_assoc. }
  assert (Hskip8 : skipn 8 block = table ++ raws ++ streams ++ zeros ++ bytes_of_word 4 crc).
  { rewrite Hrest at 1. apply skipn_exact. now rewrite app_length, !bytes_of_word_length. }
  assert (Htable : length table = (w * length rows)%nat).
  { unfold table. rewrite (flat_map_length _ w) by (apply Forall_forall; intros; apply bytes_of_word_length). unfold lengths. now rewrite map_length, Hcount. }
  assert (Hskip : skipn (8 + w * length rows) block = raws ++ streams ++ zeros ++ bytes_of_word 4 crc).
  { rewrite Hrest at 1. rewrite (app_assoc _ table). apply skipn_exact. now rewrite !app_length, !bytes_of_word_length, Htable. }
  assert (Hraws : length raws = (step_raw_length f * length rows)%nat).
  { unfold raws. rewrite (flat_map_length fst (step_raw_length f)), Hcount; [easy|]. apply Forall_impl with (2 := Hok). now intros p (H & _). }
  rewrite Hintact, Hbase, Hwidth, Nat2N.id, Hskip8.
  assert (Hread : map (fun l => if l =? 0 then 0 else base + l - 1) (map word_of_bytes (groups_of w (length rows) (table ++ raws ++ streams ++ zeros ++ bytes_of_word 4 crc))) = lengths).
  { rewrite <- Hcount. replace (length packed) with (length lengths) by (unfold lengths; apply map_length).
    exact (lengths_read lengths Hlengths w (raws ++ streams ++ zeros ++ bytes_of_word 4 crc) eq_refl). }
  rewrite Hread. replace (forallb (fun l => l <=? N.of_nat (length block)) lengths) with true.
  2: { symmetry. apply forallb_forall. intros l Hl. apply N.leb_le. unfold lengths in Hl. apply in_map_iff in Hl as (p & <- & Hp).
       pose proof (in_flat_map_length snd p packed Hp) as H. fold streams in H. rewrite Hrest, !app_length. lia. }
  cbn [andb]. rewrite Hskip, skipn_exact by exact Hraws. apply (rows_of_streams_packed rows Hrows first).
Qed.

Lemma step_block_nonempty number rows : (0 < length (step_block_bytes f number rows))%nat.
Proof. unfold step_block_bytes. cbv zeta. rewrite app_length, bytes_of_word_length. lia. Qed.

(** ** The file *)

Let B := N.to_nat (step_rows_per_block f).

Lemma rows_per_block_positive : (0 < B)%nat.
Proof. unfold B, step_rows_per_block. assert (1 <= 2 ^ N.log2 (262144 / N.of_nat (step_order f))) by (apply (N.pow_le_mono_r 2 0); lia). lia. Qed.

Lemma rows_of_step_blocks_bytes count : forall number start rows rest, Forall (step_row_ok f) rows -> (length rows <= B * count)%nat ->
  let blocks := step_blocks f number (groups_of B count rows) in
  rows_of_step_blocks f number (N.of_nat (length rows)) start (ends_of start blocks) (concat blocks ++ rest) = Some rows.
Proof.
  pose proof rows_per_block_positive as HB. induction count as [|count IH]; intros number start rows rest Hrows Hlen.
  - destruct rows; [easy|cbn in Hlen; lia].
  - cbv zeta. cbn [groups_of step_blocks ends_of rows_of_step_blocks concat]. set (head := firstn B rows). set (tail := skipn B rows).
    assert (Hr : N.min (step_rows_per_block f) (N.of_nat (length rows)) = N.of_nat (length head)).
    { unfold head. rewrite firstn_length. unfold B. lia. }
    rewrite Hr. assert (Hleft : N.of_nat (length rows) - N.of_nat (length head) = N.of_nat (length tail)).
    { unfold head, tail. rewrite firstn_length, skipn_length. lia. }
    rewrite Hleft. set (block := step_block_bytes f number head). replace (start + N.of_nat (length block) - start) with (N.of_nat (length block)) by lia.
    rewrite !Nat2N.id, <- app_assoc, firstn_exact, skipn_exact by reflexivity. unfold block at 1.
    rewrite rows_of_step_block_bytes by (now apply Forall_firstn). unfold tail.
    rewrite IH; [|now apply Forall_skipn|rewrite skipn_length; lia]. cbn [option_map]. unfold head. now rewrite firstn_skipn.
Qed.

Lemma groups_of_length {A : Type} w count (v : list A) : length (groups_of w count v) = count.
Proof. revert v. induction count as [|c IH]; intros v; [easy|]. cbn [groups_of length]. now rewrite IH. Qed.

Lemma step_blocks_length number groups : length (step_blocks f number groups) = length groups.
Proof. revert number. induction groups as [|g groups IH]; intros number; [easy|]. cbn [step_blocks length]. now rewrite IH. Qed.

Lemma ends_of_spec start blocks : length (ends_of start blocks) = length blocks /\
  Forall (fun e => e <= start + N.of_nat (length (concat blocks))) (ends_of start blocks).
Proof.
  revert start. induction blocks as [|b blocks IH]; intros start; [split; [easy|constructor]|]. cbn [ends_of concat length].
  destruct (IH (start + N.of_nat (length b))) as [Hl He]. split; [now rewrite Hl|]. rewrite app_length. constructor; [lia|].
  apply Forall_impl with (2 := He). intros e H. lia.
Qed.

Lemma step_header_length rows : length (step_header_bytes f rows) = 128%nat.
Proof. unfold step_header_bytes, step_header_body. rewrite !app_length, !bytes_of_word_length. unfold bytes_of_float. rewrite bytes_of_word_length. reflexivity. Qed.

(** No file is as long as 2^64 bytes. *)
Theorem load_saved_step_rows rows : Forall (step_row_ok f) rows -> N.of_nat (length (save_step_rows f rows)) < 2 ^ 64 ->
  load_step_rows f (N.of_nat (length rows)) (save_step_rows f rows) = Some rows.
Proof.
  intros Hrows Hsize. unfold load_step_rows. set (bytes := save_step_rows f rows) in *. set (count := step_block_count f (N.of_nat (length rows))). cbv zeta.
  pose proof (eq_refl : bytes = save_step_rows f rows) as E. unfold save_step_rows in E. cbv zeta in E. fold B count in E.
  set (blocks := step_blocks f 0 (groups_of B count rows)) in *. set (header := step_header_bytes f (N.of_nat (length rows))) in *.
  assert (Hblocks : length blocks = count) by (unfold blocks; now rewrite step_blocks_length, groups_of_length).
  destruct (ends_of_spec 128 blocks) as [Hends Hbound]. set (ends := ends_of 128 blocks) in *. set (index := flat_map (bytes_of_word 8) ends) in *.
  set (crc := bytes_of_word 4 _) in E. assert (Hheader : length header = 128%nat) by apply step_header_length.
  assert (Hindex : length index = (8 * count)%nat).
  { unfold index. rewrite (flat_map_length _ 8), Hends, Hblocks; [easy|]. apply Forall_forall. intros; apply bytes_of_word_length. }
  assert (Hlength : length bytes = (128 + (length (concat blocks) + (8 * count + 4)))%nat).
  { rewrite E, !app_length, Hheader, Hindex. unfold crc. now rewrite bytes_of_word_length. }
  replace (Nat.leb (128 + (8 * count + 4)) (length bytes)) with true by (symmetry; apply Nat.leb_le; lia).
  assert (Hfirst : firstn 128 bytes = header) by (rewrite E; now apply firstn_exact). rewrite Hfirst, same_bytes_refl. cbn [andb].
  assert (Hskip : skipn (length bytes - (8 * count + 4)) bytes = index ++ crc).
  { replace (length bytes - (8 * count + 4))%nat with (length (header ++ concat blocks)) by (rewrite app_length, Hheader; lia).
    rewrite E, app_assoc. now apply skipn_exact. }
  assert (Hread : map word_of_bytes (groups_of 8 count (skipn (length bytes - (8 * count + 4)) bytes)) = ends).
  { rewrite Hskip. unfold index. rewrite <- Hblocks, <- Hends, groups_of_pieces by (apply Forall_forall; intros; apply bytes_of_word_length).
    rewrite map_map, (map_ext_in _ (fun e => e)); [apply map_id|]. intros e He. apply word_of_bytes_of_word. rewrite Forall_forall in Hbound.
    specialize (Hbound e He). change (8 * N.of_nat 8) with 64. lia. }
  rewrite Hread. replace (forallb (fun e => e <=? N.of_nat (length bytes)) ends) with true.
  2: { symmetry. apply forallb_forall. intros e He. apply N.leb_le. rewrite Forall_forall in Hbound. specialize (Hbound e He). lia. }
  assert (Hbody : skipn 128 bytes = concat blocks ++ index ++ crc) by (rewrite E; now apply skipn_exact). rewrite Hbody.
  assert (Hcover : (length rows <= B * count)%nat).
  { pose proof rows_per_block_positive. unfold count, step_block_count, B in *. set (b := step_rows_per_block f) in *.
    pose proof (N.div_mod (N.of_nat (length rows) + b - 1) b ltac:(lia)) as Hd. pose proof (N.mod_lt (N.of_nat (length rows) + b - 1) b ltac:(lia)).
    rewrite <- N2Nat.inj_mul. revert Hd. generalize (b * ((N.of_nat (length rows) + b - 1) / b)). intros t Hd. lia. }
  unfold ends, blocks. rewrite rows_of_step_blocks_bytes by easy. fold bytes. now rewrite same_bytes_refl.
Qed.

(** One file for what is in it, and nothing else is read as it. *)
Theorem load_step_rows_iff rows bytes : Forall (step_row_ok f) rows -> N.of_nat (length (save_step_rows f rows)) < 2 ^ 64 ->
  load_step_rows f (N.of_nat (length rows)) bytes = Some rows <-> bytes = save_step_rows f rows.
Proof. intros Hrows Hsize. split; [apply load_step_rows_exact|]. intros ->. now apply load_saved_step_rows. Qed.
End File.
