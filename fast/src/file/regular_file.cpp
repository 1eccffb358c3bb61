#include "hdq/regular_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

namespace hdq {
namespace {

[[noreturn]] void fail(const std::string& path, const char* doing) {
  throw FileError(path + ": " + doing + ": " + std::strerror(errno));
}

}  // namespace

// O_NONBLOCK: opening a FIFO would wait for a writer; it means nothing to a regular file. O_NOCTTY: nor is a terminal acquired.
RegularFile::RegularFile(std::string path)
    : path_(std::move(path)), descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {
  // Opening a socket fails with ENXIO.
  if (descriptor_ < 0 && errno != ENXIO) fail(path_, "cannot open it");
  struct stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    if (descriptor_ >= 0) ::close(descriptor_);
    throw FileError(path_ + ": not a regular file");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

RegularFile::~RegularFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

RegularFile::RegularFile(RegularFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

RegularFile& RegularFile::operator=(RegularFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  return *this;
}

std::size_t RegularFile::read_some(std::uint64_t offset, void* out, std::size_t size) const {
  constexpr auto largest_offset = static_cast<std::uint64_t>(std::numeric_limits<::off_t>::max());
  if (offset >= largest_offset) return 0;
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, largest_offset - offset));
  auto* to = static_cast<char*>(out);
  std::size_t done = 0;
  while (done < size) {
    const ::ssize_t got = ::pread(descriptor_, to + done, size - done, static_cast<::off_t>(offset + done));
    if (got == 0) break;
    if (got < 0 && errno != EINTR) fail(path_, "cannot read it");
    if (got > 0) done += static_cast<std::size_t>(got);
  }
  return done;
}

void RegularFile::read(std::uint64_t offset, void* out, std::size_t size) const {
  const std::size_t got = read_some(offset, out, size);
  if (got < size)
    throw FileError(path_ + ": truncated while it was read: it ends at byte " + std::to_string(offset + got) + " of " +
                    std::to_string(size_));
}

}  // namespace hdq
