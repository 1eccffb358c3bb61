(** * What rounding does to codes and decoded values (SPEC §4, §5.6)

    The fast code counts binary32 thresholds T_k <= fl(y_j); the exact code counts
    theta_k rho <= y_j. Given |fl(y_j) - y_j| <= E and |T_k - theta_k rho| <= tau_k:
    - [fast_code_acceptable]: the fast code f is [acceptable]: theta_k rho - tau_k <= y + E
      for k <= f, and y - E < theta_k rho + tau_k for k > f;
    - [acceptable_attained]: the rule is exact, it admits no code that these errors
      could not produce;
    - [acceptable_adjacent]: only k = f and k = f + 1 need be looked at;
    - [code_mismatch_near_threshold]: a fast code differs from the exact one only if y is
      within E + tau_k of every threshold k between the two.
    With [threshold_error_bound_correct] for tau and [decode_error_bound_correct] for the
    decoded vector. *)
From Coq Require Import ZArith Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core Double_rounding.
From Hdq Require Import Defs Sums Hadamard Paley DitheredQuantizer FloatStages FloatTree FloatTransform.
Open Scope R_scope.

(** ** Counting thresholds *)

(** #{k in 1..n : T k <= y} *)
Fixpoint count_passed (n : nat) (T : nat -> R) (y : R) : nat :=
  match n with
  | O => O
  | S n' => (count_passed n' T y + if Rle_dec (T n) y then 1 else 0)%nat
  end.

Definition nondecreasing (n : nat) (T : nat -> R) : Prop :=
  forall k, (1 <= k)%nat -> (k < n)%nat -> T k <= T (S k).

Lemma nondecreasing_le n T k l :
  nondecreasing n T -> (1 <= k <= l)%nat -> (l <= n)%nat -> T k <= T l.
Proof.
  intros HT [Hk Hkl] Hl. induction l as [|l IH]; [lia|].
  destruct (Nat.eq_dec k (S l)) as [<- | Hne]; [lra|].
  apply Rle_trans with (T l); [apply IH; lia|]. apply HT; lia.
Qed.

Lemma count_passed_le n T y : (count_passed n T y <= n)%nat.
Proof. induction n as [|n IH]; cbn [count_passed]; [lia|]. destruct (Rle_dec _ _); lia. Qed.

(** For sorted thresholds the code says which are passed. *)
Lemma count_passed_spec n T y k :
  nondecreasing n T -> (1 <= k <= n)%nat -> (k <= count_passed n T y)%nat <-> T k <= y.
Proof.
  revert k. induction n as [|n IH]; intros k HT Hk; [lia|].
  assert (HTn : nondecreasing n T) by (intros i Hi Hin; apply HT; lia).
  cbn [count_passed]. pose proof (count_passed_le n T y) as Hc.
  destruct (Rle_dec (T (S n)) y) as [Hle | Hgt].
  - assert (Hall : count_passed n T y = n).
    { destruct n as [|n]; [easy|]. apply Nat.le_antisymm; [easy|].
      apply (IH _ HTn); [lia|]. apply Rle_trans with (T (S (S n))); [|easy]. apply HT; lia. }
    split; [intros _|lia]. apply Rle_trans with (T (S n)); [|easy].
    now apply nondecreasing_le with (S n).
  - destruct (Nat.eq_dec k (S n)) as [-> | Hne].
    + split; [lia|]. intros H. now elim Hgt.
    + rewrite Nat.add_0_r. apply IH; [easy|lia].
Qed.

Lemma count_passed_unique n T y c :
  nondecreasing n T -> (c <= n)%nat ->
  (forall k, (1 <= k <= c)%nat -> T k <= y) -> (forall k, (c < k <= n)%nat -> y < T k) ->
  count_passed n T y = c.
