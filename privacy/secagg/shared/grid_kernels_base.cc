#include <cmath>

#include "privacy/secagg/shared/grid_kernels.h"

namespace cairn::secagg {
namespace {

bool Always() { return true; }

void Round(const float* local, const float* base, std::size_t n, double factor, const std::uint32_t* draws,
           std::uint32_t* out) {
  for (std::size_t i = 0; i < n; ++i) {
    const float delta = base == nullptr ? local[i] : local[i] - base[i];
    const double x = static_cast<double>(delta) * factor, below = std::floor(x);
    const double up = (x - below) + draws[i] * 0x1p-32 >= 1 ? 1 : 0;
    out[i] = static_cast<std::uint32_t>(static_cast<std::int32_t>(below + up));
  }
}

template <class Word>
void Add(const Word* from, std::size_t n, Word* into) {
  for (std::size_t i = 0; i < n; ++i) into[i] += from[i];
}

}  // namespace

const GridKernels kBaseGrid = {"base", Always, Round, Add<std::uint32_t>, Add<std::uint64_t>};

}  // namespace cairn::secagg
