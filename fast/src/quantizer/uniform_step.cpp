// SPEC §7: codes k_j = ⌊z_j/Δ + 2^h·V_j⌋ of a rotated row, and what they decode to. Offsets run through a Weyl sequence: coordinate j + 1
// adds a constant to the word of coordinate j.
#include "quantizer/weyl.hpp"
#include "score/score_task.hpp"
#include "simd/entries.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

using F = hn::ScalableTag<float>;
using I = hn::RebindToSigned<F>;
using U = hn::RebindToUnsigned<F>;
using VF = hn::Vec<F>;
using VI = hn::Vec<I>;
using VU = hn::Vec<U>;
constexpr std::size_t kLanes = hn::MaxLanes(F());

// 2^h·V of consecutive coordinates: exact in float32.
class Offsets {
 public:
  HWY_INLINE Offsets(std::uint32_t word, int raw_bits)
      : words_(hn::Add(hn::Set(U(), word), hn::Mul(hn::Iota(U(), 0), hn::Set(U(), detail::weyl_increment)))),
        unit_(hn::Set(F(), detail::offset_unit(raw_bits))) {}
  HWY_INLINE VF Next() {
    const VF steps = hn::ConvertTo(F(), hn::BitCast(I(), hn::ShiftRight<detail::offset_shift>(words_)));
    words_ = hn::Add(words_, hn::Set(U(), detail::weyl_increment * static_cast<std::uint32_t>(kLanes)));
    return hn::Mul(hn::Add(steps, hn::Set(F(), 0.5f)), unit_);
  }

 private:
  VU words_;
  VF unit_;
};

// Codes lie at any address.
template <class Code>
HWY_INLINE void StoreCodes(VI k, std::uint8_t* out) {
  Code codes[kLanes];
  if constexpr (sizeof(Code) == 2)
    hn::StoreU(hn::DemoteTo(hn::Rebind<std::int16_t, I>(), k), hn::Rebind<std::int16_t, I>(), codes);
  else
    hn::StoreU(k, I(), codes);
  std::memcpy(out, codes, sizeof codes);
}
template <class Code>
HWY_INLINE VI LoadCodes(const std::uint8_t* in) {
  Code codes[kLanes];
  std::memcpy(codes, in, sizeof codes);
  if constexpr (sizeof(Code) == 2)
    return hn::PromoteTo(I(), hn::LoadU(hn::Rebind<std::int16_t, I>(), codes));
  else
    return hn::LoadU(I(), codes);
}

template <class Code>
HWY_INLINE void QuantizeVector(const float* y, VF sigma, VF offset, std::uint8_t* codes) {
  constexpr float least = sizeof(Code) == 2 ? -0x1p15f : -0x1p30f, most = sizeof(Code) == 2 ? 0x1p15f - 1 : 0x1p30f;
  const VF t = hn::Add(hn::Mul(hn::LoadU(F(), y), sigma), offset);
  const VF low = hn::Set(F(), least);
  const VF held = hn::Min(hn::IfThenElse(hn::Ge(t, low), t, low), hn::Set(F(), most));
  StoreCodes<Code>(hn::ConvertTo(I(), hn::Floor(held)), codes);
}

template <class Code>
void QuantizeCodes(const float* y, std::size_t count, std::uint32_t word, int raw_bits, float sigma,
                   std::uint8_t* codes) {
  Offsets offsets(word, raw_bits);
  const VF factor = hn::Set(F(), sigma);
  std::size_t j = 0;
  for (; j + kLanes <= count; j += kLanes)
    QuantizeVector<Code>(y + j, factor, offsets.Next(), codes + j * sizeof(Code));
  if (j < count) {
    float last[kLanes] = {};
    std::uint8_t last_codes[kLanes * sizeof(Code)];
    std::memcpy(last, y + j, (count - j) * sizeof(float));
    QuantizeVector<Code>(last, factor, offsets.Next(), last_codes);
    std::memcpy(codes + j * sizeof(Code), last_codes, (count - j) * sizeof(Code));
  }
}

void QuantizeStep(const float* y, std::size_t count, std::uint32_t word, int raw_bits, float sigma,
                  std::size_t code_bytes, std::uint8_t* codes) {
  if (code_bytes == 2)
    QuantizeCodes<std::int16_t>(y, count, word, raw_bits, sigma, codes);
  else
    QuantizeCodes<std::int32_t>(y, count, word, raw_bits, sigma, codes);
}

