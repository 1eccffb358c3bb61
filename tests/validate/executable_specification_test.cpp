// hdq-coq, extracted from proofs/executable, and the library give the same bytes: every instruction set, rows of every kind.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "hdq/codec.hpp"
#include "hdq/score.hpp"
#include "hdq/stages.hpp"
#include "hdq/validate/subject/pipe_subject.hpp"
#include "hdq/validate/subject/plugin_subject.hpp"

namespace {

using namespace hdq::validate;
using Floats = std::vector<float>;
using Bytes = std::vector<std::uint8_t>;

template <class T>
std::span<const std::uint8_t> bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(T)};
}

// ---- rows ----

constexpr float largest = std::numeric_limits<float>::max();

// D Hᵀ e_column: its rotation is d in one coordinate and 0 elsewhere.
Floats row_of_hadamard(std::size_t n, std::uint64_t seed, std::size_t column) {
  const std::size_t order = hdq::hadamard_order(n).order;
  std::vector<std::uint32_t> signs((order + 31) / 32);
  hdq::sign_bits(seed, order, signs.data());
  Floats y(order, 0.0f);
  y[column % order] = 1;
  hdq::transform_transposed(y.data(), order, signs.data());
  y.resize(n);
  return y;
}

// Its norm is half-way between two float32 numbers, but for squares of which each is lost or kept as the order of additions has it.
Floats row_at_a_tie(std::size_t n, std::mt19937_64& random) {
  Floats x(n);
  for (float& v : x) v = std::ldexp(static_cast<float>(random() % 8), -29);
  const float squares[] = {1, 0x1p-12f, 0x1p-12f, 0x1p-24f};  // 1 + 2^-23 + 2^-48, the square of 1 + 2^-24
  std::size_t at = random() % n;
  for (const float v : squares) {
    x[at % n] = v;
    at += 1 + random() % 5;
  }
  return x;
}

constexpr int kinds = 17;

Floats row_of_kind(int kind, std::size_t n, std::uint64_t seed, std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  const std::size_t at = random() % n;
  const auto power = [&](int least, int most) {
    return std::ldexp(1.0f, least + static_cast<int>(random() % static_cast<std::uint64_t>(most - least + 1)));
  };
  Floats x(n, 0.0f);
  switch (kind) {
    case 0:
      for (float& v : x) v = normal(random);
      break;
    case 1:
      for (float& v : x) v = normal(random) * power(-30, 30);
      break;
    case 2:
      x[at] = 1;
      break;
    case 3:
      x[at] = -power(-149, 127);
      break;
    case 4:
      x.assign(n, power(-149, 100));
      break;
    case 5:
      x = row_of_hadamard(n, seed, at);
      break;
    case 6:
      for (float& v : x) v = normal(random) * 0x1p-140f;
      break;  // subnormal
    case 7:
      for (float& v : x) v = normal(random) * 0x1p-101f;
      break;  // beside the lower factor
    case 8:
      for (float& v : x) v = normal(random) * 0x1p100f;
      break;  // beside the upper one
    case 9:
      x[at] = largest;
      x[0] = std::copysign(largest, -1.0f) * 0x1p-20f;
      break;  // the largest norm
    case 10:
      break;  // zeros
    case 11:
      for (float& v : x) v = static_cast<float>(static_cast<int>(random() % 5) - 2);
      break;  // ties
    case 12:
      for (float& v : x) v = (random() & 1) != 0 ? 0.0f : -0.0f;
      x[at] = 1;
      break;
    case 13:
      for (std::size_t i = 0; i < n; ++i) x[i] = i % 2 == 0 ? 1.0f : -1.0f;
      break;
    case 15:
      return row_at_a_tie(n, random);
    case 14:
      for (float& v : x) v = std::nextafter(1.0f, (random() & 1) != 0 ? 2.0f : 0.0f);
      break;
    default:
      for (float& v : x) v = std::bit_cast<float>(static_cast<std::uint32_t>(random() & 0xDFFFFFFF));
      break;  // any bits below 2
  }
  for (float& v : x) v = std::isfinite(v) ? v : 1.0f;
  return x;
}

Floats rows_of_kinds(std::size_t rows, std::size_t n, std::uint64_t seed, std::mt19937_64& random) {
  Floats x;
  for (std::size_t row = 0; row < rows; ++row) {
    const Floats one = row_of_kind(static_cast<int>(row % kinds), n, seed, random);
    x.insert(x.end(), one.begin(), one.end());
  }
  return x;
}

// ---- both ----

class ExecutableSpecification : public ::testing::Test {
 protected:
  PipeSubject coq_{{HDQ_COQ}, std::chrono::seconds(60)};
  PluginSubject library_{HDQ_KERNEL_DIRECTORY "/hdq-kernel-library.so", std::chrono::seconds(60)};
  std::mt19937_64 random_{20260513};

