#include "protocol/grpc/enrol_once.h"

#include <grpcpp/client_context.h>

#include <utility>

#include "cairn/v1/federation.grpc.pb.h"
#include "protocol/grpc/dial.h"
#include "protocol/grpc/grpc_setup.h"
#include "protocol/messages/limits.h"

namespace cairn {
namespace {

v1::EnrolRequest ToWire(const EnrolRequest& request) {
  v1::EnrolRequest out;
  out.set_invite(request.invite);
  out.set_csr_pem(request.csr_pem);
  out.set_signing_key(request.signing_key);
  out.set_signing_key_proof(request.signing_key_proof);
  out.set_software(request.software);
  return out;
}

Result<EnrolAnswer> FromWire(const v1::EnrolResponse& in) {
  if (in.state() < v1::ENROL_STATE_PENDING || in.state() > v1::ENROL_STATE_REFUSED) {
    return Status(errors::kNetProtocol, "the aggregator answered with an unknown state of enrolment");
  }
  EnrolAnswer answer{.state = static_cast<EnrolState>(in.state()),
                     .certificate_chain_pem = in.certificate_chain_pem(),
                     .roster = in.roster(),
                     .root_pem = in.root_pem(),
                     .reason = {}};
  if (answer.state == EnrolState::kRefused) {
    const bool known =
        in.reason_id() <= 9999 && FindError({static_cast<std::uint16_t>(in.reason_id())}) != nullptr;
    const ErrorId id = known ? ErrorId{static_cast<std::uint16_t>(in.reason_id())} : errors::kNetProtocol;
    answer.reason = Status(id, in.reason().substr(0, kMaxReasonBytes));
  }
  return answer;
}

}  // namespace

Result<EnrolAnswer> EnrolOnce(const EnrolTarget& target, const EnrolRequest& request) {
  PrepareGrpc();
  const DialTarget peer{target.aggregator, target.federation, target.tls, target.proxy};
  const auto stub = v1::Enrolment::NewStub(Dial(peer));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::duration_cast<std::chrono::system_clock::duration>(target.deadline));
  v1::EnrolResponse response;
  const grpc::Status status = stub->Enrol(&context, ToWire(request), &response);
  if (status.ok()) return FromWire(response);
  CAIRN_RETURN_IF_ERROR(Diagnose(peer));
  return Status(errors::kNetLost, "the enrolment call failed: " + status.error_message());
}

}  // namespace cairn
