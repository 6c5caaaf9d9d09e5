#include "client/learning/torch/blas_speed.h"

#include <algorithm>
#include <chrono>

#include "client/learning/torch/compat.h"

namespace cairn {

double BlasGigaflops() {
  constexpr int kSize = 512, kTries = 8;
  UseOneThreadAnOperation();
  const at::Tensor a = at::ones({kSize, kSize}), b = at::ones({kSize, kSize});
  at::Tensor product = at::mm(a, b);  // the first call loads kernels
  double best = 0;
  for (int i = 0; i < kTries; ++i) {
    const auto start = std::chrono::steady_clock::now();
    at::mm_out(product, a, b);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    best = std::max(best, 2.0 * kSize * kSize * kSize / took.count() / 1e9);
  }
  return best;
}

}  // namespace cairn
