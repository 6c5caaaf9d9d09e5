#include <algorithm>
#include <charconv>
#include <optional>

#include "client/data/csv_reader.h"
#include "client/data/csv_records.h"
#include "simulation/partition/partition.h"

namespace cairn {
namespace {

std::optional<std::uint32_t> ParseIndex(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A file that names client 4294967295 must not make us hold so many empty lists.
constexpr std::uint32_t kMostClients = 10'000'000;

struct SplitLine {
  std::uint32_t row = 0, client = 0;
};

Result<SplitLine> ParseLine(const CsvRecord& record, const std::string& name, std::uint32_t rows,
                            std::uint32_t limit) {
  const auto fault = [&](const CsvField& field, const std::string& what) {
    return Status(errors::kRowFile,
                  At(name, field.line, field.column) + ": " + what + ", got " + Shown(field.text));
  };
  const CsvField& first = record.fields.front();
  if (record.fields.size() != 2) return fault(first, "expected a row and a client");
  const CsvField& second = record.fields[1];
  const std::optional<std::uint32_t> row = ParseIndex(first.text), client = ParseIndex(second.text);
  if (!row || *row >= rows) return fault(first, "expected a row below " + std::to_string(rows));
  if (!client || *client >= limit) return fault(second, "expected a client below " + std::to_string(limit));
  return SplitLine{*row, *client};
}

}  // namespace

Result<ClientRows> ParseSplit(std::string_view bytes, const std::string& name, std::uint32_t rows,
                              std::uint32_t clients) {
  CAIRN_ASSIGN_OR_RETURN(OpenedCsv opened, OpenCsv(bytes, name, {}));
  if (opened.names != std::vector<std::string>{"row", "client"}) {
    return Status(errors::kRowFile, name + ":1: expected the header row,client");
  }
  ClientRows split(clients);
  std::vector<bool> seen(rows, false);
  CsvRecord record;
  for (;;) {
    CAIRN_ASSIGN_OR_RETURN(const bool more, opened.records->Next(record));
    if (!more) break;
    CAIRN_ASSIGN_OR_RETURN(const SplitLine line,
                           ParseLine(record, name, rows, clients == 0 ? kMostClients : clients));
    if (seen[line.row]) {
      return Status(errors::kRowFile,
                    At(name, record.line, 1) + ": row " + std::to_string(line.row) + " is named twice");
    }
    seen[line.row] = true;
    if (line.client >= split.size()) split.resize(line.client + 1);
    split[line.client].push_back(line.row);
  }
  if (split.empty()) return Status(errors::kDataEmpty, name + " names no row");
  const auto empty = std::find_if(split.begin(), split.end(), [](const auto& part) { return part.empty(); });
  if (empty != split.end()) {
    return Status(errors::kPartitionImpossible, name + " gives client " +
                                                    std::to_string(empty - split.begin()) + " of " +
                                                    std::to_string(split.size()) + " no row");
  }
  for (auto& part : split) std::sort(part.begin(), part.end());
  return split;
}

std::string FormatSplit(const ClientRows& split) {
  std::string text = "row,client\n";
  for (std::size_t client = 0; client < split.size(); ++client) {
    for (const std::uint32_t row : split[client])
      text += std::to_string(row) + "," + std::to_string(client) + "\n";
  }
  return text;
}

}  // namespace cairn
