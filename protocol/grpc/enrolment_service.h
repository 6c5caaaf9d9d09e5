#pragma once

#include <functional>

#include "cairn/v1/federation.grpc.pb.h"
#include "core/base/result.h"
#include "core/runtime/lane_pool.h"
#include "privacy/crypto/peer_identity.h"
#include "protocol/transport/enrolment.h"

// Inside of protocol/grpc.

namespace cairn {

// Serves newcomers: only a certificate whose role is `invite` gets as far as the handler.
class EnrolmentService final : public v1::Enrolment::CallbackService {
 public:
  using PeerOf = std::function<Result<PeerIdentity>(const grpc::CallbackServerContext&)>;
  EnrolmentService(EnrolmentHandler* handler, PeerOf peer_of, LanePool& lanes)
      : handler_(handler), peer_of_(std::move(peer_of)), lanes_(lanes) {}

  grpc::ServerUnaryReactor* Enrol(grpc::CallbackServerContext* context, const v1::EnrolRequest* request,
                                  v1::EnrolResponse* response) override;

 private:
  EnrolmentHandler* const handler_;
  const PeerOf peer_of_;
  LanePool& lanes_;
};

}  // namespace cairn
