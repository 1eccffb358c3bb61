// hdq decode: an .hdq file back to float32 rows, streamed.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "command.hpp"
#include "hdq/file.hpp"

namespace hdq::cli {
namespace {

struct Arguments : CodecArguments {
  std::string input, output;
};

int decode(const Arguments& arguments) {
  const FileReader file(arguments.input);
  require_distinct(arguments.input, arguments.output);
  const FileHeader& header = file.header();
  const Codec codec = file.codec({arguments.isa, arguments.threads});
  NpyWriter writer(arguments.output, header.rows, codec.dimension());
  const std::size_t chunk = rows_per_chunk(codec.dimension(), arguments.threads);
  std::vector<float> x;
  Progress progress("decoding", header.rows);
  for (std::uint64_t begin = 0; begin < header.rows; begin += chunk) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, header.rows - begin));
    x.resize(count * codec.dimension());
    file.decode(codec, begin, count, x.data());
    writer.append(x.data(), count);
    progress.advance(count);
  }
  writer.commit();
  fmt::print("{}: {} rows, {} dimensions, float32\n", arguments.output, header.rows, header.dimension);
  return exit_ok;
}

}  // namespace

void add_decode(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = add_command(app, "decode", "Reconstruct the rows of an .hdq file as float32 .npy",
                                  "hdq decode embeddings.hdq -o reconstructed.npy",
                                  [arguments] { return decode(*arguments); });
  command->add_option("IN", arguments->input, "The .hdq file")->required();
  command->add_option("-o,--output", arguments->output, "The .npy file to write")->required();
  arguments->add_threads(command);
  arguments->add_isa(command);
}

}  // namespace hdq::cli
