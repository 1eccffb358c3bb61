#include "rotation/base_rows.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {
// Not an explicit instantiation: Clang compiles those without the target's features.
void BaseStage28(bool transposed, float* y, std::size_t stride) { BaseStageOf<28>(transposed, y, stride); }
}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
