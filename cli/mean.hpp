// What `hdq mean` and `hdq-mpi mean` share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "command.hpp"
#include "files.hpp"
#include "hdq/mean.hpp"

namespace hdq::cli {

struct MeanArguments : CodecArguments {
  std::vector<std::string> clients;
  std::string output, weights;
  VectorInput vectors;
  std::uint32_t round = 0;
  std::optional<double> total;
  bool json = false;

  void add_to(Command command);
  void check_scheme(bool codes) const;  // UsageError for options that do not fit clients that are codes, or vectors
};

// Whether a file is an .hdq file by its first bytes.
bool holds_codes(const std::string& name);

// The numbers of a file, each within the range of weights; none for no file.
std::vector<double> read_weights(const std::string& path);

// What the rows take in a message: streams, or norms and codes.
double bytes_of(const Codec& codec, const EncodedView& rows);

struct MeanReport {
  std::optional<Codec> codec;  // the last one; of all rows, if `one_codec`
  bool one_codec = true;
  double code_bytes = 0;  // of all rows, norms included
  std::optional<double> nmse;

  void note(const Codec& of_rows);
};

// Σ w_i x̂_i over the total weight, as one row of the output.
std::vector<float> write_mean(const MeanArguments& arguments, const MeanAccumulator& sum);

void print_mean(const MeanArguments& arguments, const MeanAccumulator& sum, const MeanReport& report);

}  // namespace hdq::cli
