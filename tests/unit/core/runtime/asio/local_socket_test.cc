#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <semaphore>
#include <thread>
#include <vector>

#include "core/runtime/asio/local_client.h"
#include "core/runtime/asio/local_server.h"
#include "core/runtime/asio/local_socket.h"
#include "core/runtime/files.h"

namespace cairn {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// The sanitizer of undefined behaviour looks at memory through pipes of its own, and needs descriptors for
// them.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kCanRunOut = false;
#else
constexpr bool kCanRunOut = true;
#endif

// Takes every descriptor this process may have, but for one, while it lives.
class OneDescriptorLeft {
 public:
  OneDescriptorLeft() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = 256;
    setrlimit(RLIMIT_NOFILE, &few);
    for (int fd = 0; (fd = dup(STDERR_FILENO)) >= 0;) taken_.emplace_back(fd);
    taken_.pop_back();
  }
  ~OneDescriptorLeft() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
  std::vector<UniqueFd> taken_;
};

// A daemon with an echo behind its socket: it answers a request with its own text and attachment.
class LocalSocketTest : public testing::Test {
 protected:
  ~LocalSocketTest() override { StopLoop(); }

  void Serve(LocalServer::Handler handler, LocalServerConfig config = {}) {
    config.path = path_;
    auto server = LocalServer::Start(loop_, config, std::move(handler));
    ASSERT_TRUE(server.ok()) << server.status().ToString();
    server_ = std::move(server).value();
    thread_ = std::jthread([this] { loop_.Run(); });
  }
  void ServeEcho(LocalServerConfig config = {}) {
    Serve([](const LocalPeer&, LocalMessage request,
             std::unique_ptr<LocalAnswer> answer) { answer->Send(std::move(request)); },
          config);
  }
  void StopLoop() {
    loop_.Stop();
    if (thread_.joinable()) thread_.join();
    server_.reset();
  }
  // Returns once the loop has looked at its descriptors several times over.
  void TurnLoop() {
    for (int i = 0; i < 100; ++i) {
      std::binary_semaphore has_turned{0};
      loop_.Post([&] { has_turned.release(); });
      has_turned.acquire();
    }
  }
  LocalClient Connect() { return LocalClient::Connect(path_).value(); }
  // What the server does to a peer that sends these bytes: everything it answers until it hangs up.
  std::string AnswerTo(std::string_view bytes) {
    const UniqueFd fd = ConnectLocal(path_).value();
    EXPECT_EQ(send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    std::string answer;
    char buffer[4096];
    for (ssize_t n = 0; (n = recv(fd.get(), buffer, sizeof buffer, 0)) > 0;) {
      answer.append(buffer, static_cast<std::size_t>(n));
    }
    return answer;
  }

  TempFolder folder_ = TempFolder::Create(std::filesystem::temp_directory_path()).value();
  std::filesystem::path path_ = folder_.path() / "admin.sock";
  EventLoop loop_;
  std::unique_ptr<LocalServer> server_;
  std::jthread thread_;
};

TEST_F(LocalSocketTest, AnswerCarriesTextAndAttachment) {
  ServeEcho();
  auto client = Connect();
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{3} << 20 | 5}) {
    const auto answer = client.Call({.text = "{\"n\":1}", .attachment = std::string(size, 'x')});
    ASSERT_TRUE(answer.ok()) << answer.status().ToString();
    EXPECT_EQ((*answer).text, "{\"n\":1}");
    EXPECT_EQ((*answer).attachment.view(), std::string(size, 'x'));
  }
}

TEST_F(LocalSocketTest, HandlerLearnsWhoAsks) {
  Serve([](const LocalPeer& peer, LocalMessage, std::unique_ptr<LocalAnswer> answer) {
    answer->Send({.text = std::to_string(peer.uid) + " " + std::to_string(peer.pid), .attachment = {}});
  });
  EXPECT_EQ(Connect().Call({.text = "{}", .attachment = {}}).value().text,
            std::to_string(getuid()) + " " + std::to_string(getpid()));
}

TEST_F(LocalSocketTest, AnswerKeptForLaterStreamsUntilItEnds) {
  std::unique_ptr<LocalAnswer> kept;  // used on the loop's thread only
  Serve([&](const LocalPeer&, LocalMessage, std::unique_ptr<LocalAnswer> answer) {
    answer->Send({.text = "0", .attachment = {}});
    kept = std::move(answer);
  });
  std::vector<std::string> heard;
  auto client = Connect();
  const auto status = client.Stream({.text = "watch", .attachment = {}}, [&](LocalMessage message) {
    heard.push_back(message.text);
    loop_.Post([&, n = heard.size()] {
      if (n == 3) return kept.reset();
      kept->Send({.text = std::to_string(n), .attachment = {}});
    });
    return true;
  });
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(heard, (std::vector<std::string>{"0", "1", "2"}));
}

