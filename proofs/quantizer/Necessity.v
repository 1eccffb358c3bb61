(** * A single HD with a data-independent scale needs an exactly unbiased scalar rule (SPEC §5.8)

    If decoding (1/d) D H^T Q(H D x) is unbiased for every unit x in R^d, then the mean error
    beta(z) = E_U Q(z) - z, assumed odd, vanishes for all |z| <= sqrt d -- every value a coordinate
    of H D x can take. Over unbounded d it vanishes everywhere. Nothing else is assumed of beta,
    not even measurability. In particular a rule with bounded output is biased. *)
From Coq Require Import Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Sums Rademacher Hadamard VectorQuantizer.
Open Scope R_scope.

(** ** From the vector statement to Rademacher sums: E[eps_i beta(S)] = 0 *)

(** [q z] stands for the mean decoded value E_U Q(z). *)
Definition unbiased_in (d : nat) (H : mat) (q : R -> R) : Prop :=
  forall x, norm2 d x = 1 -> forall i, (i < d)%nat ->
    Esign d (fun e => decode d H e 1 (fun j => q (rotate d H e x j)) i) = x i.

Lemma mean_decode_error d H q x i :
  hadamard d H -> (i < d)%nat ->
  Esign d (fun e => decode d H e 1 (fun j => q (rotate d H e x j)) i) - x i =
  Esign d (fun e => e i * (q (rademacher d x e) - rademacher d x e)).
Proof.
  intros HH Hi. set (beta := fun z => q z - z).
  assert (Hd : 0 < INR d) by (apply lt_0_INR; lia).
  transitivity (Esign d (fun e => / INR d * sum d (fun j =>
                  (fun e => e i * beta (rademacher d x e)) (flip (H j) e)))).
  - rewrite <- (Esign_const d (x i)) at 1. rewrite <- Esign_minus. apply Esign_ext.
    intros e He.
    assert (Hs : signs d e) by (intros k _; apply He).
    rewrite <- (decode_exact d H e 1 x i HH Hs R1_neq_R0 Hi) at 1.
    rewrite decode_minus. unfold decode.
    transitivity (/ INR d * (e i * sum d (fun j => H j i * beta (rotate d H e x j)))).
    + unfold beta. unfold Rdiv. rewrite Rmult_1_l. do 2 f_equal. apply sum_ext. intros j _.
      rewrite Rinv_1, Rmult_1_r. easy.
    + rewrite <- (sum_scal_l d (e i)). f_equal. apply sum_ext. intros j _.
      rewrite rotate_is_rademacher. unfold flip at 2. ring.
  - rewrite Esign_scal_l, Esign_sum.
    rewrite (sum_ext d _ (fun _ => Esign d (fun e => e i * beta (rademacher d x e)))).
    + rewrite sum_const, <- Rmult_assoc, Rinv_l, Rmult_1_l by lra. easy.
    + intros j Hj. apply (Esign_flip d (H j) (fun e => e i * beta (rademacher d x e))).
      * intros k Hk. now apply HH.
      * intros e e' Hee. rewrite (Hee i Hi), (rademacher_reads d x e e'); easy.
Qed.

(** ** A unit vector with a prescribed sum

    (a, b, ..., b) with a >= b, sum z, norm 1, for 1 <= z <= sqrt d. *)

Definition spike_t (d : nat) (z : R) : R := sqrt ((INR d - z ^ 2) / (INR d - 1)).
Definition spike (d : nat) (z : R) : vec :=
  fun i => match i with
           | O => (z + (INR d - 1) * spike_t d z) / INR d
           | S _ => (z - spike_t d z) / INR d
           end.

Section Spike.

Variable d : nat.
Hypothesis Hd : (2 <= d)%nat.
Variable z : R.
Hypothesis Hz : z ^ 2 <= INR d.

Lemma spike_dim : 2 <= INR d.
Proof. replace 2 with (INR 2) by (simpl; ring). now apply le_INR. Qed.

Lemma spike_t_sq : spike_t d z ^ 2 = (INR d - z ^ 2) / (INR d - 1).
Proof.
  pose proof spike_dim. unfold spike_t. rewrite <- Rsqr_pow2. apply Rsqr_sqrt.
  apply Rdiv_le_0_compat; lra.
