import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunLimits } from '../../src/ports/sandbox.ts'
import { createTreeSitterParser } from '../../src/project/tree-sitter-parser.ts'
import { createSandbox } from '../../src/sandbox/create-sandbox.ts'
import { kernelNotes } from '../../src/sandbox/drivers/capability-notes.ts'
import { type Detected, type DriverParts, detectBwrap } from '../../src/sandbox/drivers/detect-bwrap.ts'
import { makePrivateDir, sandboxUser } from '../../src/sandbox/drivers/host-user.ts'
import { OWNER_FILE } from '../../src/sandbox/drivers/sweep-dead.ts'
import { stageDriver } from '../support/staged-driver.ts'
import { whyNotHere } from '../support/this-machines-sandbox.ts'

let cacheDir: string
let tmpDir: string
beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'cache-'))
  tmpDir = mkdtempSync(join(tmpdir(), 'work-'))
})
afterEach(() => {
  for (const dir of [cacheDir, tmpDir]) rmSync(dir, { recursive: true, force: true })
})

/** A temporary directory that the user sandboxes run as can reach, whoever runs the tests. */
function reachable(): string {
  const own = join(tmpDir, 't')
  mkdirSync(own)
  for (const dir of [tmpDir, own]) chmodSync(dir, 0o755)
  return own
}

test('where no driver holds nothing runs, and every refusal names one command', async () => {
  const sandbox = createSandbox({ cacheDir, tmpDir: tmpdir(), drivers: [] })
  const found = await sandbox.probe()
  expect(found).toMatchObject({ driver: 'none', isolation: 'none' })
  expect(found.fix).toMatch(/install.* bubblewrap$/)
  const refusal = { code: 'NO_SANDBOX', exitCode: 3, hint: found.fix, retryable: false }
  await expect(sandbox.run({ language: 'python', argv: ['-c', 'pass'] })).rejects.toMatchObject(refusal)
  await expect(sandbox.open({ language: 'python', code: '', entryPoint: 'f', seed: 1 })).rejects.toMatchObject(refusal)
  await sandbox.dispose()
  await sandbox.dispose()
})

test('a temporary directory that is not there is a refusal, not an error', async () => {
  const sandbox = createSandbox({ cacheDir, tmpDir: join(tmpDir, 'gone') })
  expect((await sandbox.probe()).driver).toBe('none')
  await sandbox.dispose()
})

test('what a killed process left in the temporary directory is removed by the next one that sets a sandbox up', async () => {
  const own = reachable()
  const dir = makePrivateDir(own, sandboxUser(process.getuid?.()))
  const path = join(dir, OWNER_FILE)
  const dead = spawnSync(process.execPath, ['-e', '']).pid
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), pid: dead }))
  const sandbox = createSandbox({ cacheDir, tmpDir: own, drivers: [] })
  expect(readdirSync(own)).toHaveLength(1)
  await sandbox.probe()
  expect(readdirSync(own)).toEqual([])
  await sandbox.dispose()
})

describe('a set-up that breaks off', () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, open '/home/someone/filter.bpf'"), { code: 'ENOSPC' })
  const nobody: Detected = { driver: null, why: 'not installed', fix: 'sudo install it' }

  test('is a refusal that says why, without a path, and names one command; nothing is left of it', async () => {
    const detect = (): Promise<Detected> => Promise.reject(full)
    const parts = { cacheDir, tmpDir: reachable(), detectors: { bwrap: detect, unshare: async () => nobody, container: detect } }
    const sandbox = createSandbox(parts)
    const found = await sandbox.probe()
    expect(found).toMatchObject({ driver: 'none', isolation: 'none', fix: 'export TMPDIR=/var/tmp' })
    expect(found.why.slice(-3)).toEqual([
      'bwrap: could not be set up: ENOSPC: no space left on device',
      'not installed',
      'container: could not be set up: ENOSPC: no space left on device',
    ])
    await expect(sandbox.run({ language: 'python', argv: ['-c', ''] })).rejects.toMatchObject({
      code: 'NO_SANDBOX',
      hint: found.fix,
    })
    await sandbox.dispose()
    expect(readdirSync(parts.tmpDir)).toEqual([])
  })

  test('is tried anew when asked again, whereas a driver that is not there is not looked for twice', async () => {
    let asked = 0
    const detect = async (): Promise<Detected> => {
      if (asked++ === 0) throw full
      return nobody
    }
    const detectors = { bwrap: detect, unshare: detect, container: detect }
    const sandbox = createSandbox({ cacheDir, tmpDir: reachable(), drivers: ['bwrap'], detectors })
    const told: (string | undefined)[] = []
    for (let i = 0; i < 3; i++) told.push((await sandbox.probe()).why.at(-1))
    expect(told).toEqual(['bwrap: could not be set up: ENOSPC: no space left on device', 'not installed', 'not installed'])
    expect(asked).toBe(2)
    await sandbox.dispose()
  })

  test('with no working directory to make says what the system said, and is tried anew as well', async () => {
    const own = reachable()
    const gone = join(own, 'gone')
    const sandbox = createSandbox({
      cacheDir,
      tmpDir: gone,
      drivers: ['bwrap'],
      detectors: { bwrap: async () => nobody, unshare: async () => nobody, container: async () => nobody },
    })
    const first = (await sandbox.probe()).why.at(-1)
    mkdirSync(gone, { mode: 0o755 })
    const second = (await sandbox.probe()).why.at(-1)
    await sandbox.dispose()
    expect([first, second]).toEqual([
      'no working directory can be made in the temporary directory: ENOENT: no such file or directory',
      'not installed',
    ])
  })

  test('in the middle of the self-test closes the driver that was built', async () => {
    const seen: string[] = []
    const detect = async ({ workDir }: DriverParts): Promise<Detected> => {
      rmSync(workDir, { recursive: true })
      const driver = { ...stageDriver([]), close: () => void seen.push('closed') }
      return { driver, notes: [], binaries: [], hasInodeCap: false, isWatched: true }
    }
    const detectors = { bwrap: detect, unshare: detect, container: detect }
    const sandbox = createSandbox({ cacheDir, tmpDir: reachable(), drivers: ['bwrap'], detectors })
    expect((await sandbox.probe()).why.at(-1)).toMatch(/^bwrap: could not be set up: ENOENT/)
    expect(seen).toEqual(['closed'])
    await sandbox.dispose()
  })
})

