// What a check found: the stage, the class of defect, and the first divergence in numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hdq/validate/subject/subject.hpp"

namespace hdq::validate {

// In the order of data flow: the first stage with a finding is where to look.
enum class Stage {
  memory,
  signs,
  dither,
  thresholds,
  codewords,
  transform,
  scale,
  encode,
  tables,
  coder,
  pack,
  unpack,
  inverse,
  decode,
  dot,
  paths,
  input,
  file,
  oracle,
  audit,
};
const char* stage_name(Stage stage);

// A class of defects, and why.
struct Explanation {
  std::string defect, what;  // an id of defect.hpp; in words
};

// One number that is wrong.
struct Divergence {
  std::size_t index = 0;
  std::string got, expected;       // decimal and hexadecimal
  double error_ulp = 0, bound_ulp = 0;  // in units of the last place of `expected` as float32 (double for the codebook)
};

// All numbers of the row that is wrong, at the stage that is wrong: |got − expected| <= bound is what must hold of each. NaN for what is
// expected of a number that is right and was not kept.
struct Comparison {
  std::vector<double> got, expected, bound;
};

struct Finding {
  std::string defect;  // an id of defect.hpp
  Stage stage = Stage::memory;
  std::string check;   // what --only takes
  std::string what;    // one line
  Config config;
  std::uint64_t row = 0;  // row number (SPEC §2)
  std::optional<Divergence> divergence;
  std::string input_file, replay;  // the smallest input that fails, and the command that shows it
  std::uint64_t count = 1;         // findings alike
  bool ended_process = false;      // crashed or hung
  std::vector<float> input;  // the rows of input_file, written or not: rows × dimension; empty where there are none
  Comparison row_values;     // empty where the check has no such numbers
  Comparison first_seen;     // the same of the input as it was before it was made smaller
};

std::string decimal_and_hex(float value);
std::string decimal_and_hex(double value);

}  // namespace hdq::validate
