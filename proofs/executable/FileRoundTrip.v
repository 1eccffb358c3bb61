(** * A file that was written is read back (docs/format.md, scheme 0) *)
From Coq Require Import ZArith NArith List Bool Arith Lia.
From Flocq Require Import IEEE754.Bits.
From Hdq Require Import Packing NormList FixedRateCodec FloatBytes FileFormat StepRoundTrip RowError.
Import ListNotations.
Open Scope N_scope.

(** ** Words and floats as bytes *)

Lemma bytes_of_word_length count w : length (bytes_of_word count w) = count.
Proof. revert w. induction count as [|c IH]; intros w; [easy|]. cbn [bytes_of_word length]. now rewrite IH. Qed.

Lemma word_of_bytes_of_word count w : w < 2 ^ (8 * N.of_nat count) -> word_of_bytes (bytes_of_word count w) = w.
Proof.
  revert w. induction count as [|c IH]; intros w Hw.
  - change (2 ^ (8 * N.of_nat 0)) with 1 in Hw. cbn. lia.
  - cbn [bytes_of_word word_of_bytes fold_right]. fold (word_of_bytes (bytes_of_word c (N.shiftr w 8))).
    rewrite IH; rewrite N.shiftr_div_pow2.
    + rewrite N.shiftl_mul_pow2. change 255 with (N.ones 8). rewrite N.land_ones. pose proof (N.div_mod w (2 ^ 8) ltac:(easy)). lia.
    + apply N.div_lt_upper_bound; [easy|]. rewrite <- N.pow_add_r. replace (8 + 8 * N.of_nat c) with (8 * N.of_nat (S c)) by lia. exact Hw.
Qed.

Lemma bits_of_b32_range x : (0 <= bits_of_b32 x < 2 ^ 32)%Z.
Proof. exact (bits_of_binary_float_range 23 8 eq_refl eq_refl x). Qed.

Lemma word_of_bytes_of_float x : word_of_bytes (bytes_of_float x) = Z.to_N (bits_of_b32 x).
Proof.
  unfold bytes_of_float. apply word_of_bytes_of_word. pose proof (bits_of_b32_range x). change (2 ^ (8 * N.of_nat 4)) with (Z.to_N (2 ^ 32)).
  apply Z2N.inj_lt; lia.
Qed.

Lemma floats_of_bytes_of_floats x : floats_of_bytes (bytes_of_floats x) = x.
Proof.
  unfold bytes_of_floats. induction x as [|a x IH]; [easy|]. cbn [flat_map]. pose proof (word_of_bytes_of_float a) as Ha.
  pose proof (bytes_of_word_length 4 (Z.to_N (bits_of_b32 a))) as Hl. fold (bytes_of_float a) in Hl. pose proof (bits_of_b32_range a).
  destruct (bytes_of_float a) as [|b0 [|b1 [|b2 [|b3 [|? ?]]]]]; try discriminate Hl.
  cbn [app floats_of_bytes]. now rewrite Ha, IH, Z2N.id, b32_of_bits_of_b32.
Qed.

Lemma bytes_of_floats_length x : length (bytes_of_floats x) = (4 * length x)%nat.
Proof.
  unfold bytes_of_floats. induction x as [|a x IH]; [easy|]. cbn [flat_map length]. rewrite app_length, IH.
  unfold bytes_of_float. rewrite bytes_of_word_length. lia.
Qed.

(** ** Lists *)

Lemma firstn_exact {A : Type} (a b : list A) n : length a = n -> firstn n (a ++ b) = a.
Proof. intros <-. now rewrite firstn_app, Nat.sub_diag, firstn_O, app_nil_r, firstn_all. Qed.

Lemma skipn_exact {A : Type} (a b : list A) n : length a = n -> skipn n (a ++ b) = b.
Proof. intros <-. now rewrite skipn_app, Nat.sub_diag, skipn_all. Qed.

Lemma same_bytes_refl a : same_bytes a a = true.
Proof. induction a as [|x a IH]; [easy|]. cbn [same_bytes]. now rewrite N.eqb_refl, IH. Qed.