TEST_F(LocalSocketTest, SendSaysWhenTheListenerHasLeft) {
  std::unique_ptr<LocalAnswer> kept;  // used on the loop's thread only
  std::binary_semaphore is_gone{0};
  Serve([&](const LocalPeer&, LocalMessage, std::unique_ptr<LocalAnswer> answer) {
    answer->Send({.text = "first", .attachment = {}});
    kept = std::move(answer);
  });
  auto client = Connect();
  ASSERT_TRUE(client.Stream({.text = "watch", .attachment = {}}, [](LocalMessage) { return false; }).ok());
  std::function<void()> try_again = [&] {
    if (kept->Send({.text = "more", .attachment = {}})) return loop_.Post(try_again);
    kept.reset();
    is_gone.release();
  };
  loop_.Post(try_again);
  EXPECT_TRUE(is_gone.try_acquire_for(60s));
}

TEST_F(LocalSocketTest, ManyClientsAreServedAtOnce) {
  ServeEcho();
  std::vector<LocalClient> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(Connect());
  for (int i = 20; i-- > 0;) {
    EXPECT_EQ(
        clients[static_cast<std::size_t>(i)].Call({.text = std::to_string(i), .attachment = {}}).value().text,
        std::to_string(i));
  }
}

TEST_F(LocalSocketTest, ConnectionsBeyondTheLimitAreClosed) {
  ServeEcho({.path = {}, .max_connections = 1});
  auto first = Connect();
  ASSERT_TRUE(first.Call({.text = "a", .attachment = {}}).ok());
  EXPECT_EQ(Connect().Call({.text = "b", .attachment = {}}).status().id(), errors::kNetLost);
  EXPECT_TRUE(first.Call({.text = "c", .attachment = {}}).ok());
}

TEST_F(LocalSocketTest, ConnectionThatFoundNoDescriptorIsServedOnceThereIsOne) {
  if (!kCanRunOut) GTEST_SKIP() << "this sanitizer needs descriptors of its own";
  ServeEcho({.path = {}, .accept_pause = 1ms});
  std::optional<LocalClient> client;
  {
    const OneDescriptorLeft all_others_taken;
    client = Connect();
    TurnLoop();
  }
  EXPECT_TRUE(client->Call({.text = "late", .attachment = {}}).ok());
}

TEST_F(LocalSocketTest, WithoutDescriptorsTheServerTriesAgainOnlyAfterItsPause) {
  if (!kCanRunOut) GTEST_SKIP() << "this sanitizer needs descriptors of its own";
  ServeEcho({.path = {}, .accept_pause = 1h});
  std::optional<LocalClient> client;
  {
    const OneDescriptorLeft all_others_taken;
    client = Connect();
    TurnLoop();
  }
  TurnLoop();  // descriptors there are now, and nobody asks for one
  EXPECT_EQ(client->Call({.text = "too early", .attachment = {}}, 20ms).status().id(), errors::kNetLost);
}

TEST_F(LocalSocketTest, PeerThatBreaksTheProtocolIsHungUpOn) {
  ServeEcho({.path = {}, .max_attachment = 10});
  using namespace std::string_literals;
  EXPECT_EQ(AnswerTo("\xff\xff\xff\xff"s), "");                   // text of 4 GiB
  EXPECT_EQ(AnswerTo("\1\0\0\0a\x0b\0\0\0\0\0\0\0"s), "");        // attachment of 11 bytes
  EXPECT_EQ(AnswerTo("\1\0\0\0a\5\0\0\0\0\0\0\0\6\0\0\0"s), "");  // chunk past its total
  EXPECT_EQ(AnswerTo("\1\0\0\0a\5\0\0\0\0\0\0\0\0\0\0\0"s), "");  // empty chunk
  EXPECT_EQ(AnswerTo("\0\0\0\0"s), "");                           // an end, unasked
  EXPECT_TRUE(Connect().Call({.text = "still here", .attachment = {}}).ok());
}

TEST_F(LocalSocketTest, PeerThatDribblesIsHungUpOn) {
  ServeEcho({.path = {}, .patience = Duration(20ms)});
  EXPECT_EQ(AnswerTo("\1"), "");
}

TEST_F(LocalSocketTest, SocketIsForOwnerAndGroupOnly) {
  ServeEcho();
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0660u);
}

TEST_F(LocalSocketTest, StaleSocketIsRemovedAndALivingOneIsNot) {
  { const UniqueFd killed = ListenLocal(path_).value(); }  // leaves its path behind, as kill -9 does
  ASSERT_TRUE(std::filesystem::exists(path_));
  ServeEcho();
  EventLoop other;
  EXPECT_EQ(LocalServer::Start(other, {.path = path_}, {}).status().id(), errors::kStorageLocked);
  StopLoop();
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_EQ(LocalClient::Connect(path_).status().id(), errors::kNotFound);
}

TEST_F(LocalSocketTest, PathThatIsAFileOrTooLongIsRefused) {
  ASSERT_TRUE(WriteFileAtomically(path_, "precious").ok());
  EXPECT_EQ(LocalServer::Start(loop_, {.path = path_}, {}).status().id(), errors::kStorageIo);
  EXPECT_EQ(ReadFile(path_, 100).value(), "precious");
  const auto longer = folder_.path() / std::string(kMaxSocketPath, 'x');
  const auto refused = LocalServer::Start(loop_, {.path = longer}, {});
  EXPECT_THAT(refused.status().what(), HasSubstr("at most 107"));
}

}  // namespace
}  // namespace cairn
