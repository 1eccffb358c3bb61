// hdq info: what an .hdq file holds; every checksum is verified on the way.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "files.hpp"
#include "hdq/file.hpp"
#include "hdq/stages.hpp"

namespace hdq::cli {
namespace {

struct Arguments {
  std::string input;
  bool json = false;
};

int info(const Arguments& arguments) {
  const CodesFile file(arguments.input);
  const FileHeader& header = file->header();
  Progress progress("verifying", header.blocks());
  BlockReader reader(*file);
  for (std::uint64_t block = 0; block < header.blocks(); ++block) {
    static_cast<void>(reader.block(block));
    progress.advance(1);
  }
  const HadamardOrder order = hadamard_order(static_cast<std::size_t>(header.dimension));
  const std::size_t row_bytes = sizeof(float) + header.code_bytes();
  const double ratio = static_cast<double>(header.dimension * sizeof(float)) / static_cast<double>(row_bytes);
  const nlohmann::ordered_json fields = {
      {"file", file.name()},
      {"version", FileHeader::current_version},
      {"rows", header.rows},
      {"dimension", header.dimension},
      {"order", header.order},
      {"base", order.base},
      {"bits", header.bits},
      {"seed", header.seed},
      {"centred", header.has_mean},
      {"first_row", header.first_row},
      {"row_bytes", row_bytes},
      {"ratio_to_float32", ratio},
      {"rows_per_block", header.rows_per_block},
      {"blocks", header.blocks()},
      {"file_bytes", header.file_bytes()},
      {"checksums", "ok"},
  };
  if (arguments.json) {
    print_json(fields);
    return exit_ok;
  }
  for (const auto& [name, value] : fields.items()) {
    fmt::print("{:<17} {}\n", name, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return exit_ok;
}

}  // namespace

void add_info(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command = add_command(app, "info", "Describe an .hdq file and verify its checksums",
                                  "hdq info embeddings.hdq --json", [arguments] { return info(*arguments); });
  command.text("IN", arguments->input, "The .hdq file; - is standard input").required();
  command.flag("--json", arguments->json, "One JSON object");
}

}  // namespace hdq::cli
