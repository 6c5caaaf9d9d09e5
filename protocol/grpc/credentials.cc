#include "protocol/grpc/credentials.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "privacy/crypto/peer_identity.h"

namespace cairn {
namespace {

namespace tls = grpc::experimental;

constexpr unsigned kWatchSeconds = 1;

std::shared_ptr<tls::FileWatcherCertificateProvider> Watch(const TlsFiles& files) {
  return std::make_shared<tls::FileWatcherCertificateProvider>(files.key.string(), files.certificate.string(),
                                                               files.roots.string(), kWatchSeconds);
}

// Newer releases of gRPC can be told directly.
template <class Options>
void RequireTls13(Options& options) {
  if constexpr (requires { options.set_min_tls_version(TLS1_3); }) options.set_min_tls_version(TLS1_3);
}

std::string_view View(grpc::string_ref ref) { return {ref.data(), ref.size()}; }

bool EqualNames(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

// The chain is judged by TLS itself; this asks who the peer says it is. No wildcards: an aggregator
// has a name of its own.
class AggregatorVerifier final : public tls::ExternalCertificateVerifier {
 public:
  AggregatorVerifier(std::string federation, std::string host)
      : federation_(std::move(federation)), host_(std::move(host)) {}

  bool Verify(tls::TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* sync_status) override {
    if (!IsAggregator(*request)) {
      *sync_status =
          grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "the peer is not this federation's aggregator");
    } else if (!HasName(*request)) {
      *sync_status =
          grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "the peer's certificate is for other names");
    } else {
      *sync_status = grpc::Status::OK;
    }
    return true;
  }
  void Cancel(tls::TlsCustomVerificationCheckRequest*) override {}

 private:
  bool IsAggregator(const tls::TlsCustomVerificationCheckRequest& request) const {
    const auto uris = request.uri_names();
    if (uris.size() != 1) return false;
    const auto identity = PeerIdentity::ParseUri(View(uris[0]));
    return identity.ok() && identity->role == PeerRole::kAggregator && identity->federation == federation_;
  }
  bool HasName(const tls::TlsCustomVerificationCheckRequest& request) const {
    const auto is_host = [this](grpc::string_ref name) { return EqualNames(View(name), host_); };
    return std::ranges::any_of(request.dns_names(), is_host) ||
           std::ranges::any_of(request.ip_names(), is_host);
  }

  const std::string federation_, host_;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> NewServerCredentials(const TlsFiles& files) {
  tls::TlsServerCredentialsOptions options(Watch(files));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  RequireTls13(options);
  return tls::TlsServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> NewChannelCredentials(const TlsFiles& files,
                                                                const std::string& federation,
                                                                const std::string& host) {
  tls::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(Watch(files));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(true);
  options.set_certificate_verifier(
      tls::ExternalCertificateVerifier::Create<AggregatorVerifier>(federation, host));
  options.set_check_call_host(false);  // the verifier has done it, also for addresses
  RequireTls13(options);
  return tls::TlsCredentials(options);
}

}  // namespace cairn
