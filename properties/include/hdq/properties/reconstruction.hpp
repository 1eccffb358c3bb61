// Properties of x → x̂ of any quantizer with its own randomness (SPEC §5.3). Each takes `error`, a bound on E‖x̂ − x‖²/‖x‖²:
// claimed by the scheme, or the certified bound of SPEC §5.5. The null hypothesis is that the quantizer is unbiased with at most that
// error; under it each property fails with probability at most 1e-9.
#pragma once

#include "hdq/properties/result.hpp"
#include "hdq/reference/judge/judge.hpp"

namespace hdq::properties {

using Reconstruct = std::function<Vector(const Vector& x, std::uint64_t row)>;  // randomness independent from row to row

// E⟨x̂, v⟩ = ⟨x, v⟩. SPEC §5.3, reconstruct_unbiased and rotated_inner_product_unbiased. The variance of ⟨x̂, v⟩ is at most
// error·‖x‖²·‖v‖². v = x sees a wrong scale, v = a correlated vector a wrong estimator constant.
inline Result reconstruction_is_unbiased(const Vector& x, const Vector& v, double error, const Reconstruct& reconstruct, std::size_t rows = 166 * 128) {
  const double size = std::sqrt(dot(x, x) * dot(v, v)), expected = dot(x, v);
  std::vector<double> samples(rows);
  for (std::size_t row = 0; row < rows; ++row) samples[row] = (dot(reconstruct(x, row), v) - expected) / size;
  const double bias = MedianOfMeans::estimate(samples), radius = MedianOfMeans::radius(error, rows);
  if (std::abs(bias) <= radius) return {};
  return violated("E<x^, v> is ", expected + bias * size, ", <x, v> = ", expected, ": off by ", bias, " ‖x‖‖v‖, limit ", radius);
}

// x̂ of x̂ of … of x: E⟨x̂, x⟩ = ‖x‖² after every step. SPEC §5.3, requantization_unbiased. The error after k steps is at most
// (1 + error)^k − 1, since each step adds error·E‖its input‖² and the steps are uncorrelated. All steps together: a radius
// √(1 + r) times as large, r = ln(steps)/ln(1/false_alarm), divides the probability by `steps` (r <= 1.6).
inline Result requantization_is_unbiased(const Vector& x, int steps, double error, const Reconstruct& reconstruct, std::size_t rows = 166 * 128) {
  const double norm2 = dot(x, x);
  std::vector<std::vector<double>> samples(static_cast<std::size_t>(steps), std::vector<double>(rows));
  for (std::size_t row = 0; row < rows; ++row) {
    Vector y = x;
    for (std::size_t step = 0; step < samples.size(); ++step) {
      y = reconstruct(y, row * samples.size() + step);
      samples[step][row] = dot(y, x) / norm2 - 1;
    }
  }
  for (std::size_t step = 0; step < samples.size(); ++step) {
    const double bias = MedianOfMeans::estimate(samples[step]);
    const double radius = MedianOfMeans::radius(std::pow(1 + error, static_cast<double>(step + 1)) - 1, rows) *
                          std::sqrt(1 + std::log(static_cast<double>(steps)) / std::log(1 / false_alarm));
    if (std::abs(bias) > radius) {
      return violated("after ", step + 1, " steps E<x^, x> is ", 1 + bias, "·‖x‖², limit of the difference ", radius);
    }
  }
  return {};
}

// E‖x̂ − x‖² <= error·‖x‖². SPEC §5.5, finite_bound. By Markov's inequality a group's mean exceeds four times the bound with
// probability at most 1/4, and the median of 166 does with 1e-9: it sees lost scales and wrong codebooks, not percents.
inline Result reconstruction_error_is_bounded(const Vector& x, double error, const Reconstruct& reconstruct, std::size_t rows = 166 * 8) {
  std::vector<double> samples(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    const Vector y = reconstruct(x, row);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double difference = static_cast<double>(y.at(i)) - static_cast<double>(x[i]);
      samples[row] += difference * difference / dot(x, x);
    }
  }
  const double mean = MedianOfMeans::estimate(samples);
  if (mean <= 4 * error) return {};
  return violated("E‖x^ - x‖² is ", mean, "·‖x‖², more than four times ", error);
}

// For hdq's scheme with the dither word as an argument: the means over W evenly spaced words, exact up to a proved error.
using ReconstructWithWord = std::function<Vector(const Vector& x, std::uint32_t word)>;

// Mean of x̂ = x, coordinate by coordinate. SPEC §5.3 reconstruct_unbiased; SPEC §5.9 word_bias for the error of W words, and
// fast_bias_bound_correct for the rest: (ρ/d) Σ_j (g(t_j + 1/2) − g(t_j − 1/2))/W and float32 rounding.
// Mean of ‖x̂ − x‖² over all d coordinates <= (ρ²/d) Σ_j M(y_j/ρ): SPEC §4, mse_identity; equal when n = d, within word_square_error.
inline Result dither_mean_is_exact(std::size_t dimension, int bits, std::uint64_t seed, const Vector& x, const ReconstructWithWord& reconstruct,
                                   std::size_t words = 1024) {
  using namespace reference;
  const VectorQuantizer quantizer(dimension, bits, seed);
  const Ball rho = exact_norm(x.data(), dimension);
  const double norm = rho.mid_double(), d = static_cast<double>(quantizer.order().order), count = static_cast<double>(words);
  double widths = 0, squares = 0, mse = 0;
  for (const Ball& y : quantizer.rotate(x.data())) {
    const Ball z = y / rho, a = quantizer.scalar().window_of(z);
    const double middle = z.mid_double(), low = quantizer.scalar().generator().g(a).mid_double() - middle,
                 high = quantizer.scalar().generator().g(a + 1).mid_double() - middle;
    widths += high - low;
    squares += high * high + low * low;
    mse += quantizer.scalar().mse(z).mid_double();
  }
  const std::uint64_t step = (std::uint64_t{1} << 32) / words;
  std::vector<double> mean(dimension);
  double error = 0;
  for (std::size_t i = 0; i < words; ++i) {
    const Vector y = reconstruct(x, static_cast<std::uint32_t>(step * i + step / 2));
    for (std::size_t k = 0; k < dimension; ++k) {
      const double value = static_cast<double>(y.at(k)), difference = value - static_cast<double>(x[k]);
      mean[k] += value / count;
      error += difference * difference / count;
    }
  }
  const double bound = norm / d * widths / count + 1e-5 * norm;
  for (std::size_t k = 0; k < dimension; ++k) {
    if (!(std::abs(mean[k] - static_cast<double>(x[k])) <= bound)) {
      return violated("the mean of coordinate ", k, " over the dither is ", mean[k], ", not ", x[k], "; bound ", bound);
    }
  }
  const double expected = norm * norm / d * mse, slack = norm * norm / d * squares / count + 1e-4 * expected;
  const bool whole = dimension == quantizer.order().order;
  if (error > expected + slack || (whole && error < expected - slack)) {
    return violated("the mean of ‖x^ - x‖² over the dither is ", error, ", exactly ", expected, "; bound of the difference ", slack);
  }
  return {};
}

}  // namespace hdq::properties
