import { expect, test } from 'vitest'
import { readBackendFlag, readFlagSettings, readPairs } from '../../src/cli/read-run-flags.ts'

const named = [{ name: 'lab', kind: 'vllm', url: 'http://10.0.0.2:8000' }] as const

test('flags become settings that say which flag they came from', () => {
  expect(readFlagSettings({ agents: 'architect, coder', timeoutPerTurn: '60', out: 'runs', json: true })).toEqual([
    { path: 'agents', value: ['architect', 'coder'], where: '--agents' },
    { path: 'limits.turnTimeoutSeconds', value: 60, where: '--timeout-per-turn' },
    { path: 'artifactsDir', value: 'runs', where: '--out' },
  ])
})

test('a number that is none is a usage error that names the flag', () => {
  expect(() => readFlagSettings({ rounds: 'two' })).toThrow('--rounds must be a number, not "two"')
  expect(() => readFlagSettings({ rounds: '' })).toThrow('--rounds must be a number')
})

test('an address is used as it is and nothing else is looked for', () => {
  const settings = readBackendFlag({ backend: 'http://127.0.0.1:9000' }, [])
  expect(settings.find(({ path }) => path === 'backends')?.value).toEqual([{ kind: 'openai', url: 'http://127.0.0.1:9000' }])
  expect(settings.find(({ path }) => path === 'discovery')?.value).toBe(false)
})

test('a configured name, a kind and the mock are understood', () => {
  expect(readBackendFlag({ backend: 'lab' }, [...named]).find(({ path }) => path === 'backends')?.value).toEqual([named[0]])
  expect(readBackendFlag({ backend: 'Ollama' }, []).find(({ path }) => path === 'engineBackends')?.value).toEqual(['ollama'])
  expect(readBackendFlag({ backend: 'mock' }, [])).toEqual([{ path: 'quick', value: true, where: '--backend' }])
  expect(readBackendFlag({}, [])).toEqual([])
})

test('a backend nobody knows is told with the nearest name', () => {
  expect(() => readBackendFlag({ backend: 'olama' }, [])).toThrow('did you mean "ollama"?')
})

test('a model name may hold an equals sign and a colon; the first equals sign divides', () => {
  expect(readPairs({ model: ['coder=qwen:7b', 'architect=a=b'] }, 'model')).toEqual({ coder: 'qwen:7b', architect: 'a=b' })
})

test.each([['coder'], ['=x'], ['coder=']])('--model %s is a usage error', (model) => {
  expect(() => readPairs({ model: [model] }, 'model')).toThrow('--model wants role=name')
})

test('a role named twice is a usage error', () => {
  expect(() => readPairs({ model: ['coder=a', 'coder=b'] }, 'model')).toThrow('--model names "coder" twice')
})
