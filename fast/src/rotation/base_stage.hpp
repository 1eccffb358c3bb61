// SPEC §1, §4: y = (B_m ⊗ I) y, or (B_mᵀ ⊗ I) y, in place: the last stage of H for orders m·2^k, m in {12, 20, 28}.
#pragma once

#include <cstddef>

namespace hdq::HDQ_ISA {

// y holds m blocks of `stride` = 2^k elements.
void BaseStage(int m, bool transposed, float* y, std::size_t stride);

// One m, in a file of its own for each (base_12.cpp …): they take longest to compile. stride >= 4, or vectors have one lane.
void BaseStage12(bool transposed, float* y, std::size_t stride);
void BaseStage20(bool transposed, float* y, std::size_t stride);
void BaseStage28(bool transposed, float* y, std::size_t stride);

}  // namespace hdq::HDQ_ISA
