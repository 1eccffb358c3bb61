// SPEC §7, "Coder": streams of rows, words going down in memory, the last one first.
#include "codes/code_bytes.hpp"
#include "codes/row_streams.hpp"
#include "quantizer/weyl.hpp"
#include "simd/entries.hpp"
#include "simd/simd.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

using detail::EntropyTables, detail::PutSymbol, detail::coding_block;

HWY_INLINE std::uint64_t HighProduct(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((Wide{a} * b) >> 64);
}

// next: where the words that were put begin. The word below it is written whether or not it is one: which it will be nobody predicts, and
// so there is no branch.
HWY_INLINE void Put(std::uint64_t& x, std::uint8_t*& next, const PutSymbol& symbol) {
  const auto word = static_cast<std::uint32_t>(x);
  std::memcpy(next - 4, &word, 4);
  const bool full = x >> 47 >= symbol.frequency;
  std::uint64_t rest = x >> 32;
  asm("" : "+r"(rest));  // else it is computed in a branch
  x = full ? rest : x;
  next -= std::size_t{4} * full;
  const std::uint64_t quotient = HighProduct(x, symbol.reciprocal) >> symbol.shift;
  x += symbol.bias + quotient * (detail::frequency_sum - symbol.frequency);
}

// The reverse of Getter::GetEscape.
HWY_NOINLINE void PutEscape(std::uint64_t& x, std::uint8_t*& next, const EntropyTables& t, std::int64_t c,
                            const PutSymbol& escape) {
  const auto beyond = static_cast<std::uint64_t>((c < 0 ? -c : c) - t.largest);
  const int e = static_cast<int>(std::bit_width(beyond)) - 1;
  for (int i = 0; i < e; ++i) Put(x, next, t.put_bit[beyond >> i & 1]);
  Put(x, next, t.put_bit[0]);
  for (int i = 0; i < e; ++i) Put(x, next, t.put_bit[1]);
  Put(x, next, t.put_bit[c < 0 ? 1 : 0]);
  Put(x, next, escape);
}

template <std::size_t side>
struct PutStates {
  std::uint64_t x[side];
  std::uint8_t* next[side];
};

// Coordinates of a block: which of all symbols each is.
template <std::size_t side>
struct PutBlock {
  alignas(64) std::uint32_t symbols[side][coding_block];
  bool escapes;  // some of them
};

template <class Code, std::size_t side>
void PreparePut(const detail::PutTask& task, std::size_t row, std::size_t begin, std::size_t count,
                PutBlock<side>& block) {
  const int raw_bits = task.tables.raw_bits;
  const auto largest = static_cast<std::uint32_t>(task.tables.largest), escape = 2 * largest + 1;
  std::uint32_t escapes = 0;
  for (std::size_t r = 0; r < side; ++r) {
    const std::uint8_t* codes = task.codes[row + r] + begin * sizeof(Code);
    const std::uint32_t word = detail::weyl_word(task.words[row + r], begin);
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t c = static_cast<std::uint32_t>(LoadCode<Code>(codes, i) >> raw_bits) + largest;
      escapes |= c >= escape ? 1 : 0;
      const std::uint32_t bucket = (word + i * detail::weyl_increment) >> detail::bucket_shift;
      block.symbols[r][i] = bucket * (escape + 1) + (c < escape ? c : escape);
    }
  }
  block.escapes = escapes != 0;
}

template <class Code, std::size_t side, bool escapes>
void PutBlockOf(const detail::PutTask& task, std::size_t row, std::size_t begin, std::size_t count,
                const PutBlock<side>& block, PutStates<side>& states) {
  const EntropyTables& t = task.tables;
  const PutSymbol* const table = t.put.data();
  std::uint64_t x[side];
  std::uint8_t* next[side];
  HDQ_UNROLL
  for (std::size_t r = 0; r < side; ++r) x[r] = states.x[r], next[r] = states.next[r];
  for (std::size_t i = count; i-- > 0;) {
    HDQ_UNROLL
    for (std::size_t r = 0; r < side; ++r) {
      const PutSymbol& symbol = table[block.symbols[r][i]];
      if constexpr (escapes) {
        const std::int64_t c = std::int64_t{LoadCode<Code>(task.codes[row + r], begin + i)} >> t.raw_bits;
        if (c < -t.largest || c > t.largest) {
          PutEscape(states.x[r] = x[r], states.next[r] = next[r], t, c, symbol);
          x[r] = states.x[r], next[r] = states.next[r];
          continue;
        }
      }
      Put(x[r], next[r], symbol);
    }
  }
  HDQ_UNROLL
  for (std::size_t r = 0; r < side; ++r) states.x[r] = x[r], states.next[r] = next[r];
}

template <class Code, std::size_t side>
void PutSide(detail::PutTask& task, std::size_t row) {
  PutStates<side> states;
  PutBlock<side> block;
  for (std::size_t r = 0; r < side; ++r) {
    states.x[r] = detail::least_state + std::bit_cast<std::uint32_t>(task.norms[row + r]);
    states.next[r] = task.ends[row + r];
  }
  for (std::size_t end = task.order; end > 0;) {
    const std::size_t begin = (end - 1) / coding_block * coding_block, count = end - begin;
    PreparePut<Code, side>(task, row, begin, count, block);
    if (block.escapes) [[unlikely]]
      PutBlockOf<Code, side, true>(task, row, begin, count, block, states);
    else
      PutBlockOf<Code, side, false>(task, row, begin, count, block, states);
    end = begin;
  }
  for (std::size_t r = 0; r < side; ++r) {
    const std::size_t bytes = (static_cast<std::size_t>(std::bit_width(states.x[r])) + 7) / 8;
    const std::size_t size = bytes < detail::least_state_bytes ? detail::least_state_bytes : bytes;
    task.begins[row + r] = states.next[r] - size;
    std::memcpy(task.begins[row + r], &states.x[r], size);
  }
}

template <class Code>
void PutRowsOf(detail::PutTask& task) {
  std::size_t row = 0;
  for (; row + 4 <= task.rows; row += 4) PutSide<Code, 4>(task, row);
  for (; row < task.rows; ++row) PutSide<Code, 1>(task, row);
}

void PutRows(detail::PutTask& task) {
  if (task.code_bytes == 2)
    PutRowsOf<std::int16_t>(task);
  else
    PutRowsOf<std::int32_t>(task);
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
