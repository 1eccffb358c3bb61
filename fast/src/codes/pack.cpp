// SPEC §4: codes of b bits as a little-endian bit string. Eight codes are b bytes: in a 64-bit lane, neighbouring fields close up
// (pack) or move apart (unpack) in three steps of shift and mask; a byte shuffle then drops or inserts the 8 − b idle bytes.
#include "simd/entries.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

// The low `width` bits of every 64/fields-bit field.
constexpr std::uint64_t FieldMask(int width, int field) {
  std::uint64_t mask = 0;
  for (int at = 0; at < 64; at += field) mask |= ((std::uint64_t{1} << width) - 1) << at;
  return mask;
}
// The fields with even index alone: pairs of fields of `field` bits, of which the low `width` bits count.
constexpr std::uint64_t EvenMask(int width, int field) { return FieldMask(width, 2 * field); }

// 8 bytes → 8·bits low bits. Fields of 8, 16, 32 bits holding bits, 2·bits, 4·bits merge pairwise.
template <int bits>
constexpr std::uint64_t Close(std::uint64_t v) {
  for (int field = 8, width = bits; field < 64; field *= 2, width *= 2)
    v = (v & EvenMask(width, field)) | ((v >> (field - width)) & (EvenMask(width, field) << width));
  return v;
}
template <int bits>
constexpr std::uint64_t Open(std::uint64_t v) {
  for (int field = 32, width = 4 * bits; field >= 8; field /= 2, width /= 2)
    v = (v & EvenMask(width, field)) | ((v & (EvenMask(width, field) << width)) << (field - width));
  return v;
}

// Up to eight codes; the rest count as 0.
template <int bits>
void PackLast(const std::uint8_t* codes, std::size_t count, std::uint8_t* bytes) {
  std::uint64_t v = 0;
  for (std::size_t j = 0; j < count; ++j) v |= std::uint64_t{codes[j]} << (8 * j);
  v = Close<bits>(v);
  for (std::size_t j = 0; j < (count * bits + 7) / 8; ++j) bytes[j] = static_cast<std::uint8_t>(v >> (8 * j));
}
template <int bits>
void UnpackLast(const std::uint8_t* bytes, std::size_t count, std::uint8_t* codes) {
  std::uint64_t v = 0;
  for (std::size_t j = 0; j < (count * bits + 7) / 8; ++j) v |= std::uint64_t{bytes[j]} << (8 * j);
  v = Open<bits>(v);
  for (std::size_t j = 0; j < count; ++j) codes[j] = static_cast<std::uint8_t>(v >> (8 * j));
}

#if HWY_TARGET != HWY_SCALAR

using Bytes = hn::FixedTag<std::uint8_t, 16>;
using Words = hn::FixedTag<std::uint64_t, 2>;

template <int bits, int field = 8, int width = bits>
HWY_INLINE hn::Vec<Words> CloseVector(hn::Vec<Words> v) {
  if constexpr (field < 64 && bits < 8) {
    constexpr std::uint64_t even = EvenMask(width, field);
    const Words d;
    const auto upper = hn::And(hn::ShiftRight<field - width>(v), hn::Set(d, even << width));
    return CloseVector<bits, 2 * field, 2 * width>(hn::OrAnd(upper, v, hn::Set(d, even)));
  }
  return v;
}
template <int bits, int field = 32, int width = 4 * bits>
HWY_INLINE hn::Vec<Words> OpenVector(hn::Vec<Words> v) {
  if constexpr (field >= 8 && bits < 8) {
    constexpr std::uint64_t even = EvenMask(width, field);
    const Words d;
    const auto upper = hn::ShiftLeft<field - width>(hn::And(v, hn::Set(d, even << width)));
    return OpenVector<bits, field / 2, width / 2>(hn::OrAnd(upper, v, hn::Set(d, even)));
  }
  return v;
}

