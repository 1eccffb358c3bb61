(** * Rounding of scores (SPEC §4)

    Rows are scored without decoding: q is scaled by 2^-e and rotated as the encoder rotates, w; then
    S = sum_j w_j r_j in binary32, r_j the row's codewords: code j in sum (j div 8) mod 16, each sum by fused
    multiply-adds in order of j from +0, the sums then halved (l takes l + 8, l + 4, l + 2, l + 1). Inner product, squared
    distance and cosine follow in binary64 and are rounded once to binary32. Proved: how far each is from its value in real
    arithmetic, the stored norm, the query and the codes given. *)
From Coq Require Import ZArith Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core Relative.
From Hdq Require Import Defs Sums Paley VectorQuantizer FloatStages FloatTree FloatTransform FloatCode FloatNorm.
From Hdq Require Constants.
Open Scope R_scope.

(** ** Sums by fused multiply-adds and additions *)

Inductive sums : Type :=
  | Zero
  | Fused (i : nat) (t : sums)  (** fma (w i) (r i) t *)
  | Plus (l r : sums).

Fixpoint sums32 (w r : vec) (t : sums) : R :=
  match t with
  | Zero => 0
  | Fused i t => round32 (w i * r i + sums32 w r t)
  | Plus a b => round32 (sums32 w r a + sums32 w r b)
  end.

Fixpoint sums_exact (p : vec) (t : sums) : R :=
  match t with
  | Zero => 0
  | Fused i t => p i + sums_exact p t
  | Plus a b => sums_exact p a + sums_exact p b
  end.

(** The longest path, in roundings; and the number of products. *)
Fixpoint sums_depth (t : sums) : nat :=
  match t with
  | Zero => 0
  | Fused _ t => S (sums_depth t)
  | Plus a b => S (Nat.max (sums_depth a) (sums_depth b))
  end.

Fixpoint sums_products (t : sums) : nat :=
  match t with
  | Zero => 0
  | Fused _ t => S (sums_products t)
  | Plus a b => sums_products a + sums_products b
  end.

Definition product (w r : vec) : vec := fun i => w i * r i.
Definition product_size (w r : vec) : vec := fun i => Rabs (w i * r i).

Lemma sums32_number w r t : is_binary32 (sums32 w r t).
Proof. destruct t; cbn [sums32]; try apply is_binary32_round. apply generic_format_0. Qed.

Lemma sums_exact_le w r t : Rabs (sums_exact (product w r) t) <= sums_exact (product_size w r) t.
Proof.
  induction t as [|i t IH|a IHa b IHb]; cbn [sums_exact]; [rewrite Rabs_R0; lra| |];
    (eapply Rle_trans; [apply Rabs_triang|]); [unfold product at 1, product_size at 1|]; lra.
Qed.

Lemma sums_mass_nonneg w r t : 0 <= sums_exact (product_size w r) t.
Proof. eapply Rle_trans; [apply Rabs_pos|apply sums_exact_le]. Qed.

Lemma growth32_ge_1 s : 1 <= (1 + unit_roundoff) ^ s.
Proof. apply pow_R1_Rle. pose proof unit_roundoff_pos. lra. Qed.

(** One rounding after an error g - 1 relative to the mass m and g a absolute. *)
Lemma rounding_step g m a x x' c e :
  1 <= g -> 0 <= m -> 0 <= a -> 0 <= e -> Rabs x <= m ->
  Rabs (x' - x) <= (g - 1) * m + g * a -> Rabs (c - x') <= unit_roundoff * Rabs x' + e ->
  Rabs (c - x) <= ((1 + unit_roundoff) * g - 1) * m + (1 + unit_roundoff) * g * a + e.
