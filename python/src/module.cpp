// hdq._hdq: what the Python package (python/hdq) has of C++. Names, conversions of arrays and messages for people are
// in Python.
#include "module.hpp"

PYBIND11_MODULE(_hdq, module) {
  module.doc() = "The compiled part of hdq; import hdq instead.";
  module.attr("__version__") = HDQ_VERSION;
  hdq::python::register_errors(module);
  hdq::python::register_dlpack(module);
  hdq::python::register_codec(module);
  hdq::python::register_stages(module);
  hdq::python::register_entropy(module);
  hdq::python::register_attention(module);
  hdq::python::register_files(module);
  hdq::python::register_mean(module);
  hdq::python::register_reference(module);
  hdq::python::register_validate(module);
}
