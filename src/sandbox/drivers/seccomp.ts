import { NEWEST_KNOWN, SYSCALLS_ARM64, SYSCALLS_X64, type SyscallTable } from './seccomp-table.ts'

/*
 * The system-call filter, assembled here so that no compiler, library or binary is needed. Invariants:
 *  1. A foreign architecture (32-bit entry on x86-64) kills the process; the x32 range is refused.
 *  2. A number newer than the table is ENOSYS: what we do not know is not let through.
 *  3. `socket` opens only unix and internet families: AF_VSOCK and AF_NETLINK are not covered by a network namespace. Of the
 *     internet's protocols only TCP and UDP, whose buffers can be counted; asking for another could load a kernel module.
 *  4. `clone3` is ENOSYS, because a filter cannot read its flags; libc then falls back to `clone`, whose flags it can.
 *  5. `ioctl` compares the low 32 bits only, as the kernel does (CVE-2019-10063).
 *  6. Memory that is shared and has no file cannot be made: its pages stay when their mappings are given back, so no sum over
 *     processes sees them. `multiprocessing` does without: it maps files in /dev/shm and /tmp, which are capped.
 *  7. A socket's buffers keep their default size, so that counting sockets bounds what they hold. The call succeeds without effect,
 *     as it does when a program asks for more than the system allows.
 */
export type SeccompArch = 'x64' | 'arm64'

const RET_ALLOW = 0x7fff0000
const RET_KILL = 0x80000000
const EPERM = 1
const ENOSYS = 38
const EPROTONOSUPPORT = 93
const EAFNOSUPPORT = 97
const errno = (code: number): number => 0x00050000 | code

// struct seccomp_data: nr at 0, arch at 4, args from 16, 8 bytes each, low half first (both architectures are little endian).
const AT_NR = 0
const AT_ARCH = 4
const argLow = (index: number): number => 16 + 8 * index

const LOAD = 0x20
const JEQ = 0x15
const JGE = 0x35
const JSET = 0x45
const RET = 0x06

const ARCHES: Record<SeccompArch, { readonly audit: number; readonly table: SyscallTable }> = {
  x64: { audit: 0xc000003e, table: SYSCALLS_X64 },
  arm64: { audit: 0xc00000b7, table: SYSCALLS_ARM64 },
}

/** Refused outright. Grouped by what they would open. */
// biome-ignore format: grouped by reason
export const REFUSED: readonly string[] = [
  // other processes' memory and descriptors
  'ptrace', 'process_vm_readv', 'process_vm_writev', 'kcmp', 'pidfd_getfd', 'process_madvise', 'process_mrelease',
  // memory no rlimit counts
  'memfd_create', 'memfd_secret', 'shmget', 'shmat', 'shmctl', 'shmdt', 'semget', 'semop', 'semctl', 'semtimedop', 'msgget',
  'msgsnd', 'msgrcv', 'msgctl', 'mq_open', 'mq_unlink', 'mq_timedsend', 'mq_timedreceive', 'mq_notify', 'mq_getsetattr',
  'vmsplice', 'remap_file_pages', 'mbind', 'set_mempolicy', 'get_mempolicy', 'set_mempolicy_home_node', 'migrate_pages',
  'move_pages',
  // what the kernel counts per user of the host: a sandbox that took all of it would leave none to the host's own programs
  'inotify_init', 'inotify_init1',
  // namespaces and mounts
  'unshare', 'setns', 'mount', 'umount2', 'pivot_root', 'chroot', 'open_tree', 'move_mount', 'fsopen', 'fsconfig', 'fsmount',
  'fspick', 'mount_setattr', 'name_to_handle_at', 'open_by_handle_at',
  // kernel surface no test needs
  'keyctl', 'add_key', 'request_key', 'bpf', 'perf_event_open', 'userfaultfd', 'io_uring_setup', 'io_uring_enter',
  'io_uring_register', 'io_setup', 'io_destroy', 'io_getevents', 'io_submit', 'io_cancel', 'io_pgetevents', 'fanotify_init',
  'fanotify_mark', 'lookup_dcookie', 'modify_ldt', 'uselib', 'ustat', 'sysfs', '_sysctl', 'create_module', 'get_kernel_syms',
  'query_module', 'nfsservctl',
  // the machine itself
  'init_module', 'finit_module', 'delete_module', 'kexec_load', 'kexec_file_load', 'reboot', 'swapon', 'swapoff', 'acct',
  'quotactl', 'quotactl_fd', 'settimeofday', 'clock_settime', 'adjtimex', 'clock_adjtime', 'syslog', 'iopl', 'ioperm',
  'sethostname', 'setdomainname', 'vhangup',
]

