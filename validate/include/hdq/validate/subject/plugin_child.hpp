// The child's side of PluginSubject: loads the plug-in, then serves calls until the socket closes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hdq/validate/subject/subject.hpp"

namespace hdq::validate {

// At the beginning of the shared memory; bulk data follow at data_offset.
struct PluginChannel {
  static constexpr std::size_t bytes = std::size_t{1} << 30;  // reserved; pages are used as touched
  static constexpr std::size_t data_offset = 8192;
  static constexpr std::size_t max_buffers = 4;
  static constexpr std::size_t largest_profile = std::size_t{1} << 24;

  // parent → child
  Operation operation;
  Config config;
  std::uint64_t first_row, rows, count;
  std::uint32_t word;
  Placement placement;
  std::size_t inputs, outputs;
  std::size_t input_bytes[max_buffers], output_bytes[max_buffers];

  // child → parent: the answer …
  Outcome outcome;
  std::uint64_t row, column, size;
  // … or what a signal handler saw …
  volatile int signal;
  volatile bool fault_known, fault_write, fault_input, fault_inside;
  volatile int fault_buffer;
  volatile long fault_distance;  // from the begin of the data
  // … or what loading gave.
  bool loaded;
  char message[1024];
  char name[128], version[64];
  std::uint32_t promise, operations, bit_widths, alignment, variants;
  std::uint64_t max_dimension;
  double claimed_error[HDQ_KERNEL_MAX_BITS + 1];
  std::size_t profile_bytes;  // of the text at data(), after loading

  std::uint8_t* data() { return reinterpret_cast<std::uint8_t*>(this) + data_offset; }
};

// Never returns.
[[noreturn]] void run_plugin_child(const char* path, int socket, PluginChannel& channel);

}  // namespace hdq::validate
