#include <grpcpp/client_context.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "cairn/v1/federation.grpc.pb.h"
#include "net_parts.h"
#include "privacy/crypto/sha256.h"
#include "protocol/grpc/dial.h"
#include "protocol/grpc/frames.h"
#include "protocol/messages/blob_ref.h"
#include "protocol/messages/codec.h"
#include "tests/testing/fake_update.h"

namespace cairn::bench {
namespace {

using Stream = grpc::ClientReaderWriter<v1::ClientFrame, v1::ServerFrame>;

std::unique_ptr<v1::Federation::Stub> Connect(const SendOrder& order, int site) {
  const TlsFiles files = FilesOf(order.folder, "site-" + std::to_string(site));
  auto channel = Dial({{"127.0.0.1", order.port}, "heartnet", files});
  channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(30));
  return v1::Federation::NewStub(channel);
}

void SendChunks(Stream& stream, const BlobRef& ref, std::span<const std::byte> bytes) {
  Sha256 hash;
  v1::ClientFrame frame;
  for (std::uint64_t at = 0; at < bytes.size();) {
    const ChunkView chunk = ChunkAt(bytes, at);
    hash.Update(chunk.data);
    ToFrame(ref, chunk, frame.mutable_chunk());
    stream.Write(frame);
    at += chunk.data.size();
  }
  static_cast<void>(std::move(hash).Finish());
}

void GiveUp(grpc::ClientContext& context, Stream& stream) {
  context.TryCancel();
  static_cast<void>(stream.Finish());
}

// A call a round, of nothing but chunks.
class RawSender final : public RoundSender {
 public:
  RawSender(const SendOrder& order, int site) : stub_(Connect(order, site)) {}
  ~RawSender() override { GiveUp(*context_, *stream_); }
  void Prepare() override {
    stream_.reset();  // before the context of its call
    context_ = std::make_unique<grpc::ClientContext>();
    stream_ = stub_->Session(context_.get());
  }
  void Send(const BlobRef& ref, std::span<const std::byte> bytes) override {
    SendChunks(*stream_, ref, bytes);
    stream_->WritesDone();
    static_cast<void>(stream_->Finish());
  }

 private:
  std::unique_ptr<v1::Federation::Stub> stub_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<Stream> stream_;
};

// A site's session: offers, waits for the word, sends, waits for the word, reports.
class SiteSender final : public RoundSender {
 public:
  SiteSender(const SendOrder& order, int site)
      : layout_hash_(Vector(order.parameters).layout_hash()), stub_(Connect(order, site)) {
    stream_ = stub_->Session(&context_);
    Say(Hello{.software = "bench", .site = "site-" + std::to_string(site), .capabilities = {}});
  }
  ~SiteSender() override { GiveUp(context_, *stream_); }

  void Prepare() override { ++round_; }
  void Send(const BlobRef& ref, std::span<const std::byte> bytes) override {
    v1::ClientFrame offer;
    ToFrame(ref, offer.mutable_offer()->mutable_object());
    offer.mutable_offer()->mutable_key()->set_job(1);
    stream_->Write(offer);
    v1::ServerFrame answer;
    if (!stream_->Read(&answer) || !answer.has_resume_at()) return;
    SendChunks(*stream_, ref, bytes);
    if (!stream_->Read(&answer) || !answer.has_done()) return;
    Report report;
    report.key = {{1}, {round_}, 1};
    report.layout_hash = layout_hash_;
    report.update = std::make_shared<FakeUpdate>(std::vector<float>());  // the terms stand for it
    Say(report, {.ref = ref, .scale = 1, .weight = 1});
  }

 private:
  void Say(const ClientMessage& message, const UpdateTerms& terms = {}) {
    v1::ClientFrame frame;
    frame.set_control(Encode(message, terms));
    stream_->Write(frame);
  }

  const std::uint64_t layout_hash_;
  std::uint64_t round_ = 0;
  std::unique_ptr<v1::Federation::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace

TlsFiles FilesOf(const std::filesystem::path& folder, const std::string& name) {
  return {.certificate = folder / (name + ".pem"),
          .key = folder / (name + ".key"),
          .roots = folder / "roots.pem"};
}

std::unique_ptr<RoundSender> NewSender(const SendOrder& order, int site) {
  if (order.is_raw) return std::make_unique<RawSender>(order, site);
  return std::make_unique<SiteSender>(order, site);
}

int RunSender(const SendOrder& order) {
  std::vector<std::unique_ptr<RoundSender>> senders;
  for (int i = 0; i < order.clients; ++i) senders.push_back(NewSender(order, i));
  std::vector<float> numbers(static_cast<std::size_t>(order.parameters), 0.5f);
  const auto bytes = std::as_bytes(std::span(numbers));
  for (char byte = 0;;) {
    numbers[0] += 1;  // an object of its own, a round
    const BlobRef ref = BlobRefOf(bytes);
    for (const auto& sender : senders) sender->Prepare();
    if (write(1, "r", 1) != 1 || read(0, &byte, 1) != 1) return 0;
    std::vector<std::jthread> threads;
    for (const auto& sender : senders) threads.emplace_back([&] { sender->Send(ref, bytes); });
  }
}

}  // namespace cairn::bench
