#include "protocol/grpc/grpc_setup.h"

#include <grpc/support/log.h>

#include <cstdlib>

#include "core/base/log.h"

namespace cairn {

void PrepareGrpc() {
  static const bool done = [] {
    setenv("GRPC_SSL_CIPHER_SUITES", "ECDHE-RSA-AES256-GCM-SHA384", 1);
    gpr_set_log_function([](gpr_log_func_args* line) { Log(LogLevel::kDebug, "grpc", line->message); });
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace cairn
