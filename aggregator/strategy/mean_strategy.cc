#include "aggregator/strategy/mean_strategy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/text.h"

namespace cairn {
namespace {

constexpr std::size_t kTile = 16384;  // elements a step: w, Δ̄, m and v of a tile stay in L2

std::span<float> Part(std::vector<float>& values, std::size_t at, std::size_t n) {
  return values.empty() ? std::span<float>() : std::span(values).subspan(at, n);
}

Status WrongLayout(std::string_view section, std::size_t got, std::size_t expected) {
  return Status(errors::kUpdateLayout, "the mean update has " + std::to_string(got) + " " +
                                           std::string(section) + ", the model has " +
                                           std::to_string(expected));
}

Status CheckMemory(std::string_view name, std::size_t got, std::size_t expected) {
  if (got == expected) return Status::Ok();
  return Status(errors::kServerState, "the server state holds " + std::to_string(got) + " values of " +
                                          std::string(name) + ", the strategy keeps " +
                                          std::to_string(expected));
}

bool IsFinite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

}  // namespace

ServerState MeanStrategy::Start(ParameterSet model) const {
  ServerState state;
  const auto parameters = static_cast<std::size_t>(model.spec().exchanged(Role::kParameter));
  state.model = std::move(model);
  if (memory_.m) state.m.assign(parameters, 0.0f);
  if (memory_.v) state.v.assign(parameters, *memory_.v);
  return state;
}

TrainConfig MeanStrategy::Configure(const TrainConfig& job, const ServerState&) const { return job; }

std::unique_ptr<UpdateAggregator> MeanStrategy::NewAggregator(const UpdateLayout& layout) const {
  return NewWeightedMean(layout);
}

Status MeanStrategy::Check(const AggregateUpdate& update, const ServerState& state) const {
  const UpdateLayout layout = LayoutOf(state.model.spec());
  const auto parameters = static_cast<std::size_t>(layout.parameters);
  const auto buffers = static_cast<std::size_t>(layout.buffers);
  const auto counters = static_cast<std::size_t>(layout.counters);
  if (update.parameters.size() != parameters)
    return WrongLayout("parameters", update.parameters.size(), parameters);
  if (update.buffers.size() != buffers) return WrongLayout("buffers", update.buffers.size(), buffers);
  if (!update.counters.empty() && update.counters.size() != counters) {
    return WrongLayout("counters", update.counters.size(), counters);
  }
  if (update.layout.hash != layout.hash) {
    return Status(errors::kUpdateLayout, "the mean update names another layout hash than the model's");
  }
  CAIRN_RETURN_IF_ERROR(CheckMemory("m", state.m.size(), memory_.m ? parameters : 0));
  return CheckMemory("v", state.v.size(), memory_.v ? parameters : 0);
}

Status MeanStrategy::Apply(const AggregateUpdate& update, ServerState& state) const {
  CAIRN_RETURN_IF_ERROR(Check(update, state));
  const std::span<float> w = state.model.parameters().first(update.parameters.size());
  for (std::size_t at = 0; at < w.size(); at += kTile) {
    const std::size_t n = std::min(kTile, w.size() - at);
    const std::span<float> tile = w.subspan(at, n);
    Step({tile, std::span(update.parameters).subspan(at, n), Part(state.m, at, n), Part(state.v, at, n)});
    if (!IsFinite(tile)) {
      return Status(errors::kServerDiverged, "round " + std::to_string(state.round + 1) +
                                                 ": a parameter of the global model is not finite");
    }
  }
  const std::span<float> buffers = state.model.buffers();
  for (std::size_t i = 0; i < update.buffers.size(); ++i) buffers[i] += update.buffers[i];
  std::copy(update.counters.begin(), update.counters.end(), state.model.counters().begin());
  ++state.round;
  return Status::Ok();
}

Status CheckSetting(std::string_view key, double value, Range range) {
  const bool inside = (range.open ? value > range.low : value >= range.low) && value < range.high;
  if (inside && std::isfinite(value)) return Status::Ok();
  const bool bounded = std::isfinite(range.high);
  return Status(errors::kConfigValue,
                "strategy." + std::string(key) + " is " + FormatDouble(value) + ", must be " +
                    (bounded ? std::string("in ") + (range.open ? "(" : "[") : "a number ") +
                    (bounded ? FormatDouble(range.low) + ", " + FormatDouble(range.high) + ")"
                             : (range.open ? "above " : "of at least ") + FormatDouble(range.low)));
}

}  // namespace cairn
