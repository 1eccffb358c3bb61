// What a plug-in needs of CUDA: errors as exceptions, memory that the next call finds again, launches. Nothing touches the device
// before the first call: a plug-in is loaded once more for each fresh process.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <stdexcept>

#include "hdq_kernel.h"

inline void must(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
}

template <class Action>
int status_of(const Action& action) {
  try {
    return action();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return HDQ_KERNEL_FAILED;
  }
}

// Grows as needed, lives as long as its thread. Calls of several threads share nothing (compile with --default-stream per-thread).
class DeviceArray {
 public:
  ~DeviceArray() { cudaFree(begin_); }
  template <class T>
  T* room(std::uint64_t count) {
    if (count * sizeof(T) > bytes_) {
      must(cudaFree(begin_));
      begin_ = nullptr, bytes_ = 0;
      must(cudaMalloc(&begin_, count * sizeof(T)));
      bytes_ = count * sizeof(T);
    }
    return static_cast<T*>(begin_);
  }
  template <class T>
  T* upload(const T* from, std::uint64_t count) {
    T* const to = room<T>(count);
    if (count != 0) must(cudaMemcpy(to, from, count * sizeof(T), cudaMemcpyHostToDevice));
    return to;
  }

 private:
  void* begin_ = nullptr;
  std::uint64_t bytes_ = 0;
};

template <class T>
void download(const T* from, std::uint64_t count, T* to) {
  if (count != 0) must(cudaMemcpy(to, from, count * sizeof(T), cudaMemcpyDeviceToHost));
}

// Threads of a block for rows of d floats.
inline unsigned threads_for(std::uint64_t d) {
  return static_cast<unsigned>(std::clamp<std::uint64_t>(d / 8, 32, 1024)) / 32 * 32;
}

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), std::uint64_t blocks, unsigned threads, std::uint64_t shared_bytes, Arguments... arguments) {
  if (blocks == 0) return;
  if (shared_bytes > 48 << 10)
    must(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes)));
  kernel<<<static_cast<unsigned>(blocks), threads, shared_bytes>>>(arguments...);
  must(cudaGetLastError());
}
