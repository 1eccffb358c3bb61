(** * The bound of a search's filter, from sums of bytes

    A search bounds a row's computed score from integers before it scores it. The codewords c_j of the row are a + s (m_j - 127.5) but for
    eps, m_j bytes; the rotated query is w_j = t p_j + f_j, p_j integers. So the sum of w_j c_j is near a sum of integers, and the rounded sum
    of the score (FloatScore.v) is near that; the bound is computed in binary32 and never below. Equations (1) to (4) are those of
    byte_filter.hpp. *)
From Coq Require Import ZArith Reals Arith Lia Lra.
From Flocq Require Import Core.
From Hdq Require Import Defs Sums Hadamard Paley FloatStages FloatTree FloatTransform FloatCode FloatNorm FloatScore.
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

Theorem plane_sums_correct d high low m Q :
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

(** ** (3) and (4): the bound, in binary32 *)

(** Rounding of x when |x| <= b; numbers instead of powers, for linear arithmetic. *)
Lemma round32_within x b : Rabs x <= b -> Rabs (round32 x - x) <= / 2 ^ 24 * b + / 2 ^ 150.
Proof.
  intros H. pose proof (round32_error x) as E. unfold unit_roundoff in E.
  assert (Hu : underflow32 <= / 2 ^ 150).
  { right. unfold underflow32. change (-150)%Z with (- (150))%Z. rewrite bpow_opp, bpow_powerRZ. simpl IZR. unfold powerRZ. f_equal. }
  pose proof (Rmult_le_compat_l (/ 2 ^ 24) _ _ ltac:(lra) H). lra.
Qed.

