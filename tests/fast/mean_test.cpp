// SPEC §9: means of rows of codes. Against an oracle that follows the SPEC row by row in 128-bit integers, against the mean of what the codec decodes, and
// against itself in other orders, on other threads and instruction sets, in other parts.
#include "hdq/mean.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "mean/exact_sum.hpp"
#include "mean/row_set.hpp"
#include "temporary_directory.hpp"
#include "test_support.hpp"

namespace {

using namespace hdq;
using test::dyadics, test::Integers, test::same_bytes;

template <class Error, class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// Rows of many sizes and shapes: zero, one-hot, constant, huge, subnormal.
std::vector<float> clients(std::size_t rows, std::size_t n, std::uint64_t seed) {
  std::vector<float> x = dyadics(rows * n, seed);
  for (std::size_t row = 0; row < rows; ++row) {
    float* at = x.data() + row * n;
    switch (row % 9) {
      case 2:
        std::fill_n(at, n, 0.0f);
        break;
      case 3:
        std::fill_n(at, n, 0.0f), at[row % n] = -5;
        break;
      case 4:
        std::fill_n(at, n, 0.125f);
        break;
      case 5:
        for (std::size_t i = 0; i < n; ++i) at[i] *= 0x1p90f;
        break;
      case 6:
        for (std::size_t i = 0; i < n; ++i) at[i] *= 0x1p-130f;
        break;
      default:
        break;
    }
  }
  return x;
}

// Some rows of one codec.
struct Batch {
  Codec codec;
  EncodedRows rows;
  std::vector<double> weights;
};
Batch batch(const Codec& codec, std::size_t rows, std::uint64_t first_row, std::uint64_t seed) {
  const std::vector<float> x = clients(rows, codec.dimension(), seed);
  std::vector<double> weights(rows);
  Integers integers(seed + 1);
  for (double& weight : weights)
    weight = std::ldexp(1 + static_cast<double>(integers.below(1 << 20)) / 3, -static_cast<int>(integers.below(24)));
  return {codec, codec.encode(RowsView<const float>(x.data(), rows, codec.dimension()), first_row), weights};
}
// A mixture of rates and of both schemes.
std::vector<Batch> mixture(std::size_t n, CodecOptions options = {}) {
  return {
      batch(Codec(n, 1, 7, options), 17, 0, 1), batch(Codec(n, 4, 7, options), 3, 1000, 2),
      batch(Codec(n, 8, 7, options), 1, client_row(5, 3), 3),
      batch(Codec(n, Step(0.7f), 7, options), 19, client_row(0, 9), 4),
      batch(Codec(n, Step(0.01f), 7, options), 2, ~std::uint64_t{0}, 5)};  // row numbers 2^64 − 1 and 0 + … would wrap
}
std::vector<Batch> without_wrap(std::size_t n, CodecOptions options = {}) {
  std::vector<Batch> all = mixture(n, options);
  all.back() = batch(all.back().codec, 2, ~std::uint64_t{0} - 1, 5);
  return all;
}

MeanAccumulator sum_of(const std::vector<Batch>& batches) {
  MeanAccumulator sum(batches.front().codec.dimension(), 7);
  for (const Batch& b : batches) sum.add(b.codec, b.rows, b.weights);
  return sum;
}
std::vector<float> mean_of(const MeanAccumulator& sum, Isa isa = Isa::automatic) {
  std::vector<float> out(sum.dimension());
  sum.mean(out, isa);
  return out;
}

// ---- the oracle: SPEC §9 read literally ----

// ẑ of a row, from what the codec decodes of a row that is 1-dimensional… : from codewords and codes, by the public stages.
std::vector<float> codewords_of(const Batch& b, std::size_t row) {
  const std::size_t d = b.codec.order();
  const std::uint32_t word = dither_word(b.codec.seed(), b.rows.first_row() + row);
  const std::uint8_t* codes = b.rows.view().row_codes(row);
  std::vector<float> z(d);
  if (b.codec.scheme() == SchemeId::fixed_rate) {
    std::vector<double> r(std::size_t{1} << b.codec.bits());
    codewords(b.codec.bits(), word, r.data());
    std::vector<std::uint8_t> unpacked(d);
    unpack(b.codec.bits(), codes, d, unpacked.data());
    for (std::size_t j = 0; j < d; ++j) z[j] = static_cast<float>(r[unpacked[j]]);
    return z;
  }
  const float step = b.codec.step();
  const int h = Step(step).raw_bits();
  for (std::size_t j = 0; j < d; ++j) {
    std::int32_t k = 0;
    if (b.codec.code_bytes() == 2 * d) {
      std::int16_t narrow;
      std::memcpy(&narrow, codes + 2 * j, 2);
      k = narrow;
    } else {
      std::memcpy(&k, codes + 4 * j, 4);
    }
    const auto w = static_cast<std::uint32_t>(word + j * 0x9E3779B9u);
    const double v = (static_cast<double>(w >> 9) + 0.5) * 0x1p-23;
    z[j] = step * static_cast<float>(k + (0.5 - std::ldexp(v, h)));
  }
  return z;
}

std::vector<float> oracle(const std::vector<Batch>& batches) {
  const std::size_t n = batches.front().codec.dimension(), d = batches.front().codec.order();
  __extension__ using Wide = __int128;
  std::map<int, std::vector<Wide>> bins;
  long double total = 0;  // weights have few bits
  for (const Batch& b : batches)
    for (std::size_t row = 0; row < b.rows.rows(); ++row) {
      total += static_cast<long double>(b.weights[row]);
      const float norm = b.rows.norms()[row];
      if (norm == 0) continue;
      const std::vector<float> z = codewords_of(b, row);
      const double a = b.weights[row] * static_cast<double>(norm);
      float most = 0;
      for (const float value : z) most = std::max(most, std::abs(value));
      const int bin = static_cast<int>(std::floor(std::floor(std::log2(a * static_cast<double>(most))) / 16));
      std::vector<Wide>& sums = bins.try_emplace(bin, d, 0).first->second;
      for (std::size_t j = 0; j < d; ++j)
        sums[j] += static_cast<Wide>(std::nearbyint(std::ldexp(a * static_cast<double>(z[j]), 34 - 16 * bin)));
    }
  std::vector<double> sum(d);
  double most = 0;
  for (std::size_t j = 0; j < d; ++j) {
    for (const auto& [bin, sums] : bins) sum[j] += std::ldexp(static_cast<double>(sums[j]), 16 * bin - 34);
    most = std::max(most, std::abs(sum[j]));
  }
  const int e = most == 0 ? 0 : std::ilogb(most);
  std::vector<float> y(d);
  for (std::size_t j = 0; j < d; ++j) y[j] = static_cast<float>(std::ldexp(sum[j], -e));
  std::vector<std::uint32_t> signs((d + 31) / 32);
  sign_bits(7, d, signs.data());
  transform_transposed(y.data(), d, signs.data(), Isa::scalar);
  std::vector<float> out(n);
  for (std::size_t i = 0; i < n; ++i)
    out[i] = static_cast<float>(static_cast<double>(y[i]) *
                                (std::ldexp(1.0, e) / (static_cast<double>(d) * static_cast<double>(total))));
  return out;
}

TEST(Mean, IsTheOracles) {
  for (const std::size_t n : {1u, 2u, 5u, 24u, 100u, 128u, 700u, 1000u}) {
    const std::vector<Batch> batches = without_wrap(n);
    const std::vector<float> expected = oracle(batches);
    const MeanAccumulator sum = sum_of(batches);
    for (const Isa isa : supported_isas()) {
      const std::vector<float> got = mean_of(sum, isa);
      EXPECT_TRUE(same_bytes(got.data(), expected.data(), n)) << n << " " << isa_name(isa);
    }
  }
}

TEST(Mean, DependsOnTheSetOfRowsAlone) {
  const std::size_t n = 300;
  const std::vector<Batch> batches = without_wrap(n);
  const std::vector<std::uint8_t> expected = sum_of(batches).state();
  std::vector<std::pair<std::size_t, std::size_t>> all;  // batch, row
  for (std::size_t b = 0; b < batches.size(); ++b)
    for (std::size_t row = 0; row < batches[b].rows.rows(); ++row) all.emplace_back(b, row);
  Integers integers(3);
  for (int trial = 0; trial < 20; ++trial) {
    for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[integers.below(i)]);
    std::vector<MeanAccumulator> parts(1 + integers.below(5), MeanAccumulator(n, 7));
    for (const auto& [b, row] : all) {
      const Batch& from = batches[b];
      parts[integers.below(parts.size())].add(from.codec, from.rows.view().slice(row, 1), from.weights[row]);
    }
    MeanAccumulator sum(n, 7);
    for (const MeanAccumulator& part : parts) sum.merge(MeanAccumulator::of_state(part.state()));
    EXPECT_EQ(sum.state(), expected) << trial;
  }
  for (const Isa isa : supported_isas())
    for (const int threads : {1, 3})
      EXPECT_EQ(sum_of(without_wrap(n, {isa, threads})).state(), expected) << isa_name(isa) << " " << threads;
}

