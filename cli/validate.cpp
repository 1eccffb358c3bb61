// hdq validate: judges a kernel, stage by stage and as a whole (docs/validate.md).
#include "validate.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "command.hpp"
#include "files.hpp"
#include "hdq/io/text.hpp"
#include "hdq/stages.hpp"
#include "hdq/validate/driver/validator.hpp"
#include "hdq/validate/subject/pipe_subject.hpp"
#include "hdq/validate/subject/plugin_subject.hpp"
#include "options.hpp"
#include "profile_argument.hpp"

namespace hdq::cli {
namespace {

constexpr std::uint64_t largest_audited_dimension = std::uint64_t{1} << 20, most_audited_rows = 256;

// A shared object, by its name (x.so, x.so.1, x.dylib); anything else is a program behind a pipe.
bool is_plugin(const std::vector<std::string>& subject) {
  const std::string& name = subject[0];
  return subject.size() == 1 && (name.ends_with(".so") || name.ends_with(".dylib") || name.find(".so.") != std::string::npos);
}

// Two processes of a program may be more than its machine is for: a framework, say, that takes a GPU's memory as its own.
int processes(const ValidateArguments& arguments) {
  if (arguments.processes != 0) return arguments.processes;
  return is_plugin(arguments.subject) && std::thread::hardware_concurrency() > 1 ? 2 : 1;
}

std::unique_ptr<validate::Subject> open_kernel(const ValidateArguments& arguments) {
  const auto milliseconds = [](double seconds) { return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(1000 * seconds))); };
  validate::Limits limit(milliseconds(arguments.time_limit));
  limit.start = milliseconds(arguments.start_limit);
  limit.memory /= static_cast<std::uint64_t>(processes(arguments)) * arguments.runs_here;
  if (arguments.memory_limit) limit.memory = static_cast<std::uint64_t>(*arguments.memory_limit * 0x1p30);
  if (is_plugin(arguments.subject)) return std::make_unique<validate::PluginSubject>(arguments.subject[0], limit);
  return std::make_unique<validate::PipeSubject>(arguments.subject, limit);
}

// The rows of --input under --bits, --seed and --row.
std::optional<validate::Case> input_of(const ValidateArguments& arguments) {
  if (arguments.input.empty()) return std::nullopt;
  if ((arguments.bits == 0) == !arguments.step)
    throw UsageError("--input needs --bits, or --step, of what the kernel is judged by");
  const VectorReader file(arguments.input);
  validate::Case c;
  c.config.dimension = file.dimension();
  c.config.order = hadamard_order(file.dimension()).order;
  c.config.bits = arguments.step ? 1 : static_cast<std::uint32_t>(arguments.bits);
  c.config.step = static_cast<float>(arguments.step.value_or(0));
  if (arguments.step && !(c.config.step >= validate::least_step && c.config.step <= validate::greatest_step))
    throw UsageError("--step is from 2^-10 to 16");
  c.config.seed = arguments.seed;
  c.config.variant = arguments.options.variant;
  c.first_row = arguments.row;
  c.x = file.read_all();
  return c;
}

// --dims: whole numbers from 1 to 2^24, each named if it is none.
std::vector<std::uint64_t> dimensions_of(const ValidateArguments& arguments) {
  std::vector<std::uint64_t> dimensions;
  for (const std::string& word : arguments.dimensions) {
    std::uint64_t n = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), n);
    if (error != std::errc() || end != word.data() + word.size() || n == 0 || n > largest_audited_dimension) {
      throw UsageError(fmt::format("--dims: {} is no dimension from 1 to {}", io::printable(word), largest_audited_dimension));
    }
    dimensions.push_back(n);
  }
  return dimensions;
}

