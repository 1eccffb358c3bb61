// A head's attention with OpenBLAS's matrix products over float32 rows: one for the scores, one for the weighted sums.
#include "openblas_attention.hpp"

#include <fmt/format.h>

#include "peers.hpp"
#ifdef HDQ_BENCH_OPENBLAS
#include <cblas.h>

#include <cmath>
#endif

namespace hdq::bench {

#ifdef HDQ_BENCH_OPENBLAS

std::string openblas_description() { return openblas_get_config(); }

void attend_openblas(const AttentionKernels& kernels, const HeadOf<float>& head, const float* q, std::size_t queries,
                     float* weights, float* out) {
  openblas_set_num_threads(1);
  const int m = static_cast<int>(queries), n = static_cast<int>(kHeadDimension), tokens = static_cast<int>(head.tokens);
  const float scale = 1 / std::sqrt(static_cast<float>(kHeadDimension));
  if (m == 1) {
    cblas_sgemv(CblasRowMajor, CblasNoTrans, tokens, n, scale, head.keys, n, q, 1, 0, weights, 1);
    const float inverse = kernels.exponentials(weights, head.tokens);
    cblas_sgemv(CblasRowMajor, CblasTrans, tokens, n, inverse, head.values, n, weights, 1, 0, out, 1);
    return;
  }
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, tokens, n, scale, q, n, head.keys, n, 0, weights, tokens);
  for (std::size_t i = 0; i < queries; ++i) {
    const float inverse = kernels.exponentials(weights + i * head.tokens, head.tokens);
    for (std::size_t t = 0; t < head.tokens; ++t) weights[i * head.tokens + t] *= inverse;
  }
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, tokens, 1, weights, tokens, head.values, n, 0, out, n);
}

#else

std::string openblas_description() { return ""; }
void attend_openblas(const AttentionKernels&, const HeadOf<float>&, const float*, std::size_t, float*, float*) {}

#endif

}  // namespace hdq::bench
