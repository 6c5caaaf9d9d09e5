#include <memory>

#include "cli/cairn/commands.h"
#include "cli/frame/completion.h"
#include "cli/frame/version.h"
#include "core/base/error_catalogue.h"
#include "core/base/text.h"

namespace cairn {
namespace {

std::string_view RetryText(Retry retry) {
  switch (retry) {
    case Retry::kPermanent:
      return "permanent: trying again does not help";
    case Retry::kRetry:
      return "temporary: Cairn tries again by itself";
    case Retry::kRetrySlowly:
      return "temporary: Cairn tries again, but slowly";
  }
  return "";
}

JsonObject EntryToJson(const ErrorEntry& entry) {
  JsonObject object;
  object.Add("id", ToString(entry.id)).Add("what", entry.what).Add("why", entry.why).Add("mend", entry.mend);
  object.Add("exit_code", static_cast<int>(entry.exit_code))
      .Add("retryable", entry.retry != Retry::kPermanent);
  return object;
}

Status ListErrors(CommandOutput& out) {
  JsonArray all;
  for (const ErrorEntry& entry : ErrorCatalogue()) {
    all.Add(EntryToJson(entry));
    out.PrintLine(out.terminal().Bold(ToString(entry.id)) + "  " + std::string(entry.what));
  }
  out.Data(JsonObject().Add("errors", all));
  return {};
}

// docs/errors.md, made from the table so that it cannot fall behind.
void PrintReference(CommandOutput& out) {
  out.Print(
      "# Errors\n\nEvery error names an id; `cairn explain ID` prints the same words. "
      "Made by `cairn explain --markdown`.\n\n"
      "| Id | What | Why | Mend | Exit | Retry |\n|---|---|---|---|---|---|\n");
  for (const ErrorEntry& entry : ErrorCatalogue()) {
    const std::string retry = entry.retry == Retry::kPermanent ? "no"
                              : entry.retry == Retry::kRetry   ? "yes"
                                                               : "slowly";
    out.PrintLine("| " + ToString(entry.id) + " | " + std::string(entry.what) + " | " +
                  std::string(entry.why) + " | " + std::string(entry.mend) + " | " +
                  std::to_string(static_cast<int>(entry.exit_code)) + " | " + retry + " |");
  }
}

Status Explain(const std::string& text, CommandOutput& out) {
  const std::optional<ErrorId> id = ParseErrorId(text);
  const ErrorEntry* entry = id ? FindError(*id) : nullptr;
  if (entry == nullptr) {
    return Status(errors::kUsage, "no error has the id '" + EscapeControls(text) + "'")
        .Mend("see `cairn explain --list`");
  }
  out.PrintLine(out.terminal().Bold(ToString(entry->id)) + "  " + std::string(entry->what) + "\n");
  out.PrintLine("why    " + std::string(entry->why));
  out.PrintLine("mend   " + std::string(entry->mend));
  out.PrintLine("retry  " + std::string(RetryText(entry->retry)));
  out.PrintLine("exit   " + std::to_string(static_cast<int>(entry->exit_code)));
  out.Data(EntryToJson(*entry));
  return {};
}

Status Version(CommandOutput& out) {
  out.PrintLine("cairn " + std::string(kVersion));
  out.PrintLine("built  " + std::string(kBuildType) + ", " + std::string(kCompiler));
  out.Data(JsonObject().Add("version", kVersion).Add("build", kBuildType).Add("compiler", kCompiler));
  return {};
}

}  // namespace

void AddBasicCommands(CommandSet& commands) {
  commands.Add("version", "Prints the version").Run(Version);

  struct ExplainOptions {
    std::string id;
    bool list = false, markdown = false;
  };
  auto explain = std::make_shared<ExplainOptions>();
  commands.Add("explain", "Explains an error by its id, offline")
      .Takes({"ID", "such as CAIRN-1102", &explain->id, false})
      .Has({"--list", "", "every id with one line", &explain->list})
      .Has({"--markdown", "", "the whole reference as a page", &explain->markdown})
      .Example("cairn explain CAIRN-1102")
      .Run([explain](CommandOutput& out) {
        if (explain->markdown) {
          PrintReference(out);
          return Status();
        }
        if (!explain->list && explain->id.empty()) {
          return Status(errors::kUsage, "ID is missing").Mend("name an id, or pass --list");
        }
        return explain->list ? ListErrors(out) : Explain(explain->id, out);
      });

  auto shell = std::make_shared<std::string>();
  commands.Add("completion", "Prints a completion script for a shell")
      .Takes({"SHELL", "bash, zsh or fish", shell.get(), true, {"bash", "zsh", "fish"}})
      .Example("cairn completion bash > /etc/bash_completion.d/cairn")
      .Run([shell, &commands](CommandOutput& out) {
        const std::string script = CompletionScript(commands, *shell);
        out.Print(script);
        out.Data(JsonObject().Add("shell", *shell).Add("script", script));
        return Status();
      });
}

}  // namespace cairn
