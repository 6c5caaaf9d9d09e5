#include "tests/unit/cli/worker/scratch_folder.h"

#include <cstdlib>
#include <fstream>

namespace cairn {

void ScratchFolder::SetUp() {
  std::string name = (std::filesystem::temp_directory_path() / "cairn-worker-XXXXXX").string();
  ASSERT_NE(mkdtemp(name.data()), nullptr);
  folder_ = name;
}

void ScratchFolder::TearDown() {
  if (!folder_.empty()) std::filesystem::remove_all(folder_);
}

std::string ScratchFolder::File(const std::string& name, const std::string& bytes) const {
  std::ofstream(folder_ / name, std::ios::binary) << bytes;
  return Path(name);
}

}  // namespace cairn
