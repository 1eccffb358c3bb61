// SPEC §3: code = ⌊c⁻¹(y/ρ) + 1/2 − U⌋ for a register of y at once, from the polynomials of compand_tables.hpp, which tells why the
// codes are those of the definition, #{k : y >= fl32(θ_k·ρ)}, bit for bit. Lanes that the polynomials leave uncertain, one in
// some thousands, are decided by the definition, one threshold at a time.
#pragma once

#include <limits>

#include "hdq/stages.hpp"
#include "quantizer/codebook_tables.hpp"
#include "quantizer/compand_shape.hpp"
#include "quantizer/end_cell.hpp"
#include "simd/simd.hpp"
#include HDQ_LOW_BYTES
#include HDQ_POSITION

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// The thresholds of one row, each evaluated alone: the same sequence of operations as in codebook.cpp, hence the same bits.
template <int bits>
class RowThresholds {
 public:
  static constexpr int levels = 1 << bits;
  HWY_INLINE RowThresholds(std::uint32_t word, float norm) : word_(word), norm_(norm) {}

  float norm() const { return norm_; }

  // fl32(θ_k·ρ), 1 <= k < levels.
  HWY_ATTR float Scaled(int k) const { return static_cast<float>(Theta(k) * static_cast<double>(norm_)); }

 private:
  HWY_ATTR double Theta(int k) const {
    if (k == 1) return End(word_);
    if (k == levels - 1) return -End(~word_);
    const detail::PairTable& pairs = table.pairs;
    const bool mirrored = k >= levels / 2;
    const int cell = mirrored ? levels - 1 - k : k - 1, lanes = pairs.lanes(bits), group = cell / lanes;
    const double* c = pairs.coefficients + cell % lanes;
    for (int g = 0; g < group; ++g) c += 2 * lanes * pairs.steps[g];
    const double t = dither_of_word(word_) - 0.5, square = t * t;
    double even = c[0], odd = c[lanes];
    for (int i = 1; i < pairs.steps[group]; ++i) {
      c += 2 * lanes;
      even = Fma(even, square, c[0]);
      odd = Fma(odd, square, c[lanes]);
    }
    return Fma(t, odd, mirrored ? -even : even);
  }

  static HWY_ATTR double End(std::uint32_t word) {
    double value;
    EndValues<1>(table.end, &word, &value);
    return value;
  }

  static constexpr const detail::CodebookTable& table = detail::threshold_tables[bits - 1];
  std::uint32_t word_;
  float norm_;
};

// #{k : y >= scaled(k)} for an increasing function of k = 1 … levels − 1.
template <class Scaled>
HWY_INLINE int CountReached(float y, int levels, const Scaled& scaled) {
  int low = 0, high = levels;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (y >= scaled(middle) ? low : high) = middle;
  }
  return low;
}

template <int bits>
class Compand : CompandShape<bits> {
  using Shape = CompandShape<bits>;
  using F = hn::ScalableTag<float>;
  using I = hn::RebindToSigned<F>;
  using Shape::fraction_bits, Shape::levels;

 public:
  using Floats = hn::Vec<F>;
  using Integers = hn::Vec<I>;
  static constexpr std::size_t lanes = hn::MaxLanes(F());

  // One row: its dither word and ρ.
  HWY_INLINE Compand(std::uint32_t word, float norm) : thresholds_(word, norm), position_(norm, Unit(norm), Origin(word)) {}

