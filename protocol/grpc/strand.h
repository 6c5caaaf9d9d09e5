#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "core/runtime/lane_pool.h"

namespace cairn {

// Runs the jobs of one session one after another, on whichever lane is free. gRPC's callbacks only post
// here, so session logic needs no lock and no callback ever blocks on a disk. Starting the next gRPC
// operation from a strand is safe: a callback that gRPC runs inside the call merely posts again.
// Thread-safe.
class Strand : public std::enable_shared_from_this<Strand> {
 public:
  explicit Strand(LanePool& lanes) : lanes_(lanes) {}
  void Post(std::function<void()> job);

 private:
  void Run();

  LanePool& lanes_;
  std::mutex mutex_;
  std::deque<std::function<void()>> jobs_;  // guarded by mutex_
  bool is_running_ = false;                 // guarded by mutex_
};

}  // namespace cairn