TEST(Mean, ManyRowsCarry) {
  // This weight brings M close to the end of its bin, and products to 1.5·2^49: 12288 of one sign would overflow 64 bits. The same rows in parts are carried elsewhere.
  const std::size_t rows = 12288, n = 2;
  const Codec codec(n, 8, 7);
  const std::vector<float> x(rows * n, 0.99f);
  const EncodedRows encoded = codec.encode(RowsView<const float>(x.data(), rows, n), 0);
  MeanAccumulator at_once(n, 7), in_parts(n, 7);
  constexpr double weight = 0x1.8p14;
  at_once.add(codec, encoded, weight);
  for (std::size_t at = 0; at < rows; at += 1025) {
    MeanAccumulator part(n, 7);
    part.add(codec, encoded.view().slice(at, std::min<std::size_t>(1025, rows - at)), weight);
    in_parts.merge(part);
  }
  EXPECT_EQ(at_once.state(), in_parts.state());
  // Equal rows of independent words: the error falls with their number. E‖mean − x‖² <= bound; a mean of biased codes would keep its bias.
  const std::vector<float> mean = mean_of(at_once);
  double error = 0;
  for (const float value : mean) error += (static_cast<double>(value) - 0.99) * (static_cast<double>(value) - 0.99);
  EXPECT_LT(error, 20 * at_once.error_bound());
  EXPECT_NEAR(at_once.error_bound() / at_once.mean_square(), codec.error_bound() / rows, 1e-9 * codec.error_bound());
}

