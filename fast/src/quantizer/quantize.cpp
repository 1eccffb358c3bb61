// SPEC §4: code_j = #{k : y_j >= scaled_k}, by binary search. The thresholds are laid out as a heap (node i has children 2i and
// 2i + 1, node 1 is the middle threshold); a walk of b steps from node 1 ends at node 2^b + code. One walk to a lane.
#include "simd/entries.hpp"
#include "simd/simd.hpp"
#include HDQ_THRESHOLD_HEAP

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// heap: 2^bits floats, at least 16; heap[0] is unused.
inline void BuildHeap(int bits, const float* scaled, float* heap) {
  for (int level = 0; level < bits; ++level) {
    const std::size_t nodes = std::size_t{1} << level, step = std::size_t{1} << (bits - level), first = step / 2 - 1;
    for (std::size_t i = 0; i < nodes; ++i) heap[nodes + i] = scaled[first + i * step];
  }
}

using F = hn::ScalableTag<float>;
using I = hn::RebindToSigned<F>;
using VF = hn::Vec<F>;
using VI = hn::Vec<I>;
constexpr std::size_t kLanes = hn::MaxLanes(F());

template <int bits, int level = 0, class Heap>
HWY_INLINE VI Walk(const Heap& heap, VF y, VI node) {
  if constexpr (level < bits) {
    const auto greater = hn::VecFromMask(I(), hn::RebindMask(I(), hn::Ge(y, heap.template At<level>(node))));
    return Walk<bits, level + 1>(heap, y, hn::Sub(hn::Add(node, node), greater));  // greater is −1 where true
  }
  return node;
}

template <int bits, class Heap>
HWY_INLINE void QuantizeVector(const Heap& heap, VF y, std::uint8_t* codes) {
  const I i;
  const VI node = Walk<bits>(heap, y, hn::Set(i, 1));
  const hn::Rebind<std::uint8_t, F> bytes;
  hn::StoreU(hn::DemoteTo(bytes, hn::Sub(node, hn::Set(i, 1 << bits))), bytes, codes);
}

template <int bits>
void QuantizeBits(const float* y, std::size_t count, const float* heap, std::uint8_t* codes) {
  const F d;
  const ThresholdHeap<bits> table(heap);
  std::size_t j = 0;
  for (; j + kLanes <= count; j += kLanes) QuantizeVector<bits>(table, hn::LoadU(d, y + j), codes + j);
  if (j < count) {
    float last[kLanes] = {};
    std::uint8_t last_codes[kLanes];
    std::memcpy(last, y + j, (count - j) * sizeof(float));
    QuantizeVector<bits>(table, hn::LoadU(d, last), last_codes);
    std::memcpy(codes + j, last_codes, count - j);
  }
}

void QuantizeAll(int bits, const float* y, std::size_t count, const float* heap, std::uint8_t* codes) {
  WithBits(bits, [&](auto b) HWY_ATTR { QuantizeBits<b.value>(y, count, heap, codes); });
}

void Quantize(int bits, const float* y, std::size_t count, const float* scaled, std::uint8_t* codes) {
  alignas(64) float heap[256];
  std::memset(heap, 0, 16 * sizeof(float));  // one register may reach past a small heap
  BuildHeap(bits, scaled, heap);
  QuantizeAll(bits, y, count, heap, codes);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
