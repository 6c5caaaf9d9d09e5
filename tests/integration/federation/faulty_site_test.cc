// One site of three hangs, lies or speaks of another age: it is named and told why, it costs the others
// nothing but its own report, and the run goes on without it.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <limits>
#include <regex>

#include "protocol/transport/received_update.h"
#include "tests/integration/federation/federation.h"
#include "tests/unit/protocol/grpc/raw_site.h"

namespace cairn::testing_processes {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using namespace std::chrono_literals;

constexpr const char* kEndless = R"(name = "fedavg", rounds = 100000)";  // more than are done in the time

class FaultySiteTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HavePrograms()) GTEST_SKIP() << "CAIRN_BIN_DIR holds no cairn and cairn-worker";
  }

  // The aggregator waits for a site that makes no progress as long as a worker may take to start.
  void StartAllWithShortPatience() {
    std::ofstream(federation_.aggregator_folder() / "aggregator.toml", std::ios::app)
        << "[net]\nstall_timeout = \"6s\"\n";
    federation_.StartAll();
  }

  // Whom a site played by hand dials, with the certificate and key of site-a.
  DialTarget AsSiteA() const {
    const fs::path state = federation_.site_folder(0) / "state";
    return {{"localhost", federation_.port()},
            "test",
            {state / "site.crt", state / "site.key", state / "roots.crt"}};
  }

  static Hello HelloOfSiteA() {
    return {.software = "played by hand", .site = SiteName(0), .capabilities = {}};
  }

  // Goes on with two of the three sites.
  static JobText TheJob(const std::string& strategy) {
    JobText job;
    job.strategy = strategy;
    job.cohort = R"(min = 3, target = "all", min_reports = 2)";
    return job;
  }

  Federation federation_;
};

// ---- a worker that does nothing any more

class HungWorkerTest : public FaultySiteTest {
 protected:
  std::vector<pid_t> WorkersOfSiteA() { return Descendants(federation_.site(0).pid(), "cairn-worker"); }

  // The round in which the aggregator gave up waiting for site-a; 0: none yet.
  std::uint64_t StalledRound() const {
    static const std::regex line(R"(stalled job=1 round=(\d+) attempt=1 site=site-a)");
    const std::string log = federation_.aggregator_log();
    std::smatch found;
    return std::regex_search(log, found, line) ? std::stoull(found[1]) : 0;
  }
};

TEST_F(HungWorkerTest, IsNamedAndKilledWhileTheOthersGoOn) {
  StartAllWithShortPatience();
  federation_.Submit(TheJob(kEndless));
  ASSERT_TRUE(Await([&] { return federation_.LastRound().is_object(); })) << federation_.Logs();
  const std::vector<pid_t> workers = WorkersOfSiteA();
  ASSERT_EQ(workers.size(), 1u);
  ASSERT_EQ(kill(workers[0], SIGSTOP), 0);

  std::uint64_t stalled = 0;
  ASSERT_TRUE(Await([&] { return (stalled = StalledRound()) != 0; })) << federation_.Logs();
  EXPECT_TRUE(Await([&] {
    const auto now = WorkersOfSiteA();
    return std::find(now.begin(), now.end(), workers[0]) == now.end();
  })) << "the agent keeps a worker that does nothing"
      << federation_.site_log(0);
  // The agent is well: with another worker it has a part in the run again.
  EXPECT_TRUE(Await(
      [&] {
        const json last = federation_.LastRound();
        return last.is_object() && last.at("round") > stalled && last.at("reported") == kSites;
      },
      60s))
      << federation_.Logs();

  const std::string folder = federation_.aggregator_folder().string();
  EXPECT_EQ(federation_.Command({"job", "stop", "1", "--dir", folder}).exit_code, 0);
  const json ended = federation_.AwaitEnd();
  const json& round = ended.at("history").at(stalled - 1);
  EXPECT_EQ(round.at("attempt"), 1) << round;
  EXPECT_EQ(round.at("invited"), kSites) << round;
  EXPECT_EQ(round.at("reported"), kSites - 1) << round;
  EXPECT_FALSE(std::regex_search(federation_.aggregator_log(), std::regex("stalled .*site=site-[bc]")))
      << federation_.aggregator_log();
}