describe('disposing', () => {
  const DISPOSED = 'the sandbox was disposed of'
  /** A sandbox whose set-up goes on once `first` is through and breaks off in its self-test; what is built and closed is seen. */
  const stage = (first: Promise<void> = Promise.resolve()) => {
    const seen: string[] = []
    const detect = async ({ workDir }: DriverParts): Promise<Detected> => {
      seen.push('built')
      if (seen.length === 1) await first
      rmSync(workDir, { recursive: true })
      const driver = { ...stageDriver([]), close: () => void seen.push('closed') }
      return { driver, notes: [], binaries: [], hasInodeCap: false, isWatched: true }
    }
    const own = reachable()
    const detectors = { bwrap: detect, unshare: detect, container: detect }
    return { seen, own, sandbox: createSandbox({ cacheDir, tmpDir: own, drivers: ['bwrap'], detectors }) }
  }

  test('refuses at once whoever asks from then on, and starts nothing for them', async () => {
    const { seen, own, sandbox } = stage()
    const gone = sandbox.dispose()
    expect((await sandbox.probe()).why).toEqual([DISPOSED])
    await gone
    expect([seen, readdirSync(own)]).toEqual([[], []])
  })

  test('while a set-up breaks off leaves nothing of it, and none is tried anew', async () => {
    let breakOff: () => void = () => undefined
    const first = new Promise<void>((_, reject) => {
      breakOff = () => reject(new Error('broken off'))
    })
    const { seen, own, sandbox } = stage(first)
    const asked = sandbox.probe()
    const gone = [sandbox.dispose(), sandbox.dispose()]
    const late = sandbox.probe()
    breakOff()
    expect((await asked).why.at(-1)).toBe('bwrap: could not be set up: broken off')
    expect((await late).why).toEqual([DISPOSED])
    await Promise.all(gone)
    expect((await sandbox.probe()).why).toEqual([DISPOSED])
    expect([seen, readdirSync(own)]).toEqual([['built'], []])
  })

  test('waits, each time it is asked, until the set-up under way has come to its end', async () => {
    let goOn: () => void = () => undefined
    const first = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const { seen, own, sandbox } = stage(first)
    const asked = sandbox.probe()
    const ends = [0, 1].map(() => sandbox.dispose().then(() => seen.push('disposed')))
    seen.push('waiting')
    goOn()
    await Promise.all([asked, ...ends])
    expect([seen, readdirSync(own)]).toEqual([['built', 'waiting', 'closed', 'disposed', 'disposed'], []])
  })
})

test.each([
  ['that is not there', () => join(tmpDir, 'gone'), /working directory|reach the temporary directory/],
  ['in which no folder can be made', () => '/proc', /working directory|reach the temporary directory/],
])('with a temporary directory %s the languages are told as they were found', async (_, place, why) => {
  const sandbox = createSandbox({ cacheDir, tmpDir: place(), drivers: ['bwrap'], parser: createTreeSitterParser() })
  const found = await sandbox.probe()
  await sandbox.dispose()
  expect(found.why.at(-1)).toMatch(why)
  const notes = Object.values(found.languages).map(({ note }) => note)
  expect(notes).toEqual(Array(3).fill(expect.stringMatching(/^\/\S+ is there, but without isolation nothing is run$/)))
  expect(Object.values(found.languages).map(({ available }) => available)).toEqual([false, false, false])
})

