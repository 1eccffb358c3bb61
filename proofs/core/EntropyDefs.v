(** * What the entropy-coded quantizer computes, in real arithmetic (SPEC §7)

    The step, its rule with the raw bits h, and the two laws of the offsets: a real V uniform
    on (0,1), and the 2^23 values that 32-bit words give. *)
From Coq Require Import ZArith Reals Arith.
From Coquelicot Require Import Coquelicot.
From Flocq Require Import Core.Raux.
From Hdq Require Import Defs.
Open Scope R_scope.

(** ** The rule *)

(** k = floor(z/step + 2^h V), decoded as step (k + 1/2 - 2^h V). *)
Definition step_code (step : R) (h : nat) (V z : R) : Z := Zfloor (z / step + 2 ^ h * V).
Definition step_value (step : R) (h : nat) (V : R) (k : Z) : R := step * (IZR k + 1/2 - 2 ^ h * V).
Definition step_quantize (step : R) (h : nat) (V z : R) : R := step_value step h V (step_code step h V z).

(** D = step^2/12 and W = 2^h step. *)
Definition step_error (step : R) : R := step ^ 2 / 12.
Definition coarse_step (step : R) (h : nat) : R := 2 ^ h * step.

(** Encode, then decode; V j is the offset of coordinate j, rho the stored norm. *)
Definition step_reconstruct (d : nat) (H : mat) (step : R) (h : nat) (rho : R) (x eps V : vec) : vec :=
  decode d H eps rho (fun j => step_quantize step h (V j) (rotate d H eps x j / rho)).

(** ** Offsets *)

Definition fractional (x : R) : R := x - IZR (Zfloor x).

(** One V for the row, uniform on (0,1); coordinate j has it shifted by a j, modulo 1. *)
Definition offsets (a : vec) (V : R) : vec := fun j => fractional (V + a j).

(** The words: w_j = w + j A mod 2^32, and the offset (floor(w/2^9) + 1/2)/2^23. *)
Definition weyl_constant : N := 0x9E3779B9.
Definition weyl_increment : nat := N.to_nat weyl_constant.
Definition weyl_word (w j : nat) : nat := ((w + j * weyl_increment) mod 2 ^ 32)%nat.
Definition offset_of_word (w : nat) : R := (INR (w / 2 ^ 9) + 1/2) / 2 ^ 23.
Definition word_offsets (w : nat) : vec := fun j => offset_of_word (weyl_word w j).

(** Expectation over the word w, uniform on 0..2^32-1. *)
Definition mean_word (f : nat -> R) : R := / 2 ^ 32 * sum (2 ^ 32) f.