TEST(Mean, IsTheMeanOfDecodedRows) {
  for (const std::size_t n : {24u, 100u, 512u}) {
    std::vector<Batch> batches = without_wrap(n);
    std::vector<double> expected(n), size(n);
    double total = 0;
    for (const Batch& b : batches) {
      std::vector<float> decoded(b.rows.rows() * n);
      b.codec.decode(b.rows, {decoded.data(), b.rows.rows(), n});
      for (std::size_t row = 0; row < b.rows.rows(); ++row) {
        total += b.weights[row];
        for (std::size_t i = 0; i < n; ++i) expected[i] += b.weights[row] * static_cast<double>(decoded[row * n + i]);
        for (std::size_t i = 0; i < n; ++i) size[i] += b.weights[row] * static_cast<double>(b.rows.norms()[row]);
      }
    }
    const std::vector<float> mean = mean_of(sum_of(batches));
    // Both round the butterflies; 14 stages at most, the sums of magnitudes being at most √d·norm each.
    for (std::size_t i = 0; i < n; ++i)
      EXPECT_NEAR(static_cast<double>(mean[i]), expected[i] / total,
                  40 * 0x1p-24 * std::sqrt(static_cast<double>(n)) * size[i] / total)
          << n << " " << i;
  }
}

TEST(Mean, RefusesARowTwice) {
  const std::vector<Batch> batches = without_wrap(40);
  MeanAccumulator sum = sum_of(batches);
  const std::vector<std::uint8_t> before = sum.state();
  const Batch& b = batches[3];
  EXPECT_EQ(error_of<InvalidArgument>([&] { sum.add(b.codec, b.rows.view().slice(18, 1)); }),
            "row number 38654705682 (client 18, round 9) is in the mean already");
  MeanAccumulator other(40, 7);
  other.add(batches[2].codec, batches[2].rows);
  EXPECT_THROW(sum.merge(other), InvalidArgument);
  EXPECT_THROW(sum.merge(sum), InvalidArgument);
  EXPECT_EQ(sum.state(), before);
  // Numbers of rows that wrap around 2^64 are those that they are.
  MeanAccumulator wrapped(40, 7);
  const Batch around = mixture(40).back();
  wrapped.add(around.codec, around.rows);
  EXPECT_EQ(wrapped.rows(), 2u);
  EXPECT_EQ(error_of<InvalidArgument>([&] { wrapped.add(batches[0].codec, batches[0].rows.view().slice(0, 1)); }),
            "row number 0 (client 0, round 0) is in the mean already");
}

