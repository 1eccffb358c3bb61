// SPEC §7, "Coder": codes of streams of rows.
#include "codes/code_bytes.hpp"
#include "codes/row_streams.hpp"
#include "quantizer/weyl.hpp"
#include "simd/entries.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

using detail::EntropyTables, detail::GetSymbol, detail::coding_block;

// Which state needs a word nobody predicts, and so there is no branch.
HWY_INLINE void Refill(std::uint64_t& x, const std::uint8_t*& next) {
  std::uint32_t word;
  std::memcpy(&word, next, 4);
  std::uint64_t longer = x << 32 | word;
  asm("" : "+r"(longer));  // else it is computed in a branch
  const bool low = x < detail::least_state;
  x = low ? longer : x;
  next += std::size_t{4} * low;
}

// For what is rare: it looks where the stream ends.
struct Getter {
  std::uint64_t x;
  const std::uint8_t *next, *end;
  bool good;

  // A stream of at least least_state_bytes bytes.
  void Begin(const std::uint8_t* stream, const std::uint8_t* stream_end) {
    const auto length = static_cast<std::size_t>(stream_end - stream);
    const std::size_t size = detail::least_state_bytes + (length - detail::least_state_bytes) % 4;
    x = 0;
    std::memcpy(&x, stream, size);
    next = stream + size;
    end = stream_end;
    good =
        x >= detail::least_state && x >> 63 == 0 && (size == detail::least_state_bytes || x >> (8 * (size - 1)) != 0);
  }
  void RefillWithin() {
    if (x >= detail::least_state) return;
    if (next < end)
      Refill(x, next);
    else
      good = false;
  }
  std::uint32_t GetBit() {
    const auto bit = static_cast<std::uint32_t>(x >> 15 & 1);
    x = (x >> 16 << 15) + (x & 0x7FFF);
    RefillWithin();
    return bit;
  }
  // The code of an escape, which is what x names.
  std::int64_t GetEscape(int largest) {
    x >>= detail::frequency_bits;  // its frequency is 1
    RefillWithin();
    const bool negative = GetBit() != 0;
    int e = 0;
    while (GetBit() != 0) {
      if (++e > 30) {
        good = false;
        return 0;
      }
    }
    std::int64_t beyond = 1;
    for (int i = 0; i < e; ++i) beyond = beyond * 2 + GetBit();
    return negative ? -largest - beyond : largest + beyond;
  }
};

HWY_INLINE GetSymbol LoadSymbol(const std::uint8_t* bucket, std::size_t symbol) {
  GetSymbol got;
  std::memcpy(&got, bucket + EntropyTables::cells + symbol * sizeof got, sizeof got);
  return got;
}
// The symbol that m names, if it is not before `symbol`.
HWY_NOINLINE std::size_t FindSymbol(const std::uint8_t* bucket, std::size_t symbol, std::uint32_t m,
                                    std::size_t escape) {
  while (symbol < escape) {
    const GetSymbol got = LoadSymbol(bucket, symbol);
    if (m - got.cumulative < got.frequency) break;
    ++symbol;
  }
  return symbol;
}

template <std::size_t side>
struct GetStates {
  std::uint64_t x[side];
  const std::uint8_t *next[side], *ends[side];
  bool good[side];
};

// Coordinates of a block: where their buckets lie in the table; then what they are, and the codes of escapes.
template <std::size_t side>
struct GetBlock {
  alignas(64) std::uint32_t buckets[side][coding_block];
  alignas(64) std::uint8_t symbols[side][coding_block];
  std::int64_t far[side][coding_block];
  bool escapes[side];
};

template <std::size_t side>
void PrepareGet(const detail::GetTask& task, std::size_t row, std::size_t begin, GetBlock<side>& block) {
  const std::uint32_t stride = task.tables.get_stride;
  for (std::size_t r = 0; r < side; ++r) {
    const std::uint32_t word = detail::weyl_word(task.words[row + r], begin);
    for (std::uint32_t i = 0; i < coding_block; ++i)
      block.buckets[r][i] = ((word + i * detail::weyl_increment) >> detail::bucket_shift) * stride;
    block.escapes[r] = false;
  }
}

