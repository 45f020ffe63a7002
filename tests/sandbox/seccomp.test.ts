import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assembleFilter, buildFilter, REFUSED, type SeccompArch, seccompArch } from '../../src/sandbox/seccomp.ts'
import { NEWEST_KNOWN, SYSCALLS_ARM64, SYSCALLS_X64, type SyscallTable } from '../../src/sandbox/seccomp-table.ts'

const ALLOW = 0x7fff0000
const KILL = 0x80000000
const ERRNO = 0x00050000
const AUDIT: Record<SeccompArch, number> = { x64: 0xc000003e, arm64: 0xc00000b7 }
const TABLES: Record<SeccompArch, SyscallTable> = { x64: SYSCALLS_X64, arm64: SYSCALLS_ARM64 }

/** Runs the filter as the kernel would: an interpreter of the few instructions it uses. */
function judge(arch: SeccompArch, call: { nr: number; audit?: number; args?: readonly bigint[] }): number {
  const data = new DataView(new ArrayBuffer(64))
  data.setUint32(0, call.nr >>> 0, true)
  data.setUint32(4, call.audit ?? AUDIT[arch], true)
  for (const [i, arg] of (call.args ?? []).entries()) data.setBigUint64(16 + 8 * i, BigInt.asUintN(64, arg), true)
  const program = buildFilter(arch)
  let a = 0
  for (let at = 0; ; at++) {
    const op = program[at]
    if (!op) throw new Error('the filter ran off its end')
    if (op.code === 0x20) a = data.getUint32(op.k, true)
    else if (op.code === 0x06) return op.k
    else {
      const k = op.k >>> 0
      const isTaken = op.code === 0x15 ? a === k : op.code === 0x35 ? a >= k : (a & k) !== 0
      at += isTaken ? op.jt : op.jf
    }
  }
}

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
          expect([ALLOW, ERRNO | 1, ERRNO | 38, ERRNO | 97]).toContain(judge(arch, { nr: number, args }))
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
test.each<SeccompArch>(['x64', 'arm64'])('the %s table agrees with the kernel headers', (arch) => {
  const path = HEADERS[arch]
  if (!existsSync(path)) return expect(path, 'headers not installed here').toBeTypeOf('string')
  const numbers = new Map<string, number>()
  for (const [, name, value] of readFileSync(path, 'utf8').matchAll(/^#define __NR(?:3264)?_(\w+)\s+(\d+)/gm))
    numbers.set(name ?? '', Number(value))
  const wrong = Object.entries(TABLES[arch]).filter(([name, value]) => numbers.has(name) && numbers.get(name) !== value)
  const checked = Object.keys(TABLES[arch]).filter((name) => numbers.has(name)).length
  expect({ wrong, many: checked > 60 }).toEqual({ wrong: [], many: true })
})
