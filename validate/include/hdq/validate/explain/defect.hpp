// The classes of defects: what findings of the validator are named by, and the flags of test vectors. The first ones each stand for
// defects reported of public kernels; the others are ours.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace hdq::validate {

struct DefectClass {
  std::string_view id;
  std::string_view meaning;
  std::string_view reports;  // public ones, separated by spaces: repository#number; empty if none is known
};

inline constexpr std::array<DefectClass, 62> defect_classes{{
    {"base-matrix-not-orthogonal", "H Hᵀ is not d·I for some order", "fast-hadamard-transform#9 vllm#41413"},
    {"smallest-order-fails", "an order m·2^0 fails", "mlx#4054"},
    {"signs-after-h-or-none", "signs are applied after H, or not at all: the randomization is inert",
     "rustchain-bounties#71 vllm#40194 rMLX#453"},
    {"inverse-is-not-the-transpose", "the inverse rotation is not the transpose: the rotation loses information",
     "turboquant_plus#11"},
    {"two-paths-two-bases", "two code paths rotate into different bases",
     "mlx-vlm#973 atlas#133 llama-cpp-turboquant#43"},
    {"scale-lost-or-wrong", "a factor such as ρ, d or √d is lost or wrong",
     "lmdeploy#4510 qdrant#8783 turboquant_plus#15"},
    {"padded-dimensions", "a dimension n < d is padded wrongly: bias", "vortex#7245 qdrant#10390"},
    {"codebook", "codewords are frozen, clipped or never used", "vortex#8076 workglow#727"},
    {"one-bit-width-hard-wired", "a bit width is assumed: 3 packed as 4", "vllm#38479 rMLX#227"},
    {"thresholds-drift", "encoder and decoder disagree on thresholds in the last places", "turbovec#325"},
    {"estimator-constant", "a constant of the inner-product estimator is off by 10 to 20 %",
     "quant.cpp#14 turboquant_plus#93 workglow#781"},
    {"factor-stored-never-applied", "a stored factor never reaches the output", "VelesDB#2104 faiss#4751"},
    {"dither-lost-in-float", "the offset rounds to 0 or 1", "magda-core#2448"},
    {"dead-or-biased-rounding", "rounding always goes one way", "oneDNN#2903 gfloat#36"},
    {"correlated-random-lanes", "the same random numbers in each lane", "tt-metal#13904"},
    {"non-atomic-packing", "bits are lost where packed codes share a byte or a word", "mlx-vlm#967"},
    {"tail-of-a-simd-loop", "the last elements are dropped, over-read, or need alignment",
     "lance#8869 FFHT#8 cuvs#1866"},
    {"instruction-sets-disagree", "the result depends on threads or instruction set", "turbovec#206 turbovec#314"},
    {"nan-swallowed", "NaN or infinity becomes an ordinary code", "workglow#713 faiss#5381"},
    {"half-overflow", "a large or tiny norm overflows or vanishes", "vllm#53334"},
    {"requantize-drift", "the vector shrinks each time it is decoded and encoded again", "qdrant#9437"},
    {"corrupt-file-loads", "a damaged file loads", "turbovec#514"},
    {"wrong-oracle", "the bound or table used as an oracle is itself wrong", "turbovec#27 sglang#21419"},
    {"wrong-stream", "random numbers are not those of SPEC §2", ""},
    {"wrong-transform", "rotated coordinates are wrong in a way that matches no other class", ""},
    {"wrong-codes", "codes are wrong in a way that matches no other class", ""},
    {"wrong-values", "decoded values are wrong in a way that matches no other class", ""},
    {"packing-order", "the bits of a code are elsewhere", ""},
    {"permutation-inverted", "the inverse permutation is applied", ""},
    {"low-precision", "the arithmetic is narrower than stated", ""},
    {"weyl-sequence", "offsets of coordinates are not those of the Weyl sequence of SPEC §7", ""},
    {"offset-without-half", "the half that centres an offset, or a cell, is missing: bias", ""},
    {"raw-bits", "the number of raw bits is another, or their place", ""},
    {"frequency-table", "a frequency of the entropy coder is wrong, or the order of buckets", ""},
    {"coder-arithmetic", "the entropy coder's state takes another way: cumulative frequency, renormalisation, order",
     ""},
    {"escape-code", "the sign or the gamma code of an escaped symbol is wrong", ""},
    {"stream-layout", "norm, state or words are elsewhere in a stream", ""},
    {"corrupt-stream-accepted", "a stream that no encoder writes is read as a row", ""},
    {"table-entry", "one entry of a table is wrong, the others are right", ""},
    {"zero-row", "rows of zeros are wrong, and no others", ""},
    {"denormals-flushed", "numbers below 2^-126 are taken for 0, and larger ones are right", ""},
    {"bad-input-position", "NaN, infinity or a large norm is reported at another place than where it is", ""},
    {"tie-rule", "a number exactly between two codes goes the wrong way", ""},
    {"error-too-large", "the mean squared error exceeds its bound", ""},
    {"biased", "E x̂ differs from x, or E dot from ⟨q, x⟩, in a way that matches no other class", ""},
    {"batch-dependent", "rows of one call differ from the same rows in other calls", ""},
    {"state-kept-between-calls", "the answer depends on the calls before it, and differs from a fresh process", ""},
    {"threads-disagree", "the result depends on the number of threads", ""},
    {"output-unwritten", "part of the output is not written", ""},
    {"not-repeatable", "the same arguments give different output", ""},
    {"input-modified", "an input is written to", ""},
    {"out-of-bounds", "memory is touched further from a buffer than a vector is long, or where there are no rows", ""},
    {"use-after-return", "a buffer is read or written after the call has returned", ""},
    {"leak-of-memory", "each call keeps memory", ""},
    {"leak-of-descriptors", "each call keeps a descriptor open", ""},
    {"leak-of-threads", "each call leaves a thread behind", ""},
    {"not-thread-safe", "calls from two threads disturb each other", ""},
    {"refusal-by-content", "what is declined depends on rows, values or earlier calls", ""},
    {"crash", "the kernel's process ended", ""},
    {"hang", "no answer within the time limit", ""},
    {"wrong-status", "a status that is none of the interface's, or bad input for rows that are in order", ""},
    {"failure", "an error is reported for arguments that are in order", ""},
}};

// The class of this id, or null.
constexpr const DefectClass* find_defect_class(std::string_view id) {
  const auto found = std::find_if(defect_classes.begin(), defect_classes.end(), [&](const DefectClass& c) { return c.id == id; });
  return found == defect_classes.end() ? nullptr : &*found;
}

}  // namespace hdq::validate
