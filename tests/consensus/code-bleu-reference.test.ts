import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readPairs } from '../../bench/codebleu-pairs.ts'
import { referenceCodeBleu, referenceProfile } from '../../src/consensus/code-bleu-reference.ts'
import { referenceSource } from '../../src/consensus/code-bleu-reference-source.ts'
import { parsed } from './code-bleu-texts.ts'

async function scored(language: string, reference: string, hypothesis: string, options: { compat?: 'k4black' } = {}) {
  const profile = async (text: string) => referenceProfile(text, await parsed(language, referenceSource(text, language)))
  return referenceCodeBleu(await profile(reference), await profile(hypothesis), options)
}

describe('CodeBLEU as published', () => {
  test('is 1 of four tokens and more with themselves', async () => {
    const text = 'def add(a, b):\n    c = a + b\n    return c\n'
    expect(await scored('python', text, text)).toEqual({ score: 1, parts: { ngram: 1, weighted: 1, ast: 1, flow: 1 } })
  })

  test('smooths orders that a short text has not', async () => {
    const { parts } = await scored('python', 'x', 'x')
    // One word of one, then 0.1 three times; the weighted variant takes the text for shorter than two.
    expect(parts.ngram).toBeCloseTo(0.1 ** 0.75, 12)
    expect(parts.weighted).toBeCloseTo(Math.exp(-1) * (0.2 * 0.001) ** 0.25, 12)
    expect(parts.flow).toBeNull()
  })

  test('tells no data flow from none matched; the compatible score takes both for all', async () => {
    const none = await scored('python', 'pass', 'pass')
    expect(none.score).toBeCloseTo((none.parts.ngram + none.parts.weighted + none.parts.ast) / 3, 12)
    const missed = await scored('python', 'a = 1\nb = a', 'pass')
    expect(missed.parts.flow).toBe(0)
    const compatible = await scored('python', 'a = 1\nb = a', 'pass', { compat: 'k4black' })
    expect(compatible.score - missed.score).toBeCloseTo(0.25, 12)
  })

  test('nothing is left of an empty hypothesis but the root', async () => {
    expect((await scored('python', 'a = b + c', '')).parts).toEqual({ ngram: 0, weighted: 0, ast: 0, flow: 0 })
  })
})

describe('what is parsed', () => {
  test.each([
    ['python', '# a\nx = 1  # b\n\n# c\ny = "#"', 'x = 1  \ny = "#"'],
    [
      'python',
      'def f():\n    """Doc\n    # no\n    """\n    s = """v"""\n    return s',
      'def f():\n    s = """v"""\n    return s',
    ],
    ['python', 'x = (1,  # open', 'x = (1,  # open'],
    ['python', 'def f():\n        a\n    b  # odd', 'def f():\n        a\n    b  # odd'],
    ['python', 's = """open # x', 's = """open # x'],
    ['python', "s = 'open # x\ny", "s = 'open \ny"],
    ['python', 'x = 1 \\\n    + 2 # y', 'x = 1 \\\n    + 2 '],
    ['java', 'a = "//"; // b\n\nc /* d\n */ = \'"\';', 'a = "//";  \nc   = \'"\';'],
    ['javascript', 'x = /\\/\\//;\ny', 'x = /\\/\\ \ny'],
    ['go', 'a /* open', 'a /* open'],
    ['ruby', '# a\nx', '# a\nx'],
  ])('%s %j without comments is %j', (language, text, expected) => {
    expect(referenceSource(text, language)).toBe(expected)
  })

  test('a text of openings alone is read once', () => {
    for (const [language, text] of [
      ['java', '/*'.repeat(100_000)],
      ['java', "'\\".repeat(100_000)],
      ['python', "'\\".repeat(100_000)],
      ['python', '#\n'.repeat(100_000)],
    ] as const) {
      expect(referenceSource(text, language).length).toBeLessThanOrEqual(text.length)
    }
  })
})

const recorded = '../shared/data/codebleu/reference.jsonl'

test.skipIf(!existsSync(recorded))(
  'the recorded n-gram scores are met to the last digit (skipped where the recording is absent)',
  async () => {
    for (const pair of readPairs(recorded).filter((_, i) => i % 10 === 0)) {
      const { parts } = await scored(pair.lang, pair.reference, pair.hypothesis)
      expect([parts.ngram, parts.weighted]).toEqual([
        expect.closeTo(pair.k4black.ngram, 9),
        expect.closeTo(pair.k4black.weighted_ngram, 9),
      ])
    }
  },
)
