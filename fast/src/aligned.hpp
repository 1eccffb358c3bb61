// An uninitialized array that begins at a cache line.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

#include "checks.hpp"

namespace hdq::detail {

template <class T>
class Aligned {
 public:
  explicit Aligned(std::size_t count) : data_(static_cast<T*>(::operator new[](checked_bytes(count, sizeof(T), "numbers"), alignment))) {}
  T* get() const { return data_.get(); }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Free {
    void operator()(T* p) const { ::operator delete[](p, alignment); }
  };
  std::unique_ptr<T, Free> data_;
};

}  // namespace hdq::detail
