#include "cli/worker/data_cut.h"

#include <filesystem>
#include <utility>

#include "client/data/byte_file.h"
#include "client/data/subset_writer.h"
#include "core/base/random.h"
#include "core/runtime/files.h"

namespace cairn {

Result<DataCut> CutData(DataCutRequest request) {
  const PartitionScheme& scheme = request.scheme;
  if (scheme.kind == PartitionKind::kColumn) request.dataset.group_column = scheme.name;
  DataCut cut;
  CAIRN_ASSIGN_OR_RETURN(cut.dataset, LoadDataset(request.dataset));
  if (cut.dataset.source->num_classes() > 0) cut.labels = AllLabels(*cut.dataset.source);
  PartitionInput input;
  input.rows = cut.dataset.source->size();
  input.labels = cut.labels;
  input.groups = cut.dataset.groups;
  input.clients = request.clients;
  input.min_samples = request.min_samples;
  CAIRN_ASSIGN_OR_RETURN(cut.split,
                         Partition(scheme, input, SeededRandom(request.seed).Open({Purpose::kPartition})));
  return cut;
}

Result<std::vector<DataPart>> WriteParts(const DatasetConfig& config, const DataCut& cut,
                                         const std::string& folder) {
  CAIRN_ASSIGN_OR_RETURN(const SubsetWriter writer, SubsetWriter::Open(config));
  CAIRN_RETURN_IF_ERROR(MakeFolders(folder, 0755));
  std::vector<DataPart> parts;
  const auto count = static_cast<std::uint32_t>(cut.split.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    DataPart part{SimSiteName(i, count), {}};
    CAIRN_ASSIGN_OR_RETURN(part.files, writer.Write(cut.dataset, cut.split[i],
                                                    (std::filesystem::path(folder) / part.site).string()));
    parts.push_back(std::move(part));
  }
  CAIRN_RETURN_IF_ERROR(
      WriteFileAtomically(std::filesystem::path(folder) / "split.csv", FormatSplit(cut.split), 0644));
  return parts;
}

}  // namespace cairn
