#pragma once

namespace cairn {

// Prepares this process for gRPC: call at the top of main, before any other use of it; later calls do
// nothing. It makes TLS 1.2 and older impossible: gRPC 1.51 accepts 1.2 and has no setter, and the one
// cipher this leaves to 1.2 needs an RSA certificate, which CheckTlsFiles (privacy/crypto) refuses
// (sets GRPC_SSL_CIPHER_SUITES). It sends gRPC's own lines to our log at debug level: what matters in
// them comes back as a Status.
void PrepareGrpc();

}  // namespace cairn
