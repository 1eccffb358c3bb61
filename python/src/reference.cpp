// Certified numbers: each function gives the JSON of a figure (hdq/figures) in exact notation, of which reference.py makes objects.
#include <pybind11/stl.h>

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hdq/codec.hpp"
#include "hdq/figures/adversary.hpp"
#include "hdq/figures/bounds.hpp"
#include "hdq/figures/codebook.hpp"
#include "hdq/figures/constants.hpp"
#include "hdq/figures/expectation.hpp"
#include "hdq/figures/profile_error.hpp"
#include "hdq/figures/profile_file.hpp"
#include "hdq/figures/rate.hpp"
#include "hdq/figures/scalar.hpp"
#include "hdq/figures/usage_error.hpp"
#include "hdq/figures/verification.hpp"
#include "hdq/io/bad_input.hpp"
#include "module.hpp"

namespace hdq::python {
namespace {

using figures::Advance, figures::Notation, figures::Query;
using Json = Notation::Json;

// Work that may be interrupted between its parts: Python's signal handlers run in the main thread alone, whatever thread asks.
class Interruptible {
 public:
  // For figures to call; ends the work once a handler has raised.
  Advance advance() {
    return [this](std::size_t, std::size_t) {
      const std::lock_guard lock(mutex_);
      if (!raised_) {
        const py::gil_scoped_acquire gil;
        if (PyErr_CheckSignals() != 0) {
          PyErr_Fetch(&type_, &value_, &traceback_);
          raised_ = true;
        }
      }
      if (raised_) throw Raised{};
    };
  }

  // f() without the interpreter's lock; what a handler raised is raised again.
  template <class F>
  auto run(const F& f) {
    try {
      const py::gil_scoped_release released;
      return f();
    } catch (const Raised&) {
      PyErr_Restore(type_, value_, traceback_);
      throw py::error_already_set();
    } catch (const figures::UsageError& error) {
      throw py::value_error(error.what());
    } catch (const io::BadInput& error) {
      throw py::value_error(error.what());
    } catch (const reference::BadProfile& error) {
      throw py::value_error(error.what());
    }
  }

