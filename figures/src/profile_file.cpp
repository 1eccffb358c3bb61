#include "hdq/figures/profile_file.hpp"

#include <filesystem>

#include "hdq/figures/usage_error.hpp"
#include "hdq/io/bad_input.hpp"
#include "hdq/io/input.hpp"
#include "hdq/io/text.hpp"

namespace hdq::figures {

using namespace hdq::reference;

std::string profile_text(const std::string& name_or_file) {
  for (const ShippedProfile& shipped : shipped_profiles()) {
    if (shipped.name == name_or_file) return shipped.json;
  }
  const bool file =
      name_or_file == "-" || name_or_file.find('/') != std::string::npos || std::filesystem::exists(name_or_file);
  if (!file)
    throw UsageError(io::printable(name_or_file) + " is neither a shipped profile (hdq profile list) nor a file");
  return io::read_text(name_or_file, largest_profile);
}

Profile read_profile(const std::string& name_or_file) {
  const std::string text = profile_text(name_or_file);
  try {
    return parse_profile(text);
  } catch (const BadProfile& bad) {
    throw io::BadInput(io::printable(name_or_file) + ": " + io::printable(bad.what()));
  }
}

}  // namespace hdq::figures
