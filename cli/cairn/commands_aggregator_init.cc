#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <memory>

#include "aggregator/server/aggregator_config.h"
#include "cli/cairn/commands.h"
#include "cli/cairn/desk_call.h"
#include "cli/cairn/places.h"
#include "cli/cairn/tick.h"
#include "core/base/text.h"
#include "core/runtime/files.h"
#include "privacy/crypto/certificate_authority.h"
#include "privacy/crypto/endpoint.h"
#include "privacy/crypto/private_file.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string issuer, address, root, dir, listen;
  std::vector<std::string> sans;
  bool renew = false;
};

// File locks and the journal's promises do not hold over a network.
Status CheckLocal(const fs::path& folder) {
  constexpr long kCifs = 0xff534d42, kSmb2 = 0xfe534d42;
  constexpr std::array kRemote = {long{NFS_SUPER_MAGIC}, long{SMB_SUPER_MAGIC}, kCifs, kSmb2};
  struct statfs info {};
  if (statfs(folder.c_str(), &info) != 0)
    return Status(errors::kStorageIo, "cannot inspect the file system of " + folder.string());
  if (std::ranges::find(kRemote, static_cast<long>(info.f_type)) == kRemote.end()) return {};
  return Status(errors::kStorageIo, folder.string() + " lies on a network file system")
      .Why("its locks and its fsync do not keep the promises that durable state needs")
      .Mend("choose a folder on a local disk with --dir");
}

// The root key where it is on this host: named, or found beside the issuer.
fs::path RootFolder(const Options& options, const fs::path& issuer) {
  if (!options.root.empty()) return fs::absolute(options.root);
  std::error_code error;
  const fs::path parent = issuer.parent_path();
  return fs::exists(parent / "root.key", error) ? parent : fs::path();
}

Result<AggregatorFileConfig> NewConfig(const Options& options) {
  const std::optional<Endpoint> address = Endpoint::Parse(options.address);
  if (!address.has_value() || address->port == 0) {
    return Status(errors::kUsage, "--address: expected HOST:PORT as sites will dial it, got '" +
                                      EscapeControls(options.address) + "'")
        .Mend("such as --address agg.example.org:8443");
  }
  if (options.issuer.empty()) {
    return Status(errors::kUsage, "--issuer is missing")
        .Mend("name the issuer folder that `cairn ca init` made");
  }
  const fs::path dir = AggregatorFolder(options.dir);
  std::error_code error;
  if (fs::exists(dir / "aggregator.toml", error)) {
    return Status(errors::kUsage, (dir / "aggregator.toml").string() + " exists already")
        .Why("a second start would orphan the sites of the first")
        .Mend("pass --renew for a new certificate, or choose another --dir");
  }
  AggregatorFileConfig config;
  config.state_dir = dir;
  config.issuer = fs::absolute(options.issuer).lexically_normal();
  if (config.issuer.filename().empty()) config.issuer = config.issuer.parent_path();
  config.root = RootFolder(options, config.issuer);
  config.public_address = address->text();
  config.address = options.listen.empty() ? "0.0.0.0:" + std::to_string(address->port) : options.listen;
  if (!Endpoint::Parse(config.address).has_value()) {
    return Status(errors::kUsage,
                  "--listen: expected ADDRESS:PORT, got '" + EscapeControls(options.listen) + "'");
  }
  return config;
}

// The same key again on renewal, so that nothing else changes.
Result<TlsKey> ServerKey(const AggregatorFileConfig& config) {
  std::error_code error;
  if (fs::exists(config.key(), error)) return TlsKey::Load(config.key());
  TlsKey key = TlsKey::Generate();
  CAIRN_RETURN_IF_ERROR(key.Save(config.key()));
  return key;
}

// The server shows leaf, issuer and root, and trusts issuer and root: its clients send their leaf only.
Result<Certificate> WriteTls(const AggregatorFileConfig& config, const CertificateIssuer& issuer,
                             std::vector<std::string> names) {
  CAIRN_RETURN_IF_ERROR(MakePrivateFolder(config.certificate().parent_path()));
  CAIRN_ASSIGN_OR_RETURN(const TlsKey key, ServerKey(config));
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  CAIRN_ASSIGN_OR_RETURN(const Certificate leaf,
                         issuer.IssueServer(key.public_key(), config.name, std::move(names), now));
  std::vector<Certificate> chain = issuer.chain();
  CAIRN_RETURN_IF_ERROR(WritePublicFile(config.roots(), AsBytes(ToPem(chain))));
  chain.insert(chain.begin(), leaf);
  CAIRN_RETURN_IF_ERROR(WritePublicFile(config.certificate(), AsBytes(ToPem(chain))));
  return leaf;
}

