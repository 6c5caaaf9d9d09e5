#pragma once

namespace cairn {

// The rate of a 512 × 512 × 512 product in float32 on one thread, best of a few, in GFLOP/s; what
// tells a good BLAS with fitting kernels from a slow one. Takes some milliseconds.
double BlasGigaflops();

}  // namespace cairn
