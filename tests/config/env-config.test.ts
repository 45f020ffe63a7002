import { describe, expect, test } from 'vitest'
import { readTruth } from '../../src/config/env-config.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { BUILT_IN_CONFIG, type Config } from '../../src/domain/config.ts'
import { CodeConductorError } from '../../src/domain/errors.ts'

async function load(env: Record<string, string>, user = ''): Promise<Config> {
  const readFile = async (path: string) => (path.startsWith('/home') ? user : null)
  return (await loadConfig({ cwd: '/p', home: '/home', platform: 'linux', env, flags: [], readFile })).config
}

async function failure(env: Record<string, string>): Promise<string> {
  const error = await load(env).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error instanceof CodeConductorError && error.code === 'CONFIG_INVALID') return error.message
  throw error ?? new Error('it loaded')
}

const { codebleu } = BUILT_IN_CONFIG

describe('the environment', () => {
  test.each([
    [{ DISCOVERY_DISABLE: '1' }, { discovery: false }],
    [{ ENGINE_BACKENDS: 'LMStudio, ollama, OLLAMA,' }, { engineBackends: ['lmstudio', 'ollama'] }],
    [{ LMSTUDIO_DISABLE: 'yes' }, { engineBackends: ['ollama', 'vllm', 'llamacpp', 'openai'] }],
    [{ ENGINE_BACKENDS: 'ollama,vllm', OLLAMA_DISABLE: '1' }, { engineBackends: ['vllm'] }],
    [{ OLLAMA_DISABLE: '0' }, {}],
    [{ ENGINE_MODEL_ALLOWLIST: 'a:1, b' }, { modelAllowlist: ['a:1', 'b'] }],
    [{ FORCE_MODEL: 'a', WINNER_MODEL: 'b' }, { forceModel: 'a' }],
    [{ FORCE_MODEL: '', WINNER_MODEL: 'b' }, { forceModel: 'b' }],
    [{ MODEL_SELECTOR_STRICT: 'TRUE' }, { strictModel: true }],
    [{ SELECTOR_POLICY: 'Quality' }, { selectorPolicy: 'quality' }],
    [{ MAX_PARALLEL_MODELS: '2' }, { maxParallelModels: 2 }],
    [{ CC_TEMP: '0', TEMP: '0.7' }, { sampling: { temperature: 0 } }],
    [{ TEMP: '0.7' }, { sampling: { temperature: 0.7 } }],
    [{ TEMP: 'C:\\Users\\ada\\AppData\\Local\\Temp' }, {}],
    [{ TEMP: '/tmp' }, {}],
    [{ TEMP: '%USERPROFILE%\\Temp' }, {}],
    [{ CC_TOP_P: '0.9', TOP_P: '0.5' }, { sampling: { topP: 0.9 } }],
    [{ MAX_TOKENS: '1024' }, { sampling: { maxTokens: 1024 } }],
    [{ ARTIFACTS_DIR: '/var/cc' }, { artifactsDir: '/var/cc' }],
    [{ ALLOW_NET: 'on' }, { allowNet: true }],
    [{ ALLOW_NET: '0' }, { allowNet: false }],
    [{ CC_QUICK_CI: '1' }, { quick: true }],
    [{ CODEBLEU_WEIGHTS: '0.5,0.3,0.2' }, { codebleu: { ...codebleu, weights: [0.5, 0.3, 0.2] } }],
    [{ CODEBLEU_WEIGHTS: ' 1, .1 ,0.4,4e-1 ' }, { codebleu: { ...codebleu, weights: [1, 0.1, 0.4, 0.4] } }],
    [{ CODEBLEU_WEIGHTS: 'Seed' }, { codebleu: { ...codebleu, weights: [0.2, 0.6, 0.2] } }],
    [{ CODEBLEU_WEIGHTS: ' ', CODEBLEU_LANG: '', CODEBLEU_STRIP_COMMENTS: '' }, {}],
    [{ CODEBLEU_LANGUAGE: 'C#' }, { codebleu: { ...codebleu, language: 'c_sharp' } }],
    [{ CODEBLEU_LANG: 'Rust', CODEBLEU_LANGUAGE: 'go' }, { codebleu: { ...codebleu, language: 'rust' } }],
    [
      { CODEBLEU_NORMALIZE: 'yes', CODEBLEU_STRIP_COMMENTS: '0', CODEBLEU_STRIP_DOCSTRINGS: 'Off' },
      { codebleu: { ...codebleu, normalize: true, stripComments: false, stripDocstrings: false } },
    ],
    [{ OLLAMA_HOST: '' }, {}],
    [{ OLLAMA_HOST: '0.0.0.0' }, { ollamaUrl: 'http://127.0.0.1:11434' }],
    [{ OLLAMA_HOST: ':1234' }, { ollamaUrl: 'http://127.0.0.1:1234' }],
    [{ OLLAMA_HOST: 'box:80' }, { ollamaUrl: 'http://box:80' }],
    [{ OLLAMA_HOST: '::' }, { ollamaUrl: 'http://[::1]:11434' }],
    [{ OLLAMA_HOST: '[::1]:99' }, { ollamaUrl: 'http://[::1]:99' }],
    [{ OLLAMA_HOST: 'https://box/ollama/' }, { ollamaUrl: 'https://box/ollama' }],
  ])('with %j sets %j and nothing else', async (env, expected) => {
    expect(await load(env as Record<string, string>)).toEqual({ ...BUILT_IN_CONFIG, ...expected })
  })

  test('takes a kind of server away from those a file allows', async () => {
    expect((await load({ OLLAMA_DISABLE: '1' }, 'engineBackends: [ollama, vllm]')).engineBackends).toEqual(['vllm'])
  })

  test.each([
    [{ ALLOW_NET: 'maybe' }, 'ALLOW_NET: must be 1, true, yes, on, 0, false, no or off'],
    [{ OLLAMA_DISABLE: '2' }, 'OLLAMA_DISABLE: must be 1'],
    [
      { ENGINE_BACKENDS: 'olama' },
      'ENGINE_BACKENDS: knows ollama, lmstudio, vllm, llamacpp, openai only (did you mean "ollama"?)',
    ],
    [{ SELECTOR_POLICY: 'best' }, 'SELECTOR_POLICY: must be one of latency, context, quality, fixed'],
    [{ CC_TEMP: 'hot' }, 'CC_TEMP: must be a number'],
    [{ CC_TEMP: '9' }, 'CC_TEMP: too big: expected number to be <=2'],
    [{ TEMP: 'warm' }, 'TEMP: must be a number'],
    [{ MAX_TOKENS: '1.5' }, 'MAX_TOKENS: must be a whole number'],
    [{ MAX_PARALLEL_MODELS: '0x2' }, 'MAX_PARALLEL_MODELS: must be a number'],
    [{ CODEBLEU_WEIGHTS: '1,2' }, 'CODEBLEU_WEIGHTS: must hold 3 or 4 numbers, or be "seed"'],
    [{ CODEBLEU_WEIGHTS: '1,2,3,4,5' }, 'CODEBLEU_WEIGHTS: must hold 3 or 4 numbers'],
    [{ CODEBLEU_WEIGHTS: '0.2,,0.6,0.2' }, 'CODEBLEU_WEIGHTS: has an empty place'],
    [{ CODEBLEU_WEIGHTS: '0.2,0.6,0.2,' }, 'CODEBLEU_WEIGHTS: has an empty place'],
    [{ CODEBLEU_WEIGHTS: '1,2,x' }, 'CODEBLEU_WEIGHTS: must be a number'],
    [{ CODEBLEU_WEIGHTS: '1,-2,3' }, 'CODEBLEU_WEIGHTS: must hold numbers from 0 up'],
    [{ CODEBLEU_WEIGHTS: '1,Infinity,3' }, 'CODEBLEU_WEIGHTS: must be a number'],
    [{ CODEBLEU_NORMALIZE: 'maybe' }, 'CODEBLEU_NORMALIZE: must be 1, true'],
    [{ CODEBLEU_STRIP_COMMENTS: '2' }, 'CODEBLEU_STRIP_COMMENTS: must be 1, true'],
    [{ CODEBLEU_STRIP_DOCSTRINGS: 'ja' }, 'CODEBLEU_STRIP_DOCSTRINGS: must be 1, true'],
    [
      { CODEBLEU_LANG: 'pyton' },
      'CODEBLEU_LANG: knows c, c_sharp, cpp, go, java, javascript, php, python, ruby, rust, tsx, typescript only (did you mean "python"?)',
    ],
    [{ CODEBLEU_LANGUAGE: 'klingon-secret' }, 'CODEBLEU_LANGUAGE: knows c, c_sharp'],
    [{ CODEBLEU_WEIGHTS: '0,0,0' }, 'CODEBLEU_WEIGHTS: one weight at least must be above 0'],
    [{ OLLAMA_HOST: 'http://me:secret@box' }, 'OLLAMA_HOST: must not hold a user name or password'],
    [{ OLLAMA_HOST: 'a b' }, 'OLLAMA_HOST: must be host, host:port or an http:// address'],
  ])('with %j is refused in the name of the variable, without its value', async (env, message) => {
    const said = await failure(env as Record<string, string>)
    expect(said).toContain(`environment variable ${message}`)
    expect(said).not.toContain('secret')
  })
})

test('a switch has one rule, in any case', () => {
  const words = ['1', 'true', 'YES', ' On ', '0', 'False', 'no', 'OFF', '']
  expect(words.map((word) => readTruth(word, 'X'))).toEqual([true, true, true, true, false, false, false, false, false])
})
