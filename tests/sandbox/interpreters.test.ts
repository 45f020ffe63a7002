import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isReachableBy, sandboxUser, UNPRIVILEGED_ID } from '../../src/sandbox/host-user.ts'
import { findInterpreters } from '../../src/sandbox/interpreters.ts'

test('the Node that runs this serves JavaScript; outside /usr it is bound by a neutral name', () => {
  const home = mkdtempSync(join(tmpdir(), 'node-'))
  const node = join(home, 'node')
  writeFileSync(node, '')
  symlinkSync(node, join(home, 'link'))
  const found = findInterpreters({ execPath: join(home, 'link'), path: '', isReachable: () => true }).javascript
  expect(found).toEqual({ command: '/opt/node/bin/node', binds: [{ hostPath: node, boxPath: '/opt/node/bin/node' }] })
  const unreachable = findInterpreters({ execPath: node, path: '', isReachable: () => false }).javascript
  expect(unreachable?.binds ?? []).toEqual([])
  rmSync(home, { recursive: true })
})

test('started by root the sandbox user is nobody, else the caller', () => {
  expect(sandboxUser(0)).toEqual({ isDropped: true, ids: { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } })
  expect(sandboxUser(1000)).toEqual({ isDropped: false, ids: {} })
})

test('a path below a private directory is not reachable for nobody', () => {
  const base = mkdtempSync(join(tmpdir(), 'reach-'))
  chmodSync(base, 0o755)
  mkdirSync(join(base, 'private'), { mode: 0o700 })
  writeFileSync(join(base, 'private', 'x'), '')
  writeFileSync(join(base, 'x'), '')
  const nobody = sandboxUser(0)
  expect([join(base, 'x'), join(base, 'private', 'x'), join(base, 'gone')].map((path) => isReachableBy(nobody, path))).toEqual([
    true,
    false,
    false,
  ])
  rmSync(base, { recursive: true })
})
