import { execFileSync } from 'node:child_process'
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { collect, escapeName } from '../../../src/sandbox/session/collect.ts'

const LIMITS = { maxFiles: 10, maxBytes: 1000 }
let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'collect-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

test('plain files are taken, nested ones too, sorted by path', () => {
  mkdirSync(join(root, 'b'))
  writeFileSync(join(root, 'b', 'c.txt'), 'C')
  writeFileSync(join(root, 'a.txt'), 'A')
  const { files, refused } = collect(root, LIMITS)
  expect(files.map(({ path, content }) => [path, Buffer.from(content).toString()])).toEqual([
    ['a.txt', 'A'],
    ['b/c.txt', 'C'],
  ])
  expect(refused).toEqual([])
})

test('no link, hard link, FIFO, socket or sparse giant is taken, and none of them is waited on', async () => {
  const secret = join(root, '..', `secret-${process.pid}`)
  writeFileSync(secret, 'SECRET')
  mkdirSync(join(root, 'd'))
  const inside = join(root, 'd')
  symlinkSync(secret, join(inside, 'link'))
  symlinkSync('/', join(inside, 'root'))
  linkSync(secret, join(inside, 'hard'))
  execFileSync('/usr/bin/mkfifo', [join(inside, 'fifo')])
  writeFileSync(join(inside, 'sparse'), '')
  truncateSync(join(inside, 'sparse'), 2 ** 40)
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(join(inside, 'sock'), resolve))
  const { files, refused } = collect(root, LIMITS)
  server.close()
  rmSync(secret)
  expect(files).toEqual([])
  expect(refused).toEqual([
    'd/fifo: not a regular file',
    'd/hard: has more than one name',
    'd/link: not a regular file',
    'd/root: not a regular file',
    'd/sock: not a regular file',
    'd/sparse: over the limit',
  ])
})

test('a root that is a link is not followed', () => {
  mkdirSync(join(root, 'real'))
  writeFileSync(join(root, 'real', 'a'), 'A')
  symlinkSync(join(root, 'real'), join(root, 'link'))
  expect(collect(join(root, 'link'), LIMITS).files).toEqual([])
})

test('strange names are refused and shown escaped', () => {
  for (const name of ['a\nb', '\u001b[2Jx', ' ', '-rf', 'con', 'a:b', '..%2f', '\u202efdp', '.hidden'])
    writeFileSync(join(root, name), 'x')
  const { files, refused } = collect(root, LIMITS)
  expect(files).toEqual([])
  expect(refused).toHaveLength(9)
  expect(refused.join('')).toMatch(/^[\x20-\x7e]+$/)
  expect(escapeName('a\u001b\n\u{1f600}')).toBe('a\\u{1b}\\u{a}\\u{1f600}')
})

test('count, bytes and depth are capped', () => {
  for (let i = 0; i < 12; i++) writeFileSync(join(root, `f${String(i).padStart(2, '0')}`), 'x'.repeat(90))
  let deep = root
  for (let i = 0; i < 12; i++) {
    deep = join(deep, 'z')
    mkdirSync(deep)
  }
  writeFileSync(join(deep, 'f'), 'x')
  const { files, refused } = collect(root, LIMITS)
  expect(files).toHaveLength(10)
  expect(refused).toEqual(['f10: over the limit', 'f11: over the limit', `${'z/'.repeat(8)}z: too deep`])
})

test('a root that cannot be opened is told of, not taken for an empty one', () => {
  expect(collect(join(root, 'gone'), LIMITS)).toEqual({ files: [], refused: ['.: a directory that cannot be opened'] })
})

const isRoot = process.getuid?.() === 0
test.skipIf(isRoot)(`a directory its program has locked is told of${isRoot ? ' (skipped: root can open it)' : ''}`, () => {
  mkdirSync(join(root, 'locked'), { mode: 0o000 })
  writeFileSync(join(root, 'a.txt'), 'A')
  const { files, refused } = collect(root, LIMITS)
  expect([files.map(({ path }) => path), refused]).toEqual([['a.txt'], ['locked: a directory that cannot be opened']])
  chmodSync(join(root, 'locked'), 0o700)
})
