#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error_catalogue.h"

namespace cairn {

// The outcome of something the world can make fail. OK is a null pointer; an error carries an
// ErrorId of the catalogue (what the user can look up with `cairn explain`), one sentence that says
// what happened here ("update has 3 tensors, plan has 4"), and, where the catalogue's general words
// can be bettered, why it happened and how to mend it here.
//
//   return Status(errors::kCsvRagged, "visits.csv:17 has 12 columns, the header has 14");
//
// Values, cheap to move, copyable; thread-compatible.
class [[nodiscard]] Status {
 public:
  Status() = default;  // OK
  Status(ErrorId id, std::string what);
  Status(const Status& other);
  Status& operator=(const Status& other);
  Status(Status&&) noexcept = default;
  Status& operator=(Status&&) noexcept = default;
  ~Status() = default;

  static Status Ok() { return {}; }

  bool ok() const { return rep_ == nullptr; }
  ErrorId id() const;  // the zero id when ok
  const std::string& what() const;
  std::string why() const;   // this error's own, else the catalogue's
  std::string mend() const;  // likewise

  Status&& Why(std::string text) &&;
  Status&& Mend(std::string text) &&;
  // Puts a context in front: "round 3: update has …".
  Status&& Within(std::string_view context) &&;

  // "CAIRN-4103 visits.csv:17 …" for logs and test failures; "OK" when ok.
  std::string ToString() const;

 private:
  struct Rep {
    ErrorId id;
    std::string what, why, mend;
  };
  std::unique_ptr<Rep> rep_;
};

// Takes a Status apart the way a person reads it: error[CAIRN-4103]: … / why: / mend: / more:
std::string FormatForHumans(const Status& status);

}  // namespace cairn

#define CAIRN_RETURN_IF_ERROR(expr)                                                        \
  do {                                                                                     \
    if (::cairn::Status cairn_status_ = (expr); !cairn_status_.ok()) return cairn_status_; \
  } while (false)
