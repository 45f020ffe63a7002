import {
  AF_UNIX,
  BUFFER_OPTIONS,
  CLONE_NEW_ANY,
  INTERNET,
  MAP_ANONYMOUS,
  MAP_SHARED,
  PROTOCOLS,
  REFUSED,
  type SeccompArch,
  SOL_SOCKET,
  TERMINAL_IOCTLS,
} from './seccomp.ts'
import { SYSCALLS_ARM64, SYSCALLS_X64 } from './seccomp-table.ts'

/** One comparison of an argument, as container engines write it. `SCMP_CMP_MASKED_EQ` reads `value` as the mask. */
interface ProfileArgument {
  readonly index: number
  readonly value: number
  readonly valueTwo?: number
  readonly op: 'SCMP_CMP_EQ' | 'SCMP_CMP_NE' | 'SCMP_CMP_GT' | 'SCMP_CMP_MASKED_EQ'
}

interface ProfileRule {
  readonly names: readonly string[]
  readonly action: 'SCMP_ACT_ERRNO'
  readonly errnoRet: number
  readonly args?: readonly ProfileArgument[]
}

/** A system-call filter in the form docker and podman take with `--security-opt seccomp=FILE`. */
export interface ContainerProfile {
  readonly defaultAction: 'SCMP_ACT_ALLOW'
  readonly architectures: readonly string[]
  readonly syscalls: readonly ProfileRule[]
}

const EPERM = 1
const ENOSYS = 38
const EPROTONOSUPPORT = 93
const EAFNOSUPPORT = 97
const ARCHITECTURES = { x64: 'SCMP_ARCH_X86_64', arm64: 'SCMP_ARCH_AARCH64' } as const
const TABLES = { x64: SYSCALLS_X64, arm64: SYSCALLS_ARM64 } as const

/**
 * Calls younger than the table. Our own filter refuses every number above the table's last; a profile knows names only, so these
 * are named, and a call younger than this list gets through: one reason why a container is partial isolation.
 */
// biome-ignore format: a list
const YOUNGER = [
  'cachestat', 'fchmodat2', 'map_shadow_stack', 'futex_wake', 'futex_wait', 'futex_requeue', 'statmount', 'listmount',
  'lsm_get_self_attr', 'lsm_set_self_attr', 'lsm_list_modules', 'mseal', 'setxattrat', 'getxattrat', 'listxattrat', 'removexattrat',
  'open_tree_attr', 'file_getattr', 'file_setattr',
]

/**
 * Returns our filter as a container engine's profile, from the same lists: what docker and podman ship allows netlink, memory files
 * and more that the self-test holds a driver to. Rules of one call are joined by "or", those of one rule by "and", and one rule
 * compares an argument once; what the filter says with "none of" is therefore said with several rules.
 */
export function containerProfile(arch: SeccompArch): ContainerProfile {
  const table = TABLES[arch]
  const rule = (name: string, errnoRet: number, ...args: ProfileArgument[]): ProfileRule => ({
    names: [name],
    action: 'SCMP_ACT_ERRNO',
    errnoRet,
    ...(args.length === 0 ? {} : { args }),
  })
  const masked = (index: number, mask: number, value: number): ProfileArgument => ({
    index,
    value: mask >>> 0,
    valueTwo: value >>> 0,
    op: 'SCMP_CMP_MASKED_EQ',
  })
  const is = (index: number, value: number): ProfileArgument => ({ index, value, op: 'SCMP_CMP_EQ' })
  const low = (index: number, value: number): ProfileArgument => masked(index, 0xffffffff, value)
  const noneOf = (index: number, allowed: readonly number[]): readonly ProfileArgument[] => {
    const last = Math.max(...allowed)
    const below = Array.from({ length: last }, (_, value) => value).filter((value) => !allowed.includes(value))
    return [...below.map((value) => is(index, value)), { index, value: last, op: 'SCMP_CMP_GT' }]
  }
  const bits = Array.from({ length: 32 }, (_, bit) => (1 << bit) >>> 0)
  const rules = [
    { names: REFUSED.filter((name) => table[name] !== undefined), action: 'SCMP_ACT_ERRNO', errnoRet: EPERM } as const,
    { names: YOUNGER, action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS } as const,
    rule('clone3', ENOSYS),
    ...bits.filter((bit) => (CLONE_NEW_ANY & bit) !== 0).map((bit) => rule('clone', EPERM, masked(0, bit, bit))),
    ...noneOf(0, [AF_UNIX, ...INTERNET]).map((family) => rule('socket', EAFNOSUPPORT, family)),
    ...INTERNET.flatMap((family) =>
      noneOf(2, PROTOCOLS).map((protocol) => rule('socket', EPROTONOSUPPORT, is(0, family), protocol)),
    ),
    rule('socketpair', EAFNOSUPPORT, { index: 0, value: AF_UNIX, op: 'SCMP_CMP_NE' }),
    rule('mmap', EPERM, masked(3, MAP_ANONYMOUS | MAP_SHARED, MAP_ANONYMOUS | MAP_SHARED)),
    ...BUFFER_OPTIONS.map((option) => rule('setsockopt', 0, low(1, SOL_SOCKET), low(2, option))),
    ...TERMINAL_IOCTLS.map((command) => rule('ioctl', EPERM, low(1, command))),
    // Neither all bits nor none: then somewhere, going round, a set bit is followed by a clear one.
    ...bits.map((bit, i) => rule('personality', EPERM, masked(0, bit | (bits[(i + 1) % 32] ?? 0), bit))),
  ]
  return { defaultAction: 'SCMP_ACT_ALLOW', architectures: [ARCHITECTURES[arch]], syscalls: rules }
}
