// Every code occurs: a coordinate in the middle of each cell of its row's thresholds is given that cell's code.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hdq/reference/scheme/philox.hpp"
#include "hdq/reference/scheme/vector_quantizer.hpp"
#include "hdq/stages.hpp"
#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/oracle.hpp"

namespace hdq::validate {
namespace {

void run_reachable(Session& s, const Report& report) {
  const std::uint64_t n = 64;
  for (int bits = 1; bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
    if (!s.offers_bits(bits) || n > s.info().max_dimension) continue;
    const std::size_t levels = std::size_t{1} << bits;
    std::vector<bool> used(levels);
    const Config config = s.config(n, bits, 3);
    Case c{config, 0, {}};
    const std::vector<int> epsilon = reference::signs(config.seed, config.order);
    for (std::size_t k = 0; k < levels; ++k) {
      // Coordinate 0 in the middle of cell k of this row's thresholds.
      std::vector<double> t(levels - 1);
      hdq::thresholds(bits, reference::dither_word(config.seed, k), t.data());
      const double z = k == 0 ? t.front() - 0.5 : k == levels - 1 ? t.back() + 0.5 : 0.5 * (t[k - 1] + t[k]);
      const double cosine = std::clamp(z / std::sqrt(static_cast<double>(n)), -1.0, 1.0), sine = std::sqrt(1 - cosine * cosine);
      for (std::size_t i = 0; i < n; ++i) {
        const double h0 = reference::hadamard_entry(hadamard_of(config), 0, i), h1 = reference::hadamard_entry(hadamard_of(config), 1, i);
        c.x.push_back(static_cast<float>(epsilon[i] * (cosine * h0 + sine * h1)));
      }
    }
    Encoded e;
    if (!s.answers([&] { e = s.encode(c); })) continue;
    const std::size_t stride = e.codes.size() / levels;
    for (std::size_t row = 0; row < levels; ++row) {
      std::vector<std::uint8_t> bytes(e.codes.begin() + static_cast<std::ptrdiff_t>(row * stride), e.codes.begin() + static_cast<std::ptrdiff_t>((row + 1) * stride));
      bytes.resize(n + 8);
      for (const std::uint8_t code : reference::unpack_codes(bits, bytes.data(), n)) used[code] = true;
    }
    const auto missing = static_cast<std::size_t>(std::count(used.begin(), used.end(), false));
    if (missing == 0) continue;
    Finding f;
    f.stage = Stage::encode;
    f.config = config;
    f.defect = "codebook";
    f.what = fmt::format("{} of {} codes are never used, the first is {}", missing, levels, std::find(used.begin(), used.end(), false) - used.begin());
    report(std::move(f));
  }
}

}  // namespace

const Check reachable_check{
    "reachable", "every code occurs",
    [](const Session& s) { return s.conformant() && !s.entropy_coded() && s.offers(Operation::encode); },
    run_reachable};

}  // namespace hdq::validate
