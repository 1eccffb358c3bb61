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

// Word 0 for one counter to a lane. What lies above a lane's low 32 bits is never read.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V FirstWord(D d, std::uint64_t seed, V row) {
  const hn::Repartition<std::uint32_t, D> words;
  const auto product = [&](V a, std::uint64_t b) HWY_ATTR { return hn::MulEven(hn::BitCast(words, a), hn::BitCast(words, hn::Set(d, b))); };
  auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  V c0 = row, c1 = hn::ShiftRight<32>(row), c2 = hn::Zero(d), c3 = hn::Set(d, std::uint64_t{detail::domain_dither});
  for (int round = 0; round < Philox::rounds; ++round) {
    const V p0 = product(c0, Philox::multiplier0), p1 = product(c2, Philox::multiplier1);
    c0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), c1), hn::Set(d, std::uint64_t{key0}));
    c2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), c3), hn::Set(d, std::uint64_t{key1}));
    c1 = p1;
    c3 = p0;
    key0 += Philox::increment0;
    key1 += Philox::increment1;
  }
  return c0;
}

void DitherWords(std::uint64_t seed, const std::uint64_t* rows, std::size_t count, std::uint32_t* words) {
  const hn::ScalableTag<std::uint64_t> d;
  constexpr std::size_t kLanes = hn::MaxLanes(d);
  for (std::size_t i = 0; i < count; i += kLanes) {
    const std::size_t some = count - i < kLanes ? count - i : kLanes;
    if (some == kLanes) {
      const hn::Rebind<std::uint32_t, decltype(d)> words32;
      hn::StoreU(hn::TruncateTo(words32, FirstWord(d, seed, hn::LoadU(d, rows + i))), words32, words + i);
      continue;
    }
    std::uint64_t row[kLanes] = {}, word[kLanes];
    std::memcpy(row, rows + i, some * sizeof row[0]);
    hn::StoreU(FirstWord(d, seed, hn::LoadU(d, row)), d, word);
    for (std::size_t lane = 0; lane < some; ++lane) words[i + lane] = static_cast<std::uint32_t>(word[lane]);
  }
}

#endif

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
