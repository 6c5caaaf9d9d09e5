#include "client/data/subset_writer.h"

#include <algorithm>
#include <utility>

#include "client/data/byte_file.h"
#include "client/data/csv_reader.h"
#include "client/data/csv_records.h"
#include "client/data/idx_reader.h"
#include "core/base/check.h"

namespace cairn {
namespace {

void AppendBigEndian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 255);
}

// The IDX files that made digits would come from.
std::string MadeImages(const ImageSource& source) {
  std::string bytes{'\0', '\0', '\x08', '\x03'};
  AppendBigEndian(bytes, source.size());
  AppendBigEndian(bytes, static_cast<std::uint32_t>(source.feature_shape().dims[1]));
  AppendBigEndian(bytes, static_cast<std::uint32_t>(source.feature_shape().dims[2]));
  bytes.append(reinterpret_cast<const char*>(source.pixels().data()), source.pixels().size());
  return bytes;
}

std::string MadeLabels(const ImageSource& source) {
  std::string bytes{'\0', '\0', '\x08', '\x01'};
  AppendBigEndian(bytes, source.size());
  for (const std::int64_t label : source.labels()) bytes += static_cast<char>(label);
  return bytes;
}

Status CopyLine(const ByteSink& sink, std::string_view line) {
  CAIRN_RETURN_IF_ERROR(sink(line));
  return line.ends_with('\n') ? Status::Ok() : sink("\n");  // the last line of a file may lack its end
}

Status CopyRecords(CsvRecords& records, std::span<const std::uint32_t> wanted, const ByteSink& sink) {
  CsvRecord record;
  std::uint32_t number = 0;
  for (const std::uint32_t want : wanted) {
    CAIRN_CHECK(want + 1 > number, "records are written in ascending order");
    for (; number <= want; ++number) {
      const Result<bool> more = records.Next(record);
      if (!more.ok() && (number == want || !records.can_resume())) return more.status();
      if (more.ok() && !*more) {
        return Status(errors::kRowFile, records.name() + " has " + std::to_string(number) +
                                            " records, no record " + std::to_string(want));
      }
    }
    CAIRN_RETURN_IF_ERROR(CopyLine(sink, record.raw));
  }
  return Status::Ok();
}

}  // namespace

Status WriteCsvRecords(std::string_view bytes, const std::string& file_name, const CsvFormat& format,
                       std::span<const std::uint32_t> records, const std::string& out_path) {
  CAIRN_ASSIGN_OR_RETURN(const OpenedCsv opened, OpenCsv(bytes, file_name, format));
  return WriteFileAtomically(out_path, [&](const ByteSink& sink) {
    if (!opened.preamble.empty()) CAIRN_RETURN_IF_ERROR(CopyLine(sink, opened.preamble));
    return CopyRecords(*opened.records, records, sink);
  });
}

Status WriteIdxRows(std::string_view bytes, const std::string& file_name, std::span<const std::uint32_t> rows,
                    const std::string& out_path) {
  CAIRN_ASSIGN_OR_RETURN(const IdxArray array, ParseIdx(bytes, file_name));
  const std::size_t row_bytes = array.dims[0] == 0 ? 0 : array.data.size() / array.dims[0];
  for (const std::uint32_t row : rows) {
    if (row >= array.dims[0]) {
      return Status(errors::kRowFile, file_name + " has " + std::to_string(array.dims[0]) +
                                          " examples, no example " + std::to_string(row));
    }
  }
  std::string header(bytes.substr(0, 4));
  AppendBigEndian(header, static_cast<std::uint32_t>(rows.size()));
  for (std::size_t i = 1; i < array.dims.size(); ++i) AppendBigEndian(header, array.dims[i]);
  return WriteFileAtomically(out_path, [&](const ByteSink& sink) {
    CAIRN_RETURN_IF_ERROR(sink(header));
    for (const std::uint32_t row : rows)
      CAIRN_RETURN_IF_ERROR(sink(array.data.substr(row * row_bytes, row_bytes)));
    return Status::Ok();
  });
}

Result<SubsetWriter> SubsetWriter::Open(const DatasetConfig& config) {
  SubsetWriter writer;
  writer.csv_ = config.reader == "csv";
  writer.format_ = config.format;
  if (config.reader == "made-digits") {
    DatasetConfig all = config;
    all.rows_path.clear();
    CAIRN_ASSIGN_OR_RETURN(const std::unique_ptr<ExampleSource> source, OpenDataset(all));
    const auto& images = static_cast<const ImageSource&>(*source);
    writer.bytes_ = MadeImages(images);
    writer.label_bytes_ = MadeLabels(images);
    writer.path_ = writer.labels_path_ = config.reader;
    return writer;
  }
  if (config.paths.size() != 1 || (!writer.csv_ && config.reader != "idx")) {
    return Status(errors::kDatasetConfig, "dataset." + config.name +
                                              ": only a data set of one csv file, of an idx pair or of " +
                                              "made digits can be written in parts");
  }
  writer.path_ = config.paths[0];
  CAIRN_ASSIGN_OR_RETURN(writer.bytes_, ReadDataFile(writer.path_));
  if (writer.csv_) return writer;
  writer.labels_path_ = config.labels_path;
  CAIRN_ASSIGN_OR_RETURN(writer.label_bytes_, ReadDataFile(writer.labels_path_));
  return writer;
}

Result<std::vector<std::string>> SubsetWriter::Write(const Dataset& dataset,
                                                     std::span<const std::uint32_t> rows,
                                                     const std::string& stem) const {
  std::vector<std::uint32_t> records;
  for (const std::uint32_t row : rows) {
    CAIRN_CHECK(row < dataset.records.size(), "row beyond the data set");
    records.push_back(dataset.records[row]);
  }
  if (csv_) {
    std::sort(records.begin(), records.end());
    CAIRN_RETURN_IF_ERROR(WriteCsvRecords(bytes_, path_, format_, records, stem + ".csv"));
    return std::vector<std::string>{stem + ".csv"};
  }
  CAIRN_RETURN_IF_ERROR(WriteIdxRows(bytes_, path_, records, stem + "-images.idx"));
  CAIRN_RETURN_IF_ERROR(WriteIdxRows(label_bytes_, labels_path_, records, stem + "-labels.idx"));
  return std::vector<std::string>{stem + "-images.idx", stem + "-labels.idx"};
}

}  // namespace cairn
