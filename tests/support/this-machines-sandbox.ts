import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { Sandbox } from '../../src/ports/sandbox.ts'
import { createTreeSitterParser } from '../../src/project/tree-sitter-parser.ts'
import { createSandbox, type DriverName } from '../../src/sandbox/create-sandbox.ts'

/** Creates a sandbox with `driver` alone, keeping its self-test result in a directory of its own until it is disposed of. */
export function createTestSandbox(driver: DriverName): Sandbox {
  const cacheDir = mkdtempSync(join(tmpdir(), 'probe-'))
  const sandbox = createSandbox({ cacheDir, tmpDir: tmpdir(), drivers: [driver], parser: createTreeSitterParser() })
  return {
    ...sandbox,
    dispose: async () => {
      await sandbox.dispose()
      rmSync(cacheDir, { recursive: true, force: true })
    },
  }
}

/** Returns why `driver` does not hold on this machine, or null when it does. Tests skip, counted, with that reason. */
export async function whyNotHere(driver: DriverName): Promise<string | null> {
  const sandbox = createTestSandbox(driver)
  const found = await sandbox.probe()
  await sandbox.dispose()
  return found.driver === driver ? null : (found.why.at(-1) ?? 'no driver')
}

/** Describes what holds on a real sandbox with bubblewrap, one for all tests of the block; skipped, with the reason, where there is none. */
export async function describeInSandbox(title: string, body: (sandbox: () => Sandbox) => void): Promise<void> {
  const why = await whyNotHere('bwrap')
  if (why !== null) {
    describe(title, () => test.skip(`skipped: ${why}`, () => undefined))
    return
  }
  describe(title, { timeout: 60_000 }, () => {
    let sandbox: Sandbox | null = null
    beforeAll(() => {
      sandbox = createTestSandbox('bwrap')
    })
    afterAll(() => sandbox?.dispose())
    body(() => {
      if (sandbox === null) throw new Error('the sandbox is made before the first test')
      return sandbox
    })
  })
}
