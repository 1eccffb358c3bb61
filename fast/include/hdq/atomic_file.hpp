// A file that appears under its name complete, or not at all: written beside it under a temporary name, then renamed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace hdq {

class AtomicFile {
 public:
  explicit AtomicFile(std::string path);  // throws FileError, naming path, as do the others
  ~AtomicFile();                          // removes the temporary unless committed
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t size);
  void commit();  // flush to disk, rename
  const std::string& path() const { return path_; }

 private:
  [[noreturn]] void fail(const char* doing) const;
  std::string path_, temporary_;
  int descriptor_ = -1;
};

}  // namespace hdq
