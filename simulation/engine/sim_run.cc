#include "simulation/engine/sim_run.h"

#include <algorithm>
#include <cstdio>
#include <thread>

#include "client/learning/initial_model.h"
#include "core/runtime/files.h"
#include "protocol/messages/manifest.h"
#include "protocol/messages/masked_layout.h"
#include "simulation/engine/population_builder.h"
#include "simulation/engine/sim_masking.h"

namespace cairn {
namespace {

constexpr std::uint64_t kMaxModelFile = std::uint64_t{16} << 30;

Result<ParameterSet> FirstModel(const SimRunRequest& request) {
  const JobSpec& spec = request.config.job.spec;
  std::string file;
  if (const std::string path = InitialModelPath(spec.model); !path.empty()) {
    CAIRN_ASSIGN_OR_RETURN(file, ReadFile(path, kMaxModelFile));
  }
  return InitialModel(*request.learners, spec.model, spec.freeze, std::as_bytes(std::span(file)));
}

std::shared_ptr<const JobManifest> MakeManifest(const SimRunRequest& request, const ModelVersion& initial,
                                                const std::vector<SimClient>& clients, std::int64_t outputs) {
  auto manifest = std::make_shared<JobManifest>();
  manifest->id = JobId{1};
  manifest->spec = request.config.job.spec;
  // Everybody joins before the first round; who takes part in it is the selection's affair.
  manifest->spec.cohort.min_clients = static_cast<std::uint32_t>(clients.size());
  manifest->federation = request.federation;
  manifest->submitter = "researcher";
  manifest->tensors = initial.values.spec().tensors();
  manifest->classes = MetricClasses(manifest->spec.train.loss, outputs);
  manifest->initial_model = initial.ref;
  if (manifest->spec.secagg.is_grouped()) {
    for (const SimClient& client : clients) manifest->group_sites.push_back(client.site);
    std::ranges::sort(manifest->group_sites);
    manifest->group_roster = SimRosterHash(manifest->group_sites).hex();
  }
  manifest->digest = ComputeDigest(*manifest);
  return manifest;
}

std::size_t LanesOf(const ExperimentConfig& config, std::size_t clients) {
  const std::size_t wanted =
      config.workers == 0 ? std::max(1u, std::thread::hardware_concurrency()) : config.workers;
  return std::max<std::size_t>(1, std::min(wanted, clients));
}

SimPlan MakePlan(const SimPopulation& population, const JobManifest& manifest, const ModelVersion& initial,
                 std::size_t lanes) {
  SimPlan plan;
  plan.clients = population.clients.size();
  plan.lanes = lanes;
  std::uint64_t feature_bytes = 0;
  for (const SimClient& client : population.clients) {
    const std::size_t rows = client.train->size() + client.holdout->size();
    plan.rows += rows;
    feature_bytes +=
        rows * (static_cast<std::uint64_t>(client.train->feature_shape().size()) * sizeof(float));
  }
  if (population.test != nullptr) plan.test_rows = population.test->size();
  plan.parameters = initial.values.spec().total(Role::kParameter);
  const std::uint32_t target = manifest.spec.cohort.target;
  const std::size_t cohort = target == 0 ? plan.clients : std::min<std::size_t>(target, plan.clients);
  plan.bytes_up_a_round = cohort * UploadBytes(manifest, LayoutOf(initial.values.spec()));
  plan.bytes_down_a_round = cohort * initial.ref.size;
  // A lane: two resident models, a gradient, a sum of twice the model. Once: the model and its successor.
  plan.memory_bytes = feature_bytes + initial.ref.size * (5 * lanes + 3);
  return plan;
}

// Tells the recorder, and times rounds for its timings file.
class Recording final : public SimObserver {
 public:
  Recording(RunRecorder& recorder, const SimDriver& driver, EventSink* events, bool protects_clients)
      : recorder_(recorder), driver_(driver), events_(events), protects_clients_(protects_clients) {}

  Status OnRound(const RoundSummary& summary, const ModelHandle& model, const MetricSums& central,
                 std::size_t lost) override {
    const TimePoint now = clock_.Now();
    const Duration wall = now - last_;
    last_ = now;
    SimulatedRound simulated{lost, kNoValue, kNoValue};
    if (const auto spent = driver_.privacy_spent()) {
      simulated.epsilon_max = spent->max_epsilon;
      if (!protects_clients_) simulated.epsilon_sum = spent->sum_epsilon;
    }
    return recorder_.OnRound(summary, model, central, wall, simulated);
  }
  void OnEvent(const DomainEvent& event) override {
    if (events_ != nullptr && event.level >= DomainEvent::Level::kWarning) events_->Emit(event);
  }