TEST(Mean, RefusesWhatDoesNotFitAndStaysAsItWas) {
  const std::size_t n = 40;
  const Codec codec(n, 4, 7);
  const std::vector<float> x = clients(3, n, 1);
  EncodedRows rows = codec.encode(RowsView<const float>(x.data(), 3, n), 0);
  MeanAccumulator sum(n, 7);
  const std::vector<std::uint8_t> before = sum.state();
  std::vector<float> out(n);
  EXPECT_EQ(error_of<InvalidArgument>([&] { sum.mean(out); }), "a mean of no rows");
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  for (const double weight : {0.0, -1.0, nan, infinity, 0x1p-101, 0x1p101})
    EXPECT_THROW(sum.add(codec, rows, weight), InvalidArgument) << weight;
  const std::vector<double> two(2, 1.0), bad{1, 1, -1};
  EXPECT_EQ(error_of<InvalidArgument>([&] { sum.add(codec, rows, two); }), "2 weights for 3 rows");
  EXPECT_EQ(error_of<InvalidArgument>([&] { sum.add(codec, rows, bad); }),
            "weight of row 2: -1.000000 is not in [2^-100, 2^100]");
  EXPECT_EQ(error_of<InvalidArgument>([&] { sum.add(Codec(n, 4, 8), rows); }), "seed 8 of the rows: the mean has 7");
  EXPECT_EQ(error_of<InvalidArgument>([&] { sum.add(Codec(n + 1, 4, 7), rows); }),
            "41 dimensions of a codec for 40 dimensions of the mean");
  EXPECT_THROW(sum.add(Codec(n, 3, 7), rows), InvalidArgument);
  EXPECT_THROW(sum.add(Codec(n, 4, Dither::shared, 7), EncodedView(rows.norms(), rows.codes(), 0)), InvalidArgument);
  EXPECT_THROW(sum.add(codec, rows, two, std::vector<float>(n - 1)), InvalidArgument);
  EXPECT_THROW(
      sum.add(codec, rows, std::vector<double>(3, 1.0), std::vector<float>(n, std::numeric_limits<float>::infinity())),
      InvalidArgument);
  EncodedRows spoilt = rows;
  spoilt.buffer().norms()[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(error_of<InvalidInput>([&] { sum.add(codec, spoilt); }), "row 1: the norm is not a finite number >= 0");
  EXPECT_THROW(sum.merge(MeanAccumulator(n, 8)), InvalidArgument);
  EXPECT_THROW(sum.merge(MeanAccumulator(n + 1, 7)), InvalidArgument);
  EXPECT_THROW(MeanAccumulator(0, 7), InvalidArgument);
  EXPECT_EQ(sum.state(), before);
  sum.add(codec, rows);
  EXPECT_THROW(sum.mean(std::span(out).first(n - 1)), InvalidArgument);
  for (const double total : {0.0, -1.0, nan}) EXPECT_THROW(sum.mean(out, total), InvalidArgument);
  sum.mean(out, 3.0);
  const std::vector<float> given = out;
  sum.mean(out);
  EXPECT_EQ(given, out);
}

TEST(Mean, TakesFiles) {
  const std::size_t n = 40, rows = 700;
  const hdq::testing::TemporaryDirectory directory;
  const std::vector<float> x = clients(rows, n, 1), centre = dyadics(n, 2);
  for (const Codec& codec : {Codec(n, 4, 7), Codec(n, Step(0.5f), 7)}) {
    const std::string path = directory / "x.hdq";
    FileWriter writer(path, FileHeader::make(codec, rows, 12), centre);
    writer.encode(codec, RowsView<const float>(x.data(), rows, n));
    writer.commit();
    const FileReader file(path);
    MeanAccumulator whole(n, 7), in_parts(n, 7);
    std::vector<double> weights(rows);
    for (std::size_t i = 0; i < rows; ++i) weights[i] = 1 + static_cast<double>(i % 7) / 7;
    whole.add(file, weights, {.threads = 2});
    BlockReader reader(file);
    for (std::size_t at = 0; at < rows;) {
      const EncodedView some = reader.rows(at, 33);
      in_parts.add(codec, some, std::span(weights).subspan(at, some.rows()), file.mean());
      at += some.rows();
    }
    EXPECT_EQ(whole.state(), in_parts.state());
    std::vector<float> decoded(rows * n), mean = mean_of(whole);
    file.decode(codec, 0, {decoded.data(), rows, n});
    for (std::size_t i = 0; i < n; ++i) {
      double expected = 0, total = 0, size = 0;
      for (std::size_t row = 0; row < rows; ++row) {
        expected += weights[row] * static_cast<double>(decoded[row * n + i]);
        total += weights[row];
        double square = 0;
        for (std::size_t j = 0; j < n; ++j)
          square += static_cast<double>(decoded[row * n + j]) * static_cast<double>(decoded[row * n + j]);
        size += weights[row] * std::sqrt(square);
      }
      EXPECT_NEAR(static_cast<double>(mean[i]), expected / total, 200 * 0x1p-24 * size / total) << i;
    }
    MeanAccumulator other(n + 1, 7);
    EXPECT_THROW(other.add(file), InvalidArgument);
    EXPECT_THROW(whole.add(file), InvalidArgument);
  }
}

TEST(Mean, StateIsReadBackAndNothingElse) {
  const MeanAccumulator sum = sum_of(without_wrap(5));
  const std::vector<std::uint8_t> state = sum.state();
  EXPECT_EQ(MeanAccumulator::of_state(state).state(), state);
  for (std::size_t at = 0; at < state.size(); ++at) {
    std::vector<std::uint8_t> spoilt = state;
    spoilt[at] ^= static_cast<std::uint8_t>(1u << at % 8);
    EXPECT_THROW(MeanAccumulator::of_state(spoilt), InvalidArgument) << at;
    EXPECT_THROW(MeanAccumulator::of_state(std::span(state).first(at)), InvalidArgument) << at;
  }
  std::vector<std::uint8_t> longer = state;
  longer.push_back(0);
  EXPECT_THROW(MeanAccumulator::of_state(longer), InvalidArgument);
}

// ---- parts ----

TEST(ExactSum, IsTheSumInAnyOrder) {
  // Numbers of 53 random bits and exponents 0 to 60: their sum in 128-bit integers is exact.
  Integers integers(1);
  __extension__ using Wide = unsigned __int128;
  for (int trial = 0; trial < 200; ++trial) {
    detail::ExactSum forward, backward;
    std::vector<double> x(1 + integers.below(40));
    Wide expected = 0;
    for (double& value : x) {
      const std::uint64_t significand = integers.next() >> 11, exponent = integers.below(60);
      value = std::ldexp(static_cast<double>(significand), static_cast<int>(exponent) - 90);
      expected += static_cast<Wide>(significand) << exponent;
    }
    for (std::size_t i = 0; i < x.size(); ++i) forward.add(x[i]);
    for (std::size_t i = x.size(); i-- > 0;) backward.add(x[i]);
    EXPECT_EQ(forward.value(), std::ldexp(static_cast<double>(expected), -90));
    EXPECT_EQ(forward.canonical(), backward.canonical());
  }
}

TEST(ExactSum, RoundsTiesToEvenAndTheEndsOfTheRange) {
  const auto sum = [](std::initializer_list<double> x) {
    detail::ExactSum s;
    for (const double value : x) s.add(value);
    return s.value();
  };
  EXPECT_EQ(sum({}), 0);
  EXPECT_EQ(sum({1, 0x1p-53}), 1);
  EXPECT_EQ(sum({1, 0x1p-53, 0x1p-1074}), 1 + 0x1p-52);
  EXPECT_EQ(sum({1, 0x1p-52, 0x1p-53}), 1 + 0x1p-51);
  const double largest = std::numeric_limits<double>::max(), least = std::numeric_limits<double>::denorm_min();
  EXPECT_EQ(sum({largest}), largest);
  EXPECT_EQ(sum({largest, largest}), std::numeric_limits<double>::infinity());
  EXPECT_EQ(sum({least}), least);
  EXPECT_EQ(sum({least, 0x1p-1022}), 0x1p-1022 + least);
  EXPECT_EQ(sum({0x1.fffffffffffffp-1023, least}), 0x1.fffffffffffffp-1023 + least);
}

TEST(RowSet, IsASetOfNumbers) {
  // All sequences of a few runs among the first 12 numbers and the last 4, against a table.
  Integers integers(2);
  for (int trial = 0; trial < 2000; ++trial) {
    detail::RowSet set;
    std::vector<bool> in(16);
    const auto number = [](std::size_t i) { return i < 12 ? i : ~std::uint64_t{0} - (15 - i); };
    for (int step = 0; step < 8; ++step) {
      const bool high = integers.below(3) == 0;
      const std::size_t least = high ? 12 : 0, most = high ? 15 : 11;
      std::size_t first = least + integers.below(most - least + 1), last = first + integers.below(most - first + 1);
      std::optional<std::uint64_t> expected;
      for (std::size_t i = last + 1; i-- > first;)
        if (in[i]) expected = number(i);
      EXPECT_EQ(set.find(number(first), number(last)), expected);
      if (expected) continue;
      set.add(number(first), number(last));
      std::fill(in.begin() + static_cast<std::ptrdiff_t>(first), in.begin() + static_cast<std::ptrdiff_t>(last) + 1,
                true);
    }
    std::size_t runs = 0;
    for (std::size_t i = 0; i < 16; ++i) runs += in[i] && (i == 0 || i == 12 || !in[i - 1]) ? 1 : 0;
    EXPECT_EQ(set.runs().size(), runs);
  }
}

}  // namespace
