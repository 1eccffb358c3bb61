(** * Bytes of a uniform step

    The codewords of a uniform step (SPEC §7) are multiples of the code less multiples of its offset. A search's filter computes their bytes in
    integers of 16 bits, and claims an error. This is byte_step.cpp's derivation: [in_bucket] of ByteFilter.v holds of the row. *)
From Coq Require Import ZArith Reals Lia Lra.
From Flocq Require Import Core.
From Hdq Require Import Defs Sums ByteFilter.
Open Scope R_scope.

Lemma floor_div (a b : Z) : (0 < b)%Z -> IZR a - IZR b + 1 <= IZR b * IZR (a / b) <= IZR a.
Proof.
  intros Hb. rewrite <- mult_IZR. pose proof (Z.mul_div_le a b Hb). pose proof (Z.mul_succ_div_gt a b Hb).
  split; [|apply IZR_le; lia]. rewrite <- minus_IZR, <- plus_IZR. apply IZR_le. lia.
Qed.

(** The byte of a code k, x = 2^shift k, whose word's upper half is w. *)
Definition step_sum (factor bias spread x w : Z) : Z := ((x * factor + 2 ^ 14) / 2 ^ 15 + bias - w * spread / 2 ^ 16)%Z.
Definition step_byte (factor bias spread x w : Z) : Z := (step_sum factor bias spread x w / 64)%Z.

(** What it stands for, 64 times: phi is the factor before it was rounded, gain k = x phi / 2^15, beta the spread before it was. *)
Definition step_exact (phi gain beta : R) (x : Z) (V : R) : R := IZR x * phi / 2 ^ 15 + gain / 2 - beta * V + 127.5 * 64.
Definition step_cut (spread : Z) : R := (62 - IZR spread / 2 ^ 16) / 2.
Definition step_off (phi gain beta largest : R) (factor bias spread : Z) : R :=
  0.5 + largest * Rabs (IZR factor - phi) / 2 ^ 15 + Rabs (IZR spread - beta)
  + Rabs (IZR bias - (gain / 2 + 127.5 * 64 + step_cut spread)) + (64 + IZR spread / 2 ^ 16) / 2.

Theorem step_byte_error phi gain beta largest factor bias spread x w V :
  (0 <= spread)%Z -> (0 <= w)%Z -> IZR w / 2 ^ 16 <= V <= (IZR w + 1) / 2 ^ 16 -> V <= 1 -> Rabs (IZR x) <= largest ->
  Rabs (64 * IZR (step_byte factor bias spread x w) - step_exact phi gain beta x V)
  <= step_off phi gain beta largest factor bias spread.
Proof.
  intros Hspread Hw HV HV1 Hx.
  pose proof (floor_div (x * factor + 2 ^ 14) (2 ^ 15) ltac:(lia)) as H1. pose proof (floor_div (w * spread) (2 ^ 16) ltac:(lia)) as H2.
  pose proof (floor_div (step_sum factor bias spread x w) 64 ltac:(lia)) as H3.
  change (step_sum factor bias spread x w / 64)%Z with (step_byte factor bias spread x w) in H3.
  unfold step_sum in H3 at 1 2. rewrite minus_IZR, plus_IZR in H3. rewrite plus_IZR, mult_IZR in H1. rewrite mult_IZR in H2.
  set (r := IZR ((x * factor + 2 ^ 14) / 2 ^ 15)) in *. set (v := IZR (w * spread / 2 ^ 16)) in *.
  set (m := IZR (step_byte factor bias spread x w)) in *. simpl (IZR (2 ^ 14)) in *. simpl (IZR (2 ^ 15)) in *. simpl (IZR (2 ^ 16)) in *.
  apply IZR_le in Hspread, Hw. simpl in Hspread, Hw.
  assert (Hfactor : Rabs (IZR x * (IZR factor - phi)) <= largest * Rabs (IZR factor - phi)).
  { rewrite Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos|exact Hx]. }
  assert (Hbeta : Rabs ((IZR spread - beta) * V) <= Rabs (IZR spread - beta)).
  { rewrite Rabs_mult. rewrite <- (Rmult_1_r (Rabs (IZR spread - beta))) at 2. apply Rmult_le_compat_l; [apply Rabs_pos|].
    apply Rabs_le. lra. }
  assert (Hlow : IZR spread * (IZR w / 2 ^ 16) <= IZR spread * V) by (apply Rmult_le_compat_l; lra).
  assert (Hhigh : IZR spread * V <= IZR spread * ((IZR w + 1) / 2 ^ 16)) by (apply Rmult_le_compat_l; lra).
  apply Rabs_le_inv in Hfactor, Hbeta. unfold step_off, step_exact.
  set (c := Rabs (IZR bias - (gain / 2 + 127.5 * 64 + step_cut spread))).
  assert (Hc : Rabs (IZR bias - (gain / 2 + 127.5 * 64 + step_cut spread)) <= c) by (unfold c; lra). apply Rabs_le_inv in Hc.
  unfold step_cut in Hc. set (f := largest * Rabs (IZR factor - phi)) in *. set (a := Rabs (IZR spread - beta)) in *.
  replace (IZR x * (IZR factor - phi)) with (IZR x * IZR factor - IZR x * phi) in Hfactor by ring.
  replace ((IZR spread - beta) * V) with (IZR spread * V - beta * V) in Hbeta by ring.
  replace (IZR spread * (IZR w / 2 ^ 16)) with (IZR w * IZR spread / 2 ^ 16) in Hlow by field.
  replace (IZR spread * ((IZR w + 1) / 2 ^ 16)) with (IZR w * IZR spread / 2 ^ 16 + IZR spread / 2 ^ 16) in Hhigh by field.
  set (xf := IZR x * IZR factor) in *. set (xp := IZR x * phi) in *. set (ws := IZR w * IZR spread) in *.
  set (sv := IZR spread * V) in *. set (bv := beta * V) in *. apply Rabs_le. lra.
Qed.

(** Rows whose codewords are these, rounded twice, are in the bucket that byte_step.cpp makes: centre 0, scale s. *)
Theorem step_row_in_bucket d (c z V : vec) (x w m : nat -> Z) s phi gain beta largest factor bias spread eps A :
  (0 <= spread)%Z -> 0 <= s ->
  (forall j, (j < d)%nat -> (0 <= w j)%Z /\ IZR (w j) / 2 ^ 16 <= V j <= (IZR (w j) + 1) / 2 ^ 16 /\ V j <= 1 /\
    Rabs (IZR (x j)) <= largest /\ m j = step_byte factor bias spread (x j) (w j) /\ (0 <= m j <= 255)%Z /\
    64 * z j = s * (step_exact phi gain beta (x j) (V j) - 127.5 * 64) /\ Rabs (c j - z j) <= / 2 ^ 22 * Rabs (z j)) ->
  let real := s * step_off phi gain beta largest factor bias spread / 64 in
  0 <= real -> real + / 2 ^ 22 * (127.5 * s + real) <= eps -> 127.5 * s + eps <= A -> in_bucket d c m 0 s eps A.
Proof.
  intros Hspread Hs H real Hreal Heps HA. unfold in_bucket. rewrite Rabs_R0.
  assert (0 <= 127.5 * s) by lra. split; [easy|]. split; [lra|]. split; [lra|]. intros j Hj.
  destruct (H j Hj) as (Hw & HV & HV1 & Hx & Hm & Hrange & Hz & Hc).
  pose proof (step_byte_error phi gain beta largest factor bias spread (x j) (w j) (V j) Hspread Hw HV HV1 Hx) as E. rewrite <- Hm in E.
  set (e := step_exact phi gain beta (x j) (V j)) in *. set (off := step_off phi gain beta largest factor bias spread) in *.
  assert (E1 : Rabs (z j - s * (IZR (m j) - 127.5)) <= real).
  { replace (z j - s * (IZR (m j) - 127.5)) with (s / 64 * (e - 64 * IZR (m j))) by (unfold real; lra).
    rewrite Rabs_mult, (Rabs_pos_eq (s / 64)) by lra. rewrite Rabs_minus_sym. unfold real.
    replace (s * off / 64) with (s / 64 * off) by field. apply Rmult_le_compat_l; lra. }
  assert (E2 : Rabs (s * (IZR (m j) - 127.5)) <= 127.5 * s).
  { rewrite Rabs_mult, (Rabs_pos_eq s) by easy. rewrite Rmult_comm. apply Rmult_le_compat_r; [easy|].
    pose proof (IZR_le _ _ (proj1 Hrange)). pose proof (IZR_le _ _ (proj2 Hrange)). apply Rabs_le. lra. }
  assert (E3 : Rabs (z j) <= 127.5 * s + real).
  { replace (z j) with (s * (IZR (m j) - 127.5) + (z j - s * (IZR (m j) - 127.5))) by ring. eapply Rle_trans; [apply Rabs_triang|]. lra. }
  assert (E4 : Rabs (c j - (0 + s * (IZR (m j) - 127.5))) <= eps).
  { replace (c j - (0 + s * (IZR (m j) - 127.5))) with ((c j - z j) + (z j - s * (IZR (m j) - 127.5))) by ring.
    eapply Rle_trans; [apply Rabs_triang|]. lra. }
  split; [exact Hrange|]. split; [|exact E4].
  replace (c j) with (s * (IZR (m j) - 127.5) + (c j - (0 + s * (IZR (m j) - 127.5)))) by ring. eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.
