#include <gtest/gtest.h>

#include "loopback.h"
#include "protocol/grpc/inbox.h"
#include "raw_aggregator.h"

namespace cairn {
namespace {

constexpr JobId kJob{7};

TEST(HostileAggregatorTest, TalkingOnWhileAModelIsOnItsWayLosesTheSite) {
  Loopback loopback;
  const ParameterSpec spec = VectorSpec(1000);
  const ModelHandle model = MakeModel(spec, 1.0f);
  const RawAggregator aggregator(loopback.server_files(), [&](RawAggregator::Stream& stream) {
    RoundPlan plan;
    plan.key = {kJob, {1}, 1};
    plan.model_ref = model->ref;
    bool is_there = RawAggregator::Say(stream, plan);  // and the model never comes
    for (std::uint64_t i = 0; is_there && i < Inbox::kMaxMessages; ++i)
      is_there = RawAggregator::Say(stream, RoundClosed{{kJob, {2 + i}, 1}, false});
    RawAggregator::AwaitEnd(stream);
  });
  const auto channel = loopback.NewChannel(loopback.Member("site-a"), aggregator.port());
  ASSERT_TRUE(channel.ok()) << channel.status().ToString();
  (*channel)->LearnJob(kJob, spec);
  RecordingClient client;
  (*channel)->Open(client);
  ASSERT_TRUE(client.AwaitClosed());
  EXPECT_EQ(client.closed[0].id(), errors::kNetLost);
  EXPECT_NE(client.closed[0].what().find("1024 messages"), std::string::npos) << client.closed[0].what();
  EXPECT_TRUE(client.messages.empty());
}

}  // namespace
}  // namespace cairn
