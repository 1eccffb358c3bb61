// Where the bytes of vectors come from: a file, a pipe, a member of an archive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace hdq::io::detail {

// A file descriptor, closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int value = -1) : value_(value) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : value_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const { return value_; }
  int release();

 private:
  int value_;
};

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  // Up to `size` bytes at `offset` (fewer only at the end) to out; how many. A source that is not seekable() takes offsets in
  // ascending order without overlap, except that its first 16 bytes may be read again. Throws BadInput, without a name.
  virtual std::size_t read(std::uint64_t offset, void* out, std::size_t size) = 0;
  virtual std::optional<std::uint64_t> size() const = 0;  // nothing where only the end will tell
  virtual bool seekable() const = 0;
};

// Bytes that arrive in order: what read_next() gives.
class SequentialSource : public ByteSource {
 public:
  std::size_t read(std::uint64_t offset, void* out, std::size_t size) final;
  bool seekable() const final { return false; }

 private:
  virtual std::size_t read_next(void* out, std::size_t size) = 0;  // 0 only at the end
  std::size_t fill(void* out, std::size_t size);

  std::uint64_t position_ = 0;
  std::string head_;  // the first bytes
};

// Opens a regular file; anything else is BadInput, without a name. Never waits for a writer of a FIFO.
Descriptor open_regular(const std::string& path);

std::unique_ptr<ByteSource> file_source(Descriptor file);
// Standard input: seekable if it is a regular file (from where it stands on), else a pipe.
std::unique_ptr<ByteSource> standard_input();

// A copy of source, from an offset on and at most `limit` bytes of it, in a file without a name, in $TMPDIR or /tmp.
Descriptor spool(ByteSource& source, std::uint64_t from = 0, std::uint64_t limit = UINT64_MAX);
// The source itself if it is seekable, else its copy.
std::unique_ptr<ByteSource> seekable(std::unique_ptr<ByteSource> source);

[[noreturn]] void fail_with_errno(const std::string& doing);  // BadInput "doing: strerror"

}  // namespace hdq::io::detail
