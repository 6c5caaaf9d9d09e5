#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/aggregation/update_aggregator.h"
#include "core/base/result.h"
#include "core/tensor/parameter_set.h"
#include "protocol/messages/job.h"

namespace cairn {

// What a job carries from round to round: the global model, and the memory of its server optimizer
// (server_state.h writes it to a checkpoint). Movable, not copyable.
struct ServerState {
  ParameterSet model;
  std::vector<float> m;     // first moment, or momentum; one per exchanged parameter, or none
  std::vector<float> v;     // second moment; likewise
  std::uint64_t round = 0;  // rounds applied
};

// A federated algorithm: what clients are told, how their updates become one, and how the server takes a
// step. Pure functions of the server state; a strategy has no memory of its own. Immutable, thread-safe.
//
// Server optimizers touch exchanged parameters only. Buffers move by their weighted mean, counters become the
// largest, tensors of Scope::kLocal never change. Symbols as in the papers: w global parameters, Δ̄ mean
// update (the negative pseudo-gradient), η server learning rate.
class Strategy {
 public:
  virtual ~Strategy() = default;

  virtual std::string_view name() const = 0;
  // Round 0 of a job that begins with this model.
  virtual ServerState Start(ParameterSet model) const = 0;
  // The client half: the job's settings, with what the algorithm adds (proximal term).
  virtual TrainConfig Configure(const TrainConfig& job, const ServerState& state) const = 0;
  virtual std::unique_ptr<UpdateAggregator> NewAggregator(const UpdateLayout& layout) const = 0;
  // One server step in place, element by element and without reductions, so any tiling gives equal bytes.
  // Refuses, before anything is touched, an update of another layout (kUpdateLayout) and a state that is not
  // this strategy's (kServerState); a step that makes a parameter NaN or infinite is refused with
  // kServerDiverged, and the state is then to be discarded.
  virtual Status Apply(const AggregateUpdate& update, ServerState& state) const = 0;
};

// By name: fedavg, fedavgm, fedprox, fedadagrad, fedadam, fedyogi. An unknown name or a number outside its
// range is refused (kConfigValue); the message suggests the nearest name.
Result<std::unique_ptr<Strategy>> NewStrategy(const StrategyConfig& config);

std::span<const std::string> StrategyNames();  // ascending

}  // namespace cairn
