import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkMounts } from '../../../src/sandbox/drivers/check-mounts.ts'
import { stageProject } from '../../../src/sandbox/session/stage.ts'

let root: string
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'mounts-')))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const directory = (hostPath: string, boxPath = '/box/project') => ({ kind: 'directory', hostPath, boxPath }) as const
const refused = { code: 'POLICY_REFUSED' }

test('a staged copy is mounted, and nothing else on the host is', () => {
  const project = join(root, 'p')
  mkdirSync(join(project, 'src'), { recursive: true })
  const stage = stageProject(project, root)
  expect(checkMounts([directory(stage.path)])).toEqual([directory(stage.path)])
  // Beside the copy lies what says that it is one; that says it of nothing else.
  const sibling = join(dirname(stage.path), 'sibling')
  mkdirSync(sibling)
  for (const path of ['/', '/etc', root, project, sibling, join(stage.path, 'src'), join(stage.path, '..'), join(root, 'gone')])
    expect(() => checkMounts([directory(path)]), path).toThrow(expect.objectContaining(refused))
  stage.remove()
  expect(() => checkMounts([directory(stage.path)])).toThrow(expect.objectContaining(refused))
})

test('a link to a staged copy and a folder put in the place of one are refused', () => {
  const project = join(root, 'p')
  mkdirSync(project)
  const stage = stageProject(project, root)
  symlinkSync(stage.path, join(root, 'link'))
  expect(() => checkMounts([directory(join(root, 'link'))])).toThrow(expect.objectContaining(refused))
  rmSync(stage.path, { recursive: true })
  symlinkSync('/etc', stage.path)
  expect(() => checkMounts([directory(stage.path)])).toThrow(expect.objectContaining(refused))
  stage.remove()
})

test('node_modules is mounted at its own place only, by its real path, and not with a token beside it', () => {
  const modules = join(root, 'node_modules')
  mkdirSync(join(modules, 'vitest'), { recursive: true })
  symlinkSync(modules, join(root, 'here'))
  const there = '/box/node_modules'
  expect(checkMounts([directory(modules, there), directory(join(root, 'here'), there)])).toEqual(
    Array(2).fill(directory(modules, there)),
  )
  expect(() => checkMounts([directory(modules)])).toThrow(expect.objectContaining(refused))
  const other = join(root, 'other')
  mkdirSync(other)
  symlinkSync('/', join(other, 'node_modules'))
  expect(() => checkMounts([directory(join(other, 'node_modules'), there)])).toThrow(expect.objectContaining(refused))
  writeFileSync(join(modules, '.npmrc'), 'token')
  expect(() => checkMounts([directory(modules, there)])).toThrow(expect.objectContaining(refused))
})

test('files and texts are taken as they were, below /box only', () => {
  const mounts = [
    { kind: 'file', hostPath: '/x', boxPath: '/box/a' },
    { kind: 'text', text: 'x', boxPath: '/box/b' },
  ] as const
  expect(checkMounts(mounts)).toEqual(mounts)
  expect(() => checkMounts([{ kind: 'text', text: 'x', boxPath: '/etc/b' }])).toThrow(expect.objectContaining(refused))
})
