#include "byte_source.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include "hdq/io/bad_input.hpp"

namespace hdq::io::detail {
namespace {

constexpr std::size_t head_bytes = 16;

// One read(2) or pread(2), interrupted or not.
template <class Read>
std::size_t retried(const Read& read) {
  for (;;) {
    const ssize_t got = read();
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR && errno != EAGAIN) fail_with_errno("cannot read it");
    if (errno == EAGAIN) {  // someone made standard input non-blocking
      pollfd waiting{STDIN_FILENO, POLLIN, 0};
      ::poll(&waiting, 1, -1);
    }
  }
}

class FileSource final : public ByteSource {
 public:
  FileSource(Descriptor file, std::uint64_t base, std::uint64_t size) : file_(std::move(file)), base_(base), size_(size) {}

  std::size_t read(std::uint64_t offset, void* out, std::size_t size) override {
    if (offset >= size_) return 0;
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, size_ - offset));
    for (std::size_t done = 0; done < size;) {
      const std::size_t got = retried([&] {
        return ::pread(file_.get(), static_cast<char*>(out) + done, size - done, static_cast<off_t>(base_ + offset + done));
      });
      if (got == 0) throw BadInput("became shorter while it was read");
      done += got;
    }
    return size;
  }
  std::optional<std::uint64_t> size() const override { return size_; }
  bool seekable() const override { return true; }

 private:
  Descriptor file_;
  std::uint64_t base_, size_;
};

class PipeSource final : public SequentialSource {
 public:
  explicit PipeSource(Descriptor pipe) : pipe_(std::move(pipe)) {}
  std::optional<std::uint64_t> size() const override { return std::nullopt; }

 private:
  std::size_t read_next(void* out, std::size_t size) override {
    return retried([&] { return ::read(pipe_.get(), out, size); });
  }
  Descriptor pipe_;
};

// A file that has no name, or has lost it.
Descriptor unnamed_file(const std::string& directory) {
  const int unnamed = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (unnamed >= 0) return Descriptor(unnamed);
  std::string name = directory + "/hdq-XXXXXX";
  Descriptor named(::mkostemp(name.data(), O_CLOEXEC));
  if (named.get() >= 0) ::unlink(name.c_str());
  return named;
}

void write_all(int descriptor, const char* from, std::size_t size, const std::string& doing) {
  while (size > 0) {
    const ssize_t written = ::write(descriptor, from, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail_with_errno(doing);
    from += written;
    size -= static_cast<std::size_t>(written);
  }
}

}  // namespace

void fail_with_errno(const std::string& doing) { throw BadInput(doing + ": " + std::strerror(errno)); }

// ---- descriptors ----

Descriptor::~Descriptor() {
  if (value_ >= 0) ::close(value_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (value_ >= 0) ::close(value_);
    value_ = other.release();
  }
  return *this;
}

int Descriptor::release() { return std::exchange(value_, -1); }

Descriptor open_regular(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) fail_with_errno("cannot open it");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail_with_errno("cannot open it");
  if (S_ISDIR(status.st_mode)) throw BadInput("a directory");
  if (S_ISFIFO(status.st_mode)) throw BadInput("not a regular file; a pipe is read as standard input, -");
  if (!S_ISREG(status.st_mode)) throw BadInput("not a regular file");
  return file;
}

// ---- sources ----

std::size_t SequentialSource::fill(void* out, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const std::size_t got = read_next(static_cast<char*>(out) + done, size - done);
    if (got == 0) break;
    done += got;
  }
  position_ += done;
  return done;
}

std::size_t SequentialSource::read(std::uint64_t offset, void* out, std::size_t size) {
  if (position_ == 0) {
    head_.resize(head_bytes);
    head_.resize(fill(head_.data(), head_bytes));
  }
  std::size_t done = 0;
  if (offset < head_.size()) {
    done = std::min(size, head_.size() - static_cast<std::size_t>(offset));
    std::memcpy(out, head_.data() + offset, done);
    offset += done;
    if (done == size) return done;
  }
  if (offset < position_) throw std::logic_error("a pipe is read in order");
  std::vector<char> skipped;
  while (position_ < offset) {
    skipped.resize(static_cast<std::size_t>(std::min<std::uint64_t>(offset - position_, std::uint64_t{1} << 16)));
    if (fill(skipped.data(), skipped.size()) < skipped.size()) return done;
  }
  return done + fill(static_cast<char*>(out) + done, size - done);
}

std::unique_ptr<ByteSource> file_source(Descriptor file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail_with_errno("cannot read it");
  return std::make_unique<FileSource>(std::move(file), 0, static_cast<std::uint64_t>(status.st_size));
}

std::unique_ptr<ByteSource> standard_input() {
  Descriptor input(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  struct stat status {};
  if (input.get() < 0 || ::fstat(input.get(), &status) != 0) fail_with_errno("cannot read it");
  if (S_ISDIR(status.st_mode)) throw BadInput("a directory");
  if (!S_ISREG(status.st_mode)) return std::make_unique<PipeSource>(std::move(input));
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const off_t position = ::lseek(input.get(), 0, SEEK_CUR);
  const std::uint64_t base = position < 0 ? 0 : std::min(static_cast<std::uint64_t>(position), size);
  return std::make_unique<FileSource>(std::move(input), base, size - base);
}

Descriptor spool(ByteSource& source, std::uint64_t from, std::uint64_t limit) {
  const char* chosen = std::getenv("TMPDIR");
  const std::string directory = chosen == nullptr || *chosen == '\0' ? "/tmp" : chosen, doing = "cannot keep it in " + directory;
  Descriptor copy = unnamed_file(directory);
  if (copy.get() < 0) fail_with_errno(doing);
  std::vector<char> buffer(std::size_t{1} << 20);
  for (std::uint64_t done = 0; done < limit;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), limit - done));
    const std::size_t got = source.read(from + done, buffer.data(), wanted);
    write_all(copy.get(), buffer.data(), got, doing);
    done += got;
    if (got < wanted) break;
  }
  return copy;
}

std::unique_ptr<ByteSource> seekable(std::unique_ptr<ByteSource> source) {
  return source->seekable() ? std::move(source) : file_source(spool(*source));
}

}  // namespace hdq::io::detail
