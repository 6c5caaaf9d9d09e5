#include "aggregator/persistence/sqlite_handle.h"

namespace cairn {

Result<SqliteHandle> SqliteHandle::Open(const std::filesystem::path& path) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  SqliteHandle handle(path, raw);
  if (code != SQLITE_OK) return handle.Error("open");
  CAIRN_RETURN_IF_ERROR(
      handle.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                     "PRAGMA busy_timeout=5000; PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF;"
                     "PRAGMA cell_size_check=ON; PRAGMA secure_delete=ON;"));
  return handle;
}

Status SqliteHandle::Execute(const char* sql) {
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return Error("write");
  return {};
}

Result<SqliteStatement> SqliteHandle::Prepare(const char* sql) const {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(db_.get(), sql, -1, &raw, nullptr) != SQLITE_OK) return Error("read");
  return SqliteStatement(raw);
}

Status SqliteHandle::Error(std::string_view doing) const {
  const int code = db_ == nullptr ? SQLITE_NOMEM : sqlite3_errcode(db_.get());
  const std::string said = db_ == nullptr ? "out of memory" : sqlite3_errmsg(db_.get());
  ErrorId id = errors::kStorageIo;
  if (code == SQLITE_FULL) id = errors::kStorageFull;
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) id = errors::kStorageCorrupt;
  return Status(id, "cannot " + std::string(doing) + " " + path_.string() + ": " + said);
}

}  // namespace cairn
