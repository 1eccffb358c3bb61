(** * A row of codes that was put is got back (SPEC §7)

    The programs of StepCodec.v, from codes to raw bits and stream and back, with the tables of FrequencyList.v. *)
From Coq Require Import ZArith NArith Reals List Bool Lia Lra.
From Flocq Require Import Core Core.Digits IEEE754.BinarySingleNaN IEEE754.Binary IEEE754.Bits.
From Hdq Require Import EntropyDefs StreamCoder FrequencyTables Packing FloatOperations FrequencyList StepCodec FrequencyModel.
Import ListNotations.
Open Scope Z_scope.

(** ** A norm and its 32 bits *)

Lemma b32_of_bits_of_b32 x : b32_of_bits (bits_of_b32 x) = x.
Proof. exact (binary_float_of_bits_of_binary_float 23 8 eq_refl eq_refl eq_refl x). Qed.

Lemma positive_bits x : is_finite32 x = true -> (0 < value32 x)%R -> 1 <= bits_of_b32 x < 0x7F800000.
Proof.
  destruct x as [s|s|s pl Hpl|[|] m e He]; intros Hf Hx; try discriminate Hf; unfold value32, Binary.B2R in Hx; cbn [cond_Zopp] in Hx.
  - exfalso. lra.
  - exfalso. exact (Rlt_asym _ _ Hx (F2R_lt_0 radix2 (Float radix2 (Z.neg m) e) ltac:(easy))).
  - clear Hf Hx. unfold bits_of_b32, bits_of_binary_float, join_bits. cbv zeta.
    pose proof He as He'. apply andb_prop in He' as [Hc Hle]. apply Zle_bool_imp_le in Hle. apply Zeq_bool_eq in Hc.
    unfold SpecFloat.fexp, SpecFloat.emin in Hc. rewrite Zpos_digits2_pos in Hc.
    assert (Hm : Z.pos m < 2 ^ 24) by (apply (Zpower_gt_Zdigits radix2 24 (Z.pos m)); lia).
    rewrite !Z.shiftl_mul_pow2 by lia. change (SpecFloat.emin (23 + 1) (2 ^ (8 - 1))) with (-149). change (2 ^ 23) with 8388608 in *.
    destruct (Z.leb_spec 0 (Z.pos m - 8388608)); lia.
Qed.

(** ** Lists *)

Lemma combine_map {A B C : Type} (f : A -> B) (g : A -> C) (l : list A) : combine (map f l) (map g l) = map (fun x => (f x, g x)) l.
Proof. induction l as [|x l IH]; [easy|]. cbn [map combine]. now rewrite IH. Qed.

Lemma forallb_same (l : list N) : forallb (fun p => N.eqb (fst p) (snd p)) (combine l l) = true.
Proof. induction l as [|x l IH]; [easy|]. cbn [combine forallb fst snd]. now rewrite N.eqb_refl, IH. Qed.

(** ** Raw bits *)

Lemma raw_bits_unpacked h codes :
  unpack_bytes (N.of_nat h) (length codes) (raw_bits_bytes h codes) = map (fun k => Z.to_N (k mod 2 ^ Z.of_nat h)) codes.
Proof.
  unfold raw_bits_bytes. rewrite <- (map_length (fun k => Z.to_N (k mod 2 ^ Z.of_nat h)) codes). apply unpack_pack.
  intros c Hc. apply in_map_iff in Hc as (k & <- & _). assert (H0 : 0 < 2 ^ Z.of_nat h) by (apply Z.pow_pos_nonneg; lia).
  pose proof (Z.mod_pos_bound k (2 ^ Z.of_nat h) H0) as Hk. apply N2Z.inj_lt. now rewrite Z2N.id, N2Z.inj_pow, nat_N_Z by apply Hk.
Qed.

Lemma coarse_and_raw h k : 2 ^ Z.of_nat h * (k / 2 ^ Z.of_nat h) + Z.of_N (Z.to_N (k mod 2 ^ Z.of_nat h)) = k.
Proof.
  assert (H0 : 0 < 2 ^ Z.of_nat h) by (apply Z.pow_pos_nonneg; lia). pose proof (Z.mod_pos_bound k _ H0).
  rewrite Z2N.id by lia. symmetry. now apply Z_div_mod_eq_full.
Qed.

