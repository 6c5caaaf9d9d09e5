#pragma once

// What differs between LibTorch 1.13 and 2.x, and the few headers of it that the engines need: the
// narrow ones, since <torch/torch.h> costs 14 seconds and a gigabyte in every file.

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include <string>

#include "core/base/result.h"

namespace cairn {

// Runs fn and turns what LibTorch or the allocator throws into a Status, without the C++ backtrace.
template <class Fn>
auto CatchTorch(Fn&& fn) -> decltype(fn()) {
  try {
    return fn();
  } catch (const c10::Error& error) {
    return Status(errors::kTorchFailed, error.what_without_backtrace());
  } catch (const std::exception& error) {
    return Status(errors::kTorchFailed, error.what());
  }
}

// at::set_num_threads may be called at any time in every version, but must not change between two
// threads that train: one thread an operation, parallelism is over clients.
inline void UseOneThreadAnOperation() {
  if (at::get_num_threads() != 1) at::set_num_threads(1);
}

}  // namespace cairn
