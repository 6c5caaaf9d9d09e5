#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace cairn {

// Writes scalars as a TensorBoard event file: TFRecord frames (length, masked CRC-32C, data, masked
// CRC-32C) around Event messages, whose few protobuf fields are encoded by hand.
//
//   CAIRN_ASSIGN_OR_RETURN(auto events, TensorBoardWriter::Create(run.path() / "tb" / "server", now));
//   CAIRN_RETURN_IF_ERROR(events.AddScalar("loss/federated", round, 0.3, now));
//
// Times are seconds since 1970. Each record is flushed. Errors: kStorageIo. One thread.
class TensorBoardWriter {
 public:
  // Makes the folder and a file events.out.tfevents.<seconds>.cairn in it.
  static Result<TensorBoardWriter> Create(const std::filesystem::path& folder, double wall_time);

  Status AddScalar(std::string_view tag, std::int64_t step, double value, double wall_time);
  const std::filesystem::path& path() const { return path_; }

 private:
  TensorBoardWriter(std::filesystem::path path, std::ofstream file)
      : path_(std::move(path)), file_(std::move(file)) {}
  Status AddRecord(const std::string& event);

  std::filesystem::path path_;
  std::ofstream file_;
};

}  // namespace cairn
