// A program of its own, since it replaces operator new to count what a thread asks for.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "client/learning/linear_task.h"
#include "tests/unit/client/learning/made_examples.h"

namespace {
thread_local std::int64_t allocations = 0;
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace cairn {
namespace {

TEST(AllocationTest, StepsOfAPassAllocateNothing) {
  const MadeExamples data({13}, 3, 400, 1);
  auto task = LinearTaskFactory().Create(
      {.arch = "linear", .hyper = {{"inputs", std::int64_t{13}}, {"outputs", std::int64_t{3}}}}, {});
  ASSERT_TRUE(task.ok());
  const SeededRandom random(1);
  for (const bool momentum : {false, true}) {
    TrainConfig config{.epochs = 1, .batch = 4, .optimizer = {}};
    config.optimizer.momentum = momentum ? 0.9 : 0.0;
    std::int64_t at_first_step = 0, at_last_step = 0;
    const TrainContext context{
        .random = &random, .round = {1}, .client = {1}, .on_step = [&](std::int64_t step) {
          (step == 1 ? at_first_step : at_last_step) = allocations;
        }};
    ASSERT_TRUE((*task)->Train(config, data, context, {}).ok());
    EXPECT_GT(at_first_step, 0);  // the counter counts
    EXPECT_EQ(at_last_step, at_first_step) << "momentum " << momentum;
  }
}

}  // namespace
}  // namespace cairn
