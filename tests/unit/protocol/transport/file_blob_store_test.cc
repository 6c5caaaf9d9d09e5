#include "protocol/transport/file_blob_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "core/runtime/files.h"
#include "protocol/messages/blob_ref.h"

namespace cairn {
namespace {

class FileBlobStoreTest : public testing::Test {
 protected:
  FileBlobStoreTest() : folder_(TempFolder::Create(std::filesystem::temp_directory_path()).value()) {
    for (std::size_t i = 0; i < 5000; ++i) bytes_.push_back(static_cast<std::byte>(i * 31));
    ref_ = BlobRefOf(bytes_);
    Reopen();
  }
  void Reopen(std::uint64_t quota = 0) {
    store_ = FileBlobStore::Create({.folder = folder_.path() / "blobs", .quota = quota}).value();
  }
  void Write(const BlobRef& ref, std::size_t from, std::size_t to) {
    auto writer = store_->OpenWriter(ref);
    ASSERT_TRUE(writer.ok()) << writer.status().ToString();
    ASSERT_EQ((*writer)->size(), from);
    ASSERT_TRUE((*writer)->Append(std::span(bytes_).subspan(from, to - from)).ok());
    if (to < ref.size) return;
    ASSERT_TRUE((*writer)->Commit().ok());
  }
  std::filesystem::path PathOf(const BlobRef& ref) const { return folder_.path() / "blobs" / ref.hex(); }

  TempFolder folder_;
  std::vector<std::byte> bytes_;
  BlobRef ref_;
  std::unique_ptr<FileBlobStore> store_;
};

TEST_F(FileBlobStoreTest, WholeObjectIsFoundUnderItsNameAndPrivate) {
  EXPECT_EQ(store_->Find(ref_).value(), nullptr);
  Write(ref_, 0, bytes_.size());
  const auto blob = store_->Find(ref_).value();
  ASSERT_NE(blob, nullptr);
  EXPECT_TRUE(std::ranges::equal(blob->bytes(), bytes_));
  struct stat info;
  ASSERT_EQ(stat(PathOf(ref_).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(FileBlobStoreTest, PartIsTakenUpAfterARestart) {
  Write(ref_, 0, 1234);
  EXPECT_EQ(store_->Find(ref_).value(), nullptr);
  Reopen();
  Write(ref_, 1234, bytes_.size());
  EXPECT_TRUE(std::ranges::equal(store_->Find(ref_).value()->bytes(), bytes_));
}

TEST_F(FileBlobStoreTest, WrongBytesNeverGetTheName) {
  BlobRef other = ref_;
  other.sha256[5] ^= std::byte{1};
  auto writer = store_->OpenWriter(other).value();
  ASSERT_TRUE(writer->Append(bytes_).ok());
  EXPECT_EQ(writer->Commit().id(), errors::kNetProtocol);
  EXPECT_EQ(store_->Find(other).value(), nullptr);
  EXPECT_EQ(store_->OpenWriter(other).value()->size(), 0u);  // and the next try starts from nothing
}

TEST_F(FileBlobStoreTest, MoreBytesThanTheNameSaysAreRefused) {
  auto writer = store_->OpenWriter(ref_).value();
  ASSERT_TRUE(writer->Append(bytes_).ok());
  EXPECT_EQ(writer->Append(std::span(bytes_).first(1)).id(), errors::kNetProtocol);
}

TEST_F(FileBlobStoreTest, DamagedFileIsNotBelievedAfterARestart) {
  Write(ref_, 0, bytes_.size());
  {
    std::fstream file(PathOf(ref_), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file.put('\x7e');
  }
  Reopen();
  EXPECT_EQ(store_->Find(ref_).value(), nullptr);
  EXPECT_FALSE(std::filesystem::exists(PathOf(ref_)));
}

TEST_F(FileBlobStoreTest, RemovedObjectStaysReadableWhereItIsInUse) {
  Write(ref_, 0, bytes_.size());
  const auto blob = store_->Find(ref_).value();
  ASSERT_TRUE(store_->Remove(ref_).ok());
  EXPECT_EQ(store_->Find(ref_).value(), nullptr);
  blob->Release(0, bytes_.size());
  EXPECT_TRUE(std::ranges::equal(blob->bytes(), bytes_));
}

TEST_F(FileBlobStoreTest, QuotaIsKept) {
  Write(ref_, 0, bytes_.size());
  Reopen(7000);
  const BlobRef other = BlobRefOf(std::span(bytes_).first(2500));
  EXPECT_EQ(store_->OpenWriter(other).status().id(), errors::kStorageFull);
  store_->KeepOnly({other});
  EXPECT_TRUE(store_->OpenWriter(other).ok());
}

}  // namespace
}  // namespace cairn
