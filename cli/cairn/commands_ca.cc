#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>

#include "cli/cairn/commands.h"
#include "cli/cairn/passphrase.h"
#include "privacy/crypto/certificate_authority.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string federation, dir, passphrase_file;
};

// From the file, or asked twice at a terminal, where an empty answer means none.
Result<SecretBytes> ChoosePassphrase(const Options& options, CommandOutput& out) {
  if (!options.passphrase_file.empty()) return ReadPassphraseFile(options.passphrase_file);
  if (isatty(STDIN_FILENO) != 1) return SecretBytes();
  const std::string flag = "--passphrase-file FILE";
  CAIRN_ASSIGN_OR_RETURN(SecretBytes first,
                         AskPassphrase(out, "passphrase for root.key (empty: none)", flag));
  if (first.empty()) return first;
  CAIRN_ASSIGN_OR_RETURN(const SecretBytes second, AskPassphrase(out, "the same again", flag));
  if (!(first == second))
    return Status(errors::kNotConfirmed, "the two passphrases differ, so nothing was made");
  return first;
}

Status Init(const Options& options, CommandOutput& out) {
  const fs::path folder = fs::absolute(options.dir.empty() ? options.federation + "-ca" : options.dir);
  CAIRN_ASSIGN_OR_RETURN(const SecretBytes passphrase, ChoosePassphrase(options, out));
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  CAIRN_ASSIGN_OR_RETURN(const CertificateAuthority authority,
                         CertificateAuthority::Create(folder, options.federation, passphrase, now));
  const std::string issuer = (folder / "issuer").string(), key = (folder / "root.key").string();
  const Sha256Digest fingerprint = authority.root().fingerprint();
  out.PrintLine("root     " + key + (passphrase.empty() ? " (no passphrase)" : " (passphrase set)") +
                "   fingerprint " + fingerprint.short_hex());
  out.PrintLine("issuer   " + issuer +
                "   signs TLS certificates, cannot add members; only this goes to the server");
  if (passphrase.empty()) out.Warn("root.key has no passphrase: whoever can read it can add members");
  out.Warn(
      "root and issuer are on one host: move root.key elsewhere before real data (cairn explain CAIRN-3110)");
  out.Data(JsonObject()
               .Add("federation", options.federation)
               .Add("root", folder.string())
               .Add("issuer", issuer)
               .Add("fingerprint", fingerprint.hex())
               .Add("passphrase", !passphrase.empty()));
  out.Next("cairn aggregator init --issuer " + issuer + " --address HOST:8443");
  return {};
}

}  // namespace

void AddCaCommands(CommandSet& commands) {
  commands.Group("ca", "The federation's own certificate authority");
  auto options = std::make_shared<Options>();
  commands.Add("ca init", "Makes the root key, which admits members, and the issuer that goes to the server")
      .Has({"--federation", "NAME", "its name: a-z, 0-9 and '-'", &options->federation, {}, true})
      .Has({"--dir", "DIR", "where to put it (default: NAME-ca)", &options->dir})
      .Has({"--passphrase-file", "FILE", "the root key's passphrase; mode 0600", &options->passphrase_file})
      .Example("cairn ca init --federation heartnet")
      .Run([options](CommandOutput& out) { return Init(*options, out); });
}

}  // namespace cairn
