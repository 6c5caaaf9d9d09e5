#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace cairn::secagg {

struct Blame {  // evidence for people; nothing is removed by code
  enum class Kind : std::uint8_t {
    kWrongShare = 1,   // a holder revealed a share other than the one its dealer signed for
    kWrongDealer = 2,  // a dealer's shares, all as signed, do not give the key it advertised
    kComplaint = 3,    // a share did not open as it should: its dealer or its holder
    kTwoAdverts = 4,   // two of one step, both signed by the accused
    kTwoInputs = 5,
    kTwoDecisions = 6,  // for callers that compare the agreements of two attempts
  };
  Kind kind = Kind::kWrongShare;
  std::uint32_t accused = 0;            // member index
  std::optional<std::uint32_t> second;  // a complaint is undecided between two
  friend bool operator==(const Blame&, const Blame&) = default;
};

// Each finding once, in the order they were made.
class Evidence {
 public:
  void Add(const Blame& blame) {
    if (std::find(blames_.begin(), blames_.end(), blame) == blames_.end()) blames_.push_back(blame);
  }
  const std::vector<Blame>& blames() const { return blames_; }

 private:
  std::vector<Blame> blames_;
};

}  // namespace cairn::secagg