Proof.
  intros HT Hc Hlo Hhi. pose proof (count_passed_le n T y) as Hn.
  destruct (Nat.lt_trichotomy (count_passed n T y) c) as [H | [H | H]]; [|easy|].
  - assert (Hc' : (c <= count_passed n T y)%nat); [|lia].
    apply count_passed_spec; [easy|lia|]. apply Hlo. lia.
  - assert (Hp : T (count_passed n T y) <= y) by (apply (count_passed_spec n T y); try easy; lia).
    specialize (Hhi (count_passed n T y)). lra || (specialize (Hhi ltac:(lia)); lra).
Qed.

(** The encoder of Defs.v counts theta_k rho <= y. *)
Lemma encode_count_passed N g U rho y :
  0 < rho -> encode N g U (y / rho) = count_passed (N - 1) (fun k => threshold g k U * rho) y.
Proof.
  intros Hrho. unfold encode. induction (N - 1)%nat as [|n IH]; [easy|].
  cbn [count_thresholds count_passed]. rewrite IH. f_equal.
  assert (Hiff : threshold g (S n) U <= y / rho <-> threshold g (S n) U * rho <= y)
    by (symmetry; now apply Rle_div_r).
  destruct (Rle_dec (threshold g (S n) U) (y / rho)), (Rle_dec (threshold g (S n) U * rho) y);
    tauto || easy.
Qed.

Lemma threshold_increasing N g U k :
  generator N g -> 0 < U < 1 -> (1 <= k)%nat -> (k < N - 1)%nat ->
  threshold g k U < threshold g (S k) U.
Proof.
  intros Hg HU Hk1 Hk2. rewrite !threshold_compand.
  assert (HkN : INR k + 1 <= INR N - 1).
  { replace (INR N - 1) with (INR (N - 1)) by (rewrite minus_INR by lia; simpl; ring).
    rewrite <- S_INR. apply le_INR. lia. }
  apply le_INR in Hk1. simpl in Hk1. rewrite S_INR.
  apply (compand_increasing N g Hg); unfold inside; lra.
Qed.

Lemma scaled_threshold_increasing N g U rho k :
  generator N g -> 0 < U < 1 -> 0 < rho -> (1 <= k)%nat -> (k < N - 1)%nat ->
  threshold g k U * rho < threshold g (S k) U * rho.
Proof.
  intros. apply Rmult_lt_compat_r; [easy|]. now apply threshold_increasing with N.
Qed.

(** ** The judgement of a fast code *)

(** [f] is a code that errors E (of y) and tau_k (of threshold k) can produce. *)
Definition acceptable (n : nat) (theta tau : nat -> R) (E y : R) (f : nat) : Prop :=
  (f <= n)%nat /\
  (forall k, (1 <= k <= f)%nat -> theta k - tau k <= y + E) /\
  (forall k, (f < k <= n)%nat -> y - E < theta k + tau k).

Theorem fast_code_acceptable n theta tau T E y y' :
  nondecreasing n T -> Rabs (y' - y) <= E ->
  (forall k, (1 <= k <= n)%nat -> Rabs (T k - theta k) <= tau k) ->
  acceptable n theta tau E y (count_passed n T y').
Proof.
  intros HT Hy Htau. apply Rabs_le_inv in Hy. pose proof (count_passed_le n T y') as Hn.
  split; [easy|]. split; intros k Hk.
  - assert (HTk : T k <= y') by (apply (count_passed_spec n T y'); try easy; lia).
    specialize (Htau k ltac:(lia)). apply Rabs_le_inv in Htau. lra.
  - assert (HTk : ~ T k <= y').
    { intros H. apply (count_passed_spec n T y') in H; [lia|easy|lia]. }
    specialize (Htau k ltac:(lia)). apply Rabs_le_inv in Htau. lra.
Qed.

(** Nothing weaker is true: every acceptable code comes from errors of this size. *)
Theorem acceptable_attained n theta tau E y f :
  0 <= E -> (forall k, (1 <= k <= n)%nat -> 0 <= tau k) ->
  (forall k, (1 <= k)%nat -> (k < n)%nat -> theta k < theta (S k)) ->
  nondecreasing n (fun k => theta k - tau k) -> nondecreasing n (fun k => theta k + tau k) ->
  acceptable n theta tau E y f ->
  exists y' T, Rabs (y' - y) <= E /\ nondecreasing n T /\
    (forall k, (1 <= k <= n)%nat -> Rabs (T k - theta k) <= tau k) /\ count_passed n T y' = f.
Proof.
  intros HE Htau Hinc Hlo Hhi (Hf & Hacc1 & Hacc2).
  set (T := fun k => if Nat.leb k f then theta k - tau k else theta k + tau k).
  assert (HT : nondecreasing n T).
  { intros k Hk1 Hk2. unfold T. pose proof (Hlo k Hk1 Hk2). pose proof (Hhi k Hk1 Hk2).
    pose proof (Hinc k Hk1 Hk2). pose proof (Htau k ltac:(lia)). pose proof (Htau (S k) ltac:(lia)).
    cbv beta in *.
    destruct (Nat.leb_spec k f), (Nat.leb_spec (S k) f); try lra; lia. }
  assert (HTtau : forall k, (1 <= k <= n)%nat -> Rabs (T k - theta k) <= tau k).
  { intros k Hk. specialize (Htau k Hk). unfold T. apply Rabs_le.
    destruct (Nat.leb_spec k f); lra. }
  assert (Hchoice : exists y', y - E <= y' <= y + E /\
    (forall k, (1 <= k <= f)%nat -> theta k - tau k <= y') /\
    (forall k, (f < k <= n)%nat -> y' < theta k + tau k)).
  { destruct (Nat.eq_dec f 0) as [-> | Hf0].
    - exists (y - E). repeat split; try lra; [lia|]. apply Hacc2.
    - exists (Rmax (y - E) (theta f - tau f)). specialize (Hacc1 f ltac:(lia)).
      repeat split.
      + apply Rmax_l.
      + apply Rmax_lub; lra.
      + intros k Hk. apply Rle_trans with (2 := Rmax_r _ _).
        apply (nondecreasing_le n (fun k => theta k - tau k)); [easy|lia|lia].
      + intros k Hk. apply Rmax_lub_lt; [now apply Hacc2|].
        assert (theta f < theta k).
        { apply Rlt_le_trans with (theta (S f)); [apply Hinc; lia|].
          apply (nondecreasing_le n theta); [|lia|lia].
          intros i Hi1 Hi2. left. now apply Hinc. }
        pose proof (Htau f ltac:(lia)). pose proof (Htau k ltac:(lia)). lra. }
  destruct Hchoice as (y' & Hy & Hpass & Hfail).
  exists y', T. split; [apply Rabs_le; lra|]. split; [easy|]. split; [easy|].
  apply count_passed_unique; try easy; intros k Hk; unfold T.
  - replace (Nat.leb k f) with true by (symmetry; apply Nat.leb_le; lia). now apply Hpass.
  - replace (Nat.leb k f) with false by (symmetry; apply Nat.leb_gt; lia). now apply Hfail.
Qed.

(** A checker looks at the two thresholds next to the fast code. *)
Theorem acceptable_adjacent n theta tau E y f :
  nondecreasing n (fun k => theta k - tau k) -> nondecreasing n (fun k => theta k + tau k) ->
  acceptable n theta tau E y f <->
  (f <= n)%nat /\ ((1 <= f)%nat -> theta f - tau f <= y + E) /\
  ((f < n)%nat -> y - E < theta (S f) + tau (S f)).
Proof.
  intros Hlo Hhi. split.
  - intros (Hf & H1 & H2). split; [easy|]. split; intros H; [apply H1|apply H2]; lia.
  - intros (Hf & H1 & H2). split; [easy|]. split; intros k Hk.
    + apply Rle_trans with (theta f - tau f); [|apply H1; lia].
      apply (nondecreasing_le n (fun k => theta k - tau k)); [easy|lia|lia].
    + apply Rlt_le_trans with (theta (S f) + tau (S f)); [apply H2; lia|].
      apply (nondecreasing_le n (fun k => theta k + tau k)); [easy|lia|lia].
Qed.

(** The exact code is acceptable, whatever the bounds. *)
Theorem exact_code_acceptable n theta tau E y :
  nondecreasing n theta -> 0 <= E -> (forall k, (1 <= k <= n)%nat -> 0 <= tau k) ->
  acceptable n theta tau E y (count_passed n theta y).
Proof.
  intros Hinc HE Htau. apply fast_code_acceptable; [easy| |].
  - rewrite Rminus_diag_eq, Rabs_R0; easy.
  - intros k Hk. rewrite Rminus_diag_eq, Rabs_R0 by easy. now apply Htau.
Qed.

(** Where an acceptable code is not the exact one, y is near every threshold between. *)
Theorem acceptable_mismatch n theta tau E y f :
  nondecreasing n theta -> acceptable n theta tau E y f ->
  let c := count_passed n theta y in
  forall k, (Nat.min c f < k <= Nat.max c f)%nat -> Rabs (y - theta k) <= E + tau k.
Proof.
  intros Hinc (Hf & H1 & H2) c k Hk. pose proof (count_passed_le n theta y) as Hc. fold c in Hc.
  apply Rabs_le.
  assert (Hcspec : (k <= c)%nat <-> theta k <= y) by (apply count_passed_spec; [easy|lia]).
  destruct (Nat.le_gt_cases k c) as [Hkc | Hkc].
  - specialize (H2 k ltac:(lia)). apply Hcspec in Hkc. lra.
  - specialize (H1 k ltac:(lia)). assert (~ theta k <= y) by (rewrite <- Hcspec; lia). lra.
Qed.

(** The judge's form: against the exact code c, only the thresholds between count. (At
    equality below the exact code the judge is laxer by a point.) *)
Theorem acceptable_between n theta tau E y f :
  nondecreasing n theta -> 0 <= E -> (forall k, (1 <= k <= n)%nat -> 0 <= tau k) ->
  let c := count_passed n theta y in
  acceptable n theta tau E y f <->
  (f <= n)%nat /\ (forall k, (c < k <= f)%nat -> Rabs (y - theta k) <= E + tau k)
              /\ (forall k, (f < k <= c)%nat -> Rabs (y - theta k) < E + tau k).
Proof.
  intros Hinc HE Htau c. pose proof (count_passed_le n theta y) as Hc. fold c in Hc.
  assert (Hspec : forall k, (1 <= k <= n)%nat -> (k <= c)%nat <-> theta k <= y)
    by (intros k Hk; now apply count_passed_spec).
  split.
  - intros (Hf & H1 & H2). split; [easy|]. split; intros k Hk.
    + apply (acceptable_mismatch n theta tau E y f Hinc (conj Hf (conj H1 H2)) k). fold c. lia.
    + specialize (H2 k ltac:(lia)). pose proof (proj1 (Hspec k ltac:(lia)) ltac:(lia)).
      rewrite Rabs_pos_eq; lra.
  - intros (Hf & H1 & H2). split; [easy|]. split; intros k Hk.
    + specialize (Htau k ltac:(lia)). destruct (Nat.le_gt_cases k c) as [Hkc | Hkc].
      * apply Hspec in Hkc; [lra|lia].
      * specialize (H1 k ltac:(lia)). apply Rabs_le_inv in H1. lra.
    + specialize (Htau k ltac:(lia)). destruct (Nat.le_gt_cases k c) as [Hkc | Hkc].
      * specialize (H2 k ltac:(lia)). apply Rabs_lt_inv in H2. lra.
      * assert (~ theta k <= y) by (rewrite <- Hspec by lia; lia). lra.
Qed.

Theorem code_mismatch_near_threshold n theta tau T E y y' :
  nondecreasing n theta -> nondecreasing n T -> Rabs (y' - y) <= E ->
  (forall k, (1 <= k <= n)%nat -> Rabs (T k - theta k) <= tau k) ->
  let c := count_passed n theta y in
  let f := count_passed n T y' in
  forall k, (Nat.min c f < k <= Nat.max c f)%nat -> Rabs (y - theta k) <= E + tau k.
Proof.
  intros Hinc HT Hy Htau. apply acceptable_mismatch; [easy|]. now apply fast_code_acceptable.
Qed.

(** Away from all thresholds the fast code is the exact code. *)
Corollary code_exact_away_from_thresholds n theta tau T E y y' :
  nondecreasing n theta -> nondecreasing n T -> Rabs (y' - y) <= E ->
  (forall k, (1 <= k <= n)%nat -> Rabs (T k - theta k) <= tau k) ->
  (forall k, (1 <= k <= n)%nat -> E + tau k < Rabs (y - theta k)) ->
  count_passed n T y' = count_passed n theta y.
Proof.
  intros Hinc HT Hy Htau Haway.
  pose proof (code_mismatch_near_threshold n theta tau T E y y' Hinc HT Hy Htau) as Hnear.
  cbv zeta in Hnear. pose proof (count_passed_le n theta y). pose proof (count_passed_le n T y').
  destruct (Nat.eq_dec (count_passed n T y') (count_passed n theta y)) as [|Hne]; [easy|].
  set (k := Nat.max (count_passed n theta y) (count_passed n T y')).
  specialize (Hnear k ltac:(lia)). specialize (Haway k ltac:(lia)). lra.
Qed.

(** ** Errors of one rounding *)

(** Half of the smallest positive binary32 and binary64 numbers. *)
Definition underflow32 : R := bpow radix2 (-150).
Definition underflow64 : R := bpow radix2 (-1075).

Definition round64 : R -> R := round_format (-1074) 53.

Lemma round32_error x : Rabs (round32 x - x) <= unit_roundoff * Rabs x + underflow32.
Proof. rewrite unit_roundoff_bpow. now apply (round_format_error (-149) 24). Qed.

Lemma round64_error x : Rabs (round64 x - x) <= / 2 ^ 53 * Rabs x + underflow64.
Proof.
  replace (/ 2 ^ 53) with (bpow radix2 (-53)) by (simpl; lra).
  now apply (round_format_error (-1074) 53).
Qed.

Lemma round32_le x y : x <= y -> round32 x <= round32 y.
Proof. now apply round_format_le. Qed.

Lemma round64_le x y : x <= y -> round64 x <= round64 y.
Proof. now apply round_format_le. Qed.

(** ** Thresholds: T = fl32(fl64(theta' rho)), theta' in double, |theta' - theta| <= e *)

Definition scaled_threshold32 (theta' rho : R) : R := round32 (round64 (theta' * rho)).

Definition threshold_error_bound (theta rho e : R) : R :=
  rho * e + rho * (Rabs theta + e) * ((1 + unit_roundoff) * (1 + / 2 ^ 53) - 1)
  + ((1 + unit_roundoff) * underflow64 + underflow32).

Theorem threshold_error_bound_correct theta theta' rho e :
  0 <= rho -> Rabs (theta' - theta) <= e ->
  Rabs (scaled_threshold32 theta' rho - theta * rho) <= threshold_error_bound theta rho e.
Proof.
  intros Hrho He. unfold scaled_threshold32, threshold_error_bound.
  set (p := theta' * rho). pose proof (round64_error p) as H64.
  pose proof (round32_error (round64 p)) as H32.
  set (v := / 2 ^ 53) in *. set (s := underflow64) in *. set (t := underflow32) in *.
  assert (Hv : 0 < v) by (apply Rinv_0_lt_compat, pow_lt; lra).
  pose proof unit_roundoff_pos as Hu.
  assert (Hp : Rabs p <= rho * (Rabs theta + e)).
  { unfold p. rewrite Rabs_mult, (Rabs_pos_eq rho), Rmult_comm by easy.
    apply Rmult_le_compat_l; [easy|]. replace theta' with (theta + (theta' - theta)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]. lra. }
  assert (Hpt : Rabs (p - theta * rho) <= rho * e).
  { unfold p. replace (theta' * rho - theta * rho) with (rho * (theta' - theta)) by ring.
    rewrite Rabs_mult, (Rabs_pos_eq rho) by easy. now apply Rmult_le_compat_l. }
  assert (Hr : Rabs (round64 p) <= (1 + v) * Rabs p + s).
  { replace (round64 p) with ((round64 p - p) + p) by ring.
    eapply Rle_trans; [apply Rabs_triang|]. lra. }
  replace (round32 (round64 p) - theta * rho)
    with ((round32 (round64 p) - round64 p) + (round64 p - p) + (p - theta * rho)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. apply Rle_trans with
    (Rabs (round32 (round64 p) - round64 p) + Rabs (round64 p - p) + Rabs (p - theta * rho)).
  { apply Rplus_le_compat_r, Rabs_triang. }
  assert (unit_roundoff * Rabs (round64 p) <= unit_roundoff * ((1 + v) * Rabs p + s))
    by (apply Rmult_le_compat_l; lra).
  assert (Hc : 0 <= (1 + unit_roundoff) * (1 + v) - 1) by nra.
  assert (Rabs p * ((1 + unit_roundoff) * (1 + v) - 1)
          <= rho * (Rabs theta + e) * ((1 + unit_roundoff) * (1 + v) - 1))
    by (apply Rmult_le_compat_r; easy).
  lra.
Qed.

(** Sorted double thresholds stay sorted. *)
Lemma scaled_threshold32_nondecreasing n theta' rho :
  0 <= rho -> nondecreasing n theta' -> nondecreasing n (fun k => scaled_threshold32 (theta' k) rho).
Proof.
  intros Hrho Hinc k Hk1 Hk2. apply round32_le, round64_le, Rmult_le_compat_r; [easy|].
  now apply Hinc.
Qed.

(** ** The fast encoder

    It works on 2^e x and 2^e rho, with e = 0 unless rho is extreme; the bounds are in the
    units of x. Thresholds come in double, within [e_k]; the shipped codebook promises
    [codebook_error]. *)

Definition codebook_error (exact : R) : R := (1 + Rabs exact) * bpow radix2 (-40).

Definition scaled_threshold_error_bound (theta rho : R) (e : Z) (error : R) : R :=
  threshold_error_bound theta (rho * bpow radix2 e) error * bpow radix2 (- e).

Definition encode32 (N : nat) (theta' : nat -> R) (rho : R) (e : Z) (y' : R) : nat :=
  count_passed (N - 1) (fun k => scaled_threshold32 (theta' k) (rho * bpow radix2 e)) y'.

Lemma count_passed_scale n T y c :
  0 < c -> count_passed n T y = count_passed n (fun k => T k * c) (y * c).
Proof.
  intros Hc. induction n as [|n IH]; [easy|]. cbn [count_passed]. rewrite IH. f_equal.
  destruct (Rle_dec (T (S n)) y) as [H | H], (Rle_dec (T (S n) * c) (y * c)) as [H' | H']; try easy.
  - elim H'. apply Rmult_le_compat_r; lra.
  - elim H. now apply Rmult_le_reg_r with c.
Qed.

(** SPEC §4, reference semantics: the rule of [hdq check], for coordinate j. *)
Theorem encode32_acceptable N g U rho m k n eps x e theta' error j :
  generator N g -> 0 < U < 1 -> 0 < rho ->
  base_order m -> (j < m * 2 ^ k)%nat -> (n <= m * 2 ^ k)%nat -> is_sign eps ->
  (forall i, is_binary32 (x i)) -> (forall i, (n <= i)%nat -> x i = 0) ->
  nondecreasing (N - 1) theta' ->
  (forall i, (1 <= i <= N - 1)%nat -> Rabs (theta' i - threshold g i U) <= error i) ->
  acceptable (N - 1) (fun i => threshold g i U * rho)
    (fun i => scaled_threshold_error_bound (threshold g i U) rho e (error i))
    (rotation_error_bound m k n e x)
    (rotate (m * 2 ^ k) (supported_matrix m k) eps x j)
    (encode32 N theta' rho e (transform32 m k (fun i => eps i * prescale e x i) j)).
Proof.
  intros Hg HU Hrho Hm Hj Hn He Hx Hzero Hsorted Htheta.
  pose proof (bpow_gt_0 radix2 e) as He0. pose proof (bpow_gt_0 radix2 (- e)) as He1.
  assert (Hrho' : 0 < rho * bpow radix2 e) by (now apply Rmult_lt_0_compat).
  unfold encode32. rewrite (count_passed_scale _ _ _ (bpow radix2 (- e)) He1).
  apply fast_code_acceptable.
  - intros i Hi1 Hi2. apply Rmult_le_compat_r; [lra|].
    apply (scaled_threshold32_nondecreasing (N - 1) theta' (rho * bpow radix2 e)); easy || lra.
  - now apply rotation_error_bound_correct.
  - intros i Hi. unfold scaled_threshold_error_bound.
    replace (threshold g i U * rho)
      with (threshold g i U * (rho * bpow radix2 e) * bpow radix2 (- e)).
    2:{ rewrite !Rmult_assoc, <- bpow_plus. replace (e + - e)%Z with 0%Z by ring. simpl. ring. }
    rewrite <- Rmult_minus_distr_r, Rabs_mult, (Rabs_pos_eq (bpow radix2 (- e))) by lra.
    apply Rmult_le_compat_r; [lra|]. apply threshold_error_bound_correct; [lra|]. now apply Htheta.
Qed.

(** A fast code differs from the exact one only next to a threshold. *)
Theorem encode32_mismatch N g U rho m k n eps x e theta' error j :
  generator N g -> 0 < U < 1 -> 0 < rho ->
  base_order m -> (j < m * 2 ^ k)%nat -> (n <= m * 2 ^ k)%nat -> is_sign eps ->
  (forall i, is_binary32 (x i)) -> (forall i, (n <= i)%nat -> x i = 0) ->
  nondecreasing (N - 1) theta' ->
  (forall i, (1 <= i <= N - 1)%nat -> Rabs (theta' i - threshold g i U) <= error i) ->
  let y := rotate (m * 2 ^ k) (supported_matrix m k) eps x j in
  let c := encode N g U (y / rho) in
  let f := encode32 N theta' rho e (transform32 m k (fun i => eps i * prescale e x i) j) in
  forall i, (Nat.min c f < i <= Nat.max c f)%nat ->
    Rabs (y - threshold g i U * rho)
    <= rotation_error_bound m k n e x
       + scaled_threshold_error_bound (threshold g i U) rho e (error i).
Proof.
  intros Hg HU Hrho Hm Hj Hn He Hx Hzero Hsorted Htheta y c f. unfold c.
  rewrite encode_count_passed by easy.
  apply (acceptable_mismatch (N - 1) (fun i => threshold g i U * rho)
           (fun i => scaled_threshold_error_bound (threshold g i U) rho e (error i))).
  - intros i Hi1 Hi2. left. now apply scaled_threshold_increasing with N.
  - unfold f, y. now apply encode32_acceptable.
Qed.

(** ** Decoding: codewords in binary32, the transposed network, one multiplication by
    fl32(fl64(rho / d)), one by the power of two 2^-e that undoes [prescale], the sign *)

Definition decode_scale32 (rho : R) (d : nat) : R := round32 (round64 (rho / INR d)).

(** [rho] is the scaled norm 2^e rho. *)
Definition decode32 (m k : nat) (eps : vec) (rho : R) (e : Z) (r32 : vec) : vec :=
  fun i => eps i * round32
    (round32 (decode_scale32 rho (m * 2 ^ k) * transform32_transposed m k r32 i) * bpow radix2 (- e)).

(** With c_j >= |r32_j - r_j|, A the resulting error of H^T r, V >= |H^T r| + A, and Q the
    error of the scale. *)
Definition decode_error_bound (m k : nat) (rho : R) (c r r32 : vec) : R :=
  let d := (m * 2 ^ k)%nat in
  let q := rho / INR d in
  let A := transform_error_bound m k r32 + sum d c in
  let V := sum d (fun j => Rabs (r j)) + A in
  let Q := unit_roundoff * q + underflow32 in
  q * A + Q * V + (unit_roundoff * ((q + Q) * V) + underflow32).

(** In the units of x; the last product rounds only when it scales down. *)
Definition scaled_decode_error_bound (m k : nat) (rho : R) (e : Z) (c r r32 : vec) : R :=
  decode_error_bound m k (rho * bpow radix2 e) c r r32 * bpow radix2 (- e)
  + if (0 <? e)%Z then underflow32 else 0.

(** |r32 - r| for a codeword: r' in double with |r' - r| <= e, rounded to binary32. *)
Definition codeword_error_bound (r e : R) : R := e + (unit_roundoff * (Rabs r + e) + underflow32).

Theorem codeword_error_bound_correct r r' e :
  Rabs (r' - r) <= e -> Rabs (round32 r' - r) <= codeword_error_bound r e.
Proof.
  intros He. unfold codeword_error_bound. pose proof (round32_error r') as H.
  assert (Hr : Rabs r' <= Rabs r + e).
  { replace r' with (r + (r' - r)) by ring. eapply Rle_trans; [apply Rabs_triang|]. lra. }
  replace (round32 r' - r) with ((r' - r) + (round32 r' - r')) by ring.
  eapply Rle_trans; [apply Rabs_triang|].
  assert (unit_roundoff * Rabs r' <= unit_roundoff * (Rabs r + e))
    by (apply Rmult_le_compat_l; [left; apply unit_roundoff_pos|easy]).
  lra.
Qed.

Lemma order_positive m k : base_order m -> (0 < m * 2 ^ k)%nat.
Proof.
  intros Hm. pose proof (Nat.pow_nonzero 2 k ltac:(lia)). destruct Hm as [-> | [-> | [-> | ->]]]; lia.
Qed.

(** |(A v)_i| <= Sigma |v_j| for a matrix of signs. *)
Lemma mulv_sign_matrix_le d (A : mat) (v : vec) i :
  (forall j, (j < d)%nat -> Rabs (A i j) = 1) -> Rabs (mulv d A v i) <= sum d (fun j => Rabs (v j)).
Proof.
  intros HA. unfold mulv. eapply Rle_trans; [apply sum_Rabs_le|]. apply sum_le.
  intros j Hj. rewrite Rabs_mult, HA by easy. lra.
Qed.

(** The quotient of binary32 numbers rounded to double and then to binary32 is correctly
    rounded. *)
Lemma decode_scale32_correct rho m k :
  base_order m -> is_binary32 rho -> decode_scale32 rho (m * 2 ^ k) = round32 (rho / INR (m * 2 ^ k)).
Proof.
  intros Hm Hrho. unfold decode_scale32, round32, round64, round_format.
  apply round_round_div_FLT; try easy.
  - exists 1%Z. easy.
  - apply not_eq_sym, Rlt_not_eq, lt_0_INR, order_positive, Hm.
  - apply FLT_format_generic; [easy|exact Hrho].
  - exists (Float radix2 (Z.of_nat m) (Z.of_nat k)).
    + unfold F2R. cbn [Fnum Fexp]. rewrite mult_INR, pow_INR, <- INR_IZR_INZ.
      f_equal. rewrite <- (IZR_Zpower radix2) by lia. rewrite <- pow_IZR. easy.
    + destruct Hm as [-> | [-> | [-> | ->]]]; easy.
    + cbn [Fexp]. lia.
Qed.

Theorem decode_error_bound_correct m k eps rho e c (r r32 : vec) i :
  base_order m -> (i < m * 2 ^ k)%nat -> is_sign eps ->
  0 <= rho -> is_binary32 (rho * bpow radix2 e) ->
  (forall j, is_binary32 (r32 j)) ->
  (forall j, (j < m * 2 ^ k)%nat -> Rabs (r32 j - r j) <= c j) ->
  Rabs (decode32 m k eps (rho * bpow radix2 e) e r32 i
        - decode (m * 2 ^ k) (supported_matrix m k) eps rho r i)
  <= scaled_decode_error_bound m k rho e c r r32.
Proof.
  intros Hm Hi He Hrho Hrho32 Hr32 Hc. unfold scaled_decode_error_bound, decode_error_bound, decode32.
  rewrite decode_scale32_correct by easy.
  pose proof (order_positive m k Hm) as Hd0.
  pose proof (bpow_gt_0 radix2 e) as He0. pose proof (bpow_gt_0 radix2 (- e)) as He1.
  assert (Hinv : bpow radix2 e * bpow radix2 (- e) = 1).
  { rewrite <- bpow_plus. now replace (e + - e)%Z with 0%Z by ring. }
  set (d := (m * 2 ^ k)%nat) in *. set (q := rho * bpow radix2 e / INR d).
  assert (Hd : 0 < INR d) by now apply lt_0_INR.
  assert (Hq : 0 <= q) by (apply Rdiv_le_0_compat; [apply Rmult_le_pos; lra|easy]).
  set (HT := transpose (supported_matrix m k)).
  set (v := mulv d HT r i). set (v32 := transform32_transposed m k r32 i).
  set (A := transform_error_bound m k r32 + sum d c).
  set (V := sum d (fun j => Rabs (r j)) + A). set (Q := unit_roundoff * q + underflow32).
  pose proof unit_roundoff_pos as Hu.
  (* the transform *)
  assert (HA : Rabs (v32 - v) <= A).
  { assert (H1 : Rabs (v32 - mulv d HT r32 i) <= transform_error_bound m k r32)
      by (now apply transform_transposed_error_bound_correct).
    assert (H2 : Rabs (mulv d HT r32 i - v) <= sum d c).
    { unfold v, mulv. rewrite <- sum_minus. eapply Rle_trans; [apply sum_Rabs_le|]. apply sum_le.
      intros j Hj. replace (HT i j * r32 j - HT i j * r j) with (HT i j * (r32 j - r j)) by ring.
      rewrite Rabs_mult. unfold HT, transpose. rewrite supported_entry_abs, Rmult_1_l by easy.
      now apply Hc. }
    replace (v32 - v) with ((v32 - mulv d HT r32 i) + (mulv d HT r32 i - v)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]. unfold A. lra. }
  assert (HV : Rabs v32 <= V).
  { replace v32 with (v + (v32 - v)) by ring. eapply Rle_trans; [apply Rabs_triang|].
    apply Rplus_le_compat; [|exact HA]. apply mulv_sign_matrix_le.
    intros j Hj. now apply supported_entry_abs. }
  (* the scale *)
  set (scale := round32 q).
  assert (HQ : Rabs (scale - q) <= Q).
  { eapply Rle_trans; [apply round32_error|]. rewrite (Rabs_pos_eq q Hq). unfold Q. lra. }
  assert (Hs : Rabs scale <= q + Q).
  { replace scale with (q + (scale - q)) by ring. eapply Rle_trans; [apply Rabs_triang|].
    rewrite (Rabs_pos_eq q Hq). lra. }
  (* the product *)
  assert (Hw : Rabs (scale * v32 - q * v) <= q * A + Q * V).
  { replace (scale * v32 - q * v) with (q * (v32 - v) + (scale - q) * v32) by ring.
    eapply Rle_trans; [apply Rabs_triang|].
    rewrite !Rabs_mult, (Rabs_pos_eq q Hq). apply Rplus_le_compat.
    - now apply Rmult_le_compat_l.
    - apply Rmult_le_compat; try apply Rabs_pos; easy. }
  set (w := round32 (scale * v32)).
  assert (Hw32 : Rabs (w - q * v) <= q * A + Q * V + (unit_roundoff * ((q + Q) * V) + underflow32)).
  { replace (w - q * v) with ((scale * v32 - q * v) + (w - scale * v32)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]. apply Rplus_le_compat; [exact Hw|].
    eapply Rle_trans; [apply round32_error|]. apply Rplus_le_compat_r.
    apply Rmult_le_compat_l; [lra|]. rewrite Rabs_mult.
    apply Rmult_le_compat; try apply Rabs_pos; easy. }
  (* the power of two and the sign *)
  assert (Hexact : decode d (supported_matrix m k) eps rho r i = eps i * (q * v * bpow radix2 (- e))).
  { unfold decode. change (sum d (fun j => supported_matrix m k j i * r j)) with v.
    replace (q * v * bpow radix2 (- e)) with (rho / INR d * v * (bpow radix2 e * bpow radix2 (- e)))
      by (unfold q; field; lra).
    rewrite Hinv. ring. }
  assert (Heps : Rabs (eps i) = 1).
  { destruct (He i) as [-> | ->]; [apply Rabs_R1|]. rewrite Rabs_left; lra. }
  assert (Hlast : Rabs (round32 (w * bpow radix2 (- e)) - w * bpow radix2 (- e))
                  <= if (0 <? e)%Z then underflow32 else 0).
  { assert (Hw0 : is_binary32 w) by apply is_binary32_round.
    destruct (Z.ltb_spec 0 e) as [Hdown | Hup].
    - now apply (prescale_error (- e) (fun _ => w) 0).
    - pose proof (prescale_exact (- e) (fun _ => w) 0 ltac:(lia) Hw0) as Heq.
      unfold prescale in Heq. rewrite Heq, Rminus_diag_eq, Rabs_R0 by easy. lra. }
  rewrite Hexact. fold scale. fold w.
  replace (eps i * round32 (w * bpow radix2 (- e)) - eps i * (q * v * bpow radix2 (- e)))
    with (eps i * ((w - q * v) * bpow radix2 (- e)
                   + (round32 (w * bpow radix2 (- e)) - w * bpow radix2 (- e)))) by ring.
  rewrite Rabs_mult, Heps, Rmult_1_l. eapply Rle_trans; [apply Rabs_triang|].
  apply Rplus_le_compat; [|exact Hlast].
  rewrite Rabs_mult, (Rabs_pos_eq (bpow radix2 (- e))) by lra. apply Rmult_le_compat_r; lra.
Qed.
