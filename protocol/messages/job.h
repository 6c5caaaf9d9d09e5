#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/ids.h"
#include "core/tensor/parameter_spec.h"
#include "protocol/messages/model_ref.h"
#include "protocol/messages/privacy_terms.h"

// What a job is: the one description that runs in the simulator and is submitted to real sites.
// Plain structs with defaults; JobSpec comes out of job_config.h (TOML) or codec.h (wire), both
// validated. Times are Durations, rates are fractions.

namespace cairn {

using HyperValue = std::variant<std::int64_t, double, std::string, std::vector<std::int64_t>>;

struct ModelConfig {
  std::string arch;  // name in the zoo, never code
  std::map<std::string, HyperValue> hyper;
  std::string init = "seed:0";  // "seed:N", or "file:PATH" until submitted, then "sha256:HEX"
  friend bool operator==(const ModelConfig&, const ModelConfig&) = default;
};

enum class OptimizerKind : std::uint8_t { kSgd = 1, kAdam = 2 };
struct OptimizerConfig {  // PyTorch's semantics
  OptimizerKind kind = OptimizerKind::kSgd;
  double lr = 0.01;
  double momentum = 0;
  bool nesterov = false;
  double weight_decay = 0;
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  friend bool operator==(const OptimizerConfig&, const OptimizerConfig&) = default;
};

enum class Loss : std::uint8_t { kCrossEntropy = 1, kBce = 2 };

struct TrainConfig {
  Loss loss = Loss::kCrossEntropy;
  std::uint32_t epochs = 1;  // used when steps is 0
  std::uint32_t steps = 0;   // local steps a round; the pass over the data goes on until they are done
  std::uint32_t batch = 32;
  bool drop_last = false;
  OptimizerConfig optimizer;
  double grad_clip = 0;    // 0: none
  double proximal_mu = 0;  // FedProx: adds mu · (w − w_global) to the gradient
  friend bool operator==(const TrainConfig&, const TrainConfig&) = default;
};

struct DataTerms {
  std::string dataset;      // a logical name; each site maps it to a path of its own
  std::string schema_toml;  // the job's data contract, empty for image sets
  double holdout = 0.2;     // share of a site's rows kept for validation, [0, 0.5]
  friend bool operator==(const DataTerms&, const DataTerms&) = default;
};

struct StrategyConfig {
  std::string name = "fedavg";
  double lr = 1.0;        // server learning rate; a job file gets its strategy's own (strategy_defaults.h)
  double momentum = 0.9;  // fedavgm
  double beta1 = 0.9, beta2 = 0.99, tau = 1e-3;  // adaptive ones
  double mu = 0.01;                              // fedprox: weight of the proximal term at the clients
  std::uint32_t rounds = 10;
  bool weight_by_examples = true;    // false under privacy: a count of people is a release too
  std::uint32_t weight_cap = 65536;  // examples beyond it count no more; the grid's resolution is 2^-40 of it
  friend bool operator==(const StrategyConfig&, const StrategyConfig&) = default;
};

struct CohortConfig {
  std::uint32_t min_clients = 4;   // the job waits until so many have joined; a site's policy wants 4 too
  std::uint32_t target = 0;        // reports wanted a round; 0: every participant
  double over_selection = 0;       // invites target · (1 + this), takes the first target reports
  std::uint32_t min_reports = 0;   // fewer at the deadline abandon the attempt; 0: target
  std::uint32_t max_attempts = 3;  // abandoned attempts of one round before the job fails
  friend bool operator==(const CohortConfig&, const CohortConfig&) = default;
};

struct RoundTerms {
  Duration deadline{0};  // 0: auto, three times the slowest of the last rounds
  friend bool operator==(const RoundTerms&, const RoundTerms&) = default;
};

struct EvaluateConfig {
  bool federated = true;  // sites' held-out rows, summed
  bool central = false;   // a server-held set (simulation)
  std::string metric = "accuracy";
  bool maximize = true;
  friend bool operator==(const EvaluateConfig&, const EvaluateConfig&) = default;
};

// full: the aggregator learns the sum alone. grouped: it learns the sum of each group of sites, so that a
// rule can tell groups apart. off: it can read every update. Of the last two each site's policy must agree.
enum class SecAggMode : std::uint8_t { kOff = 1, kFull = 2, kGrouped = 3 };
// How the means of groups become one update, each group counting the same.
enum class GroupRule : std::uint8_t { kNone = 0, kMedian = 1, kTrimmedMean = 2, kGeometricMedian = 3 };
struct SecAggConfig {
  SecAggMode mode = SecAggMode::kFull;
  // Of the ring sums are made in. 64: the exact grid of plain sums, no clip needed. 32: half the bytes, with
  // an L2 clip and unbiased rounding.
  std::uint32_t bits = 64;
  double clip = 0;              // L2 bound of a site's parameter changes; 32 bits only, above 0
  double buffer_clip = 0;       // likewise of buffers
  std::uint32_t max_sites = 0;  // largest cohort the ring must hold; 0: what the cohort's settings allow
  // Of grouped jobs; elsewhere 0 and kNone.
  std::uint32_t group_size = 0;  // fewest sites a group is made of
  std::uint32_t group_min = 0;   // fewest sites a group's sum may hold; 0: group_size
  GroupRule rule = GroupRule::kNone;
  std::uint32_t trim = 0;  // kTrimmedMean: how many groups are left out at either end, of each element
  bool is_masked() const { return mode != SecAggMode::kOff; }
  bool is_grouped() const { return mode == SecAggMode::kGrouped; }
  friend bool operator==(const SecAggConfig&, const SecAggConfig&) = default;
};

struct JobSpec {
  std::string name;
  ModelConfig model;
  DataTerms data;
  TrainConfig train;
  std::vector<std::string> freeze;  // glob patterns: never trained, never sent
  StrategyConfig strategy;
  CohortConfig cohort;
  RoundTerms round;
  EvaluateConfig evaluate;
  SecAggConfig secagg;
  std::optional<PrivacyTerms> privacy;  // sites train by DP-SGD; a site's budget has the last word
  std::uint64_t seed = 0;               // of training streams and selection: public, not a secret
  friend bool operator==(const JobSpec&, const JobSpec&) = default;
};

// A job as accepted by an aggregator and offered to sites: everything a site needs to decide and
// to refuse anything else later.
struct JobManifest {
  JobId id;
  JobSpec spec;
  std::string federation;
  std::string submitter;
  std::vector<TensorSpec> tensors;  // of the whole model, scopes resolved
  std::uint32_t classes = 0;        // that its metrics tell apart; fixes the length of masked metrics
  BlobRef initial_model;            // ParameterSet::bytes() of round 0
  // Of grouped jobs (site_groups.h): whom the groups are made of, ascending, and the roster that named them.
  std::vector<std::string> group_sites;
  std::string group_roster;  // SHA-256 hex of the roster's file
  std::string digest;        // SHA-256 hex over the canonical bytes of all above
};

}  // namespace cairn
