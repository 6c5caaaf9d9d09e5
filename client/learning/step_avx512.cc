// Compiled with -mavx512f -mavx2; called only where the processor has them.
#include "client/learning/step_kernels.h"
#include "client/learning/step_kernels_inl.h"

namespace cairn {
extern const StepKernels kStepAvx512;
const StepKernels kStepAvx512{"avx512", Dot, Round, Sgd};
}  // namespace cairn
