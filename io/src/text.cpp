#include "hdq/io/text.hpp"

#include <cstdint>

namespace hdq::io {
namespace {

// The length of the well-formed UTF-8 sequence at the front (Unicode, table 3-7) and its code point; 0 if there is none.
std::size_t decode(std::string_view text, std::uint32_t& point) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(0);
  if (first < 0x80) {
    point = first;
    return 1;
  }
  const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (length == 0) return 0;
  point = first & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    point = point << 6 | (byte(i) & 0x3F);
  }
  const std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800 && point < 0xE000;
  return point < least[length] || point > 0x10FFFF || surrogate ? 0 : length;
}

bool is_harmless(std::uint32_t point) {
  if (point < 0x20 || (point >= 0x7F && point < 0xA0)) return false;      // controls
  if (point == 0x2028 || point == 0x2029) return false;                   // separators of lines and paragraphs
  if (point == 0x200E || point == 0x200F || point == 0x061C) return false;  // marks of direction
  return !(point >= 0x202A && point <= 0x202E) && !(point >= 0x2066 && point <= 0x2069);
}

void escape(std::string& out, unsigned char byte) {
  constexpr char digits[] = "0123456789abcdef";
  switch (byte) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  out += "\\x";
  out += digits[byte >> 4];
  out += digits[byte & 15];
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    std::uint32_t point = 0;
    const std::size_t length = decode(text, point);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::uint32_t point = 0;
    const std::size_t length = decode(text, point);
    const std::size_t taken = length == 0 ? 1 : length;
    if (length != 0 && is_harmless(point)) {
      out += text.substr(0, length);
    } else {
      for (const char c : text.substr(0, taken)) escape(out, static_cast<unsigned char>(c));
    }
    text.remove_prefix(taken);
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  constexpr std::string_view gap = "…";
  const auto continues = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
  std::size_t head = (limit - gap.size()) * 2 / 3, tail = text.size() - (limit - gap.size() - head);
  while (head > 0 && continues(head)) --head;
  while (tail < text.size() && continues(tail)) ++tail;
  return std::string(text.substr(0, head)) + std::string(gap) + std::string(text.substr(tail));
}

}  // namespace hdq::io
