// Writing .hdq files: headers that no file can have, rows straight from the caller's numbers, means.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "hdq/file.hpp"
#include "hdq/stages.hpp"
#include "temporary_directory.hpp"

namespace hdq {
namespace {

using ::testing::HasSubstr;
using testing::read_file;
using testing::TemporaryDirectory;

std::vector<float> numbers(std::size_t count, float around = 0, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<float> x(count);
  for (float& value : x) value = around + static_cast<float>(random() % 2001) / 1000 - 1;
  return x;
}

// ---- the header ----

std::string complaint(const TemporaryDirectory& directory, const FileHeader& header) {
  try {
    FileWriter writer(directory / "a.hdq", header);
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "";
}

TEST(FileWriter, RefusesEachInvalidField) {
  const TemporaryDirectory directory;
  const FileHeader good = FileHeader::make(Codec(100, 4), 10);
  EXPECT_EQ(complaint(directory, good), "");
  EXPECT_THAT(complaint(directory, FileHeader{}), HasSubstr("dimension"));
  const auto expect = [&](const char* field, const auto& change) {
    FileHeader header = good;
    change(header);
    EXPECT_THAT(complaint(directory, header), HasSubstr(field));
    EXPECT_THROW(header.validate(), InvalidArgument) << field;
  };
  expect("scheme", [](FileHeader& h) { h.scheme = SchemeId{2}; });
  expect("dimension", [](FileHeader& h) { h.dimension = 0; });
  expect("dimension", [](FileHeader& h) { h.dimension = Codec::max_dimension + 1; });
  expect("dimension", [](FileHeader& h) { h.dimension = UINT64_MAX; });
  expect("order", [](FileHeader& h) { h.order = 128; });
  expect("order", [](FileHeader& h) { h.order = 0; });
  expect("bits", [](FileHeader& h) { h.bits = 0; });
  expect("bits", [](FileHeader& h) { h.bits = 9; });
  expect("rows per block", [](FileHeader& h) { h.rows_per_block = 0; });
  expect("rows per block", [](FileHeader& h) { h.rows = h.rows_per_block = 1 << 21; });  // a block of more than 64 MiB
  expect("rows", [](FileHeader& h) { h.rows = UINT64_MAX; });
  expect("rows", [](FileHeader& h) { h.rows = std::uint64_t{1} << 60; });  // 2^60·60 wraps
  EXPECT_EQ(directory.entries(), 0u);
  FileHeader centred = good;
  centred.has_mean = true;
  EXPECT_THAT(complaint(directory, centred), HasSubstr("mean"));
}

TEST(FileHeader, DefaultIsEmptyAndDividesByNothing) {
  EXPECT_EQ(FileHeader().blocks(), 0u);
  EXPECT_EQ(FileHeader().rows_in_block(0), 0u);
  EXPECT_EQ(FileHeader().file_bytes(), FileHeader::bytes);
}

// ---- rows ----

template <class Number>
void write_encoded(const std::string& path, const Codec& codec, const Number* x, std::size_t rows, std::size_t piece,
                   std::size_t stride, std::uint64_t first_row, std::span<const float> mean = {}) {
  FileHeader header = FileHeader::make(codec, rows, first_row);
  header.rows_per_block = 7;
  FileWriter writer(path, header, mean);
  for (std::size_t at = 0; at < rows; at += piece)
    writer.encode(codec, RowsView<const Number>(x, rows, codec.dimension(), stride).slice(at, std::min(piece, rows - at)));
  writer.commit();
}

TEST(FileWriter, EncodesWhatTheCodecEncodes) {
  const TemporaryDirectory directory;
  constexpr std::size_t n = 33, rows = 40, stride = 35;
  const std::uint64_t first_row = UINT64_MAX - 20;  // row numbers count modulo 2^64
  const std::vector<float> x = numbers(rows * stride);
  for (const int threads : {1, 3}) {
    const Codec codec(n, 3, 9, {Isa::automatic, threads});
    std::vector<float> norms(rows);
    std::vector<std::uint8_t> codes(rows * codec.code_bytes());
    codec.encode(RowsView<const float>(x.data(), rows, codec.dimension(), stride), EncodedBuffer(norms, codes, first_row));
    FileHeader header = FileHeader::make(codec, rows, first_row);
    header.rows_per_block = 7;
    FileWriter writer(directory / "appended.hdq", header);
    writer.append(EncodedView(norms, codes, first_row));
    writer.commit();
    for (const std::size_t piece : {1u, 6u, 7u, 16u, 40u}) {
      write_encoded(directory / "encoded.hdq", codec, x.data(), rows, piece, stride, first_row);
      EXPECT_EQ(read_file(directory / "encoded.hdq"), read_file(directory / "appended.hdq")) << piece;
    }
  }
}

TEST(FileWriter, EncodesNarrowNumbersAsTheirWideEquals) {
  const TemporaryDirectory directory;
  constexpr std::size_t n = 50, rows = 20;
  std::vector<BFloat16> brain(n * rows);
  std::vector<Float16> half(n * rows);
  std::vector<float> wide_brain(n * rows), wide_half(n * rows);
  std::mt19937 random(5);
  for (std::size_t i = 0; i < n * rows; ++i) {
    brain[i].bits = static_cast<std::uint16_t>(0x3F00 + random() % 256);
    half[i].bits = static_cast<std::uint16_t>(0x3000 + random() % 4096);
  }
  widen(brain.data(), brain.size(), wide_brain.data());
  widen(half.data(), half.size(), wide_half.data());
  const Codec codec(n, 5);
  for (const std::vector<float>& mean : {std::vector<float>(), numbers(n, 1)}) {
    write_encoded(directory / "b16.hdq", codec, brain.data(), rows, 9, n, 0, mean);
    write_encoded(directory / "b32.hdq", codec, wide_brain.data(), rows, 9, n, 0, mean);
    write_encoded(directory / "h16.hdq", codec, half.data(), rows, 9, n, 0, mean);
    write_encoded(directory / "h32.hdq", codec, wide_half.data(), rows, 9, n, 0, mean);
    EXPECT_EQ(read_file(directory / "b16.hdq"), read_file(directory / "b32.hdq"));
    EXPECT_EQ(read_file(directory / "h16.hdq"), read_file(directory / "h32.hdq"));
  }
}

TEST(FileWriter, NamesTheBadRowAndThenWritesNothing) {
  const TemporaryDirectory directory;
  constexpr std::size_t n = 8, rows = 30;
  const Codec codec(n, 4);
  const float infinity = std::numeric_limits<float>::infinity(), huge = std::numeric_limits<float>::max();
  const auto expect = [&](float value, float mean, const char* what) {
    std::vector<float> x = numbers(rows * n);
    x[25 * n + 3] = value;
    FileHeader header = FileHeader::make(codec, rows);
    header.rows_per_block = 7;
    std::vector<float> means(mean == 0 ? 0 : n);
    if (mean != 0) means[3] = mean;
    FileWriter writer(directory / "a.hdq", header, means);
    writer.encode(codec, RowsView<const float>(x.data(), 2, n));
    try {
      writer.encode(codec, RowsView<const float>(x.data() + 2 * n, rows - 2, n));
      ADD_FAILURE() << what;
    } catch (const InvalidInput& bad) {
      EXPECT_EQ(bad.row, 23u);
      EXPECT_EQ(bad.column, 3u);
      EXPECT_THAT(bad.what(), HasSubstr(std::string("row 23, column 3: ") + what));
    }
    EXPECT_THROW(writer.encode(codec, RowsView<const float>(x.data(), 1, n)), FileError);
    EXPECT_THROW(writer.append(codec.encode(RowsView<const float>(x.data(), 1, n), writer.rows_written())), FileError);
    EXPECT_THROW(writer.commit(), FileError);
  };
  expect(std::nanf(""), 0, "NaN");
  expect(-infinity, 0, "infinity");
  expect(infinity, 1, "infinity");
  expect(-huge, huge, "less the mean");
  EXPECT_EQ(directory.entries(), 0u);
}

TEST(FileWriter, RefusesWhatDoesNotBelongToItsHeader) {
  const TemporaryDirectory directory;
  const Codec codec(16, 4, 3);
  const std::vector<float> x = numbers(16 * 4);
  FileWriter writer(directory / "a.hdq", FileHeader::make(codec, 3));
  const auto rows = [&](std::size_t count, std::size_t n = 16) { return RowsView<const float>(x.data(), count, n); };
  EXPECT_THROW(writer.encode(Codec(15, 4, 3), rows(1, 15)), InvalidArgument);
  EXPECT_THROW(writer.encode(Codec(16, 5, 3), rows(1)), InvalidArgument);
  EXPECT_THROW(writer.encode(Codec(16, 4, 4), rows(1)), InvalidArgument);
  EXPECT_THROW(writer.encode(codec, rows(1, 15)), InvalidArgument);
  EXPECT_THROW(writer.encode(codec, rows(4)), FileError);
  EXPECT_THROW(writer.append(Codec(16, 4, 4).encode(rows(1), 0)), InvalidArgument);       // another seed
  EXPECT_THROW(writer.append(Codec(15, 4, 3).encode(rows(1, 15), 0)), InvalidArgument);   // as many bytes
  EXPECT_THROW(writer.append(Codec(16, 5, 3).encode(rows(1), 0)), InvalidArgument);
  const EncodedRows other = Codec(16, 5, 3).encode(rows(1), 0);
  EXPECT_THROW(writer.append(EncodedView(other.norms(), other.codes(), 0)), InvalidArgument);  // its bytes tell
  EXPECT_THROW(writer.append(codec.encode(rows(1), 1)), InvalidArgument);                 // row numbers that are not the file's
  EXPECT_EQ(writer.rows_written(), 0u);
  writer.encode(codec, rows(2));
  EXPECT_THROW(writer.append(codec.encode(rows(1), 0)), InvalidArgument);
  writer.append(codec.encode(rows(1), 2));
  EXPECT_EQ(writer.rows_written(), 3u);  // fewer than a block
  EXPECT_THROW(writer.encode(codec, rows(1)), FileError);
  EXPECT_THROW(writer.append(codec.encode(rows(1), 3)), FileError);
  EXPECT_EQ(writer.rows_written(), 3u);
  writer.commit();
  const FileReader file(directory / "a.hdq");
  std::vector<float> y(16 * 3);
  EXPECT_THROW(file.decode(Codec(16, 4, 4), 0, {y.data(), 3, 16}), InvalidArgument);
  EXPECT_THROW(file.decode(codec, 1, {y.data(), 3, 16}), InvalidArgument);
  EXPECT_THROW(file.decode(codec, 4, {y.data(), 0, 16}), InvalidArgument);
  EXPECT_THROW(file.decode(codec, 0, {y.data(), 3, 15}), InvalidArgument);
  EXPECT_NO_THROW(file.decode(codec, 3, {y.data(), 0, 16}));
}

// ---- means ----

// Blocks that were packed elsewhere make the file that rows make.
TEST(FileWriter, TakesBlocksThatArePacked) {
  const TemporaryDirectory directory;
  const std::size_t n = 30, rows = 23;
  const Codec codec(n, Step(0.5f), 4);
  std::vector<float> x = numbers(rows * n);
  std::fill_n(x.begin(), n, 0.0f);  // a row without a stream
  const RowsView<const float> all(x.data(), rows, n);
  FileHeader header = FileHeader::make(codec, rows, 7);
  header.rows_per_block = 10;
  FileWriter expected(directory / "a.hdq", header);
  expected.encode(codec, all);
  expected.commit();
  const EncodedRows encoded = codec.encode(all, 7);
  const EntropyCoder coder(codec);
  const auto block = [&](std::size_t i) {
    return coder.encode(encoded.view().slice(10 * i, std::min<std::size_t>(10, rows - 10 * i)));
  };
  FileWriter writer(directory / "b.hdq", header);
  writer.append(block(0));
  EXPECT_THROW(writer.append(block(2)), InvalidArgument);  // too short for the next
  PackedRows wrong = block(1);
  ++wrong.first_row;
  EXPECT_THROW(writer.append(wrong), InvalidArgument);
  wrong = block(1);
  wrong.streams.pop_back();
  EXPECT_THROW(writer.append(wrong), InvalidArgument);
  wrong = block(1);
  wrong.raw.push_back(0);
  EXPECT_THROW(writer.append(wrong), InvalidArgument);
  writer.append(encoded.view().slice(10, 3));  // the two ways mix, at the ends of blocks
  EXPECT_THROW(writer.append(block(1)), InvalidArgument);
  writer.append(encoded.view().slice(13, 7));
  writer.append(block(2));
  EXPECT_THROW(writer.append(block(2)), FileError);  // no room
  writer.commit();
  EXPECT_EQ(writer.norms(), expected.norms());
  EXPECT_EQ(read_file(directory / "a.hdq"), read_file(directory / "b.hdq"));

  FileWriter fixed(directory / "c.hdq", FileHeader::make(Codec(n, 4), rows));
  EXPECT_THROW(fixed.append(block(0)), InvalidArgument);
}

TEST(FileWriter, CentredRowsAreThoseLessTheMean) {
  const TemporaryDirectory directory;
  constexpr std::size_t n = 100, rows = 25;
  const std::vector<float> x = numbers(n * rows, 7), mean = numbers(n, 7, 2);
  std::vector<float> less = x;
  for (std::size_t i = 0; i < x.size(); ++i) less[i] = x[i] - mean[i % n];
  const Codec codec(n, 4, 1);
  write_encoded(directory / "centred.hdq", codec, x.data(), rows, 10, n, 30, mean);
  write_encoded(directory / "less.hdq", codec, less.data(), rows, 10, n, 30);

  const FileReader centred(directory / "centred.hdq"), plain(directory / "less.hdq");
  EXPECT_TRUE(centred.header().has_mean);
  EXPECT_TRUE(std::equal(mean.begin(), mean.end(), centred.mean().begin(), centred.mean().end()));
  EXPECT_TRUE(plain.mean().empty());
  // Nothing but the header's bit and the section tells the files apart.
  const std::string with = read_file(directory / "centred.hdq"), without = read_file(directory / "less.hdq");
  EXPECT_EQ(with.size(), without.size() + 448);  // 100 floats and a checksum, to a multiple of 64
  EXPECT_EQ(with.substr(128 + 448), without.substr(128));
  std::vector<float> y(n * rows), z(n * rows);
  centred.decode(codec, 0, {y.data(), rows, n});
  plain.decode(codec, 0, {z.data(), rows, n});
  for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], z[i] + mean[i % n]) << i;
  centred.decode(codec, 11, {y.data(), 3, n});
  for (std::size_t i = 0; i < 3 * n; ++i) ASSERT_EQ(y[i], z[11 * n + i] + mean[i % n]) << i;
}

// SPEC §4, centring: over seeds, the mean of a decoded row is the row.
TEST(FileWriter, CentredRowsAreUnbiased) {
  const TemporaryDirectory directory;
  constexpr std::size_t n = 6, rows = 40000;  // one row, over and over, with 40000 dithers
  const std::vector<float> mean = numbers(n, 100, 2), x = numbers(n, 100, 3);
  std::vector<float> repeated, y(n * rows);
  for (std::size_t row = 0; row < rows; ++row) repeated.insert(repeated.end(), x.begin(), x.end());
  const Codec codec(n, 2, 5);
  FileWriter writer(directory / "a.hdq", FileHeader::make(codec, rows), mean);
  writer.encode(codec, RowsView<const float>(repeated.data(), rows, n));
  writer.commit();
  FileReader(directory / "a.hdq").decode(codec, 0, {y.data(), rows, n});
  double norm = 0;
  for (std::size_t i = 0; i < n; ++i) norm += std::pow(x[i] - mean[i], 2);
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::size_t row = 0; row < rows; ++row) sum += y[row * n + i];
    // ρ²·(relative error 0.17) over 40000 rows: five standard deviations; without centring the error would be 10^4 times as large.
    EXPECT_NEAR(sum / rows, x[i], 5 * std::sqrt(0.17 * norm / rows)) << i;
  }
}

TEST(FileWriter, RefusesAMeanThatIsNone) {
  const TemporaryDirectory directory;
  const Codec codec(8, 4);
  const FileHeader header = FileHeader::make(codec, 1);
  const auto expect = [&](std::vector<float> mean, const char* what) {
    try {
      FileWriter writer(directory / "a.hdq", header, mean);
      ADD_FAILURE() << what;
    } catch (const InvalidArgument& error) {
      EXPECT_THAT(error.what(), HasSubstr(what));
    }
  };
  expect(std::vector<float>(7), "7 numbers");
  expect({0, 0, 0, std::nanf(""), 0, 0, 0, 0}, "column 3");
  expect({0, 0, 0, 0, 0, 0, 0, std::numeric_limits<float>::infinity()}, "column 7");
  EXPECT_EQ(directory.entries(), 0u);
}

}  // namespace
}  // namespace hdq
