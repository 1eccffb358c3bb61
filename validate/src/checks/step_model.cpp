#include "hdq/validate/checks/step_model.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>

#include "hdq/reference/scheme/philox.hpp"
#include "hdq/validate/checks/oracle.hpp"

namespace hdq::validate::steps {

int raw_bits(float step) {
  int h = 0;
  while (std::ldexp(static_cast<double>(step), h) <= 0.125) ++h;
  return h;
}

double coarse_step(float step) { return std::ldexp(static_cast<double>(step), raw_bits(step)); }

std::uint32_t largest_symbol(float step) {
  const double w = coarse_step(step), square = w * w, share = square / 12, s = std::sqrt(1 + share);
  return static_cast<std::uint32_t>(std::ceil(4.5 * s / w));
}

namespace {

std::uint32_t weyl_word(std::uint32_t w, std::uint64_t j, std::uint32_t constant) {
  return static_cast<std::uint32_t>(w + j * constant);
}

}  // namespace

std::vector<double> offsets(const Config& config, std::uint64_t row, const OffsetHabit& habit) {
  const std::uint32_t w = reference::dither_word(config.seed, row);
  const int h = raw_bits(config.step) + habit.raw_bits;
  std::vector<double> all(config.order);
  for (std::size_t j = 0; j < all.size(); ++j) {
    all[j] = std::ldexp((weyl_word(w, j + habit.begin, habit.weyl) >> 9) + habit.half, h - 23);
  }
  return all;
}

std::vector<double> dithered(const Config& config, const std::vector<double>& y, double rho,
                             const std::vector<double>& offsets) {
  std::vector<double> all(y.size());
  for (std::size_t j = 0; j < y.size(); ++j) all[j] = y[j] / (rho * static_cast<double>(config.step)) + offsets[j];
  return all;
}

std::vector<double> decoded(const Config& config, const std::vector<std::int64_t>& codes,
                            const std::vector<double>& offsets, double centre) {
  std::vector<double> all(codes.size());
  for (std::size_t j = 0; j < codes.size(); ++j)
    all[j] = static_cast<double>(config.step) * (static_cast<double>(codes[j]) + (centre - offsets[j]));
  return all;
}

CodedRow encode(const Config& config, std::uint64_t row, const float* x) {
  CodedRow r{0, std::vector<std::int64_t>(config.order)};
  double squares = 0;
  for (std::size_t i = 0; i < config.dimension; ++i) squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  r.norm = static_cast<float>(std::sqrt(squares));
  if (r.norm == 0) return r;
  const std::vector<double> t =
      dithered(config, exact_rotation(config, x), static_cast<double>(r.norm), offsets(config, row));
  std::transform(t.begin(), t.end(), r.codes.begin(),
                 [](double v) { return static_cast<std::int64_t>(std::floor(v)); });
  return r;
}

std::vector<std::uint8_t> in_memory(const Config& config, const std::vector<std::int64_t>& codes) {
  const std::size_t width = step_code_bytes(config);
  std::vector<std::uint8_t> bytes(codes.size() * width);
  for (std::size_t j = 0; j < codes.size(); ++j)
    std::memcpy(bytes.data() + j * width, &codes[j], width);  // little-endian
  return bytes;
}

std::vector<std::int64_t> from_memory(const Config& config, const std::uint8_t* bytes) {
  std::vector<std::int64_t> codes(config.order);
  for (std::size_t j = 0; j < codes.size(); ++j) {
    std::int16_t narrow;
    std::int32_t wide;
    if (step_code_bytes(config) == 2) {
      std::memcpy(&narrow, bytes + 2 * j, 2);
      codes[j] = narrow;
    } else {
      std::memcpy(&wide, bytes + 4 * j, 4);
      codes[j] = wide;
    }
  }
  return codes;
}

const std::vector<std::uint32_t>& frequencies(float step) {
  static std::map<float, std::vector<std::uint32_t>> known;
  std::vector<std::uint32_t>& all = known[step];
  if (!all.empty()) return all;
  const auto k = static_cast<int>(largest_symbol(step));
  const double w = coarse_step(step), variance = 2 + (w * w) / 6;
  for (int u = 0; u < static_cast<int>(buckets); ++u) {
    std::vector<double> e;
    for (int c = -k; c <= k; ++c) {
      const double tau = w * ((128 * c + 63 - 2 * u) / 128.0), a = (tau * tau) / variance * 0x1p-10;
      double r = (1 - a) + (a * a) * 0.5;
      for (int i = 0; i < 10; ++i) r *= r;
      e.push_back(r);
    }
    double total = e[0];
    for (std::size_t i = 1; i < e.size(); ++i) total += e[i];
    const std::size_t begin = all.size();
    std::uint32_t sum = 0;
    for (const double r : e) {
      all.push_back(static_cast<std::uint32_t>(std::max(1.0, std::floor((65535 * r) / total + 0.5))));
      sum += all.back();
    }
    all[begin + static_cast<std::size_t>(k)] += 65535 - sum;  // mod 2^32
    all.push_back(1);
  }
  return all;
}

namespace {

class Encoder {
 public:
  Encoder(std::uint64_t x, const CoderHabit& habit) : x_(x), habit_(habit) {}

