// Prints proofs/executable/CodebookTables.v: the polynomials of codebook_tables.inc, one to a text, for the codebook that runs in Coq.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "quantizer/codebook_tables.hpp"

namespace {

using namespace hdq::detail;

// Coefficients of a text: that of E, then that of O, `stride` apart in memory, step after step.
void print_polynomial(const double* c, int steps, std::size_t step, std::size_t stride, bool last) {
  std::printf("\"");
  for (int i = 0; i < steps; ++i, c += step) {
    std::printf("%016llx", static_cast<unsigned long long>(std::bit_cast<std::uint64_t>(c[0])));
    std::printf("%016llx", static_cast<unsigned long long>(std::bit_cast<std::uint64_t>(c[stride])));
  }
  std::printf(last ? "\"].\n" : "\";\n");
}

void print_ends(const char* kind, int bits, const EndTable& table) {
  std::printf("\nDefinition %s_ends_%d : list string := [\n", kind, bits);
  for (int binade = 0; binade < dither_binades; ++binade)
    print_polynomial(table.coefficients + 2 * table.steps * binade, table.steps, 2, 1, binade == dither_binades - 1);
}

// Cell 0 is the end cell.
void print_cells(const char* kind, int bits, const PairTable& table) {
  std::printf("\nDefinition %s_cells_%d : list string := [\n", kind, bits);
  const int lanes = table.lanes(bits);
  const double* c = table.coefficients;
  for (int group = 0; group < table.groups(bits); ++group) {
    for (int lane = group == 0 ? 1 : 0; lane < lanes; ++lane)
      print_polynomial(c + lane, table.steps[group], 2 * static_cast<std::size_t>(lanes),
                       static_cast<std::size_t>(lanes), group == table.groups(bits) - 1 && lane == lanes - 1);
    c += 2 * lanes * table.steps[group];
  }
}

void print_kind(const char* kind, const CodebookTable* tables) {
  for (int bits = 1; bits <= hdq::BitWidth::most; ++bits) {
    print_ends(kind, bits, tables[bits - 1].end);
    if (bits > 1) print_cells(kind, bits, tables[bits - 1].pairs);
  }
}

}  // namespace

int main() {
  std::puts(
      "(** * Written by fast/tables/coq_tables.gen.cpp; do not edit. *)\n"
      "(** The coefficients of the codebook's polynomials (SPEC §4), which Codebook64.v evaluates: sixteen "
      "hexadecimal digits are the\n"
      "    bits of a binary64 number; those of E and O alternate, the highest degree first. Ends: a text for each "
      "binade of U, from\n"
      "    [1/2, 1) down. Cells: 1, 2, ..., 2^(b-1) - 1. *)\n"
      "From Coq Require Import String List.\n"
      "Import ListNotations.\n"
      "Open Scope string_scope.");
  print_kind("threshold", threshold_tables);
  print_kind("codeword", codeword_tables);
}
