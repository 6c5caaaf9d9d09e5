#include "privacy/dp/gaussian_scale.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace cairn {
namespace {

TEST(GaussianScaleTest, NoiseIsNeverLessThanAskedForAndHardlyMore) {
  for (const double sigma : {1.0 / 16, .1, 1 / 3.0, 1.0, 1.0000001, 1832.77, 1048576.0, 16777214.3}) {
    const GaussianScale scale = GaussianScale::AtLeast(sigma).value();
    EXPECT_GE(scale.sigma(), sigma);
    EXPECT_LE(scale.sigma(), sigma * (1 + 0x1p-22));
    EXPECT_LT(scale.numerator, 1u << 24);
    EXPECT_LE(scale.shift, 28u);
  }
}

TEST(GaussianScaleTest, WhatTheSamplersCannotHoldIsRefused) {
  for (const double bad :
       {0.0, -1.0, .06, 16777216.0, std::numeric_limits<double>::infinity(), std::nan("")}) {
    EXPECT_EQ(GaussianScale::AtLeast(bad).status().id(), errors::kPrivacyParameter) << bad;
  }
}

}  // namespace
}  // namespace cairn
