// hdq encode: rows of vectors to an .hdq file, streamed.
#include "encode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "command.hpp"
#include "files.hpp"
#include "hdq/file.hpp"
#include "hdq/io/text.hpp"
#include "neighbours.hpp"
#include "options.hpp"

namespace hdq::cli {
namespace {

struct Arguments : EncodeArguments {
  bool center = false;
};

// The mean of the rows: sums in double, in order of rows, rounded to float32.
std::vector<float> mean_of_rows(const VectorReader& input, int threads) {
  if (input.rows() == 0) throw BadInput(input.name() + ": no rows to take the mean of");
  std::vector<double> sums(input.dimension());
  Progress progress("taking the mean", input.rows());
  for_each_chunk<float>(input, threads, [&](std::uint64_t begin, std::size_t count, const float* x) {
    require_finite(input, begin, {x, count * input.dimension()});
    for (std::size_t row = 0; row < count; ++row)
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<double>(x[row * sums.size() + i]);
    progress.advance(count);
  });
  std::vector<float> mean;
  for (const double sum : sums) mean.push_back(static_cast<float>(sum / static_cast<double>(input.rows())));
  return mean;
}

template <class Number>
void encode_all(const Arguments& arguments, const VectorReader& input, const Codec& codec, FileWriter& writer) {
  Progress progress("encoding", input.rows());
  for_each_chunk<Number>(input, arguments.threads, [&](std::uint64_t begin, std::size_t count, const Number* x) {
    try {
      writer.encode(codec, RowsView<const Number>(x, count, input.dimension()));
    } catch (const InvalidInput& bad) {
      reject_row(input, begin, x, bad);
    }
    progress.advance(count);
  });
}

int encode(const Arguments& arguments) {
  require_distinct({arguments.input, arguments.center_at}, {arguments.output});
  require_extension(arguments.output, ".hdq");
  static_cast<void>(arguments.parameters(1));  // wrong usage before a file is read
  const VectorReader input(arguments.input, arguments.vectors.options(arguments.center));
  arguments.vectors.check_used({&input});
  const Codec codec(arguments.parameters(input.dimension()), {arguments.isa, arguments.threads});
  const std::uint64_t first_row = arguments.row_number();
  if (first_row > UINT64_MAX - input.rows()) throw UsageError("--first-row: row numbers beyond 64 bits");
  std::vector<float> center;
  if (arguments.center) center = mean_of_rows(input, arguments.threads);
  if (!arguments.center_at.empty()) center = center_of_file(arguments.center_at, input.dimension());

  const CodesOutput output(arguments.output);
  FileWriter writer(output.path(), FileHeader::make(codec, input.rows(), first_row), center);
  if (input.element() == io::Element::float16) encode_all<Float16>(arguments, input, codec, writer);
  else if (input.element() == io::Element::bfloat16) encode_all<BFloat16>(arguments, input, codec, writer);
  else encode_all<float>(arguments, input, codec, writer);
  writer.commit();
  output.send();
  print_encoded(arguments, codec, writer);
  return exit_ok;
}

// What the file has become, once it is committed.
std::string size_text(const Codec& codec, const FileWriter& file) {
  const FileHeader& header = file.header();
  const double float_bytes = static_cast<double>(header.dimension) * sizeof(float);
  if (header.scheme == SchemeId::fixed_rate) {
    const auto row_bytes = static_cast<double>(sizeof(float) + codec.code_bytes());
    return fmt::format("{} bytes a row, {:.2f}x smaller than float32", row_bytes, float_bytes / row_bytes);
  }
  const StoredBits bits = stored_bits(header, file.bytes(), file.norms());
  const double error = codec.error_bound();
  std::string text =
      fmt::format("E|x^ - x|^2 {} {:.9g} {} for every row", header.dimension == header.order ? "=" : "<=", error,
                  header.has_mean ? "|x - mean|^2" : "|x|^2");
  if (header.rows == 0) return text;
  const double all = float_bytes * static_cast<double>(header.rows);
  return text + fmt::format("; {:.4f} bits a coordinate, {:.4f} with the norms; {} bytes, {:.2f}x smaller than float32",
                            bits.norms_apart, bits.with_norms, file.bytes(), all / static_cast<double>(file.bytes()));
}

}  // namespace

std::vector<float> center_of_file(const std::string& path, std::size_t dimension) {
  const VectorReader file(path);
  if (file.rows() != 1 || file.dimension() != dimension)
    throw BadInput(fmt::format("{}: {} rows of {}; one row of {} is needed", file.name(), file.rows(), file.dimension(),
                               dimension));
  std::vector<float> center = file.read_all();
  require_finite(file, 0, center);
  return center;
}

void print_encoded(const EncodeArguments& arguments, const Codec& codec, const FileWriter& file) {
  const FileHeader& header = file.header();
  fmt::print(report_stream(arguments.output), "{}: {} rows{}, {} dimensions (Hadamard order {}), {}, seed {}; {}\n",
             io::printable(arguments.output), header.rows, header.has_mean ? " (centred)" : "", header.dimension,
             codec.order(), scheme_text(codec), codec.seed(), size_text(codec, file));
}

Option EncodeArguments::add_to(Command command) {
  command.text("INPUT", input, vector_input_help("Rows of vectors")).required();
  command.text("-o,--output", output, "The .hdq file to write; - is standard output").required();
  add_scheme(command);
  add_seed(command);
  add_dither(command);
  vectors.add_to(command);
  Option center = command.text("--center-at", center_at,
                               "Subtract this vector first, a file of one row, store it, and add it again in decoding");
  center.show("FILE");
  const Option first =
      command.integer("--first-row", first_row, 0, UINT64_MAX, "Row number of the first row; selects the dither")
          .show_default();
  command
      .integer("--client", client, 0, UINT32_MAX,
               "The same by a client's number, for a mean over clients: row number 2^32 round + client")
      .excludes(first);
  command.integer("--round", round, 0, UINT32_MAX, "The round of --client").excludes(first);
  add_threads(command);
  add_isa(command);
  return center;
}

void add_encode(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command =
      add_command(app, "encode", "Quantize the rows of INPUT to an .hdq file",
                  "hdq encode embeddings.npy -o embeddings.hdq --bits 4", [arguments] { return encode(*arguments); });
  const Option center_at = arguments->add_to(command);
  command.flag("--center", arguments->center, "The same with the mean of the rows: for rows far from the origin")
      .excludes(center_at);
}

}  // namespace hdq::cli
