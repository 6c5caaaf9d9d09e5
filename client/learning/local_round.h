#pragma once

#include <functional>
#include <stop_token>

#include "client/learning/learning_task.h"

namespace cairn {

// What one participant does in one round, the same in a sandboxed worker and on a simulator's lane:
// the received model goes into task.state(), is measured on the held-out rows where asked, and is
// trained in place on the training rows. Afterwards task.state() holds the local weights.
struct LocalRound {
  TrainReport report;
  MetricSums metrics;               // empty unless asked for and rows are held out
  bool noise_is_simulated = false;  // it was trained privately, with noise that protects nobody
};

// `random` must be SeededRandom(manifest.spec.seed) for results to be those of any other run of the job.
// Where the request is private it is trained by DP-SGD, with coins and noise from `noise`: SystemNoise at a
// site, SimulatedNoise in the simulator.
Result<LocalRound> RunLocalRound(LearningTask& task, const WorkRequest& request, const ExampleSource& train,
                                 const ExampleSource& holdout, const RandomSource& random,
                                 const NoiseSource& noise, std::function<void(std::int64_t)> on_step,
                                 std::stop_token stop);

// Copies a model version into a task's arena.
void LoadModel(const ModelVersion& model, ParameterSet& into);

}  // namespace cairn
