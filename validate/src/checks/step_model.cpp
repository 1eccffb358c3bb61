#include "hdq/validate/checks/step_model.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>

#include "hdq/reference/scheme/entropy_tables.hpp"
#include "hdq/reference/scheme/philox.hpp"
#include "hdq/reference/scheme/row_stream.hpp"
#include "hdq/reference/scheme/uniform_step.hpp"
#include "hdq/validate/checks/oracle.hpp"

namespace hdq::validate::steps {

namespace {

struct Model {
  explicit Model(float step) : numbers(step), tables(reference::entropy_tables(numbers)), coder(numbers, tables) {}
  reference::StepNumbers numbers;
  reference::FrequencyTables tables;
  reference::RowCoder coder;
};

const Model& model_of(float step) {
  static std::map<float, Model> known;
  return known.try_emplace(step, step).first->second;
}

std::uint32_t weyl_word(std::uint32_t w, std::uint64_t j, std::uint32_t constant) {
  return static_cast<std::uint32_t>(w + j * constant);
}

}  // namespace

std::vector<double> offsets(const Config& config, std::uint64_t row, const OffsetHabit& habit) {
  const std::uint32_t w = reference::dither_word(config.seed, row);
  const int h = reference::StepNumbers(config.step).raw_bits + habit.raw_bits;
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
  return reference::codes_in_memory({bytes, config.order * step_code_bytes(config)}, config.order);
}

std::vector<std::uint32_t> frequencies(float step) {
  std::vector<std::uint32_t> all;
  for (const std::vector<std::uint32_t>& bucket : model_of(step).tables)
    all.insert(all.end(), bucket.begin(), bucket.end());
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
  const Model& model = model_of(config.step);
  const std::int64_t k = model.numbers.largest;
  const std::uint32_t bucket = reference::bucket_of(w);
  const std::vector<std::uint32_t>& f =
      model.tables[habit.reversed_buckets ? reference::offset_buckets - 1 - bucket : bucket];
  std::size_t at = static_cast<std::size_t>(c + k);
  if (c < -k || c > k) {
    at = f.size() - 1;
    const std::vector<bool> bits = escape(c, k, habit);
    for (auto bit = bits.rbegin(); bit != bits.rend(); ++bit) encoder.put_bit(*bit);
  }
  std::uint32_t below = 0;
  for (std::size_t i = 0; i < at; ++i) below += f[i];
  encoder.put(f[at], below);
}

}  // namespace

Session::Stream put(const Config& config, std::uint64_t row, const CodedRow& coded, const CoderHabit& habit) {
  const Model& model = model_of(config.step);
  const int h = model.numbers.raw_bits;
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
  if (habit == CoderHabit{}) {
    r.stream = model.coder.put(w, coded.norm, coded.codes);
    return r;
  }
  Encoder encoder((std::uint64_t{1} << 31) + norm, habit);
  for (std::size_t i = 0; i < d; ++i) {
    const std::size_t j = habit.first_coordinate_first ? i : d - 1 - i;
    put_code(encoder, config, weyl_word(w, j, habit.weyl), coded.codes[j] >> h, habit);
  }
  r.stream = encoder.stream();
  return r;
}

}  // namespace hdq::validate::steps
