// Noise against the keystream it is made of and against the generator people usually call, and what
// accountants take. Baselines are timed in turn with ours, iteration by iteration; counters are medians.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <vector>

#include "privacy/accounting/accountant.h"
#include "privacy/accounting/rdp.h"
#include "privacy/dp/exact_gaussian.h"
#include "privacy/dp/layered_gaussian.h"
#include "privacy/dp/simulated_gaussian.h"
#include "tests/bench/bench_seconds.h"

namespace cairn {
namespace {

constexpr std::size_t kDraws = std::size_t{1} << 20;

double PerSecond(std::size_t draws, double seconds) { return static_cast<double>(draws) / seconds / 1e6; }

double KeystreamSeconds(NoiseBits& bits, std::size_t bytes) {
  std::vector<std::uint64_t> words(2048);
  return Seconds([&] {
    for (std::size_t done = 0; done < bytes; done += 8 * words.size()) bits.Take(words);
    benchmark::DoNotOptimize(words.data());
  });
}

// D2: floats for simulations. Four bytes of keystream each.
void SimulatedGaussian(benchmark::State& state) {
  std::vector<float> values(kDraws);
  NoiseBits bits = NoiseBits::FromSystem();
  std::mt19937_64 twister(1);
  std::normal_distribution<float> normal;
  std::vector<double> rate, over_library, over_keystream;
  for (auto _ : state) {
    const double ours = Seconds([&] { FillSimulatedGaussian(values, bits); });
    const double library = Seconds([&] {
      for (std::size_t i = 0; i < kDraws / 16; ++i) values[i] = normal(twister);
    });
    const double keystream = KeystreamSeconds(bits, 4 * kDraws);
    state.SetIterationTime(ours);
    rate.push_back(PerSecond(kDraws, ours));
    over_library.push_back(16 * library / ours);
    over_keystream.push_back(keystream / ours);
  }
  state.counters["M_s_core"] = Median(rate);  // goal: 500
  state.counters["ratio_std_normal"] = Median(over_library);
  state.counters["ratio_keystream"] = Median(over_keystream);
  state.SetLabel(SimulatedGaussianKernel());
}
BENCHMARK(SimulatedGaussian)->UseManualTime()->Unit(benchmark::kMillisecond);

// D2: what releases get. Ten bytes of keystream each.
void DiscreteGaussian(benchmark::State& state) {
  const GaussianScale scale = GaussianScale::AtLeast(static_cast<double>(state.range(0))).value();
  const LayeredGaussian fast(scale);
  const ExactGaussian exact(scale);
  std::vector<std::int64_t> values(kDraws);
  NoiseBits bits = NoiseBits::FromSystem();
  std::vector<double> rate, oracle_rate, over_oracle, over_keystream;
  for (auto _ : state) {
    const double ours = Seconds([&] { fast.Fill(values, bits); });
    const double oracle = Seconds([&] {
      for (std::size_t i = 0; i < kDraws / 16; ++i) values[i] = exact.Draw(bits);
    });
    const double keystream = KeystreamSeconds(bits, 10 * kDraws);
    state.SetIterationTime(ours);
    rate.push_back(PerSecond(kDraws, ours));
    oracle_rate.push_back(PerSecond(kDraws / 16, oracle));
    over_oracle.push_back(16 * oracle / ours);
    over_keystream.push_back(keystream / ours);
  }
  state.counters["M_s_core"] = Median(rate);  // goal: 100
  state.counters["oracle_M_s"] = Median(oracle_rate);
  state.counters["ratio_oracle"] = Median(over_oracle);
  state.counters["ratio_keystream"] = Median(over_keystream);
}
BENCHMARK(DiscreteGaussian)
    ->Arg(1)
    ->Arg(1832)
    ->Arg(1 << 20)
    ->ArgName("sigma")
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

PrivacyEvent Steps(std::uint64_t steps) {
  return PrivacyEvent::Create(
             {.mechanism = GaussianNoise{1, SamplingLaw::kPoisson, .01}, .convention = {}, .steps = steps})
      .value();
}

// D4: one accountant's answer from nothing. Goals: 20 ms for rdp, 2 s for pld at 50,000 steps.
void Accounting(benchmark::State& state, AccountantKind kind) {
  const auto steps = static_cast<std::uint64_t>(state.range(0));
  const Delta delta = Delta::Create(1e-6).value();
  std::vector<double> milliseconds;
  for (auto _ : state) {
    const double seconds = Seconds([&] {
      const auto account = NewAccountant(kind, {});
      benchmark::DoNotOptimize(account->Compose(Steps(steps)).ok());
      benchmark::DoNotOptimize(account->EpsilonFor(delta));
    });
    state.SetIterationTime(seconds);
    milliseconds.push_back(1e3 * seconds);
  }
  state.counters["ms"] = Median(milliseconds);
}
BENCHMARK_CAPTURE(Accounting, rdp, AccountantKind::kRdp)
    ->Arg(50'000)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Accounting, pld, AccountantKind::kPld)
    ->Arg(100)
    ->Arg(50'000)
    ->ArgName("steps")
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cairn
