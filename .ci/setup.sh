# Sourced by ./demo and ./check, at the repository's root: Debian packages, if any is missing, and progress lines.
set -euo pipefail

step() { printf '\n== [%4ds] %s\n' "$SECONDS" "$*"; }

# install PACKAGE…: those that are missing, with apt-get.
install() {
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  step "installing ${missing[*]}"
  local root=()
  if [ "$(id -u)" != 0 ]; then root=(sudo); fi
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# meanwhile COMMAND…: in the background, until `joined`, which fails if it failed.
meanwhile() {
  "$@" &
  meanwhile_process=$!
}
joined() {
  [ -z "${meanwhile_process-}" ] || wait "$meanwhile_process"
  meanwhile_process=
}

# configure PRESET [OPTION…]: what it said is shown only if it fails. GCC's garbage collector goes through all of a precompiled header, a tenth of
# the time of a file that includes Boost.Multiprecision, and frees little: no file needs more memory without it. (Preset sanitize is Clang's.)
configure() {
  local flags=()
  [ "$1" = sanitize ] || flags=(-DCMAKE_CXX_FLAGS=--param=ggc-min-heapsize=524288)
  cmake --preset "$@" "${flags[@]}" >"build/configure-$1.log" 2>&1 || { cat "build/configure-$1.log"; exit 1; }
}

# configured PRESET: configures it, unless that was done.
configured() { [ -f "build/$1/build.ninja" ] || configure "$1"; }

# build PRESET [TARGET…]: those targets, or what the preset names.
build() {
  local preset=$1
  shift
  step "building with preset $preset"
  configured "$preset"
  cmake --build --preset "$preset" ${1:+--target "$@"}
}

# tests PRESET [CTEST OPTION…]: two more at once than there are processors, since some wait for what they started, or sleep.
tests() {
  local preset=$1
  shift
  step "testing with preset $preset"
  ctest --preset "$preset" -j "$(($(nproc) + 2))" "$@"
}

# Docker-like images have neither; everything else of the tool chain is below.
build_packages=(
  g++ cmake ninja-build pkg-config
  libhwy-dev librandom123-dev
  libboost-dev libmpfr-dev libmpfi-dev libgmp-dev libflint-dev libflint-arb-dev coinor-libclp-dev coinor-libcoinutils-dev
  libcli11-dev nlohmann-json3-dev libfmt-dev libbenchmark-dev
  libgtest-dev libgmock-dev librapidcheck-dev libssl-dev libzip-dev zlib1g-dev libisal-dev
)
check_packages=(
  clang-14 libclang-rt-14-dev coq libcoq-coquelicot libcoq-flocq libcoq-interval ocaml-findlib libzarith-ocaml-dev
  frama-c-base why3 z3 cvc4
  g++-aarch64-linux-gnu qemu-user
  dataset-fashion-mnist
  python3-skbuild python3-venv python3-numpy python3-pytest python3-hypothesis python3-matplotlib python3-torch python3-mpi4py
)
mpi_packages=(libopenmpi-dev openmpi-bin)
python_packages=(pybind11-dev python3-dev)
demo_packages=(gnuplot-nox jq)
