#include "simulation/partition/partition.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "client/data/byte_file.h"
#include "core/base/check.h"

namespace cairn {
namespace {

constexpr int kMaxRedraws = 10'000;

Status Impossible(const PartitionScheme& scheme, const std::string& why) {
  return Status(errors::kPartitionImpossible, "partition " + ToString(scheme) + ": " + why);
}

std::string Count(std::size_t count, const char* noun) { return std::to_string(count) + " " + noun; }

std::vector<std::uint32_t> Shuffled(std::vector<std::uint32_t> rows, RandomStream& stream) {
  const std::vector<std::uint32_t> order = stream.Permutation(static_cast<std::uint32_t>(rows.size()));
  std::vector<std::uint32_t> shuffled(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) shuffled[i] = rows[order[i]];
  return shuffled;
}

// Rows a class, in row order; classes without rows are left out.
std::vector<std::vector<std::uint32_t>> RowsByClass(std::span<const std::int64_t> labels) {
  std::map<std::int64_t, std::vector<std::uint32_t>> by_class;
  for (std::uint32_t row = 0; row < labels.size(); ++row) by_class[labels[row]].push_back(row);
  std::vector<std::vector<std::uint32_t>> classes;
  for (auto& [label, rows] : by_class) classes.push_back(std::move(rows));
  return classes;
}

// Deals consecutive pieces of `rows`, of these sizes, to the clients.
void Deal(std::span<const std::uint32_t> rows, std::span<const std::uint32_t> sizes, ClientRows& split) {
  std::size_t at = 0;
  for (std::size_t client = 0; client < sizes.size(); ++client) {
    split[client].insert(split[client].end(), rows.begin() + static_cast<std::ptrdiff_t>(at),
                         rows.begin() + static_cast<std::ptrdiff_t>(at + sizes[client]));
    at += sizes[client];
  }
}

// Shares of a symmetric Dirichlet: normalised Gamma draws. With a tiny alpha every draw may underflow;
// its limit is one client that takes all.
std::vector<double> DirichletShares(std::uint32_t clients, double alpha, RandomStream& stream) {
  std::vector<double> shares(clients);
  for (double& share : shares) share = stream.Gamma(alpha);
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  if (!(sum > 0.0)) shares[stream.Below(clients)] = 1.0;
  return shares;
}

ClientRows Iid(const PartitionInput& input, RandomStream& stream) {
  ClientRows split(input.clients);
  const std::vector<double> equal(input.clients, 1.0);
  Deal(stream.Permutation(input.rows), LargestRemainder(equal, input.rows), split);
  return split;
}

// Draws how many rows of each class go to each client until every client has enough; `class_sizes` may
// be a single class of all rows, which is the quantity scheme.
Result<std::vector<std::vector<std::uint32_t>>> DrawCounts(const PartitionScheme& scheme,
                                                           const PartitionInput& input,
                                                           std::span<const std::uint32_t> class_sizes,
                                                           RandomStream& stream) {
  if (std::uint64_t{input.clients} * input.min_samples > input.rows) {
    return Impossible(scheme, Count(input.rows, "rows") + " cannot give " + Count(input.clients, "clients") +
                                  " at least " + Count(input.min_samples, "rows each"));
  }
  for (int redraw = 0; redraw < kMaxRedraws; ++redraw) {
    std::vector<std::vector<std::uint32_t>> counts;
    std::vector<std::uint64_t> totals(input.clients, 0);
    for (const std::uint32_t size : class_sizes) {
      counts.push_back(LargestRemainder(DirichletShares(input.clients, scheme.alpha, stream), size));
      for (std::uint32_t client = 0; client < input.clients; ++client)
        totals[client] += counts.back()[client];
    }
    if (*std::min_element(totals.begin(), totals.end()) >= input.min_samples) return counts;
  }
  return Impossible(scheme, "no draw of " + std::to_string(kMaxRedraws) + " gave each of " +
                                Count(input.clients, "clients") + " at least " +
                                Count(input.min_samples, "rows"))
      .Mend("use a larger alpha, fewer clients or a smaller min_samples");
}

Result<ClientRows> DirichletOver(const PartitionScheme& scheme, const PartitionInput& input,
                                 std::vector<std::vector<std::uint32_t>> classes, RandomStream& stream) {
  std::vector<std::uint32_t> sizes;
  for (auto& rows : classes) {
    sizes.push_back(static_cast<std::uint32_t>(rows.size()));
    rows = Shuffled(std::move(rows), stream);
  }
  CAIRN_ASSIGN_OR_RETURN(const auto counts, DrawCounts(scheme, input, sizes, stream));
  ClientRows split(input.clients);
  for (std::size_t c = 0; c < classes.size(); ++c) Deal(classes[c], counts[c], split);
  return split;
}

Result<ClientRows> Quantity(const PartitionScheme& scheme, const PartitionInput& input,
                            RandomStream& stream) {
  std::vector<std::uint32_t> all(input.rows);
  std::iota(all.begin(), all.end(), 0u);
  return DirichletOver(scheme, input, {std::move(all)}, stream);
}

Result<ClientRows> Shards(const PartitionScheme& scheme, const PartitionInput& input, RandomStream& stream) {
  const std::uint64_t shards = std::uint64_t{input.clients} * scheme.count;
  if (shards > input.rows) {
    return Impossible(scheme, Count(input.rows, "rows") + " cannot make " + Count(shards, "shards"));
  }
  // Within a label the rows are shuffled, so that a shard is no run of the file.
  std::vector<std::uint32_t> sorted;
  for (auto& rows : RowsByClass(input.labels)) {
    const std::vector<std::uint32_t> shuffled = Shuffled(std::move(rows), stream);
    sorted.insert(sorted.end(), shuffled.begin(), shuffled.end());
  }
  ClientRows pieces(shards);
  Deal(sorted, LargestRemainder(std::vector<double>(shards, 1.0), input.rows), pieces);
  const std::vector<std::uint32_t> order = stream.Permutation(static_cast<std::uint32_t>(shards));
  ClientRows split(input.clients);
  for (std::size_t i = 0; i < shards; ++i) {
    const auto& piece = pieces[order[i]];
    auto& rows = split[i / scheme.count];
    rows.insert(rows.end(), piece.begin(), piece.end());
  }
  return split;
}

// Which clients hold each class: client i holds class i mod C and others drawn at random, classes
// nobody holds yet first, so that no row is left over.
std::vector<std::vector<std::uint32_t>> DrawHolders(std::uint32_t clients, std::uint32_t classes,
                                                    std::uint32_t per_client, RandomStream& stream) {
  std::vector<std::vector<std::uint32_t>> holders(classes);
  for (std::uint32_t client = 0; client < clients; ++client) holders[client % classes].push_back(client);
  for (std::uint32_t client = 0; client < clients; ++client) {
    std::vector<std::uint32_t> order = stream.Permutation(classes);
    std::stable_partition(order.begin(), order.end(), [&](std::uint32_t c) { return holders[c].empty(); });
    std::uint32_t held = 1;
    for (std::size_t i = 0; i < order.size() && held < per_client; ++i) {
      if (order[i] == client % classes) continue;
      holders[order[i]].push_back(client);
      ++held;
    }
  }
  return holders;
}

Result<ClientRows> Labels(const PartitionScheme& scheme, const PartitionInput& input, RandomStream& stream) {
  auto classes = RowsByClass(input.labels);
  const auto count = static_cast<std::uint32_t>(classes.size());
  if (scheme.count > count) return Impossible(scheme, "the rows have only " + Count(count, "classes"));
  if (std::uint64_t{input.clients} * scheme.count < count) {
    return Impossible(scheme,
                      Count(input.clients, "clients") + " cannot hold all " + Count(count, "classes"));
  }
  const auto holders = DrawHolders(input.clients, count, scheme.count, stream);
  ClientRows split(input.clients);
  for (std::uint32_t c = 0; c < count; ++c) {
    if (holders[c].size() > classes[c].size()) {
      return Impossible(scheme, "a class of " + Count(classes[c].size(), "rows") + " falls to " +
                                    Count(holders[c].size(), "clients"));
    }
    std::vector<double> weights(input.clients, 0.0);
    for (const std::uint32_t client : holders[c]) weights[client] = 1.0;
    Deal(Shuffled(std::move(classes[c]), stream),
         LargestRemainder(weights, static_cast<std::uint32_t>(classes[c].size())), split);
  }
  return split;
}

// One client a value, in the values' order; with fewer clients than values, whole values are dealt to
// the client that has least so far, the largest first.
Result<ClientRows> Column(const PartitionScheme& scheme, const PartitionInput& input) {
  std::map<std::string, std::vector<std::uint32_t>> by_value;
  for (std::uint32_t row = 0; row < input.rows; ++row) by_value[input.groups[row]].push_back(row);
  ClientRows values;
  for (auto& [value, rows] : by_value) values.push_back(std::move(rows));
  if (input.clients == 0 || input.clients == values.size()) return values;
  if (input.clients > values.size()) {
    return Impossible(scheme, "the column has " + Count(values.size(), "values") + " for " +
                                  Count(input.clients, "clients"));
  }
  std::stable_sort(values.begin(), values.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  ClientRows split(input.clients);
  for (const auto& rows : values) {
    auto& least = *std::min_element(split.begin(), split.end(),
                                    [](const auto& a, const auto& b) { return a.size() < b.size(); });
    least.insert(least.end(), rows.begin(), rows.end());
  }
  return split;
}

Status CheckInput(const PartitionScheme& scheme, const PartitionInput& input) {
  const bool natural = scheme.kind == PartitionKind::kColumn || scheme.kind == PartitionKind::kFile;
  const bool by_label = scheme.kind == PartitionKind::kDirichlet || scheme.kind == PartitionKind::kShards ||
                        scheme.kind == PartitionKind::kLabels;
  if (!natural && input.clients == 0) return Impossible(scheme, "the number of clients is 0");
  if (input.rows == 0) return Impossible(scheme, "there are no rows");
  if (!natural && input.clients > input.rows) {
    return Impossible(scheme, Count(input.rows, "rows") + " for " + Count(input.clients, "clients"));
  }
  if (by_label && input.labels.size() != input.rows)
    return Impossible(scheme, "it needs class labels, and the data has none");
  if (scheme.kind == PartitionKind::kColumn && input.groups.size() != input.rows) {
    return Impossible(scheme, "the data set delivers no column '" + scheme.name + "'");
  }
  return Status::Ok();
}

Result<ClientRows> Apply(const PartitionScheme& scheme, const PartitionInput& input, RandomStream& stream) {
  switch (scheme.kind) {
    case PartitionKind::kIid:
      return Iid(input, stream);
    case PartitionKind::kDirichlet:
      return DirichletOver(scheme, input, RowsByClass(input.labels), stream);
    case PartitionKind::kShards:
      return Shards(scheme, input, stream);
    case PartitionKind::kLabels:
      return Labels(scheme, input, stream);
    case PartitionKind::kQuantity:
      return Quantity(scheme, input, stream);
    case PartitionKind::kColumn:
      return Column(scheme, input);
    case PartitionKind::kFile: {
      CAIRN_ASSIGN_OR_RETURN(const std::string bytes, ReadDataFile(scheme.name));
      return ParseSplit(bytes, scheme.name, input.rows, input.clients);
    }
  }
  return Status(errors::kInternal, "unknown partition kind");
}

}  // namespace

std::vector<std::uint32_t> LargestRemainder(std::span<const double> weights, std::uint32_t total) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  CAIRN_CHECK(sum > 0.0, "shares need a positive sum");
  std::vector<std::uint32_t> counts(weights.size());
  std::vector<std::pair<double, std::size_t>> remainders;
  std::int64_t left = total;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double share = weights[i] / sum * total;
    counts[i] = static_cast<std::uint32_t>(std::min(std::floor(share), static_cast<double>(left)));
    left -= counts[i];
    if (weights[i] > 0.0) remainders.emplace_back(counts[i] - share, i);  // most owed first
  }
  std::sort(remainders.begin(), remainders.end());
  for (std::size_t i = 0; left > 0; ++i, --left) ++counts[remainders[i % remainders.size()].second];
  return counts;
}

Result<ClientRows> Partition(const PartitionScheme& scheme, const PartitionInput& input,
                             RandomStream stream) {
  CAIRN_RETURN_IF_ERROR(CheckInput(scheme, input));
  CAIRN_ASSIGN_OR_RETURN(ClientRows split, Apply(scheme, input, stream));
  std::size_t used = 0;
  for (auto& rows : split) {
    std::sort(rows.begin(), rows.end());
    used += rows.size();
  }
  CAIRN_CHECK(scheme.kind == PartitionKind::kFile || used == input.rows, "every row is used exactly once");
  return split;
}

}  // namespace cairn
