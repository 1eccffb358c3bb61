#include "checks.hpp"

#include <charconv>

#include "codec/plan.hpp"

namespace hdq {
namespace {

std::string shortest(float value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace

void detail::require_same(const EncodingParameters& theirs, const EncodingParameters& ours, const std::string& whose) {
  const auto differs = [&](const char* what, std::uint64_t their, std::uint64_t our) {
    if (their != our) throw InvalidArgument(whose + " " + what + " is " + std::to_string(their) + ", not " + std::to_string(our));
  };
  differs("scheme", static_cast<std::uint64_t>(theirs.scheme), static_cast<std::uint64_t>(ours.scheme));
  differs("dimension", theirs.dimension, ours.dimension);
  differs("number of bits", static_cast<std::uint64_t>(theirs.bits), static_cast<std::uint64_t>(ours.bits));
  if (theirs.step != ours.step)
    throw InvalidArgument(whose + " step is " + shortest(theirs.step) + ", not " + shortest(ours.step));
  differs("seed", theirs.seed, ours.seed);
  if (theirs.dither != ours.dither)
    throw InvalidArgument(whose + " dither is " + dither_name(theirs.dither) + ", not " + dither_name(ours.dither));
}

void detail::check_encoded(const EncodedView& encoded, const EncodingParameters& ours, std::size_t code_bytes, const std::string& where) {
  if (encoded.made_with().has_value()) require_same(*encoded.made_with(), ours, where + "codes of another codec: their");
  if (encoded.rows() > 0) require_equal(encoded.code_bytes(), code_bytes, "bytes of codes in a row", "bytes of the codec");
}

void detail::check_encoded(const EncodedView& encoded, const CodecPlan& plan) {
  check_encoded(encoded, plan.made_with, plan.code_bytes);
}

}  // namespace hdq