Lemma zeros_pack h (codes : list Z) : zero_bytes (raw_bits_bytes h (map (fun _ => 0) codes)) = true.
Proof.
  unfold raw_bits_bytes, pack_bytes. set (z := map _ (map _ codes)).
  assert (Hz : pack_number (N.of_nat h) z = 0%N).
  { unfold z. induction codes as [|c codes IH]; [easy|]. cbn [map]. rewrite Z.mod_0_l by (apply Z.pow_nonzero; lia).
    cbn [pack_number fold_right]. fold (pack_number (N.of_nat h)). unfold pack_number in IH. rewrite IH. now rewrite N.shiftl_0_l. }
  rewrite Hz. generalize (packed_length (N.of_nat h) (length z)). clear. intros count.
  unfold zero_bytes. induction count as [|count IH]; [easy|]. cbn [unpack_number forallb]. rewrite N.shiftr_0_l. exact IH.
Qed.

(** ** Tables of a row *)

Lemma tables_of_row_length tables word d : length (tables_of_row tables word d) = d.
Proof. unfold tables_of_row. now rewrite map_length, seq_length. Qed.

Lemma step_coarse_range step : step_ok step -> (1/8 <= coarse_step (value32 step) (raw_bits_of step) <= 16)%R.
Proof.
  intros Hstep. destruct (raw_bits_model step Hstep) as (Hh & _). destruct Hstep as [_ Hs].
  assert (0 < / 2 ^ 10)%R by (apply Rinv_0_lt_compat, pow_lt; lra). apply coarse_step_range; [lra|exact Hh].
Qed.

Lemma tables_of_row_ok step word d t : step_ok step -> In t (tables_of_row (bucket_table (coarse64 step)) word d) ->
  table_ok t /\ 1 <= bound t.
Proof.
  intros Hstep Hin. unfold tables_of_row in Hin. apply in_map_iff in Hin as (j & <- & _). rewrite bucket_of_model.
  set (u := bucket_of_word _). assert (Hu : 0 <= u < 64) by apply bucket_range.
  destruct (step_table_model step u Hstep Hu) as [_ Hagree]. pose proof (step_coarse_range step Hstep) as HW.
  split; [exact (agree_ok _ _ Hagree (coarse_table_ok _ u HW Hu))|]. rewrite (proj1 Hagree).
  exact (largest_positive _ HW).
Qed.

(** ** A row *)

(** A row that a stream holds: a positive norm and codes of so many bytes, or zeros. *)
Definition row_fits (width : nat) (norm : binary32) (codes : list Z) : Prop :=
  (is_finite32 norm = true /\ (0 < value32 norm)%R /\ forallb (code_fits width) codes = true) \/
  (norm = zero32 /\ Forall (fun c => c = 0) codes).

Lemma code_fits_4 width c : (width <= 4)%nat -> code_fits width c = true -> - 2 ^ 31 <= c < 2 ^ 31.
Proof.
  intros Hw H. unfold code_fits in H. apply andb_prop in H as [H1 H2]. apply Z.leb_le in H1. apply Z.ltb_lt in H2.
  assert (2 ^ (8 * Z.of_nat width - 1) <= 2 ^ 31) by (apply Z.pow_le_mono_r; lia). lia.
Qed.

Lemma coarse_row_ok step word width codes : step_ok step -> (width <= 4)%nat -> forallb (code_fits width) codes = true ->
  row_ok (combine (tables_of_row (bucket_table (coarse64 step)) word (length codes)) (coarse_codes (raw_bits_of step) codes)).
Proof.
  intros Hstep Hw Hfit. apply Forall_forall. intros [t c] Hin. cbn [fst snd].
  destruct (tables_of_row_ok step word (length codes) t Hstep (in_combine_l _ _ _ _ Hin)) as [Hok Hbound].
  split; [exact Hok|]. apply in_combine_r in Hin. unfold coarse_codes in Hin. apply in_map_iff in Hin as (k & <- & Hk).
  rewrite forallb_forall in Hfit. pose proof (code_fits_4 width k Hw (Hfit k Hk)) as Hr.
  unfold code_ok. set (p := 2 ^ Z.of_nat (raw_bits_of step)). assert (Hp : 1 <= p) by (apply (Z.pow_le_mono_r 2 0); lia).
  assert (- 2 ^ 31 <= k / p) by (apply Z.div_le_lower_bound; lia). assert (k / p < 2 ^ 31) by (apply Z.div_lt_upper_bound; lia). lia.
Qed.

Section Row.
Variables (step : binary32) (word : N) (width : nat) (norm : binary32) (codes : list Z).
Hypothesis Hstep : step_ok step.
Hypothesis Hwidth : (width <= 4)%nat.
Hypothesis Hfits : row_fits width norm codes.
Let h := raw_bits_of step.
Let tables := bucket_table (coarse64 step).

