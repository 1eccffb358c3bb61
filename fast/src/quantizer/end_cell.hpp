// SPEC §3: a codebook's end cell at a dither, by the polynomial of U's binade (codebook_tables.hpp).
#pragma once

#include "hdq/stages.hpp"
#include "quantizer/codebook_tables.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// Where the end cell's polynomial is evaluated at U = (word + 1/2)/2^32: its binade's coefficients, x = significand − 3/2.
struct EndPoint {
  const double* coefficients;
  double x;
  HWY_INLINE EndPoint(const detail::EndTable& table, std::uint32_t word) {
    const double u = dither_of_word(word);
    std::uint64_t bits;
    std::memcpy(&bits, &u, sizeof bits);
    const std::uint64_t binade = 1022 - (bits >> 52);  // 0 for U in [1/2, 1)
    coefficients = table.coefficients + 2 * static_cast<std::size_t>(table.steps) * binade;
    bits = (bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000;
    std::memcpy(&x, &bits, sizeof x);
    x -= 1.5;
  }
};

// out[i] = the end cell of words[i]. Side by side, for Horner's chain is long.
template <std::size_t kCount>
HWY_INLINE void EndValues(const detail::EndTable& table, const std::uint32_t* words, double* out) {
#if HWY_TARGET == HWY_SCALAR
  for (std::size_t i = 0; i < kCount; ++i) {
    const EndPoint at(table, words[i]);
    const double square = at.x * at.x;
    double even = at.coefficients[0], odd = at.coefficients[1];
    for (int step = 1; step < table.steps; ++step) {
      even = Fma(even, square, at.coefficients[2 * step]);
      odd = Fma(odd, square, at.coefficients[2 * step + 1]);
    }
    out[i] = Fma(at.x, odd, even);
  }
#else
  using D = hn::FixedTag<double, 2>;  // even, odd
  const D d;
  const double* next[kCount];
  double x[kCount];
  hn::Vec<D> squares[kCount], both[kCount];
  for (std::size_t i = 0; i < kCount; ++i) {
    const EndPoint at(table, words[i]);
    next[i] = at.coefficients;
    x[i] = at.x;
    squares[i] = hn::Set(d, at.x * at.x);
    both[i] = hn::LoadU(d, next[i]);
  }
  for (int step = 1; step < table.steps; ++step)
    for (std::size_t i = 0; i < kCount; ++i) both[i] = Fma(both[i], squares[i], hn::LoadU(d, next[i] + 2 * step));
  for (std::size_t i = 0; i < kCount; ++i) out[i] = Fma(x[i], hn::GetLane(hn::Reverse(d, both[i])), hn::GetLane(both[i]));
#endif
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
