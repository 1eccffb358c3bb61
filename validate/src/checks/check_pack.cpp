// SPEC §4: code j in bits [j·b, (j + 1)·b) of a little-endian bit string, bit for bit.
#include <fmt/format.h>

#include <algorithm>

#include "hdq/reference/scheme/vector_quantizer.hpp"
#include "hdq/validate/checks/checks.hpp"

namespace hdq::validate {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes pack_with(int bits, const Bytes& codes, bool big_endian) {
  Bytes bytes((codes.size() * static_cast<std::size_t>(bits) + 7) / 8);
  for (std::size_t p = 0; p < codes.size() * static_cast<std::size_t>(bits); ++p) {
    const std::size_t j = p / static_cast<std::size_t>(bits), within = p % static_cast<std::size_t>(bits);
    const int bit = (codes[j] >> (big_endian ? static_cast<std::size_t>(bits) - 1 - within : within)) & 1;
    bytes[p / 8] = static_cast<std::uint8_t>(bytes[p / 8] | bit << (big_endian ? 7 - p % 8 : p % 8));
  }
  return bytes;
}

// The codes that a loop over `lanes` leaves are zero.
Bytes without_tail(Bytes codes, std::size_t lanes) {
  std::fill(codes.begin() + static_cast<std::ptrdiff_t>(codes.size() / lanes * lanes), codes.end(), std::uint8_t{0});
  return codes;
}

// Are the codes that a loop over `lanes` leaves lost at another count too, by pack or unpack?
bool loses_tails(Session& s, const Config& config, std::size_t count, std::size_t lanes, Operation operation) {
  const std::size_t left = count % lanes, other = left > 1 ? left - 1 : lanes > 2 ? left + 1 : left;
  const std::size_t next = count + 2 * lanes - left + other;
  const Config longer = s.config(next, static_cast<int>(config.bits), config.seed);
  if (next > s.info().max_dimension) return true;
  const Bytes codes(next, static_cast<std::uint8_t>((1u << config.bits) - 1));
  const int bits = static_cast<int>(config.bits);
  bool lost = true;
  s.answers([&] {
    if (operation == Operation::pack)
      lost = s.pack(longer, codes) == pack_with(bits, without_tail(codes, lanes), false);
    else
      lost = s.unpack(longer, next, pack_with(bits, codes, false)) == without_tail(codes, lanes);
  });
  return lost;
}

// Why the bytes are not those of `codes` at b bits.
std::pair<std::string, std::string> explain_bytes(Session& s, const Config& config, const Bytes& codes, const Bytes& got) {
  const int bits = static_cast<int>(config.bits);
  if (got == pack_with(bits, codes, true)) return {"packing-order", "the first code is in the high bits"};
  for (int other = 1; other <= HDQ_KERNEL_MAX_BITS; ++other) {
    if (other == bits) continue;
    Bytes as = pack_with(other, codes, false);
    as.resize(got.size());
    if (got == as) return {"one-bit-width-hard-wired", fmt::format("the bytes are those of {} bits a code", other)};
  }
  const Bytes right = pack_with(bits, codes, false);
  const std::size_t used = codes.size() * static_cast<std::size_t>(bits) % 8;
  Bytes clean = got;
  if (used != 0) clean.back() = static_cast<std::uint8_t>(clean.back() & ((1 << used) - 1));
  if (clean == right) return {"packing-order", "unused bits of the last byte are not 0"};
  for (std::size_t lanes = 2; lanes <= 64; lanes *= 2) {
    if (got == pack_with(bits, without_tail(codes, lanes), false) &&
        loses_tails(s, config, codes.size(), lanes, Operation::pack))
      return {"tail-of-a-simd-loop", fmt::format("the last {} codes are lost", codes.size() % lanes)};
  }
  const bool lost = std::equal(got.begin(), got.end(), right.begin(), [](std::uint8_t a, std::uint8_t b) { return (a & ~b) == 0; });
  if (lost && s.offers(Operation::pack) && s.pack(config, codes) != got)
    return {"non-atomic-packing", "bits are lost, and not the same ones each time"};
  return {"wrong-codes", lost ? "bits are lost" : "no simple defect gives these bytes"};
}

void check_pack(Session& s, const Report& report, const Config& config, const Bytes& codes) {
  const Bytes got = s.pack(config, codes), expected = pack_with(static_cast<int>(config.bits), codes, false);
  const auto at = std::mismatch(got.begin(), got.end(), expected.begin());
  if (at.first == got.end()) return;
  const auto index = static_cast<std::size_t>(at.first - got.begin());
  Finding f;
  f.stage = Stage::pack;
  f.config = config;
  const auto [defect, why] = explain_bytes(s, config, codes, got);
  f.defect = defect;
  f.what = fmt::format("pack of {} codes of {} bits: byte {} is {:#04x}, should be {:#04x}: {}", codes.size(), config.bits, index, *at.first,
                       *at.second, why);
  f.divergence = Divergence{index, fmt::format("{:#04x}", *at.first), fmt::format("{:#04x}", *at.second), 0, 0};
  report(std::move(f));
}

void check_unpack(Session& s, const Report& report, const Config& config, const Bytes& codes) {
  const int bits = static_cast<int>(config.bits);
  const Bytes got = s.unpack(config, codes.size(), pack_with(bits, codes, false));
  const auto at = std::mismatch(got.begin(), got.end(), codes.begin());
  if (at.first == got.end()) return;
  const auto index = static_cast<std::size_t>(at.first - got.begin());
  Finding f;
  f.stage = Stage::unpack;
  f.config = config;
  f.defect = "wrong-codes";
  Bytes bytes = pack_with(bits, codes, false);
  if (codes.size() > 4 && pack_with(bits, got, true) == bytes) f.defect = "packing-order";
  bytes.resize(codes.size() + 1);
  for (int other = 1; other <= HDQ_KERNEL_MAX_BITS; ++other) {
    if (other != bits && codes.size() > 4 && got == reference::unpack_codes(other, bytes.data(), codes.size())) f.defect = "one-bit-width-hard-wired";
  }
  for (std::size_t lanes = 2; lanes <= 64; lanes *= 2) {
    if (codes.size() > lanes && got == without_tail(codes, lanes) &&
        loses_tails(s, config, codes.size(), lanes, Operation::unpack))
      f.defect = "tail-of-a-simd-loop";
  }
  f.what = fmt::format("unpack of {} codes of {} bits: code {} is {}, should be {}", codes.size(), config.bits, index, *at.first, *at.second);
  f.divergence = Divergence{index, std::to_string(*at.first), std::to_string(*at.second), 0, 0};
  report(std::move(f));
}

void run_pack(Session& s, const Report& report) {
  std::vector<std::size_t> counts{96, 101};  // at which one defect does not look like another
  for (std::size_t n = 1; n <= (s.quick() ? 40 : 140); ++n) counts.push_back(n);
  for (const std::size_t n : std::initializer_list<std::size_t>{255, 256, 257, 384, 1000, 1001, 1024, 5120, 65537}) counts.push_back(n);
  for (int bits = 1; bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
    if (!s.offers_bits(bits)) continue;
    for (const std::size_t count : counts) {
      if (count > s.info().max_dimension) continue;
      const Config config = s.config(count, bits);
      Bytes codes;
      for (std::size_t j = 0; j < count; ++j) codes.push_back(static_cast<std::uint8_t>(s.random()() & ((1u << bits) - 1)));
      codes.back() = static_cast<std::uint8_t>((1u << bits) - 1);
      if (s.offers(Operation::pack)) s.answers([&] { check_pack(s, report, config, codes); });
      if (s.offers(Operation::unpack)) s.answers([&] { check_unpack(s, report, config, codes); });
    }
  }
}

}  // namespace

const Check pack_check{"pack", "pack and unpack, bit for bit, every count and width",
                       [](const Session& s) { return s.conformant() && (s.offers(Operation::pack) || s.offers(Operation::unpack)); },
                       run_pack};

}  // namespace hdq::validate
