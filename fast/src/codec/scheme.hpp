// What differs between one way of coding a rotated vector and another: the scalar rule with its codebook, and how codes lie in memory.
// All else is shared (codec.cpp): the norm, the rotation (SPEC §1), one random word for each row (SPEC §2), the undoing of the
// rotation, and the threads.
//
// A scheme comes in as one file that defines a class of its own derived from Scheme, as fixed_rate.cpp does; a number in SchemeId
// (hdq/types.hpp), which files record; and its line in make_scheme (scheme.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "hdq/stages.hpp"
#include "hdq/types.hpp"

namespace hdq::detail {

struct Kernels;    // simd/kernels.hpp
struct ScoreTask;  // score/score_task.hpp
struct WeightedTask;  // attention/weighted_task.hpp

// Rows whose random words are drawn, and codebooks evaluated, at once.
inline constexpr std::size_t rows_together = 16;

class Scheme {
 public:
  // What one thread needs besides its arguments; the codebooks of some rows are in it.
  struct Scratch {
    virtual ~Scratch() = default;
  };
  virtual ~Scheme() = default;

  virtual std::size_t code_bytes() const = 0;  // of each row
  virtual std::unique_ptr<Scratch> scratch() const = 0;

  // Codes of the rows with random words words[0 … count − 1], count <= rows_together: first the codebooks, then each row.
  // y: order floats, of a row scaled by norm_scale; norm: the stored norm, scaled likewise.
  virtual void begin_quantize(const std::uint32_t* words, std::size_t count, Scratch& scratch) const = 0;
  virtual void quantize(std::size_t index, const float* y, float norm, Scratch& scratch, std::uint8_t* codes) const = 0;

  // The inverse: ẑ, order floats.
  virtual void begin_reconstruct(const std::uint32_t* words, std::size_t count, Scratch& scratch) const = 0;
  virtual void reconstruct(std::size_t index, const std::uint8_t* codes, Scratch& scratch, float* z) const = 0;

  // e with |fl(ẑ_j) − ẑ_j| <= e·(1 + |fl(ẑ_j)|).
  virtual double codeword_error() const = 0;

  // Σ w_j ẑ_j of rows × queries. tables: task.row_count × table_floats() numbers, from words of as many rows.
  virtual std::size_t table_floats() const = 0;
  virtual void score_tables(const std::uint32_t* words, std::size_t count, float* tables) const = 0;
  virtual void score_sums(const ScoreTask& task) const = 0;
  // The same, and Σ a_i ẑ_i, of a tile of attention: at most weighted_rows rows, each followed by row_slack bytes.
  virtual void tile_sums(const ScoreTask& task) const = 0;
  virtual void weighted_sums(const WeightedTask& task) const = 0;
};

// Files and other languages say a scheme's number.
bool scheme_known(SchemeId id);

// InvalidArgument for a scheme that there is not, or bits or a step that it has not.
std::shared_ptr<const Scheme> make_scheme(const EncodingParameters& made_with, const HadamardOrder& order,
                                          const Kernels& kernels);

// Bytes of a row's codes in memory.
std::size_t code_bytes_of(const EncodingParameters& made_with, std::size_t order);

// Codec::error_bound.
double error_bound(const EncodingParameters& made_with);

// SPEC §3, §4 (fixed_rate.cpp), and §7 (entropy_coded.cpp).
std::shared_ptr<const Scheme> make_fixed_rate(const EncodingParameters& made_with, const HadamardOrder& order,
                                              const Kernels& kernels);
std::shared_ptr<const Scheme> make_entropy_coded(const EncodingParameters& made_with, const HadamardOrder& order,
                                                 const Kernels& kernels);
std::size_t fixed_rate_bytes(std::size_t order, BitWidth bits);
std::size_t entropy_coded_bytes(std::size_t count, Step step, std::size_t order);  // of `count` codes

}  // namespace hdq::detail
