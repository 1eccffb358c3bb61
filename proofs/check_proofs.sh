#!/bin/sh
# Build every proof and check what Coq itself does not: no hole, no check switched off, no axiom beyond the allowed ones,
# every statement and definition the pinned one, no headline theorem missing, constants as recorded.
#   usage: check_proofs.sh BUILD_DIR [STEP...]   (sources are copied there; the source tree stays clean)
#          check_proofs.sh BUILD_DIR pin         (write definitions.txt and pins.expected anew, of the proofs built there)
# STEP: sources build headlines context pins assumptions constants; all of them unless given.
set -eu
export LC_ALL=C
source_dir=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
build_dir=$(cd "$1" && pwd)
shift
jobs=2

say() { printf '%s\n' "-- $*"; }
fail() { printf '%s\n' "proofs: $*" >&2; exit 1; }
command -v coqc >/dev/null || fail "coqc not found (Debian: coq libcoq-coquelicot libcoq-flocq libcoq-interval)"

# Axioms of Coq's reals, functional extensionality, classical logic: for every theorem.
allowed='^(ClassicalDedekindReals\.sig_not_dec|ClassicalDedekindReals\.sig_forall_dec|FunctionalExtensionality\.functional_extensionality_dep|Classical_Prop\.classic)$'
# Coq's primitive integers and floats and their specifications: for numeric certificates besides.
allowed_numeric='^(PrimInt63|Uint63|Sint63|Uint63Axioms|Sint63Axioms|PrimFloat|FloatAxioms|FloatOps)\.[A-Za-z0-9_]+$'

listed() { sed -nE '/^[A-Za-z0-9_/]+\.v$/p' "$source_dir/_CoqProject" | sort; }

# _CoqProject lists what is there, each file once, and no two files of one name (From Hdq Require NAME would be ambiguous).
check_project() {
  cd "$source_dir"
  listed >"$build_dir/sources.listed"
  find . -name '*.v' | sed 's,^\./,,' | sort >"$build_dir/sources.found"
  diff -u "$build_dir/sources.listed" "$build_dir/sources.found" || fail "_CoqProject and the files differ (- listed, + found)"
  twice=$(sed 's,.*/,,' "$build_dir/sources.found" | sort | uniq -d)
  [ -z "$twice" ] || fail "two files of one name:" $twice
}

# Words, in comments too: the proofs need none of them. Set and Unset are how an option, a check or a warning goes; Declare and Load bring
# in what no proof stands behind. This is the plain refusal; "context", "pins" and "assumptions" ask Coq itself.
check_sources() {
  cd "$source_dir"
  if listed | xargs grep -nwE 'Admitted|Abort|Axiom|Axioms|Parameter|Parameters|Conjecture|Conjectures|admit|give_up'; then
    fail "holes in the proofs"
  fi
  if listed | xargs grep -nwE 'Set|Unset|Warnings|Checking|Declare|Load|Redirect|[a-z_]*bypass_check[a-z_]*'; then
    fail "options of Coq changed"
  fi
  sed -E '/^#/d; /^[A-Za-z0-9_\/]+\.v$/d' _CoqProject >"$build_dir/options.found"
  printf '%s\n' '-R . Hdq' '-arg -w' '-arg +local-declaration,-ambiguous-paths' | diff -u - "$build_dir/options.found" ||
    fail "_CoqProject: options other than these (-)"
}

# Copies what changed; removes what is no longer listed, compiled files included.
copy_sources() {
  cd "$build_dir"
  find . -name '*.v' | sed 's,^\./,,' | sort | comm -13 sources.listed - | while read -r file; do
    rm -f "$file" "${file%.v}".vo "${file%.v}".vos "${file%.v}".vok "${file%.v}".glob
  done
  while read -r file; do
    mkdir -p "$(dirname "$file")"
    cmp -s "$source_dir/$file" "$file" || cp "$source_dir/$file" "$file"
  done <sources.listed
  cp "$source_dir/_CoqProject" "$source_dir/headlines.txt" .
}

build() {
  cd "$build_dir"
  coq_makefile -f _CoqProject -o Makefile.coq >/dev/null
  make -f Makefile.coq -j "$jobs" --no-print-directory
}

