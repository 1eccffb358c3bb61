// .hdq files that are not what they say, or change while they are read: a FileError, or the right rows; never a crash, a wait, or memory
// that the header alone asks for.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "file_error.hpp"
#include "hdq/file.hpp"
#include "hdq/stages.hpp"
#include "temporary_directory.hpp"

namespace hdq {
namespace {

using ::testing::AllOf;
using testing::error_of;
using ::testing::HasSubstr;
using testing::read_file;
using ::testing::StartsWith;
using testing::TemporaryDirectory;

void expect_short_line(const std::string& error, const std::string& path) {
  EXPECT_THAT(error, StartsWith(path + ": "));
  EXPECT_EQ(error.find('\n'), std::string::npos);
  EXPECT_LT(error.size(), path.size() + 160) << error;
}

// ---- names that are no files ----

TEST(RegularFile, RefusesEverythingElseAtOnce) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::mkfifo((directory / "fifo").c_str(), 0600), 0);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{AF_UNIX, {}};
  std::strncpy(address.sun_path, (directory / "socket").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::alarm(20);  // ends the test where one is waited for
  for (const std::string& path : {directory / "fifo", directory / "socket", directory / "", std::string("/dev/zero"), std::string("/dev/tty")}) {
    EXPECT_THAT(error_of([&] { RegularFile file(path); }), StartsWith(path + ": ")) << path;
    EXPECT_THAT(error_of([&] { FileReader file(path); }), StartsWith(path + ": ")) << path;
  }
  EXPECT_EQ(error_of([&] { FileReader file(directory / "fifo"); }), directory / "fifo" + ": not a regular file");
  EXPECT_EQ(error_of([&] { FileReader file(directory / "absent"); }), directory / "absent" + ": cannot open it: No such file or directory");
  ::alarm(0);
  ::close(listener);
}

TEST(RegularFile, ReadsWhatIsThere) {
  const TemporaryDirectory directory;
  testing::overwrite_file(directory / "a", "0123456789");
  RegularFile file(directory / "a");
  char out[20] = {};
  EXPECT_EQ(file.size(), 10u);
  EXPECT_EQ(file.read_some(3, out, 4), 4u);
  EXPECT_EQ(std::string(out, 4), "3456");
  EXPECT_EQ(file.read_some(8, out, 4), 2u);
  EXPECT_EQ(file.read_some(10, out, 4), 0u);
  EXPECT_EQ(file.read_some(UINT64_MAX, out, 4), 0u);
  EXPECT_EQ(file.read_some(INT64_MAX, out, 4), 0u);
  expect_short_line(error_of([&] { file.read(8, out, 4); }), file.path());
  RegularFile moved = std::move(file);
  moved.read(0, out, 10);
  EXPECT_EQ(std::string(out, 10), "0123456789");
}

// ---- headers ----

std::uint32_t crc32c_bitwise(const std::uint8_t* data, std::size_t size) {
  std::uint32_t crc = ~0u;
  for (std::size_t i = 0; i < size; ++i) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0);
  }
  return ~crc;
}

struct RawHeader {
  std::uint64_t rows = 0, dimension = 1, order = 1, seed = 0, first_row = 0;
  std::uint32_t bits = 1, rows_per_block = 1, scheme = 0, sections = 0;
};

// A file that has this header, its checksum right, and `size` bytes, all others zero and not stored; false if the system has none so long.
bool make_sparse(const std::string& path, const RawHeader& raw, std::uint64_t size) {
  std::uint8_t bytes[128] = {0x89, 'H', 'D', 'Q', '\r', '\n', 0x1a, '\n', 1, 0, 0, 0, 128};
  std::memcpy(bytes + 16, &raw.rows, 8), std::memcpy(bytes + 24, &raw.dimension, 8), std::memcpy(bytes + 32, &raw.order, 8);
  std::memcpy(bytes + 40, &raw.bits, 4), std::memcpy(bytes + 44, &raw.rows_per_block, 4), std::memcpy(bytes + 48, &raw.seed, 8);
  std::memcpy(bytes + 56, &raw.first_row, 8), std::memcpy(bytes + 64, &raw.scheme, 4), std::memcpy(bytes + 68, &raw.sections, 4);
  const std::uint32_t crc = crc32c_bitwise(bytes, 124);
  std::memcpy(bytes + 124, &crc, 4);
  const int descriptor = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
  const bool made = ::write(descriptor, bytes, sizeof bytes) == sizeof bytes &&
                    ::ftruncate(descriptor, static_cast<off_t>(size)) == 0;
  ::close(descriptor);
  return made;
}

// Everything that a program does with a file, at its ends.
void use(const std::string& path) {
  const FileReader file(path);
  BlockReader reader(file);
  const FileHeader& header = file.header();
  ASSERT_EQ(header.file_bytes(), file.header().blocks() == 0 ? header.block_offset(0) : RegularFile(path).size());
  if (header.rows == 0) return;
  EXPECT_NE(error_of([&] { reader.rows(header.rows - 1, 1); }), "");  // its checksum is zero, and wrong
  EXPECT_NE(error_of([&] { reader.block(header.blocks() / 2); }), "");
  reader.block(0);
}

