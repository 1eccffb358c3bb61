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

namespace hdq::figures {

constexpr std::size_t codebook_bytes = std::size_t{8} << 20;  // of a file that are read

// io::BadInput naming the file and the entry at fault. `unit`: "1/sqrt(d)", "1" or a number, which overrides the file's, or "".
// UsageError (usage_error.hpp) where it is none of these.
reference::Codebook read_codebook(const std::string& name, const std::string& unit);

}  // namespace hdq::figures
