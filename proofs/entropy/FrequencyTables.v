(** * The tables of SPEC §7 are tables of the coder

    Items 1–5 of "Tables" as the specification writes them: binary64, every operation rounded once, to nearest, ties to even. For every
    coarse step W in [1/8, 16], which is where every step of SPEC §7 has it, and each of the 64 buckets, the frequencies are at
    least 1 and sum to 2^16 with the escape's: [step_table_ok], what the theorems of StreamCoder.v ask of a table. What is
    proved of the arithmetic is no more than that needs: e_c(u) <= 5/4, e_0(u) >= 1/5, K <= 39, and that E(u)
    is the sum of the e_c(u) up to 2^-27. Numbers are those of Flocq's FLT(-1074, 53), as in float/. *)
From Coq Require Import ZArith Reals List Lia Lra.
From Coquelicot Require Import Rcomplements.
From Flocq Require Import Core.
From Hdq Require Import Defs EntropyDefs Sums Constants FloatTree FloatCode FloatNorm StreamCoder.
Open Scope R_scope.

(** ** What the specification computes; fl is [round64] *)

(** 1. K = ⌈4.5·√(1 + W·W/12)/W⌉. *)
Definition largest_symbol (W : R) : Z :=
  Zceil (round64 (round64 (9/2 * round64 (sqrt (round64 (1 + round64 (round64 (W * W) / 12))))) / W)).

(** 2. tau of c; the factor of W is exact. *)
Definition middle_of_cell (W : R) (u c : Z) : R := round64 (W * (IZR (128 * c + 63 - 2 * u) / 128)).

Fixpoint squared (times : nat) (r : R) : R :=
  match times with O => r | S times => squared times (round64 (r * r)) end.

Definition table_exponential (q : R) : R :=
  let a := round64 (q / 2 ^ 10) in
  squared 10 (round64 (round64 (1 - a) + round64 (round64 (a * a) * (1/2)))).

(** e_c(u). *)
Definition weight (W : R) (u c : Z) : R :=
  let tau := middle_of_cell W u c in
  table_exponential (round64 (round64 (tau * tau) / round64 (2 + round64 (round64 (W * W) / 6)))).

(** 3. Of n + 1 terms, the first one's index given. *)
Fixpoint rounded_sum (e : Z -> R) (first : Z) (n : nat) : R :=
  match n with O => e first | S n' => round64 (rounded_sum e first n' + e (first + Z.of_nat n)%Z) end.

(** E(u). *)
Definition weight_sum (W : R) (u : Z) : R :=
  let K := largest_symbol W in rounded_sum (weight W u) (- K) (Z.to_nat (2 * K)).

(** 4. f_c(u) for c <> 0, and the table. *)
Definition side_frequency (W : R) (u c : Z) : Z :=
  Z.max 1 (Zfloor (round64 (round64 (round64 (65535 * weight W u c) / weight_sum W u) + 1/2))).

Definition step_table (W : R) (u : Z) : table :=
  let K := largest_symbol W in
  let f := side_frequency W u in
  {| bound := K;
     frequency := fun c => if (c =? 0)%Z
       then (65535 - (cumulative f (- K) (Z.to_nat K) + cumulative f 1 (Z.to_nat K)))%Z
       else f c |}.

(** ** Rounding *)

Lemma dyadic_binary64 (m : Z) (k : nat) : (Z.abs m < 2 ^ 53)%Z -> (k <= 1074)%nat -> is_binary64 (IZR m / 2 ^ k).
Proof.
  intros Hm Hk. apply generic_format_FLT. exists (Float radix2 m (- Z.of_nat k)).
  - unfold F2R. cbn [Fnum Fexp]. rewrite bpow_opp. unfold Rdiv. do 2 f_equal.
    rewrite bpow_powerRZ, <- pow_powerRZ. easy.
  - exact Hm.
  - cbn [Fexp]. lia.
Qed.

Lemma round_le_number x b : is_binary64 b -> x <= b -> round64 x <= b.
Proof. intros Hb Hx. rewrite <- (round_format_id (-1074) 53 b Hb). now apply round64_le. Qed.

Lemma number_le_round x b : is_binary64 b -> b <= x -> b <= round64 x.
Proof. intros Hb Hx. rewrite <- (round_format_id (-1074) 53 b Hb). now apply round64_le. Qed.

Ltac dyadic m k := replace (IZR m) with (IZR m / 2 ^ k) by (simpl; lra); apply dyadic_binary64; lia.

Lemma binary64_0 : is_binary64 0.
Proof. replace 0 with (0 / 2 ^ 0) by (simpl; lra). apply dyadic_binary64; lia. Qed.

Lemma binary64_1 : is_binary64 1.
Proof. replace 1 with (1 / 2 ^ 0) by (simpl; lra). apply dyadic_binary64; lia. Qed.

Lemma round_nonneg x : 0 <= x -> 0 <= round64 x.
Proof. apply number_le_round, binary64_0. Qed.

(** 2^-40: more than enough for what follows. *)
Local Notation eps := (/ 1099511627776).

Lemma round_near B x : 0 <= x <= B -> x - (B + 1) * eps <= round64 x <= x + (B + 1) * eps.
Proof.
  intros Hx. pose proof (round64_error x) as H. rewrite (Rabs_pos_eq x) in H by lra.
  assert (Hu : underflow64 <= eps).
  { unfold underflow64. apply Rle_trans with (bpow radix2 (-40)); [apply bpow_le; lia|]. simpl. lra. }
  assert (Hv : / 2 ^ 53 <= eps) by (simpl; lra).
  assert (/ 2 ^ 53 * x <= eps * x) by (apply Rmult_le_compat_r; lra).
  assert (eps * x <= eps * B) by (apply Rmult_le_compat_l; lra).
  apply Rabs_le_inv in H. lra.
Qed.

(** ** 2. The exponential *)

Lemma round_abs B x : Rabs x <= B -> Rabs (round64 x) <= B + (B + 1) * eps.
Proof.
  intros Hx. destruct (Rle_dec 0 x) as [H0 | H0].
  - rewrite Rabs_pos_eq in Hx by easy. rewrite Rabs_pos_eq by now apply round_nonneg.
    pose proof (round_near B x). lra.
  - rewrite Rabs_left in Hx by lra. replace x with (- - x) by ring. unfold round64. rewrite round_format_opp, Rabs_Ropp.
    fold (round64 (- x)). rewrite Rabs_pos_eq by (apply round_nonneg; lra). pose proof (round_near B (- x)). lra.
Qed.

Lemma one_plus_binary64 m : (m <= 52)%nat -> is_binary64 (1 + / 2 ^ m).
Proof.
  intros Hm. replace (1 + / 2 ^ m) with (IZR (2 ^ Z.of_nat m + 1) / 2 ^ m).
  - apply dyadic_binary64; [|lia]. assert (2 ^ Z.of_nat m <= 2 ^ 52)%Z by (apply Z.pow_le_mono_r; lia). lia.
  - rewrite plus_IZR, <- pow_IZR. assert (0 < 2 ^ m) by (apply pow_lt; lra). field. lra.
Qed.

(** Squaring may double what exceeds 1, and no more than twice that. *)
Lemma squared_le n j r : (2 * n + j <= 52)%nat -> 0 <= r <= 1 + / 2 ^ (2 * n + j) -> 0 <= squared n r <= 1 + / 2 ^ j.
Proof.
  revert r. induction n as [|n IH]; intros r Hn Hr; [easy|]. cbn [squared]. apply IH; [lia|].
  split; [apply round_nonneg; nra|]. apply round_le_number; [apply one_plus_binary64; lia|].
  replace (2 * S n + j)%nat with (S (S (2 * n + j))) in Hr by lia. rewrite <- !tech_pow_Rmult in Hr.
  assert (Hp : 1 <= 2 ^ (2 * n + j)) by (apply pow_R1_Rle; lra).
  set (p := 2 ^ (2 * n + j)) in *. replace (/ (2 * (2 * p))) with (/ p / 4) in Hr by (field; lra).
  assert (0 < / p <= 1) by (split; [apply Rinv_0_lt_compat; lra|rewrite <- Rinv_1; apply Rinv_le_contravar; lra]).
  nra.
Qed.

Lemma square_ge m m' r : (0 <= m)%Z -> (0 <= m' <= 2 ^ 20)%Z -> (m' * 2 ^ 20 <= m * m)%Z ->
  IZR m / 2 ^ 20 <= r -> IZR m' / 2 ^ 20 <= round64 (r * r).
Proof.
  intros Hm Hm' Hle Hr. apply number_le_round; [apply dyadic_binary64; lia|].
  apply IZR_le in Hm, Hle. rewrite !mult_IZR in Hle. replace (IZR (2 ^ 20)) with (2 ^ 20) in Hle by (simpl; lra).
  assert (Hp : 0 < 2 ^ 20) by (apply pow_lt; lra). set (p := 2 ^ 20) in *.
  assert (H0 : 0 <= IZR m / p) by (apply Rdiv_le_0_compat; lra).
  apply Rle_trans with (IZR m / p * (IZR m / p)); [|now apply Rmult_le_compat].
  apply Rmult_le_reg_r with (p * p); [nra|]. field_simplify; lra.
Qed.

Lemma exponential_start q : 0 <= q <= 1024 ->
  let a := round64 (q / 2 ^ 10) in
  let r := round64 (round64 (1 - a) + round64 (round64 (a * a) * (1/2))) in
  0 <= r <= 1 + / 2 ^ 22 /\ 1 - q / 1024 - / 2 ^ 20 <= r.
Proof.
  intros Hq a r. assert (Ea : a = round64 (q / 1024)) by (unfold a; do 2 f_equal; simpl; lra).
  pose proof (round_near 1 (q / 1024) ltac:(lra)) as Ha. rewrite <- Ea in Ha.
  assert (Ha0 : 0 <= a <= 1) by (rewrite Ea; split; [apply round_nonneg|apply round_le_number; [apply binary64_1|]]; lra).
  pose proof (round_near 1 (1 - a) ltac:(lra)) as H1. pose proof (round_nonneg (1 - a) ltac:(lra)) as H1'.
  assert (Haa : 0 <= a * a <= 1) by nra. assert (Haa' : a * a <= a) by nra.
  pose proof (round_near 1 (a * a) Haa) as H2. pose proof (round_nonneg (a * a) ltac:(lra)) as H2'.
  set (s := round64 (a * a)) in *.
  pose proof (round_near 1 (s * (1/2)) ltac:(lra)) as H3. pose proof (round_nonneg (s * (1/2)) ltac:(lra)) as H3'.
  set (v := round64 (s * (1/2))) in *. set (w := round64 (1 - a)) in *.
  pose proof (round_near 4 (w + v) ltac:(lra)) as H4. pose proof (round_nonneg (w + v) ltac:(lra)) as H4'.
  change (round64 (w + v)) with r in H4, H4'. clearbody r w v s. clear Ea. clearbody a.
  replace (/ 2 ^ 22) with (/ 4194304) by (simpl; lra). replace (/ 2 ^ 20) with (/ 1048576) by (simpl; lra). lra.
Qed.

Lemma table_exponential_range q : 0 <= q <= 1024 -> 0 <= table_exponential q <= 5/4.
Proof.
  intros Hq. replace (5/4) with (1 + / 2 ^ 2) by (simpl; lra). unfold table_exponential.
  apply squared_le; [lia|]. apply (exponential_start q Hq).
Qed.

Lemma table_exponential_ge q : 0 <= q <= 3/2 -> 1/5 <= table_exponential q.
Proof.
  intros Hq. unfold table_exponential. destruct (exponential_start q ltac:(lra)) as [_ H]. cbv zeta in H.
  match goal with |- _ <= squared 10 ?r0 => set (r := r0) in * end. cbn [squared].
  assert (H0 : IZR 1046976 / 2 ^ 20 <= r) by (simpl in *; lra). clearbody r. clear H.
  apply (square_ge _ 1045378) in H0; [|lia|lia|lia]. apply (square_ge _ 1042189) in H0; [|lia|lia|lia].
  apply (square_ge _ 1035840) in H0; [|lia|lia|lia]. apply (square_ge _ 1023258) in H0; [|lia|lia|lia].
  apply (square_ge _ 998551) in H0; [|lia|lia|lia]. apply (square_ge _ 950912) in H0; [|lia|lia|lia].
  apply (square_ge _ 862344) in H0; [|lia|lia|lia]. apply (square_ge _ 709187) in H0; [|lia|lia|lia].
  apply (square_ge _ 479646) in H0; [|lia|lia|lia]. apply (square_ge _ 219402) in H0; [|lia|lia|lia].
  eapply Rle_trans; [|exact H0]. simpl. lra.
Qed.

(** ** Sums of frequencies *)

Lemma IZR_cumulative f first n : IZR (cumulative f first n) = sum n (fun i => IZR (f (first + Z.of_nat i)%Z)).
Proof. induction n as [|n IH]; [easy|]. cbn [cumulative sum]. now rewrite plus_IZR, IH. Qed.

Lemma cumulative_app f first n m : (cumulative f first (n + m) = cumulative f first n + cumulative f (first + Z.of_nat n) m)%Z.
Proof.
  induction m as [|m IH]; [rewrite Nat.add_0_r; cbn [cumulative]; lia|]. rewrite Nat.add_succ_r. cbn [cumulative].
  rewrite IH. replace (first + Z.of_nat (n + m))%Z with (first + Z.of_nat n + Z.of_nat m)%Z by lia. lia.
Qed.

Lemma cumulative_ext f g first n :
  (forall i, (i < n)%nat -> f (first + Z.of_nat i) = g (first + Z.of_nat i))%Z -> cumulative f first n = cumulative g first n.
Proof. induction n as [|n IH]; intros H; [easy|]. cbn [cumulative]. rewrite IH, H; [easy|lia|intros i Hi; apply H; lia]. Qed.

(** ** 1. K *)

Section Table.

Variables (W : R) (u : Z).
Hypothesis HW : 1/8 <= W <= 16.
Hypothesis Hu : (0 <= u < 64)%Z.

Let K := largest_symbol W.

Lemma largest_nonneg : (0 <= K)%Z.
Proof.
  unfold K, largest_symbol. rewrite <- (Zceil_IZR 0). apply Zceil_le, round_nonneg.
  apply Rdiv_le_0_compat; [|lra]. apply round_nonneg, Rmult_le_pos; [lra|]. apply round_nonneg, sqrt_pos.
Qed.

Lemma largest_positive : (1 <= K)%Z.
Proof.
  unfold K, largest_symbol. set (v := round64 (1 + round64 (round64 (W * W) / 12))). set (x := round64 (_ / W)).
  assert (Hv : 1 <= v).
  { apply number_le_round; [apply binary64_1|]. assert (0 <= round64 (round64 (W * W) / 12)); [|lra].
    apply round_nonneg. assert (0 <= round64 (W * W)) by (apply round_nonneg; nra). lra. }
  assert (Ht : 1 <= round64 (sqrt v)).
  { apply number_le_round; [apply binary64_1|]. rewrite <- sqrt_1. now apply sqrt_le_1_alt. }
  assert (Hp : 4 <= round64 (9/2 * round64 (sqrt v))) by (apply number_le_round; [dyadic 4%Z 0%nat|lra]).
  assert (Hx : 1/4 <= x).
  { apply number_le_round; [replace (1/4) with (1 / 2 ^ 2) by (simpl; lra); apply dyadic_binary64; lia|].
    apply Rmult_le_reg_r with W; [lra|]. unfold Rdiv. rewrite (Rmult_assoc _ (/ W)), Rinv_l by lra. lra. }
  apply Zlt_succ_le, lt_IZR. rewrite succ_IZR. pose proof (Zceil_ub x). lra.
Qed.

(** The least W of an interval, and bounds of the square root. *)
Lemma largest_le low high root bound :
  0 < low -> low <= W <= high -> 0 <= root <= 16 -> 1 + high * high / 12 + 1/1024 <= root * root ->
  9/2 * root + 1/1024 <= (IZR bound - 1/1024) * low -> (0 <= bound <= 1024)%Z -> (K <= bound)%Z.
Proof.
  intros Hlow Hhigh Hroot Hsquare Hbound Hb. unfold K, largest_symbol. apply Zceil_glb.
  assert (Hs : 0 <= W * W <= 256) by nra. assert (Hs' : W * W <= high * high) by nra.
  pose proof (round_near 256 (W * W) Hs) as H1. pose proof (round_nonneg (W * W) ltac:(lra)) as H1'.
  set (s := round64 (W * W)) in *.
  pose proof (round_near 32 (s / 12) ltac:(lra)) as H2. pose proof (round_nonneg (s / 12) ltac:(lra)) as H2'.
  set (s12 := round64 (s / 12)) in *.
  pose proof (round_near 64 (1 + s12) ltac:(lra)) as H3. pose proof (round_nonneg (1 + s12) ltac:(lra)) as H3'.
  set (v := round64 (1 + s12)) in *.
  assert (H4 : sqrt v <= root).
  { rewrite <- (sqrt_square root) by lra. apply sqrt_le_1; nra. }
  pose proof (sqrt_pos v) as H4'. pose proof (round_near 16 (sqrt v) ltac:(lra)) as H5.
  pose proof (round_nonneg (sqrt v) H4') as H5'. set (t := round64 (sqrt v)) in *.
  pose proof (round_near 128 (9/2 * t) ltac:(lra)) as H6. pose proof (round_nonneg (9/2 * t) ltac:(lra)) as H6'.
  set (p := round64 (9/2 * t)) in *.
  pose proof (IZR_le 0 bound ltac:(lia)) as Hb0.
  pose proof (IZR_le bound 1024 ltac:(lia)) as Hb1.
  assert (Hq : p / W <= IZR bound - 1/1024).
  { apply Rmult_le_reg_r with W; [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra.
    assert (0 <= IZR bound - 1/1024) by nra.
    assert ((IZR bound - 1/1024) * low <= (IZR bound - 1/1024) * W) by (apply Rmult_le_compat_l; lra). lra. }
  pose proof (round_near 1024 (p / W)) as H7.
  assert (0 <= p / W) by (apply Rdiv_le_0_compat; lra). lra.
Qed.

Lemma largest_cases : W <= 1 /\ (K <= 39)%Z \/ 1 <= W /\ (K <= 7)%Z.
Proof.
  destruct (Rle_dec W 1) as [H1 | H1].
  - left. split; [easy|]. apply (largest_le (1/8) 1 (17/16) 39); try lra. lia.
  - right. split; [lra|]. destruct (Rle_dec W 4) as [H4 | H4].
    + apply (largest_le 1 4 (49/32) 7); try lra. lia.
    + apply (largest_le 4 16 (19/4) 7); try lra. lia.
Qed.

(** ** 2. The weights *)

(** x: the factor of W. *)
Lemma quotient_range x B C limit :
  Rabs x <= B -> B <= 40 -> (B + 1/1000) * (B + 1/1000) * (1001/1000) + 1/1000 <= C ->
  W * W * C <= limit * (2 + W * W / 6 - 1/1000) -> is_binary64 limit ->
  let tau := round64 (W * x) in
  0 <= round64 (round64 (tau * tau) / round64 (2 + round64 (round64 (W * W) / 6))) <= limit.
Proof.
  intros Hx HB HC Hlimit Hfmt tau. pose proof (Rabs_pos x) as Hx0.
  assert (Hs : 1/64 <= W * W <= 256) by nra.
  assert (Ht : Rabs tau <= W * (B + 1/1000)).
  { assert (Ha : Rabs (W * x) <= W * B).
    { rewrite Rabs_mult, (Rabs_pos_eq W) by lra. apply Rmult_le_compat_l; lra. }
    pose proof (round_abs (W * B) (W * x) Ha) as H. fold tau in H. nra. }
  assert (Htt : 0 <= tau * tau <= W * W * ((B + 1/1000) * (B + 1/1000))).
  { split; [nra|]. pose proof (Rabs_pos tau). replace (tau * tau) with (Rabs tau * Rabs tau) by (rewrite <- Rabs_mult; apply Rabs_pos_eq; nra).
    replace (W * W * ((B + 1/1000) * (B + 1/1000))) with (W * (B + 1/1000) * (W * (B + 1/1000))) by ring.
    now apply Rmult_le_compat. }
  set (b := (B + 1/1000) * (B + 1/1000)) in *. set (s := W * W) in *.
  pose proof (round_near _ _ Htt) as H1. pose proof (round_nonneg (tau * tau) ltac:(lra)) as H1'.
  set (t2 := round64 (tau * tau)) in *.
  assert (Hb : 0 <= b) by (unfold b; nra).
  assert (Ht2 : t2 <= s * C).
  { apply Rle_trans with (s * (b * (1001/1000) + 1/1000)); [|apply Rmult_le_compat_l; lra]. assert (0 <= s * b) by nra. nra. }
  pose proof (round_near 256 s ltac:(lra)) as H2. pose proof (round_nonneg s ltac:(lra)) as H2'.
  set (w2 := round64 s) in *.
  pose proof (round_near 64 (w2 / 6) ltac:(lra)) as H3. pose proof (round_nonneg (w2 / 6) ltac:(lra)) as H3'.
  set (w6 := round64 (w2 / 6)) in *.
  pose proof (round_near 128 (2 + w6) ltac:(lra)) as H4. set (den := round64 (2 + w6)) in *.
  assert (Hden : 2 + s / 6 - 1/1000 <= den) by lra.
  assert (Hl : 0 <= limit).
  { destruct (Rle_dec 0 limit); [easy|]. assert (0 <= s * C) by lra. nra. }
  split; [apply round_nonneg, Rdiv_le_0_compat; lra|]. apply round_le_number; [easy|].
  apply Rmult_le_reg_r with den; [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. nra.
Qed.

Lemma factor_abs c B : (- B <= c <= B)%Z -> Rabs (IZR (128 * c + 63 - 2 * u) / 128) <= IZR B + 63/128.
Proof.
  intros Hc. assert (H : (- (128 * B + 63) <= 128 * c + 63 - 2 * u <= 128 * B + 63)%Z) by lia.
  destruct H as [H1 H2]. apply IZR_le in H1, H2. rewrite opp_IZR, plus_IZR, mult_IZR in H1. rewrite (plus_IZR (128 * B)), mult_IZR in H2.
  apply Rabs_le. lra.
Qed.

(** q of e_c. *)
Lemma weight_quotient_range c : (- K <= c <= K)%Z ->
  let tau := middle_of_cell W u c in
  0 <= round64 (round64 (tau * tau) / round64 (2 + round64 (round64 (W * W) / 6))) <= 1024.
Proof.
  intros Hc. unfold middle_of_cell.
  assert (Hfmt : is_binary64 1024) by dyadic 1024%Z 0%nat.
  destruct largest_cases as [[H1 HK] | [H1 HK]].
  - apply (quotient_range _ (79/2) 1562 1024); [|lra|lra|nra|easy].
    eapply Rle_trans; [apply (factor_abs c 39); lia|lra].
  - apply (quotient_range _ (15/2) 57 1024); [|lra|lra|nra|easy].
    eapply Rle_trans; [apply (factor_abs c 7); lia|lra].
Qed.

Lemma weight_range c : (- K <= c <= K)%Z -> 0 <= weight W u c <= 5/4.
Proof. intros Hc. now apply table_exponential_range, weight_quotient_range. Qed.

Lemma weight_0 : 1/5 <= weight W u 0.
Proof.
  apply table_exponential_ge. unfold middle_of_cell. apply (quotient_range _ (63/128) (49/200) (3/2)); [|lra|lra|nra|].
  - eapply Rle_trans; [apply (factor_abs 0 0); lia|lra].
  - replace (3/2) with (3 / 2 ^ 1) by (simpl; lra). apply dyadic_binary64; lia.
Qed.

(** ** 3. E(u) *)

Lemma rounded_sum_near e first n :
  (forall i, (i <= n)%nat -> is_binary64 (e (first + Z.of_nat i)%Z) /\ 0 <= e (first + Z.of_nat i)%Z <= 5/4) -> (n <= 78)%nat ->
  let s := rounded_sum e first n in
  is_binary64 s /\ 0 <= s <= 5/4 * (INR n + 1) /\
  Rabs (s - sum (S n) (fun i => e (first + Z.of_nat i)%Z)) <= INR n * (100 * eps) /\
  (forall i, (i <= n)%nat -> e (first + Z.of_nat i)%Z <= s).
Proof.
  induction n as [|n IH]; intros He Hn s.
  - destruct (He 0%nat ltac:(lia)) as [Hf H0]. subst s. cbn [rounded_sum sum]. rewrite Z.add_0_r in *. simpl INR.
    split; [easy|]. split; [lra|]. split.
    + rewrite Rabs_pos_eq; lra.
    + intros i Hi. assert (i = 0)%nat as -> by lia. rewrite Z.add_0_r. lra.
  - destruct IH as (Hf & Hs & Herr & Hmax); [intros i Hi; apply He; lia|lia|].
    destruct (He (S n) ltac:(lia)) as [_ Hlast]. subst s. cbn [rounded_sum].
    assert (HN : INR n + 1 <= 78) by (rewrite <- S_INR; replace 78 with (INR 78) by (simpl; lra); apply le_INR; lia).
    pose proof (pos_INR n). set (s := rounded_sum e first n) in *. set (x := e (first + Z.of_nat (S n))%Z) in *.
    pose proof (round_near (395/4) (s + x) ltac:(lra)) as Hnear. rewrite S_INR.
    split; [now apply in_format_round|]. split; [split|split].
    + apply round_nonneg. lra.
    + apply round_le_number; [|lra].
      replace (5/4 * (INR n + 1 + 1)) with (IZR (5 * Z.of_nat (n + 2)) / 2 ^ 2).
      * apply dyadic_binary64; lia.
      * rewrite mult_IZR, <- INR_IZR_INZ, plus_INR. simpl. lra.
    + change (sum (S (S n)) (fun i => e (first + Z.of_nat i)%Z)) with (sum (S n) (fun i => e (first + Z.of_nat i)%Z) + x). apply Rabs_le_inv in Herr. apply Rabs_le. lra.
    + intros i Hi. destruct (Nat.eq_dec i (S n)) as [-> | Hne].
      * fold x. apply number_le_round; [apply He; lia|lra].
      * apply Rle_trans with s; [apply Hmax; lia|]. apply number_le_round; [easy|lra].
Qed.

Lemma weight_binary64 c : is_binary64 (weight W u c).
Proof. unfold weight, table_exponential. cbv zeta. cbn [squared]. now apply in_format_round. Qed.

Let N := Z.to_nat K.
Let left := sum N (fun i => weight W u (- K + Z.of_nat i)).
Let right := sum N (fun i => weight W u (1 + Z.of_nat i)).

Lemma N_le : INR N <= 39.
Proof.
  replace 39 with (INR 39) by (simpl; lra). apply le_INR. pose proof largest_nonneg as H0. unfold N.
  destruct largest_cases as [[_ H] | [_ H]]; lia.
Qed.

Lemma weight_sum_near :
  let s := weight_sum W u in
  1/5 <= s <= 395/4 /\ left + weight W u 0 + right <= s + 7800 * eps.
Proof.
  intros s. pose proof largest_nonneg as HK0. pose proof N_le as HN. pose proof (pos_INR N).
  assert (Hcount : (Z.to_nat (2 * K) = N + N)%nat) by (unfold N; lia).
  assert (HN' : (N + N <= 78)%nat).
  { unfold N. destruct largest_cases as [[_ HK] | [_ HK]]; lia. }
  destruct (rounded_sum_near (weight W u) (- K) (N + N)) as (_ & Hs & Herr & Hmax).
  { intros i Hi. split; [apply weight_binary64|apply weight_range; unfold N in Hi; lia]. }
  { exact HN'. }
  replace (rounded_sum (weight W u) (- K) (N + N)) with s in * by (unfold s, weight_sum; fold K; now rewrite Hcount).
  rewrite plus_INR in Hs, Herr. split.
  - specialize (Hmax N ltac:(lia)). replace (- K + Z.of_nat N)%Z with 0%Z in Hmax by (unfold N; lia).
    pose proof weight_0. lra.
  - replace (S (N + N)) with (N + S N)%nat in Herr by lia. rewrite sum_app, sum_head in Herr.
    replace (- K + Z.of_nat (N + 0))%Z with 0%Z in Herr by (unfold N; lia).
    rewrite (sum_ext N (fun i => weight W u (- K + Z.of_nat (N + S i))) (fun i => weight W u (1 + Z.of_nat i))) in Herr
      by (intros i _; f_equal; unfold N; lia).
    fold left right in Herr. apply Rabs_le_inv in Herr. lra.
Qed.

(** ** 4. The frequencies *)

Lemma side_frequency_le c : (- K <= c <= K)%Z -> IZR (side_frequency W u c) <= 65535 / weight_sum W u * weight W u c + 1.
Proof.
  intros Hc. destruct weight_sum_near as [Hs _]. pose proof (weight_range c Hc) as He. unfold side_frequency.
  set (s := weight_sum W u) in *. set (e := weight W u c) in *.
  pose proof (round_near 81919 (65535 * e) ltac:(lra)) as H1. pose proof (round_nonneg (65535 * e) ltac:(lra)) as H1'.
  set (p := round64 (65535 * e)) in *.
  assert (Hinv : 0 < / s <= 5).
  { split; [apply Rinv_0_lt_compat; lra|]. replace 5 with (/ (1/5)) by lra. apply Rinv_le_contravar; lra. }
  assert (Hq : 0 <= p / s <= 409600) by (unfold Rdiv; nra).
  pose proof (round_near _ _ Hq) as H2. pose proof (round_nonneg (p / s) ltac:(lra)) as H2'. set (q := round64 (p / s)) in *.
  pose proof (round_near 409602 (q + 1/2) ltac:(lra)) as H3. set (v := round64 (q + 1/2)) in *.
  assert (Hp : p / s <= 65535 / s * e + 1/8) by (unfold Rdiv; nra).
  assert (0 <= 65535 / s * e) by (unfold Rdiv; nra).
  pose proof (Zfloor_lb v). apply Z.max_case; lra.
Qed.

Lemma side_sum_le first (w := fun i => weight W u (first + Z.of_nat i)) :
  (- K <= first)%Z -> (first + K <= K + 1)%Z ->
  IZR (cumulative (side_frequency W u) first N) <= 65535 / weight_sum W u * sum N w + INR N.
Proof.
  intros H1 H2. rewrite IZR_cumulative, <- sum_scal_l, <- (Rmult_1_r (INR N)), <- sum_const, <- sum_plus.
  apply sum_le. intros i Hi. apply side_frequency_le. unfold N in Hi. lia.
Qed.

(** f_0(u) > 0. *)
Lemma middle_frequency_pos :
  (cumulative (side_frequency W u) (- K) N + cumulative (side_frequency W u) 1 N <= 65534)%Z.
Proof.
  apply le_IZR. rewrite plus_IZR. pose proof largest_nonneg.
  pose proof (side_sum_le (- K) ltac:(lia) ltac:(lia)) as HL. pose proof (side_sum_le 1 ltac:(lia) ltac:(lia)) as HR.
  cbv zeta in HL, HR. fold left in HL. fold right in HR. destruct weight_sum_near as [Hs Hsum].
  pose proof weight_0 as H0. pose proof N_le as HN. set (s := weight_sum W u) in *.
  assert (Hinv : 4/395 <= / s) by (replace (4/395) with (/ (395/4)) by lra; apply Rinv_le_contravar; lra).
  assert (Hside : 65535 / s * left + 65535 / s * right <= 65535 - 65535 / s * (199/1000)).
  { replace 65535 with (65535 / s * s) at 3 by (field; lra). unfold Rdiv.
    assert (left + right <= s - 199/1000) by lra. nra. }
  unfold Rdiv in *. nra.
Qed.

Lemma side_frequency_pos c : (1 <= side_frequency W u c)%Z.
Proof. unfold side_frequency. lia. Qed.

Theorem coarse_table_ok : table_ok (step_table W u).
Proof.
  pose proof largest_nonneg as HK. pose proof middle_frequency_pos as Hpos. unfold step_table, table_ok. cbn [bound frequency].
  fold K. split; [easy|]. split.
  - intros c _. destruct (Z.eqb_spec c 0); [fold N; lia|apply side_frequency_pos].
  - fold N. set (middle := (65535 - _)%Z). set (f := fun c => if (c =? 0)%Z then middle else side_frequency W u c).
    replace (Z.to_nat (2 * K + 1)) with (N + (1 + N))%nat by (unfold N; lia).
    rewrite (cumulative_app f (- K) N), (cumulative_app f _ 1 N).
    replace (- K + Z.of_nat N)%Z with 0%Z by (unfold N; lia). change (0 + Z.of_nat 1)%Z with 1%Z.
    rewrite (cumulative_ext f (side_frequency W u) (- K) N), (cumulative_ext f (side_frequency W u) 1 N).
    + cbn [cumulative]. change (f (0 + Z.of_nat 0)%Z) with middle. unfold middle. lia.
    + intros i _. unfold f. destruct (Z.eqb_spec (1 + Z.of_nat i) 0); [lia|easy].
    + intros i Hi. unfold N in Hi. unfold f. destruct (Z.eqb_spec (- K + Z.of_nat i) 0); [lia|easy].
Qed.

End Table.

(** ** Every step of SPEC §7 *)

(** h is the least with 2^h·step > 1/8. *)
Definition raw_bits_of_step (step : R) (h : nat) : Prop :=
  1/8 < coarse_step step h /\ forall i, (i < h)%nat -> coarse_step step i <= 1/8.

Lemma coarse_step_range step h : 0 < step <= 16 -> raw_bits_of_step step h -> 1/8 <= coarse_step step h <= 16.
Proof.
  intros Hstep [Hlow Hleast]. split; [lra|]. destruct h as [|h]; [unfold coarse_step; simpl; lra|].
  specialize (Hleast h ltac:(lia)). unfold coarse_step in *. rewrite <- tech_pow_Rmult. lra.
Qed.

Theorem step_table_ok step h u :
  0 < step <= 16 -> raw_bits_of_step step h -> (0 <= u < 64)%Z -> table_ok (step_table (coarse_step step h) u).
Proof. intros Hstep Hh Hu. apply coarse_table_ok; [now apply coarse_step_range|easy]. Qed.

(** ** The row: each coordinate's bucket is the high bits of its word *)

Definition bucket_of_word (w : nat) : Z := Z.of_nat (w / 2 ^ 26).
Definition row_tables (step : R) (h w n : nat) : list table :=
  map (fun j => step_table (coarse_step step h) (bucket_of_word (weyl_word w j))) (seq 0 n).

Lemma bucket_constants w : bucket_of_word w = Z.of_nat (w / 2 ^ Z.to_nat bucket_shift).
Proof. reflexivity. Qed.

Lemma bucket_range w j : (0 <= bucket_of_word (weyl_word w j) < bucket_count)%Z.
Proof.
  unfold bucket_of_word, weyl_word, bucket_count. split; [apply Nat2Z.is_nonneg|].
  change 64%Z with (Z.of_nat (2 ^ 6)). apply inj_lt, Nat.div_lt_upper_bound; [now apply Nat.pow_nonzero|].
  rewrite <- Nat.pow_add_r. now apply Nat.mod_upper_bound, Nat.pow_nonzero.
Qed.

Lemma map_fst_combine {A B : Type} (a : list A) (b : list B) : length a = length b -> map fst (combine a b) = a.
Proof.
  revert b. induction a as [|x a IH]; intros [|y b] H; try easy. cbn [combine map fst]. f_equal. apply IH. now injection H.
Qed.

Lemma map_snd_combine {A B : Type} (a : list A) (b : list B) : length a = length b -> map snd (combine a b) = b.
Proof.
  revert b. induction a as [|x a IH]; intros [|y b] H; try easy. cbn [combine map snd]. f_equal. apply IH. now injection H.
Qed.

(** So the coder's theorem is about the specification's own tables. *)
Theorem step_row_decodes step h w norm_bits codes :
  0 < step <= 16 -> raw_bits_of_step step h -> (0 <= norm_bits < 2 ^ 32)%Z ->
  Forall (fun c => (Z.abs c < 2 ^ 31)%Z) codes ->
  let tables := row_tables step h w (length codes) in
  decode_row tables (of_stream (row_stream norm_bits (combine tables codes)))
  = Some (codes, ((2 ^ 31 + norm_bits)%Z, nil)).
Proof.
  intros Hstep Hh Hnorm Hcodes tables.
  assert (Hlength : length tables = length codes) by (unfold tables, row_tables; now rewrite map_length, seq_length).
  pose proof (map_fst_combine tables codes Hlength) as Hfst. pose proof (map_snd_combine tables codes Hlength) as Hsnd.
  rewrite <- Hfst at 1. rewrite row_stream_decodes, Hsnd; [easy|easy|].
  apply Forall_forall. intros [t c] Hin. cbn [fst snd].
  pose proof (in_combine_l _ _ _ _ Hin) as Ht. apply in_combine_r in Hin. rewrite Forall_forall in Hcodes.
  specialize (Hcodes c Hin). unfold tables, row_tables in Ht. apply in_map_iff in Ht as (j & <- & _).
  assert (Hok : table_ok (step_table (coarse_step step h) (bucket_of_word (weyl_word w j)))).
  { apply step_table_ok; [easy|easy|apply bucket_range]. }
  split; [exact Hok|]. destruct Hok as [Hb _]. unfold code_ok. lia.
Qed.