Qed.

Lemma spike_t_nonneg : 0 <= spike_t d z.
Proof. apply sqrt_pos. Qed.

Lemma spike_sum : sum d (spike d z) = z.
Proof.
  pose proof spike_dim. destruct d as [|n]; [lia|]. rewrite sum_head. cbn [spike].
  rewrite sum_const, S_INR in *. field. lra.
Qed.

Lemma spike_norm : norm2 d (spike d z) = 1.
Proof.
  pose proof spike_dim. pose proof spike_t_sq as Ht. unfold norm2, dot.
  destruct d as [|n]; [lia|]. rewrite sum_head. cbn [spike].
  rewrite sum_const. set (t := spike_t (S n) z) in *. rewrite S_INR in *.
  replace ((z + (INR n + 1 - 1) * t) / (INR n + 1) * ((z + (INR n + 1 - 1) * t) / (INR n + 1)) +
           INR n * ((z - t) / (INR n + 1) * ((z - t) / (INR n + 1))))
    with ((z ^ 2 + INR n * t ^ 2) / (INR n + 1)) by (field; lra).
  rewrite Ht. field. lra.
Qed.

(** All coordinates are at least (z - 1)/d when z >= 1. *)
Lemma spike_lower i : 1 <= z -> (z - 1) / INR d <= spike d z i.
Proof.
  intros Hz1. pose proof spike_dim. pose proof spike_t_nonneg as Ht0.
  assert (Ht1 : spike_t d z <= 1).
  { rewrite <- sqrt_1. apply sqrt_le_1_alt.
    apply Rmult_le_reg_r with (INR d - 1); [lra|].
    unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra. nra. }
  assert (0 < / INR d) by (apply Rinv_0_lt_compat; lra).
  destruct i; unfold spike, Rdiv; apply Rmult_le_compat_r; try lra; nra.
Qed.

End Spike.

Lemma all_ones_or_not d e : is_sign e ->
  (forall i, (i < d)%nat -> e i = 1) \/ exists i, (i < d)%nat /\ e i = -1.
Proof.
  intros He. induction d as [|d IH]; [left; intros; lia|].
  destruct IH as [H1 | (i & Hi & Hm)]; [|right; exists i; split; [lia|easy]].
  destruct (He d) as [Hp | Hm].
  - left. intros i Hi. destruct (Nat.eq_dec i d) as [-> | Hne]; [easy|]. apply H1. lia.
  - right. exists d. split; [lia|easy].
Qed.

(** For x >= m >= 0 coordinatewise: a sum with a minus sign is at most sum x - 2 m. *)
Lemma sign_sum_drop d x e m :
  is_sign e -> 0 <= m -> (forall i, (i < d)%nat -> m <= x i) ->
  (exists i, (i < d)%nat /\ e i = -1) -> rademacher d x e <= sum d x - 2 * m.
Proof.
  intros He Hm Hx (i & Hi & Hei).
  assert (Hterm : (1 - e i) * x i <= sum d (fun k => (1 - e k) * x k)).
  { apply (sum_term_le d (fun k => (1 - e k) * x k)); [|easy].
    intros k Hk. specialize (Hx k Hk). destruct (He k) as [-> | ->]; lra. }
  rewrite Hei in Hterm. specialize (Hx i Hi).
  rewrite (sum_ext d _ (fun k => x k - e k * x k)), sum_minus in Hterm by (intros; ring).
  unfold rademacher. lra.
Qed.

Lemma Esign_two n (f : vec -> R) (h : R -> R -> R) :
  (forall e0 e1 e, f (scons e0 (scons e1 e)) = h e0 e1) ->
  Esign (S (S n)) f = (h 1 1 + h 1 (-1) + h (-1) 1 + h (-1) (-1)) / 4.
Proof.
  intros Hf.
  assert (Hc : forall e0 e1, Esign n (fun e => f (scons e0 (scons e1 e))) = h e0 e1).
  { intros e0 e1. rewrite <- (Esign_const n (h e0 e1)). apply Esign_ext. auto. }
  cbn [Esign]. rewrite !Hc. field.
