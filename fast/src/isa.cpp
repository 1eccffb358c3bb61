// Which instruction sets this CPU has, and their names.
#include <hwy/targets.h>

#include <array>
#include <vector>

#include "hdq/types.hpp"

namespace hdq {
namespace {

struct Entry {
  Isa isa;
  const char* name;
};
// The one list: the order of preference.
constexpr std::array<Entry, 5> entries = {{{Isa::automatic, "auto"}, {Isa::avx512, "avx512"}, {Isa::avx2, "avx2"}, {Isa::neon, "neon"},
                                           {Isa::scalar, "scalar"}}};

}  // namespace

std::span<const Isa> all_isas() {
  static constexpr auto all = [] {
    std::array<Isa, entries.size()> list{};
    for (std::size_t i = 0; i < list.size(); ++i) list[i] = entries[i].isa;
    return list;
  }();
  return all;
}

bool isa_supported(Isa isa) {
  static const long long cpu = hwy::SupportedTargets();
  switch (isa) {
    case Isa::automatic:
    case Isa::scalar:
      return true;
    case Isa::avx512:
      return (cpu & HWY_TARGETS & HWY_AVX3) != 0;
    case Isa::avx2:
      return (cpu & HWY_TARGETS & HWY_AVX2) != 0;
    case Isa::neon:
      return (cpu & HWY_TARGETS & HWY_NEON) != 0;
  }
  return false;
}

std::span<const Isa> supported_isas() {
  static const std::vector<Isa> supported = [] {
    std::vector<Isa> list;
    for (const Isa isa : all_isas())
      if (isa != Isa::automatic && isa_supported(isa)) list.push_back(isa);
    return list;
  }();
  return supported;
}

Isa resolve_isa(Isa isa) {
  if (isa == Isa::automatic) return supported_isas().front();
  if (!isa_supported(isa)) throw InvalidArgument(std::string("instruction set not supported by this CPU: ") + isa_name(isa));
  return isa;
}

const char* isa_name(Isa isa) {
  for (const Entry& entry : entries)
    if (entry.isa == isa) return entry.name;
  return "unknown";
}

std::optional<Isa> isa_named(std::string_view name) {
  for (const Entry& entry : entries)
    if (entry.name == name) return entry.isa;
  return std::nullopt;
}

}  // namespace hdq
