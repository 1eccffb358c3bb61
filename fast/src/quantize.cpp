// SPEC §4: code_j = #{k : y_j >= scaled_k}, by binary search. The thresholds are laid out as a heap (node i has children 2i and
// 2i + 1, node 1 is the middle threshold); a walk of b steps from node 1 ends at node 2^b + code. Eight or sixteen walks at once:
// the upper levels fit registers and are looked up by permutes.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "quantize.cpp"
#include <hwy/foreach_target.h>

#include "simd.hpp"

#include "hdq/stages.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HWY_NAMESPACE {

// heap: 2^bits floats, at least 16; heap[0] is unused.
inline void BuildHeap(int bits, const float* scaled, float* heap) {
  for (int level = 0; level < bits; ++level) {
    const std::size_t nodes = std::size_t{1} << level, step = std::size_t{1} << (bits - level), first = step / 2 - 1;
    for (std::size_t i = 0; i < nodes; ++i) heap[nodes + i] = scaled[first + i * step];
  }
}

#if HWY_TARGET == HWY_SCALAR

void QuantizeAll(int bits, const float* y, std::size_t count, const float* heap, std::uint8_t* codes) {
  for (std::size_t j = 0; j < count; ++j) {
    std::size_t node = 1;
    for (int level = 0; level < bits; ++level) node = 2 * node + (y[j] >= heap[node] ? 1 : 0);
    codes[j] = static_cast<std::uint8_t>(node - (std::size_t{1} << bits));
  }
}

#else

using F = hn::ScalableTag<float>;
using I = hn::RebindToSigned<F>;
using VF = hn::Vec<F>;
using VI = hn::Vec<I>;
constexpr std::size_t kLanes = hn::MaxLanes(F());

// The heap held in registers as far as permutes reach: nodes 0..255 (AVX-512) or 0..15 (AVX2).
#if HWY_TARGET == HWY_AVX3
constexpr int kRegisterBits = 8;
#else
constexpr int kRegisterBits = 4;
#endif

// heap[node] for nodes of `level`, 2^level <= node < 2^(level + 1). A permute looks at the low bits of node alone.
template <int level>
HWY_INLINE VF ThresholdAt(const VF* table, const float* heap, VI node) {
  (void)heap;
#if HWY_TARGET == HWY_AVX3
  if constexpr (level <= 3) return VF{_mm512_permutexvar_ps(node.raw, table[0].raw)};
  if constexpr (level == 4) return VF{_mm512_permutexvar_ps(node.raw, table[1].raw)};
  if constexpr (level == 5) return VF{_mm512_permutex2var_ps(table[2].raw, node.raw, table[3].raw)};
  if constexpr (level == 6) {
    const __mmask16 upper = _mm512_test_epi32_mask(node.raw, _mm512_set1_epi32(32));
    return VF{_mm512_mask_blend_ps(upper, _mm512_permutex2var_ps(table[4].raw, node.raw, table[5].raw),
                                   _mm512_permutex2var_ps(table[6].raw, node.raw, table[7].raw))};
  }
  if constexpr (level == 7) {
    const __mmask16 upper = _mm512_test_epi32_mask(node.raw, _mm512_set1_epi32(32));
    const __mmask16 top = _mm512_test_epi32_mask(node.raw, _mm512_set1_epi32(64));
    const __m512 low = _mm512_mask_blend_ps(upper, _mm512_permutex2var_ps(table[8].raw, node.raw, table[9].raw),
                                            _mm512_permutex2var_ps(table[10].raw, node.raw, table[11].raw));
    const __m512 high = _mm512_mask_blend_ps(upper, _mm512_permutex2var_ps(table[12].raw, node.raw, table[13].raw),
                                             _mm512_permutex2var_ps(table[14].raw, node.raw, table[15].raw));
    return VF{_mm512_mask_blend_ps(top, low, high)};
  }
#else
  if constexpr (level <= 2) return VF{_mm256_permutevar8x32_ps(table[0].raw, node.raw)};
  if constexpr (level == 3) return VF{_mm256_permutevar8x32_ps(table[1].raw, node.raw)};
  if constexpr (level >= 4) return hn::GatherIndex(F(), heap, node);
#endif
}

template <int bits, int level = 0>
HWY_INLINE VI Walk(const VF* table, const float* heap, VF y, VI node) {
  if constexpr (level < bits) {
    const auto greater = hn::VecFromMask(I(), hn::RebindMask(I(), hn::Ge(y, ThresholdAt<level>(table, heap, node))));
    return Walk<bits, level + 1>(table, heap, y, hn::Sub(hn::Add(node, node), greater));  // greater is −1 where true
  }
  return node;
}

template <int bits>
HWY_INLINE void QuantizeVector(const VF* table, const float* heap, VF y, std::uint8_t* codes) {
  const I i;
  const VI node = Walk<bits>(table, heap, y, hn::Set(i, 1));
  const hn::Rebind<std::uint8_t, F> bytes;
  hn::StoreU(hn::DemoteTo(bytes, hn::Sub(node, hn::Set(i, 1 << bits))), bytes, codes);
}

template <int bits>
void QuantizeBits(const float* y, std::size_t count, const float* heap, std::uint8_t* codes) {
  const F d;
  constexpr int kHeld = (std::size_t{1} << (bits < kRegisterBits ? bits : kRegisterBits)) / kLanes;
  VF table[kHeld < 1 ? 1 : kHeld];
  for (std::size_t v = 0; v < sizeof table / sizeof table[0]; ++v) table[v] = hn::LoadU(d, heap + v * kLanes);
  std::size_t j = 0;
  for (; j + kLanes <= count; j += kLanes) QuantizeVector<bits>(table, heap, hn::LoadU(d, y + j), codes + j);
  if (j < count) {
    float last[kLanes] = {};
    std::uint8_t last_codes[kLanes];
    std::memcpy(last, y + j, (count - j) * sizeof(float));
    QuantizeVector<bits>(table, heap, hn::LoadU(d, last), last_codes);
    std::memcpy(codes + j, last_codes, count - j);
  }
}

void QuantizeAll(int bits, const float* y, std::size_t count, const float* heap, std::uint8_t* codes) {
  WithBits(bits, [&](auto b) HWY_ATTR { QuantizeBits<b.value>(y, count, heap, codes); });
}

#endif

void Quantize(int bits, const float* y, std::size_t count, const float* scaled, std::uint8_t* codes) {
  alignas(64) float heap[256];
  std::memset(heap, 0, 16 * sizeof(float));  // one register may reach past a small heap
  BuildHeap(bits, scaled, heap);
  QuantizeAll(bits, y, count, heap, codes);
}

}  // namespace hdq::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "bits.hpp"
#include "dispatch.hpp"
namespace hdq {

HDQ_DISPATCH(Quantize);

void scale_thresholds(int bits, const double* theta, float norm, float* scaled) {
  detail::require_bits(bits);
  const std::size_t count = (std::size_t{1} << bits) - 1;
  for (std::size_t k = 0; k < count; ++k) scaled[k] = static_cast<float>(theta[k] * static_cast<double>(norm));
}

void quantize(int bits, const float* y, std::size_t count, const float* scaled, std::uint8_t* codes, Isa isa) {
  detail::require_bits(bits);
  HDQ_CALL(Quantize, resolve_isa(isa))(bits, y, count, scaled, codes);
}

}  // namespace hdq
#endif
