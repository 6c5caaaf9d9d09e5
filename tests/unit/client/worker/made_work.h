#pragma once

#include "client/worker/worker_server.h"
#include "protocol/messages/work.h"

// A small job that a worker can really do: softmax regression over points made from a stream.

namespace cairn {

WorkRequest MadeWork(RoundKind kind = RoundKind::kTrain);
Result<WorkerData> MadeData(const WorkRequest& request, const RandomSource& random);

}  // namespace cairn
