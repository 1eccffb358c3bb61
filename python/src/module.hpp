// The parts of hdq._hdq, each registered by the file of its name.
#pragma once

#include <pybind11/pybind11.h>

namespace hdq::python {

namespace py = pybind11;

void register_codec(py::module_& module);      // codecs, codes, files, search
void register_reference(py::module_& module);  // certified numbers
void register_validate(py::module_& module);   // the judge of kernels

}  // namespace hdq::python
