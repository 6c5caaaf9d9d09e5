#include "client/agent/agent_store.h"

#include <gtest/gtest.h>

#include <fstream>

#include "client/agent/file_agent_storage.h"
#include "client/agent/memory_agent_storage.h"
#include "core/runtime/files.h"
#include "privacy/secagg/shared/terms.h"
#include "protocol/messages/blob_ref.h"
#include "tests/unit/client/agent/driver_world.h"

namespace cairn {
namespace {

// Opens the same bytes again and again: each Open is a restart.
class StoreMedium {
 public:
  virtual ~StoreMedium() = default;
  virtual std::unique_ptr<AgentStorage> Open() = 0;
  virtual void DamageReports() = 0;
  virtual std::size_t ReportCount() = 0;
  virtual std::vector<std::byte> Evidence(RoundKey key) = 0;  // empty: none
};

class MemoryMedium final : public StoreMedium {
 public:
  std::unique_ptr<AgentStorage> Open() override { return std::make_unique<MemoryAgentStorage>(memory_); }
  void DamageReports() override {
    for (auto& [key, bytes] : memory_->reports) bytes.back() ^= std::byte{1};
  }
  std::size_t ReportCount() override { return memory_->reports.size(); }
  std::vector<std::byte> Evidence(RoundKey key) override { return memory_->evidence[key]; }

 private:
  std::shared_ptr<MemoryAgentStorage::Memory> memory_ = std::make_shared<MemoryAgentStorage::Memory>();
};

class FileMedium final : public StoreMedium {
 public:
  std::unique_ptr<AgentStorage> Open() override {
    return std::move(FileAgentStorage::Create(folder_.path())).value();
  }
  void DamageReports() override {
    for (const auto& file : std::filesystem::directory_iterator(folder_.path() / "reports")) {
      std::fstream stream(file.path(), std::ios::in | std::ios::out | std::ios::binary);
      stream.seekp(-1, std::ios::end);
      stream.put('\x7f');
    }
  }
  std::size_t ReportCount() override {
    const std::filesystem::directory_iterator reports(folder_.path() / "reports");
    return static_cast<std::size_t>(std::distance(begin(reports), end(reports)));
  }
  std::vector<std::byte> Evidence(RoundKey key) override {
    const auto text = ReadFile(FileAgentStorage::EvidencePath(folder_.path(), key), 1 << 20);
    if (!text.ok()) return {};
    const auto bytes = AsBytes(*text);
    return {bytes.begin(), bytes.end()};
  }

 private:
  TempFolder folder_ = std::move(TempFolder::Create(testing::TempDir())).value();
};

using MakeMedium = std::unique_ptr<StoreMedium> (*)();

class AgentStoreTest : public testing::TestWithParam<MakeMedium> {
 protected:
  void Restart() {
    store_.reset();
    auto opened = AgentStore::Open(medium_->Open(), {EgressGuard::Limits{}, "agg:1"}, clock_);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    store_ = std::move(*opened);
  }
  void SetUp() override { Restart(); }
  Status Seal(RoundKey key) {
    return store_->Apply(ReportSealed{std::make_shared<SealedReport>(Sealed(key))});
  }

