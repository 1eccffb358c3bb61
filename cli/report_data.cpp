#include "report_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "command.hpp"
#include "hdq/entropy_coder.hpp"
#include "hdq/figures/bounds.hpp"
#include "hdq/figures/in_parallel.hpp"
#include "hdq/io/vector_reader.hpp"
#include "hdq/reference/expectation/bias.hpp"
#include "hdq/reference/expectation/codebook_error.hpp"
#include "hdq/reference/scheme/window_expansion.hpp"
#include "hdq/stages.hpp"

namespace hdq::cli {
namespace {

using namespace hdq::reference;

constexpr int digits = 8;
constexpr std::size_t dimension = 64;
constexpr int largest_k = 48;
constexpr std::uint64_t data_rows = 32;
// An entropy-coded row's error hardly varies: it is a mean over as many offsets as coordinates.
constexpr int coded_seeds = 256;
constexpr double coded_rates[] = {1, 1.5, 2, 3, 4, 6, 8};

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
    for (const Scheme scheme : report_schemes) curves.push_back({scheme, rotation, std::vector<double>(BitWidth::most)});
  }
  const std::size_t count = BitWidth::most * std::size(report_schemes);
  Progress progress("schemes and rotations", count);
  figures::in_parallel(count, 0, [&](std::size_t i) {
    const Scheme scheme = report_schemes[i % std::size(report_schemes)];
    const std::size_t width = i / std::size(report_schemes);
    const int b = static_cast<int>(width) + 1;
    MseIntegrator integrator(scheme, b, digits);
    for (SchemeCurve& curve : curves) {
      if (curve.scheme == scheme) curve.worst[width] = std::ldexp(worst_simple(integrator, curve.rotation), 2 * b);
    }
    progress.advance(1);
  });
  return curves;
}

std::vector<HotCurve> hot_curves() {
  std::vector<HotCurve> curves;
  for (const int b : {2, 4}) {
    for (const Scheme scheme : report_schemes) curves.push_back({scheme, b, {}, {}});
  }
  Progress progress("k-hot vectors", curves.size() * largest_k);
  figures::in_parallel(curves.size(), 0, [&](std::size_t i) {
    HotCurve& curve = curves[i];
    MseIntegrator integrator(curve.scheme, curve.bits, digits);
    for (int k = 1; k <= largest_k; ++k) {
      const std::vector<double> x = k_hot(k);
      curve.mse.push_back(std::ldexp(integrator(Rotation::hd, x).value.mid_double(), 2 * curve.bits));
      const bool exact = curve.scheme == Scheme::dithered;  // SPEC §3: E_U decoded = z
      curve.correlation.push_back(
          exact ? 0 : comparator_bias(curve.scheme, integrator.levels(), Rotation::hd, x, digits).correlation.mid_double() - 1);
      progress.advance(1);
    }
  });
  return curves;
}

// ---- codebooks of others ----

Codebook symmetric(const std::vector<Ball>& positive) {
  Codebook codebook;
  for (auto r = positive.rbegin(); r != positive.rend(); ++r) codebook.codewords.push_back(Rational(-r->mid_double()));
  for (const Ball& r : positive) codebook.codewords.push_back(Rational(r.mid_double()));
  return codebook;
}
Codebook normal_table(std::int64_t levels) { return symmetric(lloyd_max(levels).codewords); }
Codebook sphere_table(std::int64_t levels) { return symmetric(lloyd_max(levels, CoordinateDistribution::sphere(dimension)).codewords); }
Codebook uniform_table(std::int64_t levels) {
  std::vector<Ball> positive;
  for (std::int64_t k = 0; k < levels / 2; ++k) positive.push_back(Ball(2 * k + 1));
  const Codebook codebook = symmetric(positive);
  return multiple_of(codebook, best_multiple(codebook, 1, {0}, ScaleRule::norm));
}

struct CodebookScheme {
  const char* name;
  std::size_t table;  // of `tables`
  ScaleRule rule;
  bool signs = true;  // HD; otherwise H alone, with the same vectors as y: x = Hᵀ y/d
};
constexpr Codebook (*tables[])(std::int64_t levels) = {normal_table, sphere_table, uniform_table};
constexpr CodebookScheme codebook_schemes[] = {{"Lloyd–Max of N(0, 1), norm of x", 0, ScaleRule::norm},
                                               {"Lloyd–Max of the sphere, norm of x", 1, ScaleRule::norm},
                                               {"uniform, best step, norm of x", 2, ScaleRule::norm},
                                               {"Lloyd–Max of N(0, 1), norm matched", 0, ScaleRule::matched_norm},
                                               {"Lloyd–Max of N(0, 1), unbiased factor", 0, ScaleRule::unbiased},
                                               {"Lloyd–Max of N(0, 1), norm matched, H without signs", 0, ScaleRule::matched_norm, false}};

