#!/bin/sh
# check_proofs.sh refuses what would make the proofs say less: a mutated copy, and the step that has to see it.
#   usage: mutations_test.sh COMPILED WORK_DIR     (COMPILED: a BUILD_DIR of check_proofs.sh that passed)
# Nothing but the end of the library is compiled again; so "sources" is seen to refuse each trick by its words, and the steps that ask Coq
# are run on files that never passed "sources".
set -eu
export LC_ALL=C
proofs=$(cd "$(dirname "$0")" && pwd)
compiled=$(cd "$1" && pwd)
mkdir -p "$2"
work=$(cd "$2" && pwd)
source=$work/source build=$work/build
refused=0

rm -rf "$source" "$build"
cp -R "$proofs" "$source"
cp -Rp "$compiled" "$build"

# refuses WHAT MESSAGE STEP...: the steps fail, and their output has the extended regular expression MESSAGE.
refuses() {
  what=$1 message=$2
  shift 2
  if "$source/check_proofs.sh" "$build" "$@" >"$work/output" 2>&1; then
    echo "not refused: $what"
    exit 1
  fi
  says "$what" "$message"
}
says() {
  grep -qE -e "$2" "$work/output" || { cat "$work/output"; echo "refused, but not for this: $1"; exit 1; }
  refused=$((refused + 1))
}
original() { for file in "$@"; do cp "$proofs/$file" "$source/$file"; done; }
compile() { for file in "$@"; do (cd "$build" && coqc -q -w none -R . Hdq "$file"); done; }

# ---- words ----

while IFS='|' read -r what text; do
  printf "$text" >>"$source/Statements.v"
  refuses "$what" '^proofs: (holes in the proofs|options of Coq changed)$' sources
  original Statements.v
done <<'END'
an axiom with a prime, its warning off|Set Warnings "-local-declaration".\nVariable ax' : False.\n
an unguarded fixpoint, two blanks|Unset  Guard Checking.\n
an inductive type that is not positive, two lines|Unset Positivity\n  Checking.\n
universes unchecked, by attribute|#[bypass_check(universes)] Definition a := Type.\n
a module that nothing implements|Declare Module M : Nat.\n
a hole|Lemma a : False. Admitted.\n
END
echo '-arg -type-in-type' >>"$source/_CoqProject"
refuses "an option in _CoqProject" '_CoqProject: options' sources
original _CoqProject

# ---- coqchk, where the words passed ----

# In place of the examples, which take longer to check.
cat >"$build/Examples.v" <<'END'
From Hdq Require Statements.
Set Warnings "-local-declaration".
Variable ax' : False.
Variable axé : False.
Unset  Guard Checking.
Fixpoint unguarded (n : nat) : False := unguarded n.
Unset Positivity Checking.
Inductive negative := Negative (f : negative -> False).
Unset Universe Checking.
Definition large : Type := forall T : Type, T.
Definition in_itself : Set := Type.
END
compile Examples.v
refuses "an axiom with a prime" "^    Hdq\.Examples\.ax'" context
says "an axiom beyond ASCII" '^    Hdq\.Examples\.axé'
says "an unguarded fixpoint" 'Hdq\.Examples\.unguarded'
says "an inductive type that is not positive" 'Hdq\.Examples\.negative'
says "a universe in itself" 'Hdq\.Examples\.in_itself'

# ---- Print Assumptions ----

class=$build/assumptions_of_class1.out
cp "$class" "$work/class"
for line in "unguarded is assumed to be guarded." "negative is assumed to be positive." "ax'" "f relies on an unsafe hierarchy."; do
  { cat "$work/class"; echo "$line"; } >"$class"
  refuses "a line that is no axiom" "^refused: $line" assumptions
done
for axiom in "ax'" axé; do
  { cat "$work/class"; echo "$axiom : False"; } >"$class"
  refuses "an axiom more" "^\+.* $axiom( |\$)" assumptions
done
cp "$work/class" "$class"

# ---- statements and definitions: each mutated everywhere, so that all of it compiles ----

cp "$proofs/Statements.v" "$build/Statements.v"
sed 's/(step_dimension f) <= 2 ^ 24)%Z/(step_dimension f) <= 2 ^ 23)%Z/' \
  "$build/executable/StepFileRoundTrip.v" >"$work/mutated"
cp "$work/mutated" "$build/executable/StepFileRoundTrip.v"
# E ||x^ - x||^2 <= D rho^2 for =; and the same text of the error after the cut, its <= another.
sed -e 's/^  = step_error step \* rho ^ 2\.$/  <= step_error step * rho ^ 2./' \
  -e 's/^Proof\. exact (StepQuantizer\.step_mse step h a)\. Qed\.$/Proof. exact (fun p d H rho x eps q r s t => Req_le _ _ (StepQuantizer.step_mse step h a p d H rho x eps q r s t)). Qed./' \
  -e 's/^\(Theorem step_truncated_mse.*\)$/Section S. Local Notation "a <= b" := (Rle a (b + 1)) : R_scope.\n\1/' \
  -e 's/^Proof\. exact (StepQuantizer\.step_truncated_mse step h a)\. Qed\.$/Proof. exact (fun p d H rho x eps q r n s t u => Rle_trans _ _ _ (StepQuantizer.step_truncated_mse step h a p d H rho x eps q r n s t u) (Rlt_le _ _ (Rlt_plus_1 _))). Qed. End S./' \
  "$build/Statements.v" >"$work/mutated"
cp "$work/mutated" "$build/Statements.v"
# And a theorem no longer a headline.
for file in headlines.txt assumptions.expected; do
  sed '/^raw_bits/d' "$proofs/$file" >"$source/$file"
done
cp "$source/headlines.txt" "$build/headlines.txt"
compile executable/StepFileRoundTrip.v Statements.v
refuses "a weaker statement" '^@@ .* Statements\.step_mse' pins
says "a statement by another notation" '^@@ .* Statements\.step_truncated_mse'
says "a stronger hypothesis, by its definition" '^@@ .* StepFileRoundTrip\.step_file_ok'
says "a headline dropped" '^-Statements\.raw_bits'
original headlines.txt assumptions.expected

# ---- constants ----

sed 's/^bucket_shift 26$/bucket_shift 25/' "$proofs/constants.txt" >"$source/constants.txt"
refuses "another constant" '^-bucket_shift 25' constants

rm -rf "$build"
echo "$refused mutations refused"
