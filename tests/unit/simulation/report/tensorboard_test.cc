#include "simulation/report/tensorboard.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "simulation/report/file_io.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

class TensorBoardTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cairn-tb-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
};

TEST_F(TensorBoardTest, FirstRecordIsTheVersionAsPublished) {
  const Result<TensorBoardWriter> events = TensorBoardWriter::Create(folder_ / "server", 1'700'000'000.0);
  ASSERT_TRUE(events.ok());
  EXPECT_EQ(events->path().filename(), "events.out.tfevents.1700000000.cairn");
  const std::string bytes = ReadWholeFile(events->path(), 1000).value();
  ASSERT_EQ(bytes.size(), 12u + 24u + 4u);
  EXPECT_EQ(bytes.substr(0, 8), std::string("\x18\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(bytes.substr(12 + 9, 15),
            "\x1a\x0d"
            "brain.Event:2");
}

TEST_F(TensorBoardTest, IndependentReaderFindsEveryScalar) {
  const char* source = std::getenv("CAIRN_SOURCE_DIR");
  if (source == nullptr || std::system("python3 -c 'import struct' 2>/dev/null") != 0) {
    GTEST_SKIP() << "needs python3 and CAIRN_SOURCE_DIR";
  }
  Result<TensorBoardWriter> events = TensorBoardWriter::Create(folder_, 1'700'000'000.0);
  ASSERT_TRUE(events.ok());
  ASSERT_TRUE(events->AddScalar("loss/federated", 1, 0.5, 1'700'000'001.0).ok());
  ASSERT_TRUE(events->AddScalar("accuracy", 300, 0.25, 1'700'000'002.5).ok());
  const std::string out = (folder_ / "out.txt").string();
  const std::string command = "python3 " + std::string(source) + "/tests/golden/read_tfevents.py " +
                              events->path().string() + " > " + out;
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(ReadWholeFile(out, 10000).value(),
            "version brain.Event:2\n1 loss/federated 0.5 1700000001.0\n300 accuracy 0.25 1700000002.5\n");
}

}  // namespace
}  // namespace cairn
