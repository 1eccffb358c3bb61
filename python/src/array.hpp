// Arrays of numpy as the views of hdq/types.hpp. hdq/_arrays.py settles layouts and says what people need to hear;
// what is checked here keeps a mistake there from reaching memory that is not the array's.
#pragma once

#include <pybind11/numpy.h>

#include <cstddef>
#include <span>
#include <type_traits>

#include "hdq/types.hpp"
#include "module.hpp"

namespace hdq::python {

namespace detail {

template <class T>
struct Element {  // the kind of numpy's dtype
  static constexpr char kind = std::is_floating_point_v<T> ? 'f' : std::is_signed_v<T> ? 'i' : 'u';
};
template <>
struct Element<Float16> {
  static constexpr char kind = 'f';
};
template <>
struct Element<BFloat16> {  // numpy has none: its bits
  static constexpr char kind = 'u';
};

template <class T>
void check(const py::array& array, bool fits) {
  using Value = std::remove_const_t<T>;
  if (!fits || array.dtype().kind() != Element<Value>::kind || array.itemsize() != static_cast<py::ssize_t>(sizeof(T)))
    throw py::type_error("hdq._hdq: an array of another type or layout");
  if (!std::is_const_v<T> && !array.writeable()) throw py::value_error("out is read-only");
}

template <class T>
T* data(const py::array& array) {
  return static_cast<T*>(const_cast<void*>(array.data()));
}

}  // namespace detail

template <class T>
bool holds(const py::array& array) {
  return array.dtype().kind() == detail::Element<T>::kind && array.itemsize() == static_cast<py::ssize_t>(sizeof(T));
}

// A C-contiguous array of any shape, flat.
template <class T>
std::span<T> numbers(const py::array& array) {
  detail::check<T>(array, (array.flags() & py::array::c_style) != 0);
  return {detail::data<T>(array), static_cast<std::size_t>(array.size())};
}

// (rows, n), each row contiguous, rows that do not overlap in order of addresses.
template <class T>
RowsView<T> rows(const py::array& array) {
  constexpr auto size = static_cast<py::ssize_t>(sizeof(T));
  detail::check<T>(array, array.ndim() == 2);
  const py::ssize_t count = array.shape(0), dimension = array.shape(1);
  py::ssize_t stride = dimension;
  if (count > 1 && dimension > 0) {
    detail::check<T>(array, array.strides(0) % size == 0 && array.strides(0) >= dimension * size);
    stride = array.strides(0) / size;
  }
  if (count > 0 && dimension > 1) detail::check<T>(array, array.strides(1) == size);
  return {detail::data<T>(array), static_cast<std::size_t>(count), static_cast<std::size_t>(dimension),
          static_cast<std::size_t>(stride)};
}

// Calls work with the rows as what their dtype says: float32, float16, or uint16, the bits of bfloat16.
template <class Work>
void with_rows(const py::array& x, const Work& work) {
  if (holds<Float16>(x)) return work(rows<const Float16>(x));
  if (holds<BFloat16>(x)) return work(rows<const BFloat16>(x));
  return work(rows<const float>(x));
}

}  // namespace hdq::python
