#include "cli/cairn/demo_files.h"

#include "core/base/config_value.h"

namespace cairn {
namespace {

std::string Quoted(const std::string& text) { return ToTomlInline(ConfigValue::String(text)); }

}  // namespace

std::string DemoSiteName(std::size_t index) {
  return index < 26 ? "site-" + std::string(1, static_cast<char>('a' + index))
                    : "site-z" + std::to_string(index);
}

std::string DemoJobToml(std::int64_t sites, std::int64_t rounds, std::int64_t seed) {
  const std::string n = std::to_string(sites);
  return "schema = 1\nname = \"demo\"\nseed = " + std::to_string(seed) +
         "\nmodel = { arch = \"cnn-small\", hyper = { channels = 1, size = 28, classes = 10 }, init = "
         "\"seed:" +
         std::to_string(seed) +
         "\" }\n"
         "data = { dataset = \"images\", holdout = 0.1 }\n"
         "train = { loss = \"cross_entropy\", epochs = 1, batch = 50, optimizer = { name = \"sgd\", lr = "
         "0.05, momentum = 0.9 } }\n"
         "strategy = { name = \"fedavg\", rounds = " +
         std::to_string(rounds) + ", cohort = { min = " + n +
         ", target = \"all\" } }\n"
         "evaluate = { where = [\"federated\"], metric = \"accuracy\", mode = \"max\" }\n";
}

std::string DemoClientToml(const DemoSite& site, const std::string& federation, std::uint16_t port) {
  return "schema = 1\nsite = { name = " + Quoted(site.name) + ", federation = " + Quoted(federation) +
         " }\naggregator = { address = \"localhost:" + std::to_string(port) +
         "\" }\nclient = { heartbeat = \"1s\", state_dir = " + Quoted((site.folder / "state").string()) +
         ", socket = " + Quoted((site.folder / "agent.sock").string()) + " }\n[dataset.images]\n" +
         site.dataset_keys +
         "[policy]\napproval = \"auto\"\nmin_cohort = 3\n"
         "[policy.dataset.images]\njobs = [\"demo\"]\n";
}

std::string DemoExperimentToml(const std::string& job_toml, const std::vector<DemoSite>& sites) {
  std::string names, tables;
  for (const DemoSite& site : sites) {
    names += (names.empty() ? "" : ", ") + Quoted(site.name);
    tables += "[dataset." + site.name + "]\n" + site.dataset_keys;
  }
  return job_toml + "population = { datasets = [" + names + "] }\n" + tables;
}

}  // namespace cairn