 private:
  RunRecorder& recorder_;
  const SimDriver& driver_;
  EventSink* events_;
  const bool protects_clients_;
  SteadyClock clock_;
  TimePoint last_ = clock_.Now();
};

}  // namespace

SimRun::~SimRun() = default;

Result<std::unique_ptr<SimRun>> SimRun::Create(SimRunRequest request) {
  CAIRN_ASSIGN_OR_RETURN(SimPopulation population, BuildPopulation(request.config));
  CAIRN_ASSIGN_OR_RETURN(ParameterSet first, FirstModel(request));
  const ModelHandle initial = MakeModelVersion(std::move(first));
  const std::size_t lanes = LanesOf(request.config, population.clients.size());

  std::unique_ptr<SimRun> run(new SimRun());
  CAIRN_ASSIGN_OR_RETURN(const std::int64_t outputs,
                         request.learners->Outputs(request.config.job.spec.model));
  run->manifest_ = MakeManifest(request, *initial, population.clients, outputs);
  run->plan_ = MakePlan(population, *run->manifest_, *initial, lanes);
  run->central_ = population.test != nullptr && request.config.job.spec.evaluate.central;
  for (std::size_t i = 0; i < population.clients.size(); ++i) {
    const auto& labels = population.label_histograms[i];
    run->client_rows_.push_back({i, population.clients[i].site, population.clients[i].train->size(), 0,
                                 std::vector<std::int64_t>(labels.begin(), labels.end())});
  }
  SimParts parts;
  parts.manifest = run->manifest_;
  parts.initial = initial;
  parts.clients = std::move(population.clients);
  if (run->central_) parts.test = population.test;
  parts.learners = request.learners;
  const SimConfig config{lanes, request.config.transport, request.config.devices, request.config.drop_outs};
  CAIRN_ASSIGN_OR_RETURN(run->driver_, SimDriver::Create(config, std::move(parts)));
  run->request_ = std::move(request);
  return run;
}

Result<SimOutcome> SimRun::Run(const std::stop_token& stop) {
  const JobSpec& spec = manifest_->spec;
  RunRecorder::Config config;
  config.directory.parent = request_.config.output_dir;
  config.directory.run.name = spec.name;
  config.directory.run.seed = spec.seed;
  config.directory.run.rounds = spec.strategy.rounds;
  config.directory.run.metric = spec.evaluate.metric;
  config.directory.run.maximize = spec.evaluate.maximize;
  config.directory.run.facts =
      JobFacts(*manifest_, plan_.clients, request_.config.transport == TransportMode::kDirect);
  if (const double lost = request_.config.drop_outs.probability; lost > 0) {
    config.directory.run.counts_lost = true;
    char share[64];
    std::snprintf(share, sizeof share, "%g %% of the invited sites a round", 100 * lost);
    config.directory.run.facts.emplace_back("Drop-outs", share);
  }
  if (const auto spent = driver_->privacy_spent()) {
    char delta[32];
    std::snprintf(delta, sizeof delta, "%g", spent->delta);
    config.knows_epsilon = true;
    config.privacy = kSimulatedPrivacy;
    config.directory.run.facts.emplace_back("Privacy kept",
                                            std::string(kSimulatedPrivacy) + "; ε at δ " + delta);
  }
  config.directory.started = SystemWallClock().Now();
  config.directory.experiment_toml = request_.experiment_toml;
  config.directory.resolved_toml = request_.resolved_toml;
  config.directory.env_json = request_.env_json;
  config.manifest = manifest_;
  config.central = central_;
  config.checkpoint_every = request_.config.checkpoint_every;
  config.tensorboard = request_.config.tensorboard;
  config.on_row = request_.on_row;
  CAIRN_ASSIGN_OR_RETURN(RunRecorder recorder, RunRecorder::Create(std::move(config)));
  CAIRN_RETURN_IF_ERROR(recorder.WriteClients(client_rows_));

  Recording recording(recorder, *driver_, request_.events, ProtectsClients(request_.config.job.spec));
  CAIRN_ASSIGN_OR_RETURN(const JobClosed end, driver_->Run(recording, stop));
  CAIRN_RETURN_IF_ERROR(recorder.OnEnd(end, driver_->model()));
  return SimOutcome{recorder.path(),   end, recorder.rows(), recorder.best(), driver_->model()->ref,
                    driver_->traffic()};
}

}  // namespace cairn
