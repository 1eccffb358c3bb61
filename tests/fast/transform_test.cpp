// SPEC §1, §5.1: the fast transform is the matrix, its transpose is the transpose, and H Hᵀ = dI, exactly, for every supported
// order to 4096 on every instruction set. Small integers make float32 arithmetic exact.
#include <bit>

#include "test_support.hpp"

namespace {

using namespace hdq;
using test::supported_isas;

std::vector<std::size_t> orders_up_to(std::size_t limit) {
  std::vector<std::size_t> orders;
  for (std::size_t d = 1; d <= limit; ++d)
    if (is_hadamard_order(d)) orders.push_back(d);
  return orders;
}

int entry(const HadamardOrder& h, std::size_t row, std::size_t column) {
  const std::size_t mask = (std::size_t{1} << h.log2) - 1;
  const int base = base_matrix_entry(h.base, static_cast<int>(row >> h.log2), static_cast<int>(column >> h.log2));
  return std::popcount(row & column & mask) % 2 == 0 ? base : -base;
}

TEST(HadamardOrder, SmallestSupportedOrder) {
  const std::pair<std::size_t, std::size_t> cases[] = {{1, 1}, {2, 2}, {3, 4}, {5, 8}, {9, 12}, {13, 16}, {17, 20}, {21, 24}, {25, 28},
      {29, 32}, {33, 40}, {96, 96}, {100, 112}, {300, 320}, {384, 384}, {768, 768}, {784, 896}, {960, 1024}, {1000, 1024}, {1025, 1280},
      {1536, 1536}, {3072, 3072}, {5120, 5120}};
  for (const auto& [n, d] : cases) {
    const HadamardOrder h = hadamard_order(n);
    EXPECT_EQ(h.order, d) << n;
    EXPECT_EQ(h.order, static_cast<std::size_t>(h.base) << h.log2);
  }
  EXPECT_EQ(orders_up_to(64), (std::vector<std::size_t>{1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64}));
  EXPECT_THROW(hadamard_order(0), InvalidArgument);
  EXPECT_FALSE(is_hadamard_order(0));
}

TEST(BaseMatrix, Orthogonal) {
  for (int m : {1, 12, 20, 28})
    for (int a = 0; a < m; ++a)
      for (int b = 0; b < m; ++b) {
        int rows = 0, columns = 0;
        for (int c = 0; c < m; ++c) {
          EXPECT_EQ(std::abs(base_matrix_entry(m, a, c)), 1);
          rows += base_matrix_entry(m, a, c) * base_matrix_entry(m, b, c);
          columns += base_matrix_entry(m, c, a) * base_matrix_entry(m, c, b);
        }
        EXPECT_EQ(rows, a == b ? m : 0);
        EXPECT_EQ(columns, a == b ? m : 0);
      }
  EXPECT_THROW(base_matrix_entry(12, 12, 0), InvalidArgument);
  EXPECT_THROW(base_matrix_entry(16, 0, 0), InvalidArgument);
}

class EveryIsa : public ::testing::TestWithParam<Isa> {};

TEST_P(EveryIsa, EqualsTheMatrixOnIntegers) {
  for (std::size_t d : orders_up_to(4096)) {
    const HadamardOrder h = hadamard_order(d);
    std::vector<std::uint32_t> signs((d + 31) / 32);
    sign_bits(d, d, signs.data());
    test::Integers integers(d);
    std::vector<float> x(d);
    for (float& v : x) v = static_cast<float>(static_cast<int>(integers.below(17)) - 8);
    std::vector<float> forward = x, backward = x;
    transform(forward.data(), d, signs.data(), GetParam());
    transform_transposed(backward.data(), d, signs.data(), GetParam());
    for (std::size_t r = 0; r < d; ++r) {
      int sum = 0, transposed = 0;
      for (std::size_t c = 0; c < d; ++c) {
        const int sign = (signs[c / 32] >> (c % 32)) & 1 ? -1 : 1;
        sum += entry(h, r, c) * sign * static_cast<int>(x[c]);
        transposed += entry(h, c, r) * static_cast<int>(x[c]);
      }
      const int sign = (signs[r / 32] >> (r % 32)) & 1 ? -1 : 1;
      ASSERT_EQ(forward[r], static_cast<float>(sum)) << "order " << d << " row " << r;
      ASSERT_EQ(backward[r], static_cast<float>(sign * transposed)) << "order " << d << " row " << r;
    }
  }
}

TEST_P(EveryIsa, OrthogonalForEveryOrder) {
  if (GetParam() == Isa::scalar && isa_supported(Isa::avx2)) GTEST_SKIP() << "equal to the others by fast_isa_test, and slow";
  for (std::size_t d : orders_up_to(4096)) {
    std::vector<std::uint32_t> signs((d + 31) / 32);
    sign_bits(1, d, signs.data());
    std::vector<float> x(d);
    for (std::size_t i = 0; i < d; ++i) {
      std::fill(x.begin(), x.end(), 0.0f);
      x[i] = 1;
      transform_transposed(x.data(), d, signs.data(), GetParam());
      transform(x.data(), d, signs.data(), GetParam());
      for (std::size_t j = 0; j < d; ++j) ASSERT_EQ(x[j], i == j ? static_cast<float>(d) : 0.0f) << "order " << d;
    }
  }
}

// Every column of H D, so that no entry of the matrix goes unseen.
TEST_P(EveryIsa, ColumnsAreTheMatrix) {
  for (std::size_t d : {1u, 2u, 4u, 8u, 12u, 16u, 20u, 24u, 28u, 32u, 40u, 48u, 56u, 80u, 96u, 112u, 224u, 256u, 320u, 384u, 448u}) {
    const HadamardOrder h = hadamard_order(d);
    const std::vector<std::uint32_t> none((d + 31) / 32, 0);
    for (std::size_t c = 0; c < d; ++c) {
      std::vector<float> x(d, 0.0f), y(d, 0.0f);
      x[c] = y[c] = 1;
      transform(x.data(), d, none.data(), GetParam());
      transform_transposed(y.data(), d, none.data(), GetParam());
      for (std::size_t r = 0; r < d; ++r) {
        ASSERT_EQ(x[r], static_cast<float>(entry(h, r, c)));
        ASSERT_EQ(y[r], static_cast<float>(entry(h, c, r)));
      }
    }
  }
}

// The order of additions is part of the contract (SPEC §4): a literal, unblocked evaluation gives the same floats.
std::vector<float> literal_transform(std::vector<float> x, const HadamardOrder& h, bool transposed) {
  const std::size_t block = std::size_t{1} << h.log2;
  for (std::size_t s = 1; s < block; s *= 2)
    for (std::size_t i = 0; i < x.size(); ++i)
      if ((i & s) == 0) {
        const float a = x[i], b = x[i + s];
        x[i] = a + b;
        x[i + s] = a - b;
      }
  if (h.base == 1) return x;
  std::vector<float> y(x.size());
  for (int a = 0; a < h.base; ++a)
    for (std::size_t c = 0; c < block; ++c) {
      const auto term = [&](int column) {
        const int s = transposed ? base_matrix_entry(h.base, column, a) : base_matrix_entry(h.base, a, column);
        return static_cast<float>(s) * x[static_cast<std::size_t>(column) * block + c];
      };
      float sum = 0;
      for (int q = 0; q < h.base; q += 4) {
        const float group = (term(q) + term(q + 1)) + (term(q + 2) + term(q + 3));
        sum = q == 0 ? group : sum + group;
      }
      y[static_cast<std::size_t>(a) * block + c] = sum;
    }
  return y;
}

TEST_P(EveryIsa, KeepsTheOrderOfAdditions) {
  std::vector<std::size_t> orders = orders_up_to(5120);
  for (std::size_t d : {std::size_t{1} << 13, std::size_t{1} << 15, std::size_t{20} << 13, std::size_t{1} << 18}) orders.push_back(d);
  for (std::size_t d : orders) {
    const HadamardOrder h = hadamard_order(d);
    const std::vector<std::uint32_t> none((d + 31) / 32, 0);
    const std::vector<float> x = test::dyadics(d, d);
    std::vector<float> forward = x, backward = x;
    transform(forward.data(), d, none.data(), GetParam());
    transform_transposed(backward.data(), d, none.data(), GetParam());
    ASSERT_EQ(forward, literal_transform(x, h, false)) << d;  // == identifies the two zeros
    ASSERT_EQ(backward, literal_transform(x, h, true)) << d;
  }
}

TEST_P(EveryIsa, RejectsUnsupportedOrders) {
  std::vector<float> x(64);
  std::vector<std::uint32_t> signs(2);
  for (std::size_t d : {0u, 3u, 5u, 10u, 36u, 60u}) {
    EXPECT_THROW(transform(x.data(), d, signs.data(), GetParam()), InvalidArgument);
    EXPECT_THROW(transform_transposed(x.data(), d, signs.data(), GetParam()), InvalidArgument);
  }
}

TEST_P(EveryIsa, NullSignsAreNoFlips) {
  for (std::size_t d : {1u, 2u, 8u, 12u, 28u, 40u, 48u, 96u, 128u, 224u, 640u, 1024u, 8192u}) {
    const std::vector<std::uint32_t> plus((d + 31) / 32, 0);
    const std::vector<float> x = test::dyadics(d, d);
    std::vector<float> a = x, b = x;
    transform(a.data(), d, plus.data(), GetParam());
    transform(b.data(), d, nullptr, GetParam());
    ASSERT_EQ(a, b) << d;
    transform_transposed(a.data(), d, plus.data(), GetParam());
    transform_transposed(b.data(), d, nullptr, GetParam());
    ASSERT_EQ(a, b) << d;
  }
}

INSTANTIATE_TEST_SUITE_P(Supported, EveryIsa, ::testing::ValuesIn(supported_isas()),
                         [](const auto& info) { return isa_name(info.param); });

}  // namespace
