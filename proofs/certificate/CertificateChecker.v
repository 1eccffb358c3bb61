(** * A checker of majorants for the shipped generator (SPEC §3, §5.5)

    [check] decides by interval arithmetic whether a certificate majorizes M on all of R.
    It tabulates g and its antiderivative at rational points, walks over windows
    [a, a + 1] with a from a1 to (N - 1)/2, and compares on each cell of windows the bound
    of M (CertificateWindow) with the certificate's value at the cell's smaller |z|.
    Left of a1 one comparison suffices (CertificateShipped), right of N/2 the symmetry. *)
From Coq Require Import Reals ZArith QArith Qreals List Lra Lia Psatz Bool.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Sums Gaussian NormalQuantile DitheredQuantizer ShippedGenerator FiniteBound
  CertificateInterval CertificateNormal CertificateWindow CertificateShipped CertificateConcave CertificateMajorant.
Import ListNotations.
Open Scope R_scope.

(** Points of the table are multiples of 2^-24. *)
Definition unit_steps : Z := 2 ^ 24.
Definition point (k : Z) : R := IZR k / IZR unit_steps.
Definition ipoint (k : Z) : interval := idiv (ifromZ k) (ifromZ unit_steps).

Lemma ipoint_correct k : encloses (ipoint k) (point k).
Proof. unfold ipoint, point; auto with enclose. Qed.

Lemma point_lt k k' : (k < k')%Z -> point k < point k'.
Proof.
  intro H; apply Rmult_lt_compat_r; [apply Rinv_0_lt_compat, IZR_lt; reflexivity | now apply IZR_lt].
Qed.

Lemma point_le k k' : (k <= k')%Z -> point k <= point k'.
Proof.
  intro H; apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat, IZR_lt; reflexivity | now apply IZR_le].
Qed.

Lemma point_next k : point (k + unit_steps) = point k + 1.
Proof. unfold point; rewrite plus_IZR; field; apply not_0_IZR; discriminate. Qed.

(** What the table holds at v = point position. *)
Record row := {
  position : Z;
  here : interval;                   (** v *)
  quantile_here : interval;          (** Phi_inv (v/N) *)
  value_here : interval;             (** g v *)
  antiderivative_here : interval }.  (** G v *)

(** A unit window between two rows. *)
Record window := {
  start : row;
  stop : row;
  mean : interval;            (** z, the mean of g *)
  variance_bound : interval }.

Section Checker.

Variable N : nat.
Variables sigma kappa : Q.
Hypothesis HN : (2 <= N)%nat.
Hypothesis Hsigma : 0 < Q2R sigma.
Hypothesis Hkappa : 0 < Q2R kappa.
Let g := shipped N (Q2R sigma) (Q2R kappa).
Let Hg : generator N g := shipped_generator N _ _ HN Hsigma Hkappa.
Let G := shipped_antiderivative N (Q2R sigma) (Q2R kappa).

Definition levels : Z := Z.of_nat N.
Definition isigma := ifromQ sigma.
Definition ikappa := ifromQ kappa.

Lemma levels_INR : IZR levels = INR N.
Proof. symmetry; apply INR_IZR_INZ. Qed.

Lemma ilevels_correct : encloses (ifromZ levels) (INR N).
Proof. rewrite <- levels_INR; apply ifromZ_correct. Qed.

Lemma isigma_correct : encloses isigma (Q2R sigma).
Proof. apply ifromQ_correct. Qed.

Lemma ikappa_correct : encloses ikappa (Q2R kappa).
Proof. apply ifromQ_correct. Qed.

Hint Resolve ipoint_correct ilevels_correct isigma_correct ikappa_correct
  quantile_correct normal_density_correct : enclose.

(** ** The table *)

Definition table_quantile (iterations : nat) (guess : interval) (k : Z) : interval :=
  quantile iterations (idiv (ipoint k) (ifromZ levels)) guess.

Definition table_value (k : Z) (q : interval) : interval :=
  iadd (imul isigma q)
       (imul ikappa (isub (idiv (ifromZ 1) (isub (ifromZ levels) (ipoint k)))
                          (idiv (ifromZ 1) (ipoint k)))).

Definition table_antiderivative (k : Z) (q : interval) : interval :=
  isub (imul (imul (ineg isigma) (ifromZ levels)) (normal_density q))
       (imul ikappa (iln (imul (ipoint k) (isub (ifromZ levels) (ipoint k))))).

Definition make_row (iterations : nat) (guess : interval) (k : Z) : row :=
  let q := table_quantile iterations guess k in
  {| position := k; here := ipoint k; quantile_here := q; value_here := table_value k q;
     antiderivative_here := table_antiderivative k q |}.

Fixpoint rows_from (r : row) (ks : list Z) : list row :=
  match ks with
  | [] => []
  | k :: ks' => let r' := make_row 3 (quantile_here r) k in r' :: rows_from r' ks'
  end.

