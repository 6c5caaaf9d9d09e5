#include "client/learning/local_round.h"

#include <cstring>

#include "core/base/check.h"

namespace cairn {

void LoadModel(const ModelVersion& model, ParameterSet& into) {
  const std::span<const std::byte> from = model.values.bytes();
  CAIRN_CHECK(from.size() == into.bytes().size(), "a model of another layout than the task's");
  std::memcpy(into.mutable_bytes().data(), from.data(), from.size());
}

Result<LocalRound> RunLocalRound(LearningTask& task, const WorkRequest& request, const ExampleSource& train,
                                 const ExampleSource& holdout, const RandomSource& random,
                                 const NoiseSource& noise, std::function<void(std::int64_t)> on_step,
                                 std::stop_token stop) {
  LoadModel(*request.model, task.state());
  LocalRound round;
  const bool evaluate = request.evaluate || request.kind == RoundKind::kEvaluate;
  if (evaluate && holdout.size() > 0) {
    CAIRN_ASSIGN_OR_RETURN(round.metrics, task.Evaluate(request.train.loss, holdout, stop));
  }
  if (request.kind == RoundKind::kEvaluate) {
    round.report.examples = holdout.size();
    return round;
  }
  const TrainContext context{&random, request.round, request.client, std::move(on_step), &noise};
  if (request.privacy) {
    CAIRN_ASSIGN_OR_RETURN(round.report,
                           task.TrainPrivately(request.train, *request.privacy, train, context, stop));
    round.noise_is_simulated = !noise.is_secure();
    return round;
  }
  CAIRN_ASSIGN_OR_RETURN(round.report, task.Train(request.train, train, context, stop));
  return round;
}

}  // namespace cairn
