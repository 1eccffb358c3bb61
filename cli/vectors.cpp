// hdq vectors: writes the test vectors (docs/vectors.md).
#include "hdq/vectors/vectors.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "command.hpp"
#include "files.hpp"
#include "hdq/io/text.hpp"

namespace hdq::cli {
namespace {

int write_vectors(const std::string& directory) {
  make_directory(directory);  // known before the work
  const std::map<std::string, std::string> files = vectors::make_vectors();
  std::size_t bytes = 0;
  for (const auto& [name, contents] : files) {
    write_file((std::filesystem::path(directory) / name).string(), contents);
    bytes += contents.size();
  }
  fmt::print("{}: {} files, {} bytes\n", io::printable(directory), files.size(), bytes);
  return exit_ok;
}

}  // namespace

void add_vectors(CLI::App& app) {
  auto directory = std::make_shared<std::string>();
  Command command = add_command(app, "vectors", "Write test vectors for implementations in any language",
                                  "hdq vectors -o vectors", [directory] { return write_vectors(*directory); });
  command.text("-o,--output", *directory, "The directory; it is made if it does not exist").required();
}

}  // namespace hdq::cli
