#include "protocol/messages/job_limits.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "core/base/text.h"
#include "protocol/messages/blob_ref.h"
#include "protocol/messages/limits.h"
#include "protocol/messages/masked_layout.h"
#include "protocol/messages/private_training.h"
#include "protocol/messages/site_groups.h"

namespace cairn {
namespace {

constexpr std::array<std::string_view, 4> kMetrics = {"accuracy", "log_loss", "roc_auc", "macro_f1"};
constexpr std::uint32_t kMaxClients = 1'000'000;

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Collects the first fault; later checks are skipped.
class Checks {
 public:
  Checks& That(bool good, std::string_view key, std::string_view problem) {
    if (!good && !fault_) fault_ = JobFault{std::string(key), std::string(problem)};
    return *this;
  }
  Checks& Within(std::string_view key, double value, double low, double high) {
    return That(std::isfinite(value) && value >= low && value <= high, key,
                "must be between " + FormatDouble(low) + " and " + FormatDouble(high));
  }
  Checks& Above(std::string_view key, double value, double low, double high) {
    return That(std::isfinite(value) && value > low && value <= high, key,
                "must be above " + FormatDouble(low) + " and at most " + FormatDouble(high));
  }
  Checks& Name(std::string_view key, std::string_view name) {
    return That(IsPlainName(name), key, "must be 1 to 64 of a-z, A-Z, 0-9, '.', '_' and '-'");
  }
  Checks& Take(std::optional<JobFault> fault) {
    if (!fault_) fault_ = std::move(fault);
    return *this;
  }
  std::optional<JobFault> first() const { return fault_; }

 private:
  std::optional<JobFault> fault_;
};

bool IsInit(std::string_view init) {
  const auto after = [init](std::string_view prefix) { return init.substr(prefix.size()); };
  if (init.starts_with("sha256:")) return ParseBlobRef(after("sha256:"), 0).has_value();
  if (init.starts_with("file:")) return init.size() > 5 && init.size() <= 4096;
  if (!init.starts_with("seed:")) return false;
  const std::string_view digits = after("seed:");
  return !digits.empty() && digits.size() <= 19 &&
         std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
}

bool IsHyperValue(const HyperValue& value) {
  if (const auto* real = std::get_if<double>(&value)) return std::isfinite(*real);
  if (const auto* text = std::get_if<std::string>(&value)) return text->size() <= kMaxNameBytes;
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value))
    return list->size() <= kMaxHyperListEntries;
  return true;
}

std::optional<JobFault> FindModelFault(const ModelConfig& model) {
  Checks checks;
  checks.Name("model.arch", model.arch)
      .That(model.hyper.size() <= kMaxHyperEntries, "model.hyper", "has more than 64 entries")
      .That(IsInit(model.init), "model.init", "must be \"seed:N\", \"file:PATH\" or \"sha256:HEX\"");
  for (const auto& [name, value] : model.hyper) {
    checks.Name("model.hyper", name)
        .That(IsHyperValue(value), "model.hyper", "has an entry that is too long or not finite");
  }
  return checks.first();
}

std::optional<JobFault> FindStrategyFault(const StrategyConfig& strategy) {
  return Checks()
      .Name("strategy.name", strategy.name)
      .Above("strategy.lr", strategy.lr, 0, 1000)
      .Within("strategy.momentum", strategy.momentum, 0, 0.9999)
      .Within("strategy.beta1", strategy.beta1, 0, 0.9999)
      .Within("strategy.beta2", strategy.beta2, 0, 0.999999)
      .Above("strategy.tau", strategy.tau, 0, 1000)
      .Within("strategy.mu", strategy.mu, 0, 1e6)
      .Within("strategy.rounds", strategy.rounds, 1, kMaxRounds)
      .Within("strategy.weight_cap", strategy.weight_cap, 1, 1 << 30)
      .first();
}

