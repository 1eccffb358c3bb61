// Shared by the tests of the fast library: instruction sets of this CPU, inputs made from integers alone, guard pages.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "hdq/codec.hpp"
#include "hdq/stages.hpp"

namespace hdq::test {

using hdq::supported_isas;

// SplitMix64.
class Integers {
 public:
  explicit Integers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t n) { return next() % n; }

 private:
  std::uint64_t state_;
};

// A 24-bit integer times a power of two from 2^-24 to 2^-16, exact in float32; one value in sixteen is 0.
inline float dyadic(Integers& integers) {
  const std::uint64_t bits = integers.next();
  if (bits % 16 == 0) return 0;
  const float magnitude = static_cast<float>((bits >> 8) & 0xFFFFFF);
  const float scale = 1.0f / static_cast<float>(1u << (16 + (bits >> 40) % 9));
  return ((bits >> 63) != 0 ? -magnitude : magnitude) * scale;
}

inline std::vector<float> dyadics(std::size_t count, std::uint64_t seed) {
  Integers integers(seed);
  std::vector<float> x(count);
  for (float& v : x) v = dyadic(integers);
  return x;
}

template <class T>
bool same_bytes(const T* a, const T* b, std::size_t count) {
  return count == 0 || std::memcmp(a, b, count * sizeof(T)) == 0;
}

// `count` elements flush against an inaccessible page, at their end or at their beginning.
template <class T>
class Guarded {
 public:
  enum class Side { end, begin };
  Guarded(std::size_t count, Side side) {
    const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE)), bytes = count * sizeof(T);
    const std::size_t inside = (bytes + page - 1) / page * page;
    total_ = inside + 2 * page;
    base_ = static_cast<char*>(mmap(nullptr, total_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (base_ == MAP_FAILED) throw std::bad_alloc();
    mprotect(base_, page, PROT_NONE);
    mprotect(base_ + page + inside, page, PROT_NONE);
    data_ = reinterpret_cast<T*>(base_ + page + (side == Side::end ? inside - bytes : 0));
  }
  ~Guarded() { munmap(base_, total_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  T* data() const { return data_; }

 private:
  char* base_;
  std::size_t total_;
  T* data_;
};

}  // namespace hdq::test
