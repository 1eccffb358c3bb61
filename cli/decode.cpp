// hdq decode: an .hdq file back to float32 rows, streamed.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "command.hpp"
#include "files.hpp"
#include "hdq/file.hpp"
#include "hdq/io/text.hpp"
#include "hdq/io/vector_writer.hpp"

namespace hdq::cli {
namespace {

struct Arguments : CodecArguments {
  std::string input, output, format;
  bool shrink = false;
};

int decode(const Arguments& arguments) {
  require_distinct({arguments.input}, {arguments.output});
  const auto format = io::output_format(arguments.output, io::Content::vectors, format_of_option(arguments.format));
  const CodesFile file(arguments.input);
  const FileHeader& header = file->header();
  const Codec codec = file->codec({.isa = arguments.isa, .threads = arguments.threads, .shrink = arguments.shrink});
  io::VectorWriter writer(arguments.output, header.rows, codec.dimension(), io::Content::vectors, format);
  const std::size_t chunk = rows_per_chunk(codec.dimension(), arguments.threads);
  std::vector<float> x;
  Progress progress("decoding", header.rows);
  for (std::uint64_t begin = 0; begin < header.rows; begin += chunk) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, header.rows - begin));
    x.resize(count * codec.dimension());
    file->decode(codec, begin, {x.data(), count, codec.dimension()});
    writer.append(x.data(), count);
    progress.advance(count);
  }
  writer.commit();
  fmt::print(report_stream(arguments.output), "{}: {} rows, {} dimensions, float32{}\n",
             io::printable(arguments.output), header.rows, header.dimension,
             arguments.shrink ? fmt::format(", shrunk by {:.9g}", codec.shrink_factor()) : "");
  return exit_ok;
}

}  // namespace

void add_decode(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command = add_command(app, "decode", "Reconstruct the rows of an .hdq file as float32",
                                  "hdq decode embeddings.hdq -o reconstructed.npy",
                                  [arguments] { return decode(*arguments); });
  command.text("IN", arguments->input, "The .hdq file; - is standard input").required();
  command.text("-o,--output", arguments->output, fmt::format("The file to write ({}); - is standard output", io::writable_extensions(io::Content::vectors))).required();
  command.flag("--shrink", arguments->shrink,
               "Multiply by 1/(1 + C), C the bound of the mean squared error: biased, but error C/(1 + C) at most, for "
               "reconstruction");
  add_output_format(command, arguments->format, io::Content::vectors);
  arguments->add_threads(command);
  arguments->add_isa(command);
}

}  // namespace hdq::cli