  Request request(Operation operation, std::size_t n, int bits, std::size_t rows) {
    Request r;
    r.operation = operation;
    r.config.dimension = n;
    r.config.order = hdq::hadamard_order(n).order;
    r.config.seed = random_();
    r.config.bits = static_cast<std::uint32_t>(bits);
    r.first_row = rows % 2 == 0 ? random_() : 0xFFFFFFF0;  // past 2^32
    r.rows = rows;
    return r;
  }
  static std::size_t code_bytes(const Request& r) { return (r.config.order * r.config.bits + 7) / 8; }

  // The answer of hdq-coq, which every instruction set gives too.
  std::vector<Bytes> agreed(Request r) {
    const Reply expected = coq_.call(r);
    EXPECT_TRUE(expected.ok()) << expected.detail;
    for (std::uint32_t variant = 0; variant < library_.info().variants; ++variant) {
      r.config.variant = variant;
      const Reply reply = library_.call(r);
      EXPECT_TRUE(reply.ok()) << reply.detail;
      EXPECT_EQ(reply.outputs, expected.outputs)
          << operation_name(r.operation) << ", " << hdq::isa_name(hdq::supported_isas()[variant])
          << ", n = " << r.config.dimension << ", b = " << r.config.bits << ", seed " << r.config.seed << ", first row "
          << r.first_row;
    }
    return expected.outputs;
  }

  // ⟨q, x̂⟩ of rows, by every instruction set.
  void expect_scores(const Request& of, const Floats& norms, const Bytes& codes, const Floats& query) {
    Request r = of;
    r.operation = Operation::dot;
    r.inputs = {bytes_of(norms), codes, bytes_of(query)};
    r.output_bytes = {4 * r.rows};
    const Reply expected = coq_.call(r);
    ASSERT_TRUE(expected.ok()) << expected.detail;
    for (const hdq::Isa isa : hdq::supported_isas()) {
      const hdq::Codec codec(r.config.dimension, static_cast<int>(r.config.bits), r.config.seed, {isa, 1});
      Floats scores(r.rows);
      hdq::Scorer(codec, {query.data(), 1, query.size()})
          .score(hdq::Metric::inner_product, hdq::EncodedView(norms, codes, r.first_row),
                 {scores.data(), 1, scores.size()});
      EXPECT_EQ(expected.output<float>(0), scores)
          << hdq::isa_name(isa) << ", n = " << r.config.dimension << ", b = " << r.config.bits;
    }
  }

  // A row's raw bits and stream, and the row back from them.
  void expect_stream(const Request& of, std::uint32_t raw_bits, const Bytes& norm, const Bytes& codes) {
    Request r = of;
    r.operation = Operation::put_row;
    r.rows = 1;
    r.inputs = {norm, codes};
    r.output_bytes = {(r.config.order * raw_bits + 7) / 8, 8 + 12 * r.config.order};
    const Reply ours = coq_.call(r), theirs = library_.call(r);
    ASSERT_TRUE(ours.ok() && theirs.ok()) << ours.detail << theirs.detail;
    ASSERT_EQ(ours.size, theirs.size);
    const auto stream_of = [](const Reply& reply) {
      return Bytes(reply.outputs[1].begin(), reply.outputs[1].begin() + static_cast<std::ptrdiff_t>(reply.size));
    };
    const Bytes raw = ours.outputs[0], stream = stream_of(ours);
    EXPECT_EQ(raw, theirs.outputs[0]);
    EXPECT_EQ(stream, stream_of(theirs));
    r.operation = Operation::get_row;
    r.inputs = {raw, stream};
    r.output_bytes = {4, codes.size()};
    EXPECT_EQ(agreed(r), (std::vector<Bytes>{norm, codes}));
  }

  // Of random codes.
  void expect_file(Request r) {
    Floats norms(r.rows);
    for (float& v : norms) v = static_cast<float>(random_() % 1000);
    Bytes codes(r.rows * code_bytes(r));
    for (std::uint8_t& c : codes) c = static_cast<std::uint8_t>(random_());
    r.inputs = {bytes_of(norms), codes};
    r.output_bytes = {4096 + 2 * codes.size() + 8 * r.rows};
    const Reply theirs = library_.call(r), ours = coq_.call(r);
    ASSERT_TRUE(theirs.ok() && ours.ok()) << theirs.detail << ours.detail;
    ASSERT_EQ(ours.size, theirs.size);
    Bytes file = theirs.outputs[0];
    file.resize(theirs.size);
    Bytes own = ours.outputs[0];
    own.resize(ours.size);
    EXPECT_TRUE(own == file) << "n = " << r.config.dimension << ", " << r.rows << " rows";
    r.operation = Operation::load;
    r.inputs = {file};
    r.output_bytes = {4 * r.rows, codes.size()};
    EXPECT_TRUE(agreed(r) == (std::vector<Bytes>{Bytes(bytes_of(norms).begin(), bytes_of(norms).end()), codes}));
  }

