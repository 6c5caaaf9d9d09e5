#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>

#include "core/base/check.h"
#include "core/base/text.h"
#include "core/tensor/safetensors.h"
#include "core/tensor/safetensors_header.h"
#include "core/tensor/tensor_name.h"

namespace cairn {
namespace {

constexpr const char* kRolesKey = "cairn.roles";
constexpr std::string_view kRoleNames[] = {"parameter", "buffer", "counter"};
constexpr std::string_view kScopeNames[] = {"exchanged", "local"};

Status Mismatch(std::string what) { return Status(errors::kModelMismatch, std::move(what)); }

bool IsFloat(DType dtype) { return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16; }
bool Fits(DType dtype, Role role) { return role == Role::kCounter ? dtype == DType::kI64 : IsFloat(dtype); }

Status WrongDType(std::string_view name, DType dtype, Role role) {
  return Mismatch("tensor " + QuoteName(name) + " has dtype " + std::string(DTypeName(dtype)) + ", a " +
                  std::string(kRoleNames[static_cast<std::size_t>(role)]) +
                  (role == Role::kCounter ? " is I64" : " is F32, F16 or BF16"));
}

// IEEE 754 binary16. Subnormals are scaled from the integer mantissa.
float HalfToFloat(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t exponent = half >> 10 & 0x1f, mantissa = half & 0x3ff;
  if (exponent == 0) {
    const float magnitude = std::ldexp(static_cast<float>(mantissa), -24);
    return sign == 0 ? magnitude : -magnitude;
  }
  const std::uint32_t wide = exponent == 0x1f ? 0xffu : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

float Bfloat16ToFloat(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

template <class Convert>
void Widen(std::span<const std::byte> from, std::span<float> to, Convert convert) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    std::uint16_t bits;
    std::memcpy(&bits, from.data() + 2 * i, sizeof bits);
    to[i] = convert(bits);
  }
}

Status CopyFloats(const SafetensorsEntry& entry, std::span<float> to) {
  if (entry.dtype == DType::kF16) {
    Widen(entry.data, to, HalfToFloat);
  } else if (entry.dtype == DType::kBF16) {
    Widen(entry.data, to, Bfloat16ToFloat);
  } else if (!to.empty()) {
    std::memcpy(to.data(), entry.data.data(), to.size_bytes());
  }
  const auto bad = std::find_if(to.begin(), to.end(), [](float value) { return !std::isfinite(value); });
  if (bad == to.end()) return Status::Ok();
  return Status(errors::kModelNotFinite, "element " + std::to_string(bad - to.begin()) + " of tensor " +
                                             QuoteName(entry.name) + " is not a finite number");
}

// Entries by name.
class Index {
 public:
  explicit Index(const SafetensorsView& view) {
    for (const SafetensorsEntry& entry : view.tensors) entries_.push_back(&entry);
    std::sort(entries_.begin(), entries_.end(), [](auto* a, auto* b) { return a->name < b->name; });
  }
  const SafetensorsEntry* Find(std::string_view name) const {
    const auto it = std::lower_bound(entries_.begin(), entries_.end(), name,
                                     [](auto* entry, std::string_view n) { return entry->name < n; });
    return it != entries_.end() && (*it)->name == name ? *it : nullptr;
  }

 private:
  std::vector<const SafetensorsEntry*> entries_;
};

template <std::size_t kCount>
std::size_t IndexOf(const std::string_view (&names)[kCount], std::string_view word) {
  return static_cast<std::size_t>(std::find(std::begin(names), std::end(names), word) - std::begin(names));
}

std::string_view TakeWord(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(line.size(), end + 1));
  return word;
}

// One line `role scope name` of cairn.roles.
Status ReadRole(std::string_view line, const SafetensorsView& view, std::vector<TensorSpec>& specs,
                const Index& index) {
  const std::string shown = QuoteName(line);
  const std::size_t role = IndexOf(kRoleNames, TakeWord(line));
  const std::size_t scope = IndexOf(kScopeNames, TakeWord(line));
  if (role == std::size(kRoleNames) || scope == std::size(kScopeNames)) {
    return Mismatch("a line of cairn.roles is " + shown + ", expected \"role scope name\"");
  }
  const SafetensorsEntry* entry = index.Find(line);
  if (entry == nullptr)
    return Mismatch("cairn.roles names tensor " + QuoteName(line) + ", which the file lacks");
  TensorSpec& spec = specs[static_cast<std::size_t>(entry - view.tensors.data())];
  spec.role = static_cast<Role>(role);
  spec.scope = static_cast<Scope>(scope);
  return Status::Ok();
}

std::string RolesOf(const ParameterSpec& spec) {
  std::string lines;
  for (const TensorSpec& tensor : spec.tensors()) {
    if (tensor.role != Role::kBuffer && tensor.scope == Scope::kExchanged) continue;
    lines += std::string(kRoleNames[static_cast<std::size_t>(tensor.role)]) + " " +
             std::string(kScopeNames[static_cast<std::size_t>(tensor.scope)]) + " " + tensor.name + "\n";
  }
  return lines;
}

std::string MetadataJson(const std::map<std::string, std::string>& metadata) {
  std::string json;
  for (const auto& [key, value] : metadata) {
    json += (json.empty() ? "" : ",") + JsonString(key) + ":" + JsonString(value);
  }
  return "\"__metadata__\":{" + json + "}";
}

std::string HeaderOf(const ParameterSpec& spec, std::map<std::string, std::string> metadata) {
  metadata.erase(kRolesKey);
  if (std::string roles = RolesOf(spec); !roles.empty()) metadata[kRolesKey] = std::move(roles);
  std::string json = metadata.empty() ? "" : MetadataJson(metadata);
  std::size_t offset = 0;
  const auto add = [&](bool counters) {
    for (const TensorSpec& tensor : spec.tensors()) {
      if ((tensor.role == Role::kCounter) != counters) continue;
      const std::size_t end = offset + static_cast<std::size_t>(tensor.size()) * (counters ? 8 : 4);
      json += (json.empty() ? "" : ",") + JsonString(tensor.name) + ":{\"dtype\":\"" +
              (counters ? "I64" : "F32") + "\",\"shape\":" + ShapeText(tensor.shape) + ",\"data_offsets\":[" +
              std::to_string(offset) + "," + std::to_string(end) + "]}";
      offset = end;
    }
  };
  add(true);
  add(false);
  json = "{" + json + "}";
  return json + std::string((8 - json.size() % 8) % 8, ' ');  // the data then lie on 8 bytes
}

}  // namespace

