// SPEC §3 and §4.4 on the device: thresholds and codewords from the certified polynomials of the library
// (fast/src/quantizer/codebook_tables.hpp), by the same fused multiply-adds and so with the same bits.
#pragma once

#include <mutex>

#include "device.cuh"
#include "quantizer/codebook_tables.hpp"

// One table: cells of one width. Lives on the device but for itself.
struct Cells {
  const double *end, *pairs;
  int bits, end_steps, lanes, first[16], steps[16];  // of each group of `lanes` cells
  unsigned count;
};

__device__ inline double dither_of(std::uint32_t word) { return (word + 0.5) * 0x1p-32; }

// The end cell at U: the polynomial of U's binade, in x = significand − 3/2.
__device__ inline double end_cell(const Cells& c, std::uint32_t word) {
  const long long bits = __double_as_longlong(dither_of(word));
  const double* next = c.end + 2 * c.end_steps * (1022 - (bits >> 52));
  const double x = __longlong_as_double((bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000) - 1.5, square = x * x;
  double even = next[0], odd = next[1];
  for (int step = 1; step < c.end_steps; ++step) {
    even = fma(even, square, next[2 * step]);
    odd = fma(odd, square, next[2 * step + 1]);
  }
  return fma(x, odd, even);
}

// Cell k of c.count: threshold θ_(k+1) or codeword r_k at the dither of `word`. The upper half mirrors the lower.
__device__ inline double cell(const Cells& c, unsigned k, std::uint32_t word) {
  if (c.count == 1) return end_cell(c, word) - end_cell(c, ~word);
  if (k == 0) return end_cell(c, word);
  if (k == c.count - 1) return -end_cell(c, ~word);
  const bool mirrored = k >= 1u << (c.bits - 1);
  const int of = static_cast<int>(mirrored ? c.count - 1 - k : k), group = of / c.lanes, steps = c.steps[group];
  const double* next = c.pairs + c.first[group] + of % c.lanes;
  const double t = dither_of(word) - 0.5, square = t * t;
  double even = next[0], odd = next[c.lanes];
  for (int step = 1; step < steps; ++step) {
    next += 2 * c.lanes;
    even = fma(even, square, next[0]);
    odd = fma(odd, square, next[c.lanes]);
  }
  return fma(t, odd, mirrored ? -even : even);
}

template <class T>
const T* copy_of(const T* from, std::size_t count) {
  T* to;
  must(cudaMalloc(&to, count * sizeof(T)));
  must(cudaMemcpy(to, from, count * sizeof(T), cudaMemcpyHostToDevice));
  return to;
}

inline Cells cells_on_device(const hdq::detail::CodebookTable& table, int bits, unsigned count) {
  Cells c{};
  c.bits = bits, c.count = count;
  c.end_steps = table.end.steps;
  c.end = copy_of(table.end.coefficients, 2u * static_cast<unsigned>(c.end_steps * hdq::detail::dither_binades));
  if (bits == 1) return c;
  c.lanes = table.pairs.lanes(bits);
  int next = 0;
  for (int group = 0; group < table.pairs.groups(bits); ++group) {
    c.first[group] = next;
    c.steps[group] = table.pairs.steps[group];
    next += 2 * c.lanes * c.steps[group];
  }
  c.pairs = copy_of(table.pairs.coefficients, static_cast<unsigned>(next));
  return c;
}

// Of one width, from its first use on.
struct Codebook {
  Cells thresholds, codewords;
  static const Codebook& of(std::uint32_t bits) {
    static Codebook all[8];
    static std::once_flag made[8];
    const unsigned i = bits - 1;
    std::call_once(made[i], [i] {
      const int b = static_cast<int>(i) + 1;
      all[i] = {cells_on_device(hdq::detail::threshold_tables[i], b, (1u << b) - 1), cells_on_device(hdq::detail::codeword_tables[i], b, 1u << b)};
    });
    return all[i];
  }
};
