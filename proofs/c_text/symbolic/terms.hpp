// Numbers that are constants or terms of bit vectors, and questions to a solver about them. Inside hdq::symbolic the names std::uint8_t and
// std::uint64_t mean these numbers: a file of the library that is compiled in that namespace computes terms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace hdq::symbolic {

// The term n0, n1, …: an expression in those before it, or a variable.
struct Term {
  int width;
  ::std::string expression;  // empty: a variable
};
inline ::std::vector<Term> terms;
inline ::std::map<::std::string, int> known;  // expressions, and their terms
inline ::std::vector<::std::string> assumed;  // truths

// Of a term that is bits of another.
struct Piece {
  int of, of_width, lowest;
};
inline ::std::map<int, Piece> pieces;

// Terms before and after have nothing in common.
inline void begin() {
  terms.clear();
  known.clear();
  assumed.clear();
  pieces.clear();
}

// Can the assumptions and the claim be true at once? To standard output, in the language of SMT-LIB; the answer will follow the name.
inline void question(const ::std::string& name, const ::std::string& claim) {
  ::std::string conjunction = "(and " + claim;
  for (const ::std::string& truth : assumed) conjunction += " " + truth;
  conjunction += ")";
  ::std::vector<bool> is_used(terms.size());
  const auto use = [&](const ::std::string& text) {
    for (::std::size_t at = text.find('n'); at != ::std::string::npos; at = text.find('n', at + 1)) {
      if (at > 0 && text[at - 1] != ' ' && text[at - 1] != '(') continue;
      if (text[at + 1] >= '0' && text[at + 1] <= '9') is_used[::std::stoul(text.substr(at + 1, 9))] = true;
    }
  };
  use(conjunction);
  for (::std::size_t i = terms.size(); i-- > 0;) {
    if (is_used[i]) use(terms[i].expression);
  }
  ::std::printf("(push)\n(echo \"%s\")\n", name.c_str());
  for (::std::size_t i = 0; i < terms.size(); ++i) {
    if (is_used[i] && terms[i].expression.empty())
      ::std::printf("(declare-const n%zu (_ BitVec %d))\n", i, terms[i].width);
  }
  ::std::printf("(assert\n");
  ::std::string closing = ")";
  for (::std::size_t i = 0; i < terms.size(); ++i) {
    if (!is_used[i] || terms[i].expression.empty()) continue;
    ::std::printf("(let ((n%zu %s))\n", i, terms[i].expression.c_str());
    closing += ")";
  }
  ::std::printf("%s%s\n(check-sat)\n(pop)\n", conjunction.c_str(), closing.c_str());
}

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
    const auto [at, is_new] = known.try_emplace(expression, static_cast<int>(terms.size()));
    made.term = at->second;
    if (is_new) terms.push_back({width, expression});
    return made;
  }
  static Bits variable() {
    Bits made;
    made.term = static_cast<int>(terms.size());
    terms.push_back({width, {}});
    return made;
  }
  // From here on, wherever this term would be, there is the other.
  void become(const Bits& other) const {
    for (auto& [expression, name] : known) {
      if (name == term) name = other.term;
    }
  }
  ::std::string text() const {
    if (term >= 0) return "n" + ::std::to_string(term);
    return "(_ bv" + ::std::to_string(constant) + " " + ::std::to_string(width) + ")";
  }
  static Bits apply(const char* operation, const Bits& a, const Bits& b) {
    return define(::std::string("(") + operation + " " + a.text() + " " + b.text() + ")");
  }
  constexpr bool is_zero() const { return term < 0 && constant == 0; }
  static constexpr bool constants(const Bits& a, const Bits& b) { return a.term < 0 && b.term < 0; }

  friend constexpr Bits operator&(const Bits& a, const Bits& b) {
    return constants(a, b) ? Bits(a.constant & b.constant) : apply("bvand", a, b);
  }
  friend constexpr Bits operator|(const Bits& a, const Bits& b) {
    if (a.is_zero()) return b;
    if (b.is_zero()) return a;
    return constants(a, b) ? Bits(a.constant | b.constant) : apply("bvor", a, b);
  }
  friend constexpr Bits operator-(const Bits& a, const Bits& b) {
    return constants(a, b) ? Bits(a.constant - b.constant) : apply("bvsub", a, b);
  }
  friend constexpr Bits operator+(const Bits& a, const Bits& b) {
    if (a.is_zero()) return b;
    return constants(a, b) ? Bits(a.constant + b.constant) : apply("bvadd", a, b);
  }
  friend constexpr Bits operator*(const Bits& a, const Bits& b) {
    return constants(a, b) ? Bits(a.constant * b.constant) : apply("bvmul", a, b);
  }
  friend constexpr Bits operator~(const Bits& a) { return Bits(mask) - a; }
  // Asked of terms, the answer is yes, and from there on it is assumed.
  friend bool operator==(const Bits& a, const Bits& b) {
    if (constants(a, b)) return a.constant == b.constant;
    assumed.push_back("(= " + a.text() + " " + b.text() + ")");
    return true;
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

template <int width, int other>
Bits<width> extract(const Bits<other>& from, int lowest) {
  if (from.term < 0) return Bits<width>(from.constant >> lowest);
  if (width == other) return Bits<width>(from);
  const Bits<width> made = Bits<width>::define("((_ extract " + ::std::to_string(lowest + width - 1) + " " +
                                               ::std::to_string(lowest) + ") " + from.text() + ")");
  pieces[made.term] = {from.term, other, lowest};
  return made;
}
// Bytes, the lowest first, to a number; bytes that are all of one term are that term.
template <int width>
Bits<width> joined(const Bits<8>* bytes) {
  bool is_constant = true, is_whole = true;
  ::std::uint64_t constant = 0;
  ::std::string text = "(concat";
  const auto first = pieces.find(bytes[0].term);
  for (int k = width / 8; k-- > 0;) {
    const auto piece = pieces.find(bytes[k].term);
    is_constant = is_constant && bytes[k].term < 0;
    is_whole = is_whole && piece != pieces.end() && first != pieces.end() && piece->second.of == first->second.of &&
               piece->second.of_width == width && piece->second.lowest == 8 * k;
    constant = constant << 8 | bytes[k].constant;
    text += " " + bytes[k].text();
  }
  if (is_constant) return Bits<width>(constant);
  if (!is_whole) return Bits<width>::define(text + ")");
  Bits<width> whole;
  whole.term = first->second.of;
  return whole;
}
template <int width, int other>
Bits<width> sign_extended(const Bits<other>& from) {
  if (from.term < 0)
    return Bits<width>((from.constant ^ ::std::uint64_t{1} << (other - 1)) - (::std::uint64_t{1} << (other - 1)));
  return Bits<width>::define("((_ sign_extend " + ::std::to_string(width - other) + ") " + from.text() + ")");
}
template <int width>
Bits<width> shift_left(const Bits<width>& a, const Bits<width>& by) {
  return by.term < 0 ? (by.constant < width ? a << by.constant : Bits<width>()) : Bits<width>::apply("bvshl", a, by);
}
template <int width>
Bits<width> shift_right(const Bits<width>& a, const Bits<width>& by) {
  return by.term < 0 ? (by.constant < width ? a >> by.constant : Bits<width>()) : Bits<width>::apply("bvlshr", a, by);
}
template <int width>
Bits<width> select(const Bits<1>& condition, const Bits<width>& yes, const Bits<width>& no) {
  if (condition.term < 0) return condition.constant ? yes : no;
  if (yes.term == no.term && yes.constant == no.constant) return yes;
  return Bits<width>::define("(ite (= #b1 " + condition.text() + ") " + yes.text() + " " + no.text() + ")");
}
template <int width>
Bits<1> compared(const char* relation, const Bits<width>& a, const Bits<width>& b) {
  return Bits<1>::define(::std::string("(ite (") + relation + " " + a.text() + " " + b.text() + ") #b1 #b0)");
}
template <int width>
Bits<1> at_most(const Bits<width>& a, const Bits<width>& b) {
  return Bits<width>::constants(a, b) ? Bits<1>(a.constant <= b.constant) : compared("bvule", a, b);
}
// As numbers with a sign.
template <int width>
Bits<1> less_signed(const Bits<width>& a, const Bits<width>& b) {
  if (!Bits<width>::constants(a, b)) return compared("bvslt", a, b);
  constexpr ::std::uint64_t sign = ::std::uint64_t{1} << (width - 1);
  return Bits<1>((a.constant ^ sign) < (b.constant ^ sign));
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
