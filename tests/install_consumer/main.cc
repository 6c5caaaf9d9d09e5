// Reaches through the installed libraries to each outside package they hide: protobuf, gRPC, OpenSSL, SQLite.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <variant>

#include "aggregator/persistence/job_store.h"
#include "privacy/crypto/sha256.h"
#include "protocol/grpc/grpc_setup.h"
#include "protocol/messages/codec.h"

int main() {
  cairn::PrepareGrpc();
  cairn::Hello hello;
  hello.software = "consumer";
  hello.site = "site-a";
  const auto decoded = cairn::DecodeClientMessage(cairn::Encode(cairn::ClientMessage(hello)));
  if (!decoded.ok()) {
    std::puts(decoded.status().ToString().c_str());
    return 1;
  }
  const auto folder = std::filesystem::temp_directory_path() / ("cairn-consumer-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const bool stored = cairn::JobStore::Open(folder).ok();
  std::filesystem::remove_all(folder);
  if (!stored || cairn::Sha256::Of("abc").hex().substr(0, 8) != "ba7816bf") return 1;
  std::printf("decoded a hello of %s\n", std::get<cairn::Hello>(decoded->message).site.c_str());
  return 0;
}
