// Masked sums against the loops others write and against what the cipher allows. Every case times its
// baselines in turn with itself, iteration by iteration, so that a machine that slows down slows all of them;
// counters are medians.

#include <benchmark/benchmark.h>

#include <array>
#include <atomic>
#include <functional>
#include <vector>

#include "core/base/random.h"
#include "core/tensor/exact_sum.h"
#include "privacy/secagg/shared/grid.h"
#include "privacy/secagg/shared/mask_kernel.h"
#include "tests/bench/bench_seconds.h"
#include "tests/bench/complete_graph.h"
#include "tests/bench/secagg_attempt.h"
#include "tests/bench/secagg_baselines.h"

namespace cairn::secagg {
namespace {

using Key = std::array<std::byte, 32>;

std::vector<Key> Keys(std::size_t count) {
  RandomStream random = SeededRandom(1).Open({});
  std::vector<Key> keys(count);
  for (Key& key : keys) {
    for (std::byte& byte : key) byte = static_cast<std::byte>(random.NextU32());
  }
  return keys;
}

std::vector<MaskTerm> TermsOf(const std::vector<Key>& keys) {
  std::vector<MaskTerm> terms;
  for (const Key& key : keys) terms.push_back({key, terms.size() % 2 == 1});
  return terms;
}

// C1: 128 keys on 2^20 words of 32 bits, one core. The loops of others take so long that an eighth of the
// keys is timed.
void Masking(benchmark::State& state) {
  constexpr std::size_t kKeys = 128, kPlainKeys = kKeys / 8, kWords = 1 << 20;
  constexpr double kBytes = 4.0 * kKeys * kWords;
  const std::vector<Key> keys = Keys(kKeys);
  const std::vector<MaskTerm> terms = TermsOf(keys);
  std::vector<std::uint32_t> words(kWords);
  std::vector<std::uint64_t> values(kWords);
  std::vector<double> gbps, over_cipher, plain_over, word_over;
  for (auto _ : state) {
    const double ours = Seconds([&] { AddMasks(terms, 0, std::span(words)); });
    const double cipher = Seconds([&] { benchmark::DoNotOptimize(CipherRounds(4 * kKeys * kWords)); });
    const double plain = Seconds([&] {
      for (std::size_t k = 0; k < kPlainKeys; ++k) PlainMask(keys[k], std::uint64_t{1} << 32, values);
    });
    const double word = Seconds([&] {
      for (std::size_t k = 0; k < kPlainKeys; ++k) WordMask(keys[k], words);
    });
    state.SetIterationTime(ours);
    gbps.push_back(kBytes / ours / 1e9);
    over_cipher.push_back(ours / cipher);
    plain_over.push_back(plain * (kKeys / kPlainKeys) / ours);
    word_over.push_back(word * (kKeys / kPlainKeys) / ours);
  }
  state.counters["GB_s"] = Median(gbps);
  state.counters["ours_cipher"] = Median(over_cipher);  // goal: at most 1.2
  state.counters["plain_ours"] = Median(plain_over);    // goal: at least 20
  state.counters["words_ours"] = Median(word_over);
  state.SetLabel(MaskKernel());
}

void MaskingWith(benchmark::State& state, const char* kernel) {
  if (!ForceMaskKernel(kernel)) {
    state.SkipWithError("not on this CPU");
    return;
  }
  Masking(state);
  ForceMaskKernel("auto");
}
BENCHMARK_CAPTURE(MaskingWith, auto, "auto") -> UseManualTime() -> Unit(benchmark::kMillisecond)
    -> MinTime(1);
BENCHMARK_CAPTURE(MaskingWith, aesni, "aesni")->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(1);
BENCHMARK_CAPTURE(MaskingWith, openssl, "openssl")
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->MinTime(1);

// What sealing an update costs before it is masked: norm, random bits, rounding. Against the plain loop with
// one draw a coordinate, and against the memory it reads and writes.
void Quantising(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  RandomStream random = SeededRandom(2).Open({});
  std::vector<float> local(size), base(size);
  for (std::size_t i = 0; i < size; ++i) {
    base[i] = random.UniformFloat();
    local[i] = base[i] + 0.001f * (random.UniformFloat() - 0.5f);
  }
  const Section section = {"parameters", size, 10, 20, 10 << 20};
  std::vector<std::uint32_t> words(size), sum(size);
  std::vector<double> gbps, plain_over, sum_gbps;
  for (auto _ : state) {
    const double ours =
        Seconds([&] { benchmark::DoNotOptimize(Quantise(local, base, section, 0.5, random, words).ok()); });
    const double plain = Seconds([&] { PlainRound(local, base, 0.5 * (1 << 20), random, words); });
    const double adding = Seconds([&] { AddWords(words, sum); });
    state.SetIterationTime(ours);
    gbps.push_back(4e-9 * static_cast<double>(size) / ours);
    plain_over.push_back(plain / ours);
    sum_gbps.push_back(4e-9 * static_cast<double>(size) / adding);
  }
  state.counters["GB_s"] = Median(gbps);  // of ring words
  state.counters["plain_ours"] = Median(plain_over);
  state.counters["AddWords_GB_s"] = Median(sum_gbps);
}
BENCHMARK(Quantising)
    ->Arg(1 << 20)
    ->Arg(16 << 20)
    ->ArgName("coordinates")
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// Two lanes that share the places of a loop; seconds of the slower one, over all loops.
class TwoLanes {
 public:
  void operator()(std::size_t n, const std::function<void(std::size_t)>& body) {
    std::atomic<std::size_t> next{0};
    seconds_ += SecondsOnLanes(2, [&](std::size_t) {
      for (std::size_t i = next++; i < n; i = next++) body(i);
    });
  }
  // One after the other, for what needs both.
  void Halves(std::span<std::uint32_t> words, const UnmaskWork& work) {
    const std::size_t half = words.size() / 2 / 4096 * 4096;
    seconds_ += SecondsOnLanes(2, [&](std::size_t lane) {
      Unmask(work, lane * half, lane == 0 ? words.first(half) : words.subspan(half));
    });
  }
  double seconds() const { return seconds_; }

