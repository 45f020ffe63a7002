import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Setting } from '../../src/config/env-config.ts'
import { type ConfigSources, loadConfig, readConfigFile, userConfigPath } from '../../src/config/load-config.ts'
import { UnreadableFile } from '../../src/config/read-text-file.ts'
import { renderConfig } from '../../src/config/render-config.ts'
import { BUILT_IN_CONFIG, type LoadedConfig } from '../../src/domain/config.ts'
import { CodeConductorError } from '../../src/domain/errors.ts'

const USER = '/home/ada/.config/codeconductor/config.yaml'
const PROJECT = '/home/ada/shop/.codeconductor/config.yaml'

interface Given {
  readonly user?: string
  readonly project?: string
  readonly env?: Record<string, string>
  readonly flags?: Setting[]
}

function load({ user, project, env = {}, flags = [] }: Given): Promise<LoadedConfig> {
  const files = new Map([
    [USER, user],
    [PROJECT, project],
  ])
  const readFile: ConfigSources['readFile'] = async (path) => files.get(path) ?? null
  return loadConfig({ cwd: '/home/ada/shop', home: '/home/ada', platform: 'linux', env, flags, readFile })
}

async function failure(given: Given): Promise<{ code: string; message: string }> {
  const error = await load(given).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof CodeConductorError)) throw error ?? new Error('it loaded')
  expect(JSON.stringify(error.details) + error.message).not.toContain('secret')
  return { code: error.code, message: error.message }
}

describe('a configuration', () => {
  test('of which nothing is set is what is built in', async () => {
    const { config, origins } = await load({ user: '', project: '# nothing yet\n' })
    expect(config).toEqual(BUILT_IN_CONFIG)
    expect(new Set([...origins.values()].map(({ source }) => source))).toEqual(new Set(['built-in']))
  })

  test('takes each value from the last source that sets it, and knows which that was', async () => {
    const { config, origins } = await load({
      user: 'rounds: 2\nprotocol: classic\nlimits:\n  turnTimeoutSeconds: 60\n  quorum: 2\nforceModel: from-user\n',
      project: 'rounds: 3\nlimits: { quorum: 1 }\nagents: [coder]\n',
      env: { FORCE_MODEL: 'from-env', MAX_TOKENS: '500' },
      flags: [{ path: 'rounds', value: 4, where: '--rounds' }],
    })
    expect(config).toEqual({
      ...BUILT_IN_CONFIG,
      rounds: 4,
      protocol: 'classic',
      limits: { ...BUILT_IN_CONFIG.limits, turnTimeoutSeconds: 60, quorum: 1 },
      forceModel: 'from-env',
      agents: ['coder'],
      sampling: { maxTokens: 500 },
    })
    const paths = [
      'rounds',
      'protocol',
      'limits.turnTimeoutSeconds',
      'limits.quorum',
      'forceModel',
      'agents',
      'sampling.maxTokens',
      'discovery',
    ]
    expect(paths.map((path) => origins.get(path))).toEqual([
      { source: 'flag', where: '--rounds' },
      { source: 'user file', where: '~/.config/codeconductor/config.yaml:2' },
      { source: 'user file', where: '~/.config/codeconductor/config.yaml:4' },
      { source: 'project file', where: '.codeconductor/config.yaml:2' },
      { source: 'environment', where: 'FORCE_MODEL' },
      { source: 'project file', where: '.codeconductor/config.yaml:3' },
      { source: 'environment', where: 'MAX_TOKENS' },
      { source: 'built-in', where: '' },
    ])
  })

  test('may name folders below the home folder in the user file', async () => {
    expect((await load({ user: 'personas: ~/mine' })).config.personas).toBe('/home/ada/mine')
  })

  test.each([
    ['an unknown field', 'rouds: 2', '.codeconductor/config.yaml:1: rouds: unknown field (did you mean "rounds"?)'],
    [
      'an unknown field of a group',
      'rounds: 1\nlimits:\n  budgetToken: 2',
      '.codeconductor/config.yaml:3: limits.budgetToken: unknown field (did you mean "budgetTokens"?)',
    ],
    ['a value of the wrong kind', 'rounds: two', '.codeconductor/config.yaml:1: rounds: must be a number, not text'],
    ['an unknown word', 'protocol: clasic', '(did you mean "classic"?)'],
    [
      'a language without a grammar',
      'codebleu:\n  language: Pyton',
      '.codeconductor/config.yaml:2: codebleu.language: knows c, c_sharp, cpp, go, java, javascript, php, python, ruby, rust, tsx, typescript only (did you mean "python"?)',
    ],
    ['bad syntax', 'a: [\n', '.codeconductor/config.yaml:2: '],
    ['a list', '[a]', '.codeconductor/config.yaml:1: must be a mapping, not a list'],
    ['an escape sequence in a name', '"\\e[31mred": 1', '.codeconductor/config.yaml:1: \\u001b[31mred: unknown field'],
    [
      'a token instead of its name',
      'backends:\n  - { kind: openai, url: "http://localhost:1", tokenEnv: "sk-secret" }',
      'backends.0.tokenEnv: must be the name of an environment variable',
    ],
    [
      'a token as a field',
      'backends:\n  - { kind: openai, url: "http://localhost:1", token: sk-secret }',
      'backends.0.token: unknown field (did you mean "tokenEnv"?)',
    ],
    [
      'a password in an address',
      'ollamaUrl: "http://me:secret@localhost"',
      'ollamaUrl: must be an http:// or https:// address without user',
    ],
    [
      'a key in an address',
      'ollamaUrl: "http://localhost/?key=secret"',
      'ollamaUrl: must be an http:// or https:// address without user',
    ],
    ['a file address', 'ollamaUrl: "file:///etc/passwd"', 'ollamaUrl: must be an http:// or https:// address'],
  ])('with %s is refused, with its line and without its values', async (_, project, message) => {
    expect(await failure({ project })).toEqual({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) })
  })

  test('with a flag of a wrong value is refused in the name of the flag', async () => {
    const flags = [{ path: 'rounds', value: 0, where: '--rounds' }]
    expect(await failure({ flags })).toEqual({ code: 'USAGE', message: '--rounds: too small: expected number to be >=1' })
  })

  test('is not read from a file that could not be read whole', async () => {
    const readFile = () => Promise.reject(new UnreadableFile('refused', 'is larger than 256 KiB'))
    const loading = loadConfig({ cwd: '/p', home: '/h', platform: 'linux', env: {}, flags: [], readFile })
    await expect(loading).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: '/h/.config/codeconductor/config.yaml: is larger than 256 KiB'.replace('/h', '~'),
    })
  })
})

