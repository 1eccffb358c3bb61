(** * The bound of a search's filter, from sums of bytes

    A search bounds a row's computed score from integers before it scores it. The codewords c_j of the row are a + s (m_j - 127.5) but for
    eps, m_j bytes; the rotated query is w_j = t p_j + f_j, p_j integers. So the sum of w_j c_j is near a sum of integers, and the rounded sum
    of the score (FloatScore.v) is near that; the bound is computed in binary32 and never below. Equations (1) to (4) are those of
    byte_filter.hpp. *)
From Coq Require Import ZArith Reals Arith Lia Lra.
From Flocq Require Import Core.
From Hdq Require Import Defs Sums Paley FloatTree FloatTransform FloatCode FloatNorm FloatScore.
Open Scope R_scope.

(** ** Integers *)

(** 2 sum p_j m_j - 255 sum p_j. *)
Definition byte_sum (d : nat) (p m : nat -> Z) : Z := sum_Z d (fun j => p j * m j)%Z.
Definition twice_byte_sum (d : nat) (p m : nat -> Z) : Z := (2 * byte_sum d p m - 255 * sum_Z d p)%Z.

Lemma sum_Z_bound d f (b : Z) : (forall j, (j < d)%nat -> (Z.abs (f j) <= b)%Z) -> (Z.abs (sum_Z d f) <= Z.of_nat d * b)%Z.
Proof.
  induction d as [|d IH]; intros H; [easy|]. cbn [sum_Z]. specialize (IH ltac:(intros; apply H; lia)). specialize (H d ltac:(lia)). lia.
Qed.

Lemma sum_Z_ext d f g : (forall j, (j < d)%nat -> f j = g j) -> sum_Z d f = sum_Z d g.
Proof.
  induction d as [|d IH]; intros H; [easy|]. cbn [sum_Z]. now rewrite IH, H by (intros; (apply H; lia) || lia).
Qed.

Lemma sum_Z_linear d a b f g : sum_Z d (fun j => a * f j + b * g j)%Z = (a * sum_Z d f + b * sum_Z d g)%Z.
Proof. induction d as [|d IH]; cbn [sum_Z]; [ring|]. rewrite IH. ring. Qed.

Lemma twice_byte_sum_bound d p m Q :
  (forall j, (j < d)%nat -> (Z.abs (p j) <= Q)%Z /\ (0 <= m j <= 255)%Z) ->
  (Z.abs (twice_byte_sum d p m) <= 255 * (Z.of_nat d * Q))%Z /\ (Z.abs (byte_sum d p m) <= 255 * (Z.of_nat d * Q))%Z /\
  (Z.abs (255 * sum_Z d p) <= 255 * (Z.of_nat d * Q))%Z.
Proof.
  intros H. split; [|split].
  - assert (E : twice_byte_sum d p m = sum_Z d (fun j => 2 * (p j * m j) + (-255) * p j)%Z).
    { unfold twice_byte_sum, byte_sum. rewrite sum_Z_linear. ring. }
    rewrite E. replace (255 * (Z.of_nat d * Q))%Z with (Z.of_nat d * (255 * Q))%Z by ring. apply sum_Z_bound. intros j Hj.
    destruct (H j Hj) as [Hp Hm]. replace (2 * (p j * m j) + -255 * p j)%Z with (p j * (2 * m j - 255))%Z by ring. rewrite Z.abs_mul. nia.
  - replace (255 * (Z.of_nat d * Q))%Z with (Z.of_nat d * (255 * Q))%Z by ring. apply sum_Z_bound. intros j Hj.
    destruct (H j Hj) as [Hp Hm]. rewrite Z.abs_mul. nia.
  - pose proof (sum_Z_bound d p Q ltac:(intros j Hj; now apply H)). lia.
Qed.

(** The limits of the search: d <= 2^16, and |p_j| <= Q, of one plane 127, of two planes at most 8191. *)
Definition one_plane_steps : Z := 127.
Definition two_plane_steps (d : nat) : Z := Z.min 8191 ((2 ^ 31 - 1) / (255 * Z.of_nat d) - 64).

Lemma sums_fit d : (Z.of_nat d <= 2 ^ 16)%Z -> (255 * (Z.of_nat d * one_plane_steps) < 2 ^ 31)%Z.
Proof. unfold one_plane_steps. lia. Qed.

