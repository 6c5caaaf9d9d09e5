// Five real agents under secure aggregation, one of them killed for good in each phase of a round in turn:
// the round ends with the exact sum of those who survived, which a simulation of just them makes without any
// mask.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "tests/integration/federation/federation.h"

namespace cairn::testing_processes {
namespace {

using nlohmann::json;

constexpr std::size_t kFive = 5, kVictim = 4, kHeld = 3, kSlow = 2;

// A site stands still while this lives: the phase it is asked in cannot be closed meanwhile.
class Held {
 public:
  explicit Held(Process& process) : pid_(process.pid()) { kill(pid_, SIGSTOP); }
  ~Held() { kill(pid_, SIGCONT); }

 private:
  pid_t pid_;
};

// No thread of it runs or is about to: what it had to send, the system has.
bool IsAsleep(pid_t pid) {
  namespace fs = std::filesystem;
  for (const fs::directory_entry& thread : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    std::ifstream file(thread.path() / "stat");
    std::string stat;
    std::getline(file, stat);
    const std::size_t name_end = stat.rfind(") ");
    if (name_end == std::string::npos || stat.at(name_end + 2) != 'S') return false;
  }
  return true;
}

class MaskedDropoutTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HavePrograms()) GTEST_SKIP() << "CAIRN_BIN_DIR holds no cairn and cairn-worker";
    job_.strategy = R"(name = "fedavg", rounds = 1)";
    job_.cohort = R"(min = 5, target = "all", min_reports = 4)";
    std::ofstream(federation_.aggregator_folder() / "aggregator.toml", std::ios::app)
        << "[net]\nstall_timeout = \"3s\"\n";
    for (std::size_t i = 0; i < kFive; ++i) federation_.Configure(i, Rows(i));
  }

  // site-c takes longest, site-e next: so each is still at work when a test needs it to be.
  static std::string Rows(std::size_t index) {
    const int rows[] = {400, 400, 24000, 400, 9000}, first[] = {0, 1000, 20000, 2000, 60000};
    return "reader = \"made-blobs\"\nfeatures = 48\nclasses = 4\nseed = 3\nrows = " +
           std::to_string(rows[index]) + "\nfirst_row = " + std::to_string(first[index]) + "\n";
  }

  bool AwaitLine(std::size_t site, const std::string& words) {
    return Await([&] {
      return federation_.site_log(site).find(words + " job=1 round=1 attempt=1") != std::string::npos;
    });
  }

  // A site's own log says its yes before the network has it.
  bool AwaitYesOf(std::size_t sites) {
    return Await([&] {
      const json job = federation_.Job();
      return job.is_object() && job.value("sites_accepted", std::size_t{0}) == sites;
    });
  }

  void Begin() {
    federation_.StartAll();
    federation_.Submit(job_);
  }

  void StartAndAwaitAll() {
    federation_.StartAll();
    for (std::size_t i = 0; i < kFive; ++i) {
      ASSERT_TRUE(Await([&] {
        return federation_.aggregator_log().find("joined site=" + SiteName(i)) != std::string::npos;
      }));
    }
  }

  // The victim is gone; it comes back only once the round is over, for the measurement that follows.
  void ExpectTheSumOf(std::size_t sites) {
    ASSERT_TRUE(Await([&] { return federation_.LastRound().is_object(); })) << federation_.Logs();
    const json round = federation_.LastRound();
    EXPECT_EQ(round.at("attempt"), 1) << federation_.Logs();
    EXPECT_EQ(round.at("invited"), kFive);
    EXPECT_EQ(round.at("reported"), sites) << federation_.Logs();
    federation_.StartSite(kVictim);
    const json ended = federation_.AwaitEnd();
    EXPECT_EQ(ended.value("outcome", ""), "finished") << federation_.Logs();
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < sites; ++i) keys.push_back(Rows(i));
    EXPECT_TRUE(federation_.FinalModel(ended) == SimulatedModel(job_, keys, "direct", 2))
        << federation_.Logs();
  }

  JobText job_;
  Federation federation_{kFive};
};