// The rows of --vectors: finite, of a norm that float32 holds, not zero.
validate::AuditedRows audited_rows(const ValidateArguments& arguments) {
  validate::AuditedRows rows;
  if (arguments.audited.empty()) return rows;
  const VectorReader file(arguments.audited);
  if (file.rows() == 0) throw BadInput(file.name() + ": no rows to audit");
  if (file.rows() > most_audited_rows) throw BadInput(fmt::format("{}: {} rows, at most {} are audited", file.name(), file.rows(), most_audited_rows));
  rows.source = file.name();
  rows.dimension = file.dimension();
  rows.x = file.read_all();
  for (std::size_t row = 0; row < file.rows(); ++row) {
    double squares = 0;
    for (std::size_t i = 0; i < rows.dimension; ++i) squares += std::pow(static_cast<double>(rows.x[row * rows.dimension + i]), 2);
    if (!std::isfinite(squares)) throw BadInput(fmt::format("{}: row {} holds NaN or infinity", file.name(), row));
    if (!(std::sqrt(squares) > 1e-30 && std::sqrt(squares) < 1e30)) {
      throw BadInput(fmt::format("{}: row {} has norm {:.3g}; the audit takes 1e-30 to 1e30", file.name(), row, std::sqrt(squares)));
    }
  }
  return rows;
}

// What could not be written later would be found out after minutes of judging.
void expect_places_to_write(const ValidateArguments& arguments) {
  const auto expect_directory = [](const std::string& path, const std::string& whose) {
    std::error_code error;
    if (!std::filesystem::is_directory(path, error)) throw UsageError(fmt::format("{}: there is no directory {}", whose, io::excerpt(path)));
    if (::access(path.c_str(), W_OK | X_OK) != 0) throw UsageError(fmt::format("{}: cannot write into {}", whose, io::excerpt(path)));
  };
  if (arguments.input.empty() && !arguments.options.output_directory.empty()) expect_directory(arguments.options.output_directory, "--output");
  if (arguments.junit.empty()) return;
  const std::filesystem::path junit(arguments.junit), directory = junit.parent_path();
  expect_directory(directory.empty() ? "." : directory.string(), "--junit");
  std::error_code error;
  if (std::filesystem::is_directory(junit, error)) throw UsageError(fmt::format("--junit: {} is a directory", io::excerpt(arguments.junit)));
}

// The verdict is said, whatever becomes of the files; a failing one is also the exit status.
int told(const ValidateArguments& arguments, const validate::Verdict& verdict) {
  if (arguments.json) fmt::print("{}\n", validate::json_report(verdict));
  else fmt::print("{}", validate::text_report(verdict));
  std::fflush(stdout);
  std::string unwritten = verdict.unwritten;
  try {
    if (!arguments.junit.empty()) write_file(arguments.junit, validate::junit_report(verdict));
  } catch (const std::exception& error) {
    unwritten = error.what();
  }
  if (unwritten.empty()) return verdict.exit_code();
  if (verdict.exit_code() == exit_ok) throw BadInput(unwritten);
  fmt::print(stderr, "hdq: {}\n", io::printable(unwritten));
  return verdict.exit_code();
}

int run(const ValidateArguments& arguments) {
  if (arguments.list) {
    for (const std::string& name : validate::check_names()) fmt::print("{}\n", name);
    return exit_ok;
  }
  return told(arguments, judge(arguments));
}

}  // namespace

validate::Verdict judge(const ValidateArguments& arguments) try {
  expect_places_to_write(arguments);
  const std::optional<validate::Case> input = input_of(arguments);
  validate::Options options = arguments.options;
  if (!arguments.profile.empty()) {
    read_profile(arguments.profile);  // errors name the file
    options.profile = profile_text(arguments.profile);
    options.profile_argument = arguments.profile;
  }
  if (arguments.subject.empty()) throw UsageError("name a plug-in, or after -- a program");
  const std::unique_ptr<validate::Subject> subject = open_kernel(arguments);
  options.dimensions = dimensions_of(arguments);
  options.rows = audited_rows(arguments);
  std::function<std::unique_ptr<validate::Subject>()> open_another;
  if (processes(arguments) > 1) open_another = [&] { return open_kernel(arguments); };
  return validate::validate(*subject, options, input, open_another);
} catch (const reference::BadProfile& error) {
  throw UsageError(fmt::format("the kernel's profile: {}", error.what()));
} catch (const validate::NoSubject& error) {
  throw UsageError(error.what());
} catch (const std::invalid_argument& error) {
  throw UsageError(error.what());
}

