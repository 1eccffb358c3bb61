#include "hdq/reference/scheme/entropy_coded.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <stdexcept>

namespace hdq::reference {
namespace {

constexpr std::uint64_t least_state = std::uint64_t{1} << 31;

// exp(−q) up to 2^-10, as SPEC §7 fixes it.
double decay(double q) {
  const double a = q * 0x1p-10;
  double r = (1 - a) + (a * a) * 0.5;
  for (int i = 0; i < 10; ++i) r = r * r;
  return r;
}

// One symbol's place among 2^16.
struct Place {
  std::uint32_t frequency, below;
};

Place place_of(const std::vector<std::uint32_t>& frequencies, std::size_t symbol) {
  std::uint32_t below = 0;
  for (std::size_t i = 0; i < symbol; ++i) below += frequencies[i];
  return {frequencies[symbol], below};
}

Place place_of_bit(std::uint64_t bit) { return {32768, static_cast<std::uint32_t>(32768 * bit)}; }

// Bits of an escape, in the order of getting: the sign, then Elias's gamma code of |c| − K.
std::vector<std::uint64_t> escape_bits(std::int64_t c, int largest) {
  const std::int64_t beyond = (c < 0 ? -c : c) - largest;
  int e = 0;
  while (beyond >> (e + 1) != 0) ++e;
  std::vector<std::uint64_t> bits{c < 0 ? std::uint64_t{1} : std::uint64_t{0}};
  bits.insert(bits.end(), static_cast<std::size_t>(e), 1);
  bits.push_back(0);
  for (int i = e - 1; i >= 0; --i) bits.push_back(static_cast<std::uint64_t>(beyond >> i & 1));
  return bits;
}

class Putter {
 public:
  explicit Putter(std::uint64_t state) : x_(state) {}
  void put(const Place& place) {
    if (x_ >= std::uint64_t{place.frequency} << 47) {
      words_.push_back(static_cast<std::uint32_t>(x_));
      x_ >>= 32;
    }
    x_ = x_ / place.frequency * frequency_sum + x_ % place.frequency + place.below;
  }
  std::vector<std::uint8_t> stream() const {
    std::vector<std::uint8_t> bytes;
    for (std::uint64_t rest = x_; rest != 0 || bytes.size() < 5; rest >>= 8)
      bytes.push_back(static_cast<std::uint8_t>(rest));
    for (auto word = words_.rbegin(); word != words_.rend(); ++word)
      for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(*word >> (8 * i)));
    return bytes;
  }

 private:
  std::uint64_t x_;
  std::vector<std::uint32_t> words_;
};

class Getter {
 public:
  explicit Getter(const std::vector<std::uint8_t>& stream) : bytes_(stream) {
    const std::size_t size = 5 + (stream.size() - 5) % 4;
    for (; at_ < size; ++at_) x_ |= std::uint64_t{stream[at_]} << (8 * at_);
    good_ = x_ >= least_state && x_ >> 63 == 0 && (size == 5 || stream[size - 1] != 0);
  }
  // The symbol whose place holds x mod 2^16.
  std::size_t get(const std::vector<std::uint32_t>& frequencies) {
    const auto m = static_cast<std::uint32_t>(x_ % frequency_sum);
    std::size_t symbol = 0;
    std::uint32_t below = 0;
    while (m >= below + frequencies[symbol]) below += frequencies[symbol++];
    take({frequencies[symbol], below}, m);
    return symbol;
  }
  std::uint64_t get_bit() {
    const std::uint64_t bit = x_ >> 15 & 1;
    take(place_of_bit(bit), static_cast<std::uint32_t>(x_ % frequency_sum));
    return bit;
  }
  bool good() const { return good_; }
  bool ended() const { return good_ && at_ == bytes_.size() && x_ >= least_state && x_ < 2 * least_state; }
  std::uint32_t rest() const { return static_cast<std::uint32_t>(x_ - least_state); }
  void fail() { good_ = false; }

 private:
  void take(const Place& place, std::uint32_t m) {
    x_ = place.frequency * (x_ / frequency_sum) + m - place.below;
    if (x_ >= least_state) return;
    if (bytes_.size() - at_ < 4) {
      good_ = false;
      x_ = least_state;
      return;
    }
    for (int i = 3; i >= 0; --i) x_ = x_ << 8 | bytes_[at_ + static_cast<std::size_t>(i)];
    at_ += 4;
  }

  const std::vector<std::uint8_t>& bytes_;
  std::size_t at_ = 0;
  std::uint64_t x_ = 0;
  bool good_ = true;
};

std::int64_t get_escaped(Getter& getter, int largest) {
  const bool negative = getter.get_bit() != 0;
  int e = 0;
  while (getter.good() && getter.get_bit() != 0)
    if (++e > 30) getter.fail();
  std::int64_t beyond = 1;
  for (int i = 0; i < e && getter.good(); ++i) beyond = 2 * beyond + static_cast<std::int64_t>(getter.get_bit());
  return negative ? -largest - beyond : largest + beyond;
}

Integer floor_of(const Rational& x) {
  const Integer n = numerator(x), d = denominator(x);
  Integer quotient = n / d;  // towards zero
  if (n < 0 && quotient * d != n) --quotient;
  return quotient;
}

}  // namespace

