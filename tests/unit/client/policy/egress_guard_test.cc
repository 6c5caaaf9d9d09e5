#include "client/policy/egress_guard.h"

#include <gtest/gtest.h>

#include <limits>
#include <type_traits>

#include "privacy/accounting/privacy_ledger.h"
#include "tests/testing/fake_update.h"

namespace cairn {
namespace {

static_assert(!std::is_default_constructible_v<SealedReport>);
static_assert(!std::is_constructible_v<SealedReport, Report, UpdateLayout>);
static_assert(!std::is_copy_constructible_v<SealedReport>);

const RoundKey kKey{JobId{1}, RoundId{2}, 3};

EgressClearance Clearance() { return EgressClearance::Open(JobManifest(), kKey).value(); }

UpdateLayout Layout() {
  return LayoutOf(*ParameterSpec::Create({{"w", {3}, Role::kParameter, Scope::kExchanged}}));
}

WorkResult Work(std::vector<float> values = {1, 2, 3}) {
  WorkResult work;
  work.report.examples = 50;
  work.update = std::make_shared<FakeUpdate>(std::move(values));
  work.metrics = MetricSums::ForClasses(2);
  work.metrics.rows = 10;
  return work;
}

ErrorId Refusal(EgressGuard::Limits limits, WorkResult work, RoundKind kind = RoundKind::kTrain) {
  return EgressGuard(limits).Seal(Clearance(), kind, std::move(work), Layout()).status().id();
}

// ---- private rounds

JobManifest PrivateManifest() {
  JobManifest manifest;
  manifest.spec.privacy = PrivacyTerms{};
  manifest.digest = std::string(64, 'a');
  return manifest;
}

ReleasePermit Permit(RoundKey key = kKey, const std::string& digest = std::string(64, 'a')) {
  const PrivacyConvention convention;
  const DomainTerms terms{{10, Delta::Create(1e-5).value()}, convention, AccountantKind::kRdp};
  const auto event =
      PrivacyEvent::Create({.mechanism = GaussianNoise{.noise_multiplier = 4}, .convention = convention})
          .value();
  return PrivacyLedger::InMemory({{"patients", terms}})
      ->Charge({{"patients", Sha256Digest::Parse(digest).value(), key.job, key.round, key.attempt}, event})
      .value();
}

TEST(EgressGuardTest, PrivateRoundHasNoClearanceWithoutAPermit) {
  EXPECT_EQ(EgressClearance::Open(PrivateManifest(), kKey).status().id(), errors::kInternal);
}

TEST(EgressGuardTest, PermitOfAnotherRoundOrJobClearsNothing) {
  const auto with = [](ReleasePermit permit) {
    return EgressClearance::Private(PrivateManifest(), kKey, 320, std::move(permit)).status().id();
  };
  EXPECT_EQ(with(Permit({JobId{1}, RoundId{3}, 3})), errors::kInternal);
  EXPECT_EQ(with(Permit({JobId{1}, RoundId{2}, 4})), errors::kInternal);
  EXPECT_EQ(with(Permit(kKey, std::string(64, 'b'))), errors::kInternal);
}

TEST(EgressGuardTest, OfAPrivateRoundNothingLeavesButTheUpdateAndAPublicNumber) {
  auto clearance = EgressClearance::Private(PrivateManifest(), kKey, 320, Permit()).value();
  const auto sealed = EgressGuard({}).Seal(std::move(clearance), RoundKind::kTrain, Work(), Layout());
  ASSERT_TRUE(sealed.ok()) << sealed.status().ToString();
  EXPECT_EQ(sealed->content().examples, 320);  // the worker said 50
  EXPECT_TRUE(sealed->content().metrics.empty());
  EXPECT_NE(sealed->content().update, nullptr);
}

TEST(EgressGuardTest, MetricsOfAPrivateRoundAloneAreRefused) {
  auto clearance = EgressClearance::Private(PrivateManifest(), kKey, 320, Permit()).value();
  EXPECT_EQ(EgressGuard({}).Seal(std::move(clearance), RoundKind::kEvaluate, Work(), Layout()).status().id(),
            errors::kPolicyMetrics);
}

TEST(EgressGuardTest, GoodWorkBecomesAReport) {
  const auto sealed = EgressGuard({}).Seal(Clearance(), RoundKind::kTrain, Work(), Layout());
  ASSERT_TRUE(sealed.ok()) << sealed.status().ToString();
  EXPECT_EQ(sealed->content().key, kKey);
  EXPECT_EQ(sealed->content().examples, 50);
  EXPECT_EQ(sealed->content().layout_hash, Layout().hash);
  EXPECT_EQ(sealed->content().metrics.rows, 10);
  EXPECT_GE(sealed->byte_size(), 12u);
}

TEST(EgressGuardTest, NumbersThatAreNotFiniteDoNotLeave) {
  EXPECT_EQ(Refusal({}, Work({1, std::numeric_limits<float>::quiet_NaN(), 3})), errors::kUpdateNotFinite);
  EXPECT_EQ(Refusal({}, Work({1, std::numeric_limits<float>::infinity(), 3})), errors::kUpdateNotFinite);
}

TEST(EgressGuardTest, NumbersOutsideTheExactRangeDoNotLeave) {
  EXPECT_EQ(Refusal({}, Work({1, 2 * kMaxParameterDelta, 3})), errors::kUpdateRange);
}

TEST(EgressGuardTest, AnotherShapeDoesNotLeave) {
  EXPECT_EQ(Refusal({}, Work({1, 2})), errors::kUpdateLayout);
  WorkResult none = Work();
  none.update.reset();
  EXPECT_EQ(Refusal({}, std::move(none)), errors::kUpdateLayout);
}

TEST(EgressGuardTest, UpdateOfTooFewRowsDoesNotLeave) {
  EXPECT_EQ(Refusal({.min_examples = 50}, Work()), ErrorId{});
  EXPECT_EQ(Refusal({.min_examples = 51}, Work()), errors::kPolicyFewExamples);
}

TEST(EgressGuardTest, MoreBytesThanTheCapDoNotLeave) {
  EXPECT_EQ(Refusal({.max_bytes = 12, .share_metrics = false}, Work()), ErrorId{});
  EXPECT_EQ(Refusal({.max_bytes = 11, .share_metrics = false}, Work()), errors::kPolicyUploadCap);
  EXPECT_EQ(Refusal({.max_bytes = 12}, Work()), errors::kPolicyUploadCap);  // metrics count too
}

TEST(EgressGuardTest, MetricsStayWhereTheSiteSharesNone) {
  const auto sealed =
      EgressGuard({.share_metrics = false}).Seal(Clearance(), RoundKind::kTrain, Work(), Layout());
  ASSERT_TRUE(sealed.ok());
  EXPECT_EQ(sealed->content().metrics, MetricSums{});
  EXPECT_EQ(Refusal({.share_metrics = false}, Work(), RoundKind::kEvaluate), errors::kPolicyMetrics);
}

TEST(EgressGuardTest, EvaluationCarriesNoUpdate) {
  const auto sealed = EgressGuard({}).Seal(Clearance(), RoundKind::kEvaluate, Work(), Layout());
  ASSERT_TRUE(sealed.ok());
  EXPECT_EQ(sealed->content().update, nullptr);
}

TEST(EgressGuardTest, ReportMadeForAnotherLayoutIsNotSealedAgain) {
  Report stored;
  stored.layout_hash = Layout().hash + 1;
  EXPECT_EQ(EgressGuard({}).Reseal(std::move(stored), Layout()).status().id(), errors::kUpdateLayout);
}

}  // namespace
}  // namespace cairn
