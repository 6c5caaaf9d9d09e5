#include "protocol/transport/wire_form.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "protocol/transport/chunks.h"
#include "protocol/transport/received_update.h"

namespace cairn {
namespace {

// Sends an object the way the network does, into bytes of its own.
Status Transfer(const BlobRef& ref, std::span<const std::byte> from, std::span<std::byte> to) {
  if (to.size() != ref.size || from.size() != ref.size) {
    return Status(errors::kNetProtocol, "an object has another size than its name says");
  }
  ChunkAssembler assembler(ref, NewMemoryWriter(ref, to));
  if (ref.size == 0) return assembler.Finish();
  while (assembler.held() < ref.size) {
    CAIRN_ASSIGN_OR_RETURN(const ChunkVerdict verdict, assembler.Accept(ChunkAt(from, assembler.held())));
    if (verdict == ChunkVerdict::kWhole) break;
  }
  return {};
}

Status CheckControl(const std::string& bytes) {
  if (bytes.size() <= kMaxControlBytes) return {};
  return Status(errors::kNetProtocol,
                "a message of " + std::to_string(bytes.size()) + " bytes is too large to send");
}

// Fills in the update of a decoded report, or its fault.
Status ReceiveReport(Report& report, const OutgoingUpdate& sent, const UpdateTerms& terms,
                     const BlobCatalog& catalog) {
  const auto layout = catalog.LayoutFor(report.key.job);
  if (!layout.ok()) {
    report.fault = layout.status();
    return {};
  }
  if (report.layout_hash != layout->hash || terms.ref.size != layout->byte_size()) {
    report.fault = Status(errors::kUpdateLayout, "the update's layout is not the job's");
    return {};
  }
  std::vector<std::byte> bytes(terms.ref.size);
  CAIRN_RETURN_IF_ERROR(Transfer(terms.ref, sent.bytes(), bytes));
  auto update = ReceiveUpdate(OwnedBlob(std::move(bytes)), terms, *layout);
  if (update.ok()) {
    report.update = std::move(*update);
  } else {
    report.fault = update.status();
  }
  return {};
}

// A masked report's vector, as it arrives.
Status ReceiveMasked(Report& report, const RingPayload& sent, const UpdateTerms& terms,
                     const BlobCatalog& catalog) {
  if (!catalog.TakesMasked(report.key.job, terms.ref.size)) {
    report.fault = Status(errors::kUpdateLayout, "the masked vector's size is not the job's");
    return {};
  }
  std::vector<std::byte> bytes(terms.ref.size);
  CAIRN_RETURN_IF_ERROR(Transfer(terms.ref, sent.bytes(), bytes));
  report.ring = ReceiveRing(OwnedBlob(std::move(bytes)));
  return {};
}

}  // namespace

Result<ModelHandle> ReceiveModel(const BlobRef& ref, const ParameterSpec& spec,
                                 std::span<const std::byte> bytes) {
  if (bytes.size() != spec.byte_size()) {
    return Status(errors::kNetProtocol, "a model has " + std::to_string(bytes.size()) + " bytes, the job's " +
                                            std::to_string(spec.byte_size()));
  }
  ParameterSet values(spec);
  std::ranges::copy(bytes, values.mutable_bytes().begin());
  return ModelHandle(std::make_shared<const ModelVersion>(ModelVersion{ref, std::move(values)}));
}

Result<ClientMessage> ThroughWire(const ClientMessage& message, const BlobCatalog& catalog,
                                  std::uint64_t* carried) {
  OutgoingUpdate sent;
  const auto* masked = std::get_if<Report>(&message);
  if (masked != nullptr && masked->ring != nullptr) {
    if (!masked->masked.has_value())
      return Status(errors::kNetProtocol, "words without masks do not leave a process");
    sent.terms.ref = {.sha256 = masked->masked->object.bytes, .size = masked->masked->bytes};
  } else if (const auto* report = std::get_if<Report>(&message);
             report != nullptr && report->update != nullptr) {
    const UpdateView view = report->update->view();
    sent = MakeOutgoing(view, LayoutOfView(view, report->layout_hash));
  }
  const std::string bytes = Encode(message, sent.terms);
  CAIRN_RETURN_IF_ERROR(CheckControl(bytes));
  if (carried != nullptr) *carried += bytes.size() + sent.terms.ref.size;
  CAIRN_ASSIGN_OR_RETURN(DecodedClientMessage decoded, DecodeClientMessage(bytes));
  if (decoded.update && masked->ring != nullptr) {
    CAIRN_RETURN_IF_ERROR(
        ReceiveMasked(std::get<Report>(decoded.message), *masked->ring, *decoded.update, catalog));
  } else if (decoded.update) {
    CAIRN_RETURN_IF_ERROR(ReceiveReport(std::get<Report>(decoded.message), sent, *decoded.update, catalog));
  }
  return std::move(decoded.message);
}

Result<ServerMessage> ThroughWire(const ServerMessage& message, const BlobCatalog& catalog,
                                  const ParameterSpec* spec, const ModelHandle& known,
                                  std::uint64_t* carried) {
  const std::string bytes = Encode(message);
  CAIRN_RETURN_IF_ERROR(CheckControl(bytes));
  if (carried != nullptr) *carried += bytes.size();
  CAIRN_ASSIGN_OR_RETURN(ServerMessage decoded, DecodeServerMessage(bytes));
  auto* plan = std::get_if<RoundPlan>(&decoded);
  if (plan == nullptr) return decoded;
  if (known != nullptr && known->ref == plan->model_ref) {
    plan->model = known;
    return decoded;
  }
  if (spec == nullptr) return Status(errors::kNetProtocol, "a plan came for a job that was not accepted");
  const ModelHandle source = catalog.FindModel(plan->model_ref);
  if (source == nullptr) return Status(errors::kNetProtocol, "a plan names a model that nobody holds");
  if (carried != nullptr) *carried += plan->model_ref.size;
  std::vector<std::byte> received(plan->model_ref.size);
  CAIRN_RETURN_IF_ERROR(Transfer(plan->model_ref, source->values.bytes(), received));
  CAIRN_ASSIGN_OR_RETURN(plan->model, ReceiveModel(plan->model_ref, *spec, received));
  return decoded;
}

}  // namespace cairn
