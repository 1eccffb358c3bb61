// The numbers of `hdq report`: every one computed by the reference, or measured with hdq::Codec beside the reference.
#pragma once

#include <cstddef>
#include <functional>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include "bounds.hpp"
#include "hdq/figures/mean_error.hpp"
#include "hdq/reference/expectation/mse_integrator.hpp"

namespace hdq::cli {

inline constexpr reference::Scheme report_schemes[] = {reference::Scheme::dithered, reference::Scheme::lloyd_max,
                                                       reference::Scheme::shifted, reference::Scheme::uniform};

struct SchemeCurve {
  reference::Scheme scheme;
  reference::Rotation rotation;
  std::vector<double> worst;  // MSE·4^b, by bits: the largest over simple vectors
};

struct HotCurve {
  reference::Scheme scheme;
  int bits;
  std::vector<double> mse;          // MSE·4^b of k-hot vectors under one HD, for k = 1, 2, …
  std::vector<double> correlation;  // E⟨x, x̂⟩/‖x‖² − 1 of the same
};

// A scheme of others under one HD in dimension 64, by bits and times 4^b: the largest error over simple vectors, that of the normal limit; and
// the largest |E⟨x, x̂⟩/‖x‖² − 1| over the same vectors.
struct CodebookRow {
  std::string name;
  std::vector<double> worst, normal, bias;
};

struct MajorantCurve {
  int bits;
  std::vector<std::vector<double>> rows;  // |z|, M·4^b, P·4^b, P/M − 1
};

struct DataRow {
  int bits;
  double measured, standard_error, exact;  // mean of ‖x̂ − x‖²/‖x‖² over rows and seeds; its expectation over signs and dither
  double correlation, correlation_error;   // mean of ⟨x, x̂⟩/‖x‖² − 1
};
// What MSE·4^R of the entropy-coded quantizer (SPEC §7) is at most, times 1 + D.
inline constexpr double coded_limit_double = std::numbers::pi * std::numbers::e / 6;
// It on the same rows.
struct CodedDataRow {
  double rate, error;               // of the step: R(D), D
  double bits;                      // of streams and raw bits per coordinate of the order, norms apart
  double measured, standard_error;  // mean of ‖x̂ − x‖²/‖x‖² over rows and seeds
};
struct DataTable {
  std::string name;
  std::size_t rows, dimension, order;
  int seeds;
  std::vector<DataRow> by_bits;
  int coded_seeds;
  std::vector<CodedDataRow> coded;
};

struct ReportData {
  std::vector<reference::BoundCertificate> shipped, asymptotic;
  std::vector<SchemeCurve> schemes;
  std::vector<HotCurve> hot;
  std::vector<CodebookRow> codebooks;
  std::vector<MajorantCurve> majorants;
  std::vector<figures::MeanErrors> means;  // at 1, 2 and 4 bits in dimension 1024
  std::vector<double> word_bias;  // bound of ‖E x̂ − x‖/‖x‖ from the 32-bit dither word, by bits
  std::optional<DataTable> data;
};

// By codecs of seeds 0 … seeds − 1; at least 2.
inline constexpr int default_seeds = 16384;
DataTable measure_file(const std::string& path, int seeds);
ReportData compute_report(std::optional<DataTable> data);

}  // namespace hdq::cli
