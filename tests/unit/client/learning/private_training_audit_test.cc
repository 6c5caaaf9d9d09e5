// Tries to catch the real training path in a lie, as privacy/dp's falsifier does with one sum, and audits it
// with canaries. Fixed seeds: a passing test keeps passing. With fresh seeds an honest path fails with
// probability below 2e-6 in each of ten falsifications, 1e-6 in each law of lots; the audit's own rate is
// with its test.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "client/learning/linear_task.h"
#include "client/learning/plan_engine.h"
#include "client/learning/private_loop.h"
#include "client/learning/private_terms.h"
#include "privacy/accounting/gaussian_tradeoff.h"
#include "tests/unit/client/learning/made_examples.h"
#include "tests/unit/client/learning/one_run_audit.h"
#include "tests/unit/privacy/accounting/accounts.h"
#include "tests/unit/privacy/dp/falsifier.h"
#include "tests/unit/privacy/dp/statistics.h"

namespace cairn {
namespace {

constexpr int kTries = 10;
constexpr std::uint32_t kRuns = 200'000;

// Rows that each move a coordinate of their own, as far as they may: row i has one large feature, number i.
class Spikes final : public ExampleSource {
 public:
  Spikes(std::int64_t features, std::vector<std::uint32_t> columns, float size = 100)
      : shape_{{features}}, columns_(std::move(columns)), size_(size) {}
  std::uint32_t size() const override { return static_cast<std::uint32_t>(columns_.size()); }
  const ExampleShape& feature_shape() const override { return shape_; }
  std::int64_t num_classes() const override { return 2; }
  void Gather(std::span<const std::uint32_t> rows, std::span<float> features,
              std::span<std::int64_t> labels) const override {
    std::ranges::fill(features, 0.0f);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      features[i * static_cast<std::size_t>(shape_.size()) + columns_[rows[i]]] = size_;
      labels[i] = 1;
    }
  }
  void GatherTargets(std::span<const std::uint32_t>, std::span<float>) const override {}

 private:
  ExampleShape shape_;
  std::vector<std::uint32_t> columns_;
  float size_;
};

// A linear model over an engine of one's choice: what a planted bug replaces.
struct Net {
  explicit Net(std::int64_t inputs)
      : stack(LayerStackBuilder({inputs}).Dense("linear", 1, false).Finish().value()),
        state(SpecOfStack(stack).value()),
        engine(stack, state) {}
  LayerStack stack;
  ParameterSet state;
  PlanEngine engine;
};

// Passes everything on; what a faulty engine changes.
class PassingEngine : public BatchEngine {
 public:
  explicit PassingEngine(BatchEngine& inner) : inner_(inner) {}
  std::int64_t inputs() const override { return inner_.inputs(); }
  std::int64_t outputs() const override { return inner_.outputs(); }
  Status Reserve(std::size_t rows) override { return inner_.Reserve(rows); }
  std::span<float> features() override { return inner_.features(); }
  Result<double> ComputeGradients(const TrainBatch& batch) override { return inner_.ComputeGradients(batch); }
  std::span<float> gradients() override { return inner_.gradients(); }
  Result<ClippedSum> ClipUnits(const UnitBatch& batch, double clip) override {
    return inner_.ClipUnits(batch, clip);
  }
  Status StreamClippedSum(GradientSink& sink) override { return inner_.StreamClippedSum(sink); }
  Status AddClippedSum(std::span<double> sum) override { return inner_.AddClippedSum(sum); }
  std::size_t most_unit_rows() const override { return inner_.most_unit_rows(); }
  Status ComputeLogits(std::size_t rows, std::span<float> logits) override {
    return inner_.ComputeLogits(rows, logits);
  }

