#include "core/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace cairn {

void CheckFailed(const char* file, int line, const char* condition, const char* why) {
  std::fprintf(stderr, "error[CAIRN-9001]: internal check failed at %s:%d: %s (%s)\n", file, line, condition,
               why);
  std::abort();
}

}  // namespace cairn
