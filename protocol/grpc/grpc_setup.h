#pragma once

namespace cairn {

// Makes TLS 1.2 and older impossible in this process: call at the top of main, before any other use
// of gRPC. gRPC 1.51 accepts 1.2 and has no setter; the one cipher this leaves to 1.2 needs an RSA
// certificate, which CheckTlsFiles (privacy/crypto) refuses. Sets GRPC_SSL_CIPHER_SUITES.
void ForbidOldTls();

}  // namespace cairn
