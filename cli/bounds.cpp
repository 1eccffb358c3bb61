// hdq bounds: for each bit width a proved bracket of the worst mean squared error over all dimensions and vectors
// (SPEC §5.5), its certificate, the worst case beside π√3/2·N^-2 as N grows (SPEC §5.7), and beside what no unbiased rule can
// fall below (SPEC §5.10).
#include "bounds.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "command.hpp"
#include "enclosure.hpp"
#include "files.hpp"
#include "hdq/figures/bounds.hpp"
#include "hdq/io/gnuplot.hpp"
#include "hdq/io/text.hpp"
#include "profile_error.hpp"

namespace hdq::cli {

using io::data_block, io::plot_svg;

using reference::BoundCertificate;
using reference::BoundedQuantizer;
using reference::OptimalityCertificate;

Bracket bracket(const BoundCertificate& certificate) {
  return {certificate.levels, reference::Ball(certificate.lower).lower_double(), reference::Ball(certificate.upper).upper_double()};
}

std::string brackets_svg(const std::vector<Bracket>& shipped, const std::vector<Bracket>& asymptotic) {
  std::vector<std::vector<double>> by_bits, by_levels;
  for (const Bracket& b : shipped) by_bits.push_back({std::log2(static_cast<double>(b.levels)), b.lower, b.upper});
  for (const Bracket& b : asymptotic) {
    by_levels.push_back({static_cast<double>(b.levels), b.lower - error_limit_double, b.upper - error_limit_double});
  }
  const bool both = !by_levels.empty();
  std::string script = data_block("bits", by_bits) + data_block("levels", by_levels) + fmt::format("limit = {:.17g}\n", error_limit_double);
  if (both) script += "set multiplot layout 1,2\n";
  script += R"(
set xlabel 'bits b'
set ylabel 'worst MSE · 4^{b} over all d and x'
set xrange [0.5:8.5]
set yrange [2.4:6.8]
set xtics 1
plot $bits using 1:3 with points lt 2 ps 0.9 title 'certified upper', \
     $bits using 1:2 with linespoints lt 1 title 'lower (Gaussian limit)', \
     limit with lines lt 9 title 'π√3/2'
)";
  if (both) {
    script += R"(
set xlabel 'levels N  (σ = √3, κ = 3/16)'
set ylabel 'N² · worst MSE − π√3/2'
set logscale xy
set xrange [1.5:90000]
set yrange [*:*]
set xtics ('2' 2, '2^{4}' 16, '2^{8}' 256, '2^{12}' 4096, '2^{16}' 65536)
set format y '10^{%L}'
plot $levels using 1:3 with linespoints lt 2 title 'certified upper', \
     $levels using 1:2 with linespoints lt 1 title 'lower (Gaussian limit)'
unset multiplot
)";
  }
  return plot_svg(script, both ? 960 : 560, 380);
}

