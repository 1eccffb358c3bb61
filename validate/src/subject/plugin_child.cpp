#include "hdq/validate/subject/plugin_child.hpp"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "hdq/hdq_kernel.h"
#include "hdq/validate/subject/guarded_buffer.hpp"

namespace hdq::validate {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Buffers that are watched no longer, for calls to come: to map and to unmap pages is most of what a short call costs. The one that was
// given back last is taken first.
class SpareBuffers {
 public:
  GuardedBuffer take(std::size_t size, std::size_t alignment, const Placement& placement) {
    const auto spare = by_size_.find(GuardedBuffer::inner_bytes(size, alignment, placement));
    if (spare == by_size_.end() || spare->second.empty()) return {size, alignment, placement};
    GuardedBuffer buffer = std::move(spare->second.back());
    spare->second.pop_back();
    buffer.hold(size, alignment, placement);
    return buffer;
  }
  void give_back(GuardedBuffer buffer) {
    if (buffer.inner_bytes() > largest) return;
    std::vector<GuardedBuffer>& same = by_size_[buffer.inner_bytes()];
    if (same.size() >= most) return;
    buffer.make_inaccessible();
    same.push_back(std::move(buffer));
  }

 private:
  static constexpr std::size_t largest = std::size_t{1} << 16, most = 256;  // bytes; of each number of pages
  std::map<std::size_t, std::vector<GuardedBuffer>> by_size_;
};

// The buffers of one call. After the call, inputs may no longer be read nor outputs written; both stay where they are for a while, so
// that a thread that does so faults.
struct Buffers {
  GuardedBuffer config;
  std::vector<GuardedBuffer> inputs, outputs;
  std::atomic<bool> returned{false};
  std::size_t bytes = 0;

  Buffers(const PluginCall& call, const std::uint8_t* data, SpareBuffers& spare);
  // The last first: an equal call has each where it lay.
  void give_back(SpareBuffers& spare);
};

// What the signal handler needs: the calls in progress and the last ones.
PluginChannel* channel_in_use = nullptr;
std::array<std::atomic<const Buffers*>, 80> buffers_in_use{};

bool note_fault(const GuardedBuffer& buffer, BufferKind kind, std::size_t index, bool late, const void* address) {
  if (!buffer.maps(address)) return false;
  PluginChannel::Fault& fault = channel_in_use->fault;
  fault.kind = kind;
  fault.inside = buffer.holds(address);
  fault.late = late;
  fault.buffer = static_cast<std::uint32_t>(index);
  fault.distance = static_cast<const std::uint8_t*>(address) - buffer.data();
  return true;
}

bool note_fault(const Buffers& b, const void* address) {
  const bool late = b.returned;
  if (note_fault(b.config, BufferKind::configuration, 0, late, address)) return true;
  for (std::size_t i = 0; i < b.inputs.size(); ++i)
    if (note_fault(b.inputs[i], BufferKind::input, i, late, address)) return true;
  for (std::size_t i = 0; i < b.outputs.size(); ++i)
    if (note_fault(b.outputs[i], BufferKind::output, i, late, address)) return true;
  return false;
}

void on_signal(int number, siginfo_t* info, void* context) {
  PluginChannel::Fault& fault = channel_in_use->fault;
  fault.signal = number;
  if (number == SIGSEGV || number == SIGBUS) {
#if defined(__x86_64__)
    fault.write = (static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_ERR] & 2) != 0;
#else
    (void)context;
#endif
    for (const auto& buffers : buffers_in_use) {
      const Buffers* b = buffers.load();
      if (b != nullptr && note_fault(*b, info->si_addr)) break;
    }
  }
  ::_exit(99);
}

void give_signals_a_stack() {
  static thread_local std::uint8_t stack[1 << 14];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  ::sigaltstack(&alternate, nullptr);
}

