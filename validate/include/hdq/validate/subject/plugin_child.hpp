// The child's side of PluginSubject: loads the plug-in, then serves calls until the socket closes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "hdq/validate/subject/subject.hpp"

namespace hdq::validate {

// Where a signal handler saw a buffer being touched.
enum class BufferKind : std::uint32_t { none, input, output, configuration };

struct PluginCall {
  static constexpr std::size_t max_buffers = 4;
  Operation operation;
  Config config;
  std::uint64_t first_row, rows, count;
  std::uint32_t word;
  Placement placement;
  std::uint64_t inputs, outputs;  // how many
  std::uint64_t input_bytes[max_buffers], output_bytes[max_buffers];
};

enum class PluginTask : std::uint32_t { call, repeat, at_once };

// At the beginning of the shared memory; bulk data follow at data_offset: the inputs of each call, then the outputs. The plug-in can
// write here at any time: the parent copies an answer once, believes no number in it, and uses its own request for every size.
struct PluginChannel {
  static constexpr std::size_t data_offset = 8192;
  static constexpr std::size_t bytes = std::size_t{largest_call} + data_offset;  // reserved; pages are used as touched
  static constexpr std::size_t max_windows = 8;
  static constexpr std::size_t largest_profile = std::size_t{1} << 24;

  // parent → child
  PluginTask task;
  PluginCall calls[2];  // the second with at_once only
  std::uint32_t windows, calls_per_window, pause_ms, at_most_ms;

  // child → parent: the answer …
  struct Answer {
    std::uint32_t outcome;  // an Outcome: up to failed, or wrote_outside
    std::uint64_t row, column, size;
    std::uint32_t buffer;  // with wrote_outside: the output, and how far from its begin
    std::int64_t distance;
    std::int32_t status;  // what the function returned
  } answers[2];
  std::uint64_t calls_made;
  std::uint32_t different, windows_seen;
  Usage usage[max_windows];
  // … or what a signal handler saw …
  struct Fault {
    std::int32_t signal;
    BufferKind kind;
    std::uint32_t write, inside, late, buffer;
    std::int64_t distance;  // from the begin of the data
  } fault;
  // … or what loading gave. Texts end with a zero byte, if the plug-in lets them.
  std::uint32_t loaded;
  char message[1024];
  char name[128], version[64];
  std::uint32_t promise, operations, bit_widths, alignment, variants;
  std::uint64_t max_dimension;
  double claimed_error[HDQ_KERNEL_MAX_BITS + 1];
  std::uint32_t schemes, step_count;
  float steps[largest_step_count];
  std::uint64_t profile_bytes;  // of the text at data(), after loading

  std::uint8_t* data() { return reinterpret_cast<std::uint8_t*>(this) + data_offset; }
};
static_assert(std::is_trivially_copyable_v<PluginChannel> && sizeof(PluginChannel) <= PluginChannel::data_offset);

// Messages of 8 bytes on the socket, in both directions: the number of the call; 0 says that the plug-in is loaded, or is not.
// Never returns.
[[noreturn]] void run_plugin_child(const char* path, int socket, PluginChannel& channel);

}  // namespace hdq::validate
