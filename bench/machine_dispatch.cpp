// The loops of machine_kernels.cpp by instruction set. HDQ_HAVE_… is from hdq_kernels (fast/instruction_sets.cmake).
#include "machine_kernels.hpp"

namespace hdq {

#define HDQ_MACHINE_KERNELS(name)                        \
  namespace name {                                       \
  extern const bench::MachineKernels machine_kernels;    \
  }
#ifdef HDQ_HAVE_AVX512
HDQ_MACHINE_KERNELS(avx512)
#endif
#ifdef HDQ_HAVE_AVX2
HDQ_MACHINE_KERNELS(avx2)
#endif
#ifdef HDQ_HAVE_NEON
HDQ_MACHINE_KERNELS(neon)
#endif
HDQ_MACHINE_KERNELS(scalar)
#undef HDQ_MACHINE_KERNELS

namespace bench {
namespace {

const MachineKernels& of(Isa isa) {
#ifdef HDQ_HAVE_AVX512
  if (isa == Isa::avx512) return avx512::machine_kernels;
#endif
#ifdef HDQ_HAVE_AVX2
  if (isa == Isa::avx2) return avx2::machine_kernels;
#endif
#ifdef HDQ_HAVE_NEON
  if (isa == Isa::neon) return neon::machine_kernels;
#endif
  (void)isa;
  return scalar::machine_kernels;
}

}  // namespace

void read_all(const float* x, std::size_t count, Isa isa) { of(isa).read_all(x, count); }
void update_all(float* x, std::size_t count, Isa isa) { of(isa).update_all(x, count); }
void store_all(float* x, std::size_t count, float value, Isa isa) { of(isa).store_all(x, count, value); }
void stream_all(float* x, std::size_t count, float value, Isa isa) { of(isa).stream_all(x, count, value); }
double permute_rounds(std::size_t rounds, Isa isa) { return of(isa).permute_rounds(rounds); }
double fma_rounds(std::size_t rounds, Isa isa) { return of(isa).fma_rounds(rounds); }
std::size_t vector_lanes(Isa isa) { return of(isa).vector_lanes(); }

}  // namespace bench
}  // namespace hdq
