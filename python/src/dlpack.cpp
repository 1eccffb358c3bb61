// Tensors of other frameworks without a copy: DLPack (dmlc.github.io/dlpack, the capsule "dltensor"). numpy's own
// reader knows no bfloat16.
#include <pybind11/numpy.h>

#include <cstdint>
#include <string>
#include <vector>

#include "module.hpp"

namespace hdq::python {
namespace {

// The binary interface, as published.
struct Tensor {
  void* data;
  std::int32_t device_type, device_id;
  std::int32_t dimensions;
  std::uint8_t kind, bits;
  std::uint16_t lanes;
  std::int64_t* shape;
  std::int64_t* strides;  // in elements; null: C-contiguous
  std::uint64_t byte_offset;
};
struct ManagedTensor {
  Tensor tensor;
  void* context;
  void (*deleter)(ManagedTensor*);
};
enum : std::uint8_t { signed_integer = 0, unsigned_integer = 1, real = 2, bfloat = 4 };

std::string dtype_of(const Tensor& tensor) {
  const std::string bytes = std::to_string(tensor.bits / 8);
  if (tensor.lanes != 1 || tensor.bits % 8 != 0) throw py::type_error("a tensor of packed or vector numbers");
  switch (tensor.kind) {
    case signed_integer:
      return "i" + bytes;
    case unsigned_integer:
      return "u" + bytes;
    case real:
      return "f" + bytes;
    case bfloat:
      return "u" + bytes;
    default:
      throw py::type_error("a tensor of numbers that are neither real nor integers");
  }
}

void release(ManagedTensor* managed) {
  if (managed->deleter != nullptr) managed->deleter(managed);
}

// (array, whether its uint16 numbers are bits of bfloat16).
py::tuple from_dlpack(const py::capsule& capsule) {
  if (!PyCapsule_IsValid(capsule.ptr(), "dltensor")) throw py::type_error("not a capsule of DLPack");
  auto* managed = static_cast<ManagedTensor*>(PyCapsule_GetPointer(capsule.ptr(), "dltensor"));
  const Tensor& tensor = managed->tensor;
  const py::dtype type(dtype_of(tensor));
  const auto size = static_cast<std::int64_t>(tensor.bits / 8);
  const auto dimensions = static_cast<std::size_t>(tensor.dimensions);
  std::vector<py::ssize_t> shape(tensor.shape, tensor.shape + dimensions), strides(dimensions);
  std::int64_t contiguous = size;
  for (std::size_t i = dimensions; i-- > 0;) {
    strides[i] = tensor.strides != nullptr ? tensor.strides[i] * size : contiguous;
    contiguous *= tensor.shape[i];
  }
  PyCapsule_SetName(capsule.ptr(), "used_dltensor");  // from here on the tensor is ours to release
  const py::capsule owner(managed, [](void* all) { release(static_cast<ManagedTensor*>(all)); });
  py::array array(type, shape, strides, static_cast<const char*>(tensor.data) + tensor.byte_offset, owner);
  return py::make_tuple(array, tensor.kind == bfloat);
}

}  // namespace

void register_dlpack(py::module_& module) { module.def("from_dlpack", &from_dlpack); }

}  // namespace hdq::python
