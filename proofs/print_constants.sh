#!/bin/sh
# Print the constants of Constants.v, one "name value..." per line.
# usage: print_constants.sh DIR   (DIR holds the sources and the compiled Constants.vo)
set -eu
cd "$1"
coqc -q -R . Hdq print_constants.v | grep -E '^[a-z0-9_]+( -?[0-9]+)+$'
