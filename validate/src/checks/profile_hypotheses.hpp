// What a kernel under a profile may compute instead of what the profile says. A hypothesis is a judge with one thing changed; it
// explains a wrong output if that judge finds all of it right.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hdq/reference/profile/profile_judge.hpp"
#include "hdq/validate/explain/finding.hpp"

namespace hdq::validate {

// Is all that the kernel put out for a case right by this judge?
using Right = std::function<bool(const reference::ProfileJudge&)>;
// The same with the codes of every row changed.
using CodeMap = std::function<void(std::vector<std::uint8_t>& codes, std::size_t row)>;

// x, y: n and N d floats of a row that is wrong.
std::optional<Explanation> explain_rotation(const reference::ProfileJudge& judge, const Right& right, const float* x, const std::vector<float>& y);
std::optional<Explanation> explain_rotation_back(const reference::ProfileJudge& judge, const Right& right, const float* y, const std::vector<float>& x);

// What encode gave for the rows of a case. y: the kernel's own rotated rows, or empty.
struct EncodedCase {
  const float* x;
  std::vector<float> y;
  std::vector<reference::ProfileRow> rows;
  std::uint64_t first_row;
  std::size_t wrong = 0;  // a row that is

  const float* own(const reference::ProfileJudge& judge, std::size_t row) const { return y.empty() ? nullptr : y.data() + row * judge.rotated_length(); }
  const float* input(const reference::ProfileJudge& judge, std::size_t row) const { return x + row * judge.dimension(); }
};
std::optional<Explanation> explain_encode(const reference::ProfileJudge& judge, const EncodedCase& encoded);
// values: of the row that is wrong.
std::optional<Explanation> explain_decode(const reference::ProfileJudge& judge, const Right& right, const reference::ProfileRow& row,
                                          const std::vector<float>& values, std::uint64_t number);
std::optional<Explanation> explain_dot(const reference::ProfileJudge& judge, const Right& right);
// Packed codes that are not what they should be.
std::optional<Explanation> explain_pack(reference::Packing packing, const std::vector<std::uint8_t>& codes, int bits, std::size_t block,
                                        const std::vector<std::uint8_t>& got);
// A table that is not the named one: `given` against `named`.
Explanation explain_table(const std::vector<double>& named, const std::vector<double>& given);

}  // namespace hdq::validate
