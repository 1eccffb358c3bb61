// Test vectors that an implementation must refuse: rows that have no code (SPEC §4), damaged files (docs/format.md).
#include <fmt/format.h>

#include <cstring>
#include <limits>

#include "hdq/vectors/exact_codec.hpp"
#include "hdq/vectors/file_image.hpp"
#include "hdq/vectors/vector_inputs.hpp"
#include "hdq/vectors/vectors.hpp"

namespace hdq::vectors {
namespace {

struct BadRow {
  const char* reason;
  float value;
};

void add_refusal(Document& document, Blob& blob, std::size_t n, std::size_t rows, std::size_t row, std::size_t column, BadRow bad) {
  const bool norm = std::strcmp(bad.reason, "norm") == 0;
  std::vector<float> x = dyadic_noise(rows * n, 61 * n + row);
  if (norm) std::fill_n(x.begin() + static_cast<std::ptrdiff_t>(row * n), n, bad.value);
  else x[row * n + column] = bad.value;
  const Codec codec(n, 4, 1);
  bool refused = false;
  try {
    codec.encode(RowsView<const float>(x.data(), rows, n), 0);
  } catch (const InvalidInput& e) {
    refused = e.row == row && e.column == (norm ? InvalidInput::npos : column);
  }
  confirm(refused, "a row without a code");
  Json fields = {{"rows", rows}, {"x", blob.add(x)}, {"reason", bad.reason}, {"bad_row", row}};
  if (!norm) fields["bad_column"] = column;
  document.add_test("", norm ? std::vector<std::string>{"half-overflow"} : std::vector<std::string>{"nan-swallowed", "tail-of-a-simd-loop"},
                    Expectation::invalid, fields);
}

}  // namespace

Document make_refusal(Blob& blob) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  Document document(
      "refusal",
      "SPEC §4: rows that have no code; the error names the first bad row, and the column of NaN or infinity", blob);
  for (const std::size_t n : std::initializer_list<std::size_t>{1u, 3u, 33u, 100u}) {
    document.begin_group({{"type", "refusal"}, {"dimension", n}, {"bits", 4}});
    for (const BadRow bad : {BadRow{"nan", std::numeric_limits<float>::quiet_NaN()}, {"infinity", infinity}, {"infinity", -infinity}}) {
      add_refusal(document, blob, n, 3, 1, n - 1, bad);
      if (n > 1) add_refusal(document, blob, n, 3, 2, n / 2, bad);
    }
    // ‖x‖ = √n·2^127.9…: beyond float32 from n = 2 on.
    if (n > 1) add_refusal(document, blob, n, 3, 1, 0, {"norm", std::numeric_limits<float>::max()});
  }
  return document;
}

// ---- files: written here from docs/format.md, read by hdq::FileReader ----

namespace {

struct FileImage {
  std::size_t n, rows, rows_per_block, block_bytes;
  int bits;
  std::string bytes;
  std::vector<float> norms;
  std::vector<std::uint8_t> codes;
};

FileImage file_image(std::size_t n, int bits, std::uint64_t seed) {
  FileImage file{n, 20, 8, 0, bits, {}, {}, {}};
  const ExactCodec codec(n, bits, seed);
  const std::size_t row_bytes = (codec.order() * static_cast<std::size_t>(bits) + 7) / 8;
  for (std::size_t row = 0; row < file.rows; ++row) {
    const ExactRow exact = codec.encode(dyadic_noise(n, 71 * n + row).data(), row);
    file.norms.push_back(exact.norm);
    file.codes.insert(file.codes.end(), exact.bytes.begin(), exact.bytes.end());
  }
  file.bytes = file_header({file.rows, n, codec.order(), seed, 0, static_cast<std::uint32_t>(bits),
                            static_cast<std::uint32_t>(file.rows_per_block), 0, 0});
  for (std::size_t first = 0; first < file.rows; first += file.rows_per_block) {
    const std::size_t count = std::min(file.rows_per_block, file.rows - first);
    std::string block;
    for (std::size_t i = 0; i < count; ++i) append(block, std::bit_cast<std::uint32_t>(file.norms[first + i]), 4);
    block.append(file.codes.begin() + static_cast<std::ptrdiff_t>(first * row_bytes),
                 file.codes.begin() + static_cast<std::ptrdiff_t>((first + count) * row_bytes));
    block.resize((block.size() + 4 + 63) / 64 * 64 - 4);
    block = sealed(first / file.rows_per_block, block);
    if (first == 0) file.block_bytes = block.size();
    file.bytes += block;
  }
  return file;
}

}  // namespace

Document make_file(Blob& blob) {
  constexpr std::uint64_t seed = 0x0123456789ABCDEF;
  Document document("file", "an .hdq file (docs/format.md): whole, and damaged in ways that a reader must notice",
                    blob);
  for (const auto& [n, bits] : {std::pair<std::size_t, int>{3, 3}, {33, 1}}) {
    const FileImage file = file_image(n, bits, seed);
    confirm(read_image(file.bytes) == file.codes, "a whole file");
    document.begin_group({{"type", "file"}, {"dimension", n}, {"bits", bits}, {"seed", hex(seed)}, {"rows", file.rows}, {"first_row", "0x0"}});
    document.add_test("whole; three blocks", {"one-bit-width-hard-wired"}, Expectation::valid,
                      {{"file", blob.add(std::vector<std::uint8_t>(file.bytes.begin(), file.bytes.end()))},
                       {"norms", blob.add(file.norms)},
                       {"codes", blob.add(file.codes)}});
    add_damages(document, blob, file.bytes, {128 + file.block_bytes, 128 + 2 * file.block_bytes, file.bytes.size()}, n);
  }
  return document;
}

}  // namespace hdq::vectors
