#include "privacy/crypto/tls_probe.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/base/check.h"
#include "privacy/crypto/openssl_key.h"
#include "privacy/crypto/proxy_tunnel.h"
#include "privacy/crypto/tcp_socket.h"
#include "privacy/crypto/tls_diagnosis.h"
#include "privacy/crypto/verify_chain.h"

namespace cairn {
namespace {

bool IsSelfSigned(X509* cert) { return (X509_get_extension_flags(cert) & EXFLAG_SS) != 0; }

// With a pinned fingerprint the anchor comes out of the chain itself.
ossl::Chain PinnedAnchor(X509_STORE_CTX* context, Observations& seen) {
  ossl::Chain anchors(sk_X509_new_null());
  STACK_OF(X509)* shown = X509_STORE_CTX_get0_untrusted(context);
  for (int i = 0; i < sk_X509_num(shown); ++i) {
    X509* cert = sk_X509_value(shown, i);
    const Result<Certificate> parsed = FromOpenSsl(cert);
    if (!parsed.ok() || !IsSelfSigned(cert)) continue;
    if (parsed->fingerprint() == *seen.target.pinned_root) {
      X509_up_ref(cert);
      sk_X509_push(anchors.get(), cert);
    } else {
      seen.root_shown = true;
      seen.shown_root = parsed->fingerprint();
    }
  }
  if (sk_X509_num(anchors.get()) > 0) seen.root_shown = false;
  return anchors;
}

int VerifyServer(X509_STORE_CTX* context, void* user) {
  auto& seen = *static_cast<Observations*>(user);
  if (auto leaf = FromOpenSsl(X509_STORE_CTX_get0_cert(context)); leaf.ok())
    seen.leaf = std::move(leaf).value();
  ossl::Chain anchors;
  if (seen.target.pinned_root) {
    anchors = PinnedAnchor(context, seen);
    X509_STORE_CTX_set0_trusted_stack(context, anchors.get());
  }
  X509_STORE_CTX_set_time(context, 0, seen.target.now.time_since_epoch().count());
  AttachFaults(context, &seen.faults);
  const bool finished = X509_verify_cert(context) == 1;
  if (!finished && !seen.faults.any()) seen.faults.other = std::max(1, X509_STORE_CTX_get_error(context));
  return seen.faults.any() ? 0 : 1;
}

void NoteAlert(const SSL* ssl, int where, int value) {
  if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT || (value & 0xff) == SSL3_AD_CLOSE_NOTIFY) return;
  static_cast<Observations*>(SSL_get_app_data(ssl))->alert = value & 0xff;
}

Status UseIdentity(SSL_CTX* context, const ProbeTarget& target) {
  if (target.identity.empty()) return {};
  CAIRN_CHECK(target.key != nullptr, "an identity has a key");
  const Certificate& own = target.identity.front();
  if (own.public_key() != target.key->public_key()) {
    return Status(errors::kTlsKeyMismatch,
                  "our key does not belong to our certificate (" + own.names_text() + ")");
  }
  bool set = SSL_CTX_use_certificate(context, ToOpenSsl(own).get()) == 1 &&
             SSL_CTX_use_PrivateKey(context, ossl::KeyOf(*target.key)) == 1;
  for (std::size_t i = 1; i < target.identity.size(); ++i) {
    set = set && SSL_CTX_add1_chain_cert(context, ToOpenSsl(target.identity[i]).get()) == 1;
  }
  const std::string reason = ossl::LastErrorText();
  return set ? Status()
             : Status(errors::kTlsCertificate, "our certificate cannot be used for TLS: " + reason);
}

Result<ossl::SslContext> MakeContext(Observations& seen) {
  ossl::SslContext context(SSL_CTX_new(TLS_client_method()));
  CAIRN_CHECK(context && SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) == 1,
              "OpenSSL speaks TLS 1.3");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_store(context.get(), StoreOf(seen.target.roots).release());
  SSL_CTX_set_cert_verify_callback(context.get(), VerifyServer, &seen);
  SSL_CTX_set_info_callback(context.get(), NoteAlert);
  // gRPC servers hang up on clients that do not ask for HTTP/2.
  constexpr std::array<unsigned char, 3> kHttp2{2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context.get(), kHttp2.data(), kHttp2.size());
  CAIRN_RETURN_IF_ERROR(UseIdentity(context.get(), seen.target));
  return context;
}

