#include "codes/entropy_tables.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace hdq::detail {
namespace {

// exp(−q), as SPEC §7 fixes it.
double decay(double q) {
  const double a = q * 0x1p-10;
  double r = (1 - a) + (a * a) * 0.5;
  for (int i = 0; i < 10; ++i) r *= r;
  return r;
}

// Frequencies of one bucket; those of −K … K and of the escape.
void fill_frequencies(double coarse, int largest, int bucket, std::uint16_t* out) {
  std::vector<double> e;
  for (int c = -largest; c <= largest; ++c) {
    const double tau = coarse * (static_cast<double>(128 * c + 63 - 2 * bucket) / 128);
    e.push_back(decay((tau * tau) / (2 + (coarse * coarse) / 6)));
  }
  double sum = e[0];
  for (std::size_t i = 1; i < e.size(); ++i) sum += e[i];
  std::uint32_t rest = frequency_sum - 1;
  const auto middle = static_cast<std::size_t>(largest);
  for (std::size_t i = 0; i < e.size(); ++i) {
    if (i == middle) continue;
    out[i] = static_cast<std::uint16_t>(std::max(1.0, std::floor((65535 * e[i]) / sum + 0.5)));
    rest -= out[i];
  }
  out[middle] = static_cast<std::uint16_t>(rest);
  out[e.size()] = 1;
}

PutSymbol put_symbol(std::uint32_t frequency, std::uint32_t cumulative) {
  const auto f = static_cast<std::uint16_t>(frequency);
  // ⌊x·(2^64 − 1)/2^64⌋ = x − 1 for f = 1, which the bias makes good.
  if (frequency < 2) return {~std::uint64_t{0}, cumulative + frequency_sum - 1, f, 0};
  const auto shift = static_cast<std::uint16_t>(std::bit_width(frequency - 1));  // ⌈log2 f⌉
  __extension__ using Wide = unsigned __int128;
  const Wide reciprocal = ((Wide{1} << (shift + 63)) + frequency - 1) / frequency;
  return {static_cast<std::uint64_t>(reciprocal), cumulative, f, static_cast<std::uint16_t>(shift - 1)};
}

// What getting needs of one bucket.
void fill_bucket(const std::uint16_t* frequencies, std::size_t symbols, std::uint8_t* out) {
  constexpr std::uint32_t cell = frequency_sum >> EntropyTables::cell_bits;
  std::uint32_t cumulative = 0;
  for (std::size_t symbol = 0; symbol < symbols; ++symbol) {
    const bool escape = symbol + 1 == symbols;
    const GetSymbol get{static_cast<std::uint16_t>(cumulative), escape ? std::uint16_t{0} : frequencies[symbol]};
    std::memcpy(out + EntropyTables::cells + symbol * sizeof get, &get, sizeof get);
    // Starts of cells of m that lie in [cumulative, cumulative + f).
    const std::uint32_t end = cumulative + frequencies[symbol];
    for (std::uint32_t m = (cumulative + cell - 1) / cell * cell; m < end; m += cell)
      out[m / cell] = static_cast<std::uint8_t>(symbol);
    cumulative = end;
  }
}

}  // namespace

EntropyTables::EntropyTables(Step step)
    : raw_bits(step.raw_bits()),
      put_bit{put_symbol(frequency_sum / 2, 0), put_symbol(frequency_sum / 2, frequency_sum / 2)} {
  const double coarse = step.coarse();
  largest = static_cast<int>(std::ceil(4.5 * std::sqrt(1 + (coarse * coarse) / 12) / coarse));
  const std::size_t count = symbols();
  frequencies.resize(bucket_count * count);
  put.resize(frequencies.size());
  get_stride = static_cast<std::uint32_t>(cells + count * sizeof(GetSymbol));
  get.resize(std::size_t{bucket_count} * get_stride);
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
    std::uint16_t* f = frequencies.data() + bucket * count;
    fill_frequencies(coarse, largest, static_cast<int>(bucket), f);
    std::uint32_t cumulative = 0;
    for (std::size_t symbol = 0; symbol < count; cumulative += f[symbol++])
      put[bucket * count + symbol] = put_symbol(f[symbol], cumulative);
    fill_bucket(f, count, get.data() + bucket * get_stride);
  }
}

}  // namespace hdq::detail
