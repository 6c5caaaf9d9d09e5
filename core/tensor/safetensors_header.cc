#include "core/tensor/safetensors_header.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "core/tensor/json_cursor.h"
#include "core/tensor/tensor_name.h"

namespace cairn {
namespace {

constexpr ParameterSpec::Limits kLimits;
constexpr std::size_t kMaxMetadata = 4096;

struct DTypeRow {
  DType dtype;
  std::string_view name;
  std::size_t bytes;
};
constexpr DTypeRow kDTypes[] = {
    {DType::kF32, "F32", 4}, {DType::kF16, "F16", 2}, {DType::kBF16, "BF16", 2}, {DType::kI64, "I64", 8},
    {DType::kI32, "I32", 4}, {DType::kU8, "U8", 1},   {DType::kBool, "BOOL", 1},
};

const DTypeRow& RowOf(DType dtype) {
  const auto* row =
      std::find_if(std::begin(kDTypes), std::end(kDTypes), [&](auto& r) { return r.dtype == dtype; });
  CAIRN_CHECK(row != std::end(kDTypes), "a dtype outside its table");
  return *row;
}

// The members of one tensor's object; each must come once.
class TensorReader {
 public:
  TensorReader(JsonCursor& json, SafetensorsHeader::Entry& entry) : json_(json), entry_(entry) {}

  Status Read() {
    CAIRN_RETURN_IF_ERROR(json_.Object(16, [&](const std::string& key) { return Member(key); }));
    if (seen_[0] && seen_[1] && seen_[2]) return Status::Ok();
    return json_.Error("tensor " + QuoteName(entry_.name) + " needs dtype, shape and data_offsets");
  }

 private:
  Status Member(const std::string& key) {
    if (key == "dtype") return Once(0, [&] { return ReadDType(); });
    if (key == "shape") return Once(1, [&] { return ReadShape(); });
    if (key == "data_offsets") return Once(2, [&] { return ReadOffsets(); });
    return json_.Error("tensor " + QuoteName(entry_.name) + " has an unknown member " + QuoteName(key));
  }

  template <class ReadValue>
  Status Once(std::size_t member, ReadValue read) {
    if (std::exchange(seen_[member], true)) {
      return json_.Error("tensor " + QuoteName(entry_.name) + " has a member twice");
    }
    return read();
  }

  Status ReadDType() {
    CAIRN_ASSIGN_OR_RETURN(const std::string name, json_.String(16));
    const auto* row =
        std::find_if(std::begin(kDTypes), std::end(kDTypes), [&](auto& r) { return r.name == name; });
    if (row == std::end(kDTypes)) {
      return json_.Error("tensor " + QuoteName(entry_.name) + " has dtype " + QuoteName(name) +
                         ", known are F32 F16 BF16 I64 I32 U8 BOOL");
    }
    entry_.dtype = row->dtype;
    return Status::Ok();
  }

  Status ReadShape() {
    return json_.Array([&]() -> Status {
      CAIRN_ASSIGN_OR_RETURN(const std::int64_t dimension, json_.Integer());
      entry_.shape.push_back(dimension);
      if (entry_.shape.size() <= kLimits.max_rank) return Status::Ok();
      return json_.Error("tensor " + QuoteName(entry_.name) + " has more than " +
                         std::to_string(kLimits.max_rank) + " dimensions");
    });
  }

  Status ReadOffsets() {
    CAIRN_RETURN_IF_ERROR(json_.Expect('['));
    CAIRN_ASSIGN_OR_RETURN(const std::int64_t begin, json_.Integer());
    CAIRN_RETURN_IF_ERROR(json_.Expect(','));
    CAIRN_ASSIGN_OR_RETURN(const std::int64_t end, json_.Integer());
    entry_.begin = static_cast<std::uint64_t>(begin);
    entry_.end = static_cast<std::uint64_t>(end);
    return json_.Expect(']');
  }

  JsonCursor& json_;
  SafetensorsHeader::Entry& entry_;
  std::array<bool, 3> seen_{};
};

Status ReadMetadata(JsonCursor& json, std::map<std::string, std::string>& metadata) {
  return json.Object(kLimits.max_name_bytes, [&](std::string key) -> Status {
    CAIRN_ASSIGN_OR_RETURN(std::string value, json.String(kMaxHeaderBytes));
    const std::string shown = QuoteName(key);
    if (!metadata.emplace(std::move(key), std::move(value)).second) {
      return json.Error("metadata key " + shown + " stands there twice");
    }
    return metadata.size() <= kMaxMetadata ? Status::Ok() : json.Error("too many metadata keys");
  });
}

Status RefuseDuplicates(const SafetensorsHeader& header) {
  std::vector<std::string_view> names;
  for (const auto& entry : header.entries) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return Status::Ok();
  return Status(errors::kSafetensorsFormat, "tensor " + QuoteName(*twice) + " stands in the header twice");
}

}  // namespace

std::string_view DTypeName(DType dtype) { return RowOf(dtype).name; }
std::size_t DTypeBytes(DType dtype) { return RowOf(dtype).bytes; }

Result<SafetensorsHeader> ParseSafetensorsHeader(std::string_view text) {
  SafetensorsHeader header;
  JsonCursor json(text);
  bool metadata_seen = false;
  const auto on_member = [&](std::string name) -> Status {
    if (name == "__metadata__") {
      if (std::exchange(metadata_seen, true)) return json.Error("__metadata__ stands there twice");
      return ReadMetadata(json, header.metadata);
    }
    if (const char* fault = NameFault(name, kLimits.max_name_bytes)) {
      return json.Error("the tensor name " + QuoteName(name) + " " + fault);
    }
    if (header.entries.size() == kLimits.max_tensors) {
      return json.Error("more than " + std::to_string(kLimits.max_tensors) + " tensors");
    }
    auto& entry = header.entries.emplace_back();
    entry.name = std::move(name);
    return TensorReader(json, entry).Read();
  };
  CAIRN_RETURN_IF_ERROR(json.Object(kLimits.max_name_bytes, on_member));
  CAIRN_RETURN_IF_ERROR(json.ExpectEnd());
  CAIRN_RETURN_IF_ERROR(RefuseDuplicates(header));
  return header;
}

}  // namespace cairn
