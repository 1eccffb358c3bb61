#include "cli/report_data.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "cli/command.hpp"
#include "cli/vector_file.hpp"
#include "hdq/stages.hpp"
#include "reference/bias.hpp"
#include "reference/expected_error.hpp"
#include "reference/window_expansion.hpp"

namespace hdq::cli {
namespace {

using namespace hdq::reference;

constexpr int digits = 8;
constexpr std::size_t dimension = 64;
constexpr int largest_k = 48;
constexpr int seeds = 4;
constexpr std::uint64_t data_rows = 256;

std::vector<double> k_hot(int k) {
  std::vector<double> x(dimension, 0.0);
  std::fill_n(x.begin(), k, 1.0);
  return x;
}

// The largest error over 1-hot … 4-hot vectors: with few coordinates the comparators' weakness shows, and two rotations
// can be enumerated. Dense: any vector.
double worst_simple(MseIntegrator& integrator, Rotation rotation) {
  if (rotation == Rotation::dense) return integrator.dense(dimension).value.mid_double();
  double worst = 0;
  for (int k = 1; k <= 4; ++k) worst = std::max(worst, integrator(rotation, k_hot(k)).value.mid_double());
  return worst;
}

std::vector<SchemeCurve> scheme_curves() {
  std::vector<SchemeCurve> curves;
  const Rotation rotations[] = {Rotation::hd, Rotation::hdhd, Rotation::dense};
  for (const Rotation rotation : rotations) {
    for (const Scheme scheme : report_schemes) curves.push_back({scheme, rotation, {}});
  }
  Progress progress("schemes and rotations", 8 * std::size(report_schemes));
  for (int b = 1; b <= 8; ++b) {
    for (const Scheme scheme : report_schemes) {
      MseIntegrator integrator(scheme, b, digits);
      for (SchemeCurve& curve : curves) {
        if (curve.scheme == scheme) curve.worst.push_back(std::ldexp(worst_simple(integrator, curve.rotation), 2 * b));
      }
      progress.advance(1);
    }
  }
  return curves;
}

std::vector<HotCurve> hot_curves() {
  std::vector<HotCurve> curves;
  Progress progress("k-hot vectors", 2 * std::size(report_schemes) * largest_k);
  for (const int b : {2, 4}) {
    for (const Scheme scheme : report_schemes) {
      HotCurve curve{scheme, b, {}, {}};
      MseIntegrator integrator(scheme, b, digits);
      for (int k = 1; k <= largest_k; ++k) {
        const std::vector<double> x = k_hot(k);
        curve.mse.push_back(std::ldexp(integrator(Rotation::hd, x).value.mid_double(), 2 * b));
        const bool exact = scheme == Scheme::dithered;  // SPEC §3: E_U decoded = z
        curve.correlation.push_back(
            exact ? 0 : comparator_bias(scheme, integrator.levels(), Rotation::hd, x, digits).correlation.mid_double() - 1);
        progress.advance(1);
      }
      curves.push_back(std::move(curve));
    }
  }
  return curves;
}

MajorantCurve majorant_curve(const BoundCertificate& certificate, int bits) {
  Precision precision(WindowExpansion::precision_bits);
  const WindowExpansion expansion(ScalarQuantizer(bits), certificate.tail);
  MajorantCurve curve{bits, {}};
  const double unit = std::ldexp(1, 2 * bits);
  for (const WindowCell& cell : expansion.cells()) {
    for (const double s : {0.75, 0.25, -0.25, -0.75}) {
      const Ball at = cell.radius * Ball(s), z = -cell.at_center.z(at), mse = cell.at_center.mse(at);
      if (z.mid_double() > 7) return curve;
      const double ratio = (certificate.majorant(z) / mse).mid_double();
      curve.rows.push_back({z.mid_double(), mse.mid_double() * unit, ratio * mse.mid_double() * unit, ratio - 1});
    }
  }
  return curve;
}

struct Mean {
  double sum = 0, squares = 0;
  double count = 0;
  void add(double value) { sum += value, squares += value * value, count += 1; }
  double mean() const { return sum / count; }
  double standard_error() const { return std::sqrt(std::max(0.0, squares / count - mean() * mean()) / count); }
};

DataRow measure(const std::vector<float>& x, std::size_t rows, std::size_t n, int bits, Progress& progress) {
  Mean error, correlation, exact;
  for (int seed = 0; seed < seeds; ++seed) {
    const Codec codec(n, bits, static_cast<std::uint64_t>(seed), {Isa::automatic, 0});
    std::vector<float> norms(rows), decoded(rows * n);
    std::vector<std::uint8_t> codes(rows * codec.code_bytes());
    codec.encode(x.data(), rows, norms.data(), codes.data());
    codec.decode(norms.data(), codes.data(), rows, decoded.data());
    const VectorQuantizer quantizer(n, bits, static_cast<std::uint64_t>(seed));
    ScalarMseTable table{ScalarQuantizer(bits)};
    for (std::size_t r = 0; r < rows; ++r) {
      if (norms[r] == 0) continue;
      double squares = 0, product = 0;
      const double rho = norms[r];
      for (std::size_t i = r * n; i < (r + 1) * n; ++i) {
        squares += std::pow((static_cast<double>(decoded[i]) - static_cast<double>(x[i])) / rho, 2);
        product += static_cast<double>(decoded[i]) / rho * (static_cast<double>(x[i]) / rho);
      }
      error.add(squares);
      correlation.add(product - 1);
      const auto expected = relative_expected_error(quantizer, table, x.data() + r * n, norms[r]);
      exact.add(0.5 * (expected.lower + expected.upper));
    }
    progress.advance(1);
  }
  // Over random signs every one of the d rotated-back coordinates has the same error; n of them are kept.
  const double kept = static_cast<double>(n) / static_cast<double>(hdq::hadamard_order(n).order);
  return {bits, error.mean(), error.standard_error(), kept * exact.mean(), correlation.mean(), correlation.standard_error()};
}

DataTable measure_file(const std::string& path) {
  const VectorFile file(path);
  const auto rows = static_cast<std::size_t>(std::min(file.rows(), data_rows));
  const std::size_t n = file.dimension();
  std::vector<float> x(rows * n);
  file.read(0, rows, x.data());
  if (std::all_of(x.begin(), x.end(), [](float value) { return value == 0; })) throw BadInput(path + ": only zeros");
  DataTable table{std::filesystem::path(path).filename().string(), rows, n, hdq::hadamard_order(n).order, seeds, {}};
  Progress progress("real data", 8 * seeds);
  for (int b = 1; b <= 8; ++b) table.by_bits.push_back(measure(x, rows, n, b, progress));
  return table;
}

}  // namespace

ReportData compute_report(const std::string& input) {
  ReportData report;
  if (!input.empty()) report.data = measure_file(input);  // first: a bad file is known at once
  std::vector<BoundedQuantizer> shipped;
  for (int b = 1; b <= 8; ++b) shipped.push_back(BoundedQuantizer::shipped(b));
  report.shipped = certify(shipped, "bounds");
  report.asymptotic = certify(asymptotic_quantizers(), "asymptotics");
  report.schemes = scheme_curves();
  report.hot = hot_curves();
  for (const int b : {2, 4}) report.majorants.push_back(majorant_curve(report.shipped[static_cast<std::size_t>(b - 1)], b));
  for (int b = 1; b <= 8; ++b) report.word_bias.push_back(dither_word_bias_bound(Generator::shipped(b)).upper_double());
  return report;
}

}  // namespace hdq::cli