const why = await whyNotHere('bwrap')
describe('on this machine', () => {
  test.skipIf(why !== null)(`the self-test runs once and its result is kept${why ? ` (skipped: ${why})` : ''}`, async () => {
    const first = createSandbox({ cacheDir, tmpDir: tmpdir() })
    const found = await first.probe()
    await first.dispose()
    const path = join(cacheDir, 'sandbox-probe.json')
    const kept = readFileSync(path, 'utf8')
    const { ino, ctimeMs } = statSync(path)
    const second = createSandbox({ cacheDir, tmpDir: tmpdir() })
    expect(await second.probe()).toEqual(found)
    expect(readFileSync(path, 'utf8')).toBe(kept)
    // Believed, and not written anew: what was attacked once does not get younger.
    expect(statSync(path)).toMatchObject({ ino, ctimeMs })
    await second.dispose()
    expect(found).toMatchObject({
      driver: 'bwrap',
      isolation: 'full',
      fix: null,
      policyHash: expect.stringMatching(/^[0-9a-f]{16}$/),
      selfTest: { attacks: expect.any(Number), escaped: 0 },
    })
    expect(found.selfTest?.attacks).toBeGreaterThan(14)
    const { held } = JSON.parse(kept) as { held: string[] }
    expect(held).toEqual(expect.arrayContaining(['javascript-memory', 'python-memory', 'memory-total', 'file-watches']))
    expect(found.why).toContain(`bwrap: held off ${found.selfTest?.attacks} attacks of the self-test`)
  })

  test.skipIf(why !== null)(
    'a run with other limits is filed under another hash, and the same limits under the same',
    async () => {
      const sandbox = createSandbox({ cacheDir, tmpDir: tmpdir() })
      const hashOf = async (limits: Partial<RunLimits>): Promise<string> =>
        (await sandbox.run({ language: 'python', argv: ['-c', 'pass'], limits })).policyHash
      const wide = { memoryBytes: 8 * 1024 ** 3, processes: 500, cpuMs: 60_000 }
      const [standard, wider, again] = [await hashOf({}), await hashOf(wide), await hashOf({ processes: 64 })]
      const { policyHash } = await sandbox.probe()
      await sandbox.dispose()
      expect(standard).toBe(policyHash)
      expect(again).toBe(standard)
      expect(wider).not.toBe(standard)
    },
  )

  test.skipIf(why !== null)('a weaker driver in use still names the command a better one needs', async () => {
    const sandbox = createSandbox({ cacheDir, tmpDir: tmpdir(), drivers: ['container', 'bwrap'] })
    const found = await sandbox.probe()
    await sandbox.dispose()
    if (found.driver === 'bwrap') expect(found.fix).toMatch(/install.* bubblewrap$/)
    else expect(found).toMatchObject({ driver: 'container', isolation: 'partial' })
  })

  test.skipIf(why !== null)('a driver into which no watchdog looks is not said to have one', async () => {
    const detect = async (parts: DriverParts): Promise<Detected> => {
      const detected = await detectBwrap(parts)
      return detected.driver === null ? detected : { ...detected, notes: ['what it holds'], isWatched: false }
    }
    const detectors = { bwrap: detect, unshare: detect, container: detect }
    const sandbox = createSandbox({ cacheDir, tmpDir: tmpdir(), drivers: ['bwrap'], detectors })
    const found = await sandbox.probe()
    await sandbox.dispose()
    expect(found.why.slice(-2)).toEqual([expect.stringMatching(/^bwrap: held off/), 'what it holds'])
  })

  test.skipIf(why !== null)('what the sandbox wrote is gone after dispose', async () => {
    const own = reachable()
    const sandbox = createSandbox({ cacheDir, tmpDir: own })
    expect((await sandbox.run({ language: 'python', argv: ['-c', 'print(1)'] })).stdout.text).toBe('1\n')
    expect(readdirSync(own)).toHaveLength(1)
    await sandbox.dispose()
    expect(readdirSync(own)).toEqual([])
    expect(existsSync(own)).toBe(true)
  })
})

test('a kernel that counts processes per user is told of', () => {
  expect(['6.18.44-x', '5.14.0', '5.15.0-generic'].flatMap(kernelNotes)).toEqual([])
  for (const kernel of ['5.13.9', '5.10.0-28-amd64', '4.18.0'])
    expect(kernelNotes(kernel)).toEqual([expect.stringMatching(/5\.14/)])
})