(** The bytes are those that the models say. *)
Theorem put_row_model : is_zero32 norm = false ->
  snd (put_row tables h word norm codes)
  = row_stream (bits_of_b32 norm)
      (combine (row_tables (value32 step) h (N.to_nat word) (length codes)) (coarse_codes h codes)).
Proof.
  intros Hne. unfold put_row. rewrite Hne. cbn [snd]. unfold row_stream. f_equal.
  apply agree_encode_row. now apply tables_of_row_model.
Qed.

Let row := combine (tables_of_row tables word (length codes)) (coarse_codes h codes).
Let st := encode_row row (2 ^ 31 + bits_of_b32 norm, []).

Lemma final_state_ok : row_ok row -> 0 <= bits_of_b32 norm < 2 ^ 32 -> state_ok st.
Proof. intros Hrow Hbits. apply encode_row_state_ok; [exact Hrow|]. unfold state_ok. cbn [fst]. lia. Qed.

Theorem get_put_row :
  let (raw, stream) := put_row tables h word norm codes in
  get_row tables h width word (length codes) raw stream = Some (norm, codes).
Proof.
  unfold put_row. destruct Hfits as [(Hf & Hpos & Hfit) | [-> Hzero]].
  2: { cbn [is_zero32 zero32]. unfold get_row. rewrite zeros_pack. do 2 f_equal.
       clear - Hzero. induction Hzero as [|c l -> _ IH]; [easy|]. cbn [length repeat]. now rewrite IH. }
  assert (Hne : is_zero32 norm = false).
  { destruct (is_zero32 norm) eqn:E; [|easy]. apply (is_zero32_spec norm Hf) in E. lra. }
  rewrite Hne. fold row. unfold row_stream. fold st. pose proof (positive_bits norm Hf Hpos) as Hbits.
  pose proof (coarse_row_ok step word width codes Hstep Hwidth Hfit) as Hrow. fold h tables row in Hrow.
  pose proof (final_state_ok Hrow ltac:(lia)) as Hst.
  assert (Hlen : (5 <= length (to_stream st))%nat).
  { rewrite to_stream_length. pose proof (state_bytes_range (fst st) (proj2 Hst)). lia. }
  assert (Hcoarse : coarse_of_stream tables word (length codes) (to_stream st) = Some (norm, coarse_codes h codes)).
  { unfold coarse_of_stream. destruct (Nat.ltb_spec (length (to_stream st)) 5) as [|_]; [lia|]. cbv zeta.
    pose proof (row_stream_decodes (bits_of_b32 norm) row ltac:(lia) Hrow) as Hdec. unfold row_stream in Hdec. fold st in Hdec.
    assert (Hsize : length (tables_of_row tables word (length codes)) = length (coarse_codes h codes)).
    { unfold coarse_codes. now rewrite tables_of_row_length, map_length. }
    unfold row in Hdec. rewrite map_fst_combine, map_snd_combine in Hdec by exact Hsize. rewrite Hdec.
    rewrite of_to_stream; [|exact Hst|apply encode_row_words_ok; [exact Hrow|unfold state_ok; cbn [fst]; lia|constructor]].
    unfold first_state_ok. rewrite (state_bytes_of_length st Hst), Nat.eqb_refl. destruct Hst as [Hst1 Hst2].
    apply Z.leb_le in Hst1. apply Z.ltb_lt in Hst2. rewrite Hst1, Hst2. cbn [andb].
    replace (2 ^ 31 + bits_of_b32 norm - 2 ^ 31) with (bits_of_b32 norm) by ring.
    destruct (Z.leb_spec 1 (bits_of_b32 norm)); [|lia]. destruct (Z.ltb_spec (bits_of_b32 norm) 0x7F800000); [|lia].
    cbn [andb]. now rewrite b32_of_bits_of_b32. }
  unfold get_row. destruct (to_stream st) as [|byte bytes] eqn:E; [simpl in Hlen; lia|]. rewrite Hcoarse, raw_bits_unpacked. cbv zeta.
  unfold coarse_codes. rewrite combine_map, map_map. cbn [fst snd].
  assert (Hsame : map (fun k => 2 ^ Z.of_nat h * (k / 2 ^ Z.of_nat h) + Z.of_N (Z.to_N (k mod 2 ^ Z.of_nat h))) codes = codes).
  { rewrite (map_ext _ (fun k => k)) by (intros k; apply coarse_and_raw). apply map_id. }
  rewrite Hsame, Hfit. unfold raw_bits_bytes. now rewrite forallb_same.
Qed.

(** No stream is as long as 2^32 bytes. *)
End Row.
