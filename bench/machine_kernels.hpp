// The loops that measure the machine, for each instruction set the library is compiled for. Nothing here computes anything of use.
#pragma once

#include <cstddef>

#include "hdq/types.hpp"

namespace hdq::bench {

// `count` is a multiple of 256 and the arrays are aligned to 64 bytes.
void read_all(const float* x, std::size_t count, Isa isa);              // loads only
void update_all(float* x, std::size_t count, Isa isa);                  // x = −x
void store_all(float* x, std::size_t count, float value, Isa isa);      // ordinary stores
void stream_all(float* x, std::size_t count, float value, Isa isa);     // non-temporal stores

// `rounds` rounds of independent operations on registers; return how many instructions that were.
double permute_rounds(std::size_t rounds, Isa isa);  // vpermps
double fma_rounds(std::size_t rounds, Isa isa);
std::size_t vector_lanes(Isa isa);                   // float32 lanes of one such instruction

// What machine_kernels.cpp defines once per instruction set.
struct MachineKernels {
  void (*read_all)(const float* x, std::size_t count);
  void (*update_all)(float* x, std::size_t count);
  void (*store_all)(float* x, std::size_t count, float value);
  void (*stream_all)(float* x, std::size_t count, float value);
  double (*permute_rounds)(std::size_t rounds);
  double (*fma_rounds)(std::size_t rounds);
  std::size_t (*vector_lanes)();
};

}  // namespace hdq::bench
