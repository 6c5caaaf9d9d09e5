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

TEST_F(FileBlobStoreTest, PiecesAreWrittenInTheirOrder) {
  auto writer = store_->OpenWriter(ref_).value();
  std::vector<std::span<const std::byte>> pieces;
  for (std::size_t at = 0; at < bytes_.size(); at += 3)  // more than one system call takes
    pieces.push_back(
        std::span<const std::byte>(bytes_).subspan(at, std::min<std::size_t>(3, bytes_.size() - at)));
  ASSERT_TRUE(writer->Append(Pieces(pieces)).ok());
  ASSERT_TRUE(writer->Commit().ok());
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

// ---- files that are overwritten

class RecycledFileTest : public FileBlobStoreTest {
 protected:
  RecycledFileTest() : older_(bytes_.rbegin(), bytes_.rend()), older_ref_(BlobRefOf(older_)) {}
  // The older object came, was used and let go: its file is the spare.
  void LeaveSpare() { Recycle(older_ref_, older_); }
  void Recycle(const BlobRef& ref, std::span<const std::byte> bytes) {
    auto writer = store_->OpenWriter(ref).value();
    ASSERT_TRUE(writer->Append(bytes).ok());
    ASSERT_TRUE(writer->Commit().ok());
    ASSERT_TRUE(store_->Recycle(ref).ok());
  }
  std::filesystem::path Folder() const { return folder_.path() / "blobs"; }
  std::filesystem::path Spare() const { return Folder() / "spare"; }
  std::filesystem::path PartOf(const BlobRef& ref) const { return PathOf(ref).string() + ".part"; }
  static ino_t FileAt(const std::filesystem::path& path) {
    struct stat info;
    return stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
  }
  static std::string Read(const std::filesystem::path& path) { return ReadFile(path, 1 << 20).value(); }
  static void Overwrite(const std::filesystem::path& path, std::size_t at, std::string_view bytes) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  // What PartFile puts behind the object's bytes.
  std::size_t FooterAt() const { return (bytes_.size() + 63) / 64 * 64; }

  const std::vector<std::byte> older_;
  const BlobRef older_ref_;
};

TEST_F(RecycledFileTest, NextObjectOverwritesTheSpare) {
  LeaveSpare();
  EXPECT_EQ(store_->Find(older_ref_).value(), nullptr);
  const ino_t file = FileAt(Spare());
  Write(ref_, 0, bytes_.size());
  EXPECT_EQ(FileAt(PathOf(ref_)), file);
  EXPECT_FALSE(std::filesystem::exists(Spare()));
  EXPECT_TRUE(std::ranges::equal(store_->Find(ref_).value()->bytes(), bytes_));
}

TEST_F(RecycledFileTest, BytesOfTheOlderObjectNeverCountAsHeld) {
  LeaveSpare();
  EXPECT_EQ(store_->OpenWriter(ref_).value()->size(), 0u);
  Reopen();  // killed before the first byte came
  EXPECT_EQ(store_->OpenWriter(ref_).value()->size(), 0u);
  EXPECT_EQ(store_->Find(ref_).value(), nullptr);
}

TEST_F(RecycledFileTest, OlderObjectThatHoldsALengthForTheNextIsNotBelieved) {
  Write(ref_, 0, 1234);  // to learn what the length of the next object looks like
  const std::string part = Read(PartOf(ref_));
  ASSERT_TRUE(store_->Remove(ref_).ok());
  std::vector<std::byte> forged(part.size());
  std::ranges::copy(std::as_bytes(std::span(part)), forged.begin());
  Recycle(BlobRefOf(forged), forged);
  EXPECT_EQ(store_->OpenWriter(ref_).value()->size(), 0u);
}

TEST_F(RecycledFileTest, CutUploadGoesOnInARecycledFileAfterARestart) {
  LeaveSpare();
  Write(ref_, 0, 1234);
  Reopen();
  Write(ref_, 1234, 4000);
  Reopen();
  Write(ref_, 4000, bytes_.size());
  EXPECT_TRUE(std::ranges::equal(store_->Find(ref_).value()->bytes(), bytes_));
}

TEST_F(RecycledFileTest, AllBytesHeldIsSeenAfterARestart) {
  LeaveSpare();
  ASSERT_TRUE(store_->OpenWriter(ref_).value()->Append(bytes_).ok());  // killed before Commit
  Reopen();
  auto writer = store_->OpenWriter(ref_).value();
  EXPECT_EQ(writer->size(), bytes_.size());
  EXPECT_TRUE(writer->Commit().ok());
}

TEST_F(RecycledFileTest, KillBetweenBytesAndTheirLengthForgetsTheBytes) {
  LeaveSpare();
  Write(ref_, 0, 1234);
  Overwrite(PartOf(ref_), 1234, "bytes of the next chunk");
  Reopen();
  Write(ref_, 1234, bytes_.size());
  EXPECT_TRUE(std::ranges::equal(store_->Find(ref_).value()->bytes(), bytes_));
}

TEST_F(RecycledFileTest, DamagedLengthStartsFromNothing) {
  Write(ref_, 0, 1234);
  Overwrite(PartOf(ref_), FooterAt() + 8, "\x01");
  Reopen();
  EXPECT_EQ(store_->OpenWriter(ref_).value()->size(), 0u);
}

TEST_F(RecycledFileTest, LengthWithoutItsBytesIsFoundOutByTheHash) {
  Write(ref_, 0, 4000);
  Overwrite(PartOf(ref_), 100, "as after a loss of power");
  Reopen();
  auto writer = store_->OpenWriter(ref_).value();
  ASSERT_EQ(writer->size(), 4000u);
  ASSERT_TRUE(writer->Append(std::span(bytes_).subspan(4000)).ok());
  EXPECT_EQ(writer->Commit().id(), errors::kNetProtocol);
  EXPECT_EQ(store_->OpenWriter(ref_).value()->size(), 0u);
}

TEST_F(RecycledFileTest, MappedBlobIsNeverOverwritten) {
  Write(ref_, 0, bytes_.size());
  auto first = store_->Find(ref_).value();
  const auto second = store_->Find(ref_).value();
  ASSERT_TRUE(store_->Recycle(ref_).ok());
  first.reset();  // one handle goes, the other still reads
  Reopen();       // and a store that knows nothing of it writes
  const ino_t file = FileAt(Spare());
  auto writer = store_->OpenWriter(older_ref_).value();
  ASSERT_TRUE(writer->Append(older_).ok());
  ASSERT_TRUE(writer->Commit().ok());
  EXPECT_NE(FileAt(PathOf(older_ref_)), file);
  second->Release(0, bytes_.size());
  EXPECT_TRUE(std::ranges::equal(second->bytes(), bytes_));
  EXPECT_TRUE(std::ranges::equal(store_->Find(older_ref_).value()->bytes(), older_));
}

TEST_F(RecycledFileTest, SpareIsTakenOnceItsLastReaderIsGone) {
  Write(ref_, 0, bytes_.size());
  auto blob = store_->Find(ref_).value();
  ASSERT_TRUE(store_->Recycle(ref_).ok());
  const ino_t file = FileAt(Spare());
  blob.reset();
  auto writer = store_->OpenWriter(older_ref_).value();
  EXPECT_EQ(FileAt(PartOf(older_ref_)), file);
}

TEST_F(RecycledFileTest, FileOfAWriterThatIsStillThereIsNotShared) {
  auto stale = store_->OpenWriter(ref_).value();
  ASSERT_TRUE(stale->Append(bytes_).ok());
  auto writer = store_->OpenWriter(ref_).value();
  EXPECT_EQ(writer->size(), 0u);
  EXPECT_FALSE(stale->Commit().ok());  // its name is the other's by now
  EXPECT_EQ(store_->Find(ref_).value(), nullptr);
  ASSERT_TRUE(writer->Append(bytes_).ok());
  EXPECT_TRUE(writer->Commit().ok());
  EXPECT_TRUE(std::ranges::equal(store_->Find(ref_).value()->bytes(), bytes_));
}

TEST_F(RecycledFileTest, SpareOfAnotherSizeWillDo) {
  LeaveSpare();
  for (const std::size_t size : {std::size_t{100}, bytes_.size()}) {
    const auto bytes = std::span(bytes_).first(size);
    const BlobRef ref = BlobRefOf(bytes);
    auto writer = store_->OpenWriter(ref).value();
    EXPECT_EQ(writer->size(), 0u);
    ASSERT_TRUE(writer->Append(bytes).ok());
    ASSERT_TRUE(writer->Commit().ok());
    EXPECT_TRUE(std::ranges::equal(store_->Find(ref).value()->bytes(), bytes));
    ASSERT_TRUE(store_->Recycle(ref).ok());
  }
}

TEST_F(RecycledFileTest, OneSpareIsKept) {
  Write(ref_, 0, bytes_.size());
  ASSERT_FALSE(std::filesystem::exists(Spare()));
  LeaveSpare();
  ASSERT_TRUE(store_->Recycle(ref_).ok());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(Folder()), {}), 1);
  store_->DropSpare();
  EXPECT_TRUE(std::filesystem::is_empty(Folder()));
  EXPECT_TRUE(store_->Recycle(ref_).ok());  // nothing when absent
  EXPECT_TRUE(std::filesystem::is_empty(Folder()));
}

