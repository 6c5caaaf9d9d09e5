#include "loopback.h"

#include <gtest/gtest.h>

#include "privacy/crypto/private_file.h"
#include "protocol/messages/blob_ref.h"

namespace cairn {

ParameterSpec VectorSpec(std::int64_t size) {
  return ParameterSpec::Create({{"w", {size}, Role::kParameter, Scope::kExchanged}}).value();
}

ModelHandle MakeModel(const ParameterSpec& spec, float start) {
  ParameterSet values(spec);
  for (float& value : values.floats()) value = start++;
  const BlobRef ref = BlobRefOf(values.bytes());
  return std::make_shared<const ModelVersion>(ModelVersion{ref, std::move(values)});
}

TestUpdate::TestUpdate(const ParameterSpec& spec, float start, float step)
    : values_(LayoutOf(spec).parameters) {
  for (float& value : values_) {
    value = start;
    start = start > 900 ? -900 : start + step;
  }
}

Hello HelloOf(std::string site) {
  return {.software = "cairn test", .site = std::move(site), .capabilities = {"f32"}};
}

Loopback::Loopback() : folder_(TempFolder::Create(std::filesystem::temp_directory_path()).value()) {
  const auto key = TlsKey::Generate();
  server_files_ = Write("server", key,
                        federation_.Server(key.public_key(), {"localhost", "127.0.0.1", "aggregator.test"}));
}

TlsFiles Loopback::Write(const std::string& name, const TlsKey& key, const Certificate& leaf) {
  const TlsFiles files{.certificate = folder() / (name + ".pem"),
                       .key = folder() / (name + ".key"),
                       .roots = folder() / (name + ".roots")};
  const std::vector<Certificate> chain = {leaf, federation_.issuer},
                                 roots = {federation_.issuer, federation_.root};
  EXPECT_TRUE(WriteFileAtomically(files.certificate, ToPem(chain), 0644).ok());
  EXPECT_TRUE(WriteFileAtomically(files.roots, ToPem(roots), 0644).ok());
  EXPECT_TRUE(key.Save(files.key).ok());
  return files;
}

TlsFiles Loopback::Member(const std::string& name, PeerRole role) {
  const auto key = TlsKey::Generate();
  return Write(name, key, federation_.Leaf(role, name, key.public_key()));
}

std::unique_ptr<GrpcServer> Loopback::NewServer(std::function<void(GrpcServerConfig&)> adjust) {
  GrpcServerConfig config{
      .address = "127.0.0.1:0", .tls = server_files_, .state_dir = folder() / "state", .authorize = {}};
  if (adjust) adjust(config);
  auto server = GrpcServer::Create(std::move(config));
  EXPECT_TRUE(server.ok()) << server.status().ToString();
  return std::move(*server);
}

Result<std::unique_ptr<GrpcClientChannel>> Loopback::NewChannel(const TlsFiles& files, std::uint16_t port) {
  return GrpcClientChannel::Create({.aggregator = {"127.0.0.1", port},
                                    .federation = "heartnet",
                                    .tls = files,
                                    .cache_dir = folder() / ("cache-" + files.key.stem().string())});
}

}  // namespace cairn