// Byte shuffles between 2·bits adjacent bytes and the low `bits` bytes of two 64-bit lanes; 0x80 gives zero.
template <int bits>
struct Shuffles {
  alignas(16) std::uint8_t join[16] = {};
  alignas(16) std::uint8_t split[16] = {};
  constexpr Shuffles() {
    for (int i = 0; i < 16; ++i) {
      join[i] = static_cast<std::uint8_t>(i < bits ? i : i < 2 * bits ? i - bits + 8 : 0x80);
      split[i] = static_cast<std::uint8_t>(i % 8 < bits ? i % 8 + (i / 8) * bits : 0x80);
    }
  }
};
template <int bits>
constexpr Shuffles<bits> kShuffles;

#endif

template <int bits>
void PackBits(const std::uint8_t* codes, std::size_t count, std::uint8_t* bytes) {
  const std::size_t total = (count * bits + 7) / 8;
  std::size_t j = 0;
#if HWY_TARGET != HWY_SCALAR
  const Bytes d;
  const Words words;
  const auto join = hn::Load(d, kShuffles<bits>.join);
  // Sixteen codes make 2·bits bytes, stored as 16: only where all of those are still ours.
  for (; j + 16 <= count && j / 8 * bits + 16 <= total; j += 16) {
    const auto closed = CloseVector<bits>(hn::BitCast(words, hn::LoadU(d, codes + j)));
    hn::StoreU(hn::TableLookupBytesOr0(hn::BitCast(d, closed), join), d, bytes + j / 8 * bits);
  }
#endif
  (void)total;
  for (; j < count; j += 8) PackLast<bits>(codes + j, HWY_MIN(count - j, std::size_t{8}), bytes + j / 8 * bits);
}

template <int bits>
void UnpackBits(const std::uint8_t* bytes, std::size_t count, std::uint8_t* codes) {
  const std::size_t total = (count * bits + 7) / 8;
  std::size_t j = 0;
#if HWY_TARGET != HWY_SCALAR
  const Bytes d;
  const Words words;
  const auto split = hn::Load(d, kShuffles<bits>.split);
  for (; j + 16 <= count && j / 8 * bits + 16 <= total; j += 16) {
    const auto lanes = hn::TableLookupBytesOr0(hn::LoadU(d, bytes + j / 8 * bits), split);
    hn::StoreU(hn::BitCast(d, OpenVector<bits>(hn::BitCast(words, lanes))), d, codes + j);
  }
#endif
  (void)total;
  for (; j < count; j += 8) UnpackLast<bits>(bytes + j / 8 * bits, HWY_MIN(count - j, std::size_t{8}), codes + j);
}

void Pack(int bits, const std::uint8_t* codes, std::size_t count, std::uint8_t* bytes) {
  switch (bits) {
    case 1: return PackBits<1>(codes, count, bytes);
    case 2: return PackBits<2>(codes, count, bytes);
    case 3: return PackBits<3>(codes, count, bytes);
    case 4: return PackBits<4>(codes, count, bytes);
    case 5: return PackBits<5>(codes, count, bytes);
    case 6: return PackBits<6>(codes, count, bytes);
    case 7: return PackBits<7>(codes, count, bytes);
    default: std::memcpy(bytes, codes, count);
  }
}

void Unpack(int bits, const std::uint8_t* bytes, std::size_t count, std::uint8_t* codes) {
  switch (bits) {
    case 1: return UnpackBits<1>(bytes, count, codes);
    case 2: return UnpackBits<2>(bytes, count, codes);
    case 3: return UnpackBits<3>(bytes, count, codes);
    case 4: return UnpackBits<4>(bytes, count, codes);
    case 5: return UnpackBits<5>(bytes, count, codes);
    case 6: return UnpackBits<6>(bytes, count, codes);
    case 7: return UnpackBits<7>(bytes, count, codes);
    default: std::memcpy(codes, bytes, count);
  }
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
