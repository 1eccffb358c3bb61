// Test vectors that an implementation must refuse: rows that have no code (SPEC §4), damaged files (docs/format.md).
#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "hdq/file.hpp"
#include "hdq/vectors/exact_codec.hpp"
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
  Document document("refusal", "SPEC §4: rows that have no code; the error names the first bad row, and the column of NaN or infinity");
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

std::uint32_t crc32c(const std::string& bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);  // 0x1EDC6F41 reflected
  }
  return ~crc;
}

void append(std::string& bytes, std::uint64_t value, int count) {
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<char>(value >> (8 * i)));
}

struct FileImage {
  std::size_t n, rows, rows_per_block, block_bytes;
  int bits;
  std::string bytes;
  std::vector<float> norms;
  std::vector<std::uint8_t> codes;
};

std::string file_header(const FileImage& file, std::uint64_t order, std::uint64_t seed) {
  std::string header("\x89HDQ\r\n\x1a\n", 8);
  append(header, 1, 4), append(header, 128, 4);
  append(header, file.rows, 8), append(header, file.n, 8), append(header, order, 8);
  append(header, static_cast<std::uint64_t>(file.bits), 4), append(header, file.rows_per_block, 4);
  append(header, seed, 8), append(header, 0, 8);
  header.resize(124);
  append(header, crc32c(header), 4);
  return header;
}

FileImage file_image(std::size_t n, int bits, std::uint64_t seed) {
  FileImage file{n, 20, 8, 0, bits, {}, {}, {}};
  const ExactCodec codec(n, bits, seed);
  const std::size_t row_bytes = (codec.order() * static_cast<std::size_t>(bits) + 7) / 8;
  for (std::size_t row = 0; row < file.rows; ++row) {
    const ExactRow exact = codec.encode(dyadic_noise(n, 71 * n + row).data(), row);
    file.norms.push_back(exact.norm);
    file.codes.insert(file.codes.end(), exact.bytes.begin(), exact.bytes.end());
  }
  file.bytes = file_header(file, codec.order(), seed);
  for (std::size_t first = 0; first < file.rows; first += file.rows_per_block) {
    const std::size_t count = std::min(file.rows_per_block, file.rows - first);
    std::string block;
    for (std::size_t i = 0; i < count; ++i) append(block, std::bit_cast<std::uint32_t>(file.norms[first + i]), 4);
    block.append(file.codes.begin() + static_cast<std::ptrdiff_t>(first * row_bytes),
                 file.codes.begin() + static_cast<std::ptrdiff_t>((first + count) * row_bytes));
    block.resize((block.size() + 4 + 63) / 64 * 64 - 4);
    std::string numbered;
    append(numbered, first / file.rows_per_block, 8);
    append(block, crc32c(numbered + block), 4);
    if (first == 0) file.block_bytes = block.size();
    file.bytes += block;
  }
  return file;
}

// hdq's reader on these bytes: the norms and codes, or an empty vector where it refuses.
std::vector<std::uint8_t> read_image(const std::string& bytes) {
  std::string path = (std::filesystem::temp_directory_path() / "hdq-vectors-XXXXXX").string();
  const int descriptor = ::mkstemp(path.data());
  if (descriptor < 0) throw std::runtime_error("no temporary file");
  ::close(descriptor);
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  std::vector<std::uint8_t> content;
  try {
    const FileReader file(path);
    BlockReader reader(file);
    for (std::uint64_t b = 0; b < file.header().blocks(); ++b) {
      const EncodedView block = reader.block(b);
      content.insert(content.end(), block.codes().begin(), block.codes().end());
    }
  } catch (const FileError&) {
    content.clear();
  }
  std::filesystem::remove(path);
  return content;
}

void add_damaged(Document& document, Blob& blob, const std::string& comment, const std::string& bytes) {
  confirm(read_image(bytes).empty(), "a damaged file: " + comment);
  document.add_test(comment, {"corrupt-file-loads"}, Expectation::invalid,
                    {{"file", blob.add(std::vector<std::uint8_t>(bytes.begin(), bytes.end()))}});
}

}  // namespace

Document make_file(Blob& blob) {
  constexpr std::uint64_t seed = 0x0123456789ABCDEF;
  Document document("file", "an .hdq file (docs/format.md): whole, and damaged in ways that a reader must notice");
  for (const auto& [n, bits] : {std::pair<std::size_t, int>{3, 3}, {33, 1}}) {
    const FileImage file = file_image(n, bits, seed);
    confirm(read_image(file.bytes) == file.codes, "a whole file");
    document.begin_group({{"type", "file"}, {"dimension", n}, {"bits", bits}, {"seed", hex(seed)}, {"rows", file.rows}, {"first_row", "0x0"}});
    document.add_test("whole; three blocks", {"one-bit-width-hard-wired"}, Expectation::valid,
                      {{"file", blob.add(std::vector<std::uint8_t>(file.bytes.begin(), file.bytes.end()))},
                       {"norms", blob.add(file.norms)},
                       {"codes", blob.add(file.codes)}});
    for (std::size_t i = 0; i < 24; ++i) {
      const std::size_t bit = SplitMix64(n * 1000 + i).next() % (8 * file.bytes.size());
      std::string damaged = file.bytes;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << (bit % 8));
      add_damaged(document, blob, fmt::format("bit {} of byte {} flipped", bit % 8, bit / 8), damaged);
    }
    add_damaged(document, blob, "the last byte is missing", file.bytes.substr(0, file.bytes.size() - 1));
    add_damaged(document, blob, "a byte too many", file.bytes + '\0');
    add_damaged(document, blob, "the last block is missing", file.bytes.substr(0, 128 + 2 * file.block_bytes));
    add_damaged(document, blob, "the first two blocks changed places",
                file.bytes.substr(0, 128) + file.bytes.substr(128 + file.block_bytes, file.block_bytes) +
                    file.bytes.substr(128, file.block_bytes) + file.bytes.substr(128 + 2 * file.block_bytes));
    add_damaged(document, blob, "empty", "");
  }
  return document;
}

}  // namespace hdq::vectors