void catch_signals() {
  give_signals_a_stack();
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
  return version == 1                    ? offsetof(hdq_kernel, profile)
         : version == 2                  ? offsetof(hdq_kernel, schemes)
         : version == HDQ_KERNEL_VERSION ? sizeof(hdq_kernel)
                                         : 0;
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
  if ((subject->alignment & (subject->alignment - 1)) != 0 || subject->alignment > largest_alignment) {
    std::snprintf(c.message, sizeof c.message, "%s: hdq_kernel_v1.alignment is %u, no power of two up to %u", path, subject->alignment,
                  largest_alignment);
    return nullptr;
  }
  if (subject->struct_version >= 3 &&
      (subject->step_count > largest_step_count || (subject->step_count > 0 && subject->steps == nullptr))) {
    std::snprintf(c.message, sizeof c.message, "%s: hdq_kernel_v1.step_count is %u, at most %u, and steps are so many",
                  path, subject->step_count, largest_step_count);
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
  c.schemes = k.schemes != 0 ? k.schemes : std::uint32_t{HDQ_KERNEL_FIXED_RATE};
  c.step_count = k.step_count;
  if (k.step_count != 0) std::memcpy(c.steps, k.steps, k.step_count * sizeof(float));
  c.profile_bytes = k.profile == nullptr ? 0 : ::strnlen(k.profile, PluginChannel::largest_profile + 1);
  if (c.profile_bytes != 0) std::memcpy(c.data(), k.profile, std::min(c.profile_bytes, PluginChannel::largest_profile));
}

class Arguments {
 public:
  Arguments(const PluginCall& call, const Buffers& buffers)
      : c_(call), b_(buffers), config(*reinterpret_cast<const hdq_kernel_config*>(buffers.config.data())) {}

  template <class T>
  const T* in(std::size_t i) const { return reinterpret_cast<const T*>(b_.inputs[i].data()); }
  template <class T>
  T* out(std::size_t i) const { return reinterpret_cast<T*>(b_.outputs[i].data()); }

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
      case Operation::coding:
        return k.coding(&config, out<std::uint32_t>(0));
      case Operation::frequencies:
        return k.frequencies(&config, out<std::uint32_t>(0));
      case Operation::put_row:
        size = c_.output_bytes[1];
        return k.put_row(&config, c_.first_row, *in<float>(0), in<std::uint8_t>(1), out<std::uint8_t>(0),
                         out<std::uint8_t>(1), &size);
      case Operation::get_row:
        return k.get_row(&config, c_.first_row, in<std::uint8_t>(0), in<std::uint8_t>(1), c_.input_bytes[1],
                         out<float>(0), out<std::uint8_t>(1));
      case Operation::data: return k.data(&config, in<char>(0), c_.first_row, c_.count, out<double>(0));
    }
    return HDQ_KERNEL_FAILED;
  }

  static constexpr std::uint64_t unwritten = 0xA5A5A5A5A5A5A5A5;  // no position that is right anywhere
  hdq_kernel_position bad{unwritten, unwritten};
  std::uint64_t size = 0;

 private:
  const PluginCall& c_;
  const Buffers& b_;
  const hdq_kernel_config& config;
};

std::uint32_t alignment_of_floats = 1;  // what the plug-in asks for

// Bytes that an argument begins at a multiple of: codes and files have no alignment.
std::size_t alignment_of(const PluginCall& c, bool input, std::size_t index) {
  // But codes of the entropy-coded scheme are numbers of two or four bytes: the second argument of what takes or gives them.
  if (c.operation == Operation::put_row && !input) return 1;
  if (c.operation == Operation::get_row && input) return 1;
  if (c.config.step != 0 && index == 1) return step_code_bytes(c.config);
  const bool bytes = c.operation == Operation::signs || c.operation == Operation::pack || c.operation == Operation::unpack ||
                     (input && index == 1) || (input && (c.operation == Operation::load || c.operation == Operation::data)) || (!input && index == 1) ||
                     (!input && c.operation == Operation::save);
  if (bytes) return 1;
  const bool doubles = c.operation == Operation::thresholds || c.operation == Operation::codewords ||
                       c.operation == Operation::code_bytes || c.operation == Operation::error_constant || c.operation == Operation::data;
  return std::max<std::size_t>(alignment_of_floats, doubles ? 8 : 4);
}

