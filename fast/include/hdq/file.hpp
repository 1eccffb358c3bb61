// The .hdq file: codes of many rows, checksummed block by block (docs/format.md has it byte by byte).
//
//   hdq::FileWriter writer("x.hdq", hdq::FileHeader::make(codec, rows));
//   writer.encode(codec, {x, rows, 384});                 // any number of rows at a time
//   writer.commit();
//
//   const hdq::FileReader file("x.hdq");
//   file.decode(file.codec(), 0, {y, rows, 384});
//
// A block holds rows_per_block rows (the last one fewer): their norms, then their codes, zero padding, a CRC-32C; or, of an entropy-coded
// file, their streams, which BlockReader decodes to the codes that Codec knows. Every bit of the file is under a checksum. Row i is found
// by arithmetic, or by the file's index and the lengths of its block.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hdq/atomic_file.hpp"
#include "hdq/codec.hpp"
#include "hdq/entropy_coder.hpp"
#include "hdq/regular_file.hpp"

namespace hdq {

struct HDQ_EXPORT FileHeader {
  static constexpr std::uint32_t current_version = 1;
  static constexpr std::size_t bytes = 128;
  static constexpr std::uint64_t max_block_bytes = std::uint64_t{1} << 26;  // of any block: what a reader holds in memory

  std::uint64_t rows = 0;
  std::uint64_t dimension = 0;         // n, 1..2^24
  std::uint64_t order = 0;             // d, the smallest Hadamard order >= n
  std::uint32_t bits = 0;              // b, in the range of BitWidth; 0 of entropy-coded rows
  std::uint64_t seed = 0;
  std::uint64_t first_row = 0;         // row number (SPEC §2) of the file's row 0; row i has first_row + i mod 2^64
  std::uint32_t rows_per_block = 0;    // >= 1
  SchemeId scheme = SchemeId::fixed_rate;
  bool has_mean = false;               // rows are centred: a mean section follows the header
  float step = 0;                      // Δ, in the range of Step; 0 of fixed-rate rows
  Dither dither = Dither::row;         // shared: of fixed-rate rows alone

  // A header for `rows` rows of this codec, with blocks of at most 256 KiB, or 2^18 entropy-coded numbers (or of one row).
  static FileHeader make(const Codec& codec, std::uint64_t rows, std::uint64_t first_row = 0);

  // Throws InvalidArgument, naming the field, unless each is in its range and the file's length below 2^63.
  void validate() const;

  EncodingParameters parameters() const;  // of a header that validate() accepts, as is the layout:
  std::size_t code_bytes() const;         // of a row, in memory
  std::uint64_t blocks() const;
  std::size_t rows_in_block(std::uint64_t block) const;
  std::size_t mean_bytes() const;  // of the mean section: a multiple of 64; 0 without one
  // Of fixed-rate files. In others it depends on the rows, and FileReader knows.
  std::size_t block_bytes(std::uint64_t block) const;     // a multiple of 64, checksum included
  std::uint64_t block_offset(std::uint64_t block) const;  // from the beginning of the file
  std::uint64_t file_bytes() const;
};

// Writes path as AtomicFile does: the name appears, complete, at commit(), or never. After an exception the writer
// takes no more rows and does not commit.
class HDQ_EXPORT FileWriter {
 public:
  // Throws InvalidArgument for an invalid header, FileError for a path that cannot be written. mean: none, or `dimension` finite
  // numbers μ, which are subtracted from what encode() is given and stored for decoding to add.
  FileWriter(std::string path, const FileHeader& header, std::span<const float> mean = {});
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  const FileHeader& header() const { return header_; }
  std::uint64_t rows_written() const { return std::min(block_ * header_.rows_per_block + filled_, header_.rows); }

  // What was written to the file so far: after commit() its bytes, and the rows whose norm it holds. (An entropy-coded row of zeros has none.)
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t norms() const { return coder_ == nullptr ? rows_written() : streams_; }

  // Encodes the next rows of the file, x as Codec::encode has it, straight into its blocks; codec is one of the header's
  // parameters() (otherwise InvalidArgument). Row numbers follow from the header. With a mean, the codes are those of
  // fl32(x_i − μ_i). Throws InvalidInput, row counted from x, for a row that has no code, and where x_i − μ_i exceeds float32.
  void encode(const Codec& codec, RowsView<const float> x, Workspace* workspace = nullptr);
  void encode(const Codec& codec, RowsView<const Float16> x, Workspace* workspace = nullptr);
  void encode(const Codec& codec, RowsView<const BFloat16> x, Workspace* workspace = nullptr);

  // The next rows of the file as they were encoded: with the header's parameters and mean, and with the row numbers that they have
  // in the file, or InvalidArgument.
  void append(const EncodedView& rows);
  // The same of an entropy-coded file's next block, header().rows_in_block() rows, as EntropyCoder packed them. The streams are not looked into.
  void append(const PackedRows& block);

  // Throws FileError unless exactly header.rows rows were written.
  void commit();

