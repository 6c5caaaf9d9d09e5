#include "privacy/secagg/shared/mask_kernel.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string_view>
#include <vector>

#include "core/base/check.h"
#include "privacy/crypto/ctr_stream.h"
#include "privacy/crypto/secret_bytes.h"
#include "privacy/crypto/secure_random.h"
#include "privacy/secagg/shared/mask_blocks.h"

namespace cairn::secagg {
namespace {

constexpr std::uint64_t kBlockBytes = 16, kStreamBytes = kBlockBytes << 32;
constexpr std::size_t kTileBytes = 16 << 10;
// Keys of a pass. Their heads are 128 KiB, read from L2 in the order they lie.
constexpr std::size_t kKeysAPass = 32;
constexpr std::size_t kOpenSslKeysAPass = 8;
// Shorter vectors do not earn a key's heads back.
constexpr std::size_t kWorthHeads = 32 << 10;

constexpr const MaskBlocks* kWidestFirst[] = {
#if defined(__x86_64__)
    &kVaes512Blocks, &kAesNiBlocks,
#endif
    nullptr,  // OpenSSL
};

AddKeystream StepsFor(const MaskBlocks& blocks, std::uint32_t, bool subtract) {
  return subtract ? blocks.subtract32 : blocks.add32;
}
AddKeystream StepsFor(const MaskBlocks& blocks, std::uint64_t, bool subtract) {
  return subtract ? blocks.subtract64 : blocks.add64;
}

// The keys of one pass, expanded; wiped with it.
class ExpandedKeys {
 public:
  ExpandedKeys(const MaskBlocks& blocks, std::span<const MaskTerm> terms, bool with_heads)
      : round_keys_(terms.size() * kRoundKeyBytes), heads_(with_heads ? terms.size() * kHeadBytes : 0) {
    for (std::size_t k = 0; k < terms.size(); ++k) {
      std::byte* round_keys = round_keys_.Overwrite(RevealSecret{}).data() + k * kRoundKeyBytes;
      blocks.expand(terms[k].key.data(), round_keys);
      if (with_heads) {
        blocks.make_heads(round_keys, heads_.Overwrite(RevealSecret{}).data() + k * kHeadBytes);
      }
    }
  }
  const std::byte* round_keys(std::size_t k) const {
    return round_keys_.Reveal(RevealSecret{}).data() + k * kRoundKeyBytes;
  }
  const std::byte* heads(std::size_t k) const {
    return heads_.empty() ? nullptr : heads_.Reveal(RevealSecret{}).data() + k * kHeadBytes;
  }