  ManualWallClock clock_;
  std::unique_ptr<StoreMedium> medium_ = GetParam()();
  std::unique_ptr<AgentStore> store_;
};

TEST_P(AgentStoreTest, SealedReportSurvivesARestart) {
  ASSERT_TRUE(Seal(KeyOf(1)).ok());
  Restart();
  const AgentSnapshot snapshot = store_->Load();
  ASSERT_EQ(snapshot.reports.size(), 1u);
  EXPECT_EQ(snapshot.reports[0]->content().key, KeyOf(1));
  EXPECT_EQ(snapshot.reports[0]->content().examples, 100);
}

TEST_P(AgentStoreTest, ReportSpooledBeforehandIsTheSame) {
  const auto report = std::make_shared<SealedReport>(Sealed(KeyOf(1)));
  ASSERT_TRUE(store_->Spool(*report).ok());
  ASSERT_TRUE(store_->Apply(ReportSealed{report}).ok());
  Restart();
  EXPECT_EQ(store_->Load().reports.size(), 1u);
}

TEST_P(AgentStoreTest, ReleasedReportIsGone) {
  ASSERT_TRUE(Seal(KeyOf(1)).ok());
  ASSERT_TRUE(store_->Apply(ReportReleased{KeyOf(1)}).ok());
  EXPECT_EQ(medium_->ReportCount(), 0u);
  Restart();
  EXPECT_TRUE(store_->Load().reports.empty());
}

TEST_P(AgentStoreTest, SpooledReportWithoutRecordIsSweptAwayAtTheNextStart) {
  ASSERT_TRUE(store_->Spool(Sealed(KeyOf(1))).ok());
  EXPECT_EQ(medium_->ReportCount(), 1u);
  Restart();
  EXPECT_EQ(medium_->ReportCount(), 0u);
  EXPECT_TRUE(store_->Load().reports.empty());
}

TEST_P(AgentStoreTest, DiscardForgetsWhatWasSpooledButNotWhatWasRecorded) {
  ASSERT_TRUE(Seal(KeyOf(1)).ok());
  ASSERT_TRUE(store_->Spool(Sealed(KeyOf(2))).ok());
  store_->Discard(KeyOf(1));
  store_->Discard(KeyOf(2));
  EXPECT_EQ(medium_->ReportCount(), 1u);
  EXPECT_EQ(store_->Load().reports.size(), 1u);
}

TEST_P(AgentStoreTest, DamagedReportIsNotUsed) {
  ASSERT_TRUE(Seal(KeyOf(1)).ok());
  medium_->DamageReports();
  Restart();
  EXPECT_TRUE(store_->Load().reports.empty());
}

TEST_P(AgentStoreTest, DecisionsSurviveARestart) {
  const JobApproval approval{"d1", "cardio", ApprovalDecision::kApproved, "uid 7"};
  ASSERT_TRUE(store_->Apply(approval).ok());
  Restart();
  ASSERT_EQ(store_->Load().approvals.size(), 1u);
  EXPECT_EQ(store_->Load().approvals[0], approval);
}

TEST_P(AgentStoreTest, WhatLeftIsRecordedWithItsHashAndDestination) {
  ASSERT_TRUE(Seal(KeyOf(4)).ok());
  Restart();
  const auto left = store_->EgressSince({});
  ASSERT_EQ(left.size(), 1u);
  const auto& egress = std::get<EgressEntry>(left[0].body);
  EXPECT_EQ(egress.key, KeyOf(4));
  EXPECT_EQ(egress.bytes, SmallLayout().byte_size());
  EXPECT_EQ(egress.object.size, SmallLayout().byte_size());
  EXPECT_EQ(egress.destination, "agg:1");
  EXPECT_FALSE(egress.is_masked);
  EXPECT_EQ(left[0].time, std::chrono::floor<std::chrono::milliseconds>(clock_.now));
}

TEST_P(AgentStoreTest, AnswersAreRecorded) {
  EXPECT_TRUE(store_->Apply(JobAnswered{JobId{1}, "d1", JobAnswer::kAccept, {}}).ok());
  Restart();
  EXPECT_TRUE(store_->Load().approvals.empty());  // an answer is no person's decision
}

TEST_P(AgentStoreTest, StoppedJobAndItsEvidenceSurviveARestart) {
  const auto evidence = std::make_shared<const secagg::Contradiction>(FakeContradiction());
  ASSERT_TRUE(store_->Apply(ContradictionFound{KeyOf(3, 2), "d1", evidence}).ok());
  Restart();
  const AgentSnapshot snapshot = store_->Load();
  ASSERT_EQ(snapshot.stopped.size(), 1u);
  EXPECT_EQ(snapshot.stopped[0].key, KeyOf(3, 2));
  EXPECT_EQ(snapshot.stopped[0].digest, "d1");
  const std::vector<std::byte> file = medium_->Evidence(KeyOf(3, 2));
  EXPECT_EQ(snapshot.stopped[0].evidence, BlobRefOf(file));
  const auto read = secagg::DecodeContradiction(file);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, *evidence);
}

TEST_P(AgentStoreTest, EvidenceIsKeptOfSoManyJobsAndTheOthersAreStoppedAllTheSame) {
  const auto evidence = std::make_shared<const secagg::Contradiction>(FakeContradiction());
  for (std::uint64_t job = 1; job <= AgentStore::kMostEvidence + 1; ++job)
    ASSERT_TRUE(store_->Apply(ContradictionFound{KeyOf(1, 1, job), std::to_string(job), evidence}).ok());
  const AgentSnapshot snapshot = store_->Load();
  ASSERT_EQ(snapshot.stopped.size(), AgentStore::kMostEvidence + 1);
  EXPECT_GT(snapshot.stopped[AgentStore::kMostEvidence - 1].evidence.size, 0u);
  EXPECT_EQ(snapshot.stopped[AgentStore::kMostEvidence].evidence.size, 0u);
  EXPECT_TRUE(medium_->Evidence(KeyOf(1, 1, AgentStore::kMostEvidence + 1)).empty());
}

INSTANTIATE_TEST_SUITE_P(Memory, AgentStoreTest, testing::Values(+[]() -> std::unique_ptr<StoreMedium> {
                           return std::make_unique<MemoryMedium>();
                         }));
INSTANTIATE_TEST_SUITE_P(File, AgentStoreTest, testing::Values(+[]() -> std::unique_ptr<StoreMedium> {
                           return std::make_unique<FileMedium>();
                         }));

class FileAgentStorageTest : public testing::Test {
 protected:
  Result<std::unique_ptr<AgentStore>> Open() {
    auto storage = FileAgentStorage::Create(folder_.path());
    if (!storage.ok()) return storage.status();
    return AgentStore::Open(std::move(*storage), {EgressGuard::Limits{}, "agg:1"}, clock_);
  }
  ManualWallClock clock_;
  TempFolder folder_ = std::move(TempFolder::Create(testing::TempDir())).value();
};

TEST_F(FileAgentStorageTest, SecondProcessIsRefused) {
  const auto first = Open();
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(Open().status().id(), errors::kStorageLocked);
}

TEST_F(FileAgentStorageTest, FlippedByteInTheLogStopsTheStart) {
  {
    const auto store = Open();
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(
          (*store)->Apply(JobApproval{"d" + std::to_string(i), "job", ApprovalDecision::kApproved}).ok());
    }
  }
  const auto path = folder_.path() / "agent.log";
  const auto size = std::filesystem::file_size(path);
  {
    std::fstream stream(path, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(static_cast<std::streamoff>(size / 2));
    stream.put('\x7f');
  }
  EXPECT_EQ(Open().status().id(), errors::kStorageCorrupt);
}

TEST_F(FileAgentStorageTest, StrangeFilesAmongTheReportsAreLeftAlone) {
  { ASSERT_TRUE(Open().ok()); }
  for (const char* name : {"notes.txt", "1-2.report", "1-2-3.report.tmp", "x-2-3.report"}) {
    std::ofstream(folder_.path() / "reports" / name) << "x";
  }
  ASSERT_TRUE(Open().ok());
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "reports" / "notes.txt"));
  EXPECT_TRUE(std::filesystem::exists(folder_.path() / "reports" / "1-2.report"));
}

}  // namespace
}  // namespace cairn
