#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>

namespace cairn {

// A fixed set of worker threads, each with a queue. Model-sized work runs here; the control thread
// only submits. A lane runs its jobs one after another in the order they were submitted, so what
// belongs to one lane (its resident models, its accumulator) needs no lock.
//
//   LanePool lanes(4);
//   lanes.Submit(2, [&](std::size_t lane) { Fold(accumulators[lane], update); });
//   lanes.Drain();
//
// Lanes flush denormal numbers to zero: they cost a hundred times a normal addition, and the results
// of a training must not depend on which thread ran it. Jobs must not throw.
// Submit, SubmitAny and Drain may be called from any thread; jobs may submit further jobs, but not Drain.
class LanePool {
 public:
  using Job = std::function<void(std::size_t lane)>;

  explicit LanePool(std::size_t lanes);  // lanes > 0
  ~LanePool();                           // Stop
  LanePool(const LanePool&) = delete;
  LanePool& operator=(const LanePool&) = delete;

  std::size_t size() const;
  void Submit(std::size_t lane, Job job);
  // Runs on whichever lane is free first; a lane's own queue goes before.
  void SubmitAny(Job job);
  // Returns when every job submitted so far, and every job those submitted, has run.
  void Drain();
  // Lets running jobs finish, drops waiting ones, ends the threads. What is submitted later is dropped.
  void Stop();
  // Asked for by Stop; long jobs pass it on to their inner loops.
  std::stop_token stop_token() const;
  // The lane of the calling thread, or size() outside any lane.
  std::size_t current_lane() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace cairn
