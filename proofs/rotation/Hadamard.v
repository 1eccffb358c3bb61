(** * Hadamard matrices and the fast transform (SPEC §1, §5.1)

    From H H^T = d I alone: H^T H = d I, the inverse is H^T/d, inner products are preserved up to d.
    Kronecker products of Hadamard matrices are Hadamard; the Sylvester matrices
    (-1)^popcount(c & c') are; and the butterfly network followed by the B stage computes the
    product with the matrix B (x) Sylvester that SPEC §1 defines, for any base matrix B. *)
From Coq Require Import Reals Bool Arith NArith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Sums.
Open Scope R_scope.

(** ** The transpose and the inverse *)

Lemma hadamard_entry_sq d H i j :
  hadamard d H -> (i < d)%nat -> (j < d)%nat -> H i j * H i j = 1.
Proof. intros [Hpm _] Hi Hj. destruct (Hpm i j Hi Hj) as [-> | ->]; ring. Qed.

(** Columns are orthogonal because rows are: with G = H^T H, row i of G has diagonal entry d
    and sum of squares d^2. *)
Theorem hadamard_columns d H i j :
  hadamard d H -> (i < d)%nat -> (j < d)%nat ->
  sum d (fun k => H k i * H k j) = if Nat.eqb i j then INR d else 0.
Proof.
  intros HH Hi Hj. pose proof HH as [Hpm Horth].
  set (G := fun a b => sum d (fun k => H k a * H k b)).
  assert (Hdiag : G i i = INR d).
  { unfold G. rewrite (sum_ext d _ (fun _ => 1)).
    - rewrite sum_const; ring.
    - intros k Hk. now apply (hadamard_entry_sq d). }
  assert (Hsq : sum d (fun b => G i b * G i b) = INR d * INR d).
  { transitivity (sum d (fun k => sum d (fun l => H k i * H l i * sum d (fun b => H k b * H l b)))).
    - unfold G.
      rewrite (sum_ext d _ (fun b => sum d (fun k => sum d (fun l =>
                 H k i * H l i * (H k b * H l b))))).
      + rewrite sum_swap. apply sum_ext. intros k _. rewrite sum_swap.
        apply sum_ext. intros l _. apply sum_scal_l.
      + intros b _. rewrite sum_mult. apply sum_ext. intros k _.
        apply sum_ext. intros l _. ring.
    - rewrite (sum_ext d _ (fun k => INR d * (H k i * H k i))).
      + rewrite sum_scal_l. fold (G i i). now rewrite Hdiag.
      + intros k Hk.
        rewrite (sum_ext d _ (fun l => if Nat.eqb k l then INR d * (H k i * H l i) else 0)).
        * now rewrite (sum_delta_sym d k (fun l => INR d * (H k i * H l i))).
        * intros l Hl. rewrite Horth by easy. destruct (Nat.eqb k l); ring. }
  assert (Hzero : forall b, (b < d)%nat -> (G i b - (if Nat.eqb i b then INR d else 0)) ^ 2 = 0).
  { apply (sum_eq_0_inv d (fun b => (G i b - (if Nat.eqb i b then INR d else 0)) ^ 2)).
    - intros b _. apply pow2_ge_0.
    - rewrite (sum_ext d _ (fun b => G i b * G i b +
                (if Nat.eqb i b then INR d * INR d - 2 * INR d * G i b else 0))).
      + rewrite sum_plus, Hsq,
          (sum_delta_sym d i (fun b => INR d * INR d - 2 * INR d * G i b)), Hdiag by easy. ring.
      + intros b _. destruct (Nat.eqb i b); ring. }
  specialize (Hzero j Hj). fold (G i j).
  destruct (Req_dec (G i j - (if Nat.eqb i j then INR d else 0)) 0) as [H0 | H0]; [lra|].
  exfalso. now apply (pow_nonzero _ 2) in H0.
Qed.

Theorem hadamard_transpose d H : hadamard d H -> hadamard d (transpose H).
Proof.
  intros HH. split.
  - intros i j Hi Hj. now apply HH.
  - intros i j Hi Hj. now apply hadamard_columns.
Qed.

Lemma mulv_transpose_mulv d H x i :
  hadamard d H -> (i < d)%nat -> mulv d (transpose H) (mulv d H x) i = INR d * x i.
Proof.
  intros HH Hi. unfold mulv, transpose.
  rewrite (sum_ext d _ (fun k => sum d (fun j => H k i * H k j * x j))).
  - rewrite sum_swap.
    rewrite (sum_ext d _ (fun j => if Nat.eqb i j then INR d * x j else 0)).
    + now apply (sum_delta_sym d i (fun j => INR d * x j)).
    + intros j Hj. rewrite sum_scal_r, hadamard_columns by easy.
      destruct (Nat.eqb i j); ring.
  - intros k _. rewrite <- sum_scal_l. apply sum_ext. intros j _. ring.
Qed.

(** The inverse of x |-> H x is y |-> H^T y / d, on either side. *)
Theorem hadamard_inverse d H x i :
  hadamard d H -> (i < d)%nat ->
  / INR d * mulv d (transpose H) (mulv d H x) i = x i /\
  / INR d * mulv d H (mulv d (transpose H) x) i = x i.
Proof.
  intros HH Hi. assert (Hd : 0 < INR d) by (apply lt_0_INR; lia). split.
  - rewrite mulv_transpose_mulv by easy. field. lra.
  - rewrite (mulv_transpose_mulv d (transpose H)) by (easy || now apply hadamard_transpose).
    field. lra.
Qed.

Theorem hadamard_dot d H x y :
  hadamard d H -> dot d (mulv d H x) (mulv d H y) = INR d * dot d x y.
Proof.
  intros HH. unfold dot. rewrite <- sum_scal_l.
  transitivity (sum d (fun j => x j * mulv d (transpose H) (mulv d H y) j)).
  - unfold mulv at 1, mulv at 2, transpose.
    rewrite (sum_ext d _ (fun i => sum d (fun j => x j * (H i j * mulv d H y i)))).
    + rewrite sum_swap. apply sum_ext. intros j _. now rewrite sum_scal_l.
    + intros i _. rewrite <- sum_scal_r. apply sum_ext. intros j _. ring.
  - apply sum_ext. intros j Hj. rewrite mulv_transpose_mulv by easy. ring.
Qed.

Theorem hadamard_norm2 d H x :
  hadamard d H -> norm2 d (mulv d H x) = INR d * norm2 d x.
Proof. apply hadamard_dot. Qed.

(** ** Kronecker products, index i = a n + c *)

Definition kronecker (n : nat) (A B : mat) : mat :=
  fun i j => A (i / n)%nat (j / n)%nat * B (i mod n)%nat (j mod n)%nat.

Lemma index_div a n c : (c < n)%nat -> ((a * n + c) / n = a)%nat.
Proof. intros Hc. rewrite Nat.div_add_l, (Nat.div_small c) by lia. lia. Qed.

Lemma index_mod a n c : (c < n)%nat -> ((a * n + c) mod n = c)%nat.
Proof. intros Hc. rewrite Nat.add_comm, Nat.mod_add by lia. now apply Nat.mod_small. Qed.

Lemma kronecker_index n A B a c a' c' :
  (c < n)%nat -> (c' < n)%nat ->
  kronecker n A B (a * n + c)%nat (a' * n + c')%nat = A a a' * B c c'.
Proof. intros Hc Hc'. unfold kronecker. now rewrite !index_div, !index_mod. Qed.

Theorem kronecker_hadamard m n A B :
  hadamard m A -> hadamard n B -> hadamard (m * n) (kronecker n A B).
Proof.
  intros [HA1 HA2] [HB1 HB2].
  assert (Hidx : forall i, (i < m * n)%nat -> (i / n < m)%nat /\ (i mod n < n)%nat /\
            i = (i / n * n + i mod n)%nat).
  { intros i Hi. assert (n <> 0)%nat by lia.
    split; [apply Nat.div_lt_upper_bound; lia|].
    split; [now apply Nat.mod_upper_bound|]. rewrite (Nat.div_mod i n) at 1 by easy. lia. }
  split.
  - intros i j Hi Hj. destruct (Hidx i Hi) as (Hia & Hic & _), (Hidx j Hj) as (Hja & Hjc & _).
    unfold kronecker.
    destruct (HA1 _ _ Hia Hja) as [-> | ->], (HB1 _ _ Hic Hjc) as [-> | ->]; lra.
  - intros i j Hi Hj. destruct (Hidx i Hi) as (Hia & Hic & Hi'), (Hidx j Hj) as (Hja & Hjc & Hj').
    rewrite sum_mul.
    rewrite (sum_ext m _ (fun a => A (i / n)%nat a * A (j / n)%nat a *
               (if Nat.eqb (i mod n) (j mod n) then INR n else 0))).
    + rewrite sum_scal_r, HA2 by easy. rewrite mult_INR.
      destruct (Nat.eqb_spec (i / n) (j / n)) as [Hd | Hd];
        destruct (Nat.eqb_spec (i mod n) (j mod n)) as [Hm | Hm];
        destruct (Nat.eqb_spec i j) as [Hij | Hij]; try ring; exfalso.
      * apply Hij. rewrite Hi', Hj', Hd, Hm. easy.
      * apply Hm. now rewrite Hij.
      * apply Hd. now rewrite Hij.
      * apply Hd. now rewrite Hij.
    + intros a Ha. rewrite <- HB2 by easy. rewrite <- sum_scal_l. apply sum_ext.
      intros c Hc. unfold kronecker. rewrite index_div, index_mod by easy. ring.
Qed.

(** ** Sylvester matrices: (-1)^popcount(c & c') *)

Fixpoint pos_popcount (p : positive) : nat :=
  match p with
  | xH => 1
  | xO p' => pos_popcount p'
  | xI p' => S (pos_popcount p')
  end.

Definition popcount (n : N) : nat := match n with N0 => 0 | Npos p => pos_popcount p end.

Definition sylvester : mat :=
  fun c c' => (-1) ^ popcount (N.land (N.of_nat c) (N.of_nat c')).

Lemma sylvester_sym c c' : sylvester c c' = sylvester c' c.
Proof. unfold sylvester. now rewrite N.land_comm. Qed.

Lemma sylvester_pm c c' : sylvester c c' = 1 \/ sylvester c c' = -1.
Proof.
  unfold sylvester. induction (popcount _) as [|p IH]; simpl; [now left|].
  destruct IH as [-> | ->]; [right|left]; ring.
Qed.

Definition bit (b : bool) : nat := if b then 1%nat else 0%nat.

(** The lowest bit splits off ... *)
Lemma sylvester_low u v b b' :
  sylvester (2 * u + bit b)%nat (2 * v + bit b')%nat = (if andb b b' then -1 else 1) * sylvester u v.
Proof.
  unfold sylvester. replace (N.of_nat (2 * u + bit b)) with (2 * N.of_nat u + N.b2n b)%N
    by (destruct b; unfold bit, N.b2n; lia).
  replace (N.of_nat (2 * v + bit b')) with (2 * N.of_nat v + N.b2n b')%N
    by (destruct b'; unfold bit, N.b2n; lia).
  destruct (N.of_nat u) as [|p], (N.of_nat v) as [|q], b, b'; simpl; try ring.
  all: destruct (Pos.land p q); simpl; ring.
Qed.

Lemma nat_split_low n : exists u b, n = (2 * u + bit b)%nat.
Proof.
  destruct (Nat.Even_or_Odd n) as [[u Hu] | [u Hu]].
  - exists u, false. unfold bit. lia.
  - exists u, true. unfold bit. lia.
Qed.

(** ... and so does the highest. *)
Lemma sylvester_high k b b' c c' :
  (c < 2 ^ k)%nat -> (c' < 2 ^ k)%nat ->
  sylvester (bit b * 2 ^ k + c)%nat (bit b' * 2 ^ k + c')%nat =
  (if andb b b' then -1 else 1) * sylvester c c'.
Proof.
  revert c c'. induction k as [|k IH]; intros c c' Hc Hc'.
  - simpl in Hc, Hc'. assert (c = 0)%nat as -> by lia. assert (c' = 0)%nat as -> by lia.
    destruct b, b'; unfold sylvester; simpl; ring.
  - destruct (nat_split_low c) as (u & e & ->), (nat_split_low c') as (v & e' & ->).
    rewrite Nat.pow_succ_r' in *.
    replace (bit b * (2 * 2 ^ k) + (2 * u + bit e))%nat
      with (2 * (bit b * 2 ^ k + u) + bit e)%nat by lia.
    replace (bit b' * (2 * 2 ^ k) + (2 * v + bit e'))%nat
      with (2 * (bit b' * 2 ^ k + v) + bit e')%nat by lia.
    rewrite !sylvester_low, IH by lia. ring.
Qed.

Lemma hadamard_ext d H H' :
  (forall i j, (i < d)%nat -> (j < d)%nat -> H i j = H' i j) -> hadamard d H -> hadamard d H'.
Proof.
  intros Heq [H1 H2]. split.
  - intros i j Hi Hj. rewrite <- Heq by easy. now apply H1.
  - intros i j Hi Hj. rewrite <- H2 by easy. apply sum_ext. intros k Hk. now rewrite !Heq.
Qed.

Lemma hadamard_order_1 : hadamard 1 (fun _ _ => 1).
Proof.
  split; [now left|]. intros i j Hi Hj.
  assert (i = 0)%nat as -> by lia. assert (j = 0)%nat as -> by lia. simpl. ring.
Qed.

Lemma sylvester_order_2 : hadamard 2 sylvester.
Proof.
  split; [intros; apply sylvester_pm|]. intros i j Hi Hj.
  destruct i as [|[|i]]; [| |lia]; (destruct j as [|[|j]]; [| |lia]);
    unfold sylvester; simpl; ring.
Qed.

Theorem sylvester_hadamard k : hadamard (2 ^ k) sylvester.
Proof.
  induction k as [|k IH].
  - apply (hadamard_ext 1 (fun _ _ => 1)); [|apply hadamard_order_1].
    intros i j Hi Hj. assert (i = 0)%nat as -> by lia. assert (j = 0)%nat as -> by lia. easy.
  - rewrite Nat.pow_succ_r', Nat.mul_comm.
    apply (hadamard_ext _ (kronecker 2 sylvester sylvester)).
    + intros i j _ _. destruct (nat_split_low i) as (u & b & ->), (nat_split_low j) as (v & b' & ->).
      rewrite sylvester_low, !(Nat.mul_comm 2), kronecker_index by (destruct b, b'; simpl; lia).
      destruct b, b'; unfold sylvester at 2; simpl; ring.
    + apply kronecker_hadamard; [exact IH|apply sylvester_order_2].
Qed.

(** ** The matrix of SPEC §1: order m 2^k, base matrix B *)

(** H[a 2^k + c][a' 2^k + c'] = B[a][a'] (-1)^popcount(c & c'). *)
Definition hadamard_matrix (B : mat) (k : nat) : mat := kronecker (2 ^ k) B sylvester.

Theorem hadamard_matrix_hadamard m k B :
  hadamard m B -> hadamard (m * 2 ^ k) (hadamard_matrix B k).
Proof. intros HB. apply kronecker_hadamard; [exact HB|apply sylvester_hadamard]. Qed.

Lemma hadamard_matrix_transpose B k i j :
  transpose (hadamard_matrix B k) i j = hadamard_matrix (transpose B) k i j.
Proof. unfold transpose, hadamard_matrix, kronecker. now rewrite sylvester_sym. Qed.

(** ** The fast transform *)

(** One in-place stage with stride h = 2^s: pairs (i, i+h) become (a+b, a-b). *)
Definition butterfly (s : nat) (x : vec) : vec :=
  fun i => if Nat.odd (i / 2 ^ s) then x (i - 2 ^ s)%nat - x i else x i + x (i + 2 ^ s)%nat.

(** Stages h = 1, 2, 4, ..., 2^(k-1), in this order. *)
Fixpoint butterflies (k : nat) (x : vec) : vec :=
  match k with
  | O => x
  | S s => butterfly s (butterflies s x)
  end.

(** The last stage: product with B over indices that agree mod n = 2^k. *)
Definition base_stage (m n : nat) (B : mat) (x : vec) : vec :=
  fun i => sum m (fun a' => B (i / n)%nat a' * x (a' * n + i mod n)%nat).

Definition fast_transform (m k : nat) (B : mat) (x : vec) : vec :=
  base_stage m (2 ^ k) B (butterflies k x).

Lemma pow2_pos k : (0 < 2 ^ k)%nat.
Proof. induction k; simpl; lia. Qed.

(** After k stages each block of 2^k holds its own Sylvester transform. *)
Theorem butterflies_sylvester k x a c :
  (c < 2 ^ k)%nat ->
  butterflies k x (a * 2 ^ k + c)%nat =
  sum (2 ^ k) (fun c' => sylvester c c' * x (a * 2 ^ k + c')%nat).
Proof.
  revert a c. induction k as [|k IH]; intros a c Hc.
  - simpl in *. assert (c = 0)%nat as -> by lia. unfold sylvester. simpl. ring.
  - set (h := (2 ^ k)%nat) in *. pose proof (pow2_pos k) as Hh. fold h in Hh.
    assert (Hpow : (2 ^ S k = 2 * h)%nat) by (rewrite Nat.pow_succ_r'; easy).
    rewrite Hpow in *.
    assert (Hsplit : exists b c0, (c0 < h)%nat /\ c = (bit b * h + c0)%nat).
    { destruct (le_lt_dec h c).
      - exists true, (c - h)%nat. simpl; lia.
      - exists false, c. simpl; lia. }
    destruct Hsplit as (b & c0 & Hc0 & ->).
    cbn [butterflies]. unfold butterfly. fold h.
    replace (a * (2 * h) + (bit b * h + c0))%nat with ((2 * a + bit b) * h + c0)%nat by lia.
    rewrite index_div by easy.
    replace (Nat.odd (2 * a + bit b)) with b
      by (rewrite Nat.add_comm, Nat.odd_add_mul_2; now destruct b).
    (* the two halves of the block *)
    replace (2 * h)%nat with (h + h)%nat by lia. rewrite sum_app.
    assert (Hrec : forall b' : bool, butterflies k x ((2 * a + bit b') * h + c0)%nat =
              sum h (fun c' => sylvester c0 c' * x (a * (h + h) + (bit b' * h + c'))%nat)).
    { intros b'. rewrite IH by easy. apply sum_ext. intros c' _. do 2 f_equal. lia. }
    assert (Hlow : sum h (fun c' => sylvester (bit b * h + c0)%nat c' * x (a * (h + h) + c')%nat) =
              butterflies k x ((2 * a + bit false) * h + c0)%nat).
    { rewrite Hrec. apply sum_ext. intros c' Hc'.
      pose proof (sylvester_high k b false c0 c' Hc0 Hc') as Hs. fold h in Hs.
      simpl (bit false) in *. rewrite Nat.mul_0_l, Nat.add_0_l in *. rewrite Hs.
      rewrite Bool.andb_false_r. ring. }
    assert (Hhigh : sum h (fun i => sylvester (bit b * h + c0)%nat (h + i)%nat *
                                    x (a * (h + h) + (h + i))%nat) =
              (if b then -1 else 1) * butterflies k x ((2 * a + bit true) * h + c0)%nat).
    { rewrite Hrec, <- sum_scal_l. apply sum_ext. intros c' Hc'.
      pose proof (sylvester_high k b true c0 c' Hc0 Hc') as Hs. fold h in Hs.
      simpl (bit true) in *. rewrite Nat.mul_1_l in *. rewrite Hs.
      rewrite Bool.andb_true_r. ring. }
    rewrite Hlow, Hhigh. destruct b.
    + replace ((2 * a + bit true) * h + c0 - h)%nat with ((2 * a + bit false) * h + c0)%nat
        by (simpl; lia). ring.
    + replace ((2 * a + bit false) * h + c0 + h)%nat with ((2 * a + bit true) * h + c0)%nat
        by (simpl; lia). ring.
Qed.

(** The fast transform is the matrix product. *)
Theorem fast_transform_correct m k B x i :
  (i < m * 2 ^ k)%nat ->
  fast_transform m k B x i = mulv (m * 2 ^ k) (hadamard_matrix B k) x i.
Proof.
  intros Hi. set (n := (2 ^ k)%nat) in *.
  assert (Hn : (n <> 0)%nat) by (pose proof (pow2_pos k); unfold n; lia).
  assert (Hc : (i mod n < n)%nat) by now apply Nat.mod_upper_bound.
  unfold fast_transform, base_stage, mulv, hadamard_matrix. fold n.
  rewrite sum_mul. apply sum_ext. intros a' _. unfold n at 2.
  rewrite butterflies_sylvester by exact Hc. fold n.
  rewrite <- sum_scal_l. apply sum_ext. intros c' Hc'.
  unfold kronecker. rewrite index_div, index_mod by easy. ring.
Qed.

(** With B^T in the last stage the same network is the product with H^T, hence d times the
    inverse. *)
Theorem fast_transform_transpose m k B x i :
  (i < m * 2 ^ k)%nat ->
  fast_transform m k (transpose B) x i =
  mulv (m * 2 ^ k) (transpose (hadamard_matrix B k)) x i.
Proof.
  intros Hi. rewrite fast_transform_correct by easy. apply sum_ext. intros j _.
  now rewrite hadamard_matrix_transpose.
Qed.

Lemma mulv_ext d A x y i :
  (forall j, (j < d)%nat -> x j = y j) -> mulv d A x i = mulv d A y i.
Proof. intros H. apply sum_ext. intros j Hj. now rewrite H. Qed.

Theorem fast_transform_inverse m k B x i :
  hadamard m B -> (i < m * 2 ^ k)%nat ->
  / INR (m * 2 ^ k) * fast_transform m k (transpose B) (fast_transform m k B x) i = x i.
Proof.
  intros HB Hi. rewrite fast_transform_transpose by easy.
  rewrite (mulv_ext _ _ _ (mulv (m * 2 ^ k) (hadamard_matrix B k) x)).
  - exact (proj1 (hadamard_inverse _ _ x i (hadamard_matrix_hadamard m k B HB) Hi)).
  - intros j Hj. now apply fast_transform_correct.
Qed.

(** ** The order of additions in the base stage

    The implementation adds the terms of a row in groups of four columns,
    (t0 + t1) + (t2 + t3), the groups from left to right. *)
Definition group4 (t : nat -> R) (q : nat) : R :=
  (t (4 * q)%nat + t (4 * q + 1)%nat) + (t (4 * q + 2)%nat + t (4 * q + 3)%nat).

Fixpoint grouped_sum (q : nat) (t : nat -> R) : R :=
  match q with
  | O => 0
  | S O => group4 t 0
  | S q' => grouped_sum q' t + group4 t q'
  end.

Theorem grouped_sum_correct q t : grouped_sum q t = sum (4 * q) t.
Proof.
  induction q as [|q IH]; [easy|].
  replace (4 * S q)%nat with (S (S (S (S (4 * q))))) by lia. cbn [sum]. rewrite <- IH.
  assert (Hstep : grouped_sum (S q) t = grouped_sum q t + group4 t q).
  { destruct q; [simpl; ring|easy]. }
  rewrite Hstep. unfold group4.
  replace (S (4 * q)) with (4 * q + 1)%nat by lia.
  replace (S (4 * q + 1)) with (4 * q + 2)%nat by lia.
  replace (S (4 * q + 2)) with (4 * q + 3)%nat by lia. ring.
Qed.

Definition base_stage_grouped (q n : nat) (B : mat) (x : vec) : vec :=
  fun i => grouped_sum q (fun a' => B (i / n)%nat a' * x (a' * n + i mod n)%nat).

Theorem base_stage_grouped_correct q n B x i :
  base_stage_grouped q n B x i = base_stage (4 * q) n B x i.
Proof. apply grouped_sum_correct. Qed.
