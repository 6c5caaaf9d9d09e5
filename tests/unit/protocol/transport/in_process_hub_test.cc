#include "protocol/transport/in_process_hub.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <thread>

#include "core/tensor/exact_sum.h"
#include "protocol/messages/blob_ref.h"

namespace cairn {
namespace {

constexpr JobId kJob{7};

struct ScriptedServer final : ServerHandler {
  void OnOpen(SessionId session, PeerInfo peer) override {
    log.push_back("open " + peer.name);
    sessions.push_back(session);
  }
  void OnMessage(SessionId session, ClientMessage message) override {
    log.push_back("message " + std::to_string(message.index()));
    messages.push_back(std::move(message));
    if (on_message) on_message(session);
  }
  void OnClose(SessionId, Status reason) override {
    log.push_back("close " + reason.ToString().substr(0, 10));
  }
  std::function<void(SessionId)> on_message;
  std::vector<std::string> log;
  std::vector<SessionId> sessions;
  std::vector<ClientMessage> messages;
};

struct ScriptedClient final : ClientHandler {
  void OnOpen() override {
    ++opened;
    if (on_open) on_open();
  }
  void OnMessage(ServerMessage message) override { messages.push_back(std::move(message)); }
  void OnClose(Status reason) override { closed.push_back(std::move(reason)); }
  std::function<void()> on_open;
  int opened = 0;
  std::vector<ServerMessage> messages;
  std::vector<Status> closed;
};

struct OneJob final : BlobCatalog {
  Result<UpdateLayout> LayoutFor(JobId job) const override {
    if (job == kJob) return LayoutOf(spec);
    return Status(errors::kNotFound, "no such job");
  }
  ModelHandle FindModel(const BlobRef& ref) const override { return model->ref == ref ? model : nullptr; }
  OneJob() {
    ParameterSet values(spec);
    for (std::size_t i = 0; i < values.floats().size(); ++i) values.floats()[i] = static_cast<float>(i);
    const BlobRef ref = BlobRefOf(values.bytes());
    model = std::make_shared<const ModelVersion>(ModelVersion{ref, std::move(values)});
  }
  ParameterSpec spec = ParameterSpec::Create({{"w", {300'000}, Role::kParameter, Scope::kExchanged},
                                              {"m", {3}, Role::kBuffer, Scope::kExchanged},
                                              {"n", {}, Role::kCounter, Scope::kExchanged}})
                           .value();
  ModelHandle model;
};

struct TrainedUpdate final : UpdatePayload {
  explicit TrainedUpdate(float value)
      : local(300'000, value), base(300'000, 1.0f), buffers(3, 2.0f), base_buffers(3, 0.5f), counters(1, 9) {}
  UpdateView view() const override { return {local, base, buffers, base_buffers, counters, 0.5f, 0.25}; }
  std::vector<float> local, base, buffers, base_buffers;
  std::vector<std::int64_t> counters;
};

class InProcessHubTest : public testing::TestWithParam<TransportMode> {
 protected:
  InProcessHubTest() : hub_(GetParam()), channel_(hub_.NewChannel({"f", "site", "site-0"})) {
    EXPECT_TRUE(hub_.server().Start(server_, catalog_).ok());
    channel_->LearnJob(kJob, catalog_.spec);
  }
  bool is_wire() const { return GetParam() == TransportMode::kWire; }
  Report TrainReport(float value) {
    Report report;
    report.key = {kJob, {1}, 1};
    report.layout_hash = LayoutOf(catalog_.spec).hash;
    report.update = std::make_shared<TrainedUpdate>(value);
    return report;
  }

  OneJob catalog_;
  ScriptedServer server_;
  ScriptedClient client_;
  InProcessHub hub_;
  std::unique_ptr<ClientChannel> channel_;
};

TEST_P(InProcessHubTest, DeliversBeforeTheCallReturns) {
  channel_->Open(client_);
  EXPECT_EQ(client_.opened, 1);
  channel_->Send(Heartbeat{{kJob, {1}, 1}, 5});
  EXPECT_EQ(std::get<Heartbeat>(server_.messages.at(0)).progress, 5);
  hub_.server().Send(server_.sessions[0], RoundClosed{{kJob, {1}, 1}, true});
  EXPECT_TRUE(std::get<RoundClosed>(client_.messages.at(0)).committed);
  channel_->Close();
  EXPECT_EQ(server_.log, (std::vector<std::string>{"open site-0", "message 2", "close OK"}));
  EXPECT_TRUE(client_.closed.at(0).ok());
}

TEST_P(InProcessHubTest, HandlersAreNeverEnteredTwice) {
  bool inside = false;
  server_.on_message = [&](SessionId session) {
    EXPECT_FALSE(inside);
    inside = true;
    hub_.server().Send(session, RoundClosed{});  // answered at once, delivered after we return
    EXPECT_TRUE(client_.messages.empty());
    inside = false;
  };
  client_.on_open = [&] { channel_->Send(Heartbeat{}); };
  channel_->Open(client_);
  EXPECT_EQ(client_.messages.size(), 1u);
}

TEST_P(InProcessHubTest, UpdateKeepsItsNumbers) {
  channel_->Open(client_);
  channel_->Send(TrainReport(3.0f));
  const auto& report = std::get<Report>(server_.messages.at(0));
  ASSERT_TRUE(report.fault.ok()) << report.fault.ToString();
  const UpdateView view = report.update->view();
  EXPECT_EQ(view.scale, 0.5f);
  EXPECT_EQ(view.weight, 0.25);
  Partial got(LayoutOf(catalog_.spec)), expected(LayoutOf(catalog_.spec));
  Accumulate(std::span(&view, 1), got);
  const TrainedUpdate sent(3.0f);
  const UpdateView sent_view = sent.view();
  Accumulate(std::span(&sent_view, 1), expected);
  EXPECT_EQ(got.parameters, expected.parameters);
  EXPECT_EQ(got.buffers, expected.buffers);
  EXPECT_EQ(got.counters, expected.counters);
  EXPECT_EQ(view.base_parameters.empty(), is_wire());  // on the wire only the difference travels
}

TEST_P(InProcessHubTest, PlanComesWithItsModel) {
  channel_->Open(client_);
  RoundPlan plan;
  plan.key = {kJob, {1}, 1};
  plan.model_ref = catalog_.model->ref;
  hub_.server().Send(server_.sessions[0], plan);
  hub_.server().Send(server_.sessions[0], plan);
  ASSERT_EQ(client_.messages.size(), 2u);
  const ModelHandle first = std::get<RoundPlan>(client_.messages[0]).model;
  ASSERT_NE(first, nullptr);
  EXPECT_TRUE(std::ranges::equal(first->values.bytes(), catalog_.model->values.bytes()));
  EXPECT_EQ(first == catalog_.model, !is_wire());                    // wire: nothing aliases
  EXPECT_EQ(std::get<RoundPlan>(client_.messages[1]).model, first);  // fetched once
}

TEST_P(InProcessHubTest, CutIsHeardOnBothSidesOnceAndNothingAfterIt) {
  channel_->Open(client_);
  hub_.Cut(server_.sessions[0], Status(errors::kNetLost, "cable"));
  channel_->Send(Heartbeat{});
  hub_.server().Send(server_.sessions[0], RoundClosed{});
  hub_.server().Close(server_.sessions[0], Status());
  EXPECT_EQ(server_.log, (std::vector<std::string>{"open site-0", "close CAIRN-2103"}));
  ASSERT_EQ(client_.closed.size(), 1u);
  EXPECT_EQ(client_.closed[0].id(), errors::kNetLost);
  EXPECT_TRUE(client_.messages.empty());
}

TEST_P(InProcessHubTest, ChannelOpensAgainAsANewSession) {
  channel_->Open(client_);
  channel_->Close();
  channel_->Open(client_);
  EXPECT_EQ(client_.opened, 2);
  EXPECT_NE(server_.sessions.at(0), server_.sessions.at(1));
}

TEST_P(InProcessHubTest, ShutdownAndTheEndOfAChannelCloseSessions) {
  ScriptedClient second;
  auto other = hub_.NewChannel({"f", "site", "site-1"});
  channel_->Open(client_);
  other->Open(second);
  other.reset();
  EXPECT_EQ(server_.log.back(), "close OK");
  EXPECT_TRUE(second.closed.empty());  // its handler may be gone
  hub_.server().Shutdown(Duration::zero());
  EXPECT_EQ(client_.closed.size(), 1u);
}

TEST_P(InProcessHubTest, CallsFromManyThreadsAllArrive) {
  channel_->Open(client_);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) channel_->Send(Heartbeat{});
      });
    }
  }
  EXPECT_EQ(server_.messages.size(), 800u);
}

