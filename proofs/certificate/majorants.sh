#!/bin/sh
# The certificates and grids of CertificateBounds*.v are what find_majorant prints.
#   usage: majorants.sh FIND_MAJORANT          (compares; fails where one differs)
#          majorants.sh FIND_MAJORANT write    (writes them anew; Coq then says whether it accepts them)
set -eu
find_majorant=$(realpath "$1")
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
for file in CertificateBounds.v CertificateBoundsFine.v; do
  cp "$file" "$work/file"
  for bits in $(sed -nE 's/^Definition certificate_b([0-9]) .*/\1/p' "$file"); do
    "$find_majorant" "$bits" >"$work/printed" 2>/dev/null
    awk -v bits="$bits" -v printed="$work/printed" '
      $0 ~ "^Definition certificate_b" bits " " { skip = 1; while ((getline line <printed) > 0) print line }
      !skip
      $0 ~ "^Definition grid_b" bits " " { skip = 0 }' "$work/file" >"$work/new"
    mv "$work/new" "$work/file"
  done
  if [ "${2:-}" = write ]; then cat "$work/file" >"$file"; continue; fi
  diff -u "$file" "$work/file" || { echo "$file: find_majorant prints other certificates (+)" >&2; status=1; }
done
exit $status
