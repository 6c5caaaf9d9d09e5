// A hostile worker: tries what a sandboxed program must not do and says on descriptor 1 how each
// attempt ended ("socket=EPERM", "read=ok").
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

namespace {

void Say(const char* attempt, bool success) {
  const int error = errno;
  const std::string line = std::string(attempt) + "=" + (success ? "ok" : strerrorname_np(error)) + "\n";
  if (write(1, line.data(), line.size()) < 0) std::_Exit(90);
}

void TryNetwork() {
  Say("socket-inet", socket(AF_INET, SOCK_STREAM, 0) >= 0);
  Say("socket-unix", socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
  const sockaddr_un address{AF_UNIX, "/tmp/none"};
  Say("connect", connect(0, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  int ends[2];
  Say("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  Say("io-uring", syscall(425, 1, nullptr) >= 0);
}

void TryOthers() {
  const pid_t parent = getppid();
  Say("ptrace", ptrace(PTRACE_ATTACH, parent, nullptr, nullptr) == 0);
  char byte = 0;
  const iovec here{&byte, 1}, there{&byte, 1};
  Say("process-vm", process_vm_readv(parent, &here, 1, &there, 1, 0) >= 0);
  Say("kill-parent", kill(parent, 0) == 0);
  Say("kill-group", kill(-1, 0) == 0);
  Say("limit-parent", syscall(SYS_prlimit64, parent, RLIMIT_CPU, nullptr, nullptr) == 0);
  Say("fork", fork() >= 0);
  Say("unshare", unshare(CLONE_NEWUSER) == 0);
  Say("setsid", setsid() >= 0);
}

void TryFiles(const char* data_file, const char* data_folder, const char* key_file) {
  char byte = 0;
  const int data = open(data_file, O_RDONLY);
  Say("read-data", data >= 0 && read(data, &byte, 1) == 1);
  Say("read-key", open(key_file, O_RDONLY) >= 0);
  Say("read-passwd", open("/etc/passwd", O_RDONLY) >= 0);
  Say("read-parent-memory", open(("/proc/" + std::to_string(getppid()) + "/mem").c_str(), O_RDONLY) >= 0);
  Say("write-data", open(data_file, O_WRONLY) >= 0);
  const std::string fresh = std::string(data_folder) + "/fresh";
  Say("create", open(fresh.c_str(), O_CREAT | O_WRONLY, 0600) >= 0);
  Say("create-tmp", open("/tmp/cairn-probe", O_CREAT | O_WRONLY, 0600) >= 0);
  Say("unlink", unlink(data_file) == 0);
  Say("rename", rename(data_file, fresh.c_str()) == 0);
}

void* Nothing(void* argument) { return argument; }

// What LibTorch and oneDNN need must go on working.
void TryNeeded() {
  pthread_t thread;
  const bool has_started = (errno = pthread_create(&thread, nullptr, Nothing, nullptr)) == 0;
  Say("thread", has_started);
  if (has_started) pthread_join(thread, nullptr);
  Say("writable-code", mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                            -1, 0) != MAP_FAILED);
  rlimit core{};
  getrlimit(RLIMIT_CORE, &core);
  Say("no-core", core.rlim_max == 0);
}

void SayDescriptors() {
  std::string open_ones;
  for (int fd = 0; fd < 256; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) open_ones += std::to_string(fd) + " ";
  }
  std::printf("descriptors=%s\n", open_ones.c_str());
  std::fflush(stdout);
}

}  // namespace

// The leak checker of sanitizer builds works by ptrace, which the sandbox refuses.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "attack" && argc == 5) {
    TryNetwork();
    TryOthers();
    TryFiles(argv[2], argv[3], argv[4]);
    TryNeeded();
    return 0;
  }
  if (what == "descriptors") SayDescriptors();
  if (what == "environment") {
    for (char** entry = environ; *entry != nullptr; ++entry) std::puts(*entry);
  }
  if (what == "exit") return argc > 2 ? std::atoi(argv[2]) : 0;
  if (what == "abort") std::abort();
  if (what == "foreign") syscall(0x40000000 | 39);  // getpid of the x32 interface
  if (what == "wait") {
    Say("waiting", true);
    poll(nullptr, 0, -1);
  }
  if (what == "memory") return new (std::nothrow) char[std::size_t{1} << 40] == nullptr ? 0 : 1;
  return 0;
}
