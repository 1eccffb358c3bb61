// Rows go into a block in memory, which is sealed and written when it is full.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "checks.hpp"
#include "file/header.hpp"
#include "hdq/stages.hpp"

namespace hdq {
namespace {

constexpr std::size_t centred_bytes = std::size_t{256} << 10;  // for each thread: centred rows wait in its second-level cache

FileHeader checked_header(FileHeader header, std::span<const float> mean) {
  if (mean.empty() && header.has_mean) throw InvalidArgument("invalid header: a mean section, but no mean given");
  header.has_mean = !mean.empty();
  header.validate();
  if (header.has_mean && mean.size() != header.dimension)
    throw InvalidArgument("the mean has " + std::to_string(mean.size()) + " numbers, the rows " + std::to_string(header.dimension));
  for (std::size_t i = 0; i < mean.size(); ++i)
    if (!std::isfinite(mean[i])) throw InvalidArgument("the mean's column " + std::to_string(i) + " is not finite");
  return header;
}

void widen_row(const float* x, std::size_t n, float* out, Isa) { std::copy_n(x, n, out); }
template <class Number>
void widen_row(const Number* x, std::size_t n, float* out, Isa isa) {
  widen(x, n, out, isa);
}

// The codec's complaint about a row, said of row `row` of the caller's x, which holds `value` there: where that is finite, it is the
// difference to the mean that is not.
[[noreturn]] void throw_bad_row(std::size_t row, std::size_t column, float value) {
  const std::string where = "row " + std::to_string(row);
  if (column == InvalidInput::npos) throw InvalidInput(row, column, where + ": the norm exceeds the largest float32");
  const char* what = std::isnan(value) ? "NaN cannot be encoded"
                     : std::isinf(value) ? "infinity cannot be encoded" : "less the mean, it exceeds the largest float32";
  throw InvalidInput(row, column, where + ", column " + std::to_string(column) + ": " + what);
}

}  // namespace

// Where the next rows go: as many as are asked for and fit the block.
struct FileWriter::Room {
  std::size_t rows;
  float* norms;
  std::uint8_t* codes;
};

// The header is checked before the file is made.
FileWriter::FileWriter(std::string path, const FileHeader& header, std::span<const float> mean)
    : header_(checked_header(header, mean)), mean_(mean.begin(), mean.end()), file_(std::move(path)) {
  std::uint8_t bytes[FileHeader::bytes];
  detail::store_header(header_, bytes);
  file_.write(bytes, sizeof bytes);
  if (header_.has_mean) write_mean();
  if (header_.rows > 0) buffer_.resize(header_.block_bytes(0));
}

FileWriter::~FileWriter() = default;

void FileWriter::write_mean() {
  std::vector<std::uint8_t> section(header_.mean_bytes());
  std::memcpy(section.data(), mean_.data(), mean_.size() * sizeof(float));
  detail::seal_section(detail::mean_section, section.data(), section.size());
  file_.write(section.data(), section.size());
}

FileWriter::Room FileWriter::room(std::size_t rows) {
  if (failed_) detail::reject(file_.path(), "not written: an earlier call failed");
  if (block_ == header_.blocks()) detail::reject(file_.path(), "more rows than its header says, " + std::to_string(header_.rows));
  const std::size_t capacity = header_.rows_in_block(block_);
  return {std::min(rows, capacity - filled_), reinterpret_cast<float*>(buffer_.data()) + filled_,
          buffer_.data() + capacity * sizeof(float) + filled_ * header_.code_bytes()};
}

void FileWriter::filled(std::size_t rows) {
  filled_ += rows;
  if (filled_ == header_.rows_in_block(block_)) finish_block();
}

void FileWriter::finish_block() {
  const std::size_t size = header_.block_bytes(block_), content = filled_ * (sizeof(float) + header_.code_bytes());
  std::memset(buffer_.data() + content, 0, size - content);
  detail::seal_section(block_, buffer_.data(), size);
  failed_ = true;  // until it is written
  file_.write(buffer_.data(), size);
  failed_ = false;
  ++block_;
  filled_ = 0;
}

void FileWriter::append(const float* norms, const std::uint8_t* codes, std::size_t rows) {
  if (rows == 0) return;
  detail::require(norms, "norms");
  detail::require(codes, "codes");
  while (rows > 0) {
    const Room to = room(rows);
    std::memcpy(to.norms, norms, to.rows * sizeof(float));
    std::memcpy(to.codes, codes, to.rows * header_.code_bytes());
    filled(to.rows);
    norms += to.rows;
    codes += to.rows * header_.code_bytes();
    rows -= to.rows;
  }
}

template <class Number>
void FileWriter::encode_rows(const Codec& codec, const Number* x, std::size_t rows, std::size_t row_stride) {
  detail::check_codec(file_.path(), header_, codec);
  const std::size_t n = codec.dimension(), stride = row_stride == 0 ? n : row_stride;
  if (stride < n) throw InvalidArgument("row stride " + std::to_string(stride) + " is less than the dimension " + std::to_string(n));
  if (rows > header_.rows - rows_written())
    detail::reject(file_.path(), "more rows than its header says, " + std::to_string(header_.rows));
  if (rows > 0) detail::require(x, "x");
  for (std::size_t done = 0; done < rows;) {
    const Room to = room(rows - done);
    try {
      failed_ = true;  // until they are encoded
      encode_some(codec, x + done * stride, stride, to);
      failed_ = false;
    } catch (const InvalidInput& bad) {
      float value = 0;
      if (bad.column != InvalidInput::npos) widen_row(x + (done + bad.row) * stride + bad.column, 1, &value, codec.isa());
      throw_bad_row(done + bad.row, bad.column, value);
    }
    filled(to.rows);
    done += to.rows;
  }
}

template <class Number>
void FileWriter::encode_some(const Codec& codec, const Number* x, std::size_t stride, const Room& to) {
  const std::uint64_t first = header_.first_row + rows_written();
  if (mean_.empty()) return codec.encode(x, to.rows, to.norms, to.codes, first, stride);
  const std::size_t n = codec.dimension();
  const std::size_t together =
      std::max<std::size_t>(1, centred_bytes / (n * sizeof(float))) * static_cast<std::size_t>(codec.threads());
  centred_.resize(std::min(together, header_.rows_in_block(block_)) * n);
  for (std::size_t done = 0; done < to.rows;) {
    const std::size_t count = std::min(to.rows - done, centred_.size() / n);
    for (std::size_t row = 0; row < count; ++row) {
      float* out = centred_.data() + row * n;
      widen_row(x + (done + row) * stride, n, out, codec.isa());
      for (std::size_t i = 0; i < n; ++i) out[i] -= mean_[i];
    }
    try {
      codec.encode(centred_.data(), count, to.norms + done, to.codes + done * codec.code_bytes(), first + done);
    } catch (const InvalidInput& bad) {
      throw InvalidInput(done + bad.row, bad.column, bad.what());
    }
    done += count;
  }
}

void FileWriter::encode(const Codec& codec, const float* x, std::size_t rows, std::size_t row_stride) {
  encode_rows(codec, x, rows, row_stride);
}
void FileWriter::encode(const Codec& codec, const Float16* x, std::size_t rows, std::size_t row_stride) {
  encode_rows(codec, x, rows, row_stride);
}
void FileWriter::encode(const Codec& codec, const BFloat16* x, std::size_t rows, std::size_t row_stride) {
  encode_rows(codec, x, rows, row_stride);
}

void FileWriter::commit() {
  if (failed_) detail::reject(file_.path(), "not written: an earlier call failed");
  if (block_ != header_.blocks())
    detail::reject(file_.path(), std::to_string(rows_written()) + " rows, fewer than its header says, " + std::to_string(header_.rows));
  file_.commit();
}

}  // namespace hdq
