// Files of scalar codebooks. Which kind: .npy by its first bytes, archives and other files of vectors by their names, JSON by its
// first character, text otherwise.
//   text   numbers separated by white space, commas or semicolons, a C float's f after one allowed; # begins a comment
//   .npy   an array of any shape, its numbers in order
//   JSON   an array of numbers, or {"centroids": […], "thresholds": […], "unit": "1/sqrt(d)" or a number, "tie": "up" or "down"};
//          "thresholds", "unit", "tie", "name", "source", "comment" may be missing
// Decimals are kept as they are printed.
#pragma once

#include <cstdint>
#include <string>

#include "hdq/reference/scheme/codebook.hpp"
#include "options.hpp"

namespace hdq::cli {

constexpr std::size_t codebook_bytes = std::size_t{8} << 20;  // of a file that are read

// BadInput naming the file and the entry at fault. `unit`: of the option, which overrides the file's; "" for none. UsageError where it is none.
reference::Codebook read_codebook(const std::string& name, const std::string& unit);

// --codebook, which excludes `other`, and --unit.
void add_scale_rule(Command command, reference::ScaleRule& rule, const std::string& what);
void add_codebook_options(Command command, std::string& name, std::string& unit, const Option& other);

}  // namespace hdq::cli
