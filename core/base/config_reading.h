#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/config_reader.h"

namespace cairn {

// What all cursors of one reading share: the keys asked for, the errors met, the values in force.
struct ConfigReader::Reading {
  struct Complaint {
    ConfigOrigin at;
    Status status;
  };

  explicit Reading(const ConfigValue& document_root) : root(document_root) {}

  void Know(const std::string& table, std::string_view key) { known[table].insert(std::string(key)); }
  void Complain(const ConfigOrigin& at, Status status) { complaints.push_back({at, std::move(status)}); }
  // The table of `resolved` that `steps` lead to, made on the way.
  ConfigValue& ResolvedAt(const std::vector<Step>& steps);
  void FindUnknown(const ConfigValue& table, const std::string& path);

  const ConfigValue& root;
  std::map<std::string, std::set<std::string>> known;  // keys asked for, by table
  std::set<std::string> opened;                        // tables somebody reads; their keys must be known
  std::set<std::string> required;
  std::map<std::string, ConfigKey> keys;
  std::vector<Complaint> unknown, complaints;
  ConfigValue resolved;
  bool describing = false;
};

}  // namespace cairn
