// hdq show: one row of an .hdq file: its norm, its dither, its codes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "command.hpp"
#include "files.hpp"
#include "hdq/file.hpp"
#include "hdq/reference/scheme/uniform_step.hpp"
#include "hdq/stages.hpp"
#include "options.hpp"

namespace hdq::cli {
namespace {

struct Arguments {
  std::string input;
  std::uint64_t row = 0;
  bool json = false;
};

std::vector<std::int64_t> codes_of(const FileHeader& header, const EncodedView& row) {
  const auto order = static_cast<std::size_t>(header.order);
  if (header.scheme == SchemeId::entropy_coded) return reference::codes_in_memory(row.codes(), order);
  std::vector<std::uint8_t> codes(order);
  unpack(static_cast<int>(header.bits), row.row_codes(0), order, codes.data());
  return {codes.begin(), codes.end()};
}

int show(const Arguments& arguments) {
  const CodesFile file(arguments.input);
  const FileHeader& header = file->header();
  if (arguments.row >= header.rows) {
    throw UsageError(fmt::format("--row {}: {} has {} rows", arguments.row, file.name(), header.rows));
  }
  BlockReader reader(*file);
  const EncodedView row = reader.rows(arguments.row, 1);
  const float norm = row.norms()[0];
  const std::vector<std::int64_t> codes = codes_of(header, row);
  const std::uint32_t word = dither_word(header.seed, header.parameters().dither_row(row.first_row()));
  nlohmann::ordered_json fields = {
      {"row", arguments.row}, {"row_number", row.first_row()}, {"norm", norm}, {"dither_word", word}};
  const bool fixed_rate = header.scheme == SchemeId::fixed_rate;
  if (fixed_rate)
    fields.update({{"dither", dither_of_word(word)}, {"shared_dither", header.dither == Dither::shared}});
  else
    fields.update({{"step", header.step}, {"stream_bytes", reader.stream_bytes(arguments.row)}});
  fields["codes"] = codes;
  if (arguments.json) {
    print_json(fields);
    return exit_ok;
  }
  const std::string how = fixed_rate
                              ? fmt::format("{}dither {:.12f} (word {}), {} codes of {} bits",
                                            header.dither == Dither::shared ? "shared " : "", dither_of_word(word),
                                            word, header.order, header.bits)
                              : fmt::format("dither word {}, {} codes of step {:.9g} in a stream of {} bytes", word,
                                            header.order, header.step, fields["stream_bytes"].get<std::uint32_t>());
  fmt::print("row {} (row number {}): norm {:.9g}, {}\n{}\n", arguments.row, row.first_row(), norm, how,
             fmt::join(codes, " "));
  return exit_ok;
}

}  // namespace

void add_show(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command = add_command(app, "show", "Show one row of an .hdq file: norm, dither, codes",
                                  "hdq show embeddings.hdq --row 0 --json", [arguments] { return show(*arguments); });
  command.text("IN", arguments->input, "The .hdq file; - is standard input").required();
  command.integer("--row", arguments->row, 0, UINT64_MAX, "Index of the row in the file, from 0").required();
  command.flag("--json", arguments->json, "One JSON object");
}

}  // namespace hdq::cli
