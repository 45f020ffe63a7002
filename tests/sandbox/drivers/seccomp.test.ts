import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assembleFilter, buildFilter, REFUSED, type SeccompArch, seccompArch } from '../../../src/sandbox/drivers/seccomp.ts'
import { NEWEST_KNOWN, SYSCALLS_ARM64, SYSCALLS_X64, type SyscallTable } from '../../../src/sandbox/drivers/seccomp-table.ts'
import { judgeCall as judge } from '../../support/seccomp-interpreter.ts'

const ALLOW = 0x7fff0000
const KILL = 0x80000000
const ERRNO = 0x00050000
const TABLES: Record<SeccompArch, SyscallTable> = { x64: SYSCALLS_X64, arm64: SYSCALLS_ARM64 }

describe.each<SeccompArch>(['x64', 'arm64'])('the %s filter', (arch) => {
  const nr = (name: string): number => TABLES[arch][name] ?? -1

  test('refuses every listed call that exists there, and nothing listed is misspelt', () => {
    const known = REFUSED.filter((name) => TABLES[arch][name] !== undefined)
    expect(known.map((name) => [name, judge(arch, { nr: nr(name) })])).toEqual(known.map((name) => [name, ERRNO | 1]))
    expect(REFUSED.filter((name) => SYSCALLS_X64[name] === undefined && SYSCALLS_ARM64[name] === undefined)).toEqual([])
  })

  test('kills a foreign architecture and does not know calls newer than its table', () => {
    expect(judge(arch, { nr: 20, audit: 0x40000003 })).toBe(KILL)
    expect(judge(arch, { nr: NEWEST_KNOWN + 1 })).toBe(ERRNO | 38)
    expect(judge(arch, { nr: 0x40000000 | 101 })).toBe(ERRNO | 38)
    expect(judge(arch, { nr: nr('clone3') })).toBe(ERRNO | 38)
  })

  test('opens unix and internet sockets and no other family', () => {
    const allowed = Array.from({ length: 46 }, (_, family) => family).filter(
      (family) => judge(arch, { nr: nr('socket'), args: [BigInt(family)] }) === ALLOW,
    )
    expect(allowed).toEqual([1, 2, 10])
    expect(judge(arch, { nr: nr('socketpair'), args: [1n] })).toBe(ALLOW)
    expect(judge(arch, { nr: nr('socketpair'), args: [16n] })).toBe(ERRNO | 97)
  })

  test('opens TCP and UDP and no other protocol of the internet', () => {
    for (const family of [2n, 10n]) {
      const allowed = Array.from({ length: 300 }, (_, protocol) => protocol).filter(
        (protocol) => judge(arch, { nr: nr('socket'), args: [family, 1n, BigInt(protocol)] }) === ALLOW,
      )
      expect(allowed).toEqual([0, 6, 17])
    }
    expect(judge(arch, { nr: nr('socket'), args: [2n, 1n, 132n] })).toBe(ERRNO | 93)
  })

  test('maps no memory that is shared without a file, whatever else is asked of it', () => {
    const mapped = (flags: bigint): number => judge(arch, { nr: nr('mmap'), args: [0n, 4096n, 3n, flags] })
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (flags) => {
        const isSharedAnonymous = (flags & 0x21n) === 0x21n
        expect(mapped(flags)).toBe(isSharedAnonymous ? ERRNO | 1 : ALLOW)
      }),
    )
    expect([0x01n, 0x02n, 0x22n, 0x21n, 0x23n].map(mapped)).toEqual([ALLOW, ALLOW, ALLOW, ERRNO | 1, ERRNO | 1])
  })

  test('leaves the size of socket buffers as it is, without an error, and lets other options be set', () => {
    const set = (level: bigint, option: bigint): number => judge(arch, { nr: nr('setsockopt'), args: [3n, level, option] })
    expect([7n, 8n, 32n, 33n].map((option) => set(1n, option))).toEqual([ERRNO, ERRNO, ERRNO, ERRNO])
    expect([set(1n, 2n), set(1n, 9n), set(6n, 7n), set(41n, 8n)]).toEqual([ALLOW, ALLOW, ALLOW, ALLOW])
  })

  test('lets clone start threads and processes and no namespace', () => {
    expect(judge(arch, { nr: nr('clone'), args: [0x3d0f00n] })).toBe(ALLOW)
    expect(judge(arch, { nr: nr('clone'), args: [17n] })).toBe(ALLOW)
    for (const bit of [17n, 25n, 26n, 27n, 28n, 29n, 30n]) {
      expect(judge(arch, { nr: nr('clone'), args: [17n | (1n << bit)] })).toBe(ERRNO | 1)
    }
  })

  test('compares the low half of an ioctl only, whatever the high half says', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 0xffffffffn }), (high) => {
        expect(judge(arch, { nr: nr('ioctl'), args: [0n, (high << 32n) | 0x5412n] })).toBe(ERRNO | 1)
        expect(judge(arch, { nr: nr('ioctl'), args: [0n, (high << 32n) | 0x541cn] })).toBe(ERRNO | 1)
        expect(judge(arch, { nr: nr('ioctl'), args: [0n, (high << 32n) | 0x5401n] })).toBe(ALLOW)
      }),
    )
  })

  test('reads personality and refuses to change it', () => {
    const personality = nr('personality')
    expect([0n, 0xffffffffn, 0x40000n].map((value) => judge(arch, { nr: personality, args: [value] }))).toEqual([
      ALLOW,
      ALLOW,
      ERRNO | 1,
    ])
  })

  test('returns a verdict for every call, and its bytes are its instructions', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), { maxLength: 6 }),
        (number, args) => {
          expect([ALLOW, ERRNO, ERRNO | 1, ERRNO | 38, ERRNO | 93, ERRNO | 97]).toContain(judge(arch, { nr: number, args }))
        },
      ),
    )
    expect(assembleFilter(arch)).toHaveLength(buildFilter(arch).length * 8)
    expect([...assembleFilter(arch).subarray(0, 8)]).toEqual([0x20, 0, 0, 0, 4, 0, 0, 0])
  })
})

test('an architecture without a table has no filter', () => {
  expect(['x64', 'arm64', 'riscv64', 'ia32'].map(seccompArch)).toEqual(['x64', 'arm64', null, null])
})

const HEADERS = { x64: '/usr/include/x86_64-linux-gnu/asm/unistd_64.h', arm64: '/usr/include/asm-generic/unistd.h' } as const
for (const arch of ['x64', 'arm64'] as const) {
  const path = HEADERS[arch]
  const why = existsSync(path) ? '' : ' (skipped: its headers are not installed here)'
  test.skipIf(why !== '')(`the ${arch} table agrees with the kernel headers${why}`, () => {
    const numbers = new Map<string, number>()
    for (const [, name, value] of readFileSync(path, 'utf8').matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)/gm))
      numbers.set(name ?? '', Number(value))
    const wrong = Object.entries(TABLES[arch]).filter(([name, value]) => numbers.has(name) && numbers.get(name) !== value)
    const checked = Object.keys(TABLES[arch]).filter((name) => numbers.has(name)).length
    expect({ wrong, many: checked > 60 }).toEqual({ wrong: [], many: true })
  })
}
