// SPEC §3: thresholds and codewords for one dither word, from the polynomials of codebook_tables.hpp. Each value is a fixed
// sequence of fused multiply-adds (Horner in t² for the even and the odd part), whatever else is evaluated beside it.
#include "quantizer/codebook_tables.hpp"
#include "quantizer/end_cell.hpp"
#include "simd/entries.hpp"
#include "simd/simd.hpp"
#include HDQ_CODEWORD_ROWS

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// The end cells of rows: ends[r] at U, ends[kRows + r] at 1 − U, which belongs to the complement of the word.
template <std::size_t kRows>
HWY_INLINE void EndsOfRows(const detail::EndTable& table, const std::uint32_t* words, double* ends) {
  std::uint32_t both[2 * kRows];
  for (std::size_t r = 0; r < kRows; ++r) {
    both[r] = words[r];
    both[kRows + r] = ~words[r];
  }
  EndValues<2 * kRows>(table, both, ends);
}

// Cells as they are, or rounded to float32.
template <class D>
HWY_INLINE void StoreCells(D d, hn::Vec<D> cells, double* to) {
  hn::StoreU(cells, d, to);
}
template <class D>
HWY_INLINE void StoreCells(D d, hn::Vec<D> cells, float* to) {
  const hn::Rebind<float, D> f;
  (void)d;
  hn::StoreU(hn::DemoteTo(f, cells), f, to);
}

// One group for kRows rows with t = U − 1/2: cells first … first + lanes − 1 to out, their mirror images to the other end of
// out[0 .. count); rows lie `stride` apart. Rows side by side hide the latency of Horner's chain.
template <std::size_t kRows, class D, class Cell>
HWY_INLINE void GroupValues(D d, const double* c, int steps, std::size_t lanes, const double* t, Cell* out, std::size_t stride,
                            std::size_t first, std::size_t count) {
  using V = hn::Vec<D>;
  for (std::size_t lane = 0; lane < lanes; lane += hn::MaxLanes(d)) {
    V square[kRows], even[kRows], odd[kRows];
    const double* next = c + lane;
    for (std::size_t r = 0; r < kRows; ++r) {
      square[r] = hn::Set(d, t[r] * t[r]);
      even[r] = hn::LoadU(d, next);
      odd[r] = hn::LoadU(d, next + lanes);
    }
    for (int i = 1; i < steps; ++i) {
      next += 2 * lanes;
      const V e = hn::LoadU(d, next), o = hn::LoadU(d, next + lanes);
      for (std::size_t r = 0; r < kRows; ++r) {
        even[r] = Fma(even[r], square[r], e);
        odd[r] = Fma(odd[r], square[r], o);
      }
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      const V ts = hn::Set(d, t[r]);
      Cell* row = out + r * stride;
      StoreCells(d, Fma(ts, odd[r], even[r]), row + first + lane);
      StoreCells(d, hn::Reverse(d, FmaSubtract(ts, odd[r], even[r])), row + count - first - lane - hn::MaxLanes(d));
    }
  }
}

// out[0 .. count) of each row: the two end cells and everything between them. bits > 1.
template <std::size_t kRows, class Cell>
HWY_INLINE void Cells(int bits, const detail::CodebookTable& table, const std::uint32_t* words, Cell* out, std::size_t stride,
                      std::size_t count) {
  double t[kRows];
  for (std::size_t r = 0; r < kRows; ++r) t[r] = dither_of_word(words[r]) - 0.5;  // exact
  const double* c = table.pairs.coefficients;
  const std::size_t lanes = static_cast<std::size_t>(table.pairs.lanes(bits));
  for (int group = 0; group < table.pairs.groups(bits); ++group) {
    const int steps = table.pairs.steps[group];
    const std::size_t first = static_cast<std::size_t>(group) * lanes;
    if (lanes == 2)
      GroupValues<kRows>(hn::CappedTag<double, 2>(), c, steps, lanes, t, out, stride, first, count);
    else if (lanes == 4)
      GroupValues<kRows>(hn::CappedTag<double, 4>(), c, steps, lanes, t, out, stride, first, count);
    else
      GroupValues<kRows>(hn::CappedTag<double, 8>(), c, steps, lanes, t, out, stride, first, count);
    c += 2 * lanes * static_cast<std::size_t>(steps);
  }
  double ends[2 * kRows];
  EndsOfRows<kRows>(table.end, words, ends);
  for (std::size_t r = 0; r < kRows; ++r) {
    out[r * stride] = static_cast<Cell>(ends[r]);
    out[r * stride + count - 1] = static_cast<Cell>(-ends[kRows + r]);
  }
}

constexpr std::size_t kRowsTogether = 4;

template <std::size_t kRows>
HWY_INLINE void ThresholdsOf(int bits, const std::uint32_t* words, double* out, std::size_t stride) {
  const detail::CodebookTable& table = detail::threshold_tables[bits - 1];
  if (bits > 1) return Cells<kRows>(bits, table, words, out, stride, (std::size_t{1} << bits) - 1);
  double ends[2 * kRows];
  EndsOfRows<kRows>(table.end, words, ends);
  for (std::size_t r = 0; r < kRows; ++r) out[r * stride] = ends[r] - ends[kRows + r];
}

template <std::size_t kRows, class Cell>
HWY_INLINE void CodewordsOf(int bits, const std::uint32_t* words, Cell* out, std::size_t stride) {
  const detail::CodebookTable& table = detail::codeword_tables[bits - 1];
  if (bits > 1) return Cells<kRows>(bits, table, words, out, stride, std::size_t{1} << bits);
  double ends[2 * kRows];
  EndsOfRows<kRows>(table.end, words, ends);
  for (std::size_t r = 0; r < kRows; ++r) {
    out[r * stride] = static_cast<Cell>(ends[r]);
    out[r * stride + 1] = static_cast<Cell>(-ends[kRows + r]);
  }
}

// Rows `stride` apart.
void Thresholds(int bits, const std::uint32_t* words, std::size_t rows, double* out, std::size_t stride) {
  std::size_t r = 0;
  for (; r + kRowsTogether <= rows; r += kRowsTogether) ThresholdsOf<kRowsTogether>(bits, words + r, out + r * stride, stride);
  for (; r < rows; ++r) ThresholdsOf<1>(bits, words + r, out + r * stride, stride);
}

template <class Cell>
HWY_INLINE void AllCodewords(int bits, const std::uint32_t* words, std::size_t rows, Cell* out, std::size_t stride) {
  std::size_t r = 0;
  for (; r + kRowsTogether <= rows; r += kRowsTogether) CodewordsOf<kRowsTogether>(bits, words + r, out + r * stride, stride);
  for (; r < rows; ++r) CodewordsOf<1>(bits, words + r, out + r * stride, stride);
}

void Codewords(int bits, const std::uint32_t* words, std::size_t rows, double* out, std::size_t stride) {
  AllCodewords(bits, words, rows, out, stride);
}
void Codewords32(int bits, const std::uint32_t* words, std::size_t rows, float* out) {
  const std::size_t done = CodewordRows(bits, words, rows, out);
  AllCodewords(bits, words + done, rows - done, out + (done << bits), std::size_t{1} << bits);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