// ---- a member that is one no more

TEST_F(FaultySiteTest, RevokedAtWorkEndsItsAgentAndItsWorkerInOrder) {
  StartAllWithShortPatience();
  JobText job = TheJob(kEndless);
  job.cohort = R"(min = 2, target = "all", min_reports = 2)";
  federation_.Submit(job);
  ASSERT_TRUE(Await([&] { return federation_.LastReports() == kSites; })) << federation_.Logs();
  const std::vector<pid_t> workers = Descendants(federation_.site(0).pid(), "cairn-worker");
  ASSERT_EQ(workers.size(), 1u);
  const Outcome revoked = federation_.Command(
      {"site", "revoke", "site-a", "--yes", "--dir", federation_.aggregator_folder().string()});
  EXPECT_EQ(revoked.exit_code, 0) << revoked.err;
  EXPECT_EQ(federation_.site(0).Wait(30s), 4) << federation_.site_log(0);
  EXPECT_NE(federation_.site_log(0).find("error[CAIRN-3"), std::string::npos) << federation_.site_log(0);
  EXPECT_TRUE(Await([&] { return !fs::exists("/proc/" + std::to_string(workers[0]) + "/fd/0"); }))
      << "the worker outlived its agent";
  EXPECT_TRUE(Await([&] { return federation_.LastReports() == kSites - 1; }))
      << "the others do not go on" << federation_.Logs();
}

// ---- a site that sends what is no number, past every check of its own side

class NanUpdate final : public UpdatePayload {
 public:
  explicit NanUpdate(const UpdateLayout& layout) : values_(static_cast<std::size_t>(layout.parameters)) {
    values_[values_.size() / 2] = std::numeric_limits<float>::quiet_NaN();
  }
  UpdateView view() const override {
    UpdateView view;
    view.local_parameters = values_;
    return view;
  }

 private:
  std::vector<float> values_;
};

// Takes part in a job as it should, but for one NaN in each update.
class NanSite {
 public:
  NanSite(const DialTarget& target, const Hello& hello) : site_(target) { site_.Say(hello); }

  // Until the job has ended; the receipts of its reports.
  std::vector<ReportReceipt> TakePart() {
    while (!has_ended_) {
      const auto frame = site_.Read();
      if (!frame.has_value()) {
        ADD_FAILURE() << "the aggregator ended the session";
        break;
      }
      if (frame->has_resume_at()) site_.SendChunk(update_.terms.ref, update_.bytes());
      if (frame->has_done()) site_.Say(report_, update_.terms);
      if (!frame->has_control()) continue;
      auto message = DecodeServerMessage(frame->control());
      EXPECT_TRUE(message.ok()) << message.status().what();
      if (message.ok()) std::visit([this](const auto& said) { Hear(said); }, *message);
    }
    return receipts_;
  }

 private:
  void Hear(const JobOffer& offer) {
    const auto spec = ParameterSpec::Create(offer.manifest->tensors);
    ASSERT_TRUE(spec.ok());
    layout_ = LayoutOf(*spec);
    site_.Say(
        JobReply{.job = offer.manifest->id, .answer = JobAnswer::kAccept, .reason_id = 0, .reason = {}});
  }
  void Hear(const RoundPlan& plan) {
    report_ = {};
    report_.key = plan.key;
    report_.kind = plan.kind;
    report_.layout_hash = plan.layout_hash;
    if (plan.kind == RoundKind::kEvaluate) return site_.Say(report_);
    report_.examples = 1000;
    report_.update = std::make_shared<NanUpdate>(layout_);
    update_ = MakeOutgoing(report_.update->view(), layout_);
    site_.Offer(update_.terms.ref, plan.key.job);
  }
  void Hear(const ReportReceipt& receipt) {
    if (report_.kind == RoundKind::kTrain) receipts_.push_back(receipt);
  }
  void Hear(const JobEnded&) { has_ended_ = true; }
  template <class Other>
  void Hear(const Other&) {}

