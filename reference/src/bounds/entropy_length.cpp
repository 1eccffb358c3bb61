#include "hdq/reference/bounds/entropy_length.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "hdq/reference/scheme/hadamard.hpp"

namespace hdq::reference {
namespace {

Ball log2(const Ball& x) { return log(x) / log(Ball(2)); }

// ---- the majorant ----

struct Knot {
  double z;  // exactly W·(i + k/64)
  Ball cost;
  double estimate;  // of cost
};

// Of z in [−W·reach, W·reach).
std::vector<Knot> knots_of(const MeanCost& cost, int reach) {
  std::vector<Knot> knots;
  for (int i = -reach; i < reach; ++i) {
    for (int k = 0; k < offset_buckets; ++k) {
      const Ball exact = cost.at_knot(i, k);
      knots.push_back({cost.step().coarse * (i + k / 64.0), exact, exact.mid_double()});
    }
  }
  return knots;
}

// The slope b for which a + b is least, about; a + b is convex in b.
double best_slope(const std::vector<Knot>& knots) {
  const auto bound = [&](double b) {
    double a = -HUGE_VAL;
    for (const Knot& knot : knots) a = std::max(a, knot.estimate - b * knot.z * knot.z);
    return a + b;
  };
  double low = 0, high = 4;
  for (int i = 0; i < 60; ++i) {
    const double p = low + (high - low) / 3, q = high - (high - low) / 3;
    (bound(p) < bound(q) ? high : low) = bound(p) < bound(q) ? q : p;
  }
  return (low + high) / 2;
}

// From |z| = z0 = W·reach on, reach > K, all codes escape: their cost is at most h + 18 + 2·log2(|z|/W + 1), which b·z² outgrows from z0 on if
// there its derivative is larger: 2·b·z0 >= 2/((z0 + W)·ln 2).
bool proved_beyond(const StepNumbers& step, int reach, const Ball& a, const Ball& b) {
  const Ball w(step.coarse), z0 = w * Ball(reach);
  const Ball cost = Ball(step.raw_bits + 18) + ldexp(log2(z0 / w + Ball(1)), 1);
  return certainly_less_equal(cost, a + b * square(z0)) &&
         certainly_less_equal(Ball(1), b * z0 * (z0 + w) * log(Ball(2)));
}

// ---- what the coder adds to the symbols' lengths ----

// A put of x = q·f + r, r < f, gives x' = q·2^16 + r + F, which is less than (x·2^16/f)·(1 + f/x) and more than (x·2^16/f)·(1 − f/x). Before it
// x >= 2^31, or x >= f·2^15 after a word has left, and f < 2^16: f/x <= 2^-15. A word that leaves makes the state no larger than 2^-32 times what
// it was, and no smaller than that times 1 − 2^-15, since x >= f·2^47 before.
Ball put_excess() { return log2(Ball(1) + Ball::power_of_two(-15)); }
Ball put_loss() { return ldexp(-log2(Ball(1) - Ball::power_of_two(-15)), 1); }

// A code is one put or, escaped with 18 + 2e bits, 3 + 2e: at most one more than its bits.
Ball puts(const Ball& length) { return Ball(1) + length; }

// V has 2^23 values, the middles of as many cells: the offset where a code changes is met by it up to 2^-24, and there the length changes by less
// than 2^7 bits (no code has more than 16 + 62).
Ball grid_of_offsets() { return Ball::power_of_two(-17); }

// (‖x‖/ρ)² <= 1 + 2^-22 for a float32 ρ >= 2^-126 of up to 2^24 squares (norm_error_bound).
Ball rounding_of_norm(const Ball& b) { return b * Ball::power_of_two(-22); }

Ball per_coordinate(int bits, std::optional<std::size_t> n) {
  return n ? Ball(bits) / Ball(hadamard_order(*n).order) : Ball(0);
}

}  // namespace

EntropyLength entropy_length(const StepNumbers& step) {
  const Precision precision(128);
  const MeanCost cost(step);
  const int reach = step.largest + 64;
  const std::vector<Knot> knots = knots_of(cost, reach);
  const Ball b(best_slope(knots));
  Ball a = knots.front().cost - b * square(Ball(knots.front().z));
  for (const Knot& knot : knots) a = max(a, knot.cost - b * square(Ball(knot.z)));
  // Between knots, W/64 apart, a linear cost is at most b·(W/64)²/4 farther above the parabola than at their ends. (The end W·reach of the last
  // piece is among those that proved_beyond covers.)
  a += b * square(ldexp(Ball(step.coarse), -6)) / Ball(4);
  a = a.upper_end();
  if (!proved_beyond(step, reach, a, b)) throw std::runtime_error("no majorant of the cost was proved");
  EntropyLength length{step.raw_bits, a, b, {}, cost.of_normal()};
  for (const int root : {1, 2, 3, 4, 8, 16, 32})
    length.flat.emplace_back(static_cast<std::size_t>(root * root), cost.of_flat(root));
  return length;
}

// log2 of the state begins below 32, and its bytes are at most 9 bits more than log2 of it at the end: 5 bytes for 31 bits or more, else at most a
// byte begun.
Ball EntropyLength::coder_most(std::optional<std::size_t> n) const {
  const Ball length = a + b + rounding_of_norm(b);
  return (length + puts(length) * put_excess() + grid_of_offsets() + per_coordinate(9 + (raw_bits > 0 ? 7 : 0), n))
      .upper_end();
}

// log2 of the state begins at 31 or above. Norms of flat vectors are whole numbers.
Ball EntropyLength::coder_least(std::optional<std::size_t> n) const {
  const auto streams = [&](const Ball& length) {
    return (length - puts(length) * put_loss() - grid_of_offsets() - per_coordinate(1, n)).lower_end();
  };
  Ball least = streams(flat.front().second);
  for (const auto& [m, length] : flat) {
    if (!n || m <= *n) least = max(least, streams(length));
  }
  return n ? least : max(least, streams(normal));
}

}  // namespace hdq::reference
