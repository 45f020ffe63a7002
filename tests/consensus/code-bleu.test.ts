import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeBleu, codeProfile, normaliseCode } from '../../src/consensus/code-bleu.ts'
import { CODE_BLEU_DEFAULTS, codeBleuWeights } from '../../src/consensus/code-bleu-settings.ts'
import { createTreeSitterParser } from '../../src/project/tree-sitter-parser.ts'
import { anyText, compared, profileOf, pythonText } from './code-bleu-texts.ts'

const LANGUAGES = ['python', 'javascript', 'typescript', 'tsx', 'go', 'java', 'cpp', 'ruby', 'cobol']
const runs = { numRuns: 100 }

describe('agreement by CodeBLEU', () => {
  test('is 1 of a text with itself, symmetric, and in [0, 1] in every part, whatever the texts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...LANGUAGES), anyText, anyText, async (language, a, b) => {
        const [one, two] = [await profileOf(language, a), await profileOf(language, b)]
        const result = codeBleu(one, two, CODE_BLEU_DEFAULTS.weights)
        expect(codeBleu(one, one, CODE_BLEU_DEFAULTS.weights).score).toBe(1)
        expect(codeBleu(two, one, CODE_BLEU_DEFAULTS.weights)).toEqual({
          ...result,
          errorsA: result.errorsB,
          errorsB: result.errorsA,
        })
        for (const part of [result.score, ...Object.values(result.parts)])
          expect(part === null || (part >= 0 && part <= 1)).toBe(true)
      }),
      runs,
    )
  })

  test('blank lines, trailing blanks, line ends and comments change nothing', async () => {
    await fc.assert(
      fc.asyncProperty(pythonText, pythonText, async (a, b) => {
        const dressed = a
          .split('\n')
          .map((line, i) => (i % 2 ? `${line}  # note ${i}` : `${line} \t\r\n\r\n`))
          .join('\r\n')
        expect(await compared('python', dressed, b)).toEqual(await compared('python', a, b))
      }),
      runs,
    )
  })

  test('consistent renaming leaves syntax and data flow unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(pythonText, pythonText, async (a, b) => {
        const renamed = a.replace(/\b(a|b|total|items|x)\b/g, (word) => `renamed_${word}`)
        const [before, after] = [await compared('python', a, b), await compared('python', renamed, b)]
        expect({ ast: after.parts.ast, flow: after.parts.flow }).toEqual({ ast: before.parts.ast, flow: before.parts.flow })
      }),
      runs,
    )
  })

  test('a score of 1 means that tokens and subtrees are the same', async () => {
    const edit = fc.constantFrom<(text: string) => string>(
      (text) => `${text}  # the same`,
      (text) => text.replace('total', 'items'),
      (text) => text.replace('+=', '='),
      (text) => text.replace('return', 'b ='),
    )
    await fc.assert(
      fc.asyncProperty(pythonText, edit, async (text, change) => {
        const [one, two] = [await profileOf('python', text), await profileOf('python', change(text))]
        const isSame = codeBleu(one, two, CODE_BLEU_DEFAULTS.weights).score === 1
        const shape = (profile: typeof one) => [profile.grams.grams[3], profile.ast]
        if (isSame) expect(shape(one)).toEqual(shape(two))
        else expect([one.grams, one.ast, one.flow]).not.toEqual([two.grams, two.ast, two.flow])
      }),
      runs,
    )
  })

  test('a syntax error added anywhere never throws, and is told', async () => {
    await fc.assert(
      fc.asyncProperty(pythonText, fc.nat(), async (text, at) => {
        const place = at % (text.length + 1)
        const broken = `${text.slice(0, place)} $$( ${text.slice(place)}`
        const result = await compared('python', text, broken)
        expect(result).toMatchObject({ errorsA: 0 })
        expect(result.errorsB + Number(text.slice(0, place).split('"').length % 2 === 0)).toBeGreaterThan(0)
      }),
      runs,
    )
  })

  test('the parts are what one counts by hand', async () => {
    const plus = 'def add(a, b):\n    return a + b\n'
    const times = 'def add(a, b):\n    return a * b\n'
    const parts = {
      // 12 tokens, of which one differs: 11 of 12, 9 of 11 pairs, 8 of 10 triples, 7 of 9 runs of four.
      ngram: (11 / 12 + 9 / 11 + 8 / 10 + 7 / 9) / 4,
      // Two keywords of weight 1 and ten tokens of 0.2, one of which differs.
      weighted: 3.8 / 4,
      ast: 1,
      flow: 1,
      token: 9 / 11,
    }
    const result = await compared('python', plus, times)
    expect(result).toMatchObject({ flags: [], errorsA: 0, errorsB: 0 })
    for (const part of Object.keys(parts) as (keyof typeof parts)[]) expect(result.parts[part]).toBeCloseTo(parts[part], 12)
    expect(result.score).toBeCloseTo((parts.ngram + parts.weighted + 2) / 4, 12)
  })
})

