// A named regular file to read from, at any position and from any thread; nothing else is opened, and nothing is mapped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "hdq/types.hpp"

namespace hdq {

// All errors are FileError and begin with the path.
class HDQ_EXPORT RegularFile {
 public:
  // A directory, FIFO, socket or device is refused, and never waited for.
  explicit RegularFile(std::string path);
  ~RegularFile();
  RegularFile(RegularFile&& other) noexcept;
  RegularFile& operator=(RegularFile&& other) noexcept;

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }  // bytes, when it was opened

  // Bytes [offset, offset + size) into out; returns how many there were: fewer only where the file ends.
  std::size_t read_some(std::uint64_t offset, void* out, std::size_t size) const;
  // The same, where fewer is an error: the file was truncated after it was opened.
  void read(std::uint64_t offset, void* out, std::size_t size) const;

 private:
  std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace hdq
