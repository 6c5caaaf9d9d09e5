#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "core/tensor/parameter_spec.h"
#include "privacy/crypto/tls_files.h"
#include "protocol/messages/model_ref.h"

// The parts of cairn_bench_net: sending runs in a child process, so that the memory and the time of
// the receiving side are its own. Both senders are alike but for what the protocol asks: the same
// dialling, the same frames, one thread a site, CRC-32C and SHA-256 of every chunk while it is sent.

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
// The child: connects all clients; then round after round it makes new numbers, says on standard
// output that it is ready, waits for a byte on standard input, and sends. Ends when that input does.
int RunSender(const SendOrder& order);

// One site's connection, from the first round to the last.
class RoundSender {
 public:
  virtual ~RoundSender() = default;
  virtual void Prepare() = 0;  // before the clock runs
  virtual void Send(const BlobRef& ref, std::span<const std::byte> bytes) = 0;
};
std::unique_ptr<RoundSender> NewSender(const SendOrder& order, int site);

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

}  // namespace cairn::bench
