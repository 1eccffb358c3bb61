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

#include "command.hpp"
#include "enclosure.hpp"
#include "files.hpp"
#include "hdq/io/gnuplot.hpp"
#include "hdq/io/text.hpp"
#include "hdq/reference/bounds/optimality.hpp"
#include "hdq/reference/bounds/uniform_bound.hpp"
#include "in_parallel.hpp"
#include "profile_error.hpp"

namespace hdq::cli {

using io::data_block, io::plot_svg;

using reference::BoundCertificate;
using reference::BoundedQuantizer;
using reference::OptimalityCertificate;

std::vector<BoundCertificate> certify(const std::vector<BoundedQuantizer>& quantizers, const std::string& label) {
  std::vector<BoundCertificate> certificates(quantizers.size());
  Progress progress(label, quantizers.size());
  in_parallel(quantizers.size(), [&](std::size_t i) {
    certificates[i] = reference::certify_uniform_bound(quantizers[i]);
    progress.advance(1);
  });
  return certificates;
}

std::vector<BoundedQuantizer> asymptotic_quantizers() {
  std::vector<BoundedQuantizer> quantizers;
  for (int k = 1; k <= 16; ++k) quantizers.push_back({std::int64_t{1} << k, 3, reference::Rational(3, 16)});
  return quantizers;
}

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

struct Arguments {
  std::string bits = fmt::format("1..{}", reference::shipped_bits), directory;
  bool asymptotics = false, optimality = false, json = false;
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

ordered_json row_of(const BoundCertificate& c) {
  using reference::Ball;
  const Bracket b = bracket(c);
  return {{"levels", c.levels},
          {"sigma_squared", c.sigma_squared.str()},
          {"kappa", c.kappa.str()},
          {"lower", b.lower},
          {"upper", b.upper},
          {"relative_width", (Ball(c.upper) / Ball(c.lower) - Ball(1)).upper_double()},
          {"over_limit",
           {{"lower", (Ball(c.lower) / error_limit()).lower_double()}, {"upper", (Ball(c.upper) / error_limit()).upper_double()}}},
          {"terms", c.majorant.cosh.size() + c.majorant.exp_square.size() + (c.majorant.quartic != 0) + 2}};
}

void print_table(const std::vector<BoundCertificate>& certificates, const char* title) {
  using reference::Ball;
  constexpr int decimals = 6;
  fmt::print("{}\n{:>6} {:>13} {:>8} {:>10} {:>10} {:>10} {:>12} {:>6}\n", title, "N", "sigma^2", "kappa", "lower", "upper", "width",
             "upper/limit", "terms");
  for (const BoundCertificate& c : certificates) {
    const ordered_json row = row_of(c);
    fmt::print("{:>6} {:>13} {:>8} {:>10} {:>10} {:>10} {:>12} {:>6}\n", c.levels, c.sigma_squared.str(), c.kappa.str(),
               decimal(c.lower, decimals, Round::down), decimal(c.upper, decimals, Round::up), (Ball(c.upper) / Ball(c.lower) - Ball(1)).upper(2),
               (Ball(c.upper) / error_limit()).upper(decimals + 1), row["terms"].get<int>());
  }
}

ordered_json list(const std::vector<BoundCertificate>& certificates) {
  ordered_json array = ordered_json::array();
  for (const BoundCertificate& c : certificates) array.push_back(row_of(c));
  return array;
}

std::vector<Bracket> brackets(const std::vector<BoundCertificate>& certificates) {
  std::vector<Bracket> result;
  for (const BoundCertificate& c : certificates) result.push_back(bracket(c));
  return result;
}

// One certificate for each N of these, on all cores, the longest first.
std::vector<OptimalityCertificate> certify_optimality(const std::vector<BoundedQuantizer>& quantizers) {
  std::vector<OptimalityCertificate> certificates(quantizers.size());
  Progress progress("optimality", quantizers.size());
  in_parallel(quantizers.size(), [&](std::size_t i) {
    const std::size_t k = quantizers.size() - 1 - i;
    certificates[k] = reference::certify_optimality(quantizers[k].levels);
    progress.advance(1);
  });
  return certificates;
}

// What the worst case exceeds the best possible by, in percent.
reference::Ball gap(const BoundCertificate& worst, const OptimalityCertificate& best) {
  using reference::Ball;
  return 100 * (Ball(worst.upper) / Ball(best.lower) - Ball(1));
}

ordered_json list(const std::vector<BoundCertificate>& shipped, const std::vector<OptimalityCertificate>& optimality) {
  using reference::Ball;
  ordered_json array = ordered_json::array();
  for (std::size_t i = 0; i < optimality.size(); ++i) {
    array.push_back({{"levels", optimality[i].levels},
                     {"shipped_at_most", Ball(shipped[i].upper).upper_double()},
                     {"any_rule_at_least", Ball(optimality[i].lower).lower_double()},
                     {"gap_percent_at_most", gap(shipped[i], optimality[i]).upper_double()},
                     {"cells", 2 * optimality[i].surrogate.value.size()}});
  }
  return array;
}

void print_table(const std::vector<BoundCertificate>& shipped, const std::vector<OptimalityCertificate>& optimality) {
  constexpr int decimals = 6;
  fmt::print("\nthe same, and what no unbiased rule of N levels falls below (flat x, d → ∞; SPEC §5.10)\n");
  fmt::print("{:>6} {:>16} {:>18} {:>8}\n", "N", "shipped, at most", "any rule, at least", "gap");
  for (std::size_t i = 0; i < optimality.size(); ++i) {
    fmt::print("{:>6} {:>16} {:>18} {:>6} %\n", optimality[i].levels, decimal(shipped[i].upper, decimals, Round::up),
               decimal(optimality[i].lower, decimals, Round::down), gap(shipped[i], optimality[i]).upper(2));
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
  const auto [first, last] = bits_range(arguments.bits);
  if (!arguments.directory.empty()) make_directory(arguments.directory);  // known before the work
  std::vector<BoundedQuantizer> quantizers;
  for (int b = first; b <= last; ++b) quantizers.push_back(BoundedQuantizer::shipped(b));
  const std::vector<BoundCertificate> shipped = certify(quantizers, "bounds");
  std::vector<BoundCertificate> asymptotic;
  if (arguments.asymptotics) asymptotic = certify(asymptotic_quantizers(), "asymptotics");
  std::vector<OptimalityCertificate> optimality;
  if (arguments.optimality) optimality = certify_optimality(quantizers);

  ordered_json summary = {{"quantity", "sup over all d and all unit x of N^2 E|x' - x|^2"},
                          {"limit", "pi*sqrt(3)/2"},
                          {"limit_value", error_limit_double},
                          {"shipped", list(shipped)}};
  if (arguments.asymptotics) summary["asymptotic"] = list(asymptotic);
  if (arguments.optimality) summary["optimality"] = list(shipped, optimality);
  if (arguments.json) {
    print_json(summary);
  } else {
    print_table(shipped, "sup over all d and unit x of N² · MSE, shipped σ and κ");
    if (arguments.asymptotics) print_table(asymptotic, "\nthe same with σ = √3, κ = 3/16 for all N");
    if (arguments.optimality) print_table(shipped, optimality);
    fmt::print("limit π√3/2 = {:.6f}\n", error_limit_double);
  }
  std::fflush(stdout);  // what was proved is said, whatever becomes of the files
  if (!arguments.directory.empty()) write_all(arguments.directory, shipped, asymptotic, optimality, summary);
  return exit_ok;
}

}  // namespace

void add_bounds(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command = add_command(app, "bounds", "Certify a bracket of the worst error over all dimensions and vectors",
                                  "hdq bounds --bits 1..8 -o bounds", [arguments] { return bounds(*arguments); });
  command.text("--bits", arguments->bits, fmt::format("A bit width or a range, within 1 to {}", reference::shipped_bits)).show_default();
  command.flag("--asymptotics", arguments->asymptotics, "Also N = 2 to 2^16 with sigma = sqrt(3), kappa = 3/16");
  command.flag("--optimality", arguments->optimality,
               "Also what no unbiased rule of as many levels can fall below, and the gap");
  command.text("-o", arguments->directory, "Write certificates, bounds.json and bounds.svg into this directory");
  command.flag("--json", arguments->json, "One JSON object");
  arguments->profile.add_to(command);
  command.integer("--dim", arguments->dim, 1, 1024, "--profile: dimension of the vectors").show_default();
}

}  // namespace hdq::cli
