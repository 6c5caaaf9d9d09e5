#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace cairn {

// Whole files of a run directory. kStorageIo with the path and the system's reason.
Status WriteWholeFile(const std::filesystem::path& path, std::string_view bytes);  // temporary, then renamed
Result<std::string> ReadWholeFile(const std::filesystem::path& path, std::size_t limit);

// One cell of a CSV file, quoted where RFC 4180 asks for it.
std::string CsvCell(std::string_view text);
// The rows of a CSV text, header included. Forgiving: it reads what we wrote.
std::vector<std::vector<std::string>> ParseCsvRows(std::string_view text);

}  // namespace cairn
