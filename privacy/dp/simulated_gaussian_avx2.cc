#include "privacy/dp/simulated_gaussian_kernels.h"
#include "privacy/dp/simulated_gaussian_loop.h"

#if defined(__x86_64__)
namespace cairn {

const SimulatedGaussianKernelSet kSimulatedGaussianAvx2{
    "avx2", [] { return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0; },
    FillPairs};

}  // namespace cairn
#endif
