import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createSandbox } from '../../src/sandbox/create-sandbox.ts'
import { probeKey, recallProbe, rememberProbe } from '../../src/sandbox/probe.ts'
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

test('a self-test is remembered by key, and a broken or foreign cache is no answer', () => {
  const key = probeKey(['/usr/bin/env', '/nowhere'], 'policy', 1)
  expect(recallProbe(cacheDir, key)).toBeNull()
  rememberProbe(cacheDir, key, { failures: [], held: ['loopback'] })
  expect(recallProbe(cacheDir, key)).toEqual({ failures: [], held: ['loopback'] })
  expect([
    probeKey(['/usr/bin/env'], 'policy', 1),
    probeKey(['/usr/bin/env', '/nowhere'], 'other', 1),
    probeKey(['/usr/bin/env', '/nowhere'], 'policy', 2),
  ]).not.toContain(key)
  expect(recallProbe(cacheDir, 'another')).toBeNull()
  writeFileSync(join(cacheDir, 'sandbox-probe.json'), '{"key":')
  expect(recallProbe(cacheDir, key)).toBeNull()
  expect(readdirSync(cacheDir)).toEqual(['sandbox-probe.json'])
})

const why = await whyNotHere('bwrap')
describe('on this machine', () => {
  test.skipIf(why !== null)(`the self-test runs once and its result is kept${why ? ` (skipped: ${why})` : ''}`, async () => {
    const first = createSandbox({ cacheDir, tmpDir: tmpdir() })
    const found = await first.probe()
    await first.dispose()
    const kept = readFileSync(join(cacheDir, 'sandbox-probe.json'), 'utf8')
    const second = createSandbox({ cacheDir, tmpDir: tmpdir() })
    expect(await second.probe()).toEqual(found)
    expect(readFileSync(join(cacheDir, 'sandbox-probe.json'), 'utf8')).toBe(kept)
    await second.dispose()
    expect(found).toMatchObject({
      driver: 'bwrap',
      isolation: 'full',
      fix: null,
      policyHash: expect.stringMatching(/^[0-9a-f]{16}$/),
    })
  })

  test.skipIf(why !== null)('what the sandbox wrote is gone after dispose', async () => {
    const own = join(tmpDir, 't')
    const { mkdirSync, chmodSync } = await import('node:fs')
    mkdirSync(own)
    for (const dir of [tmpDir, own]) chmodSync(dir, 0o755)
    const sandbox = createSandbox({ cacheDir, tmpDir: own })
    expect((await sandbox.run({ language: 'python', argv: ['-c', 'print(1)'] })).stdout.text).toBe('1\n')
    expect(readdirSync(own)).toHaveLength(1)
    await sandbox.dispose()
    expect(readdirSync(own)).toEqual([])
    expect(existsSync(own)).toBe(true)
  })
})