Proof.
  intros Hg Hm Ha He Hx Hx' Hc. pose proof unit_roundoff_pos as Hu.
  assert (Hval : Rabs x' <= g * m + g * a).
  { replace x' with ((x' - x) + x) by ring. eapply Rle_trans; [apply Rabs_triang|]. lra. }
  replace (c - x) with ((c - x') + (x' - x)) by ring. eapply Rle_trans; [apply Rabs_triang|].
  assert (unit_roundoff * Rabs x' <= unit_roundoff * (g * m + g * a)) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Lemma sums32_error w r t s :
  (sums_depth t <= s)%nat ->
  Rabs (sums32 w r t - sums_exact (product w r) t)
  <= ((1 + unit_roundoff) ^ s - 1) * sums_exact (product_size w r) t
     + (1 + unit_roundoff) ^ s * (INR (sums_products t) * underflow32).
Proof.
  pose proof unit_roundoff_pos as Hu. assert (Heta : 0 < underflow32) by apply bpow_gt_0.
  revert s. induction t as [|i t IH|a IHa b IHb]; intros s Hs; cbn [sums_depth sums32 sums_exact sums_products] in *.
  - rewrite Rminus_diag_eq, Rabs_R0 by easy. simpl INR. lra.
  - destruct s as [|s]; [lia|]. specialize (IH s ltac:(lia)). cbn [pow]. rewrite S_INR.
    pose proof (growth32_ge_1 s) as Hg. set (g := (1 + unit_roundoff) ^ s) in *. clearbody g.
    pose proof (pos_INR (sums_products t)) as Hn. pose proof (sums_mass_nonneg w r t) as Hm.
    change (product w r i) with (w i * r i). change (product_size w r i) with (Rabs (w i * r i)).
    pose proof (Rabs_pos (w i * r i)) as Hp.
    set (exact := sums_exact (product w r) t) in *. set (mass := sums_exact (product_size w r) t) in *.
    assert (Hexact : Rabs exact <= mass) by apply sums_exact_le.
    eapply Rle_trans.
    + apply (rounding_step g (Rabs (w i * r i) + mass) (INR (sums_products t) * underflow32)
               (w i * r i + exact) (w i * r i + sums32 w r t) _ underflow32); try lra.
      * apply Rmult_le_pos; lra.
      * eapply Rle_trans; [apply Rabs_triang|]. lra.
      * replace (w i * r i + sums32 w r t - (w i * r i + exact)) with (sums32 w r t - exact) by ring.
        eapply Rle_trans; [exact IH|]. assert (0 <= (g - 1) * Rabs (w i * r i)) by (apply Rmult_le_pos; lra). lra.
      * apply round32_error.
    + assert (underflow32 <= (1 + unit_roundoff) * g * underflow32); [|lra].
      rewrite <- (Rmult_1_l underflow32) at 1. apply Rmult_le_compat_r; [lra|].
      rewrite <- (Rmult_1_l 1). apply Rmult_le_compat; lra.
  - destruct s as [|s]; [lia|]. specialize (IHa s ltac:(lia)). specialize (IHb s ltac:(lia)). cbn [pow].
    rewrite plus_INR. pose proof (growth32_ge_1 s) as Hg. set (g := (1 + unit_roundoff) ^ s) in *. clearbody g.
    pose proof (pos_INR (sums_products a)). pose proof (pos_INR (sums_products b)).
    pose proof (sums_mass_nonneg w r a). pose proof (sums_mass_nonneg w r b).
    pose proof (sums_exact_le w r a) as Ha. pose proof (sums_exact_le w r b) as Hb.
    set (xa := sums_exact (product w r) a) in *. set (ma := sums_exact (product_size w r) a) in *.
    set (xb := sums_exact (product w r) b) in *. set (mb := sums_exact (product_size w r) b) in *.
    eapply Rle_trans.
    + apply (rounding_step g (ma + mb) ((INR (sums_products a) + INR (sums_products b)) * underflow32)
               (xa + xb) (sums32 w r a + sums32 w r b) _ 0); try lra.
      * apply Rmult_le_pos; lra.
      * eapply Rle_trans; [apply Rabs_triang|]. lra.
      * replace (sums32 w r a + sums32 w r b - (xa + xb))
          with ((sums32 w r a - xa) + (sums32 w r b - xb)) by ring.
        eapply Rle_trans; [apply Rabs_triang|]. lra.
      * rewrite Rplus_0_r. apply add32_error; apply sums32_number.
    + lra.
Qed.

(** ** The order of scoring *)

(** Sum l of G groups of 128: in each group the run of codes 8 l .. 8 l + 7. *)
Fixpoint lane (l G : nat) : sums :=
  match G with
  | O => Zero
  | S G' =>
      (fix run (k : nat) : sums :=
         match k with O => lane l G' | S k' => Fused (128 * G' + 8 * l + k') (run k') end) 8%nat
  end.

Definition halved (h : nat) (f : nat -> sums) (l : nat) : sums := Plus (f l) (f (l + h)%nat).
Definition score_tree (G : nat) : sums := halved 1 (halved 2 (halved 4 (halved 8 (fun l => lane l G)))) 0.

(** The numbers of this order are those of Constants.v. *)
Lemma score_constants :
  Constants.score_sums = 16%Z /\ Constants.score_run = 8%Z /\ (Constants.score_sums * Constants.score_run = 128)%Z.
Proof. easy. Qed.

Lemma lane_depth l G : sums_depth (lane l G) = (8 * G)%nat.
Proof. induction G as [|G IH]; [easy|]. cbn [lane sums_depth]. rewrite IH. lia. Qed.

Lemma lane_exact p l G :
  sums_exact p (lane l G) = sum G (fun g => sum 8 (fun k => p (128 * g + 8 * l + k)%nat)).
Proof. induction G as [|G IH]; [easy|]. cbn [lane sums_exact sum]. rewrite IH. cbn [sum]. ring. Qed.

Lemma lane_products l G : sums_products (lane l G) = (8 * G)%nat.
Proof. induction G as [|G IH]; [easy|]. cbn [lane sums_products]. rewrite IH. lia. Qed.

Lemma score_tree_exact p G : sums_exact p (score_tree G) = sum (128 * G) p.
Proof.
  assert (Hruns : sum (128 * G) p
            = sum 16 (fun l => sum G (fun g => sum 8 (fun k => p (128 * g + 8 * l + k)%nat)))).
  { rewrite <- sum_swap, Nat.mul_comm, sum_mul. apply sum_ext. intros g _.
    change 128%nat with (16 * 8)%nat at 1. rewrite sum_mul. apply sum_ext. intros l _. apply sum_ext. intros k _.
    f_equal. lia. }
  rewrite Hruns. unfold score_tree, halved. cbn [sums_exact]. rewrite !lane_exact. cbn [sum Nat.add]. ring.
Qed.

Lemma score_tree_depth G : sums_depth (score_tree G) = (8 * G + 4)%nat.
Proof. unfold score_tree, halved. cbn [sums_depth]. rewrite !lane_depth. lia. Qed.

Lemma score_tree_products G : sums_products (score_tree G) = (128 * G)%nat.
Proof. unfold score_tree, halved. cbn [sums_products]. rewrite !lane_products. lia. Qed.

(** d coordinates; the query is 0 beyond them, so whatever stands there in the row adds 0. *)
Definition score_groups (d : nat) : nat := ((d + 127) / 128)%nat.
Definition score_roundings (d : nat) : nat := (8 * score_groups d + 4)%nat.
Definition padded (d : nat) (w : vec) : vec := fun j => if Nat.ltb j d then w j else 0.

Definition score_sum32 (d : nat) (w r32 : vec) : R := sums32 (padded d w) r32 (score_tree (score_groups d)).

Definition score_sum_error_bound (d : nat) (w r32 : vec) : R :=
  ((1 + unit_roundoff) ^ score_roundings d - 1) * sum d (fun j => Rabs (w j * r32 j))
  + (1 + unit_roundoff) ^ score_roundings d * (INR (128 * score_groups d) * underflow32).

Lemma padded_sum d (f : R -> R) (w r : vec) :
  f 0 = 0 -> sum (128 * score_groups d) (fun j => f (padded d w j * r j)) = sum d (fun j => f (w j * r j)).
Proof.
  intros H0. rewrite (sum_truncate d).
  - apply sum_ext. intros j Hj. unfold padded. now destruct (Nat.ltb_spec j d); [|lia].
  - unfold score_groups. pose proof (Nat.div_mod (d + 127) 128 ltac:(lia)).
    pose proof (Nat.mod_upper_bound (d + 127) 128 ltac:(lia)). lia.
  - intros j Hj. unfold padded. destruct (Nat.ltb_spec j d); [lia|]. now rewrite Rmult_0_l.
Qed.

Theorem score_sum_error_bound_correct d w r32 :
  Rabs (score_sum32 d w r32 - sum d (fun j => w j * r32 j)) <= score_sum_error_bound d w r32.
Proof.
  pose proof (sums32_error (padded d w) r32 (score_tree (score_groups d)) (score_roundings d)) as H.
  rewrite score_tree_depth, score_tree_products, !score_tree_exact in H. unfold product, product_size in H.
  rewrite (padded_sum d (fun x => x)), (padded_sum d Rabs) in H by (easy || apply Rabs_R0). now apply H.
Qed.

(** ** The rotated query

    [query_sum] is <H D q, r>, r the row's real codewords; the fast sum is 2^-e times it. With E the error of a
    coordinate of w, in the units of q, and c_j that of the codeword r32_j. *)
Definition rotated_query32 (m k : nat) (eps : vec) (e : Z) (q : vec) : vec :=
  transform32 m k (fun i => eps i * prescale (- e) q i).
Definition query_sum (m k : nat) (eps q r : vec) : R :=
  dot (m * 2 ^ k) (rotate (m * 2 ^ k) (supported_matrix m k) eps q) r.

Definition query_sum_error_bound (m k n : nat) (eps : vec) (e : Z) (q c r r32 : vec) : R :=
  let d := (m * 2 ^ k)%nat in
  let w := rotated_query32 m k eps e q in
  (score_sum_error_bound d w r32 + sum d (fun j => Rabs (w j) * c j)) * bpow radix2 e
  + rotation_error_bound m k n (- e) q * sum d (fun j => Rabs (r j)).

Lemma query_sum_error_bound_correct m k n eps e q c r r32 :
  base_order m -> (n <= m * 2 ^ k)%nat -> is_sign eps ->
  (forall i, is_binary32 (q i)) -> (forall i, (n <= i)%nat -> q i = 0) ->
  (forall j, (j < m * 2 ^ k)%nat -> Rabs (r32 j - r j) <= c j) ->
  Rabs (score_sum32 (m * 2 ^ k) (rotated_query32 m k eps e q) r32 * bpow radix2 e - query_sum m k eps q r)
  <= query_sum_error_bound m k n eps e q c r r32.
Proof.
  intros Hm Hn He Hq Hzero Hc. unfold query_sum_error_bound. cbv zeta.
  set (d := (m * 2 ^ k)%nat) in *. set (w := rotated_query32 m k eps e q).
  pose proof (bpow_gt_0 radix2 e) as He0. set (b := bpow radix2 e) in *.
  set (E := rotation_error_bound m k n (- e) q).
  pose proof (score_sum_error_bound_correct d w r32) as HS. set (S := score_sum32 d w r32) in *.
  assert (Hterms : Rabs (sum d (fun j => w j * r32 j) * b - query_sum m k eps q r)
            <= sum d (fun j => Rabs (w j) * c j) * b + E * sum d (fun j => Rabs (r j))).
  { rewrite <- sum_scal_r, <- sum_scal_r, <- sum_scal_l, <- sum_plus. unfold query_sum, dot. fold d.
    rewrite <- sum_minus. eapply Rle_trans; [apply sum_Rabs_le|]. apply sum_le. intros j Hj.
    assert (Hw : Rabs (w j * b - rotate d (supported_matrix m k) eps q j) <= E).
    { pose proof (rotation_error_bound_correct m k n eps q (- e) j Hm Hj Hn He Hq Hzero) as H.
      rewrite Z.opp_involutive in H. exact H. }
    specialize (Hc j Hj). set (y := rotate d (supported_matrix m k) eps q j) in *.
    replace (w j * r32 j * b - y * r j) with (w j * (r32 j - r j) * b + (w j * b - y) * r j) by ring.
    eapply Rle_trans; [apply Rabs_triang|]. rewrite !Rabs_mult, (Rabs_pos_eq b) by lra.
    apply Rplus_le_compat.
    - apply Rmult_le_compat_r; [lra|]. apply Rmult_le_compat_l; [apply Rabs_pos|exact Hc].
    - apply Rmult_le_compat_r; [apply Rabs_pos|exact Hw]. }
  replace (S * b - query_sum m k eps q r)
    with ((S - sum d (fun j => w j * r32 j)) * b + (sum d (fun j => w j * r32 j) * b - query_sum m k eps q r)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_mult, (Rabs_pos_eq b) by lra.
  assert (Rabs (S - sum d (fun j => w j * r32 j)) * b <= score_sum_error_bound d w r32 * b)
    by (apply Rmult_le_compat_r; lra).
  lra.
Qed.

(** ** One operation in binary64 or binary32 on numbers with errors

    From |x' - x| <= e: the error of the rounded x'. From errors of two factors: that of their product. *)
Definition rounded64_error (x e : R) : R := e + (unit_roundoff64 * (Rabs x + e) + underflow64).
Definition product_error (x ex y ey : R) : R := Rabs x * ey + ex * Rabs y + ex * ey.

Lemma rounded64_error_correct x x' e : Rabs (x' - x) <= e -> Rabs (round64 x' - x) <= rounded64_error x e.
Proof.
  intros He. unfold rounded64_error. pose proof (round64_error x') as H. pose proof unit_roundoff64_pos as Hv.
  change (/ 2 ^ 53) with unit_roundoff64 in H.
  assert (Hx : Rabs x' <= Rabs x + e).
  { replace x' with (x + (x' - x)) by ring. eapply Rle_trans; [apply Rabs_triang|]. lra. }
  replace (round64 x' - x) with ((x' - x) + (round64 x' - x')) by ring. eapply Rle_trans; [apply Rabs_triang|].
  assert (unit_roundoff64 * Rabs x' <= unit_roundoff64 * (Rabs x + e)) by (apply Rmult_le_compat_l; lra). lra.
Qed.

Lemma product_error_correct x x' ex y y' ey :
  Rabs (x' - x) <= ex -> Rabs (y' - y) <= ey -> Rabs (x' * y' - x * y) <= product_error x ex y ey.
Proof.
  intros Hx Hy. unfold product_error.
  replace (x' * y' - x * y) with (x * (y' - y) + ((x' - x) * y + (x' - x) * (y' - y))) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. rewrite Rplus_assoc. apply Rplus_le_compat.
  - rewrite Rabs_mult. apply Rmult_le_compat_l; [apply Rabs_pos|exact Hy].
  - eapply Rle_trans; [apply Rabs_triang|]. rewrite !Rabs_mult.
    apply Rplus_le_compat; apply Rmult_le_compat; try apply Rabs_pos; lra.
Qed.

Lemma self_error x : Rabs (x - x) <= 0.
Proof. rewrite Rminus_diag_eq, Rabs_R0 by easy. lra. Qed.

(** ** The inner product: fl32(fl64(fl64(S fl64(rho/d)) 2^e)) *)

Definition inner_product64 (d : nat) (S rho : R) (e : Z) : R :=
  round64 (round64 (S * round64 (rho / INR d)) * bpow radix2 e).
Definition inner_product32 (d : nat) (S rho : R) (e : Z) : R := round32 (inner_product64 d S rho e).

(** T = <H D q, r>, B the error of S 2^e; the exact inner product is (rho/d) T. *)
Definition inner_product64_error (d : nat) (T B rho : R) (e : Z) : R :=
  let b := bpow radix2 e in
  let t := T * bpow radix2 (- e) in
  let f := rho / INR d in
  rounded64_error (f * T)
    (rounded64_error (t * f) (product_error t (B * bpow radix2 (- e)) f (rounded64_error f 0)) * b).
Definition inner_product_error_bound (d : nat) (T B rho : R) (e : Z) : R :=
  codeword_error_bound (rho / INR d * T) (inner_product64_error d T B rho e).

Lemma scaled_down S T B e :
  Rabs (S * bpow radix2 e - T) <= B -> Rabs (S - T * bpow radix2 (- e)) <= B * bpow radix2 (- e).
Proof.
  intros H. pose proof (bpow_gt_0 radix2 (- e)) as H0.
  assert (Hinv : bpow radix2 e * bpow radix2 (- e) = 1).
  { rewrite <- bpow_plus. now replace (e + - e)%Z with 0%Z by ring. }
  replace (S - T * bpow radix2 (- e)) with ((S * bpow radix2 e - T) * bpow radix2 (- e)).
  - rewrite Rabs_mult, (Rabs_pos_eq (bpow radix2 (- e))) by lra. apply Rmult_le_compat_r; lra.
  - rewrite Rmult_minus_distr_r, Rmult_assoc, Hinv. ring.
Qed.

Lemma inner_product64_error_correct d S T B rho e :
  Rabs (S * bpow radix2 e - T) <= B ->
  Rabs (inner_product64 d S rho e - rho / INR d * T) <= inner_product64_error d T B rho e.
Proof.
  intros HS. apply scaled_down in HS. unfold inner_product64, inner_product64_error. cbv zeta.
  pose proof (bpow_gt_0 radix2 e) as He0.
  assert (Hinv : bpow radix2 (- e) * bpow radix2 e = 1).
  { rewrite <- bpow_plus. now replace (- e + e)%Z with 0%Z by ring. }
  set (f := rho / INR d). set (t := T * bpow radix2 (- e)) in *.
  apply rounded64_error_correct.
  replace (f * T) with (t * f * bpow radix2 e)
    by (unfold t; rewrite <- (Rmult_1_l (f * T)), <- Hinv; ring).
  rewrite <- Rmult_minus_distr_r, Rabs_mult, (Rabs_pos_eq (bpow radix2 e)) by lra.
  apply Rmult_le_compat_r; [lra|].
  apply rounded64_error_correct, product_error_correct; [exact HS|].
  apply rounded64_error_correct, self_error.
Qed.

(** ** The squared distance: fl32(fl64(fl64(Q + rho^2) - 2 p)), Q the norm's sum, p the inner product in binary64 *)

Definition squared_distance32 (d : nat) (Q S rho : R) (e : Z) : R :=
  round32 (round64 (round64 (Q + round64 (rho * rho)) - round64 (2 * inner_product64 d S rho e))).

Definition squares_error (n : nat) (norm2_q : R) : R := ((1 + unit_roundoff64) ^ norm_additions n - 1) * norm2_q.

Definition squared_distance_error_bound (n d : nat) (norm2_q T B rho : R) (e : Z) : R :=
  let p := rho / INR d * T in
  let total := norm2_q + rho ^ 2 in
  codeword_error_bound (total - 2 * p)
    (rounded64_error (total - 2 * p)
       (rounded64_error total (squares_error n norm2_q) + 2 * inner_product64_error d T B rho e)).

(** Doubling is exact. *)
Lemma round64_double x : is_binary64 x -> round64 (2 * x) = 2 * x.
Proof.
  intros Hx. apply round_format_id. apply FLT_format_generic in Hx; [|easy]. destruct Hx as [f Hf Hm He].
  apply generic_format_FLT. exists (Float radix2 (Fnum f) (Fexp f + 1)).
  - rewrite Hf. unfold F2R. cbn [Fnum Fexp]. rewrite bpow_plus. change (bpow radix2 1) with 2. ring.
  - exact Hm.
  - cbn [Fexp]. lia.
Qed.

Lemma is_binary64_round x : is_binary64 (round64 x).
Proof. now apply in_format_round. Qed.

Lemma squared_distance32_error d n Q norm2_q S T B rho e :
  is_binary32 rho -> Rabs (Q - norm2_q) <= squares_error n norm2_q -> Rabs (S * bpow radix2 e - T) <= B ->
  Rabs (squared_distance32 d Q S rho e - (norm2_q + rho ^ 2 - 2 * (rho / INR d * T)))
  <= squared_distance_error_bound n d norm2_q T B rho e.
Proof.
  intros Hrho HQ HS. unfold squared_distance32, squared_distance_error_bound. cbv zeta.
  pose proof (inner_product64_error_correct d S T B rho e HS) as Hp.
  rewrite round64_double by apply is_binary64_round.
  replace (round64 (rho * rho)) with (rho ^ 2).
  2:{ replace (rho ^ 2) with (rho * rho) by ring. symmetry. apply round_format_id. now apply square_binary64. }
  set (p := rho / INR d * T) in *. set (p' := inner_product64 d S rho e) in *.
  apply codeword_error_bound_correct, rounded64_error_correct.
  assert (H1 : Rabs (round64 (Q + rho ^ 2) - (norm2_q + rho ^ 2)) <= rounded64_error (norm2_q + rho ^ 2) (squares_error n norm2_q)).
  { apply rounded64_error_correct. now replace (Q + rho ^ 2 - (norm2_q + rho ^ 2)) with (Q - norm2_q) by ring. }
  replace (round64 (Q + rho ^ 2) - 2 * p' - (norm2_q + rho ^ 2 - 2 * p))
    with ((round64 (Q + rho ^ 2) - (norm2_q + rho ^ 2)) - 2 * (p' - p)) by ring.
  eapply Rle_trans; [apply Rabs_minus_le|]. rewrite Rabs_mult, (Rabs_pos_eq 2) by lra. lra.
Qed.

(** ** The cosine: fl32(fl64(S fl64(2^e / fl64(d fl64(sqrt Q))))), 0 where q or x is zero *)

Definition cosine_factor64 (d : nat) (Q : R) (e : Z) : R :=
  round64 (bpow radix2 e / round64 (INR d * round64 (sqrt Q))).
Definition cosine32 (d : nat) (Q S rho : R) (e : Z) : R :=
  if Req_EM_T rho 0 then 0 else if Req_EM_T Q 0 then 0 else round32 (round64 (S * cosine_factor64 d Q e)).

(** Relative error of d |q| in binary64. *)
Definition length_error (n : nat) : R := (1 + unit_roundoff64) ^ (norm_additions n + 2) - 1.
(** norm_q = |q|; the exact cosine is T / (d |q|). *)
Definition cosine_error_bound (n d : nat) (norm_q T B : R) (e : Z) : R :=
  let t := T * bpow radix2 (- e) in
  let f := bpow radix2 e / (INR d * norm_q) in
  codeword_error_bound (T / (INR d * norm_q))
    (rounded64_error (t * f)
       (product_error t (B * bpow radix2 (- e)) f (rounded64_error f (f * (length_error n / (1 - length_error n)))))).

Lemma small_power u N : 0 <= u -> (1 + u) ^ N * (1 - INR N * u) <= 1.
Proof.
  intros Hu. induction N as [|N IH]; [simpl; lra|]. eapply Rle_trans; [|exact IH].
  rewrite S_INR. cbn [pow].
  replace ((1 + u) * (1 + u) ^ N * (1 - (INR N + 1) * u)) with ((1 + u) ^ N * (1 - INR N * u - (INR N + 1) * u ^ 2)) by ring.
  apply Rmult_le_compat_l; [apply pow_le; lra|]. pose proof (pos_INR N). nra.
Qed.

Lemma norm_additions_small n : INR n <= 2 ^ 24 -> INR (norm_additions n + 2) * unit_roundoff64 <= / 4.
Proof.
  intros Hn. unfold norm_additions.
  assert (Hq : INR ((n + 15) / 16 + 3 + 2) <= INR n + 7).
  { replace (INR n + 7) with (INR (n + 7)) by (rewrite plus_INR; simpl INR; ring). apply le_INR. pose proof (Nat.div_mod (n + 15) 16 ltac:(lia)). lia. }
  unfold unit_roundoff64.
  apply Rle_trans with ((2 ^ 24 + 7) * / 2 ^ 53); [apply Rmult_le_compat_r; [|lra]; left; apply Rinv_0_lt_compat, pow_lt; lra|lra].
Qed.

Lemma length_error_below_1 n : INR n <= 2 ^ 24 -> 0 <= length_error n < 1.
Proof.
  intros Hn. unfold length_error. pose proof unit_roundoff64_pos as Hv. pose proof (norm_additions_small n Hn) as Hs.
  set (N := (norm_additions n + 2)%nat) in *. pose proof (small_power unit_roundoff64 N ltac:(lra)) as H.
  assert (H1 : 1 <= (1 + unit_roundoff64) ^ N) by (apply pow_R1_Rle; lra). split; [lra|]. nra.
Qed.

(** d |q| in binary64. *)
Lemma length64_error n d q :
  (0 < d)%nat -> (0 < n)%nat -> INR n <= 2 ^ 24 ->
  (forall i, is_binary32 (q i)) -> (forall i, (n <= i)%nat -> q i = 0) -> norm2 n q <> 0 ->
  Rabs (round64 (INR d * round64 (sqrt (sum_of_squares64 n q))) - INR d * sqrt (norm2 n q))
  <= length_error n * (INR d * sqrt (norm2 n q)) /\ sum_of_squares64 n q <> 0.
Proof.
  intros Hd Hn Hsmall Hq Hzero Hne. destruct (sum_of_squares64_error n q Hn Hq Hzero) as [Hfmt Herr].
  pose proof (sum_of_squares64_nonneg n q) as HQ0. pose proof (norm2_nonneg n q) as Hs0.
  destruct (length_error_below_1 n Hsmall) as [_ Hbelow]. unfold length_error in *.
  pose proof unit_roundoff64_pos as Hv. set (v := unit_roundoff64) in *.
  set (Q := sum_of_squares64 n q) in *. set (s := norm2 n q) in *. set (G := (1 + v) ^ norm_additions n) in *.
  replace ((1 + v) ^ (norm_additions n + 2)) with (G * ((1 + v) * (1 + v))) in *
    by (unfold G; rewrite pow_add; simpl; ring).
  assert (HG : 1 <= G) by (apply pow_R1_Rle; lra).
  assert (HG2 : G < 2) by nra.
  assert (Hs : 0 < s) by lra.
  assert (HQ : 0 < Q).
  { apply Rabs_le_inv in Herr. nra. }
  pose proof (sqrt_relative_error s Q (G - 1) Hs0 HQ0 Herr) as Hroot.
  pose proof (sqrt64_error Q Hfmt HQ0) as H64. fold v in H64.
  pose proof (sqrt64_large Q Hfmt HQ) as Hlarge.
  assert (Hr : bpow radix2 (-537) <= round64 (sqrt Q)).
  { rewrite <- (round_format_id (-1074) 53 (bpow radix2 (-537))) by (apply generic_format_bpow; easy).
    now apply round64_le. }
  assert (Hd1 : 1 <= INR d) by (apply (le_INR 1); lia).
  assert (Hdr : bpow radix2 (-1022) <= INR d * round64 (sqrt Q)).
  { pose proof (bpow_ge_0 radix2 (-537)). apply Rle_trans with (bpow radix2 (-537)); [now apply bpow_le|]. nra. }
  pose proof (round64_relative_error _ Hdr) as HD. fold v in HD.
  set (r := round64 (sqrt Q)) in *. set (l := sqrt s) in *. set (root := sqrt Q) in *.
  pose proof (bpow_gt_0 radix2 (-537)) as Hb.
  assert (Hl : 0 < l) by (apply sqrt_lt_R0; lra).
  split; [|lra].
  assert (Hrl : Rabs (r - l) <= (G * (1 + v) - 1) * l).
  { replace (r - l) with ((r - root) + (root - l)) by ring. eapply Rle_trans; [apply Rabs_triang|].
    apply Rabs_le_inv in Hroot. assert (v * root <= v * (G * l)) by (apply Rmult_le_compat_l; lra).
    assert (Rabs (root - l) <= (G - 1) * l) by (apply Rabs_le; lra). lra. }
  replace (round64 (INR d * r) - INR d * l) with ((round64 (INR d * r) - INR d * r) + INR d * (r - l)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. rewrite (Rabs_mult (INR d)), (Rabs_pos_eq (INR d)) by lra.
  assert (H1 : INR d * Rabs (r - l) <= INR d * ((G * (1 + v) - 1) * l)) by (apply Rmult_le_compat_l; lra).
  assert (H2 : v * (INR d * r) <= v * (INR d * (G * (1 + v) * l))).
  { apply Rmult_le_compat_l; [lra|]. apply Rmult_le_compat_l; [lra|]. apply Rabs_le_inv in Hrl. lra. }
  lra.
Qed.

Lemma quotient_error a b b' delta :
  0 <= a -> 0 < b -> 0 <= delta < 1 -> Rabs (b' - b) <= delta * b -> Rabs (a / b' - a / b) <= a / b * (delta / (1 - delta)).
Proof.
  intros Ha Hb Hdelta H. assert (Hlow : (1 - delta) * b <= b') by (apply Rabs_le_inv in H; lra).
  assert (Hb' : 0 < b') by nra.
  replace (a / b' - a / b) with (a / b * ((b - b') / b')) by (field; lra).
  assert (Hab : 0 <= a / b) by (now apply Rdiv_le_0_compat).
  rewrite Rabs_mult, (Rabs_pos_eq (a / b)) by easy. apply Rmult_le_compat_l; [easy|].
  unfold Rdiv at 1. rewrite Rabs_mult, (Rabs_pos_eq (/ b')), Rabs_minus_sym by (left; now apply Rinv_0_lt_compat).
  apply Rmult_le_reg_r with b'; [easy|]. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  eapply Rle_trans; [exact H|]. replace (delta * b) with (delta / (1 - delta) * ((1 - delta) * b)) by (field; lra).
  apply Rmult_le_compat_l; [apply Rdiv_le_0_compat; lra|exact Hlow].
Qed.

Lemma cosine32_error n d q S T B rho e :
  (0 < d)%nat -> (0 < n)%nat -> INR n <= 2 ^ 24 ->
  (forall i, is_binary32 (q i)) -> (forall i, (n <= i)%nat -> q i = 0) -> norm2 n q <> 0 -> rho <> 0 ->
  Rabs (S * bpow radix2 e - T) <= B ->
  Rabs (cosine32 d (sum_of_squares64 n q) S rho e - T / (INR d * sqrt (norm2 n q)))
  <= cosine_error_bound n d (sqrt (norm2 n q)) T B e.
Proof.
  intros Hd Hn Hsmall Hq Hzero Hne Hrho HS. apply scaled_down in HS. unfold cosine32, cosine_error_bound. cbv zeta.
  destruct (length64_error n d q Hd Hn Hsmall Hq Hzero Hne) as [Hlen HQ].
  pose proof (length_error_below_1 n Hsmall) as Hdelta.
  destruct (Req_EM_T rho 0) as [|_]; [easy|]. destruct (Req_EM_T (sum_of_squares64 n q) 0) as [|_]; [easy|].
  assert (Hl : 0 < sqrt (norm2 n q)) by (apply sqrt_lt_R0; pose proof (norm2_nonneg n q); lra).
  assert (HD : 0 < INR d * sqrt (norm2 n q)) by (apply Rmult_lt_0_compat; [now apply lt_0_INR|easy]).
  pose proof (bpow_gt_0 radix2 e) as He0.
  assert (Hinv : bpow radix2 (- e) * bpow radix2 e = 1).
  { rewrite <- bpow_plus. now replace (- e + e)%Z with 0%Z by ring. }
  set (L := INR d * sqrt (norm2 n q)) in *. set (f := bpow radix2 e / L). set (t := T * bpow radix2 (- e)) in *.
  apply codeword_error_bound_correct.
  replace (T / L) with (t * f)
    by (unfold t, f, Rdiv; rewrite <- (Rmult_1_r (T * / L)), <- Hinv; ring).
  apply rounded64_error_correct, product_error_correct; [exact HS|]. unfold cosine_factor64.
  apply rounded64_error_correct. unfold f. apply quotient_error; (easy || lra).
Qed.

(** ** The theorems: what is computed from q, rho and the codewords, against x^ = decode ... r in real arithmetic *)

Section Scores.
Variables (m k n : nat) (eps : vec) (e : Z) (q c r r32 : vec) (rho : R).
Hypothesis Hm : base_order m.
Hypothesis Hn : (n <= m * 2 ^ k)%nat.
Hypothesis Heps : is_sign eps.
Hypothesis Hq : forall i, is_binary32 (q i).
Hypothesis Hzero : forall i, (n <= i)%nat -> q i = 0.
Hypothesis Hc : forall j, (j < m * 2 ^ k)%nat -> Rabs (r32 j - r j) <= c j.
Let d := (m * 2 ^ k)%nat.
Let xhat := decode d (supported_matrix m k) eps rho r.
Let S := score_sum32 d (rotated_query32 m k eps e q) r32.
Let T := query_sum m k eps q r.
Let B := query_sum_error_bound m k n eps e q c r r32.

Lemma exact_inner_product : dot n q xhat = rho / INR d * T.
Proof.
  rewrite <- (padded_dot_truncates n d q xhat Hn) by (intros i [Hi _]; now apply Hzero). apply dot_without_inverse.
Qed.

Lemma fast_sum : Rabs (S * bpow radix2 e - T) <= B.
Proof. now apply query_sum_error_bound_correct. Qed.

Theorem inner_product_error_bound_correct :
  Rabs (inner_product32 d S rho e - dot n q xhat) <= inner_product_error_bound d T B rho e.
Proof.
  rewrite exact_inner_product. apply codeword_error_bound_correct. apply inner_product64_error_correct, fast_sum.
Qed.

Theorem squared_distance_error_bound_correct : (0 < n)%nat -> is_binary32 rho ->
  Rabs (squared_distance32 d (sum_of_squares64 n q) S rho e - (norm2 n q + rho ^ 2 - 2 * dot n q xhat))
  <= squared_distance_error_bound n d (norm2 n q) T B rho e.
Proof.
  intros Hn0 Hrho. rewrite exact_inner_product. apply squared_distance32_error; [easy| |apply fast_sum].
  now apply sum_of_squares64_error.
Qed.

Theorem cosine_error_bound_correct : (0 < n)%nat -> INR n <= 2 ^ 24 -> norm2 n q <> 0 -> rho <> 0 ->
  Rabs (cosine32 d (sum_of_squares64 n q) S rho e - dot n q xhat / (sqrt (norm2 n q) * rho))
  <= cosine_error_bound n d (sqrt (norm2 n q)) T B e.
Proof.
  intros Hn0 Hsmall Hne Hrho. pose proof (order_positive m k Hm) as Hd. fold d in Hd.
  replace (dot n q xhat / (sqrt (norm2 n q) * rho)) with (T / (INR d * sqrt (norm2 n q))).
  - now apply cosine32_error; [| | | | | | |apply fast_sum].
  - rewrite exact_inner_product. field. repeat split; try easy.
    + apply Rgt_not_eq. now apply lt_0_INR.
    + apply Rgt_not_eq, sqrt_lt_R0. pose proof (norm2_nonneg n q). lra.
Qed.
End Scores.
