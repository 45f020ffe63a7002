import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from '../../src/ports/sandbox.ts'
import { sandboxUser } from '../../src/sandbox/drivers/host-user.ts'
import { runControls } from '../support/attack-controls.ts'
import { pickPrograms, readManifest, runContainment, runForgery } from '../support/attack-runner.ts'
import { type AttackWorld, createAttackWorld } from '../support/attack-world.ts'
import { createTestSandbox, whyNotHere } from '../support/this-machines-sandbox.ts'

// A choice that is quick and touches every kind of harm; `npm run check:attacks` runs them all, as two users.
const SUITE = new URL('./fixtures/attacks', import.meta.url).pathname
const CONTAINED = [
  'own_net_families',
  'own_net_loopback',
  'own_sec_paths',
  'own_sec_kernel',
  'own_res_inodes',
  'own_wr_userns',
  'own_proc_surface',
  'own_proc_survivors',
  'wr_proc_sys',
  'own_wr_special_artifact',
  'sec_dotenv',
  'js_read_home',
  'own_js_flood',
  'js_symlink_artifact',
]
const REFUSED = [
  'forge_control_right',
  'forge_proc_fd',
  'forge_many_answers',
  'own_forge_answer_twice',
  'own_forge_background',
  'own_forge_eq_always',
  'forge_js_control_right',
  'forge_js_proto',
  'own_forge_js_getter',
  'own_forge_js_write',
]

const why = await whyNotHere('bwrap')
if (why !== null) {
  describe('attacks', () => test.skip(`skipped: ${why}`, () => undefined))
} else {
  describe('attacks', () => {
    let sandbox: Sandbox
    let world: AttackWorld
    const programs = readManifest(SUITE) ?? []
    beforeAll(async () => {
      sandbox = createTestSandbox('bwrap')
      world = await createAttackWorld()
    })
    afterAll(async () => {
      world.close()
      await sandbox.dispose()
    })

    test.each(CONTAINED)('%s is contained', async (id) => {
      const [program] = pickPrograms(programs, [id])
      expect(program && (await runContainment(sandbox, world, SUITE, program)).problems).toEqual([])
    })

    test.each(REFUSED)('%s is judged as it deserves', async (id) => {
      const [program] = pickPrograms(programs, [id])
      expect(program && (await runForgery(sandbox, SUITE, program)).problems).toEqual([])
    })

    const suites = programs.flatMap(({ id, suite }) => (suite === undefined ? [] : [[id, suite] as const]))
    test.each(suites)('%s is judged as it deserves by tests of %s', async (id) => {
      const [program] = pickPrograms(programs, [id])
      expect(program && (await runForgery(sandbox, SUITE, program)).problems).toEqual([])
    })

    test('harmless programs run to their end in the same sandbox, and every oracle notices what it is for', async () => {
      const controls = await runControls(sandbox, world, SUITE)
      expect(controls.filter(({ problems }) => problems.length > 0)).toEqual([])
      expect(controls.length).toBeGreaterThan(9)
    })

    test('a forgery that could not be loaded for want of a module is not counted as refused', async () => {
      const dir = mkdtempSync(join(tmpdir(), 'f-'))
      writeFileSync(join(dir, 'broken.py'), 'import no_such_helper\ndef add(a, b): return 0\n')
      const program = {
        id: 'broken',
        file: 'broken.py',
        lang: 'py',
        category: 'forge',
        expect: 'verdict must not be pass',
      } as const
      const { problems } = await runForgery(sandbox, dir, program)
      rmSync(dir, { recursive: true })
      expect(problems).toEqual([expect.stringMatching(/^the program did not run: ModuleNotFoundError/)])
    })

    test('the world notices harm: its oracles are not blind', async () => {
      // As the user a sandbox runs as, for connections of other users of this host are not counted.
      const user = sandboxUser(process.getuid?.())
      const code = `import socket; socket.create_connection(('127.0.0.1', ${Number(world.hints['tcp'])})).recv(9)`
      await new Promise((resolve) =>
        spawn('/usr/bin/python3', ['-c', code], { ...user.ids, cwd: '/', stdio: 'ignore' }).on('close', resolve),
      )
      writeFileSync(String(world.hints['expected']), 'changed')
      expect(world.harm()).toEqual(['connection on tcp', 'files of the host changed'])
    })
  })
}
