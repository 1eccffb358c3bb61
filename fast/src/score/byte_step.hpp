// A uniform step's codewords (SPEC §7) in bytes, for the first pass of a search (score/byte_filter.hpp).
#pragma once

#include "hdq/types.hpp"
#include "score/byte_codebook.hpp"
#include "score/byte_task.hpp"

namespace hdq::detail {

// One bucket of all words: the float32 codeword of coordinate j is centre + scale·(m_j − 127.5) + e with |e| <= error, m_j the byte that
// StepBytes makes of its code and its word; of rows all of whose bytes are in range.
struct ByteStep {
  explicit ByteStep(Step step);
  ByteBucket bucket;
  StepBytes bytes;
};

}  // namespace hdq::detail
