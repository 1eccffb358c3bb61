(** * What hdq computes, in real arithmetic

    The objects of the specification, and nothing else: every theorem in this
    directory is about these definitions. A vector of dimension [d] is a function
    read at [0 .. d-1]; a [d] x [d] matrix likewise. *)
From Coq Require Import Reals Arith.
From Coquelicot Require Import Coquelicot.
Open Scope R_scope.

Definition vec := nat -> R.
Definition mat := nat -> nat -> R.

(** [sum d f] = f 0 + ... + f (d-1). *)
Fixpoint sum (d : nat) (f : nat -> R) : R :=
  match d with
  | O => 0
  | S d' => sum d' f + f d'
  end.

Definition dot (d : nat) (x y : vec) : R := sum d (fun i => x i * y i).
Definition norm2 (d : nat) (x : vec) : R := dot d x x.
Definition mulv (d : nat) (A : mat) (x : vec) : vec := fun i => sum d (fun j => A i j * x j).
Definition transpose (A : mat) : mat := fun i j => A j i.

(** ** SPEC §1: rotation *)

(** Entries +-1 and H H^T = d I. Nothing is assumed of H^T H. *)
Definition hadamard (d : nat) (H : mat) : Prop :=
  (forall i j, (i < d)%nat -> (j < d)%nat -> H i j = 1 \/ H i j = -1) /\
  (forall i j, (i < d)%nat -> (j < d)%nat ->
     sum d (fun k => H i k * H j k) = if Nat.eqb i j then INR d else 0).

Definition scons (a : R) (e : vec) : vec :=
  fun i => match i with O => a | S i' => e i' end.

(** Expectation over [d] independent fair signs: the mean of [f] over {-1,1}^d. *)
Fixpoint Esign (d : nat) (f : vec -> R) : R :=
  match d with
  | O => f (fun _ => 1)
  | S d' => (Esign d' (fun e => f (scons 1 e)) + Esign d' (fun e => f (scons (-1) e))) / 2
  end.

(** y = H D x, D = diag(eps). *)
Definition rotate (d : nat) (H : mat) (eps x : vec) : vec :=
  mulv d H (fun i => eps i * x i).

(** The Rademacher sum that every coordinate of H D x is distributed as. *)
Definition rademacher (d : nat) (x eps : vec) : R := sum d (fun i => eps i * x i).

(** ** SPEC §3: the dithered scalar quantizer with N levels *)

Record generator (N : nat) (g : R -> R) : Prop := {
  gen_levels : (2 <= N)%nat;
  gen_continuous : forall v, 0 < v < INR N -> continuous g v;
  gen_increasing : forall u v, 0 < u -> u < v -> v < INR N -> g u < g v;
  gen_odd : forall v, 0 < v < INR N -> g (INR N - v) = - g v;
  (** the integral of g diverges at 0 (and so, g being odd about N/2, at N) *)
  gen_diverges : forall A, exists a, 0 < a < 1 /\ RInt g a 1 < A }.

Definition codeword (g : R -> R) (k : nat) (U : R) : R := g (INR k + U).
Definition threshold (g : R -> R) (k : nat) (U : R) : R := RInt g (INR k - 1 + U) (INR k + U).

(** #{k in 1..n : threshold k <= z} *)
Fixpoint count_thresholds (n : nat) (g : R -> R) (U z : R) : nat :=
  match n with
  | O => O
  | S n' => (count_thresholds n' g U z + if Rle_dec (threshold g n U) z then 1 else 0)%nat
  end.

Definition encode (N : nat) (g : R -> R) (U z : R) : nat := count_thresholds (N - 1) g U z.
Definition quantize (N : nat) (g : R -> R) (U z : R) : R := codeword g (encode N g U z) U.

(** Expectation over the dither U, uniform on (0,1). *)
Definition Edither (f : R -> R) : R := RInt f 0 1.

(** c(t), the mean of g on the unit window around t; the squared error at z = c(t) is
    the variance of g on that window. *)
Definition compand (g : R -> R) (t : R) : R := RInt g (t - 1/2) (t + 1/2).
Definition window_mse (g : R -> R) (t : R) : R :=
  RInt (fun v => (g v)^2) (t - 1/2) (t + 1/2) - (compand g t)^2.

(** M(z) := E_U (decoded - z)^2. *)
Definition scalar_mse (N : nat) (g : R -> R) (z : R) : R :=
  Edither (fun U => (quantize N g U z - z)^2).

(** ** SPEC §4: the vector quantizer *)

(** x^ = (rho/d) D H^T z^. *)
Definition decode (d : nat) (H : mat) (eps : vec) (rho : R) (zhat : vec) : vec :=
  fun i => rho / INR d * (eps i * sum d (fun j => H j i * zhat j)).

(** Encode, then decode, with stored scale [rho] (the norm of x, or its float32 rounding:
    encoder and decoder use the same number). *)
Definition reconstruct (N : nat) (g : R -> R) (d : nat) (H : mat) (rho : R) (x eps : vec) (U : R) : vec :=
  decode d H eps rho (fun j => quantize N g U (rotate d H eps x j / rho)).

(** E ||x^ - x||^2 over signs and dither. *)
Definition mse (N : nat) (g : R -> R) (d : nat) (H : mat) (rho : R) (x : vec) : R :=
  Esign d (fun eps => Edither (fun U =>
    norm2 d (fun i => reconstruct N g d H rho x eps U i - x i))).

(** ** SPEC §3: the shipped generator *)

Definition phi (x : R) : R := exp (- x^2 / 2) / sqrt (2 * PI).
Definition Phi (x : R) : R := 1/2 + RInt phi 0 x.
(** The quantile function: the least upper bound of {x | Phi x <= p}. *)
Definition Phi_inv (p : R) : R := real (Lub_Rbar (fun x => Phi x <= p)).
Definition shipped (N : nat) (sigma kappa : R) (v : R) : R :=
  sigma * Phi_inv (v / INR N) + kappa * (1 / (INR N - v) - 1 / v).

(** ** SPEC §2: the dither is w in 0..2^32-1, U = (w + 1/2)/2^32 *)
Definition dither_of_word (w : nat) : R := (INR w + 1/2) / 2^32.
