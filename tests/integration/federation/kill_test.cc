// kill -9 of each process in each phase: after a restart the run ends with the bytes of an undisturbed
// one, and no more than the work of the round that was open is done again.
#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <optional>
#include <random>
#include <regex>
#include <set>
#include <thread>

#include "tests/integration/federation/federation.h"

namespace cairn::testing_processes {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

enum class Victim { kAggregator, kAgent, kWorker };

constexpr std::size_t kVictimSite = 1;

struct Case {
  std::string name;
  Victim victim;
  // Whether now is the time to strike.
  std::function<bool(const Federation&, const json& job)> moment;
  std::uint64_t rounds_done = 1;  // when the blow falls
  int spread_ms = 0;              // the blow falls up to so much later, as the seed says
  bool one_site_first = false;    // the others start after the blow
  friend void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }
};

// Site-a is done with a round in a moment, site-b takes its time, site-c twice as long.
std::string Rows(std::size_t index) {
  const int rows[] = {500, 12000, 32000}, first[] = {0, 1000, 20000};
  return "reader = \"made-blobs\"\nfeatures = 48\nclasses = 4\nseed = 3\nrows = " +
         std::to_string(rows[index]) + "\nfirst_row = " + std::to_string(first[index]) + "\n";
}

const JobText& TheJob() {
  static const JobText job{
      .model = R"({ arch = "mlp", hyper = { inputs = 48, hidden = [128], classes = 4 }, init = "seed:5" })"};
  return job;
}

const std::string& UndisturbedModel() {
  static const std::string model = SimulatedModel(TheJob(), {Rows(0), Rows(1), Rows(2)}, "direct", 2);
  return model;
}

auto SiteSays(std::size_t site, const std::string& line) {
  return [=](const Federation& federation, const json&) {
    return federation.site_log(site).find(line) != std::string::npos;
  };
}

std::vector<Case> Cases() {
  const auto recruiting = [](const Federation& federation, const json& job) {
    return job.value("state", "") == "recruiting" &&
           federation.site_log(0).find("job_answered") != std::string::npos;
  };
  const auto reporting = [](const Federation&, const json& job) {
    return job.value("rounds_done", 0) == 1 && job.value("reported", 0) > 0;
  };
  const auto committed = [](const Federation&, const json& job) { return job.value("rounds_done", 0) >= 2; };
  const auto evaluating = SiteSays(kVictimSite, "work_started job=1 round=4");
  const auto training = SiteSays(kVictimSite, "work_started job=1 round=2");
  return {
      {"AggregatorWhileRecruiting", Victim::kAggregator, recruiting, 0, 0, true},
      {"AggregatorAsARoundBegins", Victim::kAggregator, training},
      {"AggregatorWhileSitesTrain", Victim::kAggregator, training, 1, 80},
      {"AggregatorWhileReportsArrive", Victim::kAggregator, reporting},
      {"AggregatorAfterACommit", Victim::kAggregator, committed, 2, 20},
      {"AggregatorInTheFinalEvaluation", Victim::kAggregator, evaluating, 3},
      {"AgentWhileTraining", Victim::kAgent, training, 1, 50},
      {"AgentAfterItsUpload", Victim::kAgent, SiteSays(kVictimSite, "report_sent job=1 round=2")},
      {"AgentAfterItsReceipt", Victim::kAgent, SiteSays(kVictimSite, "report_receipted job=1 round=2")},
      {"WorkerWhileTraining", Victim::kWorker, training},
  };
}

// Where CAIRN_TEST_SEED is set, blows fall at other instants.
int Seed() {
  const char* text = std::getenv("CAIRN_TEST_SEED");
  return text == nullptr ? 1 : std::atoi(text);
}

class KillTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!HavePrograms()) GTEST_SKIP() << "CAIRN_BIN_DIR holds no cairn and cairn-worker";
  }

  bool AwaitMoment() {
    const Case& blow = GetParam();
    const bool came = Await([&] {
      const json job = federation_->Job();
      return job.is_object() && blow.moment(*federation_, job);
    });
    EXPECT_TRUE(came) << federation_->Logs();
    if (blow.spread_ms > 0) std::this_thread::sleep_for(Milliseconds(Seed() * 37 % blow.spread_ms));
    return came;
  }

  // False where the phase had passed before the blow fell, as it does when the machine is busy.
  bool Strike() {
    switch (GetParam().victim) {
      case Victim::kAggregator:
        federation_->aggregator().Kill();
        federation_->StartAggregator();
        return federation_->Job().value("rounds_done", std::uint64_t{99}) == GetParam().rounds_done;
      case Victim::kAgent: {
        const auto workers = Descendants(federation_->site(kVictimSite).pid(), "cairn-worker");
        federation_->site(kVictimSite).Kill();
        EXPECT_TRUE(Await([&] {
          for (const pid_t pid : workers) {
            if (std::filesystem::exists("/proc/" + std::to_string(pid) + "/fd/0")) return false;
          }
          return true;
        })) << "a worker outlived its agent";
        federation_->StartSite(kVictimSite);
        return true;
      }
      case Victim::kWorker: {
        std::vector<pid_t> workers;
        EXPECT_TRUE(Await([&] {
          return !(workers = Descendants(federation_->site(kVictimSite).pid(), "cairn-worker")).empty();
        }));
        for (const pid_t pid : workers) kill(pid, SIGSTOP);
        const bool at_work =
            federation_->site_log(kVictimSite).find("report_sealed job=1 round=2") == std::string::npos;
        for (const pid_t pid : workers) kill(pid, SIGKILL);
        return at_work;
      }
    }
    return false;
  }

  // A new federation at work, struck in the phase that is asked for.
  bool BeginAndStrike() {
    federation_.emplace();
    for (std::size_t i = 0; i < kSites; ++i) federation_->Configure(i, Rows(i));
    federation_->StartAggregator();
    federation_->StartSite(0);
    for (std::size_t i = 1; i < kSites && !GetParam().one_site_first; ++i) federation_->StartSite(i);
    federation_->Submit(TheJob());
    return AwaitMoment() && Strike();
  }

  // A report that was sealed is sent again; it is never computed again.
  void ExpectNoSealedWorkIsRepeated(std::size_t site) const {
    static const std::regex line(R"((work_started|report_sealed) (job=1 round=\d+ attempt=\d+))");
    const std::string log = federation_->site_log(site);
    std::set<std::string> sealed;
    for (std::sregex_iterator it(log.begin(), log.end(), line), end; it != end; ++it) {
      if ((*it)[1] == "report_sealed") sealed.insert((*it)[2]);
      if ((*it)[1] == "work_started") {
        EXPECT_FALSE(sealed.contains((*it)[2])) << (*it)[2] << " at " << SiteName(site) << log;
      }
    }
  }

  // How often each site began to work on each round.
  std::map<std::uint64_t, int> Starts(std::size_t site) const {
    static const std::regex line(R"(work_started job=1 round=(\d+))");
    const std::string log = federation_->site_log(site);
    std::map<std::uint64_t, int> starts;
    for (std::sregex_iterator it(log.begin(), log.end(), line), end; it != end; ++it)
      ++starts[std::stoull((*it)[1])];
    return starts;
  }

  std::optional<Federation> federation_;
};

