#pragma once

#include <string>

#include "aggregator/engine/actions.h"
#include "core/base/result.h"

namespace cairn {

// A journal record as JSON text, so that an operator can read it with any SQLite shell, and back.
// Manifests and metric sums are embedded in their wire form (base64url): one codec, one set of checks.
// Decoding refuses anything it would not have written (kStorageCorrupt).
std::string EncodeRecord(const Record& record);
Result<Record> DecodeRecord(const std::string& text);

}  // namespace cairn
