#include "hdq/validate/subject/plugin_child.hpp"

#include <dlfcn.h>
#include <signal.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "hdq/validate/subject/guarded_buffer.hpp"
#include "hdq/hdq_kernel.h"

namespace hdq::validate {
namespace {

// What the signal handler needs: the call in progress.
PluginChannel* channel_in_use = nullptr;
const std::vector<GuardedBuffer>* inputs_in_use = nullptr;
const std::vector<GuardedBuffer>* outputs_in_use = nullptr;

bool note_fault(const std::vector<GuardedBuffer>* buffers, bool input, const void* address) {
  if (buffers == nullptr) return false;
  for (std::size_t i = 0; i < buffers->size(); ++i) {
    const GuardedBuffer& buffer = (*buffers)[i];
    if (!buffer.maps(address)) continue;
    PluginChannel& c = *channel_in_use;
    c.fault_known = true;
    c.fault_input = input;
    c.fault_inside = buffer.holds(address);
    c.fault_buffer = static_cast<int>(i);
    c.fault_distance = static_cast<const std::uint8_t*>(address) - buffer.data();
    return true;
  }
  return false;
}

void on_signal(int number, siginfo_t* info, void* context) {
  PluginChannel& c = *channel_in_use;
  c.signal = number;
  if (number == SIGSEGV || number == SIGBUS) {
#if defined(__x86_64__)
    c.fault_write = (static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_ERR] & 2) != 0;
#else
    (void)context;
#endif
    if (!note_fault(inputs_in_use, true, info->si_addr)) note_fault(outputs_in_use, false, info->si_addr);
  }
  ::_exit(99);
}

void catch_signals() {
  static std::uint8_t stack[1 << 16];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  ::sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) ::sigaction(number, &action, nullptr);
}

std::uint32_t offered(const hdq_kernel& k) {
  std::uint32_t mask = 0;
#define HDQ_OPERATION(member, number, name) \
  if (k.member != nullptr) mask |= 1u << number;
  HDQ_OPERATIONS(HDQ_OPERATION)
#undef HDQ_OPERATION
  return mask;
}

// Bytes of the struct of each version.
std::size_t struct_bytes(std::uint32_t version) {
  return version == 1 ? offsetof(hdq_kernel, profile) : version == HDQ_KERNEL_VERSION ? sizeof(hdq_kernel) : 0;
}

const hdq_kernel* load(const char* path, PluginChannel& c) {
  void* library = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::snprintf(c.message, sizeof c.message, "%s", ::dlerror());
    return nullptr;
  }
  const auto* subject = static_cast<const hdq_kernel*>(::dlsym(library, "hdq_kernel_v1"));
  if (subject == nullptr) {
    std::snprintf(c.message, sizeof c.message, "%s exports no symbol hdq_kernel_v1", path);
    return nullptr;
  }
  if (const std::size_t known = struct_bytes(subject->struct_version); known == 0 || subject->struct_bytes != known) {
    std::snprintf(c.message, sizeof c.message, "%s: hdq_kernel_v1 says version %u and %u bytes, this hdq has version %u and %zu", path,
                  subject->struct_version, subject->struct_bytes, HDQ_KERNEL_VERSION, sizeof(hdq_kernel));
    return nullptr;
  }
  if (subject->promise > HDQ_KERNEL_BIT_EXACT) {
    std::snprintf(c.message, sizeof c.message, "%s: hdq_kernel_v1.promise is %u, which is none", path, subject->promise);
    return nullptr;
  }
  if (subject->variants > largest_variant_count) {
    std::snprintf(c.message, sizeof c.message, "%s: hdq_kernel_v1.variants is %u; at most %u are compared", path, subject->variants,
                  largest_variant_count);
    return nullptr;
  }
  // What an older version does not have is not offered.
  static hdq_kernel current{};
  std::memcpy(&current, subject, subject->struct_bytes);
  return &current;
}

void describe(const hdq_kernel& k, PluginChannel& c) {
  std::snprintf(c.name, sizeof c.name, "%s", k.name != nullptr ? k.name : "unnamed");
  std::snprintf(c.version, sizeof c.version, "%s", k.version != nullptr ? k.version : "");
  c.promise = k.promise;
  c.operations = offered(k);
  c.bit_widths = k.bit_widths;
  c.alignment = k.alignment;
  c.variants = k.variants;
  c.max_dimension = k.max_dimension;
  std::memcpy(c.claimed_error, k.claimed_error, sizeof c.claimed_error);
  c.profile_bytes = k.profile == nullptr ? 0 : std::strlen(k.profile);
  if (c.profile_bytes != 0) std::memcpy(c.data(), k.profile, std::min(c.profile_bytes, PluginChannel::largest_profile));
}

class Arguments {
 public:
  Arguments(PluginChannel& c, const std::vector<GuardedBuffer>& in, const std::vector<GuardedBuffer>& out) : c_(c), in_(in), out_(out) {
    config.dimension = c.config.dimension;
    config.order = c.config.order;
    config.seed = c.config.seed;
    config.bits = c.config.bits;
    config.threads = c.config.threads;
    config.variant = c.config.variant;
  }
  template <class T>
  const T* in(std::size_t i) const { return reinterpret_cast<const T*>(in_[i].data()); }
  template <class T>
  T* out(std::size_t i) const { return reinterpret_cast<T*>(out_[i].data()); }

