// A kernel in Python on trial: hdq._kernel.Kernel answers the calls, in this process or in forks of it.
#pragma once

#include <pybind11/pybind11.h>

#include <exception>
#include <memory>

#include "hdq/validate/subject/subject.hpp"

namespace hdq::python {

// Ends a validation for good: an exception of Python's that no kernel is to blame for, such as KeyboardInterrupt. No std::exception, which
// the validator takes for its own trouble.
struct Interrupted {
  std::exception_ptr error;  // a pybind11::error_already_set; to be handled with the GIL
};

// Each is to be made, called and destroyed without the GIL, which it takes where it needs it. Throw validate::NoSubject, Interrupted.
// In this process: a crash ends it, and a call that does not return is waited for.
std::unique_ptr<validate::Subject> kernel_in_process(pybind11::object kernel, const validate::Limits& limits);
// In forks of this process, which must be safe to fork: hdq._kernel.serve(kernel) speaks the pipe protocol there.
std::unique_ptr<validate::Subject> kernel_in_forks(pybind11::object kernel, const validate::Limits& limits);
// A kernel that is none of Python's; calls and waiting can be interrupted.
std::unique_ptr<validate::Subject> interruptible(
    const std::function<std::unique_ptr<validate::Subject>(const validate::Limits&)>& open, validate::Limits limits);

}  // namespace hdq::python
