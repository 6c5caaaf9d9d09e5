// Pitfall 16: secrets that stay in memory. After the round the process holds no s_u, c_u or b_u, and no share
// that was not revealed, wherever one looks.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bitset>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "privacy/crypto/secure_random.h"
#include "privacy/crypto/x25519_lanes.h"
#include "privacy/secagg/client/receive.h"
#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

constexpr unsigned char kVeil = 0x5a;  // so that the test's own copies are not what it finds

using Veiled = std::array<unsigned char, 32>;

Veiled Veil(std::span<const std::byte> secret) {
  Veiled result;
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = static_cast<unsigned char>(secret[i]) ^ kVeil;
  }
  return result;
}

// The process's writable memory, a piece at a time, each byte through the veil. Reads by system calls alone:
// the buffer of a stream would keep the last piece.
class MemoryReader {
 public:
  static constexpr std::size_t kLongest = 16;  // of what is looked for: it is seen in one piece, once
  using View = std::function<void(std::span<const unsigned char>)>;

  MemoryReader() = default;
  MemoryReader(const MemoryReader&) = delete;
  MemoryReader& operator=(const MemoryReader&) = delete;
  ~MemoryReader() {
    munmap(buffer_, kBuffer);
    close(memory_);
  }

  void ReadAll(const View& view) const {
    const std::string_view maps = ReadMaps();
    for (std::size_t at = 0; at < maps.size(); at = maps.find('\n', at) + 1) {
      std::uintptr_t begin = 0, end = 0;
      char access[5] = {};
      const bool read = std::sscanf(maps.data() + at, "%lx-%lx %4s", &begin, &end, access) == 3;
      if (!read || access[0] != 'r' || access[1] != 'w') continue;
      if (begin != reinterpret_cast<std::uintptr_t>(buffer_)) ReadRegion(begin, end, view);
    }
  }

 private:
  static constexpr std::size_t kPiece = 1 << 16, kBuffer = kPiece + 4096;

  static std::string_view ReadMaps() {
    static std::array<char, 1 << 18> maps;
    const int file = open("/proc/self/maps", O_RDONLY);
    std::size_t size = 0;
    for (ssize_t got = 1; got > 0; size += static_cast<std::size_t>(got)) {
      got = std::max<ssize_t>(0, read(file, maps.data() + size, maps.size() - size));
    }
    close(file);
    EXPECT_LT(size, maps.size()) << "more regions than there is room for";
    return {maps.data(), size};
  }

  void ReadRegion(std::uintptr_t begin, std::uintptr_t end, const View& view) const {
    for (std::uintptr_t at = begin; at < end; at += kPiece) {
      const std::size_t wanted = std::min<std::size_t>(kPiece + kLongest - 1, end - at);
      const ssize_t got = pread(memory_, buffer_, wanted, static_cast<off_t>(at));
      if (got <= 0) continue;
      const std::span<unsigned char> piece(buffer_, static_cast<std::size_t>(got));
      for (unsigned char& byte : piece) byte ^= kVeil;
      view(piece);
    }
  }

  // A region of its own, which is left out: read into itself it would show everything twice.
  unsigned char* const buffer_ = static_cast<unsigned char*>(
      mmap(nullptr, kBuffer, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  const int memory_ = open("/proc/self/mem", O_RDONLY);
};

// Looks for all halves of the secrets in one pass: few places start with the two bytes of any.
class HalfCounter {
 public:
  static constexpr std::size_t kHalf = MemoryReader::kLongest;

  void LookFor(const std::vector<Veiled>& secrets) {
    size_ = 0;
    starts_.reset();
    for (const Veiled& secret : secrets) {
      for (const std::size_t at : {std::size_t{0}, kHalf}) {
        Half& half = halves_.at(size_++);
        std::copy_n(secret.begin() + static_cast<std::ptrdiff_t>(at), kHalf, half.begin());
        starts_[half[0] | half[1] << 8] = true;
      }
    }
  }
  std::size_t In(std::span<const unsigned char> piece) const {
    std::size_t found = 0;
    for (std::size_t i = 0; i + kHalf <= piece.size(); ++i) {
      if (!starts_[piece[i] | piece[i + 1] << 8]) continue;
      for (std::size_t k = 0; k < size_; ++k) {
        found += std::memcmp(halves_[k].data(), &piece[i], kHalf) == 0;
      }
    }
    return found;
  }

 private:
  using Half = std::array<unsigned char, kHalf>;
  std::array<Half, 400> halves_;
  std::size_t size_ = 0;
  std::bitset<1 << 16> starts_;
};

// How many halves of the secrets there are: who frees memory without wiping it overwrites the first bytes
// with a list's pointers, and what is left is still half a key.
std::size_t CountInMemory(const std::vector<Veiled>& secrets) {
  std::size_t found = 0;
  // Neither on the heap nor on the stack, where it would lie on what is looked for.
  static HalfCounter halves;
  halves.LookFor(secrets);
  const MemoryReader reader;
  reader.ReadAll([&](std::span<const unsigned char> piece) { found += halves.In(piece); });
  return found;
}

// By each way to agree on keys: with registers for eight at a time, and with OpenSSL.
class AttackSecretsInMemoryTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer keeps freed memory as it was, and more shadow memory than can be read";
#endif
    if (!ForceX25519(GetParam())) GTEST_SKIP() << "this CPU has no " << GetParam();
  }
  void TearDown() override { ForceX25519("auto"); }
  static SecAggScript::Options FiveSites() { return {.n = 5, .remembers = false}; }
};