 protected:
  BatchEngine& inner_;
};

class WithoutClip final : public PassingEngine {
 public:
  using PassingEngine::PassingEngine;
  Result<ClippedSum> ClipUnits(const UnitBatch& batch, double clip) override {
    Result<ClippedSum> sum = inner_.ClipUnits(batch, 1.5 * clip);
    if (sum.ok()) sum->mass = 0;  // and nobody notices
    return sum;
  }
};

// Clips the mean over the lot and multiplies by its size: one row can turn the whole.
class MeanBeforeClip final : public PassingEngine {
 public:
  using PassingEngine::PassingEngine;
  Result<ClippedSum> ClipUnits(const UnitBatch& batch, double clip) override {
    const std::vector<std::uint32_t> one = {static_cast<std::uint32_t>(batch.rows())};
    UnitBatch whole = batch;
    whole.ends = one;
    rows_ = batch.rows();
    return inner_.ClipUnits(whole, clip);
  }
  Status StreamClippedSum(GradientSink& sink) override {
    Times times(sink, static_cast<float>(rows_));
    return inner_.StreamClippedSum(times);
  }

 private:
  class Times final : public GradientSink {
   public:
    Times(GradientSink& sink, float factor) : sink_(sink), factor_(factor) {}
    void Take(std::size_t offset, std::span<float> gradients) override {
      for (float& g : gradients) g *= factor_;
      sink_.Take(offset, gradients);
    }

   private:
    GradientSink& sink_;
    float factor_;
  };
  std::size_t rows_ = 0;
};

// One coordinate of single steps from the same model, released by the real loop, in clips.
struct Release {
  double noise_multiplier = 1;
  std::function<std::unique_ptr<BatchEngine>(BatchEngine&)> plant = {};  // empty: the real engine
};

std::vector<double> Steps(const Release& release, const ExampleSource& data, std::uint64_t seed) {
  Net net(1);
  std::unique_ptr<BatchEngine> planted = release.plant ? release.plant(net.engine) : nullptr;
  BatchEngine& engine = planted ? *planted : net.engine;
  const PrivateTraining terms{.clip = 1,
                              .noise_multiplier = release.noise_multiplier,
                              .sampling_rate = kWholeSamplingRate,
                              .steps = kRuns,
                              .expected_lot = 1};
  TrainConfig config;
  config.loss = Loss::kBce;
  config.optimizer.lr = 1;
  const SimulatedNoise noise(seed);
  std::vector<double> released;
  PrivateLoop loop;
  float& weight = net.state.parameters()[0];
  const auto on_step = [&](std::int64_t) { released.push_back(-double{std::exchange(weight, 0.0f)}); };
  const TrainContext context{
      .random = nullptr, .round = {1}, .client = {0}, .on_step = on_step, .noise = &noise};
  EXPECT_TRUE(loop.Train(engine, net.state.parameters(), config, terms, data, context, {}).ok());
  return released;
}

int TimesCaught(const Release& release) {
  // The gradient of a spike labelled 1 is negative: the person moves the release down, so signs are turned.
  const Spikes with(1, {0}), without(1, {});
  int caught = 0;
  for (std::uint64_t i = 0; i < kTries; ++i) {
    std::vector<double> a = Steps(release, with, 100 + i), b = Steps(release, without, 200 + i);
    for (double& x : a) x = -x;
    for (double& x : b) x = -x;
    const double sensitivity = 1 + 0x1p-10;
    caught += IsFalsified(a, b, sensitivity, {.epsilon = 1, .delta = GaussianDelta(1, 1)}) ? 1 : 0;
  }
  return caught;
}

TEST(PrivateTrainingFalsificationTest, TheRealPathIsNeverAccused) { EXPECT_EQ(TimesCaught({}), 0); }

TEST(PrivateTrainingFalsificationTest, HalfTheNoiseIsCaught) {
  EXPECT_GE(TimesCaught({.noise_multiplier = .5}), 9);
}

TEST(PrivateTrainingFalsificationTest, LooseClipIsCaught) {
  EXPECT_GE(TimesCaught({.plant = [](BatchEngine& inner) { return std::make_unique<WithoutClip>(inner); }}),
            9);
}

// Two rows pull a coordinate one way, a third one the other way and much harder.
class Tug final : public ExampleSource {
 public:
  explicit Tug(std::uint32_t rows) : rows_(rows) {}
  std::uint32_t size() const override { return rows_; }
  const ExampleShape& feature_shape() const override { return shape_; }
  std::int64_t num_classes() const override { return 2; }
  void Gather(std::span<const std::uint32_t> rows, std::span<float> features,
              std::span<std::int64_t> labels) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      features[i] = rows[i] == 2 ? 1e4f : 10.0f;
      labels[i] = rows[i] == 2 ? 0 : 1;
    }
  }
  void GatherTargets(std::span<const std::uint32_t>, std::span<float>) const override {}

 private:
  ExampleShape shape_{{1}};
  std::uint32_t rows_;
};

