#include "privacy/secagg/shared/graph.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>

#include "core/base/check.h"
#include "privacy/crypto/ctr_stream.h"
#include "privacy/secagg/shared/shamir.h"
#include "privacy/secagg/shared/transcript.h"

namespace cairn::secagg {
namespace {

constexpr std::uint32_t kMaxNeighbours = 254;  // even, and x = 1 … 255 number the holders
constexpr int kAnswerBits = 30;  // n · P[Y < t] < 2^−30: failure costs an attempt, not a secret

// log of the number of ways to choose 0 … most of n; −∞ where there is none.
std::vector<double> LogChoose(std::uint64_t n, std::uint64_t most) {
  std::vector<double> logs(most + 1, -std::numeric_limits<double>::infinity());
  logs[0] = 0;
  for (std::uint64_t i = 1; i <= std::min(n, most); ++i) {
    logs[i] = logs[i - 1] + std::log(static_cast<double>(n - i + 1) / static_cast<double>(i));
  }
  return logs;
}

double LogAdd(double a, double b) {
  const double high = std::max(a, b), low = std::min(a, b);
  return std::isinf(high) ? high : high + std::log1p(std::exp(low - high));
}

// Marked items among `draws` drawn without replacement from `population` items, `marked` of them.
class Hypergeometric {
 public:
  Hypergeometric(std::uint64_t population, std::uint64_t marked, std::uint64_t draws) : log_pmf_(draws + 1) {
    const auto inside = LogChoose(marked, draws), outside = LogChoose(population - marked, draws);
    const double all = LogChoose(population, draws).back();
    for (std::uint64_t i = 0; i <= draws; ++i) log_pmf_[i] = inside[i] + outside[draws - i] - all;
  }
  double LogAtLeast(std::size_t x) const { return LogSum(std::min(x, log_pmf_.size()), log_pmf_.size()); }
  double LogBelow(std::size_t x) const { return LogSum(0, std::min(x, log_pmf_.size())); }

 private:
  double LogSum(std::size_t begin, std::size_t end) const {
    double sum = -std::numeric_limits<double>::infinity();
    for (std::size_t i = begin; i < end; ++i) sum = LogAdd(sum, log_pmf_[i]);
    return sum;
  }
  std::vector<double> log_pmf_;
};

// How the k neighbours of one of n sites may turn out, at worst: all who collude or drop out are among the
// others.
class Neighbourhood {
 public:
  Neighbourhood(std::size_t n, std::uint32_t k, const GraphAssumptions& assumptions)
      : k_(k),
        log_n_(std::log(static_cast<double>(n))),
        corrupt_(n - 1, Part(n, assumptions.colluding), k),
        answering_(n - 1, n - 1 - Part(n, assumptions.dropping), k),
        secret_(-assumptions.security_bits * std::log(2.0)) {}

  // Colluders who could open a secret for two sets at once.
  bool IsSecretAt(std::uint32_t t) const {
    return 3 * t > 2 * k_ && log_n_ + corrupt_.LogAtLeast(2 * t - k_) < secret_;
  }
  bool IsAnsweredAt(std::uint32_t t) const {
    return log_n_ + answering_.LogBelow(t) < -kAnswerBits * std::log(2.0);
  }

 private:
  // ⌊n · fraction⌋, where 0.10 · 1000 is 100 although no double is 0.10.
  static std::uint64_t Part(std::size_t n, double fraction) {
    const auto part = static_cast<std::uint64_t>(std::floor(static_cast<double>(n) * fraction + 1e-9));
    return std::min<std::uint64_t>(part, n - 1);
  }
  std::uint32_t k_;
  double log_n_;
  Hypergeometric corrupt_, answering_;
  double secret_;
};

Status CheckAssumptions(std::size_t n, const GraphAssumptions& assumptions) {
  const auto is_fraction = [](double value) { return value >= 0 && value < 1; };
  if (n >= 3 && is_fraction(assumptions.colluding) && is_fraction(assumptions.dropping) &&
      assumptions.security_bits > 0)
    return {};
  return Status(errors::kJobRefused,
                "a graph needs three sites, fractions below 1 and a positive security, it got " +
                    std::to_string(n) + ", " + std::to_string(assumptions.colluding) + ", " +
                    std::to_string(assumptions.dropping) + ", " + std::to_string(assumptions.security_bits));
}

// Little-endian words of the keystream.
class WordStream {
 public:
  explicit WordStream(const Sha256Digest& seed) : stream_(seed.bytes) {}

