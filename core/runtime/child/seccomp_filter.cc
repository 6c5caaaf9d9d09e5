#include "core/runtime/child/seccomp_filter.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace cairn {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the sandbox knows x86-64 and aarch64"
#endif

// Numbers newer than the oldest kernel headers we build with; equal on every architecture since 424.
constexpr std::uint32_t kIoUringSetup = 425, kIoUringEnter = 426, kIoUringRegister = 427, kOpenTree = 428,
                        kMoveMount = 429, kFsopen = 430, kFsconfig = 431, kFsmount = 432, kFspick = 433,
                        kPidfdSendSignal = 424, kClone3 = 435, kOpenat2 = 437, kPidfdGetfd = 438,
                        kProcessMadvise = 440, kMountSetattr = 442;

// Everything that reaches out of the process: network, other processes, the kernel's own interfaces …
constexpr std::uint32_t kReachingOut[] = {
    SYS_socket,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    SYS_sendto,
    SYS_sendmsg,
    SYS_sendmmsg,
    SYS_recvfrom,
    SYS_recvmsg,
    SYS_recvmmsg,
    SYS_socketpair,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kcmp,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    kIoUringSetup,
    kIoUringEnter,
    kIoUringRegister,
    kPidfdSendSignal,
    kPidfdGetfd,
    kProcessMadvise,
    SYS_tkill,
    SYS_setpgid,
    SYS_setsid,
    SYS_setns,
    SYS_unshare,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    kOpenTree,
    kMoveMount,
    kFsopen,
    kFsconfig,
    kFsmount,
    kFspick,
    kMountSetattr,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_execveat,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_quotactl,
    SYS_acct,
    SYS_swapon,
    SYS_swapoff,
    SYS_reboot,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_fanotify_init,
    SYS_mq_open,
    SYS_shmget,
    SYS_msgget,
    SYS_semget,
};

// … and every way to change the file system, which holds without Landlock too.
constexpr std::uint32_t kChangingFiles[] = {
    SYS_truncate,     SYS_fchmod,   SYS_fchmodat,  SYS_fchown,    SYS_fchownat,    SYS_mkdirat,
    SYS_mknodat,      SYS_unlinkat, SYS_linkat,    SYS_symlinkat, SYS_renameat,    SYS_renameat2,
    SYS_utimensat,    SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr,
    SYS_fremovexattr,
#if defined(__x86_64__)
    SYS_fork,         SYS_vfork,    SYS_creat,     SYS_chmod,     SYS_chown,       SYS_lchown,
    SYS_mkdir,        SYS_rmdir,    SYS_mknod,     SYS_unlink,    SYS_link,        SYS_symlink,
    SYS_rename,       SYS_utime,    SYS_utimes,    SYS_futimesat,
#endif
};

// Classic BPF, written front to back: each rule looks at the call number, which is in the accumulator,
// and either returns or falls through with the accumulator untouched.
class FilterProgram {
 public:
  FilterProgram() {
    Load(offsetof(seccomp_data, arch));
    JumpIfEqual(kArchitecture, 1, 0);
    Return(SECCOMP_RET_KILL_PROCESS);
    Load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
    Add(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);  // the x32 calls
    Return(SECCOMP_RET_KILL_PROCESS);
#endif
  }

  void Deny(std::uint32_t call, std::uint32_t error = EPERM) {
    JumpIfEqual(call, 0, 1);
    Return(SECCOMP_RET_ERRNO | error);
  }

  // Allowed only when the low half of an argument is one of two values.
  void AllowOnlyFor(std::uint32_t call, unsigned argument, std::uint32_t a, std::uint32_t b) {
    JumpIfEqual(call, 0, 5);
    LoadArgument(argument);
    JumpIfEqual(a, 2, 0);
    JumpIfEqual(b, 1, 0);
    Return(SECCOMP_RET_ERRNO | EPERM);
    Return(SECCOMP_RET_ALLOW);
  }

  void DenyWithBits(std::uint32_t call, unsigned argument, std::uint32_t bits) {
    Bits(call, argument, bits, 0, 1);
  }
  void DenyWithoutBits(std::uint32_t call, unsigned argument, std::uint32_t bits) {
    Bits(call, argument, bits, 1, 0);
  }

  bool Install() {
    Return(SECCOMP_RET_ALLOW);
    const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
  }

 private:
  void Add(unsigned code, std::uint32_t k, unsigned jump_true = 0, unsigned jump_false = 0) {
    code_.push_back({static_cast<unsigned short>(code), static_cast<unsigned char>(jump_true),
                     static_cast<unsigned char>(jump_false), k});
  }
  void Load(std::size_t offset) { Add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
  void LoadArgument(unsigned argument) {  // low half: both architectures are little-endian
    Load(offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t));
  }
  void Return(std::uint32_t action) { Add(BPF_RET | BPF_K, action); }
  void JumpIfEqual(std::uint32_t value, unsigned if_equal, unsigned if_not) {
    Add(BPF_JMP | BPF_JEQ | BPF_K, value, if_equal, if_not);
  }
  void Bits(std::uint32_t call, unsigned argument, std::uint32_t bits, unsigned if_set, unsigned if_clear) {
    JumpIfEqual(call, 0, 4);
    LoadArgument(argument);
    Add(BPF_JMP | BPF_JSET | BPF_K, bits, if_set, if_clear);
    Return(SECCOMP_RET_ERRNO | EPERM);
    Return(SECCOMP_RET_ALLOW);
  }

  std::vector<sock_filter> code_;
};

}  // namespace

bool InstallSeccompFilter(int own_pid) {
  const auto self = static_cast<std::uint32_t>(own_pid);
  FilterProgram program;
  for (const std::uint32_t call : kReachingOut) program.Deny(call);
  for (const std::uint32_t call : kChangingFiles) program.Deny(call);
  // glibc falls back to clone, whose flags a filter can see: threads yes, processes no.
  program.Deny(kClone3, ENOSYS);
  program.DenyWithoutBits(SYS_clone, 0, CLONE_THREAD);
  program.Deny(kOpenat2, ENOSYS);
  constexpr std::uint32_t kWriting = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
  program.DenyWithBits(SYS_openat, 2, kWriting);
#if defined(__x86_64__)
  program.DenyWithBits(SYS_open, 1, kWriting);
#endif
  // abort() signals itself; nobody else may be signalled or have limits changed.
  for (const std::uint32_t call : {SYS_kill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo}) {
    program.AllowOnlyFor(call, 0, self, self);
  }
  program.AllowOnlyFor(SYS_prlimit64, 0, 0, self);
  return program.Install();
}

}  // namespace cairn
