import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createArtifactDir } from '../../src/store/artifact-dir.ts'
import { codeOf } from './support/records.ts'

let base = ''
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'artifact-dir-'))
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)

test('a side file is written whole with its folders, readable by its owner only, and leaves nothing beside it', async () => {
  const dir = createArtifactDir(join(base, 'run'))

  await dir.write('diffs/deep/a.patch', 'one')
  await dir.write('diffs/deep/a.patch', 'two')
  await dir.writeJson('kpi.json', { a: 1 })

  expect(dir.read('diffs/deep/a.patch')).toBe('two')
  expect(dir.read('kpi.json')).toBe('{\n  "a": 1\n}\n')
  expect(dir.read('report.md')).toBeNull()
  expect(readdirSync(join(base, 'run/diffs/deep'))).toEqual(['a.patch'])
  expect([join(base, 'run'), join(base, 'run/diffs'), join(base, 'run/kpi.json')].map(modeOf)).toEqual(['700', '700', '600'])
})

test('a file left with wider rights is narrowed when it is replaced', async () => {
  const dir = createArtifactDir(base)
  writeFileSync(join(base, 'kpi.json'), 'old', { mode: 0o644 })

  await dir.write('kpi.json', 'new')

  expect(modeOf(join(base, 'kpi.json'))).toBe('600')
})

const NAMES = ['../x', '/etc/x', 'a/../../x', 'a//b', '', '.', 'a/..', 'a\\b', 'a\0b', 'a\nb', 'c:x', 'x'.repeat(300), 'a/']
for (const name of [...NAMES, 'log.jsonl', 'LOG.JSONL', 'log.000002.jsonl', 'segments.json', 'blobs/x', 'pinned', 'lease.x']) {
  test(`the name ${JSON.stringify(name.slice(0, 20))} is refused`, async () => {
    const dir = createArtifactDir(join(base, 'run'))

    expect(await codeOf(dir.write(name, 'x'))).toBe('POLICY_REFUSED')

    expect(() => dir.read(name)).toThrow("in the run's folder")
    expect(readdirSync(base)).toEqual([])
  })
}

test('a link in the folder leads nowhere: not as a folder on the way, not as the file itself', async () => {
  const dir = createArtifactDir(join(base, 'run'))
  mkdirSync(join(base, 'outside'))
  mkdirSync(join(base, 'run'))
  writeFileSync(join(base, 'outside/secret'), 'secret')
  symlinkSync(join(base, 'outside'), join(base, 'run/after'))
  symlinkSync(join(base, 'outside/secret'), join(base, 'run/report.md'))
  symlinkSync(join(base, 'outside/new'), join(base, 'run/kpi.json'))

  const codes = await Promise.all(['after/x', 'report.md', 'kpi.json'].map((name) => codeOf(dir.write(name, 'x'))))

  expect(codes).toEqual(['POLICY_REFUSED', 'POLICY_REFUSED', 'POLICY_REFUSED'])
  expect(() => dir.read('report.md')).toThrow('it leads through a link')
  expect(() => dir.read('after/secret')).toThrow('it leads through a link')
  expect(readFileSync(join(base, 'outside/secret'), 'utf8')).toBe('secret')
  expect(existsSync(join(base, 'outside/new'))).toBe(false)
})

test('a file in the way of a folder is refused, and a folder in the way of a file fails', async () => {
  const dir = createArtifactDir(base)
  await dir.write('a', 'file')
  mkdirSync(join(base, 'b'))

  expect(await codeOf(dir.write('a/b', 'x'))).toBe('POLICY_REFUSED')
  expect(await codeOf(dir.write('b', 'x'))).toBe('STORE_FAILED')
})

test('two writers of one file leave one whole content', async () => {
  const dir = createArtifactDir(base)
  const contents = ['x', 'y'].map((letter) => letter.repeat(100_000))

  await Promise.all([...contents, ...contents].map((content) => dir.write('report.md', content)))

  expect(contents).toContain(dir.read('report.md'))
})
