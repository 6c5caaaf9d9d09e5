// Compiled with -mavx2; called only where the processor has it.
#include "client/learning/step_kernels.h"
#include "client/learning/step_kernels_inl.h"

namespace cairn {
extern const StepKernels kStepAvx2;
const StepKernels kStepAvx2{"avx2", Dot, Round, Sgd};
}  // namespace cairn
