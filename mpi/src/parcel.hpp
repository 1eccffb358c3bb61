// Numbers in bytes that ranks exchange, as they lie in memory: all ranks run one program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "communicator.hpp"

namespace hdq::mpi {

template <class T>
void put(Bytes& bytes, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  append(bytes, &value, sizeof value);
}
template <class T>
void put(Bytes& bytes, std::span<const T> values) {
  static_assert(std::is_trivially_copyable_v<T>);
  put(bytes, static_cast<std::uint64_t>(values.size()));
  append(bytes, values.data(), values.size_bytes());
}

// Takes them out again, in order.
class Parcel {
 public:
  explicit Parcel(std::span<const std::uint8_t> bytes) : left_(bytes) {}
  bool empty() const { return left_.empty(); }
  template <class T>
  T get() {
    T value;
    copy(&value, sizeof value);
    return value;
  }
  // The next `size` bytes, where they lie.
  std::span<const std::uint8_t> get_bytes(std::size_t size) {
    if (size > left_.size()) throw Error("a message that is cut short");
    const std::span<const std::uint8_t> front = left_.first(size);
    left_ = left_.subspan(size);
    return front;
  }
  template <class T>
  std::vector<T> get_all() {
    const auto count = get<std::uint64_t>();
    if (count > left_.size() / sizeof(T)) throw Error("a message that is cut short");
    std::vector<T> values(static_cast<std::size_t>(count));
    copy(values.data(), values.size() * sizeof(T));
    return values;
  }

 private:
  void copy(void* to, std::size_t size) {
    const std::span<const std::uint8_t> from = get_bytes(size);
    if (size > 0) std::memcpy(to, from.data(), size);
  }
  std::span<const std::uint8_t> left_;
};

}  // namespace hdq::mpi
