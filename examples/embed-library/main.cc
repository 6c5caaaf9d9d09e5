// Three shops fit one line y = a·x + b through all their points, and no shop shows a point to anybody.
//
// The program uses the installed library's aggregation alone: each shop takes a few gradient steps of its
// own, the sum of the three changes is exact, and FedAvg makes the next model of it. No network, no LibTorch.
#include <cstdio>
#include <span>
#include <utility>
#include <vector>

#include "aggregator/engine/round_work.h"
#include "core/tensor/update.h"

namespace {

using namespace cairn;

struct Point {
  float x, y;
};
using Shop = std::vector<Point>;

constexpr int kLocalSteps = 20;
constexpr float kLearningRate = 0.05f;
constexpr double kWeightCap = 10;  // points beyond it count no more

// Gradient descent on the mean squared error of one shop's points; `line` is {a, b}.
void TrainLocally(const Shop& shop, std::span<float> line) {
  for (int step = 0; step < kLocalSteps; ++step) {
    float slope = 0, offset = 0;
    for (const Point& point : shop) {
      const float error = line[0] * point.x + line[1] - point.y;
      slope += 2 * error * point.x / static_cast<float>(shop.size());
      offset += 2 * error / static_cast<float>(shop.size());
    }
    line[0] -= kLearningRate * slope;
    line[1] -= kLearningRate * offset;
  }
}

Status OneRound(RoundWork& work, std::uint64_t round, std::span<const Shop> shops) {
  const RoundKey key{JobId{1}, RoundId{round}, 1};
  work.Open(key);
  const ParameterSet& global = work.model()->values;
  for (const Shop& shop : shops) {
    ParameterSet local = global.Clone();
    TrainLocally(shop, local.parameters());

    UpdateView update;  // folded as local − global, without a copy of the difference
    update.local_parameters = local.parameters();
    update.base_parameters = global.parameters();
    const double weight = static_cast<double>(shop.size()) / kWeightCap;
    CAIRN_RETURN_IF_ERROR(CheckUpdate(update, LayoutOf(global.spec())));
    work.Fold(0, key, update, weight);
  }
  CAIRN_RETURN_IF_ERROR(work.Finish().status());
  work.Adopt();
  return {};
}

Status FitLine() {
  const std::vector<Shop> shops = {
      {{0, 1.1f}, {1, 2.9f}, {2, 5.0f}},
      {{-1, -1.1f}, {0.5f, 2.1f}},
      {{-2, -2.9f}, {1.5f, 3.9f}, {2.5f, 6.1f}, {-0.5f, 0.0f}},
  };
  CAIRN_ASSIGN_OR_RETURN(auto spec,
                         ParameterSpec::Create({{.name = "a", .shape = {1}}, {.name = "b", .shape = {1}}}));
  StrategyConfig fedavg;
  fedavg.name = "fedavg";
  CAIRN_ASSIGN_OR_RETURN(const auto work,
                         RoundWork::Create(fedavg, MakeModelVersion(ParameterSet(spec)), {}, 1));

  constexpr std::uint64_t kRounds = 20;
  for (std::uint64_t round = 1; round <= kRounds; ++round) {
    CAIRN_RETURN_IF_ERROR(OneRound(*work, round, shops));
  }
  const std::span<const float> line = work->model()->values.parameters();
  std::printf("after %llu rounds: y = %.4f x + %.4f\n", static_cast<unsigned long long>(kRounds), line[0],
              line[1]);
  std::printf("model %s\n", work->model()->ref.hex().c_str());
  return {};
}

}  // namespace

int main() {
  const Status status = FitLine();
  if (status.ok()) return 0;
  std::fputs(FormatForHumans(status).c_str(), stderr);
  return 1;
}