template <class Code>
HWY_INLINE VF ReconstructVector(const std::uint8_t* codes, VF step, VF offset) {
  const VF within = hn::Sub(hn::Set(F(), 0.5f), offset);
  return hn::Mul(step, hn::Add(hn::ConvertTo(F(), LoadCodes<Code>(codes)), within));
}

template <class Code>
void ReconstructCodes(const std::uint8_t* codes, std::size_t count, std::uint32_t word, int raw_bits, float step,
                      float* z) {
  Offsets offsets(word, raw_bits);
  const VF factor = hn::Set(F(), step);
  std::size_t j = 0;
  for (; j + kLanes <= count; j += kLanes)
    hn::StoreU(ReconstructVector<Code>(codes + j * sizeof(Code), factor, offsets.Next()), F(), z + j);
  if (j < count) {
    std::uint8_t last[kLanes * sizeof(Code)] = {};
    float last_z[kLanes];
    std::memcpy(last, codes + j * sizeof(Code), (count - j) * sizeof(Code));
    hn::StoreU(ReconstructVector<Code>(last, factor, offsets.Next()), F(), last_z);
    std::memcpy(z + j, last_z, (count - j) * sizeof(float));
  }
}

void ReconstructStep(const std::uint8_t* codes, std::size_t count, std::uint32_t word, int raw_bits, float step,
                     std::size_t code_bytes, float* z) {
  if (code_bytes == 2)
    ReconstructCodes<std::int16_t>(codes, count, word, raw_bits, step, z);
  else
    ReconstructCodes<std::int32_t>(codes, count, word, raw_bits, step, z);
}

// ---- scores: a group of 128 coordinates is decoded in the order in which the queries lie, for some queries at a time ----

constexpr std::size_t kSums = 16, kQueries = 16;

HWY_INLINE void AddGroup(const float* z, const float* w, float* sums) {
  constexpr std::size_t width = kLanes < kSums ? kLanes : kSums;
  const hn::CappedTag<float, width> d;
  for (std::size_t l = 0; l < kSums; l += width) {
    auto sum = hn::LoadU(d, sums + l);
    for (std::size_t k = 0; k < 8; ++k) sum = Fma(hn::LoadU(d, z + 16 * k + l), hn::LoadU(d, w + 16 * k + l), sum);
    hn::StoreU(sum, d, sums + l);
  }
}

void ScoreStepRow(const detail::ScoreTask& task, std::size_t row, std::size_t first, std::size_t count) {
  const std::size_t code_bytes = task.code_bytes / task.order;
  const detail::StepTable table = detail::step_table(task.tables + row * detail::step_table_floats);
  float sums[kQueries][kSums] = {}, natural[detail::score_group], z[detail::score_group];
  for (std::size_t begin = 0; begin < task.order; begin += detail::score_group) {
    const std::size_t some = task.order - begin < detail::score_group ? task.order - begin : detail::score_group;
    if (some < detail::score_group) std::memset(natural, 0, sizeof natural);
    ReconstructStep(task.rows[row] + begin * code_bytes, some, detail::weyl_word(table.word, begin), table.raw_bits,
                    table.step, code_bytes, natural);
    for (std::size_t j = 0; j < detail::score_group; ++j) z[detail::score_position(j)] = natural[j];
    for (std::size_t q = 0; q < count; ++q)
      AddGroup(z, task.queries + (first + q) * detail::padded_order(task.order) + begin, sums[q]);
  }
  for (std::size_t q = 0; q < count; ++q) {
    for (std::size_t half = kSums / 2; half > 0; half /= 2)
      for (std::size_t l = 0; l < half; ++l) sums[q][l] += sums[q][l + half];
    task.sums[(first + q) * task.sums_stride + row] = sums[q][0];
  }
}

void ScoreStep(const detail::ScoreTask& task) {
  for (std::size_t row = 0; row < task.row_count; ++row)
    for (std::size_t first = 0; first < task.query_count; first += kQueries)
      ScoreStepRow(task, row, first, task.query_count - first < kQueries ? task.query_count - first : kQueries);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
