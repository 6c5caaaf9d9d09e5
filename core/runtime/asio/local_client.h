#pragma once

#include <filesystem>
#include <functional>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/runtime/asio/local_protocol.h"
#include "core/runtime/unique_fd.h"

namespace cairn {

// A command's side of a daemon's admin socket. Blocking; one thread.
class LocalClient {
 public:
  // kNotFound when no daemon listens there; kStorageIo when this user may not speak to it.
  static Result<LocalClient> Connect(const std::filesystem::path& path);

  // One request, one answer. `patience` bounds each wait for bytes.
  Result<LocalMessage> Call(const LocalMessage& request, Duration patience = std::chrono::seconds(30));

  // One request, any number of answers, as they come; `on_message` returns false to hang up.
  Status Stream(const LocalMessage& request, const std::function<bool(LocalMessage)>& on_message,
                Duration patience = Duration::max());

 private:
  LocalClient(std::filesystem::path path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  Status SendAll(std::string_view bytes, Duration patience);
  Result<std::size_t> Receive(char* buffer, std::size_t size, Duration patience);

  std::filesystem::path path_;
  UniqueFd fd_;
};

}  // namespace cairn
