// Streams of entropy-coded rows (hdq/entropy.py).
#include "array.hpp"
#include "codec.hpp"
#include "hdq/entropy_coder.hpp"

namespace hdq::python {
namespace {

using py::gil_scoped_release;

template <class T>
py::array copied(const T* data, std::size_t count) {
  return py::array_t<T>(static_cast<py::ssize_t>(count), data);
}

// (lengths, raw, streams)
py::tuple encode(const EntropyCoder& coder, const py::array& norms, const py::array& codes, std::uint64_t first_row) {
  const EncodedView from(numbers<const float>(norms), numbers<const std::uint8_t>(codes), first_row);
  PackedRows packed;
  {
    const gil_scoped_release released;
    packed = coder.encode(from);
  }
  return py::make_tuple(copied(packed.lengths.data(), packed.lengths.size()),
                        copied(packed.raw.data(), packed.raw.size()),
                        copied(packed.streams.data(), packed.streams.size()));
}

void decode(const EntropyCoder& coder, const py::array& lengths, const py::array& raw, const py::array& streams,
            std::uint64_t first_row, const py::array& norms, const py::array& codes) {
  const auto sizes = numbers<const std::uint32_t>(lengths);
  const auto low = numbers<const std::uint8_t>(raw), bytes = numbers<const std::uint8_t>(streams);
  const EncodedBuffer to(numbers<float>(norms), numbers<std::uint8_t>(codes), first_row);
  const gil_scoped_release released;
  coder.decode(sizes, low, bytes, to);
}

}  // namespace

void register_entropy(py::module_& module) {
  py::class_<EntropyCoder>(module, "EntropyCoder")
      .def(py::init<const Codec&>())
      .def_property_readonly("raw_bytes", &EntropyCoder::raw_bytes)
      .def_property_readonly("largest_symbol", &EntropyCoder::largest_symbol)
      .def("frequencies",
           [](const EntropyCoder& coder, int bucket) {
             const auto found = coder.frequencies(bucket);
             return copied(found.data(), found.size());
           })
      .def("encode", &encode)
      .def("decode", &decode);
}

}  // namespace hdq::python
