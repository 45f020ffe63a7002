import { afterAll, describe, expect, test } from 'vitest'
import type { Kpi } from '../../src/domain/kpi.ts'
import { createRoot, passTime, program, runWithArtifacts, SAID } from '../app/artifact-run.ts'
import { persona, spec } from '../support/test-services.ts'

const root = createRoot()
afterAll(() => root.remove())

const PROMPT = 'Write add(a, b) in Python. add(1, 2) == 3'

describe('the files are valid', () => {
  test.each([
    ['nonsense counts', { inputTokens: -1, outputTokens: 2.5 }],
    ['counts beyond what a number holds', { inputTokens: 1e300, outputTokens: Number.NaN }],
    ['no counts', { inputTokens: null, outputTokens: null }],
  ])('when a server sends %s', async (_, usage) => {
    const script = [
      { do: 'text', text: program('a + b') },
      { do: 'usage', usage },
    ] as const
    const run = await runWithArtifacts(root.path, { said: { architect: script, bug_hunter: script, coder: script } })
    expect(run.json<Kpi>('kpi.json').token_usage['mock/mock']).toEqual({ prompt_tokens: null, completion_tokens: null })
    expect(run.read('report.md')).toContain('was chosen.')
  })

  test('when a server lists models with nonsense in every field', async () => {
    const nonsense = { contextTokens: -5, quantization: '', digest: '', sizeBytes: -1 }
    const run = await runWithArtifacts(root.path, { mock: { models: [{ name: '\x1b[2J<b>', ...nonsense }] } })
    const [model] = run.json<Kpi>('kpi.json').models
    expect(model).toEqual({ name: 'mock/\x1b[2J<b>', source: 'mock', quant: null, context_length: null })
    expect(run.read('kpi.json')).not.toContain('\x1b')
    expect(run.read('report.md')).not.toContain('\x1b')
  })

  test.each(['classic', 'evidence', 'solo'] as const)(
    'in the protocol %s with more rounds and a budget that runs out',
    async (protocol) => {
      const ids = protocol === 'solo' ? ['coder'] : ['architect', 'bug_hunter', 'coder']
      const agents = ids.map((id) => ({ id, persona: persona(id) }))
      for (const budgetTokens of [null, 250]) {
        const run = await runWithArtifacts(root.path, {
          spec: spec({ prompt: PROMPT, protocol, rounds: 2, agents, limits: { budgetTokens } }),
          during: passTime,
        })
        const { outcome, latency_ms } = run.json<Kpi>('kpi.json')
        expect([outcome, latency_ms.generation]).toEqual([
          budgetTokens === null || protocol === 'solo' ? 'completed' : 'budgetExhausted',
          expect.any(Number),
        ])
      }
    },
  )

  test('when answers name paths that lead out, meet, or are no paths', async () => {
    const file = (name: string): string => `**${name}**\n\n\`\`\`python\ndef add(a, b):\n    return a + b\n\`\`\`\n`
    const text = ['../../etc/passwd', 'a.py', 'A.py', '/abs.py', 'con', '.git/config', 'a.py/b.py'].map(file).join('\n')
    const run = await runWithArtifacts(root.path, { said: { architect: text, bug_hunter: text, coder: text } })
    expect(run.listed().filter((name) => name.includes('..') || name.includes('.git'))).toEqual([])
    expect(run.listed().filter((name) => name.startsWith('after/')).length).toBeGreaterThan(0)
  })

  test('when an answer is a megabyte on one line, ending in half of a surrogate pair', async () => {
    const long = `${program(`a + b  # ${'x'.repeat(1_000_000)}`)}\ud800`
    const run = await runWithArtifacts(root.path, { said: { ...SAID, architect: long } })
    expect(run.read('report.md').length).toBeLessThan(20_000)
    expect(/\p{Cs}/u.test(run.read('transcript.md'))).toBe(false)
  })
})
