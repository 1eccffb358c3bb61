// The tables of kernels.hpp.
#include "simd/kernels.hpp"

#include "compand.hpp"
#include "dither.hpp"
#include "exact_sums.hpp"
#include "../kernels.hpp"
#include "score_kernels.hpp"

namespace hdq::detail {
namespace {

template <Isa isa>
Kernels table() {
  Kernels k{};
  k.isa = isa;
  k.threshold_bits = isa == Isa::scalar ? 8 : isa == Isa::avx512 ? 4 : 3;
  k.dither_words = [](auto... a) { detail::dither_words(a..., isa); };
  k.widen_float16 = [](auto... a) { widen(a..., isa); };
  k.widen_bfloat16 = [](auto... a) { widen(a..., isa); };
  k.sum_of_squares = [](auto... a) -> double { return detail::sum_of_squares(a..., isa); };
  k.hadamard = [](float* y, const HadamardOrder& order, bool transposed) { detail::hadamard(y, order, transposed, isa); };
  k.rotate = [](const float* x, std::size_t n, const HadamardOrder& order, const std::uint32_t* signs, float factor, float* y) {
    detail::rotate(x, n, order, signs, factor, y, isa);
  };
  k.rotate_measured = [](const float* x, std::size_t n, const HadamardOrder& order, const std::uint32_t* signs, float* y) -> double {
    return detail::rotate_measured(x, n, order, signs, y, isa);
  };
  k.store_signed = [](auto... a) { detail::store_signed(a..., isa); };
  k.thresholds = [](int bits, const std::uint32_t* words, std::size_t rows, double* out, std::size_t stride) {
    for (std::size_t r = 0; r < rows; ++r) thresholds(bits, words[r], out + r * stride, isa);
  };
  k.codewords = [](int bits, const std::uint32_t* words, std::size_t rows, double* out, std::size_t stride) {
    for (std::size_t r = 0; r < rows; ++r) codewords(bits, words[r], out + r * stride, isa);
  };
  k.codewords32 = [](auto... a) { detail::codewords32(a..., isa); };
  k.quantize = [](auto... a) { quantize(a..., isa); };
  k.compand = [](auto... a) { compand_codes(a..., isa); };
  k.quantize_pack = [](auto... a) { detail::quantize_pack(a..., isa); };
  k.pack = [](auto... a) { pack(a..., isa); };
  k.unpack = [](auto... a) { unpack(a..., isa); };
  k.lookup = [](auto... a) { lookup(a..., isa); };
  k.unpack_lookup = [](auto... a) { detail::unpack_lookup(a..., isa); };
  k.score_sums = [](const ScoreTask& task) { detail::score_sums(task, isa); };
  k.inner_product = [](auto... a) -> double { return exact_product(a..., isa); };
  k.squared_distance = [](auto... a) -> double { return exact_squared_distance(a..., isa); };
  return k;
}

}  // namespace

const Kernels& kernels(Isa isa) {
  static const Kernels avx512 = table<Isa::avx512>(), avx2 = table<Isa::avx2>(), scalar = table<Isa::scalar>();
  switch (resolve_isa(isa)) {
    case Isa::avx512: return avx512;
    case Isa::avx2: return avx2;
    default: return scalar;
  }
}

}  // namespace hdq::detail
