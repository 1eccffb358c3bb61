// SPEC §1: the entries of B_1, B_12, B_20, B_28 from the quadratic character, at compile time.
#pragma once

namespace hdq::detail {

// χ(a) mod the prime q: 0, 1 for squares, −1 for the rest.
constexpr int quadratic_character(int a, int q) {
  const int residue = ((a % q) + q) % q;
  if (residue == 0) return 0;
  for (int s = 1; s < q; ++s)
    if (s * s % q == residue) return 1;
  return -1;
}

// Paley I: B = I + [[0, 1ᵀ], [−1, Q]], order q + 1.
constexpr int paley_one(int q, int row, int column) {
  if (row == column) return 1;
  if (row == 0) return 1;
  if (column == 0) return -1;
  return quadratic_character(row - column, q);
}

// Paley II: C = [[0, 1ᵀ], [1, Q]], B = C ⊗ [[1, 1], [1, −1]] + I ⊗ [[1, −1], [−1, −1]], order 2(q + 1).
constexpr int paley_two(int q, int row, int column) {
  const int r = row / 2, c = column / 2;
  const bool both_odd = row % 2 == 1 && column % 2 == 1;
  if (r == c) return row % 2 == 0 && column % 2 == 0 ? 1 : -1;
  const int conference = r == 0 || c == 0 ? 1 : quadratic_character(r - c, q);
  return both_odd ? -conference : conference;
}

constexpr int base_entry(int base, int row, int column) {
  return base == 12 ? paley_one(11, row, column)
       : base == 20 ? paley_one(19, row, column)
       : base == 28 ? paley_two(13, row, column)
                    : 1;
}

}  // namespace hdq::detail
