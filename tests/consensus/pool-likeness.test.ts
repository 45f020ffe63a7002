import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeProfile } from '../../src/consensus/code-bleu.ts'
import { CODE_BLEU_DEFAULTS } from '../../src/consensus/code-bleu-settings.ts'
import { likenessOf, poolLikeness } from '../../src/consensus/pool-likeness.ts'

const { weights } = CODE_BLEU_DEFAULTS
const program = (text: string, count = 1) => ({ profile: codeProfile(text, null, CODE_BLEU_DEFAULTS), count })
const [A, B, C] = [program('a b c d'), program('a b c e'), program('x y z')]
const between = (a: typeof A, b: typeof A) => likenessOf(0, [a, b], weights)?.score ?? Number.NaN

describe('likeness to a pool', () => {
  test('is the mean over all other answers, each counted as often as it was given', () => {
    const [near, far] = [between(A, B), between(A, C)]
    expect([near > far, far]).toEqual([true, 0])
    expect(likenessOf(0, [A, B, { ...C, count: 3 }], weights)?.score).toBeCloseTo((near + 3 * far) / 4, 12)
    expect(likenessOf(0, [{ ...A, count: 2 }, B], weights)?.score).toBeCloseTo((1 + near) / 2, 12)
  })

  test('of a lone answer is none; of one that was given twice it is 1', () => {
    expect([poolLikeness([A], weights), poolLikeness([], weights), likenessOf(0, [A], weights)]).toEqual([null, null, null])
    expect(poolLikeness([{ ...A, count: 2 }], weights)).toEqual([1])
  })

  test('tells what befell the comparisons, each once', () => {
    expect(likenessOf(0, [A, B, C], weights)?.flags).toEqual(['no_grammar'])
    expect(likenessOf(0, [program(''), program('')], weights)?.flags).toEqual(['degenerate', 'no_grammar'])
  })

  test('of all programs is that of each, to 6 digits, in [0, 1], whatever the order', () => {
    const texts = fc.array(fc.tuple(fc.stringMatching(/^[ab]( [abc]){0,5}$/), fc.integer({ min: 1, max: 3 })), {
      minLength: 2,
      maxLength: 8,
    })
    fc.assert(
      fc.property(texts, (entries) => {
        const pool = entries.map(([text, count]) => program(text, count))
        const all = poolLikeness(pool, weights) ?? []
        expect(all).toEqual(pool.map((_, i) => Math.round((likenessOf(i, pool, weights)?.score ?? -1) * 1e6) / 1e6))
        expect(all.every((value) => value >= 0 && value <= 1)).toBe(true)
        expect([...(poolLikeness([...pool].reverse(), weights) ?? [])].reverse()).toEqual(all)
      }),
      // Two orders of summing these differ in the last bit, on either side of half a unit of the sixth digit.
      {
        examples: [
          [
            [
              ['b a', 2],
              ['a a', 3],
              ['b c b c a b', 1],
              ['a a b b b a', 3],
            ],
          ],
        ],
      },
    )
  })
})