(** What is computed: the estimate, the error that is added, and their sum times the row's factor (a norm, or 1). *)
Definition estimate32 (s h : R) (twice : Z) (a total : R) : R :=
  round32 (round32 (round32 (s * h) * round32 (IZR twice)) + round32 (a * total)).
Definition error32 (codeword_error magnitude s residue : R) : R := round32 (round32 (codeword_error * magnitude) + round32 (s * residue)).
Definition upper32 (rho gain kappa sum : R) : R := round32 (rho * round32 (round32 (gain * sum) - round32 (rho * kappa))).

Lemma estimate32_error s h twice a total W N :
  / 4 <= N -> 0 <= s * h <= N -> (Z.abs twice <= 2 ^ 31)%Z -> Rabs (s * h * IZR twice) + Rabs (a * W) <= N ->
  Rabs (a * total - a * W) <= 1.1 * / 2 ^ 24 * N ->
  Rabs (estimate32 s h twice a total - (a * W + s * h * IZR twice)) <= 5.3 * / 2 ^ 24 * N.
Proof.
  intros HN Hx Ht Hsum Ha. unfold estimate32. set (x := s * h) in *. set (y := IZR twice) in *. set (z := a * W) in *. set (z' := a * total) in *.
  assert (Hy : Rabs y <= 2 ^ 31) by (unfold y; rewrite <- abs_IZR; apply IZR_le in Ht; simpl in Ht; lra).
  pose proof (round32_within x (Rabs x) ltac:(lra)) as H1. pose proof (round32_within y (Rabs y) ltac:(lra)) as H2.
  pose proof (product_error_correct _ _ _ _ _ _ H1 H2) as H3. unfold product_error in H3. rewrite (Rabs_pos_eq x) in * by lra.
  assert (HX : Rabs (x * y) = x * Rabs y) by (rewrite Rabs_mult, (Rabs_pos_eq x) by lra; easy). rewrite HX in Hsum.
  set (r := round32 x * round32 y) in *. pose proof (Rabs_pos y). pose proof (Rabs_pos z). set (X := x * Rabs y) in *.
  assert (H4 : Rabs (r - x * y) <= 2 * / 2 ^ 24 * X + / 2 ^ 48 * X + (1 + / 2 ^ 24) * / 2 ^ 150 * (x + Rabs y) + / 2 ^ 300).
  { eapply Rle_trans; [exact H3|]. unfold X. right. field. }
  assert (HX0 : 0 <= X) by (apply Rmult_le_pos; lra).
  assert (H5 : Rabs (r - x * y) <= 2.01 * / 2 ^ 24 * X + 0.01 * / 2 ^ 24 * N) by lra.
  assert (Hr : Rabs r <= X + (2.01 * / 2 ^ 24 * X + 0.01 * / 2 ^ 24 * N)).
  { replace r with (x * y + (r - x * y)) by ring. eapply Rle_trans; [apply Rabs_triang|]. rewrite HX. lra. }
  assert (Hz : Rabs z' <= Rabs z + 1.1 * / 2 ^ 24 * N).
  { replace z' with (z + (z' - z)) by ring. eapply Rle_trans; [apply Rabs_triang|]. lra. }
  pose proof (round32_within _ _ Hr) as H6. pose proof (round32_within _ _ Hz) as H7.
  set (r' := round32 r) in *. set (z'' := round32 z') in *.
  assert (H8 : Rabs (r' + z'' - (z + x * y)) <= 3.02 * / 2 ^ 24 * X + 1.03 * / 2 ^ 24 * Rabs z + 1.13 * / 2 ^ 24 * N).
  { replace (r' + z'' - (z + x * y)) with ((r' - r) + (r - x * y) + ((z'' - z') + (z' - z))) by ring.
    eapply Rle_trans; [apply Rabs_triang|]. pose proof (Rabs_triang (r' - r) (r - x * y)). pose proof (Rabs_triang (z'' - z') (z' - z)). lra. }
  assert (H9 : Rabs (r' + z'') <= 1.01 * N).
  { replace (r' + z'') with (z + x * y + (r' + z'' - (z + x * y))) by ring. eapply Rle_trans; [apply Rabs_triang|].
    pose proof (Rabs_triang z (x * y)). lra. }
  pose proof (round32_within _ _ H9) as H10.
  replace (round32 (r' + z'') - (z + x * y)) with ((round32 (r' + z'') - (r' + z'')) + (r' + z'' - (z + x * y))) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.

(** Rounding is monotone, so lower bounds of the operands are enough. *)
Lemma round32_above x y b : y <= x -> Rabs y <= b -> y - (/ 2 ^ 24 * b + / 2 ^ 150) <= round32 x.
Proof. intros Hxy Hb. pose proof (round32_le y x Hxy). pose proof (round32_within y b Hb) as E. apply Rabs_le_inv in E. lra. Qed.

Lemma error32_above ce mg s res e1 e2 N : / 4 <= N -> 0 <= e1 <= ce * mg -> 0 <= e2 <= s * res -> e1 + e2 <= 1.01 * N ->
  e1 + e2 - 2.1 * / 2 ^ 24 * N <= error32 ce mg s res.
Proof.
  intros HN H1 H2 Hsum. unfold error32.
  pose proof (round32_above (ce * mg) e1 e1 ltac:(lra) ltac:(rewrite Rabs_pos_eq; lra)).
  pose proof (round32_above (s * res) e2 e2 ltac:(lra) ltac:(rewrite Rabs_pos_eq; lra)).
  set (y := e1 - (/ 2 ^ 24 * e1 + / 2 ^ 150) + (e2 - (/ 2 ^ 24 * e2 + / 2 ^ 150))).
  pose proof (round32_above (round32 (ce * mg) + round32 (s * res)) y (1.02 * N) ltac:(unfold y; lra) ltac:(unfold y; apply Rabs_le; lra)).
  unfold y in *. lra.
Qed.

(** S is bounded with a margin of 20 units, which the roundings of [upper32] do not use up. *)
Lemma upper32_above S N rho gain G kappa sum :
  / 4 <= N -> Rabs S <= 1.1 * N -> S + 20 * / 2 ^ 24 * N <= sum ->
  / 2 ^ 60 <= G -> Rabs (gain - G) <= 1.01 * / 2 ^ 24 * G -> / 2 ^ 50 <= rho -> 0 <= kappa <= 1 ->
  rho * (G * S) <= upper32 rho gain kappa sum + (1 + 3.1 * / 2 ^ 24) * (kappa * (rho * rho)).
Proof.
  intros HN HS Hsum HG Hgain Hrho Hkappa. unfold upper32. apply Rabs_le_inv in Hgain. apply Rabs_le_inv in HS.
  assert (HGN : / 2 ^ 62 <= G * N) by (apply Rle_trans with (/ 2 ^ 60 * / 4); [lra|apply Rmult_le_compat; lra]).
  assert (HrGN : / 2 ^ 112 <= rho * (G * N)) by (apply Rle_trans with (/ 2 ^ 50 * / 2 ^ 62); [lra|apply Rmult_le_compat; lra]).
  assert (Hu : 0 < / 2 ^ 24) by lra.
  set (x := S + 20 * / 2 ^ 24 * N) in *.
  assert (Hx : Rabs x <= 1.11 * N) by (apply Rabs_le; unfold x; lra).
  assert (Hg : G * x - 1.01 * / 2 ^ 24 * (1.11 * (G * N)) <= gain * x).
  { assert (Rabs ((gain - G) * x) <= 1.01 * / 2 ^ 24 * G * (1.11 * N)).
    { rewrite Rabs_mult. apply Rmult_le_compat; try apply Rabs_pos; [apply Rabs_le; lra|exact Hx]. }
    apply Rabs_le_inv in H. lra. }
  assert (HGx : Rabs (G * x) <= 1.11 * (G * N)).
  { rewrite Rabs_mult, (Rabs_pos_eq G) by lra. replace (1.11 * (G * N)) with (G * (1.11 * N)) by ring. apply Rmult_le_compat_l; lra. }
  apply Rabs_le_inv in HGx.
  assert (Hmono : gain * x <= gain * sum) by (apply Rmult_le_compat_l; lra).
  pose proof (round32_above (gain * sum) (G * x - 1.01 * / 2 ^ 24 * (1.11 * (G * N))) (1.12 * (G * N)) ltac:(lra) ltac:(apply Rabs_le; lra)) as H1.
  assert (H2 : G * S + 17 * / 2 ^ 24 * (G * N) <= round32 (gain * sum)).
  { replace (G * x) with (G * S + 20 * / 2 ^ 24 * (G * N)) in H1 by (unfold x; ring). lra. }
  assert (HGS : Rabs (G * S) <= 1.1 * (G * N)).
  { rewrite Rabs_mult, (Rabs_pos_eq G) by lra. replace (1.1 * (G * N)) with (G * (1.1 * N)) by ring.
    apply Rmult_le_compat_l; [lra|]. apply Rabs_le; lra. }
  apply Rabs_le_inv in HGS. set (g := G * S) in *. set (n := G * N) in *.
  assert (Hk : 0 <= rho * kappa) by (apply Rmult_le_pos; lra).
  pose proof (round32_within (rho * kappa) (rho * kappa) ltac:(rewrite Rabs_pos_eq; lra)) as H3. apply Rabs_le_inv in H3.
  set (k := rho * kappa) in *.
  pose proof (round32_above (round32 (gain * sum) - round32 k) (g + 17 * / 2 ^ 24 * n - (k + / 2 ^ 24 * k + / 2 ^ 150)) (1.11 * n + 1.01 * k)
    ltac:(lra) ltac:(apply Rabs_le; lra)) as H4.
  set (z := round32 (round32 (gain * sum) - round32 k)) in *.
  assert (H5 : g + 15 * / 2 ^ 24 * n - (1 + 2.02 * / 2 ^ 24) * k <= z) by lra.
  set (y := g + 15 * / 2 ^ 24 * n - (1 + 2.02 * / 2 ^ 24) * k) in *.
  assert (Hy : Rabs (rho * y) <= 1.12 * (rho * n) + 1.01 * (rho * k)).
  { rewrite Rabs_mult, (Rabs_pos_eq rho) by lra. replace (1.12 * (rho * n) + 1.01 * (rho * k)) with (rho * (1.12 * n + 1.01 * k)) by ring.
    apply Rmult_le_compat_l; [lra|]. apply Rabs_le. unfold y. lra. }
  assert (Hz : rho * y <= rho * z) by (apply Rmult_le_compat_l; lra).
  pose proof (round32_above (rho * z) (rho * y) _ Hz Hy) as H6.
  assert (Hrk : rho * k = kappa * (rho * rho)) by (unfold k; ring). rewrite <- Hrk.
  assert (0 <= rho * k) by (apply Rmult_le_pos; lra).
  replace (rho * y) with (rho * g + 15 * / 2 ^ 24 * (rho * n) - (1 + 2.02 * / 2 ^ 24) * (rho * k)) in H6 by (unfold y; ring). lra.
Qed.

(** The share of all roundings, those of the exact path included, in the error that is added. *)
Definition filter_rounding (d : nat) : R := 1.01 * INR (score_roundings d) * / 2 ^ 24 + 32 * / 2 ^ 24.

Lemma score_roundings_small d : (Z.of_nat d <= 2 ^ 16)%Z -> INR (score_roundings d) <= 4100 /\ INR (128 * score_groups d) <= 2 ^ 17.
Proof.
  intros Hd. assert (H : (score_groups d <= 512)%nat).
  { unfold score_groups. apply Nat.lt_succ_r. apply Nat.div_lt_upper_bound; lia. }
  unfold score_roundings. rewrite !INR_IZR_INZ. split; [apply (IZR_le _ 4100); lia|].
  replace (2 ^ 17) with (IZR (2 ^ 17)) by (simpl; lra). apply IZR_le. lia.
Qed.

Lemma growth_small N : INR N <= 4100 -> (1 + unit_roundoff) ^ N - 1 <= 1.005 * INR N * / 2 ^ 24 /\ (1 + unit_roundoff) ^ N <= 1.001.
Proof.
  intros H. pose proof unit_roundoff_pos as Hu. pose proof (small_power unit_roundoff N ltac:(lra)) as Hp. pose proof (pos_INR N) as Hn.
  pose proof (growth32_ge_1 N) as H1. set (g := (1 + unit_roundoff) ^ N) in *. unfold unit_roundoff in *. set (x := INR N * / 2 ^ 24) in *.
  assert (Hx : 0 <= x <= 0.00025) by (unfold x; lra).
  assert (Hg : g <= 1.001) by nra. split; [|exact Hg].
  assert (g * x <= 1.001 * x) by (apply Rmult_le_compat_r; lra).
  replace (1.005 * INR N * / 2 ^ 24) with (1.005 * x) by (unfold x; ring). lra.
Qed.

Lemma score_sum_error_small d w c m a s eps A : (Z.of_nat d <= 2 ^ 16)%Z -> in_bucket d c m a s eps A ->
  score_sum_error_bound d w c <= 1.005 * INR (score_roundings d) * / 2 ^ 24 * (A * total_abs d w) + / 2 ^ 130 /\
  Rabs (sum d (fun j => w j * c j)) <= A * total_abs d w.
Proof.
  intros Hd (Hs & Heps & HA & H). destruct (score_roundings_small d Hd) as [HN HG]. destruct (growth_small _ HN) as [Hgrow Hg].
  assert (Hmass : sum d (fun j => Rabs (w j * c j)) <= A * total_abs d w).
  { unfold total_abs. rewrite <- sum_scal_l. apply sum_le. intros j Hj. destruct (H j Hj) as (_ & Hc & _). rewrite Rabs_mult, Rmult_comm.
    apply Rmult_le_compat_r; [apply Rabs_pos|exact Hc]. }
  split; [|eapply Rle_trans; [apply sum_Rabs_le|exact Hmass]].
  unfold score_sum_error_bound. pose proof (growth32_ge_1 (score_roundings d)) as H1.
  set (g := (1 + unit_roundoff) ^ score_roundings d) in *.
  assert (Hmass0 : 0 <= sum d (fun j => Rabs (w j * c j))) by (apply sum_nonneg; intros; apply Rabs_pos).
  assert (HA0 : 0 <= A * total_abs d w) by lra.
  apply Rplus_le_compat.
  - apply Rmult_le_compat; lra.
  - assert (Hu : underflow32 <= / 2 ^ 150) by (right; unfold underflow32; change (-150)%Z with (- (150))%Z; rewrite bpow_opp, bpow_powerRZ; easy).
    assert (Hu0 : 0 < underflow32) by apply bpow_gt_0. pose proof (pos_INR (128 * score_groups d)).
    apply Rle_trans with (1.001 * (2 ^ 17 * / 2 ^ 150)); [|lra].
    apply Rmult_le_compat; [lra|apply Rmult_le_pos; lra|lra|]. apply Rmult_le_compat; lra.
Qed.

(** A query, as the filter has it: |p_j| <= Q, sums in binary32, the errors rounded up. *)
Definition filter_steps (d : nat) (w : vec) (p : nat -> Z) (t total magnitude res : R) : Prop :=
  0 <= t <= total_abs d w /\
  (exists Q, (forall j, (j < d)%nat -> (Z.abs (p j) <= Q)%Z) /\ (255 * (Z.of_nat d * Q) < 2 ^ 31)%Z) /\
  Rabs (total - sum d w) <= 1.1 * / 2 ^ 24 * total_abs d w /\
  total_abs d w <= magnitude /\ 127.5 * (1 + filter_rounding d) * total_abs d (residue w t p) <= res.
Definition filter_query (d : nat) (w : vec) (p : nat -> Z) (t total magnitude res : R) : Prop :=
  / 2 <= total_abs d w /\ filter_steps d w p t total magnitude res.

(** The bound of a row: of rho G S, but for kappa rho^2. *)
Definition filter_bound32 (d : nat) (p m : nat -> Z) (a s codeword_error t total magnitude res rho gain kappa : R) : R :=
  upper32 rho gain kappa (round32 (estimate32 s (t / 2) (twice_byte_sum d p m) a total + error32 codeword_error magnitude s res)).

Section Bound.
Variables (d : nat) (w c : vec) (m p : nat -> Z) (a s t eps A ce total magnitude res : R).
Hypothesis Hd : (Z.of_nat d <= 2 ^ 16)%Z.
Hypothesis Hrow : in_bucket d c m a s eps A.
Hypothesis HA : / 2 <= A.
Hypothesis Hce : eps + filter_rounding d * A <= ce.
Hypothesis Hquery : filter_query d w p t total magnitude res.
Let W := total_abs d w.
Let F := total_abs d (residue w t p).
Let N := A * W + 127.5 * s * F.
Let S := score_sum32 d w c.

Lemma total_abs_nonneg w' : 0 <= total_abs d w'.
Proof. apply sum_nonneg. intros. apply Rabs_pos. Qed.

Lemma filter_mass : / 4 <= N /\ A * W <= N.
Proof.
  destruct Hrow as (Hs & _). destruct Hquery as (HW & _). fold W in HW. pose proof (total_abs_nonneg (residue w t p)) as HF. fold F in HF.
  assert (0 <= 127.5 * s * F) by (apply Rmult_le_pos; lra). assert (/ 2 * / 2 <= A * W) by (apply Rmult_le_compat; lra). unfold N. lra.
Qed.

Lemma filter_rounding_small : 1.01 * INR (score_roundings d) * / 2 ^ 24 + 32 * / 2 ^ 24 = filter_rounding d /\ 0 <= filter_rounding d <= 0.001.
Proof. split; [easy|]. unfold filter_rounding. destruct (score_roundings_small d Hd) as [H _]. pose proof (pos_INR (score_roundings d)). lra. Qed.

Lemma computed_sum_within : Rabs S <= 1.01 * (A * W).
Proof.
  destruct (score_sum_error_small d w c m a s eps A Hd Hrow) as [H1 H2]. fold W in H1, H2. destruct filter_mass as [HN HM].
  pose proof (score_sum_error_bound_correct d w c) as H3. fold S in H3. destruct (score_roundings_small d Hd) as [Hr _].
  set (M := A * W) in *. pose proof (pos_INR (score_roundings d)).
  assert (HM0 : / 4 <= M).
  { apply Rle_trans with (/ 2 * / 2); [lra|]. destruct Hquery as (HW & _). fold W in HW. unfold M. apply Rmult_le_compat; lra. }
  assert (1.005 * INR (score_roundings d) * / 2 ^ 24 * M <= 0.001 * M) by (apply Rmult_le_compat_r; lra).
  replace S with ((S - sum d (fun j => w j * c j)) + sum d (fun j => w j * c j)) by ring. eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.

Lemma estimate_parts : 0 <= s * (t / 2) <= N /\ Rabs (s * (t / 2) * IZR (twice_byte_sum d p m)) + Rabs (a * sum d w) <= N.
Proof.
  destruct Hrow as (Hs & Heps & HaA & Hm). destruct Hquery as (HW & Ht & _). fold W in HW, Ht.
  pose proof (total_abs_nonneg (residue w t p)) as HF. fold F in HF. pose proof (Rabs_pos a) as Ha.
  assert (H0 : 0 <= s * (t / 2)) by (apply Rmult_le_pos; lra).
  assert (Hst : s * t <= s * W) by (apply Rmult_le_compat_l; lra).
  assert (HsW : 127.5 * s * W <= A * W) by (apply Rmult_le_compat_r; lra).
  assert (HsF : 0 <= 127.5 * s * F) by (apply Rmult_le_pos; lra).
  split; [unfold N; lra|].
  assert (HaW : Rabs (a * sum d w) <= Rabs a * W).
  { rewrite Rabs_mult. apply Rmult_le_compat_l; [lra|]. apply sum_Rabs_le. }
  assert (Hp : Rabs (t * IZR (twice_byte_sum d p m)) <= 255 * (W + F)).
  { rewrite twice_byte_sum_reals. unfold W, F, total_abs. rewrite <- sum_plus, <- !sum_scal_l. eapply Rle_trans; [apply sum_Rabs_le|].
    apply sum_le. intros j Hj. destruct (Hm j Hj) as ((Hm0 & Hm1) & _). apply IZR_le in Hm0, Hm1. unfold residue.
    replace (t * (IZR (p j) * (2 * IZR (m j) - 255))) with ((2 * IZR (m j) - 255) * (w j - (w j - t * IZR (p j)))) by ring.
    rewrite Rabs_mult. apply Rmult_le_compat; try apply Rabs_pos; [apply Rabs_le; lra|apply Rabs_minus_le]. }
  replace (s * (t / 2) * IZR (twice_byte_sum d p m)) with (s / 2 * (t * IZR (twice_byte_sum d p m))) by field.
  rewrite Rabs_mult, (Rabs_pos_eq (s / 2)) by lra.
  assert (s / 2 * Rabs (t * IZR (twice_byte_sum d p m)) <= s / 2 * (255 * (W + F))) by (apply Rmult_le_compat_l; lra).
  assert (Rabs a * W + 127.5 * s * W <= A * W) by (rewrite <- Rmult_plus_distr_r; apply Rmult_le_compat_r; lra).
  unfold N. lra.
Qed.

Theorem filter_bound_above rho gain G kappa :
  / 2 ^ 60 <= G -> Rabs (gain - G) <= 1.01 * / 2 ^ 24 * G -> / 2 ^ 50 <= rho -> 0 <= kappa <= 1 ->
  rho * (G * S) <= filter_bound32 d p m a s ce t total magnitude res rho gain kappa + (1 + 3.1 * / 2 ^ 24) * (kappa * (rho * rho)).
Proof.
  intros HG Hgain Hrho Hkappa. destruct filter_mass as [HN HM]. destruct estimate_parts as [Hx Hparts]. destruct filter_rounding_small as [Heta Heta0].
  unfold filter_bound32. apply upper32_above with N; try easy; [pose proof computed_sum_within; lra|].
  destruct Hquery as (HW & Ht & (Q & HQ & Hfit) & Htotal & Hmag & Hres). fold W in HW, Ht, Htotal, Hmag. fold F in Hres.
  pose proof (byte_estimate_error d w c m p a s t eps A Hrow) as E1. fold W F in E1.
  destruct (score_sum_error_small d w c m a s eps A Hd Hrow) as [E2 _]. fold W in E2.
  pose proof (score_sum_error_bound_correct d w c) as E3. fold S in E3.
  destruct Hrow as (Hs & Heps & HaA & Hm).
  assert (Htwice : (Z.abs (twice_byte_sum d p m) <= 2 ^ 31)%Z).
  { destruct (twice_byte_sum_bound d p m Q) as [H _]; [|lia]. intros j Hj. split; [now apply HQ|now apply Hm]. }
  assert (Ha : Rabs (a * total - a * sum d w) <= 1.1 * / 2 ^ 24 * N).
  { rewrite <- Rmult_minus_distr_l, Rabs_mult. pose proof (Rabs_pos a). apply Rle_trans with (A * (1.1 * / 2 ^ 24 * W)).
    - apply Rmult_le_compat; try apply Rabs_pos; [lra|exact Htotal].
    - lra. }
  pose proof (estimate32_error s (t / 2) (twice_byte_sum d p m) a total (sum d w) N HN Hx Htwice Hparts Ha) as E4.
  replace (a * sum d w + s * (t / 2) * IZR (twice_byte_sum d p m)) with (byte_estimate d w a s t p m) in E4 by (unfold byte_estimate; field).
  pose proof (total_abs_nonneg (residue w t p)) as HF. fold F in HF.
  assert (HetaA : 0 <= filter_rounding d * A) by (apply Rmult_le_pos; lra).
  set (e1 := (eps + filter_rounding d * A) * W). set (e2 := s * (127.5 * (1 + filter_rounding d) * F)).
  assert (He1 : 0 <= e1 <= ce * magnitude).
  { split; [apply Rmult_le_pos; lra|]. apply Rmult_le_compat; lra. }
  assert (He2 : 0 <= e2 <= s * res).
  { split; [|now apply Rmult_le_compat_l]. apply Rmult_le_pos; [easy|]. apply Rmult_le_pos; lra. }
  assert (Hsum : e1 + e2 = eps * W + 127.5 * s * F + filter_rounding d * N) by (unfold e1, e2, N; ring).
  assert (HepsW : eps * W <= A * W) by (apply Rmult_le_compat_r; lra).
  assert (Hmost : eps * W + 127.5 * s * F <= N) by (unfold N; lra).
  assert (HetaN : filter_rounding d * N <= 0.001 * N) by (apply Rmult_le_compat_r; lra).
  pose proof (error32_above ce magnitude s res e1 e2 N HN He1 He2 ltac:(rewrite Hsum; lra)) as E5.
  set (x := estimate32 s (t / 2) (twice_byte_sum d p m) a total + error32 ce magnitude s res).
  assert (Hgrow : 1.005 * INR (score_roundings d) * / 2 ^ 24 * (A * W) <= filter_rounding d * N - 32 * / 2 ^ 24 * N).
  { rewrite <- Heta. pose proof (pos_INR (score_roundings d)). assert (0 <= A * W) by (apply Rmult_le_pos; lra).
    replace ((1.01 * INR (score_roundings d) * / 2 ^ 24 + 32 * / 2 ^ 24) * N - 32 * / 2 ^ 24 * N)
      with (1.01 * INR (score_roundings d) * / 2 ^ 24 * N) by ring. apply Rmult_le_compat; lra. }
  pose proof computed_sum_within as HS. apply Rabs_le_inv in E1, E3, E4, HS.
  assert (Hlow : S + 24 * / 2 ^ 24 * N <= x) by (unfold x; rewrite Hsum in E5; lra).
  pose proof (round32_above x (S + 24 * / 2 ^ 24 * N) (1.2 * N) Hlow ltac:(apply Rabs_le; lra)). lra.
Qed.
End Bound.

(** ** From the sum to the scores: a row whose bound is below the threshold has a worse score than T, that of the k-th *)

Lemma round64_within x b : Rabs x <= b -> Rabs (round64 x - x) <= / 2 ^ 53 * b + / 2 ^ 300.
Proof.
  intros H. pose proof (round64_error x) as E.
  assert (Hu : underflow64 <= / 2 ^ 300).
  { replace (/ 2 ^ 300) with (bpow radix2 (- (300))); [apply bpow_le; lia|]. rewrite bpow_opp, bpow_powerRZ. easy. }
  pose proof (Rmult_le_compat_l (/ 2 ^ 53) _ _ ltac:(lra) H). lra.
Qed.

Lemma round64_relative x : / 2 ^ 200 <= x -> Rabs (round64 x - x) <= 1.01 * / 2 ^ 53 * x.
Proof. intros H. pose proof (round64_within x x ltac:(rewrite Rabs_pos_eq; lra)). lra. Qed.

(** Below T by [margin], a score is not rounded to T. *)
Definition margin (T : R) : R := / 2 ^ 22 * Rabs T + / 2 ^ 148.
Definition margin64 (T : R) : R := round64 (round64 (/ 2 ^ 22 * Rabs T) + / 2 ^ 148).

Lemma margin64_error T : Rabs (margin64 T - margin T) <= 0.01 * margin T.
Proof.
  unfold margin64, margin. pose proof (Rabs_pos T) as HT. set (x := / 2 ^ 22 * Rabs T).
  assert (Hx : 0 <= x) by (unfold x; lra). pose proof (round64_within x x ltac:(rewrite Rabs_pos_eq; lra)) as H1. apply Rabs_le_inv in H1.
  pose proof (round64_within (round64 x + / 2 ^ 148) (1.01 * x + 1.01 * / 2 ^ 148) ltac:(apply Rabs_le; lra)) as H2. apply Rabs_le_inv in H2.
  apply Rabs_le. lra.
Qed.

Lemma round32_below x T : x <= T - 0.9 * margin T -> round32 x < T.
Proof.
  intros H. unfold margin in *. pose proof (Rabs_pos T). set (y := T - 0.9 * (/ 2 ^ 22 * Rabs T + / 2 ^ 148)) in *.
  assert (Hy : Rabs y <= 1.01 * Rabs T + / 2 ^ 148) by (unfold y; apply Rabs_le; unfold Rabs in *; destruct (Rcase_abs T); lra).
  pose proof (round32_le x y H). pose proof (round32_within y _ Hy) as E. apply Rabs_le_inv in E. unfold y in *. lra.
Qed.

Lemma round32_beyond x T : T + 0.9 * margin T <= x -> T < round32 x.
Proof.
  intros H. assert (H' : - x <= - T - 0.9 * margin (- T)) by (unfold margin in *; rewrite Rabs_Ropp; lra).
  apply round32_below in H'. unfold round32 in *. rewrite round_format_opp in H'. lra.
Qed.

(** Thresholds are numbers of binary64, [least], rounded down to one of binary32 below. *)
Lemma threshold_below x : pred radix2 (FLT_exp (-149) 24) (round32 x) <= x.
Proof. apply pred_round_le_id; [apply FLT_exp_valid; easy|apply valid_rnd_N]. Qed.

Definition scaled_least64 (T unit : R) : R := round64 (round64 (T - margin64 T) * unit).
Definition distance_least64 (T Q : R) : R := round64 (round64 (round64 (Q * (1 - / 2 ^ 40)) - T) - margin64 T).

Lemma increasing k x y : 0 <= k <= 1 -> x <= y -> x + k * Rabs x <= y + k * Rabs y.
Proof.
  intros Hk H. assert (Rabs x - Rabs y <= y - x) by (unfold Rabs; destruct (Rcase_abs x), (Rcase_abs y); lra). nra.
Qed.

Lemma scaled_least_below T unit D x : / 2 ^ 110 <= D -> Rabs (unit - D) <= 1.01 * / 2 ^ 53 * D -> x <= scaled_least64 T unit ->
  x / D <= T - 0.97 * margin T.
Proof.
  intros HD Hunit Hx. unfold scaled_least64 in Hx. pose proof (margin64_error T) as Hm. apply Rabs_le_inv in Hm.
  pose proof (Rabs_pos T) as HT. assert (HK : / 2 ^ 148 <= margin T) by (unfold margin; lra).
  assert (HTm : Rabs T <= 2 ^ 22 * margin T) by (unfold margin; lra). set (K := margin T) in *.
  set (y := T - margin64 T) in *.
  assert (Hy : Rabs y <= Rabs T + 1.01 * K) by (apply Rabs_le; unfold y, Rabs in *; destruct (Rcase_abs T); lra).
  pose proof (round64_within y _ Hy) as H1. set (y' := round64 y) in *.
  assert (Hy' : Rabs y' <= 1.01 * (Rabs T + 1.01 * K)).
  { replace y' with (y + (y' - y)) by ring. eapply Rle_trans; [apply Rabs_triang|]. lra. }
  assert (H2 : Rabs (y' * (unit - D)) <= Rabs y' * (1.01 * / 2 ^ 53 * D)).
  { rewrite Rabs_mult. apply Rmult_le_compat_l; [apply Rabs_pos|exact Hunit]. }
  assert (HyD : 0 <= Rabs y' * D) by (apply Rmult_le_pos; [apply Rabs_pos|lra]).
  assert (Hp : Rabs (y' * unit) <= 1.01 * (Rabs y' * D)).
  { replace (y' * unit) with (y' * D + y' * (unit - D)) by ring. eapply Rle_trans; [apply Rabs_triang|].
    rewrite (Rabs_mult y' D), (Rabs_pos_eq D) by lra. lra. }
  pose proof (round64_within _ _ Hp) as H3. apply Rabs_le_inv in H1, H2, H3.
  assert (H4 : x <= (y' + 2.03 * / 2 ^ 53 * Rabs y' + / 2 ^ 180) * D).
  { lra. }
  apply Rle_trans with (y' + 2.03 * / 2 ^ 53 * Rabs y' + / 2 ^ 180).
  - apply Rmult_le_reg_r with D; [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
  - unfold y in *. lra.
Qed.

Lemma inner_product64_near d S rho e : 1 <= INR d <= 2 ^ 16 -> bpow radix2 e <= 2 ^ 40 -> / 2 ^ 50 <= rho ->
  let q := rho * S / (INR d / bpow radix2 e) in
  Rabs (inner_product64 d S rho e - q) <= 3.1 * / 2 ^ 53 * Rabs q + / 2 ^ 250.
Proof.
  intros Hd Hb Hrho q. unfold inner_product64. pose proof (bpow_gt_0 radix2 e) as Hb0. set (b := bpow radix2 e) in *. set (n := INR d) in *.
  assert (Hf : / 2 ^ 66 <= rho / n).
  { apply Rle_trans with (/ 2 ^ 50 * / 2 ^ 16); [lra|]. apply Rmult_le_compat; [lra|lra|lra|]. apply Rinv_le_contravar; lra. }
  set (f := rho / n) in *. pose proof (round64_relative f ltac:(lra)) as H1. set (r1 := round64 f) in *.
  assert (H2 : Rabs (S * r1 - S * f) <= 1.01 * / 2 ^ 53 * Rabs (S * f)).
  { rewrite <- Rmult_minus_distr_l, !Rabs_mult, (Rabs_pos_eq f) by lra. pose proof (Rabs_pos S).
    replace (1.01 * / 2 ^ 53 * (Rabs S * f)) with (Rabs S * (1.01 * / 2 ^ 53 * f)) by ring. now apply Rmult_le_compat_l. }
  pose proof (Rabs_pos (S * f)) as HSf0.
  assert (HSr : Rabs (S * r1) <= 1.01 * Rabs (S * f)).
  { replace (S * r1) with (S * f + (S * r1 - S * f)) by ring. eapply Rle_trans; [apply Rabs_triang|]. lra. }
  pose proof (round64_within _ _ HSr) as H3. set (r2 := round64 (S * r1)) in *.
  assert (H4 : Rabs (r2 - S * f) <= 2.03 * / 2 ^ 53 * Rabs (S * f) + / 2 ^ 300).
  { replace (r2 - S * f) with ((r2 - S * r1) + (S * r1 - S * f)) by ring. eapply Rle_trans; [apply Rabs_triang|]. lra. }
  assert (Hq : q = S * f * b) by (unfold q, f; field; lra).
  assert (H5 : Rabs (r2 * b - q) <= 2.03 * / 2 ^ 53 * Rabs q + / 2 ^ 260).
  { rewrite Hq, <- Rmult_minus_distr_r, !(Rabs_mult _ b), (Rabs_pos_eq b) by lra.
    apply Rle_trans with ((2.03 * / 2 ^ 53 * Rabs (S * f) + / 2 ^ 300) * b); [apply Rmult_le_compat_r; lra|]. lra. }
  pose proof (Rabs_pos q).
  assert (H6 : Rabs (r2 * b) <= 1.01 * Rabs q + / 2 ^ 260).
  { replace (r2 * b) with (q + (r2 * b - q)) by ring. eapply Rle_trans; [apply Rabs_triang|]. lra. }
  pose proof (round64_within _ _ H6) as H7.
  replace (round64 (r2 * b) - q) with ((round64 (r2 * b) - r2 * b) + (r2 * b - q)) by ring. eapply Rle_trans; [apply Rabs_triang|]. lra.
Qed.

(** A double within 4 units of a number below T - 0.97 margin. *)
Lemma near_below x q T : q <= T - 0.97 * margin T -> Rabs (x - q) <= 4 * / 2 ^ 53 * Rabs q + / 2 ^ 250 -> x <= T - 0.9 * margin T.
Proof.
  intros Hq Hx. pose proof (increasing (4 * / 2 ^ 53) _ _ ltac:(lra) Hq) as H. apply Rabs_le_inv in Hx. pose proof (Rabs_pos T).
  assert (Hb : Rabs (T - 0.97 * margin T) <= Rabs T + margin T).
  { unfold margin in *. apply Rabs_le. unfold Rabs in *. destruct (Rcase_abs T); lra. }
  unfold margin in *. lra.
Qed.

Lemma inner_product_below d S rho e T : 1 <= INR d <= 2 ^ 16 -> / 2 ^ 40 <= bpow radix2 e <= 2 ^ 40 -> / 2 ^ 50 <= rho ->
  rho * S <= scaled_least64 T (round64 (INR d / bpow radix2 e)) -> inner_product32 d S rho e < T.
Proof.
  intros Hd He Hrho H. apply round32_below.
  assert (HD : / 2 ^ 40 <= INR d / bpow radix2 e).
  { apply Rmult_le_reg_r with (bpow radix2 e); [lra|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  apply near_below with (rho * S / (INR d / bpow radix2 e)).
  - apply scaled_least_below with (round64 (INR d / bpow radix2 e)); [lra| |exact H]. apply round64_relative. lra.
  - pose proof (inner_product64_near d S rho e Hd (proj2 He) Hrho) as E. cbv zeta in E. pose proof (Rabs_pos (rho * S / (INR d / bpow radix2 e))). lra.
Qed.

Lemma cosine_below d Q S rho e T : let f := cosine_factor64 d Q e in
  / 2 ^ 100 <= f <= 2 ^ 100 -> rho <> 0 -> Q <> 0 -> S <= scaled_least64 T (round64 (/ f)) -> cosine32 d Q S rho e < T.
Proof.
  intros f Hf Hrho HQ H. unfold cosine32. destruct (Req_EM_T rho 0) as [|_]; [easy|]. destruct (Req_EM_T Q 0) as [|_]; [easy|]. fold f.
  assert (HD : / 2 ^ 100 <= / f) by (apply Rinv_le_contravar; lra).
  apply round32_below, near_below with (S / / f).
  - apply scaled_least_below with (round64 (/ f)); [lra| |exact H]. apply round64_relative. lra.
  - replace (S / / f) with (S * f) by (field; lra). pose proof (round64_within (S * f) _ (Rle_refl _)). pose proof (Rabs_pos (S * f)). lra.
Qed.

Lemma squared_distance_beyond d Q S rho e T upper : 1 <= INR d <= 2 ^ 16 -> bpow radix2 e <= 2 ^ 40 -> / 2 ^ 50 <= rho -> 0 <= Q ->
  let q := rho * S / (INR d / bpow radix2 e) in
  Rabs q <= 140 * (Q + rho * rho) -> 2 * q <= upper + (1 + 3.1 * / 2 ^ 24) * ((1 - / 2 ^ 20) * (rho * rho)) ->
  upper <= distance_least64 T Q -> T < squared_distance32 d Q S rho e.
Proof.
  intros Hd Hb Hrho HQ q Hq Hupper Hleast. unfold squared_distance32. apply round32_beyond.
  pose proof (inner_product64_near d S rho e Hd Hb Hrho) as H1. fold q in H1. set (x := inner_product64 d S rho e) in *.
  assert (Hr : / 2 ^ 100 <= rho * rho) by (apply Rle_trans with (/ 2 ^ 50 * / 2 ^ 50); [lra|apply Rmult_le_compat; lra]).
  set (r := rho * rho) in *. apply Rabs_le_inv in Hq, H1.
  assert (Hq' : Rabs q <= 140 * (Q + r)) by (apply Rabs_le; lra). pose proof (Rabs_pos T) as HT.
  (* the distance *)
  pose proof (round64_within r r ltac:(rewrite Rabs_pos_eq; lra)) as H2. apply Rabs_le_inv in H2.
  pose proof (round64_within (Q + round64 r) (1.01 * (Q + r)) ltac:(apply Rabs_le; lra)) as H3. apply Rabs_le_inv in H3.
  pose proof (round64_within (2 * x) (281 * (Q + r)) ltac:(apply Rabs_le; lra)) as H4. apply Rabs_le_inv in H4.
  pose proof (round64_within (round64 (Q + round64 r) - round64 (2 * x)) (284 * (Q + r)) ltac:(apply Rabs_le; lra)) as H5. apply Rabs_le_inv in H5.
  (* the threshold *)
  unfold distance_least64 in Hleast. pose proof (margin64_error T) as Hm. apply Rabs_le_inv in Hm.
  assert (HTm : Rabs T <= 2 ^ 22 * margin T) by (unfold margin; lra). assert (HK : / 2 ^ 148 <= margin T) by (unfold margin; lra).
  set (K := margin T) in *.
  pose proof (round64_within (Q * (1 - / 2 ^ 40)) Q ltac:(apply Rabs_le; lra)) as H6. apply Rabs_le_inv in H6.
  set (a1 := round64 (Q * (1 - / 2 ^ 40))) in *.
  pose proof (round64_within (a1 - T) (1.01 * (Q + K) + Rabs T) ltac:(apply Rabs_le; unfold Rabs in *; destruct (Rcase_abs T); lra)) as H7.
  apply Rabs_le_inv in H7. set (a2 := round64 (a1 - T)) in *.
  pose proof (round64_within (a2 - margin64 T) (1.02 * Q + 3 * K + 1.01 * Rabs T)
    ltac:(apply Rabs_le; unfold Rabs in *; destruct (Rcase_abs T); lra)) as H8. apply Rabs_le_inv in H8. lra.
Qed.

(** The errors are sums in binary64, made larger by 2^-20 of themselves and rounded: not below the exact ones. *)
Lemma rounded_up_above x x' : / 2 ^ 100 <= x -> Rabs (x' - x) <= / 2 ^ 30 * x -> x <= round32 (round64 (x' * (1 + / 2 ^ 20))).
Proof.
  intros Hx H. apply Rabs_le_inv in H.
  pose proof (round64_within (x' * (1 + / 2 ^ 20)) (1.1 * x) ltac:(apply Rabs_le; lra)) as H1. apply Rabs_le_inv in H1.
  set (y := round64 (x' * (1 + / 2 ^ 20))) in *. pose proof (round32_within y (1.2 * x) ltac:(apply Rabs_le; lra)) as H2.
  apply Rabs_le_inv in H2. lra.
Qed.

(** Q is the query's square; theta any number up to the threshold in binary64. *)
Theorem filter_bound_of_sum d w c m p a s t eps A ce total magnitude res rho e Q T theta :
  (0 < d)%nat -> (Z.of_nat d <= 2 ^ 16)%Z -> in_bucket d c m a s eps A -> / 2 <= A -> eps + filter_rounding d * A <= ce ->
  filter_query d w p t total magnitude res -> / 2 ^ 50 <= rho -> (-40 <= e <= 40)%Z ->
  let S := score_sum32 d w c in
  let upper := filter_bound32 d p m a s ce t total magnitude res in
  let gain := round32 (round64 (2 * bpow radix2 e / INR d)) in
  (theta <= scaled_least64 T (round64 (INR d / bpow radix2 e)) -> upper rho 1 0 < theta -> inner_product32 d S rho e < T) /\
  (0 <= Q -> A <= 256 -> total_abs d w * bpow radix2 e <= 1.01 * (INR d * sqrt Q) ->
   theta <= distance_least64 T Q -> upper rho gain (1 - / 2 ^ 20) < theta -> T < squared_distance32 d Q S rho e) /\
  (0 < Q -> / 2 ^ 100 <= cosine_factor64 d Q e <= 2 ^ 100 ->
   theta <= scaled_least64 T (round64 (/ cosine_factor64 d Q e)) -> upper 1 1 0 < theta -> cosine32 d Q S rho e < T).
Proof.
  intros Hd0 Hd Hrow HA Hce Hquery Hrho He S upper gain.
  assert (Hd1 : 1 <= INR d <= 2 ^ 16).
  { split; [apply (le_INR 1); lia|]. rewrite INR_IZR_INZ. apply IZR_le in Hd. simpl IZR in Hd. lra. }
  assert (Hb : / 2 ^ 40 <= bpow radix2 e <= 2 ^ 40).
  { split; [apply Rle_trans with (bpow radix2 (-40)); [right; simpl; lra|apply bpow_le; lia]|].
    apply Rle_trans with (bpow radix2 40); [apply bpow_le; lia|right; simpl; lra]. }
  set (b := bpow radix2 e) in *. set (n := INR d) in *.
  pose proof (filter_bound_above d w c m p a s t eps A ce total magnitude res Hd Hrow HA Hce Hquery) as Habove. cbv zeta in Habove.
  fold S upper in Habove. assert (Hone : Rabs (1 - 1) <= 1.01 * / 2 ^ 24 * 1) by (rewrite Rminus_diag_eq, Rabs_R0; lra).
  split; [|split].
  - intros Htheta Hupper. pose proof (Habove rho 1 1 0 ltac:(lra) Hone Hrho ltac:(lra)) as H.
    apply inner_product_below; try easy. fold b n. fold upper in H. lra.
  - intros HQ HA2 HW Htheta Hupper.
    assert (HG : / 2 ^ 55 <= 2 * b / n).
    { apply Rle_trans with (2 * / 2 ^ 40 * / 2 ^ 16); [lra|]. apply Rmult_le_compat; [lra|lra|lra|]. apply Rinv_le_contravar; lra. }
    set (G := 2 * b / n) in *.
    assert (Hgain : Rabs (gain - G) <= 1.01 * / 2 ^ 24 * G).
    { unfold gain. pose proof (round64_relative G ltac:(lra)) as H1. apply Rabs_le_inv in H1.
      pose proof (round32_within (round64 G) (1.001 * G) ltac:(apply Rabs_le; lra)) as H2. apply Rabs_le_inv in H2. apply Rabs_le. lra. }
    pose proof (Habove rho gain G (1 - / 2 ^ 20) ltac:(lra) Hgain Hrho ltac:(lra)) as H. fold upper in H.
    apply squared_distance_beyond with (upper rho gain (1 - / 2 ^ 20)); try easy; fold b n; [| |lra].
    + replace (rho * S / (n / b)) with (S * (rho * (b / n))) by (field; lra).
      pose proof (computed_sum_within d w c m p a s t eps A total magnitude res Hd Hrow HA Hquery) as HS. fold S in HS.
      assert (Hbn : 0 <= b / n) by (apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat; lra]).
      rewrite Rabs_mult, (Rabs_pos_eq (rho * (b / n))) by (apply Rmult_le_pos; lra).
      set (root := sqrt Q) in *. assert (Hroot : 0 <= root) by apply sqrt_pos. assert (HrQ : root * root = Q) by (now apply sqrt_sqrt).
      assert (HWn : total_abs d w * (b / n) <= 1.01 * root).
      { replace (total_abs d w * (b / n)) with (total_abs d w * b / n) by (field; lra). apply Rmult_le_reg_r with n; [lra|].
        unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
      destruct Hquery as (HW0 & _). set (W := total_abs d w) in *.
      assert (HAW : 1.01 * (A * W) * (rho * (b / n)) <= 1.01 * 256 * (rho * (1.01 * root))).
      { replace (1.01 * (A * W) * (rho * (b / n))) with (1.01 * A * (rho * (W * (b / n)))) by ring.
        apply Rmult_le_compat; [lra|apply Rmult_le_pos; [lra|apply Rmult_le_pos; lra]|lra|]. apply Rmult_le_compat_l; lra. }
      assert (Rabs S * (rho * (b / n)) <= 1.01 * (A * W) * (rho * (b / n))) by (apply Rmult_le_compat_r; [apply Rmult_le_pos; lra|exact HS]).
      assert (2 * (rho * root) <= rho * rho + root * root) by (pose proof (Rle_0_sqr (rho - root)) as Hsq; unfold Rsqr in Hsq; lra).
      assert (0 <= rho * rho) by (apply Rmult_le_pos; lra). lra.
    + replace (2 * (rho * S / (n / b))) with (rho * (G * S)) by (unfold G; field; lra). exact H.
  - intros HQ Hf Htheta Hupper. pose proof (Habove 1 1 1 0 ltac:(lra) Hone ltac:(lra) ltac:(lra)) as H. fold upper in H.
    apply cosine_below; try easy; lra.
Qed.

(** ** What the hypotheses say of a bucket and of a rotated query *)

(** Codewords increase with the word, and those of a bucket's ends, each computed within 2^-40 (1 + |r|), enclose the float32 codewords of all of
    its words. *)
Lemma bucket_encloses low high r_low r_high r x :
  r_low <= r <= r_high -> Rabs (low - r_low) <= / 2 ^ 40 * (1 + Rabs r_low) -> Rabs (high - r_high) <= / 2 ^ 40 * (1 + Rabs r_high) ->
  Rabs (x - r) <= / 2 ^ 40 * (1 + Rabs r) ->
  low - / 2 ^ 22 * (1 + Rabs low) <= round32 x <= high + / 2 ^ 22 * (1 + Rabs high).
Proof.
  assert (Hup : forall h s t y, t <= s -> Rabs (h - s) <= / 2 ^ 40 * (1 + Rabs s) -> Rabs (y - t) <= / 2 ^ 40 * (1 + Rabs t) ->
    round32 y <= h + / 2 ^ 22 * (1 + Rabs h)).
  { intros h s t y Hts Hh Hy. apply Rabs_le_inv in Hh, Hy. pose proof (increasing (/ 2 ^ 40) _ _ ltac:(lra) Hts) as Hinc.
    set (z := s + / 2 ^ 40 * Rabs s + / 2 ^ 40) in *. pose proof (Rabs_pos s). pose proof (Rabs_pos h).
    assert (Hz : Rabs z <= 1.001 * Rabs s + / 2 ^ 40) by (unfold z; apply Rabs_le; unfold Rabs in *; destruct (Rcase_abs s); lra).
    pose proof (round32_le y z ltac:(unfold z; lra)). pose proof (round32_within z _ Hz) as Hr. apply Rabs_le_inv in Hr.
    assert (Rabs s <= 1.001 * Rabs h + / 2 ^ 30) by (unfold Rabs in *; destruct (Rcase_abs s), (Rcase_abs h); lra). unfold z in *. lra. }
  intros Hr Hlow Hhigh Hx. split; [|exact (Hup _ _ _ _ (proj2 Hr) Hhigh Hx)].
  pose proof (Hup (- low) (- r_low) (- r) (- x) ltac:(lra)) as H. rewrite !Rabs_Ropp in H. unfold round32 in *. rewrite round_format_opp in H.
  enough (- round_format (-149) 24 x <= - low + / 2 ^ 22 * (1 + Rabs low)) by lra. apply H.
  - replace (- low - - r_low) with (- (low - r_low)) by ring. now rewrite Rabs_Ropp.
  - replace (- x - - r) with (- (x - r)) by ring. now rewrite Rabs_Ropp.
Qed.

Lemma total_abs_between d y : sqrt (norm2 d y) <= total_abs d y <= sqrt (INR d) * sqrt (norm2 d y).
Proof.
  pose proof (total_abs_nonneg d y) as HT. unfold total_abs in *. set (T := sum d (fun j => Rabs (y j))) in *. split.
  - rewrite <- (sqrt_square T) by easy. apply sqrt_le_1_alt. unfold norm2, dot. unfold T at 1. rewrite <- sum_scal_r. apply sum_le. intros j Hj.
    rewrite <- (Rabs_pos_eq (y j * y j)) by apply Rle_0_sqr. rewrite Rabs_mult. apply Rmult_le_compat_l; [apply Rabs_pos|].
    apply (sum_term_le d (fun j => Rabs (y j)) j); [intros; apply Rabs_pos|exact Hj].
  - rewrite <- sqrt_mult by (apply pos_INR || apply norm2_nonneg). rewrite <- (sqrt_square T) by easy. apply sqrt_le_1_alt.
    pose proof (cauchy_schwarz d (fun _ => 1) (fun j => Rabs (y j))) as H. unfold norm2, dot in *.
    rewrite (sum_ext d (fun i => 1 * Rabs (y i)) (fun i => Rabs (y i))), (sum_ext d (fun i => 1 * 1) (fun _ => 1)), sum_const in H by (intros; ring).
    rewrite (sum_ext d (fun i => Rabs (y i) * Rabs (y i)) (fun i => y i * y i)) in H
      by (intros; rewrite <- Rabs_mult; apply Rabs_pos_eq, Rle_0_sqr). fold T in H. lra.
Qed.

(** The rotated query, scaled by 2^-e, |q| being at least 0.99 2^e: sum |w_j| is at least 1/2, and at most little above d |q|/2^e. *)
Lemma rotated_query_mass m k n eps q e :
  base_order m -> (n <= m * 2 ^ k)%nat -> (Z.of_nat (m * 2 ^ k) <= 2 ^ 16)%Z -> is_sign eps ->
  (forall i, is_binary32 (q i)) -> (forall i, (n <= i)%nat -> q i = 0) ->
  let d := (m * 2 ^ k)%nat in let w := rotated_query32 m k eps e q in
  0.99 * bpow radix2 e <= sqrt (norm2 n q) ->
  / 2 <= total_abs d w /\ total_abs d w * bpow radix2 e <= 1.001 * (INR d * sqrt (norm2 n q)).
Proof.
  intros Hm Hn Hd He Hq Hzero d w HN. pose proof (bpow_gt_0 radix2 e) as Hb. pose proof (order_positive m k Hm) as Hd0. fold d in Hd0, Hd, Hn.
  set (N := sqrt (norm2 n q)) in *. set (b := bpow radix2 e) in *. set (y := rotate d (supported_matrix m k) eps q).
  set (E := rotation_error_bound m k n (- e) q).
  assert (HD : 1 <= INR d <= 2 ^ 16).
  { split; [apply (le_INR 1); lia|]. rewrite INR_IZR_INZ. apply IZR_le in Hd. simpl IZR in Hd. lra. }
  set (D := INR d) in *. assert (Hroot : 1 <= sqrt D <= 2 ^ 8).
  { split; [rewrite <- sqrt_1; apply sqrt_le_1_alt; lra|]. replace (2 ^ 8) with (sqrt (2 ^ 8 * 2 ^ 8)) by (apply sqrt_square; lra).
    apply sqrt_le_1_alt. lra. }
  assert (HrD : sqrt D * sqrt D = D) by (apply sqrt_sqrt; lra). set (root := sqrt D) in *.
  assert (HqN : norm2 d q = norm2 n q).
  { unfold norm2, dot. apply sum_truncate; [exact Hn|]. intros i Hi. rewrite Hzero by lia. ring. }
  assert (HyN : sqrt (norm2 d y) = root * N).
  { unfold y, rotate. rewrite hadamard_norm2 by now apply supported_hadamard. fold D.
    replace (norm2 d (fun i => eps i * q i)) with (norm2 n q); [apply sqrt_mult; [lra|apply norm2_nonneg]|].
    rewrite <- HqN. unfold norm2, dot. apply sum_ext. intros i _.
    replace (eps i * q i * (eps i * q i)) with (eps i * eps i * (q i * q i)) by ring. rewrite (is_sign_sq eps i He). ring. }
  destruct (total_abs_between d y) as [Hy1 Hy2]. fold D root in Hy2. rewrite HyN in Hy1, Hy2.
  destruct (total_abs_between d q) as [_ Hq2]. fold D root in Hq2. rewrite HqN in Hq2. fold N in Hq2.
  assert (HwE : Rabs (total_abs d w * b - total_abs d y) <= D * E).
  { unfold D, total_abs. rewrite <- sum_const, <- sum_scal_r, <- sum_minus. eapply Rle_trans; [apply sum_Rabs_le|]. apply sum_le. intros j Hj.
    pose proof (rotation_error_bound_correct m k n eps q (- e) j Hm Hj Hn He Hq Hzero) as H. rewrite Z.opp_involutive in H.
    fold d b E in H. fold y in H. fold (rotated_query32 m k eps e q) in H. fold w in H.
    eapply Rle_trans; [|exact H]. rewrite <- (Rabs_pos_eq b) at 1 by lra. rewrite <- Rabs_mult. apply Rabs_triang_inv2. }
  assert (HE : E <= 25 * / 2 ^ 24 * (root * N) + / 2 ^ 130 * b).
  { assert (Hk : (k <= 16)%nat).
    { destruct (Nat.le_gt_cases k 16) as [H|H]; [exact H|]. exfalso.
      assert ((2 ^ 17 <= 2 ^ Z.of_nat k)%Z) by (apply Z.pow_le_mono_r; lia).
      assert ((Z.of_nat (2 ^ k) = 2 ^ Z.of_nat k)%Z) by (rewrite Nat2Z.inj_pow; easy). assert (1 <= m)%nat by (destruct Hm as [->|[->|[->| ->]]]; lia).
      unfold d in Hd. rewrite Nat2Z.inj_mul in Hd. nia. }
    assert (Hs : (transform_addition_stages m k <= 24)%nat).
    { unfold transform_addition_stages. assert (base_addition_stages m <= 8)%nat by (destruct Hm as [->|[->|[->| ->]]]; cbn; lia). lia. }
    assert (HsR : INR (transform_addition_stages m k) <= 24) by (apply le_INR in Hs; simpl (INR 24) in Hs; lra).
    destruct (growth_small (transform_addition_stages m k) ltac:(lra)) as [Hg _]. pose proof (growth32_ge_1 (transform_addition_stages m k)) as Hg1.
    unfold E, rotation_error_bound. fold d. rewrite Z.opp_involutive. fold b. set (g := (1 + unit_roundoff) ^ transform_addition_stages m k) in *.
    assert (HL : 0 <= scaling_loss n (- e) <= / 2 ^ 134).
    { unfold scaling_loss. destruct (- e <? 0)%Z; [|lra]. assert (Hu : bpow radix2 (-150) <= / 2 ^ 150).
      { right. change (-150)%Z with (- (150))%Z. rewrite bpow_opp, bpow_powerRZ. easy. }
      pose proof (bpow_gt_0 radix2 (-150)). assert (HnD : INR n <= D) by now apply le_INR. pose proof (pos_INR n).
      split; [apply Rmult_le_pos; lra|]. apply Rle_trans with (2 ^ 16 * / 2 ^ 150); [apply Rmult_le_compat; lra|lra]. }
    set (L := scaling_loss n (- e)) in *. fold (total_abs d q). set (Q1 := total_abs d q) in *.
    assert (Hinv : bpow radix2 (- e) * b = 1) by (unfold b; rewrite <- bpow_plus; now replace (- e + e)%Z with 0%Z by ring).
    replace (((g - 1) * (Q1 * bpow radix2 (- e) + L) + L) * b) with ((g - 1) * Q1 * (bpow radix2 (- e) * b) + g * L * b) by ring.
    rewrite Hinv, Rmult_1_r. assert (HQ0 : 0 <= Q1) by apply total_abs_nonneg.
    assert ((g - 1) * Q1 <= 25 * / 2 ^ 24 * (root * N)) by (apply Rmult_le_compat; lra).
    assert (g * L * b <= / 2 ^ 130 * b); [|lra]. apply Rmult_le_compat_r; [lra|].
    apply Rle_trans with (2 * / 2 ^ 134); [apply Rmult_le_compat; lra|lra]. }
  assert (HN0 : 0 <= N) by apply sqrt_pos. assert (HDN : N <= D * N) by (rewrite <- (Rmult_1_l N) at 1; apply Rmult_le_compat_r; lra).
  assert (HrN : N <= root * N) by (rewrite <- (Rmult_1_l N) at 1; apply Rmult_le_compat_r; lra).
  assert (HDE : D * E <= 25 * / 2 ^ 24 * (D * (root * N)) + / 2 ^ 114 * b).
  { apply Rle_trans with (D * (25 * / 2 ^ 24 * (root * N) + / 2 ^ 130 * b)); [apply Rmult_le_compat_l; lra|].
    assert (D * b <= 2 ^ 16 * b) by (apply Rmult_le_compat_r; lra). lra. }
  apply Rabs_le_inv in HwE.
  assert (H1 : D * (root * N) <= 2 ^ 16 * (root * N)) by (apply Rmult_le_compat_r; [apply Rmult_le_pos; lra|lra]).
  assert (H2 : D * (root * N) <= 2 ^ 8 * (D * N)).
  { replace (D * (root * N)) with (root * (D * N)) by ring. apply Rmult_le_compat_r; [apply Rmult_le_pos; lra|lra]. }
  assert (H3 : root * (root * N) = D * N) by (rewrite <- Rmult_assoc, HrD; easy). split; [|lra].
  apply Rmult_le_reg_r with b; [exact Hb|]. lra.
Qed.

(** Of a query q with 2^e about |q|, rotated as for its scores: whatever theta is up to the threshold in binary64. *)
Theorem filter_bound_correct m k n eps e q c bytes p a s t err A ce total magnitude res rho T theta :
  base_order m -> (0 < n <= m * 2 ^ k)%nat -> (Z.of_nat (m * 2 ^ k) <= 2 ^ 16)%Z -> is_sign eps ->
  (forall i, is_binary32 (q i)) -> (forall i, (n <= i)%nat -> q i = 0) ->
  (-40 <= e <= 40)%Z -> 0.99 * bpow radix2 e <= sqrt (norm2 n q) <= 2.02 * bpow radix2 e ->
  let d := (m * 2 ^ k)%nat in
  let w := rotated_query32 m k eps e q in
  in_bucket d c bytes a s err A -> / 2 <= A <= 256 -> err + filter_rounding d * A <= ce ->
  filter_steps d w p t total magnitude res -> / 2 ^ 50 <= rho ->
  let S := score_sum32 d w c in
  let Q := sum_of_squares64 n q in
  let upper := filter_bound32 d p bytes a s ce t total magnitude res in
  let gain := round32 (round64 (2 * bpow radix2 e / INR d)) in
  (theta <= scaled_least64 T (round64 (INR d / bpow radix2 e)) -> upper rho 1 0 < theta -> inner_product32 d S rho e < T) /\
  (theta <= distance_least64 T Q -> upper rho gain (1 - / 2 ^ 20) < theta -> T < squared_distance32 d Q S rho e) /\
  (theta <= scaled_least64 T (round64 (/ cosine_factor64 d Q e)) -> upper 1 1 0 < theta -> cosine32 d Q S rho e < T).
Proof.
  intros Hm Hn Hd Heps Hq Hzero He HN d w Hrow HA Hce Hsteps Hrho S Q upper gain. pose proof (bpow_gt_0 radix2 e) as Hb.
  destruct (rotated_query_mass m k n eps q e Hm (proj2 Hn) Hd Heps Hq Hzero (proj1 HN)) as [Hhalf Hmass]. fold d w in Hhalf, Hmass.
  pose proof (order_positive m k Hm) as Hd0. fold d in Hd0, Hd.
  assert (HD : 1 <= INR d <= 2 ^ 16).
  { split; [apply (le_INR 1); lia|]. rewrite INR_IZR_INZ. apply IZR_le in Hd. simpl IZR in Hd. lra. }
  set (b := bpow radix2 e) in *. set (N := sqrt (norm2 n q)) in *.
  assert (HN2 : N * N = norm2 n q) by (apply sqrt_sqrt, norm2_nonneg).
  assert (HQ : Rabs (Q - N * N) <= 0.001 * (N * N)).
  { rewrite HN2. destruct (sum_of_squares64_error n q (proj1 Hn) Hq Hzero) as [_ H]. fold Q in H. eapply Rle_trans; [exact H|].
    apply Rmult_le_compat_r; [apply norm2_nonneg|].
    assert (Hsmall : INR (norm_additions n) <= 4100).
    { rewrite INR_IZR_INZ. apply (IZR_le _ 4100). unfold norm_additions. fold d in Hn. assert ((n + 15) / 16 <= 4097)%nat; [|lia].
      apply Nat.lt_succ_r, Nat.div_lt_upper_bound; lia. }
    destruct (growth_small _ Hsmall) as [_ Hg]. enough ((1 + unit_roundoff64) ^ norm_additions n <= 1.001) by lra. eapply Rle_trans; [|exact Hg].
    apply pow_incr. unfold unit_roundoff64, unit_roundoff. lra. }
  apply Rabs_le_inv in HQ. assert (HN0 : 0 < N * N) by (apply Rmult_lt_0_compat; lra).
  assert (Hroot : 0.999 * N <= sqrt Q <= 1.001 * N).
  { split; [rewrite <- (sqrt_square (0.999 * N)) by lra|rewrite <- (sqrt_square (1.001 * N)) by lra]; apply sqrt_le_1_alt; lra. }
  assert (Hb40 : / 2 ^ 40 <= b <= 2 ^ 40).
  { unfold b. split; [apply Rle_trans with (bpow radix2 (-40)); [right; simpl; lra|apply bpow_le; lia]|].
    apply Rle_trans with (bpow radix2 40); [apply bpow_le; lia|right; simpl; lra]. }
  destruct (filter_bound_of_sum d w c bytes p a s t err A ce total magnitude res rho e Q T theta Hd0 Hd Hrow (proj1 HA) Hce
    (conj Hhalf Hsteps) Hrho He) as (H1 & H2 & H3). cbv zeta in H1, H2, H3. fold S upper b gain in H1, H2, H3.
  split; [exact H1|]. split.
  - apply H2; [lra|lra|]. assert (INR d * (0.999 * N) <= INR d * sqrt Q) by (apply Rmult_le_compat_l; lra).
    assert (0 <= INR d * sqrt Q) by (apply Rmult_le_pos; lra). lra.
  - apply H3; [lra|]. unfold cosine_factor64. fold b.
    pose proof (round64_relative (sqrt Q) ltac:(lra)) as E1. apply Rabs_le_inv in E1. set (root := round64 (sqrt Q)) in *.
    assert (Hlen : b * 0.9 <= INR d * root <= 2 ^ 16 * (2.1 * b)).
    { split; [apply Rle_trans with (1 * root); [lra|apply Rmult_le_compat_r; lra]|apply Rmult_le_compat; lra]. }
    pose proof (round64_relative (INR d * root) ltac:(lra)) as E2. apply Rabs_le_inv in E2. set (l := round64 (INR d * root)) in *.
    assert (Hf : / 2 ^ 20 <= b / l <= 2).
    { assert (0 < l) by lra. split; apply Rmult_le_reg_r with l; try lra; unfold Rdiv; rewrite Rmult_assoc, Rinv_l by lra; lra. }
    pose proof (round64_relative (b / l) ltac:(lra)) as E3. apply Rabs_le_inv in E3. lra.
Qed.
