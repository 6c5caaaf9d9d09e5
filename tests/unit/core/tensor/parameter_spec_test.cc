#include "core/tensor/parameter_spec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cairn {
namespace {

TensorSpec Parameter(std::string name, Shape shape, Scope scope = Scope::kExchanged) {
  return {std::move(name), std::move(shape), Role::kParameter, scope};
}

ParameterSpec MustCreate(std::vector<TensorSpec> tensors) {
  Result<ParameterSpec> spec = ParameterSpec::Create(std::move(tensors));
  EXPECT_TRUE(spec.ok()) << spec.status().ToString();
  return std::move(spec).value();
}

void ExpectRefused(std::vector<TensorSpec> tensors, const std::string& part) {
  const Result<ParameterSpec> spec = ParameterSpec::Create(std::move(tensors));
  ASSERT_FALSE(spec.ok());
  EXPECT_EQ(spec.status().id(), errors::kModelSpec);
  EXPECT_NE(spec.status().what().find(part), std::string::npos) << spec.status().what();
}

TEST(ParameterSpecTest, OrdersByRoleThenScopeThenAsGiven) {
  const ParameterSpec spec = MustCreate({{"steps", {}, Role::kCounter, Scope::kExchanged},
                                         Parameter("frozen", {2}, Scope::kLocal),
                                         {"mean", {3}, Role::kBuffer, Scope::kExchanged},
                                         Parameter("b", {4}),
                                         Parameter("a", {2, 3})});
  std::vector<std::string> names;
  for (const TensorSpec& tensor : spec.tensors()) names.push_back(tensor.name);
  EXPECT_EQ(names, (std::vector<std::string>{"b", "a", "frozen", "mean", "steps"}));
  EXPECT_EQ(spec.offset(1), 4);
  EXPECT_EQ(spec.offset(2), 10);
  EXPECT_EQ(spec.offset(3), 0);
  EXPECT_EQ(spec.total(Role::kParameter), 12);
  EXPECT_EQ(spec.exchanged(Role::kParameter), 10);
  EXPECT_EQ(spec.total(Role::kCounter), 1);
}

TEST(ParameterSpecTest, CountersLieOnTheirAlignmentBehindAnOddNumberOfFloats) {
  const ParameterSpec odd = MustCreate({Parameter("w", {3}), {"n", {2}, Role::kCounter, Scope::kExchanged}});
  EXPECT_EQ(odd.byte_size(), 12u + 4u + 16u);
  EXPECT_EQ(MustCreate({Parameter("w", {3})}).byte_size(), 12u);
  EXPECT_EQ(FlatBytes(4, 1), 24u);
}

TEST(ParameterSpecTest, FindsByNameAndAnswersSizeForUnknown) {
  const ParameterSpec spec = MustCreate({Parameter("b", {1}), Parameter("a", {1})});
  EXPECT_EQ(spec.Find("b"), 0u);
  EXPECT_EQ(spec.Find("a"), 1u);
  EXPECT_EQ(spec.Find("c"), 2u);
}

TEST(ParameterSpecTest, RefusesDuplicateNames) {
  ExpectRefused({Parameter("w", {1}), Parameter("w", {2})}, "\"w\"");
}
TEST(ParameterSpecTest, RefusesEmptyName) { ExpectRefused({Parameter("", {1})}, "is empty"); }
TEST(ParameterSpecTest, RefusesNegativeDimension) {
  ExpectRefused({Parameter("w", {2, -3})}, "dimension -3");
}
TEST(ParameterSpecTest, RefusesNineDimensions) {
  ExpectRefused({Parameter("w", Shape(9, 1))}, "9 dimensions");
}
TEST(ParameterSpecTest, RefusesNameOver256Bytes) {
  ExpectRefused({Parameter(std::string(257, 'w'), {1})}, "too long");
}
TEST(ParameterSpecTest, ShowsControlBytesOfANameAsHex) {
  ExpectRefused({Parameter("w\n\x1b[2J", {1})}, "w\\x0a\\x1b[2J");
}
TEST(ParameterSpecTest, RefusesNameThatIsNotUtf8) {
  ExpectRefused({Parameter("w\xed\xa0\x80", {1})}, "not UTF-8");
}
TEST(ParameterSpecTest, RefusesProductThatOverflows) {
  const std::int64_t huge = std::int64_t{1} << 62;
  ExpectRefused({Parameter("w", {huge, huge})}, "more than");
}
TEST(ParameterSpecTest, RefusesSumOverTheLimit) {
  const std::int64_t half = std::int64_t{1} << 35;
  ExpectRefused({Parameter("a", {half}), Parameter("b", {half}), Parameter("c", {1})},
                "the model has more than");
}

TEST(ParameterSpecTest, EmptyTensorMayHaveLargeOtherDimensions) {
  const std::int64_t huge = std::int64_t{1} << 62;
  const ParameterSpec spec = MustCreate({Parameter("w", {huge, huge, 0}), Parameter("s", {})});
  EXPECT_EQ(spec.total(Role::kParameter), 1);
}

TEST(ParameterSpecTest, LayoutHashIsAPublishedNumber) {
  // FNV-1a over "cairn-layout-1\n1:w 0 0 [2,3]\n4:mean 1 1 []\n", computed by an independent script.
  const ParameterSpec spec = MustCreate({Parameter("w", {2, 3}), {"mean", {}, Role::kBuffer, Scope::kLocal}});
  EXPECT_EQ(spec.layout_hash(), 0x8c60a33c6045a291ull) << std::hex << spec.layout_hash();
}

TEST(ParameterSpecTest, LayoutHashDependsOnNameShapeRoleAndScope) {
  const std::uint64_t hash = MustCreate({Parameter("w", {2, 3})}).layout_hash();
  EXPECT_NE(hash, MustCreate({Parameter("v", {2, 3})}).layout_hash());
  EXPECT_NE(hash, MustCreate({Parameter("w", {3, 2})}).layout_hash());
  EXPECT_NE(hash, MustCreate({Parameter("w", {2, 3}, Scope::kLocal)}).layout_hash());
  EXPECT_NE(hash, MustCreate({{"w", {2, 3}, Role::kBuffer, Scope::kExchanged}}).layout_hash());
  EXPECT_EQ(hash, MustCreate({Parameter("w", {2, 3})}).layout_hash());
}

TEST(WithLocalTest, MatchingTensorsMoveBehindTheExchangedOnes) {
  const ParameterSpec spec = MustCreate({Parameter("conv.weight", {4}), Parameter("head.weight", {2})});
  const std::vector<std::string> patterns = {"conv.*"};
  const Result<ParameterSpec> local = WithLocal(spec, patterns);
  ASSERT_TRUE(local.ok());
  EXPECT_EQ(local->exchanged(Role::kParameter), 2);
  EXPECT_EQ(local->tensors().front().name, "head.weight");
}

TEST(WithLocalTest, PatternWithoutMatchIsNamed) {
  const std::vector<std::string> patterns = {"conv*", "haed.*"};
  const Result<ParameterSpec> local = WithLocal(MustCreate({Parameter("conv", {1})}), patterns);
  ASSERT_FALSE(local.ok());
  EXPECT_NE(local.status().what().find("\"haed.*\""), std::string::npos);
}

TEST(GlobMatchTest, StarIsAnyRunAndQuestionMarkOneCharacter) {
  EXPECT_TRUE(GlobMatch("*", ""));
  EXPECT_TRUE(GlobMatch("layer*.bn?.*", "layer1.0.bn2.weight"));
  EXPECT_TRUE(GlobMatch("a*b*c", "aXbXbXc"));
  EXPECT_TRUE(GlobMatch("**", "abc"));
  EXPECT_FALSE(GlobMatch("a?", "a"));
  EXPECT_FALSE(GlobMatch("fc", "fc1"));
  EXPECT_FALSE(GlobMatch("", "a"));
  EXPECT_FALSE(GlobMatch(std::string(200, '*') + "b", std::string(200, 'a')));
}

}  // namespace
}  // namespace cairn
