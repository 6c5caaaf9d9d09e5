// A federation as its people make it: authority, aggregator, invites, sites, each command a real process.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <condition_variable>
#include <csignal>
#include <fstream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>

#include "client/policy/client_config.h"
#include "core/runtime/asio/local_client.h"
#include "core/runtime/files.h"
#include "protocol/grpc/grpc_client_channel.h"
#include "tests/integration/program.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

class RecordingSite final : public ClientHandler {
 public:
  void OnOpen() override {
    const std::lock_guard lock(mutex_);
    opened_ = true;
    changed_.notify_all();
  }
  void OnMessage(ServerMessage) override {}
  void OnClose(Status reason) override {
    const std::lock_guard lock(mutex_);
    closed_ = std::move(reason);
    changed_.notify_all();
  }
  bool AwaitOpen() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [this] { return opened_; });
  }
  std::optional<Status> AwaitClose() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(30), [this] { return closed_.has_value(); });
    return closed_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool opened_ = false;
  std::optional<Status> closed_;
};

class EnrolmentTest : public testing::Test {
 protected:
  void SetUp() override {
    if (Program::Path().empty()) GTEST_SKIP() << "CAIRN_BIN_DIR holds no cairn";
    port_ = FreePort();
    MakeAggregator("heartnet");
  }

  Program::Outcome Run(const Words& words, const std::string& input = "") {
    Program program(folder_.path(), words, input);
    const auto outcome = program.Wait();
    EXPECT_TRUE(outcome.has_value()) << words[0] << " did not end";
    return outcome.value_or(Program::Outcome());
  }
  Program::Outcome Must(const Words& words) {
    const Program::Outcome outcome = Run(words);
    EXPECT_EQ(outcome.exit_code, 0) << words[0] << ' ' << words[1] << ": " << outcome.err;
    return outcome;
  }

  std::string At(const std::string& name) const { return (folder_.path() / name).string(); }

  void MakeAggregator(const std::string& federation) {
    const std::string ca = At(federation + "-ca"), port = std::to_string(port_);
    Must({"ca", "init", "--federation", federation, "--dir", ca});
    Must({"aggregator", "init", "--issuer", ca + "/issuer", "--address", "localhost:" + port, "--listen",
          "127.0.0.1:" + port, "--dir", At(federation)});
  }

  void Serve(const std::string& federation = "heartnet") {
    server_.reset();
    server_ =
        std::make_unique<Program>(folder_.path(), Words{"aggregator", "serve", "--dir", At(federation)});
    ASSERT_TRUE(Await([&] { return LocalClient::Connect(At(federation) + "/admin.sock").ok(); }))
        << server_->err();
    ASSERT_TRUE(Await([&] { return server_->err().find("serving") != std::string::npos; })) << server_->err();
  }

  std::string Invite(const std::string& name) {
    const std::string file = At(name + ".invite");
    Must({"invite", "new", name, "--dir", At("heartnet"), "--out", file});
    return file;
  }
  // Asks once and does not wait.
  Words JoinOnce(const std::string& invite, const std::string& folder) const {
    return {"client", "join", invite, "--dir", At(folder), "--wait", "0"};
  }
  Json Site(const std::string& name) {
    const Json data =
        Json::parse(Must({"site", "ls", "--dir", At("heartnet"), "--format", "json"}).out).at("data");
    for (const Json& site : data.at("sites")) {
      if (site.at("name") == name) return site;
    }
    return Json();
  }
  void Approve(const std::string& name) { Must({"site", "approve", name, "--yes", "--dir", At("heartnet")}); }

  ClientConfig ConfigOf(const std::string& folder) const {
    const auto document = ConfigDocument::ReadFile(At(folder) + "/client.toml");
    EXPECT_TRUE(document.ok()) << document.status().ToString();
    const auto config = ParseClientConfig(*document);
    EXPECT_TRUE(config.ok()) << config.status().ToString();
    return *config;
  }
  std::unique_ptr<GrpcClientChannel> Connect(const ClientConfig& config, RecordingSite& site) {
    auto channel =
        GrpcClientChannel::Create({.aggregator = *Endpoint::Parse(config.aggregator_address),
                                   .federation = config.federation,
                                   .tls = {config.certificate_file(), config.key_file(), config.roots_file()},
                                   .cache_dir = folder_.path() / "cache"});
    EXPECT_TRUE(channel.ok()) << channel.status().ToString();
    (*channel)->Open(site);
    return *std::move(channel);
  }

  TempFolder folder_ = TempFolder::Create(fs::temp_directory_path(), "ce-").value();
  std::uint16_t port_ = 0;
  std::unique_ptr<Program> server_;
};

mode_t ModeOf(const fs::path& path) {
  struct stat info {};
  EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 0777;
}

