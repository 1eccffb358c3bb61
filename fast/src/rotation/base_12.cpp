#include "rotation/base_rows.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {
// Not an explicit instantiation: Clang compiles those without the target's features.
void BaseStage12(bool transposed, float* y, std::size_t stride) { BaseStageOf<12>(transposed, y, stride); }
}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
