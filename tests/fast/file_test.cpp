// The .hdq container: layout, random access, and that no damaged file is taken for a good one.
#include "hdq/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <vector>

#include "file_error.hpp"
#include "hdq/stages.hpp"
#include "temporary_directory.hpp"

namespace hdq {
namespace {

using ::testing::AllOf;
using testing::error_of;
using ::testing::HasSubstr;
using testing::overwrite_file;
using testing::read_file;
using testing::TemporaryDirectory;

struct Encoded {
  std::vector<float> x, norms;
  std::vector<std::uint8_t> codes;
  std::uint64_t first_row = 0;
  EncodedView view() const { return {norms, codes, first_row}; }
};

Encoded encode_some(const Codec& codec, std::size_t rows, std::uint64_t first_row = 0) {
  Encoded out;
  out.first_row = first_row;
  out.x.resize(rows * codec.dimension());
  for (std::size_t i = 0; i < out.x.size(); ++i) out.x[i] = static_cast<float>((i * 2654435761u) % 2001) - 1000.0f;
  out.norms.resize(rows);
  out.codes.resize(rows * codec.code_bytes());
  codec.encode(RowsView<const float>(out.x.data(), rows, codec.dimension()), EncodedBuffer(out.norms, out.codes, first_row));
  return out;
}

void write(const std::string& path, const Codec& codec, const Encoded& rows, std::uint32_t rows_per_block = 0) {
  FileHeader header = FileHeader::make(codec, rows.norms.size(), rows.first_row);
  if (rows_per_block != 0) header.rows_per_block = rows_per_block;
  FileWriter writer(path, header);
  writer.append(rows.view());
  writer.commit();
}

TEST(File, RoundTripsEveryBitWidthAndManyDimensions) {
  const TemporaryDirectory directory;
  const std::string path = directory / "a.hdq";
  for (const std::size_t n : std::initializer_list<std::size_t>{1, 2, 3, 12, 20, 28, 96, 100, 128, 384, 784, 1000, 1536, 5120}) {
    for (int bits = 1; bits <= BitWidth::most; ++bits) {
      const Codec codec(n, bits, 7);
      const Encoded rows = encode_some(codec, 9, 1000);
      write(path, codec, rows, 4);
      const FileReader file(path);
      file.verify();
      ASSERT_EQ(file.header().rows, 9u);
      ASSERT_EQ(file.header().file_bytes(), read_file(path).size());
      BlockReader reader(file);
      for (std::size_t row = 0; row < 9; ++row) {
        const EncodedView some = reader.rows(row, 3);
        ASSERT_EQ(some.rows(), std::min<std::size_t>(3, (row < 8 ? 4 : 1) - row % 4));  // those of its block
        ASSERT_EQ(some.first_row(), 1000 + row);
        ASSERT_EQ(some.made_with(), codec.parameters());
        ASSERT_EQ(some.norms()[0], rows.norms[row]);
        ASSERT_EQ(std::memcmp(some.row_codes(0), rows.codes.data() + row * codec.code_bytes(), some.codes().size()), 0);
      }
      std::vector<float> direct(9 * n), through(5 * n);
      codec.decode(rows.view(), {direct.data(), 9, n});
      file.decode(file.codec(), 3, {through.data(), 5, n});  // crosses a block boundary
      ASSERT_EQ(std::memcmp(through.data(), direct.data() + 3 * n, through.size() * sizeof(float)), 0) << n << " " << bits;
    }
  }
}

RC_GTEST_PROP(File, AppendingInAnyPiecesGivesTheSameBytes, ()) {
  const TemporaryDirectory directory;
  const Codec codec(*rc::gen::inRange<std::size_t>(1, 40), *rc::gen::inRange(1, BitWidth::most + 1), 3);
  const std::size_t rows = *rc::gen::inRange<std::size_t>(0, 50);
  const auto block = *rc::gen::inRange<std::uint32_t>(1, 20);
  const Encoded in = encode_some(codec, rows);
  write(directory / "whole.hdq", codec, in, block);
  FileHeader header = FileHeader::make(codec, rows);
  header.rows_per_block = block;
  FileWriter writer(directory / "pieces.hdq", header);
  for (std::size_t at = 0; at < rows;) {
    const std::size_t take = *rc::gen::inRange<std::size_t>(1, rows - at + 1);
    writer.append(in.view().slice(at, take));
    at += take;
  }
  writer.commit();
  RC_ASSERT(read_file(directory / "whole.hdq") == read_file(directory / "pieces.hdq"));
}

// Every bit of a small file: the message names the file and the section that the bit lies in.
void flip_every_bit(const std::string& path) {
  const std::string good = read_file(path);
  const FileHeader header = FileReader(path).header();
  std::fstream in_place(path, std::ios::binary | std::ios::in | std::ios::out);  // rewriting the whole file each time is slow
  const auto put = [&](std::size_t at, char byte) { in_place.seekp(static_cast<std::streamoff>(at)).put(byte).flush(); };
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    put(bit / 8, static_cast<char>(static_cast<unsigned char>(good[bit / 8]) ^ (1u << (bit % 8))));
    const std::string error = error_of(path);
    ASSERT_THAT(error, HasSubstr(path)) << "bit " << bit;
    if (bit / 8 >= FileHeader::bytes && bit / 8 < header.block_offset(0)) {
      ASSERT_THAT(error, HasSubstr("the mean fails")) << "bit " << bit;
    } else if (bit / 8 >= FileHeader::bytes) {
      const std::uint64_t block = (bit / 8 - header.block_offset(0)) / header.block_bytes(0);
      ASSERT_THAT(error, HasSubstr("block " + std::to_string(block) + " fails")) << "bit " << bit;
    }
    put(bit / 8, good[bit / 8]);
  }
  EXPECT_EQ(error_of(path), "");
}

TEST(File, EveryFlippedBitIsDetectedAndLocated) {
  const TemporaryDirectory directory;
  const Codec codec(20, 3, 5);
  write(directory / "a.hdq", codec, encode_some(codec, 11), 4);
  flip_every_bit(directory / "a.hdq");
}

TEST(File, EveryFlippedBitOfACentredFileIsDetectedAndLocated) {
  const TemporaryDirectory directory;
  const Codec codec(20, 3, 5);
  const Encoded rows = encode_some(codec, 11);
  FileHeader header = FileHeader::make(codec, 11);
  header.rows_per_block = 4;
  FileWriter writer(directory / "a.hdq", header, std::vector<float>(20, 3.5f));
  writer.encode(codec, RowsView<const float>(rows.x.data(), 11, 20));
  writer.commit();
  flip_every_bit(directory / "a.hdq");
}

TEST(File, SwappedBlocksAreDetected) {
  const TemporaryDirectory directory;
  const std::string path = directory / "a.hdq";
  const Codec codec(16, 4);
  write(path, codec, encode_some(codec, 8), 4);
  std::string bytes = read_file(path);
  const std::size_t size = FileReader(path).header().block_bytes(0);
  std::swap_ranges(bytes.begin() + FileHeader::bytes, bytes.begin() + FileHeader::bytes + static_cast<long>(size),
                   bytes.begin() + FileHeader::bytes + static_cast<long>(size));
  overwrite_file(path, bytes);
  EXPECT_THAT(error_of(path), HasSubstr("block 0 fails"));
}

TEST(File, EveryTruncationAndExtensionIsDetected) {
  const TemporaryDirectory directory;
  const std::string path = directory / "a.hdq";
  const Codec codec(7, 2);
  write(path, codec, encode_some(codec, 5), 2);
  const std::string good = read_file(path);
  for (std::size_t size = 0; size < good.size(); ++size) {
    overwrite_file(path, good.substr(0, size));
    ASSERT_THAT(error_of(path), HasSubstr(path)) << size;
  }
  overwrite_file(path, good + "x");
  EXPECT_THAT(error_of(path), HasSubstr("trailing data"));
  overwrite_file(path, "");
  EXPECT_THAT(error_of(path), HasSubstr("empty file"));
}

TEST(File, WrongMagicAndFutureVersionAreNamed) {
  const TemporaryDirectory directory;
  const std::string path = directory / "a.hdq";
  const Codec codec(8, 4);
  write(path, codec, encode_some(codec, 1));
  std::string bytes = read_file(path);
  overwrite_file(path, std::string(bytes.size(), 'x'));
  EXPECT_THAT(error_of(path), HasSubstr("wrong magic"));
  bytes[8] = 2;
  overwrite_file(path, bytes);
  EXPECT_THAT(error_of(path), AllOf(HasSubstr("version 2"), HasSubstr("reads version 1")));
  EXPECT_THAT(error_of(directory / "absent.hdq"), HasSubstr("cannot open"));
}

TEST(File, NoRowsIsAFile) {
  const TemporaryDirectory directory;
  const Codec codec(8, 4);
  write(directory / "a.hdq", codec, encode_some(codec, 0));
  EXPECT_EQ(error_of(directory / "a.hdq"), "");
  const FileReader file(directory / "a.hdq");
  BlockReader reader(file);
  EXPECT_THROW(reader.rows(0, 1), InvalidArgument);
  EXPECT_THROW(reader.block(0), InvalidArgument);
}

TEST(File, UncommittedLeavesNothingAndKeepsTheOld) {
  const TemporaryDirectory directory;
  const std::string path = directory / "a.hdq";
  overwrite_file(path, "old");
  const Codec codec(8, 4);
  const Encoded rows = encode_some(codec, 2);
  {
    FileWriter writer(path, FileHeader::make(codec, 3));
    writer.append(rows.view());
    EXPECT_THROW(writer.commit(), FileError);
  }
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(directory.entries(), 1u);
  EXPECT_THROW(FileWriter(directory / "no/such/a.hdq", FileHeader::make(codec, 3)), FileError);
}

TEST(File, InvalidNormIsNamedByRow) {
  const TemporaryDirectory directory;
  const Codec codec(8, 4);
  Encoded rows = encode_some(codec, 5);
  rows.norms[3] = NAN;
  write(directory / "a.hdq", codec, rows);
  const FileReader file(directory / "a.hdq");
  std::vector<float> x(5 * 8);
  try {
    file.decode(file.codec(), 0, {x.data(), 5, 8});
    FAIL();
  } catch (const FileError& error) {
    EXPECT_THAT(error.what(), HasSubstr("row 3"));
  }
}

}  // namespace
}  // namespace hdq