double MovedBy(const Release& release) {
  const Release quiet{.noise_multiplier = 1e-5, .plant = release.plant};
  return std::abs(Steps(quiet, Tug(3), 1).front() - Steps(quiet, Tug(2), 1).front());
}

TEST(PrivateTrainingSensitivityTest, OneMoreRowMovesAStepByTheClip) { EXPECT_LE(MovedBy({}), 1 + 0x1p-9); }

TEST(PrivateTrainingSensitivityTest, MeanBeforeClipIsCaught) {
  EXPECT_GT(MovedBy({.plant = [](BatchEngine& inner) { return std::make_unique<MeanBeforeClip>(inner); }}),
            2);
}

// Noise of two steps or rounds, correlated: a standard normal number where they are independent.
double CorrelationScore(std::span<const double> a, std::span<const double> b) {
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) ab += a[i] * b[i], aa += a[i] * a[i], bb += b[i] * b[i];
  return ab / std::sqrt(aa * bb) * std::sqrt(static_cast<double>(a.size()));
}

class SameNoiseAgain final : public NoiseSource {
 public:
  NoiseBits Open(RoundId, ClientId client) const override { return NoiseBits::Simulated(7, 0, client.value); }
  bool is_secure() const override { return false; }
};

// What each of a few one-step rounds of each client releases without any data.
double WorstScore(const NoiseSource& source, std::uint32_t steps) {
  constexpr std::int64_t kWidth = 20'000;
  Net net(kWidth);
  const PrivateTraining terms{.sampling_rate = kWholeSamplingRate, .steps = steps, .expected_lot = 1};
  TrainConfig config;
  config.loss = Loss::kBce;
  config.optimizer.lr = 1;
  std::vector<std::vector<double>> noises;
  PrivateLoop loop;
  const std::span<float> weights = net.state.parameters();
  for (std::uint64_t round = 1; round <= 3; ++round) {
    for (std::uint64_t client = 0; client < 2; ++client) {
      const auto on_step = [&](std::int64_t) {
        noises.emplace_back(weights.begin(), weights.end());
        std::ranges::fill(weights, 0.0f);
      };
      const TrainContext context{
          .random = nullptr, .round = {round}, .client = {client}, .on_step = on_step, .noise = &source};
      EXPECT_TRUE(loop.Train(net.engine, weights, config, terms, Spikes(kWidth, {}), context, {}).ok());
    }
  }
  double worst = 0;
  for (std::size_t i = 0; i < noises.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j)
      worst = std::max(worst, std::abs(CorrelationScore(noises[i], noises[j])));
  }
  return worst;
}

// At most 276 pairs beyond 6 standard errors: 6e-7.
TEST(PrivateTrainingNoiseTest, EveryStepRoundAndClientHasItsOwn) {
  EXPECT_LT(WorstScore(SimulatedNoise(1), 4), 6);
  EXPECT_LT(WorstScore(SystemNoise(), 2), 6);
}

TEST(PrivateTrainingNoiseTest, NoiseUsedAgainIsCaught) { EXPECT_GT(WorstScore(SameNoiseAgain(), 1), 100); }

// Which rows each step asked for.
class Watched final : public ExampleSource {
 public:
  explicit Watched(std::uint32_t rows) : inner_(std::vector<std::int64_t>{2}, 2, rows, 1) {}
  std::uint32_t size() const override { return inner_.size(); }
  const ExampleShape& feature_shape() const override { return inner_.feature_shape(); }
  std::int64_t num_classes() const override { return 2; }
  void Gather(std::span<const std::uint32_t> rows, std::span<float> features,
              std::span<std::int64_t> labels) const override {
    lot.insert(lot.end(), rows.begin(), rows.end());
    inner_.Gather(rows, features, labels);
  }
  void GatherTargets(std::span<const std::uint32_t>, std::span<float>) const override {}
  mutable std::vector<std::uint32_t> lot;

