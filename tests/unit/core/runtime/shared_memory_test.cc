#include "core/runtime/shared_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "core/runtime/files.h"

namespace cairn {
namespace {

UniqueFd CopyOf(int fd) { return UniqueFd(dup(fd)); }

TEST(SharedMemoryTest, OtherSideSeesTheSealedBytes) {
  auto memory = SharedMemory::Create("model", 10000).value();
  std::memset(memory.bytes().data(), 7, memory.bytes().size());
  ASSERT_TRUE(memory.Seal().ok());
  const auto other = SharedMemory::Attach(CopyOf(memory.fd()), 10000, SharedMemory::Access::kRead);
  ASSERT_TRUE(other.ok()) << other.status().ToString();
  EXPECT_EQ(std::memcmp((*other).bytes().data(), memory.bytes().data(), 10000), 0);
}

TEST(SharedMemoryTest, OtherSideMayWriteWhereWeRead) {
  auto memory = SharedMemory::Create("update", 64).value();
  auto other = SharedMemory::Attach(CopyOf(memory.fd()), 64, SharedMemory::Access::kReadWrite).value();
  other.bytes()[63] = std::byte{9};
  EXPECT_EQ(memory.bytes()[63], std::byte{9});
}

TEST(SharedMemoryTest, SizeCanNeitherShrinkNorGrow) {
  const auto memory = SharedMemory::Create("update", 4096).value();
  EXPECT_NE(ftruncate(memory.fd(), 0), 0);
  EXPECT_NE(ftruncate(memory.fd(), 8192), 0);
}

TEST(SharedMemoryTest, SealedMemoryCannotBeMappedForWriting) {
  auto memory = SharedMemory::Create("model", 4096).value();
  ASSERT_TRUE(memory.Seal().ok());
  EXPECT_EQ(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory.fd(), 0), MAP_FAILED);
}

TEST(SharedMemoryTest, WrongSizeMissingSealOrOrdinaryFileIsRefused) {
  const auto memory = SharedMemory::Create("model", 4096).value();
  using enum SharedMemory::Access;
  EXPECT_FALSE(SharedMemory::Attach(CopyOf(memory.fd()), 4095, kReadWrite).ok());
  EXPECT_FALSE(SharedMemory::Attach(CopyOf(memory.fd()), 4096, kRead).ok());  // still writable
  UniqueFd unsealed(memfd_create("x", MFD_ALLOW_SEALING));
  ASSERT_EQ(ftruncate(unsealed.get(), 4096), 0);
  EXPECT_FALSE(SharedMemory::Attach(std::move(unsealed), 4096, kReadWrite).ok());
  EXPECT_FALSE(SharedMemory::Attach(CopyOf(0), 4096, kRead).ok());
  EXPECT_FALSE(SharedMemory::Attach(UniqueFd(), 4096, kRead).ok());
}

TEST(MappedFileTest, ShowsAFileAndAnEmptyOne) {
  const auto folder = TempFolder::Create(std::filesystem::temp_directory_path()).value();
  ASSERT_TRUE(WriteFileAtomically(folder.path() / "a", "hello").ok());
  ASSERT_TRUE(WriteFileAtomically(folder.path() / "empty", "").ok());
  const auto file = MappedFile::Open(folder.path() / "a").value();
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()), "hello");
  EXPECT_TRUE(MappedFile::Open(folder.path() / "empty").value().bytes().empty());
  EXPECT_EQ(MappedFile::Open(folder.path() / "none").status().id(), errors::kNotFound);
}

}  // namespace
}  // namespace cairn
