(** * The offsets of words: 2^23 values, and a Weyl sequence modulo 2^32 (SPEC §7)

    w -> w + j A mod 2^32 permutes the words, so each coordinate sees every value of the offset equally often. With m = 2^(23-h)
    the fractional parts of z/step + 2^h V are then m equidistant points, each equally often: what that changes in mean and mean square
    is computed exactly. *)
From Coq Require Import ZArith Reals Arith Lia Lra.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.Raux.
From Hdq Require Import Defs EntropyDefs Sums Hadamard VectorQuantizer StepQuantizer.
Open Scope R_scope.

(** ** Sums over words *)

Lemma sum_rotate n c (f : nat -> R) : (0 < n)%nat -> sum n (fun w => f ((w + c) mod n)%nat) = sum n f.
Proof.
  intros Hn. set (c' := (c mod n)%nat). pose proof (Nat.mod_upper_bound c n ltac:(lia)) as Hc. fold c' in Hc.
  rewrite (sum_ext n _ (fun w => f ((w + c') mod n)%nat)).
  2:{ intros w _. unfold c'. now rewrite Nat.add_mod_idemp_r by lia. }
  replace n with ((n - c') + c')%nat at 1 by lia. rewrite sum_app.
  replace (sum n f) with (sum (c' + (n - c')) f) by (f_equal; lia). rewrite sum_app, Rplus_comm. f_equal.
  - apply sum_ext. intros i Hi. f_equal. replace (n - c' + i + c')%nat with (i + 1 * n)%nat by lia.
    rewrite Nat.mod_add, Nat.mod_small by lia. easy.
  - apply sum_ext. intros i Hi. rewrite Nat.mod_small by lia. f_equal. lia.
Qed.

(** The low bits that the offset does not read. *)
Lemma sum_high n k (f : nat -> R) : (0 < k)%nat -> sum (n * k) (fun w => f (w / k)%nat) = INR k * sum n f.
Proof.
  intros Hk. rewrite sum_mul, <- sum_scal_l. apply sum_ext. intros a _.
  rewrite (sum_ext k _ (fun _ => f a)); [apply sum_const|]. intros c Hc. now rewrite index_div.
Qed.

(** n·m midpoints, times n, modulo 1: m equidistant points. *)
Lemma sum_fractional n m t (f : R -> R) :
  (0 < n)%nat -> (0 < m)%nat ->
  sum (n * m) (fun i => f (fractional (t + INR n * ((INR i + 1/2) / (INR n * INR m)))))
  = INR n * sum m (fun i => f ((INR i + fractional (INR m * t + 1/2)) / INR m)).
Proof.
  intros Hn Hm. assert (HN : 0 < INR n) by now apply lt_0_INR. assert (HM : 0 < INR m) by now apply lt_0_INR.
  set (s := INR m * t + 1/2). set (q := Zfloor s). set (c := Z.to_nat (q mod Z.of_nat m)).
  pose proof (Z.mod_pos_bound q (Z.of_nat m) ltac:(lia)) as Hq.
  pose proof (Z.div_mod q (Z.of_nat m) ltac:(lia)) as Hq'.
  transitivity (sum n (fun _ => sum m (fun i => f ((INR i + fractional s) / INR m)))); [|apply sum_const].
  rewrite sum_mul. apply sum_ext. intros a _.
  rewrite <- (sum_rotate m c (fun i => f ((INR i + fractional s) / INR m))) by easy.
  apply sum_ext. intros b Hb. f_equal.
  pose proof (fractional_bounds s) as Hs. set (r := ((b + c) mod m)%nat).
  assert (Hr : (r < m)%nat) by (apply Nat.mod_upper_bound; lia).
  assert (Hbc : (b + c = m * ((b + c) / m) + r)%nat) by (apply Nat.div_mod; lia).
  rewrite <- (fractional_id ((INR r + fractional s) / INR m)).
  - apply (fractional_congr _ _ (Z.of_nat a + Z.of_nat ((b + c) / m) + q / Z.of_nat m)).
    rewrite !plus_IZR, <- !INR_IZR_INZ.
    assert (Es : s = INR c + INR m * IZR (q / Z.of_nat m) + fractional s).
    { unfold fractional. fold q. unfold c. rewrite INR_IZR_INZ, Z2Nat.id by lia.
      rewrite (INR_IZR_INZ m), <- mult_IZR, <- plus_IZR. replace (_ + _)%Z with q by lia. ring. }
    apply (f_equal INR) in Hbc. rewrite plus_INR, plus_INR, mult_INR in Hbc.
    rewrite plus_INR, mult_INR. unfold s in Es at 1.
    assert (Et : t = (INR c + INR m * IZR (q / Z.of_nat m) + fractional s - 1/2) / INR m).
    { apply Rmult_eq_reg_l with (INR m); [|lra]. transitivity (INR m * t + 1/2 - 1/2); [ring|]. rewrite Es. field. lra. }
    rewrite Et. apply Rmult_eq_reg_l with (INR m); [|lra]. field_simplify; [|lra|lra].
    replace (INR r) with (INR b + INR c - INR m * INR ((b + c) / m)) by lra. field.
  - apply le_INR in Hr. rewrite S_INR in Hr. pose proof (pos_INR r). split.
    + apply Rdiv_le_0_compat; lra.
    + apply Rmult_lt_reg_r with (INR m); [easy|]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra.
Qed.

(** ** Powers of two, never computed in unary *)

Lemma nat_pow2_split a b : (2 ^ (a + b) = 2 ^ a * 2 ^ b)%nat.
Proof. apply Nat.pow_add_r. Qed.

Lemma words_split : (2 ^ 32 = 2 ^ 23 * 2 ^ 9)%nat.
Proof. rewrite <- nat_pow2_split. apply (f_equal (Nat.pow 2)). easy. Qed.

Lemma words_split_R : 2 ^ 32 = 2 ^ 23 * INR (2 ^ 9).
Proof. rewrite <- pow2_INR, <- pow_add. apply (f_equal (pow 2)). easy. Qed.

Lemma mean_rotated N n k (NR nR : R) c (f : nat -> R) :
  (N = n * k)%nat -> NR = nR * INR k -> (0 < n)%nat -> (0 < k)%nat -> 0 < nR ->
  / NR * sum N (fun w => f ((w + c) mod N / k)%nat) = / nR * sum n f.
Proof.
  intros -> -> Hn Hk HnR. rewrite (sum_rotate (n * k) c (fun w => f (w / k)%nat)) by lia. rewrite sum_high by easy.
  apply lt_0_INR in Hk. field. lra.
Qed.

Lemma mean_word_offsets j (f : R -> R) :
  mean_word (fun w => f (word_offsets w j)) = / 2 ^ 23 * sum (2 ^ 23) (fun i => f ((INR i + 1/2) / 2 ^ 23)).
Proof.
  unfold mean_word, word_offsets, weyl_word, offset_of_word.
  exact (mean_rotated (2 ^ 32) (2 ^ 23) (2 ^ 9) (2 ^ 32) (2 ^ 23) (j * weyl_increment) (fun i => f ((INR i + 1/2) / 2 ^ 23))
    words_split words_split_R (pow2_pos 23) (pow2_pos 9) (pow_lt 2 23 Rlt_0_2)).
Qed.

(** Each coordinate of the Weyl sequence, over all words: the 2^23 midpoints, equally often. *)
Theorem mean_word_fractional h j t (f : R -> R) :
  (h <= 23)%nat ->
  let m := (2 ^ (23 - h))%nat in
  mean_word (fun w => f (fractional (t + 2 ^ h * word_offsets w j)))
  = / INR m * sum m (fun i => f ((INR i + fractional (INR m * t + 1/2)) / INR m)).
Proof.
  intros Hh m. rewrite (mean_word_offsets j (fun V => f (fractional (t + 2 ^ h * V)))).
  assert (E : (2 ^ 23 = 2 ^ h * m)%nat).
  { unfold m. rewrite <- nat_pow2_split. f_equal. lia. }
  assert (ER : 2 ^ 23 = INR (2 ^ h) * INR m) by (rewrite <- mult_INR, <- E; apply pow2_INR).
  assert (Hm : (0 < m)%nat) by apply pow2_pos. pose proof (pow2_pos h) as Hn.
  rewrite E, ER, (pow2_INR h). clearbody m. clear E ER. set (n := (2 ^ h)%nat) in *. clearbody n.
  rewrite sum_fractional by easy. set (total := sum _ _). clearbody total.
  apply lt_0_INR in Hm, Hn. field. lra.
Qed.

(** ** Moments *)

(** Lemmas of any number of words: Coq must not unfold 2^32. *)
Lemma scaled_sum_sum N p n (f : nat -> nat -> R) :
  p * sum N (fun w => sum n (fun j => f j w)) = sum n (fun j => p * sum N (f j)).
Proof. rewrite sum_swap, <- sum_scal_l. easy. Qed.

Lemma scaled_sum_scal N p c (f : nat -> R) : p * sum N (fun w => c * f w) = c * (p * sum N f).
Proof. rewrite sum_scal_l. ring. Qed.

Lemma scaled_sum_ext N p (f f' : nat -> R) : (forall w, f w = f' w) -> p * sum N f = p * sum N f'.
Proof. intros E. f_equal. now apply sum_ext. Qed.

Lemma scaled_sum_rotate N p c (f : nat -> R) : (0 < N)%nat -> p * sum N (fun w => f ((w + c) mod N)%nat) = p * sum N f.
Proof. intros HN. f_equal. now apply sum_rotate. Qed.

Lemma mean_word_sum n (f : nat -> nat -> R) : mean_word (fun w => sum n (fun j => f j w)) = sum n (fun j => mean_word (f j)).
Proof. exact (scaled_sum_sum (2 ^ 32) (/ 2 ^ 32) n f). Qed.

Lemma mean_word_scal c f : mean_word (fun w => c * f w) = c * mean_word f.
Proof. exact (scaled_sum_scal (2 ^ 32) (/ 2 ^ 32) c f). Qed.

Lemma mean_word_const c : mean_word (fun _ => c) = c.
Proof.
  unfold mean_word. rewrite sum_const, <- pow2_INR, <- Rmult_assoc, Rinv_l; [apply Rmult_1_l|].
  apply Rgt_not_eq, pow_lt. lra.
Qed.

Lemma mean_word_ext f f' : (forall w, f w = f' w) -> mean_word f = mean_word f'.
Proof. exact (scaled_sum_ext (2 ^ 32) (/ 2 ^ 32) f f'). Qed.

Lemma sum_INR m : sum m INR = INR m * (INR m - 1) / 2.
Proof. induction m as [|m IH]; [simpl; field|]. cbn [sum]. rewrite IH, S_INR. field. Qed.

Lemma sum_INR_square m : sum m (fun i => INR i ^ 2) = INR m * (INR m - 1) * (2 * INR m - 1) / 6.
Proof. induction m as [|m IH]; [simpl; field|]. cbn [sum]. rewrite IH, S_INR. field. Qed.

Section Words.

Variables (step : R) (h : nat).
Hypothesis Hstep : 0 < step.
Hypothesis Hh : (h <= 23)%nat.

Let m : nat := (2 ^ (23 - h))%nat.

Lemma m_pos : 0 < INR m.
Proof. apply lt_0_INR, pow2_pos. Qed.

(** step/m is the spacing of the decoded values' errors: W/2^23. *)
Lemma spacing : step / INR m = coarse_step step h / 2 ^ 23.
Proof.
  unfold coarse_step, m. rewrite <- pow2_INR. replace 23%nat with (h + (23 - h))%nat at 2 by lia. rewrite pow_add.
  assert (0 < 2 ^ h) by (apply pow_lt; lra). assert (0 < 2 ^ (23 - h)) by (apply pow_lt; lra). field. lra.
Qed.

(** Mean and mean square of the error, exactly; phi depends on z/step alone. *)
Theorem word_moments j z :
  let phi := fractional (INR m * (z / step) + 1/2) in
  mean_word (fun w => step_quantize step h (word_offsets w j) z - z) = step / INR m * (1/2 - phi) /\
  mean_word (fun w => (step_quantize step h (word_offsets w j) z - z) ^ 2)
  = step_error step + (step / INR m) ^ 2 * ((1/2 - phi) ^ 2 - 1/12).
Proof.
  pose proof m_pos as Hm. set (phi := fractional (INR m * (z / step) + 1/2)). cbv zeta. split.
  - set (F := fun u => step * (1/2 - u)).
    transitivity (/ INR m * sum m (fun i => F ((INR i + phi) / INR m))).
    { transitivity (mean_word (fun w => F (fractional (z / step + 2 ^ h * word_offsets w j)))).
      - apply mean_word_ext. intros w. now apply step_quantize_error.
      - exact (mean_word_fractional h j (z / step) F Hh). }
    unfold F. clearbody m phi.
    rewrite (sum_ext m _ (fun i => step * (1/2 - phi / INR m) + - step / INR m * INR i)) by (intros; field; lra).
    rewrite sum_plus, sum_const, sum_scal_l, sum_INR. field. lra.
  - set (F := fun u => (step * (1/2 - u)) ^ 2).
    transitivity (/ INR m * sum m (fun i => F ((INR i + phi) / INR m))).
    { transitivity (mean_word (fun w => F (fractional (z / step + 2 ^ h * word_offsets w j)))).
      - apply mean_word_ext. intros w. unfold F. now rewrite step_quantize_error.
      - exact (mean_word_fractional h j (z / step) F Hh). }
    unfold F. clearbody m phi.
    rewrite (sum_ext m _ (fun i => step ^ 2 * (1/2 - phi / INR m) ^ 2
      + (- (2 * step ^ 2 * (1/2 - phi / INR m) / INR m) * INR i + step ^ 2 / INR m ^ 2 * INR i ^ 2))) by (intros; field; lra).
    rewrite !sum_plus, sum_const, !sum_scal_l, sum_INR, sum_INR_square. unfold step_error. field. lra.
Qed.

(** The bias of a coordinate: at most 2^-24 W. *)
Theorem word_step_bias j z :
  Rabs (mean_word (fun w => step_quantize step h (word_offsets w j) z - z)) <= coarse_step step h / 2 ^ 24.
Proof.
  destruct (word_moments j z) as [-> _]. rewrite spacing.
  pose proof (fractional_bounds (INR m * (z / step) + 1/2)) as Hphi.
  assert (HW : 0 < coarse_step step h) by (apply Rmult_lt_0_compat; [apply pow_lt|]; lra).
  assert (Hs : 0 < coarse_step step h / 2 ^ 23) by (apply Rdiv_lt_0_compat; [easy|apply pow_lt; lra]).
  replace (coarse_step step h / 2 ^ 24) with (coarse_step step h / 2 ^ 23 * (1/2)).
  2:{ change 24%nat with (S 23). rewrite <- tech_pow_Rmult. assert (0 < 2 ^ 23) by (apply pow_lt; lra).
      generalize dependent (2 ^ 23). intros p _ Hp. field; lra. }
  rewrite Rabs_mult, (Rabs_pos_eq (coarse_step step h / 2 ^ 23)) by lra.
  apply Rmult_le_compat_l; [lra|]. apply Rabs_le. lra.
Qed.

(** The mean square of its error: D within (W/2^23)^2/12 below and /6 above. *)
Theorem word_step_square_error j z :
  step_error step - (coarse_step step h / 2 ^ 23) ^ 2 / 12
  <= mean_word (fun w => (step_quantize step h (word_offsets w j) z - z) ^ 2)
  <= step_error step + (coarse_step step h / 2 ^ 23) ^ 2 / 6.
Proof.
  destruct (word_moments j z) as [_ ->]. rewrite spacing. set (e := coarse_step step h / 2 ^ 23).
  set (phi := fractional (INR m * (z / step) + 1/2)).
  pose proof (fractional_bounds (INR m * (z / step) + 1/2)) as Hphi. fold phi in Hphi.
  assert (Hp : 0 <= phi * (1 - phi)) by (apply Rmult_le_pos; lra).
  assert (Hq : (1/2 - phi) ^ 2 = 1/4 - phi * (1 - phi)) by field.
  pose proof (pow2_ge_0 (1/2 - phi)) as Hq0. pose proof (pow2_ge_0 e) as He. set (q := (1/2 - phi) ^ 2) in *.
  assert (0 <= e ^ 2 * q) by now apply Rmult_le_pos.
  assert (e ^ 2 * q <= e ^ 2 * (1/4)) by (apply Rmult_le_compat_l; lra).
  rewrite Rmult_minus_distr_l. lra.
Qed.

(** ** The vector *)

Variables (d : nat) (H : mat) (rho : R) (x eps : vec).
Hypothesis HH : hadamard d H.
Hypothesis Hsigns : signs d eps.
Hypothesis Hd : (0 < d)%nat.
Hypothesis Hrho : rho <> 0.

(** The norm of the bias: at most 2^-24 W rho. *)
Theorem word_reconstruct_bias :
  norm2 d (fun i => mean_word (fun w => step_reconstruct d H step h rho x eps (word_offsets w) i - x i))
  <= (rho * (coarse_step step h / 2 ^ 24)) ^ 2.
Proof.
  set (b := fun j => mean_word (fun w => step_quantize step h (word_offsets w j) (rotate d H eps x j / rho) - rotate d H eps x j / rho)).
  rewrite (norm2_ext d _ (decode d H eps rho b)).
  - rewrite decode_norm2 by easy. assert (Hd' : 0 < INR d) by now apply lt_0_INR. unfold norm2, dot.
    apply Rle_trans with (rho ^ 2 / INR d * sum d (fun _ => (coarse_step step h / 2 ^ 24) ^ 2)).
    + apply Rmult_le_compat_l.
      * apply Rdiv_le_0_compat; [apply pow2_ge_0|easy].
      * apply sum_le. intros j _. pose proof (word_step_bias j (rotate d H eps x j / rho)) as Hb. fold (b j) in Hb.
        apply Rabs_le_between in Hb. rewrite <- Rsqr_pow2. apply neg_pos_Rsqr_le; lra.
    + rewrite sum_const. right. generalize (coarse_step step h / 2 ^ 24). intros e. field. lra.
  - intros i Hi. unfold b.
    rewrite (mean_word_ext _ (fun w => rho / INR d * (eps i * sum d (fun j => H j i *
      (step_quantize step h (word_offsets w j) (rotate d H eps x j / rho) - rotate d H eps x j / rho))))).
    + rewrite !mean_word_scal.
      rewrite (mean_word_sum d (fun j w => H j i * (step_quantize step h (word_offsets w j) (rotate d H eps x j / rho) - rotate d H eps x j / rho))).
      unfold decode. do 2 f_equal. apply sum_ext. intros j _. now rewrite mean_word_scal.
    + intros w. rewrite <- (decode_exact d H eps rho x i) by easy. apply decode_minus.
Qed.

(** The mean squared error over the words: D rho^2, but for the same terms. *)
Theorem word_mse :
  (step_error step - (coarse_step step h / 2 ^ 23) ^ 2 / 12) * rho ^ 2
  <= mean_word (fun w => norm2 d (fun i => step_reconstruct d H step h rho x eps (word_offsets w) i - x i))
  <= (step_error step + (coarse_step step h / 2 ^ 23) ^ 2 / 6) * rho ^ 2.
Proof.
  rewrite (mean_word_ext _ (fun w => rho ^ 2 / INR d * sum d (fun j =>
    (step_quantize step h (word_offsets w j) (rotate d H eps x j / rho) - rotate d H eps x j / rho) ^ 2)))
    by (intros w; now apply step_reconstruct_error).
  rewrite mean_word_scal, (mean_word_sum d (fun j w =>
    (step_quantize step h (word_offsets w j) (rotate d H eps x j / rho) - rotate d H eps x j / rho) ^ 2)).
  assert (Hd' : 0 < INR d) by now apply lt_0_INR.
  set (low := step_error step - (coarse_step step h / 2 ^ 23) ^ 2 / 12).
  set (high := step_error step + (coarse_step step h / 2 ^ 23) ^ 2 / 6).
  set (s := sum d _). assert (Hs : INR d * low <= s <= INR d * high).
  { rewrite <- !sum_const. split; apply sum_le; intros j _; apply (word_step_square_error j). }
  assert (Hc : 0 <= rho ^ 2 / INR d) by (apply Rdiv_le_0_compat; [apply pow2_ge_0|easy]).
  replace (low * rho ^ 2) with (rho ^ 2 / INR d * (INR d * low)) by (field; lra).
  replace (high * rho ^ 2) with (rho ^ 2 / INR d * (INR d * high)) by (field; lra).
  split; now apply Rmult_le_compat_l.
Qed.

End Words.

(** ** Length of a row *)

(** length w z: the bits of a coordinate with word w (its bucket's table) and value z. If its mean over the words is below a
    quadratic of z, the mean length of every row is at most the quadratic's value at 1, d times. *)
Theorem word_row_length d H rho x eps (length : nat -> R -> R) b0 b2 :
  hadamard d H -> signs d eps -> (0 < d)%nat -> rho <> 0 -> rho ^ 2 = norm2 d x ->
  (forall z, mean_word (fun w => length w z) <= b0 + b2 * z ^ 2) ->
  mean_word (fun w => sum d (fun j => length (weyl_word w j) (rotate d H eps x j / rho))) <= (b0 + b2) * INR d.
Proof.
  intros HH Hs Hd Hrho Hnorm Hlength.
  rewrite (mean_word_sum d (fun j w => length (weyl_word w j) (rotate d H eps x j / rho))).
  rewrite (sum_ext d _ (fun j => mean_word (fun w => length w (rotate d H eps x j / rho)))).
  - now apply (quadratic_cost d H rho x eps HH Hs (fun z => mean_word (fun w => length w z))).
  - intros j _. exact (scaled_sum_rotate (2 ^ 32) (/ 2 ^ 32) (j * weyl_increment)
      (fun w => length w (rotate d H eps x j / rho)) (pow2_pos 32)).
Qed.
