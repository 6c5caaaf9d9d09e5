// The exact fold and the checks around it, against the loops one would write first and against the speed of
// memory. Every case times its baselines in turn with itself, iteration by iteration, so that a machine that
// slows down slows all of them; counters are medians.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/tensor/exact_sum.h"
#include "core/tensor/parameter_set.h"
#include "core/tensor/update.h"
#include "tests/bench/bench_baselines.h"
#include "tests/bench/bench_seconds.h"

namespace cairn {
namespace {

ParameterSet RandomModel(std::int64_t size, std::uint64_t seed) {
  ParameterSet model(ParameterSpec::Create({{"w", {size}, Role::kParameter, Scope::kExchanged}}).value());
  RandomStream random = SeededRandom(seed).Open({});
  for (float& value : model.floats()) value = random.UniformFloat() - 0.5f;
  return model;
}

// Updates in memory that no cache holds.
struct Cohort {
  std::vector<ParameterSet> deltas;
  std::vector<UpdateView> views;

  Cohort(std::size_t clients, std::int64_t size) {
    for (std::size_t k = 0; k < clients; ++k) deltas.push_back(RandomModel(size, k));
    for (const ParameterSet& delta : deltas) {
      UpdateView& view = views.emplace_back();
      view.local_parameters = delta.parameters();
      view.weight = 1.0 / static_cast<double>(views.size());
    }
  }
  std::size_t bytes() const { return deltas.size() * deltas[0].floats().size_bytes(); }
};

template <class T>
std::span<T> PartOf(std::span<T> values, std::size_t part, std::size_t parts) {
  const std::size_t slice = values.size() / parts;
  return values.subspan(part * slice, slice);
}

// A1: the weighted mean of 8 updates of 10 million parameters on 1 or 2 lanes; no cache holds even the sum.
void WeightedMean(benchmark::State& state) {
  const auto lanes = static_cast<std::size_t>(state.range(0));
  constexpr std::int64_t kSize = 10 << 20;
  const Cohort cohort(8, kSize);
  Partial exact(UpdateLayout{kSize, 0, 0, 0});
  ParameterSet naive = RandomModel(kSize, 99);
  std::vector<double> ours_gbps, over_naive, over_memory;
  for (auto _ : state) {
    const double ours =
        SecondsOnLanes(lanes, [&](std::size_t part) { AccumulateSlice(cohort.views, part, lanes, exact); });
    const double loop = SecondsOnLanes(lanes, [&](std::size_t part) {
      for (const UpdateView& view : cohort.views) {
        NaiveFold(PartOf(view.local_parameters, part, lanes), static_cast<float>(view.weight),
                  PartOf(naive.floats(), part, lanes));
      }
    });
    const double memory = SecondsOnLanes(lanes, [&](std::size_t part) {
      for (const UpdateView& view : cohort.views) {
        benchmark::DoNotOptimize(ReadAll(PartOf(view.local_parameters, part, lanes)));
      }
    });
    state.SetIterationTime(ours);
    ours_gbps.push_back(static_cast<double>(cohort.bytes() / lanes) / ours / 1e9);
    over_naive.push_back(loop / ours);
    over_memory.push_back(memory / ours);
  }
  state.counters["GB_s_core"] = Median(ours_gbps);     // input read by each core in a second of its own
  state.counters["ratio_naive"] = Median(over_naive);  // goal: 1.4
  state.counters["ratio_dram"] = Median(over_memory);  // goal: .85 on two lanes
  state.SetLabel(ExactSumKernel());
}
BENCHMARK(WeightedMean)
    ->Arg(1)
    ->Arg(2)
    ->ArgName("lanes")
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->MinTime(2);

// S6: what a simulated client costs beside its training: load the model, check the update, fold it.
void ClientOverhead(benchmark::State& state) {
  const std::int64_t size = state.range(0);
  const ParameterSet base = RandomModel(size, 1), trained = RandomModel(size, 2);
  ParameterSet resident = base.Clone();
  const UpdateLayout layout = LayoutOf(base.spec());
  Partial sum(layout);
  UpdateView view;
  view.local_parameters = resident.parameters();
  view.base_parameters = base.parameters();
  std::vector<double> copy_us, check_us, fold_us;
  for (auto _ : state) {
    const double copy = Seconds([&] {
      std::memcpy(resident.mutable_bytes().data(), trained.bytes().data(), trained.bytes().size());
    });
    const double check = Seconds([&] { benchmark::DoNotOptimize(CheckUpdate(view, layout).ok()); });
    const double fold = Seconds([&] { Accumulate({&view, 1}, sum); });
    state.SetIterationTime(copy + check + fold);
    copy_us.push_back(1e6 * copy), check_us.push_back(1e6 * check), fold_us.push_back(1e6 * fold);
  }
  state.counters["copy_us"] = Median(copy_us);
  state.counters["check_us"] = Median(check_us);
  state.counters["fold_us"] = Median(fold_us);
}
BENCHMARK(ClientOverhead)
    ->Arg(62006)
    ->Arg(1626442)
    ->ArgName("parameters")
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

// The norm pass of a clipped job against the speed of memory.
void NormPass(benchmark::State& state) {
  const Cohort cohort(8, 4 << 20);
  std::vector<double> over_memory;
  for (auto _ : state) {
    const double ours = Seconds([&] {
      for (const UpdateView& view : cohort.views) benchmark::DoNotOptimize(UpdateNorm(view));
    });
    const double memory = Seconds([&] {
      for (const UpdateView& view : cohort.views) benchmark::DoNotOptimize(ReadAll(view.local_parameters));
    });
    state.SetIterationTime(ours);
    over_memory.push_back(memory / ours);
  }
  state.counters["ratio_dram"] = Median(over_memory);
}
BENCHMARK(NormPass)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cairn