Qed.

Lemma nat_above x : exists n, x < INR n.
Proof.
  destruct (nfloor_ex (Rabs x) (Rabs_pos x)) as [n Hn]. exists (S n).
  rewrite S_INR. pose proof (Rle_abs x). lra.
Qed.

Section Necessity.

Variable d : nat.
Hypothesis Hd : (2 <= d)%nat.
Variable beta : R -> R.
Hypothesis beta_odd : forall z, beta (- z) = - beta z.
Hypothesis beta_unbiased : forall x, norm2 d x = 1 -> forall i, (i < d)%nat ->
  Esign d (fun e => e i * beta (rademacher d x e)) = 0.

(** Two coordinates (cos, sin) reach every |z| <= sqrt 2. *)
Lemma necessity_two z : z ^ 2 <= 2 -> beta z = 0.
Proof.
  intros Hz. destruct d as [|[|n]]; [lia|lia|]. clear Hd.
  set (t := sqrt (2 - z ^ 2)).
  assert (Ht : t ^ 2 = 2 - z ^ 2) by (unfold t; rewrite <- Rsqr_pow2; apply Rsqr_sqrt; lra).
  set (a := (z + t) / 2). set (b := (z - t) / 2).
  set (x := fun i : nat => match i with O => a | S O => b | _ => 0 end).
  assert (Hx : norm2 (S (S n)) x = 1).
  { rewrite !norm2_head. unfold norm2, dot. rewrite sum_zero by (intros; simpl; ring).
    unfold x, a, b. replace (((z + t) / 2) ^ 2 + (((z - t) / 2) ^ 2 + 0))
      with ((z ^ 2 + t ^ 2) / 2) by field. rewrite Ht. field. }
  assert (Hrad : forall e0 e1 e, rademacher (S (S n)) x (scons e0 (scons e1 e)) = e0 * a + e1 * b).
  { intros e0 e1 e. rewrite !rademacher_scons. unfold rademacher.
    rewrite sum_zero by (intros; simpl; ring). simpl. ring. }
  pose proof (beta_unbiased x Hx 0%nat ltac:(lia)) as H0.
  pose proof (beta_unbiased x Hx 1%nat ltac:(lia)) as H1.
  rewrite (Esign_two n _ (fun e0 e1 => e0 * beta (e0 * a + e1 * b))) in H0
    by (intros; now rewrite Hrad).
  rewrite (Esign_two n _ (fun e0 e1 => e1 * beta (e0 * a + e1 * b))) in H1
    by (intros; now rewrite Hrad).
  replace (-1 * a + -1 * b) with (- (a + b)) in * by ring.
  replace (-1 * a + 1 * b) with (- (a - b)) in * by ring.
  replace (1 * a + 1 * b) with (a + b) in * by ring.
  replace (1 * a + -1 * b) with (a - b) in * by ring.
  rewrite !beta_odd in H0, H1.
  replace z with (a + b) by (unfold a, b; field). lra.
Qed.

(** One step: beta vanishes at z if it does at every |w| <= z - 2 (z - 1)/d. *)
Lemma necessity_step z :
  1 <= z -> z ^ 2 <= INR d ->
  (forall w, Rabs w <= z - 2 * ((z - 1) / INR d) -> beta w = 0) -> beta z = 0.
