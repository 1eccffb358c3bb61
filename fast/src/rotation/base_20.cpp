#include "rotation/base_rows.hpp"

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {
template void BaseStageOf<20>(bool, float*, std::size_t);
}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