Buffers::Buffers(const PluginCall& call, const std::uint8_t* data, SpareBuffers& spare)
    : config(spare.take(sizeof(hdq_kernel_config), alignof(hdq_kernel_config), {})) {
  hdq_kernel_config c{};
  c.dimension = call.config.dimension;
  c.order = call.config.order;
  c.seed = call.config.seed;
  c.bits = call.config.step != 0 ? 0 : call.config.bits;
  c.step = call.config.step;
  c.threads = call.config.threads;
  c.variant = call.config.variant;
  std::memcpy(config.data(), &c, sizeof c);
  config.make_read_only();
  inputs.reserve(call.inputs);
  outputs.reserve(call.outputs);
  for (std::size_t i = 0; i < call.inputs; ++i) {
    inputs.push_back(spare.take(call.input_bytes[i], alignment_of(call, true, i), call.placement));
    std::memcpy(inputs.back().data(), data, call.input_bytes[i]);
    inputs.back().make_read_only();
    data += call.input_bytes[i];
    bytes += call.input_bytes[i];
  }
  for (std::size_t i = 0; i < call.outputs; ++i) {
    outputs.push_back(spare.take(call.output_bytes[i], alignment_of(call, false, i), call.placement));
    bytes += call.output_bytes[i];
  }
}

void Buffers::give_back(SpareBuffers& spare) {
  for (auto* list : {&outputs, &inputs}) {
    for (; !list->empty(); list->pop_back()) spare.give_back(std::move(list->back()));
  }
  spare.give_back(std::move(config));
}

void fill_outputs(const Buffers& buffers, std::uint8_t byte) {
  for (const GuardedBuffer& output : buffers.outputs) std::memset(output.data(), byte, output.size());
}

PluginChannel::Answer call_once(const hdq_kernel& subject, const PluginCall& call, const Buffers& buffers) {
  Arguments arguments(call, buffers);
  const int status = arguments.call(subject);
  PluginChannel::Answer answer{};
  const Outcome outcome = status == HDQ_KERNEL_OK            ? Outcome::ok
                          : status == HDQ_KERNEL_UNSUPPORTED ? Outcome::unsupported
                          : status == HDQ_KERNEL_BAD_INPUT   ? Outcome::bad_input
                                                             : Outcome::failed;
  answer.outcome = static_cast<std::uint32_t>(outcome);
  answer.status = status;
  answer.row = arguments.bad.row;
  answer.column = arguments.bad.column;
  answer.size = arguments.size;
  for (std::size_t i = 0; i < buffers.outputs.size(); ++i) {
    const std::ptrdiff_t distance = buffers.outputs[i].first_write_outside();
    if (distance == 0) continue;
    answer.outcome = static_cast<std::uint32_t>(Outcome::wrote_outside);
    answer.buffer = static_cast<std::uint32_t>(i);
    answer.distance = distance;
    break;
  }
  // Of a file, the rest of the room is nobody's.
  const std::size_t last = call.operation == Operation::put_row ? 1 : 0;
  if ((call.operation == Operation::save || call.operation == Operation::put_row) &&
      answer.size < call.output_bytes[last])
    std::memset(buffers.outputs[last].data() + answer.size, 0, call.output_bytes[last] - answer.size);
  return answer;
}

std::vector<std::uint8_t> bytes_of(const Buffers& buffers) {
  std::vector<std::uint8_t> all;
  for (const GuardedBuffer& output : buffers.outputs) all.insert(all.end(), output.data(), output.data() + output.size());
  return all;
}

// ---- what the process holds ----

std::uint64_t entries(const char* directory) {
  DIR* open = ::opendir(directory);
  if (open == nullptr) return 0;
  std::uint64_t count = 0;
  while (::readdir(open) != nullptr) ++count;
  ::closedir(open);
  return count;
}

