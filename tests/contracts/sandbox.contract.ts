import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CandidateLanguage, CandidateProgram, RunResult, RunSpec, Sandbox } from '../../src/ports/sandbox.ts'
import { stageProject } from '../../src/sandbox/session/stage.ts'
import { callF, int, javascript, processesWith, python } from '../support/candidates.ts'
import { isOursOrNobodys } from '../support/own-processes.ts'

const script = (code: string, more: Partial<RunSpec> = {}): RunSpec => ({
  language: 'python',
  argv: ['-c', code],
  limits: { cpuMs: 2_000, wallMs: 6_000 },
  ...more,
})

/** The contract of `ports/sandbox.ts`; the numbers are its own. `create` makes a sandbox that is known to hold. */
export function sandboxContract(name: string, create: () => Sandbox): void {
  describe(`sandbox contract: ${name}`, () => {
    let sandbox: Sandbox
    beforeAll(() => {
      sandbox = create()
    })
    afterAll(() => sandbox.dispose())

    test('2: a run reports how it ended and what it said, and nothing like a verdict', async () => {
      const result = await sandbox.run(script('import sys; print("out"); print("err", file=sys.stderr); sys.exit(3)'))
      expect(result).toMatchObject({ end: 'exit', code: 3, signal: null, stdout: { text: 'out\n', truncated: false } })
      expect(result.stderr.text).toBe('err\n')
      expect(Object.keys(result)).not.toContain('verdict')
    })

    test('2: an exit code above 128 is not taken for a signal the program did not get', async () => {
      const end = async (code: string): Promise<unknown> => {
        const { end, code: exit, signal } = await sandbox.run(script(code))
        return [end, exit, signal]
      }
      expect(await end('import sys; sys.exit(152)')).toEqual(['exit', 152, null])
      expect(await end('import sys; sys.exit(200)')).toEqual(['exit', 200, null])
      expect(await end('import os; os.kill(os.getpid(), 11)')).toEqual(['signal', null, 11])
      // bubblewrap reports the same number for both and nothing measured tells them apart.
      expect(await end('import sys; sys.exit(137)')).toEqual(name === 'bwrap' ? ['signal', null, 9] : ['exit', 137, null])
    })

    test('2: the first process inside stands whatever signal a program sends it, and the end stays the program’s own', async () => {
      const code = `
import os, signal, sys, time
for number in (1, 2, 3, 10, 13, 15, 17, 20, 24, 27):
    try: os.kill(1, number)
    except OSError: pass
time.sleep(0.1)
sys.exit(5)
`
      expect(await sandbox.run(script(code))).toMatchObject({ end: 'exit', code: 5, signal: null })
      const selfInterrupted = 'import os, signal\nsignal.signal(2, signal.SIG_DFL)\nos.kill(os.getpid(), 2)'
      expect(await sandbox.run(script(selfInterrupted))).toMatchObject({ end: 'signal', code: null, signal: 2 })
      const session = await sandbox.open(python('import os\ndef f(x):\n    os.kill(1, 2)\n    return x\n'))
      const outcome = await session.call(callF(int(1)))
      await session.close()
      expect(outcome).toEqual({ kind: 'value', value: int(1) })
    })

    test('6: programs stand back behind the rest of the machine, and cannot come forward again', async () => {
      const code = `
import os
print(os.nice(0) >= 10)
try: os.nice(-5); print('came forward')
except OSError: pass
`
      expect((await sandbox.run(script(code))).stdout.text).toBe('True\n')
    })

    test('3: only what was named is visible, read-only, and scratch space starts empty each time', async () => {
      const hidden = mkdtempSync(join(tmpdir(), 'hidden-'))
      writeFileSync(join(hidden, 'shown.txt'), 'shown')
      const code = `
import os
print(sorted(os.listdir('/box')), open('/box/a/shown.txt').read(), open('/box/t.txt').read(), os.listdir('/scratch'), os.path.exists(${JSON.stringify(hidden)}))
for path in ('/box/a/shown.txt', '/box/t.txt', '/usr/x', '/etc/x', '/x'):
    try: open(path, 'a'); print('WRITABLE', path)
    except OSError: pass
open('/scratch/x', 'w').write('x')
`
      const mounts = [
        { kind: 'file', hostPath: join(hidden, 'shown.txt'), boxPath: '/box/a/shown.txt' },
        { kind: 'text', text: 'told', boxPath: '/box/t.txt' },
      ] as const
      const first = await sandbox.run(script(code, { mounts }))
      const second = await sandbox.run(script(code, { mounts }))
      rmSync(hidden, { recursive: true })
      expect(first.stdout.text).toBe("['a', 't.txt'] shown told [] False\n")
      expect(second.stdout.text).toBe(first.stdout.text)
    })

    test('3: a directory is shown only when it is a staged copy, and no run starts with another', async () => {
      const project = mkdtempSync(join(tmpdir(), 'project-'))
      mkdirSync(join(project, '.git'))
      for (const name of ['app.py', '.env', '.git/config']) writeFileSync(join(project, name), name)
      const stage = stageProject(project, tmpdir())
      const show = (hostPath: string): Promise<RunResult> =>
        sandbox.run(
          script("import os; print(sorted(os.listdir('/box/project')), os.access('/box/project/app.py', os.W_OK))", {
            mounts: [{ kind: 'directory', hostPath, boxPath: '/box/project' }],
          }),
        )
      expect((await show(stage.path)).stdout.text).toBe("['app.py'] False\n")
      for (const path of ['/', '/etc', project]) await expect(show(path), path).rejects.toMatchObject({ code: 'POLICY_REFUSED' })
      stage.remove()
      rmSync(project, { recursive: true })
    })

    test('4: the environment is an allow-list, of pid 1 too, and names that steer a loader are refused', async () => {
      process.env['CONTRACT_SECRET'] = 'planted-secret'
      const code = `
import os, json
try: first = open('/proc/1/environ', 'rb').read()
except PermissionError: first = b''
print(json.dumps(sorted(os.environ)), b'planted' in first + json.dumps(dict(os.environ)).encode())
`
      const result = await sandbox.run(script(code, { env: { EXTRA: '1' } }))
      delete process.env['CONTRACT_SECRET']
      expect(result.stdout.text).toMatch(/"EXTRA".*\] False\n$/)
      for (const name of ['LD_PRELOAD', 'NODE_OPTIONS', 'PYTHONPATH', 'HTTPS_PROXY', 'PATH', 'lower']) {
        await expect(sandbox.run(script('pass', { env: { [name]: 'x' } }))).rejects.toMatchObject({ code: 'POLICY_REFUSED' })
      }
    })

    test('5: no socket reaches a listener of the host', async () => {
      const seen: string[] = []
      const tcp = createServer((socket) => {
        seen.push('tcp')
        socket.destroy()
      })
      const port = await new Promise<number>((resolve) => {
        tcp.listen(0, '127.0.0.1', () => {
          const address = tcp.address()
          resolve(typeof address === 'object' && address ? address.port : 0)
        })
      })
      const code = `
import socket
for family, where in ((2, ('127.0.0.1', ${port})), (10, ('::1', ${port})), (1, '/run/docker.sock'), (40, (2, 1)), (16, (0, 0))):
    try: s = socket.socket(family, 1); s.settimeout(1); s.connect(where); print('CONNECTED', family)
    except OSError: pass
print('done')
`
      const result = await sandbox.run(script(code))
      tcp.close()
      expect({ seen, said: result.stdout.text }).toEqual({ seen: [], said: 'done\n' })
    })

    test.each([
      ['cpu', 'while True: pass', { cpuMs: 1_000 }],
      ['wall', 'import time; time.sleep(60)', { wallMs: 700 }],
      [
        'memory',
        'import os, time\nfor _ in range(6):\n    if os.fork() == 0:\n        x = bytearray(b"x") * (120 << 20); time.sleep(9)\ntime.sleep(9)',
        { memoryBytes: 400 << 20 },
      ],
      ['output', 'import os\nwhile True: os.write(1, b"x" * 65536)', { outputBytes: 65_536 }],
    ] as const)('6: crossing the %s bound ends the run and says so', async (end, code, limits) => {
      const result = await sandbox.run(script(code, { limits: { cpuMs: 3_000, wallMs: 8_000, ...limits } }))
      expect(result.end).toBe(end)
      expect(result.stdout.text.length).toBeLessThanOrEqual(262_144)
    })

    test('6: what the kernel counts per user of the host, and no namespace counts anew, cannot be had: file watches', async () => {
      const code = `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print([(libc.inotify_init1(0), ctypes.get_errno()), (libc.inotify_init(), ctypes.get_errno())])
`
      expect((await sandbox.run(script(code))).stdout.text).toBe('[(-1, 1), (-1, 1)]\n')
      const watch = 'try { require("node:fs").watch("/tmp") } catch (error) { console.log(error.code) }'
      const result = await sandbox.run({ language: 'javascript', argv: ['-e', watch] })
      expect([result.end, result.code, result.stdout.text]).toEqual(['exit', 0, 'EPERM\n'])
    })

    test('6: files, inodes, processes and descriptors are bounded inside', async () => {
      const code = `
import os, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def count(n, attempt):
    for i in range(n):
        try: attempt(i)
        except OSError: return i
    return n
big = os.open('/scratch/big', os.O_CREAT | os.O_WRONLY)
print(count(64, lambda i: os.write(big, b'x' * (1 << 20))) <= 32, count(9000, lambda i: os.close(os.open('/tmp/%d' % i, os.O_CREAT | os.O_WRONLY))) < 4200, count(400, lambda i: os.dup(1)) < 256)
def fork(i):
    if os.fork() == 0: signal.pause()
print(count(200, fork) < 80)
`
      const { end, stdout, stderr } = await sandbox.run(script(code))
      expect({ end, said: stdout.text + stderr.text }).toEqual({ end: 'exit', said: 'True True True\nTrue\n' })
    })

    test('7: no process of a run is left when it has resolved, detached ones included', async () => {
      const tag = `left-${randomBytes(6).toString('hex')}`
      const code = `
import os, signal, sys, time
for i in range(4):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)
        os._exit(0)
`
      const result = await sandbox.run(script(code, { argv: ['-c', code, tag] }))
      expect(result.end).toBe('exit')
      expect(processesWith(tag)).toEqual([])
    })

    test('7: a run that is cancelled ends at once, says so, and leaves no process', async () => {
      const tag = `left-${randomBytes(6).toString('hex')}`
      const abort = new AbortController()
      const code = 'import os, time\nif os.fork() == 0: os.setsid()\ntime.sleep(60)'
      const run = sandbox.run(script(code, { argv: ['-c', code, tag], signal: abort.signal, limits: { wallMs: 30_000 } }))
      await waitFor(() => processesWith(tag).length > 0)
      abort.abort()
      expect(await run).toMatchObject({ end: 'cancelled', code: null })
      expect(processesWith(tag)).toEqual([])
      expect((await sandbox.run(script('print(1)', { signal: abort.signal }))).end).toBe('cancelled')
    })

    test('8: a line nobody asked for ends the session and every later call is not run', async () => {
      const code = 'const f = (x) => { if (x === 2) require("node:fs").writeSync(6, "{}\\n"); return x }'
      const session = await sandbox.open(javascript(code))
      expect(await session.load()).toEqual({ kind: 'loaded', names: ['f'] })
      const outcomes = await session.calls([callF(int(1)), callF(int(2)), callF(int(3))])
      await session.close()
      expect(outcomes.map((outcome) => outcome.kind)).toEqual(['value', 'not-run', 'not-run'])
      const early = await sandbox.open(python('import os\nos.write(6, b"{}\\n")\ndef f(x): return x\n'))
      expect(await early.load()).toMatchObject({ kind: 'failed', error: 'ChannelBroken' })
      await early.close()
    })

    test('8: a Python call has neither the channel nor a way to the process that does', async () => {
      const code = `
import os
def tried(attempt):
    try: attempt()
    except OSError as error: return error.errno
    return 0
def f(x):
    server = os.getppid()
    return [
        tried(lambda: os.write(6, b'{}\\n')), tried(lambda: os.read(100, 1)),
        tried(lambda: os.open('/proc/%d/fd/6' % server, os.O_WRONLY)), tried(lambda: os.open('/proc/%d/mem' % server, os.O_RDWR)),
        tried(lambda: os.listdir('/proc/self/fd')), tried(lambda: open('/proc/self/environ').read()),
    ]
`
      const session = await sandbox.open(python(code))
      const [outcome] = await session.calls([callF(int(1))])
      await session.close()
      expect(outcome).toEqual({ kind: 'value', value: { t: 'list', v: [9, 9, 13, 13, 0, 0].map(int) } })
    })

    test.each<[CandidateLanguage, CandidateProgram]>([
      ['python', python('def f(x):\n    while x == 9:\n        try: pass\n        except: pass\n    return x\n')],
      ['javascript', javascript('function f(x) { while (x === 9) try { x = 9 } catch {} return x }')],
    ])('9: a %s call that never ends is a time-out, and calls after it still run in order until too many', async (_, program) => {
      const session = await sandbox.open(program)
      const outcomes = await session.calls(
        [1, 9, 2, 9, 3].map((n) => callF(int(n))),
        { stopAfterTimeouts: 2 },
      )
      await session.close()
      expect(outcomes).toEqual([
        { kind: 'value', value: int(1) },
        { kind: 'timeout' },
        { kind: 'value', value: int(2) },
        { kind: 'timeout' },
        { kind: 'not-run', reason: 'stopped after 2 time-outs' },
      ])
    })

    test('9: a promise that never settles, and a sleep, are time-outs by wall time', async () => {
      const waits = [
        javascript('const f = (x) => x === 9 ? new Promise(() => {}) : x'),
        python('import time\ndef f(x):\n    if x == 9: time.sleep(60)\n    return x\n'),
      ]
      for (const program of waits) {
        const session = await sandbox.open(program)
        const outcomes = await session.calls([callF(int(9)), callF(int(1))], { wallMs: 200 })
        await session.close()
        expect(outcomes).toEqual([{ kind: 'timeout' }, { kind: 'value', value: int(1) }])
      }
    })

    test('10: an exception is raised with its name, and ending the process is never a value', async () => {
      const session = await sandbox.open(
        python(
          'import os\ndef f(x):\n    if x == 1: raise KeyError("k")\n    if x == 2: os._exit(0)\n    if x == 3: os.kill(os.getpid(), 11)\n    if x == 4: raise SystemExit(0)\n    return x\n',
        ),
      )
      const outcomes = await session.calls([1, 2, 3, 4, 5].map((n) => callF(int(n))))
      await session.close()
      expect(outcomes).toEqual([
        { kind: 'raised', error: 'KeyError', message: "'k'" },
        { kind: 'raised', error: 'ProcessExit', message: 'exit code 0' },
        { kind: 'raised', error: 'ProcessKilled', message: 'SIGSEGV' },
        { kind: 'raised', error: 'SystemExit', message: '0' },
        { kind: 'value', value: int(5) },
      ])
      const shared = await sandbox.open(
        javascript('function f(x) { if (x === 1) throw new TypeError("t"); if (x === 2) process.exit(0); return x }'),
      )
      const inOne = await shared.calls([1, 2, 3].map((n) => callF(int(n))))
      await shared.close()
      expect(inOne.map((outcome) => outcome.kind)).toEqual(['raised', 'raised', 'not-run'])
    })

    test('11: close and dispose may be called twice and end what is running', async () => {
      const own = create()
      const session = await own.open(python('import time\ndef f(x): time.sleep(60)\n'))
      await session.load()
      const call = session.call(callF(int(1)), { wallMs: 60_000 })
      const run = own.run(script('import time; time.sleep(60)', { limits: { wallMs: 60_000 } }))
      await Promise.all([session.close(), session.close()])
      expect(await call).toEqual({ kind: 'not-run', reason: 'the session is closed' })
      await own.dispose()
      await own.dispose()
      expect(await run).toMatchObject({ end: 'cancelled', code: null, signal: null })
      await expect(own.run(script('pass'))).rejects.toMatchObject({ code: 'NO_SANDBOX' })
    })

    test('11: a signal closes a session: the call that runs and those after it are not run', async () => {
      const abort = new AbortController()
      const session = await sandbox.open(python('import time\ndef f(x): time.sleep(x)\n'), { signal: abort.signal })
      expect((await session.load()).kind).toBe('loaded')
      const calls = session.calls([callF(int(60)), callF(int(0))], { wallMs: 30_000 })
      abort.abort()
      expect((await calls).map(({ kind }) => kind)).toEqual(['not-run', 'not-run'])
      const late = await sandbox.open(python('def f(x): return x\n'), { signal: abort.signal })
      expect((await late.load()).kind).toBe('not-run')
      await Promise.all([session.close(), late.close()])
    })

    test('11: disposing at once ends launches under way, and what comes after is refused', async () => {
      for (let i = 0; i < 3; i++) {
        const own = create()
        await own.probe()
        const session = await own.open(python('def f(x): return x\n'))
        const started = [own.run(script('import time; time.sleep(60)')), session.load()]
        const ends = Promise.allSettled(started)
        for (let turn = 0; turn < i; turn++) await Promise.resolve()
        await own.dispose()
        for (const end of await ends) {
          if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'NO_SANDBOX' })
          else if ('end' in end.value) expect(end.value.end).toBe('cancelled')
          else expect(end.value.kind).not.toBe('loaded')
        }
        await expect(own.run(script('pass'))).rejects.toMatchObject({ code: 'NO_SANDBOX' })
        await expect(own.open(python(''))).rejects.toMatchObject({ code: 'NO_SANDBOX' })
      }
    })

    test('11: a session closed while it is starting leaves no process', async () => {
      const warm = await sandbox.open(python('def f(x): return x\n'))
      await warm.load()
      // What is looked for can be seen.
      expect(processesWith('candidate.py').filter(isOursOrNobodys)).not.toEqual([])
      await warm.close()
      const session = await sandbox.open(python('import time\ntime.sleep(60)\ndef f(x): return x\n'))
      const load = session.load()
      await session.close()
      expect((await load).kind).toBe('not-run')
      expect(processesWith('candidate.py').filter(isOursOrNobodys)).toEqual([])
    })
  })
}

/** Resolves when `holds` does; looks again each turn of the event loop's timers. */
async function waitFor(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}
