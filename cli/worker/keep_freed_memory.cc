#include "cli/worker/keep_freed_memory.h"

#include <malloc.h>

namespace cairn {

void KeepFreedMemory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most the library allows: half of a thread's heap
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

}  // namespace cairn
