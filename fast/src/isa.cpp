// Which instruction sets this CPU has, and their names.
#include <hwy/targets.h>

#include "hdq/types.hpp"

namespace hdq {

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

Isa resolve_isa(Isa isa) {
  static const Isa best = isa_supported(Isa::avx512) ? Isa::avx512 : isa_supported(Isa::avx2) ? Isa::avx2 : isa_supported(Isa::neon) ? Isa::neon : Isa::scalar;
  if (isa == Isa::automatic) return best;
  if (!isa_supported(isa)) throw InvalidArgument(std::string("instruction set not supported by this CPU: ") + isa_name(isa));
  return isa;
}

const char* isa_name(Isa isa) {
  switch (isa) {
    case Isa::automatic:
      return "auto";
    case Isa::avx512:
      return "avx512";
    case Isa::avx2:
      return "avx2";
    case Isa::neon:
      return "neon";
    case Isa::scalar:
      return "scalar";
  }
  return "unknown";
}

}  // namespace hdq
