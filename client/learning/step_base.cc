// For any processor.
#include "client/learning/step_kernels.h"
#include "client/learning/step_kernels_inl.h"

namespace cairn {
extern const StepKernels kStepBase;
const StepKernels kStepBase{"base", Dot, Round, Sgd};
}  // namespace cairn
