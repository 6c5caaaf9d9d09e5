#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "client/learning/learning_task.h"

namespace cairn::bench {

// Learners that add up how long they trained, on all threads together: what a round spends beyond that is
// the framework's own time. A clock is read twice a client.
class TimedLearners final : public LearningTaskFactory {
 public:
  explicit TimedLearners(std::unique_ptr<LearningTaskFactory> inner) : inner_(std::move(inner)) {}
  Result<std::unique_ptr<LearningTask>> Create(const ModelConfig& model,
                                               std::span<const std::string> freeze) const override;
  Result<std::int64_t> Outputs(const ModelConfig& model) const override { return inner_->Outputs(model); }
  // Seconds of training since the last call; with no training in progress.
  double TakeSeconds() const;

 private:
  std::unique_ptr<LearningTaskFactory> inner_;
  mutable std::atomic<std::int64_t> nanoseconds_{0};
};

}  // namespace cairn::bench
