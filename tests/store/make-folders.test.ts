import { existsSync, mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolders } from '../../src/store/make-folders.ts'

test('missing folders are made down to the last, for their owner alone, and what is there is left', () => {
  const root = mkdtempSync(join(tmpdir(), 'cc-folders-'))
  makeFolders(join(root, 'a', 'b', 'c'), 0o700)
  makeFolders(join(root, 'a', 'b', 'c'), 0o700)
  expect(statSync(join(root, 'a', 'b', 'c')).mode & 0o777).toBe(0o700)
})

test('folders that another process makes at the same time are taken as they are, at whatever moment it does', () => {
  for (const moment of ['before', 'after', 'wholly after'] as const) {
    const above = join(mkdtempSync(join(tmpdir(), 'cc-folders-')), 'a')
    const deep = join(above, 'b')
    makeFolders(deep, 0o700, (at, options) => {
      const other = () => mkdirSync(at === deep && moment !== 'wholly after' ? above : deep, { recursive: true })
      if (moment === 'before') other()
      try {
        mkdirSync(at, options)
      } finally {
        if (moment !== 'before') other()
      }
    })
    expect(statSync(deep).isDirectory()).toBe(true)
  }
})

test('a file in the way is an error, and no folder is made beside it', () => {
  const root = mkdtempSync(join(tmpdir(), 'cc-folders-'))
  writeFileSync(join(root, 'a'), '')
  expect(() => makeFolders(join(root, 'a', 'b'), 0o700)).toThrow()
})

test.skipIf(!existsSync('/proc/self'))(
  'a place where nothing can be made is an error at once (skipped: this system has no /proc)',
  () => {
    expect(() => makeFolders('/proc/nowhere/deep/er', 0o700)).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  },
)
