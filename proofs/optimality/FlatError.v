(** * The error of the shipped quantizer on a flat vector (SPEC §5.10)

    E M(z) over the binomial law, from above: M at the places z_k up to k = n/2 by windows close to them (with the table of CertificateChecker),
    further out by a majorant; on the other side by symmetry. *)
From Coq Require Import Reals ZArith QArith Qreals List Lra Lia Bool.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Sums DitheredQuantizer VectorQuantizer ShippedGenerator FiniteBound
  CertificateInterval CertificateMajorant CertificateNormal CertificateWindow CertificateConcave CertificateChecker.
From Hdq Require Import FlatVector SurrogateCertificate.
Import ListNotations.
Open Scope R_scope.

Definition iplace (r n k : Z) : interval := imul (ifromZ (2 * k - n)) (idiv (ifromZ 1) (ifromZ r)).

(** M at the k-th place is at most what it is at a window a little to the left (CertificateConcave.window_mse_left_half). *)
Fixpoint window_bounds (r n k : Z) (l : list row) (starts : list Z) : option (list interval) :=
  match starts with
  | [] => Some []
  | a :: starts' =>
      match seek a l with
      | None => None
      | Some (r1, l1) =>
          match make_window r1 l1 with
          | None => None
          | Some w =>
              if ile (mean w) (iplace r n k) then
                match window_bounds r n (k + 1) l1 starts' with
                | None => None
                | Some bounds => Some (variance_bound w :: bounds)
                end
              else None
          end
      end
  end.

Fixpoint tail_bounds (m : CertificateMajorant.certificate) (r n k : Z) (count : nat) : list interval :=
  match count with
  | O => []
  | S count' => icertificate_value m (iplace r n k) :: tail_bounds m r n (k + 1) count'
  end.

(** Sigma choose n k / 2^n bound_k; [h] is 2^(n/2). *)
Fixpoint weighted (h : interval) (n k c : Z) (bounds : list interval) : interval :=
  match bounds with
  | [] => ifromZ 0
  | b :: bounds' => iadd (imul (idiv (idiv (ifromZ c) h) h) b) (weighted h n (k + 1) (next_choice n k c) bounds')
  end.

Record windows := { window_starts_at : list Z; spacing : grid }.

Definition row_positions (N : nat) (v : windows) : list Z :=
  let a := window_starts_at v in
  let gr := spacing v in
  merge a (merge (map (Z.add unit_steps) a) (merge (starts_after N gr fuel (CertificateChecker.first gr)) (multiples N gr fuel (mesh gr)))).

Definition flat_error_at_most (N : nat) (sigma kappa : Q) (m : CertificateMajorant.certificate) (r : nat) (v : windows) (bound : Q) : bool :=
  let zr := Z.of_nat r in
  let n := (zr * zr)%Z in
  let half := Z.to_nat (n / 2) in
  let tail := (half + 1 - length (window_starts_at v))%nat in
  match row_positions N v with
  | [] => false
  | k :: ks =>
      let r0 := make_row N sigma kappa 40 (ifromZ (-1)) k in
      let l := r0 :: rows_from N sigma kappa r0 ks in
      ((0 <? k)%Z && increasing_below_levels N k ks && (0 <? zr)%Z && (2 * (n / 2) =? n)%Z
       && (length (window_starts_at v) <=? half + 1)%nat)
      && match window_bounds zr n (Z.of_nat tail) l (window_starts_at v) with
         | None => false
         | Some bounds =>
             let left := tail_bounds m zr n 0 tail ++ bounds in
             ile (weighted (ifromZ (2 ^ (n / 2))) n 0 1 (left ++ tl (rev left))) (ifromQ bound)
         end
  end.

Section FlatError.

Variable N : nat.
Variables sigma kappa : Q.
Hypothesis HN : (2 <= N)%nat.
Hypothesis Hsigma : 0 < Q2R sigma.
Hypothesis Hkappa : 0 < Q2R kappa.
Let g := shipped N (Q2R sigma) (Q2R kappa).
Let Hg : generator N g := shipped_generator N _ _ HN Hsigma Hkappa.
Variable m : CertificateMajorant.certificate.
Hypothesis Hm : forall z, scalar_mse N g z <= certificate_value m z.

(** X has an upper bound of M(z). *)
Definition bounds_at (z : R) (X : interval) : Prop := exists b, encloses X b /\ scalar_mse N g z <= b.

