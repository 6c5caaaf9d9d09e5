#include "tests/integration/federation/federation.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "core/runtime/asio/local_client.h"

namespace cairn::testing_processes {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using namespace std::chrono_literals;

std::string Cairn() { return (ProgramsFolder() / "cairn").string(); }

fs::path NewFolder() {
  std::string name = (fs::temp_directory_path() / "cairn-fed-XXXXXX").string();
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  return name;
}

void Write(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

std::uint16_t FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

json Ask(const fs::path& socket, const json& request) {
  auto client = LocalClient::Connect(socket);
  if (!client.ok()) return {};
  const auto answer = client->Call({request.dump(), {}}, 5s);
  if (!answer.ok()) return {};
  const json parsed = json::parse(answer->text, nullptr, false);
  return parsed.is_object() ? parsed.value("data", json()) : json();
}

void WriteAggregatorToml(const fs::path& folder, const fs::path& ca, std::uint16_t port) {
  const std::string number = std::to_string(port);
  Write(folder / "aggregator.toml", "schema = 1\nfederation = \"test\"\naddress = \"127.0.0.1:" + number +
                                        "\"\npublic_address = \"localhost:" + number + "\"\nissuer = \"" +
                                        (ca / "issuer").string() + "\"\nroot = \"" + ca.string() + "\"\n");
}

bool HasState(const json& sites, const std::string& name, const std::string& state) {
  if (!sites.is_object()) return false;
  for (const json& site : sites.value("sites", json::array())) {
    if (site.value("name", "") == name && site.value("state", "") == state) return true;
  }
  return false;
}

void Expect0(const Outcome& outcome) { EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err; }

// Authority, aggregator and members, made with the commands of a real one and stopped again.
class Enrolled {
 public:
  static const fs::path& Folder() {
    static const Enrolled enrolled;
    return enrolled.folder_;
  }
  ~Enrolled() { fs::remove_all(folder_); }

 private:
  Enrolled() : folder_(NewFolder()) {
    const std::string ca = (folder_ / "ca").string(), dir = (folder_ / "aggregator").string();
    const std::string port = std::to_string(FreePort());
    Expect0(Run({Cairn(), "ca", "init", "--federation", "test", "--dir", ca}));
    Expect0(Run({Cairn(), "aggregator", "init", "--issuer", ca + "/issuer", "--root", ca, "--address",
                 "localhost:" + port, "--listen", "127.0.0.1:" + port, "--dir", dir}));
    Process aggregator({Cairn(), "aggregator", "serve", "--dir", dir}, folder_ / "aggregator.log");
    const fs::path socket = folder_ / "aggregator" / "admin.sock";
    EXPECT_TRUE(Await([&] { return Ask(socket, {{"verb", "site.ls"}}).is_object(); })) << aggregator.log();
    for (std::size_t i = 0; i < kEnrolled; ++i) Enrol(SiteName(i), dir, socket);
    EXPECT_EQ(aggregator.Terminate(), 0) << aggregator.log();
    fs::remove(socket);
  }

  void Enrol(const std::string& name, const std::string& dir, const fs::path& socket) const {
    const std::string invite = (folder_ / (name + ".invite")).string();
    Expect0(Run({Cairn(), "invite", "new", name, "--dir", dir, "--out", invite}));
    Process join({Cairn(), "client", "join", invite, "--dir", (folder_ / name).string(), "--state",
                  (folder_ / name / "state").string()},
                 folder_ / (name + ".log"));
    EXPECT_TRUE(Await([&] {
      return HasState(Ask(socket, {{"verb", "site.ls"}}), name, "waiting");
    })) << join.log();
    Expect0(Run({Cairn(), "site", "approve", name, "--yes", "--dir", dir}));
    EXPECT_EQ(join.Wait(60s), 0) << join.log();
  }

  fs::path folder_;
};

}  // namespace

bool HavePrograms() {
  return std::getenv("CAIRN_BIN_DIR") != nullptr && fs::exists(ProgramsFolder() / "cairn") &&
         fs::exists(ProgramsFolder() / "cairn-worker");
}

fs::path ProgramsFolder() { return std::getenv("CAIRN_BIN_DIR"); }

std::string SiteName(std::size_t index) { return "site-" + std::string(1, static_cast<char>('a' + index)); }

std::string BlobKeys(std::size_t index) {
  return "reader = \"made-blobs\"\nfeatures = 48\nclasses = 4\nseed = 3\nrows = " +
         std::to_string(index == 2 ? 4000 : 1000) + "\nfirst_row = " + std::to_string(1000 * index) + "\n";
}

std::string JobText::Toml() const {
  return "schema = 1\nname = \"" + name + "\"\nseed = " + std::to_string(seed) + "\nmodel = " + model +
         "\ndata = " + data + "\ntrain = " + train + "\nstrategy = { " + strategy + ", cohort = { " + cohort +
         " } }\nsecagg = " + secagg + "\nevaluate = " + evaluate + "\n" +
         (privacy.empty() ? "" : "privacy = " + privacy + "\n");
}

std::string SimulatedModel(const JobText& job, const std::vector<std::string>& dataset_keys,
                           const std::string& transport, int workers) {
  const fs::path folder = NewFolder();
  std::string toml = job.Toml(), names;
  for (std::size_t i = 0; i < dataset_keys.size(); ++i)
    names += (i == 0 ? "\"" : ", \"") + SiteName(i) + "\"";
  toml += "population = { datasets = [" + names + "] }\n";
  for (std::size_t i = 0; i < dataset_keys.size(); ++i)
    toml += "[dataset." + SiteName(i) + "]\n" + dataset_keys[i];
  Write(folder / "experiment.toml", toml);
  const Outcome outcome =
      Run({Cairn(), "sim", "run", (folder / "experiment.toml").string(), "--transport", transport,
           "--workers", std::to_string(workers), "--out", (folder / "runs").string()},
          120s);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  std::string model = Contents(folder / "runs" / "latest" / "final.safetensors");
  EXPECT_FALSE(model.empty());
  fs::remove_all(folder);
  return model;
}

Federation::Federation(std::size_t sites) : folder_(NewFolder()), port_(FreePort()), sites_(sites) {
  fs::copy(Enrolled::Folder() / "aggregator", aggregator_folder(), fs::copy_options::recursive);
  WriteAggregatorToml(aggregator_folder(), ca_folder(), port_);
  for (std::size_t i = 0; i < size(); ++i) {
    fs::copy(Enrolled::Folder() / SiteName(i), site_folder(i), fs::copy_options::recursive);
    Configure(i, BlobKeys(i));
  }
}

Federation::~Federation() {
  for (Process& site : sites_) site.Kill();
  aggregator_.Kill();
  if (std::getenv("CAIRN_TEST_KEEP") == nullptr) fs::remove_all(folder_);
}

fs::path Federation::ca_folder() const { return Enrolled::Folder() / "ca"; }

void Federation::Configure(std::size_t index, const std::string& dataset_keys, const std::string& policy) {
  const fs::path folder = site_folder(index);
  Write(folder / "client.toml",
        "schema = 1\nsite = { name = \"" + SiteName(index) +
            "\", federation = \"test\" }\naggregator = { address = \"localhost:" + std::to_string(port_) +
            "\" }\nclient = { heartbeat = \"1s\", state_dir = \"" + (folder / "state").string() +
            "\", socket = \"" + (folder / "agent.sock").string() + "\" }\n[dataset.rows]\n" + dataset_keys +
            "[policy]\napproval = \"auto\"\nmin_cohort = 2\n" + policy +
            "[policy.dataset.rows]\njobs = [\"*\"]\n");
}

void Federation::StartAggregator() {
  aggregator_ = Process({Cairn(), "aggregator", "serve", "--dir", aggregator_folder().string()},
                        folder_ / "aggregator.log");
  EXPECT_TRUE(Await([&] {
    return Ask(aggregator_folder() / "admin.sock", {{"verb", "job.ls"}}).is_object();
  })) << Logs();
}

void Federation::StartSite(std::size_t index) {
  sites_[index] = Process({Cairn(), "client", "run", "--dir", site_folder(index).string()},
                          folder_ / (SiteName(index) + ".log"));
}

void Federation::StartAll() {
  StartAggregator();
  for (std::size_t i = 0; i < size(); ++i) StartSite(i);
}

std::string Federation::site_log(std::size_t index) const {
  return Contents(folder_ / (SiteName(index) + ".log"));
}
std::string Federation::aggregator_log() const { return Contents(folder_ / "aggregator.log"); }

Outcome Federation::Command(std::vector<std::string> words) const {
  words.insert(words.begin(), Cairn());
  return Run(std::move(words));
}

Outcome Federation::TrySubmit(const JobText& job) const {
  Write(folder_ / "job.toml", job.Toml());
  return Command({"job", "submit", (folder_ / "job.toml").string(), "--dir", aggregator_folder().string()});
}

void Federation::Submit(const JobText& job) const { Expect0(TrySubmit(job)); }

json Federation::Job() const {
  const json answer = Ask(aggregator_folder() / "admin.sock", {{"verb", "job.ls"}});
  if (!answer.is_object() || answer.at("jobs").empty()) return {};
  return Ask(aggregator_folder() / "admin.sock",
             {{"verb", "job.show"}, {"id", answer.at("jobs").back().at("id")}});
}

json Federation::LastRound() const {
  const json job = Job();
  const json history = job.is_object() ? job.at("history") : json::array();
  return history.empty() ? json() : history.back();
}

std::size_t Federation::LastReports() const {
  const json round = LastRound();
  return round.is_object() ? round.at("reported").get<std::size_t>() : 0;
}

json Federation::AwaitEnd(Milliseconds patience) const {
  json job;
  const bool ended = Await(
      [&] { return (job = Job()).is_object() && job.contains("outcome") && job.contains("run"); }, patience);
  EXPECT_TRUE(ended) << "the job did not end: " << job.dump(1) << Logs();
  return job;
}

std::string Federation::FinalModel(const json& job) const {
  return job.is_object() ? Contents(fs::path(job.value("run", "")) / "final.safetensors") : "";
}

std::string Federation::Logs() const {
  std::string text = "\n==== aggregator\n" + aggregator_log();
  for (std::size_t i = 0; i < size(); ++i) text += "==== " + SiteName(i) + "\n" + site_log(i);
  return text;
}

}  // namespace cairn::testing_processes
