#include "hdq/reference/scheme/row_stream.hpp"

#include <bit>
#include <cmath>
#include <stdexcept>

namespace hdq::reference {
namespace {

constexpr int longest_gamma = 30;  // e: |c| − K < 2^31

std::vector<SymbolPlace> places_of(const std::vector<std::uint32_t>& frequencies) {
  std::vector<SymbolPlace> places;
  std::uint64_t below = 0;
  for (const std::uint32_t f : frequencies) {
    if (f == 0) throw std::invalid_argument("a frequency is zero");
    places.push_back({f, static_cast<std::uint32_t>(below)});
    below += f;
  }
  if (below != frequency_sum) throw std::invalid_argument("frequencies do not sum to 2^16");
  return places;
}

}  // namespace

std::vector<std::uint64_t> escape_bits(std::int64_t c, int largest) {
  const std::int64_t beyond = (c < 0 ? -c : c) - largest;
  if (beyond < 1 || beyond >> (longest_gamma + 1) != 0) throw std::invalid_argument("no escape has this code");
  int e = 0;
  while (beyond >> (e + 1) != 0) ++e;
  std::vector<std::uint64_t> bits{c < 0 ? std::uint64_t{1} : std::uint64_t{0}};
  bits.insert(bits.end(), static_cast<std::size_t>(e), 1);
  bits.push_back(0);
  for (int i = e - 1; i >= 0; --i) bits.push_back(static_cast<std::uint64_t>(beyond >> i & 1));
  return bits;
}

RowCoder::RowCoder(const StepNumbers& step, const FrequencyTables& tables) : step_(step) {
  if (tables.size() != offset_buckets) throw std::invalid_argument("64 tables are needed");
  for (const std::vector<std::uint32_t>& frequencies : tables) {
    if (frequencies.size() != 2 * static_cast<std::size_t>(step.largest) + 2)
      throw std::invalid_argument("a table has other symbols");
    places_.push_back(places_of(frequencies));
  }
}

std::vector<std::uint8_t> RowCoder::put(std::uint32_t word, float norm, std::span<const std::int64_t> codes) const {
  if (!std::isfinite(norm) || norm < 0) throw std::invalid_argument("a norm is finite and not negative");
  if (norm == 0) return {};
  AnsPutter putter(least_state + std::bit_cast<std::uint32_t>(norm));
  for (std::size_t j = codes.size(); j-- > 0;) {
    const std::int64_t c = codes[j] >> step_.raw_bits;  // ⌊k/2^h⌋
    if (c >= -step_.largest && c <= step_.largest) {
      putter.put(places(word, j)[static_cast<std::size_t>(c + step_.largest)]);
      continue;
    }
    const std::vector<std::uint64_t> bits = escape_bits(c, step_.largest);
    for (auto bit = bits.rbegin(); bit != bits.rend(); ++bit) putter.put(place_of_bit(*bit));
    putter.put(places(word, j).back());
  }
  return putter.stream();
}

std::int64_t RowCoder::get_escaped(AnsGetter& getter) const {
  const bool negative = getter.take_bit() != 0;
  int e = 0;
  while (getter.take_bit() != 0)
    if (++e > longest_gamma) throw MalformedStream("an escape of more than 2^31");
  std::int64_t beyond = 1;
  for (int i = 0; i < e; ++i) beyond = 2 * beyond + static_cast<std::int64_t>(getter.take_bit());
  return negative ? -step_.largest - beyond : step_.largest + beyond;
}

std::int64_t RowCoder::get_code(AnsGetter& getter, const std::vector<SymbolPlace>& places) const {
  std::size_t symbol = 0;
  while (getter.next() >= places[symbol].below + places[symbol].frequency) ++symbol;
  getter.take(places[symbol]);
  if (symbol + 1 == places.size()) return get_escaped(getter);
  return static_cast<std::int64_t>(symbol) - step_.largest;
}

GotStream RowCoder::get(std::uint32_t word, std::size_t count, std::span<const std::uint8_t> stream) const {
  if (stream.empty()) return {0, std::vector<std::int64_t>(count)};
  AnsGetter getter(stream);
  GotStream got{0, {}};
  for (std::size_t j = 0; j < count; ++j) got.coarse.push_back(get_code(getter, places(word, j)));
  const std::uint64_t norm = getter.end() - least_state;
  if (norm >= 0x7F800000 || norm == 0) throw MalformedStream("it ends in no finite positive norm");
  got.norm = std::bit_cast<float>(static_cast<std::uint32_t>(norm));
  return got;
}

}  // namespace hdq::reference
