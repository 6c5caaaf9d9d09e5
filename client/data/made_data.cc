#include "client/data/made_data.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "client/data/image_source.h"
#include "client/data/table_source.h"
#include "core/base/check.h"

namespace cairn {
namespace {

struct Point {
  float x, y;
};

// A digit is one pen stroke through these points of the unit square, y downwards.
constexpr Point kZero[] = {{.50f, .10f}, {.75f, .22f}, {.82f, .50f}, {.75f, .78f}, {.50f, .90f},
                           {.25f, .78f}, {.18f, .50f}, {.25f, .22f}, {.50f, .10f}};
constexpr Point kOne[] = {{.35f, .27f}, {.55f, .10f}, {.55f, .90f}};
constexpr Point kTwo[] = {{.22f, .28f}, {.35f, .12f}, {.62f, .10f}, {.78f, .25f},
                          {.74f, .45f}, {.22f, .90f}, {.80f, .90f}};
constexpr Point kThree[] = {{.22f, .15f}, {.60f, .10f}, {.78f, .25f}, {.70f, .44f}, {.45f, .48f},
                            {.75f, .55f}, {.80f, .75f}, {.60f, .90f}, {.22f, .86f}};
constexpr Point kFour[] = {{.62f, .90f}, {.62f, .10f}, {.20f, .62f}, {.82f, .62f}};
constexpr Point kFive[] = {{.76f, .10f}, {.30f, .10f}, {.26f, .46f}, {.55f, .40f},
                           {.78f, .55f}, {.76f, .78f}, {.55f, .90f}, {.22f, .84f}};
constexpr Point kSix[] = {{.70f, .12f}, {.42f, .25f}, {.24f, .55f}, {.28f, .80f}, {.50f, .90f},
                          {.74f, .80f}, {.76f, .60f}, {.55f, .48f}, {.28f, .60f}};
constexpr Point kSeven[] = {{.20f, .10f}, {.80f, .10f}, {.42f, .90f}};
constexpr Point kEight[] = {{.50f, .48f}, {.27f, .36f}, {.30f, .16f}, {.50f, .10f}, {.70f, .16f},
                            {.73f, .36f}, {.50f, .48f}, {.24f, .62f}, {.26f, .82f}, {.50f, .90f},
                            {.74f, .82f}, {.76f, .62f}, {.50f, .48f}};
constexpr Point kNine[] = {{.72f, .40f}, {.45f, .52f}, {.24f, .40f}, {.26f, .20f}, {.50f, .10f},
                           {.72f, .20f}, {.76f, .45f}, {.58f, .75f}, {.30f, .88f}};
constexpr std::array<std::span<const Point>, 10> kGlyphs = {kZero, kOne, kTwo,   kThree, kFour,
                                                            kFive, kSix, kSeven, kEight, kNine};

float Between(RandomStream& stream, float low, float high) {
  return low + (high - low) * stream.UniformFloat();
}

// The glyph's points after a random bend of every joint and one affine map about the centre.
std::vector<Point> Bend(std::span<const Point> glyph, RandomStream& stream) {
  constexpr float kBend = .04f, kTurn = .30f, kShear = .20f, kShift = .09f;
  const float angle = Between(stream, -kTurn, kTurn), shear = Between(stream, -kShear, kShear);
  const float width = Between(stream, .65f, 1.0f), height = Between(stream, .70f, 1.0f);
  const float dx = Between(stream, -kShift, kShift), dy = Between(stream, -kShift, kShift);
  const float cosine = std::cos(angle), sine = std::sin(angle);
  std::vector<Point> points;
  for (const Point& point : glyph) {
    const float y = (point.y + Between(stream, -kBend, kBend) - .5f) * height;
    const float x = (point.x + Between(stream, -kBend, kBend) - .5f) * width + shear * y;
    points.push_back({.5f + dx + cosine * x - sine * y, .5f + dy + sine * x + cosine * y});
  }
  return points;
}

float SquaredDistance(Point p, Point a, Point b) {
  const float ux = b.x - a.x, uy = b.y - a.y, vx = p.x - a.x, vy = p.y - a.y;
  const float length = ux * ux + uy * uy;
  const float t = length > 0 ? std::clamp((vx * ux + vy * uy) / length, 0.0f, 1.0f) : 0.0f;
  const float dx = vx - t * ux, dy = vy - t * uy;
  return dx * dx + dy * dy;
}

// Near normal, mean 0, std 1, from the four bytes of one draw: noise a pixel has to be cheap.
float CheapNormal(RandomStream& stream) {
  const std::uint32_t word = stream.NextU32();
  const std::uint32_t sum = (word & 255) + (word >> 8 & 255) + (word >> 16 & 255) + (word >> 24);
  return (static_cast<float>(sum) - 510.0f) / 147.8f;
}

void DrawDigit(RandomStream& stream, std::int64_t digit, std::span<std::uint8_t> out, std::uint32_t size) {
  const std::vector<Point> points = Bend(kGlyphs[static_cast<std::size_t>(digit)], stream);
  const float pen = Between(stream, .030f, .065f), ink = Between(stream, .65f, 1.0f),
              noise = Between(stream, .03f, .14f);
  const float edge = 1.0f / static_cast<float>(size);  // the pen's soft rim is a pixel wide
  for (std::uint32_t row = 0; row < size; ++row) {
    for (std::uint32_t column = 0; column < size; ++column) {
      const Point pixel{(static_cast<float>(column) + .5f) * edge, (static_cast<float>(row) + .5f) * edge};
      float nearest = std::numeric_limits<float>::max();
      for (std::size_t i = 1; i < points.size(); ++i) {
        nearest = std::min(nearest, SquaredDistance(pixel, points[i - 1], points[i]));
      }
      const float cover = std::clamp((pen + edge - std::sqrt(nearest)) / edge, 0.0f, 1.0f);
      const float value = ink * cover + noise * CheapNormal(stream);
      out[row * size + column] =
          static_cast<std::uint8_t>(std::lround(255.0f * std::clamp(value, 0.0f, 1.0f)));
    }
  }
}

RandomStream OpenRow(std::uint64_t seed, std::uint32_t row) {
  return SeededRandom(seed).Open({Purpose::kMadeData, row, 0, 0});
}

}  // namespace

std::unique_ptr<ExampleSource> MadeDigits(std::uint64_t seed, std::uint32_t rows, std::uint32_t size,
                                          std::uint32_t first_row) {
  CAIRN_CHECK(size >= 8 && size <= 256, "a made digit is 8 to 256 pixels wide");
  const std::size_t width = std::size_t{size} * size;
  std::vector<std::uint8_t> pixels(rows * width);
  std::vector<std::int64_t> labels(rows);
  for (std::uint32_t row = 0; row < rows; ++row) {
    RandomStream stream = OpenRow(seed, first_row + row);
    labels[row] = static_cast<std::int64_t>(stream.Below(kGlyphs.size()));
    DrawDigit(stream, labels[row], std::span(pixels).subspan(row * width, width), size);
  }
  return ImageSource::Make({{1, size, size}}, std::move(pixels), std::move(labels), 10, {});
}

std::unique_ptr<ExampleSource> MadeBlobs(std::uint64_t seed, std::uint32_t rows, std::uint32_t features,
                                         std::uint32_t classes, double separation, std::uint32_t first_row) {
  CAIRN_CHECK(features >= 1 && classes >= 2, "blobs have a feature and two classes");
  RandomStream centre_stream = SeededRandom(seed).Open({Purpose::kMadeData, 0, 0, 1});
  std::vector<double> centres(std::size_t{features} * classes);
  for (double& centre : centres) centre = separation * centre_stream.Normal();
  std::vector<float> values;
  std::vector<std::int64_t> labels(rows);
  values.reserve(std::size_t{rows} * features);
  for (std::uint32_t row = 0; row < rows; ++row) {
    RandomStream stream = OpenRow(seed, first_row + row);
    const std::uint64_t label = stream.Below(classes);
    labels[row] = static_cast<std::int64_t>(label);
    for (std::uint32_t i = 0; i < features; ++i) {
      values.push_back(static_cast<float>(centres[label * features + i] + stream.Normal()));
    }
  }
  return TableSource::WithLabels({{features}}, std::move(values), std::move(labels), classes);
}

}  // namespace cairn