(** Pieces of one length, one after the other. *)
Lemma groups_of_pieces {A B : Type} (f : B -> list A) width (l : list B) rest :
  Forall (fun x => length (f x) = width) l -> groups_of width (length l) (flat_map f l ++ rest) = map f l.
Proof.
  intros H. induction H as [|x l Hx _ IH]; [easy|]. cbn [length groups_of flat_map map]. rewrite <- app_assoc.
  now rewrite firstn_exact, skipn_exact, IH by exact Hx.
Qed.

Lemma flat_map_length {A B : Type} (f : B -> list A) width (l : list B) :
  Forall (fun x => length (f x) = width) l -> length (flat_map f l) = (width * length l)%nat.
Proof. intros H. induction H as [|x l Hx _ IH]; [cbn; lia|]. cbn [flat_map length]. rewrite app_length, Hx, IH. lia. Qed.

Lemma field_at offset count (a b c : list N) : length a = offset -> length b = count -> field offset count (a ++ b ++ c) = word_of_bytes b.
Proof. intros Ha Hb. unfold field. rewrite (skipn_exact a) by exact Ha. now rewrite (firstn_exact b) by exact Hb. Qed.

Lemma combine_fst_snd {A B : Type} (l : list (A * B)) : combine (map fst l) (map snd l) = l.
Proof. induction l as [|[a b] l IH]; [easy|]. cbn [map combine fst snd]. now rewrite IH. Qed.

(** ** The header *)

Definition header_fields_ok (h : file_header) : Prop :=
  file_rows h < 2 ^ 64 /\ file_dimension h < 2 ^ 64 /\ file_bits h < 2 ^ 32 /\ rows_per_block h < 2 ^ 32 /\
  file_seed h < 2 ^ 64 /\ file_first_row h < 2 ^ 64 /\ file_dither h < 2 ^ 32.

Lemma header_body_length h : length (header_body h) = 124%nat.
Proof. unfold header_body. rewrite !app_length, !bytes_of_word_length. reflexivity. Qed.

Lemma header_bytes_length h : length (header_bytes h) = 128%nat.
Proof. unfold header_bytes. now rewrite app_length, header_body_length, bytes_of_word_length. Qed.

