// hdq show: one row of an .hdq file: its norm, its dither, its codes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "files.hpp"
#include "hdq/file.hpp"
#include "hdq/stages.hpp"
#include "options.hpp"

namespace hdq::cli {
namespace {

struct Arguments {
  std::string input;
  std::uint64_t row = 0;
  bool json = false;
};

int show(const Arguments& arguments) {
  const CodesFile file(arguments.input);
  const FileHeader& header = file->header();
  if (arguments.row >= header.rows) {
    throw UsageError(fmt::format("--row {}: {} has {} rows", arguments.row, file.name(), header.rows));
  }
  BlockReader reader(*file);
  const EncodedView row = reader.rows(arguments.row, 1);
  const float norm = row.norms()[0];
  std::vector<std::uint8_t> codes(static_cast<std::size_t>(header.order));
  unpack(static_cast<int>(header.bits), row.row_codes(0), codes.size(), codes.data());
  const std::uint32_t word = dither_word(header.seed, row.first_row());
  if (arguments.json) {
    const nlohmann::ordered_json fields = {
        {"row", arguments.row},       {"row_number", row.first_row()},
        {"norm", norm},               {"dither_word", word},
        {"dither", dither_of_word(word)}, {"codes", codes},
    };
    print_json(fields);
    return exit_ok;
  }
  fmt::print("row {} (row number {}): norm {:.9g}, dither {:.12f} (word {}), {} codes of {} bits\n{}\n", arguments.row,
             row.first_row(), norm, dither_of_word(word), word, header.order, header.bits,
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
