#include <gtest/gtest.h>

#include "loopback.h"

namespace cairn {
namespace {

constexpr JobId kJob{7};

class GrpcSessionTest : public testing::Test {
 protected:
  void StartServer(std::function<void(GrpcServerConfig&)> adjust = {}) {
    server_ = loopback_.NewServer(std::move(adjust));
    const Status status = server_->Start(aggregator_, catalog_);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }
  std::unique_ptr<GrpcClientChannel> Join(RecordingClient& client, const TlsFiles& files,
                                          std::uint16_t port = 0) {
    auto channel = loopback_.NewChannel(files, port == 0 ? server_->port() : port);
    EXPECT_TRUE(channel.ok()) << channel.status().ToString();
    (*channel)->Open(client);
    return std::move(*channel);
  }
  SessionId LastSession() const { return aggregator_.opened.back().first; }

  Report TrainReportFor(std::shared_ptr<TestUpdate> update, const ParameterSpec& spec) {
    Report report;
    report.key = {kJob, {1}, 1};
    report.examples = 10;
    report.layout_hash = LayoutOf(spec).hash;
    report.update = std::move(update);
    return report;
  }

  Loopback loopback_;
  TestCatalog catalog_;
  RecordingServer aggregator_;
  std::unique_ptr<GrpcServer> server_;
};

TEST_F(GrpcSessionTest, MessagesGoBothWaysUnderTheCertificatesName) {
  StartServer();
  RecordingClient client;
  const auto channel = Join(client, loopback_.Member("site-a"));
  ASSERT_TRUE(client.AwaitOpened());
  EXPECT_EQ(aggregator_.opened[0].second.name, "site-a");
  EXPECT_EQ(aggregator_.opened[0].second.role, "site");
  EXPECT_EQ(aggregator_.opened[0].second.federation, "heartnet");
  channel->Send(HelloOf("site-a"));
  channel->Send(Heartbeat{{kJob, {3}, 1}, 42});
  ASSERT_TRUE(aggregator_.AwaitMessages(2));
  EXPECT_EQ(std::get<Hello>(aggregator_.messages[0]).software, "cairn test");
  EXPECT_EQ(std::get<Heartbeat>(aggregator_.messages[1]).progress, 42);
  server_->Send(LastSession(), Welcome{1, "aggregator", LastSession(), std::chrono::seconds(15)});
  ASSERT_TRUE(client.AwaitMessages(1));
  EXPECT_EQ(std::get<Welcome>(client.messages[0]).heartbeat, std::chrono::seconds(15));
  channel->Close();
  ASSERT_TRUE(client.AwaitClosed());
  EXPECT_TRUE(client.closed[0].ok()) << client.closed[0].ToString();
  ASSERT_TRUE(aggregator_.AwaitClosed(1));
  EXPECT_TRUE(aggregator_.closed[0].second.ok());
}

TEST_F(GrpcSessionTest, UpdateArrivesWholeAndChecked) {
  StartServer();
  const ParameterSpec spec = VectorSpec(700'001);  // several chunks and a tail
  catalog_.specs[kJob] = spec;
  RecordingClient client;
  const auto channel = Join(client, loopback_.Member("site-a"));
  const auto update = std::make_shared<TestUpdate>(spec, -3.0f, 0.001f);
  channel->Send(HelloOf("site-a"));
  channel->Send(TrainReportFor(update, spec));
  ASSERT_TRUE(aggregator_.AwaitMessages(2));
  const auto& report = std::get<Report>(aggregator_.messages[1]);
  ASSERT_TRUE(report.fault.ok()) << report.fault.ToString();
  ASSERT_NE(report.update, nullptr);
  const UpdateView view = report.update->view();
  EXPECT_EQ(view.scale, 0.5f);
  EXPECT_EQ(view.weight, 0.25);
  EXPECT_TRUE(std::ranges::equal(view.local_parameters, update->values()));
  EXPECT_EQ(channel->counters().bytes_sent, update->values().size() * 4);
}

TEST_F(GrpcSessionTest, SpoolKeepsOneSpareUntilTheSessionEnds) {
  StartServer();
  const ParameterSpec spec = VectorSpec(1000);
  catalog_.specs[kJob] = spec;
  RecordingClient client;
  const auto channel = Join(client, loopback_.Member("site-a"));
  channel->Send(HelloOf("site-a"));
  const auto spool = loopback_.folder() / "state/spool/site-a";
  for (int round = 0; round < 3; ++round) {
    channel->Send(TrainReportFor(std::make_shared<TestUpdate>(spec, 0.1f * round, 1.0f), spec));
    ASSERT_TRUE(aggregator_.AwaitMessages(round == 0 ? 2 : 1));
    EXPECT_FALSE(std::filesystem::exists(spool / "spare"));
    aggregator_.messages.clear();
    EXPECT_TRUE(std::filesystem::exists(spool / "spare"));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(spool), {}), 1);
  }
  channel->Close();
  ASSERT_TRUE(aggregator_.AwaitClosed(1));
  EXPECT_TRUE(std::filesystem::is_empty(spool));
}

TEST_F(GrpcSessionTest, UpdateLetGoAfterTheSessionLeavesNothing) {
  StartServer();
  const ParameterSpec spec = VectorSpec(1000);
  catalog_.specs[kJob] = spec;
  RecordingClient client;
  const auto channel = Join(client, loopback_.Member("site-a"));
  channel->Send(HelloOf("site-a"));
  channel->Send(TrainReportFor(std::make_shared<TestUpdate>(spec, 0.0f, 1.0f), spec));
  ASSERT_TRUE(aggregator_.AwaitMessages(2));
  channel->Close();
  ASSERT_TRUE(aggregator_.AwaitClosed(1));
  aggregator_.messages.clear();
  EXPECT_TRUE(std::filesystem::is_empty(loopback_.folder() / "state/spool/site-a"));
}

TEST_F(GrpcSessionTest, UpdateStillInUseIsNotOverwrittenByTheNext) {
  StartServer();
  const ParameterSpec spec = VectorSpec(700'001);
  catalog_.specs[kJob] = spec;
  RecordingClient client;
  const auto channel = Join(client, loopback_.Member("site-a"));
  channel->Send(HelloOf("site-a"));
  std::vector<std::shared_ptr<TestUpdate>> updates;
  for (int i = 0; i < 3; ++i) {
    updates.push_back(std::make_shared<TestUpdate>(spec, -3.0f, 0.001f * (i + 1)));
    channel->Send(TrainReportFor(updates.back(), spec));
  }
  ASSERT_TRUE(aggregator_.AwaitMessages(4));
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& report = std::get<Report>(aggregator_.messages[i + 1]);
    ASSERT_TRUE(report.fault.ok()) << report.fault.ToString();
    EXPECT_TRUE(std::ranges::equal(report.update->view().local_parameters, updates[i]->values()));
  }
}

TEST_F(GrpcSessionTest, DivergedUpdateArrivesAsAFault) {
  StartServer();
  const ParameterSpec spec = VectorSpec(1000);
  catalog_.specs[kJob] = spec;
  RecordingClient client;
  const auto channel = Join(client, loopback_.Member("site-a"));
  channel->Send(HelloOf("site-a"));
  channel->Send(TrainReportFor(
      std::make_shared<TestUpdate>(spec, std::numeric_limits<float>::quiet_NaN(), 0.0f), spec));
  ASSERT_TRUE(aggregator_.AwaitMessages(2));
  const auto& report = std::get<Report>(aggregator_.messages[1]);
  EXPECT_EQ(report.update, nullptr);
  EXPECT_EQ(report.fault.id(), errors::kUpdateNotFinite) << report.fault.ToString();
}

TEST_F(GrpcSessionTest, UpdateOfAnotherSizeIsRefusedBeforeItIsSent) {
  StartServer();
  catalog_.specs[kJob] = VectorSpec(1000);
  const ParameterSpec other = VectorSpec(2000);
  RecordingClient client;
  const auto channel = Join(client, loopback_.Member("site-a"));
  channel->Send(HelloOf("site-a"));
  channel->Send(TrainReportFor(std::make_shared<TestUpdate>(other, 0.0f, 0.0f), other));
  ASSERT_TRUE(aggregator_.AwaitMessages(2));
  EXPECT_EQ(std::get<Report>(aggregator_.messages[1]).fault.id(), errors::kUpdateLayout);
  EXPECT_EQ(channel->counters().bytes_sent, 0u);
}

TEST_F(GrpcSessionTest, PlanIsDeliveredWithItsModel) {
  StartServer();
  const ParameterSpec spec = VectorSpec(600'000);
  catalog_.specs[kJob] = spec;
  catalog_.model = MakeModel(spec, 1.0f);
  RecordingClient client;
  const auto channel = Join(client, loopback_.Member("site-a"));
  channel->LearnJob(kJob, spec);
  channel->Send(HelloOf("site-a"));
  ASSERT_TRUE(aggregator_.AwaitMessages(1));
  RoundPlan plan;
  plan.key = {kJob, {1}, 1};
  plan.model_ref = catalog_.model->ref;
  server_->Send(LastSession(), plan);
  server_->Send(LastSession(), RoundClosed{{kJob, {9}, 1}, false});  // comes after, not before
  ASSERT_TRUE(client.AwaitMessages(2));
  const auto& got = std::get<RoundPlan>(client.messages[0]);
  ASSERT_NE(got.model, nullptr);
  EXPECT_TRUE(std::ranges::equal(got.model->values.bytes(), catalog_.model->values.bytes()));
  EXPECT_TRUE(std::holds_alternative<RoundClosed>(client.messages[1]));
}

TEST_F(GrpcSessionTest, CachedModelIsNotFetchedAgain) {
  StartServer();
  const ParameterSpec spec = VectorSpec(1000);
  catalog_.specs[kJob] = spec;
  catalog_.model = MakeModel(spec, 1.0f);
  const TlsFiles files = loopback_.Member("site-a");
  RoundPlan plan;
  plan.key = {kJob, {1}, 1};
  plan.model_ref = catalog_.model->ref;
  for (int session = 0; session < 2; ++session) {  // the second agent starts with the first one's cache
    RecordingClient client;
    const auto channel = Join(client, files);
    channel->LearnJob(kJob, spec);
    channel->Send(HelloOf("site-a"));
    ASSERT_TRUE(aggregator_.AwaitMessages(static_cast<std::size_t>(session) + 1));
    server_->Send(LastSession(), plan);
    ASSERT_TRUE(client.AwaitMessages(1));
    EXPECT_EQ(channel->counters().bytes_received, session == 0 ? 4000u : 0u);
  }
}

TEST_F(GrpcSessionTest, CutUploadGoesOnWhereItBrokeOff) {
  StartServer();
  const ParameterSpec spec = VectorSpec(4'000'000);  // 16 MB
  catalog_.specs[kJob] = spec;
  const std::uint64_t size = LayoutOf(spec).byte_size();
  CuttingProxy proxy(server_->port(), size / 2);
  RecordingClient client;
  const auto channel = Join(client, loopback_.Member("site-a"), proxy.port());
  const auto update = std::make_shared<TestUpdate>(spec, -1.0f, 0.01f);
  channel->Send(HelloOf("site-a"));
  channel->Send(TrainReportFor(update, spec));
  ASSERT_TRUE(client.AwaitClosed());
  EXPECT_EQ(client.closed[0].id(), errors::kNetLost) << client.closed[0].ToString();

  const std::uint64_t sent_before = channel->counters().bytes_sent;
  channel->Open(client);
  channel->Send(HelloOf("site-a"));
  channel->Send(TrainReportFor(update, spec));
  ASSERT_TRUE(aggregator_.Await([&] { return aggregator_.messages.size() >= 3; }));
  const auto& report = std::get<Report>(aggregator_.messages.back());
  ASSERT_TRUE(report.fault.ok()) << report.fault.ToString();
  EXPECT_TRUE(std::ranges::equal(report.update->view().local_parameters, update->values()));
  EXPECT_EQ(server_->counters().resumed, 1u);
  EXPECT_GT(channel->counters().bytes_skipped, size / 4);
  EXPECT_EQ(channel->counters().bytes_sent - sent_before + channel->counters().bytes_skipped, size);
}

TEST_F(GrpcSessionTest, CutUploadGoesOnInTheFileOfAnOlderUpdate) {
  StartServer();
  const ParameterSpec spec = VectorSpec(4'000'000);  // 16 MB
  catalog_.specs[kJob] = spec;
  const std::uint64_t size = LayoutOf(spec).byte_size();
  CuttingProxy proxy(server_->port(), size + size / 2);
  RecordingClient client;
  const auto channel = Join(client, loopback_.Member("site-a"), proxy.port());
  channel->Send(HelloOf("site-a"));
  channel->Send(TrainReportFor(std::make_shared<TestUpdate>(spec, 1.0f, 0.01f), spec));
  ASSERT_TRUE(aggregator_.AwaitMessages(2));
  aggregator_.messages.clear();
  const auto update = std::make_shared<TestUpdate>(spec, -1.0f, 0.01f);
  channel->Send(TrainReportFor(update, spec));
  ASSERT_TRUE(client.AwaitClosed());

  channel->Open(client);
  channel->Send(HelloOf("site-a"));
  channel->Send(TrainReportFor(update, spec));
  ASSERT_TRUE(aggregator_.AwaitMessages(2));
  const auto& report = std::get<Report>(aggregator_.messages.back());
  ASSERT_TRUE(report.fault.ok()) << report.fault.ToString();
  EXPECT_TRUE(std::ranges::equal(report.update->view().local_parameters, update->values()));
  EXPECT_EQ(server_->counters().resumed, 1u);
}

// The proxy alone knows the aggregator's name.
TEST_F(GrpcSessionTest, ProxyIsAskedForTheAggregatorByItsName) {
  StartServer();
  const CuttingProxy proxy(server_->port(), 0, CuttingProxy::Kind::kHttp);
  RecordingClient client;
  const auto channel = GrpcClientChannel::Create({.aggregator = {"aggregator.test", server_->port()},
                                                  .federation = "heartnet",
                                                  .tls = loopback_.Member("site-a"),
                                                  .cache_dir = loopback_.folder() / "cache",
                                                  .proxy = Proxy{{"127.0.0.1", proxy.port()}, ""}});
  ASSERT_TRUE(channel.ok()) << channel.status().ToString();
  (*channel)->Open(client);
  EXPECT_TRUE(client.AwaitOpened());
}

TEST_F(GrpcSessionTest, NewerSessionOfASiteFencesTheOlder) {
  StartServer();
  const TlsFiles files = loopback_.Member("site-a");
  RecordingClient first, second;
  const auto channel = Join(first, files);
  ASSERT_TRUE(first.AwaitOpened());
  const auto newer = Join(second, files);
  ASSERT_TRUE(first.AwaitClosed());
  EXPECT_EQ(first.closed[0].id(), errors::kNetLost);
  ASSERT_TRUE(aggregator_.AwaitOpened(2));
  ASSERT_TRUE(aggregator_.AwaitClosed(1));
  EXPECT_EQ(aggregator_.closed[0].first, aggregator_.opened[0].first);
}

TEST_F(GrpcSessionTest, StrangersVersionIsToldBothVersions) {
  StartServer();
  RecordingClient client;
  const auto channel = Join(client, loopback_.Member("site-a"));
  Hello hello = HelloOf("site-a");
  hello.protocol_min = 8;
  hello.protocol_max = 9;
  channel->Send(hello);
  ASSERT_TRUE(client.AwaitClosed());
  EXPECT_EQ(client.closed[0].id(), errors::kNetVersion);
  EXPECT_NE(client.closed[0].what().find("8 to 9"), std::string::npos) << client.closed[0].what();
  EXPECT_NE(client.closed[0].what().find("aggregator 2"), std::string::npos);
  EXPECT_TRUE(aggregator_.messages.empty());
}

TEST_F(GrpcSessionTest, HelloMustNameTheCertificatesSite) {
  StartServer();
  RecordingClient client;
  const auto channel = Join(client, loopback_.Member("site-a"));
  channel->Send(HelloOf("site-b"));
  ASSERT_TRUE(client.AwaitClosed());
  EXPECT_EQ(client.closed[0].id(), errors::kNetProtocol);
}

TEST_F(GrpcSessionTest, OtherRolesHaveNoSession) {
  StartServer();
  RecordingClient client;
  const auto channel = Join(client, loopback_.Member("dr-lang", PeerRole::kResearcher));
  ASSERT_TRUE(client.AwaitClosed());
  EXPECT_EQ(client.closed[0].id(), errors::kWrongRole);
  EXPECT_TRUE(aggregator_.opened.empty());
  EXPECT_EQ(server_->counters().refused_peers, 1u);
}

TEST_F(GrpcSessionTest, RosterDecidesAtTheCallAndLater) {
  std::atomic<bool> is_suspended = false;
  StartServer([&](GrpcServerConfig& config) {
    config.authorize = [&](const PeerIdentity& peer, const std::string&) {
      return is_suspended ? Status(errors::kMemberRevoked, peer.name + " is suspended") : Status();
    };
  });
  RecordingClient client;
  const TlsFiles files = loopback_.Member("site-a");
  const auto channel = Join(client, files);
  ASSERT_TRUE(client.AwaitOpened());
  is_suspended = true;
  server_->RecheckPeers();
  ASSERT_TRUE(client.AwaitClosed());
  EXPECT_EQ(client.closed[0].id(), errors::kMemberRevoked);
  channel->Open(client);
  ASSERT_TRUE(client.AwaitClosed(2));
  EXPECT_EQ(client.closed[1].id(), errors::kMemberRevoked);
}

TEST_F(GrpcSessionTest, RefusalReachesTheSiteAsItsReason) {
  StartServer();
  RecordingClient client;
  const auto channel = Join(client, loopback_.Member("site-a"));
  ASSERT_TRUE(client.AwaitOpened());
  server_->Close(LastSession(), Status(errors::kNameUnknown, "site-a is not on the roster"));
  ASSERT_TRUE(client.AwaitClosed());
  EXPECT_EQ(client.closed[0].id(), errors::kNameUnknown);
  EXPECT_EQ(client.closed[0].what(), "site-a is not on the roster");
}

TEST_F(GrpcSessionTest, ShutdownEndsEverySession) {
  StartServer();
  RecordingClient client;
  const auto channel = Join(client, loopback_.Member("site-a"));
  ASSERT_TRUE(client.AwaitOpened());
  server_->Shutdown(std::chrono::seconds(5));
  ASSERT_TRUE(client.AwaitClosed());
  EXPECT_EQ(aggregator_.closed.size(), 1u);
}

TEST_F(GrpcSessionTest, PortInUseIsSaid) {
  StartServer();
  const auto second = loopback_.NewServer(
      [&](GrpcServerConfig& config) { config.address = "127.0.0.1:" + std::to_string(server_->port()); });
  RecordingServer other;
  EXPECT_EQ(second->Start(other, catalog_).id(), errors::kNetPortInUse);
}

TEST_F(GrpcSessionTest, NobodyListeningIsRefused) {
  StartServer();
  const std::uint16_t port = server_->port();
  server_->Shutdown(Duration::zero());
  RecordingClient client;
  const auto channel = Join(client, loopback_.Member("site-a"), port);
  ASSERT_TRUE(client.AwaitClosed());
  EXPECT_EQ(client.closed[0].id(), errors::kNetRefused) << client.closed[0].ToString();
  EXPECT_EQ(client.opened, 0);
}

TEST_F(GrpcSessionTest, AggregatorOfAnotherFederationIsTurnedAway) {
  StartServer();
  Loopback elsewhere;  // same names, other keys
  auto channel = elsewhere.NewChannel(elsewhere.Member("site-a"), server_->port());
  ASSERT_TRUE(channel.ok());
  RecordingClient client;
  (*channel)->Open(client);
  ASSERT_TRUE(client.AwaitClosed());
  EXPECT_EQ(client.closed[0].id(), errors::kTlsWrongCa) << client.closed[0].ToString();
  EXPECT_TRUE(aggregator_.opened.empty());
}

}  // namespace
}  // namespace cairn
