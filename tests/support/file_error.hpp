// What the library says of a file.
#pragma once

#include <string>
#include <type_traits>

#include "hdq/file.hpp"

namespace hdq::testing {

// The message of the FileError that action() throws, or that the checksums of the file of this name give; "" where there is none.
template <class Action>
std::string error_of(const Action& action) {
  try {
    if constexpr (std::is_convertible_v<Action, std::string>)
      FileReader(action).verify();
    else
      action();
  } catch (const FileError& error) {
    return error.what();
  }
  return "";
}

}  // namespace hdq::testing