// The length, modulo 2^64, of 1099507466180 blocks of 2^24 + 64 bytes is that of a sparse file which ext4 can have.
TEST(HostileFile, LengthThatWrapsIsRefused) {
  const TemporaryDirectory directory;
  const std::string path = directory / "a.hdq";
  RawHeader raw;
  raw.dimension = raw.order = Codec::max_dimension;
  raw.bits = 8;
  constexpr std::uint64_t block = (std::uint64_t{1} << 24) + 64, wanted = std::uint64_t{5} << 40;
  raw.rows = UINT64_MAX / block + wanted / block;
  const std::uint64_t size = 128 + raw.rows * block;  // modulo 2^64
  ASSERT_GE(size, raw.rows * 4);
  if (!make_sparse(path, raw, size)) GTEST_SKIP() << "no sparse files of 5 TiB here";
  const std::string error = error_of([&] { use(path); });
  EXPECT_THAT(error, HasSubstr("invalid header: rows: "));
  expect_short_line(error, path);
}

TEST(HostileFile, BlocksBeyondTheLimitTakeNoMemory) {
  const TemporaryDirectory directory;
  const std::string path = directory / "a.hdq";
  RawHeader raw;
  raw.rows = raw.rows_per_block = UINT32_MAX;  // one block of 21 GB
  if (!make_sparse(path, raw, 128 + (std::uint64_t{UINT32_MAX} * 5 + 4 + 63) / 64 * 64)) GTEST_SKIP() << "no sparse files of 21 GB here";
  const std::string error = error_of([&] { use(path); });
  EXPECT_THAT(error, AllOf(HasSubstr("invalid header: rows per block"), HasSubstr("67108864 are allowed")));
  expect_short_line(error, path);
}

TEST(HostileFile, UnknownSchemesAndSectionsAreNamed) {
  const TemporaryDirectory directory;
  const std::string path = directory / "a.hdq";
  RawHeader raw;
  raw.scheme = 4294967295;
  ASSERT_TRUE(make_sparse(path, raw, 128));
  EXPECT_THAT(error_of([&] { use(path); }), HasSubstr("scheme: 4294967295 is not known to this program"));
  raw.scheme = 0;
  raw.sections = 2;
  ASSERT_TRUE(make_sparse(path, raw, 128));
  EXPECT_THAT(error_of([&] { use(path); }), HasSubstr("sections that this program does not know"));
  raw.sections = 1;
  ASSERT_TRUE(make_sparse(path, raw, 128));
  EXPECT_THAT(error_of([&] { use(path); }), HasSubstr("truncated: 128 bytes, 192 expected"));
  ASSERT_TRUE(make_sparse(path, raw, 192));
  EXPECT_THAT(error_of([&] { use(path); }), HasSubstr("the checksum of the mean fails (bytes 128 to 191)"));
}

// Numbers near the edges of their types and of each other's ranges.
std::uint64_t edgy(std::mt19937_64& random, unsigned bits) {
  const std::uint64_t limit = bits == 64 ? UINT64_MAX : (std::uint64_t{1} << bits) - 1;
  switch (random() % 4) {
    case 0: return random() % 40;
    case 1: return limit - random() % 40;
    case 2: return ((std::uint64_t{1} << (random() % bits)) + random() % 5 - 2) & limit;
    default: return random() >> (random() % bits) & limit;
  }
}

TEST(HostileFile, RandomHeadersOfSparseFiles) {
  const TemporaryDirectory directory;
  const std::string path = directory / "a.hdq";
  std::mt19937_64 random(1);
  int opened = 0;
  for (int i = 0; i < 1500; ++i) {
    RawHeader raw;
    raw.rows = edgy(random, 64);
    raw.dimension = random() % 8 == 0 ? edgy(random, 64) : 1 + edgy(random, 24) % Codec::max_dimension;
    raw.order = raw.dimension >= 1 && raw.dimension <= Codec::max_dimension && random() % 16 != 0
                    ? hadamard_order(static_cast<std::size_t>(raw.dimension)).order : edgy(random, 64);
    raw.bits = static_cast<std::uint32_t>(random() % 8 == 0 ? edgy(random, 32) : 1 + random() % 8);
    raw.rows_per_block = static_cast<std::uint32_t>(edgy(random, 32));
    raw.scheme = static_cast<std::uint32_t>(random() % 32 == 0);
    raw.sections = static_cast<std::uint32_t>(random() % 32 == 0 ? edgy(random, 32) : random() % 2);
    raw.seed = random(), raw.first_row = edgy(random, 64);
    // The length that the header implies, computed as anyone would, modulo 2^64.
    const std::uint64_t row = 4 + (raw.order * raw.bits + 7) / 8, each = std::max<std::uint64_t>(raw.rows_per_block, 1);
    const auto padded = [](std::uint64_t bytes) { return (bytes + 4 + 63) / 64 * 64; };
    std::uint64_t size = 128 + raw.rows / each * padded(each * row) + (raw.rows % each == 0 ? 0 : padded(raw.rows % each * row));
    if ((raw.sections & 1) != 0) size += padded(raw.dimension * 4);
    if (random() % 8 == 0) size += random() % 3 - 1;
    if (size > (std::uint64_t{1} << 43) || !make_sparse(path, raw, size)) size %= std::uint64_t{1} << 32, make_sparse(path, raw, size);
    bool refused = true;
    const std::string error = error_of([&] {
      const FileReader file(path);
      refused = false;
    });
    opened += !refused;
    if (refused) expect_short_line(error, path);
    if (!refused && raw.rows > 0) expect_short_line(error_of([&] { use(path); }), path);
    if (HasFailure()) FAIL() << "header " << i;
  }
  EXPECT_GT(opened, 50);
}

