#include "protocol/grpc/enrolment_service.h"

#include "protocol/messages/limits.h"

namespace cairn {
namespace {

constexpr std::size_t kMaxPem = std::size_t{16} << 10;
constexpr std::size_t kMaxKey = 128;

bool IsWithinLimits(const v1::EnrolRequest& request) {
  return request.invite().size() <= kMaxNameBytes && request.software().size() <= kMaxNameBytes &&
         request.csr_pem().size() <= kMaxPem && request.signing_key().size() <= kMaxKey &&
         request.signing_key_proof().size() <= kMaxKey;
}

EnrolRequest FromWire(const v1::EnrolRequest& in) {
  return {.invite = in.invite(),
          .csr_pem = in.csr_pem(),
          .signing_key = in.signing_key(),
          .signing_key_proof = in.signing_key_proof(),
          .software = in.software()};
}

void ToWire(const EnrolAnswer& answer, v1::EnrolResponse* out) {
  out->set_state(static_cast<v1::EnrolState>(answer.state));
  out->set_certificate_chain_pem(answer.certificate_chain_pem);
  out->set_roster(answer.roster);
  out->set_root_pem(answer.root_pem);
  out->set_reason_id(answer.reason.id().value);
  out->set_reason(answer.reason.what());
}

EnrolAnswer Refuse(Status reason) {
  EnrolAnswer answer;
  answer.reason = std::move(reason);
  return answer;
}

}  // namespace

grpc::ServerUnaryReactor* EnrolmentService::Enrol(grpc::CallbackServerContext* context,
                                                  const v1::EnrolRequest* request,
                                                  v1::EnrolResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const auto answer = [reactor, response](const EnrolAnswer& value) {
    ToWire(value, response);
    reactor->Finish(grpc::Status::OK);
    return reactor;
  };
  const auto peer = peer_of_(*context);
  if (!peer.ok()) return answer(Refuse(peer.status()));
  if (peer->role != PeerRole::kInvite || handler_ == nullptr) {
    return answer(Refuse(
        Status(errors::kWrongRole, "enrolment serves invites, this certificate is for " + peer->uri())));
  }
  if (!IsWithinLimits(*request))
    return answer(Refuse(Status(errors::kNetProtocol, "an enrolment field is too long")));
  lanes_.SubmitAny([this, answer, peer = *peer, fields = FromWire(*request)](std::size_t) {
    answer(handler_->OnEnrol({peer.federation, std::string(ToString(peer.role)), peer.name}, fields));
  });
  return reactor;
}

}  // namespace cairn
