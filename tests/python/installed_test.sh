#!/usr/bin/env bash
# The Python package as others have it: a wheel around the module that was built, in a fresh virtual environment, tested there.
# Debian's numpy, pytest and hypothesis are seen from it; nothing is downloaded.
#   installed_test.sh PYTHON SOURCE_DIR MODULE WORK_DIR
set -euo pipefail
python=$1 source=$2 module=$3 work=$4
unset PYTHONPATH HDQ_PYTHON_MODULE
export PYTHONDONTWRITEBYTECODE=1

fail() { echo "$*" >&2; exit 1; }

rm -rf "$work"
mkdir -p "$work/source"
# Building leaves folders beside the sources; hence a copy, of what packaging needs where the module is there already.
cp -r "$source"/{CMakeLists.txt,LICENSE,README.md,pyproject.toml,setup.py,python} "$work/source"
"$python" -m venv --system-site-packages "$work/venv"
cd "$work"
HDQ_PYTHON_MODULE=$module venv/bin/python -m pip wheel -q --no-build-isolation --no-deps -w dist ./source

wheel=(dist/*)
expected=$("$python" -c 'import sys, sysconfig; v = "cp%d%d" % sys.version_info[:2]; print(v, v, sysconfig.get_platform().replace("-", "_"), sep="-")')
[[ ${#wheel[@]} = 1 && $wheel = dist/hdq-*-$expected.whl ]] || fail "wheels: ${wheel[*]}, not $expected"
mkdir unpacked
"$python" -m zipfile -e "$wheel" unpacked
for folder in "$source" "$work"; do
  if grep -rlF "$folder/" unpacked; then fail "these name $folder"; fi
done
for file in hdq/__init__.py hdq/py.typed hdq/testing/__init__.py _hdq_pytestplugin/__init__.py; do
  [ -f "unpacked/$file" ] || fail "the wheel lacks $file"
done
[ "$(find unpacked -name '*.so' | wc -l)" = 1 ] || fail "the wheel has modules: $(find unpacked -name '*.so')"

venv/bin/python -m pip install -q --no-deps --no-index "$wheel"
rm -rf source unpacked
venv/bin/python -c 'import hdq, sys; print(hdq.__version__, hdq.__file__); sys.exit(not hdq.__file__.startswith(sys.prefix))' ||
  fail "another hdq is imported"
venv/bin/python -m pytest --help | grep -- --hdq-level >/dev/null || fail "pytest does not find the plugin"
venv/bin/python -m pytest -q -p no:cacheprovider --durations=5 "$source/tests/python"

# Where the module is compiled anew, from the sources: that it would be, with what setup.py passes.
args=$(cd "$source" && "$python" -c 'import runpy, skbuild; skbuild.setup = lambda **k: print(*k["cmake_args"]); runpy.run_path("setup.py")')
# Words, not one argument.
cmake -S "$source" -B configured -G Ninja $args -DPython_EXECUTABLE="$python" -DCMAKE_INSTALL_PREFIX="$work/prefix" >configure.log 2>&1 ||
  { cat configure.log; fail "the package cannot be configured from the sources"; }
ninja -C configured -t commands install | grep python/src/codec.cpp >/dev/null || fail "nothing would be compiled"

for example in "$source"/examples/python/*.py; do
  echo "-- ${example##*/}"
  if [[ ${example##*/} = test_* ]]; then
    venv/bin/python -m pytest -q -p no:cacheprovider -rs "$example"
  else
    venv/bin/python "$example"
  fi
done
