(** * Enclosures of the normal distribution function and its quantiles (SPEC §3, §5.5)

    Phi is enclosed through the ratios J_m(s) / (s^(m+1)/(m+1)) of the integrals
    J_m(s) = int_0^s exp(-u^2/2) u^m du, which obey a one-term recursion (by parts) and
    lie in [0, 1]. A quantile is found by Newton's iteration and then proved by
    evaluating Phi on both sides of it. *)
From Coq Require Import Reals ZArith Lia Lra Psatz.
From Coquelicot Require Import Coquelicot.
From Hdq Require Import Defs Gaussian NormalQuantile CertificateInterval.
Open Scope R_scope.

(** ** The integrals J_m *)

Definition normal_moment (m : nat) (s : R) : R := RInt (fun u => exp (- u ^ 2 / 2) * u ^ m) 0 s.

Lemma moment_integrand_continuous : forall m u, continuous (fun u => exp (- u ^ 2 / 2) * u ^ m) u.
Proof.
  intros m u; apply (ex_derive_continuous (K := R_AbsRing) (V := R_NormedModule)); auto_derive; auto.
Qed.

Lemma moment_integrand_integrable : forall m a b, ex_RInt (fun u => exp (- u ^ 2 / 2) * u ^ m) a b.
Proof. intros; apply (ex_RInt_continuous (V := R_CompleteNormedModule)); intros; apply moment_integrand_continuous. Qed.

Lemma normal_moment_by_parts : forall m s,
  normal_moment m s = (exp (- s ^ 2 / 2) * s ^ (m + 1) + normal_moment (m + 2) s) / (INR m + 1).
