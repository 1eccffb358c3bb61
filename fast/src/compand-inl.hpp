// SPEC §3: code = ⌊c⁻¹(y/ρ) + 1/2 − U⌋ for eight or sixteen y at once, from the polynomials of compand_tables.hpp, which tells why the
// codes are those of the definition, #{k : y >= fl32(θ_k·ρ)}, bit for bit. Lanes that the polynomials leave uncertain, one in
// some thousands, are decided by the definition, one threshold at a time.
// Once per target, as simd.hpp; in scalar code the definition is all there is.
#if defined(HDQ_COMPAND_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef HDQ_COMPAND_INL_HPP
#undef HDQ_COMPAND_INL_HPP
#else
#define HDQ_COMPAND_INL_HPP
#endif

#include "end_cell-inl.hpp"

#include <limits>

#include "codebook_tables.hpp"
#include "compand_tables.hpp"
#include "hdq/stages.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HWY_NAMESPACE {

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

#if HWY_TARGET != HWY_SCALAR

template <int bits>
class Compand {
  static_assert(bits >= detail::compand_min_bits && bits <= 8);
  using F = hn::ScalableTag<float>;
  using I = hn::RebindToSigned<F>;

 public:
  using Floats = hn::Vec<F>;
  using Integers = hn::Vec<I>;
  static constexpr std::size_t lanes = hn::MaxLanes(F());

  // One row: its dither word and ρ.
  HWY_INLINE Compand(std::uint32_t word, float norm) : thresholds_(word, norm) {
    const F d;
    const double unit = Usable(norm) ? width * static_cast<double>(norm) : std::numeric_limits<double>::quiet_NaN();
    constexpr double error = std::bit_cast<double>(std::uint64_t{1023 + table.error_exponent} << 52);  // ε
    constexpr double middle = (1 << detail::compand_base_exponent(bits)) + levels / 2;
    const double origin = middle + 0.5 + error - dither_of_word(word);
    scale_ = hn::Set(d, static_cast<float>(1 / unit));
#if HWY_TARGET == HWY_AVX3
    limit_ = hn::Set(d, static_cast<float>(detail::compand_segments * unit));  // the middle of a segment without polynomial
#else
    limit_ = hn::Set(d, RangeLimit(norm));
#endif
    for (int i = 0; i <= table.degree; ++i) c_[i] = hn::LoadU(d, table.coefficients + i * 2 * detail::compand_segments);
    SetOrigin(origin);
  }

  // Codes of count vectors, each code in the low byte of its lane; the other bytes are arbitrary.
  template <std::size_t count>
  HWY_INLINE void operator()(const Floats* y, Integers* codes) const {
    hn::Mask<I> uncertain[count], any;
    HDQ_UNROLL
    for (std::size_t v = 0; v < count; ++v) {
      codes[v] = hn::BitCast(I(), Position(y[v]));
      uncertain[v] = Uncertain(y[v], codes[v]);
      any = v == 0 ? uncertain[0] : hn::Or(any, uncertain[v]);
    }
    if (HWY_UNLIKELY(!hn::AllFalse(I(), any))) {
      // Through memory, lest the call disturb the registers of the loop.
      alignas(64) float values[count * lanes];
      alignas(64) std::int32_t positions[count * lanes];
      std::uint8_t mask_bytes[8] = {};
      HDQ_UNROLL
      for (std::size_t v = 0; v < count; ++v) {
        hn::Store(y[v], F(), values + v * lanes);
        hn::Store(codes[v], I(), positions + v * lanes);
        hn::StoreMaskBits(I(), uncertain[v], mask_bytes + v * lanes / 8);
      }
      Decide(thresholds_, values, positions, std::bit_cast<std::uint64_t>(mask_bytes));
      HDQ_UNROLL
      for (std::size_t v = 0; v < count; ++v) codes[v] = hn::Load(I(), positions + v * lanes);
    }
    HDQ_UNROLL
    for (std::size_t v = 0; v < count; ++v) codes[v] = hn::ShiftRight<fraction_bits>(codes[v]);
  }
  HWY_INLINE Integers operator()(Floats y) const {
    Integers code;
    operator()<1>(&y, &code);
    return code;
  }
  // Codes of 4·lanes values, a byte each.
  HWY_INLINE void Store(const float* y, std::uint8_t* codes) const {
    Floats values[4];
    Integers x[4];
    HDQ_UNROLL
    for (std::size_t v = 0; v < 4; ++v) values[v] = hn::LoadU(F(), y + v * lanes);
    operator()<4>(values, x);
#if HWY_TARGET == HWY_AVX3
    HDQ_UNROLL
    for (std::size_t v = 0; v < 4; ++v)
      _mm_storeu_si128(reinterpret_cast<__m128i*>(codes + v * lanes), _mm512_cvtepi32_epi8(x[v].raw));
#else
    const __m256i low_byte = _mm256_set1_epi16(255), order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const __m256i first = _mm256_and_si256(_mm256_packus_epi32(x[0].raw, x[1].raw), low_byte);
    const __m256i second = _mm256_and_si256(_mm256_packus_epi32(x[2].raw, x[3].raw), low_byte);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes), _mm256_permutevar8x32_epi32(_mm256_packus_epi16(first, second), order));
