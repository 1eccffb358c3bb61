// What `hdq validate` and `hdq-mpi validate` share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "command.hpp"
#include "hdq/validate/driver/validator.hpp"

namespace hdq::cli {

struct ValidateArguments {
  std::vector<std::string> subject;
  validate::Options options;
  double time_limit = 10, start_limit = 30;
  int processes = 0;            // 0: as many as suit
  std::uint64_t runs_here = 1;  // on this machine at once: they divide its memory
  std::optional<double> memory_limit;
  std::string junit, input, profile, audited;
  std::vector<std::string> dimensions;
  int bits = 0;
  std::optional<double> step;
  std::uint64_t seed = 0, row = 0;
  bool json = false, list = false;

  void add_to(Command command);
};

// Opens the kernel and judges it. UsageError for a kernel that cannot be opened, or options that do not fit.
validate::Verdict judge(const ValidateArguments& arguments);

}  // namespace hdq::cli
