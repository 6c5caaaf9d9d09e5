#pragma once

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "privacy/crypto/tls_files.h"

// TLS 1.3 with certificates on both sides, from files that are watched. Inside of protocol/grpc.

namespace cairn {

// The files were checked before (CheckTlsFiles).
std::shared_ptr<grpc::ServerCredentials> NewServerCredentials(const TlsFiles& files);
// Accepts only an aggregator of this federation whose certificate names the host that was dialled.
std::shared_ptr<grpc::ChannelCredentials> NewChannelCredentials(const TlsFiles& files,
                                                                const std::string& federation,
                                                                const std::string& host);

}  // namespace cairn