# Statements.v proves exactly the theorems of headlines.txt, each by reference; Examples.v uses each.
check_headlines() {
  cd "$source_dir"
  sort -c -u headlines.txt || fail "headlines.txt is not sorted"
  sed -nE 's/^Theorem ([A-Za-z0-9_]+).*/\1/p' Statements.v | sort >"$build_dir/headlines.found"
  diff -u headlines.txt "$build_dir/headlines.found" || fail "headlines.txt and Statements.v differ"
  proved=$(grep -cE '^Proof\. exact .*' Statements.v || true)
  [ "$proved" = "$(wc -l <headlines.txt)" ] || fail "Statements.v: a proof is not 'Proof. exact ...'"
  missing=0
  while read -r name; do
    grep -qw "$name" Examples.v || { echo "no example of $name"; missing=1; }
    grep -qw "$name" README.md || { echo "README.md does not map $name"; missing=1; }
  done <headlines.txt
  [ "$missing" = 0 ] || fail "a headline theorem lacks an example or its line in README.md"
}

# Coq's independent checker, over everything that Statements.v and Examples.v rest on, Coq's library included: full names of all axioms, and what
# was accepted with a check switched off. (It checks these two files anew; the others as coqc left them.)
check_context() {
  cd "$build_dir"
  coqchk -silent -o -R . Hdq -norec Hdq.Statements -norec Hdq.Examples >context.out 2>&1 || { cat context.out; fail "coqchk refuses the proofs"; }
  refused=$(grep -vE -e '^ *$' -e '^CONTEXT SUMMARY$' -e '^=+$' -e '^\* Axioms:$' -e '^    (Coq|mathcomp)\.[^ ]+$' -e "$sound" context.out || true)
  [ -z "$refused" ] || { echo "$refused"; fail "context: not allowed"; }
  [ "$(grep -cE "$sound" context.out)" = 4 ] || { cat context.out; fail "context: not the summary of coqchk"; }
}
sound='^\* (Theory: Set is predicative|Constants/Inductives relying on (type-in-type|unsafe \(co\)fixpoints): <none>|Inductives whose positivity is assumed: <none>)$'

# The definitions of ours that a text of Coq mentions, by their module; nothing is imported where Coq prints, so that no name goes without.
mentioned_in() {
  modules=$(sed 's,.*/,,; s/\.v$//' "$build_dir/sources.listed" | tr '\n' '|' | sed 's/|$//')
  grep -oE "(^|[^A-Za-z0-9_.'])($modules)\.[^][ (){},;:.@%]+" "$1" | sed -E 's/^[^A-Za-z]//' | sort -u | grep -v '^Statements\.'
}

# Printing All: no notation, coercion or implicit argument can disguise what is printed.
ask='From Hdq Require Statements.
Set Printing Width 120. Set Printing Depth 1000000.'
print_headlines() { sed 's/.*/Check @Statements.&./' headlines.txt; }
print_definitions() { sed 's/.*/Print &./' "$1"; }

# definitions.txt and pins.expected, from the compiled proofs.
pin() {
  cd "$build_dir"
  { echo "$ask Set Printing All."; print_headlines; } >Pins.v
  coqc -q -R . Hdq Pins.v >pins.text
  : >definitions.closed
  while mentioned_in pins.text >definitions.seen; comm -13 definitions.closed definitions.seen >definitions.more; [ -s definitions.more ]; do
    { echo "$ask Set Printing All."; print_definitions definitions.more; } >Pins.v
    coqc -q -R . Hdq Pins.v >>pins.text
    cp definitions.seen definitions.closed
  done
  cp definitions.closed "$source_dir/definitions.txt"
  { echo "$ask Set Printing All."; print_headlines; print_definitions definitions.closed; } >Pins.v
  coqc -q -R . Hdq Pins.v >"$source_dir/pins.expected"
}

# up_to_date OUTPUT QUESTION: OUTPUT answers this file of Coq, asked of the present Statements.vo. (It is newer whenever anything it rests on was rebuilt.)
up_to_date() { [ "$1" -nt Statements.vo ] && cmp -s "$2" "$2.asked"; }

# Check of each headline and Print of each definition.
ask_pins() {
  { echo "$ask Set Printing All."; print_headlines; print_definitions "$source_dir/definitions.txt"; } >Pins.v
  if up_to_date pins.actual Pins.v; then return; fi
  coqc -q -R . Hdq Pins.v >pins.new || fail "Coq does not know a headline theorem or a definition of definitions.txt"
  mv pins.new pins.actual
  cp Pins.v Pins.v.asked
}

