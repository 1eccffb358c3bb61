// hdq::Codec: encode rows of numbers to b-bit codes and back (SPEC §4).
//
//   const hdq::Codec codec(384, 4);                                             // dimension, bits; seed 0
//   const hdq::EncodedRows encoded = codec.encode(hdq::RowsView(x, rows, 384), 0);  // row numbers from 0
//   codec.decode(encoded, {y, rows, 384});
//
// The same input, seed, bits and row numbers give the same bytes on every instruction set, thread count and compiler.
// Two rows encoded with one seed and one row number share their dither, and so their errors are not independent: to encode again
// what was decoded, take another seed or another row number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "hdq/export.h"
#include "hdq/thread_pool.hpp"
#include "hdq/types.hpp"

namespace hdq {

namespace detail {
struct CodecPlan;
}

struct CodecOptions {
  Isa isa = Isa::automatic;
  int threads = 1;                             // over rows; 0 = one per hardware thread
  std::shared_ptr<ThreadPool> pool = nullptr;  // shared with others; if given, `threads` is its number
  // decode() multiplies by Codec::shrink_factor(), before a file's mean is added (SPEC §4, "Shrinking"): biased, of less error, for those
  // who want the reconstruction rather than estimates. Codes and scores are what they are without it.
  bool shrink = false;
};

class Workspace;

// A plan: what depends on dimension, bits, seed and options alone is computed once. Immutable, cheap to copy, safe to use from
// several threads.
//
// Errors, of every call: InvalidArgument where views do not fit the codec or each other (also codes that are known to be another
// codec's); InvalidInput for the first bad row in order of rows. What is written is unspecified after an error.
class HDQ_EXPORT Codec {
 public:
  static constexpr std::size_t max_dimension = std::size_t{1} << 24;

  // The fixed-rate quantizer of SPEC §3 and §4. dimension in [1, max_dimension]; otherwise InvalidArgument.
  Codec(std::size_t dimension, BitWidth bits, std::uint64_t seed = 0, CodecOptions options = {});
  // The entropy-coded quantizer of SPEC §7. A row's codes are order() numbers k_j, of code_bytes()/order() bytes each (2 or 4, signed, as
  // they lie in memory): hdq::EntropyCoder (hdq/entropy_coder.hpp) makes short streams of them, as files hold.
  Codec(std::size_t dimension, Step step, std::uint64_t seed = 0, CodecOptions options = {});
  // The scheme that codes were made with, for which there may be neither bits nor step; InvalidArgument for what no codec makes.
  explicit Codec(const EncodingParameters& made_with, CodecOptions options = {});
  // The fixed-rate quantizer with this dither. With Dither::shared each row is as exactly unbiased as without, and errors of similar rows
  // cancel in comparisons, as search makes them; but they are not independent, so averages over rows keep an error in common (SPEC §4).
  Codec(std::size_t dimension, BitWidth bits, Dither dither, std::uint64_t seed = 0, CodecOptions options = {});

  std::size_t dimension() const;   // n
  std::size_t order() const;       // d >= n, the Hadamard order
  int bits() const;                // 0 of an entropy-coded codec
  float step() const;              // 0 of a fixed-rate one
  std::uint64_t seed() const;
  Dither dither() const;
  SchemeId scheme() const;
  Isa isa() const;                 // never automatic
  int threads() const;
  std::size_t code_bytes() const;  // per row
  // C with E‖x̂ − x‖² <= C·‖x‖² for every x, in real arithmetic: D of the entropy-coded quantizer, with equality where dimension() is
  // order(); the certified bound of SPEC §5.5 of the fixed-rate one.
  double error_bound() const;
  // f = 1/(1 + C): E‖f·x̂ − x‖² <= C/(1 + C)·‖x‖², in real arithmetic.
  double shrink_factor() const { return 1 / (1 + error_bound()); }
  EncodingParameters parameters() const;

  // x: rows of dimension(). Row i takes the dither of row number out.first_row() + i, or with Dither::shared the word of all. NaN, infinity, and a norm that float32 cannot
  // hold are InvalidInput.
  void encode(RowsView<const float> x, EncodedBuffer out, Workspace* workspace = nullptr) const;
  // The same of narrower numbers, widened exactly: the codes are those of the widened rows.
  void encode(RowsView<const Float16> x, EncodedBuffer out, Workspace* workspace = nullptr) const;
  void encode(RowsView<const BFloat16> x, EncodedBuffer out, Workspace* workspace = nullptr) const;

  EncodedRows encode(RowsView<const float> x, std::uint64_t first_row, Workspace* workspace = nullptr) const;
  EncodedRows encode(RowsView<const Float16> x, std::uint64_t first_row, Workspace* workspace = nullptr) const;
  EncodedRows encode(RowsView<const BFloat16> x, std::uint64_t first_row, Workspace* workspace = nullptr) const;

  // The inverse (SPEC §4, "Decoding"): out is as many rows of dimension(). A norm that is NaN, infinite or negative is InvalidInput.
  // A zero norm gives +0. An entry overflows to infinity only where the decoded value itself exceeds float32.
  void decode(const EncodedView& encoded, RowsView<float> out, Workspace* workspace = nullptr) const;

  // ---- the three steps of encode, each on a batch of rows ----

  // y: as many rows of order(): H D (x·norm_scale(ρ)), with ρ the row's norm, which is stored in norms. x is not y.
  void rotate(RowsView<const float> x, RowsView<float> y, std::span<float> norms, Workspace* workspace = nullptr) const;
  void rotate(RowsView<const Float16> x, RowsView<float> y, std::span<float> norms, Workspace* workspace = nullptr) const;
  void rotate(RowsView<const BFloat16> x, RowsView<float> y, std::span<float> norms, Workspace* workspace = nullptr) const;
  // words[i] = dither_word(seed(), parameters().dither_row(first_row + i)).
  void draw_dither(std::uint64_t first_row, std::span<std::uint32_t> words) const;
  // codes: rows × code_bytes(), those of rotated rows y with these norms (each finite, >= 0) and dither words.
  void quantize(RowsView<const float> y, std::span<const float> norms, std::span<const std::uint32_t> words, std::span<std::uint8_t> codes,
                Workspace* workspace = nullptr) const;

  // For other parts of hdq.
  const std::shared_ptr<const detail::CodecPlan>& plan() const { return plan_; }

 private:
  std::shared_ptr<const detail::CodecPlan> plan_;
};

// Memory for calls of one codec, or of another one of the same order, bits, scheme and no more threads: calls that are given it
// allocate nothing. It serves one call at a time.
class HDQ_EXPORT Workspace {
 public:
  explicit Workspace(const Codec& codec);
  ~Workspace();
  Workspace(Workspace&&) noexcept;
  Workspace& operator=(Workspace&&) noexcept;

  struct State;

 private:
  friend class Codec;
  std::unique_ptr<State> state_;
};

}  // namespace hdq
