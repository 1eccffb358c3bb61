// .hdq files written from docs/format.md alone, and read by the library: for test vectors, whole and damaged.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hdq/vectors/vector_document.hpp"

namespace hdq::vectors {

void append(std::string& bytes, std::uint64_t value, int count);  // `count` bytes, the lowest first
// `part` with the checksum of a part of this number: a block's, or that of a section.
std::string sealed(std::uint64_t number, std::string part);

struct ImageHeader {
  std::uint64_t rows, dimension, order, seed, first_row;
  std::uint32_t bits, rows_per_block, scheme;
  float step;
};
std::string file_header(const ImageHeader& header);  // 128 bytes

// The codes that hdq's reader finds in a file of these bytes, or an empty vector where it refuses.
std::vector<std::uint8_t> read_image(const std::string& bytes);

// A test of a file that must be refused; confirms that hdq refuses it.
void add_damaged(Document& document, Blob& blob, const std::string& comment, const std::string& bytes);
// Single bits, ends and blocks: what every file of three blocks and no mean is damaged by. block_ends: three, from the file's beginning.
void add_damages(Document& document, Blob& blob, const std::string& bytes, const std::vector<std::size_t>& block_ends,
                 std::uint64_t seed);

}  // namespace hdq::vectors
