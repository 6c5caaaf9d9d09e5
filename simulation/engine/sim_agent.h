#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>

#include "simulation/engine/sim_driver.h"

namespace cairn {

// One client of a simulation: its engine, its channel, and the one piece of work in force. A part of
// SimDriver.
class SimDriver::Agent final : public ClientHandler {
 public:
  Agent(SimDriver& owner, std::size_t index, std::unique_ptr<PrivacyDesk> desk, ClientAgent agent_engine)
      : driver(owner), client(index), privacy(std::move(desk)), engine(std::move(agent_engine)) {}

  void OnOpen() override { driver.ready_.push_back(AgentInput{client, ChannelOpened{}}); }
  void OnMessage(ServerMessage message) override {
    driver.ready_.push_back(AgentInput{client, ServerSaid{std::move(message)}});
  }
  void OnClose(Status reason) override {
    // Nothing cuts a channel within a process but a message that no real peer could have sent.
    if (!reason.ok() && driver.fault_.ok()) driver.fault_ = reason;
    driver.ready_.push_back(AgentInput{client, ChannelClosed{std::move(reason)}});
  }

  SimDriver& driver;
  std::size_t client;
  std::unique_ptr<PrivacyDesk> privacy;  // of a private job; the engine weighs by it
  ClientAgent engine;
  std::unique_ptr<ClientChannel> channel;
  std::map<TimerId, std::uint64_t> timers;  // live generation

  std::optional<StartWork> work;
  std::optional<WorkKey> work_key;
  std::optional<SimWorkers::Ticket> ticket;
  std::stop_source stop;
  std::size_t lane = 0;                  // where its last work ran
  std::unique_ptr<MaskingDesk> masking;  // null where sums are made without masks

  RoundKey invited_to;                          // the last attempt it had a plan of
  std::optional<DropOutModel::Place> drop_out;  // in that attempt, as long as it has not happened
  bool is_silent = false;                       // lost, and has not noticed yet that it is
};

}  // namespace cairn