Proof.
  intros Hz1 Hz2 Hbelow. set (x := spike d z). set (m := (z - 1) / INR d) in *.
  pose proof (spike_dim d Hd) as Hd'.
  assert (Hm : 0 <= m) by (apply Rdiv_le_0_compat; lra).
  assert (Hsum : sum d x = z) by (apply spike_sum; easy).
  assert (Hx : forall i, (i < d)%nat -> m <= x i) by (intros; now apply spike_lower).
  pose proof (beta_unbiased x (spike_norm d Hd z Hz2) 0%nat ltac:(lia)) as HE.
  destruct (Req_dec (beta z) 0) as [H0 | Hne]; [easy|exfalso].
  (* each sign pattern contributes beta(z)^2 or 0 *)
  set (f := fun e : vec => beta z * (e 0%nat * beta (rademacher d x e))).
  assert (Hf : forall e, is_sign e -> 0 <= f e).
  { intros e He. unfold f.
    assert (Hneg : is_sign (fun i => - e i)).
    { intros i. destruct (He i) as [-> | ->]; [right|left]; ring. }
    assert (Hopp : rademacher d x (fun i => - e i) = - rademacher d x e).
    { unfold rademacher. rewrite <- sum_opp. apply sum_ext. intros; ring. }
    assert (Hones : forall e', (forall i, (i < d)%nat -> e' i = 1) -> rademacher d x e' = z).
    { intros e' He'. rewrite <- Hsum. apply sum_ext. intros i Hi. rewrite He' by easy. ring. }
    pose proof (Rle_0_sqr (beta z)) as Hsq. unfold Rsqr in Hsq.
    destruct (all_ones_or_not d e He) as [H1 | Hex1].
    - rewrite (Hones e H1), (H1 0%nat) by lia. lra.
    - destruct (all_ones_or_not d (fun i => - e i) Hneg) as [H1 | Hex2].
      + assert (HS : rademacher d x e = - z) by (rewrite <- (Hones _ H1), Hopp; ring).
        assert (He0 : e 0%nat = -1) by (specialize (H1 0%nat ltac:(lia)); simpl in H1; lra).
        rewrite HS, He0, beta_odd. lra.
      + pose proof (sign_sum_drop d x e m He Hm Hx Hex1) as Hup.
        pose proof (sign_sum_drop d x _ m Hneg Hm Hx Hex2) as Hlo.
        rewrite Hopp, Hsum in Hlo. rewrite Hsum in Hup.
        rewrite (Hbelow (rademacher d x e)); [rewrite !Rmult_0_r; lra|]. apply Rabs_le. lra. }
  assert (Hread : forall e1 e2 : vec, (forall i, (i < d)%nat -> e1 i = e2 i) -> f e1 = f e2).
  { intros e1 e2 He. unfold f. rewrite (He 0%nat), (rademacher_reads d x e1 e2) by (easy || lia).
    easy. }
  pose proof (Esign_ge_term d f (fun _ => 1) Hf Hread is_sign_one) as Hge.
  unfold f at 2 in Hge. rewrite Esign_scal_l, HE in Hge.
  unfold f in Hge. replace (rademacher d x (fun _ => 1)) with z in Hge.
  - assert (0 < / 2 ^ d) by (apply Rinv_0_lt_compat, pow_lt; lra).
    assert (0 < beta z * beta z) by (destruct (Rdichotomy _ _ Hne); nra).
    unfold Rdiv in Hge. nra.
  - rewrite <- Hsum. apply sum_ext. intros; ring.
Qed.

Lemma necessity_sum z : z ^ 2 <= INR d -> beta z = 0.
Proof.
  pose proof (spike_dim d Hd) as Hd'.
  set (r := 7/5). set (delta := 2 * ((r - 1) / INR d)).
  assert (Hdelta : 0 < delta) by (unfold delta, r; apply Rmult_lt_0_compat; [lra|];
    apply Rdiv_lt_0_compat; lra).
  assert (Hind : forall n z, z ^ 2 <= INR d -> Rabs z <= r + INR n * delta -> beta z = 0).
  { induction n as [|n IH]; intros w Hw Habs.
    - apply necessity_two. rewrite Rmult_0_l, Rplus_0_r in Habs. unfold r in Habs.
      rewrite <- Rsqr_pow2. rewrite (Rsqr_abs w). pose proof (Rabs_pos w). unfold Rsqr. nra.
    - assert (Hpos : forall v, 0 <= v -> v ^ 2 <= INR d -> v <= r + INR (S n) * delta ->
                beta v = 0).
      { intros v Hv0 Hv Hvr. destruct (Rle_dec v r) as [Hle | Hgt].
        - apply necessity_two. unfold r in Hle. nra.
        - apply necessity_step; [unfold r in Hgt; lra|easy|]. intros u Hu.
          assert (Hstep : delta <= 2 * ((v - 1) / INR d)).
          { unfold delta. apply Rmult_le_compat_l; [lra|]. unfold Rdiv.
            apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat|]; lra. }
          apply IH.
          + pose proof (Rabs_pos u). rewrite <- Rsqr_pow2, (Rsqr_abs u). unfold Rsqr. nra.
          + rewrite S_INR in Hvr. lra. }
      destruct (Rle_dec 0 w) as [Hw0 | Hw0].
      + apply Hpos; try easy. rewrite Rabs_pos_eq in Habs; easy.
      + rewrite <- (Ropp_involutive w), beta_odd, Hpos; try lra.
        rewrite Rabs_left in Habs by lra. lra. }
  intros Hz. destruct (nat_above (Rabs z / delta)) as [n Hn].
  apply (Hind n z Hz). apply Rlt_le in Hn.
  apply (Rmult_le_compat_r delta) in Hn; [|lra]. unfold Rdiv in Hn.
  rewrite Rmult_assoc, Rinv_l, Rmult_1_r in Hn by lra. unfold r. lra.