 private:
  double seconds_ = 0;
};

constexpr std::size_t kEntries = 100'000;

// What neither side can do without: key agreements through OpenSSL and the cipher's rounds, on one core.
double Floor(std::uint64_t agreements, std::uint64_t masks) {
  constexpr std::size_t kSample = 400, kSampleBytes = 64 << 20;
  const double agreement = Seconds([] { RawAgreements(kSample); }) / kSample;
  const double byte = Seconds([] { benchmark::DoNotOptimize(CipherRounds(kSampleBytes)); }) / kSampleBytes;
  return static_cast<double>(agreements) * agreement + static_cast<double>(masks) * 4 * kEntries * byte;
}

void Report(benchmark::State& state, const std::vector<double>& seconds, const std::vector<double>& floors) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < seconds.size(); ++i) ratios.push_back(seconds[i] / floors[i]);
  state.counters["ms"] = 1e3 * Median(seconds);
  state.counters["floor_ms"] = 1e3 * Median(floors);
  state.counters["ratio_floor"] = Median(ratios);
}

// C2: a site of a complete graph of n, 100,000 entries, semi-honest, one core. Goals: 45 and 90 ms, 1.45
// floors.
void SiteOfCompleteGraph(benchmark::State& state) {
  const auto n = static_cast<std::uint32_t>(state.range(0));
  CompleteClient client(n);
  std::vector<std::uint32_t> words(kEntries);
  std::vector<double> seconds, floors, deal, open, mask;
  for (auto _ : state) {
    const CompleteClient::Phases phases = client.Run(words);
    state.SetIterationTime(phases.total());
    seconds.push_back(phases.total());
    deal.push_back(1e3 * phases.deal), open.push_back(1e3 * phases.open), mask.push_back(1e3 * phases.mask);
    floors.push_back(Floor(2 * (n - 1), n));
  }
  Report(state, seconds, floors);
  state.counters["deal_ms"] = Median(deal);
  state.counters["open_ms"] = Median(open);
  state.counters["mask_ms"] = Median(mask);
}
BENCHMARK(SiteOfCompleteGraph)
    ->Arg(500)
    ->Arg(1000)
    ->ArgName("n")
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->MinTime(1);