bool Says(const Program::Outcome& outcome, const std::string& text) {
  return outcome.err.find(text) != std::string::npos;
}

TEST_F(EnrolmentTest, CommandsFindADaemonWhoseStateLiesElsewhere) {
  const fs::path folder = At("heartnet"), state = folder / "elsewhere";
  fs::create_directories(state);
  fs::rename(folder / "tls", state / "tls");
  std::ofstream(folder / "aggregator.toml", std::ios::app) << "state_dir = \"elsewhere\"\n";
  const Program server(folder_.path(), Words{"aggregator", "serve", "--dir", folder.string()});
  ASSERT_TRUE(Await([&] { return LocalClient::Connect((state / "admin.sock").string()).ok(); }))
      << server.err();
  Must({"site", "ls", "--dir", folder.string()});
  Must({"job", "ls", "--dir", folder.string()});
}

TEST_F(EnrolmentTest, FromInviteToASessionAndOutAgain) {
  Serve();
  const std::string invite = Invite("site-a");
  Program join(folder_.path(), {"client", "join", invite, "--dir", At("a")});
  ASSERT_TRUE(Await([&] { return join.err().find("waiting") != std::string::npos; })) << join.err();
  const std::string words = Site("site-a").at("words");
  EXPECT_NE(join.err().find(words), std::string::npos) << "both ends show the same five words";
  Must({"site", "approve", "site-a", "--words", words, "--dir", At("heartnet")});
  const auto joined = join.Wait();
  ASSERT_TRUE(joined.has_value());
  ASSERT_EQ(joined->exit_code, 0) << joined->err;

  const ClientConfig config = ConfigOf("a");
  EXPECT_EQ(config.site, "site-a");
  EXPECT_EQ(config.policy.secagg, SecAggPolicy::kRequired) << "a new site allows nothing by itself";
  EXPECT_EQ(ModeOf(config.key_file()), 0600u);
  EXPECT_EQ(ModeOf(config.state_dir / "signing.key"), 0600u);
  EXPECT_FALSE(fs::exists(config.state_dir / "join"));
  RecordingSite site;
  const auto channel = Connect(config, site);
  ASSERT_TRUE(site.AwaitOpen());
  Must({"site", "revoke", "site-a", "--yes", "--reason", "test", "--dir", At("heartnet")});
  const auto reason = site.AwaitClose();
  ASSERT_TRUE(reason.has_value());
  EXPECT_EQ(reason->id(), errors::kMemberRevoked) << reason->ToString();
}

TEST_F(EnrolmentTest, KilledJoinGoesOnWithTheSameKeys) {
  Serve();
  const std::string invite = Invite("site-a");
  {
    Program join(folder_.path(), {"client", "join", invite, "--dir", At("a")});
    ASSERT_TRUE(Await([&] { return join.err().find("waiting") != std::string::npos; })) << join.err();
    join.Signal(SIGKILL);
    EXPECT_EQ(join.Wait()->exit_code, 128 + SIGKILL);
  }
  const std::string words = Site("site-a").at("words");
  const Program::Outcome pending = Run({"client", "join", "--dir", At("a"), "--wait", "0"});
  EXPECT_EQ(pending.exit_code, 4);
  EXPECT_TRUE(Says(pending, "CAIRN-3105")) << pending.err;
  EXPECT_TRUE(Says(pending, words)) << pending.err;
  Approve("site-a");
  Must({"client", "join", "--dir", At("a")});
  Must({"client", "join", invite, "--dir", At("a")});  // once more, when all is done: says so again
}

TEST_F(EnrolmentTest, SecondMachineWithTheSameInviteIsRefused) {
  Serve();
  const std::string invite = Invite("site-a");
  EXPECT_EQ(Run(JoinOnce(invite, "a")).exit_code, 4);
  const Program::Outcome thief = Run(JoinOnce(invite, "thief"));
  EXPECT_EQ(thief.exit_code, 4);
  EXPECT_TRUE(Says(thief, "CAIRN-3104")) << thief.err;
  EXPECT_FALSE(fs::exists(At("thief") + "/client.toml"));
}

TEST_F(EnrolmentTest, ReplacedInviteIsRefusedAtTheDoor) {
  Serve();
  const auto line = ReadFile(Invite("site-a"), 1 << 16);
  Invite("site-a");
  const Program::Outcome old = Run({"client", "join", "-", "--dir", At("a"), "--wait", "0"}, *line);
  EXPECT_EQ(old.exit_code, 4);
  EXPECT_TRUE(Says(old, "CAIRN-3106")) << old.err;
}

