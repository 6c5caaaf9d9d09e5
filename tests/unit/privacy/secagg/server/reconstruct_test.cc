#include "privacy/secagg/server/reconstruct.h"

#include <thread>

#include "tests/unit/privacy/secagg/liars.h"

namespace cairn::secagg {
namespace {

void PlayToAnswers(SecAggScript& script, const Members& lost) {
  script.Advertise();
  script.Share();
  script.Mask(Without(script.server->u2(), lost));
  script.Agree();
  script.Unmask();
}

TEST(ReconstructTest, ASelfMaskEachSurvivorAndAPairMaskEachLostNeighbour) {
  SecAggScript complete({.n = 8});
  PlayToAnswers(complete, {2, 5});
  const UnmaskWork work = *complete.server->CloseUnmasking();
  ASSERT_EQ(work.terms.size(), 6u + 2 * 6u);  // no mask is shared by two lost sites: neither is in the sum
  std::size_t added = 0;
  for (const UnmaskWork::Term& term : work.terms) added += !term.subtract;
  EXPECT_EQ(added, 4u + 2u) << "survivors above 2 and above 5 had subtracted";

  SecAggScript regular({.n = 20, .k = 8, .t = 6});
  PlayToAnswers(regular, {2});
  EXPECT_EQ(regular.server->CloseUnmasking().value().terms.size(), 19u + 8u);
}

TEST(ReconstructTest, LanesChangeNothing) {
  SecAggScript one({.n = 8}), other({.n = 8});
  PlayToAnswers(one, {2, 5});
  PlayToAnswers(other, {2, 5});
  const UnmaskWork a = *one.server->CloseUnmasking();
  const UnmaskWork b = *other.server->CloseUnmasking([](std::size_t n, const auto& body) {
    std::vector<std::jthread> lanes;
    for (std::size_t lane = 0; lane < 3; ++lane) {
      lanes.emplace_back([=, &body] {
        for (std::size_t i = lane; i < n; i += 3) body(n - 1 - i);
      });
    }
  });
  ASSERT_EQ(a.terms.size(), b.terms.size());
  for (std::size_t i = 0; i < a.terms.size(); ++i) {
    EXPECT_TRUE(a.terms[i].key == b.terms[i].key);
    EXPECT_EQ(a.terms[i].subtract, b.terms[i].subtract);
  }
}

TEST(ReconstructTest, MasksComeOffByRanges) {
  for (const Ring ring : {Ring::k32, Ring::k64}) {
    SecAggScript script({.n = 6, .ring = ring, .length = 44});
    PlayToAnswers(script, {3});
    const UnmaskWork work = *script.server->CloseUnmasking();
    std::vector<std::uint64_t> sum(script.terms.words(), 0);
    for (const Member m : script.server->u3()) script.Accumulate(script.masked[m], sum);
    if (ring == Ring::k64) {
      Unmask(work, 0, std::span(sum).first(20));
      Unmask(work, 20, std::span(sum).subspan(20));
    } else {
      std::vector<std::uint32_t> narrow(sum.begin(), sum.end());
      Unmask(work, 0, std::span(narrow).first(20));
      Unmask(work, 20, std::span(narrow).subspan(20));
      sum.assign(narrow.begin(), narrow.end());
    }
    EXPECT_EQ(sum, script.ExpectedSum());
  }
}

TEST(ReconstructTest, NobodyLostMeansSelfMasksOnly) {
  SecAggScript script({.n = 5});
  PlayToAnswers(script, {});
  const UnmaskWork work = *script.server->CloseUnmasking();
  EXPECT_EQ(work.terms.size(), 5u);
}

}  // namespace
}  // namespace cairn::secagg
