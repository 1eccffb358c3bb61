// A codebook of somebody's as commands take it: --codebook FILE, --unit, --rule.
#pragma once

#include <string>

#include "hdq/reference/scheme/codebook.hpp"
#include "options.hpp"

namespace hdq::cli {

void add_scale_rule(Command command, reference::ScaleRule& rule, const std::string& what);
// --codebook, which excludes `other`, and --unit.
void add_codebook_options(Command command, std::string& name, std::string& unit, const Option& other);

}  // namespace hdq::cli
