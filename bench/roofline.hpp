// The roofline: lane operations per second against lane operations per byte of the array that streams, under the ceilings that the
// same run measured (Williams, Waterman, Patterson, "Roofline", CACM 52(4), 2009).
#pragma once

#include <string>
#include <vector>

#include "reporter.hpp"

namespace hdq::bench {

// Throws std::runtime_error without the machine's figures, io::PlotError without gnuplot.
void write_roofline(const std::string& path, const Settings& settings, const std::vector<Result>& results);

}  // namespace hdq::bench
