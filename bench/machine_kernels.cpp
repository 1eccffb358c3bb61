// Compiled once per target, like the library's kernels. An empty asm statement that takes a register keeps what made it.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "machine_kernels.cpp"
#include <hwy/foreach_target.h>

#include "simd.hpp"

#include <hwy/cache_control.h>

HWY_BEFORE_NAMESPACE();
namespace hdq::HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr std::size_t kLanes = hn::MaxLanes(D());
constexpr std::size_t kUnroll = 256 / 16;  // registers per step: 256 floats at 16 lanes

void ReadAll(const float* x, std::size_t count) {
  for (std::size_t i = 0; i < count; i += kUnroll * kLanes) {
#pragma GCC unroll 16
    for (std::size_t j = 0; j < kUnroll; ++j) {
      const V v = hn::Load(D(), x + i + j * kLanes);
      asm volatile("" : : "x"(v.raw));
    }
  }
}

void UpdateAll(float* x, std::size_t count) {
  for (std::size_t i = 0; i < count; i += kUnroll * kLanes) {
#pragma GCC unroll 16
    for (std::size_t j = 0; j < kUnroll; ++j) {
      float* at = x + i + j * kLanes;
      hn::Store(hn::Neg(hn::Load(D(), at)), D(), at);
    }
  }
}

void StoreAll(float* x, std::size_t count, float value) {
  const V v = hn::Set(D(), value);
  for (std::size_t i = 0; i < count; i += kUnroll * kLanes) {
#pragma GCC unroll 16
    for (std::size_t j = 0; j < kUnroll; ++j) hn::Store(v, D(), x + i + j * kLanes);
    asm volatile("" : : : "memory");  // not a call of memset, which would choose non-temporal stores
  }
}

void StreamAll(float* x, std::size_t count, float value) {
  const V v = hn::Set(D(), value);
  for (std::size_t i = 0; i < count; i += kUnroll * kLanes) {
#pragma GCC unroll 16
    for (std::size_t j = 0; j < kUnroll; ++j) hn::Stream(v, D(), x + i + j * kLanes);
  }
  hwy::FlushStream();
}

// v, of which the compiler knows nothing. A copy of the raw register: asm on a member would keep the array it is in in memory.
HWY_INLINE V Opaque(V v) {
  auto raw = v.raw;
  asm volatile("" : "+x"(raw));
  return V{raw};
}

constexpr std::size_t kChains = 12;  // a latency of 4 to 6 cycles times two units, within 16 registers

double PermuteRounds(std::size_t rounds) {
  V v[kChains];
  for (std::size_t c = 0; c < kChains; ++c) v[c] = Opaque(hn::Set(D(), static_cast<float>(c)));
#if HWY_TARGET == HWY_SCALAR
  const auto index = hn::IndicesFromVec(D(), hn::Set(hn::RebindToSigned<D>(), 0));
#else
  const auto index = hn::IndicesFromVec(D(), hn::Reverse(hn::RebindToSigned<D>(), hn::Iota(hn::RebindToSigned<D>(), 0)));
#endif
  for (std::size_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (std::size_t c = 0; c < kChains; ++c) v[c] = Opaque(hn::TableLookupLanes(v[c], index));
  }
  return static_cast<double>(rounds * kChains);
}

double FmaRounds(std::size_t rounds) {
  V v[kChains];
  for (std::size_t c = 0; c < kChains; ++c) v[c] = Opaque(hn::Set(D(), static_cast<float>(c)));
  const V half = hn::Set(D(), 0.5f), one = hn::Set(D(), 1.0f);
  for (std::size_t i = 0; i < rounds; ++i) {
#pragma GCC unroll 12
    for (std::size_t c = 0; c < kChains; ++c) v[c] = Opaque(hn::MulAdd(v[c], half, one));
  }
  return static_cast<double>(rounds * kChains);
}

std::size_t VectorLanes() { return kLanes; }

}  // namespace hdq::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "dispatch.hpp"
#include "machine_kernels.hpp"
namespace hdq {

HDQ_DISPATCH(ReadAll);
HDQ_DISPATCH(UpdateAll);
HDQ_DISPATCH(StoreAll);
HDQ_DISPATCH(StreamAll);
HDQ_DISPATCH(PermuteRounds);
HDQ_DISPATCH(FmaRounds);
HDQ_DISPATCH(VectorLanes);

namespace bench {
void read_all(const float* x, std::size_t count, Isa isa) { HDQ_CALL(ReadAll, isa)(x, count); }
void update_all(float* x, std::size_t count, Isa isa) { HDQ_CALL(UpdateAll, isa)(x, count); }
void store_all(float* x, std::size_t count, float value, Isa isa) { HDQ_CALL(StoreAll, isa)(x, count, value); }
void stream_all(float* x, std::size_t count, float value, Isa isa) { HDQ_CALL(StreamAll, isa)(x, count, value); }
double permute_rounds(std::size_t rounds, Isa isa) { return HDQ_CALL(PermuteRounds, isa)(rounds); }
double fma_rounds(std::size_t rounds, Isa isa) { return HDQ_CALL(FmaRounds, isa)(rounds); }
std::size_t vector_lanes(Isa isa) { return HDQ_CALL(VectorLanes, isa)(); }
}  // namespace bench

}  // namespace hdq
#endif
