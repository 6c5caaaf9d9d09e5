#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/data/data_schema.h"
#include "client/data/dataset.h"
#include "core/base/result.h"

namespace cairn {

// Writes some records of a CSV file as they stand there, header and banner lines included, so that the
// part reads with the same schema as the whole. `records` ascend. Atomic. kRowFile when one is beyond the
// file.
Status WriteCsvRecords(std::string_view bytes, const std::string& file_name, const CsvFormat& format,
                       std::span<const std::uint32_t> records, const std::string& out_path);

// Writes some examples of an IDX file, images or labels, as plain IDX of the same type. Atomic. Every
// row is below the first dimension.
Status WriteIdxRows(std::string_view bytes, const std::string& file_name, std::span<const std::uint32_t> rows,
                    const std::string& out_path);

// Cuts one data set into files, reading the originals once. For `cairn data partition`:
//
//   CAIRN_ASSIGN_OR_RETURN(const SubsetWriter writer, SubsetWriter::Open(config));
//   CAIRN_ASSIGN_OR_RETURN(const std::vector<std::string> files, writer.Write(dataset, rows,
//   "out/client-003"));
//
// csv gives STEM.csv, idx and made digits STEM-images.idx and STEM-labels.idx. Thread-compatible.
class SubsetWriter {
 public:
  // kDatasetConfig for a data set of several files or of blobs, which have no file format here.
  static Result<SubsetWriter> Open(const DatasetConfig& config);
  // `rows` are rows of the data set; the paths written come back.
  Result<std::vector<std::string>> Write(const Dataset& dataset, std::span<const std::uint32_t> rows,
                                         const std::string& stem) const;

 private:
  SubsetWriter() = default;

  bool csv_ = false;
  CsvFormat format_;
  std::string path_, labels_path_;
  std::string bytes_, label_bytes_;  // unpacked
};

}  // namespace cairn
