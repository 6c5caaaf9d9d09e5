#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <semaphore>
#include <stop_token>
#include <string>
#include <thread>

#include "simulation/engine/sim_driver.h"
#include "tests/bench/raw_training.h"
#include "tests/bench/timed_learners.h"

namespace cairn::bench {

// A simulation that stands still between rounds, so that its rounds and other work can take turns: clients of
// equal size train one epoch a round, in a job with privacy terms where there are some.
class PacedSim final : private SimObserver {
 public:
  PacedSim(const std::string& arch, const std::shared_ptr<const NoiseImages>& data, std::uint32_t clients,
           std::size_t lanes, const std::optional<PrivacyTerms>& privacy = std::nullopt);
  ~PacedSim() override;

  struct Took {
    double wall = 0;
    double training = 0;  // on all lanes together
  };
  // Whole rounds, one after the other: from the first's opening to the last's commit.
  Took RunRounds(int count);

 private:
  SimParts Parts(const JobSpec& spec, const std::shared_ptr<const NoiseImages>& data) const;
  void Run(std::stop_token stop);
  Status OnRound(const RoundSummary& summary, const ModelHandle& model, const MetricSums& central,
                 std::size_t lost) override;
  void OnEvent(const DomainEvent&) override {}

  std::uint32_t clients_;
  TimedLearners learners_;
  std::unique_ptr<SimDriver> driver_;
  std::binary_semaphore go_{0};
  std::binary_semaphore done_{0};
  int left_ = 0;         // rounds of the present call; whoever was released last owns it
  std::jthread thread_;  // the last: it ends before the rest does
};

}  // namespace cairn::bench
