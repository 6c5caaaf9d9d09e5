#include "tests/bench/other_load.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace cairn::bench {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

}  // namespace

OtherLoad::Counts OtherLoad::Now() {
  // cpu user nice system idle iowait irq softirq steal; guests are counted in user already.
  std::ifstream stat("/proc/stat");
  std::string cpu;
  stat >> cpu;
  Counts counts;
  const double tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  for (int field = 0; field < 8; ++field) {
    double ticks = 0;
    stat >> ticks;
    counts.all += ticks * tick;
    if (field != 3 && field != 4) counts.busy += ticks * tick;
  }
  rusage own{};
  getrusage(RUSAGE_SELF, &own);
  counts.ours = Seconds(own.ru_utime) + Seconds(own.ru_stime);
  return counts;
}

double OtherLoad::Share() const {
  const Counts now = Now();
  const double others = (now.busy - begin_.busy) - (now.ours - begin_.ours);
  return std::max(0.0, others) / std::max(1e-9, now.all - begin_.all);
}

}  // namespace cairn::bench
