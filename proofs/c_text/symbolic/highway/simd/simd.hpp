// In place of the library's header: what pack.cpp uses of Highway, on terms. Each function is what Highway's reference says of it:
// lane 0 is in the lowest bytes, bytes of a lane are little-endian.
#pragma once

#include "../../terms.hpp"

#define HWY_BEFORE_NAMESPACE() static_assert(true)
#define HWY_AFTER_NAMESPACE() static_assert(true)
#define HWY_INLINE inline
#define HWY_MIN(a, b) ((a) < (b) ? (a) : (b))

namespace hdq::symbolic::hn {

template <class T, ::std::size_t count>
struct FixedTag {};
template <class T, ::std::size_t count>
struct Lanes {
  T lane[count];
};
template <class D>
struct VecOf;
template <class T, ::std::size_t count>
struct VecOf<FixedTag<T, count>> {
  using type = Lanes<T, count>;
};
template <class D>
using Vec = typename VecOf<D>::type;

template <class T, ::std::size_t count>
Lanes<T, count> LoadU(FixedTag<T, count>, const T* from) {
  Lanes<T, count> v;
  for (::std::size_t i = 0; i < count; ++i) v.lane[i] = from[i];
  return v;
}
template <class T, ::std::size_t count>
Lanes<T, count> Load(FixedTag<T, count> d, const T* from) {
  return LoadU(d, from);
}
template <class T, ::std::size_t count>
void StoreU(const Lanes<T, count>& v, FixedTag<T, count>, T* to) {
  for (::std::size_t i = 0; i < count; ++i) to[i] = v.lane[i];
}
template <class T, ::std::size_t count>
Lanes<T, count> Set(FixedTag<T, count>, const T& value) {
  Lanes<T, count> v;
  for (T& lane : v.lane) lane = value;
  return v;
}
template <class V>
V And(const V& a, const V& b) {
  V v = a;
  for (::std::size_t i = 0; i < sizeof(a.lane) / sizeof(a.lane[0]); ++i) v.lane[i] = a.lane[i] & b.lane[i];
  return v;
}
// o | (a1 & a2)
template <class V>
V OrAnd(const V& o, const V& a1, const V& a2) {
  V v = And(a1, a2);
  for (::std::size_t i = 0; i < sizeof(v.lane) / sizeof(v.lane[0]); ++i) v.lane[i] = o.lane[i] | v.lane[i];
  return v;
}
template <int by, class V>
V ShiftLeft(V v) {
  for (auto& lane : v.lane) lane = lane << by;
  return v;
}
template <int by, class V>
V ShiftRight(V v) {
  for (auto& lane : v.lane) lane = lane >> by;
  return v;
}
inline Lanes<Word, 2> BitCast(FixedTag<Word, 2>, const Lanes<Byte, 16>& bytes) {
  Lanes<Word, 2> v;
  for (int i = 0; i < 16; ++i) v.lane[i / 8] |= Word(bytes.lane[i]) << (8 * (i % 8));
  return v;
}
inline Lanes<Byte, 16> BitCast(FixedTag<Byte, 16>, const Lanes<Word, 2>& words) {
  Lanes<Byte, 16> v;
  for (int i = 0; i < 16; ++i) v.lane[i] = Byte(words.lane[i / 8] >> (8 * (i % 8)));
  return v;
}
// Indices are constants: of a byte, or with their highest bit set for zero.
inline Lanes<Byte, 16> TableLookupBytesOr0(const Lanes<Byte, 16>& bytes, const Lanes<Byte, 16>& from) {
  Lanes<Byte, 16> v;
  for (int i = 0; i < 16; ++i) {
    const ::std::uint64_t at = from.lane[i].constant;
    if (at < 16) v.lane[i] = bytes.lane[at];
  }
  return v;
}

}  // namespace hdq::symbolic::hn
