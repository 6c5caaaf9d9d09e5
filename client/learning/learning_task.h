#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>

#include "client/data/example_source.h"
#include "client/learning/noise_source.h"
#include "core/base/random.h"
#include "core/base/result.h"
#include "core/tensor/parameter_set.h"
#include "protocol/messages/job.h"
#include "protocol/messages/metrics.h"
#include "protocol/messages/private_training.h"
#include "protocol/messages/work.h"

namespace cairn {

// Where a task gets its randomness: streams are opened by (purpose, round, client, step), never
// passed along, so equal labels mean equal training on any thread.
struct TrainContext {
  const RandomSource* random = nullptr;
  RoundId round;
  ClientId client;
  std::function<void(std::int64_t)> on_step;  // steps done so far; may be empty
  const NoiseSource* noise = nullptr;         // of private training; may be null otherwise
};

// What one participant computes; it knows nothing of federation. One resident model whose tensors
// live in state(): loading a version is one copy into it, and after Train it holds the local
// weights. Pure: equal state, data, config and context give equal bytes. One thread at a time.
class LearningTask {
 public:
  virtual ~LearningTask() = default;

  virtual ParameterSet& state() = 0;
  // PyTorch's default initialisation of each layer type, drawn from the stream.
  virtual Status Initialize(RandomStream stream) = 0;
  // In place. The stop token is read before every batch; a stopped call returns kCancelled and its
  // state is to be discarded. A loss or gradient that turns NaN or Inf ends with kDiverged (step
  // and learning rate in the message).
  virtual Result<TrainReport> Train(const TrainConfig& config, const ExampleSource& data,
                                    const TrainContext& context, std::stop_token stop) = 0;
  // One round of DP-SGD as it was charged (private_loop.h); epochs and steps of `config` are void. In place;
  // the report holds nothing of the data but the losses, which stay at the site: `examples` is the expected
  // lot. kPrivacyModel, kPrivacyTraining, kPrivacyParameter before anything is trained; kCancelled; kDiverged
  // for weights that are not finite.
  virtual Result<TrainReport> TrainPrivately(const TrainConfig& config, const PrivateTraining& privacy,
                                             const ExampleSource& data, const TrainContext& context,
                                             std::stop_token stop) = 0;
  virtual Result<MetricSums> Evaluate(Loss loss, const ExampleSource& data, std::stop_token stop) = 0;
};

// The zoo, LibTorch or closed-form, behind one door.
class LearningTaskFactory {
 public:
  virtual ~LearningTaskFactory() = default;
  // A fresh resident model with the spec's tensor names and shapes; tensors matching `freeze` are
  // Scope::kLocal and never trained. Unknown arch or hyper-parameter: an error that names the near ones.
  virtual Result<std::unique_ptr<LearningTask>> Create(const ModelConfig& model,
                                                       std::span<const std::string> freeze) const = 0;
  // Logits of one example. The same errors.
  virtual Result<std::int64_t> Outputs(const ModelConfig& model) const = 0;
};

// Classes that metrics of this model and loss tell apart: a binary task has one logit and two classes.
inline std::uint32_t MetricClasses(Loss loss, std::int64_t outputs) {
  return loss == Loss::kBce ? 2 : static_cast<std::uint32_t>(outputs);
}

}  // namespace cairn
