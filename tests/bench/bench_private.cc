// What a step of DP-SGD costs against a plain one: same engine, rows a step and optimizer, in one process,
// interleaved, medians of repeats, in processor time.
//
//   cairn_bench_private [repeats [model]]
//
// Lines a model and lot: `grad`, a plain step whose gradient is written down before the optimizer takes it,
// as a private one must and plain SGD need not; `clip`, every row's gradient clipped and summed in float,
// which is what other programs call DP without noise; `sum`, with Poisson coins, blocks and integers on the
// grid as well; `noise`, with discrete Gaussian noise on every coordinate, which is what a site pays; and the
// memory beyond that of plain steps on lots of the same sizes. Runs itself once more with one BLAS thread
// where the environment does not say so.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "cli/worker/one_blas_thread.h"
#include "client/learning/client_optimizer.h"
#include "client/learning/flush_denormals.h"
#include "client/learning/lot_summer.h"
#include "client/learning/plan_engine.h"
#include "client/learning/private_terms.h"
#include "client/learning/torch/autograd_engine.h"
#include "client/learning/zoo/zoo.h"
#include "tests/bench/bench_seconds.h"
#include "tests/bench/raw_training.h"

namespace cairn::bench {
namespace {

constexpr std::uint32_t kRows = 2048;

long ResidentKiB() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::atol(line.c_str() + 6);
  }
  return 0;
}

// One model and everything that steps over it.
class Bench {
 public:
  Bench(const char* arch, std::uint32_t lot, std::uint32_t steps)
      : stack_(StackOf({.arch = arch, .hyper = {}}).value()),
        state_(SpecOfStack(stack_).value()),
        lot_size_(lot),
        steps_(steps),
        data_(kRows),
        units_(data_) {
    RandomStream stream = SeededRandom(1).Open({.purpose = Purpose::kInit});
    InitializeStack(stack_, stream, state_);
    if (PlanEngine::Supports(stack_)) {
      engine_ = std::make_unique<PlanEngine>(stack_, state_);
    } else {
      engine_ = NewAutogradEngine(stack_, state_, DenseTail::kPlanned).value();
    }
    most_rows_ = std::max<std::size_t>(lot, engine_->most_unit_rows());
    if (!engine_->Reserve(most_rows_).ok()) std::abort();
    config_.batch = lot;
    config_.optimizer.lr = 1e-4;
    optimizer_.Start(config_, state_.parameters());
    terms_ = {.clip = 1, .noise_multiplier = 1, .steps = 1, .expected_lot = lot};
    terms_.sampling_rate = kWholeSamplingRate / kRows * lot;
    grid_ = GridOf(terms_, state_.parameters().size());
    noise_ = std::make_unique<NoiseAdder>(NoiseAdder::Create(grid_, terms_.noise_multiplier).value());
    summer_ =
        std::make_unique<LotSummer>(*engine_, data_, units_, LotSummer::Terms{.clip = 1, .step = grid_.step});
    for (std::uint32_t i = 0; i < lot; ++i) {
      ends_.push_back(i + 1);
      dropout_.push_back(stream);
    }
    labels_.resize(lot);
  }

  void Plain() {
    for (std::uint32_t i = 0; i < steps_; ++i) {
      GatherNext();
      if (!engine_->StepSgd({.rows = lot_size_, .labels = labels_, .dropout = dropout_.data()}, 1e-4f).ok())
        std::abort();
    }
  }
  // Lots of the sizes that are drawn: what they alone cost in memory.
  void PlainLots() {
    for (std::uint32_t i = 0; i < steps_; ++i) {
      DrawLot(units_.size(), terms_.sampling_rate, LotSummer::BlocksFor(lot_size_, data_), bits_, lot_);
      const auto rows = static_cast<std::uint32_t>(std::min(lot_.size(), most_rows_));
      if (rows == 0) continue;
      labels_.resize(std::max<std::size_t>(labels_.size(), rows));
      GatherNext(rows);
      if (!engine_
               ->StepSgd({.rows = rows, .labels = std::span(labels_).first(rows), .dropout = dropout_.data()},
                         1e-4f)
               .ok())
        std::abort();
    }
    labels_.resize(lot_size_);
  }
  void Gradient() {
    for (std::uint32_t i = 0; i < steps_; ++i) {
      GatherNext();
      if (!engine_->ComputeGradients({.rows = lot_size_, .labels = labels_, .dropout = dropout_.data()}).ok())
        std::abort();
      optimizer_.Step(state_.parameters(), engine_->gradients());
    }
  }
  void Clip() {
    for (std::uint32_t i = 0; i < steps_; ++i) {
      for (std::uint32_t done = 0; done < lot_size_;) {
        const auto rows =
            std::min<std::uint32_t>(lot_size_ - done, static_cast<std::uint32_t>(engine_->most_unit_rows()));
        GatherNext(rows);
        if (!engine_
                 ->ClipUnits({.ends = std::span(ends_).first(rows),
                              .labels = std::span(labels_).first(rows),
                              .dropout = std::span(dropout_).first(rows)},
                             1)
                 .ok())
          std::abort();
        optimizer_.BeginStep();
        if (!engine_->StreamClippedSum(clipped_step_).ok()) std::abort();
        done += rows;
      }
    }
  }
  void Private(bool has_noise) {
    grid_step_.has_noise = has_noise;
    for (std::uint32_t i = 0; i < steps_; ++i) {
      DrawLot(units_.size(), terms_.sampling_rate, LotSummer::BlocksFor(lot_size_, data_), bits_, lot_);
      optimizer_.BeginStep();
      if (!summer_->Sum(lot_, grid_step_).ok()) std::abort();
    }
  }