Proof.
  intros m s; pose proof (pos_INR m) as Hm.
  set (f := fun u => exp (- u ^ 2 / 2) * u ^ (m + 1)).
  set (f' := fun u => (INR m + 1) * (exp (- u ^ 2 / 2) * u ^ m) - exp (- u ^ 2 / 2) * u ^ (m + 2)).
  assert (D : is_RInt f' 0 s (minus (f s) (f 0))).
  { apply (is_RInt_derive (V := R_CompleteNormedModule) f f').
    - intros x _; unfold f, f'; auto_derive; [trivial|].
      rewrite !Nat.add_1_r, !Nat.add_succ_r, Nat.add_0_r, S_INR; simpl; unfold Rdiv; field.
    - intros x _; unfold f'; apply (ex_derive_continuous (K := R_AbsRing) (V := R_NormedModule)); auto_derive; auto. }
  assert (D' : is_RInt f' 0 s (minus (scal (INR m + 1) (normal_moment m s)) (normal_moment (m + 2) s))).
  { apply (is_RInt_minus (V := R_NormedModule)).
    - apply (is_RInt_scal (V := R_NormedModule)), (RInt_correct (V := R_CompleteNormedModule)), moment_integrand_integrable.
    - apply (RInt_correct (V := R_CompleteNormedModule)), moment_integrand_integrable. }
  pose proof (is_RInt_unique _ _ _ _ D) as U; rewrite (is_RInt_unique _ _ _ _ D') in U.
  unfold minus, plus, opp, scal in U; simpl in U; unfold mult in U; simpl in U.
  unfold f in U; rewrite (pow_i (m + 1)) in U by lia; rewrite Rmult_0_r in U.
  apply (Rmult_eq_reg_l (INR m + 1)); [field_simplify; lra | lra].
Qed.

Lemma RInt_pow : forall m a b, is_RInt (fun u => u ^ m) a b (b ^ (m + 1) / (INR m + 1) - a ^ (m + 1) / (INR m + 1)).
Proof.
  intros m a b; pose proof (pos_INR m) as Hm.
  apply (is_RInt_derive (V := R_CompleteNormedModule) (fun u => u ^ (m + 1) / (INR m + 1))).
  - intros x _; auto_derive; [trivial|].
    rewrite Nat.add_1_r, S_INR; simpl; field; lra.
  - intros x _; apply (ex_derive_continuous (K := R_AbsRing) (V := R_NormedModule)); auto_derive; auto.
Qed.

Lemma normal_moment_bounds : forall m s, 0 <= s -> 0 <= normal_moment m s <= s ^ (m + 1) / (INR m + 1).
Proof.
  intros m s Hs; split.
  - apply RInt_ge_0; [exact Hs | apply moment_integrand_integrable |].
    intros; apply Rmult_le_pos; [left; apply exp_pos | apply pow_le; lra].
  - pose proof (RInt_pow m 0 s) as P.
    assert (E : s ^ (m + 1) / (INR m + 1) = RInt (fun u => u ^ m) 0 s).
    { rewrite (is_RInt_unique _ _ _ _ P), (pow_i (m + 1)) by lia; unfold Rdiv; ring. }
    rewrite E; apply RInt_le; [exact Hs | apply moment_integrand_integrable | eexists; exact P |].
    intros u Hu; rewrite <- (Rmult_1_l (u ^ m)) at 2.
    apply Rmult_le_compat_r; [apply pow_le; lra |].
    rewrite <- exp_0; destruct (Req_dec u 0) as [->|];
      [right; f_equal; simpl; field | left; apply exp_increasing; nra].
Qed.

Lemma normal_moment_opp : forall m s, Nat.Even m -> normal_moment m (- s) = - normal_moment m s.
Proof.
  intros m s [k ->].
  set (f := fun u => exp (- u ^ 2 / 2) * u ^ (2 * k)).
  assert (P : is_RInt f (- 0) (- s) (normal_moment (2 * k) (- s))).
  { rewrite Ropp_0; apply (RInt_correct (V := R_CompleteNormedModule)), moment_integrand_integrable. }
  apply is_RInt_comp_opp in P.
  assert (Q : is_RInt (fun u => opp (f (- u))) 0 s (opp (normal_moment (2 * k) s))).
  { apply (is_RInt_ext (V := R_NormedModule) (fun u => opp (f u))).
    - intros u _; unfold f; rewrite !pow_mult; replace ((- u) ^ 2) with (u ^ 2) by ring; reflexivity.
    - apply (is_RInt_opp (V := R_NormedModule)), (RInt_correct (V := R_CompleteNormedModule)),
        moment_integrand_integrable. }
  exact (eq_trans (eq_sym (is_RInt_unique (V := R_CompleteNormedModule) _ _ _ _ P))
                  (is_RInt_unique (V := R_CompleteNormedModule) _ _ _ _ Q)).
Qed.

(** The ratio of J_m to its integrand's leading power lies in [0, 1]. *)
Lemma normal_moment_ratio : forall m s, Nat.Even m ->
  exists r, 0 <= r <= 1 /\ normal_moment m s = s ^ (m + 1) / (INR m + 1) * r.
Proof.
  intros m s E; pose proof (pos_INR m) as Hm.
  assert (P : forall s, 0 <= s ->
    exists r, 0 <= r <= 1 /\ normal_moment m s = s ^ (m + 1) / (INR m + 1) * r).
  { clear s; intros s [Hs | <-].
    - destruct (normal_moment_bounds m s (Rlt_le _ _ Hs)) as [L U].
      assert (0 < s ^ (m + 1) / (INR m + 1)).
      { apply Rdiv_lt_0_compat; [apply pow_lt; exact Hs | lra]. }
      exists (normal_moment m s / (s ^ (m + 1) / (INR m + 1))); repeat split.
      + apply Rdiv_le_0_compat; lra.
      + apply Rle_div_l; lra.
      + set (d := s ^ (m + 1) / (INR m + 1)) in *; field; lra.
    - exists 0; split; [lra|]; unfold normal_moment; rewrite RInt_point; unfold zero; simpl; ring. }
  destruct (Rle_dec 0 s) as [Hs | Hs]; [exact (P s Hs)|].
  destruct (P (- s)) as [r [B Q]]; [lra|]; exists r; split; [exact B|].
  rewrite <- (Ropp_involutive s) at 1; rewrite normal_moment_opp by exact E; rewrite Q.
  replace ((- s) ^ (m + 1)) with (- s ^ (m + 1)); [unfold Rdiv; ring|].
  destruct E as [k ->]; rewrite !pow_add, !pow_mult; replace ((- s) ^ 2) with (s ^ 2) by ring; ring.
Qed.

(** ** Enclosure of Phi *)

Fixpoint moment_ratio (n : nat) (k : Z) (E Y : interval) : interval :=
  match n with
  | O => ijoin (ifromZ 0) (ifromZ 1)
  | S n' => iadd E (imul (idiv Y (ifromZ k)) (moment_ratio n' (k + 2) E Y))
  end.

Lemma moment_ratio_correct : forall n m k E Y s,
  Nat.Even m -> IZR k = INR m + 3 -> encloses E (exp (- s ^ 2 / 2)) -> encloses Y (s ^ 2) ->
  exists r, encloses (moment_ratio n k E Y) r /\ normal_moment m s = s ^ (m + 1) / (INR m + 1) * r.
Proof.
  induction n; intros m k E Y s Ev Hk HE HY; pose proof (pos_INR m) as Hm.
  - destruct (normal_moment_ratio m s Ev) as [r [B Q]]; exists r; split; [|exact Q].
    apply (ijoin_between _ _ 0 1); [apply ifromZ_correct | apply ifromZ_correct | exact B].
  - destruct (IHn (m + 2)%nat (k + 2)%Z E Y s) as [r [C Q]].
    + destruct Ev as [j ->]; exists (j + 1)%nat; lia.
    + rewrite plus_IZR, Hk, plus_INR; simpl; ring.
    + exact HE.
    + exact HY.
    + exists (exp (- s ^ 2 / 2) + s ^ 2 / IZR k * r); split.
      * apply iadd_correct; [exact HE|]; apply imul_correct; [|exact C].
        apply idiv_correct; [exact HY | apply ifromZ_correct].
      * rewrite normal_moment_by_parts, Q, Hk, plus_INR, !pow_add; simpl; field; lra.
Qed.

Definition half : interval := idiv (ifromZ 1) (ifromZ 2).
Definition root_two_pi : interval := isqrt (imul (ifromZ 2) ipi).
(** Terms of the recursion for Y = s^2, enough for what binary64 resolves: any number would be right; with fewer, as
    beyond |s| = 5, the enclosure widens. *)
Definition moment_terms (Y : interval) : nat :=
  if ile Y (ifromZ 1) then 16 else if ile Y (ifromZ 4) then 25 else if ile Y (ifromZ 9) then 36 else 60.

Lemma half_correct : encloses half (1 / 2).
Proof. apply idiv_correct; apply ifromZ_correct. Qed.

Lemma root_two_pi_correct : encloses root_two_pi (sqrt (2 * PI)).
Proof. apply isqrt_correct, imul_correct; [apply ifromZ_correct | apply ipi_correct]. Qed.

Definition gauss_weight (S : interval) : interval := iexp (ineg (imul (isqr S) half)).
Definition normal_density (S : interval) : interval := idiv (gauss_weight S) root_two_pi.
Definition normal_distribution (S : interval) : interval :=
  iadd half (idiv (imul S (moment_ratio (moment_terms (isqr S)) 3 (gauss_weight S) (isqr S))) root_two_pi).

Lemma gauss_weight_correct : forall S s, encloses S s -> encloses (gauss_weight S) (exp (- s ^ 2 / 2)).
Proof.
  intros S s H; apply iexp_correct; replace (- s ^ 2 / 2) with (- (s ^ 2 * (1 / 2))) by field.
  apply ineg_correct, imul_correct; [now apply isqr_correct | apply half_correct].
Qed.

Lemma normal_density_correct : forall S s, encloses S s -> encloses (normal_density S) (phi s).
Proof.
  intros; apply idiv_correct; [now apply gauss_weight_correct | apply root_two_pi_correct].
Qed.

Lemma Phi_normal_moment : forall s, Phi s = 1 / 2 + normal_moment 0 s / sqrt (2 * PI).
Proof.
  intro s; unfold Phi, phi, normal_moment; f_equal.
  pose proof sqrt_2PI_pos as H.
  transitivity (RInt (fun u => scal (/ sqrt (2 * PI)) (exp (- u ^ 2 / 2) * u ^ 0)) 0 s).
  - apply RInt_ext; intros u _; unfold scal; simpl; unfold mult; simpl; field; lra.
  - rewrite (RInt_scal (V := R_CompleteNormedModule)) by apply moment_integrand_integrable.
    unfold scal; simpl; unfold mult; simpl; field; lra.
Qed.

Lemma normal_distribution_correct : forall S s, encloses S s -> encloses (normal_distribution S) (Phi s).
Proof.
  intros S s H; rewrite Phi_normal_moment.
  destruct (moment_ratio_correct (moment_terms (isqr S)) 0 3 (gauss_weight S) (isqr S) s) as [r [C Q]].
  - exists O; reflexivity.
  - simpl; ring.
  - now apply gauss_weight_correct.
  - now apply isqr_correct.
  - apply iadd_correct; [apply half_correct|]; apply idiv_correct; [|apply root_two_pi_correct].
    rewrite Q; replace (s ^ (0 + 1) / (INR 0 + 1) * r) with (s * r) by (simpl; field).
    now apply imul_correct.
Qed.

(** ** Quantiles *)

Lemma Phi_inv_between : forall p x y, Phi x <= p -> p <= Phi y -> x <= Phi_inv p <= y.
Proof.
  intros p x y Hx Hy; unfold Phi_inv.
  destruct (Lub_Rbar_correct (fun x => Phi x <= p)) as [U L].
  assert (UB : is_ub_Rbar (fun x => Phi x <= p) y).
  { intros z Hz; simpl; destruct (Rle_dec z y) as [|N]; [assumption|].
    pose proof (Phi_increasing y z); simpl in Hz; lra. }
  specialize (U x Hx); specialize (L y UB).
  destruct (Lub_Rbar (fun x => Phi x <= p)); simpl in *; tauto.
Qed.

(** Half the width of the enclosure of a quantile at S: some ten times what the rounding
    errors of the enclosure of Phi, about 2^-42, come to there. *)
Definition quantile_radius (S : interval) : interval :=
  idiv (idiv (ifromZ 1) (ifromZ (2 ^ 38))) (normal_density S).

Fixpoint newton (n : nat) (P S : interval) : interval :=
  match n with
  | O => middle S
  | Datatypes.S n' =>
      newton n' P (middle (iadd S (idiv (isub P (normal_distribution S)) (normal_density S))))
  end.

Definition quantile (n : nat) (P guess : interval) : interval :=
  let S := newton n P guess in
  let lo := isub S (quantile_radius S) in
  let hi := iadd S (quantile_radius S) in
  if (ile (normal_distribution lo) P && ile P (normal_distribution hi))%bool
  then ijoin lo hi else everything.

Lemma newton_inhabited : forall n P S, exists s, encloses (newton n P S) s.
Proof. induction n; intros; [apply middle_inhabited | apply IHn]. Qed.

Lemma quantile_correct : forall n P guess p, encloses P p -> encloses (quantile n P guess) (Phi_inv p).
Proof.
  intros n P guess p HP; unfold quantile.
  destruct (newton_inhabited n P guess) as [s Hs].
  set (S := newton n P guess) in *.
  destruct (_ && _)%bool eqn:E; [|apply everything_correct].
  apply andb_prop in E; destruct E as [E1 E2].
  assert (R : encloses (quantile_radius S) (IZR 1 / IZR (2 ^ 38) / phi s)).
  { apply idiv_correct; [apply idiv_correct; apply ifromZ_correct | now apply normal_density_correct]. }
  pose proof (isub_correct _ _ _ _ Hs R) as Lo; pose proof (iadd_correct _ _ _ _ Hs R) as Hi.
  apply (ijoin_between _ _ _ _ _ Lo Hi), Phi_inv_between.
  - exact (ile_correct _ _ _ _ E1 (normal_distribution_correct _ _ Lo) HP).
  - exact (ile_correct _ _ _ _ E2 HP (normal_distribution_correct _ _ Hi)).
Qed.