// k equal coordinates, and with them one of 2 or 4.
std::vector<std::vector<double>> simple_vectors() {
  std::vector<std::vector<double>> vectors;
  for (int k = 1; k <= 7; ++k) {
    vectors.push_back(k_hot(k));
    for (const double large : {2.0, 4.0}) {
      vectors.push_back(k_hot(k));
      vectors.back()[static_cast<std::size_t>(k)] = large;
    }
  }
  return vectors;
}

std::vector<CodebookRow> codebook_rows() {
  std::vector<CodebookRow> rows;
  const std::vector<double> empty(BitWidth::most);
  for (const CodebookScheme& scheme : codebook_schemes) rows.push_back({scheme.name, empty, empty, empty});
  const std::vector<std::vector<double>> vectors = simple_vectors();
  const std::size_t jobs = std::size(tables) * BitWidth::most;
  Progress progress("codebooks of others", jobs);
  figures::in_parallel(jobs, 0, [&](std::size_t i) {
    Precision precision(128);
    const std::size_t table = i % std::size(tables), width = i / std::size(tables);
    const std::int64_t levels = std::int64_t{2} << width;
    const double unit = static_cast<double>(levels) * static_cast<double>(levels);
    const Codebook codebook = tables[table](levels);
    const CodebookMoments normal = codebook_moments(codebook, Ball(1), {0});
    std::vector<CodebookOverSigns> exact;
    for (const std::vector<double>& x : vectors) exact.push_back(codebook_over_signs(codebook, x));
    const CodebookOnVectors rotated(codebook, dimension);
    std::vector<CodebookMoments> without_signs;
    for (const std::vector<double>& y : vectors) without_signs.push_back(*rotated(y));
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (codebook_schemes[row].table != table) continue;
      const ScaleRule rule = codebook_schemes[row].rule;
      rows[row].normal[width] = unit * scaled_error(rule, normal).mid_double();
      const auto offer = [&](const Ball& error, const Ball& correlation) {
        rows[row].worst[width] = std::max(rows[row].worst[width], unit * error.mid_double());
        rows[row].bias[width] = std::max(rows[row].bias[width], std::abs(correlation.mid_double() - 1));
      };
      const auto r = static_cast<std::size_t>(rule);
      if (codebook_schemes[row].signs) {
        for (const CodebookOverSigns& of : exact) offer(of.error[r], of.correlation[r]);
      } else {
        for (const CodebookMoments& of : without_signs) offer(scaled_error(rule, of), scaled_correlation(rule, of));
      }
    }
    progress.advance(1);
  });
  return rows;
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

// Means of independent values: one per seed, each itself a mean over rows, which share the signs.
struct Mean {
  double sum = 0, squares = 0, count = 0;
  void add(double value) { sum += value, squares += value * value, count += 1; }
  double mean() const { return sum / count; }
  double standard_error() const { return std::sqrt(std::max(0.0, squares / count - mean() * mean()) / (count - 1)); }
};

struct Rows {
  std::size_t count, n;
  std::vector<float> x;  // count × n, none zero
  const float* row(std::size_t r) const { return x.data() + r * n; }
};

// Up to data_rows rows, evenly spaced.
Rows read_rows(const VectorReader& file) {
  const std::uint64_t count = std::min(file.rows(), data_rows);
  const std::size_t n = file.dimension();
  Rows rows{0, n, {}};
  std::vector<float> x(n);
  for (std::uint64_t r = 0; r < count; ++r) {
    file.read(r * file.rows() / count, 1, x.data());
    if (std::any_of(x.begin(), x.end(), [](float value) { return !std::isfinite(value); })) {
      throw BadInput(fmt::format("{}: row {}: NaN or infinity", file.name(), r * file.rows() / count));
    }
    if (std::all_of(x.begin(), x.end(), [](float value) { return value == 0; })) continue;
    rows.x.insert(rows.x.end(), x.begin(), x.end());
    ++rows.count;
  }
  if (rows.count == 0) throw BadInput(file.name() + ": only zeros");
  return rows;
}

// The mean over rows of E‖x̂ − x‖²/‖x‖², over signs and dither. Each of the d coordinates rotated back has the same error
// (SPEC §4), and n of them are kept.
double exact_error(const Rows& rows, int bits) {
  MseIntegrator integrator(Scheme::dithered, bits, digits);
  double sum = 0;
  for (std::size_t r = 0; r < rows.count; ++r) {
    const std::vector<double> x(rows.row(r), rows.row(r) + rows.n);
    sum += integrator(Rotation::hd, x).value.mid_double();
  }
  const double kept = static_cast<double>(rows.n) / static_cast<double>(hdq::hadamard_order(rows.n).order);
  return kept * sum / static_cast<double>(rows.count);
}