  double StepsPerSecond(const Pass& pass) const { return steps_ / cairn::Seconds(pass); }

 private:
  struct ClippedStep final : GradientSink {  // the optimizer on the float sum
    explicit ClippedStep(Bench& owner) : bench(owner) {}
    void Take(std::size_t offset, std::span<float> gradients) override {
      bench.optimizer_.StepPart(offset, bench.state_.parameters().subspan(offset, gradients.size()),
                                gradients);
    }
    Bench& bench;
  };
  struct GridStep final : GridSink {  // as PrivateLoop does it, with the noise or without
    explicit GridStep(Bench& owner) : bench(owner) {}
    void Take(std::size_t offset, std::span<std::int64_t> sum) override {
      const std::span<float> gradients = std::span(quotient).first(sum.size());
      if (has_noise) bench.noise_->AddTo(sum, bench.bits_);
      bench.noise_->Convert(sum, bench.lot_size_, gradients);
      bench.optimizer_.StepPart(offset, bench.state_.parameters().subspan(offset, sum.size()), gradients);
    }
    Bench& bench;
    bool has_noise = false;
    std::array<float, kPiece> quotient;
  };

  void GatherNext(std::uint32_t rows = 0) {
    rows = rows == 0 ? lot_size_ : rows;
    rows_.clear();
    for (std::uint32_t i = 0; i < rows; ++i) rows_.push_back(next_++ % kRows);
    data_.Gather(rows_, engine_->features().first(rows * kPixels), std::span(labels_).first(rows));
  }

  LayerStack stack_;
  ParameterSet state_;
  std::uint32_t lot_size_, steps_, next_ = 0;
  std::size_t most_rows_ = 0;
  NoiseImages data_;
  UnitIndex units_;
  std::unique_ptr<BatchEngine> engine_;
  TrainConfig config_;
  ClientOptimizer optimizer_;
  PrivateTraining terms_;
  NoiseGrid grid_;
  std::unique_ptr<NoiseAdder> noise_;
  std::unique_ptr<LotSummer> summer_;
  NoiseBits bits_ = NoiseBits::FromSystem();
  std::vector<LotMember> lot_;
  std::vector<std::int64_t> labels_;
  std::vector<std::uint32_t> ends_, rows_;
  std::vector<RandomStream> dropout_;
  ClippedStep clipped_step_{*this};
  GridStep grid_step_{*this};
};

void Compare(const char* arch, std::uint32_t lot, std::uint32_t steps, int repeats) {
  Bench bench(arch, lot, steps);
  const std::vector<std::pair<const char*, Pass>> kinds = {{"grad", [&] { bench.Gradient(); }},
                                                           {"clip", [&] { bench.Clip(); }},
                                                           {"sum", [&] { bench.Private(false); }},
                                                           {"noise", [&] { bench.Private(true); }}};
  const Pass plain = [&] {
    const FlushDenormals flush;
    bench.Plain();
  };
  const long before = [&] {
    for (int i = 0; i < 3; ++i) bench.StepsPerSecond([&] { bench.PlainLots(); });
    bench.StepsPerSecond(plain);
    return ResidentKiB();
  }();
  for (int i = 0; i < 3; ++i) {
    for (const auto& kind : kinds) bench.StepsPerSecond(kind.second);
  }
  const long after = ResidentKiB();
  std::vector<std::vector<double>> ratios(kinds.size());
  std::vector<double> rate;
  for (int i = 0; i < repeats; ++i) {
    rate.push_back(bench.StepsPerSecond(plain));
    for (std::size_t k = 0; k < kinds.size(); ++k) {
      const Pass pass = [&] {
        const FlushDenormals flush;
        kinds[k].second();
      };
      ratios[k].push_back(rate.back() / bench.StepsPerSecond(pass));
    }
  }
  std::printf("%-12s lot %-4u plain %8.0f steps/s\n", arch, lot, Spread(rate).middle);
  std::vector<double> clip_over_gradient;
  for (std::size_t i = 0; i < rate.size(); ++i) clip_over_gradient.push_back(ratios[1][i] / ratios[0][i]);
  std::printf("%-12s lot %-4u clip   costs, in steps of the same optimizer: %s\n", arch, lot,
              Spread(clip_over_gradient).ToString().c_str());
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    std::printf("%-12s lot %-4u %-6s costs, in plain steps: %s\n", arch, lot, kinds[k].first,
                Spread(ratios[k]).ToString().c_str());
  }
  std::printf("%-12s lot %-4u memory %ld KiB, %+.1f %%\n", arch, lot, after,
              100.0 * static_cast<double>(after - before) / static_cast<double>(before));
  std::fflush(stdout);
}

}  // namespace
}  // namespace cairn::bench

int main(int argc, char** argv) {
  using namespace cairn::bench;
  cairn::EnsureOneBlasThread(argv);
  const int repeats = argc > 1 ? std::max(1, std::atoi(argv[1])) : 9;
  StartMeasuring(repeats);
  const std::string only = argc > 2 ? argv[2] : "";
  const auto compare = [&](const char* arch, std::uint32_t lot, std::uint32_t steps) {
    if (only.empty() || only == arch) Compare(arch, lot, steps, repeats);
  };
  compare("mcmahan-2nn", 10, 300);
  compare("mcmahan-2nn", 64, 60);
  compare("mcmahan-2nn", 256, 20);
  compare("mcmahan-cnn", 10, 30);
  compare("mcmahan-cnn", 64, 6);
  return 0;
}
