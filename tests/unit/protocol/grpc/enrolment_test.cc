#include <gtest/gtest.h>

#include "loopback.h"
#include "protocol/grpc/enrol_once.h"

namespace cairn {
namespace {

struct ScriptedEnrolment final : EnrolmentHandler {
  EnrolAnswer OnEnrol(const PeerInfo& invite, const EnrolRequest& request) override {
    seen_invite = invite;
    seen = request;
    return answer;
  }
  EnrolAnswer answer;
  PeerInfo seen_invite;
  EnrolRequest seen;
};

class EnrolmentTest : public testing::Test {
 protected:
  EnrolmentTest()
      : server_(loopback_.NewServer([this](GrpcServerConfig& config) { config.enrolment = &centre_; })) {
    EXPECT_TRUE(server_->Start(aggregator_, catalog_).ok());
  }
  Result<EnrolAnswer> Enrol(PeerRole role) {
    return EnrolOnce({.aggregator = {"127.0.0.1", server_->port()},
                      .federation = "heartnet",
                      .tls = loopback_.Member("site-a", role)},
                     request_);
  }

  ScriptedEnrolment centre_;
  Loopback loopback_;
  TestCatalog catalog_;
  RecordingServer aggregator_;
  std::unique_ptr<GrpcServer> server_;
  EnrolRequest request_{"site-a", "csr", "key", "proof", "cairn test"};
};

TEST_F(EnrolmentTest, ApprovedNewcomerGetsWhatTheCentreGives) {
  centre_.answer = {EnrolState::kApproved, "chain", "roster", "root", {}};
  const auto answer = Enrol(PeerRole::kInvite);
  ASSERT_TRUE(answer.ok()) << answer.status().ToString();
  EXPECT_EQ(answer->state, EnrolState::kApproved);
  EXPECT_EQ(answer->certificate_chain_pem, "chain");
  EXPECT_EQ(answer->roster, "roster");
  EXPECT_EQ(answer->root_pem, "root");
  server_->Shutdown(Duration::zero());  // the centre has no thread left
  EXPECT_EQ(centre_.seen_invite.name, "site-a");
  EXPECT_EQ(centre_.seen_invite.role, "invite");
  EXPECT_EQ(centre_.seen.csr_pem, "csr");
  EXPECT_EQ(centre_.seen.signing_key_proof, "proof");
}

TEST_F(EnrolmentTest, PendingIsAnAnswer) {
  centre_.answer.state = EnrolState::kPending;
  const auto answer = Enrol(PeerRole::kInvite);
  ASSERT_TRUE(answer.ok()) << answer.status().ToString();
  EXPECT_EQ(answer->state, EnrolState::kPending);
}

TEST_F(EnrolmentTest, RefusalCarriesItsReason) {
  centre_.answer.reason = Status(errors::kInviteUsed, "used from another machine");
  const auto answer = Enrol(PeerRole::kInvite);
  ASSERT_TRUE(answer.ok()) << answer.status().ToString();
  EXPECT_EQ(answer->state, EnrolState::kRefused);
  EXPECT_EQ(answer->reason.id(), errors::kInviteUsed);
}

TEST_F(EnrolmentTest, MembersAreNotServed) {
  centre_.answer.state = EnrolState::kApproved;
  const auto answer = Enrol(PeerRole::kSite);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->state, EnrolState::kRefused);
  EXPECT_EQ(answer->reason.id(), errors::kWrongRole);
  EXPECT_TRUE(centre_.seen.csr_pem.empty());
}

TEST_F(EnrolmentTest, OverlongFieldNeverReachesTheHandler) {
  request_.csr_pem = std::string(20 << 10, 'x');
  EXPECT_EQ(Enrol(PeerRole::kInvite)->reason.id(), errors::kNetProtocol);
  EXPECT_TRUE(centre_.seen.csr_pem.empty());
}

TEST_F(EnrolmentTest, InviteHasNoSession) {
  RecordingClient client;
  const auto channel =
      loopback_.NewChannel(loopback_.Member("invite-1", PeerRole::kInvite), server_->port()).value();
  channel->Open(client);
  ASSERT_TRUE(client.AwaitClosed());
  EXPECT_EQ(client.closed[0].id(), errors::kWrongRole);
}

}  // namespace
}  // namespace cairn
