// The .hdq file: codes of many rows, checksummed block by block (docs/format.md has it byte by byte).
//
// A block holds rows_per_block rows (the last one fewer): their norms, then their codes, zero padding, a CRC-32C.
// Every bit of the file is under a checksum; row i is found by arithmetic; reading is memory-mapped.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hdq/codec.hpp"

namespace hdq {

class AtomicFile;

struct FileHeader {
  static constexpr std::uint32_t current_version = 1;
  static constexpr std::size_t bytes = 128;

  std::uint64_t rows = 0;
  std::uint64_t dimension = 0;       // n
  std::uint64_t order = 0;           // d
  std::uint32_t bits = 0;            // b, 1..8
  std::uint64_t seed = 0;
  std::uint64_t first_row = 0;       // row number (SPEC §2) of the file's row 0
  std::uint32_t rows_per_block = 0;

  // A header for `rows` rows of this codec, with blocks of at most 256 KiB (or of one row).
  static FileHeader make(const Codec& codec, std::uint64_t rows, std::uint64_t first_row = 0);

  std::size_t code_bytes() const { return static_cast<std::size_t>((order * bits + 7) / 8); }
  std::uint64_t blocks() const { return rows / rows_per_block + (rows % rows_per_block != 0); }
  std::size_t rows_in_block(std::uint64_t block) const;
  std::size_t block_bytes(std::uint64_t block) const;     // a multiple of 64, checksum included
  std::uint64_t block_offset(std::uint64_t block) const;  // from the beginning of the file
  std::uint64_t file_bytes() const;
};

// Writes path through a temporary file beside it: the name appears, complete, at commit(), or never.
class FileWriter {
 public:
  FileWriter(std::string path, const FileHeader& header);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  // The next `rows` rows, any number at a time.
  void append(const float* norms, const std::uint8_t* codes, std::size_t rows);
  // Throws FileError unless exactly header.rows rows were appended.
  void commit();

 private:
  void finish_block();

  std::unique_ptr<AtomicFile> file_;
  FileHeader header_;
  std::uint64_t block_ = 0;         // the block being filled
  std::size_t filled_ = 0;          // rows in it
  std::vector<std::uint8_t> buffer_;
};

// Maps a file. The constructor checks the header and the file's length; a block's checksum is checked when the
// block is first used. Safe to use from several threads.
class FileReader {
 public:
  explicit FileReader(std::string path);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  const std::string& path() const { return path_; }
  const FileHeader& header() const { return header_; }

  struct Block {
    std::uint64_t first;  // index in the file of the block's first row
    std::size_t rows;
    const float* norms;          // rows
    const std::uint8_t* codes;   // rows × code_bytes
  };
  Block block(std::uint64_t index) const;  // throws FileError where the checksum fails

  struct Row {
    float norm;
    const std::uint8_t* codes;
  };
  Row row(std::uint64_t index) const;

  // Checks every block; throws FileError naming the first bad one.
  void verify() const;

  // Rows [begin, begin + rows) of the file, rows × dimension floats; the codec is one of codec().
  void decode(const Codec& codec, std::uint64_t begin, std::size_t rows, float* x) const;
  Codec codec(CodecOptions options = {}) const;

 private:
  void check_block(std::uint64_t index) const;

  std::string path_;
  FileHeader header_;
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::unique_ptr<std::atomic<bool>[]> verified_;
};

}  // namespace hdq
