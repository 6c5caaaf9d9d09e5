#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace cairn {

// A test with a folder of its own, removed afterwards.
class ScratchFolder : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  std::string File(const std::string& name, const std::string& bytes) const;  // writes it; its path
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  std::filesystem::path folder_;
};

}  // namespace cairn
