// Runs an experiment file in the simulator, without LibTorch, and says what it cost.
//
//   cairn_bench_secagg_sim EXPERIMENT.toml             the whole run: wall and processor time, peak memory,
//   losses cairn_bench_secagg_sim EXPERIMENT.toml REPEATS     against the same job without masks: time and
//   bytes a round
//
// In the second form a repeat is a masked and a plain run, one after the other, every other time the other
// way round; the first round of a run, in which sites join, does not count.
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "client/learning/linear_task.h"
#include "simulation/engine/sim_run.h"
#include "tests/bench/bench_seconds.h"
#include "tests/bench/other_load.h"

namespace cairn::bench {
namespace {

double SecondsOf(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

struct Used {
  double user = 0, system = 0, peak_mib = 0;
  static Used Now() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return {SecondsOf(used.ru_utime), SecondsOf(used.ru_stime), static_cast<double>(used.ru_maxrss) / 1024};
  }
};

class ToStderr final : public EventSink {
 public:
  void Emit(const DomainEvent& event) override { std::fprintf(stderr, "  %s\n", event.name.c_str()); }
};

// What one run did and took, from the joining of the sites to the last commit.
struct Measured {
  SimPlan plan;
  SimOutcome outcome;
  std::vector<double> rounds;  // seconds of each, on the wall
  double wall = 0, user = 0, system = 0, peak_before = 0;
};

// The second column of a run's timings.csv.
std::vector<double> RoundSeconds(const std::filesystem::path& run) {
  std::ifstream file(run / "timings.csv");
  std::vector<double> seconds;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) seconds.push_back(std::strtod(line.c_str() + line.find(',') + 1, nullptr));
  return seconds;
}

Result<Measured> Run(const std::string& file, bool is_masked) {
  const std::filesystem::path runs =
      std::filesystem::temp_directory_path() / ("cairn-bench-" + std::to_string(getpid()));
  const LinearTaskFactory learners;
  ToStderr events;
  SimRunRequest request;
  CAIRN_ASSIGN_OR_RETURN(const ConfigDocument document, ConfigDocument::ReadFile(file));
  CAIRN_ASSIGN_OR_RETURN(request.config, ParseExperiment(document, std::filesystem::path(file).parent_path(),
                                                         &request.resolved_toml));
  if (!is_masked) request.config.job.spec.secagg = {.mode = SecAggMode::kOff};
  request.learners = &learners;
  request.config.output_dir = runs;
  request.config.tensorboard = false;
  request.events = &events;
  CAIRN_ASSIGN_OR_RETURN(const auto run, SimRun::Create(std::move(request)));
  const Used before = Used::Now();
  const auto begin = std::chrono::steady_clock::now();
  auto outcome = run->Run({});
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  const Used after = Used::Now();
  CAIRN_RETURN_IF_ERROR(outcome.status());
  std::vector<double> rounds = RoundSeconds(outcome->run);
  std::filesystem::remove_all(runs);
  if (outcome->end.outcome != JobOutcome::kFinished)
    return Status(ErrorId{outcome->end.reason_id}, outcome->end.reason);
  return Measured{run->plan(),    std::move(*outcome),      std::move(rounds),
                  wall.count(),   after.user - before.user, after.system - before.system,
                  before.peak_mib};
}

void TellPlan(const std::string& file, const SimPlan& plan) {
  std::printf("%s: %zu sites, %lld parameters, %zu workers\n", file.c_str(), plan.clients,
              static_cast<long long>(plan.parameters), plan.lanes);
}

Status TellCost(const std::string& file) {
  const OtherLoad load;
  CAIRN_ASSIGN_OR_RETURN(const Measured run, Run(file, true));
  TellPlan(file, run.plan);
  for (const RoundRow& row : run.outcome.rows) {
    std::printf("  round %llu         %zu invited, %zu lost, %zu in the sum\n",
                static_cast<unsigned long long>(row.round), row.invited, row.lost, row.reported);
  }
  std::printf("  wall time       %.1f s\n", run.wall);
  std::printf("  processor time  %.1f s, %.1f of them for the system\n", run.user + run.system, run.system);
  std::printf("  peak memory     %.0f MiB, %.0f of them before sites join\n", Used::Now().peak_mib,
              run.peak_before);
  std::printf("  traffic         %.1f MB up, %.1f MB down\n",
              1e-6 * static_cast<double>(run.outcome.traffic.up),
              1e-6 * static_cast<double>(run.outcome.traffic.down));
  std::printf("  model           %s\n", run.outcome.final_model.hex().c_str());
  std::printf("  others took     %.0f %% of the machine\n", 100 * load.Share());
  return {};
}

struct Side {
  std::vector<double> rounds, processor;  // seconds
  std::uint64_t bytes = 0;                // of one run
  std::size_t lost = 0, summed = 0;       // over its rounds
};

Status Add(const std::string& file, bool is_masked, Side& side) {
  CAIRN_ASSIGN_OR_RETURN(const Measured run, Run(file, is_masked));
  for (std::size_t i = 1; i < run.rounds.size(); ++i) side.rounds.push_back(run.rounds[i]);
  side.processor.push_back(run.user + run.system);
  side.bytes = run.outcome.traffic.up + run.outcome.traffic.down;
  side.lost = side.summed = 0;
  for (const RoundRow& row : run.outcome.rows) {
    side.lost += row.lost;
    side.summed += row.reported;
  }
  if (side.processor.size() == 1 && is_masked) TellPlan(file, run.plan);
  return {};
}

Status TellAgainstPlain(const std::string& file, int repeats) {
  Side masked, plain;
  std::vector<double> walls, processors;
  const OtherLoad load;
  for (int i = 0; i < repeats; ++i) {
    CAIRN_RETURN_IF_ERROR(Add(file, i % 2 == 0, i % 2 == 0 ? masked : plain));
    CAIRN_RETURN_IF_ERROR(Add(file, i % 2 != 0, i % 2 != 0 ? masked : plain));
    processors.push_back(masked.processor.back() / plain.processor.back());
  }
  std::printf(
      "  masked          %.2f s a round, %.1f s of processors and %.1f MB a run, %zu lost, %zu summed\n",
      Median(masked.rounds), Median(masked.processor), 1e-6 * static_cast<double>(masked.bytes), masked.lost,
      masked.summed);
  std::printf(
      "  plain           %.2f s a round, %.1f s of processors and %.1f MB a run, %zu lost, %zu summed\n",
      Median(plain.rounds), Median(plain.processor), 1e-6 * static_cast<double>(plain.bytes), plain.lost,
      plain.summed);
  std::printf("  masked/plain    wall %.3f, processors %.3f (bar 1.15), bytes %.4f (bar 1.02)\n",
              Median(masked.rounds) / Median(plain.rounds), Median(processors),
              static_cast<double>(masked.bytes) / static_cast<double>(plain.bytes));
  std::printf("  others took     %.0f %% of the machine\n", 100 * load.Share());
  return {};
}

}  // namespace
}  // namespace cairn::bench

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: cairn_bench_secagg_sim EXPERIMENT.toml [REPEATS]\n");
    return 2;
  }
  const cairn::Status status = argc == 2
                                   ? cairn::bench::TellCost(argv[1])
                                   : cairn::bench::TellAgainstPlain(argv[1], std::max(1, std::atoi(argv[2])));
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
