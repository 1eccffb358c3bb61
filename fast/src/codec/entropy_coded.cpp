// SPEC §7: a uniform step, codes k_j = ⌊z_j/Δ + 2^h·V_j⌋ of 16 or 32 bits in memory. The entropy coder (codes/entropy_coder.cpp) is what
// files put after it.
#include <algorithm>

#include "codec/scheme.hpp"
#include "quantizer/weyl.hpp"
#include "score/score_task.hpp"
#include "simd/kernels.hpp"

namespace hdq {
namespace {

class EntropyCoded final : public detail::Scheme {
 public:
  EntropyCoded(const HadamardOrder& order, Step step, const detail::Kernels& kernels)
      : order_(order.order),
        step_(step),
        raw_bits_(step.raw_bits()),
        width_(detail::entropy_coded_bytes(1, step, order.order)),
        kernels_(kernels) {}

  std::size_t code_bytes() const override { return order_ * width_; }
  std::unique_ptr<Scratch> scratch() const override { return std::make_unique<Words>(); }

  void begin_quantize(const std::uint32_t* words, std::size_t count, Scratch& scratch) const override {
    std::copy_n(words, count, static_cast<Words&>(scratch).words);
  }
  void quantize(std::size_t index, const float* y, float norm, Scratch& scratch, std::uint8_t* codes) const override {
    if (norm == 0) {
      std::fill_n(codes, code_bytes(), std::uint8_t{0});
      return;
    }
    const auto inverse = static_cast<float>(1 / (static_cast<double>(step_.value()) * static_cast<double>(norm)));
    kernels_.quantize_step(y, order_, static_cast<Words&>(scratch).words[index], raw_bits_, inverse, width_, codes);
  }

  void begin_reconstruct(const std::uint32_t* words, std::size_t count, Scratch& scratch) const override {
    begin_quantize(words, count, scratch);
  }
  void reconstruct(std::size_t index, const std::uint8_t* codes, Scratch& scratch, float* z) const override {
    kernels_.reconstruct_step(codes, order_, static_cast<Words&>(scratch).words[index], raw_bits_, step_.value(),
                              width_, z);
  }

  // Two roundings: of the code's middle, and of its product with the step.
  double codeword_error() const override { return 0x1p-23 + 0x1p-39; }
  std::size_t table_floats() const override { return detail::step_table_floats; }
  void score_tables(const std::uint32_t* words, std::size_t count, float* tables) const override {
    for (std::size_t i = 0; i < count; ++i)
      detail::store_step_table({words[i], step_.value(), raw_bits_}, tables + i * detail::step_table_floats);
  }
  void score_sums(const detail::ScoreTask& task) const override { kernels_.score_step(task); }
  void tile_sums(const detail::ScoreTask& task) const override { kernels_.score_step(task); }
  void weighted_sums(const detail::WeightedTask& task) const override { kernels_.weighted_step(task); }

 private:
  struct Words : Scratch {
    std::uint32_t words[detail::rows_together];
  };

  std::size_t order_;
  Step step_;
  int raw_bits_;
  std::size_t width_;  // bytes of a code
  const detail::Kernels& kernels_;
};

}  // namespace

// |k| < √d/Δ + 2^h + 1: 16 bits hold it if √d <= (32767 − 2^h)·Δ.
std::size_t detail::entropy_coded_bytes(std::size_t count, Step step, std::size_t order) {
  const double largest = (32767 - (1 << step.raw_bits())) * static_cast<double>(step.value());
  return count * (static_cast<double>(order) <= largest * largest ? 2 : 4);
}

std::shared_ptr<const detail::Scheme> detail::make_entropy_coded(const EncodingParameters& made_with,
                                                                 const HadamardOrder& order, const Kernels& kernels) {
  if (made_with.bits != 0) throw InvalidArgument("an entropy-coded codec has a step, and no bits");
  return std::make_shared<EntropyCoded>(order, Step(made_with.step), kernels);
}

}  // namespace hdq
