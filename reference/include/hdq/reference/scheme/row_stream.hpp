// The stream of one row (SPEC §7, "Coder"): norm and coarse codes c_j = ⌊k_j/2^h⌋ to bytes and back. Raw bits, the rest of k_j, are not in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hdq/reference/scheme/ans_coder.hpp"
#include "hdq/reference/scheme/entropy_tables.hpp"

namespace hdq::reference {

// Bits of an escaped c, |c| > K, in the order of getting: 1 for c < 0, then Elias's gamma code of |c| − K.
// Throws std::invalid_argument for |c| − K >= 2^31.
std::vector<std::uint64_t> escape_bits(std::int64_t c, int largest);

struct GotStream {
  float norm;
  std::vector<std::int64_t> coarse;  // c_j
};

// The coder of rows of one step. Immutable: share it between threads.
class RowCoder {
 public:
  explicit RowCoder(const StepNumbers& step) : RowCoder(step, entropy_tables(step)) {}
  // With other tables: 64 of 2K + 2 frequencies, each at least 1, that sum to 2^16; otherwise std::invalid_argument.
  RowCoder(const StepNumbers& step, const FrequencyTables& tables);

  // codes: k_j, one for each coordinate. norm: finite and not negative; a norm of zero has no stream. Otherwise std::invalid_argument.
  std::vector<std::uint8_t> put(std::uint32_t word, float norm, std::span<const std::int64_t> codes) const;
  // Throws MalformedStream for bytes that are no stream of `count` coordinates under this word. An empty stream is that of a row of zeros.
  GotStream get(std::uint32_t word, std::size_t count, std::span<const std::uint8_t> stream) const;

 private:
  const std::vector<SymbolPlace>& places(std::uint32_t word, std::size_t j) const {
    return places_[bucket_of(weyl_word(word, j))];
  }
  std::int64_t get_code(AnsGetter& getter, const std::vector<SymbolPlace>& places) const;
  std::int64_t get_escaped(AnsGetter& getter) const;

  StepNumbers step_;
  std::vector<std::vector<SymbolPlace>> places_;  // [u]: of −K, …, K and the escape
};

}  // namespace hdq::reference
