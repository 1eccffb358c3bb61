// The instructions of AVX-512 and BMI2 that the fused kernels use, on terms, as Intel's guide to intrinsics defines them. A register of
// integers is its bytes, from the lowest.
//
// A float is a name: the number of a value in `values`. What a value is in the order of floats is a term, its place: comparisons compare
// places, and products by 1 and conversions keep names. Buckets of thresholds are eight places each: the bucket of a float is some monotone
// function of it, and every monotone function, with the order of y and the thresholds inside a bucket, is of this form. NaN has no place.
#pragma once

#include <limits>
#include <vector>

#include "../terms.hpp"

namespace hdq::symbolic {

using Place = Bits<32>;
using __mmask16 = Bits<16>;
using __mmask32 = Bits<32>;

inline ::std::vector<Place> values;
inline float name_of(const Place& place) {
  values.push_back(place);
  return static_cast<float>(values.size() - 1);
}
// Of what is no name, such as a factor, the place is never asked for; −∞ is below all.
inline Place place_of(double name) {
  return name >= 0 && name < static_cast<double>(values.size()) ? values[static_cast<::std::size_t>(name)] : Place(0);
}

template <int bytes>
struct Register {
  Byte byte[bytes];

  template <int width>
  Bits<width> lane(int i) const {
    if constexpr (width == 8)
      return byte[i];
    else
      return joined<width>(byte + i * width / 8);
  }
  template <int width>
  void put(int i, const Bits<width>& value) {
    for (int k = 0; k < width / 8; ++k) byte[i * width / 8 + k] = extract<8>(value, 8 * k);
  }
};
using __m128i = Register<16>;
using __m256i = Register<32>;
using __m512i = Register<64>;

struct __m512 {
  Place lane[16];
};
struct __m256 {
  Place lane[8];
};
struct __m512d {
  double name[8];
};

template <class Mask>
Bits<1> bit(const Mask& mask, int i) {
  return extract<1>(mask, i);
}
template <int width>
Bits<width> from_bits(const Bits<1>* bits) {
  Bits<width> made;
  for (int i = 0; i < width; ++i) made |= Bits<width>(bits[i]) << i;
  return made;
}

// An element of a table, by the low bits of an index.
template <int width, class At>
Bits<width> chosen(const Bits<1>* index, int index_bits, const At& at, int first = 0) {
  if (index_bits == 0) return at(first);
  const Bits<1>& upper = index[index_bits - 1];
  const int half = 1 << (index_bits - 1);
  const auto from = [&](int begin) { return chosen<width>(index, index_bits - 1, at, begin); };
  if (upper.term < 0) return from(upper.constant ? first + half : first);
  return select(upper, from(first + half), from(first));
}
template <int width, int index_bits, int index_width, class At>
Bits<width> chosen(const Bits<index_width>& index, const At& at) {
  Bits<1> bits[index_bits];
  for (int i = 0; i < index_bits; ++i) bits[i] = bit(index, i);
  return chosen<width>(bits, index_bits, at);
}

// ---- floats ----

enum { _CMP_LT_OQ = 0x11, _CMP_GE_OQ = 0x1D };

inline __m512 _mm512_set1_ps(float x) {
  __m512 v;
  for (Place& lane : v.lane) lane = place_of(x);
  return v;
}
inline __m512 _mm512_loadu_ps(const float* from) {
  __m512 v;
  for (int i = 0; i < 16; ++i) v.lane[i] = place_of(from[i]);
  return v;
}
inline void _mm512_storeu_ps(float* to, const __m512& v) {
  for (int i = 0; i < 16; ++i) to[i] = name_of(v.lane[i]);
}
inline __mmask16 _mm512_cmp_ps_mask(const __m512& a, const __m512& b, int predicate) {
  Bits<1> is[16];
  for (int i = 0; i < 16; ++i)
    is[i] = predicate == _CMP_GE_OQ ? at_most(b.lane[i], a.lane[i]) : ~at_most(b.lane[i], a.lane[i]);
  return from_bits<16>(is);
}
inline __m512 _mm512_mask_blend_ps(const __mmask16& k, const __m512& a, const __m512& b) {
  __m512 v;
  for (int i = 0; i < 16; ++i) v.lane[i] = select(bit(k, i), b.lane[i], a.lane[i]);
  return v;
}
inline __m512d _mm512_set1_pd(double x) { return {{x, x, x, x, x, x, x, x}}; }
inline __m512d _mm512_loadu_pd(const double* from) {
  __m512d v;
  for (int i = 0; i < 8; ++i) v.name[i] = from[i];
  return v;
}
inline __m512d _mm512_mul_pd(const __m512d& a, const __m512d& b) {
  __m512d v;
  for (int i = 0; i < 8; ++i) v.name[i] = a.name[i] * b.name[i];
  return v;
}
inline __m256 _mm512_cvtpd_ps(const __m512d& a) {
  __m256 v;
  for (int i = 0; i < 8; ++i) v.lane[i] = place_of(a.name[i]);
  return v;
}
inline __m512 _mm512_castps256_ps512(const __m256& a) {
  __m512 v;
  for (int i = 0; i < 8; ++i) v.lane[i] = a.lane[i];
  return v;
}
inline __m512 _mm512_insertf32x8(__m512 a, const __m256& b, int half) {
  for (int i = 0; i < 8; ++i) a.lane[8 * half + i] = b.lane[i];
  return a;
}
// Both steps to a bucket: the number of it is in the low bits of a float32 of [2^23, 2^24).
inline __m512 _mm512_range_ps(const __m512& a, const __m512&, int) { return a; }
inline __m512 _mm512_fmadd_ps(const __m512& a, const __m512&, const __m512&) {
  __m512 v;
  for (int i = 0; i < 16; ++i) v.lane[i] = (a.lane[i] >> 3) | Place(0x4B000000);
  return v;
}
inline __m512i _mm512_castps_si512(const __m512& a) {
  __m512i v;
  for (int i = 0; i < 16; ++i) v.put(i, a.lane[i]);
  return v;
}
inline __m512 _mm512_permutexvar_ps(const __m512i& index, const __m512& a) {
  __m512 v;
  for (int i = 0; i < 16; ++i) v.lane[i] = chosen<32, 4>(index.lane<32>(i), [&](int k) { return a.lane[k]; });
  return v;
}
inline __m512 _mm512_permutex2var_ps(const __m512& a, const __m512i& index, const __m512& b) {
  __m512 v;
  for (int i = 0; i < 16; ++i)
    v.lane[i] = chosen<32, 5>(index.lane<32>(i), [&](int k) { return k < 16 ? a.lane[k] : b.lane[k - 16]; });
  return v;
}
// Lane i, where bit i of the mask is set: the lane of a that has as many before it as there are bits set before bit i.
template <class At>
Place expanded(const __mmask16& k, int i, const Place& otherwise, const At& at) {
  Place before;
  for (int j = 0; j < i; ++j) before = before + Place(bit(k, j));
  return select(bit(k, i), chosen<32, 4>(before, at), otherwise);
}
inline __m512 _mm512_mask_expand_ps(const __m512& src, const __mmask16& k, const __m512& a) {
  __m512 v;
  for (int i = 0; i < 16; ++i) v.lane[i] = expanded(k, i, src.lane[i], [&](int j) { return a.lane[j]; });
  return v;
}

// ---- integers ----

template <int width, class R, class Function>
R lanes(const Function& of) {
  R v;
  for (int i = 0; i < static_cast<int>(sizeof v.byte / sizeof v.byte[0]) * 8 / width; ++i)
    v.template put<width>(i, of(i));
  return v;
}
template <int width, class Function>
__m512i lanes512(const Function& of) {
  return lanes<width, __m512i>(of);
}

inline __m512i _mm512_setzero_si512() { return {}; }
inline __m512i _mm512_set1_epi32(const Place& x) {
  return lanes512<32>([&](int) { return x; });
}
inline __m512i _mm512_set1_epi16(int x) {
  return lanes512<16>([&](int) { return Bits<16>(x); });
}
template <class... Integers>
__m512i _mm512_setr_epi32(Integers... x) {
  const int all[] = {x...};
  return lanes512<32>([&](int i) { return Place(all[i]); });
}
template <class... Integers>
__m128i _mm_setr_epi8(Integers... x) {
  const int all[] = {x...};
  return lanes<8, __m128i>([&](int i) { return Byte(all[i]); });
}
inline __m512i _mm512_load_si512(const Byte* from) {
  return lanes512<8>([&](int i) { return from[i]; });
}
inline __m512i _mm512_load_si512(const Place* from) {
  return lanes512<32>([&](int i) { return from[i]; });
}
inline __m128i _mm_loadu_si128(const __m128i* at) {
  const Byte* from = reinterpret_cast<const Byte*>(at);
  return lanes<8, __m128i>([&](int i) { return from[i]; });
}
inline __m128i _mm_load_si128(const __m128i* at) { return _mm_loadu_si128(at); }
inline void _mm256_mask_storeu_epi8(Byte* to, const __mmask32& k, const __m256i& a) {
  for (int i = 0; i < 32; ++i) {
    if (bit(k, i).constant) to[i] = a.byte[i];
  }
}
inline void _mm512_storeu_si512(Byte* to, const __m512i& a) {
  for (int i = 0; i < 64; ++i) to[i] = a.byte[i];
}
inline __m256i _mm512_castsi512_si256(const __m512i& a) {
  return lanes<8, __m256i>([&](int i) { return a.byte[i]; });
}
inline __m512i _mm512_broadcast_i32x4(const __m128i& a) {
  return lanes512<8>([&](int i) { return a.byte[i % 16]; });
}
inline __m512i _mm512_and_epi32(const __m512i& a, const __m512i& b) {
  return lanes512<32>([&](int i) { return a.lane<32>(i) & b.lane<32>(i); });
}
inline __m512i _mm512_or_epi64(const __m512i& a, const __m512i& b) {
  return lanes512<64>([&](int i) { return a.lane<64>(i) | b.lane<64>(i); });
}
inline __mmask16 _mm512_test_epi32_mask(const __m512i& a, const __m512i& b) {
  Bits<1> is[16];
  for (int i = 0; i < 16; ++i) is[i] = ~at_most(a.lane<32>(i) & b.lane<32>(i), Place(0));
  return from_bits<16>(is);
}
inline __m512i _mm512_add_epi32(const __m512i& a, const __m512i& b) {
  return lanes512<32>([&](int i) { return a.lane<32>(i) + b.lane<32>(i); });
}
inline __m512i _mm512_max_epi32(const __m512i& a, const __m512i& b) {
  return lanes512<32>([&](int i) {
    const Place x = a.lane<32>(i), y = b.lane<32>(i);
    return select(less_signed(x, y), y, x);
  });
}
inline __m512i _mm512_mask_sub_epi32(const __m512i& src, const __mmask16& k, const __m512i& a, const __m512i& b) {
  return lanes512<32>([&](int i) { return select(bit(k, i), a.lane<32>(i) - b.lane<32>(i), src.lane<32>(i)); });
}
inline __m512i _mm512_sllv_epi32(const __m512i& a, const __m512i& by) {
  return lanes512<32>([&](int i) { return shift_left(a.lane<32>(i), by.lane<32>(i)); });
}
inline __m512i _mm512_srlv_epi32(const __m512i& a, const __m512i& by) {
  return lanes512<32>([&](int i) { return shift_right(a.lane<32>(i), by.lane<32>(i)); });
}
inline __m512i _mm512_srli_epi64(const __m512i& a, int by) {
  return lanes512<64>([&](int i) { return a.lane<64>(i) >> by; });
}
// The lanes of a:b, a above, from lane `by` on.
inline __m512i _mm512_alignr_epi32(const __m512i& a, const __m512i& b, int by) {
  return lanes512<32>([&](int i) { return i + by < 16 ? b.lane<32>(i + by) : a.lane<32>(i + by - 16); });
}
inline __m512i _mm512_permutexvar_epi32(const __m512i& index, const __m512i& a) {
  return lanes512<32>([&](int i) { return chosen<32, 4>(index.lane<32>(i), [&](int k) { return a.lane<32>(k); }); });
}
inline __m512i _mm512_permutex2var_epi32(const __m512i& a, const __m512i& index, const __m512i& b) {
  return lanes512<32>([&](int i) {
    return chosen<32, 5>(index.lane<32>(i), [&](int k) { return k < 16 ? a.lane<32>(k) : b.lane<32>(k - 16); });
  });
}
inline __m512i _mm512_permutexvar_epi16(const __m512i& index, const __m512i& a) {
  return lanes512<16>([&](int i) { return chosen<16, 5>(index.lane<16>(i), [&](int k) { return a.lane<16>(k); }); });
}
inline __m512i _mm512_maskz_expand_epi32(const __mmask16& k, const __m512i& a) {
  return lanes512<32>([&](int i) { return expanded(k, i, Place(0), [&](int j) { return a.lane<32>(j); }); });
}
inline Place _mm512_mask_reduce_or_epi32(const __mmask16& k, const __m512i& a) {
  Place all;
  for (int i = 0; i < 16; ++i) all |= select(bit(k, i), a.lane<32>(i), Place(0));
  return all;
}
// Bytes of each 128-bit part by the low four bits of an index; zero where its highest bit is set.
inline __m512i _mm512_shuffle_epi8(const __m512i& a, const __m512i& index) {
  return lanes512<8>([&](int i) {
    return select(bit(index.byte[i], 7), Byte(0),
                  chosen<8, 4>(index.byte[i], [&](int k) { return a.byte[i / 16 * 16 + k]; }));
  });
}
template <int wide>
Bits<wide / 2> saturated_unsigned(const Bits<wide>& x) {
  const ::std::uint64_t most = (::std::uint64_t{1} << wide / 2) - 1;
  const Bits<wide> low = select(less_signed(Bits<wide>(most), x), Bits<wide>(most),
                                select(less_signed(x, Bits<wide>(0)), Bits<wide>(0), x));
  return extract<wide / 2>(low, 0);
}
// Of each 128-bit part: the lanes of a, then those of b, each half as wide.
template <int wide>
__m512i packus(const __m512i& a, const __m512i& b) {
  constexpr int of_part = 128 / wide;
  return lanes512<wide / 2>([&](int i) {
    const int part = i / (2 * of_part), k = i % (2 * of_part);
    return saturated_unsigned<wide>((k < of_part ? a : b).template lane<wide>(part * of_part + k % of_part));
  });
}
inline __m512i _mm512_packus_epi32(const __m512i& a, const __m512i& b) { return packus<32>(a, b); }
inline __m512i _mm512_packus_epi16(const __m512i& a, const __m512i& b) { return packus<16>(a, b); }
// Bytes without a sign times bytes with one; sums of neighbours saturate.
inline __m512i _mm512_maddubs_epi16(const __m512i& a, const __m512i& b) {
  return lanes512<16>([&](int i) {
    Place sum;
    for (int k = 0; k < 2; ++k) sum = sum + Place(a.byte[2 * i + k]) * sign_extended<32>(b.byte[2 * i + k]);
    const Place most(0x7FFF), least(-0x8000);
    return extract<16>(select(less_signed(most, sum), most, select(less_signed(sum, least), least, sum)), 0);
  });
}
inline __m512i _mm512_madd_epi16(const __m512i& a, const __m512i& b) {
  return lanes512<32>([&](int i) {
    Place sum;
    for (int k = 0; k < 2; ++k)
      sum = sum + sign_extended<32>(a.lane<16>(2 * i + k)) * sign_extended<32>(b.lane<16>(2 * i + k));
    return sum;
  });
}
inline __m256i _mm512_cvtepi16_epi8(const __m512i& a) {
  return lanes<8, __m256i>([&](int i) { return extract<8>(a.lane<16>(i), 0); });
}
// The low bits of a to the bits of the mask, and back.
inline Place _pdep_u32(const Place& a, ::std::uint32_t mask) {
  Place made;
  for (int i = 0, k = 0; i < 32; ++i) {
    if (mask >> i & 1) made |= Place(bit(a, k++)) << i;
  }
  return made;
}
inline Word _pext_u64(const Word& a, ::std::uint64_t mask) {
  Word made;
  for (int i = 0, k = 0; i < 64; ++i) {
    if (mask >> i & 1) made |= Word(bit(a, i)) << k++;
  }
  return made;
}

namespace std {
using ::std::integral_constant;
using ::std::numeric_limits;
using int32_t = ::std::int32_t;
using uint32_t = Place;
inline void memset(float* to, int, size_t count) {
  for (size_t i = 0; i < count / sizeof(float); ++i) to[i] = 0;
}
inline void memcpy(float* to, const float* from, size_t count) {
  for (size_t i = 0; i < count / sizeof(float); ++i) to[i] = from[i];
}
template <int width>
void memcpy(Byte* to, const Bits<width>* from, size_t count) {
  for (size_t i = 0; i < count; ++i) to[i] = extract<8>(*from, static_cast<int>(8 * i));
}
inline void memcpy(Word* to, const Byte* from, size_t) {
  Word made;
  for (int i = 0; i < 8; ++i) made |= Word(from[i]) << (8 * i);
  *to = made;
}
template <int width>
Place popcount(const Bits<width>& a) {
  Place count;
  for (int i = 0; i < width; ++i) count = count + Place(bit(a, i));
  return count;
}
}  // namespace std

}  // namespace hdq::symbolic
