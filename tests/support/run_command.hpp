// Runs the hdq binary as a user does.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace hdq::testing {

struct CommandResult {
  int exit_code;
  std::string output;  // standard output and standard error
};

// A line for the shell; HDQ_BINARY is the program.
inline CommandResult run_shell(const std::string& line) {
  std::FILE* pipe = ::popen(("exec 2>&1 </dev/null; " + line).c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen");
  CommandResult result{-1, ""};
  std::array<char, 4096> buffer;
  for (std::size_t got; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    result.output.append(buffer.data(), got);
  }
  const int status = ::pclose(pipe);
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  return result;
}

inline CommandResult run_hdq(const std::string& arguments) {
  std::string line = "'";  // appended to: GCC 12 warns falsely of a sum of several strings
  line.append(HDQ_BINARY).append("' ").append(arguments);
  return run_shell(line);
}

}  // namespace hdq::testing
