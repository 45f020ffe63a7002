import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { explainFailure, type FixHost, installCommand, tellingLine } from '../../../src/sandbox/self-test/explain-failure.ts'

const host = (
  settings: Readonly<Record<string, string>>,
  files: readonly string[] = ['/usr/bin/apt-get', '/usr/bin/bwrap'],
): FixHost => ({
  setting: (name) => settings[name] ?? null,
  has: (path) => files.includes(path),
})
const REFUSED = ['javascript self-test did not finish (sandbox-error): bwrap: setting up uid map: Permission denied']

test('AppArmor in the way is answered with a profile for bubblewrap alone, not by allowing every program', () => {
  const fix = explainFailure(REFUSED, host({ 'kernel.apparmor_restrict_unprivileged_userns': '1' }))
  expect(fix).toMatch(/\/etc\/apparmor\.d\/bwrap/)
  expect(fix).not.toMatch(/sysctl/)
})

test('a kernel setting is named only where it exists and is the reason', () => {
  expect(explainFailure(REFUSED, host({ 'user.max_user_namespaces': '0' }))).toBe('sudo sysctl -w user.max_user_namespaces=15000')
  expect(explainFailure(REFUSED, host({ 'kernel.unprivileged_userns_clone': '0' }))).toBe(
    'sudo sysctl -w kernel.unprivileged_userns_clone=1',
  )
  const fine = { 'kernel.apparmor_restrict_unprivileged_userns': '0', 'kernel.unprivileged_userns_clone': '1' }
  for (const settings of [{}, fine]) expect(explainFailure(REFUSED, host(settings))).not.toMatch(/sysctl|apparmor/)
  expect(explainFailure(REFUSED, host({}, ['/.dockerenv', '/usr/bin/apt-get']))).toMatch(/^docker run .*seccomp=unconfined/)
})

test('a self-test that failed otherwise is answered with a newer bubblewrap, never with the command that prints the answer', () => {
  expect(explainFailure(['process-limit 90 processes'], host({}))).toBe('sudo apt-get install --yes bubblewrap')
  expect(explainFailure(['process-limit 90 processes'], host({}, ['/sbin/apk']))).toBe('sudo apk add bubblewrap')
})

test('every fix is a command a shell reads as it is, without words after it', () => {
  const files = ['/usr/bin/bwrap', '/.dockerenv']
  const settings = [
    'kernel.apparmor_restrict_unprivileged_userns=1',
    'kernel.unprivileged_userns_clone=0',
    'user.max_user_namespaces=0',
    'x=1',
  ]
  const fixes = [
    ...settings.map((setting) => explainFailure(REFUSED, host(Object.fromEntries([setting.split('=')]), files))),
    ...['/usr/bin/dnf', '/usr/bin/pacman', '/usr/bin/zypper', '/none'].map((path) =>
      installCommand('bubblewrap', host({}, [path])),
    ),
    installCommand('util-linux'),
  ]
  for (const fix of fixes) {
    expect(spawnSync('bash', ['-n', '-c', fix]).status, fix).toBe(0)
    expect(fix).toMatch(/^(sudo|printf|docker) /)
    expect(fix).not.toMatch(/ {3}|doctor|docs\//)
  }
})

test('what went wrong is the last line of a traceback and the first of anything else', () => {
  const traceback =
    'Traceback (most recent call last):\n  File "<string>", line 9, in <module>\nPermissionError: [Errno 1] mount\n\n'
  expect(tellingLine(traceback)).toBe('PermissionError: [Errno 1] mount')
  expect(tellingLine('\nbwrap: no permission\nmore')).toBe('bwrap: no permission')
  expect([tellingLine(''), tellingLine(' \n')]).toEqual(['no message', 'no message'])
})
