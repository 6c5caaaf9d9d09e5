#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace cairn::secagg {

struct MaskTerm;

// AES-256-CTR added to or taken off words where they lie, one set per instruction level. Every set gives the
// words of CtrStream; tests hold them against it. Only offsets, lengths and signs steer branches, never a
// key.

inline constexpr std::size_t kRoundKeyBytes = 15 * 16;
inline constexpr std::size_t kStepBytes = 512;  // 8 registers of 512 bits

// words, `steps` · kStepBytes long, ±= the keystream from block `first_block` on. No alignment needed.
using AddKeystream = void (*)(const std::byte* round_keys, std::uint32_t first_block, std::byte* words,
                              std::size_t steps);

struct MaskBlocks {
  const char* name;
  bool (*supported)();
  // 32 bytes to kRoundKeyBytes, aligned to 16.
  void (*expand)(const std::byte* key, std::byte* round_keys);
  AddKeystream add32, subtract32, add64, subtract64;
};

#if defined(__x86_64__)
extern const MaskBlocks kAesNiBlocks;
extern const MaskBlocks kVaes512Blocks;
void ExpandKeyAesNi(const std::byte* key, std::byte* round_keys);
#endif

// The first of `widest_first` that this CPU has and whose words are OpenSSL's in 64 random places. null:
// OpenSSL itself. `fault`: one was passed over because its words differed.
struct MaskChoice {
  const MaskBlocks* blocks = nullptr;
  bool fault = false;
};
MaskChoice ChooseMaskBlocks(std::span<const MaskBlocks* const> widest_first);

}  // namespace cairn::secagg
