#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "privacy/crypto/certificate_builder.h"

namespace cairn {

// A federation in memory: root and issuer of its own, valid for a year around now.
struct TestFederation {
  std::string name = "heartnet";
  UnixTime now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  Validity validity{now - std::chrono::hours(1), now + std::chrono::days(90)};
  Validity long_validity{now - std::chrono::days(400), now + std::chrono::days(4000)};
  RootKey root_key = RootKey::Generate();
  IssuerKey issuer_key = IssuerKey::Generate();
  Certificate root = MakeRootCertificate(root_key, name, long_validity).value();
  Certificate issuer =
      MakeIssuerCertificate(root_key, root, issuer_key.public_key(), name, long_validity).value();

  Certificate Leaf(PeerRole role, std::string member, const PublicKey& key) const {
    return Leaf(role, std::move(member), key, validity);
  }
  Certificate Leaf(PeerRole role, std::string member, const PublicKey& key, Validity when) const {
    return MakeLeafCertificate(issuer_key, issuer, key, {{name, role, std::move(member)}, when, {}}).value();
  }
  Certificate Server(const PublicKey& key, std::vector<std::string> names) const {
    return Server(key, names, validity);
  }
  Certificate Server(const PublicKey& key, std::vector<std::string> names, Validity when) const {
    return MakeLeafCertificate(issuer_key, issuer, key,
                               {{name, PeerRole::kAggregator, "main"}, when, std::move(names)})
        .value();
  }
  ChainTerms Terms(TlsSide side) const { return {{root}, {issuer}, now, side}; }
};

}  // namespace cairn
