#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "cli/frame/command.h"
#include "cli/worker/commands.h"
#include "cli/worker/data_choice.h"
#include "cli/worker/data_cut.h"
#include "core/base/text.h"

namespace cairn {
namespace {

// The choice as it was typed, so that a next command can be copied. Words with blanks are quoted.
std::string WordsOf(const DataChoice& choice) {
  std::string words;
  const auto add = [&words](const char* flag, const std::string& value) {
    if (value.empty()) return;
    const bool quote = value.find_first_of(" '\"$\\*?&|;<>()") != std::string::npos;
    words += std::string(words.empty() ? "" : " ") + flag + (quote ? "'" + value + "'" : value);
  };
  add("", choice.what);
  add("--config ", choice.config);
  add("--schema ", choice.schema);
  add("--label ", choice.label);
  add("--labels ", choice.labels);
  add("--names ", choice.names);
  return words;
}

// ---- data check

bool IsFaultOfARow(ErrorId id) {
  for (const ErrorId row :
       {errors::kCsvRagged, errors::kCsvNumber, errors::kCsvCategory, errors::kCsvLabel, errors::kCsvMissing,
        errors::kCsvRange, errors::kCsvMalformed, errors::kCsvTooManyBad}) {
    if (id == row) return true;
  }
  return false;
}

// One bad row refuses the file; whoever mends it wants to see them all, and what would be left.
void TellAllFaults(const DatasetConfig& config, CommandOutput& out) {
  DatasetConfig lenient = config;
  lenient.max_bad_rows = UINT64_MAX;
  const auto dataset = LoadDataset(lenient);
  if (!dataset.ok()) return out.Note("without the bad rows: " + dataset.status().ToString());
  const DatasetSummary& summary = dataset->summary;
  for (const Status& fault : summary.bad_row_faults) out.Warn(fault.ToString());
  if (summary.bad_rows > summary.bad_row_faults.size()) {
    out.Warn("… and " + std::to_string(summary.bad_rows - summary.bad_row_faults.size()) + " bad rows more");
  }
  out.Note(std::to_string(summary.rows) + " rows would be usable without the " +
           std::to_string(summary.bad_rows) +
           " bad ones (max_bad_rows = " + std::to_string(summary.bad_rows) + ")");
}

JsonArray ToJson(const std::vector<Status>& statuses) {
  JsonArray array;
  for (const Status& status : statuses) array.Add(ErrorToJson(status));
  return array;
}

JsonObject SummaryToJson(const DatasetConfig& config, const Dataset& dataset) {
  const DatasetSummary& summary = dataset.summary;
  JsonArray shape, features, labels;
  for (const std::int64_t size : dataset.source->feature_shape().dims) shape.Add(size);
  for (const std::string& name : summary.features) features.Add(name);
  for (const std::uint64_t count : summary.label_histogram) labels.Add(count);
  JsonObject missing;
  for (const auto& [column, count] : summary.missing) missing.Add(column, count);
  return JsonObject()
      .Add("name", config.name)
      .Add("reader", config.reader)
      .Add("rows", summary.rows)
      .Add("dropped_rows", summary.dropped_rows)
      .Add("bad_rows", summary.bad_rows)
      .Add("classes", dataset.source->num_classes())
      .Add("shape", shape)
      .Add("features", features)
      .Add("labels", labels)
      .Add("missing", missing)
      .Add("bad_row_faults", ToJson(summary.bad_row_faults))
      .Add("warnings", ToJson(summary.warnings));
}

Status CheckData(const DataChoice& choice, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const DatasetConfig config, ChooseDataset(choice));
  const auto dataset = LoadDataset(config);
  if (!dataset.ok()) {
    if (IsFaultOfARow(dataset.status().id())) TellAllFaults(config, out);
    return dataset.status();
  }
  out.Print(FormatSummary(dataset->summary));
  std::string features;
  for (const std::string& name : dataset->summary.features) features += (features.empty() ? "" : ", ") + name;
  if (!features.empty()) out.PrintLine("features " + features);
  out.Data(SummaryToJson(config, *dataset));
  if (config.reader == "csv" && !config.schema) {
    out.Note("every column was taken for a number; a job between sites should name a schema");
  }
  out.Next("cairn data partition " + WordsOf(choice) + " --scheme iid --clients 4 --preview");
  return {};
}

void AddChoiceFlags(Command& command, DataChoice& choice) {
  command.Takes({"DATA", "a CSV or IDX file, or the name of a [dataset.NAME] table", &choice.what})
      .Has({"--config", "FILE", "the client.toml or experiment that has the table", &choice.config})
      .Has({"--schema", "FILE", "the job's schema, for a CSV file", &choice.schema})
      .Has({"--label", "COLUMN", "the label column of a CSV file, where there is no schema", &choice.label})
      .Has({"--labels", "FILE", "the labels of an IDX file of images", &choice.labels})
      .Has({"--names", "A,B,…", "the columns of a CSV file without header", &choice.names});
}

void AddCheck(CommandSet& commands) {
  auto choice = std::make_shared<DataChoice>();
  Command& command = commands.Add("data check", "Reads a data set as a job would and says what it finds");
  AddChoiceFlags(command, *choice);
  command.Example("cairn data check cardio --schema heart-v1.toml")
      .Example("cairn data check visits.csv --label readmitted")
      .Run([choice](CommandOutput& out) { return CheckData(*choice, out); });
}

// ---- data partition

struct PartitionOptions {
  DataChoice choice;
  std::string scheme = "iid", out;
  std::int64_t clients = 0, seed = 0, min_samples = 10;
  bool preview = false;
};

Result<DataCutRequest> RequestOf(const PartitionOptions& options) {
  DataCutRequest request;
  CAIRN_ASSIGN_OR_RETURN(request.dataset, ChooseDataset(options.choice));
  CAIRN_ASSIGN_OR_RETURN(request.scheme, ParseScheme(options.scheme));
  const bool natural =
      request.scheme.kind == PartitionKind::kColumn || request.scheme.kind == PartitionKind::kFile;
  constexpr std::int64_t kMost = 1'000'000;
  if (options.clients < (natural ? 0 : 1) || options.clients > kMost) {
    return Status(errors::kUsage,
                  "--clients is " + std::to_string(options.clients) + ", expected 1 to 1000000");
  }
  if (options.min_samples < 0 || options.min_samples > UINT32_MAX || options.seed < 0) {
    return Status(errors::kUsage, "--min-samples and --seed are not negative");
  }
  if (!options.preview && options.out.empty()) {
    return Status(errors::kUsage, "nothing says where the parts go")
        .Mend("add --out DIR, or --preview to look only");
  }
  request.clients = static_cast<std::uint32_t>(options.clients);
  request.min_samples = static_cast<std::uint32_t>(options.min_samples);
  request.seed = static_cast<std::uint64_t>(options.seed);
  return request;
}

// One part, to be looked at as the whole was.
DataChoice OfPart(DataChoice choice, const DataPart& part) {
  choice.what = part.files.front();
  choice.config.clear();
  if (part.files.size() > 1) choice.labels = part.files[1];
  return choice;
}

Status PartitionData(const PartitionOptions& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const DataCutRequest request, RequestOf(options));
  CAIRN_ASSIGN_OR_RETURN(const DataCut cut, CutData(request));
  out.Print(PreviewSplit(cut.split, cut.labels));
  JsonArray clients;
  std::vector<DataPart> parts;
  if (!options.preview) {
    CAIRN_ASSIGN_OR_RETURN(parts, WriteParts(request.dataset, cut, options.out));
    out.PrintLine(std::to_string(parts.size()) + " clients in " + options.out + ", the split in " +
                  options.out + "/split.csv");
    out.Next("cairn data check " + WordsOf(OfPart(options.choice, parts.front())));
    if (request.dataset.reader == "csv" && !request.dataset.schema) {
      out.Warn("without a schema each part infers its own classes: name a --schema where labels are words");
    }
  }
  for (std::size_t i = 0; i < cut.split.size(); ++i) {
    JsonArray files;
    for (const std::string& file : i < parts.size() ? parts[i].files : std::vector<std::string>())
      files.Add(file);
    clients.Add(JsonObject()
                    .Add("site", SimSiteName(static_cast<std::uint32_t>(i),
                                             static_cast<std::uint32_t>(cut.split.size())))
                    .Add("rows", cut.split[i].size())
                    .Add("files", files));
  }
  out.Data(
      JsonObject().Add("scheme", ToString(request.scheme)).Add("seed", options.seed).Add("clients", clients));
  return {};
}

void AddPartition(CommandSet& commands) {
  auto options = std::make_shared<PartitionOptions>();
  Command& command =
      commands.Add("data partition", "Cuts a data set into files, one a client, as the simulator would");
  AddChoiceFlags(command, options->choice);
  command
      .Has({"--scheme", "SCHEME", "iid, dirichlet:A, shards:S, labels:C, quantity:A, column:NAME or file:CSV",
            &options->scheme})
      .Has({"--clients", "N", "how many clients; column and file may leave it out", &options->clients})
      .Has({"--out", "DIR", "folder of the parts", &options->out})
      .Has({"--seed", "N", "seed of the job", &options->seed})
      .Has({"--min-samples", "N", "rows every client gets at least", &options->min_samples})
      .Has({"--preview", "", "print the split and write nothing", &options->preview})
      .Example(
          "cairn data partition visits.csv --label readmitted --scheme dirichlet:0.3 --clients 4 --out parts")
      .Run([options](CommandOutput& out) { return PartitionData(*options, out); });
}

}  // namespace

void AddDataCommands(CommandSet& commands) {
  commands.Group("data", "Look at data sets before they are used");
  AddCheck(commands);
  AddPartition(commands);
}

}  // namespace cairn
