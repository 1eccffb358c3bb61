#include "hdq/reference/profile/expression.hpp"

#include <bit>
#include <cctype>
#include <cmath>
#include <stdexcept>
#include <string_view>

namespace hdq::reference {
namespace {

class Parser {
 public:
  Parser(const std::string& text, const Names& names) : text_(text), rest_(text), names_(names) {}

  Ball whole() {
    const Ball value = sum();
    if (peek() != 0) fail();
    if (!value.is_finite()) throw std::invalid_argument("\"" + text_.substr(0, 60) + "\" is no finite number");
    return value;
  }

 private:
  [[noreturn]] void fail() const {
    throw std::invalid_argument("\"" + text_.substr(0, 60) + "\" is no expression of numbers, + - * / ^ ( ), sqrt, pi and lengths");
  }
  char peek() {
    while (!rest_.empty() && rest_[0] == ' ') rest_.remove_prefix(1);
    return rest_.empty() ? '\0' : rest_[0];
  }
  bool take(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  Ball sum() {
    if (++depth_ > 50) fail();
    Ball value = take('-') ? -product() : product();
    for (;;) {
      if (take('+')) value += product();
      else if (take('-')) value -= product();
      else break;
    }
    --depth_;
    return value;
  }
  Ball product() {
    Ball value = power();
    for (;;) {
      if (take('*')) value *= power();
      else if (take('/')) value /= power();
      else return value;
    }
  }
  Ball power() {
    const Ball base = primary();
    if (!take('^')) return base;
    const double exponent = primary().mid_double();
    if (!(exponent >= 0 && exponent <= 64)) fail();
    return pow(base, static_cast<unsigned long>(exponent));
  }
  Ball primary() {
    const char c = peek();
    if (take('(')) {
      const Ball value = sum();
      if (!take(')')) fail();
      return value;
    }
    if (std::isdigit(static_cast<unsigned char>(c)) || c == '.') return number();
    std::size_t length = 0;
    while (length < rest_.size() && std::isalpha(static_cast<unsigned char>(rest_[length]))) ++length;
    const std::string_view word = rest_.substr(0, length);
    rest_.remove_prefix(length);
    if (word == "pi") return Ball::pi();
    if (word == "sqrt" || word == "odd") {
      if (!take('(')) fail();
      const Ball value = sum();
      if (!take(')')) fail();
      return word == "sqrt" ? sqrt(value) : odd_part(value);
    }
    const auto found = names_.find(word);
    if (found == names_.end()) fail();
    return Ball(found->second);
  }
  // n without its factors 2.
  Ball odd_part(const Ball& value) const {
    const double n = value.mid_double();
    if (!value.is_exact() || !(n >= 1 && n <= 0x1p32) || n != std::floor(n)) fail();
    const auto whole = static_cast<std::uint64_t>(n);
    return Ball(whole >> std::countr_zero(whole));
  }
  Ball number() {
    std::size_t length = 0;
    while (length < rest_.size() && (std::isdigit(static_cast<unsigned char>(rest_[length])) || rest_[length] == '.')) ++length;
    const std::string digits(rest_.substr(0, length));
    rest_.remove_prefix(length);
    try {
      return Ball(digits);
    } catch (const std::invalid_argument&) {
      fail();
    }
  }

  const std::string& text_;
  std::string_view rest_;
  const Names& names_;
  int depth_ = 0;
};

}  // namespace

Ball evaluate(const std::string& expression, const Names& names) { return Parser(expression, names).whole(); }

std::size_t evaluate_count(const std::string& expression, const Names& names) {
  const double value = evaluate(expression, names).mid_double();
  if (!(value >= 0 && value <= 0x1p32) || value != static_cast<double>(static_cast<std::uint64_t>(value))) {
    throw std::invalid_argument("\"" + expression.substr(0, 60) + "\" is no whole number from 0 to 2^32");
  }
  return static_cast<std::size_t>(value);
}

}  // namespace hdq::reference
