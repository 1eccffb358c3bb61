// The .hdq container. docs/format.md is the description of these bytes; the two change together.
#include "hdq/file.hpp"

#include <fcntl.h>
#include <isa-l/crc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include "hdq/atomic_file.hpp"
#include "hdq/stages.hpp"

namespace hdq {
namespace {

static_assert(std::endian::native == std::endian::little, "norms are read in place from a little-endian file");

constexpr unsigned char magic[8] = {0x89, 'H', 'D', 'Q', '\r', '\n', 0x1a, '\n'};
constexpr std::size_t checksum_bytes = 4;
constexpr std::size_t alignment = 64;  // a block starts on a cache line, so codes can be scanned in place
constexpr std::size_t target_block_bytes = std::size_t{256} << 10;

// CRC-32C (Castagnoli, as in iSCSI), continued from `crc`. Detects every burst of up to 32 bits.
std::uint32_t crc32c(const std::uint8_t* data, std::size_t size, std::uint32_t crc = 0) {
  constexpr std::size_t chunk = std::size_t{1} << 30;  // the library takes an int
  crc = ~crc;
  for (; size > 0; data += std::min(size, chunk), size -= std::min(size, chunk)) {
    crc = ::crc32_iscsi(const_cast<std::uint8_t*>(data), static_cast<int>(std::min(size, chunk)), crc);
  }
  return ~crc;
}

// Seeded with the block's index: two whole blocks that change places are noticed too.
std::uint32_t block_checksum(std::uint64_t index, const std::uint8_t* data, std::size_t size) {
  std::uint8_t seed[8];
  std::memcpy(seed, &index, sizeof seed);
  return crc32c(data, size, crc32c(seed, sizeof seed));
}

template <class T>
void put(std::uint8_t* header, std::size_t offset, T value) {
  std::memcpy(header + offset, &value, sizeof value);
}

template <class T>
T get(const std::uint8_t* data, std::size_t offset) {
  T value;
  std::memcpy(&value, data + offset, sizeof value);
  return value;
}

// Offsets of the header's fields; the rest is reserved and zero.
enum : std::size_t {
  at_version = 8, at_header_bytes = 12, at_rows = 16, at_dimension = 24, at_order = 32, at_bits = 40,
  at_rows_per_block = 44, at_seed = 48, at_first_row = 56, at_reserved = 64,
  at_checksum = FileHeader::bytes - checksum_bytes,
};

std::size_t padded_block_bytes(std::size_t rows, std::size_t code_bytes) {
  const std::size_t content = rows * (sizeof(float) + code_bytes) + checksum_bytes;
  return (content + alignment - 1) / alignment * alignment;
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
  put(out, at_checksum, crc32c(out, at_checksum));
}

[[noreturn]] void reject(const std::string& path, const std::string& what) { throw FileError(path + ": " + what); }

FileHeader load_header(const std::string& path, const std::uint8_t* data, std::size_t size) {
  if (size < sizeof magic || std::memcmp(data, magic, sizeof magic) != 0) reject(path, "not an .hdq file (wrong magic)");
  if (size < FileHeader::bytes) {
    reject(path, "truncated: " + std::to_string(size) + " bytes, the header alone has " +
                     std::to_string(FileHeader::bytes));
  }
  // The version comes first: a later version may keep its checksum elsewhere.
  const auto version = get<std::uint32_t>(data, at_version);
  const bool intact = get<std::uint32_t>(data, at_checksum) == crc32c(data, at_checksum);
  if (version != FileHeader::current_version) {
    reject(path, "version " + std::to_string(version) + (intact ? "" : " (header checksum fails)") +
                     "; this program reads version " + std::to_string(FileHeader::current_version));
  }
  if (!intact) reject(path, "corrupt header: its checksum fails");
  FileHeader header;
  header.rows = get<std::uint64_t>(data, at_rows);
  header.dimension = get<std::uint64_t>(data, at_dimension);
  header.order = get<std::uint64_t>(data, at_order);
  header.bits = get<std::uint32_t>(data, at_bits);
  header.rows_per_block = get<std::uint32_t>(data, at_rows_per_block);
  header.seed = get<std::uint64_t>(data, at_seed);
  header.first_row = get<std::uint64_t>(data, at_first_row);

  if (get<std::uint32_t>(data, at_header_bytes) != FileHeader::bytes) reject(path, "invalid header: header length");
  if (header.dimension < 1 || header.dimension > Codec::max_dimension) reject(path, "invalid header: dimension");
  if (header.order != hadamard_order(header.dimension).order) reject(path, "invalid header: order");
  if (header.bits < 1 || header.bits > 8) reject(path, "invalid header: bits");
  if (header.rows_per_block < 1) reject(path, "invalid header: rows per block");
  if (!std::all_of(data + at_reserved, data + at_checksum, [](std::uint8_t byte) { return byte == 0; })) {
    reject(path, "invalid header: reserved bytes are not zero");
  }
  // Before any product that could overflow: each row takes at least 4 bytes.
  if (header.rows > size / sizeof(float)) {
    reject(path, "truncated: " + std::to_string(size) + " bytes cannot hold " + std::to_string(header.rows) + " rows");
  }
  if (header.file_bytes() != size) {
    reject(path, std::string(size < header.file_bytes() ? "truncated: " : "trailing data: ") + std::to_string(size) +
                     " bytes, " + std::to_string(header.file_bytes()) + " expected");
  }
  return header;
}

}  // namespace

// ---- layout ----

FileHeader FileHeader::make(const Codec& codec, std::uint64_t rows, std::uint64_t first_row) {
  FileHeader header;
  header.rows = rows;
  header.dimension = codec.dimension();
  header.order = codec.order();
  header.bits = static_cast<std::uint32_t>(codec.bits());
  header.seed = codec.seed();
  header.first_row = first_row;
  const std::size_t fit = target_block_bytes / (sizeof(float) + codec.code_bytes());
  header.rows_per_block = static_cast<std::uint32_t>(std::bit_floor(std::max<std::size_t>(fit, 1)));
  return header;
}

std::size_t FileHeader::rows_in_block(std::uint64_t block) const {
  return static_cast<std::size_t>(std::min<std::uint64_t>(rows_per_block, rows - block * rows_per_block));
}

std::size_t FileHeader::block_bytes(std::uint64_t block) const {
  return padded_block_bytes(rows_in_block(block), code_bytes());
}

std::uint64_t FileHeader::block_offset(std::uint64_t block) const {
  return bytes + block * padded_block_bytes(rows_per_block, code_bytes());
}

std::uint64_t FileHeader::file_bytes() const {
  return blocks() == 0 ? bytes : block_offset(blocks() - 1) + block_bytes(blocks() - 1);
}

// ---- writing ----

FileWriter::FileWriter(std::string path, const FileHeader& header)
    : file_(std::make_unique<AtomicFile>(std::move(path))), header_(header) {
  std::uint8_t bytes[FileHeader::bytes];
  store_header(header_, bytes);
  file_->write(bytes, sizeof bytes);
  if (header_.rows > 0) buffer_.resize(header_.block_bytes(0));
}

FileWriter::~FileWriter() = default;

void FileWriter::append(const float* norms, const std::uint8_t* codes, std::size_t rows) {
  const std::size_t code_bytes = header_.code_bytes();
  while (rows > 0) {
    if (block_ == header_.blocks()) reject(file_->path(), "more rows than its header says");
    const std::size_t capacity = header_.rows_in_block(block_);
    const std::size_t take = std::min(rows, capacity - filled_);
    std::memcpy(buffer_.data() + filled_ * sizeof(float), norms, take * sizeof(float));
    std::memcpy(buffer_.data() + capacity * sizeof(float) + filled_ * code_bytes, codes, take * code_bytes);
    filled_ += take;
    norms += take;
    codes += take * code_bytes;
    rows -= take;
    if (filled_ == capacity) finish_block();
  }
}

void FileWriter::finish_block() {
  const std::size_t size = header_.block_bytes(block_);
  const std::size_t content = filled_ * (sizeof(float) + header_.code_bytes());
  std::memset(buffer_.data() + content, 0, size - content);
  put(buffer_.data(), size - checksum_bytes, block_checksum(block_, buffer_.data(), size - checksum_bytes));
  file_->write(buffer_.data(), size);
  ++block_;
  filled_ = 0;
}

void FileWriter::commit() {
  if (block_ != header_.blocks()) reject(file_->path(), "fewer rows than its header says");
  file_->commit();
}

// ---- reading ----

FileReader::FileReader(std::string path) : path_(std::move(path)) {
  const int descriptor = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) reject(path_, std::string("cannot open it: ") + std::strerror(errno));
  struct stat status {};
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  size_ = regular ? static_cast<std::size_t>(status.st_size) : 0;
  void* map = size_ == 0 ? nullptr : ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  if (!regular) reject(path_, "not a regular file");
  if (map == nullptr) reject(path_, "empty file");
  if (map == MAP_FAILED) reject(path_, std::string("cannot map it: ") + std::strerror(errno));
  data_ = static_cast<const std::uint8_t*>(map);
  try {
    header_ = load_header(path_, data_, size_);
    verified_ = std::make_unique<std::atomic<bool>[]>(static_cast<std::size_t>(header_.blocks()));
  } catch (...) {
    ::munmap(map, size_);
    throw;
  }
}

