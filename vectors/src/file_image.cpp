#include "hdq/vectors/file_image.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <bit>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "hdq/file.hpp"
#include "hdq/vectors/vector_inputs.hpp"

namespace hdq::vectors {
namespace {

std::uint32_t crc32c(const std::string& bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);  // 0x1EDC6F41 reflected
  }
  return ~crc;
}

}  // namespace

void append(std::string& bytes, std::uint64_t value, int count) {
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<char>(value >> (8 * i)));
}

std::string sealed(std::uint64_t number, std::string part) {
  std::string numbered;
  append(numbered, number, 8);
  append(part, crc32c(numbered + part), 4);
  return part;
}

std::string file_header(const ImageHeader& header) {
  std::string bytes("\x89HDQ\r\n\x1a\n", 8);
  append(bytes, 1, 4), append(bytes, 128, 4);
  append(bytes, header.rows, 8), append(bytes, header.dimension, 8), append(bytes, header.order, 8);
  append(bytes, header.bits, 4), append(bytes, header.rows_per_block, 4);
  append(bytes, header.seed, 8), append(bytes, header.first_row, 8);
  append(bytes, header.scheme, 4), append(bytes, 0, 4), append(bytes, std::bit_cast<std::uint32_t>(header.step), 4);
  bytes.resize(124);
  append(bytes, crc32c(bytes), 4);
  return bytes;
}

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

void add_damages(Document& document, Blob& blob, const std::string& bytes, const std::vector<std::size_t>& block_ends,
                 std::uint64_t seed) {
  constexpr std::size_t header = 128;
  for (std::size_t i = 0; i < 24; ++i) {
    const std::size_t bit = SplitMix64(seed * 1000 + i).next() % (8 * bytes.size());
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << (bit % 8));
    add_damaged(document, blob, fmt::format("bit {} of byte {} flipped", bit % 8, bit / 8), damaged);
  }
  add_damaged(document, blob, "the last byte is missing", bytes.substr(0, bytes.size() - 1));
  add_damaged(document, blob, "a byte too many", bytes + '\0');
  add_damaged(document, blob, "the last block is missing",
              bytes.substr(0, block_ends[1]) + bytes.substr(block_ends[2]));
  add_damaged(document, blob, "the first two blocks changed places",
              bytes.substr(0, header) + bytes.substr(block_ends[0], block_ends[1] - block_ends[0]) +
                  bytes.substr(header, block_ends[0] - header) + bytes.substr(block_ends[1]));
  add_damaged(document, blob, "empty", "");
}

}  // namespace hdq::vectors
