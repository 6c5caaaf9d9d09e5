#include "tests/bench/timed_learners.h"

#include <chrono>
#include <utility>

namespace cairn::bench {
namespace {

class TimedTask final : public LearningTask {
 public:
  TimedTask(std::unique_ptr<LearningTask> inner, std::atomic<std::int64_t>& nanoseconds)
      : inner_(std::move(inner)), nanoseconds_(nanoseconds) {}

  ParameterSet& state() override { return inner_->state(); }
  Status Initialize(RandomStream stream) override { return inner_->Initialize(std::move(stream)); }
  Result<TrainReport> Train(const TrainConfig& config, const ExampleSource& data, const TrainContext& context,
                            std::stop_token stop) override {
    const auto begin = std::chrono::steady_clock::now();
    Result<TrainReport> report = inner_->Train(config, data, context, std::move(stop));
    nanoseconds_ += std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count();
    return report;
  }
  Result<TrainReport> TrainPrivately(const TrainConfig& config, const PrivateTraining& privacy,
                                     const ExampleSource& data, const TrainContext& context,
                                     std::stop_token stop) override {
    const auto begin = std::chrono::steady_clock::now();
    Result<TrainReport> report = inner_->TrainPrivately(config, privacy, data, context, std::move(stop));
    nanoseconds_ += std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count();
    return report;
  }
  Result<MetricSums> Evaluate(Loss loss, const ExampleSource& data, std::stop_token stop) override {
    return inner_->Evaluate(loss, data, std::move(stop));
  }

 private:
  std::unique_ptr<LearningTask> inner_;
  std::atomic<std::int64_t>& nanoseconds_;
};

}  // namespace

Result<std::unique_ptr<LearningTask>> TimedLearners::Create(const ModelConfig& model,
                                                            std::span<const std::string> freeze) const {
  CAIRN_ASSIGN_OR_RETURN(auto task, inner_->Create(model, freeze));
  return std::unique_ptr<LearningTask>(std::make_unique<TimedTask>(std::move(task), nanoseconds_));
}

double TimedLearners::TakeSeconds() const { return 1e-9 * static_cast<double>(nanoseconds_.exchange(0)); }

}  // namespace cairn::bench
