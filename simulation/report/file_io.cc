#include "simulation/report/file_io.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "core/base/text.h"

namespace cairn {
namespace {
Status IoError(const char* verb, const std::filesystem::path& path) {
  const bool missing = errno == ENOENT || errno == ENOTDIR;
  return Status(missing           ? errors::kNotFound
                : errno == ENOSPC ? errors::kStorageFull
                                  : errors::kStorageIo,
                std::string("cannot ") + verb + " " + EscapeControls(path.string()) + ": " +
                    (errno != 0 ? std::strerror(errno) : "failed"));
}
}  // namespace

Status WriteWholeFile(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::path part = path;
  part += ".part";
  errno = 0;
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    const Status status = IoError("write", path);
    std::error_code ignored;
    std::filesystem::remove(part, ignored);
    return status;
  }
  if (std::rename(part.c_str(), path.c_str()) != 0) return IoError("write", path);
  return {};
}

Result<std::string> ReadWholeFile(const std::filesystem::path& path, std::size_t limit) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open()) return IoError("read", path);
  std::string text;
  char block[65536];
  while (file.read(block, sizeof block) || file.gcount() > 0) {
    text.append(block, static_cast<std::size_t>(file.gcount()));
    if (text.size() > limit) {
      return Status(errors::kStorageIo, EscapeControls(path.string()) + " is larger than " +
                                            FormatByteSize(static_cast<double>(limit)) +
                                            ", which is not ours");
    }
  }
  if (file.bad()) return IoError("read", path);
  return text;
}

std::string CsvCell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? std::string("\"\"") : std::string(1, c);
  return cell + "\"";
}

std::vector<std::vector<std::string>> ParseCsvRows(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string cell;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"') {
      cell += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == ',' || c == '\n')) {
      row.push_back(std::move(cell));
      cell.clear();
      if (c == '\n') rows.push_back(std::exchange(row, {}));
    } else if (quoted || c != '\r') {
      cell += c;
    }
  }
  return rows;  // a torn last line is left out
}

}  // namespace cairn