Result<ParameterSpec> SpecOfSafetensors(const SafetensorsView& view) {
  std::vector<TensorSpec> specs;
  for (const SafetensorsEntry& entry : view.tensors) {
    const Role role = entry.dtype == DType::kI64 ? Role::kCounter : Role::kParameter;
    specs.push_back({entry.name, entry.shape, role, Scope::kExchanged});
  }
  if (const auto roles = view.metadata.find(kRolesKey); roles != view.metadata.end()) {
    const Index index(view);
    std::string_view rest = roles->second;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      CAIRN_RETURN_IF_ERROR(ReadRole(rest.substr(0, end), view, specs, index));
      rest.remove_prefix(std::min(rest.size(), end + 1));
    }
  }
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (!Fits(view.tensors[i].dtype, specs[i].role)) {
      return WrongDType(specs[i].name, view.tensors[i].dtype, specs[i].role);
    }
  }
  return ParameterSpec::Create(std::move(specs));
}

std::vector<std::byte> WriteSafetensors(const ParameterSet& set,
                                        const std::map<std::string, std::string>& metadata) {
  const std::string header = HeaderOf(set.spec(), metadata);
  const auto counters = std::as_bytes(set.counters());
  const auto floats = std::as_bytes(set.floats());
  const std::uint64_t length = header.size();
  std::vector<std::byte> out;
  out.reserve(sizeof length + header.size() + counters.size() + floats.size());
  const auto append = [&](std::span<const std::byte> bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
  };
  append(std::as_bytes(std::span(&length, 1)));
  append(std::as_bytes(std::span(header)));
  append(counters);
  append(floats);
  return out;
}

Status LoadSafetensors(const SafetensorsView& view, ParameterSet& set) {
  const Index index(view);
  const auto& tensors = set.spec().tensors();
  for (const SafetensorsEntry& entry : view.tensors) {
    if (set.spec().Find(entry.name) == tensors.size()) {
      return Mismatch("the file has a tensor " + QuoteName(entry.name) + ", which the model lacks");
    }
  }
  std::vector<const SafetensorsEntry*> sources;
  for (const TensorSpec& tensor : tensors) {
    const SafetensorsEntry* entry = sources.emplace_back(index.Find(tensor.name));
    if (entry == nullptr && tensor.role == Role::kCounter) continue;
    if (entry == nullptr) return Mismatch("the file lacks tensor " + QuoteName(tensor.name));
    if (entry->shape != tensor.shape) {
      return Mismatch("tensor " + QuoteName(tensor.name) + " has shape " + ShapeText(entry->shape) +
                      " in the file, the model's is " + ShapeText(tensor.shape));
    }
    if (!Fits(entry->dtype, tensor.role)) return WrongDType(tensor.name, entry->dtype, tensor.role);
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].role != Role::kCounter) {
      CAIRN_RETURN_IF_ERROR(CopyFloats(*sources[i], set.tensor(i)));
      continue;
    }
    const auto to = set.counters().subspan(static_cast<std::size_t>(set.spec().offset(i)),
                                           static_cast<std::size_t>(tensors[i].size()));
    std::fill(to.begin(), to.end(), 0);
    if (sources[i] != nullptr && !to.empty())
      std::memcpy(to.data(), sources[i]->data.data(), to.size_bytes());
  }
  return Status::Ok();
}

}  // namespace cairn
