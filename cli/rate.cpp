// hdq rate: what the entropy-coded quantizer (SPEC §7) needs for an error, or attains at a rate: certified, for every vector.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "command.hpp"
#include "enclosure.hpp"
#include "files.hpp"
#include "hdq/reference/bounds/entropy_length.hpp"
#include "hdq/reference/bounds/uniform_bound.hpp"
#include "hdq/stages.hpp"
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

// The certified upper bound of the fixed-rate quantizer at the bits asked for, or at those nearest to the rate.
std::optional<Ball> fixed_rate_error(int bits) {
  if (bits < BitWidth::least || bits > BitWidth::most) return std::nullopt;
  const reference::BoundCertificate certificate =
      reference::certify_uniform_bound(reference::BoundedQuantizer::shipped(bits));
  return ldexp(Ball(certificate.upper), -2 * bits);
}

int rate(const Arguments& arguments) {
  if (arguments.entropy_coded.rate.has_value() == arguments.entropy_coded.error.has_value())
    throw UsageError("exactly one of --rate and --error is needed");
  const Step step = arguments.entropy_coded.step();
  const reference::StepNumbers numbers(step.value());
  const reference::EntropyLength length = reference::entropy_length(numbers);
  std::optional<std::size_t> order;
  if (arguments.dimension) order = hadamard_order(*arguments.dimension).order;
  const Ball rate_of_step = reference::rate_of_error(numbers.error()), error(numbers.error()),
             ideal = reference::ideal_length(numbers),
             coder = hull(length.coder_least(arguments.dimension), length.coder_most(arguments.dimension));
  const int bits = arguments.bits.value_or(static_cast<int>(std::lround(step.rate())));
  const std::optional<Ball> fixed = fixed_rate_error(bits);

  if (arguments.json) {
    nlohmann::ordered_json out{{"step", step.value()},
                               {"error", error.upper(digits)},
                               {"rate", enclosure_json(rate_of_step, digits)},
                               {"ideal", enclosure_json(ideal, digits)},
                               {"coder", enclosure_json(coder, digits)}};
    out["order"] = order ? nlohmann::ordered_json(*order) : nlohmann::ordered_json(nullptr);
    out["bits"] = bits;
    out["fixed_rate_error"] = fixed ? nlohmann::ordered_json(fixed->upper(digits)) : nlohmann::ordered_json(nullptr);
    print_json(out);
    return exit_ok;
  }
  fmt::print("step               {:.9g}, {} raw bits, symbols −{} … {} and an escape\n", step.value(), numbers.raw_bits,
             numbers.largest, numbers.largest);
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
  if (fixed)
    fmt::print("fixed rate, {} bits {}·‖x‖² at most: {:.3f} times as much\n", bits, fixed->upper(digits),
               (*fixed / error).upper_double());
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
