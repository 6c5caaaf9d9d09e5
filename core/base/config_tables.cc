// The half of ConfigReader that walks tables and passes judgement.
#include <tuple>

#include "core/base/config_reading.h"

namespace cairn {
namespace {
const ConfigValue& EmptyTable() {
  static const ConfigValue empty;
  return empty;
}
}  // namespace

ConfigReader ConfigReader::Table(std::string_view key) {
  reading_->Know(TablePath(), key);
  const ConfigMember* member = table_->Find(key);
  const ConfigValue* table = member == nullptr ? &EmptyTable() : &member->value;
  if (table->kind != ConfigValue::Kind::kTable) {
    Wrong(*table, key, "a table");
    table = &EmptyTable();
  }
  std::vector<Step> steps = steps_;
  steps.push_back({std::string(key)});
  return ConfigReader(reading_, table, std::move(steps));
}

std::vector<ConfigReader> ConfigReader::TableList(std::string_view key) {
  Unset(key, "list of tables", {});
  const ConfigMember* member = table_->Find(key);
  std::vector<const ConfigValue*> tables;
  if (reading_->describing) tables.push_back(&EmptyTable());
  if (member != nullptr && member->value.kind != ConfigValue::Kind::kArray) {
    Wrong(member->value, key, "a list of tables");
  } else if (member != nullptr) {
    for (const ConfigValue& item : member->value.items) {
      if (item.kind != ConfigValue::Kind::kTable) {
        Wrong(item, key, "a list of tables");
        return {};
      }
      tables.push_back(&item);
    }
  }
  std::vector<ConfigReader> readers;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    std::vector<Step> steps = steps_;
    steps.push_back({std::string(key), static_cast<std::ptrdiff_t>(i)});
    reading_->ResolvedAt(steps);
    readers.push_back(ConfigReader(reading_, tables[i], std::move(steps)));
  }
  return readers;
}

const ConfigValue* ConfigReader::Free(std::string_view key, std::string_view about) {
  ConfigRule rule;
  rule.about = about;
  Unset(key, "any", rule);
  const ConfigMember* member = table_->Find(key);
  if (member == nullptr) return nullptr;
  ConfigKey& record = reading_->keys[PathOf(key)];
  record.origin = member->value.origin.ToString();
  record.layer = member->value.origin.layer;
  Settle(key, member->value);
  return &member->value;
}

void ConfigReader::Fail(std::string_view key, std::string_view what, std::string_view mend) {
  Status status(errors::kConfigValue, PathOf(key) + ": " + std::string(what));
  if (!mend.empty()) status = std::move(status).Mend(std::string(mend));
  Fail(key, std::move(status));
}

void ConfigReader::Fail(std::string_view key, Status status) {
  const ConfigMember* member = table_->Find(key);
  const ConfigOrigin& at = member == nullptr ? table_->origin : member->value.origin;
  const std::string where = at.layer == ConfigLayer::kDefault ? at.source : at.ToString();
  reading_->Complain(at, where.empty() ? std::move(status) : std::move(status).Within(where));
}

Status ConfigReader::Finish() {
  Reading& reading = *reading_;
  if (reading.describing) return {};
  reading.unknown.clear();
  reading.FindUnknown(reading.root, "");
  const auto earlier = [](const Reading::Complaint& a, const Reading::Complaint& b) {
    return std::tie(a.at.source, a.at.line, a.at.column) < std::tie(b.at.source, b.at.line, b.at.column);
  };
  std::ranges::stable_sort(reading.unknown, earlier);
  std::ranges::stable_sort(reading.complaints, earlier);
  // A mistyped key also shows up as a missing one: the unknown key is the cause.
  if (!reading.unknown.empty()) return reading.unknown.front().status;
  return reading.complaints.empty() ? Status() : reading.complaints.front().status;
}

std::vector<Status> ConfigReader::errors() const {
  std::vector<Status> all;
  for (const auto& complaint : reading_->unknown) all.push_back(complaint.status);
  for (const auto& complaint : reading_->complaints) all.push_back(complaint.status);
  return all;
}

std::vector<ConfigKey> ConfigReader::keys() const {
  std::vector<ConfigKey> all;
  for (const auto& [path, key] : reading_->keys) all.push_back(key);
  return all;
}

std::string ConfigReader::ResolvedToml() const { return ToToml(reading_->resolved); }

}  // namespace cairn
