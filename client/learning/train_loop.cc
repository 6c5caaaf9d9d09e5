#include "client/learning/train_loop.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "client/learning/flush_denormals.h"
#include "client/learning/loss.h"
#include "core/base/check.h"
#include "core/base/clock.h"

namespace cairn {
namespace {

constexpr std::uint64_t kMaxPasses = 65536;  // a stream label's step has 16 bits

// How many batches there are, in all and in each pass.
struct Amount {
  std::uint64_t steps = 0, batches_a_pass = 0;
};

Result<Amount> AmountOf(const TrainConfig& config, std::uint32_t rows) {
  Amount amount;
  amount.batches_a_pass =
      config.drop_last ? rows / config.batch : (std::uint64_t{rows} + config.batch - 1) / config.batch;
  amount.steps = config.steps > 0 ? config.steps : config.epochs * amount.batches_a_pass;
  const bool wanted = config.steps > 0 || config.epochs > 0;
  if (wanted && amount.batches_a_pass == 0) {
    return Status(errors::kTrainNothing, "the data set has " + std::to_string(rows) + " rows, a batch " +
                                             std::to_string(config.batch) +
                                             (config.drop_last ? " (drop_last)" : ""));
  }
  if (amount.steps > kMaxPasses * amount.batches_a_pass) {
    return Status(errors::kTrainConfig, std::to_string(amount.steps) + " steps are more than " +
                                            std::to_string(kMaxPasses) + " passes over " +
                                            std::to_string(rows) + " rows");
  }
  return amount;
}

Status Diverged(const char* what, std::uint64_t step, double lr) {
  return Status(errors::kDiverged, std::string("the ") + what + " is not finite after step " +
                                       std::to_string(step) + " at learning rate " + std::to_string(lr));
}

Status Cancelled() { return Status(errors::kCancelled, "training was asked to stop"); }

// Mean losses by pass, of which the first and the last are told.
class PassLosses {
 public:
  void Add(double loss, std::size_t rows) {
    sum_ += loss * static_cast<double>(rows);
    rows_ += rows;
  }
  void EndPass(TrainReport& report, bool first) {
    if (rows_ == 0) return;
    report.loss_last = sum_ / static_cast<double>(rows_);
    if (first) report.loss_first = report.loss_last;
    sum_ = 0;
    rows_ = 0;
  }

