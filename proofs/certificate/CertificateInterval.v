(** * Interval arithmetic for the numeric certificates (SPEC §5.5)

    A thin layer over coq-interval with primitive floats: [encloses X x] says that the
    computed interval [X] contains the real number [x]; one lemma per operation. An
    operation outside its domain returns the interval that contains everything, so no
    lemma carries a side condition and a failure can only make a check fail. *)
From Coq Require Import Reals ZArith QArith Qreals List Lia Lra.
From Interval Require Import Interval.Interval Interval.Float_full Float.Primitive_ops
  Float.Basic Real.Xreal.
Open Scope R_scope.

Module F := PrimitiveFloat.
Module I := FloatIntervalFull F.

Definition interval := I.type.
Definition encloses (X : interval) (x : R) : Prop := contains (I.convert X) (Xreal x).

(** Primitive floats have one precision; the operations ignore this argument. *)
Definition prec : F.precision := F.PtoP 53.

Definition iadd (X Y : interval) : interval := I.add prec X Y.
Definition isub (X Y : interval) : interval := I.sub prec X Y.
Definition imul (X Y : interval) : interval := I.mul prec X Y.
Definition idiv (X Y : interval) : interval := I.div prec X Y.
Definition isqr (X : interval) : interval := I.sqr prec X.
Definition ineg (X : interval) : interval := I.neg X.
Definition iexp (X : interval) : interval := I.exp prec X.
Definition iln (X : interval) : interval := I.ln prec X.
Definition isqrt (X : interval) : interval := I.sqrt prec X.
Definition ipi : interval := I.pi prec.
Definition ifromZ (n : Z) : interval := I.fromZ prec n.
Definition ifromQ (q : Q) : interval := idiv (ifromZ (Qnum q)) (ifromZ (Zpos (Qden q))).
Definition ijoin (X Y : interval) : interval := I.join X Y.
Definition everything : interval := I.nai.
Definition icosh (X : interval) : interval :=
  idiv (iadd (iexp X) (iexp (ineg X))) (ifromZ 2).

(** The interval of one float near the middle of X: cuts the growth of rounding errors
    in an iteration. *)
Definition middle (X : interval) : interval := I.singleton (I.midpoint X).

(** [ile X Y]: every number in X is at most every number in Y. *)
Definition ile (X Y : interval) : bool :=
  match I.sign_large (isub Y X) with Xeq | Xgt => true | _ => false end.

Lemma contains_nan_all : forall i v, contains i Xnan -> contains i v.
Proof. intros [|l u] v H; [exact I | destruct H]. Qed.

Lemma iadd_correct : forall X Y x y, encloses X x -> encloses Y y -> encloses (iadd X Y) (x + y).
Proof. intros; exact (I.add_correct prec X Y (Xreal x) (Xreal y) H H0). Qed.

Lemma isub_correct : forall X Y x y, encloses X x -> encloses Y y -> encloses (isub X Y) (x - y).
Proof. intros; exact (I.sub_correct prec X Y (Xreal x) (Xreal y) H H0). Qed.

Lemma imul_correct : forall X Y x y, encloses X x -> encloses Y y -> encloses (imul X Y) (x * y).
Proof. intros; exact (I.mul_correct prec X Y (Xreal x) (Xreal y) H H0). Qed.

Lemma idiv_correct : forall X Y x y, encloses X x -> encloses Y y -> encloses (idiv X Y) (x / y).
Proof.
  intros X Y x y HX HY; unfold encloses, idiv.
  pose proof (I.div_correct prec X Y (Xreal x) (Xreal y) HX HY) as H.
  simpl in H; unfold Xdiv' in H; destruct (is_zero y); [now apply contains_nan_all | exact H].
Qed.

Lemma isqr_correct : forall X x, encloses X x -> encloses (isqr X) (x ^ 2).
Proof.
  intros X x H; replace (x ^ 2) with (x * x) by ring.
  exact (I.sqr_correct prec X (Xreal x) H).
Qed.

Lemma ineg_correct : forall X x, encloses X x -> encloses (ineg X) (- x).
Proof. intros; exact (I.neg_correct X (Xreal x) H). Qed.

Lemma iexp_correct : forall X x, encloses X x -> encloses (iexp X) (exp x).
Proof. intros; exact (I.exp_correct prec X (Xreal x) H). Qed.

Lemma iln_correct : forall X x, encloses X x -> encloses (iln X) (ln x).
Proof.
  intros X x HX; unfold encloses, iln.
  pose proof (I.ln_correct prec X (Xreal x) HX) as H.
  simpl in H; unfold Xln' in H; destruct (is_positive x); [exact H | now apply contains_nan_all].
Qed.

Lemma isqrt_correct : forall X x, encloses X x -> encloses (isqrt X) (sqrt x).
Proof.
  intros X x HX; exact (I.sqrt_correct prec X (Xreal x) HX).
Qed.

Lemma ipi_correct : encloses ipi PI.
Proof. exact (I.pi_correct prec). Qed.

Lemma ifromZ_correct : forall n, encloses (ifromZ n) (IZR n).
Proof. exact (I.fromZ_correct prec). Qed.

Lemma ifromQ_correct : forall q, encloses (ifromQ q) (Q2R q).
Proof. intro q; apply idiv_correct; apply ifromZ_correct. Qed.

Lemma ijoin_left : forall X Y x, encloses X x -> encloses (ijoin X Y) x.
Proof. intros; apply I.join_correct; now left. Qed.

Lemma ijoin_right : forall X Y x, encloses Y x -> encloses (ijoin X Y) x.
Proof. intros; apply I.join_correct; now right. Qed.

Lemma ijoin_between : forall X Y x y z,
  encloses X x -> encloses Y y -> x <= z <= y -> encloses (ijoin X Y) z.
Proof.
  intros X Y x y z HX HY Hz.
  apply (ijoin_left X Y) in HX; apply (ijoin_right X Y) in HY; unfold encloses in *.
  destruct (I.convert (ijoin X Y)) as [|l u]; [exact I|]; simpl in *.
  destruct l, u; intuition lra.
Qed.

Lemma everything_correct : forall x, encloses everything x.
Proof. intro x; unfold encloses, everything; rewrite I.nai_correct; exact Logic.I. Qed.

Lemma icosh_correct : forall X x, encloses X x -> encloses (icosh X) (cosh x).
Proof.
  intros X x H; unfold cosh; apply idiv_correct; [|apply ifromZ_correct].
  apply iadd_correct; apply iexp_correct; [|apply ineg_correct]; exact H.
Qed.

Lemma middle_inhabited : forall X, exists x, encloses (middle X) x.
Proof. intro X; eexists; apply I.singleton_correct. Qed.

Lemma ile_correct : forall X Y x y,
  ile X Y = true -> encloses X x -> encloses Y y -> x <= y.
Proof.
  intros X Y x y H HX HY; unfold ile in H.
  pose proof (isub_correct Y X y x HY HX) as D.
  pose proof (I.sign_large_correct (isub Y X)) as S.
  destruct (I.sign_large (isub Y X)); try discriminate.
  - specialize (S _ D); injection S; lra.
  - destruct (S _ D) as [_ S']; simpl in S'; lra.
Qed.
