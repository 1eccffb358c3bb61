// Layout of the polynomials in codebook_tables.inc (SPEC §3); tables/codebook_tables.gen.cpp says what they approximate.
#pragma once

#include <algorithm>
#include <cstddef>

#include "hdq/types.hpp"

namespace hdq::detail {

#include "codebook_tables.inc"

inline constexpr int dither_binades = 33;

// Two-sided cells: polynomials E(t²) + t·O(t²), t = U − 1/2. Groups of `lanes` cells share a number of steps; a step is
// `lanes` coefficients of E, then of O; the highest degree comes first. Cell 0 of group 0 is the end cell, all zeros.
struct PairTable {
  const double* coefficients;
  const unsigned char* steps;  // per group
  int lanes(int bits) const { return std::min(8, 1 << (bits - 1)); }
  int groups(int bits) const { return (1 << (bits - 1)) / lanes(bits); }
};
// The end cell: per binade of U, from [1/2, 1) down, `steps` pairs (E, O) in x = significand − 3/2.
struct EndTable {
  const double* coefficients;
  int steps;
};
struct CodebookTable {
  EndTable end;
  PairTable pairs;  // empty for one bit
};

#define HDQ_TABLE(kind, bits) {{kind##_end_##bits, kind##_end_steps_##bits}, {kind##_pairs_##bits, kind##_steps_##bits}}
#define HDQ_TABLES(kind)                                                                                              \
  {{{kind##_end_1, kind##_end_steps_1}, {nullptr, nullptr}}, HDQ_TABLE(kind, 2), HDQ_TABLE(kind, 3), HDQ_TABLE(kind, 4), \
   HDQ_TABLE(kind, 5), HDQ_TABLE(kind, 6), HDQ_TABLE(kind, 7), HDQ_TABLE(kind, 8)}
inline constexpr CodebookTable threshold_tables[BitWidth::most] = HDQ_TABLES(threshold);  // [bits − 1]
inline constexpr CodebookTable codeword_tables[BitWidth::most] = HDQ_TABLES(codeword);
#undef HDQ_TABLES
#undef HDQ_TABLE

}  // namespace hdq::detail
