#pragma once

#include <cstddef>
#include <deque>
#include <future>
#include <map>
#include <memory>

#include "client/agent/agent_messages.h"
#include "client/agent/masking_desk.h"
#include "core/runtime/lane_pool.h"

namespace cairn {

// The maskings of simulated sites, on lanes. Answers come back in the order they were asked for, whichever
// lane is faster, so a run does not depend on lanes. One desk has one call at a time. One control thread.
class MaskingLanes {
 public:
  explicit MaskingLanes(LanePool& lanes) : lanes_(lanes) {}

  // BeginMasking, StepMasking or MaskInput of a client, whose desk outlives the answer.
  void Ask(std::size_t client, MaskingDesk& desk, AgentAction action);
  // EndMasking, which has no answer: done when it returns.
  void End(std::size_t client, MaskingDesk& desk, RoundKey key);

  struct Answer {
    std::size_t client = 0;
    AgentEvent event;
  };
  Answer Take();  // the oldest one's; waits
  std::size_t size() const { return asked_.size(); }
  // Of those asked for, the steps before and after the vectors.
  std::size_t steps() const { return steps_; }

 private:
  struct Asked {
    std::size_t client = 0;
    bool is_input = false;
    std::future<AgentEvent> answer;
  };
  void WaitFor(std::size_t client) const;

  LanePool& lanes_;
  std::deque<Asked> asked_;
  std::map<std::size_t, const Asked*> latest_;  // by client; a deque moves nothing
  std::size_t steps_ = 0;
};

}  // namespace cairn
