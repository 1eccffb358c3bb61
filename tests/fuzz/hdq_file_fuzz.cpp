// .hdq files. The input is a file; mutation alone never gets past a checksum, so it is read three times: as it is, with its checksums
// repaired, and cut or padded to the length that its header implies, with checksums repaired.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "fuzz.hpp"
#include "hdq/file.hpp"
#include "hdq/search.hpp"

namespace hdq::fuzz {
namespace {

constexpr std::size_t largest_fitted = std::size_t{1} << 18, largest_decoded = std::size_t{1} << 16, checksum_bytes = 4;

// CRC-32C by definition, apart from the library's.
std::uint32_t crc32c(const std::uint8_t* data, std::size_t size, std::uint32_t crc = 0) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      entries[i] = i;
      for (int bit = 0; bit < 8; ++bit) entries[i] = (entries[i] >> 1) ^ ((entries[i] & 1) != 0 ? 0x82F63B78u : 0);
    }
    return entries;
  }();
  crc = ~crc;
  for (std::size_t i = 0; i < size; ++i) crc = table[(crc ^ data[i]) & 255] ^ (crc >> 8);
  return ~crc;
}

template <class T>
T field(const std::string& file, std::size_t offset) {
  T value{};
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

std::uint64_t padded(std::uint64_t content) { return (content + checksum_bytes + 63) / 64 * 64; }

// Where the sections after the header lie (docs/format.md), of a header whose numbers are small enough.
struct Layout {
  bool indexed = false;  // scheme 1: the index says where blocks end
  std::uint64_t mean_bytes = 0, blocks = 0, block_bytes = 0, last_block_bytes = 0;
  std::uint64_t file_bytes() const { return 128 + mean_bytes + (blocks == 0 ? 0 : (blocks - 1) * block_bytes + last_block_bytes); }
};

std::optional<Layout> layout(const std::string& file) {
  const auto rows = field<std::uint64_t>(file, 16), dimension = field<std::uint64_t>(file, 24), order = field<std::uint64_t>(file, 32);
  const auto bits = field<std::uint32_t>(file, 40), rows_per_block = field<std::uint32_t>(file, 44), sections = field<std::uint32_t>(file, 68);
  constexpr std::uint64_t large = 1 << 24;
  if (rows > large || dimension > large || order > large || bits > BitWidth::most || rows_per_block < 1) return std::nullopt;
  const std::uint64_t row_bytes = 4 + (order * bits + 7) / 8, first = std::min<std::uint64_t>(rows, rows_per_block);
  Layout l;
  l.indexed = field<std::uint32_t>(file, 64) == 1;
  if ((sections & 1) != 0) l.mean_bytes = padded(4 * dimension);
  l.blocks = (rows + rows_per_block - 1) / rows_per_block;
  l.block_bytes = padded(first * row_bytes);
  l.last_block_bytes = l.blocks == 0 ? 0 : padded((rows - (l.blocks - 1) * rows_per_block) * row_bytes);
  return l;
}

void seal(std::string& file, std::uint64_t number, std::uint64_t offset, std::uint64_t size) {
  if (offset + size > file.size()) return;
  auto* section = reinterpret_cast<std::uint8_t*>(file.data() + offset);
  std::uint8_t seed[8];
  std::memcpy(seed, &number, sizeof seed);
  const std::uint32_t crc = crc32c(section, size - checksum_bytes, crc32c(seed, sizeof seed));
  std::memcpy(section + size - checksum_bytes, &crc, sizeof crc);
}

void repair_indexed(std::string& file, const Layout& l) {
  const std::uint64_t index_bytes = 8 * l.blocks + checksum_bytes;
  if (file.size() < 128 + l.mean_bytes + index_bytes) return;
  const std::uint64_t index = file.size() - index_bytes;
  seal(file, UINT64_MAX - 1, index, index_bytes);
  std::uint64_t begin = 128 + l.mean_bytes;
  for (std::uint64_t block = 0; block < l.blocks; ++block) {
    const auto end = field<std::uint64_t>(file, index + 8 * block);
    if (end > index || end < begin + checksum_bytes) return;
    seal(file, block, begin, end - begin);
    begin = end;
  }
}

void repair(std::string& file, const std::optional<Layout>& l) {
  const std::uint32_t crc = crc32c(reinterpret_cast<const std::uint8_t*>(file.data()), 124);
  std::memcpy(file.data() + 124, &crc, sizeof crc);
  if (!l) return;
  if (l->mean_bytes != 0) seal(file, UINT64_MAX, 128, l->mean_bytes);
  if (l->indexed) return repair_indexed(file, *l);
  for (std::uint64_t block = 0; block < l->blocks; ++block) {
    const std::uint64_t offset = 128 + l->mean_bytes + block * l->block_bytes;
    if (offset > file.size()) break;
    seal(file, block, offset, block + 1 == l->blocks ? l->last_block_bytes : l->block_bytes);
  }
}

// ---- reading ----

// Rows come out the same together and one by one, and a search over them is a search over what the blocks hold.
void use_rows(const FileReader& file) {
  const FileHeader& header = file.header();
  const auto rows = static_cast<std::size_t>(header.rows), dimension = static_cast<std::size_t>(header.dimension);
  const Codec codec = file.codec();
  if (rows > largest_decoded / dimension) return;
  std::vector<float> together(rows * dimension), one(dimension);
  file.decode(codec, 0, {together.data(), rows, dimension});
  BlockReader reader(file);
  for (std::size_t row = rows; row-- > 0;) {
    reader.decode(codec, row, {one.data(), 1, dimension});
    require(std::memcmp(one.data(), together.data() + row * dimension, dimension * sizeof(float)) == 0, "a row depends on how it is read");
  }
  std::vector<float> query(dimension, 1);
  const Scorer scorer(codec, {query.data(), 1, dimension}, file.mean());
  const std::size_t k = std::min<std::size_t>(rows, 3);
  if (k == 0) return;
  for (const Metric metric : {Metric::inner_product, Metric::squared_distance, Metric::cosine}) {
    if (metric == Metric::cosine && header.has_mean) continue;  // needs norms that are not stored
    try {
      const auto found = search(scorer, metric, file, k);
      require(found.size() == k && found[0].row < rows, "neighbours that are none");
    } catch (const InvalidInput&) {  // a score that float32 cannot hold
    }
  }
}

void read(const std::string& path, std::size_t size) try {
  const FileReader file(path);
  const FileHeader& header = file.header();
  header.validate();
  require(file.bytes() == size, "a length that is not the file's");
  if (header.scheme == SchemeId::fixed_rate)
    require(header.file_bytes() == size, "a length that the header does not imply");
  require(file.mean().size() == (header.has_mean ? header.dimension : 0), "a mean of another dimension");
  BlockReader reader(file);
  std::uint64_t rows = 0;
  for (std::uint64_t index = 0; index < header.blocks(); ++index) {
    const EncodedView block = reader.block(index);
    require(block.first_row() == header.first_row + rows && block.rows() > 0, "blocks that are not one after the other");
    volatile std::uint8_t last = block.codes().back();
    (void)last;
    (void)std::isfinite(block.norms().back());
    rows += block.rows();
  }
  require(rows == header.rows, "blocks that do not hold all rows");
  for (const std::uint64_t row : {std::uint64_t{0}, header.rows / 2, header.rows - 1})
    if (row < header.rows) (void)reader.rows(row, 1);
  file.verify();
  use_rows(file);
} catch (const FileError& error) {
  require_message(error.what(), path);
} catch (const InvalidInput& error) {
  require(std::string(error.what()).find("query") != std::string::npos, error.what());  // a score beyond float32
}

void write_and_read(const std::string& bytes) {
  static const std::string path = directory() / "input.hdq";
  testing::overwrite_file(path, bytes);
  read(path, bytes.size());
}

}  // namespace
}  // namespace hdq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hdq::fuzz;
  std::string file(reinterpret_cast<const char*>(data), size);
  write_and_read(file);
  if (file.size() < 128) return 0;
  const auto l = layout(file);
  repair(file, l);
  write_and_read(file);
  if (!l || l->indexed || l->file_bytes() > largest_fitted || l->file_bytes() == file.size()) return 0;
  file.resize(static_cast<std::size_t>(l->file_bytes()));
  repair(file, l);
  write_and_read(file);
  return 0;
}
