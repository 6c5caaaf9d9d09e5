#include <memory>
#include <optional>
#include <string>

#include "cli/cairn/client_run.h"
#include "cli/cairn/commands.h"
#include "cli/cairn/places.h"
#include "client/agent/roster_pin.h"
#include "core/runtime/files.h"
#include "privacy/secagg/shared/contradiction.h"
#include "privacy/secagg/shared/terms.h"

namespace cairn {
namespace {

struct Options {
  std::string dir, file, key, roster, roots;
};

constexpr std::uint64_t kMaxRosterFile = 64 << 20, kMaxRootsFile = 1 << 20;

Result<VerifyKey> KeyOfHex(const std::string& text) {
  const std::optional<Bytes> bytes = FromHex(text);
  VerifyKey key;
  if (!bytes.has_value() || bytes->size() != key.bytes.size())
    return Status(errors::kUsage, "--key is not the 64 hex digits of a signing key");
  std::copy(bytes->begin(), bytes->end(), key.bytes.begin());
  return key;
}

// A roster that has run out still says whose key was whose.
Result<VerifyKey> KeyOfRoster(const std::filesystem::path& roster_file,
                              const std::filesystem::path& roots_file, const std::string& federation) {
  CAIRN_ASSIGN_OR_RETURN(const std::string roots, ReadFile(roots_file, kMaxRootsFile));
  CAIRN_ASSIGN_OR_RETURN(const VerifyKey root_key, RootKeyOf(roots));
  CAIRN_ASSIGN_OR_RETURN(const std::string file, ReadFile(roster_file, kMaxRosterFile));
  CAIRN_ASSIGN_OR_RETURN(const Roster roster, VerifyRoster(AsBytes(file), {root_key, federation, 0, {}}));
  if (const RosterMember* aggregator = roster.Aggregator(); aggregator != nullptr)
    return aggregator->signing_key;
  return Status(errors::kSecAggMember, "the roster names no aggregator");
}

// Whose signatures they have to be: a key, a roster with its root, or what this site has pinned.
Result<VerifyKey> AggregatorKey(const Options& options, const std::string& federation) {
  if (!options.key.empty()) return KeyOfHex(options.key);
  if (options.roster.empty() != options.roots.empty())
    return Status(errors::kUsage, "--roster and --roots belong together");
  if (!options.roster.empty()) return KeyOfRoster(options.roster, options.roots, federation);
  CAIRN_ASSIGN_OR_RETURN(const ClientConfig config, LoadClientConfig(ClientFolder(options.dir)));
  return KeyOfRoster(config.state_dir / "roster", config.roots_file(), federation);
}

Status CheckEvidence(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const std::string file, ReadFile(options.file, secagg::kMaxContradictionBytes));
  CAIRN_ASSIGN_OR_RETURN(const secagg::Contradiction found, secagg::DecodeContradiction(AsBytes(file)));
  CAIRN_ASSIGN_OR_RETURN(const secagg::AttemptNames names, secagg::ReadRoundContext(found.context));
  CAIRN_ASSIGN_OR_RETURN(const VerifyKey key, AggregatorKey(options, names.federation));
  CAIRN_RETURN_IF_ERROR(secagg::CheckContradiction(found, key));
  const auto [first, second] = secagg::WordsOf(found);
  const std::string what(secagg::NameOf(found)), group = std::to_string(names.group);
  out.Data(JsonObject()
               .Add("proved", true)
               .Add("what", what)
               .Add("federation", names.federation)
               .Add("job", std::to_string(names.job))
               .Add("round", names.round)
               .Add("attempt", names.attempt)
               .Add("manifest", names.manifest.hex())
               .Add("roster_version", names.roster_version)
               .Add("aggregator", ToHex(key.bytes))
               .Add("first", first)
               .Add("second", second));
  out.PrintLine("proved      the aggregator signed two different " + what + " for one attempt");
  out.PrintLine("attempt     " + names.federation + ", job " + std::to_string(names.job) + ", round " +
                std::to_string(names.round) + ", attempt " + std::to_string(names.attempt) +
                (names.group == 0 ? "" : ", group " + group));
  out.PrintLine("manifest    " + names.manifest.hex());
  out.PrintLine("roster      version " + std::to_string(names.roster_version) + "  " + names.roster.hex());
  out.PrintLine("aggregator  " + ToHex(key.bytes));
  out.PrintLine("one said    " + first);
  out.PrintLine("another     " + second);
  return {};
}

}  // namespace

void AddEvidenceCommand(CommandSet& commands) {
  auto options = std::make_shared<Options>();
  commands.Add("client audit evidence", "Checks what a site has kept against an aggregator")
      .Takes({"FILE", "the evidence, as `cairn client status` names it", &options->file})
      .Has({"--dir", "DIR", "folder of client.toml, whose pinned roster is believed", &options->dir})
      .Has({"--key", "HEX", "the aggregator's signing key, instead of a roster", &options->key})
      .Has({"--roster", "FILE", "a roster, on a machine that is no site", &options->roster})
      .Has({"--roots", "FILE", "the federation's roots.crt, which --roster needs", &options->roots})
      .Run([options](CommandOutput& out) { return CheckEvidence(*options, out); });
}

}  // namespace cairn