namespace {

using nlohmann::ordered_json;

struct Arguments : BoundsArguments {
  bool optimality = false;
  ProfileArguments profile;
  std::size_t dim = 64;
};

// "4" or "1..8".
std::pair<int, int> bits_range(const std::string& text) {
  const auto fail = [&] { return UsageError("--bits " + io::excerpt(text) + fmt::format(": give one bit width or a range such as 1..{0}, within 1 to {0}", reference::shipped_bits)); };
  const auto digit = [&](const std::string& s) {
    if (s.size() != 1 || s[0] < '1' || s[0] - '0' > reference::shipped_bits) throw fail();
    return s[0] - '0';
  };
  const std::size_t dots = text.find("..");
  const int first = digit(text.substr(0, dots));
  const int last = dots == std::string::npos ? first : digit(text.substr(dots + 2));
  if (first > last) throw fail();
  return {first, last};
}

void print_table(const std::vector<BoundCertificate>& certificates, const char* title) {
  using reference::Ball;
  constexpr int decimals = 6;
  fmt::print("{}\n{:>6} {:>13} {:>8} {:>10} {:>10} {:>10} {:>12} {:>6}\n", title, "N", "sigma^2", "kappa", "lower", "upper", "width",
             "upper/limit", "terms");
  for (const BoundCertificate& c : certificates) {
    fmt::print("{:>6} {:>13} {:>8} {:>10} {:>10} {:>10} {:>12} {:>6}\n", c.levels, c.sigma_squared.str(), c.kappa.str(),
               decimal(c.lower, decimals, Round::down), decimal(c.upper, decimals, Round::up),
               Ball(figures::relative_width(c)).upper(2), (Ball(c.upper) / figures::error_limit()).upper(decimals + 1),
               figures::term_count(c.majorant));
  }
}

std::vector<Bracket> brackets(const std::vector<BoundCertificate>& certificates) {
  std::vector<Bracket> result;
  for (const BoundCertificate& c : certificates) result.push_back(bracket(c));
  return result;
}

void print_table(const std::vector<BoundCertificate>& shipped, const std::vector<OptimalityCertificate>& optimality) {
  constexpr int decimals = 6;
  fmt::print("\nthe same, and what no unbiased rule of N levels falls below (flat x, d → ∞; SPEC §5.10)\n");
  fmt::print("{:>6} {:>16} {:>18} {:>8}\n", "N", "shipped, at most", "any rule, at least", "gap");
  for (std::size_t i = 0; i < optimality.size(); ++i) {
    fmt::print("{:>6} {:>16} {:>18} {:>6} %\n", optimality[i].levels, decimal(shipped[i].upper, decimals, Round::up),
               decimal(optimality[i].lower, decimals, Round::down),
               reference::Ball(figures::gap_percent(shipped[i], optimality[i])).upper(2));
  }
}

void write_all(const std::string& directory, const std::vector<BoundCertificate>& shipped,
               const std::vector<BoundCertificate>& asymptotic, const std::vector<OptimalityCertificate>& optimality,
               const ordered_json& summary) {
  namespace fs = std::filesystem;
  const fs::path root(directory);
  make_directory(directory);
  for (const BoundCertificate& c : shipped) {
    write_file((root / fmt::format("b{}.json", std::countr_zero(static_cast<std::uint64_t>(c.levels)))).string(), reference::to_json(c));
  }
  if (!asymptotic.empty()) make_directory((root / "asymptotic").string());
  for (const BoundCertificate& c : asymptotic) {
    write_file((root / "asymptotic" / fmt::format("n{}.json", c.levels)).string(), reference::to_json(c));
  }
  if (!optimality.empty()) make_directory((root / "optimality").string());
  for (const OptimalityCertificate& c : optimality) {
    const std::string name = fmt::format("b{}.json", std::countr_zero(static_cast<std::uint64_t>(c.levels)));
    write_file((root / "optimality" / name).string(), reference::to_json(c));
  }
  write_file((root / "bounds.json").string(), summary.dump(2) + "\n");
  write_file((root / "bounds.svg").string(), brackets_svg(brackets(shipped), brackets(asymptotic)));
}

int bounds(const Arguments& arguments) {
  if (arguments.profile.given() && arguments.optimality)
    throw UsageError("--optimality is about hdq's own quantizers, not a profile's");
  if (arguments.profile.given()) return print_profile_bounds(arguments.profile, arguments.dim, arguments.json);
  const std::vector<BoundedQuantizer> quantizers = arguments.quantizers();
  if (!arguments.directory.empty()) make_directory(arguments.directory);  // known before the work
  const auto shipped = figures::certify(quantizers, 0, progress_bar("bounds"));
  std::optional<std::vector<BoundCertificate>> asymptotic;
  if (arguments.asymptotics)
    asymptotic = figures::certify(figures::asymptotic_quantizers(), 0, progress_bar("asymptotics"));
  std::optional<std::vector<OptimalityCertificate>> optimality;
  if (arguments.optimality) optimality = figures::certify_optimality(quantizers, 0, progress_bar("optimality"));
  report_bounds(arguments, shipped, asymptotic, optimality);
  return exit_ok;
}

}  // namespace

BoundsArguments::BoundsArguments() : bits(fmt::format("1..{}", reference::shipped_bits)) {}

void BoundsArguments::add_to(Command command) {
  command.text("--bits", bits, fmt::format("A bit width or a range, within 1 to {}", reference::shipped_bits))
      .show_default();
  command.flag("--asymptotics", asymptotics, "Also N = 2 to 2^16 with sigma = sqrt(3), kappa = 3/16");
  command.text("-o", directory, "Write certificates, bounds.json and bounds.svg into this directory");
  command.flag("--json", json, "One JSON object");
}

std::vector<BoundedQuantizer> BoundsArguments::quantizers() const {
  const auto [first, last] = bits_range(bits);
  std::vector<BoundedQuantizer> of_bits;
  for (int b = first; b <= last; ++b) of_bits.push_back(BoundedQuantizer::shipped(b));
  return of_bits;
}

void report_bounds(const BoundsArguments& arguments, const std::vector<BoundCertificate>& shipped,
                   const std::optional<std::vector<BoundCertificate>>& asymptotic,
                   const std::optional<std::vector<OptimalityCertificate>>& optimality) {
  const ordered_json summary = figures::bounds(shipped, asymptotic, optimality, figures::Notation::decimals(15));
  if (arguments.json) {
    print_json(summary);
  } else {
    print_table(shipped, "sup over all d and unit x of N² · MSE, shipped σ and κ");
    if (asymptotic) print_table(*asymptotic, "\nthe same with σ = √3, κ = 3/16 for all N");
    if (optimality) print_table(shipped, *optimality);
    fmt::print("limit π√3/2 = {:.6f}\n", error_limit_double);
  }
  std::fflush(stdout);  // what was proved is said, whatever becomes of the files
  if (!arguments.directory.empty())
    write_all(arguments.directory, shipped, asymptotic.value_or(std::vector<BoundCertificate>()),
              optimality.value_or(std::vector<OptimalityCertificate>()), summary);
}

void add_bounds(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command = add_command(app, "bounds", "Certify a bracket of the worst error over all dimensions and vectors",
                                  "hdq bounds --bits 1..8 -o bounds", [arguments] { return bounds(*arguments); });
  arguments->add_to(command);
  command.flag("--optimality", arguments->optimality,
               "Also what no unbiased rule of as many levels can fall below, and the gap");
  arguments->profile.add_to(command);
  command.integer("--dim", arguments->dim, 1, 1024, "--profile: dimension of the vectors").show_default();
}

}  // namespace hdq::cli
