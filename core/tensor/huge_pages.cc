#include "core/tensor/huge_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>

#include "core/base/check.h"

namespace cairn {
namespace {

constexpr std::size_t kLine = 64;
constexpr std::size_t kHugePage = std::size_t{1} << 21;

}  // namespace

std::byte* AllocateModelMemory(std::size_t bytes) {
  const bool large = bytes >= kHugePage;
  const std::size_t alignment = large ? kHugePage : kLine;
  // Small ones take whole lines, large ones whole pages; what is beyond `bytes` is never touched.
  const std::size_t rounded = std::max(kLine, (bytes + alignment - 1) / alignment * alignment);
  CAIRN_CHECK(rounded >= bytes, "a model larger than memory can be");
  void* p = std::aligned_alloc(alignment, rounded);
  CAIRN_CHECK(p != nullptr, "out of memory for a model");
  if (large) static_cast<void>(::madvise(p, rounded, MADV_HUGEPAGE));
  return static_cast<std::byte*>(p);
}

void FreeModelMemory(std::byte* p) { std::free(p); }

}  // namespace cairn
