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

void FileReader::read_block(std::uint64_t index, std::uint8_t* out) const {
  const std::size_t size = header_.block_bytes(index);
  if (file_.read_some(header_.block_offset(index), out, size) < size)
    detail::reject(path(), "truncated since it was opened: it ends in or before block " + std::to_string(index) + " (" +
                               detail::block_place(header_, index) + ")");
  if (!detail::section_intact(index, out, size))
    detail::reject(path(), "corrupt: the checksum of block " + std::to_string(index) + " fails (" +
                               detail::block_place(header_, index) + ")");
}

void FileReader::verify() const {
  BlockReader reader(*this);
  for (std::uint64_t index = 0; index < header_.blocks(); ++index) reader.block(index);
}

void FileReader::decode(const Codec& codec, std::uint64_t begin, RowsView<float> out, Workspace* workspace) const {
  BlockReader(*this).decode(codec, begin, out, workspace);
}

Codec FileReader::codec(CodecOptions options) const {
  const EncodingParameters made_with = header_.parameters();
  options.scheme = made_with.scheme;
  return Codec(made_with.dimension, made_with.bits, made_with.seed, options);
}

// ---- block by block ----

EncodedView BlockReader::block(std::uint64_t index) {
  const FileHeader& header = file_->header();
  if (index >= header.blocks())
    throw InvalidArgument(file_->path() + ": no block " + std::to_string(index) + " among " + std::to_string(header.blocks()));
  if (buffer_.empty()) buffer_.resize(header.block_bytes(0) + cache_line);  // no block is longer
  held_ = none;
  file_->read_block(index, data());
  held_ = index;
  return held();
}

std::uint8_t* BlockReader::data() {
  return buffer_.data() + (cache_line - reinterpret_cast<std::uintptr_t>(buffer_.data()) % cache_line) % cache_line;
}

EncodedView BlockReader::held() {
  const FileHeader& header = file_->header();
  const std::size_t rows = header.rows_in_block(held_);
  return {{reinterpret_cast<const float*>(data()), rows}, {data() + rows * sizeof(float), rows * header.code_bytes()},
          header.first_row + held_ * header.rows_per_block, header.parameters()};
}

EncodedView BlockReader::rows(std::uint64_t begin, std::size_t rows) {
  const FileHeader& header = file_->header();
  if (begin >= header.rows)
    throw InvalidArgument(file_->path() + ": no row " + std::to_string(begin) + " among " + std::to_string(header.rows));
  const std::uint64_t index = begin / header.rows_per_block;
  const EncodedView in = index == held_ ? held() : block(index);
  const auto at = static_cast<std::size_t>(begin % header.rows_per_block);
  return in.slice(at, std::min(rows, in.rows() - at));
}

void BlockReader::decode(const Codec& codec, std::uint64_t begin, RowsView<float> out, Workspace* workspace) {
  const FileHeader& header = file_->header();
  detail::check_codec(file_->path(), header, codec);
  if (begin > header.rows || out.rows() > header.rows - begin)
    throw InvalidArgument(file_->path() + ": " + std::to_string(out.rows()) + " rows from row " + std::to_string(begin) +
                          " are not among " + std::to_string(header.rows));
  const std::span<const float> mean = file_->mean();
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
