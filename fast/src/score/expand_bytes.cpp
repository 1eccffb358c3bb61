// Rows as bytes, where their codes are none (score/byte_task.hpp).
#include "quantizer/weyl.hpp"
#include "score/byte_task.hpp"
#include "simd/entries.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

using detail::byte_fraction, detail::weyl_increment;

// Coordinates [first, order): returns whether all are in range.
HWY_ATTR bool StepBytesOneByOne(const detail::StepBytesTask& task, std::size_t first) {
  const detail::StepBytes& by = task.by;
  bool in_range = true;
  for (std::size_t j = first; j < task.order; ++j) {
    std::int16_t k;
    std::memcpy(&k, task.codes + 2 * j, sizeof k);
    const auto scaled = static_cast<std::int16_t>(static_cast<std::uint16_t>(k) << by.shift);
    const std::int32_t product = (std::int32_t{scaled} * by.factor + (1 << 14)) >> 15;
    const std::uint32_t part = (detail::weyl_word(task.word, j) >> 16) * by.spread >> 16;
    const std::int32_t y = product + by.bias - static_cast<std::int32_t>(part);
    in_range = in_range && (k < 0 ? -k : k) <= by.most_code && y >= 0 && y < 256 << byte_fraction;
    task.bytes[j] = static_cast<std::uint8_t>(static_cast<std::uint32_t>(y) >> byte_fraction);
  }
  return in_range;
}

#if HWY_TARGET == HWY_SCALAR

HWY_ATTR bool StepBytes(const detail::StepBytesTask& task) { return StepBytesOneByOne(task, 0); }

#else

// Sums may wrap in 16 bits: none that is out of range comes back into it, as they lie between −2^15 − 2^14 and 2^16.
HWY_ATTR bool StepBytes(const detail::StepBytesTask& task) {
  const hn::ScalableTag<std::int16_t> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const hn::ScalableTag<std::uint32_t> words;
  constexpr std::size_t lanes = hn::MaxLanes(d);
  const detail::StepBytes& by = task.by;
  const auto factor = hn::Set(d, by.factor), bias = hn::Set(d, by.bias);
  const auto spread = hn::Set(du, by.spread);
  const auto next = hn::Set(words, weyl_increment), stride = hn::Set(words, weyl_increment * std::uint32_t{lanes});
  auto even = hn::Add(hn::Set(words, task.word), hn::Mul(hn::Iota(words, 0), hn::Set(words, 2 * weyl_increment)));
  auto most = hn::Zero(du);
  auto seen = hn::Zero(d);
  std::size_t j = 0;
  for (; j + lanes <= task.order; j += lanes) {
    __builtin_prefetch(task.ahead + 2 * j, 0, 2);
    const auto k = hn::LoadU(d, reinterpret_cast<const std::int16_t*>(task.codes + 2 * j));
    const auto high = hn::OddEven(hn::BitCast(du, hn::Add(even, next)), hn::BitCast(du, hn::ShiftRight<16>(even)));
    even = hn::Add(even, stride);
    const auto y = hn::Sub(hn::Add(hn::MulFixedPoint15(hn::ShiftLeftSame(k, by.shift), factor), bias),
                           hn::BitCast(d, hn::MulHigh(high, spread)));
    most = hn::Max(most, hn::BitCast(du, hn::Abs(k)));
    seen = hn::Or(seen, y);
    hn::StoreU(hn::DemoteTo(hn::Rebind<std::uint8_t, decltype(d)>(), hn::ShiftRight<byte_fraction>(y)),
               hn::Rebind<std::uint8_t, decltype(d)>(), task.bytes + j);
  }
  const auto outside = hn::Or(hn::BitCast(du, hn::ShiftRight<8 + byte_fraction>(seen)),
                              hn::SaturatedSub(most, hn::Set(du, by.most_code)));
  return hn::AllTrue(du, hn::Eq(outside, hn::Zero(du))) && StepBytesOneByOne(task, j);
}

#endif

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
