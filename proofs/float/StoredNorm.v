(** * The scheme with its norm as stored (SPEC §4, §5.5)

    Encoder and decoder use rho = [norm32], the float32 norm, which is not |x|. It is 0 for the zero vector alone; so x^ is
    unbiased as with any scale. Where |x| is a normal number it is within 2^-22 of it, relatively; the certified constants
    allow for that, and are those of the exact norm in units of rho^2. *)
From Coq Require Import ZArith List Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.
From Hdq Require Import Defs Sums DitheredQuantizer VectorQuantizer Estimates FloatTree FloatTransform FloatCode FloatNorm FloatScore
  Constants.
From Hdq Require CertificateChecker CertificateBounds CertificateBoundsFine.
Import ListNotations.
Open Scope R_scope.

(** ** The certified constants *)

(** A thousand times C_b, b = 1..8. *)
Definition certified_constants : list Z := [6485; 3955; 3250; 2974; 2852; 2794; 2766; 2753]%Z.
Definition certified_constant (b : nat) : R := IZR (nth (b - 1) certified_constants 0%Z) / 1000.

(** Any stored scale up to 2^-21 less than |x|. *)
Theorem stored_scale_bound b d H x rho :
  (1 <= b <= 8)%nat -> hadamard d H -> (0 < d)%nat -> rho <> 0 -> norm2 d x <= (1 + / 2 ^ 20) * rho ^ 2 ->
  mse (2 ^ b) (shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b)) d H rho x * 4 ^ b <= certified_constant b * rho ^ 2.
Proof.
  intros Hb HH Hd Hrho Hx.
  assert (Ha : Q2R CertificateChecker.variance_allowance = 1 + / 2 ^ 20).
  { unfold CertificateChecker.variance_allowance, Q2R. simpl. lra. }
  rewrite <- Ha in Hx.
  destruct b as [|[|[|[|[|[|[|[|[|b]]]]]]]]]; try lia.
  - exact (CertificateBounds.stored_bound_b1 d H x rho HH Hd Hrho Hx).
  - exact (CertificateBounds.stored_bound_b2 d H x rho HH Hd Hrho Hx).
  - exact (CertificateBounds.stored_bound_b3 d H x rho HH Hd Hrho Hx).
  - exact (CertificateBounds.stored_bound_b4 d H x rho HH Hd Hrho Hx).
  - exact (CertificateBoundsFine.stored_bound_b5 d H x rho HH Hd Hrho Hx).
  - exact (CertificateBoundsFine.stored_bound_b6 d H x rho HH Hd Hrho Hx).
  - exact (CertificateBoundsFine.stored_bound_b7 d H x rho HH Hd Hrho Hx).
  - exact (CertificateBoundsFine.stored_bound_b8 d H x rho HH Hd Hrho Hx).
Qed.

(** ** The stored norm *)

Lemma power_near_1 u N : 0 <= u -> INR N * u <= / 2 ^ 28 -> (1 + u) ^ N <= 1 + / 2 ^ 27.
Proof.
  intros Hu HN. pose proof (small_power u N Hu) as H.
  assert (0 < (1 + u) ^ N) by (apply pow_lt; lra). simpl in *. nra.
Qed.

