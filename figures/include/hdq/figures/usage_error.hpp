// Arguments that do not go together or that mean nothing.
#pragma once

#include <stdexcept>

namespace hdq::figures {

// what() names them as the program's options are named: "--dim 3 is less than the vector's 4".
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace hdq::figures
