// Blocks are copied from the file before they are checked and used: what a mapping shows may change under the reader, and a mapped file
// that shrinks ends the process.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "file/header.hpp"

namespace hdq {
namespace {

constexpr std::size_t cache_line = 64;

}  // namespace

FileReader::FileReader(std::string path) : file_(std::move(path)), header_(detail::load_header(file_)) {
  if (header_.has_mean) read_mean();
  if (header_.scheme == SchemeId::entropy_coded) {
    read_index();
    coder_ = std::make_shared<const EntropyCoder>(this->codec());
  }
}

void FileReader::read_mean() {
  std::vector<std::uint8_t> section(header_.mean_bytes());
  file_.read(FileHeader::bytes, section.data(), section.size());
  if (!detail::section_intact(detail::mean_section, section.data(), section.size()))
    detail::reject(path(), "corrupt: the checksum of the mean fails (bytes " + std::to_string(FileHeader::bytes) + " to " +
                               std::to_string(FileHeader::bytes + section.size() - 1) + ")");
  mean_.resize(static_cast<std::size_t>(header_.dimension));
  std::memcpy(mean_.data(), section.data(), mean_.size() * sizeof(float));
  for (std::size_t i = 0; i < mean_.size(); ++i)
    if (!std::isfinite(mean_[i])) detail::reject(path(), "the mean's column " + std::to_string(i) + " is not finite");
}

// Memory for the index is taken only once the file is seen to be as long.
void FileReader::read_index() {
  const std::uint64_t blocks = header_.blocks(), first = FileHeader::bytes + header_.mean_bytes(), size = file_.size();
  if (size < first || blocks > (size - first) / 8 || size - first < detail::index_bytes(header_))
    detail::reject(path(), "truncated: " + std::to_string(size) + " bytes, too few for the index of " +
                               std::to_string(blocks) + " blocks");
  std::vector<std::uint8_t> section(static_cast<std::size_t>(detail::index_bytes(header_)));
  const std::uint64_t at = size - section.size();
  file_.read(at, section.data(), section.size());
  if (!detail::section_intact(detail::index_section, section.data(), section.size()))
    detail::reject(path(), "truncated or corrupt: the checksum of the index fails (bytes " + std::to_string(at) +
                               " to " + std::to_string(size - 1) + ")");
  ends_.resize(static_cast<std::size_t>(blocks));
  if (blocks > 0) std::memcpy(ends_.data(), section.data(), ends_.size() * sizeof ends_[0]);
  constexpr std::uint64_t least = detail::block_head_bytes + detail::checksum_bytes;
  std::uint64_t end = first;
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    if (ends_[i] > at || ends_[i] < end + least || ends_[i] % 4 != 0 || ends_[i] - end > FileHeader::max_block_bytes)
      detail::reject(path(), "corrupt: the index says that block " + std::to_string(i) + " ends at byte " +
                                 std::to_string(ends_[i]));
    end = ends_[i];
  }
  if (end != at)
    detail::reject(path(), "corrupt: the blocks end at byte " + std::to_string(end) + ", the index begins at " +
                               std::to_string(at));
}

std::uint64_t FileReader::block_offset(std::uint64_t block) const {
  if (ends_.empty()) return header_.block_offset(block);
  return block == 0 ? FileHeader::bytes + header_.mean_bytes() : ends_[static_cast<std::size_t>(block - 1)];
}

std::size_t FileReader::block_bytes(std::uint64_t block) const {
  if (ends_.empty()) return header_.block_bytes(block);
  return static_cast<std::size_t>(ends_[static_cast<std::size_t>(block)] - block_offset(block));
}

std::string FileReader::place(std::uint64_t block) const {
  return detail::block_place(header_, block, block_offset(block), block_bytes(block));
}