void add_validate(CLI::App& app) {
  auto arguments = std::make_shared<ValidateArguments>();
  Command command = add_command(app, "validate", "Judge a quantization kernel: which stage is wrong, where first, and why",
                                  "hdq validate ./my_kernel.so", [arguments] { return run(*arguments); });
  arguments->add_to(command);
}

void ValidateArguments::add_to(Command command) {
  command.texts("KERNEL", subject,
                      "A plug-in that exports hdq_kernel_v1 (hdq/hdq_kernel.h); or, after --, a program and its arguments "
                      "(docs/pipe-protocol.md)");
  add_profile(command, profile);
  command
      .choice("--level", options.level,
              std::map<std::string, validate::Level>{
                  {"quick", validate::Level::quick}, {"default", validate::Level::standard}, {"thorough", validate::Level::thorough}},
              "quick (10 s), default (a minute) or thorough")
      .show("LEVEL");
  command.comma_separated("--only", options.only, "Checks to run, separated by commas");
  command.comma_separated("--skip", options.skip, "Checks not to run");
  command.flag("--list", list, "The names of the checks");
  command.flag("--fail-fast", options.fail_fast, "Stop after the first check that finds something");
  command.integer("--variant", options.variant, 0, UINT32_MAX, "The kernel's variant to judge; the others are compared with it");
  command.integer("--random-seed", options.seed, 0, UINT64_MAX, "Of the inputs that checks make up").show_default();
  command.positive_number("--time-limit", time_limit, 86400, "Seconds for one call").show_default();
  command.positive_number("--start-limit", start_limit, 86400, "Seconds for the kernel to load, or to say what it is").show_default();
  command.positive_number("--check-limit", options.check_limit, 864000, "Seconds for one check, 600 or with --level thorough 7200");
  command.positive_number("--memory-limit", memory_limit, 1048576,
                          "GiB of memory that each process of the kernel may use; all of them half of the machine's");
  command.integer("--processes", processes, 1, 2,
                  "Processes of the kernel at once; 2 for a plug-in where there are processors, 1 for a program");
  command.positive_number("--seconds", options.seconds, 86400, "Seconds for the audit, instead of the level's");
  command.comma_separated("--dims", dimensions, "Dimensions to audit, separated by commas, instead of some that the kernel offers");
  command.text("--vectors", audited, "Audit the rows of this file, as hdq encode reads it, instead of made-up vectors");
  command
      .choice("--scheme", options.scheme,
              std::map<std::string, validate::Scheme>{{"fixed-rate", validate::Scheme::fixed_rate},
                                                      {"entropy-coded", validate::Scheme::entropy_coded}},
              "The scheme to judge, of a kernel that offers both; unless given, the fixed-rate one")
      .show("SCHEME");
  command
      .choice("--claim", options.claim, std::map<std::string, validate::Claim>{{"unbiased", validate::Claim::unbiased}, {"error", validate::Claim::error}},
              "What a scheme of its own is held to: unbiased (E x̂ = x, and its squared error) or error (that alone)")
      .show("CLAIM");
  command.text("-o,--output", options.output_directory, "Directory of failing inputs (.npy)").show_default();
  command.text("--input", input, "Judge these rows, of a file as hdq encode reads it, instead of made-up ones");
  command.integer("--bits", bits, 1, reference::shipped_bits, "Bits, with --input");
  command.positive_number("--step", step, 16, "Step of the entropy-coded scheme, with --input");
  command.integer("--seed", seed, 0, UINT64_MAX, "Seed of signs and dither, with --input");
  command.integer("--row", row, 0, UINT64_MAX, "Row number of the first row, with --input");
  command.flag("--json", json, "One JSON object");
  command.text("--junit", junit, "Write JUnit XML to this file");
}

}  // namespace hdq::cli
