(** * A checker of the compander's polynomials (SPEC §3; fast/src/quantizer/compand_tables.hpp)

    On segment s, |r| <= 1/2, the polynomial P must give the place F(z) = c^-1(z) - N/2 of z = w (s + r), w the width of a
    segment, so closely that with all errors of rounding less than eps is lost. Over places t = c^-1(z), on a fine grid, the excess

      D(t) = N/2 + P(c(t)/w - s) - t

    is enclosed at grid points from g and its antiderivative half a step of a code on both sides; between two of them
    D' = P' c'/w - 1, where c' lies between its values at the two, gives the rest. An error of z of [reach] moves the place by
    at most reach/c'(t0), t0 the place where the grid begins. *)
From Coq Require Import Reals ZArith QArith Qreals List Lra Lia Bool.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.Raux.
From Hdq Require Import Defs DitheredQuantizer ShippedGenerator CertificateInterval CertificateNormal CertificateChecker CompandSlope.
Import ListNotations.
Open Scope R_scope.

(** ** The polynomial: coefficients in units of 2^-40, that of r^0 first *)

Definition coefficient (a : Z) : R := IZR a / IZR (2 ^ 40).

Fixpoint polynomial (p : list Z) (r : R) : R :=
  match p with [] => 0 | a :: p' => coefficient a + r * polynomial p' r end.

Fixpoint polynomial_derivative (p : list Z) (r : R) : R :=
  match p with [] => 0 | _ :: p' => polynomial p' r + r * polynomial_derivative p' r end.

(** The largest |P(r)| for |r| <= 1/2, at most. *)
Fixpoint polynomial_size (p : list Z) : R :=
  match p with [] => 0 | a :: p' => Rabs (coefficient a) + polynomial_size p' / 2 end.

(** The error of Horner's rule for |r| <= 1/2, one rounding a step, at most. *)
Fixpoint horner_error (p : list Z) : R :=
  match p with
  | [] => 0
  | a :: p' =>
      horner_error p' / 2
      + (/ IZR (2 ^ 24) * (Rabs (coefficient a) + (polynomial_size p' + horner_error p') / 2) + / IZR (2 ^ 60))
  end.

(** Only odd powers. *)
Fixpoint odd_powers (p : list Z) : bool :=
  match p with
  | [] => true
  | a :: p' => (a =? 0)%Z && match p' with [] => true | _ :: p'' => odd_powers p'' end
  end.

Lemma polynomial_derivative_correct p r : is_derive (polynomial p) r (polynomial_derivative p r).
Proof.
  induction p as [|a p IH]; simpl.
  - apply (is_derive_const (V := R_NormedModule)).
  - auto_derive; [eexists; exact IH|]. rewrite (is_derive_unique (fun x : R => polynomial p x) _ _ IH). ring.
Qed.

Lemma polynomial_size_nonneg p : 0 <= polynomial_size p.
Proof. induction p as [|a p IH]; simpl; [lra|]. pose proof (Rabs_pos (coefficient a)). lra. Qed.

Lemma polynomial_le_size p r : Rabs r <= 1/2 -> Rabs (polynomial p r) <= polynomial_size p.
Proof.
  intros Hr. induction p as [|a p IH]; simpl; [rewrite Rabs_R0; lra|].
  eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_mult.
  pose proof (Rabs_pos r). pose proof (Rabs_pos (polynomial p r)).
  assert (Rabs r * Rabs (polynomial p r) <= 1/2 * polynomial_size p) by (apply Rmult_le_compat; lra).
  lra.
Qed.

Lemma coefficient_0 : coefficient 0 = 0.
Proof. unfold coefficient, Rdiv. apply Rmult_0_l. Qed.

Lemma odd_powers_odd p : forall r, odd_powers p = true -> polynomial p (- r) = - polynomial p r.
Proof.
  enough (H : forall n p, (length p <= n)%nat -> forall r, odd_powers p = true -> polynomial p (- r) = - polynomial p r)
    by (exact (H (length p) p (Nat.le_refl _))).
  clear p. induction n as [|n IH]; intros p Hl r Hp.
  - destruct p; [simpl; ring|simpl in Hl; lia].
  - destruct p as [|a [|a' p]]; simpl in *; [ring| |];
      apply andb_prop in Hp; destruct Hp as [Ha Hp]; apply Z.eqb_eq in Ha; subst a; rewrite coefficient_0.
    + ring.
    + assert (Hp' : polynomial p (- r) = - polynomial p r) by (apply IH; [lia|exact Hp]).
      rewrite Hp'. ring.
Qed.

Definition icoefficient (a : Z) : interval := idiv (ifromZ a) (ifromZ (2 ^ 40)).

Fixpoint ipolynomial (p : list Z) (X : interval) : interval :=
  match p with [] => ifromZ 0 | a :: p' => iadd (icoefficient a) (imul X (ipolynomial p' X)) end.

Fixpoint ipolynomial_derivative (p : list Z) (X : interval) : interval :=
  match p with [] => ifromZ 0 | _ :: p' => iadd (ipolynomial p' X) (imul X (ipolynomial_derivative p' X)) end.

Definition ihalf (X : interval) : interval := idiv X (ifromZ 2).

Fixpoint ipolynomial_size (p : list Z) : interval :=
  match p with [] => ifromZ 0 | a :: p' => iadd (icoefficient (Z.abs a)) (ihalf (ipolynomial_size p')) end.

Fixpoint ihorner_error (p : list Z) : interval :=
  match p with
  | [] => ifromZ 0
  | a :: p' =>
      iadd (ihalf (ihorner_error p'))
        (iadd (imul (idiv (ifromZ 1) (ifromZ (2 ^ 24)))
                 (iadd (icoefficient (Z.abs a)) (ihalf (iadd (ipolynomial_size p') (ihorner_error p')))))
              (idiv (ifromZ 1) (ifromZ (2 ^ 60))))
  end.

Lemma icoefficient_correct a : encloses (icoefficient a) (coefficient a).
Proof. apply idiv_correct; apply ifromZ_correct. Qed.

Lemma icoefficient_abs a : encloses (icoefficient (Z.abs a)) (Rabs (coefficient a)).
Proof.
  replace (Rabs (coefficient a)) with (coefficient (Z.abs a)); [apply icoefficient_correct|].
  unfold coefficient, Rdiv. rewrite Rabs_mult, abs_IZR, (Rabs_pos_eq (/ _)); [easy|].
  left. apply Rinv_0_lt_compat, IZR_lt. reflexivity.
Qed.

Lemma ihalf_correct X x : encloses X x -> encloses (ihalf X) (x / 2).
Proof. intros H. apply idiv_correct; [exact H|apply ifromZ_correct]. Qed.

Lemma ipower_correct n : encloses (idiv (ifromZ 1) (ifromZ (2 ^ n))) (/ IZR (2 ^ n)).
Proof. replace (/ IZR (2 ^ n)) with (1 / IZR (2 ^ n)) by (unfold Rdiv; ring). apply idiv_correct; apply ifromZ_correct. Qed.

Lemma ipolynomial_correct p X x : encloses X x -> encloses (ipolynomial p X) (polynomial p x).
Proof.
  intros H. induction p; simpl; [apply ifromZ_correct|].
  apply iadd_correct; [apply icoefficient_correct|now apply imul_correct].
Qed.

Lemma ipolynomial_derivative_correct p X x : encloses X x -> encloses (ipolynomial_derivative p X) (polynomial_derivative p x).
Proof.
  intros H. induction p; simpl; [apply ifromZ_correct|].
  apply iadd_correct; [now apply ipolynomial_correct|now apply imul_correct].
Qed.

Lemma ipolynomial_size_correct p : encloses (ipolynomial_size p) (polynomial_size p).
Proof.
  induction p; simpl; [apply ifromZ_correct|]. apply iadd_correct; [apply icoefficient_abs|now apply ihalf_correct].
Qed.

Lemma ihorner_error_correct p : encloses (ihorner_error p) (horner_error p).
Proof.
  induction p; cbn [ihorner_error horner_error]; [apply ifromZ_correct|].
  apply iadd_correct; [now apply ihalf_correct|]. apply iadd_correct; [|apply ipower_correct].
  apply imul_correct; [apply ipower_correct|]. apply iadd_correct; [apply icoefficient_abs|].
  apply ihalf_correct, iadd_correct; [apply ipolynomial_size_correct|exact IHp].
Qed.

Lemma horner_error_nonneg p : 0 <= horner_error p.
Proof.
  assert (P : forall n, (0 <= n)%Z -> 0 < / IZR (2 ^ n)).
  { intros n Hn. apply Rinv_0_lt_compat, IZR_lt, Z.pow_pos_nonneg; lia. }
  induction p as [|a p IH]; cbn [horner_error]; [lra|].
  pose proof (polynomial_size_nonneg p). pose proof (Rabs_pos (coefficient a)).
  pose proof (P 60%Z ltac:(lia)). pose proof (P 24%Z ltac:(lia)).
  assert (0 <= / IZR (2 ^ 24) * (Rabs (coefficient a) + (polynomial_size p + horner_error p) / 2)) by (apply Rmult_le_pos; lra).
  lra.
Qed.

(** ** What rounding takes (compand_tables.hpp, (b) to (d)) *)

(** The width of a segment. *)
Definition segment_width : R := 17 / 32.

(** How far the r of the code is from z/w - s, times w, and from the z that the rounded thresholds are compared with: 2^-24 |z| for
    the scale, 2^-26 w for r, 2^-24 |z| for a threshold, |z| <= w (s + 1/2), and products of these. *)
Definition segment_reach (s : Z) : R :=
  (2 * (segment_width * (IZR s + 1/2)) + segment_width / 4 + / IZR (2 ^ 12)) * (1 + / IZR (2 ^ 10)) / IZR (2 ^ 24).

(** What the rounding of P and of the last sums takes, in either order of them: |P| < N/2, sums below 2 base. *)
Definition position_rounding (N : nat) (base : Z) (p : list Z) : R :=
  (horner_error (tl p) / 2 + (INR N / 4 + 2 * IZR base) / IZR (2 ^ 24)) * (1 + / IZR (2 ^ 10)).

Definition isegment_width : interval := idiv (ifromZ 17) (ifromZ 32).
Definition ione_and_a_bit : interval := iadd (ifromZ 1) (idiv (ifromZ 1) (ifromZ (2 ^ 10))).
Definition isegment_reach (s : Z) : interval :=
  idiv (imul (iadd (iadd (imul (ifromZ 2) (imul isegment_width (iadd (ifromZ s) half))) (idiv isegment_width (ifromZ 4)))
                   (idiv (ifromZ 1) (ifromZ (2 ^ 12)))) ione_and_a_bit) (ifromZ (2 ^ 24)).
Definition iposition_rounding (N : nat) (base : Z) (p : list Z) : interval :=
  imul (iadd (ihalf (ihorner_error (tl p)))
             (idiv (iadd (idiv (ifromZ (levels N)) (ifromZ 4)) (imul (ifromZ 2) (ifromZ base))) (ifromZ (2 ^ 24)))) ione_and_a_bit.

Lemma isegment_width_correct : encloses isegment_width segment_width.
Proof. apply idiv_correct; apply ifromZ_correct. Qed.

Lemma ione_and_a_bit_correct : encloses ione_and_a_bit (1 + / IZR (2 ^ 10)).
Proof. apply iadd_correct; [apply ifromZ_correct|apply ipower_correct]. Qed.

Lemma isegment_reach_correct s : encloses (isegment_reach s) (segment_reach s).
Proof.
  unfold isegment_reach, segment_reach. apply idiv_correct; [|apply ifromZ_correct].
  apply imul_correct; [|apply ione_and_a_bit_correct]. apply iadd_correct; [|apply ipower_correct].
  apply iadd_correct; [|apply idiv_correct; [apply isegment_width_correct|apply ifromZ_correct]].
  apply imul_correct; [apply ifromZ_correct|]. apply imul_correct; [apply isegment_width_correct|].
  apply iadd_correct; [apply ifromZ_correct|apply half_correct].
Qed.

Lemma iposition_rounding_correct N base p : encloses (iposition_rounding N base p) (position_rounding N base p).
Proof.
  unfold iposition_rounding, position_rounding. apply imul_correct; [|apply ione_and_a_bit_correct].
  apply iadd_correct; [apply ihalf_correct, ihorner_error_correct|]. apply idiv_correct; [|apply ifromZ_correct].
  apply iadd_correct; [apply idiv_correct; [apply ilevels_correct|apply ifromZ_correct]|].
  apply imul_correct; apply ifromZ_correct.
Qed.

(** ** The grid *)

(** At the place t = point place: the rows of t - 1/2 and t + 1/2. *)
Record node := { place : Z; low : row; high : row }.

Definition half_unit : Z := 2 ^ 23.

Definition node_mean (n : node) : interval := isub (antiderivative_here (high n)) (antiderivative_here (low n)).
Definition node_slope (n : node) : interval := isub (value_here (high n)) (value_here (low n)).

(** -x <= b <= x *)
Definition within (X B : interval) : bool := ile X B && ile (ineg B) X.

Lemma within_correct X B x b : within X B = true -> encloses X x -> encloses B b -> Rabs x <= b.
Proof.
  unfold within; intros H HX HB. apply andb_prop in H. destruct H as [H1 H2].
  pose proof (ile_correct _ _ _ _ H1 HX HB). pose proof (ile_correct _ _ _ _ H2 (ineg_correct _ _ HB) HX).
  apply Rabs_le. lra.
Qed.

Section Segment.

Variable N : nat.
Variables sigma kappa : Q.
Hypothesis HN : (2 <= N)%nat.
Hypothesis Hsigma : 0 < Q2R sigma.
Hypothesis Hkappa : 0 < Q2R kappa.
Let g := shipped N (Q2R sigma) (Q2R kappa).
Let Hg : generator N g := shipped_generator N _ _ HN Hsigma Hkappa.
Let G := shipped_antiderivative N (Q2R sigma) (Q2R kappa).

Definition make_node (iterations : nat) (guess_low guess_high : interval) (k : Z) : node :=
  {| place := k; low := make_row N sigma kappa iterations guess_low (k - half_unit);
     high := make_row N sigma kappa iterations guess_high (k + half_unit) |}.

Definition node_inside (k : Z) : bool := (half_unit <? k)%Z && (k + half_unit <? levels N * unit_steps)%Z.

Record node_valid (n : node) : Prop := {
  node_is_inside : inside N (point (place n));
  mean_valid : encloses (node_mean n) (compand g (point (place n)));
  slope_valid : encloses (node_slope n) (compand_slope g (point (place n))) }.

Lemma point_half k : point (k + half_unit) = point k + 1/2 /\ point (k - half_unit) = point k - 1/2.
Proof. unfold point, half_unit, unit_steps; rewrite plus_IZR, minus_IZR; simpl; lra. Qed.

Lemma make_node_valid n gl gh k : node_inside k = true -> node_valid (make_node n gl gh k).
Proof.
  unfold node_inside; intros H. apply andb_prop in H. destruct H as [H1 H2].
  apply Z.ltb_lt, point_lt in H1, H2. destruct (point_half k) as [P1 P2].
  assert (Q : point (levels N * unit_steps) = INR N).
  { unfold point. rewrite mult_IZR, levels_INR. field. apply not_0_IZR. discriminate. }
  assert (Q' : point half_unit = 1/2) by (unfold point, half_unit, unit_steps; simpl; lra).
  rewrite P1, Q in H2. rewrite Q' in H1.
  assert (I : inside N (point k)) by (unfold inside; lra).
  pose proof (make_row_valid N sigma kappa n gl (k - half_unit) ltac:(unfold inside_table; rewrite P2; lra)) as L.
  pose proof (make_row_valid N sigma kappa n gh (k + half_unit) ltac:(unfold inside_table; rewrite P1; lra)) as U.
  split; cbn [place make_node]; [exact I| |]; unfold node_mean, node_slope; cbn [low high make_node].
  - unfold g. rewrite compand_shipped by exact I. rewrite <- P1, <- P2.
    apply isub_correct; [exact (row_antiderivative _ _ _ _ U)|exact (row_antiderivative _ _ _ _ L)].
  - unfold compand_slope. rewrite <- P1, <- P2.
    apply isub_correct; [exact (row_value _ _ _ _ U)|exact (row_value _ _ _ _ L)].
Qed.

(** ** One segment *)

Variables (s : Z) (p : list Z).

(** c(t)/w - s *)
Definition residue (t : R) : R := compand g t / segment_width - IZR s.
Definition excess (t : R) : R := INR N / 2 + polynomial p (residue t) - t.

Definition node_residue (n : node) : interval := isub (idiv (node_mean n) isegment_width) (ifromZ s).
Definition node_excess (n : node) : interval :=
  isub (iadd (ihalf (ifromZ (levels N))) (ipolynomial p (node_residue n))) (ipoint (place n)).

Lemma node_residue_correct n : node_valid n -> encloses (node_residue n) (residue (point (place n))).
Proof.
  intros V. apply isub_correct; [|apply ifromZ_correct]. apply idiv_correct; [apply (mean_valid n V)|apply isegment_width_correct].
Qed.

Lemma node_excess_correct n : node_valid n -> encloses (node_excess n) (excess (point (place n))).
Proof.
  intros V. apply isub_correct; [|apply ipoint_correct]. apply iadd_correct; [apply ihalf_correct, ilevels_correct|].
  apply ipolynomial_correct. now apply node_residue_correct.
Qed.

Lemma excess_derivative t : inside N t ->
  is_derive excess t (polynomial_derivative p (residue t) * (compand_slope g t / segment_width) - 1).
Proof.
  intros Ht. pose proof (compand_derivative N g Hg t Ht) as C. change (is_derive (compand g) t (compand_slope g t)) in C.
  assert (R1 : is_derive residue t (compand_slope g t / segment_width)).
  { unfold residue. auto_derive; [eexists; exact C|]. rewrite (is_derive_unique (fun x : R => compand g x) _ _ C). unfold Rdiv. ring. }
  pose proof (polynomial_derivative_correct p (residue t)) as P1.
  unfold excess. auto_derive; [split; [eexists; exact P1|split; [eexists; exact R1|easy]]|].
  rewrite (is_derive_unique (fun x : R => polynomial p x) _ _ P1), (is_derive_unique (fun x : R => residue x) _ _ R1). ring.
Qed.

(** |D| on [n, n'] is at most what B encloses. *)
Definition cell_within (B : interval) (n n' : node) : bool :=
  let slope := idiv (ijoin (node_slope n) (node_slope n')) isegment_width in
  let change := isub (imul (ipolynomial_derivative p (ijoin (node_residue n) (node_residue n'))) slope) (ifromZ 1) in
  let moved := imul change (ijoin (ifromZ 0) (ihalf (isub (ipoint (place n')) (ipoint (place n))))) in
  within (iadd (node_excess n) moved) B && within (isub (node_excess n') moved) B.

Lemma excess_difference t t' : inside N t -> inside N t' -> t <= t' ->
  exists x, t <= x <= t' /\
    excess t' - excess t = (polynomial_derivative p (residue x) * (compand_slope g x / segment_width) - 1) * (t' - t).
Proof.
  intros Ht Ht' Hle. unfold inside in *.
  destruct (MVT_gen excess t t' (fun x => polynomial_derivative p (residue x) * (compand_slope g x / segment_width) - 1)) as (x & Hx & E).
  - intros x Hx. rewrite Rmin_left, Rmax_right in Hx by lra. apply excess_derivative. unfold inside. lra.
  - intros x Hx. rewrite Rmin_left, Rmax_right in Hx by lra. apply continuity_pt_filterlim.
    apply (ex_derive_continuous excess x). eexists. apply excess_derivative. unfold inside. lra.
  - rewrite Rmin_left, Rmax_right in Hx by lra. exists x. split; [lra|exact E].
Qed.

Lemma cell_within_correct B b n n' t : encloses B b -> node_valid n -> node_valid n' ->
  INR N / 2 <= point (place n) -> point (place n) <= t <= point (place n') -> cell_within B n n' = true -> Rabs (excess t) <= b.
Proof.
  intros HB V V' Hmiddle Ht C. apply andb_prop in C. destruct C as [C1 C2].
  pose proof (node_is_inside n V) as I. pose proof (node_is_inside n' V') as I'.
  set (u := point (place n)) in *. set (v := point (place n')) in *.
  assert (It : inside N t) by (unfold inside in *; lra).
  assert (Hchange : forall x, u <= x <= v ->
    encloses (isub (imul (ipolynomial_derivative p (ijoin (node_residue n) (node_residue n')))
                         (idiv (ijoin (node_slope n) (node_slope n')) isegment_width)) (ifromZ 1))
             (polynomial_derivative p (residue x) * (compand_slope g x / segment_width) - 1)).
  { intros x Hx. assert (Ix : inside N x) by (unfold inside in *; lra).
    apply isub_correct; [|apply ifromZ_correct]. apply imul_correct.
    - apply ipolynomial_derivative_correct.
      apply (ijoin_between _ _ (residue u) (residue v)); [now apply node_residue_correct|now apply node_residue_correct|].
      assert (W : 0 < / segment_width) by (unfold segment_width; lra).
      unfold residue, Rdiv. pose proof (compand_le N g Hg u x I Ix ltac:(lra)). pose proof (compand_le N g Hg x v Ix I' ltac:(lra)).
      split; apply Rplus_le_compat_r, Rmult_le_compat_r; lra.
    - apply idiv_correct; [|apply isegment_width_correct].
      apply (ijoin_between _ _ (compand_slope g u) (compand_slope g v)); [apply (slope_valid n V)|apply (slope_valid n' V')|].
      split; apply (compand_slope_rising N _ _ HN Hsigma Hkappa); (easy || lra). }
  assert (Hlen : encloses (ihalf (isub (ipoint (place n')) (ipoint (place n)))) ((v - u) / 2)).
  { apply ihalf_correct, isub_correct; apply ipoint_correct. }
  assert (Hd : forall d, 0 <= d <= (v - u) / 2 ->
    encloses (ijoin (ifromZ 0) (ihalf (isub (ipoint (place n')) (ipoint (place n))))) d).
  { intros d Hdd. apply (ijoin_between _ _ 0 ((v - u) / 2)); [apply ifromZ_correct|exact Hlen|exact Hdd]. }
  destruct (Rle_dec (t - u) ((v - u) / 2)) as [Near | Far].
  - destruct (excess_difference u t I It ltac:(lra)) as (x & Hx & E).
    apply (within_correct _ _ _ _ C1); [|exact HB]. replace (excess t) with (excess u + (excess t - excess u)) by ring.
    rewrite E. apply iadd_correct; [now apply node_excess_correct|].
    apply imul_correct; [apply Hchange; lra|apply Hd; lra].
  - destruct (excess_difference t v It I' ltac:(lra)) as (x & Hx & E).
    apply (within_correct _ _ _ _ C2); [|exact HB]. replace (excess t) with (excess v - (excess v - excess t)) by ring.
    rewrite E. apply isub_correct; [now apply node_excess_correct|].
    apply imul_correct; [apply Hchange; lra|apply Hd; lra].
Qed.

(** From [n] by steps until r exceeds 1/2. (Not by [&&] and [||]: the virtual machine evaluates both sides.) *)
Fixpoint cells_within (steps : nat) (B : interval) (step : Z) (n : node) : bool :=
  match steps with
  | O => false
  | S steps' =>
      let k := (place n + step)%Z in
      let n' := make_node 3 (quantile_here (low n)) (quantile_here (high n)) k in
      if negb ((0 <? step)%Z && node_inside k && cell_within B n n') then false
      else if ile (idiv (ifromZ (2 ^ 20 + 1)) (ifromZ (2 ^ 21))) (node_residue n') then true
      else cells_within steps' B step n'
  end.

Lemma cells_within_correct steps : forall B b step n t, encloses B b -> node_valid n -> INR N / 2 <= point (place n) ->
  point (place n) <= t -> inside N t -> residue t <= 1/2 -> cells_within steps B step n = true -> Rabs (excess t) <= b.
Proof.
  induction steps as [|steps IH]; intros B b step n t HB V Hmiddle Ht It Hr C; [discriminate|]; cbn [cells_within] in C.
  set (n' := make_node 3 _ _ _) in *.
  destruct (negb _) eqn:Ok in C; [discriminate|]. apply negb_false_iff in Ok. rewrite !andb_true_iff in Ok. destruct Ok as [[S I] W].
  assert (V' : node_valid n') by (now apply make_node_valid).
  apply Z.ltb_lt in S.
  assert (Le : point (place n) <= point (place n')) by (apply point_le; unfold n'; cbn [place make_node]; lia).
  destruct (Rle_dec t (point (place n'))) as [Here | Beyond].
  - exact (cell_within_correct B b n n' t HB V V' Hmiddle (conj Ht Here) W).
  - destruct (ile _ _) eqn:Last in C.
    + exfalso. pose proof (compand_le N g Hg _ t (node_is_inside n' V') It ltac:(lra)) as M.
      pose proof (ile_correct _ _ _ _ Last (idiv_correct _ _ _ _ (ifromZ_correct _) (ifromZ_correct _)) (node_residue_correct n' V')) as L.
      assert (residue (point (place n')) <= residue t).
      { unfold residue, Rdiv. apply Rplus_le_compat_r, Rmult_le_compat_r; [unfold segment_width; lra|exact M]. }
      assert (1/2 < IZR (2 ^ 20 + 1) / IZR (2 ^ 21)) by (simpl; lra). lra.
    + apply (IH B b step n' t); try easy; lra.
Qed.

Variables (base error_exponent : Z).

(** eps = 2^error_exponent, error_exponent <= 0. *)
Definition compander_epsilon : R := / IZR (2 ^ - error_exponent).

(** In the middle, or 2^-12 left of P(-1/2), so that an error of z does not reach beyond; in units of 2^-24. *)
Definition grid_start : Z :=
  if (s =? 0)%Z then (levels N * half_unit)%Z
  else (levels N * half_unit + fold_right (fun a sum => a - sum / 2) 0 p / 2 ^ 16 - 2 ^ 12)%Z.

Definition start_ok (n : node) : bool :=
  if (s =? 0)%Z then odd_powers p
  else (levels N * half_unit <=? place n)%Z &&
    ile (node_mean n) (isub (imul isegment_width (isub (ifromZ s) half)) (isegment_reach s)).

Definition iepsilon : interval := idiv (ifromZ 1) (ifromZ (2 ^ - error_exponent)).

(** What is left of eps for the excess. *)
Definition excess_allowed (n : node) : interval :=
  isub iepsilon (iadd (idiv (isegment_reach s) (node_slope n)) (iposition_rounding N base p)).

(** x stays within the binade of base, and the position within the codes. *)
Definition size_ok : bool :=
  ile (iadd (iadd (ipolynomial_size p) half) (imul (ifromZ 4) iepsilon)) (ihalf (ifromZ (levels N))).

Definition segment_ok (steps : nat) (step : Z) : bool :=
  let n := make_node 20 (ifromZ 0) (ifromZ 0) grid_start in
  if node_inside grid_start && size_ok && start_ok n then cells_within steps (excess_allowed n) step n else false.

Lemma middle_inside : inside N (INR N / 2).
Proof. pose proof (le_INR 2 N HN) as H. simpl in H. unfold inside. lra. Qed.

Lemma compand_middle : compand g (INR N / 2) = 0.
Proof.
  pose proof (compand_odd N g Hg (INR N / 2) middle_inside) as O.
  replace (INR N - INR N / 2) with (INR N / 2) in O by field. lra.
Qed.

Lemma compand_le_inv t t' : inside N t -> inside N t' -> compand g t <= compand g t' -> t <= t'.
Proof.
  intros It It' H. apply Rnot_lt_le. intros L. pose proof (compand_increasing N g Hg t' t It' It L). lra.
Qed.

Lemma point_middle : point (levels N * half_unit) = INR N / 2.
Proof. unfold point, half_unit, unit_steps. rewrite mult_IZR, levels_INR. simpl. lra. Qed.

Lemma size_ok_correct : size_ok = true -> polynomial_size p + 1/2 + 4 * compander_epsilon <= INR N / 2.
Proof.
  intros H. refine (ile_correct _ _ _ _ H _ (ihalf_correct _ _ (ilevels_correct N))).
  apply iadd_correct; [apply iadd_correct; [apply ipolynomial_size_correct|apply half_correct]|].
  apply imul_correct; [apply ifromZ_correct|apply ipower_correct].
Qed.

Lemma segment_reach_pos : (0 <= s)%Z -> 0 < segment_reach s.
Proof.
  intros Hs. apply IZR_le in Hs. unfold segment_reach, segment_width.
  apply Rdiv_lt_0_compat; [|apply IZR_lt; reflexivity].
  assert (0 < / IZR (2 ^ 12)) by (apply Rinv_0_lt_compat, IZR_lt; reflexivity).
  assert (0 < / IZR (2 ^ 10)) by (apply Rinv_0_lt_compat, IZR_lt; reflexivity).
  apply Rmult_lt_0_compat; lra.
Qed.

Theorem segment_ok_correct steps step r t : (0 <= s)%Z -> segment_ok steps step = true ->
  Rabs r <= 1/2 -> inside N t -> Rabs (compand g t - segment_width * (IZR s + r)) <= segment_reach s ->
  Rabs (INR N / 2 + polynomial p r - t) <= compander_epsilon - position_rounding N base p.
Proof.
  intros Hs Ok Hr It Hz. unfold segment_ok in Ok. set (n := make_node _ _ _ _) in *.
  destruct (_ && _ && _) eqn:First in Ok; [|discriminate]. rename Ok into Cells.
  rewrite !andb_true_iff in First. destruct First as [[I _] Start].
  assert (V : node_valid n) by (now apply make_node_valid).
  pose proof (node_is_inside n V) as I0. pose proof middle_inside as Im.
  pose proof (compand_slope_positive N _ _ Hsigma Hkappa _ I0) as S0. fold g in S0.
  set (t0 := point (place n)) in *. set (reach := segment_reach s) in *.
  assert (Hreach : 0 < reach) by (now apply segment_reach_pos).
  set (b := compander_epsilon - (reach / compand_slope g t0 + position_rounding N base p)).
  assert (HB : encloses (excess_allowed n) b).
  { apply isub_correct; [apply ipower_correct|]. apply iadd_correct; [|apply iposition_rounding_correct].
    apply idiv_correct; [apply isegment_reach_correct|apply (slope_valid n V)]. }
  assert (Hmid : INR N / 2 <= t0).
  { unfold t0, n; cbn [place make_node]. rewrite <- point_middle. apply point_le. unfold start_ok, grid_start in *.
    cbn [place n make_node] in *. destruct (s =? 0)%Z; [apply Z.le_refl|].
    apply andb_prop in Start. destruct Start as [Start _]. now apply Z.leb_le in Start. }
  (* the claim where the exact place is in the grid and both places are where the slope is at least that of t0 *)
  assert (Claim : forall r t, Rabs r <= 1/2 -> inside N t -> Rabs (compand g t - segment_width * (IZR s + r)) <= reach ->
    (forall u, inside N u -> compand g u = segment_width * (IZR s + r) -> t0 <= u) ->
    (forall u u', inside N u -> inside N u' -> u <= u' -> segment_width * (IZR s + r) - reach <= compand g u ->
       compand_slope g t0 * (u' - u) <= compand g u' - compand g u) ->
    Rabs (INR N / 2 + polynomial p r - t) <= compander_epsilon - position_rounding N base p).
  { clear r t Hr It Hz. intros r t Hr It Hz Grid Rise.
    destruct (compand_bijective N g Hg (segment_width * (IZR s + r))) as (u & (Iu & Eu) & _).
    assert (Res : residue u = r) by (unfold residue, segment_width in *; rewrite Eu; field).
    apply Rabs_le_inv in Hr, Hz.
    pose proof (cells_within_correct steps _ b step n u HB V Hmid (Grid u Iu Eu) Iu ltac:(lra) Cells) as D.
    unfold excess in D. rewrite Res in D.
    assert (M : Rabs (u - t) <= reach / compand_slope g t0).
    { apply Rle_div_r; [exact S0|]. destruct (Rle_dec u t) as [Le | Gt].
      - pose proof (Rise u t Iu It Le ltac:(lra)) as K. rewrite Rabs_left1 by lra. lra.
      - pose proof (Rise t u It Iu ltac:(lra) ltac:(lra)) as K. rewrite Rabs_pos_eq by lra. lra. }
    unfold b in D. apply Rabs_le_inv in D, M. apply Rabs_le. lra. }
  unfold start_ok in Start. destruct (s =? 0)%Z eqn:E.
  - apply Z.eqb_eq in E.
    assert (T0 : t0 = INR N / 2).
    { unfold t0, n; cbn [place make_node]. unfold grid_start. rewrite E. apply point_middle. }
    assert (Rise : forall u u', inside N u -> inside N u' -> u <= u' -> compand_slope g t0 * (u' - u) <= compand g u' - compand g u).
    { intros u u' Iu Iu' Le. rewrite T0. now apply (compand_rise_anywhere N _ _ HN Hsigma Hkappa). }
    assert (Right : forall r t, 0 <= r -> Rabs r <= 1/2 -> inside N t -> Rabs (compand g t - segment_width * (IZR s + r)) <= reach ->
      Rabs (INR N / 2 + polynomial p r - t) <= compander_epsilon - position_rounding N base p).
    { clear r t Hr It Hz. intros r t H0 Hr It Hz. apply (Claim r t Hr It Hz); [|intros; now apply Rise].
      intros u Iu Eu. rewrite T0. apply compand_le_inv; [exact Im|exact Iu|]. rewrite compand_middle, Eu, E.
      unfold segment_width. lra. }
    destruct (Rle_dec 0 r) as [Pos | Neg]; [now apply Right|].
    assert (Rabs (INR N / 2 + polynomial p (- r) - (INR N - t)) <= compander_epsilon - position_rounding N base p).
    { apply Right; [lra|now rewrite Rabs_Ropp|now apply inside_reflect|].
      rewrite (compand_odd N g Hg t It), <- Rabs_Ropp. rewrite E in *.
      replace (- (- compand g t - segment_width * (0 + - r))) with (compand g t - segment_width * (0 + r)) by ring. exact Hz. }
    rewrite odd_powers_odd in H by exact Start. rewrite <- Rabs_Ropp.
    replace (- (INR N / 2 + polynomial p r - t)) with (INR N / 2 + - polynomial p r - (INR N - t)) by field. exact H.
  - apply andb_prop in Start. destruct Start as [_ Start].
    assert (M0 : compand g t0 <= segment_width * (IZR s - 1/2) - reach).
    { refine (ile_correct _ _ _ _ Start (mean_valid n V) _). apply isub_correct; [|apply isegment_reach_correct].
      apply imul_correct; [apply isegment_width_correct|]. apply isub_correct; [apply ifromZ_correct|apply half_correct]. }
    pose proof (Rabs_le_inv _ _ Hr) as Hr'. apply (Claim r t Hr It Hz).
    + intros u Iu Eu. apply compand_le_inv; [exact I0|exact Iu|]. rewrite Eu. unfold segment_width in *. lra.
    + intros u u' Iu Iu' Le Hu. apply (compand_rise N _ _ HN Hsigma Hkappa); try easy.
      apply compand_le_inv; [exact I0|exact Iu|]. unfold g, segment_width in *. lra.
Qed.

End Segment.

(** ** All segments *)

Section Table.

Variable N : nat.
Variables sigma kappa : Q.
Variables base error_exponent : Z.

(** Segments s, s + 1, ...: their polynomials, and the steps of their grids in units of 2^-24. *)
Fixpoint segments_ok (s : Z) (table : list (list Z)) (steps : list Z) : bool :=
  match table with
  | [] => true
  | p :: table' => segment_ok N sigma kappa s p base error_exponent 2000 (hd 0%Z steps) && segments_ok (s + 1) table' (tl steps)
  end.

Lemma segments_ok_nth table : forall s steps i, segments_ok s table steps = true -> (i < length table)%nat ->
  exists step, segment_ok N sigma kappa (s + Z.of_nat i) (nth i table []) base error_exponent 2000 step = true.
Proof.
  induction table as [|p table IH]; intros s steps i H Hi; [simpl in Hi; lia|].
  simpl in H. apply andb_prop in H. destruct H as [H1 H2]. destruct i as [|i].
  - exists (hd 0%Z steps). now rewrite Z.add_0_r.
  - destruct (IH (s + 1)%Z (tl steps) i H2 ltac:(simpl in Hi; lia)) as [step K]. exists step.
    replace (s + Z.of_nat (S i))%Z with (s + 1 + Z.of_nat i)%Z by lia. exact K.
Qed.

End Table.