(** k < k1 < k2 < ... < N *)
Fixpoint increasing_below_levels (k : Z) (ks : list Z) : bool :=
  match ks with
  | [] => (k <? levels * unit_steps)%Z
  | k' :: ks' => (k <? k')%Z && increasing_below_levels k' ks'
  end.

Definition inside_table (k : Z) : Prop := 0 < point k < INR N.

Record row_valid (r : row) : Prop := {
  row_inside : inside_table (position r);
  row_here : encloses (here r) (point (position r));
  row_quantile : encloses (quantile_here r) (Phi_inv (point (position r) / INR N));
  row_value : encloses (value_here r) (g (point (position r)));
  row_antiderivative : encloses (antiderivative_here r) (G (point (position r))) }.

(** Valid rows in increasing order, all right of k. *)
Fixpoint chain (k : Z) (l : list row) : Prop :=
  match l with
  | [] => True
  | r :: l' => row_valid r /\ (k < position r)%Z /\ chain (position r) l'
  end.

Lemma table_quantile_correct n guess k : encloses (table_quantile n guess k) (Phi_inv (point k / INR N)).
Proof. unfold table_quantile; auto with enclose. Qed.

Lemma table_value_correct k q : encloses q (Phi_inv (point k / INR N)) -> encloses (table_value k q) (g (point k)).
Proof. intro H; unfold table_value, g, shipped; auto 10 with enclose. Qed.

Lemma table_antiderivative_correct k q :
  encloses q (Phi_inv (point k / INR N)) -> encloses (table_antiderivative k q) (G (point k)).
Proof. intro H; unfold table_antiderivative, G, shipped_antiderivative; auto 10 with enclose. Qed.

Lemma make_row_valid n guess k : inside_table k -> row_valid (make_row n guess k).
Proof.
  intro H; pose proof (table_quantile_correct n guess k) as Q.
  constructor; simpl; [exact H | apply ipoint_correct | exact Q | now apply table_value_correct | now apply table_antiderivative_correct].
Qed.

Lemma G_minus u v : 0 < u < INR N -> 0 < v < INR N -> RInt g u v = G v - G u.
Proof. apply RInt_shipped. Qed.

Lemma increasing_inside ks : forall k, increasing_below_levels k ks = true -> 0 < point k ->
  inside_table k.
Proof.
  induction ks as [|k' ks IH]; intros k H P; simpl in H.
  - split; [exact P|]; apply Z.ltb_lt in H; apply point_lt in H.
    unfold point at 2 in H; rewrite mult_IZR, levels_INR in H.
    replace (INR N * IZR unit_steps / IZR unit_steps) with (INR N) in H; [exact H|].
    field; apply not_0_IZR; discriminate.
  - apply andb_prop in H; destruct H as [L H]; apply Z.ltb_lt, point_lt in L.
    destruct (IH k' H) as [_ U]; [lra|]; split; lra.
Qed.

Lemma rows_from_chain ks : forall r, row_valid r -> increasing_below_levels (position r) ks = true ->
  chain (position r) (rows_from r ks).
Proof.
  induction ks as [|k ks IH]; intros r V H; [exact Logic.I|]; cbn [rows_from chain].
  cbn [increasing_below_levels] in H; apply andb_prop in H; destruct H as [L H]; apply Z.ltb_lt in L.
  pose proof (point_lt _ _ L) as P; destruct (row_inside r V).
  assert (V' : row_valid (make_row 3 (quantile_here r) k)).
  { apply make_row_valid, (increasing_inside ks); [exact H | lra]. }
  split; [exact V'|]; split; [exact L | exact (IH _ V' H)].
Qed.

Lemma chain_weaken l k k' : (k' <= k)%Z -> chain k l -> chain k' l.
Proof. destruct l; [trivial|]; intros L (V & K & C); repeat split; try apply V; [lia | exact C]. Qed.

(** ** Windows *)

Fixpoint seek (k : Z) (l : list row) : option (row * list row) :=
  match l with
  | [] => None
  | r :: l' => if (position r =? k)%Z then Some (r, l') else seek k l'
  end.

(** CertificateWindow.second_moment_le for g - c. *)
Definition cell_moment (c : interval) (r r' : row) : interval :=
  let length := isub (here r') (here r) in
  let u := isub (value_here r) c in
  let u' := isub (value_here r') c in
  isub (imul (isub (isub (antiderivative_here r') (antiderivative_here r)) (imul c length)) (iadd u u'))
       (imul length (imul u u')).

(** Where the quadrature cell that begins at [r] may end: cells span 1/64, or 1/32 of
    their distance from 0 where that is less. *)
Definition cell_end (r : row) (target : Z) : Z :=
  Z.min target (position r + Z.min (unit_steps / 64) (position r / 32)).

(** Bound of int (g - c)^2 from [r] to the row at [target]; the current cell ends at the
    first row not before [limit]. *)
Fixpoint walk (c : interval) (r : row) (limit : Z) (l : list row) (target : Z) (total : interval)
  : option interval :=
  match l with
  | [] => None
  | r' :: l' =>
      if (position r' <? limit)%Z then walk c r limit l' target total
      else
        let total' := iadd total (cell_moment c r r') in
        if (position r' =? target)%Z then Some total'
        else walk c r' (cell_end r' target) l' target total'
  end.

(** The second moment about c, a number near the mean, keeps rounding errors small. *)
Definition make_window (r : row) (l : list row) : option window :=
  let target := (position r + unit_steps)%Z in
  match seek target l with
  | None => None
  | Some (r', _) =>
      let z := isub (antiderivative_here r') (antiderivative_here r) in
      let c := middle z in
      match walk c r (cell_end r target) l target (ifromZ 0) with
      | None => None
      | Some total =>
          Some {| start := r; stop := r'; mean := z; variance_bound := isub total (isqr (isub z c)) |}
      end
  end.

Definition left_end (w : window) : R := point (position (start w)).

Record window_valid (w : window) : Prop := {
  start_valid : row_valid (start w);
  stop_valid : row_valid (stop w);
  window_unit : point (position (stop w)) = left_end w + 1;
  mean_encloses : encloses (mean w) (compand g (left_end w + 1/2));
  variance_bounds : exists b, encloses (variance_bound w) b /\ window_mse g (left_end w + 1/2) <= b }.

Lemma seek_correct l : forall k k0 r l', chain k0 l -> seek k l = Some (r, l') ->
  row_valid r /\ chain (position r) l' /\ position r = k /\ (k0 < k)%Z.
Proof.
  induction l as [|r1 l IH]; intros k k0 r l' C S; simpl in S; [discriminate|].
  destruct C as (V & L & C); destruct (position r1 =? k)%Z eqn:E.
  - injection S as <- <-; apply Z.eqb_eq in E; repeat split; try apply V; [exact C | exact E | lia].
  - destruct (IH k _ r l' C S) as (V' & C' & P & L'); repeat split; try apply V'; [exact C' | exact P | lia].
Qed.

(** int (g - c)^2 over [u, v] *)
Definition central_moment (c u v : R) : R :=
  RInt (fun x => g x ^ 2) u v - 2 * c * (G v - G u) + c ^ 2 * (v - u).

Lemma cell_moment_correct C c r r' : encloses C c -> row_valid r -> row_valid r' ->
  (position r < position r')%Z ->
  exists b, encloses (cell_moment C r r') b /\
    central_moment c (point (position r)) (point (position r')) <= b.
Proof.
  intros Hc [I W Q V A] [I' W' Q' V' A'] L; pose proof (point_lt _ _ L) as P; unfold inside_table in *.
  set (u := point (position r)) in *; set (v := point (position r')) in *.
  exists ((G v - G u - c * (v - u)) * ((g u - c) + (g v - c)) - (v - u) * ((g u - c) * (g v - c))).
  split; [unfold cell_moment, u, v; auto 12 with enclose|].
  pose proof (second_moment_le N g Hg u v ltac:(lra) ltac:(lra) ltac:(lra)) as S.
  rewrite G_minus in S by assumption; unfold central_moment; lra.
Qed.

Lemma central_moment_Chasles c u v w :
  0 < u < INR N -> 0 < v < INR N -> 0 < w < INR N ->
  central_moment c u v + central_moment c v w = central_moment c u w.
Proof.
  intros Hu Hv Hw; unfold central_moment.
  pose proof (RInt_Chasles (fun x => g x ^ 2) u v w
    (ex_RInt_g_square N g Hg u v Hu Hv) (ex_RInt_g_square N g Hg v w Hv Hw)) as K.
  unfold plus in K; simpl in K |- *; lra.
Qed.

Lemma walk_correct C c : encloses C c -> forall l r limit k target total t total',
  row_valid r -> (position r <= k)%Z -> chain k l -> inside_table target -> encloses total t ->
  walk C r limit l target total = Some total' ->
  exists t', encloses total' t' /\ t + central_moment c (point (position r)) (point target) <= t'.
Proof.
  intro Hc; induction l as [|r1 l IH]; intros r limit k target total t total' V K Ch I T W; cbn [walk] in W; [discriminate|].
  destruct Ch as (V1 & L1 & Ch).
  destruct (cell_moment_correct C c r r1 Hc V V1 ltac:(lia)) as (b & B1 & B2).
  pose proof (iadd_correct _ _ _ _ T B1) as T1.
  destruct (position r1 <? limit)%Z; [exact (IH r limit (position r1) target total t total' V ltac:(lia) Ch I T W)|].
  destruct (position r1 =? target)%Z eqn:E.
  - injection W as <-; apply Z.eqb_eq in E; subst target.
    exists (t + b); split; [exact T1 | lra].
  - destruct (IH r1 _ (position r1) target _ (t + b) total' V1 ltac:(lia) Ch I T1 W) as (t' & T' & S').
    exists t'; split; [exact T'|].
    pose proof (central_moment_Chasles c _ _ _ (row_inside r V) (row_inside r1 V1) I); lra.
Qed.

Lemma make_window_valid r l w : row_valid r -> chain (position r) l -> make_window r l = Some w ->
  window_valid w /\ start w = r.
Proof.
  intros V C M; unfold make_window in M.
  destruct (seek _ l) as [[r' l']|] eqn:S; [|discriminate].
  destruct (seek_correct l _ _ _ _ C S) as (V' & _ & P & _).
  destruct (middle_inhabited (isub (antiderivative_here r') (antiderivative_here r))) as [c Hc].
  set (z := isub (antiderivative_here r') (antiderivative_here r)) in *.
  destruct (walk (middle z) r _ l _ _) as [total|] eqn:W; [|discriminate]; injection M as <-.
  assert (U : point (position r') = point (position r) + 1) by (rewrite P; apply point_next).
  assert (I : inside_table (position r + unit_steps)) by (rewrite <- P; apply V').
  destruct (walk_correct _ c Hc l r _ _ _ _ 0 _ V (Z.le_refl _) C I (ifromZ_correct 0) W) as (t & T & B).
  rewrite <- P in B.
  assert (Eq : compand g (point (position r) + 1/2) = G (point (position r')) - G (point (position r))).
  { unfold compand; replace (point (position r) + 1/2 - 1/2) with (point (position r)) by ring.
    replace (point (position r) + 1/2 + 1/2) with (point (position r')) by (rewrite U; field).
    apply G_minus; [apply V | apply V']. }
  assert (Z : encloses z (compand g (point (position r) + 1/2))).
  { rewrite Eq; apply isub_correct; [apply V' | apply V]. }
  split; [|reflexivity]; constructor; simpl; unfold left_end; simpl; try assumption.
  exists (t - (compand g (point (position r) + 1/2) - c) ^ 2); split.
  - apply isub_correct; [exact T|]; apply isqr_correct, isub_correct; assumption.
  - unfold window_mse; rewrite Eq in *; unfold central_moment in B.
    replace (point (position r') - point (position r)) with 1 in B by lra.
    replace (point (position r) + 1/2 - 1/2) with (point (position r)) by ring.
    replace (point (position r) + 1/2 + 1/2) with (point (position r')) by (rewrite U; field).
    simpl in *; lra.
Qed.

(** ** Cells of windows *)

Variable m : certificate.

(** The first window of a cell, on which M is greatest (CertificateConcave.window_mse_left_half), against the certificate at
    the cell's right end, where it is least. *)
Definition cell_ok (w w' : window) : bool := ile (variance_bound w) (icertificate_value m (mean w')).

(** [l]: the table right of the start of [w]; [starts]: of the windows to come. The last
    window must be centred at N/2. *)
Fixpoint cells_ok (w : window) (l : list row) (starts : list Z) : bool :=
  match starts with
  | [] => (2 * position (start w) =? (levels - 1) * unit_steps)%Z
  | k :: starts' =>
      match seek k l with
      | None => false
      | Some (r, l') =>
          match make_window r l' with
          | None => false
          | Some w' => cell_ok w w' && cells_ok w' l' starts'
          end
      end
  end.

Hypothesis Hm : certificate_conditions m.

Definition majorized (a : R) : Prop :=
  window_mse g (a + 1/2) <= certificate_value m (compand g (a + 1/2)).

Lemma compand_nonpos t : inside N t -> t <= INR N / 2 -> compand g t <= 0.
Proof.
  intros I H.
  assert (K : inside N (INR N - t)) by (unfold inside in *; lra).
  pose proof (compand_le N g Hg t (INR N - t) I K ltac:(lra)) as C.
  rewrite (compand_odd N g Hg t I) in C; lra.
Qed.

Lemma cell_ok_correct w w' : window_valid w -> window_valid w' -> cell_ok w w' = true ->
  left_end w' + 1/2 <= INR N / 2 ->
  forall a, left_end w <= a <= left_end w' -> majorized a.
Proof.
  intros V V' E H a Ha; unfold majorized, cell_ok in *.
  destruct (variance_bounds w V) as (b & B1 & B2).
  pose proof (row_inside _ (start_valid w V)) as I; unfold inside_table in I; fold (left_end w) in I.
  pose proof (levels_at_least_two N HN) as N2.
  set (z' := compand g (left_end w' + 1/2)).
  assert (Z : encloses (mean w') z') by apply (mean_encloses w' V').
  assert (Le : compand g (a + 1/2) <= z') by (apply (compand_le N g Hg); unfold inside; lra).
  assert (Neg : z' <= 0) by (apply compand_nonpos; unfold inside; lra).
  apply Rle_trans with (certificate_value m z'); [|apply certificate_value_le; [exact Hm | lra]].
  apply Rle_trans with b; [|exact (ile_correct _ _ _ _ E B1 (icertificate_value_correct m _ _ Z))].
  apply Rle_trans with (window_mse g (left_end w + 1/2)); [|exact B2].
  apply (window_mse_left_half N _ _ HN Hsigma Hkappa); lra.
Qed.

Lemma cells_ok_correct starts : forall w l, window_valid w -> chain (position (start w)) l ->
  cells_ok w l starts = true ->
  left_end w + 1/2 <= INR N / 2 /\
  forall a, left_end w < a -> a + 1/2 <= INR N / 2 -> majorized a.
Proof.
  induction starts as [|k starts IH]; intros w l V C E; cbn [cells_ok] in E.
  - apply Z.eqb_eq, (f_equal IZR) in E.
    rewrite !mult_IZR, minus_IZR, levels_INR in E.
    assert (L : left_end w + 1/2 = INR N / 2).
    { unfold left_end, point; apply Rmult_eq_reg_r with (2 * IZR unit_steps).
      - field_simplify; [lra | apply not_0_IZR; discriminate].
      - apply Rmult_integral_contrapositive_currified; [lra | apply not_0_IZR; discriminate]. }
    split; [lra | intros; lra].
  - destruct (seek k l) as [[r l']|] eqn:S; [|discriminate].
    destruct (seek_correct l k _ r l' C S) as (Vr & Cr & Pr & Lr).
    destruct (make_window r l') as [w'|] eqn:M; [|discriminate].
    destruct (make_window_valid r l' w' Vr Cr M) as [V' Sw].
    apply andb_prop in E; destruct E as [E1 E2].
    rewrite <- Sw in Cr; destruct (IH w' l' V' Cr E2) as [H R].
    assert (L : left_end w < left_end w').
    { unfold left_end; rewrite Sw, Pr; now apply point_lt. }
    split; [lra|]; intros a Ha Ha2.
    destruct (Rle_dec a (left_end w')) as [K | K]; [|apply R; lra].
    apply (cell_ok_correct w w' V V' E1 H); lra.
Qed.

(** ** The end cell *)

Definition end_ok (w : window) : bool :=
  let a := ipoint (position (start w)) in
  let q := quantile_here (start w) in
  let q_one := table_quantile 40 (middle q) unit_steps in
  let reach := isub ikappa (imul (imul isigma a) q) in
  let reach' := iadd reach (imul a (value_here (stop w))) in
  let T := igaussian_part m (isqr (mean w)) in
  (position (start w) <? unit_steps)%Z
  && ile q (ifromZ (-1))
  && ile ikappa (imul isigma (isub q_one q))
  && ile (imul (ifromZ 2) (mean w)) (table_value unit_steps q_one)
  && ile (mean w) (ifromZ 0)
  && forallb (fun el => ile (ifromZ 1)
       (imul (imul (imul (ifromZ 2) (ifromQ (snd el))) (ineg (mean w))) ikappa)) (gaussians m)
  && ile (idiv (isqr reach) a) T && ile (idiv (isqr reach') a) T
  && ile (variance_bound w) (icertificate_value m (mean w)).

Lemma point_one : point unit_steps = 1.
Proof. unfold point; field; apply not_0_IZR; discriminate. Qed.

Lemma end_ok_correct w : window_valid w -> left_end w + 1/2 <= INR N / 2 -> end_ok w = true ->
  forall a, 0 < a <= left_end w -> majorized a.
Proof.
  intros V HL E a Ha; unfold end_ok in E; rewrite !andb_true_iff in E.
  destruct E as [[[[[[[[E1 E2] E3] E4] E5] E6] E7] E8] E9].
  pose proof (levels_at_least_two N HN) as N2.
  apply Z.ltb_lt, point_lt in E1; rewrite point_one in E1.
  pose proof (row_inside _ (start_valid w V)) as I; pose proof (row_quantile _ (start_valid w V)) as Q.
  pose proof (mean_encloses w V) as Z; pose proof (row_value _ (stop_valid w V)) as S.
  rewrite (window_unit w V) in S; pose proof (ipoint_correct (position (start w))) as A.
  unfold inside_table in I; fold (left_end w) in *; set (a1 := left_end w) in *.
  set (z1 := compand g (a1 + 1/2)) in *; set (q1 := Phi_inv (a1 / INR N)) in *.
  pose proof (table_quantile_correct 40 (middle (quantile_here (start w))) unit_steps) as Q1.
  pose proof (table_value_correct _ _ Q1) as G1; rewrite point_one in Q1, G1.
  set (q_one := table_quantile 40 _ unit_steps) in *.
  pose proof (ile_correct _ _ _ _ E2 Q (ifromZ_correct (-1))) as F2.
  assert (F3 : Q2R kappa <= Q2R sigma * (Phi_inv (1 / INR N) - q1)).
  { refine (ile_correct _ _ _ _ E3 _ _); auto with enclose. }
  assert (F4 : 2 * z1 <= g 1) by (refine (ile_correct _ _ _ _ E4 _ _); auto with enclose).
  pose proof (ile_correct _ _ _ _ E5 Z (ifromZ_correct 0)) as F5.
  assert (T : encloses (igaussian_part m (isqr (mean w))) (gaussian_part m z1)).
  { apply igaussian_part_correct, isqr_correct, Z. }
  set (r1 := Q2R kappa - Q2R sigma * a1 * q1).
  set (r2 := r1 + a1 * g (a1 + 1)).
  assert (X1 : r1 ^ 2 / a1 <= gaussian_part m z1).
  { refine (ile_correct _ _ _ _ E7 _ T); unfold r1; auto 10 with enclose. }
  assert (X2 : r2 ^ 2 / a1 <= gaussian_part m z1).
  { refine (ile_correct _ _ _ _ E8 _ T); unfold r2, r1; auto 10 with enclose. }
  set (reach := Rmax r1 r2).
  assert (X : reach ^ 2 / a1 <= gaussian_part m z1) by (unfold reach, Rmax; destruct (Rle_dec r1 r2); assumption).
  destruct (variance_bounds w V) as (b & B1 & B2); fold a1 in B2.
  pose proof (ile_correct _ _ _ _ E9 B1 (icertificate_value_correct m _ _ Z)) as F9.
  assert (C : compand g (a + 1/2) <= z1 - Q2R kappa * ln (a1 / a)).
  { apply (compand_end N g Hg a1); [lra | | lra].
    apply (window_rise N _ _ HN Hsigma Hkappa); assumption || lra. }
  assert (M : window_mse g (a + 1/2) <= window_mse g (a1 + 1/2) + reach ^ 2 * (/ a - / a1)).
  { apply (window_mse_end N g Hg a1 reach); [lra | lra | | lra].
    apply (window_reached N _ _ HN Hsigma Hkappa); try assumption; try lra;
      [apply Rmax_l | apply Rmax_r]. }
  assert (R1 : 1 <= a1 / a) by (apply Rle_div_r; lra).
  assert (Gr : a1 / a * gaussian_part m z1 <= gaussian_part m (compand g (a + 1/2))).
  { apply (gaussian_part_growth m z1 _ (Q2R kappa)); try assumption; try lra.
    intros el El; rewrite forallb_forall in E6.
    refine (ile_correct _ _ _ _ (E6 el El) (ifromZ_correct 1) _); auto 10 with enclose. }
  assert (Le : compand g (a + 1/2) <= z1) by (apply (compand_le N g Hg); unfold inside; lra).
  assert (Y : reach ^ 2 * (/ a - / a1) <= (a1 / a - 1) * gaussian_part m z1).
  { replace (reach ^ 2 * (/ a - / a1)) with ((a1 / a - 1) * (reach ^ 2 / a1)) by (field; lra).
    apply Rmult_le_compat_l; lra. }
  pose proof (cosh_part_le m z1 (compand g (a + 1/2)) Hm ltac:(lra)) as K.
  unfold majorized, certificate_value in *.
  set (z := compand g (a + 1/2)) in *.
  assert (S2 : z1 ^ 2 <= z ^ 2) by nra.
  assert (S4 : z1 ^ 4 <= z ^ 4).
  { replace (z1 ^ 4) with ((z1 ^ 2) ^ 2) by ring; replace (z ^ 4) with ((z ^ 2) ^ 2) by ring.
    apply pow_incr; split; [apply pow2_ge_0 | exact S2]. }
  pose proof (Rmult_le_compat_l _ _ _ (square_nonneg m Hm) S2).
  pose proof (Rmult_le_compat_l _ _ _ (fourth_nonneg m Hm) S4).
  lra.
Qed.

(** ** All of R *)

(** [positions]: the table, beginning at a1; [starts]: the windows after the one at a1. *)
Definition check (positions starts : list Z) : bool :=
  match positions with
  | [] => false
  | k :: ks =>
      let r := make_row 40 (ifromZ (-1)) k in
      let l := rows_from r ks in
      (0 <? k)%Z && increasing_below_levels k ks
      && match make_window r l with
         | None => false
         | Some w => end_ok w && cells_ok w l starts
         end
  end.

Theorem check_correct positions starts : check positions starts = true ->
  forall z, scalar_mse N g z <= certificate_value m z.
Proof.
  unfold check; destruct positions as [|k ks]; [discriminate|].
  rewrite !andb_true_iff; intros [[E0 E1] E].
  set (r := make_row 40 (ifromZ (-1)) k) in *; set (l := rows_from r ks) in *.
  destruct (make_window r l) as [w|] eqn:M; [|discriminate].
  apply andb_prop in E; destruct E as [E2 E3].
  apply Z.ltb_lt, point_lt in E0.
  replace (point 0) with 0 in E0 by (unfold point, Rdiv; symmetry; apply Rmult_0_l).
  assert (V : row_valid r) by (apply make_row_valid, (increasing_inside ks); assumption).
  assert (C : chain (position r) l) by (apply rows_from_chain; assumption).
  destruct (make_window_valid r l w V C M) as [Vw Sw]; rewrite <- Sw in C.
  destruct (cells_ok_correct starts w l Vw C E3) as [HL R].
  assert (P : 0 < left_end w) by (unfold left_end; rewrite Sw; exact E0).
  assert (Low : forall t, inside N t -> t <= INR N / 2 ->
            scalar_mse N g (compand g t) <= certificate_value m (compand g t)).
  { intros t I Ht; rewrite (scalar_mse_window N g Hg t I).
    assert (K : majorized (t - 1/2)).
    { destruct (Rle_dec (t - 1/2) (left_end w)).
      - apply (end_ok_correct w Vw HL E2); unfold inside in I; lra.
      - apply R; lra. }
    unfold majorized in K; replace (t - 1/2 + 1/2) with t in K by ring; exact K. }
  intro z; destruct (compand_bijective N g Hg z) as (t & [I <-] & _).
  destruct (Rle_dec t (INR N / 2)) as [Ht | Ht]; [now apply Low|].
  rewrite <- (scalar_mse_even N g Hg), <- certificate_value_even, <- (compand_odd N g Hg t I).
  apply Low; [now apply inside_reflect | lra].
Qed.

End Checker.

(** ** The table's points *)

(** Window starts grow from [first] by 1/[growth] each until that exceeds [step], then by [step]; the table has the windows'
    ends and the multiples of [mesh] besides; in units of 2^-24. Any choice is sound; these make the cells' slack about
    1/[growth]. *)
Record grid := { first : Z; growth : Z; step : Z; mesh : Z }.

Section Grid.

Variables (N : nat) (gr : grid).

Definition last_start : Z := ((Z.of_nat N - 1) * unit_steps / 2)%Z.

Definition next_start (k : Z) : Z :=
  Z.min last_start
    (if (k / growth gr <? step gr)%Z then k + k / growth gr else (k / step gr + 1) * step gr).

Fixpoint starts_after (fuel : nat) (k : Z) : list Z :=
  match fuel with
  | O => []
  | S fuel' => if (last_start <=? k)%Z then []
               else let k' := next_start k in k' :: starts_after fuel' k'
  end.

Fixpoint multiples (fuel : nat) (k : Z) : list Z :=
  match fuel with
  | O => []
  | S fuel' => if (last_start + unit_steps <? k)%Z then [] else k :: multiples fuel' (k + mesh gr)
  end.

Fixpoint merge (l1 : list Z) : list Z -> list Z :=
  match l1 with
  | [] => fun l2 => l2
  | a :: l1' => fix with_second (l2 : list Z) : list Z :=
      match l2 with
      | [] => l1
      | b :: l2' => if (a <? b)%Z then a :: merge l1' l2
                    else if (b <? a)%Z then b :: with_second l2' else a :: merge l1' l2'
      end
  end.

Definition fuel : nat := Z.to_nat 100000.
Definition window_starts : list Z := starts_after fuel (first gr).
Definition table_positions : list Z :=
  let all := first gr :: window_starts in
  merge all (merge (map (Z.add unit_steps) all) (multiples fuel (mesh gr))).

End Grid.

(** The variance of H D x / rho is |x|^2/rho^2: 1, but for the rounding of the stored scale rho. *)
Definition variance_allowance : Q := 1048577 # 1048576.

Definition exponents_ok (m : certificate) : bool :=
  forallb (fun el => (2 * Qnum (snd el * variance_allowance) <? Zpos (Qden (snd el * variance_allowance)))%Z) (gaussians m).

(** The certificate majorizes M, and its mean at any variance allowed times 4^b is at most [bound]. *)
Definition certifies (bits : nat) (sigma kappa : Q) (m : certificate) (gr : grid) (bound : Q) : bool :=
  let N := (2 ^ bits)%nat in
  certificate_ok m && exponents_ok m
  && check N sigma kappa m (table_positions N gr) (window_starts N gr)
  && ile (imul (icertificate_mean m (ifromQ variance_allowance)) (ifromZ (4 ^ Z.of_nat bits))) (ifromQ bound).

Section Certified.

Variables (bits : nat) (sigma kappa : Q) (m : certificate) (gr : grid) (bound : Q).
Hypothesis Hbits : (1 <= bits)%nat.
Hypothesis Hsigma : 0 < Q2R sigma.
Hypothesis Hkappa : 0 < Q2R kappa.
Hypothesis Hcheck : certifies bits sigma kappa m gr bound = true.
Let N := (2 ^ bits)%nat.
Let g := shipped N (Q2R sigma) (Q2R kappa).

Lemma levels_of_bits : (2 <= N)%nat.
Proof. exact (Nat.pow_le_mono_r 2 1 bits ltac:(discriminate) Hbits). Qed.

(** Any stored scale, up to 2^-21 less than the norm. *)
Theorem certified_bound_stored d H x rho : hadamard d H -> (0 < d)%nat -> rho <> 0 ->
  norm2 d x <= Q2R variance_allowance * rho ^ 2 ->
  mse N g d H rho x * 4 ^ bits <= Q2R bound * rho ^ 2.
Proof.
  intros HH Hd Hrho Hx; pose proof Hcheck as E; unfold certifies in E; fold N in E.
  rewrite !andb_true_iff in E; destruct E as [[[E1 E2] E3] E4].
  apply certificate_ok_correct in E1; set (v1 := Q2R variance_allowance) in *.
  assert (Below : forall el, In el (gaussians m) -> 2 * Q2R (snd el) * v1 < 1).
  { intros el I; unfold exponents_ok in E2; rewrite forallb_forall in E2.
    pose proof (Q_below_half _ (E2 el I)) as L; rewrite Q2R_mult in L; fold v1 in L; lra. }
  assert (P : 0 < rho ^ 2) by (pose proof (Rlt_0_sqr rho Hrho) as S; unfold Rsqr in S; nra).
  assert (Hv : 0 <= norm2 d x / rho ^ 2 <= v1).
  { split; [apply Rdiv_le_0_compat; [apply norm2_nonneg | exact P]|]; apply Rle_div_l; [exact P | lra]. }
  set (v := norm2 d x / rho ^ 2) in *.
  assert (F : mse N g d H rho x <= rho ^ 2 * majorant_bound_var (real_majorant m) v).
  { apply (finite_bound_any_scale N g (shipped_generator N _ _ levels_of_bits Hsigma Hkappa)); try assumption.
    - now apply real_majorant_valid.
    - intro z; rewrite real_majorant_at.
      exact (check_correct N sigma kappa levels_of_bits Hsigma Hkappa m E1 _ _ E3 z).
    - intros l Hl; simpl in Hl; fold v; simpl.
      set (el := nth l (gaussians m) (0, 0)%Q); assert (I : In el (gaussians m)) by (apply nth_In; exact Hl).
      specialize (Below el I); pose proof (exponents_range m E1 el I).
      change (2 * Q2R (snd el) * v < 1); nra. }
  rewrite real_majorant_bound_var in F.
  pose proof (certificate_mean_le m v v1 E1 Hv Below) as L.
  assert (B : certificate_mean m v1 * 4 ^ bits <= Q2R bound).
  { refine (ile_correct _ _ _ _ E4 _ (ifromQ_correct bound)); apply imul_correct.
    - apply icertificate_mean_correct, ifromQ_correct.
    - rewrite pow_IZR; apply ifromZ_correct. }
  assert (Q : 0 < 4 ^ bits) by (apply pow_lt; lra).
  apply Rle_trans with (rho ^ 2 * certificate_mean m v1 * 4 ^ bits).
  - apply Rmult_le_compat_r; [lra|]; eapply Rle_trans; [exact F|]; apply Rmult_le_compat_l; lra.
  - replace (rho ^ 2 * certificate_mean m v1 * 4 ^ bits) with (certificate_mean m v1 * 4 ^ bits * rho ^ 2) by ring.
    apply Rmult_le_compat_r; lra.
Qed.

(** A unit vector, its norm stored exactly. *)
Theorem certified_bound d H x : hadamard d H -> norm2 d x = 1 ->
  mse N g d H 1 x * 4 ^ bits <= Q2R bound.
Proof.
  intros HH Hx.
  assert (Hd : (0 < d)%nat) by (destruct d; [unfold norm2, dot in Hx; simpl in Hx; lra | lia]).
  assert (A : 1 <= Q2R variance_allowance) by (unfold variance_allowance, Q2R; simpl; lra).
  pose proof (certified_bound_stored d H x 1 HH Hd R1_neq_R0 ltac:(lra)) as B; lra.
Qed.

End Certified.

(** For the instances: the check itself, by the kernel's virtual machine, and the signs of
    sigma and kappa. *)
Ltac compute_check := vm_cast_no_check (eq_refl true).

Lemma positive_ratio p q : 0 < Q2R (Zpos p # q).
Proof. apply Rmult_lt_0_compat; [|apply Rinv_0_lt_compat]; apply IZR_lt; reflexivity. Qed.
