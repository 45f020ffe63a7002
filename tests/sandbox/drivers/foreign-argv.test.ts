import { expect, test } from 'vitest'
import { containerArgs } from '../../../src/sandbox/drivers/container-argv.ts'
import { adviseFor, adviseForArch, seatbeltCommand, wslCommand } from '../../../src/sandbox/drivers/other-platforms.ts'
import { DEFAULT_LIMITS } from '../../../src/sandbox/policy.ts'

const plan = {
  name: 'cc-1',
  image: 'python:3-slim',
  command: ['python3', '-c', 'pass'],
  env: { TZ: 'UTC' },
  binds: [{ hostPath: '/stage/project', boxPath: '/box/project' }],
  limits: DEFAULT_LIMITS,
  cwd: '/scratch',
  hasChannel: false,
  seccompPath: '/srv/seccomp.json',
  hasInodeCap: true,
  mark: 'started-1',
  bytes: { data: 512 << 20, addressSpace: 2 * 1024 ** 3 },
}
/** Returns the value that follows each `name` in `args`. */
const valuesOf = (args: readonly string[], name: string): string[] =>
  args.flatMap((arg, i) => (arg === name ? [args[i + 1] ?? ''] : []))

test('a container has no network, no capability, no writable root and no image to fetch', () => {
  const args = containerArgs(plan)
  const named = (name: string) => valuesOf(args, name)
  expect([named('--network'), named('--cap-drop'), named('--security-opt'), named('--pull'), named('--user')]).toEqual([
    ['none'],
    ['ALL'],
    ['no-new-privileges', 'seccomp=/srv/seccomp.json'],
    ['never'],
    ['65534:65534'],
  ])
  expect(args).toContain('--read-only')
  expect(named('--mount')).toEqual(['type=bind,source=/stage/project,target=/box/project,readonly'])
  expect(args.join(' ')).not.toMatch(/docker\.sock|--privileged|--pid[= ]|seccomp=unconfined/)
})

test('a container is bounded in memory, swap, processes, descriptors, CPU, bytes and inodes', () => {
  const args = containerArgs({
    ...plan,
    limits: { ...DEFAULT_LIMITS, cpuMs: 1_500, processes: 9, inodes: 300, scratchBytes: 900 },
  })
  expect(valuesOf(args, '--pids-limit')).toEqual(['9'])
  expect(valuesOf(args, '--memory')).toEqual(valuesOf(args, '--memory-swap'))
  expect(valuesOf(args, '--ulimit')).toContain('cpu=2:3')
  expect(valuesOf(args, '--tmpfs')).toEqual([
    '/tmp:rw,nosuid,nodev,exec,size=400,nr_inodes=100,mode=1777',
    '/scratch:rw,nosuid,nodev,exec,size=400,nr_inodes=100,mode=1777',
  ])
  expect(valuesOf(args, '--shm-size')).toEqual(['100'])
})

test('podman is given no inode option, which it would refuse to start with', () => {
  expect(valuesOf(containerArgs({ ...plan, hasInodeCap: false }), '--tmpfs').join(' ')).not.toContain('nr_inodes')
})

test('the command comes last, after its mark and the bounds of a process, and with a channel stdout becomes it', () => {
  const command = ['started-1', 'python3', '-c', 'pass']
  const bounds = 'printf "%s\\n" "$0" >&2; ulimit -d 524288 2>/dev/null; ulimit -v 2097152 2>/dev/null'
  expect(containerArgs(plan).slice(-8)).toEqual(['python:3-slim', '/bin/sh', '-c', `${bounds}; exec "$@"`, ...command])
  const withChannel = `${bounds}; exec 6>&1 1>/dev/null; exec "$@"`
  expect(containerArgs({ ...plan, hasChannel: true }).slice(-5)).toEqual([withChannel, ...command])
  const unbounded = containerArgs({ ...plan, bytes: { ...plan.bytes, addressSpace: null } })
  expect(unbounded.at(-5)).not.toContain('ulimit -v')
})

test('the macOS profile denies by default, network included, and quotes what it is given', () => {
  const [command, flag, profile, ...rest] = seatbeltCommand({
    readable: ['/opt/a "b"'],
    scratch: '/private/tmp/s',
    command: ['python3', '-V'],
  })
  expect([command, flag, rest]).toEqual(['/usr/bin/sandbox-exec', '-p', ['python3', '-V']])
  expect(profile?.split('\n').slice(0, 3)).toEqual(['(version 1)', '(deny default)', '(deny network*)'])
  expect(profile).toContain('(subpath "/opt/a \\"b\\"")')
  expect(profile).not.toMatch(/allow network|allow default|file-write\* \(subpath "\/"\)/)
  expect(() => seatbeltCommand({ readable: ['/a\n(allow default)'], scratch: '/s', command: [] })).toThrow(RangeError)
  expect(() => seatbeltCommand({ readable: ['relative'], scratch: '/s', command: [] })).toThrow(RangeError)
})

test('Windows is sent into WSL2 without its environment, and macOS is told that nothing runs', () => {
  expect(wslCommand(['run']).slice(0, 4)).toEqual(['wsl.exe', '--exec', '/usr/bin/env', '--ignore-environment'])
  expect(adviseFor('win32').fix).toMatch(/^wsl\.exe /)
  expect(adviseFor('darwin').why).toMatch(/partial/)
  expect(adviseFor('aix').why).toBe('no driver for aix')
  for (const advice of [
    adviseFor('win32'),
    adviseFor('darwin'),
    adviseFor('aix'),
    adviseForArch('riscv64'),
    adviseForArch('ia32'),
  ])
    expect(advice.fix).toMatch(/^(wsl\.exe|limactl) [^()]+ doctor --sandbox$/)
  expect(adviseForArch('ia32').why).toMatch(/this Node is a 32-bit one/)
})