Usage usage_now() {
  Usage usage;
  usage.descriptors = entries("/proc/self/fd");
  usage.threads = entries("/proc/self/task");
  char text[128] = "";
  if (const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC); file >= 0) {
    const ssize_t got = ::read(file, text, sizeof text - 1);
    ::close(file);
    text[got > 0 ? got : 0] = 0;
  }
  unsigned long long mapped = 0, resident = 0;
  if (std::sscanf(text, "%llu %llu", &mapped, &resident) == 2) usage.mapped_pages = mapped, usage.resident_pages = resident;
#if defined(__GLIBC__)
  const struct mallinfo2 heap = ::mallinfo2();
  usage.allocated = heap.uordblks + heap.hblkhd;
#endif
  return usage;
}

// ---- the tasks ----

class Server {
 public:
  Server(const hdq_kernel& subject, PluginChannel& channel) : subject_(subject), c_(channel) {}

  void serve() {
    const PluginTask task = c_.task;
    calls_[0] = c_.calls[0];
    calls_[1] = c_.calls[1];
    data_ = c_.data();
    auto first = prepare(0);
    auto second = task == PluginTask::at_once ? prepare(1) : nullptr;
    if (task == PluginTask::call) {
      fill_outputs(*first, calls_[0].placement.fill);
      c_.answers[0] = call_once(subject_, calls_[0], *first);
    } else if (task == PluginTask::repeat) {
      repeat(*first);
    } else {
      at_once(*first, *second);
    }
    finish(std::move(first));
    if (second) finish(std::move(second));
  }

 private:
  std::unique_ptr<Buffers> prepare(std::size_t index) {
    auto buffers = std::make_unique<Buffers>(calls_[index], data_, spare_);
    for (const GuardedBuffer& input : buffers->inputs) data_ += input.size();
    buffers_in_use[next_].store(buffers.get());
    slots_.emplace_back(buffers.get(), next_);
    next_ = (next_ + 1) % buffers_in_use.size();
    return buffers;
  }

  // Copies what the call gave, and keeps the buffers for the next few calls.
  void finish(std::unique_ptr<Buffers> buffers) {
    buffers->returned = true;
    for (GuardedBuffer& input : buffers->inputs) input.make_inaccessible();
    buffers->config.make_inaccessible();
    for (GuardedBuffer& output : buffers->outputs) output.make_read_only();
    for (const GuardedBuffer& output : buffers->outputs) {
      std::memcpy(data_, output.data(), output.size());
      data_ += output.size();
    }
    held_ += buffers->bytes;
    kept_.push_back(std::move(buffers));
    const bool reused =
        calls_[0].placement.reused;  // the others are watched no longer: their holes would be reused, not these
    while (!kept_.empty() && (reused || kept_.size() > most_kept || held_ > most_held)) release();
  }

  void release() {
    const std::unique_ptr<Buffers> oldest = std::move(kept_.front());
    kept_.pop_front();
    held_ -= oldest->bytes;
    for (const auto& [buffers, slot] : slots_)
      if (buffers == oldest.get()) buffers_in_use[slot].store(nullptr);
    std::erase_if(slots_, [&](const auto& entry) { return entry.first == oldest.get(); });
    oldest->give_back(spare_);
  }

  // Windows of equal calls, until one is not ok or gives other bytes.
  void repeat(const Buffers& buffers) {
    const std::uint32_t windows = std::min<std::uint32_t>(c_.windows, PluginChannel::max_windows), each = c_.calls_per_window;
    const std::chrono::milliseconds pause(c_.pause_ms);
    const auto deadline = Clock::now() + std::chrono::milliseconds(c_.at_most_ms);
    std::vector<std::uint8_t> expected;
    std::uint64_t made = 0;
    c_.different = c_.windows_seen = 0;
    for (std::uint32_t window = 0; window < windows && Clock::now() < deadline; ++window) {
      for (std::uint32_t i = 0; i < each; ++i) {
        if (Clock::now() >= deadline) return;
        fill_outputs(buffers, static_cast<std::uint8_t>(made * 91));
        const PluginChannel::Answer answer = call_once(subject_, calls_[0], buffers);
        c_.answers[0] = answer;
        c_.calls_made = ++made;
        if (answer.outcome != 0) return;
        if (made == 1) expected = bytes_of(buffers);
        else if (!same(buffers, expected)) c_.different = 1;
        if (c_.different != 0) return;
      }
      if (pause > 0ms) std::this_thread::sleep_for(pause);
      c_.usage[window] = usage_now();
      c_.windows_seen = window + 1;
    }
  }

