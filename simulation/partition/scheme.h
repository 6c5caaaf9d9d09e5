#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace cairn {

// How the rows of one data set are shared among simulated clients.
enum class PartitionKind : std::uint8_t {
  kIid,        // "iid": a random permutation cut into equal parts
  kDirichlet,  // "dirichlet:0.3": every class over the clients by Dirichlet(alpha) shares (Yurochkin et al.
               // 2019)
  kShards,  // "shards:2": rows sorted by label, cut into equal shards, so many a client (McMahan et al. 2017)
  kLabels,  // "labels:3": so many classes a client, a class shared evenly (Li et al. 2022, "#C = k")
  kQuantity,  // "quantity:0.5": sizes by Dirichlet(alpha), labels alike
  kColumn,    // "column:state": a client is one value of a column
  kFile,      // "file:split.csv": as a file says
};

struct PartitionScheme {
  PartitionKind kind = PartitionKind::kIid;
  double alpha = 0;         // kDirichlet, kQuantity; 0.001 to 1000000
  std::uint32_t count = 0;  // kShards, kLabels; at least 1
  std::string name;         // kColumn: the column; kFile: the path
  friend bool operator==(const PartitionScheme&, const PartitionScheme&) = default;
};

// kPartitionScheme says what was expected.
Result<PartitionScheme> ParseScheme(std::string_view text);
std::string ToString(const PartitionScheme& scheme);  // ParseScheme reads it back

}  // namespace cairn
