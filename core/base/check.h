#pragma once

// CAIRN_CHECK(cond, why) guards against our own bugs and ends the process with file, line and
// reason. What the world can cause is a Status (status.h), never a check.
// The plain names CHECK and LOG are taken: LibTorch brings glog.

namespace cairn {
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, const char* why);
}  // namespace cairn

#define CAIRN_CHECK(cond, why)                                         \
  do {                                                                 \
    if (!(cond)) ::cairn::CheckFailed(__FILE__, __LINE__, #cond, why); \
  } while (false)
