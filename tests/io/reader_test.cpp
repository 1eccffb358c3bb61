// What is read, and what is refused with one line that names the file: formats, types, orders, hostile lengths.
#include "hdq/io/vector_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

#include "hdq/io/npy.hpp"
#include "hdq/io/text.hpp"
#include "standard_input.hpp"
#include "temporary_directory.hpp"

namespace hdq::io {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using hdq::testing::overwrite_file;
using hdq::testing::PipedInput;
using hdq::testing::TemporaryDirectory;

std::string npy(const std::string& dictionary, const std::string& data, char version = 1) {
  std::string header = dictionary + "\n", out = "\x93NUMPY";
  out += {version, '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  if (version > 1) out += std::string(2, '\0');
  return out + header + data;
}

std::string dictionary(const std::string& type, const std::string& shape, const std::string& fortran = "False") {
  return "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

template <class T>
std::string bytes(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// One row of .fvecs or a sibling.
template <class T>
std::string vecs_row(const std::vector<T>& values) {
  return bytes(std::vector<std::int32_t>{static_cast<std::int32_t>(values.size())}) + bytes(values);
}

std::string safetensors(const std::string& json, const std::string& data) {
  return bytes(std::vector<std::uint64_t>{json.size()}) + json + data;
}

std::string big_endian(std::string data, std::size_t size) {
  for (std::size_t at = 0; at < data.size(); at += size) std::reverse(data.begin() + static_cast<std::ptrdiff_t>(at), data.begin() + static_cast<std::ptrdiff_t>(at + size));
  return data;
}

class Reader : public ::testing::Test {
 protected:
  std::vector<float> read(const std::string& content, const std::string& name = "a.npy", const ReadOptions& options = {}) {
    const std::size_t colon = name.find(':');
    path = directory / name.substr(0, colon);
    overwrite_file(path, content);
    const VectorReader file(colon == std::string::npos ? path : path + name.substr(colon), options);
    rows = file.rows();
    description = file.description();
    return file.read_all();
  }
  std::string error(const std::string& content, const std::string& name = "a.npy", const ReadOptions& options = {}) {
    try {
      read(content, name, options);
    } catch (const BadInput& bad) {
      EXPECT_THAT(bad.what(), HasSubstr(path));
      EXPECT_LT(std::strlen(bad.what()), path.size() + 250) << bad.what();
      return bad.what();
    }
    return "";
  }
  TemporaryDirectory directory;
  std::string path, description;
  std::uint64_t rows = 0;
};

TEST_F(Reader, ReadsEachFloatTypeVersionAndShape) {
  const std::vector<float> x = {1.5f, -2.0f, 0.0f, 3e38f, 1e-45f, 7.0f};
  EXPECT_EQ(read(npy(dictionary("<f4", "(2, 3)"), bytes(x))), x);
  EXPECT_EQ(read(npy(dictionary("<f4", "(2,3)"), bytes(x), 2)), x);
  EXPECT_EQ(read(npy(dictionary("<f4", "(6,)"), bytes(x), 3)), x);
  EXPECT_EQ(rows, 1u);
  EXPECT_EQ(read(npy(dictionary("<f8", "(1, 2)"), bytes(std::vector<double>{0.1, -4.0}))), (std::vector<float>{0.1f, -4.0f}));
  EXPECT_EQ(read(npy(dictionary("<f2", "(2,)"), bytes(std::vector<std::uint16_t>{0x3c00, 0xc100}))), (std::vector<float>{1.0f, -2.5f}));
  EXPECT_EQ(read(npy(dictionary("<f4", "(1, 6)", "True"), bytes(x))), x);  // one row has no order
  EXPECT_TRUE(read(npy(dictionary("<f4", "(0, 6)"), "")).empty());
}

TEST_F(Reader, ReadsFortranOrderBigEndianAndIntegers) {
  const std::vector<float> columns = {1, 4, 2, 5, 3, 6};
  EXPECT_THAT(read(npy(dictionary("<f4", "(2, 3)", "True"), bytes(columns))), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(read(npy(dictionary(">f4", "(2, 3)", "True"), big_endian(bytes(columns), 4))), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(read(npy(dictionary(">f4", "(2,)"), big_endian(bytes(std::vector<float>{1.5f, -3}), 4))), ElementsAre(1.5f, -3));
  EXPECT_EQ(description, "npy float32, big-endian");
  EXPECT_THAT(read(npy(dictionary(">f2", "(1,)"), "\x3c" + std::string(1, '\0'))), ElementsAre(1));
  EXPECT_THAT(read(npy(dictionary("|i1", "(2,)"), bytes(std::vector<std::int8_t>{-128, 127}))), ElementsAre(-128, 127));
  EXPECT_THAT(read(npy(dictionary("|u1", "(2,)"), bytes(std::vector<std::uint8_t>{0, 255}))), ElementsAre(0, 255));
  EXPECT_THAT(read(npy(dictionary("|b1", "(3,)"), std::string("\0\1\2", 3))), ElementsAre(0, 1, 1));
  EXPECT_THAT(read(npy(dictionary(">i2", "(1,)"), "\xff\xfe")), ElementsAre(-2));
  // Integers and float64 to nearest, ties to even.
  EXPECT_THAT(read(npy(dictionary("<i4", "(4,)"), bytes(std::vector<std::int32_t>{16777217, 16777219, -16777217, 16777218}))),
              ElementsAre(16777216, 16777220, -16777216, 16777218));
  EXPECT_THAT(read(npy(dictionary("<u8", "(2,)"), bytes(std::vector<std::uint64_t>{~std::uint64_t{0}, (std::uint64_t{1} << 63) + (std::uint64_t{1} << 39)}))),
              ElementsAre(0x1p64f, 0x1p63f));
  EXPECT_THAT(read(npy(dictionary("<f8", "(3,)"), bytes(std::vector<double>{1 + 0x1p-24, 1 + 0x1.8p-23, 0x1.fffffefffffffp127}))),
              ElementsAre(1, 1 + 0x1p-22f, std::numeric_limits<float>::max()));
  EXPECT_TRUE(std::isnan(read(npy(dictionary("<f8", "(1,)"), bytes(std::vector<double>{NAN})))[0]));
}

TEST_F(Reader, ReadsSomeRowsAnywhere) {
  std::vector<float> x(50 * 7);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  std::vector<float> columns;
  for (std::size_t j = 0; j < 7; ++j)
    for (std::size_t i = 0; i < 50; ++i) columns.push_back(x[i * 7 + j]);
  for (const std::string& content : {npy(dictionary("<f4", "(50, 7)"), bytes(x)), npy(dictionary("<f4", "(50, 7)", "True"), bytes(columns))}) {
    overwrite_file(path = directory / "x.npy", content);
    const VectorReader file(path);
    std::vector<float> some(3 * 7);
    for (const std::uint64_t begin : {47u, 0u, 20u}) {
      file.read(begin, 3, some.data());
      EXPECT_TRUE(std::equal(some.begin(), some.end(), x.begin() + static_cast<std::ptrdiff_t>(begin * 7)));
    }
    EXPECT_THROW(file.read(48, 3, some.data()), std::logic_error);
    EXPECT_THROW(file.read(51, 0, some.data()), std::logic_error);
    EXPECT_NO_THROW(file.read(50, 0, some.data()));
  }
}

TEST_F(Reader, ReadsNarrowNumbersAsTheyAre) {
  const std::vector<std::uint16_t> bits = {0x3c00, 0xfbff, 0x7e01, 0x0001};
  overwrite_file(path = directory / "h.npy", npy(dictionary(">f2", "(2, 2)"), big_endian(bytes(bits), 2)));
  const VectorReader half(path);
  std::vector<Float16> numbers(4);
  half.read(0, 2, numbers.data());
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(numbers[i].bits, bits[i]);
  std::vector<BFloat16> others(4);
  EXPECT_THROW(half.read(0, 2, others.data()), std::logic_error);

  overwrite_file(path = directory / "b.safetensors", safetensors(R"({"w":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]}})", bytes(bits)));
  const VectorReader brain(path);
  brain.read(0, 2, others.data());
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(others[i].bits, bits[i]);
}

TEST_F(Reader, ReadsFvecsAndSiblingsWhateverTheCaseOfTheName) {
  const std::string content = vecs_row<float>({1, 2, 3}) + vecs_row<float>({4, 5, 6});
  EXPECT_THAT(read(content, "a.fvecs"), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(read(content, "a.FVecs"), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(read(content, "a.bin", {.format = Format::fvecs}), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(read(vecs_row<std::uint8_t>({0, 255}) + vecs_row<std::uint8_t>({7, 8}), "a.bvecs"), ElementsAre(0, 255, 7, 8));
  EXPECT_THAT(read(vecs_row<std::int32_t>({-1, 16777217}), "a.ivecs"), ElementsAre(-1, 16777216));
  EXPECT_THAT(error(content.substr(0, 20), "a.fvecs"), HasSubstr("truncated"));
  EXPECT_THAT(error("abc", "a.fvecs"), HasSubstr("truncated"));
  EXPECT_THAT(error("", "a.fvecs"), HasSubstr("empty"));
  std::string wrong = content;
  wrong[16] = 4;
  EXPECT_THAT(error(wrong, "a.fvecs"), HasSubstr("row 1 has dimension 4, row 0 has 3"));
  wrong[3] = static_cast<char>(0x80);
  EXPECT_THAT(error(wrong, "a.fvecs"), HasSubstr("row 0 has dimension -"));
  wrong[3] = 2;
  EXPECT_THAT(error(wrong, "a.fvecs"), HasSubstr("row 0 has dimension 33554435"));
}

TEST_F(Reader, KnowsAFileByItsContent) {
  const std::string content = npy(dictionary("<f4", "(2,)"), bytes(std::vector<float>{1, 2}));
  for (const char* name : {"a.NPY", "a", "a.fvecs", "a.raw", "a.txt"}) EXPECT_THAT(read(content, name), ElementsAre(1, 2)) << name;
  EXPECT_THAT(read(safetensors(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", bytes(std::vector<float>{1, 2})), "model"), ElementsAre(1, 2));
  EXPECT_THAT(error("PK\x03\x04 not really an archive"), HasSubstr("not a zip archive"));
  EXPECT_THAT(error("\x89HDQ\r\n\x1a\n and more"), HasSubstr("an .hdq file"));
  EXPECT_THAT(error("something else", "a.bin"), AllOf(HasSubstr("unknown format"), HasSubstr(".npy, .npz, .safetensors, .fvecs")));
}

TEST_F(Reader, ReadsRawNumbersOfAGivenTypeAndWidth) {
  const std::string content = bytes(std::vector<float>{1, 2, 3, 4, 5, 6});
  EXPECT_THAT(read(content, "a.raw", {.dtype = "float32", .dimension = 3}), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(rows, 2u);
  EXPECT_THAT(read(std::string("\x3f\x80\xbf\x80", 4), "a.bin", {.format = Format::raw, .dtype = "bfloat16", .dimension = 1}).size(), 2u);
  EXPECT_THAT(read("\x01\x02", "a.bin", {.format = Format::raw, .dtype = ">u2", .dimension = 1}), ElementsAre(258));
  EXPECT_THAT(error(content, "a.raw"), HasSubstr("--dtype and --dim"));
  EXPECT_THAT(error(content, "a.raw", {.dtype = "f16", .dimension = 3}), HasSubstr("f16"));
  EXPECT_THAT(error(content, "a.raw", {.dtype = "f4", .dimension = 4}), HasSubstr("multiple of 16 bytes"));
  EXPECT_THAT(error(content, "a.raw", {.dtype = "f4", .dimension = std::size_t{1} << 60}), HasSubstr("at most 16777216"));
  const std::string known = npy(dictionary("<f4", "(2,)"), bytes(std::vector<float>{1, 2}));
  EXPECT_THAT(read(known, "a.raw", {.format = Format::raw, .dtype = "f4", .dimension = 1}), ElementsAre(1, 2));  // its content tells
}

TEST_F(Reader, ReadsTensorsByName) {
  const std::string data = bytes(std::vector<float>{1, 2, 3, 4}) + bytes(std::vector<std::uint16_t>{0x3f80, 0xc040}) + bytes(std::vector<std::uint16_t>{0x3c00});
  const std::string json = R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},)"
                           R"("b b":{"dtype":"BF16","shape":[2],"data_offsets":[16,20]},"c":{"dtype":"F16","shape":[1,1],"data_offsets":[20,22]}} )";
  EXPECT_THAT(read(safetensors(json, data), "m.safetensors:a"), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(read(safetensors(json, data), "m.safetensors:b b"), ElementsAre(1, -3));
  EXPECT_THAT(read(safetensors(json, data), "m.bin:c"), ElementsAre(1));
  EXPECT_THAT(error(safetensors(json, data), "m.safetensors"), HasSubstr("name one tensor, as FILE:NAME, of a, b b, c"));
  EXPECT_THAT(error(safetensors(json, data), "m.safetensors:d"), HasSubstr("no tensor d among a, b b, c"));
  EXPECT_THAT(error(safetensors(json, data.substr(0, 21)), "m.safetensors:c"), HasSubstr("truncated"));
}

TEST_F(Reader, RefusesHostileTensorHeaders) {
  const auto refused = [&](const std::string& json, const char* why) {
    EXPECT_THAT(error(safetensors(json, std::string(16, '\0')), "m.safetensors:w"), HasSubstr(why)) << json;
  };
  refused("{", "not JSON");
  refused("[1]", "not an object");
  refused(std::string(100000, '['), "nested");
  refused(R"({"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "two entries w");
  refused(R"({"w":{"dtype":"F32","shape":[4]}})", "needs dtype, shape and data_offsets");
  refused(R"({"w":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}})", "data_offsets");
  refused(R"({"w":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}})", "shape");
  refused(R"({"w":{"dtype":"F32","shape":[4.0],"data_offsets":[0,16]}})", "shape");
  refused(R"({"w":{"dtype":"F32","shape":[5],"data_offsets":[0,16]}})", "16 bytes for its shape");
  refused(R"({"w":{"dtype":"F32","shape":[4611686018427387905,4],"data_offsets":[0,16]}})", "16 bytes for its shape");
  refused(R"({"w":{"dtype":"F32","shape":[4],"data_offsets":[18446744073709551600,18446744073709551616]}})", "data_offsets");
  refused(R"({"w":{"dtype":"F32","shape":[4],"data_offsets":[18446744073709551599,18446744073709551615]}})", "ends behind it");
  refused(R"({"w":{"dtype":"F8_E4M3","shape":[16],"data_offsets":[0,16]}})", "F8_E4M3");
  refused(R"({"w":{"dtype":"F32","shape":[2,1,2],"data_offsets":[0,16]}})", "3-D");
  refused(R"({"\u001b[2Jv":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})", "\\x1b[2Jv");
  std::string lie = safetensors("{}", "");
  lie[3] = 0x10;  // a header of 256 MiB, in a file of ten bytes
  EXPECT_THAT(error(lie, "m.safetensors"), HasSubstr("exceeds"));
  lie[3] = 0, lie[2] = 1;
  EXPECT_THAT(error(lie, "m.safetensors"), HasSubstr("truncated"));
}

TEST_F(Reader, RefusesTheRestWithAReason) {
  const std::string two = bytes(std::vector<float>{1, 2});
  EXPECT_THAT(error(two, "a.bin"), HasSubstr("unknown format"));
  EXPECT_THAT(error(""), HasSubstr("empty"));
  EXPECT_THAT(error("\x93NUM"), HasSubstr("truncated"));
  EXPECT_THAT(error("QK\x03\x04 something"), HasSubstr("wrong magic"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(1, 2)"), two, 9)), HasSubstr("version 9"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(1, 2)"), two).replace(7, 1, "\1")), HasSubstr("version 1.1"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(1, 2)"), two).substr(0, 30)), HasSubstr("header"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(1, 3)"), two)), HasSubstr("truncated"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(1, 1)"), two)), HasSubstr("trailing"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(4611686018427387904, 4)"), two)), HasSubstr("truncated"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(99999999999999999999, 4)"), two)), HasSubstr("shape"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(1, 99999999999)"), two)), HasSubstr("at most 16777216"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(1, 1, 2)"), two)), HasSubstr("3-D"));
  EXPECT_THAT(error(npy(dictionary("<f4", "()"), two)), HasSubstr("0-D"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(2, 0)"), "")), HasSubstr("length 0"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(2, -1)"), two)), HasSubstr("shape"));
  EXPECT_THAT(error(npy(dictionary("<c8", "(1, 1)"), two)), HasSubstr("<c8"));
  EXPECT_THAT(error(npy(dictionary("|O", "(1, 1)"), two)), HasSubstr("|O"));
  EXPECT_THAT(error(npy(dictionary("\\x1b[31m", "(1, 1)"), two)), AllOf(HasSubstr("\\x1b[31m"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(error(npy("{'descr': [('a', '<f4')]}", two)), HasSubstr("header"));
  EXPECT_THAT(error(npy(dictionary(std::string(50000, 'f'), "(1, 2)"), two)), HasSubstr("dtype fff"));
  EXPECT_THAT(error(npy(dictionary("<f8", "(1, 2)"), bytes(std::vector<double>{0, 1e300}))), HasSubstr("row 0, column 1: beyond float32"));
  EXPECT_THAT(error(npy(dictionary("<f8", "(2, 1)"), bytes(std::vector<double>{0, -0x1.ffffffp127}))), HasSubstr("row 1, column 0: beyond float32"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(1, 2)"), two), "a.npy:name"), HasSubstr("no arrays to choose from"));
  EXPECT_THROW(VectorReader(directory / "absent.npy"), BadInput);
}

TEST_F(Reader, ReadsRowNumbers) {
  const auto integers = [&](const std::string& content, const std::string& name = "a.npy") {
    overwrite_file(path = directory / name, content);
    const VectorReader file(path);
    std::vector<std::int64_t> out(static_cast<std::size_t>(file.rows()) * file.dimension());
    file.read(0, static_cast<std::size_t>(file.rows()), out.data());
    return out;
  };
  EXPECT_THAT(integers(npy(dictionary("<i8", "(1, 2)"), bytes(std::vector<std::int64_t>{-1, INT64_MAX}))), ElementsAre(-1, INT64_MAX));
  EXPECT_THAT(integers(npy(dictionary("<i4", "(2, 1)"), bytes(std::vector<std::int32_t>{7, 16777217}))), ElementsAre(7, 16777217));
  EXPECT_THAT(integers(npy(dictionary(">i4", "(1,)"), std::string("\0\0\1\0", 4))), ElementsAre(256));
  EXPECT_THAT(integers(vecs_row<std::int32_t>({3, 4}), "a.ivecs"), ElementsAre(3, 4));
  const auto why = [&](const std::string& content) {
    try {
      integers(content);
    } catch (const BadInput& bad) {
      return std::string(bad.what());
    }
    return std::string();
  };
  EXPECT_THAT(why(npy(dictionary("<f4", "(1,)"), bytes(std::vector<float>{1}))), HasSubstr("float32 numbers; int32 or int64 is needed"));
  EXPECT_THAT(why(npy(dictionary("<u8", "(2,)"), bytes(std::vector<std::uint64_t>{1, std::uint64_t{1} << 63}))), HasSubstr("row 0, column 1: beyond int64"));
}

// ---- files that are none, and files that change ----

TEST_F(Reader, RefusesAtOnceWhatIsNoRegularFile) {
  const std::string fifo = directory / "fifo.npy";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& name : {fifo, std::string("/dev/zero"), directory / "."}) {
    try {
      VectorReader reader(name);
      ADD_FAILURE() << name;
    } catch (const BadInput& bad) {
      EXPECT_THAT(bad.what(), ::testing::AnyOf(HasSubstr("not a regular file"), HasSubstr("a directory")));
    }
  }
}

TEST_F(Reader, NoticesAFileThatShrinks) {
  std::vector<float> x(100);
  overwrite_file(path = directory / "a.npy", npy(dictionary("<f4", "(10, 10)"), bytes(x)));
  const VectorReader file(path);
  ASSERT_EQ(::truncate(path.c_str(), 200), 0);
  try {
    file.read(5, 5, x.data());
    ADD_FAILURE();
  } catch (const BadInput& bad) {
    EXPECT_THAT(bad.what(), HasSubstr("became shorter"));
  }
}

// ---- standard input ----

std::vector<float> all_of_standard_input(const ReadOptions& options = {}) { return VectorReader("-", options).read_all(); }

TEST_F(Reader, ReadsAPipeInOrder) {
  std::vector<float> x(300 * 20);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  const std::string content = npy(dictionary("<f4", "(300, 20)"), bytes(x));
  {
    const PipedInput input(content, 777);  // arrives in pieces
    const VectorReader file("-");
    EXPECT_EQ(file.name(), "standard input");
    std::vector<float> row(20);
    for (std::uint64_t i = 0; i < 300; ++i) {
      file.read(i, 1, row.data());
      ASSERT_EQ(row[19], static_cast<float>(20 * i + 19));
    }
    EXPECT_THROW(file.read(5, 1, row.data()), std::logic_error);
  }
  {
    const PipedInput input(content);
    const VectorReader file("-", {.random_access = true});
    std::vector<float> row(20);
    for (const std::uint64_t i : {299u, 0u, 150u}) {
      file.read(i, 1, row.data());
      EXPECT_EQ(row[0], static_cast<float>(20 * i));
    }
  }
}

TEST_F(Reader, ReadsEachFormatFromAPipe) {
  const auto piped = [](const std::string& content, const std::string& name = "-", const ReadOptions& options = {}) {
    const PipedInput input(content, 5);
    return VectorReader(name, options).read_all();
  };
  EXPECT_THAT(piped(npy(dictionary("<f4", "(2, 2)", "True"), bytes(std::vector<float>{1, 3, 2, 4}))), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(piped(vecs_row<float>({1, 2}) + vecs_row<float>({3, 4}), "-", {.format = Format::fvecs}), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(piped(bytes(std::vector<float>{1, 2}), "-", {.format = Format::raw, .dtype = "f4", .dimension = 1}), ElementsAre(1, 2));
  const std::string json = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[2],"data_offsets":[1,9]},"c":{"dtype":"U8","shape":[1],"data_offsets":[9,10]}})";
  EXPECT_THAT(piped(safetensors(json, "\7" + bytes(std::vector<float>{1, 2}) + "\7"), "-:b"), ElementsAre(1, 2));
  EXPECT_TRUE(piped(npy(dictionary("<f4", "(0, 3)"), "")).empty());
}

TEST_F(Reader, RefusesABadPipe) {
  const auto why = [](const std::string& content, const ReadOptions& options = {}) {
    const PipedInput input(content);
    try {
      all_of_standard_input(options);
    } catch (const BadInput& bad) {
      return std::string(bad.what());
    }
    return std::string();
  };
  const std::string two = bytes(std::vector<float>{1, 2});
  const ReadOptions anywhere{.random_access = true};
  for (const ReadOptions& options : {ReadOptions{}, anywhere}) {
    EXPECT_THAT(why(npy(dictionary("<f4", "(3, 1)"), two), options), AllOf(HasSubstr("standard input: "), HasSubstr("truncated")));
    EXPECT_THAT(why(npy(dictionary("<f4", "(1, 1)"), two), options), HasSubstr("trailing"));
    EXPECT_THAT(why(npy(dictionary("<f4", "(4611686018427387904, 4)"), two), options), HasSubstr("too many"));
    EXPECT_THAT(why("", options), HasSubstr("empty"));
    EXPECT_THAT(why("hello", options), HasSubstr("--format"));
  }
  // A length is believed when the bytes are seen: 2^40 rows, none of them there.
  EXPECT_THAT(why(npy(dictionary("<f4", "(1099511627776, 1024)"), two)), HasSubstr("truncated"));
}

}  // namespace
}  // namespace hdq::io
