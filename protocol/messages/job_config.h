#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/base/config_reader.h"
#include "protocol/messages/job.h"

namespace cairn {

// A job as a file says it. The schema is a file of its own; its text goes into spec.data.schema_toml.
struct JobFile {
  JobSpec spec;
  std::string schema_path;  // data.schema as written, empty when absent
};

// Reads the keys of job.toml from `root`, and only those: an experiment file's other sections stay
// for another reader. What is wrong is noted with file:line:column; the caller calls Finish() once
// all sections are read, and uses the job only when that is OK.
//
//   ConfigReader root(document);
//   JobFile job = ParseJobSpec(root);
//   CAIRN_RETURN_IF_ERROR(root.Finish());
//   CAIRN_RETURN_IF_ERROR(LoadSchema(job, path.parent_path()));
//
// With a [privacy] table, sites count the same and report no metrics unless the file says otherwise, which
// FindJobFault then refuses.
JobFile ParseJobSpec(ConfigReader& root);

// Reads job.schema_path, relative to `folder`, in canonical form into the spec; nothing where no
// schema is named. kConfigSyntax, kNotFound.
Status LoadSchema(JobFile& job, const std::filesystem::path& folder);

// The job as job.toml in canonical form: every key with its value, sorted. Reading it back gives an
// equal job. `schema_path` stands for the schema's text.
std::string JobToml(const JobSpec& spec, const std::string& schema_path);

// The hyper-parameters as one TOML table on a line: the note "cairn.hyper" in a model file.
std::string HyperToml(const ModelConfig& model);

}  // namespace cairn
