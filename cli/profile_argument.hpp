// A profile as commands take it: --profile NAME|FILE (docs/profiles.md).
#pragma once

#include <string>

#include "hdq/figures/profile_file.hpp"
#include "options.hpp"

namespace hdq::cli {

using figures::profile_text, figures::read_profile;

Option add_profile(Command command, std::string& name_or_file);

}  // namespace hdq::cli
