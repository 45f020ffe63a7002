import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nearestName } from '../../src/domain/nearest-name.ts'

const PERSONAS = ['architect', 'coder', 'bug_hunter', 'perf_tweaker']

describe('the name a person most likely meant', () => {
  test.each([
    ['coder', 'coder'],
    ['Coder', 'coder'],
    ['codre', 'coder'],
    ['coderr', 'coder'],
    ['bug-hunter', 'bug_hunter'],
    ['bughunter', 'bug_hunter'],
    ['arkitect', 'architect'],
    ['perf', 'perf_tweaker'],
    ['pe', null],
    ['reviewer', null],
    ['', null],
  ])('for %j is %j', (word, expected) => {
    expect(nearestName(word, PERSONAS)).toBe(expected)
  })

  test('is the first listed where two are as near', () => {
    expect(nearestName('cat', ['bat', 'hat'])).toBe('bat')
  })

  test('is nothing where the word begins two names', () => {
    expect(nearestName('max', ['maxParallel', 'maxTokens'])).toBeNull()
  })

  test('is found in no time for a word of a million characters', () => {
    expect(nearestName('x'.repeat(1_000_000), PERSONAS)).toBeNull()
  })

  test('is always one of the names, and a name itself when it is known', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z_]{1,12}$/), { minLength: 1 }), fc.string(), (names, word) => {
        const found = nearestName(word, names)
        expect(found === null || names.includes(found)).toBe(true)
        const [known] = names
        expect(nearestName(known ?? '', names)).toBe(known)
      }),
    )
  })

  test('survives one character being replaced in a name of four or more', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{4,12}$/), fc.nat(), (name, at) => {
        const i = at % name.length
        expect(nearestName(`${name.slice(0, i)}_${name.slice(i + 1)}`, [name])).toBe(name)
      }),
    )
  })
})