  static bool same(const Buffers& buffers, const std::vector<std::uint8_t>& expected) {
    const std::uint8_t* at = expected.data();
    for (const GuardedBuffer& output : buffers.outputs) {
      if (output.size() != 0 && std::memcmp(output.data(), at, output.size()) != 0) return false;
      at += output.size();
    }
    return true;
  }

  void at_once(const Buffers& first, const Buffers& second) {
    const Buffers* both[2] = {&first, &second};
    std::vector<std::uint8_t> expected[2];
    for (std::size_t i = 0; i < 2; ++i) {
      fill_outputs(*both[i], 0xFF);
      c_.answers[i] = call_once(subject_, calls_[i], *both[i]);
      expected[i] = bytes_of(*both[i]);
    }
    if (c_.answers[0].outcome != 0 || c_.answers[1].outcome != 0) return;
    // Where other processes have the processors, the threads may run in turns, and the time pass without two calls at once: then longer.
    const auto begin = Clock::now();
    const auto deadline = begin + std::chrono::milliseconds(c_.at_most_ms), last = begin + 10 * (deadline - begin);
    std::atomic<int> ready{0};
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> rounds[2] = {}, overlaps{0};
    const auto more = [&] {
      const auto now = Clock::now();
      return now < deadline || (overlaps < enough_overlaps && now < last);
    };
    const auto work = [&](std::size_t i) {
      give_signals_a_stack();
      ++ready;
      while (ready < 2) std::this_thread::yield();
      for (int round = 0; !stop && (round < 8 || more()); ++round) {
        fill_outputs(*both[i], static_cast<std::uint8_t>(round * 91));
        const std::uint64_t of_other = rounds[1 - i];
        c_.answers[i] = call_once(subject_, calls_[i], *both[i]);
        overlaps += rounds[1 - i] != of_other;
        ++rounds[i];
        if (c_.answers[i].outcome != 0 || !same(*both[i], expected[i])) stop = true;
      }
    };
    std::thread other(work, 1);
    work(0);
    other.join();
  }

  static constexpr std::uint64_t enough_overlaps =
      64;  // calls during which the other thread's ended: a faulty one among them is likely
  static constexpr std::size_t most_kept = 64;                           // calls: buffers_in_use has room for more
  static constexpr std::size_t most_held = std::size_t{64} << 20;  // bytes of kept buffers
  const hdq_kernel& subject_;
  PluginChannel& c_;
  PluginCall calls_[2] = {};
  std::uint8_t* data_ = nullptr;
  std::size_t next_ = 0, held_ = 0;
  std::vector<std::pair<const Buffers*, std::size_t>> slots_;
  std::deque<std::unique_ptr<Buffers>> kept_;
  SpareBuffers spare_;
};

}  // namespace

void run_plugin_child(const char* path, int socket, PluginChannel& channel) {
  channel_in_use = &channel;
  catch_signals();
  const hdq_kernel* subject = load(path, channel);
  channel.loaded = subject != nullptr;
  if (subject != nullptr) describe(*subject, channel);
  std::uint64_t number = 0;
  if (::write(socket, &number, sizeof number) != sizeof number || subject == nullptr) ::_exit(0);
  alignment_of_floats = std::max(1u, channel.alignment);
  Server server(*subject, channel);
  while (::read(socket, &number, sizeof number) == sizeof number) {
    server.serve();
    if (::write(socket, &number, sizeof number) != sizeof number) break;
  }
  ::_exit(0);
}

}  // namespace hdq::validate
