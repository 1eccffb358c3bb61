#include "hdq/figures/constants.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <stdexcept>

#include "hdq/reference/judge/rounding_bounds.hpp"
#include "hdq/reference/scheme/ans_coder.hpp"
#include "hdq/reference/scheme/entropy_tables.hpp"
#include "hdq/reference/scheme/generator.hpp"
#include "hdq/reference/scheme/philox.hpp"
#include "hdq/reference/scheme/uniform_step.hpp"
#include "hdq/score.hpp"
#include "hdq/stages.hpp"

namespace hdq::figures {
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

// The lowest bit of [first, end) that `matters`; `end` if there is none.
template <class Matters>
int lowest_bit(int first, int end, const Matters& matters) {
  int bit = first;
  while (bit < end && !matters(bit)) ++bit;
  return bit;
}

// SPEC §7, as the reference computes it, not as it names its numbers.
std::string entropy_coded() {
  const int offset_shift = lowest_bit(0, 31, [](int bit) { return offset_of_word(1u << bit) != offset_of_word(0); });
  const Rational step = offset_of_word(1u << offset_shift) - offset_of_word(0);  // of the offsets: 1/2^v
  const int offset_exponent = lowest_bit(0, 64, [&](int bit) { return step * (Integer(1) << bit) == 1; });
  const int bucket_shift = lowest_bit(0, 31, [](int bit) { return bucket_of(1u << bit) != 0; });
  // A symbol of frequency 1 multiplies the state by their sum; a state of 2^47 loses a word to it first.
  const auto put = [](int state_exponent) {
    AnsPutter putter(std::uint64_t{1} << state_exponent);
    putter.put({1, 0});
    return putter;
  };
  const int least = std::countr_zero(least_state), frequency = std::countr_zero(put(least).state()) - least;
  const int full =
      lowest_bit(least, 63, [&](int bit) { return put(bit).state() >> bit != std::uint64_t{1} << frequency; });
  const int word_bits = full + frequency - std::countr_zero(put(full).state());
  return fmt::format("weyl_increment {}\noffset_shift {}\noffset_exponent {}\nbucket_shift {}\nbucket_count {}\n",
                     weyl_word(0, 1), offset_shift, offset_exponent, bucket_shift, bucket_of(~0u) + 1) +
         fmt::format("frequency_exponent {}\nstate_least_exponent {}\nstate_end_exponent {}\nstream_word_bits {}\n",
                     frequency, least, full + frequency, word_bits);
}

}  // namespace

std::string constants() {
  std::string text =
      shipped("shipped_sigma_times_64", &Generator::sigma) + shipped("shipped_kappa_times_64", &Generator::kappa);
  text += fmt::format("philox_domain_signs {}\nphilox_domain_dither {}\n", sign_domain, dither_domain);
  // U of word 0 is 1/2^v.
  text += fmt::format("dither_scale_exponent {}\n", -std::ilogb(hdq::dither_of_word(0)));
  text += fmt::format("unit_roundoff_exponent {}\n", exponent_of(unit_roundoff()));
  text += fmt::format("min_subnormal_exponent {}\n", exponent_of(underflow32()) + 1);
  text += fmt::format("score_sums {}\nscore_run {}\n", score_sums, score_run);
  text += entropy_coded();
  for (const int base : {1, 12, 20, 28}) {
    for (int log2 = 0; (base << log2) <= 8192; ++log2) {
      text += fmt::format("transform_addition_stages {} {} {}\n", base, log2, transform_addition_stages(base, log2));
    }
  }
  for (const int base : {1, 12, 20, 28}) {
    for (int row = 0; row < base; ++row) text += base_matrix_row(base, row);
  }
  return text;
}

}  // namespace hdq::figures
