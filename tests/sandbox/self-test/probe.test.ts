import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RunResult } from '../../../src/ports/sandbox.ts'
import {
  ATTACKS,
  attackDriver,
  countAttacks,
  interpreterBinaries,
  probeKey,
  recallProbe,
  rememberProbe,
} from '../../../src/sandbox/self-test/probe.ts'
import {
  PROBE_JAVASCRIPT,
  PROBE_MEMORY,
  PROBE_MEMORY_BYTES,
  PROBE_PYTHON,
} from '../../../src/sandbox/self-test/probe-programs.ts'

let cacheDir: string
let tmpDir: string
beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'cache-'))
  tmpDir = mkdtempSync(join(tmpdir(), 'work-'))
})
afterEach(() => {
  for (const dir of [cacheDir, tmpDir]) rmSync(dir, { recursive: true, force: true })
})

test('a self-test is remembered by key, and a broken or foreign cache is no answer', () => {
  const key = probeKey(['/usr/bin/env', '/nowhere'], 'policy', 1)
  expect(recallProbe(cacheDir, key)).toBeNull()
  rememberProbe(cacheDir, key, { failures: [], held: ['loopback'] })
  expect(recallProbe(cacheDir, key)).toEqual({ failures: [], held: ['loopback'] })
  expect([
    probeKey(['/usr/bin/env'], 'policy', 1),
    probeKey(['/usr/bin/env', '/nowhere'], 'other', 1),
    probeKey(['/usr/bin/env', '/nowhere'], 'policy', 2),
    probeKey(['/usr/bin/env', '/nowhere'], 'policy', 1, { bootId: 'the next boot' }),
    probeKey(['/usr/bin/env', '/nowhere'], 'policy', 1, { attacks: 'those of another version' }),
  ]).not.toContain(key)
  expect(probeKey(['/nowhere', '/usr/bin/env', '/usr/bin/env'], 'policy', 1)).toBe(key)
  expect(recallProbe(cacheDir, 'another')).toBeNull()
  writeFileSync(join(cacheDir, 'sandbox-probe.json'), '{"key":')
  expect(recallProbe(cacheDir, key)).toBeNull()
  expect(readdirSync(cacheDir)).toEqual(['sandbox-probe.json'])
})

test('a self-test is kept by the text of every attack, by how it is made and by how many answers it must give', () => {
  const attacks = JSON.parse(ATTACKS) as unknown[]
  for (const part of [PROBE_JAVASCRIPT, PROBE_PYTHON, PROBE_MEMORY]) expect(ATTACKS).toContain(JSON.stringify(part))
  expect(attacks).toMatchObject([
    { spec: { language: 'javascript', limits: { wallMs: 10_000 } }, expected: 15 },
    { spec: { language: 'python', env: { PROBE_INODES: '1' } }, expected: 4 },
    { spec: { limits: { memoryBytes: PROBE_MEMORY_BYTES } } },
  ])
  // What differs from one self-test to the next has no part in it.
  expect(probeKey([], 'policy', 1)).toBe(probeKey([], 'policy', 1, { attacks: ATTACKS }))
})

test('a remembered self-test is believed only from a file and a folder of this user, that nobody else can write', () => {
  const kept = join(cacheDir, 'sandbox-probe.json')
  const result = { failures: [], held: ['loopback'] }
  rememberProbe(cacheDir, 'key', result)
  expect(recallProbe(cacheDir, 'key')).toEqual(result)
  // Seen by another user, who finds what this one wrote.
  const other = (process.getuid?.() ?? 0) + 1
  expect(recallProbe(cacheDir, 'key', other)).toBeNull()
  for (const path of [kept, cacheDir]) {
    const { mode } = statSync(path)
    for (const extra of [0o020, 0o002]) {
      chmodSync(path, mode | extra)
      expect(recallProbe(cacheDir, 'key'), `${path} ${extra}`).toBeNull()
    }
    chmodSync(path, mode)
  }
  expect(recallProbe(cacheDir, 'key')).toEqual(result)
  renameSync(kept, join(tmpDir, 'elsewhere'))
  symlinkSync(join(tmpDir, 'elsewhere'), kept)
  expect(recallProbe(cacheDir, 'key')).toBeNull()
})