std::vector<std::string> NamesOf(const AggregatorFileConfig& config, const Options& options) {
  std::vector<std::string> names = options.sans;
  const std::string host = Endpoint::Parse(config.public_address)->host;
  if (std::ranges::find(names, host) == names.end()) names.insert(names.begin(), host);
  return names;
}

void Tell(const AggregatorFileConfig& config, const Certificate& leaf, CommandOutput& out) {
  const std::string tick = Tick(out.terminal());
  const std::string until = FormatUtc(leaf.validity().not_after).substr(0, 10);
  out.PrintLine(tick + "certificate for " + leaf.names_text() + " until " + until);
  if (const auto free = FreeBytes(config.state_dir); free.ok()) {
    out.PrintLine(tick + config.state_dir.string() + " is local, " +
                  FormatByteSize(static_cast<double>(*free)) + " free");
  }
  out.PrintLine(tick + (config.state_dir / "aggregator.toml").string() + " · listens on " + config.address +
                " · sites dial " + config.public_address);
  if (const Status status = CheckRootIsElsewhere(config.issuer); !status.ok()) {
    out.Warn(status.what() + ": move it elsewhere before real data (cairn explain CAIRN-3110)");
  }
  out.Data(JsonObject()
               .Add("dir", config.state_dir.string())
               .Add("federation", config.federation)
               .Add("address", config.public_address)
               .Add("listen", config.address)
               .Add("certificate_until", until));
}

Status Init(const Options& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(AggregatorFileConfig config,
                         options.renew ? LoadAggregatorConfig(options.dir) : NewConfig(options));
  if (config.public_address.empty()) config.public_address = config.address;
  if (!Endpoint::Parse(config.public_address)) {
    return Status(errors::kConfigValue,
                  "public_address: expected host:port, got '" + config.public_address + "'");
  }
  CAIRN_ASSIGN_OR_RETURN(const CertificateIssuer issuer, CertificateIssuer::Open(config.issuer));
  CAIRN_RETURN_IF_ERROR(MakeFolders(config.state_dir));
  CAIRN_RETURN_IF_ERROR(CheckLocal(config.state_dir));
  CAIRN_ASSIGN_OR_RETURN(const Certificate leaf, WriteTls(config, issuer, NamesOf(config, options)));
  if (!options.renew) {
    config.federation = issuer.federation();
    // Last: its presence means that everything else is there.
    CAIRN_RETURN_IF_ERROR(WriteFileAtomically(config.state_dir / "aggregator.toml",
                                              std::string_view(AggregatorToml(config)), 0644));
  }
  Tell(config, leaf, out);
  const std::string dir = options.dir.empty() ? "" : " --dir " + config.state_dir.string();
  out.Next("cairn aggregator serve" + dir);
  return {};
}

}  // namespace

void AddAggregatorInitCommand(CommandSet& commands) {
  commands.Group("aggregator", "The central party's daemon");
  auto options = std::make_shared<Options>();
  commands.Add("aggregator init", "Makes the aggregator's key, certificate and configuration")
      .Has({"--issuer", "DIR", "the issuer folder of `cairn ca init`", &options->issuer})
      .Has({"--address", "HOST:PORT", "where sites will dial it", &options->address})
      .Has({"--listen", "ADDRESS:PORT", "where it listens (default: every address, the same port)",
            &options->listen})
      .Has(
          {"--san", "NAME", "a further name or address for its certificate; may be repeated", &options->sans})
      .Has({"--root", "DIR", "the root key's folder, where it is on this host", &options->root})
      .Has({"--dir", "DIR", "the aggregator's folder", &options->dir})
      .Has({"--renew", "", "only issue a new certificate for the key that is there", &options->renew})
      .Example("cairn aggregator init --issuer heartnet-ca/issuer --address agg.heartnet.example:8443")
      .Run([options](CommandOutput& out) { return Init(*options, out); });
}

}  // namespace cairn
