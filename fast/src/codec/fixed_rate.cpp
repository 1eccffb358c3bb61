// SPEC §3, §4: b bits for each coordinate, code_j = #{k : y_j >= fl32(θ_k·ρ)}, one after another in a bit string.
#include <algorithm>

#include "aligned.hpp"
#include "codec/scheme.hpp"
#include "score/score_task.hpp"
#include "simd/kernels.hpp"

namespace hdq {
namespace {

class FixedRate final : public detail::Scheme {
 public:
  FixedRate(const HadamardOrder& order, BitWidth bits, const detail::Kernels& kernels)
      : order_(order.order), bits_(bits), kernels_(kernels), needs_thresholds_(kernels.needs_thresholds(bits)) {}

  std::size_t code_bytes() const override { return detail::fixed_rate_bytes(order_, bits_); }
  std::unique_ptr<Scratch> scratch() const override { return std::make_unique<Memory>(order_, bits_); }

  void begin_quantize(const std::uint32_t* words, std::size_t count, Scratch& scratch) const override {
    Memory& m = memory(scratch);
    std::copy_n(words, count, m.words);
    if (needs_thresholds_) kernels_.thresholds(bits_, words, count, m.thresholds.get(), bits_.levels());
  }
  void quantize(std::size_t index, const float* y, float norm, Scratch& scratch, std::uint8_t* codes) const override {
    Memory& m = memory(scratch);
    kernels_.quantize_pack(bits_, y, order_, m.thresholds.get() + (index << bits_), m.words[index], norm, m.codes.get(), codes);
  }

  void begin_reconstruct(const std::uint32_t* words, std::size_t count, Scratch& scratch) const override {
    kernels_.codewords32(bits_, words, count, memory(scratch).codewords.get());
  }
  void reconstruct(std::size_t index, const std::uint8_t* codes, Scratch& scratch, float* z) const override {
    Memory& m = memory(scratch);
    kernels_.unpack_lookup(bits_, codes, order_, m.codewords.get() + (index << bits_), m.codes.get(), z);
  }

  double codeword_error() const override { return 0x1p-24 + 0x1p-39; }
  std::size_t table_floats() const override { return bits_.levels(); }
  void score_tables(const std::uint32_t* words, std::size_t count, float* tables) const override {
    kernels_.codewords32(bits_, words, count, tables);
  }
  void score_sums(const detail::ScoreTask& task) const override { kernels_.score_sums(task); }
  void tile_sums(const detail::ScoreTask& task) const override { kernels_.tile_sums(task); }
  void weighted_sums(const detail::WeightedTask& task) const override { kernels_.weighted_sums(task); }

 private:
  struct Memory : Scratch {
    Memory(std::size_t order, BitWidth bits)
        : thresholds(detail::rows_together * bits.levels()), codewords(detail::rows_together * bits.levels()), codes(order) {}
    detail::Aligned<double> thresholds;   // rows_together × 2^bits
    detail::Aligned<float> codewords;     // rows_together × 2^bits
    detail::Aligned<std::uint8_t> codes;  // order
    std::uint32_t words[detail::rows_together];
  };
  static Memory& memory(Scratch& scratch) { return static_cast<Memory&>(scratch); }

  std::size_t order_;
  BitWidth bits_;
  const detail::Kernels& kernels_;
  bool needs_thresholds_;
};

}  // namespace

std::size_t detail::fixed_rate_bytes(std::size_t order, BitWidth bits) {
  return (order * static_cast<std::size_t>(bits) + 7) / 8;
}

std::shared_ptr<const detail::Scheme> detail::make_fixed_rate(const EncodingParameters& made_with,
                                                              const HadamardOrder& order, const Kernels& kernels) {
  if (made_with.step != 0) throw InvalidArgument("a fixed-rate codec has bits, and no step");
  return std::make_shared<FixedRate>(order, made_with.bits, kernels);
}

}  // namespace hdq
