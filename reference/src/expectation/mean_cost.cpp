#include "hdq/reference/expectation/mean_cost.hpp"

#include <cmath>

#include "hdq/reference/numbers/normal.hpp"

namespace hdq::reference {

int escape_length(std::int64_t c, int largest) {
  const std::int64_t beyond = (c < 0 ? -c : c) - largest;
  int e = 0;
  while (beyond >> (e + 1) != 0) ++e;
  return 2 + 2 * e;
}

MeanCost::MeanCost(const StepNumbers& step, const FrequencyTables& tables) : step_(step) {
  const Ball two = log(Ball(2));
  for (std::size_t symbol = 0; symbol < 2 * static_cast<std::size_t>(step.largest) + 1; ++symbol) {
    std::vector<Ball> sums{Ball(0)};
    for (const std::vector<std::uint32_t>& f : tables)
      sums.push_back(sums.back() + Ball(16) - log(Ball(f[symbol])) / two);
    sums_.push_back(std::move(sums));
  }
}

Ball MeanCost::over_buckets(std::int64_t c, int count) const {
  if (c < -step_.largest || c > step_.largest) return Ball(count * (16 + escape_length(c, step_.largest)));
  return sums_[static_cast<std::size_t>(c + step_.largest)][static_cast<std::size_t>(count)];
}

Ball MeanCost::length(int bucket, std::int64_t c) const {
  return over_buckets(c, bucket + 1) - over_buckets(c, bucket);
}

Ball MeanCost::at_knot(std::int64_t i, int k) const {
  const int split = offset_buckets - k;  // V < 1 − k/64: the buckets before this one
  const Ball sum = over_buckets(i, split) + over_buckets(i + 1, offset_buckets) - over_buckets(i + 1, split);
  return ldexp(sum, -6) + Ball(step_.raw_bits);
}

Ball MeanCost::operator()(const Rational& z) const {
  const Rational knots = z / Rational(step_.coarse) * offset_buckets;
  const auto knot = static_cast<std::int64_t>(floor_of(knots));
  const std::int64_t i = knot >= 0 ? knot / 64 : -((63 - knot) / 64);
  const auto k = static_cast<int>(knot - 64 * i);
  const Ball low = at_knot(i, k), high = k == 63 ? at_knot(i + 1, 0) : at_knot(i, k + 1);
  return low + Ball(Rational(knots - Rational(knot))) * (high - low);
}

Ball MeanCost::of_flat(std::int64_t root) const {
  const std::int64_t m = root * root;
  Ball sum;
  Integer ways = 1;  // of m signs, i of which are −
  for (std::int64_t i = 0; i <= m; ++i) {
    sum += Ball(ways) * (*this)(Rational(m - 2 * i, root));
    ways = ways * (m - i) / (i + 1);
  }
  return ldexp(sum, -m);
}

// Between two knots cost is α + β·z, whose integral under φ is α·(Φ(z₁) − Φ(z₀)) + β·(φ(z₀) − φ(z₁)). Beyond ±Z the cost is at most
// h + 18 + 2·log2(|z|/W + 1) <= h + 18 + 3·|z|/W, since |c| <= |z|/W + 1.
Ball MeanCost::of_normal() const {
  const auto reach = static_cast<std::int64_t>(std::ceil(14 / step_.coarse));
  const Ball w(step_.coarse), width = ldexp(w, -6);
  const auto at = [&](std::int64_t knot) {
    const std::int64_t i = knot >= 0 ? knot / 64 : -((63 - knot) / 64);
    return at_knot(i, static_cast<int>(knot - 64 * i));
  };
  Ball sum, z0 = Ball(-reach) * w, cost0 = at(-64 * reach), density0 = normal_density(z0), below0 = normal_cdf(z0);
  for (std::int64_t knot = -64 * reach + 1; knot <= 64 * reach; ++knot) {
    const Ball z1 = Ball(knot) * width, cost1 = at(knot), density1 = normal_density(z1), below1 = normal_cdf(z1);
    const Ball beta = (cost1 - cost0) / width, alpha = cost0 - beta * z0;
    sum += alpha * (below1 - below0) + beta * (density0 - density1);
    z0 = z1, cost0 = cost1, density0 = density1, below0 = below1;
  }
  const Ball end = Ball(reach) * w;
  const Ball tail = ldexp(Ball(step_.raw_bits + 18) * normal_cdf(-end) + Ball(3) / w * normal_density(end), 1);
  return with_error(sum, tail);
}

}  // namespace hdq::reference
