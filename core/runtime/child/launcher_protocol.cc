#include "core/runtime/child/launcher_protocol.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "core/runtime/child/byte_codec.h"

namespace cairn {
namespace {

struct alignas(cmsghdr) ControlBuffer {
  char bytes[CMSG_SPACE(sizeof(int) * kMaxDescriptors)];
};

void TakeDescriptors(msghdr& message, std::vector<UniqueFd>& out) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      out.emplace_back(fd);
    }
  }
}

}  // namespace

std::string EncodeSpec(const ChildSpec& spec) {
  ByteWriter out;
  out.List(spec.arguments);
  out.List(spec.environment);
  std::vector<std::string> paths;
  for (const auto& path : spec.readable) paths.push_back(std::filesystem::absolute(path).string());
  out.List(paths);
  out.U64(spec.descriptors.size());
  for (const ChildDescriptor& descriptor : spec.descriptors) {
    out.U64(static_cast<std::uint64_t>(descriptor.target));
  }
  out.U64(spec.limits.address_space);
  out.U64(spec.limits.cpu_seconds);
  out.U64(spec.limits.open_files);
  out.U64(static_cast<std::uint64_t>(spec.sandbox));
  return std::move(out).Take();
}

std::optional<ChildSpec> DecodeSpec(std::string_view bytes) {
  ByteReader in(bytes);
  ChildSpec spec;
  in.List(spec.arguments);
  in.List(spec.environment);
  in.List(spec.readable);
  const std::uint64_t count = in.U64();
  if (count > kMaxDescriptors) return std::nullopt;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t target = in.U64();
    if (target >= kMaxTarget) return std::nullopt;
    spec.descriptors.push_back({-1, static_cast<int>(target)});
  }
  spec.limits.address_space = in.U64();
  spec.limits.cpu_seconds = in.U64();
  spec.limits.open_files = in.U64();
  // Whatever is not plainly best-effort is required.
  spec.sandbox = in.U64() == static_cast<std::uint64_t>(SandboxMode::kBestEffort) ? SandboxMode::kBestEffort
                                                                                  : SandboxMode::kRequired;
  if (!in.is_at_end()) return std::nullopt;
  return spec;
}

bool SendPacket(int socket, std::string_view bytes, std::span<const int> descriptors) {
  iovec data{const_cast<char*>(bytes.data()), bytes.size()};
  ControlBuffer control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(part), descriptors.data(), descriptors.size_bytes());
  }
  ssize_t sent = 0;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(bytes.size());
}

std::optional<Packet> ReceivePacket(int socket) {
  Packet packet;
  packet.bytes.resize(kMaxPacket);
  iovec data{packet.bytes.data(), packet.bytes.size()};
  ControlBuffer control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  ssize_t received = 0;
  do received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (received < 0 && errno == EINTR);
  if (received <= 0) return std::nullopt;
  TakeDescriptors(message, packet.descriptors);
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return std::nullopt;
  packet.bytes.resize(static_cast<std::size_t>(received));
  return packet;
}

}  // namespace cairn
