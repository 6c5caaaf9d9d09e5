#pragma once

#include <string>

#include "cli/frame/output.h"
#include "core/base/result.h"
#include "privacy/crypto/secret_bytes.h"

// Passphrases reach a command through a file of mode 0600 or a prompt without echo, never through its
// command line, which other users of the machine can read.

namespace cairn {

// The file's first line; kKeyFile when others may read it.
Result<SecretBytes> ReadPassphraseFile(const std::string& path);

// Asked at the terminal; `flag` answers without one (kNoTerminal).
Result<SecretBytes> AskPassphrase(CommandOutput& out, const std::string& question, const std::string& flag);

}  // namespace cairn
