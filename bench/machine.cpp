#include "machine.hpp"

#include <benchmark/benchmark.h>
#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>

#include "hdq/codec.hpp"

namespace hdq::bench {
namespace {

cpu_set_t& allowed() {
  static cpu_set_t set = [] {
    cpu_set_t now;
    CPU_ZERO(&now);
    ::sched_getaffinity(0, sizeof now, &now);
    return now;
  }();
  return set;
}

std::string cpu_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

bool pin_to_last_core() {
  cpu_set_t one;
  CPU_ZERO(&one);
  const int core = Pinned::cpu();
  if (core < 0) return false;
  CPU_SET(static_cast<std::size_t>(core), &one);
  return ::sched_setaffinity(0, sizeof one, &one) == 0;
}

}  // namespace

Machine describe_machine() {
  Machine machine;
  machine.cpu = cpu_name();
#ifdef __clang__
  machine.compiler = "Clang " __clang_version__;
#else
  machine.compiler = "GCC " __VERSION__;
#endif
  for (const Isa isa : supported_isas()) machine.instruction_sets.emplace_back(isa_name(isa));
  for (const auto& cache : benchmark::CPUInfo::Get().caches) {
    machine.caches.push_back({cache.level, cache.type, static_cast<std::size_t>(cache.size)});
    machine.last_level_cache = std::max(machine.last_level_cache, machine.caches.back().bytes);
  }
  machine.cpus = CPU_COUNT(&allowed());
  return machine;
}

// The last of the allowed cores: interrupts and other processes are drawn to the first.
int Pinned::cpu() {
  for (int core = CPU_SETSIZE - 1; core >= 0; --core)
    if (CPU_ISSET(static_cast<std::size_t>(core), &allowed())) return core;
  return -1;
}
Pinned::Pinned() {
  allowed();
  pin_to_last_core();
}
Pinned::~Pinned() { ::sched_setaffinity(0, sizeof(cpu_set_t), &allowed()); }
Unpinned::Unpinned() { ::sched_setaffinity(0, sizeof(cpu_set_t), &allowed()); }
Unpinned::~Unpinned() { pin_to_last_core(); }

Buffer::Buffer(std::size_t bytes) : bytes_(bytes) {
  constexpr std::size_t page = std::size_t{2} << 20;
  const std::size_t rounded = (bytes + page - 1) / page * page;
  void* memory = std::aligned_alloc(page, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  ::madvise(memory, rounded, MADV_HUGEPAGE);
  std::memset(memory, 0, rounded);
  data_.reset(static_cast<std::byte*>(memory));
}
void Buffer::Free::operator()(std::byte* p) const { std::free(p); }

}  // namespace hdq::bench
