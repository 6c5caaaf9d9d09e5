#include "client/learning/private_loop.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "client/learning/flush_denormals.h"
#include "client/learning/lot_summer.h"
#include "client/learning/private_terms.h"
#include "client/learning/train_loop.h"
#include "core/base/check.h"
#include "core/base/clock.h"
#include "privacy/dp/noise_adder.h"

namespace cairn {
namespace {

// Mean losses of the first and the last lot that had a row.
void Note(const LotSummer::LotLoss& loss, TrainReport& report, bool& is_first) {
  if (loss.rows == 0) return;
  report.loss_last = loss.sum / static_cast<double>(loss.rows);
  if (is_first) report.loss_first = report.loss_last;
  is_first = false;
}

// What follows the sum of a lot, piece by piece: the noise, the quotient, the optimizer.
class NoisedStep final : public GridSink {
 public:
  NoisedStep(const NoiseAdder& noise, NoiseBits& bits, double expected_lot, ClientOptimizer& optimizer,
             std::span<float> weights)
      : noise_(noise), bits_(bits), expected_lot_(expected_lot), optimizer_(optimizer), weights_(weights) {}
  void Take(std::size_t offset, std::span<std::int64_t> sum) override {
    const std::span<float> quotient = std::span(quotient_).first(sum.size());
    noise_.AddTo(sum, bits_);
    noise_.Convert(sum, expected_lot_, quotient);
    optimizer_.StepPart(offset, weights_.subspan(offset, sum.size()), quotient);
  }

 private:
  const NoiseAdder& noise_;
  NoiseBits& bits_;
  const double expected_lot_;
  ClientOptimizer& optimizer_;
  const std::span<float> weights_;
  std::array<float, kPiece> quotient_;
};

}  // namespace

Result<TrainReport> PrivateLoop::Train(BatchEngine& engine, std::span<float> weights,
                                       const TrainConfig& config, const PrivateTraining& privacy,
                                       const ExampleSource& data, const TrainContext& context,
                                       std::stop_token stop) {
  CAIRN_CHECK(context.noise != nullptr, "private training needs a source of noise");
  CAIRN_RETURN_IF_ERROR(CheckTrainConfig(config));
  CAIRN_RETURN_IF_ERROR(CheckPrivateTraining(config, privacy));
  CAIRN_RETURN_IF_ERROR(CheckFit(engine, config.loss, data));
  const NoiseGrid grid = GridOf(privacy, weights.size());
  CAIRN_ASSIGN_OR_RETURN(const NoiseAdder noise, NoiseAdder::Create(grid, privacy.noise_multiplier));
  const FlushDenormals flush;
  const TimePoint start = SteadyClock().Now();
  CAIRN_RETURN_IF_ERROR(engine.Reserve(
      std::min<std::size_t>(engine.most_unit_rows(), std::max(data.size(), std::uint32_t{1}))));
  const UnitIndex units(data);
  const std::uint32_t blocks = LotSummer::BlocksFor(privacy.expected_lot, data);
  LotSummer summer(engine, data, units, {.loss = config.loss, .clip = privacy.clip, .step = grid.step});
  NoiseBits bits = context.noise->Open(context.round, context.client);
  optimizer_.Start(config, weights);
  NoisedStep noised_step(noise, bits, privacy.expected_lot, optimizer_, weights);

  TrainReport report{.examples = privacy.expected_lot};
  bool is_first = true;
  for (std::uint32_t step = 1; step <= privacy.steps; ++step) {
    if (stop.stop_requested()) return Status(errors::kCancelled, "training was asked to stop");
    DrawLot(units.size(), privacy.sampling_rate, blocks, bits, lot_);
    optimizer_.BeginStep();
    CAIRN_ASSIGN_OR_RETURN(const LotSummer::LotLoss loss, summer.Sum(lot_, noised_step));
    Note(loss, report, is_first);
    if (context.on_step) context.on_step(step);
  }
  if (!AllFinite(weights)) {
    return Status(errors::kDiverged, "the model is not finite after step " + std::to_string(privacy.steps) +
                                         " at learning rate " + std::to_string(config.optimizer.lr));
  }
  report.steps = privacy.steps;
  report.seconds = std::chrono::duration<double>(SteadyClock().Now() - start).count();
  return report;
}

}  // namespace cairn
