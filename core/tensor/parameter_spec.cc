#include "core/tensor/parameter_spec.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string_view>
#include <utility>

#include "core/tensor/tensor_name.h"

namespace cairn {
namespace {

constexpr std::size_t kRoles = 3;
constexpr std::size_t kScopes = 2;

std::size_t RoleIndex(Role role) { return static_cast<std::size_t>(role); }

Status Refuse(std::string what) { return Status(errors::kModelSpec, std::move(what)); }

Status CheckShape(const TensorSpec& tensor, const ParameterSpec::Limits& limits, std::int64_t& elements) {
  if (tensor.shape.size() > limits.max_rank) {
    return Refuse("tensor " + QuoteName(tensor.name) + " has " + std::to_string(tensor.shape.size()) +
                  " dimensions, the limit is " + std::to_string(limits.max_rank));
  }
  const auto negative = std::find_if(tensor.shape.begin(), tensor.shape.end(), [](auto d) { return d < 0; });
  if (negative != tensor.shape.end()) {
    return Refuse("tensor " + QuoteName(tensor.name) + " has the dimension " + std::to_string(*negative));
  }
  if (!ShapeElements(tensor.shape, limits.max_elements, elements)) {
    return Refuse("tensor " + QuoteName(tensor.name) + " has more than " +
                  std::to_string(limits.max_elements) + " elements");
  }
  return Status::Ok();
}

Status CheckTensor(const TensorSpec& tensor, const ParameterSpec::Limits& limits, std::int64_t& elements) {
  if (const char* fault = NameFault(tensor.name, limits.max_name_bytes)) {
    return Refuse("tensor name " + QuoteName(tensor.name) + " " + fault);
  }
  if (RoleIndex(tensor.role) >= kRoles || static_cast<std::size_t>(tensor.scope) >= kScopes) {
    return Refuse("tensor " + QuoteName(tensor.name) + " has an unknown role or scope");
  }
  return CheckShape(tensor, limits, elements);
}

// FNV-1a, 64 bits.
class Fnv {
 public:
  void Add(std::string_view text) {
    for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325ull;
};

// One line a tensor: `<bytes of name>:<name> <role> <scope> [d0,d1,…]`. The length in front makes
// the text unambiguous whatever a name holds.
std::uint64_t HashOf(const std::vector<TensorSpec>& tensors) {
  Fnv fnv;
  fnv.Add("cairn-layout-1\n");
  for (const TensorSpec& t : tensors) {
    std::string line = std::to_string(t.name.size()) + ":" + t.name + " ";
    line += std::to_string(RoleIndex(t.role)) + " " + std::to_string(static_cast<unsigned>(t.scope)) + " [";
    for (std::size_t d = 0; d < t.shape.size(); ++d) line += (d == 0 ? "" : ",") + std::to_string(t.shape[d]);
    fnv.Add(line + "]\n");
  }
  return fnv.value();
}

}  // namespace

std::int64_t TensorSpec::size() const {
  // Zero first: the other dimensions of an empty tensor may be as large as they like.
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

Result<ParameterSpec> ParameterSpec::Create(std::vector<TensorSpec> tensors, Limits limits) {
  if (tensors.size() > limits.max_tensors) {
    return Refuse("the model has " + std::to_string(tensors.size()) + " tensors, the limit is " +
                  std::to_string(limits.max_tensors));
  }
  std::int64_t all = 0;
  for (const TensorSpec& tensor : tensors) {
    std::int64_t elements = 0;
    CAIRN_RETURN_IF_ERROR(CheckTensor(tensor, limits, elements));
    if (elements > limits.max_elements - all) {
      return Refuse("the model has more than " + std::to_string(limits.max_elements) + " elements");
    }
    all += elements;
  }
  std::stable_sort(tensors.begin(), tensors.end(), [](const TensorSpec& a, const TensorSpec& b) {
    return std::pair(a.role, a.scope) < std::pair(b.role, b.scope);
  });

  ParameterSpec spec;
  spec.tensors_ = std::move(tensors);
  spec.by_name_.resize(spec.tensors_.size());
  std::iota(spec.by_name_.begin(), spec.by_name_.end(), 0u);
  const auto name = [&](std::uint32_t i) -> const std::string& { return spec.tensors_[i].name; };
  std::sort(spec.by_name_.begin(), spec.by_name_.end(), [&](auto a, auto b) { return name(a) < name(b); });
  for (std::size_t i = 1; i < spec.by_name_.size(); ++i) {
    if (name(spec.by_name_[i]) == name(spec.by_name_[i - 1])) {
      return Refuse("two tensors are named " + QuoteName(name(spec.by_name_[i])));
    }
  }
  spec.PlaceTensors();
  return spec;
}

void ParameterSpec::PlaceTensors() {
  offsets_.reserve(tensors_.size());
  for (const TensorSpec& tensor : tensors_) {
    const std::size_t role = RoleIndex(tensor.role);
    offsets_.push_back(totals_[role]);
    totals_[role] += tensor.size();
    if (tensor.scope == Scope::kExchanged) exchanged_[role] += tensor.size();
  }
  layout_hash_ = HashOf(tensors_);
}

std::size_t ParameterSpec::Find(std::string_view name) const {
  const auto it = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                   [&](std::uint32_t i, std::string_view n) { return tensors_[i].name < n; });
  return it != by_name_.end() && tensors_[*it].name == name ? *it : tensors_.size();
}

std::size_t ParameterSpec::byte_size() const {
  const auto floats = static_cast<std::size_t>(total(Role::kParameter) + total(Role::kBuffer));
  return FlatBytes(floats, static_cast<std::size_t>(total(Role::kCounter)));
}

std::size_t FlatBytes(std::size_t floats, std::size_t counters) {
  const std::size_t float_bytes = floats * sizeof(float);
  return counters == 0 ? float_bytes : (float_bytes + 7) / 8 * 8 + counters * sizeof(std::int64_t);
}

Result<ParameterSpec> WithLocal(const ParameterSpec& spec, std::span<const std::string> patterns) {
  std::vector<TensorSpec> tensors = spec.tensors();
  for (const std::string& pattern : patterns) {
    bool matched = false;
    for (TensorSpec& tensor : tensors) {
      if (!GlobMatch(pattern, tensor.name)) continue;
      tensor.scope = Scope::kLocal;
      matched = true;
    }
    if (!matched) return Refuse("the pattern " + QuoteName(pattern) + " matches no tensor of the model");
  }
  return ParameterSpec::Create(std::move(tensors));
}

bool GlobMatch(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0;
  // Where to go on after the last `*`: one more character goes to it. Linear space, no recursion, so a
  // hostile pattern costs at most |pattern| · |name| steps.
  std::size_t star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p, ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace cairn
