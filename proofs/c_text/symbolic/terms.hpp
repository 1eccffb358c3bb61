// Numbers of 8 and 64 bits that are constants or terms of bit vectors. Terms are written to standard output in the language of SMT-LIB as
// they are made. Inside hdq::symbolic the names std::uint8_t and std::uint64_t mean these numbers: a file of the library that is compiled
// in that namespace computes terms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

namespace hdq::symbolic {

inline int terms = 0;  // names n0, n1, … were given

// A number of `width` bits: of the term of that number, if it is not negative, else the constant.
template <int width>
struct Bits {
  static constexpr ::std::uint64_t mask = ~::std::uint64_t{0} >> (64 - width);
  ::std::uint64_t constant = 0;
  int term = -1;

  constexpr Bits() = default;
  constexpr Bits(int value) : constant(static_cast<::std::uint64_t>(value) & mask) {}
  constexpr Bits(::std::uint64_t value) : constant(value & mask) {}
  template <int other>
  constexpr explicit(other > width) Bits(const Bits<other>& from);

  static Bits define(const ::std::string& expression) {
    Bits made;
    made.term = terms++;
    ::std::printf("(define-fun n%d () (_ BitVec %d) %s)\n", made.term, width, expression.c_str());
    return made;
  }
  static Bits variable() {
    Bits made;
    made.term = terms++;
    ::std::printf("(declare-const n%d (_ BitVec %d))\n", made.term, width);
    return made;
  }
  ::std::string text() const {
    if (term >= 0) return "n" + ::std::to_string(term);
    return "(_ bv" + ::std::to_string(constant) + " " + ::std::to_string(width) + ")";
  }
  static Bits apply(const char* operation, const Bits& a, const Bits& b) {
    return define(::std::string("(") + operation + " " + a.text() + " " + b.text() + ")");
  }
  static constexpr bool constants(const Bits& a, const Bits& b) { return a.term < 0 && b.term < 0; }

  friend constexpr Bits operator&(const Bits& a, const Bits& b) {
    return constants(a, b) ? Bits(a.constant & b.constant) : apply("bvand", a, b);
  }
  friend constexpr Bits operator|(const Bits& a, const Bits& b) {
    return constants(a, b) ? Bits(a.constant | b.constant) : apply("bvor", a, b);
  }
  friend constexpr Bits operator-(const Bits& a, const Bits& b) {
    return constants(a, b) ? Bits(a.constant - b.constant) : apply("bvsub", a, b);
  }
  template <class Count>
  friend constexpr Bits operator<<(const Bits& a, Count by) {
    return a.term < 0 ? Bits(a.constant << by) : apply("bvshl", a, Bits(static_cast<::std::uint64_t>(by)));
  }
  template <class Count>
  friend constexpr Bits operator>>(const Bits& a, Count by) {
    return a.term < 0 ? Bits(a.constant >> by) : apply("bvlshr", a, Bits(static_cast<::std::uint64_t>(by)));
  }
  constexpr Bits& operator|=(const Bits& b) { return *this = *this | b; }
};

template <int width>
template <int other>
constexpr Bits<width>::Bits(const Bits<other>& from) : constant(from.constant & mask) {
  if (from.term < 0) return;
  if constexpr (width > other)
    *this = define("((_ zero_extend " + ::std::to_string(width - other) + ") " + from.text() + ")");
  else
    *this = define("((_ extract " + ::std::to_string(width - 1) + " 0) " + from.text() + ")");
}

using Byte = Bits<8>;
using Word = Bits<64>;

namespace std {
using ::std::size_t;
using uint8_t = Byte;
using uint64_t = Word;
inline void memcpy(Byte* to, const Byte* from, size_t count) {
  for (size_t i = 0; i < count; ++i) to[i] = from[i];
}
}  // namespace std

}  // namespace hdq::symbolic
