#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "privacy/crypto/certificate.h"
#include "privacy/crypto/openssl_key.h"
#include "privacy/crypto/tcp_socket.h"
#include "privacy/crypto/verify_chain.h"

namespace cairn {

// A listening socket on loopback whose one connection is served by a function of the test, on a
// thread of its own. It ends when the client hangs up.
class LoopbackServer {
 public:
  explicit LoopbackServer(std::function<void(int)> serve) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 4);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, serve = std::move(serve)] {
      const int fd = accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      serve(fd);
      close(fd);
    });
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;
  ~LoopbackServer() {
    shutdown(listener_, SHUT_RDWR);  // frees an accept that nobody came for
    thread_.join();
    close(listener_);
  }
  std::uint16_t port() const { return port_; }
  static void DrainUntilClosed(int fd) {
    char buffer[256];
    while (read(fd, buffer, sizeof buffer) > 0) {
    }
  }

 private:
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

struct TlsServerTerms {
  std::vector<Certificate> chain;  // own first
  const PrivateKey& key;
  std::vector<Certificate> client_roots;
  bool says_why = true;                  // sends its alerts; gRPC 1.51 does not
  bool speaks_first = true;              // as gRPC does; else silent
  std::optional<int> highest_version{};  // TLS1_2_VERSION
};

// Accepts through memory, and hangs up on a failure without sending what OpenSSL wanted to say.
inline void ServeWithoutAlerts(SSL* ssl, int fd) {
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(in, -1);
  SSL_set_bio(ssl, in, out);
  for (;;) {
    const int result = SSL_accept(ssl);
    if (result <= 0 && SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ) return;
    char* data = nullptr;
    if (const long size = BIO_get_mem_data(out, &data); size > 0) {
      if (write(fd, data, static_cast<std::size_t>(size)) != size) return;
      BIO_reset(out);
    }
    char buffer[4096];
    const ssize_t got = result == 1 ? 0 : read(fd, buffer, sizeof buffer);
    if (got <= 0) return LoopbackServer::DrainUntilClosed(fd);
    BIO_write(in, buffer, static_cast<int>(got));
  }
}

// An OpenSSL server that demands a client certificate.
inline void ServeTls(const TlsServerTerms& terms, int fd) {
  const SigpipeBlocked quiet;
  const ossl::SslContext context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(context.get(), ToOpenSsl(terms.chain.front()).get());
  for (std::size_t i = 1; i < terms.chain.size(); ++i)
    SSL_CTX_add1_chain_cert(context.get(), ToOpenSsl(terms.chain[i]).get());
  SSL_CTX_use_PrivateKey(context.get(), ossl::KeyOf(terms.key));
  SSL_CTX_set_cert_store(context.get(), StoreOf(terms.client_roots).release());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  if (terms.highest_version) SSL_CTX_set_max_proto_version(context.get(), *terms.highest_version);
  const ossl::Ssl ssl(SSL_new(context.get()));
  if (!terms.says_why) return ServeWithoutAlerts(ssl.get(), fd);
  SSL_set_fd(ssl.get(), fd);
  if (SSL_accept(ssl.get()) == 1 && terms.speaks_first) SSL_write(ssl.get(), "x", 1);
  LoopbackServer::DrainUntilClosed(fd);
}

}  // namespace cairn
