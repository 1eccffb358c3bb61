// hdq::MeanAccumulator: the weighted mean of many encoded rows, without decoding any (SPEC §9).
//
//   hdq::MeanAccumulator sum(codec.dimension(), codec.seed());
//   for (each client) sum.add(codec, received, weight);      // rows numbered by hdq::client_row(client, round)
//   sum.mean(mean);                                          // one inverse transform
//
// Rows may have been encoded at different rates and by different schemes, but with one seed (the rotation is shared) and with distinct row numbers
// (so their errors are independent). Each row is exactly unbiased, hence so is any mean with given weights, and its squared error falls as 1/n.
// Sums are integers: the mean has the same bytes whatever the order in which rows arrive, and however they are spread over accumulators that
// are merged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "hdq/codec.hpp"
#include "hdq/export.h"
#include "hdq/file.hpp"
#include "hdq/types.hpp"

namespace hdq {

// The row number of a client's vector in a round (SPEC §9): 2^32·round + client.
constexpr std::uint64_t client_row(std::uint32_t client, std::uint32_t round = 0) { return std::uint64_t{round} << 32 | client; }

// Errors, of every call: InvalidArgument for what does not fit, a weight out of its range, or a row number that was added before; InvalidInput for a
// row whose norm is none. After an error the accumulator is what it was. Not safe to use from several threads at once: each has its own, and
// they are merged.
class HDQ_EXPORT MeanAccumulator {
 public:
  static constexpr double least_weight = 0x1p-100, most_weight = 0x1p100;

  // dimension in [1, Codec::max_dimension]; seed: that of all rows.
  MeanAccumulator(std::size_t dimension, std::uint64_t seed);
  ~MeanAccumulator();
  MeanAccumulator(const MeanAccumulator&);
  MeanAccumulator& operator=(const MeanAccumulator&);
  MeanAccumulator(MeanAccumulator&&) noexcept;
  MeanAccumulator& operator=(MeanAccumulator&&) noexcept;

  // Adds rows of codec's codes, on codec's threads; codec.dimension() and codec.seed() are the accumulator's, and its dither is Dither::row.
  // weight: of each row, in [least_weight, most_weight].
  void add(const Codec& codec, const EncodedView& rows, double weight = 1);
  // weights: one for each row. centre: μ of rows that are centred (SPEC §4), dimension() finite numbers, or none.
  void add(const Codec& codec, const EncodedView& rows, std::span<const double> weights, std::span<const float> centre = {});
  // All rows of a file, centred or not. FileError for a damaged block.
  void add(const FileReader& file, double weight = 1, const CodecOptions& options = {});
  void add(const FileReader& file, std::span<const double> weights, const CodecOptions& options = {});
  // Adds what another accumulator of this dimension and seed has added.
  void merge(const MeanAccumulator& other);

  std::size_t dimension() const;
  std::uint64_t seed() const;
  std::uint64_t rows() const;    // added, zero rows included
  double weight() const;         // Σ w_i, rounded once

  // out: dimension() numbers, Σ w_i x̂_i / Σ w_i. InvalidArgument without rows; InvalidInput where float32 cannot hold a number.
  void mean(std::span<float> out, Isa isa = Isa::automatic) const;
  // Σ w_i x̂_i / total, for a total in [least_weight, 2^64·most_weight]: unbiased too where rows are missing at random, if the weight of a row is divided by the
  // probability of its arrival and total is the weight of all (Horvitz and Thompson).
  void mean(std::span<float> out, double total, Isa isa = Isa::automatic) const;

  // At least E‖mean − Σ w_i x_i/W‖², W = weight(): Σ w_i² C_i ρ_i²/W², C_i of the row's codec (Codec::error_bound); with equality, in real
  // arithmetic, for entropy-coded rows where dimension() is the Hadamard order. 0 without rows, as below.
  double error_bound() const;
  // Σ w_i ρ_i²/W, what an error is divided by for the normalised one (NMSE): error_bound()/mean_square() is C/n for n equal weights and one codec.
  double mean_square() const;

  // All that was added, as bytes (docs/format.md), the same whatever the order; and the accumulator with this state. InvalidArgument for bytes that are none.
  std::vector<std::uint8_t> state() const;
  static MeanAccumulator of_state(std::span<const std::uint8_t> bytes);

  struct State;

 private:
  explicit MeanAccumulator(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hdq