FileReader::~FileReader() { ::munmap(const_cast<std::uint8_t*>(data_), size_); }

void FileReader::check_block(std::uint64_t index) const {
  std::atomic<bool>& verified = verified_[static_cast<std::size_t>(index)];
  if (verified.load(std::memory_order_relaxed)) return;
  const std::uint8_t* start = data_ + header_.block_offset(index);
  const std::size_t covered = header_.block_bytes(index) - checksum_bytes;
  if (get<std::uint32_t>(start, covered) != block_checksum(index, start, covered)) {
    const std::uint64_t first = index * header_.rows_per_block;
    reject(path_, "corrupt: the checksum of block " + std::to_string(index) + " fails (rows " + std::to_string(first) +
                      " to " + std::to_string(first + header_.rows_in_block(index) - 1) + ", bytes " +
                      std::to_string(header_.block_offset(index)) + " to " +
                      std::to_string(header_.block_offset(index) + header_.block_bytes(index) - 1) + ")");
  }
  verified.store(true, std::memory_order_relaxed);
}

FileReader::Block FileReader::block(std::uint64_t index) const {
  if (index >= header_.blocks()) {
    throw InvalidArgument(path_ + ": no block " + std::to_string(index) + "; it has " +
                          std::to_string(header_.blocks()));
  }
  check_block(index);
  const std::uint8_t* start = data_ + header_.block_offset(index);
  const std::size_t rows = header_.rows_in_block(index);
  return {index * header_.rows_per_block, rows, reinterpret_cast<const float*>(start), start + rows * sizeof(float)};
}

