#include "kernel_subject.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>

#include "hdq/io/text.hpp"
#include "hdq/validate/subject/pipe_protocol.hpp"
#include "hdq/validate/subject/pipe_subject.hpp"

namespace hdq::python {
namespace {

namespace py = pybind11;
using namespace hdq::validate;
using Clock = std::chrono::steady_clock;

// A signal that Python has a handler for: what the handler raises ends the validation. Without the GIL.
void let_python_interrupt() {
  const py::gil_scoped_acquire gil;
  try {
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  } catch (const py::error_already_set&) {
    throw Interrupted{std::current_exception()};
  }
}

// hdq._kernel says so of a call that came back.
Reply with_outcome_of_message(Reply reply) {
  constexpr std::string_view modified = "modified its input";
  if (reply.outcome != Outcome::failed || !reply.detail.starts_with(modified)) return reply;
  reply.outcome = Outcome::wrote_input;
  reply.returned = true;
  return reply;
}

py::tuple config_of(const Config& c) {
  return py::make_tuple(c.dimension, c.order, c.seed, c.step != 0 ? 0 : c.bits, c.threads, c.variant, c.step);
}

py::list inputs_of(const Request& request) {
  py::list inputs;
  for (const auto& input : request.inputs)
    inputs.append(py::bytes(reinterpret_cast<const char*>(input.data()), input.size()));
  return inputs;
}

// (status, row, column, message, outputs): the outputs are as long as asked for, but for the last one of save and put_row.
Reply reply_of(const Request& request, const py::tuple& answer) {
  Reply reply;
  reply.outcome = static_cast<Outcome>(answer[0].cast<std::uint32_t>());
  reply.row = answer[1].cast<std::uint64_t>();
  reply.column = answer[2].cast<std::uint64_t>();
  reply.detail = io::shortened(io::printable(answer[3].cast<std::string>()), 200);
  if (!reply.ok()) return with_outcome_of_message(std::move(reply));
  std::size_t index = 0;
  for (const py::handle output : answer[4]) {
    const py::buffer_info bytes = py::reinterpret_borrow<py::buffer>(output).request();
    const auto size = static_cast<std::size_t>(bytes.size * bytes.itemsize);
    std::vector<std::uint8_t> copy(static_cast<std::size_t>(request.output_bytes.at(index++)));
    if (size != 0) std::memcpy(copy.data(), bytes.ptr, std::min(size, copy.size()));
    reply.size = size;
    reply.outputs.push_back(std::move(copy));
  }
  return reply;
}

class InProcess final : public Subject {
 public:
  InProcess(py::object kernel, const Limits& limits) : kernel_(std::move(kernel)), limits_(limits) {
    std::string info;
    {
      const py::gil_scoped_acquire gil;
      try {
        info = kernel_.attr("info")().cast<std::string>();
      } catch (const py::error_already_set&) {
        throw Interrupted{std::current_exception()};
      }
    }
    info_ = parsed(info);
  }
  ~InProcess() override {
    const py::gil_scoped_acquire gil;
    kernel_ = py::object();
  }

  const SubjectInfo& info() const override { return info_; }
  std::string command_line() const override { return "kernel"; }

  Reply call(const Request& request) override {
    if (const std::string excess = excess_of(request); !excess.empty()) return failure_of(Outcome::failed, excess);
    const auto start = Clock::now();
    Reply reply;
    {
      const py::gil_scoped_acquire gil;
      try {
        py::list bytes;
        for (const std::uint64_t output : request.output_bytes) bytes.append(output);
        reply = reply_of(request, kernel_.attr("answer")(static_cast<std::uint32_t>(request.operation),
                                                         config_of(request.config), request.first_row, request.rows,
                                                         request.count, request.word, inputs_of(request), bytes));
      } catch (const py::error_already_set&) {
        throw Interrupted{std::current_exception()};
      }
    }
    if (Clock::now() - start <= limits_.call) return reply;
    return failure_of(Outcome::hung, "it returned, but not within the time limit");
  }