TEST_F(RecycledFileTest, SpareOfAnEarlierProcessIsReused) {
  LeaveSpare();
  const ino_t file = FileAt(Spare());
  Reopen();
  Write(ref_, 0, bytes_.size());
  EXPECT_EQ(FileAt(PathOf(ref_)), file);
}

TEST_F(RecycledFileTest, SpareGivesWayToObjectsUnderAQuota) {
  Reopen(12000);
  Write(ref_, 0, 1234);
  LeaveSpare();
  EXPECT_GT(store_->bytes_used(), 10000u);  // it does count
  const BlobRef other = BlobRefOf(std::span(bytes_).first(4900));
  EXPECT_TRUE(store_->OpenWriter(other).ok());  // overwrites the spare
  EXPECT_FALSE(std::filesystem::exists(Spare()));
  store_->KeepOnly({});
  Reopen(9000);
  Write(ref_, 0, 1234);
  Recycle(BlobRefOf(std::span(bytes_).first(3000)), std::span(bytes_).first(3000));
  ASSERT_TRUE(std::filesystem::exists(Spare()));
  Reopen(7000);
  EXPECT_TRUE(store_->OpenWriter(ref_).ok());  // has a file of its own, so the spare is given up
  EXPECT_FALSE(std::filesystem::exists(Spare()));
}

}  // namespace
}  // namespace cairn
