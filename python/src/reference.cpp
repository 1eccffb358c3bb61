#include "module.hpp"

namespace hdq::python {

void register_reference(py::module_&) {}

}  // namespace hdq::python
