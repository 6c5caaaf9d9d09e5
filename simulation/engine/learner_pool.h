#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "client/learning/learning_task.h"
#include "core/base/result.h"

namespace cairn {

// The resident models of a simulation: two a lane, so that one trains while the other's update is
// still being folded. Made once; a simulated client borrows one and never builds its own.
// Acquire and the return of a lease are thread-safe; a leased task belongs to its holder alone.
class LearnerPool {
 public:
  static constexpr std::size_t kModelsPerLane = 2;

  // Returns its model to the lane on destruction.
  class Lease {
   public:
    Lease(LearnerPool& pool, std::size_t lane, std::unique_ptr<LearningTask> task)
        : pool_(&pool), lane_(lane), task_(std::move(task)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    LearningTask& task() const { return *task_; }
    std::size_t lane() const { return lane_; }

   private:
    LearnerPool* pool_;
    std::size_t lane_;
    std::unique_ptr<LearningTask> task_;
  };

  static Result<std::unique_ptr<LearnerPool>> Create(std::size_t lanes, const LearningTaskFactory& factory,
                                                     const ModelConfig& model,
                                                     std::span<const std::string> freeze);

  // Waits until a model of the lane is free.
  Lease Acquire(std::size_t lane);
  std::size_t lanes() const { return lanes_.size(); }

 private:
  struct Lane {
    std::mutex mutex;
    std::condition_variable freed;
    std::vector<std::unique_ptr<LearningTask>> idle;
  };
  explicit LearnerPool(std::size_t lanes);
  void Return(std::size_t lane, std::unique_ptr<LearningTask> task);

  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace cairn