std::optional<JobFault> FindCohortFault(const CohortConfig& cohort) {
  return Checks()
      .Within("strategy.cohort.min", cohort.min_clients, 1, kMaxClients)
      .Within("strategy.cohort.target", cohort.target, 0, kMaxClients)
      .Within("strategy.cohort.over_selection", cohort.over_selection, 0, 4)
      .Within("strategy.cohort.min_reports", cohort.min_reports, 0, kMaxClients)
      .That(cohort.target == 0 || cohort.min_reports <= cohort.target, "strategy.cohort.min_reports",
            "must not be above strategy.cohort.target")
      .Within("strategy.cohort.max_attempts", cohort.max_attempts, 1, 100)
      .first();
}

std::optional<JobFault> FindUngroupedFault(const SecAggConfig& secagg) {
  const bool is_bare =
      secagg.group_size == 0 && secagg.group_min == 0 && secagg.rule == GroupRule::kNone && secagg.trim == 0;
  return Checks()
      .That(is_bare, "secagg.mode", "must be \"grouped\" for group_size, group_min, rule and trim")
      .first();
}

// Every site of a group is asked, or the sums of one group over several rounds would be over other sites
// each.
std::optional<JobFault> FindGroupedFault(const SecAggConfig& secagg, const CohortConfig& cohort) {
  const bool is_trimmed = secagg.rule == GroupRule::kTrimmedMean;
  Checks checks;
  checks.Within("secagg.group_size", secagg.group_size, 3, kMaxGroupSize)
      .That(secagg.rule != GroupRule::kNone, "secagg.rule",
            "must say how groups become one: \"median\", \"trimmed-mean\" or \"geometric-median\"")
      .That(secagg.group_min == 0 || (secagg.group_min >= 3 && secagg.group_min <= secagg.group_size),
            "secagg.group_min", "must be between 3 and secagg.group_size")
      .That(secagg.trim <= 1000 && is_trimmed == (secagg.trim > 0), "secagg.trim",
            "must be between 1 and 1000 for \"trimmed-mean\", and nothing for another rule")
      .That(secagg.max_sites == 0, "secagg.max_sites", "follows from secagg.group_size in a grouped job")
      .That(cohort.target == 0 && cohort.over_selection == 0, "strategy.cohort.target",
            "must be \"all\" in a grouped job: a group that is sampled would give other sums each round");
  if (const auto fault = checks.first()) return fault;
  const std::uint32_t least = LeastGroups(secagg) * SmallestGroupSum(secagg);
  const std::string problem = "must be at least " + std::to_string(least) + ", for " +
                              std::to_string(LeastGroups(secagg)) + " groups";
  return checks.That(cohort.min_clients >= least, "strategy.cohort.min", problem)
      .That(cohort.min_reports == 0 || cohort.min_reports >= least, "strategy.cohort.min_reports", problem)
      .first();
}

