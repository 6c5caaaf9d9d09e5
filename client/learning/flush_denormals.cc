#include "client/learning/flush_denormals.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace cairn {

#if defined(__x86_64__)

FlushDenormals::FlushDenormals() : before_(_mm_getcsr()) {
  constexpr unsigned kFlushResults = 1u << 15, kOperandsAreZero = 1u << 6;
  _mm_setcsr(static_cast<unsigned>(before_) | kFlushResults | kOperandsAreZero);
}

FlushDenormals::~FlushDenormals() { _mm_setcsr(static_cast<unsigned>(before_)); }

#elif defined(__aarch64__)

FlushDenormals::FlushDenormals() {
  constexpr unsigned long long kFlush = 1ull << 24;
  asm volatile("mrs %0, fpcr" : "=r"(before_));
  asm volatile("msr fpcr, %0" ::"r"(before_ | kFlush));
}

FlushDenormals::~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(before_)); }

#else

FlushDenormals::FlushDenormals() = default;
FlushDenormals::~FlushDenormals() = default;

#endif

}  // namespace cairn
