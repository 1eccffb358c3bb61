// SPEC §3: thresholds and codewords for one dither word, from the polynomials of codebook_tables.hpp. Each value is a fixed
// sequence of fused multiply-adds (Horner in t² for the even and the odd part), whatever else is evaluated beside it.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codebook.cpp"
#include <hwy/foreach_target.h>

#include "simd.hpp"

#include "codebook_tables.hpp"
#include "hdq/stages.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HWY_NAMESPACE {

// The end cell's polynomial at U = (word + 1/2)/2^32.
inline double EndValue(const detail::EndTable& table, std::uint32_t word) {
  const double u = dither_of_word(word);
  std::uint64_t bits;
  std::memcpy(&bits, &u, sizeof bits);
  const std::uint64_t binade = 1022 - (bits >> 52);  // 0 for U in [1/2, 1)
  bits = (bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000;
  double significand;
  std::memcpy(&significand, &bits, sizeof significand);
  const double x = significand - 1.5, square = x * x;
  const double* c = table.coefficients + 2 * static_cast<std::size_t>(table.steps) * binade;
  double even = c[0], odd = c[1];
  for (int i = 1; i < table.steps; ++i) {
    even = Fma(even, square, c[2 * i]);
    odd = Fma(odd, square, c[2 * i + 1]);
  }
  return Fma(x, odd, even);
}

// One group: cells first … first + lanes − 1 to out, their mirror images to the other end of out[0 .. count).
template <class D>
HWY_INLINE void GroupValues(D d, const double* c, int steps, std::size_t lanes, double t, double* out, std::size_t first, std::size_t count) {
  const auto ts = hn::Set(d, t), square = hn::Set(d, t * t);
  for (std::size_t lane = 0; lane < lanes; lane += hn::MaxLanes(d)) {
    const double* next = c + lane;
    auto even = hn::LoadU(d, next), odd = hn::LoadU(d, next + lanes);
    for (int i = 1; i < steps; ++i) {
      next += 2 * lanes;
      even = Fma(even, square, hn::LoadU(d, next));
      odd = Fma(odd, square, hn::LoadU(d, next + lanes));
    }
    hn::StoreU(Fma(ts, odd, even), d, out + first + lane);
    hn::StoreU(hn::Reverse(d, FmaSubtract(ts, odd, even)), d, out + count - first - lane - hn::MaxLanes(d));
  }
}

// out[0 .. count): the two end cells and everything between them.
void Cells(int bits, const detail::CodebookTable& table, std::uint32_t word, double* out, std::size_t count) {
  const double t = dither_of_word(word) - 0.5;  // exact
  const double* c = table.pairs.coefficients;
  const std::size_t lanes = static_cast<std::size_t>(table.pairs.lanes(bits));
  for (int group = 0; bits > 1 && group < table.pairs.groups(bits); ++group) {
    const int steps = table.pairs.steps[group];
    const std::size_t first = static_cast<std::size_t>(group) * lanes;
#if HWY_TARGET == HWY_SCALAR
    GroupValues(hn::FixedTag<double, 1>(), c, steps, lanes, t, out, first, count);
#else
    if (lanes == 2)
      GroupValues(hn::FixedTag<double, 2>(), c, steps, lanes, t, out, first, count);
    else if (lanes == 4)
      GroupValues(hn::FixedTag<double, 4>(), c, steps, lanes, t, out, first, count);
    else
      GroupValues(hn::ScalableTag<double>(), c, steps, lanes, t, out, first, count);
#endif
    c += 2 * lanes * static_cast<std::size_t>(steps);
  }
  out[0] = EndValue(table.end, word);
  out[count - 1] = -EndValue(table.end, ~word);  // 1 − U belongs to the complement of word
}

void Thresholds(int bits, std::uint32_t word, double* out) {
  const detail::CodebookTable& table = detail::threshold_tables[bits - 1];
  if (bits == 1)
    out[0] = EndValue(table.end, word) - EndValue(table.end, ~word);
  else
    Cells(bits, table, word, out, (std::size_t{1} << bits) - 1);
}

void Codewords(int bits, std::uint32_t word, double* out) {
  Cells(bits, detail::codeword_tables[bits - 1], word, out, std::size_t{1} << bits);
}

}  // namespace hdq::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "bits.hpp"
#include "dispatch.hpp"
#include "kernels.hpp"
namespace hdq {

HDQ_DISPATCH(Thresholds);
HDQ_DISPATCH(Codewords);

void thresholds(int bits, std::uint32_t word, double* out, Isa isa) {
  detail::require_bits(bits);
  HDQ_CALL(Thresholds, isa)(bits, word, out);
}

void codewords(int bits, std::uint32_t word, double* out, Isa isa) {
  detail::require_bits(bits);
  HDQ_CALL(Codewords, isa)(bits, word, out);
}

void detail::codewords32(int bits, const std::uint32_t* words, std::size_t rows, float* out, Isa isa) {
  const std::size_t count = std::size_t{1} << bits;
  double cells[256];
  for (std::size_t row = 0; row < rows; ++row) {
    HDQ_CALL(Codewords, isa)(bits, words[row], cells);
    for (std::size_t k = 0; k < count; ++k) out[row * count + k] = static_cast<float>(cells[k]);
  }
}

}  // namespace hdq
#endif