// A cohort that may hold fewer than three sites cannot be masked: two sites each know the other's part of a
// sum.
std::optional<JobFault> FindSecAggFault(const JobSpec& spec) {
  const SecAggConfig& secagg = spec.secagg;
  const CohortConfig& cohort = spec.cohort;
  const bool is_clipped = spec.privacy && spec.privacy->protects_clients();  // by the clip of its privacy
  const bool is_masked = secagg.is_masked();
  const auto needs_three = [&](std::uint32_t sites) { return !is_masked || sites == 0 || sites >= 3; };
  constexpr std::string_view kTooSmall =
      "must be at least 3 where updates are masked (or say secagg = { mode = \"off\" }, and every site must "
      "agree)";
  return Checks()
      .That(secagg.bits == 32 || secagg.bits == 64, "secagg.bits", "must be 32 or 64")
      .Within("secagg.clip", secagg.clip, 0, 1024)
      .Within("secagg.buffer_clip", secagg.buffer_clip, 0, 67108864.0)
      .That(!is_masked || secagg.bits == 64 || is_clipped || (secagg.clip > 0 && secagg.buffer_clip > 0),
            "secagg.clip",
            "must be above 0 with 32 bits: the sum fits the ring only when each site's part is bounded")
      .That(secagg.bits == 32 || (secagg.clip == 0 && secagg.buffer_clip == 0), "secagg.clip",
            "has no meaning with 64 bits, which need no clip")
      .Within("secagg.max_sites", secagg.max_sites, 0, 100'000)
      .That(needs_three(cohort.min_clients), "strategy.cohort.min", kTooSmall)
      .That(needs_three(cohort.target), "strategy.cohort.target", kTooSmall)
      .That(needs_three(cohort.min_reports), "strategy.cohort.min_reports", kTooSmall)
      .Take(secagg.is_grouped() ? FindGroupedFault(secagg, cohort) : FindUngroupedFault(secagg))
      .first();
}

// Of whole clients: their updates are summed in one masked vector, where a clip and the noise can be exact.
std::optional<JobFault> FindClientPrivacyFault(const JobSpec& spec) {
  using Mechanism = PrivacyTerms::Mechanism;
  const PrivacyTerms& privacy = *spec.privacy;
  const std::uint32_t fewest = SmallestMaskedCohort(spec);
  return Checks()
      .That(privacy.mechanism != Mechanism::kDpSgd, "privacy.mechanism",
            "must be \"central\", \"distributed\" or \"local\" where clients are protected")
      .Within("privacy.clip", privacy.clip, kLeastPrivacyScale, kLargestClientClip)
      .Within("privacy.noise_multiplier", privacy.noise_multiplier, kLeastClientNoise, kLargestClientNoise)
      .That(spec.secagg.mode == SecAggMode::kFull, "secagg.mode",
            "must be \"full\" where clients are protected: who sees one update needs no noise to read it")
      .That(spec.secagg.clip == 0 && spec.secagg.buffer_clip == 0, "secagg.clip",
            "must be absent where clients are protected: privacy.clip bounds what a client adds")
      .That(privacy.mechanism == Mechanism::kDistributed || privacy.colluders == 0, "privacy.colluders",
            "has a meaning with mechanism = \"distributed\" alone")
      .That(privacy.colluders < fewest, "privacy.colluders",
            "must be below " + std::to_string(fewest) + ", the fewest sites that a sum is made with")
      .That(privacy.clip_quantile >= 0 && privacy.clip_quantile < 1, "privacy.clip_quantile",
            "must be at least 0 and below 1")
      .Above("privacy.clip_lr", privacy.clip_lr, 0, 10)
      .first();
}

std::optional<JobFault> FindPatientPrivacyFault(const JobSpec& spec) {
  const PrivacyTerms& privacy = *spec.privacy;
  return Checks()
      .That(privacy.mechanism == PrivacyTerms::Mechanism::kDpSgd, "privacy.mechanism",
            "must be \"dp-sgd\", the one mechanism that protects patients")
      .Within("privacy.clip", privacy.clip, kLeastPrivacyScale, kLargestPrivacyScale)
      .Within("privacy.noise_multiplier", privacy.noise_multiplier, kLeastPrivacyScale, kLargestPrivacyScale)
      .That(privacy.colluders == 0 && !privacy.is_adaptive(), "privacy.unit",
            "must be \"client\" for colluders and clip_quantile")
      .That(spec.train.grad_clip == 0, "train.grad_clip",
            "must be 0 under privacy: each patient's gradient is clipped, to privacy.clip")
      .That(!spec.train.drop_last, "train.drop_last",
            "must be false under privacy: lots are drawn by coins, there is no last one")
      .first();
}

// What else would leave a site, or would bound nobody's part, unpriced. The batch is the expected lot.
std::optional<JobFault> FindPrivacyFault(const JobSpec& spec) {
  if (!spec.privacy) return std::nullopt;
  const PrivacyTerms& privacy = *spec.privacy;
  const bool is_known = privacy.unit == PrivacyUnit::kPatient || privacy.unit == PrivacyUnit::kClient;
  return Checks()
      .That(is_known, "privacy.unit", "must be \"patient\" or \"client\"")
      .Take(privacy.protects_clients() ? FindClientPrivacyFault(spec) : FindPatientPrivacyFault(spec))
      .That(!privacy.delta || (*privacy.delta > 0 && *privacy.delta < 1), "privacy.delta",
            "must be between 0 and 1, or absent: then it follows from how many there are")
      .That(!spec.strategy.weight_by_examples, "strategy.weight_by_examples",
            "must be false under privacy: a site's number of rows is data too; every site counts the same")
      .That(!spec.evaluate.federated, "evaluate.where",
            "must not hold \"federated\" under privacy: metrics on sites' rows would be released unpriced")
      .first();
}

}  // namespace