Lemma header_of_header_bytes h rest : header_fields_ok h -> header_of_bytes (header_bytes h ++ rest) = h.
Proof.
  intros (H1 & H2 & H3 & H4 & H5 & H6 & H7). destruct h as [rows n b B seed first dither].
  cbn [file_rows file_dimension file_bits rows_per_block file_seed file_first_row file_dither] in *.
  set (h := {| file_rows := rows |}). set (o := file_order h). set (crc := crc32c (header_body h)).
  assert (E : header_bytes h ++ rest
    = magic ++ bytes_of_word 4 1 ++ bytes_of_word 4 128 ++ bytes_of_word 8 rows ++ bytes_of_word 8 n ++ bytes_of_word 8 o
      ++ bytes_of_word 4 b ++ bytes_of_word 4 B ++ bytes_of_word 8 seed ++ bytes_of_word 8 first ++ repeat 0 12
      ++ bytes_of_word 4 dither ++ repeat 0 44 ++ bytes_of_word 4 crc ++ rest).
  { unfold header_bytes, header_body. fold o crc. now rewrite <- !app_assoc. }
  rewrite E. clear E. clearbody o crc. unfold header_of_bytes, h. clear h.
  set (m := magic). set (v := bytes_of_word 4 1). set (l := bytes_of_word 4 128).
  set (r8 := bytes_of_word 8 rows). set (n8 := bytes_of_word 8 n). set (o8 := bytes_of_word 8 o). set (b4 := bytes_of_word 4 b).
  set (B4 := bytes_of_word 4 B). set (s8 := bytes_of_word 8 seed). set (f8 := bytes_of_word 8 first).
  set (z := repeat 0 12). set (t4 := bytes_of_word 4 dither).
  f_equal.
  - rewrite !(app_assoc m), !(app_assoc (m ++ v)), (field_at 16 8 ((m ++ v) ++ l)) by reflexivity. now apply word_of_bytes_of_word.
  - replace (m ++ v ++ l ++ r8 ++ n8 ++ o8 ++ b4 ++ B4 ++ s8 ++ f8 ++ z ++ t4 ++ repeat 0 44 ++ bytes_of_word 4 crc ++ rest)
      with ((m ++ v ++ l ++ r8) ++ n8 ++ o8 ++ b4 ++ B4 ++ s8 ++ f8 ++ z ++ t4 ++ repeat 0 44 ++ bytes_of_word 4 crc ++ rest) by (now rewrite <- !app_assoc).
    rewrite field_at by reflexivity. now apply word_of_bytes_of_word.
  - replace (m ++ v ++ l ++ r8 ++ n8 ++ o8 ++ b4 ++ B4 ++ s8 ++ f8 ++ z ++ t4 ++ repeat 0 44 ++ bytes_of_word 4 crc ++ rest)
      with ((m ++ v ++ l ++ r8 ++ n8 ++ o8) ++ b4 ++ B4 ++ s8 ++ f8 ++ z ++ t4 ++ repeat 0 44 ++ bytes_of_word 4 crc ++ rest) by (now rewrite <- !app_assoc).
    rewrite field_at by reflexivity. now apply word_of_bytes_of_word.
  - replace (m ++ v ++ l ++ r8 ++ n8 ++ o8 ++ b4 ++ B4 ++ s8 ++ f8 ++ z ++ t4 ++ repeat 0 44 ++ bytes_of_word 4 crc ++ rest)
      with ((m ++ v ++ l ++ r8 ++ n8 ++ o8 ++ b4) ++ B4 ++ s8 ++ f8 ++ z ++ t4 ++ repeat 0 44 ++ bytes_of_word 4 crc ++ rest) by (now rewrite <- !app_assoc).
    rewrite field_at by reflexivity. now apply word_of_bytes_of_word.
  - replace (m ++ v ++ l ++ r8 ++ n8 ++ o8 ++ b4 ++ B4 ++ s8 ++ f8 ++ z ++ t4 ++ repeat 0 44 ++ bytes_of_word 4 crc ++ rest)
      with ((m ++ v ++ l ++ r8 ++ n8 ++ o8 ++ b4 ++ B4) ++ s8 ++ f8 ++ z ++ t4 ++ repeat 0 44 ++ bytes_of_word 4 crc ++ rest) by (now rewrite <- !app_assoc).
    rewrite field_at by reflexivity. now apply word_of_bytes_of_word.
  - replace (m ++ v ++ l ++ r8 ++ n8 ++ o8 ++ b4 ++ B4 ++ s8 ++ f8 ++ z ++ t4 ++ repeat 0 44 ++ bytes_of_word 4 crc ++ rest)
      with ((m ++ v ++ l ++ r8 ++ n8 ++ o8 ++ b4 ++ B4 ++ s8) ++ f8 ++ z ++ t4 ++ repeat 0 44 ++ bytes_of_word 4 crc ++ rest) by (now rewrite <- !app_assoc).
    rewrite field_at by reflexivity. now apply word_of_bytes_of_word.
  - replace (m ++ v ++ l ++ r8 ++ n8 ++ o8 ++ b4 ++ B4 ++ s8 ++ f8 ++ z ++ t4 ++ repeat 0 44 ++ bytes_of_word 4 crc ++ rest)
      with ((m ++ v ++ l ++ r8 ++ n8 ++ o8 ++ b4 ++ B4 ++ s8 ++ f8 ++ z) ++ t4 ++ repeat 0 44 ++ bytes_of_word 4 crc ++ rest) by (now rewrite <- !app_assoc).
    rewrite field_at by reflexivity. now apply word_of_bytes_of_word.
Qed.

(** ** Blocks *)

Definition row_length_ok (h : file_header) (row : stored_row) : Prop := length (snd row) = N.to_nat (file_code_bytes h).

Section Blocks.
Variable h : file_header.
Let B := N.to_nat (rows_per_block h).
Let C := N.to_nat (file_code_bytes h).
Hypothesis HB : (0 < B)%nat.

Lemma content_length rows : Forall (row_length_ok h) rows ->
  N.of_nat (length (bytes_of_floats (map fst rows) ++ flat_map snd rows)) = N.of_nat (length rows) * (4 + file_code_bytes h).
