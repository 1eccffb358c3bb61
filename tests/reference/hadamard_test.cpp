// SPEC §1: every supported Hadamard order is one, exactly; the fast network is the matrix; floats become exact integers.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cstring>
#include <map>
#include <random>

#include "hdq/reference/scheme/hadamard.hpp"

namespace hdq::reference {
namespace {

std::vector<HadamardOrder> supported_orders(std::size_t largest) {
  std::vector<HadamardOrder> orders;
  for (int base : {1, 12, 20, 28}) {
    for (int log2 = 0; (static_cast<std::size_t>(base) << log2) <= largest; ++log2) {
      orders.push_back({static_cast<std::size_t>(base) << log2, base, log2});
    }
  }
  return orders;
}

// Rows as bits: 1 where the entry is −1.
std::vector<std::vector<std::uint64_t>> sign_rows(const HadamardOrder& d) {
  std::vector<std::vector<std::uint64_t>> rows(d.order, std::vector<std::uint64_t>((d.order + 63) / 64));
  for (std::size_t i = 0; i < d.order; ++i) {
    for (std::size_t j = 0; j < d.order; ++j) {
      const int entry = hadamard_entry(d, i, j);
      if (entry != 1 && entry != -1) throw std::logic_error("an entry that is not a sign");
      if (entry < 0) rows[i][j / 64] |= std::uint64_t{1} << (j % 64);
    }
  }
  return rows;
}

TEST(Hadamard, RowsAreOrthogonalForEveryOrderUpTo4096) {
  for (const HadamardOrder& d : supported_orders(4096)) {
    const auto rows = sign_rows(d);
    for (std::size_t i = 0; i < d.order; ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        std::size_t opposite = 0;
        for (std::size_t w = 0; w < rows[i].size(); ++w) {
          opposite += static_cast<std::size_t>(std::popcount(rows[i][w] ^ rows[k][w]));
        }
        ASSERT_EQ(2 * opposite, d.order) << "order " << d.order << ", rows " << i << " and " << k;
      }
    }
  }
}

TEST(Hadamard, NetworkIsTheMatrix) {
  std::mt19937_64 random(1);
  for (const HadamardOrder& d : supported_orders(512)) {
    std::vector<std::int64_t> x(d.order);
    for (auto& v : x) v = static_cast<std::int64_t>(random() % 2001) - 1000;
    std::vector<std::int64_t> y = x, t = x;
    hadamard_transform(d, y);
    hadamard_transform_transposed(d, t);
    ASSERT_EQ(y, multiply_by_definition(d, x, false)) << "order " << d.order;
    ASSERT_EQ(t, multiply_by_definition(d, x, true)) << "order " << d.order;
  }
}

TEST(Hadamard, TransposedTransformInverts) {
  std::mt19937_64 random(2);
  for (const HadamardOrder& d : supported_orders(8192)) {
    std::vector<std::int64_t> x(d.order);
    for (auto& v : x) v = static_cast<std::int64_t>(random() % 2001) - 1000;
    std::vector<std::int64_t> y = x;
    hadamard_transform(d, y);
    hadamard_transform_transposed(d, y);
    for (std::size_t i = 0; i < d.order; ++i) ASSERT_EQ(y[i], x[i] * static_cast<std::int64_t>(d.order));
  }
}

TEST(Hadamard, PaleyOneIsNotSymmetric) {
  for (int base : {12, 20}) {
    bool symmetric = true;
    for (int i = 0; i < base; ++i) {
      for (int j = 0; j < base; ++j) symmetric &= base_matrix_entry(base, i, j) == base_matrix_entry(base, j, i);
    }
    EXPECT_FALSE(symmetric) << base;
  }
}

TEST(Hadamard, CharacterIsEulersCriterion) {
  for (int q : {11, 13, 19}) {
    for (int a = -q; a <= q; ++a) {
      int power = 1;
      for (int i = 0; i < (q - 1) / 2; ++i) power = power * (((a % q) + q) % q) % q;
      EXPECT_EQ(quadratic_character(a, q), power == q - 1 ? -1 : power);
    }
  }
}

TEST(Hadamard, SmallestOrderThatHoldsTheDimension) {
  const std::map<std::size_t, std::size_t> expected = {
      {1, 1},     {2, 2},     {3, 4},     {5, 8},       {9, 12},      {13, 16},     {17, 20},     {21, 24},    {25, 28},
      {96, 96},   {100, 112}, {300, 320}, {384, 384},   {640, 640},   {768, 768},   {784, 896},   {896, 896},  {960, 1024},
      {1280, 1280}, {1536, 1536}, {1792, 1792}, {2560, 2560}, {3072, 3072}, {3584, 3584}, {5120, 5120}, {4097, 5120}};
  for (const auto& [dimension, order] : expected) EXPECT_EQ(hadamard_order(dimension).order, order) << dimension;
  const auto orders = supported_orders(4096);
  for (std::size_t n = 1; n <= 4096; ++n) {
    const HadamardOrder d = hadamard_order(n);
    EXPECT_EQ(d.order, static_cast<std::size_t>(d.base) << d.log2);
    for (const HadamardOrder& other : orders) EXPECT_FALSE(other.order >= n && other.order < d.order);
  }
  EXPECT_THROW(hadamard_order(0), std::invalid_argument);
}

RC_GTEST_PROP(Dyadic, MantissasAreTheFloats, (const std::vector<std::uint32_t>& patterns)) {
  std::vector<float> x;
  for (std::uint32_t pattern : patterns) {
    float value = 0;
    std::memcpy(&value, &pattern, sizeof value);
    if (std::isfinite(value)) x.push_back(value);
    std::memcpy(&value, &(pattern &= 0x807fffff), sizeof value);
    x.push_back(value);  // subnormal
  }
  const DyadicScale scale = dyadic_scale(x.data(), x.size());
  const auto mantissas = dyadic_mantissas<Integer>(x.data(), x.size(), scale);
  for (std::size_t i = 0; i < x.size(); ++i) {
    RC_ASSERT(ldexp(Ball(mantissas[i]), scale.exponent).mid_double() == static_cast<double>(x[i]));
    RC_ASSERT(abs(mantissas[i]) < (Integer(1) << scale.bits));
  }
}

TEST(Dyadic, WidthsAgree) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  const HadamardOrder d = hadamard_order(24);
  std::vector<float> x(24);
  for (float& v : x) v = std::ldexp(std::round(std::ldexp(normal(random), 12)), -12);
  const DyadicScale scale = dyadic_scale(x.data(), x.size());
  ASSERT_LE(transform_bits(d, scale), 64);
  auto narrow = dyadic_mantissas<std::int64_t>(x.data(), x.size(), scale);
  auto wide = dyadic_mantissas<__int128>(x.data(), x.size(), scale);
  auto big = dyadic_mantissas<Integer>(x.data(), x.size(), scale);
  hadamard_transform(d, narrow), hadamard_transform(d, wide), hadamard_transform(d, big);
  for (std::size_t i = 0; i < 24; ++i) {
    EXPECT_EQ(static_cast<std::int64_t>(wide[i]), narrow[i]);
    EXPECT_EQ(big[i], Integer(narrow[i]));
  }
}

}  // namespace
}  // namespace hdq::reference
