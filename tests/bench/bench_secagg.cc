// Masked sums against the loops others write and against what the cipher allows. Every case times its
// baselines in turn with itself, iteration by iteration, so that a machine that slows down slows all of them;
// counters are medians.

#include <benchmark/benchmark.h>

#include <array>
#include <vector>

#include "core/base/random.h"
#include "core/tensor/exact_sum.h"
#include "privacy/secagg/shared/grid.h"
#include "privacy/secagg/shared/mask_kernel.h"
#include "tests/bench/bench_seconds.h"
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

}  // namespace
}  // namespace cairn::secagg
