#include "privacy/dp/simulated_gaussian_kernels.h"
#include "privacy/dp/simulated_gaussian_loop.h"

namespace cairn {

const SimulatedGaussianKernelSet kSimulatedGaussianBase{"base", [] { return true; }, FillPairs};

}  // namespace cairn
