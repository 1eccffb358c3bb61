// hdq mean-error: what means over clients err, of hdq and of other schemes for means (SPEC §9).
#include "mean_error.hpp"

#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "command.hpp"
#include "files.hpp"
#include "hdq/figures/usage_error.hpp"
#include "hdq/io/gnuplot.hpp"
#include "hdq/stages.hpp"
#include "options.hpp"

namespace hdq::cli {
namespace {

struct Arguments {
  int bits = 2;
  std::size_t dimension = 1024;
  bool json = false;
};

constexpr std::size_t largest_dimension = 4096;

int mean_error(const Arguments& arguments) {
  if (hadamard_order(arguments.dimension).order != arguments.dimension)
    throw UsageError(fmt::format("--dimension {}: it takes a Hadamard order, as {}", arguments.dimension,
                                 hadamard_order(arguments.dimension).order));
  const figures::MeanErrors errors = figures::mean_errors(arguments.bits, arguments.dimension);
  if (arguments.json) {
    print_json(figures::mean_errors(errors, mean_error_clients));
    return exit_ok;
  }
  fmt::print("E|mean x^ - x|^2/|x|^2 of N equal vectors x, {} bits, dimension {}\n", errors.bits, errors.dimension);
  for (std::size_t v = 0; v < errors.vectors.size(); ++v) {
    fmt::print("\n{:<26}{:>8}", errors.vectors[v], "bits");
    for (const std::size_t n : mean_error_clients) fmt::print("{:>11}", fmt::format("N = {}", n));
    fmt::print("{:>11}\n", "bias");
    for (const figures::SchemeMeanError& scheme : errors.schemes) {
      const reference::RowError& row = scheme.of_vectors[v];
      fmt::print("{:<26}{:>8.3f}", scheme.scheme, scheme.bits_per_coordinate);
      for (const std::size_t n : mean_error_clients) fmt::print("{:>11}", mean_error_text(row, n));
      fmt::print("{:>11}\n", mean_bias_text(row));
    }
  }
  return exit_ok;
}

}  // namespace

std::string mean_error_text(const reference::RowError& row, std::size_t clients) {
  const auto n = static_cast<double>(clients);
  const double value = row.of_equal_rows(n), deviation = std::hypot(row.bias_deviation, row.error_deviation / n);
  if (value < 1e-12) return "0";
  return fmt::format("{:.{}g}", value, deviation < 0.005 * value ? 3 : deviation < 0.05 * value ? 2 : 1);
}

std::string mean_bias_text(const reference::RowError& row) {
  if (row.bias_deviation == 0) return row.bias < 1e-12 ? "0" : fmt::format("{:.3g}", row.bias);
  if (row.bias < 3 * row.bias_deviation)
    return fmt::format("< {:.1g}", std::max(row.bias, 0.0) + 3 * row.bias_deviation);
  return fmt::format("{:.{}g}", row.bias,
                     row.bias_deviation < 0.005 * row.bias  ? 3
                     : row.bias_deviation < 0.05 * row.bias ? 2
                                                            : 1);
}

std::string mean_error_svg(const figures::MeanErrors& errors) {
  std::string blocks, script =
                          "set multiplot layout 1,3\nset logscale xy\nset xrange [1:1000]\nset yrange [1e-7:1]\n"
                          "set format y '10^{%L}'\nset xlabel 'clients N'\nset key bottom left\n";
  for (std::size_t v = 0; v < errors.vectors.size(); ++v) {
    if (errors.vectors[v] == "one-hot") continue;
    std::string plot = fmt::format("set title '{}'\n{}\nplot ", errors.vectors[v],
                                   v == 0 ? "set ylabel 'E‖mean of x̂ − x‖² / ‖x‖²'" : "unset ylabel\nunset key");
    for (std::size_t s = 0; s < errors.schemes.size(); ++s) {
      std::vector<std::vector<double>> rows;
      for (double n = 1; n < 1100; n *= std::sqrt(10.0))
        rows.push_back({n, errors.schemes[s].of_vectors[v].of_equal_rows(n)});
      const std::string name = fmt::format("n{}_{}", v, s);
      blocks += io::data_block(name, rows);
      plot += fmt::format("${} using 1:2 with lines lt {} {} title '{}', ", name, s % 4 + 1, s < 4 ? "" : "dt 2",
                          errors.schemes[s].scheme);
    }
    script += plot + "\n";
  }
  return io::plot_svg(blocks + script + "unset multiplot", 960, 420);
}

void add_mean_error(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command = add_command(app, "mean-error", "What means over clients err: hdq, EDEN, DRIVE and others",
                                "hdq mean-error --bits 2 --json", [arguments] { return mean_error(*arguments); });
  command.integer("--bits", arguments->bits, BitWidth::least, BitWidth::most, "Bits per coordinate").show_default();
  command.integer("--dimension", arguments->dimension, 4, largest_dimension, "A Hadamard order").show_default();
  command.flag("--json", arguments->json, "One JSON object");
}

}  // namespace hdq::cli