Lemma norm_error_small n l : INR n <= 2 ^ 24 -> 0 <= l -> norm_error_bound n l <= / 2 ^ 23 * l + underflow32.
Proof.
  intros Hn Hl. unfold norm_error_bound. apply Rplus_le_compat_r, Rmult_le_compat_r; [exact Hl|].
  pose proof unit_roundoff64_pos as Hv. pose proof unit_roundoff_pos as Hu.
  assert (HN : INR (norm_additions n + 1) * unit_roundoff64 <= / 2 ^ 28).
  { unfold norm_additions.
    assert (Hq : INR ((n + 15) / 16 + 3 + 1) <= INR n + 7).
    { replace (INR n + 7) with (INR (n + 7)) by (rewrite plus_INR; simpl INR; ring). apply le_INR.
      pose proof (Nat.div_mod (n + 15) 16 ltac:(lia)). lia. }
    unfold unit_roundoff64. apply Rle_trans with ((2 ^ 24 + 7) * / 2 ^ 53).
    - apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, pow_lt; lra|lra].
    - simpl. lra. }
  pose proof (power_near_1 unit_roundoff64 (norm_additions n + 1) ltac:(lra) HN) as H.
  replace ((1 + unit_roundoff64) ^ (norm_additions n + 1))
    with ((1 + unit_roundoff64) ^ norm_additions n * (1 + unit_roundoff64)) in H by (rewrite pow_add; ring).
  replace (1 + ((1 + unit_roundoff64) ^ norm_additions n - 1)) with ((1 + unit_roundoff64) ^ norm_additions n) by ring.
  assert (H' : (1 + unit_roundoff64) ^ norm_additions n * (1 + unit_roundoff64) * (1 + unit_roundoff)
               <= (1 + / 2 ^ 27) * (1 + unit_roundoff)) by (apply Rmult_le_compat_r; lra).
  unfold unit_roundoff in *. simpl in *. lra.
Qed.

Section Stored.
Variables (n : nat) (x : vec).
Hypothesis Hn0 : (0 < n)%nat.
Hypothesis Hn : INR n <= 2 ^ 24.
Hypothesis Hx : forall i, is_binary32 (x i).
Hypothesis Hzero : padded_from n x.

Lemma stored_norm_error : Rabs (norm32 n x - sqrt (norm2 n x)) <= / 2 ^ 23 * sqrt (norm2 n x) + underflow32.
Proof.
  eapply Rle_trans; [now apply norm_error_bound_correct|]. apply norm_error_small; [easy|apply sqrt_pos].
Qed.

(** Only the zero vector is stored with the scale 0. *)
Lemma stored_norm_nonzero i : x i <> 0 -> norm32 n x <> 0.
Proof.
  intros Hi. assert (Hin : (i < n)%nat).
  { destruct (Nat.lt_ge_cases i n) as [|Hge]; [easy|]. now apply Hzero in Hge. }
  assert (Hlow : bpow radix2 (-149) <= Rabs (x i)).
  { pose proof (Hx i) as Hf. apply FLT_format_generic in Hf; [|easy]. destruct Hf as [f Hf Hm He].
    destruct f as [f e]. rewrite Hf, <- F2R_Zabs. unfold F2R in *. cbn [Fnum Fexp] in *.
    apply Rle_trans with (bpow radix2 e); [now apply bpow_le|].
    rewrite <- (Rmult_1_l (bpow radix2 e)) at 1. apply Rmult_le_compat_r; [apply bpow_ge_0|].
    apply IZR_le. assert (f <> 0)%Z; [|lia]. intros ->. apply Hi. rewrite Hf. ring. }
  assert (Hl : Rabs (x i) <= sqrt (norm2 n x)).
  { rewrite <- sqrt_Rsqr_abs. apply sqrt_le_1_alt. unfold norm2, dot, Rsqr.
    apply (sum_term_le n (fun j => x j * x j)); [|easy]. intros j _. nra. }
  pose proof stored_norm_error as He. apply Rabs_le_inv in He. unfold underflow32 in He.
  replace (bpow radix2 (-149)) with (2 * bpow radix2 (-150)) in Hlow
    by (change 2 with (bpow radix2 1); rewrite <- bpow_plus; easy).
  pose proof (bpow_gt_0 radix2 (-150)). set (t := bpow radix2 (-150)) in *. simpl in He. lra.
Qed.

Theorem stored_norm_unbiased N g : generator N g -> forall d H, hadamard d H -> forall eps i,
  (n <= d)%nat -> signs d eps ->
  Edither (fun U => truncate n (reconstruct N g d H (norm32 n x) x eps U) i) = x i.
