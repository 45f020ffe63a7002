import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { memoryNote } from '../../../src/sandbox/drivers/capability-notes.ts'
import { createRunCgroups, findCgroupHome } from '../../../src/sandbox/limits/cgroup.ts'
import { DEFAULT_LIMITS } from '../../../src/sandbox/policy.ts'

// A plain directory tree in the shape of cgroup v2: files can be made in it, so only what is written is tested, not its effect.
let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cgroup-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function group(path: string, controllers: string): void {
  mkdirSync(join(root, path), { recursive: true })
  writeFileSync(join(root, path, 'cgroup.subtree_control'), controllers)
  writeFileSync(join(root, path, 'cgroup.procs'), '')
}

test('groups are made in the nearest ancestor that hands down memory and pids', () => {
  group('user.slice/app.slice', 'cpu memory pids\n')
  group('user.slice/app.slice/terminal.scope', '')
  expect(findCgroupHome(root, '0::/user.slice/app.slice/terminal.scope\n')).toBe(join(root, 'user.slice/app.slice'))
})

test.each([
  ['only cgroup v1', '4:memory:/x\n8:pids:/x\n'],
  ['a hybrid without controllers', '4:memory:/x\n0::/\n'],
  ['a path that climbs', '0::/../../etc\n'],
  ['an ancestor without pids', '0::/half/scope\n'],
])('%s gives no home', (_, self) => {
  group('half', 'memory\n')
  group('half/scope', '')
  expect(findCgroupHome(root, self)).toBeNull()
})

const nowhere = (): string => '0::/somewhere/else\n'

test('a run gets its limits, its first process and an end', () => {
  const limits = { ...DEFAULT_LIMITS, memoryBytes: 100, scratchBytes: 20, processes: 5 }
  const made = createRunCgroups(root, nowhere).open('cc-1', limits)
  made?.add(42)
  made?.kill()
  const read = (name: string): string => readFileSync(join(root, 'cc-1', name), 'utf8')
  expect(['memory.max', 'pids.max', 'memory.oom.group', 'memory.swap.max', 'cgroup.procs', 'cgroup.kill'].map(read)).toEqual([
    '120',
    '13',
    '1',
    '0',
    '42',
    '1',
  ])
})

test('a group that is there already, or cannot be made, is none', () => {
  mkdirSync(join(root, 'cc-1'))
  expect(createRunCgroups(root).open('cc-1', DEFAULT_LIMITS)).toBeNull()
  expect(createRunCgroups(join(root, 'gone')).open('cc-1', DEFAULT_LIMITS)).toBeNull()
  expect(readdirSync(root)).toEqual(['cc-1'])
})

test('groups hold when every first process is in its own, by what the kernel says of it', () => {
  const where: Record<number, string> = {
    1: '4:memory:/x\n0::/user.slice/cc-1\n',
    2: '0::/user.slice/cc-2\n',
    3: '0::/user.slice\n',
  }
  const groups = createRunCgroups(root, (pid) => where[pid] ?? '')
  expect(groups.held()).toBeNull()
  expect([groups.open('cc-1', DEFAULT_LIMITS)?.add(1), groups.held()]).toEqual([true, true])
  expect([groups.open('cc-3', DEFAULT_LIMITS)?.add(3), groups.held()]).toEqual([false, false])
  expect([groups.open('cc-2', DEFAULT_LIMITS)?.add(2), groups.held()]).toEqual([true, false])
})

test('groups that cannot be made do not hold', () => {
  const groups = createRunCgroups(join(root, 'gone'))
  groups.open('cc-1', DEFAULT_LIMITS)
  expect(groups.held()).toBe(false)
})

test('the memory note says "by cgroup" only where runs were in theirs', () => {
  const note = (held: boolean | null): string => memoryNote({ held: () => held })
  expect(note(true)).toMatch(/in total by cgroup and a watchdog/)
  for (const said of [note(false), note(null), memoryNote(null)]) expect(said).not.toMatch(/by cgroup/)
})
