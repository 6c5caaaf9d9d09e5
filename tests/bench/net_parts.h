#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/tensor/parameter_spec.h"
#include "privacy/crypto/tls_files.h"

// The parts of cairn_bench_net: sending runs in a child process, so that the memory and the time of
// the receiving side are its own.

namespace cairn::bench {

inline ParameterSpec Vector(std::int64_t parameters) {
  return ParameterSpec::Create({{"w", {parameters}, Role::kParameter, Scope::kExchanged}}).value();
}
TlsFiles FilesOf(const std::filesystem::path& folder, const std::string& name);

struct SendOrder {
  bool is_raw = false;
  std::uint16_t port = 0;
  std::filesystem::path folder;
  int clients = 0;
  std::int64_t parameters = 0;
};
// The child: connects all clients, says so on standard output, waits for a byte on standard input,
// sends, and stays until standard input ends.
int RunSender(const SendOrder& order);

// The baseline's receiver: reads chunks, checks CRC-32C, hashes, and keeps nothing.
class RawServer {
 public:
  RawServer(const TlsFiles& files, std::function<void()> on_object);
  ~RawServer();
  std::uint16_t port() const;

 private:
  class Service;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};
void SendRaw(const SendOrder& order, const std::function<void()>& ready_then_go);

}  // namespace cairn::bench