  void restart() override {
    const py::gil_scoped_acquire gil;
    try {
      kernel_.attr("renew")();
    } catch (const py::error_already_set&) {
      throw Interrupted{std::current_exception()};
    }
  }

 private:
  static SubjectInfo parsed(const std::string& info) try {
    return parse_subject_info(info);
  } catch (const std::runtime_error& error) {
    throw NoSubject(error.what());
  }

  py::object kernel_;
  Limits limits_;
  SubjectInfo info_;
};

// Looks for signals some times a second, however long or short calls are.
class Watched final : public Subject {
 public:
  explicit Watched(std::unique_ptr<Subject> inner) : inner_(std::move(inner)) {}

  const SubjectInfo& info() const override { return inner_->info(); }
  Reply call(const Request& request) override {
    look();
    return with_outcome_of_message(inner_->call(request));
  }
  void restart() override { inner_->restart(); }
  std::string command_line() const override { return inner_->command_line(); }
  double waited_for_processor() const override { return inner_->waited_for_processor(); }
  std::optional<Usage> usage() const override { return inner_->usage(); }
  bool calls_functions() const override { return inner_->calls_functions(); }
  Repetition repeat(const Request& request, const Windows& windows) override {
    look();
    return inner_->repeat(request, windows);
  }
  std::pair<Reply, Reply> at_once(const Request& a, const Request& b, std::chrono::milliseconds at_most) override {
    look();
    return inner_->at_once(a, b, at_most);
  }

 private:
  void look() {
    if (Clock::now() < next_look_) return;
    let_python_interrupt();
    next_look_ = Clock::now() + std::chrono::milliseconds(100);
  }

  std::unique_ptr<Subject> inner_;
  Clock::time_point next_look_{};
};

// The process that was forked last, with one thread. hdq._kernel.serve does not return.
[[noreturn]] void serve(const py::object& kernel) {
  PyOS_AfterFork_Child();
  try {
    py::module_::import("hdq._kernel").attr("serve")(kernel);
  } catch (...) {
  }
  ::_exit(1);
}

// A fork begins with the pages of this process, and so do the two processes above it; what a kernel takes comes on top.
std::uint64_t inherited_bytes() {
  constexpr std::uint64_t processes = 3;
  std::uint64_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return processes * resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::unique_ptr<ContainedProcess> forked(const py::object& kernel, const ContainedProcess::Streams& streams) {
  const py::gil_scoped_acquire gil;
  PyOS_BeforeFork();
  struct Forked {
    ~Forked() { PyOS_AfterFork_Parent(); }
  } const forked;
  return std::make_unique<ContainedProcess>(streams, -1, [&] { serve(kernel); });
}

}  // namespace

std::unique_ptr<Subject> kernel_in_process(py::object kernel, const Limits& limits) {
  return std::make_unique<InProcess>(std::move(kernel), limits);
}

std::unique_ptr<Subject> kernel_in_forks(py::object kernel, const Limits& limits) {
  Limits roomy = limits;
  roomy.memory += std::min(inherited_bytes(), UINT64_MAX - limits.memory);
  // Taken and given back with the GIL.
  const std::shared_ptr<py::object> held(new py::object(std::move(kernel)), [](py::object* object) {
    const py::gil_scoped_acquire gil;
    delete object;
  });
  return interruptible(
      [&](const Limits& watched) {
        return std::make_unique<PipeSubject>(
            "kernel", [held](const ContainedProcess::Streams& streams) { return forked(*held, streams); }, watched);
      },
      roomy);
}

std::unique_ptr<Subject> interruptible(const std::function<std::unique_ptr<Subject>(const Limits&)>& open,
                                       Limits limits) {
  limits.while_waiting = let_python_interrupt;
  return std::make_unique<Watched>(open(limits));
}

}  // namespace hdq::python
