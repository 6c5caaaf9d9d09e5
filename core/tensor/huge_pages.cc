#include "core/tensor/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace cairn {

void AdviseHugePages(void* p, std::size_t bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(p);
  const std::uintptr_t first = (begin + kHugePage - 1) / kHugePage * kHugePage;
  const std::uintptr_t end = (begin + bytes) / kHugePage * kHugePage;
  // A kernel without huge pages refuses; nothing depends on the answer.
  if (first < end) static_cast<void>(::madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE));
}

}  // namespace cairn
