import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Sandbox } from '../../src/ports/sandbox.ts'
import { type AttackProgram, type AttackResult, runContainment } from './attack-runner.ts'
import type { AttackWorld } from './attack-world.ts'

/**
 * Programs whose outcome is known, against the same sandbox and judged by the same oracles: harmless ones that must run to their end,
 * for a sandbox that runs nothing holds everything off, and ones an oracle must notice, for an oracle that sees nothing does too.
 */
const RUNS = {
  control_py_works: [
    'py',
    `from atk import *
import json, subprocess, threading, tempfile
assert 'def add' in open('/box/project/src/app.py').read()
with open('/scratch/x', 'w') as f: f.write('x')
with tempfile.NamedTemporaryFile() as f: f.write(b'x')
t = threading.Thread(target=lambda: None); t.start(); t.join()
a, b = socket.socketpair(); a.send(b'x'); assert b.recv(1) == b'x'
assert subprocess.run([sys.executable, '-c', 'print(6 * 7)'], capture_output=True).stdout == b'42\\n'
blocked('nothing: all of it worked')
`,
  ],
  control_js_works: [
    'js',
    `import { blocked } from './atk.mjs'
import assert from 'node:assert'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { Worker } from 'node:worker_threads'
assert.match(fs.readFileSync('/box/project/src/app.py', 'utf8'), /def add/)
fs.writeFileSync('/scratch/x', 'x')
assert.strictEqual(execFileSync(process.execPath, ['-p', '6 * 7']).toString(), '42\\n')
await new Promise((resolve) => new Worker('0', { eval: true }).on('exit', resolve))
blocked('nothing: all of it worked')
`,
  ],
} as const satisfies Record<string, readonly [AttackProgram['lang'], string]>

const NOTICED = {
  control_missing_import: ['py', 'from atk import *\nimport no_such_helper\n', {}, /did not run/],
  control_never_started: ['py', 'pass\n', {}, /did not run/],
  control_js_missing_import: ['js', "import './atk.mjs'\nimport 'no-such-helper'\n", {}, /did not run/],
  control_exit_is_no_kill: ['py', 'from atk import *\nraise SystemExit(1)\n', { expect_kill: true }, /not stopped/],
  control_exit_is_no_refusal: ['py', 'from atk import *\nraise SystemExit(2)\n', {}, /broke before/],
  control_traceback: ['py', 'from atk import *\n1 / 0\n', {}, /broke before/],
  control_silence: ['py', 'from atk import *\n', {}, /said nothing/],
  control_says_escaped: ['py', "from atk import *\nescaped('on purpose')\n", {}, /^ESCAPED/],
} as const satisfies Record<string, readonly [AttackProgram['lang'], string, Partial<AttackProgram>, RegExp]>

/** Returns one result a control, with a problem when a harmless program did not work or an oracle was blind. */
export async function runControls(sandbox: Sandbox, world: AttackWorld, suite: string): Promise<readonly AttackResult[]> {
  const dir = mkdtempSync(join(tmpdir(), 'c-'))
  try {
    const run = async (
      id: string,
      lang: AttackProgram['lang'],
      code: string,
      more: Partial<AttackProgram>,
    ): Promise<AttackResult> => {
      const file = `${lang}/${id}.${lang === 'py' ? 'py' : 'mjs'}`
      mkdirSync(join(dir, lang), { recursive: true })
      writeFileSync(join(dir, file), code)
      return runContainment(sandbox, world, dir, { id, file, lang, category: 'control', expect: 'known', ...more }, suite)
    }
    const results: AttackResult[] = []
    for (const [id, [lang, code]] of Object.entries(RUNS)) results.push(await run(id, lang, code, {}))
    const leak = `from atk import *\nprint(${JSON.stringify(world.canary)}[::-1])\n`
    const noticed = [...Object.entries(NOTICED), ['control_secret_out', ['py', leak, {}, /planted secret/]] as const]
    for (const [id, [lang, code, more, problem]] of noticed) {
      const result = await run(id, lang, code, more)
      const isNoticed = result.problems.some((line) => problem.test(line))
      results.push({
        ...result,
        problems: isNoticed ? [] : [`the oracle did not notice: ${result.problems.join('; ') || 'nothing'}`],
      })
    }
    return results
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
