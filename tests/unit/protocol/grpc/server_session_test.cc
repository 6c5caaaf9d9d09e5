#include "protocol/grpc/server_session.h"

#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <latch>

#include "loopback.h"
#include "protocol/grpc/credentials.h"
#include "raw_site.h"

namespace cairn {
namespace {

// Serves one call and keeps its session, as whoever sends to it does.
class OneSession final : public v1::Federation::WithRawCallbackMethod_Session<v1::Federation::Service> {
 public:
  explicit OneSession(const Loopback& loopback)
      : store_(FileBlobStore::Create({.folder = loopback.folder() / "spool"}).value()) {
    grpc::ServerBuilder builder;
    builder.RegisterService(this);
    builder.AddListeningPort("127.0.0.1:0", NewServerCredentials(loopback.server_files()), &port_);
    server_ = builder.BuildAndStart();
  }
  // Returns when the call is over and its session has let go of itself.
  void End() {
    server_->Shutdown();
    server_->Wait();
    lanes_.Drain();
  }
  SessionReactor* Session(grpc::CallbackServerContext*) override {
    session_ = ServerSession::Start({.id = {1},
                                     .peer = {},
                                     .certificate_pem = {},
                                     .handler = handler_,
                                     .catalog = catalog_,
                                     .store = store_,
                                     .counts = counts_,
                                     .lanes = lanes_,
                                     .on_end = [](SessionId, bool) {}});
    return session_.get();
  }
  std::shared_ptr<ServerSession> TakeSession() { return std::move(session_); }
  std::uint16_t port() const { return static_cast<std::uint16_t>(port_); }
  RecordingServer& handler() { return handler_; }
  LanePool& lanes() { return lanes_; }

 private:
  RecordingServer handler_;
  TestCatalog catalog_;
  std::shared_ptr<FileBlobStore> store_;
  ServerCounts counts_;
  LanePool lanes_{1};
  std::shared_ptr<ServerSession> session_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST(ServerSessionTest, MessageSentAfterTheCallsEndKeepsTheSessionUntilItIsDealtWith) {
  Loopback loopback;
  OneSession service(loopback);
  {
    const RawSite site({{"127.0.0.1", service.port()}, "heartnet", loopback.Member("site-a")});
    ASSERT_TRUE(service.handler().AwaitOpened(1));
  }
  ASSERT_TRUE(service.handler().AwaitClosed(1));
  service.End();
  auto sender = service.TakeSession();
  const std::weak_ptr<ServerSession> session = sender;
  std::latch is_free(1);
  service.lanes().SubmitAny([&](std::size_t) { is_free.wait(); });

  sender->Send(RoundClosed{});
  sender.reset();

  EXPECT_FALSE(session.expired());
  is_free.count_down();
  service.lanes().Drain();
  EXPECT_TRUE(session.expired());
}

}  // namespace
}  // namespace cairn
