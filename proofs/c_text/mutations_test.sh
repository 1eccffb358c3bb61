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
avx512=$root/fast/src/simd/avx512
cp "$room/round_trip.c" "$work/round_trip.c"
refused=0

# mutate FILE TO SED_EXPRESSION
mutate() {
  sed "$3" "$1" >"$2"
  if cmp -s "$1" "$2"; then echo "not mutated: $3"; exit 1; fi
}
# refuses WHAT MESSAGE STEP: the step fails, and its output has the extended regular expression MESSAGE.
refuses() {
  if HDQ_C_TEXT_KERNEL=$work/kernel.c HDQ_C_TEXT_ROUND_TRIP=$work/round_trip.c HDQ_C_TEXT_PACK=$work/pack.cpp HDQ_C_TEXT_AVX512=$work/avx512 HDQ_C_TEXT_SECONDS=2 \
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
mutate "$kernel" "$work/kernel.c" 's/for (uint64_t j = d; j-- > 0;)/for (uint64_t j = d + 1; j-- > 0;)/'
refuses "a direct sum begins past the end" 'HDQ_PLAIN_DIRECT: not free' eva

export HDQ_C_TEXT_CONTRACTS=with_bit
mutate "$kernel" "$work/kernel.c" 's/byte | 1u << i/byte | 2u << i/'
refuses "another bit is set" 'typed_with_bit_ensures' wp
export HDQ_C_TEXT_CONTRACTS=philox
mutate "$kernel" "$work/kernel.c" 's/    key1 += 0xBB67AE85;/    key1 += 0xBB67AE86;/'
refuses "another constant of Philox" 'typed_philox_loop_invariant_7_preserved' wp

export HDQ_C_TEXT_CONTRACTS=round_trip,same_code
mutate "$kernel" "$work/kernel.c" 's/k->bits <= i < 8 ==> !bit(codes\[j\], i); \*\//k->bits < i < 8 ==> !bit(codes[j], i); *\//'
refuses "unpack may set a bit too high" 'typed_round_trip_assert' wp
cp "$kernel" "$work/kernel.c"
mutate "$room/round_trip.c" "$work/round_trip.c" 's/codes\[j\] < levels/codes[j] <= levels/'
refuses "a code may have a bit too many" 'typed_round_trip_call_same_code_requires' wp

mutate "$pack" "$work/pack.cpp" 's/v >> (field - width)/v >> (field - width + 1)/'
refuses "a step of Close shifts too far" '^sat$' packing
mutate "$pack" "$work/pack.cpp" 's/i - bits + 8/i - bits + 7/'
refuses "a shuffle takes the wrong byte" '^sat$' packing
mutate "$pack" "$work/pack.cpp" 's/for (; j + 16 <= count && j \/ 8 \* bits + 16 <= total;/for (; j + 16 <= count;/'
refuses "sixteen bytes are stored where fewer are left" 'Pack writes past the end' packing

# fused_refuses WHAT MESSAGE FILE SED_EXPRESSION
fused_refuses() {
  rm -rf "$work/avx512"
  mkdir "$work/avx512"
  cp "$avx512"/fused_*.hpp "$avx512/codeword_table.hpp" "$work/avx512"
  mutate "$avx512/$3" "$work/avx512/$3" "$4"
  refuses "$1" "$2" fused
}
fused_refuses "both bits of a code change places" '^sat$' fused_quantize_pack.hpp 's/_pdep_u32(upper, 0xAAAAAAAA)/_pdep_u32(upper, 0x55555555)/
s/_pdep_u32(lower, 0x55555555)/_pdep_u32(lower, 0xAAAAAAAA)/'
fused_refuses "eight codes join a bit too far" '^sat$' fused_quantize_pack.hpp 's/_mm512_srli_epi64(fours, 20)/_mm512_srli_epi64(fours, 21)/'
fused_refuses "the last bytes of three bits are stored whole" 'writes past the end' fused_quantize_pack.hpp 's/room < 24/room < 12/'
fused_refuses "eight bytes are stored where fewer are left" 'writes past the end' fused_quantize_pack.hpp 's/bytes + 8 <= end/bytes <= end/'
fused_refuses "thresholds of the upper buckets count from one" 'Codes b=4: not what' fused_quantize_pack.hpp \
  's/_mm512_add_epi32(ordinals, below)/ordinals/'
fused_refuses "two words of 128 codes change places" '^sat$' fused_quantize_pack.hpp 's/0x00180010, 0x00090001/0x00100018, 0x00090001/'
fused_refuses "a lane shifts by another code" '^sat$' fused_unpack_lookup.hpp 's/i \* bits % 8/(i + 1) * bits % 8/'
fused_refuses "half of the last bytes are left out" '^sat$' fused_unpack_lookup.hpp 's/\* bits, 2 \* bits);/* bits, bits);/'
fused_refuses "half of a table of codewords is another half" '^sat$' codeword_table.hpp 's/1 << (level - 5)/1 << (level - 6)/'

echo "$refused mutations refused"