Lemma window_bound_correct w z : window_valid N sigma kappa w -> compand g (left_end w + 1/2) <= z <= 0 -> bounds_at z (variance_bound w).
Proof.
  intros V Hz. destruct (variance_bounds _ _ _ w V) as (b & B1 & B2). fold g in B2.
  pose proof (row_inside _ _ _ _ (start_valid _ _ _ w V)) as I.
  pose proof (row_inside _ _ _ _ (stop_valid _ _ _ w V)) as I'. unfold inside_table in I, I'. fold (left_end w) in I.
  rewrite (window_unit _ _ _ w V) in I'. pose proof (levels_ge_2 N g Hg) as N2.
  destruct (compand_bijective N g Hg z) as (t & [It Et] & _). set (a := t - 1/2).
  replace t with (a + 1/2) in * by (unfold a; ring). unfold inside in It.
  assert (La : left_end w <= a).
  { apply Rnot_lt_le. intros L. pose proof (compand_increasing N g Hg (a + 1/2) (left_end w + 1/2)) as C. unfold inside in C. lra. }
  assert (Ha : a + 1/2 <= INR N / 2).
  { apply Rnot_lt_le. intros L. pose proof (compand_increasing N g Hg (INR N / 2) (a + 1/2)) as C.
    pose proof (compand_odd N g Hg (INR N / 2)) as O. replace (INR N - INR N / 2) with (INR N / 2) in O by field.
    unfold inside in C, O. lra. }
  exists b. split; [exact B1|]. rewrite <- Et, (scalar_mse_window N g Hg) by exact It.
  apply Rle_trans with (2 := B2). now apply (window_mse_left_half N _ _ HN Hsigma Hkappa).
Qed.

Variable r : nat.
Hypothesis Hr : (0 < r)%nat.
Let n := (r * r)%nat.
Let z k := place (/ INR r) n k.
Let zr := Z.of_nat r.
Let zn := Z.of_nat n.

Lemma iplace_correct k : encloses (iplace zr zn (Z.of_nat k)) (z k).
Proof.
  unfold iplace, z, place. replace (2 * INR k - INR n) with (IZR (2 * Z.of_nat k - zn)).
  - replace (/ INR r) with (IZR 1 / IZR zr) by (unfold zr; rewrite <- INR_IZR_INZ; unfold Rdiv; ring).
    auto with enclose.
  - unfold zn. now rewrite minus_IZR, mult_IZR, <- !INR_IZR_INZ.
Qed.

Definition all_bounds (k : nat) (l : list interval) : Prop :=
  forall j, (j < length l)%nat -> bounds_at (z (k + j)) (nth j l everything).

Lemma all_bounds_cons k b l : bounds_at (z k) b -> all_bounds (S k) l -> all_bounds k (b :: l).
Proof.
  intros Hb Hl [|j] Hj; [now rewrite Nat.add_0_r|]. simpl in *.
  replace (k + S j)%nat with (S k + j)%nat by lia. apply Hl. lia.
Qed.

Lemma place_nonpos half k : n = (2 * half)%nat -> (k <= half)%nat -> z k <= 0.
Proof.
  intros Hn Hk. unfold z, place. rewrite Hn, mult_INR. apply le_INR in Hk. change (INR 2) with 2.
  assert (0 < / INR r) by now apply Rinv_0_lt_compat, lt_0_INR. nra.
Qed.

Lemma window_bounds_correct half starts : n = (2 * half)%nat -> forall k k0 l bounds, (k + length starts <= S half)%nat ->
  chain N sigma kappa k0 l -> window_bounds zr zn (Z.of_nat k) l starts = Some bounds ->
  length bounds = length starts /\ all_bounds k bounds.
