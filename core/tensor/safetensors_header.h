#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/tensor/safetensors.h"

namespace cairn {

// The JSON header of a safetensors file as written, before its offsets are held against the data. Internal to
// this folder.
struct SafetensorsHeader {
  struct Entry {
    std::string name;
    DType dtype = DType::kF32;
    Shape shape;  // dimensions are not negative, rank within the limit
    std::uint64_t begin = 0, end = 0;
  };
  std::vector<Entry> entries;  // in header order, names unique
  std::map<std::string, std::string> metadata;
};

inline constexpr std::size_t kMaxHeaderBytes = std::size_t{1} << 20;

// Grammar, with JSON's blanks between tokens (strings and numbers as in RFC 8259, numbers whole and not
// negative):
//
//   header := '{' [ member { ',' member } ] '}'
//   member := '"__metadata__"' ':' '{' [ string ':' string … ] '}'  |  name ':' tensor
//   tensor := '{' "dtype" ':' string ',' "shape" ':' '[' … ']' ',' "data_offsets" ':' '[' n ',' n ']' '}'
//
// with the three members of a tensor in any order. Read without recursion. Errors name the header's byte.
Result<SafetensorsHeader> ParseSafetensorsHeader(std::string_view json);

std::string_view DTypeName(DType dtype);  // "F32"
std::size_t DTypeBytes(DType dtype);

}  // namespace cairn
