// Attention of one token over float32 or float16 keys and values, what hdq::KeyValueCache is compared with, for each instruction set the
// library is compiled for. Queries that share a kv head share every load of a row.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hdq/types.hpp"

namespace hdq::bench {

inline constexpr std::size_t kHeadDimension = 128;
inline constexpr std::size_t kTokenBlock = 64;  // the number of tokens is a multiple of it

// One kv head: tokens × 128 keys, packed by AttentionKernels::pack_…, and as many values in rows. Element is float, or std::uint16_t: the
// bits of a float16.
template <class Element>
struct HeadOf {
  const Element* keys;
  const Element* values;
  std::size_t tokens;
};

// What attention_kernels.cpp defines once per instruction set.
struct AttentionKernels {
  // tokens × 128 rows, to keys and to values of a head.
  void (*pack_float32)(const float* rows, std::size_t tokens, float* keys);
  void (*pack_float16)(const float* rows, std::size_t tokens, std::uint16_t* keys);
  void (*narrow)(const float* rows, std::size_t tokens, std::uint16_t* values);
  // Σ softmax(q·k/√128)·v for each of `queries` (1 or 4) rows of q. `weights`: queries × tokens to work in.
  void (*attend_float32)(const HeadOf<float>& head, const float* q, std::size_t queries, float* weights, float* out);
  void (*attend_float16)(const HeadOf<std::uint16_t>& head, const float* q, std::size_t queries, float* weights,
                         float* out);
  // e^{s − max s}, in place; returns 1/Σ.
  float (*exponentials)(float* s, std::size_t tokens);
};
const AttentionKernels& attention_kernels(Isa isa);

}  // namespace hdq::bench
