import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
