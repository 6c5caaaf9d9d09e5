#include "cli/worker/interrupt.h"

#include <unistd.h>

#include <csignal>
#include <thread>

namespace cairn {
namespace {

// A signal handler may only write to a pipe; a thread reads it and asks for the stop.
int g_pipe[2] = {-1, -1};
volatile std::sig_atomic_t g_signals = 0;

void OnSignal(int number) {
  g_signals = g_signals + 1;
  if (g_signals > 1) _exit(128 + number);
  const char byte = 1;
  [[maybe_unused]] const auto written = write(g_pipe[1], &byte, 1);
}

std::stop_source& Source() {
  static std::stop_source source;
  return source;
}

}  // namespace

InterruptStop::InterruptStop() {
  if (pipe(g_pipe) != 0) return;
  std::signal(SIGINT, OnSignal);
  std::signal(SIGTERM, OnSignal);
  std::thread([] {
    char byte = 0;
    if (read(g_pipe[0], &byte, 1) == 1 && byte == 1) Source().request_stop();
  }).detach();
}

InterruptStop::~InterruptStop() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

std::stop_token InterruptStop::token() const { return Source().get_token(); }

}  // namespace cairn
