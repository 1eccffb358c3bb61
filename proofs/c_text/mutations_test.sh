#!/bin/sh
# check_c_text.sh refuses faults: of each kind, a mutated file, and the step that has to see it.
#   usage: mutations_test.sh WORK_DIR
set -eu
export LC_ALL=C
room=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$room/../.." && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
kernel=$root/tests/kernels/plain/hdq_plain.c
pack=$root/fast/src/codes/pack.cpp
refused=0

# mutate FILE TO SED_EXPRESSION
mutate() {
  sed "$3" "$1" >"$2"
  if cmp -s "$1" "$2"; then echo "not mutated: $3"; exit 1; fi
}
# refuses WHAT MESSAGE STEP: the step fails, and its output has the extended regular expression MESSAGE.
refuses() {
  if HDQ_C_TEXT_KERNEL=$work/kernel.c HDQ_C_TEXT_PACK=$work/pack.cpp HDQ_C_TEXT_SECONDS=2 \
    "$room/check_c_text.sh" "$work" "$3" >"$work/output" 2>&1; then
    echo "not refused: $1"
    exit 1
  fi
  grep -qE -e "$2" "$work/output" || { cat "$work/output"; echo "refused, but not for this: $1"; exit 1; }
  refused=$((refused + 1))
}

mutate "$kernel" "$work/kernel.c" 's/for (uint64_t j = 0; j < k->order; ++j) {/for (uint64_t j = 0; j <= k->order; ++j) {/'
refuses "encode goes one too far" 'out of bounds' eva
mutate "$kernel" "$work/kernel.c" 's/^      code\[j\] = 0;$//'
refuses "a code is read before it is written" 'accessing uninitialized' eva
mutate "$kernel" "$work/kernel.c" 's/const int bits = (int)k->bits;/const int bits = (int)k->bits + 0x7FFFFFFF;/'
refuses "a signed sum overflows" 'signed overflow' eva
mutate "$kernel" "$work/kernel.c" 's/  free(epsilon);\r\{0,1\}$/  free(epsilon); epsilon[0] = 1;/'
refuses "freed memory is written" 'out of bounds|dangling' eva

export HDQ_C_TEXT_CONTRACTS=with_bit
mutate "$kernel" "$work/kernel.c" 's/byte | 1u << i/byte | 2u << i/'
refuses "another bit is set" 'typed_with_bit_ensures' wp
export HDQ_C_TEXT_CONTRACTS=philox
mutate "$kernel" "$work/kernel.c" 's/    key1 += 0xBB67AE85;/    key1 += 0xBB67AE86;/'
refuses "another constant of Philox" 'typed_philox_loop_invariant_7_preserved' wp

mutate "$pack" "$work/pack.cpp" 's/v >> (field - width)/v >> (field - width + 1)/'
refuses "a step of Close shifts too far" '^sat$' packing
mutate "$pack" "$work/pack.cpp" 's/i - bits + 8/i - bits + 7/'
refuses "a shuffle takes the wrong byte" '^sat$' packing
mutate "$pack" "$work/pack.cpp" 's/for (; j + 16 <= count && j \/ 8 \* bits + 16 <= total;/for (; j + 16 <= count;/'
refuses "sixteen bytes are stored where fewer are left" 'Pack writes past the end' packing

echo "$refused mutations refused"
