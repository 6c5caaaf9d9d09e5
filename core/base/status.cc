#include "core/base/status.h"

#include "core/base/check.h"

namespace cairn {
namespace {
const std::string& EmptyString() {
  static const std::string empty;
  return empty;
}
}  // namespace

Status::Status(ErrorId id, std::string what) : rep_(new Rep{id, std::move(what), {}, {}}) {
  CAIRN_CHECK(id.value != 0, "an error needs an id");
}
Status::Status(const Status& other) : rep_(other.rep_ ? new Rep(*other.rep_) : nullptr) {}
Status& Status::operator=(const Status& other) {
  if (this != &other) rep_.reset(other.rep_ ? new Rep(*other.rep_) : nullptr);
  return *this;
}

ErrorId Status::id() const { return rep_ ? rep_->id : ErrorId{}; }
const std::string& Status::what() const { return rep_ ? rep_->what : EmptyString(); }

std::string Status::why() const {
  if (!rep_) return {};
  const ErrorEntry* entry = FindError(rep_->id);
  return rep_->why.empty() && entry ? std::string(entry->why) : rep_->why;
}

std::string Status::mend() const {
  if (!rep_) return {};
  const ErrorEntry* entry = FindError(rep_->id);
  return rep_->mend.empty() && entry ? std::string(entry->mend) : rep_->mend;
}

Status&& Status::Why(std::string text) && {
  if (rep_) rep_->why = std::move(text);
  return std::move(*this);
}
Status&& Status::Mend(std::string text) && {
  if (rep_) rep_->mend = std::move(text);
  return std::move(*this);
}
Status&& Status::Within(std::string_view context) && {
  if (rep_) rep_->what = std::string(context) + ": " + rep_->what;
  return std::move(*this);
}

std::string Status::ToString() const { return ok() ? "OK" : cairn::ToString(rep_->id) + " " + rep_->what; }

std::string FormatForHumans(const Status& status) {
  if (status.ok()) return {};
  const std::string id = ToString(status.id());
  std::string text = "error[" + id + "]: " + status.what() + "\n";
  if (const std::string why = status.why(); !why.empty()) text += "  why:  " + why + "\n";
  if (const std::string mend = status.mend(); !mend.empty()) text += "  mend: " + mend + "\n";
  text += "  more: cairn explain " + id + "\n";
  return text;
}

}  // namespace cairn
