#include "protocol/messages/work_codec.h"

#include <gtest/gtest.h>

#include <limits>

#include "message_maker.h"

namespace cairn {
namespace {

TEST(WorkCodecTest, RequestComesBackEqualButForItsModel) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    const WorkRequest request = MessageMaker(seed).Work();
    const std::string bytes = EncodeWorkRequest(request);
    auto decoded = DecodeWorkRequest(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
    EXPECT_EQ(decoded->model, request.model->ref);
    EXPECT_EQ(decoded->request.train, request.train);
    EXPECT_EQ(decoded->request.manifest->spec, request.manifest->spec);
    decoded->request.model = request.model;
    EXPECT_EQ(EncodeWorkRequest(decoded->request), bytes);
  }
}

TEST(WorkCodecTest, PrivateRoundComesBackAsItWasCharged) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    const WorkRequest request = MessageMaker(seed).PrivateWork();
    auto decoded = DecodeWorkRequest(EncodeWorkRequest(request));
    ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
    EXPECT_EQ(decoded->request.privacy, request.privacy);
    EXPECT_EQ(decoded->request.manifest->spec, request.manifest->spec);
  }
}

TEST(WorkCodecTest, PrivateRoundThatLostItsTermsIsRefusedRatherThanTrainedInTheClear) {
  WorkRequest request = MessageMaker(3).PrivateWork();
  request.privacy.reset();
  EXPECT_EQ(DecodeWorkRequest(EncodeWorkRequest(request)).status().id(), errors::kWorkerProtocol);
  WorkRequest open = MessageMaker(3).Work();
  open.privacy = PrivateTraining{.sampling_rate = 1, .steps = 1};
  EXPECT_EQ(DecodeWorkRequest(EncodeWorkRequest(open)).status().id(), errors::kWorkerProtocol);
}

TEST(WorkCodecTest, TermsNoWorkerCouldTrainByAreRefused) {
  const auto refused = [](auto&& change) {
    WorkRequest request = MessageMaker(3).PrivateWork();
    change(*request.privacy);
    return DecodeWorkRequest(EncodeWorkRequest(request)).status().id() == errors::kWorkerProtocol;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(refused([&](PrivateTraining& t) { t.clip = nan; }));
  EXPECT_TRUE(refused([](PrivateTraining& t) { t.clip = 0; }));
  EXPECT_TRUE(refused([&](PrivateTraining& t) { t.noise_multiplier = nan; }));
  EXPECT_TRUE(refused([](PrivateTraining& t) { t.noise_multiplier = -1; }));
  EXPECT_TRUE(refused([](PrivateTraining& t) { t.sampling_rate = 0; }));
  EXPECT_TRUE(refused([](PrivateTraining& t) { t.sampling_rate = (std::uint64_t{1} << 53) + 1; }));
  EXPECT_TRUE(refused([](PrivateTraining& t) { t.steps = 0; }));
  EXPECT_TRUE(refused([](PrivateTraining& t) { t.expected_lot = 0; }));
  EXPECT_TRUE(refused([](PrivateTraining& t) { t.expected_lot = (1 << 20) + 1; }));
}

TEST(WorkCodecTest, ResultNamesTheUpdateInSharedMemory) {
  WorkResult result;
  result.report = {.examples = 5, .steps = 10, .loss_first = 2, .loss_last = 1, .seconds = 0.5};
  const WorkUpdateTerms terms{.bytes = 400, .layout_hash = 7, .scale = 0.5f, .weight = 0.25};
  const auto decoded = DecodeWorkResult(EncodeWorkResult(result, terms));
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_EQ(decoded->update, terms);
  EXPECT_EQ(decoded->result.report.steps, 10);
  EXPECT_EQ(decoded->result.report.loss_last, 1);
  EXPECT_FALSE(DecodeWorkResult(EncodeWorkResult(result, std::nullopt))->update.has_value());
}

TEST(WorkCodecTest, ReadyProgressStopAndFailureComeBack) {
  EXPECT_EQ(DecodeWorkProgress(EncodeWorkProgress({17}))->steps_done, 17);
  EXPECT_TRUE(std::holds_alternative<StopWork>(*DecodeWorkerFrame(EncodeStopWork())));
  const auto ready = DecodeWorkerFrame(EncodeWorkerReady({"cairn 0.1.0", {"seccomp", "landlock:3"}}));
  EXPECT_EQ(std::get<WorkerReady>(*ready).confinement, (std::vector<std::string>{"seccomp", "landlock:3"}));
  const auto failed = DecodeWorkerFrame(EncodeWorkFailed(Status(errors::kWorkerMemory, "used 3 GB")));
  EXPECT_EQ(std::get<WorkFailed>(*failed).status.id(), errors::kWorkerMemory);
  EXPECT_EQ(std::get<WorkFailed>(*failed).status.what(), "used 3 GB");
}

TEST(WorkCodecTest, FailureNeverReadsAsSuccess) {
  const auto failed = DecodeWorkerFrame(EncodeWorkFailed(Status(ErrorId{9}, "an id of the future")));
  ASSERT_TRUE(failed.ok());
  EXPECT_FALSE(std::get<WorkFailed>(*failed).status.ok());
}

TEST(WorkCodecTest, AnotherKindOfFrameIsRefused) {
  const auto result = DecodeWorkResult(EncodeWorkProgress({1}));
  EXPECT_EQ(result.status().id(), errors::kWorkerProtocol);
}

TEST(WorkCodecTest, RubbishIsTheWorkersFault) {
  EXPECT_EQ(DecodeWorkerFrame("\xff\xff\xff").status().id(), errors::kWorkerProtocol);
  EXPECT_EQ(DecodeWorkProgress(EncodeWorkProgress({-1})).status().id(), errors::kWorkerProtocol);
}

}  // namespace
}  // namespace cairn