Proof.
  intros Hn. induction starts as [|a starts IH]; intros k k0 l bounds Hk C E; cbn [window_bounds] in E.
  - injection E as <-. split; [reflexivity|]. intros j Hj. simpl in Hj. lia.
  - destruct (seek a l) as [[r1 l1]|] eqn:S1; [|discriminate].
    destruct (seek_correct N sigma kappa HN l a k0 r1 l1 C S1) as (V1 & C1 & P1 & _).
    destruct (make_window r1 l1) as [w|] eqn:M1; [|discriminate].
    destruct (make_window_valid N sigma kappa HN Hsigma Hkappa r1 l1 w V1 C1 M1) as [W1 _].
    destruct (ile (mean w) _) eqn:I; [|discriminate].
    replace (Z.of_nat k + 1)%Z with (Z.of_nat (S k)) in E by lia.
    destruct (window_bounds zr zn (Z.of_nat (S k)) l1 starts) as [bs|] eqn:Eb; [|discriminate].
    cbn [length] in Hk. injection E as <-. destruct (IH (S k) _ l1 bs ltac:(lia) C1 Eb) as [Lb Ab]. split; [cbn [length]; now rewrite Lb|].
    apply all_bounds_cons; [|exact Ab]. apply window_bound_correct; [exact W1 | split].
    + exact (ile_correct _ _ _ _ I (mean_encloses _ _ _ w W1) (iplace_correct k)).
    + apply (place_nonpos half); [exact Hn | lia].
Qed.

Lemma tail_bounds_correct count : forall k,
  length (tail_bounds m zr zn (Z.of_nat k) count) = count /\ all_bounds k (tail_bounds m zr zn (Z.of_nat k) count).
Proof.
  induction count as [|count IH]; intros k; cbn [tail_bounds].
  - split; [reflexivity|]. intros j Hj. simpl in Hj. lia.
  - replace (Z.of_nat k + 1)%Z with (Z.of_nat (S k)) by lia. destruct (IH (S k)) as [L A]. split; [cbn [length]; now rewrite L|].
    apply all_bounds_cons; [|exact A]. exists (certificate_value m (z k)). split; [|apply Hm].
    apply icertificate_value_correct, iplace_correct.
Qed.