FileReader::Row FileReader::row(std::uint64_t index) const {
  if (index >= header_.rows) {
    throw InvalidArgument(path_ + ": no row " + std::to_string(index) + "; it has " + std::to_string(header_.rows) +
                          " rows");
  }
  const Block in = block(index / header_.rows_per_block);
  const auto at = static_cast<std::size_t>(index - in.first);
  return {in.norms[at], in.codes + at * header_.code_bytes()};
}

void FileReader::verify() const {
  for (std::uint64_t index = 0; index < header_.blocks(); ++index) check_block(index);
}

void FileReader::decode(const Codec& codec, std::uint64_t begin, std::size_t rows, float* x) const {
  if (begin > header_.rows || rows > header_.rows - begin) {
    throw InvalidArgument(path_ + ": rows " + std::to_string(begin) + " to " + std::to_string(begin + rows) +
                          " asked for; it has " + std::to_string(header_.rows));
  }
  while (rows > 0) {
    const Block in = block(begin / header_.rows_per_block);
    const auto at = static_cast<std::size_t>(begin - in.first);
    const std::size_t take = std::min(rows, in.rows - at);
    try {
      codec.decode(in.norms + at, in.codes + at * header_.code_bytes(), take, x, header_.first_row + begin);
    } catch (const InvalidInput& bad) {
      throw FileError(path_ + ": row " + std::to_string(begin + bad.row) + ": invalid norm");
    }
    begin += take;
    rows -= take;
    x += take * static_cast<std::size_t>(header_.dimension);
  }
}

Codec FileReader::codec(CodecOptions options) const {
  return Codec(static_cast<std::size_t>(header_.dimension), static_cast<int>(header_.bits), header_.seed, options);
}

}  // namespace hdq