  RawSite site_;
  UpdateLayout layout_;
  Report report_;
  OutgoingUpdate update_;
  std::vector<ReportReceipt> receipts_;
  bool has_ended_ = false;
};

TEST_F(FaultySiteTest, SentNanIsRefusedCountedAndNamedAndLeavesNoTraceInTheModel) {
  federation_.StartAggregator();
  federation_.StartSite(1);
  federation_.StartSite(2);
  NanSite liar(AsSiteA(), HelloOfSiteA());
  federation_.Submit(TheJob(R"(name = "fedavg", rounds = 2)"));
  const std::vector<ReportReceipt> receipts = liar.TakePart();
  const json ended = federation_.AwaitEnd();

  EXPECT_EQ(ended.value("outcome", ""), "finished") << ended.dump(1) << federation_.Logs();
  ASSERT_EQ(receipts.size(), 2u);
  for (const ReportReceipt& receipt : receipts) {
    EXPECT_EQ(receipt.outcome, ReportOutcome::kInvalid);
    EXPECT_EQ(receipt.reason_id, errors::kUpdateNotFinite.value) << receipt.reason;
  }
  const std::string log = federation_.aggregator_log();
  for (std::size_t round = 1; round <= 2; ++round) {
    const json& told = ended.at("history").at(round - 1);
    EXPECT_EQ(told.at("invalid"), 1) << told;
    EXPECT_EQ(told.at("reported"), kSites - 1) << told;
    EXPECT_NE(
        log.find("refused job=1 round=" + std::to_string(round) + " attempt=1 site=site-a id=CAIRN-5102"),
        std::string::npos)
        << log;
  }
}

// ---- a site of another release

struct Age {
  std::string name;
  std::uint32_t min, max;
  friend void PrintTo(const Age& one, std::ostream* out) { *out << one.name; }
};

class ProtocolAgeTest : public FaultySiteTest, public testing::WithParamInterface<Age> {};

TEST_P(ProtocolAgeTest, IsTurnedAwayWithBothVersionsAndOthersAreServed) {
  federation_.StartAggregator();
  Hello hello = HelloOfSiteA();
  hello.protocol_min = GetParam().min;
  hello.protocol_max = GetParam().max;
  RawSite site(AsSiteA());
  site.Say(hello);
  const auto refusal = site.ReadRefusal();
  ASSERT_TRUE(refusal.has_value()) << federation_.aggregator_log();
  EXPECT_EQ(refusal->reason_id, errors::kNetVersion.value);
  EXPECT_EQ(refusal->protocol_min, kProtocolMin);
  EXPECT_EQ(refusal->protocol_max, kProtocolMax);
  EXPECT_NE(refusal->reason.find("the site speaks protocol " + std::to_string(GetParam().min)),
            std::string::npos)
      << refusal->reason;
  EXPECT_NE(refusal->reason.find("the aggregator " + std::to_string(kProtocolMin)), std::string::npos)
      << refusal->reason;
  EXPECT_FALSE(site.Read().has_value()) << "the aggregator ends the session";

  federation_.StartSite(0);
  EXPECT_TRUE(Await([&] { return federation_.site_log(0).find("connected") != std::string::npos; }))
      << federation_.Logs();
}

INSTANTIATE_TEST_SUITE_P(Releases, ProtocolAgeTest,
                         testing::Values(Age{"Older", kProtocolMin - 1, kProtocolMin - 1},
                                         Age{"Newer", kProtocolMax + 1, kProtocolMax + 2}),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace cairn::testing_processes
