#include "privacy/accounting/fft.h"

#include <cmath>
#include <numbers>

#include "core/base/check.h"

namespace cairn {
namespace {

Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
Complex Times(Complex a, Complex b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
Complex TimesConjugate(Complex a, Complex b) {
  return {a.re * b.re + a.im * b.im, a.im * b.re - a.re * b.im};
}

}  // namespace

Fft::Fft(std::size_t size) : size_(size), roots_(size / 2) {
  CAIRN_CHECK(size >= 2 && (size & (size - 1)) == 0, "a transform's length is a power of two");
  for (std::size_t k = 0; k < roots_.size(); ++k) {  // each on its own: a recurrence would lose digits
    const double angle = -2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(size);
    roots_[k] = {std::cos(angle), std::sin(angle)};
  }
}

// Gentleman and Sande: halves of a block are combined, then turned.
void Fft::Forward(std::vector<Complex>& values) const {
  CAIRN_CHECK(values.size() == size_, "a transform has one length");
  for (std::size_t half = size_ / 2, stride = 1; half > 0; half /= 2, stride *= 2) {
    for (std::size_t block = 0; block < size_; block += 2 * half) {
      for (std::size_t k = 0; k < half; ++k) {
        const Complex a = values[block + k], b = values[block + k + half];
        values[block + k] = a + b;
        values[block + k + half] = Times(a - b, roots_[k * stride]);
      }
    }
  }
}

// Cooley and Tukey, the same steps backwards.
void Fft::Inverse(std::vector<Complex>& spectrum) const {
  CAIRN_CHECK(spectrum.size() == size_, "a transform has one length");
  for (std::size_t half = 1, stride = size_ / 2; half < size_; half *= 2, stride /= 2) {
    for (std::size_t block = 0; block < size_; block += 2 * half) {
      for (std::size_t k = 0; k < half; ++k) {
        const Complex a = spectrum[block + k];
        const Complex b = TimesConjugate(spectrum[block + k + half], roots_[k * stride]);
        spectrum[block + k] = a + b;
        spectrum[block + k + half] = a - b;
      }
    }
  }
  const double scale = 1 / static_cast<double>(size_);
  for (Complex& value : spectrum) value.re *= scale, value.im *= scale;
}

}  // namespace cairn
