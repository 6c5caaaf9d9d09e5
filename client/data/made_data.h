#pragma once

#include <cstdint>
#include <memory>

#include "client/data/example_source.h"

// Data sets made from a seed, so that demos and tests need no download. A row is a pure function of
// the seed and its number: a longer set begins with the shorter one, and rows from another `first_row`
// on are a test set that shares none.

namespace cairn {

// Ten classes of hand-drawn-looking digits: our own strokes, each bent, turned, scaled, sheared and
// shifted at random, drawn with a random pen, brightness and pixel noise. Shape {1, size, size},
// features in [0, 1]; size is 8 to 256.
std::unique_ptr<ExampleSource> MadeDigits(std::uint64_t seed, std::uint32_t rows, std::uint32_t size,
                                          std::uint32_t first_row = 0);

// Classes of unit-variance Gaussian clouds whose centres are `separation` times standard normal. Shape
// {features}; features and classes are at least 1 and 2.
std::unique_ptr<ExampleSource> MadeBlobs(std::uint64_t seed, std::uint32_t rows, std::uint32_t features,
                                         std::uint32_t classes, double separation = 2.0,
                                         std::uint32_t first_row = 0);

}  // namespace cairn
