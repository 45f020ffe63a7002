import { existsSync, mkdtempSync, statSync, writeFileSync } from 'node:fs'
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
