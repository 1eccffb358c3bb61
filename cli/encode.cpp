// hdq encode: rows of vectors to an .hdq file, streamed.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "command.hpp"
#include "hdq/file.hpp"

namespace hdq::cli {
namespace {

struct Arguments : CodecArguments {
  std::string input, output;
  std::uint64_t first_row = 0;
};

int encode(const Arguments& arguments) {
  const VectorFile input(arguments.input);
  require_distinct(arguments.input, arguments.output);
  const Codec codec = arguments.codec(input.dimension());
  if (arguments.first_row > UINT64_MAX - input.rows()) throw UsageError("--first-row: row numbers beyond 64 bits");

  const FileHeader header = FileHeader::make(codec, input.rows(), arguments.first_row);
  FileWriter writer(arguments.output, header);
  const std::size_t chunk = rows_per_chunk(input.dimension(), arguments.threads);
  std::vector<float> x, norms;
  std::vector<std::uint8_t> codes;
  Progress progress("encoding", input.rows());
  for (std::uint64_t begin = 0; begin < input.rows(); begin += chunk) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, input.rows() - begin));
    x.resize(count * input.dimension());
    norms.resize(count);
    codes.resize(count * codec.code_bytes());
    input.read(begin, count, x.data());
    encode_rows(codec, input, begin, count, x.data(), norms.data(), codes.data(), arguments.first_row);
    writer.append(norms.data(), codes.data(), count);
    progress.advance(count);
  }
  writer.commit();

  const double float_bytes = static_cast<double>(input.dimension()) * sizeof(float);
  const auto row_bytes = static_cast<double>(sizeof(float) + codec.code_bytes());
  fmt::print("{}: {} rows, {} dimensions (Hadamard order {}), {} bits, seed {}; {} bytes a row, {:.2f}x smaller than "
             "float32\n",
             arguments.output, input.rows(), input.dimension(), codec.order(), codec.bits(), codec.seed(), row_bytes,
             float_bytes / row_bytes);
  return exit_ok;
}

}  // namespace

void add_encode(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = add_command(app, "encode", "Quantize the rows of INPUT to an .hdq file",
                                  "hdq encode embeddings.npy -o embeddings.hdq --bits 4",
                                  [arguments] { return encode(*arguments); });
  command->add_option("INPUT", arguments->input, ".npy (float16/32/64, 1-D or 2-D, C order) or .fvecs")->required();
  command->add_option("-o,--output", arguments->output, "The .hdq file to write")->required();
  arguments->add_bits(command);
  arguments->add_seed(command);
  command->add_option("--first-row", arguments->first_row, "Row number of the first row; selects the dither")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  arguments->add_threads(command);
  arguments->add_isa(command);
}

}  // namespace hdq::cli
