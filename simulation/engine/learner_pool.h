#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "client/learning/learning_task.h"
#include "core/base/result.h"

namespace cairn {

// The resident models of a simulation. Made once; a simulated client borrows one and never builds its own.
// Thread-safe; a leased task belongs to its holder alone.
class LearnerPool {
 public:
  // Returns its model on destruction.
  class Lease {
   public:
    Lease(LearnerPool& pool, std::unique_ptr<LearningTask> task) : pool_(&pool), task_(std::move(task)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    LearningTask& task() const { return *task_; }

   private:
    LearnerPool* pool_;
    std::unique_ptr<LearningTask> task_;
  };

  // With `models` of them. `factory` must outlive the pool.
  static Result<std::unique_ptr<LearnerPool>> Create(std::size_t models, const LearningTaskFactory& factory,
                                                     const ModelConfig& model,
                                                     std::span<const std::string> freeze);

  // None when all are lent. Nobody waits for a model: what has none is not started.
  std::optional<Lease> TryAcquire();
  // An idle one, or one more. The factory's errors.
  Result<Lease> Acquire();

 private:
  LearnerPool(const LearningTaskFactory& factory, ModelConfig model, std::span<const std::string> freeze)
      : factory_(factory), model_(std::move(model)), freeze_(freeze.begin(), freeze.end()) {}
  Result<std::unique_ptr<LearningTask>> Make() const { return factory_.Create(model_, freeze_); }
  void Return(std::unique_ptr<LearningTask> task);

  const LearningTaskFactory& factory_;
  ModelConfig model_;
  std::vector<std::string> freeze_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<LearningTask>> idle_;
};

}  // namespace cairn
