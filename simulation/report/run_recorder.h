#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aggregator/engine/actions.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "simulation/report/run_directory.h"
#include "simulation/report/tensorboard.h"

namespace cairn {

// What only a simulation knows of a round: how many of the invited it lost, and the ε spent by then.
struct SimulatedRound {
  std::size_t lost = 0;
  double epsilon_max = kNoValue, epsilon_sum = kNoValue;
};

// Turns what the engines publish into a run directory, for the simulator and for a real aggregator.
//
// A row tells of the model its round produced. A central test set measures that model at once; sites
// measure it when the next round hands it to them, so with federated evaluation alone a row is told
// one round later, the last one by the evaluation round at the end. One thread.
class RunRecorder {
 public:
  struct Config {
    RunDirectory::Config directory;
    std::shared_ptr<const JobManifest> manifest;
    bool central = false;                // rows take their metrics from a central test set
    bool knows_epsilon = false;          // rows tell what the sites' people have spent
    std::string privacy = "none";        // what the model card says of differential privacy
    std::uint64_t checkpoint_every = 0;  // 0: none
    bool tensorboard = false;
    bool save_best = true;                        // false where earlier models are gone
    std::function<void(const RoundRow&)> on_row;  // hears each row as it is written; may be empty
  };
  static Result<RunRecorder> Create(Config config);

  Status WriteClients(std::vector<ClientRow> rows);
  // `central` is empty without a test set. `wall` is what the round took.
  Status OnRound(const RoundSummary& summary, const ModelHandle& model, const MetricSums& central,
                 Duration wall, const SimulatedRound& simulated = {});
  Status OnEnd(const JobClosed& end, const ModelHandle& model);

  const std::filesystem::path& path() const { return directory_.path(); }
  const std::vector<RoundRow>& rows() const { return rows_; }
  // Of the deciding metric, over the rows told so far.
  struct Best {
    std::uint64_t round = 0;
    double value = 0;
  };
  const std::optional<Best>& best() const { return best_; }

  // The columns of a row, in order; epsilon_max and epsilon_sum follow where ε is known.
  static std::vector<std::string> MetricNames() { return {"log_loss", "accuracy", "roc_auc", "macro_f1"}; }

 private:
  RunRecorder(Config config, RunDirectory directory);
  Status Tell(RoundRow row, const MetricSums& sums, const char* split, const ParameterSet& model);
  Status TellPending(const MetricSums& federated);
  Status TellTensorBoard(const RoundRow& row, const char* split);
  std::string ModelJson(const ParameterSet& model) const;
  std::vector<std::byte> FileOf(const ParameterSet& model, std::uint64_t round) const;

  Config config_;
  RunDirectory directory_;
  std::vector<RoundRow> rows_;
  std::vector<ClientRow> clients_;
  std::optional<Best> best_;
  std::optional<TensorBoardWriter> tensorboard_;
  struct Pending {  // a row whose model has not been measured yet
    RoundRow row;
    ModelHandle model;
  };
  std::optional<Pending> pending_;
};

// The manifest's facts as the report shows them.
std::vector<std::pair<std::string, std::string>> JobFacts(const JobManifest& manifest, std::size_t sites,
                                                          bool masks_left_out = false);

// "patient, dp-sgd, clip 1, noise multiplier 1.5"; "none" for a job without privacy terms.
std::string PrivacyWords(const JobSpec& spec);

}  // namespace cairn
