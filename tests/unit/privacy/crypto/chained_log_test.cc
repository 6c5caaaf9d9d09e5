#include "privacy/crypto/chained_log.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "privacy/crypto/private_file.h"
#include "tests/unit/privacy/crypto/scratch_folder.h"

namespace cairn {
namespace {

using Entries = std::vector<std::pair<std::uint16_t, std::string>>;

class ChainedLogTest : public testing::Test {
 protected:
  Result<std::unique_ptr<ChainedLog>> Open(Entries* seen = nullptr) const {
    return ChainedLog::Open(path, "journal", [seen](const LogRecord& record) {
      if (seen != nullptr) seen->emplace_back(record.type, std::string(AsText(record.payload)));
      return Status();
    });
  }
  // A log of three records, closed again.
  LogHead Fill() const {
    auto log = Open().value();
    LogHead head;
    for (const auto& [type, text] : kEntries) head = log->Append(type, AsBytes(text)).value();
    return head;
  }
  Bytes Read(const std::filesystem::path& file) const { return ReadPublicFile(file).value(); }
  void Write(const std::filesystem::path& file, std::span<const std::byte> bytes) const {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << AsText(bytes);
  }

  const Entries kEntries{{1, "one"}, {2, ""}, {7, std::string(300, 'x')}};
  ScratchFolder folder;
  std::filesystem::path path = folder / "journal", head_path = folder / "journal.head";
};

TEST_F(ChainedLogTest, RecordsComeBackInOrderAndTheChainGoesOn) {
  const LogHead head = Fill();
  EXPECT_EQ(head.sequence, 3u);
  Entries seen;
  {
    auto log = Open(&seen).value();
    EXPECT_EQ(seen, kEntries);
    EXPECT_EQ(log->head(), head);
    ASSERT_TRUE(log->Append(9, AsBytes("four")).ok());
  }
  EXPECT_EQ(Open().value()->head().sequence, 4u);
}

TEST_F(ChainedLogTest, EverySizeOfATornRecordIsCut) {
  const LogHead head = Fill();
  const Bytes before = Read(path), heads = Read(head_path);
  ASSERT_TRUE(Open().value()->Append(4, AsBytes("never acknowledged")).ok());
  const Bytes after = Read(path);
  for (std::size_t size = before.size(); size < after.size(); ++size) {
    Write(path, std::span(after).first(size));
    Write(head_path, heads);  // the crash came before the head was written
    Entries seen;
    auto log = Open(&seen);
    ASSERT_TRUE(log.ok()) << size << log.status().ToString();
    EXPECT_EQ((*log)->head(), head);
    EXPECT_EQ(seen, kEntries);
    log->reset();
    EXPECT_EQ(Read(path), before);
  }
}

TEST_F(ChainedLogTest, WholeRecordWithoutItsHeadIsKept) {
  Fill();
  const Bytes heads = Read(head_path);
  ASSERT_TRUE(Open().value()->Append(4, AsBytes("late")).ok());
  Write(head_path, heads);
  EXPECT_EQ(Open().value()->head().sequence, 4u);
}

TEST_F(ChainedLogTest, TwoCrashesWithinTheHeadLeaveALogThatOpens) {
  Fill();
  const auto append_and_tear_the_head = [&](const char* text) {
    const Bytes before = Read(head_path);
    ASSERT_TRUE(Open().value()->Append(4, AsBytes(text)).ok());
    Bytes torn = Read(head_path);
    for (std::size_t i = 0; i < torn.size(); ++i) {
      if (torn[i] != before[i]) torn[i] = std::byte{0};  // whichever slot was written
    }
    Write(head_path, torn);
  };
  append_and_tear_the_head("fourth");
  ASSERT_EQ(Open().value()->head().sequence, 4u);
  append_and_tear_the_head("fifth");
  const auto log = Open();
  ASSERT_TRUE(log.ok()) << log.status().ToString();
  EXPECT_EQ((*log)->head().sequence, 5u);
}

TEST_F(ChainedLogTest, AFlippedBitInAnyByteIsReportedOrHarmless) {
  const LogHead head = Fill();
  for (const auto& file : {path, head_path}) {
    const Bytes good = Read(file);
    for (std::size_t bit = 0; bit < good.size() * 8; bit += 7) {  // every byte, every place in it
      Bytes bad = good;
      bad[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
      Write(file, bad);
      Entries seen;
      const auto log = Open(&seen);
      if (log.ok()) {
        ASSERT_EQ((*log)->head(), head) << file << " bit " << bit;
        ASSERT_EQ(seen, kEntries);
        ASSERT_EQ(file, head_path) << "bit " << bit;  // one of its two slots
      } else {
        ASSERT_EQ(log.status().id(), errors::kStorageCorrupt);
      }
    }
    Write(file, good);
  }
}

TEST_F(ChainedLogTest, EveryTruncationOfAcknowledgedRecordsIsReported) {
  Fill();
  const Bytes good = Read(path);
  for (std::size_t size = 0; size < good.size(); ++size) {
    Write(path, std::span(good).first(size));
    ASSERT_EQ(Open().status().id(), errors::kStorageCorrupt) << size;
  }
}

TEST_F(ChainedLogTest, MissingFileOfThePairIsReported) {
  Fill();
  std::filesystem::rename(head_path, folder / "elsewhere");
  EXPECT_EQ(Open().status().id(), errors::kStorageCorrupt);
  std::filesystem::rename(folder / "elsewhere", head_path);
  std::filesystem::remove(path);
  const Status status = Open().status();
  EXPECT_EQ(status.id(), errors::kStorageCorrupt);
  EXPECT_NE(status.what().find("3 records were written"), std::string::npos) << status.what();
}

TEST_F(ChainedLogTest, RecordsSwappedBetweenLogsBreakTheChain) {
  Fill();
  const auto other = folder / "other";
  {
    auto log = ChainedLog::Open(other, "journal", [](const LogRecord&) { return Status(); }).value();
    for (const char* text : {"xne", "", "y"}) ASSERT_TRUE(log->Append(1, AsBytes(text)).ok());
  }
  Write(path, Read(other));
  EXPECT_EQ(Open().status().id(), errors::kStorageCorrupt);
  EXPECT_EQ(ChainedLog::Verify(other, "audit", [](const LogRecord&) { return Status(); }).status().id(),
            errors::kStorageCorrupt);
}

TEST_F(ChainedLogTest, SecondOpenerIsRefused) {
  const auto log = Open();
  ASSERT_TRUE(log.ok());
  EXPECT_EQ(Open().status().id(), errors::kStorageLocked);
}

TEST_F(ChainedLogTest, VerifyFindsARewrittenPastByItsAnchor) {
  const LogHead head = Fill();
  const auto ignore = [](const LogRecord&) { return Status(); };
  EXPECT_EQ(ChainedLog::Verify(path, "journal", ignore, head).value(), head);
  std::filesystem::remove(path);
  std::filesystem::remove(head_path);
  {
    auto log = Open().value();
    for (const char* text : {"won", "", "", ""}) ASSERT_TRUE(log->Append(1, AsBytes(text)).ok());
  }
  EXPECT_TRUE(ChainedLog::Verify(path, "journal", ignore).ok());
  EXPECT_EQ(ChainedLog::Verify(path, "journal", ignore, head).status().id(), errors::kStorageCorrupt);
}

TEST_F(ChainedLogTest, VisitorsErrorEndsTheWalk) {
  Fill();
  int calls = 0;
  const auto status = ChainedLog::Verify(path, "journal", [&calls](const LogRecord&) {
                        return ++calls == 2 ? Status(errors::kInternal, "enough") : Status();
                      }).status();
  EXPECT_EQ(status.what(), "enough");
  EXPECT_EQ(calls, 2);
}

TEST_F(ChainedLogTest, TooLargeARecordIsRefusedAndTheLogStaysUsable) {
  auto log = Open().value();
  EXPECT_EQ(log->Append(1, Bytes(ChainedLog::kMaxPayload + 1)).status().id(), errors::kStorageIo);
  EXPECT_TRUE(log->Append(1, AsBytes("small")).ok());
}

}  // namespace
}  // namespace cairn
