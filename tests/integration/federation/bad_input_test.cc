// What people and peers get wrong, put to real processes: each ends with its own id, and nothing hangs or is
// lost.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <regex>

#include "privacy/crypto/certificate_authority.h"
#include "privacy/crypto/keys.h"
#include "tests/integration/federation/federation.h"

namespace cairn::testing_processes {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using namespace std::chrono_literals;

void Write(const fs::path& file, const std::string& text) {
  fs::remove(file);
  std::ofstream(file, std::ios::binary) << text;
}

class BadInputTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HavePrograms()) GTEST_SKIP() << "CAIRN_BIN_DIR holds no cairn and cairn-worker";
  }

  Federation federation_;
};

TEST_F(BadInputTest, TakenPortEndsTheAggregatorAtOnce) {
  federation_.StartAggregator();
  Federation other;
  const fs::path toml = other.aggregator_folder() / "aggregator.toml";
  Write(toml, std::regex_replace(Contents(toml), std::regex(std::to_string(other.port())),
                                 std::to_string(federation_.port())));
  const Outcome outcome = other.Command({"aggregator", "serve", "--dir", other.aggregator_folder().string()});
  EXPECT_EQ(outcome.exit_code, 6);
  EXPECT_NE(outcome.err.find("CAIRN-2104"), std::string::npos) << outcome.err;
}

TEST_F(BadInputTest, SecondProcessOnOneStateIsTurnedAway) {
  federation_.StartAggregator();
  federation_.StartSite(0);
  ASSERT_TRUE(Await([&] { return federation_.site_log(0).find("connected") != std::string::npos; }));
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"aggregator", "serve", "--dir", federation_.aggregator_folder().string()},
           {"client", "run", "--dir", federation_.site_folder(0).string()}}) {
    const Outcome outcome = federation_.Command(words);
    EXPECT_EQ(outcome.exit_code, 6) << words[0];
    EXPECT_NE(outcome.err.find("CAIRN-8104"), std::string::npos) << outcome.err;
  }
  EXPECT_TRUE(federation_.aggregator().is_running());
  EXPECT_TRUE(federation_.site(0).is_running());
}

