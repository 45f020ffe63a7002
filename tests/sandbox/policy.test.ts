import { expect, test } from 'vitest'
import { assembleFilter } from '../../src/sandbox/drivers/seccomp.ts'
import {
  checkBoxPath,
  checkCwd,
  checkHostDirectory,
  completeEnv,
  completeLimits,
  DEFAULT_LIMITS,
  hashPolicy,
  rlimitArgs,
} from '../../src/sandbox/policy.ts'

test('a wall limit that was not given is three times the CPU limit and two seconds, at least ten', () => {
  expect(completeLimits({ cpuMs: 1_000 }).wallMs).toBe(10_000)
  expect(completeLimits({ cpuMs: 20_000 }).wallMs).toBe(62_000)
  expect(completeLimits({ cpuMs: 20_000, wallMs: 5 }).wallMs).toBe(5)
})

test('address space is bounded for Python and not for Node, which reserves far more than it uses', () => {
  expect(rlimitArgs('python', DEFAULT_LIMITS).some((arg) => arg.startsWith('--as='))).toBe(true)
  expect(rlimitArgs('javascript', DEFAULT_LIMITS).some((arg) => arg.startsWith('--as='))).toBe(false)
  expect(rlimitArgs('javascript', { ...DEFAULT_LIMITS, cpuMs: 1_500 })).toContain('--cpu=2:3')
})

test.each(['/box', '/box/', '/box/../etc', '/box/./a', '/etc/passwd', 'box/a', '/boxer/a', '/box/a b', '/box/a\0', '/box//a'])(
  'a mount at %j is refused',
  (path) => {
    expect(() => checkBoxPath(path)).toThrow(/below \/box/)
  },
)

test('a mount below /box is taken as it is', () => {
  expect(checkBoxPath('/box/project/src/app.py')).toBe('/box/project/src/app.py')
})

test('the environment takes plain names and refuses what steers a loader, an interpreter or a proxy', () => {
  expect(completeEnv({ MY_SEED: '1' })['MY_SEED']).toBe('1')
  const refused = [
    'LD_PRELOAD',
    'DYLD_INSERT_LIBRARIES',
    'NODE_OPTIONS',
    'PYTHONPATH',
    'HTTP_PROXY',
    'PATH',
    'BASH_ENV',
    'a',
    '1A',
    '',
  ]
  for (const name of refused) expect(() => completeEnv({ [name]: 'x' }), name).toThrow(/does not take/)
  expect(() => completeEnv({ A: 'x\0B=y' })).toThrow(/does not take/)
})

test('the policy hash changes with driver, argv, filter and limits, and with nothing else', () => {
  const parts = { driver: 'bwrap', argv: ['--a'], filter: assembleFilter('x64'), limits: DEFAULT_LIMITS }
  const variants = [
    parts,
    { ...parts, driver: 'unshare' },
    { ...parts, argv: ['--b'] },
    { ...parts, filter: assembleFilter('arm64') },
    ...Object.keys(DEFAULT_LIMITS).map((name) => ({ ...parts, limits: { ...DEFAULT_LIMITS, [name]: 1 } })),
  ]
  expect(new Set(variants.map(hashPolicy)).size).toBe(variants.length)
  const { cpuMs, ...rest } = DEFAULT_LIMITS
  expect(hashPolicy({ ...parts, limits: { ...rest, cpuMs } })).toBe(hashPolicy(parts))
})

test('a start directory or a host path that could become another argument is refused', () => {
  expect(['/scratch', '/tmp', '/box', '/box/project'].map(checkCwd)).toEqual(['/scratch', '/tmp', '/box', '/box/project'])
  for (const path of ['/', '/etc', '/scratch\0--bind\0/\0/x', '/box\0', '/box/..']) expect(() => checkCwd(path), path).toThrow()
  expect(checkHostDirectory('/stage/a b')).toBe('/stage/a b')
  for (const path of ['relative', '/a\0--bind\0/', '/a,readonly=false', '/a\n'])
    expect(() => checkHostDirectory(path), path).toThrow()
})
