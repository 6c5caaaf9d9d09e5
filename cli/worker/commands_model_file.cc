// `cairn model inspect` and `cairn model export`: what a file holds, looked at and written otherwise. No net
// is built.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/frame/command.h"
#include "cli/worker/commands_model.h"
#include "cli/worker/model_file.h"
#include "cli/worker/npz.h"
#include "core/base/text.h"
#include "core/runtime/files.h"

namespace cairn {
namespace {

constexpr unsigned kReadableByAll = 0644;

std::string ShapeText(const Shape& shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

JsonArray ShapeJson(const Shape& shape) {
  JsonArray array;
  for (const std::int64_t size : shape) array.Add(size);
  return array;
}

const char* RoleName(Role role) {
  return role == Role::kParameter ? "parameter" : role == Role::kBuffer ? "buffer" : "counter";
}
const char* ScopeName(Scope scope) { return scope == Scope::kExchanged ? "exchanged" : "local"; }

const char* DTypeName(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "f32";
    case DType::kF16:
      return "f16";
    case DType::kBF16:
      return "bf16";
    case DType::kI64:
      return "i64";
    case DType::kI32:
      return "i32";
    case DType::kU8:
      return "u8";
    case DType::kBool:
      return "bool";
  }
  return "?";
}

void TellTensors(const ModelFile& file, const ParameterSpec* spec, CommandOutput& out, JsonArray& tensors) {
  std::size_t widest = 4;
  for (const SafetensorsEntry& entry : file.view().tensors) widest = std::max(widest, entry.name.size());
  const auto padded = [](std::string text, std::size_t width) {
    text.resize(std::max(text.size(), width), ' ');
    return text;
  };
  out.PrintLine(padded("name", widest) + "  dtype  role       scope      shape");
  for (const SafetensorsEntry& entry : file.view().tensors) {
    const TensorSpec* known = spec == nullptr ? nullptr : &spec->tensors()[spec->Find(entry.name)];
    const std::string role = known == nullptr ? "-" : RoleName(known->role);
    const std::string scope = known == nullptr ? "-" : ScopeName(known->scope);
    out.PrintLine(padded(EscapeControls(entry.name), widest) + "  " + padded(DTypeName(entry.dtype), 5) +
                  "  " + padded(role, 9) + "  " + padded(scope, 9) + "  " + ShapeText(entry.shape));
    tensors.Add(JsonObject()
                    .Add("name", entry.name)
                    .Add("dtype", DTypeName(entry.dtype))
                    .Add("role", role)
                    .Add("scope", scope)
                    .Add("shape", ShapeJson(entry.shape)));
  }
}

Status InspectModel(const std::string& path, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const ModelFile file, ModelFile::Read(path));
  const auto spec = SpecOfSafetensors(file.view());
  JsonObject metadata;
  JsonArray tensors;
  TellTensors(file, spec.ok() ? &*spec : nullptr, out, tensors);
  for (const auto& [key, value] : file.view().metadata) {
    if (key != "cairn.roles")
      out.PrintLine("metadata  " + EscapeControls(key) + " = " + EscapeControls(value));
    metadata.Add(key, value);
  }
  JsonObject data;
  data.Add("path", path)
      .Add("bytes", file.bytes().size())
      .Add("sha256", file.sha256())
      .Add("usable", spec.ok());
  if (spec.ok()) {
    out.PrintLine(std::to_string(spec->total(Role::kParameter)) + " parameters (" +
                  std::to_string(spec->exchanged(Role::kParameter)) + " exchanged), " +
                  std::to_string(spec->total(Role::kBuffer)) + " in buffers, " +
                  std::to_string(spec->total(Role::kCounter)) + " counters");
    data.Add("parameters", spec->total(Role::kParameter))
        .Add("exchanged_parameters", spec->exchanged(Role::kParameter));
  } else {
    out.Warn("no model of ours: " + spec.status().ToString());
    out.ExitWith(ExitCode::kUnusable);
  }
  out.PrintLine("sha256  " + file.sha256());
  out.Data(data.Add("tensors", tensors).Add("metadata", metadata));
  out.Next("cairn model check " + path);
  return {};
}

struct ExportOptions {
  std::string file, to = "safetensors", out;
};

Status ExportModel(const ExportOptions& options, CommandOutput& out) {
  CAIRN_ASSIGN_OR_RETURN(const ModelFile file, ModelFile::Read(options.file));
  CAIRN_ASSIGN_OR_RETURN(ParameterSpec spec, SpecOfSafetensors(file.view()));
  ParameterSet set(std::move(spec));
  CAIRN_RETURN_IF_ERROR(LoadSafetensors(file.view(), set));
  std::string bytes;
  if (options.to == "npz") {
    CAIRN_ASSIGN_OR_RETURN(bytes, ToNpz(set));
  } else {
    const std::vector<std::byte> written = WriteSafetensors(set, file.view().metadata);
    bytes.assign(reinterpret_cast<const char*>(written.data()), written.size());
  }
  CAIRN_RETURN_IF_ERROR(WriteFileAtomically(options.out, bytes, kReadableByAll));
  out.PrintLine("wrote " + options.out + ", " + std::to_string(set.spec().tensors().size()) + " tensors, " +
                std::to_string(bytes.size()) + " bytes");
  out.Data(JsonObject()
               .Add("path", options.out)
               .Add("to", options.to)
               .Add("tensors", set.spec().tensors().size())
               .Add("bytes", bytes.size()));
  if (options.to == "npz")
    out.Next("python3 -c 'import numpy; print(numpy.load(\"" + options.out + "\").files)'");
  return {};
}

}  // namespace

void AddModelInspect(CommandSet& commands) {
  auto path = std::make_shared<std::string>();
  commands.Add("model inspect", "Shows the tensors and notes of a safetensors file")
      .Takes({"FILE", "a safetensors file", path.get()})
      .Run([path](CommandOutput& out) { return InspectModel(*path, out); });
}

void AddModelExport(CommandSet& commands) {
  auto options = std::make_shared<ExportOptions>();
  commands.Add("model export", "Writes a model for another tool")
      .Takes({"FILE", "a safetensors file", &options->file})
      .Has({"--to",
            "FORMAT",
            "npz for NumPy, or safetensors in float32",
            &options->to,
            {"npz", "safetensors"}})
      .Has({"--out", "FILE", "where it goes", &options->out, {}, true})
      .Example("cairn model export runs/latest/final.safetensors --to npz --out model.npz")
      .Run([options](CommandOutput& out) { return ExportModel(*options, out); });
}

}  // namespace cairn
