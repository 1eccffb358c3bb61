#include "module.hpp"

namespace hdq::python {

void register_validate(py::module_&) {}

}  // namespace hdq::python
