#include "simulation/engine/masking_lanes.h"

#include <utility>

#include "core/base/check.h"

namespace cairn {
namespace {

AgentEvent Perform(MaskingDesk& desk, const AgentAction& action) {
  if (const auto* begin = std::get_if<BeginMasking>(&action))
    return MaskingStepped{begin->key, desk.Begin(*begin)};
  if (const auto* step = std::get_if<StepMasking>(&action))
    return MaskingStepped{step->key, desk.Step(*step)};
  const auto* input = std::get_if<MaskInput>(&action);
  CAIRN_CHECK(input != nullptr, "a desk is asked for what it does");
  return InputMasked{input->key, desk.Mask(*input, {})};
}

}  // namespace

void MaskingLanes::Ask(std::size_t client, MaskingDesk& desk, AgentAction action) {
  WaitFor(client);
  const bool is_input = std::holds_alternative<MaskInput>(action);
  auto promise = std::make_shared<std::promise<AgentEvent>>();
  Asked& asked = asked_.emplace_back();
  asked.client = client;
  asked.is_input = is_input;
  asked.answer = promise->get_future();
  latest_[client] = &asked;
  if (!is_input) ++steps_;
  // Copyable, as a job must be; the message goes when the job does.
  auto what = std::make_shared<AgentAction>(std::move(action));
  lanes_.SubmitAny([promise = std::move(promise), what = std::move(what), &desk](std::size_t) {
    promise->set_value(Perform(desk, *what));
  });
}

void MaskingLanes::End(std::size_t client, MaskingDesk& desk, RoundKey key) {
  WaitFor(client);
  desk.End(key);
}

void MaskingLanes::WaitFor(std::size_t client) const {
  if (const auto latest = latest_.find(client); latest != latest_.end()) latest->second->answer.wait();
}

MaskingLanes::Answer MaskingLanes::Take() {
  Asked& oldest = asked_.front();
  Answer answer{oldest.client, oldest.answer.get()};
  if (const auto latest = latest_.find(oldest.client); latest != latest_.end() && latest->second == &oldest)
    latest_.erase(latest);
  if (!oldest.is_input) --steps_;
  asked_.pop_front();
  return answer;
}

}  // namespace cairn
