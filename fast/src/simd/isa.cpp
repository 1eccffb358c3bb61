// The one list of instruction sets: their names, whether this CPU has them, their route tables. HDQ_HAVE_… say which of them this
// library was built with (fast/instruction_sets.cmake).
#if defined(__x86_64__)
#include <hwy/targets.h>
#endif

#include <array>
#include <vector>

#include "hdq/types.hpp"
#include "simd/kernels.hpp"

namespace hdq {

#define HDQ_TABLE(name)                \
  namespace name {                     \
  extern const detail::Kernels table; \
  }
#ifdef HDQ_HAVE_AVX512
HDQ_TABLE(avx512)
#endif
#ifdef HDQ_HAVE_AVX2
HDQ_TABLE(avx2)
#endif
#ifdef HDQ_HAVE_NEON
HDQ_TABLE(neon)
#endif
HDQ_TABLE(scalar)
#undef HDQ_TABLE

namespace {

struct InstructionSet {
  Isa isa;
  const char* name;
  const detail::Kernels* table;  // null: not built for this architecture
  bool here;                     // whether this CPU has it
};

constexpr std::size_t count = 5;

#if defined(__x86_64__)
[[maybe_unused]] bool cpu_has(std::int64_t target) { return (hwy::SupportedTargets() & target) != 0; }
#endif

// In order of preference, after automatic.
const std::array<InstructionSet, count>& instruction_sets() {
  static const std::array<InstructionSet, count> all = {{
      {Isa::automatic, "auto", nullptr, false},
#ifdef HDQ_HAVE_AVX512
      {Isa::avx512, "avx512", &avx512::table, cpu_has(HWY_AVX3)},
#else
      {Isa::avx512, "avx512", nullptr, false},
#endif
#ifdef HDQ_HAVE_AVX2
      {Isa::avx2, "avx2", &avx2::table, cpu_has(HWY_AVX2)},
#else
      {Isa::avx2, "avx2", nullptr, false},
#endif
#ifdef HDQ_HAVE_NEON
      {Isa::neon, "neon", &neon::table, true},  // every 64-bit ARM CPU has it
#else
      {Isa::neon, "neon", nullptr, false},
#endif
      {Isa::scalar, "scalar", &scalar::table, true},
  }};
  return all;
}

const InstructionSet* find(Isa isa) {
  for (const InstructionSet& set : instruction_sets())
    if (set.isa == isa) return &set;
  return nullptr;
}

}  // namespace

std::span<const Isa> all_isas() {
  static const auto all = [] {
    std::array<Isa, count> list{};
    for (std::size_t i = 0; i < count; ++i) list[i] = instruction_sets()[i].isa;
    return list;
  }();
  return all;
}

std::span<const Isa> supported_isas() {
  static const std::vector<Isa> supported = [] {
    std::vector<Isa> list;
    for (const InstructionSet& set : instruction_sets())
      if (set.here) list.push_back(set.isa);
    return list;
  }();
  return supported;
}

bool isa_supported(Isa isa) {
  const InstructionSet* set = find(isa);
  return set != nullptr && (isa == Isa::automatic || set->here);
}

Isa resolve_isa(Isa isa) {
  if (isa == Isa::automatic) return supported_isas().front();
  if (!isa_supported(isa)) throw InvalidArgument(std::string("instruction set not supported by this CPU: ") + isa_name(isa));
  return isa;
}

const char* isa_name(Isa isa) {
  const InstructionSet* set = find(isa);
  return set != nullptr ? set->name : "unknown";
}

std::optional<Isa> isa_named(std::string_view name) {
  for (const InstructionSet& set : instruction_sets())
    if (set.name == name) return set.isa;
  return std::nullopt;
}

// Looked up once: the stages (hdq/stages.hpp) come here at every call, some for rows of 64 numbers.
const detail::Kernels& detail::kernels(Isa isa) {
  static const auto tables = [] {
    std::array<const Kernels*, count> by_isa{};
    for (const Isa known : all_isas())
      if (isa_supported(known)) by_isa[static_cast<std::size_t>(known)] = find(resolve_isa(known))->table;
    return by_isa;
  }();
  const auto index = static_cast<std::size_t>(isa);
  if (index < count && tables[index] != nullptr) return *tables[index];
  return *find(resolve_isa(isa))->table;  // throws
}

}  // namespace hdq
