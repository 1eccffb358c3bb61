#include "file/header.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "checks.hpp"
#include "codec/scheme.hpp"
#include "file/crc32c.hpp"
#include "hdq/stages.hpp"

namespace hdq {
namespace detail {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they lie in memory");

constexpr unsigned char magic[8] = {0x89, 'H', 'D', 'Q', '\r', '\n', 0x1a, '\n'};
constexpr std::uint32_t mean_bit = 1;  // of the field `sections`

// Offsets of the header's fields; the rest is reserved and zero.
enum : std::size_t {
  at_version = 8,
  at_header_bytes = 12,
  at_rows = 16,
  at_dimension = 24,
  at_order = 32,
  at_bits = 40,
  at_rows_per_block = 44,
  at_seed = 48,
  at_first_row = 56,
  at_scheme = 64,
  at_sections = 68,
  at_step = 72,
  at_dither = 76,
  at_reserved = 80,
  at_checksum = FileHeader::bytes - checksum_bytes,
};

template <class T>
void put(std::uint8_t* data, std::size_t offset, T value) {
  std::memcpy(data + offset, &value, sizeof value);
}

template <class T>
T get(const std::uint8_t* data, std::size_t offset) {
  T value;
  std::memcpy(&value, data + offset, sizeof value);
  return value;
}

// The length that a header with fields in range implies, if it is below 2^63: nothing longer is a file.
std::optional<std::uint64_t> implied_bytes(const FileHeader& header) {
  const std::uint64_t blocks = header.blocks();
  std::uint64_t full = 0, all = FileHeader::bytes + header.mean_bytes();
  if (blocks == 0) return all;
  if (__builtin_mul_overflow(blocks - 1, std::uint64_t{header.block_bytes(0)}, &full)) return std::nullopt;
  if (__builtin_add_overflow(all, full, &all)) return std::nullopt;
  if (__builtin_add_overflow(all, std::uint64_t{header.block_bytes(blocks - 1)}, &all)) return std::nullopt;
  if (all > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
  return all;
}

// In version 1: a later version may have its fields, and its checksum, elsewhere.
FileHeader parse_header(const std::string& path, const std::uint8_t* data) {
  const auto version = get<std::uint32_t>(data, at_version);
  const bool intact = get<std::uint32_t>(data, at_checksum) == crc32c(data, at_checksum);
  if (version != FileHeader::current_version)
    reject(path, "version " + std::to_string(version) + (intact ? "" : " (header checksum fails)") + "; this program reads version " +
                     std::to_string(FileHeader::current_version));
  if (!intact) reject(path, "corrupt header: its checksum fails");
  FileHeader header;
  header.rows = get<std::uint64_t>(data, at_rows);
  header.dimension = get<std::uint64_t>(data, at_dimension);
  header.order = get<std::uint64_t>(data, at_order);
  header.bits = get<std::uint32_t>(data, at_bits);
  header.rows_per_block = get<std::uint32_t>(data, at_rows_per_block);
  header.seed = get<std::uint64_t>(data, at_seed);
  header.first_row = get<std::uint64_t>(data, at_first_row);
  header.scheme = SchemeId{get<std::uint32_t>(data, at_scheme)};
  header.step = get<float>(data, at_step);
  header.dither = Dither{get<std::uint32_t>(data, at_dither)};
  const auto sections = get<std::uint32_t>(data, at_sections);
  header.has_mean = (sections & mean_bit) != 0;

  if (const auto length = get<std::uint32_t>(data, at_header_bytes); length != FileHeader::bytes)
    reject(path, "invalid header: header length: " + std::to_string(length) + " is not " + std::to_string(FileHeader::bytes));
  if ((sections & ~mean_bit) != 0) reject(path, "invalid header: sections that this program does not know");
  if (const auto defect = header_defect(header)) reject(path, "invalid header: " + *defect);
  if (!std::all_of(data + at_reserved, data + at_checksum, [](std::uint8_t byte) { return byte == 0; }))
    reject(path, "invalid header: reserved bytes are not zero");
  return header;
}

}  // namespace

[[noreturn]] void reject(const std::string& path, const std::string& what) { throw FileError(path + ": " + what); }

std::uint32_t section_checksum(std::uint64_t number, const std::uint8_t* data, std::size_t size) {
  return crc32c(data, size, crc32c(&number, sizeof number));
}

void seal_section(std::uint64_t number, std::uint8_t* section, std::size_t size) {
  put(section, size - checksum_bytes, section_checksum(number, section, size - checksum_bytes));
}

bool section_intact(std::uint64_t number, const std::uint8_t* section, std::size_t size) {
  return get<std::uint32_t>(section, size - checksum_bytes) == section_checksum(number, section, size - checksum_bytes);
}

namespace {

std::optional<std::string> entropy_coded_defect(const FileHeader& header) {
  if (header.bits != 0) return "bits: " + std::to_string(header.bits) + " is not 0, as of an entropy-coded file";
  if (header.dither != Dither::row) return "dither: the rows of an entropy-coded file share none";
  try {
    static_cast<void>(Step(header.step));
  } catch (const InvalidArgument& bad) {
    return bad.what();
  }
  // dimension and rows per block are below 2^24 and 2^32.
  if (header.rows_per_block > 1 && header.rows_per_block * header.order > largest_block_numbers)
    return "rows per block: blocks of " + std::to_string(header.rows_per_block * header.order) + " numbers; " +
           std::to_string(largest_block_numbers) + " are allowed";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> header_defect(const FileHeader& header) {
  const auto not_in = [](const char* field, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
    return std::string(field) + ": " + std::to_string(value) + " is not " + std::to_string(least) + " to " + std::to_string(most);
  };
  if (!scheme_known(header.scheme))
    return "scheme: " + std::to_string(static_cast<std::uint32_t>(header.scheme)) + " is not known to this program";
  if (header.dimension < 1 || header.dimension > Codec::max_dimension)
    return not_in("dimension", header.dimension, 1, Codec::max_dimension);
  if (const std::uint64_t order = hadamard_order(static_cast<std::size_t>(header.dimension)).order; header.order != order)
    return "order: " + std::to_string(header.order) + " is not " + std::to_string(order) + ", that of dimension " +
           std::to_string(header.dimension);
  if (header.rows_per_block < 1) return not_in("rows per block", header.rows_per_block, 1, UINT32_MAX);
  const auto dither = static_cast<std::uint32_t>(header.dither);
  if (dither > static_cast<std::uint32_t>(Dither::shared)) return not_in("dither", dither, 0, 1);
  if (header.scheme == SchemeId::entropy_coded) return entropy_coded_defect(header);
  if (header.bits < 1 || header.bits > BitWidth::most) return not_in("bits", header.bits, 1, BitWidth::most);
  // The bytes of −0 are not those of files before this field had a name.
  if (std::bit_cast<std::uint32_t>(header.step) != 0) return "step: a fixed-rate file has none";
  if (header.rows > 0 && header.block_bytes(0) > FileHeader::max_block_bytes)
    return "rows per block: blocks of " + std::to_string(header.block_bytes(0)) + " bytes; " +
           std::to_string(FileHeader::max_block_bytes) + " are allowed";
  if (!implied_bytes(header)) return "rows: " + std::to_string(header.rows) + " are more than a file can hold";
  return std::nullopt;
}

void store_header(const FileHeader& header, std::uint8_t* out) {
  std::memset(out, 0, FileHeader::bytes);
  std::memcpy(out, magic, sizeof magic);
  put(out, at_version, FileHeader::current_version);
  put(out, at_header_bytes, static_cast<std::uint32_t>(FileHeader::bytes));
  put(out, at_rows, header.rows);
  put(out, at_dimension, header.dimension);
  put(out, at_order, header.order);
  put(out, at_bits, header.bits);
  put(out, at_rows_per_block, header.rows_per_block);
  put(out, at_seed, header.seed);
  put(out, at_first_row, header.first_row);
  put(out, at_scheme, static_cast<std::uint32_t>(header.scheme));
  put(out, at_sections, header.has_mean ? mean_bit : 0u);
  put(out, at_step, header.step);
  put(out, at_dither, static_cast<std::uint32_t>(header.dither));
  put(out, at_checksum, crc32c(out, at_checksum));
}

FileHeader load_header(const RegularFile& file) {
  const std::string& path = file.path();
  std::array<std::uint8_t, FileHeader::bytes> data;
  const std::size_t got = file.read_some(0, data.data(), data.size());
  if (got == 0) reject(path, "empty file");
  if (got < sizeof magic || std::memcmp(data.data(), magic, sizeof magic) != 0) reject(path, "not an .hdq file (wrong magic)");
  if (got < data.size())
    reject(path, "truncated: " + std::to_string(got) + " bytes, the header alone has " + std::to_string(data.size()));
  const FileHeader header = parse_header(path, data.data());
  if (header.scheme == SchemeId::entropy_coded) return header;  // its index tells
  if (header.file_bytes() != file.size())
    reject(path, std::string(file.size() < header.file_bytes() ? "truncated: " : "trailing data: ") + std::to_string(file.size()) +
                     " bytes, " + std::to_string(header.file_bytes()) + " expected");
  return header;
}

std::string block_place(const FileHeader& header, std::uint64_t block, std::uint64_t offset, std::uint64_t size) {
  const std::uint64_t first = block * header.rows_per_block;
  return "rows " + std::to_string(first) + " to " + std::to_string(first + header.rows_in_block(block) - 1) +
         ", bytes " + std::to_string(offset) + " to " + std::to_string(offset + size - 1);
}

void check_codec(const std::string& path, const FileHeader& header, const Codec& codec) {
  require_same(header.parameters(), codec.parameters(), path + ": another codec's: its");
}

}  // namespace detail

FileHeader FileHeader::make(const Codec& codec, std::uint64_t rows, std::uint64_t first_row) {
  constexpr std::size_t target_block_bytes = std::size_t{256} << 10;
  FileHeader header;
  header.rows = rows;
  header.dimension = codec.dimension();
  header.order = codec.order();
  header.bits = static_cast<std::uint32_t>(codec.bits());
  header.seed = codec.seed();
  header.first_row = first_row;
  header.scheme = codec.scheme();
  header.step = codec.step();
  header.dither = codec.dither();
  constexpr std::size_t target_block_numbers = std::size_t{1} << 18;
  const std::size_t fit = codec.scheme() == SchemeId::entropy_coded
                              ? target_block_numbers / codec.order()
                              : target_block_bytes / (sizeof(float) + codec.code_bytes());
  header.rows_per_block = static_cast<std::uint32_t>(std::bit_floor(std::max<std::size_t>(fit, 1)));
  return header;
}

void FileHeader::validate() const {
  if (const auto defect = detail::header_defect(*this)) throw InvalidArgument("invalid header: " + *defect);
}

std::size_t FileHeader::code_bytes() const {
  return detail::code_bytes_of(parameters(), static_cast<std::size_t>(order));
}

EncodingParameters FileHeader::parameters() const {
  return {scheme, static_cast<std::size_t>(dimension), static_cast<int>(bits), seed, step, dither};
}

std::uint64_t FileHeader::blocks() const {
  return rows_per_block == 0 ? 0 : rows / rows_per_block + (rows % rows_per_block != 0);
}

std::size_t FileHeader::rows_in_block(std::uint64_t block) const {
  if (block >= blocks()) return 0;
  return static_cast<std::size_t>(std::min<std::uint64_t>(rows_per_block, rows - block * rows_per_block));
}

std::size_t FileHeader::block_bytes(std::uint64_t block) const {
  return static_cast<std::size_t>(detail::padded_bytes(rows_in_block(block) * (sizeof(float) + code_bytes())));
}

std::uint64_t FileHeader::block_offset(std::uint64_t block) const {
  return bytes + mean_bytes() + (block == 0 ? 0 : block * block_bytes(0));
}

std::size_t FileHeader::mean_bytes() const {
  return has_mean ? static_cast<std::size_t>(detail::padded_bytes(dimension * sizeof(float))) : 0;
}

std::uint64_t FileHeader::file_bytes() const {
  return blocks() == 0 ? block_offset(0) : block_offset(blocks() - 1) + block_bytes(blocks() - 1);
}

}  // namespace hdq
