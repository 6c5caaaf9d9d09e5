#include "privacy/accounting/fft.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "core/base/random.h"

namespace cairn {
namespace {

std::vector<Complex> RandomValues(std::size_t size) {
  RandomStream random = SeededRandom(size).Open({});
  std::vector<Complex> values(size);
  for (Complex& value : values) value = {random.Normal(), random.Normal()};
  return values;
}

std::size_t Reversed(std::size_t k, std::size_t size) {
  std::size_t reversed = 0;
  for (std::size_t bit = 1; bit < size; bit *= 2) reversed = 2 * reversed + ((k & bit) != 0 ? 1 : 0);
  return reversed;
}

TEST(FftTest, IsTheSumThatDefinesIt) {
  for (const std::size_t size : {2u, 8u, 64u}) {
    const std::vector<Complex> in = RandomValues(size);
    std::vector<Complex> out = in;
    Fft(size).Forward(out);
    for (std::size_t k = 0; k < size; ++k) {
      Complex sum;
      for (std::size_t i = 0; i < size; ++i) {
        const double angle = -2 * std::numbers::pi * static_cast<double>(i * k) / static_cast<double>(size);
        sum.re += in[i].re * std::cos(angle) - in[i].im * std::sin(angle);
        sum.im += in[i].re * std::sin(angle) + in[i].im * std::cos(angle);
      }
      EXPECT_NEAR(out[Reversed(k, size)].re, sum.re, 1e-12) << size << " " << k;
      EXPECT_NEAR(out[Reversed(k, size)].im, sum.im, 1e-12) << size << " " << k;
    }
  }
}

TEST(FftTest, InverseUndoesForward) {
  const std::size_t size = std::size_t{1} << 15;
  const std::vector<Complex> in = RandomValues(size);
  std::vector<Complex> out = in;
  const Fft fft(size);
  fft.Forward(out);
  fft.Inverse(out);
  for (std::size_t i = 0; i < size; ++i) {
    ASSERT_NEAR(out[i].re, in[i].re, 1e-13);
    ASSERT_NEAR(out[i].im, in[i].im, 1e-13);
  }
}

}  // namespace
}  // namespace cairn
