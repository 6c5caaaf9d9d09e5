#pragma once

namespace cairn {

// While it lives, this thread's subnormal floats are zero, in results and operands: they cost a
// hundred cycles each and carry nothing a model needs. Restores what was set before.
class FlushDenormals {
 public:
  FlushDenormals();
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  unsigned long long before_ = 0;
};

}  // namespace cairn
