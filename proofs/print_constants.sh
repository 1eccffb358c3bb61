#!/bin/sh
# Print the constants of constants/Constants.v, one "name value..." per line, without Coq's decoration.
# usage: print_constants.sh DIR   (DIR holds the compiled proofs)
set -eu
cd "$1"
cat >print_constants.v <<'END'
From Coq Require Import List String.
From Hdq Require Import Constants.
Open Scope string_scope.
Definition newline : string := String (Ascii.ascii_of_nat 10) EmptyString.
Set Printing Width 1000.
Eval vm_compute in (newline ++ concat newline constants_lines ++ newline).
END
coqc -q -R . Hdq print_constants.v | grep -E '^[a-z0-9_]+( -?[0-9]+)+$'
