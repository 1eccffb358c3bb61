// The kernels of attention_kernels.cpp by instruction set. HDQ_HAVE_… is from hdq_kernels (fast/instruction_sets.cmake).
#include "attention_kernels.hpp"

namespace hdq {

#define HDQ_ATTENTION_KERNELS(name)                       \
  namespace name {                                        \
  extern const bench::AttentionKernels attention_kernels; \
  }
#ifdef HDQ_HAVE_AVX512
HDQ_ATTENTION_KERNELS(avx512)
#endif
#ifdef HDQ_HAVE_AVX2
HDQ_ATTENTION_KERNELS(avx2)
#endif
#ifdef HDQ_HAVE_NEON
HDQ_ATTENTION_KERNELS(neon)
#endif
HDQ_ATTENTION_KERNELS(scalar)
#undef HDQ_ATTENTION_KERNELS

const bench::AttentionKernels& bench::attention_kernels(Isa isa) {
#ifdef HDQ_HAVE_AVX512
  if (isa == Isa::avx512) return avx512::attention_kernels;
#endif
#ifdef HDQ_HAVE_AVX2
  if (isa == Isa::avx2) return avx2::attention_kernels;
#endif
#ifdef HDQ_HAVE_NEON
  if (isa == Isa::neon) return neon::attention_kernels;
#endif
  (void)isa;
  return scalar::attention_kernels;
}

}  // namespace hdq