 private:
  struct Raised {};
  std::mutex mutex_;
  bool raised_ = false;
  PyObject *type_ = nullptr, *value_ = nullptr, *traceback_ = nullptr;
};

// What f(notation, advance) gives, as text.
template <class F>
std::string figure(int digits, const F& f) {
  Interruptible work;
  return work.run(
      [&] { return f(Notation::exact(digits), work.advance()).dump(-1, ' ', false, Json::error_handler_t::replace); });
}

template <class T>
T by_name(const char* (*name)(T), const std::string& text, const char* what, std::initializer_list<T> known) {
  std::string all;
  for (const T value : known) {
    if (text == name(value)) return value;
    all += (all.empty() ? "" : ", ") + std::string(name(value));
  }
  throw py::value_error(std::string(what) + " is '" + text + "'; it is one of " + all);
}

reference::Rotation rotation_of(const std::string& name) {
  using enum reference::Rotation;
  return by_name(reference::rotation_name, name, "rotation", {hd, hdhd, dense, limit, none});
}

reference::Scheme scheme_of(const std::string& name) {
  using enum reference::Scheme;
  return by_name(reference::scheme_name, name, "scheme", {dithered, lloyd_max, shifted, uniform});
}

reference::ScaleRule rule_of(const std::string& name) {
  using enum reference::ScaleRule;
  return by_name(reference::scale_rule_name, name, "rule", {norm, matched_norm, unbiased, least_squares});
}

// Numbers are texts: "n/d". Throws std::invalid_argument, which Python sees as ValueError.
reference::Codebook codebook_of(const std::vector<std::string>& centroids, const std::vector<std::string>& thresholds,
                                const std::string& unit, bool ties_up) {
  reference::Codebook codebook;
  for (const std::string& c : centroids) codebook.codewords.emplace_back(c);
  for (const std::string& t : thresholds) codebook.thresholds.emplace_back(t);
  if (!unit.empty()) codebook.unit = reference::CodebookUnit::parse(unit);
  codebook.tie = ties_up ? reference::Codebook::Tie::up : reference::Codebook::Tie::down;
  codebook.check();
  return codebook;
}

void register_queries(py::module_& m) {
  py::class_<reference::Codebook>(m, "CodebookNumbers").def(py::init(&codebook_of));
  py::class_<Query>(m, "Query")
      .def(py::init<>())
      .def_readwrite("bits", &Query::bits)
      .def_readwrite("levels", &Query::levels)
      .def_readwrite("sigma", &Query::sigma)
      .def_readwrite("kappa", &Query::kappa)
      .def_readwrite("codebook_file", &Query::codebook_file)
      .def_readwrite("codebook_numbers", &Query::codebook_numbers)
      .def_readwrite("unit", &Query::unit)
      .def_readwrite("profile", &Query::profile)
      .def_readwrite("data_seed", &Query::data_seed)
      .def_readwrite("preset", &Query::preset)
      .def_readwrite("vector", &Query::vector)
      .def_readwrite("numbers", &Query::numbers)
      .def_readwrite("dim", &Query::dim)
      .def("set_scheme", [](Query& query, const std::string& name) { query.scheme = scheme_of(name); })
      .def("set_rule", [](Query& query, const std::string& name) { query.rule = rule_of(name); })
      .def("set_rotation", [](Query& query, const std::string& name) { query.rotation_asked = rotation_of(name); });

  using figures::CodebookQuery;
  py::class_<CodebookQuery>(m, "CodebookQuery")
      .def(py::init<>())
      .def_readwrite("file", &CodebookQuery::file)
      .def_readwrite("unit", &CodebookQuery::unit)
      .def_readwrite("profile", &CodebookQuery::profile)
      .def_readwrite("numbers", &CodebookQuery::numbers)
      .def_readwrite("bits", &CodebookQuery::bits)
      .def_readwrite("dim", &CodebookQuery::dim)
      .def_readwrite("vectors", &CodebookQuery::vectors)
      .def_readwrite("rows", &CodebookQuery::rows)
      .def_readwrite("claims", &CodebookQuery::claims)
      .def("set_rule", [](CodebookQuery& query, const std::string& name) { query.rule = rule_of(name); });
}

std::string bounds(int first, int last, bool asymptotics, bool optimality, int threads) {
  return figure(15, [=](const Notation& notation, const Advance& advance) {
    std::vector<reference::BoundedQuantizer> quantizers;
    for (int b = first; b <= last; ++b) quantizers.push_back(reference::BoundedQuantizer::shipped(b));
    const auto shipped = figures::certify(quantizers, threads, advance);
    std::optional<std::vector<reference::BoundCertificate>> asymptotic;
    if (asymptotics) asymptotic = figures::certify(figures::asymptotic_quantizers(), threads, advance);
    std::optional<std::vector<reference::OptimalityCertificate>> best;
    if (optimality) best = figures::certify_optimality(quantizers, threads, advance);
    return figures::bounds(shipped, asymptotic, best, notation);
  });
}

py::tuple adversary(const Query& query) {
  std::vector<double> x;
  std::string text = figure(10, [&](const Notation& notation, const Advance& advance) {
    return figures::adversary(query, notation, x, advance);
  });
  return py::make_tuple(std::move(text), std::move(x));
}

// Names, bit widths of the codebook (none: there is no codebook) and sources.
py::list profiles() {
  py::list all;
  for (const reference::ShippedProfile& shipped : reference::shipped_profiles()) {
    const reference::Profile profile = reference::parse_profile(shipped.json);
    all.append(py::make_tuple(shipped.name, profile.codebook ? profile.bits : std::vector<int>(), profile.source));
  }
  return all;
}

void register_figures(py::module_& m) {
  m.def("mse", [](const Query& query, int digits) {
    return figure(digits, [&](const Notation& notation, const Advance&) { return figures::mse(query, notation); });
  });
  m.def("bias", [](const Query& query, int digits) {
    return figure(digits, [&](const Notation& notation, const Advance&) { return figures::bias(query, notation); });
  });
  m.def("bounds", &bounds);
  m.def("profile_bounds", [](const std::string& profile, std::uint64_t data_seed, std::size_t dimension) {
    return figure(10, [&](const Notation& notation, const Advance& advance) {
      return figures::profile_bounds({profile, data_seed}, dimension, notation, advance);
    });
  });
  m.def("bound_certificate", [](int bits) {
    return Interruptible().run([=] {
      return reference::to_json(reference::certify_uniform_bound(reference::BoundedQuantizer::shipped(bits)));
    });
  });
  m.def("rate", [](float step, std::optional<int> bits, std::optional<std::size_t> dimension) {
    return figure(7, [=](const Notation& notation, const Advance&) {
      return figures::rate(figures::rate_figures(Step(step), bits, dimension), notation);
    });
  });
  m.def("scalar", [](int bits, std::int64_t levels, const std::string& sigma, const std::string& kappa,
                     const std::string& z, const std::string& u, int digits) {
    return figure(digits, [&](const Notation& notation, const Advance& advance) {
      return figures::scalar({bits, levels, sigma, kappa, z, u}, notation, advance);
    });
  });
  m.def("codebook", [](const figures::CodebookQuery& query, int digits) {
    return figure(digits, [&](const Notation& notation, const Advance& advance) {
      return figures::codebook(query, figures::codebook_of(query), notation, advance);
    });
  });
  m.def("adversary", &adversary);
  m.def("verify_certificate", [](const std::string& path) {
    return figure(
        15, [&](const Notation& notation, const Advance&) { return figures::verify_certificate(path, notation); });
  });
  m.def("constants", [] { return Interruptible().run(figures::constants); });
  m.def("profiles", &profiles);
  m.def("profile_text",
        [](const std::string& name) { return Interruptible().run([&] { return figures::profile_text(name); }); });
  // The float32 step that attains a rate or an error.
  m.def("step_of_rate", [](double rate) { return static_cast<double>(Step::of_rate(rate).value()); });
  m.def("step_of_error", [](double error) { return static_cast<double>(Step::of_error(error).value()); });
}

}  // namespace

void register_reference(py::module_& module) {
  py::module_ figures = module.def_submodule("figures", "What hdq.reference calls.");
  register_queries(figures);
  register_figures(figures);
  py::register_local_exception<reference::Unaffordable>(figures, "Unaffordable", PyExc_RuntimeError);
}

}  // namespace hdq::python
