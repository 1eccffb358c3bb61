#include "hdq/reference/profile/profile.hpp"

#include <algorithm>
#include <bit>

#include "hdq/reference/scheme/hadamard.hpp"

namespace hdq::reference {

const char* stored_name(Stored stored) {
  switch (stored) {
    case Stored::scale: return "scale";
    case Stored::offset: return "offset";
    case Stored::factor: return "factor";
    case Stored::residual_norm: return "residual-norm";
    case Stored::norm: return "norm";
    case Stored::sum: return "sum";
    case Stored::scaled_sum: return "scaled-sum";
    case Stored::square: return "square";
  }
  return "";
}

bool Profile::offers(std::size_t n, int b) const {
  if (n < least || n > most || n % multiple_of != 0 || (power_of_two && std::has_single_bit(n) != *power_of_two)) return false;
  const std::size_t d = padded(n, b);
  if (block != 0 && d % block != 0) return false;
  const std::size_t length = block_length(n, b);
  return length % scale_group(n, b) == 0 && length % factor_group(n, b) == 0;
}

bool Profile::offers_bits(int b) const { return std::find(bits.begin(), bits.end(), b) != bits.end(); }

std::size_t Profile::padded(std::size_t n, int b) const {
  switch (padding) {
    case Padding::none: return n;
    case Padding::power_of_two: return std::bit_ceil(n);
    case Padding::hadamard_order: return hadamard_order(n).order;
    case Padding::multiple: {
      const std::size_t multiple = std::max<std::size_t>(1, evaluate_count(padding_multiple, {{"n", n}, {"b", static_cast<std::size_t>(b)}}));
      return (n + multiple - 1) / multiple * multiple;
    }
  }
  return n;
}

std::size_t Profile::block_length(std::size_t n, int b) const { return block == 0 ? padded(n, b) : block; }

std::size_t Profile::factor_group(std::size_t n, int b) const {
  if (factor.rule == ProfileFactor::Rule::scale) return scale_group(n, b);
  return factor.group == 0 ? block_length(n, b) : factor.group;
}

std::size_t Profile::stored_count(Stored which, std::size_t n, int b) const {
  switch (which) {
    case Stored::scale:
    case Stored::offset: return padded(n, b) / scale_group(n, b);
    case Stored::factor: return padded(n, b) / factor_group(n, b);
    default: return 1;
  }
}

std::size_t Profile::stored_per_row(std::size_t n, int b) const {
  std::size_t count = 0;
  for (const Stored which : stored) count += stored_count(which, n, b);
  return count;
}

std::size_t Profile::code_bytes(std::size_t n, int b) const {
  const std::size_t d = padded(n, b), bits = static_cast<std::size_t>(code_bits(b));
  std::size_t bytes = 0;
  if (codebook) {
    switch (packing) {
      case Packing::bit_string: bytes = (d * bits + 7) / 8; break;
      case Packing::bit_planes:
      case Packing::bit_planes_msb: bytes = bits * ((d + 7) / 8); break;
      case Packing::nibbles_split: bytes = (d + 1) / 2; break;
      case Packing::planes_2_1: bytes = (d + 3) / 4 + (bits > 2 ? (d + 7) / 8 : 0); break;
      case Packing::bytes: bytes = d; break;
    }
  }
  return bytes + (residual ? (d + 7) / 8 : 0);
}

Names Profile::names(std::size_t n, int b) const {
  return {{"n", n}, {"d", block_length(n, b)}, {"b", static_cast<std::size_t>(b)}};
}

Profile profile_of(const std::string& name_or_json) {
  const std::size_t first = name_or_json.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && name_or_json[first] == '{') return parse_profile(name_or_json);
  for (const ShippedProfile& shipped : shipped_profiles()) {
    if (shipped.name == name_or_json) return parse_profile(shipped.json);
  }
  throw BadProfile("there is no profile of this name; hdq profile list shows those there are");
}

}  // namespace hdq::reference