void FileReader::read_block(std::uint64_t index, std::uint8_t* out) const {
  const std::size_t size = block_bytes(index);
  if (file_.read_some(block_offset(index), out, size) < size)
    detail::reject(path(), "truncated since it was opened: it ends in or before block " + std::to_string(index) + " (" +
                               place(index) + ")");
  if (!detail::section_intact(index, out, size))
    detail::reject(path(), "corrupt: the checksum of block " + std::to_string(index) + " fails (" + place(index) + ")");
}

void FileReader::verify() const {
  BlockReader reader(*this);
  for (std::uint64_t index = 0; index < header_.blocks(); ++index) reader.block(index);
}

void FileReader::decode(const Codec& codec, std::uint64_t begin, RowsView<float> out, Workspace* workspace) const {
  BlockReader(*this).decode(codec, begin, out, workspace);
}

Codec FileReader::codec(CodecOptions options) const { return Codec(header_.parameters(), options); }

// ---- block by block ----

EncodedView BlockReader::block(std::uint64_t index) {
  const FileHeader& header = file_->header();
  if (index >= header.blocks())
    throw InvalidArgument(file_->path() + ": no block " + std::to_string(index) + " among " + std::to_string(header.blocks()));
  read(index);
  return held(0, header.rows_in_block(index));
}

std::uint8_t* BlockReader::data() {
  return buffer_.data() + (cache_line - reinterpret_cast<std::uintptr_t>(buffer_.data()) % cache_line) % cache_line;
}

void BlockReader::read(std::uint64_t index) {
  held_ = none;
  unpacked_ = 0;
  const std::size_t size = file_->block_bytes(index) + cache_line;
  if (buffer_.size() < size) buffer_.resize(size);
  file_->read_block(index, data());
  if (file_->coder_ != nullptr) read_lengths(index);
  held_ = index;
}

EncodedView BlockReader::held(std::size_t first, std::size_t count) {
  const FileHeader& header = file_->header();
  if (file_->coder_ != nullptr) return unpacked(first, count);
  const std::size_t rows = header.rows_in_block(held_);
  const EncodedView all{{reinterpret_cast<const float*>(data()), rows},
                        {data() + rows * sizeof(float), rows * header.code_bytes()},
                        header.first_row + held_ * header.rows_per_block,
                        header.parameters()};
  return all.slice(first, count);
}

// docs/format.md, "Scheme 1": that the parts fill the block exactly, before anything is taken from where they say.
void BlockReader::read_lengths(std::uint64_t index) {
  const std::size_t rows = file_->header().rows_in_block(index),
                    size = file_->block_bytes(index) - detail::checksum_bytes;
  const auto fail = [&](const char* what) {
    detail::reject(file_->path(),
                   "corrupt: block " + std::to_string(index) + ", " + what + " (" + file_->place(index) + ")");
  };
  std::uint32_t base = 0, width = 0;
  std::memcpy(&base, data(), sizeof base);
  std::memcpy(&width, data() + sizeof base, sizeof width);
  if (width != 1 && width != 2 && width != 4) fail("the width of its lengths is not 1, 2 or 4");
  if (rows > (size - detail::block_head_bytes) / (width + file_->coder_->raw_bytes()))
    fail("its lengths and raw bits exceed it");
  lengths_.resize(rows);
  begins_.resize(rows + 1);
  raw_ = detail::block_head_bytes + rows * width;
  begins_[0] = raw_ + rows * file_->coder_->raw_bytes();
  for (std::size_t row = 0; row < rows; ++row) {
    std::uint32_t more = 0;
    std::memcpy(&more, data() + detail::block_head_bytes + row * width, width);
    const std::uint64_t length = more == 0 ? 0 : std::uint64_t{base} + more - 1;
    if (length > size - begins_[row]) fail("its streams exceed it");
    lengths_[row] = static_cast<std::uint32_t>(length);
    begins_[row + 1] = begins_[row] + lengths_[row];
  }
  if (size - begins_[rows] >= 4) fail("its streams do not fill it");
  if (std::any_of(data() + begins_[rows], data() + size, [](std::uint8_t byte) { return byte != 0; }))
    fail("its padding is not zero");
}

