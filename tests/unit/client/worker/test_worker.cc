// A worker for tests: honest, or bad in the way that CAIRN_TEST_WORKER names.
#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <string>

#include "client/learning/linear_task.h"
#include "client/worker/worker_server.h"
#include "core/runtime/frame_pipe.h"
#include "made_work.h"
#include "protocol/messages/work_codec.h"

namespace cairn {
namespace {

class BadWorker {
 public:
  explicit BadWorker(std::string way) : way_(std::move(way)) {}

  int Run() {
    if (way_ == "exits-at-once") return 3;
    if (way_ == "speaks-too-soon") return Say(EncodeWorkProgress({1}));
    Tell(EncodeWorkerReady({"bad", {}}));
    std::string request;
    (void)pipe_.Read(request, Later());
    if (way_ == "crashes") std::abort();
    if (way_ == "hangs") poll(nullptr, 0, -1);
    if (way_ == "sends-a-huge-frame") return write(kWorkerReplies, "\xff\xff\xff\x7f", 4) == 4 ? Wait() : 1;
    if (way_ == "sends-garbage") return Say("garbage");
    if (way_ == "cuts-a-frame") return write(kWorkerReplies, "\x10\0\0\0ab", 6) == 6 ? 0 : 1;
    if (way_ == "counts-backwards") return Tell(EncodeWorkProgress({5})), Say(EncodeWorkProgress({4}));
    if (way_ == "sends-a-request") return Say(EncodeStopWork());
    if (way_ == "another-layout")
      return Say(EncodeWorkResult({}, WorkUpdateTerms{.bytes = 32, .layout_hash = 7}));
    if (way_ == "no-update") return Say(EncodeWorkResult({}, std::nullopt));
    return 1;
  }

 private:
  static TimePoint Later() { return SteadyClock().Now() + std::chrono::minutes(1); }
  void Tell(const std::string& frame) { pipe_.Write(frame, Later()); }
  int Say(const std::string& frame) {
    Tell(frame);
    return Wait();
  }
  // Until the agent hangs up: it must judge by what it saw, not by our end.
  int Wait() {
    std::string ignored;
    (void)pipe_.Read(ignored, Later());
    return 0;
  }

  std::string way_;
  FramePipe pipe_{UniqueFd(kWorkerRequests), UniqueFd(kWorkerReplies)};
};

int ServeHonestly(const std::vector<std::string>& arguments, const std::string& way) {
  const LinearTaskFactory tasks;
  const WorkerParts parts{&tasks,
                          [&](const WorkRequest& request, const RandomSource& random) -> Result<WorkerData> {
                            if (way == "needs-too-much") throw std::bad_alloc();
                            if (way == "has-no-data")
                              return Status(errors::kNotFound, "cannot open points.csv");
                            return MadeData(request, random);
                          }};
  const auto config = ParseWorkerArguments(arguments);
  return config.ok() && ServeWorker(*config, parts).ok() ? 0 : 1;
}

}  // namespace
}  // namespace cairn

// The leak checker of sanitizer builds works by ptrace, which the sandbox refuses.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

int main(int argc, char** argv) {
  const char* way = std::getenv("CAIRN_TEST_WORKER");
  const std::string bad = way == nullptr ? "" : way;
  if (bad.empty() || bad == "needs-too-much" || bad == "has-no-data") {
    return cairn::ServeHonestly({argv + 2, argv + argc}, bad);
  }
  return cairn::BadWorker(bad).Run();
}