TEST_F(EnrolmentTest, AggregatorRestartLosesNoRequest) {
  Serve();
  const std::string invite = Invite("site-a");
  Program join(folder_.path(), {"client", "join", invite, "--dir", At("a")});
  ASSERT_TRUE(Await([&] { return join.err().find("waiting") != std::string::npos; })) << join.err();
  server_->Signal(SIGKILL);
  ASSERT_TRUE(server_->Wait().has_value());
  Approve("site-a");  // without a daemon the command works on the folder itself
  Serve();
  const auto joined = join.Wait();
  ASSERT_TRUE(joined.has_value());
  EXPECT_EQ(joined->exit_code, 0) << joined->err;
  EXPECT_EQ(Site("site-a").at("state"), "active");
}

TEST_F(EnrolmentTest, AnotherFederationAtTheAddressIsFoundOut) {
  const std::string invite = Invite("site-a");
  MakeAggregator("othernet");
  Serve("othernet");
  const Program::Outcome outcome = Run(JoinOnce(invite, "a"));
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_TRUE(Says(outcome, "CAIRN-3103") || Says(outcome, "CAIRN-2201")) << outcome.err;
}

TEST_F(EnrolmentTest, NobodyListeningExitsThreeAtOnce) {
  const Program::Outcome outcome = Run({"client", "join", Invite("site-a"), "--dir", At("a")});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_TRUE(Says(outcome, "CAIRN-2102")) << outcome.err;
}

TEST_F(EnrolmentTest, WithoutATerminalNothingIsAskedAndTheFlagIsNamed) {
  Serve();
  const Program::Outcome join = Run({"client", "join", "--dir", At("a")});
  EXPECT_EQ(join.exit_code, 2);
  EXPECT_TRUE(Says(join, "CAIRN-1004")) << join.err;
  EXPECT_EQ(Run(JoinOnce(Invite("site-a"), "a")).exit_code, 4);
  const Program::Outcome approve = Run({"site", "approve", "site-a", "--dir", At("heartnet")});
  EXPECT_EQ(approve.exit_code, 2);
  EXPECT_TRUE(Says(approve, "--words")) << approve.err;
  EXPECT_EQ(Site("site-a").at("state"), "waiting");
  const Program::Outcome wrong =
      Run({"site", "approve", "site-a", "--words", "a b c d e", "--dir", At("heartnet")});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_TRUE(Says(wrong, "CAIRN-1005")) << wrong.err;
}

TEST_F(EnrolmentTest, SetUpRefusesToOverwriteAndRenewsWithTheSameKey) {
  const std::string ca = At("heartnet-ca");
  EXPECT_TRUE(Says(Run({"ca", "init", "--federation", "heartnet", "--dir", ca}), "CAIRN-3111"));
  const Words init = {"aggregator", "init",        "--issuer", ca + "/issuer",
                      "--address",  "localhost:1", "--dir",    At("heartnet")};
  EXPECT_EQ(Run(init).exit_code, 2);
  const auto key = ReadFile(At("heartnet") + "/tls/server.key", 1 << 16);
  Must({"aggregator", "init", "--renew", "--san", "agg.example.org", "--dir", At("heartnet")});
  EXPECT_EQ(*ReadFile(At("heartnet") + "/tls/server.key", 1 << 16), *key);
  const auto certificate = Certificate::FromPem(*ReadFile(At("heartnet") + "/tls/server.crt", 1 << 16));
  EXPECT_EQ(certificate->dns_names(), (Words{"localhost", "agg.example.org"}));
}

TEST_F(EnrolmentTest, PassphraseComesFromAPrivateFileOnly) {
  const std::string secret = At("secret");
  ASSERT_TRUE(WriteFileAtomically(secret, std::string_view("correct horse\n"), 0644).ok());
  const Words init = {"ca", "init", "--federation", "b", "--dir", At("b-ca"), "--passphrase-file", secret};
  EXPECT_TRUE(Says(Run(init), "CAIRN-3111")) << "others can read the file";
  ASSERT_EQ(chmod(secret.c_str(), 0600), 0);
  Must(init);
  Must({"aggregator", "init", "--issuer", At("b-ca") + "/issuer", "--address",
        "localhost:" + std::to_string(port_), "--dir", At("b")});
  Must({"invite", "new", "site-a", "--dir", At("b"), "--out", At("b.invite")});
  Serve("b");
  EXPECT_EQ(Run(JoinOnce(At("b.invite"), "site")).exit_code, 4);
  const Words approve = {"site", "approve", "site-a", "--yes", "--dir", At("b")};
  const Program::Outcome locked = Run(approve);
  EXPECT_EQ(locked.exit_code, 2);
  EXPECT_TRUE(Says(locked, "--passphrase-file")) << locked.err;
  Words open = approve;
  open.insert(open.end(), {"--passphrase-file", secret});
  Must(open);
}

}  // namespace
}  // namespace cairn
