#include <gtest/gtest.h>

#include "loopback.h"
#include "protocol/messages/blob_ref.h"
#include "raw_site.h"

namespace cairn {
namespace {

constexpr JobId kJob{7};

class GrpcHostileTest : public testing::Test {
 protected:
  GrpcHostileTest() : files_(loopback_.Member("site-a")), server_(loopback_.NewServer()), bytes_(4000) {
    catalog_.specs[kJob] = VectorSpec(1000);
    EXPECT_TRUE(server_->Start(aggregator_, catalog_).ok());
  }
  DialTarget Aggregator() const { return {{"127.0.0.1", server_->port()}, "heartnet", files_}; }
  Report ReportOf() const {
    Report report;
    report.key = {kJob, {1}, 1};
    report.layout_hash = LayoutOf(catalog_.specs.at(kJob)).hash;
    report.update = std::make_shared<TestUpdate>(catalog_.specs.at(kJob), 0.0f, 0.0f);
    return report;
  }

  Loopback loopback_;
  TestCatalog catalog_;
  RecordingServer aggregator_;
  TlsFiles files_;
  std::unique_ptr<GrpcServer> server_;
  std::vector<std::byte> bytes_;
};

TEST_F(GrpcHostileTest, ChunkWithAWrongChecksumIsCountedAndAskedForAgain) {
  const BlobRef ref = BlobRefOf(bytes_);
  RawSite site(Aggregator());
  site.Say(HelloOf("site-a"));
  site.Offer(ref, kJob);
  EXPECT_EQ(site.Read()->resume_at().offset(), 0u);
  site.SendChunk(ref, bytes_, 1);
  const auto again = site.Read();
  ASSERT_TRUE(again->has_resume_at());
  EXPECT_EQ(again->resume_at().offset(), 0u);
  EXPECT_EQ(server_->counters().corrupt_chunks, 1u);
  site.SendChunk(ref, bytes_);
  EXPECT_TRUE(site.Read()->has_done());
}

TEST_F(GrpcHostileTest, ObjectWithAWrongHashIsCountedAndItsReportIsAFault) {
  BlobRef ref = BlobRefOf(bytes_);
  ref.sha256[0] ^= std::byte{1};
  RawSite site(Aggregator());
  site.Say(HelloOf("site-a"));
  site.Offer(ref, kJob);
  EXPECT_TRUE(site.Read()->has_resume_at());
  site.SendChunk(ref, bytes_);
  const auto answer = site.Read();
  ASSERT_TRUE(answer->has_unavailable());
  EXPECT_EQ(answer->unavailable().fault().id(), errors::kNetProtocol.value);
  EXPECT_EQ(server_->counters().bad_objects, 1u);
  site.Say(ReportOf(), {.ref = ref, .scale = 1, .weight = 1});
  ASSERT_TRUE(aggregator_.AwaitMessages(2));
  EXPECT_EQ(std::get<Report>(aggregator_.messages[1]).fault.id(), errors::kNetProtocol);
}

TEST_F(GrpcHostileTest, ReportOfAnUpdateNeverSentIsAFault) {
  RawSite site(Aggregator());
  site.Say(HelloOf("site-a"));
  site.Say(ReportOf(), {.ref = BlobRefOf(bytes_), .scale = 1, .weight = 1});
  ASSERT_TRUE(aggregator_.AwaitMessages(2));
  EXPECT_EQ(std::get<Report>(aggregator_.messages[1]).update, nullptr);
  EXPECT_EQ(std::get<Report>(aggregator_.messages[1]).fault.id(), errors::kNetProtocol);
}

TEST_F(GrpcHostileTest, OfferForAnUnknownJobIsRefused) {
  RawSite site(Aggregator());
  site.Say(HelloOf("site-a"));
  site.Offer(BlobRefOf(bytes_), {99});
  EXPECT_TRUE(site.Read()->has_unavailable());
}

TEST_F(GrpcHostileTest, FirstMessageMustBeAHello) {
  RawSite site(Aggregator());
  site.Say(Heartbeat{});
  const auto refusal = site.ReadRefusal();
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->reason_id, errors::kNetProtocol.value);
  EXPECT_TRUE(aggregator_.messages.empty());
}

TEST_F(GrpcHostileTest, FifthFaultEndsTheSessionAndKeepsTheSiteOut) {
  {
    RawSite site(Aggregator());
    site.Say(HelloOf("site-a"));
    v1::ClientFrame rubbish;
    rubbish.set_control("\xff\xff\xff");
    for (int i = 0; i < 5; ++i) site.Write(rubbish);
    ASSERT_TRUE(site.ReadRefusal().has_value());
  }
  ASSERT_TRUE(aggregator_.AwaitClosed(1));
  EXPECT_EQ(aggregator_.closed[0].second.id(), errors::kNetProtocol);
  EXPECT_EQ(server_->counters().faults, 5u);
  const auto refusal = RawSite(Aggregator()).ReadRefusal();
  ASSERT_TRUE(refusal.has_value());
  EXPECT_NE(refusal->reason.find("ten minutes"), std::string::npos);
  EXPECT_EQ(aggregator_.opened.size(), 1u);
}

TEST_F(GrpcHostileTest, FrameAboveFourMegabytesEndsTheCall) {
  RawSite site(Aggregator());
  site.Say(HelloOf("site-a"));
  v1::ClientFrame frame;
  frame.set_control(std::string(5 << 20, 'x'));
  site.Write(frame);
  while (site.Read()) {
  }
  ASSERT_TRUE(aggregator_.AwaitClosed(1));
}

}  // namespace
}  // namespace cairn