  void put(std::uint32_t f, std::uint32_t below) {
    if (x_ >> habit_.renormalise >= f) {
      words_.push_back(static_cast<std::uint32_t>(x_));
      x_ >>= 32;
    }
    x_ = (x_ / f << 16) + x_ % f + below + static_cast<std::uint64_t>(habit_.below);
  }
  void put_bit(std::uint64_t bit) { put(1u << 15, static_cast<std::uint32_t>(bit << 15)); }

  std::vector<std::uint8_t> stream() const {
    std::vector<std::uint8_t> bytes;
    std::size_t length = habit_.whole_state ? 8 : 5;
    while (length < 8 && x_ >> 8 * length != 0) ++length;
    for (std::size_t i = 0; i < length; ++i)
      bytes.push_back(static_cast<std::uint8_t>(x_ >> 8 * (habit_.big_endian ? length - 1 - i : i)));
    const auto append = [&](std::uint32_t word) {
      for (int i = 0; i < 4; ++i)
        bytes.push_back(static_cast<std::uint8_t>(word >> 8 * (habit_.big_endian ? 3 - i : i)));
    };
    if (habit_.last_word_first)
      std::for_each(words_.rbegin(), words_.rend(), append);
    else
      std::for_each(words_.begin(), words_.end(), append);
    return bytes;
  }

 private:
  std::uint64_t x_;
  const CoderHabit& habit_;
  std::vector<std::uint32_t> words_;
};

// In the order of getting; put from the last to the first.
std::vector<bool> escape(std::int64_t c, std::int64_t k, const CoderHabit& habit) {
  const auto over = static_cast<std::uint64_t>((c < 0 ? -c : c) - k + habit.over);
  const int e = static_cast<int>(std::bit_width(over)) - 1;
  std::vector<bool> bits{(c < 0) != habit.sign_flipped};
  bits.insert(bits.end(), static_cast<std::size_t>(e), !habit.gamma_inverted);
  bits.push_back(habit.gamma_inverted);
  for (int i = 0; i < e; ++i) bits.push_back((over >> (habit.gamma_low_first ? i : e - 1 - i) & 1) != 0);
  return bits;
}

void put_code(Encoder& encoder, const Config& config, std::uint32_t w, std::int64_t c, const CoderHabit& habit) {
  const auto k = static_cast<std::int64_t>(largest_symbol(config.step));
  const std::size_t width = static_cast<std::size_t>(2 * k + 2),
                    bucket = habit.reversed_buckets ? buckets - 1 - (w >> 26) : w >> 26;
  const std::uint32_t* f = frequencies(config.step).data() + bucket * width;
  std::size_t at = static_cast<std::size_t>(c + k);
  if (c < -k || c > k) {
    at = width - 1;
    const std::vector<bool> bits = escape(c, k, habit);
    for (auto bit = bits.rbegin(); bit != bits.rend(); ++bit) encoder.put_bit(*bit);
  }
  std::uint32_t below = 0;
  for (std::size_t i = 0; i < at; ++i) below += f[i];
  encoder.put(f[at], below);
}

}  // namespace

Session::Stream put(const Config& config, std::uint64_t row, const CodedRow& coded, const CoderHabit& habit) {
  const int h = raw_bits(config.step);
  const std::size_t d = config.order;
  Session::Stream r;
  r.raw.resize((d * static_cast<std::size_t>(h) + 7) / 8);
  if (coded.norm == 0) return r;
  for (std::size_t p = 0; p < d * static_cast<std::size_t>(h); ++p) {
    const std::size_t per = static_cast<std::size_t>(h);
    if ((coded.codes[p / per] >> (p % per) & 1) != 0)
      r.raw[p / 8] = static_cast<std::uint8_t>(r.raw[p / 8] | 1u << (p % 8));
  }
  const std::uint32_t norm = habit.initial_norm != 0 ? habit.initial_norm
                             : habit.norm_in_state   ? std::bit_cast<std::uint32_t>(coded.norm)
                                                     : 0;
  const std::uint32_t w = reference::dither_word(config.seed, row);
  Encoder encoder((std::uint64_t{1} << 31) + norm, habit);
  for (std::size_t i = 0; i < d; ++i) {
    const std::size_t j = habit.first_coordinate_first ? i : d - 1 - i;
    put_code(encoder, config, weyl_word(w, j, habit.weyl), coded.codes[j] >> h, habit);
  }
  r.stream = encoder.stream();
  return r;
}

}  // namespace hdq::validate::steps
