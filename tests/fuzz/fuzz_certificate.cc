// Any bytes as a certificate (DER and PEM), as a request and as an identity URI:
// refused with an id, or a value whose facts hold.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/check.h"
#include "privacy/crypto/certificate_builder.h"

namespace cairn {
namespace {

void Examine(const Certificate& certificate) {
  const auto identity = certificate.identity();
  if (identity.ok()) {
    CAIRN_CHECK(IsMemberName(identity->name) && IsMemberName(identity->federation), "names are names");
    CAIRN_CHECK(certificate.uris().front() == identity->uri(), "one identity, one URI");
  }
  const auto again = Certificate::FromPem(certificate.ToPem());
  CAIRN_CHECK(again.ok() && again->fingerprint() == certificate.fingerprint(), "PEM reads back");
  const Status verdict = VerifyChain(
      certificate, {{certificate}, {certificate}, certificate.validity().not_before, TlsSide::kClient});
  CAIRN_CHECK(verdict.ok() || !verdict.what().empty(), "a refusal says why");
}

}  // namespace
}  // namespace cairn

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;  // NOLINT: a program of its own
  const auto bytes = std::as_bytes(std::span(data, size));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto one = Certificate::FromDer(bytes); one.ok()) Examine(*one);
  if (const auto chain = Certificate::ChainFromPem(text); chain.ok()) {
    for (const Certificate& certificate : *chain) Examine(certificate);
  }
  const auto request = VerifyCertificateRequest(text);
  CAIRN_CHECK(request.ok() || request.status().id() == errors::kPossessionProof,
              "one id for every bad request");
  const auto identity = PeerIdentity::ParseUri(text);
  CAIRN_CHECK(!identity.ok() || identity->uri() == text, "one identity, one URI");
  return 0;
}
