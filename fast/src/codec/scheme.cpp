// The schemes by their numbers.
#include "codec/scheme.hpp"

#include <cmath>
#include <string>

#include "codec/certified_error.hpp"

namespace hdq {
namespace {

using Factory = std::shared_ptr<const detail::Scheme> (*)(const EncodingParameters& made_with,
                                                          const HadamardOrder& order, const detail::Kernels& kernels);

// Null for a scheme that there is not.
Factory factory_of(SchemeId id) {
  switch (id) {
    case SchemeId::fixed_rate: return detail::make_fixed_rate;
    case SchemeId::entropy_coded:
      return detail::make_entropy_coded;
  }
  return nullptr;
}

void check_dither(const EncodingParameters& made_with) {
  if (made_with.dither != Dither::row && made_with.dither != Dither::shared)
    throw InvalidArgument("no dither has the number " + std::to_string(static_cast<std::uint32_t>(made_with.dither)));
  if (made_with.dither == Dither::shared && made_with.scheme != SchemeId::fixed_rate)
    throw InvalidArgument(std::string("dither: ") + scheme_name(made_with.scheme) + " rows share none");
}

}  // namespace

bool detail::scheme_known(SchemeId id) { return factory_of(id) != nullptr; }

std::shared_ptr<const detail::Scheme> detail::make_scheme(const EncodingParameters& made_with,
                                                          const HadamardOrder& order, const Kernels& kernels) {
  const Factory make = factory_of(made_with.scheme);
  if (make == nullptr)
    throw InvalidArgument("no scheme has the number " + std::to_string(static_cast<std::uint32_t>(made_with.scheme)));
  check_dither(made_with);
  return make(made_with, order, kernels);
}

std::size_t detail::code_bytes_of(const EncodingParameters& made_with, std::size_t order) {
  return made_with.scheme == SchemeId::entropy_coded ? entropy_coded_bytes(order, Step(made_with.step), order)
                                                     : fixed_rate_bytes(order, made_with.bits);
}

double detail::error_bound(const EncodingParameters& made_with) {
  if (made_with.scheme == SchemeId::entropy_coded) return Step(made_with.step).error();
  // The quotient is rounded to nearest; the next double makes a bound of it.
  const double constant = certified_millionths[BitWidth(made_with.bits) - 1] / 1e6;
  return std::ldexp(std::nextafter(constant, HUGE_VAL), -2 * made_with.bits);
}

}  // namespace hdq
