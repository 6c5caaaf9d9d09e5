#include "cli/cairn/passphrase.h"

#include "cli/frame/prompt.h"
#include "privacy/crypto/private_file.h"

namespace cairn {

Result<SecretBytes> ReadPassphraseFile(const std::string& path) {
  CAIRN_ASSIGN_OR_RETURN(const SecretBytes content, ReadPrivateFile(path, 4096));
  const std::string_view text = content.RevealText(RevealSecret{});
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  if (line.empty()) return Status(errors::kKeyFile, path + " holds no passphrase in its first line");
  return SecretBytes::CopyOf(line);
}

Result<SecretBytes> AskPassphrase(CommandOutput& out, const std::string& question, const std::string& flag) {
  CAIRN_ASSIGN_OR_RETURN(const WipedText text, AskSecret(out, question, flag));
  return SecretBytes::CopyOf(text.view());
}

}  // namespace cairn
