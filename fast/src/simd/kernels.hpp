// The route table: what one instruction set does, as function pointers. There is one table for each instruction set that this
// library was built with; a codec, a scorer or a stage asks for its table once, by kernels(isa), and holds the reference.
//
//   const detail::Kernels& k = detail::kernels(options.isa);   // throws InvalidArgument if this CPU lacks it
//   k.rotate(x, n, order, signs, factor, y);
//
// Every function is complete (any size, any alignment, nothing outside its arrays is read or written) and returns the same bytes
// in every table. Shapes are checked by the callers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hdq/stages.hpp"
#include "hdq/types.hpp"

namespace hdq::detail {

struct ScoreTask;  // score/score_task.hpp
struct WeightedTask;  // attention/weighted_task.hpp
struct PutTask;    // codes/row_streams.hpp
struct GetTask;
struct ByteTask;  // score/byte_task.hpp
struct ByteBoundTask;
struct StepBytesTask;
struct CodeBytesTask;
struct ByteRecordTask;

struct Kernels {
  // A preference: codes of so many bits or fewer are found among the row's thresholds, others by the compander. Bytes are the same.
  int threshold_bits;
  // Another: rotate_measured is faster with spread signs.
  bool spreads_signs;
  bool needs_thresholds(int bits) const { return bits <= threshold_bits; }

  // ---- SPEC §2: streams ----
  // words[i] = dither_word(seed, rows[i]).
  void (*dither_words)(std::uint64_t seed, const std::uint64_t* rows, std::size_t count, std::uint32_t* words);

  // ---- input: n narrow numbers to float32, exactly; NaNs become quiet ----
  void (*widen_float16)(const Float16* x, std::size_t n, float* out);
  void (*widen_bfloat16)(const BFloat16* x, std::size_t n, float* out);

  // ---- SPEC §1, §4: norm and rotation. order is from hadamard_order; signs: (order + 31)/32 words ----
  // Σ x_i² in double, 16 lanes; not finite exactly when some x_i is not.
  double (*sum_of_squares)(const float* x, std::size_t n);
  // y = H y, or Hᵀ y, without signs. y: order floats.
  void (*hadamard)(float* y, const HadamardOrder& order, bool transposed);
  // y = H D (x·factor), x padded from n with zeros. y: order floats; x may be y.
  void (*rotate)(const float* x, std::size_t n, const HadamardOrder& order, const std::uint32_t* signs, float factor, float* y);
  // rotate with a factor of 1, and sum_of_squares of x. x is not y. spread: null, or the signs once more (rotation/spread_signs.hpp).
  double (*rotate_measured)(const float* x, std::size_t n, const HadamardOrder& order, const std::uint32_t* signs,
                            const float* spread, float* y);
  // out_i = ε_i·((y_i·scale)·unscale) for i < n; unscale is a power of two. y may be out.
  void (*store_signed)(const float* y, std::size_t n, const std::uint32_t* signs, float scale, float unscale, float* out);

  // ---- SPEC §3: codebooks. row r of the output begins at out + r·stride and belongs to words[r] ----
  void (*thresholds)(int bits, const std::uint32_t* words, std::size_t rows, double* out, std::size_t stride);  // 2^bits − 1 each
  void (*codewords)(int bits, const std::uint32_t* words, std::size_t rows, double* out, std::size_t stride);   // 2^bits each
  // Each rounded to float32, as the decoder does; rows 2^bits apart.
  void (*codewords32)(int bits, const std::uint32_t* words, std::size_t rows, float* out);

  // ---- SPEC §4: codes of a rotated row ----
  // codes_j = #{k : y_j >= scaled_k} for 2^bits − 1 increasing numbers.
  void (*quantize)(int bits, const float* y, std::size_t count, const float* scaled, std::uint8_t* codes);
  // The same for the thresholds of `word` scaled by norm, found by the compander. 3 <= bits <= 8.
  void (*compand)(int bits, const float* y, std::size_t count, std::uint32_t word, float norm, std::uint8_t* codes);
  // The bytes of a row's codes: thresholds, scale_thresholds, quantize and pack in one. theta: the row's thresholds, if
  // needs_thresholds(bits); scratch: count bytes; bytes: ⌈count·bits/8⌉.
  void (*quantize_pack)(int bits, const float* y, std::size_t count, const double* theta, std::uint32_t word, float norm,
                        std::uint8_t* scratch, std::uint8_t* bytes);