Qed.

End Necessity.

(** ** The theorems *)

(** One order d >= 2, every unit x: the mean error vanishes wherever a coordinate can be. *)
Theorem necessity_in_dimension d H q z :
  (2 <= d)%nat -> hadamard d H -> (forall z, q (- z) = - q z) ->
  unbiased_in d H q -> z ^ 2 <= INR d -> q z = z.
Proof.
  intros Hd HH Hodd Hunb Hz.
  assert (Hb : (fun z => q z - z) z = 0); [|cbv beta in Hb; lra].
  apply (necessity_sum d Hd (fun z => q z - z)); [| |easy].
  - intros w. rewrite Hodd. ring.
  - intros x Hx i Hi. rewrite <- (mean_decode_error d H q x i HH Hi), (Hunb x Hx i Hi). ring.
Qed.

(** ... and that is all of [-sqrt d, sqrt d], no more. *)
Lemma rotated_coordinate_range d H e x i :
  hadamard d H -> is_sign e -> (i < d)%nat -> norm2 d x = 1 -> (rotate d H e x i) ^ 2 <= INR d.
Proof.
  intros HH He Hi Hx. rewrite rotate_is_rademacher. unfold rademacher.
  pose proof (cauchy_schwarz d (flip (H i) e) x) as Hcs. rewrite Hx, Rmult_1_r in Hcs.
  eapply Rle_trans; [exact Hcs|]. right. unfold norm2, dot.
  rewrite (sum_ext d _ (fun _ => 1)); [rewrite sum_const; ring|].
  intros j Hj. unfold flip.
  transitivity ((H i j * H i j) * (e j * e j)); [ring|].
  rewrite (hadamard_entry_sq d), is_sign_sq by easy. ring.
Qed.

(** All powers of two, with any Hadamard matrices of those orders: q is the identity. *)
Theorem necessity (Hs : nat -> mat) q :
  (forall k, hadamard (2 ^ k) (Hs k)) -> (forall z, q (- z) = - q z) ->
  (forall k, unbiased_in (2 ^ k) (Hs k) q) -> forall z, q z = z.
Proof.
  intros HH Hodd Hunb z. destruct (nat_above (z ^ 2)) as [n Hn].
  assert (Hpow : (n < 2 ^ S n)%nat) by (pose proof (Nat.pow_gt_lin_r 2 (S n)); lia).
  apply lt_INR in Hpow.
  apply (necessity_in_dimension (2 ^ S n) (Hs (S n))); try easy; [|lra].
  rewrite Nat.pow_succ_r'. pose proof (pow2_pos n). lia.
Qed.

(** The same for a randomized scalar rule Q U z with its dither. *)
Theorem necessity_dithered (Hs : nat -> mat) (Q : R -> R -> R) :
  (forall k, hadamard (2 ^ k) (Hs k)) ->
  (forall z, ex_RInt (fun U => Q U z) 0 1) ->
  (forall z, Edither (fun U => Q U (- z)) = - Edither (fun U => Q U z)) ->
  (forall k x, norm2 (2 ^ k) x = 1 -> forall i, (i < 2 ^ k)%nat ->
     Esign (2 ^ k) (fun e => Edither (fun U =>
       decode (2 ^ k) (Hs k) e 1 (fun j => Q U (rotate (2 ^ k) (Hs k) e x j)) i)) = x i) ->
  forall z, Edither (fun U => Q U z) = z.