TEST_P(KillTest, TheRunEndsWithTheBytesOfAnUndisturbedOne) {
  RecordProperty("seed", Seed());
  bool struck = false;
  for (int tries = 0; tries < 6 && !struck && !HasFailure(); ++tries) struck = BeginAndStrike();
  ASSERT_TRUE(struck) << "every blow missed its phase";
  for (std::size_t i = 1; i < kSites && GetParam().one_site_first; ++i) federation_->StartSite(i);
  const json job = federation_->AwaitEnd();

  EXPECT_EQ(job.value("outcome", ""), "finished") << job.dump(1) << federation_->Logs();
  EXPECT_TRUE(federation_->FinalModel(job) == UndisturbedModel()) << federation_->Logs();
  std::uint64_t before = 0;
  for (const json& round : job.value("history", json::array())) {
    EXPECT_EQ(round.at("round").get<std::uint64_t>(), before + 1)
        << "no committed round is done again, none is left out";
    before = round.at("round");
    EXPECT_EQ(round.at("reported"), kSites);
    // A lost worker ends an attempt; a lost aggregator or agent goes on with the one that is open.
    EXPECT_EQ(round.at("attempt"), GetParam().victim == Victim::kWorker && before == 2 ? 2 : 1)
        << federation_->Logs();
  }
  EXPECT_EQ(before, 4u) << "three rounds of training and one that measures the last model";
  std::map<std::uint64_t, int> repeated;
  for (std::size_t i = 0; i < kSites; ++i) {
    ExpectNoSealedWorkIsRepeated(i);
    for (const auto& [round, times] : Starts(i)) {
      EXPECT_LE(times, 2) << "round " << round << " at " << SiteName(i) << federation_->Logs();
      if (times > 1) ++repeated[round];
    }
  }
  EXPECT_LE(repeated.size(), 1u) << "more than the open round's work was done again" << federation_->Logs();
}

// Not one blow but many, at instants and on victims that the seed draws, some before the last one is mended.
TEST(RepeatedKillsTest, TheRunStillEndsWithTheSameBytes) {
  if (!HavePrograms()) GTEST_SKIP() << "CAIRN_BIN_DIR holds no cairn and cairn-worker";
  JobText job = TheJob();
  job.strategy = R"(name = "fedadam", rounds = 6)";
  job.cohort = R"(min = 3, target = "all", max_attempts = 20)";
  Federation federation;
  for (std::size_t i = 0; i < kSites; ++i) federation.Configure(i, Rows(i));
  federation.StartAll();
  federation.Submit(job);
  std::mt19937 draw(static_cast<std::uint32_t>(Seed()));
  std::string blows = "seed " + std::to_string(Seed()) + ":";
  for (int blow = 0; blow < 8; ++blow) {
    std::this_thread::sleep_for(Milliseconds(draw() % 400));
    const std::size_t who = draw() % (2 * kSites + 2);
    blows += " " + std::to_string(who);
    if (who >= 2 * kSites) {
      federation.aggregator().Kill();
      federation.StartAggregator();
    } else if (who >= kSites) {
      federation.site(who - kSites).Kill();
      federation.StartSite(who - kSites);
    } else {
      for (const pid_t pid : Descendants(federation.site(who).pid(), "cairn-worker")) kill(pid, SIGKILL);
    }
  }
  const json ended = federation.AwaitEnd();
  EXPECT_EQ(ended.value("outcome", ""), "finished") << blows << ended.dump(1) << federation.Logs();
  const std::string expected = SimulatedModel(job, {Rows(0), Rows(1), Rows(2)}, "wire", 2);
  EXPECT_TRUE(federation.FinalModel(ended) == expected) << blows << federation.Logs();
  std::uint64_t before = 0;
  for (const json& round : ended.value("history", json::array()))
    EXPECT_EQ(round.at("round"), ++before) << blows;
  EXPECT_EQ(before, 7u) << blows;
}

INSTANTIATE_TEST_SUITE_P(Moments, KillTest, testing::ValuesIn(Cases()),
                         [](const auto& now) { return now.param.name; });

}  // namespace
}  // namespace cairn::testing_processes