#endif
  }

 private:
  static constexpr int levels = 1 << bits;
  static constexpr double width = static_cast<double>(detail::compand_width);
  static constexpr const detail::CompandTable& table = detail::compand_tables[bits - detail::compand_min_bits];
  static constexpr int fraction_bits = 23 - detail::compand_base_exponent(bits);  // of a float32 in [base, 2 base)
  // The fraction bits of weight 2ε and above.
  static constexpr std::int32_t certain_bits = (1 << fraction_bits) - (1 << (fraction_bits + table.error_exponent + 1));

  // Norms as the codec has them; for others every lane is uncertain.
  static HWY_INLINE bool Usable(float norm) { return norm >= 0x1p-100f && norm <= 0x1p100f; }
  // |y| below it lies in a segment that has a polynomial: 1 − 2^-20 makes up for the roundings of y·scale and of this product.
  static HWY_INLINE float RangeLimit(float norm) {
    constexpr double range = (detail::compand_segments - 0.5) * (1 - 0x1p-20) * width;
    return Usable(norm) ? static_cast<float>(range * static_cast<double>(norm)) : 0;
  }

  // x of compand_tables.hpp; NaN, or whatever, where y is out of range.
  HWY_INLINE Floats Position(Floats y) const {
    const F d;
    const Floats round = hn::Set(d, 0x1.8p23f);  // in [2^23, 2^24) a float32 is an integer
#if HWY_TARGET == HWY_AVX3
    const Floats a{_mm512_range_ps(y.raw, limit_.raw, 2)};  // the smaller magnitude, the sign of y
#else
    const Floats a = hn::Abs(y);
#endif
    const Floats i = hn::MulAdd(a, scale_, round);
    const Floats r = hn::MulSub(a, scale_, hn::Sub(i, round));
    Floats p = Coefficient(table.degree, i);
    for (int k = table.degree - 1; k >= 0; --k) p = hn::MulAdd(p, r, Coefficient(k, i));
#if HWY_TARGET == HWY_AVX3
    return p;
#else
    return hn::Add(origin_, hn::Xor(p, hn::And(y, hn::SignBit(d))));
#endif
  }

#if HWY_TARGET == HWY_AVX3
  HWY_INLINE void SetOrigin(double origin) {
    const __m512d start = _mm512_set1_pd(origin);
    const __m256 low = _mm512_castps512_ps256(c_[0].raw), high = _mm512_extractf32x8_ps(c_[0].raw, 1);
    const __m256 low_sum = _mm512_cvtpd_ps(_mm512_add_pd(_mm512_cvtps_pd(low), start));
    const __m256 high_sum = _mm512_cvtpd_ps(_mm512_add_pd(_mm512_cvtps_pd(high), start));
    c_[0].raw = _mm512_insertf32x8(_mm512_castps256_ps512(low_sum), high_sum, 1);
  }
  HWY_INLINE Floats Coefficient(int k, Floats i) const {
    return Floats{_mm512_permutexvar_ps(_mm512_castps_si512(i.raw), c_[k].raw)};
  }
  HWY_INLINE hn::Mask<I> Uncertain(Floats, Integers x) const {
    return hn::Mask<I>{_mm512_testn_epi32_mask(x.raw, certain_bits_.raw)};
  }
#else
  HWY_INLINE void SetOrigin(double origin) { origin_ = hn::Set(F(), static_cast<float>(origin)); }
  HWY_INLINE Floats Coefficient(int k, Floats i) const {
    return Floats{_mm256_permutevar8x32_ps(c_[k].raw, _mm256_castps_si256(i.raw))};
  }
  HWY_INLINE hn::Mask<I> Uncertain(Floats y, Integers x) const {
    const I d;
    const Integers inside = hn::BitCast(d, hn::VecFromMask(F(), hn::Lt(hn::Abs(y), limit_)));
    return hn::Eq(hn::And(hn::And(x, certain_bits_), inside), hn::Zero(d));
  }
#endif

  // Puts the code, followed by zeros, where the position is uncertain.
  static HWY_NOINLINE HWY_ATTR void Decide(RowThresholds<bits> thresholds, const float* y, std::int32_t* position, std::uint64_t uncertain) {
    const float limit = RangeLimit(thresholds.norm());
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
  Integers certain_bits_ = hn::Set(I(), certain_bits);
  Floats scale_, limit_, c_[table.degree + 1];
#if HWY_TARGET != HWY_AVX3
  Floats origin_;
#endif
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

#else

template <int bits>
HWY_INLINE void CompandCodes(const float* y, std::size_t count, std::uint32_t word, float norm, std::uint8_t* codes) {
  const RowThresholds<bits> thresholds(word, norm);
  float scaled[1 << bits];
  for (int k = 1; k < 1 << bits; ++k) scaled[k] = thresholds.Scaled(k);
  for (std::size_t j = 0; j < count; ++j)
    codes[j] = static_cast<std::uint8_t>(CountReached(y[j], 1 << bits, [&](int k) { return scaled[k]; }));
}

#endif

}  // namespace hdq::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per target