Proof.
  intros H. rewrite app_length, bytes_of_floats_length, map_length, (flat_map_length snd C) by exact H.
  unfold C. rewrite Nat2N.inj_add, !Nat2N.inj_mul, N2Nat.id. change (N.of_nat 4) with 4. unfold stored_row. ring.
Qed.

Lemma block_bytes_length number rows : Forall (row_length_ok h) rows ->
  N.of_nat (length (block_bytes number rows)) = block_length h (N.of_nat (length rows)).
Proof.
  intros H. unfold block_bytes, block_length. cbv zeta. rewrite app_length, bytes_of_word_length, app_length, repeat_length.
  rewrite !Nat2N.inj_add, N2Nat.id, content_length by exact H. reflexivity.
Qed.

Lemma Forall_firstn {A : Type} (P : A -> Prop) n l : Forall P l -> Forall P (firstn n l).
Proof. intros H. rewrite <- (firstn_skipn n l) in H. now apply Forall_app in H. Qed.

Lemma Forall_skipn {A : Type} (P : A -> Prop) n l : Forall P l -> Forall P (skipn n l).
Proof. intros H. rewrite <- (firstn_skipn n l) in H. now apply Forall_app in H. Qed.

Lemma rows_of_blocks_bytes count : forall number rows, Forall (row_length_ok h) rows -> (length rows <= B * count)%nat ->
  rows_of_blocks h count (N.of_nat (length rows)) (blocks_bytes number (groups_of B count rows)) = rows.
Proof.
  induction count as [|count IH]; intros number rows Hrows Hlen; [destruct rows; [easy|cbn in Hlen; lia]|].
  cbn [groups_of blocks_bytes rows_of_blocks]. set (head := firstn B rows). set (tail := skipn B rows).
  assert (Hh : Forall (row_length_ok h) head) by now apply Forall_firstn.
  assert (Hr : N.min (rows_per_block h) (N.of_nat (length rows)) = N.of_nat (length head)).
  { unfold head. rewrite firstn_length. unfold B. lia. }
  rewrite Hr. assert (Hleft : N.of_nat (length rows) - N.of_nat (length head) = N.of_nat (length tail)).
  { unfold head, tail. rewrite firstn_length, skipn_length. lia. }
  rewrite Hleft, <- (block_bytes_length number head Hh), !Nat2N.id, (skipn_exact (block_bytes number head) _ (length (block_bytes number head))) by reflexivity.
  unfold tail. rewrite IH; [|now apply Forall_skipn|rewrite skipn_length; lia]. unfold block_bytes. cbv zeta. rewrite <- !app_assoc.
  assert (H4 : length (bytes_of_floats (map fst head)) = N.to_nat (4 * N.of_nat (length head))) by (now rewrite bytes_of_floats_length, map_length, N2Nat.inj_mul, Nat2N.id).
  rewrite firstn_exact, skipn_exact by exact H4. rewrite floats_of_bytes_of_floats, groups_of_pieces by exact Hh.
  transitivity (head ++ skipn B rows); [exact (f_equal (fun l => l ++ skipn B rows) (combine_fst_snd head))|apply firstn_skipn].
Qed.

Lemma blocks_bytes_length count : forall number rows, Forall (row_length_ok h) rows ->
  (B * count < length rows <= B * S count)%nat ->
  N.of_nat (length (blocks_bytes number (groups_of B (S count) rows)))
  = N.of_nat count * block_length h (rows_per_block h) + block_length h (N.of_nat (length rows - B * count)).
Proof.
  induction count as [|count IH]; intros number rows Hrows Hlen.
  - cbn [groups_of blocks_bytes]. rewrite app_nil_r, block_bytes_length by (now apply Forall_firstn).
    rewrite firstn_all2 by lia. rewrite Nat.mul_0_r, Nat.sub_0_r. lia.
  - remember (S count) as c eqn:Ec. cbn [groups_of blocks_bytes]. subst c.
    rewrite app_length, Nat2N.inj_add, block_bytes_length by (now apply Forall_firstn).
    rewrite IH; [|now apply Forall_skipn|rewrite skipn_length; lia]. rewrite firstn_length, skipn_length, Nat.min_l by lia.
    replace (length rows - B - B * count)%nat with (length rows - B * S count)%nat by lia.
    unfold B at 1. rewrite N2Nat.id. lia.
