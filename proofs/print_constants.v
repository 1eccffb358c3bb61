(** Prints the constants of Constants.v; print_constants.sh strips Coq's decoration. *)
From Coq Require Import List String.
From Hdq Require Import Constants.
Open Scope string_scope.
Definition newline : string := String (Ascii.ascii_of_nat 10) EmptyString.
Set Printing Width 1000.
Eval vm_compute in (newline ++ concat newline constants_lines ++ newline).