# assumptions.all has a line "name: axiom axiom ..." for each headline theorem ("name:" for one that rests on none). Those with the same axioms
# are a class: one conjunction, whose assumptions are the union of its theorems'. (Coq walks through all of the reals each time that it is asked.)
ask_assumptions() {
  sort "$source_dir/assumptions.expected" "$source_dir/assumptions_numeric.expected" >assumptions.all
  # So wide that an axiom is a line.
  { echo "$ask Set Printing Width 1000000."
    awk -F': *' '{ names[$2] = names[$2] (names[$2] == "" ? "" : ", ") "@Statements." $1 }
      END { for (axioms in names) { ++n
        print "Definition class" n " := (" names[axioms] ")."
        print "Redirect \"assumptions_of_class" n "\" Print Assumptions class" n "." } }' assumptions.all
  } >Assumptions.v
  if up_to_date assumptions.asked Assumptions.v; then return; fi
  rm -f assumptions_of_class*.out
  coqc -q -R . Hdq Assumptions.v
  cp Assumptions.v Assumptions.v.asked
  touch assumptions.asked
}

check_pins() {
  cd "$build_dir"
  ask_pins
  diff -U0 -F '^Statements\.\|^[^ ]* = \|^Record \|^Inductive ' "$source_dir/pins.expected" pins.actual || fail "a statement or a definition is not the pinned one (- pinned, + now); if it is meant: check_proofs.sh BUILD_DIR pin"
  mentioned_in pins.actual | diff -u "$source_dir/definitions.txt" - || fail "definitions.txt is not what the statements rest on (+)"
}

# The output of Print Assumptions, in FILE, as one line "axiom axiom ..."; every line of it is an axiom or refused.
parse_assumptions() {
  awk '/^Axioms:$/ || /^Closed under the global context$/ { next }
    /^[^ ]+ : / { print $1; next }
    { print "refused: " $0 >"/dev/stderr"; bad = 1 } END { exit bad }' "$1" >"$1.axioms" || fail "Print Assumptions: no axiom, but $1 has it"
  sort "$1.axioms" | tr '\n' ' ' | sed 's/ *$//'
  echo
}

check_allowed() {  # FILE PATTERN
  cut -d: -f2- "$1" | tr ' ' '\n' | grep -v '^$' | sort -u | grep -vE "$2" && fail "${1##*/}: axioms that are not allowed"
  return 0
}

check_assumptions() {
  cut -d: -f1 "$source_dir/assumptions.expected" "$source_dir/assumptions_numeric.expected" | sort | diff -u "$source_dir/headlines.txt" - ||
    fail "the expected assumptions are not of the headline theorems"
  cd "$build_dir"
  ask_assumptions
  : >assumptions.printed
  for class in assumptions_of_class*.out; do parse_assumptions "$class" >>assumptions.printed; done
  sort assumptions.printed >assumptions.actual
  sed 's/^[^:]*: *//' assumptions.all | sort -u | diff -u - assumptions.actual || fail "assumptions differ from the expected ones"
  check_allowed "$source_dir/assumptions.expected" "$allowed"
  check_allowed "$source_dir/assumptions_numeric.expected" "$allowed|$allowed_numeric"
}

check_constants() {
  "$source_dir/print_constants.sh" "$build_dir" >"$build_dir/constants.actual"
  diff -u "$source_dir/constants.txt" "$build_dir/constants.actual" || fail "constants.txt is not what Constants.v prints"
}

step() {
  say "$1"
  case $1 in
    sources) check_project; check_sources; copy_sources ;;
    build) build ;;
    headlines) check_headlines ;;
    context) check_context ;;
    pins) check_pins ;;
    assumptions) check_assumptions ;;
    constants) check_constants ;;
    pin) pin ;;
    *) fail "no step $1" ;;
  esac
}

if [ $# -gt 0 ]; then
  for name in "$@"; do step "$name"; done
else
  for name in sources build headlines context pins assumptions constants; do step "$name"; done
  say "all proofs check: $(wc -l <"$source_dir/headlines.txt") theorems"
fi
