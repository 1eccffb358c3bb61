// A profile (docs/profiles.md) by the name of a shipped one, or in a file.
#pragma once

#include <cstddef>
#include <string>

#include "hdq/reference/profile/profile.hpp"

namespace hdq::figures {

inline constexpr std::size_t largest_profile = std::size_t{1} << 24;  // bytes

// The JSON of a shipped profile's name, or of a file. UsageError, io::BadInput.
std::string profile_text(const std::string& name_or_file);
// The same, read; errors name the file and the field.
reference::Profile read_profile(const std::string& name_or_file);

}  // namespace hdq::figures
