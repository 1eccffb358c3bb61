// hdq constants: the numbers that C++ and Coq must share, in the format of proofs/constants.txt; a test compares the two.
#include "hdq/figures/constants.hpp"

#include <fmt/format.h>

#include "command.hpp"

namespace hdq::cli {

void add_constants(CLI::App& app) {
  add_command(app, "constants", "Print the constants shared with the Coq proofs",
              "hdq constants | diff proofs/constants.txt -", [] {
                fmt::print("{}", figures::constants());
                return static_cast<int>(exit_ok);
              });
}

}  // namespace hdq::cli
