// Means of encoded rows (hdq/means.py). An accumulator has one call at a time: calls wait for each other without the interpreter.
#include "hdq/mean.hpp"

#include <pybind11/stl.h>

#include <mutex>

#include "array.hpp"
#include "codec.hpp"

namespace hdq::python {
namespace {

struct Mean {
  MeanAccumulator sum;
  mutable std::mutex calls = {};
  explicit Mean(MeanAccumulator&& made) : sum(std::move(made)) {}
};

template <class Work>
auto alone(Mean& self, const Work& work) {
  const py::gil_scoped_release released;
  const std::scoped_lock lock(self.calls);
  return work(self.sum);
}

// weights: float64, one for all rows or one for each.
void add(Mean& self, const Codec& codec, const py::array& norms, const py::array& codes, std::uint64_t first_row,
         const py::array& weights, const std::optional<py::array>& centre) {
  const EncodedView rows(numbers<const float>(norms), numbers<const std::uint8_t>(codes), first_row);
  const auto factors = numbers<const double>(weights);
  const auto mu = mean_of(centre);
  alone(self, [&](MeanAccumulator& sum) { sum.add(codec, rows, factors, mu); });
}

void add_file(Mean& self, const FileReader& file, const py::array& weights, const std::string& isa, int threads) {
  const auto factors = numbers<const double>(weights);
  const CodecOptions options{.isa = isa_of(isa), .threads = threads};
  alone(self, [&](MeanAccumulator& sum) { sum.add(file, factors, options); });
}

// The other one is copied under its own lock, so that no two locks are ever held.
void merge(Mean& self, Mean& other) {
  const MeanAccumulator theirs = alone(other, [](MeanAccumulator& sum) { return sum; });
  alone(self, [&](MeanAccumulator& sum) { sum.merge(theirs); });
}

void take_mean(Mean& self, std::optional<double> total, const std::string& isa, const py::array& out) {
  const auto to = numbers<float>(out);
  const Isa on = isa_of(isa);
  alone(self, [&](MeanAccumulator& sum) { total ? sum.mean(to, *total, on) : sum.mean(to, on); });
}

py::bytes state(Mean& self) {
  const std::vector<std::uint8_t> bytes = alone(self, [](MeanAccumulator& sum) { return sum.state(); });
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::unique_ptr<Mean> of_state(const py::bytes& state) {
  const auto text = static_cast<std::string_view>(state);
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  const py::gil_scoped_release released;
  return std::make_unique<Mean>(MeanAccumulator::of_state(bytes));
}

template <auto Property>
auto property() {
  return [](Mean& self) { return alone(self, [](MeanAccumulator& sum) { return (sum.*Property)(); }); };
}

}  // namespace

void register_mean(py::module_& module) {
  py::class_<Mean>(module, "MeanAccumulator")
      .def(py::init([](std::size_t dimension, std::uint64_t seed) {
        return std::make_unique<Mean>(MeanAccumulator(dimension, seed));
      }))
      .def_static("of_state", &of_state)
      .def("state", &state)
      .def("copy",
           [](Mean& self) { return std::make_unique<Mean>(alone(self, [](MeanAccumulator& sum) { return sum; })); })
      .def("add", &add)
      .def("add_file", &add_file)
      .def("merge", &merge)
      .def("mean", &take_mean)
      .def_property_readonly("dimension", property<&MeanAccumulator::dimension>())
      .def_property_readonly("seed", property<&MeanAccumulator::seed>())
      .def_property_readonly("rows", property<&MeanAccumulator::rows>())
      .def_property_readonly("weight", property<&MeanAccumulator::weight>())
      .def_property_readonly("error_bound", property<&MeanAccumulator::error_bound>())
      .def_property_readonly("mean_square", property<&MeanAccumulator::mean_square>());
}

}  // namespace hdq::python
