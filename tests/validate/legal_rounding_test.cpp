// docs/validate.md, "Legal rounding": a conformant kernel that is off by all that is granted there is valid, one that is off by a little
// more is not. The kernel here computes exactly and then goes to the edge in one number of each call; the bounds are stated anew.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "hdq/codec.hpp"
#include "hdq/stages.hpp"
#include "hdq/reference/scheme/philox.hpp"
#include "hdq/reference/scheme/vector_quantizer.hpp"
#include "hdq/validate/checks/oracle.hpp"
#include "hdq/validate/driver/validator.hpp"

namespace hdq::validate {
namespace {

double g(double s) { return std::expm1(s * std::log1p(0x1p-24)); }
constexpr double e40 = 0x1p-40 - 0x1p-48;  // what is granted, less what the codebook in double is off itself

// The float farthest from `exact` that is no more than `distance` away, on the side of `sign`.
float edge(double exact, double distance, double sign) {
  const double at = exact + sign * distance;
  auto value = static_cast<float>(at);
  if (std::isinf(value)) return value;
  if (sign > 0 ? static_cast<double>(value) > at : static_cast<double>(value) < at) value = std::nextafter(value, sign > 0 ? -INFINITY : INFINITY);
  return value;
}

// Everything that the validator asks of `operation`, and no other, with `share` of what is granted.
class EdgeKernel final : public Subject {
 public:
  EdgeKernel(Operation operation, double share) : share_(share) {
    info_.name = "edge";
    info_.promise = Promise::conformant;
    info_.bit_widths = all_bit_widths;
    info_.max_dimension = 200;
    info_.operations = 1u << static_cast<std::uint32_t>(operation);
  }
  const SubjectInfo& info() const override { return info_; }
  void restart() override {}
  std::string command_line() const override { return "edge"; }

  Reply call(const Request& r) override {
    Reply reply;
    switch (r.operation) {
      case Operation::transform: transform(r, reply); break;
      case Operation::encode: encode(r, reply); break;
      case Operation::decode: decode(r, reply); break;
      case Operation::dot: dot(r, reply); break;
      default: reply.outcome = Outcome::unsupported;
    }
    return reply;
  }

 private:
  template <class T>
  static std::vector<T> input(const Request& r, std::size_t i) {
    std::vector<T> values(r.inputs[i].size() / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), r.inputs[i].data(), r.inputs[i].size());
    return values;
  }
  template <class T>
  static void output(Reply& reply, const std::vector<T>& values) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(values.data());
    reply.outputs.emplace_back(bytes, bytes + values.size() * sizeof(T));
  }
  double side() { return ++turn_ % 2 == 0 ? 1 : -1; }
  static double s(const Config& c) { return static_cast<double>(c.order) + 4; }

  void transform(const Request& r, Reply& reply) {
    const auto x = input<float>(r, 0);
    std::vector<float> y;
    for (std::size_t row = 0; row < r.rows; ++row) {
      const float* in = x.data() + row * r.config.dimension;
      const auto exact = exact_rotation(r.config, in);
      const std::size_t at = y.size() + turn_ % exact.size();
      for (const double v : exact) {
        y.push_back(y.size() == at ? edge(v, share_ * g(s(r.config)) * sum_of_magnitudes(in, r.config.dimension), side()) : static_cast<float>(v));
      }
    }
    output(reply, y);
  }

  // Norms at their edge; or codes on the other side of every threshold that is close enough for that.
  void encode(const Request& r, Reply& reply) {
    const Config& c = r.config;
    const auto x = input<float>(r, 0);
    const int bits = static_cast<int>(c.bits);
    std::vector<float> norms;
    std::vector<std::uint8_t> bytes;
    for (std::size_t row = 0; row < r.rows; ++row) {
      const float* in = x.data() + row * c.dimension;
      const double exact = reference::exact_norm(in, c.dimension).mid_double(), magnitudes = sum_of_magnitudes(in, c.dimension);
      norms.push_back(norm_edge ? edge(exact, share_ * (g(static_cast<double>(c.dimension) + 2) * exact + 0x1p-149), exact > 0 ? side() : 1) : static_cast<float>(exact));
      if (exact == 0) norms.back() = 0;
      const double rho = static_cast<double>(norms.back());
      const auto y = exact_rotation(c, in), theta = thresholds_at(bits, hdq::dither_of_word(reference::dither_word(c.seed, r.first_row + row)));
      std::vector<std::uint8_t> codes;
      for (const double v : y) {
        std::size_t code = 0;
        while (code < theta.size() && v >= theta[code] * rho) ++code;
        const auto near = [&](std::size_t k) {
          const double bound = g(s(c)) * magnitudes + (g(5) * std::abs(theta[k]) + e40 * (1 + std::abs(theta[k]))) * rho, distance = std::abs(v - theta[k] * rho);
          return !norm_edge && distance <= share_ * bound && (share_ < 1 || distance > 1.001 * bound);  // beyond the edge, or within
        };
        if (code < theta.size() && near(code)) ++code, ++moved;
        else if (code > 0 && near(code - 1)) --code, ++moved;
        codes.push_back(static_cast<std::uint8_t>(code));
      }
      std::vector<std::uint8_t> packed((codes.size() * c.bits + 7) / 8);
      hdq::pack(bits, codes.data(), codes.size(), packed.data());
      bytes.insert(bytes.end(), packed.begin(), packed.end());
    }
    output(reply, norms);
    output(reply, bytes);
  }