  void expect_rows(std::size_t n, int bits, std::size_t rows) {
    Request r = request(Operation::encode, n, bits, rows);
    const Floats x = rows_of_kinds(rows, n, r.config.seed, random_);
    r.inputs = {bytes_of(x)};
    r.output_bytes = {4 * rows, rows * code_bytes(r)};
    const std::vector<Bytes> encoded = agreed(r);
    ASSERT_EQ(encoded.size(), 2u);
    Floats norms(rows);
    std::memcpy(norms.data(), encoded[0].data(), encoded[0].size());
    Request back = r;
    back.operation = Operation::decode;
    back.inputs = {bytes_of(norms), encoded[1]};
    back.output_bytes = {4 * rows * n};
    agreed(back);
    expect_scores(r, norms, encoded[1], row_of_kind(static_cast<int>(random_() % kinds), n, r.config.seed, random_));
  }
};

TEST_F(ExecutableSpecification, RowsOfEveryDimensionTo64HaveTheBytesOfEveryInstructionSet) {
  for (std::size_t n = 1; n <= 64; ++n)
    for (const int more : {0, 3, 6})
      expect_rows(n, 1 + static_cast<int>((n + static_cast<std::size_t>(more)) % 8), kinds);
}

TEST_F(ExecutableSpecification, LongerRowsHaveTheBytesOfEveryInstructionSet) {
  int bits = 0;
  for (const std::size_t n : {100u, 112u, 127u, 160u, 224u, 257u, 384u, 640u, 784u, 1024u})
    expect_rows(n, 1 + bits++ % 8, 17);
}

TEST_F(ExecutableSpecification, CodebooksAreThoseOfEveryInstructionSet) {
  for (int bits = 1; bits <= 8; ++bits) {
    std::vector<std::uint32_t> words = {0, 1, 2, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF};
    for (int i = 0; i < 24; ++i) words.push_back(static_cast<std::uint32_t>(random_() >> (i % 32)));
    for (const std::uint32_t word : words) {
      Request r = request(Operation::thresholds, 8, bits, 1);
      r.word = word;
      r.output_bytes = {8 * ((std::uint64_t{1} << bits) - 1)};
      agreed(r);
      r.operation = Operation::codewords;
      r.output_bytes = {8 * (std::uint64_t{1} << bits)};
      agreed(r);
    }
  }
}

TEST_F(ExecutableSpecification, FilesAreThoseOfTheLibraryAndLoad) {
  for (const std::size_t n : {1u, 13u, 100u})
    for (const std::size_t rows : {1u, 5u, 40u})
      expect_file(request(Operation::save, n, 1 + static_cast<int>((n + rows) % 8), rows));
}

TEST_F(ExecutableSpecification, FilesOfTwoBlocksAreThoseOfTheLibraryAndLoad) {
  expect_file(request(Operation::save, 1000, 8, 140));  // blocks of 128 rows
}

// ---- the entropy-coded scheme ----

TEST_F(ExecutableSpecification, EntropyCodedRowsHaveTheBytesOfEveryInstructionSet) {
  for (const float step : {0x1p-10f, 0.0162f, 0.125f, 0.26f, 0.7f, 1.0825f, 3.0f, 16.0f}) {
    Request r = request(Operation::coding, 8, 1, 1);
    r.config.bits = 0;
    r.config.step = step;
    r.output_bytes = {8};
    const std::uint32_t raw_bits = agreed(r).at(0).at(0);
    for (int i = 0; i < 8; ++i) {
      const std::size_t n = i == 0 ? 160 : 1 + random_() % 64, rows = kinds;
      r = request(Operation::encode, n, 1, rows);
      r.config.bits = 0;
      r.config.step = step;
      const Floats x = rows_of_kinds(rows, n, r.config.seed, random_);
      const std::size_t row_bytes = step_code_bytes(r.config) * r.config.order;
      r.inputs = {bytes_of(x)};
      r.output_bytes = {4 * rows, rows * row_bytes};
      const std::vector<Bytes> encoded = agreed(r);
      Request back = r;
      back.operation = Operation::decode;
      back.inputs = {encoded[0], encoded[1]};
      back.output_bytes = {4 * rows * n};
      agreed(back);
      expect_stream(r, raw_bits, Bytes(encoded[0].begin(), encoded[0].begin() + 4),
                    Bytes(encoded[1].begin(), encoded[1].begin() + static_cast<std::ptrdiff_t>(row_bytes)));
    }
  }
}

}  // namespace
