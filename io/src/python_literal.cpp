#include "python_literal.hpp"

#include <algorithm>
#include <cctype>
#include <limits>

namespace hdq::io::detail {
namespace {

using Kind = PythonValue::Kind;

constexpr int max_depth = 100;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; }

// 0 … 35; 36 for what is no digit in any base.
unsigned digit_value(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'z' ? static_cast<unsigned>(lower - 'a') + 10 : 36;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto byte = [&](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (point < 0x80) {
    byte(point);
  } else if (point < 0x800) {
    byte(0xC0 | point >> 6), byte(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    byte(0xE0 | point >> 12), byte(0x80 | (point >> 6 & 0x3F)), byte(0x80 | (point & 0x3F));
  } else {
    byte(0xF0 | point >> 18), byte(0x80 | (point >> 12 & 0x3F)), byte(0x80 | (point >> 6 & 0x3F)), byte(0x80 | (point & 0x3F));
  }
}

class Parser {
 public:
  Parser(std::string_view text, bool python2) : text_(text), python2_(python2) {}

  PythonValue parse() {
    if (text_.find('\0') != std::string_view::npos) fail("a zero byte");
    skip_leading();
    PythonValue value = expression(0);
    skip_trailing();
    if (!done()) fail("something after the literal");
    return value;
  }

 private:
  [[noreturn]] static void fail(const char* what) { throw MalformedLiteral(what); }
  bool done() const { return at_ == text_.size(); }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool take(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view token) {
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }

  // Blanks; a comment up to its end of line; lines only where a bracket is open.
  void skip(bool lines) {
    while (!done()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\f' || (lines && (c == '\n' || c == '\r'))) {
        ++at_;
      } else if (c == '#') {
        while (!done() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
      } else if (c == '\\' && (peek(1) == '\n' || (peek(1) == '\r' && peek(2) == '\n'))) {
        at_ += peek(1) == '\n' ? 2 : 3;
        if (done()) fail("a line that goes on beyond the end");
      } else {
        return;
      }
    }
  }

  // Before the literal: blanks on the first line, then empty lines; a later line must not be indented.
  void skip_leading() {
    while (take(' ') || take('\t')) {}
    for (;;) {
      const std::size_t line = at_;
      skip(false);
      if (!take('\n') && !take('\r')) {
        const std::string_view indent = text_.substr(line, at_ - line);
        if (line > 0 && (text_[line - 1] == '\n' || text_[line - 1] == '\r') && indent.find_first_of(" \t") != std::string_view::npos)
          fail("unexpected indent");
        return;
      }
    }
  }
  void skip_trailing() { skip(false), skip(true); }

  PythonValue expression(int depth) {
    if (depth > max_depth) fail("brackets too deep");
    const char c = peek();
    if (c == '{') return braces(depth);
    if (c == '(') return parentheses(depth);
    if (c == '[') return list(depth);
    if (c == '+' || c == '-') return signed_number();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (is_string()) return string();
    return constant();
  }

  PythonValue constant() {
    PythonValue value;
    if (take("...")) {
      value.kind = Kind::ellipsis;
      return value;
    }
    const std::size_t first = at_;
    while (is_name(peek())) ++at_;
    const std::string_view name = text_.substr(first, at_ - first);
    if (name == "True" || name == "False") {
      value.kind = Kind::boolean;
      value.integer = name == "True";
    } else if (name == "set") {
      skip(true);
      if (!take('(')) fail("not a literal");
      skip(true);
      if (!take(')')) fail("not a literal");
      value.kind = Kind::set;
    } else if (name != "None") {
      fail("not a literal");
    }
    return value;
  }

  // ---- numbers ----

  PythonValue signed_number() {
    const bool negative = text_[at_++] == '-';
    skip(true);
    int opened = 0;
    while (take('(')) ++opened, skip(true);
    if (opened > max_depth) fail("brackets too deep");
    if (!is_digit(peek()) && peek() != '.') fail("not a literal");
    PythonValue value = number();
    for (; opened > 0; --opened) {
      skip(true);
      if (!take(')')) fail("a bracket that is not closed");
    }
    value.negative = negative && value.integer != 0;
    return value;
  }

  PythonValue number() {
    PythonValue value;
    unsigned base = 10;
    if (peek() == '0') {
      const char letter = static_cast<char>(peek(1) | 0x20);
      base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
    }
    if (base != 10) {
      at_ += 2;
      take('_');
      value.integer = digits(base).first;
      value.kind = Kind::integer;
    } else {
      value = decimal();
    }
    if (python2_ && value.kind == Kind::integer) {
      const std::size_t end = at_;
      skip(true);
      if (!(peek() == 'L' && !is_name(peek(1)))) at_ = end;
      else ++at_;
    }
    if (is_name(peek())) fail("a number runs into a name");
    return value;
  }

  PythonValue decimal() {
    PythonValue value;
    value.kind = Kind::integer;
    bool zeros = false;
    if (peek() != '.') {
      const std::size_t first = at_;
      value.integer = digits(10).first;
      zeros = text_[first] == '0' && at_ - first > 1 && value.integer != 0;
    }
    if (take('.')) {
      value.kind = Kind::number;
      if (is_digit(peek())) digits(10);
    }
    const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 2 : 1;
    if ((peek() | 0x20) == 'e' && is_digit(peek(sign))) {
      value.kind = Kind::number;
      at_ += sign;
      digits(10);
    }
    if ((peek() | 0x20) == 'j') {
      value.kind = Kind::number;
      ++at_;
    }
    if (value.kind == Kind::integer && zeros) fail("leading zeros");
    if (value.kind == Kind::number) value.integer.reset();
    return value;
  }

  // Digits with single underscores between them: the value, empty beyond 64 bits, and how many.
  std::pair<std::optional<std::uint64_t>, std::size_t> digits(unsigned base) {
    std::optional<std::uint64_t> value = 0;
    std::size_t count = 0;
    for (;; ++count) {
      if (count > 0 && peek() == '_' && digit_value(peek(1)) < base) ++at_;
      const unsigned digit = digit_value(peek());
      if (digit >= base) break;
      if (value && *value > (std::numeric_limits<std::uint64_t>::max() - digit) / base) value.reset();
      if (value) *value = *value * base + digit;
      ++at_;
    }
    if (count == 0) fail("a number without digits");
    return {value, count};
  }

  // ---- strings ----

  // The length of a string's prefix, if one begins here.
  std::optional<std::size_t> string_prefix() const {
    for (std::size_t length = 0; length <= 2; ++length) {
      const char c = peek(length);
      if (c == '\'' || c == '"') return length;
      if (std::string_view("rRuUbB").find(c) == std::string_view::npos || c == '\0') return std::nullopt;
    }
    return std::nullopt;
  }
  bool is_string() const { return string_prefix().has_value(); }

  // One or more strings side by side, which Python joins.
  PythonValue string() {
    PythonValue value;
    bool first = true;
    while (const auto length = string_prefix()) {
      std::string prefix(text_.substr(at_, *length));
      std::transform(prefix.begin(), prefix.end(), prefix.begin(), [](char c) { return static_cast<char>(c | 0x20); });
      if (prefix != "" && prefix != "r" && prefix != "u" && prefix != "b" && prefix != "br" && prefix != "rb") fail("a string's prefix");
      at_ += *length;
      const bool bytes = prefix.find('b') != std::string::npos;
      if (!first && bytes != (value.kind == Kind::bytes)) fail("bytes beside a string");
      value.kind = bytes ? Kind::bytes : Kind::string;
      value.text += quoted(prefix.find('r') != std::string::npos, bytes);
      first = false;
      const std::size_t end = at_;
      skip(open_ > 0);
      if (!is_string()) at_ = end;
    }
    return value;
  }

  std::string quoted(bool raw, bool bytes) {
    const char quote = text_[at_];
    const std::string triple(3, quote);
    const bool lines = take(triple);
    if (!lines) ++at_;
    std::string out;
    for (;;) {
      if (done()) fail("a string that is not closed");
      if (lines ? take(triple) : take(quote)) return out;
      const char c = text_[at_++];
      if (c == '\n' && !lines) fail("a string that is not closed");
      if (bytes && (c & 0x80) != 0) fail("bytes beyond ASCII");
      if (c != '\\') {
        out.push_back(c);
      } else if (raw) {
        if (done()) fail("a string that is not closed");
        out.push_back(c), out.push_back(text_[at_++]);
      } else {
        escape(out, bytes);
      }
    }
  }

  void escape(std::string& out, bool bytes) {
    if (done()) fail("a string that is not closed");
    static constexpr std::string_view letters = "abfnrtv\\'\"", values = "\a\b\f\n\r\t\v\\'\"";
    const char c = text_[at_++];
    if (const std::size_t at = letters.find(c); at != std::string_view::npos) {
      out.push_back(values[at]);
    } else if (c == '\n') {
      return;
    } else if (c >= '0' && c <= '7') {
      std::uint32_t value = digit_value(c);
      for (int i = 0; i < 2 && peek() >= '0' && peek() <= '7'; ++i) value = 8 * value + digit_value(text_[at_++]);
      character(out, value, bytes);
    } else if (c == 'x') {
      character(out, hexadecimal(2), bytes);
    } else if (!bytes && (c == 'u' || c == 'U')) {
      character(out, hexadecimal(c == 'u' ? 4 : 8), false);
    } else if (!bytes && c == 'N') {
      fail("a character by its name");
    } else {
      out.push_back('\\'), out.push_back(c);
    }
  }

  static void character(std::string& out, std::uint32_t value, bool bytes) {
    if (value > 0x10FFFF) fail("an escape beyond Unicode");
    if (bytes) out.push_back(static_cast<char>(value));
    else append_utf8(out, value);
  }

  std::uint32_t hexadecimal(int count) {
    std::uint32_t value = 0;
    for (; count > 0; --count) {
      const unsigned digit = digit_value(peek());
      if (digit > 15) fail("an escape cut short");
      value = 16 * value + digit;
      ++at_;
    }
    return value;
  }

  // ---- brackets ----

  void open() { ++at_, ++open_, skip(true); }
  void close(char bracket) {
    if (!take(bracket)) fail("a bracket that is not closed");
    --open_;
  }

  // Items up to the closing bracket; whether a comma was among them.
  bool items(char closing, int depth, std::vector<PythonValue>& out) {
    bool comma = false;
    while (peek() != closing) {
      out.push_back(expression(depth + 1));
      skip(true);
      if (!take(',')) break;
      comma = true;
      skip(true);
    }
    close(closing);
    return comma;
  }

  PythonValue list(int depth) {
    PythonValue value;
    value.kind = Kind::list;
    open();
    items(']', depth, value.items);
    return value;
  }

  // (), (a,), (a, b): tuples; (a): a.
  PythonValue parentheses(int depth) {
    PythonValue value;
    value.kind = Kind::tuple;
    open();
    const bool comma = items(')', depth, value.items);
    if (value.items.size() != 1 || comma) return value;
    PythonValue inner = std::move(value.items.front());
    return inner;
  }

  PythonValue braces(int depth) {
    PythonValue value;
    value.kind = Kind::dict;
    open();
    while (peek() != '}') {
      PythonValue key = expression(depth + 1);
      skip(true);
      if (value.keys.empty() && value.items.empty() && peek() != ':') value.kind = Kind::set;
      if (value.kind == Kind::set) {
        value.items.push_back(std::move(key));
      } else {
        if (!take(':')) fail("a key without a value");
        if (key.kind == Kind::list || key.kind == Kind::dict || key.kind == Kind::set) fail("a key that cannot be one");
        skip(true);
        value.keys.push_back(std::move(key));
        value.values.push_back(expression(depth + 1));
        skip(true);
      }
      if (!take(',')) break;
      skip(true);
    }
    close('}');
    return value;
  }

  std::string_view text_;
  bool python2_;
  std::size_t at_ = 0;
  int open_ = 0;  // brackets around at_
};

}  // namespace

const PythonValue* PythonValue::find(std::string_view key) const {
  for (std::size_t i = keys.size(); i-- > 0;)
    if (keys[i].kind == Kind::string && keys[i].text == key) return &values[i];
  return nullptr;
}

PythonValue parse_python_literal(std::string_view text, bool python2) { return Parser(text, python2).parse(); }

}  // namespace hdq::io::detail
