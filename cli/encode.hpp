// What `hdq encode` and `hdq-mpi encode` share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "command.hpp"
#include "files.hpp"
#include "hdq/file.hpp"
#include "hdq/mean.hpp"

namespace hdq::cli {

struct EncodeArguments : CodecArguments {
  std::string input, output, center_at;
  VectorInput vectors;
  std::uint64_t first_row = 0;
  std::uint32_t client = 0, round = 0;

  Option add_to(Command command);                                                     // --center-at
  std::uint64_t row_number() const { return first_row | client_row(client, round); }  // of row 0: one of the two is 0
};

// The one row of a file, finite.
std::vector<float> center_of_file(const std::string& path, std::size_t dimension);

// Says what the file has become, once it is committed.
void print_encoded(const EncodeArguments& arguments, const Codec& codec, const FileWriter& file);

}  // namespace hdq::cli
