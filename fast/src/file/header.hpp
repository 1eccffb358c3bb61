// The bytes of an .hdq file that are not rows: header, checksums, lengths. docs/format.md describes them; the two change together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "hdq/file.hpp"

namespace hdq::detail {

constexpr std::size_t checksum_bytes = 4;

// `size` and a checksum, padded to a multiple of 64: a block starts on a cache line.
constexpr std::uint64_t padded_bytes(std::uint64_t size) { return (size + checksum_bytes + 63) / 64 * 64; }

// Of a section's bytes before its checksum, seeded with the section's number: two sections that change places are noticed.
std::uint32_t section_checksum(std::uint64_t number, const std::uint8_t* data, std::size_t size);
constexpr std::uint64_t mean_section = ~std::uint64_t{0};  // no block has this number
constexpr std::uint64_t index_section = mean_section - 1;  // nor this

// ---- entropy-coded files ----
constexpr std::uint64_t largest_block_numbers = std::uint64_t{1}
                                                << 26;  // rows per block times order, if more than one row
constexpr std::size_t block_head_bytes = 8;             // base and width of the lengths
inline std::uint64_t index_bytes(const FileHeader& header) { return 8 * header.blocks() + checksum_bytes; }

// Stores the checksum at the end of a section of `size` bytes, and whether it is right.
void seal_section(std::uint64_t number, std::uint8_t* section, std::size_t size);
bool section_intact(std::uint64_t number, const std::uint8_t* section, std::size_t size);

// What is wrong with the header, if anything: "dimension: 0 is not 1 to 16777216".
std::optional<std::string> header_defect(const FileHeader& header);

void store_header(const FileHeader& header, std::uint8_t* out);  // FileHeader::bytes
FileHeader load_header(const RegularFile& file);                 // FileError; the file has the length that the header implies

[[noreturn]] void reject(const std::string& path, const std::string& what);  // FileError
std::string block_place(const FileHeader& header, std::uint64_t block, std::uint64_t offset,
                        std::uint64_t size);  // "rows 12 to 15, bytes 512 to 639"

// Before codes of a file are made or read with it; InvalidArgument.
void check_codec(const std::string& path, const FileHeader& header, const Codec& codec);

}  // namespace hdq::detail
