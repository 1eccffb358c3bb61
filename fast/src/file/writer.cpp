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

// The header is checked before the file is made.
FileWriter::FileWriter(std::string path, const FileHeader& header, std::span<const float> mean)
    : header_(checked_header(header, mean)), mean_(mean.begin(), mean.end()), file_(std::move(path)) {
  std::uint8_t bytes[FileHeader::bytes];
  detail::store_header(header_, bytes);
  write(bytes, sizeof bytes);
  if (header_.has_mean) write_mean();
  const std::size_t rows = header_.rows_in_block(0);
  if (header_.scheme == SchemeId::entropy_coded) {
    coder_ = std::make_unique<EntropyCoder>(Codec(header_.parameters()));
    buffer_.resize(rows * (sizeof(float) + header_.code_bytes()));
  } else if (rows > 0) {
    buffer_.resize(header_.block_bytes(0));
  }
}

FileWriter::~FileWriter() = default;

void FileWriter::write(const void* data, std::size_t size) {
  file_.write(data, size);
  bytes_ += size;
}

void FileWriter::write_mean() {
  std::vector<std::uint8_t> section(header_.mean_bytes());
  std::memcpy(section.data(), mean_.data(), mean_.size() * sizeof(float));
  detail::seal_section(detail::mean_section, section.data(), section.size());
  write(section.data(), section.size());
}

void FileWriter::check_room(std::size_t rows) const {
  if (failed_) detail::reject(file_.path(), "not written: an earlier call failed");
  if (rows > header_.rows - rows_written()) detail::reject(file_.path(), "more rows than its header says, " + std::to_string(header_.rows));
}

// Where the next rows go: as many as are asked for and fit the block.
EncodedBuffer FileWriter::room(std::size_t rows) {
  const std::size_t capacity = header_.rows_in_block(block_);
  const std::size_t count = std::min(rows, capacity - filled_), row_bytes = header_.code_bytes();
  return {{reinterpret_cast<float*>(buffer_.data()) + filled_, count},
          {buffer_.data() + capacity * sizeof(float) + filled_ * row_bytes, count * row_bytes},
          header_.first_row + rows_written()};
}

void FileWriter::filled(std::size_t rows) {
  filled_ += rows;
  if (filled_ == header_.rows_in_block(block_)) finish_block();
}

void FileWriter::finish_block() {
  if (coder_ != nullptr) {
    failed_ = true;  // until it is written
    const std::size_t row_bytes = header_.code_bytes();
    return write_packed(coder_->encode({{reinterpret_cast<const float*>(buffer_.data()), filled_},
                                        {buffer_.data() + filled_ * sizeof(float), filled_ * row_bytes},
                                        header_.first_row + block_ * header_.rows_per_block}));
  }
  const std::size_t size = header_.block_bytes(block_), content = filled_ * (sizeof(float) + header_.code_bytes());
  std::memset(buffer_.data() + content, 0, size - content);
  detail::seal_section(block_, buffer_.data(), size);
  failed_ = true;  // until it is written
  write(buffer_.data(), size);
  failed_ = false;
  ++block_;
  filled_ = 0;
}

// docs/format.md, "Scheme 1".
void FileWriter::write_packed(const PackedRows& packed) {
  failed_ = true;  // until it is written
  std::uint32_t least = UINT32_MAX, most = 0;
  for (const std::uint32_t length : packed.lengths) {
    if (length > 0) least = std::min(least, length), ++streams_;
    most = std::max(most, length);
  }
  const std::uint32_t base = most == 0 ? 0 : least, largest = most == 0 ? 0 : most - base + 1;
  const std::uint32_t width = largest < 1u << 8 ? 1 : largest < 1u << 16 ? 2 : 4;
  std::vector<std::uint8_t> block(detail::block_head_bytes + packed.lengths.size() * width);
  std::memcpy(block.data(), &base, sizeof base);
  std::memcpy(block.data() + sizeof base, &width, sizeof width);
  for (std::size_t row = 0; row < packed.lengths.size(); ++row) {
    const std::uint32_t more = packed.lengths[row] == 0 ? 0 : packed.lengths[row] - base + 1;
    std::memcpy(block.data() + detail::block_head_bytes + row * width, &more, width);
  }
  block.insert(block.end(), packed.raw.begin(), packed.raw.end());
  block.insert(block.end(), packed.streams.begin(), packed.streams.end());
  block.resize((block.size() + 3) / 4 * 4 + detail::checksum_bytes);
  if (block.size() > FileHeader::max_block_bytes)
    detail::reject(file_.path(), "block " + std::to_string(block_) + " would have " + std::to_string(block.size()) +
                                     " bytes; " + std::to_string(FileHeader::max_block_bytes) + " are allowed");
  detail::seal_section(block_, block.data(), block.size());
  write(block.data(), block.size());
  ends_.push_back(bytes_);
  failed_ = false;
  ++block_;
  filled_ = 0;
}

void FileWriter::write_index() {
  std::vector<std::uint8_t> section(static_cast<std::size_t>(detail::index_bytes(header_)));
  if (!ends_.empty()) std::memcpy(section.data(), ends_.data(), ends_.size() * sizeof ends_[0]);
  detail::seal_section(detail::index_section, section.data(), section.size());
  write(section.data(), section.size());
}

