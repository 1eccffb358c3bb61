// A profile as commands take it: --profile NAME|FILE (docs/profiles.md).
#pragma once

#include <string>

#include "options.hpp"
#include "hdq/reference/profile/profile.hpp"

namespace hdq::cli {

inline constexpr std::size_t largest_profile = std::size_t{1} << 24;  // bytes

// The JSON of a shipped profile's name, or of a file. UsageError, BadInput.
std::string profile_text(const std::string& name_or_file);
// The same, read; errors name the file and the field.
reference::Profile read_profile(const std::string& name_or_file);

Option add_profile(Command command, std::string& name_or_file);

}  // namespace hdq::cli
