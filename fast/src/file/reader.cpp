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

void FileReader::decode(const Codec& codec, std::uint64_t begin, std::size_t rows, float* x) const {
  BlockReader(*this).decode(codec, begin, rows, x);
}

Codec FileReader::codec(CodecOptions options) const {
  return Codec(static_cast<std::size_t>(header_.dimension), static_cast<int>(header_.bits), header_.seed, options);
}

// ---- block by block ----

BlockReader::Block BlockReader::block(std::uint64_t index) {
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

BlockReader::Block BlockReader::held() {
  const FileHeader& header = file_->header();
  const std::size_t rows = header.rows_in_block(held_);
  return {held_ * header.rows_per_block, rows, reinterpret_cast<const float*>(data()), data() + rows * sizeof(float)};
}

BlockReader::Block BlockReader::block_of(std::uint64_t row) {
  const std::uint64_t index = row / file_->header().rows_per_block;
  return index == held_ ? held() : block(index);
}

BlockReader::Row BlockReader::row(std::uint64_t index) {
  const FileHeader& header = file_->header();
  if (index >= header.rows)
    throw InvalidArgument(file_->path() + ": no row " + std::to_string(index) + " among " + std::to_string(header.rows));
  const Block in = block_of(index);
  const auto at = static_cast<std::size_t>(index - in.first);
  return {in.norms[at], in.codes + at * header.code_bytes()};
}

void BlockReader::decode(const Codec& codec, std::uint64_t begin, std::size_t rows, float* x) {
  const FileHeader& header = file_->header();
  detail::check_codec(file_->path(), header, codec);
  if (begin > header.rows || rows > header.rows - begin)
    throw InvalidArgument(file_->path() + ": " + std::to_string(rows) + " rows from row " + std::to_string(begin) + " are not among " +
                          std::to_string(header.rows));
  const std::span<const float> mean = file_->mean();
  while (rows > 0) {
    const Block in = block_of(begin);
    const auto at = static_cast<std::size_t>(begin - in.first);
    const std::size_t take = std::min(rows, in.rows - at);
    try {
      codec.decode(in.norms + at, in.codes + at * header.code_bytes(), take, x, header.first_row + begin);
    } catch (const InvalidInput& bad) {
      detail::reject(file_->path(), "row " + std::to_string(begin + bad.row) + ": invalid norm");
    }
    for (std::size_t row = 0; row < take; ++row, x += codec.dimension())
      for (std::size_t i = 0; i < mean.size(); ++i) x[i] += mean[i];
    begin += take;
    rows -= take;
  }
}

}  // namespace hdq
