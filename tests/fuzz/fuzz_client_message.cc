// Any bytes as a site's message. What the decoder accepts encodes to bytes that mean the same.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/base/check.h"
#include "protocol/messages/codec.h"

namespace {

class NoNumbers final : public cairn::UpdatePayload {
 public:
  cairn::UpdateView view() const override { return {}; }
};

std::string EncodeAgain(const cairn::DecodedClientMessage& decoded) {
  cairn::ClientMessage message = decoded.message;
  if (decoded.update) std::get<cairn::Report>(message).update = std::make_shared<NoNumbers>();
  return Encode(message, decoded.update.value_or(cairn::UpdateTerms{}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;  // NOLINT: a program of its own
  const auto decoded = DecodeClientMessage({reinterpret_cast<const char*>(data), size});
  if (!decoded.ok()) return 0;
  const std::string canonical = EncodeAgain(*decoded);
  const auto again = DecodeClientMessage(canonical);
  CAIRN_CHECK(again.ok() && EncodeAgain(*again) == canonical, "what was accepted once is accepted again");
  return 0;
}