Qed.
End Blocks.

(** ** The file *)

Theorem read_file_bytes h rows :
  header_ok h = true -> header_fields_ok h -> N.of_nat (length rows) = file_rows h -> Forall (row_length_ok h) rows ->
  read_file (file_bytes h rows) = Some (h, rows).
Proof.
  intros Hok Hfields Hcount Hrows. pose proof Hok as Hrange. unfold header_ok, within in Hrange.
  rewrite !andb_true_iff, !N.leb_le in Hrange. assert (HB : 0 < rows_per_block h) by lia. clear Hrange.
  assert (Hheader : header_of_bytes (file_bytes h rows) = h) by (now apply header_of_header_bytes).
  unfold read_file. rewrite Hheader, Hok.
  set (B := rows_per_block h) in *. set (r := file_rows h) in *.
  assert (Hcover : (length rows <= N.to_nat B * N.to_nat (block_count h))%nat).
  { rewrite <- N2Nat.inj_mul. assert (r <= B * block_count h); [|lia]. unfold block_count. fold B r.
    pose proof (N.div_mod (r + B - 1) B ltac:(lia)). pose proof (N.mod_lt (r + B - 1) B ltac:(lia)). lia. }
  assert (Hlength : N.of_nat (length (file_bytes h rows)) =? file_length h = true).
  { apply N.eqb_eq. unfold file_bytes. rewrite app_length, header_bytes_length, Nat2N.inj_add. unfold file_length. fold r B.
    destruct (N.eqb_spec r 0) as [Hr0 | Hne].
    - unfold block_count. fold B r. rewrite Hr0, (N.div_small (0 + B - 1) B) by lia. reflexivity.
    - set (full := (r - 1) / B). assert (Hfull : block_count h = N.succ full).
      { unfold block_count, full. fold B r. replace (r + B - 1) with (r - 1 + 1 * B) by lia. rewrite N.div_add by lia. lia. }
      pose proof (N.div_mod (r - 1) B ltac:(lia)) as Hd. pose proof (N.mod_lt (r - 1) B ltac:(lia)) as H. fold full in Hd.
      rewrite Hfull, N2Nat.inj_succ. fold B. unfold B. rewrite blocks_bytes_length; fold B; [|lia|exact Hrows|].
      + rewrite N2Nat.id. change (N.of_nat 128) with 128. rewrite <- N.add_assoc. do 3 f_equal.
        rewrite Nat2N.inj_sub, Nat2N.inj_mul, !N2Nat.id, Hcount. lia.
      + rewrite <- N2Nat.inj_succ, <- !N2Nat.inj_mul. rewrite N.mul_succ_r. revert Hd H. generalize (B * full), ((r - 1) mod B). lia. }
  rewrite Hlength. cbn [andb]. cbv zeta. replace (rows_of_blocks _ _ _ _) with rows; [now rewrite same_bytes_refl|].
  unfold file_bytes. unfold r in Hcount |- *. rewrite (skipn_exact (header_bytes h)), <- Hcount by apply header_bytes_length.
  symmetry. apply rows_of_blocks_bytes; [fold B; lia|exact Hrows|exact Hcover].
Qed.

(** One file for what is in it, and nothing else is read as it. *)
Theorem read_file_iff h rows bytes :
  header_ok h = true -> header_fields_ok h -> N.of_nat (length rows) = file_rows h -> Forall (row_length_ok h) rows ->
  read_file bytes = Some (h, rows) <-> bytes = file_bytes h rows.
Proof. intros Hok Hfields Hcount Hrows. split; [apply read_file_exact|]. intros ->. now apply read_file_bytes. Qed.

(** ** What a kernel saves it loads *)

