#include "tests/bench/paced_sim.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "client/learning/initial_model.h"
#include "client/learning/torch/factory.h"
#include "protocol/messages/manifest.h"

namespace cairn::bench {
namespace {

template <class T>
T ValueOrAbort(Result<T> result, const char* doing) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s: %s\n", doing, result.status().ToString().c_str());
    std::abort();
  }
  return std::move(result).value();
}

}  // namespace

PacedSim::PacedSim(const std::string& arch, const std::shared_ptr<const NoiseImages>& data,
                   std::uint32_t clients, std::size_t lanes, const std::optional<PrivacyTerms>& privacy)
    : clients_(clients), learners_(NewTorchTaskFactory()) {
  JobSpec spec;
  spec.name = "bench";
  spec.model = {.arch = arch, .hyper = {}, .init = "seed:1"};
  spec.data.dataset = "noise";
  spec.train.batch = kBatch;
  spec.train.optimizer.lr = kLearningRate;
  spec.strategy.rounds = 1'000'000;
  spec.cohort.min_clients = clients;
  spec.evaluate.federated = false;
  spec.privacy = privacy;
  if (privacy.has_value()) spec.strategy.weight_by_examples = false;
  driver_ = ValueOrAbort(SimDriver::Create({.lanes = lanes}, Parts(spec, data)), "the simulation");
  thread_ = std::jthread([this](std::stop_token stop) { Run(std::move(stop)); });
}

PacedSim::~PacedSim() {
  thread_.request_stop();
  go_.release();
}

PacedSim::Took PacedSim::RunRounds(int count) {
  learners_.TakeSeconds();
  left_ = count;
  const auto begin = std::chrono::steady_clock::now();
  go_.release();
  done_.acquire();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  return {wall.count(), learners_.TakeSeconds()};
}

SimParts PacedSim::Parts(const JobSpec& spec, const std::shared_ptr<const NoiseImages>& data) const {
  SimParts parts;
  parts.initial = MakeModelVersion(ValueOrAbort(InitialModel(learners_, spec.model, {}, {}), "the model"));
  JobManifest manifest;
  manifest.id = {1};
  manifest.spec = spec;
  manifest.federation = manifest.submitter = "bench";
  manifest.initial_model = parts.initial->ref;
  manifest.tensors = parts.initial->values.spec().tensors();
  manifest.digest = ComputeDigest(manifest);
  parts.manifest = std::make_shared<const JobManifest>(std::move(manifest));
  for (std::uint32_t i = 0; i < clients_; ++i) {
    std::vector<std::uint32_t> rows;
    for (std::uint32_t row = i; row < data->size(); row += clients_) rows.push_back(row);
    parts.clients.push_back({"site-" + std::to_string(100 + i),
                             std::make_shared<Subset>(data, std::move(rows)),
                             std::make_shared<Subset>(data, std::vector<std::uint32_t>())});
  }
  parts.learners = &learners_;
  return parts;
}

void PacedSim::Run(std::stop_token stop) {
  go_.acquire();
  const auto end = driver_->Run(*this, stop);
  if (stop.stop_requested()) return;
  std::fprintf(stderr, "the simulation ended: %s\n",
               end.ok() ? end->reason.c_str() : end.status().ToString().c_str());
  std::abort();
}

Status PacedSim::OnRound(const RoundSummary& summary, const ModelHandle&, const MetricSums&, std::size_t) {
  if (summary.reported.size() != clients_) std::abort();
  if (--left_ > 0) return {};
  done_.release();
  go_.acquire();
  return {};
}

}  // namespace cairn::bench
