#include <unistd.h>

#include <functional>
#include <latch>
#include <vector>

#include "net_parts.h"
#include "protocol/grpc/grpc_client_channel.h"
#include "tests/testing/fake_update.h"

namespace cairn::bench {
namespace {

struct Quiet final : ClientHandler {
  explicit Quiet(std::latch& opened) : opened_(opened) {}
  void OnOpen() override { opened_.count_down(); }
  void OnMessage(ServerMessage) override {}
  void OnClose(Status) override {}  // the aggregator goes first
  std::latch& opened_;
};

void SendOurs(const SendOrder& order, const std::function<void()>& ready_then_go,
              const std::function<void()>& stay) {
  const ParameterSpec spec = Vector(order.parameters);
  const auto update =
      std::make_shared<FakeUpdate>(std::vector<float>(static_cast<std::size_t>(order.parameters), 0.5f));
  std::latch opened(order.clients);
  std::vector<std::unique_ptr<Quiet>> handlers;
  std::vector<std::unique_ptr<GrpcClientChannel>> channels;
  for (int i = 0; i < order.clients; ++i) {
    const std::string name = "site-" + std::to_string(i);
    handlers.push_back(std::make_unique<Quiet>(opened));
    channels.push_back(GrpcClientChannel::Create({.aggregator = {"127.0.0.1", order.port},
                                                  .federation = "heartnet",
                                                  .tls = FilesOf(order.folder, name),
                                                  .cache_dir = order.folder / ("cache-" + name)})
                           .value());
    channels.back()->Open(*handlers.back());
    channels.back()->Send(Hello{.software = "bench", .site = name, .capabilities = {}});
  }
  opened.wait();
  ready_then_go();
  for (const auto& channel : channels) {
    Report report;
    report.key = {{1}, {1}, 1};
    report.layout_hash = spec.layout_hash();
    report.update = update;
    channel->Send(report);
  }
  stay();
}

}  // namespace

TlsFiles FilesOf(const std::filesystem::path& folder, const std::string& name) {
  return {.certificate = folder / (name + ".pem"),
          .key = folder / (name + ".key"),
          .roots = folder / "roots.pem"};
}

int RunSender(const SendOrder& order) {
  char byte = 0;
  const auto await_input = [&byte] { static_cast<void>(read(0, &byte, 1)); };
  const auto ready_then_go = [&] {
    if (write(1, "r", 1) == 1) await_input();
  };
  if (order.is_raw) {
    SendRaw(order, ready_then_go);
    await_input();
  } else {
    SendOurs(order, ready_then_go, await_input);
  }
  return 0;
}

}  // namespace cairn::bench