 private:
  double sum_ = 0;
  std::size_t rows_ = 0;
};

}  // namespace

Status CheckFit(const BatchEngine& engine, Loss loss, const ExampleSource& data) {
  if (data.feature_shape().size() != engine.inputs()) {
    return Status(errors::kModelData, "an example has " + std::to_string(data.feature_shape().size()) +
                                          " features, the model takes " + std::to_string(engine.inputs()));
  }
  if (data.num_classes() <= 0)
    return Status(errors::kModelData, "the targets are real numbers, the loss takes classes");
  if (loss == Loss::kBce && engine.outputs() != 1) {
    return Status(errors::kModelData,
                  "loss bce takes a model with 1 output, this one has " + std::to_string(engine.outputs()));
  }
  const std::int64_t classes = loss == Loss::kBce ? 2 : engine.outputs();
  if (data.num_classes() > classes) {
    return Status(errors::kModelData, "the data have " + std::to_string(data.num_classes()) +
                                          " classes, the model tells apart " + std::to_string(classes));
  }
  return {};
}

Result<double> BatchEngine::StepSgd(const TrainBatch&, float) {
  return Status(errors::kInternal, "this engine has no fused step");
}

Result<double> TrainLoop::Step(BatchEngine& engine, std::span<float> weights,
                               std::span<const std::uint32_t> rows, const TrainConfig& config,
                               const ExampleSource& data, RandomStream& dropout) {
  const std::size_t width = static_cast<std::size_t>(engine.inputs());
  const std::span<std::int64_t> labels = std::span(labels_).first(rows.size());
  data.Gather(rows, engine.features().first(rows.size() * width), labels);
  const TrainBatch batch{.rows = rows.size(), .labels = labels, .loss = config.loss, .dropout = &dropout};
  if (optimizer_.is_plain_sgd() && engine.has_fused_sgd()) {
    return engine.StepSgd(batch, static_cast<float>(config.optimizer.lr));
  }
  Result<double> loss = engine.ComputeGradients(batch);
  if (loss.ok()) optimizer_.Step(weights, engine.gradients());
  return loss;
}

Result<TrainReport> TrainLoop::Train(BatchEngine& engine, std::span<float> weights, const TrainConfig& config,
                                     const ExampleSource& data, const TrainContext& context,
                                     std::stop_token stop) {
  CAIRN_CHECK(context.random != nullptr, "training needs a source of randomness");
  CAIRN_RETURN_IF_ERROR(CheckTrainConfig(config));
  CAIRN_RETURN_IF_ERROR(CheckFit(engine, config.loss, data));
  CAIRN_ASSIGN_OR_RETURN(const Amount amount, AmountOf(config, data.size()));
  const FlushDenormals flush;
  const TimePoint start = SteadyClock().Now();
  const std::size_t batch = std::min<std::size_t>(config.batch, data.size());
  CAIRN_RETURN_IF_ERROR(engine.Reserve(std::max(batch, std::size_t{1})));
  if (labels_.size() < batch) labels_.resize(batch);
  optimizer_.Start(config, weights);

  TrainReport report{.examples = data.size()};
  PassLosses losses;
  std::uint64_t step = 0;
  for (std::uint32_t pass = 0; step < amount.steps; ++pass) {
    const auto label = [&](Purpose purpose) {
      return StreamLabel{
          .purpose = purpose, .round = context.round.value, .client = context.client.value, .step = pass};
    };
    RandomStream dropout = context.random->Open(label(Purpose::kDropout));
    const std::vector<std::uint32_t> order =
        context.random->Open(label(Purpose::kOrder)).Permutation(data.size());
    for (std::uint64_t b = 0; b < amount.batches_a_pass && step < amount.steps; ++b) {
      if (stop.stop_requested()) return Cancelled();
      const std::size_t begin = b * config.batch;
      const auto rows =
          std::span(order).subspan(begin, std::min<std::size_t>(config.batch, order.size() - begin));
      CAIRN_ASSIGN_OR_RETURN(const double loss, Step(engine, weights, rows, config, data, dropout));
      ++step;
      if (!std::isfinite(loss)) return Diverged("loss", step, config.optimizer.lr);
      losses.Add(loss, rows.size());
      if (context.on_step) context.on_step(static_cast<std::int64_t>(step));
    }
    losses.EndPass(report, pass == 0);
  }
  if (step > 0 && !AllFinite(weights)) return Diverged("model", step, config.optimizer.lr);
  report.steps = static_cast<std::int64_t>(step);
  report.seconds = std::chrono::duration<double>(SteadyClock().Now() - start).count();
  return report;
}

Result<MetricSums> TrainLoop::Evaluate(BatchEngine& engine, Loss loss, const ExampleSource& data,
                                       std::stop_token stop) {
  CAIRN_RETURN_IF_ERROR(CheckFit(engine, loss, data));
  CAIRN_RETURN_IF_ERROR(engine.Reserve(kEvaluationRows));
  const FlushDenormals flush;
  const std::size_t width = static_cast<std::size_t>(engine.inputs());
  const std::size_t outputs = static_cast<std::size_t>(engine.outputs());
  logits_.resize(kEvaluationRows * outputs);
  labels_.resize(std::max(labels_.size(), kEvaluationRows));
  rows_.resize(kEvaluationRows);
  MetricSums sums = MetricSums::ForClasses(loss == Loss::kBce ? 2 : static_cast<std::uint32_t>(outputs));
  for (std::uint32_t begin = 0; begin < data.size(); begin += kEvaluationRows) {
    if (stop.stop_requested()) return Cancelled();
    const std::size_t count = std::min<std::size_t>(kEvaluationRows, data.size() - begin);
    for (std::size_t i = 0; i < count; ++i) rows_[i] = begin + static_cast<std::uint32_t>(i);
    const std::span<float> features = engine.features().first(kEvaluationRows * width);
    data.Gather(std::span(rows_).first(count), features.first(count * width),
                std::span(labels_).first(count));
    std::fill(features.begin() + static_cast<std::ptrdiff_t>(count * width), features.end(), 0.0f);
    CAIRN_RETURN_IF_ERROR(engine.ComputeLogits(kEvaluationRows, logits_));
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = std::span<const float>(logits_).subspan(i * outputs, outputs);
      const float binary[2] = {0.0f, row[0]};
      AddRow(sums, loss == Loss::kBce ? binary : row.data(), labels_[i], RowLoss(loss, row, labels_[i]));
    }
  }
  return sums;
}

}  // namespace cairn