TEST_F(MaskedDropoutTest, LostBeforeItsKeysAreThere) {
  StartAndAwaitAll();
  {
    const Held held(federation_.site(kHeld));  // the job begins with its yes, the last one
    federation_.Submit(job_);
    ASSERT_TRUE(AwaitYesOf(kFive - 1)) << federation_.Logs();
    kill(federation_.site(kVictim).pid(), SIGSTOP);
  }
  ASSERT_TRUE(Await([&] {
    return federation_.aggregator_log().find("stalled job=1 round=1 attempt=1 site=site-e") !=
           std::string::npos;
  })) << federation_.Logs();
  federation_.site(kVictim).Kill();
  ExpectTheSumOf(4);
}

TEST_F(MaskedDropoutTest, LostAfterItsKeysAndBeforeItsShares) {
  StartAndAwaitAll();
  const pid_t slow = federation_.site(kHeld).pid();
  {
    const Held held(federation_.site(kHeld));
    federation_.Submit(job_);
    ASSERT_TRUE(AwaitYesOf(kFive - 1)) << federation_.Logs();
  }
  {
    // Its yes, the last one, is on its way, and nothing answers it yet.
    const Held unheard(federation_.aggregator());
    ASSERT_TRUE(Await([&] {
      return federation_.site_log(kHeld).find("job_answered job=1") != std::string::npos && IsAsleep(slow);
    })) << federation_.Logs();
    kill(slow, SIGSTOP);  // so nobody is told whose keys there are
  }
  const bool advertised = AwaitLine(kVictim, "keys_advertised");
  federation_.site(kVictim).Kill();
  kill(slow, SIGCONT);
  ASSERT_TRUE(advertised) << federation_.Logs();
  EXPECT_EQ(federation_.site_log(kVictim).find("shares_dealt job=1 round=1"), std::string::npos);
  ExpectTheSumOf(4);
}

TEST_F(MaskedDropoutTest, LostWhileItTrainsAfterOthersMaskedAgainstIt) {
  Begin();
  ASSERT_TRUE(AwaitLine(kVictim, "masking_ready")) << federation_.Logs();
  federation_.site(kVictim).Kill();
  EXPECT_EQ(federation_.site_log(kVictim).find("report_sent job=1 round=1"), std::string::npos)
      << "it was too quick: its vector is in";
  ExpectTheSumOf(4);
}

TEST_F(MaskedDropoutTest, LostAfterItsVectorAndBeforeTheSurvivorsAgree) {
  Begin();
  ASSERT_TRUE(AwaitLine(kSlow, "masking_ready")) << federation_.Logs();
  {
    const Held held(federation_.site(kSlow));  // without its vector nobody is named a survivor
    ASSERT_TRUE(AwaitLine(kVictim, "report_receipted")) << federation_.Logs();
    federation_.site(kVictim).Kill();
  }
  EXPECT_EQ(federation_.site_log(kVictim).find("survivors_agreed job=1 round=1"), std::string::npos);
  ExpectTheSumOf(5);
}

TEST_F(MaskedDropoutTest, LostAfterItAgreedAndBeforeItRevealsAShare) {
  Begin();
  ASSERT_TRUE(AwaitLine(kHeld, "report_receipted")) << federation_.Logs();
  {
    const Held held(federation_.site(kHeld));
    ASSERT_TRUE(AwaitLine(kVictim, "survivors_agreed")) << federation_.Logs();
    federation_.site(kVictim).Kill();
  }
  EXPECT_EQ(federation_.site_log(kVictim).find("shares_revealed job=1 round=1"), std::string::npos);
  ExpectTheSumOf(5);
}

// What the aggregator keeps and says of a masked round holds nothing that depends on one site's data.
TEST_F(MaskedDropoutTest, TheAggregatorHoldsNoUpdateInTheClear) {
  Begin();
  const json ended = federation_.AwaitEnd();
  EXPECT_EQ(ended.value("outcome", ""), "finished") << federation_.Logs();
  const std::string log = federation_.aggregator_log();
  for (const char* word : {"examples=", "loss", "accuracy", "weight"})
    EXPECT_EQ(log.find(word), std::string::npos) << word;
  EXPECT_EQ(log.find("updates_leave_unmasked"), std::string::npos);
}

}  // namespace
}  // namespace cairn::testing_processes
