#include "simulation/report/svg_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulation/report/html.h"

namespace cairn {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

TEST(SvgPlotTest, TicksAreRoundNumbersThatCoverTheRange) {
  EXPECT_THAT(NiceTicks(0, 1, 5),
              ElementsAre(DoubleNear(0, 1e-9), DoubleNear(0.2, 1e-9), DoubleNear(0.4, 1e-9),
                          DoubleNear(0.6, 1e-9), DoubleNear(0.8, 1e-9), DoubleNear(1, 1e-9)));
  for (const auto& [low, high] : {std::pair{0.31, 0.94}, {-3.0, 1e6}, {5.0, 5.0}, {0.0, 0.0}, {1e-9, 2e-9}}) {
    const std::vector<double> ticks = NiceTicks(low, high, 5);
    ASSERT_GE(ticks.size(), 2u);
    EXPECT_LE(ticks.size(), 8u);
    EXPECT_LE(ticks.front(), low + 1e-12);
    EXPECT_GE(ticks.back(), high - 1e-12);
  }
}

TEST(SvgPlotTest, EveryPointCarriesItsValueAsATitle) {
  const Plot plot{"loss", "round", {{"loss", {{1, 0.5}, {2, 0.25}}}}, true, false};
  const std::string svg = RenderPlot(plot);
  EXPECT_NE(svg.find("<title>loss, round 2: 0.25</title>"), std::string::npos) << svg;
}

TEST(SvgPlotTest, ShareIsNeverMarkedAboveOne) {
  Plot plot{"accuracy", "round", {{"accuracy", {{1, 1.0}, {2, 1.0}}}}, false, false};
  EXPECT_NE(RenderPlot(plot).find(">1.05<"), std::string::npos);
  plot.y_most = 1;
  EXPECT_EQ(RenderPlot(plot).find(">1.05<"), std::string::npos);
  EXPECT_NE(RenderPlot(plot).find(">1<"), std::string::npos);
}

TEST(SvgPlotTest, NoPointsIsSaidInWords) {
  EXPECT_NE(RenderPlot({"loss", "round", {{"loss", {}}}, true, false}).find("not measured yet"),
            std::string::npos);
}

TEST(SvgPlotTest, TallestBarIsTheLargestCount) {
  const std::string svg = RenderBars({0, 5, 10}, {"a", "b", "c"});
  EXPECT_NE(svg.find("height=24.0><title>c: 10<"), std::string::npos) << svg;
  EXPECT_NE(svg.find("class=zero"), std::string::npos);
}

TEST(HtmlTest, NothingCanStartATagOrEndAnAttribute) {
  EXPECT_EQ(EscapeHtml("<a b='c' d=\"e\">&\x1b"), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;\\x1b");
  EXPECT_EQ(EscapeHtml("a\nb\n"), "a\nb\n");
}

TEST(HtmlTest, ThousandsAreApart) {
  EXPECT_EQ(HtmlNumber(-1234567), "-1\u202f234\u202f567");
  EXPECT_EQ(HtmlNumber(12), "12");
}

}  // namespace
}  // namespace cairn