EncodedView BlockReader::unpacked(std::size_t first, std::size_t count) {
  const FileHeader& header = file_->header();
  const std::size_t code_bytes = header.code_bytes(), raw_bytes = file_->coder_->raw_bytes();
  const std::uint64_t block_row = held_ * header.rows_per_block;
  if (first < unpacked_first_ || first + count > unpacked_first_ + unpacked_ || unpacked_ == 0) {
    unpacked_ = 0;
    norms_.resize(std::max(norms_.size(), count));
    codes_.resize(std::max(codes_.size(), count * code_bytes));
    const EncodedBuffer out({norms_.data(), count}, {codes_.data(), count * code_bytes},
                            header.first_row + block_row + first);
    try {
      const EntropyCoder& coder = coder_ != nullptr ? *coder_ : *file_->coder_;
      coder.decode({lengths_.data() + first, count}, {data() + raw_ + first * raw_bytes, count * raw_bytes},
                   {data() + begins_[first], begins_[first + count] - begins_[first]}, out);
    } catch (const InvalidInput& bad) {
      detail::reject(file_->path(), "corrupt: the stream of row " + std::to_string(block_row + first + bad.row) +
                                        " is not one of codes");
    }
    unpacked_first_ = first;
    unpacked_ = count;
  }
  const EncodedView all({norms_.data(), unpacked_}, {codes_.data(), unpacked_ * code_bytes},
                        header.first_row + block_row + unpacked_first_, header.parameters());
  return all.slice(first - unpacked_first_, count);
}

std::size_t BlockReader::read_block_of(std::uint64_t row) {
  const FileHeader& header = file_->header();
  if (row >= header.rows)
    throw InvalidArgument(file_->path() + ": no row " + std::to_string(row) + " among " + std::to_string(header.rows));
  if (const std::uint64_t index = row / header.rows_per_block; index != held_) read(index);
  return static_cast<std::size_t>(row % header.rows_per_block);
}

EncodedView BlockReader::rows(std::uint64_t begin, std::size_t rows) {
  const std::size_t at = read_block_of(begin);
  return held(at, std::min(rows, file_->header().rows_in_block(held_) - at));
}

std::uint32_t BlockReader::stream_bytes(std::uint64_t row) {
  if (file_->coder_ == nullptr) throw InvalidArgument(file_->path() + ": rows of fixed rate have no streams");
  const std::size_t at = read_block_of(row);
  return lengths_[at];
}

void BlockReader::decode(const Codec& codec, std::uint64_t begin, RowsView<float> out, Workspace* workspace) {
  const FileHeader& header = file_->header();
  detail::check_codec(file_->path(), header, codec);
  if (begin > header.rows || out.rows() > header.rows - begin)
    throw InvalidArgument(file_->path() + ": " + std::to_string(out.rows()) + " rows from row " + std::to_string(begin) +
                          " are not among " + std::to_string(header.rows));
  const std::span<const float> mean = file_->mean();
  // Streams are decoded on the codec's threads; what is held stays.
  if (file_->coder_ != nullptr && (coder_ == nullptr || coder_->codec().plan() != codec.plan()))
    coder_ = std::make_unique<EntropyCoder>(file_->coder_->on(codec));
  for (std::size_t done = 0; done < out.rows();) {
    const EncodedView in = rows(begin + done, out.rows() - done);
    const RowsView<float> to = out.slice(done, in.rows());
    try {
      codec.decode(in, to, workspace);
    } catch (const InvalidInput& bad) {
      detail::reject(file_->path(), "row " + std::to_string(begin + done + bad.row) + ": invalid norm");
    }
    for (std::size_t row = 0; row < to.rows(); ++row)
      for (std::size_t i = 0; i < mean.size(); ++i) to.row(row)[i] += mean[i];
    done += in.rows();
  }
}

}  // namespace hdq