Proof.
  intros HH Hint Hodd Hunb.
  apply (necessity Hs (fun z => Edither (fun U => Q U z)) HH Hodd).
  intros k x Hx i Hi. rewrite <- (Hunb k x Hx i Hi). apply Esign_ext. intros e _.
  unfold decode.
  assert (Hex : forall j, (j < 2 ^ k)%nat -> ex_RInt (V := R_NormedModule)
            (fun U => Hs k j i * Q U (rotate (2 ^ k) (Hs k) e x j)) 0 1)
    by (intros j _; now apply ex_RInt_scal_R).
  rewrite Edither_scal_l, Edither_scal_l.
  - rewrite (Edither_sum _ (fun j U => Hs k j i * Q U (rotate (2 ^ k) (Hs k) e x j))) by easy.
    do 2 f_equal. apply sum_ext. intros j _. now rewrite Edither_scal_l.
  - now apply (ex_RInt_sum _ (fun j U => Hs k j i * Q U (rotate (2 ^ k) (Hs k) e x j))).
  - apply ex_RInt_scal_R.
    now apply (ex_RInt_sum _ (fun j U => Hs k j i * Q U (rotate (2 ^ k) (Hs k) e x j))).
Qed.

(** Oddness cannot go. The signs average any even part of the mean error away: z + 1 is off by 1 at every z, with whatever
    dither, and yet with every H D its x^ has the mean x. *)
Theorem oddness_is_needed : exists Q : R -> R -> R,
  (forall z, ex_RInt (fun U => Q U z) 0 1) /\
  (forall d H x, hadamard d H -> forall i, (i < d)%nat ->
     Esign d (fun e => Edither (fun U => decode d H e 1 (fun j => Q U (rotate d H e x j)) i)) = x i) /\
  (forall z, Edither (fun U => Q U z) <> z).
Proof.
  exists (fun _ z => z + 1). split; [intros; apply ex_RInt_const|]. split; [|intros z; rewrite Edither_const; lra].
  intros d H x HH i Hi. assert (Hd : 0 < INR d) by (apply lt_0_INR; lia).
  set (delta := fun k => if Nat.eqb k i then 1 else 0).
  rewrite (Esign_ext d _ (fun e => x i + / INR d * sum d (fun j => H j i) * rademacher d delta e)).
  - rewrite Esign_plus, Esign_const, Esign_scal_l, (rademacher_mean d delta). ring.
  - intros e He. rewrite Edither_const.
    replace (rademacher d delta e) with (e i).
    2:{ unfold rademacher, delta. rewrite (sum_ext d _ (fun k => if Nat.eqb k i then e k else 0)).
        - symmetry. rewrite <- (sum_delta d i e) by easy. apply sum_ext. intros k _. destruct (Nat.eqb k i); easy.
        - intros k _. destruct (Nat.eqb k i); ring. }
    pose proof (decode_exact d H e 1 x i HH (fun k _ => He k) ltac:(lra) Hi) as E. unfold decode in *.
    rewrite (sum_ext d (fun j => H j i * (rotate d H e x j + 1)) (fun j => H j i * (rotate d H e x j / 1) + H j i))
      by (intros; field).
    rewrite sum_plus. rewrite <- E. field. lra.
Qed.

(** Hence no odd rule with bounded mean output, dithered or not, is unbiased: the codewords of a
    generator have to be unbounded. *)
Corollary bounded_rule_is_biased (Hs : nat -> mat) q B :
  (forall k, hadamard (2 ^ k) (Hs k)) -> (forall z, q (- z) = - q z) ->
  (forall z, Rabs (q z) <= B) -> ~ (forall k, unbiased_in (2 ^ k) (Hs k) q).
Proof.
  intros HH Hodd HB Hunb. pose proof (necessity Hs q HH Hodd Hunb (Rabs B + 1)) as Hq.
  specialize (HB (Rabs B + 1)). rewrite Hq in HB.
  pose proof (Rabs_pos B). pose proof (Rle_abs B). rewrite Rabs_pos_eq in HB by lra. lra.
Qed.
