#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// Every error a user can cause: its id, exit code, retry class, and the words that explain it. One
// table makes `cairn explain`, docs/errors.md and the test that each id is raised somewhere.
//
// An entry is one CAIRN_ERROR line in core/base/errors/*.def, a file a range of ids:
// 10xx usage and set-up · 11xx configuration · 21xx reachability · 22xx TLS · 31xx enrolment and
// identity · 32xx policy · 41xx data · 42xx model · 51xx jobs and rounds · 61xx secure aggregation ·
// 62xx privacy budget · 71xx worker and sandbox · 81xx storage · 90xx our own fault.

namespace cairn {

struct ErrorId {
  std::uint16_t value = 0;
  friend constexpr auto operator<=>(ErrorId, ErrorId) = default;
};

enum class ExitCode : int {
  kOk = 0,
  kRunFailed = 1,
  kUsage = 2,     // usage or configuration
  kNetwork = 3,   // unreachable; a retry may help
  kIdentity = 4,  // identity, TLS or authorisation; a retry will not help
  kDeadline = 5,
  kState = 6,     // not found, conflict or wrong state
  kUnusable = 7,  // data or model unusable
  kPolicy = 8,    // refused by policy or privacy budget
  kPartial = 10,  // finished, some sites failed
  kBug = 70,
};

enum class Retry : std::uint8_t { kPermanent, kRetry, kRetrySlowly };

struct ErrorEntry {
  ErrorId id;
  std::string_view name;  // kCsvRagged
  ExitCode exit_code;
  Retry retry;
  std::string_view what;  // one line, general
  std::string_view why;
  std::string_view mend;
};

namespace errors {
#define CAIRN_ERROR(name, number, exit, retry, what, why, mend) inline constexpr ErrorId name{number};
#include "core/base/errors/all.def"
#undef CAIRN_ERROR
}  // namespace errors

std::span<const ErrorEntry> ErrorCatalogue();                // ascending by id
const ErrorEntry* FindError(ErrorId id);                     // null when unknown
std::string ToString(ErrorId id);                            // "CAIRN-4103"
std::optional<ErrorId> ParseErrorId(std::string_view text);  // "CAIRN-4103", "4103"
ExitCode ExitCodeOf(ErrorId id);                             // kBug for an id outside the catalogue

}  // namespace cairn