INSTANTIATE_TEST_SUITE_P(Modes, InProcessHubTest,
                         testing::Values(TransportMode::kDirect, TransportMode::kWire),
                         [](const auto& instance) {
                           return instance.param == TransportMode::kWire ? "Wire" : "Direct";
                         });

// ---- what only the wire does

class WireHubTest : public InProcessHubTest {};

TEST_P(WireHubTest, BadNumbersAndLayoutsArriveAsFaults) {
  channel_->Open(client_);
  channel_->Send(TrainReport(std::numeric_limits<float>::quiet_NaN()));
  channel_->Send(TrainReport(5000.0f));
  Report other = TrainReport(1.0f);
  other.layout_hash ^= 1;
  channel_->Send(other);
  Report unknown = TrainReport(1.0f);
  unknown.key.job = {8};
  channel_->Send(unknown);
  std::vector<ErrorId> faults;
  for (const auto& message : server_.messages) faults.push_back(std::get<Report>(message).fault.id());
  EXPECT_EQ(faults, (std::vector{errors::kUpdateNotFinite, errors::kUpdateRange, errors::kUpdateLayout,
                                 errors::kNotFound}));
}

TEST_P(WireHubTest, WhatAPeerCouldNotSendEndsTheSession) {
  channel_->Open(client_);
  channel_->Send(RoundDecline{{}, 1, std::string(2 << 20, 'x')});
  ASSERT_EQ(client_.closed.size(), 1u);
  EXPECT_EQ(client_.closed[0].id(), errors::kNetProtocol);
  EXPECT_EQ(server_.log.back(), "close CAIRN-2106");
}

INSTANTIATE_TEST_SUITE_P(Wire, WireHubTest, testing::Values(TransportMode::kWire));

}  // namespace
}  // namespace cairn
