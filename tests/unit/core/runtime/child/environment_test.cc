#include "core/runtime/child/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn {
namespace {

using testing::Contains;
using testing::ElementsAre;

constexpr CpuTraits kZen5{.is_amd = true, .family = 26, .has_avx512 = true};

TEST(WorkerEnvironmentTest, InheritsNothingAndRunsOneBlasThread) {
  const std::vector<std::string> own{"PATH=/bin", "LD_PRELOAD=x.so", "HTTPS_PROXY=y"};
  EXPECT_THAT(WorkerEnvironment(own, CpuTraits{}),
              ElementsAre("LANG=C.UTF-8", "OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1"));
}

TEST(WorkerEnvironmentTest, YoungAmdWithAvx512GetsTheWideKernels) {
  EXPECT_THAT(WorkerEnvironment({}, kZen5), Contains("OPENBLAS_CORETYPE=SKYLAKEX"));
  EXPECT_THAT(WorkerEnvironment({}, CpuTraits{.is_amd = true, .family = 25, .has_avx512 = false}).size(), 3u);
  EXPECT_THAT(WorkerEnvironment({}, CpuTraits{.is_amd = false, .family = 6, .has_avx512 = true}).size(), 3u);
}

TEST(WorkerEnvironmentTest, SettingOfTheUserWins) {
  const std::vector<std::string> own{"OPENBLAS_CORETYPE=ZEN", "OMP_NUM_THREADS=4"};
  EXPECT_THAT(WorkerEnvironment(own, kZen5), ElementsAre("LANG=C.UTF-8", "OPENBLAS_NUM_THREADS=1",
                                                         "OMP_NUM_THREADS=4", "OPENBLAS_CORETYPE=ZEN"));
}

TEST(CpuTraitsTest, ReadsTheFirstProcessorOnly) {
  const auto cpu = ParseCpuTraits(
      "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 26\nmodel\t\t: 2\n"
      "flags\t\t: fpu avx2 avx512f avx512dq\n\nprocessor\t: 1\ncpu family\t: 6\n");
  EXPECT_TRUE(cpu.is_amd);
  EXPECT_EQ(cpu.family, 26);
  EXPECT_TRUE(cpu.has_avx512);
}

TEST(CpuTraitsTest, UnknownTextLeavesDefaults) {
  for (const char* text :
       {"", "\n", "flags:", "flags :", "cpu family\t: many\nvendor_id\t: x", "flags\t: avx512fx"}) {
    const auto cpu = ParseCpuTraits(text);
    EXPECT_FALSE(cpu.is_amd || cpu.has_avx512) << text;
    EXPECT_EQ(cpu.family, 0) << text;
  }
}

}  // namespace
}  // namespace cairn