Proof.
  intros Hg d H HH eps i Hd Hs. apply (truncated_unbiased N g Hg d H HH); try easy.
  destruct (Req_dec (norm32 n x) 0) as [E | E]; [right|now left]. split; [exact E|].
  intros j _. destruct (Req_dec (x j) 0) as [|Hj]; [easy|]. now apply stored_norm_nonzero in Hj.
Qed.

Lemma stored_norm_close : bpow radix2 (-126) <= sqrt (norm2 n x) ->
  Rabs (norm32 n x - sqrt (norm2 n x)) <= / 2 ^ 22 * sqrt (norm2 n x).
Proof.
  intros Hl. pose proof stored_norm_error as He. unfold underflow32 in He.
  assert (Hb : bpow radix2 (-150) = / 2 ^ 24 * bpow radix2 (-126)).
  { replace (/ 2 ^ 24) with (bpow radix2 (-24)) by (simpl; lra). rewrite <- bpow_plus. easy. }
  rewrite Hb in He. set (t := bpow radix2 (-126)) in *. simpl in *. lra.
Qed.

Theorem stored_norm_bound b d H :
  (1 <= b <= 8)%nat -> hadamard d H -> (n <= d)%nat -> bpow radix2 (-126) <= sqrt (norm2 n x) ->
  let rho := norm32 n x in
  let error := mse (2 ^ b) (shipped (2 ^ b) (shipped_sigma b) (shipped_kappa b)) d H rho x in
  error * 4 ^ b <= certified_constant b * rho ^ 2 /\
  error * 4 ^ b <= certified_constant b * ((1 + / 2 ^ 22) ^ 2 * norm2 n x).
Proof.
  intros Hb HH Hd Hl rho error. pose proof (stored_norm_close Hl) as Hc. fold rho in Hc.
  assert (Hsame : norm2 d x = norm2 n x).
  { apply sum_truncate; [easy|]. intros i [Hi _]. rewrite (Hzero i Hi). ring. }
  assert (Hsq : sqrt (norm2 n x) ^ 2 = norm2 n x).
  { rewrite <- Rsqr_pow2. apply Rsqr_sqrt, norm2_nonneg. }
  assert (Hpos : 0 < sqrt (norm2 n x)) by (eapply Rlt_le_trans; [apply bpow_gt_0|exact Hl]).
  set (l := sqrt (norm2 n x)) in *. apply Rabs_le_inv in Hc. clearbody rho.
  set (e := / 2 ^ 22) in *. assert (He : e = / 2 ^ 22) by easy. clearbody e.
  assert (Hlow : (1 - e) * l <= rho) by lra. assert (Hup : rho <= (1 + e) * l) by lra.
  assert (He1 : 0 < e < 1) by (rewrite He; simpl; lra).
  assert (H1 : error * 4 ^ b <= certified_constant b * rho ^ 2).
  { apply stored_scale_bound; try easy; [lia|nra|]. rewrite Hsame, <- Hsq.
    assert (Hr : ((1 - e) * l) ^ 2 <= rho ^ 2) by (apply pow_incr; split; [apply Rmult_le_pos; lra|lra]).
    apply Rle_trans with ((1 + / 2 ^ 20) * ((1 - e) * l) ^ 2); [|apply Rmult_le_compat_l; [simpl; lra|exact Hr]].
    rewrite Rpow_mult_distr, <- Rmult_assoc. rewrite <- (Rmult_1_l (l ^ 2)) at 1.
    apply Rmult_le_compat_r; [apply pow2_ge_0|]. rewrite He. simpl. lra. }
  split; [exact H1|]. eapply Rle_trans; [exact H1|].
  assert (Hc0 : 0 <= certified_constant b).
  { unfold certified_constant. destruct b as [|[|[|[|[|[|[|[|[|b]]]]]]]]]; simpl; try lra; lia. }
  apply Rmult_le_compat_l; [exact Hc0|]. rewrite <- Hsq, <- Rpow_mult_distr. apply pow_incr. split; [|lra].
  apply Rle_trans with (2 := Hlow). apply Rmult_le_pos; lra.
Qed.
End Stored.
