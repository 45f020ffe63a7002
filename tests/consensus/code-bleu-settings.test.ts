import { describe, expect, test } from 'vitest'
import {
  CODE_BLEU_DEFAULTS,
  codeBleuWeights,
  comparisonLanguage,
  listWeights,
  toCodeBleuSettings,
} from '../../src/consensus/code-bleu-settings.ts'
import { BUILT_IN_CONFIG } from '../../src/domain/config.ts'
import { CodeConductorError } from '../../src/domain/errors.ts'

describe('weights', () => {
  test('four are n-gram, weighted n-gram, syntax and data flow; three are n-gram, syntax and token', () => {
    expect(codeBleuWeights([1, 2, 3, 4], 'x')).toEqual({ ngram: 1, weighted: 2, ast: 3, flow: 4, token: 0 })
    expect(codeBleuWeights([1, 2, 3], 'x')).toEqual({ ngram: 1, weighted: 0, ast: 2, flow: 0, token: 3 })
  })

  test.each([[[1, 2, 3, 4]], [[1, 2, 3]], [[0, 0, 0, 1]]])('%j come back as they were written', (weights) => {
    expect(listWeights(codeBleuWeights(weights, 'x'))).toEqual(weights)
  })

  test.each([
    [[1, 2], '3 or 4 numbers'],
    [[1, 2, 3, 4, 5], '3 or 4 numbers'],
    [[1, -2, 3], 'numbers from 0 up'],
    [[1, Number.NaN, 3], 'numbers from 0 up'],
    [[1, Number.POSITIVE_INFINITY, 3], 'numbers from 0 up'],
    [[0, 0, 0, 0], 'above 0'],
  ])('%j are refused in the name of their source', (weights, problem) => {
    const read = () => codeBleuWeights(weights, 'THE_SOURCE')
    expect(read).toThrow(CodeConductorError)
    expect(read).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(`^THE_SOURCE .*${problem}`) }),
    )
  })
})

describe('settings of a configuration', () => {
  test('are the defaults where nothing is configured, and where nobody set anything', () => {
    expect([toCodeBleuSettings(null), toCodeBleuSettings(BUILT_IN_CONFIG.codebleu)]).toEqual([
      CODE_BLEU_DEFAULTS,
      CODE_BLEU_DEFAULTS,
    ])
  })

  test('take every value over, the language under the name of its grammar', () => {
    const config = { weights: [1, 2, 3], language: 'PY', normalize: true, stripComments: false, stripDocstrings: false }
    expect(toCodeBleuSettings(config)).toEqual({
      ...{ normalize: true, stripComments: false, stripDocstrings: false, language: 'python' },
      weights: { ngram: 1, weighted: 0, ast: 2, flow: 0, token: 3 },
    })
  })
})

describe('the one language of a comparison', () => {
  const errors: Readonly<Record<string, number>> = { go: 4, javascript: 1, typescript: 1 }
  const errorsAs = (language: string) => errors[language] ?? null

  test('is what the caller said, else the setting, else the tag they agree on', () => {
    expect(comparisonLanguage({ argument: 'js', configured: 'go', tags: ['py'] })).toBe('javascript')
    expect(comparisonLanguage({ argument: null, configured: 'Go', tags: ['py'] })).toBe('go')
    expect(comparisonLanguage({ tags: ['py', 'python', ''] })).toBe('python')
    expect(comparisonLanguage({ tags: [] })).toBeNull()
  })

  test('is the tag with the fewest errors where tags differ, ties by name, one without grammar last', () => {
    expect(comparisonLanguage({ tags: ['go', 'ts', 'js'], errorsAs })).toBe('javascript')
    expect(comparisonLanguage({ tags: ['cobol', 'go'], errorsAs })).toBe('go')
    expect(comparisonLanguage({ tags: ['cobol', 'algol'], errorsAs })).toBe('algol')
  })
})