StepNumbers::StepNumbers(float step_) : step(step_), raw_bits(0), coarse(static_cast<double>(step_)), largest(0) {
  if (!(step >= 0x1p-10f && step <= 16)) throw std::invalid_argument("step must be 2^-10 to 16");
  for (; coarse <= 0.125; coarse *= 2) ++raw_bits;
  largest = static_cast<int>(std::ceil(4.5 * std::sqrt(1 + (coarse * coarse) / 12) / coarse));
}

Rational StepNumbers::error() const {
  const Rational delta(static_cast<double>(step));
  return delta * delta / 12;
}

Rational offset_of_word(std::uint32_t weyl_word) { return Rational(2 * Integer(weyl_word >> 9) + 1, Integer(1) << 24); }

Integer step_code(const StepNumbers& step, const Rational& z, const Rational& offset) {
  return floor_of(z / Rational(static_cast<double>(step.step)) + offset * Rational(Integer(1) << step.raw_bits));
}

Rational step_value(const StepNumbers& step, const Integer& code, const Rational& offset) {
  return Rational(static_cast<double>(step.step)) *
         (Rational(code) + Rational(1, 2) - offset * Rational(Integer(1) << step.raw_bits));
}

std::vector<std::vector<std::uint32_t>> entropy_tables(const StepNumbers& step) {
  std::vector<std::vector<std::uint32_t>> tables;
  const double w = step.coarse;
  for (int u = 0; u < offset_buckets; ++u) {
    std::vector<double> e;
    for (int c = -step.largest; c <= step.largest; ++c) {
      const double tau = w * (static_cast<double>(128 * c + 63 - 2 * u) / 128);
      e.push_back(decay((tau * tau) / (2 + (w * w) / 6)));
    }
    double sum = e[0];
    for (std::size_t i = 1; i < e.size(); ++i) sum += e[i];
    std::vector<std::uint32_t> f;
    std::uint32_t others = 0;
    for (const double one : e)
      f.push_back(static_cast<std::uint32_t>(std::max(1.0, std::floor((65535 * one) / sum + 0.5))));
    const auto middle = static_cast<std::size_t>(step.largest);
    for (std::size_t i = 0; i < f.size(); ++i) others += i == middle ? 0 : f[i];
    f[middle] = frequency_sum - 1 - others;
    f.push_back(1);
    tables.push_back(std::move(f));
  }
  return tables;
}

std::vector<std::uint8_t> put_stream(const StepNumbers& step, std::uint32_t word, float norm,
                                     const std::vector<std::int64_t>& codes) {
  if (norm == 0) return {};
  const std::vector<std::vector<std::uint32_t>> tables = entropy_tables(step);
  Putter putter(least_state + std::bit_cast<std::uint32_t>(norm));
  for (std::size_t j = codes.size(); j-- > 0;) {
    const std::vector<std::uint32_t>& f = tables[weyl_word(word, j) >> 26];
    const std::int64_t c = codes[j] >> step.raw_bits;
    if (c >= -step.largest && c <= step.largest) {
      putter.put(place_of(f, static_cast<std::size_t>(c + step.largest)));
      continue;
    }
    const std::vector<std::uint64_t> bits = escape_bits(c, step.largest);
    for (auto bit = bits.rbegin(); bit != bits.rend(); ++bit) putter.put(place_of_bit(*bit));
    putter.put(place_of(f, f.size() - 1));
  }
  return putter.stream();
}

std::optional<GotStream> get_stream(const StepNumbers& step, std::uint32_t word, std::size_t count,
                                    const std::vector<std::uint8_t>& stream) {
  if (stream.size() < 5) return std::nullopt;
  const std::vector<std::vector<std::uint32_t>> tables = entropy_tables(step);
  Getter getter(stream);
  GotStream got{0, {}};
  for (std::size_t j = 0; j < count && getter.good(); ++j) {
    const std::vector<std::uint32_t>& f = tables[weyl_word(word, j) >> 26];
    const std::size_t symbol = getter.get(f);
    const bool escaped = symbol == f.size() - 1;
    got.coarse.push_back(escaped ? get_escaped(getter, step.largest)
                                 : static_cast<std::int64_t>(symbol) - step.largest);
  }
  if (!getter.ended()) return std::nullopt;
  got.norm = std::bit_cast<float>(getter.rest());
  if (!std::isfinite(got.norm) || !(got.norm > 0)) return std::nullopt;
  return got;
}

}  // namespace hdq::reference
