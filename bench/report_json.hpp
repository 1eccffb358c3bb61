// The report as JSON; README.md of this directory describes the fields.
#pragma once

#include <string>
#include <vector>

#include "machine.hpp"
#include "reporter.hpp"

namespace hdq::bench {

// Throws std::runtime_error if the file cannot be written.
void write_json(const std::string& path, const Settings& settings, const Machine& machine, const std::vector<Result>& results);

}  // namespace hdq::bench
