// What the solver is asked about codes and bytes.
#pragma once

#include "terms.hpp"

namespace hdq::symbolic {

// Some bit of `got`, a string of `got_width` bits in each element, is not that of `given`; or a bit beyond the first `count` is set.
inline void ask(const ::std::string& name, int bits, ::std::size_t codes, const Byte* got, int got_width,
                ::std::size_t got_size, const Byte* given, int given_width) {
  ::std::string claim = "(or false";
  const ::std::size_t count = codes * static_cast<::std::size_t>(bits);
  const auto bit = [](const Byte& byte, ::std::size_t i) {
    return "((_ extract " + ::std::to_string(i) + " " + ::std::to_string(i) + ") " + byte.text() + ")";
  };
  const auto place = [&](const Byte* from, ::std::size_t p, int width) {
    const auto unit = static_cast<::std::size_t>(width);
    return bit(from[p / unit], p % unit);
  };
  for (::std::size_t p = 0; p < count; ++p)
    claim += "\n  (distinct " + place(got, p, got_width) + " " + place(given, p, given_width) + ")";
  for (::std::size_t i = 0; i < got_size; ++i) {
    for (::std::size_t k = 0; k < 8; ++k) {
      const auto unit = static_cast<::std::size_t>(got_width);
      if (k >= unit || i * unit + k >= count) claim += "\n  (distinct #b0 " + bit(got[i], k) + ")";
    }
  }
  question(name + " b=" + ::std::to_string(bits) + " count=" + ::std::to_string(codes), claim + ")");
}

// Past the end there is what nobody may write.
inline constexpr ::std::size_t guard = 16;

inline void keeps_its_bounds(const char* name, const Byte* array, ::std::size_t size) {
  for (::std::size_t i = size; i < size + guard; ++i) {
    if (array[i].term >= 0 || array[i].constant != 0xA5) ::std::printf("(echo \"%s writes past the end\")\n", name);
  }
}

}  // namespace hdq::symbolic
