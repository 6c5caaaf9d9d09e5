#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/integration/federation/process.h"

// A real federation for tests: the programs of the build, mutual TLS on loopback, one process a party.
// Its members are enrolled once a test program, by the commands that a person uses; each Federation is
// a copy of that with a port of its own.

namespace cairn::testing_processes {

inline constexpr std::size_t kSites = 3;     // of most tests
inline constexpr std::size_t kEnrolled = 9;  // most a test can have

bool HavePrograms();  // CAIRN_BIN_DIR holds both
std::filesystem::path ProgramsFolder();
std::string SiteName(std::size_t index);

// Rows of site i and nobody else's; site-c has four times as many, so that it reports last.
std::string BlobKeys(std::size_t index);

inline constexpr const char* kPlain = R"({ mode = "off" })";

struct JobText {
  std::string name = "test";
  std::string model =
      R"({ arch = "mlp", hyper = { inputs = 48, hidden = [32], classes = 4 }, init = "seed:5" })";
  std::string train =
      R"({ loss = "cross_entropy", epochs = 6, batch = 8, optimizer = { name = "sgd", lr = 0.05, momentum = 0.9 } })";
  std::string strategy = R"(name = "fedavg", rounds = 3)";
  std::string secagg =
      R"({ mode = "full" })";  // sites of tests take plain jobs too, which a cohort of two needs
  std::string data = R"({ dataset = "rows", holdout = 0.1 })";
  int seed = 7;
  std::string cohort = R"(min = 3, target = "all")";
  std::string evaluate = R"({ where = ["federated"], metric = "accuracy", mode = "max" })";
  std::string privacy = {};  // the whole table; empty: none
  std::string Toml() const;
};

// final.safetensors of a simulation of that job over the sites' data sets.
std::string SimulatedModel(const JobText& job, const std::vector<std::string>& dataset_keys,
                           const std::string& transport, int workers);

class Federation {
 public:
  explicit Federation(std::size_t sites = kSites);
  ~Federation();
  Federation(const Federation&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path site_folder(std::size_t index) const { return folder_ / SiteName(index); }
  std::filesystem::path aggregator_folder() const { return folder_ / "aggregator"; }
  std::filesystem::path ca_folder() const;
  std::uint16_t port() const { return port_; }

  std::size_t size() const { return sites_.size(); }
  // client.toml of a site: its [dataset.rows] keys, and lines for its [policy].
  void Configure(std::size_t index, const std::string& dataset_keys,
                 const std::string& policy = "secagg = \"plain-ok\"\nshare_site_metrics = true\n");
  void StartAggregator();  // until it answers
  void StartSite(std::size_t index);
  void StartAll();
  Process& aggregator() { return aggregator_; }
  Process& site(std::size_t index) { return sites_[index]; }
  std::string site_log(std::size_t index) const;
  std::string aggregator_log() const;

  Outcome Command(std::vector<std::string> words) const;  // of `cairn`
  Outcome TrySubmit(const JobText& job) const;
  void Submit(const JobText& job) const;
  // The newest job as the aggregator tells it; null while it does not answer.
  nlohmann::json Job() const;
  // Of the newest job, the last round that was committed; null before the first.
  nlohmann::json LastRound() const;
  // How many sites have a part in that one.
  std::size_t LastReports() const;
  // Until it has ended; what it was then.
  nlohmann::json AwaitEnd(Milliseconds patience = std::chrono::seconds(60)) const;
  std::string FinalModel(const nlohmann::json& job) const;  // the bytes of the file
  std::string Logs() const;                                 // of all, for a failure's message

 private:
  std::filesystem::path folder_;
  std::uint16_t port_ = 0;
  Process aggregator_;
  std::vector<Process> sites_;
};

}  // namespace cairn::testing_processes
