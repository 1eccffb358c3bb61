// Input that cannot be used.
#pragma once

#include "hdq/types.hpp"

namespace hdq::io {

// what() is one printable line that names the file and, where one is at fault, row and column.
struct BadInput : Error {
  using Error::Error;
};

}  // namespace hdq::io
