import { closeSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createBwrapDriver } from '../../../src/sandbox/drivers/bwrap-driver.ts'
import { type DriverParts, detectBwrap, findTool, keepFilterOpen } from '../../../src/sandbox/drivers/detect-bwrap.ts'
import { makePrivateDir, sandboxUser } from '../../../src/sandbox/drivers/host-user.ts'
import { findInterpreters } from '../../../src/sandbox/drivers/interpreters.ts'
import { detectUnshare } from '../../../src/sandbox/drivers/unshare-driver.ts'
import type { RunCgroups } from '../../../src/sandbox/limits/cgroup.ts'
import { createSlots } from '../../../src/sandbox/limits/slots.ts'
import { runProgram } from '../../../src/sandbox/session/run-program.ts'
import { whyNotHere } from '../../support/this-machines-sandbox.ts'

const user = sandboxUser(process.getuid?.())
const interpreters = findInterpreters({ execPath: process.execPath, path: '', isReachable: () => true })
const others = { hashFor: () => 'p', slots: createSlots(1) }
const TAG = 'the-program-itself'

let workDir: string
beforeEach(() => {
  workDir = makePrivateDir(tmpdir(), user)
})
afterEach(() => rmSync(workDir, { recursive: true, force: true }))

function parts(groups: RunCgroups | null): DriverParts {
  return { user, interpreters, arch: process.arch === 'arm64' ? 'arm64' : 'x64', workDir, groups }
}

/** True when the program has been started below `pid`. */
function hasStarted(pid: number): boolean {
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
    if (line.startsWith(interpreters.python?.command ?? '?') && line.includes(TAG)) return true
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean)
    return children.some((child) => hasStarted(Number(child)))
  } catch {
    return false
  }
}

/** Groups whose `add` is slow, and looks for the program all the while. */
function watchfulGroups(seen: string[]): RunCgroups {
  const add = (pid: number): boolean => {
    const until = performance.now() + 150
    let wasSeen = false
    while (performance.now() < until) wasSeen ||= hasStarted(pid)
    seen.push(wasSeen ? 'the program was there before it was in its group' : 'held back')
    return true
  }
  return {
    open: () => ({ add, kill: () => seen.push('killed'), remove: () => seen.push('removed') }),
    held: () => true,
  }
}

for (const [name, detect] of [
  ['bwrap', detectBwrap],
  ['unshare', detectUnshare],
] as const) {
  const why = await whyNotHere(name)
  describe.skipIf(why !== null)(`the ${name} driver${why === null ? '' : ` (skipped: ${why})`}`, () => {
    test('holds the program back until it is in its group', async () => {
      const seen: string[] = []
      const { driver } = await detect(parts(watchfulGroups(seen)))
      if (driver === null) throw new Error('detected before, and not now')
      const argv = ['-c', 'import os; print(sorted(os.listdir("/proc/self/fd")))', TAG]
      const { end, code, stdout, stderr } = await runProgram({ driver, ...others }, { language: 'python', argv })
      driver.close()
      expect({ end, code, said: stderr.text }).toEqual({ end: 'exit', code: 0, said: '' })
      // What held it back is not left open inside: 3 is the listing itself, or what stands for the status pipe's neighbours.
      expect(seen).toEqual(['held back', 'removed'])
      expect(stdout.text).not.toMatch(/'(7|8)'/)
    })

    test('runs the program all the same where no group can be made', async () => {
      const { driver } = await detect(parts({ open: () => null, held: () => false }))
      if (driver === null) throw new Error('detected before, and not now')
      const { end, code } = await runProgram({ driver, ...others }, { language: 'python', argv: ['-c', 'pass'] })
      driver.close()
      expect({ end, code }).toEqual({ end: 'exit', code: 0 })
    })
  })
}

const noBwrap = await whyNotHere('bwrap')
describe.skipIf(noBwrap !== null)('bubblewrap without a mount holder', () => {
  test.each([
    ['of the default size', {}],
    ['larger than the default', { scratchBytes: 900 << 20 }],
  ])('counts inodes in scratch space %s', async (_, limits) => {
    const etcPath = join(workDir, 'etc')
    mkdirSync(etcPath, { mode: 0o755 })
    const filter = keepFilterOpen(parts(null))
    const driver = createBwrapDriver({
      tools: { bwrap: findTool('bwrap') ?? '', prlimit: findTool('prlimit') ?? '', nsenter: '' },
      ...{ user, interpreters, filterPath: `/proc/self/fd/${filter}`, holder: null, etcPath },
      ...{ canDisableUserns: true, inherited: [], groups: null },
    })
    const code = 'import os, time\nfor i in range(900): os.close(os.open("/scratch/%d" % i, os.O_CREAT))\ntime.sleep(5)'
    const spec = { language: 'python', argv: ['-c', code], limits: { inodes: 500, ...limits } } as const
    const { end } = await runProgram({ driver, ...others }, spec)
    driver.close()
    closeSync(filter)
    expect(end).toBe('inodes')
  })
})
