import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RunSpec } from '../../../src/ports/sandbox.ts'
import { createContainerDriver } from '../../../src/sandbox/drivers/container-driver.ts'
import type { Driver } from '../../../src/sandbox/drivers/launch.ts'
import { createSlots } from '../../../src/sandbox/limits/slots.ts'
import { runProgram } from '../../../src/sandbox/session/run-program.ts'

let workDir: string
beforeEach(() => {
  workDir = mkdtempSync(join(tmpdir(), 'engine-'))
})
afterEach(() => rmSync(workDir, { recursive: true, force: true }))

/** An engine that isolates nothing: `run` starts what follows the image's name here, after `before`. */
function engine(before = ''): Driver {
  const path = join(workDir, 'engine')
  const skip = 'while [ "$1" != python:3-slim ] && [ "$1" != node:22-slim ]; do shift; done; shift'
  writeFileSync(path, `#!/bin/sh\n[ "$1" = run ] || exit 0\n${before}\n${skip}\nexec "$@"\n`)
  chmodSync(path, 0o755)
  return createContainerDriver(path, { workDir, seccompPath: '', hasInodeCap: true })
}

async function run(driver: Driver, code: string, more: Partial<RunSpec> = {}) {
  const spec: RunSpec = { language: 'python', argv: ['-c', code], ...more }
  const {
    end,
    code: exit,
    signal,
    stdout,
    stderr,
  } = await runProgram({ driver, hashFor: () => 'p', slots: createSlots(1) }, spec)
  return { end, code: exit, signal, out: stdout.text, err: stderr.text }
}

test.each([0, 3, 125, 126, 127, 255])(
  'a program that exits with %i has done so, whatever an engine means by that number',
  async (code) => {
    const said = await run(engine(), `import sys; print("out"); print("err", file=sys.stderr); sys.exit(${code})`)
    expect(said).toEqual({ end: 'exit', code, signal: null, out: 'out\n', err: 'err\n' })
  },
)

test.each([125, 126, 127, 1, 0])(
  'an engine that ends with %i before the program began is not the program’s end',
  async (code) => {
    const said = await run(engine(`echo "Error response from daemon" >&2; exit ${code}`), 'pass')
    expect(said).toMatchObject({ end: 'sandbox-error', code: null, err: 'Error response from daemon\n' })
  },
)

test('what the engine says before the program begins is not the program’s output', async () => {
  expect(await run(engine('echo "WARNING: no swap limit" >&2'), 'import sys; print("err", file=sys.stderr)')).toMatchObject({
    end: 'exit',
    err: 'err\n',
  })
})

test('the memory of each process is bounded, and address space for Python, and neither can be raised again', async () => {
  const code = `
import resource
for name in ('RLIMIT_DATA', 'RLIMIT_AS'): print(resource.getrlimit(getattr(resource, name)))
try: bytearray(600 << 20); print('had it')
except MemoryError: print('refused')
`
  const [data, space] = [512 << 20, 2 * 1024 ** 3]
  expect((await run(engine(), code)).out).toBe(`(${data}, ${data})\n(${space}, ${space})\nrefused\n`)
  const script = 'try { Buffer.alloc(600 << 20); console.log("had it") } catch { console.log("refused") }'
  expect((await run(engine(), '', { language: 'javascript', argv: ['-e', script] })).out).toBe('refused\n')
})

test('output past its bound ends the run, and nothing of a run is left in the working directory', async () => {
  const flood = 'import os\nwhile True: os.write(2, b"x" * 65536)'
  expect(
    await run(engine(), flood, { limits: { outputBytes: 65_536 }, mounts: [{ kind: 'text', text: 'x', boxPath: '/box/x' }] }),
  ).toMatchObject({ end: 'output' })
  expect(readdirSync(workDir)).toEqual(['engine'])
})

test('an engine that is gone is an error to catch, and leaves nothing behind', async () => {
  const driver = createContainerDriver(join(workDir, 'gone'), { workDir, seccompPath: '', hasInodeCap: true })
  const mounts = [{ kind: 'text', text: 'x', boxPath: '/box/x' }] as const
  await expect(run(driver, 'pass', { mounts })).rejects.toMatchObject({ code: 'SANDBOX' })
  expect(readdirSync(workDir)).toEqual([])
})