 private:
  SecretBytes round_keys_, heads_;
};

// One key over one tile. What is left of the last step is worked on in a copy with room for all of it.
template <class Word>
void AddToTile(AddKeystream add, const ExpandedKeys& keys, std::size_t k, std::uint64_t first_block,
               std::span<Word> tile) {
  const std::size_t steps = tile.size_bytes() / kStepBytes, whole = steps * kStepBytes;
  const std::size_t rest = tile.size_bytes() - whole;
  auto* bytes = reinterpret_cast<std::byte*>(tile.data());
  const std::byte* heads = first_block % kStepBlocks == 0 ? keys.heads(k) : nullptr;
  add(keys.round_keys(k), heads, static_cast<std::uint32_t>(first_block), bytes, steps);
  if (rest == 0) return;
  alignas(64) std::byte last[kStepBytes] = {};
  std::memcpy(last, bytes + whole, rest);
  add(keys.round_keys(k), heads, static_cast<std::uint32_t>(first_block + whole / kBlockBytes), last, 1);
  std::memcpy(bytes + whole, last, rest);
}

// visit(first block of the tile, tile) for every tile. All but the first start on a whole tile of the
// keystream.
template <class Word, class Visit>
void ForEachTile(std::uint64_t first_block, std::span<Word> words, Visit visit) {
  constexpr std::size_t kTile = kTileBytes / sizeof(Word), kWordsABlock = kBlockBytes / sizeof(Word);
  for (std::size_t at = 0, size = 0; at < words.size(); at += size) {
    const std::uint64_t block = first_block + at / kWordsABlock;
    size = std::min(kTile - static_cast<std::size_t>(block * kWordsABlock % kTile), words.size() - at);
    visit(block, words.subspan(at, size));
  }
}

template <class Word>
void AddPass(const MaskBlocks& blocks, std::span<const MaskTerm> terms, std::uint64_t first_block,
             std::span<Word> words) {
  const ExpandedKeys keys(blocks, terms, words.size_bytes() >= kWorthHeads);
  ForEachTile(first_block, words, [&](std::uint64_t block, std::span<Word> tile) {
    for (std::size_t k = 0; k < terms.size(); ++k) {
      AddToTile(StepsFor(blocks, Word{}, terms[k].subtract), keys, k, block, tile);
    }
  });
}

template <class Word>
void AddOpenSslPass(std::span<const MaskTerm> terms, std::uint64_t first_block, std::span<Word> words) {
  std::vector<CtrStream> streams;
  for (const MaskTerm& term : terms) streams.emplace_back(term.key);
  SecretBytes buffer(kTileBytes);
  const std::span<std::byte> room = buffer.Overwrite(RevealSecret{});
  const auto* stream = reinterpret_cast<const Word*>(room.data());
  ForEachTile(first_block, words, [&](std::uint64_t block, std::span<Word> tile) {
    for (std::size_t k = 0; k < terms.size(); ++k) {
      streams[k].Fill(block * kBlockBytes, room.first(tile.size_bytes()));
      if (terms[k].subtract) {
        for (std::size_t i = 0; i < tile.size(); ++i) tile[i] -= stream[i];
      } else {
        for (std::size_t i = 0; i < tile.size(); ++i) tile[i] += stream[i];
      }
    }
  });
}

template <class Word>
void Add(const MaskBlocks* blocks, std::span<const MaskTerm> terms, std::uint64_t first_word,
         std::span<Word> words) {
  CAIRN_CHECK(first_word * sizeof(Word) % kBlockBytes == 0, "a part of a mask starts on a block");
  CAIRN_CHECK(
      first_word <= kStreamBytes / sizeof(Word) && words.size() <= kStreamBytes / sizeof(Word) - first_word,
      "a key has 2^32 blocks");
  const std::uint64_t first_block = first_word * sizeof(Word) / kBlockBytes;
  const std::size_t pass = blocks == nullptr ? kOpenSslKeysAPass : kKeysAPass;
  for (std::size_t k = 0; k < terms.size(); k += pass) {
    const auto some = terms.subspan(k, std::min(pass, terms.size() - k));
    blocks == nullptr ? AddOpenSslPass(some, first_block, words) : AddPass(*blocks, some, first_block, words);
  }
}

// One random key, place, length and sign: do the words come out as OpenSSL's?
template <class Word>
bool AgreesOnce(const MaskBlocks& blocks, SecureBits& random) {
  constexpr std::size_t kLongest = 3 * kWorthHeads;
  std::array<std::byte, 32> key;
  SecureRandom::FillBytes(key);
  std::vector<Word> words(random.Below(kLongest / sizeof(Word)));
  SecureRandom::FillBytes(std::as_writable_bytes(std::span(words)));
  std::vector<Word> expected = words;
  const MaskTerm term{key, random.Below(2) == 1};
  const std::uint64_t first_word =
      random.Below((kStreamBytes - kLongest) / kBlockBytes) * (kBlockBytes / sizeof(Word));
  Add(&blocks, {&term, 1}, first_word, std::span(words));
  Add(nullptr, {&term, 1}, first_word, std::span(expected));
  return words == expected;
}

bool AgreesWithOpenSsl(const MaskBlocks& blocks) {
  SecureBits random;
  for (int i = 0; i < 32; ++i) {
    if (!AgreesOnce<std::uint32_t>(blocks, random) || !AgreesOnce<std::uint64_t>(blocks, random))
      return false;
  }
  return true;
}

const MaskChoice& Best() {
  static const MaskChoice best = ChooseMaskBlocks(kWidestFirst);
  return best;
}

// Written by tests and benchmarks before lanes start.
std::atomic<const MaskBlocks*>& Chosen() {
  static std::atomic<const MaskBlocks*> chosen{Best().blocks};
  return chosen;
}

const char* NameOf(const MaskBlocks* blocks) { return blocks == nullptr ? "openssl" : blocks->name; }

}  // namespace

MaskChoice ChooseMaskBlocks(std::span<const MaskBlocks* const> widest_first) {
  MaskChoice choice;
  for (const MaskBlocks* blocks : widest_first) {
    if (blocks == nullptr) break;
    if (!blocks->supported()) continue;
    if (AgreesWithOpenSsl(*blocks)) {
      choice.blocks = blocks;
      break;
    }
    choice.fault = true;
  }
  return choice;
}

void AddMasks(std::span<const MaskTerm> terms, std::uint64_t first_word, std::span<std::uint32_t> words) {
  Add(Chosen().load(std::memory_order_relaxed), terms, first_word, words);
}
void AddMasks(std::span<const MaskTerm> terms, std::uint64_t first_word, std::span<std::uint64_t> words) {
  Add(Chosen().load(std::memory_order_relaxed), terms, first_word, words);
}

const char* MaskKernel() { return NameOf(Chosen().load(std::memory_order_relaxed)); }

bool MaskKernelFault() { return Best().fault; }

bool ForceMaskKernel(const char* name) {
  const std::string_view wanted = name;
  if (wanted == "auto") {
    Chosen().store(Best().blocks, std::memory_order_relaxed);
    return true;
  }
  for (const MaskBlocks* blocks : kWidestFirst) {
    if (wanted != NameOf(blocks) || (blocks != nullptr && !blocks->supported())) continue;
    Chosen().store(blocks, std::memory_order_relaxed);
    return true;
  }
  return false;
}

}  // namespace cairn::secagg
