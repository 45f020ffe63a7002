import { describe, expect, test } from 'vitest'
import { CODE_BLEU_DEFAULTS, comparisonLanguage, parseCodeBleuSettings } from '../../src/consensus/code-bleu-settings.ts'
import { CodeConductorError } from '../../src/domain/errors.ts'

describe('settings from the environment', () => {
  test('an empty environment gives the defaults', () => {
    expect(parseCodeBleuSettings({ CODEBLEU_WEIGHTS: ' ', CODEBLEU_LANG: '' })).toEqual(CODE_BLEU_DEFAULTS)
  })

  test('every variable is read', () => {
    const env = {
      CODEBLEU_WEIGHTS: '0.1, 0.1 ,0.4,0.4',
      CODEBLEU_NORMALIZE: 'yes',
      CODEBLEU_STRIP_COMMENTS: '0',
      CODEBLEU_STRIP_DOCSTRINGS: 'Off',
      CODEBLEU_LANG: 'PY',
    }
    expect(parseCodeBleuSettings(env)).toEqual({
      weights: { ngram: 0.1, weighted: 0.1, ast: 0.4, flow: 0.4, token: 0 },
      normalize: true,
      stripComments: false,
      stripDocstrings: false,
      language: 'python',
    })
  })

  test('three weights are n-gram, syntax and token', () => {
    const expected = { ngram: 0.2, weighted: 0, ast: 0.6, flow: 0, token: 0.2 }
    expect(parseCodeBleuSettings({ CODEBLEU_WEIGHTS: '.2 .6 .2' }).weights).toEqual(expected)
    expect(parseCodeBleuSettings({ CODEBLEU_WEIGHTS: 'seed' }).weights).toEqual(expected)
  })

  test.each([
    ['CODEBLEU_WEIGHTS', '1,2', '3 or 4 numbers'],
    ['CODEBLEU_WEIGHTS', '1,2,3,4,5', '3 or 4 numbers'],
    ['CODEBLEU_WEIGHTS', '1,,2', 'numbers from 0 up'],
    ['CODEBLEU_WEIGHTS', '1,2,x', 'numbers from 0 up'],
    ['CODEBLEU_WEIGHTS', '1,-2,3', 'numbers from 0 up'],
    ['CODEBLEU_WEIGHTS', '1,Infinity,3', 'numbers from 0 up'],
    ['CODEBLEU_WEIGHTS', '0,0,0,0', 'above 0'],
    ['CODEBLEU_NORMALIZE', 'maybe', 'must be 1'],
    ['CODEBLEU_STRIP_COMMENTS', '2', 'must be 1'],
    ['CODEBLEU_STRIP_DOCSTRINGS', 'ja', 'must be 1'],
  ])('%s=%s is refused by name', (variable, value, problem) => {
    let thrown: unknown
    try {
      parseCodeBleuSettings({ [variable]: value })
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(CodeConductorError)
    expect(thrown).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`${variable} must`),
      hint: expect.stringContaining(variable),
    })
    expect((thrown as Error).message).toContain(problem)
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
