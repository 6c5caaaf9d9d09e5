#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn {

// Many blocks of Philox4x32-10 at once, one function per instruction level, equal to Philox4x32 (random.h)
// word for word: out holds the 4 · blocks words of counter, counter + 1, …; blocks is a multiple of
// kPhiloxLanes and counter[0] does not wrap on the way.
inline constexpr std::size_t kPhiloxLanes = 16;

struct PhiloxLanes {
  const char* name;
  bool (*supported)();
  void (*fill)(const std::uint32_t counter[4], const std::uint32_t key[2], std::size_t blocks,
               std::uint32_t* out);
};

#if defined(__x86_64__)
extern const PhiloxLanes kAvx2Philox;
extern const PhiloxLanes kAvx512Philox;
#endif

}  // namespace cairn
