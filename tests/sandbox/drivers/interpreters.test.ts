import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isReachableBy, sandboxUser, UNPRIVILEGED_ID } from '../../../src/sandbox/drivers/host-user.ts'
import { findInterpreters } from '../../../src/sandbox/drivers/interpreters.ts'

const host = { execPath: process.execPath, path: '', isReachable: () => true }

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

// A machine with a Python under /usr never gets here, so the search is asked to look past it.
test('a Python elsewhere shows its program and library, and nothing else of the folder it was installed to', () => {
  const home = mkdtempSync(join(tmpdir(), 'home-'))
  for (const dir of ['bin', 'lib/python3.11', '.ssh']) mkdirSync(join(home, dir), { recursive: true })
  for (const file of ['bin/python3.11', 'bin/deploy', 'lib/libpython3.11.so.1.0', 'lib/libsecret.so', '.ssh/id_rsa'])
    writeFileSync(join(home, file), '')
  symlinkSync('python3.11', join(home, 'bin', 'python3'))
  const found = findInterpreters({ ...host, path: join(home, 'bin'), systemPythons: [] }).python
  const shown = ['bin/python3.11', 'lib/python3.11', 'lib/libpython3.11.so.1.0']
  expect(found).toEqual({
    command: '/opt/python/bin/python3.11',
    binds: shown.map((path) => ({ hostPath: join(home, path), boxPath: `/opt/python/${path}` })),
  })
  rmSync(join(home, 'lib', 'python3.11'), { recursive: true })
  expect(findInterpreters({ ...host, path: join(home, 'bin'), systemPythons: [] }).python).toBeNull()
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
