#pragma once

#include <time.h>

#include <algorithm>
#include <cstddef>
#include <thread>
#include <vector>

namespace cairn {

// Time of this thread on a core: a busy machine lengthens it only by what it takes from caches and memory.
template <class Work>
double Seconds(Work work) {
  const auto now = [] {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const double start = now();
  work();
  return now() - start;
}

inline double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// work(part) for every part at once; the time of the slowest.
template <class Work>
double SecondsOnLanes(std::size_t lanes, Work work) {
  std::vector<double> seconds(lanes);
  {
    std::vector<std::jthread> threads;
    for (std::size_t part = 0; part < lanes; ++part) {
      threads.emplace_back([&, part] { seconds[part] = Seconds([&] { work(part); }); });
    }
  }
  return *std::max_element(seconds.begin(), seconds.end());
}

}  // namespace cairn