export const AF_UNIX = 1
export const INTERNET = [2, 10] // AF_INET, AF_INET6; the network namespace leaves them nowhere to go
export const PROTOCOLS = [0, 6, 17] // the family's own choice, TCP, UDP
export const SOL_SOCKET = 1
export const BUFFER_OPTIONS = [7, 8, 32, 33] // SO_SNDBUF, SO_RCVBUF and their FORCE forms
export const MAP_SHARED = 0x01 // a bit of MAP_SHARED_VALIDATE too
export const MAP_ANONYMOUS = 0x20
export const CLONE_NEW_ANY = 0x7e020000 // NEWNS NEWCGROUP NEWUTS NEWIPC NEWUSER NEWPID NEWNET
export const TERMINAL_IOCTLS = [0x5412, 0x541c] // TIOCSTI, TIOCLINUX: type into the caller's terminal

interface Instruction {
  readonly code: number
  readonly jt: number
  readonly jf: number
  readonly k: number
}

const load = (k: number): Instruction => ({ code: LOAD, jt: 0, jf: 0, k })
const ret = (k: number): Instruction => ({ code: RET, jt: 0, jf: 0, k })
const jump = (code: number, k: number, jt: number, jf: number): Instruction => ({ code, jt, jf, k })

/** Returns `then` guarded so that it runs only for system call `nr`; `then` must end in a return. */
function whenCalled(nr: number | undefined, then: readonly Instruction[]): Instruction[] {
  return nr === undefined ? [] : [jump(JEQ, nr, 0, then.length), ...then]
}

/** Returns the filter for `arch` as instructions, in order. */
export function buildFilter(arch: SeccompArch): readonly Instruction[] {
  const { audit, table } = ARCHES[arch]
  const onlyInternet = [
    load(argLow(2)),
    ...PROTOCOLS.map((protocol, i) => jump(JEQ, protocol, PROTOCOLS.length - i, 0)),
    ret(errno(EPROTONOSUPPORT)),
    ret(RET_ALLOW),
  ]
  const onlyFamilies = [
    load(argLow(0)),
    jump(JEQ, AF_UNIX, INTERNET.length + onlyInternet.length, 0),
    ...INTERNET.map((family, i) => jump(JEQ, family, INTERNET.length - i, 0)),
    ret(errno(EAFNOSUPPORT)),
    ...onlyInternet,
  ]
  const refused = REFUSED.flatMap((name) => whenCalled(table[name], [ret(errno(EPERM))]))
  return [
    load(AT_ARCH),
    jump(JEQ, audit, 1, 0),
    ret(RET_KILL),
    load(AT_NR),
    jump(JGE, NEWEST_KNOWN + 1, 0, 1),
    ret(errno(ENOSYS)),
    ...refused,
    ...whenCalled(table['clone3'], [ret(errno(ENOSYS))]),
    ...whenCalled(table['clone'], [load(argLow(0)), jump(JSET, CLONE_NEW_ANY, 0, 1), ret(errno(EPERM)), ret(RET_ALLOW)]),
    ...whenCalled(table['socket'], onlyFamilies),
    ...whenCalled(table['socketpair'], [load(argLow(0)), jump(JEQ, 1, 1, 0), ret(errno(EAFNOSUPPORT)), ret(RET_ALLOW)]),
    ...whenCalled(table['mmap'], [
      load(argLow(3)),
      jump(JSET, MAP_ANONYMOUS, 0, 2),
      jump(JSET, MAP_SHARED, 0, 1),
      ret(errno(EPERM)),
      ret(RET_ALLOW),
    ]),
    ...whenCalled(table['setsockopt'], [
      load(argLow(1)),
      jump(JEQ, SOL_SOCKET, 0, BUFFER_OPTIONS.length + 1),
      load(argLow(2)),
      ...BUFFER_OPTIONS.map((option, i) => jump(JEQ, option, BUFFER_OPTIONS.length - i, 0)),
      ret(RET_ALLOW),
      ret(errno(0)),
    ]),
    ...whenCalled(table['ioctl'], [
      load(argLow(1)),
      ...TERMINAL_IOCTLS.map((command, i) => jump(JEQ, command, TERMINAL_IOCTLS.length - i, 0)),
      ret(RET_ALLOW),
      ret(errno(EPERM)),
    ]),
    ...whenCalled(table['personality'], [
      load(argLow(0)),
      jump(JEQ, 0, 2, 0),
      jump(JEQ, 0xffffffff, 1, 0),
      ret(errno(EPERM)),
      ret(RET_ALLOW),
    ]),
    ret(RET_ALLOW),
  ]
}

/** Returns the filter as the kernel's `struct sock_filter[]`: 8 bytes each, little endian. */
export function assembleFilter(arch: SeccompArch): Uint8Array {
  const instructions = buildFilter(arch)
  const bytes = new Uint8Array(instructions.length * 8)
  const view = new DataView(bytes.buffer)
  for (const [i, { code, jt, jf, k }] of instructions.entries()) {
    view.setUint16(i * 8, code, true)
    view.setUint8(i * 8 + 2, jt)
    view.setUint8(i * 8 + 3, jf)
    view.setUint32(i * 8 + 4, k >>> 0, true)
  }
  return bytes
}

/** Returns the filter's architecture for Node's `process.arch`, or null: without a table nothing may run. */
export function seccompArch(nodeArch: string): SeccompArch | null {
  return nodeArch === 'x64' || nodeArch === 'arm64' ? nodeArch : null
}
