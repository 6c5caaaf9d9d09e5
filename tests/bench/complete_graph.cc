#include "tests/bench/complete_graph.h"

#include <algorithm>
#include <optional>

#include "core/base/check.h"
#include "privacy/crypto/secure_random.h"
#include "privacy/secagg/client/sealed_share.h"
#include "privacy/secagg/shared/mask_kernel.h"
#include "privacy/secagg/shared/party.h"
#include "tests/bench/bench_seconds.h"

namespace cairn::secagg {
namespace {

// Only Fill is used: nonces.
class Nonces final : public Primitives {
 public:
  void Fill(std::span<std::byte> out) override { SecureRandom::FillBytes(out); }
  Signature Sign(std::span<const std::byte>) override { return {}; }
  bool Verifies(const VerifyKey&, std::span<const std::byte>, const Signature&) override { return false; }
  Result<SecretBytes> Derive(const Agreement& own, const AgreementPublic& peer) override {
    return own.Derive(peer);
  }
};

std::uint32_t CompleteThresholdOf(std::uint32_t n) { return 2 * n / 3 + 1; }

template <class Key>
SecretBytes Agree(const Key& own, const AgreementPublic& peer) {
  return std::move(own.Derive(peer)).value();
}

template <class Key>
std::vector<SecretBytes> AgreeWithAll(const Key& own, const std::vector<AgreementPublic>& peers) {
  return std::move(own.DeriveAll(peers)).value();
}

std::span<const std::byte, 32> First32(std::span<const std::byte> bytes) { return bytes.first<32>(); }

}  // namespace

CompleteClient::CompleteClient(std::uint32_t n) : cc_(Sha256::Of("bench")) {
  Nonces nonces;
  for (std::uint32_t v = 1; v < n; ++v) {
    const ShareKey theirs = ShareKey::Generate();
    Peer& peer = peers_.emplace_back();
    peer.share_key = theirs.public_key();
    peer.mask_key = MaskKey::Generate().public_key();
    const SecretBytes shares = SecureRandom::Secret(kWideBlock);
    const std::span<const std::byte> both = shares.Reveal(RevealSecret{});
    const AeadKey key = SealingKey(Agree(theirs, share_key_.public_key()), cc_, {v, peer.share_key},
                                   {0, share_key_.public_key()});
    peer.from_it = SealShares(nonces, key, cc_, {v, 0, 1}, both.first<32>(), both.subspan<32, 32>());
    peer.hashes[0] = ShareHash(cc_, v, 0, ShareKind::kMaskKey, both.first<32>());
    peer.hashes[1] = ShareHash(cc_, v, 0, ShareKind::kSelfMask, both.subspan<32, 32>());
  }
}

CompleteClient::Phases CompleteClient::Run(std::span<std::uint32_t> words) {
  Nonces nonces;
  const auto n = static_cast<std::uint32_t>(peers_.size() + 1);
  Phases seconds;
  std::vector<AeadKey> opening;
  std::vector<std::array<std::byte, kSealedShareBytes>> sealed;
  std::vector<Sha256Digest> hashes;
  SecretBytes own;
  seconds.deal = Seconds([&] {
    // The keys of this attempt; those the others know are made already.
    const ShareKey share_key = ShareKey::Generate();
    const MaskKey mask_key = MaskKey::Generate();
    own = SecureRandom::Secret(kWideBlock);  // s, b
    const std::uint32_t threshold = CompleteThresholdOf(n);
    const SecretBytes coefficients = SecureRandom::Secret((threshold - 1) * kWideBlock);
    const SecretBytes shares = WideSplit(own.Reveal(RevealSecret{}).first<kWideBlock>(), threshold, n,
                                         coefficients.Reveal(RevealSecret{}));
    std::vector<AgreementPublic> keys;
    for (const Peer& peer : peers_) keys.push_back(peer.share_key);
    const std::vector<SecretBytes> agreed = AgreeWithAll(share_key_, keys);
    for (std::uint32_t v = 1; v < n; ++v) {
      const Peer& peer = peers_[v - 1];
      const auto both = shares.Reveal(RevealSecret{}).subspan(v * kWideBlock).first<kWideBlock>();
      hashes.push_back(ShareHash(cc_, 0, v, ShareKind::kMaskKey, both.first<32>()));
      hashes.push_back(ShareHash(cc_, 0, v, ShareKind::kSelfMask, both.subspan<32, 32>()));
      const PairEnd here{0, share_key_.public_key()}, there{v, peer.share_key};
      sealed.push_back(SealShares(nonces, SealingKey(agreed[v - 1], cc_, here, there), cc_, {0, v, 1},
                                  both.first<32>(), both.subspan<32, 32>()));
      opening.push_back(SealingKey(agreed[v - 1], cc_, there, here));
    }
  });
  std::vector<OpenedShare> received;
  seconds.open = Seconds([&] {
    for (std::uint32_t v = 1; v < n; ++v) {
      const Peer& peer = peers_[v - 1];
      std::optional<OpenedShare> opened = OpenShares(opening[v - 1], cc_, v, 0, peer.from_it);
      CAIRN_CHECK(
          opened &&
              ShareHash(cc_, v, 0, ShareKind::kMaskKey, opened->of(ShareKind::kMaskKey)) == peer.hashes[0] &&
              ShareHash(cc_, v, 0, ShareKind::kSelfMask, opened->of(ShareKind::kSelfMask)) == peer.hashes[1],
          "what was sealed opens");
      received.push_back(std::move(*opened));
    }
  });
  seconds.mask = Seconds([&] {
    std::vector<AgreementPublic> others;
    for (const Peer& peer : peers_) others.push_back(peer.mask_key);
    const std::vector<SecretBytes> agreed = AgreeWithAll(mask_key_, others);
    std::vector<SecretBytes> keys;
    keys.push_back(SelfMaskKey(own.Reveal(RevealSecret{}).subspan<32, 32>(), cc_, 0));
    for (std::uint32_t v = 1; v < n; ++v) {
      keys.push_back(PairMaskKey(agreed[v - 1], cc_, {0, mask_key_.public_key()}, {v, others[v - 1]}));
    }
    std::vector<MaskTerm> terms;
    for (const SecretBytes& key : keys) terms.push_back({First32(key.Reveal(RevealSecret{})), false});
    AddMasks(terms, 0, words);
    // The answer: one share of each site.
    Bytes answer;
    for (const OpenedShare& share : received) {
      const auto part = share.of(ShareKind::kSelfMask);
      answer.insert(answer.end(), part.begin(), part.end());
    }
  });
  return seconds;
}

CompleteServer::CompleteServer(std::uint32_t n, std::uint32_t k, std::uint32_t lost)
    : n_(n),
      k_(k),
      lost_(lost),
      threshold_(k == 0 ? CompleteThresholdOf(n) : k / 2 + 1),
      rc_(Sha256::Of("rc")),
      cc_(Sha256::Of("bench")) {
  // Any blocks are shares of something: the secret is what they give together.
  const std::vector<std::uint16_t> weights = WideWeights(threshold_);
  for (std::uint32_t u = 0; u < n; ++u) {
    Site& site = sites_.emplace_back();
    site.shares = SecureRandom::Secret(threshold_ * kWideBlock);
    const SecretBytes both = WideCombine(weights, site.shares.Reveal(RevealSecret{}));
    site.mask_key = MaskKey::FromSecret(both.Reveal(RevealSecret{}).first<32>()).public_key();
    site.commitment = SelfCommitment(rc_, u, both.Reveal(RevealSecret{}).subspan<32, 32>());
  }
  for (std::uint32_t u = 0; u < lost_; ++u) agreements_ += SurvivingNeighbours(u).size();
}

// Lost sites stand apart from each other on the ring, as a random graph would have them.
std::vector<std::uint32_t> CompleteServer::SurvivingNeighbours(std::uint32_t lost_site) const {
  std::vector<std::uint32_t> result;
  if (k_ == 0) {
    for (std::uint32_t v = lost_; v < n_; ++v) result.push_back(v);
    return result;
  }
  const std::uint32_t survivors = n_ - lost_, wanted = k_ * survivors / n_;
  for (std::uint32_t i = 0; i < wanted; ++i) result.push_back(lost_ + (lost_site * 7 + i) % survivors);
  return result;
}

std::uint64_t CompleteServer::masks() const { return agreements_ + (n_ - lost_); }

UnmaskWork CompleteServer::Reconstruct(const ParallelFor& lanes) const {
  const std::vector<std::uint16_t> weights = WideWeights(threshold_);
  std::vector<std::vector<UnmaskWork::Term>> parts(n_);
  lanes(n_, [&](std::size_t i) {
    const auto u = static_cast<std::uint32_t>(i);
    const Site& site = sites_[u];
    const SecretBytes both = WideCombine(weights, site.shares.Reveal(RevealSecret{}));
    const std::span<const std::byte> secret = both.Reveal(RevealSecret{});
    if (u >= lost_) {
      CAIRN_CHECK(SelfCommitment(rc_, u, secret.subspan<32, 32>()) == site.commitment,
                  "b is the committed one");
      parts[i].push_back({SelfMaskKey(secret.subspan<32, 32>(), cc_, u), true});
      return;
    }
    const MaskKey key = MaskKey::FromSecret(secret.first<32>());
    CAIRN_CHECK(key.public_key() == site.mask_key, "s is the advertised one");
    const std::vector<std::uint32_t> survivors = SurvivingNeighbours(u);
    std::vector<AgreementPublic> others;
    for (const std::uint32_t v : survivors) others.push_back(sites_[v].mask_key);
    const std::vector<SecretBytes> agreed = AgreeWithAll(key, others);
    for (std::size_t j = 0; j < survivors.size(); ++j) {
      const std::uint32_t v = survivors[j];
      parts[i].push_back({PairMaskKey(agreed[j], cc_, {u, key.public_key()}, {v, others[j]}), v < u});
    }
  });
  UnmaskWork work;
  for (std::vector<UnmaskWork::Term>& part : parts) {
    for (UnmaskWork::Term& term : part) work.terms.push_back(std::move(term));
  }
  return work;
}

}  // namespace cairn::secagg
