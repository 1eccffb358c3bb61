// The classes of defects that findings name. The first ones each stand for a row of real defects seen in public kernels
// (docs/kill-table.md lists where); the others are ours.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace hdq::validate {

struct DefectClass {
  std::string_view id;
  std::string_view meaning;
};

inline constexpr std::array<DefectClass, 34> defect_classes{{
    {"base-matrix-not-orthogonal", "H Hᵀ ≠ d·I"},
    {"smallest-order-fails", "the orders m·2^0 go wrong"},
    {"signs-after-h-or-none", "the random signs are missing, or applied where they randomize nothing"},
    {"inverse-is-not-the-transpose", "the way back uses H for Hᵀ, or part of the rotated coordinates"},
    {"two-paths-two-bases", "two code paths disagree: batch and single, query and data"},
    {"scale-lost-or-wrong", "a factor such as 1/√d, √(n/d) or the norm is missing or wrong"},
    {"padded-dimensions", "wrong where n < d"},
    {"codebook", "thresholds or codewords are those of another codebook; codes never used"},
    {"one-bit-width-hard-wired", "one bit width is treated as another"},
    {"thresholds-drift", "thresholds or codewords are nearly right"},
    {"estimator-constant", "values are off by a constant factor"},
    {"factor-stored-never-applied", "the norm is stored, and does not matter"},
    {"dither-lost-in-float", "the offset is rounded, to 0 or 1 or to few bits"},
    {"dead-or-biased-rounding", "the offset is missing, mirrored or constant: rounding always goes one way"},
    {"correlated-random-lanes", "random numbers that should be independent repeat"},
    {"non-atomic-packing", "bits are lost under threads, or the bytes differ from run to run"},
    {"tail-of-a-simd-loop", "the last elements, an unaligned address, or memory beside the buffer"},
    {"instruction-sets-disagree", "the result depends on the instruction set or the number of threads"},
    {"nan-swallowed", "NaN or infinity is accepted, or the error names the wrong place"},
    {"half-overflow", "large or small norms overflow, underflow or lose bits"},
    {"requantize-drift", "encoding what was decoded moves it"},
    {"corrupt-file-loads", "a damaged file is accepted"},
    {"wrong-oracle", "the error bound that the kernel is held against is none, or far off"},
    {"wrong-stream", "random numbers are not those of SPEC 2"},
    {"wrong-transform", "rotated coordinates are wrong in a way that matches no other class"},
    {"wrong-codes", "codes are wrong in a way that matches no other class"},
    {"wrong-values", "decoded values are wrong in a way that matches no other class"},
    {"packing-order", "the bits of a code are elsewhere"},
    {"error-too-large", "the mean squared error exceeds its bound"},
    {"not-repeatable", "the same arguments give different output"},
    {"input-modified", "an input is written to"},
    {"crash", "the kernel's process ended"},
    {"hang", "no answer within the time limit"},
    {"failure", "an error is reported for arguments that are in order"},
}};

inline bool is_defect_class(std::string_view id) {
  for (const DefectClass& c : defect_classes) {
    if (c.id == id) return true;
  }
  return false;
}

}  // namespace hdq::validate