  int call(const hdq_kernel& k) {
    switch (c_.operation) {
      case Operation::signs: return k.signs(&config, c_.count, out<std::int8_t>(0));
      case Operation::dither: return k.dither(&config, c_.first_row, c_.rows, out<std::uint32_t>(0));
      case Operation::thresholds: return k.thresholds(&config, c_.word, out<double>(0));
      case Operation::codewords: return k.codewords(&config, c_.word, out<double>(0));
      case Operation::transform: return k.transform(&config, c_.rows, in<float>(0), out<float>(0));
      case Operation::transform_transposed: return k.transform_transposed(&config, c_.rows, in<float>(0), out<float>(0));
      case Operation::code_bytes: return k.code_bytes(&config, out<std::uint64_t>(0));
      case Operation::encode:
        return k.encode(&config, c_.first_row, c_.rows, in<float>(0), out<float>(0), out<std::uint8_t>(1), &bad);
      case Operation::decode:
        return k.decode(&config, c_.first_row, c_.rows, in<float>(0), in<std::uint8_t>(1), out<float>(0));
      case Operation::pack: return k.pack(&config, c_.count, in<std::uint8_t>(0), out<std::uint8_t>(0));
      case Operation::unpack: return k.unpack(&config, c_.count, in<std::uint8_t>(0), out<std::uint8_t>(0));
      case Operation::dot:
        return k.dot(&config, c_.first_row, c_.rows, in<float>(0), in<std::uint8_t>(1), in<float>(2), out<float>(0));
      case Operation::reconstruct: return k.reconstruct(&config, c_.first_row, c_.rows, in<float>(0), out<float>(0), &bad);
      case Operation::save:
        size = c_.output_bytes[0];
        return k.save(&config, c_.rows, in<float>(0), in<std::uint8_t>(1), out<std::uint8_t>(0), &size);
      case Operation::load: return k.load(&config, c_.rows, in<std::uint8_t>(0), c_.input_bytes[0], out<float>(0), out<std::uint8_t>(1));
      case Operation::error_constant: return k.error_constant(&config, out<double>(0));
      case Operation::data: return k.data(&config, in<char>(0), c_.first_row, c_.count, out<double>(0));
    }
    return HDQ_KERNEL_FAILED;
  }

  hdq_kernel_config config{};
  hdq_kernel_position bad{UINT64_MAX, UINT64_MAX};
  std::uint64_t size = 0;

 private:
  PluginChannel& c_;
  const std::vector<GuardedBuffer>& in_;
  const std::vector<GuardedBuffer>& out_;
};

// Bytes that the first argument of this kind begins at a multiple of: codes and files have no alignment.
std::size_t alignment_of(const PluginChannel& c, bool input, std::size_t index) {
  const bool bytes = c.operation == Operation::signs || c.operation == Operation::pack || c.operation == Operation::unpack ||
                     (input && index == 1) || (input && (c.operation == Operation::load || c.operation == Operation::data)) || (!input && index == 1) ||
                     (!input && c.operation == Operation::save);
  if (bytes) return 1;
  const bool doubles = c.operation == Operation::thresholds || c.operation == Operation::codewords ||
                       c.operation == Operation::code_bytes || c.operation == Operation::error_constant || c.operation == Operation::data;
  return std::max<std::size_t>(c.alignment, doubles ? 8 : 4);
}

void note_write_outside(PluginChannel& c, const std::vector<GuardedBuffer>& outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::ptrdiff_t distance = outputs[i].first_write_outside();
    if (distance == 0) continue;
    c.outcome = Outcome::wrote_outside;
    c.fault_buffer = static_cast<int>(i);
    c.fault_distance = distance;
    return;
  }
}

void serve(const hdq_kernel& subject, PluginChannel& c) {
  std::vector<GuardedBuffer> inputs, outputs;
  std::uint8_t* data = c.data();
  for (std::size_t i = 0; i < c.inputs; ++i) {
    inputs.emplace_back(c.input_bytes[i], alignment_of(c, true, i), c.placement);
    std::memcpy(inputs.back().data(), data, c.input_bytes[i]);
    inputs.back().make_read_only();
    data += c.input_bytes[i];
  }
  for (std::size_t i = 0; i < c.outputs; ++i) {
    outputs.emplace_back(c.output_bytes[i], alignment_of(c, false, i), c.placement);
    std::memset(outputs.back().data(), c.placement.fill, c.output_bytes[i]);
  }
  inputs_in_use = &inputs;
  outputs_in_use = &outputs;
  Arguments arguments(c, inputs, outputs);
  const int status = arguments.call(subject);
  inputs_in_use = outputs_in_use = nullptr;

  c.outcome = status == HDQ_KERNEL_OK            ? Outcome::ok
              : status == HDQ_KERNEL_UNSUPPORTED ? Outcome::unsupported
              : status == HDQ_KERNEL_BAD_INPUT   ? Outcome::bad_input
                                                 : Outcome::failed;
  c.row = arguments.bad.row;
  c.column = arguments.bad.column;
  c.size = arguments.size;
  note_write_outside(c, outputs);
  for (std::size_t i = 0; i < c.outputs; ++i) {
    std::memcpy(data, outputs[i].data(), c.output_bytes[i]);
    data += c.output_bytes[i];
  }
}

}  // namespace

void run_plugin_child(const char* path, int socket, PluginChannel& channel) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);  // the report owns standard output
  channel_in_use = &channel;
  catch_signals();
  const hdq_kernel* subject = load(path, channel);
  channel.loaded = subject != nullptr;
  if (subject != nullptr) describe(*subject, channel);
  char token = 0;
  if (::write(socket, &token, 1) != 1 || subject == nullptr) ::_exit(0);
  if (channel.alignment == 0) channel.alignment = 1;
  while (::read(socket, &token, 1) == 1) {
    serve(*subject, channel);
    if (::write(socket, &token, 1) != 1) break;
  }
  ::_exit(0);
}

}  // namespace hdq::validate
