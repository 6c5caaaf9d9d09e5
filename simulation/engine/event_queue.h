#pragma once

#include <cstdint>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/clock.h"

namespace cairn {

// Events of virtual time, first by due time, then by rank, then in the order they were pushed: equal
// pushes give equal pops. Not thread-safe.
template <class T>
class EventQueue {
 public:
  // Among events due together the lower rank comes first.
  void Push(TimePoint due, std::int64_t rank, T event) {
    heap_.push({due, rank, next_sequence_++, std::move(event)});
  }
  bool empty() const { return heap_.empty(); }
  // What Pop would give; not of an empty queue.
  TimePoint next_due() const { return heap_.top().due; }
  const T& next() const { return heap_.top().event; }
  std::pair<TimePoint, T> Pop() {
    // top() is const only to protect the order, which moving the payload out does not touch.
    auto& top = const_cast<Entry&>(heap_.top());
    std::pair<TimePoint, T> out{top.due, std::move(top.event)};
    heap_.pop();
    return out;
  }

 private:
  struct Entry {
    TimePoint due;
    std::int64_t rank;
    std::uint64_t sequence;
    T event;
    friend bool operator<(const Entry& a, const Entry& b) {  // a priority_queue pops the largest
      return std::tie(b.due, b.rank, b.sequence) < std::tie(a.due, a.rank, a.sequence);
    }
  };
  std::priority_queue<Entry> heap_;
  std::uint64_t next_sequence_ = 0;
};

}  // namespace cairn
