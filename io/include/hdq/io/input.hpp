// Whole inputs: small texts, and standard input where a name is needed.
#pragma once

#include <cstddef>
#include <string>

#include "hdq/io/bad_input.hpp"

namespace hdq::io {

// All of a regular file ("-": of standard input) of at most `limit` bytes, which are read as they come. BadInput, naming it.
std::string read_text(const std::string& name, std::size_t limit);

// Standard input as a file that can be opened under a name: a copy without a name of its own, unless it is a regular file.
class StoredInput {
 public:
  StoredInput();  // BadInput
  ~StoredInput();
  StoredInput(StoredInput&& other) noexcept;
  StoredInput& operator=(StoredInput&& other) noexcept;
  std::string path() const;  // to be opened while this object lives

 private:
  int descriptor_;
};

}  // namespace hdq::io