// Round secrets of a site before its masked input, and what it masks with.
void NoteSecrets(const Client& client, Member own, std::vector<Veiled>& out) {
  const SiteState state(client);
  const auto note = [&out](const SecretBytes& secret) { out.push_back(Veil(secret.Reveal(RevealSecret{}))); };
  const MaskKey& mask_key = state.secrets().mask_key;
  note(mask_key.secret());
  note(state.secrets().share_key.secret());
  note(state.secrets().self_mask);
  for (const Peer& peer : state.around().circle) {
    if (peer.member == own) continue;
    const SecretBytes agreed = *mask_key.Derive(peer.mask_key);
    note(agreed);
    note(PairMaskKey(agreed, state.around().context, {own, mask_key.public_key()},
                     {peer.member, peer.mask_key}));
    note(*state.secrets().share_key.Derive(peer.share_key));
  }
}
std::vector<Veiled> SecretsOf(const SecAggScript& script) {
  std::vector<Veiled> secrets;
  for (const Member m : Range(script.options().n)) NoteSecrets(*script.clients[m], m, secrets);
  return secrets;
}

// Shares of other sites' mask keys; all of them survive, so none is revealed.
void NoteShares(const Client& client, std::vector<Veiled>& out) {
  SiteState state(client);
  const Received received = *Received::Read(state.in);
  for (std::size_t i = 0; i < received.owners().size(); ++i) {
    out.push_back(Veil(received.share(i, ShareKind::kMaskKey)));
  }
}

// A byte at a time, so that the secret is in no register of which something else may leave a copy.
void Unveil(const Veiled& secret, volatile unsigned char* to) {
  for (std::size_t i = 0; i < secret.size(); ++i) to[i] = secret[i] ^ kVeil;
}

// What the other tests rest on: the search finds a copy wherever it lies, also one that was freed.
TEST_P(AttackSecretsInMemoryTest, ACopyIsFoundWhereverItLies) {
  const std::vector<Veiled> secrets = {Veil(SecureRandom::Secret(32).Reveal(RevealSecret{}))};
  ASSERT_EQ(CountInMemory(secrets), 0u);

  volatile unsigned char on_stack[32];
  Unveil(secrets[0], on_stack);
  EXPECT_EQ(CountInMemory(secrets), 2u);
  Wipe(std::as_writable_bytes(std::span(const_cast<unsigned char*>(on_stack), 32)));
  EXPECT_EQ(CountInMemory(secrets), 0u);

  auto on_heap = std::make_unique<std::array<unsigned char, 1000>>();
  Unveil(secrets[0], on_heap->data());
  EXPECT_EQ(CountInMemory(secrets), 2u);
  on_heap.reset();
  EXPECT_EQ(CountInMemory(secrets), 1u) << "freed without wiping, a list's pointers on its first half";
}

TEST_P(AttackSecretsInMemoryTest, ASiteThatAnsweredHoldsNoneOfThem) {
  SecAggScript script(FiveSites());
  script.Advertise();
  script.Share();
  const std::vector<Veiled> secrets = SecretsOf(script);
  std::vector<Veiled> shares;
  ASSERT_GE(CountInMemory(secrets), 2u * 3 * 5) << "the search finds what is there: s, c and b";
  script.Mask();
  EXPECT_EQ(CountInMemory(secrets), 0u) << "after the masked input";
  for (const auto& client : script.clients) NoteShares(*client, shares);
  ASSERT_GE(CountInMemory(shares), 2 * shares.size());
  script.Agree();
  script.Unmask();
  EXPECT_EQ(CountInMemory(secrets), 0u);
  EXPECT_EQ(CountInMemory(shares), 0u);
}

TEST_P(AttackSecretsInMemoryTest, ASiteThatFailedHoldsNoneEither) {
  SecAggScript script(FiveSites());
  script.Advertise();
  script.Share();
  const std::vector<Veiled> secrets = SecretsOf(script);
  for (const Member m : Range(5)) {
    DeliveryMessage delivery = *script.server->DeliveryFor(m);
    delivery.signature = {};
    EXPECT_TRUE(FailsWith(script.clients[m]->OnDelivery(delivery), errors::kSecAggMember));
  }
  EXPECT_EQ(CountInMemory(secrets), 0u);
}

TEST_P(AttackSecretsInMemoryTest, SavingAndReadingBackLeavesNoCopy) {
  SecAggScript script(FiveSites());
  script.Advertise();
  script.Share();
  const std::vector<Veiled> secrets = SecretsOf(script);
  const std::size_t before = CountInMemory(secrets);
  for (const auto& client : script.clients) (void)client->Save();
  EXPECT_EQ(CountInMemory(secrets), before);
  for (const Member m : Range(5)) script.Restart(m);
  EXPECT_EQ(CountInMemory(secrets), before);
}

TEST_P(AttackSecretsInMemoryTest, WhatIsSavedAfterTheAnswerHoldsNone) {
  SecAggScript script(FiveSites());
  script.Advertise();
  script.Share();
  const std::vector<Veiled> secrets = SecretsOf(script);
  script.Mask();
  script.Agree();
  script.Unmask();
  const SecretBytes saved = script.clients[0]->Save();
  EXPECT_EQ(CountInMemory(secrets), 0u);
  EXPECT_LT(saved.size(), 2000u) << "decision and answer, no shares";
}

INSTANTIATE_TEST_SUITE_P(Ways, AttackSecretsInMemoryTest, testing::Values("ifma", "openssl"),
                         [](const auto& way) { return std::string(way.param); });

}  // namespace
}  // namespace cairn::secagg
