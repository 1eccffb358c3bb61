// The Hadamard transform of one row in shared memory, by the threads of one block (a multiple of 32 of them).
#pragma once

// h = 1 … 16: partners are lanes of one warp.
__device__ inline void butterflies_of_warps(float* row, unsigned d, unsigned length) {
  for (unsigned first = 0; first < d; first += blockDim.x) {  // the same for all lanes: each takes part in each shuffle
    const unsigned i = first + threadIdx.x;
    float v = i < d ? row[i] : 0.0f;
    for (unsigned h = 1; h < length && h < 32; h *= 2) {
      const float other = __shfl_xor_sync(0xFFFFFFFF, v, h);
      v = i & h ? other - v : v + other;
    }
    if (i < d) row[i] = v;
  }
}

// `stages` further ones, from h on: 2^stages elements, h apart, in registers.
template <int stages>
__device__ inline void butterflies_of_registers(float* row, unsigned d, unsigned h) {
  constexpr unsigned width = 1u << stages;
  for (unsigned p = threadIdx.x; p < d / width; p += blockDim.x) {
    float* const first = row + ((p & ~(h - 1)) * width | (p & (h - 1)));
    float v[width];
    for (unsigned u = 0; u < width; ++u) v[u] = first[u * h];
    for (unsigned s = 1; s < width; s *= 2)
      for (unsigned u = 0; u < width; ++u) {
        if (u & s) continue;
        const float a = v[u], b = v[u + s];
        v[u] = a + b;
        v[u + s] = a - b;
      }
    for (unsigned u = 0; u < width; ++u) first[u * h] = v[u];
  }
}

// Sylvester's matrix, natural order, not normalised, on each of the parts of `length`, a power of two, that the d floats are made of.
// Butterflies (a + b, a − b) for h = 1, 2, 4, …: the order of additions of SPEC §4. Others may read the row at return.
__device__ inline void hadamard_parts(float* row, unsigned d, unsigned length) {
  __syncthreads();
  butterflies_of_warps(row, d, length);
  __syncthreads();
  unsigned h = 32;
  for (; 8 * h <= length; h *= 8) {
    butterflies_of_registers<3>(row, d, h);
    __syncthreads();
  }
  if (4 * h <= length) butterflies_of_registers<2>(row, d, h);
  else if (2 * h <= length) butterflies_of_registers<1>(row, d, h);
  __syncthreads();
}
