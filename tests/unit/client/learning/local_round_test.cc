#include "client/learning/local_round.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "client/learning/linear_task.h"
#include "client/learning/private_terms.h"
#include "tests/unit/client/learning/made_examples.h"

namespace cairn {
namespace {

constexpr std::uint64_t kClients = 6;

std::unique_ptr<LearningTask> NewTask() {
  return LinearTaskFactory()
      .Create({.arch = "linear", .hyper = {{"inputs", std::int64_t{6}}, {"outputs", std::int64_t{3}}}}, {})
      .value();
}

WorkRequest PrivateWork(std::uint64_t client) {
  WorkRequest request;
  request.round = {4};
  request.client = {client};
  request.evaluate = false;
  request.privacy =
      PrivateTraining{.sampling_rate = kWholeSamplingRate / 10, .steps = 15, .expected_lot = 20};
  request.model = std::make_shared<ModelVersion>(ModelVersion{{}, NewTask()->state().Clone()});
  return request;
}

LocalRound RunOnce(LearningTask& task, std::uint64_t client, const NoiseSource& noise) {
  const auto data = std::make_shared<MadeExamples>(std::vector<std::int64_t>{6}, 3, 200, client);
  return RunLocalRound(task, PrivateWork(client), *data, Subset(data, {}), SeededRandom(1), noise, {}, {})
      .value();
}

std::vector<float> Weights(LearningTask& task) {
  return {task.state().floats().begin(), task.state().floats().end()};
}

TEST(LocalRoundTest, SimulatedPrivateRoundsAreTheSameOnAnyNumberOfLanes) {
  const SimulatedNoise noise(9);
  std::vector<std::vector<float>> alone(kClients);
  const auto task = NewTask();
  for (std::uint64_t client = 0; client < kClients; ++client) {
    EXPECT_TRUE(RunOnce(*task, client, noise).noise_is_simulated);
    alone[client] = Weights(*task);
  }
  for (const std::uint64_t lanes : {2u, 3u}) {
    std::vector<std::vector<float>> together(kClients);
    std::vector<std::jthread> threads;
    for (std::uint64_t lane = 0; lane < lanes; ++lane) {
      threads.emplace_back([&, lane] {
        const auto mine = NewTask();
        for (std::uint64_t client = kClients; client-- > 0;) {
          if (client % lanes != lane) continue;
          RunOnce(*mine, client, noise);
          together[client] = Weights(*mine);
        }
      });
    }
    threads.clear();
    EXPECT_EQ(together, alone) << lanes;
  }
}

TEST(LocalRoundTest, SecretNoiseIsNeverTheSame) {
  const SystemNoise noise;
  const auto task = NewTask();
  EXPECT_FALSE(RunOnce(*task, 1, noise).noise_is_simulated);
  const std::vector<float> first = Weights(*task);
  RunOnce(*task, 1, noise);
  EXPECT_NE(Weights(*task), first);
}

}  // namespace
}  // namespace cairn
