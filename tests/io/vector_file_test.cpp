// Input formats: what is read, and what is refused with one line that names the file.
#include "hdq/io/vector_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "temporary_directory.hpp"

namespace hdq::io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using hdq::testing::overwrite_file;
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

class VectorFileTest : public ::testing::Test {
 protected:
  std::vector<float> read(const std::string& content, const std::string& name = "a.npy") {
    path = directory / name;
    overwrite_file(path, content);
    const VectorFile file(path);
    rows = file.rows();
    std::vector<float> out(static_cast<std::size_t>(rows) * file.dimension());
    file.read(0, static_cast<std::size_t>(rows), out.data());
    return out;
  }
  std::string error(const std::string& content, const std::string& name = "a.npy") {
    try {
      read(content, name);
    } catch (const BadInput& bad) {
      EXPECT_THAT(bad.what(), HasSubstr(path));
      return bad.what();
    }
    return "";
  }
  TemporaryDirectory directory;
  std::string path;
  std::uint64_t rows = 0;
};

TEST_F(VectorFileTest, ReadsEachFloatTypeVersionAndShape) {
  const std::vector<float> x = {1.5f, -2.0f, 0.0f, 3e38f, 1e-45f, 7.0f};
  EXPECT_EQ(read(npy(dictionary("<f4", "(2, 3)"), bytes(x))), x);
  EXPECT_EQ(read(npy(dictionary("<f4", "(2,3)"), bytes(x), 2)), x);
  EXPECT_EQ(read(npy(dictionary("<f4", "(6,)"), bytes(x), 3)), x);
  EXPECT_EQ(rows, 1u);
  EXPECT_EQ(read(npy(dictionary("<f8", "(1, 2)"), bytes(std::vector<double>{0.1, -4.0}))),
            (std::vector<float>{0.1f, -4.0f}));
  EXPECT_EQ(read(npy(dictionary("<f2", "(2,)"), bytes(std::vector<std::uint16_t>{0x3c00, 0xc100}))),
            (std::vector<float>{1.0f, -2.5f}));
  EXPECT_EQ(read(npy(dictionary("<f4", "(1, 6)", "True"), bytes(x))), x);  // one row has no order
  EXPECT_TRUE(read(npy(dictionary("<f4", "(0, 6)"), "")).empty());
}

TEST_F(VectorFileTest, ReadsFvecs) {
  std::string content;
  for (const float start : {1.0f, 4.0f}) {
    content += bytes(std::vector<std::int32_t>{3}) + bytes(std::vector<float>{start, start + 1, start + 2});
  }
  EXPECT_THAT(read(content, "a.fvecs"), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(error(content.substr(0, 20), "a.fvecs"), HasSubstr("truncated"));
  EXPECT_THAT(error("", "a.fvecs"), HasSubstr("empty"));
  content[16] = 4;
  EXPECT_THAT(error(content, "a.fvecs"), HasSubstr("row 1 has dimension 4"));
  content[3] = static_cast<char>(0x80);
  EXPECT_THAT(error(content, "a.fvecs"), HasSubstr("row 0 has dimension -"));
}

TEST_F(VectorFileTest, RefusesTheRestWithAReason) {
  const std::string two = bytes(std::vector<float>{1, 2});
  EXPECT_THAT(error(two, "a.bin"), HasSubstr(".npy or .fvecs"));
  EXPECT_THAT(error(""), HasSubstr("empty"));
  EXPECT_THAT(error("\x93NUM"), HasSubstr("truncated"));
  EXPECT_THAT(error("PK\x03\x04 a zip archive"), HasSubstr("wrong magic"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(1, 2)"), two, 9)), HasSubstr("version 9"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(1, 2)"), two).substr(0, 30)), HasSubstr("header"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(1, 3)"), two)), HasSubstr("truncated"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(1, 1)"), two)), HasSubstr("trailing"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(4611686018427387904, 4)"), two)), HasSubstr("truncated"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(99999999999999999999, 4)"), two)), HasSubstr("shape"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(1, 1, 2)"), two)), HasSubstr("3-D"));
  EXPECT_THAT(error(npy(dictionary("<f4", "()"), two)), HasSubstr("0-D"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(2, 0)"), "")), HasSubstr("length 0"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(2, -1)"), two)), HasSubstr("shape"));
  EXPECT_THAT(error(npy(dictionary("<i4", "(1, 2)"), two)), HasSubstr("<i4"));
  EXPECT_THAT(error(npy(dictionary(">f4", "(1, 2)"), two)), HasSubstr(">f4"));
  EXPECT_THAT(error(npy(dictionary("<f4", "(2, 2)", "True"), two + two)), HasSubstr("Fortran"));
  EXPECT_THAT(error(npy("{'descr': [('a', '<f4')]}", two)), HasSubstr("header"));
  EXPECT_THAT(error(npy(dictionary("<f8", "(1, 2)"), bytes(std::vector<double>{0, 1e300}))),
              HasSubstr("row 0, column 1"));
}

}  // namespace
}  // namespace hdq::io
