// hdq info: what an .hdq file holds; every checksum is verified on the way, and every stream decoded.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "files.hpp"
#include "hdq/file.hpp"
#include "hdq/stages.hpp"

namespace hdq::cli {
namespace {

using nlohmann::ordered_json;

struct Arguments {
  std::string input;
  bool json = false;
};

// How many norms are stored: of fixed-rate files all; of others those of nonzero rows, in the block that is held or read.
std::uint64_t norms_in_block(BlockReader& reader, const FileHeader& header, std::uint64_t block) {
  const std::size_t rows = header.rows_in_block(block);
  if (header.scheme == SchemeId::fixed_rate) return rows;
  std::uint64_t nonzero = 0;
  for (std::size_t i = 0; i < rows; ++i) nonzero += reader.stream_bytes(block * header.rows_per_block + i) > 0;
  return nonzero;
}

// How finely the rows are quantized, and what that costs in error: for every vector, relative to |x|^2.
ordered_json scheme_fields(const FileHeader& header) {
  ordered_json fields = {{"scheme", scheme_name(header.scheme)}};
  const double error = Codec(header.parameters()).error_bound();
  if (header.scheme == SchemeId::fixed_rate) {
    fields["bits"] = header.bits;
  } else {
    const Step step(header.step);
    fields.update({{"step", header.step}, {"rate", step.rate()}, {"raw_bits", step.raw_bits()}});
    if (header.dimension == header.order) fields["error"] = error;  // the cut to n only lessens it
  }
  fields["error_bound"] = error;
  return fields;
}

// Bytes of a row: of entropy-coded ones the mean, with all that the file has besides its header and its mean section.
double bytes_of_row(const FileReader& file) {
  const FileHeader& header = file.header();
  if (header.scheme == SchemeId::fixed_rate) return static_cast<double>(sizeof(float) + header.code_bytes());
  if (header.rows == 0) return 0;
  return static_cast<double>(file.bytes() - FileHeader::bytes - header.mean_bytes()) / static_cast<double>(header.rows);
}

ordered_json size_fields(const FileReader& file, std::uint64_t norms) {
  const FileHeader& header = file.header();
  const double row_bytes = bytes_of_row(file), float_bytes = static_cast<double>(header.dimension * sizeof(float));
  const StoredBits bits = stored_bits(header, file.bytes(), norms);
  ordered_json fields;
  if (header.scheme == SchemeId::fixed_rate)
    fields["row_bytes"] = static_cast<std::uint64_t>(row_bytes);
  else
    fields["row_bytes"] = row_bytes;
  fields["ratio_to_float32"] = row_bytes > 0 ? float_bytes / row_bytes : 0.0;
  fields["bits_per_coordinate"] = bits.norms_apart;
  fields["bits_per_coordinate_with_norms"] = bits.with_norms;
  return fields;
}

int info(const Arguments& arguments) {
  const CodesFile file(arguments.input);
  const FileHeader& header = file->header();
  std::uint64_t norms = 0;
  {
    Progress progress("verifying", header.blocks());
    BlockReader reader(*file);
    for (std::uint64_t block = 0; block < header.blocks(); ++block) {
      static_cast<void>(reader.block(block));
      norms += norms_in_block(reader, header, block);
      progress.advance(1);
    }
  }
  ordered_json fields = {
      {"file", file.name()},   {"version", FileHeader::current_version},
      {"rows", header.rows},   {"dimension", header.dimension},
      {"order", header.order}, {"base", hadamard_order(static_cast<std::size_t>(header.dimension)).base},
  };
  fields.update(scheme_fields(header));
  fields.update({{"seed", header.seed},
                 {"dither", dither_name(header.dither)},
                 {"centred", header.has_mean},
                 {"first_row", header.first_row}});
  fields.update(size_fields(*file, norms));
  fields.update({{"rows_per_block", header.rows_per_block},
                 {"blocks", header.blocks()},
                 {"file_bytes", file->bytes()},
                 {"checksums", "ok"}});
  if (arguments.json) {
    print_json(fields);
    return exit_ok;
  }
  for (const auto& [name, value] : fields.items()) {
    fmt::print("{:<30} {}\n", name, value.is_string() ? value.get<std::string>() : value.dump());
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
