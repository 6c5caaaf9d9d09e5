#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace cairn {

// Something worth telling: to a log, a metrics file, a test recorder. Names are dotted nouns and
// verbs ("round.committed"), fields are ids, counts and texts; never parameters, updates, keys or rows.
struct DomainEvent {
  using Value = std::variant<std::string, std::int64_t, double>;
  enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError };

  Level level = Level::kInfo;
  std::string name;
  std::vector<std::pair<std::string, Value>> fields;
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void Emit(const DomainEvent& event) = 0;  // thread-safe
};

}  // namespace cairn
