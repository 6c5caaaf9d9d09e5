#pragma once

#include <cstddef>
#include <vector>

namespace cairn {

// Plain pairs: multiplying std::complex checks for infinities each time.
struct Complex {
  double re = 0, im = 0;
};

// The discrete Fourier transform of one fixed length, a power of two from 2. Forward leaves the spectrum in
// bit-reversed order and Inverse expects it so: products of spectra need no order. Inverse divides by the
// length. Thread-compatible; results do not depend on anything but the input.
class Fft {
 public:
  explicit Fft(std::size_t size);
  std::size_t size() const { return size_; }
  void Forward(std::vector<Complex>& values) const;
  void Inverse(std::vector<Complex>& spectrum) const;

 private:
  std::size_t size_;
  std::vector<Complex> roots_;  // e^(−2πi k/size), k < size/2
};

}  // namespace cairn
