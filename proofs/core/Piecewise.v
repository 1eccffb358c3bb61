(** * Piecewise continuous functions of the dither

    As functions of U, codes and decoded values have finitely many jumps. The class is closed under
    sums and products, which Riemann integrability alone would make tedious to show. *)
From Coq Require Import Reals Lra.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Sums.
Open Scope R_scope.

(** On each open piece f agrees with a function that is continuous on the closed piece. *)
Inductive piecewise_continuous (f : R -> R) : R -> R -> Prop :=
| pc_piece (F : R -> R) (a b : R) :
    a <= b -> (forall x, a <= x <= b -> continuous F x) -> (forall x, a < x < b -> f x = F x) ->
    piecewise_continuous f a b
| pc_glue (a c b : R) :
    piecewise_continuous f a c -> piecewise_continuous f c b -> piecewise_continuous f a b.

Lemma pc_le f a b : piecewise_continuous f a b -> a <= b.
Proof. induction 1; lra. Qed.

Lemma pc_ex_RInt f a b : piecewise_continuous f a b -> ex_RInt f a b.
Proof.
  induction 1 as [F a b Hab HF Hf | a c b _ IH1 _ IH2].
  - apply (ex_RInt_ext F).
    + rewrite Rmin_left, Rmax_right by easy. intros x Hx. symmetry. now apply Hf.
    + apply (ex_RInt_continuous F). rewrite Rmin_left, Rmax_right by easy. easy.
  - now apply (ex_RInt_Chasles (V := R_NormedModule)) with c.
Qed.

Lemma pc_split f a b c :
  piecewise_continuous f a b -> a <= c <= b ->
  piecewise_continuous f a c /\ piecewise_continuous f c b.
Proof.
  intros Hf. revert c. induction Hf as [F a b Hab HF Hf | a m b H1 IH1 H2 IH2]; intros c Hc.
  - split; apply (pc_piece f F); try lra; intros x Hx; (apply HF || apply Hf); lra.
  - pose proof (pc_le _ _ _ H1). pose proof (pc_le _ _ _ H2).
    destruct (Rle_dec c m) as [Hcm | Hcm].
    + destruct (IH1 c) as [Ha Hb]; [lra|]. split; [easy|]. now apply pc_glue with m.
    + destruct (IH2 c) as [Ha Hb]; [lra|]. split; [|easy]. now apply pc_glue with m.
Qed.

Lemma pc_ext (f f' : R -> R) a b :
  (forall x, a < x < b -> f x = f' x) -> piecewise_continuous f a b ->
  piecewise_continuous f' a b.
Proof.
  intros Heq Hf. induction Hf as [F a b Hab HF Hf | a m b H1 IH1 H2 IH2].
  - apply (pc_piece f' F); try easy. intros x Hx. rewrite <- Heq by easy. now apply Hf.
  - pose proof (pc_le _ _ _ H1). pose proof (pc_le _ _ _ H2).
    apply pc_glue with m; [apply IH1 | apply IH2]; intros x Hx; apply Heq; lra.
Qed.

Lemma pc_continuous f a b :
  a <= b -> (forall x, a <= x <= b -> continuous f x) -> piecewise_continuous f a b.
Proof. intros Hab Hf. now apply (pc_piece f f). Qed.

Lemma pc_const c a b : a <= b -> piecewise_continuous (fun _ => c) a b.
Proof. intros Hab. apply pc_continuous; [easy|]. intros x _. apply continuous_const. Qed.

Section Binary.

Variable op : R -> R -> R.
Hypothesis op_continuous : forall (F G : R -> R) x,
  continuous F x -> continuous G x -> continuous (fun y => op (F y) (G y)) x.

Lemma pc_binary f g a b :
  piecewise_continuous f a b -> piecewise_continuous g a b ->
  piecewise_continuous (fun x => op (f x) (g x)) a b.
Proof.
  intros Hf. revert g. induction Hf as [F a b Hab HF Hf | a m b H1 IH1 H2 IH2]; intros g Hg.
  - induction Hg as [G a b Hab' HG Hg | a m b H1 IH1 H2 IH2].
    + apply (pc_piece _ (fun x => op (F x) (G x))); [easy| |].
      * intros x Hx. apply op_continuous; [now apply HF|now apply HG].
      * intros x Hx. now rewrite Hf, Hg.
    + pose proof (pc_le _ _ _ H1). pose proof (pc_le _ _ _ H2).
      apply pc_glue with m; [apply IH1 | apply IH2]; try lra;
        intros x Hx; (apply HF || apply Hf); lra.
  - pose proof (pc_le _ _ _ H1). pose proof (pc_le _ _ _ H2).
    destruct (pc_split _ _ _ m Hg) as [Hg1 Hg2]; [lra|].
    apply pc_glue with m; [now apply IH1|now apply IH2].
Qed.

End Binary.

Lemma pc_plus f g a b :
  piecewise_continuous f a b -> piecewise_continuous g a b ->
  piecewise_continuous (fun x => f x + g x) a b.
Proof.
  apply (pc_binary Rplus). intros F G x HF HG.
  now apply (continuous_plus (V := R_NormedModule)).
Qed.

Lemma pc_mult f g a b :
  piecewise_continuous f a b -> piecewise_continuous g a b ->
  piecewise_continuous (fun x => f x * g x) a b.
Proof.
  apply (pc_binary Rmult). intros F G x HF HG. now apply (continuous_mult (K := R_AbsRing)).
Qed.

Lemma pc_scal c f a b :
  piecewise_continuous f a b -> piecewise_continuous (fun x => c * f x) a b.
Proof.
  intros Hf. apply pc_mult; [|easy]. apply pc_const. now apply (pc_le f).
Qed.

Lemma pc_minus f g a b :
  piecewise_continuous f a b -> piecewise_continuous g a b ->
  piecewise_continuous (fun x => f x - g x) a b.
Proof.
  apply (pc_binary Rminus). intros F G x HF HG.
  now apply (continuous_minus (V := R_NormedModule)).
Qed.

Lemma pc_sum n (f : nat -> R -> R) a b :
  a <= b -> (forall i, (i < n)%nat -> piecewise_continuous (f i) a b) ->
  piecewise_continuous (fun x => sum n (fun i => f i x)) a b.
Proof.
  intros Hab. induction n as [|n IH]; intros Hf; simpl.
  - now apply pc_const.
  - apply pc_plus; [apply IH; intros i Hi|]; apply Hf; auto with arith.
Qed.
