// Test vectors of .hdq files of scheme 1 (docs/format.md), written here from that document and read by hdq::FileReader.
#include <algorithm>
#include <cstring>

#include "hdq/vectors/exact_steps.hpp"
#include "hdq/vectors/file_image.hpp"
#include "hdq/vectors/vector_inputs.hpp"
#include "hdq/vectors/vectors.hpp"

namespace hdq::vectors {
namespace {

constexpr std::uint64_t index_number = 0xFFFFFFFFFFFFFFFE;

struct EntropyImage {
  ImageHeader header;
  std::vector<std::string> blocks;  // without checksums
  std::vector<float> norms;
  std::vector<std::int32_t> codes;

  std::vector<std::size_t> ends() const {
    std::vector<std::size_t> ends;
    std::size_t at = 128;
    for (const std::string& block : blocks) ends.push_back(at += block.size() + 4);
    return ends;
  }
  // Under right checksums, whatever the blocks and the ends are.
  std::string bytes(const std::vector<std::size_t>& index) const {
    std::string all = file_header(header), ends;
    for (std::size_t j = 0; j < blocks.size(); ++j) all += sealed(j, blocks[j]);
    for (const std::size_t end : index) append(ends, end, 8);
    return all + sealed(index_number, ends);
  }
  std::string bytes() const { return bytes(ends()); }
};

std::string block_of(const std::vector<Streams>& rows) {
  std::size_t base = SIZE_MAX, most = 0;
  for (const Streams& row : rows)
    if (!row.stream.empty()) base = std::min(base, row.stream.size());
  if (base == SIZE_MAX) base = 0;
  std::vector<std::size_t> lengths;
  for (const Streams& row : rows) {
    lengths.push_back(row.stream.empty() ? 0 : row.stream.size() - base + 1);
    most = std::max(most, lengths.back());
  }
  const int width = most < 0x100 ? 1 : most < 0x10000 ? 2 : 4;
  std::string block;
  append(block, base, 4), append(block, static_cast<std::uint64_t>(width), 4);
  for (const std::size_t length : lengths) append(block, length, width);
  for (const Streams& row : rows) block.append(row.raw.begin(), row.raw.end());
  for (const Streams& row : rows) block.append(row.stream.begin(), row.stream.end());
  block.resize((block.size() + 3) / 4 * 4);
  return block;
}

// 20 rows in blocks of 8; one of zeros, and one whose stream is long.
EntropyImage entropy_image(std::size_t n, float step, std::uint64_t seed, std::uint64_t first_row) {
  const ExactSteps codec(n, step, seed);
  EntropyImage image{{20, n, codec.order(), seed, first_row, 0, 8, 1, step}, {}, {}, {}};
  std::vector<Streams> waiting;
  for (std::uint64_t i = 0; i < image.header.rows; ++i) {
    const std::vector<float> x = i == 5 ? std::vector<float>(n) : dyadic_noise(n, 81 * n + i);
    const ExactStepRow row = codec.encode(x.data(), first_row + i);
    image.norms.push_back(row.norm);
    image.codes.insert(image.codes.end(), row.bit_exact.begin(), row.bit_exact.end());
    waiting.push_back({row.raw, row.stream});
    if (waiting.size() < image.header.rows_per_block && i + 1 < image.header.rows) continue;
    image.blocks.push_back(block_of(waiting));
    waiting.clear();
  }
  return image;
}

// The codes of an image as hdq's reader gives them.
std::vector<std::uint8_t> in_memory(const EntropyImage& image, int bits) {
  std::vector<std::uint8_t> bytes;
  for (const std::int32_t code : image.codes)
    for (int i = 0; i < bits / 8; ++i)
      bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint32_t>(code) >> 8 * i));
  return bytes;
}

// Lies under right checksums.
void add_lies(Document& document, Blob& blob, const EntropyImage& image) {
  const auto block = [&](const char* comment, const auto& change) {
    EntropyImage lying = image;
    change(lying.blocks[0]);
    add_damaged(document, blob, comment, lying.bytes());
  };
  const auto header = [&](const char* comment, const auto& change) {
    EntropyImage lying = image;
    change(lying.header);
    add_damaged(document, blob, comment, lying.bytes());
  };
  const auto index = [&](const char* comment, const auto& change) {
    std::vector<std::size_t> ends = image.ends();
    change(ends);
    add_damaged(document, blob, comment, image.bytes(ends));
  };
  block("right checksums: the base is larger", [](std::string& b) { ++b[0]; });
  block("right checksums: the width is none", [](std::string& b) { b[4] = 3; });
  block("right checksums: the width is wider", [](std::string& b) { b[4] = 2; });
  block("right checksums: a length is larger", [](std::string& b) { ++b[8]; });
  block("right checksums: a row of zeros has a length", [](std::string& b) { b[8 + 5] = 1; });
  block("right checksums: a block is longer", [](std::string& b) { b.resize(b.size() + 4); });
  block("right checksums: a block is shorter", [](std::string& b) { b.resize(b.size() - 4); });
  header("right checksums: bits that the scheme has not", [](ImageHeader& h) { h.bits = 4; });
  header("right checksums: no step", [](ImageHeader& h) { h.step = 0; });
  header("right checksums: a step beyond the largest", [](ImageHeader& h) { h.step = 17; });
  header("right checksums: the other scheme", [](ImageHeader& h) { h.scheme = 0; });
  header("right checksums: a scheme that none is", [](ImageHeader& h) { h.scheme = 2; });
  index("right checksums: the index goes backwards",
        [](std::vector<std::size_t>& ends) { std::swap(ends[0], ends[1]); });
  index("right checksums: the index ends elsewhere", [](std::vector<std::size_t>& ends) { ends.back() += 4; });
  index("right checksums: the index is short", [](std::vector<std::size_t>& ends) { ends.pop_back(); });
}

}  // namespace

Document make_entropy_file(Blob& blob) {
  constexpr std::uint64_t seed = 0x0123456789ABCDEF, first_row = 0xFFFFFFFFFFFFFFF8;  // row numbers wrap
  Document document("entropy-file",
                    "an .hdq file of scheme 1 (docs/format.md): whole, damaged, and lying under right checksums", blob);
  for (const auto& [n, step] : {std::pair<std::size_t, float>{3, 0.0162f}, {33, 1.0825f}}) {
    const EntropyImage image = entropy_image(n, step, seed, first_row);
    const std::string bytes = image.bytes();
    confirm(read_image(bytes) == in_memory(image, 16), "a whole file");
    document.begin_group({{"type", "entropy-file"},
                          {"dimension", n},
                          {"step", float_bits(step)},
                          {"seed", hex(seed)},
                          {"rows", image.header.rows},
                          {"first_row", hex(first_row)}});
    document.add_test("whole; three blocks, a row of zeros", {"one-bit-width-hard-wired"}, Expectation::valid,
                      {{"file", blob.add(std::vector<std::uint8_t>(bytes.begin(), bytes.end()))},
                       {"norms", blob.add(image.norms)},
                       {"codes", blob.add(image.codes)}});
    add_damages(document, blob, bytes, image.ends(), n);
    add_lies(document, blob, image);
  }
  return document;
}

}  // namespace hdq::vectors