Lemma two_plane_sums_fit d : (0 < d)%nat -> (255 * (Z.of_nat d * two_plane_steps d) < 2 ^ 31)%Z.
Proof.
  intros Hd. unfold two_plane_steps. set (q := ((2 ^ 31 - 1) / (255 * Z.of_nat d))%Z).
  assert (255 * Z.of_nat d * q <= 2 ^ 31 - 1)%Z by (apply Z.mul_div_le; lia). nia.
Qed.

(** A word of 32 bits, signed; sums modulo 2^32 give the sum if it fits. *)
Definition signed32 (x : Z) : Z := ((x + 2 ^ 31) mod 2 ^ 32 - 2 ^ 31)%Z.

Lemma signed32_sum x y k : (x = y + k * 2 ^ 32)%Z -> (Z.abs y < 2 ^ 31)%Z -> signed32 x = y.
Proof.
  intros -> Hy. unfold signed32. replace (y + k * 2 ^ 32 + 2 ^ 31)%Z with (y + 2 ^ 31 + k * 2 ^ 32)%Z by ring.
  rewrite Z.mod_add, Z.mod_small by lia. ring.
Qed.

Lemma congruent_mod x : exists k, (x mod 2 ^ 32 = x + k * 2 ^ 32)%Z.
Proof. exists (- (x / 2 ^ 32))%Z. pose proof (Z.div_mod x (2 ^ 32) ltac:(lia)). lia. Qed.

(** Two planes, p = 128 high + low, are summed apart, each modulo 2^32. *)
Definition plane_sums (d : nat) (high low m : nat -> Z) : Z :=
  ((128 * (byte_sum d high m mod 2 ^ 32) + byte_sum d low m mod 2 ^ 32) mod 2 ^ 32)%Z.
Definition twice_of_sums (sums offset : Z) : Z := signed32 (2 * (sums mod 2 ^ 32) - offset mod 2 ^ 32).

Theorem planes_correct d high low m Q :
  (forall j, (j < d)%nat -> (Z.abs (128 * high j + low j) <= Q)%Z /\ (0 <= m j <= 255)%Z) -> (255 * (Z.of_nat d * Q) < 2 ^ 31)%Z ->
  let p j := (128 * high j + low j)%Z in
  twice_of_sums (plane_sums d high low m) (255 * sum_Z d p) = twice_byte_sum d p m.
Proof.
  intros H Hfit p. destruct (twice_byte_sum_bound d p m Q H) as [Htwice _]. unfold twice_of_sums, plane_sums.
  assert (E : byte_sum d p m = (128 * byte_sum d high m + byte_sum d low m)%Z).
  { unfold byte_sum. rewrite <- (Z.mul_1_l (sum_Z d (fun j => low j * m j)%Z)), <- sum_Z_linear. apply sum_Z_ext. intros j _. unfold p. ring. }
  destruct (congruent_mod (byte_sum d high m)) as [k1 ->]. destruct (congruent_mod (byte_sum d low m)) as [k2 ->].
  rewrite Z.mod_mod by lia.
  destruct (congruent_mod (128 * (byte_sum d high m + k1 * 2 ^ 32) + (byte_sum d low m + k2 * 2 ^ 32))) as [k3 ->].
  destruct (congruent_mod (255 * sum_Z d p)) as [k4 ->].
  apply signed32_sum with (2 * (128 * k1 + k2 + k3) - k4)%Z; [|lia]. unfold twice_byte_sum. rewrite E. ring.
Qed.

(** How a step is cut into planes: both fit, and two products with bytes fit 16 bits together; so do those of one plane with bytes up to 8. *)
Definition low_plane (p : Z) : Z := ((p + 64) mod 128 - 64)%Z.
Definition high_plane (p : Z) : Z := ((p - low_plane p) / 128)%Z.

Lemma planes_recombine p : (Z.abs p <= 8191)%Z ->
  (p = 128 * high_plane p + low_plane p)%Z /\ (Z.abs (high_plane p) <= 64)%Z /\ (Z.abs (low_plane p) <= 64)%Z.
Proof.
  intros Hp. unfold high_plane, low_plane. pose proof (Z.div_mod (p + 64) 128 ltac:(lia)) as Hdiv.
  pose proof (Z.mod_pos_bound (p + 64) 128 ltac:(lia)). replace (p - ((p + 64) mod 128 - 64))%Z with ((p + 64) / 128 * 128)%Z by lia.
  rewrite Z.div_mul by lia. lia.
Qed.

Lemma pairs_fit x y m n : ((Z.abs x <= 64 /\ Z.abs y <= 64 /\ 0 <= m <= 255 /\ 0 <= n <= 255) \/
  (Z.abs x <= 127 /\ Z.abs y <= 127 /\ 0 <= m <= 8 /\ 0 <= n <= 8))%Z -> (Z.abs (x * m + y * n) < 2 ^ 15)%Z.