Lemma all_bounds_app k l l' : all_bounds k l -> all_bounds (k + length l) l' -> all_bounds k (l ++ l').
Proof.
  intros A A' j Hj. rewrite app_length in Hj. destruct (Nat.lt_ge_cases j (length l)) as [H | H].
  - rewrite app_nth1 by exact H. now apply A.
  - rewrite app_nth2 by exact H. replace (k + j)%nat with (k + length l + (j - length l))%nat by lia. apply A'. lia.
Qed.

(** The other side. *)
Lemma all_bounds_mirror half l : n = (2 * half)%nat -> length l = S half -> all_bounds 0 l -> all_bounds (S half) (tl (rev l)).
Proof.
  intros Hn L A j Hj. assert (Lr : length (rev l) = S half) by now rewrite rev_length.
  destruct (rev l) as [|b l'] eqn:E; [discriminate|]. cbn [tl] in *. simpl in Lr.
  assert (Ej : nth j l' everything = nth (half - S j) l everything).
  { change (nth j l' everything) with (nth (S j) (b :: l') everything). rewrite <- E, rev_nth by lia. f_equal. lia. }
  rewrite Ej. destruct (A (half - S j)%nat ltac:(lia)) as (v & V1 & V2). exists v. split; [exact V1|].
  replace (z (S half + j)) with (- z (0 + (half - S j))).
  - now rewrite (scalar_mse_even N g Hg).
  - unfold z, place. rewrite Hn, !mult_INR, !plus_INR, minus_INR, !S_INR by lia. simpl. ring.
Qed.

Lemma weighted_correct half l : n = (2 * half)%nat -> forall k, all_bounds k l ->
  exists t, encloses (weighted (ifromZ (2 ^ Z.of_nat half)) zn (Z.of_nat k) (choose n k) l) t /\
    sum (length l) (fun j => IZR (choose n (k + j)) / 2 ^ n * scalar_mse N g (z (k + j))) <= t.
Proof.
  intros Hn. induction l as [|b l IH]; intros k A.
  - exists 0. split; [apply ifromZ_correct | simpl; lra].
  - cbn [weighted]. unfold zn at 2. rewrite next_choice_correct. replace (Z.of_nat k + 1)%Z with (Z.of_nat (S k)) by lia.
    destruct (IH (S k)) as (t & T1 & T2).
    { intros j Hj. replace (S k + j)%nat with (k + S j)%nat by lia. apply (A (S j)). simpl. lia. }
    destruct (A O ltac:(simpl; lia)) as (v & V1 & V2). rewrite Nat.add_0_r in V2. simpl in V1.
    set (h := IZR (2 ^ Z.of_nat half)).
    exists (IZR (choose n k) / h / h * v + t). split; [unfold h; auto 10 with enclose|].
    cbn [length]. rewrite sum_head, Nat.add_0_r.
    rewrite (sum_ext _ _ (fun j => IZR (choose n (S k + j)) / 2 ^ n * scalar_mse N g (z (S k + j))))
      by (intros j _; now replace (k + S j)%nat with (S k + j)%nat by lia).
    apply Rplus_le_compat; [|exact T2].
    assert (E : 2 ^ n = h * h).
    { unfold h. rewrite <- mult_IZR, <- Z.pow_add_r, pow_IZR by lia. f_equal. f_equal. lia. }
    assert (P : 0 < h) by (unfold h; apply IZR_lt, Z.pow_pos_nonneg; lia).
    replace (IZR (choose n k) / 2 ^ n) with (IZR (choose n k) / h / h) by (rewrite E; field; lra).
    apply Rmult_le_compat_l; [|exact V2].
    repeat apply Rdiv_le_0_compat; try exact P. apply IZR_le, choose_nonneg.
Qed.

Theorem flat_error_correct v bound d H x :
  flat_error_at_most N sigma kappa m r v bound = true -> hadamard d H -> (0 < d)%nat -> flat n d x -> mse N g d H 1 x <= Q2R bound.
Proof.
  unfold flat_error_at_most. destruct (row_positions N v) as [|k0 ks]; [discriminate|].
  rewrite <- Nat2Z.inj_mul. fold n zr zn. set (half := Z.to_nat (zn / 2)). set (tail := (half + 1 - length (window_starts_at v))%nat).
  set (r0 := make_row _ _ _ _ _ k0). set (l := r0 :: _).
  rewrite !andb_true_iff. intros [[[[[E0 E1] E2] E3] E4] E5] HH Hd Hx.
  apply Nat.leb_le in E4. apply Z.eqb_eq in E3.
  assert (Hn : n = (2 * half)%nat) by (unfold half, zn in *; lia).
  destruct (window_bounds _ _ _ _ _) as [bs|] eqn:Eb; [|discriminate].
  apply Z.ltb_lt, point_lt in E0. replace (point 0) with 0 in E0 by (unfold point, Rdiv; symmetry; apply Rmult_0_l).
  assert (V : row_valid N sigma kappa r0) by (apply make_row_valid, (increasing_inside N ks); assumption).
  assert (C : chain N sigma kappa (k0 - 1) l).
  { split; [exact V|]. split; [simpl; lia | now apply rows_from_chain]. }
  destruct (window_bounds_correct half (window_starts_at v) Hn tail (k0 - 1)%Z l bs ltac:(unfold tail; lia) C Eb) as [Lb Ab].
  destruct (tail_bounds_correct tail 0) as [Lt At]. change (Z.of_nat 0) with 0%Z in *.
  set (left := tail_bounds m zr zn 0 tail ++ bs) in *.
  assert (Ll : length left = S half) by (unfold left; rewrite app_length; unfold tail in *; lia).
  assert (Al : all_bounds 0 left) by (apply all_bounds_app; [exact At | rewrite Lt; exact Ab]).
  assert (Lr : length (tl (rev left)) = half).
  { pose proof (rev_length left) as R. destruct (rev left); simpl in *; lia. }
  destruct (weighted_correct half (left ++ tl (rev left)) Hn 0) as (t & T1 & T2).
  { apply all_bounds_app; [exact Al|]. rewrite Ll. now apply all_bounds_mirror. }
  rewrite choose_0 in T1. change (Z.of_nat 0) with 0%Z in T1.
  replace (Z.of_nat half) with (zn / 2)%Z in T1 by (unfold zn in *; lia).
  pose proof (ile_correct _ _ _ _ E5 T1 (ifromQ_correct bound)) as B.
  rewrite (mse_identity N g Hg d H HH 1 x Hd) by lra.
  rewrite (Sums.Esign_ext d _ (fun e => scalar_mse N g (rademacher d x e)))
    by (intros e _; now replace (rademacher d x e / 1) with (rademacher d x e) by field).
  rewrite (flat_law r n d x (scalar_mse N g) Hr eq_refl Hx).
  rewrite app_length, Ll, Lr in T2. replace (S half + half)%nat with (S n) in T2 by lia.
  apply Rle_trans with (2 := B). apply Rle_trans with (2 := T2). right. rewrite pow1, Rmult_1_l. apply sum_ext. intros k _. reflexivity.
Qed.

End FlatError.
