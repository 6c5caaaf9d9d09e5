#include "cli/worker/model_probe.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <utility>

#include "client/data/made_data.h"
#include "client/data/table_source.h"
#include "client/learning/zoo/zoo.h"
#include "core/base/random.h"
#include "protocol/messages/blob_ref.h"

namespace cairn {
namespace {

constexpr std::uint32_t kRows = 32;
constexpr std::uint64_t kSeed = 1;

// Rows of the net's input shape, in clouds, one a class.
std::unique_ptr<ExampleSource> RowsFor(const LayerStack& stack, std::int64_t classes) {
  const auto width = static_cast<std::size_t>(stack.input_size());
  const auto blobs =
      MadeBlobs(kSeed, kRows, static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(classes));
  std::vector<std::uint32_t> rows(kRows);
  std::iota(rows.begin(), rows.end(), 0u);
  std::vector<float> features(kRows * width);
  std::vector<std::int64_t> labels(kRows);
  blobs->Gather(rows, features, labels);
  return TableSource::WithLabels({stack.input}, std::move(features), std::move(labels), classes);
}

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

class Probe {
 public:
  Probe(LearningTask& task, Loss loss, const ExampleSource& rows)
      : task_(task), loss_(loss), rows_(rows), start_(task.state().Clone()) {}

  ModelCheck Deterministic() {
    const auto first = task_.Evaluate(loss_, rows_, {});
    const auto second = task_.Evaluate(loss_, rows_, {});
    if (!first.ok()) return {"deterministic", false, first.status().ToString()};
    if (!second.ok() || *first != *second)
      return {"deterministic", false, "two evaluations of the same rows differ"};
    before_ = Summarize(*first).log_loss;
    return {"deterministic", true, "two evaluations of the same rows are equal, loss " + Number(before_)};
  }

  ModelCheck Learns() {
    if (task_.state().spec().exchanged(Role::kParameter) == 0)
      return {"learns", false, "every parameter is frozen"};
    for (const double lr : {0.1, 0.01, 0.001, 0.0001, 0.00001}) {
      std::ranges::copy(start_.bytes(), task_.state().mutable_bytes().begin());
      const auto after = LossAfterStep(lr);
      if (!after.ok()) continue;  // too large a step may diverge
      if (*after < before_) {
        return {"learns", true,
                "one step with lr " + Number(lr) + " lowers the loss of its batch from " + Number(before_) +
                    " to " + Number(*after)};
      }
    }
    return {"learns", false,
            "no step from lr 0.1 down to 0.00001 lowers the loss of its batch, " + Number(before_)};
  }

 private:
  Result<double> LossAfterStep(double lr) {
    const SeededRandom random(kSeed);
    TrainConfig config;
    config.loss = loss_;
    config.steps = 1;
    config.batch = kRows;
    config.optimizer.lr = lr;
    CAIRN_RETURN_IF_ERROR(task_.Train(config, rows_, {&random, RoundId{1}, ClientId{0}, {}}, {}).status());
    CAIRN_ASSIGN_OR_RETURN(const MetricSums sums, task_.Evaluate(loss_, rows_, {}));
    return Summarize(sums).log_loss;
  }

  LearningTask& task_;
  Loss loss_;
  const ExampleSource& rows_;
  ParameterSet start_;
  double before_ = 0;
};

}  // namespace

Result<std::vector<ModelCheck>> ProbeModel(const LearningTaskFactory& factory,
                                           const ModelDescription& description, const SafetensorsView& view) {
  CAIRN_ASSIGN_OR_RETURN(const LayerStack stack, StackOf(description.model));
  CAIRN_ASSIGN_OR_RETURN(const auto task, factory.Create(description.model, description.freeze));
  std::vector<ModelCheck> checks;
  if (const Status loaded = LoadSafetensors(view, task->state()); !loaded.ok()) {
    checks.push_back({"loads", false, loaded.ToString()});
    return checks;
  }
  checks.push_back(
      {"loads", true, "into " + description.model.arch + ", every tensor and every value finite"});
  const bool binary = stack.outputs() == 1;
  const auto rows = RowsFor(stack, binary ? 2 : stack.outputs());
  Probe probe(*task, binary ? Loss::kBce : Loss::kCrossEntropy, *rows);
  checks.push_back(probe.Deterministic());
  if (checks.back().passed) checks.push_back(probe.Learns());
  return checks;
}

}  // namespace cairn