describe('edge cases', () => {
  test('two empty texts agree and are degenerate; with one of them, nothing agrees', async () => {
    for (const [a, b] of [
      ['', ' \n\t'],
      ['# a', '# b'],
    ] as const) {
      expect(await compared('python', a, b)).toMatchObject({ score: 1, flags: ['degenerate'] })
    }
    expect(await compared('python', 'x = 1', '# nothing')).toMatchObject({ score: 0, flags: [] })
  })

  test('a language without grammar is compared by tokens', async () => {
    const result = await compared('cobol', 'MOVE A TO B.', 'MOVE A TO C.')
    expect(result).toMatchObject({ flags: ['no_grammar'], parts: { ast: null, flow: null } })
    expect(result.score).toBeCloseTo(((result.parts.ngram ?? 0) + (result.parts.weighted ?? 0)) / 2, 12)
  })

  test('a language without a data-flow table has no data flow', async () => {
    expect(await compared('ruby', 'def f(a)\n  a\nend', 'def f(b)\n  b\nend')).toMatchObject({
      flags: [],
      parts: { ast: 1, flow: null },
    })
  })

  test('texts with errors are scored on what could be parsed', async () => {
    const result = await compared('python', 'def f(:\n    return 1', 'def f(:\n    return 2')
    expect(result.errorsA).toBeGreaterThan(0)
    expect(result.score).toBeGreaterThan(0.3)
  })

  test('a text of more tokens than are read is compared by its first part', async () => {
    const long = 'x = 1\n'.repeat(20_000)
    expect(await compared('python', long, 'x = 1\n')).toMatchObject({ flags: ['truncated'], parts: { ast: null, flow: null } })
  })

  test('a program whose data flow is too long a walk is compared without it', async () => {
    // Each loop is walked twice, and the list is written down on each walk.
    const wide = `while x:\n    y = [${'x, '.repeat(20_000)}]\n`
    const result = await compared('python', wide, 'y = x')
    expect(result.flags).toContain('budget')
    expect(result.parts.flow).toBeNull()
  })

  test('a text the parser gave up is compared by its tokens', async () => {
    const impatient = createTreeSitterParser({ maxTextLength: 5 })
    const profile = async (text: string) => codeProfile(text, await impatient.parse('python', text), CODE_BLEU_DEFAULTS)
    const result = codeBleu(await profile('a = b + 1'), await profile('a = b + 2'), CODE_BLEU_DEFAULTS.weights)
    expect(result).toMatchObject({ flags: ['budget'], parts: { token: 4 / 6, ast: null, flow: null } })
  })

  test('nesting 10,000 deep and a line of 100 KB are compared', async () => {
    const deep = `x = ${'('.repeat(10_000)}1${')'.repeat(10_000)}`
    const line = `x = ${'b + '.repeat(12_000)}1`
    for (const text of [deep, line])
      expect(await compared('python', text, `${text}\ny = 2`)).toMatchObject({ errorsA: 0, flags: [] })
  })
})

describe('settings', () => {
  const withComments = { ...CODE_BLEU_DEFAULTS, stripComments: false }
  const withDocstrings = { ...CODE_BLEU_DEFAULTS, stripDocstrings: false }

  test('comments and docstrings count where they are not stripped', async () => {
    const plain = 'def f(a):\n    return a\n'
    expect((await compared('python', plain, `# note\n${plain}`, withComments)).score).toBeLessThan(1)
    expect((await compared('python', plain, `# note\n${plain}`)).score).toBe(1)
    const documented = 'def f(a):\n    """Returns a."""\n    return a\n'
    expect((await compared('python', plain, documented, withDocstrings)).score).toBeLessThan(1)
    expect((await compared('python', plain, documented)).score).toBe(1)
  })

  test('a string that is a value is no docstring', async () => {
    expect((await compared('python', 'x = """a"""\n', 'x = """b"""\n')).parts.token).toBeLessThan(1)
  })

  test('normalising folds case in the token part alone', async () => {
    const folding = { ...CODE_BLEU_DEFAULTS, normalize: true }
    const [plain, folded] = [
      await compared('python', 'A = None', 'a = none'),
      await compared('python', 'A = None', 'a = none', folding),
    ]
    expect(plain.parts.token).toBeCloseTo(0.2, 12)
    expect(folded.parts).toEqual({ ...plain.parts, token: 1 })
  })

  test('the score is the mean of the parts by their weights, those that are missing left out', async () => {
    const weights = codeBleuWeights([1, 2, 3], 'test')
    const { score, parts } = await compared('ruby', 'a = 1', 'b = c', { ...CODE_BLEU_DEFAULTS, weights })
    expect(score).toBeCloseTo(((parts.ngram ?? 0) + 2 * (parts.ast ?? 0) + 3 * (parts.token ?? 0)) / 6, 12)
    const flowOnly = { ...CODE_BLEU_DEFAULTS, weights: codeBleuWeights([0, 0, 0, 1], 'test') }
    const fallback = await compared('ruby', 'a = 1', 'b = 1', flowOnly)
    expect(fallback.score).toBe(fallback.parts.token)
  })
})

test('texts are compared composed, with line feeds, without blanks at the ends', () => {
  expect(normaliseCode('\r\n e\u0301 = 1 \t\r\n\r  b\u00a0\r')).toBe('\u00e9 = 1\n\n  b')
})

test('a long run of blanks that ends no line is read once', () => {
  const text = `x${' '.repeat(500_000)}y`
  expect(normaliseCode(text)).toBe(text)
})
