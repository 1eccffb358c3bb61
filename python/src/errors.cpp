// Errors of the library as exceptions of Python (hdq/errors.py).
#include "hdq/types.hpp"
#include "module.hpp"

namespace hdq::python {
namespace {

// Names of files need not be UTF-8.
py::object text(const std::exception& error) {
  return py::reinterpret_steal<py::object>(PyUnicode_DecodeFSDefault(error.what()));
}

void raise(const char* name, const py::tuple& arguments) {
  const py::object type = py::module_::import("hdq.errors").attr(name);
  PyErr_SetObject(type.ptr(), arguments.ptr());
}

void translate(std::exception_ptr error) {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const InvalidInput& bad) {
    const py::object column =
        bad.column == InvalidInput::npos ? py::object(py::none()) : py::object(py::int_(bad.column));
    raise("InvalidInput", py::make_tuple(text(bad), bad.row, column));
  } catch (const FileError& bad) {
    raise("FileError", py::make_tuple(text(bad)));
  } catch (const InvalidArgument& bad) {
    PyErr_SetObject(PyExc_ValueError, text(bad).ptr());
  }
}

}  // namespace

void register_errors(py::module_&) { py::register_local_exception_translator(translate); }

}  // namespace hdq::python
