#include "privacy/crypto/enrolment.h"

#include "privacy/crypto/certificate_builder.h"
#include "privacy/crypto/transcript.h"

namespace cairn {
namespace {

Bytes PossessionBytes(std::string_view federation, std::string_view name, const std::string& request,
                      const VerifyKey& key) {
  TranscriptWriter writer("cairn-enrolment-1/possession");
  return writer.Text(federation).Text(name).Text(request).Fixed(key.bytes).bytes();
}

}  // namespace

EnrolmentRequest MakeEnrolmentRequest(std::string_view federation, std::string_view name,
                                      const TlsKey& tls_key, const SigningKey& signing_key) {
  EnrolmentRequest request{MakeCertificateRequest(tls_key, name), signing_key.verify_key(), {}};
  request.possession =
      signing_key.Sign(PossessionBytes(federation, name, request.certificate_request, request.signing_key));
  return request;
}

Sha256Digest EnrolledKeys::digest() const {
  return TranscriptWriter("cairn-enrolment-1/keys").Blob(tls_key.der).Fixed(signing_key.bytes).Digest();
}

Result<EnrolledKeys> VerifyEnrolmentRequest(const EnrolmentRequest& request, std::string_view federation,
                                            std::string_view name) {
  CAIRN_ASSIGN_OR_RETURN(PublicKey tls_key, VerifyCertificateRequest(request.certificate_request));
  const Bytes signed_bytes =
      PossessionBytes(federation, name, request.certificate_request, request.signing_key);
  if (!request.signing_key.Verifies(signed_bytes, request.possession)) {
    return Status(errors::kPossessionProof,
                  "the request of " + std::string(name) + " is not signed by the signing key that it names");
  }
  return EnrolledKeys{std::move(tls_key), request.signing_key};
}

Sha256Digest EnrolmentHash(const EnrolmentView& view) {
  TranscriptWriter writer("cairn-enrolment-1/words");
  writer.Text(view.federation).Text(view.name).Fixed(view.site.digest().bytes).Fixed(view.root.bytes);
  return writer.Blob(view.aggregator_tls.der).Digest();
}

}  // namespace cairn