test('nothing is remembered in a folder that is not this user’s own, or a link to one', () => {
  const result = { failures: [], held: ['loopback'] }
  rememberProbe(cacheDir, 'key', result, (process.getuid?.() ?? 0) + 1)
  symlinkSync(tmpDir, join(cacheDir, 'link'))
  rememberProbe(join(cacheDir, 'link'), 'key', result)
  expect([readdirSync(cacheDir), readdirSync(tmpDir)]).toEqual([['link'], []])
  rememberProbe(join(cacheDir, 'new'), 'key', result)
  expect(statSync(join(cacheDir, 'new')).mode & 0o777).toBe(0o700)
})

test('another binary under the same name asks for a new self-test, one too large to read included', () => {
  const [small, large] = [join(tmpDir, 'small'), join(tmpDir, 'large')]
  writeFileSync(small, 'one')
  writeFileSync(large, '')
  truncateSync(large, 9 * 1024 * 1024)
  const before = [probeKey([small], 'p', 1), probeKey([large], 'p', 1)]
  writeFileSync(small, 'two')
  rmSync(large)
  writeFileSync(large, 'x')
  truncateSync(large, 9 * 1024 * 1024)
  const after = [probeKey([small], 'p', 1), probeKey([large], 'p', 1)]
  expect(new Set([...before, ...after]).size).toBe(4)
})

test('the interpreters a self-test ran are part of what it is remembered by, at their paths on this host', () => {
  const binds = [{ hostPath: '/home/u/py', boxPath: '/opt/python' }]
  expect(
    interpreterBinaries({
      python: { command: '/opt/python/bin/python3.11', binds },
      javascript: { command: '/opt/node/bin/node', binds: [{ hostPath: '/home/u/node', boxPath: '/opt/node/bin/node' }] },
    }),
  ).toEqual(['/home/u/py/bin/python3.11', '/home/u/node'])
  expect(interpreterBinaries({ python: { command: '/usr/bin/python3', binds: [] }, javascript: null })).toEqual([
    '/usr/bin/python3',
  ])
})

test('a self-test that could not start says what went wrong, and counts what was not held off', async () => {
  const text = 'Traceback (most recent call last):\n  File "<string>"\nPermissionError: mount on /usr\n'
  const ended = (stdout: string, stderr: string): RunResult => {
    const captured = (said: string) => ({ text: said, totalBytes: said.length, truncated: false })
    return {
      ...{ end: 'sandbox-error', code: null, signal: null, cpuMs: 0, wallMs: 0, peakRssBytes: 0, files: [], refusedFiles: [] },
      ...{ stdout: captured(stdout), stderr: captured(stderr), driver: 'd', policyHash: 'p' },
    }
  }
  const host = { workDir: tmpDir, hasJavaScript: false, hasPython: true, hasInodeCap: false }
  const dead = await attackDriver(async () => ended('', text), host)
  expect(dead.failures).toEqual(['python self-test did not finish (sandbox-error): PermissionError: mount on /usr'])
  const said = 'ok vm-socket\nbad netlink opened\nok memfd\nok python-memory\nok finished\n'
  /** Answers the first run with what a leaky driver says, and the second, after memory in total, with `second`. */
  const leaky = (second: Partial<RunResult>): ReturnType<typeof attackDriver> => {
    const answers = [{ ...ended(said, ''), end: 'exit', code: 0 } as const, { ...ended('', ''), ...second }]
    return attackDriver(async () => answers.shift() ?? ended('', ''), host)
  }
  const found = await leaky({ end: 'memory' })
  expect([found.failures, countAttacks(found)]).toEqual([['netlink opened'], { attacks: 5, escaped: 1 }])
  const all = { ...ended('bad memory-total 96 MiB of 64\n', ''), end: 'exit', code: 0 } as const
  expect((await leaky(all)).failures).toEqual(['netlink opened', 'memory-total 96 MiB of 64'])
  const killed = { ...ended('ok memory-total\n', ''), end: 'exit', code: 0 } as const
  for (const held of [killed, { end: 'signal', signal: 9 }] as const)
    expect((await leaky(held)).failures).toEqual(['netlink opened'])
  // Who says nothing has not shown that anything holds.
  for (const silent of [{ end: 'exit', code: 0 }, { end: 'exit', code: 1 }, { end: 'wall' }] as const)
    expect((await leaky(silent)).failures).toEqual(['netlink opened', expect.stringMatching(/^memory self-test did not finish/)])
})