  std::uint64_t Next() {
    if (used_ == buffer_.size()) {
      stream_.Fill(offset_, buffer_);
      offset_ += buffer_.size();
      used_ = 0;
    }
    std::uint64_t word = 0;
    for (unsigned i = 0; i < 8; ++i) word |= std::to_integer<std::uint64_t>(buffer_[used_++]) << (8 * i);
    return word;
  }

  // Uniform in [0, bound): words from the largest multiple of the bound on are not used.
  std::uint64_t Below(std::uint64_t bound) {
    const std::uint64_t spare = -bound % bound;  // 2^64 mod bound
    std::uint64_t word = Next();
    while (word > std::numeric_limits<std::uint64_t>::max() - spare) word = Next();
    return word % bound;
  }

 private:
  CtrStream stream_;
  std::array<std::byte, 4096> buffer_;
  std::size_t used_ = buffer_.size();
  std::uint64_t offset_ = 0;
};

}  // namespace

namespace {

Result<GraphParameters> Search(std::size_t n, const GraphAssumptions& assumptions) {
  CAIRN_RETURN_IF_ERROR(CheckAssumptions(n, assumptions));
  for (std::uint32_t k = 2; k <= kMaxNeighbours && k < n; k += 2) {
    const Neighbourhood neighbourhood(n, k, assumptions);
    std::uint32_t t = 2 * k / 3 + 1;
    while (t <= k && !neighbourhood.IsSecretAt(t)) ++t;
    if (t <= k && neighbourhood.IsAnsweredAt(t)) return GraphParameters{k, t};
  }
  return Status(errors::kJobRefused, "no graph of " + std::to_string(n) + " sites with at most " +
                                         std::to_string(kMaxNeighbours) + " neighbours holds when " +
                                         std::to_string(assumptions.colluding) + " of them collude and " +
                                         std::to_string(assumptions.dropping) + " drop out");
}

}  // namespace

// The search takes milliseconds, and a process that plays ten thousand sites asks the same once for each.
Result<GraphParameters> GraphParameters::Compute(std::size_t n, const GraphAssumptions& assumptions) {
  thread_local std::tuple<std::size_t, double, double, int> last_question;
  thread_local GraphParameters last_answer;
  const std::tuple question(n, assumptions.colluding, assumptions.dropping, assumptions.security_bits);
  if (last_answer.k == 0 || last_question != question) {
    CAIRN_ASSIGN_OR_RETURN(last_answer, Search(n, assumptions));
    last_question = question;
  }
  return last_answer;
}

Status GraphParameters::Check(std::size_t n, const GraphAssumptions& assumptions) const {
  CAIRN_RETURN_IF_ERROR(CheckAssumptions(n, assumptions));
  const std::string pair = "k = " + std::to_string(k) + ", t = " + std::to_string(t);
  if (k < 2 || k > kMaxNeighbours || k >= n || t == 0 || t > k) {
    return Status(errors::kJobRefused, pair + " is no graph of " + std::to_string(n) + " sites");
  }
  const Neighbourhood neighbourhood(n, k, assumptions);
  if (!neighbourhood.IsSecretAt(t)) {
    return Status(errors::kJobRefused, pair + " lets too few colluders of " + std::to_string(n) +
                                           " sites open a secret, expected a larger t");
  }
  if (!neighbourhood.IsAnsweredAt(t)) {
    return Status(errors::kJobRefused, pair + " fails too often when sites of " + std::to_string(n) +
                                           " drop out, expected a smaller t or a larger k");
  }
  return {};
}

std::uint32_t CompleteThreshold(std::size_t n) { return static_cast<std::uint32_t>(2 * n / 3 + 1); }

Result<Graph> Graph::Make(std::size_t n, std::uint32_t k, const Sha256Digest& cohort_context) {
  const bool is_complete = k == 0;
  if (n < 3 || n > kMaxMembers || (is_complete && n > kMaxComplete)) {
    return Status(errors::kJobRefused, "a graph of " + std::to_string(n) + " sites, expected 3 to " +
                                           std::to_string(is_complete ? kMaxComplete : kMaxMembers));
  }
  if (k % 2 != 0 || k >= n || k > kMaxNeighbours) {
    return Status(errors::kJobRefused, "a graph with " + std::to_string(k) +
                                           " neighbours a site, expected an even number below " +
                                           std::to_string(std::min<std::size_t>(n, kMaxNeighbours + 1)));
  }
  Graph graph;
  graph.n_ = n;
  graph.k_ = k;
  if (is_complete) return graph;
  graph.ring_ = GraphPermutation(n, GraphSeed(cohort_context));
  graph.place_.resize(n);
  for (Position place = 0; place < n; ++place) graph.place_[graph.ring_[place]] = place;
  return graph;
}

std::vector<Position> Graph::Neighbours(Position p) const {
  CAIRN_CHECK(p < n_, "a site of U1");
  std::vector<Position> neighbours;
  if (is_complete()) {
    for (Position v = 0; v < n_; ++v) {
      if (v != p) neighbours.push_back(v);
    }
    return neighbours;
  }
  neighbours.reserve(k_);
  for (std::size_t step = 1; step <= k_ / 2; ++step) {
    neighbours.push_back(ring_[(place_[p] + step) % n_]);
    neighbours.push_back(ring_[(place_[p] + n_ - step) % n_]);
  }
  std::sort(neighbours.begin(), neighbours.end());
  return neighbours;
}

std::vector<Position> Graph::Holders(Position p) const {
  if (!is_complete()) return Neighbours(p);
  CAIRN_CHECK(p < n_, "a site of U1");
  std::vector<Position> all(n_);
  std::iota(all.begin(), all.end(), Position{0});
  return all;
}

std::optional<std::uint8_t> Graph::ShareIndex(Position owner, Position holder) const {
  if (owner >= n_ || holder >= n_) return std::nullopt;
  if (is_complete()) return static_cast<std::uint8_t>(holder + 1);
  const std::size_t one_way = (place_[holder] + n_ - place_[owner]) % n_;
  if (one_way == 0 || std::min(one_way, n_ - one_way) > k_ / 2) return std::nullopt;
  // How many holders come first: counted, since sorting them would cost ten times as much.
  std::uint8_t index = 1;
  for (std::size_t step = 1; step <= k_ / 2; ++step) {
    if (ring_[(place_[owner] + step) % n_] < holder) ++index;
    if (ring_[(place_[owner] + n_ - step) % n_] < holder) ++index;
  }
  return index;
}

Sha256Digest GraphSeed(const Sha256Digest& cohort_context) {
  return Transcript("graph").Hash(cohort_context).Digest();
}

Sha256Digest GroupSeed(const Sha256Digest& manifest, const Sha256Digest& roster) {
  return Transcript("group").Hash(manifest).Hash(roster).Digest();
}

std::vector<Position> GraphPermutation(std::size_t n, const Sha256Digest& seed) {
  std::vector<Position> order(n);
  std::iota(order.begin(), order.end(), Position{0});
  WordStream words(seed);
  for (std::size_t i = n; i-- > 1;) std::swap(order[i], order[words.Below(i + 1)]);
  return order;
}

}  // namespace cairn::secagg