  // ẑ of a row, Σ|r_j| and Σ 2^-40 (1 + |r_j|).
  struct Words {
    std::vector<double> z;
    double sum = 0, codebook = 0;
  };
  static Words words(const Request& r, std::size_t row) {
    const int bits = static_cast<int>(r.config.bits);
    const auto table = codewords_at(bits, hdq::dither_of_word(reference::dither_word(r.config.seed, r.first_row + row)));
    const std::size_t stride = r.inputs[1].size() / r.rows;
    Words w;
    for (const std::uint8_t code : reference::unpack_codes(bits, r.inputs[1].data() + row * stride, r.config.order)) {
      w.z.push_back(table[code]);
      w.sum += std::abs(table[code]);
      w.codebook += e40 * (1 + std::abs(table[code]));
    }
    return w;
  }

  void decode(const Request& r, Reply& reply) {
    const Config& c = r.config;
    const auto norms = input<float>(r, 0);
    const auto epsilon = reference::signs(c.seed, c.order);
    std::vector<float> x;
    for (std::size_t row = 0; row < r.rows; ++row) {
      Words w = words(r, row);
      const double q = static_cast<double>(norms[row]) / static_cast<double>(c.order);
      const double bound = norms[row] == 0 ? 0 : q * (g(s(c)) * w.sum + w.codebook) + 5 * 0x1p-149;
      hadamard_in_place(c, w.z, true);
      const std::size_t at = turn_ % c.dimension;
      for (std::size_t i = 0; i < c.dimension; ++i) {
        const double exact = epsilon[i] * w.z[i] * q;
        x.push_back(i == at && bound > 0 ? edge(exact, share_ * bound, side()) : static_cast<float>(exact));
      }
    }
    output(reply, x);
  }

  void dot(const Request& r, Reply& reply) {
    const Config& c = r.config;
    const auto norms = input<float>(r, 0), query = input<float>(r, 2);
    const auto rotated = exact_rotation(c, query.data());
    const double size = sum_of_magnitudes(query.data(), c.dimension);
    std::vector<float> out;
    for (std::size_t row = 0; row < r.rows; ++row) {
      const Words w = words(r, row);
      const double rho = static_cast<double>(norms[row]), q = rho / static_cast<double>(c.order);
      double sum = 0;
      for (std::size_t j = 0; j < w.z.size(); ++j) sum += rotated[j] * w.z[j];
      const double bound = q * size * (g(2 * s(c)) * w.sum + w.codebook) + 5 * 0x1p-149 * (size + w.sum + rho + static_cast<double>(c.order));
      out.push_back(edge(sum * q, share_ * bound, side()));
    }
    output(reply, out);
  }

  SubjectInfo info_;
  double share_;
  std::uint64_t turn_ = 0;

 public:
  bool norm_edge = false;
  std::size_t moved = 0;
};

std::string findings(EdgeKernel& kernel, const char* check) {
  Options options;
  options.level = Level::quick;
  options.output_directory.clear();
  options.only = {check};
  options.shrink_seconds = 0;
  options.fail_fast = true;
  const Verdict verdict = validate(kernel, options);
  return verdict.valid() ? "" : text_report(verdict);
}

void expect_edge(Operation operation, const char* check, bool norm = false) {
  EdgeKernel inside(operation, 0.999), outside(operation, 1.05);
  inside.norm_edge = outside.norm_edge = norm;
  EXPECT_EQ(findings(inside, check), "");
  EXPECT_NE(findings(outside, check), "");
}

TEST(LegalRounding, Transform) { expect_edge(Operation::transform, "transform"); }
TEST(LegalRounding, Norm) { expect_edge(Operation::encode, "encode", true); }
TEST(LegalRounding, Decode) { expect_edge(Operation::decode, "decode"); }
TEST(LegalRounding, Dot) { expect_edge(Operation::dot, "dot"); }

TEST(LegalRounding, Codes) {
  // Coordinates that are as near to a threshold as is granted, or up to five times as far.
  EdgeKernel inside(Operation::encode, 0.999), outside(Operation::encode, 5);
  EXPECT_EQ(findings(inside, "near-thresholds"), "");
  EXPECT_GT(inside.moved, 0u);
  EXPECT_NE(findings(outside, "encode"), "");
  EXPECT_GT(outside.moved, 0u);
}

}  // namespace
}  // namespace hdq::validate
