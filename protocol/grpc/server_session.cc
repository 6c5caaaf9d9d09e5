#include "protocol/grpc/server_session.h"

#include <utility>

#include "cairn/v1/federation.grpc.pb.h"
#include "core/base/check.h"
#include "protocol/transport/received_update.h"

namespace cairn {
namespace {

constexpr int kMaxFaults = 5;
constexpr std::size_t kMaxRefused = 16;

std::string VersionText(std::uint32_t min, std::uint32_t max) {
  return min == max ? std::to_string(min) : std::to_string(min) + " to " + std::to_string(max);
}

Refusal AsRefusal(const Status& reason) {
  return {.reason_id = reason.id().value,
          .reason = reason.what().substr(0, kMaxReasonBytes),
          .protocol_min = kProtocolMin,
          .protocol_max = kProtocolMax};
}

}  // namespace

grpc::ByteBuffer ToBytes(const v1::ServerFrame& frame) {
  grpc::ByteBuffer bytes;
  bool own_buffer = false;
  const grpc::Status status =
      grpc::SerializationTraits<v1::ServerFrame>::Serialize(frame, &bytes, &own_buffer);
  CAIRN_CHECK(status.ok(), "a frame of ours can be written");
  return bytes;
}

std::shared_ptr<ServerSession> ServerSession::Start(SessionParts parts) {
  auto session = std::shared_ptr<ServerSession>(new ServerSession(std::move(parts)));
  session->self_ = session;
  session->parts_.counts.sessions.fetch_add(1);
  session->Post([s = session.get()] {
    s->parts_.handler.OnOpen(s->id(),
                             {s->peer().federation, std::string(ToString(s->peer().role)), s->peer().name});
    s->StartSendInitialMetadata();  // tells the site that it is in
    s->StartRead(&s->next_);
  });
  return session;
}

ServerSession::ServerSession(SessionParts parts)
    : parts_(std::move(parts)), strand_(std::make_shared<Strand>(parts_.lanes)) {}

// The jobs of a strand keep the session alive until they have run. Not by self_, which is the strand's and
// may be gone: a caller of Send can hold the session for longer.
void ServerSession::Post(std::function<void()> job) {
  strand_->Post([self = shared_from_this(), job = std::move(job)] { job(); });
}

void ServerSession::OnReadDone(bool ok) {
  Post([this, ok] { HandleRead(ok); });
}
void ServerSession::OnWriteDone(bool ok) {
  Post([this, ok] {
    is_writing_ = false;
    if (!ok) is_dead_ = true;
    WriteNext();
  });
}
void ServerSession::OnCancel() {
  Post([this] {
    is_dead_ = true;
    End(Status(errors::kNetLost, "the site's connection was lost"), false);
  });
}
void ServerSession::OnDone() {
  Post([this] { self_.reset(); });
}

void ServerSession::Send(ServerMessage message) {
  const bool is_refusal = std::holds_alternative<Refusal>(message);
  auto bytes = Encode(message);
  Post([this, is_refusal, bytes = std::move(bytes)]() mutable {
    if (is_ended_) return;
    is_refused_ = is_refused_ || is_refusal;
    PushControl(std::move(bytes));
  });
}

void ServerSession::Close(Status reason) {
  Post([this, reason = std::move(reason)] { End(reason, !reason.ok()); });
}

// ---- reading

void ServerSession::HandleRead(bool ok) {
  if (!ok)
    return End(is_dead_ ? Status(errors::kNetLost, "the site's connection was lost") : Status(), false);
  if (is_ended_) return;
  grpc::ByteBuffer bytes;
  bytes.Swap(&next_);
  StartRead(&next_);  // the network goes on while this frame is hashed and written; one ahead, not more
  Status fault = in_.Decode(bytes)
                     ? HandleFrame()
                     : CountFault(Status(errors::kNetProtocol, "a frame that cannot be decoded"));
  if (!fault.ok()) End(std::move(fault), true);
  in_.Clear();  // a site that sends nothing holds no chunk's memory
}

// An error ends the session; what it can live with is counted.
Status ServerSession::HandleFrame() {
  const v1::ClientFrame& frame = in_.frame();
  switch (frame.kind_case()) {
    case v1::ClientFrame::kControl:
      return HandleControl(frame.control());
    case v1::ClientFrame::kOffer:
      return HandleOffer(frame.offer());
    case v1::ClientFrame::kChunk:
      return HandleChunk(frame.chunk(), in_.data());
    case v1::ClientFrame::kFetch:
      return HandleFetch(frame.fetch());
    case v1::ClientFrame::KIND_NOT_SET:
      break;
  }
  return CountFault(Status(errors::kNetProtocol, "a frame of no known kind"));
}

Status ServerSession::CountFault(Status fault) {
  parts_.counts.faults.fetch_add(1);
  return ++faults_ < kMaxFaults ? Status() : std::move(fault);
}

Status ServerSession::HandleControl(const std::string& bytes) {
  auto decoded = DecodeClientMessage(bytes);
  if (!decoded.ok()) return is_greeted_ ? CountFault(decoded.status()) : decoded.status();
  const auto* hello = std::get_if<Hello>(&decoded->message);
  if (!is_greeted_ && hello == nullptr)
    return Status(errors::kNetProtocol, "the first message is not a hello");
  if (hello != nullptr) {
    if (is_greeted_) return CountFault(Status(errors::kNetProtocol, "a second hello"));
    CAIRN_RETURN_IF_ERROR(HandleHello(*hello));
  }
  if (decoded->update) AttachUpdate(std::get<Report>(decoded->message), *decoded->update);
  parts_.handler.OnMessage(id(), std::move(decoded->message));
  return {};
}

Status ServerSession::HandleHello(const Hello& hello) {
  if (hello.protocol_min > kProtocolMax || hello.protocol_max < kProtocolMin) {
    return Status(errors::kNetVersion, "the site speaks protocol " +
                                           VersionText(hello.protocol_min, hello.protocol_max) +
                                           ", the aggregator " + VersionText(kProtocolMin, kProtocolMax));
  }
  if (hello.site != peer().name) {
    return Status(errors::kNetProtocol,
                  "the hello names another site than the certificate, which is for " + peer().name);
  }
  is_greeted_ = true;
  return {};
}

// ---- uploads

Status ServerSession::HandleOffer(const v1::Offer& offer) {
  if (!is_greeted_) return Status(errors::kNetProtocol, "an offer before the hello");
  const auto ref = FromFrame(offer.object());
  if (!ref.ok()) return CountFault(ref.status());
  refused_.erase(*ref);
  upload_.reset();
  const auto layout = parts_.catalog.LayoutFor({offer.key().job()});
  if (!layout.ok()) return RefuseUpload(*ref, layout.status()), Status();
  if (ref->size != layout->byte_size() && !parts_.catalog.TakesMasked({offer.key().job()}, ref->size)) {
    return RefuseUpload(*ref, Status(errors::kUpdateLayout, "update has " + std::to_string(ref->size) +
                                                                " bytes, the job's layout " +
                                                                std::to_string(layout->byte_size()))),
           Status();
  }
  auto held = parts_.store->Find(*ref);
  if (held.ok() && *held != nullptr) {
    v1::ServerFrame done;
    ToFrame(*ref, done.mutable_done()->mutable_object());
    Push(std::move(done));
    return {};
  }
  auto writer = MakeRoom(*ref);
  if (!writer.ok()) return RefuseUpload(*ref, writer.status()), Status();
  upload_.emplace(*ref, std::move(*writer));
  if (upload_->held() > 0) parts_.counts.resumed.fetch_add(1);
  if (upload_->held() == ref->size) return FinishUpload(), Status();
  v1::ServerFrame resume;
  ToFrame(*ref, resume.mutable_resume_at()->mutable_object());
  resume.mutable_resume_at()->set_offset(upload_->held());
  Push(std::move(resume));
  return {};
}

// A site may hold two updates here: what is beyond that is left over from earlier rounds. Updates in
// use stay readable without their names.
Result<std::unique_ptr<BlobWriter>> ServerSession::MakeRoom(const BlobRef& ref) {
  if (parts_.store->bytes_used() + ref.size > 2 * ref.size) parts_.store->KeepOnly({ref});
  return parts_.store->OpenWriter(ref);
}

void ServerSession::RefuseUpload(const BlobRef& ref, Status fault) {
  v1::ServerFrame frame;
  ToFrame(ref, frame.mutable_unavailable()->mutable_object());
  ToFrame(fault, frame.mutable_unavailable()->mutable_fault());
  if (refused_.size() >= kMaxRefused) refused_.clear();
  refused_[ref] = std::move(fault);
  upload_.reset();
  Push(std::move(frame));
}

// All bytes are here, from an earlier try: only the name is left to prove.
void ServerSession::FinishUpload() {
  const BlobRef ref = upload_->ref();
  if (Status status = upload_->Finish(); !status.ok()) {
    parts_.counts.bad_objects.fetch_add(1);
    return RefuseUpload(ref, std::move(status));
  }
  upload_.reset();
  v1::ServerFrame done;
  ToFrame(ref, done.mutable_done()->mutable_object());
  Push(std::move(done));
}

Status ServerSession::HandleChunk(const v1::Chunk& head, Pieces data) {
  if (!upload_ || !IsChunkOf(head, upload_->ref())) return {};  // of an upload just refused
  const BlobRef ref = upload_->ref();
  const auto verdict = upload_->Accept(ScatteredChunk{head.offset(), head.crc32c(), data});
  if (!verdict.ok()) {
    if (verdict.status().id() == errors::kNetProtocol) parts_.counts.bad_objects.fetch_add(1);
    RefuseUpload(ref, verdict.status());
    return CountFault(verdict.status());
  }
  v1::ServerFrame frame;
  switch (*verdict) {
    case ChunkVerdict::kDropped:
      return {};
    case ChunkVerdict::kTaken:
      parts_.counts.bytes_received.fetch_add(SizeOf(data));
      return {};
    case ChunkVerdict::kWhole:
      parts_.counts.bytes_received.fetch_add(SizeOf(data));
      upload_.reset();
      ToFrame(ref, frame.mutable_done()->mutable_object());
      Push(std::move(frame));
      return {};
    case ChunkVerdict::kCorrupt:
      break;
  }
  parts_.counts.corrupt_chunks.fetch_add(1);
  ToFrame(ref, frame.mutable_resume_at()->mutable_object());
  frame.mutable_resume_at()->set_offset(upload_->held());
  Push(std::move(frame));
  return CountFault(Status(errors::kNetProtocol, "a chunk failed its checksum"));
}

void ServerSession::AttachUpdate(Report& report, const UpdateTerms& terms) {
  if (const auto refused = refused_.find(terms.ref); refused != refused_.end()) {
    report.fault = std::move(refused->second);
    refused_.erase(refused);
    return;
  }
  if (report.masked.has_value()) {
    auto ring = TakeMasked(report, terms);
    ring.ok() ? static_cast<void>(report.ring = std::move(*ring))
              : static_cast<void>(report.fault = ring.status());
    return;
  }
  auto update = TakeUpdate(report, terms);
  if (update.ok()) {
    report.update = std::move(*update);
  } else {
    report.fault = update.status();
  }
}

Result<UpdateHandle> ServerSession::TakeUpdate(const Report& report, const UpdateTerms& terms) {
  CAIRN_ASSIGN_OR_RETURN(const UpdateLayout layout, parts_.catalog.LayoutFor(report.key.job));
  if (report.layout_hash != layout.hash)
    return Status(errors::kUpdateLayout, "the update's layout hash is not the job's");
  CAIRN_ASSIGN_OR_RETURN(auto blob, parts_.store->Find(terms.ref));
  if (blob == nullptr) return Status(errors::kNetProtocol, "a report names an update that was never sent");
  // While the site is here its next update overwrites the file; it leaves nothing behind.
  auto forget = [store = parts_.store, ref = terms.ref, open = std::weak_ptr(open_)] {
    static_cast<void>(open.expired() ? store->Remove(ref) : store->Recycle(ref));
  };
  return ReceiveUpdate(std::move(blob), terms, layout, std::move(forget));
}

Result<RingHandle> ServerSession::TakeMasked(const Report& report, const UpdateTerms& terms) {
  if (!parts_.catalog.TakesMasked(report.key.job, terms.ref.size))
    return Status(errors::kUpdateLayout, "the masked vector's size is not the job's");
  CAIRN_ASSIGN_OR_RETURN(auto blob, parts_.store->Find(terms.ref));
  if (blob == nullptr) return Status(errors::kNetProtocol, "a report names a vector that was never sent");
  auto forget = [store = parts_.store, ref = terms.ref] { static_cast<void>(store->Remove(ref)); };
  return ReceiveRing(std::move(blob), std::move(forget));
}

// ---- downloads

Status ServerSession::HandleFetch(const v1::Fetch& fetch) {
  if (!is_greeted_) return Status(errors::kNetProtocol, "a fetch before the hello");
  const auto ref = FromFrame(fetch.object());
  if (!ref.ok()) return CountFault(ref.status());
  const ModelHandle model = parts_.catalog.FindModel(*ref);
  if (model == nullptr || fetch.offset() > ref->size) {
    v1::ServerFrame frame;
    ToFrame(*ref, frame.mutable_unavailable()->mutable_object());
    ToFrame(Status(errors::kNotFound, "this model is not held any more"),
            frame.mutable_unavailable()->mutable_fault());
    Push(std::move(frame));
    return {};
  }
  parts_.counts.bytes_sent.fetch_add(ref->size - fetch.offset());
  outbox_.Stream({.ref = *ref, .owner = model, .bytes = model->values.bytes(), .offset = fetch.offset()});
  WriteNext();
  return {};
}

// ---- writing and ending

void ServerSession::PushControl(std::string bytes) {
  v1::ServerFrame frame;
  frame.set_control(std::move(bytes));
  Push(std::move(frame));
}

void ServerSession::Push(v1::ServerFrame frame) {
  if (!outbox_.Push(std::move(frame)))
    End(Status(errors::kNetLost, "the site does not read what it is sent"), false);
  WriteNext();
}

void ServerSession::WriteNext() {
  if (is_writing_ || is_finished_) return;
  if (is_dead_ || outbox_.empty()) return FinishWhenFlushed();
  v1::ServerFrame frame;
  outbox_.Take(&frame);
  out_ = ToBytes(frame);
  is_writing_ = true;
  StartWrite(&out_);
}

void ServerSession::End(Status reason, bool tell) {
  if (std::exchange(is_ended_, true)) return FinishWhenFlushed();
  end_reason_ = reason;
  upload_.reset();  // what is on disk is taken up again by the next session
  open_.reset();
  parts_.store->DropSpare();
  outbox_.StopStream();
  const bool banned = faults_ >= kMaxFaults;
  if (tell && !is_dead_ && !is_refused_) {
    v1::ServerFrame frame;
    frame.set_control(Encode(AsRefusal(reason)));
    outbox_.Push(std::move(frame));
  }
  parts_.on_end(id(), banned);
  parts_.handler.OnClose(id(), std::move(reason));
  WriteNext();
}

void ServerSession::FinishWhenFlushed() {
  if (!is_ended_ || is_writing_ || is_finished_) return;
  if (!is_dead_ && !outbox_.empty()) return WriteNext();
  is_finished_ = true;
  Finish(grpc::Status::OK);  // the reason went as a message
}

}  // namespace cairn
