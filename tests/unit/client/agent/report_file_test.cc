#include "client/agent/report_file.h"

#include <gtest/gtest.h>

#include "protocol/messages/blob_ref.h"
#include "tests/unit/client/agent/agent_world.h"

namespace cairn {
namespace {

SealedReport WithMetrics() {
  WorkResult work = MakeWork({0.5f, -1.0f, 3.25f}, 77);
  work.metrics = MetricSums::ForClasses(2);
  work.metrics.rows = 5;
  work.metrics.confusion[1] = 4;
  work.metrics.loss_sum = -12;
  return std::move(EgressGuard({}).Seal(ClearanceOf(KeyOf(3, 2)), RoundKind::kTrain, std::move(work),
                                        SmallLayout()))
      .value();
}

TEST(ReportFileTest, ReportReadsBackAsItWasSealed) {
  const SealedReport sealed = WithMetrics();
  const ReportFile file = EncodeReport(sealed);
  const auto again = DecodeReport(file.bytes, EgressGuard({}));
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(again->content().key, KeyOf(3, 2));
  EXPECT_EQ(again->content().examples, 77);
  EXPECT_EQ(again->content().metrics, sealed.content().metrics);
  EXPECT_EQ(again->layout(), sealed.layout());
  const UpdateView view = again->content().update->view();
  EXPECT_EQ(std::vector<float>(view.local_parameters.begin(), view.local_parameters.end()),
            (std::vector<float>{0.5f, -1.0f, 3.25f}));
  EXPECT_EQ(view.weight, 0.5);
  EXPECT_EQ(EncodeReport(*again).file, file.file);
}

TEST(ReportFileTest, UpdateIsNamedAsItTravels) {
  const SealedReport sealed = WithMetrics();
  std::vector<std::byte> wire(SmallLayout().byte_size());
  MaterializeUpdate(sealed.content().update->view(), wire);
  EXPECT_EQ(EncodeReport(sealed).update, BlobRefOf(wire));
}

TEST(ReportFileTest, EvaluationHasNoUpdate) {
  const auto sealed =
      EgressGuard({}).Seal(ClearanceOf(KeyOf(1)), RoundKind::kEvaluate, MakeWork(), SmallLayout());
  const ReportFile file = EncodeReport(*sealed);
  EXPECT_EQ(file.update, file.file);
  const auto again = DecodeReport(file.bytes, EgressGuard({}));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->content().update, nullptr);
}

TEST(ReportFileTest, CutFilesAreRefused) {
  const ReportFile file = EncodeReport(WithMetrics());
  for (std::size_t size = 0; size < file.bytes.size(); size += 7) {
    EXPECT_EQ(DecodeReport(std::span(file.bytes).first(size), EgressGuard({})).status().id(),
              errors::kStorageCorrupt);
  }
}

TEST(ReportFileTest, FlippedBytesAreAnErrorOrAnotherReportNeverACrash) {
  const ReportFile file = EncodeReport(WithMetrics());
  for (std::size_t at = 0; at < file.bytes.size(); at += 5) {
    std::vector<std::byte> bytes = file.bytes;
    bytes[at] ^= std::byte{0xFF};
    (void)DecodeReport(bytes, EgressGuard({})).ok();
  }
}

TEST(ReportFileTest, StoredReportMustPassTheLimitsOfToday) {
  const ReportFile file = EncodeReport(WithMetrics());
  EXPECT_EQ(DecodeReport(file.bytes, EgressGuard({.min_examples = 78})).status().id(),
            errors::kPolicyFewExamples);
}

}  // namespace
}  // namespace cairn
