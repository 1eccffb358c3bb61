// The schemes by their numbers.
#include "codec/scheme.hpp"

#include <string>

namespace hdq {

bool detail::scheme_known(SchemeId id) {
  switch (id) {
    case SchemeId::fixed_rate:
      return true;
  }
  return false;
}

std::shared_ptr<const detail::Scheme> detail::make_scheme(SchemeId id, const HadamardOrder& order, BitWidth bits, const Kernels& kernels) {
  switch (id) {
    case SchemeId::fixed_rate:
      return make_fixed_rate(order, bits, kernels);
  }
  throw InvalidArgument("no scheme has the number " + std::to_string(static_cast<std::uint32_t>(id)));
}

}  // namespace hdq