ossl::Ssl MakeSession(SSL_CTX* context, const TcpSocket& socket, Observations& seen) {
  ossl::Ssl ssl(SSL_new(context));
  const std::string& host = seen.target.endpoint.host;
  // Nothing to read at first, so that our hello goes out and the answer can be looked at in the socket.
  BIO* nothing = BIO_new(BIO_s_mem());
  CAIRN_CHECK(ssl && nothing && SSL_set_wfd(ssl.get(), socket.fd()) == 1, "out of memory");
  BIO_set_mem_eof_return(nothing, -1);
  SSL_set0_rbio(ssl.get(), nothing);
  SSL_set_app_data(ssl.get(), &seen);
  if (IsIpAddress(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl.get(), host.c_str());
    SSL_set1_host(ssl.get(), host.c_str());
  }
  return ssl;
}

// Looks at the first bytes of the answer without taking them.
Status CheckSpeaksTls(const TcpSocket& socket, Duration timeout) {
  if (!socket.WaitReadable(After(timeout))) {
    return Status(errors::kNetLost, "it took the connection and did not answer our TLS hello in time")
        .Why("it is overloaded, or another service that waits for words we do not speak");
  }
  std::array<std::byte, 16> start;
  const ssize_t got = recv(socket.fd(), start.data(), start.size(), MSG_PEEK);
  if (got <= 0) {
    return Status(errors::kTlsHandshake, "it closed the connection at our TLS hello, without a word")
        .Why("a firewall or proxy that refuses TLS to this port, or a service that does not speak it");
  }
  const auto type = std::to_integer<std::uint8_t>(start[0]);
  const bool tls =
      (type == kHandshakeRecord || type == kAlertRecord) && (got < 2 || start[1] == std::byte{kTlsMajor});
  if (tls) return {};
  const auto shown = std::span(start).first(static_cast<std::size_t>(got));
  return Status(errors::kTlsPlaintextServer,
                "it answers in plaintext, not TLS: it began with " + Excerpt(shown));
}

// Runs a non-blocking step until it is done, fails or runs out of time; the result of SSL_get_error.
template <class Step>
int Drive(SSL* ssl, const TcpSocket& socket, Deadline deadline, Step step) {
  for (;;) {
    ERR_clear_error();
    const int result = step();
    const int state = result > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl, result);
    const bool waited = state == SSL_ERROR_WANT_READ    ? socket.WaitReadable(deadline)
                        : state == SSL_ERROR_WANT_WRITE ? socket.WaitWritable(deadline)
                                                        : false;
    if (!waited) return state;
  }
}

Status Handshake(SSL* ssl, const TcpSocket& socket, const Observations& seen) {
  const Deadline deadline = After(seen.target.handshake_timeout);
  SSL_set_connect_state(ssl);
  SSL_do_handshake(ssl);  // sends the hello
  CAIRN_RETURN_IF_ERROR(CheckSpeaksTls(socket, seen.target.handshake_timeout));
  SSL_set_rfd(ssl, socket.fd());
  const int state = Drive(ssl, socket, deadline, [ssl] { return SSL_do_handshake(ssl); });
  if (state == SSL_ERROR_NONE) return {};
  const std::string reason = ossl::LastErrorText();
  if (seen.faults.any() || seen.root_shown) return FromChain(seen);
  if (seen.alert >= 0) return FromAlert(seen);
  if (state == SSL_ERROR_WANT_READ || state == SSL_ERROR_WANT_WRITE) {
    return Status(errors::kNetLost, "it did not finish the TLS handshake in time");
  }
  return Status(errors::kTlsHandshake, "the TLS handshake failed: " + reason);
}

