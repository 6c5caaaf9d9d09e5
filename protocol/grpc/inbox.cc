#include "protocol/grpc/inbox.h"

#include <string>
#include <variant>

namespace cairn {

Status Inbox::Push(ServerMessage message, std::size_t bytes) {
  if (waiting_.size() == kMaxMessages || bytes > kMaxBytes - bytes_) {
    return Status(errors::kNetLost,
                  "the aggregator sent more than the site can keep while a model is on its way: " +
                      std::to_string(waiting_.size()) + " messages of " + std::to_string(bytes_) +
                      " bytes wait");
  }
  bytes_ += bytes;
  waiting_.push_back({std::move(message), bytes});
  return {};
}

void Inbox::DropPlansOf(const RoundKey& key) {
  std::erase_if(waiting_, [this, &key](const Waiting& waiting) {
    const auto* plan = std::get_if<RoundPlan>(&waiting.message);
    const bool is_closed = plan != nullptr && plan->key == key;
    if (is_closed) bytes_ -= waiting.bytes;
    return is_closed;
  });
}

ServerMessage Inbox::Pop() {
  Waiting first = std::move(waiting_.front());
  waiting_.pop_front();
  bytes_ -= first.bytes;
  return std::move(first.message);
}

}  // namespace cairn
