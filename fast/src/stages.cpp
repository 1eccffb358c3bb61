// The public stages (hdq/stages.hpp): arguments checked, then the instruction set's route table.
#include "hdq/stages.hpp"

#include <cmath>
#include <string>

#include "kernels.hpp"
#include "simd/kernels.hpp"

namespace hdq {
namespace {

HadamardOrder exact_order(std::size_t order) {
  if (const auto exact = detail::exact_hadamard_order(order)) return *exact;
  throw InvalidArgument("not a supported Hadamard order: " + std::to_string(order));
}

}  // namespace

using detail::kernels;

void widen(const Float16* x, std::size_t n, float* out, Isa isa) { kernels(isa).widen_float16(x, n, out); }
void widen(const BFloat16* x, std::size_t n, float* out, Isa isa) { kernels(isa).widen_bfloat16(x, n, out); }

float row_norm(const float* x, std::size_t n, Isa isa) { return static_cast<float>(std::sqrt(kernels(isa).sum_of_squares(x, n))); }

float norm_scale(float norm) {
  if (norm > 0 && norm < 0x1p-100f) return 0x1p100f;
  if (norm > 0x1p100f) return 0x1p-100f;
  return 1;
}

void transform(float* x, std::size_t order, const std::uint32_t* signs, Isa isa) {
  const HadamardOrder h = exact_order(order);
  const detail::Kernels& k = kernels(isa);
  signs == nullptr ? k.hadamard(x, h, false) : k.rotate(x, order, h, signs, 1, x);
}

void transform_transposed(float* y, std::size_t order, const std::uint32_t* signs, Isa isa) {
  const detail::Kernels& k = kernels(isa);
  k.hadamard(y, exact_order(order), true);
  if (signs != nullptr) k.store_signed(y, order, signs, 1, 1, y);
}

void thresholds(BitWidth bits, std::uint32_t word, double* out, Isa isa) {
  kernels(isa).thresholds(bits, &word, 1, out, 0);
}

void codewords(BitWidth bits, std::uint32_t word, double* out, Isa isa) {
  kernels(isa).codewords(bits, &word, 1, out, 0);
}

void scale_thresholds(BitWidth bits, const double* theta, float norm, float* scaled) {
  const std::size_t count = (std::size_t{1} << bits) - 1;
  for (std::size_t k = 0; k < count; ++k) scaled[k] = static_cast<float>(theta[k] * static_cast<double>(norm));
}

void quantize(BitWidth bits, const float* y, std::size_t count, const float* scaled, std::uint8_t* codes, Isa isa) {
  kernels(isa).quantize(bits, y, count, scaled, codes);
}

void pack(BitWidth bits, const std::uint8_t* codes, std::size_t count, std::uint8_t* bytes, Isa isa) {
  kernels(isa).pack(bits, codes, count, bytes);
}

void unpack(BitWidth bits, const std::uint8_t* bytes, std::size_t count, std::uint8_t* codes, Isa isa) {
  kernels(isa).unpack(bits, bytes, count, codes);
}

void lookup(BitWidth bits, const std::uint8_t* codes, std::size_t count, const float* codewords32, float* out, Isa isa) {
  kernels(isa).lookup(bits, codes, count, codewords32, out);
}

}  // namespace hdq
