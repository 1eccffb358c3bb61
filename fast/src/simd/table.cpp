// The route table of one instruction set, filled once per instruction set like the kernels themselves.
#include "simd/entries.hpp"
#include "simd/simd.hpp"
#include HDQ_NEIGHBOURS
#include HDQ_TUNING

namespace hdq::HDQ_ISA {

extern const detail::Kernels table;
const detail::Kernels table = {
    .threshold_bits = kThresholdBits,
    .spreads_signs = kNeighboursFromMemory,
    .dither_words = DitherWords,
    .widen_float16 = WidenFloat16,
    .widen_bfloat16 = WidenBFloat16,
    .sum_of_squares = SumOfSquares,
    .hadamard = Hadamard,
    .rotate = Rotate,
    .rotate_measured = RotateMeasured,
    .store_signed = StoreSigned,
    .thresholds = Thresholds,
    .codewords = Codewords,
    .codewords32 = Codewords32,
    .quantize = Quantize,
    .compand = CompandAll,
    .quantize_pack = QuantizePack,
    .pack = Pack,
    .unpack = Unpack,
    .lookup = Lookup,
    .unpack_lookup = UnpackLookup,
    .quantize_step = QuantizeStep,
    .reconstruct_step = ReconstructStep,
    .put_rows = PutRows,
    .get_rows = GetRows,
    .score_sums = ScoreSums,
    .score_step = ScoreStep,
    .filters = Filters,
    .plane_steps = PlaneSteps,
    .code_bytes = CodeBytes,
    .step_bytes = StepBytes,
    .byte_sums = ByteSums,
    .has_end = HasEnd,
    .byte_records = ByteRecords,
    .byte_bounds = ByteBounds,
    .softmax = Softmax,
    .tile_sums = TileSums,
    .scale_scores = ScaleScores,
    .scale_weights = ScaleWeights,
    .largest_exponents = LargestExponents,
    .weighted_sums = WeightedSums,
    .weighted_step = WeightedStep,
    .largest_magnitude = LargestMagnitude,
    .add_rounded = AddRounded,
    .inner_product = InnerProduct,
    .squared_distance = SquaredDistance,
};

}  // namespace hdq::HDQ_ISA
