#include "core/runtime/child/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn {
namespace {

using testing::Contains;
using testing::ElementsAre;

constexpr CpuTraits kWide{.has_avx512 = true};

TEST(WorkerEnvironmentTest, InheritsNothingAndRunsOneBlasThread) {
  const std::vector<std::string> own{"PATH=/bin", "LD_PRELOAD=x.so", "HTTPS_PROXY=y"};
  EXPECT_THAT(WorkerEnvironment(own, CpuTraits{}),
              ElementsAre("LANG=C.UTF-8", "OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1"));
}

TEST(WorkerEnvironmentTest, Avx512GetsTheWideKernels) {
  EXPECT_THAT(WorkerEnvironment({}, kWide), Contains("OPENBLAS_CORETYPE=SKYLAKEX"));
}

TEST(WorkerEnvironmentTest, SettingOfTheUserWins) {
  const std::vector<std::string> own{"OPENBLAS_CORETYPE=ZEN", "OMP_NUM_THREADS=4"};
  EXPECT_THAT(WorkerEnvironment(own, kWide), ElementsAre("LANG=C.UTF-8", "OPENBLAS_NUM_THREADS=1",
                                                         "OMP_NUM_THREADS=4", "OPENBLAS_CORETYPE=ZEN"));
}

TEST(CpuTraitsTest, ReadsTheFirstProcessorOnly) {
  const auto cpu = ParseCpuTraits(
      "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 207\n"
      "flags\t\t: fpu avx2 avx512f avx512dq avx512vl\n\nprocessor\t: 1\nflags\t\t: fpu\n");
  EXPECT_TRUE(cpu.has_avx512);
}

TEST(CpuTraitsTest, Avx512WithoutShorterVectorsIsNotEnough) {
  EXPECT_FALSE(ParseCpuTraits("flags\t\t: fpu avx2 avx512f avx512pf avx512er avx512cd\n").has_avx512);
}

TEST(CpuTraitsTest, UnknownTextLeavesDefaults) {
  for (const char* text :
       {"", "\n", "flags:", "flags :", "cpu family\t: many\nvendor_id\t: x", "flags\t: avx512vlx"}) {
    const auto cpu = ParseCpuTraits(text);
    EXPECT_FALSE(cpu.has_avx512) << text;
  }
}

}  // namespace
}  // namespace cairn
