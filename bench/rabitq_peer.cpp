#include "rabitq_peer.hpp"

#include <cstring>
#include <rabitqlib/quantization/rabitq.hpp>
#include <rabitqlib/utils/rotator.hpp>

namespace hdq::bench {

struct RabitqQuantizer::State {
  std::size_t dimension, bits;
  rabitqlib::rotator_impl::FhtKacRotator rotator;
  rabitqlib::quant::RabitqConfig config;
  std::vector<float> rotated;
};

RabitqQuantizer::RabitqQuantizer(std::size_t dimension, int bits, bool faster)
    : state_(new State{dimension, static_cast<std::size_t>(bits),
                       rabitqlib::rotator_impl::FhtKacRotator(dimension, dimension),
                       faster ? rabitqlib::quant::faster_config(dimension, static_cast<std::size_t>(bits))
                              : rabitqlib::quant::RabitqConfig(),
                       std::vector<float>(dimension)}) {}
RabitqQuantizer::~RabitqQuantizer() = default;

void RabitqQuantizer::encode(const float* x, std::size_t rows, std::uint8_t* codes, Row* scales) const {
  State& s = *state_;
  for (std::size_t i = 0; i < rows; ++i) {
    s.rotator.rotate(x + i * s.dimension, s.rotated.data());
    rabitqlib::quant::quantize_scalar<float, std::uint8_t>(
        s.rotated.data(), s.dimension, s.bits, codes + i * s.dimension, scales[i].step, scales[i].least, s.config,
        rabitqlib::ScalarQuantizerType::UNBIASED_ESTIMATION);
  }
}

void RabitqQuantizer::reconstruct(const std::uint8_t* codes, const Row* scales, std::size_t rows, float* y) const {
  const std::size_t n = state_->dimension;
  for (std::size_t i = 0; i < rows; ++i)
    rabitqlib::quant::reconstruct_vec<float, std::uint8_t>(codes + i * n, scales[i].step, scales[i].least, n,
                                                           y + i * n);
}

void RabitqQuantizer::rotate(const float* x, std::size_t rows, float* y) const {
  const std::size_t n = state_->dimension;
  for (std::size_t i = 0; i < rows; ++i) state_->rotator.rotate(x + i * n, y + i * n);
}

}  // namespace hdq::bench
