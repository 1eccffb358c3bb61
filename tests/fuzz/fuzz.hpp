// What the fuzzers share. A target returns; whatever else happens is a finding: a sanitizer's report, an exception, a trap, more time or
// memory than run.cmake allows, and what require() refuses.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "hdq/io/text.hpp"
#include "temporary_directory.hpp"

namespace hdq::fuzz {

inline void require(bool condition, const std::string& what) {
  if (condition) return;
  std::fprintf(stderr, "fuzz: %s\n", what.c_str());
  std::abort();
}

inline void require_line(const std::string& text) { require(text == io::printable(text), "text that is not one printable line: " + text); }

// What a user is told of bad input: one short printable line that begins with its name.
inline void require_message(const std::string& message, std::string_view name) {
  require(message.starts_with(name), "a message that does not name its file: " + message);
  require(message.size() < name.size() + 400, "a long message: " + message);
  require_line(message);
}

// One directory for all runs of a process; as on a command line, but removed also where the process is about to abort.
inline const testing::TemporaryDirectory& directory() {
  static const testing::TemporaryDirectory only;
  return only;
}

}  // namespace hdq::fuzz
