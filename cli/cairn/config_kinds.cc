#include "cli/cairn/config_kinds.h"

#include <algorithm>

#include "aggregator/server/aggregator_config.h"
#include "client/policy/client_config.h"
#include "core/base/edit_distance.h"
#include "core/base/text.h"
#include "protocol/messages/job_config.h"

namespace cairn {
namespace {

constexpr std::string_view kJobStarter =
    R"(# A job: what is trained, how, and what leaves a site. Submit it with `cairn job submit job.toml`.
schema = 1
name = "my-job"

[model]
arch = "mlp"                 # a model of the zoo: `cairn model init --help` lists them
hyper = { inputs = 13, hidden = [64, 8], classes = 2 }
init = "seed:7"              # or "file:model.safetensors" to fine-tune one you have

[data]
dataset = "cardio"           # a logical name; each site maps it to a path of its own
holdout = 0.2

[train]
epochs = 1
batch = 64
optimizer = { name = "sgd", lr = 0.05 }

[strategy]
name = "fedavg"
rounds = 10
cohort = { min = 4 }

# Updates are masked: the aggregator learns their sum alone. Nothing has to be said for it; "off" would let it read
# every update, and each site's policy would have to agree. A clip halves the upload.
# [secagg]
# mode = "full"
# clip = 8.0
)";

constexpr std::string_view kClientStarter =
    R"(# A site. `cairn client join` writes the first three lines.
schema = 1
site = { name = "site-a", federation = "heartnet" }
aggregator = { address = "agg.example.org:8443" }

[dataset.cardio]             # the job's logical name; only the worker opens the file
reader = "csv"
path = "/srv/cardio/visits.csv"

[policy]                     # what is not allowed here is refused
approval = "manual"          # a person approves each manifest: cairn client jobs approve ID
secagg = "required"          # "grouped-ok": sums of groups of sites, "plain-ok": this site's updates can be read
min_cohort = 4
share_site_metrics = false   # of plain jobs; in masked ones nobody can read them

[policy.dataset.cardio]
jobs = ["cardio-*"]
)";

constexpr std::string_view kAggregatorStarter =
    R"(# An aggregator. `cairn aggregator init` writes this file.
schema = 1
federation = "heartnet"
address = "0.0.0.0:8443"
issuer = "ca/issuer"
)";

constexpr ConfigKind kKinds[] = {
    {"job", "a job for real sites", "job.toml", [](ConfigReader& root) { (void)ParseJobSpec(root); },
     kJobStarter, "cairn job submit job.toml"},
    {"client", "a site's agent", "client.toml", [](ConfigReader& root) { (void)ReadClientConfig(root); },
     kClientStarter, "cairn client run"},
    {"aggregator", "the aggregator", "aggregator.toml",
     [](ConfigReader& root) { (void)ReadAggregatorConfig(root, {}); }, kAggregatorStarter,
     "cairn aggregator serve"},
};

// How many of the top-level names of the document this kind knows.
std::size_t Familiar(const ConfigKind& kind, const ConfigDocument& document) {
  const std::vector<ConfigKey> keys = ConfigReader::Describe(kind.read);
  return static_cast<std::size_t>(
      std::ranges::count_if(document.root().members, [&](const ConfigMember& member) {
        return std::ranges::any_of(
            keys, [&](const ConfigKey& key) { return key.path.substr(0, key.path.find('.')) == member.key; });
      }));
}

}  // namespace

std::span<const ConfigKind> ConfigKinds() { return kKinds; }

Result<const ConfigKind*> FindConfigKind(std::string_view name) {
  std::vector<std::string> names;
  for (const ConfigKind& kind : kKinds) {
    if (kind.name == name) return &kind;
    names.emplace_back(kind.name);
  }
  std::string list;
  for (const std::string& known : names) list += (list.empty() ? "" : ", ") + known;
  const std::string nearest = NearestWord(name, names);
  return Status(errors::kUsage, "no kind of configuration is called '" + EscapeControls(name) + "'")
      .Mend(nearest.empty() ? "the kinds are: " + list : "did you mean `" + nearest + "`?");
}

const ConfigKind& GuessConfigKind(const std::filesystem::path& path, const ConfigDocument& document) {
  const ConfigKind* best = &kKinds[0];
  std::size_t most = 0;
  for (const ConfigKind& kind : kKinds) {
    if (path.filename() == kind.file) return kind;
    const std::size_t familiar = Familiar(kind, document);
    if (familiar > most) {
      best = &kind;
      most = familiar;
    }
  }
  return *best;
}

Result<ConfigDocument> LoadConfig(std::string_view file, const std::string& path,
                                  const std::vector<std::string>& sets) {
  ConfigDocument document;
  if (!path.empty()) {
    CAIRN_ASSIGN_OR_RETURN(document, ConfigDocument::ReadFile(path));
  } else {
    for (const std::filesystem::path& candidate :
         {std::filesystem::path(file), "/etc/cairn" / std::filesystem::path(file)}) {
      std::error_code error;
      if (!std::filesystem::exists(candidate, error)) continue;
      CAIRN_ASSIGN_OR_RETURN(const ConfigDocument found, ConfigDocument::ReadFile(candidate));
      document.Underlay(found);
    }
  }
  CAIRN_RETURN_IF_ERROR(document.ApplyEnvironment(EnvironmentOverrides()));
  for (const std::string& set : sets) CAIRN_RETURN_IF_ERROR(document.ApplyFlag(set));
  return document;
}

}  // namespace cairn
