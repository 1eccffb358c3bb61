// SPEC §2: the dither words of several rows at once, Philox4x32-10 with one counter to a 64-bit lane.
#include "simd/entries.hpp"
#include "simd/simd.hpp"
#include "streams/philox.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

#if HWY_TARGET == HWY_SCALAR

void DitherWords(std::uint64_t seed, const std::uint64_t* rows, std::size_t count, std::uint32_t* words) {
  for (std::size_t i = 0; i < count; ++i) words[i] = dither_word(seed, rows[i]);
}

#else

using detail::Philox;

// Vectors of counters at once: a round's keys are the same for all, and no vector waits for its products.
constexpr std::size_t kTogether = HWY_TARGET == HWY_AVX3 ? 4 : 2;

// Word 0 of each, one counter to a lane. What lies above a lane's low 32 bits is never read.
template <std::size_t count, class D, class V = hn::Vec<D>>
HWY_INLINE void FirstWords(D d, std::uint64_t seed, const std::uint64_t* rows, V* out) {
  const hn::Repartition<std::uint32_t, D> words;
  const auto product = [&](V a, V b) HWY_ATTR { return hn::MulEven(hn::BitCast(words, a), hn::BitCast(words, b)); };
  const V m0 = hn::Set(d, std::uint64_t{Philox::multiplier0}), m1 = hn::Set(d, std::uint64_t{Philox::multiplier1});
  auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  V c0[count], c1[count], c2[count], c3[count];
  HDQ_UNROLL
  for (std::size_t i = 0; i < count; ++i) {
    c0[i] = hn::LoadU(d, rows + i * hn::MaxLanes(d));
    c1[i] = hn::ShiftRight<32>(c0[i]);
    c2[i] = hn::Zero(d);
    c3[i] = hn::Set(d, std::uint64_t{detail::domain_dither});
  }
  for (int round = 0; round < Philox::rounds; ++round) {
    const V k0 = hn::Set(d, std::uint64_t{key0}), k1 = hn::Set(d, std::uint64_t{key1});
    HDQ_UNROLL
    for (std::size_t i = 0; i < count; ++i) {
      const V p0 = product(c0[i], m0), p1 = product(c2[i], m1);
      c0[i] = hn::Xor3(hn::ShiftRight<32>(p1), c1[i], k0);
      c2[i] = hn::Xor3(hn::ShiftRight<32>(p0), c3[i], k1);
      c1[i] = p1;
      c3[i] = p0;
    }
    key0 += Philox::increment0;
    key1 += Philox::increment1;
  }
  HDQ_UNROLL
  for (std::size_t i = 0; i < count; ++i) out[i] = c0[i];
}

void DitherWords(std::uint64_t seed, const std::uint64_t* rows, std::size_t count, std::uint32_t* words) {
  const hn::ScalableTag<std::uint64_t> d;
  const hn::Rebind<std::uint32_t, decltype(d)> words32;
  using V = hn::Vec<decltype(d)>;
  constexpr std::size_t kLanes = hn::MaxLanes(d);
  std::size_t at = 0;
  for (; at + kTogether * kLanes <= count; at += kTogether * kLanes) {
    V first[kTogether];
    FirstWords<kTogether>(d, seed, rows + at, first);
    for (std::size_t i = 0; i < kTogether; ++i)
      hn::StoreU(hn::TruncateTo(words32, first[i]), words32, words + at + i * kLanes);
  }
  for (; at < count; at += kLanes) {
    const std::size_t some = count - at < kLanes ? count - at : kLanes;
    std::uint64_t row[kLanes] = {};
    std::uint32_t word[kLanes];
    std::memcpy(row, rows + at, some * sizeof row[0]);
    V first;
    FirstWords<1>(d, seed, row, &first);
    hn::StoreU(hn::TruncateTo(words32, first), words32, word);
    std::memcpy(words + at, word, some * sizeof word[0]);
  }
}

#endif

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