  // ---- SPEC §4: codes as bytes ----
  void (*pack)(int bits, const std::uint8_t* codes, std::size_t count, std::uint8_t* bytes);
  void (*unpack)(int bits, const std::uint8_t* bytes, std::size_t count, std::uint8_t* codes);
  // out_j = codewords32[code_j]: 2^bits codewords.
  void (*lookup)(int bits, const std::uint8_t* codes, std::size_t count, const float* codewords32, float* out);
  // unpack and lookup in one. scratch: count bytes.
  void (*unpack_lookup)(int bits, const std::uint8_t* bytes, std::size_t count, const float* codewords32, std::uint8_t* scratch,
                        float* out);

  // ---- SPEC §7: codes of code_bytes bytes each, int16_t or int32_t ----
  // k_j = ⌊y_j·sigma + 2^h·V_j⌋, held within the type.
  void (*quantize_step)(const float* y, std::size_t count, std::uint32_t word, int raw_bits, float sigma,
                        std::size_t code_bytes, std::uint8_t* codes);
  // z_j = step·(k_j + (1/2 − 2^h·V_j)).
  void (*reconstruct_step)(const std::uint8_t* codes, std::size_t count, std::uint32_t word, int raw_bits, float step,
                           std::size_t code_bytes, float* z);
  // Rows of codes to streams and back (codes/row_streams.hpp).
  void (*put_rows)(PutTask& task);
  void (*get_rows)(GetTask& task);

  // ---- scores ----
  void (*score_sums)(const ScoreTask& task);
  void (*score_step)(const ScoreTask& task);  // of codes of SPEC §7, with tables of quantizer/weyl.hpp
  // The first pass of a search, and whether it is faster than scoring every row of so many bits, or of rows that are expanded (expanded_bytes).
  bool (*filters)(int bits);
  int (*plane_steps)(int bits);  // the largest |p| that a query of a single plane may have
  // The bytes of a row of 3, 5, 6 or 7 bits, and whether none of the codes is looked for.
  bool (*code_bytes)(const CodeBytesTask& task);
  // The bytes of a row of a uniform step, and whether all are in range.
  bool (*step_bytes)(const StepBytesTask& task);
  void (*byte_sums)(const ByteTask& task);
  // Whether among 8·count/bits codes in count bytes there is the first, 0, or the last, 2^bits − 1, where asked for; 1, 2, 4 or 8 bits.
  bool (*has_end)(int bits, const std::uint8_t* bytes, std::size_t count, bool first, bool last);
  // Bit i: row i < count is excepted by its record, or its norm is not within the limits.
  std::uint32_t (*byte_records)(const ByteRecordTask& task);
  void (*byte_bounds)(const ByteBoundTask& task);
  // ---- SPEC §8: attention ----
  // p = softmax(s), count >= 1 finite numbers. p is not s.
  void (*softmax)(const float* s, std::size_t count, float* p);
  // score_sums of at most weighted_rows rows, each followed by row_slack bytes that may be read.
  void (*tile_sums)(const ScoreTask& task);
  // scores[i] = (sums[i]·norms[i])·factor; whether all are finite.
  bool (*scale_scores)(const float* sums, const double* norms, std::size_t count, double factor, float* scores);
  // scaled[i] = (weights[i]·norms[i])·factor, in double before it is rounded.
  void (*scale_weights)(const float* weights, const float* norms, std::size_t count, double factor, float* scaled);
  // The largest e_i + norms[i] and the largest e_i, e_i the biased exponent of weights[i]; 0 for none.
  void (*largest_exponents)(const float* weights, const std::int32_t* norms, std::size_t count, int* of_products,
                            int* of_weights);
  void (*weighted_sums)(const WeightedTask& task);
  void (*weighted_step)(const WeightedTask& task);  // of codes of SPEC §7

  // ---- SPEC §9: means ----
  // max |z_j|; 0 of none.
  float (*largest_magnitude)(const float* z, std::size_t count);
  // sums[j] += the integer nearest to fl64(z_j·factor), ties to even; each product is below 2^51.
  void (*add_rounded)(const float* z, std::size_t count, double factor, std::int64_t* sums);

  // Σ q_i x_i and Σ (q_i − x_i)² in double, 16 lanes (lane = i mod 16) in order of i, lanes halved 8, 4, 2, 1.
  double (*inner_product)(const float* q, const float* x, std::size_t n);
  double (*squared_distance)(const float* q, const float* x, std::size_t n);
};

// The table of an instruction set; automatic is the best one of this CPU. Throws InvalidArgument for one that it lacks.
const Kernels& kernels(Isa isa);

}  // namespace hdq::detail