describe("a project's file, which may be a stranger's", () => {
  test.each([
    [
      'a server elsewhere',
      'backends:\n  - kind: openai\n    url: http://example.org',
      ':3: backends.0.url: leads to another machine',
    ],
    ['a server that only looks local', 'ollamaUrl: http://localhost.example.org', ':1: ollamaUrl: leads to another machine'],
    [
      'a server with the name of an address',
      'ollamaUrl: http://127.0.0.1.example.org',
      ':1: ollamaUrl: leads to another machine',
    ],
    [
      'a token',
      'backends: [{ kind: openai, url: "http://127.0.0.1:1", tokenEnv: AWS_KEY }]',
      ':1: backends.0.tokenEnv: names a token',
    ],
    ['the network', 'allowNet: true', ':1: allowNet: opens the network'],
    ['a folder above', 'artifactsDir: a/../../b', ':1: artifactsDir: leads out of the project'],
    ['an absolute folder', 'personas: /etc', ':1: personas: leads out of the project'],
    ['a Windows folder', 'personas: "C:\\\\x"', ':1: personas: leads out of the project'],
    ['the home folder', 'personas: ~/x', ':1: personas: leads out of the project'],
  ])('may not ask for %s, while the user may', async (_, text, message) => {
    expect((await failure({ project: text })).message).toContain(`.codeconductor/config.yaml${message}`)
    expect((await load({ user: text })).config).toBeDefined()
  })

  test('may name servers of this machine and folders of the project', async () => {
    const project = 'backends: [{ kind: vllm, url: "http://[::1]:8000" }]\nallowNet: false\npersonas: team/personas\n'
    expect((await load({ project })).config).toMatchObject({
      backends: [{ kind: 'vllm', url: 'http://[::1]:8000' }],
      personas: 'team/personas',
    })
  })
})

describe("the user's file", () => {
  test.each([
    ['linux', {}, '/h/.config/codeconductor/config.yaml'],
    ['linux', { XDG_CONFIG_HOME: '/x' }, '/x/codeconductor/config.yaml'],
    ['linux', { XDG_CONFIG_HOME: 'relative' }, '/h/.config/codeconductor/config.yaml'],
    ['darwin', {}, '/h/Library/Application Support/codeconductor/config.yaml'],
    ['win32', { APPDATA: 'C:\\A' }, 'C:\\A\\codeconductor\\config.yaml'],
  ] as const)('on %s with %j is %s', (platform, env, path) => {
    expect(userConfigPath({ platform, env, home: '/h' })).toBe(path)
  })
})

describe('reading a file of a configuration', () => {
  const directory = mkdtempSync(join(tmpdir(), 'config-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  test('gives its text, and null where there is none', async () => {
    writeFileSync(join(directory, 'a.yaml'), 'rounds: 2\n')
    expect([await readConfigFile(join(directory, 'a.yaml')), await readConfigFile(join(directory, 'none', 'b.yaml'))]).toEqual([
      'rounds: 2\n',
      null,
    ])
  })

  test('refuses a large file, a link in a circle and a folder', async () => {
    writeFileSync(join(directory, 'large.yaml'), '')
    truncateSync(join(directory, 'large.yaml'), 300_000)
    symlinkSync(join(directory, 'loop.yaml'), join(directory, 'loop.yaml'))
    await expect(readConfigFile(join(directory, 'large.yaml'))).rejects.toThrow('is larger than 256 KiB')
    await expect(readConfigFile(join(directory, 'loop.yaml'))).rejects.toThrow('round in a circle')
    await expect(readConfigFile(directory)).rejects.toThrow('is not a regular file')
  })
})

describe('a configuration as it is shown', () => {
  test('has one value a line, with its origin if asked', async () => {
    const loaded = await load({
      user: 'backends: [{ kind: openai, url: "http://gpu.lan:8000", tokenEnv: GPU_TOKEN }]\n',
      env: { FORCE_MODEL: 'a\u009b31m', GPU_TOKEN: 'sk-secret' },
    })
    const lines = renderConfig(loaded, { origin: true }).split('\n')
    expect(lines).toContain('rounds: 1                                                     # built-in')
    expect(lines).toContain(
      'backends: [{"kind":"openai","url":"http://gpu.lan:8000","tokenEnv":"GPU_TOKEN"}]  # user file ~/.config/codeconductor/config.yaml:1',
    )
    expect(lines.find((line) => line.startsWith('forceModel'))).toMatch(/^forceModel: "a\\u009b31m" +# environment FORCE_MODEL$/)
    expect(lines.join('\n')).not.toContain('secret')
    expect(renderConfig(loaded, { origin: false })).toContain('\nrounds: 1\n')
  })
})
