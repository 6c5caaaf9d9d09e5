#include "client/learning/lot_summer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "client/learning/flush_denormals.h"
#include "client/learning/plan_engine.h"
#include "client/learning/private_terms.h"
#include "tests/unit/client/learning/clipped_oracle.h"
#include "tests/unit/client/learning/made_examples.h"
#include "tests/unit/client/learning/whole_sum.h"

namespace cairn {
namespace {

// Takes fewer rows at a time, where a test says so.
class NarrowEngine final : public BatchEngine {
 public:
  NarrowEngine(const LayerStack& stack, ParameterSet& state) : inner_(stack, state) {}
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
  std::size_t most_unit_rows() const override { return most_rows; }
  Status ComputeLogits(std::size_t rows, std::span<float> logits) override {
    return inner_.ComputeLogits(rows, logits);
  }

  std::size_t most_rows = 128;

 private:
  PlanEngine inner_;
};

class LotSummerTest : public ::testing::Test {
 protected:
  LotSummerTest() {
    RandomStream stream = SeededRandom(1).Open({.purpose = Purpose::kInit});
    InitializeStack(stack_, stream, state_);
    EXPECT_TRUE(engine_.Reserve(engine_.most_unit_rows()).ok());
  }
  std::vector<std::int64_t> Sum(const ExampleSource& data, const UnitIndex& units,
                                std::span<const LotMember> lot) {
    WholeSum sum(engine_.gradients().size());
    LotSummer summer(engine_, data, units, {.clip = terms_.clip, .step = grid_.step});
    EXPECT_TRUE(summer.Sum(lot, sum).ok());
    EXPECT_TRUE(sum.is_in_order);
    EXPECT_EQ(sum.seen, sum.values.size());
    return sum.values;
  }

  LayerStack stack_ = LayerStackBuilder({5})
                          .Dense("fc1", 6)
                          .Activation(LayerKind::kRelu)
                          .Dropout(.2)
                          .Dense("fc2", 3)
                          .Finish()
                          .value();
  ParameterSet state_{SpecOfStack(stack_).value()};
  NarrowEngine engine_{stack_, state_};
  PrivateTraining terms_{.clip = .7, .noise_multiplier = .8};
  NoiseGrid grid_ = GridOf(terms_, engine_.gradients().size());
};

TEST_F(LotSummerTest, EmptyLotSumsToZero) {
  const MadeExamples data({5}, 3, 4, 1);
  EXPECT_EQ(Sum(data, UnitIndex(data), {}), std::vector<std::int64_t>(engine_.gradients().size(), 0));
}

TEST_F(LotSummerTest, BlocksAddUpToTheirUnits) {
  const MadeExamples data({5}, 3, 300, 1);
  const UnitIndex units(data);
  std::vector<LotMember> lot;
  NoiseBits bits = NoiseBits::Simulated(1);
  DrawLot(300, kWholeSamplingRate, 3, bits, lot);
  const std::vector<std::int64_t> sum = Sum(data, units, lot);
  std::vector<double> expected(sum.size(), 0.0);
  for (const LotMember& member : lot) {
    const std::vector<std::int64_t> one = Sum(data, units, {&member, 1});
    for (std::size_t i = 0; i < sum.size(); ++i) expected[i] += static_cast<double>(one[i]);
  }
  double square = 0;
  for (std::size_t i = 0; i < sum.size(); ++i)
    square += std::pow(static_cast<double>(sum[i]) - expected[i], 2);
  // Each of 300 roundings to the grid is half a step a coordinate at most, and random.
  EXPECT_LT(std::sqrt(square), std::sqrt(300.0 * static_cast<double>(sum.size())));
}

// What is made in pieces against the gradient made whole, rounded with the standard library.
TEST_F(LotSummerTest, BlockIsItsClippedFloatSumRoundedOnce) {
  const MadeExamples data({5}, 3, 40, 1);
  const UnitIndex units(data);
  std::vector<LotMember> lot;
  NoiseBits bits = NoiseBits::Simulated(1);
  DrawLot(40, kWholeSamplingRate / 2, 1, bits, lot);
  std::vector<std::uint32_t> rows, ends;
  std::vector<RandomStream> dropout;
  for (const LotMember& member : lot) {
    rows.push_back(member.unit);
    ends.push_back(static_cast<std::uint32_t>(rows.size()));
    dropout.emplace_back(member.dropout_key, StreamLabel{.purpose = Purpose::kDropout});
  }
  std::vector<std::int64_t> labels(rows.size());
  data.Gather(rows, engine_.features().first(5 * rows.size()), labels);
  ASSERT_TRUE(
      ComputeClippedSum(engine_, {.ends = ends, .labels = labels, .dropout = dropout}, terms_.clip).ok());
  std::vector<std::int64_t> expected;
  for (const float g : engine_.gradients()) expected.push_back(std::llrint(double{g} / grid_.step));
  EXPECT_EQ(Sum(data, units, lot), expected);
}

// Batches of one block are added in float; that moves a sum by less than their rounding does.
TEST_F(LotSummerTest, BlockOfManyBatchesIsTheSumOfItsRowsWithinTheBound) {
  const MadeExamples data({5}, 3, 300, 1);
  const UnitIndex units(data);
  std::vector<LotMember> lot;
  NoiseBits bits = NoiseBits::Simulated(1);
  DrawLot(300, kWholeSamplingRate / 4, 1, bits, lot);
  ASSERT_GT(lot.size(), 60u);
  const std::vector<std::int64_t> whole = Sum(data, units, lot);
  engine_.most_rows = 20;
  const std::vector<std::int64_t> parts = Sum(data, units, lot);
  double square = 0;
  for (std::size_t i = 0; i < whole.size(); ++i)
    square += std::pow(static_cast<double>(whole[i] - parts[i]), 2);
  const double rounding = 2 * terms_.clip * 0x1p-11 / grid_.step;
  EXPECT_LT(std::sqrt(square), rounding + std::sqrt(static_cast<double>(whole.size())));
}

TEST_F(LotSummerTest, LotsOfPatientsTakeSmallerBlocks) {
  const auto data = std::make_shared<MadeExamples>(std::vector<std::int64_t>{5}, 3, 4, 1);
  EXPECT_EQ(LotSummer::BlocksFor(10, *data), 1u);
  EXPECT_EQ(LotSummer::BlocksFor(640, *data), 10u);
  EXPECT_EQ(LotSummer::BlocksFor(640, UnitSource(data, {0, 0, 1, 1})), 40u);
}

// Rows from wherever floats go wrong: huge, tiny, infinite, and a patient's rows that nearly cancel.
class HostileExamples final : public ExampleSource {
 public:
  HostileExamples(std::uint32_t patients, RandomStream& stream) {
    constexpr double kMagnitudes[] = {1, 1, 1, 1e-3, 1e3, 1e8, 1e-30, 1e19, 1e37, 1e-42};
    for (std::uint32_t unit = 0; unit < patients; ++unit) {
      const std::uint64_t kind = stream.Below(8);
      const std::uint64_t rows = kind == 0 ? 1 + stream.Below(200) : kind < 3 ? 1 + stream.Below(9) : 1;
      const double magnitude = kMagnitudes[stream.Below(std::size(kMagnitudes))];
      const bool is_paired = stream.Below(3) == 0;
      for (std::uint64_t r = 0; r < rows; ++r) {
        for (int i = 0; i < 5; ++i) {
          float x = static_cast<float>(magnitude * stream.Normal());
          if (is_paired && r % 2 == 1) x = features_[features_.size() - 5] * (1 + 1e-6f);
          if (stream.Below(400) == 0) x = std::numeric_limits<float>::infinity();
          features_.push_back(x);
        }
        labels_.push_back(static_cast<std::int64_t>(is_paired ? r % 2 : stream.Below(3)));
        units_.push_back(unit);
      }
    }
  }
  std::uint32_t size() const override { return static_cast<std::uint32_t>(labels_.size()); }
  const ExampleShape& feature_shape() const override { return shape_; }
  std::int64_t num_classes() const override { return 3; }
  bool has_units() const override { return true; }
  std::uint32_t unit(std::uint32_t row) const override { return units_[row]; }
  void Gather(std::span<const std::uint32_t> rows, std::span<float> features,
              std::span<std::int64_t> labels) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(&features_[rows[i] * 5], 5, &features[i * 5]);
      labels[i] = labels_[rows[i]];
    }
  }
  void GatherTargets(std::span<const std::uint32_t>, std::span<float>) const override {}

