#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace cairn {

// What a stream of random numbers is for. Values are part of the reproducibility promise: never
// renumber, only append.
enum class Purpose : std::uint32_t {
  kInit = 1,   // initial weights
  kOrder = 2,  // order of examples in training
  kDropout = 3,
  kAugment = 4,
  kSelect = 5,     // which clients a round invites
  kPartition = 6,  // simulated split of one data set over clients
  kHoldout = 7,    // which rows a site keeps for validation
  kDevice = 8,     // simulated speed and availability
  kRetry = 9,      // jitter of reconnects
  kMadeData = 10,  // synthetic data sets
  kRounding = 11,  // unbiased rounding of a masked contribution
  kTest = 1000,
};

// Names one stream. Streams are opened by label and never passed along: what a client draws
// depends on (seed, purpose, round, client) and never on threads or on order.
struct StreamLabel {
  Purpose purpose = Purpose::kTest;
  std::uint64_t round = 0;   // below 2^32
  std::uint64_t client = 0;  // below 2^32
  std::uint32_t step = 0;    // below 2^16; a sub-stream within (round, client), such as the epoch
};

// Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011), the block function.
std::array<std::uint32_t, 4> Philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

// A counter-based stream: the n-th block is a pure function of key, label and n, so any element can
// be computed alone. Not for keys, masks or noise: those come from SecureRandom (privacy/crypto).
// A value type; thread-compatible.
class RandomStream {
 public:
  using result_type = std::uint32_t;

  RandomStream(std::array<std::uint32_t, 2> key, StreamLabel label);

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  result_type operator()() { return NextU32(); }

  std::uint32_t NextU32();
  std::uint64_t NextU64();
  // Uniform in [0, bound), without bias; bound > 0.
  std::uint64_t Below(std::uint64_t bound);
  double Uniform();            // [0, 1), 53 bits
  float UniformFloat();        // [0, 1), 24 bits
  double Normal();             // mean 0, variance 1 (Box-Muller, one of the pair)
  double Gamma(double shape);  // shape > 0, scale 1 (Marsaglia and Tsang 2000)
  // A uniform permutation of 0 … n-1: indices sorted by 64-bit draws, ties by index.
  std::vector<std::uint32_t> Permutation(std::uint32_t n);
  void FillU32(std::span<std::uint32_t> out);

 private:
  void Refill();

  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  unsigned used_ = 4;
};

// Opens streams. SeededRandom is the one for simulation and for training streams whose seed is in
// the job; SecureRandom (privacy/crypto) draws its keys from the operating system.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual RandomStream Open(StreamLabel label) const = 0;
};

// A pure function of (seed, label). Thread-safe.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed) : seed_(seed) {}
  RandomStream Open(StreamLabel label) const override;
  std::uint64_t seed() const { return seed_; }

 private:
  std::uint64_t seed_;
};

}  // namespace cairn
