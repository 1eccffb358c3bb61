// Attention over float32 keys and values by OpenBLAS, where that was found (openblas_description() is empty where not).
#pragma once

#include <cstddef>

#include "attention_kernels.hpp"

namespace hdq::bench {

// Σ softmax(q·k/√128)·v for each of `queries` rows of q, on one thread. head.keys: rows of 128, not packed. weights: queries × tokens to work in.
void attend_openblas(const AttentionKernels& kernels, const HeadOf<float>& head, const float* q, std::size_t queries,
                     float* weights, float* out);

}  // namespace hdq::bench
