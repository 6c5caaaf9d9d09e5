#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/tensor/safetensors.h"
#include "protocol/messages/job.h"

namespace cairn {

// A safetensors file, read whole and parsed. The view borrows from the object, which may be moved.
class ModelFile {
 public:
  // kNotFound, kStorageIo, kSafetensorsFormat, kModelPickle; each names the path.
  static Result<ModelFile> Read(const std::string& path);

  const std::string& path() const { return path_; }
  std::string_view bytes() const { return *bytes_; }
  const SafetensorsView& view() const { return view_; }
  std::string sha256() const;  // of the file, as sha256sum prints it

 private:
  ModelFile(std::string path, std::string bytes)
      : path_(std::move(path)), bytes_(std::make_unique<const std::string>(std::move(bytes))) {}

  std::string path_;
  std::unique_ptr<const std::string> bytes_;
  SafetensorsView view_;
};

// Which net a model file belongs to, and how it is trained where a job says so.
struct ModelDescription {
  ModelConfig model;
  std::vector<std::string> freeze;
  TrainConfig train;
  std::string source;  // where this stands, for people
};

// "cnn-small" with {"channels=1", "size=28", …}; each value is TOML. kConfigValue and others of 11xx.
Result<ModelConfig> ModelFromWords(const std::string& arch, const std::vector<std::string>& sets,
                                   const std::string& init);

// A job or experiment file's model; its data sets and schema are not touched.
Result<ModelDescription> ModelOfJob(const std::string& path);

// What `model init` notes in a file: "format", "cairn.arch" and "cairn.hyper", the latter as a TOML table
// on one line, so that the file can be checked and evaluated without its job.
// In a model that `model init` made: how many logits it gives, for those who load no model code.
inline constexpr const char* kOutputsKey = "cairn.outputs";

std::map<std::string, std::string> ModelMetadata(const ModelConfig& model);

// The net behind a file: as the job says where one is named, else as the file's metadata, else as
// resolved.toml beside it, where a run left both. kModelConfig when none of them says.
Result<ModelDescription> DescribeModel(const ModelFile& file, const std::string& job);

}  // namespace cairn
