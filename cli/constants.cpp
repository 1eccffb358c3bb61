// hdq constants: the numbers that C++ and Coq must share, in the format of proofs/constants.txt; a test compares the two.
#include <fmt/format.h>

#include <stdexcept>

#include "command.hpp"
#include "hdq/stages.hpp"
#include "hdq/reference/scheme/generator.hpp"
#include "hdq/reference/scheme/philox.hpp"
#include "hdq/reference/judge/rounding_bounds.hpp"

namespace hdq::cli {
namespace {

using namespace hdq::reference;

// The exponent e of an exact 2^e.
int exponent_of(const Ball& power_of_two) { return std::ilogb(power_of_two.mid_double()); }

std::string shipped(const char* name, Ball (Generator::*parameter)() const) {
  std::string line = name;
  for (int bits = 1; bits <= shipped_bits; ++bits) {
    line += fmt::format(" {:.0f}", 64 * (Generator::shipped(bits).*parameter)().mid_double());
  }
  return line + "\n";
}

// Row `row` of B_m, on which the library and the reference have to agree.
std::string base_matrix_row(int base, int row) {
  std::string line = fmt::format("base_matrix {} {}", base, row);
  for (int column = 0; column < base; ++column) {
    const int entry = hdq::base_matrix_entry(base, row, column);
    if (entry != reference::base_matrix_entry(base, row, column)) throw std::logic_error("base matrices disagree");
    line += fmt::format(" {}", entry);
  }
  return line + "\n";
}

int constants() {
  std::string text = shipped("shipped_sigma_times_64", &Generator::sigma) + shipped("shipped_kappa_times_64", &Generator::kappa);
  text += fmt::format("philox_domain_signs {}\nphilox_domain_dither {}\n", sign_domain, dither_domain);
  // U of word 0 is 1/2^v.
  text += fmt::format("dither_scale_exponent {}\n", -std::ilogb(hdq::dither_of_word(0)));
  text += fmt::format("unit_roundoff_exponent {}\n", exponent_of(unit_roundoff()));
  text += fmt::format("min_subnormal_exponent {}\n", exponent_of(underflow32()) + 1);
  for (const int base : {1, 12, 20, 28}) {
    for (int log2 = 0; (base << log2) <= 8192; ++log2) {
      text += fmt::format("transform_addition_stages {} {} {}\n", base, log2, transform_addition_stages(base, log2));
    }
  }
  for (const int base : {1, 12, 20, 28}) {
    for (int row = 0; row < base; ++row) text += base_matrix_row(base, row);
  }
  fmt::print("{}", text);
  return exit_ok;
}

}  // namespace

void add_constants(CLI::App& app) {
  add_command(app, "constants", "Print the constants shared with the Coq proofs", "hdq constants | diff proofs/constants.txt -",
              constants);
}

}  // namespace hdq::cli
