#include "aggregator/persistence/job_store.h"

#include <gtest/gtest.h>

#include <fstream>

#include "aggregator/persistence/high_water.h"
#include "aggregator/persistence/record_codec.h"
#include "core/runtime/files.h"
#include "protocol/messages/blob_ref.h"
#include "protocol/messages/manifest.h"

namespace cairn {
namespace {

class JobStoreTest : public testing::Test {
 protected:
  std::unique_ptr<JobStore> Open() {
    auto store = JobStore::Open(folder_.path());
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    return store.ok() ? std::move(*store) : nullptr;
  }

  static std::shared_ptr<const JobManifest> Manifest() {
    auto manifest = std::make_shared<JobManifest>();
    manifest->id = JobId{7};
    manifest->spec.name = "cardio";
    manifest->spec.model.arch = "linear";
    manifest->spec.data.dataset = "cardio";
    manifest->federation = "heartnet";
    manifest->submitter = "dr-lang";
    manifest->tensors = {{"w", {3}, Role::kParameter, Scope::kExchanged}};
    manifest->initial_model = Blob(12);
    manifest->digest = ComputeDigest(*manifest);
    return manifest;
  }
  static BlobRef Blob(std::uint64_t size) {
    BlobRef ref;
    ref.size = size;
    ref.sha256[0] = std::byte{42};
    return ref;
  }
  static RoundOpened Opened(std::uint64_t round) {
    return {{JobId{7}, RoundId{round}, 1}, RoundKind::kTrain, {ClientId{0}, ClientId{1}}, 2, 2, {}};
  }
  static RoundCommitted Committed(std::uint64_t round) {
    RoundCommitted body;
    body.summary.key = {JobId{7}, RoundId{round}, 1};
    body.summary.reported = {ClientId{0}, ClientId{1}};
    body.summary.invited = 2;
    body.summary.examples = 100;
    body.summary.metrics = MetricSums::ForClasses(2);
    const float logits[] = {0, 1.5f};
    AddRow(body.summary.metrics, logits, 1, 0.25);
    body.model = Blob(100 + round);
    body.server_state = Blob(5);
    return body;
  }
  void Begin(JobStore& store) {
    ASSERT_TRUE(store.Apply({JobId{7}, JobAccepted{Manifest()}}).ok());
    ASSERT_TRUE(store.Apply({JobId{7}, ParticipantFixed{ClientId{0}, "site-a"}}).ok());
    ASSERT_TRUE(store.Apply({JobId{7}, ParticipantFixed{ClientId{1}, "site-b"}}).ok());
    ASSERT_TRUE(store.Apply({JobId{7}, Opened(1)}).ok());
  }

