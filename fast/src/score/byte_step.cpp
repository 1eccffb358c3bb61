// With f = 64 and s the scale, byte j is f·(ẑ_j/s + 127.5) = g·k_j + (g/2 + 127.5·f) − b·V_j, g = f·Δ/s and b = f·W/s, in 16 bits, halves
// added and the last six bits cut off. In units of 1/f, what StepBytes computes is off from the real number by
//   g·k_j   1/2 for the rounding of the product, and |x|·|factor − 2^15·g/2^shift|/2^15 for that of the factor, x = 2^shift·k_j;
//   b·V_j   |spread − b| for the factor; 0 to 1 for what is cut off the product, and 0 to spread/2^16 for V_j cut to 16 bits;
//   bias    its own rounding;
// and the last cut takes off 0 to 63. The middle of the one-sided errors goes into the bias. Coq has it: step_row_in_bucket
// (proofs/float/ByteStep.v), for given factor, spread and bias.
#include "score/byte_step.hpp"

#include <algorithm>
#include <cmath>

namespace hdq::detail {
namespace {

constexpr double units = 1 << byte_fraction;
// A row with a larger |z_j| is scored: one normal coordinate in 1.7 million is beyond.
constexpr double reach = 5;

}  // namespace

ByteStep::ByteStep(Step step) {
  const double delta = static_cast<double>(step.value());
  bucket = {next_above((2 * reach + delta) / 255), 0, 0, 0, false, false};
  const double scale = static_cast<double>(bucket.scale), gain = units * delta / scale,
               spread = units * step.coarse() / scale;

  double factor = 0x1p15 * gain;  // 2^14 <= factor < 2^15 after this, since gain >= 1/2
  for (bytes.shift = 0; factor >= 0x1p15 - 1; factor /= 2) ++bytes.shift;
  bytes.factor = static_cast<std::int16_t>(std::nearbyint(factor));
  bytes.spread = static_cast<std::uint16_t>(std::nearbyint(spread));
  bytes.most_code = static_cast<std::uint16_t>(32767 >> bytes.shift);

  const double cut = (units - 1 - 1 - static_cast<double>(bytes.spread) * 0x1p-16) / 2;
  const double bias = gain / 2 + 127.5 * units + cut;
  bytes.bias = static_cast<std::int16_t>(std::nearbyint(bias));
  // |x|·factor/2^15 is at most what a byte in range leaves to it.
  const double most_product = 256 * units + static_cast<double>(bytes.spread) + std::abs(bias) + 2;
  const double largest = std::min(32767.0, most_product * 0x1p15 / static_cast<double>(bytes.factor));
  const double off = 0.5 + largest * std::abs(static_cast<double>(bytes.factor) - factor) * 0x1p-15 +
                     std::abs(static_cast<double>(bytes.spread) - spread) +
                     std::abs(static_cast<double>(bytes.bias) - bias) +
                     (units - 1 + 1 + static_cast<double>(bytes.spread) * 0x1p-16) / 2;
  // A float32 codeword is within two roundings of ẑ_j.
  const double real = scale * off / units;
  bucket.error = next_above((real + 0x1p-22 * (127.5 * scale + real)) * (1 + 0x1p-40));
  bucket.magnitude = next_above(127.5 * scale + static_cast<double>(bucket.error));
}

}  // namespace hdq::detail
