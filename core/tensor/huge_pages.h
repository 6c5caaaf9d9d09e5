#pragma once

#include <cstddef>

namespace cairn {

inline constexpr std::size_t kHugePage = std::size_t{1} << 21;

// Asks the kernel to back the whole huge pages inside [p, p + bytes) by huge pages, before they are first
// touched: a model-sized pass then meets 512 times fewer page faults and TLB misses. A hint only.
void AdviseHugePages(void* p, std::size_t bytes);

}  // namespace cairn
