#include "checks.hpp"

#include "codec/plan.hpp"

namespace hdq {

void detail::check_encoded(const EncodedView& encoded, const CodecPlan& plan) {
  if (const auto& made_with = encoded.made_with(); made_with.has_value()) {
    const auto differs = [](const char* what, std::uint64_t theirs, std::uint64_t ours) {
      if (theirs != ours)
        throw InvalidArgument(std::string("codes of another codec: their ") + what + " is " + std::to_string(theirs) + ", not " + std::to_string(ours));
    };
    differs("scheme", static_cast<std::uint64_t>(made_with->scheme), static_cast<std::uint64_t>(plan.scheme_id));
    differs("dimension", made_with->dimension, plan.dimension);
    differs("number of bits", static_cast<std::uint64_t>(int{made_with->bits}), static_cast<std::uint64_t>(int{plan.bits}));
    differs("seed", made_with->seed, plan.seed);
  }
  if (encoded.rows() > 0) require_equal(encoded.code_bytes(), plan.code_bytes, "bytes of codes in a row", "bytes of the codec");
}

}  // namespace hdq