void FileWriter::append(const EncodedView& rows) {
  if (rows.rows() == 0) return;
  detail::check_encoded(rows, header_.parameters(), header_.code_bytes(), file_.path() + ": ");
  check_room(rows.rows());
  if (const std::uint64_t next = header_.first_row + rows_written(); rows.first_row() != next)
    throw InvalidArgument(file_.path() + ": codes of row number " + std::to_string(rows.first_row()) + ", where " + std::to_string(next) + " is next");
  for (std::size_t done = 0; done < rows.rows();) {
    const EncodedBuffer to = room(rows.rows() - done);
    const EncodedView from = rows.slice(done, to.rows());
    std::ranges::copy(from.norms(), to.norms().begin());
    std::ranges::copy(from.codes(), to.codes().begin());
    filled(to.rows());
    done += to.rows();
  }
}

void FileWriter::append(const PackedRows& block) {
  if (coder_ == nullptr) throw InvalidArgument(file_.path() + ": streams for a file of fixed rate");
  check_room(block.lengths.size());
  if (filled_ != 0) throw InvalidArgument(file_.path() + ": a block's streams, where a block is begun");
  if (block_ == header_.blocks()) return;  // no rows, there is room for no others
  detail::require_equal(block.lengths.size(), header_.rows_in_block(block_), "streams", "rows of the next block");
  detail::require_equal(block.raw.size(), block.lengths.size() * coder_->raw_bytes(), "bytes of raw bits",
                        "of a block's");
  std::uint64_t bytes = 0;
  for (const std::uint32_t length : block.lengths) bytes += length;
  detail::require_equal(block.streams.size(), bytes, "bytes of streams", "by their lengths");
  if (const std::uint64_t next = header_.first_row + rows_written(); block.first_row != next)
    throw InvalidArgument(file_.path() + ": streams of row number " + std::to_string(block.first_row) + ", where " +
                          std::to_string(next) + " is next");
  write_packed(block);
}

template <class Number>
void FileWriter::encode_rows(const Codec& codec, const RowsView<const Number>& x, Workspace* workspace) {
  detail::check_codec(file_.path(), header_, codec);
  if (x.rows() > 0) detail::require_equal(x.dimension(), codec.dimension(), "numbers in a row", "dimensions of the codec");
  check_room(x.rows());
  if (coder_ != nullptr && coder_->codec().plan() != codec.plan()) *coder_ = coder_->on(codec);
  for (std::size_t done = 0; done < x.rows();) {
    const EncodedBuffer to = room(x.rows() - done);
    try {
      failed_ = true;  // until they are encoded
      encode_some(codec, x.slice(done, to.rows()), to, workspace);
      failed_ = false;
    } catch (const InvalidInput& bad) {
      float value = 0;
      if (bad.column != InvalidInput::npos) widen_row(x.row(done + bad.row) + bad.column, 1, &value, codec.isa());
      throw_bad_row(done + bad.row, bad.column, value);
    }
    filled(to.rows());
    done += to.rows();
  }
}

template <class Number>
void FileWriter::encode_some(const Codec& codec, const RowsView<const Number>& x, const EncodedBuffer& to, Workspace* workspace) {
  if (mean_.empty()) return codec.encode(x, to, workspace);
  const std::size_t n = codec.dimension();
  const std::size_t together =
      std::max<std::size_t>(1, centred_bytes / (n * sizeof(float))) * static_cast<std::size_t>(codec.threads());
  centred_.resize(std::min(together, header_.rows_in_block(block_)) * n);
  for (std::size_t done = 0; done < x.rows();) {
    const std::size_t count = std::min(x.rows() - done, centred_.size() / n);
    for (std::size_t row = 0; row < count; ++row) {
      float* out = centred_.data() + row * n;
      widen_row(x.row(done + row), n, out, codec.isa());
      for (std::size_t i = 0; i < n; ++i) out[i] -= mean_[i];
    }
    try {
      codec.encode(RowsView<const float>(centred_.data(), count, n), to.slice(done, count), workspace);
    } catch (const InvalidInput& bad) {
      throw InvalidInput(done + bad.row, bad.column, bad.what());
    }
    done += count;
  }
}

void FileWriter::encode(const Codec& codec, RowsView<const float> x, Workspace* workspace) { encode_rows(codec, x, workspace); }
void FileWriter::encode(const Codec& codec, RowsView<const Float16> x, Workspace* workspace) { encode_rows(codec, x, workspace); }
void FileWriter::encode(const Codec& codec, RowsView<const BFloat16> x, Workspace* workspace) { encode_rows(codec, x, workspace); }

void FileWriter::commit() {
  if (failed_) detail::reject(file_.path(), "not written: an earlier call failed");
  if (block_ != header_.blocks())
    detail::reject(file_.path(), std::to_string(rows_written()) + " rows, fewer than its header says, " + std::to_string(header_.rows));
  failed_ = true;
  if (coder_ != nullptr) write_index();
  file_.commit();
  failed_ = false;
}

}  // namespace hdq