  TempFolder folder_ = *TempFolder::Create(std::filesystem::temp_directory_path());
};

TEST_F(JobStoreTest, EveryRecordSurvivesAReopen) {
  auto store = Open();
  Begin(*store);
  ASSERT_TRUE(store->Apply({JobId{7}, Committed(1)}).ok());
  ASSERT_TRUE(store->Apply({JobId{7}, Opened(2)}).ok());
  store.reset();

  const auto snapshots = Open()->Load();
  ASSERT_TRUE(snapshots.ok()) << snapshots.status().ToString();
  ASSERT_EQ(snapshots->size(), 1u);
  const JobSnapshot& job = snapshots->front();
  EXPECT_EQ(job.manifest->digest, Manifest()->digest);
  EXPECT_EQ(job.manifest->spec, Manifest()->spec);
  EXPECT_EQ(job.participants, (std::vector<std::string>{"site-a", "site-b"}));
  ASSERT_EQ(job.committed.size(), 1u);
  EXPECT_EQ(job.committed[0].metrics, Committed(1).summary.metrics);
  EXPECT_EQ(job.committed[0].examples, 100);
  EXPECT_EQ(job.model, Blob(101));
  ASSERT_NE(job.open, nullptr);
  EXPECT_EQ(job.open->key.round, RoundId{2});
  EXPECT_EQ(job.open->invited.size(), 2u);
  EXPECT_EQ(job.closed, nullptr);
}

TEST_F(JobStoreTest, PausedJobStaysPausedOverAReopenUntilItIsResumed) {
  auto store = Open();
  Begin(*store);
  const RoundKey last{JobId{7}, RoundId{1}, 3};
  ASSERT_TRUE(store->Apply({JobId{7}, JobPaused{last, 6108, "too near"}}).ok());
  store.reset();
  store = Open();
  auto job = store->Load()->front();
  ASSERT_NE(job.paused, nullptr);
  EXPECT_EQ(job.paused->key, last);
  EXPECT_EQ(job.paused->reason_id, 6108);
  EXPECT_EQ(job.paused->reason, "too near");
  EXPECT_EQ(job.open, nullptr);
  EXPECT_FALSE(job.resumed.has_value());

  ASSERT_TRUE(store->Apply({JobId{7}, JobResumed{"uid 7"}}).ok());
  store.reset();
  job = Open()->Load()->front();
  EXPECT_EQ(job.paused, nullptr);
  EXPECT_EQ(job.resumed, last);
}

TEST_F(JobStoreTest, CommitClosesTheOpenRound) {
  auto store = Open();
  Begin(*store);
  ASSERT_NE(store->Load()->front().open, nullptr);
  ASSERT_TRUE(store->Apply({JobId{7}, Committed(1)}).ok());
  EXPECT_EQ(store->Load()->front().open, nullptr);
}

TEST_F(JobStoreTest, EndOfAJobIsKept) {
  auto store = Open();
  Begin(*store);
  ASSERT_TRUE(store->Apply({JobId{7}, JobClosed{JobOutcome::kFailed, 5106, "too few"}}).ok());
  const auto snapshots = store->Load();
  ASSERT_NE(snapshots->front().closed, nullptr);
  EXPECT_EQ(snapshots->front().closed->reason, "too few");
}

TEST_F(JobStoreTest, LostTailIsFoundAtTheNextStart) {
  auto store = Open();
  Begin(*store);
  store.reset();
  const auto kept = ReadFile(folder_.path() / "journal.mark", 1024);
  ASSERT_TRUE(WriteHighWater(folder_.path() / "journal.mark", {99, Sha256::Of("elsewhere")}).ok());
  const auto reopened = JobStore::Open(folder_.path());
  ASSERT_FALSE(reopened.ok());
  EXPECT_EQ(reopened.status().id(), errors::kStorageCorrupt);
}

// Its caller does the same work again under another attempt; a restart must not find both.
TEST_F(JobStoreTest, RecordWhoseMarkCouldNotBeWrittenIsReplacedByTheNext) {
  auto store = Open();
  Begin(*store);
  const auto mark = folder_.path() / "journal.mark";
  const std::string sound = *ReadFile(mark, 1024);
  std::filesystem::remove(mark);
  std::filesystem::create_directories(mark / "in the way");  // nothing can be renamed onto it
  EXPECT_FALSE(store->Apply({JobId{7}, Committed(1)}).ok());
  std::filesystem::remove_all(mark);
  ASSERT_TRUE(WriteFileAtomically(mark, std::string_view(sound)).ok());
  RoundCommitted again = Committed(1);
  again.summary.key.attempt = 2;
  ASSERT_TRUE(store->Apply({JobId{7}, again}).ok());
  EXPECT_EQ(store->records(), 5u);
  store.reset();
  const auto snapshots = Open()->Load();
  ASSERT_TRUE(snapshots.ok()) << snapshots.status().ToString();
  ASSERT_EQ(snapshots->front().committed.size(), 1u);
  EXPECT_EQ(snapshots->front().committed[0].key.attempt, 2u);
}

// Any byte of the closed database that is part of a record or its hash must not change unnoticed.
TEST_F(JobStoreTest, EditedRecordIsFoundAtTheNextStart) {
  auto store = Open();
  Begin(*store);
  store.reset();
  const auto path = folder_.path() / "journal.db";
  std::string bytes = *ReadFile(path, 1 << 24);
  const std::size_t at = bytes.find("site-b");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 5] = 'c';
  std::ofstream(path, std::ios::binary) << bytes;
  const auto reopened = JobStore::Open(folder_.path());
  ASSERT_FALSE(reopened.ok());
  EXPECT_EQ(reopened.status().id(), errors::kStorageCorrupt);
}

TEST_F(JobStoreTest, DamagedHighWaterFileIsFound) {
  auto store = Open();
  Begin(*store);
  store.reset();
  const auto path = folder_.path() / "journal.mark";
  const std::string sound = *ReadFile(path, 1024);
  for (std::size_t i = 0; i < sound.size(); ++i) {
    std::string bytes = sound;
    bytes[i] = static_cast<char>(bytes[i] ^ 1);
    std::ofstream(path, std::ios::binary) << bytes;
    EXPECT_FALSE(JobStore::Open(folder_.path()).ok()) << "byte " << i;
  }
}

TEST(RecordCodecTest, RefusesWhatItWouldNotWrite) {
  for (const char* text :
       {"", "{", "[]", "{}", R"({"job":1,"type":"party"})", R"({"job":-1,"type":"participant"})",
        R"({"job":1,"type":"participant","client":"x","site":"a"})",
        R"({"job":1,"type":"job-accepted","offer":"AAAA"})",
        R"({"job":1,"type":"job-closed","outcome":9,"reason_id":0,"reason":""})"}) {
    EXPECT_FALSE(DecodeRecord(text).ok()) << text;
  }
}

// A reason can quote the name of a file, which may be any bytes.
TEST(RecordCodecTest, KeepsARecordWhoseReasonIsNotUtf8) {
  const auto read =
      DecodeRecord(EncodeRecord({JobId{1}, JobClosed{JobOutcome::kFailed, 8101, "no \xff\xfe here"}}));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(std::get<JobClosed>(read->body).reason, "no \xEF\xBF\xBD\xEF\xBF\xBD here");
}

}  // namespace
}  // namespace cairn
