// hdq._hdq.judge: the validator on a kernel of Python's, a plug-in or a program (python/hdq/validation.py).
#include <fmt/format.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <sys/prctl.h>

#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hdq/reference/profile/profile.hpp"
#include "hdq/stages.hpp"
#include "hdq/validate/driver/validator.hpp"
#include "hdq/validate/explain/defect.hpp"
#include "hdq/validate/subject/pipe_subject.hpp"
#include "hdq/validate/subject/plugin_subject.hpp"
#include "kernel_subject.hpp"
#include "module.hpp"

namespace hdq::python {
namespace {

using namespace hdq::validate;

// hdq::validate takes children of children that lose their parents; whoever imports this module may not expect that of its process later.
class SubreaperKept {
 public:
  SubreaperKept() { ::prctl(PR_GET_CHILD_SUBREAPER, &before_); }
  ~SubreaperKept() { ::prctl(PR_SET_CHILD_SUBREAPER, before_); }
  SubreaperKept(const SubreaperKept&) = delete;
  SubreaperKept& operator=(const SubreaperKept&) = delete;

 private:
  int before_ = 0;
};

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(1000 * seconds)));
}

// Without the GIL.
std::unique_ptr<Subject> opened(const std::string& kind, const py::object& kernel,
                                const std::vector<std::string>& words, const Limits& limits) {
  if (kind == "in process") return kernel_in_process(kernel, limits);
  if (kind == "in forks") return kernel_in_forks(kernel, limits);
  return interruptible(
      [&](const Limits& watched) -> std::unique_ptr<Subject> {
        if (kind == "plug-in") return std::make_unique<PluginSubject>(words.at(0), watched);
        return std::make_unique<PipeSubject>(words, watched);
      },
      limits);
}

Options options_of(const py::dict& given) {
  Options o;
  const auto level = given["level"].cast<std::string>();
  o.level = level == "quick" ? Level::quick : level == "thorough" ? Level::thorough : Level::standard;
  o.only = given["only"].cast<std::vector<std::string>>();
  o.skip = given["skip"].cast<std::vector<std::string>>();
  o.seed = given["random_seed"].cast<std::uint64_t>();
  o.variant = given["variant"].cast<std::uint32_t>();
  o.fail_fast = given["fail_fast"].cast<bool>();
  o.output_directory = given["save_failing"].cast<std::string>();
  o.profile = given["profile"].cast<std::string>();
  o.profile_argument = given["profile_argument"].cast<std::string>();
  o.dimensions = given["dimensions"].cast<std::vector<std::uint64_t>>();
  const auto claim = given["claim"].cast<std::string>();
  o.claim = claim == "unbiased" ? Claim::unbiased : claim == "error" ? Claim::error : Claim::unstated;
  const auto scheme = given["scheme"].cast<std::string>();
  o.scheme = scheme == "entropy-coded" ? Scheme::entropy_coded
             : scheme == "fixed-rate"  ? Scheme::fixed_rate
                                       : Scheme::unstated;
  o.seconds = given["seconds"].cast<std::optional<double>>();
  return o;
}

// Rows to judge, or nothing.
std::optional<Case> case_of(const py::dict& given) {
  if (given["input"].is_none()) return std::nullopt;
  const auto x = given["input"].cast<py::array_t<float, py::array::c_style>>();
  Case c;
  c.config.dimension = static_cast<std::uint64_t>(x.shape(1));
  const auto profile = given["profile"].cast<std::string>();
  c.config.bits = given["bits"].cast<std::uint32_t>();
  c.config.order = profile.empty()
                       ? hadamard_order(c.config.dimension).order
                       : reference::profile_of(profile).padded(c.config.dimension, static_cast<int>(c.config.bits));
  c.config.seed = given["seed"].cast<std::uint64_t>();
  c.config.step = given["step"].cast<float>();
  c.config.variant = given["variant"].cast<std::uint32_t>();
  c.first_row = given["row"].cast<std::uint64_t>();
  c.x.assign(x.data(), x.data() + x.size());
  return c;
}