// Encodes and decodes the rows: means of ‖x̂ − x‖²/‖x‖² and of ⟨x, x̂⟩/‖x‖² − 1, one of each for this codec; and the codes.
EncodedRows add_codec(const Rows& rows, const Codec& codec, Mean& error, Mean& correlation) {
  const std::size_t n = rows.n;
  std::vector<float> decoded(rows.count * n);
  EncodedRows encoded = codec.encode(RowsView<const float>(rows.x.data(), rows.count, n), 0);
  codec.decode(encoded, {decoded.data(), rows.count, n});
  double squares = 0, product = 0;
  for (std::size_t i = 0; i < decoded.size(); ++i) {
    const double rho = encoded.norms()[i / n], x = static_cast<double>(rows.x[i]) / rho,
                 y = static_cast<double>(decoded[i]) / rho;
    squares += (y - x) * (y - x);
    product += y * x;
  }
  error.add(squares / static_cast<double>(rows.count));
  correlation.add(product / static_cast<double>(rows.count) - 1);
  return encoded;
}

CodedDataRow measure_coded(const Rows& rows, double rate) {
  const Step step = Step::of_rate(rate);
  const EntropyCoder coder(Codec(rows.n, step));
  Mean error, correlation, bits;
  for (int seed = 0; seed < coded_seeds; ++seed) {
    const Codec codec(rows.n, step, static_cast<std::uint64_t>(seed));
    const PackedRows packed = coder.on(codec).encode(add_codec(rows, codec, error, correlation));
    const auto bytes = static_cast<double>(packed.streams.size() + packed.raw.size()),
               count = static_cast<double>(rows.count);
    bits.add((8 * bytes - 32 * count) / (count * static_cast<double>(codec.order())));
  }
  return {step.rate(), step.error(), bits.mean(), error.mean(), error.standard_error()};
}

// An offset near 0 or 1 makes the outer codewords large: at small b the error's tail is heavy, and few seeds would miss it.
DataRow measure(const Rows& rows, int bits, int seeds) {
  Mean error, correlation;
  for (int seed = 0; seed < seeds; ++seed)
    add_codec(rows, Codec(rows.n, bits, static_cast<std::uint64_t>(seed)), error, correlation);
  return {bits, error.mean(), error.standard_error(), exact_error(rows, bits), correlation.mean(), correlation.standard_error()};
}

}  // namespace

DataTable measure_file(const std::string& path, int seeds) {
  const VectorReader file(path);
  const Rows rows = read_rows(file);
  DataTable table{std::filesystem::path(path).filename().string(),
                  rows.count,
                  rows.n,
                  hdq::hadamard_order(rows.n).order,
                  seeds,
                  {},
                  coded_seeds,
                  {}};
  table.by_bits.resize(BitWidth::most);
  Progress progress("real data", BitWidth::most);
  figures::in_parallel(BitWidth::most, 0, [&](std::size_t i) {
    table.by_bits[i] = measure(rows, static_cast<int>(i) + 1, seeds);
    progress.advance(1);
  });
  table.coded.resize(std::size(coded_rates));
  figures::in_parallel(table.coded.size(), 0,
                       [&](std::size_t i) { table.coded[i] = measure_coded(rows, coded_rates[i]); });
  return table;
}

ReportData compute_report(std::optional<DataTable> data) {
  ReportData report;
  report.data = std::move(data);
  std::vector<BoundedQuantizer> shipped;
  for (int b = 1; b <= shipped_bits; ++b) shipped.push_back(BoundedQuantizer::shipped(b));
  report.shipped = figures::certify(shipped, 0, progress_bar("bounds"));
  report.asymptotic = figures::certify(figures::asymptotic_quantizers(), 0, progress_bar("asymptotics"));
  report.schemes = scheme_curves();
  report.hot = hot_curves();
  report.codebooks = codebook_rows();
  for (const int b : {1, 2, 4}) report.means.push_back(figures::mean_errors(b, 1024));
  for (const int b : {2, 4}) report.majorants.push_back(majorant_curve(report.shipped[static_cast<std::size_t>(b - 1)], b));
  for (int b = 1; b <= shipped_bits; ++b) report.word_bias.push_back(dither_word_bias_bound(Generator::shipped(b)).upper_double());
  return report;
}

}  // namespace hdq::cli
