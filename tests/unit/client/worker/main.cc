#include <gtest/gtest.h>

#include "core/runtime/child/launcher.h"

// This program re-executes itself as the launcher of workers, as cairn does.
int main(int argc, char** argv) {
  if (const auto code = cairn::MaybeRunLauncher(argc, argv)) return *code;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
