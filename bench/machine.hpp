// The machine: what it is, memory that behaves, and which core the work runs on.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace hdq::bench {

struct Cache {
  int level;
  std::string type;
  std::size_t bytes;
};

struct Machine {
  std::string cpu, compiler;
  std::vector<std::string> instruction_sets;  // that the library can use here
  std::vector<Cache> caches;
  std::size_t last_level_cache = 0;
  int cpus = 1;                               // this process may use
};
Machine describe_machine();

// Single-thread figures run on one core. Restores the previous set of cores when it goes; a machine that refuses is left alone.
class Pinned {
 public:
  Pinned();
  ~Pinned();
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  static int cpu();  // the core, or −1
};
// All cores again, for the figures of several threads.
class Unpinned {
 public:
  Unpinned();
  ~Unpinned();
  Unpinned(const Unpinned&) = delete;
  Unpinned& operator=(const Unpinned&) = delete;
};

// Zeroed, touched, aligned to 2 MiB and offered to the kernel as huge pages.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t bytes);
  template <class T>
  T* as() const { return reinterpret_cast<T*>(data_.get()); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Free {
    void operator()(std::byte* p) const;
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t bytes_ = 0;
};

}  // namespace hdq::bench
