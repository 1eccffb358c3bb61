// .npy against numpy itself: the same headers are read, the same refused, and the numbers are the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "hdq/io/vector_reader.hpp"
#include "hdq/io/vector_writer.hpp"
#include "temporary_directory.hpp"

namespace hdq::io {
namespace {

using hdq::testing::read_file;
using hdq::testing::TemporaryDirectory;

const std::string python = "/usr/bin/python3";  // Debian's, which has Debian's numpy

// "refused", or "rows columns\n" and the numbers.
std::string what_is_read(const std::string& path) {
  try {
    const VectorReader file(path);
    const std::vector<float> x = file.read_all();
    return std::to_string(file.rows()) + " " + std::to_string(file.dimension()) + "\n" +
           std::string(reinterpret_cast<const char*>(x.data()), x.size() * sizeof(float));
  } catch (const BadInput&) {
    return "refused";
  }
}

// A NaN of another payload is the same answer.
bool same(const std::string& a, const std::string& b) {
  if (a == b || a.size() != b.size() || a == "refused" || b == "refused") return a == b;
  const std::size_t start = a.find('\n') + 1;
  if (a.compare(0, start, b, 0, start) != 0) return false;
  for (std::size_t at = start; at < a.size(); at += sizeof(float)) {
    float x = 0, y = 0;
    std::memcpy(&x, a.data() + at, sizeof x), std::memcpy(&y, b.data() + at, sizeof y);
    if (std::memcmp(&x, &y, sizeof x) != 0 && !(x != x && y != y)) return false;
  }
  return true;
}

TEST(Numpy, ReadsTheSameHeaders) {
  const TemporaryDirectory directory;
  ASSERT_EQ(std::system((python + " -c 'import numpy'").c_str()), 0) << "install python3-numpy";
  ASSERT_EQ(std::system((python + " '" HDQ_SOURCE_DIR "/tests/io/numpy_headers.py' '" + directory / "" + "' >/dev/null").c_str()), 0);
  std::size_t cases = 0, accepted = 0;
  for (;; ++cases) {
    const std::string path = directory / (std::to_string(cases) + ".npy");
    if (!std::filesystem::exists(path)) break;
    const std::string expected = read_file(directory / (std::to_string(cases) + ".expected")), got = what_is_read(path);
    accepted += expected != "refused";
    EXPECT_TRUE(same(expected, got)) << "numpy: " << expected.substr(0, expected.find('\n')) << ", hdq: " << got.substr(0, got.find('\n')) << "\n"
                                     << read_file(path).substr(6, 300);
  }
  EXPECT_GT(cases, 2400u);
  EXPECT_GT(accepted, 1000u);
}

// Runs a line of Python with numpy as np in the directory; its standard output.
std::string numpy(const TemporaryDirectory& directory, const std::string& code) {
  const std::string command = "cd '" + directory / "" + "' && " + python + " -c \"import numpy as np; " + code + "\" 2>&1";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::string output;
  for (char c; pipe != nullptr && std::fread(&c, 1, 1, pipe) == 1;) output += c;
  EXPECT_EQ(::pclose(pipe), 0) << output;
  return output;
}

TEST(Numpy, ReadsWhatIsWritten) {
  const TemporaryDirectory directory;
  const std::vector<float> x = {1.5f, -2, 3, 4e-45f, 5, 6};
  const std::vector<std::uint64_t> rows = {0, 1, 2, 3, 4, 0x7fffffffffffffff};
  VectorWriter vectors(directory / "x.npy", 2, 3), numbers(directory / "r.NPY", 3, 2, Content::row_numbers);
  vectors.append(x.data(), 1), vectors.append(x.data() + 3, 1), vectors.commit();
  numbers.append(rows.data(), 3), numbers.commit();
  EXPECT_EQ(numpy(directory, "x = np.load('x.npy'); print(x.dtype, x.shape, [float(v).hex() for v in x.ravel()][3], x[1, 2])"),
            "float32 (2, 3) 0x1.8000000000000p-148 6.0\n");
  EXPECT_EQ(numpy(directory, "r = np.load('r.NPY'); print(r.dtype, r.tolist())"), "int64 [[0, 1], [2, 3], [4, 9223372036854775807]]\n");
}

TEST(Numpy, ReadsArchives) {
  const TemporaryDirectory directory;
  numpy(directory, "a = np.arange(2400, dtype='<f4').reshape(40, 60); np.savez('stored.npz', a=a, b=a.T); np.savez_compressed('deflated.npz', a=a, b=a.T, **{'c:d/e': a[:1]}); "
                   "np.savez('one.npz', a[:3])");
  for (const char* archive : {"stored.npz", "deflated.npz"}) {
    for (const bool random_access : {false, true}) {
      const VectorReader a(directory / archive + ":a", {.random_access = random_access}), b(directory / archive + ":b", {.random_access = random_access});
      ASSERT_EQ(a.rows(), 40u);
      ASSERT_EQ(b.rows(), 60u);
      const std::vector<float> x = a.read_all(), y = b.read_all();
      for (std::size_t i = 0; i < 40; ++i)
        for (std::size_t j = 0; j < 60; ++j) ASSERT_TRUE(x[i * 60 + j] == static_cast<float>(i * 60 + j) && y[j * 40 + i] == x[i * 60 + j]);
    }
  }
  EXPECT_EQ(VectorReader(directory / "deflated.npz:c:d/e").read_all().size(), 60u);
  EXPECT_EQ(VectorReader(directory / "one.npz").rows(), 3u);
  EXPECT_EQ(VectorReader(directory / "one.npz:arr_0.npy").rows(), 3u);
  const auto why = [&](const std::string& name) {
    try {
      VectorReader(directory / name).read_all();
    } catch (const BadInput& bad) {
      return std::string(bad.what());
    }
    return std::string();
  };
  EXPECT_THAT(why("stored.npz"), ::testing::HasSubstr("name one array, as FILE:NAME, of a, b"));
  EXPECT_THAT(why("stored.npz:c"), ::testing::HasSubstr("no array c among a, b"));
  EXPECT_THAT(why("absent.npz:a"), ::testing::HasSubstr("cannot open"));
  std::string bytes = read_file(directory / "stored.npz");
  bytes[5000] = static_cast<char>(bytes[5000] ^ 1);  // in the data of a: its checksum fails
  hdq::testing::overwrite_file(directory / "broken.npz", bytes);
  EXPECT_THAT(why("broken.npz:a"), ::testing::HasSubstr("corrupt archive"));
  hdq::testing::overwrite_file(directory / "short.npz", bytes.substr(0, bytes.size() - 30));
  EXPECT_THAT(why("short.npz:a"), ::testing::HasSubstr("not a zip archive"));
}

}  // namespace
}  // namespace hdq::io
