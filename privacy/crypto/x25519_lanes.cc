#include "privacy/crypto/x25519_lanes.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <span>
#include <string_view>

#include "privacy/crypto/agreement.h"
#include "privacy/crypto/secure_random.h"

namespace cairn {
namespace {

const X25519Lanes* Supported() {
#if defined(__x86_64__)
  if (kIfmaX25519.supported()) return &kIfmaX25519;
#endif
  return nullptr;
}

struct Choice {
  const X25519Lanes* lanes = Supported();
  bool fault = false;
};

const Choice& Best() {
  static const Choice best = [] {
    Choice choice;
    choice.fault = choice.lanes != nullptr && !AgreesWithOpenSsl(*choice.lanes);
    if (choice.fault) choice.lanes = nullptr;
    return choice;
  }();
  return best;
}

// Written by tests and benchmarks before threads start.
std::atomic<const X25519Lanes*>& Chosen() {
  static std::atomic<const X25519Lanes*> chosen{Best().lanes};
  return chosen;
}

}  // namespace

bool AgreesWithOpenSsl(const X25519Lanes& lanes) {
  std::array<std::byte, kX25519Lanes * kX25519Bytes> scalars, points, shared;
  for (int round = 0; round < 4; ++round) {
    SecureRandom::FillBytes(scalars);
    SecureRandom::FillBytes(points);
    lanes.multiply(scalars.data(), points.data(), shared.data());
    for (std::size_t lane = 0; lane < kX25519Lanes; ++lane) {
      const auto part = [lane](const auto& all) {
        return std::span(all).subspan(lane * kX25519Bytes).template first<kX25519Bytes>();
      };
      AgreementPublic peer;
      std::ranges::copy(part(points), peer.bytes.begin());
      const Result<SecretBytes> expected = Agreement::FromSecret(part(scalars)).Derive(peer);
      if (!expected.ok() || !std::ranges::equal(expected->Reveal(RevealSecret{}), part(shared))) return false;
    }
  }
  return true;
}

const X25519Lanes* ActiveX25519() { return Chosen().load(std::memory_order_relaxed); }

bool X25519Fault() { return Best().fault; }

bool ForceX25519(const char* name) {
  const std::string_view wanted = name;
  const X25519Lanes* lanes = wanted == "auto" ? Best().lanes : wanted == "openssl" ? nullptr : Supported();
  if (wanted != "auto" && wanted != "openssl" && (lanes == nullptr || wanted != lanes->name)) return false;
  Chosen().store(lanes, std::memory_order_relaxed);
  return true;
}

}  // namespace cairn
