#!/bin/sh
# Build every proof and check what Coq itself does not: no hole, no axiom beyond the allowed ones, no headline
# theorem missing, constants as recorded.
#   usage: check_proofs.sh BUILD_DIR     (sources are copied there; the source tree stays clean)
set -eu
export LC_ALL=C
source_dir=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
build_dir=$(cd "$1" && pwd)
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

check_sources() {
  cd "$source_dir"
  if listed | xargs grep -nwE 'Admitted|Abort|Axiom|Axioms|Parameter|Parameters|Conjecture|Conjectures|admit|give_up'; then
    fail "holes in the proofs"
  fi
  if { listed; echo _CoqProject; } | xargs grep -nE 'bypass_check|Unset (Guard|Positivity|Universe) Checking|[Tt]ype.in.[Tt]ype'; then
    fail "checks of Coq switched off"
  fi
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

# assumptions.all has a line "name: axiom axiom ..." for each headline theorem ("name:" for one that rests on none). Those with the same axioms are a class: one conjunction,
# whose assumptions are the union of its theorems'. (Coq walks through all of the reals each time that it is asked.)
# Output: one line for each class, "axiom axiom ...".
print_assumptions() {
  cd "$build_dir"
  rm -f assumptions_of_class*.out
  { echo "From Hdq Require Statements."
    awk -F': *' '{ names[$2] = names[$2] (names[$2] == "" ? "" : ", ") "Statements." $1 }
      END { for (axioms in names) { ++n
        print "Definition class" n " := (" names[axioms] ")."
        print "Redirect \"assumptions_of_class" n "\" Print Assumptions class" n "." } }' assumptions.all
  } >PrintAssumptions.v
  coqc -q -R . Hdq PrintAssumptions.v
  for class in assumptions_of_class*.out; do
    # An axiom starts in column 1, alone or followed by its type.
    sed -nE 's/^([A-Za-z0-9_.]+)( *:.*)?$/\1/p' "$class" | grep -vx Axioms | sort | tr '\n' ' ' | sed 's/ *$//'
    echo
  done
}

check_allowed() {  # FILE PATTERN
  cut -d: -f2- "$1" | tr ' ' '\n' | grep -v '^$' | sort -u | grep -vE "$2" && fail "${1##*/}: axioms that are not allowed"
  return 0
}

check_assumptions() {
  cd "$build_dir"
  sort "$source_dir/assumptions.expected" "$source_dir/assumptions_numeric.expected" >assumptions.new
  cmp -s assumptions.new assumptions.all || mv assumptions.new assumptions.all
  cut -d: -f1 assumptions.all | diff -u headlines.txt - || fail "the expected assumptions are not of the headline theorems"
  # Statements.vo is newer whenever anything it rests on was rebuilt.
  if ! [ assumptions.actual -nt Statements.vo ] || ! [ assumptions.actual -nt assumptions.all ]; then
    print_assumptions >assumptions.printed
    sort assumptions.printed >assumptions.actual
  fi
  sed 's/^[^:]*: *//' assumptions.all | sort -u | diff -u - assumptions.actual || fail "assumptions differ from the expected ones"
  check_allowed "$source_dir/assumptions.expected" "$allowed"
  check_allowed "$source_dir/assumptions_numeric.expected" "$allowed|$allowed_numeric"
}

check_constants() {
  "$source_dir/print_constants.sh" "$build_dir" >"$build_dir/constants.actual"
  diff -u "$source_dir/constants.txt" "$build_dir/constants.actual" || fail "constants.txt is not what Constants.v prints"
}

say "sources"; check_project; check_sources; copy_sources
say "build in $build_dir"; build
say "headline theorems ($(wc -l <"$source_dir/headlines.txt"))"; check_headlines
say "assumptions"; check_assumptions
say "constants"; check_constants
say "all proofs check"
