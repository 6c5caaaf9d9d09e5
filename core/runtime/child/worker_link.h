#pragma once

// Where a worker finds what its agent gave it, and the words of its command line: what both ends of
// the worker pipe must agree on. The frames themselves are protocol/messages/work_codec.h.
//
//   cairn-worker serve --sandbox=required --must-not-read=/var/lib/cairn/site.key

namespace cairn {

inline constexpr int kWorkerRequests = 3;  // pipe, read end
inline constexpr int kWorkerReplies = 4;   // pipe, write end
inline constexpr int kWorkerModel = 5;     // shared memory: ParameterSet::bytes(), written between requests
inline constexpr int kWorkerUpdate = 6;    // shared memory: MaterializeUpdate's bytes

inline constexpr const char* kWorkerCommand = "serve";
inline constexpr const char* kWorkerSandboxRequired = "--sandbox=required";
inline constexpr const char* kWorkerSandboxBestEffort = "--sandbox=best-effort";
inline constexpr const char* kWorkerMustNotRead =
    "--must-not-read=";  // a key, to prove that it is out of reach

}  // namespace cairn