// `beginning` is a call of hdq.validate, up to its last arguments; without_input are those of what the checks make up.
std::string python_line(const std::string& beginning, const std::string& without_input, const Replay& again) {
  std::string line = fmt::format("{}, only=\"{}\"", beginning, again.checks);
  if (again.input == nullptr) return line + without_input + ")";
  const Config& config = again.input->config;
  line +=
      again.input_file.empty() ? ", input=finding.input" : fmt::format(", input=numpy.load(\"{}\")", again.input_file);
  line += config.step != 0 ? fmt::format(", step={:.9g}", config.step) : fmt::format(", bits={}", config.bits);
  line += fmt::format(", seed={}, row={}", config.seed, again.input->first_row);
  return line + (config.variant != 0 ? fmt::format(", variant={})", config.variant) : ")");
}

template <class T>
py::object array_or_none(const std::vector<T>& values) {
  if (values.empty()) return py::none();
  return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}

py::tuple arrays_of(const Comparison& c) { return py::make_tuple(array_or_none(c.got), array_or_none(c.expected), array_or_none(c.bound)); }

py::list arrays_of(const Verdict& verdict) {
  py::list all;
  for (const Finding* f : verdict.findings()) {
    py::object input = array_or_none(f->input);
    if (!input.is_none()) input = input.attr("reshape")(-1, f->config.dimension);
    all.append(py::make_tuple(input, arrays_of(f->row_values), arrays_of(f->first_seen)));
  }
  return all;
}

// (JSON, text, JUnit XML, [(input, (got, expected, bound), the same as first seen) of each finding]).
py::tuple judge(const std::string& kind, const py::object& kernel, const std::vector<std::string>& words,
                const py::dict& given) {
  Options options = options_of(given);
  const std::optional<Case> input = case_of(given);
  Limits limits(milliseconds(given["time_limit"].cast<double>()));
  limits.start = milliseconds(given["start_limit"].cast<double>());
  if (const auto most = given["memory_limit"].cast<std::optional<double>>())
    limits.memory = static_cast<std::uint64_t>(*most * 0x1p30);
  const auto beginning = given["replay"].cast<std::string>(),
             without_input = given["replay_without_input"].cast<std::string>();
  if (!beginning.empty())
    options.replay = [&](const Replay& again) { return python_line(beginning, without_input, again); };
  const auto remarks = given["remarks"].cast<std::vector<std::string>>();
  Verdict verdict;
  try {
    const py::gil_scoped_release without_gil;
    const SubreaperKept kept;
    const std::unique_ptr<Subject> subject = opened(kind, kernel, words, limits);
    verdict = validate::validate(*subject, options, input);
  } catch (const Interrupted& interrupted) {
    std::rethrow_exception(interrupted.error);
  } catch (const NoSubject& error) {
    throw py::value_error(error.what());
  } catch (const reference::BadProfile& error) {
    throw py::value_error(std::string("the profile: ") + error.what());
  }
  verdict.remarks.insert(verdict.remarks.end(), remarks.begin(), remarks.end());
  return py::make_tuple(json_report(verdict), text_report(verdict), junit_report(verdict), arrays_of(verdict),
                        verdict.unwritten);
}

// Numbers that encode stores of a row; 1 where nothing is offered.
std::size_t stored_per_row(const std::string& profile, std::size_t n, int bits) try {
  const reference::Profile p = reference::profile_of(profile);
  return p.offers(n, bits) ? p.stored_per_row(n, bits) : std::size_t{1};
} catch (const reference::BadProfile& error) {
  throw py::value_error(std::string("the profile: ") + error.what());
}

}  // namespace

void register_validate(py::module_& module) {
  module.def("judge", &judge);
  module.def("check_names", &check_names);
  module.def("defect_meaning", [](const std::string& id) {
    const DefectClass* found = find_defect_class(id);
    return std::string(found == nullptr ? "" : found->meaning);
  });
  module.def("shipped_profiles", [] {
    std::map<std::string, std::string> all;
    for (const reference::ShippedProfile& p : reference::shipped_profiles()) all.emplace(p.name, p.json);
    return all;
  });
  module.def("stored_per_row", &stored_per_row);
}

}  // namespace hdq::python
