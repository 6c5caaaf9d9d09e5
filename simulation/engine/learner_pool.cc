#include "simulation/engine/learner_pool.h"

namespace cairn {

Result<std::unique_ptr<LearnerPool>> LearnerPool::Create(std::size_t models,
                                                         const LearningTaskFactory& factory,
                                                         const ModelConfig& model,
                                                         std::span<const std::string> freeze) {
  std::unique_ptr<LearnerPool> pool(new LearnerPool(factory, model, freeze));
  for (std::size_t i = 0; i < models; ++i) {
    CAIRN_ASSIGN_OR_RETURN(auto task, pool->Make());
    pool->idle_.push_back(std::move(task));
  }
  return pool;
}

std::optional<LearnerPool::Lease> LearnerPool::TryAcquire() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::nullopt;
  auto task = std::move(idle_.back());
  idle_.pop_back();
  return Lease(*this, std::move(task));
}

Result<LearnerPool::Lease> LearnerPool::Acquire() {
  if (auto idle = TryAcquire(); idle.has_value()) return *std::move(idle);
  CAIRN_ASSIGN_OR_RETURN(auto task, Make());
  return Lease(*this, std::move(task));
}

LearnerPool::Lease::~Lease() {
  if (task_ != nullptr) pool_->Return(std::move(task_));
}

void LearnerPool::Return(std::unique_ptr<LearningTask> task) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(task));
}

}  // namespace cairn
