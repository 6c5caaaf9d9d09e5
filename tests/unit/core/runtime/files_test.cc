#include "core/runtime/files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <csignal>

#include <fstream>

#include "core/runtime/file_lock.h"
#include "core/runtime/io_error.h"

namespace cairn {
namespace {

class FilesTest : public testing::Test {
 protected:
  std::filesystem::path At(const char* name) const { return folder_.path() / name; }
  std::size_t CountFiles() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_.path()), {}));
  }
  static unsigned ModeOf(const std::filesystem::path& path) {
    struct stat info {};
    return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  }
  static std::span<const std::byte> BytesOf(std::string_view text) { return std::as_bytes(std::span(text)); }

  TempFolder folder_ = TempFolder::Create(std::filesystem::temp_directory_path()).value();
};

// Writes past so many bytes fail while it lives: a disk that fills up.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t bytes) {
    old_action_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_limit_);
    const rlimit small{bytes, old_limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallFiles() {
    setrlimit(RLIMIT_FSIZE, &old_limit_);
    std::signal(SIGXFSZ, old_action_);
  }

 private:
  rlimit old_limit_{};
  void (*old_action_)(int) = nullptr;
};

TEST_F(FilesTest, WhatIsWrittenAtomicallyIsReadBackWithItsMode) {
  ASSERT_TRUE(WriteFileAtomically(At("a"), std::string_view("one\0two", 7), 0640).ok());
  EXPECT_EQ(ReadFile(At("a"), 7).value(), std::string("one\0two", 7));
  EXPECT_EQ(ModeOf(At("a")), 0640u);
}

TEST_F(FilesTest, AtomicWriteReplacesTheWholeFileAndLeavesNothingBeside) {
  ASSERT_TRUE(WriteFileAtomically(At("a"), "a long first version").ok());
  ASSERT_TRUE(WriteFileAtomically(At("a"), "short").ok());
  EXPECT_EQ(ReadFile(At("a"), 100).value(), "short");
  EXPECT_EQ(CountFiles(), 1u);
}

TEST_F(FilesTest, AtomicWriteThatFailsHalfWayKeepsTheOldFile) {
  ASSERT_TRUE(WriteFileAtomically(At("a"), "old").ok());
  Status status;
  {
    const SmallFiles small(4096);
    status = WriteFileAtomically(At("a"), std::string(10000, 'x'));
  }
  EXPECT_EQ(status.id(), errors::kStorageIo);
  EXPECT_EQ(ReadFile(At("a"), 100).value(), "old");
  EXPECT_EQ(CountFiles(), 1u);
}

TEST_F(FilesTest, FileOverTheLimitIsRefusedNamingBothNumbers) {
  ASSERT_TRUE(WriteFileAtomically(At("a"), "12345").ok());
  const auto text = ReadFile(At("a"), 4);
  EXPECT_EQ(text.status().id(), errors::kStorageIo);
  EXPECT_NE(text.status().what().find("has 5 bytes, at most 4"), std::string::npos) << text.status().what();
}

TEST_F(FilesTest, FilesOfProcAreReadThoughTheySaySizeZero) {
  EXPECT_NE(ReadFile("/proc/self/status", 1 << 20).value().find("Threads:"), std::string::npos);
  EXPECT_FALSE(ReadFile("/proc/self/status", 10).ok());
}

TEST_F(FilesTest, MissingFileIsNotFoundAndFolderOrPipeIsRefused) {
  EXPECT_EQ(ReadFile(At("none"), 10).status().id(), errors::kNotFound);
  EXPECT_NE(ReadFile(At("none"), 10).status().what().find("none: No such file"), std::string::npos);
  EXPECT_EQ(ReadFile(folder_.path(), 10).status().id(), errors::kStorageIo);
  ASSERT_EQ(mkfifo(At("pipe").c_str(), 0600), 0);
  EXPECT_EQ(ReadFile(At("pipe"), 10).status().id(), errors::kStorageIo);  // and does not wait for a writer
}

TEST_F(FilesTest, FullDiskHasItsOwnError) {
  EXPECT_EQ(IoError("write", "/x", ENOSPC).id(), errors::kStorageFull);
  EXPECT_EQ(IoError("write", "/x", EDQUOT).id(), errors::kStorageFull);
  EXPECT_EQ(IoError("write", "/x", EIO).id(), errors::kStorageIo);
  EXPECT_EQ(WriteFileAtomically("/dev/full/x", "a").id(), errors::kNotFound);
  EXPECT_EQ(CheckFreeBytes(folder_.path(), ~std::uint64_t{0}).id(), errors::kStorageFull);
  EXPECT_TRUE(CheckFreeBytes(folder_.path(), 1).ok());
}

TEST_F(FilesTest, FoldersAreMadeWithTheirModeAndExistingOnesAreLeft) {
  ASSERT_TRUE(MakeFolders(At("a/b"), 0750).ok());
  EXPECT_EQ(ModeOf(At("a/b")), 0750u);
  ASSERT_TRUE(MakeFolders(At("a/b"), 0700).ok());
  EXPECT_EQ(ModeOf(At("a")), 0750u);
  ASSERT_TRUE(WriteFileAtomically(At("file"), "").ok());
  EXPECT_EQ(MakeFolders(At("file")).id(), errors::kStorageIo);
}

TEST_F(FilesTest, AppendFileGrowsAcrossOpensAndCutsATornTail) {
  {
    auto log = AppendFile::Open(At("log")).value();
    ASSERT_TRUE(log.Append(BytesOf("first ")).ok());
    ASSERT_TRUE(log.Sync().ok());
  }
  auto log = AppendFile::Open(At("log")).value();
  EXPECT_EQ(log.size(), 6u);
  ASSERT_TRUE(log.Append(BytesOf("torn")).ok());
  ASSERT_TRUE(log.Truncate(6).ok());
  ASSERT_TRUE(log.Append(BytesOf("second")).ok());
  EXPECT_EQ(ReadFile(At("log"), 100).value(), "first second");
}

TEST_F(FilesTest, AppendThatFailsHalfWayLeavesNoHalfRecord) {
  auto log = AppendFile::Open(At("log")).value();
  ASSERT_TRUE(log.Append(BytesOf("whole")).ok());
  {
    const SmallFiles small(8);
    EXPECT_FALSE(log.Append(BytesOf("too long for the rest")).ok());
  }
  EXPECT_EQ(log.size(), 5u);
  ASSERT_TRUE(log.Append(BytesOf("!")).ok());
  EXPECT_EQ(ReadFile(At("log"), 100).value(), "whole!");
}

TEST_F(FilesTest, TempFolderGoesWithAllItHolds) {
  std::filesystem::path path;
  {
    const auto temp = TempFolder::Create(folder_.path()).value();
    path = temp.path();
    ASSERT_TRUE(MakeFolders(path / "a/b").ok());
    EXPECT_EQ(ModeOf(path), 0700u);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(FilesTest, SecondLockIsRefusedUntilTheFirstIsGone) {
  {
    const auto first = FileLock::Acquire(At("lock"));
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(FileLock::Acquire(At("lock")).status().id(), errors::kStorageLocked);
    // Another descriptor of the file closing must not drop the lock, as it would a classic one.
    std::ifstream(At("lock")).close();
    EXPECT_EQ(FileLock::Acquire(At("lock")).status().id(), errors::kStorageLocked);
  }
  EXPECT_TRUE(FileLock::Acquire(At("lock")).ok());
}

}  // namespace
}  // namespace cairn