 private:
  void check_room(std::size_t rows) const;
  EncodedBuffer room(std::size_t rows);
  void filled(std::size_t rows);
  template <class Number>
  void encode_rows(const Codec& codec, const RowsView<const Number>& x, Workspace* workspace);
  template <class Number>
  void encode_some(const Codec& codec, const RowsView<const Number>& x, const EncodedBuffer& to, Workspace* workspace);
  void write(const void* data, std::size_t size);
  void write_mean();
  void finish_block();
  void write_packed(const PackedRows& packed);
  void write_index();

  FileHeader header_;
  std::vector<float> mean_, centred_;
  AtomicFile file_;
  std::uint64_t block_ = 0;  // the block being filled
  std::size_t filled_ = 0;   // rows in it
  std::vector<std::uint8_t> buffer_;
  std::unique_ptr<EntropyCoder> coder_;  // of entropy-coded rows, as are:
  std::vector<std::uint64_t> ends_;      // of the blocks written
  std::uint64_t streams_ = 0;            // those that are not empty
  std::uint64_t bytes_ = 0;              // written
  bool failed_ = false;
};

// An open file. The constructor checks its header, length, mean section and index. Nothing is mapped: a file that changes or shrinks
// meanwhile gives a FileError, never a wrong row. Safe to use from several threads.
class HDQ_EXPORT FileReader {
 public:
  explicit FileReader(std::string path);  // FileError

  const std::string& path() const { return file_.path(); }
  const FileHeader& header() const { return header_; }
  std::span<const float> mean() const { return mean_; }  // of `dimension` numbers; empty if the rows are not centred

  std::uint64_t bytes() const { return file_.size(); }
  std::uint64_t block_offset(
      std::uint64_t block) const;  // from the beginning of the file; block < header().blocks(), here and below
  std::size_t block_bytes(std::uint64_t block) const;

  // Checks every block, and of entropy-coded ones every stream; throws FileError naming the first bad one.
  void verify() const;

  // The file's rows from row `begin` on, as many as out has; the codec is one of codec(). With a mean, each number is
  // fl32(decoded + μ_i). FileError for a block that is damaged, or a row whose norm is invalid.
  void decode(const Codec& codec, std::uint64_t begin, RowsView<float> out, Workspace* workspace = nullptr) const;
  Codec codec(CodecOptions options = {}) const;

 private:
  friend class BlockReader;
  void read_block(std::uint64_t index, std::uint8_t* out) const;
  void read_mean();
  void read_index();
  std::string place(std::uint64_t block) const;

  RegularFile file_;
  FileHeader header_;
  std::vector<float> mean_;
  std::vector<std::uint64_t> ends_;            // of the blocks of an entropy-coded file
  std::shared_ptr<const EntropyCoder> coder_;  // of an entropy-coded file
};

// Reads a file block by block into memory of its own, at most FileHeader::max_block_bytes, and of an entropy-coded file the codes of the
// rows that were asked for. Every block's checksum is computed of the
// bytes that are then used. For one thread; each has its own. The FileReader must outlive it.
class HDQ_EXPORT BlockReader {
 public:
  explicit BlockReader(const FileReader& file) : file_(&file) {}

  // The rows of a block, valid until the next call. FileError where the checksum fails or the file has been truncated, InvalidArgument
  // beyond the last block.
  EncodedView block(std::uint64_t index);
  // Rows from row `begin` of the file on, at most `rows` of them: those that are in the block of the first one, which is read if it is
  // not the one read last.
  EncodedView rows(std::uint64_t begin, std::size_t rows);

  // Bytes of the stream of a row of an entropy-coded file (docs/format.md), which is not decoded for this; 0 for a row of zeros.
  // InvalidArgument beyond the last row, or of a fixed-rate file; FileError as block().
  std::uint32_t stream_bytes(std::uint64_t row);

  // FileReader::decode, without allocating for each call.
  void decode(const Codec& codec, std::uint64_t begin, RowsView<float> out, Workspace* workspace = nullptr);

 private:
  std::uint8_t* data();  // in buffer_, on a cache line
  void read(std::uint64_t index);
  std::size_t read_block_of(std::uint64_t row);  // unless it is held; the row's place in it
  void read_lengths(std::uint64_t index);
  EncodedView held(std::size_t first, std::size_t count);  // rows of the block that was read last
  EncodedView unpacked(std::size_t first, std::size_t count);
  static constexpr std::uint64_t none = ~std::uint64_t{0};

  const FileReader* file_;
  std::uint64_t held_ = none;  // the block in buffer_
  std::vector<std::uint8_t> buffer_;
  // Of entropy-coded blocks:
  std::unique_ptr<EntropyCoder> coder_;            // on the threads of a codec that decodes, if one does
  std::vector<std::uint32_t> lengths_;             // of streams
  std::vector<std::size_t> begins_;                // of streams, in the block
  std::size_t raw_ = 0;                            // where the raw bits begin
  std::size_t unpacked_first_ = 0, unpacked_ = 0;  // rows in the next two
  std::vector<float> norms_;
  std::vector<std::uint8_t> codes_;
};

}  // namespace hdq
