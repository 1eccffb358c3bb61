#include "module.hpp"

namespace hdq::python {

void register_codec(py::module_&) {}

}  // namespace hdq::python
