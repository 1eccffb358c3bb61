// docs/format.md, scheme 1, of kernels whose files begin with its magic: what save writes, byte for byte; and files with a wrong part under right
// checksums, which no damage gives, are refused.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/step_model.hpp"

namespace hdq::validate {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint8_t magic[] = {0x89, 'H', 'D', 'Q', '\r', '\n', 0x1A, '\n'};
constexpr std::size_t header_bytes = 128;

template <class T>
void append(Bytes& to, T value, std::size_t bytes = sizeof(T)) {
  const std::size_t at = to.size();
  to.resize(at + bytes);
  std::memcpy(to.data() + at, &value, bytes);  // little-endian
}

// CRC-32C, bit by bit.
std::uint32_t crc32c(const Bytes& data) {
  std::uint32_t crc = UINT32_MAX;
  for (const std::uint8_t byte : data) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
  }
  return ~crc;
}

std::uint32_t numbered(std::uint64_t number, const Bytes& data) {
  Bytes all;
  append(all, number);
  all.insert(all.end(), data.begin(), data.end());
  return crc32c(all);
}

// A file, part by part; each without its checksum.
struct Parts {
  Bytes header;
  std::vector<Bytes> blocks;
  std::vector<std::int64_t> moved_ends;  // added to the index's, where given

  Bytes file() const {
    Bytes all = header, index;
    append(all, crc32c(header));
    for (std::size_t j = 0; j < blocks.size(); ++j) {
      all.insert(all.end(), blocks[j].begin(), blocks[j].end());
      append(all, numbered(j, blocks[j]));
      append(index, static_cast<std::uint64_t>(all.size()) +
                        static_cast<std::uint64_t>(j < moved_ends.size() ? moved_ends[j] : 0));
    }
    all.insert(all.end(), index.begin(), index.end());
    append(all, numbered(UINT64_MAX - 1, index));
    return all;
  }
};

Bytes header_of(const Config& config, std::uint64_t rows, std::uint32_t rows_per_block) {
  Bytes h(std::begin(magic), std::end(magic));
  append(h, std::uint32_t{1});
  append(h, std::uint32_t{header_bytes});
  append(h, rows);
  append(h, config.dimension);
  append(h, config.order);
  append(h, std::uint32_t{0});
  append(h, rows_per_block);
  append(h, config.seed);
  append(h, std::uint64_t{0});
  append(h, std::uint32_t{1});
  append(h, std::uint32_t{0});
  append(h, config.step);
  h.resize(header_bytes - 4);
  return h;
}

Bytes block_of(const std::vector<Session::Stream>& rows) {
  std::size_t least = 0, most = 0;
  for (const auto& row : rows) {
    const std::size_t length = row.stream.size();
    if (length != 0 && (least == 0 || length < least)) least = length;
    most = std::max(most, length);
  }
  const std::size_t largest = most == 0 ? 0 : most - least + 1, width = largest < 256 ? 1 : largest < 65536 ? 2 : 4;
  Bytes block;
  append(block, static_cast<std::uint32_t>(least));
  append(block, static_cast<std::uint32_t>(width));
  for (const auto& row : rows)
    append(block, row.stream.empty() ? std::size_t{0} : row.stream.size() - least + 1, width);
  for (const auto& row : rows) block.insert(block.end(), row.raw.begin(), row.raw.end());
  for (const auto& row : rows) block.insert(block.end(), row.stream.begin(), row.stream.end());
  block.resize((block.size() + 3) / 4 * 4);
  return block;
}

struct Saved {
  Encoded encoded;
  Parts parts;
  std::vector<Session::Stream> streams;
  Session::Stream norm_of_infinity;  // of the last row
};

Saved saved_by_model(const Case& c) {
  Saved r;
  std::uint32_t per_block = 1;
  while (2 * per_block * c.config.order <= 262144) per_block *= 2;
  std::vector<Session::Stream> block;
  for (std::size_t row = 0; row < c.rows(); ++row) {
    const steps::CodedRow coded = steps::encode(c.config, row, c.row(row));
    const Bytes codes = steps::in_memory(c.config, coded.codes);
    r.encoded.norms.push_back(coded.norm);
    r.encoded.codes.insert(r.encoded.codes.end(), codes.begin(), codes.end());
    r.streams.push_back(steps::put(c.config, row, coded));
    block.push_back(r.streams.back());
    if (block.size() == per_block || row + 1 == c.rows()) {
      r.parts.blocks.push_back(block_of(block));
      block.clear();
    }
    steps::CoderHabit infinite;
    infinite.initial_norm = 0x7F800000;
    r.norm_of_infinity = steps::put(c.config, row, coded, infinite);
  }
  r.parts.header = header_of(c.config, c.rows(), per_block);
  return r;
}

struct Wrong {
  std::string what;
  bool stream;  // a stream, rather than the file around it
  Bytes file;
};

