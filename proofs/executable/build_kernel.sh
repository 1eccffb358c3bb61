#!/bin/sh
# hdq-coq: compiles what executable/Extract.v has written beside the compiled proofs, with its driver.
#   usage: build_kernel.sh PROOFS_BUILD_DIR OUTPUT_DIR
set -eu
command -v ocamlfind >/dev/null || { echo "ocamlfind not found (Debian: ocaml-findlib libzarith-ocaml-dev)" >&2; exit 1; }
source_dir=$(cd "$(dirname "$0")" && pwd)
proofs=$(cd "$1" && pwd)
mkdir -p "$2"
cd "$2"
cp "$source_dir/bits.ml" "$source_dir/hdq_coq.ml" .
for file in shift_right symbol_search specification; do cp "$proofs/$file.ml" "$proofs/$file.mli" .; done
# Extracted code has unused names and arguments.
ocamlfind ocamlopt -package zarith -linkpkg -w -a -inline 100 \
  bits.ml shift_right.mli shift_right.ml symbol_search.mli symbol_search.ml specification.mli specification.ml hdq_coq.ml -o hdq-coq
