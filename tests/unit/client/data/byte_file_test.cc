#include "client/data/byte_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

namespace cairn {
namespace {

using ::testing::HasSubstr;

std::string Gzip(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

class ByteFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("cairn-" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST(UnpackTest, GzipOfOneOrSeveralMembersIsUnpackedAndOtherBytesStay) {
  const std::string text(3'000'000, 'x');
  EXPECT_EQ(*UnpackIfGzip(Gzip(text), "f"), text);
  EXPECT_EQ(*UnpackIfGzip(Gzip("one,") + Gzip("two"), "f"), "one,two");
  EXPECT_EQ(*UnpackIfGzip(Gzip(""), "f"), "");
  EXPECT_EQ(*UnpackIfGzip("plain", "f"), "plain");
}

TEST(UnpackTest, TruncatedDamagedAndExplodingGzipIsRefused) {
  const std::string packed = Gzip(std::string(100'000, 'x') + "tail");
  for (std::size_t size = 2; size < packed.size(); ++size) {
    const auto unpacked = UnpackIfGzip(packed.substr(0, size), "f");
    ASSERT_FALSE(unpacked.ok()) << size;
    ASSERT_EQ(unpacked.status().id(), errors::kGzipDamaged);
  }
  std::string flipped = packed;
  flipped[flipped.size() - 6] = static_cast<char>(flipped[flipped.size() - 6] ^ 1);  // within the checksum
  EXPECT_THAT(UnpackIfGzip(flipped, "f").status().what(), HasSubstr("damaged"));
  EXPECT_THAT(UnpackIfGzip(packed + "junk", "f").status().what(), HasSubstr("damaged"));
  EXPECT_THAT(UnpackIfGzip(packed, "f", 50'000).status().what(), HasSubstr("more than 50000 bytes"));
  EXPECT_TRUE(UnpackIfGzip(packed, "f", 100'004).ok());
}

TEST_F(ByteFileTest, AMissingFileOrAFolderIsNotFound) {
  EXPECT_EQ(ReadDataFile(folder_ / "none.csv").status().id(), errors::kDataNotFound);
  EXPECT_EQ(ReadDataFile(folder_).status().id(), errors::kDataNotFound);
}

TEST_F(ByteFileTest, AFailedWriteLeavesTheOldFileAndNothingElse) {
  const std::string path = folder_ / "out.csv";
  ASSERT_TRUE(WriteFileAtomically(path, [](const ByteSink& sink) { return sink("old"); }).ok());
  const Status failed = WriteFileAtomically(path, [](const ByteSink& sink) {
    CAIRN_RETURN_IF_ERROR(sink(std::string(100'000, 'n')));
    return Status(errors::kCancelled, "stopped");
  });
  EXPECT_EQ(failed.id(), errors::kCancelled);
  EXPECT_EQ(*ReadDataFile(path), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
  EXPECT_EQ(WriteFileAtomically(folder_ / "no/such/out", [](const ByteSink&) { return Status::Ok(); }).id(),
            errors::kStorageIo);
}

}  // namespace
}  // namespace cairn
