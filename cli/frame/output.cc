#include "cli/frame/output.h"

#include <ostream>

#include "core/base/text.h"

namespace cairn {

JsonObject ErrorToJson(const Status& status) {
  const ErrorEntry* entry = FindError(status.id());
  const std::string id = ToString(status.id());
  JsonObject error;
  error.Add("id", id).Add("what", status.what()).Add("why", status.why()).Add("mend", status.mend());
  error.Add("docs", "cairn explain " + id);
  error.Add("retryable", entry != nullptr && entry->retry != Retry::kPermanent);
  return error.Add("context", JsonObject());
}

CommandOutput::CommandOutput(std::string command, const GlobalFlags& flags, std::ostream& out,
                             std::ostream& err, Terminal out_terminal, Terminal err_terminal)
    : command_(std::move(command)),
      flags_(flags),
      out_(out),
      err_(err),
      out_terminal_(out_terminal),
      err_terminal_(err_terminal) {}

void CommandOutput::Print(std::string_view text) {
  if (is_text()) out_ << text;
}
void CommandOutput::PrintLine(std::string_view text) {
  if (is_text()) out_ << text << '\n';
}
void CommandOutput::Data(const JsonObject& data) { data_ = data.text(); }

void CommandOutput::Item(const JsonObject& data) {
  if (flags_.format != OutputFormat::kJsonl) return;
  has_items_ = true;
  out_ << Envelope({}, data.text()) << std::endl;  // flushed: somebody reads along
}

void CommandOutput::Note(std::string_view text) {
  if (!flags_.quiet) err_ << text << '\n';
}
void CommandOutput::Warn(std::string_view text) { err_ << err_terminal_.Yellow("!") << ' ' << text << '\n'; }
void CommandOutput::Next(std::string command) { next_.push_back(std::move(command)); }

std::string CommandOutput::Envelope(const Status& status, const std::string& data) const {
  JsonObject object;
  object.Add("schema_version", 1).Add("command", command_).Add("status", status.ok() ? "ok" : "error");
  if (!status.ok()) return object.Add("error", ErrorToJson(status)).text();
  JsonArray next;
  for (const std::string& line : next_) next.Add(line);
  return object.AddRaw("data", data).Add("next", next).text();
}

int CommandOutput::Finish(const Status& status) {
  const bool last_word = flags_.format == OutputFormat::kJson || !has_items_ || !status.ok();
  if (!is_text() && last_word) out_ << Envelope(status, data_) << '\n';
  out_.flush();
  if (!status.ok() && is_text()) {
    const std::string text = FormatForHumans(status);
    const std::size_t head = text.find(':');
    err_ << err_terminal_.Red(text.substr(0, head)) << text.substr(head);
  }
  if (status.ok() && is_text() && !flags_.quiet) {
    for (std::size_t i = 0; i < next_.size(); ++i)
      err_ << (i == 0 ? "next:   " : "        ") << next_[i] << '\n';
  }
  err_.flush();
  if (!status.ok()) return static_cast<int>(ExitCodeOf(status.id()));
  if (!out_) return static_cast<int>(ExitCode::kRunFailed);  // the result did not get out
  return static_cast<int>(exit_);
}

}  // namespace cairn
