// Compiled once per instruction set, like the library's kernels.
// clang-format off: simd.hpp, which sets the target of all that follows, comes first.
#include "simd/simd.hpp"

#include <hwy/contrib/math/math-inl.h>

#include <algorithm>
#include <cmath>

#include "attention_kernels.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
using bench::HeadOf;
using bench::kHeadDimension;
using bench::kTokenBlock;
constexpr std::size_t kLanes = hn::MaxLanes(D());
constexpr hn::Rebind<hwy::float16_t, D> kHalf;

HWY_INLINE V Widened(const float* x) { return hn::LoadU(D(), x); }
HWY_INLINE V Widened(const std::uint16_t* x) {
  return hn::PromoteTo(D(), hn::LoadU(kHalf, reinterpret_cast<const hwy::float16_t*>(x)));
}
HWY_INLINE void Put(V v, float* x) { hn::StoreU(v, D(), x); }
HWY_INLINE void Put(V v, std::uint16_t* x) {
  hn::StoreU(hn::DemoteTo(kHalf, v), kHalf, reinterpret_cast<hwy::float16_t*>(x));
}

// Keys lie in groups of kLanes tokens, dimension by dimension: scores need no sum across lanes.
template <class Element>
void PackKeys(const float* rows, std::size_t tokens, Element* keys) {
  for (std::size_t t = 0; t < tokens; t += kLanes)
    for (std::size_t j = 0; j < kHeadDimension; ++j) {
      float column[kLanes];
      for (std::size_t l = 0; l < kLanes; ++l) column[l] = rows[(t + l) * kHeadDimension + j];
      Put(hn::LoadU(D(), column), keys + t * kHeadDimension + j * kLanes);
    }
}

void Narrow(const float* rows, std::size_t tokens, std::uint16_t* values) {
  for (std::size_t i = 0; i < tokens * kHeadDimension; i += kLanes) Put(hn::LoadU(D(), rows + i), values + i);
}

// q·k, already scaled by what q was.
template <std::size_t Q, class Element>
void Scores(const HeadOf<Element>& head, const float* q, float* scores) {
  constexpr std::size_t kGroups =
      4 / Q < 2 ? 2 : 4 / Q;  // of tokens at a time: chains enough for the latency of an fma
  static_assert(kTokenBlock % (kGroups * kLanes) == 0);
  for (std::size_t t = 0; t < head.tokens; t += kGroups * kLanes) {
    const Element* keys = head.keys + t * kHeadDimension;
    V sums[kGroups * Q];
    HDQ_UNROLL
    for (std::size_t i = 0; i < kGroups * Q; ++i) sums[i] = hn::Zero(D());
    for (std::size_t j = 0; j < kHeadDimension; ++j) {
      HDQ_UNROLL
      for (std::size_t g = 0; g < kGroups; ++g) {
        const V k = Widened(keys + (g * kHeadDimension + j) * kLanes);
        HDQ_UNROLL
        for (std::size_t i = 0; i < Q; ++i)
          sums[g * Q + i] = hn::MulAdd(k, hn::Set(D(), q[i * kHeadDimension + j]), sums[g * Q + i]);
      }
    }
    HDQ_UNROLL
    for (std::size_t i = 0; i < kGroups * Q; ++i) Put(sums[i], scores + i % Q * head.tokens + t + i / Q * kLanes);
  }
}

// e^{s − max}, in place; returns 1/Σ.
float Exponentials(float* s, std::size_t tokens) {
  V top = hn::LoadU(D(), s), sum = hn::Zero(D());
  for (std::size_t t = kLanes; t < tokens; t += kLanes) top = hn::Max(top, hn::LoadU(D(), s + t));
  float lanes[kLanes];
  Put(top, lanes);
  const V maximum = hn::Set(D(), *std::max_element(lanes, lanes + kLanes));
  for (std::size_t t = 0; t < tokens; t += kLanes) {
    const V e = hn::Exp(D(), hn::Sub(hn::LoadU(D(), s + t), maximum));
    Put(e, s + t);
    sum = hn::Add(sum, e);
  }
  Put(sum, lanes);
  float total = 0;
  for (const float lane : lanes) total += lane;
  return 1 / total;
}

// out += Σ weights·v over a block of tokens, few enough for the values to be in the first cache at the second half of the dimensions.
template <std::size_t Q, class Element>
HWY_INLINE void AddBlock(const HeadOf<Element>& head, const float* weights, std::size_t first, float* out) {
  constexpr std::size_t kRegisters = kLanes == 16 ? 16 : 8;
  constexpr std::size_t kColumns = std::min(kRegisters / Q, kHeadDimension / kLanes);
  for (std::size_t j = 0; j < kHeadDimension; j += kColumns * kLanes) {
    V sums[kColumns * Q];
    HDQ_UNROLL
    for (std::size_t i = 0; i < kColumns * Q; ++i)
      sums[i] = hn::LoadU(D(), out + i % Q * kHeadDimension + j + i / Q * kLanes);
    for (std::size_t t = first; t < first + kTokenBlock; ++t) {
      V w[Q];
      HDQ_UNROLL
      for (std::size_t i = 0; i < Q; ++i) w[i] = hn::Set(D(), weights[i * head.tokens + t]);
      HDQ_UNROLL
      for (std::size_t c = 0; c < kColumns; ++c) {
        const V v = Widened(head.values + t * kHeadDimension + j + c * kLanes);
        HDQ_UNROLL
        for (std::size_t i = 0; i < Q; ++i) sums[c * Q + i] = hn::MulAdd(v, w[i], sums[c * Q + i]);
      }
    }
    HDQ_UNROLL
    for (std::size_t i = 0; i < kColumns * Q; ++i) Put(sums[i], out + i % Q * kHeadDimension + j + i / Q * kLanes);
  }
}

template <std::size_t Q, class Element>
void AttendTogether(const HeadOf<Element>& head, const float* q, float* weights, float* out) {
  float scaled[Q * kHeadDimension];
  const float scale = 1 / std::sqrt(static_cast<float>(kHeadDimension));
  for (std::size_t i = 0; i < Q * kHeadDimension; ++i) scaled[i] = q[i] * scale;
  Scores<Q>(head, scaled, weights);
  float inverse[Q];
  for (std::size_t i = 0; i < Q; ++i) inverse[i] = Exponentials(weights + i * head.tokens, head.tokens);
  std::fill(out, out + Q * kHeadDimension, 0.0f);
  for (std::size_t t = 0; t < head.tokens; t += kTokenBlock) AddBlock<Q>(head, weights, t, out);
  for (std::size_t i = 0; i < Q * kHeadDimension; ++i) out[i] *= inverse[i / kHeadDimension];
}

template <class Element>
void Attend(const HeadOf<Element>& head, const float* q, std::size_t queries, float* weights, float* out) {
  if (queries == 4)
    AttendTogether<4>(head, q, weights, out);
  else
    for (std::size_t i = 0; i < queries; ++i)
      AttendTogether<1>(head, q + i * kHeadDimension, weights, out + i * kHeadDimension);
}

extern const bench::AttentionKernels attention_kernels;
const bench::AttentionKernels attention_kernels = {PackKeys<float>, PackKeys<std::uint16_t>, Narrow,
                                                   Attend<float>,   Attend<std::uint16_t>,   Exponentials};

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
