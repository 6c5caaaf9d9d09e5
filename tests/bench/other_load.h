#pragma once

namespace cairn::bench {

// How much of the machine other programs took, or the host that it shares: from the kernel's counts of all
// processors' time (/proc/stat, 10 ms apart), less our own. It knows nothing of what was measured meanwhile.
class OtherLoad {
 public:
  OtherLoad() : begin_(Now()) {}
  // Since construction; 1 is the whole machine.
  double Share() const;

 private:
  struct Counts {
    double busy = 0, all = 0, ours = 0;  // seconds
  };
  static Counts Now();
  Counts begin_;
};

}  // namespace cairn::bench
