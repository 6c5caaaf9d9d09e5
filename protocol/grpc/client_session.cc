#include "protocol/grpc/client_session.h"

#include <utility>

#include "protocol/transport/wire_form.h"

namespace cairn {

std::shared_ptr<ClientSession> ClientSession::Start(ClientSessionParts parts) {
  auto session = std::shared_ptr<ClientSession>(new ClientSession(std::move(parts)));
  session->self_ = session;
  session->stub_->async()->Session(&session->context_, session.get());
  session->AddHold();  // operations start outside gRPC's callbacks
  session->StartRead(&session->in_);
  session->StartCall();
  return session;
}

ClientSession::ClientSession(ClientSessionParts parts)
    : parts_(std::move(parts)),
      strand_(std::make_shared<Strand>(parts_.lanes)),
      stub_(v1::Federation::NewStub(parts_.channel)) {}

// Not self_, which is the strand's and may be gone: a caller of Send can hold the session for longer.
void ClientSession::Post(std::function<void()> job) {
  strand_->Post([self = shared_from_this(), job = std::move(job)] { job(); });
}

void ClientSession::Send(ClientMessage message) {
  Post([this, message = std::move(message)]() mutable {
    if (is_over_ || is_closing_) return;
    if (auto* report = std::get_if<Report>(&message);
        report != nullptr && (report->update != nullptr || report->ring != nullptr)) {
      return StartUpload(std::move(*report));
    }
    v1::ClientFrame frame;
    frame.set_control(Encode(message));
    Push(std::move(frame));
  });
}

void ClientSession::Close() {
  Post([this] {
    is_closing_ = true;
    outbox_.StopStream();
    uploads_.clear();
    WriteNext();
  });
}

void ClientSession::Cancel() { context_.TryCancel(); }

void ClientSession::OnReadInitialMetadataDone(bool ok) {
  Post([this, ok] {
    if (!ok || is_over_) return;
    is_open_ = true;
    parts_.handler.OnOpen();
  });
}
void ClientSession::OnReadDone(bool ok) {
  Post([this, ok] { HandleRead(ok); });
}
void ClientSession::OnWriteDone(bool) {  // a failed write is followed by a failed read
  Post([this] {
    is_writing_ = false;
    WriteNext();
  });
}
void ClientSession::OnDone(const grpc::Status& status) {
  Post([this, status] { HandleDoneCall(status); });
}

// ---- reading

void ClientSession::HandleRead(bool ok) {
  if (ok && !is_over_) {
    if (Status fault = HandleFrame(); !fault.ok()) Fail(std::move(fault));
    if (!is_over_) return StartRead(&in_);
  }
  is_over_ = true;
  RemoveHold();  // nothing is started any more; OnDone follows
}

void ClientSession::Fail(Status reason) {
  if (reason_.ok()) reason_ = std::move(reason);
  is_over_ = true;
  context_.TryCancel();
}

Status ClientSession::HandleFrame() {
  switch (in_.kind_case()) {
    case v1::ServerFrame::kControl:
      return HandleControl(in_.control());
    case v1::ServerFrame::kResumeAt:
      return HandleResume(in_.resume_at());
    case v1::ServerFrame::kChunk:
      return HandleChunk(in_.chunk());
    case v1::ServerFrame::kDone:
      return HandleDone(in_.done());
    case v1::ServerFrame::kUnavailable:
      return HandleUnavailable(in_.unavailable());
    case v1::ServerFrame::KIND_NOT_SET:
      break;
  }
  return Status(errors::kNetProtocol, "the aggregator sent a frame of no known kind");
}

Status ClientSession::HandleControl(const std::string& bytes) {
  CAIRN_ASSIGN_OR_RETURN(ServerMessage message, DecodeServerMessage(bytes));
  if (const auto* refusal = std::get_if<Refusal>(&message)) {
    const ErrorId id{refusal->reason_id};
    reason_ = Status(FindError(id) != nullptr ? id : errors::kNetProtocol, refusal->reason);
  }
  if (const auto* closed = std::get_if<RoundClosed>(&message)) inbox_.DropPlansOf(closed->key);
  CAIRN_RETURN_IF_ERROR(inbox_.Push(std::move(message), bytes.size()));
  return DeliverInbox();
}

Status ClientSession::DeliverInbox() {
  while (!inbox_.empty()) {
    if (auto* plan = std::get_if<RoundPlan>(&inbox_.front())) {
      CAIRN_ASSIGN_OR_RETURN(plan->model, FindModel(*plan));
      if (plan->model == nullptr) return Fetch(plan->model_ref);
    }
    parts_.handler.OnMessage(inbox_.Pop());
  }
  return {};
}

// ---- models

Result<ModelHandle> ClientSession::FindModel(const RoundPlan& plan) {
  ParameterSpec spec;
  {
    const std::lock_guard lock(parts_.shelf.mutex);
    if (parts_.shelf.model != nullptr && parts_.shelf.model->ref == plan.model_ref) return parts_.shelf.model;
    const auto known = parts_.shelf.specs.find(plan.key.job);
    if (known == parts_.shelf.specs.end())
      return Status(errors::kNetProtocol, "a plan came for a job that was not accepted");
    spec = known->second;
    parts_.shelf.model.reset();  // one at a time
  }
  if (plan.model_ref.size != spec.byte_size()) {
    return Status(errors::kNetProtocol, "a plan names a model of " + std::to_string(plan.model_ref.size) +
                                            " bytes, the job's has " + std::to_string(spec.byte_size()));
  }
  CAIRN_ASSIGN_OR_RETURN(const auto blob, parts_.shelf.cache->Find(plan.model_ref));
  if (blob == nullptr) return ModelHandle();
  CAIRN_ASSIGN_OR_RETURN(ModelHandle model, ReceiveModel(plan.model_ref, spec, blob->bytes()));
  const std::lock_guard lock(parts_.shelf.mutex);
  parts_.shelf.model = model;
  return model;
}

Status ClientSession::Fetch(const BlobRef& ref) {
  if (download_ && download_->ref() == ref) return {};
  parts_.shelf.cache->KeepOnly({ref});  // earlier versions are not asked for again
  CAIRN_ASSIGN_OR_RETURN(auto writer, parts_.shelf.cache->OpenWriter(ref));
  download_.emplace(ref, std::move(writer));
  if (download_->held() == ref.size) {
    const Status whole = download_->Finish();
    download_.reset();
    if (whole.ok()) return DeliverInbox();
    return Fetch(ref);  // the part was damaged and is gone
  }
  v1::ClientFrame frame;
  ToFrame(ref, frame.mutable_fetch()->mutable_object());
  frame.mutable_fetch()->set_offset(download_->held());
  Push(std::move(frame));
  return {};
}

Status ClientSession::HandleChunk(const v1::Chunk& chunk) {
  if (!download_ || !IsChunkOf(chunk, download_->ref())) return {};
  CAIRN_ASSIGN_OR_RETURN(const ChunkVerdict verdict, download_->Accept(FromFrame(chunk)));
  switch (verdict) {
    case ChunkVerdict::kCorrupt:
      return Status(errors::kNetProtocol, "a chunk of the model failed its checksum");
    case ChunkVerdict::kDropped:
      return {};
    case ChunkVerdict::kTaken:
      parts_.shelf.counts.bytes_received.fetch_add(chunk.data().size());
      return {};
    case ChunkVerdict::kWhole:
      break;
  }
  parts_.shelf.counts.bytes_received.fetch_add(chunk.data().size());
  download_.reset();
  return DeliverInbox();
}

// ---- uploads

void ClientSession::StartUpload(Report report) {
  OutgoingUpdate update;
  if (report.ring != nullptr) {
    update.terms.ref = {.sha256 = report.masked->object.bytes, .size = report.masked->bytes};
  } else {
    const UpdateView view = report.update->view();
    update = MakeOutgoing(view, LayoutOfView(view, report.layout_hash));
  }
  uploads_.push_back({std::move(report), std::move(update)});
  if (uploads_.size() == 1) OfferFront();
}

void ClientSession::OfferFront() {
  if (uploads_.empty()) return;
  const Upload& upload = uploads_.front();
  v1::ClientFrame frame;
  ToFrame(upload.update.terms.ref, frame.mutable_offer()->mutable_object());
  v1::RoundKey* key = frame.mutable_offer()->mutable_key();
  key->set_job(upload.report.key.job.value);
  key->set_round(upload.report.key.round.value);
  key->set_attempt(upload.report.key.attempt);
  Push(std::move(frame));
}

void ClientSession::ReportFront() {
  outbox_.StopStream();
  v1::ClientFrame frame;
  frame.set_control(Encode(uploads_.front().report, uploads_.front().update.terms));
  uploads_.pop_front();
  Push(std::move(frame));
  OfferFront();
}

Status ClientSession::HandleResume(const v1::ResumeAt& resume) {
  if (is_closing_) return {};  // it crossed with our Close, which gave the uploads up
  CAIRN_ASSIGN_OR_RETURN(const BlobRef ref, FromFrame(resume.object()));
  if (uploads_.empty() || !(uploads_.front().update.terms.ref == ref) || resume.offset() >= ref.size) {
    return Status(errors::kNetProtocol, "the aggregator asks for an update that is not offered");
  }
  const bool is_again = outbox_.object() && outbox_.object()->ref == ref;
  is_again ? parts_.shelf.counts.resent_chunks.fetch_add(1)
           : parts_.shelf.counts.bytes_skipped.fetch_add(resume.offset());
  // The bytes are the upload's, which stays where it is in the deque until its stream has ended.
  outbox_.Stream(
      {.ref = ref, .owner = nullptr, .bytes = uploads_.front().bytes(), .offset = resume.offset()});
  WriteNext();
  return {};
}

Status ClientSession::HandleDone(const v1::Done& done) {
  CAIRN_ASSIGN_OR_RETURN(const BlobRef ref, FromFrame(done.object()));
  if (uploads_.empty() || !(uploads_.front().update.terms.ref == ref)) return {};
  if (!outbox_.object()) parts_.shelf.counts.bytes_skipped.fetch_add(ref.size);
  ReportFront();
  return {};
}

Status ClientSession::HandleUnavailable(const v1::Unavailable& unavailable) {
  CAIRN_ASSIGN_OR_RETURN(const BlobRef ref, FromFrame(unavailable.object()));
  Status fault = FromFrame(unavailable.fault());
  if (download_ && download_->ref() == ref) return fault;
  if (uploads_.empty() || !(uploads_.front().update.terms.ref == ref)) return {};
  if (fault.id() == errors::kNetProtocol && uploads_.front().retries++ == 0) {  // damaged on the way
    outbox_.StopStream();
    OfferFront();
  } else {
    ReportFront();  // the aggregator has kept why; the report carries it on
  }
  return {};
}

// ---- writing and ending

void ClientSession::Push(v1::ClientFrame frame) {
  if (!outbox_.Push(std::move(frame)))
    return Fail(Status(errors::kNetLost, "the aggregator does not read what it is sent"));
  WriteNext();
}

void ClientSession::WriteNext() {
  if (is_writing_ || is_over_) return;
  if (outbox_.empty()) {
    if (is_closing_ && !std::exchange(is_half_closed_, true))
      StartWritesDone();  // the aggregator ends the call
    return;
  }
  out_.Clear();
  outbox_.Take(&out_);
  if (out_.has_chunk()) parts_.shelf.counts.bytes_sent.fetch_add(out_.chunk().data().size());
  is_writing_ = true;
  StartWrite(&out_);
}

void ClientSession::HandleDoneCall(const grpc::Status& status) {
  const auto self = std::move(self_);
  Status reason = CloseReason(status);
  parts_.on_done();  // first, so that OnClose may open the next session
  parts_.handler.OnClose(std::move(reason));
}

Status ClientSession::CloseReason(const grpc::Status& status) {
  if (!reason_.ok()) return reason_;
  if (status.ok()) return {};
  if (is_open_)
    return Status(errors::kNetLost, "the connection to the aggregator was lost: " + status.error_message());
  if (status.error_code() == grpc::StatusCode::CANCELLED)
    return Status(errors::kCancelled, "the connection was given up");
  Status found = parts_.diagnose();
  if (!found.ok()) return found;
  return Status(errors::kNetRefused, "no connection to the aggregator: " + status.error_message());
}

}  // namespace cairn
