#include "cli/cairn/desk_call.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <string.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>

#include "core/runtime/asio/local_server.h"
#include "core/runtime/files.h"

namespace {

constexpr std::string_view kPassphrase = "correct horse battery staple, and then some";

std::atomic<bool> is_watching{false};
std::atomic<int> copies_left{0};

void Release(void* memory) noexcept {
  if (memory != nullptr && is_watching &&
      memmem(memory, malloc_usable_size(memory), kPassphrase.data(), kPassphrase.size()) != nullptr)
    copies_left.fetch_add(1);
  std::free(memory);
}

}  // namespace

// Every block this program gives back is searched for the passphrase.
void* operator new(std::size_t size) {
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { Release(memory); }
void operator delete(void* memory, std::size_t) noexcept { Release(memory); }

namespace cairn {
namespace {

class DeskCallTest : public testing::Test {
 protected:
  DeskCallTest() { config_.state_dir = folder_.path(); }
  // How many blocks of memory were given back with the passphrase in them.
  template <class Call>
  int CopiesLeftBy(Call call) {
    copies_left = 0;
    is_watching = true;
    call();
    is_watching = false;
    return copies_left;
  }
  Result<nlohmann::json> Approve() {
    return DeskCall(config_, {{"verb", "site.approve"}, {"name", "site-a"}, {"words", ""}},
                    SecretBytes::CopyOf(kPassphrase));
  }

  TempFolder folder_ = TempFolder::Create(std::filesystem::temp_directory_path()).value();
  AggregatorFileConfig config_;
};

TEST_F(DeskCallTest, WatchFindsAPlainString) {
  EXPECT_EQ(CopiesLeftBy([] { const std::string plain(kPassphrase); }), 1);
}

TEST_F(DeskCallTest, PassphraseLeavesNoCopyAtEitherEndOfTheSocket) {
  EventLoop loop;
  auto server =
      LocalServer::Start(loop, {.path = config_.socket()},
                         [&](const LocalPeer&, LocalMessage request, std::unique_ptr<LocalAnswer> answer) {
                           EXPECT_EQ(request.attachment.view(), kPassphrase);
                           answer->Send({R"({"status":"ok","data":{"is":"done"}})", {}});
                         });
  ASSERT_TRUE(server.ok()) << server.status().ToString();
  EXPECT_EQ(CopiesLeftBy([&] {
              std::jthread thread([&] { loop.Run(); });
              const auto data = Approve();
              ASSERT_TRUE(data.ok()) << data.status().ToString();
              EXPECT_EQ(data->at("is"), "done");
              loop.Stop();
              thread.join();
              server->reset();
            }),
            0);
}

TEST_F(DeskCallTest, PassphraseLeavesNoCopyWhereNoDaemonRuns) {
  EXPECT_EQ(CopiesLeftBy([&] { EXPECT_FALSE(Approve().ok()); }), 0);
}

}  // namespace
}  // namespace cairn
