import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ContainerProfile, containerProfile } from '../../../src/sandbox/drivers/container-seccomp.ts'
import type { SeccompArch } from '../../../src/sandbox/drivers/seccomp.ts'
import { SYSCALLS_ARM64, SYSCALLS_X64 } from '../../../src/sandbox/drivers/seccomp-table.ts'
import { judgeCall } from '../../support/seccomp-interpreter.ts'

const TABLES = { x64: SYSCALLS_X64, arm64: SYSCALLS_ARM64 } as const
const ALLOW = 0x7fff0000
const ERRNO = 0x00050000

/** Judges a call as libseccomp does with a profile: the first rule whose comparison holds, else allow. */
function judgeByProfile(profile: ContainerProfile, name: string, args: readonly bigint[]): number {
  for (const rule of profile.syscalls) {
    if (!rule.names.includes(name)) continue
    const isHit = (rule.args ?? []).every(({ index, value, valueTwo = 0, op }) => {
      const arg = BigInt.asUintN(64, args[index] ?? 0n)
      if (op === 'SCMP_CMP_EQ') return arg === BigInt(value)
      if (op === 'SCMP_CMP_NE') return arg !== BigInt(value)
      if (op === 'SCMP_CMP_GT') return arg > BigInt(value)
      return (arg & BigInt(value)) === BigInt(valueTwo)
    })
    if (isHit) return ERRNO | rule.errnoRet
  }
  return ALLOW
}

describe.each<SeccompArch>(['x64', 'arm64'])('the container profile for %s', (arch) => {
  const profile = containerProfile(arch)
  const calls = Object.entries(TABLES[arch])

  test('answers every call of the table as our own filter does, whatever its arguments', () => {
    const arg = fc.oneof(
      fc.bigInt({ min: 0n, max: 0xffffffffn }),
      fc.constantFrom(
        6n,
        17n,
        0x21n,
        0x22n,
        0n,
        1n,
        2n,
        3n,
        9n,
        10n,
        11n,
        16n,
        40n,
        0x5412n,
        0x541cn,
        0xffffffffn,
        0x10000000n,
        0x02000000n,
        0x3d0f00n,
      ),
    )
    fc.assert(
      fc.property(fc.constantFrom(...calls), fc.tuple(arg, arg, arg, arg), ([name, nr], args) => {
        expect([name, judgeByProfile(profile, name, args)]).toEqual([name, judgeCall(arch, { nr, args })])
      }),
      { numRuns: 3_000 },
    )
  })

  test('lets nothing through that our own filter refuses, with garbage in the upper halves of arguments', () => {
    const arg = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
    fc.assert(
      fc.property(fc.constantFrom(...calls), fc.tuple(arg, arg, arg), ([name, nr], args) => {
        fc.pre(judgeCall(arch, { nr, args }) !== ALLOW)
        expect([name, judgeByProfile(profile, name, args)]).not.toEqual([name, ALLOW])
      }),
    )
  })

  test('refuses what the self-test tries: netlink, virtual-machine sockets and memory files', () => {
    expect([16n, 40n].map((family) => judgeByProfile(profile, 'socket', [family]))).toEqual([ERRNO | 97, ERRNO | 97])
    expect(judgeByProfile(profile, 'memfd_create', [])).toBe(ERRNO | 1)
    expect(judgeByProfile(profile, 'read', [])).toBe(ALLOW)
  })

  test('is written in the words an engine reads, for this architecture alone', () => {
    const plain = JSON.parse(JSON.stringify(profile)) as ContainerProfile
    expect(plain).toMatchObject({
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: [arch === 'x64' ? 'SCMP_ARCH_X86_64' : 'SCMP_ARCH_AARCH64'],
    })
    // One comparison of an argument a rule: libseccomp refuses two of the same argument, and engines join what it refuses by "or".
    const repeats = plain.syscalls.filter(({ args = [] }) => new Set(args.map(({ index }) => index)).size < args.length)
    expect(repeats).toEqual([])
  })
})
