#include "privacy/dp/simulated_gaussian_kernels.h"
#include "privacy/dp/simulated_gaussian_loop.h"

#if defined(__x86_64__)
namespace cairn {

const SimulatedGaussianKernelSet kSimulatedGaussianAvx512{
    "avx512",
    [] { return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512dq") != 0; },
    FillPairs};

}  // namespace cairn
#endif
