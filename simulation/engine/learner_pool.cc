#include "simulation/engine/learner_pool.h"

namespace cairn {

LearnerPool::LearnerPool(std::size_t lanes) {
  for (std::size_t i = 0; i < lanes; ++i) lanes_.push_back(std::make_unique<Lane>());
}

Result<std::unique_ptr<LearnerPool>> LearnerPool::Create(std::size_t lanes,
                                                         const LearningTaskFactory& factory,
                                                         const ModelConfig& model,
                                                         std::span<const std::string> freeze) {
  std::unique_ptr<LearnerPool> pool(new LearnerPool(lanes));
  for (const auto& lane : pool->lanes_) {
    for (std::size_t i = 0; i < kModelsPerLane; ++i) {
      CAIRN_ASSIGN_OR_RETURN(auto task, factory.Create(model, freeze));
      lane->idle.push_back(std::move(task));
    }
  }
  return pool;
}

LearnerPool::Lease LearnerPool::Acquire(std::size_t lane) {
  Lane& home = *lanes_[lane];
  std::unique_lock lock(home.mutex);
  home.freed.wait(lock, [&] { return !home.idle.empty(); });
  auto task = std::move(home.idle.back());
  home.idle.pop_back();
  return {*this, lane, std::move(task)};
}

LearnerPool::Lease::~Lease() {
  if (task_ != nullptr) pool_->Return(lane_, std::move(task_));
}

void LearnerPool::Return(std::size_t lane, std::unique_ptr<LearningTask> task) {
  Lane& home = *lanes_[lane];
  {
    const std::lock_guard lock(home.mutex);
    home.idle.push_back(std::move(task));
  }
  home.freed.notify_one();
}

}  // namespace cairn
