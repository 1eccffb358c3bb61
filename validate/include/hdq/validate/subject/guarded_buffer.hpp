// Memory between two pages that may not be touched, so that one byte too far is a fault at that very access. What lies between the
// data and the pages holds a known byte, checked after the call.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include "hdq/validate/subject/subject.hpp"

namespace hdq::validate {

class GuardedBuffer {
 public:
  static constexpr std::uint8_t canary = 0xA5;

  // `alignment` is a power of two: the data begin at a multiple of it.
  GuardedBuffer(std::size_t size, std::size_t alignment, const Placement& placement)
      : inner_(inner_bytes(size, alignment, placement)), mapped_(inner_ + 2 * page_bytes()) {
    void* memory = ::mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    base_ = static_cast<std::uint8_t*>(memory);
    // In another way than the pages between, so that those are a mapping of their own: to protect part of one takes several times as long.
    ::madvise(base_, page_bytes(), MADV_DONTDUMP);
    ::madvise(base_ + mapped_ - page_bytes(), page_bytes(), MADV_DONTDUMP);
    hold(size, alignment, placement);
  }

  // Bytes between the two pages: a buffer of as many can hold these data.
  static std::size_t inner_bytes(std::size_t size, std::size_t alignment, const Placement& placement) {
    const std::size_t page = page_bytes();
    const std::size_t room = placement.guard == Placement::Guard::none ? size + placement.shift + 64 : size + alignment;
    return std::max(page, (room + page - 1) / page * page);
  }
  std::size_t inner_bytes() const { return inner_; }

  // Writable, for other data of the same inner_bytes(). What they hold is nothing in particular.
  void hold(std::size_t size, std::size_t alignment, const Placement& placement) {
    size_ = size;
    offset_ = placement.guard == Placement::Guard::behind ? (inner_ - size) / alignment * alignment
              : placement.guard == Placement::Guard::none ? placement.shift / alignment * alignment
                                                          : 0;
    make_writable();
    std::memset(begin(), canary, offset_);
    std::memset(data() + size_, canary, inner_ - offset_ - size_);
  }
  GuardedBuffer(GuardedBuffer&& other) noexcept
      : size_(other.size_),
        inner_(other.inner_),
        mapped_(other.mapped_),
        offset_(other.offset_),
        protection_(other.protection_),
        base_(std::exchange(other.base_, nullptr)) {}
  GuardedBuffer& operator=(GuardedBuffer&&) = delete;
  ~GuardedBuffer() {
    if (base_ != nullptr) ::munmap(base_, mapped_);
  }

  std::uint8_t* data() const { return begin() + offset_; }
  std::size_t size() const { return size_; }
  void make_writable() { protect(PROT_READ | PROT_WRITE); }
  void make_read_only() { protect(PROT_READ); }
  void make_inaccessible() { protect(PROT_NONE); }

  // The distance from the data's begin of the first byte beside them that changed, or 0: negative before, >= size behind.
  std::ptrdiff_t first_write_outside() const {
    for (std::size_t i = offset_; i-- > 0;) {
      if (begin()[i] != canary) return static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(offset_);
    }
    for (std::size_t i = offset_ + size_; i < inner_; ++i) {
      if (begin()[i] != canary) return static_cast<std::ptrdiff_t>(i - offset_);
    }
    return 0;
  }

  bool maps(const void* address) const {
    const auto* p = static_cast<const std::uint8_t*>(address);
    return p >= base_ && p < base_ + mapped_;
  }
  bool holds(const void* address) const {
    const auto* p = static_cast<const std::uint8_t*>(address);
    return p >= begin() && p < begin() + inner_;
  }

 private:
  static std::size_t page_bytes() {
    static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return page;
  }
  void protect(int protection) {
    if (protection != protection_) ::mprotect(begin(), inner_, protection);
    protection_ = protection;
  }
  std::uint8_t* begin() const { return base_ + (mapped_ - inner_) / 2; }

  std::size_t size_ = 0, inner_ = 0, mapped_ = 0, offset_ = 0;
  int protection_ = PROT_NONE;
  std::uint8_t* base_ = nullptr;
};

}  // namespace hdq::validate