bool IsPlainName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && IsLetterOrDigit(name[0]) &&
         std::ranges::all_of(name,
                             [](char c) { return IsLetterOrDigit(c) || c == '.' || c == '_' || c == '-'; });
}

std::span<const std::string_view> MetricNames() { return kMetrics; }

std::optional<JobFault> FindTrainFault(const TrainConfig& train) {
  const OptimizerConfig& optimizer = train.optimizer;
  return Checks()
      .Within("train.epochs", train.epochs, train.steps == 0 ? 1 : 0, 100'000)
      .Within("train.steps", train.steps, 0, 1 << 30)
      .Within("train.batch", train.batch, 1, 1 << 20)
      .Within("train.grad_clip", train.grad_clip, 0, 1e9)
      .Within("train.proximal_mu", train.proximal_mu, 0, 1e6)
      .Above("train.optimizer.lr", optimizer.lr, 0, 1000)
      .Within("train.optimizer.momentum", optimizer.momentum, 0, 0.9999)
      .That(!optimizer.nesterov || optimizer.momentum > 0, "train.optimizer.nesterov",
            "needs a momentum above 0")
      .Within("train.optimizer.weight_decay", optimizer.weight_decay, 0, 1000)
      .Within("train.optimizer.beta1", optimizer.beta1, 0, 0.9999)
      .Within("train.optimizer.beta2", optimizer.beta2, 0, 0.999999)
      .Above("train.optimizer.eps", optimizer.eps, 0, 1)
      .first();
}

std::optional<JobFault> FindJobFault(const JobSpec& spec) {
  Checks checks;
  checks.Name("name", spec.name)
      .That(spec.seed <= std::uint64_t{INT64_MAX}, "seed", "must be below 2^63")
      .Take(FindModelFault(spec.model))
      .Name("data.dataset", spec.data.dataset)
      .That(spec.data.schema_toml.size() <= kMaxTomlBytes, "data.schema", "is a file of more than 256 KiB")
      .Within("data.holdout", spec.data.holdout, 0, 0.5)
      .Take(FindTrainFault(spec.train))
      .That(spec.freeze.size() <= kMaxFreezePatterns, "finetune.freeze", "has more than 256 patterns")
      .Take(FindStrategyFault(spec.strategy))
      .Take(FindCohortFault(spec.cohort))
      .Take(FindSecAggFault(spec))
      .Take(FindPrivacyFault(spec))
      .That(spec.round.deadline >= Duration::zero() && spec.round.deadline <= std::chrono::hours(24 * 365),
            "round.deadline", "must be \"auto\" or between 0 s and 365 days")
      .That(std::ranges::find(kMetrics, spec.evaluate.metric) != kMetrics.end(), "evaluate.metric",
            "must be accuracy, log_loss, roc_auc or macro_f1");
  for (const std::string& pattern : spec.freeze) {
    checks.That(!pattern.empty() && pattern.size() <= kMaxNameBytes, "finetune.freeze",
                "has an empty or over-long pattern");
  }
  return checks.first();
}

}  // namespace cairn
