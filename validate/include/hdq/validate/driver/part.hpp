// What some of the checks found: a verdict is put together of parts, which are judged one after the other or in processes of their own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "hdq/validate/driver/validator.hpp"

namespace hdq::validate {

struct Part {
  std::vector<CheckResult> checks;
  std::vector<std::string> unsupported, remarks;
  std::vector<Estimate> estimates;
  std::map<std::string, Session::LeftOut> left_out;
  std::string unwritten;
};

// For another process of this program: every field comes back as it was, numbers that are not finite and bytes that are no text too.
std::string bytes_of_part(const Part& part);
// Throws std::exception where these are not the bytes of a part.
Part part_of_bytes(const std::string& bytes);

}  // namespace hdq::validate
