// Where the command hdq was built: beside this program.
#pragma once

#include <filesystem>
#include <string>

namespace hdq::bench {

inline std::string hdq_command() {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "hdq").string();
}

}  // namespace hdq::bench