// The server's verdict on our certificate comes after the handshake: an alert, a hang-up,
// its first bytes, or silence.
Status AwaitVerdict(SSL* ssl, const TcpSocket& socket, const Observations& seen, const ProbeReport& report) {
  char byte = 0;
  const int state =
      Drive(ssl, socket, After(seen.target.alert_wait), [&] { return SSL_read(ssl, &byte, 1); });
  ERR_clear_error();
  if (seen.alert >= 0) return FromAlert(seen);
  if (state == SSL_ERROR_NONE || state == SSL_ERROR_WANT_READ || state == SSL_ERROR_WANT_WRITE) return {};
  return FromHangUp(seen, report);
}

Result<ProbeReport> ReportOn(SSL* ssl, const TcpSocket& socket, const ProbeTarget& target) {
  std::vector<Certificate> chain;
  STACK_OF(X509)* shown = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; i < sk_X509_num(shown); ++i) {
    CAIRN_ASSIGN_OR_RETURN(Certificate certificate, FromOpenSsl(sk_X509_value(shown, i)));
    chain.push_back(std::move(certificate));
  }
  STACK_OF(X509)* verified = SSL_get0_verified_chain(ssl);
  CAIRN_CHECK(!chain.empty() && sk_X509_num(verified) > 0, "a verified server has shown a certificate");
  CAIRN_ASSIGN_OR_RETURN(Certificate root, FromOpenSsl(sk_X509_value(verified, sk_X509_num(verified) - 1)));
  CAIRN_ASSIGN_OR_RETURN(PeerIdentity identity, chain.front().identity());
  if (identity.role != PeerRole::kAggregator) {
    return Status(errors::kTlsWrongName, "it is no aggregator: its certificate is " + identity.uri());
  }
  if (!target.federation.empty() && identity.federation != target.federation) {
    return Status(errors::kFederationMismatch,
                  "it belongs to " + identity.federation + ", expected " + target.federation);
  }
  return ProbeReport{socket.peer(), std::move(chain), std::move(root), std::move(identity),
                     SSL_get_version(ssl)};
}

Result<TcpSocket> Connect(const ProbeTarget& target) {
  if (!target.proxy.has_value()) return TcpSocket::Connect(target.endpoint, target.connect_timeout);
  Result<TcpSocket> socket = TcpSocket::Connect(target.proxy->endpoint, target.connect_timeout);
  const Status opened = socket.ok()
                            ? OpenTunnel(*socket, *target.proxy, target.endpoint, target.connect_timeout)
                            : std::move(socket).status();
  if (!opened.ok()) return Status(opened).Within("through the proxy " + target.proxy->url());
  return socket;
}

Result<ProbeReport> Probe(const ProbeTarget& target) {
  const SigpipeBlocked quiet;
  Observations seen{target};
  CAIRN_ASSIGN_OR_RETURN(const ossl::SslContext context, MakeContext(seen));
  CAIRN_ASSIGN_OR_RETURN(const TcpSocket socket, Connect(target));
  const ossl::Ssl ssl = MakeSession(context.get(), socket, seen);
  CAIRN_RETURN_IF_ERROR(Handshake(ssl.get(), socket, seen));
  CAIRN_ASSIGN_OR_RETURN(ProbeReport report, ReportOn(ssl.get(), socket, target));
  CAIRN_RETURN_IF_ERROR(AwaitVerdict(ssl.get(), socket, seen, report));
  SSL_shutdown(ssl.get());
  return report;
}

}  // namespace

Result<ProbeReport> ProbeTls(const ProbeTarget& target) {
  CAIRN_CHECK(!target.roots.empty() || target.pinned_root, "a probe needs roots or a pinned fingerprint");
  Result<ProbeReport> report = Probe(target);
  ERR_clear_error();
  if (!report.ok()) return std::move(report).status().Within("cannot use " + target.endpoint.text());
  return report;
}

}  // namespace cairn
