// The parts of hdq._hdq, each registered by the file of its name.
#pragma once

#include <pybind11/pybind11.h>

namespace hdq::python {

namespace py = pybind11;

void register_errors(py::module_& module);     // of the library, as Python's
void register_dlpack(py::module_& module);     // tensors of other frameworks
void register_codec(py::module_& module);      // codecs, scores, search
void register_stages(py::module_& module);     // the codec's stages one by one
void register_entropy(py::module_& module);    // streams of entropy-coded rows
void register_attention(py::module_& module);  // caches of keys and values
void register_mean(py::module_& module);       // weighted means of encoded rows
void register_files(py::module_& module);      // files of codes
void register_reference(py::module_& module);  // certified numbers
void register_validate(py::module_& module);   // the judge of kernels

}  // namespace hdq::python