  // Codes of count vectors, each code in the low byte of its lane; the other bytes are arbitrary.
  template <std::size_t count>
  HWY_INLINE void operator()(const Floats* y, Integers* codes) const {
    hn::Mask<I> uncertain[count], any;
    HDQ_UNROLL
    for (std::size_t v = 0; v < count; ++v) {
      codes[v] = hn::BitCast(I(), position_(y[v]));
      uncertain[v] = position_.Uncertain(y[v], codes[v]);
      any = v == 0 ? uncertain[0] : hn::Or(any, uncertain[v]);
    }
    if (HWY_UNLIKELY(!hn::AllFalse(I(), any))) {
      // Through memory, lest the call disturb the registers of the loop.
      alignas(64) float values[count * lanes];
      alignas(64) std::int32_t positions[count * lanes];
      HDQ_UNROLL
      for (std::size_t v = 0; v < count; ++v) {
        hn::Store(y[v], F(), values + v * lanes);
        hn::Store(codes[v], I(), positions + v * lanes);
      }
      Decide(thresholds_, values, positions, MaskBits<count>(uncertain));
      HDQ_UNROLL
      for (std::size_t v = 0; v < count; ++v) codes[v] = hn::Load(I(), positions + v * lanes);
    }
    HDQ_UNROLL
    for (std::size_t v = 0; v < count; ++v) codes[v] = hn::ShiftRight<fraction_bits>(codes[v]);
  }
  // Codes of 4·lanes values, a byte each.
  HWY_INLINE void Store(const float* y, std::uint8_t* codes) const {
    Floats values[4];
    Integers x[4];
    HDQ_UNROLL
    for (std::size_t v = 0; v < 4; ++v) values[v] = hn::LoadU(F(), y + v * lanes);
    operator()<4>(values, x);
    StoreLowBytes(x, codes);
  }

 private:
  static HWY_INLINE double Unit(float norm) {
    return Shape::Usable(norm) ? Shape::width * static_cast<double>(norm) : std::numeric_limits<double>::quiet_NaN();
  }
  static HWY_INLINE double Origin(std::uint32_t word) {
    constexpr double error = std::bit_cast<double>(std::uint64_t{1023 + Shape::table.error_exponent} << 52);  // ε
    constexpr double middle = (1 << detail::compand_base_exponent(bits)) + levels / 2;
    return middle + 0.5 + error - dither_of_word(word);
  }

  // One bit for each lane of count masks.
  template <std::size_t count>
  static HWY_INLINE std::uint64_t MaskBits(const hn::Mask<I>* masks) {
    if constexpr (lanes % 8 == 0) {
      std::uint8_t bytes[8] = {};
      HDQ_UNROLL
      for (std::size_t v = 0; v < count; ++v) hn::StoreMaskBits(I(), masks[v], bytes + v * lanes / 8);
      return std::bit_cast<std::uint64_t>(bytes);
    } else {
      std::uint64_t bits_of_all = 0;
      for (std::size_t v = 0; v < count; ++v) {
        std::uint8_t bytes[8] = {};
        hn::StoreMaskBits(I(), masks[v], bytes);
        bits_of_all |= std::uint64_t{bytes[0]} << (v * lanes);
      }
      return bits_of_all;
    }
  }

  // Puts the code, followed by zeros, where the position is uncertain.
  static HWY_NOINLINE HWY_ATTR void Decide(RowThresholds<bits> thresholds, const float* y, std::int32_t* position, std::uint64_t uncertain) {
    const float limit = Shape::RangeLimit(thresholds.norm());
    for (; uncertain != 0; uncertain &= uncertain - 1) {
      const int j = std::countr_zero(uncertain);
      int code;
      if (y[j] < limit && y[j] > -limit) {
        const int k = (position[j] >> fraction_bits) & (levels - 1);  // X is within 2ε of it
        code = k - (k > 0 && !(y[j] >= thresholds.Scaled(k)) ? 1 : 0);
      } else {
        code = CountReached(y[j], levels, [&](int k) HWY_ATTR { return thresholds.Scaled(k); });
      }
      position[j] = code << fraction_bits;
    }
  }

  RowThresholds<bits> thresholds_;
  Position<bits> position_;
};

// codes_j = #{k : y_j >= fl32(θ_k·ρ)}, one byte each, for the row of this dither word and norm.
template <int bits>
HWY_INLINE void CompandCodes(const float* y, std::size_t count, std::uint32_t word, float norm, std::uint8_t* codes) {
  using Row = Compand<bits>;
  constexpr std::size_t lanes = Row::lanes, block = 4 * lanes;
  const Row row(word, norm);
  std::size_t j = 0;
  for (; j + block <= count; j += block) row.Store(y + j, codes + j);
  if (j < count) {
    float last[block] = {};
    std::uint8_t last_codes[block];
    std::memcpy(last, y + j, (count - j) * sizeof(float));
    row.Store(last, last_codes);
    std::memcpy(codes + j, last_codes, count - j);
  }
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