// Reads a word for each coordinate at most, within or behind its stream.
template <std::size_t side>
void GetSymbols(const EntropyTables& t, std::size_t count, GetBlock<side>& block, GetStates<side>& states) {
  constexpr int cell_shift = detail::frequency_bits - EntropyTables::cell_bits;
  const std::uint8_t* const table = t.get.data();
  std::uint64_t x[side];
  const std::uint8_t* next[side];
  HDQ_UNROLL
  for (std::size_t r = 0; r < side; ++r) x[r] = states.x[r], next[r] = states.next[r];
  for (std::size_t i = 0; i < count; ++i) {
    HDQ_UNROLL
    for (std::size_t r = 0; r < side; ++r) {
      const std::uint8_t* const bucket = table + block.buckets[r][i];
      const auto m = static_cast<std::uint32_t>(x[r] & (detail::frequency_sum - 1));
      std::size_t symbol = bucket[m >> cell_shift];
      GetSymbol got = LoadSymbol(bucket, symbol);
      if (m - got.cumulative >= got.frequency) [[unlikely]] {
        const std::size_t escape = t.symbols() - 1;
        symbol = FindSymbol(bucket, symbol, m, escape);
        if (symbol == escape) {
          Getter slow{x[r], next[r], states.ends[r], states.good[r]};
          block.far[r][i] = slow.GetEscape(t.largest);
          block.symbols[r][i] = static_cast<std::uint8_t>(escape);
          block.escapes[r] = true;
          x[r] = slow.x, next[r] = slow.next, states.good[r] = slow.good;
          continue;
        }
        got = LoadSymbol(bucket, symbol);
      }
      x[r] = got.frequency * (x[r] >> detail::frequency_bits) + (m - got.cumulative);
      block.symbols[r][i] = static_cast<std::uint8_t>(symbol);
      Refill(x[r], next[r]);
    }
  }
  HDQ_UNROLL
  for (std::size_t r = 0; r < side; ++r) states.x[r] = x[r], states.next[r] = next[r];
}

// c·2^h; false where some code does not fit its type.
template <class Code>
bool StoreSymbols(const EntropyTables& t, const std::uint8_t* symbols, const std::int64_t* far, bool escapes,
                  std::size_t count, std::uint8_t* codes) {
  const int largest = t.largest, raw_bits = t.raw_bits;
  const auto store_all = [&](std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
      StoreCode(static_cast<Code>(static_cast<unsigned>(symbols[i] - largest) << raw_bits), codes, i);
  };
  if (count == coding_block)
    store_all(coding_block);  // a number that the compiler knows
  else
    store_all(count);
  bool fit = true;
  if (!escapes) return fit;
  for (std::size_t i = 0; i < count; ++i) {
    if (symbols[i] + std::size_t{1} < t.symbols()) continue;
    const std::int64_t code = far[i] * (std::int64_t{1} << raw_bits);
    fit &= std::int64_t{static_cast<Code>(code)} == code;
    StoreCode(static_cast<Code>(code), codes, i);
  }
  return fit;
}

template <class Code, std::size_t side>
void GetSide(detail::GetTask& task, std::size_t row) {
  GetStates<side> states;
  GetBlock<side> block;
  for (std::size_t r = 0; r < side; ++r) {
    Getter first;
    first.Begin(task.begins[row + r], task.ends[row + r]);
    states.x[r] = first.x, states.next[r] = first.next, states.ends[r] = first.end, states.good[r] = first.good;
  }
  for (std::size_t begin = 0; begin < task.order; begin += coding_block) {
    const std::size_t count = task.order - begin < coding_block ? task.order - begin : coding_block;
    PrepareGet(task, row, begin, block);
    GetSymbols(task.tables, count, block, states);
    for (std::size_t r = 0; r < side; ++r) {
      // More words were needed than there are: what follows is read from the end of the stream again.
      if (states.next[r] > states.ends[r]) states.next[r] = states.ends[r], states.good[r] = false;
      states.good[r] &= StoreSymbols<Code>(task.tables, block.symbols[r], block.far[r], block.escapes[r], count,
                                           task.codes[row + r] + begin * sizeof(Code));
    }
  }
  for (std::size_t r = 0; r < side; ++r) {
    const std::uint64_t x = states.x[r];
    const auto norm_bits = static_cast<std::uint32_t>(x - detail::least_state);
    task.norms[row + r] = std::bit_cast<float>(norm_bits);
    // Finite and positive.
    task.good[row + r] = states.good[r] && states.next[r] == states.ends[r] && x >= detail::least_state &&
                         x < 2 * detail::least_state && norm_bits > 0 && norm_bits < 0x7F800000;
  }
}

template <class Code>
void GetRowsOf(detail::GetTask& task) {
  std::size_t row = 0;
  for (; row + 4 <= task.rows; row += 4) GetSide<Code, 4>(task, row);
  for (; row < task.rows; ++row) GetSide<Code, 1>(task, row);
}

void GetRows(detail::GetTask& task) {
  if (task.code_bytes == 2)
    GetRowsOf<std::int16_t>(task);
  else
    GetRowsOf<std::int32_t>(task);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