// ---- files that change ----

class ChangingFile : public ::testing::Test {
 protected:
  static constexpr std::size_t n = 64, rows = 100;
  ChangingFile() {
    std::mt19937 random(1);
    for (float& value : x_) value = static_cast<float>(random() % 1000);
    FileHeader header = FileHeader::make(codec_, rows);
    header.rows_per_block = 8;
    FileWriter writer(path_, header);
    writer.encode(codec_, RowsView<const float>(x_.data(), rows, n));
    writer.commit();
    FileReader(path_).decode(codec_, 0, {y_.data(), rows, n});
  }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_ / "a.hdq";
  const Codec codec_{n, 4};
  std::vector<float> x_ = std::vector<float>(n * rows), y_ = std::vector<float>(n * rows);
};

TEST_F(ChangingFile, TruncatedWhileOpenIsNamed) {
  const FileReader file(path_);
  BlockReader reader(file);
  reader.block(0);
  const std::uint64_t middle = file.header().block_offset(6) + 5;
  ASSERT_EQ(::truncate(path_.c_str(), static_cast<off_t>(middle)), 0);
  std::vector<float> y(n * rows);
  for (const std::uint64_t block : {6u, 7u, 12u})
    EXPECT_THAT(error_of([&] { reader.block(block); }), HasSubstr("truncated since it was opened")) << block;
  const std::string error = error_of([&] { file.decode(codec_, 0, {y.data(), rows, n}); });
  EXPECT_THAT(error, AllOf(HasSubstr("block 6 "), HasSubstr("rows 48 to 55")));
  expect_short_line(error, path_);
  EXPECT_NE(error_of([&] { file.verify(); }), "");
  file.decode(codec_, 0, {y.data(), 48, n});  // what is still there
  EXPECT_EQ(std::memcmp(y.data(), y_.data(), 48 * n * sizeof(float)), 0);
  ASSERT_EQ(::truncate(path_.c_str(), 0), 0);
  EXPECT_NE(error_of([&] { file.decode(codec_, 0, {y.data(), 1, n}); }), "");
}

TEST_F(ChangingFile, ChangedAfterItWasCheckedIsNoticed) {
  const FileReader file(path_);
  BlockReader reader(file);
  reader.block(3);
  file.verify();
  std::string bytes = read_file(path_);
  const std::size_t at = file.header().block_offset(3) + 10;
  bytes[at] = static_cast<char>(bytes[at] ^ 64);
  testing::overwrite_file(path_, bytes);
  EXPECT_THAT(error_of([&] { reader.block(3); }), HasSubstr("block 3 fails"));
  EXPECT_THAT(error_of([&] { reader.rows(24, 1); }), HasSubstr("block 3 fails"));  // not what was read before the failure
}

TEST_F(ChangingFile, NoThreadSeesAWrongRow) {
  const FileReader file(path_);
  const std::string bytes = read_file(path_);
  std::atomic<bool> done = false;
  std::atomic<int> right = 0, refused = 0, wrong = 0;
  std::vector<std::thread> readers;
  for (unsigned thread = 0; thread < 3; ++thread)
    readers.emplace_back([&, thread] {
      std::mt19937 random(thread);
      BlockReader reader(file);
      std::vector<float> y(n * 20);
      while (!done) {
        const std::size_t begin = random() % (rows - 20);
        try {
          reader.decode(codec_, begin, {y.data(), 20, n});
          (std::memcmp(y.data(), y_.data() + begin * n, y.size() * sizeof(float)) == 0 ? right : wrong)++;
        } catch (const FileError&) {
          ++refused;
        }
      }
    });
  const int descriptor = ::open(path_.c_str(), O_WRONLY);
  std::mt19937 random(9);
  for (int i = 0; i < 3000 || (i < 300000 && (right < 50 || refused < 50)); ++i) {
    const std::size_t at = FileHeader::bytes + random() % (bytes.size() - FileHeader::bytes);
    const char changed = static_cast<char>(bytes[at] ^ 1);
    EXPECT_EQ(::pwrite(descriptor, &changed, 1, static_cast<off_t>(at)), 1);
    if (i % 16 == 0) std::this_thread::yield();
    EXPECT_EQ(::pwrite(descriptor, &bytes[at], 1, static_cast<off_t>(at)), 1);
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  ::close(descriptor);
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(right, 0);
}

}  // namespace
}  // namespace hdq
