#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.h"
#include "core/base/result.h"
#include "simulation/partition/scheme.h"

namespace cairn {

// What a scheme is applied to. Which members count depends on it; all spans have `rows` entries or none.
struct PartitionInput {
  std::uint32_t rows = 0;
  std::span<const std::int64_t> labels;  // dirichlet, shards, labels
  std::span<const std::string> groups;   // column: the column's value in each row
  std::uint32_t clients = 0;             // column and file: 0 means as many as there are
  std::uint32_t min_samples = 10;        // dirichlet and quantity redraw until every client has so many
};

// The rows of each client, ascending.
using ClientRows = std::vector<std::vector<std::uint32_t>>;

// Shares the rows out: every row goes to exactly one client (only a file may leave rows out). Shares
// become whole rows by the largest remainder, ties to the lower index. Equal input and stream (open it
// for Purpose::kPartition) give an equal split on every machine.
// kPartitionImpossible when rows, classes or groups are too few; for a file also kDataNotFound,
// kRowFile and kDataEmpty.
Result<ClientRows> Partition(const PartitionScheme& scheme, const PartitionInput& input, RandomStream stream);

// A file's split: a CSV with the header `row,client`, rows and clients counted from 0; a row comes at
// most once, and no client may stay empty. `clients` 0 takes the largest client + 1.
Result<ClientRows> ParseSplit(std::string_view bytes, const std::string& name, std::uint32_t rows,
                              std::uint32_t clients);
std::string FormatSplit(const ClientRows& split);  // ParseSplit reads it back

// Rows a class of each client as a table for a terminal, the first `max_clients` of them, and the
// spread of sizes. Without labels only sizes.
std::string PreviewSplit(const ClientRows& split, std::span<const std::int64_t> labels,
                         std::size_t max_clients = 20);

// Whole numbers that sum to `total` in proportion to the weights (none negative, the sum positive).
std::vector<std::uint32_t> LargestRemainder(std::span<const double> weights, std::uint32_t total);

}  // namespace cairn