TEST_F(BadInputTest, MistypedKeyIsNamedWithItsPlaceAndTheNearestOne) {
  const fs::path file = federation_.site_folder(0) / "client.toml";
  Write(file, std::regex_replace(Contents(file), std::regex("heartbeat"), "heartbeet"));
  const Outcome outcome =
      federation_.Command({"client", "run", "--dir", federation_.site_folder(0).string()});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("CAIRN-1102"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("client.toml:4:12"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("did you mean 'client.heartbeat'"), std::string::npos) << outcome.err;
}

// ---- certificates: each fault told apart

struct Passport {
  std::string name, id;  // of the error
  // Of an agent that gives up by itself. What the centre may mend is tried again, seldom; 0 stands for that.
  int exit_code = 4;
  friend void PrintTo(const Passport& one, std::ostream* out) { *out << one.name; }
};

class PassportTest : public BadInputTest, public testing::WithParamInterface<Passport> {
 protected:
  static UnixTime Now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

  fs::path State() const { return federation_.site_folder(0) / "state"; }

  // Another certificate for the key that site-a holds, from that issuer.
  void Reissue(const fs::path& issuer_folder, const std::string& name,
               std::chrono::seconds life = std::chrono::hours(1)) {
    const auto key = TlsKey::Load(State() / "site.key");
    ASSERT_TRUE(key.ok()) << key.status().what();
    const auto issuer = CertificateIssuer::Open(issuer_folder);
    ASSERT_TRUE(issuer.ok()) << issuer.status().what();
    const auto certificate = issuer->IssueMember(key->public_key(), name, PeerRole::kSite, Now(), life);
    ASSERT_TRUE(certificate.ok()) << certificate.status().what();
    Write(State() / "site.crt", certificate->ToPem());
  }

  void Spoil(const std::string& name) {
    const fs::path issuer = federation_.ca_folder() / "issuer", foreign = federation_.folder() / "foreign";
    if (name == "Expired") {
      Reissue(issuer, SiteName(0), -1min);  // certificates begin five minutes ago
    } else if (name == "OfAnotherFederation" || name == "AggregatorOfAnotherFederation") {
      const auto other = CertificateAuthority::Create(foreign, "test", {}, Now());
      ASSERT_TRUE(other.ok()) << other.status().what();
      if (name == "OfAnotherFederation") return Reissue(foreign / "issuer", SiteName(0));
      Write(State() / "roots.crt", Contents(foreign / "root.pem"));
    } else if (name == "OfNobodyOnTheRoster") {
      Reissue(issuer, "site-x");
      const fs::path toml = federation_.site_folder(0) / "client.toml";
      Write(toml, std::regex_replace(Contents(toml), std::regex("name = \"site-a\""), "name = \"site-x\""));
    } else if (name == "OfAnotherSite") {
      for (const char* file : {"site.crt", "site.key"}) {
        fs::copy_file(federation_.site_folder(1) / "state" / file, State() / file,
                      fs::copy_options::overwrite_existing);
      }
    } else if (name == "ForAnotherKey") {
      const auto key = TlsKey::Generate();
      ASSERT_TRUE(key.Save(State() / "site.key").ok());
    } else if (name == "Absent") {
      fs::remove(State() / "site.crt");
    } else if (name == "NoCertificateAtAll") {
      Write(State() / "site.crt", "this is no certificate\n");
    } else if (name == "KeyThatOthersMayRead") {
      fs::permissions(State() / "site.key", fs::perms::owner_read | fs::perms::others_read);
    }
  }
};

TEST_P(PassportTest, IsToldApart) {
  federation_.StartAggregator();
  Spoil(GetParam().name);
  if (HasFatalFailure()) return;
  federation_.StartSite(0);
  if (GetParam().exit_code != 0) {
    EXPECT_EQ(federation_.site(0).Wait(20s), GetParam().exit_code) << federation_.site_log(0);
    EXPECT_NE(federation_.site_log(0).find("error[CAIRN-" + GetParam().id + "]"), std::string::npos)
        << federation_.site_log(0);
  } else {
    EXPECT_TRUE(Await([&] {
      return federation_.site_log(0).find("channel_closed id=CAIRN-" + GetParam().id) != std::string::npos;
    })) << federation_.site_log(0);
    EXPECT_TRUE(federation_.site(0).is_running());
  }
  EXPECT_EQ(federation_.site_log(0).find("connected"), std::string::npos);
  EXPECT_TRUE(federation_.aggregator().is_running());
  if (GetParam().name == "OfNobodyOnTheRoster") {
    EXPECT_NE(federation_.aggregator_log().find("peer: refused peer=spiffe://test/site/site-x"),
              std::string::npos)
        << federation_.aggregator_log();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Certificates, PassportTest,
    testing::Values(Passport{"Expired", "2207"}, Passport{"OfAnotherFederation", "2206", 0},
                    Passport{"AggregatorOfAnotherFederation", "2201", 0},
                    Passport{"OfNobodyOnTheRoster", "3106"}, Passport{"ForAnotherKey", "2210"},
                    Passport{"OfAnotherSite", "1103", 2}, Passport{"Absent", "2205"},
                    Passport{"NoCertificateAtAll", "2212"}, Passport{"KeyThatOthersMayRead", "3111"}),
    [](const auto& one) { return one.param.name; });

// ---- jobs

TEST_F(BadInputTest, JobThatNobodyCanMaskIsRefusedWithBothWaysOut) {
  federation_.StartAggregator();
  JobText job;
  job.secagg = R"({ mode = "unset" })";
  EXPECT_EQ(federation_.TrySubmit(job).exit_code, 2) << "a word that is none";
  job.secagg = R"({ mode = "full" })";
  job.cohort = R"(min = 2, target = "all")";
  const Outcome outcome = federation_.TrySubmit(job);
  EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
  EXPECT_NE(outcome.err.find("at least 3"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("mode = \"off\""), std::string::npos) << outcome.err;
  job.secagg = R"({ bits = 32 })";
  job.cohort = R"(min = 3)";
  EXPECT_NE(federation_.TrySubmit(job).err.find("secagg.clip"), std::string::npos) << "32 bits need a bound";
  EXPECT_TRUE(federation_.Job().is_null()) << "nothing was accepted";
}

TEST_F(BadInputTest, SiteWithoutPlainOkDeclinesAndTheOthersGoOn) {
  federation_.Configure(0, BlobKeys(0), "");
  federation_.StartAll();
  JobText job;
  job.secagg = kPlain;
  job.cohort = R"(min = 2, target = "all")";
  federation_.Submit(job);
  const json ended = federation_.AwaitEnd();
  EXPECT_EQ(ended.value("outcome", ""), "finished") << federation_.Logs();
  EXPECT_EQ(ended.value("participants", json()), json({"site-b", "site-c"}));
  EXPECT_NE(federation_.site_log(0).find("CAIRN-3201"), std::string::npos) << federation_.site_log(0);
}

TEST_F(BadInputTest, ModelThatDoesNotExistIsRefusedBeforeItIsSubmitted) {
  federation_.StartAggregator();
  JobText job;
  job.model = R"({ arch = "mpl", hyper = { inputs = 48, classes = 4 } })";
  const Outcome outcome = federation_.TrySubmit(job);
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_NE(outcome.err.find("CAIRN-4211"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("mlp"), std::string::npos) << "the nearest name\n" << outcome.err;
}

TEST_F(BadInputTest, JobWhoseSitesAllDeclineFailsInsteadOfHanging) {
  for (std::size_t i = 0; i < kSites; ++i)
    federation_.Configure(i, "reader = \"csv\"\npath = \"/nonexistent/rows.csv\"\nlabel = \"y\"\n");
  federation_.StartAll();
  federation_.Submit({});
  const json ended = federation_.AwaitEnd();
  EXPECT_EQ(ended.value("outcome", ""), "failed");
  EXPECT_EQ(ended.value("reason_id", 0), 5106) << ended.dump(1);
}

// ---- a full disk

// Lets go of what is mounted there.
class Unmount {
 public:
  explicit Unmount(fs::path where) : where_(std::move(where)) {}
  ~Unmount() { umount2(where_.c_str(), MNT_DETACH); }

 private:
  fs::path where_;
};

TEST_F(BadInputTest, FullDiskOfTheAggregatorIsToldAndTheRunGoesOnOnceThereIsSpace) {
  const fs::path models = federation_.aggregator_folder();
  const fs::path saved = federation_.folder() / "saved";
  fs::rename(models, saved);
  fs::create_directory(models);
  if (mount("tmpfs", models.c_str(), "tmpfs", 0, "size=6m,mode=700") != 0)
    GTEST_SKIP() << "needs the right to mount a tmpfs";
  const Unmount unmount(models);
  fs::copy(saved, models, fs::copy_options::recursive);
  const fs::path ballast = models / "ballast";

  federation_.StartAll();
  JobText job;
  job.model =
      R"({ arch = "mlp", hyper = { inputs = 48, hidden = [512, 256], classes = 4 }, init = "seed:5" })";
  job.strategy = R"(name = "fedavg", rounds = 4)";
  federation_.Submit(job);
  EXPECT_TRUE(Await([&] { return federation_.LastRound().is_object(); }));
  {
    std::ofstream fill(ballast, std::ios::binary);
    const std::string block(1 << 16, 'x');
    while (fill.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  EXPECT_TRUE(Await([&] { return federation_.aggregator_log().find("CAIRN-8103") != std::string::npos; }))
      << federation_.Logs();
  EXPECT_TRUE(federation_.aggregator().is_running()) << federation_.aggregator_log();
  fs::remove(ballast);
  const json ended = federation_.AwaitEnd();
  EXPECT_EQ(ended.value("outcome", ""), "finished") << federation_.Logs();
  EXPECT_TRUE(federation_.FinalModel(ended) ==
              SimulatedModel(job, {BlobKeys(0), BlobKeys(1), BlobKeys(2)}, "direct", 2));
  federation_.aggregator().Kill();
}

}  // namespace
}  // namespace cairn::testing_processes
