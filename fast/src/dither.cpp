// SPEC §2: the dither words of several rows at once, Philox4x32-10 with one counter to a 64-bit lane.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "dither.cpp"
#include <hwy/foreach_target.h>

#include "simd.hpp"

#include "dither.hpp"
#include "hdq/stages.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

void DitherWords(std::uint64_t seed, const std::uint64_t* rows, std::size_t count, std::uint32_t* words) {
  for (std::size_t i = 0; i < count; ++i) words[i] = dither_word(seed, rows[i]);
}

#else

// Multipliers and key increments of Philox4x32 (Random123).
constexpr std::uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kIncrement0 = 0x9E3779B9, kIncrement1 = 0xBB67AE85;
constexpr std::uint64_t kDomain = 0x44495448;  // "DITH"

// Word 0 for one counter to a lane. What lies above a lane's low 32 bits is never read.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V FirstWord(D d, std::uint64_t seed, V row) {
  const hn::Repartition<std::uint32_t, D> words;
  const auto product = [&](V a, std::uint64_t b) HWY_ATTR { return hn::MulEven(hn::BitCast(words, a), hn::BitCast(words, hn::Set(d, b))); };
  auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  V c0 = row, c1 = hn::ShiftRight<32>(row), c2 = hn::Zero(d), c3 = hn::Set(d, kDomain);
  for (int round = 0; round < 10; ++round) {
    const V p0 = product(c0, kMultiplier0), p1 = product(c2, kMultiplier1);
    c0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), c1), hn::Set(d, std::uint64_t{key0}));
    c2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), c3), hn::Set(d, std::uint64_t{key1}));
    c1 = p1;
    c3 = p0;
    key0 += kIncrement0;
    key1 += kIncrement1;
  }
  return c0;
}

void DitherWords(std::uint64_t seed, const std::uint64_t* rows, std::size_t count, std::uint32_t* words) {
  const hn::ScalableTag<std::uint64_t> d;
  constexpr std::size_t kLanes = hn::MaxLanes(d);
  for (std::size_t i = 0; i < count; i += kLanes) {
    const std::size_t some = count - i < kLanes ? count - i : kLanes;
    std::uint64_t row[kLanes] = {}, word[kLanes];
    std::memcpy(row, rows + i, some * sizeof row[0]);
    hn::StoreU(FirstWord(d, seed, hn::LoadU(d, row)), d, word);
    for (std::size_t lane = 0; lane < some; ++lane) words[i + lane] = static_cast<std::uint32_t>(word[lane]);
  }
}

#endif

}  // namespace hdq::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "dispatch.hpp"
namespace hdq {

HDQ_DISPATCH(DitherWords);

void detail::dither_words(std::uint64_t seed, const std::uint64_t* rows, std::size_t count, std::uint32_t* words, Isa isa) {
  HDQ_CALL(DitherWords, isa)(seed, rows, count, words);
}

}  // namespace hdq
#endif
