// Prints proofs/certificate/CompanderTables.v: the polynomials of compand_tables.inc and their shape, for the proofs about them.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "hdq/types.hpp"
#include "quantizer/compand_tables.hpp"

namespace {

using namespace hdq::detail;

constexpr int unit_exponent = -40;

// In units of 2^-40, of which every coefficient is a multiple.
long long units(float coefficient) {
  const double scaled = std::ldexp(static_cast<double>(coefficient), -unit_exponent);
  if (scaled != std::rint(scaled)) std::exit(1);
  return static_cast<long long>(scaled);
}

void print_bits(int bits) {
  const CompandTable& table = compand_tables[bits - compand_min_bits];
  std::printf("\nDefinition compander_table_%d : list (list int) := [", bits);
  for (int segment = 0; segment < compand_segments; ++segment) {
    std::printf(segment == 0 ? "\n  [" : ";\n  [");
    for (int i = 0; i <= table.degree; ++i) {
      const float* row = table.coefficients + 2 * compand_segments * i;
      // P_{-s}(r) = -P_s(-r): the proofs have the other half of the table by this.
      if (segment > 0 && row[2 * compand_segments - segment] != (i % 2 == 0 ? -row[segment] : row[segment]))
        std::exit(1);
      std::printf(i == 0 ? "%lld" : "; %lld", units(row[segment]));
    }
    std::printf("]");
  }
  std::printf("].\n");
}

template <class F>
void print_list(const char* name, const F& of_bits) {
  std::printf("\nDefinition %s : list Z := [", name);
  for (int bits = compand_min_bits; bits <= hdq::BitWidth::most; ++bits)
    std::printf(bits == compand_min_bits ? "%d" : "; %d", of_bits(bits));
  std::printf("].\n");
}

}  // namespace

int main() {
  std::puts(
      "(** * Written by fast/tables/coq_compand_tables.gen.cpp; do not edit. *)\n"
      "(** The polynomials of the compander (SPEC §3; fast/src/quantizer/compand_tables.hpp), segments 0, 1, ..., 7: "
      "coefficients of\n"
      "    r^0, r^1, ... in units of 2^-40. Segment -s has -P_s(-r). The lists are for b = 3, ..., 8: eps and base are "
      "powers of 2. *)\n"
      "From Coq Require Import ZArith List Sint63.\n"
      "Import ListNotations.\n"
      "Open Scope Z_scope.\n");
  std::printf("Definition compander_width_times_32 : Z := %d.\n", static_cast<int>(compand_width * 32));
  print_list("compander_error_exponents",
             [](int bits) { return compand_tables[bits - compand_min_bits].error_exponent; });
  print_list("compander_base_exponents", compand_base_exponent);
  std::puts("\nOpen Scope sint63_scope.");
  for (int bits = compand_min_bits; bits <= hdq::BitWidth::most; ++bits) print_bits(bits);
}