 private:
  MadeExamples inner_;
};

constexpr std::uint32_t kPeople = 50, kLots = 20'000;
constexpr double kRate = .1;

std::vector<std::vector<std::uint32_t>> LotsOf(bool is_private, std::uint64_t seed) {
  const Watched data(kPeople);
  auto task =
      LinearTaskFactory()
          .Create({.arch = "linear", .hyper = {{"inputs", std::int64_t{2}}, {"outputs", std::int64_t{2}}}},
                  {})
          .value();
  std::vector<std::vector<std::uint32_t>> lots;
  const SeededRandom random(seed);
  const SimulatedNoise noise(seed);
  const TrainContext context{.random = &random,
                             .round = {1},
                             .client = {0},
                             .on_step = [&](std::int64_t) { lots.push_back(std::exchange(data.lot, {})); },
                             .noise = &noise};
  TrainConfig config{.steps = kLots, .batch = 5, .optimizer = {}};
  config.optimizer.lr = 1e-6;
  PrivateTraining terms{.steps = kLots, .expected_lot = 5};
  terms.sampling_rate = static_cast<std::uint64_t>(kRate * static_cast<double>(kWholeSamplingRate));
  EXPECT_TRUE(is_private ? task->TrainPrivately(config, terms, data, context, {}).ok()
                         : task->Train(config, data, context, {}).ok());
  return lots;
}

double ChiSquarePValue(const std::vector<double>& seen, const std::vector<double>& expected) {
  double statistic = 0, degrees = -1;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (expected[i] < 10) continue;
    statistic += (seen[i] - expected[i]) * (seen[i] - expected[i]) / expected[i];
    ++degrees;
  }
  return ChiSquareTail(statistic, degrees);
}

// The least p-value of: sizes are Binomial; everyone's inclusions are as frequent; two people's, and one
// person's in two steps, are independent.
double LawOfLots(const std::vector<std::vector<std::uint32_t>>& lots) {
  const auto n = static_cast<double>(lots.size());
  std::vector<double> sizes(kPeople + 1), law(kPeople + 1), each(kPeople), each_law(kPeople, kRate * n);
  for (std::uint32_t k = 0; k <= kPeople; ++k) {
    const double next = k < kPeople ? BinomialAtLeast(k + 1, kPeople, kRate) : 0;
    law[k] = n * (BinomialAtLeast(k, kPeople, kRate) - next);
  }
  std::vector<double> pairs(4), twice(4);  // how often people 0 and 1, person 0 now and before, were in
  const auto has = [](const std::vector<std::uint32_t>& lot, std::uint32_t person) {
    return std::ranges::count(lot, person) > 0 ? 1u : 0u;
  };
  for (std::size_t i = 0; i < lots.size(); ++i) {
    ++sizes[lots[i].size()];
    for (const std::uint32_t person : lots[i]) ++each[person];
    if (i % 2 == 0) continue;  // pairs of lots that share none
    for (std::uint32_t person = 0; person + 1 < kPeople; person += 2) {
      ++pairs[2 * has(lots[i], person) + has(lots[i], person + 1)];
      ++twice[2 * has(lots[i - 1], person) + has(lots[i], person)];
    }
  }
  const double q = kRate, trials = std::floor(n / 2) * (kPeople / 2);
  const std::vector<double> both = {trials * (1 - q) * (1 - q), trials * (1 - q) * q, trials * q * (1 - q),
                                    trials * q * q};
  return std::min({ChiSquarePValue(sizes, law), ChiSquarePValue(each, each_law), ChiSquarePValue(pairs, both),
                   ChiSquarePValue(twice, both)});
}

TEST(PrivateTrainingSamplingTest, LotsAreBinomialAndInclusionsIndependent) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) EXPECT_GT(LawOfLots(LotsOf(true, seed)), 1e-6) << seed;
}

TEST(PrivateTrainingSamplingTest, ShuffledBatchesAreCaught) {
  int caught = 0;
  for (std::uint64_t seed = 1; seed <= kTries; ++seed)
    caught += LawOfLots(LotsOf(false, seed)) < 1e-6 ? 1 : 0;
  EXPECT_GE(caught, 9);
}

