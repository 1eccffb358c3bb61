// The functions that make up an instruction set's route table, each defined in the file of its stage with the type that the table
// says. A stage may call another's.
#pragma once

#include <type_traits>

#include "simd/kernels.hpp"

namespace hdq::HDQ_ISA {

#define HDQ_ENTRY(Function, member) std::remove_pointer_t<decltype(detail::Kernels::member)> Function
HDQ_ENTRY(DitherWords, dither_words);
HDQ_ENTRY(WidenFloat16, widen_float16);
HDQ_ENTRY(WidenBFloat16, widen_bfloat16);
HDQ_ENTRY(SumOfSquares, sum_of_squares);
HDQ_ENTRY(Hadamard, hadamard);
HDQ_ENTRY(Rotate, rotate);
HDQ_ENTRY(RotateMeasured, rotate_measured);
HDQ_ENTRY(StoreSigned, store_signed);
HDQ_ENTRY(Thresholds, thresholds);
HDQ_ENTRY(Codewords, codewords);
HDQ_ENTRY(Codewords32, codewords32);
HDQ_ENTRY(Quantize, quantize);
HDQ_ENTRY(CompandAll, compand);
HDQ_ENTRY(QuantizePack, quantize_pack);
HDQ_ENTRY(Pack, pack);
HDQ_ENTRY(Unpack, unpack);
HDQ_ENTRY(Lookup, lookup);
HDQ_ENTRY(UnpackLookup, unpack_lookup);
HDQ_ENTRY(QuantizeStep, quantize_step);
HDQ_ENTRY(ReconstructStep, reconstruct_step);
HDQ_ENTRY(PutRows, put_rows);
HDQ_ENTRY(GetRows, get_rows);
HDQ_ENTRY(ScoreSums, score_sums);
HDQ_ENTRY(ScoreStep, score_step);
HDQ_ENTRY(Filters, filters);
HDQ_ENTRY(PlaneSteps, plane_steps);
HDQ_ENTRY(CodeBytes, code_bytes);
HDQ_ENTRY(StepBytes, step_bytes);
HDQ_ENTRY(ByteSums, byte_sums);
HDQ_ENTRY(HasEnd, has_end);
HDQ_ENTRY(ByteBounds, byte_bounds);
HDQ_ENTRY(ByteRecords, byte_records);
HDQ_ENTRY(Softmax, softmax);
HDQ_ENTRY(TileSums, tile_sums);
HDQ_ENTRY(ScaleScores, scale_scores);
HDQ_ENTRY(ScaleWeights, scale_weights);
HDQ_ENTRY(LargestExponents, largest_exponents);
HDQ_ENTRY(WeightedSums, weighted_sums);
HDQ_ENTRY(WeightedStep, weighted_step);
HDQ_ENTRY(LargestMagnitude, largest_magnitude);
HDQ_ENTRY(AddRounded, add_rounded);
HDQ_ENTRY(InnerProduct, inner_product);
HDQ_ENTRY(SquaredDistance, squared_distance);
#undef HDQ_ENTRY

// The rotation where D and H do not go in one, and its factor: y_i = ε_i·(x_i·factor) for i < n, then +0 up to order.
void LoadSigned(const float* x, std::size_t n, std::size_t order, const std::uint32_t* signs, float factor, float* y);

}  // namespace hdq::HDQ_ISA
