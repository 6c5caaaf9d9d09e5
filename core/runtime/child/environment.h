#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

// What the choice of a BLAS kernel depends on.
struct CpuTraits {
  bool has_avx512 = false;  // with vectors of every length, as every processor since Skylake-X has it
};

// Reads the first processor of /proc/cpuinfo's text; unknown lines leave the defaults.
CpuTraits ParseCpuTraits(std::string_view cpuinfo);
CpuTraits ThisCpu();

// The whole environment of a worker, as "NAME=value": one BLAS thread, since parallelism is over
// clients, and the AVX-512 kernels wherever the processor has AVX-512: the packaged OpenBLAS goes by a list
// of models, and runs those younger than itself with kernels of a decade ago (Zen 4 and 5) or of two (Emerald
// Rapids). These count only before the libraries load. A setting of the
// user's own (in `own`, the parent's environment) wins. Nothing else is inherited, not even a locale:
// LANG is C.UTF-8.
std::vector<std::string> WorkerEnvironment(std::span<const std::string> own, const CpuTraits& cpu);

// This process's environment as "NAME=value". Call it before threads start.
std::vector<std::string> OwnEnvironment();

}  // namespace cairn
