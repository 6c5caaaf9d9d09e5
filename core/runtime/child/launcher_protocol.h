#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/runtime/child/launcher.h"
#include "core/runtime/unique_fd.h"

// What a process and its launcher say to each other on their socket pair: one packet a question, one
// an answer, descriptors beside. Both ends are the same program, so nothing here has a version.

namespace cairn {

inline constexpr const char* kLauncherFlag = "--cairn-launcher";
inline constexpr int kLauncherSocket = 3;
inline constexpr std::size_t kMaxPacket = 128 * 1024;
inline constexpr std::size_t kMaxDescriptors = 16;
inline constexpr int kMaxTarget = 64;

// How far a child came on its way to the program.
enum class SpawnStage : std::uint32_t {
  kRunning = 0,
  kDescriptors,
  kLimits,
  kPath,  // detail: which of `readable`
  kSandbox,
  kProgram,
};

struct SpawnAnswer {
  SpawnStage stage = SpawnStage::kRunning;
  std::int32_t error = 0;  // errno
  std::uint32_t detail = 0;
  std::int32_t pid = 0;
  std::uint8_t seccomp = 0, no_new_privileges = 0;
  std::int32_t landlock_abi = 0;
};

struct Packet {
  std::string bytes;
  std::vector<UniqueFd> descriptors;
};

std::string EncodeSpec(const ChildSpec& spec);
// The sources of descriptors are not set: they arrive beside the packet.
std::optional<ChildSpec> DecodeSpec(std::string_view bytes);

// False with errno set when the other end is gone or the packet does not fit.
bool SendPacket(int socket, std::string_view bytes, std::span<const int> descriptors);
// Nothing at the end of the stream, on an error, or for a packet cut short.
std::optional<Packet> ReceivePacket(int socket);

}  // namespace cairn