 private:
  ExampleShape shape_{{5}};
  std::vector<float> features_;
  std::vector<std::int64_t> labels_;
  std::vector<std::uint32_t> units_;
};

// Not a statistic: a single pair further apart is a broken promise.
TEST_F(LotSummerTest, NeighboursDifferByNoMoreThanTheSensitivity) {
  RandomStream stream = SeededRandom(11).Open({});
  NoiseBits bits = NoiseBits::Simulated(11);
  const FlushDenormals flush;
  double furthest = 0;
  for (int pair = 0; pair < 10'000; ++pair) {
    engine_.most_rows = pair % 3 == 0 ? 128 : 1 + stream.Below(40);  // blocks of one batch and of many
    if (pair % 500 == 0) {
      for (float& w : state_.parameters())
        w = static_cast<float>(stream.Normal() * (pair % 1000 == 0 ? 1 : 30));
    }
    const HostileExamples data(1 + static_cast<std::uint32_t>(stream.Below(pair % 50 == 0 ? 120 : 8)),
                               stream);
    const UnitIndex units(data);
    std::vector<LotMember> lot;
    DrawLot(units.size(), kWholeSamplingRate / 2, 1 + static_cast<std::uint32_t>(stream.Below(3)), bits, lot);
    if (lot.empty()) continue;
    const std::vector<std::int64_t> with = Sum(data, units, lot);
    const LotMember gone = lot[stream.Below(lot.size())];
    std::erase_if(lot, [&](const LotMember& m) { return m.unit == gone.unit; });
    const std::vector<std::int64_t> without = Sum(data, units, lot);
    double square = 0;
    for (std::size_t i = 0; i < with.size(); ++i)
      square += std::pow(static_cast<double>(with[i] - without[i]), 2);
    furthest = std::max(furthest, std::sqrt(square) / grid_.sensitivity);
    ASSERT_LE(std::sqrt(square), grid_.sensitivity) << "pair " << pair;
  }
  EXPECT_GT(furthest, .99);  // and it is tight
}

}  // namespace
}  // namespace cairn