// Of a file whose first block has a row of zeros and others.
std::vector<Wrong> wrong_files(const Saved& right) {
  std::vector<Wrong> list;
  const auto with = [&](std::string what, bool stream, const auto& change) {
    Parts parts = right.parts;
    change(parts);
    list.push_back({std::move(what), stream, parts.file()});
  };
  const auto number = [](Bytes& part, std::size_t at, std::uint32_t value) {
    std::memcpy(part.data() + at, &value, 4);
  };
  with("another version", false, [&](Parts& p) { number(p.header, 8, 2); });
  with("bits", false, [&](Parts& p) { number(p.header, 40, 4); });
  with("an unknown section", false, [&](Parts& p) { number(p.header, 68, 2); });
  with("a reserved byte that is not zero", false, [&](Parts& p) { p.header[90] = 1; });
  with("a step of 0", false, [&](Parts& p) { number(p.header, 72, 0); });
  with("more rows", false, [&](Parts& p) { ++p.header[16]; });
  with("an index whose first block ends elsewhere", false, [&](Parts& p) { p.moved_ends = {-4}; });
  with("a length width of 3", false, [&](Parts& p) { number(p.blocks[0], 4, 3); });
  with("a base of 2^32 − 1", false, [&](Parts& p) { number(p.blocks[0], 0, UINT32_MAX); });
  with("a block of four bytes more", false, [&](Parts& p) { p.blocks[0].insert(p.blocks[0].end(), 4, 0); });
  // All rows are in one block. Most other streams are those of other rows: these are of none.
  const auto last = [&](std::string what, const Session::Stream& stream) {
    std::vector<Session::Stream> streams = right.streams;
    streams.back() = stream;
    with(std::move(what), true, [&](Parts& p) { p.blocks[0] = block_of(streams); });
  };
  last("a norm of infinity", right.norm_of_infinity);
  Session::Stream longer = right.streams.back();
  longer.stream.insert(longer.stream.end(), {1, 2, 3, 4});
  last("a word too many in a stream", longer);
  return list;
}

std::optional<Finding> judge_file(Session& s, const Case& c) {
  const Saved model = saved_by_model(c);
  const Bytes expected = model.parts.file(), got = s.save(c.config, model.encoded);
  if (got.size() < sizeof magic || !std::equal(std::begin(magic), std::end(magic), got.begin()))
    return std::nullopt;  // a format of its own
  Finding f;
  f.stage = Stage::file;
  f.config = c.config;
  if (got != expected) {
    const std::size_t common = std::min(got.size(), expected.size());
    const auto at = static_cast<std::size_t>(
        std::mismatch(got.begin(), got.begin() + static_cast<std::ptrdiff_t>(common), expected.begin()).first -
        got.begin());
    f.defect = "stream-layout";
    f.what = fmt::format("the file of {} rows has another byte than docs/format.md, {} bytes in all, not {}", c.rows(),
                         got.size(), expected.size());
    const auto shown = [&](const Bytes& bytes) {
      return at < bytes.size() ? fmt::format("{:#04x}", bytes[at]) : std::string("none");
    };
    f.divergence = Divergence{at, shown(got), shown(expected), 0, 0};
    return f;
  }
  if (!s.offers(Operation::load)) return std::nullopt;
  for (const Wrong& wrong : wrong_files(model)) {
    try {
      s.load(c.config, c.rows(), wrong.file);
    } catch (const Trouble& trouble) {
      if (trouble.reply.outcome == Outcome::bad_input || trouble.reply.outcome == Outcome::failed) continue;
      throw;
    }
    f.defect = wrong.stream ? "corrupt-stream-accepted" : "corrupt-file-loads";
    f.what = fmt::format("a file with {} loads, under right checksums", wrong.what);
    return f;
  }
  return std::nullopt;
}

std::vector<Case> file_cases(Session& s) {
  std::vector<Case> cases;
  for (std::size_t i = 0; i < s.steps().size(); ++i) {
    const std::uint64_t n = std::min<std::uint64_t>(i % 3 == 0 ? 37 : i % 3 == 1 ? 12 : 96, s.info().max_dimension);
    Case c{s.with_step(n, s.steps()[i], s.random()()), 0, {}};
    append_vector(Family::normal, c.config, s.random(), c.x);
    c.x.insert(c.x.end(), n, 0.0f);
    append_vector(Family::hadamard_row, c.config, s.random(), c.x);
    append_vector(Family::normal, c.config, s.random(), c.x);
    cases.push_back(std::move(c));
  }
  return cases;
}

}  // namespace

const Check step_file_check{
    "step-file", "entropy-coded: .hdq files byte for byte, and wrong parts under right checksums refused",
    [](const Session& s) { return s.entropy_coded() && s.conformant() && s.offers(Operation::save); },
    [](Session& s, const Report& report) {
      for (const Case& c : file_cases(s)) {
        if (auto f = judge_file(s, c)) report(std::move(*f));
      }
    }};

}  // namespace hdq::validate
