// Compiled once per instruction set, like the library's kernels. An empty asm statement that takes a register keeps what made it.
#include "simd/simd.hpp"

#include <hwy/cache_control.h>

#include "machine_kernels.hpp"

// An asm statement that takes a vector register.
#if HWY_ARCH_X86
#define HDQ_VECTOR_REGISTER "x"
#else
#define HDQ_VECTOR_REGISTER "w"
#endif

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr std::size_t kLanes = hn::MaxLanes(D());
constexpr std::size_t kUnroll = 256 / 16;  // registers per step: 256 floats at 16 lanes

void ReadAll(const float* x, std::size_t count) {
  for (std::size_t i = 0; i < count; i += kUnroll * kLanes) {
#pragma GCC unroll 16
    for (std::size_t j = 0; j < kUnroll; ++j) {
      const V v = hn::Load(D(), x + i + j * kLanes);
      asm volatile("" : : HDQ_VECTOR_REGISTER(v.raw));
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
  asm volatile("" : "+" HDQ_VECTOR_REGISTER(raw));
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

extern const bench::MachineKernels machine_kernels;
const bench::MachineKernels machine_kernels = {ReadAll, UpdateAll, StoreAll, StreamAll, PermuteRounds, FmaRounds, VectorLanes};

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
