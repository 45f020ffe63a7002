import { describe, expect, test } from 'vitest'
import { gateAnswers } from '../../src/actors/gate-executor.ts'
import { measureLikeness } from '../../src/app/winner-likeness.ts'
import { toCodeBleuSettings } from '../../src/consensus/code-bleu-settings.ts'
import type { CodeBleuConfig } from '../../src/domain/code-bleu-config.ts'
import { BUILT_IN_CONFIG } from '../../src/domain/config.ts'
import type { SyntaxParser } from '../../src/ports/syntax-parser.ts'
import { createTreeSitterParser } from '../../src/project/tree-sitter-parser.ts'

const PARSER = createTreeSitterParser()
const CONFIG = BUILT_IN_CONFIG.codebleu
const SUM = 'def add(a, b):\n    return a + b\n'
const LOOP = 'def add(a, b):\n    total = 0\n    for n in [a, b]:\n        total += n\n    return total\n'
const OTHER = 'def add(x, y):\n    return x + y\n'

const gate = (programs: readonly string[], config: CodeBleuConfig | null = null, tag = 'python', parser = PARSER) =>
  gateAnswers(
    {
      prompt: 'Write add(a, b).',
      language: null,
      answers: programs.map((program, i) => ({
        ...{ id: `a${i}.1`, agent: `a${i}`, round: 1, turn: `run/a${i}#1`, model: 'm', finish: 'stop' as const },
        text: `\`\`\`${tag}\n${program}\`\`\`\n`,
      })),
      ...(config === null ? {} : { codeBleu: toCodeBleuSettings(config) }),
    },
    parser,
  )

describe('the gate measures likeness', () => {
  test('of each candidate to all other answers, as the figures of the run tell it of the winner', async () => {
    const { candidates, likeness } = await gate([SUM, OTHER, LOOP, SUM])
    const told = await Promise.all(candidates.map((each) => measureLikeness(each, candidates, PARSER, null)))
    expect(likeness).toEqual(told.map((each) => Math.round((each?.score ?? -1) * 1e6) / 1e6))
    const [sum = 0, , loop = 1] = likeness ?? []
    expect(sum).toBeGreaterThan(loop)
  })

  test('of a lone answer not at all', async () => {
    expect(await gate([SUM])).not.toHaveProperty('likeness')
  })

  test('under the settings it is asked with: renaming changes nothing where syntax alone counts', async () => {
    expect((await gate([SUM, OTHER], { ...CONFIG, weights: [0, 1, 0] })).likeness).toEqual([1, 1])
  })

  test('without comments, unless they are asked for', async () => {
    const go = 'func add(a int, b int) int {\n\treturn a + b\n}\n'
    const pair = [go, `// add adds.\n${go}`]
    expect((await gate(pair, CONFIG, 'go')).likeness).toEqual([1, 1])
    expect((await gate(pair, { ...CONFIG, stripComments: false }, 'go')).likeness?.[0]).toBeLessThan(1)
  })

  test.each<[string, Partial<CodeBleuConfig>, string]>([
    ['weights', { weights: [1, 0, 0, 0] }, OTHER],
    ['docstrings', { stripDocstrings: false }, 'def add(a, b):\n    """Add."""\n    return a + b\n'],
    ['language', { language: 'go' }, OTHER],
    ['case, in the token part', { weights: [0, 0, 1], normalize: true }, 'def ADD(a, b):\n    return a + b\n'],
  ])('and another setting gives another likeness: %s', async (_, change, other) => {
    const base = { ...CONFIG, ...(change.normalize === true ? { weights: change.weights ?? null } : {}) }
    expect((await gate([SUM, other], { ...CONFIG, ...change })).likeness).not.toEqual((await gate([SUM, other], base)).likeness)
  })

  test('by tokens where there is no grammar', async () => {
    const [a = 0, b = 1] = (await gate(['ADD 1 TO X.\n', 'ADD 2 TO X.\n'], null, 'cobol')).likeness ?? []
    expect([a, a > 0 && a < 1]).toEqual([b, true])
  })

  test('with each program parsed but once for it, however many gave it', async () => {
    const parsed: string[] = []
    const counting: SyntaxParser = {
      languages: () => PARSER.languages(),
      parse: (language, text) => {
        // The gate's own parses are of whole lines.
        if (!text.endsWith('\n')) parsed.push(text)
        return PARSER.parse(language, text)
      },
    }
    await gate([SUM, LOOP, SUM, SUM, LOOP], null, 'python', counting)
    expect(parsed).toEqual([SUM.trim(), LOOP.trim()])
  })

  test('in one language, that in which the programs have the fewest errors', async () => {
    const typed = 'function add(a: number, b: number) { return a + b }\n'
    const plain = 'function add(a, b) { return a + b }\n'
    const answers = [typed, plain].map((program, i) => ({
      ...{ id: `a${i}.1`, agent: `a${i}`, round: 1, turn: `run/a${i}#1`, model: 'm', finish: 'stop' as const },
      text: `\`\`\`${i === 0 ? 'ts' : 'js'}\n${program}\`\`\`\n`,
    }))
    const { candidates } = await gateAnswers({ prompt: 'Write add(a, b).', language: null, answers }, PARSER)
    const [first] = candidates
    const told = first === undefined ? null : await measureLikeness(first, candidates, PARSER, null)
    expect(told?.language).toBe('typescript')
  })
})