Lemma usual_block_length C : C <= 2 ^ 24 -> let B := usual_rows_per_block C in 1 <= B < 2 ^ 32 /\ (B * (4 + C) <= 262144 \/ B = 1).
Proof.
  intros HC B. unfold B, usual_rows_per_block. set (q := 262144 / (4 + C)).
  assert (Hq : q * (4 + C) <= 262144) by (unfold q; rewrite N.mul_comm; apply N.mul_div_le; lia).
  assert (Hle : q <= 2 ^ 16) by (apply N.div_le_upper_bound; lia).
  destruct (N.eq_dec q 0) as [-> | Hne]; [split; [now split|now right]|].
  destruct (N.log2_spec q ltac:(lia)) as [Hlog _]. assert (1 <= 2 ^ N.log2 q) by (apply (N.pow_le_mono_r 2 0); lia).
  split; [split; [easy|]|left; nia]. change (2 ^ 32) with (2 ^ 16 * 2 ^ 16). lia.
Qed.

Lemma padding_lt content : padding content < 64.
Proof. unfold padding. now apply N.mod_lt. Qed.

Theorem load_saved_rows n b seed rows :
  1 <= n <= 2 ^ 24 -> 1 <= b <= 8 -> seed < 2 ^ 64 -> N.of_nat (length rows) < 2 ^ 64 ->
  Forall (fun row => length (snd row) = packed_length b (order_of (shape_of (N.to_nat n)))) rows ->
  load_rows (N.of_nat (length rows)) n b seed (save_rows n b seed rows) = Some rows.
Proof.
  intros Hn Hb Hseed Hcount Hrows. unfold save_rows, load_rows. set (h := usual_header (N.of_nat (length rows)) n b seed).
  assert (Horder : file_order h = N.of_nat (order_of (shape_of (N.to_nat n))) /\ file_order h <= 2 ^ 24).
  { destruct (shape_of_spec (N.to_nat n) ltac:(lia) ltac:(lia)) as (_ & _ & Hd). unfold h, file_order, usual_header. cbn [file_dimension].
    assert (E : base_of n * 2 ^ exponent_of (base_of n) n = N.of_nat (order_of (shape_of (N.to_nat n)))).
    { unfold order_of, shape_of. cbn [base stages]. rewrite N2Nat.id, Nat2N.inj_mul, Nat2N.inj_pow, !N2Nat.id. reflexivity. }
    rewrite E. split; [reflexivity|lia]. }
  destruct Horder as [Horder Hsmall].
  assert (HC : file_code_bytes h <= 2 ^ 24).
  { unfold file_code_bytes. change (file_bits h) with b. apply N.lt_succ_r, N.div_lt_upper_bound; [easy|]. nia. }
  assert (Hblock : rows_per_block h = usual_rows_per_block (file_code_bytes h)) by reflexivity.
  pose proof (usual_block_length (file_code_bytes h) HC) as [HB Hsize]. rewrite <- Hblock in HB, Hsize.
  change (read_file _) with (read_file (file_bytes h rows)). rewrite (read_file_bytes h rows).
  - unfold h, usual_header. cbn [file_rows file_dimension file_bits file_seed file_dither]. now rewrite !N.eqb_refl.
  - unfold header_ok, within. rewrite !andb_true_iff, !N.leb_le. change (file_dimension h) with n. change (file_bits h) with b.
    change (file_dither h) with 0. repeat split; try lia. unfold block_length. cbv zeta.
    assert (Hcontent : N.min (rows_per_block h) (file_rows h) * (4 + file_code_bytes h) <= 4 + 2 ^ 24).
    { apply N.le_trans with (rows_per_block h * (4 + file_code_bytes h)); [apply N.mul_le_mono_r, N.le_min_l|].
      destruct Hsize as [Hs | ->]; [now apply N.le_trans with (1 := Hs)|]. rewrite N.mul_1_l. now apply N.add_le_mono_l. }
    revert Hcontent. generalize (N.min (rows_per_block h) (file_rows h) * (4 + file_code_bytes h)). intros c Hc.
    pose proof (padding_lt c). lia.
  - unfold header_fields_ok. change (file_rows h) with (N.of_nat (length rows)). change (file_dimension h) with n. change (file_bits h) with b.
    change (file_seed h) with seed. change (file_first_row h) with 0. change (file_dither h) with 0. repeat split; lia.
  - reflexivity.
  - apply Forall_impl with (2 := Hrows). intros row Hrow. unfold row_length_ok. rewrite Hrow. unfold packed_length, file_code_bytes. rewrite Horder. change (file_bits h) with b. reflexivity.
Qed.