TEST(OneRunAuditTest, KnownAnswers) {
  const auto shown = [](double m, double r, double v, double delta) {
    return EpsilonShownBy({.canaries = m, .guesses = r, .right = v, .delta = delta});
  };
  EXPECT_NEAR(shown(100, 100, 100, 0), 3.4930, 1e-4);
  EXPECT_NEAR(shown(1000, 1000, 1000, 0), 5.8091, 1e-4);
  EXPECT_NEAR(shown(1000, 200, 180, 0), 1.7989, 1e-4);
  EXPECT_NEAR(shown(1000, 1000, 600, 0), .2975, 1e-4);
  EXPECT_EQ(shown(1000, 1000, 500, 0), 0);
  EXPECT_NEAR(shown(1000, 100, 100, 1e-5), 3.4654, 1e-4);
  EXPECT_NEAR(shown(5000, 500, 450, 1e-5), 1.9414, 1e-4);
  EXPECT_NEAR(shown(10000, 1000, 900, 1e-5), 2.0152, 1e-4);
}

// Trains once on canaries that each moved a coordinate of their own if they were in, and guesses the third
// that moved most in and the third that moved least out.
AuditResult Audit(double noise_in_truth, std::uint64_t seed) {
  constexpr std::uint32_t kCanaries = 1500, kSteps = 8;
  RandomStream coins = SeededRandom(seed).Open({});
  std::vector<std::uint32_t> columns;
  std::vector<bool> is_in(kCanaries);
  for (std::uint32_t i = 0; i < kCanaries; ++i) {
    is_in[i] = coins.Below(2) == 1;
    if (is_in[i]) columns.push_back(i);
  }
  Net net(kCanaries);
  PrivateTraining terms{.noise_multiplier = noise_in_truth, .steps = kSteps, .expected_lot = 375};
  terms.sampling_rate = kWholeSamplingRate / 2;
  TrainConfig config;
  config.loss = Loss::kBce;
  config.optimizer.lr = 1;
  const SimulatedNoise noise(seed);
  PrivateLoop loop;
  const TrainContext context{.random = nullptr, .round = {1}, .client = {0}, .on_step = {}, .noise = &noise};
  EXPECT_TRUE(
      loop.Train(net.engine, net.state.parameters(), config, terms, Spikes(kCanaries, columns), context, {})
          .ok());
  std::vector<std::uint32_t> order(kCanaries);
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, std::greater{}, [&](std::uint32_t i) { return net.state.parameters()[i]; });
  constexpr std::uint32_t kGuesses = kCanaries / 3;
  AuditResult result{.canaries = kCanaries, .guesses = 2 * kGuesses, .right = 0, .delta = 1e-5};
  for (std::uint32_t i = 0; i < kGuesses; ++i) {
    result.right += is_in[order[i]] ? 1 : 0;
    result.right += is_in[order[kCanaries - 1 - i]] ? 0 : 1;
  }
  return result;
}

constexpr double kAuditNoise = 2;
double ClaimedEpsilon() { return PldEpsilon(.5, kAuditNoise, 8, 1e-5); }

// Were the bound tight, 20 honest runs would show more than is claimed twice or more with probability .264.
TEST(OneRunAuditTest, RealTrainingShowsNoMoreThanItClaims) {
  int honest = 0;
  double most = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const double shown = EpsilonShownBy(Audit(kAuditNoise, seed));
    honest += shown <= ClaimedEpsilon() ? 1 : 0;
    most = std::max(most, shown);
  }
  EXPECT_GE(honest, 19);
  RecordProperty("claimed", std::to_string(ClaimedEpsilon()));
  RecordProperty("most_shown", std::to_string(most));
  EXPECT_GT(most, .2);  // it does see something
}

TEST(OneRunAuditTest, NoiseThatIsMissingShows) {
  int caught = 0;
  for (std::uint64_t seed = 1; seed <= kTries; ++seed)
    caught += EpsilonShownBy(Audit(kAuditNoise / 20, seed)) > ClaimedEpsilon() ? 1 : 0;
  EXPECT_GE(caught, 9);
}

}  // namespace
}  // namespace cairn
