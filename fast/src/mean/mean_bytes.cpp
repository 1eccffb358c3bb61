// The state of a MeanAccumulator as bytes (docs/format.md).
#include <cstring>
#include <string>

#include "checks.hpp"
#include "file/crc32c.hpp"
#include "mean/mean_state.hpp"

namespace hdq {
namespace {

constexpr std::uint8_t magic[8] = {0x89, 'H', 'D', 'Q', 'M', 'E', 0x1a, '\n'};
constexpr std::uint32_t version = 1;

// As it lies in the bytes.
struct Header {
  std::uint8_t magic[8];
  std::uint32_t version, reserved;
  std::uint64_t dimension, seed, rows, runs;
  std::uint32_t rotated_bins, offset_bins;
  std::uint32_t weight[detail::ExactSum::limbs], square[detail::ExactSum::limbs], error[detail::ExactSum::limbs];
  std::uint32_t padding;
};
static_assert(sizeof(Header) == 864);

template <class T>
void put(std::vector<std::uint8_t>& bytes, const T* data, std::size_t count) {
  const std::size_t end = bytes.size();
  bytes.resize(end + count * sizeof(T));
  if (count > 0) std::memcpy(bytes.data() + end, data, count * sizeof(T));
}

[[noreturn]] void throw_state(const std::string& what) { throw InvalidArgument("state of a mean: " + what); }

template <class T>
void get(std::span<const std::uint8_t>& bytes, T* data, std::size_t count) {
  if (count > bytes.size() / sizeof(T)) throw_state("it ends early");
  std::memcpy(data, bytes.data(), count * sizeof(T));
  bytes = bytes.subspan(count * sizeof(T));
}

void put_bins(std::vector<std::uint8_t>& bytes, const detail::IntegerSums::Bins& bins) {
  for (const auto& [index, bin] : bins) {
    const std::int64_t number = index;
    put(bytes, &number, 1);
    put(bytes, bin.high.data(), bin.high.size());
    put(bytes, bin.low.data(), bin.low.size());
  }
}

detail::IntegerSums get_bins(std::span<const std::uint8_t>& bytes, std::uint32_t bins, std::size_t count) {
  using detail::IntegerSums;
  IntegerSums::Bins all;
  for (std::uint32_t b = 0; b < bins; ++b) {
    std::int64_t index;
    get(bytes, &index, 1);
    if (index < IntegerSums::least_bin || index > IntegerSums::most_bin) throw_state("no bin " + std::to_string(index));
    if (!all.empty() && index <= all.rbegin()->first) throw_state("bins out of order");
    if (count > bytes.size() / 16) throw_state("it ends early");
    IntegerSums::Bin bin{std::vector<std::int64_t>(count), std::vector<std::int64_t>(count), 0};
    get(bytes, bin.high.data(), count);
    get(bytes, bin.low.data(), count);
    for (std::size_t j = 0; j < count; ++j)
      if (bin.low[j] < 0 || bin.low[j] >> IntegerSums::low_bits != 0 || bin.high[j] >= std::int64_t{1} << 53 || bin.high[j] < -(std::int64_t{1} << 53))
        throw_state("a sum is not in its range");
    all.emplace(static_cast<int>(index), std::move(bin));
  }
  return IntegerSums::of(count, std::move(all));
}

}  // namespace

std::vector<std::uint8_t> MeanAccumulator::state() const {
  const State& s = *state_;
  const detail::IntegerSums::Bins rotated = s.sums.rotated.canonical(), offsets = s.sums.offsets.canonical();
  Header header{{}, version, 0, s.dimension, s.seed, s.rows, s.numbers.runs().size(), static_cast<std::uint32_t>(rotated.size()),
                static_cast<std::uint32_t>(offsets.size()), {}, {}, {}, 0};
  std::memcpy(header.magic, magic, sizeof magic);
  const auto store = [](const detail::ExactSum& sum, std::uint32_t* to) {
    const auto limbs = sum.canonical();
    std::memcpy(to, limbs.data(), sizeof limbs);
  };
  store(s.sums.weight, header.weight);
  store(s.sums.square, header.square);
  store(s.sums.error, header.error);
  std::vector<std::uint8_t> bytes;
  put(bytes, &header, 1);
  for (const auto& [first, last] : s.numbers.runs()) {
    const std::uint64_t run[2] = {first, last};
    put(bytes, run, 2);
  }
  put_bins(bytes, rotated);
  put_bins(bytes, offsets);
  const std::uint32_t checksum = detail::crc32c(bytes.data(), bytes.size());
  put(bytes, &checksum, 1);
  return bytes;
}

MeanAccumulator MeanAccumulator::of_state(std::span<const std::uint8_t> bytes) {
  Header h;
  std::uint32_t stored;
  if (bytes.size() < sizeof h + sizeof stored) throw_state("it ends early");
  std::memcpy(&stored, bytes.data() + bytes.size() - sizeof stored, sizeof stored);
  bytes = bytes.first(bytes.size() - sizeof stored);
  const std::uint32_t checksum = detail::crc32c(bytes.data(), bytes.size());
  get(bytes, &h, 1);
  if (std::memcmp(h.magic, magic, sizeof magic) != 0) throw_state("it is none");
  if (h.version != version || h.reserved != 0 || h.padding != 0) throw_state("version " + std::to_string(h.version) + "; this program reads version 1");
  if (stored != checksum) throw_state("its checksum fails");
  if (h.dimension < 1 || h.dimension > Codec::max_dimension) throw_state("a dimension of " + std::to_string(h.dimension));
  auto state = std::make_unique<State>(h.dimension, h.seed);
  state->rows = h.rows;
  std::uint64_t numbered = 0;
  for (std::uint64_t i = 0; i < h.runs; ++i) {
    std::uint64_t run[2];
    get(bytes, run, 2);
    if (run[1] < run[0] || state->numbers.find(run[0], run[1])) throw_state("its row numbers are out of order");
    state->numbers.add(run[0], run[1]);
    numbered += run[1] - run[0] + 1;
  }
  if (numbered != h.rows || h.rows >= std::uint64_t{1} << 43) throw_state("its row numbers are not as many as its rows");
  const auto load = [](const std::uint32_t* from) {
    return detail::ExactSum::of(std::span<const std::uint32_t, detail::ExactSum::limbs>(from, detail::ExactSum::limbs));
  };
  state->sums.weight = load(h.weight);
  state->sums.square = load(h.square);
  state->sums.error = load(h.error);
  state->sums.rotated = get_bins(bytes, h.rotated_bins, state->order.order);
  state->sums.offsets = get_bins(bytes, h.offset_bins, h.dimension);
  if (!bytes.empty()) throw_state(std::to_string(bytes.size()) + " bytes after its end");
  return MeanAccumulator(std::move(state));
}

}  // namespace hdq