Proof.
  assert (H : forall a b c k, (Z.abs a <= b -> 0 <= c <= k -> Z.abs (a * c) <= b * k)%Z).
  { intros. rewrite Z.abs_mul, (Z.abs_eq c) by lia. apply Z.mul_le_mono_nonneg; lia. }
  intros [(Hx & Hy & Hm & Hn)|(Hx & Hy & Hm & Hn)]; pose proof (H _ _ _ _ Hx Hm); pose proof (H _ _ _ _ Hy Hn); lia.
Qed.

(** ** (1): the estimate, in the reals *)

Definition residue (w : vec) (t : R) (p : nat -> Z) : vec := fun j => w j - t * IZR (p j).
Definition byte_estimate (d : nat) (w : vec) (a s t : R) (p m : nat -> Z) : R :=
  a * sum d w + s * t / 2 * IZR (twice_byte_sum d p m).
Definition total_abs (d : nat) (w : vec) : R := sum d (fun j => Rabs (w j)).

(** The codewords are those of a bucket: a its centre, s its scale, eps its error, A its magnitude. *)
Definition in_bucket (d : nat) (c : vec) (m : nat -> Z) (a s eps A : R) : Prop :=
  0 <= s /\ 0 <= eps <= A /\ Rabs a + 127.5 * s <= A /\
  forall j, (j < d)%nat -> (0 <= m j <= 255)%Z /\ Rabs (c j) <= A /\ Rabs (c j - (a + s * (IZR (m j) - 127.5))) <= eps.

Lemma twice_byte_sum_reals d p m : IZR (twice_byte_sum d p m) = sum d (fun j => IZR (p j) * (2 * IZR (m j) - 255)).
Proof.
  unfold twice_byte_sum, byte_sum. rewrite minus_IZR, !mult_IZR, !sum_Z_correct, <- !sum_scal_l, <- sum_minus. apply sum_ext.
  intros j _. rewrite mult_IZR. ring.
Qed.

Theorem byte_estimate_error d w c m p a s t eps A : in_bucket d c m a s eps A ->
  Rabs (sum d (fun j => w j * c j) - byte_estimate d w a s t p m) <= eps * total_abs d w + 127.5 * s * total_abs d (residue w t p).
Proof.
  intros (Hs & Heps & _ & H). unfold byte_estimate, total_abs. rewrite twice_byte_sum_reals, <- !sum_scal_l, <- !sum_plus, <- sum_minus.
  eapply Rle_trans; [apply sum_Rabs_le|]. apply sum_le. intros j Hj. destruct (H j Hj) as (Hm & _ & Hc). unfold residue.
  set (e := c j - (a + s * (IZR (m j) - 127.5))) in *. set (f := w j - t * IZR (p j)).
  replace (w j * c j - (a * w j + s * t / 2 * (IZR (p j) * (2 * IZR (m j) - 255)))) with (e * w j + s * (IZR (m j) - 127.5) * f)
    by (unfold e, f; replace 127.5 with (255 / 2) by lra; field).
  eapply Rle_trans; [apply Rabs_triang|]. rewrite !Rabs_mult, (Rabs_pos_eq s) by easy.
  assert (Hm' : Rabs (IZR (m j) - 127.5) <= 127.5).
  { pose proof (IZR_le _ _ (proj1 Hm)). pose proof (IZR_le _ _ (proj2 Hm)). apply Rabs_le. lra. }
  apply Rplus_le_compat; [apply Rmult_le_compat_r; [apply Rabs_pos|exact Hc]|]. apply Rmult_le_compat_r; [apply Rabs_pos|].
  rewrite (Rmult_comm 127.5). now apply Rmult_le_compat_l.
Qed.

(** (1) and (2): of the sum that is computed. *)
Theorem computed_sum_estimate_error d w c m p a s t eps A : in_bucket d c m a s eps A ->
  Rabs (score_sum32 d w c - byte_estimate d w a s t p m)
  <= eps * total_abs d w + 127.5 * s * total_abs d (residue w t p) + score_sum_error_bound d w c.
Proof.
  intros H. pose proof (byte_estimate_error d w c m p a s t eps A H). pose proof (score_sum_error_bound_correct d w c).
  replace (score_sum32 d w c - byte_estimate d w a s t p m)
    with ((score_sum32 d w c - sum d (fun j => w j * c j)) + (sum d (fun j => w j * c j) - byte_estimate d w a s t p m)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.
