(** * Rounded additions on the way to one output of the fast transform (SPEC §5.6)

    The exponent s of the error bound ((1+u)^s - 1) Sigma|x_i|: k butterfly stages, then,
    for B_m with m = 12, 20, 28, two additions inside a group of four columns and
    m/4 - 1 additions from group to group. FloatTransform.v proves that the network has
    no longer path. *)
From Coq Require Import Arith.

Definition base_addition_stages (m : nat) : nat :=
  if Nat.eqb m 1 then 0 else 2 + (m / 4 - 1).

Definition transform_addition_stages (m k : nat) : nat := k + base_addition_stages m.
