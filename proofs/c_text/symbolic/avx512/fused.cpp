// The fused kernels of AVX-512 (fast/src/simd/avx512) on terms. Questions to a solver, each unsatisfiable if all is well, for every b:
//
//   Pack    the bytes of FusedQuantizePack are SPEC §4's packing of the codes: up to two bits, of #{k : y_j >= θ_k}, for all y; from three
//           bits on, of whatever codes Buckets or the compander find
//   Unpack  the codewords of FusedUnpackLookup are those of the codes in the bytes, for all bytes
//   Lookup  a table of codewords in registers gives that of a code, for all indices
//
// That Buckets finds #{k : y >= θ_k} needs no solver: for some thresholds, every place of y is tried.
#include "../questions.hpp"
#include "simd/simd.hpp"

#define HDQ_ISA symbolic
#include HDQ_FUSED_PACK_SOURCE
#include HDQ_FUSED_UNPACK_SOURCE
#define CodewordTable ShippedCodewordTable
#include HDQ_CODEWORD_TABLE_SOURCE
#undef CodewordTable

namespace hdq::symbolic {
namespace {

constexpr std::size_t most = 160;

struct Thresholds {
  double theta[16] = {};
  int count = 0;

  void add(const Place& place) { theta[count++] = name_of(place); }
  Place reached(const Place& y) const {
    Place code;
    for (int k = 0; k < count; ++k) code = code + Place(at_most(place_of(theta[k]), y));
    return code;
  }
};

Place any_place(int bits) { return Place(Byte::variable()) & Place((1 << bits) - 1); }

// Three thresholds leave seven places, which eight numbers hold; four bits have 32 buckets of eight places.
constexpr int place_bits(int bits) { return bits <= 2 ? 3 : bits == 3 ? 7 : 8; }

// Any thresholds, in order.
Thresholds any_thresholds(int bits) {
  Thresholds made;
  Place last;
  for (int k = 1; k < 1 << bits; ++k) {
    const Place next = any_place(place_bits(bits));
    assumed.push_back("(bvule " + last.text() + " " + next.text() + ")");
    made.add(last = next);
  }
  return made;
}

// These thresholds; those of three bits and more in different buckets.
Thresholds fixed_thresholds(int bits, std::size_t variant) {
  Thresholds made;
  const int buckets = 4 << bits >> 1, wanted = (1 << bits) - 1;
  if (bits <= 2) {
    for (int k = 1; k <= wanted; ++k) made.add(Place(2 * k - 1));
  } else {
    for (int bucket = 0, k = 0; bucket < buckets && k < wanted; ++bucket) {
      const bool must = buckets - bucket == wanted - k;
      if (must || (bucket * 7 + static_cast<int>(variant) * 5) % 11 < 6)
        made.add(Place(8 * bucket + (bucket * 3 + k) % 8)), ++k;
    }
  }
  return made;
}

// The codes that Buckets finds become variables.
template <int bits>
void any_codes(const Thresholds& thresholds, const float* y, std::size_t count, Place* codes) {
  const Buckets<bits> row(thresholds.theta, 1);
  for (std::size_t j = 0; j < count; j += 16) {
    const __m512i found = row(_mm512_loadu_ps(y + j));
    for (std::size_t i = 0; i < 16; ++i) {
      codes[j + i] = Bits<bits>::variable();
      found.lane<32>(static_cast<int>(i)).become(codes[j + i]);
    }
  }
}

template <int bits>
void codes_of_buckets() {
  for (std::size_t variant = 0; variant < 11; ++variant) {
    values.clear();
    const Thresholds thresholds = fixed_thresholds(bits, variant);
    const Buckets<bits> row(thresholds.theta, 1);
    bool is_right = row.usable;
    for (int place = 0; place < 1 << place_bits(bits); place += 16) {
      float y[16];
      for (int i = 0; i < 16; ++i) y[i] = name_of(Place(place + i));
      const __m512i found = row(_mm512_loadu_ps(y));
      for (int i = 0; i < 16; ++i) is_right = is_right && found.lane<32>(i) == thresholds.reached(Place(place + i));
    }
    if (!is_right) ::std::printf("(echo \"Codes b=%d: not what the thresholds say\")\n", bits);
  }
}

void pack(int bits, std::size_t count, bool with_any_thresholds) {
  const std::size_t size = count * static_cast<std::size_t>(bits) / 8;
  float y[most];
  Place places[most];
  Byte codes[most], bytes[most + guard];
  begin();
  values.clear();
  name_of(any_place(3));  // that of 0, which fills up
  companded[0] = Byte::variable();
  Thresholds thresholds;
  if (bits <= 4) thresholds = with_any_thresholds ? any_thresholds(bits) : fixed_thresholds(bits, count / 16);
  for (std::size_t j = 0; j < count; ++j) y[j] = name_of(any_place(place_bits(bits)));
  if (bits == 3) any_codes<3>(thresholds, y, count, places);
  if (bits == 4) any_codes<4>(thresholds, y, count, places);
  for (std::size_t j = 0; j < count; ++j) {
    if (bits <= 2) places[j] = thresholds.reached(place_of(y[j]));
    codes[j] = bits <= 4 ? Byte(places[j]) : companded[static_cast<int>(y[j])] = Byte::variable();
  }
  for (Byte& byte : bytes) byte = 0xA5;
  if (!FusedQuantizePack(bits, y, count, thresholds.theta, Place(0), 1, bytes))
    ::std::printf("(echo \"FusedQuantizePack gives up\")\n");
  keeps_its_bounds("FusedQuantizePack", bytes, size);
  ask("Pack", bits, count, bytes, 8, size, codes, bits);
}

void unpack(int bits, std::size_t count) {
  const std::size_t size = count * static_cast<std::size_t>(bits) / 8;
  float codewords[256], out[most + guard];
  Byte codes[most], bytes[most + guard];
  begin();
  values.clear();
  for (float& x : codewords) x = -1;
  for (float& x : out) x = -1;
  for (std::size_t i = 0; i < size; ++i) bytes[i] = Byte::variable();
  if (!FusedUnpackLookup(bits, bytes, count, codewords, out)) ::std::printf("(echo \"FusedUnpackLookup gives up\")\n");
  for (std::size_t j = 0; j < count; ++j) codes[j] = Byte(place_of(out[j]));
  for (std::size_t j = count; j < count + guard; ++j) {
    if (out[j] != -1) ::std::printf("(echo \"FusedUnpackLookup writes past the end\")\n");
  }
  ask("Unpack", bits, count, codes, bits, count, bytes, 8);
}

template <int bits>
void lookup() {
  float codewords[1 << bits];
  begin();
  values.clear();
  for (int i = 0; i < 1 << bits; ++i) codewords[i] = name_of(Place(i));
  const ShippedCodewordTable<bits> table(codewords);
  hn::Vec<hn::ScalableTag<::std::int32_t>> index;
  for (int i = 0; i < 16; ++i) index.raw.put(i, Place::variable());
  const __m512 found = table(index).raw;
  for (int i = 0; i < 16; ++i) {
    const Place code = extract<bits>(index.raw.lane<32>(i), 0);
    question("Lookup b=" + ::std::to_string(bits) + " lane=" + ::std::to_string(i),
             "(distinct " + found.lane[i].text() + " " + code.text() + ")");
  }
}

}  // namespace

void all_questions() {
  ::std::printf("(set-logic QF_BV)\n");
  codes_of_buckets<3>();
  codes_of_buckets<4>();
  for (int bits = 1; bits <= 8; ++bits) {
    if (bits <= 2) pack(bits, 16, true);
    for (const std::size_t count : {16u, 32u, 48u, 64u, 128u, 144u}) {
      pack(bits, count, false);
      unpack(bits, count);
    }
    WithBits(bits, [](auto b) { lookup<b.value>(); });
  }
}

}  // namespace hdq::symbolic

int main() { hdq::symbolic::all_questions(); }
