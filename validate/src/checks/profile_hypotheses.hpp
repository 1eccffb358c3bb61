// What a kernel under a profile may compute instead of what the profile says. A hypothesis is a judge with one thing changed; it
// explains a wrong output if that judge finds all of it right.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hdq/reference/profile/profile_judge.hpp"

namespace hdq::validate {

struct Explanation {
  std::string defect, what;  // an id of defect.hpp; in words
};

// x: n floats; y: N d floats, as the kernel rotated it.
std::optional<Explanation> explain_rotation(const reference::ProfileJudge& judge, const float* x, const std::vector<float>& y);
std::optional<Explanation> explain_rotation_back(const reference::ProfileJudge& judge, const float* y, const std::vector<float>& x);
// y: the kernel's own rotated row, or null. `number`: of the row.
std::optional<Explanation> explain_encode(const reference::ProfileJudge& judge, const float* x, const float* y,
                                          const reference::ProfileRow& row, std::uint64_t number);
std::optional<Explanation> explain_decode(const reference::ProfileJudge& judge, const reference::ProfileRow& row,
                                          const std::vector<float>& values, std::uint64_t number);
std::optional<Explanation> explain_dot(const reference::ProfileJudge& judge, const reference::ProfileRow& row,
                                       const std::vector<float>& query, float value, std::uint64_t number);
// A table that is not the named one: `given` against `named`.
Explanation explain_table(const std::vector<double>& named, const std::vector<double>& given);

}  // namespace hdq::validate