// C3: the aggregator's work after the last answer, n = 1,000, 100,000 entries, semi-honest, two lanes. Goals:
// .2, 2.5 and 5.5 s on the complete graph without, with 10 and with 30 % lost; .6 s with 30 % lost and k =
// 100; 1.6 floors.
void UnmaskingWithoutSignatures(benchmark::State& state) {
  constexpr std::uint32_t kSites = 1000;
  const auto k = static_cast<std::uint32_t>(state.range(0));
  const auto lost = static_cast<std::uint32_t>(state.range(1)) * kSites / 100;
  const CompleteServer server(kSites, k, lost);
  std::vector<std::uint32_t> words(kEntries);
  std::vector<double> seconds, floors, mask;
  for (auto _ : state) {
    TwoLanes deriving, adding;
    const UnmaskWork work = server.Reconstruct(std::ref(deriving));
    adding.Halves(words, work);
    seconds.push_back(deriving.seconds() + adding.seconds());
    mask.push_back(1e3 * adding.seconds());
    state.SetIterationTime(seconds.back());
    floors.push_back(Floor(server.agreements(), server.masks()) / 2);
  }
  Report(state, seconds, floors);
  state.counters["mask_ms"] = Median(mask);
}
BENCHMARK(UnmaskingWithoutSignatures)
    ->ArgsProduct({{0, 100}, {0, 10, 30}})
    ->ArgNames({"k", "lost_percent"})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(3);

// The product's state machines, all signatures and checks included: one site's calls on one core, and the
// aggregator's from the last answer to the sum on two lanes.
void WholeAttempt(benchmark::State& state) {
  const auto arg = [&](int i) { return static_cast<std::uint32_t>(state.range(i)); };
  const std::uint32_t n = arg(0), k = arg(1), lost = n * arg(3) / 100;
  const std::uint32_t around = k == 0 ? n - 1 : k;
  std::vector<std::uint32_t> words(kEntries);
  for (auto _ : state) {
    BenchAttempt attempt({n, k, arg(2), lost, kEntries});
    TwoLanes deriving, adding;
    const Result<UnmaskWork> work = attempt.server().CloseUnmasking(std::ref(deriving));
    adding.Halves(words, *work);
    const BenchAttempt::ClientSeconds& site = attempt.client_seconds();
    const double server = deriving.seconds() + adding.seconds();
    state.SetIterationTime(server);
    const std::uint64_t masks = work->terms.size(), agreements = masks - (n - lost);
    const double site_floor = Floor(2 * around, around + 1), server_floor = Floor(agreements, masks) / 2;
    state.counters["site_ms"] = 1e3 * site.total();
    state.counters["site_ratio_floor"] = site.total() / site_floor;
    state.counters["site_share_ms"] = 1e3 * site.share;
    state.counters["site_mask_ms"] = 1e3 * site.mask;
    state.counters["server_ms"] = 1e3 * server;
    state.counters["server_ratio_floor"] = server / server_floor;
    state.counters["answers_ms"] = 1e3 * attempt.answer_seconds();
  }
}
BENCHMARK(WholeAttempt)
    ->Args({128, 0, 0, 10})
    ->Args({1000, 138, 98, 10})
    ->ArgNames({"n", "k", "t", "lost_percent"})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace
}  // namespace cairn::secagg
