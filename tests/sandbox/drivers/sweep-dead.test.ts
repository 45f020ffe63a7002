import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makePrivateDir, sandboxUser } from '../../../src/sandbox/drivers/host-user.ts'
import { OWNER_FILE, type Owner, sweepDead } from '../../../src/sandbox/drivers/sweep-dead.ts'

const user = sandboxUser(process.getuid?.())
let tmp: string
beforeEach(() => {
  tmp = mkdtempSync(join(tmpdir(), 'sweep-'))
  chmodSync(tmp, 0o755)
})
afterEach(() => rmSync(tmp, { recursive: true, force: true }))

/** Pid of a process that has just ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid
}

/** Makes a private directory with something in it, and lets its owner be `changes` of this process. */
function leave(changes: Partial<Owner> = {}): string {
  const dir = makePrivateDir(tmp, user)
  mkdirSync(join(dir, 'hold', 'deep'), { recursive: true })
  writeFileSync(join(dir, 'hold', 'deep', 'file'), 'x')
  const path = join(dir, OWNER_FILE)
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as Owner), ...changes }))
  return dir
}

test('a directory of a process that has ended is removed whole, and that of a living one is left', () => {
  const mine = leave()
  const dead = leave({ pid: deadPid() })
  // The number of a dead process may be somebody else's by now.
  const reused = leave({ startedAt: '1' })
  sweepDead(tmp, user)
  expect([mine, dead, reused].map(existsSync)).toEqual([true, false, false])
  expect(readFileSync(join(mine, 'hold', 'deep', 'file'), 'utf8')).toBe('x')
})

test('what is not known to be of this boot and these processes is left: another machine or container may share the directory', () => {
  const pid = deadPid()
  const left = [leave({ pid, boot: 'another' }), leave({ pid, processes: 'pid:[1]' }), leave({ pid, clock: 'time:[1]' })]
  const plain = leave({ pid })
  renameSync(plain, join(tmp, 'not-ours'))
  const unsigned = leave()
  rmSync(join(unsigned, OWNER_FILE))
  const broken = leave()
  writeFileSync(join(broken, OWNER_FILE), '{"pid":')
  sweepDead(tmp, user)
  expect([...left, join(tmp, 'not-ours'), unsigned, broken].map(existsSync)).toEqual(Array(6).fill(true))
})

test('no link is followed, neither to a directory, nor out of one, nor to who owns it', () => {
  const pid = deadPid()
  const precious = join(tmp, 'precious')
  mkdirSync(precious)
  writeFileSync(join(precious, 'file'), 'x')
  const linked = leave({ pid })
  symlinkSync(precious, join(linked, 'out'))
  const owned = leave({ pid })
  renameSync(join(owned, OWNER_FILE), join(tmp, 'owner'))
  symlinkSync(join(tmp, 'owner'), join(owned, OWNER_FILE))
  const real = leave({ pid })
  renameSync(real, join(tmp, 'real'))
  symlinkSync(join(tmp, 'real'), real)
  sweepDead(tmp, user)
  expect([linked, owned, join(tmp, 'real')].map(existsSync)).toEqual([false, true, true])
  expect(readdirSync(precious)).toEqual(['file'])
})

test('a directory that is not there is nothing to sweep', () => {
  expect(() => sweepDead(join(tmp, 'gone'), user)).not.toThrow()
})
