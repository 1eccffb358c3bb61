// The schemes by their numbers.
#include "codec/scheme.hpp"

#include <string>

namespace hdq {

namespace {

using Factory = std::shared_ptr<const detail::Scheme> (*)(const HadamardOrder& order, BitWidth bits, const detail::Kernels& kernels);

// Null for a scheme that there is not.
Factory factory_of(SchemeId id) {
  switch (id) {
    case SchemeId::fixed_rate: return detail::make_fixed_rate;
  }
  return nullptr;
}

}  // namespace

bool detail::scheme_known(SchemeId id) { return factory_of(id) != nullptr; }

std::shared_ptr<const detail::Scheme> detail::make_scheme(SchemeId id, const HadamardOrder& order, BitWidth bits, const Kernels& kernels) {
  const Factory make = factory_of(id);
  if (make == nullptr) throw InvalidArgument("no scheme has the number " + std::to_string(static_cast<std::uint32_t>(id)));
  return make(order, bits, kernels);
}

}  // namespace hdq
