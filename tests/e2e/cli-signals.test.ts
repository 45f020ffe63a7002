import { spawn, spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Scene } from '../contracts/backend.contract.ts'
import { createFaultServer, type FaultServer, jsonReply } from '../support/fault-server.ts'
import { OPENAI_DIALECT, wireScript } from '../support/wire-backends.ts'
import { createCliFolder, follow, jsonLines, MAIN, WHY_NOT } from './cli-process.ts'

const folder = createCliFolder()
const hasScript = spawnSync('script', ['--version']).status === 0
let server: FaultServer
/** What the model does from now on. */
let scene: Scene = { is: 'silent' }

beforeAll(async () => {
  server = await createFaultServer()
  server.on('/v1/models', jsonReply(200, { data: [{ id: 'half', owned_by: 'vllm', max_model_len: 8192 }] }))
  server.on(OPENAI_DIALECT.chatPath, () => wireScript(OPENAI_DIALECT, scene))
})
afterAll(async () => {
  await server.close()
  folder.remove()
})

const run = (out: string, ...more: string[]): string[] => [
  'run',
  '--backend',
  server.url,
  '--agents',
  'coder',
  '--out',
  out,
  ...more,
  'Write it.',
]

describe.skipIf(WHY_NOT !== null)(`a run of the built command line${WHY_NOT === null ? '' : ` (skipped: ${WHY_NOT})`}`, () => {
  test('Ctrl-C in the middle of an answer closes the request, seals the log, says how to go on and ends with 130; resume finishes it', async () => {
    scene = { is: 'silent-after', texts: ['```python\n', 'def f(x):\n'] }
    const { child, ended, shows } = folder.start(run('one'))
    await shows('first token')
    child.kill('SIGINT')
    const { code, stdout, stderr } = await ended
    expect([code, stdout]).toEqual([130, ''])
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^Continue with: {2}codeconductor resume [0-9A-Z]{4}$/)
    await server.requests.findLast(({ path }) => path === OPENAI_DIALECT.chatPath)?.closed
    expect((await folder.run(['runs', 'verify', 'last', '--out', 'one'])).stdout).toContain('sound, sealed')
    expect((await folder.run(['runs', 'list', '--out', 'one'])).stdout).toContain('cancelled')

    scene = { is: 'answer', texts: ['```python\n', 'def f(x):\n    return x\n', '```\n'], finish: 'stop' }
    const resumed = await folder.run(['resume', 'last', '--backend', server.url, '--json', '--out', 'one'])
    const end = jsonLines(resumed.stdout).at(-1)
    expect([resumed.code, end]).toEqual([0, expect.objectContaining({ type: 'run.completed', outcome: 'completed' })])
    const again = await folder.run(['replay', 'last', '--json', '--out', 'one'])
    expect([again.code, jsonLines(again.stdout).at(-1)?.['digest']]).toEqual([0, end?.['digest']])
  })

  test('with --json an interrupted run still ends with run.completed', async () => {
    scene = { is: 'silent' }
    const { child, ended, shows } = folder.start(run('two', '--json'))
    await shows('turn.granted')
    child.kill('SIGTERM')
    const { code, stdout } = await ended
    expect([code, jsonLines(stdout).at(-1)]).toEqual([
      143,
      expect.objectContaining({ type: 'run.completed', stopReason: 'interrupted' }),
    ])
  })

  test('a server that dies in the middle of an answer is an outcome, not a crash, and no text of an error is a program', async () => {
    scene = { is: 'dropped', texts: ['```python\n', 'def f(x):\n'] }
    const { code, stdout } = await folder.run(run('three', '--json', '--timeout-per-turn', '5'))
    const end = jsonLines(stdout).at(-1)
    expect(end).toMatchObject({ type: 'run.completed', winner: null })
    expect([1, 3, 4]).toContain(code)
    expect((await folder.run(['runs', 'verify', 'last', '--out', 'three'])).stdout).toContain('sound, sealed')
  })

  test('a reader that goes away is no crash: the run goes on to its end', async () => {
    const command = `"${process.execPath}" "${MAIN}" run --backend mock --json --out four "Write it." | head -n 1; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = await follow(
      spawn('bash', ['-c', command], { cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] }),
    ).ended
    const [first, code] = stdout.trimEnd().split('\n')
    expect([JSON.parse(first ?? '').type, code, stderr]).toEqual(['run.started', '0', ''])
    expect((await folder.run(['runs', 'list', '--out', 'four'])).stdout).toContain('completed')
  })

  describe.skipIf(!hasScript)(`on a terminal${hasScript ? '' : ' (skipped: no script(1))'}`, () => {
    const onTerminal = (command: string) =>
      follow(
        spawn('script', ['-qefc', command, '/dev/null'], {
          cwd: folder.path,
          env: { PATH: process.env['PATH'] ?? '', HOME: folder.path, TERM: 'xterm', COLUMNS: '80' },
          stdio: ['pipe', 'pipe', 'pipe'],
        }),
      )

    test('the live view hides the cursor, shows the agents, and leaves the cursor as it was', async () => {
      scene = { is: 'answer', texts: ['```python\n', 'def f(x):\n    return x\n', '```\n'], finish: 'stop' }
      const { code, stdout } = await onTerminal(
        `"${process.execPath}" "${MAIN}" ${run('five').slice(0, -1).join(' ')} "Write it."`,
      ).ended
      expect(code).toBe(0)
      expect(stdout).toContain('\x1b[?25l')
      expect(stdout).toContain('Round 1 · blind drafts')
      expect(stdout.lastIndexOf('\x1b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\x1b[?25l'))
      expect(stdout.slice(stdout.lastIndexOf('\x1b[?25h'))).toContain('Winner')
    })

    test('Ctrl-C twice ends at once with 130 and the cursor is shown again', async () => {
      scene = { is: 'silent' }
      const { child, ended, shows } = onTerminal(
        `"${process.execPath}" "${MAIN}" ${run('six').slice(0, -1).join(' ')} "Write it."`,
      )
      await shows('reading the prompt')
      child.stdin?.write('\x03\x03')
      const { code, stdout } = await ended
      expect(code).toBe(130)
      expect(stdout.lastIndexOf('\x1b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\x1b[?25l'))
    })
  })
})
