#include "hdq/figures/mean_error.hpp"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <numbers>

#include "hdq/reference/bounds/entropy_length.hpp"
#include "hdq/reference/expectation/mse_integrator.hpp"
#include "hdq/reference/scheme/lloyd_max.hpp"
#include "hdq/types.hpp"

namespace hdq::figures {

using namespace hdq::reference;
using Json = Notation::Json;

namespace {

constexpr int digits = 6;
constexpr double outliers = 1.0 / 512;  // QUIC-FL's share of exact coordinates

std::vector<std::vector<double>> test_vectors(std::size_t d) {
  std::vector<std::vector<double>> x(4, std::vector<double>(d, 0.0));
  for (std::size_t i = 0; i < d; ++i) {
    const double p = (static_cast<double>(i) + 0.5) / static_cast<double>(d);
    x[0][i] = -std::numbers::sqrt2 * boost::math::erfc_inv(2 * p);
    x[1][i] = (2 * p - 1) / std::sqrt(2 * p * (1 - p));
  }
  x[2][0] = 1;
  x[3][0] = 4;
  x[3][1] = x[3][2] = 1;
  return x;
}

std::vector<double> lloyd_max_codewords(int bits) {
  std::vector<double> codewords;
  const LloydMax quantizer = lloyd_max(std::int64_t{1} << bits);
  for (const Ball& r : quantizer.codewords) codewords.push_back(r.mid_double());
  for (std::size_t k = 0; k < quantizer.codewords.size(); ++k) codewords.insert(codewords.begin(), -codewords[2 * k]);
  return codewords;
}

class Table {
 public:
  Table(MeanErrors& figures, const std::vector<std::vector<double>>& x)
      : figures_(figures), x_(x), d_(static_cast<double>(figures.dimension)) {
    for (const std::vector<double>& vector : x) rows_.emplace_back(vector, figures.seeds);
  }

  void add_hdq() {
    MseIntegrator integrator(Scheme::dithered, figures_.bits, digits);
    SchemeMeanError& row = add("hdq", figures_.bits + 32 / d_);
    for (const std::vector<double>& x : x_) row.of_vectors.push_back({integrator(Rotation::hd, x).value.mid_double()});
  }
  void add_entropy_coded() {
    const Step step = Step::of_rate(figures_.bits);
    const double bits =
                     entropy_length(StepNumbers(step.value())).coder_most(figures_.dimension).upper_double() + 32 / d_,
                 error = step.error(), shrunk = error / (1 + error);
    add("hdq-entropy-coded", bits).of_vectors.assign(x_.size(), {error});
    add("hdq-entropy-coded-shrunk", bits).of_vectors.assign(x_.size(), {shrunk, shrunk * shrunk});
  }
  void add_nearest() {
    const std::vector<double> codewords = lloyd_max_codewords(figures_.bits);
    const char* const names[] = {"turboquant-mse", figures_.bits == 1 ? "drive" : "eden", "eden-biased"};
    std::vector<std::array<RowError, 3>> errors;
    for (const RowErrors& row : rows_) errors.push_back(row.nearest(codewords));
    for (const std::size_t rule : {1U, 2U, 0U}) {
      SchemeMeanError& row = add(names[rule], figures_.bits + 32 / d_);
      for (const auto& of_vector : errors) row.of_vectors.push_back(of_vector[rule]);
    }
  }
  void add_stochastic() {
    const std::vector<double> codewords = bounded_support_codewords(figures_.bits, outliers);
    // An outlier is its value and its place.
    SchemeMeanError& bounded =
        add("quic-fl-private", figures_.bits + 32 / d_ + outliers * (32 + std::ceil(std::log2(d_))));
    for (const RowErrors& row : rows_) bounded.of_vectors.push_back(row.bounded_support(codewords));
    SchemeMeanError& uniform = add("stochastic-uniform", figures_.bits + 64 / d_);
    for (const RowErrors& row : rows_) uniform.of_vectors.push_back(row.stochastic_uniform(1 << figures_.bits));
  }

 private:
  SchemeMeanError& add(const char* scheme, double bits_per_coordinate) {
    return figures_.schemes.emplace_back(SchemeMeanError{scheme, bits_per_coordinate, {}});
  }

  MeanErrors& figures_;
  const std::vector<std::vector<double>>& x_;
  const double d_;
  std::vector<RowErrors> rows_;
};

Json of_vector(const RowError& row, const std::vector<std::size_t>& clients) {
  Json result{{"error", row.error},
              {"error_deviation", row.error_deviation},
              {"bias", row.bias},
              {"bias_deviation", row.bias_deviation}};
  Json equal = Json::array(), different = Json::array();
  for (const std::size_t n : clients) {
    equal.push_back(row.of_equal_rows(static_cast<double>(n)));
    different.push_back(row.error / static_cast<double>(n));
  }
  result["equal"] = equal;
  result["different"] = different;
  return result;
}

}  // namespace

MeanErrors mean_errors(int bits, std::size_t dimension) {
  Precision precision(128);
  const std::vector<std::vector<double>> x = test_vectors(dimension);
  MeanErrors figures{bits, dimension, mean_error_seeds, {"gaussian", "heavy-tailed", "one-hot", "sparse"}, {}};
  figures.schemes.reserve(8);
  Table table(figures, x);
  table.add_hdq();
  table.add_entropy_coded();
  table.add_nearest();
  table.add_stochastic();
  return figures;
}

Json mean_errors(const MeanErrors& figures, const std::vector<std::size_t>& clients) {
  Json schemes = Json::array();
  for (const SchemeMeanError& scheme : figures.schemes) {
    Json vectors = Json::object();
    for (std::size_t v = 0; v < figures.vectors.size(); ++v)
      vectors[figures.vectors[v]] = of_vector(scheme.of_vectors[v], clients);
    schemes.push_back(
        {{"scheme", scheme.scheme}, {"bits_per_coordinate", scheme.bits_per_coordinate}, {"vectors", vectors}});
  }
  return {{"bits", figures.bits},
          {"dimension", figures.dimension},
          {"seeds", figures.seeds},
          {"clients", clients},
          {"schemes", schemes}};
}

}  // namespace hdq::figures
