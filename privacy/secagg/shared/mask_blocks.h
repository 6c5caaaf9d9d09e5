#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace cairn::secagg {

struct MaskTerm;

// AES-256-CTR added to or taken off words where they lie, one set per instruction level. Every set gives the
// words of CtrStream; tests hold them against it. Only offsets, lengths and signs steer branches and
// addresses, never a key.
//
// Two rounds of fourteen can be remembered (Park and Lee, "FACE: Fast AES CTR mode Encryption Techniques
// based on the Reuse of Repetitive Data", CHES 2018). A round takes each byte of the counter into a column of
// its own, and the next one is linear in what the columns become. So with E(c) for the state after two rounds
// from counter c, u = c with its last byte cleared and b that byte:  E(c) = E(b) ^ E(u) ^ E(0).  E(0) …
// E(255) are a key's heads.

inline constexpr std::size_t kRoundKeyBytes = 15 * 16;
inline constexpr std::size_t kHeads = 256, kHeadBytes = kHeads * 16;
inline constexpr std::size_t kStepBytes = 512, kStepBlocks = kStepBytes / 16;  // 8 registers of 512 bits

// words, `steps` · kStepBytes long, ±= the keystream from block `first_block` on. No alignment needed. heads:
// null, or those of the key, and then first_block is a multiple of kStepBlocks.
using AddKeystream = void (*)(const std::byte* round_keys, const std::byte* heads, std::uint32_t first_block,
                              std::byte* words, std::size_t steps);

struct MaskBlocks {
  const char* name;
  bool (*supported)();
  // 32 bytes to kRoundKeyBytes; these to kHeadBytes. All aligned to 16.
  void (*expand)(const std::byte* key, std::byte* round_keys);
  void (*make_heads)(const std::byte* round_keys, std::byte* heads);
  AddKeystream add32, subtract32, add64, subtract64;
};

#if defined(__x86_64__)
extern const MaskBlocks kAesNiBlocks;
extern const MaskBlocks kVaes512Blocks;
#endif

// The first of `widest_first` that this CPU has and whose words are OpenSSL's in 64 random places. null:
// OpenSSL itself. `fault`: one was passed over because its words differed.
struct MaskChoice {
  const MaskBlocks* blocks = nullptr;
  bool fault = false;
};
MaskChoice ChooseMaskBlocks(std::span<const MaskBlocks* const> widest_first);

}  // namespace cairn::secagg
