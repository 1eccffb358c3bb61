// hdq rate: what the entropy-coded quantizer (SPEC §7) needs for an error, or attains at a rate: certified, for every vector.
#include "hdq/figures/rate.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "command.hpp"
#include "files.hpp"
#include "options.hpp"

namespace hdq::cli {
namespace {

using reference::Ball;

constexpr int digits = 7;

struct Arguments {
  StepArguments entropy_coded;
  std::optional<int> bits;
  std::optional<std::size_t> dimension;
  bool json = false;
};

int rate(const Arguments& arguments) {
  if (arguments.entropy_coded.rate.has_value() == arguments.entropy_coded.error.has_value())
    throw UsageError("exactly one of --rate and --error is needed");
  const figures::RateFigures figures =
      figures::rate_figures(arguments.entropy_coded.step(), arguments.bits, arguments.dimension);
  if (arguments.json) {
    print_json(figures::rate(figures, figures::Notation::decimals(digits)));
    return exit_ok;
  }
  const auto& [numbers, exact_error, rate_of_step, ideal, coder, order, bits, fixed_rate_error] = figures;
  const Ball error(exact_error);
  fmt::print("step               {:.9g}, {} raw bits, symbols −{} … {} and an escape\n",
             static_cast<double>(numbers.step), numbers.raw_bits, numbers.largest, numbers.largest);
  fmt::print("error              {}·‖x‖², for every vector x\n", error.upper(digits));
  fmt::print("rate R(D)          {} to {} bits per coordinate\n", rate_of_step.lower(digits),
             rate_of_step.upper(digits));
  fmt::print("ideal length       {} to {} bits per coordinate: the same mean for every vector\n", ideal.lower(digits),
             ideal.upper(digits));
  fmt::print("real coder         {} to {} bits per coordinate: the supremum over all vectors of the mean length{}\n",
             coder.lower(digits), coder.upper(digits),
             order ? fmt::format(", at Hadamard order {}", *order) : ", as the order grows");
  fmt::print(
      "                   raw bits and the rounding of coder and bytes included; the norm's 32 bits a row and a file's "
      "overhead apart\n");
  if (fixed_rate_error) {
    const Ball fixed(*fixed_rate_error);
    fmt::print("fixed rate, {} bits {}·‖x‖² at most: {:.3f} times as much\n", bits, fixed.upper(digits),
               (fixed / error).upper_double());
  }
  return exit_ok;
}

}  // namespace

void add_rate(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command = add_command(app, "rate", "Error, ideal rate and certified length of the entropy-coded quantizer",
                                "hdq rate --rate 2 --json", [arguments] { return rate(*arguments); });
  arguments->entropy_coded.add(command);
  command.integer("--bits", arguments->bits, BitWidth::least, BitWidth::most,
                  "Bits of the fixed-rate quantizer to compare with; those nearest to the rate unless given");
  command.integer("--dimension", arguments->dimension, 1, Codec::max_dimension,
                  "Lengths for this dimension, with what begins and ends a stream");
  command.flag("--json", arguments->json, "One JSON object");
}

}  // namespace hdq::cli
