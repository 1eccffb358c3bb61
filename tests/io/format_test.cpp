// The table of formats, what is written in each, and text made printable.
#include "hdq/io/format.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "hdq/io/text.hpp"
#include "hdq/io/vector_reader.hpp"
#include "hdq/io/vector_writer.hpp"
#include "temporary_directory.hpp"

namespace hdq::io {
namespace {

using ::testing::HasSubstr;
using hdq::testing::read_file;
using hdq::testing::TemporaryDirectory;

TEST(Formats, TheDocumentHasTheTable) { EXPECT_THAT(read_file(HDQ_SOURCE_DIR "/docs/vector-files.md"), HasSubstr(format_table())); }

TEST(Formats, AreFoundByNameInAnyCase) {
  for (const FormatInfo& info : formats()) {
    EXPECT_EQ(&format_info(info.format), &info);
    EXPECT_EQ(format_of_word(info.name), info.format);
    std::string upper = std::string("X") + info.extension;
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    EXPECT_EQ(format_of_name(upper), info.format);
    EXPECT_EQ(format_of_name(std::string(info.extension) + "x"), std::nullopt);
  }
  EXPECT_EQ(format_of_word("NPY"), std::nullopt);
  EXPECT_EQ(writable_extensions(Content::row_numbers), ".npy, .ivecs, .raw");
}

TEST(Formats, WhatIsWrittenIsReadBack) {
  const TemporaryDirectory directory;
  const std::vector<float> x = {1, -2.5f, 3, 1e-45f, 5, 3e38f};
  const std::vector<std::uint64_t> rows = {0, 7, 2147483647, 3, 4, 5};
  for (const FormatInfo& info : formats()) {
    const std::string name = directory / (std::string("x") + info.extension);
    if (*info.vectors_written != '\0') {
      VectorWriter writer(name, 3, 2);
      writer.append(x.data(), 1), writer.append(x.data() + 2, 2), writer.commit();
      ReadOptions options;
      if (info.format == Format::raw) options.dtype = "f4", options.dimension = 2;
      const VectorReader reader(name, options);
      EXPECT_EQ(reader.format(), info.format);
      EXPECT_STREQ(element_name(reader.element()), info.vectors_written);
      EXPECT_EQ(reader.rows(), 3u);
      EXPECT_EQ(reader.read_all(), x) << info.name;
    } else {
      EXPECT_THROW(VectorWriter(name, 3, 2), InvalidArgument);
    }
    if (*info.rows_written != '\0') {
      VectorWriter writer(name, 2, 3, Content::row_numbers);
      writer.append(rows.data(), 2), writer.commit();
      ReadOptions options;
      if (info.format == Format::raw) options.dtype = "i8", options.dimension = 3;
      const VectorReader reader(name, options);
      std::vector<std::int64_t> back(6);
      reader.read(0, 2, back.data());
      EXPECT_STREQ(element_name(reader.element()), info.rows_written);
      EXPECT_TRUE(std::equal(back.begin(), back.end(), rows.begin(), [](std::int64_t a, std::uint64_t b) { return static_cast<std::uint64_t>(a) == b; }));
    } else {
      EXPECT_THROW(VectorWriter(name, 2, 3, Content::row_numbers), InvalidArgument);
    }
  }
}

TEST(Formats, AWriterTakesWhatItWasMadeFor) {
  const TemporaryDirectory directory;
  const float x[2] = {};
  const std::uint64_t rows[2] = {std::uint64_t{1} << 31, 0};
  {
    VectorWriter writer(directory / "a.npy", 1, 2);
    EXPECT_THROW(writer.append(x, 2), std::logic_error);
    EXPECT_THROW(writer.append(rows, 1), std::logic_error);
    EXPECT_THROW(writer.commit(), std::logic_error);
    VectorWriter lists(directory / "a.ivecs", 1, 2, Content::row_numbers);
    EXPECT_THROW(lists.append(rows, 1), BadInput);  // beyond int32
  }
  EXPECT_EQ(directory.entries(), 0u);
  EXPECT_THROW(VectorWriter(directory / "no/a.npy", 1, 2), FileError);
}

TEST(Text, IsPrintable) {
  EXPECT_EQ(printable("plain ‖x‖ π é 漢 😀"), "plain ‖x‖ π é 漢 😀");
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\x1b[31m\n\r\t\x7f"), "\\x1b[31m\\n\\r\\t\\x7f");
  EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(printable("\xc3"), "\\xc3");                       // cut short
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");               // overlong
  EXPECT_EQ(printable("\xe0\x80\x80"), "\\xe0\\x80\\x80");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");       // a surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond Unicode
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");               // C1: a terminal's CSI
  EXPECT_EQ(printable("\u202e\u2066\u2028\u200f"), "\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x80\\xa8\\xe2\\x80\\x8f");
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text = {static_cast<char>(a), static_cast<char>(b)}, once = printable(text);
      ASSERT_EQ(printable(once), once);
      for (const char c : once) ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    }
  }
}

TEST(Text, IsShortened) {
  EXPECT_EQ(shortened("short", 16), "short");
  const std::string digits(1000, '7');
  EXPECT_EQ(shortened(digits, 60).size(), 60u);
  EXPECT_THAT(shortened(digits, 60), HasSubstr("7…7"));
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "é";
  for (std::size_t limit = 16; limit < 40; ++limit) {
    const std::string text = shortened(wide, limit);
    EXPECT_LE(text.size(), limit);
    EXPECT_EQ(printable(text), text);  // cut between characters
  }
}

}  // namespace
}  // namespace hdq::io
