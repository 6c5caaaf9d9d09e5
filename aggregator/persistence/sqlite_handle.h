#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

// SQLite with owners and Statuses. Seen by this folder's sources only.

namespace cairn {

struct SqliteClose {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
struct SqliteFinalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using SqliteStatement = std::unique_ptr<sqlite3_stmt, SqliteFinalize>;

class SqliteHandle {
 public:
  // Opens or makes a database with the settings our durability rests on: WAL, synchronous FULL, no
  // memory map, cell checks, secure delete.
  static Result<SqliteHandle> Open(const std::filesystem::path& path);

  Status Execute(const char* sql);
  Result<SqliteStatement> Prepare(const char* sql) const;
  // kStorageFull or kStorageIo, with SQLite's own words.
  Status Error(std::string_view doing) const;

 private:
  SqliteHandle(std::filesystem::path path, sqlite3* db) : path_(std::move(path)), db_(db) {}

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, SqliteClose> db_;
};

}  // namespace cairn
